"""The verbs of collecting: visit the sources, keep what is new, and what was learned of them.

Items, validators and all that a visit learned are kept in one transaction: a kill between any two
lines loses nothing and repeats nothing.  One source failing is a value, and costs no other
anything.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from digest import editorial, sources, store, visits
from digest.app import App
from digest.errors import Conflict, Fault, FetchError, NotFound, ParseError, SourceError, StoreError
from digest.model import Document, IdentityRule, Item
from digest.settings import Newsletter, Source
from digest.shelf import Found, Shelf, Visit
from digest.sources import Fetched, Known, Validators
from digest.store import items
from digest.store.sources import SourceRecord
from digest.telemetry import log

#: What is being done, how many of it are done, and how many there are.
Progress = Callable[[str, int, int], None]

#: Kinds whose documents have nothing to do with each other, or whose ids are a promise.
_TRUSTED = frozenset(("folder", "mailbox", "page", "push"))
#: Documents of a paged feed that one visit walks back through (RFC 5005).
_MOST_PAGES_BACK = 10


def silent(what: str, done: int, total: int) -> None:
    """Nobody is watching."""


# -------------------------------------------------------------- which there are


async def every_source(app: App) -> list[Source]:
    """The sources of config.toml, and those that were added by command."""
    async with app.db.read() as conn:
        known = await store.sources.known(conn)
    return sources_of(app, known.values())


def sources_of(app: App, records: Iterable[SourceRecord]) -> list[Source]:
    """As `every_source`, of records that were read before.

    What config.toml names overrules what was added under the same id.
    """
    named = list(app.settings.sources)
    taken = {source.id for source in named}
    added = [
        Source.model_validate_json(record.declared)
        for record in records
        if record.declared and record.id not in taken
    ]
    return named + sorted(added, key=lambda source: source.id)


def sources_for(
    newsletter: Newsletter, every: Iterable[Source], records: Mapping[str, SourceRecord]
) -> list[Source]:
    """Those of *every* that *newsletter* takes its items from."""
    if not newsletter.sources:
        return list(every)
    return [
        source
        for source in every
        if source.id in newsletter.sources
        or (source.id in records and newsletter.slug in records[source.id].newsletters)
    ]


async def add_source(app: App, source: Source, *, newsletters: Sequence[str] = ()) -> None:
    """Add a source that config.toml does not name; it is due at once.

    Args:
        newsletters: slugs of those with a list of sources that take this one, too.

    Raises:
        Conflict: there is a source of that id.
    """
    await add_sources(app, [source], newsletters=newsletters)


async def add_sources(
    app: App, added: Sequence[Source], *, newsletters: Sequence[str] = ()
) -> None:
    """Add several, or none of them: see `add_source`."""
    for slug in newsletters:
        app.newsletter(slug)
    async with app.db.write() as conn:
        known = await store.sources.known(conn)
        taken = {source.id for source in sources_of(app, known.values())}
        for source in added:
            if source.id in taken:
                raise Conflict(f"there is a source {source.id} already; give another --id")
            taken.add(source.id)
            # One that was removed and is added again knows what it read.
            record = known.get(source.id) or SourceRecord(id=source.id)
            record = replace(
                record,
                declared=source.model_dump_json(exclude_defaults=True),
                newsletters=tuple(newsletters),
                next_at=None,
                paused_at=None,
            )
            await store.sources.visited(app.db, conn, record)


async def remove_source(app: App, source_id: str) -> None:
    """Take away a source that was added by command; its items stay.

    Raises:
        NotFound: no such source.
        Conflict: it stands in config.toml.
    """
    async with app.db.write() as conn:
        record = await _added_or_named(app, conn, source_id)
        if any(source.id == source_id for source in app.settings.sources):
            raise Conflict(f"{source_id} stands in config.toml; take it out there")
        await store.sources.visited(app.db, conn, replace(record, declared=None, newsletters=()))


async def pause(app: App, source_id: str, paused: bool = True) -> None:
    """Stop visiting a source until somebody resumes it, or resume it.

    Raises:
        NotFound: no such source.
    """
    async with app.db.write() as conn:
        record = await _added_or_named(app, conn, source_id)
        at = app.now() if paused else None
        # Resumed, it is due at once: that is what was asked for.
        next_at = record.next_at if paused else None
        gone_at = record.gone_at if paused else None
        record = replace(record, paused_at=at, next_at=next_at, gone_at=gone_at)
        await store.sources.visited(app.db, conn, record)


async def _added_or_named(app: App, conn: store.Connection, source_id: str) -> SourceRecord:
    known = await store.sources.known(conn)
    if source_id not in {source.id for source in sources_of(app, known.values())}:
        raise NotFound(f"there is no source {source_id!r}; `digest sources` lists them")
    return known.get(source_id) or SourceRecord(id=source_id)


# ------------------------------------------------------------------- the visits


async def collect(
    app: App,
    chosen: Sequence[Source] | None = None,
    *,
    progress: Progress = silent,
) -> list[Visit]:
    """Look at the sources and keep what is new; one source failing costs no other anything.

    Args:
        chosen: these sources; None takes all that are not paused.
    """
    async with app.db.read() as conn:
        known = await store.sources.known(conn)
        app.http.hosts.load(await store.sources.waits(conn, now=app.now()))
        app.http.robots.load(await store.sources.robots(conn, now=app.now()))
    wanted = sources_of(app, known.values()) if chosen is None else list(chosen)
    if chosen is None:
        wanted = [s for s in wanted if s.id not in known or known[s.id].paused_at is None]
    shelf = Shelf(app)
    done = 0

    async def look(source: Source) -> Visit:
        nonlocal done
        visit = await _visit(app, source, known.get(source.id), shelf)
        done += 1
        progress("collecting", done, len(wanted))
        return visit

    progress("collecting", 0, len(wanted))
    return list(await asyncio.gather(*(look(source) for source in wanted)))


async def _visit(app: App, source: Source, record: SourceRecord | None, shelf: Shelf) -> Visit:
    known = visits.reset(source, record)
    try:
        return await shelf.keep(await _look(app, source, known))
    except StoreError:
        raise
    except SourceError as error:
        log.warning("source failed", source=source.id, word=error.fault, reason=str(error))
        return await shelf.keep(_given_up(app, source, known, error))
    except Exception as error:  # noqa: BLE001 - a bug met in one source stops no other
        log.exception("source failed", source=source.id)
        text = f"Digest failed on it ({type(error).__name__}); its log says where"
        ours = SourceError(source.id, text, fault=Fault.OURS)
        return await shelf.keep(_given_up(app, source, known, ours))


async def _look(app: App, source: Source, record: SourceRecord) -> Found:
    async def unread(keys: Sequence[str]) -> frozenset[str]:
        async with app.db.read() as conn:
            return await store.sources.undone(conn, source.id, keys)

    validators = None
    if record.etag or record.last_modified:
        validators = Validators(
            etag=record.etag, last_modified=record.last_modified, url=record.validators_url
        )
    fetched = await sources.fetch(
        source,
        app.http,
        app.readers,
        base=app.loaded.base,
        known=Known(
            validators=validators,
            fingerprint=record.fingerprint,
            cursor=record.cursor,
            first=record.first_at is None,
            address=record.address,
            password=app.passwords.get(source.id),
            unread=unread,
        ),
    )
    found = await _understood(app, source, record, fetched)
    return await _without_gap(app, source, record, fetched, found)


def _given_up(app: App, source: Source, record: SourceRecord, error: SourceError) -> Found:
    """A failed visit, noted: the next waits longer each time, up to a day; it never stops."""
    now = app.now()
    rest_s = error.wait_s if isinstance(error, FetchError) and error.status is None else None
    if error.fault is Fault.BUSY and rest_s is not None:
        # Its host had asked for rest before: that is no failure of this source.
        until = now + timedelta(seconds=rest_s)
        after = visits.put_off(record, until=until, reason=str(error))
    else:
        after = visits.failed(source, record, error, now=now, chance=random.random())  # noqa: S311
        if after.gone_at is not None and record.gone_at is None:
            log.error("source is gone for good", source=source.id, reason=str(error))
    faults = ((source.url or str(source.path or source.kind), str(error)),)
    visit = Visit(source_id=source.id, faults=faults, word=error.fault.value)
    return Found(record=after, visit=visit)


# ----------------------------------------------------------- from documents to items


async def _understood(app: App, source: Source, record: SourceRecord, fetched: Fetched) -> Found:
    now = app.now()
    rule = IdentityRule(record.identity)
    cleaned = _Cleaned(rule=rule)
    if fetched.documents:
        cleaned = await asyncio.to_thread(_clean_all, fetched.documents, source, rule, now)
    # A fault of one document begins with its name.
    faults = [
        *cleaned.faults,
        *((name, text) for name, _, text in (str(f).partition(": ") for f in fetched.faults)),
    ]
    after = visits.succeeded(
        source,
        record,
        fetched,
        now=now,
        chance=random.random(),  # noqa: S311
        fault=record.fault
        if fetched.not_modified and record.word is None
        else "; ".join(f"{name}: {text}" for name, text in faults),
    )
    if after.address != record.address:
        log.warning("source has moved", source=source.id, to=after.address)
    is_first = record.first_at is None and source.kind not in ("folder", "push")
    return Found(
        record=replace(after, identity=cleaned.rule.value),
        visit=Visit(
            source_id=source.id,
            documents=len(fetched.documents) + len(fetched.faults),
            articles=sum(item.kind == "article" for item in cleaned.items),
            briefs=sum(item.kind == "brief" for item in cleaned.items),
            unchanged=fetched.not_modified,
            faults=tuple(faults),
        ),
        items=cleaned.items,
        html=cleaned.html,
        done=fetched.done,
        backlog=source.backlog if is_first else None,
        rule=cleaned.rule if cleaned.rule is not rule else None,
    )


async def _without_gap(
    app: App, source: Source, record: SourceRecord, fetched: Fetched, found: Found
) -> Found:
    """Walk back through a paged feed until a known item comes: what scrolled off is not lost.

    Only when nothing that the feed lists now was known: then something may lie between.
    """
    older = fetched.manners.older if fetched.manners else None
    walked = 0
    pages: list[Document] = []
    newest = found.items
    while older and newest and record.first_at is not None and walked < _MOST_PAGES_BACK:
        async with app.db.read() as conn:
            if await items.known_among(conn, [item.id for item in newest]):
                break
        try:
            page = await sources.fetch_older(source, older, app.http, app.readers)
        except SourceError as error:
            log.warning("an older part of the feed is missing", source=source.id, reason=str(error))
            break
        pages.append(page)
        walked += 1
        newest = (
            await asyncio.to_thread(
                _clean_all, [page], source, IdentityRule(found.record.identity), app.now()
            )
        ).items
        older = page.manners.older if page.manners.older != older else None
    if not pages:
        return found
    whole = replace(fetched, documents=(*fetched.documents, *pages))
    return await _understood(app, source, record, whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cleaned:
    rule: IdentityRule
    items: tuple[Item, ...] = ()
    html: dict[str, str] = field(default_factory=dict)
    faults: tuple[tuple[str, str], ...] = ()


def _clean_all(
    documents: Sequence[Document], source: Source, rule: IdentityRule, now: datetime
) -> _Cleaned:
    raws = [
        replace(told, site=told.site or document.site or source.title or None)
        for document in documents
        for told in document.items
    ]
    names = [document.name for document in documents for _ in document.items]
    positions = [n for document in documents for n, _ in enumerate(document.items)]
    if source.kind not in _TRUSTED:
        rule = editorial.judge_identity(raws, rule)
    ids = editorial.identify(
        raws, source_id=source.id, rule=rule, seen_at=now, language=source.language
    )
    found: dict[str, Item] = {}
    html: dict[str, str] = {}
    faults = [(document.name, text) for document in documents for text in document.problems]
    for raw, id, name, position in zip(raws, ids, names, positions, strict=True):
        try:
            found[id] = editorial.clean(
                raw,
                source_id=source.id,
                seen_at=now,
                position=position,
                language=source.language,
                id=id,
            )
        except ParseError as error:
            faults.append((name, str(error)))
            continue
        if raw.html:
            html[id] = raw.html
    return _Cleaned(items=tuple(found.values()), html=html, faults=tuple(faults), rule=rule)


async def wake(app: App, source_id: str) -> None:
    """Let the clock look at a source at its next tick, unless it is paused or asked for rest."""
    async with app.db.write() as conn:
        record = await store.sources.find(conn, source_id)
        if record is not None and record.paused_at is None and not record.failures:
            await store.sources.visited(app.db, conn, replace(record, next_at=app.now()))


async def sweep(app: App) -> int:
    """Forget the words of items met longer than [collect] keep_days ago; return how many.

    That they were met is never forgotten: they do not return as new.
    """
    before = app.now() - timedelta(days=app.settings.collect.keep_days)
    async with app.db.write() as conn:
        swept = await items.purge(conn, before=before, now=app.now())
    log.info("old items swept", items=swept)
    return swept


async def take(
    app: App,
    source: Source,
    documents: Sequence[Document],
    *,
    known: SourceRecord | None,
) -> Visit:
    """Keep the items of *documents* that came by themselves: pushed, or told by a hub.

    Nothing is learned about when to visit the source next.
    """
    record = visits.reset(source, known)
    fetched = Fetched(documents=tuple(documents), not_modified=not documents)
    found = await _understood(app, source, record, fetched)
    now = app.now()
    after = replace(
        record,
        first_at=record.first_at or now,
        succeeded_at=now,
        identity=found.record.identity,
        fault=found.record.fault,
    )
    return await Shelf(app).keep(replace(found, record=after, backlog=None))
