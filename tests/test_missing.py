"""Whom an edition did not reach: everybody is in one group, and only who should is sent to."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from digest import collect, compose, deliver, missing, pipeline, rolls
from digest.app import App
from digest.errors import Conflict, NotFound
from digest.missing import Why, send_to_missing
from digest.model import Barred, Counts, DeliveryState, EditionEvent, Outcome
from digest.slots import slot_of
from digest.store import editions, journal, people, subscribers
from fakes import FakeRelay, drop, say
from make import MORNING
from newsroom import Clock, open_newsroom, write_config, write_day

ID = "daily@2026-05-18T0700"
S = DeliveryState


@asynccontextmanager
async def approved(
    folder: Path, relay: FakeRelay, clock: Clock, *, people: int, store_url: str = ""
) -> AsyncIterator[App]:
    """A newsroom with one approved edition, and *relay* to send it through."""
    mail = f'by = "smtp"\nhost = "{relay.host}"\nport = {relay.port}\ntls = "none"\n'
    write_config(folder, mail=mail, store_url=store_url or "sqlite:///data/digest.db")
    write_day(folder)
    async with open_newsroom(folder, people=people, now=clock) as app:
        await collect.collect(app)
        slot = slot_of(app.newsletter(), date(2026, 5, 18))
        record = await compose.compose(app, app.newsletter(), slot)
        await pipeline.approve(app, record.id)
        yield app


@asynccontextmanager
async def sending(
    folder: Path, *, people: int, clock: Clock | None = None, store_url: str = ""
) -> AsyncIterator[App]:
    """A newsroom with an edition that is being sent, and of which nothing is known yet."""
    write_config(folder, store_url=store_url or "sqlite:///data/digest.db")
    async with open_newsroom(folder, people=people, now=clock or Clock()) as app:
        async with app.db.write() as conn:
            slot = slot_of(app.newsletter(), date(2026, 5, 18))
            await editions.create(app.db, conn, slot, now=MORNING)
            await editions.move(conn, ID, EditionEvent.APPROVE, approved_at=MORNING)
            await editions.move(conn, ID, EditionEvent.BEGIN)
            await journal.set_planned(conn, ID, people)
        yield app


async def note(app: App, ids: range, state: S, code: int = 0, text: str = "", **more: int) -> None:
    """The journal has it that *ids* are in *state*; `minutes` late, `wait` minutes more."""
    at = MORNING + timedelta(minutes=more.get("minutes", 0))
    not_before = at + timedelta(minutes=more["wait"]) if "wait" in more else None
    async with app.db.write() as conn:
        outcomes = [
            Outcome(
                subscriber_id=id, state=state, code=code, text=text, at=at, not_before=not_before
            )
            for id in ids
        ]
        await journal.record(app.db, conn, ID, outcomes)


async def told(app: App) -> list[tuple[str, int, str]]:
    found = await missing.missing(app, ID)
    return [(group.why, group.count, group.words) for group in found.groups]


async def test_everybody_who_was_not_reached_is_in_one_group(
    tmp_path: Path, store_url: str
) -> None:
    async with sending(tmp_path, people=100, store_url=store_url) as app:
        later = MORNING + timedelta(hours=3)
        async with app.db.write() as conn:
            await journal.add_chunk(conn, ID, range(1, 61))
            await journal.add_chunk(conn, ID, range(61, 81))
            await journal.add_chunk(conn, ID, range(81, 101), not_before=later)
            held = await journal.claim(conn, ID, 1)
            assert held is not None
            await journal.settle(app.db, conn, held, [], cursor=50, window_to=60)
        await note(app, range(1, 21), S.SENT, 250, "kept")
        await note(app, range(21, 26), S.FAILED, 550, "5.1.1 no mailbox 4711")
        await note(app, range(26, 28), S.FAILED, 550, "5.1.1 no mailbox 4712")
        await note(app, range(28, 30), S.FAILED, 554, "5.7.1 not today")
        await note(app, range(30, 33), S.DOUBTFUL, 0, "the line broke")
        await note(app, range(33, 36), S.DEFERRED, 451, "try later", wait=5)
        await note(app, range(36, 37), S.DEFERRED, 451, "try later", wait=2)
        await note(app, range(37, 39), S.DEFERRED, 451, "try later")
        await note(app, range(39, 45), S.SKIPPED, 0, "has left")
        await note(app, range(45, 51), S.BOUNCED, 250, "gone away")
        async with app.db.read() as conn:
            names = await subscribers.names(conn, range(1, 101))
        found = await missing.missing(app, ID)
    assert [(group.why, group.count, group.words) for group in found.groups] == [
        ("failed", 7, "550 5.1.1 no mailbox 4711"),
        ("failed", 2, "554 5.7.1 not today"),
        ("doubtful", 3, "the line broke"),
        ("waiting", 20, "not begun"),
        ("waiting", 20, "wait for their hour"),
        ("waiting", 10, "being written to"),
        ("waiting", 4, "451 try later"),
        ("waiting", 2, "queued to be written to again"),
        ("bounced", 6, "250 gone away"),
        ("gone", 6, "has left"),
    ]
    assert found.count() + found.counts.sent == found.counts.planned == 100
    assert found.count(Why.WAITING) == found.counts.pending
    assert dict(found.may) == {S.FAILED: 9, S.DOUBTFUL: 3}
    by_words = {group.words: group for group in found.groups}
    assert by_words["wait for their hour"].until == later
    assert by_words["wait for their hour"].examples[0] == names[81]
    assert by_words["not begun"].examples == (names[61], names[62], names[63])
    assert by_words["451 try later"].until == MORNING + timedelta(minutes=2)
    assert by_words["550 5.1.1 no mailbox 4711"].examples[0] == names[21]


async def test_who_joined_since_is_shown_and_in_no_sum(tmp_path: Path) -> None:
    clock = Clock()
    async with sending(tmp_path, people=3, clock=clock) as app:
        async with app.db.write() as conn:
            await journal.add_chunk(conn, ID, range(1, 4))
        await rolls.pause(app, "reader1@example.com", days=3, actor="test")
        clock.at += timedelta(hours=1)
        # Of the frozen audience, whatever they did meanwhile.
        await rolls.resume(app, "reader1@example.com", actor="test")
        for name in ("cleo", "dan"):
            await rolls.add(
                app,
                app.newsletter(),
                f"{name}@example.com",
                consent_from="the fair",
                consent_at=MORNING,
                actor="test",
            )
        found = await missing.missing(app, ID)
    joined = found.groups[-1]
    assert (joined.why, joined.count) == (Why.JOINED, 2)
    assert joined.examples == ("cleo@example.com", "dan@example.com")
    assert found.count() == found.counts.pending == 3


async def test_what_failed_because_the_time_was_over_is_told_apart(tmp_path: Path) -> None:
    clock = Clock()
    async with sending(tmp_path, people=3, clock=clock) as app:
        async with app.db.write() as conn:
            await editions.stamp(conn, ID, expires_at=MORNING + timedelta(hours=1))
        await note(app, range(1, 2), S.FAILED, 550, "never", minutes=10)
        await note(app, range(2, 4), S.FAILED, 451, "later", minutes=60)
        assert [why for why, *_ in await told(app)] == ["failed", "failed"]
        clock.at += timedelta(hours=2)
        assert await told(app) == [("failed", 1, "550 never"), ("expired", 2, "451 later")]


async def test_the_failed_get_it_when_a_person_says_so_and_nobody_else(
    tmp_path: Path, store_url: str
) -> None:
    clock = Clock()
    async with (
        FakeRelay() as relay,
        approved(tmp_path, relay, clock, people=8, store_url=store_url) as app,
    ):
        for number in (2, 3):
            relay.on("RCPT", say("554 5.7.1 policy"), to=f"reader{number}@example.com", times=1)
        relay.on("dot", drop(), to="reader4@example.com", times=1)
        await deliver.deliver(app, ID)
        before = await missing.missing(app, ID)
        assert (before.count(Why.FAILED), before.count(Why.DOUBTFUL)) == (2, 1)
        assert before.groups[0].examples == ("reader2@example.com", "reader3@example.com")
        async with app.db.write() as conn:
            cause = Barred.ADMIN
            await people.bar(
                app.db, conn, "reader3@example.com", cause, hash_key=app.key, now=clock.at
            )
        assert (await missing.missing(app, ID)).may[S.FAILED] == 1
        assert await send_to_missing(app, ID, [S.FAILED]) == Counts(
            planned=8, sent=6, skipped=1, doubtful=1
        )
        assert await send_to_missing(app, ID, [S.FAILED]) == Counts(
            planned=8, sent=6, skipped=1, doubtful=1
        )
        assert (await send_to_missing(app, ID, [S.DOUBTFUL, S.FAILED])).sent == 7
        assert [why for why, *_ in await told(app)] == ["gone"]
    got = Counter(taken.to[0] for taken in relay.messages)
    assert got == {f"reader{number}@example.com": 1 for number in (1, 2, 4, 5, 6, 7, 8)}


async def test_only_the_failed_and_the_doubtful_can_be_asked_for(tmp_path: Path) -> None:
    async with sending(tmp_path, people=1) as app:
        for states in ([S.SKIPPED], [S.FAILED, S.DEFERRED], []):
            with pytest.raises(Conflict, match="to the failed"):
                await send_to_missing(app, ID, states)
        async with app.db.write() as conn:
            await editions.set_paused(conn, ID, "a storm")
        with pytest.raises(Conflict, match="paused: a storm"):
            await send_to_missing(app, ID, [S.FAILED])
        with pytest.raises(NotFound):
            await missing.missing(app, "daily@2020-01-01T0700")
