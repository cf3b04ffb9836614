"""The verb of the mailbox that bounces end in: takes each mail once, and has it acted on.

Nothing in the mailbox is deleted, moved or marked.  What a batch of mails brought about is
written together with the note that they are done: a kill anywhere means that the next visit
finds what is left, and nothing is lost or done twice.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Final

from digest import store
from digest.app import App
from digest.errors import FetchError
from digest.model import Return
from digest.returning import Tally, take_all
from digest.returns import Understood, understand
from digest.settings import Source
from digest.sources.letterhead import Mailbox
from digest.store.sources import SourceRecord
from digest.telemetry import log

Reading = Callable[[bytes], Understood]

#: What reading of odd octets ends in, where a case was not thought of.
_ODD: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
#: Where its place is remembered, beside those of sources: no source can be called so.
MAILBOX: Final = "(returns)"
#: Mails that are there at the first visit are old news at worst: nearly all are taken.
_BACKLOG: Final = 100_000
#: Of a longer mail the beginning: what a report says comes before the mail that it returns.
_LONGEST: Final = 1_000_000
#: Visits of one call: a mailbox that fills faster waits for the next one.
_MOST_VISITS: Final = 50
#: Mails of one transaction: few enough that nobody waits for it.
_BATCH: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one mail."""

    #: How it was understood: see `returns.understand`.
    understood: Understood
    #: Of the reports in it: proved and new; read before; forged, or of nobody.
    acted: int = 0
    repeated: int = 0
    unproved: int = 0
    #: Of *acted*: noted only, because what failed was sent too long ago.
    too_old: int = 0
    #: 1 if it was not understood and somebody should read it: see `Understood.by_hand`.
    unclear: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What visits to the mailbox brought."""

    mails: int = 0
    #: As in `Taken`, of all of them.
    acted: int = 0
    repeated: int = 0
    unproved: int = 0
    too_old: int = 0
    unclear: int = 0
    #: Mails that the mailbox did not hand over, in words.
    faults: tuple[str, ...] = ()


def is_set_up(app: App) -> bool:
    """Whether [returns] names a mailbox to look into."""
    returns = app.settings.returns
    return bool(returns.url) or returns.path is not None


async def take_mail(app: App, octets: bytes) -> Taken:
    """Act on one mail that came to the address of bounces, or of leaving.

    Harmless to repeat.  A mail that is none of both, or proves nothing, changes nothing.
    """
    told = await _understood(octets, understand)
    async with app.db.write() as conn:
        tally = await take_all(app, conn, _marked(octets, told), proved=False)
    unclear = int(told.by_hand)
    _warn(unclear)
    return Taken(
        understood=told,
        acted=tally.acted,
        repeated=tally.repeated,
        unproved=tally.unproved,
        too_old=tally.too_old,
        unclear=unclear,
    )


async def fetch(app: App, *, reading: Reading = understand) -> Fetched:
    """Take every mail of the mailbox of [returns] that was not taken before.

    Nothing is done without such a mailbox, or while another process does it.

    Args:
        reading: what makes octets understood.

    Raises:
        FetchError: the mailbox cannot be reached or opened; what to do stands in it.
    """
    if not is_set_up(app):
        return Fetched()
    # With an IMAP client.
    from digest.sources.mailbox import MOST_MAILS

    total = Fetched()
    async with app.db.lease("returns") as mine:
        if not mine:
            return total
        for _ in range(_MOST_VISITS):
            box, tally, unclear = await _visit(app, reading)
            total = Fetched(
                mails=total.mails + len(box.messages),
                acted=total.acted + tally.acted,
                repeated=total.repeated + tally.repeated,
                unproved=total.unproved + tally.unproved,
                too_old=total.too_old + tally.too_old,
                unclear=total.unclear + unclear,
                faults=total.faults + tuple(str(fault) for fault in box.faults),
            )
            if len(box.messages) < MOST_MAILS or app.stopping.is_set():
                break
    if total.mails:
        log.info("mail came back", mails=total.mails, acted=total.acted, unproved=total.unproved)
    _warn(total.unclear)
    return total


def _warn(unclear: int) -> None:
    if unclear:
        # No word of them: they are between a person and the newsroom.
        log.warning("mails were not understood: somebody should read them", mails=unclear)


async def _visit(app: App, reading: Reading) -> tuple[Mailbox, Tally, int]:
    """One visit: what it brought, what became of it, and how many were not understood."""
    from digest.sources.mailbox import read_mailbox

    returns = app.settings.returns
    source = Source(
        id="returns",
        kind="mailbox",
        url=returns.url or None,
        path=None if returns.url else returns.path,
        backlog=_BACKLOG,
    )
    async with app.db.read() as conn:
        record = await store.sources.find(conn, MAILBOX)
    place = returns.url or str(returns.path)
    if record is None or record.configured != place:
        record = SourceRecord(id=MAILBOX, configured=place)

    async def unread(keys: Sequence[str]) -> frozenset[str]:
        async with app.db.read() as conn:
            return await store.sources.undone(conn, MAILBOX, keys)

    try:
        box = await read_mailbox(
            source,
            base=app.loaded.base,
            password=app.returns_password,
            cursor=record.cursor,
            unread=unread,
            max_bytes=_LONGEST,
            everything=True,
        )
    except FetchError as error:
        await _note(app, replace(_failed(record, error), checked_at=app.now()))
        raise
    tally, unclear = Tally(), 0
    for start in range(0, len(box.messages), _BATCH):
        batch = box.messages[start : start + _BATCH]
        done, not_understood = await _take_batch(app, batch, reading)
        tally += done
        unclear += not_understood
    fault = "; ".join(str(fault) for fault in box.faults[:3])
    await _note(app, _succeeded(record, box.cursor, fault, app.now()), done=box.done)
    return box, tally, unclear


def _failed(record: SourceRecord, error: FetchError) -> SourceRecord:
    return replace(record, failures=record.failures + 1, fault=str(error), word=error.fault.value)


def _succeeded(record: SourceRecord, cursor: str | None, fault: str, now: datetime) -> SourceRecord:
    return replace(
        record,
        checked_at=now,
        succeeded_at=now,
        failures=0,
        fault=fault or None,
        word=None,
        cursor=cursor,
    )


async def _note(app: App, record: SourceRecord, *, done: Sequence[str] = ()) -> None:
    async with app.db.write() as conn:
        await store.sources.finish(app.db, conn, MAILBOX, done, at=app.now())
        await store.sources.visited(app.db, conn, record)


async def _take_batch(
    app: App, messages: Sequence[tuple[str, bytes]], reading: Reading
) -> tuple[Tally, int]:
    """Act on some mails, and note in the same transaction that they are done."""
    told, unclear = [], 0
    for _, octets in messages:
        understood = await _understood(octets, reading)
        unclear += understood.by_hand
        told += _marked(octets, understood)
    async with app.db.write() as conn:
        tally = await take_all(app, conn, told, proved=False)
        keys = [key for key, _ in messages]
        await store.sources.finish(app.db, conn, MAILBOX, keys, at=app.now())
    return tally, unclear


async def _understood(octets: bytes, reading: Reading) -> Understood:
    try:
        # Some milliseconds each: the loop goes on meanwhile.
        return await asyncio.to_thread(reading, octets)
    except _ODD as error:
        # A mistake of ours: no mail, whoever wrote it, keeps us from the others.
        log.error("a mail could not be read", error=type(error).__name__, bytes=len(octets))
        why = "Digest failed on it; read it by hand."
        return Understood("none", (), (why,), by_hand=True)


def _marked(octets: bytes, told: Understood) -> list[tuple[Return, str]]:
    mark = blake2b(octets, digest_size=16).hexdigest()
    return [(one, mark) for one in told.returns]
