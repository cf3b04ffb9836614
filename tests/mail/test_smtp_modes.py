"""One relay, three ways of speaking to it: each command alone, pipelined, and by BDAT."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import Deferred, MailError, Refused, RelayDown, Unfit, Vanished
from digest.mail.smtp import SmtpTransport
from digest.mail.transport import Reply
from fakes import Act, FakeRelay, drop, hold, mutter, say, stall
from mail.modes import ALONE, MAIL, MODES, PIPELINED, WINDOWED, transport

BO, CY, DI = "bo@example.org", "cy@example.org", "di@example.org"


@dataclass
class Outcome:
    """What a caller saw of one send."""

    result: Reply | MailError
    started: int

    @property
    def kind(self) -> type[Reply | MailError]:
        return type(self.result)


async def attempt(out: SmtpTransport, to: str = BO, message: bytes = MAIL) -> Outcome:
    begun: list[None] = []
    try:
        result: Reply | MailError = await out.send(
            message, sender="news@example.org", to=to, started=lambda: begun.append(None)
        )
    except MailError as error:
        result = error
    outcome = Outcome(result, len(begun))
    check_promise(outcome)
    return outcome


def check_promise(outcome: Outcome) -> None:
    """What is true of every send, whatever the relay does."""
    assert outcome.started <= 1
    if outcome.kind in (Reply, Vanished):
        assert outcome.started == 1
    assert outcome.result.relay == "127.0.0.1"
    assert outcome.result.text.isprintable()


async def attempts(out: SmtpTransport, *people: str) -> list[Outcome]:
    return list(await asyncio.gather(*(attempt(out, to) for to in people)))


def kinds(outcomes: Sequence[Outcome]) -> list[type[Reply | MailError]]:
    return [outcome.kind for outcome in outcomes]


# ------------------------------------------------------------------------- what is said


@pytest.mark.parametrize("mode", MODES)
async def test_many_messages_arrive_each_with_its_own_recipient(mode: dict[str, Any]) -> None:
    people = [f"p{n}@example.org" for n in range(60)]
    async with FakeRelay(**mode) as relay, transport(relay, connections=3) as out:
        replies = await asyncio.gather(
            *(attempt(out, to, MAIL + to.encode() + b"\r\n") for to in people)
        )
        assert out.at_once == {0: 3, 1: 6, 2: 12}[len(mode)]
    assert kinds(replies) == [Reply] * 60
    assert relay.most_open <= 3
    assert {taken.to: taken.message for taken in relay.messages} == {
        (to,): MAIL + to.encode() + b"\r\n" for to in people
    }


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "message",
    [
        b".\r\n",
        b"..\r\n",
        b".first line\r\n",
        b"A: b\r\n\r\n.\r\n..\r\n...\r\n.end\r\n.\r\n",
        b"",
        b"A: b\r\n\r\nno last line end",
        b"A: b\r\n\r\nCaf\xc3\xa9 \x00\xff\r\n",
        b"A: b\r\n\r\nMAIL FROM:<a@example.org>\r\nQUIT\r\n",
        b"A: b\r\n\r\n" + b".a line of a long morning mail\r\n" * 60_000,
    ],
)
async def test_each_octet_survives(mode: dict[str, Any], message: bytes) -> None:
    async with FakeRelay(**mode) as relay, transport(relay) as out:
        first, second = await asyncio.gather(attempt(out, message=message), attempt(out))
    assert kinds([first, second]) == [Reply, Reply]
    whole = message if message.endswith(b"\r\n") else message + b"\r\n"
    assert [taken.message for taken in relay.messages] == [whole, MAIL]


@pytest.mark.parametrize("mode", MODES)
@settings(deadline=None, max_examples=15)
@given(messages=st.lists(st.lists(st.text(alphabet=".a \t\x00é", max_size=4), max_size=6)))
async def test_any_lines_of_any_neighbours_arrive_as_they_were(
    mode: dict[str, Any], messages: list[list[str]]
) -> None:
    mails = [b"".join(line.encode() + b"\r\n" for line in lines) for lines in messages]
    async with FakeRelay(**mode) as relay, transport(relay) as out:
        await asyncio.gather(*(attempt(out, message=mail) for mail in mails))
    assert [taken.message for taken in relay.messages] == [mail or b"\r\n" for mail in mails]


@pytest.mark.parametrize("mode", MODES)
async def test_the_parameters_of_mail_are_of_this_message_and_this_relay(
    mode: dict[str, Any],
) -> None:
    eight = b"A: b\r\n\r\nCaf\xc3\xa9\r\n"
    async with FakeRelay(**mode) as relay, transport(relay) as out:
        await asyncio.gather(attempt(out, message=eight), attempt(out, "bø@example.org"))
    assert [taken.options for taken in relay.messages] == [
        (f"SIZE={len(eight)}", "BODY=8BITMIME"),
        (f"SIZE={len(MAIL)}", "SMTPUTF8"),
    ]


@pytest.mark.parametrize("mode", MODES)
async def test_a_message_larger_than_the_relay_takes_is_refused_and_harms_nobody(
    mode: dict[str, Any],
) -> None:
    async with FakeRelay(offers=["SIZE 100"], **mode) as relay, transport(relay) as out:
        outcomes = await asyncio.gather(
            attempt(out), attempt(out, CY, MAIL * 2), attempt(out, "bø@example.org"), attempt(out)
        )
    assert kinds(outcomes) == [Reply, Unfit, Unfit, Reply]
    large, strange = outcomes[1:3]
    # The one is about what everybody gets, the other about one address.
    assert [one.result.ours for one in (large, strange) if isinstance(one.result, Unfit)] == [
        True,
        False,
    ]
    assert large.result.text == "the message has 112 octets, and the relay takes at most 100"
    assert "SMTPUTF8" in strange.result.text
    assert (large.started, strange.started) == (0, 0)
    assert relay.connections == 1
    assert not any(CY in line for line in relay.commands)


async def test_pipelining_is_for_relays_that_offer_it_after_tls_and_that_may() -> None:
    async with FakeRelay(**WINDOWED) as relay, transport(relay, pipelining=False) as out:
        assert out.at_once == 1
        assert kinds(await attempts(out, BO, CY)) == [Reply, Reply]
    assert "DATA" in relay.commands
    async with FakeRelay(**WINDOWED) as relay, transport(relay, bdat_window=0) as out:
        await attempts(out, BO, CY)
    assert "DATA" in relay.commands
    async with FakeRelay(chunking=True) as relay, transport(relay) as out:
        await attempts(out, BO, CY)
    assert "DATA" in relay.commands


# ------------------------------------------------------------------------- one refused


REFUSALS = [
    ("RCPT", "450 4.2.1 busy", Deferred),
    ("RCPT", "452 4.5.3 too many", Deferred),
    ("RCPT", "552 too many recipients", Deferred),
    ("RCPT", "550 5.1.1 no such mailbox", Refused),
    ("DATA", "451 4.3.0 later", Deferred),
    ("DATA", "554 5.5.1 no valid recipients", Refused),
    ("dot", "451 4.3.0 later", Deferred),
    ("dot", "554 5.6.0 not this", Refused),
]


@pytest.mark.parametrize(
    ("mode", "stage", "answer", "expected"),
    [
        (mode, *refusal)
        for mode in (ALONE, PIPELINED, WINDOWED)
        for refusal in REFUSALS
        if not (mode is WINDOWED and refusal[0] == "DATA")
    ],
)
async def test_a_refusal_is_of_one_person_and_the_connection_goes_on(
    mode: dict[str, Any], stage: Any, answer: str, expected: type[MailError]
) -> None:
    people = [f"p{n}@example.org" for n in range(9)]
    async with FakeRelay(**mode) as relay, transport(relay) as out:
        for n in (0, 4, 5, 8):
            relay.on(stage, say(answer), to=people[n])
        outcomes = await attempts(out, *people)
    assert kinds(outcomes) == [expected if n in (0, 4, 5, 8) else Reply for n in range(9)]
    code, _, words = answer.partition(" ")
    assert (outcomes[4].result.code, outcomes[4].result.text) == (int(code), words)
    assert outcomes[4].started == (stage == "dot" or mode is WINDOWED)
    assert relay.connections == 1
    assert [taken.to[0] for taken in relay.messages] == [people[n] for n in (1, 2, 3, 6, 7)]


@pytest.mark.parametrize(
    "nobody", ["503 5.5.1 RCPT first", "554 5.5.1 nobody left", "354 go ahead"]
)
async def test_whatever_data_is_answered_after_a_refused_recipient_nobody_gets_anything(
    nobody: str,
) -> None:
    async with FakeRelay(nobody=nobody, **PIPELINED) as relay, transport(relay) as out:
        relay.on("RCPT", say("550 5.1.1 no such mailbox"), to=CY)
        outcomes = await attempts(out, BO, CY, DI)
    assert kinds(outcomes) == [Reply, Refused, Reply]
    assert outcomes[1].result.text == "5.1.1 no such mailbox"
    assert outcomes[1].started == 0
    assert [taken.to for taken in relay.messages] == [(BO,), (DI,)]
    # A dot alone, and no RSET behind it.
    dots = [taken.message for taken in relay.heard if not taken.to]
    assert (dots, relay.commands.count("RSET")) == ([b""], 0) if nobody[0] == "3" else ([], 1)
    assert relay.connections == 1


@pytest.mark.parametrize("mode", [ALONE, PIPELINED])
async def test_the_envelope_is_cleared_in_one_write_with_the_next(mode: dict[str, Any]) -> None:
    async with FakeRelay(**mode) as relay, transport(relay) as out:
        relay.on("RCPT", say("550 5.1.1 no such mailbox"), to=BO)
        await attempts(out, BO, CY)
    said = [line.split(":")[0] for line in relay.commands]
    first = ["MAIL FROM", "RCPT TO", *["DATA"] * len(mode), "RSET"]
    assert said == ["EHLO news.example.org", *first, "MAIL FROM", "RCPT TO", "DATA", "QUIT"]


async def test_a_relay_that_will_not_clear_an_envelope_is_asked_nothing_more() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        relay.on("RCPT", say("550 5.1.1 no such mailbox"), to=BO)
        relay.on("RSET", say("500 5.5.2 what?"), times=1)
        outcomes = await attempts(out, BO, CY, DI)
    assert kinds(outcomes) == [Refused, Reply, Reply]
    assert relay.connections == 2
    assert sum(line.startswith("MAIL") for line in relay.commands) == 3


@pytest.mark.parametrize("nobody", ["250 2.0.0 what?", "421 4.3.2 closing"])
async def test_nor_one_that_is_out_of_step_after_a_refused_recipient(nobody: str) -> None:
    async with FakeRelay(nobody=nobody, **PIPELINED) as relay, transport(relay) as out:
        relay.on("RCPT", say("550 5.1.1 no such mailbox"), to=BO)
        outcomes = await attempts(out, BO, CY, DI)
    assert kinds(outcomes) == [Refused, Reply, Reply]
    assert relay.connections == 2


# -------------------------------------------------- what goes wrong with the connection


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "dot"])
@pytest.mark.parametrize(
    "act",
    [
        drop(),
        drop("421 4.3.2 closing"),
        mutter(b"25", "close"),
        mutter(b"250-half\r\n", "close"),
        mutter(b"certainly\r\n"),
        mutter(b"250-first\r\n550 second\r\n"),
        stall(),
        mutter(b"250-wait\r\n"),
    ],
)
async def test_when_a_line_fails_exactly_those_begun_and_not_answered_are_in_doubt(
    mode: dict[str, Any], stage: Any, act: Act
) -> None:
    people = [f"p{n}@example.org" for n in range(6)]
    async with FakeRelay(**mode) as relay, transport(relay, timeout_s=0.5) as out:
        relay.on(stage, act, to=people[2] if stage == "RCPT" else None, times=1)
        outcomes = await attempts(out, *people)
        assert (await attempt(out)).kind is Reply
    doubtful = [n for n, outcome in enumerate(outcomes) if outcome.kind is Vanished]
    taken = {taken.to[0] for taken in relay.messages}
    # Who was told yes has it once, and nobody has it who was told no.
    assert [n for n in range(6) if outcomes[n].kind is Reply] == [
        n for n in range(6) if people[n] in taken and n not in doubtful
    ]
    assert len(relay.messages) == len({taken.to for taken in relay.messages}) == len(taken)
    told = [kind for kind in kinds(outcomes) if kind not in (Reply, Vanished)]
    assert len(told) <= 1
    limit = 4 if mode is WINDOWED else 1
    assert len(doubtful) <= (0 if stage != "dot" and mode is not WINDOWED else limit)


@pytest.mark.parametrize("act", [drop(), drop("421 4.7.0 enough"), stall()])
async def test_who_was_only_pipelined_behind_a_lost_one_is_carried_by_another_connection(
    act: Act,
) -> None:
    async with FakeRelay(**PIPELINED) as relay, transport(relay, timeout_s=0.2) as out:
        relay.on("dot", act, to=BO)
        outcomes = await attempts(out, BO, CY, DI)
    first = RelayDown if act.raw else Vanished
    assert kinds(outcomes) == [first, Reply, Reply]
    assert [outcome.started for outcome in outcomes] == [1, 1, 1]
    assert relay.connections == 2


@pytest.mark.parametrize("mode", [PIPELINED, WINDOWED])
@pytest.mark.parametrize("answer", ["421 4.7.0 enough messages", "452 4.5.3 enough messages"])
async def test_a_relay_that_has_enough_messages_on_a_connection_gets_another_unnoticed(
    mode: dict[str, Any], answer: str
) -> None:
    window = {"bdat_window": 1}
    async with FakeRelay(**mode) as relay, transport(relay, **window) as out:
        assert (await attempt(out)).kind is Reply
        relay.on("MAIL", drop(answer) if answer[:3] == "421" else say(answer), times=1)
        outcomes = await attempts(out, BO, CY, DI)
    assert kinds(outcomes) == [Reply, Reply, Reply]
    assert [outcome.started for outcome in outcomes] == [1, 1, 1]
    assert relay.connections == 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("answer", ["451 4.3.0 later", "550 5.7.1 not you", "421 4.3.2 closing"])
async def test_a_fresh_connection_on_which_mail_is_refused_is_believed(
    mode: dict[str, Any], answer: str
) -> None:
    async with FakeRelay(**mode) as relay, transport(relay) as out:
        relay.on("MAIL", say(answer))
        outcomes = await attempts(out, BO)
    assert kinds(outcomes) == [RelayDown]
    assert outcomes[0].result.code == int(answer[:3])
    assert relay.connections == 1


@pytest.mark.parametrize("mode", MODES)
async def test_a_connection_closed_while_idle_is_replaced_unnoticed(mode: dict[str, Any]) -> None:
    async with FakeRelay(**mode) as relay, transport(relay) as out:
        for goodbye in ("", "421 4.4.2 idle for too long"):
            assert (await attempt(out)).kind is Reply
            await relay.hang_up(goodbye)
        assert (await attempt(out)).kind is Reply
    assert relay.connections == 3


@pytest.mark.parametrize("mode", MODES)
async def test_after_so_many_messages_a_connection_says_goodbye(mode: dict[str, Any]) -> None:
    people = [f"p{n}@example.org" for n in range(7)]
    async with FakeRelay(**mode) as relay, transport(relay, per_connection=3) as out:
        outcomes = await attempts(out, *people)
    assert kinds(outcomes) == [Reply] * 7
    assert relay.connections == relay.commands.count("QUIT") == 3
    assert relay.most_open == 1


@pytest.mark.parametrize("mode", MODES)
async def test_two_answers_to_one_message_are_not_taken_for_the_next_ones(
    mode: dict[str, Any],
) -> None:
    people = [f"p{n}@example.org" for n in range(5)]
    async with FakeRelay(**mode) as relay, transport(relay, bdat_window=1) as out:
        relay.on("dot", mutter(b"250 queued\r\n250 and again\r\n", "go on"), times=1)
        relay.on("dot", say("554 5.6.0 not this"), to=people[1])
        outcomes = await attempts(out, *people)
    assert kinds(outcomes) == [Reply, Refused, Reply, Reply, Reply]
    assert relay.connections == 2


async def test_a_yes_before_the_content_has_ended_is_not_believed_with_bdat_either() -> None:
    big = b"A: b\r\n\r\n" + b"a line of a long morning mail\r\n" * 1_000_000
    async with FakeRelay(offers=(), **WINDOWED) as relay, transport(relay) as out:
        relay.on("content", mutter(b"250 2.0.0 fine\r\n"), times=1)
        outcome = await attempt(out, message=big)
    assert outcome.kind is Vanished
    assert "before the content" in outcome.result.text


async def test_a_yes_to_content_whose_sender_was_refused_is_doubt() -> None:
    async with FakeRelay(**WINDOWED) as relay, transport(relay) as out:
        relay.on("MAIL", mutter(b"451 4.3.0 later\r\n250 ok\r\n250 ok\r\n"), times=1)
        outcome = await attempt(out)
    assert outcome.kind is Vanished
    assert "a yes after a no" in outcome.result.text


async def test_at_most_a_window_is_in_doubt_and_the_rest_goes_on() -> None:
    people = [f"p{n}@example.org" for n in range(9)]
    async with FakeRelay(**WINDOWED) as relay, transport(relay, bdat_window=3) as out:
        relay.on("dot", drop(), to=people[4])
        outcomes = await attempts(out, *people)
    assert kinds(outcomes) == [Reply] * 4 + [Vanished] * 3 + [Reply] * 2
    assert relay.connections == 2


@pytest.mark.parametrize("mode", [PIPELINED, WINDOWED])
async def test_a_message_that_comes_late_is_written_behind_the_one_on_its_way(
    mode: dict[str, Any],
) -> None:
    gate = asyncio.Event()
    async with FakeRelay(**mode) as relay, transport(relay) as out:
        relay.on("dot", hold(gate), times=1)
        first = asyncio.create_task(attempt(out, BO))
        # The final dot is there although nobody came behind it.
        await relay.reached("dot")
        second = asyncio.create_task(attempt(out, CY))
        # A turn for it to begin, and to write.
        await asyncio.sleep(0)
        gate.set()
        assert kinds(await asyncio.gather(first, second)) == [Reply] * 2
    assert relay.connections == 1


@pytest.mark.parametrize("mode", MODES)
async def test_whoever_is_told_421_is_not_carried_again_and_the_next_has_another_connection(
    mode: dict[str, Any],
) -> None:
    # It says so and stays: nothing more is put on that connection all the same.
    async with FakeRelay(**mode) as relay, transport(relay, bdat_window=1) as out:
        relay.on("dot", say("421 4.3.2 closing"), to=CY)
        outcomes = await attempts(out, BO, CY, DI)
    assert kinds(outcomes) == [Reply, RelayDown, Reply]
    assert [taken.to for taken in relay.heard] == [(BO,), (CY,), (DI,)]
    assert relay.connections == 2


@pytest.mark.parametrize("mode", MODES)
async def test_a_connection_on_which_nobody_waits_any_more_is_closed(mode: dict[str, Any]) -> None:
    async with FakeRelay(**mode) as relay, transport(relay, timeout_s=600.0) as out:
        relay.on("dot", stall(), times=1)
        sending = [asyncio.create_task(attempt(out, to)) for to in (BO, CY)]
        await relay.reached("dot")
        for task in sending:
            task.cancel()
        await asyncio.wait(sending)
        async with asyncio.timeout(20):
            await relay.all_gone()
        assert (await attempt(out)).kind is Reply


async def test_who_is_pipelined_and_leaves_does_not_cost_the_one_before_its_answer() -> None:
    gate = asyncio.Event()
    async with FakeRelay(**PIPELINED) as relay, transport(relay) as out:
        relay.on("dot", hold(gate), times=1)
        sending = [asyncio.create_task(attempt(out, to)) for to in (BO, CY, DI)]
        await relay.reached("dot")
        sending[1].cancel()
        await asyncio.wait([sending[1]])
        gate.set()
        assert kinds(await asyncio.gather(sending[0], sending[2])) == [Reply, Reply]
    assert {taken.to for taken in relay.heard} == {(BO,), (DI,)}
