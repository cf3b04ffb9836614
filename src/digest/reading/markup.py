"""HTML to plain text and blocks: no tags, no scripts, nothing hidden comes out.

Behind the door: which element starts a new paragraph, what a reader never sees,
and markup built to hurt the parser.  Not behind it: which part of a page is the
article (see `pagebody`).  Pure.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from digest.errors import ParseError
from digest.model import Block, BlockKind, Image
from digest.reading.beside import Beside
from digest.reading.decode import clean_text
from digest.reading.hints import absolute

#: Elements one inside the other; real pages stay under 100.  The parser looks through all
#: that are open at each new one: 100 000 open divs cost it 23 s.
DEEPEST: Final = 200
#: Unclosed <b>, <font>... are opened again in every later paragraph: nodes that may come of it.
MOST_REOPENED: Final = 1_000_000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HIDDEN: Final = _words(
    "audio button canvas dialog embed figcaption frameset head iframe input map math nav noembed "
    "noframes noscript object option progress script select style svg template textarea title "
    "video"
)
_HEADINGS: Final = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BLOCKS: Final = _HEADINGS | _words(
    "address article aside blockquote body caption center dd details div dl dt fieldset figure "
    "footer form header hgroup hr legend li main menu ol p pre section summary table tbody tfoot "
    "thead tr ul"
)
_REOPENED: Final = _words("a b big code em font i nobr s small strike strong tt u")
_MEANINGS: Final = (
    dict.fromkeys(_HEADINGS, "heading")
    | dict.fromkeys(("p", "pre", "dd", "dt"), "p")
    | {"li": "li", "blockquote": "blockquote", "a": "a"}
)
#: Elements that HTML closes by itself, or that have no end: they cannot pile up.
_FLAT: Final = _words(
    "area base br col colgroup dd dt hr img input li link meta option p param rp rt source tbody "
    "td tfoot th thead tr track wbr"
)
_SCAN = re.compile(
    r"<!--(?:.*?-->|.*)"
    r"|<(script|style|textarea|title)\b(?:.*?</\1\b|.*)"
    r"|<(/?)([a-z][a-z0-9:-]*)([^<>]*/>)?",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"<[!/?a-zA-Z][^<>]*>")
#: A headline such as "How to use <canvas>" is text; these are markup.
_NOT_MARKUP = re.compile(
    r"<(?!/?(?:a|abbr|acronym|b|bdi|bdo|big|blink|br|cite|code|del|div|dfn|em|font|h[1-6]|i|img|"
    r"ins|kbd|label|mark|nobr|p|q|s|samp|script|small|span|strike|strong|style|sub|sup|time|tt|u|"
    r"var|wbr|svg|iframe)\b|!--)",
    re.IGNORECASE,
)
_CONCEALED = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
#: What `clean_text` would change, besides composing.
_SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u3000\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)]*\s+(?=[^\sa-z])|[。！？]")
_PIXELS = re.compile(r"\s*([0-9]{1,5})(?:\.0+)?(?:px)?\s*", re.ASCII)
_HIDDEN_TAG = re.compile(r"<[^<>]*[\s/\"']hidden\b", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n[ \t]*\n\s*")

Skip = Callable[[LexborNode], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A block, with what tells an article's text from menus and labels."""

    block: Block
    #: Share of its characters inside links, 0 to 1.
    linked: float
    #: It stands in no paragraph, heading, list or quotation element.
    loose: bool
    #: The text nodes that it was read from.
    nodes: tuple[LexborNode, ...] = ()


def one_line(text: str | None) -> str:
    """*text* cleaned, its white space folded to single blanks."""
    if not text:
        return ""
    if text.isascii() and text.isprintable():
        return " ".join(text.split()) if "  " in text else text.strip()
    # Most text is clean; to see that first is ten times as fast as cleaning it.
    if _SUSPECT.search(text) or not unicodedata.is_normalized("NFC", text):
        text = clean_text(text)
    return " ".join(text.split())


def parse_html(markup: str, *, fragment: bool = False) -> LexborNode | None:
    """The root of *markup*; None when nothing is in it.

    Raises:
        ParseError: the nesting is of a kind that only attacks have.
    """
    # Fewer tags cannot be too deep.
    if len(markup) > DEEPEST and markup.count("<") > DEEPEST:
        _check_nesting(markup)
    root = LexborHTMLParser(markup).root
    if root is None:
        return None
    return root.css_first("body") if fragment else root


def plain(markup: str | None) -> str:
    """The text of *markup* on one line: for headlines, names, topics."""
    if not markup:
        return ""
    if "<" not in markup:
        return one_line(html.unescape(markup) if "&" in markup else markup)
    try:
        root = parse_html(_NOT_MARKUP.sub("&lt;", markup), fragment=True)
    except ParseError:
        return one_line(tagless(markup))
    return " ".join(block.text for block in blocks_of_node(root)) if root else ""


def tagless(markup: str) -> str:
    """*markup* with everything that looks like a tag cut out: the last resort."""
    return html.unescape(_TAG.sub(" ", markup))


def blocks_of_html(markup: str | None) -> tuple[Block, ...]:
    """The paragraphs, subheads, list items and quotations of a piece of HTML."""
    if not markup:
        return ()
    if "<" not in markup:
        return text_blocks(html.unescape(markup))
    try:
        root = parse_html(markup, fragment=True)
    except ParseError:
        # Nested as only attacks are: the words alone.
        return text_blocks(tagless(markup))
    return tuple(blocks_of_node(root)) if root else ()


def text_blocks(text: str) -> tuple[Block, ...]:
    """Paragraphs of plain text, told apart by blank lines."""
    if "\n" not in text:
        text = one_line(text)
        return (Block(text=text),) if text else ()
    parts = (one_line(part) for part in _BLANK_LINE.split(text.replace("\r\n", "\n")))
    return tuple(Block(text=part) for part in parts if part)


def blocks_of_node(root: LexborNode, *, skip: Skip | None = None) -> list[Block]:
    """The blocks under *root*, in document order, without the elements that *skip* is true of."""
    return [run.block for run in runs_of_node(root, skip=skip)]


def runs_of_node(
    root: LexborNode, *, skip: Skip | None = None, most: int | None = None
) -> list[Run]:
    """Like `blocks_of_node`, with what else is known of each block; the first *most* of them.

    Walks by hand: markup may be nested deeper than Python's stack.
    """
    unseen = {node.mem_id for node in root.css("[hidden], [style]") if concealed(node)}
    reader = _BlockReader(skip, unseen)
    node, depth = root.child, 1
    while node is not None and (most is None or len(reader.runs) < most):
        if reader.enter(node):
            child = node.child
            if child is not None:
                node, depth = child, depth + 1
                continue
            reader.leave(node)
        following = node.next
        while following is None:
            parent = node.parent
            depth -= 1
            if depth == 0 or parent is None:
                return reader.finish()
            node = parent
            reader.leave(node)
            following = node.next
        node = following
    return reader.finish()


class _BlockReader:
    """Collects runs of text; a block element, or an empty line made of <br>, ends a run."""

    def __init__(self, skip: Skip | None, concealed: Set[int]) -> None:
        self._skip = skip
        self._concealed = concealed
        self.runs: list[Run] = []
        self._pieces: list[str] = []
        self._nodes: list[LexborNode] = []
        self._linked = 0
        #: Elements now open, by what they mean.
        self._open = dict.fromkeys(("heading", "li", "blockquote", "p", "a"), 0)

    def enter(self, node: LexborNode) -> bool:
        """Whether to go into *node*."""
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content or ""
            self._pieces.append(text)
            self._nodes.append(node)
            if self._open["a"]:
                self._linked += len(text.strip())
            return False
        if tag == "br":
            if self._pieces and self._pieces[-1] == "\n":
                self._flush()
            self._pieces.append("\n")
            return False
        if tag in _HIDDEN or tag.startswith(("-", "!")) or node.mem_id in self._concealed:
            return False
        if self._skip is not None and self._skip(node):
            self._flush()
            return False
        if tag in _BLOCKS:
            self._flush()
        elif tag in ("td", "th"):
            self._pieces.append(" ")
        self._count(tag, 1)
        return True

    def leave(self, node: LexborNode) -> None:
        """What was entered ends here."""
        tag = node.tag or ""
        if tag in _BLOCKS:
            self._flush()
        self._count(tag, -1)

    def finish(self) -> list[Run]:
        self._flush()
        return self.runs

    def _count(self, tag: str, step: int) -> None:
        means = _MEANINGS.get(tag)
        if means:
            self._open[means] += step

    def _flush(self) -> None:
        if not self._pieces:
            return
        text = one_line("".join(self._pieces))
        linked, self._linked = self._linked, 0
        nodes = tuple(self._nodes)
        self._pieces.clear()
        self._nodes.clear()
        if not text:
            return
        kind = BlockKind.PARAGRAPH
        if self._open["heading"]:
            kind = BlockKind.SUBHEAD
        elif self._open["li"]:
            kind = BlockKind.LIST_ITEM
        elif self._open["blockquote"]:
            kind = BlockKind.QUOTATION
        self.runs.append(
            Run(
                block=Block(kind=kind, text=text),
                linked=linked / len(text),
                loose=kind is BlockKind.PARAGRAPH and not self._open["p"],
                nodes=nodes,
            )
        )


def images_of_html(markup: str, base: str | None, beside: Beside | None = None) -> Image | None:
    """The first picture in *markup* that is more than a counting pixel.

    Args:
        beside: the pictures that lie in the document's folder.
    """
    if "<img" not in markup.lower():
        return None
    try:
        root = parse_html(markup, fragment=True)
    except ParseError:
        return None
    return first_image(root.css("img"), base, beside) if root else None


def first_image(
    nodes: Iterable[LexborNode], base: str | None, beside: Beside | None = None
) -> Image | None:
    images = (image_of(node.attributes, base, beside) for node in nodes)
    return next((image for image in images if image is not None), None)


def image_of(
    told: Mapping[str, str | None], base: str | None, beside: Beside | None = None
) -> Image | None:
    """The picture of an <img> with the attributes *told*; None for a counting pixel."""
    url = beside.find(told.get("src")) if beside else None
    url = url or absolute(told.get("src"), base) or absolute(told.get("data-src"), base)
    width, height = pixels(told.get("width")), pixels(told.get("height"))
    if url is None or (width or 99) <= 2 or (height or 99) <= 2:
        return None
    return Image(url=url, alt=one_line(told.get("alt")) or None, width=width, height=height)


def pixels(text: str | None) -> int | None:
    """A width or height as written: ``640``, ``640px``; None for anything else."""
    if not text:
        return None
    found = _PIXELS.fullmatch(text)
    return int(found[1]) if found else None


def first_sentence(text: str, *, longest: int = 160) -> str:
    """The first sentence of *text*, or as many whole words as *longest* characters hold."""
    end = _SENTENCE_END.search(text[: longest * 4])
    sentence = text[: end.end()].strip() if end else text[: longest * 4].strip()
    if len(sentence) <= longest:
        return sentence
    cut = sentence[:longest]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;:–—-") + "…"


def concealed(node: LexborNode) -> bool:
    """Whether *node* says itself that nobody sees it."""
    told = node.attributes
    if not told:
        return False
    if "hidden" in told and told["hidden"] != "until-found":
        return True
    style = told.get("style")
    return bool(style and _CONCEALED.search(style))


def conceals(markup: str) -> bool:
    """Whether something in *markup* may say of itself that nobody sees it."""
    told = markup.lower()
    return ("hidden" in told and bool(_HIDDEN_TAG.search(told) or _CONCEALED.search(told))) or (
        "none" in told and _CONCEALED.search(told) is not None
    )


def _check_nesting(markup: str) -> None:
    """Refuse what would cost the parser seconds; linear in *markup* itself."""
    gauge = _Gauge()
    for match in _SCAN.finditer(markup):
        if match[3]:
            gauge.see(match[3].lower(), closes=bool(match[2]), empty=bool(match[4]))
        if gauge.too_much:
            raise ParseError(
                "",
                f"nests its HTML elements more than {DEEPEST} deep, as no article does; "
                "save the article's text alone and read that",
            )


class _Gauge:
    """How deep the parser's stack would be, never guessed too low."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self._depth = self._reopened = self._most_reopened = self._tags = 0
        self._foreign = False

    def see(self, name: str, *, closes: bool, empty: bool) -> None:
        self._tags += 1
        if name in ("svg", "math"):
            self._foreign = not closes
        elif name in _BLOCKS or name in _REOPENED or name in _FLAT:
            # HTML inside a drawing ends it.
            self._foreign = False
        # "/>" ends an element in a drawing and nowhere else.
        if name in _FLAT or (empty and self._foreign):
            return
        count = self._open.get(name, 0)
        step = 1 if not closes else -1 if count else 0
        self._open[name] = count + step
        self._depth += step
        if name in _REOPENED:
            self._reopened += step
            self._most_reopened = max(self._most_reopened, self._reopened)

    @property
    def too_much(self) -> bool:
        return self._depth > DEEPEST or self._most_reopened * self._tags > MOST_REOPENED
