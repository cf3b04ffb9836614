"""Postmark's webhooks: a password, and one event a request, made into returns.

Postmark signs nothing: what proves a request is the password in the address that it was given
(HTTP Basic, RFC 7617).  Behind the door: whether it is the right one, and what each kind of
event means.  Not behind it: what becomes of it.
"""

import hmac
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Final

from digest.errors import BadToken
from digest.model.people import Return, ReturnKind
from digest.returns import relays
from digest.returns.kinds import first_status
from digest.returns.relays import Told

_HARD, _SOFT = ReturnKind.HARD, ReturnKind.SOFT

#: The worst that a type of bounce can mean; types that are not here say nothing of a mailbox:
#: notes of absence, questions whether we are human, mails to us, templates of Postmark's.
_AT_WORST: Final[Mapping[str, ReturnKind]] = {
    "HardBounce": _HARD,
    "BadEmailAddress": _HARD,
    # Not understood by Postmark; what the remote server said may be.
    "Unknown": _HARD,
    "Transient": _SOFT,
    "SoftBounce": _SOFT,
    "DnsError": _SOFT,
    "Blocked": _SOFT,
    "DMARCPolicy": _SOFT,
    # Refused for what it contained.
    "SpamNotification": _SOFT,
    "VirusNotification": _SOFT,
    # Somebody at the newsroom did it, in Postmark: nothing arrives, for no fault of a mailbox.
    "ManuallyDeactivated": _SOFT,
}
#: Types that speak of us or of the mail.
_SAYS: Final = {
    "Blocked": "5.7.0",
    "DMARCPolicy": "5.7.0",
    "SpamNotification": "5.7.0",
    "VirusNotification": "5.6.0",
}
_UNDERSTOOD: Final = frozenset({"HardBounce", "BadEmailAddress"})

#: Of what Postmark adds of the report, if it was told to: the last is that of our mail.
_MESSAGE_IDS: Final = re.compile(r"^Message-ID:[ \t]*(<[!-;=?-~]{3,500}>)", re.M | re.I)
_MOST_OF_REPORT: Final = 200_000


def read(body: bytes, *, authorization: str, password: str) -> tuple[Return, ...]:
    """What Postmark tells, if it knows the password.

    Args:
        authorization: the header of that name, or "".
        password: of [hooks] postmark; whatever the user is called.

    Raises:
        BadToken: another password, or none.
        ParseError: it is nothing that Postmark sends.
    """
    check(authorization, password)
    told = relays.read_object(body, "postmark")
    record = relays.words(told, "RecordType")
    if record in ("Bounce", "SpamComplaint") or (not record and "BouncedAt" in told):
        return _bounce(told)
    if record == "SubscriptionChange":
        return _change(told)
    if not record:
        raise relays.fault("postmark", "has no RecordType: it is no webhook of Postmark's")
    # Delivered, opened, clicked.
    return ()


def check(authorization: str, password: str) -> None:
    """Raise `BadToken` unless a header has the password; in the same time for each wrong one."""
    scheme, _, told = authorization.partition(" ")
    try:
        given = b64decode(told.strip(), validate=True) if scheme.lower() == "basic" else b""
    except (NotBase64, ValueError):
        given = b""
    wanted = password.encode("utf-8", "surrogatepass")
    # An empty password would let in whoever sends none.
    if not hmac.compare_digest(given.partition(b":")[2], wanted) or not wanted:
        raise BadToken("it does not have the password of [hooks] postmark")


def _bounce(told: Told) -> tuple[Return, ...]:
    kind = relays.words(told, "Type")
    if kind == "SpamComplaint" or relays.words(told, "RecordType") == "SpamComplaint":
        return (_made(told, ReturnKind.COMPLAINT),)
    if kind == "Unsubscribe":
        return (_made(told, ReturnKind.LEAVE),)
    words = relays.line(told, "Details")
    if kind == "SMTPApiError":
        # Of all that can be wrong with a mail handed to Postmark, this alone is its reader's.
        return (_made(told, _SOFT),) if "inactive" in words.lower() else ()
    worst = _AT_WORST.get(kind)
    if worst is None:
        return ()
    if worst is _HARD and kind not in _UNDERSTOOD and not words:
        worst = _SOFT
    found = relays.bounced(first_status(words), words, at_worst=worst)
    return (_made(told, found),)


def _change(told: Told) -> tuple[Return, ...]:
    """A change of Postmark's own list of those who get nothing."""
    if told.get("SuppressSending") is not True:
        return ()
    why = relays.words(told, "SuppressionReason")
    if why == "SpamComplaint":
        return (_made(told, ReturnKind.COMPLAINT),)
    if why == "ManualSuppression" and relays.words(told, "Origin") == "Recipient":
        return (_made(told, ReturnKind.LEAVE),)
    # A bounce is told once more, by an event of its own that has what the server said.
    return (_made(told, _SOFT),)


def _made(told: Told, kind: ReturnKind) -> Return:
    words = relays.line(told, "Details")
    return Return(
        kind=kind,
        recipient=relays.address(relays.line(told, "Email") or relays.line(told, "Recipient")),
        status=relays.stated(first_status(words), _SAYS.get(relays.words(told, "Type"), "")),
        diagnostic=words or relays.line(told, "Description"),
        message_id=_message_id(told),
        reporter="postmark",
        at=relays.moment(told.get("BouncedAt")) or relays.moment(told.get("ChangedAt")),
    )


def _message_id(told: Told) -> str:
    """Ours, where the report or the metadata has it; *MessageID* is Postmark's own."""
    noted = relays.part(told, "Metadata")
    for name in ("message-id", "Message-ID"):
        if ours := relays.message_id(relays.line(noted, name)):
            return ours
    found = _MESSAGE_IDS.findall(relays.words(told, "Content")[:_MOST_OF_REPORT])
    return relays.message_id(found[-1]) if found else ""
