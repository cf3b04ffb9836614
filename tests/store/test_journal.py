"""The journal: windows, fences, and counts that hold to the person."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import Conflict
from digest.model import Counts, DeliveryState, Outcome
from digest.store import Database, journal
from make import MORNING
from store.rows import SLOT, begin

ID = SLOT.edition_id


def make_outcome(
    subscriber_id: int, state: DeliveryState = DeliveryState.SENT, **fields: Any
) -> Outcome:
    return Outcome(subscriber_id=subscriber_id, state=state, code=250, at=MORNING, **fields)


@given(st.lists(st.integers(min_value=0, max_value=2**63 - 1)))
def test_packed_ids_come_back_as_they_were(ids: list[int]) -> None:
    assert list(journal.unpack(journal.pack(ids))) == ids


async def test_a_chunk_is_carried_window_by_window_to_its_end(db: Database) -> None:
    await begin(db, [11, 12, 13])
    async with db.write() as conn:
        held = await journal.claim(conn, ID, 1)
        assert held is not None
        assert held.window_after(2) == (11, 12)
        held = await journal.settle(db, conn, held, [], cursor=0, window_to=2)
    assert held.open_window == (11, 12)
    async with db.write() as conn:
        held = await journal.settle(
            db, conn, held, [make_outcome(11), make_outcome(12)], cursor=2, window_to=3
        )
        assert await journal.open_chunks(conn, ID) == [1]
        await journal.settle(db, conn, held, [make_outcome(13)], cursor=3, window_to=3)
        assert await journal.open_chunks(conn, ID) == []
        assert await journal.counts(conn, ID) == Counts(planned=3, sent=3)
        assert await journal.claim(conn, ID, 1) is None


async def test_a_worker_whose_chunk_was_taken_writes_nothing_more(db: Database) -> None:
    await begin(db, [11, 12])
    async with db.write() as conn:
        frozen = await journal.claim(conn, ID, 1)
    async with db.write() as conn:
        other = await journal.claim(conn, ID, 1)
    assert frozen is not None
    assert other is not None
    with pytest.raises(Conflict, match="other hands"):
        async with db.write() as conn:
            await journal.settle(db, conn, frozen, [make_outcome(11)], cursor=0, window_to=2)
    async with db.write() as conn:
        assert await journal.listing(conn, ID) == []
        await journal.settle(db, conn, other, [], cursor=0, window_to=2)


async def test_a_later_outcome_replaces_the_earlier(db: Database) -> None:
    await begin(db, [11])
    async with db.write() as conn:
        later = MORNING + timedelta(minutes=1)
        await journal.record(
            db, conn, ID, [make_outcome(11, DeliveryState.DEFERRED, not_before=later)]
        )
        assert await journal.next_due(conn, ID) == later
        assert (await journal.counts(conn, ID)).pending == 1
        await journal.record(db, conn, ID, [make_outcome(11, attempts=2)])
        rows = await journal.listing(conn, ID)
        assert [(row.state, row.attempts) for row in rows] == [(DeliveryState.SENT, 2)]
        assert await journal.next_due(conn, ID) is None


async def test_the_deferred_are_queued_once_when_their_time_has_come(db: Database) -> None:
    await begin(db, [11, 12])
    due, later = MORNING, MORNING + timedelta(hours=1)
    deferred = DeliveryState.DEFERRED
    async with db.write() as conn:
        outcomes = [
            make_outcome(11, deferred, not_before=due),
            make_outcome(12, deferred, not_before=later),
        ]
        await journal.record(db, conn, ID, outcomes)
        assert await journal.requeue(conn, ID, [deferred], now=MORNING) == 1
        assert await journal.requeue(conn, ID, [deferred], now=MORNING) == 0
        held = await journal.claim(conn, ID, 2)
        assert held is not None
        assert (held.kind, held.ids) == ("again", (11,))
        assert await journal.begin(conn, held, [11]) == {11: 1}
        assert await journal.begin(conn, held, [11]) == {}, "it was begun already"
        await journal.put_back(conn, held, [11])
        assert await journal.begin(conn, held, [11]) == {11: 1}


async def test_a_first_chunk_begins_only_who_has_no_row(db: Database) -> None:
    await begin(db, [11, 12, 13])
    later = MORNING + timedelta(hours=1)
    async with db.write() as conn:
        outcomes = [make_outcome(11), make_outcome(12, DeliveryState.DEFERRED, not_before=later)]
        await journal.record(db, conn, ID, outcomes)
        held = await journal.claim(conn, ID, 1)
        assert held is not None
        assert await journal.begin(conn, held, [11, 12, 13]) == {13: 0}


async def test_doubts_are_closed_as_sent(db: Database) -> None:
    await begin(db, [11, 12])
    async with db.write() as conn:
        outcomes = [
            make_outcome(11, DeliveryState.DOUBTFUL),
            make_outcome(12, DeliveryState.FAILED),
        ]
        await journal.record(db, conn, ID, outcomes)
        assert await journal.close_doubts(conn, ID, now=MORNING) == 1
        assert await journal.counts(conn, ID) == Counts(planned=2, sent=1, failed=1)
