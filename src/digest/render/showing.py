"""An edition as templates see it: every text one line, every link checked, every clock local.

Mail, page and feed show the same values, so they cannot disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time

from digest.model import Correction, Edition, Item, Origin, Picks, Section, Story
from digest.render.links import Links
from digest.render.names import bylines
from digest.render.tidy import direction, host_of, one_line, picture_url, shorten, web_url
from digest.render.wording import Words, locale_for, reads_from_right, words_for
from digest.settings import Site

#: Other sources named under a story; a story told by more is told well enough.
MOST_SOURCES = 6
#: Characters of one text: no honest summary is longer, a hostile one may be.
LONGEST = 4000
#: Characters of a headline, likewise.
LONGEST_HEADLINE = 300
#: Characters of a sentence that tells what was corrected.
LONGEST_SENTENCE = 1000
#: Ends of a sentence.
#: May follow the full stop.
_CLOSING = "'\"’”»“)]"
_ENDS = (".", "!", "?", ":", "…", "؟", "。")

#: Words of a text that is shown whole when a story has no summary.
WHOLE_WORDS = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBy:
    label: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that may be loaded: https, from a public host."""

    url: str
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
    #: Of its place on the edition's page.
    anchor: str
    headline: str
    #: Where the headline leads: the article, or its place on the edition's page.
    url: str
    #: The article's own address; None if it has none.
    article_url: str | None
    summary: str
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
    #: Only where it differs from the edition's.
    lang: str | None
    dir: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBrief:
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
    lang: str
    dir: str
    url: str
    home_url: str
    #: The newsroom's own words before everything else, by paragraph.
    intro: tuple[str, ...]
    sections: tuple[ShownSection, ...]
    briefs: tuple[ShownBrief, ...]
    more_briefs: int
    corrections: tuple[ShownCorrection, ...]
    words: Words

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
        for filler in (self.date, *(section.title for section in self.sections), self.words.view):
            if len(text) < 40:
                text = f"{text} · {filler}" if text else filler
        return shorten(text, 130)


def show(edition: Edition, *, links: Links, picks: Picks | None = None) -> Shown:
    """Make *edition* fit to be shown: all of it, or what *picks* names.

    Corrections are for everybody: who read the older words may have chosen otherwise since.
    """
    clock = Clock(edition)
    url = links.edition_url(edition.id)
    wanted = None if picks is None else frozenset(picks.sections)
    sections = tuple(
        _section(section, clock, url)
        for section in edition.sections
        if section.stories and (wanted is None or section.slug in wanted)
    )
    briefs = edition.briefs if picks is None or picks.briefs else ()
    return Shown(
        id=edition.id,
        title=one_line(edition.title),
        date=clock.long_date,
        short_date=clock.short_date,
        iso=clock.local(edition.slot_at).isoformat(),
        lang=edition.language,
        dir=clock.dir,
        url=url,
        home_url=links.home_url(),
        intro=tuple(filter(None, map(one_line, edition.intro[:LONGEST].split("\n\n")))),
        sections=sections,
        briefs=_briefs(briefs, clock),
        more_briefs=0,
        corrections=tuple(_correction(told, clock, links) for told in edition.corrections),
        words=words_for(edition.language),
    )


class Clock:
    """Dates and times of one edition, in its zone and its language."""

    def __init__(self, edition: Edition) -> None:
        self._zone = ZoneInfo(edition.timezone)
        self._locale = locale_for(edition.language)
        self._day = self.local(edition.slot_at).date()
        self.language = edition.language
        self.dir = "rtl" if reads_from_right(edition.language) else "ltr"
        self.long_date = _plain(format_date(self._day, "full", locale=self._locale))
        self.short_date = _plain(format_date(self._day, "medium", locale=self._locale))

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(self._zone)

    def day(self, instant: datetime) -> str:
        """The day in the edition's zone, with the year when it is not the edition's."""
        local = self.local(instant)
        skeleton = "EMMMd" if local.year == self._day.year else "yMMMEd"
        return _plain(format_skeleton(skeleton, local, locale=self._locale))

    def is_own_day(self, instant: datetime) -> bool:
        return self.local(instant).date() == self._day

    def time(self, instant: datetime) -> str:
        return _plain(format_time(self.local(instant), "short", locale=self._locale))

    def stamp(self, item: Item) -> str:
        """The time of day, with the day unless it is the edition's; the day alone if no clock."""
        return self.day(item.published_at) if item.day_only else self.moment(item.published_at)

    def moment(self, instant: datetime) -> str:
        """The time of day, with the day unless it is the edition's."""
        time = self.time(instant)
        return time if self.is_own_day(instant) else f"{self.day(instant)}, {time}"

    def iso(self, item: Item) -> str:
        local = self.local(item.published_at)
        return local.date().isoformat() if item.day_only else local.isoformat(timespec="minutes")

    def tongue(self, told: Item | Correction, text: str) -> tuple[str | None, str | None]:
        """``lang`` and ``dir`` of *text*, where they differ from the edition's."""
        language = told.language
        ours = self.language.lower().partition("-")[0]
        foreign = language is not None and language.lower().partition("-")[0] != ours
        # The letters decide: a source that mislabels its language must still be readable.
        turned = direction(text)
        return (language if foreign else None), (turned if turned != self.dir else None)


def _plain(text: str) -> str:
    # CLDR puts a narrow no-break space before "AM"; few fonts of mail programs have it.
    return text.replace("\u202f", "\u00a0")


def _label(item: Item) -> str:
    """Who tells it: the publication's name, else its host, else the operator's word for it."""
    if item.site and one_line(item.site):
        return shorten(one_line(item.site), 80)
    url = web_url(item.url)
    return host_of(url) if url else item.source_id


def _summary(story: Story, headline: str) -> str:
    text = one_line(story.summary.text)
    if not text and story.lead.standfirst:
        text = one_line(story.lead.standfirst)
    if not text and len(story.lead.text.split(None, WHOLE_WORDS)) <= WHOLE_WORDS:
        text = one_line(story.lead.text)
    return "" if text == headline else shorten(text, LONGEST)


def _parts(story: Story, summary: str, clock: Clock) -> tuple[Part, ...]:
    """*summary* by who says it, in its order; whole when the lead's source says it all.

    What another source says never stands under the lead's name.
    """
    items = {item.id: item for item in story.items}
    said = [
        (items.get(one.item_id, story.lead), one_line(one.text)) for one in story.summary.sentences
    ]
    others = {_label(item) for item, _ in said} - {_label(story.lead)}
    if not others or len(summary) >= LONGEST:
        return (Part(source="", time="", text=summary),) if summary else ()
    parts: list[Part] = []
    before: Item | None = None
    for item, text in said:
        if before is not None and _label(item) == _label(before):
            parts[-1] = replace(parts[-1], text=f"{parts[-1].text} {text}")
        elif before is None and _label(item) == _label(story.lead):
            parts.append(Part(source="", time="", text=text))
        else:
            parts.append(Part(source=_label(item), time=clock.stamp(item), text=text))
        before = item
    return tuple(parts)


def _picture(item: Item, headline: str) -> Picture | None:
    image = item.image
    url = picture_url(image.url) if image else None
    if image is None or url is None:
        return None
    caption = one_line(image.caption or "")
    return Picture(
        url=url,
        alt=shorten(one_line(image.alt or "") or caption or headline, LONGEST_HEADLINE),
        caption=shorten(caption, LONGEST_HEADLINE),
        credit=shorten(one_line(image.credit or ""), LONGEST_HEADLINE),
        width=image.width if image.width and image.width > 0 else None,
        height=image.height if image.height and image.height > 0 else None,
    )


def _story(story: Story, clock: Clock, page: str) -> ShownStory:
    lead = story.lead
    headline = shorten(one_line(story.headline) or one_line(lead.title), LONGEST_HEADLINE)
    anchor = f"story-{story.id}"
    article = web_url(lead.url)
    source = _label(lead)
    also: dict[str, ToldBy] = {}
    for item in story.items[1:]:
        label = _label(item)
        if label != source:
            also.setdefault(label, ToldBy(label=label, url=web_url(item.url)))
    lang, turned = clock.tongue(lead, headline)
    summary = _summary(story, headline)
    words = words_for(clock.language)
    changed = story.updated_at
    return ShownStory(
        anchor=anchor,
        headline=headline,
        url=article or f"{page}#{anchor}",
        article_url=article,
        summary=summary,
        parts=_parts(story, summary, clock),
        machine=story.summary.origin is Origin.MODEL,
        update=bool(story.update_of),
        updated=words.updated.format(time=clock.moment(changed)) if changed else "",
        note=shorten(one_line(story.note), LONGEST_SENTENCE),
        source=source,
        time=clock.stamp(lead),
        iso=clock.iso(lead),
        also=tuple(also.values())[:MOST_SOURCES],
        picture=_picture(lead, headline),
        authors=", ".join(bylines(map(one_line, lead.authors), source)[:4]),
        reading_min=lead.reading_min,
        lang=lang,
        dir=turned,
    )


def _section(section: Section, clock: Clock, page: str) -> ShownSection:
    return ShownSection(
        slug=section.slug,
        title=one_line(section.title),
        stories=tuple(_story(story, clock, page) for story in section.stories),
        url=f"{page}#section-{section.slug}",
    )


def _briefs(briefs: Sequence[Item], clock: Clock) -> tuple[ShownBrief, ...]:
    days = [clock.day(brief.published_at) for brief in briefs]
    named = not all(clock.is_own_day(brief.published_at) for brief in briefs)
    shown: list[ShownBrief] = []
    before = ""
    for brief, day in zip(briefs, days, strict=True):
        shown.append(_brief(brief, clock, day if named and day != before else ""))
        before = day
    return tuple(shown)


def _brief(brief: Item, clock: Clock, day: str) -> ShownBrief:
    title, text = one_line(brief.title), one_line(brief.text)
    rest = text.removeprefix(title).strip()
    # A headline cut off in mid-sentence ("The bridge … .") is no lead-in but the text itself.
    ended = title.rstrip(_CLOSING).endswith(_ENDS)
    if not rest or (rest != text and not ended):
        title, rest = "", text or title
    if title and not ended:
        title += "."  # the text runs on in the same line
    lang, turned = clock.tongue(brief, title or rest)
    return ShownBrief(
        day=day,
        time="" if brief.day_only else clock.time(brief.published_at),
        iso=clock.iso(brief),
        lead_in=shorten(title, LONGEST_HEADLINE),
        text=shorten(rest, LONGEST),
        url=web_url(brief.url),
        source=_label(brief),
        lang=lang,
        dir=turned,
    )


def _correction(told: Correction, clock: Clock, links: Links) -> ShownCorrection:
    headline = shorten(one_line(told.headline), LONGEST_HEADLINE)
    url = web_url(told.url)
    words = words_for(clock.language)
    said = (shorten(one_line(sentence), LONGEST_SENTENCE) for sentence in told.sentences)
    source = shorten(one_line(told.site or ""), 80) or (host_of(url) if url else "")
    lang, turned = clock.tongue(told, headline)
    return ShownCorrection(
        corrects=told.corrects,
        mark=words.correction if told.corrects else words.update,
        headline=headline,
        url=url or f"{links.edition_url(told.edition_id)}#story-{told.item_id}",
        sentences=tuple(sentence for sentence in said if sentence and sentence != headline),
        source=source,
        time=clock.moment(told.at),
        iso=clock.local(told.at).isoformat(timespec="minutes"),
        lang=lang,
        dir=turned,
    )


def imprint(site: Site) -> tuple[str, ...]:
    """Who publishes and where, for the foot: the name, unless the address begins with it."""
    address = ", ".join(filter(None, map(one_line, site.postal_address.splitlines())))
    name = one_line(site.name)
    return tuple(filter(None, ("" if address.startswith(name) else name, address)))


def trimmed(shown: Shown, count: int) -> Shown:
    """Leave out *count* stories or briefs: the last of the longest section first.

    Each section keeps one story while there are briefs to spare; what is left out
    is counted, so that the mail can say how much more the page has.  Corrections go
    when there is nothing else left.
    """
    sections = list(shown.sections)
    briefs, more_briefs = shown.briefs, shown.more_briefs
    corrections = shown.corrections
    for _ in range(count):
        longest = max(range(len(sections)), key=lambda i: len(sections[i].stories), default=-1)
        left = len(sections[longest].stories) if sections else 0
        if left > 1 or (left == 1 and not briefs):
            section = sections[longest]
            sections[longest] = replace(
                section, stories=section.stories[:-1], more=section.more + 1
            )
        elif briefs:
            # The oldest go: the newest are what a reader has not heard.
            gone, *rest = briefs
            if gone.day and rest and not rest[0].day:
                rest[0] = replace(rest[0], day=gone.day)
            briefs, more_briefs = tuple(rest), more_briefs + 1
        elif corrections:
            least = min(corrections, key=lambda told: told.corrects)
            corrections = tuple(told for told in corrections if told is not least)
    return replace(
        shown,
        sections=tuple(sections),
        briefs=briefs,
        more_briefs=more_briefs,
        corrections=corrections,
    )
