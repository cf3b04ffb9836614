"""Rows of pictures: what is kept for an edition, what others have, what is forgotten."""

from datetime import datetime, timedelta

from digest.model import KeptPicture
from digest.store import Database, pictures
from digest.store.pictures import Noted
from make import MORNING

ID, OTHER = "daily@2026-05-18T0700", "evening@2026-05-18T1800"
FERRY, QUAY = "https://wire.example/ferry.jpg", "folder:notes/quay.jpg"
EARLIER = MORNING - timedelta(hours=1)


def make_noted(url: str = FERRY, file: str = "00ff.jpg", at: datetime = MORNING) -> Noted:
    kept = KeptPicture(
        source_url=url, file=file, media_type="image/jpeg", width=1088, height=725, size=90_000
    )
    return Noted(source_url=url, kept=kept, at=at)


async def note(db: Database, edition_id: str, *rows: Noted) -> None:
    async with db.write() as conn:
        await pictures.note(db, conn, edition_id, rows)


async def test_a_picture_comes_back_as_it_was_kept(db: Database) -> None:
    noted, failed = make_noted(), Noted(source_url=QUAY, fault="is empty", at=EARLIER)
    await note(db, ID, noted, failed)
    async with db.read() as conn:
        assert await pictures.of_edition(conn, ID) == {FERRY: noted, QUAY: failed}
        assert await pictures.kept(conn, ID) == {FERRY: noted.kept}
        assert await pictures.faults(conn, ID) == {QUAY: "is empty"}
        assert await pictures.of_edition(conn, OTHER) == {}


async def test_what_is_noted_later_takes_the_place_of_what_was(db: Database) -> None:
    await note(db, ID, Noted(source_url=FERRY, fault="a NUL\0 in it", at=EARLIER))
    async with db.read() as conn:
        assert await pictures.faults(conn, ID) == {FERRY: "a NUL in it"}
    await note(db, ID, make_noted())
    async with db.read() as conn:
        assert await pictures.of_edition(conn, ID) == {FERRY: make_noted()}
    await note(db, ID, Noted(source_url=FERRY, fault="answered 404", at=MORNING))
    async with db.read() as conn:
        assert await pictures.kept(conn, ID) == {}


async def test_the_newest_file_that_any_edition_has_is_known(db: Database) -> None:
    await note(db, OTHER, make_noted(file="old.jpg", at=EARLIER))
    await note(db, ID, make_noted(file="new.jpg"))
    await note(db, ID, Noted(source_url=QUAY, fault="is empty", at=MORNING))
    wanted = [FERRY, QUAY, *(f"https://wire.example/{n}" for n in range(900))]
    async with db.read() as conn:
        found = await pictures.known(conn, wanted, since=EARLIER)
        assert found == {FERRY: make_noted(file="new.jpg")}
        assert await pictures.known(conn, wanted, since=MORNING + timedelta(seconds=1)) == {}
        assert await pictures.known(conn, [], since=EARLIER) == {}


async def test_pictures_that_an_edition_shows_no_more_are_forgotten_for_it_alone(
    db: Database,
) -> None:
    await note(db, ID, make_noted(), make_noted(QUAY, "11.png"))
    await note(db, OTHER, make_noted(QUAY, "22.png"))
    async with db.write() as conn:
        assert await pictures.files(conn) == {"00ff.jpg", "11.png", "22.png"}
        assert await pictures.keep_only(conn, ID, [FERRY]) == 1
        assert await pictures.keep_only(conn, ID, [FERRY]) == 0
        assert await pictures.files(conn) == {"00ff.jpg", "22.png"}
        assert await pictures.keep_only(conn, ID, []) == 1
