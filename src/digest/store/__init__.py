"""Loud room: what Digest remembers.  SQLite or PostgreSQL, by URL.

Functions take the connection first; a transaction is ``async with db.write() as conn``.  It
knows rows and their rules; it does not know why they change: verbs do.
"""

from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection as Connection

from digest.doors import door

if TYPE_CHECKING:
    from digest.store import editions, items, journal, placements, reports, sources, subscribers
    from digest.store.database import Database
    from digest.store.events import (
        Entry,
        EventFile,
        Ledger,
        Trace,
        forget_events,
        forget_ledgers,
        open_events,
        read_events,
    )
else:
    __getattr__ = door(
        __name__,
        {
            "database": "Database",
            "events": "Entry EventFile Ledger Trace forget_events forget_ledgers open_events "
            "read_events",
        },
        files="editions items journal placements reports sources subscribers",
    )
