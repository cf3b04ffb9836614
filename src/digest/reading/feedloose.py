"""Feeds that are not well-formed: for what `repair` cannot mend.

Cut into their entries, wherever those begin and end; each is read strictly, and if it will not do,
taken apart into its fields and written anew (see `feedmend`).  So no entry takes another along,
and none goes without a word.  Pure; linear in the size of the document.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from digest.errors import ParseError
from digest.reading.entry import EntryReader, FeedTold, Told
from digest.reading.feedmanners import manners_of_text
from digest.reading.feedmend import Outer, mended_entry, mended_root
from digest.reading.feedxml import Channel, find_entries, parse_xml, read_channel, read_entry
from digest.reading.hints import Hints
from digest.reading.markup import one_line

_MARK = re.compile(
    r"<!\[CDATA\[|<!--|<(/?)((?:[\w.-]+:)?(?:item|entry))(?=[\s/>])[^<>]*>"
    r"|</(?:[\w.-]+:)?(?:channel|feed|rss|RDF)\s*>",
    re.IGNORECASE,
)
_CUT_TAG = re.compile(r"<[^<>]*\Z")
_CDATA: Final = "<![CDATA["
_SECTION = re.compile(r"<!\[CDATA\[.*?\]\]>", re.DOTALL)
#: What stands in no text: the end of one entry and the beginning of the next.
_BETWEEN = re.compile(r"</(?:[\w.-]+:)?(item|entry)\s*>\s*<(?:[\w.-]+:)?\1[\s>]", re.IGNORECASE)
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)[^<>]*>")


@dataclass(frozen=True, slots=True)
class _Piece:
    """An entry: its tag, and what stands between that and its end."""

    tag: str
    opening: str
    inner: str


def read_broken(text: str, hints: Hints, *, reason: str) -> FeedTold:
    """The feed taken apart; entries that cannot be read are named among its problems.

    Args:
        reason: what the strict parser said.

    Raises:
        ParseError: not even one entry can be made out.
    """
    root = _ROOT.search(text)
    pieces = _pieces(text)
    first = next(pieces, None)
    if root is None or first is None:
        raise unreadable(reason)
    start, piece = first
    # Only what stands before the first entry tells of the whole feed.
    head = text[root.end() : start]
    outer = _outer(root, text)
    channel = _channel(outer, head, hints)
    reader = EntryReader(hints, language=channel.language, authors=channel.authors)
    return FeedTold(
        site=channel.site,
        manners=manners_of_text(head, hints.url or channel.base),
        reader=reader,
        entries=_entries(piece, pieces, outer, channel, reader),
        broken=reason,
    )


def swallows(text: str, entries: int) -> bool:
    """Whether there are more than *entries* in *text*: in a section that ends with a later one.

    To a strict parser nothing is wrong with that.
    """
    if text.count(_CDATA) <= text.count("]]>"):
        return False
    if text.count("</item>") + text.count("</entry>") <= entries:
        return False
    sections = (text[m.start() + 9 : m.end()] for m in _SECTION.finditer(text))
    return any(_CDATA in section and _BETWEEN.search(section) for section in sections)


def unreadable(reason: str) -> ParseError:
    """What to say of a feed of which nothing could be read."""
    why = one_line(reason)[:120]
    return ParseError("", f"is broken XML ({why}) and no entry can be made out; tell the publisher")


def _entries(
    first: _Piece,
    pieces: Iterator[tuple[int, _Piece]],
    outer: Outer,
    channel: Channel,
    reader: EntryReader,
) -> Iterator[tuple[int, Told]]:
    number = 0
    piece: _Piece | None = first
    while piece is not None:
        number += 1
        whole = f"{piece.opening}{piece.inner}</{piece.tag}>"
        found = strictly(outer.around(whole))
        if found is None:
            mended = mended_entry(piece.tag, piece.opening, piece.inner, outer)
            found = strictly(outer.around(mended))
        elements = find_entries(found) if found is not None else []
        if elements:
            yield number, read_entry(elements[0], channel)
        else:
            reader.broken(number, "is not well-formed XML")
        piece = next(pieces, (0, None))[1]


def _outer(root: re.Match[str], text: str) -> Outer:
    """The root element, with nothing in it that a parser would refuse."""
    outer = Outer(opening=root[0], closing=f"</{root[1]}>")
    if root[0].endswith("/>") or strictly(outer.around("")) is None:
        return mended_root(root[1], root[0], text)
    return outer


def _channel(outer: Outer, head: str, hints: Hints) -> Channel:
    closed = strictly(outer.around(head + "</channel>"))
    if closed is None:
        closed = strictly(outer.around(head))
    if closed is None:
        tag = "channel" if "<channel" in head.lower() else ""
        mended = mended_entry(tag, f"<{tag}>" if tag else "", head, outer)
        closed = strictly(outer.around(mended))
    if closed is None:
        closed = parse_xml(outer.around(""))
    return read_channel(closed, hints)


def strictly(text: str) -> Any:
    """The root of *text*; None if it is not well-formed."""
    try:
        return parse_xml(text)
    except etree.XMLSyntaxError:
        return None


def _pieces(text: str) -> Iterator[tuple[int, _Piece]]:
    """The entries, and where each begins."""
    opened: re.Match[str] | None = None
    #: Where the last entry ended.
    done = -1
    for mark in _Marks(text):
        closes = not mark[2] or bool(mark[1])
        if opened is not None:
            yield opened.start(), _Piece(opened[2], opened[0], text[opened.end() : mark.start()])
            opened = None
        elif mark[1]:
            # Its beginning is missing.  Before the first entry the feed speaks of itself.
            inner = text[done : mark.start()] if done >= 0 else ""
            if done < 0 or not inner.isspace():
                yield mark.start(), _Piece(mark[2], f"<{mark[2]}>", inner)
        if closes:
            done = mark.end()
        elif mark[0].endswith("/>"):
            yield mark.start(), _Piece(mark[2], mark[0][:-2] + ">", "")
        else:
            opened = mark
    if opened is not None:
        # The document breaks off, perhaps within a tag.
        rest = _CUT_TAG.sub("", text[opened.end() :])
        yield opened.start(), _Piece(opened[2], opened[0], rest)


class _Marks:
    """The tags of entries and of what is around them, outside of CDATA and comments.

    What was never closed does not swallow the entries after it.  Positions found are kept, so
    that nothing is searched twice.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[str, int] = {}

    def __iter__(self) -> Iterator[re.Match[str]]:
        at = 0
        while (mark := _MARK.search(self._text, at)) is not None:
            at = mark.end()
            if mark[0] == "<!--":
                at = self._after(at, "-->")
            elif mark[0].startswith("<!["):
                at = self._after(at, "]]>")
            else:
                yield mark

    def _after(self, at: int, end: str) -> int:
        """Behind *end*; *at* itself if that belongs to another entry."""
        close = self._next(end, at)
        if close < 0 or 0 <= self._next("", at) < close:
            return at
        return close + len(end)

    def _next(self, what: str, at: int) -> int:
        """Where *what*, "" for a border of entries, is found from *at* on; -1 for nowhere."""
        known = self._found.get(what, 0)
        if known < 0 or known > at:
            return known
        if what:
            known = self._text.find(what, at)
        else:
            found = _BETWEEN.search(self._text, at)
            known = found.start() if found else -1
        self._found[what] = known
        return known
