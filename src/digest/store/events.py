"""The event file: what a killed process had begun to say to a relay.

Sixteen bytes are appended just before a message's content leaves, sixteen when the reply
is in; plain writes, no flush: the page cache outlives a killed process, and a power cut
changes the boot id, after which the file is not believed.  So after ``kill -9`` in doubt is
exactly what was started and not answered: at most one message a connection.
"""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_RECORD = struct.Struct(">QIHH")  # subscriber id, unused, reply code, kind
_STARTED, _REPLIED = 1, 2
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def _boot_id() -> bytes:
    """32 bytes that change when the machine restarts; zeros where no one tells."""
    try:
        return _BOOT_ID.read_text().strip().replace("-", "").encode()[:32].ljust(32)
    except OSError:
        return b"0" * 32


@dataclass(frozen=True, slots=True)
class Trace:
    """What event files tell of a chunk."""

    #: A file of this boot was found: who is not in it was certainly not begun.
    trusted: bool = False
    started: frozenset[int] = frozenset()
    #: Subscriber id → three-digit reply.
    replied: dict[int, int] = field(default_factory=dict)


class EventFile:
    """One worker's notes on one chunk; `started` and `replied` cost a microsecond each."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def started(self, subscriber_id: int) -> None:
        os.write(self._handle, _RECORD.pack(subscriber_id, 0, 0, _STARTED))

    def replied(self, subscriber_id: int, code: int) -> None:
        os.write(self._handle, _RECORD.pack(subscriber_id, 0, code, _REPLIED))

    def settled(self) -> None:
        """The outcomes are in the database: what was noted so far is of no more use."""
        os.ftruncate(self._handle, 32)


def _file(folder: Path, edition_id: str, seq: int, fence: int) -> Path:
    return folder / f"{edition_id}.{seq}.{fence}"


@contextmanager
def open_events(folder: Path, edition_id: str, seq: int, fence: int) -> Iterator[EventFile]:
    """The event file of one claim of a chunk; it stays behind only if the claim ends badly."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _file(folder, edition_id, seq, fence)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if not os.fstat(handle).st_size:
            os.write(handle, _boot_id())
        yield EventFile(handle)
    finally:
        os.close(handle)
    path.unlink(missing_ok=True)


def read_events(folder: Path, edition_id: str, seq: int, fence: int) -> Trace:
    """What the claim that opened a window left behind on this machine.

    Only its own file counts: one of another claim knows nothing of what this one began, on
    another machine perhaps.
    """
    try:
        noted = _file(folder, edition_id, seq, fence).read_bytes()
    except FileNotFoundError:
        return Trace()
    if noted[:32] != _boot_id():
        return Trace()
    started: set[int] = set()
    replied: dict[int, int] = {}
    whole = (len(noted) - 32) // _RECORD.size * _RECORD.size
    for id, _, code, kind in _RECORD.iter_unpack(noted[32 : 32 + whole]):
        if kind == _STARTED:
            started.add(id)
        else:
            replied[id] = code
    return Trace(True, frozenset(started), replied)


def forget_events(folder: Path, edition_id: str, seq: int) -> None:
    """Drop what earlier claims left, once their outcomes are committed."""
    for path in folder.glob(f"{edition_id}.{seq}.*"):
        path.unlink(missing_ok=True)
