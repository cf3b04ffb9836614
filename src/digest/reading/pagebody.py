"""Which part of a web page is the article, as blocks.

A cascade: our own paragraph scorer is fast, and right where resiliparse finds
about as much text; where they disagree, trafilatura decides.  Only the body is
taken from either, never a date or a name.  Pure.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from resiliparse.extract.html2text import extract_plain_text
from selectolax.lexbor import LexborNode

from digest.model import Block, BlockKind
from digest.reading.markup import Run, Skip, one_line, runs_of_node
from digest.reading.safehtml import finished, html_of_blocks, mended

#: Our length over resiliparse's: inside, both saw the same article.
AGREEMENT: Final = (0.8, 1.1)
#: trafilatura takes seconds for more than this; of such pages, what the scorer found is taken.
_LARGEST_FOR_TRAFILATURA: Final = 1_500_000
_MOST_TAGS_FOR_TRAFILATURA: Final = 30_000
#: Less is not worth asking about.
_LEAST: Final = 100
#: Shorter paragraphs are labels.
_PARAGRAPH_CHARS: Final = 25
#: Text in no paragraph element that is shorter is a label, a menu, a date.
_LOOSE_CHARS: Final = 60
_MOST_LINKED: Final = 0.6


_NEVER_BODY: Final = frozenset(("nav", "aside", "footer", "menu"))
_INLINE: Final = frozenset(("a", "b", "em", "i", "strong", "u", "br", "mark", "sub", "sup"))
_FURNITURE = re.compile(
    r"(?:^|[-_\s])(?:share|sharing|social|related|comments?|newsletter|subscribe|promo|advert"
    r"|ads?|breadcrumbs?|byline|author|bio|tags|caption|credit|paywall|cookie|consent|sidebar"
    r"|most-?read|recirc|read-?more|toolbar|nav|footer|sr-only|visually-hidden|screen-reader-text"
    r"|recommended|teaser|outbrain|taboola|dateline|timestamp|entry-meta|post-meta|article-meta"
    r"|meta|bookmark-card)(?:$|[-_\s])",
    re.IGNORECASE,
)
_ENDS_SENTENCE = re.compile(r"[.!?…:;。！？][\"'”’»“)\]]*$")
_FAULTS: Final = (ValueError, LookupError, AttributeError, TypeError, RecursionError, OSError)


@dataclass(frozen=True, slots=True)
class Body:
    """The article of a page."""

    blocks: Sequence[Block] = ()
    #: The element that holds them, and all that was read in it; None where only words are known.
    container: LexborNode | None = None
    runs: Sequence[Run] = ()


def read_body(root: LexborNode, markup: str, *, all_of_it: bool = False) -> Body:
    """The article in *root*, the tree of *markup*; without blocks if there is no article text.

    Args:
        all_of_it: do not look for the best part but take all that is no furniture, as in a live
            blog, whose introduction is shorter than its posts.
    """
    if all_of_it:
        whole = root.css_first("main") or root.css_first("article") or root.css_first("body")
        return _within(whole)
    scored = _within(_container(root))
    length = sum(len(block.text) for block in scored.blocks)
    main = one_line(
        extract_plain_text(markup, main_content=True, list_bullets=False, alt_texts=False)
    )
    low, high = AGREEMENT
    if main and low <= length / len(main) <= high:
        return scored
    too_large = len(markup) > _LARGEST_FOR_TRAFILATURA
    if too_large or markup.count("<") > _MOST_TAGS_FOR_TRAFILATURA or len(main) < _LEAST:
        return scored
    told = _by_trafilatura(markup)
    return Body(told) if told else scored


def html_of_body(body: Body, kept: Sequence[Block], base: str | None) -> str:
    """*kept*, blocks of *body*, as safe HTML.

    With the links and pictures that stand among them where the page's own element is known,
    which is used up; else only the words.
    """
    container = body.container
    if container is None or not kept or not set(body.blocks).issuperset(kept):
        return html_of_blocks(kept)
    is_furniture = _furniture(container)
    named = container.css("nav, aside, footer, menu, [class], [id]")
    # Judged before anything goes: what a node holds decides what it is.
    furniture = [n for n in named if n.mem_id != container.mem_id and is_furniture(n)]
    # From the end: what is inside goes before what it is in.
    for node in reversed(furniture):
        node.decompose()
    wanted = set(kept)
    for run in body.runs:
        if run.block not in wanted:
            for text in run.nodes:
                text.decompose()
    return finished(mended(container, base))


def _within(container: LexborNode | None) -> Body:
    if container is None:
        return Body()
    runs = runs_of_node(container, skip=_furniture(container))
    return Body([run.block for run in runs if _is_body(run)], container, runs)


def _furniture(container: LexborNode) -> Skip:
    paragraphs = len(container.css("p"))

    def is_furniture(node: LexborNode) -> bool:
        if node.tag in _NEVER_BODY:
            return True
        if node.tag in _INLINE:
            return False
        told = node.attributes
        if not ("class" in told or "id" in told) or node.tag == "body":
            return False
        if not _FURNITURE.search(f"{told.get('class') or ''} {told.get('id') or ''}"):
            return False
        # A wrapper around the article is no furniture, whatever it is called.
        return node.tag == "p" or 2 * len(node.css("p")) < max(paragraphs, 1)

    return is_furniture


def _is_body(run: Run) -> bool:
    if run.linked > _MOST_LINKED:
        return False
    if run.loose and run.block.kind is BlockKind.PARAGRAPH:
        return len(run.block.text) >= _LOOSE_CHARS and bool(_ENDS_SENTENCE.search(run.block.text))
    return True


def _container(root: LexborNode) -> LexborNode | None:
    """The element whose own paragraphs, and half of its children's, hold the most text."""
    scores: dict[int, float] = {}
    nodes: dict[int, LexborNode] = {}
    for node, length in _paragraphs(root):
        share = float(length)
        parent = node.parent
        for _ in range(2):
            if parent is None or parent.tag in ("html", "-document"):
                break
            scores[parent.mem_id] = scores.get(parent.mem_id, 0) + share
            nodes[parent.mem_id] = parent
            share /= 2
            parent = parent.parent
    if not scores:
        return None
    return nodes[max(scores, key=lambda key: scores[key])]


def _paragraphs(root: LexborNode) -> Iterator[tuple[LexborNode, int]]:
    found = False
    for node in root.css("p, blockquote, li"):
        text = one_line(node.text(deep=True))
        if len(text) < _PARAGRAPH_CHARS or (node.tag != "p" and node.css_first("p")):
            continue
        linked = sum(len(link.text(deep=True)) for link in node.css("a"))
        if linked > _MOST_LINKED * len(text):
            continue
        if node.tag == "p":
            found = True
            yield node, len(text)
        elif node.tag == "blockquote":
            yield node, len(text)
    if not found:
        # Old pages part their paragraphs by <br>.
        for node in root.css("td, div, article, section, main, body"):
            text = one_line(node.text(deep=False))
            if len(text) > 4 * _PARAGRAPH_CHARS and node.child is not None:
                yield node.child, len(text)


def _by_trafilatura(markup: str) -> list[Block]:
    # Two pages in three never need it, and it is slow to load.
    import trafilatura

    try:
        found = trafilatura.bare_extraction(markup, fast=True, include_comments=False)
    except _FAULTS:
        return []
    body = getattr(found, "body", None)
    if body is None:
        return []
    # Layout made of tables comes back as one row with everything in it.
    told, rows = list(_trafilatura_blocks(body)), body.iter("row")
    laid_out = sum(len(text) for row in rows for text in _pieces(row))
    return told if 2 * laid_out < sum(len(block.text) for block in told) else []


_TRAFILATURA_KINDS: Final = {
    "p": BlockKind.PARAGRAPH,
    "ab": BlockKind.PARAGRAPH,
    "head": BlockKind.SUBHEAD,
    "item": BlockKind.LIST_ITEM,
    "quote": BlockKind.QUOTATION,
    "row": BlockKind.PARAGRAPH,
    "code": BlockKind.PARAGRAPH,
}


def _trafilatura_blocks(body: Any) -> Iterator[Block]:
    for element in body.iter(*_TRAFILATURA_KINDS):
        inside = [parent.tag for parent in element.iterancestors()]
        if any(tag in ("item", "row") for tag in inside):
            continue
        if element.tag == "quote" and any(child.tag == "p" for child in element):
            continue
        text = one_line(" ".join(_pieces(element)))
        if text:
            quoted = "quote" in inside and element.tag == "p"
            yield Block(
                kind=BlockKind.QUOTATION if quoted else _TRAFILATURA_KINDS[element.tag], text=text
            )


def _pieces(element: Any) -> Sequence[str]:
    # Cells and line breaks part words; inline marks do not.
    if element.tag == "row":
        return ["".join(cell.itertext()) for cell in element]
    for line_break in element.iter("lb"):
        line_break.tail = " " + (line_break.tail or "")
    return ["".join(element.itertext())]
