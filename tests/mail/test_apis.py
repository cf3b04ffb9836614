import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from hashlib import sha256
from typing import Any

import pytest

from apipeer import KEY, KEY_ID, ApiPeer, Got, Said, accounts, postmark_error, ses_refusal
from digest.errors import ConfigError, Deferred, MailError, Refused, RelayDown, Unfit, Vanished
from digest.mail.mailgun import Mailgun
from digest.mail.mime import header_of, taken_apart
from digest.mail.over_http import HttpTransport, Provider
from digest.mail.postmark import Postmark
from digest.mail.ses import Ses, signature_v4
from digest.mail.transport import Reply
from digest.settings import NamedRelay

PROVIDERS: dict[str, Callable[[NamedRelay], Provider]] = {
    "ses": Ses,
    "postmark": Postmark,
    "mailgun": Mailgun,
}
ALL = pytest.mark.parametrize("by", PROVIDERS)
TO = "bo@example.org"
PICTURE = b"\x89PNG not really, with a\r\nline end"


def mail() -> bytes:
    """As `render` writes them: alternative of text and related HTML with a picture."""
    head = (
        "From: =?utf-8?q?Caf=C3=A9=2C_=22the?= =?utf-8?q?_Daily=22?= <news@press.example>\r\n"
        "To: =?utf-8?q?B=C3=B6?= <bo@example.org>\r\nReply-To: editor@press.example\r\n"
        "Subject: =?utf-8?q?Ebb_=E2=80=94?=\r\n =?utf-8?q?_and_flow?=\r\n"
        "Date: Mon, 18 May 2026 06:00:00 +0000\r\nMessage-ID: <daily.1.7@press.example>\r\n"
        "List-Unsubscribe: <https://press.example/u/1>,\r\n <mailto:leave@press.example>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Id: Daily <d.press.example>\r\n"
        "DKIM-Signature: v=1; b=ours\r\nMIME-Version: 1.0\r\n"
    )
    related = (
        'Content-Type: multipart/related; boundary="in"\r\n\r\n--in\r\n'
        "Content-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        '<p>Gr=C3=BC=C3=9Fe</p>=\r\n<img src=3D"cid:logo@press.example">\r\n--in\r\n'
        "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-ID: <logo@press.example>\r\nContent-Disposition: inline\r\n\r\n"
        f"{base64.encodebytes(PICTURE).decode().strip()}\r\n--in--\r\n"
    )
    body = (
        'Content-Type: multipart/alternative; boundary="out"\r\n\r\n--out\r\n'
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe =2E\r\n--out\r\n"
        f"{related}--out--\r\n"
    )
    return (head + body).encode("ascii")


@pytest.fixture
async def peer() -> AsyncIterator[ApiPeer]:
    async with ApiPeer() as peer:
        yield peer


def table(by: str, url: str, **more: Any) -> NamedRelay:
    keys = {"name": "api", "by": by, "api_url": url, "timeout_s": 5.0, **dict(accounts(by)), **more}
    return NamedRelay.model_validate(keys)


def transport(by: str, url: str, *, key: str = KEY, **more: Any) -> HttpTransport:
    relay = table(by, url, **more)
    return HttpTransport(relay, PROVIDERS[by](relay), name="api", password=lambda: key)


async def send(out: HttpTransport, to: str = TO, calls: list[str] | None = None) -> Reply:
    async with out:
        return await hand(out, to, calls)


async def hand(out: HttpTransport, to: str = TO, calls: list[str] | None = None) -> Reply:
    calls = [] if calls is None else calls
    return await out.send(
        mail(), sender="verp@press.example", to=to, started=lambda: calls.append(to)
    )


async def refused(by: str, peer: ApiPeer, said: Said) -> MailError:
    peer.on(said, times=1)
    with pytest.raises(MailError) as caught:
        await send(transport(by, peer.url))
    assert caught.value.relay == "api"
    assert KEY not in str(caught.value)
    return caught.value


# ---------------------------------------------------------------- what is asked


async def test_ses_gets_the_octets_and_the_envelope_s_recipient(peer: ApiPeer) -> None:
    reply = await send(transport("ses", peer.url), to="bo@höfe.example")
    (got,) = peer.taken
    assert got.path == "/v2/email/outbound-emails"
    assert got.message == mail()
    assert got.told["Destination"] == {"ToAddresses": ["bo@xn--hfe-sna.example"]}
    assert got.told["FromEmailAddress"].endswith("<news@press.example>")
    assert "FeedbackForwardingEmailAddress" not in got.told
    assert KEY not in str(got)
    assert (reply.code, reply.text, reply.relay) == (250, "taken as 0100-1", "api")


async def test_mailgun_gets_the_octets_as_a_file_and_counts_nobody_s_clicks(peer: ApiPeer) -> None:
    reply = await send(transport("mailgun", peer.url))
    (got,) = peer.taken
    assert got.path == "/v3/mg.example/messages.mime"
    assert got.message == mail()
    form = got.form()
    assert form["to"] == TO.encode()
    assert {form["o:tracking"], form["o:tracking-opens"], form["o:tracking-clicks"]} == {b"no"}
    assert reply.text == "taken as <1@mg.example>"


async def test_postmark_gets_everything_that_is_in_the_mail(peer: ApiPeer) -> None:
    reply = await send(transport("postmark", peer.url, stream="daily"))
    (got,) = peer.taken
    told = got.told
    assert got.path == "/email"
    assert told["From"] == '"Café, \\"the Daily\\"" <news@press.example>'
    assert (told["To"], told["ReplyTo"]) == (TO, "editor@press.example")
    assert told["Subject"] == "Ebb — and flow"
    assert told["TextBody"] == "Grüße ."
    assert told["HtmlBody"] == '<p>Grüße</p><img src="cid:logo@press.example">'
    assert (told["MessageStream"], told["TrackOpens"], told["TrackLinks"]) == (
        "daily",
        False,
        "None",
    )
    (picture,) = told["Attachments"]
    assert picture["ContentID"] == "cid:logo@press.example"
    assert picture["ContentType"] == "image/png"
    assert picture["Name"].endswith(".png")
    assert base64.b64decode(picture["Content"]) == PICTURE
    headers = {row["Name"]: row["Value"] for row in told["Headers"]}
    assert headers == {
        "Message-ID": "<daily.1.7@press.example>",
        "X-PM-KeepID": "true",
        "List-Id": "Daily <d.press.example>",
        "List-Unsubscribe": "<https://press.example/u/1>, <mailto:leave@press.example>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert reply.text == "taken as b7bc-1"


def test_what_is_attached_is_no_text_of_the_mail() -> None:
    letter = EmailMessage()
    letter["From"] = "news@press.example"
    letter.set_content("Your data.")
    letter.add_attachment(b"{}", maintype="application", subtype="json", filename="data.json")
    letter.add_attachment("a note", subtype="plain", filename="note.txt")
    parts = taken_apart(letter.as_bytes())
    assert parts.author == "news@press.example"
    assert (parts.text.strip(), parts.html, parts.subject) == ("Your data.", "", "")
    assert [(file.name, file.media_type, file.content_id) for file in parts.files] == [
        ("data.json", "application/json", ""),
        ("note.txt", "text/plain", ""),
    ]


def test_a_header_is_found_in_the_head_only() -> None:
    message = b"X-From: a\r\nFROM: The\r\n\tDaily <d@e.example>\r\n\r\nFrom: nobody\r\n"
    assert header_of(message, "From") == "The Daily <d@e.example>"
    assert header_of(message, "Subject") == ""


# ----------------------------------------------------------------- signature v4


@pytest.mark.parametrize(
    ("method", "headers", "body", "signed", "signature"),
    [
        (
            "GET", {}, b"", "host;x-amz-date",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "POST", {}, b"", "host;x-amz-date",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "POST", {"Content-Type": "application/x-www-form-urlencoded"}, b"Param1=value1",
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
    ids=["get-vanilla", "post-vanilla", "post-x-www-form-urlencoded"],
)  # fmt: skip
def test_signatures_are_those_of_the_published_test_suite(
    method: str, headers: dict[str, str], body: bytes, signed: str, signature: str
) -> None:
    found = signature_v4(
        method, "https://example.amazonaws.com/", headers, body,
        key_id="AKIDEXAMPLE", key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        region="us-east-1", service="service", at=datetime(2015, 8, 30, 12, 36, tzinfo=UTC),
    )  # fmt: skip
    scope = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
    assert found["X-Amz-Date"] == "20150830T123600Z"
    assert found["Authorization"] == (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={signed}, Signature={signature}"
    )


async def test_ses_can_check_the_signature_from_what_it_got(peer: ApiPeer) -> None:
    await send(transport("ses", peer.url))
    (got,) = peer.taken
    assert signed_as(got) == got.headers["authorization"].rpartition("Signature=")[2]


def signed_as(got: Got) -> str:
    """The signature of a request as heard, derived the other way round."""
    scope, names = (
        got.headers["authorization"].partition(f"{name}=")[2].partition(",")[0]
        for name in ("Credential", "SignedHeaders")
    )
    lines = [f"{name}:{got.headers[name]}" for name in names.split(";")]
    asked = "\n".join(["POST", got.path, "", *lines, "", names, sha256(got.body).hexdigest()])
    key_id, day, region, service, end = scope.split("/")
    assert (key_id, region, service, end) == (KEY_ID, "eu-west-1", "ses", "aws4_request")
    key = f"AWS4{KEY}".encode()
    for part in (day, region, service, end):
        key = hmac.new(key, part.encode(), sha256).digest()
    moment = got.headers["x-amz-date"]
    text = f"AWS4-HMAC-SHA256\n{moment}\n{day}/{region}/{service}/{end}\n"
    return hmac.new(key, (text + sha256(asked.encode()).hexdigest()).encode(), sha256).hexdigest()


# --------------------------------------------------------------- what is answered


@ALL
@pytest.mark.parametrize("status", [429, 503])
async def test_too_many_is_later_for_this_one(by: str, status: int, peer: ApiPeer) -> None:
    error = await refused(by, peer, Said(status, {"message": "Slow down"}))
    assert isinstance(error, Deferred)
    assert (error.code, error.text) == (421, f"4.3.2 HTTP {status}: Slow down")
    assert not error.tried


@ALL
async def test_what_is_too_large_for_it_may_go_by_another_way(by: str, peer: ApiPeer) -> None:
    error = await refused(by, peer, Said(413, {}))
    assert isinstance(error, Unfit)
    assert (error.code, error.ours) == (552, True)


@ALL
async def test_whoever_s_request_was_too_slow_has_lost_no_try(by: str, peer: ApiPeer) -> None:
    error = await refused(by, peer, Said(408, {}))
    assert isinstance(error, Deferred)
    assert (error.code, error.tried) == (451, False)


async def test_after_too_many_nobody_asks_before_the_time_that_was_named(peer: ApiPeer) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    relay = table("mailgun", peer.url)
    out = HttpTransport(relay, Mailgun(relay), name="api", password=lambda: KEY, sleep=sleep)
    peer.on(Said(429, {}, headers=(("Retry-After", "7"),)), times=1).on(Said(503, {}), times=1)
    async with out:
        for _ in range(2):
            with pytest.raises(Deferred):
                await hand(out)
        await hand(out)
    assert len(waits) == 2
    assert all(6 < wait <= 7 for wait in waits)


@ALL
@pytest.mark.parametrize("status", [401, 402, 403, 404, 301])
async def test_what_is_about_our_account_blames_nobody(by: str, status: int, peer: ApiPeer) -> None:
    location = (("Location", "http://elsewhere.example/"),)
    error = await refused(by, peer, Said(status, {"message": "no"}, headers=location))
    assert isinstance(error, RelayDown)
    assert f"HTTP {status}" in str(error)
    assert peer.asked == 1


@ALL
@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_failure_behind_the_api_leaves_doubt(by: str, status: int, peer: ApiPeer) -> None:
    error = await refused(by, peer, Said(status, b"<h1>oops</h1>"))
    assert isinstance(error, Vanished)


@ALL
async def test_a_yes_that_is_no_answer_of_the_api_leaves_doubt(by: str, peer: ApiPeer) -> None:
    assert isinstance(await refused(by, peer, Said(200, b"<h1>Welcome</h1>")), Vanished)


@ALL
async def test_a_request_that_it_cannot_read_stops_and_blames_nobody(
    by: str, peer: ApiPeer
) -> None:
    error = await refused(by, peer, Said(400, {"message": "something is odd"}))
    # 421: whoever carries puts this one behind the others.
    assert isinstance(error, RelayDown)
    assert error.code == 421


@pytest.mark.parametrize(
    ("by", "said", "kind", "told"),
    [
        ("ses", ses_refusal(400, "BadRequestException", "Domain contains illegal character"),
         Refused, "5.1.3"),
        ("ses", ses_refusal(400, "BadRequestException", "Missing final '@domain'"),
         Refused, "5.1.3"),
        ("ses", ses_refusal(400, "MessageRejected", "Email address is not verified: bo@e.example"),
         RelayDown, "Email address is not verified: (address)"),
        ("ses", ses_refusal(400, "AccountSuspendedException", "suspended"),
         RelayDown, "look at the account"),
        ("ses", ses_refusal(404, "NotFoundException", "no such set"), RelayDown, "no such set"),
        ("ses", ses_refusal(403, "InvalidSignatureException", "Signature expired: 2026"),
         RelayDown, "look at the clock"),
        ("ses", ses_refusal(429, "TooManyRequestsException", "Maximum sending rate exceeded."),
         Deferred, "4.3.2"),
        ("ses", ses_refusal(429, "LimitExceededException", "Daily message quota exceeded."),
         RelayDown, "used up"),
        ("postmark", postmark_error(406, "You tried to send to inactive recipients"),
         Refused, "5.2.1"),
        ("postmark", postmark_error(300, "Error parsing 'To': Illegal email address"),
         Refused, "5.1.3"),
        ("postmark", postmark_error(300, "Invalid 'From' address"), RelayDown, "from_address"),
        ("postmark", postmark_error(412, "pending approval"), RelayDown, "pending approval"),
        ("postmark", postmark_error(1235, "no such stream", status=200), RelayDown, "streams"),
        ("postmark", postmark_error(10, "no token", status=401), RelayDown, "password"),
        ("mailgun", Said(400, {"message": "'to' parameter is not a valid address"}),
         Refused, "5.1.3"),
        ("mailgun", Said(401, b"Forbidden"), RelayDown, "password"),
    ],
)  # fmt: skip
async def test_whose_fault_it_is(
    by: str, said: Said, kind: type[MailError], told: str, peer: ApiPeer
) -> None:
    error = await refused(by, peer, said)
    assert type(error) is kind
    assert told in str(error)
    assert peer.taken == []


@ALL
async def test_its_words_are_shown_on_one_line_without_the_key_and_addresses(
    by: str, peer: ApiPeer
) -> None:
    words = f"{KEY}\nis not\x1b[2J the key of bo@example.org"
    error = await refused(by, peer, Said(404, {"message": words, "Message": words}))
    assert "(key) is not [2J the key of (address)" in str(error)


# ------------------------------------------------------------------- the network


@ALL
async def test_nobody_listening_is_the_relay_being_down_and_nothing_began(
    by: str, peer: ApiPeer
) -> None:
    await peer.stop()
    calls: list[str] = []
    with pytest.raises(RelayDown, match=r"cannot reach 127\.0\.0\.1"):
        await send(transport(by, peer.url), calls=calls)
    assert calls == []


@ALL
@pytest.mark.parametrize(
    "said",
    [
        Said(then="close"),
        Said(raw=b"HTTP/1.1 200 OK\r\nContent-Le", then="close"),
        Said(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{", then="close"),
        Said(raw=b"220 mail.example ESMTP\r\n", then="close"),
        Said(early=True, then="close"),
    ],
    ids=["closed", "half a head", "half a body", "no HTTP", "before the content"],
)
async def test_a_line_that_breaks_after_content_left_leaves_doubt(
    by: str, said: Said, peer: ApiPeer
) -> None:
    calls: list[str] = []
    peer.on(said)
    with pytest.raises(Vanished) as caught:
        await send(transport(by, peer.url), calls=calls)
    assert calls == [TO]
    assert caught.value.relay == "api"


@ALL
async def test_silence_leaves_doubt(by: str, peer: ApiPeer) -> None:
    peer.on(Said(raw=b"", then="stall"))
    with pytest.raises(Vanished, match=r"no answer within 0\.1 s"):
        await send(transport(by, peer.url, timeout_s=0.1))


async def test_a_start_that_fails_is_told_as_it_is_and_nothing_leaves(peer: ApiPeer) -> None:
    def failing() -> None:
        raise OSError("disk full")

    async with transport("mailgun", peer.url) as out:
        with pytest.raises(OSError, match="disk full"):
            await out.send(mail(), sender="", to=TO, started=failing)
        assert peer.heard == []
        await hand(out)


async def test_connections_stay_open_and_are_no_more_than_allowed(peer: ApiPeer) -> None:
    async with transport("mailgun", peer.url, connections=2) as out:
        assert out.at_once == 2
        for number in range(4):
            await hand(out, f"r{number}@example.org")
    assert (len(peer.taken), peer.connections) == (4, 1)


# --------------------------------------------------------------------- the key


@pytest.mark.parametrize("key", ["", "two words", "schlüssel", "line\n"])
async def test_a_key_that_cannot_be_sent_is_told_without_showing_it(key: str) -> None:
    with pytest.raises(RelayDown, match="the password of api") as caught:
        await send(transport("postmark", "http://127.0.0.1:1", key=key))
    assert not key or key not in str(caught.value)


async def test_a_key_that_was_refused_is_asked_for_again(peer: ApiPeer) -> None:
    keys = iter(["old", KEY])
    relay = table("postmark", peer.url)
    out = HttpTransport(relay, Postmark(relay), name="api", password=lambda: next(keys))
    async with out:
        with pytest.raises(RelayDown):
            await hand(out)
        await hand(out)


async def test_no_proxy_of_the_machine_sees_anything(
    peer: ApiPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    await send(transport("mailgun", peer.url))
    assert len(peer.taken) == 1


async def test_a_certificate_file_that_is_none_says_so(tmp_path: Any) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    with pytest.raises(ConfigError, match="ca_file"):
        await send(transport("ses", "https://127.0.0.1:1", ca_file=path))


def test_the_usual_places_are_the_providers_own() -> None:
    for by, url in {
        "ses": "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails",
        "postmark": "https://api.postmarkapp.com/email",
        "mailgun": "https://api.mailgun.net/v3/mg.example/messages.mime",
    }.items():
        request = PROVIDERS[by](table(by, "")).request(mail(), to=TO, key=KEY)
        assert request.url == url
        assert request.body
    assert json.loads(PROVIDERS["ses"](table("ses", "")).request(b"x", to=TO, key=KEY).body)
