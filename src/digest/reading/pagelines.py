"""The lines between a page's headline and its text: byline, dates, and a headline by its looks.

Behind the door: lines parted by <br>, names without a "by", and pages that call nothing by its
name.  Not behind it: what a byline says (see `pagetext_byline`).  Pure.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from selectolax.lexbor import LexborNode

from digest.model import BlockKind
from digest.reading.markup import Run, one_line
from digest.reading.pagetext_byline import Byline, read_byline
from digest.reading.pagetext_names import (
    after_by,
    author_line,
    is_desk,
    is_names,
    is_person,
    named_first,
    split_names,
)

#: Lines below a headline among which a byline may stand, and the length of a paragraph.
_HEAD_LINES: Final = 14
_PROSE_CHARS: Final = 140
#: Of a line with more pieces nobody asks where it breaks.
_MOST_NODES: Final = 400
_LONGEST_NAMES: Final = 120
#: A headline by its looks stands at most so many lines above the text.
_ABOVE: Final = 12
_HEADLINE_CHARS: Final = range(8, 220)
_MOST_LINKED: Final = 0.5
_BLOCKS: Final = frozenset(("p", "div", "li", "td", "tr", "table", "section", "article", "body"))
_LISTS: Final = frozenset(("li", "nav", "figure", "button", "label", "aside"))
_SIGNED = re.compile(
    r"(?:^|[-_\s])(?:byline|by|author|authors|autor|autora|autores|auteur|auteurs|autore|autori"
    r"|firma|firmante|signature|signatur|signed|writer|reporter|journalist|journaliste|redaktor"
    r"|redakteur|verfasser|contributor|avtor|schrijver|yazar|forfatter|skribent|kirjoittaja"
    r"|name-author|post-by|kisha|writtenby)(?:$|[-_\s])",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"[\[［【(（〔]\s*([^\[\]［］【】()（）〔〕]{1,16})\s*[\]］】)）〕]\s*(.+)")
_WIDE_ROLE = re.compile(
    r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3・ ]{2,12}?)\s?(?:記者|记者|기자)"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a reader sees it."""

    text: str
    linked: float
    nodes: tuple[LexborNode, ...]
    heading: bool = False


def lines_of(runs: Sequence[Run]) -> list[Line]:
    """*runs* with those apart that only a <br> parts."""
    found: list[Line] = []
    for run in runs:
        heading = run.block.kind is BlockKind.SUBHEAD
        long = len(run.nodes) > _MOST_NODES
        parts = [] if heading or long else list(_parted(run.nodes))
        if len(parts) < 2:
            found.append(Line(run.block.text, run.linked, run.nodes, heading))
            continue
        for nodes in parts:
            text = one_line("".join(node.text_content or "" for node in nodes))
            if text:
                linked = sum(len(node.text_content or "") for node in nodes if _is_linked(node))
                found.append(Line(text, linked / len(text), nodes))
    return found


def _parted(nodes: Sequence[LexborNode]) -> Iterator[tuple[LexborNode, ...]]:
    line: list[LexborNode] = []
    for node in nodes:
        if line and _begins_line(node):
            yield tuple(line)
            line = []
        line.append(node)
    if line:
        yield tuple(line)


def _is_linked(node: LexborNode) -> bool:
    parent = node.parent
    while parent is not None and parent.tag not in _BLOCKS:
        if parent.tag == "a":
            return True
        parent = parent.parent
    return False


def _begins_line(node: LexborNode) -> bool:
    for _ in range(8):
        before = node.prev
        while before is not None and before.tag == "-text":
            if (before.text_content or "").strip():
                return False
            before = before.prev
        if before is not None:
            return before.tag == "br"
        parent = node.parent
        if parent is None or parent.tag in _BLOCKS:
            # Cells of a row stand side by side, and say different things.
            return parent is not None and parent.tag == "td"
        node = parent
    return False


def headline_by_looks(lines: Sequence[Line], titled: int | None) -> int | None:
    """Which of *lines*, which end where the text begins, stands out most; None if none does.

    Args:
        titled: the one that says what the page's title does, and may be the masthead.
    """
    best = titled if titled is not None and titled >= len(lines) - _ABOVE else None
    height = max(_height(lines[best]), 1) if best is not None else 0
    for place in range(len(lines) - 1, max(-1, len(lines) - 1 - _ABOVE), -1):
        line = lines[place]
        own = _height(line)
        if own > height and _may_be_headline(line):
            best, height = place, own
    return best


def _may_be_headline(line: Line) -> bool:
    if len(line.text) not in _HEADLINE_CHARS or line.linked > _MOST_LINKED:
        return False
    # Japanese and Chinese have no blanks.
    if " " not in line.text and line.text.isascii():
        return False
    return read_byline(line.text) is None


def _height(line: Line) -> int:
    """How much a line stands out: 0 for plain text."""
    if line.heading:
        return 6
    words = [node for node in line.nodes if (node.text_content or "").strip()]
    return min((_set_in(node) for node in words), default=0)


def _set_in(node: LexborNode) -> int:
    height, bold = 0, False
    parent = node.parent
    while parent is not None and parent.tag not in _BLOCKS:
        if parent.tag in ("b", "strong"):
            bold = True
        elif parent.tag == "big":
            height = max(height, 2)
        elif parent.tag == "font":
            size = (parent.attributes.get("size") or "").strip()
            if size in ("4", "5", "6", "7", "+1", "+2", "+3", "+4"):
                height = max(height, 3)
        parent = parent.parent
    if parent is not None and re.search(
        r"title|headline|titel|titre|titulo", parent.attributes.get("class") or "", re.I
    ):
        height = max(height, 4)
    return height + bold


def read_lines(
    above: Sequence[Line], below: Sequence[Line], *, language: str | None
) -> tuple[Byline, frozenset[str]]:
    """What the lines below a headline say together, and which of them belong to a byline.

    Args:
        above: those that stand above the first paragraph.
        below: that, and those that follow; a name alone is none among them.
    """
    byline, texts = Byline(), set()
    read: list[tuple[Line, Byline | None]] = []
    for place, line in enumerate((*above, *below)):
        if len(line.text) >= _PROSE_CHARS or place >= _HEAD_LINES:
            break
        found = read_byline(line.text, language=language)
        if found is not None:
            byline = byline.joined(found)
            texts.add(line.text)
        if place < len(above):
            read.append((line, found))
    dated = [line for line, found in read if found is not None and found.dated]
    for place, (line, found) in enumerate(read):
        if found is not None or (byline.authors and not _is_signed(line)):
            continue
        beside = [other for other, _ in (*read[max(0, place - 1) : place], *read[place + 1 :][:1])]
        near = any(other in beside or _together(line, other) for other in dated)
        authors = _signed(line, language, near=near)
        if authors:
            texts.add(line.text)
            if not byline.authors:
                byline = replace(byline, authors=authors)
    return byline, frozenset(texts)


def _together(line: Line, other: Line) -> bool:
    """Whether one paragraph holds both."""
    one, two = _block_of(line), _block_of(other)
    return one is not None and two is not None and one.mem_id == two.mem_id


def _block_of(line: Line) -> LexborNode | None:
    parent = line.nodes[0].parent if line.nodes else None
    while parent is not None and parent.tag not in _BLOCKS:
        parent = parent.parent
    return parent


def _signed(line: Line, language: str | None, *, near: bool) -> tuple[str, ...]:
    """The names that *line* consists of.

    A label or the page's own word for it must say that they are; or the line stands *near* a
    date, and is no link but to a person.
    """
    text = line.text.strip(" |•·,;")
    if len(text) > _LONGEST_NAMES:
        return ()
    bracketed = _BRACKETED.fullmatch(text)
    labelled = author_line(f"{bracketed[1]}: {bracketed[2]}" if bracketed else text)
    told = labelled or after_by(text)
    if told and is_names(told, introduced=True):
        return split_names(told, language)
    wide = _WIDE_ROLE.fullmatch(text)
    if wide:
        return (wide[1].strip(),)
    if _is_signed(line):
        named = named_first(text, language)
        if not named and is_names(text, introduced=True):
            named = split_names(text, language)
        return tuple(name for name in named if _is_somebody(name))
    if near and not _is_listed(line) and (line.linked <= _MOST_LINKED or _leads_to_person(line)):
        named = named_first(text, language)
        return named if 0 < len(named) <= 2 and all(map(is_person, named)) else ()
    return ()


def _is_somebody(name: str) -> bool:
    """No single word of a script that has capitals: that is a label."""
    return is_person(name) or is_desk(name) or name.lower() == name.upper()


_PERSON_PAGE = re.compile(
    r"/(?:by|author|authors|autor|autores|auteur|auteurs|autori|authority|people|person|persons"
    r"|profile|profiles|staff|team|reporter|reporters|journalist|journalists|writers?|avtor|autorzy"
    r"|redakt\w+|contributors?)/",
    re.IGNORECASE,
)


def _leads_to_person(line: Line) -> bool:
    node = line.nodes[0].parent if line.nodes else None
    while node is not None and node.tag not in _BLOCKS:
        if node.tag == "a":
            return _PERSON_PAGE.search(node.attributes.get("href") or "") is not None
        node = node.parent
    return False


def _is_signed(line: Line) -> bool:
    """Whether the page calls *line*, or all that stands in it, its author."""
    return bool(line.nodes) and any(
        _SIGNED.search(f"{told.get('class') or ''} {told.get('id') or ''}")
        or told.get("rel") == "author"
        or "author" in (told.get("itemprop") or "")
        for told in _around(line.nodes[0])
    )


def _is_listed(line: Line) -> bool:
    node = line.nodes[0].parent if line.nodes else None
    for _ in range(5):
        if node is None:
            return False
        if node.tag in _LISTS:
            return True
        node = node.parent
    return False


def _around(node: LexborNode) -> Iterator[dict[str, str | None]]:
    parent = node.parent
    for _ in range(4):
        if parent is None or parent.tag in ("body", "main", "article", "header", "html"):
            return
        yield parent.attributes
        parent = parent.parent
