"""An asyncio transport in memory, whose other end is a function of what was written."""

import asyncio
from collections.abc import Callable, Sequence
from typing import cast


class Loopback(asyncio.Transport):
    """What *answer* returns for a write comes back piece by piece, a turn of the loop later.

    A piece of None hangs up.
    """

    def __init__(self, answer: Callable[[bytes], Sequence[bytes | None]]) -> None:
        super().__init__()
        self._answer = answer
        self._protocol: asyncio.BaseProtocol | None = None
        self._closing = False
        #: Octets that count as not written yet.
        self.unsent = 0

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def is_closing(self) -> bool:
        return self._closing

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing:
            return
        for piece in self._answer(bytes(data)):
            asyncio.get_running_loop().call_soon(self.feed, piece)

    def feed(self, piece: bytes | None) -> None:
        """Let the protocol hear *piece* now."""
        if piece is None:
            self.abort()
        wire = cast(asyncio.BufferedProtocol, self._protocol)
        while piece and not self._closing:
            space = memoryview(wire.get_buffer(-1))
            now, piece = piece[: len(space)], piece[len(space) :]
            space[: len(now)] = now
            wire.buffer_updated(len(now))

    def abort(self) -> None:
        if not self._closing:
            self._closing = True
            lost = cast(asyncio.BufferedProtocol, self._protocol).connection_lost
            asyncio.get_running_loop().call_soon(lost, None)

    close = abort
