"""Copies: the same text again, from the same source or another.

Different articles on the same event are no copies; that is for `cluster`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import chain, pairwise
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.editorial.text import Reading, is_stop_word
from digest.model import Kind

#: Share of the shorter text's word triples that stand in the longer one.
CONTAINED = 0.66
#: Fewer triples than this say too little.
FEWEST_SHINGLES = 12
#: Triples in so many items are furniture: a legal notice, an invitation.
EVERYWHERE = 60
#: Below this share of the longer text's length, and without a headline in common, the longer
#: one is a round-up that quotes the shorter one.
_ROUND_UP = 0.4
_FEWEST_TITLE_WORDS = 4
_TITLE_CONTAINED = 0.8
_SAME_DAY = timedelta(hours=24)

Pair = tuple[int, int]


def find_copies(readings: Sequence[Reading]) -> dict[int, int]:
    """Index of each copy → index of its original; what is absent is no copy.

    The original is an article rather than a brief, about the fullest of the texts, and the
    earliest of those.  Depends on the order of *readings* in nothing but the indexes.
    """
    near: dict[int, set[int]] = defaultdict(set)
    for one, other in chain(
        _same_address(readings),
        _same_text(readings),
        _contained_text(readings),
        _same_headline(readings),
    ):
        near[one].add(other)
        near[other].add(one)
    original_of: dict[int, int] = {}
    left = set(near)
    while left:
        group = _component(min(left), near, left)
        original = _original(group, readings)
        copies = near[original] & group
        original_of.update(dict.fromkeys(copies, original))
        left -= copies | {original}
    return original_of


def _component(start: int, near: dict[int, set[int]], left: set[int]) -> set[int]:
    found, stack = {start}, [start]
    while stack:
        fresh = (near[stack.pop()] & left) - found
        found |= fresh
        stack.extend(fresh)
    return found


def _original(group: set[int], readings: Sequence[Reading]) -> int:
    articles = {i for i in group if readings[i].item.kind is Kind.ARTICLE} or group
    fullest = max(len(readings[i].body) for i in articles)
    full = [i for i in articles if len(readings[i].body) >= CONTAINED * fullest]
    return min(full, key=lambda i: (readings[i].item.published_at, readings[i].item.id))


def _same_address(readings: Sequence[Reading]) -> Iterator[Pair]:
    by_url: dict[str, list[int]] = defaultdict(list)
    for i, reading in enumerate(readings):
        url = reading.item.url
        if url and reading.item.kind is Kind.ARTICLE and urlsplit(url).path != "/":
            by_url[url].append(i)
    for group in by_url.values():
        # One source that gives all its items one address has not copied itself.
        for one, other in _all_pairs(group):
            same_source = readings[one].item.source_id == readings[other].item.source_id
            if not same_source or _titles_related(readings[one], readings[other]):
                yield one, other


def _same_text(readings: Sequence[Reading]) -> Iterator[Pair]:
    by_text: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, reading in enumerate(readings):
        if _tells_enough(reading):
            by_text[reading.body].append(i)
    for group in by_text.values():
        for one, other in _all_pairs(group):
            if _same_news(readings[one], readings[other]):
                yield one, other


def _all_pairs(group: Sequence[int]) -> Iterator[Pair]:
    """All pairs of a small group; of a large one, a chain and the pairs with its first few."""
    if len(group) <= 50:
        yield from ((a, b) for n, a in enumerate(group) for b in group[n + 1 :])
        return
    yield from pairwise(group)
    yield from ((a, b) for n, a in enumerate(group[:20]) for b in group[n + 2 :])


def _contained_text(readings: Sequence[Reading]) -> Iterator[Pair]:
    rows, seen = [], set()
    for i, reading in enumerate(readings):
        if _tells_enough(reading) and reading.body not in seen:
            seen.add(reading.body)
            rows.append(i)
    numbers: dict[str, int] = {}
    sets = [_shingles(readings[i].body, numbers) for i in rows]
    for a, b, share in _overlaps(sets, fewest=FEWEST_SHINGLES):
        one, other = rows[a], rows[b]
        if share >= CONTAINED and _same_news(readings[one], readings[other]):
            yield one, other


def _same_headline(readings: Sequence[Reading]) -> Iterator[Pair]:
    """For items that are next to nothing but a headline."""
    numbers: dict[str, int] = {}
    sets = []
    for reading in readings:
        words = sorted({numbers.setdefault(word, len(numbers)) for word in reading.title})
        sets.append(np.array(words if len(words) >= _FEWEST_TITLE_WORDS else [], dtype=np.int64))
    for one, other, share in _overlaps(sets, fewest=_FEWEST_TITLE_WORDS):
        first, second = readings[one], readings[other]
        if share < _TITLE_CONTAINED or (_tells_enough(first) and _tells_enough(second)):
            continue
        same_kind = first.item.kind is second.item.kind
        same_day = abs(first.item.published_at - second.item.published_at) < _SAME_DAY
        if same_kind and same_day and _figures(first.title) == _figures(second.title):
            yield one, other


def _figures(words: Iterable[str]) -> set[str]:
    return {word for word in words if word[0].isdigit()}


def _tells_enough(reading: Reading) -> bool:
    return len(reading.body) >= FEWEST_SHINGLES + 2


def _same_news(one: Reading, other: Reading) -> bool:
    """Keeps round-ups from the pieces they quote, and boilerplate from making copies."""
    short, long = sorted((len(one.body), len(other.body)))
    return (short >= _ROUND_UP * long and short >= 3 * FEWEST_SHINGLES) or _titles_related(
        one, other
    )


def _titles_related(one: Reading, other: Reading) -> bool:
    first, second = ({w for w in r.title if not is_stop_word(w)} for r in (one, other))
    return 2 * len(first & second) >= min(len(first), len(second))


def _shingles(body: Sequence[str], numbers: dict[str, int]) -> NDArray[np.int64]:
    """The word triples of *body* as exact numbers: no hash, no collision."""
    ids = np.array([numbers.setdefault(word, len(numbers)) for word in body], dtype=np.int64)
    return np.unique((ids[:-2] << 42) | (ids[1:-1] << 21) | ids[2:])


def _overlaps(
    sets: Sequence[NDArray[np.int64]], *, fewest: int
) -> Iterator[tuple[int, int, float]]:
    """Pairs of *sets* that share members, with the share of the smaller one that is shared."""
    if not sum(map(len, sets)):
        return
    rows = np.repeat(np.arange(len(sets)), [len(members) for members in sets])
    _, columns, counts = np.unique(np.concatenate(sets), return_inverse=True, return_counts=True)
    kept = (counts[columns] < EVERYWHERE) & (counts[columns] > 1)
    everywhere = np.bincount(rows[counts[columns] >= EVERYWHERE], minlength=len(sets))
    sizes = np.array([len(members) for members in sets]) - everywhere
    shape = (len(sets), len(counts))
    ones = np.ones(int(kept.sum()), dtype=np.int32)
    matrix: Any = sparse.csr_matrix((ones, (rows[kept], columns[kept])), shape=shape)
    shared = sparse.triu(matrix @ matrix.T, k=1).tocoo()
    for one, other, count in zip(
        shared.row.tolist(), shared.col.tolist(), shared.data.tolist(), strict=True
    ):
        smaller = int(min(sizes[one], sizes[other]))
        if smaller >= fewest:
            yield one, other, count / smaller
