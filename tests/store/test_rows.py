"""Items, editions and subscribers: what is kept, and what is never kept twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from digest.errors import Conflict, NotFound
from digest.model import (
    Barred,
    By,
    Cause,
    EditionEvent,
    EditionState,
    Form,
    LeftOut,
    Section,
    SubscriptionEvent,
)
from digest.store import (
    Connection,
    Database,
    editions,
    items,
    people,
    placements,
    schema,
    subscribers,
)
from make import MORNING, make_brief, make_edition, make_item, make_story
from newsroom import by_email
from store.rows import READERS, SLOT, make_newcomer, subscribe, take_in

KEY = b"k" * 32


async def test_an_item_is_new_once_however_often_it_is_seen(db: Database) -> None:
    item = make_item()
    async with db.write() as conn:
        assert (await items.remember(db, conn, [item])).new == (item.id,)
        again = replace(item, seen_at=MORNING + timedelta(hours=1), position=4)
        assert await items.remember(db, conn, [again]) == items.Remembered()
        assert await placements.unplaced(conn, "daily") == [item]


async def test_a_changed_item_takes_its_new_words_and_keeps_its_first_time(db: Database) -> None:
    first = make_item(id="a" * 16, published_at=MORNING, seen_at=MORNING)
    later = MORNING + timedelta(hours=2)
    second = replace(first, title="Ferry sails again", published_at=later, seen_at=later)
    async with db.write() as conn:
        await items.remember(db, conn, [first])
        assert (await items.remember(db, conn, [second])).changed == (first.id,)
        (kept,) = await placements.unplaced(conn, "daily")
    assert (kept.title, kept.published_at, kept.seen_at) == ("Ferry sails again", MORNING, MORNING)
    assert kept.revision == 1


async def test_every_item_lands_in_one_edition_of_a_newsletter(db: Database) -> None:
    lead, copy, brief, dropped = make_item("A"), make_item("B"), make_brief(), make_item("C")
    edition = make_edition(
        Section(slug="s", title="S", stories=(make_story(lead, copies=(copy,)),)),
        briefs=(brief,),
        left_out=(LeftOut(item_id=dropped.id, cause=Cause.CUT, reason="below the cut of S"),),
    )
    async with db.write() as conn:
        await items.remember(db, conn, [lead, copy, brief, dropped])
        await editions.create(db, conn, SLOT, now=MORNING)
        await placements.place(conn, edition)
        assert await placements.unplaced(conn, "daily") == []
        assert len(await placements.unplaced(conn, "weekly")) == 4
        assert await placements.count(conn, "daily") == {
            "brief": 1, "copy": 1, "dropped": 1, "story": 1, "waiting": 0,
        }  # fmt: skip
        await placements.release(conn, edition.id)
        assert len(await placements.unplaced(conn, "daily")) == 4


async def test_only_the_sources_of_a_newsletter_are_asked(db: Database) -> None:
    async with db.write() as conn:
        await items.remember(db, conn, [make_item("A"), make_item("B", source_id="other")])
        (found,) = await placements.unplaced(conn, "daily", sources=["other"])
        assert found.title == "B"


async def test_a_slot_is_taken_once(db: Database) -> None:
    async with db.write() as conn:
        assert await editions.create(db, conn, SLOT, now=MORNING)
        assert not await editions.create(db, conn, SLOT, now=MORNING)


async def test_an_edition_goes_only_where_its_life_allows(db: Database) -> None:
    async with db.write() as conn:
        await editions.create(db, conn, SLOT, now=MORNING)
        with pytest.raises(Conflict, match="it cannot finish"):
            await editions.move(conn, SLOT.edition_id, EditionEvent.FINISH)
        after = await editions.move(
            conn, SLOT.edition_id, EditionEvent.APPROVE, approved_at=MORNING
        )
        assert after is EditionState.APPROVED
        with pytest.raises(Conflict, match="past composing"):
            await editions.write_content(conn, make_edition())
        assert (await editions.get(conn, SLOT.edition_id)).approved_at == MORNING


async def test_the_content_comes_back_as_it_was(db: Database) -> None:
    edition = make_edition(briefs=(make_brief("Żółw — «naïve» 🌊."),))
    async with db.write() as conn:
        await editions.create(db, conn, SLOT, now=MORNING)
        with pytest.raises(NotFound, match="no content yet"):
            await editions.content(conn, SLOT.edition_id)
        await editions.write_content(conn, edition)
        assert await editions.content(conn, SLOT.edition_id) == edition


async def test_what_does_not_exist_is_not_found(db: Database) -> None:
    async with db.read() as conn:
        with pytest.raises(NotFound, match="no edition"):
            await editions.get(conn, "daily@never")


async def test_a_newsletter_is_first_seen_once(db: Database) -> None:
    async with db.write() as conn:
        await editions.meet_newsletters(db, conn, ["daily"], now=MORNING)
        later = MORNING + timedelta(days=1)
        assert await editions.meet_newsletters(db, conn, ["daily"], now=later) == {"daily": MORNING}


async def test_an_active_subscriber_without_consent_cannot_exist(db: Database) -> None:
    (id,) = await subscribe(db, 1)
    with pytest.raises(IntegrityError):
        async with db.write() as conn:
            await conn.execute(
                insert(schema.subscription).values(
                    subscriber_id=id,
                    newsletter="weekly",
                    state="active",
                    sections=[],
                    since=MORNING,
                )
            )


async def leave(db: Database, conn: Connection, id: int) -> bool:
    end, by = SubscriptionEvent.END, By.ONE_CLICK
    return await people.move(db, conn, id, "daily", end, cause=by, now=MORNING)


async def test_who_left_does_not_come_back_by_being_imported(db: Database) -> None:
    (id,) = await subscribe(db, 1)
    async with db.write() as conn:
        assert await leave(db, conn, id)
        assert not await leave(db, conn, id)
        same = make_newcomer(1, email="READER1@example.com")
        assert await take_in(db, conn, "daily", [same], now=MORNING) == 0
        assert await subscribers.active(conn, READERS, [id], hash_key=KEY) == {}
        assert await subscribers.count(conn, "daily") == {"ended": 1}


async def test_the_languages_and_forms_of_those_who_get_it_are_told_once(db: Database) -> None:
    async with db.write() as conn:
        newcomers = [
            make_newcomer(1),
            make_newcomer(2),
            make_newcomer(3, language="de", form=Form.COMPACT),
            make_newcomer(4, language="pl"),
        ]
        await take_in(db, conn, "daily", newcomers, now=MORNING)
        await take_in(db, conn, "weekly", [make_newcomer(5, language="fr")], now=MORNING)
        gone = await by_email(conn, "reader4@example.com", "daily")
        assert gone is not None
        await leave(db, conn, gone.id)
        told = await subscribers.languages_and_forms(conn, READERS)
    assert told == [("de", Form.COMPACT), ("en", Form.FULL)]


async def test_a_suppressed_address_is_not_active(db: Database) -> None:
    first, second = await subscribe(db, 2)
    async with db.write() as conn:
        await people.bar(
            db, conn, "Reader1@example.com", Barred.COMPLAINT, hash_key=KEY, now=MORNING
        )
        found = await subscribers.active(conn, READERS, [first, second], hash_key=KEY)
    assert list(found) == [second]


async def test_a_person_is_found_by_the_key_of_their_links(db: Database) -> None:
    (id,) = await subscribe(db, 1)
    async with db.read() as conn:
        person = (await subscribers.active(conn, READERS, [id], hash_key=KEY))[id]
        assert await subscribers.by_key(conn, person.key, "daily") == person
        assert await by_email(conn, "READER1@EXAMPLE.COM", "daily") == person
        with pytest.raises(NotFound):
            await subscribers.by_key(conn, person.key, "weekly")
