"""Reports on the sources, one for each slot of a newsletter."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.store import schema
from digest.store.database import Database

_T = schema.report


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRecord:
    """A report as it was made."""

    #: Of the edition that it was made for.
    edition_id: str
    at: datetime
    #: JSON.
    content: str
    #: When it was handed to the relay; None if it was not, or nobody wants it.
    mailed_at: datetime | None = None


async def get(conn: AsyncConnection, edition_id: str) -> ReportRecord | None:
    row = (await conn.execute(select(_T).where(_T.c.edition_id == edition_id))).one_or_none()
    return None if row is None else ReportRecord(**row._asdict())


async def latest(conn: AsyncConnection, *, limit: int = 20) -> list[ReportRecord]:
    """Newest first."""
    rows = await conn.execute(select(_T).order_by(_T.c.at.desc(), _T.c.edition_id).limit(limit))
    return [ReportRecord(**row._asdict()) for row in rows]


async def keep(
    db: Database, conn: AsyncConnection, edition_id: str, *, at: datetime, content: str
) -> None:
    """Keep a report; a later one for the same slot takes its place."""
    values = {"at": at, "content": content}
    await conn.execute(
        db.insert(_T)
        .values(edition_id=edition_id, **values)
        .on_conflict_do_update(index_elements=[_T.c.edition_id], set_=values)
    )


async def mailed(conn: AsyncConnection, edition_id: str, *, at: datetime) -> None:
    await conn.execute(update(_T).where(_T.c.edition_id == edition_id).values(mailed_at=at))
