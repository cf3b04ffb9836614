"""What is remembered of items over time: revisions, tombstones, copies, corrections."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from digest.model import Correction, Edition, EditionEvent, Item, Section, Slot
from digest.store import Connection, Database, editions, items, placements, schema, sources
from digest.store.items import Remembered
from make import MORNING, make_brief, make_edition, make_item, make_story

TOMORROW = MORNING + timedelta(days=1)


def slot(day: int = 18) -> Slot:
    at = MORNING + timedelta(days=day - 18)
    return Slot(newsletter="daily", day=date(2026, 5, day), clock=time(7), at=at)


async def carry(
    db: Database, conn: Connection, *shown: Item, day: int = 18, approve: bool = True
) -> str:
    """An edition of that day that carries *shown*, approved."""
    at = slot(day)
    edition = make_edition(
        Section(slug="s", title="S", stories=tuple(make_story(item) for item in shown)),
        id=at.edition_id,
    )
    await editions.create(db, conn, at, now=MORNING)
    await editions.write_content(conn, edition)
    revisions = {item.id: item.revision for item in shown}
    await placements.place(conn, edition, revisions=revisions)
    if approve:
        await editions.move(conn, at.edition_id, EditionEvent.APPROVE, approved_at=MORNING)
    return at.edition_id


async def changed(
    db: Database, conn: Connection, item: Item, title: str, at: datetime = TOMORROW
) -> Remembered:
    return await items.remember(db, conn, [replace(item, title=title, seen_at=at)])


async def test_the_older_words_of_an_item_are_kept(db: Database) -> None:
    item = make_item()
    async with db.write() as conn:
        await items.remember(db, conn, [item])
        await changed(db, conn, item, "Ferry runs at noon")
        await changed(db, conn, item, "Ferry runs at one")
        rows = (await conn.execute(select(schema.revision).order_by("number"))).all()
        (now,) = await placements.unplaced(conn, "daily")
    assert [(row.number, "at noon" in row.content) for row in rows] == [(0, False), (1, True)]
    assert (now.title, now.revision) == ("Ferry runs at one", 2)


async def test_a_source_that_touches_its_items_all_day_is_not_listened_to_for_ever(
    db: Database,
) -> None:
    item = make_item()
    async with db.write() as conn:
        await items.remember(db, conn, [item])
        told = [await changed(db, conn, item, f"It is {n} minutes past") for n in range(60)]
    assert sum(len(one.changed) for one in told) == items.MOST_REVISIONS


async def test_what_no_reader_would_notice_leaves_no_revision(db: Database) -> None:
    item = make_item()
    retouched = replace(item, title=item.title + ".", seen_at=TOMORROW)
    async with db.write() as conn:
        await items.remember(db, conn, [item])
        told = await items.remember(db, conn, [retouched], noteworthy=lambda _a, _b: False)
        (kept,) = await placements.unplaced(conn, "daily")
        assert (told.changed, kept.title, kept.revision) == ((), retouched.title, 0)
        await carry(db, conn, kept)
        await items.remember(db, conn, [item], noteworthy=lambda _a, _b: False)
        assert await placements.of_edition(conn, slot().edition_id) == [kept]


async def test_a_change_after_an_edition_went_out_is_to_be_told(db: Database) -> None:
    item, brief = make_item(), make_brief()
    async with db.write() as conn:
        await items.remember(db, conn, [item, brief])
        carried = await carry(db, conn, item, brief)
        await changed(db, conn, item, "Ferry does not run")
        (found,) = await placements.changed_since(
            conn, "daily", since=MORNING, edition_id="daily@2026-05-19T0700"
        )
        assert (found.before.title, found.after.title) == (item.title, "Ferry does not run")
        assert (found.edition_id, found.at) == (carried, TOMORROW)
        old_news = await placements.changed_since(
            conn, "daily", since=TOMORROW + timedelta(hours=1), edition_id="x"
        )
        assert old_news == []
        assert await placements.changed_since(conn, "weekly", since=MORNING, edition_id="x") == []


async def test_a_change_while_it_is_a_draft_is_no_correction(db: Database) -> None:
    item = make_item()
    async with db.write() as conn:
        await items.remember(db, conn, [item])
        draft = await carry(db, conn, item, approve=False)
        assert not await placements.outdated(conn, draft)
        await changed(db, conn, item, "Ferry does not run")
        assert await placements.outdated(conn, draft)
        assert await placements.changed_since(conn, "daily", since=MORNING, edition_id="x") == []


def telling(item: Item, *, carried: str) -> Edition:
    correction = Correction(
        item_id=item.id,
        headline=item.title,
        at=TOMORROW,
        sentences=("It does not run.",),
        edition_id=carried,
    )
    bare = make_edition(id=slot(19).edition_id, corrections=(correction,))
    return replace(bare, sections=())


async def test_a_correction_is_told_once_and_again_when_it_changes_again(db: Database) -> None:
    item = make_item()
    async with db.write() as conn:
        await items.remember(db, conn, [item])
        carried = await carry(db, conn, item)
        await changed(db, conn, item, "Ferry does not run")
        next_day = telling(item, carried=carried)
        await editions.create(db, conn, slot(19), now=TOMORROW)
        await placements.place(conn, next_day, revisions={item.id: 1})

        async def untold(edition_id: str) -> list[str]:
            found = await placements.changed_since(
                conn, "daily", since=MORNING, edition_id=edition_id
            )
            return [f"{one.before.title} -> {one.after.title}" for one in found]

        assert await untold("daily@2026-05-20T0700") == []
        assert len(await untold(next_day.id)) == 1, "the edition that tells it may be made again"
        await changed(db, conn, item, "Ferry runs after all")
        assert await untold("daily@2026-05-20T0700") == [
            "Ferry does not run -> Ferry runs after all"
        ]
        await placements.release(conn, next_day.id)
        assert await untold("daily@2026-05-20T0700") == [f"{item.title} -> Ferry runs after all"]


async def test_one_page_from_two_sources_is_carried_once(db: Database) -> None:
    first = make_item(url="https://wire.example/a")
    again = make_item("Ferry back", url="https://wire.example/a", source_id="other", id="b" * 16)
    async with db.write() as conn:
        await items.remember(db, conn, [first])
        carried = await carry(db, conn, first)
        await items.remember(db, conn, [again])
        assert await placements.carried_before(conn, "daily", "daily@2026-05-19T0700") == {
            again.id: (first.id, carried)
        }
        assert await placements.carried_before(conn, "weekly", "w") == {}


async def test_a_first_visit_takes_a_bounded_backlog_and_the_rest_never_returns(
    db: Database,
) -> None:
    every = [make_item(f"News {n}", hours=-n, position=n) for n in range(10)]
    async with db.write() as conn:
        told = await items.remember(db, conn, every, backlog=3)
        assert (len(told.new), told.passed_over) == (3, 7)
        kept = await placements.unplaced(conn, "daily")
        assert {item.title for item in kept} == {"News 0", "News 1", "News 2"}
        assert await items.remember(db, conn, every) == Remembered()
        moved = [replace(item, title=item.title + " changed") for item in every[5:]]
        assert await items.remember(db, conn, moved) == Remembered()
        assert (await placements.count(conn, "daily"))["waiting"] == 3


async def test_what_was_swept_away_never_returns_as_new(db: Database) -> None:
    old, young = make_item("Old"), make_item("Young", seen_at=TOMORROW)
    async with db.write() as conn:
        await items.remember(db, conn, [old, young], html={old.id: "<p>Old</p>"})
        await carry(db, conn, old)
        assert await items.oldest(conn) == MORNING
        assert await items.purge(conn, before=TOMORROW, now=TOMORROW) == 1
        assert await items.oldest(conn) == TOMORROW
        assert await items.html_of(conn, [old.id]) == {}
        assert await placements.of_edition(conn, slot().edition_id) == []
        assert await items.remember(db, conn, [replace(old, title="Old again")]) == Remembered()
        assert [item.title for item in await placements.unplaced(conn, "daily")] == ["Young"]


async def test_items_are_found_under_the_ids_of_another_identity_rule(db: Database) -> None:
    item = make_item()
    renamed = replace(item, id="f" * 16, title="Ferry runs late", seen_at=TOMORROW)
    async with db.write() as conn:
        await items.remember(db, conn, [item])
        assert await items.rename(db, conn, "wire", lambda _: "f" * 16) == 1
        assert await items.known_among(conn, ["f" * 16, "e" * 16]) == {"f" * 16}
        told = await items.remember(db, conn, [renamed], html={"f" * 16: "<p>Late</p>"})
        assert (told.new, told.changed) == ((), (item.id,))
        (kept,) = await placements.unplaced(conn, "daily")
        assert (kept.id, kept.title) == (item.id, "Ferry runs late")
        assert await items.html_of(conn, [item.id]) == {item.id: "<p>Late</p>"}


async def test_items_are_counted_by_day_and_source(db: Database) -> None:
    async with db.write() as conn:
        await items.remember(
            db, conn, [make_item("A"), make_item("B", seen_at=TOMORROW), make_brief()]
        )
        assert await items.items_per_day(conn, since=MORNING) == {
            "wire": {MORNING.date(): 2, TOMORROW.date(): 1}
        }
        times = (await items.last_items(conn, since=MORNING - timedelta(days=1)))["wire"]
        assert len(times) == 3
        assert list(times) == sorted(times)


async def test_what_a_source_is_done_with_is_not_unread_again(db: Database) -> None:
    async with db.write() as conn:
        assert await sources.undone(conn, "desk", ["a", "b"]) == {"a", "b"}
        await sources.finish(db, conn, "desk", ["a", "a"], at=MORNING)
        await sources.finish(db, conn, "desk", ["a"], at=MORNING)
        assert await sources.undone(conn, "desk", ["a", "b"]) == {"b"}
        assert await sources.undone(conn, "other", ["a"]) == {"a"}


async def test_two_who_meet_one_item_in_other_words_lose_neither(db: Database) -> None:
    first = make_item()
    second = replace(first, title="Ferry does not run", seen_at=TOMORROW)
    both_read = asyncio.Barrier(2)

    async def meet(item: Item) -> Remembered:
        async with db.write() as conn:
            if not db.is_sqlite:
                # SQLite lets one begin after the other; PostgreSQL both.
                await conn.scalar(select(1))
                await both_read.wait()
            return await items.remember(db, conn, [item])

    told = await asyncio.gather(meet(first), meet(second))
    assert sum(len(one.new) for one in told) == 1
    assert sum(len(one.changed) for one in told) == 1
    async with db.read() as conn:
        (kept,) = await placements.unplaced(conn, "daily")
        older = await conn.scalar(select(schema.revision.c.content))
    assert kept.revision == 1
    assert older is not None
    assert kept.title not in older


async def test_a_tombstone_is_found_under_the_ids_of_every_rule(db: Database) -> None:
    every = [make_item(f"News {n}", hours=-n, position=n) for n in range(3)]
    others = {item.id: [item.id, f"{n:016d}"] for n, item in enumerate(every)}
    async with db.write() as conn:
        told = await items.remember(db, conn, every, backlog=1, other_ids=others)
        assert (len(told.new), told.passed_over) == (1, 2)
        renamed = [replace(item, id=f"{n:016d}") for n, item in enumerate(every)]
        assert await items.remember(db, conn, renamed) == Remembered()
