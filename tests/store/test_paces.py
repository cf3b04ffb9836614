"""Paces as rows: written over, taken away, forgotten."""

from datetime import timedelta

from digest.store import Database, paces
from make import MORNING


async def test_a_state_is_written_over_and_read_back(db: Database) -> None:
    async with db.write() as conn:
        await paces.save(db, conn, {"lane:gmail": "{1}", "relay:first": "{2}"}, now=MORNING)
        await paces.save(db, conn, {"lane:gmail": "{3}"}, now=MORNING)
        await paces.save(db, conn, {}, now=MORNING)
    async with db.read() as conn:
        assert await paces.load(conn) == {"lane:gmail": "{3}", "relay:first": "{2}"}


async def test_what_has_nothing_to_tell_any_more_is_taken_away(db: Database) -> None:
    async with db.write() as conn:
        await paces.save(db, conn, {"lane:gmail": "{1}", "lane:yahoo": "{2}"}, now=MORNING)
        await paces.save(db, conn, {"lane:gmail": "", "lane:icloud": ""}, now=MORNING)
        assert await paces.load(conn) == {"lane:yahoo": "{2}"}


async def test_what_nobody_has_touched_for_a_month_goes_with_it(db: Database) -> None:
    async with db.write() as conn:
        await paces.save(db, conn, {"lane:old.example": "{1}"}, now=MORNING)
        await paces.save(
            db, conn, {"lane:a.example": "", "lane:b.example": "{2}"}, now=MORNING + timedelta(31)
        )
        assert await paces.load(conn) == {"lane:b.example": "{2}"}


async def test_one_is_forgotten_by_its_key(db: Database) -> None:
    async with db.write() as conn:
        await paces.save(db, conn, {"lane:gmail": "{1}", "relay:gmail": "{2}"}, now=MORNING)
        assert await paces.forget(conn, "lane:gmail")
        assert not await paces.forget(conn, "lane:gmail")
        assert await paces.load(conn) == {"relay:gmail": "{2}"}
