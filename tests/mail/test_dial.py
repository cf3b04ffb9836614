"""Opening a connection: sockets, TLS, greeting, signing in."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digest.errors import ConfigError, MailError, Refused, RelayDown
from digest.mail.dial import is_private, mechanisms
from digest.mail.smtp import SmtpTransport
from digest.mail.transport import Reply
from digest.settings import Relay
from fakes import FakeRelay, drop, say

MAIL = b"Subject: Tides\r\n\r\n.High at six.\r\n"
BO = "bo@example.org"
ACCOUNT = ("news", "s3a-level")
ALL = ("LOGIN", "PLAIN", "XOAUTH2", "CRAM-MD5")


def transport(
    relay: FakeRelay,
    *,
    password: Callable[[], str | None] = lambda: "s3a-level",
    tls_context: ssl.SSLContext | None = None,
    **fields: Any,
) -> SmtpTransport:
    values: dict[str, Any] = {
        "by": "smtp",
        "host": relay.host,
        "port": relay.port or 587,
        "tls": "none",
        "timeout_s": 5.0,
        "connections": 1,
    }
    return SmtpTransport(
        Relay(**(values | fields)),
        ehlo_name="news.example.org",
        password=password,
        tls_context=tls_context,
    )


async def send(out: SmtpTransport, to: str = BO) -> Reply:
    return await out.send(MAIL, sender="news@example.org", to=to, started=lambda: None)


async def failed(out: SmtpTransport) -> MailError:
    with pytest.raises(RelayDown) as caught:
        await send(out)
    return caught.value


# --------------------------------------------------------------------------- sockets


async def test_a_unix_socket_serves_as_well_and_needs_no_tls(tmp_path: Path) -> None:
    path = tmp_path / "relay"
    async with FakeRelay(socket=path, account=ACCOUNT) as relay:
        fields: dict[str, Any] = {"host": "", "socket": path, "tls": "starttls"}
        async with transport(relay, username="news", **fields) as out:
            reply = await send(out)
    assert reply.relay == str(path)
    assert relay.messages[0].message == MAIL


async def test_a_unix_socket_with_a_host_is_verified_as_that(
    tmp_path: Path, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    path = tmp_path / "relay"
    fields: dict[str, Any] = {"socket": path, "tls": "starttls", "tls_context": client_tls}
    async with FakeRelay(socket=path, tls=server_tls) as relay:
        async with transport(relay, host="127.0.0.1", **fields) as out:
            await send(out)
        async with transport(relay, host="other.example", **fields) as out:
            assert "certificate" in (await failed(out)).text
    assert relay.commands.count("STARTTLS") == 2


async def test_a_socket_that_is_not_there_is_named(tmp_path: Path) -> None:
    relay = FakeRelay()
    async with transport(relay, host="", socket=tmp_path / "gone") as out:
        assert f"cannot use the relay {tmp_path / 'gone'}" in (await failed(out)).text


# ------------------------------------------------------------------------------- TLS


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_certificate_of_ones_own_is_believed_through_ca_file(
    tls: str, server_tls: ssl.SSLContext, certificate: Path
) -> None:
    async with FakeRelay(tls=server_tls, implicit=tls == "implicit", pipelining=True) as relay:
        async with transport(relay, tls=tls, ca_file=certificate) as out:
            await send(out)
        async with transport(relay, tls=tls) as out:
            assert "certificate" in (await failed(out)).text
    assert [taken.message for taken in relay.messages] == [MAIL]


@pytest.mark.parametrize("content", [None, b"no certificate"])
async def test_a_ca_file_that_cannot_be_used_is_named(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    async with FakeRelay() as relay, transport(relay, tls="starttls", ca_file=path) as out:
        assert f"cannot read the certificates of ca_file {path}" in (await failed(out)).text
    assert relay.connections == 0


@pytest.mark.parametrize("chunking", [False, True])
async def test_big_messages_go_over_tls_in_every_mode(
    chunking: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    big = b"A: b\r\n\r\n" + b".a line of a long morning mail\r\n" * 20_000
    relay = FakeRelay(tls=server_tls, pipelining=True, chunking=chunking)
    async with relay, transport(relay, tls="starttls", tls_context=client_tls) as out:
        for _ in range(3):
            await out.send(big, sender="", to=BO, started=lambda: None)
    assert [taken.message for taken in relay.messages] == [big] * 3
    assert relay.connections == 1


# -------------------------------------------------------------------------- greeting


async def test_a_greeting_of_no_smtp_is_told() -> None:
    async with FakeRelay() as relay, transport(relay) as out:
        relay.on("connect", say("* OK IMAP4rev1"))
        error = await failed(out)
    assert error.relay == "127.0.0.1"
    assert error.code == 0


async def test_lmtp_is_greeted_in_its_own_words_and_answers_once() -> None:
    relay = FakeRelay(lmtp=True, pipelining=True, chunking=True)
    async with relay, transport(relay, by="lmtp") as out:
        relay.on("RCPT", say("550 5.1.1 no such mailbox"), to="cy@example.org")
        await send(out)
        with pytest.raises(Refused):
            await send(out, "cy@example.org")
        await send(out)
    assert relay.commands[0] == "LHLO news.example.org"
    # RFC 2033 §4.3: BDAT is answered once a recipient, so not at all if there is none.
    assert not any(line.startswith("BDAT") for line in relay.commands)
    assert len(relay.messages) == 2
    assert relay.connections == 1


async def test_an_lmtp_relay_that_wants_content_for_nobody_is_left() -> None:
    # It would answer the dot once a recipient, so not at all.
    relay = FakeRelay(lmtp=True, pipelining=True, nobody="354 go ahead")
    async with relay, transport(relay, by="lmtp") as out:
        relay.on("RCPT", say("550 5.1.1 no such mailbox"), to="cy@example.org")
        with pytest.raises(Refused):
            await send(out, "cy@example.org")
        await send(out)
    assert relay.connections == 2
    assert [taken.to for taken in relay.heard] == [(BO,)]


async def test_lmtp_over_tls_greets_again(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    relay = FakeRelay(lmtp=True, tls=server_tls, account=ACCOUNT)
    fields: dict[str, Any] = {"by": "lmtp", "tls": "starttls", "username": "news"}
    async with relay, transport(relay, tls_context=client_tls, **fields) as out:
        await send(out)
    said = [line.split()[0] for line in relay.commands[:4]]
    assert said == ["LHLO", "STARTTLS", "LHLO", "AUTH"]


async def test_a_relay_of_the_other_protocol_is_told_from_one_that_is_down() -> None:
    async with FakeRelay() as relay, transport(relay, by="lmtp") as out:
        assert (await failed(out)).code == 500


# ------------------------------------------------------------------------ signing in


@pytest.mark.parametrize("mechanism", ALL)
async def test_every_mechanism_signs_in(mechanism: str) -> None:
    fields: dict[str, Any] = {"username": "news", "auth": mechanism.lower()}
    async with FakeRelay(account=ACCOUNT, mechanisms=ALL) as relay:
        async with transport(relay, **fields) as out:
            await send(out)
        async with transport(relay, password=lambda: "wrong", **fields) as out:
            assert (await failed(out)).code == 535
    assert len(relay.messages) == 1


@pytest.mark.parametrize(
    ("both", "tries"),
    [(ALL, 1), (("PLAIN",), 1), (("LOGIN", "PLAIN"), 1), (("LOGIN",), 1)],
)
async def test_of_itself_it_takes_the_strongest_that_both_know(
    both: tuple[str, ...], tries: int
) -> None:
    async with (
        FakeRelay(account=ACCOUNT, mechanisms=both) as relay,
        transport(relay, username="news") as out,
    ):
        await send(out)
    assert relay.commands.count("AUTH ...") == tries


async def test_an_access_token_is_never_tried_of_itself() -> None:
    async with (
        FakeRelay(account=ACCOUNT, mechanisms=["XOAUTH2"]) as relay,
        transport(relay, username="news") as out,
    ):
        assert "it has XOAUTH2" in (await failed(out)).text
    assert "AUTH ..." not in relay.commands


async def test_the_next_one_is_tried_when_a_mechanism_fails_for_this_account() -> None:
    async with FakeRelay(account=ACCOUNT, mechanisms=ALL) as relay:
        relay.on("AUTH", say("535 5.7.8 not with CRAM-MD5"), times=1)
        async with transport(relay, username="news") as out:
            await send(out)
    assert relay.commands.count("AUTH ...") == 2


async def test_and_none_when_it_is_only_not_now() -> None:
    async with FakeRelay(account=ACCOUNT, mechanisms=ALL) as relay:
        relay.on("AUTH", say("454 4.7.0 directory is away"))
        async with transport(relay, username="news") as out:
            assert (await failed(out)).code == 454
    assert relay.commands.count("AUTH ...") == 1


async def test_a_token_is_asked_for_at_each_connection() -> None:
    tokens = iter(["old", "s3a-level"])
    fields: dict[str, Any] = {"username": "news", "auth": "xoauth2"}
    relay = FakeRelay(account=ACCOUNT, mechanisms=ALL)
    async with relay, transport(relay, password=lambda: next(tokens), **fields) as out:
        assert (await failed(out)).code == 535
        await send(out)


async def test_a_password_that_cannot_be_had_is_told_and_nothing_is_sent() -> None:
    def gone() -> str | None:
        raise ConfigError(["mail.password: the file is not there"])

    async with FakeRelay(account=ACCOUNT) as relay:
        async with transport(relay, username="news", password=gone) as out:
            assert "the file is not there" in (await failed(out)).text
        async with transport(relay, username="news", password=lambda: None) as out:
            assert "there is no password" in (await failed(out)).text
    assert "AUTH ..." not in relay.commands


async def test_a_mechanism_that_is_not_offered_is_not_tried() -> None:
    async with (
        FakeRelay(account=ACCOUNT, mechanisms=["PLAIN"]) as relay,
        transport(relay, username="news", auth="cram-md5") as out,
    ):
        assert "(CRAM-MD5): it has PLAIN" in (await failed(out)).text


async def test_a_relay_that_hangs_up_after_signing_in_is_down() -> None:
    async with FakeRelay(account=ACCOUNT) as relay:
        relay.on("AUTH", drop("235 2.7.0 welcome"))
        async with transport(relay, username="news") as out:
            await failed(out)


@pytest.mark.parametrize(
    ("auth", "offered", "ways"),
    [
        ("auto", ["login", "plain", "cram-md5"], ["cram-md5"]),
        ("cram-md5", ["cram-md5", "plain"], ["cram-md5"]),
        ("auto", ["login", "plain"], None),
        ("plain", ["plain"], None),
        ("login", ["login", "cram-md5"], None),
        ("xoauth2", ["xoauth2"], None),
    ],
)
def test_no_password_crosses_a_network_in_clear_text(
    auth: Any, offered: list[str], ways: list[str] | None
) -> None:
    relay = Relay(by="smtp", host="mail.example.org", auth=auth)
    if ways is None:
        with pytest.raises(RelayDown, match="in clear text: set tls"):
            mechanisms(relay, offered, private=False)
    else:
        assert mechanisms(relay, offered, private=False) == ways
    assert mechanisms(relay, offered, private=True)


@pytest.mark.parametrize(
    ("peer", "private"),
    [
        ("/run/relay", True),
        (b"", True),
        (("127.0.0.1", 25), True),
        (("127.8.9.1", 25), True),
        (("::1", 25, 0, 0), True),
        (("::1%lo", 25, 0, 0), True),
        (("192.0.2.7", 25), False),
        (("10.0.0.7", 25), False),
        (("fe80::1%eth0", 25, 0, 2), False),
    ],
)
def test_only_this_machine_and_tls_are_private(peer: Any, private: bool) -> None:
    assert is_private(peer, secure=False) is private
    assert is_private(peer, secure=True)
