"""Pushing: all of a request or nothing, twice is once, and other words are a revision."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digest import collect, compose, deliver
from digest.app import App
from digest.errors import Conflict, NotFound, ParseError
from digest.intake import Pushed, push
from digest.model import Item, Kind
from digest.settings import Source
from digest.slots import slot_of
from digest.store import items, placements, sources
from make import MORNING
from newsroom import open_newsroom, write_config

TICKER = """
[[sources]]
id = "ticker"
kind = "push"
title = "Ticker desk"
language = "en"
timezone = "Europe/Athens"
backlog = 1
"""
BRIDGE = {"id": "t1", "text": "The Orrin bridge is closed until noon."}
FERRY = {
    "id": "a1",
    "title": "Ferry runs again to Lower Quay",
    "url": "https://cms.example/ferry",
    "html": "<p>The ferry ran <b>again</b> on Sunday.</p>",
    "published": "2026-05-18T06:30",
}


def write_newsroom(folder: Path, more: str = TICKER) -> Path:
    path = write_config(folder)
    path.write_text(path.read_text() + more)
    return path


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    write_newsroom(tmp_path)
    async with open_newsroom(tmp_path) as opened:
        yield opened


async def stored(app: App) -> dict[str, Item]:
    async with app.db.read() as conn:
        return {item.guid or "": item for item in await placements.unplaced(conn, "daily")}


def states(done: Pushed) -> list[tuple[str, str]]:
    return [(became.id, became.state) for became in done.items]


async def test_items_are_kept_as_they_were_told(app: App) -> None:
    done = await push(app, "ticker", [BRIDGE, FERRY])
    assert (done.source, done.new, done.changed, done.unchanged) == ("ticker", 2, 0, 0)
    kept = await stored(app)
    bridge, ferry = kept["t1"], kept["a1"]
    assert [became.item for became in done.items] == [bridge.id, ferry.id]
    assert (bridge.kind, bridge.title, bridge.site) == (Kind.BRIEF, BRIDGE["text"], "Ticker desk")
    # Nobody said when: it is the time at which it came.
    assert bridge.published_at == MORNING
    # 06:30 in Athens.
    assert ferry.published_at == MORNING - timedelta(minutes=30)
    assert (ferry.kind, ferry.text) == (Kind.ARTICLE, "The ferry ran again on Sunday.")
    async with app.db.read() as conn:
        assert "<b>again</b>" in (await items.html_of(conn, [ferry.id]))[ferry.id]


async def test_pushing_the_same_again_changes_nothing(app: App) -> None:
    await push(app, None, [BRIDGE, FERRY])
    done = await push(app, None, [FERRY, BRIDGE])
    assert (done.new, done.changed, done.unchanged) == (0, 0, 2)
    assert states(done) == [("a1", "unchanged"), ("t1", "unchanged")]


async def test_other_words_under_the_same_id_are_a_revision(app: App) -> None:
    await push(app, None, [BRIDGE, FERRY])
    other = {**BRIDGE, "text": "The Orrin bridge stays closed until midnight, the police said."}
    done = await push(app, None, [other, {**BRIDGE, "id": "t2"}, FERRY])
    assert states(done) == [("t1", "changed"), ("t2", "new"), ("a1", "unchanged")]
    assert (await stored(app))["t1"].text == other["text"]


async def test_a_correction_after_the_edition_went_out_is_in_the_next_one(app: App) -> None:
    await push(app, None, FERRY)
    newsletter = app.newsletter()
    record = await compose.compose(
        app, newsletter, slot_of(newsletter, MORNING.date()), approve=True
    )
    await deliver.deliver(app, record.id)
    words = "The ferry will not run before Monday, the harbour said."
    done = await push(app, None, {**FERRY, "html": f"<p>{words}</p>"})
    assert states(done) == [("a1", "changed")]
    assert await stored(app) == {}
    tomorrow = slot_of(newsletter, MORNING.date() + timedelta(days=1))
    (told,) = (await compose.sketch(app, newsletter, tomorrow)).edition.corrections
    assert (told.item_id, told.sentences) == (done.items[0].item, (words,))


async def test_nothing_is_kept_of_a_request_with_a_fault(app: App) -> None:
    with pytest.raises(ParseError) as caught:
        await push(app, None, [BRIDGE, {"id": "t2"}, {"text": "A."}])
    said = str(caught.value).split("\n")
    assert [line.partition(":")[0] for line in said] == ["items[1].text", "items[2].id"]
    assert await stored(app) == {}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"published": "2026-05-20T06:00Z"}, 'published of "t1": is more than a day ahead'),
        ({"updated": "2027-05-18T06:00Z"}, 'updated of "t1": is more than a day ahead'),
        ({"text": None, "title": "\u115f"}, 'title of "t1": holds nothing that can be seen'),
    ],
)
async def test_what_would_be_mended_in_silence_is_refused_aloud(
    app: App, fields: dict[str, Any], says: str
) -> None:
    with pytest.raises(ParseError, match=says):
        await push(app, None, [FERRY, {**BRIDGE, **fields}])
    assert await stored(app) == {}


async def test_the_first_push_is_no_backlog(app: App) -> None:
    many = [{"id": f"t{n}", "text": f"Gate {n} of the lock is open."} for n in range(40)]
    assert (await push(app, None, many)).new == 40
    assert len(await stored(app)) == 40


async def test_two_pushes_at_once_keep_each_item_once(app: App) -> None:
    done = await asyncio.gather(*(push(app, None, [BRIDGE, FERRY]) for _ in range(4)))
    assert sum(one.new for one in done) == 2
    assert all(one.changed == 0 for one in done)
    assert len(await stored(app)) == 2


async def test_nothing_pushed_is_nothing_done(app: App) -> None:
    assert await push(app, None, {"items": []}) == Pushed(source="ticker")


@pytest.mark.parametrize("source_id", ["desk", "nobody", "Ticker"])
async def test_only_a_source_of_kind_push_is_pushed_to(app: App, source_id: str) -> None:
    with pytest.raises(NotFound, match="there is ticker"):
        await push(app, source_id, BRIDGE)


async def test_where_there_are_several_one_has_to_be_named(app: App) -> None:
    await collect.add_source(app, Source(id="cms", kind="push"))
    with pytest.raises(NotFound, match="name one of ticker, cms"):
        await push(app, None, BRIDGE)
    assert (await push(app, "cms", BRIDGE)).source == "cms"
    assert (await push(app, "ticker", BRIDGE)).new == 1


async def test_where_there_is_none_it_says_how_to_add_one(tmp_path: Path) -> None:
    write_newsroom(tmp_path, "")
    async with open_newsroom(tmp_path) as app:
        with pytest.raises(NotFound, match='kind = "push"'):
            await push(app, None, BRIDGE)


async def test_a_paused_source_takes_nothing(app: App) -> None:
    await collect.pause(app, "ticker")
    with pytest.raises(Conflict, match="digest sources resume ticker"):
        await push(app, None, BRIDGE)
    await collect.pause(app, "ticker", False)
    assert (await push(app, None, BRIDGE)).new == 1


async def test_what_was_pushed_is_remembered_of_the_source(app: App) -> None:
    await push(app, None, BRIDGE)
    later = replace(app, now=lambda: MORNING + timedelta(hours=3))
    await push(later, None, BRIDGE)
    async with app.db.read() as conn:
        record = await sources.find(conn, "ticker")
    assert record is not None
    assert (record.new_at, record.succeeded_at) == (MORNING, MORNING + timedelta(hours=3))
    assert (record.identity, record.failures) == ("guid", 0)
