"""Lines of lists: editions by month, stories and briefs by edition, and where the next page is.

Every date is local and in the page's language; what is listed, and in which order, is the
caller's.
"""

from calendar import Calendar as MonthCalendar
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from digest.model import Printed
from digest.render.excerpt import excerpt
from digest.render.frame import Calendar, tongue
from digest.render.links import Links
from digest.render.tidy import host_of, one_line, shorten, web_url
from digest.settings import Newsletter

#: Headlines under an edition in a list, and their characters.
HEADLINES = 3
LONGEST_HEADLINE = 140
#: Characters of a summary in a list.
LONGEST_TEXT = 360


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One edition in a list."""

    edition_id: str
    #: UTC.
    slot_at: datetime
    headlines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A `Line` as templates see it."""

    url: str
    #: "Monday, May 18, 2026", and "Mon, May 18" for where the year is known.
    date: str
    short_date: str
    #: The local day, ISO.
    day: str
    #: "" where one edition a day is the rule.
    time: str
    iso: str
    headlines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of a month's calendar; without an address nothing came out on it."""

    number: int
    url: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    title: str
    #: "2026-05": of its place on the page.
    key: str
    lines: tuple[Listed, ...]
    #: None for a day of a neighbouring month.
    weeks: tuple[tuple[Day | None, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A printed story or brief in a list."""

    headline: str
    #: The same in pieces, and whether each was asked for.
    marked: tuple[tuple[str, bool], ...]
    #: Its page, or its place on its edition's page.
    url: str
    article_url: str | None
    source: str
    text: str
    #: The text with what was asked for; empty where nothing was.
    excerpt: tuple[tuple[str, bool], ...]
    edition_url: str
    #: Of its edition.
    date: str
    iso: str
    newsletter: str
    section: str
    lang: str | None
    dir: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """Where the other pages of a long list are; "" at its ends."""

    page: int
    pages: int
    before: str
    after: str


def listed(lines: Sequence[Line], newsletter: Newsletter, links: Links) -> tuple[Listed, ...]:
    """*lines* with dates in the newsletter's zone; with clocks where a day has several editions."""
    calendar = Calendar(newsletter.timezone, newsletter.language)
    days = Counter(calendar.local(line.slot_at).date() for line in lines)
    timed = len(newsletter.send_at) > 1 or any(count > 1 for count in days.values())
    return tuple(
        Listed(
            url=links.edition_url(line.edition_id),
            date=calendar.day(line.slot_at),
            short_date=calendar.short_day(line.slot_at),
            day=calendar.local(line.slot_at).date().isoformat(),
            time=calendar.time(line.slot_at) if timed else "",
            iso=calendar.local(line.slot_at).isoformat(),
            headlines=tuple(
                shorten(one_line(headline), LONGEST_HEADLINE)
                for headline in line.headlines[:HEADLINES]
            ),
        )
        for line in lines
    )


def by_month(
    lines: Sequence[Line], newsletter: Newsletter, links: Links, *, with_year: bool = True
) -> tuple[Month, ...]:
    """*lines*, newest first, by month; each with its calendar."""
    calendar = Calendar(newsletter.timezone, newsletter.language)
    months: list[Month] = []
    for key, group in groupby(listed(lines, newsletter, links), key=lambda line: line.day[:7]):
        shown = tuple(group)
        first = date.fromisoformat(f"{key}-01")
        months.append(
            Month(
                title=calendar.month(first) if with_year else calendar.month_alone(first),
                key=key,
                lines=shown,
                weeks=_weeks(first, shown, calendar),
            )
        )
    return tuple(months)


def _weeks(
    first: date, lines: Sequence[Listed], calendar: Calendar
) -> tuple[tuple[Day | None, ...], ...]:
    by_day: dict[str, list[Listed]] = {}
    for line in lines:
        by_day.setdefault(line.day, []).append(line)

    def day(number: int) -> Day | None:
        if number == 0:
            return None
        told = by_day.get(first.replace(day=number).isoformat())
        if told is None:
            return Day(number=number, url="", date="")
        # Of several editions the list beside it says which is which.
        url = told[0].url if len(told) == 1 else f"#day-{told[0].day}"
        return Day(number=number, url=url, date=told[0].date)

    weeks = MonthCalendar(calendar.first_weekday).monthdayscalendar(first.year, first.month)
    return tuple(tuple(day(number) for number in week) for week in weeks)


def entry(
    line: Printed,
    newsletter: Newsletter | None,
    *,
    language: str,
    links: Links,
    pieces: Sequence[tuple[str, bool]] = (),
    asked: Sequence[str] = (),
) -> Entry:
    """*line* for a page in *language*.

    Args:
        newsletter: its own; None when there is none of that name any more.
        pieces: of an excerpt, shown in place of its text.
        asked: words to mark in its headline, folded.
    """
    calendar = Calendar(newsletter.timezone if newsletter else "UTC", language)
    headline = shorten(one_line(line.headline), 300)
    lang, turned = tongue(line.language, headline, language)
    page = links.edition_url(line.edition_id)
    article = web_url(line.url)
    sections = {rule.slug: rule.title for rule in newsletter.sections} if newsletter else {}
    return Entry(
        headline=headline,
        # As many words as it has characters: all of it.
        marked=excerpt(headline, asked, around=len(headline)) if asked else ((headline, False),),
        url=f"{page}#brief-{line.id}" if line.brief else links.story_url(line.edition_id, line.id),
        article_url=article,
        source=shorten(one_line(line.source), 80) or (host_of(article) if article else ""),
        text=shorten(one_line(line.text[: 4 * LONGEST_TEXT]), LONGEST_TEXT),
        excerpt=tuple((_piece(text), was_asked) for text, was_asked in pieces),
        edition_url=page,
        date=calendar.day(line.slot_at),
        iso=calendar.local(line.slot_at).isoformat(),
        newsletter=one_line(newsletter.title) if newsletter else line.newsletter,
        section=one_line(sections.get(line.section, "")),
        lang=lang,
        dir=turned,
    )


def _piece(text: str) -> str:
    """A piece of a line: one line inside; the spaces at its ends part it from its neighbours."""
    text = text[:LONGEST_TEXT]
    inner = one_line(text)
    if not inner:
        return " " if text else ""
    return f"{' ' * text[0].isspace()}{inner}{' ' * text[-1].isspace()}"


def turning(page: int, pages: int, at: Callable[[int], str]) -> Turning:
    """Where one turns to from *page* (from 1) of *pages*; *at* is the address of each."""
    return Turning(
        page=page,
        pages=pages,
        before=at(page - 1) if page > 1 else "",
        after=at(page + 1) if page < pages else "",
    )
