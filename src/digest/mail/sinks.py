"""Transports that send nothing: a folder of files to look at, a list to test with."""

import asyncio
import contextlib
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Self

from digest.errors import RelayDown
from digest.mail.checked import safe_recipient
from digest.mail.transport import Reply, Unopened

#: Threads that write at the same time: more would wait for the same disk.
_WRITERS = 8
_NUMBERED = re.compile(r"(\d{4,})-[0-9a-f]+\.eml")


class FolderTransport(Unopened):
    """Writes every message to *folder* as ``0001-9f86d081884c7d65.eml``: for --dry-run.

    Numbers go on from the highest one there.  The second part is made of recipient and octets,
    so that the same message for the same person has the same one: the address itself is not in
    the name.  A file appears whole or not at all.  It is not forced to disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)

    @property
    def at_once(self) -> int:
        return _WRITERS

    async def __aenter__(self) -> Self:
        self._numbers = await asyncio.to_thread(self._open)
        return self

    async def send(
        self, message: bytes, *, sender: str, to: str, started: Callable[[], None]
    ) -> Reply:
        """See `Transport.send`; raises `RelayDown` when the file cannot be written."""
        safe_recipient(to)
        mark = blake2b(to.encode() + b"\0" + message, digest_size=8).hexdigest()
        path = self._folder / f"{next(self._numbers):04d}-{mark}.eml"
        draft = path.with_suffix(".tmp")
        try:
            with _writing(path):
                await asyncio.to_thread(draft.write_bytes, message)
            # Taking its name is the moment the message leaves: before, nobody would find it.
            started()
            with _writing(path):
                draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return Reply(250, "2.0.0", f"2.0.0 kept as {path.name}", str(self._folder))

    def _open(self) -> "itertools.count[int]":
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            found = (_NUMBERED.fullmatch(path.name) for path in self._folder.iterdir())
            return itertools.count(1 + max((int(name[1]) for name in found if name), default=0))
        except OSError as error:
            raise RelayDown(0, f"cannot use {self._folder}: {error.strerror}") from error


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """What the disk refuses is told; what whoever sends refuses is theirs."""
    try:
        yield
    except OSError as error:
        raise RelayDown(0, f"cannot write {path.name}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that `MemoryTransport` was given."""

    message: bytes
    sender: str
    to: str


class MemoryTransport(Unopened):
    """Keeps every message in `sent`, in the order of sending."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    @property
    def at_once(self) -> int:
        return _WRITERS

    async def send(
        self, message: bytes, *, sender: str, to: str, started: Callable[[], None]
    ) -> Reply:
        """See `Transport.send`; accepts whatever has an address."""
        safe_recipient(to)
        started()
        self.sent.append(Sent(message, sender, to))
        return Reply(250, "2.0.0", "2.0.0 kept", "memory")
