"""Waiting at mailboxes: where the server offers IDLE, new mail is collected as it arrives.

Only a hint: what comes of it is the visit that the clock would have made later.  A connection
that breaks is opened again, more and more slowly; polling goes on meanwhile.
"""

import asyncio

from digest import collect, store
from digest.app import App
from digest.errors import SourceError
from digest.settings import Source
from digest.sources.mailbox import wait_for_mail
from digest.telemetry import log

#: One wait; servers end an IDLE after half an hour (RFC 2177).
_PATIENCE_S = 25 * 60.0
#: After a broken connection; doubled each time.
_FIRST_REST_S = 60.0
_LONGEST_REST_S = 3600.0


async def listen(app: App) -> None:
    """Wait at every IMAP mailbox until the process is asked to stop."""
    boxes = [
        source
        for source in await collect.every_source(app)
        if source.kind == "mailbox" and source.url is not None
    ]
    async with asyncio.TaskGroup() as group:
        for source in boxes:
            group.create_task(_listen_at(app, source), name=f"listen:{source.id}")


async def _listen_at(app: App, source: Source) -> None:
    rest_s = _FIRST_REST_S
    while not app.stopping.is_set():
        async with app.db.read() as conn:
            record = await store.sources.find(conn, source.id)
        if record is not None and record.paused_at is not None:
            await _rest(app, _LONGEST_REST_S)
            continue
        try:
            arrived = await wait_for_mail(
                source,
                app.passwords.get(source.id),
                timeout_s=_PATIENCE_S,
                cursor=record.cursor if record else None,
            )
        except SourceError as error:
            log.info("not listening at a mailbox", source=source.id, reason=str(error))
            await _rest(app, rest_s)
            rest_s = min(rest_s * 2, _LONGEST_REST_S)
            continue
        rest_s = _FIRST_REST_S
        if arrived:
            await collect.wake(app, source.id)
            # The visit moves the cursor; without a pause the same mail would be told again.
            await _rest(app, app.settings.serve.tick_s + 30.0)


async def _rest(app: App, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await app.stopping.wait()
    except TimeoutError:
        return
