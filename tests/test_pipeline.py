"""Collecting, composing, approving, publishing: each verb may be run twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from digest import collect, compose, pipeline
from digest import publish as publishing
from digest.app import App
from digest.errors import Conflict
from digest.model import EditionState, Slot
from digest.settings import Source
from digest.slots import slot_of
from digest.store import editions, placements, sources
from digest.visits import is_due
from make import MORNING
from newsroom import open_newsroom, write_article, write_config, write_day

ID = "daily@2026-05-18T0700"


@pytest.fixture
async def app(tmp_path: Path, store_url: str) -> AsyncIterator[App]:
    """A newsroom with three pieces of news, once on each database."""
    write_config(tmp_path, store_url=store_url)
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as opened:
        yield opened


def slot(app: App, day: int = 18) -> Slot:
    return slot_of(app.newsletter(), date(2026, 5, day))


async def headlines(app: App, edition_id: str = ID) -> list[str]:
    async with app.db.read() as conn:
        edition = await editions.content(conn, edition_id)
    return sorted(story.headline for story in edition.stories)


async def waiting(app: App) -> int:
    async with app.db.read() as conn:
        return len(await placements.unplaced(conn, "daily"))


async def test_what_is_read_again_is_not_new_again(app: App) -> None:
    (first,) = await collect.collect(app)
    assert (first.documents, first.articles, first.new) == (3, 3, 3)
    (second,) = await collect.collect(app)
    assert (second.unchanged, second.new, second.changed) == (True, 0, 0)


async def test_a_broken_document_is_named_and_stops_nothing(app: App) -> None:
    desk = app.loaded.base / "desk"
    (desk / "empty.txt").write_bytes(b"")
    (desk / "noise.txt").write_bytes(bytes(range(32)) * 40)
    (visit,) = await collect.collect(app)
    assert [name for name, _ in visit.faults] == ["empty.txt", "noise.txt"]
    assert all(text.endswith(".") for _, text in visit.faults)
    assert visit.new == 3


async def test_a_source_that_is_not_there_costs_no_other_anything(app: App) -> None:
    gone = Source.model_validate({"id": "gone", "kind": "folder", "path": Path("nowhere")})
    visits = await collect.collect(app, [gone, *app.settings.sources])
    assert [visit.new for visit in visits] == [0, 3]
    assert "check the path" in visits[0].faults[0][1]


async def test_a_source_that_digest_fails_on_is_put_off_and_stops_no_other(app: App) -> None:
    # No file system knows such a name: the error is not one of ours.
    odd = Source.model_validate({"id": "odd", "kind": "folder", "path": Path("a\0b")})
    visits = await collect.collect(app, [odd, *app.settings.sources])
    assert [visit.new for visit in visits] == [0, 3]
    async with app.db.read() as conn:
        record = (await sources.known(conn))["odd"]
    assert record.failures == 1
    assert not is_due(record, app.now())


async def test_a_feed_may_not_lead_us_to_a_private_address(app: App) -> None:
    inside = Source.model_validate({"id": "x", "kind": "feed", "url": "http://127.0.0.1:1/feed"})
    (visit,) = await collect.collect(app, [inside])
    assert "allow_private" in visit.faults[0][1]


async def test_a_slot_is_composed_once(app: App) -> None:
    await collect.collect(app)
    record = await compose.compose(app, app.newsletter(), slot(app))
    assert (record.id, record.state) == (ID, EditionState.DRAFT)
    assert await compose.compose(app, app.newsletter(), slot(app)) == record
    assert len(await headlines(app)) == 3
    assert await waiting(app) == 0


async def test_a_draft_takes_what_comes_after_it(app: App) -> None:
    await collect.collect(app)
    await compose.compose(app, app.newsletter(), slot(app))
    write_article(app.loaded.base, "late-news", "Late on Sunday a whale was seen off Gull Light.")
    await collect.collect(app)
    await compose.compose(app, app.newsletter(), slot(app))
    assert "Late news" in await headlines(app)
    assert len(await headlines(app)) == 4


async def test_what_is_approved_changes_no_more_and_the_rest_is_tomorrows(app: App) -> None:
    await collect.collect(app)
    await compose.compose(app, app.newsletter(), slot(app))
    await pipeline.approve(app, ID)
    write_article(app.loaded.base, "late-news", "Late on Sunday a whale was seen off Gull Light.")
    await collect.collect(app)
    await compose.compose(app, app.newsletter(), slot(app))
    assert len(await headlines(app)) == 3
    with pytest.raises(Conflict):
        await pipeline.approve(app, ID)
    tomorrow = await compose.compose(app, app.newsletter(), slot(app, 19))
    assert await headlines(app, tomorrow.id) == ["Late news"]


async def test_every_item_lands_in_exactly_one_edition_whoever_composes(app: App) -> None:
    await collect.collect(app)
    days = [slot(app, day) for day in (18, 18, 19, 20)]
    await asyncio.gather(*(compose.compose(app, app.newsletter(), day) for day in days))
    found: list[str] = []
    async with app.db.read() as conn:
        for record in await editions.listing(conn, states=(EditionState.DRAFT,)):
            found += [item.id for item in await placements.of_edition(conn, record.id)]
    assert len(found) == len(set(found)) == 3
    assert await waiting(app) == 0


async def test_an_empty_day_is_skipped_and_may_be_made_after_all(app: App) -> None:
    record = await compose.compose(app, app.newsletter(), slot(app))
    assert (record.state, record.reason) == (EditionState.SKIPPED, "nothing new")
    await collect.collect(app)
    record = await compose.compose(app, app.newsletter(), slot(app))
    assert (record.state, record.reason) == (EditionState.DRAFT, "")


async def test_a_held_edition_is_made_when_a_person_asks(app: App) -> None:
    await collect.collect(app)
    held = await compose.compose(app, app.newsletter(), slot(app), late=True)
    assert held.state is EditionState.HELD
    assert await waiting(app) == 3
    assert (await compose.compose(app, app.newsletter(), slot(app))).state is EditionState.DRAFT


async def test_a_cancelled_draft_gives_its_items_back(app: App) -> None:
    await collect.collect(app)
    await compose.compose(app, app.newsletter(), slot(app))
    record = await pipeline.cancel(app, ID)
    assert record.state is EditionState.CANCELLED
    assert await waiting(app) == 3


async def test_a_further_edition_shows_the_items_again_and_moves_none(app: App) -> None:
    await collect.collect(app)
    await compose.compose(app, app.newsletter(), slot(app))
    await pipeline.approve(app, ID)
    write_article(app.loaded.base, "late-news", "Late on Sunday a whale was seen off Gull Light.")
    await collect.collect(app)
    again = await compose.compose(app, app.newsletter(), slot(app, 19), repeats=ID)
    assert len(await headlines(app, again.id)) == 4
    async with app.db.read() as conn:
        assert len(await placements.of_edition(conn, ID)) == 3
        assert len(await placements.of_edition(conn, again.id)) == 1


async def test_composing_is_reproducible(app: App) -> None:
    await collect.collect(app)
    await compose.compose(app, app.newsletter(), slot(app))
    async with app.db.read() as conn:
        first = await editions.content(conn, ID)
    await pipeline.cancel(app, ID)
    again = await compose.compose(app, app.newsletter(), slot(app, 19))
    async with app.db.read() as conn:
        second = await editions.content(conn, again.id)
    assert second.sections == first.sections


async def test_what_is_approved_before_its_hour_is_not_published_before_it(tmp_path: Path) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    clock = [MORNING - timedelta(minutes=30)]
    async with open_newsroom(tmp_path, now=lambda: clock[0]) as app:
        await collect.collect(app)
        await compose.compose(app, app.newsletter(), slot(app))
        await pipeline.approve(app, ID)
        page = app.edition_folder(ID) / "index.html"
        await publishing.publish(app)
        assert not page.exists()
        assert "T0700" not in (app.out_dir / "index.html").read_text()
        await publishing.publish(app, early=(ID,))
        assert page.exists()
        # Once seen it stays.
        await publishing.publish(app)
        assert page.exists()


async def test_what_is_being_published_is_not_given_back_by_a_cancel(app: App) -> None:
    await collect.collect(app)
    await compose.compose(app, app.newsletter(), slot(app), approve=True)
    await asyncio.gather(publishing.publish(app), pipeline.cancel(app, ID))
    async with app.db.read() as conn:
        record = await editions.get(conn, ID)
    assert record.state is EditionState.CANCELLED
    # Seen by somebody, and its items are spent; or by nobody, and they are free.
    assert await waiting(app) == (0 if record.published_at else 3)
