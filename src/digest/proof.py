"""The verbs of a proof: an edition as a reader would get it, shown to the newsroom.

Nothing here is a delivery: the journal is not touched.
"""

import time
from pathlib import Path

from digest.app import App
from digest.errors import NotFound, Refused
from digest.model import Edition, Subscriber
from digest.printer import printer_for, readers_of
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
    reader = Subscriber(id=nobody, email=address, timezone=edition.timezone, key="0" * 32)
    try:
        message = (await printer_for(app, edition)).message(reader, sent_at=app.now())
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
    """Write what `deliver` would send as files into *folder*, signed; return how many.

    Nothing is sent and nothing is remembered.
    """
    printer = await printer_for(app, edition)
    readers = readers_of(app, edition.slot)
    written, after = 0, 0
    async with app.transport(dry_run=folder) as transport:
        while True:
            async with app.db.read() as conn:
                seats = await subscribers.seats(conn, readers, after=after, limit=journal.CHUNK)
                ids = [seat.id for seat in seats]
                people = await subscribers.active(conn, readers, ids, hash_key=app.key)
            if not ids:
                return written
            after = ids[-1]
            for person in people.values():
                try:
                    message = printer.message(person, sent_at=app.now())
                    if app.signing is not None:
                        message = await app.signing.sign(message)
                except (NotFound, Refused):
                    continue
                await transport.send(
                    message,
                    sender=app.links.return_path(edition.id, person.id)
                    or app.settings.mail.from_address,
                    to=person.email,
                    started=lambda: None,
                )
                written += 1
