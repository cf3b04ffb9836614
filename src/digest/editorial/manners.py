"""What a summary shows only for want of better: questions, "we", "you", lists, tables, shouts."""

from digest.editorial.passages import Passage
from digest.editorial.summary_words import READER
from digest.model import BlockKind

_ENDLESS_WORDS, _SHORT_WORDS = 45, 8
#: More than this share of figures is a table of results.
_FIGURES = 0.35
#: What people say about the news is rarely the news.
_QUOTED = 0.75


def manners(passage: Passage) -> float:
    """A factor of what *passage* is worth: 1 for a plain statement."""
    factor = 1.0
    if passage.text.rstrip('"”’»“)').endswith(("?", "؟", "？")):
        factor *= 0.3
    if passage.in_first_person:
        factor *= 0.5
    if not READER.isdisjoint(passage.outside):
        factor *= 0.4
    if passage.place.block is BlockKind.LIST_ITEM:
        factor *= 0.5
    if passage.is_quoted:
        factor *= _QUOTED
    if passage.words < _SHORT_WORDS:
        factor *= 0.7
    if _is_table(passage):
        factor *= 0.3
    if passage.words > _ENDLESS_WORDS:
        factor *= 0.8
    return factor


def _is_table(passage: Passage) -> bool:
    words = passage.tokens
    figures = [word for word in words if word[0] <= "9" or word[0].isdecimal()]
    return len(figures) > _FIGURES * len(words)
