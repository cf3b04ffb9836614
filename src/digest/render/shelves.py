"""Pages that list: the front page, a newsletter, a year, a section, what a search found, nothing.

They show what they are given, in that order; what is public, and how much of it one page
has, is for the caller to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice, zip_longest
from urllib.parse import urlencode

from digest.model import Found, Printed
from digest.render.frame import (
    About,
    Announced,
    Calendar,
    feeds_of,
    frame,
    newsletter_feeds,
    portrait,
    section_feeds,
)
from digest.render.links import Links
from digest.render.listing import Line, Month, by_month, entry, turning
from digest.render.press import Issue, Press
from digest.render.shown import Shown, ShownBrief, ShownSection, ShownStory
from digest.render.tidy import one_line, shorten
from digest.render.wording import reads_from_right, words_for
from digest.settings import Newsletter

__all__ = (
    "Front",
    "Line",
    "front_page",
    "missing_page",
    "newsletter_page",
    "search_page",
    "section_page",
    "year_page",
)

#: Of the latest edition, beside its top story: where there is one newsletter, and where several.
STORIES = 6
STORIES_OF_MANY = 3
#: Older editions, likewise; the newsletter's own page has more.
LINES = 31
LINES_OF_MANY = 4
#: Newest briefs of the latest edition.
BRIEFS = 6
#: Characters of a question: no honest one is longer.
LONGEST_QUERY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """One newsletter as the front page and its own page show it."""

    newsletter: Newsletter
    #: None before its first edition.
    latest: Issue | None
    #: Newest first, without the latest.
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A `Front` as templates see it."""

    slug: str
    title: str
    description: str
    url: str
    lang: str
    dir: str
    feeds: tuple[Announced, ...]
    latest: Shown | None
    #: The latest edition's time of day, where there are several a day.
    time: str
    top: ShownStory | None
    top_section: ShownSection | None
    others: tuple[tuple[ShownSection, ShownStory], ...]
    briefs: tuple[ShownBrief, ...]
    months: tuple[Month, ...]


def _spread(shown: Shown, most: int) -> tuple[tuple[ShownSection, ShownStory], ...]:
    """Besides the top story: the first of each section, then the second of each, and so on."""
    columns = [[(section, story) for story in section.stories] for section in shown.sections]
    in_turn = chain.from_iterable(zip_longest(*columns))
    told = (pair for pair in in_turn if pair is not None and pair[1] is not shown.top)
    return tuple(islice(told, most))


def _shelf(front: Front, links: Links, *, stories: int, lines: int) -> Shelf:
    newsletter, latest = front.newsletter, front.latest
    shown = latest.shown if latest else None
    clocks = Calendar(newsletter.timezone, newsletter.language)
    return Shelf(
        slug=newsletter.slug,
        title=one_line(newsletter.title),
        description=one_line(newsletter.description),
        url=links.newsletter_url(newsletter.slug),
        lang=newsletter.language,
        dir="rtl" if reads_from_right(newsletter.language) else "ltr",
        feeds=feeds_of(newsletter, links),
        latest=shown,
        time=clocks.time(shown.slot_at) if shown and len(newsletter.send_at) > 1 else "",
        top=shown.top if shown else None,
        top_section=next(iter(shown.sections), None) if shown else None,
        others=_spread(shown, stories) if shown else (),
        briefs=shown.briefs[-BRIEFS:] if shown else (),
        months=by_month(front.lines[:lines], newsletter, links),
    )


def front_page(fronts: Sequence[Front], *, press: Press, card: str = "") -> str:
    """index.html: what every newsletter has to tell today, and what it told before.

    Args:
        card: name under ``pictures/`` of an image for links to it, where no story has one.

    Raises:
        RenderError: a template is broken.
    """
    links = press.links
    one = fronts[0] if len(fronts) == 1 else None
    shelves = tuple(
        _shelf(
            front,
            links,
            stories=STORIES if one else STORIES_OF_MANY,
            lines=LINES if one else LINES_OF_MANY,
        )
        for front in fronts
    )
    tops = [shelf.top for shelf in shelves if shelf.top]
    pictures = [top.picture for top in tops if top.picture]
    pictures += [
        story.picture for shelf in shelves for _, story in shelf.others[:2] if story.picture
    ]
    title = one_line(press.site.name)
    if one and shelves[0].title != title:
        title = f"{shelves[0].title} · {title}"
    told = " · ".join(top.headline for top in tops)
    around = frame(
        press,
        one.newsletter if one else None,
        language=fronts[0].newsletter.language if fronts else "",
        feeds=[feed for shelf in shelves for feed in (shelf.feeds if one else shelf.feeds[:1])],
        pictures=pictures,
    )
    about = About(
        title=title,
        description=shorten(told or (shelves[0].description if one else title) or title, 200),
        url=links.home_url(),
        image=portrait(pictures[0] if pictures else None, card=card, title=title, links=links),
    )
    return press.templates.page("archive.html", **around, about=about, shelves=shelves)


def newsletter_page(
    front: Front,
    *,
    press: Press,
    years: Sequence[int],
    sections: Sequence[tuple[str, str]],
    card: str = "",
) -> str:
    """``editions/<slug>/``: the latest edition, those before it, its years and sections.

    Args:
        years: that have a page, newest first.
        sections: slug and title of those that have one.

    Raises:
        RenderError: a template is broken.
    """
    newsletter, links = front.newsletter, press.links
    shelf = _shelf(front, links, stories=STORIES, lines=len(front.lines))
    around = frame(press, newsletter, feeds=shelf.feeds)
    about = About(
        title=f"{shelf.title}: {words_for(newsletter.language).archive}",
        description=shelf.description or shelf.title,
        url=shelf.url,
        image=portrait(None, card=card, title=shelf.title, links=links),
    )
    return press.templates.page(
        "newsletter.html",
        **around,
        about=about,
        shelf=shelf,
        years=_years(newsletter, years, links),
        sections=tuple(
            (one_line(title), links.section_url(newsletter.slug, slug)) for slug, title in sections
        ),
    )


def _years(
    newsletter: Newsletter, years: Sequence[int], links: Links
) -> tuple[tuple[int, str], ...]:
    return tuple((year, links.year_url(newsletter.slug, year)) for year in years)


def year_page(
    newsletter: Newsletter,
    year: int,
    lines: Sequence[Line],
    *,
    press: Press,
    years: Sequence[int],
    card: str = "",
) -> str:
    """``editions/<slug>/<year>/``: each month as a calendar and as a list.

    Args:
        lines: those of *year* in the newsletter's zone.
        years: all that have a page, newest first.

    Raises:
        RenderError: a template is broken.
    """
    links = press.links
    title = f"{one_line(newsletter.title)} {year}"
    around = frame(press, newsletter, feeds=feeds_of(newsletter, links))
    about = About(
        title=title,
        description=f"{title}: {words_for(newsletter.language).archive}",
        url=links.year_url(newsletter.slug, year),
        image=portrait(None, card=card, title=title, links=links),
    )
    return press.templates.page(
        "year.html",
        **around,
        about=about,
        year=year,
        years=_years(newsletter, years, links),
        months=by_month(lines, newsletter, links, with_year=False),
        weekdays=Calendar(newsletter.timezone, newsletter.language).weekdays(),
    )


def section_page(
    newsletter: Newsletter,
    section: tuple[str, str],
    lines: Sequence[Printed],
    *,
    press: Press,
    page: int,
    pages: int,
    card: str = "",
) -> str:
    """``editions/<slug>/section/<section>/[n/]``: its stories, by edition.

    Args:
        section: slug and title.
        page: from 1, of *pages*.

    Raises:
        RenderError: a template is broken.
    """
    links = press.links
    slug, title = section[0], one_line(section[1])
    words = words_for(newsletter.language)
    home = links.section_url(newsletter.slug, slug)

    def at(number: int) -> str:
        return home if number == 1 else f"{home}{number}/"

    entries = [entry(line, newsletter, language=newsletter.language, links=links) for line in lines]
    own = section_feeds(newsletter, section, links)
    name = f"{title} · {one_line(newsletter.title)}"
    said = f" · {words.page_of.format(page=page, pages=pages)}" if page > 1 else ""
    about = About(
        title=name + said,
        description=shorten(" · ".join(e.headline for e in entries[:3]) or name, 200),
        url=at(page),
        image=portrait(None, card=card, title=name, links=links),
    )
    around = frame(press, newsletter, feeds=[own, *feeds_of(newsletter, links)])
    return press.templates.page(
        "section.html",
        **around,
        about=about,
        title=title,
        editions=tuple(
            tuple(group) for _, group in groupby(entries, key=lambda one: one.edition_url)
        ),
        turning=turning(page, pages, at),
    )


def search_page(
    query: str,
    found: Sequence[Found],
    *,
    press: Press,
    newsletters: Sequence[Newsletter],
    newsletter: str,
    page: int,
    pages: int,
    total: int,
) -> str:
    """What a search for *query* found; with "" as the query, a form to ask with.

    The form sends ``q``, ``newsletter`` (a slug, or "" for all) and, from the second page
    on, ``page``.

    Args:
        newsletters: that can be searched.
        newsletter: the slug of the one that was, "" for all.
        page: from 1, of *pages*.
        total: of all pages.

    Raises:
        RenderError: a template is broken.
    """
    links = press.links
    query = shorten(one_line(query), LONGEST_QUERY)
    known = {one.slug: one for one in newsletters}
    chosen = known.get(newsletter)
    language = next((one.language for one in (chosen, *newsletters) if one), "en")
    words = words_for(language)

    def at(number: int) -> str:
        asked = {"q": query, "newsletter": chosen.slug if chosen else "", "page": str(number)}
        told = {name: value for name, value in asked.items() if value}
        return f"{links.search_url()}?{urlencode(told)}"

    feeds = [newsletter_feeds(one, links) for one in ([chosen] if chosen else newsletters)]
    around = frame(press, chosen, language=language, feeds=feeds)
    title = f"{query} · {words.search}" if query else words.search
    return press.templates.page(
        "search.html",
        **around,
        about=About(title=title, description=words.search_label, url=""),
        query=query,
        results=tuple(
            entry(
                one.printed,
                known.get(one.printed.newsletter),
                language=language,
                links=links,
                pieces=one.excerpt,
                asked=one.asked,
            )
            for one in found
        ),
        total=total,
        newsletters=tuple((one.slug, one_line(one.title)) for one in newsletters),
        chosen=chosen.slug if chosen else "",
        turning=turning(page, pages, at),
    )


def missing_page(*, press: Press, newsletters: Sequence[Newsletter] = ()) -> str:
    """404.html: in the first newsletter's language, with a way on to each.

    Raises:
        RenderError: a template is broken.
    """
    links = press.links
    language = newsletters[0].language if newsletters else "en"
    around = frame(
        press, language=language, feeds=[newsletter_feeds(one, links) for one in newsletters]
    )
    words = words_for(language)
    return press.templates.page(
        "missing.html",
        **around,
        about=About(title=words.missing, description=words.missing, url=""),
        ways=tuple(
            (one_line(one.title), links.newsletter_url(one.slug), one.language)
            for one in newsletters
        ),
    )
