"""Letters go the way of editions: once, in the journal, and past nobody who asked for another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from digest import letters
from digest.app import App
from digest.errors import RelayDown
from digest.model import Barred, Choices, DeliveryState, Frequency, LetterKind, Outcome
from digest.store import Database, journal, people, subscribers
from digest.store import letters as rows
from digest.store.subscribers import Readers
from fakes import FakeRelay, drop, say
from make import MORNING
from newsroom import Clock, open_newsroom, write_config
from store.rows import make_newcomer, take_in
from test_deliver import arrived

CONTENT = {"wording": "Send me The Daily.", "wording_language": "en"}


@asynccontextmanager
async def newsroom(
    folder: Path, relay: FakeRelay, *, people: int, store_url: str = "sqlite:///data/digest.db"
) -> AsyncIterator[tuple[App, Clock]]:
    mail = f'by = "smtp"\nhost = "{relay.host}"\nport = {relay.port}\ntls = "none"\nattempts = 2'
    write_config(folder, mail=mail, store_url=store_url)
    clock = Clock()
    async with open_newsroom(folder, people=people, now=clock) as app:
        yield app, clock


async def write(app: App, number: int, kind: LetterKind = LetterKind.CONFIRM) -> int:
    async with app.db.write() as conn:
        return await rows.write(conn, kind, number, "daily", content=CONTENT, now=app.now())


async def row_of(app: App, letter: str, number: int) -> Outcome | None:
    async with app.db.read() as conn:
        return (await journal.known(conn, letter, [number])).get(number)


async def test_a_letter_is_sent_once_and_stands_in_the_journal(
    tmp_path: Path, store_url: str
) -> None:
    async with (
        FakeRelay() as relay,
        newsroom(tmp_path, relay, people=2, store_url=store_url) as (app, _),
    ):
        number = await write(app, 1)
        posted = await asyncio.gather(*(letters.post(app) for _ in range(3)))
        assert sum(posted) == 1
        assert await letters.post(app) == 0
        row = await row_of(app, f"confirm:{number}", 1)
    assert row is not None
    assert (row.state, row.code) == (DeliveryState.SENT, 250)
    (taken,) = relay.messages
    told = message_from_bytes(taken.message)
    assert taken.to == ("reader1@example.com",)
    # RFC 3834 §5; and no list header, since no list has sent it.
    assert told["Auto-Submitted"] == "auto-generated"
    assert told["List-Unsubscribe"] is None
    assert (
        app.links.read_confirm(
            taken.message.decode().replace("=\r\n", "").partition("/confirm/")[2][:40], now=MORNING
        )
        == number
    )


async def test_what_the_relay_wants_later_waits_and_stands_in_nobodys_way(tmp_path: Path) -> None:
    async with FakeRelay() as relay, newsroom(tmp_path, relay, people=2) as (app, clock):
        relay.on("RCPT", say("451 4.7.1 greylisted"), to="reader1@example.com", times=1)
        await write(app, 1)
        assert await letters.post(app) == 0
        async with app.db.read() as conn:
            assert not await rows.any_due(conn, app.now())
            assert await rows.waiting(conn, now=app.now()) == []
        await write(app, 2)
        assert await letters.post(app) == 1
        clock.at += timedelta(minutes=2)
        async with app.db.read() as conn:
            assert await rows.any_due(conn, app.now())
        assert await letters.post(app) == 1
    assert arrived(relay) == {"reader1@example.com": 1, "reader2@example.com": 1}


async def test_a_relay_that_is_down_leaves_the_letters(tmp_path: Path) -> None:
    async with FakeRelay() as relay, newsroom(tmp_path, relay, people=1) as (app, _):
        await write(app, 1)
        relay.on("MAIL", say("550 5.7.1 not you"), times=1)
        with pytest.raises(RelayDown):
            await letters.post(app)
        assert await letters.post(app) == 1
    assert arrived(relay) == {"reader1@example.com": 1}


async def test_in_doubt_is_not_sent_again(tmp_path: Path) -> None:
    async with FakeRelay() as relay, newsroom(tmp_path, relay, people=1) as (app, _):
        number = await write(app, 1)
        relay.on("dot", drop(), times=1)
        assert await letters.post(app) == 1
        assert await letters.post(app) == 0
        row = await row_of(app, f"confirm:{number}", 1)
    assert row is not None
    assert row.state is DeliveryState.DOUBTFUL


async def test_who_is_never_to_be_mailed_gets_no_letter_and_who_was_forgotten_may_ask(
    tmp_path: Path,
) -> None:
    causes = (Barred.COMPLAINT, Barred.REQUEST, Barred.ADMIN, Barred.BOUNCE, Barred.ERASED)
    async with FakeRelay() as relay, newsroom(tmp_path, relay, people=6) as (app, _):
        async with app.db.write() as conn:
            for number, cause in enumerate(causes, 1):
                address = f"reader{number}@example.com"
                await people.bar(app.db, conn, address, cause, hash_key=app.key, now=MORNING)
        for number in range(1, 7):
            await write(app, number)
        assert await letters.post(app) == 6
    # A confirmed sign-up of one's own lifts the last two: they may be asked.
    assert set(arrived(relay)) == {f"reader{number}@example.com" for number in (4, 5, 6)}


async def test_a_letter_that_is_older_than_its_link_is_not_sent(tmp_path: Path) -> None:
    async with FakeRelay() as relay, newsroom(tmp_path, relay, people=1) as (app, clock):
        await write(app, 1)
        clock.at += timedelta(days=8)
        assert await letters.post(app) == 1
    assert relay.messages == []


async def test_an_address_that_is_refused_for_good_is_a_bounce_and_its_words_are_masked(
    tmp_path: Path,
) -> None:
    async with FakeRelay() as relay, newsroom(tmp_path, relay, people=1) as (app, _):
        words = "550 5.1.1 <reader1@example.com> no such user here"
        relay.on("RCPT", say(words), to="reader1@example.com")
        number = await write(app, 1)
        assert await letters.post(app) == 1
        row = await row_of(app, f"confirm:{number}", 1)
        assert row is not None
        assert row.state is DeliveryState.FAILED
        assert "reader1" not in row.text
        async with app.db.read() as conn:
            assert await people.barred(conn, "reader1@example.com", app.key) is Barred.BOUNCE


async def test_seats_come_in_pages_each_person_once_with_their_own_hour(db: Database) -> None:
    async with db.write() as conn:
        newcomers = [make_newcomer(number) for number in range(1, 8)]
        await take_in(db, conn, "daily", newcomers, now=MORNING)
        await take_in(db, conn, "weekly", newcomers[1:5:2], now=MORNING)
        for id in range(1, 8):
            for slug, hour in (("daily", 6), ("weekly", 20)):
                held = await people.state_of(conn, id, slug)
                if held is not None:
                    await people.choose(
                        conn, id, slug, Choices(hour=hour, frequency=Frequency.WEEKLY)
                    )
        wanted = {"weekly": frozenset(Frequency), "daily": frozenset({Frequency.WEEKLY})}
        readers = Readers(newsletter="weekly", wanted=wanted)
        for limit in (1, 2, 3, 10):
            met, after = [], 0
            while page := await subscribers.seats(conn, readers, after=after, limit=limit):
                met += page
                after = page[-1].id
            assert [seat.id for seat in met] == list(range(1, 8))
            assert [seat.id for seat in met if seat.hour == 20] == [2, 4]
