"""How a feed wants to be asked again: its rhythm, its hub, and where older entries are.

Behind the door: RSS 2.0's ttl, skipHours and skipDays, the syndication module's period, and
the links of WebSub and RFC 5005; what makes no sense counts as not said.  Not behind it: when
to ask (see `sources`).  Pure.
"""

import html
import re
from collections.abc import Iterable, Sequence
from typing import Final

from digest.model import FeedManners
from digest.reading.hints import absolute

_PERIODS: Final = {
    "hourly": 60,
    "daily": 1_440,
    "weekly": 10_080,
    "monthly": 43_200,
    "yearly": 525_600,
}
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBER = re.compile(r"\s*([0-9]{1,7})(?:\.0+)?\s*", re.ASCII)
#: Of a feed that is no XML: what stands before its entries.
_HEAD_CHARS: Final = 100_000
_TELLING_TAG = re.compile(
    r"<(?:[\w.-]+:)?(ttl|hour|day|updatePeriod|updateFrequency)\b[^<>]*>\s*(?:<!\[CDATA\[)?"
    r"([^<\]]{0,40})",
    re.IGNORECASE,
)
_LINK_TAG = re.compile(r"<(?:[\w.-]+:)?link\b([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(rel|href)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)


def read_manners(
    links: Iterable[tuple[str, str]],
    base: str | None,
    *,
    ttl: str = "",
    period: str = "",
    frequency: str = "",
    hours: Sequence[str] = (),
    days: Sequence[str] = (),
) -> FeedManners:
    """What a feed's own words, as written, come to.

    Args:
        links: rel and address of each link of the feed, not of its entries.
        base: what relative addresses count from.
        period: the syndication module's, with *frequency*; ttl overrules them.
    """
    told: dict[str, str] = {}
    for rel, href in links:
        url = absolute(href, base)
        for word in rel.lower().split() if url else ():
            told.setdefault(word, url or "")
    return FeedManners(
        ttl_min=_number(ttl) or _minutes(period, frequency),
        skip_hours=_some(
            {hour % 24 for text in hours if (hour := _number(text, 24)) is not None}, 24
        ),
        skip_days=_some({_DAYS.index(day) for text in days if (day := _word(text)) in _DAYS}, 7),
        hub=told.get("hub"),
        topic=told.get("self"),
        # RFC 5005 4: an archive is complete; 3: a page is the next best.
        older=_other(told, "prev-archive", base) or _other(told, "next", base),
    )


def manners_of_text(text: str, base: str | None) -> FeedManners:
    """`read_manners` of the head of a feed that no XML parser takes."""
    head = text[:_HEAD_CHARS]
    told: dict[str, list[str]] = {}
    for match in _TELLING_TAG.finditer(head):
        told.setdefault(match[1].lower(), []).append(match[2])
    links = []
    for match in _LINK_TAG.finditer(head):
        given = {m[1].lower(): m[2] or m[3] or "" for m in _ATTRIBUTE.finditer(match[1])}
        links.append((given.get("rel", ""), html.unescape(given.get("href", ""))))
    return read_manners(
        links,
        base,
        ttl=next(iter(told.get("ttl", ())), ""),
        period=next(iter(told.get("updateperiod", ())), ""),
        frequency=next(iter(told.get("updatefrequency", ())), ""),
        hours=told.get("hour", ()),
        days=told.get("day", ()),
    )


def _number(text: str, most: int = 10_000_000) -> int | None:
    found = _NUMBER.fullmatch(text)
    number = int(found[1]) if found else None
    return number if number is not None and number <= most else None


def _word(text: str) -> str:
    return text.strip().lower()


def _minutes(period: str, frequency: str) -> int | None:
    if not (period.strip() or frequency.strip()):
        return None
    # The module's own defaults: daily, once.
    length = _PERIODS.get(_word(period) or "daily")
    return max(length // max(_number(frequency) or 1, 1), 1) if length else None


def _some(found: set[int], all_of_them: int) -> frozenset[int]:
    # Who asks never to be asked did not mean it.
    return frozenset(found) if len(found) < all_of_them else frozenset()


def _other(told: dict[str, str], rel: str, base: str | None) -> str | None:
    url = told.get(rel)
    return url if url and url not in (told.get("self"), base) else None
