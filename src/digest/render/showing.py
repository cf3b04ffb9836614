"""An edition made fit to be shown: every clock local, every word in the frame's language.

Mail, page and feed show the same values, so they cannot disagree.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Literal
from urllib.parse import urlsplit

from digest.model import (
    Correction,
    Edition,
    Item,
    KeptPicture,
    Origin,
    Picks,
    Section,
    Story,
)
from digest.render.clock import Clock
from digest.render.links import Links
from digest.render.names import bylines
from digest.render.shown import (
    Part,
    Picture,
    Shown,
    ShownBrief,
    ShownCorrection,
    ShownSection,
    ShownStory,
    ToldBy,
)
from digest.render.tidy import host_of, one_line, picture_url, shorten, web_url
from digest.render.wording import words_for
from digest.settings import Site

#: Other sources named under a story; a story told by more is told well enough.
MOST_SOURCES = 6
#: Characters of one text: no honest summary is longer, a hostile one may be.
LONGEST = 4000
#: Characters of a headline, likewise.
LONGEST_HEADLINE = 300
#: Characters of the newsroom's own words before everything else: as many as an editor may write.
LONGEST_INTRO = 5000
#: Characters of a sentence that tells what was corrected.
LONGEST_SENTENCE = 1000
#: May follow the full stop.
_CLOSING = "'\"’”»“)]"
#: Ends of a sentence.
_ENDS = (".", "!", "?", ":", "…", "؟", "。")

#: Words of a text that is shown whole when a story has no summary.
WHOLE_WORDS = 110
#: Words that a grown reader reads in a minute.
_PACE = 220


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Where the pictures of an edition are, as [pictures] says."""

    show: Literal["hosted", "embedded", "remote", "none"] = "remote"
    #: By their publishers' addresses; what is not here has no picture, unless they are remote.
    kept: Mapping[str, KeptPicture] = field(default_factory=dict)
    #: Set for a mail: embedded pictures are inside it.
    in_mail: bool = False


def content_id(file: str, links: Links) -> str:
    """Of a picture inside a mail, RFC 2392: without angle brackets or ``cid:``."""
    host = urlsplit(links.base_url).hostname or "localhost"
    return f"{file.replace('.', '-')}@{host}"


_CID = re.compile(r"cid:([0-9a-f]+)-([a-z0-9]+)@[^\"')>\s]+")


def without_content_ids(html: str) -> str:
    """*html* of a mail with the pictures that are inside it as files under ``pictures/``."""
    return _CID.sub(r"pictures/\1.\2", html)


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What every part of one edition is shown with."""

    clock: Clock
    links: Links
    gallery: Gallery
    edition_id: str
    #: By item: what was changed after this edition.
    later: Mapping[str, Sequence[Correction]]

    @property
    def page(self) -> str:
        return self.links.edition_url(self.edition_id)


def show(
    edition: Edition,
    *,
    links: Links,
    picks: Picks | None = None,
    gallery: Gallery = Gallery(),
    later: Sequence[Correction] = (),
) -> Shown:
    """Make *edition* fit to be shown: all of it, or what *picks* names.

    Corrections are for everybody: who read the older words may have chosen otherwise since.

    Args:
        later: what later editions have corrected in this one.
    """
    clock = Clock(edition, picks.language, picks.timezone) if picks else Clock(edition)
    by_item: dict[str, list[Correction]] = {}
    for told in later:
        by_item.setdefault(told.item_id, []).append(told)
    view = _View(clock=clock, links=links, gallery=gallery, edition_id=edition.id, later=by_item)
    wanted = None if picks is None else frozenset(picks.sections)
    sections = tuple(
        _section(section, view, edition.language)
        for section in edition.sections
        if section.stories and (wanted is None or section.slug in wanted)
    )
    title = one_line(edition.title)
    title_lang, title_dir = clock.tongue_of(edition.language, title)
    shown = Shown(
        id=edition.id,
        title=title,
        date=clock.long_date,
        short_date=clock.short_date,
        iso=clock.iso_due,
        lang=clock.language,
        dir=clock.dir,
        title_lang=title_lang,
        title_dir=title_dir,
        url=view.page,
        home_url=links.home_url(),
        slot_at=edition.slot_at,
        changed_at=max([edition.slot_at, *(told.at for told in later)]),
        reading_min=1,
        intro=tuple(
            filter(None, map(one_line, shorten(edition.intro, LONGEST_INTRO).split("\n\n")))
        ),
        sections=sections,
        briefs=_briefs(edition.briefs if picks is None or picks.briefs else (), view),
        more_briefs=0,
        more_corrections=0,
        corrections=tuple(_correction(told, clock, links) for told in edition.corrections),
        words=words_for(clock.language),
        clocks=words_for(clock.language).clocks.format(zone=clock.offset) if clock.offset else "",
    )
    return replace(shown, reading_min=reading_min(shown))


def reading_min(shown: Shown, *, short: bool = False) -> int:
    """Minutes to read it, one at least; *short*: of every summary the first sentence only."""
    texts = [*shown.intro]
    texts += [
        f"{story.headline} {story.first if short else story.summary} {story.note}"
        for story in shown.stories
    ]
    texts += [f"{brief.lead_in} {brief.text}" for brief in shown.briefs]
    texts += [" ".join(told.sentences) for told in shown.corrections]
    return max(1, round(sum(len(text.split()) for text in texts) / _PACE))


def label_of(item: Item) -> str:
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


#: Ends the first sentence of a text that nobody has split: the mark, what closes, a space.
_END = re.compile(r"[.!?…؟。][\'\"’”»“)\]]*(?=\s)")


def _first(story: Story, summary: str) -> str:
    """The first sentence of *summary*."""
    said = story.summary.sentences
    # A standfirst and a whole text are one "sentence" here.
    text = (
        one_line(said[0].text) if said and summary.startswith(one_line(said[0].text)) else summary
    )
    end = _END.search(text, 25)
    return shorten(text[: end.end()] if end else text, LONGEST_HEADLINE)


def _parts(story: Story, summary: str, clock: Clock) -> tuple[Part, ...]:
    """*summary* by who says it, in its order; whole when the lead's source says it all.

    What another source says never stands under the lead's name.
    """
    items = {item.id: item for item in story.items}
    said = [
        (items.get(one.item_id, story.lead), one_line(one.text)) for one in story.summary.sentences
    ]
    others = {label_of(item) for item, _ in said} - {label_of(story.lead)}
    if not others or len(summary) >= LONGEST:
        return (Part(source="", time="", text=summary),) if summary else ()
    parts: list[Part] = []
    before: Item | None = None
    for item, text in said:
        if before is not None and label_of(item) == label_of(before):
            parts[-1] = replace(parts[-1], text=f"{parts[-1].text} {text}")
        elif before is None and label_of(item) == label_of(story.lead):
            parts.append(Part(source="", time="", text=text))
        else:
            parts.append(Part(source=label_of(item), time=clock.stamp(item), text=text))
        before = item
    return tuple(parts)


def _picture(item: Item, headline: str, view: _View) -> Picture | None:
    image, gallery = item.image, view.gallery
    if image is None or image.url is None or gallery.show == "none":
        return None
    kept = gallery.kept.get(image.url)
    # A picture that lies in a folder has no publisher who could show it.
    remote = gallery.show == "remote" and not image.url.startswith("folder:")
    if remote:
        url, size = picture_url(image.url), (image.width or 0, image.height or 0)
    elif kept is not None:
        inside = gallery.show == "embedded" and gallery.in_mail
        cid = f"cid:{content_id(kept.file, view.links)}"
        url, size = cid if inside else view.links.picture_url(kept.file), (kept.width, kept.height)
    else:
        return None
    if url is None:
        return None
    caption = one_line(image.caption or "")
    return Picture(
        url=url,
        file=kept.file if kept and not remote else "",
        alt=shorten(one_line(image.alt or "") or caption or headline, LONGEST_HEADLINE),
        caption=shorten(caption, LONGEST_HEADLINE),
        credit=shorten(one_line(image.credit or ""), LONGEST_HEADLINE),
        width=size[0] if size[0] > 0 else None,
        height=size[1] if size[1] > 0 else None,
    )


def _story(story: Story, view: _View) -> ShownStory:
    lead, clock, page = story.lead, view.clock, view.page
    headline = shorten(one_line(story.headline) or one_line(lead.title), LONGEST_HEADLINE)
    anchor = f"story-{story.id}"
    article = web_url(lead.url)
    source = label_of(lead)
    also: dict[str, ToldBy] = {}
    for item in story.items[1:]:
        label = label_of(item)
        if label != source:
            also.setdefault(label, ToldBy(label=label, url=web_url(item.url)))
    lang, turned = clock.tongue(lead, headline)
    summary = _summary(story, headline)
    authors = bylines(map(one_line, lead.authors), source)
    words = words_for(clock.language)
    changed = story.updated_at
    later = [told for item in story.items for told in view.later.get(item.id, ())]
    moments = [lead.published_at, *([changed] if changed else ()), *(told.at for told in later)]
    return ShownStory(
        id=story.id,
        anchor=anchor,
        headline=headline,
        url=article or f"{page}#{anchor}",
        article_url=article,
        page_url=view.links.story_url(view.edition_id, story.id),
        summary=summary,
        first=_first(story, summary),
        parts=_parts(story, summary, clock),
        machine=story.summary.origin is Origin.MODEL,
        update=bool(story.update_of),
        updated=words.updated.format(time=clock.moment(changed)) if changed else "",
        note=shorten(one_line(story.note), LONGEST_SENTENCE),
        source=source,
        time=clock.stamp(lead),
        iso=clock.iso(lead),
        also=tuple(also.values())[:MOST_SOURCES],
        picture=_picture(lead, headline, view),
        authors=shorten(", ".join(authors[:4]), LONGEST_HEADLINE),
        reading_min=lead.reading_min,
        corrections=tuple(_correction(told, clock, view.links) for told in later),
        published_at=lead.published_at.astimezone(UTC),
        changed_at=max(moments).astimezone(UTC),
        topics=_topics(*story.items),
        source_ids=tuple(dict.fromkeys(item.source_id for item in story.items)),
        item_ids=tuple(dict.fromkeys(item.id for item in story.items)),
        lang=lang,
        dir=turned,
    )


def _topics(*items: Item) -> tuple[str, ...]:
    topics = (shorten(one_line(topic), 80) for item in items for topic in item.topics[:20])
    return tuple(dict.fromkeys(filter(None, topics)))[:20]


def _section(section: Section, view: _View, language: str) -> ShownSection:
    title = one_line(section.title)
    lang, turned = view.clock.tongue_of(language, title)
    return ShownSection(
        slug=section.slug,
        title=title,
        stories=tuple(_story(story, view) for story in section.stories),
        url=f"{view.page}#section-{section.slug}",
        lang=lang,
        dir=turned,
    )


def _briefs(briefs: Sequence[Item], view: _View) -> tuple[ShownBrief, ...]:
    clock = view.clock
    days = [clock.day_of(brief) for brief in briefs]
    named = not all(clock.is_of_own_day(brief) for brief in briefs)
    shown: list[ShownBrief] = []
    before = ""
    for brief, day in zip(briefs, days, strict=True):
        shown.append(_brief(brief, view, day if named and day != before else ""))
        before = day
    return tuple(shown)


def _brief(brief: Item, view: _View, day: str) -> ShownBrief:
    clock, later = view.clock, view.later.get(brief.id, ())
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
        id=brief.id,
        anchor=f"brief-{brief.id}",
        published_at=brief.published_at.astimezone(UTC),
        changed_at=max([brief.published_at, *(told.at for told in later)]).astimezone(UTC),
        corrections=tuple(_correction(told, clock, view.links) for told in later),
        topics=_topics(brief),
        source_id=brief.source_id,
        day=day,
        time="" if brief.day_only else clock.time(brief.published_at),
        iso=clock.iso(brief),
        lead_in=shorten(title, LONGEST_HEADLINE),
        text=shorten(rest, LONGEST),
        url=web_url(brief.url),
        source=label_of(brief),
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
        url=url or f"{links.edition_url(told.edition_id)}#item-{told.item_id}",
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
