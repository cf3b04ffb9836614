"""What is this document?  Decided by content, read by the room's reader for its kind.

Behind the door: feed, web page, mail, Markdown or page text, under whatever
name and content type it comes; and the JSON in which `digest read` shows how
it was understood.  Pure.
"""

import re
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final

from digest.errors import ParseError
from digest.model import Block, Card, Document, Kind, RawItem
from digest.reading.feed import FEED_ROOTS, no_feed, read_feed
from digest.reading.feedjson import is_json_feed
from digest.reading.hints import Hints
from digest.reading.mailfile import looks_like_mail, read_mail
from digest.reading.markdown import has_front_matter, read_markdown
from digest.reading.page import read_page
from digest.reading.pagetext import read_page_text
from digest.reading.pushed import read_pushed
from digest.reading.repair import root_name, to_text, unpack

NO_HINTS: Final = Hints()

_HTML_TAG = re.compile(
    r"<(?:!doctype\s+html|html|head|body|div|p|span|article|main|section|h[1-6]|table|ul|ol|meta"
    r"|script|link|title|img|center|font)\b",
    re.IGNORECASE,
)
_HTML_START = re.compile(r"<(?:!doctype\s+html|html|body)\b", re.IGNORECASE)
_XML_START = re.compile(r"<(?:\?xml|!DOCTYPE|[\w.-]+:[\w.-]+|[a-z][\w.-]*[\s>/])", re.IGNORECASE)
#: What else people put into folders: first bytes, and what to do about it.
_FOREIGN: Final = (
    (b"%PDF-", "is a PDF; save the text as .txt or the page as HTML"),
    (b"PK\x03\x04", "is a ZIP archive or an office document; save its text as .txt or .md"),
    (b"\xd0\xcf\x11\xe0", "is an old office document; save its text as .txt or .md"),
    (b"\x89PNG", "is a picture; only texts can be read"),
    (b"\xff\xd8\xff", "is a picture; only texts can be read"),
    (b"GIF8", "is a picture; only texts can be read"),
    (b"{\\rtf", "is RTF; save its text as .txt or .md"),
)
_JSON_NAMES: Final = frozenset((".json", ".jsonl", ".ndjson"))
#: Keys of a pushed item that no item of a JSON Feed has.
_PUSHED = re.compile(r'"(?:text|html|published|topics)"\s*:')
_MARKDOWN_NAMES: Final = frozenset((".md", ".markdown", ".mdown"))


def read_document(name: str, data: bytes, hints: Hints = NO_HINTS) -> Document:
    """Read *data*, whatever it is.

    Never raises for bad input: what cannot be read is a Document of kind "unreadable" with a
    problem that says what to do.  Name and content type only break ties.
    """
    try:
        return _read(name, data, hints)
    except ParseError as error:
        return Document(name=name, kind="unreadable", problems=(sentence(f"It {error}"),))


def sentence(text: str) -> str:
    """*text* with a capital and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _read(name: str, data: bytes, hints: Hints) -> Document:
    data = unpack(data)
    for start, fault in _FOREIGN:
        if data.startswith(start):
            raise ParseError("", fault)
    suffix = PurePath(name).suffix.lower()
    if looks_like_mail(data):
        return read_mail(data, hints, name=name)
    text = to_text(data, hints.content_type)
    kind = _kind(text.lstrip(), suffix, (hints.content_type or "").lower())
    if kind == "feed":
        return read_feed(data, hints, name=name)
    if kind == "pushed":
        return _read_pushed(data, hints, name)
    if kind == "html":
        return read_page(data, hints, name=name)
    if kind == "markdown":
        return read_markdown(text.lstrip(), hints, name=name)
    if kind == "xml":
        raise no_feed(root_name(text), text, hints)
    found = read_page_text(text, language=hints.language, timezone=hints.timezone)
    return Document(
        name=name,
        kind="page-text",
        items=found.items,
        problems=tuple(map(sentence, found.problems)),
        site=found.site,
    )


def _read_pushed(data: bytes, hints: Hints, name: str) -> Document:
    try:
        return read_pushed(data, hints, name=name)
    except ParseError as error:
        faults = "; ".join(str(error).splitlines())
        told = f"is JSON that is neither a feed nor items as docs/push.md describes: {faults}"
        raise ParseError("", told) from error


def _kind(text: str, suffix: str, content_type: str) -> str:
    named_json = suffix in _JSON_NAMES or "json" in content_type
    if text.startswith("{") and is_json_feed(text) and not _PUSHED.search(text, 0, 5_000):
        return "feed"
    # What is pushed over HTTP may as well be dropped into a folder (docs/push.md).
    if text.startswith(("{", "[")) and named_json:
        return "pushed"
    if has_front_matter(text):
        return "markdown"
    if text.startswith("<"):
        root = root_name(text)
        if root in FEED_ROOTS:
            return "feed"
        if _HTML_TAG.search(text, 0, 20_000):
            return "html"
        if _XML_START.match(text) and root:
            return "xml"
    # A page saved with a line of somebody's own above it; or one whose server knows better.
    if _HTML_START.search(text, 0, 2_000) and "</" in text:
        return "html"
    if ("html" in content_type or suffix in (".html", ".htm")) and _HTML_TAG.search(text):
        return "html"
    if suffix in _MARKDOWN_NAMES or "markdown" in content_type:
        return "markdown"
    return "page-text"


def document_json(document: Document) -> dict[str, object]:
    """How *document* was understood, as JSON values: the shape of docs/document.schema.json."""
    articles = [item for item in document.items if item.kind is Kind.ARTICLE]
    briefs = [item for item in document.items if item.kind is Kind.BRIEF]
    return {
        "name": document.name,
        "kind": document.kind,
        "site": document.site,
        "articles": [_article(item) for item in articles],
        "briefs": [_brief(item) for item in briefs],
        "problems": list(document.problems),
    }


def _article(item: RawItem) -> dict[str, Any]:
    image = item.image
    return {
        "title": item.title,
        "authors": list(item.authors),
        "published": _iso(item.published_at),
        "day_only": item.day_only,
        "updated": _iso(item.updated_at),
        "reading_min": item.reading_min,
        "language": item.language,
        "url": item.url,
        "guid": item.guid,
        "standfirst": item.standfirst,
        "topics": list(item.topics),
        "caption": image.caption if image else None,
        "credit": image.credit if image else None,
        "image": image.url if image else None,
        "image_alt": image.alt if image else None,
        "paragraphs": [_block(block) for block in item.blocks],
        "cards": [_card(card) for card in item.cards],
    }


def _brief(item: RawItem) -> dict[str, Any]:
    return {
        "title": item.title,
        "published": _iso(item.published_at),
        "day_only": item.day_only,
        "text": "\n\n".join(block.text for block in item.blocks),
        "authors": list(item.authors),
        "language": item.language,
        "url": item.url,
        "guid": item.guid,
        "topics": list(item.topics),
    }


def _block(block: Block) -> dict[str, str]:
    return {"kind": block.kind.value, "text": block.text}


def _card(card: Card) -> dict[str, str | None]:
    return {
        "kind": card.kind,
        "title": card.title,
        "teaser": card.teaser,
        "author": card.author,
        "site": card.site,
        "url": card.url,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
