"""Many people at once: who is taken in, who is left as they are, and what nobody may see."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, text, update

from digest.model import Barred
from digest.reading.moving import Person
from digest.store import Connection, Database, enrol, schema
from make import MORNING

KEY = b"k" * 32


def make_person(number: int = 1, **fields: Any) -> Person:
    values: dict[str, Any] = {
        "line": number + 1,
        "email": f"Reader{number}@example.com",
        "folded": f"reader{number}@example.com",
        "name": f"Reader {number}",
        "language": "en",
        "timezone": "UTC",
        "form": "full",
        "sections": (),
        "tags": (),
        "frequency": "daily",
        "hour": None,
        "briefs": True,
        "state": "active",
        "until": None,
        "consent_at": MORNING - timedelta(days=1),
        "consent_from": "sign-up form",
    }
    return Person(**(values | fields))


async def settle(
    db: Database, conn: Connection, *people: Person, newsletter: str = "daily"
) -> enrol.Settled:
    rows = enrol.ready(people, at=1_000, is_sqlite=db.is_sqlite, hash_key=KEY)
    await enrol.stage(db, conn, rows)
    return await enrol.settle(db, conn, newsletter, now=MORNING, staged=len(rows))


async def take_in(db: Database, *batches: list[Person], newsletter: str = "daily") -> list[Any]:
    async with db.write() as conn:
        await enrol.begin(db, conn)
        done = [await settle(db, conn, *people, newsletter=newsletter) for people in batches]
        await enrol.end(db, conn)
    return done


async def everyone(db: Database) -> list[Any]:
    query = (
        select(schema.subscriber, schema.subscription, schema.consent.c.at, schema.consent.c.given)
        .join(schema.subscription, schema.subscription.c.subscriber_id == schema.subscriber.c.id)
        .join(schema.consent, schema.consent.c.id == schema.subscription.c.consent_id)
        .order_by(schema.subscriber.c.folded)
    )
    async with db.read() as conn:
        return list(await conn.execute(query))


async def count(db: Database, table: Any) -> int:
    async with db.read() as conn:
        return int(await conn.scalar(select(func.count()).select_from(table)) or 0)


async def test_somebody_new_has_all_that_was_said_of_them(db: Database) -> None:
    until = datetime(2026, 7, 1, tzinfo=UTC)
    wanted = make_person(
        name="Ада",
        language="uk",
        timezone="Europe/Kyiv",
        form="text",
        sections=("harbour", "lower-quay"),
        tags=("press", "Łódź"),
        frequency="weekdays",
        hour=6,
        briefs=False,
        state="paused",
        until=until,
    )
    (done,) = await take_in(db, [wanted])
    assert done == enrol.Settled(added=1, known=0, suppressed=0, duplicates=0, told=())
    (row,) = await everyone(db)
    assert (row.email, row.folded, row.name) == (wanted.email, wanted.folded, "Ада")
    assert (row.language, row.timezone, row.form) == ("uk", "Europe/Kyiv", "text")
    assert (row.sections, row.frequency, row.hour, row.briefs) == (
        ["harbour", "lower-quay"],
        "weekdays",
        6,
        0,
    )
    assert (row.state, row.until, row.since, row.cause) == ("paused", until, MORNING, "import")
    assert (row.at, row.given) == (wanted.consent_at, "sign-up form")
    assert len(bytes.fromhex(row.key)) == 16
    async with db.read() as conn:
        changes = [*(await conn.execute(select(schema.change)))]
        tags = [*(await conn.scalars(select(schema.tag.c.tag).order_by(schema.tag.c.tag)))]
    assert [(one.newsletter, one.at, one.state, one.cause) for one in changes] == [
        ("daily", MORNING, "paused", "import")
    ]
    assert sorted(tags) == ["press", "Łódź"]


async def test_whoever_has_a_subscription_keeps_it_whatever_it_is(db: Database) -> None:
    people = [make_person(number) for number in range(1, 5)]
    await take_in(db, people)
    async with db.write() as conn:
        for id, state in ((1, "ended"), (2, "pending"), (3, "paused")):
            here = schema.subscription.c.subscriber_id == id
            await conn.execute(update(schema.subscription).where(here).values(state=state))
    before = await everyone(db)
    changed = [one._replace(name="Other", language="de", tags=("t",)) for one in people]
    (done,) = await take_in(db, [*changed, make_person(9)])
    assert (done.added, done.known) == (1, 4)
    assert [one for one in await everyone(db) if one.name != "Reader 9"] == before
    assert await count(db, schema.tag) == 0
    assert await count(db, schema.consent) == 5


async def test_somebody_known_is_subscribed_to_another_newsletter_as_they_are(
    db: Database,
) -> None:
    await take_in(db, [make_person()])
    (done,) = await take_in(
        db, [make_person(name="Other", language="de"), make_person(2)], newsletter="weekly"
    )
    assert (done.added, done.known) == (2, 0)
    rows = await everyone(db)
    assert [(row.newsletter, row.name, row.language) for row in rows] == [
        ("daily", "Reader 1", "en"),
        ("weekly", "Reader 1", "en"),
        ("weekly", "Reader 2", "en"),
    ]
    assert len({row.consent_id for row in rows}) == 3
    assert await count(db, schema.subscriber) == 2


async def test_of_equal_addresses_the_first_line_stands(db: Database) -> None:
    done = await take_in(
        db,
        [make_person(1), make_person(2), make_person(1, line=4, name="Again")],
        [make_person(2, line=5), make_person(3, line=6), make_person(3, line=7)],
        [make_person(1, line=8)],
    )
    assert [(one.added, one.known, one.duplicates, one.told) for one in done] == [
        (2, 0, 1, ((4, 2),)),
        (1, 0, 2, ((5, 3), (7, 6))),
        (0, 0, 1, ((8, 2),)),
    ]
    assert [row.name for row in await everyone(db)] == ["Reader 1", "Reader 2", "Reader 3"]


async def test_duplicates_of_somebody_known_are_duplicates(db: Database) -> None:
    await take_in(db, [make_person(1)])
    (done,) = await take_in(db, [make_person(1), make_person(1, line=9)])
    assert (done.added, done.known, done.told) == (0, 1, ((9, 2),))


async def test_who_is_suppressed_is_nowhere(db: Database) -> None:
    async with db.write() as conn:
        barred = [("reader1@example.com", Barred.BOUNCE), ("READER3@example.com", Barred.REQUEST)]
        assert await enrol.bar(db, conn, barred, hash_key=KEY, now=MORNING) == 2
        assert (await enrol.kept_out(conn)).any_address
    (done,) = await take_in(db, [make_person(number) for number in (1, 1, 2, 3)])
    assert (done.added, done.suppressed, done.duplicates) == (1, 3, 0)
    assert await count(db, schema.subscriber) == 1


async def test_a_cause_that_a_sign_up_lifts_gives_way_to_one_that_it_does_not(
    db: Database,
) -> None:
    steps = [
        ("a@example.com", Barred.BOUNCE, "bounce", 1),
        ("A@example.com", Barred.ERASED, "bounce", 0),
        ("a@example.com", Barred.COMPLAINT, "complaint", 0),
        ("a@example.com", Barred.BOUNCE, "complaint", 0),
        ("a@example.com", Barred.REQUEST, "complaint", 0),
    ]
    for address, cause, expected, new in steps:
        async with db.write() as conn:
            added = await enrol.bar(db, conn, [(address, cause)], hash_key=KEY, now=MORNING)
            assert added == new
            assert await conn.scalar(select(schema.suppression.c.cause)) == expected


async def test_barred_domains_are_told(db: Database) -> None:
    async with db.write() as conn:
        assert await enrol.kept_out(conn) == enrol.KeptOut(domains=frozenset(), any_address=False)
        row = {"domain": "mail.example", "cause": "admin", "at": MORNING}
        await conn.execute(insert(schema.barred_domain).values(row))
        assert (await enrol.kept_out(conn)).domains == {"mail.example"}


async def test_what_was_staged_is_gone_with_the_transaction(db: Database) -> None:
    await take_in(db, [make_person()])
    async with db.write() as conn:
        where = (
            "SELECT count(*) FROM sqlite_temp_master"
            if db.is_sqlite
            else "SELECT count(*) FROM pg_class WHERE relname IN ('staged', 'met')"
        )
        assert await conn.scalar(text(where)) == 0


async def test_keys_go_to_the_end_of_their_index(db: Database) -> None:
    await take_in(db, [make_person(number) for number in (3, 1, 2)])
    rows = await everyone(db)
    assert [row.key for row in rows] == sorted(row.key for row in rows)
    assert len({row.key[12:] for row in rows}) == 3
