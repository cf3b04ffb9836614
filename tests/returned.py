"""A newsroom whose mail comes back: editions that were sent, and reports about them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from digest.app import App
from digest.model import (
    By,
    Consent,
    Counts,
    DeliveryState,
    EditionEvent,
    Outcome,
    Return,
    ReturnKind,
    Slot,
    SubscriptionEvent,
    SubscriptionState,
)
from digest.store import bounces, editions, journal, people
from make import MORNING
from newsroom import open_newsroom, write_config

RETURNS = """
[returns]
address = "bounces@press.example"
leave_address = "leave@press.example"
soft_days = 3
within_days = 30
"""


class Clock:
    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now

    def move_to(self, *, day: float) -> None:
        """Days after `MORNING`."""
        self.now = MORNING + timedelta(days=day)


class Room:
    """The newsroom, in words of tests."""

    def __init__(self, app: App, clock: Clock) -> None:
        self.app = app
        self.clock = clock

    async def send(
        self, *, day: int = 0, to: tuple[int, ...] = (1, 2, 3), state: str = "sent"
    ) -> str:
        """An edition of a day that ended so for all of *to*; the clock is then there."""
        self.clock.move_to(day=day)
        on = date(2026, 5, 18) + timedelta(days=day)
        slot = Slot(newsletter="daily", day=on, clock=time(7), at=MORNING + timedelta(days=day))
        outcomes = [
            Outcome(subscriber_id=id, state=DeliveryState(state), code=250, at=self.clock.now)
            for id in to
        ]
        async with self.app.db.write() as conn:
            await editions.create(self.app.db, conn, slot, now=self.clock.now)
            for event in (EditionEvent.APPROVE, EditionEvent.BEGIN):
                await editions.move(conn, slot.edition_id, event)
            await journal.add_chunk(conn, slot.edition_id, to)
            await journal.set_planned(conn, slot.edition_id, len(to))
            await journal.record(self.app.db, conn, slot.edition_id, outcomes)
        return slot.edition_id

    def report(self, kind: str, delivery_id: str, id: int = 1, **fields: Any) -> Return:
        """About a delivery to subscriber *id*, proved by where it was sent to."""
        path = self.app.links.return_path(delivery_id, id)
        values: dict[str, Any] = {
            "kind": ReturnKind(kind),
            "status": {"hard": "5.1.1", "soft": "4.2.2"}.get(kind, ""),
            "diagnostic": f"550 no mailbox reader{id}@example.com here",
            "sent_to": (path.partition("@")[0],),
            "reporter": "dsn",
        }
        return Return(**(values | fields))

    async def state(self, id: int = 1, newsletter: str = "daily") -> str:
        """Of a subscription, with its cause; " suppressed" and why, if the address is."""
        async with self.app.db.read() as conn:
            person = await people.person(conn, id)
            barred = await people.barred(conn, person.subscriber.email, self.app.key)
        named = {one.newsletter: one for one in person.subscriptions}
        words = f"{named[newsletter].state}: {named[newsletter].cause}"
        return f"{words}, suppressed: {barred}" if barred else words

    async def came(self) -> list[bounces.Came]:
        """All reports that are kept, the oldest first."""
        async with self.app.db.read() as conn:
            return [one.came for one in reversed(await bounces.latest(conn, limit=1000))]

    async def counts(self, delivery_id: str) -> Counts:
        async with self.app.db.read() as conn:
            counts = await journal.counts(conn, delivery_id)
        assert counts.reconciles
        return counts

    async def agree(self, id: int = 1, newsletter: str = "daily") -> None:
        """The person subscribes (again), now."""
        now = self.clock.now
        async with self.app.db.write() as conn:
            agreed = await people.note_consent(
                conn, id, newsletter, Consent(at=now, given="sign-up page")
            )
            await people.move(
                self.app.db,
                conn,
                id,
                newsletter,
                SubscriptionEvent.CONSENT,
                cause=By.CONFIRMED,
                now=now,
                consent_id=agreed,
            )
            email = (await people.person(conn, id)).subscriber.email
            await people.lift(conn, email, self.app.key)
        async with self.app.db.read() as conn:
            state = await people.state_of(conn, id, newsletter)
        assert state is SubscriptionState.ACTIVE

    async def token(self, id: int = 1, newsletter: str = "daily") -> str:
        """Of the link that ends the subscription."""
        async with self.app.db.read() as conn:
            person = (await people.person(conn, id)).subscriber
        return self.app.links.leave_token(newsletter, person)

    async def message_id(self, delivery_id: str, id: int = 1) -> str:
        async with self.app.db.read() as conn:
            person = (await people.person(conn, id)).subscriber
        return self.app.links.message_id(delivery_id, replace(person), domain="press.example")


@asynccontextmanager
async def open_room(
    folder: Path, *, store_url: str = "sqlite:///data/digest.db", returns: str = ""
) -> AsyncIterator[Room]:
    """A newsroom with three readers of the daily; *returns* goes into its table."""
    config = write_config(folder, store_url=store_url)
    config.write_text(config.read_text() + RETURNS + returns)
    clock = Clock()
    async with open_newsroom(folder, people=3, now=clock) as app:
        yield Room(app, clock)
