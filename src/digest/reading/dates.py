"""Printed dates and clocks to instants, in the words of two dozen languages.

Behind the door: which digits are the day, which zone a clock is in, which half
of the day it belongs to.  A wrong answer is worse than none: what two readers
could take for two days is None.  Pure; "now" is an argument.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from datetime import timezone as fixed_zone
from email.utils import parsedate_tz
from zoneinfo import ZoneInfo

from digest.reading.date_clocks import Clock, find_clock, plain_digits
from digest.reading.date_relative import read_relative
from digest.reading.date_words import (
    ERAS,
    HOME_ZONES,
    RELATIVE_STEMS,
    ZONE_MINUTES,
    ZONE_PLACES,
    fold,
    month,
)

#: Longer texts are prose, whatever date they hold.
LONGEST_DATE = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant, UTC.  If only a day was printed: that day's midnight in the page's zone."""

    at: datetime
    day_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A date found in a line: the characters it takes, with its clock and zone."""

    start: int
    end: int
    day: date
    clock: Clock | None = None


def read_date(
    text: str, *, timezone: str = "UTC", language: str | None = None, now: datetime | None = None
) -> Moment | None:
    """Read *text*, which should be a date and little else; None unless it can be only one.

    Args:
        timezone: IANA name; zone of a clock printed without one, and the first place asked
            what an abbreviation such as IST means.
        language: BCP 47; decides 04/05/2024 (a day first, except en-US; plain "en" stays
            undecided) and what `dateparser` may guess with.
        now: aware; needed for "2 hours ago" and for days without a year.

    About 40 us; a millisecond or two when only `dateparser` is left.
    """
    text = plain_digits(text).strip()
    if not text or len(text) > LONGEST_DATE:
        return None
    home = ZoneInfo(timezone)
    if _ISO.fullmatch(text) or _ISO_BASIC.fullmatch(text):
        return _iso(text, home)
    moment = _rfc5322(text, home)
    if moment:
        return moment
    found = next(find_dates(text, language=language, now=now), None)
    if found is not None:
        return moment_of(found, home) if _stands_alone(text, found) else None
    told = read_relative(text, home=home, language=language, now=now) if now else None
    if told:
        return Moment(at=told[0], day_only=told[1])
    return _guess(text, timezone, language, now)


def _stands_alone(text: str, found: Found) -> bool:
    """Whether *text* is *found* and little else: no sentence, no range, no clock left unread."""
    before, after = text[: found.start], text[found.end :]
    # A sentence with a date in it is not a date.
    if len(re.findall(r"[^\W\d_]+", f"{before} {after}")) > 7:
        return False
    if _OPEN_RANGE.search(before):
        return False
    return found.clock is not None or _UNREAD_CLOCK.search(f"{before[-24:]} {after[:24]}") is None


#: "10 to 12 May 2024" is two days.
_OPEN_RANGE = re.compile(r"(?<![\d:.,])\d{1,2}\.?\s?(?:[–—-]|\s[^\W\d_]{1,3}\s)\s?$")
_UNREAD_CLOCK = re.compile(r"(?<![\d.,])\d{1,2}\s?[:.hH]\s?\d\d(?![\d.])")


# ---------------------------------------------------------------------- dates

_WORD = r"[^\W\d_][^\W\d_'’]{2,14}"
_MONTH_WORD = rf"(?P<month>{_WORD}(?:\s(?:الثاني|الأول))?)\.?(?:\s?[/]\s?{_WORD})?"
_YEAR = r"(?P<y>(?:19|20)\d\d)(?!\d)"
_OF = r"(?:(?:de|del|of|di|d'|da)\s+)?"
_SPELLED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\d.])(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|ère|[ºª°]|-?го|-a)?[\s./–-]{{0,2}}{_OF}"
        rf"{_MONTH_WORD}[\s,،./’'-]{{0,3}}(?:(?:de|del|of)\s+)?{_YEAR}",
        rf"(?<![^\W\d_]){_MONTH_WORD}\s{{0,2}}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[\s,.]{{1,3}}{_YEAR}",
        rf"(?<!\d){_YEAR}[\s,./-]{{1,3}}{_MONTH_WORD}[\s./-]{{0,2}}(?P<d>\d{{1,2}})(?!\d)",
        # RFC 850 and its kin: 04-May-24; "4 May '24".
        rf"(?<![\d.-])(?P<d>\d{{1,2}})-{_MONTH_WORD}-(?P<yy>\d\d)(?!\d)",
        rf"(?<![\d.-])(?P<d>\d{{1,2}})\s{_MONTH_WORD}\s['’](?P<yy>\d\d)(?!\d)",
    )
)
_YEARLESS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\d.:])(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|º)?[\s.]{{1,2}}{_OF}{_MONTH_WORD}(?![^\W_])",
        rf"(?<![^\W\d_]){_MONTH_WORD}\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:.])",
    )
)
_NUMBERS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![\d.])(?P<y>(?:19|20)\d\d)(?P<sep>[-/.])\s?(?P<m>\d{1,2})(?P=sep)\s?(?P<d>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<y>(?:19|20)\d\d)\s?[年년]\s?(?P<m>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日일]",
        r"(?<![\d.])(?P<a>\d{1,2})(?P<sep>[./-])\s?(?P<b>\d{1,2})(?P=sep)\s?(?P<y>(?:19|20)\d\d|\d\d)(?![\d.]\d|\d)",
    )
)
_ERA = re.compile(
    rf"(?P<era>{'|'.join(ERAS)})\s?(?P<y>\d{{1,3}}|元)年\s?(?P<m>\d{{1,2}})月\s?(?P<d>\d{{1,2}})日"
)
#: Most lines have no date: one search settles them.
_MAY_HOLD = re.compile(
    r"(?:19|20)\d\d(?!\d)|(?<!\d)\d{1,2}\.\d{1,2}\.\d\d|\d/\d{1,2}/\d"
    r"|[^\W\d_]{3}[-\s]['’]?\d\d(?!\d)|['’]\d\d(?!\d)|[\d元]年"
)


def find_dates(
    text: str, *, language: str | None = None, now: datetime | None = None
) -> Iterator[Found]:
    """The dates printed in *text* (digits made plain) from left to right, clocks included.

    A clock belongs to a date when at most a few characters stand between them.
    """
    if now is None and _MAY_HOLD.search(text) is None:
        return
    days = sorted(_days(text, language, now), key=lambda found: (found.start, -found.end))
    reach = 0
    for place, found in enumerate(days):
        if found.start < reach:
            continue
        following = [other.start for other in days[place + 1 :] if other.start >= found.end]
        whole = _with_clock(text, found, reach, following[0] if following else len(text))
        if whole.clock is None and _VERSION.fullmatch(text, found.start, found.end):
            continue
        reach = whole.end
        yield whole


#: Without a clock beside it, 1.2.34 is the number of a version.
_VERSION = re.compile(r"(?:\d\.\d{1,2}|\d\d\.\d)\.\d\d")


def _days(text: str, language: str | None, now: datetime | None) -> list[Found]:
    days: list[Found] = []
    for pattern in _SPELLED:
        days += _matches(pattern, text, lambda m: _spelled(m, language, None))
    for pattern in _NUMBERS:
        days += _matches(pattern, text, lambda m: _numbered(m, language))
    days += _matches(_ERA, text, _of_era)
    if now is not None and not days:
        for pattern in _YEARLESS:
            days += _matches(pattern, text, lambda m: _spelled(m, language, now))
    return days


def _matches(
    pattern: re.Pattern[str], text: str, read: Callable[[re.Match[str]], date | None]
) -> Iterator[Found]:
    position = 0
    while match := pattern.search(text, position):
        day = read(match)
        # A failed try ("Nr. 12 of May 4, 2024") must not swallow what begins inside it.
        position = match.end() if day else match.start() + 1
        if day:
            yield Found(start=match.start(), end=match.end(), day=day)


def _spelled(match: re.Match[str], language: str | None, now: datetime | None) -> date | None:
    groups = match.groupdict()
    number = month(groups["month"], language)
    if number is None:
        return None
    if groups.get("yy"):
        year = int(groups["yy"])
        # As `email.utils` and RFC 2822 have it.
        return _day(year + (1900 if year > 68 else 2000), number, int(groups["d"]))
    if now is None:
        return _day(int(groups["y"]), number, int(groups["d"]))
    day = _day(now.year, number, int(match["d"]))
    # News without a year is of the last twelve months.
    if day and day > (now + timedelta(days=1)).date():
        day = _day(now.year - 1, number, int(match["d"]))
    return day


def _numbered(match: re.Match[str], language: str | None) -> date | None:
    groups = match.groupdict()
    year = int(groups["y"])
    if "a" not in groups:
        return _day(year, int(groups["m"]), int(groups["d"]))
    first, second = int(groups["a"]), int(groups["b"])
    if year < 100:
        # 04.05.24 is how Europe writes; 4/5/24 could be anything.
        if groups["sep"] != ".":
            return None
        year += 2000
    if groups["sep"] == "." or first == second or first > 12:
        return _day(year, second, first)
    if second > 12:
        return _day(year, first, second)
    tag = (language or "").lower().replace("_", "-")
    if tag == "en-us":
        return _day(year, first, second)
    return _day(year, second, first) if tag and tag != "en" else None


def _of_era(match: re.Match[str]) -> date | None:
    year = 1 if match["y"] == "元" else int(match["y"])
    return _day(ERAS[match["era"]] + year, int(match["m"]), int(match["d"]))


def _day(year: int, number: int, day: int) -> date | None:
    if not 1900 <= year < 2100:
        return None
    try:
        return date(year, number, day)
    except ValueError:
        return None


_BETWEEN_AFTER = re.compile(r"[\s,.،|·•/–—T-]*(?:\(?[^\W\d_]{1,8}\.?\)?[\s,:|]*){0,2}$")
_BETWEEN_BEFORE = re.compile(r"[\s,|·•/–—-]*(?:[^\W\d_]{1,5}\.?[\s,|]*)?$")


def _with_clock(text: str, found: Found, floor: int, ceiling: int) -> Found:
    """*found* with the clock that follows it, or else with the one just before it."""
    tail = text[found.end : min(ceiling, found.end + 60)]
    after = find_clock(tail, beside_day=True)
    if after and not (after.start <= 24 and _BETWEEN_AFTER.match(tail[: after.start])):
        after = None
    begin = max(floor, found.start - 40)
    head = text[begin : found.start]
    before = find_clock(head, beside_day=True)
    if before and not _BETWEEN_BEFORE.match(head[before.end :]):
        before = None
    # "10:46 GMT 04.05.2024 (Updated: 11:02": the nearer one.
    if before and (after is None or len(head) - before.end < after.start):
        return _joined(found, before, begin)
    return _joined(found, after, found.end) if after else found


def _joined(found: Found, clock: Clock, shift: int) -> Found:
    moved = Clock(start=clock.start + shift, end=clock.end + shift, at=clock.at, zone=clock.zone)
    return Found(
        start=min(found.start, moved.start),
        end=max(found.end, moved.end),
        day=found.day,
        clock=moved,
    )


# ------------------------------------------------------------------- instants


def zone_of(printed: str, home: ZoneInfo, day: date) -> tzinfo | None:
    """The zone that *printed* means on *day* for a site in *home*; None if nobody can tell.

    An abbreviation is first looked for in the site's own year: IST is Indian time in Mumbai
    and Israeli time in Jerusalem.
    """
    if not printed:
        return home
    offset = re.fullmatch(r"(?:utc|gmt)?\s?([+-])(\d{1,2}):?(\d\d)?", printed)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        # Offsets run from -12:00 to +14:00; what is beyond is no offset.
        if minutes > 14 * 60:
            return None
        return fixed_zone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    if printed not in ("z", "gmt", "utc", "ut"):
        for number in (day.month, 1, 7):
            local = datetime(day.year, number, 15, 12, tzinfo=home)
            if fold(local.tzname() or "") == printed:
                return fixed_zone(local.utcoffset() or timedelta())
    if printed in HOME_ZONES.get(home.key, ()):
        return home
    if printed in ZONE_PLACES:
        return ZoneInfo(ZONE_PLACES[printed])
    minutes_east = ZONE_MINUTES.get(printed)
    return None if minutes_east is None else fixed_zone(timedelta(minutes=minutes_east))


def moment_of(found: Found, home: ZoneInfo) -> Moment:
    """The instant of *found*; only its day when the zone of its clock cannot be told."""
    if found.clock is not None:
        zone = zone_of(found.clock.zone, home, found.day)
        if zone is not None:
            local = datetime.combine(found.day, found.clock.at, tzinfo=zone)
            return Moment(at=local.astimezone(UTC))
    midnight = datetime.combine(found.day, time(), tzinfo=home)
    return Moment(at=midnight.astimezone(UTC), day_only=True)


_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)"
    r"(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)\s?(Z|[+-]\d\d:?\d\d|[+-]\d\d)?)?",
    re.IGNORECASE,
)
_ISO_BASIC = re.compile(r"\d{8}T\d{4}(?:\d\d)?(?:Z|[+-]\d{4})?", re.IGNORECASE)


def _iso(text: str, home: ZoneInfo) -> Moment | None:
    if _ISO_BASIC.fullmatch(text):
        parsed, day_only = _from_iso(text.upper()), False
    else:
        match = _ISO.fullmatch(text)
        if match is None:
            return None
        clock = (match[2] or "").replace(",", ".")
        zone = (match[3] or "").upper()
        # ISO 8601 lets a day end at 24:00; `fromisoformat` only knows how it begins.
        ends = re.fullmatch(r"24:00(?::00(?:\.0+)?)?", clock) is not None
        clock = "00:00" if ends else clock
        parsed = _from_iso(f"{match[1]}T{clock}{zone}" if clock else match[1])
        if parsed is not None and ends:
            parsed += timedelta(days=1)
        day_only = not clock
    if parsed is None or not 1900 <= parsed.year < 2100:
        return None
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=home)
    at = aware.astimezone(UTC)
    # The epoch is what programs write for "no date".
    return None if at.timestamp() == 0 else Moment(at=at, day_only=day_only)


def _from_iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


_RFC5322 = re.compile(
    r"(?:[a-z]{3,9},?\s+)?\d{1,2}\s+[a-z]{3,9}\.?\s+(?P<year>\d{4}|\d\d)\s+\d{1,2}:\d\d(?::\d\d)?"
    r"\s+(?P<zone>[+-]\d{4}|[a-z]{1,5})(?:\s*\([^()]*\))?",
    re.IGNORECASE,
)


def _rfc5322(text: str, home: ZoneInfo) -> Moment | None:
    """RFC 5322 dates and their obsolete forms: two-digit years, named zones."""
    match = _RFC5322.fullmatch(text)
    parts = parsedate_tz(text) if match else None
    if match is None or parts is None:
        return None
    try:
        local = datetime(*parts[:6])
    except ValueError:
        return None
    # parsedate_tz takes the year 0001 for 2001, and every zone it does not know for UTC.
    zone = zone_of(match["zone"].lower(), home, local.date())
    if zone is None or not 1900 <= local.year < 2100 or match["year"].startswith("00"):
        return None
    at = local.replace(tzinfo=zone).astimezone(UTC)
    return None if at.timestamp() == 0 else Moment(at=at)


_RELATIVE = re.compile(
    r"(?<!\w)(?:" + "|".join(re.escape(stem.strip()) for stem in RELATIVE_STEMS) + r")(?!\w)",
    re.IGNORECASE,
)


def _guess(text: str, zone: str, language: str | None, now: datetime | None) -> Moment | None:
    """Ask `dateparser`, in one language, for what the tables do not know."""
    # Imported when a date needs it: few do, and it takes a tenth of a second.
    import dateparser

    tag = (language or "en").split("-")[0].lower()
    relative = _RELATIVE.search(text) is not None
    if len(text) > 60 or (relative and now is None):
        return None
    # It takes "hier à 16 h 11" for 16 hours and 11 minutes before yesterday.
    if relative and (find_clock(text, beside_day=True) or _SMALL_UNITS.search(text)):
        return None
    if not relative and not re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", text):
        return None
    # Two bare numbers are the guess that this module refuses to make.
    if not relative and not re.search(r"[^\W\d_]{3}", text):
        return None
    settings: dict[str, object] = {
        "TIMEZONE": zone,
        "RETURN_AS_TIMEZONE_AWARE": True,
        "REQUIRE_PARTS": [] if relative else ["day", "month", "year"],
        "PREFER_DATES_FROM": "past",
    }
    if now is not None:
        settings["RELATIVE_BASE"] = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    try:
        parsed = dateparser.parse(text, languages=[tag], settings=settings)
    except (ValueError, OverflowError):
        return None
    if not isinstance(parsed, datetime) or not 1900 <= parsed.year < 2100:
        return None
    if find_clock(text, beside_day=True) is None:
        if relative and not re.search(r"\d", text):
            return None
        parsed = parsed.replace(hour=0, minute=0, second=0, microsecond=0)
        return Moment(at=parsed.astimezone(UTC), day_only=True)
    return Moment(at=parsed.astimezone(UTC))


_SMALL_UNITS = re.compile(
    r"\d.*(?:hour|min|sec|std|stund|heure|hora|ore|ora|godz|год|хв|час|мин|timm|uur|saat|dak|ساع|دق)",
    re.IGNORECASE,
)
