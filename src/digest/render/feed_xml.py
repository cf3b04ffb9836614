"""A document of a channel as RSS 2.0 or Atom (RFC 4287), written by feedgen."""

import html
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from feedgen.feed import FeedGenerator

from digest.render.feed_document import Document
from digest.render.feed_entries import Entry
from digest.render.feed_parts import View, XmlFormat, register
from digest.render.press import Press
from digest.render.tidy import one_line
from digest.render.wording import reads_from_right, words_for

#: The style sheet of feeds, under ``out/``.
STYLE = "feeds/feed.css"
#: Entries that people see who open a feed's address in a browser.
SEEN = 20
#: RSS 2.0.11, of a channel's image: pixels.
_IMAGE_WIDTH, _IMAGE_HEIGHT = 144, 400
#: Media types that an RSS image may have, by ending.
_IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif")


def write_xml(format: XmlFormat, document: Document) -> bytes:
    """Return *document* as XML, in UTF-8."""
    channel, press = document.channel, document.press
    feed = FeedGenerator()
    parts = register(feed)
    feed.id(document.id)
    feed.title(channel.title)
    feed.link(href=document.address(format), rel="self", type=f"application/{format}+xml")
    # The last link becomes the channel's link in RSS: the page, never the feed itself.
    feed.link(href=document.home, rel="alternate", type="text/html")
    feed.description(document.about)
    feed.subtitle(document.about)
    feed.language(document.newsletter.language)
    feed.generator("Digest")
    feed.updated(document.updated)
    feed.lastBuildDate(document.updated)
    feed.pubDate(document.updated)
    feed.author(name=one_line(press.site.name), uri=press.links.home_url())
    _picture(feed, format, press)
    parts.links = list(_relations(format, document))
    parts.archive = bool(document.week)
    if not document.week:
        parts.view = _view(format, document)
    for entry in document.entries:
        _add(feed, format, entry)
    text = feed.rss_str(pretty=True) if format == "rss" else feed.atom_str(pretty=True)
    return bytes(text)


def _relations(format: XmlFormat, document: Document) -> Iterator[tuple[str, str, str]]:
    kind = f"application/{format}+xml"
    if not document.week:
        # Hubs are told of what is subscribed to, and of nothing else (WebSub 5.1).
        for hub in document.press.hubs:
            yield "hub", hub, ""
    if document.older:
        yield "prev-archive", document.address(format, document.older), kind
    if document.week:
        if document.newer:
            yield "next-archive", document.address(format, document.newer), kind
        yield "current", document.address(format, ""), kind


def _picture(feed: Any, format: XmlFormat, press: Press) -> None:
    """The logo; in RSS only one of a size and type that RSS allows."""
    if not press.logo:
        return
    url = press.links.picture_url(press.logo)
    width, height = press.logo_size
    fits = 0 < width <= _IMAGE_WIDTH and 0 < height <= _IMAGE_HEIGHT
    if format == "atom":
        feed.logo(url)
    elif fits and press.logo.lower().endswith(_IMAGE_ENDINGS):
        # Title and link are the channel's: feedgen takes them from there.
        feed.image(url=url, width=str(width), height=str(height))


def _view(format: XmlFormat, document: Document) -> View:
    newsletter, links = document.newsletter, document.press.links
    words = words_for(newsletter.language)
    of_editions = document.channel.kind == "editions"
    return View(
        title=document.channel.title,
        about=document.about,
        note=words.feed_note,
        address=document.address(format),
        lang=newsletter.language,
        dir="rtl" if reads_from_right(newsletter.language) else "ltr",
        ways=(
            (words.archive, document.home),
            (words.feeds, links.feeds_url(newsletter.slug)),
        ),
        newest=tuple(
            # An edition's title says it.
            (entry.title, entry.url, "" if of_editions else entry.date, entry.lang, entry.dir)
            for entry in document.entries[:SEEN]
        ),
        style_url=f"{links.base_url}/{STYLE}",
    )


def _add(feed: Any, format: XmlFormat, entry: Entry) -> None:
    told = feed.add_entry(order="append")
    told.id(entry.id)
    told.guid(entry.id, permalink=False)
    told.title(entry.title)
    told.link(href=entry.url, rel="alternate", type="text/html")
    told.published(entry.published.astimezone(UTC))
    told.updated(entry.updated.astimezone(UTC))
    if format == "rss":
        # A description is HTML, whatever it looks like.
        told.description(html.escape(entry.summary, quote=False))
        told.content(entry.html.replace("]]>", "]]&gt;"), type="CDATA")
    else:
        for name in entry.authors:
            told.author(name=name)
        told.summary(entry.summary)
        told.content(entry.html, type="html")
    for tag in entry.tags:
        told.category(term=tag)
    told.parts.authors = entry.authors
    told.parts.publisher = entry.source
    told.parts.related = entry.page_url
    told.parts.lang = entry.lang or ""
    told.parts.picture = entry.picture
    if entry.updated > entry.published:
        told.parts.updated = entry.updated.astimezone(UTC).isoformat()
