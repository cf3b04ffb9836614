"""The verbs of an edition: compose, approve, cancel, publish.

Each reads, decides, writes; each may be run twice, at once, or again after a crash.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from digest import editorial, render, store
from digest.app import App
from digest.collect import Progress, silent, sources_for, sources_of
from digest.model import (
    Correction,
    Edition,
    EditionEvent,
    EditionState,
    Item,
    Slot,
)
from digest.printer import Printer
from digest.settings import Newsletter
from digest.store import editions, placements
from digest.store.editions import Record
from digest.store.placements import Changed
from digest.telemetry import log

#: A change to what an edition carried is told this long; afterwards it is old news.
_CORRECTED_FOR = timedelta(days=14)


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
    #: Some of them are in no edition yet, or their words have changed since.
    fresh: bool
    #: Of the items and corrections, as they were composed.
    revisions: Mapping[str, int]


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
        known = await store.sources.known(conn)
        every = sources_of(app, known.values())
        mine = await placements.of_edition(conn, slot.edition_id)
        outdated = await placements.outdated(conn, slot.edition_id)
        again = await _shown_before(conn, repeats)
        named: tuple[str, ...] = ()
        if newsletter.sources:
            named = (*(source.id for source in sources_for(newsletter, every, known)), *also)
        fresh = await placements.unplaced(conn, newsletter.slug, sources=named)
        carried = await placements.carried_before(conn, newsletter.slug, slot.edition_id)
        changed = await placements.changed_since(
            conn,
            newsletter.slug,
            since=app.now() - _CORRECTED_FOR,
            edition_id=slot.edition_id,
        )
    weights = {source.id: source.weight for source in every}
    shown = {item.id: item for item in (*again, *mine, *fresh)}
    # Its page was in an earlier edition already, by another source: no news.
    stale = {id: carried[id] for id in shown if id in carried}
    given = [item for item in shown.values() if item.id not in stale]
    corrections = await asyncio.to_thread(_corrections, changed)
    # Clustering a long day is CPU work: pages must go on answering.
    edition = await asyncio.to_thread(
        editorial.compose,
        given,
        edition_id=slot.edition_id,
        newsletter=newsletter,
        slot_at=slot.at,
        weights=weights,
        corrections=corrections,
    )
    repeated = (
        (id, f"copy of {first}, which {there} carried") for id, (first, there) in stale.items()
    )
    edition = replace(edition, dropped=tuple(sorted((*edition.dropped, *repeated))))
    own = frozenset(item.id for item in (*mine, *fresh))
    later = bool(fresh) or outdated or bool(corrections)
    revisions = {item.id: item.revision for item in (*shown.values(), *(c.after for c in changed))}
    return Sketch(edition=edition, own=own, fresh=later or not mine, revisions=revisions)


def _corrections(changed: Sequence[Changed]) -> list[Correction]:
    found = (
        editorial.correction(one.before, one.after, edition_id=one.edition_id, at=one.at)
        for one in changed
    )
    return [correction for correction in found if correction is not None]


async def _shown_before(conn: store.Connection, edition_id: str | None) -> list[Item]:
    """The items of an edition and of those that it repeats itself."""
    shown: list[Item] = []
    while edition_id is not None:
        shown += await placements.of_edition(conn, edition_id)
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
            await placements.place(conn, edition, only=set(draft.own), revisions=draft.revisions)
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
            await placements.release(conn, edition_id)
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
