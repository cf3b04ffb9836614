"""Having what was erased be in no file of the database any more.

SQLite overwrites the rows that it deletes, but moves rows from page to page as tables grow and
shrink, and leaves copies of them in the gaps.  Only writing the file anew is certain: at once
while it is small; else by the clock, once for all who were erased since the last time.
"""

import secrets
import sqlite3
from pathlib import Path
from typing import Any, Final

from digest.errors import StoreError
from digest.store.database import Database

#: Octets of a database that is written anew in about a second.
SMALL: Final = 100_000_000


def _marks(db: Database) -> list[Path]:
    file = Path(db.url.database or "")
    return sorted(file.parent.glob(f"{file.name}.unclean-*"))


def mark(db: Database) -> None:
    """Note that somebody is about to be erased: after a crash the files are cleaned as well."""
    if db.is_sqlite:
        Path(f"{db.url.database}.unclean-{secrets.token_hex(8)}").touch()


async def clean(db: Database, *, small: int = SMALL) -> None:
    """Clean the files of whom was erased, as far as it takes no more than a second.

    Args:
        small: octets up to which the file is written anew.

    Raises:
        StoreError: there is no room, or somebody else kept it busy: call it again later.
    """
    await db.scrub()
    # Those that are there now: whoever is erased while we are at it is not in this round.
    done = _marks(db) if db.is_sqlite else []
    if not done or _size(db) > small:
        return
    async with db.read() as conn:
        # Past SQLAlchemy, which would begin a transaction first.
        driver: Any = (await conn.get_raw_connection()).driver_connection
        try:
            await driver.execute("VACUUM")
        except sqlite3.Error as error:
            raise StoreError(f"the database cannot be written anew: {error}") from error
    await db.scrub()
    for path in done:
        path.unlink(missing_ok=True)


async def clean_all(db: Database) -> None:
    """Clean the files, however large: for the clock."""
    await clean(db, small=1 << 62)


def _size(db: Database) -> int:
    return Path(db.url.database or "").stat().st_size
