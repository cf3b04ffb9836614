"""Clicks as rows: added up, by edition and address."""

from digest.store import Database, clicks

EDITION, OTHER = "daily@2026-05-18T0700", "daily@2026-05-19T0700"
FERRY, BRIDGE = "https://wire.example/ferry", "https://wire.example/bridge?a=1&b=ü"


async def test_counts_are_added_to_what_is_known_and_told_most_first(db: Database) -> None:
    async with db.write() as conn:
        await clicks.add(db, conn, {(EDITION, BRIDGE): 2, (EDITION, FERRY): 1, (OTHER, FERRY): 7})
        await clicks.add(db, conn, {(EDITION, FERRY): 3})
    async with db.read() as conn:
        assert await clicks.of_edition(conn, EDITION) == [(FERRY, 4), (BRIDGE, 2)]
        assert await clicks.of_edition(conn, OTHER) == [(FERRY, 7)]


async def test_nothing_counted_is_nothing_kept(db: Database) -> None:
    async with db.write() as conn:
        await clicks.add(db, conn, {})
        await clicks.add(db, conn, {(EDITION, FERRY): 0})
        assert await clicks.of_edition(conn, EDITION) == []


async def test_addresses_that_begin_alike_are_told_apart_however_long(db: Database) -> None:
    long = "https://wire.example/" + "a" * 3_000
    async with db.write() as conn:
        await clicks.add(db, conn, {(EDITION, long + "1"): 1, (EDITION, long + "2"): 1})
        await clicks.add(db, conn, {(EDITION, long + "2"): 1})
        assert await clicks.of_edition(conn, EDITION) == [(long + "2", 2), (long + "1", 1)]
