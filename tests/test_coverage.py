"""The proof of coverage: it holds for what Digest does, and names what was done behind its back."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from digest import collect, compose, pipeline, revise
from digest.app import App
from digest.coverage import MOST_NAMED, Breach, Cover, coverage
from digest.errors import NotFound
from digest.model import EditionState, Item
from digest.slots import slot_of
from digest.store import editions, items, placements, schema
from make import MORNING, make_brief, make_item
from newsroom import SEEDS, open_newsroom, write_config

ID, NEXT = "daily@2026-05-18T0700", "daily@2026-05-19T0700"

STORM = make_item("Storm takes roof", "A storm took the roof off the market.", source_id="desk")
PRIZE = make_item("School wins prize", "A school in Orrin won a prize.", source_id="desk")
BRIEF = make_brief("The Orrin bridge is shut.", source_id="desk")
DAY = (STORM, PRIZE, BRIEF)
#: Met an hour before the second edition.
LATE = replace(
    make_item("Whale seen", "A whale was seen off Gull Light.", source_id="desk", hours=20),
    seen_at=MORNING + timedelta(hours=23),
)


@dataclass(slots=True)
class Clock:
    now: datetime = field(default=MORNING)

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def newsroom(
    folder: Path, store_url: str = "sqlite:///data/digest.db", more: str = "", newsletter: str = ""
) -> AsyncIterator[tuple[App, Clock]]:
    clock = Clock()
    config = write_config(folder, store_url=store_url, newsletter=newsletter)
    config.write_text(config.read_text() + more)
    async with open_newsroom(folder, now=clock) as app:
        yield app, clock


async def meet(app: App, *new: Item) -> None:
    async with app.db.write() as conn:
        await items.remember(app.db, conn, new)


async def make(app: App, day: int = 18, *, newsletter: str = "daily", **fields: Any) -> str:
    """Compose and approve the edition of a day; its id."""
    chosen = app.newsletter(newsletter)
    slot = slot_of(chosen, date(2026, 5, day))
    await compose.compose(app, chosen, slot, approve=True, **fields)
    return slot.edition_id


async def prove(app: App, newsletter: str = "daily", **fields: Any) -> Cover:
    (cover,) = await coverage(app, newsletter=newsletter, **fields)
    return cover


def breaches(cover: Cover) -> list[tuple[Breach, str, str]]:
    return [(one.breach, one.edition_id, one.item_id) for one in cover.violations]


async def rewrite(app: App, edition_id: str, **fields: Any) -> None:
    """Change the content of an edition behind Digest's back."""
    table = schema.edition
    async with app.db.write() as conn:
        here = table.c.id == edition_id
        content = json.loads(await conn.scalar(select(table.c.content).where(here)) or "")
        await conn.execute(update(table).where(here).values(content=json.dumps(content | fields)))


@pytest.fixture
async def sent(tmp_path: Path) -> AsyncIterator[App]:
    """A newsroom whose first edition has gone out."""
    async with newsroom(tmp_path) as (app, _):
        await meet(app, *DAY)
        await make(app)
        yield app


# ---------------------------------------------------------------- what holds


async def test_every_item_is_in_one_edition_or_left_out_or_waits(
    tmp_path: Path, store_url: str
) -> None:
    async with newsroom(tmp_path, store_url, newsletter="max_briefs = 1") as (app, clock):
        assert (await prove(app)).collected == 0
        late_brief = make_brief("Swans held up a train.", source_id="desk", hours=1)
        old = make_item("Old news", "It was long ago.", source_id="desk", hours=-200)
        await meet(app, *DAY, late_brief, old)
        assert (await prove(app)).waiting == 5
        await make(app)
        clock.now += timedelta(days=1)
        await meet(app, LATE)
        cover = await prove(app)
        assert cover.proved
        assert (cover.collected, cover.waiting, cover.waiting_since) == (6, 1, LATE.seen_at)
        (line,) = cover.editions
        assert (line.edition_id, line.state, line.total) == (ID, EditionState.APPROVED, 5)
        assert (line.told, line.left_out) == ({"brief": 1, "story": 2}, {"cut": 1, "old": 1})
        await make(app, 19)
        cover = await prove(app)
        assert (cover.proved, cover.waiting) == (True, 0)
        assert [line.total for line in cover.editions] == [5, 1]


async def test_the_sample_day_is_covered(tmp_path: Path) -> None:
    async with newsroom(tmp_path, more=f'\n[[sources]]\nid = "sample"\nkind = "folder"\n'
                        f'path = "{SEEDS / "pages"}"\n') as (app, _):  # fmt: skip
        await collect.collect(app)
        await make(app)
        cover = await prove(app)
        assert cover.proved
        assert cover.collected == cover.editions[0].total > 20
        assert cover.editions[0].left_out


async def test_an_editors_hand_loses_nothing(tmp_path: Path) -> None:
    async with newsroom(tmp_path, newsletter="auto_approve = false") as (app, clock):
        await meet(app, *DAY)
        await compose.compose(app, app.newsletter(), slot_of(app.newsletter(), date(2026, 5, 18)))
        await revise.hold(app, ID, STORM.id)
        await revise.kill(app, ID, "b1")
        cover = await prove(app)
        assert (cover.proved, cover.held, cover.waiting) == (True, 1, 0)
        assert cover.editions[0].left_out == {"killed": 1}
        await pipeline.approve(app, ID)
        clock.now += timedelta(hours=3)
        assert (await prove(app)).held == 1
        clock.now += timedelta(days=1)
        await make(app, 19)
        cover = await prove(app)
        assert (cover.proved, cover.held) == (True, 0)
        assert [line.total for line in cover.editions] == [2, 1]


async def test_what_was_held_after_another_edition_came_has_not_vanished(tmp_path: Path) -> None:
    async with newsroom(tmp_path, newsletter="auto_approve = false") as (app, clock):
        newsletter = app.newsletter()
        evening = slot_of(newsletter, date(2026, 5, 19))
        await meet(app, *DAY)
        clock.now += timedelta(hours=2)
        await compose.compose(app, newsletter, evening)
        clock.now += timedelta(hours=1)
        await meet(app, replace(LATE, seen_at=clock.now))
        # An extra edition, which cannot have what the draft has.
        extra = await make(app)
        assert (await prove(app)).proved
        await revise.hold(app, evening.edition_id, STORM.id)
        for act in (pipeline.approve, pipeline.cancel):
            for fields in ({}, {"edition": extra}, {"since": date(2026, 5, 18)}):
                cover = await prove(app, **fields)
                assert (cover.proved, cover.vanished) == (True, 0)
            assert (await prove(app)).held == 1
            clock.now += timedelta(minutes=30)
            await act(app, evening.edition_id)
        cover = await prove(app)
        assert (cover.proved, cover.held, cover.waiting) == (True, 0, 3)


async def test_what_was_held_and_is_not_in_the_next_edition_is_named(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (app, clock):
        newsletter = app.newsletter()
        await meet(app, *DAY)
        await compose.compose(app, newsletter, slot_of(newsletter, date(2026, 5, 18)))
        await revise.hold(app, ID, STORM.id)
        await pipeline.approve(app, ID)
        clock.now += timedelta(days=1)
        await meet(app, LATE)
        await make(app, 19, only={LATE.id})
        assert breaches(await prove(app)) == [(Breach.VANISHED, NEXT, STORM.id)]


async def test_what_a_cancelled_edition_gave_back_waits(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (app, clock):
        await meet(app, *DAY)
        await compose.compose(app, app.newsletter(), slot_of(app.newsletter(), date(2026, 5, 18)))
        clock.now += timedelta(days=1)
        await meet(app, LATE)
        await make(app, 19)
        await pipeline.cancel(app, ID)
        cover = await prove(app)
        assert (cover.proved, cover.waiting, cover.collected) == (True, 3, 4)


async def test_an_edition_that_shows_again_what_was_shown_is_covered(sent: App) -> None:
    await meet(sent, LATE)
    await make(sent, 19, repeats=ID)
    cover = await prove(sent)
    assert cover.proved
    assert [line.total for line in cover.editions] == [3, 1]


async def test_an_older_edition_is_believed_about_what_it_left_out(tmp_path: Path) -> None:
    async with newsroom(tmp_path, newsletter="max_briefs = 0") as (app, _):
        await meet(app, *DAY)
        await make(app)
        async with app.db.write() as conn:
            await conn.execute(update(schema.placement).values(cause=""))
            content = (await editions.content(conn, ID)).left_out
        assert content
        table = schema.edition
        async with app.db.write() as conn:
            old = json.loads(await conn.scalar(select(table.c.content)) or "")
            old["dropped"] = [[one["item_id"], one["reason"]] for one in old.pop("left_out")]
            await conn.execute(update(table).values(content=json.dumps(old)))
        cover = await prove(app)
        assert cover.proved
        assert cover.editions[0].left_out == {"unsaid": 1}


async def test_what_was_never_to_be_shown_is_counted_apart(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (app, clock):
        async with app.db.write() as conn:
            await items.remember(app.db, conn, DAY, backlog=1)
        assert ((await prove(app)).before, (await prove(app)).waiting) == (2, 1)
        clock.now += timedelta(days=500)
        async with app.db.write() as conn:
            await items.purge(conn, before=clock.now, now=clock.now)
        cover = await prove(app)
        assert (cover.proved, cover.before, cover.expired) == (True, 2, 1)
        assert "keep_days" in cover.notes[0]


# ------------------------------------------------- what was done behind its back


async def test_an_item_whose_placement_is_gone_is_named(tmp_path: Path, store_url: str) -> None:
    async with newsroom(tmp_path, store_url) as (app, _):
        await meet(app, *DAY)
        await make(app)
        async with app.db.write() as conn:
            await conn.execute(
                delete(schema.placement).where(schema.placement.c.item_id == STORM.id)
            )
        cover = await prove(app)
        assert breaches(cover) == [(Breach.UNPLACED, ID, STORM.id)]
        assert cover.violations[0].title == STORM.title
        assert "restore the backup" in cover.violations[0].remedy
        # An hour after it was met, the edition should have had it.
        async with app.db.write() as conn:
            later = MORNING + timedelta(hours=1)
            await conn.execute(update(schema.edition).values(created_at=later))
        assert {one.breach for one in (await prove(app)).violations} == {
            Breach.UNPLACED,
            Breach.VANISHED,
        }


async def test_an_item_that_no_edition_took_is_named_with_what_to_do(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (app, clock):
        await meet(app, *DAY)
        await make(app)
        clock.now += timedelta(days=1)
        await meet(app, LATE)
        await make(app, 19)
        async with app.db.write() as conn:
            await conn.execute(
                delete(schema.placement).where(schema.placement.c.item_id == LATE.id)
            )
        await rewrite(app, NEXT, sections=[])
        cover = await prove(app)
        assert breaches(cover) == [(Breach.VANISHED, NEXT, LATE.id)]
        assert (cover.vanished, cover.waiting, cover.collected) == (1, 0, 4)
        assert "digest compose --newsletter daily" in cover.violations[0].remedy
        assert breaches(await prove(app, edition=NEXT)) == breaches(cover)
        assert breaches(await prove(app, edition=ID)) == []
        assert breaches(await prove(app, since=date(2026, 5, 19))) == breaches(cover)
        assert breaches(await prove(app, since=date(2026, 5, 20))) == []
        # What was promised comes true.
        clock.now += timedelta(days=1)
        await make(app, 20)
        assert (await prove(app)).proved


async def test_content_and_placements_that_disagree_are_named(sent: App) -> None:
    place = schema.placement
    async with sent.db.write() as conn:
        here = place.c.item_id == PRIZE.id
        await conn.execute(update(place).where(here).values(part="dropped", cause="cut"))
    await rewrite(sent, ID, briefs=[])
    cover = await prove(sent)
    assert breaches(cover) == [
        (Breach.OTHERWISE, ID, PRIZE.id),
        (Breach.UNTOLD, ID, BRIEF.id),
    ]
    assert cover.violations[0].text == "is told as a story and placed as left out (cut)"
    assert cover.violations[1].text == "is placed as a brief, and the edition does not tell of it"


async def test_an_item_twice_in_an_edition_and_a_stranger_are_named(sent: App) -> None:
    left = [
        {"item_id": BRIEF.id, "cause": "cut", "reason": "Below the cut."},
        {"item_id": "f" * 16, "cause": "cut", "reason": "Below the cut."},
    ]
    await rewrite(sent, ID, left_out=left)
    assert breaches(await prove(sent)) == [
        (Breach.TWICE, ID, BRIEF.id),
        (Breach.UNKNOWN, ID, "f" * 16),
    ]


async def test_an_item_in_two_editions_is_named(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (app, _):
        await meet(app, *DAY)
        await make(app)
        await meet(app, LATE)
        await make(app, 19)
        left = [{"item_id": STORM.id, "cause": "cut", "reason": "Below the cut."}]
        await rewrite(app, NEXT, left_out=left)
        cover = await prove(app)
        assert breaches(cover) == [(Breach.TWO_EDITIONS, NEXT, STORM.id)]
        assert ID in cover.violations[0].text


async def test_items_stuck_in_a_cancelled_edition_or_astray_are_named(tmp_path: Path) -> None:
    async with newsroom(tmp_path, more=WEEKLY) as (app, _):
        await meet(app, *DAY)
        await compose.compose(app, app.newsletter(), slot_of(app.newsletter(), date(2026, 5, 18)))
        async with app.db.write() as conn:
            await conn.execute(update(schema.edition).values(state="cancelled"))
            astray = {"newsletter": "weekly", "item_id": STORM.id, "edition_id": ID}
            await conn.execute(insert(schema.placement).values(astray | {"part": "story"}))
        assert breaches(await prove(app)) == [(Breach.STUCK, ID, "")]
        found = breaches(await prove(app, "weekly"))
        assert found == [(Breach.ASTRAY, ID, STORM.id), (Breach.MISCOUNT, "", "")]


async def test_items_of_an_edition_without_content_are_named(sent: App) -> None:
    async with sent.db.write() as conn:
        await conn.execute(update(schema.edition).values(content=""))
    assert breaches(await prove(sent)) == [(Breach.UNTOLD, ID, "")]


async def test_of_very_many_violations_only_the_first_are_named(sent: App) -> None:
    left = [{"item_id": f"{n:016x}", "cause": "cut", "reason": "."} for n in range(MOST_NAMED + 9)]
    await rewrite(sent, ID, left_out=left)
    cover = await prove(sent)
    assert (len(cover.violations), cover.violations_in_all) == (MOST_NAMED, MOST_NAMED + 9)


# ------------------------------------------------------------- which newsletter

WEEKLY = """
[[sources]]
id = "wire"
kind = "push"

[[newsletters]]
slug = "weekly"
title = "The Week"
days = ["sun"]
timezone = "Europe/Athens"
best_of = ["daily"]
"""


async def test_the_best_of_a_daily_answers_for_what_that_showed(tmp_path: Path) -> None:
    async with newsroom(tmp_path, more=WEEKLY) as (app, clock):
        await meet(app, *DAY)
        await make(app)
        cover = await prove(app, "weekly")
        assert (cover.proved, cover.waiting) == (True, 2)
        clock.now += timedelta(days=6)
        weekly = await make(app, 24, newsletter="weekly")
        cover = await prove(app, "weekly")
        assert (cover.proved, cover.waiting, cover.editions[0].total) == (True, 0, 2)
        async with app.db.write() as conn:
            here = (schema.placement.c.newsletter == "weekly") & (
                schema.placement.c.item_id == PRIZE.id
            )
            await conn.execute(delete(schema.placement).where(here))
        assert breaches(await prove(app, "weekly")) == [
            (Breach.UNPLACED, weekly, PRIZE.id),
            (Breach.VANISHED, weekly, PRIZE.id),
        ]


async def test_what_was_approved_after_the_weekly_is_the_next_weeklys(tmp_path: Path) -> None:
    async with newsroom(tmp_path, more=WEEKLY, newsletter="auto_approve = false") as (app, clock):
        await meet(app, STORM)
        await make(app)
        clock.now += timedelta(days=1)
        await meet(app, LATE)
        await compose.compose(app, app.newsletter(), slot_of(app.newsletter(), date(2026, 5, 19)))
        clock.now += timedelta(days=5)
        await make(app, 24, newsletter="weekly")
        clock.now += timedelta(hours=1)
        await pipeline.approve(app, NEXT)
        cover = await prove(app, "weekly")
        assert (cover.proved, cover.waiting) == (True, 1)
        clock.now += timedelta(days=7)
        weekly = await make(app, 31, newsletter="weekly")
        assert ((await prove(app, "weekly")).proved, (await prove(app, "weekly")).waiting) == (
            True,
            0,
        )
        async with app.db.write() as conn:
            place = schema.placement
            here = (place.c.newsletter == "weekly") & (place.c.item_id == LATE.id)
            await conn.execute(delete(place).where(here))
        assert (Breach.VANISHED, weekly, LATE.id) in breaches(await prove(app, "weekly"))


async def test_a_newsletter_answers_for_its_own_sources(tmp_path: Path) -> None:
    newsletter = 'sources = ["desk"]'
    async with newsroom(tmp_path, more=WEEKLY, newsletter=newsletter) as (app, _):
        await meet(app, *DAY, make_item("Elsewhere", "Not of this newsletter.", source_id="wire"))
        await make(app)
        assert ((await prove(app)).collected, (await prove(app)).proved) == (3, True)


async def test_a_source_that_joined_later_has_not_vanished_yet(tmp_path: Path) -> None:
    later = replace(make_item("New", "From a new source.", source_id="wire"), seen_at=MORNING)
    async with newsroom(tmp_path, more=WEEKLY, newsletter='sources = ["desk", "wire"]') as (
        app,
        clock,
    ):
        await meet(app, *DAY)
        clock.now += timedelta(hours=2)
        await make(app)
        await meet(app, later)
        cover = await prove(app)
        assert (cover.proved, cover.waiting) == (True, 1)
        assert cover.notes == ("nothing of source wire was ever taken",)


async def test_breaking_news_leaves_the_rest_to_wait(tmp_path: Path) -> None:
    async with newsroom(tmp_path, newsletter="breaking_sources = 2\ndays = []") as (app, clock):
        await meet(app, *DAY)
        clock.now += timedelta(hours=2)
        await make(app, only={STORM.id})
        cover = await prove(app)
        assert (cover.proved, cover.waiting, cover.editions[0].total) == (True, 2, 1)


async def test_what_is_kept_a_moment_late_has_not_vanished(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (app, clock):
        await meet(app, *DAY)
        clock.now += timedelta(minutes=2)
        await make(app)
        await meet(app, replace(LATE, seen_at=MORNING))
        assert ((await prove(app)).proved, (await prove(app)).waiting) == (True, 1)


async def test_what_is_not_there_is_not_proved(sent: App) -> None:
    with pytest.raises(NotFound, match="no newsletter"):
        await coverage(sent, newsletter="monthly")
    with pytest.raises(NotFound, match="no edition"):
        await coverage(sent, edition="daily@2026-01-01T0700")


async def test_what_was_killed_stays_dead_when_its_edition_is_cancelled(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (app, _):
        await meet(app, *DAY)
        slot = slot_of(app.newsletter(), date(2026, 5, 18))
        await compose.compose(app, app.newsletter(), slot)
        await revise.kill(app, ID, STORM.id)
        await pipeline.cancel(app, ID)
        assert breaches(await prove(app)) == []
        async with app.db.read() as conn:
            waiting = await placements.unplaced(conn, "daily")
        assert {item.id for item in waiting} == {PRIZE.id, BRIEF.id}
