"""A hub on loopback, and a newsroom that tells it of changes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qsl

from digest.app import App
from digest.store import pings
from digest.store.pings import Ping
from newsroom import open_newsroom, write_config


class Hub:
    """A hub on loopback that answers as it is told, and remembers what it was told."""

    def __init__(self) -> None:
        self.status: int | None = 204
        self.headers = ""
        #: Method, path and form of every request.
        self.asked: list[tuple[str, str, list[tuple[str, str]]]] = []
        self.url = ""
        #: What happens between the question and the answer.
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.ended = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
        body = (await reader.readexactly(length)).decode()
        method, path, _ = head.split(" ", 2)
        assert "content-type: application/x-www-form-urlencoded\r\n" in head.lower()
        self.asked.append((method, path, parse_qsl(body)))
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.status is None:
            # A hub that hangs.
            await self.ended.wait()
        else:
            line = f"HTTP/1.1 {self.status} Word\r\n{self.headers}Content-Length: 0\r\n"
            writer.write(f"{line}Connection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()

    @property
    def topics(self) -> list[str]:
        return [dict(form)["hub.url"] for _, _, form in self.asked]


@asynccontextmanager
async def a_hub() -> AsyncIterator[Hub]:
    made = Hub()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hub"
    yield made
    made.ended.set()
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def newsroom(
    folder: Path,
    *hubs: str,
    private: str = '["127.0.0.1"]',
    timeout_s: float = 5.0,
    spacing_s: float = 0,
) -> AsyncIterator[App]:
    path = write_config(folder)
    told = ", ".join(f'"{hub}"' for hub in hubs)
    path.write_text(
        f"{path.read_text()}\n[output]\nhubs = [{told}]\n[collect]\n"
        f"allow_private = {private}\nspacing_s = {spacing_s}\ntimeout_s = {timeout_s}\n"
    )
    async with open_newsroom(folder) as opened:
        yield opened


async def standing(app: App) -> list[Ping]:
    async with app.db.read() as conn:
        return await pings.standing(conn)
