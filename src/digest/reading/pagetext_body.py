"""The text of an article or brief: paragraphs, subheads, list items, quotations; bios set apart."""

import re
from collections.abc import Sequence, Set
from itertools import pairwise

from digest.model import Block, BlockKind
from digest.reading.pagetext_lines import (
    Line,
    ends_sentence,
    is_labelled,
    is_promotion,
    is_prose,
    is_quotation,
    is_tags,
    size,
    unbulleted,
    unnumbered,
)
from digest.reading.pagetext_names import is_person, is_role

#: More words than this are a paragraph even where no full stop says so.
LONGEST_SUBHEAD = 12

#: A line with more words is a paragraph, whatever stands around it.
LONGEST_IN_HEAP = 14

_ATTRIBUTION = re.compile(r"[—–-]\s?(?=[^\W\d_])")


def to_blocks(rows: Sequence[Line]) -> tuple[Block, ...]:
    """The blocks of a body; lines that are neither sentences nor headings of some are left out."""
    blocks: list[Block] = []
    skip = False
    for place, row in enumerate(rows):
        if skip:
            skip = False
            continue
        following = rows[place + 1].text if place + 1 < len(rows) else ""
        before = rows[place - 1].text if place else ""
        kind, text = _kind(row.text, before, following)
        if kind is BlockKind.QUOTATION and _ATTRIBUTION.match(following) and size(following) <= 12:
            text = f"{text} — {_ATTRIBUTION.sub('', following, count=1)}"
            skip = True
        if kind is BlockKind.SUBHEAD and not blocks and size(text) <= 3:
            # "Share" or "Avatar" between the picture and the first paragraph.
            continue
        if kind is not None:
            blocks.append(Block(kind=kind, text=text))
    return tuple(blocks)


def _kind(text: str, before: str, following: str) -> tuple[BlockKind | None, str]:
    item = unbulleted(text)
    if item is not None:
        return BlockKind.LIST_ITEM, item
    numbered = unnumbered(text)
    if numbered and (unnumbered(before) or unnumbered(following)):
        return BlockKind.LIST_ITEM, numbered
    if _is_row(text) and (_is_row(before) or _is_row(following)):
        return BlockKind.LIST_ITEM, text
    if text.startswith("> ") and len(text) > 2:
        return BlockKind.QUOTATION, text[2:]
    if is_quotation(text):
        return BlockKind.QUOTATION, text
    if text.endswith("?") and 2 <= size(text) <= 10 and _has_text(following):
        return BlockKind.SUBHEAD, text
    if is_prose(text) or ends_sentence(text) or text.endswith((":", "：")):
        return BlockKind.PARAGRAPH, text
    # A handle without a sentence signs an embedded post.
    if is_promotion(text) or is_tags(text) or re.search(r"(?:^|[\s(])@\w", text):
        return None, text
    if is_labelled(text) and size(text) <= 25:
        return None, text
    # A heading has no parts.
    if size(text) <= LONGEST_SUBHEAD and re.search(r"[|•·]", text):
        return None, text
    if size(text) > LONGEST_SUBHEAD:
        return BlockKind.PARAGRAPH, text
    return (BlockKind.SUBHEAD if _has_text(following) else None), text


def _is_row(text: str) -> bool:
    """Whether *text* could be a row of a table or an ingredient: short, a number first."""
    return text[:1].isdigit() and size(text) <= LONGEST_SUBHEAD and not text.endswith("?")


def without_heap(lines: Sequence[Line], body: Sequence[int]) -> list[int]:
    """*body* without the lines heaped up at the end of the page: links, offers, rights.

    Where paragraphs stand apart, three short lines in a run that are not all sentences are no
    text; nor are lines behind it that end no sentence.
    """
    kept = list(body)
    prose = [index for index in kept if is_prose(lines[index].text)]
    apart = sum(lines[index].gap_before for index in prose) * 3 >= len(prose) * 2
    while kept and apart:
        first = len(kept) - 1
        while first and not lines[kept[first]].gap_before and kept[first - 1] == kept[first] - 1:
            first -= 1
        long = [i for i in range(first, len(kept)) if size(lines[kept[i]].text) > LONGEST_IN_HEAP]
        first = long[-1] + 1 if long else first
        texts = [lines[index].text for index in kept[first:]]
        if not texts or not (_is_stray(texts) if len(texts) < 3 else _is_heap(texts)):
            break
        del kept[first:]
    return kept


def without_comments(lines: Sequence[Line], body: Sequence[int], stamps: Set[int]) -> list[int]:
    """*body* up to the readers' comments: a run of lines in which moments are stamped twice."""
    starts = [place for place, index in enumerate(body) if lines[index].gap_before] or [0]
    for start, stop in pairwise([*starts, len(body)]):
        if start and len(stamps & set(body[start:stop])) >= 2:
            return list(body[:start])
    return list(body)


def _is_stray(texts: Sequence[str]) -> bool:
    return all(
        text.startswith("©") or not (ends_sentence(text) or _is_listed(text) or is_prose(text))
        for text in texts
    )


def _is_heap(texts: Sequence[str]) -> bool:
    listed = sum(map(_is_listed, texts))
    return listed * 2 < len(texts) and not all(
        ends_sentence(text) or _is_listed(text) for text in texts
    )


def _is_listed(text: str) -> bool:
    return unbulleted(text) is not None or _is_row(text) or text[:1] in "—–>"


def _has_text(following: str) -> bool:
    return is_prose(following) or unbulleted(following) is not None or _is_row(following)


def split_bio(
    lines: Sequence[Line], body: Sequence[int], authors: Sequence[str], site: str | None
) -> tuple[list[int], str | None]:
    """*body* without the author's bio at its end, and the name in that bio.

    A bio is a paragraph that begins with a name which stands alone on the line above it, or is
    an author's, or is met nowhere else and followed by an occupation or the site's name.
    """
    end = len(body)
    while end and not ends_sentence(lines[body[end - 1]].text):
        end -= 1
    kept = list(body[:end])
    for back in range(1, min(3, end) + 1):
        text = lines[kept[-back]].text
        name = _opening_name(text)
        if name is None:
            continue
        # Between the name and the bio there may be an occupation.
        for above in (end - back - 1, end - back - 2):
            if above > 0 and lines[kept[above]].text == name:
                return kept[:above], name
        described = is_role(text) or (site and site in text)
        if described and back == 1 and (name in authors or _is_stranger(name, lines, kept[:-1])):
            return kept[:-1], name
    return list(body), None


def _is_stranger(name: str, lines: Sequence[Line], body: Sequence[int]) -> bool:
    """Whether nobody of that surname is met in the text."""
    surname = name.split()[-1]
    return not any(surname in lines[index].text for index in body)


def _opening_name(text: str) -> str | None:
    """The person whose name *text* begins with, if a small word follows it."""
    words = text.split()
    for count in (4, 3, 2):
        name = " ".join(words[:count])
        follows = words[count : count + 1]
        if (
            follows
            and (follows[0][:1].islower() or not follows[0][:1].isupper())
            and is_person(name)
        ):
            return name if words[count - 1][-1:].isalpha() else None
    return None
