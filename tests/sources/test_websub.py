"""WebSub: what a hub is asked, which of its questions are answered, and whose news is believed."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import Fault, FetchError, NotFound
from digest.settings import Collect
from digest.sources.http import Http
from digest.sources.websub import ask, denied, granted_s, leave, signed, verify_intent

TOPIC = "https://coast.example/feed?lang=en&utm_source=hub"
CALLBACK = "https://news.example/hub/coast/0123456789abcdef"
SECRET = "a secret of the subscription"
BODY = b"<feed>\xc3\xa9</feed>"


class Hub:
    """A hub on loopback: what it was asked, and what it answers."""

    def __init__(self) -> None:
        self.status = 202
        self.more = ""
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.types: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hub"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        told = dict(line.lower().split(": ", 1) for line in head.strip().split("\r\n")[1:])
        body = await reader.readexactly(int(told.get("content-length", "0")))
        self.asked.append((head.split(" ")[1], dict(parse_qsl(body.decode()))))
        self.types.append(told.get("content-type", ""))
        status = f"HTTP/1.1 {self.status} Word\r\n{self.more}"
        writer.write(f"{status}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub()
    server = await asyncio.start_server(hub.answer, "127.0.0.1", 0)
    hub.port = server.sockets[0].getsockname()[1]
    yield hub
    server.close()
    await server.wait_closed()


def client(*, allow: tuple[str, ...] = ("127.0.0.1",)) -> Http:
    return Http(Collect(timeout_s=5.0, spacing_s=0, allow_private=allow), contact="")


async def test_a_hub_is_asked_with_a_form(hub: Hub) -> None:
    async with client() as http:
        await ask(http, hub=hub.url, topic=TOPIC, callback=CALLBACK, secret=SECRET)
    assert hub.asked == [
        (
            "/hub",
            {
                "hub.mode": "subscribe",
                "hub.topic": TOPIC,
                "hub.callback": CALLBACK,
                "hub.secret": SECRET,
                "hub.lease_seconds": "864000",
            },
        )
    ]
    assert hub.types == ["application/x-www-form-urlencoded"]


async def test_a_hub_is_left_without_a_secret(hub: Hub) -> None:
    async with client() as http:
        await leave(http, hub=hub.url, topic=TOPIC, callback=CALLBACK)
    told = {"hub.mode": "unsubscribe", "hub.topic": TOPIC, "hub.callback": CALLBACK}
    assert hub.asked == [("/hub", told)]


@pytest.mark.parametrize(
    ("status", "temporary"),
    [(200, False), (204, False), (400, False), (404, False), (408, True), (500, True)],
)
async def test_everything_but_accepted_is_an_error(hub: Hub, status: int, temporary: bool) -> None:
    hub.status = status
    async with client() as http:
        with pytest.raises(FetchError) as caught:
            await ask(http, hub=hub.url, topic=TOPIC, callback=CALLBACK, secret=SECRET)
    assert (caught.value.status, caught.value.temporary) == (status, temporary)
    assert f"the hub 127.0.0.1 answered {status} instead of 202 Accepted" in str(caught.value)


@pytest.mark.parametrize("allow", [(), ("127.0.0.2",)])
async def test_a_hub_in_the_intranet_is_not_asked(hub: Hub, allow: tuple[str, ...]) -> None:
    async with client(allow=allow) as http:
        with pytest.raises(FetchError) as caught:
            await ask(http, hub=hub.url, topic=TOPIC, callback=CALLBACK, secret=SECRET)
    assert caught.value.fault is Fault.FORBIDDEN_ADDRESS
    assert hub.asked == []


@pytest.mark.parametrize(
    ("hub_url", "topic"),
    [
        ("ftp://hub.example/", TOPIC),
        ("file:///etc/hosts", TOPIC),
        ("/hub", TOPIC),
        ("", TOPIC),
        ("https://hub.example/a b", TOPIC),
        ("https://hub.example/\r\nHost: inside", TOPIC),
        ("https://hub.example/", "javascript:alert(1)"),
        ("https://hub.example/", "urn:uuid:1"),
        ("https://hub.example/", "https://coast.example/" + "a" * 9_000),
    ],
)
async def test_addresses_that_are_none_are_refused_before_anybody_is_asked(
    hub_url: str, topic: str
) -> None:
    async with client() as http:
        for call in (
            ask(http, hub=hub_url, topic=topic, callback=CALLBACK, secret=SECRET),
            leave(http, hub=hub_url, topic=topic, callback=CALLBACK),
        ):
            with pytest.raises(FetchError, match=r"is no web address.*polled instead") as caught:
                await call
            assert not caught.value.temporary
            assert len(str(caught.value)) < 300


@pytest.mark.parametrize("secret", ["", "s" * 200, "é" * 100])
async def test_a_secret_that_no_hub_takes_is_our_own_mistake(secret: str) -> None:
    async with client() as http:
        with pytest.raises(ValueError, match="1 to 199 bytes"):
            await ask(
                http, hub="https://hub.example/", topic=TOPIC, callback=CALLBACK, secret=secret
            )


QUESTION = {
    "hub.mode": "subscribe",
    "hub.topic": TOPIC,
    "hub.challenge": "q-17 <b>&",
    "hub.lease_seconds": "432000",
}


def test_the_challenge_is_given_back_word_for_word() -> None:
    assert verify_intent(QUESTION, topic=TOPIC) == "q-17 <b>&"


@pytest.mark.parametrize(
    "changed",
    [
        {"hub.mode": "unsubscribe"},
        {"hub.mode": "denied"},
        {"hub.mode": "Subscribe"},
        {"hub.mode": ""},
        {"hub.topic": "https://coast.example/other"},
        {"hub.topic": TOPIC + "/"},
        {"hub.topic": ""},
        {"hub.challenge": ""},
        {"hub.challenge": "a\r\nSet-Cookie: b"},
        {"hub.challenge": "é"},
        {"hub.challenge": "a" * 2_001},
    ],
)
def test_a_question_that_we_did_not_expect_is_not_found(changed: Mapping[str, str]) -> None:
    with pytest.raises(NotFound):
        verify_intent(QUESTION | dict(changed), topic=TOPIC)


def test_an_empty_question_is_not_found() -> None:
    with pytest.raises(NotFound):
        verify_intent({}, topic=TOPIC)


def test_only_whoever_wants_to_leave_confirms_leaving() -> None:
    leaving = QUESTION | {"hub.mode": "unsubscribe"}
    assert verify_intent(leaving, topic=TOPIC, leaving=True) == "q-17 <b>&"
    with pytest.raises(NotFound):
        verify_intent(QUESTION, topic=TOPIC, leaving=True)


def test_a_refusal_is_told_with_its_reason() -> None:
    refusal = {"hub.mode": "denied", "hub.topic": TOPIC, "hub.reason": " too many\r\n\x1b[2J "}
    assert denied(refusal, topic=TOPIC) == "too many[2J"
    assert denied({"hub.mode": "denied", "hub.topic": TOPIC}, topic=TOPIC) == ""
    assert denied(refusal, topic="https://coast.example/other") is None
    assert denied(QUESTION, topic=TOPIC) is None


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("864000", 864_000.0),
        ("60", 3_600.0),
        ("0", 3_600.0),
        ("999999999999", 2_592_000.0),
        ("9" * 5_000, 86_400.0),
        ("", 86_400.0),
        ("-5", 86_400.0),
        ("1e9", 86_400.0),
        ("٣٠٠٠٠", 86_400.0),
    ],
)
def test_a_lease_is_an_hour_at_least_and_a_month_at_most(told: str, seconds: float) -> None:
    assert granted_s({"hub.lease_seconds": told}) == seconds


def test_a_hub_that_grants_no_time_is_asked_again_after_a_day() -> None:
    assert granted_s({}) == 86_400.0


def header(method: str, *, body: bytes = BODY, secret: str = SECRET) -> str:
    return f"{method}={hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()}"


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_the_four_methods_of_the_recommendation_are_understood(method: str) -> None:
    right = header(method)
    assert signed(BODY, right, SECRET)
    assert signed(BODY, f" {right.upper()} ", SECRET)
    assert not signed(BODY + b" ", right, SECRET)
    assert not signed(BODY, right, SECRET + "x")
    assert not signed(BODY, right[:-1], SECRET)


@pytest.mark.parametrize(
    "told",
    [None, "", "sha256", "sha256=", "=", "md5=" + "0" * 32, "sha256=é", "sha256=\ud800", "0" * 64],
)
def test_what_is_not_signed_is_not_believed(told: str | None) -> None:
    assert not signed(BODY, told, SECRET)


def test_md5_is_not_believed_even_if_it_is_right() -> None:
    assert not signed(BODY, header("md5"), SECRET)


def test_without_a_secret_nothing_is_believed() -> None:
    assert not signed(BODY, header("sha256", secret=""), "")


@given(st.binary(max_size=64), st.text(min_size=1, max_size=20), st.binary(max_size=64))
@settings(max_examples=50)
def test_a_signature_fits_its_own_words_only(body: bytes, secret: str, other: bytes) -> None:
    told = header("sha256", body=body, secret=secret.encode("utf-8", "replace").decode())
    assert signed(body, told, secret.encode("utf-8", "replace").decode())
    assert signed(other, told, secret.encode("utf-8", "replace").decode()) == (other == body)
