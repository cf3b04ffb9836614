"""Whatever happens to a sender, the chunk ends, and nobody's content leaves twice unnoticed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest import store
from digest.app import App
from digest.errors import AskedToStop, Deferred, Refused, RelayDown, StoreError
from digest.mail import Transport
from digest.mail.fleet import Fleet, Way
from digest.mail.pacing import Pacing
from digest.mail.transport import Reply, Unopened
from digest.meter import Meter
from digest.model import DeliveryState, Outcome, Subscriber
from digest.outcomes import Rules
from digest.senders import Send, Senders
from digest.settings import Settings
from make import make_subscriber
from newsroom import open_newsroom, write_config

ID = "daily@2026-05-18"
NOW = datetime(2026, 5, 18, 6, tzinfo=UTC)


@dataclass
class Told(Unopened):
    """A transport that takes everything, or does with each message as it is told."""

    act: BaseException | None = None
    #: Say that content leaves before that.
    starts: bool = True
    #: Waited for when content has left.
    gate: asyncio.Event | None = None
    asked: list[str] = field(default_factory=list)
    at_once: int = 4

    async def send(
        self, message: bytes, *, sender: str, to: str, started: Callable[[], None]
    ) -> Reply:
        self.asked.append(to)
        if self.starts:
            started()
        if self.gate is not None:
            await self.gate.wait()
        if self.act is not None:
            raise self.act
        return Reply(250, "2.0.0", "2.0.0 kept", "told")


class Slow(Pacing):
    """The turn of relay "b" comes tomorrow."""

    def relay_wait(self, relay: str, now: datetime) -> float:
        return 86_400.0 if relay == "b" else 0.0


@dataclass
class Work:
    rules: Rules
    meter: Meter | None = None
    delivery_id: str = ID

    @property
    def mail(self) -> Callable[[Subscriber], Awaitable[bytes]]:
        return self._mail

    async def _mail(self, subscriber: Subscriber) -> bytes:
        return f"To: {subscriber.email}\r\n\r\nhi\r\n".encode()


class Full(store.EventFile):
    """There is room for starts, and for nothing else."""

    def replied(self, subscriber_id: int, code: int) -> None:
        raise StoreError("disk full")

    def given_back(self, subscriber_id: int) -> None:
        raise StoreError("disk full")


class Broken(Meter):
    def heard(self, relay: str, lane: str, state: DeliveryState, at: datetime) -> None:
        raise ZeroDivisionError


@dataclass
class Ended:
    """What became of a chunk that was sent to its end."""

    cause: BaseException | None
    outcomes: list[Outcome]
    #: What a recovery would find if the process were killed here.
    trace: store.Trace

    @property
    def states(self) -> dict[int, DeliveryState]:
        return {outcome.subscriber_id: outcome.state for outcome in self.outcomes}


class Bench:
    """One chunk in hand."""

    def __init__(self, app: App, folder: Path) -> None:
        self.app = app
        self._folder = folder
        self.meter: Meter | None = None
        self.disk_full = False

    async def send(
        self,
        transport: Transport,
        *,
        people: int = 1,
        meanwhile: Callable[[Senders], Awaitable[None]] | None = None,
    ) -> Ended:
        work = Work(Rules(id=ID, mail=self.app.settings.mail), self.meter)
        cause: BaseException | None = None
        outcomes: list[Outcome] = []
        # As a kill would end it: the file stays.
        with suppress(KeyboardInterrupt), store.open_events(self._folder, ID, 1, 1) as events:
            if self.disk_full:
                events = Full(events._handle)
            async with transport, Senders(self.app, work, transport, events) as senders:
                for id in range(1, people + 1):
                    senders.add(Send(subscriber=make_subscriber(id), attempts=1))
                if meanwhile is not None:
                    await asyncio.sleep(0.01)
                    await meanwhile(senders)
                while cause is None and len(outcomes) < people:
                    cause = await senders.news(60, enough=people)
                    outcomes += senders.take()
                await senders.end()
                outcomes += senders.take()
            raise KeyboardInterrupt
        return Ended(cause, outcomes, store.read_events(self._folder, ID, 1, 1))


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Bench]:
    write_config(folder)
    async with open_newsroom(folder) as app:
        yield Bench(app, folder / "events")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with opened(tmp_path) as bench:
        yield bench


def fleet(a: Told, b: Told | None = None) -> Fleet:
    """*b*, if any, is only asked when *a* is down, and then its turn does not come."""
    ways = [Way("a", a)] + ([Way("b", b, standby=True)] if b is not None else [])
    return Fleet(ways, pacing=Slow(Settings()), signing=None, now=lambda: NOW)


NOTHING = store.Trace(trusted=True)


# ------------------------------------------------------------------------- stopping


async def test_whoever_waits_for_a_relay_s_turn_is_let_go_when_asked_to_stop(bench: Bench) -> None:
    async def stop(_: Senders) -> None:
        bench.app.stopping.set()

    b = Told()
    only_b = Fleet([Way("b", b)], pacing=Slow(Settings()), signing=None, now=lambda: NOW)
    ended = await bench.send(only_b, people=3, meanwhile=stop)
    assert isinstance(ended.cause, AskedToStop)
    assert (ended.outcomes, ended.trace, b.asked) == ([], NOTHING, [])


async def test_what_a_relay_gave_back_is_not_begun_while_another_is_waited_for(
    bench: Bench,
) -> None:
    async def stop(_: Senders) -> None:
        bench.app.stopping.set()

    b = Told()
    out = fleet(Told(RelayDown(421, "4.3.2 after the content")), b)
    ended = await bench.send(out, people=3, meanwhile=stop)
    assert isinstance(ended.cause, AskedToStop)
    assert (ended.outcomes, ended.trace, b.asked) == ([], NOTHING, [])


async def test_content_that_comes_back_after_the_stop_is_offered_to_nobody_else(
    bench: Bench,
) -> None:
    a, b = Told(RelayDown(421, "4.3.2 going down"), gate=asyncio.Event()), Told()

    async def stop(senders: Senders) -> None:
        senders.halt(AskedToStop("asked to stop"))
        assert a.gate is not None
        a.gate.set()

    ended = await bench.send(fleet(a, b), meanwhile=stop)
    assert isinstance(ended.cause, AskedToStop)
    assert (ended.outcomes, ended.trace, b.asked) == ([], NOTHING, [])


async def test_what_has_begun_when_asked_to_stop_is_heard_to_its_end(bench: Bench) -> None:
    a = Told(gate=asyncio.Event())

    async def stop(_: Senders) -> None:
        bench.app.stopping.set()
        await asyncio.sleep(0.01)
        assert a.gate is not None
        a.gate.set()

    ended = await bench.send(fleet(a), people=9, meanwhile=stop)
    assert isinstance(ended.cause, AskedToStop)
    assert set(ended.states.values()) == {DeliveryState.SENT}
    assert len(ended.states) == len(a.asked) < 9


# ------------------------------------------------------------- nobody ends in silence


async def test_an_error_that_nobody_expects_stops_the_chunk_and_leaves_doubt(
    bench: Bench,
) -> None:
    error = ZeroDivisionError()
    ended = await bench.send(fleet(Told(error)))
    assert ended.cause is error
    assert ended.states == {1: DeliveryState.DOUBTFUL}
    assert "ZeroDivisionError" in ended.outcomes[0].text


async def test_before_content_left_it_leaves_no_doubt(bench: Bench) -> None:
    ended = await bench.send(fleet(Told(ZeroDivisionError(), starts=False)))
    assert isinstance(ended.cause, ZeroDivisionError)
    assert (ended.outcomes, ended.trace) == ([], NOTHING)


@pytest.mark.parametrize("starts", [True, False])
async def test_a_transport_that_cancels_itself_stops_the_chunk(starts: bool, bench: Bench) -> None:
    ended = await bench.send(fleet(Told(asyncio.CancelledError(), starts=starts)), people=2)
    assert isinstance(ended.cause, AskedToStop)
    assert set(ended.states.values()) == ({DeliveryState.DOUBTFUL} if starts else set())


@pytest.mark.parametrize(
    ("act", "state"),
    [
        (None, DeliveryState.SENT),
        (Refused(550, "5.1.1 no such mailbox"), DeliveryState.FAILED),
        (Deferred(451, "4.2.1 later"), DeliveryState.DEFERRED),
        (Deferred(421, "4.3.2 slower", tried=False), DeliveryState.DEFERRED),
    ],
)
async def test_an_answer_that_cannot_be_noted_is_known_and_stops_the_chunk(
    act: BaseException | None, state: DeliveryState, bench: Bench
) -> None:
    bench.disk_full = True
    ended = await bench.send(fleet(Told(act)))
    assert isinstance(ended.cause, StoreError)
    assert ended.states == {1: state}


@pytest.mark.parametrize("others", [True, False])
async def test_content_that_came_back_and_cannot_be_noted_stops_the_chunk(
    others: bool, bench: Bench
) -> None:
    bench.disk_full = True
    b = Told()
    down = Told(RelayDown(421, "4.3.2 going down"))
    ended = await bench.send(fleet(down, b) if others else down)
    assert isinstance(ended.cause, StoreError)
    # In the journal they are as they were; only if that cannot be written either, in doubt.
    assert DeliveryState.DOUBTFUL not in ended.states.values()
    assert b.asked == []


async def test_an_answer_that_cannot_be_counted_is_kept(bench: Bench) -> None:
    bench.meter = Broken(NOW)
    ended = await bench.send(fleet(Told()))
    assert isinstance(ended.cause, ZeroDivisionError)
    assert ended.states == {1: DeliveryState.SENT}


# --------------------------------------------------------------- what a kill finds


@pytest.mark.parametrize(
    ("act", "replied"),
    [
        (Refused(550, "5.1.1 no such mailbox"), {1: 550}),
        (Deferred(451, "4.2.1 later"), {1: 451}),
        (Deferred(552, "5.2.2 full"), {1: 450}),
        # Nobody's try: they are as if nobody had been asked.
        (Deferred(421, "4.3.2 HTTP 429", tried=False), {}),
        (Deferred(550, "5.7.1 your address is on a blocklist", tried=False), {}),
    ],
)
async def test_after_a_kill_nobody_is_judged_by_what_was_not_about_them(
    act: BaseException, replied: dict[int, int], bench: Bench
) -> None:
    ended = await bench.send(Told(act))
    assert ended.trace.replied == replied
    assert ended.trace.started == replied.keys()


@pytest.mark.parametrize("code", [421, 554])
async def test_a_relay_that_refuses_us_after_the_content_leaves_no_trace(
    code: int, bench: Bench
) -> None:
    ended = await bench.send(fleet(Told(RelayDown(code, "not from you"))))
    assert isinstance(ended.cause, RelayDown)
    assert ended.trace == NOTHING
    # One at whom it hangs up waits behind the others.
    assert set(ended.states) == ({1} if code == 421 else set())
