"""The words around what was asked for, and which of them were: plain pieces, no HTML.

What is a word, and when it is the asked one, is said by `digest.model.asked`, as for the index:
what a database finds is marked here, whatever its accents and capitals.
"""

from collections.abc import Collection, Sequence

from digest.model.asked import HEAD_CHARS, words_of
from digest.render.tidy import one_line

#: Of the words before and after.
_CUT = "…"

Word = tuple[int, int, str]


def excerpt(text: str, words: Collection[str], *, around: int = 12) -> tuple[tuple[str, bool], ...]:
    """Pieces of *text*, and whether each was asked for; joined, they are one line of it.

    They begin *around* words before the first asked one, or at the beginning when none is
    there, and have twice as many words.

    Args:
        words: folded, as ``str`` of a `Term` gives them: "harbour", "red ferry", "harb*".

    >>> excerpt("The Férry sails.", ["ferry"])
    (('The ', False), ('Férry', True), (' sails.', False))
    """
    line = one_line(text[:HEAD_CHARS])
    found = list(words_of(line))
    hits = _hits(found, words)
    first, last = _window(len(found), hits[0][0] if hits else 0, around)
    start = found[first][0] if first else 0
    end = found[last - 1][1] if last < len(found) else len(line)

    pieces: list[tuple[str, bool]] = [(_CUT, False)] if start else []
    at = start
    for left, right in hits:
        begin, stop = max(found[left][0], at), min(found[right - 1][1], end)
        if begin >= stop:
            continue
        pieces += [(line[at:begin], False), (line[begin:stop], True)]
        at = stop
    pieces.append((line[at:end] + _CUT * (end < len(line)), False))
    return _joined(pieces)


def _window(words: int, hit: int, around: int) -> tuple[int, int]:
    """From which word to before which: *around* on both sides, more where the other side ends."""
    size = 2 * around + 1
    first = max(0, min(hit - around, words - size))
    return first, min(words, first + size)


def _hits(found: Sequence[Word], asked: Collection[str]) -> list[tuple[int, int]]:
    """Runs of *found* that were asked for, in order: from which word to before which."""
    words = [word for _, _, word in found]
    terms = [(term.removesuffix("*").split(), term.endswith("*")) for term in asked]
    return [
        (at, at + len(parts))
        for at, word in enumerate(words)
        for parts, is_open in terms
        if word.startswith(parts[0]) and _is(words[at : at + len(parts)], parts, is_open)
    ]


def _is(here: Sequence[str], parts: Sequence[str], is_open: bool) -> bool:
    if len(here) != len(parts) or here[:-1] != parts[:-1]:
        return False
    return here[-1] == parts[-1] or (is_open and here[-1].startswith(parts[-1]))


def _joined(pieces: Sequence[tuple[str, bool]]) -> tuple[tuple[str, bool], ...]:
    """Without empty ones, and neighbours of one kind as one."""
    told: list[tuple[str, bool]] = []
    for text, was_asked in pieces:
        if not text:
            continue
        if told and told[-1][1] == was_asked:
            told[-1] = (told[-1][0] + text, was_asked)
        else:
            told.append((text, was_asked))
    return tuple(told)
