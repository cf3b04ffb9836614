"""Which feeds a newsletter has, what each is called and where it lies; lists of them.

A channel is one feed in three formats.  What it holds is written by `feeds`.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from types import MappingProxyType
from typing import Final, Literal

from digest.render.frame import About, frame, newsletter_feeds
from digest.render.links import FeedFormat, Links
from digest.render.press import Press
from digest.render.tidy import one_line, shorten
from digest.render.wording import words_for
from digest.settings import Newsletter

Kind = Literal["editions", "stories", "briefs", "corrections", "section", "topic", "source"]

#: Readers offer feeds by title: longer ones are cut there, in places of their choice.
LONGEST_TITLE = 120
#: Characters of a folder's name.
_LONGEST_SLUG = 63
_FORMATS: Final[tuple[tuple[FeedFormat, str, str], ...]] = (
    ("rss", "RSS", "application/rss+xml"),
    ("atom", "Atom", "application/atom+xml"),
    ("json", "JSON Feed", "application/feed+json"),
)
_APART = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One feed: what is in it, under one title."""

    newsletter: str
    kind: Kind
    #: Slug of the section, words of the topic, id of the source; "" where there is one only.
    value: str = ""
    #: Begins with the newsletter's.
    title: str
    #: The last part of *title*: enough beside other feeds of the newsletter.
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A channel as ``feeds.html`` shows it."""

    title: str
    name: str
    #: Label, media type and address of each format.
    addresses: tuple[tuple[str, str, str], ...]
    #: The page with all feeds of its newsletter; "" if that is this one.
    url: str = ""
    #: Of *name*, where it may differ from the page's.
    lang: str = ""


def channels_of(
    newsletter: Newsletter,
    *,
    sections: Sequence[tuple[str, str]] = (),
    sources: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Channel, ...]:
    """All feeds of *newsletter*, each folder once: the editions' first.

    Args:
        sections: slug and title of each section.
        sources: names of sources as readers know them, by id; one without goes by its id.
    """
    words = words_for(newsletter.language)
    wanted: list[tuple[Kind, str, str]] = [
        ("editions", "", words.editions),
        ("stories", "", words.stories),
        ("briefs", "", words.in_brief),
        ("corrections", "", words.corrections),
    ]
    wanted += [("section", slug, title) for slug, title in sections]
    wanted += [
        ("topic", topic, words.topic.format(topic=one_line(topic)))
        for topic in newsletter.feed_topics
        if topic_key(topic)
    ]
    wanted += [
        ("source", id, words.told_by.format(source=one_line(sources.get(id, "")) or id))
        for id in newsletter.feed_sources
    ]
    found: dict[str, Channel] = {}
    for kind, value, name in wanted:
        title = one_line(newsletter.title)
        if kind != "editions":
            title = f"{title} · {one_line(name)}"
        channel = Channel(
            newsletter=newsletter.slug,
            kind=kind,
            value=value,
            title=shorten(title, LONGEST_TITLE),
            name=shorten(one_line(name), LONGEST_TITLE),
        )
        found.setdefault(folder(channel), channel)
    return tuple(found.values())


def topic_key(topic: str) -> str:
    """What two spellings of a topic share: "Sea-Ferries", "sea ferries" and "#sea_ferries"."""
    return _APART.sub(" ", topic.casefold()).strip()


def topic_slug(topic: str) -> str:
    """A folder's name for *topic*; readable if it is Latin, and never another topic's."""
    key = topic_key(topic)
    letters = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode()
    slug = _APART.sub("-", letters)[:_LONGEST_SLUG].strip("-")
    if slug == key.replace(" ", "-") and slug:
        return slug
    # Letters were lost: only the digest keeps the topic apart from others that lost the same.
    mark = blake2b(key.encode(), digest_size=4).hexdigest()
    return f"{slug[: _LONGEST_SLUG - 9]}-{mark}".strip("-")


def folder(channel: Channel) -> str:
    """Where its documents lie under ``out/``: the same for ever, people have subscribed to it."""
    base = f"feeds/{channel.newsletter}"
    match channel.kind:
        case "editions":
            return base
        case "stories" | "briefs" | "corrections":
            return f"{base}/{channel.kind}"
        case "topic":
            return f"{base}/topic/{topic_slug(channel.value)}"
        case "section" | "source":
            return f"{base}/{channel.kind}/{channel.value}"


def home_of(channel: Channel, links: Links) -> str:
    """The HTML page that shows the same to people."""
    if channel.kind == "section":
        return links.section_url(channel.newsletter, channel.value)
    return links.newsletter_url(channel.newsletter)


def opml(shelves: Sequence[tuple[Newsletter, Sequence[Channel]]], *, press: Press) -> bytes:
    """Every feed of the house as an OPML 2.0 subscription list, by newsletter."""
    # For this one file, while whatever shows a page loads this module.
    from lxml import etree

    links = press.links
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = one_line(press.site.name)
    etree.SubElement(head, "ownerName").text = one_line(press.site.name)
    etree.SubElement(head, "ownerId").text = links.home_url()
    body = etree.SubElement(root, "body")
    for newsletter, own in shelves:
        title = one_line(newsletter.title)
        group = etree.SubElement(body, "outline", text=title, title=title)
        for channel in own:
            etree.SubElement(
                group,
                "outline",
                type="rss",
                version="RSS2",
                text=channel.title,
                title=channel.title,
                xmlUrl=links.channel_url(folder(channel), "rss"),
                htmlUrl=home_of(channel, links),
                language=newsletter.language,
                **_description(newsletter, channel),
            )
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def _description(newsletter: Newsletter, channel: Channel) -> dict[str, str]:
    about = one_line(newsletter.description)
    return {"description": about} if about and channel.kind == "editions" else {}


def channel_page(newsletter: Newsletter, own: Sequence[Channel], *, press: Press) -> str:
    """The page for people that lists the feeds *own*, every address ready to be copied.

    Raises:
        RenderError: the template is broken.
    """
    links = press.links
    offered = tuple(
        Offered(title=channel.title, name=channel.name, addresses=_addresses(channel, links))
        for channel in own
    )
    around = frame(press, newsletter, feeds=[newsletter_feeds(newsletter, links)])
    words = words_for(newsletter.language)
    title = one_line(newsletter.title)
    return press.templates.page(
        "feeds.html",
        **around,
        about=About(
            title=f"{title} · {words.feeds}",
            description=words.feeds_note,
            url=links.feeds_url(newsletter.slug),
        ),
        title=title,
        offered=offered,
    )


def _addresses(channel: Channel, links: Links) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (label, kind, links.channel_url(folder(channel), format))
        for format, label, kind in _FORMATS
    )


def every_channel_page(
    shelves: Sequence[tuple[Newsletter, Sequence[Channel]]], *, press: Press
) -> str:
    """The page for people above all feeds of the house, in the first newsletter's language.

    Of several newsletters it has the editions and the stories, and leads to where the rest is;
    of an only one it is the same as `channel_page`.

    Raises:
        RenderError: the template is broken.
    """
    (first, own), links = shelves[0], press.links
    if len(shelves) == 1:
        return channel_page(first, own, press=press)
    offered = tuple(
        Offered(
            title=channel.title,
            name=channel.title,
            addresses=_addresses(channel, links),
            url=links.feeds_url(newsletter.slug),
            lang=newsletter.language,
        )
        for newsletter, channels in shelves
        for channel in channels
        if channel.kind in ("editions", "stories")
    )
    around = frame(press, language=first.language, feeds=[newsletter_feeds(first, links)])
    words = words_for(first.language)
    title = one_line(press.site.name)
    return press.templates.page(
        "feeds.html",
        **around | {"newsletter_url": links.home_url()},
        about=About(
            title=f"{title} · {words.feeds}",
            description=words.feeds_note,
            url=links.feeds_url(),
        ),
        title=title,
        offered=offered,
    )
