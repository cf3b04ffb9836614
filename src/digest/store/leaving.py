"""A newsletter and all that brings it: as the best of others it comes by their subscriptions."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model import By, Frequency, SubscriptionEvent, SubscriptionState
from digest.store import people, schema
from digest.store.database import Database

_N = schema.subscription


async def bringing(
    conn: AsyncConnection, subscriber_id: int, best_of: Collection[str]
) -> list[str]:
    """Subscriptions by which somebody gets nothing but the best of *best_of*: newsletters."""
    going = (SubscriptionState.ACTIVE.value, SubscriptionState.PAUSED.value)
    query = select(_N.c.newsletter).where(
        _N.c.subscriber_id == subscriber_id,
        _N.c.newsletter.in_(list(best_of)),
        _N.c.frequency == Frequency.WEEKLY.value,
        _N.c.state.in_(going),
    )
    return list(await conn.scalars(query.order_by(_N.c.newsletter)))


async def move(
    db: Database,
    conn: AsyncConnection,
    subscriber_id: int,
    newsletter: str,
    event: SubscriptionEvent,
    *,
    best_of: Collection[str],
    cause: By,
    now: datetime,
    until: datetime | None = None,
) -> bool:
    """Have all that brings somebody a newsletter end, or pause, or go on: as `people.move`.

    False if that changes nothing.

    Args:
        best_of: what the newsletter is the best of, as its settings say.
    """
    if not await people.hold(conn, subscriber_id):
        return False
    moved = False
    for slug in [newsletter, *await bringing(conn, subscriber_id, best_of)]:
        moved |= await people.move(
            db, conn, subscriber_id, slug, event, cause=cause, now=now, until=until
        )
    return moved
