"""Privacy: erased means in no file; my data is mine alone; what is old goes by itself."""

import json
import os
import random
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from digest import audience, collect, compose, deliver, joining, pipeline, privacy, rolls
from digest.app import App
from digest.errors import NotFound
from digest.joining import Asked
from digest.mail.forgotten import drop_mails
from digest.model import Barred, Choices, Counts, Return, ReturnKind
from digest.returning import take
from digest.slots import slot_of
from digest.store import Ledger, audit, journal, letters, people, schema, scrubbing, subscribers
from digest.store.forgetting import Over
from fakes import FakeRelay, say
from make import MORNING
from newsroom import Clock, accepted, open_newsroom, write_config, write_day

ANN, BOB = "ann.marlow@readers.example", "bob.tarn@readers.example"
ID = "daily@2026-05-18T0700"


async def join(app: App, email: str) -> int:
    """The whole way in."""
    asked = Asked(
        email=email, newsletter="daily", name="Marlow", choices=Choices(), wording="Send me it.",
        wording_language="en", given="sign-up page", network="192.0.2.7",
    )  # fmt: skip
    await joining.ask(app, asked)
    await joining.take_signups(app)
    async with app.db.read() as conn:
        letter = (await letters.waiting(conn))[-1]
    until = app.now() + timedelta(days=7)
    await joining.confirm(app, app.links.confirm_token(letter.number, until=until))
    return letter.subscriber_id


async def edition(app: App) -> None:
    await collect.collect(app)
    slot = slot_of(app.newsletter(), date(2026, 5, 18))
    record = await compose.compose(app, app.newsletter(), slot)
    await pipeline.approve(app, record.id)
    await deliver.deliver(app, record.id)


def files_with(folder: Path, *words: str) -> list[str]:
    """Files that have one of *words* in them, in whatever case."""
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and any(word.lower().encode() in path.read_bytes().lower() for word in words)
    ]


async def test_who_is_erased_is_in_no_file_any_more(tmp_path: Path) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    async with open_newsroom(tmp_path, people=40) as app:
        ann, bob = await join(app, ANN), await join(app, BOB)
        await edition(app)
        assert ANN in accepted(tmp_path)
        token = app.links.preferences_token("daily", (await rolls.show(app, ANN)).subscriber)
        await audience.send_data(app, token)
        await rolls.tag(app, ANN, add=["press"], actor="ops")
        told = Return(
            kind=ReturnKind.SOFT, recipient=ANN, status="4.2.2", reporter="ses",
            diagnostic=f"452 4.2.2 <{ANN}> is over quota",
        )  # fmt: skip
        await take(app, [told], proved=True)
        await joining.ask(
            app, Asked(email=ANN.upper(), newsletter="daily", choices=Choices(), wording="",
                       wording_language="", given="sign-up page"),
        )  # fmt: skip
        data = json.dumps(await privacy.data_of(app, ann))
        assert ANN in data
        assert files_with(tmp_path, "ann.marlow")

        await privacy.erase(app, ann, barred=Barred.ERASED, actor="ops")
        assert files_with(tmp_path, "ann.marlow") == []
        assert BOB in accepted(tmp_path)
        assert ANN not in accepted(tmp_path)
        # Harmless again.
        await privacy.erase(app, ann, barred=Barred.ERASED, actor="ops")
        with pytest.raises(NotFound):
            await privacy.data_of(app, ann)
        async with app.db.read() as conn:
            assert await people.barred(conn, ANN, app.key) is Barred.ERASED
            rows = await journal.known(conn, ID, [ann, bob])
            assert set(rows) == {ann, bob}
            erasures = [act for act in await audit.listing(conn) if act.act == "erase"]
            assert [(act.actor, act.detail) for act in erasures] == [
                ("ops", "suppressed as erased")
            ]
    assert files_with(tmp_path, "ann.marlow") == []


async def test_nothing_stays_in_the_gaps_of_a_database_that_grew_and_shrank(
    tmp_path: Path,
) -> None:
    """Rows move from page to page: without more, one of these is left in a gap."""
    dice = random.Random(1)
    addresses = [
        f"{dice.randrange(10**9):09d}{'x' * dice.randrange(40)}@example.com" for _ in range(150)
    ]
    gone = dice.sample(addresses, 75)
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        async with app.db.write() as conn:
            ids = {
                one: await people.keep_person(app.db, conn, email=one, now=MORNING)
                for one in addresses
            }
        await privacy._erase_all(app, [ids[one] for one in gone], barred=Barred.ERASED)
        since = scrubbing.unclean_since(app.db)
        assert since is not None
        assert abs(since - MORNING) <= timedelta(seconds=1)

        def left() -> int:
            files = (tmp_path / "data").glob("digest.db*")
            stored = b"".join(path.read_bytes() for path in files if path.is_file())
            return len([one for one in gone if one.encode() in stored])

        # Too large to be written anew while somebody waits: by the clock, then.
        assert not await scrubbing.clean(app.db, small=1)
        assert scrubbing.unclean_since(app.db) == since
        assert await privacy.clean(app)
        assert scrubbing.unclean_since(app.db) is None
        assert left() == 0
        assert await privacy.clean(app)
        assert list((tmp_path / "data").glob("*unclean*")) == []
        async with app.db.read() as conn:
            assert len(await subscribers.names(conn, ids.values())) == 75


async def test_who_reads_what_was_before_is_not_waited_for(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        id = await join(app, ANN)
        async with app.db.read() as reading:
            begun = select(func.count()).select_from(schema.subscriber)
            assert await reading.scalar(begun) == 1
            # No error for whoever asked: they are gone; the files wait for the reader.
            await privacy.erase(app, id, barred=Barred.ERASED)
            assert await people.find(reading, ANN) == id
            assert not await app.db.scrub(wait_ms=1)
            assert scrubbing.unclean_since(app.db) is not None
            # And everybody else writes on.
            await rolls.add(
                app, app.newsletter(), BOB, consent_from="the fair", consent_at=MORNING, actor="x"
            )
        assert await privacy.clean(app)
        assert scrubbing.unclean_since(app.db) is None
        assert files_with(tmp_path, "ann.marlow") == []


async def test_marks_of_older_versions_are_overdue(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        scrubbing.mark(app.db, MORNING)
        (tmp_path / "data" / "digest.db.unclean-0123456789abcdef").touch()
        since = scrubbing.unclean_since(app.db)
        assert since is not None
        assert since.year == 1970
        assert await privacy.clean(app)
        assert scrubbing.unclean_since(app.db) is None


async def test_erasing_on_postgresql_leaves_no_row(tmp_path: Path, postgres_url: str) -> None:
    write_config(tmp_path, store_url=postgres_url)
    async with open_newsroom(tmp_path) as app:
        id = await join(app, ANN)
        await privacy.erase(app, id, barred=Barred.REQUEST)
        async with app.db.read() as conn:
            for table in (schema.subscriber, schema.consent, schema.change, schema.letter):
                assert await conn.scalar(select(func.count()).select_from(table)) == 0
            assert await people.barred(conn, ANN, app.key) is Barred.REQUEST
            assert await audit.listing(conn) == []


async def test_a_relay_that_quotes_the_address_is_forgotten_too(tmp_path: Path) -> None:
    async with FakeRelay() as relay:
        relay.on("RCPT", say(f"452 4.2.2 <{ANN}> over quota"), to=ANN)
        mail = f'by = "smtp"\nhost = "{relay.host}"\nport = {relay.port}\ntls = "none"'
        write_config(tmp_path, mail=mail)
        write_day(tmp_path)
        async with open_newsroom(tmp_path, people=2) as app:
            id = await join(app, ANN)
            await edition(app)
            await privacy.erase(app, id, barred=None)
            assert files_with(tmp_path, ANN) == []
            async with app.db.read() as conn:
                assert await people.barred(conn, ANN, app.key) is None


# ----------------------------------------------------------------------------- my data


async def test_my_data_is_all_of_mine_and_nobody_else_s(tmp_path: Path, store_url: str) -> None:
    write_config(tmp_path, store_url=store_url)
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as app:
        ann, _ = await join(app, ANN), await join(app, BOB)
        await edition(app)
        await rolls.tag(app, ANN, add=["press"], actor="chief")
        await rolls.tag(app, BOB, add=["board"], actor="chief")
        await take(
            app,
            [Return(kind=ReturnKind.COMPLAINT, recipient=ANN, reporter="ses")],
            proved=True,
        )
        data = await privacy.data_of(app, ann)
    told = json.dumps(data)
    assert json.loads(told) == data
    for other in (BOB, "bob", "board", "chief"):
        assert other not in told
    assert (data["address"], data["name"], data["tags"]) == (ANN, "Marlow", ["press"])
    assert data["suppressed"] == "complaint"
    consents, subscriptions, deliveries, changes, returns, acts, written = (
        data[name]
        for name in (
            *("consents", "subscriptions", "deliveries", "changes", "returns"),
            *("acts_of_the_newsroom", "letters"),
        )
    )
    assert isinstance(consents, list)
    assert consents[0]["wording"] == "Send me it."
    assert isinstance(subscriptions, list)
    assert (subscriptions[0]["newsletter"], subscriptions[0]["state"]) == ("daily", "ended")
    assert isinstance(deliveries, list)
    assert [(one["edition_id"], one["state"]) for one in deliveries] == [(ID, "sent")]
    assert isinstance(changes, list)
    assert [one["cause"] for one in changes] == ["form", "confirmed", "complaint"]
    assert isinstance(returns, list)
    assert [one["kind"] for one in returns] == ["complaint"]
    assert isinstance(acts, list)
    assert [one["act"] for one in acts] == ["tag"]
    assert isinstance(written, list)
    assert [one["kind"] for one in written] == ["confirm"]


# ---------------------------------------------------------------------------- in time


async def test_what_is_old_is_forgotten_and_what_is_young_stays(
    tmp_path: Path, store_url: str
) -> None:
    path = write_config(tmp_path, store_url=store_url)
    path.write_text(path.read_text() + "\n[privacy]\nkeep_ended_days = 100\n")
    write_day(tmp_path)
    clock = Clock()
    async with open_newsroom(tmp_path, people=3, now=clock) as app:
        ann = await join(app, ANN)
        await edition(app)
        async with app.db.write() as conn:
            await letters.close(conn, 1, now=clock.at)
        for email in (ANN, "reader1@example.com"):
            await rolls.end(app, email, actor="ops")
        # How far an edition was begun, beside the database.
        ledger = app.data_dir / "events" / "daily@2026-05-18T0700.ledger"
        Ledger(ledger.parent, ledger.stem).close()
        os.utime(ledger, (MORNING.timestamp(), MORNING.timestamp()))
        clock.at += timedelta(days=50)
        await rolls.end(app, "reader2@example.com", actor="ops")

        # By the days of each kind, one after the other.
        nothing = {"people": 0, "deliveries": 0, "bounces": 0, "letters": 0, "audit": 0}
        assert await privacy.forget_old(app) == nothing | {"letters": 1}
        clock.at = MORNING + timedelta(days=100)
        assert await privacy.forget_old(app) == nothing
        clock.at += timedelta(seconds=1)
        assert await privacy.forget_old(app) == nothing | {"people": 2}
        async with app.db.read() as conn:
            assert await people.barred(conn, ANN, app.key) is Barred.ERASED
            assert await people.find(conn, "reader2@example.com") is not None
            assert len(await journal.listing(conn, ID)) == 4
        assert ledger.exists()
        clock.at = MORNING + timedelta(days=401)
        assert await privacy.forget_old(app) == nothing | {"people": 1, "deliveries": 4}
        assert not ledger.exists()
        async with app.db.read() as conn:
            assert await journal.listing(conn, ID) == []
            # The import, and the three that were ended.
            assert len(await audit.listing(conn)) == 4
            assert await journal.counts(conn, ID) == Counts()
        clock.at = MORNING + timedelta(days=1200)
        assert await privacy.forget_old(app) == nothing | {"audit": 4}
        assert await privacy.forget_old(app) == nothing
        async with app.db.read() as conn:
            assert await people.find(conn, "reader3@example.com") is not None
        with pytest.raises(NotFound):
            await privacy.data_of(app, ann)


async def test_somebody_who_came_back_meanwhile_is_not_forgotten(tmp_path: Path) -> None:
    write_config(tmp_path)
    clock = Clock()
    async with open_newsroom(tmp_path, people=1, now=clock) as app:
        clock.at += timedelta(days=1)
        before = clock.at
        # As if they had left before; they have not.
        over = Over(before=before, asked_since=before)
        assert await privacy._erase_all(app, [1], barred=Barred.ERASED, only=over) == 0
        assert (await rolls.show(app, "reader1@example.com")).subscriptions
        async with app.db.read() as conn:
            assert await people.barred(conn, "reader1@example.com", app.key) is None


async def test_nobody_who_asks_again_is_forgotten_by_the_clock_before_they_have_answered(
    tmp_path: Path,
) -> None:
    write_config(tmp_path)
    clock = Clock()
    async with open_newsroom(tmp_path, people=1, now=clock) as app:
        await rolls.end(app, "reader1@example.com", actor="ops")
        clock.at += timedelta(days=366)
        asked = Asked(
            email="reader1@example.com", newsletter="daily", choices=Choices(), wording="",
            wording_language="", given="sign-up page",
        )  # fmt: skip
        await joining.ask(app, asked)
        # First by their form, and then by the question that it leads to.
        assert (await privacy.forget_old(app))["people"] == 0
        assert await joining.take_signups(app) == 1
        clock.at += timedelta(days=7)
        assert (await privacy.forget_old(app))["people"] == 0
        async with app.db.read() as conn:
            (letter,) = await letters.waiting(conn)
        await joining.confirm(app, app.links.confirm_token(letter.number, until=clock.at))
        await rolls.end(app, "reader1@example.com", actor="ops")
        clock.at += timedelta(days=366)
        assert (await privacy.forget_old(app))["people"] == 1


async def test_old_bounces_go_and_a_stopping_process_begins_nothing(tmp_path: Path) -> None:
    write_config(tmp_path)
    clock = Clock()
    async with open_newsroom(tmp_path, people=1, now=clock) as app:
        told = Return(
            kind=ReturnKind.SOFT, recipient="reader1@example.com", status="4.2.2", reporter="ses"
        )
        await take(app, [told], proved=True)
        clock.at += timedelta(days=181)
        app.stopping.set()
        assert (await privacy.forget_old(app))["bounces"] == 0
        app.stopping.clear()
        assert (await privacy.forget_old(app))["bounces"] == 1


# -------------------------------------------------------------------------- kept mails


def test_kept_mails_to_somebody_go_and_others_stay(tmp_path: Path) -> None:
    for part in ("tmp", "new", "cur"):
        (tmp_path / part).mkdir()
    files = {
        "new/1.digest": f"Delivered-To: {ANN.upper()}\r\nTo: x@example.com\r\n\r\nhello",
        "cur/2.digest:2,S": f"Delivered-To: {ANN}\r\n\r\nhello",
        "new/3.digest": f"Delivered-To: {BOB}\r\nTo: {BOB}\r\n\r\nabout {ANN}",
        "new/4.digest": f"Subject: x\r\nTo: Ann\r\n <{ANN}>\r\n\r\nhello",
        "0001-ab.eml": f"From: a@b.example\r\nTo: {ANN}\r\n\r\nhello",
        "0002-cd.eml": f"From: {ANN}\r\nTo: Bob <{BOB}>\r\n\r\nTo: {ANN}",
        "0003-ef.eml": "",
        "0004-00.eml": "To: =?utf-8?q?x?= <\r\n\xff",
    }
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode("latin-1"))
    assert drop_mails(tmp_path, [ANN]) == 4
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"new/3.digest", "0002-cd.eml", "0003-ef.eml", "0004-00.eml"}
    assert drop_mails(tmp_path, [ANN]) == 0
    assert drop_mails(tmp_path / "none", [ANN]) == 0
