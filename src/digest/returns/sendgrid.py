"""SendGrid's signed event webhook: many events a request, made into returns.

Behind the door: the signature (ECDSA over P-256, of the time and the body), how old it may be,
and what each event means.  Not behind it: what becomes of it.
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from digest.errors import BadToken, ConfigError
from digest.model.people import Return, ReturnKind
from digest.returns import relays
from digest.returns.kinds import first_status
from digest.returns.relays import Told

#: SendGrid tries again for a day.
_OLDEST: Final = timedelta(hours=25)
#: Clocks differ.
_AHEAD: Final = timedelta(minutes=15)

#: Some programs show the key with them.
_PEM: Final = re.compile(r"-----[A-Z ]{1,40}-----")

_ASKED: Final[Mapping[str, ReturnKind]] = {
    "spamreport": ReturnKind.COMPLAINT,
    "unsubscribe": ReturnKind.LEAVE,
    "group_unsubscribe": ReturnKind.LEAVE,
}
#: Not even tried, because the address is on a list of SendGrid's.  The other reasons to drop a
#: mail are about the mail, or about the account.
_DROPPED: Final[Mapping[str, ReturnKind]] = {
    "spam reporting address": ReturnKind.COMPLAINT,
    "unsubscribed address": ReturnKind.LEAVE,
    # It does not say what the server had said: there is time to count.
    "bounced address": ReturnKind.SOFT,
    "invalid": ReturnKind.HARD,
}
#: What SendGrid makes of a bounce, where that is not the mailbox's fault; and RFC 3463's word.
_NEVER_HARD: Final[Mapping[str, str]] = {
    "content": "5.6.0",
    "reputation": "5.7.0",
    "frequency or volume too high": "5.7.0",
    "technical": "",
    "technical failure": "",
}


def read(
    body: bytes, *, signature: str, timestamp: str, key: str, now: datetime
) -> tuple[Return, ...]:
    """What SendGrid tells, if it has signed it.

    Args:
        signature: the header X-Twilio-Email-Event-Webhook-Signature, or "".
        timestamp: the header X-Twilio-Email-Event-Webhook-Timestamp, or "".
        key: its "verification key", as SendGrid shows it: base64.

    Raises:
        ConfigError: *key* is none.
        BadToken: signed with another key, or too long ago; or changed since.
        ParseError: it is nothing that SendGrid sends.
    """
    public = _public_key(key)
    try:
        public.verify(
            b64decode(signature, validate=True),
            timestamp.encode("utf-8", "surrogatepass") + body,
            ECDSA(SHA256()),
        )
    except (InvalidSignature, NotBase64, ValueError) as error:
        raise BadToken("it is not signed with the key of [hooks] sendgrid") from error
    at = relays.moment(timestamp) if timestamp.isascii() and timestamp.isdigit() else None
    if at is None or not now - _OLDEST <= at <= now + _AHEAD:
        raise BadToken("it was signed too long ago, or the clock here is wrong")
    told = relays.read_json(body, "sendgrid")
    if not isinstance(told, list):
        raise relays.fault("sendgrid", "is no list of events")
    events = [one for one in told if isinstance(one, dict)]
    return tuple(found for event in events if (found := _return(event)) is not None)


def _public_key(key: str) -> EllipticCurvePublicKey:
    text = "".join(_PEM.sub("", key).split())
    try:
        public = load_der_public_key(b64decode(text, validate=True))
    except (ValueError, NotBase64, UnsupportedAlgorithm) as error:
        raise _no_key() from error
    if not isinstance(public, EllipticCurvePublicKey) or not isinstance(public.curve, SECP256R1):
        raise _no_key()
    return public


def _no_key() -> ConfigError:
    return ConfigError(
        [
            "hooks.sendgrid is no verification key: copy it whole from SendGrid, Settings, "
            "Mail Settings, Event Webhooks, Signature Verification"
        ]
    )


def _return(event: Told) -> Return | None:
    name = relays.line(event, "event")
    if name in _ASKED:
        return _made(event, _ASKED[name])
    if name == "dropped":
        kind = _DROPPED.get(relays.line(event, "reason").lower())
        return None if kind is None else _made(event, kind)
    if name == "deferred":
        return _made(event, ReturnKind.SOFT)
    # "blocked" was an event of its own once; now it is a type of bounce.
    return _made(event, _bounced(event)) if name in ("bounce", "blocked") else None


def _bounced(event: Told) -> ReturnKind:
    blocked = "blocked" in (relays.line(event, "event"), relays.line(event, "type"))
    doubted = _classed(event) in _NEVER_HARD
    return relays.bounced(
        _status(event),
        _said(event),
        at_worst=ReturnKind.SOFT if blocked or doubted else ReturnKind.HARD,
    )


def _classed(event: Told) -> str:
    return relays.line(event, "bounce_classification").lower()


def _status(event: Told) -> str:
    return first_status(relays.line(event, "status")) or first_status(_said(event))


def _said(event: Told) -> str:
    return relays.line(event, "reason") or relays.line(event, "response")


def _made(event: Told, kind: ReturnKind) -> Return:
    return Return(
        kind=kind,
        recipient=relays.address(relays.line(event, "email")),
        status=relays.stated(_status(event), _NEVER_HARD.get(_classed(event), "")),
        diagnostic=_said(event),
        message_id=relays.message_id(relays.line(event, "smtp-id")),
        reporter="sendgrid",
        at=relays.moment(event.get("timestamp")),
    )
