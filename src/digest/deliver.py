"""The verbs of an edition's deliveries: freeze the audience, send, settle doubts."""

import asyncio
import gc
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import datetime, timedelta
from typing import Any

from digest import pausing, returning, store, workforce
from digest.app import App
from digest.courier import Courier, Progress, keep_paces, silent
from digest.errors import Conflict, RelayDown
from digest.freezing import freeze, overdue, timetable
from digest.mail import Transport
from digest.mail.fleet import Fleet
from digest.mail.transport import Finished
from digest.meter import Meter
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
from digest.slots import opens_at
from digest.store import Connection, editions, journal, paces, subscribers
from digest.store.editions import Record
from digest.telemetry import log

__all__ = [
    "TROUBLED",
    "Progress",
    "close_doubts",
    "deliver",
    "freeze",
    "listing",
    "prepare",
    "resend",
    "silent",
    "stands",
]

TROUBLED = (DeliveryState.FAILED, DeliveryState.DOUBTFUL, DeliveryState.DEFERRED)


# --------------------------------------------------------------------- deliver


class _EditionErrand:
    """One edition, carried to its audience."""

    def __init__(self, app: App, edition: Edition, record: Record, printer: Printer) -> None:
        self.id = edition.id
        self.expires_at = record.expires_at
        self._app = app
        self._printer = printer
        self._readers = readers_of(app, record.slot)
        # Of the edition, not of the clock: a message sent again is the same message.
        self._table = timetable(record, app.newsletter(record.newsletter), now=app.now())

    async def goes_on(self, conn: Connection) -> bool:
        record, now = await editions.get(conn, self.id), self._app.now()
        if record.state is not EditionState.SENDING or record.paused:
            return False
        over = record.expires_at is not None and now >= record.expires_at
        return not over and _closed_until(self._app) is None

    async def people(self, conn: Connection, ids: Sequence[int]) -> dict[int, Subscriber]:
        return await subscribers.active(conn, self._readers, ids, hash_key=self._app.key)

    async def mail(self, subscriber: Subscriber) -> bytes:
        at = self._table.moment(subscriber.hour, subscriber.timezone)
        # Whoever has chosen a later hour meanwhile gets it as it was frozen: no mail may come
        # from the future.
        at = max(self._table.opens, min(at, self._app.now()))
        # Filling promises what `Finished` says: thousands a second need not be looked through.
        return Finished(await self._printer.mail(subscriber, sent_at=at))

    async def settling(self, conn: Connection, outcomes: Sequence[Outcome]) -> None:
        await returning.hold_refused(conn, outcomes)

    async def settled(self, conn: Connection, outcomes: Sequence[Outcome]) -> None:
        await returning.settle_refusals(self._app, conn, self.id, outcomes)


async def prepare(app: App, edition_id: str) -> None:
    """Decide for whom an edition is, without sending anything yet.

    Raises:
        Conflict: it waits for a person, with the reason.
    """
    with closing(store.Ledger(app.data_dir / "events", edition_id)) as ledger:
        await _look_before(app, edition_id, ledger, by_hand=False)
    await freeze(app, edition_id)


async def deliver(
    app: App,
    edition_id: str,
    *,
    progress: Progress = silent,
    linger_s: float = 0.0,
    by_hand: bool = False,
) -> Counts:
    """Send what is due of one edition; return where its deliveries stand.

    Safe to run twice, at once, or again after a crash: the journal says who may be written
    to, and the intent is committed before the first byte leaves.

    Args:
        linger_s: wait for whoever is due within so many seconds after the others.
        by_hand: a person wants it now, however late it is.

    Raises:
        RelayDown: no relay takes anything; whoever is left stays pending.
        RenderError: a template is broken, and with it the mail that the edition is known by;
            everybody stays pending.  Another variant that is broken only keeps its own waiting.
        Conflict: the edition is not approved, is paused, or was cancelled meanwhile.
    """
    with closing(store.Ledger(app.data_dir / "events", edition_id)) as ledger:
        await _look_before(app, edition_id, ledger, by_hand=by_hand)
        await freeze(app, edition_id)
        async with app.db.write() as conn:
            record = await editions.get(conn, edition_id, lock=True)
            counts = await journal.counts(conn, edition_id)
            if record.state is EditionState.SENT:
                return counts
            if record.state is not EditionState.SENDING:
                raise Conflict(
                    f"edition {edition_id} is {record.state}: only an approved one is sent"
                )
            await _heed_time(app, conn, record)
            edition = await editions.content(conn, edition_id)
        rest = _Rest(app, edition_id)
        if await rest.any_due(linger_s):
            printer = await printer_for(app, edition)
            # If this one is broken nothing of it is fit to leave, and it is nobody's try.
            await asyncio.to_thread(printer.variant, printer.everything())
            errand = _EditionErrand(app, edition, record, printer)
            meter = Meter(app.now())
            courier = Courier(app, errand, progress, counts=counts, ledger=ledger, meter=meter)
            await _send(courier, rest, linger_s)
        return await _finish(app, edition_id)


#: Chunks that one process has in hand at a time: while one is claimed or ends, the other sends.
_HANDS = 2
#: How often to look for those whose time has come meanwhile, seconds.
_LOOK_S = 5.0
#: Names of leases, each of which leaves a file for ever.
_LEASES = 256


async def _send(courier: Courier, rest: "_Rest", linger_s: float) -> None:
    """Carry all chunks that are due, and those that come to be meanwhile."""
    app, id = courier.app, courier.errand.id
    async with (
        _collected(),
        _storms_heeded(app, id),
        app.transport() as transport,
        workforce.helped(app, id),
    ):
        with _hours_heeded(app):
            while await rest.any_due(linger_s):
                hands = (_carry(courier, transport, rest) for _ in range(_HANDS))
                if not await _all_of(hands):
                    # What is left is in the hands of others, who come to its end.
                    break
        refused = transport.refused_us if isinstance(transport, Fleet) else ""
        if refused and not (await stands(app, id)).sent:
            # Nobody at all was taken: that says nothing of any of them.
            await pausing.pause(app, id, f"it is refused: {refused}")


@asynccontextmanager
async def _collected() -> AsyncIterator[None]:
    """What is loaded is not looked through for garbage again and again while mails go out."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _closed_until(app: App) -> datetime | None:
    """When [pace] window opens; None while it is open."""
    pace = app.settings.pace
    return opens_at(pace.window, pace.timezone, app.now())


class _Rest:
    """The chunks of an edition that are left to carry, those tried again before the others."""

    def __init__(self, app: App, edition_id: str) -> None:
        self._app = app
        self._id = edition_id
        self._waiting: deque[int] = deque()
        self._given: set[int] = set()
        self._looked = 0.0

    async def any_due(self, linger_s: float) -> bool:
        """Whether something is due now, or was after waiting for it at most *linger_s*."""
        self._given.clear()
        while True:
            await self._look()
            if self._waiting:
                return True
            async with self._app.db.read() as conn:
                due = await journal.next_due(conn, self._id)
            wait = (due - self._app.now()).total_seconds() if due is not None else math.inf
            if wait > linger_s or self._app.stopping.is_set():
                return False
            await asyncio.sleep(max(0.2, min(wait, 1.0)))

    async def next(self) -> int | None:
        """The next chunk; None when there is none left for now."""
        if time.monotonic() - self._looked > _LOOK_S:
            await self._look()
        return self._waiting.popleft() if self._waiting else None

    async def _look(self) -> None:
        app = self._app
        self._looked = time.monotonic()
        if _closed_until(app) is not None:
            self._waiting.clear()
            return
        async with app.db.write() as conn:
            record = await editions.get(conn, self._id, lock=True)
            await _heed_time(app, conn, record)
            await journal.requeue(conn, self._id, [DeliveryState.DEFERRED], now=app.now())
            found = await journal.due_chunks(conn, self._id, now=app.now())
        new = [seq for seq in found if seq not in self._given]
        self._given.update(new)
        # People tried again have waited long enough.
        self._waiting.extendleft(seq for seq in reversed(new) if found[seq] == "again")
        self._waiting.extend(seq for seq in new if found[seq] == "first")


async def _carry(courier: Courier, transport: Transport, rest: _Rest) -> int:
    """Carry chunk after chunk that nobody else has in hand; return how many they were."""
    app, id, carried = courier.app, courier.errand.id, 0
    while (seq := await rest.next()) is not None:
        async with app.db.lease(f"deliver:{id}:{seq % _LEASES}") as mine:
            if mine:
                await courier.carry(transport, seq)
                carried += 1
    return carried


async def _all_of(hands: Iterable[Coroutine[Any, Any, int]]) -> int:
    """Let all of them come to their end; the first error is raised when the others have stopped."""
    results = await asyncio.gather(*hands, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return sum(result for result in results if isinstance(result, int))


@contextmanager
def _hours_heeded(app: App) -> Iterator[None]:
    """Stopping because [pace] window has closed is no error: the clock goes on when it opens."""
    try:
        yield
    except Conflict:
        if _closed_until(app) is None:
            raise


@asynccontextmanager
async def _storms_heeded(app: App, edition_id: str) -> AsyncIterator[None]:
    """Where every way out is down and one of them refuses everybody, a person is asked."""
    async with app.db.read() as conn:
        # Of other processes, and what an operator has forgotten.
        app.pacing.restore(await paces.load(conn))
    relays = [one.name for one in app.pacing.standings(app.now()) if one.kind == "relay"]
    for relay in relays:
        # It is not paused, so somebody has seen to it, or it is another edition's turn.
        app.pacing.calm(relay)
    try:
        yield
    except RelayDown:
        await keep_paces(app)
        why = "; ".join(filter(None, map(app.pacing.storm, relays)))
        async with app.db.read() as conn:
            # Those who are asked to come back are few, and say "later" again: no storm.
            begun = not await journal.any_untouched(conn, edition_id)
        if why and not begun:
            await pausing.pause(app, edition_id, f"a relay refuses nearly everything: {why}")
        raise


async def _look_before(app: App, edition_id: str, ledger: store.Ledger, *, by_hand: bool) -> None:
    """What must not simply go on: an edition that is paused, late, or known to have left before.

    Raises:
        Conflict: it waits for a person, with the reason.
    """
    # The ledger first: whoever sends meanwhile writes it after the database.
    begun_here = ledger.chunks()
    async with app.db.read() as conn:
        record = await editions.get(conn, edition_id)
        known = await journal.steps(conn, edition_id)
        begun = not await journal.any_untouched(conn, edition_id)
    if record.paused:
        raise Conflict(f"{edition_id} is paused: {record.paused}")
    if record.state not in (EditionState.APPROVED, EditionState.SENDING):
        return
    why = ""
    # A deadline before it was frozen: a person has resumed it, and knows.
    resumed = record.expires_at is not None
    if not known and begun_here and not resumed:
        why = "it was sent from after the backup that this database was restored from was made"
    elif by_hand:
        await _give_time(app, record)
    else:
        why = overdue(record, app.newsletter(record.newsletter), app.now(), begun)
    if why:
        await pausing.pause(app, edition_id, why)
        raise Conflict(f"{edition_id} is paused: {why}")
    # A copy from before: whoever was asked to come back may have done so since.
    if any(entry.steps > known.get(seq, 0) for seq, entry in begun_here.items()):
        async with app.db.write() as conn:
            held = await journal.doubt_deferred(conn, edition_id, now=app.now())
        log.error("the database is older than what was sent", edition=edition_id, in_doubt=held)


async def _give_time(app: App, record: Record) -> None:
    """By hand is by hand: what is out of date has as long again from now."""
    if record.expires_at is not None and record.expires_at <= app.now():
        late = timedelta(hours=app.newsletter(record.newsletter).expires_h)
        async with app.db.write() as conn:
            await editions.set_expires(conn, record.id, app.now() + late)


async def _heed_time(app: App, conn: Connection, record: Record) -> None:
    """Whoever was asked to come back, and whose time is over, does not get it any more."""
    if record.expires_at is not None and app.now() >= record.expires_at:
        expired = await journal.expire(conn, record.id, now=app.now())
        if expired:
            log.warning("nobody took their mails in time", edition=record.id, number=expired)


async def _finish(app: App, edition_id: str) -> Counts:
    """Close the edition when nobody is left to write to; check the sum to the person."""
    await keep_paces(app)
    async with app.db.write() as conn:
        record = await editions.get(conn, edition_id, lock=True)
        counts = await journal.counts(conn, edition_id)
        open_chunks = await journal.open_chunks(conn, edition_id)
        if record.state is EditionState.SENDING and not open_chunks and not counts.pending:
            await editions.move(conn, edition_id, EditionEvent.FINISH, finished_at=app.now())
    if not counts.reconciles:
        log.error("deliveries do not add up", edition=edition_id, counts=str(counts))
        await pausing.notify(
            app,
            f"Deliveries of {edition_id} do not add up",
            f"Planned {counts.planned}, accounted for as {counts}: look at `digest deliveries`.",
        )
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
        newsletter, now = app.newsletter(record.newsletter), app.now()
        if record.expires_at is not None and record.expires_at <= now:
            # By hand is by hand: they have as long again.
            until = now + timedelta(hours=newsletter.expires_h)
            await editions.set_expires(conn, edition_id, until)
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
