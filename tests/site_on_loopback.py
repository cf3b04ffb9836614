"""A site on loopback that answers as a test tells it, and notes what it was asked.

For a site that misbehaves on the wire, see `badsite`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any


@dataclass
class Page:
    """What stands at a path."""

    body: str = ""
    kind: str = "application/xml; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    #: Answer "not modified" to whoever has it already.
    validated: bool = True

    @property
    def etag(self) -> str:
        return f'"{blake2b(self.body.encode(), digest_size=4).hexdigest()}"'


@dataclass
class Site:
    """Its pages by path; a path that is not there is 404."""

    port: int = 0
    pages: dict[str, Page] = field(default_factory=dict)
    #: (path, status) of every request, in order.
    asked: list[tuple[str, int]] = field(default_factory=list)
    #: The headers of every request, names in lower case.
    heads: list[dict[str, str]] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def put(self, path: str, body: str = "", **told: Any) -> None:
        self.pages[path] = Page(body, **told)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                writer.write(self._answer(head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, head: str) -> bytes:
        first, *lines = head.split("\r\n")
        path = first.split(" ")[1]
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
            if name
        }
        page = self.pages.get(path) or Page(status=404, kind="text/plain", body="nothing here")
        status, body = page.status, page.body.encode()
        told = {"Content-Type": page.kind} | page.headers
        if page.validated and status == 200:
            told["ETag"] = page.etag
            if headers.get("if-none-match") == page.etag:
                status, body = 304, b""
        self.asked.append((path, status))
        self.heads.append(headers)
        told["Content-Length"] = str(len(body))
        written = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        return f"HTTP/1.1 {status} So\r\n{written}\r\n".encode() + body


@asynccontextmanager
async def running_site() -> AsyncIterator[Site]:
    """A `Site` that listens on loopback."""
    site = Site()
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()


def rss(*items: str, more: str = "") -> str:
    """An RSS feed of what `entry` made."""
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">'
        f"<channel><title>Wire</title><link>https://wire.example/</link>{more}"
        + "".join(items)
        + "</channel></rss>"
    )


def entry(
    n: int, *, title: str = "", guid: str | None = None, text: str = "", link: str = ""
) -> str:
    """One entry; *n* is its hour on the seventeenth of May."""
    guid = f"wire-{n}" if guid is None else guid
    text = text or f"The harbour office said so, in statement number {n}."
    return (
        f"<item><title>{title or f'News number {n} of the day'}</title>"
        f"<link>{link or f'https://wire.example/news/{n}'}</link>"
        + (f'<guid isPermaLink="false">{guid}</guid>' if guid else "")
        + f"<pubDate>Sun, 17 May 2026 {n % 24:02d}:00:00 GMT</pubDate>"
        f"<description>{text}</description></item>"
    )
