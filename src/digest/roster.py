"""The verbs of the list of sources: look at an address, add it, try a source, import, export.

Behind the door: which address is meant, what counts as a source that is there already, and
what a list in OPML becomes.  Not behind it: what stands at an address (`sources.discover`), and
what is kept of a source (`collect`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from digest import collect, sources, store
from digest.app import App
from digest.errors import ConfigError, Conflict, NotFound, SourceError
from digest.health import bare
from digest.model import RawItem
from digest.settings import Source
from digest.sources.discover import Discovery, discover
from digest.sources.opml import OpmlFeed, read_opml, slug_for, write_opml
from digest.store.sources import SourceRecord
from digest.urls import canonical_url

#: Pages behind a list that a look without consequences asks for.
_MOST_FOLLOWED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a person wants of a source besides its address; None leaves it to what is found."""

    id: str | None = None
    title: str | None = None
    follow: bool | None = None
    full_text: bool = False
    language: str | None = None
    timezone: str | None = None


# ------------------------------------------------------------------- one address


async def explore(app: App, url: str) -> Discovery:
    """Say what stands at *url*; nothing is kept but what its host said about being asked.

    Takes an address as people type it, without "https://" too.
    """
    await _mind_hosts(app)
    try:
        return await discover(url, app.http, app.readers)
    finally:
        await _keep_hosts(app)


async def adopt(
    app: App, url: str, *, wishes: Wishes = Wishes(), newsletters: Sequence[str] = ()
) -> tuple[Source, Discovery]:
    """Look at *url* and make the best thing found there a source; it is due at once.

    Args:
        newsletters: slugs of those with a list of sources that take this one, too.

    Raises:
        NotFound: nothing there can be collected; or no such newsletter.
        Conflict: it is a source already, or the id is taken, or a wish cannot be met.
    """
    for slug in newsletters:
        app.newsletter(slug)
    records = await _records(app)
    every = collect.sources_of(app, records.values())
    places = _places(every, records)
    _refuse_known(url if "://" in url[:12] else f"https://{url}", places)
    found = await explore(app, url)
    if found.kind == "none":
        told = " ".join((*found.words, *found.problems))
        raise NotFound(f"{bare(found.url)} cannot be a source. {told}")
    _refuse_known(found.url, places)
    taken = {source.id for source in every}
    title = wishes.title if wishes.title is not None else found.title
    id = wishes.id or _free_id(title, found.url, taken, records)
    if id in taken:
        raise Conflict(f"there is a source {id} already; give another --id")
    source = _declared(
        id=id,
        kind=found.kind,
        url=found.url,
        title=_one_line(title),
        follow=found.follow if wishes.follow is None else wishes.follow,
        full_text=wishes.full_text,
        language=wishes.language,
        timezone=wishes.timezone or "UTC",
    )
    await collect.add_source(app, source, newsletters=newsletters)
    return source, found


def _refuse_known(url: str, places: dict[str, str]) -> None:
    known = places.get(canonical_url(url) or url)
    if known is not None:
        raise Conflict(f"{bare(url)} is the source {known} already")


def _declared(**values: object) -> Source:
    """A source of *values*; `ConfigError` for one that cannot be."""
    try:
        source = Source.model_validate({k: v for k, v in values.items() if v is not None})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError([f"{where}: {first['msg'].removeprefix('Value error, ')}"]) from None
    if source.full_text and source.kind != "feed":
        raise ConfigError(["--full-text is for feeds, and this is a page: leave it out"])
    if source.follow and source.kind != "page":
        raise ConfigError(["--follow is for pages, and this is a feed: leave it out"])
    return source


# ------------------------------------------------------------------ one source


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a look at a source found that leaves no trace."""

    source_id: str
    #: Why the look failed; None if it went well.
    fault: str | None = None
    #: `errors.Fault` of it.
    word: str | None = None
    documents: int = 0
    items: int = 0
    newest: datetime | None = None
    #: Of the newest items, newest first.
    headlines: tuple[str, ...] = ()
    #: What could not be read, sentences.
    problems: tuple[str, ...] = ()
    #: Where it was found that it has moved.
    moved_to: str | None = None


async def find(app: App, source_id: str) -> Source:
    """The source of that id.

    Raises:
        NotFound: there is none.
    """
    for source in await collect.every_source(app):
        if source.id == source_id:
            return source
    raise NotFound(f"there is no source {source_id!r}; `digest sources` lists them")


async def try_out(app: App, source: Source) -> Tried:
    """Visit *source* and keep nothing of it, but what its host said about being asked."""
    record = (await _records(app)).get(source.id) or SourceRecord(id=source.id)

    async def few(keys: Sequence[str]) -> frozenset[str]:
        # Enough to see that the pages behind a list can be read.
        return frozenset(keys[:_MOST_FOLLOWED] if source.url else keys)

    await _mind_hosts(app)
    try:
        fetched = await sources.fetch(
            source,
            app.http,
            app.readers,
            base=app.loaded.base,
            known=sources.Known(
                cursor=record.cursor,
                first=record.first_at is None,
                address=record.address,
                password=app.passwords.get(source.id),
                unread=few,
            ),
        )
    except SourceError as error:
        return Tried(source_id=source.id, fault=str(error), word=error.fault.value)
    finally:
        await _keep_hosts(app)
    items = [item for document in fetched.documents for item in document.items]
    # An undated one may be the newest, but nothing says so.
    dated = sorted((i for i in items if i.published_at), key=_published, reverse=True)
    shown = dated or items
    problems = [text for document in fetched.documents for text in document.problems]
    return Tried(
        source_id=source.id,
        documents=len(fetched.documents) + len(fetched.faults),
        items=len(items),
        newest=dated[0].published_at if dated else None,
        headlines=tuple(_one_line(item.title) for item in shown[:5] if item.title),
        problems=(*problems, *map(str, fetched.faults)),
        moved_to=fetched.moved_to,
    )


def _published(item: RawItem) -> float:
    return item.published_at.timestamp() if item.published_at else 0.0


async def _mind_hosts(app: App) -> None:
    """Who asked to be left alone before is left alone now."""
    async with app.db.read() as conn:
        app.http.hosts.load(await store.sources.waits(conn, now=app.now()))
        app.http.robots.load(await store.sources.robots(conn, now=app.now()))


async def _keep_hosts(app: App) -> None:
    waits, robots = app.http.hosts.take_changes(), app.http.robots.take_changes()
    if waits or robots:
        async with app.db.write() as conn:
            await store.sources.keep_waits(app.db, conn, waits)
            await store.sources.keep_robots(app.db, conn, robots)


# ---------------------------------------------------------------------- lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of a list."""

    #: Added; or, in a dry run, what would be.
    added: tuple[Source, ...] = ()
    #: Sources already: (address, id of the source that has it).
    known: tuple[tuple[str, str], ...] = ()
    #: What could not be used, each a sentence that says what to do.
    problems: tuple[str, ...] = ()
    dry_run: bool = False


async def import_opml(
    app: App, data: bytes, *, newsletters: Sequence[str] = (), dry_run: bool = False
) -> Imported:
    """Add the feeds of a list that are no sources yet: all of them in one transaction, or none.

    Nothing is fetched: a feed that is none says so at its first visit.

    Raises:
        ParseError: *data* is no OPML list.
        NotFound: no such newsletter.
        Conflict: somebody added one of them at the same moment; nothing was added.
    """
    for slug in newsletters:
        app.newsletter(slug)
    told = await app.readers.run(read_opml, data)
    records = await _records(app)
    every = collect.sources_of(app, records.values())
    places = _places(every, records)
    taken = {source.id for source in every}
    added: list[Source] = []
    known: list[tuple[str, str]] = []
    problems = list(told.problems)
    for feed in told.feeds:
        place = canonical_url(feed.url) or feed.url
        if place in places:
            known.append((bare(feed.url), places[place]))
            continue
        id = _free_id(feed.title, feed.url, taken, records)
        try:
            source = _declared(id=id, kind="feed", url=feed.url, title=_one_line(feed.title))
        except ConfigError as error:
            problems.append(f"{bare(feed.url)[:200]} cannot be a source ({error}); add it by hand.")
            continue
        added.append(source)
        taken.add(id)
        places[place] = id
    if added and not dry_run:
        await collect.add_sources(app, added, newsletters=newsletters)
    return Imported(
        added=tuple(added), known=tuple(known), problems=tuple(problems), dry_run=dry_run
    )


async def export_opml(app: App) -> tuple[bytes, int]:
    """Every feed that has an address, as OPML, by newsletter; and how many they are.

    The list is for other programs: a feed stands in the folder of each newsletter that names
    it, and outside of any when it goes to all.
    """
    records = await _records(app)
    every = collect.sources_of(app, records.values())
    feeds = []
    for source in every:
        if source.kind != "feed" or source.url is None:
            continue
        record = records.get(source.id)
        places = tuple(
            (newsletter.title,)
            for newsletter in app.settings.newsletters
            if newsletter.sources and source in collect.sources_for(newsletter, [source], records)
        )
        address = (record.address if record else None) or source.url
        feeds.append(OpmlFeed(title=source.title or source.id, url=address, categories=places))
    title = f"{app.settings.site.name}: sources"
    return write_opml(title, feeds, made_at=app.now()), len(feeds)


# --------------------------------------------------------------- ids and places


async def _records(app: App) -> dict[str, SourceRecord]:
    async with app.db.read() as conn:
        return await store.sources.known(conn)


def _places(every: Iterable[Source], records: dict[str, SourceRecord]) -> dict[str, str]:
    """Canonical address → the source that has it, or had it before it moved."""
    places: dict[str, str] = {}
    for source in every:
        record = records.get(source.id)
        for url in (source.url, record.address if record else None):
            place = canonical_url(url)
            if place is not None:
                places.setdefault(place, source.id)
    return places


def _free_id(title: str, url: str, taken: Iterable[str], records: dict[str, SourceRecord]) -> str:
    """An id for *url*: the one it had before it was removed, so that it knows what it read."""
    in_use, place = set(taken), canonical_url(url)
    for record in records.values():
        if record.id not in in_use and place and canonical_url(record.configured) == place:
            return record.id
    # An id that another address had: its items would be taken for this one's.
    return slug_for(title, url, in_use | records.keys())


def _one_line(text: str) -> str:
    """Fit for a title in the settings."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]
