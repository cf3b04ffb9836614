"""Links that a source only names, followed: section pages, sitemaps, and feeds that tell a teaser.

Each page is asked for once, politely, as robots.txt allows; how many at a visit is bounded, and
what is left over waits for the next.  Loud: the network.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from digest.errors import FetchError, ParseError, SourceError
from digest.model import Document, Link, RawItem
from digest.reading import Hints, read_listing, read_page
from digest.settings import Source
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What stood behind the links."""

    documents: tuple[Document, ...] = ()
    faults: tuple[SourceError, ...] = ()
    #: Keys of the links that need not be followed again.
    done: tuple[str, ...] = ()
    #: Nothing was left over for the next visit.
    complete: bool = True


async def follow(
    source: Source, answer: Response, http: Http, readers: Readers, *, known: "Known"
) -> Followed:
    """Read the articles that a section page or sitemap lists and no visit has read yet.

    Raises:
        ParseError: *answer* lists no articles.
        FetchError: a sitemap that its index names cannot be had.
    """
    listing = await _listing(source, answer, http, readers)
    by_key = {key: link for link in listing if (key := canonical_url(link.url))}
    unread = await known.unread(list(by_key))
    fresh = [key for key in by_key if key in unread]
    most = min(source.backlog, FIRST_PAGES) if known.first else MOST_PAGES
    chosen = fresh[:most]
    passed_over = fresh[most:] if known.first else []
    visits = await asyncio.gather(*(_article(source, by_key[key], http, readers) for key in chosen))
    documents, faults, done = [], [], list(passed_over)
    for key, found in zip(chosen, visits, strict=True):
        if isinstance(found, Document):
            documents.append(found)
            done.append(key)
            continue
        faults.append(found)
        if not (isinstance(found, FetchError) and found.temporary):
            done.append(key)
    left = len(fresh) - len(chosen) - len(passed_over)
    return Followed(
        documents=tuple(documents),
        faults=tuple(faults),
        done=tuple(done),
        complete=left == 0 and len(done) == len(chosen) + len(passed_over),
    )


async def _listing(
    source: Source, answer: Response, http: Http, readers: Readers
) -> Sequence[Link]:
    document = await _read(source, readers, read_listing, answer)
    links = list(document.links)
    for url in document.maps[:_MOST_MAPS]:
        part = await http.get(url, source_id=source.id, robots=True)
        links += (await _read(source, readers, read_listing, part)).links
    return links


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
    whose page cannot be had keeps its teaser, and is tried again while the feed lists it.
    """
    keys = {n: _teaser_key(item) for n, item in enumerate(document.items) if _is_teaser(item)}
    unread = await known.unread(list(keys.values()))
    wanted = [n for n, key in keys.items() if key in unread][:MOST_PAGES]
    pages = await asyncio.gather(
        *(_article(source, Link(url=document.items[n].url or ""), http, readers) for n in wanted)
    )
    texts = dict(zip(wanted, pages, strict=True))
    items: list[RawItem] = []
    faults: list[SourceError] = []
    done: list[str] = []
    for n, item in enumerate(document.items):
        if n not in keys:
            items.append(item)
            continue
        found = texts.get(n)
        if isinstance(found, Document):
            items.append(_completed(item, found))
            done.append(keys[n])
        elif isinstance(found, SourceError):
            items.append(item)
            faults.append(found)
            if not (isinstance(found, FetchError) and found.temporary):
                done.append(keys[n])
    left = sum(key in unread for key in keys.values()) - len(done)
    return Followed(
        documents=(replace(document, items=tuple(items)),),
        faults=tuple(faults),
        done=tuple(done),
        complete=left == 0,
    )


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
        truncated=False,
        standfirst=item.standfirst or article.standfirst,
        authors=item.authors or article.authors,
        image=item.image or article.image,
        published_at=item.published_at or article.published_at,
        language=item.language or article.language,
        cards=article.cards,
    )
