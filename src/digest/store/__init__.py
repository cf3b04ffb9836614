"""Loud room: what Digest remembers.  SQLite or PostgreSQL, by URL.

Functions take the connection first; a transaction is ``async with db.write() as conn``.  It
knows rows and their rules; it does not know why they change: verbs do.
"""

from sqlalchemy.ext.asyncio import AsyncConnection as Connection

from digest.store import editions, items, journal, placements, reports, sources, subscribers
from digest.store.database import Database
from digest.store.events import (
    EventFile,
    Ledger,
    Trace,
    forget_events,
    forget_ledgers,
    open_events,
    read_events,
)

__all__ = [
    "Connection",
    "Database",
    "EventFile",
    "Ledger",
    "Trace",
    "editions",
    "forget_events",
    "forget_ledgers",
    "items",
    "journal",
    "open_events",
    "placements",
    "read_events",
    "reports",
    "sources",
    "subscribers",
]
