"""The verbs of an edition's deliveries: freeze the audience, send, settle doubts."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from digest import returning
from digest.app import App
from digest.courier import Courier, Progress, silent
from digest.errors import Conflict
from digest.model import (
    DELIVERY_LIFE,
    Counts,
    DeliveryEvent,
    DeliveryState,
    Edition,
    EditionEvent,
    EditionState,
    Outcome,
    Subscriber,
)
from digest.printer import Printer, printer_for, readers_of
from digest.slots import hour_at
from digest.store import Connection, editions, journal, subscribers
from digest.store.editions import Record
from digest.telemetry import log

__all__ = [
    "TROUBLED",
    "Progress",
    "close_doubts",
    "deliver",
    "freeze",
    "listing",
    "resend",
    "silent",
    "stands",
]

TROUBLED = (DeliveryState.FAILED, DeliveryState.DOUBTFUL, DeliveryState.DEFERRED)


# ---------------------------------------------------------------------- freeze


async def freeze(app: App, edition_id: str) -> int:
    """Decide for whom an approved edition is: everybody active now.  Return how many.

    Later joiners are not mailed yesterday's paper; who leaves in between is skipped at the
    last moment.  Whoever chose a later hour stands in a chunk that waits for it.
    """
    async with app.db.write() as conn:
        record = await editions.get(conn, edition_id, lock=True)
        if record.state is not EditionState.APPROVED:
            return record.planned
        readers = readers_of(app, record.slot)
        base = record.dated(now=app.now())
        planned, after = 0, 0
        waiting: dict[datetime | None, list[int]] = defaultdict(list)
        while seats := await subscribers.seats(conn, readers, after=after, limit=journal.CHUNK):
            after = seats[-1].id
            planned += len(seats)
            for seat in seats:
                at = base if seat.hour is None else hour_at(base, seat.hour, seat.timezone)
                ids = waiting[at if at > base else None]
                ids.append(seat.id)
                if len(ids) == journal.CHUNK:
                    await journal.add_chunk(
                        conn, edition_id, ids, not_before=at if at > base else None
                    )
                    ids.clear()
        for due, ids in waiting.items():
            if ids:
                await journal.add_chunk(conn, edition_id, ids, not_before=due)
        await journal.set_planned(conn, edition_id, planned)
        await editions.move(conn, edition_id, EditionEvent.BEGIN)
    return planned


# --------------------------------------------------------------------- deliver


class _EditionErrand:
    """One edition, carried to its audience."""

    def __init__(self, app: App, edition: Edition, record: Record, printer: Printer) -> None:
        self.id = edition.id
        self._app = app
        self._printer = printer
        self._readers = readers_of(app, record.slot)
        # Of the edition, not of the clock: a message sent again is the same message.
        self._dated = record.dated(now=app.now())

    async def goes_on(self, conn: Connection) -> bool:
        return (await editions.get(conn, self.id)).state is EditionState.SENDING

    async def people(self, conn: Connection, ids: Sequence[int]) -> dict[int, Subscriber]:
        return await subscribers.active(conn, self._readers, ids, hash_key=self._app.key)

    async def mail(self, subscriber: Subscriber) -> bytes:
        at = self._dated
        if subscriber.hour is not None:
            at = hour_at(at, subscriber.hour, subscriber.timezone)
            # Whoever has chosen a later one meanwhile gets this edition as it was frozen: no
            # mail may come from the future.
            at = max(self._dated, min(at, self._app.now()))
        return await self._printer.mail(subscriber, sent_at=at)

    async def settling(self, conn: Connection, outcomes: Sequence[Outcome]) -> None:
        await returning.hold_refused(conn, outcomes)

    async def settled(self, conn: Connection, outcomes: Sequence[Outcome]) -> None:
        await returning.settle_refusals(self._app, conn, self.id, outcomes)


async def deliver(app: App, edition_id: str, *, progress: Progress = silent) -> Counts:
    """Send what is due of one edition; return where its deliveries stand.

    Safe to run twice, at once, or again after a crash: the journal says who may be written
    to, and the intent is committed before the first byte leaves.

    Raises:
        RelayDown: the relay refuses us; whoever is left stays pending.
        RenderError: a template is broken, and with it the mail that the edition is known by;
            everybody stays pending.  Another variant that is broken only keeps its own waiting.
        Conflict: the edition is not approved, or was cancelled meanwhile.
    """
    await freeze(app, edition_id)
    async with app.db.write() as conn:
        record = await editions.get(conn, edition_id, lock=True)
        if record.state is EditionState.SENT:
            return await journal.counts(conn, edition_id)
        if record.state is not EditionState.SENDING:
            raise Conflict(f"edition {edition_id} is {record.state}: only an approved one is sent")
        await journal.requeue(conn, edition_id, [DeliveryState.DEFERRED], now=app.now())
        edition = await editions.content(conn, edition_id)
        chunks = await journal.open_chunks(conn, edition_id, now=app.now())
    if chunks:
        printer = await printer_for(app, edition)
        # If this one is broken nothing of the edition is fit to leave, and it is nobody's try.
        await asyncio.to_thread(printer.variant, printer.everything())
        courier = Courier(app, _EditionErrand(app, edition, record, printer), progress)
        async with app.transport() as transport:
            for seq in chunks:
                async with app.db.lease(f"deliver:{edition_id}:{seq}") as mine:
                    if mine:
                        await courier.carry(transport, seq)
    return await _finish(app, edition_id)


async def _finish(app: App, edition_id: str) -> Counts:
    """Close the edition when nobody is left to write to; check the sum to the person."""
    async with app.db.write() as conn:
        record = await editions.get(conn, edition_id, lock=True)
        counts = await journal.counts(conn, edition_id)
        open_chunks = await journal.open_chunks(conn, edition_id)
        if record.state is EditionState.SENDING and not open_chunks and not counts.pending:
            await editions.move(conn, edition_id, EditionEvent.FINISH, finished_at=app.now())
    if not counts.reconciles:
        log.error("deliveries do not add up", edition=edition_id, counts=str(counts))
    return counts


# ------------------------------------------------------------------- by hand


async def resend(app: App, edition_id: str, states: Sequence[DeliveryState]) -> int:
    """Queue the doubtful or failed of an edition again; return how many.

    A doubtful person may get a second copy: the same Message-ID, so that most readers' mail
    programs show one.  `deliver` then sends.
    """
    for state in states:
        if state is not DeliveryState.DEFERRED and DeliveryEvent.RESEND not in DELIVERY_LIFE[state]:
            raise Conflict(f"whoever is {state} is not written to again")
    async with app.db.write() as conn:
        record = await editions.get(conn, edition_id, lock=True)
        if record.state not in (EditionState.SENDING, EditionState.SENT):
            raise Conflict(f"edition {edition_id} is {record.state}: nobody was written to yet")
        queued = await journal.requeue(conn, edition_id, states, now=None)
        if queued and record.state is EditionState.SENT:
            await editions.move(conn, edition_id, EditionEvent.BEGIN)
    return queued


async def close_doubts(app: App, edition_id: str) -> int:
    """Take the doubtful as sent; return how many."""
    async with app.db.write() as conn:
        await editions.get(conn, edition_id)
        return await journal.close_doubts(conn, edition_id, now=app.now())


async def stands(app: App, edition_id: str) -> Counts:
    """Where the deliveries of an edition stand."""
    async with app.db.read() as conn:
        return await journal.counts(conn, edition_id)


async def listing(
    app: App, edition_id: str, states: Sequence[DeliveryState] = TROUBLED
) -> list[tuple[str, str]]:
    """Rows of the journal with the people's names, for the operator: (address, words).

    Without *states* those whom the edition did not reach.
    """
    async with app.db.read() as conn:
        rows = await journal.listing(conn, edition_id, states=states)
        names = await subscribers.names(conn, [row.subscriber_id for row in rows])
    return [
        (
            names.get(row.subscriber_id, f"subscriber {row.subscriber_id}, erased"),
            f"{row.state}: {row.code or ''} {row.text}".replace(":  ", ": "),
        )
        for row in rows
    ]
