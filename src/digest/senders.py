"""Those who hand one chunk's messages to the transport, many at once, and note what comes back.

They know people, the event file and the lanes' turns; of windows and commits they know nothing:
people are added, outcomes are taken.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from types import TracebackType
from typing import Protocol, Self

from digest import store
from digest.app import App
from digest.errors import (
    AskedToStop,
    Conflict,
    Deferred,
    NotFound,
    Refused,
    RelayDown,
    RenderError,
    Vanished,
)
from digest.mail import Transport
from digest.mail.transport import Start
from digest.meter import Meter
from digest.model import Outcome, Subscriber
from digest.outcomes import Rules
from digest.telemetry import log, who

#: Whoever's turn comes later than this, seconds, waits in the journal and not in memory.
_PATIENCE_S = 2.0
#: More would only wait, whatever the transport says of itself.
_MOST = 512
#: At a person whom the relay hangs up on, the others go first.
_HUNG_UP = (421, 503)


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """One message to one person, about to be sent."""

    subscriber: Subscriber
    #: Which try it is, from 1.
    attempts: int
    #: They have waited for their turn before.
    waited: bool = False


class Work(Protocol):
    """Of a courier, what a sender needs."""

    rules: Rules
    meter: Meter | None

    @property
    def delivery_id(self) -> str: ...

    @property
    def mail(self) -> Callable[[Subscriber], Awaitable[bytes]]: ...


@dataclass(slots=True)
class _Hand:
    """One sender, and whether what it holds is past the point of no return."""

    task: asyncio.Task[None] | None = None
    begun: bool = False


class _Started(Start):
    """Notes what becomes of one message's content, before it leaves."""

    __slots__ = ("_hand", "_send", "_senders", "again")

    def __init__(self, senders: "Senders", send: Send, hand: _Hand) -> None:
        self._senders = senders
        self._send = send
        self._hand = hand
        self.again = send.attempts > 1

    def __call__(self) -> None:
        self._senders.begin(self._send, self._hand)

    def back(self) -> None:
        self._senders.unbegin(self._send, self._hand)


class Senders:
    """As many as the transport can use.  Use inside ``async with``; then `end`."""

    def __init__(self, app: App, work: Work, transport: Transport, events: store.EventFile) -> None:
        self._app = app
        self._work = work
        self._transport = transport
        self._events = events
        self._queue: asyncio.Queue[Send] = asyncio.Queue()
        self._hands: list[_Hand] = []
        self._outcomes: list[Outcome] = []
        #: Added and neither answered nor given up.
        self._open = 0
        self._cause: BaseException | None = None
        self._news = asyncio.Event()
        self._enough = 1
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._watch = asyncio.create_task(self._heed())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tasks = [hand.task for hand in self._hands if hand.task is not None]
        tasks += [self._watch] if self._watch is not None else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def waiting(self) -> int:
        """Nobody has taken them yet."""
        return self._queue.qsize()

    def add(self, send: Send) -> None:
        """Have it sent."""
        self._open += 1
        self._queue.put_nowait(send)
        wanted = min(_MOST, self._transport.at_once, self._open)
        while len(self._hands) < wanted and self._cause is None:
            hand = _Hand()
            hand.task = asyncio.create_task(self._go_on(hand))
            self._hands.append(hand)

    def put(self, outcome: Outcome) -> None:
        """Somebody for whom nothing is to be sent."""
        self._outcomes.append(outcome)
        self._tell()

    def take(self) -> list[Outcome]:
        """What came back since the last time."""
        taken, self._outcomes = self._outcomes, []
        return taken

    def give_back(self, outcomes: Sequence[Outcome]) -> None:
        """They could not be committed: they are still to be taken."""
        self._outcomes = [*outcomes, *self._outcomes]

    async def news(self, longest_s: float, *, enough: int) -> BaseException | None:
        """Wait until *enough* has come back, or all of it, or *longest_s* seconds.

        Returns:
            Why nothing more is begun, if so: `end`, then `take` the last.
        """
        self._enough = enough
        self._news.clear()
        self._tell()
        if self._cause is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(longest_s):
                    await self._news.wait()
        return self._cause

    def halt(self, cause: BaseException) -> None:
        """Begin nothing more, because of *cause*; the first one counts.

        Being told to stop says less than anything that went wrong.
        """
        if self._cause is None or (
            isinstance(self._cause, Conflict) and not isinstance(cause, Conflict)
        ):
            self._cause = cause
        for hand in self._hands:
            if hand.task is not None and not hand.begun and hand.task is not asyncio.current_task():
                hand.task.cancel()
        self._news.set()

    async def end(self) -> None:
        """Wait for what has begun; what has not is let go.

        A process that was asked to stop gives it [serve] drain_s; what is not answered then is
        in doubt.
        """
        running = {hand.task: hand for hand in self._hands if hand.task and not hand.task.done()}
        for task, hand in running.items():
            if not hand.begun:
                task.cancel()
        limit = self._app.settings.serve.drain_s if self._app.stopping.is_set() else None
        if running:
            _, late = await asyncio.wait(running, timeout=limit)
            for task in late:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    # ------------------------------------------------------------------ one sender

    async def _go_on(self, hand: _Hand) -> None:
        """Send one after the other.

        However it ends, the others know: whoever is missed would keep the chunk open for ever.
        """
        while self._cause is None:
            send = await self._queue.get()
            if self._cause is not None or self._app.stopping.is_set():
                return
            try:
                await self._one(send, hand)
            except asyncio.CancelledError:
                self.halt(AskedToStop("sending was given up"))
                self._in_doubt(send, hand, "stopped before the answer was heard")
                raise
            except BaseException as error:  # noqa: BLE001 - raised again, by `news`
                self.halt(error)
                self._in_doubt(send, hand, f"its sending ended with {type(error).__name__}")
                return

    async def _one(self, send: Send, hand: _Hand) -> None:
        """Have one answered, or put off; what is raised ends everybody's sending."""
        try:
            outcome = await self._send(send, hand)
        except RelayDown as error:
            if error.code in _HUNG_UP:
                self._outcomes.append(self._behind(send, error))
            self.unbegin(send, hand)
            raise
        if outcome is not None:
            self._answered(hand, outcome)
            self._open -= 1
            self._tell()

    def _answered(self, hand: _Hand, outcome: Outcome) -> None:
        hand.begun = False
        self._outcomes.append(outcome)

    def _in_doubt(self, send: Send, hand: _Hand, why: str) -> None:
        """Of whoever's content has left: nobody knows what became of it."""
        if hand.begun:
            self._answered(hand, self._vanished(send, Vanished(0, why)))

    def begin(self, send: Send, hand: _Hand) -> None:
        """Content of *send* leaves: note it.

        Raises:
            AskedToStop: nothing more is begun, here or by another way.
            StoreError: it cannot be noted.
        """
        if self._cause is not None:
            raise AskedToStop("nothing more is begun")
        self._events.started(send.subscriber.id)
        hand.begun = True

    def unbegin(self, send: Send, hand: _Hand) -> None:
        """Content of *send* had left, and was certainly not taken: a kill makes no doubt of it.

        Raises:
            AskedToStop: nobody else is to be asked.
            StoreError: it cannot be noted.
        """
        if hand.begun:
            hand.begun = False
            self._events.given_back(send.subscriber.id)
        if self._cause is not None:
            raise AskedToStop("nothing more is begun")

    async def _send(self, send: Send, hand: _Hand) -> Outcome | None:
        """One message: its outcome, whatever the relay says of the person; None: not yet.

        Raises:
            RelayDown: it is about us; nothing was begun for this person.
        """
        app, work, person = self._app, self._work, send.subscriber
        lane = app.pacing.lane_of(person.email)
        wait = app.pacing.turn(lane, app.now(), waited=send.waited)
        if wait:
            return self._put_off(send, lane, wait)

        try:
            message = await work.mail(person)
            # Of each person and message, where bounces have a mailbox (VERP).
            verp = app.links.return_path(work.delivery_id, person.id)
            reply = await self._transport.send(
                message,
                sender=verp or app.settings.mail.from_address,
                to=person.email,
                started=_Started(self, send, hand),
            )
        except NotFound as error:
            return work.rules.skipped(person.id, str(error), now=app.now())
        except RenderError as error:
            # Nothing was begun: whoever gets another variant goes on, these wait for its repair.
            later = work.rules.later(person.id, str(error), attempts=send.attempts, now=app.now())
            return replace(later, heard=False)
        except Vanished as error:
            log.warning("no answer heard", edition=work.delivery_id, who=who(person.email))
            return self._counted(self._vanished(send, error), lane)
        except (Deferred, Refused) as error:
            outcome = work.rules.answered(person.id, error, attempts=send.attempts, now=app.now())
            code = _kept(error)
        else:
            outcome = work.rules.accepted(person.id, reply, attempts=send.attempts, now=app.now())
            code = reply.code
        try:
            return self._noted(outcome, code, lane)
        except BaseException:
            # It could not be noted, but is known: the last commit may still get through.
            self._answered(hand, outcome)
            raise

    def _noted(self, outcome: Outcome, code: int, lane: str) -> Outcome:
        """*code*: 0 when it was no try of theirs."""
        if code:
            self._events.replied(outcome.subscriber_id, code)
        else:
            self._events.given_back(outcome.subscriber_id)
        return self._counted(outcome, lane)

    def _counted(self, outcome: Outcome, lane: str) -> Outcome:
        if self._work.meter is not None:
            self._work.meter.heard(outcome.relay, lane, outcome.state, outcome.at)
        return outcome

    def _put_off(self, send: Send, lane: str, wait: float) -> Outcome | None:
        """It is not their turn: a moment in memory, or longer in the journal."""
        app, now = self._app, self._app.now()
        # Who has a place keeps it; whoever comes first takes one, and comes back then.
        until = now + timedelta(seconds=wait) if send.waited else app.pacing.later(lane, now)
        wait = max(0.0, (until - now).total_seconds())
        if wait <= _PATIENCE_S:
            again = replace(send, waited=True)
            asyncio.get_running_loop().call_later(wait, self._queue.put_nowait, again)
            return None
        return self._work.rules.waiting(
            send.subscriber.id,
            f"waits for its turn: {lane} takes no more at a time",
            until=until,
            attempts=send.attempts - 1,
            now=now,
        )

    def _behind(self, send: Send, error: RelayDown) -> Outcome:
        """Somebody at whom the relay hangs up waits behind the others; it is no try of theirs."""
        now = self._app.now()
        outcome = self._work.rules.waiting(
            send.subscriber.id,
            error.text,
            until=now + timedelta(seconds=self._app.settings.mail.retry_s),
            attempts=send.attempts - 1,
            now=now,
        )
        return replace(outcome, code=error.code, relay=error.relay, heard=True)

    def _vanished(self, send: Send, error: Vanished) -> Outcome:
        return self._work.rules.vanished(
            send.subscriber.id, error, attempts=send.attempts, now=self._app.now()
        )

    # --------------------------------------------------------------------- stopping

    async def _heed(self) -> None:
        """A process that is asked to stop begins nothing more, at once."""
        await self._app.stopping.wait()
        self.halt(AskedToStop("asked to stop"))

    def _tell(self) -> None:
        if len(self._outcomes) >= self._enough or not self._open:
            self._news.set()


def _kept(error: Deferred | Refused) -> int:
    """The code by which a recovery knows what *error* made of a person; 0: of nobody."""
    if isinstance(error, Refused):
        return error.code or 450
    # A "never" that was not believed must not be taken at its word after a kill.
    later = error.code if 400 <= error.code < 500 else 450
    return later if error.tried else 0
