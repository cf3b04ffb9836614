"""Average link on a graph: what belongs together, from the pairs that are alike.

Nothing here knows what is compared.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush

Groups = list[list[int]]
#: Sum of the likenesses of all pairs of one member of the first and one of the second.
Total = Callable[[Sequence[int], Sequence[int]], float]


def average_link(near: Iterable[tuple[int, int, float]], total: Total, cut: float) -> Groups:
    """Merge the two groups of the greatest mean likeness, until none is as great as *cut*.

    Members that no pair names are in no group of the result.  Memory grows with the pairs, not
    with the square of the members.

    Args:
        near: every pair whose likeness is *cut* or more, once, with its likeness.
        total: asked only for groups that may be merged.
    """
    # A group goes by its first member.
    groups: dict[int, list[int]] = {}
    # Group → neighbour → the sum of the likenesses between them, and whether it is exact.
    sums: dict[int, dict[int, tuple[float, bool]]] = defaultdict(dict)
    heap: list[tuple[float, int, int]] = []
    for one, other, likeness in near:
        first, second = min(one, other), max(one, other)
        groups[first], groups[second] = [first], [second]
        sums[first][second] = sums[second][first] = likeness, True
        _push(heap, likeness, first, second, groups, cut)
    while heap:
        mean, first, second = heappop(heap)
        known = sums.get(first, {}).get(second)
        # One of them has been merged since, or has grown.
        if known is None or -mean != _mean(known[0], groups[first], groups[second]):
            continue
        if not known[1]:
            exact = round(total(groups[first], groups[second]), 9)
            sums[first][second] = sums[second][first] = exact, True
            _push(heap, exact, first, second, groups, cut)
            continue
        _merge(first, second, groups, sums, cut)
        for neighbour, (upper, _) in sums[first].items():
            _push(heap, upper, first, neighbour, groups, cut)
    return list(groups.values())


def _mean(total: float, one: Sequence[int], other: Sequence[int]) -> float:
    return round(total / (len(one) * len(other)), 9)


def _push(
    heap: list[tuple[float, int, int]],
    total: float,
    one: int,
    other: int,
    groups: dict[int, list[int]],
    cut: float,
) -> None:
    mean = _mean(total, groups[one], groups[other])
    if mean >= cut:
        heappush(heap, (-mean, min(one, other), max(one, other)))


def _merge(
    first: int,
    second: int,
    groups: dict[int, list[int]],
    sums: dict[int, dict[int, tuple[float, bool]]],
    cut: float,
) -> None:
    """Make *second* a part of *first*."""
    mine, theirs = sums[first], sums.pop(second)
    del mine[second], theirs[first]
    for neighbour in mine.keys() | theirs.keys():
        size = len(groups[neighbour])
        # Of groups that are no neighbours nothing is known but that no pair reaches the cut.
        a, exact_a = mine.get(neighbour, (cut * len(groups[first]) * size, False))
        b, exact_b = theirs.get(neighbour, (cut * len(groups[second]) * size, False))
        mine[neighbour] = sums[neighbour][first] = round(a + b, 9), exact_a and exact_b
        sums[neighbour].pop(second, None)
    groups[first] = [*groups[first], *groups.pop(second)]
