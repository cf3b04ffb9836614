"""The event file: what a killed process had begun to say to a relay; the ledger beside it.

Sixteen bytes are appended just before a message's content leaves, sixteen when the reply
is in; plain writes, no flush: the page cache outlives a killed process, and a power cut
changes the boot id, after which the file is not believed.  So after ``kill -9`` in doubt is
exactly what was started, and neither answered nor given back: at most one message a connection.

The ledger holds, for each chunk of an edition, how far and how often its windows were opened.
It is no part of the database, so it is not restored with it: a database that knows less than the
ledger is a copy from before, and whoever was written to since is in doubt, not to be sent to again.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from digest.errors import Conflict, StoreError

_RECORD = struct.Struct(">QIHH")  # subscriber id, unused, reply code, kind
_STARTED, _REPLIED, _BACK = 1, 2, 3
#: The boot id comes first.
_HEADER = 32
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def _boot_id() -> bytes:
    """32 bytes that change when the machine restarts; zeros where no one tells."""
    try:
        return _BOOT_ID.read_text().strip().replace("-", "").encode()[:32].ljust(32)
    except OSError:
        return b"0" * 32


def _unnoted(error: OSError) -> StoreError:
    why = (error.strerror or str(error)).lower()
    return StoreError(f"what is being sent cannot be noted in data/events: {why}; nothing leaves")


@dataclass(frozen=True, slots=True)
class Trace:
    """What event files tell of a chunk."""

    #: A file of this boot was found: who is not in it was certainly not begun.
    trusted: bool = False
    #: Their content left, to whichever relay was the last to be offered it.
    started: frozenset[int] = frozenset()
    #: Subscriber id → three-digit reply.
    replied: dict[int, int] = field(default_factory=dict)


class EventFile:
    """One worker's notes on one chunk; `started` and `replied` cost a microsecond each."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def started(self, subscriber_id: int) -> None:
        """Raise `StoreError` when it cannot be noted: the message must not leave then."""
        self._append(subscriber_id, 0, _STARTED)

    def replied(self, subscriber_id: int, code: int) -> None:
        self._append(subscriber_id, code, _REPLIED)

    def given_back(self, subscriber_id: int) -> None:
        """Nobody took it: whatever was noted of them before, they are not begun."""
        self._append(subscriber_id, 0, _BACK)

    def _append(self, subscriber_id: int, code: int, kind: int) -> None:
        try:
            written = os.write(self._handle, _RECORD.pack(subscriber_id, 0, code, kind))
        except OSError as error:
            raise _unnoted(error) from error
        if written != _RECORD.size:
            # Half a record would put all later ones out of step.
            whole = (os.fstat(self._handle).st_size - _HEADER) // _RECORD.size
            os.ftruncate(self._handle, _HEADER + whole * _RECORD.size)
            raise _unnoted(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    def close(self) -> None:
        """After this nothing is noted: the number of a closed file may soon be another's."""
        os.close(self._handle)
        self._handle = -1

    def settled(self) -> None:
        """The outcomes are in the database: what was noted so far is of no more use."""
        os.ftruncate(self._handle, _HEADER)


def _file(folder: Path, edition_id: str, seq: int, fence: int) -> Path:
    return folder / f"{edition_id}.{seq}.{fence}"


@contextmanager
def open_events(folder: Path, edition_id: str, seq: int, fence: int) -> Iterator[EventFile]:
    """The event file of one claim of a chunk; it stays behind only if the claim ends badly."""
    path = _file(folder, edition_id, seq, fence)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise _unnoted(error) from error
    file = EventFile(handle)
    try:
        try:
            # Held as long as somebody writes here: who reads it must know that they are gone.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(handle, _boot_id())
        except OSError as error:
            raise _unnoted(error) from error
        yield file
    finally:
        file.close()
    path.unlink(missing_ok=True)


def read_events(folder: Path, edition_id: str, seq: int, fence: int) -> Trace:
    """What the claim that opened a window left behind on this machine.

    Only its own file counts: one of another claim knows nothing of what this one began, on
    another machine perhaps.

    Raises:
        Conflict: the claim that opened it is alive on this machine.
    """
    try:
        handle = os.open(_file(folder, edition_id, seq, fence), os.O_RDONLY)
    except FileNotFoundError:
        return Trace()
    with os.fdopen(handle, "rb") as file:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            # Its lease is gone and it is not: what it has not begun yet it may begin now.
            raise Conflict(f"chunk {seq} of {edition_id} is still in another's hands") from error
        noted = file.read()
    if noted[:_HEADER] != _boot_id():
        return Trace()
    started: set[int] = set()
    replied: dict[int, int] = {}
    whole = (len(noted) - _HEADER) // _RECORD.size * _RECORD.size
    for id, _, code, kind in _RECORD.iter_unpack(noted[_HEADER : _HEADER + whole]):
        # One person may be offered to several relays: the last word counts.
        if kind == _REPLIED:
            replied[id] = code
            continue
        replied.pop(id, None)
        if kind == _STARTED:
            started.add(id)
        else:
            started.discard(id)
    return Trace(True, frozenset(started), replied)


def forget_events(folder: Path, edition_id: str, seq: int) -> None:
    """Drop what earlier claims left, once their outcomes are committed."""
    for path in folder.glob(f"{edition_id}.{seq}.*"):
        path.unlink(missing_ok=True)


# ---------------------------------------------------------------------- the ledger

_ENTRY = struct.Struct(">II")  # windows opened, how far


class Entry(NamedTuple):
    """What the ledger has of one chunk; neither number ever goes back."""

    #: How often a window was opened.
    steps: int = 0
    #: Before which place people may have been written to.
    to: int = 0


class Ledger:
    """How far one edition's chunks were begun; an entry costs a write of eight bytes."""

    def __init__(self, folder: Path, edition_id: str) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT
            self._handle = os.open(folder / f"{edition_id}.ledger", flags, 0o600)
        except OSError as error:
            raise _unnoted(error) from error

    def opened(self, seq: int, steps: int, to: int) -> None:
        """Content may leave for whoever stands before *to* in chunk *seq*, from now on.

        Raises:
            StoreError: it cannot be noted: nothing may leave then.
        """
        before = self.entry(seq)
        octets = _ENTRY.pack(max(steps, before.steps), max(to, before.to))
        try:
            if os.pwrite(self._handle, octets, seq * _ENTRY.size) != len(octets):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise _unnoted(error) from error

    def entry(self, seq: int) -> Entry:
        """What this machine has begun of chunk *seq*."""
        octets = os.pread(self._handle, _ENTRY.size, seq * _ENTRY.size)
        return Entry(*_ENTRY.unpack(octets)) if len(octets) == _ENTRY.size else Entry()

    def chunks(self) -> dict[int, Entry]:
        """Every chunk that was begun."""
        octets = os.pread(self._handle, os.fstat(self._handle).st_size, 0)
        whole = len(octets) // _ENTRY.size * _ENTRY.size
        found = enumerate(Entry(*entry) for entry in _ENTRY.iter_unpack(octets[:whole]))
        return {seq: entry for seq, entry in found if entry.steps}

    def close(self) -> None:
        os.close(self._handle)


def forget_ledgers(folder: Path, *, before: float) -> int:
    """Drop ledgers that nothing was written to since *before* (seconds of the file's clock).

    Keep them as long as a backup may be restored.
    """
    old = [path for path in folder.glob("*.ledger") if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
