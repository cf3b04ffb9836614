"""Other processes that help to send one edition, where [mail] processes asks for them."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from digest.app import App
from digest.telemetry import log


@asynccontextmanager
async def helped(app: App, edition_id: str) -> AsyncIterator[None]:
    """Have others carry chunks of an edition, too, until there are none left.

    Chunks are claimed by whoever comes first, so nothing is shared out beforehand; limits are:
    each process keeps its share of them.  Helpers outlive this process if it is killed, and
    come to their end by themselves.
    """
    number = 0 if app.helping else app.settings.mail.processes - 1
    helpers = [await _begin(app, edition_id) for _ in range(number)]
    try:
        yield
    except BaseException:
        await _end(app, helpers)
        raise
    if app.stopping.is_set():
        await _end(app, helpers)
    for helper in helpers:
        if await helper.wait():
            log.warning("a helping process failed", edition=edition_id, code=helper.returncode)


async def _begin(app: App, edition_id: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "digest", "help-send", edition_id),
        *("--config", str(app.loaded.path)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )


async def _end(app: App, helpers: list[asyncio.subprocess.Process]) -> None:
    """Ask them to stop; whoever takes longer than [serve] drain_s is left to the journal."""
    for helper in helpers:
        with suppress(ProcessLookupError):
            helper.terminate()
    waits = [asyncio.ensure_future(helper.wait()) for helper in helpers]
    if waits:
        await asyncio.wait(waits, timeout=app.settings.serve.drain_s + 5)
    for helper in helpers:
        with suppress(ProcessLookupError):
            helper.kill()
    await asyncio.gather(*waits)
