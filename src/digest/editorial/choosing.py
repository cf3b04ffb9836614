"""Filling a budget of words with passages, best first, each with what it needs.

Sparse vectors in plain dictionaries: an article has some twenty passages of a dozen terms, for
which matrices cost more than they save, and sums come out the same on every machine.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log, log1p, sqrt

from digest.editorial.bundles import Bundle
from digest.editorial.passages import Passage

#: Two sentences more alike than this say the same.
ALIKE = 0.5
#: What is worth less than this share of the best does not fill up a summary.
POOR = 0.15
#: Share of the words asked for: less is no summary of that length.
FEWEST = 0.75

_LOG_2 = log1p(1)

Vector = dict[str, float]


def vectors(found: Sequence[Passage]) -> list[Vector]:
    """Of length 1: log count x how few of the passages use the term."""
    used: dict[str, int] = {}
    for passage in found:
        for term in set(passage.terms):
            used[term] = used.get(term, 0) + 1
    many = 1 + len(found)
    rarity = [max(log(many / (0.5 + number)), 0.1) for number in range(many)]
    return [_vector(passage.terms, used, rarity) for passage in found]


def _vector(terms: list[str], used: Mapping[str, int], rarity: Sequence[float]) -> Vector:
    once = dict.fromkeys(terms, 1)
    if len(once) == len(terms):
        return unit({term: _LOG_2 * rarity[used[term]] for term in once})
    return unit({t: log1p(n) * rarity[used[t]] for t, n in Counter(terms).items()})


def unit(vector: Vector) -> Vector:
    """*vector* made 1 long; an empty one stays empty."""
    length = sqrt(sum([value * value for value in vector.values()]))
    return {term: value / length for term, value in vector.items()} if length else vector


def total(parts: Iterable[Vector]) -> Vector:
    """The sum of *parts*."""
    whole: Vector = {}
    for part in parts:
        for term, value in part.items():
            whole[term] = whole.get(term, 0.0) + value
    return whole


def cosine(one: Vector, other: Vector) -> float:
    """Of two vectors of length 1."""
    if len(one) > len(other):
        one, other = other, one
    # In the order of the shorter one: a sum over a set would change with the process.
    return sum([value * other[term] for term, value in one.items() if term in other])


def most_words(words: int) -> int:
    """What a summary of *words* may have, since no sentence is cut."""
    return max(words + words // 10, min(words + words // 4, 75))


def most_sentences(words: int) -> int:
    """Of a summary of *words*."""
    return 3 if words <= 60 else 4 if words <= 80 else 5


class Filling:
    """What has been chosen of *found*, and how much of it each of the others repeats.

    Args:
        known: for each passage the terms that it need not say again.
    """

    def __init__(
        self,
        found: Sequence[Passage],
        rows: Sequence[Vector],
        together: Sequence[Bundle | None],
        known: Sequence[frozenset[str]],
    ) -> None:
        self.chosen: set[int] = set()
        self.words = 0
        self._found, self._rows, self._together = found, rows, together
        self._terms = [frozenset(passage.terms) for passage in found]
        self._fresh = [terms - said for terms, said in zip(self._terms, known, strict=True)]
        self._alike = [0.0] * len(found)

    def take(self, index: int) -> None:
        """Choose passage *index* with its bundle."""
        for taken in self._together[index] or ():
            if taken not in self.chosen:
                self.chosen.add(taken)
                self.words += self._found[taken].words
                row, terms = self._rows[taken], self._terms[taken]
                for other in range(len(self._found)):
                    if other not in self.chosen:
                        self._fresh[other] = self._fresh[other] - terms
                        alike = cosine(row, self._rows[other])
                        self._alike[other] = max(self._alike[other], alike)

    def take_all(self, indices: Sequence[int], words: int) -> None:
        """Choose all of *indices*, however alike, if they can be shown and have room; else none."""
        wanted = [self._together[index] for index in indices]
        fresh = sorted(set().union(*filter(None, wanted)) - self.chosen)
        places, room = self._left(words)
        length = sum(self._found[i].words for i in fresh)
        if None not in wanted and len(fresh) <= places and length <= room:
            for index in indices:
                self.take(index)

    def fill(
        self, worth: Sequence[float], words: int, *, cost: float, enough: int | None = None
    ) -> None:
        """Take what is worth most until there are *enough* words, or nothing fits any more.

        Args:
            cost: how dear a passage is by what it repeats; one that mostly repeats never enters.
            enough: None to go on as long as anything fits.
        """
        scale = max(worth, default=0.0) or 1.0
        while enough is None or self.words < enough:
            best: tuple[float, int] | None = None
            places, room = self._left(words)
            for index, bundle in enumerate(self._together):
                if not bundle or index in self.chosen:
                    continue
                fresh = [i for i in bundle if i not in self.chosen]
                if len(fresh) > places or sum([self._found[i].words for i in fresh]) > room:
                    continue
                repeated = max([self._repeats(i) for i in fresh])
                if repeated > ALIKE:
                    continue
                mean = sum([worth[i] for i in fresh]) / len(fresh) / scale
                if mean < POOR and self.words >= FEWEST * words:
                    continue
                value = round(mean - cost * repeated, 9)
                if best is None or value > best[0]:
                    best = (value, index)
            if best is None:
                break
            self.take(best[1])
        self._spare(worth, words)

    def _spare(self, worth: Sequence[float], words: int) -> None:
        """Let the one go that was one more, if without it there is no longer too little."""
        if len(self.chosen) <= most_sentences(words):
            return
        needed = {i for n in self.chosen for i in (self._together[n] or ()) if i != n}
        for index in sorted(self.chosen - needed, key=lambda i: (worth[i], i)):
            if self.words - self._found[index].words >= FEWEST * words:
                self.chosen.discard(index)
                self.words -= self._found[index].words
                return

    def _repeats(self, index: int) -> float:
        """0 for a passage that says nothing said before, 1 for one that says nothing else."""
        terms = len(self._terms[index])
        return max(1 - len(self._fresh[index]) / terms if terms else 1.0, self._alike[index])

    def _left(self, words: int) -> tuple[int, int]:
        """The sentences and words for which there is room."""
        # Where sentences are short, one more rather than too little.
        places = most_sentences(words) + (self.words < FEWEST * words) - len(self.chosen)
        return places, most_words(words) - self.words
