"""Feeds as files: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1, with archives (RFC 5005).

All dates come from what was stored, so two renderings are the same octets and an ETag
holds.  No entry has a personal link, a style or a script.

A channel has one document that readers subscribe to, and one for every complete week, which
changes no more; each names the one before it, so that a reader can walk the whole past.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from digest.render.channels import Channel, folder
from digest.render.feed_document import Document
from digest.render.feed_entries import Entry, Stock, entries_of, holds, week_of
from digest.render.feed_json import write_json
from digest.render.feed_xml import STYLE, write_xml
from digest.render.frame import frame
from digest.render.links import feed_file
from digest.render.press import Issue, Press
from digest.settings import Newsletter

#: Octets of the contents of a feed, beyond which entries of earlier weeks are left out.
FEED_LIMIT = 240_000


def feed_files(
    newsletter: Newsletter,
    channels: Sequence[Channel],
    issues: Sequence[Issue],
    *,
    press: Press,
    weeks: Sequence[str] = (),
    full: Mapping[str, str] = MappingProxyType({}),
    sizes: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[tuple[str, bytes]]:
    """What readers subscribe to: path under ``out/`` and octets, for every channel and format.

    What is in no archive document yet is always in the feed; older entries are there as long as
    it stays short.  A JSON feed that would be too long goes on in further pages.

    Args:
        channels: of *newsletter*, as `channels.channels` names them.
        issues: newest edition first; at least all of the weeks that are not in *weeks*.
        weeks: those that have archive documents, oldest first.
        full: safe HTML by item id, for ``feed_text = "full"``.
        sizes: octets of kept pictures, by their names under ``pictures/``.

    Raises:
        RenderError: a template is broken.
    """
    stock = Stock(newsletter=newsletter, press=press, full=full, sizes=sizes)
    entries = _newest(entry for issue in issues for entry in entries_of(issue, stock))
    archived = set(weeks) - {week_of(issue.edition) for issue in issues[:1]}
    for channel in channels:
        mine = [entry for entry in entries if holds(channel, entry)]
        document = Document(
            channel=channel,
            newsletter=newsletter,
            press=press,
            entries=tuple(_that_fit(mine, archived)),
            older=weeks[-1] if weeks else None,
        )
        yield from _files(document)


def archive_files(
    newsletter: Newsletter,
    channels: Sequence[Channel],
    week: str,
    issues: Sequence[Issue],
    *,
    press: Press,
    older: str | None = None,
    newer: str | None = None,
    full: Mapping[str, str] = MappingProxyType({}),
    sizes: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[tuple[str, bytes]]:
    """The archive documents (RFC 5005 §4) of one complete *week*: path under ``out/`` and octets.

    Every channel has one, an empty one too: the chain from week to week has no gap.

    Args:
        issues: all of the week, newest first, shown as they were: without later corrections.
        older: the week of the archive documents before these; None for the first.
        newer: likewise of those after; None for the latest.

    Raises:
        RenderError: a template is broken.
    """
    stock = Stock(newsletter=newsletter, press=press, full=full, sizes=sizes)
    entries = _newest(entry for issue in issues for entry in entries_of(issue, stock))
    for channel in channels:
        document = Document(
            channel=channel,
            newsletter=newsletter,
            press=press,
            entries=tuple(entry for entry in entries if holds(channel, entry)),
            week=week,
            older=older,
            newer=newer,
        )
        yield from _files(document)


def view_files(press: Press) -> Iterator[tuple[str, bytes]]:
    """The style sheet that makes a feed a page for people: path under ``out/`` and octets.

    Raises:
        RenderError: its template is broken.
    """
    yield STYLE, press.templates.page("feed.css", **frame(press)).encode()


def _newest(entries: Iterable[Entry]) -> list[Entry]:
    """*entries*, each thing once: as its newest edition has it, which comes first."""
    found: dict[str, Entry] = {}
    for entry in entries:
        found.setdefault(entry.key, entry)
    return list(found.values())


def _that_fit(entries: Iterable[Entry], archived: set[str]) -> Iterator[Entry]:
    room = FEED_LIMIT
    for entry in entries:
        room -= len(entry.html.encode())
        if room >= 0 or entry.week not in archived:
            yield entry


def _files(document: Document) -> Iterator[tuple[str, bytes]]:
    place, week = folder(document.channel), document.week
    yield feed_file(place, "rss", week=week), write_xml("rss", document)
    yield feed_file(place, "atom", week=week), write_xml("atom", document)
    for page, octets in enumerate(write_json(document), start=1):
        yield feed_file(place, "json", week=week, page=page), octets
