"""Waiting at mailboxes: where the server offers IDLE, new mail is collected as it arrives.

Only a hint: what comes of it is the visit that the clock would have made later.  A connection
that breaks is opened again, more and more slowly; polling goes on meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable

from digest import collect, store
from digest.app import App
from digest.errors import DigestError
from digest.settings import Source
from digest.sources.mailbox import wait_for_mail
from digest.telemetry import log

Rest = Callable[[App, float], Awaitable[None]]

#: One wait; servers end an IDLE after half an hour (RFC 2177).
_PATIENCE_S = 25 * 60.0
#: After a broken connection; doubled each time.
_FIRST_REST_S = 60.0
_LONGEST_REST_S = 3600.0


async def listen(app: App, *, rest: Rest | None = None) -> None:
    """Wait at every IMAP mailbox until the process is asked to stop.

    Those that are there when it begins: a mailbox added later is polled, and listened to when
    the process starts again.  Nothing that goes wrong at one mailbox, or with the database,
    ends it: it rests and goes on.

    Args:
        rest: waits so many seconds, or until the process is asked to stop.
    """
    rest = rest or _rest
    boxes = await _boxes(app, rest)
    async with asyncio.TaskGroup() as group:
        for source in boxes:
            group.create_task(_listen_at(app, source, rest), name=f"listen:{source.id}")


async def _boxes(app: App, rest: Rest) -> list[Source]:
    while not app.stopping.is_set():
        try:
            every = await collect.every_source(app)
        except DigestError as error:
            log.warning("not listening at mailboxes", reason=str(error))
            await rest(app, _FIRST_REST_S)
            continue
        return [source for source in every if source.kind == "mailbox" and source.url is not None]
    return []


async def _listen_at(app: App, source: Source, rest: Rest) -> None:
    broken_s = _FIRST_REST_S
    while not app.stopping.is_set():
        try:
            rest_s = await _wait_once(app, source)
        except DigestError as error:
            log.info("not listening at a mailbox", source=source.id, reason=str(error))
            await rest(app, broken_s)
            broken_s = min(broken_s * 2, _LONGEST_REST_S)
            continue
        broken_s = _FIRST_REST_S
        if rest_s:
            await rest(app, rest_s)


async def _wait_once(app: App, source: Source) -> float:
    """Wait for mail and have it collected; seconds to rest before the next time."""
    async with app.db.read() as conn:
        record = await store.sources.find(conn, source.id)
    if record is not None and record.paused_at is not None:
        return _LONGEST_REST_S
    arrived = await wait_for_mail(
        source,
        app.passwords.get(source.id),
        timeout_s=_PATIENCE_S,
        cursor=record.cursor if record else None,
    )
    if not arrived:
        return 0.0
    await collect.wake(app, source.id)
    # The visit moves the cursor; without a pause the same mail would be told again.
    return app.settings.serve.tick_s + 30.0


async def _rest(app: App, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await app.stopping.wait()
    except TimeoutError:
        return
