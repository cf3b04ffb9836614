import math
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mail.warmup import allowance, slow_start
from digest.settings import Relay

FIRST_DAY = date(2026, 6, 1)
PLANNED = Relay(warm_up_from=FIRST_DAY, warm_up_first=200, warm_up_last=200_000, warm_up_days=42)


def on_day(number: int, relay: Relay = PLANNED) -> int | None:
    return allowance(relay, FIRST_DAY + timedelta(days=number - 1))


def test_without_a_plan_there_is_no_end() -> None:
    assert on_day(1, Relay()) is None


def test_a_plan_begins_with_its_first_number_and_ends_with_its_last() -> None:
    assert (on_day(1), on_day(42), on_day(43), on_day(4000)) == (200, 200_000, None, None)


def test_before_its_first_day_a_relay_is_not_used() -> None:
    assert (on_day(0), on_day(-300)) == (0, 0)


def test_each_day_is_more_by_the_same_factor() -> None:
    days = [on_day(number) or 0 for number in range(1, 43)]
    factors = [later / earlier for earlier, later in pairwise(days)]
    assert factors == pytest.approx([1000 ** (1 / 41)] * 41, rel=0.01)


@settings(max_examples=40)
@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(2, 365), st.integers(1, 365))
def test_a_day_lies_between_the_first_and_the_last(
    first: int, last: int, days: int, number: int
) -> None:
    relay = Relay(warm_up_from=FIRST_DAY, warm_up_first=first, warm_up_last=last, warm_up_days=days)
    found = on_day(number, relay)
    if found is not None:
        assert min(first, last) <= found <= max(first, last)
    else:
        assert number > days


def test_a_limit_is_reached_evenly_from_a_tenth() -> None:
    told = [slow_start(600, since, 300) for since in (0, 150, 299.99, 300, 9e9)]
    assert told == pytest.approx([60, 330, 599.98, math.inf, math.inf], rel=1e-3)


def test_without_a_limit_it_begins_with_one_a_second_and_doubles() -> None:
    assert slow_start(0, 0, 300) == 60
    assert slow_start(0, 150, 300) == pytest.approx(6000)
    assert slow_start(0, 300, 300) == math.inf


def test_a_clock_put_back_begins_at_the_beginning() -> None:
    assert slow_start(600, -5000, 300) == 60


def test_no_slow_start_is_none() -> None:
    assert slow_start(600, 0, 0) == math.inf
