"""How often links of mails were followed: numbers by edition and address, and nothing else."""

from collections.abc import Mapping
from hashlib import blake2b

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.store import schema
from digest.store.database import Database

_T = schema.click


async def add(db: Database, conn: AsyncConnection, counts: Mapping[tuple[str, str], int]) -> None:
    """Add to what is known.

    Args:
        counts: by edition id and address, how often it was followed since the last time.
    """
    rows = [
        {
            "edition_id": edition_id,
            "key": blake2b(url.encode(), digest_size=16).hexdigest(),
            "url": url,
            "clicks": number,
        }
        # Whoever locks several does it in this order.
        for (edition_id, url), number in sorted(counts.items())
        if number > 0
    ]
    if not rows:
        return
    statement = db.insert(_T)
    statement = statement.on_conflict_do_update(
        index_elements=[_T.c.edition_id, _T.c.key],
        set_={"clicks": _T.c.clicks + statement.excluded.clicks},
    )
    await conn.execute(statement, rows)


async def of_edition(conn: AsyncConnection, edition_id: str) -> list[tuple[str, int]]:
    """Addresses of an edition and how often each was followed, most first."""
    rows = await conn.execute(
        select(_T.c.url, _T.c.clicks)
        .where(_T.c.edition_id == edition_id)
        .order_by(_T.c.clicks.desc(), _T.c.url)
    )
    return [(row.url, row.clicks) for row in rows]
