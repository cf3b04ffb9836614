"""SIGTERM in the middle of `digest send`: what has begun is finished, nothing more is begun."""

import random
import signal
from pathlib import Path

import pytest

from digest.model import DeliveryState
from sendroom import (
    CONNECTIONS,
    DOUBTFUL,
    SENT,
    TABLES,
    by_way_of,
    cast,
    check_all_sent,
    check_books,
    lay_out,
    once,
)
from sink import Orders, Sink

PEOPLE = cast(random.Random("stopped"), ok=300)
#: sysexits' EX_TEMPFAIL: it goes on when it is told to.
STOPPED = (0, 75)


def settings(*, timeout_s: float = 20, drain_s: float = 20, window: int = 100) -> tuple[str, str]:
    mail = f"connections = {CONNECTIONS}\nwindow = {window}\ntimeout_s = {timeout_s}\n"
    return mail, f"{TABLES}\n[serve]\ndrain_s = {drain_s}\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("chunking", [False, True], ids=["pipelining", "chunking"])
async def test_what_has_begun_is_finished_and_a_second_run_does_the_rest(
    chunking: bool, number: signal.Signals, tmp_path: Path
) -> None:
    with Sink(tmp_path / "log", Orders(slow_ms=8, chunking=chunking)) as sink:
        mail, tables = settings()
        room = await lay_out(tmp_path, PEOPLE, by_way_of(sink) + mail, tables=tables)
        with room.sending() as sending:
            sending.until(once(sink, more=40))
            sending.signal(number)
            done = sending.ended()
        assert done.returncode in STOPPED, done.stderr
        assert "Traceback" not in done.stderr
        found, copies = await room.found(), sink.copies()
        assert not found.all(DOUBTFUL), "it was asked, and not waited for"
        assert 40 <= found.counts.sent < len(PEOPLE), "it went on, or had not begun"
        assert found.counts.pending == len(PEOPLE) - found.counts.sent
        assert copies.total() == len(copies) == found.counts.sent
        assert room.send().returncode == 0
        check_all_sent(room, await room.found(), sink.copies())


async def test_a_relay_that_never_answers_is_not_waited_for_longer_than_the_draining_may_last(
    tmp_path: Path,
) -> None:
    with Sink(tmp_path / "log", Orders(silent_after=60)) as sink:
        mail, tables = settings(timeout_s=600, drain_s=0.3)
        room = await lay_out(tmp_path, PEOPLE, by_way_of(sink) + mail, tables=tables)
        with room.sending() as sending:
            sending.until(once(sink, more=60))
            sending.signal(signal.SIGTERM)
            # It would be ten minutes for an answer.
            done = sending.ended(within_s=20)
        assert done.returncode in STOPPED, done.stderr
        sink.kill()
        sink.start(Orders())
        await room.finish()
        check_books(room, await room.found(), sink.copies(), doubts=CONNECTIONS)


async def test_being_asked_a_second_time_it_stops_at_once(tmp_path: Path) -> None:
    with Sink(tmp_path / "log", Orders(silent_after=60)) as sink:
        mail, tables = settings(timeout_s=600, drain_s=600)
        room = await lay_out(tmp_path, PEOPLE, by_way_of(sink) + mail, tables=tables)
        with room.sending() as sending:
            sending.until(once(sink, more=60))
            sending.signal(signal.SIGTERM)
            sending.until(lambda: sending.heard("once more stops at once"))
            assert sending.running()
            sending.signal(signal.SIGTERM)
            done = sending.ended(within_s=20)
        assert done.returncode == -signal.SIGTERM
        sink.kill()
        sink.start(Orders())
        await room.finish()
        check_books(room, await room.found(), sink.copies(), doubts=CONNECTIONS)


async def test_stopped_before_the_first_mail_nobody_is_begun(tmp_path: Path) -> None:
    with Sink(tmp_path / "log", Orders(black_hole=True)) as sink:
        mail, tables = settings(timeout_s=600, drain_s=0.3)
        room = await lay_out(tmp_path, PEOPLE, by_way_of(sink) + mail, tables=tables)
        with room.sending() as sending:
            # It has looked for work, and has opened a window or soon will.
            sending.until((tmp_path / "data" / "events").exists)
            sending.signal(signal.SIGTERM)
            done = sending.ended(within_s=20)
        assert done.returncode in STOPPED, done.stderr
        assert (await room.found()).rows.keys() == set()
        sink.kill()
        sink.start(Orders())
        assert room.send().returncode == 0
        found = await room.found()
        check_all_sent(room, found, sink.copies())
        assert found.all(SENT) == set(PEOPLE)
        assert {row.state for row in found.rows.values()} == {DeliveryState.SENT}
