"""What is due now: the calendar in the newsletter's own zone, and the next step of each edition."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.jobs import HANDLERS, Standing, due
from digest.model import EditionState
from digest.settings import Newsletter, Pace, Returns, Settings, Source
from digest.slots import next_slot, slot_of, slots
from digest.store.editions import Record
from digest.store.sources import SourceRecord
from make import MORNING

SLOT = "daily@2026-05-18T0700"


def make_newsletter(**fields: Any) -> Newsletter:
    return Newsletter(
        **({"slug": "daily", "title": "The Daily", "timezone": "Europe/Athens"} | fields)
    )


def make_record(**fields: Any) -> Record:
    values: dict[str, Any] = {
        "id": SLOT,
        "newsletter": "daily",
        "day": date(2026, 5, 18),
        "clock": "0700",
        "slot_at": MORNING,
        "state": EditionState.APPROVED,
        "reason": "",
        "repeats": None,
        "planned": 0,
        "paused": "",
        "expires_at": None,
        "created_at": MORNING,
        "approved_at": None,
        "published_at": MORNING,
        "printed_as": "a" * 32,
        "finished_at": None,
    }
    return Record(**(values | fields))


def make_standing(**fields: Any) -> Standing:
    values: dict[str, Any] = {
        "sources": {},
        "since": {"daily": MORNING - timedelta(days=30)},
        "taken": {},
        "moving": [],
        "retries": {},
        "unfinished": frozenset(),
    }
    return Standing(**(values | fields))


def check(
    standing: Standing, expected: list[str], *, now: datetime = MORNING, **fields: Any
) -> None:
    settings = Settings(newsletters=(make_newsletter(**fields),))
    jobs = due(now, standing, settings=settings, sources=[])
    # The desk's report, and what is due once a day of people, have tests of their own.
    assert [job.key for job in jobs if job.verb not in ("report", "tend")] == expected
    assert all(job.verb in HANDLERS for job in jobs)


def test_an_edition_is_due_at_its_hour_in_its_own_zone() -> None:
    check(make_standing(), [f"edition:{SLOT}"])
    before = MORNING - timedelta(seconds=1)
    check(make_standing(), ["edition:daily@2026-05-17T0700"], now=before)


def test_a_taken_slot_is_not_due_again() -> None:
    check(make_standing(taken={"daily": frozenset({SLOT})}), [])


def test_days_are_named_and_the_others_are_quiet() -> None:
    tuesday_only = make_newsletter(days=("tue",))
    soon = next_slot(tuesday_only, after=MORNING)
    assert soon is not None
    assert soon.day == date(2026, 5, 19)
    assert [slot.day.strftime("%a") for slot in slots(
        tuesday_only, after=MORNING, until=MORNING + timedelta(days=14)
    )] == ["Tue", "Tue"]  # fmt: skip


def test_a_slot_of_before_the_newsletter_was_known_is_promised_to_nobody() -> None:
    check(make_standing(since={"daily": MORNING + timedelta(minutes=1)}), [], now=MORNING)
    check(make_standing(since={}), [])


def test_a_missed_edition_is_made_up_for_within_the_time_and_held_after_it() -> None:
    for hours, late in ((1, False), (3, False), (3.01, True), (20, True)):
        now = MORNING + timedelta(hours=hours)
        settings = Settings(newsletters=(make_newsletter(),))
        jobs = due(now, make_standing(), settings=settings, sources=[])
        found = [job.args["late"] for job in jobs if job.verb == "edition"]
        assert found == [late], hours


def test_after_a_long_outage_only_the_latest_slot_is_named() -> None:
    check(make_standing(), [f"edition:{SLOT}"], now=MORNING + timedelta(hours=2))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (EditionState.APPROVED, [f"deliver:{SLOT}"]),
        # Nobody is left to write to: it only has to be closed.
        (EditionState.SENDING, [f"deliver:{SLOT}"]),
        (EditionState.SENT, []),
    ],
)
def test_each_state_has_its_next_step(state: EditionState, expected: list[str]) -> None:
    taken = {"daily": frozenset({SLOT})}
    check(make_standing(taken=taken, moving=[make_record(state=state)]), expected)


def test_what_is_unfinished_or_to_be_tried_again_is_sent_and_what_waits_is_not() -> None:
    taken = {"daily": frozenset({SLOT})}
    sending = [make_record(state=EditionState.SENDING)]
    standing = make_standing(taken=taken, moving=sending, unfinished=frozenset({SLOT}))
    check(standing, [f"deliver:{SLOT}"])
    for minutes, expected in ((-1, [f"deliver:{SLOT}"]), (1, [])):
        retry_at = MORNING + timedelta(minutes=minutes)
        check(make_standing(taken=taken, moving=sending, retries={SLOT: retry_at}), expected)


def test_an_approved_edition_is_published_before_anything_else() -> None:
    standing = make_standing(
        taken={"daily": frozenset({SLOT})}, moving=[make_record(published_at=None, printed_as="")]
    )
    check(standing, ["publish", f"deliver:{SLOT}"])


def test_sources_are_looked_at_when_their_time_has_come() -> None:
    sources = [
        Source.model_validate({"id": name, "kind": "feed", "url": "https://a.example/f"})
        for name in ("never", "due", "later")
    ]
    standing = make_standing(
        sources={
            "due": SourceRecord(id="due", next_at=MORNING),
            "later": SourceRecord(id="later", next_at=MORNING + timedelta(seconds=1)),
        }
    )
    settings = Settings(newsletters=(make_newsletter(),))
    jobs = due(MORNING, standing, settings=settings, sources=sources)
    assert [job.key for job in jobs if job.verb == "collect"] == ["collect:never", "collect:due"]


def test_a_paused_source_is_never_looked_at() -> None:
    source = Source.model_validate({"id": "wire", "kind": "feed", "url": "https://a.example/f"})
    paused = SourceRecord(id="wire", paused_at=MORNING)
    settings = Settings(newsletters=(make_newsletter(),))
    jobs = due(
        MORNING, make_standing(sources={"wire": paused}), settings=settings, sources=[source]
    )
    assert "collect:wire" not in [job.key for job in jobs]


def test_the_desk_has_its_report_before_the_edition_and_once() -> None:
    settings = Settings(newsletters=(make_newsletter(),))

    def reports(minutes: int, **fields: Any) -> list[str]:
        now = MORNING - timedelta(minutes=minutes)
        jobs = due(now, make_standing(**fields), settings=settings, sources=[])
        return [job.key for job in jobs if job.verb == "report"]

    assert reports(90) == []
    assert reports(45) == [f"report:{SLOT}"]
    assert reports(45, reported=frozenset({SLOT})) == []


def test_old_words_are_swept_once_a_day_and_hubs_are_asked() -> None:
    settings = Settings(newsletters=(make_newsletter(),))

    def verbs(**fields: Any) -> set[str]:
        jobs = due(MORNING, make_standing(**fields), settings=settings, sources=[])
        return {job.verb for job in jobs}

    kept = settings.collect.keep_days
    assert "sweep" not in verbs()
    assert "sweep" not in verbs(oldest=MORNING - timedelta(days=kept, hours=12))
    assert "sweep" in verbs(oldest=MORNING - timedelta(days=kept + 2))
    assert "hubs" not in verbs()
    assert "hubs" in verbs(hubs=True)


def test_the_hour_that_autumn_repeats_gives_one_edition() -> None:
    night = make_newsletter(timezone="Europe/Berlin", send_at=(time(2, 30),))
    start = datetime(2026, 10, 24, 12, tzinfo=UTC)
    found = list(slots(night, after=start, until=start + timedelta(days=1)))
    assert [slot.edition_id for slot in found] == ["daily@2026-10-25T0230"]
    assert found[0].at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_hour_that_spring_leaves_out_gives_one_edition() -> None:
    night = make_newsletter(timezone="Europe/Berlin", send_at=(time(2, 30),))
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)
    found = list(slots(night, after=start, until=start + timedelta(days=1)))
    assert [slot.edition_id for slot in found] == ["daily@2026-03-29T0230"]
    assert found[0].at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@given(
    zone=st.sampled_from(
        ["Europe/Athens", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
         "Pacific/Apia", "Africa/Casablanca", "UTC"]
    ),
    clock=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    start=st.datetimes(
        min_value=datetime(2024, 1, 1), max_value=datetime(2027, 1, 1), timezones=st.just(UTC)
    ),
)  # fmt: skip
def test_every_local_date_has_exactly_one_slot(zone: str, clock: time, start: datetime) -> None:
    newsletter = make_newsletter(timezone=zone, send_at=(clock,))
    found = list(slots(newsletter, after=start, until=start + timedelta(days=40)))
    days = [slot.day for slot in found]
    assert days == sorted(set(days))
    assert (days[-1] - days[0]).days == len(days) - 1
    assert all(slot == slot_of(newsletter, slot.day) for slot in found)


# ------------------------------------------------- drafts, deadlines, breaking news


def test_a_draft_is_made_ahead_of_its_hour_and_once() -> None:
    early = MORNING - timedelta(minutes=45)
    quiet = {"taken": {"daily": frozenset({"daily@2026-05-17T0700"})}}
    check(make_standing(**quiet), [f"draft:{SLOT}"], now=early, draft_min=60)
    made = make_standing(**quiet, made={"daily": frozenset({SLOT})})
    check(made, [], now=early, draft_min=60)
    check(make_standing(**quiet), [], now=early, draft_min=30)
    # At its hour it is composed again with what has come, and approved.
    check(make_standing(made={"daily": frozenset({SLOT})}), [f"edition:{SLOT}"], draft_min=60)


def waiting_draft(**fields: Any) -> Standing:
    draft = make_record(**({"state": EditionState.DRAFT, "published_at": None} | fields))
    return make_standing(taken={"daily": frozenset({SLOT})}, drafts=[draft])


def test_what_nobody_has_looked_at_goes_out_at_its_deadline() -> None:
    by_hand: dict[str, Any] = {"auto_approve": False, "deadline_min": 30}
    late = MORNING + timedelta(minutes=31)
    check(waiting_draft(), [], now=MORNING + timedelta(minutes=29), **by_hand)
    check(waiting_draft(), [f"approve:{SLOT}"], now=late, **by_hand)
    # Without a deadline it waits for ever.
    check(waiting_draft(), [], now=late, auto_approve=False)
    # Made before its hour: it has not taken what its hour brings.
    check(waiting_draft(created_at=MORNING - timedelta(hours=1)), [], now=late, **by_hand)
    # Too short: a person must decide.
    check(waiting_draft(reason="short: 1 story"), [], now=late, **by_hand)
    # Yesterday's is worthless today.
    check(waiting_draft(), [], now=MORNING + timedelta(hours=4), **by_hand)


def test_what_is_approved_before_its_hour_goes_out_at_its_hour() -> None:
    taken = {"daily": frozenset({SLOT, "daily@2026-05-17T0700"})}
    record = make_record(published_at=None, printed_as="")
    standing = make_standing(taken=taken, moving=[record])
    check(standing, [], now=MORNING - timedelta(minutes=10))
    check(standing, ["publish", f"deliver:{SLOT}"])


def test_waiting_items_are_looked_through_for_breaking_news_when_something_came() -> None:
    came = SourceRecord(id="wire", new_at=MORNING, next_at=MORNING + timedelta(hours=1))
    by_hand: dict[str, Any] = {"days": (), "breaking_sources": 3}
    check(make_standing(sources={"wire": came}), ["breaking:daily"], **by_hand)
    looked = make_standing(sources={"wire": came}, looked={"daily": MORNING})
    check(looked, [], **by_hand)
    earlier = make_standing(sources={"wire": came}, looked={"daily": MORNING - timedelta(hours=1)})
    check(earlier, ["breaking:daily"], **by_hand)
    check(make_standing(), [], **by_hand)
    check(make_standing(sources={"wire": came}), [], days=())


def test_what_people_wait_for_is_due_at_once_and_what_is_too_old_once_a_day() -> None:
    taken = {"daily": frozenset({SLOT})}
    quiet = make_standing(taken=taken, tended_at=MORNING)
    settings = Settings(newsletters=(make_newsletter(),))

    def keys(standing: Standing, now: datetime = MORNING, told: Settings = settings) -> set[str]:
        found = due(now, standing, settings=told, sources=[])
        return {job.key for job in found} & {
            "signups",
            "letters",
            "resume",
            "tend",
            "returns",
            "clean",
        }

    assert keys(quiet) == set()
    assert keys(replace(quiet, signups=True, letters=True, resuming=True)) == {
        "signups", "letters", "resume",
    }  # fmt: skip
    assert keys(quiet, MORNING + timedelta(hours=23)) == set()
    assert keys(quiet, MORNING + timedelta(hours=25)) == {"tend"}
    assert keys(replace(quiet, tended_at=None)) == {"tend"}
    erased = replace(quiet, unclean=MORNING)
    assert keys(erased, MORNING + timedelta(minutes=59)) == set()
    assert keys(erased, MORNING + timedelta(minutes=60)) == {"clean"}


def test_the_mailbox_of_bounces_is_looked_into_as_often_as_it_says() -> None:
    taken = {"daily": frozenset({SLOT})}
    standing = make_standing(taken=taken, tended_at=MORNING)
    told = Settings(
        newsletters=(make_newsletter(),), returns=Returns(path=Path("bounces"), every_min=10)
    )

    def is_due(at: datetime | None) -> bool:
        found = due(MORNING, replace(standing, returns_at=at), settings=told, sources=[])
        return "returns" in {job.verb for job in found}

    assert is_due(None)
    assert is_due(MORNING - timedelta(minutes=10))
    assert not is_due(MORNING - timedelta(minutes=9))


# ------------------------------------------------- ahead of its hour, paused, late, shut


def test_what_is_made_ahead_is_due_so_long_before_its_hour_and_once() -> None:
    quiet = frozenset({"daily@2026-05-17T0700"})
    early = MORNING - timedelta(hours=10)
    before = early - timedelta(seconds=1)
    check(make_standing(taken={"daily": quiet}), [], now=before, ahead_h=10)
    check(make_standing(taken={"daily": quiet}), [f"edition:{SLOT}"], now=early, ahead_h=10)
    made = {"daily": quiet | {SLOT}}
    for hours in (0, 5, 10, 11):
        check(make_standing(taken=made), [], now=early + timedelta(hours=hours), ahead_h=10)


def test_a_machine_that_was_down_makes_ahead_what_is_still_to_come() -> None:
    at = MORNING - timedelta(hours=1)
    for taken in ([], ["daily@2026-05-17T0700"]):
        standing = make_standing(taken={"daily": frozenset(taken)})
        check(standing, [f"edition:{SLOT}"], now=at, ahead_h=10)
    settings = Settings(newsletters=(make_newsletter(ahead_h=10, catch_up_h=0),))
    for hours, late in ((-9.0, False), (0.1, False), (1.0, True)):
        now = MORNING + timedelta(hours=hours)
        jobs = due(now, make_standing(), settings=settings, sources=[])
        assert [job.args["late"] for job in jobs if job.verb == "edition"] == [late], hours


def test_with_more_than_a_day_ahead_two_may_be_open_and_the_first_comes_first() -> None:
    # Monday's is made on Sunday at five in Athens, when Sunday's hour is still to come.
    now = MORNING - timedelta(hours=25)
    sunday = "daily@2026-05-17T0700"
    check(make_standing(), [f"edition:{sunday}"], now=now, ahead_h=26)
    made = make_standing(taken={"daily": frozenset({sunday})})
    check(made, [f"edition:{SLOT}"], now=now, ahead_h=26)


def test_a_draft_is_made_before_what_is_made_ahead() -> None:
    quiet = {"taken": {"daily": frozenset({"daily@2026-05-17T0700"})}}
    draft = [f"draft:{SLOT}"]
    for minutes, expected in ((61, []), (60, draft), (1, draft), (0, [f"edition:{SLOT}"])):
        now = MORNING - timedelta(hours=10, minutes=minutes)
        check(make_standing(**quiet), expected, now=now, ahead_h=10, draft_min=60)


def test_the_desk_has_its_report_before_the_edition_is_made() -> None:
    settings = Settings(newsletters=(make_newsletter(ahead_h=10),))

    def reports(hours: float) -> list[str]:
        jobs = due(MORNING - timedelta(hours=hours), make_standing(), settings=settings, sources=[])
        return [job.key for job in jobs if job.verb == "report"]

    assert reports(11.1) == []
    assert reports(10.9) == [f"report:{SLOT}"]
    # From then on the next one's is what can still be helped.
    assert reports(9) == []


def test_what_was_made_ahead_waits_for_a_person_until_its_deadline_after_the_hour() -> None:
    made_at = MORNING - timedelta(hours=10)
    fields: dict[str, Any] = {"auto_approve": False, "deadline_min": 30, "ahead_h": 10}
    late = MORNING + timedelta(minutes=31)
    check(waiting_draft(created_at=made_at), [], now=MORNING, **fields)
    check(waiting_draft(created_at=made_at), [f"approve:{SLOT}"], now=late, **fields)
    # Made by hand the day before it is nobody's last word.
    early = waiting_draft(created_at=made_at - timedelta(minutes=1))
    check(early, [], now=late, **fields)


def moving(state: EditionState = EditionState.APPROVED, **fields: Any) -> Standing:
    taken = {"daily": frozenset({"daily@2026-05-17T0700", SLOT})}
    return make_standing(taken=taken, moving=[make_record(state=state, **fields)])


def test_an_edition_made_ahead_is_shown_and_sent_from_then_on() -> None:
    fresh = moving(published_at=None, printed_as="")
    opens = MORNING - timedelta(hours=10)
    check(fresh, [], now=opens - timedelta(seconds=1), ahead_h=10)
    check(fresh, ["publish", f"deliver:{SLOT}"], now=opens, ahead_h=10)
    check(fresh, [], now=opens)


def test_of_breaking_news_nothing_is_ahead() -> None:
    at = MORNING + timedelta(hours=5, minutes=13)
    clock: dict[str, Any] = {"id": "daily@2026-05-18T1213", "clock": "1213", "slot_at": at}
    waits = moving(**clock, published_at=None, printed_as="")
    check(waits, [], now=at - timedelta(minutes=1), ahead_h=10)
    check(waits, ["publish", "deliver:daily@2026-05-18T1213"], now=at, ahead_h=10)


def test_a_paused_edition_is_not_sent() -> None:
    check(moving(paused="the relay"), [])
    check(moving(EditionState.SENDING, paused="the relay"), [])
    # Nor shown, if nobody has seen it yet; what readers have seen stays as it should be.
    check(moving(paused="by hand", published_at=None, printed_as=""), [])
    check(moving(EditionState.SENDING, paused="the relay", printed_as=""), ["publish"])


def test_what_is_overdue_is_neither_shown_nor_sent_but_held() -> None:
    fresh: dict[str, Any] = {"published_at": None, "printed_as": ""}
    late = MORNING + timedelta(hours=3, minutes=1)
    check(moving(**fresh), [f"hold:{SLOT}"], now=late)
    # Lest it is shown with the others.
    check(replace(moving(**fresh), outdated=True), [f"hold:{SLOT}"], now=late)
    # Approved at noon by a person, it goes at noon.
    check(moving(**fresh, approved_at=late), ["publish", f"deliver:{SLOT}"], now=late)
    # Once it has begun it goes on.
    check(moving(EditionState.SENDING), [f"deliver:{SLOT}"], now=late)


def test_nothing_is_sent_while_the_window_is_shut_but_the_audience_is_frozen() -> None:
    window = Pace(window="06:00-22:00", timezone="Europe/Athens")
    settings = Settings(newsletters=(make_newsletter(),), pace=window)

    def keys(standing: Standing, hours: float) -> list[str]:
        jobs = due(MORNING + timedelta(hours=hours), standing, settings=settings, sources=[])
        return [job.key for job in jobs if job.verb in ("freeze", "deliver", "publish")]

    assert keys(moving(approved_at=MORNING + timedelta(hours=14)), 15.5) == [f"freeze:{SLOT}"]
    retried = replace(moving(EditionState.SENDING), retries={SLOT: MORNING})
    assert keys(retried, 14.9) == [f"deliver:{SLOT}"]
    assert keys(retried, 15) == keys(retried, 22.9) == []
    assert keys(retried, 23) == [f"deliver:{SLOT}"]
