"""The verbs of an edition that has been composed: approve, cancel, publish.

Each reads, decides, writes; each may be run twice, at once, or again after a crash.
"""

import asyncio
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from digest import render
from digest.app import App
from digest.collect import Progress, silent
from digest.compose import lease_of
from digest.model import Edition, EditionEvent, EditionState
from digest.printer import Printer
from digest.settings import Newsletter
from digest.store import editions, placements
from digest.store.editions import Record

# ---------------------------------------------------------- approve and cancel


async def approve(app: App, edition_id: str) -> Record:
    """Let an edition go out: it is published and sent from here on, and changes no more.

    Raises:
        Conflict: it is not a draft.
        RenderError: a template is broken: nothing went out, and it stays a draft.
    """
    async with app.db.read() as conn:
        record = await editions.get(conn, edition_id)
    # What was looked at is what goes out: no editor changes it meanwhile.
    async with app.db.lease(lease_of(record.newsletter), wait=True):
        async with app.db.read() as conn:
            content = await editions.content(conn, edition_id)
        # Laid out once before anybody is promised anything.
        await asyncio.to_thread(Printer(app, content).rehearse)
        async with app.db.write() as conn:
            await editions.move(
                conn, edition_id, EditionEvent.APPROVE, reason="", approved_at=app.now()
            )
            return await editions.get(conn, edition_id)


async def cancel(app: App, edition_id: str, *, reason: str = "by the operator") -> Record:
    """Stop an edition: nothing more of it leaves.

    What it had not shown anybody yet is free for the next edition; what an editor killed in it
    stays dead.
    """
    # Nobody publishes it meanwhile: what is shown to the world is not given back.
    async with app.db.lease("publish", wait=True):
        async with app.db.write() as conn:
            before = await editions.get(conn, edition_id)
            await editions.move(
                conn, edition_id, EditionEvent.CANCEL, reason=reason, finished_at=app.now()
            )
            unseen = before.state is EditionState.APPROVED and before.published_at is None
            if before.state in editions.OPEN or unseen:
                await placements.release(conn, edition_id)
            record = await editions.get(conn, edition_id)
        page = edition_folder(app, edition_id) / "index.html"
        await asyncio.to_thread(page.unlink, missing_ok=True)
    return record


# --------------------------------------------------------------------- publish


async def publish(
    app: App, *, early: Collection[str] = (), progress: Progress = silent
) -> list[Path]:
    """Write every public edition, the archive and the feeds to `out/`; return what changed.

    Files are replaced whole or not at all, and left alone when their bytes are the same.

    Args:
        early: ids of editions that are approved and go out now, although their hour is ahead.
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
                records = [
                    record
                    for record in records
                    if record.state is not EditionState.APPROVED
                    or record.slot_at <= app.now()
                    or record.published_at is not None
                    or record.id in early
                ]
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
        archive = render.archive_page(shelves, press=app.press)
        index = app.out_dir / "index.html"
        if await asyncio.to_thread(_write, index, archive.encode()):
            changed.append(index)
    return changed


def _files_of(
    app: App, newsletter: Newsletter, shelf: Sequence[Edition]
) -> list[tuple[Path, bytes]]:
    """Path and content of every file of a newsletter, newest edition first."""
    files: list[tuple[Path, bytes]] = []
    for edition in shelf:
        page = render.edition_page(edition, press=app.press, newsletter=newsletter)
        files.append((edition_folder(app, edition.id) / "index.html", page.encode()))
    recent = shelf[: app.settings.output.feed_editions]
    folder = app.out_dir / "feeds" / newsletter.slug
    for name, write in (
        ("feed.rss", render.rss),
        ("feed.atom", render.atom),
        ("feed.json", render.json_feed),
    ):
        feed = write(newsletter, recent, press=app.press)
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
