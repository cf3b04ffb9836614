"""A document of a channel as JSON Feed 1.1: one file, or as many pages as its entries need."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

from digest.render.feed_document import Document
from digest.render.feed_entries import Entry
from digest.render.tidy import one_line
from digest.render.wording import words_for

#: Octets of a file: JSON Feed 1.1 advises readers to expect no more than 256 KB.
PAGE_LIMIT = 240_000


def write_json(document: Document) -> Iterator[bytes]:
    """One file, or as many as its entries need; each names the next, the last an older document's.

    Which is not always the one before: `next_url` promises items that the reader has not met.
    """
    head = len(_dumped(_feed(document, [], next_url="-" * 200)))
    pages: list[list[dict[str, Any]]] = [[]]
    room = PAGE_LIMIT - head
    for entry in document.entries:
        item = _item(entry)
        # Its lines are indented twice more in the whole than alone.
        size = len(_dumped([[item]]))
        if size > room and pages[-1]:
            pages.append([])
            room = PAGE_LIMIT - head
        pages[-1].append(item)
        room -= size
    for number, items in enumerate(pages, start=1):
        if number < len(pages):
            following = document.address("json", page=number + 1)
        else:
            following = document.address("json", document.further) if document.further else ""
        yield _dumped(_feed(document, items, next_url=following))


def _dumped(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _feed(document: Document, items: Sequence[dict[str, Any]], *, next_url: str) -> dict[str, Any]:
    press, newsletter = document.press, document.newsletter
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": document.channel.title,
        "home_page_url": document.home,
        # Of the whole, on every page of it: readers know the feed by it.
        "feed_url": document.address("json", ""),
        "description": document.about,
        "user_comment": words_for(newsletter.language).feed_note,
        "language": newsletter.language,
        "authors": [{"name": one_line(press.site.name), "url": press.links.home_url()}],
    }
    feed["icon"] = feed["favicon"] = press.links.icon_url()
    if press.hubs and not document.week:
        feed["hubs"] = [{"type": "WebSub", "url": hub} for hub in press.hubs]
    if next_url:
        feed["next_url"] = next_url
    return feed | {"items": list(items)}


def _item(entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {"id": entry.id, "url": entry.page_url or entry.url}
    if entry.page_url:
        item["external_url"] = entry.url
    item |= {
        "title": entry.title,
        "summary": entry.summary,
        "content_html": entry.html,
        "date_published": entry.published.astimezone(UTC).isoformat(),
        "date_modified": entry.updated.astimezone(UTC).isoformat(),
        "authors": [{"name": name} for name in entry.authors],
    }
    if entry.tags:
        item["tags"] = list(entry.tags)
    if entry.lang:
        item["language"] = entry.lang
    picture = entry.picture
    if picture:
        item["image"] = picture.url
        if picture.type:
            file: dict[str, Any] = {"url": picture.url, "mime_type": picture.type}
            if picture.size is not None:
                file["size_in_bytes"] = picture.size
            item["attachments"] = [file]
    if entry.source:
        item["_digest"] = {"source": entry.source}
    return item
