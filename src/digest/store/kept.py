"""What else is kept of one person: letters, deliveries, what came back.  For "my data"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model import DeliveryState, LetterKind
from digest.store import schema
from digest.store.forgetting import editions_of

_D, _L, _B = schema.delivery, schema.letter, schema.bounce
_AT_ONCE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One edition or letter, and what became of it for one person."""

    edition_id: str
    state: DeliveryState
    #: The relay's reply: 250, or 0 when there was none.
    code: int
    #: RFC 3463; "" without one.
    enhanced: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One letter, without its words."""

    kind: LetterKind
    newsletter: str
    at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """One thing that came back."""

    kind: str
    edition_id: str
    status: str
    text: str
    at: datetime


async def deliveries_of(conn: AsyncConnection, subscriber_id: int) -> list[Delivered]:
    """What was sent to a person, or was to be, by edition.

    One look by primary key for each edition that there ever was: the journal has no index of
    people, it would be as large as itself.
    """
    editions = await editions_of(conn, subscriber_id)
    found: list[Delivered] = []
    for start in range(0, len(editions), _AT_ONCE):
        found += await _deliveries(conn, subscriber_id, editions[start : start + _AT_ONCE])
    return sorted(found, key=lambda one: (one.at, one.edition_id))


async def _deliveries(
    conn: AsyncConnection, subscriber_id: int, editions: Sequence[str]
) -> list[Delivered]:
    columns = (_D.c.edition_id, _D.c.state, _D.c.code, _D.c.enhanced, _D.c.at)
    query = select(*columns).where(
        _D.c.edition_id.in_(editions), _D.c.subscriber_id == subscriber_id
    )
    return [
        Delivered(
            edition_id=row.edition_id,
            state=DeliveryState(row.state),
            code=row.code,
            enhanced=row.enhanced,
            at=row.at,
        )
        for row in await conn.execute(query)
    ]


async def letters_of(conn: AsyncConnection, subscriber_id: int) -> list[Written]:
    """Letters to a person, oldest first."""
    query = select(_L).where(_L.c.subscriber_id == subscriber_id).order_by(_L.c.number)
    return [
        Written(
            kind=LetterKind(row.kind), newsletter=row.newsletter, at=row.at, used_at=row.used_at
        )
        for row in await conn.execute(query)
    ]


async def returns_of(conn: AsyncConnection, subscriber_id: int) -> list[Returned]:
    """What came back of mails to a person, oldest first."""
    query = select(_B).where(_B.c.subscriber_id == subscriber_id).order_by(_B.c.at, _B.c.number)
    return [
        Returned(
            kind=row.kind,
            edition_id=row.edition_id,
            status=row.status,
            text=row.text,
            at=row.at,
        )
        for row in await conn.execute(query)
    ]
