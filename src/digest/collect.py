"""The verbs of collecting: visit the sources, keep what is new, and what was learned of them.

Items, validators and all that a visit learned are kept in one transaction: a kill between any two
lines loses nothing and repeats nothing.  One source failing is a value, and costs no other
anything.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import zip_longest
from urllib.parse import urlsplit

from pydantic import ValidationError

from digest import editorial, reading, sources, store, visits
from digest.app import App
from digest.errors import Conflict, Fault, FetchError, NotFound, ParseError, SourceError, StoreError
from digest.itemise import Itemised, itemise
from digest.model import Document, IdentityRule, Item
from digest.settings import Newsletter, Source
from digest.shelf import Found, Visit
from digest.store import items, replies
from digest.store.sources import SourceRecord
from digest.telemetry import log

#: What is being done, how many of it are done, and how many there are.
Progress = Callable[[str, int, int], None]

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
    added = []
    for record in records:
        if not record.declared or record.id in taken:
            continue
        try:
            added.append(Source.model_validate_json(record.declared))
        except ValidationError as error:
            # Of another Digest, or of a package that is gone: the others go on.
            log.error("added source cannot be read", source=record.id, faults=error.error_count())
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


async def source_named(app: App, source_id: str) -> Source | None:
    """One of `every_source`."""
    for source in app.settings.sources:
        if source.id == source_id:
            return source
    async with app.db.read() as conn:
        record = await store.sources.find(conn, source_id)
    added = sources_of(app, [record]) if record else []
    return next((source for source in added if source.id == source_id), None)


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
    record = await store.sources.find(conn, source_id, lock=True)
    if source_id not in {source.id for source in sources_of(app, [record] if record else [])}:
        raise NotFound(f"there is no source {source_id!r}; `digest sources` lists them")
    return record or SourceRecord(id=source_id)


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
    if chosen is None:
        async with app.db.read() as conn:
            known = await store.sources.known(conn)
        wanted = [
            source
            for source in sources_of(app, known.values())
            if source.id not in known or known[source.id].paused_at is None
        ]
    else:
        wanted = list(chosen)
    records = await _remembered(app, wanted) if len(wanted) > 1 else None
    done = 0

    async def look(source: Source) -> Visit:
        nonlocal done
        async with app.visiting:
            known = records if records is not None else await _remembered(app, [source])
            visit = await _visit(app, source, known.get(source.id))
        done += 1
        progress("collecting", done, len(wanted))
        return visit

    progress("collecting", 0, len(wanted))
    tasks = {n: asyncio.ensure_future(look(wanted[n])) for n in _by_turns(wanted)}
    await asyncio.gather(*tasks.values())
    return [tasks[n].result() for n in range(len(wanted))]


def _by_turns(wanted: Sequence[Source]) -> list[int]:
    """Positions in *wanted*, one of each host after the other.

    Who waits for a host to rest takes up a place that another host's source could use.
    """
    hosts: dict[str, list[int]] = defaultdict(list)
    for n, source in enumerate(wanted):
        hosts[urlsplit(source.url).netloc if source.url else source.id].append(n)
    return [n for turn in zip_longest(*hosts.values()) for n in turn if n is not None]


async def _remembered(app: App, wanted: Sequence[Source]) -> dict[str, SourceRecord]:
    """What is remembered of the sources, and, in `app.http`, of their hosts."""
    async with app.db.read() as conn:
        app.http.hosts.load(await store.sources.waits(conn, now=app.now()))
        if any(source.kind == "page" or source.full_text for source in wanted):
            app.http.robots.load(await store.sources.robots(conn, now=app.now()))
        if len(wanted) > 1:
            return await store.sources.known(conn)
        return await store.sources.several(conn, [source.id for source in wanted])


async def _visit(app: App, source: Source, record: SourceRecord | None) -> Visit:
    known = visits.reset(source, record)
    try:
        try:
            return await app.shelf.keep(await _look(app, source, known))
        except SourceError as error:
            log.warning("source failed", source=source.id, word=error.fault, reason=str(error))
            return await app.shelf.keep(_given_up(app, source, known, error))
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug met in one source stops no other
        log.exception("source failed", source=source.id)
        text = f"Digest failed on it ({type(error).__name__}); its log says where"
        ours = SourceError(source.id, text, fault=Fault.OURS)
        try:
            return await app.shelf.keep(_given_up(app, source, known, ours))
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - then the record itself is what we failed on
            log.exception("record of a source given up", source=source.id)
        sound = SourceRecord(
            id=source.id,
            first_at=known.first_at,
            succeeded_at=known.succeeded_at,
            failures=known.failures,
            failing_since=known.failing_since,
            identity=known.identity,
        )
        return await app.shelf.keep(_given_up(app, source, sound, ours))


async def _look(app: App, source: Source, record: SourceRecord) -> Found:
    async def unread(keys: Sequence[str]) -> frozenset[str]:
        async with app.db.read() as conn:
            return await store.sources.undone(conn, source.id, keys)

    validators = None
    if record.etag or record.last_modified:
        validators = sources.Validators(
            etag=record.etag, last_modified=record.last_modified, url=record.validators_url
        )
    asked = visits.to_ask(record)
    fetched = await sources.fetch(
        source,
        app.http,
        app.readers,
        base=app.loaded.base,
        known=sources.Known(
            validators=validators if asked == record.address else None,
            fingerprint=record.fingerprint if asked == record.address else None,
            cursor=record.cursor,
            first=record.first_at is None,
            address=asked,
            # Where its feed was found may be found no more.
            discover=asked is None and (record.first_at is None or record.address is not None),
            password=app.passwords.get(source.id),
            now=app.now(),
            unread=unread,
        ),
    )
    record = replace(record, address=asked)
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


async def _understood(
    app: App, source: Source, record: SourceRecord, fetched: "sources.Fetched"
) -> Found:
    now = app.now()
    rule = IdentityRule(record.identity)
    told = Itemised(rule=rule)
    if fetched.documents:
        told = await asyncio.to_thread(itemise, fetched.documents, source, rule, now)
    html, verdicts = await _compared(app, told)
    # A fault of one document begins with its name.
    faults = [
        *told.faults,
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
        there = urlsplit(after.address or source.url or "").hostname
        log.warning("source has moved", source=source.id, to=there)
    is_first = record.first_at is None and source.kind not in ("folder", "push")
    return Found(
        record=replace(after, identity=told.rule.value),
        visit=Visit(
            source_id=source.id,
            documents=len(fetched.documents) + len(fetched.faults),
            articles=sum(item.kind == "article" for item in told.items),
            briefs=sum(item.kind == "brief" for item in told.items),
            unchanged=fetched.not_modified,
            faults=tuple(faults),
        ),
        items=told.items,
        html=html,
        other_ids=told.other_ids,
        verdicts=verdicts,
        done=fetched.done,
        backlog=source.backlog if is_first else None,
        rule=told.rule if told.rule is not rule else None,
    )


async def _compared(app: App, told: Itemised) -> tuple[dict[str, str], dict[tuple[str, str], bool]]:
    """Safe HTML of what is new or told otherwise than before, and which changes matter.

    Done before anything is written: HTML is cleaned last, and only what will be kept, and
    nobody waits for the database while texts are compared.
    """
    if not told.items:
        return {}, {}
    async with app.db.read() as conn:
        fresh = await items.fresh_among(conn, told.items)
    changed = [pair for pair in fresh.values() if pair is not None]
    verdicts = await asyncio.to_thread(_judged, changed) if changed else {}
    wanted = {id: html for id, html in told.told_html.items() if id in fresh}
    if not wanted:
        return {}, verdicts
    try:
        bodies = await app.readers.run(reading.safe_bodies, list(wanted.values()))
    except ParseError as error:
        # Their text is kept all the same.
        log.warning("HTML of items left out", reason=str(error))
        return {}, verdicts
    return dict(zip(wanted, bodies, strict=True)), verdicts


def _judged(pairs: Sequence[tuple[Item, Item]]) -> dict[tuple[str, str], bool]:
    return {
        (before.id, items.fingerprint(before)): editorial.noteworthy(before, after)
        for before, after in pairs
    }


async def _without_gap(
    app: App, source: Source, record: SourceRecord, fetched: "sources.Fetched", found: Found
) -> Found:
    """Walk back through a paged feed until a known item comes: what scrolled off is not lost.

    Only when nothing that the feed lists now was known: then something may lie between.
    """
    older = record.gap
    if older is None and fetched.manners and record.first_at is not None and found.items:
        async with app.db.read() as conn:
            if not await items.known_among(conn, [item.id for item in found.items]):
                older = fetched.manners.older
    pages: list[Document] = []
    gap = None
    while older and len(pages) < _MOST_PAGES_BACK:
        try:
            page = await sources.fetch_older(source, older, app.http, app.readers)
        except SourceError as error:
            log.warning("an older part of the feed is missing", source=source.id, reason=str(error))
            # Walked on from there at the next visit, unless it is gone for good.
            for_now = isinstance(error, FetchError) and error.temporary
            gap = older if for_now else None
            break
        pages.append(page)
        rule = IdentityRule(found.record.identity)
        met = await asyncio.to_thread(itemise, [page], source, rule, app.now())
        async with app.db.read() as conn:
            if await items.known_among(conn, [item.id for item in met.items]):
                break
        older = page.manners.older if page.manners.older != older else None
    if not pages:
        return replace(found, record=replace(found.record, gap=gap))
    whole = replace(fetched, documents=(*fetched.documents, *pages))
    found = await _understood(app, source, record, whole)
    return replace(found, record=replace(found.record, gap=gap))


async def wake(app: App, source_id: str) -> None:
    """Let the clock look at a source at its next tick, unless it is paused or asked for rest."""
    async with app.db.write() as conn:
        record = await store.sources.find(conn, source_id, lock=True)
        if record is not None and record.paused_at is None and not record.failures:
            await store.sources.visited(app.db, conn, replace(record, next_at=app.now()))


async def sweep(app: App) -> int:
    """Forget the words of items met longer than [collect] keep_days ago; return how many.

    That they were met is never forgotten: they do not return as new.
    """
    before = app.now() - timedelta(days=app.settings.collect.keep_days)
    async with app.db.write() as conn:
        swept = await items.purge(conn, before=before, now=app.now())
        # What a model answered holds their words, too.
        await replies.purge(conn, before=before)
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
    fetched = sources.Fetched(documents=tuple(documents), not_modified=not documents)
    found = await _understood(app, source, record, fetched)
    now = app.now()
    after = replace(
        record,
        first_at=record.first_at or now,
        succeeded_at=now,
        identity=found.record.identity,
        fault=found.record.fault,
    )
    return await app.shelf.keep(replace(found, record=after, backlog=None, polled=False))
