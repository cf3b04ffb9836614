"""Pure: what a reply of the relay means, and whose fault it is."""

import re

from digest.errors import Deferred, MailError, Refused, RelayDown, Unfit

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?![\d.])\s*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST = 400

#: They do not know us, or we have lost step with each other (RFC 4954 §6, RFC 5321 §4.2.4).
_ABOUT_US = frozenset({503, 530, 534, 535, 538})

#: Too big for the relay, or for what its administrator allows (RFC 3463 §3.3, §3.4).
_TOO_BIG = frozenset({"3.4", "2.3"})
#: Not "too many messages", and not "insufficient system storage": those are about us, or it.
_OF_SIZE = re.compile(
    r"\b(?:message|mail|content)\b(?: \w+){0,3} too (?:big|large|long)\b"
    r"|\bmessage(?:'s)? (?:size|length)\b|\bsize of (?:the|this|your) message\b",
    re.I,
)


def verdict(code: int, text: str, *, during: str) -> MailError:
    """Turn a negative SMTP reply into the error that says whose fault it is.

    Args:
        code: three-digit reply, RFC 5321 §4.2.1.
        text: the relay's words, kept as they are.
        during: the command answered: "AUTH", "MAIL", "RCPT" or "DATA" (its content too).

    A 5.7.x at RCPT or DATA may be about the sender as well as about the recipient, and the reply
    does not tell which; it is taken at its word as `Refused`, for this one person.

    >>> verdict(550, "5.7.1 sender not allowed", during="MAIL")
    RelayDown('550 5.7.1 sender not allowed')
    >>> verdict(552, "5.3.4 message too big", during="MAIL")
    Unfit('552 5.3.4 message too big')
    >>> verdict(452, "4.5.3 too many recipients", during="RCPT")
    Deferred('452 4.5.3 too many recipients')
    """
    if during == "MAIL" and _about_size(code, text):
        return Unfit(code, text, ours=True)
    # Before RCPT nothing else said can be about the subscriber, whatever its digit.
    if during in ("AUTH", "MAIL") or code == 421 or code in _ABOUT_US:
        return RelayDown(code, text)
    if 400 <= code < 500:
        return Deferred(code, text)
    if 500 <= code < 600:
        # RFC 5321 §4.5.3.1.10: old relays say 552 at RCPT where 452 is meant.
        return (Deferred if code == 552 and during == "RCPT" else Refused)(code, text)
    # Neither yes nor no: whoever answers so is not a relay we can talk to.
    return RelayDown(code, text)


def _about_size(code: int, text: str) -> bool:
    """Whether MAIL was refused for the SIZE that it declares (RFC 1870 §6.1, §6.2)."""
    if code == 421 or code in _ABOUT_US or not 400 <= code < 600:
        return False
    status = enhanced_status(text)[2:]
    # 552 is what it has for this; 2.2 and class 7 are a quota, or a policy, of the sender's.
    exceeded = code == 552 and status != "2.2" and not status.startswith("7.")
    return exceeded or status in _TOO_BIG or bool(_OF_SIZE.search(text))


#: What only a mailbox can be, whatever status stands before it.
_OF_THEM = re.compile(
    r"(?:user|mailbox|recipient|address|account) (?:is )?(?:unknown|not found|does ?n.t exist)"
    r"|unknown (?:user|mailbox|recipient|address)|no such (?:user|mailbox|recipient|address)"
    r"|does not exist|(?:mailbox|account|user|quota).{0,20}(?:full|over ?quota|exceeded|disabled)",
    re.I,
)
#: Words of relays that refuse whoever sends, where the status does not say so.
_OF_US = re.compile(
    r"relay(?:ing)? (?:access )?(?:is )?(?:denied|prohibited|not (?:permitted|allowed))"
    r"|not permitted|unable to relay|authenticat|sender (?:address )?(?:rejected|denied)"
    r"|not (?:authori[sz]ed|allowed) to send|client host|your (?:ip|host|server|domain|network)"
    r"|black ?list|block ?list|blocked|reputation|policy|spam|suspended account|sending limit"
    r"|quota exceeded for|dmarc|dkim|\bspf\b",
    re.I,
)
#: Of class 7, yet about the recipient: no lists here, closed, another owner (RFC 3463, RFC 5248,
#: RFC 7293).
_THEIR_POLICY = frozenset({"2", "13", "17", "18", "19"})


def about_us(code: int, text: str) -> bool:
    """Whether a refusal of one person may really be of whoever sends, or of what we say.

    Then the next person will be refused as well, and it would be wrong to call the addresses bad.

    >>> about_us(554, "5.7.1 relay access denied")
    True
    >>> about_us(550, "5.1.1 no such mailbox")
    False
    """
    status = enhanced_status(text)
    if code == 421 or code in _ABOUT_US:
        return True
    if _OF_THEM.search(text):
        return False
    _, subject, detail = status.split(".") if status else ("", "", "")
    if subject in ("1", "2", "4"):
        # 1.7 and 1.8 are of the sender's address; the others of the recipient's.
        return status[2:] in ("1.7", "1.8")
    if subject == "7":
        return detail not in _THEIR_POLICY
    # 5 is the protocol between us, 6 the message.
    return subject in ("5", "6") or bool(_OF_US.search(text)) or (not status and code == 554)


def enhanced_status(text: str) -> str:
    """Return the RFC 3463 status that *text* begins with, or "".

    >>> enhanced_status("5.1.1 no such mailbox")
    '5.1.1'
    """
    found = _ENHANCED.match(text)
    return found[1] if found else ""


def one_line(text: str) -> str:
    """Fold a reply of several lines into one: printable, and at most 400 characters.

    RFC 2034 §4 repeats the enhanced status on every line; it is kept once.

    >>> one_line("5.1.1 no such mailbox,\\n5.1.1 see our page")
    '5.1.1 no such mailbox, see our page'
    """
    status = enhanced_status(text)
    lines = text.split("\n")
    if status:
        lines[1:] = [_without(line, status) for line in lines[1:]]
    return " ".join(_CONTROL.sub(" ", " ".join(lines)).split())[:_LONGEST]


def _without(line: str, status: str) -> str:
    return line.lstrip().removeprefix(status)
