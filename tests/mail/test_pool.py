"""Many messages: how connections are shared, kept, lost and replaced."""

import asyncio
from typing import Any

import pytest

from digest.errors import MailError, RelayDown, Vanished
from digest.mail import Reply, SmtpTransport
from digest.settings import Mail
from fakes import FakeRelay, drop, hold, say, stall

MAIL = b"Subject: Tides\r\n\r\nHigh at six.\r\n"


def transport(relay: FakeRelay, **fields: Any) -> SmtpTransport:
    values: dict[str, Any] = {
        "host": relay.host,
        "port": relay.port,
        "tls": "none",
        "timeout_s": 5.0,
    }
    return SmtpTransport(Mail(**(values | fields)), password=None, ehlo_name="")


async def send(out: SmtpTransport, to: str = "bo@example.org") -> Reply:
    return await out.send(MAIL, sender="news@example.org", to=to, started=lambda: None)


async def test_one_connection_serves_one_message_after_the_other() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        for _ in range(20):
            await send(out)
    assert relay.connections == 1
    assert len(relay.messages) == 20
    assert [line.split()[0] for line in relay.commands].count("EHLO") == 1


async def test_no_connection_is_opened_before_there_is_something_to_send() -> None:
    async with FakeRelay() as relay, transport(relay):
        pass
    assert relay.connections == 0


async def test_fifty_at_once_never_use_more_connections_than_allowed() -> None:
    gate = asyncio.Event()
    people = [f"p{n}@example.org" for n in range(50)]
    async with FakeRelay() as relay, transport(relay, connections=4) as out:
        relay.on("dot", hold(gate))
        sending = [asyncio.create_task(send(out, to)) for to in people]
        await relay.reached("dot", 4)
        assert relay.open_now == 4
        gate.set()
        await asyncio.gather(*sending)
    assert relay.connections == relay.most_open == 4
    assert sorted(taken.to[0] for taken in relay.messages) == sorted(people)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "dot"])
async def test_the_cap_holds_while_connections_die(stage: Any) -> None:
    people = [f"p{n}@example.org" for n in range(50)]
    async with FakeRelay() as relay, transport(relay, connections=3) as out:
        relay.on(stage, drop(), times=7)
        results = await asyncio.gather(*(send(out, to) for to in people), return_exceptions=True)
    errors = [result for result in results if isinstance(result, MailError)]
    assert relay.most_open <= 3
    assert len(relay.messages) == 50 - len(errors)
    assert len(errors) <= 7


async def test_leaving_says_goodbye_on_every_connection() -> None:
    gate = asyncio.Event()
    async with FakeRelay() as relay, transport(relay, connections=3) as out:
        relay.on("dot", hold(gate))
        sending = [asyncio.create_task(send(out)) for _ in range(3)]
        await relay.reached("dot", 3)
        gate.set()
        await asyncio.gather(*sending)
        await out.__aexit__(None, None, None)
        await relay.all_gone()
        assert relay.commands.count("QUIT") == 3


async def test_a_relay_that_does_not_answer_the_goodbye_is_left_all_the_same() -> None:
    async with FakeRelay() as relay:
        relay.on("QUIT", stall())
        async with transport(relay, timeout_s=0.1) as out:
            await send(out)
        await relay.all_gone()


@pytest.mark.parametrize("goodbye", ["", "421 4.4.2 idle for too long"])
async def test_a_connection_closed_in_between_is_replaced_unnoticed(goodbye: str) -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        await send(out)
        await relay.hang_up(goodbye)
        await send(out)
    assert relay.connections == 2
    assert len(relay.messages) == 2


@pytest.mark.parametrize(
    "act",
    [drop(), drop("421 4.7.0 enough messages"), say("452 4.5.3 enough messages"), stall()],
)
async def test_an_old_connection_that_fails_at_mail_is_replaced_once(act: Any) -> None:
    async with FakeRelay() as relay, transport(relay, timeout_s=0.2) as out:
        await send(out)
        relay.on("MAIL", act, times=1)
        await send(out)
    assert relay.connections == 2
    assert len(relay.messages) == 2


async def test_a_fresh_connection_that_fails_at_mail_is_believed() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        await send(out)
        relay.on("MAIL", drop(), times=2)
        with pytest.raises(RelayDown):
            await send(out)
        assert relay.connections == 2
        await send(out)
    assert relay.connections == 3


async def test_many_old_connections_cost_one_attempt_not_many() -> None:
    gate = asyncio.Event()
    async with FakeRelay() as relay, transport(relay, connections=4, timeout_s=0.3) as out:
        relay.on("dot", hold(gate))
        sending = [asyncio.create_task(send(out)) for _ in range(4)]
        await relay.reached("dot", 4)
        gate.set()
        await asyncio.gather(*sending)
        relay.on("MAIL", stall(), times=1)
        await send(out)
    assert relay.connections == 5


async def test_after_the_content_has_started_nothing_is_tried_again() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        await send(out)
        relay.on("dot", drop(), times=1)
        with pytest.raises(MailError):
            await send(out)
    assert len(relay.heard) == 2
    assert relay.connections == 1


async def test_a_relay_that_restarts_serves_again() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        await send(out)
        await relay.refuse_connections()
        await relay.hang_up()
        with pytest.raises(RelayDown):
            await send(out)
        with pytest.raises(RelayDown):
            await send(out)
        port, again = relay.port, FakeRelay()
        again.port = port
        async with again:
            await send(out)
        assert len(again.messages) == 1


# -------------------------------------------------------------------- opening connections


async def test_a_dead_relay_is_called_once_and_everybody_is_told() -> None:
    async with FakeRelay() as relay, transport(relay, connections=8) as out:
        relay.on("connect", drop("554 5.3.2 go away"))
        results = await asyncio.gather(*(send(out) for _ in range(20)), return_exceptions=True)
        assert relay.connections == 1
        assert {type(result) for result in results} == {RelayDown}
        # Each has an error of its own: raising writes into it.
        assert len({id(result) for result in results}) == 20
        assert all(
            result.relay == relay.host for result in results if isinstance(result, MailError)
        )
        with pytest.raises(RelayDown):
            await send(out)
        assert relay.connections == 2


async def test_the_others_are_opened_when_the_first_works() -> None:
    gate, greeted = asyncio.Event(), asyncio.Event()
    async with FakeRelay() as relay, transport(relay, connections=3) as out:
        relay.on("EHLO", hold(greeted), times=1)
        relay.on("dot", hold(gate))
        sending = [asyncio.create_task(send(out)) for _ in range(6)]
        await relay.reached("EHLO")
        assert relay.connections == 1
        greeted.set()
        await relay.reached("dot", 3)
        gate.set()
        await asyncio.gather(*sending)
    assert relay.connections == 3


async def test_a_relay_that_takes_only_two_connections_serves_everybody_over_two() -> None:
    async with FakeRelay() as relay, transport(relay, connections=5) as out:
        gate = asyncio.Event()
        relay.on("dot", hold(gate), times=2)
        first = [asyncio.create_task(send(out)) for _ in range(2)]
        await relay.reached("dot", 2)
        relay.on("connect", drop("421 4.7.0 too many connections"))
        rest = [asyncio.create_task(send(out)) for _ in range(10)]
        await relay.reached("connect", 3)
        gate.set()
        await asyncio.gather(*first, *rest)
    assert len(relay.messages) == 12
    # Asked a few times at once, and then left in peace.
    assert relay.connections <= 5


async def test_whoever_leaves_the_queue_is_not_written_to() -> None:
    gate = asyncio.Event()
    people = [f"p{n}@example.org" for n in range(6)]
    async with FakeRelay() as relay, transport(relay, connections=1) as out:
        relay.on("dot", hold(gate), times=1)
        sending = [asyncio.create_task(send(out, to)) for to in people]
        await relay.reached("dot")
        sending[3].cancel()
        gate.set()
        await asyncio.wait(sending)
    assert [task.cancelled() for task in sending] == [n == 3 for n in range(6)]
    assert [taken.to[0] for taken in relay.messages] == [p for p in people if p != people[3]]


async def test_leaving_while_others_wait_tells_them() -> None:
    async with FakeRelay() as relay:
        relay.on("EHLO", stall())
        async with transport(relay) as out:
            sending = [asyncio.create_task(send(out)) for _ in range(3)]
            await relay.reached("EHLO")
        results = await asyncio.gather(*sending, return_exceptions=True)
        assert [str(result) for result in results] == ["the transport was closed"] * 3
        await relay.all_gone()


async def test_leaving_in_the_middle_calls_nobody_again() -> None:
    async with FakeRelay(pipelining=True) as relay:
        relay.on("dot", stall())
        async with transport(relay, connections=1) as out:
            sending = [asyncio.create_task(send(out)) for _ in range(3)]
            await relay.reached("dot")
        results = await asyncio.gather(*sending, return_exceptions=True)
        await relay.all_gone()
    assert [type(result) for result in results] == [Vanished, RelayDown, RelayDown]
    assert relay.connections == 1


async def test_at_once_is_what_the_relay_was_found_to_carry() -> None:
    for pipelining, found in ((False, 4), (True, 8)):
        relay = FakeRelay(pipelining=pipelining)
        async with relay, transport(relay, connections=4) as out:
            assert out.at_once == 8
            await send(out)
            assert out.at_once == found
    chunking = FakeRelay(pipelining=True, chunking=True)
    async with chunking, transport(chunking, connections=4, bdat_window=6) as out:
        await send(out)
        assert out.at_once == 24
