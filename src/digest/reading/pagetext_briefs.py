"""The ticker of a saved page: its timestamped briefs, newest first.

Behind the door: which clock lines are a ticker and which a timeline in the
body, where a brief ends, and on which day it appeared.  A ticker runs backwards
in time, so a later clock below an earlier one is of the day before.
"""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from digest.model import Block
from digest.reading.date_clocks import Clock, find_clock, plain_digits
from digest.reading.dates import find_dates, zone_of
from digest.reading.pagetext_body import to_blocks
from digest.reading.pagetext_byline import read_byline
from digest.reading.pagetext_lines import (
    LONGEST_SHORT,
    Line,
    ends_sentence,
    is_prose,
    size,
    unbulleted,
)

#: A page saved a while after its article may show briefs this much younger than the article;
#: what claims to be younger still is of the evening before.
YOUNGER = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Tick:
    """A line with a clock that may begin a brief."""

    index: int
    clock: Clock
    day: date | None = None
    #: When it stands on the same line.
    headline: str = ""


@dataclass(frozen=True, slots=True)
class Brief:
    """A brief as it stands on the page; its tick is None if it lacks a time."""

    title: str
    blocks: tuple[Block, ...]
    tick: Tick | None = None


#: No ticker is longer; what is below is left unread.
MOST_TICKS = 2_000
#: Nor are more lines with an early number looked at, whether they are a clock or not.
MOST_LOOKS = 5 * MOST_TICKS

_EARLY_DIGIT = re.compile(r".{0,13}\d")
_PLUSES = re.compile(r"^\++\s*|\s*\++$")
_LEAD = re.compile(r"[\W_]{0,5}(?:kl\.?|klo|um|ore|godz\.?|о)?\s?$", re.IGNORECASE)
_PART = " |–—-:•·,\t"


def find_ticks(lines: Sequence[Line], *, language: str | None = None) -> list[Tick]:
    """Every line that begins with a clock and goes on with nothing, a date or a headline."""
    ticks: list[Tick] = []
    dated: list[Tick] = []
    looked = 0
    for index, line in enumerate(lines):
        text = line.text
        if len(text) > LONGEST_SHORT or _EARLY_DIGIT.match(text) is None:
            continue
        if len(ticks) + len(dated) == MOST_TICKS or looked == MOST_LOOKS:
            break
        looked += 1
        tick = _tick(index, text, language)
        if tick is None:
            continue
        byline = read_byline(text, language=language) if tick.day or tick.headline else None
        if byline and byline.reading_min is not None:
            continue
        if tick.day and byline:
            dated.append(tick)
        else:
            ticks.append(tick)
    # One line of clock, date and capitals is a byline; three are a ticker.
    if len(dated) >= 3:
        ticks = sorted([*ticks, *dated], key=lambda tick: tick.index)
    table = rows_of_tables(lines, ticks)
    ticks = [tick for tick in ticks if tick.index not in table]
    alone = [tick for tick in ticks if tick.headline and not _marked(lines[tick.index].text)]
    return [tick for tick in ticks if len(alone) != 1 or tick is not alone[0] or len(ticks) > 1]


def rows_of_tables(lines: Sequence[Line], ticks: Sequence[Tick]) -> set[int]:
    """The lines among *ticks* that are rows of a table: tides, departures, a programme.

    A row tells no news: it holds no word, or a second clock, or its neighbours follow it at
    once and run forward in time.
    """
    rows: set[int] = set()
    for run in _runs(ticks):
        texts = [tick.headline for tick in run]
        rising = sum(b.clock.at > a.clock.at for a, b in pairwise(run))
        forward = len(run) >= 3 and rising * 2 >= len(run)
        # A bullet makes an item of a list; a ticker of bullets runs backwards.
        listed = unbulleted(lines[run[0].index].text) is not None and (rising or len(run) < 3)
        wordless = not any(map(_TELLING.search, texts))
        if forward or listed or wordless or all(map(_second_clock, texts)):
            rows |= {tick.index for tick in run}
    for tick in ticks:
        following = lines[tick.index + 1 : tick.index + 2]
        if not tick.headline and following and _TELLING.search(following[0].text) is None:
            rows.add(tick.index)
    return rows


#: A word; "5.1 m" and "km 3" have none.
_TELLING = re.compile(r"[^\W\d_]{4}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{2}")


def _second_clock(text: str) -> bool:
    return find_clock(plain_digits(text[:40])) is not None


def _runs(ticks: Sequence[Tick]) -> Iterator[list[Tick]]:
    """*ticks* with their headlines on their lines, parted where another line stands between."""
    run: list[Tick] = []
    for tick in ticks:
        if not tick.headline:
            continue
        if run and tick.index != run[-1].index + 1:
            yield run
            run = []
        run.append(tick)
    if run:
        yield run


def _marked(text: str) -> bool:
    return text.startswith("+++") or re.match(r"[^|]{3,14}\|", text) is not None


def _tick(index: int, text: str, language: str | None) -> Tick | None:
    plain = plain_digits(text)
    clock = find_clock(plain[:48])
    if clock is None:
        return None
    if not _LEAD.match(plain[: clock.start]):
        found = next(find_dates(plain[:60], language=language), None)
        # "13.12.2025 19:21 headline"
        if found is None or found.start > 4 or found.clock is None:
            return None
        return Tick(index, found.clock, found.day, _headline(text[found.end :]))
    rest = plain[clock.end :]
    found = next(find_dates(rest[:60], language=language), None)
    if found is not None and not rest[: found.start].strip(_PART + "("):
        return Tick(index, clock, found.day, _headline(text[clock.end + found.end :]))
    if rest and not rest[0].isspace() and rest[0] not in _PART + "+":
        return None
    headline = _headline(text[clock.end :])
    if headline and (headline[0].islower() or len(headline) > 220):
        return None
    return Tick(index, clock, None, headline)


def _headline(text: str) -> str:
    return _PLUSES.sub("", text.strip(_PART + ")")).strip(_PART)


# ------------------------------------------------------------- ticker or timeline


def ticker_of(
    ticks: Sequence[Tick], lines: Sequence[Line], *, after: int, divider: int | None, closed: bool
) -> list[Tick]:
    """Those of *ticks* below the article's beginning that make its ticker.

    Args:
        after: the line where the article's body begins.
        divider: the last line of what usually ends a body (a card, the authors), if any.
        closed: the divider is the authors' line, so that what stands above it is body.
    """
    inner = [tick for tick in ticks if tick.index >= after]
    if divider is None:
        return _backward(inner, lines, divided=False)
    below = [tick for tick in inner if tick.index > divider]
    if below:
        return below if closed else _backward(below, lines, divided=True)
    return [] if closed else _backward(inner, lines, divided=False)


def _backward(ticks: list[Tick], lines: Sequence[Line], *, divided: bool) -> list[Tick]:
    if not ticks:
        return []
    if len(ticks) == 1:
        return ticks if divided or _ends_page(ticks[0], lines) else []
    # A timeline runs forward; a ticker below it begins with the latest clock of all.
    rising = 1
    while rising < len(ticks) and ticks[rising].clock.at > ticks[rising - 1].clock.at:
        rising += 1
    if rising == len(ticks):
        return ticks if divided and rising == 2 else []
    if rising >= 3:
        return ticks[rising - 1 :]
    later = sum(b.clock.at > a.clock.at for a, b in pairwise(ticks))
    return ticks if divided or later * 2 <= len(ticks) else []


def _ends_page(tick: Tick, lines: Sequence[Line]) -> bool:
    """Whether a lone clock is followed by a headline, a short text, and the end of the page."""
    rest = lines[tick.index + 1 : tick.index + 5]
    if tick.headline:
        return _marked(lines[tick.index].text) and len(rest) <= 2
    if not 2 <= len(rest) <= 3 or lines[tick.index].gap_before:
        return False
    return size(rest[0].text) <= 20 and size(rest[0].text) < size(rest[1].text)


# --------------------------------------------------------------------- the briefs


def read_briefs(
    lines: Sequence[Line], ticks: Sequence[Tick], *, stop: int, taken: Set[int]
) -> list[Brief]:
    """The briefs that begin at *ticks*; the last one ends before line *stop*."""
    briefs: list[Brief] = []
    for place, tick in enumerate(ticks):
        end = ticks[place + 1].index if place + 1 < len(ticks) else stop
        rows = []
        for index in range(tick.index + 1, end):
            if index not in taken:
                rows.append(lines[index])
            elif rows:
                break
        briefs += _parted(tick, rows)
    return briefs


def _parted(tick: Tick, rows: Sequence[Line]) -> Iterator[Brief]:
    """The brief at *tick*, and after it those that lack a time."""
    title, first = tick.headline, 0
    if not title and rows and _heads(rows):
        title, first = rows[0].text, 1
    spaced = first == 1 and rows[0].gap_after
    body: list[Line] = []
    current: Tick | None = tick
    for place in range(first, len(rows)):
        row = rows[place]
        following = rows[place + 1] if place + 1 < len(rows) else None
        if body and following is not None and _begins_another(row, following, spaced=spaced):
            yield Brief(title, to_blocks(body), current)
            title, body, current = row.text, [], None
        elif _is_leftover(row.text):
            break
        else:
            body.append(row)
    if title or body:
        yield Brief(title, to_blocks(body), current)


def _heads(rows: Sequence[Line]) -> bool:
    """Whether the first of *rows* is the brief's headline rather than its text."""
    first = rows[0].text
    if unbulleted(first) is not None:
        return False
    if len(rows) == 1 or _is_leftover(rows[1].text):
        return not ends_sentence(first) and size(first) <= 30
    one_sentence = re.search(r"[.!?…]\s+[^\W\d_]", re.sub(r"\b[^\W\d_]{1,4}\.", "", first)) is None
    return (
        one_sentence
        and size(first) <= 35
        and (size(first) <= 20 or size(first) <= size(rows[1].text))
    )


def _begins_another(row: Line, following: Line, *, spaced: bool) -> bool:
    if size(row.text) > 25 or unbulleted(row.text) is not None or not is_prose(following.text):
        return False
    # Briefs follow each other without a blank line, headline and text with one.
    if spaced and not row.gap_before and row.gap_after:
        return True
    return not ends_sentence(row.text) and size(row.text) >= 4


def _is_leftover(text: str) -> bool:
    """ "Show more" and its like: short, no sentence, no list."""
    return not ends_sentence(text) and size(text) <= 12 and unbulleted(text) is None


def instants(
    briefs: Sequence[Brief],
    *,
    day: date | None,
    article: time | None,
    zone: str,
    home: ZoneInfo,
) -> list[datetime | None]:
    """When each of *briefs* appeared, UTC; None for one without a time or a day.

    Args:
        day: the article's, as printed; None if the page names none.
        article: its clock, if it has one.
        zone: printed with the article's clock; "" if none was.
        home: zone of clocks printed without one.
    """
    found: list[datetime | None] = []
    above: time | None = None
    for brief in briefs:
        tick = brief.tick
        if tick is None:
            found.append(None)
            continue
        clock = tick.clock
        if tick.day is not None:
            day = tick.day
        elif day is not None and above is not None and clock.at > above:
            day -= timedelta(days=1)
        elif day is not None and above is None and article is not None:
            lead = datetime.combine(day, clock.at) - datetime.combine(day, article)
            day -= timedelta(days=1 if lead > YOUNGER else 0)
        above = clock.at
        place = zone_of(clock.zone or zone, home, day) if day else None
        if day is None or place is None:
            found.append(None)
        else:
            found.append(datetime.combine(day, clock.at, tzinfo=place).astimezone(UTC))
    return found
