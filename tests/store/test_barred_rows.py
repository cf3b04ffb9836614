from datetime import timedelta

from sqlalchemy import insert

from digest.model import Barred
from digest.store import Database, barred, people, schema
from digest.store.barred import Bar
from make import MORNING

KEY = b"k" * 32
LATER = MORNING + timedelta(hours=1)


async def test_all_that_bars_an_address_is_told_itself_first_then_the_nearest_domain(
    db: Database,
) -> None:
    async with db.write() as conn:
        await people.bar(db, conn, "Ann@news.example.com", Barred.BOUNCE, hash_key=KEY, now=MORNING)
        await people.bar_domain(db, conn, "example.com", Barred.COMPLAINT, now=LATER)
        # Such a row counts as the newsroom's: no sign-up lifts it.
        await people.bar_domain(db, conn, "news.example.com", Barred.BOUNCE, now=LATER)
        found = await barred.bars_of(conn, "ann@news.example.com", hash_key=KEY)
        assert found == [
            Bar(domain="", cause=Barred.BOUNCE, since=MORNING),
            Bar(domain="news.example.com", cause=Barred.ADMIN, since=LATER),
            Bar(domain="example.com", cause=Barred.COMPLAINT, since=LATER),
        ]
        assert await barred.bars_of(conn, "ann@ample.com", hash_key=KEY) == []


async def test_the_list_counts_addresses_by_cause_and_names_domains(db: Database) -> None:
    async with db.write() as conn:
        empty = await barred.listing(conn)
        assert (empty.addresses, empty.domains) == ({}, ())
        for name, cause in (("a", "bounce"), ("b", "bounce"), ("c", "admin"), ("d", "operator")):
            row = {"address_hash": name * 64, "cause": cause, "at": MORNING}
            await conn.execute(insert(schema.suppression).values(row))
        for domain in ("b.example", "a.example"):
            await people.bar_domain(db, conn, domain, Barred.ADMIN, now=MORNING)
        found = await barred.listing(conn)
        assert found.addresses == {Barred.ADMIN: 2, Barred.BOUNCE: 2}
        assert [one.domain for one in found.domains] == ["a.example", "b.example"]


async def test_the_words_of_the_relay_are_found_by_edition(db: Database) -> None:
    async with db.write() as conn:
        for edition, text in (("daily@1", "550 no such user"), ("daily@2", "")):
            row = {"edition_id": edition, "subscriber_id": 7, "state": "refused", "at": MORNING}
            await conn.execute(insert(schema.delivery).values(**row, text=text))
        found = await barred.words_of(conn, 7, ["daily@1", "daily@2"])
        assert found == {"daily@1": "550 no such user"}
        assert await barred.words_of(conn, 8, ["daily@1"]) == {}
