"""One answer while it comes: its head is here, its body has so much time and no more.

Behind the door: bodies that come too slowly, in crumbs, too large, or longer than
announced.  Not behind it: which answers are wanted (see `http`).  Loud: it reads from the network.
"""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import httpcore2
import httpx2

from digest.errors import Fault, FetchError
from digest.sources import refusals
from digest.sources.caching import Head
from digest.sources.reach import Line
from digest.sources.unpacking import Unpacked, too_big

#: An answer that has begun brings so much in half its time, or it is given up.
_LEAST_PROGRESS: Final = 1_024
#: A body of so many pieces, of a few octets each, costs more to put together than it is worth.
_CRUMBS: Final = 4_096
_CRUMB_BYTES: Final = 16
#: Octets on the line that are not the body's, beyond as many again as the body may have.
_WRAPPING: Final = 262_144
#: What remains of an answer that is not wanted is read, so that its connection can be used again.
REST_BYTES: Final = 16_384
_REST_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """An address, taken apart once."""

    text: str
    #: Lower case, as it is looked up; without a final dot.
    host: str
    #: As people read it.
    shown: str
    netloc: bytes
    core: httpcore2.URL


@lru_cache(maxsize=4_096)
def place_of(url: str) -> Place:
    try:
        # A fragment is the reader's.
        where = httpx2.URL(url.partition("#")[0])
    except (httpx2.InvalidURL, ValueError) as error:
        raise refusals.bad_address(url) from error
    if where.scheme not in ("http", "https") or not where.host or (where.port or 0) > 65_535:
        raise refusals.bad_address(url)
    return Place(
        text=str(where),
        host=where.raw_host.decode("ascii").lower().rstrip("."),
        shown=where.host,
        netloc=where.netloc,
        core=httpcore2.URL(
            scheme=where.raw_scheme, host=where.raw_host, port=where.port, target=where.raw_path
        ),
    )


class Answer:
    """An answer whose head is here, and the time that its body may take."""

    def __init__(self, core: httpcore2.Response, place: Place, limit: asyncio.Timeout) -> None:
        self.status = core.status
        self.head = Head(core.headers)
        self.place = place
        self._core = core
        self._limit = limit
        line = core.extensions.get("network_stream")
        self._line = line if isinstance(line, Line) else None
        if self._line is not None:
            self._line.head_is_over()

    async def body(self, most: int, *, patience_s: float, cut: bool = False) -> bytes:
        """The body, unpacked.

        Args:
            most: bytes, packed and unpacked.
            patience_s: next to nothing in this time is too slow.
            cut: take the beginning of one that is larger, instead of refusing it.
        """
        unpacked = Unpacked(self.head.joined(b"content-encoding"), host=self.place.shown, most=most)
        announced = self._announced()
        if not cut and announced is not None and announced > most:
            raise too_big(self.place.shown, most)
        pace = _Pace(self._limit, patience_s)
        try:
            async with aclosing(self._core.aiter_stream()) as pieces:
                async for piece in pieces:
                    pace.came(len(piece))
                    unpacked.take(piece)
                    # Chunks may be wrapped in any amount of extensions (RFC 9112 7.1.1).
                    if self._line is not None and self._line.surplus(most) > most + _WRAPPING:
                        raise too_big(self.place.shown, most)
        except FetchError as error:
            if cut and error.fault is Fault.TOO_BIG:
                return unpacked.so_far()
            raise
        pace.ended()
        await self._part(announced)
        return unpacked.body()

    async def beginning(self, most: int) -> bytes:
        """What comes at once of a body that is not what was asked for, unpacked if it can be."""
        announced = self._announced()
        if announced == 0:
            # Nothing to wait for; but until it is read, the connection is not free.
            async for _ in self._core.aiter_stream():
                continue
            await self._part(announced, forgive=True)
            return b""
        codings = self.head.joined(b"content-encoding")
        try:
            unpacked = Unpacked(codings, host="", most=most)
        except FetchError:
            unpacked = Unpacked("", host="", most=most)
        try:
            async with (
                asyncio.timeout(_REST_S),
                aclosing(self._core.aiter_stream()) as pieces,
            ):
                async for piece in pieces:
                    unpacked.take(piece)
        except (TimeoutError, FetchError, *refusals.NETWORK_FAULTS):
            return unpacked.so_far()
        await self._part(announced, forgive=True)
        return unpacked.so_far()

    def _announced(self) -> int | None:
        if self.status in (204, 304):
            return 0
        text = self.head.first(b"content-length") or ""
        if b"transfer-encoding" in self.head or not (text.isascii() and text.isdigit()):
            return None
        return int(text[:20])

    async def _part(self, announced: int | None, *, forgive: bool = False) -> None:
        """See that what came too much is not taken for the next answer on this line."""
        if self._line is None or announced is None:
            return
        surplus = self._line.surplus(announced)
        if surplus <= 0:
            return
        await self._line.aclose()
        # A line end behind the body is an old habit of scripts; more has been cut off the document.
        if surplus > 2 and not forgive:
            raise FetchError(
                "",
                f"{self.place.shown} sends more than the {announced} bytes that it announces; "
                "tell its owner; it is tried again",
                fault=Fault.BROKEN,
            )


class _Pace:
    """Puts an end to a body that comes too slowly, or in crumbs."""

    def __init__(self, limit: asyncio.Timeout, patience_s: float) -> None:
        self._limit = limit
        self._patience_s = patience_s
        self._loop = asyncio.get_running_loop()
        self._deadline = limit.when() or self._loop.time()
        self._pieces = self._taken = self._mark = 0
        self._move_on()

    def came(self, count: int) -> None:
        self._pieces += 1
        self._taken += count
        if self._pieces > _CRUMBS and self._taken < self._pieces * _CRUMB_BYTES:
            raise httpcore2.RemoteProtocolError("its body comes in crumbs")
        if self._taken - self._mark >= _LEAST_PROGRESS:
            self._mark = self._taken
            self._move_on()

    def ended(self) -> None:
        self._limit.reschedule(self._deadline)

    def _move_on(self) -> None:
        self._limit.reschedule(min(self._deadline, self._loop.time() + self._patience_s))
