"""Printed clocks: "4:11 PM", "16 h 11", "19:30 Uhr", "noon", "午後4時", and the zone behind them.

Behind the door: halves of the day, digits of every script, which dotted numbers are a
clock.  Not behind it: what a zone's name means, which is a matter of the site.
"""

import re
from dataclasses import dataclass
from datetime import time

from digest.reading.date_words import (
    EVENING_WORDS,
    HOME_ZONES,
    HOUR_WORDS,
    MIDNIGHT_WORDS,
    MORNING_WORDS,
    NOON_WORDS,
    UNDECIDED_ZONES,
    ZONE_MINUTES,
    ZONE_PLACES,
    fold,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A clock found in a line, and the zone printed with it, if any."""

    start: int
    end: int
    at: time
    #: Folded abbreviation or offset as printed; "" when none stands there.
    zone: str = ""


def plain_digits(text: str) -> str:
    """*text* with the digits of every script as 0-9; as long as before."""
    if text.isascii():
        return text
    return _FOREIGN_DIGIT.sub(lambda digit: str(int(digit[0])), text)


_FOREIGN_DIGIT = re.compile(r"[^\D0-9]")


def read_clock(text: str) -> time | None:
    """The clock that *text* is, nothing else around it: "4:11 PM", "16 h 11", "19:30 Uhr"."""
    if len(text) > 24:
        return None
    text = plain_digits(text).strip().strip("|–—- ")
    clock = find_clock(text)
    if clock is None or text[: clock.start].strip(" ,.") or text[clock.end :].strip(" ,.|"):
        return None
    return clock.at


_HALF = (
    r"(?:[ap]\.?\s?m\b\.?|π\.?μ\.?|μ\.?μ\.?|صباح[اً]*|مساء[اً]*|[صم](?!\w)"
    r"|上午|下午|午前|午後|오전|오후)"
)
_HOURS = r"(?P<h>[01]?\d|2[0-4])"
_SECONDS = r"(?::[0-5]\d(?:\.\d+)?)?"


def _alone(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\d:.,/]){pattern}", re.IGNORECASE)


_CLOCKS = tuple(
    _alone(pattern)
    for pattern in (
        rf"(?P<before>上午|下午|午前|午後|오전|오후)\s?{_HOURS}[:時时시点點]\s?(?:(?P<m>[0-5]?\d)[分분]|(?P<m2>[0-5]\d))?",
        rf"{_HOURS}[:.](?P<m>[0-5]\d)(?::[0-5]\d)?\s?(?P<half>{_HALF})",
        rf"{_HOURS}\s?(?P<half>{_HALF})",
        rf"{_HOURS}:(?P<m>[0-5]\d)(?!\d){_SECONDS}(?:\s?(?:uhr|uur|h|hrs|год\.?)\b)?",
        rf"{_HOURS}\s?h\s?(?P<m>[0-5]\d)?(?:\s?min)?(?!\w)",
        rf"{_HOURS}[時时시点點]\s?(?:(?P<m>[0-5]?\d)[分분])?",
        rf"{_HOURS}\suhr\s(?P<m>[0-5]\d)(?![\d.:])",
        rf"{_HOURS}(?:[.](?P<m>[0-5]\d))?\s?(?:uhr|uur|hrs)\b",
        rf"\b(?:klo|kl\.?|klockan|godz\.?|ore|о|pukul|jam)\s{_HOURS}[.](?P<m>[0-5]\d)(?![\d.])",
    )
)
#: What is a clock only because a day stands beside it.
_CLOCKS_BESIDE = tuple(
    _alone(pattern)
    for pattern in (
        rf"{_HOURS}[.](?P<m>[0-5]\d)(?=\s?(?:$|[|,;)(·•–—+-]|(?P<after>[^\W\d_]{{1,5}})\b))",
        rf"{_HOURS}\s?u\.?\s?(?P<m>[0-5]\d)?(?!\w)",
        rf"(?<!\w)(?:{HOUR_WORDS})\s{_HOURS}(?:[.:](?P<m>[0-5]\d))?(?![\w.:])",
        rf"(?<!\w)(?:12\s)?(?:(?P<noon>{NOON_WORDS})|(?P<midnight>{MIDNIGHT_WORDS}))(?!\w)",
    )
)
_HAS_CLOCK = re.compile(r"\d\s?[:.h時时시点點uaApPصمμπ]|\d\s?(?:Uhr|H\b)")
_ZONE = re.compile(
    r"\s?[,(]?\s?(?P<offset>(?:(?:utc|gmt)\s?)?[+−-]\d{1,2}(?::?[0-5]\d)?(?!\d))"
    r"|\s?[,(]?\s?(?P<name>eastern time|kyiv time|мск|[a-z]{1,5})\b\)?",
    re.IGNORECASE,
)


def find_clock(text: str, *, beside_day: bool = False) -> Clock | None:
    """The first clock in *text* (digits made plain), with the zone printed right behind it.

    Args:
        beside_day: a day is printed next to *text*, so that "16.11", "kl. 9" and "noon" are
            clocks as well.
    """
    if not beside_day and _HAS_CLOCK.search(text) is None:
        return None
    first: Clock | None = None
    for pattern in (*_CLOCKS, *_CLOCKS_BESIDE) if beside_day else _CLOCKS:
        for match in pattern.finditer(text):
            clock = _clock(match)
            if clock and (first is None or clock.start < first.start):
                first = clock
                break
    if first is None:
        return None
    zone = _ZONE.match(text, first.end)
    if zone is None:
        return first
    printed = (zone["offset"] or fold(zone["name"])).replace("−", "-").lower()
    if not zone["offset"] and not _is_zone(printed):
        return first
    return Clock(start=first.start, end=zone.end(), at=first.at, zone=printed)


def _clock(match: re.Match[str]) -> Clock | None:
    groups = match.groupdict()
    # CMS templates print noon and midnight for 12:00 and 00:00 of the day beside them.
    if groups.get("noon") or groups.get("midnight"):
        return Clock(start=match.start(), end=match.end(), at=time(12 if groups["noon"] else 0))
    after = groups.get("after")
    if after and not _is_zone(fold(after)) and fold(after) not in ("uur", "uhr", "u", "h", "hrs"):
        return None
    hour, minute = int(groups["h"]), int(groups.get("m") or groups.get("m2") or 0)
    half = fold(groups.get("half") or groups.get("before") or "").replace(" ", "")
    if half in _EVENING:
        hour += 12 if 1 <= hour < 12 else 0
    elif half in _MORNING and hour >= 12:
        if hour > 12:
            return None
        hour = 0
    if hour == 24:
        return None
    return Clock(start=match.start(), end=match.end(), at=time(hour, minute))


_MORNING = frozenset(word.replace(" ", "") for word in MORNING_WORDS)
_EVENING = frozenset(word.replace(" ", "") for word in EVENING_WORDS)


def _is_zone(name: str) -> bool:
    return (
        name in ZONE_MINUTES
        or name in ZONE_PLACES
        or name in UNDECIDED_ZONES
        or any(name in known for known in HOME_ZONES.values())
    )
