"""A newsletter's feeds for tests: two weeks of editions, written as files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import feedparser
from lxml import etree

from digest.model import Block, Correction, Edition, Image, Section, Story
from digest.render.channels import Channel, channels_of
from digest.render.feeds import archive_files, feed_files
from digest.render.press import Press, issue
from digest.render.showing import Gallery
from digest.settings import Newsletter
from make import MORNING, make_brief, make_edition, make_item, make_story

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
DC = "{http://purl.org/dc/elements/1.1/}"
FH = "{http://purl.org/syndication/history/1.0}"
MEDIA = "{http://search.yahoo.com/mrss/}"

SITE = "https://news.example.org"
HUB = "https://hub.example/"
SECTIONS = (("at-sea", "At sea"), ("city", "City & council"))
SOURCES = {"wire": "Coastline Wire"}
FERRY = Image(
    url="https://pictures.example/ferry.jpg",
    alt="A white ferry at a stone quay",
    credit="A. Example",
    width=1200,
    height=675,
)
#: Of the sample: complete weeks, which have archive documents, and the editions in those.
WEEKS = {
    "2026-W19": ("daily@2026-05-10T0700",),
    "2026-W20": tuple(f"daily@2026-05-{day}T0700" for day in range(11, 18)),
}


def make_newsletter(**fields: Any) -> Newsletter:
    values: dict[str, Any] = {
        "slug": "daily",
        "title": "The Daily",
        "description": "What the bay talks about.",
        "timezone": "Europe/Athens",
        "feed_topics": ("Ferries",),
        "feed_sources": ("wire", "courier"),
    }
    return Newsletter(**(values | fields))


def edition_at(day: datetime, *sections: Section, **fields: Any) -> Edition:
    """One edition of that morning, with words of its own."""
    mark = f"{day:%d %B}"
    ferry = make_story(
        make_item(
            f"Ferry line reopens, {mark}",
            f"Two boats run from October, said on {mark}. Tickets cost as before.",
            published_at=day - timedelta(hours=6),
            topics=("ferries", "Harbour"),
            authors=("Ines Marrow", "Tom Vale"),
            image=FERRY,
            site="Coastline Wire",
        ),
        make_item(
            f"Line of ferries back, {mark}",
            "Boats run again.",
            published_at=day - timedelta(hours=5),
            source_id="courier",
            url="https://courier.example/boats",
        ),
    )
    strike = make_story(
        make_item(
            f"Tram strike is off, {mark}",
            "Both sides agreed on a rise of 4.1 per cent.",
            published_at=day - timedelta(hours=3),
            url=None,
            source_id="courier",
        )
    )
    brief = make_brief(
        f"Bridge closed until noon. Buses go round by Merrow on {mark}.",
        published_at=day - timedelta(hours=1),
    )
    values: dict[str, Any] = {"briefs": (brief,)}
    return make_edition(
        *(sections or sections_of((ferry,), (strike,))),
        id=f"daily@{day:%Y-%m-%d}T0700",
        slot_at=day,
        **(values | fields),
    )


def sections_of(*stories: tuple[Story, ...]) -> tuple[Section, ...]:
    """*stories* under the newsletter's sections, in their order."""
    return tuple(
        Section(slug=slug, title=title, stories=told)
        for (slug, title), told in zip(SECTIONS, stories, strict=False)
    )


def mornings(count: int = 9, start: datetime = MORNING) -> list[Edition]:
    """Editions of so many days, newest first: 18 May 2026 is the Monday of week 21."""
    return [edition_at(start - timedelta(days=n)) for n in range(count)]


def story_of(title: str, text: str = "It happened at the quay.", **fields: Any) -> Story:
    return make_story(make_item(title, text, **fields))


def hostile_edition(words: str) -> Edition:
    """*words* wherever words may come from outside."""
    item = replace(
        make_item(),
        title=words,
        blocks=(Block(text=f"{words} and more"),),
        authors=(words,),
        topics=(words,),
        site=words,
        image=replace(FERRY, alt=words, caption=words, credit=words),
    )
    brief = replace(make_brief(), title=words, blocks=(Block(text=f"{words} Also this."),))
    correction = Correction(
        item_id="a" * 16,
        headline=words,
        at=MORNING,
        sentences=(words,),
        edition_id="daily@2026-05-17T0700",
        site=words,
    )
    story = make_story(item, note=words)
    return make_edition(
        Section(slug="at-sea", title=words, stories=(story,)),
        title=words,
        briefs=(brief,),
        corrections=(correction,),
        intro=words,
    )


@dataclass(frozen=True)
class Feeds:
    """Files by path, as they lie under ``out/``."""

    files: Mapping[str, bytes]

    def xml(self, path: str) -> Any:
        """The root of a file: strictly read, nothing fetched, nothing repaired."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        return etree.fromstring(self.files[f"feeds/daily/{path}"], parser)

    def parsed(self, path: str) -> Any:
        """As a feed reader sees it."""
        feed = feedparser.parse(self.files[f"feeds/daily/{path}"])
        assert not feed.bozo, feed.get("bozo_exception")
        return feed

    def paths(self, ending: str) -> Iterator[str]:
        """Of all files that end so, without ``feeds/daily/``."""
        return (path.removeprefix("feeds/daily/") for path in self.files if path.endswith(ending))


def write_feeds(
    press: Press,
    editions: Sequence[Edition],
    *,
    newsletter: Newsletter | None = None,
    gallery: Gallery | None = None,
    later: Sequence[Correction] = (),
    own: Sequence[Channel] | None = None,
    **more: Any,
) -> Feeds:
    """What readers subscribe to."""
    newsletter = newsletter or make_newsletter()
    gallery = gallery or Gallery()
    shown = [
        issue(
            edition,
            press=press,
            gallery=gallery,
            later=[told for told in later if told.edition_id == edition.id],
        )
        for edition in editions
    ]
    if own is None:
        own = channels_of(newsletter, sections=SECTIONS, sources=SOURCES)
    return Feeds(dict(feed_files(newsletter, own, shown, press=press, **more)))


def write_archive(press: Press, week: str, editions: Sequence[Edition], **more: Any) -> Feeds:
    """The documents of one complete week."""
    newsletter = make_newsletter()
    shown = [issue(edition, press=press, gallery=Gallery()) for edition in editions]
    own = channels_of(newsletter, sections=SECTIONS, sources=SOURCES)
    return Feeds(dict(archive_files(newsletter, own, week, shown, press=press, **more)))
