"""``kill -9`` at any moment of `digest send`, to a relay that misbehaves besides.

Nobody is lost but those named in doubt, nobody gets it twice unless that is wanted, and no
more are in doubt than were in flight.
"""

import random
from collections import defaultdict
from pathlib import Path

import pytest

from sendroom import (
    CONNECTIONS,
    DOUBTFUL,
    SENT,
    Found,
    Room,
    after,
    by_way_of,
    cast,
    check_books,
    lay_out,
    once,
)
from sink import FATES, TAKEN_IN_DOUBT, Orders, Sink, Taken, fate

WINDOW = 4
KILLS = 5
SETTINGS = f"""
connections = {CONNECTIONS}
bdat_window = {WINDOW}
window = 50
timeout_s = 0.6
attempts = 4
"""
#: With windows of BDAT whoever is behind somebody whose connection closes is in doubt with them.
CLOSING = ("drop", "half", "halt", "lost", "stall", "reset", "close", "junk", "noise")


def people_of(dice: random.Random) -> list[str]:
    """Some hundreds, of whom one in eight meets a relay that misbehaves."""
    return cast(
        dice, ok=420, no=10, bad=5, busy2=8, wait2=5, late=4, close=3, junk=2,
        drop=4, half=3, halt=1, noise=2, lost=4, stall=1, reset=4,
    )  # fmt: skip


def kill_until_enough(room: Room, sink: Sink, dice: random.Random) -> int:
    """Kill runs: some at any moment at all, most while mails go out.  How many died."""
    died = 0
    for _ in range(3 * KILLS):
        if dice.random() < 0.2:
            moment = after(dice.uniform(0.02, 0.5))
        else:
            moment = once(sink, more=dice.randint(1, 60))
        done = room.send(kill_when=moment)
        assert done.returncode in (0, 75, -9), done.stderr
        died += done.returncode == -9
        if died == KILLS:
            break
    return died


def in_flight(killed: int, *, window: int, people: list[str]) -> int:
    """Who may be in doubt at most, besides those whose fate it is."""
    closings = sum(fate(to) in CLOSING for to in people)
    return killed * CONNECTIONS * window + closings * (window - 1)


@pytest.mark.parametrize(
    ("window", "settle"), [(1, "--resend"), (WINDOW, "--close")], ids=["pipelining", "chunking"]
)
async def test_five_kills_lose_nobody_and_double_nobody(
    window: int, settle: str, tmp_path: Path
) -> None:
    dice = random.Random(f"hold {window}")
    people = people_of(dice)
    with Sink(tmp_path / "log", Orders(slow_ms=3, chunking=window > 1)) as sink:
        room = await lay_out(tmp_path, people, by_way_of(sink) + SETTINGS)
        killed = kill_until_enough(room, sink, dice)
        assert killed
        await room.finish()
        found = await room.found()
        doubts = in_flight(killed, window=window, people=people)
        check_books(room, found, sink.copies(), doubts=doubts)
        await check_doubts_can_be_settled(room, found, sink, settle)


async def check_doubts_can_be_settled(room: Room, before: Found, sink: Sink, how: str) -> None:
    """One command takes them as sent; the other sends the same message once more."""
    held, copies = before.all(DOUBTFUL), sink.copies()
    room.settle_doubts(how)
    if how == "--resend":
        # Whoever the relay asked to wait, or hung up on, when their turn came.
        await room.finish()
    found, now = await room.found(), sink.copies()
    assert found.counts.reconciles
    again = {to for to in held if now[to] > copies[to]}
    if how == "--close":
        assert found.all(DOUBTFUL) == again == set()
        assert found.all(SENT) == before.all(SENT) | held
    else:
        # Whom the relay had not met before, it meets as their fate is.
        assert found.all(DOUBTFUL) <= held
        assert found.all(SENT) & held <= again
        assert set(now.values()) <= {1, 2}
        check_copies_are_the_same(sink)


def check_copies_are_the_same(sink: Sink) -> None:
    """Octet for octet, so that whoever gets both sees one."""
    copies: dict[str, list[Taken]] = defaultdict(list)
    for taken in sink.taken():
        copies[taken.to].append(taken)
    for to, all in copies.items():
        assert len({(one.message_id, one.sha, one.octets) for one in all}) == 1, to
    assert len({all[0].message_id for all in copies.values()}) == len(copies)


@pytest.mark.parametrize("window", [1, WINDOW], ids=["pipelining", "chunking"])
async def test_who_wants_doubts_sent_again_gets_no_more_doubles_than_doubts(
    window: int, tmp_path: Path
) -> None:
    dice = random.Random(f"resend {window}")
    people = people_of(dice)
    settings = SETTINGS + 'on_doubt = "resend"\n'
    with Sink(tmp_path / "log", Orders(slow_ms=3, chunking=window > 1)) as sink:
        room = await lay_out(tmp_path, people, by_way_of(sink) + settings)
        killed = kill_until_enough(room, sink, dice)
        assert killed
        await room.finish()
    found, copies = await room.found(), sink.copies()
    assert found.counts.reconciles
    for to, row in found.rows.items():
        failed = FATES[fate(to)] == "failed"
        assert (row.state.value, copies[to] > 0) == (
            ("failed", False) if failed else ("sent", True)
        )
    doubled = {to for to, number in copies.items() if number > 1}
    besides = {to for to in doubled if fate(to) not in TAKEN_IN_DOUBT}
    assert len(besides) <= in_flight(killed, window=window, people=people)
    check_copies_are_the_same(sink)


async def test_it_is_the_same_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    dice = random.Random("postgresql")
    people = people_of(dice)
    with Sink(tmp_path / "log", Orders(slow_ms=3)) as sink:
        settings = by_way_of(sink) + SETTINGS
        room = await lay_out(tmp_path, people, settings, store_url=postgres_url)
        killed = kill_until_enough(room, sink, dice)
        assert killed
        await room.finish()
        found = await room.found()
        check_books(room, found, sink.copies(), doubts=in_flight(killed, window=1, people=people))
