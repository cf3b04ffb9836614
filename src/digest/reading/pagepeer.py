"""What trafilatura takes for the article of a page, as blocks.

Behind the door: its tree, and the layouts it runs together.  Not behind it: whether it is asked
(see `pagebody`).  Pure.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from digest.model import Block, BlockKind
from digest.reading.markup import one_line

#: It takes seconds for pages of more characters or tags.
LARGEST: Final = 1_500_000
MOST_TAGS: Final = 30_000
_FAULTS: Final = (ValueError, LookupError, AttributeError, TypeError, RecursionError, OSError)


def told_by_trafilatura(markup: str) -> list[Block]:
    """The article in *markup*; nothing where it finds none, or fails."""
    # Most pages never need it, and it is slow to load.
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
