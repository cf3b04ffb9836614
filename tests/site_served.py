"""A published archive, served on loopback by the application that `digest serve` serves."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.app import open_app
from digest.settings import load
from digest.web import create


@dataclass(frozen=True)
class Seen:
    path: str
    status: int


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Served:
    url: str = ""
    #: Every request that was answered.
    seen: list[Seen] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> Answer:
        asked = Request(self.url + path, headers=headers)
        try:
            with urlopen(asked, timeout=30) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except HTTPError as answer:
            return Answer(answer.code, dict(answer.headers), answer.read())


def _noting(app: ASGIApp, seen: list[Seen]) -> ASGIApp:
    async def noted(scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.append(Seen(scope["path"], message["status"]))
            await send(message)

        await app(scope, receive, note)

    return noted


class _Quiet(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """The signals are pytest's."""


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """What *folder* has published, served by a thread of its own."""
    began, stop, site = threading.Event(), threading.Event(), Served()

    async def work() -> None:
        async with open_app(load(folder / "config.toml", environ={})) as app:
            told = _noting(create(app), site.seen)
            server = _Quiet(uvicorn.Config(told, port=0, log_level="error", lifespan="off"))
            task = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.02)
            site.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
            began.set()
            while not stop.is_set():
                await asyncio.sleep(0.05)
            server.should_exit = True
            await task

    thread = threading.Thread(target=lambda: asyncio.run(work()), daemon=True)
    thread.start()
    assert began.wait(60)
    try:
        yield site
    finally:
        stop.set()
        thread.join(30)
