"""Publishing with hubs: they are told of what has changed once it is there; nobody waits."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from digest import announce, collect, compose, pipeline
from digest import publish as publishing
from digest.app import App
from digest.errors import StoreError
from digest.slots import slot_of
from hubpeer import Hub, a_hub, newsroom, standing
from newsroom import run_digest, write_day

#: After whatever a process with a clock of its own has noted.
FAR = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with a_hub() as made:
        yield made


@pytest.fixture
async def app(tmp_path: Path, hub: Hub) -> AsyncIterator[App]:
    async with newsroom(tmp_path, hub.url) as opened:
        yield opened


async def bring_out(app: App) -> None:
    newsletter = app.newsletter()
    await collect.collect(app)
    slot = slot_of(newsletter, date(2026, 5, 18))
    await compose.compose(app, newsletter, slot, approve=True)


def feeds_of(app: App) -> list[str]:
    """The addresses of the feeds in the output folder."""
    found = (path.relative_to(app.out_dir) for path in app.out_dir.glob("feeds/daily/**/feed.*"))
    return sorted(f"http://localhost:8025/{path}" for path in found)


async def test_hubs_are_told_of_every_feed_in_every_format_once(app: App, hub: Hub) -> None:
    there = []

    async def look() -> None:
        path = app.out_dir / hub.topics[-1].removeprefix("http://localhost:8025/")
        there.append(path.is_file())

    hub.meanwhile = look
    write_day(app.loaded.base)
    await bring_out(app)
    await publishing.publish(app)
    assert await announce.announce(app) == len(feeds_of(app))
    assert sorted(hub.topics) == feeds_of(app)
    assert all(there)
    for ending in ("rss", "atom", "json"):
        assert f"http://localhost:8025/feeds/daily/stories/feed.{ending}" in hub.topics
        assert f"http://localhost:8025/feeds/daily/section/harbour/feed.{ending}" in hub.topics


async def test_hubs_are_told_of_no_feed_that_is_as_it_was(app: App, hub: Hub) -> None:
    write_day(app.loaded.base)
    await bring_out(app)
    await publishing.publish(app)
    await announce.announce(app)
    hub.asked.clear()
    await publishing.publish(app, anew=True)
    assert await standing(app) == []
    # One that was lost is written again, and the others are looked at.
    (app.out_dir / "feeds/daily/stories/feed.json").unlink()
    await publishing.publish(app)
    await announce.announce(app)
    assert hub.topics == ["http://localhost:8025/feeds/daily/stories/feed.json"]


async def test_a_hub_that_hangs_does_not_hold_up_publishing(tmp_path: Path, hub: Hub) -> None:
    hub.status = None
    async with newsroom(tmp_path, hub.url, timeout_s=300) as app:
        write_day(app.loaded.base)
        await bring_out(app)
        await asyncio.wait_for(publishing.publish(app), 30)
        assert hub.asked == []
        assert [ping.topic for ping in await standing(app)] == feeds_of(app)


async def test_feeds_that_could_not_be_written_are_told_of_once_they_are(
    app: App, hub: Hub
) -> None:
    write_day(app.loaded.base)
    await bring_out(app)
    in_the_way = app.out_dir / "feeds/daily/stories"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.touch()
    with pytest.raises(StoreError):
        await publishing.publish(app)
    assert await announce.announce(app) == 0
    in_the_way.unlink()
    await publishing.publish(app)
    await announce.announce(app)
    assert "http://localhost:8025/feeds/daily/stories/feed.rss" in hub.topics
    # And those that were written before something went wrong.
    await announce.announce(replace(app, now=lambda: FAR))
    assert sorted(hub.topics) == feeds_of(app)


@pytest.mark.parametrize("command", ["approve", "send", "cancel"])
async def test_commands_that_publish_tell_the_hubs(tmp_path: Path, hub: Hub, command: str) -> None:
    async with newsroom(tmp_path, hub.url) as app:
        write_day(app.loaded.base)
        newsletter = app.newsletter()
        await collect.collect(app)
        slot = slot_of(newsletter, date(2026, 5, 18))
        record = await compose.compose(app, newsletter, slot, approve=command == "send")
        if command == "cancel":
            await pipeline.approve(app, record.id)
            await publishing.publish(app)
            await announce.announce(app)
            hub.asked.clear()
    done = await asyncio.to_thread(run_digest, tmp_path, command, record.id)
    assert done.returncode == 0, done.stderr
    async with newsroom(tmp_path, hub.url) as app:
        assert "http://localhost:8025/feeds/daily/stories/feed.atom" in hub.topics
        assert await standing(app) == []


async def test_a_command_leaves_a_hub_that_hangs_to_the_next_one(tmp_path: Path, hub: Hub) -> None:
    hub.status = None
    async with newsroom(tmp_path, hub.url, timeout_s=300) as app:
        write_day(app.loaded.base)
        await bring_out(app)
    running = asyncio.to_thread(run_digest, tmp_path, "publish")
    done = await asyncio.wait_for(running, 60)
    assert done.returncode == 0, done.stderr
    assert "files changed" in done.stdout
    async with newsroom(tmp_path, hub.url) as app:
        assert sum(ping.tries for ping in await standing(app)) == len(hub.asked) == 1
        hub.status = 204
        assert await announce.announce(replace(app, now=lambda: FAR)) == len(feeds_of(app))
