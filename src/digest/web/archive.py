"""Editions, pages, pictures and feeds for everyone: the published files, as HTTP wants them.

Behind the door: which file an address means, in which coding, the whole or a part, or that it
is known already (RFC 9110).  Not behind it: what the files say, and how they came there.  It is
ASGI without a framework: feed readers ask a thousand times for what has not changed.
"""

import asyncio
import re
import stat
from collections.abc import Sequence
from os import stat_result
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send

from digest.web.conditions import Asked, Header, Verdict, asked_of, codings, judge, part_of
from digest.web.files import LARGE, PIECE, SMALL, File, Files, Ready

#: Segments without a dot in front: a file being written has one, and so have "." and "..".
_PATH: Final = re.compile(r"/(?:(?!\.)[^/\\\x00-\x1f\x7f]+/)*(?:(?!\.)[^/\\\x00-\x1f\x7f]+)?")
#: A slash or backslash in disguise: servers disagree on what it means, so it means nothing.
_DISGUISED: Final = re.compile(rb"%(2f|5c)", re.IGNORECASE)
_PUBLISHED: Final = ("/feeds/", "/editions/", "/pictures/")
#: What can be subscribed to: archived weeks and further pages are found from there.
_TOPIC: Final = re.compile(r"/feeds/.+/feed\.(rss|atom|json)")
_XML_FEED: Final = re.compile(r"/feeds/.+\.(rss|atom)")
_URL_SAFE: Final = "%/:=&?~#+!$,;'@()*[]"
_MISSING: Final = "/404.html"
#: It may be believed for a minute that something is not there.
_BRIEFLY: Final = (b"cache-control", b"public, max-age=60")
_EMPTY: Final = (b"content-length", b"0")
_VARY: Final = (b"vary", b"Accept-Encoding")
_NOTHING: Final = range(0)


class Ahead:
    """ASGI middleware: what is only ever published is served before other addresses are tried.

    The router would look at each of its routes first, and a feed is asked for more often than
    all of them together.
    """

    def __init__(self, app: ASGIApp, *, published: ASGIApp) -> None:
        self._app = app
        self._published = published

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ahead = scope["type"] == "http" and scope["path"].startswith(_PUBLISHED)
        await (self._published if ahead else self._app)(scope, receive, send)


class Published:
    """The output folder as an ASGI application.

    Args:
        base_url: where the folder is to the world; no slash at the end.
        hubs: that feeds name besides themselves (WebSub §4).
    """

    def __init__(self, folder: Path, *, base_url: str, hubs: Sequence[str] = ()) -> None:
        self._files = Files(folder)
        self._base_url = base_url
        self._hubs = "".join(f'<{quote(hub, safe=_URL_SAFE)}>; rel="hub", ' for hub in hubs)
        # Of a hundred who ask for what is new, one reads it and the others wait.
        self._reading = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["method"] not in ("GET", "HEAD"):
            told = b"Only GET and HEAD are answered here.\n"
            await _say(scope, send, 405, told, (b"allow", b"GET, HEAD"))
            return
        await self._find(scope, send)

    async def _find(self, scope: Scope, send: Send) -> None:
        name = _name_of(scope)
        state = self._files.state(name) if name else None
        if name is None or state is None:
            await self._miss(scope, send)
        elif stat.S_ISREG(state.st_mode):
            await self._give(name, state, scope, send)
        elif stat.S_ISDIR(state.st_mode):
            await self._lead_on(name, scope, send)
        else:
            await self._miss(scope, send)

    async def _give(self, name: str, state: stat_result, scope: Scope, send: Send) -> None:
        file = await self._file(name, state)
        if file is None:
            await self._miss(scope, send)
            return
        asked = asked_of(scope["headers"])
        coding = _coding(file, asked)
        if coding is None:
            told = b"Neither as it is nor in gzip nor in br: there is no other way to say it.\n"
            await _say(scope, send, 406, told, _VARY, _BRIEFLY)
            return
        ready = file.ready(coding) or await self._code(file, coding)
        status, headers, part = _decide(file, ready, asked, is_get=scope["method"] == "GET")
        if _XML_FEED.fullmatch(name):
            headers = _for_whom(headers, asked.get(b"accept"))
        if part and file.content is None:
            handle = await asyncio.to_thread(self._files.open_as, file)
            if handle is None:
                # Replaced since: nothing has been said yet, so it is begun anew.
                await self._find(scope, send)
                return
            await _stream(send, status, headers, handle, part)
            return
        body = ready.body if len(part) == ready.size else ready.body[part.start : part.stop]
        await _answer(send, status, headers, body)

    async def _file(self, name: str, state: stat_result) -> File | None:
        """The file in the state that it is in by now; None if nobody may have it."""
        file = self._files.kept(name, state)
        if file is not None:
            return file
        async with self._reading:
            now = self._files.state(name)
            file = self._files.kept(name, now) if now else None
            if file is None:
                file = await asyncio.to_thread(self._files.read, name, self._links(name))
                if file is not None:
                    self._files.keep(file)
        return file

    async def _code(self, file: File, coding: str) -> Ready:
        async with self._reading:
            ready = file.ready(coding)
            if ready is None:
                ready = await asyncio.to_thread(file.code, coding)
                self._files.keep(file)
        return ready

    def _links(self, name: str) -> list[Header]:
        """How whoever reads a feed may be told of changes: its hubs, and itself, once."""
        if not _TOPIC.fullmatch(name):
            return []
        own = f'<{self._base_url}{quote(name)}>; rel="self"'
        return [(b"link", (self._hubs + own).encode("ascii", "replace"))]

    async def _lead_on(self, name: str, scope: Scope, send: Send) -> None:
        """A folder without its slash: send them to where its page is."""
        page = self._files.state(f"{name}/index.html")
        if page is None or not stat.S_ISREG(page.st_mode):
            await self._miss(scope, send)
            return
        # Relative to what they asked for: it is right behind every proxy, and names no host.
        where = f"./{quote(name.rpartition('/')[2], safe='')}/".encode()
        if query := scope.get("query_string"):
            where += b"?" + query
        told = b"It is in this folder: its address ends in a slash.\n"
        await _say(scope, send, 301, told, (b"location", where), _BRIEFLY)

    async def _miss(self, scope: Scope, send: Send) -> None:
        """404, with the archive's own page if there is one."""
        state = self._files.state(_MISSING)
        file = await self._file(_MISSING, state) if state else None
        coding = _coding(file, asked_of(scope["headers"])) if file else None
        if file is None or coding is None:
            await _say(scope, send, 404, b"There is nothing here.\n", _BRIEFLY)
            return
        ready = file.ready(coding) or await self._code(file, coding)
        # No validator: "not modified" would be said of something else.
        told = (b"content-type", b"content-length", b"content-encoding", b"vary")
        headers = [header for header in ready.headers if header[0] in told]
        body = ready.body if scope["method"] == "GET" else b""
        await _answer(send, 404, [*headers, _BRIEFLY], body)


# ------------------------------------------------------------------- decisions


def _name_of(scope: Scope) -> str | None:
    """The file that an address means, below the folder; None if it cannot mean one."""
    path: str = scope["path"]
    if not _PATH.fullmatch(path) or _DISGUISED.search(scope.get("raw_path") or b""):
        return None
    return f"{path}index.html" if path.endswith("/") else path


def _for_whom(headers: Sequence[Header], accept: bytes | None) -> list[Header]:
    """*headers* of a feed for a reader of feeds, or for a browser.

    Browsers show a feed with its style sheet only when it is called XML, and its source when it
    is called what it is; they ask for HTML first, and readers do not.
    """
    browser = accept is not None and accept.lower().startswith(b"text/html")
    told = []
    for name, value in headers:
        if name == b"vary":
            told.append((name, value + b", Accept"))
        elif name == b"content-type" and browser:
            told.append((name, b"application/xml; charset=utf-8"))
        else:
            told.append((name, value))
    return told


def _coding(file: File, asked: Asked) -> str | None:
    """The coding that they get; None if they take none that there is."""
    if not file.is_text or file.size > LARGE:
        return "identity"
    wanted = codings(asked.get(b"accept-encoding"))
    if file.size < SMALL and "identity" in wanted:
        return "identity"
    return wanted[0] if wanted else None


def _decide(
    file: File, ready: Ready, asked: Asked, *, is_get: bool
) -> tuple[int, list[Header], range]:
    """Status, headers, and the octets that follow."""
    verdict = judge(asked, etag=ready.etag, modified=file.modified)
    if verdict is Verdict.SAME:
        return 304, ready.brief, _NOTHING
    if verdict is Verdict.FAILED:
        return 412, [*ready.brief, _EMPTY], _NOTHING
    if not is_get:
        return 200, ready.headers, _NOTHING
    part = None
    if b"range" in asked and not file.is_text:
        part = part_of(asked, size=ready.size, etag=ready.etag, modified=file.modified)
    if part is None:
        return 200, ready.headers, range(ready.size)
    if not part:
        whole = (b"content-range", f"bytes */{ready.size}".encode())
        return 416, [*ready.brief, _EMPTY, whole], _NOTHING
    of = f"bytes {part.start}-{part.stop - 1}/{ready.size}".encode()
    headers = [header for header in ready.headers if header[0] != b"content-length"]
    length = (b"content-length", str(len(part)).encode())
    return 206, [*headers, length, (b"content-range", of)], part


# --------------------------------------------------------------------- sending


async def _answer(send: Send, status: int, headers: list[Header], body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _say(scope: Scope, send: Send, status: int, told: bytes, *more: Header) -> None:
    """A sentence of plain text."""
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(told)).encode()),
        *more,
    ]
    await _answer(send, status, headers, b"" if scope["method"] == "HEAD" else told)


async def _stream(
    send: Send, status: int, headers: list[Header], handle: BinaryIO, part: range
) -> None:
    with handle:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await asyncio.to_thread(handle.seek, part.start)
        left = len(part)
        while left:
            piece = await asyncio.to_thread(handle.read, min(PIECE, left))
            if not piece:
                # Cut short behind our back; the server sees too few octets, and hangs up.
                break
            left -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
