"""A body as it was sent, unpacked piece by piece under a limit.

gzip, deflate (with and without its zlib frame), Brotli and Zstandard, up to
three in a row (RFC 9110 8.4, RFC 7932, RFC 9659).  A small body that unpacks to
an enormous one is noticed before more than the limit and one piece of 64 KiB is
held.  Pure, except that it keeps what it has unpacked so far.
"""

import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, Protocol

import brotli

from digest.errors import Fault, FetchError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: What we say we can unpack.
ACCEPTED: Final = "gzip, deflate, br, zstd"
_PIECE: Final = 65_536
_MOST_CODINGS: Final = 3
#: Of gzip members or zstd frames in one body; honest ones have one.
_MOST_PARTS: Final = 1_000
#: RFC 9659: a body may ask for a window of 8 MiB, and no more.
_ZSTD_WINDOW: Final[Mapping[int, int]] = {zstd.DecompressionParameter.window_log_max: 23}
#: Written by servers that take Content-Encoding for something else: no coding at all.
_NO_CODINGS: Final = frozenset(("", "identity", "none", "binary", "8bit", "utf-8", "utf8"))


class _Stage(Protocol):
    """Takes off one coding."""

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Pieces of at most 64 KiB, or little more."""

    def ended(self) -> bool:
        """Whether the coding came to its own end."""


class _Zlib:
    """gzip (which may have several members), or deflate."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        #: Octets that are too few to tell what they begin.
        self._start = b""
        self._padded = False
        self._parts = 1
        self._decoder = zlib.decompressobj(31) if gzip else None

    def unpack(self, data: bytes) -> Iterator[bytes]:
        if self._decoder is None:
            self._start += data
            if len(self._start) < 2:
                return
            data, self._start = self._start, b""
            self._decoder = zlib.decompressobj(15 if _has_zlib_frame(data) else -15)
        while True:
            if self._decoder.eof:
                data, self._start = self._start + data, b""
                if not self._next_member(data):
                    return
            piece = self._decoder.decompress(data, _PIECE)
            if piece:
                yield piece
            if self._decoder.eof:
                data = self._decoder.unused_data
                continue
            data = self._decoder.unconsumed_tail
            # Even with all input taken, the decoder may hold output back.
            if not data and len(piece) < _PIECE:
                return

    def _next_member(self, data: bytes) -> bool:
        """Begin the next member of *data*; what else follows the end is padding."""
        if not self._gzip or self._padded:
            return False
        if len(data) < 2:
            self._start = data
            return False
        if not data.startswith(b"\x1f\x8b"):
            self._padded = True
            return False
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise zlib.error("it has too many members")
        self._decoder = zlib.decompressobj(31)
        return True

    def ended(self) -> bool:
        return self._decoder is not None and self._decoder.eof


class _Brotli:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()

    def unpack(self, data: bytes) -> Iterator[bytes]:
        if self._decoder.is_finished():
            raise brotli.error("it goes on behind its end")
        while True:
            piece: bytes = self._decoder.process(data, output_buffer_limit=_PIECE)
            if piece:
                yield piece
            data = b""
            # A full piece may have been cut short, although the decoder says it wants more.
            if len(piece) < _PIECE and self._decoder.can_accept_more_data():
                return

    def ended(self) -> bool:
        return bool(self._decoder.is_finished())


class _Zstd:
    """Zstandard, which may have several frames."""

    def __init__(self) -> None:
        self._parts = 1
        self._decoder = zstd.ZstdDecompressor(options=_ZSTD_WINDOW)

    def unpack(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._decoder.eof:
                if not data:
                    return
                self._parts += 1
                if self._parts > _MOST_PARTS:
                    raise zstd.ZstdError("it has too many frames")
                self._decoder = zstd.ZstdDecompressor(options=_ZSTD_WINDOW)
            piece = self._decoder.decompress(data, _PIECE)
            if piece:
                yield piece
            if self._decoder.eof:
                data = self._decoder.unused_data
            elif self._decoder.needs_input:
                return
            else:
                data = b""

    def ended(self) -> bool:
        return self._decoder.eof


_STAGES: Final[Mapping[str, Callable[[], _Stage]]] = MappingProxyType(
    {
        "gzip": lambda: _Zlib(gzip=True),
        "x-gzip": lambda: _Zlib(gzip=True),
        "deflate": lambda: _Zlib(gzip=False),
        "br": _Brotli,
        "zstd": _Zstd,
    }
)


def _has_zlib_frame(start: bytes) -> bool:
    """Whether deflate comes in its frame (RFC 1950 2.2), or raw as some servers send it."""
    return start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0


class Unpacked:
    """A body under way.

    Args:
        codings: the Content-Encoding field; "" for none.
        host: who sends it, for the errors.
        most: bytes that the body may have, packed as well as unpacked.

    Raises:
        FetchError: it is packed in a way that we cannot undo.
    """

    def __init__(self, codings: str, *, host: str, most: int) -> None:
        self._host = host
        self._most = most
        self._out = bytearray()
        named = [name.strip().lower() for name in codings.split(",")]
        #: As they are to be taken off: the last one put on first.
        self._names = [name for name in reversed(named) if name not in _NO_CODINGS]
        unknown = [name for name in self._names if name not in _STAGES]
        if unknown or len(self._names) > _MOST_CODINGS:
            raise self._fault(f"it is packed as {codings[:60]}, which was not asked for")
        self._stages = [_STAGES[name]() for name in self._names]
        self._passed = [0] * (len(self._stages) + 1)

    def take(self, data: bytes) -> None:
        """Unpack the next octets that came.

        Raises:
            FetchError: it is too big, or is not what its coding says.
        """
        try:
            # In slices, because the decoders copy what they have not come to yet.
            for at in range(0, len(data), _PIECE):
                self._pour(data[at : at + _PIECE], 0)
        except (zlib.error, brotli.error, zstd.ZstdError) as error:
            raise self._fault(str(error)[:100]) from error

    def _pour(self, data: bytes, depth: int) -> None:
        # Counted at every depth: what is nothing in the end may be enormous in between.
        left = self._most - self._passed[depth]
        self._passed[depth] += len(data)
        if depth == len(self._stages):
            self._out += data[:left]
        else:
            for piece in self._stages[depth].unpack(data[:left]):
                self._pour(piece, depth + 1)
        if left < len(data):
            raise too_big(self._host, self._most)

    def body(self) -> bytes:
        """All of it, now that nothing more comes.

        Raises:
            FetchError: it stopped before its end.
        """
        if self._passed[0]:
            for name, stage in zip(self._names, self._stages, strict=True):
                if not stage.ended():
                    raise self._fault(f"{name} stops before its end")
        return bytes(self._out)

    def so_far(self) -> bytes:
        """What there is, of a body whose rest is not wanted."""
        return bytes(self._out)

    def _fault(self, why: str) -> FetchError:
        return FetchError(
            "",
            f"{self._host} sends a body that cannot be unpacked ({why}); it is tried again, "
            "tell its owner if it stays so",
            fault=Fault.BROKEN,
        )


def too_big(host: str, most: int) -> FetchError:
    """*host* sends more than *most* bytes, packed or unpacked."""
    return FetchError(
        "",
        f"{host} sends more than {most} bytes; raise max_bytes in [collect] if that is right",
        temporary=False,
        fault=Fault.TOO_BIG,
    )
