"""The lives of editions and deliveries, and what the clock makes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class EditionState(StrEnum):
    """An edition's life."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    SENT = "sent"
    #: Nothing new that day: recorded, never mailed.
    SKIPPED = "skipped"
    #: Its hour passed while nobody was running: waits for the operator.
    HELD = "held"
    CANCELLED = "cancelled"


class EditionEvent(StrEnum):
    COMPOSE = "compose"
    APPROVE = "approve"
    BEGIN = "begin"
    FINISH = "finish"
    CANCEL = "cancel"
    SKIP = "skip"


_ES, _EE = EditionState, EditionEvent

#: What may happen to an edition.  What is absent cannot happen.
EDITION_LIFE: Mapping[EditionState, Mapping[EditionEvent, EditionState]] = MappingProxyType(
    {
        _ES.DRAFT: {
            _EE.COMPOSE: _ES.DRAFT,
            _EE.APPROVE: _ES.APPROVED,
            _EE.CANCEL: _ES.CANCELLED,
            _EE.SKIP: _ES.SKIPPED,
        },
        _ES.HELD: {_EE.COMPOSE: _ES.DRAFT, _EE.CANCEL: _ES.CANCELLED, _EE.SKIP: _ES.SKIPPED},
        _ES.APPROVED: {_EE.BEGIN: _ES.SENDING, _EE.CANCEL: _ES.CANCELLED},
        _ES.SENDING: {_EE.FINISH: _ES.SENT, _EE.CANCEL: _ES.CANCELLED},
        # The doubtful or refused are tried again, by hand.
        _ES.SENT: {_EE.BEGIN: _ES.SENDING},
        # Something came after all, and a person asks for it.
        _ES.SKIPPED: {_EE.COMPOSE: _ES.DRAFT},
        _ES.CANCELLED: {},
    }
)


class DeliveryState(StrEnum):
    """A delivery's life: one edition to one subscriber."""

    #: Planned and not begun; derived, never stored.
    PENDING = "pending"
    #: Inside an open window; derived, never stored.
    SENDING = "sending"
    #: The relay said 250.
    SENT = "sent"
    #: Asked to come back later; `not_before` says when.
    DEFERRED = "deferred"
    #: Refused for good.
    FAILED = "failed"
    #: Left, suppressed or erased since the audience was frozen.
    SKIPPED = "skipped"
    #: We asked the relay and died, or lost the line, before hearing the answer.
    DOUBTFUL = "doubtful"
    #: Accepted, and reported undeliverable later.
    BOUNCED = "bounced"


class DeliveryEvent(StrEnum):
    BEGIN = "begin"
    ACCEPT = "accept"
    DEFER = "defer"
    REFUSE = "refuse"
    VANISH = "vanish"
    SUPPRESS = "suppress"
    RESEND = "resend"
    BOUNCE = "bounce"
    #: The edition's time is over and nobody took the mail.
    EXPIRE = "expire"


_DS, _DE = DeliveryState, DeliveryEvent

#: What may happen to a delivery.  What is absent cannot happen.
DELIVERY_LIFE: Mapping[DeliveryState, Mapping[DeliveryEvent, DeliveryState]] = MappingProxyType(
    {
        _DS.PENDING: {
            _DE.BEGIN: _DS.SENDING,
            _DE.SUPPRESS: _DS.SKIPPED,
            _DE.EXPIRE: _DS.FAILED,
        },
        _DS.SENDING: {
            _DE.ACCEPT: _DS.SENT,
            _DE.DEFER: _DS.DEFERRED,
            _DE.REFUSE: _DS.FAILED,
            # Our process died, or the line broke, between asking and hearing the answer.
            _DE.VANISH: _DS.DOUBTFUL,
        },
        _DS.DEFERRED: {
            _DE.BEGIN: _DS.SENDING,
            _DE.SUPPRESS: _DS.SKIPPED,
            _DE.EXPIRE: _DS.FAILED,
        },
        _DS.DOUBTFUL: {
            _DE.ACCEPT: _DS.SENT,
            _DE.REFUSE: _DS.FAILED,
            _DE.RESEND: _DS.SENDING,
        },
        _DS.SENT: {_DE.BOUNCE: _DS.BOUNCED},
        _DS.FAILED: {_DE.RESEND: _DS.SENDING},
        _DS.SKIPPED: {},
        _DS.BOUNCED: {},
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one delivery: a row of the journal."""

    subscriber_id: int
    state: DeliveryState
    #: Three-digit reply and enhanced status (RFC 3463) as the relay gave them.
    code: int = 0
    enhanced: str = ""
    text: str = ""
    at: datetime
    #: For DEFERRED: not before this instant.
    not_before: datetime | None = None
    #: Host of the relay that answered.
    relay: str = ""
    attempts: int = 1
    #: A relay was asked, whatever it said; False: what we decided by ourselves.
    heard: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """An edition's deliveries, to the person: planned is the sum of all the others."""

    planned: int = 0
    sent: int = 0
    failed: int = 0
    skipped: int = 0
    doubtful: int = 0
    #: Not begun, in an open window, or deferred.
    pending: int = 0
    bounced: int = 0

    @property
    def reconciles(self) -> bool:
        others = self.sent + self.failed + self.skipped + self.doubtful
        return self.planned == others + self.pending + self.bounced and self.pending >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a relay said to one try: every one is kept, also when a later one replaces it."""

    edition_id: str
    subscriber_id: int
    #: What it made of the delivery.
    state: DeliveryState
    code: int
    enhanced: str
    text: str
    relay: str
    #: Which try it was, from 1; 0 for what was no try, such as waiting for a turn.
    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How one relay, or the people of one provider, took what they were given."""

    accepted: int = 0
    #: "Later".
    deferred: int = 0
    #: "Never".
    refused: int = 0
    #: No answer heard.
    vanished: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            accepted=self.accepted + other.accepted,
            deferred=self.deferred + other.deferred,
            refused=self.refused + other.refused,
            vanished=self.vanished + other.vanished,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the sending of an edition is, at one moment."""

    edition_id: str
    at: datetime
    counts: Counts
    #: Mails accepted a second, over the last minute; 0 when nothing moves.
    per_s: float = 0.0
    #: Until whoever may be written to now has been, at this pace; None: nothing moves.
    left_s: float | None = None
    #: Answers since this sending began, by relay and by lane of the recipients.
    relays: Mapping[str, Tally] = field(default_factory=dict)
    lanes: Mapping[str, Tally] = field(default_factory=dict)
    #: Processes that send it now.
    workers: int = 0
    #: Why it is paused; "" while it is not.
    paused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One call of a verb that is due; equal keys are the same work."""

    verb: str
    key: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One appearance of a newsletter in its calendar."""

    newsletter: str
    #: Local date and clock in the newsletter's zone: with the slug, the edition's key.
    day: date
    clock: time
    #: The instant, UTC.  A clock that does not exist that day is moved forward (spring).
    at: datetime

    @property
    def edition_id(self) -> str:
        return f"{self.newsletter}@{self.day:%Y-%m-%d}T{self.clock:%H%M}"
