"""Documents as they were read, made items: cleaned, and each under an id of its own.

Pure: *now* is an argument.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from digest import editorial
from digest.errors import ParseError
from digest.model import Document, IdentityRule, Item, RawItem
from digest.settings import Source

#: Kinds whose documents have nothing to do with each other, or whose ids are a promise.
_TRUSTED = frozenset(("folder", "mailbox", "page", "push"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Itemised:
    """What documents told."""

    #: By which the ids were made.
    rule: IdentityRule
    items: tuple[Item, ...] = ()
    #: Item → HTML as told, which is not safe, and its base.
    told_html: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    #: Item → its ids under the other rules, where its source's rule may change.
    other_ids: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: What could not be read: (document, a sentence that says what to do).
    faults: tuple[tuple[str, str], ...] = ()


def itemise(
    documents: Sequence[Document], source: Source, rule: IdentityRule, now: datetime
) -> Itemised:
    """Make items of all that *documents* of one source told.

    Args:
        rule: that the source was judged by; the result's may trust it less.
    """
    raws = [
        replace(told, site=told.site or document.site or source.title or None)
        for document in documents
        for told in document.items
    ]
    names = [document.name for document in documents for _ in document.items]
    positions = [n for document in documents for n, _ in enumerate(document.items)]
    judged = source.kind not in _TRUSTED
    if judged:
        rule = editorial.judge_identity(raws, rule)
    ids = editorial.identify(
        raws, source_id=source.id, rule=rule, seen_at=now, language=source.language
    )
    found: dict[str, Item] = {}
    html: dict[str, tuple[str, str | None]] = {}
    others: dict[str, Sequence[str]] = {}
    faults = [(document.name, text) for document in documents for text in document.problems]
    for raw, id, name, position in zip(raws, ids, names, positions, strict=True):
        try:
            found[id] = editorial.clean(
                raw,
                source_id=source.id,
                seen_at=now,
                position=position,
                language=source.language,
                id=id,
                in_folder=source.kind == "folder",
            )
        except ParseError as error:
            faults.append((name, str(error)))
            continue
        if raw.html:
            html[id] = (raw.html, raw.html_base)
        if judged:
            others[id] = _ids(raw, source, now)
    return Itemised(
        rule=rule,
        items=tuple(found.values()),
        told_html=html,
        other_ids=others,
        faults=tuple(faults),
    )


def _ids(raw: RawItem, source: Source, now: datetime) -> list[str]:
    return [
        editorial.identity(
            raw, source_id=source.id, rule=rule, seen_at=now, language=source.language
        )
        for rule in IdentityRule
    ]
