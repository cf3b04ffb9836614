"""A saved news page as plain text: its article, cards and briefs.

Behind the door: the shape that such pages share, however their lines are
ordered.  What a line is follows from where it stands and what comes back
elsewhere on the page; word lists only break ties.  Pure: text in, values out.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from digest.errors import ParseError
from digest.model import Block, Card, Image, Kind, RawItem
from digest.reading.dates import Moment, moment_of
from digest.reading.decode import clean_text
from digest.reading.pagetext_body import split_bio, to_blocks, without_comments, without_heap
from digest.reading.pagetext_briefs import (
    MOST_TICKS,
    Tick,
    find_ticks,
    instants,
    read_briefs,
    ticker_of,
)
from digest.reading.pagetext_byline import read_byline
from digest.reading.pagetext_cards import build_card, find_glue, known_sites
from digest.reading.pagetext_head import Head, find_head
from digest.reading.pagetext_lines import Line, is_prose, size, split_lines, stems
from digest.reading.pagetext_names import author_line, is_desk, is_names, split_names

#: Words that a text nobody signed or dated must have; excuses for missing pages have fewer.
SHORTEST_UNSIGNED = 60
LONGEST_STAMP = 60
MOST_STAMPS = 500
_YEAR = re.compile(r"(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d\d|年")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """What a page says."""

    #: The article first, if there is one; then the briefs in the page's order.
    items: tuple[RawItem, ...] = ()
    #: The publication's name, when the page gives it away.
    site: str | None = None
    #: What could not be read, each a sentence that says what to do.
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Page:
    """A page while it is read: what is known, and which lines are spoken for."""

    lines: Sequence[Line]
    filed: date | None
    language: str | None
    home: ZoneInfo
    head: Head
    taken: set[int] = field(default_factory=set)
    cards: list[Card] = field(default_factory=list)
    #: Of the author line below the text; it overrules the byline.
    signed: tuple[str, ...] = ()
    site: str | None = None
    #: The last lines of the cards below the head, and the author line.
    card_ends: list[int] = field(default_factory=list)
    signature: int | None = None
    #: The page is a ticker that runs forward.
    oldest_first: bool = False
    problems: list[str] = field(default_factory=list)


def read_page_text(text: str, *, language: str | None = None, timezone: str = "UTC") -> PageText:
    """Read a page that was saved as text.

    Args:
        language: BCP 47, of the source; helps with months, conjunctions, 04/05/2024.
        timezone: IANA name; zone of clocks printed without one.

    Raises:
        ParseError: nothing in it looks like an article or a brief.

    About two milliseconds a page; the time grows with its length.
    """
    split = split_lines(clean_text(text))
    ticks = find_ticks(split.lines, language=language)
    filed = split.filed
    # Late that day: a day without a year is not of the year before because it is today's.
    now = datetime.combine(filed, time(23, 59), tzinfo=UTC) if filed else None
    head = find_head(split.lines, ticks, language=language, now=now)
    page = _Page(split.lines, filed, language, ZoneInfo(timezone), head, signed=head.signed)
    page.taken |= head.taken
    _sign(page)
    _take_cards(page, text)
    tickers, end = _tickers(page, ticks)
    if split.cut or len(ticks) == MOST_TICKS:
        page.problems.append("the page is too long and was read in part: save it in pieces")
    items: list[RawItem] = []
    if head.title is not None:
        items.append(_article(page, head.title, end))
        if not _tells_enough(page, head.title, items[0]):
            items.clear()
    items += _briefs(page, tickers)
    if not items:
        raise ParseError(
            "",
            "holds no article and no briefs: a headline above a byline or paragraphs was looked "
            "for; save the whole page as text, or as HTML",
        )
    return PageText(items=tuple(items), site=page.site, problems=tuple(page.problems))


def _tells_enough(page: _Page, title: int, article: RawItem) -> bool:
    """Whether somebody signed or dated the text, or it is too long for an error page's excuse."""
    byline = page.head.byline
    below = any(index > title for index in page.head.byline_lines)
    if not article.blocks:
        return byline.dated and bool(byline.authors)
    # The name of a site above a list of teasers.
    name = page.lines[title].text
    prose = " ".join(block.text for block in article.blocks[:12] if is_prose(block.text))
    if name != name.lower() and is_names(name) and not stems(name) & stems(prose[:9000]):
        return bool(article.authors)
    if article.authors or page.signed or (byline.dated and below):
        return True
    told = [block.text for block in article.blocks if is_prose(block.text)]
    return len(told) >= 3 or sum(map(size, told)) >= SHORTEST_UNSIGNED


# ------------------------------------------------------------- who, and which site


def _sign(page: _Page) -> None:
    """Find the author line below the text, or a block of names under a bare "Authors:"."""
    told = False
    for index in range(page.head.body, len(page.lines)):
        text = page.lines[index].text
        told = told or is_prose(text)
        names = author_line(text)
        if names is None or index in page.taken:
            continue
        last = index
        if not names:
            rows: list[str] = []
            while last + 1 < len(page.lines) and is_names(page.lines[last + 1].text):
                last += 1
                rows.append(page.lines[last].text)
            names = ", ".join(rows)
        signed = split_names(names, page.language)
        if not signed:
            continue
        page.taken |= set(range(index, last + 1))
        page.signed = signed
        if told:
            page.signature = last
            return


def _take_cards(page: _Page, text: str) -> None:
    lines, head = page.lines, page.head
    names = (*head.byline.authors, *page.signed)
    desks = [name for name in names if is_desk(name)]
    credits = [head.credit] if head.credit else []
    floor = head.body
    glued = find_glue(lines, text, desks, credits)
    for glue in glued:
        if glue.index in page.taken:
            continue
        low = floor if glue.index >= floor else 0
        placed = build_card(lines, glue, floor=low, taken=page.taken)
        if placed is None or (head.title is not None and placed.first <= head.title <= placed.last):
            continue
        page.cards.append(placed.card)
        page.taken |= set(range(placed.first, placed.last + 1))
        if glue.index >= head.body:
            page.card_ends.append(placed.last)
            floor = placed.last + 1
    sites = Counter(glue.site for glue in glued)
    known = [site for site, _ in sites.most_common(1)] or known_sites(text, desks, credits)
    page.site = known[0] if known else None


# ------------------------------------------------------------------------- tickers


def _tickers(page: _Page, ticks: Sequence[Tick]) -> tuple[list[tuple[list[Tick], int]], int]:
    """The page's tickers, each with the line that ends it, and the line that ends the article."""
    lines, head = page.lines, page.head
    free = [tick for tick in ticks if tick.index not in page.taken]
    if head.title is None:
        page.oldest_first = _runs_forward(free)
        return ([(free, len(lines))] if free else []), 0
    tickers = []
    leading = [tick for tick in free if tick.index < head.title]
    if leading:
        tickers.append((leading, head.title))
    divider = _divider(page, free)
    closed = divider is not None and divider == page.signature
    trailing = ticker_of(free, lines, after=head.body, divider=divider, closed=closed)
    inner = [tick for tick in free if tick.index >= head.body]
    if not trailing and len(inner) >= 2 and not _has_text(page, inner[0].index):
        # A page that is nothing but a ticker may also begin with its oldest brief.
        trailing = inner
        page.oldest_first = _runs_forward(inner)
    end = len(lines)
    if trailing:
        tickers.append((trailing, len(lines)))
        end = trailing[0].index
    if page.signature is not None:
        end = min(end, page.signature)
    return tickers, end


def _runs_forward(ticks: Sequence[Tick]) -> bool:
    return len(ticks) >= 3 and all(a.clock.at < b.clock.at for a, b in pairwise(ticks))


def _divider(page: _Page, ticks: Sequence[Tick]) -> int | None:
    """The line that parts the text from a ticker: the author line, else a card, else a heading."""
    if page.signature is not None:
        return page.signature
    first = next((tick.index for tick in ticks if tick.index >= page.head.body), len(page.lines))
    if not _has_text(page, first):
        return None
    # A card may also stand between two briefs.
    cards = [end for end in page.card_ends if end < first] or page.card_ends[-1:]
    if cards:
        return cards[-1]
    heading = _heading_of(ticks, page.lines, page.head.body)
    if heading is not None:
        page.taken.add(heading)
    return heading


def _has_text(page: _Page, stop: int) -> bool:
    """Whether a paragraph stands between the head and line *stop*."""
    free = (index for index in range(page.head.body, stop) if index not in page.taken)
    return any(is_prose(page.lines[index].text) for index in free)


def _heading_of(ticks: Sequence[Tick], lines: Sequence[Line], body: int) -> int | None:
    """A line such as "News feed" right above the first clock below the text."""
    seen: set[str] = set()
    for tick in ticks:
        above = tick.index - 1
        if above > body and lines[above].text in seen:
            return None
        seen.add(lines[above].text)
        if above > body and len(lines[above].text.split()) <= 3 and not is_prose(lines[above].text):
            return above if lines[above].text[-1:].isalpha() else None
    return None


def _briefs(page: _Page, tickers: Sequence[tuple[list[Tick], int]]) -> list[RawItem]:
    day, clock, zone = _printed(page)
    items = []
    for ticks, stop in tickers:
        briefs = read_briefs(page.lines, ticks, stop=stop, taken=page.taken)
        order = -1 if page.oldest_first else 1
        times = instants(briefs[::order], day=day, article=clock, zone=zone, home=page.home)
        times = times[::order]
        if day is None and any(brief.tick and not brief.tick.day for brief in briefs):
            page.problems.append(
                "the briefs have clocks but the page names no day: "
                "put ' date YYYY-MM-DD ' before its first line"
            )
        items += [
            RawItem(
                kind=Kind.BRIEF,
                title=brief.title,
                published_at=at,
                blocks=brief.blocks,
                language=page.language,
            )
            for brief, at in zip(briefs, times, strict=True)
        ]
    return items


def _printed(page: _Page) -> tuple[date | None, time | None, str]:
    """Day, clock and zone of the article as printed; the corpus's day if it prints none."""
    found = page.head.byline.published or page.head.byline.updated
    if found is None:
        return page.filed, None, ""
    clock = found.clock or page.head.byline.clock
    return found.day, clock.at if clock else None, clock.zone if clock else ""


# ------------------------------------------------------------------------- article


def _article(page: _Page, title: int, end: int) -> RawItem:
    head, byline = page.head, page.head.byline
    body = [index for index in range(head.body, end) if index not in page.taken]
    body = without_comments(page.lines, body, _stamps(page, body))
    body, described = split_bio(page.lines, body, page.signed or byline.authors, page.site)
    body = without_heap(page.lines, body) if end == len(page.lines) else body
    authors = page.signed or byline.authors or ((described,) if described else ())
    published, updated = _moments(page)
    if published is None:
        page.problems.append(
            f"no date was found beside “{page.lines[title].text}”: "
            "the article counts as new when it is first read"
        )
    lead = [Block(text=page.lines[index].text) for index in head.lead]
    blocks = (*lead, *to_blocks([page.lines[index] for index in body]))
    if not blocks:
        page.problems.append(
            f"no text was found under “{page.lines[title].text}”: save the whole page"
        )
    image = Image(caption=head.caption, credit=head.credit) if head.caption or head.credit else None
    return RawItem(
        kind=Kind.ARTICLE,
        title=page.lines[title].text,
        authors=authors,
        published_at=published.at if published else None,
        day_only=published.day_only if published else False,
        updated_at=updated.at if updated else None,
        reading_min=byline.reading_min,
        language=page.language,
        standfirst=head.standfirst,
        image=image,
        blocks=blocks,
        cards=tuple(page.cards),
    )


def _stamps(page: _Page, body: Sequence[int]) -> set[int]:
    """Those lines of *body* that are a day and a clock, as programs put above comments."""
    stamps = set()
    likely = (i for i in body if len(page.lines[i].text) <= LONGEST_STAMP)
    likely = (i for i in likely if _YEAR.search(page.lines[i].text))
    for index in islice(likely, MOST_STAMPS):
        byline = read_byline(page.lines[index].text, language=page.language)
        if byline is not None and byline.published is not None and byline.published.clock:
            stamps.add(index)
    return stamps


def _moments(page: _Page) -> tuple[Moment | None, Moment | None]:
    """When the article appeared and was changed.

    A page that only says when it was changed appeared, for all we know, then; one that says
    nothing, on the day its corpus filed it under.
    """
    byline = page.head.byline
    updated = moment_of(byline.updated, page.home) if byline.updated else None
    found = byline.published
    if found is not None:
        if found.clock is None and byline.clock is not None:
            found = replace(found, clock=byline.clock)
        return moment_of(found, page.home), updated
    if updated is not None:
        return updated, updated
    if page.filed is None:
        return None, None
    midnight = datetime.combine(page.filed, time(), tzinfo=page.home)
    return Moment(at=midnight.astimezone(UTC), day_only=True), None
