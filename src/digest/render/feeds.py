"""Editions as RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1: one entry each, whole and public.

All dates come from the editions, so two renderings are the same octets and an ETag
holds.  No entry has a personal link, a style or a script.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from feedgen.feed import FeedGenerator

from digest.model import Edition
from digest.render.links import FeedFormat, Links
from digest.render.pages import describe
from digest.render.press import Press
from digest.render.showing import show
from digest.render.shown import Shown
from digest.render.templates import Templates
from digest.render.tidy import one_line, shorten
from digest.settings import Newsletter, Site

#: Octets of a feed's contents: JSON Feed 1.1 advises readers to expect no more than 256 KB.
FEED_LIMIT = 240_000
#: Entries that a feed has however long they are.
FEWEST = 5
#: The date of a feed without an edition: fixed, a moving one would change the ETag.
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One edition as an entry of a feed."""

    id: str
    url: str
    title: str
    summary: str
    html: str
    published: datetime
    tags: tuple[str, ...]


def entry_id(edition: Edition, links: Links) -> str:
    """A tag URI (RFC 4151): it stays when the site moves to https or to another folder."""
    host = urlsplit(links.base_url).hostname or "localhost"
    newsletter, _, slot = edition.id.partition("@")
    return f"tag:{host},{edition.slot_at.astimezone(UTC):%Y-%m-%d}:{newsletter}/{slot}"


def _title(shown: Shown) -> str:
    return shorten(f"{shown.short_date}: {shown.top.headline}", 160) if shown.top else shown.date


def _entries(
    editions: Sequence[Edition], site: Site, links: Links, templates: Templates
) -> list[Entry]:
    entries: list[Entry] = []
    room = FEED_LIMIT
    for edition in editions:
        shown = show(edition, links=links)
        html = templates.page("entry.html", edition=shown, words=shown.words, site=site).strip()
        room -= len(html.encode())
        if room < 0 and len(entries) >= FEWEST:
            break
        entries.append(
            Entry(
                id=entry_id(edition, links),
                url=shown.url,
                title=_title(shown),
                summary=describe(shown),
                html=html,
                published=edition.slot_at.astimezone(UTC),
                tags=tuple(section.title for section in shown.sections),
            )
        )
    return entries


def _generator(
    format: FeedFormat, newsletter: Newsletter, entries: Sequence[Entry], site: Site, links: Links
) -> Any:
    """A feedgen feed with what RSS and Atom share, in the order that feedgen needs."""
    feed = FeedGenerator()
    feed.id(links.feed_url(newsletter.slug, "atom"))
    feed.title(one_line(newsletter.title))
    # The last link becomes the channel's link in RSS: the page, never the feed itself.
    own = links.feed_url(newsletter.slug, format)
    feed.link(href=own, rel="self", type=f"application/{format}+xml")
    feed.link(href=links.home_url(), rel="alternate", type="text/html")
    about = one_line(newsletter.description) or one_line(newsletter.title)
    feed.description(about)
    feed.subtitle(about)
    feed.language(newsletter.language)
    feed.generator("Digest")
    newest = max((entry.published for entry in entries), default=_NEVER)
    feed.updated(newest)
    feed.lastBuildDate(newest)
    feed.pubDate(newest)
    feed.author(name=one_line(site.name), uri=links.home_url())
    feed.load_extension("dc", atom=False, rss=True)
    for entry in entries:
        told = feed.add_entry(order="append")
        told.id(entry.id)
        told.guid(entry.id, permalink=False)
        told.title(entry.title)
        told.link(href=entry.url, rel="alternate", type="text/html")
        told.published(entry.published)
        told.updated(entry.published)
        if format == "rss":
            told.description(entry.summary)
            told.content(entry.html, type="CDATA")
            # RSS authors must have an address, which nobody wants in a feed.
            told.dc.dc_creator(one_line(site.name))
        else:
            told.summary(entry.summary)
            told.content(entry.html, type="html")
        for tag in entry.tags:
            told.category(term=tag)
    return feed


def rss(
    newsletter: Newsletter,
    editions: Sequence[Edition],
    *,
    press: Press,
) -> bytes:
    """RSS 2.0 of *editions*, newest first: as many as fit a feed, five at least.

    Raises:
        RenderError: the template of an entry is broken.
    """
    entries = _entries(editions, press.site, press.links, press.templates)
    return bytes(
        _generator("rss", newsletter, entries, press.site, press.links).rss_str(pretty=True)
    )


def atom(
    newsletter: Newsletter,
    editions: Sequence[Edition],
    *,
    press: Press,
) -> bytes:
    """Atom (RFC 4287) of *editions*, newest first: as many as fit a feed, five at least.

    Raises:
        RenderError: the template of an entry is broken.
    """
    entries = _entries(editions, press.site, press.links, press.templates)
    return bytes(
        _generator("atom", newsletter, entries, press.site, press.links).atom_str(pretty=True)
    )


def json_feed(
    newsletter: Newsletter,
    editions: Sequence[Edition],
    *,
    press: Press,
) -> bytes:
    """JSON Feed 1.1 of *editions*, newest first: as many as fit a feed, five at least.

    Raises:
        RenderError: the template of an entry is broken.
    """
    site, links = press.site, press.links
    author = {"name": one_line(site.name), "url": links.home_url()}
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": one_line(newsletter.title),
        "home_page_url": links.home_url(),
        "feed_url": links.feed_url(newsletter.slug, "json"),
        "description": one_line(newsletter.description) or one_line(newsletter.title),
        "language": newsletter.language,
        "authors": [author],
        "items": [
            {
                "id": entry.id,
                "url": entry.url,
                "title": entry.title,
                "summary": entry.summary,
                "content_html": entry.html,
                "date_published": entry.published.isoformat(),
                "tags": list(entry.tags),
            }
            for entry in _entries(editions, press.site, press.links, press.templates)
        ],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()
