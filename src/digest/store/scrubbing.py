"""Having what was erased be in no file of the database any more.

SQLite overwrites the rows that it deletes, but moves rows from page to page as tables grow and
shrink, and leaves copies of them in the gaps.  Only writing the file anew is certain: at once
while it is small; else by the clock, once for all who were erased since the last time.  A mark
beside the file says that this is to be done, and since when; it goes when it was done.
"""

import secrets
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from digest.errors import StoreError
from digest.store.database import Database

#: Octets of a database that is written anew while somebody waits.
SMALL: Final = 20_000_000


def _marks(db: Database) -> list[Path]:
    file = Path(db.url.database or "")
    return sorted(file.parent.glob(f"{file.name}.unclean-*")) if db.is_sqlite else []


def mark(db: Database, now: datetime) -> None:
    """Note that somebody is about to be erased: after a crash the files are cleaned as well."""
    if db.is_sqlite:
        name = f"{db.url.database}.unclean-{int(now.timestamp())}-{secrets.token_hex(8)}"
        Path(name).touch()


def unclean_since(db: Database) -> datetime | None:
    """Since when the files are to be cleaned; None: they are clean."""
    # Those of older versions say no time: long since.
    times = [path.name.rpartition(".unclean-")[2].partition("-") for path in _marks(db)]
    seconds = [int(time) if dash and time.isdecimal() else 0 for time, dash, _ in times]
    return datetime.fromtimestamp(min(seconds), UTC) if seconds else None


async def clean(db: Database, *, small: int = SMALL) -> bool:
    """Clean the files of whom was erased; False if that is left to do.

    It is left while the file is too large, or somebody reads what was before.

    Args:
        small: octets up to which the file is written anew.

    Raises:
        StoreError: there is no room, or somebody else kept it busy: call it again later.
    """
    # Those that are there now: whoever is erased while we are at it is not in this round.
    done = _marks(db)
    # Writing anew what cannot be put into place would only make the log grow.
    if not await db.scrub():
        return False
    if not done:
        return True
    if _size(db) > small:
        return False
    async with db.read() as conn:
        # Past SQLAlchemy, which would begin a transaction first.
        driver: Any = (await conn.get_raw_connection()).driver_connection
        try:
            await driver.execute("VACUUM")
        except sqlite3.Error as error:
            raise StoreError(f"the database cannot be written anew: {error}") from error
    if not await db.scrub():
        return False
    for path in done:
        path.unlink(missing_ok=True)
    return True


async def clean_all(db: Database) -> bool:
    """Clean the files, however large: for the clock.  As `clean`."""
    return await clean(db, small=1 << 62)


def _size(db: Database) -> int:
    return Path(db.url.database or "").stat().st_size
