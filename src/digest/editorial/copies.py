"""Copies: the same text again, from the same source or another.

Different articles on the same event are no copies; that is for `cluster`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain, count, pairwise
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from digest.editorial.language import is_stop_word
from digest.editorial.text import Reading
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
#: Items that are compared with all later ones at once: bounds the memory, not the result.
_ROWS_AT_ONCE = 1024

#: Two readings, by their indexes, and why one is a copy of the other.
Found = tuple[int, int, str]


def find_copies(readings: Sequence[Reading]) -> dict[int, int]:
    """Index of each copy → index of its original; what is absent is no copy.

    The original is an article rather than a brief, about the fullest of the texts, and the
    earliest of those.  Depends on the order of *readings* in nothing but the indexes.
    """
    return {copy: original for copy, (original, _) in why_copies(readings).items()}


def why_copies(readings: Sequence[Reading]) -> dict[int, tuple[int, str]]:
    """As `find_copies`, with the reason: "same text", "83% of its word triples stand there"."""
    near: dict[int, dict[int, str]] = defaultdict(dict)
    for one, other, reason in chain(
        _same_address(readings),
        _same_text(readings),
        _contained_text(readings),
        _same_headline(readings),
    ):
        near[one].setdefault(other, reason)
        near[other].setdefault(one, reason)
    found: dict[int, tuple[int, str]] = {}
    left = set(near)
    while left:
        group = _component(min(left), near, left)
        original = _original(group, readings)
        copies = near[original].keys() & group
        for copy in sorted(copies):
            longer = len(readings[copy].body) > len(readings[original].body)
            reason = near[original][copy]
            found[copy] = original, reason.format("the original's" if longer else "its")
        left -= copies | {original}
        # An extended reprint is the fullest text; who has only the common part copies that.
        for other in sorted(group & left):
            twin = min(
                (c for c in near[other] if c in copies and _is_twin(readings, other, c)),
                default=None,
            )
            if twin is not None:
                reason = near[other][twin].format("the other's")
                found[other] = original, f"{reason}, in a text that copies it"
                left.discard(other)
    return found


def _is_twin(readings: Sequence[Reading], one: int, other: int) -> bool:
    """Of about one length: what copies the one copies the other."""
    short, long = sorted(len(readings[i].body) for i in (one, other))
    return short >= CONTAINED * long


def _component(start: int, near: dict[int, dict[int, str]], left: set[int]) -> set[int]:
    found, stack = {start}, [start]
    while stack:
        fresh = (near[stack.pop()].keys() & left) - found
        found |= fresh
        stack.extend(fresh)
    return found


def _original(group: set[int], readings: Sequence[Reading]) -> int:
    articles = {i for i in group if readings[i].item.kind is Kind.ARTICLE} or group
    fullest = max(len(readings[i].body) for i in articles)
    full = [i for i in articles if len(readings[i].body) >= CONTAINED * fullest]
    return min(full, key=lambda i: (readings[i].item.published_at, readings[i].item.id))


def _same_address(readings: Sequence[Reading]) -> Iterator[Found]:
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
                yield one, other, "same address"


def _same_text(readings: Sequence[Reading]) -> Iterator[Found]:
    by_text: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, reading in enumerate(readings):
        if _tells_enough(reading):
            by_text[reading.body].append(i)
    for group in by_text.values():
        for one, other in _all_pairs(group):
            if _same_news(readings[one], readings[other]):
                yield one, other, "same text"


def _all_pairs(group: Sequence[int]) -> Iterator[tuple[int, int]]:
    """All pairs of a small group; of a large one, a chain and the pairs with its first few."""
    if len(group) <= 50:
        yield from ((a, b) for n, a in enumerate(group) for b in group[n + 1 :])
        return
    yield from pairwise(group)
    yield from ((a, b) for n, a in enumerate(group[:20]) for b in group[n + 2 :])


def _contained_text(readings: Sequence[Reading]) -> Iterator[Found]:
    rows, seen = [], set()
    for i, reading in enumerate(readings):
        if _tells_enough(reading) and reading.body not in seen:
            seen.add(reading.body)
            rows.append(i)
    number: defaultdict[str, int] = defaultdict(count().__next__)
    sets = [_shingles(readings[i].body, number) for i in rows]
    for a, b, share in _overlaps(sets, fewest=FEWEST_SHINGLES, least=CONTAINED):
        one, other = rows[a], rows[b]
        if _same_news(readings[one], readings[other]):
            yield one, other, f"{share:.0%} of {{}} word triples stand there"


def _same_headline(readings: Sequence[Reading]) -> Iterator[Found]:
    """For items that are next to nothing but a headline."""
    if all(map(_tells_enough, readings)):
        return
    number: defaultdict[str, int] = defaultdict(count().__next__)
    sets = []
    for reading in readings:
        words = sorted({number[word] for word in reading.title})
        sets.append(np.array(words if len(words) >= _FEWEST_TITLE_WORDS else [], dtype=np.int64))
    for one, other, _ in _overlaps(sets, fewest=_FEWEST_TITLE_WORDS, least=_TITLE_CONTAINED):
        first, second = readings[one], readings[other]
        if _tells_enough(first) and _tells_enough(second):
            continue
        same_kind = first.item.kind is second.item.kind
        same_day = abs(first.item.published_at - second.item.published_at) < _SAME_DAY
        if same_kind and same_day and _figures(first.title) == _figures(second.title):
            yield one, other, "same headline on one day"


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


def _shingles(body: Sequence[str], number: Mapping[str, int]) -> NDArray[np.int64]:
    """The word triples of *body* as exact numbers: no hash, no collision."""
    ids = np.fromiter(map(number.__getitem__, body), dtype=np.int64, count=len(body))
    triples = (ids[:-2] << 42) | (ids[1:-1] << 21) | ids[2:]
    triples.sort()
    return triples[np.concatenate(([True], triples[1:] != triples[:-1]))]


def _overlaps(
    sets: Sequence[NDArray[np.int64]], *, fewest: int, least: float
) -> Iterator[tuple[int, int, float]]:
    """Pairs of *sets* of which the smaller one shares *least* or more, with the share."""
    if not sum(map(len, sets)):
        return
    rows = np.repeat(np.arange(len(sets), dtype=np.int32), [len(members) for members in sets])
    columns, uses = _columns(np.concatenate(sets))
    sizes = np.bincount(rows[uses < EVERYWHERE], minlength=len(sets))
    kept = (uses < EVERYWHERE) & (uses > 1)
    rows, columns = rows[kept], columns[kept]
    shape = (len(sets), int(columns.max(initial=0)) + 1)
    ones = np.ones(len(rows), dtype=np.int32)
    matrix: Any = sparse.csr_matrix((ones, (rows, columns)), shape=shape)
    for start in range(0, len(sets), _ROWS_AT_ONCE):
        shared = (matrix[start : start + _ROWS_AT_ONCE] @ matrix[start:].T).tocoo()
        one, other = shared.row + start, shared.col + start
        smaller = np.minimum(sizes[one], sizes[other])
        near = (one < other) & (smaller >= fewest) & (shared.data >= least * smaller)
        shares = shared.data[near] / smaller[near]
        yield from zip(one[near].tolist(), other[near].tolist(), shares.tolist(), strict=True)


def _columns(members: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Each different member's number, and how often it is there."""
    order = np.argsort(members, kind="stable")
    ordered = members[order]
    first = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    numbers = np.empty(len(members), dtype=np.int32)
    numbers[order] = np.cumsum(first, dtype=np.int32) - 1
    uses = np.bincount(numbers).astype(np.int32)
    return numbers, uses[numbers]
