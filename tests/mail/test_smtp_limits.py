"""What a relay cannot carry, does not want to carry on this connection, or never looked at."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import Deferred, MailError, RelayDown, Unfit, Vanished
from digest.mail.envelope import letter_of
from digest.mail.patience import Patience
from digest.mail.smtp import SmtpTransport
from digest.mail.transport import Finished, Reply
from fakes import Act, FakeRelay, drop, mutter, say, stall
from mail.modes import ALONE, MAIL, MODES, PIPELINED, WINDOWED, transport

LONG = MAIL + b"a line of a long morning mail\r\n" * 1300
PEOPLE = [f"p{n}@example.org" for n in range(9)]


async def attempt(out: SmtpTransport, to: str, message: bytes = MAIL) -> Reply | MailError:
    try:
        return await out.send(message, sender="news@example.org", to=to, started=lambda: None)
    except MailError as error:
        return error


async def attempts(
    out: SmtpTransport, people: Sequence[str] = PEOPLE, message: bytes = MAIL
) -> list[Reply | MailError]:
    return list(await asyncio.gather(*(attempt(out, to, message) for to in people)))


def kinds(results: Sequence[Reply | MailError]) -> list[type[Reply | MailError]]:
    return [type(result) for result in results]


# ---------------------------------------------------------------- refused for its size


@pytest.mark.parametrize("mode", MODES)
async def test_mail_refused_for_its_size_harms_neither_the_connection_nor_the_next(
    mode: dict[str, Any],
) -> None:
    async with FakeRelay(offers=(), **mode) as relay, transport(relay) as out:
        relay.on("MAIL", say("552 5.3.4 message too big"), times=1)
        first, *others = await attempts(out)
    assert isinstance(first, Unfit)
    assert first.ours
    assert (first.code, first.text) == (552, "5.3.4 message too big")
    assert kinds(others) == [Reply] * 8
    assert relay.connections == 1
    assert [taken.to for taken in relay.messages] == [(to,) for to in PEOPLE[1:]]


@pytest.mark.parametrize(
    "behind",
    [
        pytest.param(b"250 ok\r\n354 go\r\n", id="a sender is known all the same"),
        pytest.param(b"421 bye\r\n", id="closing"),
        pytest.param(b"503 who\r\n354 go\r\n", id="content for nobody"),
    ],
)
async def test_no_empty_mail_leaves_for_a_sender_that_was_refused(behind: bytes) -> None:
    async with FakeRelay(offers=(), **PIPELINED) as relay, transport(relay, timeout_s=0.2) as out:
        relay.on("MAIL", mutter(b"552 5.3.4 message too big\r\n" + behind), times=1)
        results = await attempts(out, PEOPLE[:2])
    assert kinds(results) == [Unfit, Reply]
    assert [taken.to for taken in relay.heard] == [(PEOPLE[1],)]


# --------------------------------------------------------------------- silence at RCPT


@pytest.mark.parametrize("mode", [ALONE, PIPELINED])
@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
async def test_silence_before_content_is_no_try_of_the_person(
    mode: dict[str, Any], stage: Any
) -> None:
    async with FakeRelay(**mode) as relay, transport(relay, timeout_s=0.1) as out:
        relay.on(stage, stall(), times=1)
        result = await attempt(out, PEOPLE[0])
    assert isinstance(result, Deferred)
    assert (result.code, result.tried) == (0, False)


@pytest.mark.parametrize("act", [drop(), drop("421 4.3.2 closing")])
async def test_a_line_lost_at_rcpt_is_the_relays_affair_and_no_try_either(act: Act) -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        relay.on("RCPT", act, times=1)
        assert isinstance(await attempt(out, PEOPLE[0]), RelayDown)


async def test_a_deferral_that_the_relay_has_said_is_a_try() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        relay.on("RCPT", say("450 4.2.1 busy"))
        result = await attempt(out, PEOPLE[0])
    assert isinstance(result, Deferred)
    assert result.tried


# -------------------------------------------------------------- 421 in a window of BDAT


@pytest.mark.parametrize("message", [MAIL, LONG])
async def test_nobody_behind_a_421_is_in_doubt_or_told(message: bytes) -> None:
    async with FakeRelay(**WINDOWED) as relay, transport(relay, bdat_window=4) as out:
        relay.on("dot", drop("421 4.3.2 closing"), to=PEOPLE[4])
        results = await attempts(out, message=message)
    assert kinds(results) == [Reply] * 4 + [RelayDown] + [Reply] * 4
    assert sorted(taken.to[0] for taken in relay.heard) == PEOPLE
    assert relay.connections == 2


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "RSET"])
async def test_nor_when_it_is_said_to_an_envelope(stage: Any) -> None:
    async with FakeRelay(**WINDOWED) as relay, transport(relay, bdat_window=4) as out:
        assert isinstance(await attempt(out, "first@example.org"), Reply)
        relay.on(stage, drop("421 4.7.0 enough"), times=1)
        results = await attempts(out)
    assert kinds(results) == [Reply] * 9
    assert sorted(taken.to[0] for taken in relay.messages) == ["first@example.org", *PEOPLE]


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(mutter(b"421 4.3.2 closing\r\n", "stall"), id="and stays, silent"),
        pytest.param(mutter(b"421 4.3.2 closing\r\n250 2.0.0 OK\r\n", "close"), id="and goes on"),
        pytest.param(mutter(b"421 4.3.2 closing\r\n25", "close"), id="and half an answer"),
    ],
)
async def test_a_relay_that_does_not_end_there_leaves_those_behind_in_doubt(act: Act) -> None:
    relay = FakeRelay(**WINDOWED)
    async with relay, transport(relay, bdat_window=3, timeout_s=0.2) as out:
        relay.on("dot", act, to=PEOPLE[0])
        results = await attempts(out, PEOPLE[:4])
    assert kinds(results) == [RelayDown, Vanished, Vanished, Reply]


# ------------------------------------------------------------------ messages a connection


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("goodbye", [["421 4.7.0 enough messages"], []])
async def test_after_how_many_messages_a_relay_ends_a_connection_is_learnt(
    mode: dict[str, Any], goodbye: list[str]
) -> None:
    async with FakeRelay(**mode) as relay, transport(relay, bdat_window=1) as out:
        for turn in range(1, 4):
            for n in range(4):
                if n == 3:
                    relay.on("MAIL", drop(*goodbye), times=1)
                result = await attempt(out, PEOPLE[n])
                # Without a word, content that was on its way with it is in doubt.
                doubt = n == 3 and not goodbye and mode is WINDOWED
                assert type(result) is (Vanished if doubt else Reply)
            # The fourth has another connection; it ends here, so that each begins alike.
            await relay.hang_up()
            assert relay.connections == (turn if not goodbye and mode is WINDOWED else 2 * turn)
        assert out.per_connection == 3
        before = relay.connections
        assert kinds(await attempts(out)) == [Reply] * 9
        assert relay.connections == before + 3
    assert relay.commands.count("QUIT") == 3


async def test_the_smaller_of_what_is_wanted_and_what_is_learnt_counts() -> None:
    async with FakeRelay() as relay, transport(relay, per_connection=2) as out:
        assert out.per_connection == 2
        relay.on("dot", say("421 4.3.2 closing"), to=PEOPLE[1])
        for _ in range(3):
            await attempt(out, PEOPLE[0])
            await attempt(out, PEOPLE[1])
        assert out.per_connection == 1


def test_one_that_ends_early_once_or_twice_is_not_believed() -> None:
    patience = Patience()
    for now in (1.0, 2.0):
        patience.ended(5, began=now - 1, most=0, now=now)
        assert patience.limit(now) == 0
    patience.ended(7, began=2, most=0, now=3)
    assert patience.limit(3) == 5


def test_connections_that_ended_side_by_side_count_once() -> None:
    patience = Patience()
    for _ in range(8):
        patience.ended(5, began=0, most=0, now=1)
    assert patience.limit(1) == 0


def test_ends_that_are_not_alike_or_contradicted_by_a_longer_life_are_chance() -> None:
    for ends, most in (([1, 40, 7], 0), ([5, 5, 5], 11), ([0, 0, 0], 0)):
        patience = Patience()
        for n, taken in enumerate(ends):
            patience.ended(taken, began=n, most=most, now=n + 1)
        assert patience.limit(4) == 0


def test_what_was_learnt_is_forgotten_after_an_hour() -> None:
    patience = Patience()
    for n in range(3):
        patience.ended(5, began=n, most=0, now=n + 1)
    assert (patience.limit(3602), patience.limit(3603)) == (5, 0)


# ------------------------------------------------------------------------- vouched for


@settings(max_examples=40)
@given(st.lists(st.text(st.characters(exclude_characters="\r\n"), max_size=9), min_size=1))
def test_a_vouched_message_is_the_same_letter(lines: list[str]) -> None:
    message = b"".join(line.lstrip(".").encode() + b"\r\n" for line in lines)
    ends = {"sender": "news@example.org", "to": PEOPLE[0]}
    plain, vouched = letter_of(message, **ends), letter_of(Finished(message), **ends)
    assert plain == vouched
    assert plain.stuffed == vouched.stuffed == message


def test_it_is_taken_at_its_word_but_for_its_end() -> None:
    ends = {"sender": "news@example.org", "to": PEOPLE[0]}
    trusted = letter_of(Finished(b"a\nb\r\n.\r\n"), **ends)
    assert trusted.stuffed == b"a\nb\r\n.\r\n"
    assert letter_of(Finished(b"A: b\r\n\r\nend"), **ends).message == b"A: b\r\n\r\nend\r\n"
    assert letter_of(Finished(b""), **ends).stuffed == b"\r\n"


@pytest.mark.parametrize("mode", MODES)
async def test_vouched_messages_arrive_octet_for_octet(mode: dict[str, Any]) -> None:
    async with FakeRelay(**mode) as relay, transport(relay) as out:
        assert kinds(await attempts(out, message=Finished(LONG))) == [Reply] * 9
    assert {taken.message for taken in relay.messages} == {LONG}
