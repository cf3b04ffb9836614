"""Carries messages: windows of intent, the event file, what each answer makes of a delivery.

The rhythm that makes a crash harmless: the intent to write to a window of people is committed
before any of their content leaves; what was answered is committed together with the next
intent; in between, the event file notes each message begun and each reply heard.  What is
carried, an edition or a letter, is an `Errand`.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from digest import store
from digest.app import App
from digest.errors import (
    Conflict,
    Deferred,
    DigestError,
    NotFound,
    Refused,
    RelayDown,
    RenderError,
    Vanished,
)
from digest.mail import Transport
from digest.model import (
    DELIVERY_LIFE,
    Counts,
    DeliveryEvent,
    DeliveryState,
    Outcome,
    Subscriber,
)
from digest.store import journal
from digest.store.journal import Claim
from digest.telemetry import log, masked, who

Progress = Callable[[Counts], None]


def silent(counts: Counts) -> None:
    """Nobody is watching."""


class Errand(Protocol):
    """What is carried, and to whom."""

    #: What stands in the journal: of an edition, or of a letter.
    id: str

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Send:
    """One message to one person, about to be sent."""

    subscriber: Subscriber
    attempts: int


class Courier:
    """Carries the chunks of one errand to one transport."""

    def __init__(self, app: App, errand: Errand, progress: Progress = silent) -> None:
        self._app = app
        self._errand = errand
        self._progress = progress
        self._counts = Counts()

    async def carry(self, transport: Transport, seq: int) -> None:
        """Send one chunk to its end, window by window."""
        app, id = self._app, self._errand.id
        folder = app.data_dir / "events"
        async with app.db.write() as conn:
            held = await journal.claim(conn, id, seq)
            self._counts = await journal.counts(conn, id)
        if held is None:
            return
        outcomes = await self._recover(held, folder)
        async with app.db.write() as conn:
            # Whoever of the broken window is not settled now was certainly not begun.
            broken = held.open_window
            held = await self._settle(
                conn, held, outcomes, cursor=held.cursor, window_to=held.cursor
            )
            await journal.put_back(conn, held, broken)
        store.forget_events(folder, id, seq)
        with store.open_events(folder, id, seq, held.fence) as events:
            gone: list[Outcome] = []
            outcomes = []
            try:
                while True:
                    held, people, gone = await self._open_window(held, outcomes)
                    events.settled()
                    outcomes = []
                    if held.cursor == len(held.ids):
                        return
                    outcomes = gone + await self._send_all(transport, people, events)
            except _Stopped as stopped:
                async with app.db.write() as conn:
                    # The window is shut again: nobody in it is left half-said.
                    unsent, answered = held.open_window, gone + stopped.outcomes
                    held = await self._settle(
                        conn, held, answered, cursor=held.cursor, window_to=held.cursor
                    )
                    await journal.put_back(conn, held, unsent)
                raise stopped.cause from stopped

    async def _settle(
        self,
        conn: store.Connection,
        held: Claim,
        outcomes: Sequence[Outcome],
        *,
        cursor: int,
        window_to: int,
    ) -> Claim:
        """Write *outcomes*, move the window, and have done what follows from them."""
        # People before their deliveries, as everywhere: or two would wait in a circle.
        await self._errand.settling(conn, outcomes)
        held = await journal.settle(
            self._app.db, conn, held, outcomes, cursor=cursor, window_to=window_to
        )
        await self._errand.settled(conn, outcomes)
        return held

    async def _recover(self, held: Claim, folder: Path) -> list[Outcome]:
        """What became of the window that a dead worker left open."""
        window = held.open_window
        if not window:
            return []
        async with self._app.db.read() as conn:
            rows = await journal.known(conn, held.edition_id, window)
        trace = store.read_events(folder, held.edition_id, held.seq, held.opened_by)
        now = self._app.now()
        outcomes = []
        for id in window:
            row = rows.get(id)
            if row is not None and row.state is not DeliveryState.SENDING:
                continue
            attempts = (row.attempts if row else 0) + 1
            if id in trace.replied:
                code = trace.replied[id]
                outcomes.append(
                    self._outcome_of(id, code, "noted before the process was killed", attempts, now)
                )
            elif id in trace.started or not trace.trusted:
                if self._app.settings.mail.on_doubt == "resend":
                    continue
                outcomes.append(
                    Outcome(
                        subscriber_id=id,
                        state=DELIVERY_LIFE[DeliveryState.SENDING][DeliveryEvent.VANISH],
                        text="the process was killed while the relay had the message",
                        at=now,
                        attempts=attempts,
                    )
                )
        if outcomes:
            log.warning("recovered a broken window", edition=held.edition_id, chunk=held.seq)
        return outcomes

    async def _open_window(
        self, held: Claim, outcomes: Sequence[Outcome]
    ) -> tuple[Claim, list[_Send], list[Outcome]]:
        """Commit *outcomes* and the next intent; return whom to write to, and who is gone."""
        app = self._app
        async with app.db.write() as conn:
            going_on = await self._errand.goes_on(conn) and not app.stopping.is_set()
            ids = held.window_after(app.settings.mail.window) if going_on else ()
            to = held.window_to
            held = await self._settle(conn, held, outcomes, cursor=to, window_to=to + len(ids))
            tried = await journal.begin(conn, held, ids)
            # Live rows: a leave or a suppression since the freeze is honoured.
            people = await self._errand.people(conn, list(tried))
        sends, gone = [], []
        for id, before in tried.items():
            if id in people:
                sends.append(_Send(subscriber=people[id], attempts=before + 1))
            else:
                gone.append(self._skipped(id, "has left, or is never to be mailed"))
        self._count(outcomes)
        if not going_on and held.cursor < len(held.ids):
            raise Conflict(f"sending of {held.edition_id} was stopped")
        return held, sends, gone

    async def _send_all(
        self, transport: Transport, people: Sequence[_Send], events: store.EventFile
    ) -> list[Outcome]:
        """Write to everybody of a window, as many at once as there are connections."""
        waiting = iter(people)
        outcomes: list[Outcome] = []
        causes: list[RelayDown] = []
        crashes: list[BaseException] = []

        async def work() -> None:
            for send in waiting:
                if causes or crashes or self._app.stopping.is_set():
                    return
                try:
                    outcomes.append(await self._send(transport, send, events))
                except RelayDown as error:
                    causes.append(error)
                    outcomes.extend(self._behind(send, error))
                except BaseException as error:  # noqa: BLE001 - raised again, below
                    crashes.append(error)

        # Nobody is left behind: a sender that went on after the event file is closed would
        # write to people whom the next worker takes for never begun.
        await asyncio.gather(*(work() for _ in range(self._app.settings.mail.connections)))
        if crashes:
            raise crashes[0]
        if causes:
            raise _Stopped(outcomes, causes[0])
        if len(outcomes) < len(people):
            raise _Stopped(outcomes, Conflict("asked to stop"))
        return outcomes

    def _behind(self, send: _Send, error: RelayDown) -> list[Outcome]:
        """Somebody at whom the relay hangs up waits behind the others; it is no try of theirs."""
        if error.code not in (421, 503):
            return []
        mail = self._app.settings.mail
        later = self._app.now() + timedelta(seconds=mail.retry_s)
        return [
            Outcome(
                subscriber_id=send.subscriber.id,
                state=DELIVERY_LIFE[DeliveryState.SENDING][DeliveryEvent.DEFER],
                code=error.code,
                text=masked(error.text),
                at=self._app.now(),
                not_before=later,
                attempts=send.attempts - 1,
            )
        ]

    async def _send(self, transport: Transport, send: _Send, events: store.EventFile) -> Outcome:
        """One message: its outcome, whatever the relay says of the person.

        Raises:
            RelayDown: it is about us; nothing was begun for this person.
        """
        app, subscriber = self._app, send.subscriber
        delay = app.pace.take()
        if delay:
            await asyncio.sleep(delay)
        try:
            message = await self._errand.mail(subscriber)
            # Of each person and message, where bounces have a mailbox (VERP).
            verp = app.links.return_path(self._errand.id, subscriber.id)
            reply = await transport.send(
                message,
                sender=verp or app.settings.mail.from_address,
                to=subscriber.email,
                started=lambda: events.started(subscriber.id),
            )
        except NotFound as error:
            return self._skipped(subscriber.id, str(error))
        except RenderError as error:
            # Nothing was begun: whoever gets another variant goes on, these wait for its repair.
            later = self._outcome_of(subscriber.id, 450, str(error), send.attempts, app.now())
            return replace(later, code=0)
        except Vanished as error:
            log.warning("no answer heard", edition=self._errand.id, who=who(subscriber.email))
            return self._vanished(send, error)
        except (Deferred, Refused) as error:
            events.replied(subscriber.id, error.code or 450)
            outcome = self._outcome_of(
                subscriber.id, error.code or 450, error.text, send.attempts, app.now()
            )
            if isinstance(error, Refused):
                outcome = replace(
                    outcome, state=DeliveryState.FAILED, not_before=None, code=error.code
                )
            return outcome
        events.replied(subscriber.id, reply.code)
        return replace(
            self._outcome_of(subscriber.id, reply.code, reply.text, send.attempts, app.now()),
            enhanced=reply.enhanced,
            relay=reply.relay,
        )

    def _vanished(self, send: _Send, error: Vanished) -> Outcome:
        """In doubt: held for the operator, or sent again, as `on_doubt` says."""
        mail, now = self._app.settings.mail, self._app.now()
        again = mail.on_doubt == "resend" and send.attempts < mail.attempts
        event = DeliveryEvent.DEFER if again else DeliveryEvent.VANISH
        return Outcome(
            subscriber_id=send.subscriber.id,
            state=DELIVERY_LIFE[DeliveryState.SENDING][event],
            text=masked(error.text),
            at=now,
            not_before=now + timedelta(seconds=mail.retry_s) if again else None,
            attempts=send.attempts,
        )

    def _outcome_of(self, id: int, code: int, text: str, attempts: int, now: datetime) -> Outcome:
        """What a reply makes of a delivery: accepted, refused, or later while tries are left."""
        mail = self._app.settings.mail
        event = DeliveryEvent.REFUSE
        if 200 <= code < 300:
            event = DeliveryEvent.ACCEPT
        elif code < 500 and attempts < mail.attempts:
            event = DeliveryEvent.DEFER
        state = DELIVERY_LIFE[DeliveryState.SENDING][event]
        wait = mail.retry_s * 2 ** (attempts - 1) * _jitter(self._errand.id, id, attempts)
        return Outcome(
            subscriber_id=id,
            state=state,
            code=code,
            # A relay's words may quote the address, and outlive the person.
            text=masked(text),
            at=now,
            attempts=attempts,
            not_before=now + timedelta(seconds=wait) if event is DeliveryEvent.DEFER else None,
        )

    def _skipped(self, id: int, why: str) -> Outcome:
        return Outcome(
            subscriber_id=id,
            state=DELIVERY_LIFE[DeliveryState.PENDING][DeliveryEvent.SUPPRESS],
            text=why,
            at=self._app.now(),
        )

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        """Tell whoever is watching, from what is committed."""
        names = ("sent", "failed", "skipped", "doubtful")
        tally = {name: getattr(self._counts, name) for name in names}
        for outcome in outcomes:
            if outcome.state.value in tally:
                tally[outcome.state.value] += 1
        pending = self._counts.planned - sum(tally.values()) - self._counts.bounced
        self._counts = replace(self._counts, pending=pending, **tally)
        self._progress(self._counts)


class _Stopped(Exception):
    """Sending ended early; what was answered until then must still be written down."""

    def __init__(self, outcomes: list[Outcome], cause: DigestError) -> None:
        super().__init__(str(cause))
        self.outcomes = outcomes
        self.cause = cause


def _jitter(edition_id: str, id: int, attempts: int) -> float:
    """0.75 to 1.25, the same each time: retries spread out without rolling dice."""
    byte = blake2b(f"{edition_id} {id} {attempts}".encode(), digest_size=1).digest()[0]
    return 0.75 + byte / 510
