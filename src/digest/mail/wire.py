"""One connection as lines and replies; what a reply means is decided elsewhere.

Takes over the transport of a connection that `aiosmtplib` has opened, secured and signed in on.
Its own protocol keeps what is left of a read and gives it to the next command, so that a relay
which answers twice would have its second answer taken for the next message's.  Here an answer
that nobody asked for makes the connection unusable instead.
"""

import asyncio
import re

_REPLY_LINE = re.compile(rb"([1-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
#: A whole reply may not be longer (a generous EHLO has 2 KiB): bounds memory.
_LONGEST_REPLY = 32 * 1024


class Wire(asyncio.BufferedProtocol):
    """Write one command, get its one reply.

    Everything that breaks the line is a `ConnectionError`: lost, garbled, answered out of turn.
    Silence is a `TimeoutError`.  After either, the only thing left to do is `close`.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        """*transport* must not be closing: it may tell its end to its old protocol."""
        self._transport = transport
        # One buffer for the life of the connection: no allocation for each read.
        self._space = bytearray(8 * 1024)
        self._heard = bytearray()
        self._lines: list[bytes] = []
        self._asked: asyncio.Future[tuple[int, str]] | None = None
        self._gone = asyncio.get_running_loop().create_future()
        #: Why the connection cannot be used any more; "" while it can.
        self.broken = ""
        #: The last answer came while its command was still being written.
        self.early = False
        transport.set_protocol(self)

    async def ask(self, command: bytes, timeout_s: float) -> tuple[int, str]:
        """Write *command*, which ends its own lines, and wait for the reply: code and text.

        Lines of a reply are joined by newlines.
        """
        if self.broken:
            raise ConnectionResetError(self.broken)
        self._asked = asyncio.get_running_loop().create_future()
        try:
            self._transport.write(command)
            async with asyncio.timeout(timeout_s):
                return await self._asked
        except BaseException as error:
            # Whatever comes now would be taken for the answer to something else.
            self.broken = self.broken or f"{error}" or "an answer is still owed"
            raise
        finally:
            self._asked = None

    async def close(self, *, grace_s: float = 0.0) -> None:
        """Let the line go; return when the socket is closed.

        *grace_s* is for what is still being written, and for TLS to say goodbye.
        """
        self.broken = self.broken or "the connection was closed"
        if grace_s:
            self._transport.close()
            await asyncio.wait([self._gone], timeout=grace_s)
        if not self._gone.done():
            self._transport.abort()
            # A turn of the loop; bounded because nothing good comes of waiting here.
            await asyncio.wait([self._gone], timeout=1.0)

    # What the event loop calls.

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self._space)

    def buffer_updated(self, nbytes: int) -> None:
        self._heard += memoryview(self._space)[:nbytes]
        while not self.broken and (end := self._heard.find(b"\n")) >= 0:
            line = bytes(self._heard[:end]).rstrip(b"\r")
            del self._heard[: end + 1]
            self._read_line(line)
        if len(self._heard) + sum(map(len, self._lines)) > _LONGEST_REPLY:
            self._break("the relay's answer does not end")

    def eof_received(self) -> bool:
        self._break("the relay closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._break(f"the connection was lost: {exc}" if exc else "the connection was closed")
        if not self._gone.done():
            self._gone.set_result(None)

    def _read_line(self, line: bytes) -> None:
        found = _REPLY_LINE.fullmatch(line)
        if found is None or (self._lines and self._lines[0][:3] != found[1]):
            self._break("the relay's answer is not SMTP")
            return
        self._lines.append(line)
        if found[2] == b"-":
            return
        text = b"\n".join(part[4:].strip() for part in self._lines).decode(errors="replace")
        self._lines.clear()
        if self._asked is None or self._asked.done():
            self._break(f"the relay spoke out of turn: {line.decode(errors='replace')}")
            return
        if self._transport.get_write_buffer_size():
            # It judged before it had heard everything; the rest would be read as commands.
            self.early = True
            self.broken = "the relay answered before the end"
        self._asked.set_result((int(found[1]), text))

    def _break(self, why: str) -> None:
        self.broken = self.broken or why
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(ConnectionResetError(self.broken))
