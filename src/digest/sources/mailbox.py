"""Newsletters that come by mail: what is new in an IMAP folder or a Maildir, as octets.

Behind the door: what was taken already, how much is taken at once, and mails that are no news.
Nothing in the mailbox is changed, not even what counts as seen.  Not behind it: what a mail
says; that is `reading`'s.  Loud: network and disk.
"""

import asyncio
import re
import ssl
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from digest.errors import Fault, FetchError, SourceError
from digest.settings import Source
from digest.sources.imapbox import await_imap, read_imap
from digest.sources.imapline import Place
from digest.sources.letterhead import (
    LONGEST_HEAD,
    Letterhead,
    Mailbox,
    Unread,
    fault_of,
    read_letterhead,
    too_big,
)

__all__ = ["Mailbox", "read_mailbox", "wait_for_mail"]

#: Of a Maildir, which has no other memory than that it was visited.
_VISITED: Final = "visited"
#: Mails and octets that one visit takes; the next goes on from there.
MOST_MAILS: Final = 200
MOST_BYTES: Final = 50_000_000
#: `name:2,FLAGS`; where the file system has no colons, programs write another sign.
_FLAGS = re.compile(r"[:;!]2,[A-Za-z]*$")


async def read_mailbox(
    source: Source,
    *,
    base: Path,
    password: str | None,
    cursor: str | None,
    unread: Unread,
    max_bytes: int,
    everything: bool = False,
    timeout_s: float = 30.0,
    tls: ssl.SSLContext | None = None,
) -> Mailbox:
    """Take the mails of *source* that no earlier visit has taken.

    The first visit takes the newest `source.backlog`, older ones count as taken; no visit takes
    more than 200 mails or 50 MB, the next one goes on.  Requests to confirm, automatic answers
    and delivery reports are faults and no messages.

    The operator names the server himself, so that private addresses may be reached: there is
    no guard on them as there is for addresses that documents tell.

    Args:
        base: folder that the source's path is relative to.
        cursor: what the last visit returned; None if there was none.
        unread: asked with keys of mails found.
        max_bytes: of one mail; larger ones are faults and are told once.
        everything: of a mailbox that bounces go to: no mail is a fault for what it is, and of
            one that is too large the beginning is taken.
        timeout_s: of one step of the conversation; the whole visit may take ten times as long.
        tls: trusts the server; the system's own certificates otherwise.

    Raises:
        FetchError: the mailbox cannot be reached or opened; what to do stands in it.
    """
    if source.path is not None:
        return await _read_maildir(
            source,
            base / source.path.expanduser(),
            cursor,
            unread=unread,
            max_bytes=max_bytes,
            everything=everything,
        )
    return await read_imap(
        Place.of(source, password, timeout_s=timeout_s, tls=tls, everything=everything),
        cursor=cursor,
        unread=unread,
        max_bytes=max_bytes,
        most=(MOST_MAILS, MOST_BYTES),
    )


async def wait_for_mail(
    source: Source,
    password: str | None,
    *,
    timeout_s: float,
    cursor: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> bool:
    """Wait until mail arrives in the IMAP folder of *source*; False if none did in *timeout_s*.

    The server tells where it offers IDLE (RFC 2177), and is asked every minute where it does
    not.  With the *cursor* of the last visit, mail that came since then counts as arriving now.

    Raises:
        FetchError: as `read_mailbox`; the connection may also break while waiting.
    """
    return await await_imap(
        Place.of(source, password, timeout_s=30.0, tls=tls), cursor=cursor, wait_s=timeout_s
    )


# --------------------------------------------------------------------- a Maildir


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    #: The unique part of its name, without flags: it stays when the mail is read or moved to cur.
    key: str
    path: Path
    size: int
    arrived: int


async def _read_maildir(
    source: Source,
    path: Path,
    cursor: str | None,
    *,
    unread: Unread,
    max_bytes: int,
    everything: bool,
) -> Mailbox:
    found = await asyncio.to_thread(lambda: sorted(_files(path, source.id), key=_by_age))
    known: tuple[str, ...] = ()
    if cursor is None and len(found) > source.backlog:
        known = tuple(file.key for file in found[: -source.backlog])
        found = found[-source.backlog :]
    new = await unread([file.key for file in found])
    chosen = _share([file for file in found if file.key in new], max_bytes)
    box = await asyncio.to_thread(_read_files, source.id, chosen, max_bytes, everything)
    return replace(box, cursor=_VISITED, done=known + box.done)


def _by_age(file: _File) -> tuple[int, str]:
    return file.arrived, file.key


def _files(path: Path, source_id: str) -> Iterator[_File]:
    """Every mail that lies there; one that goes while we look is not there."""
    folders = [folder for name in ("cur", "new") if (folder := path / name).is_dir()]
    if not folders:
        raise FetchError(
            source_id,
            f"{path} is no Maildir: it has neither a folder new nor cur; check the path",
            temporary=False,
            fault=Fault.NO_ACCESS,
        )
    seen: set[str] = set()
    for folder in folders:
        try:
            entries = list(folder.iterdir())
        except OSError as error:
            reason = (error.strerror or "cannot be opened").lower()
            raise FetchError(
                source_id,
                f"{folder}: {reason}; check its permissions",
                temporary=False,
                fault=Fault.NO_ACCESS,
            ) from error
        for entry in entries:
            key = _FLAGS.sub("", entry.name).encode("utf-8", "backslashreplace").decode()
            if entry.name.startswith(".") or key in seen:
                continue
            try:
                told = entry.lstat()
            except OSError:
                continue
            # A link could lead out of the mailbox, a pipe would have us wait.
            if stat.S_ISREG(told.st_mode):
                seen.add(key)
                yield _File(key=key, path=entry, size=told.st_size, arrived=told.st_mtime_ns)


def _share(files: list[_File], max_bytes: int) -> list[_File]:
    """As many of *files*, from the front, as one visit takes."""
    total = 0
    for number, file in enumerate(files):
        total += min(file.size, max_bytes)
        if number and (number >= MOST_MAILS or total > MOST_BYTES):
            return files[:number]
    return files


def _read_files(source_id: str, files: list[_File], max_bytes: int, everything: bool) -> Mailbox:
    messages: list[tuple[str, bytes]] = []
    faults: list[SourceError] = []
    done: list[str] = []
    for file in files:
        try:
            with file.path.open("rb") as opened:
                too_long = file.size > max_bytes and not everything
                data = opened.read(LONGEST_HEAD if too_long else max_bytes + 1)
        except FileNotFoundError:
            # Somebody has read or deleted it just now; in its new place it is found next time.
            continue
        except OSError as error:
            reason = (error.strerror or "cannot be read").lower()
            text = f"{file.key} cannot be read ({reason}); check its permissions"
            faults.append(FetchError(source_id, text, fault=Fault.NO_ACCESS))
            continue
        if everything:
            messages.append((file.key, data))
            continue
        letter = read_letterhead(data)
        if fault := _fault(source_id, letter, max(len(data), file.size), max_bytes):
            faults.append(fault)
            done.append(file.key)
        else:
            messages.append((file.key, data))
    return Mailbox(messages=tuple(messages), faults=tuple(faults), done=tuple(done))


def _fault(source_id: str, letter: Letterhead, size: int, max_bytes: int) -> SourceError | None:
    if letter.no_news:
        return fault_of(source_id, letter)
    return too_big(source_id, letter, max_bytes) if size > max_bytes else None
