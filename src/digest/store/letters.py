"""Letters: mails to one person that are no edition.  What became of each is in the journal."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, String, cast, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.errors import NotFound
from digest.model import Letter, LetterKind
from digest.store import schema

_L = schema.letter


async def write(
    conn: AsyncConnection,
    kind: LetterKind,
    subscriber_id: int,
    newsletter: str,
    *,
    content: Mapping[str, Any],
    now: datetime,
) -> int:
    """Have a letter sent; return its number."""
    statement = insert(_L).values(
        kind=kind.value,
        subscriber_id=subscriber_id,
        newsletter=newsletter,
        content=json.dumps(content, ensure_ascii=False),
        at=now,
    )
    number: int = (await conn.execute(statement.returning(_L.c.number))).scalar_one()
    return number


def _letter(row: Row[*tuple[Any, ...]]) -> Letter:
    return Letter(
        number=row.number,
        kind=LetterKind(row.kind),
        subscriber_id=row.subscriber_id,
        newsletter=row.newsletter,
        at=row.at,
        content=json.loads(row.content),
        used_at=row.used_at,
    )


def _asked_to_wait(now: datetime) -> ColumnElement[bool]:
    return exists().where(
        schema.delivery.c.edition_id == _L.c.kind + ":" + cast(_L.c.number, String),
        schema.delivery.c.subscriber_id == _L.c.subscriber_id,
        schema.delivery.c.not_before > now,
    )


async def waiting(
    conn: AsyncConnection, *, now: datetime | None = None, limit: int = 1000
) -> list[Letter]:
    """Letters that are not done with, oldest first; with *now*, those that may be sent now."""
    query = select(_L).where(_L.c.done_at.is_(None))
    if now is not None:
        # What a relay wants later stands in nobody's way.
        query = query.where(~_asked_to_wait(now))
    rows = await conn.execute(query.order_by(_L.c.number).limit(limit))
    return [_letter(row) for row in rows]


async def any_due(conn: AsyncConnection, now: datetime) -> bool:
    """Whether a letter is to be sent now."""
    query = select(_L.c.number).where(_L.c.done_at.is_(None), ~_asked_to_wait(now)).limit(1)
    return await conn.scalar(query) is not None


async def written_since(
    conn: AsyncConnection, subscriber_id: int, kinds: tuple[LetterKind, ...], *, since: datetime
) -> int:
    """How many letters of these kinds somebody was written after *since*."""
    query = select(_L.c.number).where(
        _L.c.subscriber_id == subscriber_id,
        _L.c.kind.in_([kind.value for kind in kinds]),
        _L.c.at > since,
    )
    return len(list(await conn.scalars(query)))


async def get(conn: AsyncConnection, number: int, *, lock: bool = False) -> Letter:
    """The letter whose link somebody has opened.

    Args:
        lock: nobody else may use it before this transaction ends.

    Raises:
        NotFound: it is not there any more.
    """
    query = select(_L).where(_L.c.number == number)
    row = (await conn.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound("this link is of somebody who was forgotten")
    return _letter(row)


async def use(conn: AsyncConnection, number: int, *, now: datetime) -> None:
    """A letter's link is good no more."""
    await conn.execute(update(_L).where(_L.c.number == number).values(used_at=now))


async def close(conn: AsyncConnection, number: int, *, now: datetime) -> bool:
    """Nothing of a letter is left to be sent; False: somebody has closed it before."""
    open_one = update(_L).where(_L.c.number == number, _L.c.done_at.is_(None))
    return bool((await conn.execute(open_one.values(done_at=now))).rowcount)
