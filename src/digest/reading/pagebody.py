"""Which part of a web page is the article, as blocks.

A cascade: our own column finder is fast, and right where the column holds nearly all the page's
prose, or resiliparse finds about as much text; where they disagree, trafilatura decides.  Only
the body is taken from either, never a date or a name.  Pure.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from resiliparse.extract.html2text import extract_plain_text
from selectolax.lexbor import LexborNode

from digest.model import Block, BlockKind
from digest.reading.markup import Run, one_line, runs_of_node
from digest.reading.pagecolumn import Column, find_column
from digest.reading.pagefurniture import Judge
from digest.reading.pagepeer import LARGEST, MOST_TAGS, told_by_trafilatura
from digest.reading.pagepicture import captions_in
from digest.reading.safehtml import LARGEST_TOLD, html_of_blocks

#: Our length over resiliparse's: inside, both saw the same article.
AGREEMENT: Final = (0.8, 1.1)
#: Part of a page's prose that a column must hold to be believed without asking anyone.
SURE: Final = 0.85
#: Less is not worth asking about.
_LEAST: Final = 100
#: Text in no paragraph element that is shorter is a label, a menu, a date.
_LOOSE_CHARS: Final = 60
_MOST_LINKED: Final = 0.6
_LINKED: Final = 0.3
#: Characters of the words that announce a link: "Read also:".
_LABEL_CHARS: Final = 40

_ENDS_SENTENCE = re.compile(r"[.!?…:;。！？][\"'”’»“)\]]*$")
_ANNOUNCES = re.compile(r"[:：】\]>»›▶►→|–—-]\s*$")


@dataclass(frozen=True, slots=True)
class Body:
    """The article of a page."""

    blocks: Sequence[Block] = ()
    #: The element that holds them, and all that was read in it; None where only words are known.
    container: LexborNode | None = None
    runs: Sequence[Run] = ()
    #: The elements in the container that are none of the article.
    left_out: frozenset[int] = field(default=frozenset())
    judge: Judge | None = None


def read_body(
    root: LexborNode,
    markup: str,
    *,
    headline: LexborNode | None = None,
    all_of_it: bool = False,
) -> Body:
    """The article in *root*, the tree of *markup*; without blocks if there is no article text.

    Args:
        headline: the element of its headline, if it has one.
        all_of_it: do not look for the best part but take all that is no furniture, as in a live
            blog, whose introduction is shorter than its posts.
    """
    if all_of_it:
        whole = root.css_first("main") or root.css_first("article") or root.css_first("body")
        return _within(whole, frozenset())
    column = find_column(root, headline)
    if column is None:
        return _unsure(Body(), markup, None)
    scored = _within(column.container, column.left_out)
    return scored if column.sure >= SURE and scored.blocks else _unsure(scored, markup, column)


def _unsure(scored: Body, markup: str, column: Column | None) -> Body:
    """*scored* if others agree, else what they say."""
    length = sum(len(block.text) for block in scored.blocks)
    main = one_line(
        extract_plain_text(markup, main_content=True, list_bullets=False, alt_texts=False)
    )
    low, high = AGREEMENT
    if main and low <= length / len(main) <= high:
        return scored
    if len(markup) > LARGEST or markup.count("<") > MOST_TAGS or len(main) < _LEAST:
        return scored
    furniture = column.furniture if column else frozenset()
    told = [block for block in told_by_trafilatura(markup) if block.text not in furniture]
    return Body(told) if told else scored


def html_of_body(body: Body, kept: Sequence[Block]) -> str:
    """*kept*, blocks of *body*, as the page's own HTML, which is not safe.

    With the links and pictures that stand among them where the page's own element is known,
    which is used up; else only the words.
    """
    container = body.container
    if container is None or not kept or not set(body.blocks).issuperset(kept):
        return html_of_blocks(kept)
    judge = body.judge or Judge(container)
    # Judged before anything goes: what a node holds decides what it is.
    furniture = [
        node
        for node in container.css("*")
        if node.mem_id in body.left_out
        or (node.mem_id != container.mem_id and judge.is_furniture(node))
    ]
    # From the end: what is inside goes before what it is in.
    for node in reversed(furniture):
        node.decompose()
    wanted = set(kept)
    for run in body.runs:
        if run.block not in wanted:
            for text in run.nodes:
                text.decompose()
    return (container.inner_html or "")[:LARGEST_TOLD]


def _within(container: LexborNode | None, left_out: frozenset[int]) -> Body:
    if container is None:
        return Body()
    judge = Judge(container)
    captions = captions_in(container)

    def is_none_of_it(node: LexborNode) -> bool:
        return node.mem_id in left_out or node.mem_id in captions or judge.is_furniture(node)

    runs = runs_of_node(container, skip=is_none_of_it)
    return Body([run.block for run in _told(runs)], container, runs, left_out, judge)


def _told(runs: Sequence[Run]) -> list[Run]:
    """*runs* without menus and labels, and without headings and labels of what goes with them."""
    kept: list[Run] = []
    #: The runs of links that were left out since the last run that was kept.
    links: list[Run] = []
    for run in runs:
        if _is_body(run):
            if links and kept and _announced(kept[-1], links, before=run):
                del kept[-1]
            kept.append(run)
            links = []
        elif run.linked > _LINKED:
            links.append(run)
    if links and kept and _announced(kept[-1], links, before=None):
        del kept[-1]
    return kept


def _announced(last: Run, links: Sequence[Run], *, before: Run | None) -> bool:
    """Whether *last* is the heading or label of *links*, and of nothing that comes *before*."""
    if last.block.kind is not BlockKind.SUBHEAD:
        text = last.block.text
        return len(text) <= _LABEL_CHARS and text.endswith((":", "："))
    return (
        before is None
        or before.block.kind is BlockKind.SUBHEAD
        or links[0].block.kind is BlockKind.LIST_ITEM
        or _box(last) != _box(before)
    )


def _box(run: Run) -> int:
    """What the paragraph or heading of *run* stands in."""
    node = run.nodes[0].parent if run.nodes else None
    while node is not None and node.tag not in _PARAGRAPHS:
        node = node.parent
    parent = node.parent if node is not None else None
    return parent.mem_id if parent is not None else 0


_PARAGRAPHS: Final = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "div", "section"))


def _is_body(run: Run) -> bool:
    if run.linked > _MOST_LINKED or (run.linked > _LINKED and _refers(run)):
        return False
    if run.loose and run.block.kind is BlockKind.PARAGRAPH:
        return len(run.block.text) >= _LOOSE_CHARS and bool(_ENDS_SENTENCE.search(run.block.text))
    return True


def _refers(run: Run) -> bool:
    """Whether *run* is a few words, a colon or an arrow, and a link that ends it."""
    texts = [node for node in run.nodes if (node.text_content or "").strip()]
    if len(texts) < 2 or (1 - run.linked) * len(run.block.text) > _LABEL_CHARS:
        return False
    *before, last = texts
    label = "".join(node.text_content or "" for node in before)
    parent = last.parent
    while parent is not None and parent.tag not in ("a", "p", "div", "li", "body"):
        parent = parent.parent
    return parent is not None and parent.tag == "a" and bool(_ANNOUNCES.search(label))
