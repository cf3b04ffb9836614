"""What must be shown with a passage so that it can be understood: its bundle.

"He" needs the man, "the minister said" a minister, a quotation its speaker, "Voss said" the
sentence that says who Mara Voss is.
"""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from digest.editorial.language import is_stop_word
from digest.editorial.passages import Passage
from digest.editorial.summary_words import HONORIFICS, UNIQUE
from digest.editorial.text import stem, tokens
from digest.editorial.words import LEANING
from digest.model import BlockKind

#: Fewer words outside the marks than this name no speaker.
_SPEAKER_WORDS = 2
#: A passage that needs more than this is never shown.
_MOST_TOGETHER = 4
_UPPER = "A-Z" + "".join(chr(c) for c in range(0xC0, 0x530) if chr(c).isupper())
#: Capitalised words one after the other, in scripts that have capitals.
_RUN = re.compile(
    rf"(?<![\w'’-])[{_UPPER}][\w'’-]*(?:\s(?:(?:de|von|van|di|da|al)\s)?[{_UPPER}][\w'’-]*){{0,5}}"
)
#: In these languages a capital is no sign of a name.
_CAPITAL_NOUNS = frozenset({"de"})

Bundle = tuple[int, ...]


def bundles(
    found: Sequence[Passage], title: Collection[str], *, as_it_opens: bool = False
) -> list[Bundle | None]:
    """For each passage of an item, in order: what is shown with it, itself last; None: never.

    Args:
        title: the folded words of the headline, which the reader has seen before any passage.
        as_it_opens: the first one may open with "It": the item itself does.
    """
    words = frozenset(title)
    introduced = _introductions(found, words)
    made: list[Bundle | None] = []
    for index in range(len(found)):
        needed = needs(found, index, words)
        if index == 0 and as_it_opens and found[0].is_whole:
            needed = -1
        if needed is None:
            made.append(None)
            continue
        together: set[int] | None = {index}
        for other in {needed, introduced[index]} - {-1}:
            first = made[other]
            together = together | set(first) if together and first else None
        able = together and len(together) <= _MOST_TOGETHER
        made.append(tuple(sorted(together)) if together and able else None)
    return made


def needs(found: Sequence[Passage], index: int, title: Collection[str]) -> int | None:
    """The passage that must stand before passage *index*: -1 for none, None for never.

    It is the one right before, save for what has been named long ago.
    """
    passage = found[index]
    if not passage.is_whole:
        return None
    if passage.language not in LEANING:
        # We cannot tell what leans in this language: only the opening, in its order, is safe.
        return index - 1
    before = found[index - 1] if index else None
    quoted_alone = passage.quotes and len(passage.outside) < _SPEAKER_WORDS
    if quoted_alone or (passage.place.block is BlockKind.QUOTATION and not passage.attributes):
        return index - 1 if before and (before.attributes or before.quotes) else None
    if passage.leans or (passage.speaker_noun and passage.speaker_noun not in title):
        return index - 1 if before else None
    if index and passage.is_quoted:
        # What somebody says answers to what stands before it.
        return index - 1
    return _antecedent(found, index, title)


def _antecedent(found: Sequence[Passage], index: int, title: Collection[str]) -> int:
    """Where what a sentence that opens with "The ship" speaks of was told first."""
    passage = found[index]
    head = passage.tokens[1:4]
    if not index or passage.language != "en" or passage.tokens[:1] != ["the"] or len(head) < 3:
        return -1
    # "The Halcyon Sound", "The 22-year-old vessel": a name or a figure says which.
    if any(not word[:1].islower() for word in passage.text.split(None, 4)[1:4]):
        return -1
    nouns = [stem(word) for word in head[:2] if not is_stop_word(word)]
    known = {stem(word) for word in title}
    if not nouns or not known.isdisjoint(nouns) or not UNIQUE.isdisjoint(head[:2]):
        return -1
    for earlier in range(index):
        if not set(found[earlier].terms).isdisjoint(nouns):
            return earlier
    return index - 1


def _introductions(found: Sequence[Passage], title: frozenset[str]) -> list[int]:
    """For each passage the one that gives the full name of somebody it calls by one; or -1."""
    known: dict[str, int] = {}
    needed = [-1] * len(found)
    for index, passage in enumerate(found):
        if passage.language in _CAPITAL_NOUNS:
            continue
        called = [name for name in map(_name, _RUN.findall(passage.unquoted)) if name]
        full = {word for name in called if len(name) > 1 for word in (name[0], name[-1])}
        for word in sorted(full):
            known.setdefault(word, index)
        for name in called:
            # Whoever is first met by one name alone needs no introduction.
            first = known.setdefault(name[0], -1) if len(name) == 1 else -1
            if name[0] not in full and name[0] not in title:
                needed[index] = max(needed[index], first)
    return needed


@lru_cache(maxsize=1 << 14)
def _name(run: str) -> tuple[str, ...]:
    """The folded words of a run of capitals, less "The" and "Mr" before them."""
    words = tokens(run)
    while words and (is_stop_word(words[0]) or words[0] in HONORIFICS):
        del words[0]
    return tuple(words)
