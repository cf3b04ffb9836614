"""What each process that sends an edition tells of itself: a row, written over once a second.

Of no use an hour later: nothing is decided by it, and the journal knows what became of whom.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.store import schema
from digest.store.database import Database

_P = schema.progress


class Row(NamedTuple):
    """What one process told last."""

    worker: str
    #: JSON; see `meter.merge`.
    told: str
    at: datetime


async def note(
    db: Database, conn: AsyncConnection, edition_id: str, worker: str, told: str, *, now: datetime
) -> None:
    """Write down what *worker*, any name of its own, has to tell; its last word is lost."""
    statement = db.insert(_P).values(edition_id=edition_id, worker=worker[:64], told=told, at=now)
    new = {"told": statement.excluded.told, "at": statement.excluded.at}
    await conn.execute(
        statement.on_conflict_do_update(index_elements=list(_P.primary_key), set_=new)
    )


async def read(conn: AsyncConnection, edition_id: str) -> list[Row]:
    """By worker; also of those that are long gone."""
    query = select(_P.c.worker, _P.c.told, _P.c.at).where(_P.c.edition_id == edition_id)
    return [Row(*row) for row in await conn.execute(query.order_by(_P.c.worker))]


async def drop(conn: AsyncConnection, edition_id: str) -> None:
    await conn.execute(delete(_P).where(_P.c.edition_id == edition_id))


async def drop_old(conn: AsyncConnection, *, before: datetime) -> int:
    """Forget those that have told nothing since; how many they were."""
    return (await conn.execute(delete(_P).where(_P.c.at < before))).rowcount
