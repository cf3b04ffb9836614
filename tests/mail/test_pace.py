import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.mail import Pace


def times_of(per_minute: int, asked_at: list[float]) -> list[float]:
    """When each permission asked for at these times may be used."""
    pace = Pace.start(per_minute, asked_at[0])
    used = []
    for now in asked_at:
        wait, pace = pace.take(now)
        used.append(now + wait)
    return used


def test_no_limit_never_waits() -> None:
    assert times_of(0, [5.0] * 1000) == [5.0] * 1000


def test_one_a_minute_is_one_a_minute() -> None:
    assert times_of(1, [0.0, 0.0, 0.0, 300.0]) == [0.0, 60.0, 120.0, 300.0]


def test_sixty_a_minute_are_spaced_by_a_second() -> None:
    assert times_of(60, [0.0] * 4) == pytest.approx([0.0, 1.0, 2.0, 3.0])


def test_about_a_second_may_be_saved_up_and_no_more() -> None:
    assert times_of(600, [0.0] * 12)[:11].count(0.0) == 10
    assert times_of(600, [0.0, *[1000.0] * 12]).count(1000.0) == 10


def test_callers_at_the_same_time_are_told_different_times() -> None:
    used = times_of(120, [0.0] * 50)
    assert used == sorted(used)
    assert len(set(used[2:])) == 48


def test_a_whole_hour_at_full_speed_is_close_to_the_limit() -> None:
    used = times_of(600, [0.0] * 36_000)
    assert used[-1] == pytest.approx(3600, rel=0.02)


@given(
    st.integers(1, 2000),
    st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=300),
)
def test_no_sixty_seconds_hold_more_than_the_limit(per_minute: int, gaps: list[float]) -> None:
    asked = [math.fsum(gaps[:n]) for n in range(len(gaps))]
    used = times_of(per_minute, asked)
    for first, last in zip(used, used[per_minute:], strict=False):
        assert last - first >= 60 - 1e-6
    assert all(use >= ask for use, ask in zip(used, asked, strict=True))
