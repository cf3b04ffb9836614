"""Peers on loopback that speak the real protocol and misbehave to order.

`FakeRelay` is an SMTP relay in the test's own loop.  Tell it what to do differently with
`FakeRelay.on`; what is not told goes well.

    async with FakeRelay() as relay:
        relay.on("RCPT", say("550 5.1.1 no such mailbox"), to="bo@example.org")
        relay.on("dot", drop(), times=1)
"""

import asyncio
import base64
import contextlib
import hmac
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

#: Where an act can be put.  connect: instead of the greeting.  EHLO: LHLO too.  DATA: instead of
#: the 354.  content: once its first octets are here, after the 354 or BDAT.  dot: all of the
#: content was heard, by DATA or BDAT.
Stage = Literal[
    "connect", "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "content", "dot",
    "RSET", "QUIT",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    """What the relay does at a stage; made by `say`, `drop`, `stall`, `hold`."""

    raw: bytes | None = None
    then: Literal["go on", "close", "stall"] = "go on"
    until: asyncio.Event | None = None


def say(*lines: str) -> Act:
    """Answer with these lines instead, and go on."""
    return Act(_lines(lines))


def drop(*lines: str) -> Act:
    """Close the connection, after saying these lines if any."""
    return Act(_lines(lines), "close")


def mutter(raw: bytes, then: Literal["go on", "close", "stall"] = "stall") -> Act:
    """Write *raw* as it is, half a reply perhaps, and then be silent, or close."""
    return Act(raw, then)


def stall() -> Act:
    """Never answer; notice only when the other side hangs up."""
    return Act(b"", "stall")


def hold(until: asyncio.Event) -> Act:
    """Answer as usual, but not before *until* is set."""
    return Act(None, "go on", until)


def _lines(lines: Sequence[str]) -> bytes:
    return b"".join(line.encode() + b"\r\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the relay accepted, or would have: its octets without dot-stuffing."""

    sender: str
    to: tuple[str, ...]
    message: bytes
    #: Parameters of MAIL, upper case.
    options: tuple[str, ...] = ()


@dataclass(slots=True)
class _Rule:
    stage: Stage
    act: Act
    to: str | None
    left: int | None


class _Ear:
    """What was said to us and not taken up yet: it shows what was sent without waiting."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self.rest = b""

    async def more(self) -> bool:
        """False when nothing more will come."""
        heard = await self._reader.read(1 << 20)
        self.rest += heard
        return bool(heard)

    async def line(self) -> bytes:
        """Without its end; b"" when there is none."""
        while (end := self.rest.find(b"\n")) < 0:
            if not await self.more():
                return b""
        line, self.rest = self.rest[:end], self.rest[end + 1 :]
        return line.rstrip(b"\r") or b"\r"

    async def begin(self) -> None:
        """Wait for the first octets of what comes next."""
        while len(self.rest) < 8:
            if not await self.more():
                raise _HungUp

    async def exactly(self, count: int) -> bytes:
        while len(self.rest) < count:
            if not await self.more():
                raise _HungUp
        octets, self.rest = self.rest[:count], self.rest[count:]
        return octets

    async def until_dot(self) -> bytes:
        """Content without the dots that were added."""
        parts, kept = [], b"\r\n"
        while (end := (kept + self.rest).find(b"\r\n.\r\n")) < 0:
            # All but what could be the beginning of the end is put aside.
            whole = kept + self.rest
            parts.append(whole[:-4])
            kept, self.rest = whole[-4:], b""
            if not await self.more():
                raise _HungUp
        whole = kept + self.rest
        parts.append(whole[: end + 2])
        self.rest = whole[end + 5 :]
        return b"".join(parts).replace(b"\r\n.", b"\r\n")[2:]


@dataclass(slots=True)
class _Talk:
    """One connection: what it has said so far."""

    ear: _Ear
    writer: asyncio.StreamWriter
    sender: str | None = None
    to: list[str] = field(default_factory=list)
    options: tuple[str, ...] = ()
    secure: bool = False
    signed_in: bool = False


class _HungUp(Exception):
    """This conversation is over."""


class FakeRelay:
    """An SMTP relay on 127.0.0.1: ``async with FakeRelay() as relay``, then *host* and *port*.

    It minds manners: what is sent without waiting where RFC 2920 does not allow it is noted in
    `faults`, and leaving with any of them is an error.

    Args:
        offers: ESMTP keywords of the EHLO answer, with their parameters.
        pipelining: offers PIPELINING.
        chunking: offers CHUNKING, which is BDAT.
        tls: a server context; offers STARTTLS, or speaks TLS from the start if *implicit*.
        account: (user, password); offers AUTH, and MAIL without it is refused with 530.
        mechanisms: of PLAIN, LOGIN, CRAM-MD5, XOAUTH2 (whose token is the password).
        lmtp: knows LHLO and no EHLO.
        nobody: what DATA is answered when no recipient was accepted; 354 is allowed, too.
        socket: listens there instead.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        offers: Sequence[str] = ("SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"),
        pipelining: bool = False,
        chunking: bool = False,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        account: tuple[str, str] | None = None,
        mechanisms: Sequence[str] = ("PLAIN",),
        lmtp: bool = False,
        nobody: str = "503 5.5.1 RCPT first",
        socket: Path | None = None,
    ) -> None:
        self.port = 0
        #: What a well-behaved client would not have done.
        self.faults: list[str] = []
        #: Every message that was answered with 250, in that order.
        self.messages: list[Taken] = []
        #: Every message whose final dot was heard, whatever was answered.
        self.heard: list[Taken] = []
        #: Every command line of every connection, without AUTH's secrets.
        self.commands: list[str] = []
        self.connections = 0
        self.open_now = 0
        self.most_open = 0
        self._offers = (*offers, *["PIPELINING"] * pipelining, *["CHUNKING"] * chunking)
        self._pipelining = "PIPELINING" in self._offers
        self._mechanisms = tuple(mechanisms)
        self._lmtp = lmtp
        self._nobody = nobody
        self._socket = socket
        self._tls = tls
        self._implicit = implicit
        self._account = account
        self._rules: list[_Rule] = []
        self._server: asyncio.Server | None = None
        self._talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._reached: Counter[Stage] = Counter()
        self._changed = asyncio.Condition()

    def on(
        self, stage: Stage, act: Act, *, to: str | None = None, times: int | None = None
    ) -> Self:
        """At *stage* do *act*: for the recipient *to* only, *times* times only, if given.

        Of several rules that fit, the one given first is taken.
        """
        self._rules.append(_Rule(stage, act, to, times))
        return self

    async def __aenter__(self) -> Self:
        tls = self._tls if self._implicit else None
        if self._socket is not None:
            self._server = await asyncio.start_unix_server(self._answer, self._socket, ssl=tls)
            return self
        self._server = await asyncio.start_server(self._answer, self.host, self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.refuse_connections()
        await self.hang_up()
        assert error is not None or not self.faults, self.faults

    async def refuse_connections(self) -> None:
        """Stop listening: whoever connects is refused.  Open connections stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def hang_up(self, goodbye: str = "") -> None:
        """Close all open connections from this side, saying *goodbye* unasked if given."""
        talks = dict(self._talks)
        for task, writer in talks.items():
            if goodbye:
                writer.write(_lines([goodbye]))
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
            task.cancel()
        if talks:
            await asyncio.wait(talks)

    async def reached(self, stage: Stage, times: int = 1) -> None:
        """Wait until *stage* has been reached that often, over all connections."""
        await self._until(lambda: self._reached[stage] >= times)

    async def all_gone(self) -> None:
        """Wait until no connection is open."""
        await self._until(lambda: not self.open_now)

    # ------------------------------------------------------------ conversation

    async def _until(self, true: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(true)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks[task] = writer
        self.connections += 1
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        talk = _Talk(_Ear(reader), writer, secure=self._implicit)
        try:
            await self._converse(talk)
        except (_HungUp, ConnectionError, ssl.SSLError):
            pass
        except asyncio.CancelledError:
            # Only `hang_up` cancels, and it wants the socket closed, not the task cancelled.
            pass
        finally:
            self.open_now -= 1
            del self._talks[task]
            writer.close()
            # After a failed handshake asyncio's streams would wait for ever.
            with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
                async with asyncio.timeout(0.2):
                    await writer.wait_closed()
            await self._notify()

    async def _converse(self, talk: _Talk) -> None:
        await self._reply(talk, "connect", "220 fake.example ESMTP")
        async for line in self._command_lines(talk):
            verb, _, rest = line.partition(" ")
            self._mind_manners(talk, verb.upper())
            match verb.upper():
                case "LHLO" if self._lmtp:
                    await self._reply(talk, "EHLO", *self._ehlo(talk))
                case "EHLO" if not self._lmtp:
                    await self._reply(talk, "EHLO", *self._ehlo(talk))
                case "HELO" if not self._lmtp:
                    await self._reply(talk, "HELO", "250 fake.example")
                case "STARTTLS":
                    await self._starttls(talk)
                case "AUTH":
                    await self._auth(talk, rest)
                case "MAIL":
                    await self._mail(talk, rest)
                case "RCPT":
                    await self._rcpt(talk, rest)
                case "DATA":
                    await self._data(talk)
                case "BDAT":
                    await self._bdat(talk, rest)
                case "RSET":
                    if await self._reply(talk, "RSET", "250 2.0.0 OK"):
                        talk.sender, talk.to = None, []
                case "QUIT":
                    await self._reply(talk, "QUIT", "221 2.0.0 bye")
                    return
                case _:
                    await self._write(talk, b"500 5.5.2 unknown command\r\n")

    async def _command_lines(self, talk: _Talk) -> AsyncIterator[str]:
        while line := await talk.ear.line():
            text = line.decode().rstrip("\r")
            self.commands.append("AUTH ..." if text.startswith("AUTH") else text)
            yield text

    def _mind_manners(self, talk: _Talk, verb: str) -> None:
        """RFC 2920 §3.1: what may be followed at once by another command, and what ends a group."""
        alone = not self._pipelining or verb not in ("MAIL", "RCPT", "RSET")
        # What was written together is heard together, on loopback.
        if alone and verb != "BDAT" and talk.ear.rest:
            self.faults.append(f"{talk.ear.rest[:20]!r} was sent right behind {verb}")

    async def _write(self, talk: _Talk, raw: bytes) -> None:
        talk.writer.write(raw)
        await talk.writer.drain()

    async def _reply(self, talk: _Talk, stage: Stage, *usual: str) -> bool:
        """Do what was scripted for *stage*, or say the *usual*.  True if the latter."""
        act = await self._take(stage, talk.to)
        if act is not None and act.until is not None:
            await act.until.wait()
        if act is None or act.raw is None:
            await self._write(talk, _lines(usual))
            return True
        await self._perform(talk, act.raw, act.then)
        return False

    async def _perform(self, talk: _Talk, raw: bytes, then: str) -> None:
        await self._write(talk, raw)
        if then == "stall":
            while await talk.ear.more():
                talk.ear.rest = b""
        if then != "go on":
            raise _HungUp

    async def _take(self, stage: Stage, to: Sequence[str]) -> Act | None:
        self._reached[stage] += 1
        await self._notify()
        for rule in self._rules:
            if rule.stage == stage and (rule.to is None or rule.to in to) and rule.left != 0:
                if rule.left is not None:
                    rule.left -= 1
                return rule.act
        return None

    # -------------------------------------------------------------- the stages

    def _ehlo(self, talk: _Talk) -> list[str]:
        offers = ["fake.example", *self._offers]
        if self._tls is not None and not talk.secure:
            offers.append("STARTTLS")
        if self._account is not None:
            offers.append(" ".join(("AUTH", *self._mechanisms)))
        return [f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]

    async def _starttls(self, talk: _Talk) -> None:
        assert self._tls is not None
        if await self._reply(talk, "STARTTLS", "220 2.0.0 go ahead"):
            await talk.writer.start_tls(self._tls)
            talk.secure = True

    async def _auth(self, talk: _Talk, rest: str) -> None:
        assert self._account is not None
        mechanism, _, initial = rest.partition(" ")
        if mechanism not in self._mechanisms:
            await self._write(talk, b"504 5.5.4 not that one\r\n")
        elif not await self._proves(talk, mechanism, initial):
            await self._reply(talk, "AUTH", "535 5.7.8 user or password is wrong")
        elif await self._reply(talk, "AUTH", "235 2.7.0 welcome"):
            talk.signed_in = True

    async def _proves(self, talk: _Talk, mechanism: str, initial: str) -> bool:
        assert self._account is not None
        user, password = self._account
        match mechanism:
            case "PLAIN":
                return initial == _base64(f"\0{user}\0{password}")
            case "LOGIN":
                answer = await self._challenge(talk, "Password:")
                return (initial, answer) == (_base64(user), _base64(password))
            case "CRAM-MD5":
                answer = await self._challenge(talk, "<1896.697170952@fake.example>")
                proof = hmac.new(password.encode(), b"<1896.697170952@fake.example>", "md5")
                return answer == _base64(f"{user} {proof.hexdigest()}")
        if initial == _base64(f"user={user}\x01auth=Bearer {password}\x01\x01"):
            return True
        # Why not is told first, and wants an empty line.
        await self._challenge(talk, '{"status":"401"}')
        return False

    async def _challenge(self, talk: _Talk, text: str) -> str:
        await self._write(talk, f"334 {_base64(text)}\r\n".encode())
        return (await talk.ear.line()).decode().rstrip("\r")

    async def _mail(self, talk: _Talk, rest: str) -> None:
        if self._account is not None and not talk.signed_in:
            await self._write(talk, b"530 5.7.0 sign in first\r\n")
        elif talk.sender is not None:
            await self._write(talk, b"503 5.5.1 MAIL again\r\n")
        elif await self._reply(talk, "MAIL", "250 2.1.0 OK"):
            path, *options = rest.split()
            talk.sender, talk.to = _bare(path), []
            talk.options = tuple(option.upper() for option in options)

    async def _rcpt(self, talk: _Talk, rest: str) -> None:
        if talk.sender is None:
            await self._write(talk, b"503 5.5.1 MAIL first\r\n")
            return
        talk.to.append(_bare(rest))
        if not await self._reply(talk, "RCPT", "250 2.1.5 OK"):
            talk.to.pop()

    async def _data(self, talk: _Talk) -> None:
        if not talk.to:
            await self._write(talk, _lines([self._nobody]))
            if self._nobody.startswith("354"):
                self.heard.append(Taken(talk.sender or "", (), await talk.ear.until_dot()))
                await self._write(talk, b"554 5.5.1 no valid recipients\r\n")
                talk.sender = None
            return
        if not await self._reply(talk, "DATA", "354 go ahead"):
            return
        act = await self._take("content", talk.to)
        if act is not None and act.raw is not None:
            await talk.ear.begin()
            await self._perform(talk, act.raw, act.then)
        await self._judge(talk, await talk.ear.until_dot())

    async def _bdat(self, talk: _Talk, rest: str) -> None:
        count, _, last = rest.partition(" ")
        assert last.upper() == "LAST", "in one piece, please"
        if "CHUNKING" not in self._offers:
            self.faults.append("BDAT was not offered")
        if not talk.to:
            # RFC 3030 §2: what is refused is heard to its end all the same.
            await talk.ear.exactly(int(count))
            await self._write(talk, b"503 5.5.1 RCPT first\r\n")
            return
        act = await self._take("content", talk.to)
        if act is not None and act.raw is not None:
            await talk.ear.begin()
            await self._perform(talk, act.raw, act.then)
        await self._judge(talk, await talk.ear.exactly(int(count)))

    async def _judge(self, talk: _Talk, content: bytes) -> None:
        taken = Taken(talk.sender or "", tuple(talk.to), content, talk.options)
        self.heard.append(taken)
        if await self._reply(talk, "dot", "250 2.0.0 queued as 7F3A"):
            self.messages.append(taken)
        talk.sender, talk.to = None, []


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _bare(path: str) -> str:
    return path.partition("<")[2].partition(">")[0]
