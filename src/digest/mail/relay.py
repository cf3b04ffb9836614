"""A relay of our own, for an installation that has none yet: it keeps mails, it delivers none.

Listens on loopback only, so nothing outside this machine can hand it anything.  What it takes
lands in a Maildir, which any mail program can open.  "250" is said only when the message is on
disk under its final name: after a power cut, what was accepted is there, and what is there is
whole.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, cast
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

from digest.errors import RelayDown

_LOG = logging.getLogger(__name__)
_HEADER = b"Delivered-To: "
#: Drafts in tmp/ older than this belong to nobody: the Maildir convention's 36 hours.
_FORGOTTEN_S = 36 * 3600
_SERIAL = itertools.count()


class Kept(NamedTuple):
    """One mail in the Maildir."""

    #: Its name without Maildir flags; grows with time.
    key: str
    #: Envelope recipient; "" for a file that another program put there.
    to: str
    #: The octets as sent: without the ``Delivered-To`` line that the file begins with.
    message: bytes


class EmbeddedRelay:
    """An SMTP relay in this process: ``async with EmbeddedRelay(path) as relay``, then *port*.

    Every file is one line ``Delivered-To: RECIPIENT`` (the envelope's, which the message need
    not name), then the message, octet for octet.  It takes one recipient a message.
    """

    host = "127.0.0.1"

    def __init__(self, maildir: Path, *, port: int = 0) -> None:
        """*port* 0 takes a free one; read `port` after entering."""
        self.maildir = maildir
        self.port = port
        self._server: asyncio.Server | None = None
        self._sessions: WeakSet[_Session] = WeakSet()

    async def __aenter__(self) -> Self:
        """Raise `RelayDown` when the Maildir cannot be written or the port is taken."""
        # At INFO aiosmtpd writes every address it hears; ours are in no log.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(_prepare, self.maildir)
            self._server = await loop.create_server(self._session, self.host, self.port)
        except OSError as error:
            raise RelayDown(0, f"cannot start the embedded relay: {error}") from error
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection; a mail that is just being written is in doubt for its sender."""
        if self._server is None:
            return
        self._server.close()
        # Before Python 3.12 `wait_closed` does not wait for connections.
        await asyncio.gather(*(session.end() for session in list(self._sessions)))
        await self._server.wait_closed()
        self._server = None

    def _session(self) -> "_Session":
        session = _Session(
            _Handler(self.maildir),
            # Named here, because the default asks DNS for each connection.
            hostname="localhost",
            ident="Digest keeps your mail",
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
        )
        self._sessions.add(session)
        return session

    def messages(self) -> Iterator[Kept]:
        """What has been kept, newest first.  Reads files: from any thread, running or not.

        A mail that another program moves or removes meanwhile is passed over.
        """
        found = {
            path.name.partition(":")[0]: path
            # In this order a mail that is opened meanwhile, and so moves, is not missed.
            for folder in ("new", "cur")
            for path in _files(self.maildir / folder)
        }
        for key in sorted(found, key=_age, reverse=True):
            with contextlib.suppress(FileNotFoundError):
                yield _split(key, found[key].read_bytes())


class _Session(SMTP):
    """One connection of aiosmtpd's, which can be ended from outside."""

    _ended: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._ended = asyncio.get_running_loop().create_future()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    async def end(self) -> None:
        if self._ended is not None and isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
            await self._ended


class _Handler:
    """What aiosmtpd asks us; the rest of the conversation is its own."""

    def __init__(self, maildir: Path) -> None:
        self._maildir = maildir

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if envelope.rcpt_tos:
            # With one file a message, "250" is true of all of it or of nothing.
            return "452 4.5.3 one recipient a message, please"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        # As it came: decoding is switched off.
        content = cast(bytes, envelope.content)
        try:
            # The disk may take milliseconds; the loop has other connections to serve.
            key = await asyncio.to_thread(_keep, self._maildir, envelope.rcpt_tos[0], content)
        except OSError as error:
            _LOG.error("cannot keep a mail: %s", error.strerror)
            return "452 4.3.1 cannot write to the Maildir: free some space, or correct its rights"
        return f"250 2.0.0 kept as {key}"


# ------------------------------------------------------------------------ Maildir
# Written here and not with the standard library's, which counts its names without a lock, leaves
# the folder unsynchronised, and turns line ends into the platform's.


def _prepare(maildir: Path) -> None:
    maildir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in ("tmp", "new", "cur"):
        (maildir / folder).mkdir(mode=0o700, exist_ok=True)
    for path in _files(maildir / "tmp"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _FORGOTTEN_S:
                path.unlink()


def _keep(maildir: Path, to: str, content: bytes) -> str:
    """Write one mail; return its key when it is on disk under its name."""
    now_us = time.time_ns() // 1000
    key = (
        f"{now_us // 1_000_000}.M{now_us % 1_000_000:06d}P{os.getpid()}Q{next(_SERIAL):09d}.digest"
    )
    draft = maildir / "tmp" / key
    try:
        with draft.open("xb") as file:
            file.writelines((_HEADER, to.encode(errors="surrogateescape"), b"\r\n", content))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(maildir / "new" / key)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(maildir / "new")
    return key


def _sync_folder(folder: Path) -> None:
    """Without this a power cut may forget the name, though not the content."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        return []


def _age(key: str) -> tuple[int, str]:
    """Sorts keys by time: theirs begin with seconds, ours go on with digits of fixed width."""
    seconds = key.partition(".")[0]
    return (int(seconds) if seconds.isascii() and seconds.isdigit() else 0), key


def _split(key: str, file: bytes) -> Kept:
    if not file.startswith(_HEADER):
        return Kept(key, "", file)
    line, _, message = file.partition(b"\r\n")
    return Kept(key, line.removeprefix(_HEADER).decode(errors="surrogateescape"), message)
