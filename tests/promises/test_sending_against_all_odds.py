"""Relays that die, disks that fill up, clocks that jump: nobody lost, nobody twice.

What each of these may leave in doubt is said in docs/guarantees.md; here it is played, with a
relay that notes every message it takes.
"""

import asyncio
import random
import shutil
import signal
import socket
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from digest import deliver, pausing
from digest.app import utc_now
from digest.errors import Conflict, DigestError, MailError, StoreError
from digest.model import Counts
from forked import Forked
from newsroom import open_newsroom
from sendroom import (
    CONNECTIONS,
    DOUBTFUL,
    FAILED,
    SENT,
    TABLES,
    Room,
    by_way_of,
    cast,
    check_all_sent,
    check_books,
    lay_out,
    once,
)
from sink import Orders, Sink

PEOPLE = cast(random.Random("odds"), ok=300)
#: More than two chunks: several senders have something to do.
CROWD = cast(random.Random("crowd"), ok=2200)
#: Few enough who are asked to wait that it is no storm.
WAITING = cast(random.Random("waiting"), ok=280, busy2=8, wait2=8)
MAIL = f"connections = {CONNECTIONS}\nwindow = 40\ntimeout_s = 20\n"
#: It may work later, and says so in a sentence.
LATER = 75


def in_doubt(room: Room, orders: Orders) -> int:
    """What one break of all connections may leave in doubt."""
    return CONNECTIONS * (4 if orders.chunking else 1)


# ------------------------------------------------------------------------- relays


@pytest.mark.parametrize("chunking", [False, True], ids=["pipelining", "chunking"])
async def test_a_relay_that_dies_in_the_middle_and_comes_back(
    chunking: bool, tmp_path: Path
) -> None:
    orders = Orders(slow_ms=8, chunking=chunking)
    with Sink(tmp_path / "log", orders) as sink:
        room = await lay_out(tmp_path, PEOPLE, by_way_of(sink) + MAIL)
        with room.sending() as sending:
            sending.until(once(sink, more=50))
            sink.kill()
            done = sending.ended()
        assert done.returncode == LATER, done.stderr
        assert "Traceback" not in done.stderr
        # Nobody is there: nobody is blamed, and no try is counted.
        before = await room.found()
        assert room.send().returncode == LATER
        assert await room.found() == before
        assert not before.counts.failed
        sink.start()
        await room.finish()
        check_books(room, await room.found(), sink.copies(), doubts=in_doubt(room, orders))


async def test_a_relay_that_hangs_up_on_everybody_and_is_gone(tmp_path: Path) -> None:
    with Sink(tmp_path / "log", Orders(dead_after=70)) as sink:
        room = await lay_out(tmp_path, PEOPLE, by_way_of(sink) + MAIL)
        assert room.send().returncode == LATER
        assert (await room.found()).counts.sent >= 70 - CONNECTIONS
        sink.kill()
        sink.start(Orders())
        await room.finish()
        check_books(room, await room.found(), sink.copies(), doubts=CONNECTIONS)


async def test_of_two_relays_one_dies_and_the_other_goes_on(tmp_path: Path) -> None:
    with (
        Sink(tmp_path / "one", Orders(slow_ms=8)) as one,
        Sink(tmp_path / "two", Orders(slow_ms=8)) as two,
    ):
        ways = "".join(
            f'\n[[relays]]\nname = "{name}"\n{by_way_of(sink)}connections = 2\ntimeout_s = 20\n'
            for name, sink in (("one", one), ("two", two))
        )
        room = await lay_out(tmp_path, PEOPLE, "window = 40\n", tables=TABLES + ways)
        with room.sending() as sending:
            sending.until(once(one, more=30))
            one.kill()
            done = sending.ended()
        assert done.returncode == 0, done.stderr
        await room.finish()
        found, copies = await room.found(), one.copies() + two.copies()
        check_books(room, found, copies, doubts=2)
        assert one.count() >= 30
        assert two.count() >= len(PEOPLE) - one.count() - 2
        # Whoever answered is on record with the answer.
        assert {row.relay for row in found.rows.values() if row.state is SENT} == {"one", "two"}


async def test_a_network_that_swallows_everything_blames_nobody(tmp_path: Path) -> None:
    with Sink(tmp_path / "log", Orders(black_hole=True)) as sink:
        mail = MAIL.replace("timeout_s = 20", "timeout_s = 0.3")
        room = await lay_out(tmp_path, PEOPLE, by_way_of(sink) + mail)
        with room.sending() as sending:
            done = sending.ended(within_s=30)
        assert done.returncode == LATER, done.stderr
        found = await room.found()
        assert found.counts == Counts(planned=len(PEOPLE), pending=len(PEOPLE))
        sink.kill()
        sink.start(Orders())
        await room.finish()
        check_all_sent(room, await room.found(), sink.copies())


@pytest.mark.parametrize("chunking", [False, True], ids=["pipelining", "chunking"])
async def test_a_network_that_falls_silent_leaves_what_was_on_its_way_in_doubt(
    chunking: bool, tmp_path: Path
) -> None:
    orders = Orders(silent_after=70, chunking=chunking)
    with Sink(tmp_path / "log", orders) as sink:
        mail = MAIL.replace("timeout_s = 20", "timeout_s = 0.5")
        room = await lay_out(tmp_path, PEOPLE, by_way_of(sink) + mail)
        with room.sending() as sending:
            done = sending.ended(within_s=30)
        assert done.returncode == LATER, done.stderr
        sink.kill()
        sink.start(Orders(chunking=chunking))
        await room.finish()
        check_books(room, await room.found(), sink.copies(), doubts=in_doubt(room, orders))


async def test_a_relay_that_is_frozen_and_thaws_too_late_has_what_is_in_doubt(
    tmp_path: Path,
) -> None:
    with Sink(tmp_path / "log", Orders(slow_ms=5)) as sink:
        mail = MAIL.replace("timeout_s = 20", "timeout_s = 0.5")
        room = await lay_out(tmp_path, PEOPLE, by_way_of(sink) + mail)
        with room.sending() as sending:
            sending.until(once(sink, more=50))
            sink.freeze()
            done = sending.ended(within_s=30)
            sink.thaw()
        assert done.returncode == LATER, done.stderr
        await room.finish()
        check_books(room, await room.found(), sink.copies(), doubts=CONNECTIONS)


async def test_relay_access_denied_is_no_fault_of_those_written_to(tmp_path: Path) -> None:
    refusing = Orders(refuse_all="554 5.7.1 relay access denied")
    with Sink(tmp_path / "log", refusing) as sink:
        room = await lay_out(tmp_path, PEOPLE, by_way_of(sink) + MAIL)
        done = room.send()
        assert done.returncode in (0, LATER), done.stderr
        assert "relay access denied" in done.stderr
        found = await room.found()
        assert found.counts == Counts(planned=len(PEOPLE), pending=len(PEOPLE))
        await cured(room, sink)
        check_all_sent(room, await room.found(), sink.copies())


async def test_a_relay_that_was_trusted_and_denies_everybody_is_stopped_in_time(
    tmp_path: Path,
) -> None:
    with Sink(tmp_path / "log", Orders(dead_after=100)) as sink:
        room = await lay_out(tmp_path, PEOPLE, by_way_of(sink) + MAIL)
        room.send()
        sink.kill()
        sink.start(Orders(refuse_all="554 5.7.1 relay access denied"))
        done = room.send()
        assert "relay access denied" in done.stderr
        found = await room.found()
        # "storm_after" answers are needed to see that it is a storm.
        assert len(found.all(FAILED)) <= 50 + CONNECTIONS
        assert found.counts.pending >= 100
        await cured(room, sink)
        found = await room.found()
        assert len(found.all(SENT)) >= len(PEOPLE) - 50 - 2 * CONNECTIONS
        assert max(sink.copies().values()) == 1


async def cured(room: Room, sink: Sink) -> None:
    """The relay takes us again, and somebody says so if that was asked for."""
    sink.kill()
    sink.start(Orders())
    with Forked(room.folder, "resume", room.id) as resuming:
        # 4: it is not paused.
        assert resuming.ended().returncode in (0, 4)
    await room.finish()


# -------------------------------------------------------------------- disk, database


async def test_what_cannot_be_noted_does_not_leave(postgres_url: str, tmp_path: Path) -> None:
    with Sink(tmp_path / "log", Orders(slow_ms=2)) as sink:
        mail = by_way_of(sink) + MAIL
        room = await lay_out(tmp_path, PEOPLE, mail, store_url=postgres_url)
        # The database is elsewhere: what cannot grow any more is the event file.
        with room.sending(file_bytes=32 + 16 * 41) as sending:
            done = sending.ended()
        assert done.returncode in (1, LATER), done.stdout
        assert "Traceback" not in done.stderr, done.stderr
        assert "digest: " in done.stderr
        assert 10 <= sink.count() < len(PEOPLE)
        await room.finish()
        check_books(room, await room.found(), sink.copies(), doubts=CONNECTIONS)


async def test_a_database_on_a_full_disk_stops_the_sending_with_a_sentence(tmp_path: Path) -> None:
    with Sink(tmp_path / "log", Orders(slow_ms=1)) as sink:
        mail = MAIL.replace("window = 40", "window = 4")
        room = await lay_out(tmp_path, PEOPLE, by_way_of(sink) + mail)
        size = (tmp_path / "data" / "digest.db").stat().st_size
        with room.sending(file_bytes=size + 40_000) as sending:
            done = sending.ended()
        assert done.returncode == LATER, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        assert "does not answer" in done.stderr
        assert 1 <= sink.count() < len(PEOPLE), "it was full too early, or too late"
        await room.finish()
        check_books(room, await room.found(), sink.copies(), doubts=CONNECTIONS)


@asynccontextmanager
async def locked(database: Path) -> AsyncIterator[None]:
    """Nobody else can write."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=0)) as other:
        while True:
            try:
                other.execute("BEGIN IMMEDIATE")
                break
            except sqlite3.OperationalError:
                await asyncio.sleep(0.001)
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("patient", [True, False], ids=["wait", "give up"])
async def test_a_database_that_somebody_locks(patient: bool, tmp_path: Path) -> None:
    database = tmp_path / "data" / "digest.db"
    with Sink(tmp_path / "log", Orders(slow_ms=5)) as sink:
        room = await lay_out(tmp_path, PEOPLE, by_way_of(sink) + MAIL)
        async with open_newsroom(tmp_path, now=utc_now) as app:
            if not patient:
                # Of the one connection that writes: twenty seconds are long for a test.
                async with app.db.write() as conn:
                    await conn.exec_driver_sql("PRAGMA busy_timeout = 100")
            sending = asyncio.create_task(deliver.deliver(app, room.id))
            await taken(sink, 30)
            async with locked(database):
                if patient:
                    # It waits: whoever is in an open window still gets the mail.
                    await asyncio.wait([sending], timeout=0.5)
                    assert not sending.done()
                else:
                    with pytest.raises(StoreError, match="locked"):
                        await sending
            if patient:
                await sending
            else:
                await deliver.deliver(app, room.id)
        check_all_sent(room, await room.found(), sink.copies())


async def taken(sink: Sink, many: int) -> None:
    while sink.count() < many:
        await asyncio.sleep(0.002)


# --------------------------------------------------------------------------- clocks


class Jumping:
    """A clock that is as far off as it is told to be."""

    off = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.off


async def send_while_the_clock_jumps(room: Room, sink: Sink, *jumps: timedelta) -> None:
    """Each 50 mails the clock is off by the next of *jumps*; then it is right, and minutes pass."""
    clock = Jumping()
    async with open_newsroom(room.folder, now=clock) as app:

        async def send() -> None:
            try:
                await deliver.deliver(app, room.id)
            except MailError:
                pass
            except Conflict:
                # What seems to be of last year waits for a person, who knows the date.
                with suppress(Conflict):
                    await pausing.resume(app, room.id)

        sending = asyncio.create_task(send())
        for number, clock.off in enumerate(jumps, start=1):
            enough = asyncio.create_task(taken(sink, number * 50))
            await asyncio.wait([enough, sending], return_when=asyncio.FIRST_COMPLETED)
            enough.cancel()
        clock.off = timedelta()
        await sending
        for _ in range(60):
            await send()
            if not (await deliver.stands(app, room.id)).pending:
                return
            clock.off += timedelta(minutes=2)
    raise AssertionError("two hours later somebody is still pending")


@pytest.mark.parametrize("hours", [(0, 1), (0, -1), (0, 1, -1)], ids=str)
async def test_a_clock_that_jumps_by_an_hour_loses_nobody_and_doubles_nobody(
    hours: tuple[int, ...], tmp_path: Path
) -> None:
    with Sink(tmp_path / "log", Orders(slow_ms=5)) as sink:
        room = await lay_out(tmp_path, WAITING, by_way_of(sink) + MAIL)
        await send_while_the_clock_jumps(room, sink, *(timedelta(hours=n) for n in hours))
        check_all_sent(room, await room.found(), sink.copies())


async def test_a_clock_that_is_a_year_ahead_for_a_while_puts_nobody_off_for_a_year(
    tmp_path: Path,
) -> None:
    with Sink(tmp_path / "log", Orders(slow_ms=5)) as sink:
        room = await lay_out(tmp_path, WAITING, by_way_of(sink) + MAIL)
        await send_while_the_clock_jumps(room, sink, timedelta(), timedelta(days=365))
        found, copies = await room.found(), sink.copies()
        assert found.counts.reconciles
        assert set(copies) == found.all(SENT), "somebody was lost"
        assert set(copies.values()) == {1}
        assert not found.all(DOUBTFUL)
        # An edition that seems to be a year old may be over for some: they are told apart.
        assert found.all(SENT) | found.all(FAILED) == set(WAITING)
        assert len(copies) >= 50


# -------------------------------------------------------------------- several at once


async def freeze(process: Forked, database: Path) -> None:
    """Stop it where it keeps nobody from writing: else all would wait for it."""
    while True:
        process.signal(signal.SIGSTOP)
        try:
            async with asyncio.timeout(0.2), locked(database):
                return
        except TimeoutError:
            process.signal(signal.SIGCONT)


async def test_three_senders_of_whom_one_is_killed_and_one_frozen(tmp_path: Path) -> None:
    with Sink(tmp_path / "log") as sink:
        mail = MAIL.replace("window = 40", "window = 150")
        room = await lay_out(tmp_path, CROWD, by_way_of(sink) + mail)
        with room.sending() as one, room.sending() as two, room.sending() as three:
            one.until(once(sink, more=300))
            one.kill()
            await freeze(two, tmp_path / "data" / "digest.db")
            assert three.ended(within_s=20).returncode in (0, LATER)
            # Whoever comes now does not take over what is in the hands of one that lives.
            with room.sending() as four:
                assert four.ended(within_s=20).returncode in (0, 4, LATER)
            two.signal(signal.SIGCONT)
            assert two.ended().returncode in (0, LATER)
            one.ended()
        await room.finish()
        check_books(room, await room.found(), sink.copies(), doubts=CONNECTIONS)


async def test_by_hand_and_by_the_clock_at_once(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Sink(tmp_path / "log") as sink:
        tables = f"{TABLES}\n[serve]\nport = {port}\ntick_s = 0.2\n"
        room = await lay_out(tmp_path, CROWD, by_way_of(sink) + MAIL, tables=tables)
        with Forked(tmp_path, "serve") as serving, room.sending() as one, room.sending() as two:
            assert {one.ended().returncode, two.ended().returncode} <= {0, LATER}
            serving.until(lambda: sink.count() >= len(CROWD))
            serving.signal(signal.SIGTERM)
            assert serving.ended().returncode == 0
        await room.finish()
        check_all_sent(room, await room.found(), sink.copies())


# --------------------------------------------------------------------------- backups


def back_up(folder: Path) -> None:
    """As an operator does it, while everything runs."""
    with (
        closing(sqlite3.connect(folder / "data" / "digest.db")) as here,
        closing(sqlite3.connect(folder / "backup.db")) as there,
    ):
        here.backup(there)


def restore(folder: Path) -> None:
    for left in (folder / "data").glob("digest.db-*"):
        left.unlink()
    shutil.copy(folder / "backup.db", folder / "data" / "digest.db")


@pytest.mark.parametrize("begun", [True, False], ids=["in the middle", "before"])
async def test_a_backup_that_is_restored_sends_to_nobody_a_second_time(
    begun: bool, tmp_path: Path
) -> None:
    with Sink(tmp_path / "log", Orders(slow_ms=5)) as sink:
        room = await lay_out(tmp_path, WAITING, by_way_of(sink) + MAIL)
        if begun:
            with room.sending() as sending:
                sending.until(once(sink, more=60))
                back_up(tmp_path)
                assert sending.ended().returncode == 0
        else:
            back_up(tmp_path)
            assert room.send().returncode == 0
        await room.finish()
        check_all_sent(room, await room.found(), sink.copies())
        restore(tmp_path)
        for _ in range(2):
            done = room.send()
            assert done.returncode in (0, 4, LATER), done.stderr
            assert max(sink.copies().values()) == 1, "somebody got it twice"
        if not begun:
            # It would be mailed as if it were new: a person is asked.
            assert "paused" in done.stderr
            with Forked(tmp_path, "resume", room.id) as resuming:
                assert resuming.ended().returncode == 0
        with suppress(DigestError):
            await room.finish()
        found, copies = await room.found(), sink.copies()
        assert copies == Counter(WAITING), "somebody got it twice"
        assert found.counts.reconciles
        assert found.all(SENT) | found.all(DOUBTFUL) == set(WAITING)
        # One command, and the books are right again.
        assert room.settle_doubts("--close").returncode == 0
        check_all_sent(room, await room.found(), sink.copies())
