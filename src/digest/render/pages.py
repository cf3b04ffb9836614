"""Public pages: an edition, each of its stories.  Whole files, ready to be kept.

No script, no font, no style sheet of another host: a page stands alone in a folder
and may be kept for years.  The pages that list editions and stories are in `shelves`.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from digest.model import Item, Story
from digest.render.clock import Clock
from digest.render.frame import About, Calendar, feeds_of, frame, portrait
from digest.render.links import Links
from digest.render.listing import Line, listed
from digest.render.names import bylines
from digest.render.press import Issue, Press
from digest.render.showing import label_of
from digest.render.shown import Shown, ShownSection, ShownStory
from digest.render.structured import Teller, edition_data, script, story_data
from digest.render.tidy import one_line, shorten, web_url
from digest.render.wording import words_for
from digest.settings import Newsletter

#: Sources that a story's page names.
MOST_TELLERS = 40
#: Other stories of its section that it points to.
BESIDE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a story stands in its edition."""

    section: ShownSection
    #: Its page; "" without one.
    section_url: str
    before: ShownStory | None
    after: ShownStory | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _ToldBy:
    """Who tells a story, and since when."""

    #: Day and time: of the lead, and in a word of when it was last added to, or "".
    published: str
    updated: str
    tellers: tuple[Teller, ...]

    @property
    def sources(self) -> tuple[tuple[str, tuple[Teller, ...]], ...]:
        """Each source once, with all that it tells, in the order of the story."""
        found: dict[str, list[Teller]] = {}
        for teller in self.tellers:
            found.setdefault(teller.source, []).append(teller)
        return tuple((source, tuple(told)) for source, told in found.items())


def describe(shown: Shown) -> str:
    """An edition in one sentence: its headlines, for people who see only the link."""
    headlines = [story.headline for story in shown.stories]
    headlines += [brief.lead_in or brief.text for brief in shown.briefs[: 3 - len(headlines)]]
    headlines += [correction.headline for correction in shown.corrections]
    return shorten(" · ".join(headlines[:4]) or shown.date, 200)


def edition_page(
    issue: Issue,
    *,
    press: Press,
    newsletter: Newsletter,
    older: Line | None = None,
    newer: Line | None = None,
    listed_sections: Collection[str] | None = None,
    card: str = "",
) -> str:
    """The whole of an edition as one HTML file, for everybody.

    Args:
        older, newer: the editions before and after it.
        listed_sections: slugs of those that have a page; None means all.
        card: name under ``pictures/`` of an image for links to it, where no story has one.

    Raises:
        RenderError: a template is broken.
    """
    shown, links = issue.shown, press.links
    pictures = [story.picture for story in shown.stories if story.picture]
    top = shown.top.picture if shown.top else None
    about = About(
        title=shown.subject,
        description=describe(shown),
        url=shown.url,
        kind="article",
        image=portrait(top, card=card, title=shown.title, links=links),
        published=shown.iso,
        modified=shown.changed_at.isoformat(),
    )
    around = frame(
        press,
        newsletter,
        language=shown.lang,
        feeds=feeds_of(newsletter, links),
        pictures=pictures,
    )
    structured = edition_data(
        shown, site=press.site, newsletter=newsletter, url=links.newsletter_url(newsletter.slug)
    )
    own = Line(edition_id=shown.id, slot_at=shown.slot_at, headlines=())
    beside = listed([line for line in (older, own, newer) if line], newsletter, links)
    return press.templates.page(
        "edition.html",
        **around,
        about=about,
        structured=script(structured),
        edition=shown,
        time=_time(shown, newsletter),
        section_urls={
            section.slug: _section_url(section, newsletter, listed_sections, links)
            for section in shown.sections
        },
        older=beside[0] if older else None,
        newer=beside[-1] if newer else None,
    )


def _section_url(
    section: ShownSection, newsletter: Newsletter, wanted: Collection[str] | None, links: Links
) -> str:
    """Its page; "" if it has none, as where a newsletter does not part its stories."""
    has_page = wanted is None or section.slug in wanted
    return links.section_url(newsletter.slug, section.slug) if has_page else ""


def _time(shown: Shown, newsletter: Newsletter) -> str:
    """The edition's time of day, where its newsletter has several a day; else ""."""
    calendar = Calendar(newsletter.timezone, shown.lang)
    return calendar.time(shown.slot_at) if len(newsletter.send_at) > 1 else ""


def story_pages(
    issue: Issue,
    *,
    press: Press,
    newsletter: Newsletter,
    listed_sections: Collection[str] | None = None,
    card: str = "",
) -> Iterator[tuple[str, str]]:
    """Id and page of each story of an edition, in its order.

    Args:
        listed_sections, card: as for `edition_page`.

    Raises:
        RenderError: a template is broken.
    """
    shown = issue.shown
    clock = Clock(issue.edition)
    zone = Calendar(issue.edition.timezone, shown.lang)
    stories = {story.id: story for story in issue.edition.stories}
    told = [(section, story) for section in shown.sections for story in section.stories]
    for number, (section, story) in enumerate(told):
        place = Place(
            section=section,
            section_url=_section_url(section, newsletter, listed_sections, press.links),
            before=told[number - 1][1] if number else None,
            after=told[number + 1][1] if number + 1 < len(told) else None,
        )
        told_by = _told_by(stories[story.id], clock, zone)
        yield (
            story.id,
            _story_page(
                story, place, told_by, shown=shown, press=press, newsletter=newsletter, card=card
            ),
        )


def _story_page(
    story: ShownStory,
    place: Place,
    told_by: _ToldBy,
    *,
    shown: Shown,
    press: Press,
    newsletter: Newsletter,
    card: str,
) -> str:
    links = press.links
    about = About(
        title=story.headline,
        description=shorten(story.summary or story.note or describe(shown), 200),
        url=story.page_url,
        kind="article",
        image=portrait(story.picture, card=card, title=shown.title, links=links),
        published=story.iso,
        modified=story.changed_at.isoformat(),
        section=place.section.title,
    )
    around = frame(
        press,
        newsletter,
        language=shown.lang,
        feeds=feeds_of(newsletter, links),
        pictures=[story.picture] if story.picture else [],
    )
    others = [one for one in place.section.stories if one is not story]
    return press.templates.page(
        "story.html",
        **around,
        about=about,
        structured=script(story_data(story, told_by.tellers, shown=shown, site=press.site)),
        edition=shown,
        time=_time(shown, newsletter),
        story=story,
        place=place,
        published=told_by.published,
        updated=told_by.updated,
        sources=told_by.sources,
        others=others[:BESIDE],
    )


def _told_by(story: Story, clock: Clock, zone: Calendar) -> _ToldBy:
    lead, changed = story.lead, story.updated_at
    updated = ""
    if changed is not None:
        told = zone.time(changed)
        if zone.local(changed).date() != zone.local(lead.published_at).date():
            told = f"{zone.short_day(changed)}, {told}"
        updated = words_for(clock.language).updated.format(time=told)
    return _ToldBy(
        published=_stamp(lead, clock),
        updated=updated,
        tellers=tuple(_teller(item, clock) for item in story.items[:MOST_TELLERS]),
    )


def _stamp(item: Item, clock: Clock) -> str:
    """Day and time: a story's page is read by itself, and on any day."""
    day = clock.day_of(item)
    return day if item.day_only else f"{day}, {clock.time(item.published_at)}"


def _teller(item: Item, clock: Clock) -> Teller:
    url, source = web_url(item.url), label_of(item)
    headline = shorten(one_line(item.title), 300)
    lang, turned = clock.tongue(item, headline)
    return Teller(
        source=source,
        headline=headline,
        url=url,
        time=_stamp(item, clock),
        iso=clock.iso(item),
        authors=tuple(
            shorten(name, 80) for name in bylines(map(one_line, item.authors[:20]), source)[:8]
        ),
        language=item.language,
        lang=lang,
        dir=turned,
    )
