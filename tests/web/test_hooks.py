"""Hooks of relays over HTTP: who is believed, what is kept, and what each relay is answered."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from structlog.testing import capture_logs

from digest import web
from digest.app import App
from digest.errors import BadToken, FetchError
from digest.model import Barred, SubscriptionState
from digest.store import people
from digest.web import hooks
from make import MORNING
from newsroom import open_newsroom, write_config
from over_http import HERE, mute
from relaypeer import (
    CERTIFICATE_URL,
    PASSWORD,
    SIGNING_KEY,
    SUBSCRIBE_URL,
    TOPIC,
    basic,
    complaint,
    envelope,
    mailgun_body,
    mailgun_failed,
    postmark_bounce,
    sendgrid,
    sendgrid_event,
    ses_bounce,
    sns,
)
from site_on_loopback import running_site

GONE = {"action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
READER = "reader1@example.com"
JSON = {"Content-Type": "application/json"}
SNS_SENDS = {"Content-Type": "text/plain; charset=UTF-8"}
RELAYS = ("ses", "postmark", "mailgun", "sendgrid")


@asynccontextmanager
async def opened(folder: Path, more: str | None = None) -> AsyncIterator[App]:
    """A newsroom with two readers and all four relays; *more* instead of its [hooks]."""
    config = write_config(folder)
    (folder / "postmark").write_text(PASSWORD + "\n")
    (folder / "mailgun").write_text(SIGNING_KEY + "\n")
    every = (
        f'[hooks]\nses_topics = ["{TOPIC}"]\nsendgrid = "{sendgrid().shown}"\n'
        'postmark = { file = "postmark" }\nmailgun = { file = "mailgun" }\n'
    )
    config.write_text(config.read_text() + (every if more is None else more))
    async with open_newsroom(folder, people=2) as app:
        yield app


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    async with opened(tmp_path) as newsroom:
        yield newsroom


class Asked:
    """What is fetched at SNS: its certificate, and what else it was asked."""

    def __init__(self, answer: Callable[[str], bytes] = lambda _: sns().certificate) -> None:
        self.urls: list[str] = []
        self._answer = answer

    async def __call__(self, app: App, url: str) -> bytes:
        self.urls.append(url)
        return self._answer(url)


@asynccontextmanager
async def caller(app: App, *, at_sns: Asked | None = None) -> AsyncIterator[AsyncClient]:
    served = web.create(app)
    served.state.hooks = hooks.Memory(fetch=at_sns or Asked())
    transport = ASGITransport(app=served, client=("192.0.2.7", 4711))
    async with AsyncClient(transport=transport, base_url=HERE) as http:
        yield http


Body = tuple[bytes, dict[str, str]]


def to_reader(message: dict[str, Any], email: str = READER) -> dict[str, Any]:
    """The same message of SES, about somebody who reads here."""
    message["mail"] |= {"destination": [email], "source": "daily@press.example"}
    return message


def of_ses(message: dict[str, Any] | None = None, **more: Any) -> Body:
    message = to_reader(message or ses_bounce(**GONE))
    return sns().signed(envelope(message, **more)), SNS_SENDS


def of_postmark(**more: Any) -> Body:
    told = postmark_bounce(**({"Email": READER} | more))
    return json.dumps(told).encode(), JSON | {"Authorization": basic()}


def of_mailgun(**more: Any) -> Body:
    return mailgun_body(mailgun_failed() | {"recipient": READER, "envelope": {}}, **more), JSON


def of_sendgrid(**more: Any) -> Body:
    body = json.dumps([sendgrid_event(**({"email": READER} | more))]).encode()
    return body, JSON | sendgrid().headers(body)


BOUNCES: dict[str, Callable[[], Body]] = {
    "ses": of_ses,
    "postmark": of_postmark,
    "mailgun": of_mailgun,
    "sendgrid": of_sendgrid,
}


async def post(http: AsyncClient, relay: str, body: bytes, headers: dict[str, str]) -> Response:
    return await http.post(f"/hooks/{relay}", content=body, headers=headers)


async def standing(app: App, email: str = READER) -> tuple[SubscriptionState, Barred | None]:
    """How a reader's subscription stands, and whether the address is barred."""
    async with app.db.read() as conn:
        id = await people.find(conn, email)
        assert id is not None
        states = await people.states_of(conn, id)
        return states["daily"], await people.barred(conn, email, app.key)


async def nothing_changed(app: App) -> None:
    for email in (READER, "reader2@example.com"):
        assert await standing(app, email) == (SubscriptionState.ACTIVE, None)


@pytest.mark.parametrize("relay", RELAYS)
async def test_a_bounce_ends_the_subscription_of_that_reader(app: App, relay: str) -> None:
    async with caller(app) as http:
        answer = await post(http, relay, *BOUNCES[relay]())
        assert (answer.status_code, answer.text) == (200, "ok\n")
        assert answer.headers["cache-control"] == "no-store"
        assert await standing(app) == (SubscriptionState.ENDED, Barred.BOUNCE)
        assert await standing(app, "reader2@example.com") == (SubscriptionState.ACTIVE, None)
        # It comes twice: nothing more happens, and the relay is thanked again.
        assert (await post(http, relay, *BOUNCES[relay]())).status_code == 200
    assert await standing(app) == (SubscriptionState.ENDED, Barred.BOUNCE)


COMPLAINTS: dict[str, Callable[[], Body]] = {
    "ses": lambda: of_ses(complaint()),
    "postmark": lambda: of_postmark(RecordType="SpamComplaint", Type="SpamComplaint"),
    "mailgun": lambda: (mailgun_body({"event": "complained", "recipient": READER}), JSON),
    "sendgrid": lambda: of_sendgrid(event="spamreport"),
}


@pytest.mark.parametrize("relay", RELAYS)
async def test_a_complaint_ends_it_at_once(app: App, relay: str) -> None:
    async with caller(app) as http:
        assert (await post(http, relay, *COMPLAINTS[relay]())).status_code == 200
    assert await standing(app) == (SubscriptionState.ENDED, Barred.COMPLAINT)


SOFT: dict[str, Callable[[], Body]] = {
    "ses": lambda: of_ses(ses_bounce("Transient", "MailboxFull")),
    "postmark": lambda: of_postmark(Type="Blocked"),
    "mailgun": lambda: (
        mailgun_body(mailgun_failed("temporary") | {"recipient": READER, "envelope": {}}),
        JSON,
    ),
    "sendgrid": lambda: of_sendgrid(type="blocked"),
}


async def test_soft_bounces_of_one_day_end_nothing(app: App) -> None:
    async with caller(app) as http:
        for relay in RELAYS:
            assert (await post(http, relay, *SOFT[relay]())).status_code == 200
    await nothing_changed(app)


async def test_of_somebody_unknown_nothing_is_told(app: App) -> None:
    others = {
        "ses": (
            sns().signed(envelope(to_reader(ses_bounce(**GONE), "nobody@example.com"))),
            SNS_SENDS,
        ),
        "postmark": of_postmark(Email="nobody@example.com"),
        "mailgun": (mailgun_body({"event": "complained", "recipient": "nobody@x.example"}), JSON),
        "sendgrid": of_sendgrid(email="nobody@example.com"),
    }
    async with caller(app) as http:
        for relay, body in others.items():
            answer = await post(http, relay, *body)
            assert (answer.status_code, answer.text) == (200, "ok\n"), relay
    await nothing_changed(app)


async def test_no_address_is_in_the_log(app: App) -> None:
    with capture_logs() as lines:
        async with caller(app) as http:
            for relay in RELAYS:
                await post(http, relay, *BOUNCES[relay]())
            for relay, (body, headers), _ in forged().values():
                await post(http, relay, body, headers)
    events = [line["event"] for line in lines]
    assert events.count("hook taken") == 4
    assert events.count("hook refused") == len(forged())
    assert "@" not in repr(lines)


# --------------------------------------------------------------------- who is believed


def forged() -> dict[str, tuple[str, Body, int]]:
    """Requests that are not to be believed, by what is wrong: relay, request, status."""
    ses_body, _ = of_ses()
    mailgun_sent, _ = of_mailgun()
    sendgrid_sent, sendgrid_headers = of_sendgrid()
    postmark_sent, _ = of_postmark()
    old = MORNING - timedelta(hours=30)
    stamp = (MORNING - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    elsewhere = {"SigningCertURL": "https://sns.s3-eu-west-1.amazonaws.com/x.pem"}
    other_topic = TOPIC.replace("digest", "others")
    bounce = json.dumps(to_reader(ses_bounce(**GONE)))
    return {
        "sns key": ("ses", (sns(begins=-2).signed(envelope(bounce)), SNS_SENDS), 403),
        "sns body": ("ses", (ses_body.replace(b"reader1", b"reader2"), SNS_SENDS), 403),
        "sns age": ("ses", (sns().signed(envelope(bounce, Timestamp=stamp)), SNS_SENDS), 403),
        "sns topic": (
            "ses",
            (sns().signed(envelope(bounce, TopicArn=other_topic)), SNS_SENDS),
            403,
        ),
        "sns host": ("ses", (sns().signed(envelope(bounce, **elsewhere)), SNS_SENDS), 403),
        "postmark none": ("postmark", (postmark_sent, JSON), 401),
        "postmark other": (
            "postmark",
            (postmark_sent, JSON | {"Authorization": basic("guess")}),
            401,
        ),
        "mailgun key": ("mailgun", of_mailgun(key="other"), 403),
        "mailgun age": ("mailgun", of_mailgun(at=old), 403),
        "mailgun none": ("mailgun", (mailgun_sent.replace(b'"token"', b'"tokem"'), JSON), 403),
        "sendgrid body": (
            "sendgrid",
            (sendgrid_sent.replace(b"reader1", b"reader2"), sendgrid_headers),
            403,
        ),
        "sendgrid none": ("sendgrid", (sendgrid_sent, JSON), 403),
        "sendgrid key": (
            "sendgrid",
            (sendgrid_sent, JSON | sendgrid("other").headers(sendgrid_sent)),
            403,
        ),
        "sendgrid age": (
            "sendgrid",
            (sendgrid_sent, JSON | sendgrid().headers(sendgrid_sent, at=old)),
            403,
        ),
    }


async def test_no_forgery_changes_anything(app: App) -> None:
    async with caller(app) as http:
        for wrong, (relay, (body, headers), status) in forged().items():
            answer = await post(http, relay, body, headers)
            assert answer.status_code == status, wrong
            assert answer.text.startswith("Refused: ")
            assert ("www-authenticate" in answer.headers) == (status == 401)
            assert not {PASSWORD, SIGNING_KEY} & set(answer.text.split())
            await nothing_changed(app)


async def test_nothing_is_fetched_for_a_forger(app: App) -> None:
    at_sns = Asked()
    async with caller(app, at_sns=at_sns) as http:
        for wrong in ("sns age", "sns topic", "sns host"):
            relay, (body, headers), _ = forged()[wrong]
            await post(http, relay, body, headers)
    assert at_sns.urls == []


async def test_another_event_under_a_seen_signature_of_mailgun_is_refused(app: App) -> None:
    event = {"event": "delivered", "recipient": READER}
    async with caller(app) as http:
        assert (await post(http, "mailgun", mailgun_body(event), JSON)).status_code == 200
        # The signature says nothing of the event: whoever saw it could write another.
        answer = await post(http, "mailgun", *of_mailgun())
        assert answer.status_code == 403
        await nothing_changed(app)
        assert (await post(http, "mailgun", *of_mailgun(token="another"))).status_code == 200
    assert await standing(app) == (SubscriptionState.ENDED, Barred.BOUNCE)


async def test_the_memory_of_tokens_is_bounded() -> None:
    memory = hooks.Memory()
    for n in range(50_001):
        memory.take(f"t{n}", b"x")
    assert not memory.seen("t0", b"x")
    assert memory.seen("t1", b"x")
    with pytest.raises(BadToken):
        memory.seen("t50000", b"y")


# ------------------------------------------------------------------ what it takes


async def test_a_relay_that_is_not_set_up_has_no_address(tmp_path: Path) -> None:
    async with opened(tmp_path, "") as app, caller(app) as http:
        for relay in RELAYS:
            assert (await post(http, relay, *BOUNCES[relay]())).status_code == 404
        await nothing_changed(app)


async def test_nothing_else_is_there(app: App) -> None:
    async with caller(app) as http:
        assert (await post(http, "other", *of_postmark())).status_code in (404, 405)
        for relay in RELAYS:
            assert (await http.get(f"/hooks/{relay}")).status_code in (404, 405)


async def test_too_much_is_refused(app: App) -> None:
    async with caller(app) as http:
        for relay in RELAYS:
            body, headers = BOUNCES[relay]()
            answer = await post(http, relay, body + b" " * hooks.MOST_BYTES, headers)
            assert answer.status_code == 413
    await nothing_changed(app)


async def test_what_is_no_json_by_name_is_refused(app: App) -> None:
    kinds = ["", "application/x-www-form-urlencoded", "text/html", "text/plain"]
    async with caller(app) as http:
        for relay in RELAYS:
            body, headers = BOUNCES[relay]()
            # SNS calls its JSON text.
            for kind in kinds[: 3 if relay == "ses" else 4]:
                answer = await post(http, relay, body, headers | {"Content-Type": kind})
                assert answer.status_code == 415
    await nothing_changed(app)


async def test_what_nobody_can_read_is_not_asked_for_again(app: App) -> None:
    body = b"[1"
    signed = JSON | sendgrid().headers(body)
    async with caller(app) as http:
        assert (await post(http, "ses", body, SNS_SENDS)).status_code == 400
        headers = JSON | {"Authorization": basic()}
        assert (await post(http, "postmark", body, headers)).status_code == 400
        # Mailgun tries again after any other status.
        assert (await post(http, "mailgun", body, JSON)).status_code == 406
        answer = await post(http, "sendgrid", body, signed)
        assert (answer.status_code, answer.text[:15]) == (400, "Not understood:")


@pytest.mark.parametrize("relay", RELAYS)
async def test_what_cannot_be_kept_is_told_again(app: App, relay: str) -> None:
    async with mute(app) as broken, caller(broken) as http:
        for _ in range(2):
            answer = await post(http, relay, *BOUNCES[relay]())
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "30"
    async with caller(app) as http:
        assert (await post(http, relay, *BOUNCES[relay]())).status_code == 200
    assert await standing(app) == (SubscriptionState.ENDED, Barred.BOUNCE)


async def test_a_secret_that_is_missing_loses_nothing(app: App) -> None:
    without = replace(app, postmark_password=None, mailgun_key=None)
    async with caller(without) as http:
        for relay in ("postmark", "mailgun"):
            assert (await post(http, relay, *BOUNCES[relay]())).status_code == 503
    await nothing_changed(app)


async def test_a_key_of_sendgrid_that_is_none_loses_nothing(tmp_path: Path) -> None:
    # The right form, and no point of the curve.
    key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + "B" * 86 + "=="
    text = f'[hooks]\nsendgrid = "{key}"\n'
    async with opened(tmp_path, text) as app, caller(app) as http:
        assert (await post(http, "sendgrid", *of_sendgrid())).status_code == 503


# -------------------------------------------------------------------------- SNS


async def test_a_certificate_is_fetched_once(app: App) -> None:
    at_sns = Asked()
    async with caller(app, at_sns=at_sns) as http:
        for n in range(3):
            assert (await post(http, "ses", *of_ses(MessageId=f"m{n}"))).status_code == 200
    assert at_sns.urls == [CERTIFICATE_URL]


async def test_a_certificate_that_cannot_be_had_now_is_asked_for_again(app: App) -> None:
    def refuse(url: str) -> bytes:
        raise FetchError("hooks.ses", "nobody answers")

    at_sns = Asked(refuse)
    async with caller(app, at_sns=at_sns) as http:
        for _ in range(2):
            assert (await post(http, "ses", *of_ses())).status_code == 503
    assert len(at_sns.urls) == 2
    await nothing_changed(app)


def confirming(kind: str = "SubscriptionConfirmation", **more: Any) -> Body:
    asked = {"Type": kind, "SubscribeURL": SUBSCRIBE_URL, "Token": "2336412f37fb687f5d51"} | more
    return sns().signed(envelope("You have chosen to subscribe.", **asked)), SNS_SENDS


async def test_a_topic_of_ours_is_subscribed_to(app: App) -> None:
    at_sns = Asked()
    async with caller(app, at_sns=at_sns) as http:
        assert (await post(http, "ses", *confirming())).status_code == 200
        assert at_sns.urls == [CERTIFICATE_URL, SUBSCRIBE_URL]
        assert (await post(http, "ses", *confirming("UnsubscribeConfirmation"))).status_code == 200
    assert at_sns.urls == [CERTIFICATE_URL, SUBSCRIBE_URL]


async def test_nothing_else_is_fetched_to_subscribe(app: App) -> None:
    at_sns = Asked()
    body, headers = confirming()
    others = [
        confirming(TopicArn=TOPIC + "2"),
        confirming(SubscribeURL="https://evil.example/?Action=ConfirmSubscription"),
        (body.replace(b"&Token=", b"&Tokem="), headers),
    ]
    async with caller(app, at_sns=at_sns) as http:
        for other in others:
            assert (await post(http, "ses", *other)).status_code == 403
    assert set(at_sns.urls) <= {CERTIFICATE_URL}


async def test_only_so_many_certificates_are_asked_for_at_once(app: App) -> None:
    memory = hooks.Memory(fetch=nested(6, lambda: memory))
    with pytest.raises(FetchError, match="too many"):
        await memory.certificate(app, "https://sns.example/0")


def nested(left: int, memory: Callable[[], hooks.Memory]) -> Callable[[App, str], Awaitable[bytes]]:
    """A fetch that does not end before another has."""

    async def fetch(app: App, url: str) -> bytes:
        return await memory().certificate(app, f"{url}{left}")

    return fetch


async def test_sns_may_not_lead_elsewhere(tmp_path: Path) -> None:
    config = '[collect]\nallow_private = ["127.0.0.1"]\nspacing_s = 0\n'
    async with opened(tmp_path, config) as app, running_site() as site:
        site.put("/a.pem", "certificate")
        site.put("/b.pem", status=302, headers={"Location": "/a.pem"})
        assert await hooks.ask_sns(app, site.url("/a.pem")) == b"certificate"
        with pytest.raises(BadToken, match="not at SNS"):
            await hooks.ask_sns(app, site.url("/b.pem"))
        with pytest.raises(FetchError):
            await hooks.ask_sns(app, site.url("/c.pem"))
