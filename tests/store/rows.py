"""Rows that store tests begin with."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import and_, insert, select

from digest.model import EditionEvent, Form, Frequency, Slot, SubscriptionState
from digest.store import Connection, Database, editions, journal, schema, subscribers
from digest.store.subscribers import Readers
from make import MORNING

SLOT = Slot(newsletter="daily", day=date(2026, 5, 18), clock=time(7), at=MORNING)
READERS = Readers(newsletter="daily", wanted={"daily": tuple(Frequency)})


_S, _N = schema.subscriber, schema.subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A person about to be taken in, with the consent they gave."""

    email: str
    name: str = ""
    language: str = "en"
    timezone: str = "UTC"
    sections: tuple[str, ...] = ()
    form: Form = Form.FULL
    consent_at: datetime
    #: Where it was given, in words: "sign-up form", "import of ...".
    consent_from: str


async def take_in(
    db: Database,
    conn: Connection,
    newsletter: str,
    people: Sequence[Newcomer],
    *,
    now: datetime,
) -> int:
    """Subscribe *people* to *newsletter*, each with a consent row; return how many are new.

    Who is known already keeps name, key and state: somebody who left does not come back by
    being imported.
    """
    by_folded = {person.email.casefold(): person for person in people}
    if not by_folded:
        return 0
    await _keep(db, conn, by_folded, now=now)
    here = and_(_N.c.subscriber_id == _S.c.id, _N.c.newsletter == newsletter)
    found = await conn.execute(
        select(_S.c.id, _S.c.folded)
        .outerjoin(_N, here)
        .where(_S.c.folded.in_(list(by_folded)), _N.c.subscriber_id.is_(None))
        .order_by(_S.c.id)
    )
    new = {row.id: by_folded[row.folded] for row in found}
    if new:
        await _subscribe(conn, newsletter, new, now=now)
    return len(new)


async def _keep(
    db: Database, conn: Connection, by_folded: Mapping[str, Newcomer], *, now: datetime
) -> None:
    """A row for everybody who has none."""
    rows = [
        {
            "email": person.email,
            "folded": folded,
            "name": person.name,
            "language": person.language,
            "timezone": person.timezone,
            "form": person.form.value,
            "key": secrets.token_hex(16),
            "created_at": now,
        }
        for folded, person in by_folded.items()
    ]
    await conn.execute(db.insert(_S).on_conflict_do_nothing(index_elements=[_S.c.folded]), rows)


async def _subscribe(
    conn: Connection, newsletter: str, new: Mapping[int, Newcomer], *, now: datetime
) -> None:
    """Note the consent of each, and the subscription that stands on it."""
    consents = [
        {
            "subscriber_id": id,
            "newsletter": newsletter,
            "at": person.consent_at,
            "given": person.consent_from,
        }
        for id, person in new.items()
    ]
    agreed = await conn.execute(
        insert(schema.consent).returning(schema.consent.c.id, schema.consent.c.subscriber_id),
        consents,
    )
    subscriptions = [
        {
            "subscriber_id": row.subscriber_id,
            "newsletter": newsletter,
            "state": SubscriptionState.ACTIVE.value,
            "sections": list(new[row.subscriber_id].sections),
            "consent_id": row.id,
            "since": now,
            "cause": "import",
        }
        for row in agreed
    ]
    await conn.execute(insert(_N), subscriptions)


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
        await take_in(db, conn, "daily", newcomers, now=MORNING)
        seats = await subscribers.seats(conn, READERS, after=0, limit=people)
        return [seat.id for seat in seats]


async def begin(db: Database, ids: list[int]) -> None:
    """An edition that is being sent to *ids*, in one chunk."""
    async with db.write() as conn:
        await editions.create(db, conn, SLOT, now=MORNING)
        for event in (EditionEvent.APPROVE, EditionEvent.BEGIN):
            await editions.move(conn, SLOT.edition_id, event)
        await journal.add_chunk(conn, SLOT.edition_id, ids)
        await journal.set_planned(conn, SLOT.edition_id, len(ids))
