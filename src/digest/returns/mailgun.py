"""Mailgun's webhooks: one signed event a request, made into returns.

Behind the door: the signature, how old it may be, and what an event means.  The signature covers
a time and a token and *not* the event, so whoever has seen one request could write another event
beneath it: the token comes back as a value, and whoever asks remembers which body it came with.
Not behind it: that memory.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from digest.errors import BadToken
from digest.model.people import Return, ReturnKind
from digest.returns import relays
from digest.returns.kinds import first_status
from digest.returns.relays import Told

#: Mailgun tries again for eight hours, and does not say whether it signs anew.
OLDEST: Final = timedelta(hours=9)
#: Clocks differ.
_AHEAD: Final = timedelta(minutes=15)
_LONGEST_TOKEN: Final = 200

#: Addresses on Mailgun's own lists get nothing; why they are there is in the name.
_LISTED: Final = {
    "suppress-complaint": ReturnKind.COMPLAINT,
    "suppress-unsubscribe": ReturnKind.LEAVE,
    # It does not say what the server had said: there is time to count.
    "suppress-bounce": ReturnKind.SOFT,
}
#: Given up for having waited too long; blocked by a provider for whom we are.
_NEVER_HARD: Final = frozenset({"old", "espblock", "greylisted"})
_SAYS: Final = {"espblock": "5.7.0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What one request says, and the token that no other request may come with."""

    token: str
    signed_at: datetime
    returns: tuple[Return, ...]


def read(body: bytes, *, key: str, now: datetime) -> Signed:
    """What Mailgun tells, if it has signed it.

    Args:
        key: its "HTTP webhook signing key".

    Raises:
        BadToken: signed with another key, or too long ago.
        ParseError: it is nothing that Mailgun sends.
    """
    told = relays.read_object(body, "mailgun")
    signature = relays.part(told, "signature")
    if not signature:
        raise relays.fault("mailgun", 'has no "signature": it is no webhook of Mailgun\'s')
    token = relays.line(signature, "token")
    stamp = relays.line(signature, "timestamp")
    given = (relays.line(signature, "signature"), relays.line(signature, "parent-signature"))
    right = hmac.digest(key.encode(), f"{stamp}{token}".encode(), "sha256").hex().encode()
    # The second is that of the main account, for a subaccount's events.
    matches = [hmac.compare_digest(right, one.encode()) for one in given]
    if not key or not any(matches) or not 1 <= len(token) <= _LONGEST_TOKEN:
        raise BadToken("it is not signed with the key of [hooks] mailgun")
    signed_at = relays.moment(stamp) if stamp.isascii() and stamp.isdigit() else None
    if signed_at is None or not now - OLDEST <= signed_at <= now + _AHEAD:
        raise BadToken("it was signed too long ago, or the clock here is wrong")
    event = relays.part(told, "event-data")
    if not relays.line(event, "event"):
        raise relays.fault("mailgun", 'has no "event-data": it is no webhook of Mailgun\'s')
    return Signed(token=token, signed_at=signed_at, returns=_returns(event))


def _returns(event: Told) -> tuple[Return, ...]:
    name = relays.line(event, "event")
    if name == "complained":
        return (_made(event, ReturnKind.COMPLAINT),)
    if name == "unsubscribed":
        return (_made(event, ReturnKind.LEAVE),)
    # "rejected" is what Mailgun thinks of us, the rest is good news.
    return (_made(event, _failed(event)),) if name == "failed" else ()


def _failed(event: Told) -> ReturnKind:
    why = relays.line(event, "reason")
    if why in _LISTED:
        return _LISTED[why]
    told = relays.part(event, "delivery-status")
    permanent = relays.line(event, "severity") == "permanent"
    doubted = why in _NEVER_HARD or relays.line(told, "bounce-type") == "soft"
    return relays.bounced(
        _status(told),
        _said(told),
        reply=_reply(told),
        at_worst=ReturnKind.HARD if permanent and not doubted else ReturnKind.SOFT,
    )


def _status(told: Told) -> str:
    return first_status(relays.line(told, "enhanced-code")) or first_status(_said(told))


def _said(told: Told) -> str:
    return relays.line(told, "message") or relays.line(told, "description")


def _reply(told: Told) -> int:
    """The reply of the remote server; codes of 600 and above are Mailgun's own, as is 498."""
    code = relays.line(told, "code")
    if not (code.isascii() and code.isdigit() and len(code) == 3) or code in ("498", "499"):
        return 0
    return int(code) if 400 <= int(code) < 600 else 0


def _made(event: Told, kind: ReturnKind) -> Return:
    told = relays.part(event, "delivery-status")
    headers = relays.part(event, "message", "headers")
    return Return(
        kind=kind,
        recipient=relays.address(relays.line(event, "recipient")),
        status=relays.stated(_status(told), _SAYS.get(relays.line(event, "reason"), "")),
        diagnostic=_said(told),
        message_id=relays.message_id(relays.line(headers, "message-id")),
        sent_to=relays.local_part(relays.line(relays.part(event, "envelope"), "sender")),
        reporter="mailgun",
        at=relays.moment(event.get("timestamp")),
    )
