"""The verb of letters: mails to one person that are no edition, by the same way out.

A letter is a delivery under its own id: intent before content, one row of the journal, pace,
suppression at the last moment, and what is refused comes back as a bounce.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from digest import hosted, returning
from digest.app import App, sender_domain
from digest.courier import Courier, keep_paces
from digest.errors import NotFound, RelayDown
from digest.mail import Transport
from digest.model import (
    LIFTED_BY_CONSENT,
    DeliveryState,
    Letter,
    LetterKind,
    Outcome,
    Subscriber,
)
from digest.render.letter import letter as render_letter
from digest.store import Connection, journal, letters, subscribers

_LEASES = 64
#: Answers that end it: whoever still wants a letter asks for another.
_OVER = frozenset(
    {
        DeliveryState.SENT,
        DeliveryState.FAILED,
        DeliveryState.SKIPPED,
        DeliveryState.DOUBTFUL,
        DeliveryState.BOUNCED,
    }
)


def until(app: App, letter: Letter) -> datetime:
    """How long the link of a letter is good."""
    return letter.at + timedelta(days=app.settings.audience.confirm_days)


class _LetterErrand:
    """One letter, carried to its one person."""

    def __init__(self, app: App, letter: Letter) -> None:
        self.id = letter.id
        self.expires_at: datetime | None = until(app, letter)
        self._app = app
        self._letter = letter

    async def goes_on(self, conn: Connection) -> bool:
        return True

    async def people(self, conn: Connection, ids: Sequence[int]) -> dict[int, Subscriber]:
        if self._app.now() > until(self._app, self._letter):
            return {}
        person = await subscribers.by_id(conn, self._letter.subscriber_id)
        if person is None:
            return {}
        barred = await subscribers.barred_of(
            conn, [person], hash_key=self._app.key, lifted=LIFTED_BY_CONSENT
        )
        return {} if barred else {person.id: person}

    async def mail(self, subscriber: Subscriber) -> bytes:
        app, letter = self._app, self._letter
        try:
            newsletter = app.newsletter(letter.newsletter)
        except NotFound:
            if letter.kind is not LetterKind.DATA:
                raise
            # It is about the person, and the newsletter is gone.
            newsletter = app.newsletter()
        url, attachment = "", None
        if letter.kind is LetterKind.CONFIRM:
            url = app.links.confirm_url(letter.number, until=until(app, letter))
        elif letter.kind is LetterKind.KNOWN:
            url = app.links.preferences_url(newsletter.slug, subscriber)
        else:
            attachment = json.dumps(letter.content["data"], ensure_ascii=False, indent=2).encode()
        files = await asyncio.to_thread(hosted.read_files, app.out_dir, {app.press.logo} - {""})
        return render_letter(
            letter.kind,
            press=app.press,
            newsletter=newsletter,
            subscriber=subscriber,
            mail=app.settings.mail,
            url=url,
            until=until(app, letter),
            wording=str(letter.content.get("wording", "")),
            wording_language=str(letter.content.get("wording_language", "")),
            attachment=attachment,
            # Nothing in a letter is fetched from anywhere.
            files=files,
            message_id=app.links.message_id(
                self.id, subscriber, domain=sender_domain(app.settings.mail)
            ),
            sent_at=letter.at,
        )

    async def settling(self, conn: Connection, outcomes: Sequence[Outcome]) -> None:
        await returning.hold_refused(conn, outcomes)

    async def settled(self, conn: Connection, outcomes: Sequence[Outcome]) -> None:
        await returning.settle_refusals(self._app, conn, self.id, outcomes)


async def post(app: App) -> int:
    """Send the letters that wait; return with how many nothing is left to do.

    Raises:
        RelayDown: the relay refuses us; the letters stay.
    """
    async with app.db.read() as conn:
        waiting = await letters.waiting(conn, now=app.now())
    if not waiting:
        return 0
    done, refused = 0, None
    async with app.transport() as transport:
        for letter in waiting:
            if app.stopping.is_set():
                break
            try:
                done += await _post_one(app, transport, letter)
            except RelayDown as error:
                refused = error
                if not error.code:
                    # Nobody is there.  An answer may be about this one letter: others go on.
                    break
    await keep_paces(app)
    if refused is not None:
        raise refused
    return done


async def _post_one(app: App, transport: Transport, letter: Letter) -> bool:
    """Send one letter if nobody else does; whether nothing is left to do for it."""
    # One of a few names: each leaves a file for ever.
    async with app.db.lease(f"letter:{letter.number % _LEASES}") as mine:
        if not mine:
            return False
        for seq in await _due(app, letter):
            await Courier(app, _LetterErrand(app, letter)).carry(transport, seq)
        return await _close(app, letter)


async def _due(app: App, letter: Letter) -> list[int]:
    """The letter's chunks that are to be carried now; the first time it gets one."""
    async with app.db.write() as conn:
        if not await journal.known(conn, letter.id, [letter.subscriber_id]):
            if not await journal.open_chunks(conn, letter.id):
                await journal.add_chunk(conn, letter.id, [letter.subscriber_id])
        else:
            await journal.requeue(conn, letter.id, [DeliveryState.DEFERRED], now=app.now())
        return await journal.open_chunks(conn, letter.id)


async def _close(app: App, letter: Letter) -> bool:
    """Whether nothing is left to be done for a letter."""
    async with app.db.write() as conn:
        rows = await journal.known(conn, letter.id, [letter.subscriber_id])
        if not any(row.state in _OVER for row in rows.values()):
            return False
        return await letters.close(conn, letter.number, now=app.now())
