"""Ends of the wire for benchmarks: postfix's test programs, a cheap sink, a slow line.

    smtp-sink, smtp-source    of postfix: the yardstick; the daemon itself is never started
    the cheap sink            counts messages and forgets them: shows what the sender alone can do
    the slow line             a proxy that delays every answer by a round trip, many at once

The cheap sink and the slow line run in processes of their own: this file, run as a program.
"""

import argparse
import asyncio
import contextlib
import functools
import mmap
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

HERE = "127.0.0.1"


class NotHere(Exception):
    """What a part needs is not on this machine and cannot be put there: the words say what."""


@dataclass(frozen=True, slots=True)
class Sink:
    """Something that takes messages on a port of this machine."""

    port: int
    #: Messages taken so far; -1 where it does not tell.
    taken: Callable[[], int] = lambda: -1


# --------------------------------------------------------------------- postfix's


@functools.cache
def postfix(name: str) -> str:
    """Where ``smtp-sink`` or ``smtp-source`` is; root on Debian gets postfix installed first.

    Raises:
        NotHere: it is not to be had.
    """
    beside = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(name, path=beside)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"no {name} here: installing Debian's postfix, not configured", file=sys.stderr)
        # Without a main.cf its init script starts nothing.
        answers = "postfix postfix/main_mailer_type select No configuration\n"
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        with contextlib.suppress(OSError):
            subprocess.run(["debconf-set-selections"], input=answers, text=True, check=False)
            for command in (["update", "-qq"], ["install", "-y", "-qq", "postfix"]):
                subprocess.run(
                    ["apt-get", *command], env=quiet, stdout=subprocess.DEVNULL, check=False
                )
        found = shutil.which(name, path=beside)
    if found is None:
        raise NotHere(f"no {name} here (Debian: apt-get install postfix)")
    return found


@contextmanager
def smtp_sink() -> Iterator[Sink]:
    """Postfix's sink, which reads every octet as a relay must."""
    port = free_port()
    command = [postfix("smtp-sink")]
    if os.geteuid() == 0:
        # It refuses to run as root.
        command += ["-u", "nobody"]
    with _running([*command, f"{HERE}:{port}", "1000"]):
        until_it_listens(port)
        yield Sink(port)


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run of a program cost."""

    seconds: float
    cpu_s: float


def smtp_source(port: int, message: Path, *, messages: int, sessions: int = 10) -> Spent:
    """Postfix's generator: one fixed message, so often, on connections that stay open."""
    command = [
        *(postfix("smtp-source"), "-d", "-s", str(sessions), "-m", str(messages)),
        *("-f", "morning@news.example.org", "-t", "reader@mail.example", "-F", str(message)),
        f"{HERE}:{port}",
    ]
    return run(command)


def run(command: list[str]) -> Spent:
    """Run a program to its end.

    Raises:
        OSError: it failed.
    """
    begun = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    if process.returncode:
        raise OSError(f"{Path(command[0]).name} ended with {process.returncode}")
    return Spent(seconds, used.ru_utime + used.ru_stime)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind((HERE, 0))
        return int(taken.getsockname()[1])


def until_it_listens(port: int) -> None:
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection((HERE, port), timeout=1):
            return
        time.sleep(0.02)
    raise NotHere(f"nothing listens on {HERE}:{port}")


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


# ---------------------------------------------------------------------- our own


@contextmanager
def cheap_sink(
    *, pipelining: bool = True, chunking: bool = False, transcript: Path | None = None
) -> Iterator[Sink]:
    """Our own sink, in a process of its own: the null relay.

    *transcript* gets what the first sender says until the end of its first message.
    """
    offers = [name for name, offered in (("PIPELINING", pipelining), ("CHUNKING", chunking))
              if offered]  # fmt: skip
    with tempfile.NamedTemporaryFile() as tally:
        tally.write(bytes(8))
        tally.flush()
        kept = str(transcript or "")
        with _child("sink", tally.name, kept, *offers) as port, _shared(tally.name) as shared:
            yield Sink(port, lambda: int(struct.unpack_from("=Q", shared)[0]))


@contextmanager
def slow_line(to: Sink, rtt_s: float) -> Iterator[Sink]:
    """A way to *to* on which every answer takes *rtt_s* longer; opening TCP does not."""
    with _child("line", str(to.port), str(rtt_s)) as port:
        yield Sink(port, to.taken)


@contextmanager
def _child(*arguments: str) -> Iterator[int]:
    with _running([sys.executable, __file__, *arguments]) as process:
        told = process.stdout.readline() if process.stdout else ""
        if not told:
            raise NotHere(f"the {arguments[0]} did not start")
        yield int(told)


@contextmanager
def _shared(path: str) -> Iterator[mmap.mmap]:
    with Path(path).open("r+b") as file, mmap.mmap(file.fileno(), 8) as shared:
        yield shared


_END = b"\r\n.\r\n"
_ROOM = 512 * 1024


class _Talk(asyncio.BufferedProtocol):
    """One connection to the cheap sink: reads what a sender says, believes all of it."""

    def __init__(self, greeting: bytes, tally: mmap.mmap, transcript: Path | None) -> None:
        self._greeting = greeting
        self._tally = tally
        self._transcript = transcript
        self._said = bytearray()
        self._space = bytearray(_ROOM)
        self._line = bytearray()
        self._in_content = False
        #: The last octets of content, where its end may have begun.
        self._tail = b""
        self._chunk_left = 0
        self._chunk_is_last = False
        self._answers: list[bytes] = []
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"220 sink.example ESMTP\r\n")

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._space

    def buffer_updated(self, nbytes: int) -> None:
        at = 0
        if self._transcript is not None:
            self._said += self._space[:nbytes]
        while at < nbytes:
            if self._chunk_left:
                at = self._skip_chunk(at, nbytes)
            elif self._in_content:
                at = self._skip_content(at, nbytes)
            else:
                at = self._read_line(at, nbytes)
        if self._answers:
            answers = b"".join(self._answers)
            self._answers.clear()
            self._transport.write(answers)

    def _read_line(self, at: int, end: int) -> int:
        stop = self._space.find(b"\n", at, end)
        if stop < 0:
            self._line += self._space[at:end]
            return end
        self._line += self._space[at:stop]
        line = bytes(self._line)
        self._line.clear()
        self._answer(line.rstrip(b"\r"))
        return stop + 1

    def _answer(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb in (b"MAIL", b"RCPT", b"RSET", b"NOOP", b"HELO"):
            self._answers.append(b"250 2.0.0 Ok\r\n")
        elif verb == b"DATA":
            self._answers.append(b"354 go on\r\n")
            self._in_content, self._tail = True, b"\r\n"
        elif verb == b"BDAT":
            words = line.split()
            self._chunk_left, self._chunk_is_last = int(words[1]), len(words) > 2
            if not self._chunk_left:
                self._chunk_read()
        elif verb == b"EHLO":
            self._answers.append(self._greeting)
        elif verb == b"QUIT":
            self._answers.append(b"221 2.0.0 Bye\r\n")
        else:
            self._answers.append(b"502 5.5.2 what?\r\n")

    def _skip_chunk(self, at: int, end: int) -> int:
        step = min(self._chunk_left, end - at)
        self._chunk_left -= step
        if not self._chunk_left:
            self._chunk_read()
        return at + step

    def _chunk_read(self) -> None:
        self._answers.append(b"250 2.0.0 Ok\r\n")
        if self._chunk_is_last:
            self._count()

    def _skip_content(self, at: int, end: int) -> int:
        # The end may lie across two reads.
        seam = self._tail + self._space[at : min(end, at + len(_END))]
        found = seam.find(_END)
        if found >= 0:
            stop = at + found + len(_END) - len(self._tail)
        else:
            found = self._space.find(_END, at, end)
            if found < 0:
                self._tail = (seam if end - at < 4 else bytes(self._space[end - 4 : end]))[-4:]
                return end
            stop = found + len(_END)
        self._in_content = False
        self._answers.append(b"250 2.0.0 Ok\r\n")
        self._count()
        return stop

    def _count(self) -> None:
        (taken,) = struct.unpack_from("=Q", self._tally)
        struct.pack_into("=Q", self._tally, 0, taken + 1)
        if self._transcript is not None:
            if not self._transcript.exists():
                self._transcript.write_bytes(self._said)
            self._transcript = None


class _Side(asyncio.BufferedProtocol):
    """One side of the slow line."""

    def __init__(self) -> None:
        self._space = bytearray(_ROOM)
        self.other: _Side | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        # A few dozen replies are small; content waits at its source when the sink is slow.
        self.transport.set_write_buffer_limits(high=4 * _ROOM)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._space

    def buffer_updated(self, nbytes: int) -> None:
        self.passed_on(bytes(memoryview(self._space)[:nbytes]))

    def passed_on(self, octets: bytes) -> None:
        if self.other and self.other.transport and not self.other.transport.is_closing():
            self.other.transport.write(octets)

    def pause_writing(self) -> None:
        if self.other and self.other.transport:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other and self.other.transport:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.hung_up()

    def hung_up(self) -> None:
        if self.other and self.other.transport:
            self.other.transport.close()


class _Answers(_Side):
    """The sink's side: what it says waits for its time, each word for its own."""

    def __init__(self, rtt_s: float) -> None:
        super().__init__()
        self._rtt_s = rtt_s
        self._waiting: deque[bytes] = deque()

    def passed_on(self, octets: bytes) -> None:
        self._waiting.append(octets)
        asyncio.get_running_loop().call_later(self._rtt_s, self._next)

    def _next(self) -> None:
        # The oldest, whichever timer rang: two of the same instant ring in any order.
        super().passed_on(self._waiting.popleft())

    def hung_up(self) -> None:
        asyncio.get_running_loop().call_later(self._rtt_s, super().hung_up)


async def _serve_sink(tally_path: str, transcript: str, offers: list[str]) -> None:
    kept = Path(transcript) if transcript else None
    lines = ["sink.example", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 52428800"]
    lines += offers
    said = [f"250-{line}\r\n" for line in lines[:-1]] + [f"250 {lines[-1]}\r\n"]
    greeting = "".join(said).encode()
    with _shared(tally_path) as tally:
        await _serve(lambda: _Talk(greeting, tally, kept))


async def _serve_line(port: int, rtt_s: float) -> None:
    loop = asyncio.get_running_loop()
    opening: set[asyncio.Task[None]] = set()

    class Front(_Side):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            # Nobody speaks before the greeting, so nothing comes in meanwhile.
            task = loop.create_task(self._open())
            opening.add(task)
            task.add_done_callback(opening.discard)

        async def _open(self) -> None:
            back = _Answers(rtt_s)
            self.other, back.other = back, self
            await loop.create_connection(lambda: back, HERE, port)

    await _serve(Front)


async def _serve(talk: Callable[[], asyncio.BufferedProtocol]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(talk, HERE, 0, backlog=1000)
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_signal_handler(signal.SIGINT, stopped.set)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stopped.wait()
    # Its connections end with the process: nobody waits for senders that stay.
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="the cheap sink, or the slow line, on a free port")
    parser.add_argument("what", choices=("sink", "line"))
    parser.add_argument("arguments", nargs="+")
    asked = parser.parse_args()
    if asked.what == "sink":
        tally, transcript, *offers = asked.arguments
        asyncio.run(_serve_sink(tally, transcript, offers))
    else:
        asyncio.run(_serve_line(int(asked.arguments[0]), float(asked.arguments[1])))


if __name__ == "__main__":
    main()
