"""The verbs of moving in: people from a table, addresses onto the suppression list.

A table is read and sorted while everybody else goes on: leaving is not to fail because somebody
imports.  Then one short transaction takes all of it in, or nothing.
"""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Final

from digest import editorial
from digest.addresses import parse_address
from digest.app import App
from digest.errors import Conflict, NotFound
from digest.model import Barred, Frequency
from digest.reading.exported import Columns, columns_of
from digest.reading.moving import People, Person, Terms, parse_tag, unguarded
from digest.reading.sheet import Row, Sheet, encoding_of, read_sheet
from digest.settings import Newsletter
from digest.slots import frequencies
from digest.store import audit
from digest.store import enrol as rows_of
from digest.telemetry import log

#: Rows that are taken in together: enough that a statement costs little, few enough to be held.
BATCH: Final = 10_000
#: Faults that are named; more are only counted.
MOST_FAULTS: Final = 1_000
_PIECE: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What an import did, or in a dry run would do.

    Of each row one thing is said: ``rows`` is the sum of ``added``, ``known``, ``suppressed``,
    ``passed_over``, ``duplicates`` and ``fault_count``.
    """

    rows: int = 0
    added: int = 0
    #: Subscribed here before, or left before: untouched.  Also who has left by their own hand,
    #: anything here, since they gave the consent that the table states.
    known: int = 0
    #: Kept out by the suppression list, a barred domain, or another row that says they left.
    suppressed: int = 0
    #: Not subscribed where the table comes from.
    passed_over: int = 0
    #: Of these, new on the suppression list: they left there, and read nothing here; or their
    #: address failed, or they complained: then they are mailed nothing here either.
    barred: int = 0
    #: Of these, kept here as having left this newsletter, and no other.
    ended: int = 0
    duplicates: int = 0
    fault_count: int = 0
    #: The first of faults and duplicates: (line of the file, what is wrong and what to do).
    faults: tuple[tuple[int, str], ...] = ()
    #: Each column, and what it was taken for; "" for nothing.
    columns: tuple[tuple[str, str], ...] = ()
    #: Whose export it is: "listmonk", "Mailchimp", "Ghost", "Substack"; "" for a table as ours.
    peer: str = ""
    #: What the newsroom ought to know of that product's exports.
    advice: str = ""
    encoding: str = ""
    delimiter: str = ""
    dry_run: bool = False


def _nobody(_done: int, _total: int) -> None:
    """Nobody looks at the progress."""


async def enrol(
    app: App,
    newsletter: Newsletter,
    path: Path,
    *,
    mapping: Mapping[str, str] = MappingProxyType({}),
    consent_from: str = "",
    consent_at: datetime | None = None,
    tags: Sequence[str] = (),
    encoding: str = "",
    dry_run: bool = False,
    actor: str = "",
    progress: Callable[[int, int], None] = _nobody,
) -> Enrolled:
    """Subscribe the people of a table to *newsletter*, each with the consent they gave.

    A row with a fault is named and stops no other.  All is one transaction: an import that is cut
    short leaves nothing.  The table is put in order in temporary files first ($SQLITE_TMPDIR), as
    large as itself about twice.

    Args:
        mapping: a column as it is written, to a field of `exported.FIELDS`, or to "" for none.
        consent_from: where they agreed, of all rows that do not say; other products' exports
            mostly know only when (*consent_at*; without a zone it is UTC's).
        tags: for everybody who is added.
        encoding: of the file, if it is guessed wrongly.
        dry_run: do all of it and keep nothing.
        progress: told octets read, and octets in all.

    Raises:
        NotFound: there is no such file, or it does not say who, or when and where they agreed.
        Conflict: two columns are the same, or another import is running.
        ParseError: it is no table.
    """
    async with app.db.read() as conn:
        domains = await rows_of.barred_domains(conn)
    terms = replace(
        _terms_of(app, newsletter, now=app.now()),
        consent_at=_in_utc(consent_at),
        consent_from=" ".join(consent_from.split()),
        tags=_tags(tags),
        barred_domains=domains,
    )
    async with _alone(app):
        with ExitStack() as stack:
            file = await asyncio.to_thread(_Table, stack, path, encoding, newsletter.language)
            columns = columns_of(file.sheet.header, mapping=mapping, file_name=path.name)
            roll = _Roll(
                file=file,
                people=People(columns, terms),
                hash_key=app.key,
                is_sqlite=app.db.is_sqlite,
            )
            told = replace(_understood(file, columns), dry_run=dry_run)
            told = await _take_in(app, terms, roll, told, actor, progress)
        if app.db.is_sqlite and not dry_run:
            # What went through the write-ahead log would stay in a file as large as the import.
            await app.db.scrub()
    log.info("imported", newsletter=newsletter.slug, added=told.added, dry_run=dry_run)
    return told


@asynccontextmanager
async def _alone(app: App) -> AsyncIterator[None]:
    """No two imports at once: they would wait for each other's people for ever."""
    async with app.db.lease("import") as mine:
        if not mine:
            raise Conflict("another import is running: wait for it to end, then start this again")
        yield


class _Rehearsed(Exception):
    """Undoes what a dry run did."""


def _takeable(newsletter: Newsletter, every: Sequence[Newsletter]) -> tuple[Frequency, ...]:
    """How often somebody may want it who is taken in: not what would bring them nothing at all.

    Whoever wants it weekly, or on weekdays, where that is not on offer gets it as it comes.
    """
    offered = frequencies(newsletter, every)
    silent = Frequency.BREAKING
    return tuple(one for one in Frequency if one is not silent or one in offered)


def _terms_of(app: App, newsletter: Newsletter, *, now: datetime) -> Terms:
    return Terms(
        frequencies=_takeable(newsletter, app.settings.newsletters),
        newsletter=newsletter.slug,
        slugs=[editorial.section_slug(rule) for rule in newsletter.sections],
        renamed=editorial.renamed(newsletter.sections),
        timezone=newsletter.timezone,
        now=now,
    )


def _in_utc(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def _understood(file: "_Table", columns: Columns) -> Enrolled:
    """What is known of a table before its rows are read."""
    return Enrolled(
        columns=columns.named,
        peer=columns.peer.name if columns.peer else "",
        advice=columns.peer.advice if columns.peer else "",
        encoding=file.encoding,
        delimiter=file.sheet.delimiter,
    )


def _tags(tags: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(parse_tag(tag) for tag in tags)
    except ValueError as error:
        raise NotFound(str(error)) from error


def _in_words(slug: str, told: Enrolled) -> str:
    return (
        f"{slug}: {told.rows} rows, {told.added} added, {told.known} known,"
        f" {told.suppressed} suppressed, {told.passed_over} passed over, {told.barred} barred"
    )


# ------------------------------------------------------------------------- a table


class _Table:
    """An open file and the table in it.

    Raises:
        NotFound: it cannot be read.
        ParseError: it is no table.
    """

    def __init__(self, stack: ExitStack, path: Path, encoding: str, language: str) -> None:
        try:
            self._file: BinaryIO = stack.enter_context(path.open("rb"))
            self.octets = path.stat().st_size
            self.encoding = encoding or encoding_of(self._pieces(), language=language)
            self._file.seek(0)
        except OSError as error:
            raise NotFound(f"{path} cannot be read: {error.strerror or error}") from error
        self.octets_read = 0
        self.sheet: Sheet = read_sheet(self._pieces(), encoding=self.encoding)

    def _pieces(self) -> Iterator[bytes]:
        while piece := self._file.read(_PIECE):
            self.octets_read = self._file.tell()
            yield piece


@dataclass(slots=True, kw_only=True)
class _Batch:
    """Rows of a table that were read together."""

    #: As the staging table has them.
    ready: list[tuple[Any, ...]] = field(default_factory=list)
    gone: list[tuple[Any, ...]] = field(default_factory=list)
    rows: int = 0
    passed_over: int = 0
    suppressed: int = 0
    fault_count: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)
    octets_read: int = 0


@dataclass(slots=True, kw_only=True)
class _Roll:
    """The people of a table, batch by batch."""

    file: _Table
    people: People
    hash_key: bytes
    is_sqlite: bool

    def next(self) -> _Batch:
        """The next batch; one without rows when there are none."""
        batch, persons = _Batch(), []
        gone: list[tuple[str, rows_of.Gone]] = []
        read, is_barred = self.people.read, self.people.is_barred
        for line, cells, fault in islice(self.file.sheet.rows, BATCH):
            batch.rows += 1
            try:
                found = fault or read(line, cells)
            except ValueError as error:
                found = str(error)
            if isinstance(found, Person):
                if is_barred(found.email):
                    batch.suppressed += 1
                else:
                    persons.append(found)
            elif isinstance(found, str):
                batch.fault_count += 1
                batch.faults.append((line, found))
            else:
                batch.passed_over += 1
                if found.cause is not None:
                    gone.append((found.email, found.cause))
        batch.ready = rows_of.ready(persons, is_sqlite=self.is_sqlite, hash_key=self.hash_key)
        batch.gone = rows_of.leaving(gone, hash_key=self.hash_key)
        batch.octets_read = self.file.octets_read
        return batch


@contextmanager
def _undisturbed() -> Iterator[None]:
    """The interpreter as an import wants it; as it was, afterwards.

    A statement needs the interpreter for microseconds, to begin and to end; the thread that reads
    would keep it for its usual 5 ms each time, and the two would as good as take turns.  And
    millions of rows, none of which points at another, are not to be searched for cycles.
    """
    usual, collecting = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(0.0005)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
        if collecting:
            gc.enable()


async def _take_in(
    app: App,
    terms: Terms,
    roll: _Roll,
    told: Enrolled,
    actor: str,
    progress: Callable[[int, int], None],
) -> Enrolled:
    """Stage the table, then one transaction; of a dry run nothing stays."""
    total = roll.file.octets
    async with rows_of.staging(app.db) as place:
        with _undisturbed():
            batch = await asyncio.to_thread(roll.next)
            while batch.rows:
                await place.add(batch.ready)
                await place.bar(batch.gone)
                told = _sum(told, batch)
                progress(min(batch.octets_read, total - 1), total)
                batch = await asyncio.to_thread(roll.next)
        told = _with_duplicates(told, await place.sort())
        with suppress(_Rehearsed):
            async with place.write() as conn:
                done = await rows_of.settle(
                    app.db, conn, terms.newsletter, now=terms.now, language=""
                )
                told = _settled(told, done)
                progress(total, total)
                if told.dry_run:
                    raise _Rehearsed
                words = _in_words(terms.newsletter, told)
                await audit.note(conn, actor=actor, act="import", detail=words, now=terms.now)
    return told


def _sum(told: Enrolled, batch: _Batch) -> Enrolled:
    room = MOST_FAULTS - len(told.faults)
    return replace(
        told,
        rows=told.rows + batch.rows,
        suppressed=told.suppressed + batch.suppressed,
        passed_over=told.passed_over + batch.passed_over,
        fault_count=told.fault_count + batch.fault_count,
        faults=(*told.faults, *batch.faults[:room]),
    )


def _with_duplicates(told: Enrolled, found: rows_of.Sorted) -> Enrolled:
    again = [(line, f"stands on line {first} already") for line, first in found.told]
    faults = sorted([*told.faults, *again])[:MOST_FAULTS]
    return replace(told, duplicates=found.duplicates, faults=tuple(faults))


def _settled(told: Enrolled, done: rows_of.Settled) -> Enrolled:
    return replace(
        told,
        added=done.added,
        known=done.known,
        suppressed=told.suppressed + done.suppressed,
        barred=done.barred,
        ended=done.ended,
    )


# ------------------------------------------------------------- the suppression list


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """What became of a file of addresses that are never to be mailed."""

    rows: int = 0
    #: New on the suppression list.
    added: int = 0
    fault_count: int = 0
    #: The first: (line of the file, what is wrong).
    faults: tuple[tuple[int, str], ...] = ()
    #: Which column was taken; "" of a file without names.
    column: str = ""


async def suppress_file(
    app: App,
    path: Path,
    cause: Barred,
    *,
    encoding: str = "",
    actor: str = "",
) -> Suppressed:
    """Never mail any of the addresses of a file: one column is enough, and it needs no name.

    Their subscriptions are not touched: who is suppressed is not mailed.  All or nothing.

    Raises:
        Conflict: an import is running.
        NotFound: there is no such file, or no column of it has addresses.
        ParseError: it is no table.
    """
    told = Suppressed()
    async with _alone(app), rows_of.staging(app.db) as place:
        with ExitStack() as stack:
            file = await asyncio.to_thread(_Table, stack, path, encoding, "")
            column, first = _place_of_addresses(file.sheet.header)
            told = replace(told, column="" if first else file.sheet.header[column])
            rows: list[Row] = [(1, list(file.sheet.header), "")] if first else []
            rows += await asyncio.to_thread(_draw, file.sheet.rows)
            while rows:
                addresses, faults = _addresses(rows, column)
                gone = [(address, cause) for address in addresses]
                await place.bar(rows_of.leaving(gone, hash_key=app.key))
                room = MOST_FAULTS - len(told.faults)
                told = replace(
                    told,
                    rows=told.rows + len(rows),
                    fault_count=told.fault_count + len(faults),
                    faults=(*told.faults, *faults[:room]),
                )
                rows = await asyncio.to_thread(_draw, file.sheet.rows)
        await place.sort()
        now = app.now()
        async with place.write() as conn:
            told = replace(told, added=await rows_of.bar(conn, now=now))
            words = f"as {cause}: {told.rows} rows, {told.added} new"
            await audit.note(conn, actor=actor, act="suppress", detail=words, now=now)
    log.info("suppressed", rows=told.rows, added=told.added, cause=cause.value)
    return told


def _draw(rows: Iterator[Row]) -> list[Row]:
    return list(islice(rows, BATCH))


def _place_of_addresses(header: Sequence[str]) -> tuple[int, bool]:
    """Which column has addresses, and whether the first line is a row itself."""
    for place, cell in enumerate(header):
        try:
            parse_address(unguarded(cell))
        except ValueError:
            continue
        return place, True
    return columns_of(header).places["email"][0], False


def _addresses(rows: Sequence[Row], place: int) -> tuple[list[str], list[tuple[int, str]]]:
    found, faults = [], []
    for line, cells, fault in rows:
        try:
            if fault:
                raise ValueError(fault)
            found.append(parse_address(unguarded(cells[place]) if place < len(cells) else ""))
        except ValueError as error:
            faults.append((line, str(error)))
    return found, faults
