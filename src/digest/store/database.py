"""One open database, and the only places where its two dialects differ.

SQLite: the driver is in autocommit and every write transaction begins IMMEDIATE on an engine
with a pool of one, reads run on a second engine.  As SQLAlchemy comes, a SELECT runs outside
the transaction and read-then-write loses updates without a word.
"""

import asyncio
import fcntl
import os
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import ClauseElement, Connection, Executable, event, inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.compiler import SQLCompiler

from digest.errors import ConfigError, StoreError

#: The newest revision under migrations/versions.
HEAD = "0007"
#: Tables with rows about people.
_OF_PEOPLE = (
    *("subscriber", "consent", "subscription", "change", "tag", "signup", "letter", "bounce"),
    *("delivery", "answer"),
)

#: Of each connection to SQLite that stays open: the system has the pages in memory for all.
_CACHE_KB = 512
#: Of one that moves people in: what does not fit is written more than once.
_CACHE_APART_KB = 2000
#: How long a statement waits for whoever else writes to the file.
_BUSY_MS = 20_000

#: How `Instant` is kept in SQLite.
_WRITTEN = "%Y-%m-%d %H:%M:%S.%f"

T = TypeVar("T")

#: What drivers say when the database, not the statement, is at fault.
_GONE = r"locked|disk|full|unable to open|too many|shut|not a database|malformed|readonly"

#: PostgreSQL's deadlock_detected and serialization_failure.
_TURNED_BACK = ("40P01", "40001")

#: A dead machine must not keep its advisory locks for the kernel's default of two hours.
_KEEPALIVE = {
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}


async def _whole(step: Awaitable[T]) -> T:
    """Let *step* come to its end even if we are cancelled meanwhile.

    A BEGIN or COMMIT that is dropped half-way goes on in the driver's thread, and what it began
    would stay begun: nobody else could write any more.
    """
    task = asyncio.ensure_future(step)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _url(given: str, *, base: Path, password: str | None) -> URL:
    try:
        url = make_url(given)
    except ArgumentError as error:
        raise ConfigError([f"store.url: {given!r} is not a database URL"]) from error
    if url.get_backend_name() == "sqlite":
        path = base / (url.database or "data/digest.db")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError([f"store.url: {path.parent} cannot be made: {error}"]) from error
        return URL.create("sqlite+aiosqlite", database=str(path))
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+asyncpg", password=password or url.password)
    raise ConfigError(["store.url: only sqlite:/// and postgresql:// are understood"])


def _sqlite_engine(url: URL, begin: str, *, cache_kb: int = _CACHE_KB, **pool: Any) -> AsyncEngine:
    engine = create_async_engine(
        url, connect_args={"isolation_level": None}, hide_parameters=True, **pool
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        # FULL: what is committed before a byte leaves must survive a power cut too.
        # secure_delete: whoever is erased is not left behind in a free page.
        for pragma in (
            *("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"),
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        cursor.execute(f"PRAGMA cache_size=-{cache_kb}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@asynccontextmanager
async def _transaction(connection: AsyncConnection) -> AsyncIterator[None]:
    transaction = await _whole(connection.begin().start())
    try:
        yield
    except BaseException:
        await _whole(transaction.rollback())
        raise
    await _whole(transaction.commit())


class Apart:
    """See `Database.apart`."""

    def __init__(self, connection: AsyncConnection, driver: Any) -> None:
        self._connection = connection
        #: The driver's own: statements through it are outside any transaction of SQLAlchemy's.
        self.driver = driver

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """As `Database.write`, where the temporary tables are."""
        async with _transaction(self._connection):
            yield self._connection


class Database:
    """Where rows are kept.  ``async with db.write() as conn`` is one transaction."""

    def __init__(self, url: str, *, base: Path = Path(), password: str | None = None) -> None:
        self.url = _url(url, base=base, password=password)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        #: What a connection that is not to be had raises.
        self._mute: tuple[type[Exception], ...] = (OSError, PoolTimeout)
        if self.is_sqlite:
            self._locks = Path(f"{self.url.database}.locks")
            self._locks.mkdir(exist_ok=True)
            self._writer = _sqlite_engine(self.url, "BEGIN IMMEDIATE", pool_size=1, max_overflow=0)
            self._reader = _sqlite_engine(self.url, "BEGIN", pool_size=4)
            self._alone = _sqlite_engine(
                self.url, "BEGIN IMMEDIATE", cache_kb=_CACHE_APART_KB, poolclass=NullPool
            )
            self._raw: tuple[type[Exception], ...] = (sqlite3.Error,)
        else:
            from asyncpg.exceptions import InterfaceError, PostgresError

            self._raw = (InterfaceError, PostgresError)
            self._mute += self._raw
            # Parameters are people's addresses: they are in no error, and so in no log.
            common: dict[str, Any] = {
                "connect_args": {"server_settings": _KEEPALIVE},
                "hide_parameters": True,
            }
            self._writer = self._reader = create_async_engine(self.url, pool_size=5, **common)
            # A lease holds its connection for as long as the work takes: never one of the pool's.
            self._leases = create_async_engine(self.url, poolclass=NullPool, **common)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that may write: committed at the end, rolled back on any error."""
        with self._translated():
            async with self._opened(self._writer) as connection, _transaction(connection):
                yield connection

    @asynccontextmanager
    async def apart(self) -> AsyncIterator["Apart"]:
        """A connection of one's own, with temporary tables of its own, closed afterwards.

        For work that is long to prepare and short to write: until `Apart.write` nothing is begun,
        so on SQLite everybody else goes on writing.
        """
        engine = self._alone if self.is_sqlite else self._leases
        with self._translated():
            async with self._opened(engine) as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                try:
                    yield Apart(connection, driver)
                except self._raw as error:
                    # Past SQLAlchemy, nobody has wrapped it.
                    raise self._silent(error) from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view for reading."""
        with self._translated():
            async with self._opened(self._reader) as connection:
                yield connection

    @asynccontextmanager
    async def _opened(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        connection = engine.connect()
        try:
            await _whole(connection.start())
        except self._mute as error:
            raise self._silent(error) from error
        except asyncio.CancelledError:
            # It may have come all the same: nobody else would give it back.
            with suppress(SQLAlchemyError):
                await connection.close()
            raise
        try:
            yield connection
        finally:
            await _whole(connection.close())

    def _silent(self, error: Exception) -> StoreError:
        where = self.url.render_as_string(hide_password=True)
        return StoreError(f"the database {where} does not answer: {error}")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """What is wrong with the database becomes ours; a mistake in a statement does not."""
        try:
            yield
        except DBAPIError as error:
            gone = re.search(_GONE, str(error.orig), re.IGNORECASE)
            if error.connection_invalidated or gone:
                raise self._silent(error) from error
            if getattr(error.orig, "sqlstate", None) in _TURNED_BACK:
                # Whoever comes again finds the other one done.
                raise StoreError("two writers stood in each other's way; try again") from error
            raise

    async def close(self) -> None:
        await self._writer.dispose()
        await self._reader.dispose()
        if not self.is_sqlite:
            await self._leases.dispose()

    async def upgrade(self) -> None:
        """Bring the schema to this version; harmless when it is there already.

        Raises:
            StoreError: the database is of a newer Digest.
        """
        async with self.lease("schema", wait=True), self.write() as connection:
            await connection.run_sync(_upgrade)

    @asynccontextmanager
    async def lease(self, key: str, *, wait: bool = False) -> AsyncIterator[bool]:
        """Be the only one who does *key*; yields whether that is so.

        A lock of the system, not a row: it is gone the moment its process is, so nobody waits
        for an expiry after a crash.  It decides who *starts*; what is committed is guarded by
        the fence, which does not trust anybody's idea of who is alive.
        """
        if self.is_sqlite:
            async with self._file_lock(key, wait=wait) as mine:
                yield mine
            return
        number = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), signed=True)
        verb = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
        async with self._opened(self._leases) as connection:
            with self._translated():
                held = await connection.scalar(text(f"SELECT {verb}(:n)"), {"n": number})
                # The lock is the session's: no transaction stays open while the work goes on.
                await connection.commit()
            try:
                yield held is not False
            finally:
                if held is not False:
                    # On a broken connection the lock is gone already.
                    with suppress(DBAPIError):
                        statement = text("SELECT pg_advisory_unlock(:n)")
                        await connection.execute(statement, {"n": number})
                        await connection.commit()

    @asynccontextmanager
    async def _file_lock(self, key: str, *, wait: bool) -> AsyncIterator[bool]:
        name = re.sub(r"[^A-Za-z0-9@._-]", "_", key)
        handle = os.open(f"{self._locks}/{name}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if wait:
                        await asyncio.sleep(0.05)
                        continue
                    yield False
                    return
                yield True
                return
        finally:
            # Closing gives the lock back.  The file stays: removing it would let two hold "it".
            os.close(handle)

    async def ask(self) -> None:
        """Raise `StoreError` unless the database answers."""
        async with self.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def scrub(self, *, wait_ms: int = 500) -> bool:
        """Have what was deleted be gone from the files, not only from the answers.

        False: somebody reads what was before, and keeps it there; call it again later.

        SQLite overwrites deleted rows by itself; older pages in the write-ahead log go when it
        is emptied.  PostgreSQL keeps dead rows until they are vacuumed (its own log, and
        backups, go with their own time).

        Args:
            wait_ms: for readers, of SQLite; nobody can write meanwhile.
        """
        if self.is_sqlite:
            async with self._opened(self._writer) as connection:
                with self._translated():
                    # Past SQLAlchemy, which would begin a transaction first.
                    driver: Any = (await connection.get_raw_connection()).driver_connection
                    return await _emptied(driver, wait_ms)
        async with self._opened(self._leases) as connection:
            with self._translated():
                plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
                for table in _OF_PEOPLE:
                    await plain.execute(text(f"VACUUM {table}"))
        return True

    async def execute_many(
        self, conn: AsyncConnection, statement: Executable, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Execute *statement* for each of *rows*, whose keys are its parameters.

        On SQLite the driver is given the rows as they are, instants written out: SQLAlchemy's
        work on each of thousands a second is twice SQLite's own.
        """
        if not self.is_sqlite:
            await conn.execute(statement, rows)
            return
        written, names = _compiled(cast(ClauseElement, statement))
        values = [
            tuple(
                value.astimezone(UTC).strftime(_WRITTEN) if isinstance(value, datetime) else value
                for value in (row[name] for name in names)
            )
            for row in rows
        ]
        await conn.exec_driver_sql(written, values)

    def insert(self, table: Any) -> Any:
        """INSERT with ``on_conflict_*``: both dialects have it, under the same names."""
        if self.is_sqlite:
            return sqlite.insert(table)
        # Loaded with the driver, where it is the database.
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)


@lru_cache(maxsize=16)
def _compiled(statement: ClauseElement) -> tuple[str, tuple[str, ...]]:
    """SQLite's text of a statement, and its parameters in their order."""
    compiled = cast(SQLCompiler, statement.compile(dialect=sqlite.dialect()))
    return str(compiled), tuple(compiled.positiontup or ())


async def _emptied(driver: Any, wait_ms: int) -> bool:
    """Empty a write-ahead log; False if somebody needs what is in it."""
    try:
        # Most of the work, and nobody waits for it; then only the end is left.
        await driver.execute_fetchall("PRAGMA wal_checkpoint(PASSIVE)")
        await driver.execute(f"PRAGMA busy_timeout={wait_ms}")
        try:
            rows = list(await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)"))
        finally:
            await driver.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    except sqlite3.Error as error:
        raise StoreError(f"the database's log cannot be emptied: {error}") from error
    return not rows[0][0]


def _upgrade(connection: Connection) -> None:
    current = None
    if inspect(connection).has_table("alembic_version"):
        current = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if current == HEAD:
        return
    # Imported when there is something to do: it would be a quarter of every command's start.
    from digest.store.migrating import upgrade

    upgrade(connection, current)
