"""What the newsroom did to people: who, when, what; the person only as a keyed hash."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.store import schema
from digest.telemetry import masked

_T = schema.audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act of the newsroom's."""

    number: int
    at: datetime
    #: A system user's name.
    actor: str
    act: str
    #: As `subscribers.address_hash` makes it; "" of an act on many.
    address_hash: str = ""
    detail: str = ""


async def note(
    conn: AsyncConnection,
    *,
    actor: str,
    act: str,
    detail: str = "",
    address_hash: str = "",
    now: datetime,
) -> None:
    """Note an act, in the transaction that it happens in.

    Args:
        actor: cut after 64 characters.
        act: one word or two, at most 32 characters: "add", "erase", "set choices".
        detail: in words; an address in it is masked, for this outlives whose it is.
    """
    row = {
        "at": now,
        "actor": actor[:64],
        "act": act[:32],
        "address_hash": address_hash,
        "detail": masked(detail),
    }
    await conn.execute(insert(_T).values(row))


async def listing(
    conn: AsyncConnection, *, limit: int = 100, address_hash: str | None = None
) -> list[Act]:
    """The latest acts, newest first; all, or those on one person."""
    query = select(_T).order_by(_T.c.number.desc()).limit(limit)
    if address_hash is not None:
        query = query.where(_T.c.address_hash == address_hash)
    return [Act(**row._asdict()) for row in await conn.execute(query)]


async def drop_old(conn: AsyncConnection, *, before: datetime, limit: int = 5000) -> int:
    """Forget acts of before; at most *limit* of them. Return how many they were."""
    old = select(_T.c.number).where(_T.c.at < before).order_by(_T.c.number).limit(limit)
    gone = await conn.execute(delete(_T).where(_T.c.number.in_(old)))
    return gone.rowcount
