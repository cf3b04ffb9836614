"""The journal: one row for each (edition, subscriber), and what became of it.

The audience of an edition is frozen into *chunks* of subscriber ids.  A worker claims a chunk
by raising its fence, opens a *window* of people, and only when that is committed does content
leave.  A row appears when something is known of a person; *pending* is derived, so that
planned = sent + failed + skipped + doubtful + bounced + pending, to the person.

      ids   ────────────┬───────────────┬──────────────
            all settled │ may have left │ nothing left
                     cursor         window_to
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Executable,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.errors import Conflict
from digest.model import Counts, DeliveryState, Outcome
from digest.store import answers, schema
from digest.store.database import Database

_C, _D, _E = schema.chunk, schema.delivery, schema.edition

#: Rows that `listing` gives at most, unless told otherwise.
LISTED = 1000

#: People in a chunk: small enough to hand from worker to worker, large enough to cost nothing.
CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A chunk in one worker's hands."""

    edition_id: str
    seq: int
    #: "first" or "again".
    kind: str
    fence: int
    ids: tuple[int, ...]
    cursor: int
    window_to: int
    #: The fence under which the open window was opened.
    opened_by: int = 0
    #: How far windows were ever opened, and how often: neither goes back.
    reached: int = 0
    steps: int = 0

    @property
    def open_window(self) -> tuple[int, ...]:
        """Who may have been written to: empty unless the last worker died."""
        return self.ids[self.cursor : self.window_to]

    def window_after(self, size: int) -> tuple[int, ...]:
        return self.ids[self.window_to : self.window_to + size]


def pack(ids: Sequence[int]) -> bytes:
    return struct.pack(f">{len(ids)}Q", *ids)


def unpack(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(packed) // 8}Q", packed)


async def add_chunk(
    conn: AsyncConnection,
    edition_id: str,
    ids: Sequence[int],
    *,
    kind: str = "first",
    not_before: datetime | None = None,
) -> None:
    """Freeze *ids*, at most `CHUNK`, as the next chunk of an edition."""
    last = await conn.scalar(select(func.max(_C.c.seq)).where(_C.c.edition_id == edition_id))
    await conn.execute(
        insert(_C).values(
            edition_id=edition_id,
            seq=(last or 0) + 1,
            kind=kind,
            ids=pack(ids),
            cursor=0,
            not_before=not_before,
        )
    )


async def set_planned(conn: AsyncConnection, edition_id: str, planned: int) -> None:
    await conn.execute(update(_E).where(_E.c.id == edition_id).values(planned=planned))


async def open_chunks(
    conn: AsyncConnection, edition_id: str, *, now: datetime | None = None
) -> list[int]:
    """Chunks that are not done; with *now* only those whose hour has come."""
    query = select(_C.c.seq).where(_C.c.edition_id == edition_id, _C.c.done == 0)
    if now is not None:
        query = query.where(or_(_C.c.not_before.is_(None), _C.c.not_before <= now))
    return list(await conn.scalars(query.order_by(_C.c.seq)))


async def due_chunks(conn: AsyncConnection, edition_id: str, *, now: datetime) -> dict[int, str]:
    """Chunks that are not done and whose hour has come: number → "first" or "again"."""
    query = select(_C.c.seq, _C.c.kind).where(
        _C.c.edition_id == edition_id,
        _C.c.done == 0,
        or_(_C.c.not_before.is_(None), _C.c.not_before <= now),
    )
    return {row.seq: row.kind for row in await conn.execute(query.order_by(_C.c.seq))}


async def steps(conn: AsyncConnection, edition_id: str) -> dict[int, int]:
    """How often a window of each chunk of an edition was opened; {} before it is frozen."""
    query = select(_C.c.seq, _C.c.steps).where(_C.c.edition_id == edition_id)
    return {row.seq: row.steps for row in await conn.execute(query)}


async def any_untouched(conn: AsyncConnection, edition_id: str) -> bool:
    """Whether somebody of an edition's audience was never begun."""
    query = select(_C.c.seq).where(
        _C.c.edition_id == edition_id,
        _C.c.done == 0,
        _C.c.kind == "first",
        func.length(_C.c.ids) > 8 * _C.c.window_to,
    )
    return await conn.scalar(query.limit(1)) is not None


async def claim(conn: AsyncConnection, edition_id: str, seq: int) -> Claim | None:
    """Take a chunk by raising its fence; None when it is done."""
    row = (
        await conn.execute(
            update(_C)
            .where(_C.c.edition_id == edition_id, _C.c.seq == seq, _C.c.done == 0)
            .values(fence=_C.c.fence + 1)
            .returning(
                *(_C.c.kind, _C.c.fence, _C.c.ids, _C.c.cursor, _C.c.window_to, _C.c.opened_by),
                *(_C.c.reached, _C.c.steps),
            )
        )
    ).one_or_none()
    if row is None:
        return None
    return Claim(
        edition_id=edition_id,
        seq=seq,
        kind=row.kind,
        fence=row.fence,
        ids=unpack(row.ids),
        cursor=row.cursor,
        window_to=row.window_to,
        opened_by=row.opened_by,
        reached=row.reached,
        steps=row.steps,
    )


async def settle(
    db: Database,
    conn: AsyncConnection,
    held: Claim,
    outcomes: Sequence[Outcome],
    *,
    cursor: int,
    window_to: int,
) -> Claim:
    """Write *outcomes* and move the window, in the caller's transaction.

    What lies before *cursor* must be settled with these outcomes; content may leave for what
    lies between the two as soon as the transaction is committed.

    Raises:
        Conflict: somebody else has taken the chunk.  Nothing is written: stop at once.
    """
    opened = int(window_to > held.window_to)
    held = replace(
        held,
        cursor=cursor,
        window_to=window_to,
        opened_by=held.fence,
        reached=max(held.reached, window_to),
        steps=held.steps + opened,
    )
    moved = await conn.execute(
        update(_C)
        .where(
            _C.c.edition_id == held.edition_id,
            _C.c.seq == held.seq,
            _C.c.fence == held.fence,
        )
        .values(
            cursor=cursor,
            window_to=window_to,
            opened_by=held.fence,
            reached=held.reached,
            steps=held.steps,
            done=int(cursor == len(held.ids)),
        )
    )
    if not moved.rowcount:
        raise Conflict(f"chunk {held.seq} of {held.edition_id} is in other hands")
    await record(db, conn, held.edition_id, outcomes)
    return held


async def record(
    db: Database, conn: AsyncConnection, edition_id: str, outcomes: Sequence[Outcome]
) -> None:
    """Write outcomes; a later one about the same person replaces the earlier."""
    if not outcomes:
        return
    await answers.keep(conn, edition_id, outcomes)
    rows = [
        answers.said(edition_id, one) | {"attempts": one.attempts, "not_before": one.not_before}
        for one in outcomes
    ]
    await db.execute_many(conn, _upsert(db), rows)


#: By dialect: whether it is SQLite's.
_UPSERTS: dict[bool, Executable] = {}


def _upsert(db: Database) -> Executable:
    if db.is_sqlite not in _UPSERTS:
        statement = db.insert(_D)
        keys = ("edition_id", "subscriber_id")
        new = {one.name: statement.excluded[one.name] for one in _D.c if one.name not in keys}
        _UPSERTS[db.is_sqlite] = statement.on_conflict_do_update(
            index_elements=[_D.c[name] for name in keys],
            set_=new,
            # What a relay reports at once may be here before the window that it was sent in.
            where=_D.c.state != literal_column(f"'{DeliveryState.BOUNCED.value}'"),
        )
    return _UPSERTS[db.is_sqlite]


async def known(conn: AsyncConnection, edition_id: str, ids: Sequence[int]) -> dict[int, Outcome]:
    """The rows of *ids*: who has none was never settled."""
    some: BindParameter[Any] = bindparam("some", expanding=True)
    query = select(_D).where(_D.c.edition_id == edition_id, _D.c.subscriber_id.in_(some))
    rows = await conn.execute(query, {"some": list(ids)})
    return {row.subscriber_id: answers.outcome_of(row) for row in rows}


async def begin(conn: AsyncConnection, held: Claim, ids: Sequence[int]) -> dict[int, int]:
    """Whom of a window *held* may write to, and how often each was tried before.

    In a first chunk everybody without a row.  In a chunk of people tried before, those queued
    for it: taken in one statement, so that nobody is begun by two workers.
    """
    if not ids:
        return {}
    if held.kind == "first":
        rows = await known(conn, held.edition_id, ids)
        return {id: 0 for id in ids if id not in rows}
    taken = await conn.execute(
        update(_D)
        .where(
            _D.c.edition_id == held.edition_id,
            _D.c.subscriber_id.in_(ids),
            _D.c.state == DeliveryState.DEFERRED.value,
            _D.c.not_before.is_(None),
        )
        .values(state=DeliveryState.SENDING.value)
        .returning(_D.c.subscriber_id, _D.c.attempts)
    )
    tried = {row.subscriber_id: row.attempts for row in taken}
    return {id: tried[id] for id in ids if id in tried}


async def put_back(conn: AsyncConnection, held: Claim, ids: Sequence[int]) -> None:
    """Those of *ids* that were begun again, and certainly not written to, wait as before."""
    if ids and held.kind != "first":
        await conn.execute(
            update(_D)
            .where(
                _D.c.edition_id == held.edition_id,
                _D.c.subscriber_id.in_(ids),
                _D.c.state == DeliveryState.SENDING.value,
            )
            .values(state=DeliveryState.DEFERRED.value, not_before=None)
        )


async def requeue(
    conn: AsyncConnection, edition_id: str, states: Sequence[DeliveryState], *, now: datetime | None
) -> int:
    """Make chunks of people to be tried again; return how many they are.

    Args:
        states: DEFERRED by the clock; DOUBTFUL or FAILED when the operator asks for it.
        now: for DEFERRED, only those whose time has come; None takes them all.
    """
    query = select(_D.c.subscriber_id).where(
        _D.c.edition_id == edition_id, _D.c.state.in_([state.value for state in states])
    )
    if DeliveryState.DEFERRED in states:
        # A deferred row without a time is in a chunk already.
        query = query.where(_D.c.not_before.is_not(None))
    if now is not None:
        query = query.where(_D.c.not_before <= now)
    ids = list(await conn.scalars(query.order_by(_D.c.subscriber_id)))
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        await add_chunk(conn, edition_id, part, kind="again")
        await conn.execute(
            update(_D)
            .where(
                _D.c.edition_id == edition_id,
                _D.c.subscriber_id.in_(part),
                _D.c.state.in_([state.value for state in states]),
            )
            .values(not_before=None, state=DeliveryState.DEFERRED.value)
        )
    return len(ids)


_EXPIRED = "its time was over before a relay took it"
_OLDER = "may have been sent again after the backup that this database was restored from was made"


async def expire(conn: AsyncConnection, edition_id: str, *, now: datetime) -> int:
    """Whoever was asked to come back does not get it any more; return how many.

    Those queued for another try, too; whoever a worker has in hand is left to it.
    """
    result = await conn.execute(
        update(_D)
        .where(
            _D.c.edition_id == edition_id,
            _D.c.state == DeliveryState.DEFERRED.value,
        )
        .values(state=DeliveryState.FAILED.value, text=_EXPIRED, not_before=None, code=0, at=now)
    )
    # Nobody is left in chunks of those who were to be tried again; one in hand ends by itself.
    await conn.execute(
        update(_C)
        .where(
            _C.c.edition_id == edition_id,
            _C.c.kind != "first",
            _C.c.done == 0,
            _C.c.cursor == _C.c.window_to,
        )
        .values(done=1)
    )
    return result.rowcount


async def doubt_deferred(conn: AsyncConnection, edition_id: str, *, now: datetime) -> int:
    """Hold whoever is to be tried again: a copy of the database does not know if they were."""
    result = await conn.execute(
        update(_D)
        .where(
            _D.c.edition_id == edition_id,
            _D.c.state == DeliveryState.DEFERRED.value,
        )
        .values(state=DeliveryState.DOUBTFUL.value, text=_OLDER, not_before=None, at=now)
    )
    return result.rowcount


async def close_doubts(conn: AsyncConnection, edition_id: str, *, now: datetime) -> int:
    """Take the doubtful as sent, as nearly all of them were; return how many."""
    result = await conn.execute(
        update(_D)
        .where(_D.c.edition_id == edition_id, _D.c.state == DeliveryState.DOUBTFUL.value)
        .values(state=DeliveryState.SENT.value, text="taken as sent by the operator", at=now)
    )
    return result.rowcount


async def next_due(conn: AsyncConnection, edition_id: str) -> datetime | None:
    """When the first deferred delivery may be tried again, or the next chosen hour comes."""
    deferred = select(func.min(_D.c.not_before)).where(
        _D.c.edition_id == edition_id, _D.c.state == DeliveryState.DEFERRED.value
    )
    chosen = select(func.min(_C.c.not_before)).where(_C.c.edition_id == edition_id, _C.c.done == 0)
    found = [await conn.scalar(deferred), await conn.scalar(chosen)]
    return min((at for at in found if at is not None), default=None)


async def counts(conn: AsyncConnection, edition_id: str) -> Counts:
    """The edition's deliveries by state; whoever has no final row is pending."""
    planned = await conn.scalar(select(_E.c.planned).where(_E.c.id == edition_id)) or 0
    rows = await conn.execute(
        select(_D.c.state, func.count().label("number"))
        .where(_D.c.edition_id == edition_id)
        .group_by(_D.c.state)
    )
    by_state = {DeliveryState(row.state): row.number for row in rows}
    final = {
        state.value: by_state.get(state, 0)
        for state in (
            DeliveryState.SENT,
            DeliveryState.FAILED,
            DeliveryState.SKIPPED,
            DeliveryState.DOUBTFUL,
            DeliveryState.BOUNCED,
        )
    }
    return Counts(planned=planned, pending=planned - sum(final.values()), **final)


async def listing(
    conn: AsyncConnection,
    edition_id: str,
    *,
    states: Sequence[DeliveryState] = (),
    limit: int = LISTED,
) -> list[Outcome]:
    """Rows of the journal, by subscriber; of all states, or of *states*."""
    query = select(_D).where(_D.c.edition_id == edition_id).order_by(_D.c.subscriber_id)
    if states:
        query = query.where(_D.c.state.in_([state.value for state in states]))
    return [answers.outcome_of(row) for row in await conn.execute(query.limit(limit))]
