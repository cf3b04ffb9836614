"""How fast relays and lanes are used, as texts that only `mail.pacing` understands."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.store import schema
from digest.store.database import Database

_T = schema.pace
#: What nobody has touched for so long tells nothing any more.
_KEPT: Final = timedelta(days=30)


async def load(conn: AsyncConnection) -> dict[str, str]:
    """All of it, by key."""
    rows = await conn.execute(select(_T.c.key, _T.c.state))
    return {row.key: row.state for row in rows}


async def save(
    db: Database, conn: AsyncConnection, states: Mapping[str, str], *, now: datetime
) -> None:
    """Write down *states*, each in the place of what its key had; "" takes it away."""
    # Whoever locks several does it in this order.
    rows = [{"key": key, "state": state, "at": now} for key, state in sorted(states.items())]
    over = [{"gone": row["key"]} for row in rows if not row["state"]]
    kept = [row for row in rows if row["state"]]
    if kept:
        statement = db.insert(_T)
        fresh = {name: statement.excluded[name] for name in ("state", "at")}
        statement = statement.on_conflict_do_update(index_elements=[_T.c.key], set_=fresh)
        await conn.execute(statement, kept)
    if over:
        await conn.execute(delete(_T).where(_T.c.key == bindparam("gone")), over)
        await conn.execute(delete(_T).where(_T.c.at < now - _KEPT))


async def forget(conn: AsyncConnection, key: str) -> bool:
    """Take away what *key* has; whether there was anything."""
    return bool((await conn.execute(delete(_T).where(_T.c.key == key))).rowcount)
