"""JSON Feed 1.0 and 1.1 (jsonfeed.org), and what calls itself so, to what its entries told."""

import json
from collections.abc import Iterator
from typing import Any

from digest.errors import ParseError
from digest.model import Image
from digest.reading.entry import EntryReader, FeedTold, Told, names, text_as_html
from digest.reading.feedmanners import read_manners
from digest.reading.hints import Hints
from digest.reading.markup import one_line


def parse_json(text: str) -> dict[str, Any]:
    """The feed as a mapping.

    Raises:
        ParseError: not JSON, or not a JSON Feed.
    """
    try:
        # strict=False: control characters in strings are a common fault and harmless here.
        feed = json.loads(text, strict=False)
    except RecursionError as error:
        raise ParseError("", "nests its JSON too deep; that is no JSON Feed") from error
    except ValueError as error:
        raise ParseError("", f"is not valid JSON ({error}); tell the publisher") from error
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise ParseError(
            "", "is JSON but not a JSON Feed: it has no list of items; check the address"
        )
    version = feed.get("version")
    if not (isinstance(version, str) and "jsonfeed.org" in version) and "title" not in feed:
        raise ParseError(
            "", "is JSON but not a JSON Feed: it names no jsonfeed.org version; check the address"
        )
    return feed


def is_json_feed(text: str) -> bool:
    """Whether the JSON object *text* announces itself as a feed near its top."""
    return "jsonfeed.org/version" in text[:5_000] or '"items"' in text[:5_000]


def read_json(feed: dict[str, Any], hints: Hints) -> FeedTold:
    """The feed taken apart; its entries are read as they are asked for."""
    reader = EntryReader(
        hints, language=_text(feed, "language") or None, authors=names(_people(feed))
    )
    base = _text(feed, "home_page_url") or hints.url or _text(feed, "feed_url") or None
    links = [("self", _text(feed, "feed_url")), ("next", _text(feed, "next_url"))]
    links += [
        ("hub", _text(hub, "url"))
        for hub in _list(feed, "hubs")
        if isinstance(hub, dict) and _text(hub, "type").lower() in ("", "websub", "pubsubhubbub")
    ]
    return FeedTold(
        site=one_line(_text(feed, "title")) or None,
        manners=read_manners(links, hints.url or base),
        reader=reader,
        entries=_entries(feed["items"], base, reader),
    )


def _entries(items: list[Any], base: str | None, reader: EntryReader) -> Iterator[tuple[int, Told]]:
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            reader.broken(number, "is not an object")
            continue
        yield (
            number,
            Told(
                title=text_as_html(_text(item, "title")),
                guid=_text(item, "id") or None,
                link=_text(item, "url") or _text(item, "external_url") or None,
                published=_dates(item, "date_published"),
                updated=_dates(item, "date_modified"),
                authors=tuple(_people(item)),
                summary=text_as_html(_text(item, "summary")),
                body=_text(item, "content_html") or text_as_html(_text(item, "content_text")),
                topics=tuple(
                    text_as_html(tag) for tag in _list(item, "tags") if isinstance(tag, str)
                ),
                images=tuple(_images(item)),
                language=_text(item, "language") or None,
                base=base,
            ),
        )


def _text(holder: dict[str, Any], key: str) -> str:
    value = holder.get(key)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # The specification allows for ids that somebody wrote as numbers.
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def _list(holder: dict[str, Any], key: str) -> list[Any]:
    value = holder.get(key)
    return value if isinstance(value, list) else []


def _dates(item: dict[str, Any], key: str) -> tuple[str, ...]:
    text = _text(item, key)
    return (text,) if text else ()


def _people(holder: dict[str, Any]) -> Iterator[str]:
    for person in (*_list(holder, "authors"), holder.get("author")):
        if isinstance(person, dict):
            yield text_as_html(_text(person, "name"))
        elif isinstance(person, str):
            yield text_as_html(person)


def _images(item: dict[str, Any]) -> Iterator[Image]:
    for key in ("image", "banner_image"):
        if _text(item, key):
            yield Image(url=_text(item, key))
    for attachment in _list(item, "attachments"):
        if isinstance(attachment, dict) and _text(attachment, "mime_type").startswith("image/"):
            yield Image(url=_text(attachment, "url"))
