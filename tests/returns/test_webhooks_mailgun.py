"""Mailgun: the signature and its age, and what each event means."""

import json
from datetime import timedelta
from typing import Any

import pytest

from digest.errors import BadToken, ParseError
from digest.model.people import Return, ReturnKind
from digest.returns import mailgun
from make import MORNING
from relaypeer import OURS, READER, SIGNING_KEY, mailgun_body, mailgun_failed

HARD, SOFT = ReturnKind.HARD, ReturnKind.SOFT
COMPLAINT, LEAVE = ReturnKind.COMPLAINT, ReturnKind.LEAVE


def read(body: bytes) -> mailgun.Signed:
    return mailgun.read(body, key=SIGNING_KEY, now=MORNING)


def told(event: dict[str, Any]) -> tuple[Return, ...]:
    return read(mailgun_body(event)).returns


def kinds(event: dict[str, Any]) -> list[ReturnKind]:
    return [one.kind for one in told(event)]


def test_a_failure_says_who_what_and_of_which_mail() -> None:
    (one,) = told(mailgun_failed())
    assert one.at is not None
    assert one.at.replace(microsecond=0) == MORNING.replace(hour=3, second=4)
    assert one == Return(
        kind=HARD,
        recipient=READER,
        status="5.1.1",
        diagnostic="5.1.1 No such user here",
        message_id=OURS,
        sent_to=("bounces+abcdefghij234567abcdefghij234567",),
        reporter="mailgun",
        at=one.at,
    )


@pytest.mark.parametrize(
    ("severity", "reason", "status", "wanted"),
    [
        ("permanent", "bounce", {}, HARD),
        ("permanent", "bounce", {"enhanced-code": "5.1.1", "message": "unknown user"}, HARD),
        ("permanent", "bounce", {"message": "5.7.1 blocked for spam"}, SOFT),
        ("permanent", "bounce", {"code": 552, "message": "5.2.2 mailbox full"}, SOFT),
        ("permanent", "bounce", {"bounce-type": "soft"}, SOFT),
        ("permanent", "espblock", {}, SOFT),
        ("permanent", "old", {"code": 602, "message": "Too old"}, SOFT),
        ("permanent", "generic", {"code": 498, "message": "No MX for example.com"}, SOFT),
        ("permanent", "suppress-bounce", {"code": 605, "message": "", "description": "x"}, SOFT),
        ("permanent", "suppress-complaint", {"code": 607, "message": ""}, COMPLAINT),
        ("permanent", "suppress-unsubscribe", {"code": 606, "message": ""}, LEAVE),
        ("temporary", "generic", {"code": 451, "message": "4.7.1 greylisted"}, SOFT),
        # The relay tries again: it is not over.
        ("temporary", "bounce", {}, SOFT),
        ("", "", {}, SOFT),
    ],
)
def test_a_failure_is_no_worse_than_mailgun_and_the_server_say(
    severity: str, reason: str, status: dict[str, Any], wanted: ReturnKind
) -> None:
    assert kinds(mailgun_failed(severity, reason, **status)) == [wanted]


def test_a_failure_without_a_word_from_the_server_is_what_mailgun_says() -> None:
    event = mailgun_failed()
    del event["delivery-status"]
    assert kinds(event) == [HARD]


def test_a_block_is_told_as_policy() -> None:
    (one,) = told(mailgun_failed(reason="espblock", message="no thanks"))
    assert one.status == "5.7.0"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("complained", [COMPLAINT]),
        ("unsubscribed", [LEAVE]),
        *((name, []) for name in ("delivered", "opened", "clicked", "accepted", "rejected", "new")),
    ],
)
def test_the_other_events(name: str, wanted: list[ReturnKind]) -> None:
    headers = {"message-id": OURS.strip("<>")}
    found = told({"event": name, "recipient": READER, "message": {"headers": headers}})
    assert [one.kind for one in found] == wanted
    assert all((one.recipient, one.message_id) == (READER, OURS) for one in found)


def test_the_token_comes_back_to_be_remembered() -> None:
    signed = read(mailgun_body(mailgun_failed(), token="a1b2"))
    assert (signed.token, signed.signed_at) == ("a1b2", MORNING)


def test_a_subaccounts_event_is_signed_for_the_main_account_too() -> None:
    assert read(mailgun_body(mailgun_failed(), name="parent-signature")).returns


def test_it_is_good_for_as_long_as_mailgun_tries() -> None:
    for ago in (timedelta(hours=9), timedelta(minutes=-15)):
        assert read(mailgun_body(mailgun_failed(), at=MORNING - ago)).returns


@pytest.mark.parametrize("ago", [timedelta(hours=9, seconds=1), timedelta(minutes=-16)])
def test_what_was_signed_at_another_time_is_refused(ago: timedelta) -> None:
    with pytest.raises(BadToken, match="too long ago"):
        read(mailgun_body(mailgun_failed(), at=MORNING - ago))


def test_another_key_is_refused() -> None:
    for key in ("", "other", SIGNING_KEY + "x"):
        with pytest.raises(BadToken, match="not signed"):
            read(mailgun_body(mailgun_failed(), key=key))
    with pytest.raises(BadToken):
        mailgun.read(mailgun_body(mailgun_failed(), key=""), key="", now=MORNING)


@pytest.mark.parametrize(
    "change",
    [
        {"token": "other"},
        {"timestamp": "1779076801"},
        {"signature": ""},
        {"signature": "00" * 32},
        {"signature": None},
        {"signature": "ä"},
        {"signature": ["x"]},
    ],
)
def test_a_changed_signature_is_refused(change: dict[str, Any]) -> None:
    body = json.loads(mailgun_body(mailgun_failed()))
    body["signature"] |= change
    with pytest.raises(BadToken, match="not signed"):
        read(json.dumps(body).encode())


def test_time_and_token_cannot_trade_their_digits() -> None:
    # One text is signed: where the time ends in it, only the age of the request can tell.
    body = json.loads(mailgun_body(mailgun_failed(), token="123abc"))
    stamp = body["signature"]["timestamp"]
    for cut in (-1, 1, 2):
        text = stamp + "123abc"
        body["signature"] |= {
            "timestamp": text[: len(stamp) + cut],
            "token": text[len(stamp) + cut :],
        }
        with pytest.raises(BadToken, match="too long ago"):
            read(json.dumps(body).encode())


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"signature": "x"}', b"event=failed"])
def test_what_mailgun_did_not_send_is_told_to_be_none_of_its(body: bytes) -> None:
    with pytest.raises(ParseError, match="hooks/mailgun"):
        read(body)


def test_a_signature_without_an_event_is_told_to_be_none() -> None:
    with pytest.raises(ParseError, match="event-data"):
        read(mailgun_body({}))
