"""SendGrid: the signature and its age, and what each event means."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from digest.errors import BadToken, ConfigError, ParseError
from digest.model.people import Return, ReturnKind
from digest.returns import sendgrid as hook
from make import MORNING
from relaypeer import OURS, READER, SendGrid, sendgrid, sendgrid_event

HARD, SOFT = ReturnKind.HARD, ReturnKind.SOFT
COMPLAINT, LEAVE = ReturnKind.COMPLAINT, ReturnKind.LEAVE
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


def read(body: bytes, headers: dict[str, str], *, key: str = "") -> tuple[Return, ...]:
    return hook.read(
        body,
        signature=headers.get(SIGNATURE, ""),
        timestamp=headers.get(TIMESTAMP, ""),
        key=key or sendgrid().shown,
        now=MORNING,
    )


def told(*events: Any) -> tuple[Return, ...]:
    body = json.dumps(list(events)).encode()
    return read(body, sendgrid().headers(body))


def test_a_bounce_says_who_what_and_of_which_mail() -> None:
    (one,) = told(sendgrid_event())
    assert one == Return(
        kind=HARD,
        recipient=READER,
        status="5.1.1",
        diagnostic="550 5.1.1 No mailbox of this name",
        message_id=OURS,
        reporter="sendgrid",
        at=MORNING.replace(hour=3, second=4),
    )


@pytest.mark.parametrize(
    ("event", "more", "wanted"),
    [
        ("bounce", {}, [HARD]),
        ("bounce", {"reason": "550 5.7.1 blocked by policy", "status": "5.7.1"}, [SOFT]),
        ("bounce", {"reason": "552 5.2.2 mailbox is full", "status": "5.2.2"}, [SOFT]),
        ("bounce", {"type": "blocked"}, [SOFT]),
        ("bounce", {"bounce_classification": "Content"}, [SOFT]),
        ("bounce", {"bounce_classification": "Reputation"}, [SOFT]),
        ("bounce", {"bounce_classification": "Technical Failure"}, [SOFT]),
        # As it comes of a host that is not there.
        ("bounce", {"type": "blocked", "status": None, "reason": "unable to get mx info"}, [SOFT]),
        ("bounce", {"status": "", "reason": ""}, [HARD]),
        ("blocked", {"reason": "550 5.1.1 no such user"}, [SOFT]),
        ("deferred", {"response": "451 4.2.1 try later", "attempt": "3"}, [SOFT]),
        ("deferred", {"response": "550 5.1.1 no such user"}, [SOFT]),
        ("dropped", {"reason": "Bounced Address"}, [SOFT]),
        ("dropped", {"reason": "Invalid"}, [HARD]),
        ("dropped", {"reason": "Spam Reporting Address"}, [COMPLAINT]),
        ("dropped", {"reason": "Unsubscribed Address"}, [LEAVE]),
        ("dropped", {"reason": "Spam Content"}, []),
        ("dropped", {"reason": "Recipient List over Package Quota"}, []),
        ("dropped", {}, []),
        ("spamreport", {}, [COMPLAINT]),
        ("unsubscribe", {}, [LEAVE]),
        ("group_unsubscribe", {"asm_group_id": 7}, [LEAVE]),
        ("group_resubscribe", {}, []),
        *((name, {}, []) for name in ("processed", "delivered", "open", "click", "new")),
    ],
)
def test_each_event(event: str, more: dict[str, Any], wanted: list[ReturnKind]) -> None:
    found = told(sendgrid_event(event, **more))
    assert [one.kind for one in found] == wanted
    assert all((one.recipient, one.message_id) == (READER, OURS) for one in found)


def test_what_is_about_us_is_told_as_policy() -> None:
    (one,) = told(
        sendgrid_event(
            type="blocked", status="", reason="no thanks", bounce_classification="Reputation"
        )
    )
    assert (one.kind, one.status) == (SOFT, "5.7.0")


def test_a_batch_is_read_whole_and_what_is_no_event_is_left_out() -> None:
    events = [sendgrid_event(email=f"r{n}@example.com") for n in range(5)]
    found = told(*events[:2], None, "odd", {}, sendgrid_event("open"), *events[2:])
    assert [one.recipient for one in found] == [f"r{n}@example.com" for n in range(5)]


def signed(**more: Any) -> tuple[bytes, dict[str, str]]:
    body = json.dumps([sendgrid_event(**more)]).encode()
    return body, sendgrid().headers(body)


def refused(body: bytes, headers: dict[str, str], match: str = "not signed") -> None:
    with pytest.raises(BadToken, match=match):
        read(body, headers)


def test_a_changed_body_is_refused_to_the_last_space() -> None:
    body, headers = signed()
    assert read(body, headers)
    refused(body + b" ", headers)
    refused(body.replace(b"Reader", b"Victim"), headers)
    refused(b"", headers)


def test_another_key_is_refused() -> None:
    body, _ = signed()
    refused(body, sendgrid("other").headers(body))


@pytest.mark.parametrize(
    "change",
    [
        {SIGNATURE: ""},
        {SIGNATURE: "AAAA"},
        {SIGNATURE: "ä"},
        {SIGNATURE: base64.b64encode(bytes(64)).decode()},
        {TIMESTAMP: ""},
        {TIMESTAMP: "1779076801"},
        {TIMESTAMP: "ä"},
    ],
)
def test_changed_headers_are_refused(change: dict[str, str]) -> None:
    body, headers = signed()
    refused(body, headers | change)


def test_no_headers_are_refused() -> None:
    refused(signed()[0], {})


def test_time_and_body_cannot_trade_their_digits() -> None:
    body = b"1[]"
    headers = sendgrid().headers(body)
    moved = {SIGNATURE: headers[SIGNATURE], TIMESTAMP: headers[TIMESTAMP] + "1"}
    refused(b"[]", moved, "too long ago")


@pytest.mark.parametrize("ago", [timedelta(hours=25, seconds=1), timedelta(minutes=-16)])
def test_what_was_signed_at_another_time_is_refused(ago: timedelta) -> None:
    body, _ = signed()
    refused(body, sendgrid().headers(body, at=MORNING - ago), "too long ago")
    assert read(body, sendgrid().headers(body, at=MORNING - timedelta(hours=25)))


@pytest.mark.parametrize("key", ["x", "MFkw", "?", "TUZrdw==", sendgrid("p384").shown])
def test_a_key_that_is_none_says_where_to_find_it(key: str) -> None:
    body, headers = signed()
    with pytest.raises(ConfigError, match=r"hooks\.sendgrid"):
        read(body, headers, key=key)


def test_the_key_may_stand_between_its_marks() -> None:
    body, headers = signed()
    shown = f"-----BEGIN PUBLIC KEY----- {sendgrid().shown} -----END PUBLIC KEY-----"
    assert read(body, headers, key=shown)


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"event=bounce", b"[" * 200_000])
def test_what_sendgrid_did_not_send_is_told_to_be_none_of_its(body: bytes) -> None:
    with pytest.raises(ParseError, match="hooks/sendgrid"):
        read(body, sendgrid().headers(body))


def test_a_key_of_another_curve_signs_nothing() -> None:
    assert isinstance(sendgrid("p384"), SendGrid)
    body, _ = signed()
    refused(body, sendgrid("p384").headers(body))
