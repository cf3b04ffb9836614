import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage

from digest.editorial.linkage import average_link

CUT = 0.3


def dense(likeness: Any) -> set[frozenset[int]]:
    """The plain way: all pairs at once, every merge, cut afterwards."""
    size = len(likeness)
    condensed = (1 - likeness)[np.triu_indices(size, k=1)]
    labels = fcluster(linkage(condensed, method="average"), t=1 - CUT, criterion="distance")
    groups = {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels)}
    return {group for group in groups if len(group) > 1}


def sparse(likeness: Any) -> set[frozenset[int]]:
    def total(one: Sequence[int], other: Sequence[int]) -> float:
        return float(likeness[np.ix_(one, other)].sum())

    pairs = [
        (i, j, float(likeness[i, j]))
        for i in range(len(likeness))
        for j in range(i + 1, len(likeness))
        if likeness[i, j] >= CUT
    ]
    random.Random(len(pairs)).shuffle(pairs)
    groups = average_link(pairs, total, CUT)
    return {frozenset(group) for group in groups if len(group) > 1}


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 45), st.integers(0, 10**6), st.floats(0.5, 4.0))
def test_a_graph_of_near_pairs_gives_what_all_pairs_give(
    size: int, seed: int, crowding: float
) -> None:
    dice = np.random.default_rng(seed)
    likeness = dice.random((size, size)) ** crowding - 0.1
    likeness = np.triu(likeness, 1) + np.triu(likeness, 1).T
    assert sparse(likeness) == dense(likeness)


def test_a_chain_of_near_pairs_is_no_group() -> None:
    likeness = np.zeros((5, 5))
    for i in range(4):
        likeness[i, i + 1] = likeness[i + 1, i] = 0.4 + i / 100
    assert sparse(likeness) == dense(likeness) == {frozenset({3, 4}), frozenset({1, 2})}


def test_one_pair_that_contradicts_keeps_a_third_away() -> None:
    likeness = np.array([[0, 0.9, 0.8], [0.9, 0, -1], [0.8, -1, 0]])
    assert sparse(likeness) == {frozenset({0, 1})}


def test_no_pairs_make_no_groups() -> None:
    assert average_link([], lambda one, other: 0.0, CUT) == []


@pytest.mark.parametrize("size", [400])
def test_what_is_asked_for_grows_with_the_groups_not_with_all_pairs(size: int) -> None:
    asked = 0

    def total(one: Sequence[int], other: Sequence[int]) -> float:
        nonlocal asked
        asked += len(one) * len(other)
        return 0.0

    ring = [(min(i, (i + 1) % size), max(i, (i + 1) % size), 0.5) for i in range(size)]
    groups = average_link(ring, total, CUT)
    assert sorted(member for group in groups for member in group) == list(range(size))
    assert asked < 20 * size
