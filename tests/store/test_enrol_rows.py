"""Many people at once: who is taken in, who is left as they are, and what nobody may see."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from digest.model import Barred, SubscriptionState
from digest.reading.moving import Person
from digest.store import Database, enrol, schema
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


async def take_in(
    db: Database,
    *batches: list[Person],
    newsletter: str = "daily",
    gone: list[tuple[str, enrol.Gone]] | None = None,
    now: datetime = MORNING,
) -> tuple[enrol.Settled, enrol.Sorted]:
    async with enrol.staging(db) as place:
        for people in batches:
            await place.add(enrol.ready(people, is_sqlite=db.is_sqlite, hash_key=KEY))
        await place.bar(enrol.leaving(gone or [], hash_key=KEY))
        found = await place.sort()
        async with place.write() as conn:
            return await enrol.settle(db, conn, newsletter, now=now), found


async def change(db: Database, newsletter: str, state: str, cause: str, at: datetime) -> None:
    """What became of the first reader's subscription."""
    async with db.write() as conn:
        who = await conn.scalar(select(func.min(schema.subscriber.c.id)))
        here = (schema.subscription.c.subscriber_id == who) & (
            schema.subscription.c.newsletter == newsletter
        )
        values = {"state": state, "cause": cause}
        await conn.execute(update(schema.subscription).where(here).values(values))
        row = values | {"subscriber_id": who, "newsletter": newsletter, "at": at}
        await conn.execute(insert(schema.change).values(row))


async def bars(db: Database) -> list[str]:
    async with db.read() as conn:
        return sorted(await conn.scalars(select(schema.suppression.c.cause)))


async def states(db: Database) -> list[tuple[str, str, str]]:
    query = (
        select(schema.subscriber.c.folded, schema.subscription.c.newsletter)
        .add_columns(schema.subscription.c.state)
        .join(schema.subscription, schema.subscription.c.subscriber_id == schema.subscriber.c.id)
        .order_by(schema.subscriber.c.folded, schema.subscription.c.newsletter)
    )
    async with db.read() as conn:
        return [(row[0], row[1], row[2]) for row in await conn.execute(query)]


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
    done, found = await take_in(db, [wanted])
    assert done == enrol.Settled(added=1, known=0, suppressed=0, barred=0, ended=0)
    assert found == enrol.Sorted(people=1, duplicates=0, told=())
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
    done, _ = await take_in(db, [*changed, make_person(9)])
    assert (done.added, done.known) == (1, 4)
    assert [one for one in await everyone(db) if one.name != "Reader 9"] == before
    assert await count(db, schema.tag) == 0
    assert await count(db, schema.consent) == 5


async def test_somebody_known_is_subscribed_to_another_newsletter_as_they_are(
    db: Database,
) -> None:
    await take_in(db, [make_person()])
    done, _ = await take_in(
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
    done, found = await take_in(
        db,
        [make_person(1), make_person(2), make_person(1, line=4, name="Again")],
        [make_person(2, line=5), make_person(3, line=6), make_person(3, line=7)],
        [make_person(1, line=8)],
    )
    assert (done.added, done.known) == (3, 0)
    assert found == enrol.Sorted(3, 4, ((4, 2), (5, 3), (7, 6), (8, 2)))
    assert [row.name for row in await everyone(db)] == ["Reader 1", "Reader 2", "Reader 3"]


async def test_duplicates_of_somebody_known_are_duplicates(db: Database) -> None:
    await take_in(db, [make_person(1)])
    done, found = await take_in(db, [make_person(1), make_person(1, line=9)])
    assert (done.added, done.known, found.told) == (0, 1, ((9, 2),))


async def test_who_is_suppressed_is_nowhere(db: Database) -> None:
    done, _ = await take_in(
        db, gone=[("reader1@example.com", Barred.BOUNCE), ("READER3@example.com", Barred.REQUEST)]
    )
    assert done.barred == 2
    done, found = await take_in(db, [*map(make_person, (1, 2, 3)), make_person(1, line=9)])
    assert (done.added, done.suppressed, found.duplicates) == (1, 2, 1)
    assert await count(db, schema.subscriber) == 1


async def test_whoever_another_line_says_has_left_is_not_subscribed(db: Database) -> None:
    gone: list[tuple[str, enrol.Gone]] = [
        ("reader1@example.com", SubscriptionState.ENDED),
        ("READER1@example.com", SubscriptionState.ENDED),
        ("reader2@example.com", Barred.ERASED),
    ]
    done, _ = await take_in(db, [make_person(1), make_person(2), make_person(3)], gone=gone)
    assert (done.added, done.suppressed, done.barred, done.ended) == (1, 2, 1, 1)


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
        done, _ = await take_in(db, gone=[(address, cause)])
        assert (done.barred, await bars(db)) == (new, [expected])
    # And within one file.
    await take_in(db, gone=[("b@example.com", Barred.BOUNCE), ("B@example.com", Barred.REQUEST)])
    assert await bars(db) == ["complaint", "request"]


async def test_who_left_elsewhere_goes_on_reading_what_they_read_here(db: Database) -> None:
    await take_in(db, [make_person(1), make_person(2)], newsletter="weekly")
    await change(db, "weekly", "ended", "admin", MORNING)
    gone: list[tuple[str, enrol.Gone]] = [
        (f"reader{number}@example.com", Barred.ERASED) for number in (1, 2, 3)
    ]
    done, _ = await take_in(db, gone=gone)
    assert (done.barred, done.ended) == (2, 1)
    assert await bars(db) == ["erased", "erased"]
    assert await states(db) == [
        ("reader1@example.com", "weekly", "ended"),
        ("reader2@example.com", "daily", "ended"),
        ("reader2@example.com", "weekly", "active"),
    ]


async def test_a_dead_address_is_mailed_nothing_more(db: Database) -> None:
    await take_in(db, [make_person(1)], newsletter="weekly")
    done, _ = await take_in(db, gone=[("reader1@example.com", Barred.BOUNCE)])
    assert (done.barred, done.ended, await bars(db)) == (1, 0, ["bounce"])


async def test_a_subscription_that_ended_is_kept_as_ended_and_stays_so(db: Database) -> None:
    await take_in(db, [make_person(2)])
    left: list[tuple[str, enrol.Gone]] = [
        (f"reader{number}@example.com", SubscriptionState.ENDED) for number in (1, 2)
    ]
    done, _ = await take_in(db, gone=left)
    assert (done.barred, done.ended) == (0, 1)
    assert await bars(db) == []
    done, _ = await take_in(db, [make_person(1)], now=MORNING + timedelta(days=9))
    assert (done.added, done.known) == (0, 1)
    assert await states(db) == [
        ("reader1@example.com", "daily", "ended"),
        ("reader2@example.com", "daily", "active"),
    ]
    # What ended in another house says nothing of another newsletter.
    done, _ = await take_in(db, [make_person(1)], newsletter="weekly")
    assert done.added == 1
    async with db.read() as conn:
        changes = [*await conn.scalars(select(schema.change.c.state))]
        keys = [*await conn.scalars(select(schema.subscriber.c.key))]
    assert sorted(changes) == ["active", "active", "ended"]
    assert {len(bytes.fromhex(key)) for key in keys} == {16}


async def test_nobody_who_was_erased_comes_back_as_having_left(db: Database) -> None:
    await take_in(db, gone=[("reader1@example.com", Barred.ERASED)])
    done, _ = await take_in(db, gone=[("reader1@example.com", SubscriptionState.ENDED)])
    assert (done.ended, await count(db, schema.subscriber)) == (0, 0)


@pytest.mark.parametrize(
    ("cause", "others_live", "consent_after", "added"),
    [
        ("one-click", True, -1, 0),
        ("page", True, -1, 0),
        ("mail", True, 0, 0),
        ("complaint", True, -1, 0),
        ("page", True, 1, 1),
        ("admin", True, -1, 1),
        ("bounce", True, -1, 1),
        ("bounce", False, -1, 0),
        ("admin", False, -1, 0),
        ("admin", False, 1, 1),
    ],
)
async def test_a_consent_from_before_they_left_subscribes_nobody_to_another_newsletter(
    db: Database, cause: str, others_live: bool, consent_after: int, added: int
) -> None:
    await take_in(db, [make_person(1), make_person(2)])
    if others_live:
        await take_in(db, [make_person(1)], newsletter="briefing")
    left = MORNING - timedelta(days=30)
    await change(db, "daily", "ended", cause, left)
    agreed = left + timedelta(days=consent_after)
    done, _ = await take_in(
        db, [make_person(1, consent_at=agreed), make_person(3)], newsletter="weekly"
    )
    assert (done.added, done.known) == (1 + added, 1 - added)
    assert await count(db, schema.consent) == 3 + others_live + added


async def test_whoever_signs_up_while_an_import_is_under_way_keeps_what_they_chose(
    postgres_url: str,
) -> None:
    db = Database(postgres_url)
    await db.upgrade()
    await take_in(db, [make_person(1)], newsletter="weekly")
    async with enrol.staging(db) as place:
        people = [make_person(1), make_person(2)]
        await place.add(enrol.ready(people, is_sqlite=False, hash_key=KEY))
        await place.sort()
        async with db.write() as other:
            row = {"subscriber_id": 1, "newsletter": "daily", "state": "pending", "sections": []}
            await other.execute(insert(schema.subscription).values(row | {"since": MORNING}))

            async def take() -> enrol.Settled:
                async with place.write() as conn:
                    return await enrol.settle(db, conn, "daily", now=MORNING)

            importing = asyncio.create_task(take())
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while not importing.done():
                async with db.read() as watcher:
                    if await watcher.scalar(text(waiting)):
                        break
        done = await importing
    assert (done.added, done.known) == (1, 1)
    assert await states(db) == [
        ("reader1@example.com", "daily", "pending"),
        ("reader1@example.com", "weekly", "active"),
        ("reader2@example.com", "daily", "active"),
    ]
    assert await count(db, schema.consent) == 2
    assert await count(db, schema.change) == 2
    await db.close()


async def test_barred_domains_are_told(db: Database) -> None:
    async with db.write() as conn:
        assert await enrol.barred_domains(conn) == frozenset()
        row = {"domain": "mail.example", "cause": "admin", "at": MORNING}
        await conn.execute(insert(schema.barred_domain).values(row))
        assert await enrol.barred_domains(conn) == {"mail.example"}


async def test_others_write_while_people_are_staged(db: Database) -> None:
    async with enrol.staging(db) as place:
        await place.add(enrol.ready([make_person()], is_sqlite=db.is_sqlite, hash_key=KEY))
        await place.sort()
        async with db.write() as conn:
            row = {"domain": "mail.example", "cause": "admin", "at": MORNING}
            await conn.execute(insert(schema.barred_domain).values(row))
        # And what they wrote is seen: no older view was held.
        async with place.write() as conn:
            assert await enrol.barred_domains(conn) == {"mail.example"}
            assert (await enrol.settle(db, conn, "daily", now=MORNING)).added == 1


async def test_numbers_of_the_erased_are_not_given_again(db: Database) -> None:
    await take_in(db, [make_person(1), make_person(2)])
    async with db.write() as conn:
        for table in (schema.change, schema.subscription, schema.consent):
            await conn.execute(delete(table).where(table.c.subscriber_id == 2))
        await conn.execute(delete(schema.subscriber).where(schema.subscriber.c.id == 2))
    await take_in(db, [make_person(3)])
    first, other = [row.id for row in await everyone(db)]
    assert first == 1
    assert other > 2


async def test_keys_go_to_the_end_of_their_index(db: Database) -> None:
    await take_in(db, [make_person(number) for number in (3, 1, 2)])
    rows = await everyone(db)
    assert [row.key for row in rows] == sorted(row.key for row in rows)
    assert len({row.key[12:] for row in rows}) == 3
