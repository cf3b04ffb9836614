"""What is remembered of a source between two looks."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.store import schema
from digest.store.database import Database

_T = schema.source


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """A source's last visit and next one."""

    id: str
    #: Validators, verbatim as the server gave them.
    etag: str | None = None
    last_modified: str | None = None
    checked_at: datetime | None = None
    next_at: datetime | None = None
    succeeded_at: datetime | None = None
    #: Visits that failed since the last that did not.
    failures: int = 0
    fault: str | None = None


async def known(conn: AsyncConnection) -> dict[str, SourceRecord]:
    rows = await conn.execute(select(_T))
    return {row.id: SourceRecord(**row._asdict()) for row in rows}


async def visited(db: Database, conn: AsyncConnection, record: SourceRecord) -> None:
    """Keep the outcome of a visit."""
    values = {column.name: getattr(record, column.name) for column in _T.c if column.name != "id"}
    await conn.execute(
        db.insert(_T)
        .values(id=record.id, **values)
        .on_conflict_do_update(index_elements=[_T.c.id], set_=values)
    )
