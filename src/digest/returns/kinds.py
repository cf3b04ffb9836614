"""What one failure means: is the mailbox gone for good, or was it only not this time?

Behind the door: RFC 3463 codes, SMTP reply codes and the servers' words, weighed against each
other.  Hard is said only when it is certain that there is no such mailbox, that it was closed,
or that its domain takes no mail; everything else that failed is soft.  Not behind it: whose
mailbox it was.  Pure.
"""

import re
from dataclasses import dataclass
from typing import Final

from digest.model.people import ReturnKind
from digest.returns.phrases import gone, hedged, not_for_good, squeezed, vacant

#: As much of a server's words as is looked at.
LONGEST_SAID: Final = 4_000

_STATUS = re.compile(r"(?<![\w.])([245]\.\d{1,3}\.\d{1,3})(?!\w|\.\d)", re.ASCII)
_REPLY = re.compile(
    r"(?<![\w.#=/-])(?<!\d:)([245]\d\d)(?=[ \-#;]|$)(?! ?(?:seconds|minutes|bytes|kb|mb))"
)
_FIRST_WORD = re.compile(r"[a-z-]+")

#: RFC 3464 §2.3.3: what happened is no failure.
_ARRIVED: Final = frozenset({"delivered", "relayed", "expanded"})
#: What each of them says; taken at its word unless the server's words say otherwise.
_GONE: Final = {
    "5.1.1": "there is no such mailbox",
    "5.1.2": "there is no such domain",
    "5.1.3": "it is no address",
    "5.1.6": "the mailbox has moved and left no address",
    # RFC 7505 says that the domain takes no mail, Exchange that it has no such recipient.
    "5.1.10": "the recipient does not exist",
}
#: A mailbox that may well be there; whatever else is said with them.
_NOT_GONE: Final = {
    "5.1.7": "it is about the sender's address",
    "5.1.8": "it is about the sender's address",
    "5.2.2": "the mailbox is full",
    "5.2.3": "the message is too large for the mailbox",
    "5.2.4": "it is about a mailing list",
    "5.3.1": "the mail system is full",
    "5.3.2": "the mail system takes no mail now",
    "5.3.4": "the message is too large",
    "5.4.6": "the mail went in a loop",
    "5.4.7": "it took too long",
}
_GENERIC: Final = frozenset({"", "5.0.0", "5.1.0", "5.2.0", "5.3.0", "5.4.0", "5.5.0"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """A kind, and why: the rest of a sentence about the report."""

    #: None: nothing failed.
    kind: ReturnKind | None
    why: str
    #: It is still on its way.
    delayed: bool = False


def kind_of(status: str, diagnostic: str, *, code: int = 0, action: str = "") -> ReturnKind | None:
    """HARD, SOFT, or None for what is no failure.

    Args:
        status: RFC 3463, "5.1.1"; "" when there is none.
        diagnostic: the remote server's words, as they came.
        code: three-digit SMTP reply; 0 when it is not known, or part of *diagnostic*.
        action: of a delivery report (RFC 3464 §2.3.3).

    >>> kind_of("5.0.0", "smtp; 550 5.1.1 <ann@example.org>: user unknown")
    <ReturnKind.HARD: 'hard'>
    >>> kind_of("5.1.1", "550 5.7.1 rejected by policy")
    <ReturnKind.SOFT: 'soft'>
    """
    return judged(status, diagnostic, code=code, action=action).kind


def judged(status: str, diagnostic: str, *, code: int = 0, action: str = "") -> Verdict:
    """As `kind_of`, with the reason."""
    word = _FIRST_WORD.match(action.strip().lower())
    done = word[0] if word else ""
    if done in _ARRIVED:
        return Verdict(None, f"the report says that it was {done}")
    said = diagnostic[:LONGEST_SAID]
    given = first_status(status)
    told = list(dict.fromkeys(_STATUS.findall(said)))
    reply = code or first_reply(said)
    if done == "delayed":
        return Verdict(ReturnKind.SOFT, "it is only delayed", delayed=True)
    passing = _passing(given, told, reply)
    if passing is not None:
        return passing
    codes = [given, *told] if given else told
    for each in codes:
        mild = _mild(each)
        if mild:
            return Verdict(ReturnKind.SOFT, f"{each} means that {mild}")
    return _weighed(codes, squeezed(said), reply)


def first_status(text: str) -> str:
    """The first RFC 3463 code in *text*, or ""."""
    found = _STATUS.search(text[:LONGEST_SAID])
    return found[1] if found else ""


def telling_status(status: str, diagnostic: str) -> str:
    """The code that says most: the report's, or the remote server's where that is generic."""
    given, told = first_status(status), first_status(diagnostic)
    return told if told and given in _GENERIC else given


def first_reply(text: str) -> int:
    """The first SMTP reply code in *text*, or 0."""
    found = _REPLY.search(text[:LONGEST_SAID])
    return int(found[1]) if found else 0


def _passing(given: str, told: list[str], reply: int) -> Verdict | None:
    """What is decided by the first digit alone: a success, or a failure of the moment."""
    if given.startswith("2") and not any(each.startswith("5") for each in told):
        return Verdict(None, f"{given} is a success")
    if not given and 200 <= reply < 300 and not told:
        return Verdict(None, f"{reply} is a success")
    if given.startswith("4"):
        return Verdict(ReturnKind.SOFT, f"{given} is a failure of the moment")
    # The report's own 5 may only say that the sending server gave up.
    if told and all(each.startswith("4") for each in told):
        return Verdict(ReturnKind.SOFT, f"the remote server said {told[0]}, for the moment")
    if 400 <= reply < 500 and not any(each.startswith("5") for each in told):
        return Verdict(ReturnKind.SOFT, f"the remote server said {reply}, for the moment")
    return None


def _mild(status: str) -> str:
    if status.startswith("5.7."):
        return "it is a matter of policy"
    if status.startswith("5.6."):
        return "it is about the message's form"
    return _NOT_GONE.get(status, "")


def _weighed(codes: list[str], words: str, reply: int) -> Verdict:
    """A permanent failure whose code leaves it open: the words decide, the mild ones first."""
    mild = not_for_good(words)
    if mild:
        return Verdict(ReturnKind.SOFT, f"“{mild}” does not say that the mailbox is gone")
    for each in codes:
        if each in _GONE:
            return Verdict(ReturnKind.HARD, f"{each} means that {_GONE[each]}")
    hard = gone(words)
    if hard and hedged(words):
        return Verdict(ReturnKind.SOFT, f"“{hard}” is only one of the reasons that it gives")
    if hard:
        return Verdict(ReturnKind.HARD, f"the server's words are “{hard}”")
    # RFC 5321 §4.2.3's own words for 550, which big providers say of a mailbox that is not there.
    if reply == 550 and vacant(words) and all(each in _GENERIC for each in codes):
        return Verdict(ReturnKind.HARD, "550 “mailbox unavailable” means that there is none")
    if codes:
        return Verdict(ReturnKind.SOFT, f"{codes[0]} does not say that the mailbox is gone")
    return Verdict(ReturnKind.SOFT, "it failed, and nothing says that the mailbox is gone")
