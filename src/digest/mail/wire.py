"""One connection as octets out and replies in; what a reply means is decided elsewhere.

Takes over the transport of a connection that `aiosmtplib` has opened, secured and signed in on.
Its own protocol keeps what is left of a read and gives it to the next command, so that a relay
which answers twice would have its second answer taken for the next message's.  Here replies are
counted: one that nobody asked for makes the connection unusable.
"""

import asyncio
import re
from typing import Protocol

from digest.mail.verdict import one_line

_REPLY_LINE = re.compile(rb"([1-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
#: A whole reply may not be longer (a generous EHLO has 2 KiB): bounds memory.
_LONGEST_REPLY = 32 * 1024
#: Seconds in which a socket that was given up is closed, or counts as closed.
_CLOSED_S = 1.0


class Listener(Protocol):
    """Whoever is told what a wire hears.  It may write while being told."""

    def heard(self, code: int, text: bytes) -> None:
        """One whole reply; its lines are joined by line feeds."""
        ...

    def lost(self, why: str, *, silent: bool) -> None:
        """Once, and then nothing is heard any more; *silent*: an answer took too long."""
        ...

    def closed(self) -> None:
        """Once, last of all: the socket is closed."""
        ...


class Wire(asyncio.BufferedProtocol):
    """Write what asks for so many replies, and be told each of them.

    Everything that breaks the line ends it: lost, garbled, answered out of turn, silent for too
    long.
    """

    def __init__(
        self, transport: asyncio.Transport, listener: Listener, *, timeout_s: float
    ) -> None:
        """*transport* must not be closing: it may tell its end to its old protocol."""
        self._transport = transport
        self._listener = listener
        self._timeout_s = timeout_s
        self._secure = transport.get_extra_info("sslcontext") is not None
        self._loop = asyncio.get_running_loop()
        # One buffer for the life of the connection: no allocation for each read.
        self._space = memoryview(bytearray(8 * 1024))
        self._rest = b""
        self._lines: list[bytes] = []
        #: Replies that are still to come.
        self.owed = 0
        #: When the one that is due was asked for, or the one before it came.
        self._since = 0.0
        # One timer, which looks at `_since` when it rings: cheaper than one for each reply.
        self._timer: asyncio.TimerHandle | None = None
        #: Octets written in all.
        self.written = 0
        #: The other side has ended it, and not in the middle of a reply.
        self.hung_up = False
        #: Why the connection cannot be used any more; "" while it can.
        self.broken = ""
        self._closed = False
        transport.set_protocol(self)

    @property
    def sent(self) -> int:
        """Octets that the transport holds back no more.

        Over TLS at least so many while TLS holds some back; and perhaps too many by what waits
        between it and the socket, which asyncio shows nobody.  Nor is what waits in the kernel
        counted, over TLS or without it.
        """
        unsent = self._transport.get_write_buffer_size()
        if unsent and self._secure:
            # Counted as encrypted: a record of up to 16 KiB has at most 29 octets more.
            unsent -= min(unsent, unsent // 64 + 64)
        return self.written - unsent

    def say(self, octets: bytes, *, replies: int) -> None:
        """Write commands or content, whole lines, to which so many replies will come."""
        if not self.owed:
            self._since = self._loop.time()
            if self._timer is None:
                self._timer = self._loop.call_later(self._timeout_s, self._look)
        self.owed += replies
        self.written += len(octets)
        self._transport.write(octets)

    def drop(self, why: str) -> None:
        """Let the line go at once; what was not answered is lost."""
        self._break(why)

    def close(self, *, grace_s: float) -> None:
        """Let the line go when all is written, and TLS has said goodbye, within *grace_s*."""
        if not self.broken:
            self._end("the connection was closed", self._loop.call_later(grace_s, self._abort))
            self._transport.close()

    # What the event loop calls.

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._space

    def buffer_updated(self, nbytes: int) -> None:
        heard = self._rest + bytes(self._space[:nbytes])
        # What is written in answer to one of these replies is not answered by the next of them.
        due, begin = self.owed, 0
        while not self.broken and (end := heard.find(b"\n", begin)) >= 0:
            line, begin = heard[begin:end].rstrip(b"\r"), end + 1
            found = _REPLY_LINE.fullmatch(line)
            if found is None or (self._lines and self._lines[0][:3] != found[1]):
                self._break("the relay's answer is not SMTP")
            elif found[2] == b"-":
                self._lines.append(line)
            elif not due:
                self._break(f"the relay spoke out of turn: {line.decode(errors='replace')}")
            else:
                due -= 1
                self._reply(int(found[1]), line)
        self._rest = heard[begin:]
        if len(self._rest) + sum(map(len, self._lines)) > _LONGEST_REPLY:
            self._break("the relay's answer does not end")

    def eof_received(self) -> bool:
        self._hang_up("the relay closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._hang_up(f"the connection was lost: {exc}" if exc else "the connection was closed")
        self._tell_closed()

    def _reply(self, code: int, line: bytes) -> None:
        if self._lines:
            text = b"\n".join([part[4:].strip() for part in (*self._lines, line)])
            self._lines.clear()
        else:
            text = line[4:].strip()
        self.owed -= 1
        self._since = self._loop.time()
        self._listener.heard(code, text)

    def _look(self) -> None:
        self._timer = None
        if not self.owed:
            return
        left = self._since + self._timeout_s - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._break("the relay is silent", silent=True)

    def _hang_up(self, why: str) -> None:
        if not self.broken:
            self.hung_up = not (self._rest or self._lines)
            self._break(why)

    def _break(self, why: str, *, silent: bool = False) -> None:
        if not self.broken:
            self._end(one_line(why), self._loop.call_later(_CLOSED_S, self._tell_closed), silent)
            self._transport.abort()

    def _end(self, why: str, timer: asyncio.TimerHandle, silent: bool = False) -> None:
        self.broken = why
        if self._timer is not None:
            self._timer.cancel()
        self._timer = timer
        self._listener.lost(why, silent=silent)

    def _abort(self) -> None:
        self._timer = self._loop.call_later(_CLOSED_S, self._tell_closed)
        self._transport.abort()

    def _tell_closed(self) -> None:
        """Usually a turn of the loop later; bounded, because nothing good comes of waiting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._closed:
            self._closed = True
            self._listener.closed()
