"""One feed entry, in whatever format it was told, to a RawItem.

Behind the door: which of several dates holds, whose words are the body, what
makes an entry a brief, and sentences about what could not be read.  Not behind
it: XML and JSON (see `feedxml`, `feedloose`, `feedjson`).  Pure.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from digest.model import Block, FeedManners, Image, Kind, RawItem
from digest.reading.dates import Moment
from digest.reading.feeddates import read_feed_date
from digest.reading.feedhtml import Fragment, read_fragment
from digest.reading.hints import Hints, absolute
from digest.reading.markup import first_sentence, one_line, plain
from digest.reading.pagetext_names import after_by, split_names
from digest.reading.safehtml import LARGEST_TOLD
from digest.reading.teaser import only_begins

#: An entry without a title and no longer than this is a note, not an article.
BRIEF_CHARS: Final = 600
#: More sentences of one feed nobody reads.
MOST_PROBLEMS: Final = 8
#: Guessing at dates that make no sense costs milliseconds each; after so many it stops.
_DATE_FAILURES: Final = 30
#: What changed sooner was published twice.
_LEAST_CHANGE: Final = timedelta(minutes=1)
_LONGEST_NAME: Final = 120
#: Of a list of people.
_LONGEST_NAMES: Final = 1_000

#: Written by blog software under every entry.
_BOILERPLATE = re.compile(r"The post .{1,400} (?:appeared first on|first appeared on) .{1,200}")
_MAIL_AND_NAME = re.compile(r"\S+@\S+\s*\((.+)\)|\"?([^<\"]+?)\"?\s*<[^>]*>")
_NO_DATE = re.compile(r"\s*(?:000[01]-|0000|1970-01-01T00:00:00|Thu, 0?1 Jan 1970 00:00:00)")


# Not frozen, as the nouns are: it lives for a moment, and there are many.
@dataclass(slots=True, kw_only=True)
class Told:
    """An entry as its feed told it.  *title*, *summary* and *body* are HTML."""

    title: str = ""
    guid: str | None = None
    link: str | None = None
    #: The first that can be read holds.
    published: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    summary: str = ""
    body: str = ""
    topics: tuple[str, ...] = ()
    #: In order of preference.
    images: tuple[Image, ...] = ()
    language: str | None = None
    #: What relative links count from: the entry's own, and those in its two texts.
    base: str | None = None
    summary_base: str | None = None
    body_base: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTold:
    """A feed as its format's reader took it apart."""

    site: str | None
    manners: FeedManners
    reader: "EntryReader"
    #: Numbered from 1; read as they are asked for.
    entries: Iterator[tuple[int, Told]]
    #: What the strict parser said of it, if it is no XML.
    broken: str | None = None


class EntryReader:
    """Turns what one feed told into items, and remembers what could not be read."""

    def __init__(
        self, hints: Hints, *, language: str | None, authors: tuple[str, ...] = ()
    ) -> None:
        self._hints = hints
        self._language = language
        self._authors = authors
        self._problems: list[str] = []
        self._unread_dates = 0

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences that say what to do; the first few, then how many more there are."""
        more = len(self._problems) - MOST_PROBLEMS
        if more <= 0:
            return tuple(self._problems)
        return (*self._problems[:MOST_PROBLEMS], f"{more} more entries have faults like these.")

    def broken(self, number: int, fault: str) -> None:
        """Note that entry *number*, from 1, had to be left out."""
        self._problems.append(f"Entry {number} {fault}; it was left out. Tell the publisher.")

    def read(self, number: int, told: Told) -> RawItem | None:
        """The item, its HTML not safe; None, and a problem, if it has neither title nor text."""
        title = plain(told.title)
        language = told.language or self._language or self._hints.language
        url = absolute(told.link, told.base)
        text = _read_text(told, url, titled=bool(title))
        blocks = text.blocks
        if not title and not blocks:
            self.broken(number, "has neither a title nor a text")
            return None
        brief = not title and _length(blocks) <= BRIEF_CHARS
        published, updated = self._dates(number, told, language)
        return RawItem(
            kind=Kind.BRIEF if brief else Kind.ARTICLE,
            title=title or ("" if brief else first_sentence(blocks[0].text)),
            guid=one_line(told.guid) or None,
            url=url,
            published_at=published.at if published else None,
            day_only=published.day_only if published else False,
            updated_at=updated,
            authors=names(told.authors) or self._authors,
            language=language,
            standfirst=text.standfirst,
            blocks=blocks,
            topics=_unique([plain(topic) for topic in told.topics]),
            image=text.image,
            html=text.html,
            html_base=text.base if text.html else None,
            truncated=text.truncated,
        )

    def _dates(
        self, number: int, told: Told, language: str | None
    ) -> tuple[Moment | None, datetime | None]:
        published = self._first_date(told.published, language)
        updated = self._first_date(told.updated, language) if told.updated else None
        if published is None:
            written = next((text for text in told.published if not _NO_DATE.match(text)), None)
            if written is not None:
                self._problems.append(
                    f"Entry {number}: the date “{one_line(written)[:60]}” cannot be read; "
                    "the entry counts from when it is first seen."
                )
            # Atom demands only <updated>.
            return updated, None
        later = updated is not None and updated.at - published.at >= _LEAST_CHANGE
        return published, updated.at if updated and later else None

    def _first_date(self, texts: Iterable[str], language: str | None) -> Moment | None:
        for text in texts:
            if not text.strip() or _NO_DATE.match(text) or self._unread_dates > _DATE_FAILURES:
                continue
            moment = read_feed_date(text, timezone=self._hints.timezone, language=language)
            if moment is not None:
                return moment
            self._unread_dates += 1
        return None


def names(told: Iterable[str], language: str | None = None) -> tuple[str, ...]:
    """People's names: no mail addresses, no "By", lists taken apart.

    *told* is HTML.
    """
    return _unique([name for text in told for name in _names(text[:_LONGEST_NAMES], language)])


@lru_cache(maxsize=1_024)
def _names(text: str, language: str | None) -> tuple[str, ...]:
    """Of one text; the same few people sign all of a feed."""
    name = plain(text)
    match = _MAIL_AND_NAME.fullmatch(name)
    if match:
        name = match[1] or match[2]
    name = after_by(name) or name
    parts = split_names(name, language)
    # "Lindgard, Astrid" is one person: a list of people has no bare surnames in it.
    many = len(parts) > 1 and all(" " in part for part in parts)
    found = parts if many else (name,)
    return tuple(name for name in found if name and len(name) <= _LONGEST_NAME and "@" not in name)


def text_as_html(text: str) -> str:
    """Plain text as HTML of the same paragraphs."""
    return html.escape(text, quote=False)


def _unique(texts: Sequence[str]) -> tuple[str, ...]:
    if len(texts) == 1:
        return tuple(texts) if texts[0] else ()
    return tuple(dict.fromkeys(text for text in texts if text))


@dataclass(slots=True, kw_only=True)
class _Text:
    """The words and pictures of an entry."""

    blocks: tuple[Block, ...]
    #: Where the publisher wrote one beside the body.
    standfirst: str | None
    image: Image | None
    truncated: bool
    #: As told, with what its links count from; "" for plain text.
    html: str
    base: str | None


def _read_text(told: Told, url: str | None, *, titled: bool) -> _Text:
    content = summary = _NOTHING
    if told.body:
        content = _without_boilerplate(told.body)
    if told.summary:
        summary = _without_boilerplate(told.summary)
    body, base = content, told.body_base or told.base
    other, other_base = summary, told.summary_base or told.base
    # A feed that gives one text gives *the* text, whichever element it chose.
    if other.blocks and (not body.blocks or _length(other.blocks) > _length(body.blocks)):
        body, other, base, other_base = other, body, other_base, base
    blocks = body.blocks
    standfirst = " ".join([block.text for block in other.blocks])
    return _Text(
        blocks=blocks,
        standfirst=standfirst if standfirst and not _excerpt(standfirst, blocks) else None,
        image=_image(told) or body.image(base) or other.image(other_base),
        truncated=url is not None
        and only_begins(blocks, body.markup, url, content=bool(content.blocks), titled=titled),
        html=body.markup[:LARGEST_TOLD] if "<" in body.markup else "",
        base=base,
    )


_NOTHING: Final = Fragment()


def _length(blocks: tuple[Block, ...]) -> int:
    return sum([len(block.text) for block in blocks])


def _without_boilerplate(markup: str) -> Fragment:
    read = read_fragment(markup)
    if len(read.blocks) < 2:
        return read
    last = read.blocks[-1].text
    if not last.startswith("The post ") or not _BOILERPLATE.fullmatch(last):
        return read
    start = markup.lower().rfind("<p")
    if start < 0 or plain(markup[start:]) != last:
        start = len(markup)
    return Fragment(markup=markup[:start], blocks=read.blocks[:-1], root=read.root)


def _excerpt(summary: str, body: tuple[Block, ...]) -> bool:
    """Blog software cuts the first words off the body and calls them a summary."""
    opening = summary.rstrip(" .…[]»›>→")
    start = " ".join([block.text for block in body[:6]])[: len(opening) + 50]
    return start.startswith(opening)


def _image(told: Told) -> Image | None:
    for image in told.images:
        url = absolute(image.url, told.base)
        if url:
            return replace(image, url=url)
    return None
