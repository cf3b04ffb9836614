"""Who reads: subscribers, what they want of each newsletter, the consent behind it, and its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from digest.model.composed import Form


class SubscriptionState(StrEnum):
    """A subscription's life: one person and one newsletter."""

    #: Asked for, and not confirmed: nothing but the question is ever mailed.
    PENDING = "pending"
    ACTIVE = "active"
    #: Not mailed until a day that the person chose; then active again by itself.
    PAUSED = "paused"
    ENDED = "ended"


class SubscriptionEvent(StrEnum):
    ASK = "ask"
    #: Consent was given, or stated by who imports; also of somebody who comes back.
    CONSENT = "consent"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


_SS, _SE = SubscriptionState, SubscriptionEvent

#: What may happen to a subscription.  What is absent changes nothing.
SUBSCRIPTION_LIFE: Mapping[SubscriptionState, Mapping[SubscriptionEvent, SubscriptionState]] = (
    MappingProxyType(
        {
            _SS.PENDING: {_SE.CONSENT: _SS.ACTIVE, _SE.END: _SS.ENDED},
            _SS.ACTIVE: {_SE.PAUSE: _SS.PAUSED, _SE.END: _SS.ENDED},
            _SS.PAUSED: {
                # Another day.
                _SE.PAUSE: _SS.PAUSED,
                _SE.RESUME: _SS.ACTIVE,
                _SE.END: _SS.ENDED,
            },
            # Whoever asks again stays ended until they have confirmed.
            _SS.ENDED: {_SE.CONSENT: _SS.ACTIVE},
        }
    )
)


class By(StrEnum):
    """Why a subscription changed: the cause beside each dated change."""

    #: Signed up on a page or an embedded form.
    FORM = "form"
    #: The link of the confirmation mail, and its button.
    CONFIRMED = "confirmed"
    IMPORT = "import"
    #: A command of the newsroom's.
    ADMIN = "admin"
    #: The mail program's button (RFC 8058).
    ONE_CLICK = "one-click"
    #: The pages behind the links of a mail.
    PAGE = "page"
    #: A mail to [returns] leave_address.
    MAIL = "mail"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    #: The pause is over.
    TIME = "time"
    #: Never confirmed.
    EXPIRED = "expired"


class Frequency(StrEnum):
    """Which editions of a newsletter somebody gets."""

    #: Every edition.
    DAILY = "daily"
    #: Those of Mondays to Fridays.
    WEEKDAYS = "weekdays"
    #: None of its own; those of the newsletter that is the best of it.
    WEEKLY = "weekly"
    #: Only those outside the calendar.
    BREAKING = "breaking"


class Barred(StrEnum):
    """Why an address or a domain is never to be mailed."""

    #: No such mailbox: their own new sign-up, confirmed, lifts it.
    BOUNCE = "bounce"
    #: Reported as spam.
    COMPLAINT = "complaint"
    #: They asked never to be written to again.
    REQUEST = "request"
    #: They asked to be forgotten: no import brings them back, their own sign-up does.
    ERASED = "erased"
    #: They had left where an import comes from; else as the one before.
    LEFT = "left"
    ADMIN = "admin"


#: What a confirmed sign-up of one's own lifts; before it, one question may be mailed.
LIFTED_BY_CONSENT = frozenset({Barred.BOUNCE, Barred.ERASED, Barred.LEFT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person's address and preferences, as one mail needs them."""

    id: int
    #: As `addresses.parse_address` gives it.
    email: str
    name: str = ""
    #: BCP 47; "" if they chose none: as the newsletter.
    language: str = "en"
    #: IANA name.
    timezone: str = "UTC"
    #: Slugs of the sections wanted; empty means all of them.
    sections: tuple[str, ...] = ()
    briefs: bool = True
    #: Not before this hour of their own clock, 0 to 23; None: as soon as the edition is there.
    hour: int | None = None
    form: Form = Form.FULL
    #: Random, 16 bytes as hex: what links are made of instead of the address.
    key: str
    #: Slug of the newsletter they subscribed to, when it is not the one that is sent: its best of.
    newsletter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What somebody wants: of one newsletter, and (the last three) of all of theirs."""

    #: Slugs; empty means all, also those that are to come.
    sections: tuple[str, ...] = ()
    briefs: bool = True
    frequency: Frequency = Frequency.DAILY
    #: Not before this hour of their own clock, 0 to 23; None: as soon as the edition is there.
    hour: int | None = None
    #: "": as the newsletter.
    language: str = "en"
    timezone: str = "UTC"
    form: Form = Form.FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The evidence that somebody agreed to be written to."""

    #: When: of a sign-up, the moment of its confirmation.
    at: datetime
    #: Where, in words: "sign-up page", "form on https://…", "import: …".
    given: str
    #: The sentence they agreed to, as it was shown, and its language.
    wording: str = ""
    language: str = ""
    #: When they filled in the form, and from which network address, as [audience] keeps it.
    asked_at: datetime | None = None
    network: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One dated change of a subscription."""

    newsletter: str
    at: datetime
    state: SubscriptionState
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One newsletter of one person."""

    newsletter: str
    state: SubscriptionState
    since: datetime
    cause: str
    #: Of PAUSED: active again from then on.
    until: datetime | None = None
    sections: tuple[str, ...] = ()
    briefs: bool = True
    frequency: Frequency = Frequency.DAILY
    hour: int | None = None
    consent: Consent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A subscriber with everything that is kept of them but their deliveries."""

    subscriber: Subscriber
    created_at: datetime
    subscriptions: tuple[Subscription, ...] = ()
    changes: tuple[Change, ...] = ()
    tags: tuple[str, ...] = ()


class LetterKind(StrEnum):
    """A mail to one person that is no edition."""

    #: Asks whoever signed up whether it was they.
    CONFIRM = "confirm"
    #: Signed up while subscribed: says so, with the link to their choices.
    KNOWN = "known"
    #: What is kept of them, as JSON.
    DATA = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter to be sent: a delivery like any other, under its own id."""

    number: int
    kind: LetterKind
    subscriber_id: int
    newsletter: str
    at: datetime
    #: What the letter and its link are about: JSON.
    content: Mapping[str, Any] = field(default_factory=dict)
    #: When its link did what it is for.
    used_at: datetime | None = None

    @property
    def id(self) -> str:
        """What stands in the journal where editions have theirs."""
        return f"{self.kind}:{self.number}"


class ReturnKind(StrEnum):
    """What came back."""

    #: There is no such mailbox: not again.
    HARD = "hard"
    #: Not this time: full, too busy, a matter of policy.
    SOFT = "soft"
    #: The person called it spam.
    COMPLAINT = "complaint"
    #: The person wants to leave, by mail.
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What one report says of one delivery.

    Whom it is about: *token* is proof, signed by us (see `render.Links`); *message_id* is proof
    too; *recipient* alone proves nothing unless a relay that we know has signed the report.
    """

    kind: ReturnKind
    #: The address it was for, as the report says; "" if it does not.
    recipient: str = ""
    #: RFC 3463: "5.1.1"; "" when there is none.
    status: str = ""
    #: The remote server's words, on one line, at most 500 characters.
    diagnostic: str = ""
    #: Of our own mail, with its brackets, when the report has it.
    message_id: str = ""
    #: Tokens of ours that it has: of a List-Unsubscribe, of a mail that asks to leave.
    tokens: tuple[str, ...] = ()
    #: Local parts that VERP may have made: where the report was sent to.
    sent_to: tuple[str, ...] = ()
    #: What said so: "dsn", "arf", "jmrp", "text", "flufl", "smtp", "ses", "postmark", …
    reporter: str = ""
    #: When the report says that it happened.
    at: datetime | None = None
    #: Still on its way: it may arrive.
    delayed: bool = False
