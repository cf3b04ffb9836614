"""The text of an article or brief: paragraphs, subheads, list items, quotations; bios set apart."""

import re
from collections.abc import Sequence

from digest.model import Block, BlockKind
from digest.sources.pagetext_lines import (
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
from digest.sources.pagetext_names import is_person

#: More words than this are a paragraph even where no full stop says so.
LONGEST_SUBHEAD = 12

_ATTRIBUTION = re.compile(r"[—–-]\s?(?=[^\W\d_])")
_BIO_WORD = re.compile(
    r"\b(?:reporter|journalist|correspondent|editor|columnist|author|writes|covers|Reporterin"
    r"|Redakteur|Korrespondent|journaliste|periodista|giornalista|dziennikar|журналіст|журналист"
    r"|кореспондент|корреспондент|редактор)",
    re.IGNORECASE,
)


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
        if kind is BlockKind.SUBHEAD and not blocks and size(text) <= 3 and is_prose(following):
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
    if size(text) > LONGEST_SUBHEAD:
        return BlockKind.PARAGRAPH, text
    return (BlockKind.SUBHEAD if _has_text(following) else None), text


def _has_text(following: str) -> bool:
    return is_prose(following) or unbulleted(following) is not None


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
        described = _BIO_WORD.search(text) or (site and site in text)
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
