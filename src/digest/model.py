"""The nouns of Digest, and the lives of the two that have one.

Frozen values, no behaviour beyond reading themselves.  Nothing here asks the
time, the network or the database.  All datetimes are aware; what is stored is
UTC, what is shown is in the newsletter's zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import Any

# --------------------------------------------------------------- what is read


class Kind(StrEnum):
    """An *article* has a page of its own; a *brief* is a short timestamped note."""

    ARTICLE = "article"
    BRIEF = "brief"


class BlockKind(StrEnum):
    """What a run of text is in the body of an item."""

    PARAGRAPH = "paragraph"
    SUBHEAD = "subhead"
    LIST_ITEM = "list-item"
    QUOTATION = "quotation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One paragraph, subhead, list item or set-off quotation: plain text on one line."""

    kind: BlockKind = BlockKind.PARAGRAPH
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The picture of an item.  A page saved as text has its caption and credit but no *url*."""

    url: str | None = None
    alt: str | None = None
    caption: str | None = None
    credit: str | None = None
    #: Pixels, when the source says.
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A teaser for another article, found embedded in an item: never part of its text."""

    #: "opinion" when the card says so, else "related".
    kind: str = "related"
    title: str
    teaser: str = ""
    author: str | None = None
    site: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawItem:
    """One article or brief as a source told it: plain text, not yet cleaned or judged."""

    kind: Kind
    #: "" when a brief has no headline of its own.
    title: str
    #: The source's own identifier (guid, Atom id, Message-ID); None if it has none.
    guid: str | None = None
    url: str | None = None
    #: None when the source says nothing, or nothing that can be read with certainty.
    published_at: datetime | None = None
    #: The source gave a day and no clock; *published_at* is that day's midnight.
    day_only: bool = False
    updated_at: datetime | None = None
    authors: tuple[str, ...] = ()
    #: BCP 47, when the document or source says.
    language: str | None = None
    #: The publisher's own summary, if it wrote one.
    standfirst: str | None = None
    blocks: tuple[Block, ...] = ()
    #: The publisher's categories and tags, as written.
    topics: tuple[str, ...] = ()
    image: Image | None = None
    cards: tuple[Card, ...] = ()
    reading_min: int | None = None
    #: The publication's name, when the document tells it.
    site: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """How one document was understood: what `digest read` shows."""

    #: File path or URL, as named.
    name: str
    #: page-text, html, feed, markdown, mail; "unreadable" when nothing was found.
    kind: str
    #: At most one article for a page; many for a feed.  Briefs in document order.
    items: tuple[RawItem, ...] = ()
    #: What could not be read, each a sentence that says what to do.
    problems: tuple[str, ...] = ()
    #: The publication's name, when the document tells it.
    site: str | None = None


# ------------------------------------------------------------ what is composed


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One article or brief, cleaned but not judged."""

    #: Stable: 16 hex digits made of the source and the source's own identity for it.
    id: str
    source_id: str
    kind: Kind
    #: Never empty: a brief without a headline takes its first sentence.
    title: str
    #: Canonical, http(s) only; None for an item that has no page of its own.
    url: str | None = None
    #: When the source says it appeared; when we met it, if the source says nothing.
    published_at: datetime
    day_only: bool = False
    updated_at: datetime | None = None
    #: When we first met it.
    seen_at: datetime
    authors: tuple[str, ...] = ()
    language: str | None = None
    standfirst: str | None = None
    blocks: tuple[Block, ...] = ()
    topics: tuple[str, ...] = ()
    image: Image | None = None
    cards: tuple[Card, ...] = ()
    reading_min: int | None = None
    #: The publication's name, as readers know it; None when nobody tells.
    site: str | None = None
    #: Position in its source when read, from 0: the publisher's own order.
    position: int = 0

    @property
    def text(self) -> str:
        """The body as one string, blocks joined by blank lines; sentence offsets count in it."""
        return "\n\n".join(block.text for block in self.blocks)


class Origin(StrEnum):
    """Where the words of a summary come from."""

    #: The publisher's own standfirst.
    SOURCE = "source"
    #: The whole item: it is short.
    WHOLE = "whole"
    #: Sentences chosen from the item, verbatim.
    EXTRACTIVE = "extractive"
    #: Written by a model and checked against the source.
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence taken verbatim: ``item.text[start:end]``, white space folded, is *text*."""

    item_id: str
    text: str
    #: Offsets into `Item.text`; -1 when the sentence is of the standfirst or headline.
    start: int = -1
    end: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A story in a few sentences; it knows where its words come from."""

    origin: Origin
    sentences: tuple[Sentence, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One piece of news, told by one or more items."""

    #: The id of its lead.
    id: str
    #: One of the items' headlines, verbatim.
    headline: str
    #: The lead first, the others by time.  Never empty.
    items: tuple[Item, ...]
    #: The same text again, from elsewhere: kept for the record, never shown as a source.
    copies: tuple[Item, ...] = ()
    summary: Summary = Summary(origin=Origin.WHOLE)
    #: Name and value of every term of the score; the score is their sum.
    score_terms: tuple[tuple[str, float], ...] = ()
    #: Why these items are one story, why this section: sentences for the operator.
    reasons: tuple[str, ...] = ()

    @property
    def lead(self) -> Item:
        return self.items[0]

    @property
    def score(self) -> float:
        return sum(value for _, value in self.score_terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled, ordered run of stories in an edition."""

    #: Stable across editions: what a subscriber chooses.
    slug: str
    title: str
    stories: tuple[Story, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One dated issue of a newsletter, as composed: content only, its state is the store's."""

    #: ``daily@2026-08-22T0700``: newsletter, local date, slot.
    id: str
    newsletter: str
    #: The newsletter's title when this was composed.
    title: str
    #: The instant it is due, UTC.
    slot_at: datetime
    #: The newsletter's zone, IANA name: all clocks shown are in it.
    timezone: str
    #: BCP 47 of the frame (dates, labels).
    language: str = "en"
    #: Never an empty section.
    sections: tuple[Section, ...] = ()
    #: Newest last; shown as one time-ordered block.
    briefs: tuple[Item, ...] = ()
    #: Items left out, each with the reason: (item id, reason).
    dropped: tuple[tuple[str, str], ...] = ()

    @property
    def stories(self) -> tuple[Story, ...]:
        return tuple(story for section in self.sections for story in section.stories)

    @property
    def empty(self) -> bool:
        return not self.briefs and not self.sections


@dataclass(frozen=True, slots=True, kw_only=True)
class Picks:
    """What one subscriber gets of an edition.  Equal picks share one layout."""

    #: Slugs of the sections, in the edition's order.
    sections: tuple[str, ...]
    briefs: bool = True


# ------------------------------------------------------------------- who reads


class SubscriptionState(StrEnum):
    """pending → active → ended."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person's address and preferences."""

    id: int
    #: Validated when stored: one address, no control characters, no spaces, no brackets.
    email: str
    name: str = ""
    #: BCP 47.
    language: str = "en"
    #: IANA name.
    timezone: str = "UTC"
    #: Slugs of the sections wanted; empty means all of them.
    sections: tuple[str, ...] = ()
    #: Random, 16 bytes as hex: what links are made of instead of the address.
    key: str


# -------------------------------------------------------------------- its life


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


_DS, _DE = DeliveryState, DeliveryEvent

#: What may happen to a delivery.  What is absent cannot happen.
DELIVERY_LIFE: Mapping[DeliveryState, Mapping[DeliveryEvent, DeliveryState]] = MappingProxyType(
    {
        _DS.PENDING: {_DE.BEGIN: _DS.SENDING, _DE.SUPPRESS: _DS.SKIPPED},
        _DS.SENDING: {
            _DE.ACCEPT: _DS.SENT,
            _DE.DEFER: _DS.DEFERRED,
            _DE.REFUSE: _DS.FAILED,
            # Our process died, or the line broke, between asking and hearing the answer.
            _DE.VANISH: _DS.DOUBTFUL,
        },
        _DS.DEFERRED: {_DE.BEGIN: _DS.SENDING, _DE.SUPPRESS: _DS.SKIPPED},
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
