"""What `digest serve` runs: the clock and the web pages, in one loop."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from digest import web
from digest.app import open_app
from digest.cli import show
from digest.cli.frame import stop_politely
from digest.runner import Runner
from digest.settings import Loaded
from digest.telemetry import log


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: it would end the process before we are done."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def leave(self) -> None:
        self.should_exit = True


async def serve_until_stopped(loaded: Loaded) -> int:
    """Serve and tick until SIGINT or SIGTERM; the exit code."""
    async with open_app(loaded, environ=os.environ) as app:
        runner = Runner(app)
        settings = app.settings.serve
        server = _Server(
            uvicorn.Config(
                web.create(app),
                host=settings.host,
                port=settings.port,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=int(settings.drain_s) + 1,
            )
        )
        stop_politely(app, then=server.leave)
        runner.start()
        where = f"http://{settings.host}:{settings.port}/"
        show.err.print(f"digest: {where} until you press Ctrl-C", markup=False)
        try:
            await server.serve()
        finally:
            # What the clock began is finished, or left to the journal.
            await runner.stop()
            log.info("stopped")
        return 0 if server.started else 1
