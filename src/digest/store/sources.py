"""What is remembered of a source between two looks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model import HostWait, RobotsFile
from digest.store import schema
from digest.store.database import Database

_T = schema.source
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """A source's last visit and next one."""

    id: str
    #: Validators, verbatim as the server gave them.
    etag: str | None = None
    last_modified: str | None = None
    #: Whose they are, when a redirect led to another address than the one asked.
    validators_url: str | None = None
    checked_at: datetime | None = None
    next_at: datetime | None = None
    succeeded_at: datetime | None = None
    #: Visits that failed since the last that did not.
    failures: int = 0
    #: What was wrong at the last visit, in words; of a folder also when it succeeded.
    fault: str | None = None
    #: `errors.Fault` of the last visit; None when it succeeded.
    word: str | None = None
    #: HTTP status of the last visit; None if there was none.
    status: int | None = None
    failing_since: datetime | None = None
    #: Of the last body: tells whether anything changed when the server does not.
    fingerprint: str | None = None
    #: The first visit that succeeded; before it, the backlog is bounded.
    first_at: datetime | None = None
    #: The last visit that brought something new.
    new_at: datetime | None = None
    #: The source's address in the settings at the last visit: what follows is of it alone.
    configured: str | None = None
    #: Asked instead of the source's own: it moved for good, or its feed was found there.
    address: str | None = None
    #: Where it says it moved, since when, and how many visits in a row said the same.
    moved_to: str | None = None
    moved_since: datetime | None = None
    moved_visits: int = 0
    #: It answered 410: retired, and looked at once a week in case that was a mistake.
    gone_at: datetime | None = None
    paused_at: datetime | None = None
    identity: str = "guid"
    #: What the source's kind wants to remember.
    cursor: str | None = None
    #: Of a paged feed: the part before it could not be had, and is still to be walked.
    gap: str | None = None
    #: WebSub: hub and topic, the secret of its signatures, when asked, until when granted.
    hub: str | None = None
    topic: str | None = None
    hub_secret: str | None = None
    hub_asked_at: datetime | None = None
    hub_until: datetime | None = None
    #: A `settings.Source` as JSON, when it was added by command and not in config.toml.
    declared: str | None = None
    #: Slugs of newsletters with a list of sources that also take this added one.
    newsletters: tuple[str, ...] = ()


async def known(conn: AsyncConnection) -> dict[str, SourceRecord]:
    rows = await conn.execute(select(_T))
    return {row.id: _record(row) for row in rows}


async def find(conn: AsyncConnection, source_id: str, *, lock: bool = False) -> SourceRecord | None:
    """What is remembered of one source.

    Args:
        lock: nobody else may change it until this transaction ends: it is going to be written.
    """
    return (await several(conn, [source_id], lock=lock)).get(source_id)


def _record(row: Row[Any]) -> SourceRecord:
    values = row._asdict()
    return SourceRecord(**values | {"newsletters": tuple(values["newsletters"] or ())})


async def several(
    conn: AsyncConnection, ids: Sequence[str], *, lock: bool = False
) -> dict[str, SourceRecord]:
    """The records of those of *ids* that have one; locked as in `find`."""
    query = select(_T).where(_T.c.id.in_(ids))
    if lock:
        # Always in one order: two that want the same rows must not wait for each other.
        query = query.order_by(_T.c.id).with_for_update()
    return {row.id: _record(row) for row in await conn.execute(query)}


async def visited(db: Database, conn: AsyncConnection, *records: SourceRecord) -> None:
    """Keep the outcomes of visits."""
    if not records:
        return
    insert = db.insert(_T)
    taken = {column.name: insert.excluded[column.name] for column in _T.c if column.name != "id"}
    rows = [
        {column.name: getattr(record, column.name) for column in _T.c}
        | {"newsletters": list(record.newsletters)}
        for record in records
    ]
    statement = insert.on_conflict_do_update(index_elements=[_T.c.id], set_=taken)
    await conn.execute(statement, rows)


# ------------------------------------------------------------- done with already


def _key(key: str) -> str:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


async def undone(conn: AsyncConnection, source_id: str, keys: Sequence[str]) -> frozenset[str]:
    """Those of *keys* that `finish` was not told of."""
    hashed = {_key(key): key for key in keys}
    column = schema.done.c
    listed = list(hashed)
    for start in range(0, len(listed), _BATCH):
        part = listed[start : start + _BATCH]
        found = await conn.scalars(
            select(column.key).where(column.source_id == source_id, column.key.in_(part))
        )
        for key in found:
            hashed.pop(key, None)
    return frozenset(hashed.values())


async def finish(
    db: Database, conn: AsyncConnection, source_id: str, keys: Iterable[str], *, at: datetime
) -> None:
    """Note that *keys* need not be read again: files by content, links, mails."""
    rows = [{"source_id": source_id, "key": _key(key), "at": at} for key in keys]
    if rows:
        await conn.execute(db.insert(schema.done).on_conflict_do_nothing(), rows)


# ----------------------------------------------------------------------- hosts


async def waits(conn: AsyncConnection, *, now: datetime) -> list[HostWait]:
    """Hosts that still want to be left alone."""
    rows = await conn.execute(select(schema.host_wait).where(schema.host_wait.c.until > now))
    return [HostWait(**row._asdict()) for row in rows]


async def keep_waits(db: Database, conn: AsyncConnection, found: Iterable[HostWait]) -> None:
    table = schema.host_wait
    for wait in found:
        values = {"until": wait.until, "reason": wait.reason}
        await conn.execute(
            db.insert(table)
            .values(host=wait.host, **values)
            .on_conflict_do_update(index_elements=[table.c.host], set_=values)
        )


async def robots(conn: AsyncConnection, *, now: datetime) -> list[RobotsFile]:
    """Those young enough to be of use: a day, or a month when there is no other (RFC 9309 2.4)."""
    oldest = now - timedelta(days=30)
    rows = await conn.execute(select(schema.robots).where(schema.robots.c.fetched_at > oldest))
    return [RobotsFile(**row._asdict()) for row in rows]


async def keep_robots(db: Database, conn: AsyncConnection, found: Iterable[RobotsFile]) -> None:
    table = schema.robots
    for file in found:
        values = {"status": file.status, "text": file.text, "fetched_at": file.fetched_at}
        await conn.execute(
            db.insert(table)
            .values(origin=file.origin, **values)
            .on_conflict_do_update(index_elements=[table.c.origin], set_=values)
        )
