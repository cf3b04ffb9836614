"""Feed documents: RSS, Atom and JSON Feed bytes to a Document.

A strict parser first, then repairs and the strict parser again; what is still not
well-formed is read entry by entry: recovering parsers lose text in silence.
What is no feed at all gets the error that says what it is instead.  Pure.
"""

import html
import re
from itertools import islice
from typing import Final

from lxml import etree

from digest.errors import Fault, ParseError
from digest.model import Document
from digest.reading.entry import EntryReader, FeedTold
from digest.reading.feedjson import parse_json, read_json
from digest.reading.feedloose import read_broken, swallows, unreadable
from digest.reading.feedxml import find_entries, parse_xml, read_channel, read_entry
from digest.reading.hints import Hints, absolute
from digest.reading.repair import Xml, prepare, repair, root_name, to_text

#: The largest feeds in the wild have a few thousand.
MOST_ENTRIES: Final = 20_000
FEED_ROOTS: Final = frozenset(("rss", "rdf", "feed", "channel", "entry"))
_HTML_ROOTS: Final = frozenset(
    ("html", "head", "title", "body", "div", "p", "table", "script", "meta", "link", "article")
)
_FEED_TYPES: Final = ("rss+xml", "atom+xml", "feed+json")
_LINK_TAG = re.compile(r"<link\b[^<>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(rel|type|href)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.I)


def read_feed(data: bytes, hints: Hints, *, name: str = "") -> Document:
    """Read a feed; entries that are broken are left out and named among the problems.

    Args:
        name: what the document is called in its Document; the hints' URL if empty.

    Raises:
        ParseError: not a feed; the message says what it is instead, and what to do.
    """
    try:
        text = to_text(data, hints.content_type)
    except ParseError as error:
        # Nothing, or no text at all.
        raise ParseError(
            "", f"{error}; check the address of the feed", fault=Fault.NOT_A_FEED
        ) from error
    name = name or hints.url or ""
    if text.lstrip()[:1] in ("{", "["):
        feed = read_json(parse_json(text), hints)
    else:
        root = root_name(text)
        if root not in FEED_ROOTS:
            raise no_feed(root, text, hints)
        feed = _read_xml(prepare(text, expand=True), hints)
    entries = islice(feed.entries, MOST_ENTRIES)
    items = tuple(item for n, entry in entries if (item := feed.reader.read(n, entry)) is not None)
    problems = feed.reader.problems
    if not items and feed.broken is not None:
        raise unreadable(feed.broken)
    if next(feed.entries, None) is not None:
        problems += (f"The feed has more than {MOST_ENTRIES} entries; the rest was not read.",)
    if not items and not problems:
        problems = ("The feed has no entries at present; look at it again later.",)
    return Document(
        name=name,
        kind="feed",
        items=items,
        problems=problems,
        site=feed.site,
        manners=feed.manners,
    )


def _read_xml(xml: Xml, hints: Hints) -> FeedTold:
    try:
        root = parse_xml(xml.text)
    except etree.XMLSyntaxError:
        xml = repair(xml)
        try:
            root = parse_xml(xml.text)
        except etree.XMLSyntaxError as error:
            return read_broken(xml.text, hints, reason=str(error.msg or "no reason given"))
    entries = find_entries(root)
    if swallows(xml.text, len(entries)):
        return read_broken(repair(xml).text, hints, reason="a CDATA section is never closed")
    channel = read_channel(root, hints)
    reader = EntryReader(hints, language=channel.language, authors=channel.authors)
    return FeedTold(
        site=channel.site,
        manners=channel.manners,
        reader=reader,
        entries=enumerate((read_entry(entry, channel) for entry in entries), 1),
    )


def no_feed(root: str | None, text: str, hints: Hints) -> ParseError:
    """What *text* is instead of a feed, and what to do about it."""
    if root in _HTML_ROOTS:
        feed = _linked_feed(text, hints.url)
        advice = (
            f"take its feed instead: {feed}"
            if feed
            else 'give the address of its feed, or make it a source of kind "page"'
        )
        return ParseError("", f"is an HTML page, not a feed; {advice}", fault=Fault.NOT_A_FEED)
    if root == "opml":
        return ParseError(
            "",
            "is an OPML list of feeds, not a feed; make each address in it a source of its own",
            fault=Fault.NOT_A_FEED,
        )
    if root in ("urlset", "sitemapindex"):
        return ParseError(
            "",
            "is a sitemap, not a feed; give the address of the site's feed, or make it a "
            'source of kind "page" with follow = true',
        )
    if root:
        return ParseError(
            "",
            f"is XML with the root <{root[:40]}>, not a feed; check the address of the feed",
            fault=Fault.NOT_A_FEED,
        )
    return ParseError(
        "", "is plain text, not a feed; check the address of the feed", fault=Fault.NOT_A_FEED
    )


def _linked_feed(text: str, base: str | None) -> str | None:
    for tag in _LINK_TAG.findall(text[:200_000]):
        told = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(tag)}
        kind = told.get("type", "").lower()
        if told.get("rel", "").lower() == "alternate" and kind.endswith(_FEED_TYPES):
            return absolute(html.unescape(told.get("href", "")), base)
    return None
