"""Sending on a bad day: a restored backup, a deadline, a pause, a relay's hour that is not yet."""

import asyncio
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from digest import deliver, pausing
from digest.app import App
from digest.errors import Conflict, RelayDown
from digest.model import Counts, DeliveryState
from digest.store import Entry, Ledger, answers, editions, forget_ledgers, journal
from fakes import FakeRelay, hold, say
from newsroom import Clock, open_newsroom
from test_deliver import ID, approved, arrived

DATABASE = "data/digest.db"


def copied(folder: Path, to: Path) -> None:
    """A backup as `sqlite3 digest.db .backup` makes it."""
    with sqlite3.connect(folder / DATABASE) as live, sqlite3.connect(to) as copy:
        live.backup(copy)


def restored(folder: Path, backup: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        (folder / (DATABASE + suffix)).unlink(missing_ok=True)
    shutil.copy(backup, folder / DATABASE)


async def record_of(app: App) -> editions.Record:
    async with app.db.read() as conn:
        return await editions.get(conn, ID)


async def test_whoever_was_written_to_after_the_backup_is_in_doubt_not_mailed_again(
    tmp_path: Path,
) -> None:
    gate, backup = asyncio.Event(), tmp_path / "backup.db"
    mail = "window = 4\nconnections = 1\npipelining = false"
    async with FakeRelay() as relay:
        async with approved(tmp_path, relay, people=30, mail=mail) as app:
            relay.on("dot", hold(gate), to="reader6@example.com")
            sending = asyncio.create_task(deliver.deliver(app, ID))
            await relay.reached("dot", 6)
            copied(tmp_path, backup)
            gate.set()
            assert await sending == Counts(planned=30, sent=30)
        restored(tmp_path, backup)
        async with open_newsroom(tmp_path, now=Clock()) as app:
            counts = await deliver.deliver(app, ID)
            assert counts.planned == 30
            assert counts.sent + counts.doubtful == 30
            assert counts.doubtful >= 18
            listed = await deliver.listing(app, ID)
            assert any("backup" in words for _, words in listed)
    assert set(arrived(relay).values()) == {1}


async def test_an_edition_that_the_backup_takes_for_unsent_waits_for_a_person(
    tmp_path: Path,
) -> None:
    backup = tmp_path / "backup.db"
    async with FakeRelay() as relay:
        async with approved(tmp_path, relay, people=5) as app:
            copied(tmp_path, backup)
            assert (await deliver.deliver(app, ID)).sent == 5
        restored(tmp_path, backup)
        async with open_newsroom(tmp_path, now=Clock()) as app:
            with pytest.raises(Conflict, match="backup"):
                await deliver.deliver(app, ID)
            assert "backup" in (await record_of(app)).paused
            with pytest.raises(Conflict, match="is paused"):
                await deliver.deliver(app, ID)
    assert set(arrived(relay).values()) == {1}


async def test_who_was_to_be_tried_again_before_the_backup_is_not_guessed_at(
    tmp_path: Path,
) -> None:
    clock, backup = Clock(), tmp_path / "backup.db"
    async with FakeRelay() as relay:
        async with approved(tmp_path, relay, people=3, clock=clock) as app:
            relay.on("RCPT", say("451 4.7.1 later"), to="reader2@example.com", times=1)
            await deliver.deliver(app, ID)
            copied(tmp_path, backup)
            clock.at += timedelta(minutes=5)
            assert (await deliver.deliver(app, ID)).sent == 3
        restored(tmp_path, backup)
        async with open_newsroom(tmp_path, now=clock) as app:
            assert await deliver.deliver(app, ID) == Counts(planned=3, sent=2, doubtful=1)
    assert set(arrived(relay).values()) == {1}


async def test_what_nobody_took_in_time_is_not_sent_any_more(tmp_path: Path) -> None:
    clock = Clock()
    async with FakeRelay() as relay, approved(tmp_path, relay, people=3, clock=clock) as app:
        relay.on("RCPT", say("451 4.7.1 later"), to="reader2@example.com", times=1)
        await deliver.deliver(app, ID)
        expires_at = (await record_of(app)).expires_at
        assert expires_at is not None
        clock.at = expires_at + timedelta(minutes=1)
        assert await deliver.deliver(app, ID) == Counts(planned=3, sent=2, failed=1)
        ((_, words),) = await deliver.listing(app, ID)
        assert "its time was over" in words
        # By hand is by hand: whoever asks for it gets a new deadline.
        assert await deliver.resend(app, ID, [DeliveryState.FAILED]) == 1
        assert (await deliver.deliver(app, ID)).sent == 3


async def test_a_try_that_would_come_too_late_is_not_waited_for(tmp_path: Path) -> None:
    clock = Clock()
    async with FakeRelay() as relay, approved(tmp_path, relay, people=2, clock=clock) as app:
        relay.on("RCPT", say("451 4.7.1 later"), to="reader2@example.com")
        await deliver.freeze(app, ID)
        expires_at = (await record_of(app)).expires_at
        assert expires_at is not None
        clock.at = expires_at - timedelta(seconds=20)
        assert await deliver.deliver(app, ID, by_hand=True) == Counts(planned=2, sent=1, failed=1)
        ((_, words),) = await deliver.listing(app, ID)
        assert "no time left" in words


async def test_a_paused_edition_stops_in_its_middle_and_goes_on_when_resumed(
    tmp_path: Path,
) -> None:
    gate = asyncio.Event()
    mail = "window = 2\nconnections = 1"
    async with FakeRelay() as relay, approved(tmp_path, relay, people=6, mail=mail) as app:
        relay.on("dot", hold(gate), to="reader3@example.com")
        sending = asyncio.create_task(deliver.deliver(app, ID))
        await relay.reached("dot", 3)
        await pausing.pause(app, ID, "the editor wants a look")
        await asyncio.sleep(1.0)
        gate.set()
        with pytest.raises(Conflict, match="stopped"):
            await sending
        assert (await deliver.stands(app, ID)).sent == 3
        await pausing.resume(app, ID)
        assert await deliver.deliver(app, ID) == Counts(planned=6, sent=6)
    assert set(arrived(relay).values()) == {1}


async def test_every_answer_of_a_relay_is_kept_also_when_a_later_one_replaces_it(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with FakeRelay() as relay, approved(tmp_path, relay, people=2, clock=clock) as app:
        relay.on("RCPT", say("451 4.7.1 come back"), to="reader2@example.com", times=2)
        for _ in range(3):
            await deliver.deliver(app, ID)
            clock.at += timedelta(minutes=10)
        async with app.db.read() as conn:
            rows = await journal.listing(conn, ID)
            (second,) = (row for row in rows if row.attempts == 3)
            told, _ = await answers.of_delivery(conn, ID, second.subscriber_id)
        assert second.state is DeliveryState.SENT
        assert [(one.attempt, one.code, one.enhanced) for one in told] == [
            (1, 451, "4.7.1"),
            (2, 451, "4.7.1"),
            (3, 250, told[2].enhanced),
        ]
        assert all(one.relay and one.text for one in told)


async def test_an_edition_of_which_nobody_was_taken_waits_for_a_person(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=3) as app:
        relay.on("RCPT", say("554 5.7.1 relay access denied"))
        assert await deliver.deliver(app, ID) == Counts(planned=3, pending=3)
        assert "relay access denied" in (await record_of(app)).paused


async def test_one_who_is_refused_for_policy_long_after_the_others_stops_nobody(
    tmp_path: Path,
) -> None:
    clock = Clock()
    mail = "retry_s = 600.0"
    async with (
        FakeRelay() as relay,
        approved(tmp_path, relay, people=3, clock=clock, mail=mail) as app,
    ):
        relay.on("RCPT", say("451 4.3.0 later"), to="reader2@example.com", times=1)
        assert (await deliver.deliver(app, ID)).sent == 2
        clock.at += timedelta(hours=3)
        # So long after its last yes nobody knows whom it means.
        relay.on("RCPT", say("554 5.7.1 policy"), to="reader2@example.com")
        assert (await deliver.deliver(app, ID)).pending == 1
        assert (await record_of(app)).paused == ""


async def test_outside_its_hours_nothing_leaves(tmp_path: Path) -> None:
    clock = Clock()
    async with FakeRelay() as relay, approved(tmp_path, relay, people=2, clock=clock) as app:
        late = clock.at.replace(hour=23)
        clock.at = late
        config = tmp_path / "config.toml"
        config.write_text(config.read_text() + '\n[pace]\nwindow = "06:00-22:00"\n')
        async with open_newsroom(tmp_path, now=clock) as other:
            assert await deliver.deliver(other, ID, by_hand=True) == Counts(planned=2, pending=2)
            clock.at = late + timedelta(hours=8)
            assert await deliver.deliver(other, ID, by_hand=True) == Counts(planned=2, sent=2)
        assert app is not other


async def test_whoever_is_due_in_a_moment_is_waited_for_if_that_is_wanted(tmp_path: Path) -> None:
    mail = "retry_s = 0.1"
    clock = Clock()
    async with (
        FakeRelay() as relay,
        approved(tmp_path, relay, people=3, clock=clock, mail=mail) as app,
    ):
        relay.on("RCPT", say("451 4.7.1 later"), to="reader2@example.com", times=1)

        async def time_passes() -> None:
            while True:
                await asyncio.sleep(0.05)
                clock.at += timedelta(seconds=0.1)

        passing = asyncio.create_task(time_passes())
        counts = await deliver.deliver(app, ID, linger_s=5.0)
        passing.cancel()
    assert counts == Counts(planned=3, sent=3)


def test_the_ledger_knows_how_far_each_chunk_was_begun_and_never_goes_back(
    tmp_path: Path,
) -> None:
    ledger = Ledger(tmp_path, "daily@x")
    ledger.opened(3, 1, 200)
    ledger.opened(3, 2, 400)
    # A window that is shut again has been open all the same.
    ledger.opened(3, 3, 150)
    ledger.opened(1, 1, 7)
    ledger.close()
    again = Ledger(tmp_path, "daily@x")
    assert again.chunks() == {1: Entry(1, 7), 3: Entry(3, 400)}
    assert (again.entry(3), again.entry(2), again.entry(99)) == (Entry(3, 400), Entry(), Entry())
    again.close()


async def test_who_was_written_to_before_a_pause_is_not_forgotten_by_the_ledger(
    tmp_path: Path,
) -> None:
    gate, backup = asyncio.Event(), tmp_path / "backup.db"
    mail = "window = 10\nconnections = 2"
    async with FakeRelay() as relay:
        async with approved(tmp_path, relay, people=40, mail=mail) as app:
            await deliver.freeze(app, ID)
            copied(tmp_path, backup)
            # Whoever stands first is answered last.
            relay.on("dot", hold(gate), to="reader1@example.com")
            sending = asyncio.create_task(deliver.deliver(app, ID))
            await relay.reached("dot", 12)
            await pausing.pause(app, ID, "a look at it")
            await asyncio.sleep(0.7)
            gate.set()
            with pytest.raises(Conflict, match="stopped"):
                await sending
        restored(tmp_path, backup)
        async with open_newsroom(tmp_path, now=Clock()) as app:
            counts = await deliver.deliver(app, ID)
            assert counts.doubtful >= 12
            assert counts.sent + counts.doubtful == 40
    assert set(arrived(relay).values()) == {1}


async def test_whoever_looks_while_another_sends_sees_no_backup(tmp_path: Path) -> None:
    mail = "window = 2\nconnections = 2"
    clock = Clock()
    async with (
        FakeRelay() as relay,
        approved(tmp_path, relay, people=60, mail=mail, clock=clock) as app,
        open_newsroom(tmp_path, now=clock) as other,
    ):
        for number in (3, 4, 5):
            relay.on("RCPT", say("451 4.2.1 later"), to=f"reader{number}@example.com")
        sending = asyncio.create_task(deliver.deliver(app, ID))
        while not sending.done():
            await deliver.deliver(other, ID)
        await sending
        assert await deliver.deliver(app, ID) == Counts(planned=60, sent=57, pending=3)


async def test_whoever_was_queued_for_another_try_gets_nothing_when_the_time_is_over(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with FakeRelay() as relay, approved(tmp_path, relay, people=4, clock=clock) as app:
        for number in (2, 3):
            relay.on("RCPT", say("451 4.7.1 later"), to=f"reader{number}@example.com", times=1)
        assert (await deliver.deliver(app, ID)).pending == 2
        clock.at += timedelta(minutes=3)
        relay.on("MAIL", say("550 5.7.1 not you"), times=2)
        with pytest.raises(RelayDown):
            await deliver.deliver(app, ID)
        expires_at = (await record_of(app)).expires_at
        assert expires_at is not None
        clock.at = expires_at + timedelta(days=2)
        assert await deliver.deliver(app, ID) == Counts(planned=4, sent=2, failed=2)
    assert set(arrived(relay)) == {"reader1@example.com", "reader4@example.com"}


def test_old_ledgers_go(tmp_path: Path) -> None:
    Ledger(tmp_path, "daily@x").close()
    assert forget_ledgers(tmp_path, before=0.0) == 0
    assert forget_ledgers(tmp_path, before=10e12) == 1
    assert list(tmp_path.iterdir()) == []
