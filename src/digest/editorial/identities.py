"""By what an entry is known when it is met again: its id, and how far a source's guids are trusted.

Some sources leave guids empty or give all entries the same one.  Such a source is judged by the
next rule, step by step and never back.  What is remembered of ids is `store`'s affair.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from digest.editorial.plain import believable, headline_of, language_tag, plain, plain_blocks
from digest.model import IdentityRule, Kind, RawItem
from digest.urls import canonical_url

#: Of a document's entries, at most one in so many may have a bad identity...
_TOLERATED = 20
#: ... and fewer than this many are an accident.
_FEWEST = 2

_RULES = tuple(IdentityRule)

#: What a name of an entry is made of: its sort and its words.
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Entry:
    """What an entry says of its identity.  Two that are equal are one entry, told twice."""

    kind: Kind
    guid: str
    url: str
    title: str
    #: ISO 8601, UTC; "" if it has no date that can be believed.
    published: str
    #: Only where nothing else but the headline could tell it from others.
    text: str

    def key(self, rule: IdentityRule) -> _Key:
        if rule is IdentityRule.GUID and self.guid:
            return "guid", self.guid
        # Many briefs share the address of the page that they stand on.
        if self.url and self.kind is Kind.ARTICLE:
            if rule is IdentityRule.LINK_DATE:
                return "url-at", f"{self.url}\0{self.published}"
            if rule is IdentityRule.LINK_DATE_TITLE:
                return "url-at-title", f"{self.url}\0{self.published}\0{self.title}"
            return "url", self.url
        if self.published:
            return "at", f"{self.title}\0{self.published}"
        return "text", f"{self.title}{self.text}"


def identity(
    raw: RawItem,
    *,
    source_id: str,
    rule: IdentityRule = IdentityRule.GUID,
    seen_at: datetime | None = None,
    language: str | None = None,
) -> str:
    """The id of one entry, 16 hex digits, whatever stands beside it.

    Args:
        seen_at, language: as `clean` gets them; they matter only to an entry without guid and
            link, whose date may be unbelievable or whose first sentence stands for a headline.
    """
    return _name(source_id, _read(raw, seen_at, language).key(rule))


def identify(
    raws: Sequence[RawItem],
    *,
    source_id: str,
    rule: IdentityRule,
    seen_at: datetime | None = None,
    language: str | None = None,
) -> list[str]:
    """The ids of all entries of one document, in its order.

    Entries that *rule* cannot tell apart are all known by the next rule that can, so that no
    id depends on the order of the document.  Only exact repetitions share an id.
    """
    entries = [_read(raw, seen_at, language) for raw in raws]
    steps = dict.fromkeys(entries, _RULES.index(rule))
    while True:
        keys = {entry: entry.key(_RULES[step]) for entry, step in steps.items()}
        met = Counter(keys.values())
        shared = [e for e, step in steps.items() if met[keys[e]] > 1 and step + 1 < len(_RULES)]
        if not shared:
            return [_name(source_id, keys[entry]) for entry in entries]
        for entry in shared:
            steps[entry] += 1


def judge_identity(raws: Sequence[RawItem], rule: IdentityRule) -> IdentityRule:
    """The rule by which a source's entries are known from now on: *rule*, or a later one.

    A rule is given up when more than 5 % of the entries, and two at least, have no guid or
    share what the rule goes by with an entry that is not the same.  An entry alone proves
    nothing, nor does the order of entries.  Give it the entries of one document.

    Briefs without a guid are known by their time and words under every rule, articles without
    a link likewise: neither speaks against a rule.
    """
    entries = {_read(raw, None, None) for raw in raws}
    for candidate in _RULES[_RULES.index(rule) : -1]:
        bad = _bad(entries, candidate)
        if bad < _FEWEST or bad * _TOLERATED <= len(entries):
            return candidate
    return _RULES[-1]


def _bad(entries: Iterable[_Entry], rule: IdentityRule) -> int:
    met = Counter(entry.key(rule) for entry in entries)
    by_guid = rule is IdentityRule.GUID
    return sum(
        met[entry.key(rule)] > 1 or (by_guid and not entry.guid and entry.kind is Kind.ARTICLE)
        for entry in entries
    )


def _read(raw: RawItem, seen_at: datetime | None, language: str | None) -> _Entry:
    guid, url = (raw.guid or "").strip(), canonical_url(raw.url) or ""
    published = believable(raw.published_at, seen_at)
    alone = not (guid or published or (url and raw.kind is Kind.ARTICLE))
    # A body is long: it is read only where it must stand for what is missing.
    blocks = plain_blocks(raw) if alone or not plain(raw.title) else ()
    return _Entry(
        kind=raw.kind,
        guid=guid,
        url=url,
        title=headline_of(raw, blocks, language_tag(raw.language, language)),
        published=published.isoformat() if published else "",
        text="".join(f"\0{block.text}" for block in blocks) if alone else "",
    )


def _name(source_id: str, key: _Key) -> str:
    told = "\0".join((source_id, *key)).encode("utf-8", "surrogatepass")
    return blake2b(told, digest_size=8).hexdigest()
