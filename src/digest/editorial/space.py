"""Readings as vectors of one space: what their words weigh, and how alike they are.

Which of them tell one story is decided in `cluster`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, count, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.editorial.language import is_stop_word
from digest.editorial.synonyms import notion
from digest.editorial.text import Reading, stem

#: Items further apart are never the same news.
WINDOW = timedelta(hours=36)
WINDOW_H = WINDOW.total_seconds() / 3600
TITLE_WEIGHT = 3
NAME_WEIGHT = 3
#: Letters that tell a word from others: what follows is an ending more often than not.
ROOT = 7
#: Words of the text that are compared: news tells its point first.
_BODY_WORDS = 500
#: A day smaller than this does not know which words are common; it is taken for this large.
_SMALL_DAY = 50
#: Pairs that are multiplied at once.
_PAIRS_AT_ONCE = 4096
#: Later items that an item is compared with in the end.
MOST_NEAR = 100

Pair = tuple[int, int, float]
Indexes = NDArray[np.int64]
Cosines = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Space:
    """Readings as vectors of one TF-IDF space: row i is reading i, of length 1."""

    matrix: Any  # scipy.sparse.csr_matrix of float64
    hours: NDArray[np.float64]
    readings: tuple[Reading, ...]

    def likeness(self, rows: Sequence[int], columns: Sequence[int]) -> NDArray[np.float64]:
        """Cosines of *rows* with *columns*; 0 outside the time window."""
        cosines = (self.matrix[rows] @ self.matrix[columns].T).toarray()
        apart = np.abs(self.hours[rows][:, None] - self.hours[columns][None, :])
        near: NDArray[np.float64] = np.where(apart <= WINDOW_H, cosines, 0.0)
        return near


def weigh(readings: Sequence[Reading]) -> Space:
    """TF-IDF of *readings*; each language has its own words and its own frequencies."""
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, language in enumerate(settled_languages(readings)):
        rows_of[language].append(row)
    blocks = [
        _weigh_language([readings[row] for row in rows], language)
        for language, rows in rows_of.items()
    ]
    matrix: Any = sparse.csr_matrix((0, 0))
    if blocks:
        order = np.argsort(np.array(list(chain.from_iterable(rows_of.values()))))
        matrix = sparse.block_diag(blocks, format="csr")[order]
    hours = np.array([r.item.published_at.timestamp() / 3600 for r in readings])
    return Space(matrix=matrix, hours=hours, readings=tuple(readings))


def settled_languages(readings: Sequence[Reading]) -> list[str]:
    """An item of unknown language joins the commonest one of its script."""
    known: dict[str, Counter[str]] = defaultdict(Counter)
    for reading in readings:
        if reading.language:
            known[reading.script][reading.language] += 1
    usual = {
        script: min(languages, key=lambda name: (-languages[name], name))
        for script, languages in known.items()
    }
    return [r.language or usual.get(r.script, f"?{r.script}") for r in readings]


def _weigh_language(readings: Sequence[Reading], language: str) -> Any:
    """Rows of length 1, whose columns are the stems of all *readings* in alphabetical order."""
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    titles, bodies, named = (
        [np.fromiter(map(numbers.__getitem__, words), dtype=np.int32) for words in texts]
        for texts in (
            [r.title for r in readings],
            [r.body[:_BODY_WORDS] for r in readings],
            [sorted(r.names) for r in readings],
        )
    )
    width = len(numbers)
    used = TITLE_WEIGHT * _counts(titles, width) + _counts(bodies, width)
    used = used + (NAME_WEIGHT - 1) * used.multiply(_counts(named, width))
    counts = (used @ _stemming(numbers, language)).tocsr()
    # Sorted, so that sums are added in the same order whatever comes first.
    counts.sort_indices()
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    rarity = np.log((1 + max(len(readings), _SMALL_DAY)) / (0.5 + frequency))
    counts.data = (1 + np.log(counts.data)) * np.maximum(rarity, 0.0)[counts.indices]
    norms = np.sqrt(counts.multiply(counts).sum(axis=1)).A1
    return sparse.diags(1 / np.where(norms == 0, 1, norms)) @ counts


def _counts(texts: Sequence[NDArray[np.int32]], width: int) -> Any:
    """How often each word stands in each of *texts*."""
    starts = np.concatenate(([0], np.cumsum([len(text) for text in texts])))
    words = np.concatenate(texts) if texts else np.zeros(0, dtype=np.int32)
    found: Any = sparse.csr_matrix(
        (np.ones(len(words)), words, starts), shape=(len(texts), width), dtype=np.float64
    )
    found.sum_duplicates()
    return found


def _stemming(numbers: Mapping[str, int], language: str) -> Any:
    """Words → stems or notions, both as columns; what says nothing has none."""
    stems = [
        notion(w, language) or stem(w)[:ROOT] if len(w) > 1 and not is_stop_word(w) else ""
        for w in numbers
    ]
    column = {term: number for number, term in enumerate(sorted({s for s in stems if s}))}
    words = [number for number, term in enumerate(stems) if term]
    columns = [column[stems[word]] for word in words]
    shape = (len(stems), len(column))
    return sparse.csr_matrix((np.ones(len(words)), (words, columns)), shape=shape)


def near_pairs(
    space: Space,
    rows: Sequence[int],
    cut: float,
    *,
    most_near: int = MOST_NEAR,
    rows_at_once: int = 256,
    many_pairs: int = 50_000,
) -> Iterator[Pair]:
    """Pairs of *rows*, the earlier one first, of a cosine of *cut* or more inside the window.

    What all items of a time have in common is not multiplied: the cost grows with the pairs
    that share rarer words.  Of a row that is like hundreds of later ones only the nearest
    *most_near* are told: no day has such a story, but a feed of one mould has.

    Args:
        rows_at_once: how many are compared with all later ones at once: bounds the memory.
        many_pairs: so many candidates of those are all multiplied, which is then cheaper.
    """
    ordered = np.array(sorted(rows, key=lambda row: (space.hours[row], row)), dtype=np.int64)
    hours = space.hours[ordered]
    matrix = space.matrix[ordered]
    common = _common_columns(matrix, cut)
    rare, shared = matrix[:, ~common], matrix[:, common]
    loose = np.sqrt(shared.multiply(shared).sum(axis=1)).A1
    for start in range(0, len(ordered), rows_at_once):
        end = min(start + rows_at_once, len(ordered))
        last = int(np.searchsorted(hours, hours[end - 1] + WINDOW_H, side="right"))
        found = (rare[start:end] @ rare[start:last].T).tocoo()
        one, other = found.row, found.col
        most = found.data + loose[start + one] * loose[start + other]
        able = (one < other) & (most >= cut - 1e-9)
        one, other = one[able], other[able]
        multiply = _multiply_all if len(one) > many_pairs else _multiply_each
        cosines = multiply(matrix[start:end], matrix[start:last], one, other).round(9)
        near = (cosines >= cut) & (hours[start + other] - hours[start + one] <= WINDOW_H)
        one, other, cosines = _nearest(one[near], other[near], cosines[near], most_near)
        firsts, seconds = ordered[start + one].tolist(), ordered[start + other].tolist()
        yield from zip(firsts, seconds, cosines.tolist(), strict=True)


def _multiply_all(first: Any, second: Any, one: Indexes, other: Indexes) -> Cosines:
    every: Cosines = (first @ second.T).toarray()[one, other]
    return every


def _multiply_each(first: Any, second: Any, one: Indexes, other: Indexes) -> Cosines:
    """Row by row, in parts; sums are added in the same order as of all."""
    parts = [
        first[one[start:end]].multiply(second[other[start:end]]).sum(axis=1).A1
        for start, end in pairwise([*range(0, len(one), _PAIRS_AT_ONCE), len(one)])
    ]
    return np.concatenate([*parts, np.zeros(0)])


def _nearest(
    one: Indexes, other: Indexes, cosines: Cosines, most: int
) -> tuple[Indexes, Indexes, Cosines]:
    """For each of *one* the nearest *most*."""
    if np.bincount(one).max(initial=0) <= most:
        return one, other, cosines
    order = np.lexsort((other, -cosines, one))
    _, begins, sizes = np.unique(one[order], return_index=True, return_counts=True)
    kept = order[np.arange(len(order)) - np.repeat(begins, sizes) < most]
    return one[kept], other[kept], cosines[kept]


def _common_columns(matrix: Any, cut: float) -> NDArray[np.bool_]:
    """The commonest columns that alone never make a cosine of *cut*."""
    frequency = np.bincount(matrix.indices, minlength=matrix.shape[1])
    squares = matrix.multiply(matrix).tocsc()
    common: NDArray[np.bool_] = np.zeros(matrix.shape[1], dtype=np.bool_)
    total = np.zeros(matrix.shape[0])
    for column in np.argsort(-frequency, kind="stable").tolist():
        begin, end = squares.indptr[column], squares.indptr[column + 1]
        total[squares.indices[begin:end]] += squares.data[begin:end]
        # Two rows of which the common columns are the shares a and b: cosine at most √a·√b.
        if total.max(initial=0.0) >= cut:
            break
        common[column] = True
    return common
