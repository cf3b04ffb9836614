"""Databases that have their tables already: made once, copied for each test."""

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from digest.store import Database


async def _make(url: str, base: Path) -> None:
    database = Database(url, base=base)
    await database.upgrade()
    await database.close()


def make_ready(url: str, base: Path = Path()) -> None:
    """Bring the schema of a database to this version; also from within an event loop."""
    with ThreadPoolExecutor(1) as apart:
        apart.submit(lambda: asyncio.run(_make(url, base))).result()


@lru_cache(maxsize=1)
def _sqlite() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        make_ready("sqlite:///digest.db", Path(folder))
        # The last connection that closes empties the write-ahead log into it.
        return (Path(folder) / "digest.db").read_bytes()


def lay_ready(file: Path) -> None:
    """Put an SQLite database with its tables there, if there is none."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_sqlite())
