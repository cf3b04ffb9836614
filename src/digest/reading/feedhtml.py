"""A feed's piece of HTML to its paragraphs, mostly without a tree.

Behind the door: what feeds write nearly always, paragraphs, lists and links, well nested, is read
tag by tag; whatever could be read in two ways goes to the parser (see `markup`).  Both give the
same blocks.  Pure.
"""

import re
from dataclasses import dataclass
from html import unescape
from itertools import islice
from typing import Final

from selectolax.lexbor import LexborNode

from digest.errors import ParseError
from digest.model import Block, BlockKind, Image
from digest.reading.decode import is_plain
from digest.reading.markup import (
    blocks_of_node,
    conceals,
    first_image,
    image_of,
    one_line,
    parse_html,
    tagless,
    text_blocks,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAG = re.compile(r"<(/?[a-z][a-z0-9]*)(?:[\s/][^<>]*)?>")
#: They neither begin nor end a paragraph.
_INLINE = re.compile(
    r"</?(?:span|strong|a|em|img|b|i|font|s(?:mall|trike|ub|up|amp)?|code|cite|u|abbr|acronym|bdi"
    r"|bdo|big|del|dfn|ins|kbd|mark|q|time|tt|var|wbr)(?:>|[\s/][^<>]*>)"
)
_COMMENT = re.compile(r"<!--[^<>]*-->")
#: An ampersand and letters that only a tag keeps from being a character reference.
_PARTED_REFERENCE = re.compile(r"&#?[A-Za-z0-9]*<")
_IMAGE = re.compile(r"<img(?=[\s/])([^<>]*)>")
_ATTRIBUTE = re.compile(r"([^\s\"'<>/=]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>=`]+)))?")
#: Blocks one inside the other; of more the parser shall judge.
_DEEPEST: Final = 40
#: Pictures of one text that are looked at: whoever counts readers does it with a few.
_MOST_IMAGES: Final = 50

_ESCAPED_END = re.compile(r"&lt;/[a-z][a-z0-9]{0,10}&gt;")
_ESCAPED_TAG = re.compile(
    r"&lt;(/?)(p|div|br|a|b|i|em|strong|span|u|img|figure|h[1-6]|ul|ol|li|blockquote|table|tr|td"
    r"|center|font|section|article)(?:\s(?:(?!&[lg]t;)[^<>])*)?/?&gt;"
)
_HEADINGS: Final = _words("h1 h2 h3 h4 h5 h6")
_OPENING: Final = _HEADINGS | _words(
    "p div ul ol li blockquote pre hr figure section article header footer aside main center"
)
_CLOSING: Final = frozenset(f"/{name}" for name in _OPENING - {"hr"})
_IN_CAPTION: Final = _words("br p /p")
_KNOWN: Final = _OPENING | _CLOSING | {"br", "figcaption", "/figcaption"}


def escaped_once(markup: str) -> str:
    """*markup*, read once more if it is HTML that somebody escaped twice.

    It has no tag of its own then, and what it shows would begin with one, or have the ends of
    several paragraphs or links: a text that speaks of HTML has other words first.
    """
    if "<" in markup or "&lt;" not in markup:
        return markup
    begins = _ESCAPED_TAG.match(markup.lstrip())
    single = begins is not None and begins[2] in ("img", "br")
    if (begins is not None and (single or _ESCAPED_END.search(markup))) or (
        markup.count("&lt;/p&gt;") + markup.count("&lt;/a&gt;") > 1
    ):
        return unescape(markup)
    return markup


@dataclass(slots=True, kw_only=True)
class Fragment:
    """A piece of HTML, read once for all who want something of it."""

    markup: str = ""
    blocks: tuple[Block, ...] = ()
    #: Where the parser was needed.
    root: LexborNode | None = None

    def image(self, base: str | None) -> Image | None:
        """Its first picture that is more than a counting pixel."""
        if self.root is not None:
            return first_image(islice(self.root.css("img"), _MOST_IMAGES), base)
        for tag in islice(_IMAGE.finditer(self.markup), _MOST_IMAGES):
            told: dict[str, str] = {}
            for name, double, single, bare in _ATTRIBUTE.findall(tag[1]):
                told.setdefault(name.lower(), unescape(double or single or bare))
            found = image_of(told, base)
            if found is not None:
                return found
        return None


def read_fragment(markup: str) -> Fragment:
    """*markup* and its paragraphs, subheads, list items and quotations."""
    if not markup:
        return Fragment()
    if "<" not in markup:
        blocks = text_blocks(unescape(markup) if "&" in markup else markup)
        return Fragment(markup=markup, blocks=blocks)
    simple = simple_blocks(markup)
    if simple is not None:
        return Fragment(markup=markup, blocks=tuple(simple))
    try:
        root = parse_html(markup, fragment=True)
    except ParseError:
        # Nested as only attacks are: the words alone.
        return Fragment(markup=markup, blocks=text_blocks(tagless(markup)))
    return Fragment(markup=markup, blocks=tuple(blocks_of_node(root)) if root else (), root=root)


def simple_blocks(markup: str) -> list[Block] | None:
    """The blocks of *markup*; None where only the parser can tell."""
    if conceals(markup) or ("&" in markup and _PARTED_REFERENCE.search(markup)):
        return None
    if "<!--" in markup:
        markup = _COMMENT.sub("", markup)
    markup = _INLINE.sub("", markup)
    parts = _TAG.split(markup)
    names = parts[1::2]
    # A bracket that belongs to no tag, in a text or in an attribute, or a tag that is not simple.
    if not len(names) == markup.count("<") == markup.count(">") or not _KNOWN.issuperset(names):
        return None
    return _Reader(clean=is_plain(markup)).read(parts[0], names, parts[2::2])


class _Reader:
    """Goes through the tags as an HTML parser would, for as long as there is no doubt."""

    __slots__ = ("_blocks", "_clean", "_kind", "_open", "_pieces")

    def __init__(self, *, clean: bool) -> None:
        #: White space is all that has to be put in order.
        self._clean = clean
        self._blocks: list[Block] = []
        self._pieces: list[str] = []
        #: Block elements.
        self._open: list[str] = []
        self._kind = BlockKind.PARAGRAPH

    def read(self, first: str, names: list[str], texts: list[str]) -> list[Block] | None:
        pieces, standing = self._pieces, self._open
        captioned = False
        if first:
            pieces.append(first)
        for name, text in zip(names, texts, strict=True):
            if captioned:
                # A caption belongs to its picture.
                captioned = name != "/figcaption"
                if captioned and name not in _IN_CAPTION:
                    return None
            elif name == "br":
                if pieces and pieces[-1] == "\n":
                    self._flush()
                pieces.append("\n")
            elif name == "figcaption":
                captioned = True
                if standing and standing[-1] == "p":
                    self._flush()
                    standing.pop()
            else:
                self._flush()
                if not self._turn(name):
                    return None
            if text and not captioned:
                pieces.append(text)
        self._flush()
        return None if captioned else self._blocks

    def _turn(self, name: str) -> bool:
        """A block element begins or ends; False if there is doubt."""
        standing = self._open
        if standing and standing[-1] == "p" and name[0] != "/":
            standing.pop()
        if name == "p":
            standing.append("p")
            return len(standing) < _DEEPEST
        if name == "/p":
            if standing and standing[-1] == "p":
                standing.pop()
            return True
        known = self._close(name[1:]) if name[0] == "/" else self._begin(name)
        self._kind = BlockKind.PARAGRAPH
        for one in standing:
            if one in _HEADINGS:
                self._kind = BlockKind.SUBHEAD
                break
            if one == "li":
                self._kind = BlockKind.LIST_ITEM
            elif one == "blockquote" and self._kind is BlockKind.PARAGRAPH:
                self._kind = BlockKind.QUOTATION
        return known

    def _begin(self, name: str) -> bool:
        standing = self._open
        if name == "hr":
            return True
        above = standing[-1] if standing else ""
        if name == "li":
            if above == "li":
                standing.pop()
            elif above not in ("", "ul", "ol"):
                return False
        elif name in _HEADINGS and above in _HEADINGS:
            return False
        standing.append(name)
        return len(standing) < _DEEPEST

    def _close(self, name: str) -> bool:
        standing = self._open
        while standing and standing[-1] != name and standing[-1] in ("p", "li"):
            standing.pop()
        return bool(standing) and standing.pop() == name

    def _flush(self) -> None:
        pieces = self._pieces
        if not pieces:
            return
        text = pieces[0] if len(pieces) == 1 else "".join(pieces)
        pieces.clear()
        if text.isspace():
            return
        if "&" in text:
            text = one_line(unescape(text))
        elif not self._clean:
            text = one_line(text)
        elif "\n" in text or "  " in text or "\t" in text:
            text = " ".join(text.split())
        else:
            text = text.strip()
        if text:
            self._blocks.append(Block(kind=self._kind, text=text))
