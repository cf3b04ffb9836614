"""What senders tell of themselves: one row each, written over, of no use later."""

from datetime import timedelta

from digest.store import Database, progress
from make import MORNING

ID = "daily@2026-05-18T0700"
LATER = MORNING + timedelta(seconds=1)


async def test_each_worker_has_one_row_and_its_newest_words(db: Database) -> None:
    async with db.write() as conn:
        await progress.note(db, conn, ID, "here:1", "old", now=MORNING)
        await progress.note(db, conn, ID, "there:1", "theirs", now=MORNING)
        await progress.note(db, conn, ID, "here:1", "new", now=LATER)
        await progress.note(db, conn, "other@2026-05-18T0700", "here:1", "x", now=LATER)
        assert await progress.read(conn, ID) == [
            ("here:1", "new", LATER),
            ("there:1", "theirs", MORNING),
        ]


async def test_rows_of_editions_and_of_long_ago_are_dropped(db: Database) -> None:
    async with db.write() as conn:
        for worker, at in (("old", MORNING), ("new", LATER)):
            await progress.note(db, conn, ID, worker, "{}", now=at)
        assert await progress.drop_old(conn, before=LATER) == 1
        assert [row.worker for row in await progress.read(conn, ID)] == ["new"]
        await progress.drop(conn, ID)
        assert await progress.read(conn, ID) == []
