"""Editions, stories, briefs and corrections as entries of feeds: what they say, ids, dates.

How an entry is written in a format is the business of `feeds`; here is what all formats share.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import nh3
from markupsafe import Markup

from digest.model import Correction, Edition, Story
from digest.render.channels import Channel, topic_key
from digest.render.clock import Clock
from digest.render.feed_parts import Enclosure
from digest.render.links import Links
from digest.render.names import bylines
from digest.render.pages import describe
from digest.render.press import Issue, Press
from digest.render.shown import Picture, Shown, ShownBrief, ShownStory
from digest.render.tidy import one_line, shorten, web_url
from digest.render.trimming import trimmed
from digest.settings import Newsletter

#: Octets of one entry's content: a JSON feed of 250 KB must have room for any.
ENTRY_LIMIT = 180_000
#: Characters of a stored text: a longer one is not looked at, its summary is shown.
LONGEST_FULL = 120_000
#: Characters of a title.
LONGEST_TITLE = 160
#: Names under a story: no honest by-line is longer, a hostile one may be.
MOST_AUTHORS = 20

#: What feeds may show of a publisher's markup.  No pictures: each would tell its publisher who
#: reads, and the story's own is there from where [pictures] has it.
_TAGS = frozenset([
    "a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "dd", "del",
    "div", "dl", "dt", "em", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strong",
    "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var",
])  # fmt: skip
#: Goes with all that is in it.
_GONE = frozenset([
    "audio", "button", "canvas", "datalist", "embed", "form", "head", "iframe", "math",
    "noembed", "noframes", "noscript", "object", "select", "script", "style", "svg", "template",
    "textarea", "title", "video",
])  # fmt: skip
# What XML 1.0 cannot carry.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
}


def _allowed(tag: str, name: str, value: str) -> str | None:
    # Mail addresses go as well: a feed is public, who wrote to whom is not.
    return web_url(value) if name == "href" else value


_CLEANER = nh3.Cleaner(
    tags=set(_TAGS),
    clean_content_tags=set(_GONE),
    attributes={
        "*": {"dir", "lang"},
        "a": {"href"},
        "ol": {"start"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan"},
        "time": {"datetime"},
    },
    attribute_filter=_allowed,
    link_rel=None,
    url_schemes={"http", "https"},
    url_relative="deny",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    kind: Literal["edition", "story", "brief", "correction"]
    #: A tag URI (RFC 4151), for ever.
    id: str
    #: What makes it the same thing in a later edition.
    key: str
    #: Where its title leads.
    url: str
    #: Our own page of it, when *url* is a publisher's; else "".
    page_url: str
    title: str
    #: One paragraph of text.
    summary: str
    html: str
    published: datetime
    updated: datetime
    #: The edition's date, in words.
    date: str
    authors: tuple[str, ...]
    #: The publication; "" for an edition.
    source: str
    tags: tuple[str, ...]
    picture: Enclosure | None
    #: BCP 47 and direction of its words, where they differ from the feed's.
    lang: str | None
    dir: str | None
    #: Slug; "" for what is in none.
    section: str
    topics: frozenset[str]
    source_ids: frozenset[str]
    #: ISO week of its edition: the archive document it is in.
    week: str
    #: What later editions corrected in it, as it is told here.
    corrections: tuple[Correction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What entries are made with, for one newsletter."""

    newsletter: Newsletter
    press: Press
    #: Safe HTML by item id; only used when the newsletter's *feed_text* is "full".
    full: Mapping[str, str]
    #: Octets of kept pictures, by their names under ``pictures/``.
    sizes: Mapping[str, int]


def week_name(day: date) -> str:
    """The ISO week of *day*, ``2026-W21``: archives are by week."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def week_of(edition: Edition) -> str:
    """The week of its local day."""
    return week_name(edition.slot_at.astimezone(ZoneInfo(edition.timezone)).date())


def entry_id(edition: Edition, links: Links) -> str:
    """Of an edition: it stays wherever the site moves."""
    return links.lasting_id("edition", edition.id)


def part_id(edition: Edition, kind: str, id: str, links: Links) -> str:
    """Of a story or brief in *edition*: the same in all feeds that have it, wherever they are."""
    return links.lasting_id(kind, edition.newsletter, id)


def holds(channel: Channel, entry: Entry) -> bool:
    """Is *entry* in the feed of *channel*?"""
    match channel.kind:
        case "editions":
            return entry.kind == "edition"
        case "stories":
            return entry.kind == "story"
        case "briefs":
            return entry.kind == "brief"
        case "corrections":
            return entry.kind == "correction"
        case "section":
            return entry.kind == "story" and entry.section == channel.value
        case "topic":
            return topic_key(channel.value) in entry.topics
        case "source":
            return channel.value in entry.source_ids


def entries_of(issue: Issue, stock: Stock) -> Iterator[Entry]:
    """All entries of one edition: itself, its stories in their order, briefs and corrections.

    Of the last two the newest first.

    Raises:
        RenderError: a template of an entry is broken.
    """
    yield _edition_entry(issue, stock)
    yield from _story_entries(issue, stock)
    clock, items = Clock(issue.edition), {item.id: item for item in issue.edition.briefs}
    for brief in reversed(issue.shown.briefs):
        yield _brief_entry(brief, clock.stamp(items[brief.id]), issue, stock)
    for number in reversed(range(len(issue.edition.corrections))):
        yield _correction_entry(number, issue, stock)


def _edition_entry(issue: Issue, stock: Stock) -> Entry:
    shown = issue.shown
    title = f"{shown.short_date}: {shown.top.headline}" if shown.top else shown.date
    return Entry(
        kind="edition",
        id=entry_id(issue.edition, stock.press.links),
        key=shown.id,
        url=shown.url,
        page_url="",
        title=shorten(title, LONGEST_TITLE),
        summary=describe(shown),
        html=_edition_html(shown, stock.press),
        published=shown.slot_at,
        updated=max([shown.slot_at, *(told.at for told in issue.later)]),
        date=shown.short_date,
        # The newsroom's; the feed names it.
        authors=(one_line(stock.press.site.name),),
        source="",
        tags=tuple(section.title for section in shown.sections),
        picture=_enclosure(shown.top.picture if shown.top else None, stock.sizes),
        lang=None,
        dir=None,
        section="",
        topics=frozenset(),
        source_ids=frozenset(),
        week=week_of(issue.edition),
        corrections=issue.later,
    )


def _edition_html(shown: Shown, press: Press) -> str:
    """All of it; of an edition too long for any feed, what fits, with "more on the web"."""

    def filled(shown: Shown) -> str:
        return press.templates.page(
            "entry.html", edition=shown, words=shown.words, site=press.site
        ).strip()

    html = filled(shown)
    parts = len(shown.stories) + len(shown.briefs)
    size = len(html.encode())
    while size > ENTRY_LIMIT and parts:
        # By its share, and one more: every turn gets nearer, few are needed.
        gone = min(parts, 1 + parts * (size - ENTRY_LIMIT) // size)
        shown, parts = trimmed(shown, gone), parts - gone
        html = filled(shown)
        size = len(html.encode())
    return html


def _story_entries(issue: Issue, stock: Stock) -> Iterator[Entry]:
    composed = {story.id: story for story in issue.edition.stories}
    for section in issue.shown.sections:
        for story in section.stories:
            where = (section.slug, section.title)
            yield _story_entry(story, composed[story.id], issue, stock, where)


def _story_entry(
    story: ShownStory,
    composed: Story,
    issue: Issue,
    stock: Stock,
    section: tuple[str, str],
) -> Entry:
    shown, links = issue.shown, stock.press.links
    slug, title = section
    # Those who see titles alone should know, too.
    mark = shown.words.update if story.update else ""
    if any(told.corrects for told in story.corrections):
        mark = shown.words.correction
    headline = f"{mark}: {story.headline}" if mark else story.headline
    names = bylines(map(one_line, composed.lead.authors), story.source)[:MOST_AUTHORS]
    later = _corrections(issue, story.item_ids)
    published = min(story.published_at, shown.slot_at)
    html = stock.press.templates.page(
        "story_entry.html",
        edition=shown,
        story=story,
        words=shown.words,
        full=_full_text(story, stock),
        read_on=shown.words.whole_article.format(source=story.source),
    )
    return Entry(
        kind="story",
        id=part_id(issue.edition, "story", story.id, links),
        key=f"story/{story.id}",
        url=story.article_url or story.page_url,
        page_url=story.page_url if story.article_url else "",
        title=headline,
        summary=story.summary or story.headline,
        html=html.strip(),
        published=published,
        updated=_updated(published, min(composed.updated_at or published, shown.slot_at), later),
        date=shown.short_date,
        authors=names or (story.source,),
        source=story.source,
        tags=_once(*story.topics, title),
        picture=_enclosure(story.picture, stock.sizes),
        lang=story.lang,
        dir=story.dir,
        section=slug,
        topics=frozenset(map(topic_key, story.topics)),
        source_ids=frozenset(story.source_ids),
        week=week_of(issue.edition),
        corrections=later,
    )


def _brief_entry(brief: ShownBrief, when: str, issue: Issue, stock: Stock) -> Entry:
    shown, links = issue.shown, stock.press.links
    html = stock.press.templates.page(
        "brief_entry.html", edition=shown, brief=brief, when=when, words=shown.words
    )
    place = f"{shown.url}#{brief.anchor}"
    later = _corrections(issue, (brief.id,))
    published = min(brief.published_at, shown.slot_at)
    return Entry(
        kind="brief",
        id=part_id(issue.edition, "brief", brief.id, links),
        key=f"brief/{brief.id}",
        url=brief.url or place,
        page_url=place if brief.url else "",
        title=shorten(brief.lead_in or brief.text, LONGEST_TITLE),
        summary=f"{brief.lead_in} {brief.text}".strip(),
        html=html.strip(),
        published=published,
        updated=_updated(published, published, later),
        date=shown.short_date,
        authors=(brief.source,),
        source=brief.source,
        tags=_once(*brief.topics),
        picture=None,
        lang=brief.lang,
        dir=brief.dir,
        section="",
        topics=frozenset(map(topic_key, brief.topics)),
        source_ids=frozenset([brief.source_id]),
        week=week_of(issue.edition),
        corrections=later,
    )


def _correction_entry(number: int, issue: Issue, stock: Stock) -> Entry:
    """What this edition tells of an earlier one, of its own: it is new, whatever it is about."""
    shown, links, told = issue.shown, stock.press.links, issue.shown.corrections[number]
    correction = issue.edition.corrections[number]
    article = told.url if web_url(correction.url) else ""
    html = stock.press.templates.page(
        "correction_entry.html",
        edition=shown,
        told=told,
        words=shown.words,
        article=article,
        read_on=shown.words.whole_article.format(source=told.source),
    )
    at = min(correction.at, shown.slot_at)
    return Entry(
        kind="correction",
        id=links.lasting_id("correction", issue.edition.id, correction.item_id),
        key=f"correction/{issue.edition.id}/{correction.item_id}",
        url=told.url,
        page_url=shown.url if article else "",
        title=f"{told.mark}: {told.headline}",
        summary=" ".join(told.sentences) or told.headline,
        html=html.strip(),
        published=at,
        updated=at,
        date=shown.short_date,
        authors=(told.source or one_line(stock.press.site.name),),
        source=told.source,
        tags=(),
        picture=None,
        lang=told.lang,
        dir=told.dir,
        section="",
        topics=frozenset(),
        source_ids=frozenset(),
        week=week_of(issue.edition),
        corrections=(),
    )


def _corrections(issue: Issue, item_ids: Collection[str]) -> tuple[Correction, ...]:
    return tuple(told for told in issue.later if told.item_id in item_ids)


def _updated(published: datetime, added: datetime, later: Collection[Correction]) -> datetime:
    """When an entry last changed; as it was published, if it never did.

    Args:
        published: and *added*, when a source added to it: never after the edition was due, a
            source's clock may be ahead of ours.
    """
    return max([published, added, *(told.at for told in later)])


def _once(*tags: str) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for tag in tags:
        found.setdefault(tag.casefold(), tag)
    return tuple(found.values())


def _full_text(story: ShownStory, stock: Stock) -> Markup | None:
    """The lead's whole text, if the newsletter's feeds show it and it fits; else None."""
    if stock.newsletter.feed_text != "full":
        return None
    stored = stock.full.get(story.item_ids[0], "")
    if not stored or len(stored) > LONGEST_FULL:
        return None
    html = feed_safe(stored)
    # It was written for a page of a publisher; what remains for a feed may be nothing.
    words = html and nh3.clean(html, tags=set()).strip()
    fits = len(html.encode()) <= ENTRY_LIMIT * 3 // 4
    return Markup(html) if words and fits else None  # noqa: S704


def feed_safe(html: str) -> str:
    """*html* as a feed may carry it: no script, style, frame, form, picture or relative link."""
    # Text stands for characters that it names ("&#27;"): what is illegal shows only afterwards.
    return _ILLEGAL.sub("\ufffd", _CLEANER.clean(_ILLEGAL.sub("\ufffd", html))).strip()


def _enclosure(picture: Picture | None, sizes: Mapping[str, int]) -> Enclosure | None:
    if picture is None:
        return None
    ending = PurePosixPath(urlsplit(picture.url).path).suffix.lower()
    return Enclosure(
        url=picture.url,
        type=_TYPES.get(ending, ""),
        size=sizes.get(picture.file) if picture.file else None,
        width=picture.width,
        height=picture.height,
        credit=picture.credit,
    )
