"""Feeds as files: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1, with archives (RFC 5005).

All dates come from what was stored, so two renderings are the same octets and an ETag
holds.  No entry has a personal link, a style or a script.

A channel has one document that readers subscribe to, and one for every complete week, whose
entries change no more; each names the one before it, so that a reader can walk the whole past.
What is corrected later is told again in the document of the week that corrects it: whoever
walks from the newest to the oldest has the truth in the first version met of each entry, whose
`updated` is the latest (RFC 5005 §4).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from digest.model import Correction
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
    weeks: Mapping[str, Collection[str]] = MappingProxyType({}),
    full: Mapping[str, str] = MappingProxyType({}),
    sizes: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[tuple[str, bytes]]:
    """What readers subscribe to: path under ``out/`` and octets, for every channel and format.

    What is in no archive document yet is always in the feed: the newest week's entries, and
    older ones that it corrected.  Others are there as long as it stays short.  A JSON feed that
    would be too long goes on in further pages.

    Args:
        channels: of *newsletter*, as `channels.channels` names them.
        issues: newest edition first; at least all of the newest week, and what it corrected.
        weeks: those that have archive documents, oldest first, each with the ids of the editions
            of which something is in them.
        full: safe HTML by item id, for ``feed_text = "full"``.
        sizes: octets of kept pictures, by their names under ``pictures/``.

    Raises:
        RenderError: a template is broken.
    """
    stock = Stock(newsletter=newsletter, press=press, full=full, sizes=sizes)
    every = [entry for issue in issues for entry in entries_of(issue, stock)]
    entries, ids = _newest(every), {issue.edition.id for issue in issues}
    open_weeks = {week_of(issue.edition) for issue in issues} - set(weeks)
    fresh = {one.key for week in open_weeks for one in _of_week(week, every, issues)}
    # None: of some of its editions nothing is known here.
    archived = {
        week: {entry.key for entry in _of_week(week, every, issues)} if ids >= set(held) else None
        for week, held in weeks.items()
    }
    for channel in channels:
        mine = [entry for entry in entries if holds(channel, entry)]
        shown = tuple(_that_fit(mine, fresh))
        untold = {entry.key for entry in mine} - {entry.key for entry in shown}
        further = [week for week, held in archived.items() if held is None or held & untold]
        document = Document(
            channel=channel,
            newsletter=newsletter,
            press=press,
            entries=shown,
            older=list(weeks)[-1] if weeks else None,
            further=further[-1] if further else None,
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
        issues: all of the week, and older ones that it corrected, newest first; shown as they
            were at its end: without later corrections.
        older: the week of the archive documents before these; None for the first.
        newer: likewise of those after; None for the latest.

    Raises:
        RenderError: a template is broken.
    """
    stock = Stock(newsletter=newsletter, press=press, full=full, sizes=sizes)
    every = [entry for issue in issues for entry in entries_of(issue, stock)]
    entries = _newest(_of_week(week, every, issues))
    for channel in channels:
        document = Document(
            channel=channel,
            newsletter=newsletter,
            press=press,
            entries=tuple(entry for entry in entries if holds(channel, entry)),
            week=week,
            older=older,
            newer=newer,
            further=older,
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


def _of_week(week: str, entries: Iterable[Entry], issues: Sequence[Issue]) -> Iterator[Entry]:
    """Of *entries* those that the documents of *week* have: its own, and what it corrected."""
    told: set[Correction] = set()
    for issue in issues:
        if week_of(issue.edition) == week:
            told.update(issue.edition.corrections)
    return (one for one in entries if one.week == week or not told.isdisjoint(one.corrections))


def _that_fit(entries: Sequence[Entry], fresh: Collection[str]) -> Iterator[Entry]:
    """Those of *entries* that are *fresh*, by key, and others while there is room."""
    sizes = [len(entry.html.encode()) for entry in entries]
    room = FEED_LIMIT - sum(
        size for entry, size in zip(entries, sizes, strict=True) if entry.key in fresh
    )
    for entry, size in zip(entries, sizes, strict=True):
        if entry.key not in fresh:
            room -= size
        if entry.key in fresh or room >= 0:
            yield entry


def _files(document: Document) -> Iterator[tuple[str, bytes]]:
    place, week = folder(document.channel), document.week
    yield feed_file(place, "rss", week=week), write_xml("rss", document)
    yield feed_file(place, "atom", week=week), write_xml("atom", document)
    for page, octets in enumerate(write_json(document), start=1):
        yield feed_file(place, "json", week=week, page=page), octets
