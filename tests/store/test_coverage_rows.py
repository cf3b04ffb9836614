"""Where every item is, as the rows tell it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, update

from digest.model import Cause, Edition, EditionEvent, Item, LeftOut, Section, Slot
from digest.store import Database, coverage, editions, items, placements, schema
from make import MORNING, make_brief, make_edition, make_item, make_story
from store.rows import SLOT

ID = SLOT.edition_id
WEEKLY = Slot(
    newsletter="weekly", day=date(2026, 5, 24), clock=time(7), at=datetime(2026, 5, 24, tzinfo=UTC)
)
LEAD, COPY, BRIEF, CUT = make_item("A"), make_item("B"), make_brief(), make_item("C")
EDITION = make_edition(
    Section(slug="s", title="S", stories=(make_story(LEAD, copies=(COPY,)),)),
    briefs=(BRIEF,),
    left_out=(LeftOut(item_id=CUT.id, cause=Cause.CUT, reason="below the cut of S"),),
    held=("f" * 16,),
)
PARTS = {
    LEAD.id: ("story", ""),
    COPY.id: ("copy", ""),
    BRIEF.id: ("brief", ""),
    CUT.id: ("dropped", "cut"),
}


async def keep(
    db: Database, *met: Item, edition: Edition = EDITION, slot: Slot = SLOT, out: bool = False
) -> None:
    """Items collected, and an edition of some of them."""
    async with db.write() as conn:
        await items.remember(db, conn, met)
        await editions.create(db, conn, slot, now=MORNING)
        await editions.write_content(conn, edition)
        await placements.place(conn, edition)
        if out:
            await editions.move(conn, edition.id, EditionEvent.APPROVE, approved_at=MORNING)


async def waiting(db: Database, newsletter: str, **fields: Any) -> list[coverage.Unplaced]:
    async with coverage.steady(db) as conn:
        return [one async for one in coverage.unplaced(conn, newsletter, **fields)]


async def test_content_and_placements_name_the_same_items(db: Database) -> None:
    await keep(db, LEAD, COPY, BRIEF, CUT)
    async with coverage.steady(db) as conn:
        told = await coverage.contents(conn, ID)
        assert told is not None
        assert dict(told.parts) == PARTS == await coverage.placed(conn, ID)
        assert (told.held, told.whole) == (frozenset({"f" * 16}), True)
        assert await coverage.tally(conn, "daily") == {ID: dict.fromkeys(PARTS.values(), 1)}
        assert await coverage.collected(conn, "daily") == 4


async def test_an_older_edition_does_not_say_what_it_left_out(db: Database) -> None:
    await keep(db, LEAD, COPY, BRIEF, CUT)
    old = '{"sections": [], "briefs": [{"id": "x", "title": "T"}], "dropped": [["y", "cut"]]}'
    async with db.write() as conn:
        await conn.execute(update(schema.edition).values(content=old))
    async with coverage.steady(db) as conn:
        told = await coverage.contents(conn, ID)
    assert told == coverage.Contents(parts=(("x", ("brief", "")),), held=frozenset(), whole=False)


async def test_an_edition_without_content_tells_nothing(db: Database) -> None:
    async with db.write() as conn:
        await editions.create(db, conn, SLOT, now=MORNING)
        assert await coverage.contents(conn, ID) is None


async def test_what_waits_is_told_with_tombstones_and_of_the_sources_asked_for(
    db: Database,
) -> None:
    late, other = (
        make_item("D", seen_at=MORNING + timedelta(hours=1)),
        make_item("E", source_id="x"),
    )
    await keep(db, LEAD, COPY, BRIEF, CUT, late, other)
    async with db.write() as conn:
        await items.purge(conn, before=MORNING + timedelta(minutes=1), now=MORNING)
    every = await waiting(db, "daily")
    assert {one.id: one.purged_at for one in every} == {late.id: None, other.id: MORNING}
    assert [one.id for one in await waiting(db, "daily", sources=("x",))] == [other.id]
    assert [one.id for one in await waiting(db, "daily", since=late.seen_at)] == [late.id]
    assert len(await waiting(db, "weekly")) == 6
    async with coverage.steady(db) as conn:
        # What is in an edition counts, whatever its source.
        assert await coverage.collected(conn, "daily", sources=("x",)) == 5
        assert await coverage.titles(conn, [late.id, other.id]) == {late.id: "D"}
        assert await coverage.met(conn, [late.id, "0" * 16]) == {late.id}


async def test_the_best_of_others_is_only_what_they_showed_their_readers(db: Database) -> None:
    await keep(db, LEAD, COPY, BRIEF, CUT)
    best: dict[str, Any] = {"best_of": ("daily",)}
    assert await waiting(db, "weekly", **best) == []
    async with db.write() as conn:
        await editions.move(conn, ID, EditionEvent.APPROVE, approved_at=MORNING)
    assert {one.id: one.shown_at for one in await waiting(db, "weekly", **best)} == {
        LEAD.id: MORNING,
        COPY.id: MORNING,
    }
    weekly = replace(
        make_edition(Section(slug="s", title="S", stories=(make_story(LEAD),))),
        id=WEEKLY.edition_id,
        newsletter="weekly",
    )
    await keep(db, edition=weekly, slot=WEEKLY)
    assert [one.id for one in await waiting(db, "weekly", **best)] == [COPY.id]
    async with coverage.steady(db) as conn:
        assert await coverage.collected(conn, "weekly", best_of=("daily",)) == 2
        assert await coverage.began_with(conn, "weekly", ("daily",)) == MORNING
        assert await coverage.began_with(conn, "daily", ("weekly",)) == WEEKLY.at
        assert await coverage.began_with(conn, "other", ("daily",)) is None


async def test_a_source_belongs_to_a_newsletter_since_something_of_it_was_taken(
    db: Database,
) -> None:
    await keep(db, LEAD, COPY, BRIEF, CUT, make_item("E", source_id="x"))
    async with coverage.steady(db) as conn:
        assert await coverage.first_taken(conn, "daily") == {"wire": MORNING}
        assert await coverage.editions_with(conn, "daily", [LEAD.id, "0" * 16]) == {LEAD.id: ID}


async def test_a_placement_in_an_edition_of_another_newsletter_is_found(db: Database) -> None:
    await keep(db, LEAD, COPY, BRIEF, CUT)
    astray = {"newsletter": "weekly", "item_id": LEAD.id, "edition_id": ID, "part": "story"}
    async with db.write() as conn:
        await conn.execute(insert(schema.placement).values(astray))
    async with coverage.steady(db) as conn:
        assert await coverage.astray(conn, "weekly") == [(LEAD.id, ID)]
        assert await coverage.astray(conn, "daily") == []


async def test_many_questions_get_one_view(db: Database) -> None:
    async with coverage.steady(db) as conn:
        assert await coverage.collected(conn, "daily") == 0
        await keep(db, LEAD, COPY, BRIEF, CUT)
        assert await coverage.collected(conn, "daily") == 0
    async with coverage.steady(db) as conn:
        assert await coverage.collected(conn, "daily") == 4
