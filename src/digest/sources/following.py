"""Links that a source only names, followed: section pages, sitemaps, and feeds that tell a teaser.

Each page is asked for once, politely, as robots.txt allows; how many at a visit is bounded, and
what is left over waits for the next.  Loud: the network.
"""

import asyncio
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from digest.errors import FetchError, ParseError, SourceError
from digest.model import Document, Link, RawItem
from digest.reading import Hints, read_listing, read_page
from digest.settings import Source
from digest.sources.giveup import keys_done
from digest.sources.http import Http, Response
from digest.sources.readers import Readers
from digest.urls import canonical_url

if TYPE_CHECKING:
    from digest.sources.collecting import Known

#: Pages that one visit asks for.
MOST_PAGES: Final = 60
#: A first visit to a section page takes its newest; the others were news before we came.
FIRST_PAGES: Final = 20
#: Sitemaps that a sitemap's index names, newest first.
_MOST_MAPS: Final = 3
#: Of one article, as often as its sitemap tells that it has changed.
MOST_READINGS: Final = 4
#: A correction of what is older is no news.
_LATEST_CHANGE: Final = timedelta(days=7)
#: When an article is read once more whose page alone would tell that it was corrected.
_SECOND_FROM: Final = timedelta(hours=3)
_SECOND_UNTIL: Final = timedelta(hours=24)
_MOST_WAITING: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What stood behind the links."""

    documents: tuple[Document, ...] = ()
    faults: tuple[SourceError, ...] = ()
    #: Keys of the links that need not be followed again.
    done: tuple[str, ...] = ()
    #: Nothing was left over for the next visit.
    complete: bool = True
    #: Which pages are to be read again, and when; None: as before.
    cursor: str | None = None


async def follow(
    source: Source, answer: Response, http: Http, readers: Readers, *, known: "Known"
) -> Followed:
    """Read the articles that a section page or sitemap lists and no visit has read yet.

    Corrections are looked for as well: where a sitemap tells that an article has changed, a few
    times; elsewhere once, some hours after the article was read.

    Raises:
        ParseError: *answer* lists no articles.
        FetchError: none of the sitemaps that its index names can be had.
    """
    listed, broken = await _listing(source, answer, http, readers)
    links: dict[str, Link] = {}
    for link in listed:
        if key := canonical_url(link.url):
            links.setdefault(key, link)
    unread = await known.unread(list(links))
    fresh = [key for key in links if key in unread]
    most = min(source.backlog, FIRST_PAGES) if known.first else MOST_PAGES
    passed_over = fresh[most:] if known.first else []
    changed = await _changed(links, unread, known)
    wanted = dict.fromkeys(fresh[: len(fresh) - len(passed_over)], 1) | changed
    chosen = dict(list(wanted.items())[:most])
    visits = await asyncio.gather(*(_article(source, links[key], http, readers) for key in chosen))
    documents, faults, done = [], list(broken), list(passed_over)
    left = len(wanted) - len(chosen)
    second = _second_looks(known.cursor)
    for (key, reading), found in zip(chosen.items(), visits, strict=True):
        link = links[key]
        notes = (key, _state(link, key), _reading(reading, key)) if link.changed_at else (key,)
        if isinstance(found, Document):
            documents.append(found)
            done.extend(notes)
            if known.now is not None and link.changed_at is None:
                second[link.url] = known.now
            continue
        faults.append(found)
        settled = await keys_done(found, *notes, unread=known.unread)
        done.extend(settled)
        left += key not in settled
    there = {url: at for url, at in second.items() if canonical_url(url) in links}
    again = await _again(source, there, http, readers, known, most=MOST_PAGES - len(chosen))
    return Followed(
        documents=(*documents, *again.documents),
        faults=tuple(faults),
        done=tuple(done),
        # A sitemap that could not be had may list something, too.
        complete=not (left or broken),
        cursor=again.cursor,
    )


async def _listing(
    source: Source, answer: Response, http: Http, readers: Readers
) -> tuple[list[Link], list[SourceError]]:
    """The links, and what is wrong with sitemaps that an index names."""
    document = await _read(source, readers, read_listing, answer)
    links = list(document.links)
    faults: list[SourceError] = []
    maps = document.maps[:_MOST_MAPS]
    for url in maps:
        try:
            part = await http.get(url, source_id=source.id, robots=True)
            links += (await _read(source, readers, read_listing, part)).links
        except SourceError as error:
            faults.append(_named(error, source, url))
    if faults and len(faults) == len(maps):
        raise faults[0]
    return links, faults


# ------------------------------------------------------------------- corrections


def _state(link: Link, key: str) -> str:
    """The article as it was when the sitemap said that it changed."""
    return f"{key} {link.changed_at}"


def _reading(number: int, key: str) -> str:
    return f"reading {number} {key}"


async def _changed(
    links: Mapping[str, Link], unread: frozenset[str], known: "Known"
) -> dict[str, int]:
    """Articles that were read and have changed since: the key, and the how many-eth reading it is.

    Many sitemaps call everything changed at all times, so that each is believed a few times only.
    """
    states = {
        key: _state(link, key)
        for key, link in links.items()
        if key not in unread
        and link.changed_at is not None
        and (known.now is None or known.now - link.changed_at < _LATEST_CHANGE)
    }
    if not states:
        return {}
    new = await known.unread(list(states.values()))
    keys = [key for key, state in states.items() if state in new]
    numbers = range(1, MOST_READINGS + 1)
    open_ = await known.unread([_reading(n, key) for key in keys for n in numbers]) if keys else ()
    changed = {}
    for key in keys:
        number = next((n for n in numbers if _reading(n, key) in open_), 0)
        # What a first visit passed over was never read: it was news before we came.
        if number > 1:
            changed[key] = number
    return changed


async def follow_again(source: Source, http: Http, readers: Readers, *, known: "Known") -> Followed:
    """Of a section page that has not changed: read what is due to be read a second time."""
    return await _again(source, _second_looks(known.cursor), http, readers, known, most=MOST_PAGES)


async def _again(
    source: Source,
    waiting: Mapping[str, datetime],
    http: Http,
    readers: Readers,
    known: "Known",
    *,
    most: int,
) -> Followed:
    """Read what is due among *waiting*: addresses, and when they were read the first time."""
    if known.now is None:
        return Followed()
    now = known.now
    recent = {url: at for url, at in waiting.items() if now - at <= _SECOND_UNTIL}
    due = [url for url, at in recent.items() if now - at >= _SECOND_FROM][: max(most, 0)]
    found = await asyncio.gather(*(_article(source, Link(url=url), http, readers) for url in due))
    # Where it fails the article stays as it was; it is not asked for a third time.
    kept = sorted(((at, url) for url, at in recent.items() if url not in due), reverse=True)
    told = {url: int(at.timestamp()) for at, url in kept[:_MOST_WAITING]}
    return Followed(
        documents=tuple(page for page in found if isinstance(page, Document)),
        cursor=json.dumps({"again": told}),
    )


def _second_looks(cursor: str | None) -> dict[str, datetime]:
    """Addresses that wait for a second reading, and when they were read first."""
    try:
        told = json.loads(cursor or "{}").get("again", {})
        return {str(url): datetime.fromtimestamp(int(at), UTC) for url, at in told.items()}
    except (ValueError, TypeError, AttributeError, OverflowError, OSError):
        return {}


# ------------------------------------------------------------------------ pages


async def _article(
    source: Source, link: Link, http: Http, readers: Readers
) -> Document | SourceError:
    try:
        answer = await http.get(link.url, source_id=source.id, robots=True)
        page = await _read(source, readers, read_page, answer)
    except SourceError as error:
        return _named(error, source, link.url)
    # What the list says fills what the page does not.
    items = tuple(
        replace(
            item,
            title=item.title or link.title,
            published_at=item.published_at or link.published_at,
            url=item.url or link.url,
        )
        for item in page.items
    )
    return replace(page, items=items)


def _named(error: SourceError, source: Source, url: str) -> SourceError:
    text = f"{canonical_url(url) or 'a link'}: {error}"
    if isinstance(error, FetchError):
        return FetchError(
            source.id,
            text,
            temporary=error.temporary,
            status=error.status,
            fault=error.fault,
            wait_s=error.wait_s,
        )
    return ParseError(source.id, text, fault=error.fault)


async def _read(
    source: Source,
    readers: Readers,
    reader: Callable[[bytes, Hints], Document],
    answer: Response,
) -> Document:
    hints = Hints(
        url=answer.url,
        content_type=answer.content_type,
        language=source.language,
        timezone=source.timezone,
    )
    return await readers.run(reader, answer.body, hints)


# ------------------------------------------------------------------- full texts


async def complete(
    source: Source, document: Document, http: Http, readers: Readers, *, known: "Known"
) -> Followed:
    """Fill the items of a feed that tell only their beginning with the text of their pages.

    An item whose page was read before is left out: it is known, and its teaser is no news.  One
    whose page cannot be had keeps its teaser, and is tried again while the feed lists it.  Of a
    first visit only the newest are filled, as many as its backlog has; all others stay teasers.
    """
    keys = {n: _teaser_key(item) for n, item in enumerate(document.items) if _is_teaser(item)}
    unread = await known.unread(list(keys.values()))
    waiting = [n for n, key in keys.items() if key in unread]
    most = MOST_PAGES
    if known.first:
        waiting.sort(key=lambda n: _age(document.items[n]))
        most = min(source.backlog, MOST_PAGES)
    wanted = waiting[:most]
    passed_over = set(waiting[most:]) if known.first else set()
    pages = await asyncio.gather(
        *(_article(source, Link(url=document.items[n].url or ""), http, readers) for n in wanted)
    )
    texts = dict(zip(wanted, pages, strict=True))
    items: list[RawItem] = []
    faults: list[SourceError] = []
    done: list[str] = []
    left = len(waiting) - len(wanted) - len(passed_over)
    for n, item in enumerate(document.items):
        found = texts.get(n)
        if isinstance(found, Document):
            items.append(_completed(item, found))
            done.append(keys[n])
        elif isinstance(found, SourceError):
            items.append(item)
            faults.append(found)
            settled = await keys_done(found, keys[n], unread=known.unread)
            done.extend(settled)
            left += keys[n] not in settled
        elif n not in keys:
            items.append(item)
        elif n in passed_over:
            items.append(item)
            done.append(keys[n])
    return Followed(
        documents=(replace(document, items=tuple(items)),),
        faults=tuple(faults),
        done=tuple(done),
        complete=left == 0,
    )


def _age(item: RawItem) -> float:
    """Sorts the newest first; what has no date has just appeared."""
    return -item.published_at.timestamp() if item.published_at else -math.inf


def _is_teaser(item: RawItem) -> bool:
    return item.truncated and bool(item.url)


def _teaser_key(item: RawItem) -> str:
    """Changes with the teaser: then the page has changed too."""
    words = "\0".join((item.title, *(block.text for block in item.blocks), str(item.updated_at)))
    return f"text {item.url} {blake2b(words.encode(), digest_size=8).hexdigest()}"


def _completed(item: RawItem, page: Document) -> RawItem:
    article = page.items[0]
    told = sum(len(block.text) for block in item.blocks)
    if sum(len(block.text) for block in article.blocks) <= told:
        # A paywall or a notice; the feed says more.
        return item
    return replace(
        item,
        blocks=article.blocks,
        html=article.html,
        html_base=article.html_base,
        truncated=False,
        standfirst=item.standfirst or article.standfirst,
        authors=item.authors or article.authors,
        image=item.image or article.image,
        published_at=item.published_at or article.published_at,
        language=item.language or article.language,
        cards=article.cards,
    )
