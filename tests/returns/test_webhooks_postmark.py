"""Postmark: the password, and what each kind of event means."""

import base64
import json
from typing import Any

import pytest

from digest.errors import BadToken, ParseError
from digest.model.people import Return, ReturnKind
from digest.returns import postmark
from make import MORNING
from relaypeer import OURS, PASSWORD, READER, basic, postmark_bounce

HARD, SOFT = ReturnKind.HARD, ReturnKind.SOFT
COMPLAINT, LEAVE = ReturnKind.COMPLAINT, ReturnKind.LEAVE
POLICY = "smtp;550 5.7.1 Message rejected due to the policy of this site"


def told(event: Any, *, authorization: str = basic()) -> tuple[Return, ...]:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return postmark.read(body, authorization=authorization, password=PASSWORD)


def kinds(event: Any) -> list[ReturnKind]:
    return [one.kind for one in told(event)]


def test_a_bounce_says_who_and_what() -> None:
    (one,) = told(postmark_bounce())
    assert one == Return(
        kind=HARD,
        recipient=READER,
        status="5.1.1",
        diagnostic="smtp;550 5.1.1 The mailbox you tried to reach does not exist",
        reporter="postmark",
        at=MORNING.replace(hour=3, second=4, microsecond=123456),
    )


@pytest.mark.parametrize(
    ("kind", "details", "wanted"),
    [
        ("HardBounce", "", [HARD]),
        ("HardBounce", POLICY, [SOFT]),
        ("HardBounce", "smtp;552 5.2.2 Mailbox full", [SOFT]),
        ("BadEmailAddress", "", [HARD]),
        ("Unknown", "", [SOFT]),
        ("Unknown", "Action: failed\r\nStatus: 5.1.1 (no such user)", [HARD]),
        ("SpamComplaint", "", [COMPLAINT]),
        ("Unsubscribe", "", [LEAVE]),
        ("SMTPApiError", "You tried to send to a recipient marked as inactive.", [SOFT]),
        ("SMTPApiError", "The sender's domain is not verified.", []),
        # What the type says stays the worst, whatever the words.
        *((kind, "smtp;550 5.1.1 no such user", [SOFT]) for kind in ("Transient", "SoftBounce")),
        *((kind, "smtp;550 5.1.1 no such user", [SOFT]) for kind in ("DnsError", "Blocked")),
        *((kind, "", [SOFT]) for kind in ("DMARCPolicy", "SpamNotification", "VirusNotification")),
        ("ManuallyDeactivated", "", [SOFT]),
        *((kind, "", []) for kind in ("AutoResponder", "AddressChange", "ChallengeVerification")),
        *((kind, "", []) for kind in ("OpenRelayTest", "Subscribe", "Unconfirmed", "InboundError")),
        ("TemplateRenderingFailed", "", []),
        ("Something new", "smtp;550 5.1.1 no such user", []),
    ],
)
def test_each_type_of_bounce(kind: str, details: str, wanted: list[ReturnKind]) -> None:
    assert kinds(postmark_bounce(kind, Details=details)) == wanted


def test_a_block_is_told_as_policy() -> None:
    (one,) = told(postmark_bounce("Blocked", Details="smtp;550 not from you"))
    assert one.status == "5.7.0"
    (one,) = told(postmark_bounce("Blocked", Details="smtp;554 5.7.26 not from you"))
    assert one.status == "5.7.26"


def test_a_complaint_has_a_record_of_its_own() -> None:
    assert kinds(postmark_bounce("", RecordType="SpamComplaint")) == [COMPLAINT]


def change(**more: Any) -> dict[str, Any]:
    told = {
        "RecordType": "SubscriptionChange",
        "MessageID": "1c9e2f0a-7b6d-4e5f-8a9b-0c1d2e3f4a5b",
        "MessageStream": "broadcast",
        "ChangedAt": "2026-05-18T03:00:00Z",
        "Recipient": READER,
        "Origin": "Recipient",
        "SuppressSending": True,
        "SuppressionReason": "ManualSuppression",
    }
    return told | more


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, [LEAVE]),
        ({"Origin": "Customer"}, [SOFT]),
        ({"SuppressionReason": "SpamComplaint"}, [COMPLAINT]),
        ({"SuppressionReason": "HardBounce"}, [SOFT]),
        ({"SuppressSending": False, "SuppressionReason": None}, []),
        ({"SuppressSending": "true"}, []),
    ],
)
def test_a_change_of_postmarks_own_list(more: dict[str, Any], wanted: list[ReturnKind]) -> None:
    found = told(change(**more))
    assert [one.kind for one in found] == wanted
    assert all(one.recipient == READER and one.at is not None for one in found)


@pytest.mark.parametrize("record", ["Delivery", "Open", "Click", "Inbound", "New"])
def test_everything_else_says_nothing(record: str) -> None:
    assert told({"RecordType": record, "Recipient": READER}) == ()


@pytest.mark.parametrize(
    "more",
    [
        {"Metadata": {"message-id": OURS}},
        {"Metadata": {"message-id": OURS.strip("<>")}},
        {
            "Content": "Message-ID: <dsn@mx.example>\r\nSubject: Undelivered\r\n\r\n"
            f"--b\r\n\r\nFrom: daily@press.example\r\nMessage-Id: {OURS}\r\n"
        },
    ],
)
def test_our_own_message_id_is_found_where_there_is_one(more: dict[str, Any]) -> None:
    (one,) = told(postmark_bounce(**more))
    assert one.message_id == OURS


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic ",
        "Basic ???",
        "Basic ä",
        basic("wrong"),
        basic(PASSWORD + "x"),
        basic(PASSWORD[:-1]),
        basic("", user=PASSWORD),
        basic("").replace("Basic", "Bearer"),
        "Basic " + base64.b64encode(PASSWORD.encode()).decode(),
        f"Bearer {PASSWORD}",
    ],
)
def test_whoever_has_not_the_password_is_refused(authorization: str) -> None:
    with pytest.raises(BadToken, match="password"):
        told(postmark_bounce(), authorization=authorization)
    # Before a look at what they sent.
    with pytest.raises(BadToken):
        told(b"{", authorization=authorization)


def test_an_empty_password_lets_nobody_in() -> None:
    with pytest.raises(BadToken):
        postmark.read(b"{}", authorization=basic(""), password="")
    with pytest.raises(BadToken):
        postmark.read(b"{}", authorization="", password="")


def test_the_name_of_the_user_is_anything_and_the_password_any_text() -> None:
    assert told(postmark_bounce(), authorization=basic(user=""))
    for password in ("a:b", "пароль", "p w"):
        found = postmark.read(
            json.dumps(postmark_bounce()).encode(),
            authorization=basic(password).replace("Basic", "basic"),
            password=password,
        )
        assert len(found) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"Email": "a@example.com"}', b"null"])
def test_what_postmark_did_not_send_is_told_to_be_none_of_its(body: bytes) -> None:
    with pytest.raises(ParseError, match="hooks/postmark"):
        told(body)
