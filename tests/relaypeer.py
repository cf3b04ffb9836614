"""Relays as they call: with real keys, made here, and payloads in the shapes that they send."""

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from make import MORNING

TOPIC = "arn:aws:sns:eu-west-1:123456789012:digest-bounces"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0f1e2d3c4b5a69788796a5b4c3d2e1f0.pem"
SUBSCRIBE_URL = (
    "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription"
    f"&TopicArn={TOPIC}&Token=2336412f37fb687f5d51"
)
READER = "Reader.One@example.com"
#: As the message_id of Links would be; the hooks do not look at it.
OURS = "<daily.20260518T0600.17.a1b2c3d4e5f6@press.example>"
PASSWORD = "tide-table"
SIGNING_KEY = "key-of-the-quay"


def seconds(at: datetime) -> str:
    return str(int(at.timestamp()))


# --------------------------------------------------------------------------- SNS


@dataclass(frozen=True)
class Sns:
    """A key of SNS and its certificate, signed by itself."""

    key: rsa.RSAPrivateKey
    certificate: bytes

    def signed(self, told: dict[str, Any], *, version: str = "2") -> bytes:
        """The body of a request, with a signature of everything that SNS signs."""
        told = {"SignatureVersion": version, "SigningCertURL": CERTIFICATE_URL} | told
        names = ["Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token"]
        if told["Type"] == "Notification":
            names.remove("SubscribeURL")
            names.remove("Token")
        names += ["TopicArn", "Type"]
        text = "".join(f"{name}\n{told[name]}\n" for name in names if told.get(name) is not None)
        digest = hashes.SHA1() if version == "1" else hashes.SHA256()
        signature = self.key.sign(text.encode(), PKCS1v15(), digest)
        return json.dumps({"Signature": base64.b64encode(signature).decode()} | told).encode()


@cache
def sns(*, bits: int = 2048, days: int = 30, begins: int = -1) -> Sns:
    """SNS, with a certificate that is good from *begins* days after the morning, for *days*."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return Sns(key=key, certificate=certificate_of(key, days=days, begins=begins))


def certificate_of(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *, days: int = 30, begins: int = -1
) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    since = MORNING + timedelta(days=begins)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(4711)
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def envelope(message: Any = "", **more: Any) -> dict[str, Any]:
    """A notification of SNS; *message* is what SES says."""
    told = {
        "Type": "Notification",
        "MessageId": "8f2c1d34-6a5b-5c7d-9e0f-1a2b3c4d5e6f",
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": MORNING.strftime("%Y-%m-%dT%H:%M:%S.123Z"),
    }
    return told | more


def ses_mail(*, headers: bool = True, to: str = READER) -> dict[str, Any]:
    mail: dict[str, Any] = {
        "timestamp": "2026-05-18T02:59:58.000Z",
        "messageId": "0102018f0a1b2c3d-11112222-3333-4444-5555-666677778888-000000",
        "source": "bounces+abcdefghij234567abcdefghij234567@press.example",
        "sourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/press.example",
        "sendingAccountId": "123456789012",
        "destination": [to],
    }
    if headers:
        mail |= {
            "headersTruncated": False,
            "headers": [
                {"name": "From", "value": "The Daily <daily@press.example>"},
                {"name": "Message-ID", "value": OURS},
            ],
            "commonHeaders": {"messageId": OURS, "subject": "Ferries run again"},
        }
    return mail


def ses_bounce(
    kind: str = "Permanent", why: str = "General", *, name: str = "notificationType", **one: str
) -> dict[str, Any]:
    """A bounce as SES tells it; *one* is what it has of the recipient."""
    return {
        name: "Bounce",
        "bounce": {
            "feedbackId": "0102018f0a1b2c3d-aaaabbbb-cccc-dddd-eeee-ffff00001111-000000",
            "bounceType": kind,
            "bounceSubType": why,
            "bouncedRecipients": [{"emailAddress": READER} | one],
            "timestamp": "2026-05-18T03:00:04.000Z",
            "reportingMTA": "dns; a4-15.smtp-out.eu-west-1.amazonses.com",
        },
        "mail": ses_mail(),
    }


def complaint(*to: str, **more: Any) -> dict[str, Any]:
    listed = [{"emailAddress": one} for one in to or (READER,)]
    event = {"complainedRecipients": listed, "timestamp": "2026-05-18T03:30:00.000Z"}
    return {"notificationType": "Complaint", "complaint": event | more, "mail": ses_mail()}


# ---------------------------------------------------------------------- Postmark


def basic(password: str = PASSWORD, user: str = "digest") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def postmark_bounce(kind: str = "HardBounce", **more: Any) -> dict[str, Any]:
    told = {
        "RecordType": "Bounce",
        "ID": 4323372036854775807,
        "Type": kind,
        "TypeCode": 1,
        "Name": "Hard bounce",
        "MessageID": "1c9e2f0a-7b6d-4e5f-8a9b-0c1d2e3f4a5b",
        "ServerID": 23,
        "MessageStream": "broadcast",
        "Description": "The server was unable to deliver your message.",
        "Details": "smtp;550 5.1.1 The mailbox you tried to reach does not exist",
        "Email": READER,
        "From": "daily@press.example",
        "BouncedAt": "2026-05-18T06:00:04.1234567+03:00",
        "DumpAvailable": True,
        "Inactive": True,
        "CanActivate": True,
        "Subject": "Ferries run again",
        "Metadata": {},
    }
    return told | more


# ----------------------------------------------------------------------- Mailgun


def mailgun_body(
    event: dict[str, Any],
    *,
    key: str = SIGNING_KEY,
    at: datetime = MORNING,
    token: str = "5f3e9c1b7a2d4e6f8091a2b3c4d5e6f708192a3b4c5d6e7f80",
    name: str = "signature",
) -> bytes:
    stamp = seconds(at)
    right = hmac.new(key.encode(), f"{stamp}{token}".encode(), "sha256").hexdigest()
    signature = {"timestamp": stamp, "token": token, "signature": "00" * 32} | {name: right}
    return json.dumps({"signature": signature, "event-data": event}).encode()


def mailgun_failed(
    severity: str = "permanent", reason: str = "bounce", **status: Any
) -> dict[str, Any]:
    told = {"code": 550, "message": "5.1.1 No such user here", "description": "", "attempt-no": 1}
    return {
        "event": "failed",
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "timestamp": 1779073204.529574,
        "log-level": "error",
        "severity": severity,
        "reason": reason,
        "recipient": READER,
        "recipient-domain": "example.com",
        "envelope": {
            "transport": "smtp",
            "sender": "bounces+abcdefghij234567abcdefghij234567@press.example",
            "targets": READER,
        },
        "message": {
            "headers": {"to": READER, "message-id": OURS.strip("<>"), "subject": "Ferries"},
            "size": 41234,
        },
        "delivery-status": told | status,
        "flags": {"is-routed": False, "is-test-mode": False},
        "user-variables": {},
    }


# ---------------------------------------------------------------------- SendGrid


@dataclass(frozen=True)
class SendGrid:
    """A key of SendGrid's, and its public half as its settings show it."""

    key: ec.EllipticCurvePrivateKey

    @property
    def shown(self) -> str:
        public = self.key.public_key()
        octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(octets).decode()

    def headers(self, body: bytes, *, at: datetime = MORNING) -> dict[str, str]:
        stamp = seconds(at)
        signature = self.key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        }


@cache
def sendgrid(curve: str = "p256") -> SendGrid:
    """SendGrid; each *curve* named has its key, and "other" is a second one on P-256."""
    chosen = ec.SECP384R1() if curve == "p384" else ec.SECP256R1()
    return SendGrid(ec.generate_private_key(chosen))


def sendgrid_event(event: str = "bounce", **more: Any) -> dict[str, Any]:
    told = {
        "email": READER,
        "event": event,
        "timestamp": 1779073204,
        "smtp-id": OURS,
        "sg_event_id": "Ym91bmNlLTEtMTIzNDU2",
        "sg_message_id": "ZYXwvuTSRqponmLKJIHGFE.recvd-12345-0",
    }
    if event == "bounce":
        told |= {
            "type": "bounce",
            "status": "5.1.1",
            "reason": "550 5.1.1 No mailbox of this name",
            "bounce_classification": "Invalid Address",
        }
    return told | more
