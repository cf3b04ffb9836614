from datetime import timedelta
from typing import Any

from sqlalchemy import insert, update

from digest.model import Frequency
from digest.segments import parse
from digest.store import Database, schema, segments, subscribers
from digest.store.subscribers import Readers
from make import MORNING
from store.rows import make_newcomer, take_in

PEOPLE: list[dict[str, Any]] = [
    {"language": "uk", "sections": ("sport",), "timezone": "Europe/Kyiv"},
    {"language": "en-GB", "sections": ("sport", "harbour"), "name": "Ann O'Neill"},
    {"language": "en", "email": "four@news.Example.COM"},
    {"language": "de", "email": "five@other.example"},
]


async def populate(db: Database) -> None:
    async with db.write() as conn:
        newcomers = [make_newcomer(number, **fields) for number, fields in enumerate(PEOPLE, 1)]
        await take_in(db, conn, "daily", newcomers, now=MORNING)
        await take_in(db, conn, "weekly", newcomers[:1], now=MORNING)
        await conn.execute(
            insert(schema.tag), [{"tag": "press", "subscriber_id": n} for n in (1, 3)]
        )
        change = update(schema.subscription).where(schema.subscription.c.newsletter == "daily")
        await conn.execute(
            change.where(schema.subscription.c.subscriber_id == 2).values(
                hour=8, frequency="weekdays", briefs=0
            )
        )
        await conn.execute(
            change.where(schema.subscription.c.subscriber_id == 4).values(
                state="ended", since=MORNING + timedelta(days=3), hour=20
            )
        )


#: Filters, and whom each finds.
FOUND: list[tuple[str, set[int]]] = [
    ('language = "uk"', {1}),
    ('language = "EN"', {2, 3}),
    ('language = "en-GB"', {2}),
    ('language != "en"', {1, 4}),
    ('language in ("uk", "de")', {1, 4}),
    ('language not in ("uk", "de")', {2, 3}),
    ('timezone = "Europe/Kyiv"', {1}),
    # Whoever chose no section gets all of them.
    ('section = "sport"', {1, 2, 3, 4}),
    ('section = "harbour"', {2, 3, 4}),
    ('section != "harbour"', {1}),
    ('section = "harb%"', {3, 4}),
    ('name = "Ann O\'Neill"', {2}),
    ('email = "FOUR@news.example.com"', {3}),
    ('domain = "example.com"', {1, 2, 3}),
    ('domain = "@news.example.com"', {3}),
    ('domain = "ample.com"', set()),
    ('domain = "exampl_.com"', set()),
    ('tag = "press"', {1, 3}),
    ('not tag = "press" and tag != "other"', {2, 4}),
    ('frequency = "weekdays"', {2}),
    ('state = "ended"', {4}),
    ("hour = 8", {2}),
    ("hour > 8", {4}),
    ("hour <= 8", {2}),
    ("briefs = false", {2}),
    ("briefs = true", {1, 3, 4}),
    ("joined = 2026-05-18", {1, 2, 3, 4}),
    ("joined > 2026-05-18", set()),
    ("joined > 2026-05-17", {1, 2, 3, 4}),
    ("joined < 2026-05-18", set()),
    ("joined <= 2026-05-18", {1, 2, 3, 4}),
    ("since >= 2026-05-21", {4}),
    ("since < 2026-05-21", {1, 2, 3}),
    ("consent = 2026-05-18", {1, 2, 3, 4}),
    ("consent != 2026-05-18", set()),
    ('language = "uk" and section in ("sport") and joined > 2026-01-01', {1}),
    ('tag = "x\' OR 1=1 --"', set()),
]


async def test_a_filter_finds_whom_it_says(db: Database) -> None:
    await populate(db)
    for text, who in FOUND:
        wanted = parse(text)
        async with db.read() as conn:
            found = await segments.matching(conn, wanted, newsletter="daily")
        assert {one.subscriber_id for one in found} == who, text
        assert await segments.count(db, wanted, newsletter="daily") == len(who), text
        assert await segments.count(db, wanted) == len(who), text


async def test_pages_of_people_with_several_newsletters_leave_nobody_out(db: Database) -> None:
    await populate(db)
    async with db.read() as conn:
        met, after = [], segments.Match(0, "")
        while page := await segments.matching(conn, None, after=after, limit=2):
            met += page
            after = page[-1]
        assert met == [(1, "daily"), (1, "weekly"), (2, "daily"), (3, "daily"), (4, "daily")]
        assert await segments.count(db, None) == 4
        assert await segments.count(db, parse('newsletter = "weekly"'), state="active") == 1


async def test_an_edition_goes_only_to_those_of_its_segment(db: Database) -> None:
    await populate(db)
    wanted = {"daily": frozenset(Frequency)}
    readers = Readers(newsletter="daily", wanted=wanted, segment=parse('tag = "press"'))
    async with db.read() as conn:
        seats = await subscribers.seats(conn, readers, after=0, limit=10)
        assert [seat.id for seat in seats] == [1, 3]
        found = await subscribers.active(conn, readers, [1, 2, 3, 4], hash_key=b"k" * 32)
        assert sorted(found) == [1, 3]


async def test_a_named_filter_is_kept_replaced_and_dropped(db: Database) -> None:
    async with db.write() as conn:
        await segments.keep(db, conn, "press", 'tag = "press"', now=MORNING)
        await segments.keep(db, conn, "press", 'tag = "press" or hour = 8', now=MORNING)
        assert await segments.named(conn) == {"press": 'tag = "press" or hour = 8'}
        assert await segments.drop(conn, "press")
        assert not await segments.drop(conn, "press")
