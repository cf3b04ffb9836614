"""What came back, of whom: a row for each report, and what may be told from the rows.

Not here: whether a report is genuine, and what follows from it; that is decided above.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model import (
    DELIVERY_LIFE,
    DeliveryEvent,
    DeliveryState,
    ReturnKind,
    Subscriber,
    SubscriptionState,
)
from digest.store import journal, schema
from digest.store.database import Database

_B, _D, _E, _L = schema.bounce, schema.delivery, schema.edition, schema.letter
_S, _N, _C, _K = schema.subscriber, schema.subscription, schema.consent, schema.chunk

#: In which a delivery that comes back was still to be settled: it was accepted, then.
_BEGUN = DELIVERY_LIFE[DeliveryState.SENDING][DeliveryEvent.ACCEPT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """One report, as it is kept."""

    subscriber_id: int
    #: Of an edition or a letter; "" if that is not known.
    delivery_id: str = ""
    kind: ReturnKind
    #: RFC 3463; "" when there is none.
    status: str = ""
    #: The server's words, without addresses.
    text: str = ""
    reporter: str
    #: When it happened, as far as that is known.
    at: datetime


class Sent(NamedTuple):
    """One delivery to the person in question."""

    delivery_id: str
    state: DeliveryState
    at: datetime


class Listed(NamedTuple):
    """A report with whose it is, for the operator's eyes."""

    came: Came
    email: str


def fingerprint(*parts: object) -> str:
    """32 hex digits that stand for one report: the same parts are the same report."""
    told = "\0".join(map(str, parts))
    return blake2b(told.encode("utf-8", "replace"), digest_size=16).hexdigest()


async def keep(db: Database, conn: AsyncConnection, came: Came, *, fingerprint: str) -> bool:
    """Keep a report; False when it was kept before."""
    statement = db.insert(_B).values(
        fingerprint=fingerprint,
        subscriber_id=came.subscriber_id,
        edition_id=came.delivery_id,
        kind=came.kind.value,
        status=came.status[:16],
        text=came.text,
        reporter=came.reporter[:16],
        at=came.at,
    )
    kept = await conn.execute(statement.on_conflict_do_nothing(index_elements=[_B.c.fingerprint]))
    return bool(kept.rowcount)


_COLUMNS = (
    *(_B.c.subscriber_id, _B.c.edition_id.label("delivery_id"), _B.c.kind, _B.c.status),
    *(_B.c.text, _B.c.reporter, _B.c.at),
)


async def of_person(conn: AsyncConnection, subscriber_id: int, *, since: datetime) -> list[Came]:
    """What came back of somebody since an instant, oldest first."""
    query = (
        select(*_COLUMNS)
        .where(_B.c.subscriber_id == subscriber_id, _B.c.at >= since)
        .order_by(_B.c.at, _B.c.number)
    )
    rows = await conn.execute(query)
    return [Came(**(row._asdict() | {"kind": ReturnKind(row.kind)})) for row in rows]


async def latest(conn: AsyncConnection, *, limit: int) -> list[Listed]:
    """What came back lately, the newest first."""
    query = (
        select(*_COLUMNS, _S.c.email)
        .join(_S, _S.c.id == _B.c.subscriber_id)
        .order_by(_B.c.number.desc())
        .limit(limit)
    )
    found = []
    for row in await conn.execute(query):
        values = row._asdict()
        email = values.pop("email")
        found.append(Listed(Came(**(values | {"kind": ReturnKind(row.kind)})), email))
    return found


# ------------------------------------------------------------------- what it may be about


def _of_late(since: datetime) -> ColumnElement[bool]:
    """Whether anything about an edition is not before *since*.

    One that was made by hand for an old day is as young as its making, or its approval.
    """
    at = (_E.c.slot_at, _E.c.created_at, _E.c.approved_at, _E.c.finished_at)
    return or_(*(column >= since for column in at))


async def editions_since(conn: AsyncConnection, since: datetime) -> list[str]:
    """Ids of the editions that may have been mailed after an instant, whatever became of them."""
    query = select(_E.c.id).where(_of_late(since)).order_by(_E.c.slot_at.desc(), _E.c.id)
    return list(await conn.scalars(query))


async def letters_to(conn: AsyncConnection, subscriber_id: int) -> list[str]:
    """What the letters to somebody are called in the journal, the newest first."""
    query = select(_L.c.kind, _L.c.number).where(_L.c.subscriber_id == subscriber_id)
    rows = await conn.execute(query.order_by(_L.c.number.desc()))
    return [f"{row.kind}:{row.number}" for row in rows]


async def sent_to(conn: AsyncConnection, subscriber_id: int, *, since: datetime) -> list[Sent]:
    """Deliveries to somebody: of editions as of `editions_since`, and all letters.

    By the journal's key, edition by edition: it has no index of people, and need not have one.
    """
    editions = select(_E.c.id).where(_of_late(since))
    query = select(_D.c.edition_id, _D.c.state, _D.c.at).where(_D.c.subscriber_id == subscriber_id)
    rows = list(await conn.execute(query.where(_D.c.edition_id.in_(editions))))
    if letters := await letters_to(conn, subscriber_id):
        rows += await conn.execute(query.where(_D.c.edition_id.in_(letters)))
    return [Sent(row.edition_id, DeliveryState(row.state), row.at) for row in rows]


async def agreed_at(conn: AsyncConnection, subscriber_id: int) -> datetime | None:
    """When somebody last agreed to what they get now; None if they get nothing."""
    going = (SubscriptionState.ACTIVE.value, SubscriptionState.PAUSED.value)
    query = (
        select(func.max(_C.c.at))
        .join(_N, _N.c.consent_id == _C.c.id)
        .where(_N.c.subscriber_id == subscriber_id, _N.c.state.in_(going))
    )
    at: datetime | None = await conn.scalar(query)
    return at


# ---------------------------------------------------------------------- what follows from it


async def hold_all(conn: AsyncConnection, ids: Iterable[int]) -> list[Subscriber]:
    """Those of *ids* who are still there, held as by `people.hold`, by ascending id."""
    query = select(_S).where(_S.c.id.in_(list(ids))).order_by(_S.c.id)
    rows = await conn.execute(query.with_for_update(key_share=True))
    return [Subscriber(id=row.id, email=row.email, key=row.key) for row in rows]


async def returned(
    db: Database, conn: AsyncConnection, came: Came, *, state: DeliveryState | None
) -> None:
    """A delivery that was accepted has come back: in the journal, bounced.

    A report can be here before the sender has written down that the message was accepted; then
    the row is made, if the person is in an open window, and the sender leaves it alone.

    Args:
        state: what the journal says of it; None if it has no row.
    """
    if state is None and not await _in_window(conn, came.delivery_id, came.subscriber_id):
        return
    accepted = _BEGUN if state in (None, DeliveryState.SENDING) else state
    after = DELIVERY_LIFE[accepted].get(DeliveryEvent.BOUNCE)
    if after is None:
        return
    values = {"state": after.value, "enhanced": came.status[:16], "text": came.text}
    if state is None:
        key = {"edition_id": came.delivery_id, "subscriber_id": came.subscriber_id, "at": came.at}
        await conn.execute(db.insert(_D).values(**key, **values).on_conflict_do_nothing())
        return
    await conn.execute(
        update(_D)
        .where(
            _D.c.edition_id == came.delivery_id,
            _D.c.subscriber_id == came.subscriber_id,
            _D.c.state == state.value,
        )
        # Not the time: it is that of the sending.
        .values(**values)
    )


async def _in_window(conn: AsyncConnection, delivery_id: str, subscriber_id: int) -> bool:
    """Whether somebody is being written to right now."""
    query = select(_K.c.ids, _K.c.cursor, _K.c.window_to).where(
        _K.c.edition_id == delivery_id, _K.c.done == 0, _K.c.window_to > _K.c.cursor
    )
    rows: Sequence[tuple[bytes, int, int]] = [tuple(row) for row in await conn.execute(query)]
    return any(subscriber_id in journal.unpack(ids)[start:end] for ids, start, end in rows)
