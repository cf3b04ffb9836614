"""Whom an edition did not reach, counted by what became of them; only read here.

Nobody is listed one by one: of a million people a dozen sorts are left, with a few examples.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Row, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model import DeliveryState
from digest.store import journal, schema
from digest.store.subscribers import Readers

_C, _D, _S, _N = schema.chunk, schema.delivery, schema.subscriber, schema.subscription
#: Examples of each sort.
EXAMPLES = 3
#: Chunks read at once: 8 KB each.
_AT_ONCE = 100
_ID_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """Deliveries of one state of which the same was said."""

    state: DeliveryState
    code: int
    enhanced: str
    #: The words of one of them: those of the others may differ in a number.
    text: str
    count: int
    #: When the first may be tried again; None of those in somebody's hands.
    soonest: datetime | None
    #: Ended once the edition's time was over, and not by a refusal.
    late: bool
    #: Subscriber ids.
    examples: tuple[int, ...]


async def sorts(
    conn: AsyncConnection,
    edition_id: str,
    states: Collection[DeliveryState],
    *,
    expires_at: datetime | None = None,
) -> list[Sort]:
    """Deliveries in *states* by what was said of them, most first.

    By code and status where a relay gave any, else by the words, which are our own.

    Args:
        expires_at: when the edition's time was over; None: it is not.
    """
    late: ColumnElement[int] = literal(0)
    if expires_at is not None:
        late = case(((_D.c.at >= expires_at) & (_D.c.code < 500), 1), else_=0)
    sort = (
        select(
            *(_D.c.subscriber_id, _D.c.state, _D.c.code, _D.c.enhanced, _D.c.text),
            _D.c.not_before,
            case((_D.c.code == 0, _D.c.text), else_="").label("own"),
            late.label("late"),
        )
        .where(_D.c.edition_id == edition_id, _D.c.state.in_([one.value for one in states]))
        .subquery()
    )
    # In somebody's hands, or waiting for a time: told apart.
    by = (*(sort.c[name] for name in _KEYS), sort.c.not_before.is_(None))
    grouped = select(
        *by[:-1],
        sort.c.not_before.is_(None).label("begun"),
        func.count().label("number"),
        func.min(sort.c.text).label("text"),
        func.min(sort.c.not_before).label("soonest"),
    ).group_by(*by)
    place = func.row_number().over(partition_by=by, order_by=sort.c.subscriber_id).label("place")
    ranked = select(
        *by[:-1], sort.c.not_before.is_(None).label("begun"), sort.c.subscriber_id, place
    ).subquery()
    first = select(ranked).where(ranked.c.place <= EXAMPLES).order_by(ranked.c.subscriber_id)
    examples: dict[tuple[Any, ...], list[int]] = {}
    for row in await conn.execute(first):
        examples.setdefault(_key(row), []).append(row.subscriber_id)
    found = [
        Sort(
            state=DeliveryState(row.state),
            code=row.code,
            enhanced=row.enhanced,
            text=row.text,
            count=row.number,
            soonest=row.soonest,
            late=bool(row.late),
            examples=tuple(examples[_key(row)]),
        )
        for row in await conn.execute(grouped)
    ]
    return sorted(found, key=lambda one: (-one.count, one.state, one.code, one.enhanced, one.text))


_KEYS = ("state", "code", "enhanced", "own", "late")


def _key(row: Row[*tuple[Any, ...]]) -> tuple[Any, ...]:
    return (*(getattr(row, name) for name in _KEYS), bool(row.begun))


# ------------------------------------------------------------------------- the audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """People of a frozen audience whose deliveries have no row yet."""

    #: When their chunk may be begun; None: at once.
    not_before: datetime | None
    #: In an open window: being written to, or left so by a process that died.
    begun: bool
    count: int
    #: Subscriber ids.
    examples: tuple[int, ...]


async def left(conn: AsyncConnection, edition_id: str) -> list[Left]:
    """Who is left of the chunks of the first try that are not done, by when they may be begun."""

    def some(position: ColumnElement[int]) -> ColumnElement[bytes]:
        start = position * _ID_BYTES + 1
        return func.substr(_C.c.ids, start, EXAMPLES * _ID_BYTES, type_=LargeBinary)

    query = (
        select(
            *(_C.c.not_before, _C.c.cursor, _C.c.window_to),
            func.length(_C.c.ids).label("size"),
            some(_C.c.cursor).label("in_window"),
            some(_C.c.window_to).label("untouched"),
        )
        .where(_C.c.edition_id == edition_id, _C.c.done == 0, _C.c.kind == "first")
        .order_by(_C.c.seq)
    )
    found: dict[tuple[datetime | None, bool], Left] = {}
    for row in await conn.execute(query):
        open_now = row.window_to - row.cursor
        rest = row.size // _ID_BYTES - row.window_to
        for begun, count, packed in ((True, open_now, row.in_window), (False, rest, row.untouched)):
            before = found.get((row.not_before, begun))
            ids = (*(before.examples if before else ()), *journal.unpack(packed)[:count])
            found[row.not_before, begun] = Left(
                not_before=row.not_before,
                begun=begun,
                count=count + (before.count if before else 0),
                examples=ids[:EXAMPLES],
            )
    return [one for one in found.values() if one.count]


async def waiting(conn: AsyncConnection, edition_id: str, *, now: datetime) -> int:
    """People who may not be written to before some time that is still to come."""
    deferred = await conn.scalar(
        select(func.count()).where(
            _D.c.edition_id == edition_id,
            _D.c.state == DeliveryState.DEFERRED.value,
            _D.c.not_before > now,
        )
    )
    # Their hour: what a window is open of has begun.
    later = await conn.scalar(
        select(func.sum(func.length(_C.c.ids) / _ID_BYTES - _C.c.window_to)).where(
            _C.c.edition_id == edition_id, _C.c.done == 0, _C.c.not_before > now
        )
    )
    return int(deferred or 0) + int(later or 0)


async def joined(
    conn: AsyncConnection, edition_id: str, readers: Readers, *, since: datetime
) -> list[int]:
    """Who gets what *readers* do since then, and is not of the frozen audience: ids, ascending."""
    query = (
        select(_N.c.subscriber_id)
        .join(_S, _S.c.id == _N.c.subscriber_id)
        .where(readers.clause(), _N.c.since > since)
    )
    found = set(await conn.scalars(query))
    after = 0
    while found:
        # They are few, and the audience is not: it goes by, some chunks at a time.
        page = (
            select(_C.c.seq, _C.c.ids)
            .where(_C.c.edition_id == edition_id, _C.c.kind == "first", _C.c.seq > after)
            .order_by(_C.c.seq)
            .limit(_AT_ONCE)
        )
        chunks = list(await conn.execute(page))
        if not chunks:
            break
        for chunk in chunks:
            found.difference_update(journal.unpack(chunk.ids))
        after = chunks[-1].seq
    return sorted(found)
