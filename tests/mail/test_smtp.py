"""One message against a relay that behaves, and one that does not: what is reported, exactly."""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ConfigError, Deferred, MailError, Refused, RelayDown, Unfit, Vanished
from digest.mail import Reply, SmtpTransport, Transport
from digest.settings import Mail
from fakes import Act, FakeRelay, drop, hold, mutter, say, stall

MAIL = b"From: news@example.org\r\nTo: bo@example.org\r\nSubject: Tides\r\n\r\nHigh at six.\r\n"
BO = "bo@example.org"


def transport(
    relay: FakeRelay,
    *,
    password: str | None = None,
    our_name: str = "",
    tls_context: ssl.SSLContext | None = None,
    **fields: Any,
) -> SmtpTransport:
    values: dict[str, Any] = {
        "host": relay.host,
        "port": relay.port,
        "tls": "none",
        "timeout_s": 5.0,
    }
    return SmtpTransport(
        Mail(**(values | fields)),
        password=password,
        ehlo_name=our_name,
        tls_context=tls_context,
    )


@dataclass
class Outcome:
    """What a caller saw of one send."""

    reply: Reply | None = None
    error: MailError | None = None
    started: int = 0
    #: Commands the relay had heard when `started` was called.
    before: list[str] = field(default_factory=list)


async def attempt(
    out: Transport, relay: FakeRelay | None = None, *, to: str = BO, message: bytes = MAIL
) -> Outcome:
    outcome = Outcome()

    def started() -> None:
        outcome.started += 1
        outcome.before = list(relay.commands) if relay else []

    try:
        outcome.reply = await out.send(message, sender="news@example.org", to=to, started=started)
    except MailError as error:
        outcome.error = error
    return outcome


# ------------------------------------------------------------------ when all is well


async def test_a_message_arrives_octet_for_octet_and_the_reply_is_told() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        outcome = await attempt(out, relay)
    assert outcome.reply == Reply(250, "2.0.0", "2.0.0 queued as 7F3A", "127.0.0.1")
    assert outcome.started == 1
    [taken] = relay.messages
    assert (taken.sender, taken.to, taken.message) == ("news@example.org", (BO,), MAIL)
    assert taken.options == (f"SIZE={len(MAIL)}",)


async def test_started_is_called_after_data_was_accepted_and_before_content() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        outcome = await attempt(out, relay)
    assert [line.split()[0] for line in outcome.before] == ["EHLO", "MAIL", "RCPT", "DATA"]


@pytest.mark.parametrize(
    "message",
    [
        b".\r\n",
        b"..\r\n",
        b".first line\r\n",
        b"A: b\r\n\r\n.\r\n..\r\n...\r\n.end\r\n.\r\n",
        b"A: b\r\n\r\n\r\n.\r\n\r\n",
        b"A: b\r\n\r\nno dot . here\r\n",
        b"",
        b"A: b\r\n\r\n" + b".x" * 200 + b"\r\n",
        b"A: b\r\n\r\nCaf\xc3\xa9 \x00\xff\r\n",
        b"A: b\r\n\r\n" + b"a line of a long morning mail\r\n" * 60_000,
    ],
)
async def test_dots_and_odd_octets_survive(message: bytes) -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        assert (await attempt(out, message=message)).reply
        assert (await attempt(out)).reply
    assert [taken.message for taken in relay.messages] == [message or b"\r\n", MAIL]


@settings(deadline=None)  # real sockets
@given(st.lists(st.text(alphabet=".a \t\x00é", max_size=5), max_size=8))
async def test_any_lines_arrive_as_they_were(lines: list[str]) -> None:
    message = b"A: b\r\n" + b"".join(line.encode() + b"\r\n" for line in lines)
    async with FakeRelay() as relay, transport(relay) as out:
        await attempt(out, message=message)
    assert relay.messages[0].message == message


async def test_a_missing_last_line_end_is_added() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        await attempt(out, message=b"A: b\r\n\r\nend")
    assert relay.messages[0].message == b"A: b\r\n\r\nend\r\n"


@pytest.mark.parametrize("message", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n\n.\n\r\n", b"a\r\n\r"])
async def test_a_bare_line_feed_could_hide_a_second_message_and_is_not_sent(message: bytes) -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        check(await attempt(out, message=message), Refused, "bare CR or LF", started=0)
    assert relay.connections == 0


async def test_8bitmime_is_asked_for_only_when_needed_and_offered() -> None:
    eight = b"A: b\r\n\r\nCaf\xc3\xa9\r\n"
    async with FakeRelay() as relay, transport(relay) as out:
        await attempt(out, message=eight)
        await attempt(out)
    assert ["BODY=8BITMIME" in taken.options for taken in relay.messages] == [True, False]
    async with FakeRelay(offers=()) as relay, transport(relay) as out:
        await attempt(out, message=eight)
    assert [(taken.options, taken.message) for taken in relay.messages] == [((), eight)]


async def test_a_relay_that_knows_only_helo_is_greeted_with_it() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        relay.on("EHLO", say("502 5.5.1 what?"))
        assert (await attempt(out)).reply
    assert [line.split()[0] for line in relay.commands[:3]] == ["EHLO", "HELO", "MAIL"]
    assert relay.messages[0].options == ()


async def test_replies_of_several_lines_are_one_reply() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        relay.on("connect", say("220-good morning", "220 fake.example"))
        relay.on("dot", say("250-2.6.0 queued,", "250-2.6.0 thank you", "250 2.6.0 bye"))
        outcome = await attempt(out)
    assert outcome.reply == Reply(250, "2.6.0", "2.6.0 queued, thank you bye", "127.0.0.1")


# ---------------------------------------------------------------------- our name


@pytest.mark.parametrize(
    ("our_name", "fields", "said"),
    [
        ("mail.example.net", {"ehlo_name": "other.example"}, "mail.example.net"),
        ("", {"ehlo_name": "other.example"}, "other.example"),
        ("", {"from_address": "news@tides.example"}, "tides.example"),
        ("", {"from_address": "news@küste.example"}, "xn--kste-0ra.example"),
    ],
)
async def test_ehlo_says_a_real_name(our_name: str, fields: dict[str, Any], said: str) -> None:
    async with FakeRelay() as relay, transport(relay, our_name=our_name, **fields) as out:
        await attempt(out)
    assert relay.commands[0] == f"EHLO {said}"


async def test_a_name_that_could_carry_a_command_is_never_said() -> None:
    async with FakeRelay() as relay, transport(relay, our_name="a b\r\nQUIT") as out:
        check(await attempt(out), RelayDown, "cannot use the relay", started=0)
    assert relay.commands == []


def test_without_a_host_there_is_nobody_to_send_to() -> None:
    with pytest.raises(ConfigError, match="host is empty"):
        SmtpTransport(Mail(), password=None, ehlo_name="")


# --------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("bo@example.org\r\nDATA", "space or control"),
        ("bo@example.org SIZE=1", "space or control"),
        ("bo\x00@example.org", "space or control"),
        ("bo\x7f@example.org", "space or control"),
        ("bo\x85@example.org", "space or control"),
        ("bo\u2028@example.org", "space or control"),
        ("bo\u00a0b@example.org", "space or control"),
        ("bo@example.org><cy@example.org", "angle bracket"),
        ("<bo@example.org>", "angle bracket"),
        ("bo", "name@domain"),
        ("@example.org", "name@domain"),
        ("bo@", "name@domain"),
        ("", "name@domain"),
        ("bo\udc80@example.org", "cannot be sent"),
        ("bo@" + "ü" * 80 + ".example", "cannot be sent"),
    ],
)
async def test_an_unsafe_address_is_refused_before_anything_is_said(to: str, why: str) -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        outcome = await attempt(out, to=to)
    check(outcome, Refused, why, code=0, started=0)
    assert not to or to not in str(outcome.error)
    assert relay.connections == 0


async def test_an_unsafe_sender_is_our_own_fault() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        with pytest.raises(RelayDown, match="sender's address has an angle bracket"):
            await out.send(MAIL, sender="a<b@example.org", to=BO, started=lambda: None)


async def test_an_empty_sender_is_the_null_path() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        await out.send(MAIL, sender="", to=BO, started=lambda: None)
    assert relay.commands[1].startswith("MAIL FROM:<> ")


async def test_a_name_that_is_not_ascii_needs_smtputf8() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        assert (await attempt(out, to="bø@example.org")).reply
        assert (await attempt(out)).reply
    assert [taken.to for taken in relay.messages] == [("bø@example.org",), (BO,)]
    assert ["SMTPUTF8" in taken.options for taken in relay.messages] == [True, False]


async def test_without_smtputf8_such_a_name_is_refused_and_the_others_go_on() -> None:
    async with FakeRelay(offers=["8BITMIME"]) as relay, transport(relay) as out:
        check(await attempt(out, to="bø@example.org"), Unfit, "SMTPUTF8", code=0, started=0)
        assert (await attempt(out)).reply
        check(await attempt(out, to="bø@example.org"), Unfit, "SMTPUTF8", code=0, started=0)
        assert (await attempt(out)).reply
        with pytest.raises(RelayDown, match="the sender's address is not ASCII"):
            await out.send(MAIL, sender="nø@example.org", to=BO, started=lambda: None)


async def test_such_a_refusal_does_not_cost_a_connection() -> None:
    async with FakeRelay(offers=[]) as relay, transport(relay) as out:
        await attempt(out, to="bø@example.org")
        await attempt(out)
        await attempt(out, to="bø@example.org")
        await attempt(out)
    assert relay.connections == 1


async def test_a_domain_that_is_not_ascii_is_written_as_in_dns() -> None:
    async with FakeRelay(offers=[]) as relay, transport(relay) as out:
        assert (await attempt(out, to="bo@küste.example")).reply
    assert relay.messages[0].to == ("bo@xn--kste-0ra.example",)


# ---------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("stage", "answer", "expected", "started"),
    [
        ("MAIL", "451 4.3.0 later", RelayDown, 0),
        ("MAIL", "550 5.7.1 not you", RelayDown, 0),
        ("MAIL", "421 4.3.2 closing", RelayDown, 0),
        ("RCPT", "450 4.2.1 busy", Deferred, 0),
        ("RCPT", "451 4.7.1 greylisted", Deferred, 0),
        ("RCPT", "452 4.5.3 too many", Deferred, 0),
        ("RCPT", "550 5.1.1 no such mailbox", Refused, 0),
        ("RCPT", "421 4.3.2 closing", RelayDown, 0),
        ("RCPT", "530 5.7.0 sign in", RelayDown, 0),
        ("DATA", "451 4.3.0 later", Deferred, 0),
        ("DATA", "554 5.5.1 no valid recipients", Refused, 0),
        ("DATA", "421 4.3.2 closing", RelayDown, 0),
        ("DATA", "250 2.0.0 what?", RelayDown, 0),
        ("dot", "451 4.3.0 later", Deferred, 1),
        ("dot", "452 4.3.1 disk full", Deferred, 1),
        ("dot", "554 5.6.0 not this", Refused, 1),
        ("dot", "421 4.3.2 closing", RelayDown, 1),
        ("dot", "354 what?", Vanished, 1),
    ],
)
async def test_each_refusal_at_each_stage_has_its_error(
    stage: Any, answer: str, expected: type[MailError], started: int
) -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        relay.on(stage, say(answer))
        outcome = await attempt(out, relay)
    code, _, words = answer.partition(" ")
    check(outcome, expected, words, code=int(code), started=started)
    assert relay.messages == []


@pytest.mark.parametrize("stage", ["RCPT", "DATA", "dot"])
@pytest.mark.parametrize("answer", ["450 4.2.1 busy", "550 5.1.1 no"])
async def test_after_a_refusal_the_same_connection_serves_the_next(stage: Any, answer: str) -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        relay.on(stage, say(answer), times=1)
        assert (await attempt(out)).error
        assert (await attempt(out)).reply
    assert relay.connections == 1
    assert relay.commands.count("RSET") == (stage != "dot")


async def test_a_refusal_stands_even_if_the_relay_hangs_up_on_rset() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        relay.on("RCPT", say("550 5.1.1 no such mailbox"), times=1)
        relay.on("RSET", drop())
        check(await attempt(out), Refused, "no such mailbox", code=550, started=0)
        assert (await attempt(out)).reply
    assert relay.connections == 2


async def test_a_refusal_is_of_one_person_only() -> None:
    people = [f"p{n}@example.org" for n in range(9)]
    async with FakeRelay() as relay, transport(relay, connections=3) as out:
        relay.on("RCPT", say("550 5.1.1 gone"), to=people[2])
        relay.on("dot", say("452 4.2.2 full"), to=people[5])
        outcomes = await asyncio.gather(*(attempt(out, to=to) for to in people))
    errors = {n: type(outcome.error) for n, outcome in enumerate(outcomes) if outcome.error}
    assert errors == {2: Refused, 5: Deferred}
    assert {taken.to[0] for taken in relay.messages} == set(people) - {people[2], people[5]}


# ------------------------------------------------------------- broken lines and silence


@pytest.mark.parametrize(
    ("stage", "act", "expected", "started"),
    [
        ("connect", drop(), RelayDown, 0),
        ("connect", drop("554 5.3.2 go away"), RelayDown, 0),
        ("connect", drop("421 4.3.2 too busy"), RelayDown, 0),
        ("connect", mutter(b"HTTP/1.1 400 Bad Request\r\n\r\n", "close"), RelayDown, 0),
        ("EHLO", drop(), RelayDown, 0),
        ("EHLO", drop("421 4.3.2 closing"), RelayDown, 0),
        ("EHLO", mutter(b"250-half\r\n", "close"), RelayDown, 0),
        ("MAIL", drop(), RelayDown, 0),
        ("MAIL", drop("421 4.3.2 closing"), RelayDown, 0),
        ("MAIL", mutter(b"25", "close"), RelayDown, 0),
        ("RCPT", drop(), RelayDown, 0),
        ("RCPT", drop("421 4.3.2 closing"), RelayDown, 0),
        ("RCPT", mutter(b"certainly\r\n"), RelayDown, 0),
        ("RCPT", mutter(b"250-first\r\n550 second\r\n"), RelayDown, 0),
        ("DATA", drop(), RelayDown, 0),
        ("DATA", mutter(b"354", "close"), RelayDown, 0),
        ("DATA", mutter(b"354 go\r\n250 queued already\r\n"), RelayDown, 0),
        ("content", drop(), Vanished, 1),
        ("content", drop("421 4.3.2 closing"), RelayDown, 1),
        ("dot", drop(), Vanished, 1),
        ("dot", mutter(b"25", "close"), Vanished, 1),
        ("dot", mutter(b"250", "close"), Vanished, 1),
        ("dot", mutter(b"250-queued\r\n", "close"), Vanished, 1),
        ("dot", mutter(b"okay\r\n"), Vanished, 1),
        ("dot", mutter(b"2500 queued\r\n"), Vanished, 1),
        ("dot", mutter(b"250-" + b"x" * 40_000), Vanished, 1),
    ],
)
async def test_a_broken_line_is_doubt_only_after_content_has_started(
    stage: Any, act: Act, expected: type[MailError], started: int
) -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        relay.on(stage, act)
        outcome = await attempt(out, relay)
    check(outcome, expected, started=started)
    assert relay.messages == []


@pytest.mark.parametrize(
    ("stage", "act", "expected", "started"),
    [
        ("connect", stall(), RelayDown, 0),
        ("connect", mutter(b"220-not yet\r\n"), RelayDown, 0),
        ("EHLO", stall(), RelayDown, 0),
        ("MAIL", stall(), RelayDown, 0),
        ("RCPT", stall(), Deferred, 0),
        ("RCPT", mutter(b"250-wait\r\n"), Deferred, 0),
        ("DATA", stall(), Deferred, 0),
        ("content", stall(), Vanished, 1),
        ("dot", stall(), Vanished, 1),
        ("dot", mutter(b"250 queued"), Vanished, 1),
    ],
)
async def test_silence_is_bounded_and_is_doubt_only_after_content_has_started(
    stage: Any, act: Act, expected: type[MailError], started: int
) -> None:
    async with FakeRelay() as relay, transport(relay, timeout_s=0.2) as out:
        relay.on(stage, act, times=1)
        outcome = await attempt(out, relay)
        check(outcome, expected, code=0, started=started)
        assert (await attempt(out)).reply
    assert relay.connections == 2
    assert len(relay.messages) == 1


async def test_a_drop_right_behind_354_is_doubt_exactly_if_content_was_started() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        relay.on("DATA", drop("354 go ahead"))
        outcome = await attempt(out)
    assert isinstance(outcome.error, Vanished if outcome.started else RelayDown)


async def test_a_relay_that_nobody_runs_is_down() -> None:
    async with FakeRelay() as relay:
        await relay.refuse_connections()
        async with transport(relay) as out:
            outcome = await attempt(out)
    check(outcome, RelayDown, f"cannot use the relay 127.0.0.1:{relay.port}", code=0, started=0)


async def test_a_late_greeting_is_waited_for() -> None:
    ready = asyncio.Event()
    async with FakeRelay() as relay, transport(relay) as out:
        relay.on("connect", hold(ready))
        sending = asyncio.create_task(attempt(out))
        asyncio.get_running_loop().call_later(0.05, ready.set)
        assert (await sending).reply


async def test_a_refusal_in_the_middle_of_content_is_a_refusal_and_ends_the_connection() -> None:
    # More than the sockets hold, so that the answer comes while much is still to be written.
    big = b"A: b\r\n\r\n" + b"a line of a long morning mail\r\n" * 1_000_000
    async with FakeRelay(offers=()) as relay, transport(relay) as out:
        relay.on("content", mutter(b"552 5.3.4 too big\r\n"), times=1)
        check(await attempt(out, message=big), Refused, "too big", code=552, started=1)
        assert (await attempt(out)).reply
    assert relay.connections == 2


async def test_a_yes_in_the_middle_of_content_is_not_believed() -> None:
    big = b"A: b\r\n\r\n" + b"a line of a long morning mail\r\n" * 1_000_000
    async with FakeRelay(offers=()) as relay, transport(relay) as out:
        relay.on("content", mutter(b"250 2.0.0 fine\r\n"), times=1)
        check(await attempt(out, message=big), Vanished, "before the content", code=250, started=1)


async def test_an_answer_nobody_asked_for_is_not_taken_for_the_next_ones() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        relay.on("dot", mutter(b"250 queued\r\n250 and again\r\n", "go on"), times=1)
        relay.on("dot", say("554 5.6.0 not this"), to="cy@example.org")
        assert (await attempt(out)).reply
        check(await attempt(out, to="cy@example.org"), Refused, "not this", started=1)
    assert relay.connections == 2


async def test_if_the_start_cannot_be_noted_nothing_leaves() -> None:
    def failing() -> None:
        raise ZeroDivisionError

    async with FakeRelay() as relay, transport(relay) as out:
        with pytest.raises(ZeroDivisionError):
            await out.send(MAIL, sender="news@example.org", to=BO, started=failing)
        await relay.all_gone()
        assert (await attempt(out)).reply
    assert len(relay.heard) == 1


@pytest.mark.parametrize("stage", ["EHLO", "MAIL", "RCPT", "DATA", "dot"])
async def test_a_cancelled_send_closes_its_connection_and_frees_its_place(stage: Any) -> None:
    async with FakeRelay() as relay, transport(relay, connections=1) as out:
        relay.on(stage, stall(), times=1)
        sending = asyncio.create_task(attempt(out))
        await relay.reached(stage)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await relay.all_gone()
        assert (await attempt(out)).reply


# --------------------------------------------------------------------------- TLS


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_message_goes_over_tls_that_was_verified(
    tls: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    big = b"A: b\r\n\r\n" + b".a line of a long morning mail\r\n" * 20_000
    relay = FakeRelay(tls=server_tls, implicit=tls == "implicit")
    async with relay, transport(relay, tls=tls, tls_context=client_tls) as out:
        assert (await attempt(out, message=big)).reply
        assert (await attempt(out)).reply
    assert [taken.message for taken in relay.messages] == [big, MAIL]
    assert relay.connections == 1
    assert relay.commands.count("QUIT") == 1


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_certificate_that_nobody_signed_is_not_trusted(
    tls: str, server_tls: ssl.SSLContext
) -> None:
    relay = FakeRelay(tls=server_tls, implicit=tls == "implicit")
    async with relay, transport(relay, tls=tls) as out:
        check(await attempt(out), RelayDown, "certificate", code=0, started=0)
    assert not any(line.startswith("MAIL") for line in relay.commands)


async def test_a_relay_that_offers_no_starttls_gets_nothing_in_the_clear() -> None:
    async with FakeRelay() as relay, transport(relay, tls="starttls") as out:
        check(await attempt(out), RelayDown, "STARTTLS", code=0, started=0)
    assert [line.split()[0] for line in relay.commands] == ["EHLO"]


async def test_what_is_offered_before_tls_does_not_count(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    relay = FakeRelay(tls=server_tls)
    relay.on("EHLO", say("250-fake.example", "250-STARTTLS", "250 SMTPUTF8"), times=1)
    relay.on("EHLO", say("250-fake.example", "250 8BITMIME"), times=1)
    async with relay, transport(relay, tls="starttls", tls_context=client_tls) as out:
        check(await attempt(out, to="bø@example.org"), Unfit, "SMTPUTF8", started=0)


@pytest.mark.parametrize(
    ("stage", "act", "expected", "started"),
    [
        ("STARTTLS", say("454 4.7.0 not now"), RelayDown, 0),
        ("STARTTLS", drop(), RelayDown, 0),
        ("STARTTLS", stall(), RelayDown, 0),
        ("STARTTLS", mutter(b"220 go ahead\r\n"), RelayDown, 0),
        ("STARTTLS", mutter(b"220 go ahead\r\nnot TLS at all\r\n"), RelayDown, 0),
        ("RCPT", drop(), RelayDown, 0),
        ("dot", drop(), Vanished, 1),
        ("dot", stall(), Vanished, 1),
    ],
)
async def test_inside_tls_trouble_has_the_same_names(
    stage: Any,
    act: Act,
    expected: type[MailError],
    started: int,
    server_tls: ssl.SSLContext,
    client_tls: ssl.SSLContext,
) -> None:
    relay = FakeRelay(tls=server_tls).on(stage, act)
    fields: dict[str, Any] = {"tls": "starttls", "timeout_s": 0.3}
    async with relay, transport(relay, tls_context=client_tls, **fields) as out:
        check(await attempt(out), expected, started=started)


# ------------------------------------------------------------------------ signing in


async def test_a_user_name_signs_in_once_a_connection(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    relay = FakeRelay(tls=server_tls, account=("news", "s3a-level"))
    async with (
        relay,
        transport(
            relay, username="news", password="s3a-level", tls="starttls", tls_context=client_tls
        ) as out,
    ):
        assert (await attempt(out)).reply
        assert (await attempt(out)).reply
    assert relay.commands.count("AUTH ...") == 1


async def test_without_a_user_name_nobody_signs_in_and_the_relay_is_to_blame() -> None:
    async with FakeRelay(account=("news", "s3a-level")) as relay, transport(relay) as out:
        check(await attempt(out), RelayDown, "sign in first", code=530, started=0)
    assert "AUTH ..." not in relay.commands


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (None, 535),
        (say("454 4.7.0 directory is away"), 454),
        (drop("421 4.7.0 too many tries"), 421),
        (drop(), 0),
        (stall(), 0),
    ],
)
async def test_when_signing_in_fails_nobody_is_to_blame(act: Act | None, code: int) -> None:
    async with FakeRelay(account=("news", "s3a-level")) as relay:
        if act is not None:
            relay.on("AUTH", act)
        user: dict[str, Any] = {"username": "news", "password": "wrong"}
        async with transport(relay, timeout_s=0.2, **user) as out:
            outcome = await attempt(out)
    check(outcome, RelayDown, code=code, started=0)
    assert "wrong" not in str(outcome.error).replace("is wrong", "")


async def test_a_relay_that_offers_no_signing_in_is_told_nothing() -> None:
    relay = FakeRelay()
    async with relay, transport(relay, username="news", password="s3a-level") as out:
        check(await attempt(out), RelayDown, "AUTH", code=0, started=0)
    assert [line.split()[0] for line in relay.commands] == ["EHLO"]


def check(
    outcome: Outcome,
    expected: type[MailError],
    words: str = "",
    *,
    code: int | None = None,
    started: int,
) -> None:
    assert type(outcome.error) is expected, outcome
    assert words in outcome.error.text
    assert code is None or outcome.error.code == code
    assert outcome.started == started
    assert outcome.error.text.isprintable()
