"""How far a sending is: counted to the person, and watched without slowing it down."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from digest import tracking
from digest.app import App
from digest.errors import NotFound
from digest.meter import Meter
from digest.model import Counts, DeliveryState, EditionEvent, Outcome, Progress, Tally
from digest.slots import slot_of
from digest.store import editions, journal
from digest.store import progress as rows_of
from digest.tracking import Tracker
from make import MORNING
from newsroom import Clock, open_newsroom, write_config

ID = "daily@2026-05-18T0700"
S = DeliveryState


async def begin(app: App, planned: int) -> None:
    """An edition that is being sent; of so many people, whoever they are."""
    async with app.db.write() as conn:
        slot = slot_of(app.newsletter(), date(2026, 5, 18))
        await editions.create(app.db, conn, slot, now=MORNING)
        for event in (EditionEvent.APPROVE, EditionEvent.BEGIN):
            await editions.move(conn, ID, event)
        await journal.set_planned(conn, ID, planned)


async def record(app: App, ids: range, state: S, **fields: object) -> None:
    outcomes = [
        Outcome(subscriber_id=id, state=state, code=250, relay="first", at=app.now()) for id in ids
    ]
    async with app.db.write() as conn:
        await journal.record(app.db, conn, ID, outcomes)


async def tell(app: App, meter: Meter, worker: str = "here:1") -> None:
    async with app.db.write() as conn:
        await rows_of.note(app.db, conn, ID, worker, meter.told(app.now()), now=app.now())


def hear(app: App, meter: Meter, number: int, state: S = S.SENT, lane: str = "gmail") -> None:
    for _ in range(number):
        meter.heard("first", lane, state, app.now())


async def test_progress_tells_rate_and_time_left_from_what_senders_say(
    tmp_path: Path, store_url: str
) -> None:
    write_config(tmp_path, store_url=store_url)
    clock = Clock()
    async with open_newsroom(tmp_path, now=clock) as app:
        await begin(app, 1000)
        here, there, gone = (Meter(clock.at) for _ in range(3))
        clock.at += timedelta(seconds=10)
        hear(app, gone, 7, lane="outlook")
        await tell(app, gone, "gone:1")
        clock.at += timedelta(seconds=30)
        hear(app, here, 60)
        hear(app, there, 40, lane="outlook")
        hear(app, there, 3, S.DEFERRED, lane="outlook")
        for worker, meter in (("here:1", here), ("there:1", there)):
            await tell(app, meter, worker)
        await record(app, range(1, 101), S.SENT)
        async with app.db.write() as conn:
            # They chose an hour of the afternoon: nobody may write to them now.
            later = clock.at + timedelta(hours=9)
            await journal.add_chunk(conn, ID, range(101, 201), not_before=later)
        now = await tracking.progress(app, ID)
    assert now == Progress(
        edition_id=ID,
        at=clock.at,
        counts=Counts(planned=1000, sent=100, pending=900),
        per_s=2.5,
        left_s=320.0,
        relays={"first": Tally(accepted=107, deferred=3)},
        lanes={"gmail": Tally(accepted=60), "outlook": Tally(accepted=47, deferred=3)},
        workers=2,
    )
    assert list(now.lanes) == ["gmail", "outlook"]


async def test_a_sender_that_is_silent_for_long_is_gone(tmp_path: Path) -> None:
    write_config(tmp_path)
    clock = Clock()
    async with open_newsroom(tmp_path, now=clock) as app:
        await begin(app, 10)
        meter = Meter(clock.at)
        hear(app, meter, 5)
        await tell(app, meter)
        clock.at += timedelta(seconds=15)
        assert (await tracking.progress(app, ID)).workers == 1
        clock.at += timedelta(seconds=1)
        now = await tracking.progress(app, ID)
        assert (now.workers, now.per_s, now.left_s) == (0, 0.0, None)
        assert now.relays == {"first": Tally(accepted=5)}


async def test_a_large_edition_is_counted_seldom_and_told_all_the_same(tmp_path: Path) -> None:
    write_config(tmp_path)
    clock = Clock()
    async with open_newsroom(tmp_path, now=clock) as app:
        await begin(app, 1_000_000)
        meter = Meter(clock.at)
        tracker = Tracker(app, ID)
        await record(app, range(1, 11), S.SENT)
        hear(app, meter, 12)
        await tell(app, meter)
        # Two of the twelve are in a window that is not committed yet.
        assert (await tracker.look()).counts.sent == 10

        clock.at += timedelta(seconds=1)
        for state, number in ((S.SENT, 30), (S.FAILED, 2), (S.DOUBTFUL, 1), (S.SKIPPED, 4)):
            hear(app, meter, number, state)
        hear(app, meter, 50, S.DEFERRED)
        await tell(app, meter)
        counts = (await tracker.look()).counts
        assert counts == Counts(
            planned=1_000_000, sent=40, failed=2, doubtful=1, skipped=4, pending=999_953
        )
        assert counts.reconciles

        # Every ten seconds the journal has the word.
        clock.at += timedelta(seconds=9)
        await tell(app, meter)
        assert (await tracker.look()).counts == Counts(planned=1_000_000, sent=10, pending=999_990)


async def test_once_senders_are_silent_the_count_is_the_journals(tmp_path: Path) -> None:
    write_config(tmp_path)
    clock = Clock()
    async with open_newsroom(tmp_path, now=clock) as app:
        await begin(app, 1_000_000)
        meter = Meter(clock.at)
        tracker = Tracker(app, ID)
        await tell(app, meter)
        clock.at += timedelta(seconds=10)
        await tracker.look()
        await record(app, range(1, 6), S.SENT)
        clock.at += timedelta(seconds=6)
        # Its last words were of before these five: sixteen seconds ago.
        assert (await tracker.look()).counts.sent == 5
        # Nobody sends: what people do by hand is seen a little later.
        await record(app, range(6, 7), S.SENT)
        clock.at += timedelta(seconds=1)
        assert (await tracker.look()).counts.sent == 5
        clock.at += timedelta(seconds=9)
        assert (await tracker.look()).counts.sent == 6


async def test_a_small_edition_is_counted_at_each_look(tmp_path: Path) -> None:
    write_config(tmp_path)
    clock = Clock()
    async with open_newsroom(tmp_path, now=clock) as app:
        await begin(app, 500)
        tracker = Tracker(app, ID)
        for sent in range(3):
            await record(app, range(sent, sent + 1), S.SENT)
            clock.at += timedelta(seconds=1)
            assert (await tracker.look()).counts.sent == sent + 1


async def test_a_meter_that_began_anew_spoils_no_count(tmp_path: Path) -> None:
    write_config(tmp_path)
    clock = Clock()
    async with open_newsroom(tmp_path, now=clock) as app:
        await begin(app, 1_000_000)
        tracker = Tracker(app, ID)
        meter = Meter(clock.at)
        hear(app, meter, 100)
        await tell(app, meter)
        await record(app, range(1, 101), S.SENT)
        assert (await tracker.look()).counts.sent == 100
        clock.at += timedelta(seconds=1)
        meter = Meter(clock.at)
        hear(app, meter, 3)
        await tell(app, meter)
        assert (await tracker.look()).counts.sent == 100


async def test_watching_ends_with_the_edition_and_tells_how(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await begin(app, 3)
        seen = []
        async for now in tracking.watch(app, ID, every_s=0.0):
            seen.append(now.counts.sent)
            await record(app, range(len(seen), len(seen) + 1), S.SENT)
            if len(seen) == 3:
                async with app.db.write() as conn:
                    await editions.move(conn, ID, EditionEvent.FINISH, finished_at=MORNING)
        assert seen == [0, 1, 2, 3]
        assert [now.counts.planned async for now in tracking.watch(app, ID)] == [3]
        with pytest.raises(NotFound):
            await anext(tracking.watch(app, "daily@2020-01-01T0700"))


async def test_watching_ends_when_the_process_is_asked_to_stop(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await begin(app, 3)
        looks = 0
        async for _ in tracking.watch(app, ID, every_s=3600):
            looks += 1
            app.stopping.set()
        assert looks == 1


async def test_what_is_paused_is_under_way_and_says_why(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        assert await tracking.under_way(app) == []
        await begin(app, 3)
        async with app.db.write() as conn:
            await editions.set_paused(conn, ID, "a storm at first")
        ((found, now),) = await tracking.under_way(app)
        assert (found.id, now.paused) == (ID, "a storm at first")


async def test_recipients_are_named_by_state_and_by_relay(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path, people=3) as app:
        await begin(app, 4)
        await record(app, range(1, 3), S.SENT)
        await record(app, range(4, 5), S.FAILED)
        found = await tracking.recipients(app, ID)
        assert [one.name for one in found] == [
            "reader1@example.com",
            "reader2@example.com",
            "subscriber 4, erased",
        ]
        assert len(await tracking.recipients(app, ID, relay="first", limit=1)) == 1
        assert await tracking.recipients(app, ID, relay="first", states=[S.DOUBTFUL]) == []
        with pytest.raises(NotFound, match=r"no relay 'third'.*that did: first"):
            await tracking.recipients(app, ID, relay="third")
        assert [one.state for one in await tracking.answers_to(app, ID, "Reader1@example.com")] == [
            S.SENT
        ]
        assert await tracking.answers_to(app, ID, "reader3@example.com") == []
        for stranger in ("nobody@example.com", "no address"):
            with pytest.raises(NotFound):
                await tracking.answers_to(app, ID, stranger)
