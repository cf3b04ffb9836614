"""The verbs of an edition that has been composed: approve and cancel.

Each reads, decides, writes; each may be run twice, at once, or again after a crash.
"""

import asyncio
import shutil

from digest.app import App
from digest.compose import lease_of
from digest.errors import Conflict
from digest.model import EDITION_LIFE, EditionEvent, EditionState
from digest.pictures import fetch_pictures
from digest.printer import printer_for
from digest.store import editions, placements, printed
from digest.store.editions import Record


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
            record = await editions.get(conn, edition_id)
            content = await editions.content(conn, edition_id)
        if EditionEvent.APPROVE not in EDITION_LIFE[record.state]:
            # Before anything of it is touched: what is out stays as it is.
            raise Conflict(f"edition {edition_id} is {record.state}: it cannot be approved now")
        await fetch_pictures(app, content)
        # Laid out once before anybody is promised anything.
        printer = await printer_for(app, content)
        await asyncio.to_thread(printer.rehearse)
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
            # One that was killed half-way is finished.
            if before.state is not EditionState.CANCELLED:
                await editions.move(
                    conn, edition_id, EditionEvent.CANCEL, reason=reason, finished_at=app.now()
                )
            # The lists and feeds that tell it are made again.
            await editions.note_look_printed(conn, before.newsletter, "")
            unseen = before.state is EditionState.APPROVED and before.published_at is None
            if before.state in editions.OPEN or unseen:
                await placements.release(conn, edition_id)
            await printed.drop(conn, edition_id)
            record = await editions.get(conn, edition_id)
        pages = app.edition_folder(edition_id)
        await asyncio.to_thread(shutil.rmtree, pages, ignore_errors=True)
    return record
