"""Rows that store tests begin with."""

from datetime import date, time
from typing import Any

from digest.model import EditionEvent, Slot
from digest.store import Database, editions, journal, subscribers
from digest.store.subscribers import Newcomer
from make import MORNING

SLOT = Slot(newsletter="daily", day=date(2026, 5, 18), clock=time(7), at=MORNING)


def make_newcomer(number: int = 1, **fields: Any) -> Newcomer:
    values: dict[str, Any] = {
        "email": f"reader{number}@example.com",
        "consent_at": MORNING,
        "consent_from": "sign-up form",
    }
    return Newcomer(**(values | fields))


async def subscribe(db: Database, people: int) -> list[int]:
    """That many active subscribers; their ids."""
    async with db.write() as conn:
        newcomers = [make_newcomer(number) for number in range(1, people + 1)]
        await subscribers.take_in(db, conn, "daily", newcomers, now=MORNING)
        return await subscribers.page_of_ids(conn, "daily", after=0, limit=people)


async def begin(db: Database, ids: list[int]) -> None:
    """An edition that is being sent to *ids*, in one chunk."""
    async with db.write() as conn:
        await editions.create(db, conn, SLOT, now=MORNING)
        for event in (EditionEvent.APPROVE, EditionEvent.BEGIN):
            await editions.move(conn, SLOT.edition_id, event)
        await journal.add_chunk(conn, SLOT.edition_id, ids)
        await journal.set_planned(conn, SLOT.edition_id, len(ids))
