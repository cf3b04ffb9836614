"""What a feed says, entry by entry, as our reader and as feedparser tell it: one shape for both.

feedparser gets what it needs to do its best, the bytes and the headers; its texts are stripped
of markup here, since it leaves that to its caller.
"""

import re
import time
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import chain
from typing import Any

import feedparser
from lxml import etree, html

from digest.errors import ParseError
from digest.model import RawItem
from digest.reading import Hints, read_feed

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
# What joins the names of one line, so that "A and B" and a list of two are the same authors.
_BETWEEN_NAMES = re.compile(r"\s*[,;]\s*|\s+(?:and|und|et|y|e|i|та|і)\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry, ready to be compared: texts without any white space, dates to the minute."""

    title: str
    url: str
    guid: str
    published: str
    authors: tuple[str, ...]
    topics: tuple[str, ...]
    image: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of reading one feed."""

    entries: tuple[Entry, ...] = ()
    #: Why it was refused, in words; "" if it was not.
    refusal: str = ""
    fault: str = ""


def ours(name: str, body: bytes, hints: Hints) -> Told:
    try:
        document = read_feed(body, hints, name=name)
    except ParseError as error:
        return Told(refusal=str(error), fault=error.fault.value)
    return Told(entries=tuple(map(_our_entry, document.items)))


def _our_entry(item: RawItem) -> Entry:
    # A feed that gives one text only may have it told as either.
    body = "".join(block.text for block in item.blocks) or item.standfirst
    return Entry(
        title=squeeze(item.title),
        url=item.url or "",
        guid=squeeze(item.guid),
        published=minute(item.published_at or item.updated_at),
        authors=names(item.authors),
        topics=tuple(map(squeeze, item.topics)),
        image=(item.image and item.image.url) or "",
        body=squeeze(body),
    )


def feedparsers(_name: str, body: bytes, hints: Hints) -> Told:
    headers = {"content-type": hints.content_type or "", "content-location": hints.url or ""}
    feed = feedparser.parse(BytesIO(body), response_headers=headers)
    if not feed.version and not feed.entries:
        return Told(refusal=str(feed.get("bozo_exception", "no feed")))
    # Atom lets entries inherit the feed's authors (RFC 4287 §4.2.1); feedparser leaves it to us.
    inherited = feed.feed.get("authors", ()) if feed.version.startswith("atom") else ()
    return Told(entries=tuple(_peer_entry(entry, inherited) for entry in feed.entries))


def _peer_entry(entry: Any, inherited: Iterable[Any]) -> Entry:
    texts = [content.value for content in entry.get("content", ())]
    body = texts[0] if texts else entry.get("summary", "")
    at = entry.get("published_parsed") or entry.get("updated_parsed")
    authors = [one.get("name", "") for one in entry.get("authors") or inherited]
    title = entry.get("title", "")
    if entry.get("title_detail", {}).get("type") != "text/plain":
        title = _stripped(title)
    return Entry(
        title=squeeze(title),
        url=entry.get("feedburner_origlink") or entry.get("link", ""),
        guid=squeeze(entry.get("id")),
        published=minute(_of_struct(at)),
        authors=names(name for name in authors if name),
        topics=tuple(squeeze(tag.label or tag.term) for tag in entry.get("tags", ())),
        image=_peer_image(entry, body),
        body=squeeze(_stripped(body)),
    )


def _peer_image(entry: Any, body: str) -> str:
    pictures = [
        medium
        for medium in entry.get("media_content", ())
        if medium.get("medium") == "image" or medium.get("type", "").startswith("image/")
    ]
    pictures.sort(key=lambda medium: -int(medium.get("width") or 0))
    enclosures = (
        {"url": one.get("href")}
        for one in entry.get("enclosures", ())
        if one.get("type", "").startswith("image/")
    )
    shown = ({"url": url} for url in re.findall(r"<img[^>]+src=[\"']([^\"']+)", body))
    cover = [{"url": entry.image.href}] if "href" in entry.get("image", {}) else []
    found = chain(pictures, entry.get("media_thumbnail", ()), enclosures, cover, shown)
    return next((one["url"] for one in found if one.get("url")), "")


def _stripped(markup: str) -> str:
    if not markup.strip():
        return ""
    try:
        return str(html.fromstring(f"<div>{markup}</div>").text_content())
    except (etree.ParserError, ValueError):
        return markup


def _of_struct(at: time.struct_time | None) -> datetime | None:
    if at is None:
        return None
    try:
        return datetime(*at[:6], tzinfo=UTC)
    except ValueError:
        return None


def squeeze(text: str | None) -> str:
    """*text* without white space and invisible characters, in one form of letters."""
    return "".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text or "")).split())


def names(told: Iterable[str]) -> tuple[str, ...]:
    single = (name for line in told for name in _BETWEEN_NAMES.split(line.strip()))
    return tuple(squeeze(name) for name in single if name)


def minute(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if moment else ""
