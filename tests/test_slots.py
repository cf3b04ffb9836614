"""The calendar: several clocks a day, none at all, and what came before."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from digest.model import Frequency
from digest.settings import Newsletter
from digest.slots import (
    coming,
    frequencies,
    hour_at,
    is_scheduled,
    next_slot,
    previous_slot,
    readership,
    slot_now,
    slot_of,
    slots,
)
from make import MORNING


def letter(**fields: Any) -> Newsletter:
    return Newsletter(
        **({"slug": "daily", "title": "The Daily", "timezone": "Europe/Athens"} | fields)
    )


def test_a_newsletter_may_appear_in_the_morning_and_in_the_evening() -> None:
    twice = letter(send_at=(time(7), time(18)))
    found = slots(twice, after=MORNING - timedelta(hours=1), until=MORNING + timedelta(days=1))
    assert [slot.edition_id for slot in found] == [
        "daily@2026-05-18T0700", "daily@2026-05-18T1800", "daily@2026-05-19T0700",
    ]  # fmt: skip


def test_clocks_are_put_in_order() -> None:
    assert letter(send_at=[time(18), time(7)]).send_at == (time(7), time(18))
    assert letter(send_at=time(9, 30)).send_at == (time(9, 30),)


def test_before_the_evening_comes_the_morning_and_before_monday_friday() -> None:
    twice = letter(send_at=(time(7), time(18)), days=("mon", "fri"))
    evening = previous_slot(twice, before=MORNING + timedelta(hours=11))
    assert evening is not None
    assert evening.edition_id == "daily@2026-05-18T0700"
    morning = previous_slot(twice, before=MORNING)
    assert morning is not None
    assert morning.edition_id == "daily@2026-05-15T1800"


def test_without_days_nothing_is_scheduled_and_the_minute_is_the_slot() -> None:
    by_hand = letter(days=())
    assert next_slot(by_hand, after=MORNING) is None
    assert previous_slot(by_hand, before=MORNING) is None
    now = datetime(2026, 5, 18, 9, 41, 30, tzinfo=UTC)
    assert coming(by_hand, now=now).edition_id == "daily@2026-05-18T1241"
    assert slot_now(by_hand, now).at == now.replace(second=0)


EVERY, WORKING = Frequency.DAILY, Frequency.WEEKDAYS
WEEKLY, BREAKING = Frequency.WEEKLY, Frequency.BREAKING
MONDAY, SATURDAY = date(2026, 5, 18), date(2026, 5, 23)


def test_only_what_makes_a_difference_is_offered() -> None:
    daily, best = letter(), letter(slug="best", best_of=("daily",), days=("sat",))
    assert frequencies(daily, [daily]) == (EVERY, WORKING)
    assert frequencies(daily, [daily, best]) == (EVERY, WORKING, WEEKLY)
    assert frequencies(best, [daily, best]) == (EVERY,)
    assert frequencies(letter(days=("mon", "fri")), []) == (EVERY,)
    assert frequencies(letter(days=(), breaking_sources=3), []) == (EVERY, BREAKING)


def test_who_gets_an_edition_depends_on_its_day_and_on_the_calendar() -> None:
    daily, best = letter(), letter(slug="best", best_of=("daily",), days=("sat",))
    both = [daily, best]
    assert readership(daily, slot_of(daily, MONDAY), both) == {"daily": {EVERY, WORKING}}
    assert readership(daily, slot_of(daily, SATURDAY), both) == {"daily": {EVERY}}
    at_once = slot_of(daily, SATURDAY, clock=time(11, 13))
    assert not is_scheduled(daily, at_once)
    assert readership(daily, at_once, both) == {"daily": {EVERY, BREAKING}}
    # The weekly brings those who want the daily only so often, besides its own.
    found = readership(best, slot_of(best, SATURDAY), both)
    assert found == {"best": {EVERY, WEEKLY}, "daily": {WEEKLY}}


def test_without_a_weekly_who_wanted_it_gets_the_daily_not_nothing() -> None:
    daily = letter()
    assert WEEKLY in readership(daily, slot_of(daily, SATURDAY), [daily])["daily"]


@pytest.mark.parametrize(
    ("hour", "zone", "wanted"),
    [
        # Seven in Athens is four o'clock UTC.
        (9, "Europe/Athens", "2026-05-18T06:00"),
        (7, "Europe/Athens", "2026-05-18T04:00"),
        # The hour has passed: at once.
        (5, "Europe/Athens", "2026-05-18T04:00"),
        (8, "America/New_York", "2026-05-18T12:00"),
        (6, "Asia/Kathmandu", "2026-05-18T04:00"),
        (10, "Asia/Kathmandu", "2026-05-18T04:15"),
        # There it is still Sunday evening.
        (22, "Pacific/Honolulu", "2026-05-18T08:00"),
    ],
)
def test_an_edition_waits_for_the_hour_of_its_reader(hour: int, zone: str, wanted: str) -> None:
    slot = slot_of(letter(), MONDAY)
    assert hour_at(slot.at, hour, zone) == datetime.fromisoformat(wanted).replace(tzinfo=UTC)


def test_an_hour_that_spring_leaves_out_is_moved_past_the_gap() -> None:
    at = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    # Two o'clock does not exist in Berlin that night: three does.
    assert hour_at(at, 2, "Europe/Berlin") == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_of_an_hour_that_autumn_repeats_the_first_is_meant() -> None:
    at = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)
    assert hour_at(at, 2, "Europe/Berlin") == datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    after = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert hour_at(after, 2, "Europe/Berlin") == after
