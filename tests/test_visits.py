"""What one visit means for the next."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import visits
from digest.errors import Fault, FetchError, ParseError
from digest.model import FeedManners
from digest.settings import Source
from digest.sources import Fetched, Validators
from digest.store.sources import SourceRecord
from make import MORNING

WIRE = Source(id="wire", kind="feed", url="https://feeds.wire.example/all.xml", every_min=30)
KNOWN = SourceRecord(id="wire", configured=WIRE.url, first_at=MORNING, succeeded_at=MORNING)


def after(
    fetched: Fetched,
    record: SourceRecord = KNOWN,
    *,
    now: datetime = MORNING,
    chance: float = 0.0,
) -> SourceRecord:
    return visits.succeeded(WIRE, record, fetched, now=now, chance=chance)


def rest_min(record: SourceRecord, *, now: datetime = MORNING) -> float:
    assert record.next_at is not None
    return (record.next_at - now).total_seconds() / 60


@pytest.mark.parametrize(
    ("fetched", "minutes"),
    [
        (Fetched(), 30),
        (Fetched(fresh_s=60), 30),
        (Fetched(fresh_s=2 * 3600), 120),
        (Fetched(fresh_s=2 * 3600, not_modified=True), 120),
        (Fetched(fresh_s=365 * 86400), 720),
        (Fetched(manners=FeedManners(ttl_min=90)), 90),
        (Fetched(manners=FeedManners(ttl_min=90), fresh_s=3 * 3600), 180),
        (Fetched(manners=FeedManners(ttl_min=10_000_000)), 720),
    ],
)
def test_what_the_server_calls_fresh_is_not_asked_for_again(
    fetched: Fetched, minutes: float
) -> None:
    assert rest_min(after(fetched)) == minutes


def test_sources_that_were_added_together_drift_apart() -> None:
    assert rest_min(after(Fetched(), chance=1.0)) == 33


def test_skipped_hours_and_days_are_skipped() -> None:
    # MORNING is a Monday, 04:00 UTC.
    night = FeedManners(skip_hours=frozenset({4, 5, 6}))
    assert after(Fetched(manners=night)).next_at == MORNING.replace(hour=7)
    weekend = FeedManners(skip_days=frozenset({0, 1}))
    assert after(Fetched(manners=weekend)).next_at == MORNING.replace(day=20, hour=0)
    never = FeedManners(skip_hours=frozenset(range(24)))
    assert rest_min(after(Fetched(manners=never))) == 30


def test_while_a_hub_tells_polling_is_only_the_safety_net() -> None:
    manners = FeedManners(hub="https://hub.example/", topic="https://wire.example/feed")
    told = replace(KNOWN, hub=manners.hub, topic=manners.topic)
    promised = replace(told, hub_until=MORNING + timedelta(days=3))
    assert rest_min(after(Fetched(manners=manners), promised)) == 240
    lapsed = replace(told, hub_until=MORNING - timedelta(days=3))
    assert rest_min(after(Fetched(manners=manners), lapsed)) == 30
    # "Not modified" says nothing about the hub.
    assert after(Fetched(not_modified=True), promised).hub == manners.hub


def test_another_hub_is_another_agreement() -> None:
    told = replace(
        KNOWN, hub="https://old.example/", hub_secret="s", hub_until=MORNING + timedelta(days=3)
    )
    changed = after(Fetched(manners=FeedManners(hub="https://new.example/", topic="t")), told)
    assert (changed.hub_secret, changed.hub_until) == (None, None)


def test_failures_wait_longer_each_time_and_never_stop() -> None:
    record, waits = KNOWN, []
    for _ in range(40):
        record = visits.failed(
            WIRE, record, FetchError("wire", "no answer"), now=MORNING, chance=0.5
        )
        waits.append(rest_min(record))
    assert record.failures == 40
    assert record.failing_since == MORNING
    assert waits[0] < 60
    assert all(a < b for a, b in pairwise(waits[:6]))
    assert max(waits) <= 36 * 60
    well = after(Fetched(), record)
    assert (well.failures, well.fault, well.word, well.failing_since) == (0, None, None, None)


def test_what_failed_together_does_not_come_back_together() -> None:
    elsewhere = WIRE.model_copy(update={"url": "https://other.example/feed"})
    error = FetchError("wire", "no answer")

    def wait(source: Source, chance: float) -> float:
        return rest_min(visits.failed(source, KNOWN, error, now=MORNING, chance=chance))

    assert wait(WIRE, 0.2) != wait(WIRE, 0.8)
    assert wait(WIRE, 0.2) != wait(elsewhere, 0.2)


def test_a_registrable_domain_is_what_backs_off() -> None:
    error = FetchError("wire", "no answer")

    def wait(url: str) -> float:
        source = WIRE.model_copy(update={"url": url})
        return rest_min(visits.failed(source, KNOWN, error, now=MORNING, chance=0.0))

    assert wait("https://a.wire.example/x") == wait("https://b.wire.example/y")
    assert wait("https://a.press.co.uk/x") != wait("https://b.paper.co.uk/x")


def test_asked_to_wait_is_waited_for() -> None:
    error = FetchError("wire", "429", status=429, fault=Fault.BUSY, wait_s=4 * 3600)
    assert rest_min(visits.failed(WIRE, KNOWN, error, now=MORNING, chance=0.0)) == 240


def test_a_move_is_believed_when_it_is_stable() -> None:
    there = "https://new.wire.example/all.xml"
    moved = Fetched(moved_to=there, validators=Validators(etag='"1"'))
    record, now = KNOWN, MORNING
    for _ in range(6):
        record = after(moved, record, now=now)
        assert record.address is None, "a hotel's log-in page redirects for an evening"
        now += timedelta(hours=3)
    now += timedelta(hours=12)
    record = after(moved, record, now=now)
    assert record.address == there
    assert record.etag is None, "validators belong to the old address"


def test_a_redirect_that_ends_elsewhere_each_time_is_no_move() -> None:
    record, now = KNOWN, MORNING
    for n in range(10):
        moved = Fetched(moved_to=f"https://wire.example/{n % 2}")
        record = after(moved, record, now=now)
        now += timedelta(hours=8)
    assert record.address is None


def test_while_a_move_fails_both_addresses_are_asked_in_turns() -> None:
    moved = replace(KNOWN, address="https://new.wire.example/", etag='"1"')
    error = FetchError("wire", "not there", fault=Fault.NOT_FOUND, temporary=False)
    assert visits.to_ask(moved) == moved.address
    once = visits.failed(WIRE, moved, error, now=MORNING, chance=0.0)
    assert (visits.to_ask(once), once.address) == (None, moved.address)
    twice = visits.failed(WIRE, once, error, now=MORNING, chance=0.0)
    assert visits.to_ask(twice) == moved.address
    well = after(Fetched(), twice)
    assert (well.address, visits.to_ask(well)) == (moved.address, moved.address)
    back = after(Fetched(), replace(once, address=None))
    assert back.address is None


def test_gone_where_it_moved_to_is_not_gone() -> None:
    moved = replace(KNOWN, address="https://new.wire.example/")
    error = FetchError("wire", "410 Gone", status=410, fault=Fault.GONE, temporary=False)
    once = visits.failed(WIRE, moved, error, now=MORNING, chance=0.0)
    assert once.gone_at is None
    assert visits.failed(WIRE, once, error, now=MORNING, chance=0.0).gone_at == MORNING


def test_gone_is_retired_and_looked_at_once_a_week() -> None:
    error = FetchError("wire", "410 Gone", status=410, fault=Fault.GONE, temporary=False)
    gone = visits.failed(WIRE, KNOWN, error, now=MORNING, chance=0.0)
    assert gone.gone_at == MORNING
    assert rest_min(gone) == 7 * 24 * 60
    assert not visits.may_ask(gone, MORNING + timedelta(days=1))
    assert after(Fetched(), gone).gone_at is None


def test_another_address_in_the_settings_forgets_what_belonged_to_the_old() -> None:
    record = replace(
        KNOWN, etag='"1"', fingerprint="f", address="https://moved.example/", failures=7
    )
    assert visits.reset(WIRE, record) == record
    elsewhere = WIRE.model_copy(update={"url": "https://wire.example/other.xml"})
    fresh = visits.reset(elsewhere, record)
    assert (fresh.etag, fresh.fingerprint, fresh.address, fresh.failures) == (None, None, None, 0)
    assert fresh.first_at is None, "what it lists was never seen: the backlog is bounded"


def test_a_record_of_an_older_digest_keeps_its_validators() -> None:
    old = replace(KNOWN, configured=None, etag='"1"')
    assert visits.reset(WIRE, old).etag == '"1"'


def test_a_paused_source_is_never_due() -> None:
    paused = replace(KNOWN, paused_at=MORNING)
    assert not visits.is_due(paused, MORNING + timedelta(days=30))
    assert not visits.may_ask(paused, MORNING + timedelta(days=30))


def test_an_edition_may_ask_early_but_not_at_once_nor_one_that_fails() -> None:
    rested = replace(
        KNOWN, checked_at=MORNING - timedelta(minutes=10), next_at=MORNING + timedelta(minutes=20)
    )
    assert visits.may_ask(rested, MORNING)
    assert not visits.may_ask(replace(rested, checked_at=MORNING), MORNING)
    assert not visits.may_ask(replace(rested, failures=1), MORNING)
    assert visits.may_ask(None, MORNING)


def test_an_unreadable_feed_is_a_failure_like_any_other() -> None:
    error = ParseError("wire", "is no feed", fault=Fault.NOT_A_FEED)
    record = visits.failed(WIRE, KNOWN, error, now=MORNING, chance=0.0)
    assert (record.word, record.status) == ("not-a-feed", None)


@given(
    chance=st.floats(0, 1),
    failures=st.integers(0, 10**6),
    every_min=st.integers(1, 10_080),
    wait_s=st.none() | st.floats(0, 86_400),
)
def test_the_next_visit_is_always_later_and_never_never(
    chance: float, failures: int, every_min: int, wait_s: float | None
) -> None:
    source = WIRE.model_copy(update={"every_min": every_min})
    record = replace(KNOWN, failures=failures)
    error = FetchError("wire", "x", fault=Fault.BUSY, wait_s=wait_s)
    failed = visits.failed(source, record, error, now=MORNING, chance=chance)
    assert failed.next_at is not None
    assert timedelta(0) < failed.next_at - MORNING <= timedelta(days=2)
