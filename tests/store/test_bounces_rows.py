"""Rows of what came back: kept once, found by person, and the journal that follows them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert, update

from digest.model import DeliveryState, LetterKind, Outcome, ReturnKind, SubscriptionState
from digest.store import Database, bounces, journal, letters, people, schema
from digest.store.bounces import Came
from make import MORNING
from store.rows import SLOT, begin, subscribe

SOFT = Came(subscriber_id=1, kind=ReturnKind.SOFT, status="4.2.2", reporter="dsn", at=MORNING)


def fingerprint(number: int = 1) -> str:
    return bounces.fingerprint("report", number)


async def test_a_report_is_kept_once(db: Database) -> None:
    (id,) = await subscribe(db, 1)
    came = replace(SOFT, subscriber_id=id, text="552 full", delivery_id=SLOT.edition_id)
    async with db.write() as conn:
        assert await bounces.keep(db, conn, came, fingerprint=fingerprint())
        later = replace(came, at=MORNING + timedelta(days=1))
        assert not await bounces.keep(db, conn, later, fingerprint=fingerprint())
        assert await bounces.of_person(conn, id, since=MORNING) == [came]
        assert await bounces.of_person(conn, id, since=MORNING + timedelta(seconds=1)) == []


async def test_the_newest_are_listed_first_with_their_addresses(db: Database) -> None:
    ids = await subscribe(db, 3)
    async with db.write() as conn:
        for id in ids:
            came = replace(SOFT, subscriber_id=id)
            await bounces.keep(db, conn, came, fingerprint=fingerprint(id))
        listed = await bounces.latest(conn, limit=2)
    assert [one.email for one in listed] == ["reader3@example.com", "reader2@example.com"]
    assert listed[0].came == replace(SOFT, subscriber_id=ids[2])


def test_a_fingerprint_does_not_run_its_parts_together() -> None:
    assert bounces.fingerprint("ab", "c") != bounces.fingerprint("a", "bc")
    assert len(bounces.fingerprint("\ud800")) == 32


async def test_deliveries_to_somebody_are_those_of_editions_and_letters(db: Database) -> None:
    one, other = await subscribe(db, 2)
    await begin(db, [one, other])
    async with db.write() as conn:
        number = await letters.write(conn, LetterKind.DATA, one, "daily", content={}, now=MORNING)
        sent = [Outcome(subscriber_id=id, state=DeliveryState.SENT, at=MORNING) for id in (1, 2)]
        await journal.record(db, conn, SLOT.edition_id, sent)
        await journal.record(db, conn, f"data:{number}", sent[:1])
        found = await bounces.sent_to(conn, one, since=MORNING)
        assert {sent.delivery_id for sent in found} == {SLOT.edition_id, f"data:{number}"}
        assert {sent.state for sent in found} == {DeliveryState.SENT}
        assert len(await bounces.sent_to(conn, other, since=MORNING)) == 1
        assert await bounces.sent_to(conn, other, since=MORNING + timedelta(days=1)) == []
        assert await bounces.editions_since(conn, MORNING) == [SLOT.edition_id]
        assert await bounces.editions_since(conn, MORNING + timedelta(days=1)) == []


async def test_an_edition_is_as_young_as_its_making_or_its_approval(db: Database) -> None:
    (one,) = await subscribe(db, 1)
    await begin(db, [one])
    later = MORNING + timedelta(days=100)
    async with db.write() as conn:
        sent = [Outcome(subscriber_id=one, state=DeliveryState.SENT, at=MORNING)]
        await journal.record(db, conn, SLOT.edition_id, sent)
        for column in ("created_at", "approved_at"):
            assert await bounces.editions_since(conn, later) == []
            await conn.execute(update(schema.edition).values({column: later}))
            assert await bounces.editions_since(conn, later) == [SLOT.edition_id]
            assert len(await bounces.sent_to(conn, one, since=later)) == 1
            await conn.execute(update(schema.edition).values({column: MORNING}))


async def test_the_journal_is_never_read_through_for_one_person(tmp_path: Path) -> None:
    db = Database("sqlite:///digest.db", base=tmp_path)
    await db.upgrade()
    (id,) = await subscribe(db, 1)
    asked: list[tuple[str, Any]] = []
    async with db.write() as conn:
        await letters.write(conn, LetterKind.DATA, id, "daily", content={}, now=MORNING)

        @event.listens_for(conn.sync_connection, "before_cursor_execute")
        def note(_: Any, __: Any, statement: str, given: Any, *___: Any) -> None:
            asked.append((statement, given))

        await bounces.sent_to(conn, id, since=MORNING)
        plans = []
        for statement, given in [one for one in asked if "FROM delivery" in one[0]]:
            rows = await conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            plans.append(" ".join(str(row) for row in rows))
    await db.close()
    assert len(plans) == 2
    for plan in plans:
        assert "SEARCH delivery USING PRIMARY KEY (edition_id=? AND subscriber_id=?)" in plan


async def test_consent_counts_while_something_stands_on_it(db: Database) -> None:
    (id,) = await subscribe(db, 1)
    async with db.write() as conn:
        assert await bounces.agreed_at(conn, id) == MORNING
        end = SubscriptionState.ENDED.value
        await conn.execute(schema.subscription.update().values(state=end))
        assert await bounces.agreed_at(conn, id) is None
        assert await people.confirmed(conn, id)


async def test_only_what_was_accepted_can_come_back(db: Database) -> None:
    expected = {
        "sent": "bounced",
        # Tried again just now: it was accepted, or it could not come back.
        "sending": "bounced",
        "failed": "failed",
        "bounced": "bounced",
        "doubtful": "doubtful",
        "skipped": "skipped",
        "deferred": "deferred",
    }
    ids = dict(zip(expected, await subscribe(db, len(expected)), strict=True))
    await begin(db, list(ids.values()))
    later = replace(SOFT, delivery_id=SLOT.edition_id, at=MORNING + timedelta(hours=1))
    async with db.write() as conn:
        for state, id in ids.items():
            row = {"edition_id": SLOT.edition_id, "subscriber_id": id, "state": state}
            await conn.execute(insert(schema.delivery).values(**row, at=MORNING))
            came = replace(later, subscriber_id=id)
            await bounces.returned(db, conn, came, state=DeliveryState(state))
        known = await journal.known(conn, SLOT.edition_id, list(ids.values()))
        assert {state: known[id].state.value for state, id in ids.items()} == expected
        assert {row.at for row in known.values()} == {MORNING}
        assert (await journal.counts(conn, SLOT.edition_id)).reconciles
