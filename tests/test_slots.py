"""The calendar: several clocks a day, none at all, and what came before."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Frequency
from digest.settings import Newsletter
from digest.slots import (
    Timetable,
    after_quiet,
    coming,
    frequencies,
    hour_at,
    is_scheduled,
    next_slot,
    opens_at,
    patience,
    previous_slot,
    readership,
    release_at,
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


# ------------------------------------------------------------------ ahead of the hour


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_edition_is_made_so_long_before_its_hour_by_the_clock_on_the_wall_or_not() -> None:
    dublin = letter(timezone="Europe/Dublin", ahead_h=12)
    # Seven o'clock is twelve hours after it, also in the nights on which clocks change.
    for day, wanted in (
        (date(2026, 3, 29), "2026-03-28T18:00"),
        (date(2026, 10, 25), "2026-10-24T19:00"),
        (date(2026, 5, 18), "2026-05-17T18:00"),
    ):
        assert release_at(dublin, slot_of(dublin, day)) == utc(wanted)
    assert release_at(letter(), slot_of(letter(), MONDAY)) == MORNING


def test_what_the_calendar_does_not_have_is_not_made_ahead() -> None:
    ahead = letter(ahead_h=12, days=("mon",))
    for slot in (slot_of(ahead, MONDAY, clock=time(9, 41)), slot_of(ahead, SATURDAY)):
        assert release_at(ahead, slot) == slot.at
    # The evening's must not overtake the morning's, nor be made of its news.
    twice = letter(ahead_h=12, send_at=(time(7), time(18)))
    for slot in slots(twice, after=MORNING - timedelta(hours=1), until=MORNING + timedelta(days=1)):
        assert release_at(twice, slot) == slot.at


def test_next_comes_what_is_not_made_yet() -> None:
    ahead = letter(ahead_h=12)
    evening = MORNING - timedelta(hours=12)
    just_before = coming(ahead, now=evening - timedelta(seconds=1))
    assert just_before.edition_id == "daily@2026-05-18T0700"
    assert coming(ahead, now=evening).edition_id == "daily@2026-05-19T0700"


def test_nothing_is_late_within_minutes_of_its_hour() -> None:
    assert patience(letter(catch_up_h=3)) == timedelta(hours=3)
    assert timedelta(0) < patience(letter(catch_up_h=0)) < timedelta(hours=1)


def table(newsletter: Newsletter, day: date, **fields: Any) -> Timetable:
    slot = slot_of(newsletter, day)
    values: dict[str, Any] = {"at": slot.at, "opens": release_at(newsletter, slot), "day": day}
    return Timetable(**(values | fields))


@pytest.mark.parametrize(
    ("hour", "zone", "wanted"),
    [
        # Dublin's seven is six o'clock UTC; made 26 hours ahead, at four on Sunday.
        (7, "Europe/Dublin", "2026-05-18T06:00"),
        (5, "Europe/Dublin", "2026-05-18T04:00"),
        (None, "Pacific/Auckland", "2026-05-18T06:00"),
        (7, "Pacific/Auckland", "2026-05-17T19:00"),
        (8, "Asia/Kathmandu", "2026-05-18T02:15"),
        (7, "Pacific/Kiritimati", "2026-05-17T17:00"),
        # Midnight there is before it is made: they get it then.
        (0, "Pacific/Kiritimati", "2026-05-17T10:00"),
        (8, "America/New_York", "2026-05-18T12:00"),
        # There it is still Sunday evening: the edition is of Monday.
        (22, "Pacific/Niue", "2026-05-19T09:00"),
    ],
)
def test_made_ahead_it_comes_at_the_readers_hour_of_the_editions_date(
    hour: int | None, zone: str, wanted: str
) -> None:
    dublin = letter(timezone="Europe/Dublin", ahead_h=26)
    assert table(dublin, MONDAY).moment(hour, zone) == utc(wanted)


def test_who_is_further_east_than_it_is_made_ahead_gets_it_when_it_is_made() -> None:
    niue = letter(timezone="Pacific/Niue", ahead_h=20)
    # Seven there is six in the evening, UTC; seven on Kiritimati was 25 hours before.
    assert table(niue, MONDAY).moment(7, "Pacific/Kiritimati") == utc("2026-05-17T22:00")
    longest = letter(timezone="Pacific/Niue", ahead_h=26)
    assert table(longest, MONDAY).moment(7, "Pacific/Kiritimati") == utc("2026-05-17T17:00")


@pytest.mark.parametrize(
    ("day", "hour", "zone", "wanted"),
    [
        # One o'clock does not exist in Dublin that night, nor two in New York and Auckland.
        (date(2026, 3, 29), 1, "Europe/Dublin", "2026-03-29T01:00"),
        (date(2026, 3, 8), 2, "America/New_York", "2026-03-08T07:00"),
        (date(2026, 9, 27), 2, "Pacific/Auckland", "2026-09-26T14:00"),
        # It comes twice: the first is meant.
        (date(2026, 10, 25), 1, "Europe/Dublin", "2026-10-25T00:00"),
        (date(2026, 11, 1), 1, "America/New_York", "2026-11-01T05:00"),
        (date(2026, 4, 5), 2, "Pacific/Auckland", "2026-04-04T13:00"),
    ],
)
def test_on_days_of_23_and_25_hours_everybody_has_their_hour_once(
    day: date, hour: int, zone: str, wanted: str
) -> None:
    dublin = letter(timezone="Europe/Dublin", ahead_h=26)
    assert table(dublin, day).moment(hour, zone) == utc(wanted)


# -------------------------------------------------------------- quiet hours, windows

ZONES = (
    "Europe/Dublin", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu",
    "Pacific/Kiritimati", "Pacific/Niue", "Australia/Lord_Howe",
)  # fmt: skip


@pytest.mark.parametrize(
    ("at", "zone", "wanted"),
    [
        ("2026-05-18T20:59", "Europe/Dublin", "2026-05-18T20:59"),
        ("2026-05-18T21:00", "Europe/Dublin", "2026-05-19T05:00"),
        ("2026-05-19T04:59", "Europe/Dublin", "2026-05-19T05:00"),
        ("2026-05-19T05:00", "Europe/Dublin", "2026-05-19T05:00"),
        ("2026-05-18T16:30", "Asia/Kathmandu", "2026-05-19T00:15"),
        ("2026-05-18T09:00", "Pacific/Kiritimati", "2026-05-18T16:00"),
        ("2026-05-18T09:30", "Pacific/Niue", "2026-05-18T17:00"),
        # Over the nights on which clocks change: seven hours, then nine.
        ("2026-03-28T22:00", "Europe/Dublin", "2026-03-29T05:00"),
        ("2026-10-24T21:00", "Europe/Dublin", "2026-10-25T06:00"),
        ("2026-03-08T03:00", "America/New_York", "2026-03-08T10:00"),
        ("2026-04-04T09:00", "Pacific/Auckland", "2026-04-04T18:00"),
    ],
)
def test_a_mail_in_the_night_waits_for_the_morning(at: str, zone: str, wanted: str) -> None:
    assert after_quiet(utc(at), "22:00-06:00", zone) == utc(wanted)


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    noon = utc("2026-05-18T12:00")
    assert after_quiet(noon, "12:00-14:30", "UTC") == utc("2026-05-18T14:30")
    assert after_quiet(noon, "10:00-12:00", "UTC") == noon
    assert after_quiet(noon, "", "UTC") == noon


def test_an_hour_that_comes_twice_is_quiet_both_times() -> None:
    # 01:30 in Dublin, the second time; and the end of it, which has passed once.
    assert after_quiet(utc("2026-10-25T01:15"), "22:00-01:30", "Europe/Dublin") == utc(
        "2026-10-25T01:30"
    )
    assert after_quiet(utc("2026-10-25T00:15"), "22:00-01:30", "Europe/Dublin") == utc(
        "2026-10-25T00:30"
    )


def test_an_end_that_spring_leaves_out_is_moved_past_the_gap() -> None:
    assert after_quiet(utc("2026-03-28T23:00"), "22:00-01:30", "Europe/Dublin") == utc(
        "2026-03-29T01:30"
    )


clocks = st.times().map(lambda t: f"{t:%H:%M}")
#: Around the days on which clocks change in the zones above.
instants = st.sampled_from(
    ["2026-03-08", "2026-03-29", "2026-04-04", "2026-05-18", "2026-09-26", "2026-10-25",
     "2026-11-01"]
).flatmap(
    lambda day: st.timedeltas(min_value=timedelta(hours=-30), max_value=timedelta(hours=30)).map(
        lambda past: utc(day) + past
    )
)  # fmt: skip


@settings(max_examples=40)
@given(at=instants, begins=clocks, ends=clocks, zone=st.sampled_from(ZONES))
def test_after_the_quiet_hours_no_clock_is_in_them_and_nobody_waits_a_day(
    at: datetime, begins: str, ends: str, zone: str
) -> None:
    hours = f"{begins}-{ends}"
    found = after_quiet(at, hours, zone)
    clock = f"{found.astimezone(ZoneInfo(zone)):%H:%M}"
    quiet = begins <= clock < ends if begins <= ends else not ends <= clock < begins
    assert not quiet
    assert timedelta(0) <= found - at <= timedelta(hours=25)
    assert after_quiet(found, hours, zone) == found
    # A window is what quiet hours are not.
    opens = opens_at(f"{ends}-{begins}", zone, at)
    assert begins == ends or (opens or at) == found


@pytest.mark.parametrize(
    ("window", "now", "wanted"),
    [
        ("", "2026-05-18T03:00", None),
        ("06:00-22:00", "2026-05-18T05:00", None),
        ("06:00-22:00", "2026-05-18T20:59", None),
        ("06:00-22:00", "2026-05-18T21:00", "2026-05-19T05:00"),
        ("06:00-22:00", "2026-05-18T04:59", "2026-05-18T05:00"),
        # Over midnight.
        ("22:00-04:00", "2026-05-18T22:30", None),
        ("22:00-04:00", "2026-05-18T02:30", None),
        ("22:00-04:00", "2026-05-18T03:00", "2026-05-18T21:00"),
        # The days on which clocks change.
        ("06:00-22:00", "2026-03-28T23:00", "2026-03-29T05:00"),
        ("06:00-22:00", "2026-10-24T23:00", "2026-10-25T06:00"),
    ],
)
def test_a_window_is_open_or_opens_later(window: str, now: str, wanted: str | None) -> None:
    found = opens_at(window, "Europe/Dublin", utc(now))
    assert found == (None if wanted is None else utc(wanted))
