"""A relay in a process of its own that records what it takes, and misbehaves to order.

    python tests/sink.py --port 0 --log taken.log

prints its port.  Before a message is answered with 250 it stands in the log: with the kernel,
so that it outlives any kill of the client.  How it behaves depends on the recipient's local
part, from its last dot to the hyphen (`FATES`): a test knows beforehand what must become of
everybody.  Options say what it does to all of them.  `Sink` starts one and reads its log.

It is fast enough to measure with: it answers a pipelined group in one write, and spends about
as long on a message as it takes to hash it.
"""

import argparse
import asyncio
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

#: Local part up to the hyphen → how a delivery ends if doubts are held and tries suffice.  What
#: is not named here is accepted.
FATES: Mapping[str, str] = MappingProxyType(
    {
        "ok": "sent",
        #: 550 5.1.1 at RCPT.
        "no": "failed",
        #: 554 5.6.0 after the content.
        "bad": "failed",
        #: 451 4.3.0 at RCPT, twice.
        "busy2": "sent",
        #: 451 4.3.0 after the content, twice.
        "wait2": "sent",
        #: 452 4.2.2 at RCPT, always.
        "late": "failed",
        #: 421 at RCPT and the connection is closed; once.
        "close": "sent",
        #: No SMTP at all in answer to RCPT, once.
        "junk": "sent",
        #: Recorded, and the connection is closed instead of the 250; once.
        "drop": "doubtful",
        #: Recorded, and half an answer comes; then the connection is closed; once.
        "half": "doubtful",
        #: Recorded, and half an answer comes; then nothing more; once.
        "halt": "doubtful",
        #: Recorded, and something that is no SMTP is answered; once.
        "noise": "doubtful",
        #: Not recorded, and the connection is closed instead of an answer; once.
        "lost": "doubtful",
        #: Not recorded, and the content is never answered; once.
        "stall": "doubtful",
        #: The connection is reset in the middle of the content; once.
        "reset": "doubtful",
    }
)

#: In doubt although the message was taken, and in doubt because it was not.
TAKEN_IN_DOUBT = ("drop", "half", "halt", "noise")
LOST_IN_DOUBT = ("lost", "stall", "reset")

_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.I | re.M)
_CRLF = b"\r\n"
_END = b"\r\n.\r\n"


@dataclass(frozen=True, slots=True)
class Orders:
    """What a sink does to everybody; 0 and "" mean: nothing of the kind."""

    pipelining: bool = True
    chunking: bool = False
    size: int = 52_428_800
    #: Every so many messages get 451 4.3.0 after their content.
    fail_every: int = 0
    #: Between taking a message and answering.
    slow_ms: float = 0.0
    #: The answer to every RCPT.
    refuse_all: str = ""
    #: After so many messages the listening socket and all connections are closed.
    dead_after: int = 0
    #: After so many messages nothing is answered, recorded or greeted any more.
    silent_after: int = 0
    #: Connections are accepted, and nothing is ever said.
    black_hole: bool = False
    #: After so many messages on one connection 421 is said and it is closed.
    per_connection: int = 0

    def arguments(self) -> list[str]:
        """As a command line has them."""
        found = []
        for name in self.__slots__:
            value, usual = getattr(self, name), getattr(_USUAL, name)
            if value != usual:
                option = "--" + name.replace("_", "-")
                if isinstance(value, bool):
                    found.append(option if value else f"--no-{option[2:]}")
                else:
                    found += [option, str(value)]
        return found


_USUAL = Orders()


class _Relay:
    """What all connections share: the log, what was met before, whether it still lives."""

    def __init__(self, orders: Orders, log: Path) -> None:
        self.orders = orders
        self.met: Counter[str] = Counter()
        self.talks: set[_Talk] = set()
        self.server: asyncio.Server | None = None
        self.silent = orders.black_hole
        self._handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.taken = log.read_bytes().count(b"\n")
        self._heard = 0

    def first(self, to: str, times: int = 1) -> bool:
        """Whether *to* is met for the first time, or one of so many first times."""
        self.met[to] += 1
        return self.met[to] <= times

    def fails(self) -> bool:
        """Whether it is this message's turn to fail."""
        self._heard += 1
        every = self.orders.fail_every
        return bool(every) and self._heard % every == 0

    def record(self, to: Sequence[str], content: bytes) -> None:
        head = content[: content.find(b"\r\n\r\n")]
        found = _MESSAGE_ID.search(head)
        id = found[1].decode() if found else "-"
        digest = sha256(content).hexdigest()[:32]
        for one in to:
            self.taken += 1
            line = f"{self.taken}\t{time.monotonic():.6f}\t{one}\t{id}\t{len(content)}\t{digest}\n"
            os.write(self._handle, line.encode())

    def look(self) -> bool:
        """Die or fall silent when it is time; True while it lives."""
        orders = self.orders
        if orders.dead_after and self.taken >= orders.dead_after and self.server is not None:
            self.server.close()
            self.server = None
            for talk in tuple(self.talks):
                talk.abort()
            return False
        if orders.silent_after and self.taken >= orders.silent_after:
            self.silent = True
        return not self.silent


class _Talk(asyncio.BufferedProtocol):
    """One connection."""

    #: Reading is synchronous, so that all connections share one buffer.
    _buffer = memoryview(bytearray(256 * 1024))

    def __init__(self, relay: _Relay) -> None:
        self._relay = relay
        self._transport: asyncio.Transport | None = None
        self._pending = bytearray()
        self._answers: list[bytes] = []
        self._sender = False
        self._to: list[str] = []
        #: "command", "data", or "bdat"; of the content what was searched or is still to come.
        self._reading = "command"
        self._searched = 0
        self._wanted = 0
        self._last = False
        self._chunks = bytearray()
        self._messages = 0
        #: An answer is being kept back; nothing is heard any more.
        self._waiting = False
        self._deaf = False

    # ------------------------------------------------------------ asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._relay.talks.add(self)
        if self._relay.look():
            transport.write(b"220 sink.example ESMTP\r\n")
        else:
            self._deaf = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._relay.talks.discard(self)
        self._transport = None

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._deaf or self._relay.silent:
            return
        self._pending += self._buffer[:nbytes]
        self._go_on()

    # -------------------------------------------------------------- the parsing

    def _go_on(self) -> None:
        """Do everything that can be done with what has come, and answer in one write."""
        while self._open() and not self._waiting and self._step():
            pass
        self._flush()

    def _open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing() and not self._deaf

    def _step(self) -> bool:
        """One command line or one content; False when more must come first."""
        match self._reading:
            case "command":
                end = self._pending.find(_CRLF)
                if end < 0:
                    return False
                line = self._pending[:end].decode(errors="replace")
                del self._pending[: end + 2]
                self._command(line)
                return True
            case "data":
                return self._data()
            case _:
                return self._bdat()

    def _data(self) -> bool:
        if self._pending and self._reset():
            return False
        if self._pending.startswith(b".\r\n"):
            content, end = b"", 3
        else:
            at = self._pending.find(_END, self._searched)
            if at < 0:
                self._searched = max(0, len(self._pending) - len(_END))
                return False
            content, end = bytes(self._pending[: at + 2]), at + len(_END)
        del self._pending[:end]
        self._reading, self._searched = "command", 0
        if content.startswith(b"."):
            content = content[1:]
        self._content(content.replace(b"\r\n..", b"\r\n."))
        return True

    def _bdat(self) -> bool:
        if self._pending and self._to and self._reset():
            return False
        if len(self._pending) < self._wanted:
            return False
        self._chunks += self._pending[: self._wanted]
        del self._pending[: self._wanted]
        self._reading = "command"
        if not self._to:
            # RFC 3030 §2: the octets are swallowed, whatever is answered.
            self._say("503 5.5.1 no valid recipients")
            self._chunks.clear()
            self._sender = False
        elif self._last:
            content = bytes(self._chunks)
            self._chunks.clear()
            self._content(content)
        else:
            self._say("250 2.0.0 chunk taken")
        return True

    # ------------------------------------------------------------- the commands

    def _command(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO":
                self._greet()
            case "HELO" | "NOOP":
                self._say("250 sink.example")
            case "MAIL":
                self._sender, self._to = True, []
                self._say("250 2.1.0 OK")
            case "RCPT":
                self._rcpt(rest.partition("<")[2].partition(">")[0])
            case "DATA" if not self._to:
                self._say("554 5.5.1 no valid recipients")
            case "DATA":
                self._reading, self._searched = "data", 0
                self._say("354 go ahead")
            case "BDAT" if self._relay.orders.chunking:
                size, _, last = rest.partition(" ")
                self._wanted, self._last = int(size), last.strip().upper() == "LAST"
                self._reading = "bdat"
            case "RSET":
                self._sender, self._to = False, []
                self._chunks.clear()
                self._say("250 2.0.0 OK")
            case "QUIT":
                self._close("221 2.0.0 bye")
            case _:
                self._say("500 5.5.2 unknown command")

    def _greet(self) -> None:
        orders = self._relay.orders
        offers = [f"SIZE {orders.size}", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        if orders.pipelining:
            offers.append("PIPELINING")
        if orders.chunking:
            offers.append("CHUNKING")
        self._say("250-sink.example", *(f"250-{one}" for one in offers[:-1]), f"250 {offers[-1]}")

    def _rcpt(self, to: str) -> None:
        relay = self._relay
        if not self._sender:
            self._say("503 5.5.1 MAIL first")
        elif relay.orders.refuse_all:
            self._say(relay.orders.refuse_all)
        else:
            match fate(to):
                case "no":
                    self._say("550 5.1.1 no such mailbox")
                case "busy2" if relay.first(to, 2):
                    self._say("451 4.3.0 busy, come back")
                case "late":
                    self._say("452 4.2.2 mailbox full")
                case "close" if relay.first(to):
                    self._close("421 4.3.2 closing down")
                case "junk" if relay.first(to):
                    self._say("HTTP/1.1 400 Bad Request", "Server: none")
                case _:
                    self._to.append(to)
                    self._say("250 2.1.5 OK")

    def _reset(self) -> bool:
        """The content has begun: whether the connection breaks now."""
        if fate(self._to[0]) != "reset" or not self._relay.first(self._to[0]):
            return False
        self._flush()
        self.abort()
        return True

    def _content(self, content: bytes) -> None:
        """A whole message was heard."""
        relay, to = self._relay, self._to
        self._sender, self._to = False, []
        if not relay.look():
            self._deaf = True
            return
        kind = fate(to[0])
        if kind == "bad":
            self._say("554 5.6.0 not such a message")
        elif relay.fails() or (kind == "wait2" and relay.first(to[0], 2)):
            self._say("451 4.3.0 not now, come back")
        elif kind == "lost" and relay.first(to[0]):
            self._close()
        elif kind == "stall" and relay.first(to[0]):
            self._flush()
            self._deaf = True
        else:
            relay.record(to, content)
            self._messages += 1
            if kind not in TAKEN_IN_DOUBT or not relay.first(to[0]):
                self._accept()
            else:
                self._withhold(kind)

    def _withhold(self, kind: str) -> None:
        """What is said instead of 250 for a message that was taken."""
        match kind:
            case "drop":
                self._close()
            case "half":
                self._answers.append(b"25")
                self._close()
            case "halt":
                self._answers.append(b"25")
                self._flush()
                self._deaf = True
            case _:
                self._say("*** mail queue ***")

    def _accept(self) -> None:
        orders = self._relay.orders
        if orders.slow_ms:
            self._flush()
            self._waiting = True
            asyncio.get_running_loop().call_later(orders.slow_ms / 1000, self._accept_late)
        else:
            self._accepted()

    def _accept_late(self) -> None:
        self._waiting = False
        if self._open():
            self._accepted()
            self._go_on()

    def _accepted(self) -> None:
        self._say("250 2.0.0 queued")
        limit = self._relay.orders.per_connection
        if limit and self._messages >= limit:
            self._close("421 4.7.0 enough for one connection")
        self._relay.look()

    # --------------------------------------------------------------- the answers

    def _say(self, *lines: str) -> None:
        self._answers += [line.encode() + _CRLF for line in lines]

    def _flush(self) -> None:
        if self._answers and self._transport is not None:
            self._transport.write(b"".join(self._answers))
        self._answers.clear()

    def _close(self, *lines: str) -> None:
        self._say(*lines)
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Reset the connection."""
        if self._transport is not None:
            own = self._transport.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()


def fate(to: str) -> str:
    """The word in an address that says how it fares: `FATES`.

    >>> fate("busy2-7@a.example"), fate("0042.busy2-7@a.example")
    ('busy2', 'busy2')
    """
    return to.partition("@")[0].rpartition(".")[2].partition("-")[0]


# ------------------------------------------------------------------ from outside


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the sink took: a line of its log."""

    order: int
    #: `time.monotonic`, the same for all processes of a machine.
    at: float
    to: str
    message_id: str
    octets: int
    #: Of all octets as they were before dot-stuffing.
    sha: str


class Sink:
    """A sink in a process of its own: ``with Sink(tmp_path / "taken.log") as sink``.

    Stopped, it may be started again: at the same port, with the same log.
    """

    host = "127.0.0.1"

    def __init__(self, log: Path, orders: Orders = _USUAL) -> None:
        self.log = log
        self.orders = orders
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self, orders: Orders | None = None) -> None:
        """Listen, under other *orders* if given; who was met before is forgotten."""
        self.orders = orders or self.orders
        where = ["--port", str(self.port), "--log", str(self.log)]
        self._process = subprocess.Popen(
            [sys.executable, "-E", __file__, *where, *self.orders.arguments()],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        """End it with SIGKILL: in the middle of whatever it hears or says."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def freeze(self) -> None:
        """Stop it in its tracks: the kernel still takes octets, and nobody answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def count(self) -> int:
        """How many messages were taken so far: cheap enough to ask every millisecond."""
        return self.log.read_bytes().count(b"\n") if self.log.exists() else 0

    def taken(self) -> list[Taken]:
        """All messages that were taken so far, in that order."""
        return list(_lines(self.log)) if self.log.exists() else []

    def copies(self) -> Counter[str]:
        """How many copies each recipient has."""
        return Counter(one.to for one in self.taken())


def _lines(log: Path) -> Iterator[Taken]:
    for line in log.read_text().splitlines():
        order, at, to, id, octets, sha = line.split("\t")
        yield Taken(int(order), float(at), to, id, int(octets), sha)


async def _serve(orders: Orders, log: Path, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    relay = _Relay(orders, log)
    relay.server = await loop.create_server(
        lambda: _Talk(relay), host, port, backlog=512, reuse_address=True
    )
    print(relay.server.sockets[0].getsockname()[1], flush=True)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set)
    await stop.wait()


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="A relay that records, and misbehaves to order.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    for name in Orders.__slots__:
        option, usual = "--" + name.replace("_", "-"), getattr(_USUAL, name)
        if isinstance(usual, bool):
            parser.add_argument(option, action=argparse.BooleanOptionalAction, default=usual)
        else:
            parser.add_argument(option, type=type(usual), default=usual)
    arguments = vars(parser.parse_args(given))
    log, host, port = (arguments.pop(name) for name in ("log", "host", "port"))
    asyncio.run(_serve(Orders(**arguments), log, host, port))


if __name__ == "__main__":
    main()
