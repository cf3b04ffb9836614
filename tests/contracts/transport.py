"""What every transport keeps to: one suite, run against each of them.

A test class derives from `TransportContract`, or from `PeerContract` where there is another side
that can be told to misbehave, and gives a fixture `case`.  A transport of a package can be tried
the same way.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import pytest

from digest.errors import Deferred, MailError, Refused, RelayDown, Vanished
from digest.mail.transport import Reply, Start, Transport

SENDER = "verp+1@press.example"
#: None of them is one address; most would say more than a recipient, if they were written out.
ORDERS = (
    "bo@example.org\r\nRCPT TO:<eve@example.org>",
    "bo@example.org\n",
    "bo\r@example.org",
    "bo smith@example.org",
    "bo\t@example.org",
    "bo@example.org> SIZE=1",
    "<bo@example.org",
    "bo\0@example.org",
    "bo",
    "@example.org",
    "",
)
#: What the other side can be told to do with one person's message.
Act = Literal["later", "never", "down", "vanish"]


@dataclass(kw_only=True)
class TransportCase:
    """A transport that is not open yet, and a look at the other side."""

    transport: Transport
    #: How often each recipient's message has arrived.
    arrived: Callable[[], Counter[str]]
    #: The octets that arrived, by recipient; None: they cannot be seen.
    octets: Callable[[], dict[str, bytes]] | None = None
    #: Make the other side do so with the messages for one recipient.
    acts: Mapping[Act, Callable[[str], None]] = field(default_factory=dict)
    #: Take the other side away, for good.
    leave: Callable[[], Awaitable[None]] | None = None


@dataclass
class Hand:
    """Gives messages to a case's transport and counts what it was told."""

    case: TransportCase
    started: Counter[str] = field(default_factory=Counter)
    #: Whoever's message had arrived before it was said to leave.
    early: list[str] = field(default_factory=list)

    async def give(self, to: str) -> Reply:
        def start() -> None:
            self.started[to] += 1
            if self.case.arrived()[to]:
                self.early.append(to)

        return await self.case.transport.send(mail(to), sender=SENDER, to=to, started=start)

    async def fails(self, to: str, kind: type[MailError]) -> MailError:
        with pytest.raises(MailError) as caught:
            await self.give(to)
        assert type(caught.value) is kind
        assert self.started[to] <= 1
        # Where no answer was heard, it may well have.
        assert kind is Vanished or not self.case.arrived()[to]
        return caught.value


class Noted(Start):
    """Hears of content that came back, too."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def __call__(self) -> None:
        self.told.append("leaves")

    def back(self) -> None:
        self.told.append("back")


def mail(to: str) -> bytes:
    """A message like ours: 7-bit, a line that begins with a dot, encoded text."""
    return (
        "From: =?utf-8?q?Caf=C3=A9?= <news@press.example>\r\n"
        f"To: {to}\r\nSubject: Ebb and flow\r\nMessage-ID: <{to}.1@press.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        f".Gr=C3=BC=C3=9Fe\r\nto {to}\r\n..\r\n"
    ).encode()


def person(number: int) -> str:
    return f"reader.{number}@example.org"


class TransportContract:
    """What holds for all; the class that derives from it has a fixture *case*."""

    @pytest.fixture
    def hand(self, case: TransportCase) -> Hand:
        return Hand(case)

    async def test_it_takes_a_message_and_says_so(self, case: TransportCase, hand: Hand) -> None:
        async with case.transport:
            reply = await hand.give(person(1))
        assert 200 <= reply.code < 300
        assert reply.relay
        assert "\n" not in reply.text
        assert case.arrived() == Counter([person(1)])

    async def test_the_octets_arrive_as_they_are(self, case: TransportCase, hand: Hand) -> None:
        async with case.transport:
            await hand.give(person(1))
        if case.octets is not None:
            assert case.octets() == {person(1): mail(person(1))}

    async def test_it_says_once_that_content_leaves_and_before_it_does(
        self, case: TransportCase, hand: Hand
    ) -> None:
        async with case.transport:
            for number in range(3):
                await hand.give(person(number))
        assert hand.started == Counter(person(number) for number in range(3))
        assert hand.early == []

    async def test_who_wants_to_hear_what_comes_back_hears_nothing_of_what_was_taken(
        self, case: TransportCase
    ) -> None:
        noted, to = Noted(), person(1)
        async with case.transport:
            await case.transport.send(mail(to), sender=SENDER, to=to, started=noted)
        assert noted.told == ["leaves"]
        assert case.arrived()[to] == 1

    async def test_many_at_once_arrive_once_each(self, case: TransportCase, hand: Hand) -> None:
        everybody = [person(number) for number in range(24)]
        async with case.transport:
            assert case.transport.at_once >= 1
            await asyncio.gather(*map(hand.give, everybody))
        assert case.arrived() == hand.started == Counter(everybody)
        if case.octets is not None:
            assert case.octets() == {to: mail(to) for to in everybody}

    async def test_an_address_that_could_give_orders_is_refused_and_nobody_is_asked(
        self, case: TransportCase, hand: Hand
    ) -> None:
        async with case.transport:
            for to in ORDERS:
                error = await hand.fails(to, Refused)
                assert error.code == 0
            await hand.give(person(1))
        assert hand.started == case.arrived() == Counter([person(1)])

    async def test_if_the_start_cannot_be_noted_nothing_leaves(
        self, case: TransportCase, hand: Hand
    ) -> None:
        def failing() -> None:
            raise OSError("disk full")

        async with case.transport:
            with pytest.raises(OSError, match="disk full"):
                await case.transport.send(
                    mail(person(1)), sender=SENDER, to=person(1), started=failing
                )
            await hand.give(person(2))
        assert case.arrived() == Counter([person(2)])

    async def test_whoever_is_cancelled_before_the_start_gets_nothing(
        self, case: TransportCase, hand: Hand
    ) -> None:
        async with case.transport:
            for turns in range(0, 60, 3):
                task = asyncio.create_task(hand.give(person(turns)))
                for _ in range(turns):
                    await asyncio.sleep(0)
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await hand.give(person(99))
        assert not case.arrived() - hand.started
        assert case.arrived()[person(99)] == 1
        assert max(hand.started.values()) == 1


class PeerContract(TransportContract):
    """What holds where there is another side that can say no, or nothing."""

    async def test_later_is_for_this_person_only(self, case: TransportCase, hand: Hand) -> None:
        case.acts["later"](person(1))
        async with case.transport:
            error = await hand.fails(person(1), Deferred)
            await hand.give(person(2))
        assert error.code == 0 or 400 <= error.code < 500
        assert error.relay

    async def test_never_is_for_this_person_only(self, case: TransportCase, hand: Hand) -> None:
        case.acts["never"](person(1))
        async with case.transport:
            error = await hand.fails(person(1), Refused)
            await hand.give(person(2))
        assert 500 <= error.code < 600
        assert error.relay

    async def test_what_is_said_about_us_blames_nobody(
        self, case: TransportCase, hand: Hand
    ) -> None:
        case.acts["down"](person(1))
        async with case.transport:
            error = await hand.fails(person(1), RelayDown)
        assert str(error)

    async def test_no_answer_to_the_content_leaves_doubt(
        self, case: TransportCase, hand: Hand
    ) -> None:
        case.acts["vanish"](person(1))
        async with case.transport:
            error = await hand.fails(person(1), Vanished)
            await hand.give(person(2))
        assert hand.started[person(1)] == 1
        assert error.relay

    async def test_if_nobody_is_there_nothing_begins(self, case: TransportCase, hand: Hand) -> None:
        assert case.leave is not None
        async with case.transport:
            await case.leave()
            error = await hand.fails(person(1), RelayDown)
        assert hand.started == Counter()
        assert error.relay

    async def test_one_that_fails_does_not_take_others_with_it(
        self, case: TransportCase, hand: Hand
    ) -> None:
        acts: list[tuple[Act, type[MailError]]] = [("later", Deferred), ("never", Refused)]
        wrong = {person(at): kind for at, (act, kind) in enumerate(acts)}
        for at, (act, _) in enumerate(acts):
            case.acts[act](person(at))
        everybody = [person(number) for number in range(12)]
        async with case.transport:
            found = await asyncio.gather(*map(hand.give, everybody), return_exceptions=True)
        kinds = {to: type(each) for to, each in zip(everybody, found, strict=True)}
        assert kinds == {to: wrong.get(to, Reply) for to in everybody}
        assert case.arrived() == Counter(set(everybody) - set(wrong))
