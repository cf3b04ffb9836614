"""SES through SNS: what is believed, and what it means."""

import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from digest.errors import BadToken, ParseError
from digest.model.people import Return, ReturnKind
from digest.returns import ses
from make import MORNING
from relaypeer import (
    CERTIFICATE_URL,
    OURS,
    READER,
    SUBSCRIBE_URL,
    TOPIC,
    certificate_of,
    complaint,
    envelope,
    ses_bounce,
    ses_mail,
    sns,
)

HARD, SOFT = ReturnKind.HARD, ReturnKind.SOFT
GONE = {"action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}


def opened(body: bytes, *, certificate: bytes | None = None, **more: Any) -> ses.Opened:
    now = more.pop("now", MORNING)
    read = ses.read_envelope(body, topics={TOPIC}, now=now)
    return ses.open_envelope(read, certificate or sns().certificate, now=now)


def told(message: Any) -> tuple[Return, ...]:
    return opened(sns().signed(envelope(message))).returns


def only(message: Any) -> Return:
    (one,) = told(message)
    return one


def refused(body: bytes, match: str, **more: Any) -> None:
    with pytest.raises(BadToken, match=match):
        opened(body, **more)


# ----------------------------------------------------------------- what it means


@pytest.mark.parametrize("name", ["notificationType", "eventType"])
def test_both_shapes_say_who_what_and_of_which_mail(name: str) -> None:
    one = only(ses_bounce(name=name, **GONE))
    assert one == Return(
        kind=HARD,
        recipient="Reader.One@example.com",
        status="5.1.1",
        diagnostic="smtp; 550 5.1.1 user unknown",
        message_id=OURS,
        sent_to=("bounces+abcdefghij234567abcdefghij234567",),
        reporter="ses",
        at=MORNING.replace(hour=3, second=4),
    )


@pytest.mark.parametrize(
    ("kind", "why", "one", "wanted"),
    [
        ("Permanent", "General", GONE, HARD),
        ("Permanent", "General", {}, HARD),
        ("Permanent", "NoEmail", {}, HARD),
        ("Permanent", "Suppressed", {"action": "failed", "status": "5.1.1"}, HARD),
        ("Permanent", "OnAccountSuppressionList", {"status": "5.1.1"}, SOFT),
        ("Permanent", "UnsubscribedRecipient", {}, ReturnKind.LEAVE),
        (
            "Permanent",
            "General",
            {"status": "5.7.1", "diagnosticCode": "smtp; 550 5.7.1 sender blocked by policy"},
            SOFT,
        ),
        (
            "Permanent",
            "General",
            {"status": "5.2.2", "diagnosticCode": "smtp; 552 5.2.2 mailbox full"},
            SOFT,
        ),
        ("Transient", "MailboxFull", {}, SOFT),
        ("Transient", "General", {"status": "4.4.1", "action": "failed"}, SOFT),
        # The relay may know more than the code: it stays at what the relay says.
        ("Transient", "ContentRejected", GONE, SOFT),
        ("Undetermined", "Undetermined", {}, SOFT),
        ("Undetermined", "Undetermined", GONE, HARD),
        ("Something new", "", GONE, SOFT),
    ],
)
def test_a_bounce_is_no_worse_than_ses_and_the_server_say(
    kind: str, why: str, one: dict[str, str], wanted: ReturnKind
) -> None:
    assert only(ses_bounce(kind, why, **one)).kind is wanted


def test_notes_from_holiday_are_no_bounces() -> None:
    assert told(ses_bounce("Transient", "General")) == ()


@pytest.mark.parametrize(
    ("why", "given", "wanted"),
    [
        ("ContentRejected", "", "5.6.0"),
        ("MessageTooLarge", "5.0.0", "5.3.4"),
        ("MailboxFull", "4.2.2", "4.2.2"),
    ],
)
def test_what_is_about_the_mail_is_told_in_a_status(why: str, given: str, wanted: str) -> None:
    assert only(ses_bounce("Transient", why, status=given)).status == wanted


def test_whom_we_wrote_to_counts_not_where_it_was_forwarded() -> None:
    assert only(ses_bounce(emailAddress="other@elsewhere.example", **GONE)).recipient == READER


def test_of_a_mail_to_many_each_is_told_by_name() -> None:
    message = ses_bounce(**GONE)
    message["mail"]["destination"] = ["a@example.com", "b@example.com"]
    message["bounce"]["bouncedRecipients"] = [
        {"emailAddress": "Ann Quay <a@example.com>"} | GONE,
        {"emailAddress": "b@example.com", "status": "4.2.2"},
        "odd",
    ]
    found = [(one.recipient, one.kind) for one in told(message)]
    assert found == [("a@example.com", HARD), ("b@example.com", SOFT)]


@pytest.mark.parametrize("kind", [None, "abuse", "fraud", "other", "virus"])
def test_a_complaint_is_one(kind: str | None) -> None:
    one = only(complaint(complaintFeedbackType=kind))
    assert (one.kind, one.recipient, one.message_id) == (ReturnKind.COMPLAINT, READER, OURS)


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure"])
def test_reports_that_are_no_complaint_are_none(kind: str) -> None:
    assert told(complaint(complaintFeedbackType=kind)) == ()


def test_nobody_is_blamed_for_one_of_several_who_may_have_complained() -> None:
    assert told(complaint("a@example.com", "b@example.com")) == ()


def test_a_delay_is_soft_and_leaving_by_a_list_of_ses_is_leaving() -> None:
    delay = {
        "eventType": "DeliveryDelay",
        "mail": ses_mail(headers=False),
        "deliveryDelay": {
            "timestamp": "2026-05-18T03:10:00.000Z",
            "delayType": "TransientCommunicationFailure",
            "delayedRecipients": [{"emailAddress": READER, "status": "4.4.1"}],
        },
    }
    one = only(delay)
    assert one.delayed
    assert (one.kind, one.status, one.message_id) == (SOFT, "4.4.1", "")
    left: dict[str, Any] = {
        "eventType": "Subscription",
        "mail": ses_mail(),
        "subscription": {"newTopicPreferences": {"unsubscribeAll": True}},
    }
    assert only(left).kind is ReturnKind.LEAVE
    left["subscription"]["newTopicPreferences"]["unsubscribeAll"] = False
    assert told(left) == ()


@pytest.mark.parametrize("kind", ["Delivery", "Send", "Open", "Click", "Reject", "New"])
def test_everything_else_says_nothing(kind: str) -> None:
    assert told({"eventType": kind, "mail": ses_mail(), kind.lower(): {}}) == ()


def test_the_first_message_of_a_topic_says_nothing() -> None:
    assert told("Successfully validated SNS topic for Amazon SES event publishing.") == ()
    assert told({"notificationType": "AmazonSnsSubscriptionSucceeded"}) == ()


@pytest.mark.parametrize("message", ["An alarm", "[]", "{}", '{"eventType": 3}', "[" * 90_000])
def test_what_ses_did_not_say_is_told_to_be_no_event(message: str) -> None:
    with pytest.raises(ParseError, match="hooks/ses"):
        told(message)


@pytest.mark.parametrize(
    "event",
    [
        {"bounce": None, "mail": None},
        {"bounce": {"bouncedRecipients": {}, "bounceType": 7}, "mail": []},
        {"bounce": {"bouncedRecipients": [None, 3], "timestamp": "never"}, "mail": {"headers": 1}},
        {"bounce": {"bouncedRecipients": [{"emailAddress": "\ud800<>@"}]}, "mail": {"source": 1}},
    ],
)
def test_a_shape_that_nobody_expects_is_read_as_far_as_it_goes(event: dict[str, Any]) -> None:
    assert only({"eventType": "Bounce"} | event).recipient == ""


# ------------------------------------------------------------------ what is believed


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [{}, {"Subject": "Amazon SES"}, {"Subject": None}])
def test_both_versions_of_the_signature_are_read(version: str, subject: dict[str, Any]) -> None:
    body = sns().signed(envelope(ses_bounce(**GONE), **subject), version=version)
    assert len(opened(body).returns) == 1


def changed(body: bytes, **more: Any) -> bytes:
    return json.dumps(json.loads(body) | more).encode()


@pytest.mark.parametrize(
    "change",
    [
        {"Message": json.dumps(ses_bounce(emailAddress="victim@example.com", **GONE))},
        {"MessageId": "other"},
        {"Subject": "added"},
        {"Timestamp": "2026-05-18T04:00:01.000Z"},
        {"SignatureVersion": "1"},
        {"Signature": "AAAA"},
        {"Signature": ""},
    ],
)
def test_a_changed_body_is_refused(change: dict[str, str]) -> None:
    body = sns().signed(envelope(ses_bounce(**GONE)))
    assert opened(body).returns
    refused(changed(body, **change), "signature is wrong")


@pytest.mark.parametrize("version", ["0", "3", "", "2 "])
def test_a_signature_of_another_kind_is_refused(version: str) -> None:
    body = sns().signed(envelope(ses_bounce(**GONE)))
    refused(changed(body, SignatureVersion=version), "does not sign")


def test_a_signature_that_is_no_base64_is_refused() -> None:
    body = sns().signed(envelope(ses_bounce(**GONE)))
    refused(changed(body, Signature="ä?"), "signature is none")


def test_another_key_is_refused() -> None:
    body = sns(begins=-2).signed(envelope(ses_bounce(**GONE)))
    refused(body, "signature is wrong")


def test_a_certificate_out_of_its_time_is_refused() -> None:
    for peer in (sns(begins=-9, days=8), sns(begins=1, days=8)):
        body = peer.signed(envelope(ses_bounce(**GONE)))
        refused(body, "not valid today", certificate=peer.certificate)


def test_a_certificate_that_is_none_or_weak_is_refused() -> None:
    body = sns().signed(envelope(ses_bounce(**GONE)))
    refused(body, "no certificate", certificate=b"<html>")
    weak = sns(bits=1024)
    refused(
        weak.signed(envelope(ses_bounce(**GONE))), "does not sign", certificate=weak.certificate
    )
    curved = certificate_of(ec.generate_private_key(ec.SECP256R1()))
    refused(body, "does not sign", certificate=curved)


@pytest.mark.parametrize(
    "topic", ["", TOPIC + "2", TOPIC.replace("123456789012", "210987654321"), TOPIC.upper()]
)
def test_a_topic_that_is_not_ours_is_refused_however_well_it_is_signed(topic: str) -> None:
    refused(sns().signed(envelope(ses_bounce(**GONE), TopicArn=topic)), "ses_topics")


@pytest.mark.parametrize("stamp", ["", "yesterday", "2026-05-18T02:59:59Z", "2026-05-18T04:16:00Z"])
def test_what_was_not_sent_within_the_hour_is_refused(stamp: str) -> None:
    refused(sns().signed(envelope(ses_bounce(**GONE), Timestamp=stamp)), "within the last hour")


def test_within_the_hour_it_is_taken() -> None:
    body = sns().signed(envelope(ses_bounce(**GONE)))
    assert opened(body, now=MORNING + timedelta(hours=1)).returns
    refused(body, "within the last hour", now=MORNING + timedelta(hours=1, seconds=1))


PEM = "/SimpleNotificationService-0f1e.pem"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://sns.eu-west-1.amazonaws.com" + PEM,
        "https://sns.eu-west-1.amazonaws.com.evil.example" + PEM,
        "https://evil.example/sns.eu-west-1.amazonaws.com" + PEM,
        "https://evil.example" + PEM + "#sns.eu-west-1.amazonaws.com" + PEM,
        "https://sns.eu-west-1.amazonaws.com@evil.example" + PEM,
        "https://sns.eu-west-1.amazonaws.com:443@evil.example" + PEM,
        "https://evil.example\\@sns.eu-west-1.amazonaws.com" + PEM,
        "https://sns.eu-west-1.amazonaws.com:8443" + PEM,
        "https://sns.eu-west-1.amazonaws.com." + PEM,
        "https://xsns.eu-west-1.amazonaws.com" + PEM,
        "https://sns.amazonaws.com" + PEM,
        # Buckets and instances that anybody may have.
        "https://sns.s3-eu-west-1.amazonaws.com" + PEM,
        "https://sns.s3.eu-west-1.amazonaws.com" + PEM,
        "https://s3.amazonaws.com/sns.eu-west-1.amazonaws.com" + PEM,
        "https://sns.evil-1.amazonaws.com" + PEM,
        "https://sns.eu-west-1.amazonaws.co" + PEM,
        "https://sns.eu-west-1.amazonaws.com.cn.evil.example" + PEM,
        "https://sns.eu-west-1.amazonawsXcom" + PEM,
        # At SNS, and what it answers is somebody's words.
        "https://sns.eu-west-1.amazonaws.com/?Action=Get&x=" + PEM,
        "https://sns.eu-west-1.amazonaws.com" + PEM + "?x=.pem",
        "https://sns.eu-west-1.amazonaws.com/other.pem",
        "https://sns.eu-west-1.amazonaws.com/../x" + PEM,
        "https://sns.eu-west-1.amazonaws.com" + PEM + "\n",
        "https://sns.eu-west-1.amazonaws.com\t" + PEM,
        " https://sns.eu-west-1.amazonaws.com" + PEM,
        "https://ѕns.eu-west-1.amazonaws.com" + PEM,
    ],
)
def test_no_certificate_is_fetched_from_anywhere_else(url: str) -> None:
    body = sns().signed(envelope(ses_bounce(**GONE), SigningCertURL=url))
    with pytest.raises(BadToken, match="not at SNS"):
        ses.read_envelope(body, topics={TOPIC}, now=MORNING)


@pytest.mark.parametrize(
    "host",
    [
        "sns.us-east-1.amazonaws.com",
        "sns.us-gov-west-1.amazonaws.com",
        "sns.ap-southeast-4.amazonaws.com",
        "sns.cn-north-1.amazonaws.com.cn",
    ],
)
def test_certificates_of_every_region_are_good(host: str) -> None:
    body = sns().signed(envelope("{}", SigningCertURL=f"https://{host}{PEM}"))
    read = ses.read_envelope(body, topics={TOPIC}, now=MORNING)
    assert read.certificate_url == f"https://{host}{PEM}"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff\xfe{}", b'{"Type": "Other"}', b'{"Type": NaN}', b"[" * 200_000],
)
def test_what_is_no_message_of_sns_is_told_to_be_none(body: bytes) -> None:
    with pytest.raises(ParseError, match="hooks/ses"):
        ses.read_envelope(body, topics={TOPIC}, now=MORNING)


def test_raw_delivery_cannot_be_believed_and_the_error_says_what_to_do() -> None:
    with pytest.raises(ParseError, match="raw message delivery"):
        opened(json.dumps(ses_bounce(**GONE)).encode())


# ------------------------------------------------------------------- subscribing


def confirming(kind: str = "SubscriptionConfirmation", **more: Any) -> dict[str, Any]:
    asked = {"Type": kind, "SubscribeURL": SUBSCRIBE_URL, "Token": "2336412f37fb687f5d51"}
    return envelope("You have chosen to subscribe to the topic.") | asked | more


def test_a_topic_of_ours_that_asks_is_to_be_answered_at_its_address() -> None:
    for version in ("1", "2"):
        found = opened(sns().signed(confirming(), version=version))
        assert (found.kind, found.confirm_url) == (ses.Kind.SUBSCRIBE, SUBSCRIBE_URL)
        assert found.returns == ()


def test_a_changed_address_or_token_is_refused() -> None:
    body = sns().signed(confirming())
    elsewhere = SUBSCRIBE_URL.replace("eu-west-1", "us-east-1", 1)
    refused(changed(body, SubscribeURL=elsewhere), "signature is wrong")
    refused(changed(body, Token="other"), "signature is wrong")


@pytest.mark.parametrize(
    "url",
    [
        "",
        SUBSCRIBE_URL.replace("https:", "http:"),
        "https://evil.example/?Action=ConfirmSubscription",
        SUBSCRIBE_URL.replace("amazonaws.com/", "amazonaws.com.evil.example/"),
        "https://sns.s3-eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://169.254.169.254/latest/meta-data/",
        CERTIFICATE_URL,
    ],
)
def test_even_signed_nothing_elsewhere_is_to_be_fetched(url: str) -> None:
    refused(sns().signed(confirming(SubscribeURL=url)), "SubscribeURL is not at SNS")


def test_whoever_ended_the_subscription_is_not_contradicted() -> None:
    found = opened(sns().signed(confirming("UnsubscribeConfirmation")))
    assert (found.kind, found.confirm_url) == (ses.Kind.UNSUBSCRIBED, "")
