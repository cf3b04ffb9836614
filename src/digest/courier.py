"""Carries messages: windows of intent, the event file, what each answer makes of a delivery.

The rhythm that makes a crash harmless: the intent to write to a window of people is committed
before any of their content leaves; what was answered is committed together with the next
intent; in between, the event file notes each message begun and each reply heard.  The window
slides: the next intent is written while the present one is being sent, so that a commit keeps
nobody waiting.  What is carried, an edition or a letter, is an `Errand`.
"""

import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from digest import store
from digest.app import App
from digest.errors import AskedToStop, Conflict, DigestError
from digest.mail import Transport
from digest.meter import Meter
from digest.model import Counts, DeliveryState, Outcome, Subscriber
from digest.outcomes import Rules
from digest.senders import Send, Senders
from digest.store import journal, paces
from digest.store import progress as progress_rows
from digest.store.journal import Claim
from digest.telemetry import log

Progress = Callable[[Counts], None]

#: Answers are committed at least so often, seconds, and stopping an edition is noticed.
_BEAT_S = 0.5
#: How many windows may be open at a time, from the first person without an answer: what a lost
#: machine leaves in doubt at most.
_OPEN_WINDOWS = 2
#: What watchers are told is written at most so often.
_TOLD_EVERY = timedelta(seconds=1)
_LEARNED_EVERY = timedelta(seconds=10)
_TALLIED = ("sent", "failed", "skipped", "doubtful")
_KILLED = "the process was killed while the relay had the message"
_RESTORED = (
    "written to, or about to be, after the backup that this database was restored from was made"
)


async def keep_paces(app: App) -> None:
    """What was learned of relays and lanes outlives this process."""
    async with app.db.write() as conn:
        await _keep(app, conn)


async def _keep(app: App, conn: store.Connection) -> None:
    changed = app.pacing.changed()
    if changed:
        await paces.save(app.db, conn, changed, now=app.now())


def silent(counts: Counts) -> None:
    """Nobody is watching."""


class Errand(Protocol):
    """What is carried, and to whom."""

    #: What stands in the journal: of an edition, or of a letter.
    id: str
    #: Nobody gets it later than this; None: whenever.
    expires_at: datetime | None

    async def goes_on(self, conn: store.Connection) -> bool:
        """Whether it is still to be sent: asked in the transaction that opens each window."""
        ...

    async def people(self, conn: store.Connection, ids: Sequence[int]) -> dict[int, Subscriber]:
        """Those of *ids* who may be mailed right now, from live rows."""
        ...

    async def mail(self, subscriber: Subscriber) -> bytes:
        """The message for one of them; the same octets each time.

        Raises:
            NotFound: there is nothing in it for them.
            RenderError: later, when a template is mended.
            Refused: their address cannot stand in a header.
        """
        ...

    async def settling(self, conn: store.Connection, outcomes: Sequence[Outcome]) -> None:
        """*outcomes* are about to be written here: lock whom `settled` will touch."""
        ...

    async def settled(self, conn: store.Connection, outcomes: Sequence[Outcome]) -> None:
        """*outcomes* were written in this transaction, which is not committed yet."""
        ...


class Courier:
    """Carries the chunks of one errand to one transport; several chunks at a time if asked to.

    Args:
        counts: where the errand stands now; told on from there after each commit.
        ledger: of an edition; what is not worth one has none.
        meter: counts answers for whoever watches.
    """

    def __init__(
        self,
        app: App,
        errand: Errand,
        progress: Progress = silent,
        *,
        counts: Counts | None = None,
        ledger: store.Ledger | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._app = app
        self.errand = errand
        self._progress = progress
        self._counts = counts or Counts()
        self._ledger = ledger
        self.meter = meter
        self._told_at: datetime | None = None
        self._learned_at: datetime | None = None
        self.rules = Rules(id=errand.id, mail=app.settings.mail, expires_at=errand.expires_at)

    @property
    def app(self) -> App:
        return self._app

    @property
    def delivery_id(self) -> str:
        return self.errand.id

    @property
    def mail(self) -> Callable[[Subscriber], Awaitable[bytes]]:
        return self.errand.mail

    async def carry(self, transport: Transport, seq: int) -> None:
        """Send one chunk to its end.

        Raises:
            RelayDown: no relay takes anything; whoever is left stays pending.
            Conflict: asked to stop, or the chunk is in other hands.
        """
        app, id = self._app, self.errand.id
        folder = app.data_dir / "events"
        async with app.db.write() as conn:
            held = await journal.claim(conn, id, seq)
        if held is None:
            return
        async with app.db.write() as conn:
            outcomes, upto = await self._recover(conn, held, folder)
            # Whoever of the broken window is not settled now was certainly not begun.
            broken = held.ids[held.cursor : upto]
            held = await self.settle(conn, held, outcomes, cursor=held.cursor, to=held.cursor)
            await journal.put_back(conn, held, broken)
        self.count(outcomes)
        store.forget_events(folder, id, seq)
        with store.open_events(folder, id, seq, held.fence) as events:
            await _Chunk(self, transport, held, events).send()

    async def settle(
        self,
        conn: store.Connection,
        held: Claim,
        outcomes: Sequence[Outcome],
        *,
        cursor: int,
        to: int,
    ) -> Claim:
        """Write *outcomes*, move the window, and have done what follows from them."""
        # People before their deliveries, as everywhere: or two would wait in a circle.
        await self.errand.settling(conn, outcomes)
        held = await journal.settle(self._app.db, conn, held, outcomes, cursor=cursor, window_to=to)
        await self.errand.settled(conn, outcomes)
        # When a chunk is shut, always: nobody may come after it.
        await self._tell(conn, last=cursor == to)
        return held

    async def _tell(self, conn: store.Connection, *, last: bool) -> None:
        """What watchers of other processes see, and what a restart must not forget."""
        now = self._app.now()
        if self.meter is None:
            return
        if not last and self._told_at is not None and now - self._told_at < _TOLD_EVERY:
            return
        self._told_at = now
        told, worker = self.meter.told(now), f"{socket.gethostname()[:40]}:{os.getpid()}"
        await progress_rows.note(self._app.db, conn, self.errand.id, worker, told, now=now)
        if self._learned_at is None or now - self._learned_at >= _LEARNED_EVERY:
            # What other processes were told to slow down for, and what a person has reset.
            self._learned_at = now
            self._app.pacing.restore(await paces.load(conn))
        await _keep(self._app, conn)

    def opened(self, held: Claim) -> None:
        """Content may leave for the whole window from now on: the ledger must know before."""
        if self._ledger is not None:
            self._ledger.opened(held.seq, held.steps, held.window_to)

    def count(self, outcomes: Sequence[Outcome]) -> None:
        """Tell whoever is watching, from what is committed."""
        tally = {name: getattr(self._counts, name) for name in _TALLIED}
        for outcome in outcomes:
            if outcome.state.value in tally:
                tally[outcome.state.value] += 1
        pending = self._counts.planned - sum(tally.values()) - self._counts.bounced
        self._counts = replace(self._counts, pending=pending, **tally)
        self._progress(self._counts)

    async def _recover(
        self, conn: store.Connection, held: Claim, folder: Path
    ) -> tuple[list[Outcome], int]:
        """What became of the windows that a dead worker left open, and how far they reach."""
        entry = self._ledger.entry(held.seq) if self._ledger is not None else store.Entry()
        # The database knows of fewer windows than were opened: it is a copy from before.
        restored = entry.steps > held.steps
        upto = min(max(held.window_to, entry.to), len(held.ids)) if restored else held.window_to
        window = held.ids[held.cursor : upto]
        if not window:
            return [], upto
        rows = await journal.known(conn, held.edition_id, window)
        trace = store.read_events(folder, held.edition_id, held.seq, held.opened_by)
        now, outcomes = self._app.now(), []
        for id in window:
            row = rows.get(id)
            if row is not None and not _unsettled(row, held, restored=restored):
                continue
            attempts = (row.attempts if row else 0) + 1
            if restored:
                outcomes.append(self.rules.in_doubt(id, _RESTORED, attempts=attempts, now=now))
            elif id in trace.replied:
                code = trace.replied[id]
                outcomes.append(self.rules.noted(id, code, attempts=attempts, now=now))
            elif id in trace.started or not trace.trusted:
                if self._app.settings.mail.on_doubt == "resend":
                    continue
                outcomes.append(self.rules.in_doubt(id, _KILLED, attempts=attempts, now=now))
        if outcomes:
            log.warning("recovered a broken window", edition=held.edition_id, chunk=held.seq)
        return outcomes, upto


def _unsettled(row: Outcome, held: Claim, *, restored: bool) -> bool:
    """Whether somebody's row says that the outcome of this chunk's try is not known."""
    if held.kind == "first":
        # Whatever it says is of a try after this chunk's.
        return False
    if row.state is DeliveryState.SENDING:
        return True
    # Deferred without a time: queued for this chunk, and taken by nobody, as far as a copy knows.
    return restored and row.state is DeliveryState.DEFERRED and row.not_before is None


class _Chunk:
    """One chunk in hand: people go in window by window, answers come out and are committed."""

    def __init__(
        self, courier: Courier, transport: Transport, held: Claim, events: store.EventFile
    ) -> None:
        self._courier = courier
        self._app = courier.app
        self._held = held
        self._places = {id: place for place, id in enumerate(held.ids)}
        #: By place: the row of whoever stands there is committed.
        self._settled = bytearray(len(held.ids))
        self._senders = Senders(courier.app, courier, transport, events)

    async def send(self) -> None:
        """To the end of the chunk, or until something stops it."""
        async with self._senders:
            cause = await self._go_on(self._app.settings.mail.window)
            # Nobody is left behind: a sender that went on after the event file is closed would
            # write to people whom the next worker takes for never begun.
            await self._senders.end()
        if cause is None:
            return
        async with self._app.db.write() as conn:
            # The window is shut again: nobody in it is left half-said.
            outcomes, unsent = self._senders.take(), self._held.open_window
            self._mark(outcomes)
            cursor = self._lowest()
            self._held = await self._courier.settle(
                conn, self._held, outcomes, cursor=cursor, to=cursor
            )
            await journal.put_back(conn, self._held, unsent)
        self._courier.count(outcomes)
        raise cause

    async def _go_on(self, size: int) -> BaseException | None:
        """Window after window; why it stopped before the end, if it did."""
        try:
            await self._slide(size)
            if self._held.window_to < len(self._held.ids):
                # A second window from the start: while one is committed the other is sent.
                await self._slide(size)
            while self._held.cursor < len(self._held.ids):
                cause = await self._senders.news(_BEAT_S, enough=size)
                if cause is not None:
                    return cause
                await self._slide(size)
        except (DigestError, OSError) as error:
            # Nothing more is begun; what has begun is heard to its end all the same.
            self._senders.halt(error)
            return error
        return None

    async def _slide(self, size: int) -> None:
        """Commit what was answered, together with the intent for the next people if any."""
        courier, app = self._courier, self._app
        outcomes = self._senders.take()
        self._mark(outcomes)
        try:
            going_on, tried, people, gone = await self._commit(size, outcomes)
        except BaseException:
            self._mark(outcomes, settled=0)
            self._senders.give_back(outcomes)
            raise
        courier.count(outcomes)
        if not going_on:
            kind = AskedToStop if app.stopping.is_set() else Conflict
            self._senders.halt(kind(f"sending of {courier.errand.id} was stopped"))
            return
        if tried or gone:
            # Committed; now the ledger must know, and then content may leave.
            courier.opened(self._held)
        # Who has a row already is no work of ours any more.
        for id in gone:
            self._settled[self._places[id]] = 1
        await app.pacing.meet(person.email for person in people.values())
        again = self._held.kind != "first"
        for id, before in tried.items():
            person = people.get(id)
            if person is not None:
                self._senders.add(Send(subscriber=person, attempts=before + 1, waited=again))
            else:
                why = "has left, or is never to be mailed"
                self._senders.put(courier.rules.skipped(id, why, now=app.now()))

    async def _commit(
        self, size: int, outcomes: Sequence[Outcome]
    ) -> tuple[bool, dict[int, int], dict[int, Subscriber], list[int]]:
        """Whether it goes on; whom to write to now, and who of them may be; who is done."""
        courier, app = self._courier, self._app
        async with app.db.write() as conn:
            going_on = await courier.errand.goes_on(conn) and not app.stopping.is_set()
            cursor, to = self._lowest(), self._held.window_to
            room = cursor + _OPEN_WINDOWS * size - to
            ids: tuple[int, ...] = ()
            if going_on and room > 0 and self._senders.waiting <= size:
                ids = self._held.ids[to : to + min(size, room)]
            held = await courier.settle(conn, self._held, outcomes, cursor=cursor, to=to + len(ids))
            tried = await journal.begin(conn, held, ids)
            # Live rows: a leave or a suppression since the freeze is honoured.
            people = await courier.errand.people(conn, list(tried)) if tried else {}
        self._held = held
        return going_on, tried, people, [id for id in ids if id not in tried]

    def _mark(self, outcomes: Sequence[Outcome], *, settled: int = 1) -> None:
        for outcome in outcomes:
            self._settled[self._places[outcome.subscriber_id]] = settled

    def _lowest(self) -> int:
        """The first place without a committed row; at most where the windows end."""
        place = self._settled.find(0, self._held.cursor)
        return min(self._held.window_to, len(self._held.ids) if place < 0 else place)
