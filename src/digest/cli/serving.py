"""What `digest serve` runs: the clock and the web pages, in one loop."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from digest import web
from digest.app import open_app
from digest.cli import show
from digest.cli.frame import stop_politely
from digest.errors import ConfigError
from digest.runner import Runner
from digest.settings import Loaded, reveal
from digest.telemetry import log


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: it would end the process before we are done."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def leave(self) -> None:
        self.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    """A socket on [serve] host and port.

    Raises:
        ConfigError: the address is not this machine's, or somebody has it already.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol by its name: without it asyncio leaves Nagle's algorithm on, and each answer
    # whose head and body are two packets waits 40 ms for the other side to acknowledge the first.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        # From here on whoever connects is kept waiting, not turned away.
        listening.listen(128)
    except OSError as error:
        listening.close()
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(
            [f"serve.port: cannot listen at {host}:{port}: {reason}; give another, or stop it"]
        ) from error
    return listening


async def serve_until_stopped(loaded: Loaded) -> int:
    """Serve and tick until SIGINT or SIGTERM; the exit code."""
    settings = loaded.settings.serve
    # Taken before anything starts: a second `serve` must not run the clock either by accident.
    listening = _listen(settings.host, settings.port)
    async with open_app(loaded, environ=os.environ) as app:
        token = loaded.settings.api.token
        if token is not None and app.api_token is None:
            try:
                reveal(token, base=loaded.base, environ=os.environ)
            except ConfigError as error:
                raise ConfigError([f"api.token: {fault}" for fault in error.faults]) from error
        runner = Runner(app)
        server = _Server(
            uvicorn.Config(
                web.create(app),
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=int(settings.drain_s) + 1,
            )
        )
        stop_politely(app, then=server.leave)
        runner.start()
        where = f"http://{settings.host}:{listening.getsockname()[1]}/"
        show.err.print(f"digest: {where} until you press Ctrl-C", markup=False)
        try:
            await server.serve(sockets=[listening])
        finally:
            # What the clock began is finished, or left to the journal.
            await runner.stop()
            log.info("stopped")
        return 0 if server.started else 1
