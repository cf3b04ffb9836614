"""The verbs of an edition: collect, compose, approve, publish, deliver.

Each reads, decides, writes; each may be run twice, at once, or again after a crash.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from digest import editorial, render, sources, store
from digest.app import App
from digest.errors import ParseError, SourceError, StoreError
from digest.model import (
    Document,
    Edition,
    EditionEvent,
    EditionState,
    Item,
    RawItem,
    Slot,
)
from digest.printer import Printer
from digest.settings import Newsletter, Source
from digest.store import editions, items
from digest.store.editions import Record
from digest.store.sources import SourceRecord
from digest.telemetry import log

#: What is being done, how many of it are done, and how many there are.
Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, total: int) -> None:
    """Nobody is watching."""


# ------------------------------------------------------------------- collect


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What one look at a source brought."""

    source_id: str
    documents: int = 0
    articles: int = 0
    briefs: int = 0
    new: int = 0
    changed: int = 0
    #: Nothing has changed there since the last look.
    unchanged: bool = False
    #: What could not be read: (document, a sentence that says what to do).
    faults: tuple[tuple[str, str], ...] = ()


async def collect(
    app: App,
    chosen: Sequence[Source] | None = None,
    *,
    progress: Progress = silent,
) -> list[Visit]:
    """Look at the sources and keep what is new; one source failing costs no other anything.

    Args:
        chosen: these sources; None takes all of config.toml.
    """
    wanted = list(app.settings.sources if chosen is None else chosen)
    async with app.db.read() as conn:
        known = await store.sources.known(conn)
    gate = asyncio.Semaphore(app.settings.collect.in_flight)
    done = 0

    async def look(source: Source) -> Visit:
        nonlocal done
        async with gate:
            try:
                visit = await _visit(app, source, known.get(source.id))
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - a bug met in one source stops no other
                log.exception("source failed", source=source.id)
                text = f"Digest failed on it ({type(error).__name__}); its log says where"
                visit = await _gave_up(app, source, known.get(source.id), text)
        done += 1
        progress("collecting", done, len(wanted))
        return visit

    progress("collecting", 0, len(wanted))
    return list(await asyncio.gather(*(look(source) for source in wanted)))


def is_due(record: SourceRecord | None, now: datetime) -> bool:
    return record is None or record.next_at is None or record.next_at <= now


async def _visit(app: App, source: Source, known: SourceRecord | None) -> Visit:
    now = app.now()
    validators = None
    if known and (known.etag or known.last_modified):
        validators = sources.Validators(etag=known.etag, last_modified=known.last_modified)
    try:
        fetched = await sources.fetch(source, app.http, base=app.loaded.base, validators=validators)
    except SourceError as error:
        log.warning("source failed", source=source.id, reason=str(error))
        return await _gave_up(app, source, known, str(error))
    found, faults = _clean_all(fetched.documents, source, now=now)
    # A folder's fault begins with the file's name.
    faults += [(name, text) for name, _, text in (str(f).partition(": ") for f in fetched.faults)]
    # Items and validators in one transaction: a kill between the two would lose what was read.
    async with app.db.write() as conn:
        kept = await items.remember(app.db, conn, found)
        await store.sources.visited(
            app.db,
            conn,
            SourceRecord(
                id=source.id,
                etag=fetched.validators.etag if fetched.validators else None,
                last_modified=fetched.validators.last_modified if fetched.validators else None,
                checked_at=now,
                next_at=now + timedelta(minutes=source.every_min),
                succeeded_at=now,
                fault="; ".join(f"{name}: {text}" for name, text in faults)[:2000] or None,
            ),
        )
    return Visit(
        source_id=source.id,
        documents=len(fetched.documents) + len(fetched.faults),
        articles=sum(item.kind == "article" for item in found),
        briefs=sum(item.kind == "brief" for item in found),
        new=kept.new,
        changed=kept.changed,
        unchanged=fetched.not_modified,
        faults=tuple(faults),
    )


async def _gave_up(app: App, source: Source, known: SourceRecord | None, reason: str) -> Visit:
    """Note a failed visit: the next waits longer each time, up to a day; it never stops."""
    now, before = app.now(), known or SourceRecord(id=source.id)
    wait = timedelta(minutes=source.every_min * 2 ** min(before.failures, 10))
    record = replace(
        before,
        checked_at=now,
        next_at=now + min(wait, timedelta(days=1)),
        failures=before.failures + 1,
        fault=reason[:2000],
    )
    async with app.db.write() as conn:
        await store.sources.visited(app.db, conn, record)
    return Visit(source_id=source.id, faults=((source.url or str(source.path), reason),))


def _clean_all(
    documents: Sequence[Document], source: Source, *, now: datetime
) -> tuple[list[Item], list[tuple[str, str]]]:
    found: dict[str, Item] = {}
    faults: list[tuple[str, str]] = []

    def cleaned(raw: RawItem, position: int) -> Item:
        return editorial.clean(
            raw, source_id=source.id, seen_at=now, position=position, language=source.language
        )

    for document in documents:
        faults += [(document.name, problem) for problem in document.problems]
        for position, told in enumerate(document.items):
            raw = replace(told, site=told.site or document.site or source.title or None)
            try:
                item = cleaned(raw, position)
                twin = found.get(item.id)
                if twin and twin.title != item.title:
                    # A source that gives every item the same guid: its guids are worth nothing.
                    item = cleaned(replace(raw, guid=None), position)
            except ParseError as error:
                faults.append((document.name, str(error)))
                continue
            found[item.id] = item
    return list(found.values()), faults


# ------------------------------------------------------------------- compose


async def compose(
    app: App,
    newsletter: Newsletter,
    slot: Slot,
    *,
    repeats: str | None = None,
    also: Sequence[str] = (),
    late: bool = False,
    approve: bool = False,
) -> Record:
    """Make the edition of *slot* from all that no edition of the newsletter has taken yet.

    The slot is the key: composing it twice gives one edition, and one that is past its draft
    is returned as it is.  A day without news is recorded as skipped.

    Args:
        repeats: id of an earlier edition whose items this one shows again, with what is new.
        also: ids of sources named by hand, besides the newsletter's own.
        late: the hour has passed unattended; record it as held, for the operator to decide.
        approve: in the same transaction, so that no kill can leave a draft nobody asked for.

    Raises:
        RenderError: with *approve*, a template is broken; nothing is kept.
    """
    # Serialises composing: two editions must not take the same item.
    async with app.db.lease(f"compose:{newsletter.slug}", wait=True):
        async with app.db.read() as conn:
            record = await editions.find(conn, slot.edition_id)
        if record is not None and record.state not in editions.OPEN:
            return record
        if late:
            return await _hold(app, slot)
        draft = await sketch(app, newsletter, slot, repeats=repeats, also=also)
        drafted = record is not None and record.state is EditionState.DRAFT
        if drafted and not draft.fresh and not approve:
            async with app.db.write() as conn:
                await editions.stamp(conn, slot.edition_id, created_at=app.now())
                return await editions.get(conn, slot.edition_id)
        if approve and not draft.edition.empty:
            await asyncio.to_thread(Printer(app, draft.edition).rehearse)
        return await _keep(app, slot, draft, repeats=repeats, approve=approve)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """An edition as it would be composed now."""

    edition: Edition
    #: Ids of the items that this edition would take for itself.
    own: frozenset[str]
    #: Some of them are in no edition yet.
    fresh: bool


async def sketch(
    app: App,
    newsletter: Newsletter,
    slot: Slot,
    *,
    repeats: str | None = None,
    also: Sequence[str] = (),
) -> Sketch:
    """Compose without keeping anything: what `compose` would make of *slot* now."""
    async with app.db.read() as conn:
        mine = await items.of_edition(conn, slot.edition_id)
        again = await _shown_before(conn, repeats)
        named = (*newsletter.sources, *also) if newsletter.sources else ()
        fresh = await items.unplaced(conn, newsletter.slug, sources=named)
    weights = {source.id: source.weight for source in app.settings.sources}
    given = list({item.id: item for item in (*again, *mine, *fresh)}.values())
    # Clustering a long day is CPU work: pages must go on answering.
    edition = await asyncio.to_thread(
        editorial.compose,
        given,
        edition_id=slot.edition_id,
        newsletter=newsletter,
        slot_at=slot.at,
        weights=weights,
    )
    own = frozenset(item.id for item in (*mine, *fresh))
    return Sketch(edition=edition, own=own, fresh=bool(fresh) or not mine)


async def _shown_before(conn: store.Connection, edition_id: str | None) -> list[Item]:
    """The items of an edition and of those that it repeats itself."""
    shown: list[Item] = []
    while edition_id is not None:
        shown += await items.of_edition(conn, edition_id)
        edition_id = (await editions.get(conn, edition_id)).repeats
    return shown


async def _hold(app: App, slot: Slot) -> Record:
    async with app.db.write() as conn:
        new = await editions.create(
            app.db,
            conn,
            slot,
            now=app.now(),
            state=EditionState.HELD,
            reason="its hour passed while Digest was not running; `digest run --date "
            f"{slot.day}` makes it now; else its items go into the next edition",
        )
        if new:
            log.warning("edition held: its hour passed unattended", edition=slot.edition_id)
        # A draft made before its hour stays its maker's: the hour has been seen to.
        await editions.stamp(conn, slot.edition_id, created_at=app.now())
        return await editions.get(conn, slot.edition_id)


async def _keep(
    app: App, slot: Slot, draft: Sketch, *, repeats: str | None, approve: bool
) -> Record:
    edition = draft.edition
    async with app.db.write() as conn:
        new = await editions.create(app.db, conn, slot, now=app.now(), repeats=repeats)
        if edition.empty:
            if (await editions.get(conn, slot.edition_id)).state is not EditionState.SKIPPED:
                await editions.move(conn, slot.edition_id, EditionEvent.SKIP, reason="nothing new")
        else:
            if not new:
                await editions.move(conn, slot.edition_id, EditionEvent.COMPOSE, reason="")
            await editions.write_content(conn, edition)
            await items.place(conn, edition, only=set(draft.own))
            if approve:
                await editions.move(
                    conn, slot.edition_id, EditionEvent.APPROVE, approved_at=app.now()
                )
        # What was composed, or found empty, before its hour decides nothing.
        await editions.stamp(conn, slot.edition_id, created_at=app.now())
        return await editions.get(conn, slot.edition_id)


# ---------------------------------------------------------- approve and cancel


async def approve(app: App, edition_id: str) -> Record:
    """Let an edition go out: it is published and sent from here on, and changes no more.

    Raises:
        Conflict: it is not a draft.
        RenderError: a template is broken: nothing went out, and it stays a draft.
    """
    async with app.db.read() as conn:
        content = await editions.content(conn, edition_id)
    # Laid out once before anybody is promised anything.
    await asyncio.to_thread(Printer(app, content).rehearse)
    async with app.db.write() as conn:
        await editions.move(conn, edition_id, EditionEvent.APPROVE, approved_at=app.now())
        return await editions.get(conn, edition_id)


async def cancel(app: App, edition_id: str, *, reason: str = "by the operator") -> Record:
    """Stop an edition: nothing more of it leaves.

    What it had not shown anybody yet is free for the next edition.
    """
    async with app.db.write() as conn:
        before = await editions.get(conn, edition_id)
        await editions.move(conn, edition_id, EditionEvent.CANCEL, reason=reason)
        unseen = before.state is EditionState.APPROVED and before.published_at is None
        if before.state in editions.OPEN or unseen:
            await items.release(conn, edition_id)
        record = await editions.get(conn, edition_id)
    page = edition_folder(app, edition_id) / "index.html"
    await asyncio.to_thread(page.unlink, missing_ok=True)
    return record


# --------------------------------------------------------------------- publish


async def publish(app: App, *, progress: Progress = silent) -> list[Path]:
    """Write every public edition, the archive and the feeds to `out/`; return what changed.

    Files are replaced whole or not at all, and left alone when their bytes are the same.
    """
    changed: list[Path] = []
    # A slower publisher must not put an older feed over a newer one.
    async with app.db.lease("publish", wait=True):
        shelves: list[tuple[Newsletter, list[Edition]]] = []
        for newsletter in app.settings.newsletters:
            async with app.db.read() as conn:
                records = await editions.listing(
                    conn, newsletter=newsletter.slug, states=editions.PUBLIC
                )
                shelf = [await editions.content(conn, record.id) for record in records]
            shelves.append((newsletter, shelf))
            new = {record.id for record in records if record.published_at is None}
            files = await asyncio.to_thread(_files_of, app, newsletter, shelf)
            for number, (path, content) in enumerate(files, start=1):
                if await asyncio.to_thread(_write, path, content):
                    changed.append(path)
                progress("publishing", number, len(files))
            async with app.db.write() as conn:
                for id in sorted(new):
                    await editions.stamp(conn, id, published_at=app.now())
        archive = render.archive_page(
            shelves, site=app.settings.site, links=app.links, templates=app.templates
        )
        index = app.out_dir / "index.html"
        if await asyncio.to_thread(_write, index, archive.encode()):
            changed.append(index)
    return changed


def _files_of(
    app: App, newsletter: Newsletter, shelf: Sequence[Edition]
) -> list[tuple[Path, bytes]]:
    """Path and content of every file of a newsletter, newest edition first."""
    site, links, templates = app.settings.site, app.links, app.templates
    files: list[tuple[Path, bytes]] = []
    for edition in shelf:
        page = render.edition_page(
            edition, site=site, newsletter=newsletter, links=links, templates=templates
        )
        files.append((edition_folder(app, edition.id) / "index.html", page.encode()))
    recent = shelf[: app.settings.output.feed_editions]
    folder = app.out_dir / "feeds" / newsletter.slug
    for name, write in (
        ("feed.rss", render.rss),
        ("feed.atom", render.atom),
        ("feed.json", render.json_feed),
    ):
        feed = write(newsletter, recent, site=site, links=links, templates=templates)
        files.append((folder / name, feed))
    return files


def edition_folder(app: App, edition_id: str) -> Path:
    newsletter, _, slot = edition_id.partition("@")
    return app.out_dir / "editions" / newsletter / slot


def _write(path: Path, content: bytes) -> bool:
    """Replace *path*; False when it holds *content* already."""
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(content)
    aside.replace(path)
    return True
