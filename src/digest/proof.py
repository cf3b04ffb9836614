"""The verbs of a proof: an edition as a reader would get it, shown to the newsroom.

Nothing here is a delivery: the journal is not touched.
"""

import asyncio
import time
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path

from digest import render
from digest.app import App
from digest.errors import NotFound, Refused
from digest.model import Edition, Subscriber
from digest.printer import Printer
from digest.store import editions, journal, subscribers


async def send_one(app: App, edition_id: str, address: str) -> str:
    """Send one copy of an edition, draft or not, to *address*: a proof for the newsroom.

    It is no delivery: the journal is not touched, its links lead nowhere personal, and its
    Message-ID is its own, so that no server takes the real mail for a copy of it.

    Raises:
        MailError: the relay did not take it.
    """
    async with app.db.read() as conn:
        edition = await editions.content(conn, edition_id)
    # No subscriber has an id like this; two proofs in a row are two messages.
    nobody = 10**18 + time.time_ns() // 1000
    reader = Subscriber(id=nobody, email=address, key="0" * 32)
    try:
        message = Printer(app, edition).message(reader, sent_at=app.now())
    except Refused as error:
        raise Refused(0, f"{address!r} is not an address") from error
    async with app.transport() as transport:
        reply = await transport.send(
            message,
            sender=app.settings.mail.from_address,
            to=address,
            started=lambda: None,
        )
    return f"{reply.code} {reply.text}"


async def rehearse(app: App, edition: Edition, folder: Path) -> int:
    """Write what `deliver` would send as files into *folder*; return how many.

    Nothing is sent and nothing is remembered.
    """
    printer = Printer(app, edition)
    written, after = 0, 0
    async with app.transport(dry_run=folder) as transport:
        while True:
            async with app.db.read() as conn:
                ids = await subscribers.page_of_ids(
                    conn, edition.newsletter, after=after, limit=journal.CHUNK
                )
                people = await subscribers.active(conn, edition.newsletter, ids, hash_key=app.key)
            if not ids:
                return written
            after = ids[-1]
            for person in people.values():
                try:
                    message = printer.message(person, sent_at=app.now())
                except (NotFound, Refused):
                    continue
                await transport.send(
                    message,
                    sender=app.settings.mail.from_address,
                    to=person.email,
                    started=lambda: None,
                )
                written += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """An edition on disk, as a reader would get it."""

    files: tuple[Path, ...]
    subject: str
    text: str
    html_bytes: int
    left_out: int


async def preview(app: App, edition_id: str, folder: Path) -> Previewed:
    """Write the page, the mail's HTML and text, and a whole message into *folder*.

    The reader is made up, with every section; the links in it lead nowhere.
    """
    async with app.db.read() as conn:
        edition = await editions.content(conn, edition_id)
    printer = Printer(app, edition)
    reader = Subscriber(id=0, email="reader@example.org", name="", key="0" * 32)
    layout = printer.layout(reader)
    message = printer.message(reader, sent_at=app.now())
    parsed = message_from_bytes(message, policy=default_policy)
    parts = {part.get_content_type(): part.get_content() for part in parsed.iter_parts()}
    page = render.edition_page(
        edition,
        press=app.press,
        newsletter=app.newsletter(edition.newsletter),
    )
    files = {
        "page.html": page.encode(),
        "mail.html": parts["text/html"].encode(),
        "mail.txt": parts["text/plain"].encode(),
        "mail.eml": message,
    }
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    for name, content in files.items():
        await asyncio.to_thread((folder / name).write_bytes, content)
    return Previewed(
        files=tuple(folder / name for name in files),
        subject=layout.subject,
        text=parts["text/plain"],
        html_bytes=len(files["mail.html"]),
        left_out=layout.left_out,
    )
