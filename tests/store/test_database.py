"""Both dialects keep what they are given, and nobody overtakes anybody."""

import asyncio
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, bindparam, insert, select, text, update

from digest.errors import ConfigError, StoreError
from digest.store import Database, journal, people, schema, sources
from digest.store.database import HEAD
from digest.store.migrating import alembic_config, is_modelled
from make import MORNING


async def test_the_migrations_make_the_very_schema(db: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"include_name": is_modelled})
        return list(compare_metadata(context, schema.metadata))

    async with db.read() as conn:
        assert await conn.run_sync(differences) == []


def test_the_newest_revision_is_the_one_that_start_up_compares_with() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


async def test_upgrading_twice_changes_nothing(db: Database) -> None:
    await db.upgrade()
    async with db.read() as conn:
        assert await conn.scalar(text("SELECT version_num FROM alembic_version"))


async def test_a_database_of_a_newer_digest_is_refused(db: Database) -> None:
    async with db.write() as conn:
        await conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="another Digest"):
        await db.upgrade()


async def test_no_update_is_lost_between_reading_and_writing(db: Database) -> None:
    column = schema.source.c.failures
    async with db.write() as conn:
        await conn.execute(insert(schema.source).values(id="wire", failures=0))

    async def add_one() -> None:
        async with db.write() as conn:
            seen = await conn.scalar(select(column).with_for_update())
            await conn.execute(update(schema.source).values(failures=(seen or 0) + 1))

    await asyncio.gather(*(add_one() for _ in range(40)))
    async with db.read() as conn:
        assert await conn.scalar(select(column)) == 40


async def test_instants_come_back_in_utc_with_their_zone(db: Database) -> None:
    async with db.write() as conn:
        await conn.execute(insert(schema.newsletter).values(slug="a", first_seen_at=MORNING))
    async with db.read() as conn:
        assert await conn.scalar(select(schema.newsletter.c.first_seen_at)) == MORNING


async def test_a_failed_transaction_leaves_nothing(db: Database) -> None:
    with pytest.raises(RuntimeError):
        async with db.write() as conn:
            await conn.execute(insert(schema.newsletter).values(slug="a", first_seen_at=MORNING))
            raise RuntimeError
    async with db.read() as conn:
        assert await conn.scalar(select(schema.newsletter.c.slug)) is None


async def test_a_lease_is_one_holders_until_it_is_given_back(db: Database) -> None:
    async with db.lease("deliver:a@b") as first, db.lease("deliver:a@b") as second:
        assert (first, second) == (True, False)
        async with db.lease("deliver:other") as elsewhere:
            assert elsewhere
    async with db.lease("deliver:a@b") as after:
        assert after


async def test_a_lease_that_is_waited_for_comes_in_turn(db: Database) -> None:
    inside, most = 0, 0

    async def work() -> None:
        nonlocal inside, most
        async with db.lease("compose", wait=True) as mine:
            assert mine
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(4)))
    assert most == 1


@pytest.mark.parametrize("url", ["mysql://root@localhost/x", "not a url"])
def test_other_databases_are_refused_in_words(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"store\.url"):
        Database(url, base=tmp_path)


async def test_a_database_that_does_not_answer_is_a_store_error(tmp_path: Path) -> None:
    nowhere = Database(f"postgresql://digest@/x?host={tmp_path}")
    with pytest.raises(StoreError, match="does not answer"):
        await nowhere.upgrade()
    await nowhere.close()


async def test_a_database_of_the_first_schema_keeps_what_it_knows(
    bare_url: str, tmp_path: Path
) -> None:
    db = Database(bare_url, base=tmp_path)

    def first_schema(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    content = '{"id": "a", "url": "https://wire.example/a"}'
    try:
        async with db.write() as conn:
            await conn.run_sync(first_schema)
            await conn.execute(
                text(
                    "INSERT INTO item (id, source_id, published_at, seen_at, content, fingerprint)"
                    " VALUES ('a', 'wire', :at, :at, :content, 'f')"
                ).bindparams(bindparam("at", type_=schema.Instant)),
                {"at": MORNING, "content": content},
            )
            await conn.execute(
                text("INSERT INTO source (id, succeeded_at) VALUES ('wire', :at)").bindparams(
                    bindparam("at", type_=schema.Instant)
                ),
                {"at": MORNING},
            )
        await db.upgrade()
        async with db.read() as conn:
            assert await conn.scalar(select(schema.item.c.url)) == "https://wire.example/a"
            # No first visit any more: its backlog is not bounded again.
            assert (await sources.known(conn))["wire"].first_at == MORNING
    finally:
        await db.close()


async def test_people_and_their_deliveries_survive_the_sixth_revision(
    bare_url: str, tmp_path: Path
) -> None:
    db = Database(bare_url, base=tmp_path)

    def fifth_schema(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")

    before = (
        'INSERT INTO subscriber (id, email, folded, "key", created_at)'
        " VALUES (7, 'Ann@example.org', 'ann@example.org', 'k', :at)",
        "INSERT INTO consent (id, subscriber_id, newsletter, at, given)"
        " VALUES (3, 7, 'daily', :at, 'form')",
        "INSERT INTO subscription (subscriber_id, newsletter, state, sections, consent_id, since,"
        " cause) VALUES (7, 'daily', 'active', '[\"sport\"]', 3, :at, 'import')",
        "INSERT INTO edition (id, newsletter, day, clock, slot_at, state, created_at)"
        " VALUES ('daily@2026-05-18T0700', 'daily', '2026-05-18', '0700', :at, 'sent', :at)",
        "INSERT INTO delivery (edition_id, subscriber_id, state, code, at)"
        " VALUES ('daily@2026-05-18T0700', 7, 'sent', 250, :at)",
        "INSERT INTO suppression (address_hash, cause, at) VALUES ('h', 'operator', :at)",
    )
    at = bindparam("at", type_=schema.Instant)
    try:
        async with db.write() as conn:
            await conn.run_sync(fifth_schema)
            for statement in before:
                await conn.execute(text(statement).bindparams(at), {"at": MORNING})
        await db.upgrade()
        async with db.write() as conn:
            person = await people.person(conn, 7)
            (kept,) = person.subscriptions
            assert person.subscriber.email == "Ann@example.org"
            assert (kept.state, kept.sections, kept.briefs) == ("active", ("sport",), True)
            assert [(one.state, one.cause) for one in person.changes] == [("active", "import")]
            assert kept.consent is not None
            assert kept.consent.given == "form"
            rows = await journal.known(conn, "daily@2026-05-18T0700", [7])
            assert rows[7].code == 250
            # What operators had barred is read as what it is called now.
            assert set(await conn.scalars(select(schema.suppression.c.cause))) == {"admin"}
    finally:
        await db.close()
