"""ROUGE after Lin (2004): overlap of a summary with one written by a person, as F1.

Words are folded and compared whole: no stemming, no stop list, in any script.  ROUGE-L is the
summary-level one: for each sentence of the reference, the union of its longest common
subsequences with the sentences of the candidate.
"""

import random
import re
from collections import Counter
from collections.abc import Sequence
from statistics import fmean

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
_SENTENCE = re.compile(r"(?<=[.!?…؟])[\"”»’']*\s+")
_RESAMPLES = 1000

#: F1 of ROUGE-1, ROUGE-2 and ROUGE-L, 0-1.
Rouge = tuple[float, float, float]


def words(text: str) -> list[str]:
    """The folded words of *text*; unspaced scripts by the character."""
    return _WORD.findall(text.casefold())


def rouge(candidate: str, reference: str) -> Rouge:
    """How much *candidate* shares with *reference*."""
    got, wanted = words(candidate), words(reference)
    return (
        _ngram_f1(got, wanted, 1),
        _ngram_f1(got, wanted, 2),
        _longest_f1(candidate, reference),
    )


def mean(marks: Sequence[Rouge]) -> dict[str, float]:
    """Means times 100, as they are usually printed."""
    names = ("R1", "R2", "RL")
    return {name: round(100 * fmean(m[i] for m in marks), 2) for i, name in enumerate(names)}


def interval(values: Sequence[float], *, seed: int = 1) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of *values*, resampled by article, times 100."""
    dice = random.Random(seed)
    means = sorted(fmean(dice.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    return round(100 * means[_RESAMPLES // 40], 2), round(100 * means[-_RESAMPLES // 40], 2)


def _ngram_f1(got: list[str], wanted: list[str], length: int) -> float:
    ours = Counter(zip(*(got[i:] for i in range(length)), strict=False))
    theirs = Counter(zip(*(wanted[i:] for i in range(length)), strict=False))
    return _f1((ours & theirs).total(), ours.total(), theirs.total())


def _longest_f1(candidate: str, reference: str) -> float:
    got = [words(part) for part in _SENTENCE.split(candidate)]
    wanted = [words(part) for part in _SENTENCE.split(reference)]
    left = Counter(word for sentence in got for word in sentence)
    hits = 0
    for sentence in wanted:
        union = sorted(set().union(*(_common(sentence, other) for other in got)))
        for word in (sentence[place] for place in union):
            # A word of the candidate counts once, however many sentences it would serve.
            if left[word] > 0:
                left[word] -= 1
                hits += 1
    return _f1(hits, sum(map(len, got)), sum(map(len, wanted)))


def _common(one: Sequence[str], other: Sequence[str]) -> set[int]:
    """Places in *one* of a longest common subsequence with *other*."""
    lengths = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, word in enumerate(one):
        for j, said in enumerate(other):
            lengths[i + 1][j + 1] = (
                lengths[i][j] + 1 if word == said else max(lengths[i][j + 1], lengths[i + 1][j])
            )
    places: set[int] = set()
    i, j = len(one), len(other)
    while i and j:
        if one[i - 1] == other[j - 1]:
            places.add(i - 1)
            i, j = i - 1, j - 1
        elif lengths[i - 1][j] >= lengths[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return places


def _f1(common: int, got: int, wanted: int) -> float:
    return 2 * common / (got + wanted) if got and wanted else 0.0
