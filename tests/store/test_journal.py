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


async def test_what_is_due_is_told_by_kind_and_done_chunks_are_not_looked_at(db: Database) -> None:
    await begin(db, [11, 12, 13])
    later = MORNING + timedelta(hours=2)
    async with db.write() as conn:
        await journal.add_chunk(conn, ID, [14], not_before=later)
        await journal.add_chunk(conn, ID, [11], kind="again")
        assert await journal.due_chunks(conn, ID, now=MORNING) == {1: "first", 3: "again"}
        assert await journal.due_chunks(conn, ID, now=later) == {1: "first", 2: "first", 3: "again"}
        assert await journal.any_untouched(conn, ID)
        held = await journal.claim(conn, ID, 1)
        assert held is not None
        held = await journal.settle(db, conn, held, [], cursor=0, window_to=3)
        assert await journal.steps(conn, ID) == {1: 1, 2: 0, 3: 0}
        await journal.settle(
            db, conn, held, [make_outcome(id) for id in (11, 12, 13)], cursor=3, window_to=3
        )
        assert await journal.due_chunks(conn, ID, now=MORNING) == {3: "again"}
        # Whoever waits for their hour was never begun.
        assert await journal.any_untouched(conn, ID)


async def test_whose_time_is_over_has_failed_and_who_is_in_hand_is_left_alone(
    db: Database,
) -> None:
    await begin(db, [11, 12, 13])
    wait = MORNING + timedelta(minutes=5)
    async with db.write() as conn:
        held = await journal.claim(conn, ID, 1)
        assert held is not None
        deferred = [
            make_outcome(id, DeliveryState.DEFERRED, not_before=wait, text="451 later")
            for id in (11, 12)
        ]
        await journal.settle(db, conn, held, [*deferred, make_outcome(13)], cursor=3, window_to=3)
        assert await journal.expire(conn, ID, now=MORNING) == 2
        assert await journal.expire(conn, ID, now=MORNING) == 0
        assert await journal.counts(conn, ID) == Counts(planned=3, sent=1, failed=2)


async def test_a_copy_from_before_does_not_guess_who_was_tried_again(db: Database) -> None:
    await begin(db, [11, 12])
    wait = MORNING + timedelta(minutes=5)
    async with db.write() as conn:
        held = await journal.claim(conn, ID, 1)
        assert held is not None
        late = make_outcome(11, DeliveryState.DEFERRED, not_before=wait)
        await journal.settle(db, conn, held, [late, make_outcome(12)], cursor=2, window_to=2)
        await journal.requeue(conn, ID, [DeliveryState.DEFERRED], now=wait)
        assert await journal.doubt_deferred(conn, ID, now=MORNING) == 1
        again = await journal.claim(conn, ID, 2)
        assert again is not None
        # Nobody is left in the chunk that they were queued in.
        assert await journal.begin(conn, again, again.ids) == {}
        assert await journal.counts(conn, ID) == Counts(planned=2, sent=1, doubtful=1)
