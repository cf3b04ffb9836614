"""What templates see: an edition whose every text is one line and every link is checked."""

from dataclasses import dataclass
from datetime import datetime

from digest.render.tidy import shorten
from digest.render.wording import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBy:
    label: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that may be loaded: ours, or https from a public host; in a mail, perhaps cid:."""

    url: str
    #: Of one that is kept: its name under ``pictures/``; "" for one at its publisher's.
    file: str
    alt: str
    caption: str
    credit: str
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one source says in the summary of a story that several tell."""

    #: "" for the first, which the story's own line names.
    source: str
    time: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStory:
    id: str
    #: Of its place on the edition's page.
    anchor: str
    headline: str
    #: Where the headline leads: the article, or its place on the edition's page.
    url: str
    #: The article's own address; None if it has none.
    article_url: str | None
    #: Its page in the archive.
    page_url: str
    summary: str
    #: Its first sentence, for those who want it short.
    first: str
    #: The summary, parted by who says it: sources that differ are never made one.
    parts: tuple[Part, ...]
    machine: bool
    #: An earlier edition told it before.
    update: bool
    #: "updated 14:10", in the edition's language; "" for a story that stands still.
    updated: str
    #: Of the newsroom.
    note: str
    source: str
    #: In the edition's zone; with the day when it is not the edition's,
    #: and with the year when that is not.
    time: str
    iso: str
    also: tuple[ToldBy, ...]
    picture: Picture | None
    authors: str
    reading_min: int | None
    #: What its sources changed in it after this edition had gone out.
    corrections: tuple["ShownCorrection", ...]
    #: When its lead was published; and when it was last added to or corrected.
    published_at: datetime
    changed_at: datetime
    #: Of all its items.
    topics: tuple[str, ...]
    source_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    #: Only where it differs from the frame's.
    lang: str | None
    dir: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBrief:
    id: str
    #: Of its place on the edition's page.
    anchor: str
    published_at: datetime
    #: When it was last corrected; when it was published, if it never was.
    changed_at: datetime
    #: What its source changed in it after this edition had gone out.
    corrections: tuple["ShownCorrection", ...]
    topics: tuple[str, ...]
    source_id: str
    #: Set at the first brief of each day, unless all are of the edition's.
    day: str
    time: str
    iso: str
    #: Its headline, to stand out; "" when the whole is one sentence.
    lead_in: str
    text: str
    url: str | None
    source: str
    lang: str | None
    dir: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCorrection:
    corrects: bool
    #: "Correction" or "Update", in the edition's language.
    mark: str
    headline: str
    #: The item's own page, else the edition that carried it.
    url: str
    #: Verbatim; without the one that is the headline.
    sentences: tuple[str, ...]
    #: "" when nobody tells.
    source: str
    #: When the change was met, in the edition's zone.
    time: str
    iso: str
    lang: str | None
    dir: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSection:
    slug: str
    title: str
    stories: tuple[ShownStory, ...]
    url: str
    #: Of the title, only where it differs from the frame's.
    lang: str | None
    dir: str | None
    #: Stories that a mail had no room for.
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What templates call ``edition``."""

    id: str
    title: str
    #: "Monday, May 18, 2026" in the edition's language.
    date: str
    short_date: str
    #: With the zone's offset.
    iso: str
    #: Of the frame: a subscriber may read another language than the newsletter's.
    lang: str
    dir: str
    #: Of the newsletter's title, of titles of sections and of the intro, where they differ.
    title_lang: str | None
    title_dir: str | None
    url: str
    home_url: str
    #: When it was due; and when anything in it was last corrected.
    slot_at: datetime
    changed_at: datetime
    #: Minutes to read what is in it.
    reading_min: int
    #: The newsroom's own words before everything else, by paragraph.
    intro: tuple[str, ...]
    sections: tuple[ShownSection, ...]
    briefs: tuple[ShownBrief, ...]
    #: What a mail had no room for.
    more_briefs: int
    more_corrections: int
    corrections: tuple[ShownCorrection, ...]
    words: Words
    #: Whose times these are, in a sentence; "" where they are the newsletter's.
    clocks: str = ""
    #: Of sections that a mail had no room for at all: they are not in `sections`.
    more_stories: int = 0

    @property
    def missing(self) -> int:
        """Everything that a mail had no room for and that is only on the page."""
        of_sections = sum(section.more for section in self.sections)
        return of_sections + self.more_stories + self.more_briefs + self.more_corrections

    @property
    def stories(self) -> tuple[ShownStory, ...]:
        return tuple(story for section in self.sections for story in section.stories)

    @property
    def top(self) -> ShownStory | None:
        return next(iter(self.stories), None)

    @property
    def subject(self) -> str:
        """``The Daily: Ferry runs again``; the date where there is no story."""
        return shorten(f"{self.title}: {self.top.headline if self.top else self.short_date}", 120)

    @property
    def preheader(self) -> str:
        """40–130 characters that go on where the subject ends; never its words again."""
        told = [story.headline for story in self.stories[1:]]
        if not told and self.top and self.top.summary:
            told = [self.top.summary]
        told += [f"{brief.lead_in} {brief.text}".strip() for brief in self.briefs]
        told += [correction.headline for correction in self.corrections]
        text = ""
        for part in told:
            text = f"{text} · {part}" if text else part
            if len(text) >= 100:
                break
        sections = (section.title for section in self.sections)
        for filler in (self.date, *sections, self.words.view, self.words.archive):
            if len(text) < 40:
                text = f"{text} · {filler}" if text else filler
        return shorten(text, 130)
