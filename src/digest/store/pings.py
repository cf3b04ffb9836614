"""Hubs that are yet to be told of a change of a feed: one row for each hub and feed.

A row stands until its hub has heard of the newest change.  One that was given up stands too,
with its fault, and is never due: the next change begins anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.store import schema
from digest.store.database import Database

_T = schema.ping
#: After so many the hub is given up for this change.
MOST_TRIES: Final = 8
#: Letters of an address that a row can hold.
LONGEST: Final = 500
#: The finest step of a clock here.
_TICK: Final = timedelta(microseconds=1)
_NOTHING: Final = MappingProxyType[tuple[str, str], datetime]({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """What one hub is to be told."""

    hub: str
    #: The address of the feed, as its rel="self" says it.
    topic: str
    #: When the feed changed last.
    changed_at: datetime
    due_at: datetime
    #: In vain, since that change.
    tries: int = 0
    #: What was wrong the last time.
    fault: str = ""


async def note(
    db: Database,
    conn: AsyncConnection,
    hubs: Iterable[str],
    topics: Iterable[str],
    *,
    now: datetime,
    due_at: datetime | None = None,
    since: Mapping[tuple[str, str], datetime] = _NOTHING,
) -> None:
    """Have each of *hubs* told that each of *topics* has changed.

    A change is always later than the one before, also when the clock stands still or was put
    back: whoever is telling a hub meanwhile can see that there is more to tell.

    Args:
        due_at: not to be told before; None: as soon as may be.
        since: for hubs (and topics) that were to be told before *now*, when.
    """
    wanted = sorted({(hub, topic) for topic in topics for hub in hubs})
    known = select(_T.c.hub, _T.c.topic, _T.c.changed_at).with_for_update()
    before = {(row.hub, row.topic): row.changed_at for row in await conn.execute(known)}
    rows = [
        {
            "hub": hub,
            "topic": topic,
            "changed_at": max(now, before[hub, topic] + _TICK) if (hub, topic) in before else now,
            "due_at": since.get((hub, topic), due_at or now),
            "tries": 0,
        }
        for hub, topic in wanted
    ]
    if not rows:
        return
    statement = db.insert(_T)
    fresh = {name: statement.excluded[name] for name in ("changed_at", "due_at", "tries")}
    statement = statement.on_conflict_do_update(index_elements=[_T.c.hub, _T.c.topic], set_=fresh)
    await conn.execute(statement, rows)


async def due(conn: AsyncConnection, now: datetime) -> list[Ping]:
    """What is to be told now, longest due first; of several, what was tried most."""
    query = (
        select(_T)
        .where(_T.c.due_at <= now, _T.c.tries < MOST_TRIES)
        .order_by(_T.c.due_at, _T.c.tries.desc(), _T.c.hub, _T.c.topic)
    )
    return [Ping(**row._asdict()) for row in await conn.execute(query)]


async def any_due(conn: AsyncConnection, now: datetime) -> datetime | None:
    """Since when a hub is to be told something; None while nothing is due."""
    oldest = select(func.min(_T.c.due_at)).where(_T.c.due_at <= now, _T.c.tries < MOST_TRIES)
    found: datetime | None = await conn.scalar(oldest)
    return found


async def standing(conn: AsyncConnection) -> list[Ping]:
    """All that hubs have not been told, given up or not, by hub and topic."""
    rows = await conn.execute(select(_T).order_by(_T.c.hub, _T.c.topic))
    return [Ping(**row._asdict()) for row in rows]


async def told(conn: AsyncConnection, ping: Ping) -> bool:
    """The hub knows of *ping*; False when its feed has changed since: that is yet to be told."""
    done = await conn.execute(delete(_T).where(_still(ping)))
    return bool(done.rowcount)


async def failed(
    conn: AsyncConnection, ping: Ping, *, tries: int, due_at: datetime, fault: str
) -> bool:
    """The hub did not take *ping*; False when its feed has changed since: that begins anew."""
    done = await conn.execute(
        update(_T).where(_still(ping)).values(tries=tries, due_at=due_at, fault=fault)
    )
    return bool(done.rowcount)


def _still(ping: Ping) -> ColumnElement[bool]:
    """It is the newest change that *ping* tells of."""
    same = _T.c.changed_at == ping.changed_at
    return and_(_T.c.hub == ping.hub, _T.c.topic == ping.topic, same)


async def keep_only(conn: AsyncConnection, hubs: Iterable[str]) -> int:
    """Forget what was to be told to any other hub; return how many rows that were."""
    return (await conn.execute(delete(_T).where(_T.c.hub.not_in(sorted(hubs))))).rowcount
