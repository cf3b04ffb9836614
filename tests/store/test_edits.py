"""What editors did: numbered, in order, and taken back without a number being used again."""

import asyncio

import pytest

from digest.errors import NotFound
from digest.model import Edit, EditKind
from digest.store import Database, editions, edits
from make import MORNING
from store.rows import SLOT

ID = SLOT.edition_id


def make_edit(kind: EditKind = EditKind.PIN, target: str = "a" * 16, text: str = "") -> Edit:
    return Edit(number=0, kind=kind, target=target, items=(target,), text=text, at=MORNING, by="Io")


@pytest.fixture
async def drafted(db: Database) -> Database:
    async with db.write() as conn:
        await editions.create(db, conn, SLOT, now=MORNING)
    return db


async def test_edits_come_back_whole_and_in_order(drafted: Database) -> None:
    words = make_edit(EditKind.HEADLINE, text="Żółw — «naïve» 🌊")
    async with drafted.write() as conn:
        first = await edits.add(conn, ID, make_edit())
        second = await edits.add(conn, ID, words)
        assert (first.number, second.number) == (1, 2)
        assert await edits.of_edition(conn, ID) == [first, second]
        assert second.text == words.text


async def test_what_is_taken_back_is_gone_and_its_number_with_it(drafted: Database) -> None:
    async with drafted.write() as conn:
        first = await edits.add(conn, ID, make_edit())
        await edits.add(conn, ID, make_edit(EditKind.KILL))
        await edits.remove(conn, ID, 2)
        assert await edits.of_edition(conn, ID) == [first]
        with pytest.raises(NotFound, match="no edit 2"):
            await edits.remove(conn, ID, 2)
        assert (await edits.add(conn, ID, make_edit(EditKind.HOLD))).number == 3


async def test_editors_at_once_get_numbers_of_their_own(drafted: Database) -> None:
    async def one(number: int) -> int:
        async with drafted.write() as conn:
            return (await edits.add(conn, ID, make_edit(text=str(number)))).number

    numbers = await asyncio.gather(*(one(number) for number in range(12)))
    assert sorted(numbers) == list(range(1, 13))
    async with drafted.read() as conn:
        assert len(await edits.of_edition(conn, ID)) == 12


async def test_an_edit_needs_an_edition(db: Database) -> None:
    with pytest.raises(NotFound, match="no edition"):
        async with db.write() as conn:
            await edits.add(conn, ID, make_edit())
