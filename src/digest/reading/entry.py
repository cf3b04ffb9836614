"""One feed entry, in whatever format it was told, to a RawItem.

Behind the door: which of several dates holds, whose words are the body, what
makes an entry a brief, and sentences about what could not be read.  Not behind
it: XML and JSON (see `feedxml`, `feedloose`, `feedjson`).  Pure.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from digest.model import Block, FeedManners, Image, Kind, RawItem
from digest.reading.dates import Moment, read_date
from digest.reading.hints import Hints, absolute
from digest.reading.markup import (
    Fragment,
    first_image,
    first_sentence,
    one_line,
    plain,
    read_fragment,
)
from digest.reading.pagetext_names import after_by, split_names
from digest.reading.safehtml import Mended, finished, html_of_blocks, mended
from digest.reading.teaser import only_begins

#: An entry without a title and no longer than this is a note, not an article.
BRIEF_CHARS: Final = 600
#: More sentences of one feed nobody reads.
MOST_PROBLEMS: Final = 8
#: Guessing at dates that make no sense costs milliseconds each; after so many it stops.
_DATE_FAILURES: Final = 30
_LONGEST_NAME: Final = 120
#: Of a list of people.
_LONGEST_NAMES: Final = 1_000

#: Written by blog software under every entry.
_BOILERPLATE = re.compile(r"The post .{1,400} (?:appeared first on|first appeared on) .{1,200}")
_MAIL_AND_NAME = re.compile(r"\S+@\S+\s*\((.+)\)|\"?([^<\"]+?)\"?\s*<[^>]*>")
_NO_DATE = re.compile(r"\s*(?:000[01]-|0000|1970-01-01T00:00:00|Thu, 0?1 Jan 1970 00:00:00)")


@dataclass(frozen=True, slots=True, kw_only=True)
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
    #: Base of relative links.
    base: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTold:
    """A feed as its format's reader took it apart."""

    site: str | None
    manners: FeedManners
    reader: "EntryReader"
    #: Numbered from 1; read as they are asked for.
    entries: Iterator[tuple[int, Told]]


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
        """The item; None, and a problem, for an entry with neither title nor text."""
        title = plain(told.title)
        language = told.language or self._language or self._hints.language
        url = absolute(told.link, told.base)
        text = _read_text(told, url, titled=bool(title))
        blocks = text.blocks
        if not title and not blocks:
            self.broken(number, "has neither a title nor a text")
            return None
        length = sum(len(block.text) for block in blocks)
        kind = Kind.BRIEF if not title and length <= BRIEF_CHARS else Kind.ARTICLE
        published, updated = self._dates(number, told, language)
        return RawItem(
            kind=kind,
            title=title or ("" if kind is Kind.BRIEF else first_sentence(blocks[0].text)),
            guid=one_line(told.guid) or None,
            url=url,
            published_at=published.at if published else None,
            day_only=published.day_only if published else False,
            updated_at=updated,
            authors=names(told.authors) or self._authors,
            language=language,
            standfirst=text.standfirst,
            blocks=blocks,
            topics=_unique(plain(topic) for topic in told.topics),
            image=text.image,
            html=finished(text.mended) if text.mended else "",
            truncated=text.truncated,
        )

    def _dates(
        self, number: int, told: Told, language: str | None
    ) -> tuple[Moment | None, datetime | None]:
        published = self._first_date(told.published, language)
        updated = self._first_date(told.updated, language)
        written = next((text for text in told.published if not _NO_DATE.match(text)), None)
        if published is None and written is not None:
            self._problems.append(
                f"Entry {number}: the date “{one_line(written)[:60]}” cannot be read; "
                "the entry counts from when it is first seen."
            )
        if published is None:
            # Atom demands only <updated>.
            return updated, None
        later = updated is not None and updated.at - published.at >= timedelta(minutes=1)
        return published, updated.at if updated and later else None

    def _first_date(self, texts: Iterable[str], language: str | None) -> Moment | None:
        for text in texts:
            if not text.strip() or _NO_DATE.match(text) or self._unread_dates > _DATE_FAILURES:
                continue
            moment = read_date(text, timezone=self._hints.timezone, language=language)
            if moment is not None:
                return moment
            self._unread_dates += 1
        return None


def names(told: Iterable[str], language: str | None = None) -> tuple[str, ...]:
    """People's names: no mail addresses, no "By", lists taken apart.

    *told* is HTML.
    """
    found: list[str] = []
    for text in told:
        name = plain(text[:_LONGEST_NAMES])
        match = _MAIL_AND_NAME.fullmatch(name)
        if match:
            name = match[1] or match[2]
        name = after_by(name) or name
        parts = split_names(name, language)
        # "Lindgard, Astrid" is one person: a list of people has no bare surnames in it.
        many = len(parts) > 1 and all(" " in part for part in parts)
        found.extend(parts if many else [name])
    return tuple(name for name in _unique(found) if len(name) <= _LONGEST_NAME and "@" not in name)


def text_as_html(text: str) -> str:
    """Plain text as HTML of the same paragraphs."""
    return html.escape(text, quote=False)


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """The words and pictures of an entry."""

    blocks: tuple[Block, ...]
    #: Where the publisher wrote one beside the body.
    standfirst: str | None
    image: Image | None
    truncated: bool
    #: None for plain text, which needs no HTML.
    mended: Mended | None


def _read_text(told: Told, url: str | None, *, titled: bool) -> _Text:
    content, summary = _without_boilerplate(told.body), _without_boilerplate(told.summary)
    body, other = content, summary
    # A feed that gives one text gives *the* text, whichever element it chose.
    if not body.blocks or _length(other.blocks) > _length(body.blocks):
        body, other = other, body
    blocks, root = body.blocks, body.root
    standfirst = " ".join(block.text for block in other.blocks)
    truncated = url is not None and only_begins(
        blocks, root, url, content=bool(content.blocks), titled=titled
    )
    image = _image(told, body, other)
    # Last: it uses the tree up.
    markup = mended(root, told.base) if root is not None else None
    if body.refused:
        markup = Mended(html_of_blocks(blocks))
    return _Text(
        blocks=blocks,
        standfirst=standfirst if standfirst and not _excerpt(standfirst, blocks) else None,
        image=image,
        truncated=truncated,
        mended=markup,
    )


def _length(blocks: tuple[Block, ...]) -> int:
    return sum(len(block.text) for block in blocks)


def _without_boilerplate(markup: str) -> Fragment:
    read = read_fragment(markup)
    if len(read.blocks) < 2 or not _BOILERPLATE.fullmatch(read.blocks[-1].text):
        return read
    if read.root is not None:
        last = next(iter(reversed(read.root.css("p"))), None)
        if last is not None and one_line(last.text(deep=True)) == read.blocks[-1].text:
            last.decompose()
    return replace(read, blocks=read.blocks[:-1])


def _excerpt(summary: str, body: tuple[Block, ...]) -> bool:
    """Blog software cuts the first words off the body and calls them a summary."""
    opening = summary.rstrip(" .…[]»›>→")
    start = " ".join(block.text for block in body[:6])[: len(opening) + 50]
    return start.startswith(opening)


def _image(told: Told, *fragments: Fragment) -> Image | None:
    for image in told.images:
        url = absolute(image.url, told.base)
        if url:
            return replace(image, url=url)
    nodes = (node for one in fragments if one.root for node in one.root.css("img"))
    return first_image(nodes, told.base)
