import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mail.pace import Pace


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


@settings(max_examples=40)
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


def test_asking_takes_nothing() -> None:
    pace = Pace.start(60, 0.0)
    assert [pace.wait(0.0), pace.wait(0.0)] == [0.0, 0.0]
    _, pace = pace.take(0.0)
    assert pace.wait(0.25) == pytest.approx(0.75)
    assert pace.wait(1.0) == 0.0


def test_a_clock_put_back_by_hours_holds_nobody_up_and_lets_nobody_through() -> None:
    _, pace = Pace.start(6, 10_000.0).take(10_000.0)
    assert pace.wait(100.0) == pytest.approx(10.0)
    wait, pace = pace.take(100.0)
    assert wait == pytest.approx(10.0)
    assert pace.wait(110.0) == pytest.approx(10.0)


def test_callers_a_little_out_of_step_gain_nothing_by_it() -> None:
    pace = Pace.start(60, 10.0)
    used = []
    for now in (10.0, 9.0, 10.0, 9.5, 10.0, 9.0):
        wait, pace = pace.take(now)
        used.append(now + wait)
    assert used == pytest.approx([10.0, 11.0, 12.0, 13.0, 14.0, 15.0])


def test_a_clock_far_ahead_fills_a_bucket_and_no_more() -> None:
    assert times_of(600, [0.0] * 12 + [1e8] * 12).count(1e8) == 10


def test_another_rate_counts_from_now() -> None:
    _, pace = Pace.start(60, 0.0).take(0.0)
    slower = pace.at_rate(6, 0.5)
    assert slower.wait(0.5) == pytest.approx(5.0)
    assert slower.at_rate(60, 0.5).wait(0.5) == pytest.approx(0.5)
    assert slower.at_rate(0, 0.5).wait(0.5) == 0.0


@settings(max_examples=40)
@given(
    st.integers(1, 600),
    st.lists(
        st.tuples(st.floats(0, 20, allow_nan=False), st.floats(0.05, 1)), min_size=1, max_size=300
    ),
)
def test_a_rate_that_changes_all_the_time_keeps_its_limit(
    limit: int, steps: list[tuple[float, float]]
) -> None:
    now, pace, used = 0.0, Pace.start(limit, 0.0), []
    for gap, share in steps:
        now += gap
        pace = pace.at_rate(max(1.0, limit * share), now)
        wait, pace = pace.take(now)
        used.append(now + wait)
    used.sort()
    for first, last in zip(used, used[limit + max(1, limit // 60) :], strict=False):
        assert last - first >= 60 - 1e-6
