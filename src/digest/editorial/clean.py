"""What a source told, made safe to show: plain text on one line, canonical address, stable id.

Judges nothing: whether an item is news is decided behind other doors.  Markup that came as
text stays the text that it is.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from digest.editorial.sentences import split_sentences
from digest.editorial.text import fold_space
from digest.errors import ParseError
from digest.model import Block, Card, Image, Item, Kind, RawItem

#: Characters of a headline; longer ones are cut at a word.
TITLE_CHARS = 300
#: Authors and topics longer than this are no names.
_NAME_CHARS = 120
_URL_CHARS = 4_000
#: A clock or a zone may be wrong by hours, not by more.
_FUTURE = timedelta(days=1)

_TRACKING = re.compile(
    r"utm_.*|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|ysclid|twclid|ttclid|igshid|igsh"
    r"|li_fat_id|mc_cid|mc_eid|mkt_tok|_hsenc|_hsmi|hsctatracking|vero_id|vero_conv|oly_enc_id"
    r"|oly_anon_id|_openstat|wickedid|rb_clickid|s_cid|cmpid|at_campaign|at_medium|at_custom\d"
    r"|ns_mchannel|ns_source|ns_campaign|ns_linkname|spm|_ga|_gl|srsltid|ref_src|ref_url|xtor",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")

#: White space in all its forms, and the control characters that stand for it.
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
#: Invisible characters: zero width, bidi marks and overrides, fillers, tags, what is no character.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_JOINER = re.compile("[\u200c\u200d]+")


def clean(
    raw: RawItem,
    *,
    source_id: str,
    seen_at: datetime,
    position: int = 0,
    language: str | None = None,
) -> Item:
    """Make *raw* an item: safe to show, and known again when it is met again.

    Args:
        seen_at: when we met it; aware.  Stands in for a date that is missing, or more than
            a day ahead.
        position: place in its source when read, from 0.
        language: BCP 47 of the source, for items that do not say.

    Raises:
        ParseError: there is neither a headline nor text.
    """
    blocks = tuple(
        Block(kind=block.kind, text=text) for block in raw.blocks if (text := plain(block.text))
    )
    standfirst = plain(raw.standfirst or "") or None
    tongue = _language(raw.language) or _language(language)
    title = plain(raw.title) or _first_sentence(blocks, standfirst, tongue)
    if not title:
        raise ParseError(
            source_id,
            f"item {position + 1} has neither a headline nor text; open the source in a browser "
            "and remove it from config.toml if it has none there either",
        )
    url = canonical_url(raw.url)
    seen = seen_at.astimezone(UTC)
    published = _believable(raw.published_at, seen)
    return Item(
        id=_identity(raw, source_id, title, url, published, blocks),
        source_id=source_id,
        kind=raw.kind,
        title=_shorten(title),
        url=url,
        published_at=published or seen,
        day_only=raw.day_only and published is not None,
        updated_at=_believable(raw.updated_at, seen),
        seen_at=seen,
        authors=_names(raw.authors),
        language=tongue,
        standfirst=standfirst,
        blocks=blocks,
        topics=_names(raw.topics),
        image=_image(raw.image),
        cards=tuple(card for card in map(_card, raw.cards) if card.title),
        reading_min=raw.reading_min if raw.reading_min and raw.reading_min > 0 else None,
        site=plain(raw.site)[:80] or None if raw.site else None,
        position=position,
    )


def plain(text: str) -> str:
    """*text* on one line, composed (NFC), without control and invisible characters."""
    if text.isascii():
        return _BLANK.sub(" ", text).strip()
    text = _JOINER.sub(_joiner, _UNSEEN.sub("", text))
    return _BLANK.sub(" ", unicodedata.normalize("NFC", text)).strip()


def _joiner(found: re.Match[str]) -> str:
    """Joiners are spelling in Persian and Indic words and glue in emoji; elsewhere, disguise."""
    text, mark = found.string, found.group()[0]
    before = text[found.start() - 1] if found.start() else " "
    after = text[found.end()] if found.end() < len(text) else " "
    if all("\u0600" <= letter <= "\u0dff" for letter in (before, after)):
        return mark
    glued = mark == "\u200d" and unicodedata.category(after) == "So"
    return mark if glued and (before == "\ufe0f" or unicodedata.category(before) in _EMOJI) else ""


_EMOJI = frozenset({"So", "Sk"})


def canonical_url(url: str | None) -> str | None:
    """The address that two links to one page have in common; None unless http(s).

    Tracking parameters, fragment, default port, user and password go; the host is lower
    case ASCII; what is not ASCII elsewhere is percent-encoded (RFC 3986).
    """
    if not url or len(url) > _URL_CHARS:
        return None
    try:
        parts = urlsplit(re.sub(r"[\x00-\x1f\x7f]", "", url).strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:  # a broken port or bracket; UnicodeError of a broken host is one too
        return None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9._:-]+", ascii_host):
        return None
    where = f"[{ascii_host}]" if ":" in ascii_host else ascii_host
    if port is not None and port != {"http": 80, "https": 443}[scheme]:
        where = f"{where}:{port}"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return urlunsplit(SplitResult(scheme, where, path, _query(parts.query), ""))


def _query(query: str) -> str:
    kept = [
        pair
        for pair in query.split("&")
        if pair and not _TRACKING.fullmatch(pair.partition("=")[0])
    ]
    return quote("&".join(kept), safe="/%:@!$&'()*+,;=~-._?[]")


def _language(tag: str | None) -> str | None:
    tag = (tag or "").strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None


def _believable(when: datetime | None, seen: datetime) -> datetime | None:
    if when is None:
        return None
    try:
        moment = when.astimezone(UTC)
    except OverflowError:  # year 1 in a zone east of UTC: some software's "no date"
        return None
    return moment if moment.year > 1 and moment - seen <= _FUTURE else None


def _first_sentence(blocks: tuple[Block, ...], standfirst: str | None, language: str | None) -> str:
    text = blocks[0].text if blocks else standfirst or ""
    spans = split_sentences(text[: 4 * TITLE_CHARS], language)
    return text[spans[0][0] : spans[0][1]] if spans else ""


def _shorten(title: str) -> str:
    if len(title) <= TITLE_CHARS:
        return title
    head = title[:TITLE_CHARS]
    cut = head.rfind(" ")
    return head[: cut if cut > TITLE_CHARS // 2 else TITLE_CHARS - 1].rstrip(" ,;:-–—") + "…"


def _identity(
    raw: RawItem,
    source_id: str,
    title: str,
    url: str | None,
    published: datetime | None,
    blocks: tuple[Block, ...],
) -> str:
    # Many briefs share the address of the page that they stand on.
    if raw.guid and raw.guid.strip():
        identity = ("guid", raw.guid.strip())
    elif url and raw.kind is Kind.ARTICLE:
        identity = ("url", url)
    elif published:
        identity = ("at", f"{title}\0{published.isoformat()}")
    else:
        identity = ("text", "\0".join((title, *(block.text for block in blocks))))
    told = "\0".join((source_id, *identity)).encode("utf-8", "surrogatepass")
    return blake2b(told, digest_size=8).hexdigest()


def _names(names: Iterable[str]) -> tuple[str, ...]:
    """Cleaned, without the empty, the endless and the repeated, in order."""
    found = dict.fromkeys(fold_space(plain(name)) for name in names)
    return tuple(name for name in found if name and len(name) <= _NAME_CHARS)


def _image(image: Image | None) -> Image | None:
    if image is None:
        return None
    cleaned = replace(
        image,
        url=canonical_url(image.url),
        alt=plain(image.alt or "") or None,
        caption=plain(image.caption or "") or None,
        credit=plain(image.credit or "") or None,
    )
    return cleaned if cleaned.url or cleaned.caption or cleaned.credit else None


def _card(card: Card) -> Card:
    return replace(
        card,
        title=_shorten(plain(card.title)),
        teaser=plain(card.teaser),
        author=plain(card.author or "") or None,
        site=plain(card.site or "") or None,
        url=canonical_url(card.url),
    )
