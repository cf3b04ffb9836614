"""What is composed: items, stories, sections and editions; and who reads them."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from digest.model.lives import Slot
from digest.model.told import Block, Card, Image, Kind


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
    #: The source's own identifier, as told.
    guid: str | None = None
    #: How often its words have changed since it was first met.
    revision: int = 0
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
    #: Written by a person of the newsroom.
    EDITOR = "editor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence taken verbatim: ``item.text[start:end]``, white space folded, is *text*.

    What a model or a person wrote instead has neither item nor offsets.
    """

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
    #: Name of the model that chose the sentences, or wrote them; "" when none did.
    model: str = ""
    #: For what a model wrote: the source's sentences that it named as its evidence.
    evidence: tuple[Sentence, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


class About(StrEnum):
    """What a reason is about."""

    #: Why these items are one story, or why an item stands alone.
    TOGETHER = "together"
    #: Why an item is a copy of another.
    COPY = "copy"
    SECTION = "section"
    #: Why it stands where it stands, beyond its score.
    PLACE = "place"
    HEADLINE = "headline"
    SUMMARY = "summary"
    #: What an earlier edition told of it.
    UPDATE = "update"
    #: Where its sources contradict each other.
    DIFFERENCE = "difference"
    #: What the newsroom added.
    NOTE = "note"


class Decider(StrEnum):
    RULE = "rule"
    EDITOR = "editor"
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something in an edition is as it is: a sentence for the newsroom."""

    about: About
    text: str
    by: Decider = Decider.RULE


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
    #: Every decision about it, in the order in which they were made.
    why: tuple[Reason, ...] = ()
    #: Of a running story: when its latest item that adds to it was published or changed.
    updated_at: datetime | None = None
    #: Id of the earlier edition that told it before; "" for a story told for the first time.
    update_of: str = ""
    #: Of the newsroom, on one line, shown as the newsroom's.
    note: str = ""

    @property
    def lead(self) -> Item:
        return self.items[0]

    @property
    def score(self) -> float:
        return sum(value for _, value in self.score_terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a source changed in an item after an edition had carried it."""

    item_id: str
    #: The item's headline as it is now.
    headline: str
    url: str | None = None
    #: The source says that it corrects; else it tells more, or otherwise.
    corrects: bool = False
    #: When the change was met.
    at: datetime
    #: The new or changed sentences, verbatim; never empty.
    sentences: tuple[str, ...]
    #: The edition that carried the older words.
    edition_id: str
    site: str | None = None
    #: BCP 47 of the words, when known.
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled, ordered run of stories in an edition."""

    #: Stable across editions: what a subscriber chooses.
    slug: str
    title: str
    stories: tuple[Story, ...] = ()


class Cause(StrEnum):
    """Why an item is in no story and no brief of the edition that took it."""

    #: The same text as an item that was left out too, or that an earlier edition carried.
    COPY = "copy"
    #: Below the cut of its section, of the edition, or of the briefs.
    CUT = "cut"
    #: By the newsroom.
    KILLED = "killed"
    #: Too old when the edition was due.
    OLD = "old"
    #: An earlier edition told it, and it says too little that is new.
    TOLD = "told"
    #: A later brief of the same edition tells it.
    RETOLD = "retold"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An item that an edition took and does not show, with the reason in words."""

    item_id: str
    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An item that an earlier edition of the newsletter showed, as it was then."""

    item: Item
    edition_id: str
    #: The instant that edition was due.
    at: datetime


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
    #: To what earlier editions carried, oldest first.
    corrections: tuple[Correction, ...] = ()
    #: The newsroom's own words before everything else; paragraphs parted by blank lines.
    intro: str = ""
    #: Taken and not shown, by item id.
    left_out: tuple[LeftOut, ...] = ()
    #: Ids of items that an editor keeps for the next edition: this one does not take them.
    held: tuple[str, ...] = ()

    @property
    def slot(self) -> Slot:
        """As its id tells of it."""
        day, _, clock = self.id.partition("@")[2].partition("T")
        return Slot(
            newsletter=self.newsletter,
            day=date.fromisoformat(day),
            clock=time(int(clock[:2]), int(clock[2:4])),
            at=self.slot_at,
        )

    @property
    def stories(self) -> tuple[Story, ...]:
        return tuple(story for section in self.sections for story in section.stories)

    @property
    def empty(self) -> bool:
        """Not worth a mail: no news, and of what changed in older news nothing was wrong."""
        corrected = any(correction.corrects for correction in self.corrections)
        return not (self.briefs or self.sections or corrected)


class Form(StrEnum):
    """How much of a mail a subscriber wants."""

    #: HTML and text, as the newsletter's theme has it.
    FULL = "full"
    #: HTML and text; headlines and a sentence each.
    COMPACT = "compact"
    #: No HTML at all.
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picks:
    """What one subscriber gets of an edition: a variant.  Equal picks share one layout."""

    #: Slugs of the sections, in the edition's order.
    sections: tuple[str, ...]
    briefs: bool = True
    #: BCP 47 of the words around the stories; "" takes the edition's.
    language: str = ""
    form: Form = Form.FULL
    #: Of the times: an IANA name, or an offset ("+03:00") where the clocks of several zones have
    #: shown the same all week; "" takes the edition's.
    timezone: str = ""
