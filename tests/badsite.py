"""A web site that misbehaves to order: every fault that a collector meets, on loopback.

`BadSite` writes octets on a socket and knows no HTTP, so that it can say what no
server would.  Each script of `SCRIPTS` is a path; `EXPECTED` tells in which word
a fetch of it ends.  `/good` is as it should be.
"""

import asyncio
import gzip
import importlib
import os
import socket
import ssl
import struct
import sys
import tempfile
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from digest.errors import Fault

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# The package brings no types.
brotli: Any = importlib.import_module("brotli")

GOOD = b"<rss version='2.0'><channel><title>Harbour</title></channel></rss>"
CYRILLIC = "<rss><channel><title>Гавань</title></channel></rss>".encode("cp1251")
BOMB_BYTES = 60_000_000


@dataclass
class Asked:
    """One request, as it came."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)


class Visitor:
    """Whoever asks: what to write to, and how to leave without a word."""

    def __init__(self, asked: Asked, writer: asyncio.StreamWriter, over: asyncio.Event) -> None:
        self.asked = asked
        self.over = over
        self._writer = writer
        #: The connection is to be used again.
        self.stays = False

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def drip(self, piece: bytes) -> None:
        """Write *piece* again and again, slowly, until the visitor has enough."""
        while not self.over.is_set():
            await self.write(piece)
            await asyncio.sleep(0.01)

    async def flood(self, piece: bytes) -> None:
        while not self.over.is_set():
            await self.write(piece)

    def reset(self) -> None:
        """Tear the line instead of hanging up."""
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Script = Callable[[Visitor], Awaitable[None]]


def head(status: int | str = 200, *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} Word", *lines, "", ""]).encode("latin-1")


def answer(status: int, body: bytes = b"", *lines: str) -> bytes:
    return head(status, f"Content-Length: {len(body)}", *lines) + body


def says(*parts: bytes) -> Script:
    """A script that writes *parts* and hangs up."""

    async def script(to: Visitor) -> None:
        for part in parts:
            await to.write(part)

    return script


def keeps(data: bytes) -> Script:
    """A script that writes *data* and waits for the next request."""

    async def script(to: Visitor) -> None:
        await to.write(data)
        to.stays = True

    return script


def redirect(target: str, *lines: str, status: int = 302) -> Script:
    return says(answer(status, b"", f"Location: {target}", *lines))


async def hang(to: Visitor) -> None:
    await to.over.wait()


async def stall(to: Visitor) -> None:
    await to.write(head(200, "Content-Length: 5000") + b"a little")
    await to.over.wait()


async def slow_body(to: Visitor) -> None:
    await to.write(head(200, "Content-Length: 5000"))
    await to.drip(b"x")


async def slow_head(to: Visitor) -> None:
    await to.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    await to.drip(b"x")


async def endless_headers(to: Visitor) -> None:
    await to.write(b"HTTP/1.1 200 OK\r\n")
    await to.flood(b"X-More: more of the same, and more of the same\r\n" * 50)


async def endless_body(to: Visitor) -> None:
    await to.write(head(200, "Connection: close"))
    await to.flood(b"<!-- and on, and on -->" * 1000)


async def wrapped(to: Visitor) -> None:
    await to.write(head(200, "Transfer-Encoding: chunked"))
    await to.flood(b"20;" + b"x" * 60_000 + b"\r\n" + b"y" * 32 + b"\r\n")


async def torn(to: Visitor) -> None:
    await to.write(head(200, "Content-Length: 5000") + b"half of it")
    to.reset()


async def ever_on(to: Visitor) -> None:
    number = int(to.asked.path.partition("?")[2] or 0)
    await to.write(answer(302, b"", f"Location: /ever-on?{number + 1}"))


async def another_cookie(to: Visitor) -> None:
    number = int(to.asked.path.partition("?")[2] or 0)
    lines = (f"Location: /another-cookie?{number + 1}", "Set-Cookie: seen=1")
    await to.write(answer(302, b"", *lines))


async def conditional(to: Visitor) -> None:
    """304 to whoever knows the version, and fresh for a while either way."""
    manners = ('ETag: "v1"', "Cache-Control: max-age=900", "Age: 300")
    if to.asked.headers.get("if-none-match") == '"v1"':
        await to.write(head(304, *manners))
    else:
        await to.write(answer(200, GOOD, *manners))
    to.stays = True


def bombs() -> dict[str, bytes]:
    """Small bodies that unpack to 60 MB, by coding; made once, when first wanted."""
    plain = bytes(BOMB_BYTES)
    return {
        "gzip": gzip.compress(plain, 1),
        "deflate": zlib.compress(plain, 1),
        "br": brotli.compress(plain, quality=1),
        "zstd": zstd.compress(plain),
        "gzip, gzip": gzip.compress(gzip.compress(plain, 1), 1),
    }


_BOMBS: dict[str, bytes] = {}


def bomb(coding: str) -> Script:
    async def script(to: Visitor) -> None:
        if not _BOMBS:
            _BOMBS.update(bombs())
        await to.write(answer(200, _BOMBS[coding], f"Content-Encoding: {coding}"))

    return script


_CHALLENGE = b"<html><title>One moment</title><script>window._cf_chl_opt={};</script></html>"
_HTML = "Content-Type: text/html; charset=utf-8"

#: What is served, by path.
SCRIPTS: Mapping[str, Script] = {
    "/good": keeps(answer(200, GOOD, "Content-Type: application/rss+xml")),
    "/conditional": conditional,
    "/wrong-charset": keeps(answer(200, CYRILLIC, "Content-Type: text/xml; charset=utf-8")),
    "/hang": hang,
    "/stall": stall,
    "/slow-body": slow_body,
    "/slow-head": slow_head,
    "/too-little": says(head(200, "Content-Length: 5000") + GOOD),
    "/too-much": keeps(head(200, "Content-Length: 20") + GOOD),
    "/no-answer": says(),
    "/half-a-head": says(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "/torn": torn,
    "/half-a-chunk": says(head(200, "Transfer-Encoding: chunked") + b"100\r\nshort"),
    "/no-chunk": says(head(200, "Transfer-Encoding: chunked") + b"zz\r\nno\r\n0\r\n\r\n"),
    "/crumbs": says(head(200, "Transfer-Encoding: chunked") + b"1\r\nx\r\n" * 20_000),
    "/two-lengths": says(head(200, "Content-Length: 5", "Content-Length: 6") + b"123456"),
    "/no-length": says(head(200, "Content-Length: -1") + GOOD),
    "/length-of-5000-digits": says(head(200, "Content-Length: " + "9" * 5000) + GOOD),
    "/odd-transfer": says(head(200, "Transfer-Encoding: gzip") + GOOD),
    "/to-itself": redirect("/to-itself"),
    "/to-and-fro": redirect("/fro-and-to"),
    "/fro-and-to": redirect("/to-and-fro", status=301),
    "/ever-on": ever_on,
    "/to-nowhere": says(answer(301)),
    "/cookies": redirect("/cookies", "Set-Cookie: seen=1"),
    "/another-cookie": another_cookie,
    "/to-private": redirect("http://10.0.0.1/feed"),
    "/to-metadata": redirect("http://169.254.169.254/latest/meta-data/"),
    "/to-decimal": redirect("http://2852039166/latest/"),
    "/to-mapped": redirect("http://[::ffff:10.0.0.1]/"),
    "/to-file": redirect("file:///etc/passwd"),
    "/to-broken": redirect("http://[::1"),
    "/nothing-changed": keeps(head(304)),
    "/a-difference": keeps(answer(226, GOOD, "IM: diffe")),
    "/storm": says(answer(429)),
    "/storm-with-time": says(answer(429, b"", "Retry-After: 3600")),
    "/busy": says(answer(503, b"", "Retry-After: 120")),
    "/down": says(answer(503)),
    "/password": says(answer(401, b"", "WWW-Authenticate: Basic")),
    "/missing": says(answer(404)),
    "/gone": says(answer(410)),
    "/empty": says(head(204)),
    "/challenge": says(answer(403, b"", "cf-mitigated: challenge")),
    "/challenge-as-document": says(answer(200, _CHALLENGE, _HTML)),
    "/challenge-as-trouble": says(
        answer(503, gzip.compress(_CHALLENGE), _HTML, "Content-Encoding: gzip")
    ),
    "/bomb-gzip": bomb("gzip"),
    "/bomb-deflate": bomb("deflate"),
    "/bomb-br": bomb("br"),
    "/bomb-zstd": bomb("zstd"),
    "/bomb-in-a-bomb": bomb("gzip, gzip"),
    "/large": says(head(200, "Content-Length: 90000000") + GOOD),
    "/endless-body": endless_body,
    "/wrapped": wrapped,
    "/not-gzip": says(answer(200, GOOD, "Content-Encoding: gzip")),
    "/half-gzip": says(answer(200, gzip.compress(GOOD)[:-9], "Content-Encoding: gzip")),
    "/unknown-coding": says(answer(200, GOOD, "Content-Encoding: compress")),
    "/endless-headers": endless_headers,
    "/huge-header": says(answer(200, GOOD, "X-Huge: " + "y" * 300_000)),
    "/nul-in-a-header": says(answer(200, GOOD, "X-Odd: a\0b")),
    "/interim-flood": lambda to: to.flood(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" * 50),
    "/switching": says(head(101, "Upgrade: websocket", "Connection: Upgrade")),
    "/http-0.9": says(GOOD),
    "/mail-server": says(b"220 mail.example ESMTP ready\r\n500 what?\r\n"),
    "/noise": says(bytes(range(256)) * 40),
}

#: In which word a fetch of each ends, and some of what the sentence says.
EXPECTED: Mapping[str, tuple[Fault, str]] = {
    "/hang": (Fault.TIMEOUT, "raise timeout_s"),
    "/stall": (Fault.TIMEOUT, "began to answer and stopped"),
    "/slow-body": (Fault.TIMEOUT, "began to answer and stopped"),
    "/slow-head": (Fault.TIMEOUT, "began to answer and stopped"),
    "/too-little": (Fault.BROKEN, "check the address"),
    "/too-much": (Fault.BROKEN, "more than the 20 bytes that it announces"),
    "/no-answer": (Fault.BROKEN, "without sending a response"),
    "/half-a-head": (Fault.BROKEN, "does not answer as a web server does"),
    "/torn": (Fault.BROKEN, "it is tried again"),
    "/half-a-chunk": (Fault.BROKEN, "does not answer as a web server does"),
    "/no-chunk": (Fault.BROKEN, "does not answer as a web server does"),
    "/crumbs": (Fault.BROKEN, "crumbs"),
    "/two-lengths": (Fault.BROKEN, "does not answer as a web server does"),
    "/no-length": (Fault.BROKEN, "does not answer as a web server does"),
    "/length-of-5000-digits": (Fault.BROKEN, "does not answer as a web server does"),
    "/odd-transfer": (Fault.BROKEN, "does not answer as a web server does"),
    "/to-itself": (Fault.REDIRECTS, "in a circle"),
    "/to-and-fro": (Fault.REDIRECTS, "in a circle"),
    "/ever-on": (Fault.REDIRECTS, "more than 5 times"),
    "/to-nowhere": (Fault.REDIRECTS, "does not say where it moved"),
    "/cookies": (Fault.REFUSED, "does not keep its cookies"),
    "/another-cookie": (Fault.REFUSED, "does not keep its cookies"),
    "/to-private": (Fault.FORBIDDEN_ADDRESS, "allow_private"),
    "/to-metadata": (Fault.FORBIDDEN_ADDRESS, "allow_private"),
    "/to-decimal": (Fault.FORBIDDEN_ADDRESS, "allow_private"),
    "/to-mapped": (Fault.FORBIDDEN_ADDRESS, "allow_private"),
    "/to-file": (Fault.FORBIDDEN_ADDRESS, "http:// or https://"),
    "/to-broken": (Fault.FORBIDDEN_ADDRESS, "http:// or https://"),
    "/nothing-changed": (Fault.BROKEN, "which was not asked for"),
    "/a-difference": (Fault.BROKEN, "which was not asked for"),
    "/storm": (Fault.BUSY, "raise every_min"),
    "/storm-with-time": (Fault.BUSY, "left alone for 60 minutes"),
    "/busy": (Fault.BUSY, "left alone for 2 minutes"),
    "/down": (Fault.SERVER_ERROR, "tried again"),
    "/password": (Fault.REFUSED, "wants a password"),
    "/missing": (Fault.NOT_FOUND, "check the address"),
    "/gone": (Fault.GONE, "give its new address"),
    "/empty": (Fault.NOT_FOUND, "check the address"),
    "/challenge": (Fault.REFUSED, "wants a human first"),
    "/challenge-as-document": (Fault.REFUSED, "wants a human first"),
    "/challenge-as-trouble": (Fault.REFUSED, "wants a human first"),
    "/bomb-gzip": (Fault.TOO_BIG, "raise max_bytes"),
    "/bomb-deflate": (Fault.TOO_BIG, "raise max_bytes"),
    "/bomb-br": (Fault.TOO_BIG, "raise max_bytes"),
    "/bomb-zstd": (Fault.TOO_BIG, "raise max_bytes"),
    "/bomb-in-a-bomb": (Fault.TOO_BIG, "raise max_bytes"),
    "/large": (Fault.TOO_BIG, "raise max_bytes"),
    "/endless-body": (Fault.TOO_BIG, "raise max_bytes"),
    "/wrapped": (Fault.TOO_BIG, "raise max_bytes"),
    "/not-gzip": (Fault.BROKEN, "cannot be unpacked"),
    "/half-gzip": (Fault.BROKEN, "stops before its end"),
    "/unknown-coding": (Fault.BROKEN, "packed as compress"),
    "/endless-headers": (Fault.BROKEN, "its headers are over 65536 bytes"),
    "/huge-header": (Fault.BROKEN, "its headers are over 65536 bytes"),
    "/nul-in-a-header": (Fault.BROKEN, "does not answer as a web server does"),
    "/interim-flood": (Fault.BROKEN, "its headers are over 65536 bytes"),
    "/switching": (Fault.BROKEN, "check the address"),
    "/http-0.9": (Fault.BROKEN, "does not answer as a web server does"),
    "/mail-server": (Fault.BROKEN, "does not answer as a web server does"),
    "/noise": (Fault.BROKEN, "does not answer as a web server does"),
}


class BadSite:
    """Serves `SCRIPTS` and remembers what it was asked.

    Args:
        host: a loopback address; another one is another host.
        tls: speaks HTTPS with this.
        scripts: instead of `SCRIPTS`.
    """

    def __init__(
        self,
        host: str = "127.0.0.2",
        *,
        tls: ssl.SSLContext | None = None,
        scripts: Mapping[str, Script] = SCRIPTS,
    ) -> None:
        self.host = host
        self.asked: list[Asked] = []
        self.connections = 0
        self.port = 0
        self._tls = tls
        self._scripts = scripts
        self._over = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def url(self, path: str, *, scheme: str = "http") -> str:
        return f"{scheme}://{self.host}:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first = await self._unless_over(reader.readexactly(1))
        if first == b"\x16":
            # A TLS greeting, and nobody here who speaks it.
            writer.write(answer(400))
            return False
        raw = first and await self._unless_over(reader.readuntil(b"\r\n\r\n"))
        if not first or not raw:
            return False
        request, *lines = (first + raw).decode("latin-1").strip().split("\r\n")
        method, path, _ = request.split(" ")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        asked = Asked(method, path, headers)
        self.asked.append(asked)
        visitor = Visitor(asked, writer, self._over)
        await self._scripts.get(path.partition("?")[0], says(answer(404)))(visitor)
        return visitor.stays

    async def _unless_over(self, reading: Any) -> bytes | None:
        """What *reading* brings; None when the site closes first."""
        read, over = asyncio.ensure_future(reading), asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait({read, over}, return_when=asyncio.FIRST_COMPLETED)
            return bytes(await read) if read.done() else None
        finally:
            for task in (read, over):
                task.cancel()


# --------------------------------------------------------------------- certificates
# Made for these tests alone and believed by nobody: the keys are no secret.

AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBizCCATKgAwIBAgIUVsUyZrSdcwZJiLYVqhktv1Bl70MwCgYIKoZIzj0EAwIw
IzEhMB8GA1UEAwwYVGVzdCBhdXRob3JpdHkgb2YgRGlnZXN0MCAXDTIwMDEwMTAw
MDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAjMSEwHwYDVQQDDBhUZXN0IGF1dGhvcml0
eSBvZiBEaWdlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQtXkjeoArTPlIl
/Dy0WynXDhC3qMWhGztN6WzLwnSMwLPVKsr8Hc7frzUYEnhiWSppQYUhurEYlIdY
z346KZiFo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAdBgNV
HQ4EFgQUrk5fOVCF5jmiLQ7rwSGoC9bNo1cwCgYIKoZIzj0EAwIDRwAwRAIgeIuM
mcaXzKlJzDH5m8ToLkntI9W4AYImCs3wqRQCjQECIFiBnj3TH3arIlM2Paot3RHS
JVerC6ML1Ht5BtzpllBX
-----END CERTIFICATE-----
"""

KEY = """\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIELRej31rBUZGOOWV/l+260+YjqxhvrcuSpXzGaI80HJoAoGCCqGSM49
AwEHoUQDQgAEewZsHxMqz8WeSUBO577FUBHNUeyWamJr6+1e6I6i+c+UxXjI3Eoh
R8yXCbeMvD1uzDc3MXwc5u5Adi5QDxOXoQ==
-----END EC PRIVATE KEY-----
"""

#: For 127.0.0.1 to 127.0.0.3, until 2120; for elsewhere.example; and one that ended in 2021.
CERTIFICATES: Mapping[str, str] = {
    "good": """\
-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUDqmAZZwD19z/r8O3ClVhlHLUfvYwCgYIKoZIzj0EAwIw
IzEhMB8GA1UEAwwYVGVzdCBhdXRob3JpdHkgb2YgRGlnZXN0MCAXDTIwMDEwMTAw
MDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAPMQ0wCwYDVQQDDARnb29kMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEewZsHxMqz8WeSUBO577FUBHNUeyWamJr6+1e6I6i
+c+UxXjI3EohR8yXCbeMvD1uzDc3MXwc5u5Adi5QDxOXoaNfMF0wGwYDVR0RBBQw
EocEfwAAAYcEfwAAAocEfwAAAzAdBgNVHQ4EFgQUi4MNZCVfvcaoImOts9t7HcD5
4YEwHwYDVR0jBBgwFoAUrk5fOVCF5jmiLQ7rwSGoC9bNo1cwCgYIKoZIzj0EAwID
SAAwRQIhAKIXyLVB/yYt/JWQWooLy1VGfmtBM07QZO10o248/kcaAiB6HAvx0cab
18nMAMuu+69xCflGbUeDnBW6gY9uS79ZMA==
-----END CERTIFICATE-----
""",
    "elsewhere": """\
-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUadWKqAdmPk0fBCjvOba1GeyEzJIwCgYIKoZIzj0EAwIw
IzEhMB8GA1UEAwwYVGVzdCBhdXRob3JpdHkgb2YgRGlnZXN0MCAXDTIwMDEwMTAw
MDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAUMRIwEAYDVQQDDAllbHNld2hlcmUwWTAT
BgcqhkjOPQIBBggqhkjOPQMBBwNCAAR7BmwfEyrPxZ5JQE7nvsVQEc1R7JZqYmvr
7V7ojqL5z5TFeMjcSiFHzJcJt4y8PW7MNzcxfBzm7kB2LlAPE5eho2AwXjAcBgNV
HREEFTATghFlbHNld2hlcmUuZXhhbXBsZTAdBgNVHQ4EFgQUi4MNZCVfvcaoImOt
s9t7HcD54YEwHwYDVR0jBBgwFoAUrk5fOVCF5jmiLQ7rwSGoC9bNo1cwCgYIKoZI
zj0EAwIDRwAwRAIgS3so/kIaiQ9pk4oDcAizmuxx8TTkR6OCAifeduXzXhsCIGaR
+6HRMt+Oje2Qbvu5+rDRrIANsaNBYx/DWFbpyT35
-----END CERTIFICATE-----
""",
    "expired": """\
-----BEGIN CERTIFICATE-----
MIIBlTCCATygAwIBAgIUOdY7dbDeHlqmriPtdxIe6Mqm9wMwCgYIKoZIzj0EAwIw
IzEhMB8GA1UEAwwYVGVzdCBhdXRob3JpdHkgb2YgRGlnZXN0MB4XDTIwMDEwMTAw
MDAwMFoXDTIxMDEwMTAwMDAwMFowEjEQMA4GA1UEAwwHZXhwaXJlZDBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABHsGbB8TKs/FnklATue+xVARzVHslmpia+vtXuiO
ovnPlMV4yNxKIUfMlwm3jLw9bsw3NzF8HObuQHYuUA8Tl6GjXzBdMBsGA1UdEQQU
MBKHBH8AAAGHBH8AAAKHBH8AAAMwHQYDVR0OBBYEFIuDDWQlX73GqCJjrbPbex3A
+eGBMB8GA1UdIwQYMBaAFK5OXzlQheY5oi0O68EhqAvWzaNXMAoGCCqGSM49BAMC
A0cAMEQCIFHFHrXYM99DHb35YOOKJnvNjsGmh4cRZChU7ziZiS6WAiAfIj6RqdOa
P6pSJ0u2jfbF0bGrCQdnTNLPkY05zmPx8Q==
-----END CERTIFICATE-----
""",
}


def tls(name: str) -> ssl.SSLContext:
    """What a server needs to show the certificate *name*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    handle, path = tempfile.mkstemp()
    try:
        with os.fdopen(handle, "w") as file:
            file.write(CERTIFICATES[name] + KEY)
        context.load_cert_chain(path)
    finally:
        Path(path).unlink()
    return context
