"""Complaints: ARF (RFC 5965), and Microsoft's junk reports, which were not ARF.

Behind the door: which of them say that a person called our mail spam.  Reports of failed
authentication, of a virus, or that something was *not* spam, are no complaints.  Pure.
"""

import re
from dataclasses import dataclass
from typing import Final

from digest.returns.evidence import JUNK_MARK, address_in, carried_head
from digest.returns.parts import Head, Mail, read_head

#: RFC 5965 §7.3 and RFC 6430; what else there is, is not about a person's wish.
_COMPLAINTS: Final = frozenset({"abuse", "opt-out", "opt-out-list", "fraud"})
_WORD = re.compile(r"[a-z0-9-]+")
_FEEDBACK_KIND: Final = "message/feedback-report"
_MOST_RECIPIENTS: Final = 100


@dataclass(frozen=True, slots=True)
class Feedback:
    """A report about our mail: of which type, about whom, with its fields."""

    #: "abuse"…; "" when it does not say.
    type: str
    complaint: bool
    #: "" stands for one who has been blacked out.
    recipients: tuple[str, ...]
    fields: tuple[tuple[str, str], ...] = ()

    def first(self, *names: str) -> str:
        return Head(self.fields).first(*names)


def arf(mail: Mail) -> Feedback | None:
    """The feedback report in *mail*, or None."""
    for part in mail.parts:
        told = part.kind == _FEEDBACK_KIND
        if not told and (mail.report != "feedback-report" or part.carried):
            continue
        # Blank lines between fields are met with, and mean nothing.
        lines = [line for line in part.text()[:65_536].split("\n") if line.strip()]
        head = read_head("\n".join(lines[:1_000]).encode("utf-8", "replace"))[0]
        if told or head.has("feedback-type"):
            word = _WORD.search(head.first("feedback-type").lower())
            kind = word[0] if word else ""
            return Feedback(kind, kind in _COMPLAINTS, _told(head, mail), head.fields)
    return None


def jmrp(mail: Mail) -> Feedback | None:
    """A report of Microsoft's Junk Mail Reporting Program as it was until 2026, or None."""
    value = carried_head(mail).first(JUNK_MARK)
    return Feedback("abuse", True, (address_in(value),)) if value else None


def _told(head: Head, mail: Mail) -> tuple[str, ...]:
    given = head.every("original-rcpt-to", "removal-recipient")
    if not given:
        carried = carried_head(mail)
        given = carried.every("x-original-to", "delivered-to", "to")[:1]
    named = dict.fromkeys(
        address for value in given[:_MOST_RECIPIENTS] if (address := address_in(value))
    )
    return tuple(named) or ("",)
