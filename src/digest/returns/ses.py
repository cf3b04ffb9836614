"""Amazon SES through SNS: a notification that SNS has signed, made into returns.

Behind the door: the signature (versions 1 and 2), which certificate may have made it, which
topics may tell, and both shapes in which SES tells (notifications of an identity, events of a
configuration set).  Not behind it: fetching the certificate, and fetching the address that
confirms a subscription; both come back as values.
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from digest.errors import BadToken
from digest.model.people import Return, ReturnKind
from digest.returns import relays
from digest.returns.evidence import links_in
from digest.returns.kinds import first_status
from digest.returns.relays import Told


class Kind(StrEnum):
    """What SNS sends."""

    NOTIFICATION = "Notification"
    #: Somebody wants a topic to send to us: nothing comes before we have agreed.
    SUBSCRIBE = "SubscriptionConfirmation"
    UNSUBSCRIBED = "UnsubscribeConfirmation"


#: SNS tries again for one hour and no longer.
_OLDEST: Final = timedelta(hours=1)
#: Clocks differ.
_AHEAD: Final = timedelta(minutes=15)

# A region, not just any label: "sns.s3-eu-west-1.amazonaws.com" would be somebody's bucket.
_SNS: Final = r"https://sns\.[a-z]{2}(?:-[a-z]{2,12}){1,3}-\d{1,2}\.amazonaws\.com(?:\.cn)?/"
#: No query: SNS answers many questions, and in some of the answers are words of whoever asks.
_CERTIFICATE: Final = re.compile(_SNS + r"SimpleNotificationService(?:-[A-Za-z0-9]{1,80})?\.pem")
_CONFIRMING: Final = re.compile(_SNS + r"\?[!-~]{1,2000}")

_CONFIRMATION: Final = (
    *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
)
#: What is signed, in this order: each name and its value, on lines of their own.
_SIGNED: Final[Mapping[Kind, tuple[str, ...]]] = MappingProxyType(
    {
        Kind.NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
        Kind.SUBSCRIBE: _CONFIRMATION,
        Kind.UNSUBSCRIBED: _CONFIRMATION,
    }
)
_SMALLEST_KEY: Final = 2048

#: On a list of SES's, which says why: of addresses that were invalid for any of its customers
#: of late; of people who left by a link that SES put into a mail.
_LISTED: Final = {
    "Suppressed": ReturnKind.HARD,
    "UnsubscribedRecipient": ReturnKind.LEAVE,
}
#: The list of the newsroom's own account, which its other mails fill too, and people by hand.
#: SES sends such mails to nobody, so there is time to count them.
_OUR_LIST: Final = "OnAccountSuppressionList"
#: Kinds of bounces that speak of the mail, or of today.
_SAYS: Final = {
    "MailboxFull": "5.2.2",
    "MessageTooLarge": "5.3.4",
    "ContentRejected": "5.6.0",
    "AttachmentRejected": "5.6.0",
}
#: RFC 5965 types that say nothing against the mail.
_NO_COMPLAINT: Final = frozenset({"auth-failure", "not-spam"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What SNS sent, not yet believed: its certificate has to be fetched first."""

    kind: Kind
    topic: str
    #: https, at SNS: where the certificate of the signature is.
    certificate_url: str
    version: str
    signature: bytes
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a signed notification says."""

    kind: Kind
    returns: tuple[Return, ...] = ()
    #: Of SUBSCRIBE: GET it, and the topic sends to us from then on.
    confirm_url: str = ""


def read_envelope(body: bytes, *, topics: Collection[str], now: datetime) -> Envelope:
    """What is to be known of a request before its certificate is fetched.

    Raises:
        ParseError: it is no message of SNS.
        BadToken: of a topic that is not configured, too old, or with a certificate elsewhere
            than at SNS: nothing of it may be fetched.
    """
    told = relays.read_object(body, "ses")
    try:
        kind = Kind(relays.words(told, "Type"))
    except ValueError as error:
        raise relays.fault(
            "ses", 'is no message of SNS; "raw message delivery" of the subscription must be off'
        ) from error
    topic = relays.words(told, "TopicArn")
    if topic not in topics:
        raise BadToken("it is of an SNS topic that [hooks] ses_topics does not name")
    sent_at = relays.moment(relays.words(told, "Timestamp"))
    if sent_at is None or not now - _OLDEST <= sent_at <= now + _AHEAD:
        raise BadToken("it was not sent by SNS within the last hour, or the clock here is wrong")
    url = relays.words(told, "SigningCertURL")
    if not _CERTIFICATE.fullmatch(url):
        raise BadToken("its certificate is not at SNS")
    try:
        signature = b64decode(relays.words(told, "Signature"), validate=True)
    except (NotBase64, ValueError) as error:
        raise BadToken("its signature is none") from error
    return Envelope(
        kind=kind,
        topic=topic,
        certificate_url=url,
        version=relays.words(told, "SignatureVersion"),
        signature=signature,
        told=told,
    )


def open_envelope(envelope: Envelope, certificate: bytes, *, now: datetime) -> Opened:
    """What SNS says, once its signature is found good.

    Args:
        certificate: what stands at the envelope's *certificate_url*: PEM.

    Raises:
        BadToken: SNS did not sign this.
        ParseError: it did, and it is nothing that SES tells.
    """
    _verify(envelope, certificate, now)
    if envelope.kind is Kind.NOTIFICATION:
        message = relays.words(envelope.told, "Message")
        return Opened(kind=envelope.kind, returns=_returns(message))
    if envelope.kind is Kind.UNSUBSCRIBED:
        # Its address would undo what the newsroom has just done.
        return Opened(kind=envelope.kind)
    url = relays.words(envelope.told, "SubscribeURL")
    if not _CONFIRMING.fullmatch(url):
        raise BadToken("its SubscribeURL is not at SNS")
    return Opened(kind=envelope.kind, confirm_url=url)


def _verify(envelope: Envelope, certificate: bytes, now: datetime) -> None:
    # SHA-1 is what SNS signs with until a topic is told otherwise; a forger would have to find
    # a second text for a given sum, which nobody can.
    known = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303
    digest = known.get(envelope.version)
    try:
        read = x509.load_pem_x509_certificate(certificate)
        key = read.public_key()
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise BadToken("what stands at SigningCertURL is no certificate") from error
    if not read.not_valid_before_utc <= now <= read.not_valid_after_utc:
        raise BadToken("the certificate of its signature is not valid today")
    if digest is None or not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_KEY:
        raise BadToken("it is signed in a way that SNS does not sign")
    try:
        key.verify(envelope.signature, _canonical(envelope), PKCS1v15(), digest)
    except InvalidSignature as error:
        raise BadToken("its signature is wrong") from error


def _canonical(envelope: Envelope) -> bytes:
    lines = [
        f"{name}\n{value}\n"
        for name in _SIGNED[envelope.kind]
        # A Subject is not there, or null, when there is none.
        if isinstance(value := envelope.told.get(name), str)
    ]
    return "".join(lines).encode("utf-8", "surrogatepass")


# ------------------------------------------------------------------ what SES says


def _returns(message: str) -> tuple[Return, ...]:
    if message.startswith("Successfully validated SNS topic"):
        return ()
    told = relays.read_object(message, "ses")
    kind = relays.words(told, "eventType") or relays.words(told, "notificationType")
    if not kind:
        raise relays.fault("ses", "is signed by SNS and is nothing that SES tells")
    if kind == "Bounce":
        return _bounces(told)
    if kind == "Complaint":
        return _complaint(told)
    if kind == "DeliveryDelay":
        delay = relays.part(told, "deliveryDelay")
        listed = relays.parts(delay, "delayedRecipients")
        late = (_failed(told, delay, one, ReturnKind.SOFT) for one in listed)
        return tuple(replace(one, delayed=True) for one in late)
    if kind == "Subscription":
        return _left(told)
    # Sent, delivered, opened; refused for what it contained: nothing about a mailbox.
    return ()


def _bounces(told: Told) -> tuple[Return, ...]:
    bounce = relays.part(told, "bounce")
    kind = relays.words(bounce, "bounceType")
    why = relays.words(bounce, "bounceSubType")
    # "NoEmail": SES could not tell from the report whose it is; the mail itself can.
    listed = relays.parts(bounce, "bouncedRecipients") or [{}]
    if kind == "Transient" and why in ("", "General"):
        # Notes from people on holiday are told so too, without a word from any server.
        listed = [one for one in listed if _spoken(one)]
    if why in _LISTED:
        return tuple(_made(told, bounce, one, _LISTED[why]) for one in listed)
    return tuple(_failed(told, bounce, one, _at_worst(kind, why, one)) for one in listed)


def _spoken(one: Told) -> bool:
    """Whether a report came with it, of a server."""
    return any(relays.line(one, name) for name in ("action", "status", "diagnosticCode"))


def _at_worst(kind: str, why: str, one: Told) -> ReturnKind:
    if kind == "Permanent" and why != _OUR_LIST:
        return ReturnKind.HARD
    # Not understood by SES; what the remote server said may be.
    return ReturnKind.HARD if kind == "Undetermined" and _spoken(one) else ReturnKind.SOFT


def _failed(told: Told, event: Told, one: Told, at_worst: ReturnKind) -> Return:
    kind = relays.bounced(
        first_status(relays.line(one, "status")),
        relays.line(one, "diagnosticCode"),
        action=relays.line(one, "action"),
        at_worst=at_worst,
    )
    return _made(told, event, one, kind)


def _complaint(told: Told) -> tuple[Return, ...]:
    complaint = relays.part(told, "complaint")
    listed = relays.parts(complaint, "complainedRecipients") or [{}]
    if relays.line(complaint, "complaintFeedbackType").lower() in _NO_COMPLAINT:
        return ()
    # SES names everybody at the mailbox's provider whom the mail went to; ours go to one.
    if len(listed) > 1:
        return ()
    return (_made(told, complaint, listed[0], ReturnKind.COMPLAINT),)


def _left(told: Told) -> tuple[Return, ...]:
    """Who left by the link that SES's own lists of contacts put into a mail."""
    event = relays.part(told, "subscription")
    if relays.part(event, "newTopicPreferences").get("unsubscribeAll") is not True:
        return ()
    return (_made(told, event, {}, ReturnKind.LEAVE),)


def _made(told: Told, event: Told, one: Told, kind: ReturnKind) -> Return:
    mail = relays.part(told, "mail")
    sent_to = mail.get("destination")
    # Whom we wrote to; a report may name whom that mailbox forwards to.
    if isinstance(sent_to, list) and len(sent_to) == 1 and isinstance(sent_to[0], str):
        recipient = relays.address(sent_to[0])
    else:
        recipient = relays.address(relays.line(one, "emailAddress"))
    return Return(
        kind=kind,
        recipient=recipient,
        status=relays.stated(
            first_status(relays.line(one, "status")),
            _SAYS.get(relays.words(event, "bounceSubType"), ""),
        ),
        diagnostic=relays.line(one, "diagnosticCode"),
        message_id=_message_id(mail),
        tokens=links_in(_header(mail, "list-unsubscribe")),
        sent_to=relays.local_part(relays.line(mail, "source")),
        reporter="ses",
        at=relays.moment(event.get("timestamp")),
    )


def _message_id(mail: Told) -> str:
    """Ours; the *messageId* of a mail is what SES calls it."""
    common = relays.line(relays.part(mail, "commonHeaders"), "messageId")
    return relays.message_id(common or _header(mail, "message-id"))


def _header(mail: Told, name: str) -> str:
    found = (one for one in relays.parts(mail, "headers") if _named(one) == name)
    return relays.line(next(found, {}), "value")


def _named(header: Told) -> str:
    return relays.line(header, "name").lower()
