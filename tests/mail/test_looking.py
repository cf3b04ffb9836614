"""A look at a relay: what it shows, and how that is."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.mail.envelope import Offers
from digest.mail.looking import Seen, judge_relay, look
from digest.settings import Relay
from fakes import FakeRelay, drop, say

NOW = datetime(2026, 5, 18, 4, tzinfo=UTC)


def relay_at(peer: FakeRelay, **fields: Any) -> Relay:
    values: dict[str, Any] = {
        "by": "smtp",
        "host": peer.host,
        "port": peer.port,
        "tls": "none",
        "timeout_s": 5,
    }
    return Relay(**(values | fields))


async def seen(relay: Relay, *, password: str | None = None) -> Seen:
    return await look(relay, ehlo_name="press.example", password=password, base=Path())


async def test_a_relay_shows_what_it_offers(server_tls: ssl.SSLContext, certificate: Path) -> None:
    offers = ("SIZE 10485760", "PIPELINING", "CHUNKING")
    async with FakeRelay(offers=offers, tls=server_tls, account=("ann", "secret")) as peer:
        relay = relay_at(peer, tls="starttls", ca_file=certificate, username="ann")
        found = await seen(relay, password="secret")
    assert found.failed == "", found
    assert found.tls.startswith("TLSv1.")
    assert found.signed_in
    assert found.offers.largest == 10_485_760
    assert found.offers.pipelining
    assert found.offers.chunking
    # The test's certificate is good for two days.
    assert found.until is not None
    assert timedelta() < found.until - datetime.now(UTC) <= timedelta(days=2)
    assert not peer.messages


async def test_implicit_tls_is_looked_at_too(server_tls: ssl.SSLContext, certificate: Path) -> None:
    async with FakeRelay(tls=server_tls, implicit=True) as peer:
        found = await seen(relay_at(peer, tls="implicit", ca_file=certificate))
    assert found.failed == ""
    assert found.tls


async def test_a_certificate_that_nobody_vouches_for_is_named(server_tls: ssl.SSLContext) -> None:
    for implicit in (True, False):
        async with FakeRelay(tls=server_tls, implicit=implicit) as peer:
            tls = "implicit" if implicit else "starttls"
            found = await seen(relay_at(peer, tls=tls))
        assert found.failed == "tls", found
        assert "certificate" in found.words


async def test_a_relay_without_starttls_is_named() -> None:
    async with FakeRelay() as peer:
        found = await seen(relay_at(peer, tls="starttls"))
    assert found.failed == "tls"


async def test_where_nobody_listens_that_is_said() -> None:
    async with FakeRelay() as peer:
        relay = relay_at(peer)
    assert (await seen(relay)).failed == "connect"


async def test_a_relay_that_hangs_up_is_told_by_what_it_says() -> None:
    async with FakeRelay() as peer:
        peer.on("connect", drop("554 5.7.1 go away"))
        found = await seen(relay_at(peer))
    assert found.failed == "connect"
    assert "go away" in found.words


async def test_a_greeting_that_is_not_taken_is_told() -> None:
    async with FakeRelay() as peer:
        peer.on("EHLO", say("550 5.5.2 who is that")).on("HELO", say("550 5.5.2 who is that"))
        found = await seen(relay_at(peer))
    assert found.failed == "hello"
    assert "who is that" in found.words


async def test_a_wrong_password_is_told(server_tls: ssl.SSLContext, certificate: Path) -> None:
    async with FakeRelay(tls=server_tls, account=("ann", "secret")) as peer:
        relay = relay_at(peer, tls="starttls", ca_file=certificate, username="ann")
        found = await seen(relay, password="guessed")
    assert found.failed == "sign in", found
    assert "guessed" not in found.words


async def test_a_ca_file_that_is_not_there_is_named() -> None:
    relay = Relay(by="smtp", host="127.0.0.1", ca_file=Path("nowhere.pem"))
    found = await seen(relay)
    assert found.failed == "tls"
    assert "ca_file nowhere.pem" in found.words


# -------------------------------------------------------------------- judgement

ALL = Offers(sized=True, eight_bit=True, smtputf8=True, pipelining=True, chunking=True)
FAR = Relay(by="smtp", host="mail.relay.example")
NEAR = Relay(by="smtp", host="127.0.0.1", tls="none")
SIGNED = FAR.model_copy(update={"username": "ann"})


@pytest.mark.parametrize(
    ("relay", "shown", "verdict", "words"),
    [
        (FAR, Seen(tls="TLSv1.3", offers=ALL), "ok", "PIPELINING and CHUNKING"),
        (FAR, Seen(tls="TLSv1.3", offers=ALL, signed_in=True), "ok", "TLSv1.3, signed in"),
        (FAR, Seen(tls="TLSv1.3"), "ok", "four round trips"),
        (NEAR, Seen(offers=ALL), "ok", "it answers"),
        (FAR, Seen(offers=ALL), "weak", "in the clear"),
        (SIGNED, Seen(offers=ALL), "wrong", "the password"),
        (FAR, Seen(tls="TLSv1.3", offers=replace(ALL, largest=100_000)), "weak", "100,000 octets"),
        (
            FAR,
            Seen(tls="TLSv1.3", offers=ALL, until=NOW + timedelta(days=13)),
            "weak",
            "ends on 2026-05-31",
        ),
        (FAR, Seen(tls="TLSv1.3", offers=ALL, until=NOW + timedelta(days=15)), "ok", ""),
        (FAR, Seen(failed="connect", words="refused"), "wrong", "mail.relay.example:587: refused"),
        (FAR, Seen(failed="tls", words="bad"), "wrong", "encryption"),
        (FAR, Seen(failed="hello", words="bad"), "wrong", "ehlo_name"),
        (FAR, Seen(failed="sign in", words="535 no"), "wrong", "username and password"),
    ],
)
def test_how_good_a_way_out_it_is(relay: Relay, shown: Seen, verdict: str, words: str) -> None:
    found = judge_relay(relay, shown, name="[mail]", now=NOW)
    assert found.verdict == verdict, found
    assert words in f"{found.found} -> {found.fix}", found
