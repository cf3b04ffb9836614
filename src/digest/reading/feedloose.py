"""Feeds that are not well-formed: for what `repair` cannot mend.

Small ones go to feedparser.  It would resolve entities, clean HTML and open
files named by its input: it is given a stream without a document type, and its
own cleaning stays off.  It takes 0.4 s a megabyte, and ten times that for
elements that are never closed, so large and lopsided feeds are cut into their
entries, and each entry is read strictly.  Pure.
"""

import io
import re
from collections.abc import Iterator
from typing import Any, Final

import feedparser
from lxml import etree

from digest.errors import ParseError
from digest.model import Image
from digest.reading.entry import EntryReader, FeedTold, Told, names, text_as_html
from digest.reading.feedmanners import manners_of_text
from digest.reading.feedxml import parse_xml, read_channel, read_entries
from digest.reading.hints import Hints
from digest.reading.markup import one_line, pixels, plain

#: What feedparser's readers have been seen to raise on rotten input, besides its own.
_FAULTS: Final = (
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    AssertionError,
    RecursionError,
)


_LARGEST: Final = 1_000_000
_MOST_UNCLOSED: Final = 1_000
_ENTRY_START = re.compile(
    r"<!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*)|<(item|entry)\b", re.DOTALL
)
_ROOT = re.compile(r"<([\w.:-]+)[^<>]*>")


def read_broken(text: str, hints: Hints, *, reason: str) -> FeedTold:
    """The feed taken apart.

    Args:
        reason: what the strict parser said.

    Raises:
        ParseError: not even one entry can be made out.
    """
    unclosed = text.count("<") - 2 * text.count("</") - text.count("/>")
    if len(text) > _LARGEST or unclosed > _MOST_UNCLOSED:
        return _read_in_pieces(text, hints, reason)
    return _read_loosely(text, hints, reason)


def _read_in_pieces(text: str, hints: Hints, reason: str) -> FeedTold:
    root = _ROOT.search(text)
    starts = [match.start() for match in _ENTRY_START.finditer(text) if match[1]]
    if root is None or not starts:
        raise _unreadable(reason)
    opening, closing = root[0], f"</{root[1]}>"
    # Only what stands before the first entry tells of the whole feed.
    head = text[root.end() : starts[0]]
    top = _strictly(opening + head + "</channel>" + closing)
    top = top if top is not None else _strictly(opening + head + closing)
    if top is None:
        top = _strictly(opening + closing)
    if top is None:
        raise _unreadable(reason)
    channel = read_channel(top, hints)
    reader = EntryReader(hints, language=channel.language, authors=channel.authors)
    told: list[tuple[int, Told]] = []
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True), 1):
        tag = "</item>" if text.startswith("<item", start) else "</entry>"
        end = text.find(tag, start, end)
        piece = None if end < 0 else _strictly(opening + text[start:end] + tag + closing)
        if piece is None:
            reader.broken(number, "is not well-formed XML")
        else:
            told.extend((number, entry) for entry in read_entries(piece, channel))
    if not told:
        raise _unreadable(reason)
    return FeedTold(
        site=channel.site,
        manners=manners_of_text(head, hints.url or channel.base),
        reader=reader,
        entries=iter(told),
    )


def _strictly(text: str) -> Any:
    try:
        return parse_xml(text)
    except etree.XMLSyntaxError:
        return None


def _read_loosely(text: str, hints: Hints, reason: str) -> FeedTold:
    # No content-location: with one, feedparser makes an address of every guid.
    headers = {"content-type": "application/xml; charset=utf-8"}
    try:
        # A stream: feedparser takes bytes for the name of a file first.
        parsed = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "replace")),
            response_headers=headers,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except _FAULTS as error:
        raise _unreadable(reason) from error
    if not parsed.entries:
        raise _unreadable(reason)
    feed = parsed.feed
    reader = EntryReader(hints, language=feed.get("language") or None)
    base = feed.get("link") or hints.url
    first = next((match.start() for match in _ENTRY_START.finditer(text) if match[1]), len(text))
    return FeedTold(
        site=plain(feed.get("title")) or None,
        manners=manners_of_text(text[:first], hints.url or base),
        reader=reader,
        entries=_entries(parsed.entries, base),
    )


def _unreadable(reason: str) -> ParseError:
    why = one_line(reason)[:120]
    return ParseError("", f"is broken XML ({why}) and no entry can be made out; tell the publisher")


def _entries(entries: list[Any], base: str | None) -> Iterator[tuple[int, Told]]:
    for number, entry in enumerate(entries, 1):
        contents = [_html(detail) for detail in entry.get("content", ())]
        people = [a.get("name") or "" for a in entry.get("authors", ()) if a]
        yield (
            number,
            Told(
                title=_html(entry.get("title_detail")),
                guid=entry.get("id") or None,
                link=entry.get("link") or None,
                published=_texts(entry, ("published", "created")),
                updated=_texts(entry, ("updated",)),
                authors=names(people or [entry.get("author") or ""]),
                summary=_html(entry.get("summary_detail")),
                body=next((content for content in contents if content.strip()), ""),
                topics=tuple(
                    tag.get("label") or tag.get("term") or "" for tag in entry.get("tags", ())
                ),
                images=tuple(_images(entry)),
                base=base,
            ),
        )


def _texts(entry: Any, keys: tuple[str, ...]) -> tuple[str, ...]:
    # dict's own look-up: feedparser's takes one date for the other, and warns.
    return tuple(str(told) for key in keys if (told := dict.get(entry, key)))


def _html(detail: Any) -> str:
    if not detail:
        return ""
    value = detail.get("value") or ""
    return text_as_html(value) if detail.get("type") == "text/plain" else value


def _images(entry: Any) -> Iterator[Image]:
    for media in (*entry.get("media_content", ()), *entry.get("media_thumbnail", ())):
        kind = media.get("medium") or (media.get("type") or "image").partition("/")[0]
        if kind == "image":
            yield Image(
                url=media.get("url"),
                width=pixels(media.get("width")),
                height=pixels(media.get("height")),
            )
    for enclosure in entry.get("enclosures", ()):
        if (enclosure.get("type") or "").startswith("image/"):
            yield Image(url=enclosure.get("href"))
