"""The calendar: several clocks a day, none at all, and what came before."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from digest.settings import Newsletter
from digest.slots import coming, next_slot, previous_slot, slot_now, slots
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
