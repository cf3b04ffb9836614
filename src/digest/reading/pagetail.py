"""What stands below an article's text and looks like more of it: who wrote it, whom to write to.

Behind the door: notes set aslant, and paragraphs that begin with the author's own name.  Not
behind it: boxes and lists (see `pagefurniture`).  Pure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from selectolax.lexbor import LexborNode

from digest.model import Block, BlockKind
from digest.reading.markup import Run
from digest.reading.pagetext_names import is_person

#: Notes below an article, and characters of each.
_MOST: Final = 5
_LONGEST: Final = 420
_MAIL = re.compile(r"[\w.+-]{1,60}@[\w-]{1,60}\.[\w.-]{2,30}|\[email")
_SLANTED: Final = frozenset(("em", "i", "small", "cite", "font"))
_BLOCKS: Final = frozenset(("p", "div", "li", "td", "section", "article", "body", "blockquote"))
#: What a paper calls the letters that it asks for.
_LETTERS = re.compile(
    r"\b(?:letters?|lettres?|leserbrief\w*|leserzuschrift\w*|zuschrift\w*|cartas?|lettere|list[yów]*"
    r"|brieven|insändare|лист\w*|письм\w*|redak\w+|redac\w+|redaz\w+|rédac\w+|редак\w+)\b",
    re.IGNORECASE,
)
_RIGHTS = re.compile(r"[©®™].{0,40}\d{4}|^\(c\) \d{4}", re.IGNORECASE)
_SIGN = re.compile(r"^[\s*_—–\-•|]+")


def without_tail(blocks: list[Block], runs: Sequence[Run], authors: Sequence[str]) -> list[Block]:
    """*blocks* without the notes at their end; *runs* are what they were read from, if known."""
    known = {id(run.block): run for run in runs}
    kept = list(blocks)
    for _ in range(_MOST):
        if len(kept) < 2 or not _is_note(kept[-1], known, authors):
            break
        del kept[-1]
    for place in range(max(1, len(kept) - 3), len(kept)):
        heading = kept[place]
        rest = sum(len(block.text) for block in kept[place + 1 :])
        if heading.kind is BlockKind.SUBHEAD and rest <= _LONGEST and _named(heading.text, authors):
            return kept[:place]
    return kept


def _is_note(block: Block, known: Mapping[int, Run], authors: Sequence[str]) -> bool:
    text = _SIGN.sub("", block.text)
    if len(text) > _LONGEST or block.kind is BlockKind.SUBHEAD:
        return False
    people = [name for name in authors if is_person(name)]
    if any(text.casefold().startswith(name.casefold()) for name in people):
        return True
    if _RIGHTS.search(text):
        return True
    mail = _MAIL.search(text) is not None
    if mail and _LETTERS.search(text):
        return True
    run = known.get(id(block))
    if run is None or not run.nodes:
        return False
    if _is_slanted(run):
        return mail or run.linked > 0 or _named(text, authors) or _below_rule(run.nodes[0])
    return _below_rule(run.nodes[0]) and (mail or run.linked > 0)


def _named(text: str, authors: Sequence[str]) -> bool:
    told = text.casefold()
    return any(name.casefold() in told for name in authors if len(name) > 3)


def _is_slanted(run: Run) -> bool:
    """Whether every word of *run* is set aslant or small."""
    return all(_slanted(node) for node in run.nodes if (node.text_content or "").strip())


def _slanted(node: LexborNode) -> bool:
    parent = node.parent
    while parent is not None and parent.tag not in _BLOCKS:
        if parent.tag in _SLANTED:
            return True
        parent = parent.parent
    return False


def _below_rule(node: LexborNode) -> bool:
    """Whether a horizontal rule parts the paragraph of *node* from what is above it."""
    parent = node.parent
    while parent is not None and parent.tag not in _BLOCKS:
        parent = parent.parent
    before = parent.prev if parent is not None else None
    while before is not None and before.tag == "-text" and not (before.text_content or "").strip():
        before = before.prev
    return before is not None and before.tag == "hr"
