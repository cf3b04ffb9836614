"""Telling hubs of changes: what they are sent, and what becomes of those that fail."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from digest import announce
from digest.app import App
from digest.store import pings
from digest.store.pings import MOST_TRIES, Ping
from make import MORNING
from newsroom import open_newsroom, write_config

FEED = "http://localhost:8025/feeds/daily/feed.rss"
ATOM = "http://localhost:8025/feeds/daily/feed.atom"
#: Nobody listens there.
DEAD = "http://127.0.0.1:1/hub"


class Hub:
    """A hub on loopback that answers as it is told, and remembers what it was told."""

    def __init__(self) -> None:
        self.status: int | None = 204
        self.headers = ""
        #: Method, path and form of every request.
        self.asked: list[tuple[str, str, list[tuple[str, str]]]] = []
        self.url = ""
        #: What happens between the question and the answer.
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.ended = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
        body = (await reader.readexactly(length)).decode()
        method, path, _ = head.split(" ", 2)
        assert "content-type: application/x-www-form-urlencoded\r\n" in head.lower()
        self.asked.append((method, path, parse_qsl(body)))
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.status is None:
            # A hub that hangs.
            await self.ended.wait()
        else:
            line = f"HTTP/1.1 {self.status} Word\r\n{self.headers}Content-Length: 0\r\n"
            writer.write(f"{line}Connection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()

    @property
    def topics(self) -> list[str]:
        return [dict(form)["hub.url"] for _, _, form in self.asked]


@asynccontextmanager
async def a_hub() -> AsyncIterator[Hub]:
    made = Hub()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hub"
    yield made
    made.ended.set()
    server.close()
    await server.wait_closed()


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with a_hub() as made:
        yield made


@asynccontextmanager
async def newsroom(
    folder: Path, *hubs: str, private: str = '["127.0.0.1"]', timeout_s: float = 5.0
) -> AsyncIterator[App]:
    path = write_config(folder)
    told = ", ".join(f'"{hub}"' for hub in hubs)
    path.write_text(
        f"{path.read_text()}\n[output]\nhubs = [{told}]\n[collect]\n"
        f"allow_private = {private}\nspacing_s = 0\ntimeout_s = {timeout_s}\n"
    )
    async with open_newsroom(folder) as opened:
        yield opened


@pytest.fixture
async def app(tmp_path: Path, hub: Hub) -> AsyncIterator[App]:
    async with newsroom(tmp_path, hub.url) as opened:
        yield opened


async def note(app: App, *topics: str) -> None:
    async with app.db.write() as conn:
        await announce.note_changes(app, conn, topics)


async def standing(app: App) -> list[Ping]:
    async with app.db.read() as conn:
        return await pings.standing(conn)


def later(app: App, **time: float) -> App:
    return replace(app, now=lambda: MORNING + timedelta(**time))


async def test_a_hub_is_told_the_address_of_each_changed_feed_word_for_word(
    app: App, hub: Hub
) -> None:
    await note(app, FEED, ATOM)
    assert await announce.announce(app) == 2
    assert hub.asked == [
        ("POST", "/hub", [("hub.mode", "publish"), ("hub.url", ATOM)]),
        ("POST", "/hub", [("hub.mode", "publish"), ("hub.url", FEED)]),
    ]
    assert await standing(app) == []
    assert await announce.announce(app) == 0
    assert len(hub.asked) == 2


async def test_without_hubs_nothing_is_noted(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as app:
        await note(app, FEED)
        assert await standing(app) == []
        assert await announce.announce(app) == 0


async def test_an_address_that_no_row_can_hold_does_not_hold_up_publishing(app: App) -> None:
    await note(app, FEED, "http://localhost:8025/" + "a" * 500)
    assert [ping.topic for ping in await standing(app)] == [FEED]


async def test_a_hub_that_fails_is_asked_again_ever_later_and_then_given_up(
    app: App, hub: Hub
) -> None:
    hub.status = 500
    await note(app, FEED)
    minutes, waits = 0.0, []
    for number in range(1, MOST_TRIES + 1):
        assert await announce.announce(later(app, minutes=minutes)) == 0
        (ping,) = await standing(app)
        assert (ping.tries, len(hub.asked)) == (number, number)
        assert "answered 500 Internal Server Error" in ping.fault
        waits.append((ping.due_at - MORNING).total_seconds() / 60 - minutes)
        # Not a moment earlier than it is due.
        await announce.announce(later(app, minutes=minutes + waits[-1] - 0.1))
        assert len(hub.asked) == number
        minutes += waits[-1]
    assert waits[:-1] == [1, 5, 30, 120, 360, 360, 360]
    hub.status = 202
    assert await announce.announce(later(app, days=30)) == 0
    assert len(hub.asked) == MOST_TRIES
    # The next change is a new beginning.
    await note(app, FEED)
    assert await announce.announce(app) == 1
    assert await standing(app) == []


async def test_a_hub_that_comes_back_is_told(app: App, hub: Hub) -> None:
    hub.status = 503
    await note(app, FEED)
    await announce.announce(app)
    hub.status = 200
    assert await announce.announce(later(app, minutes=1)) == 1
    assert await standing(app) == []


async def test_a_hub_that_is_gone_is_given_up_at_once_with_what_to_do(app: App, hub: Hub) -> None:
    hub.status = 410
    await note(app, FEED)
    await announce.announce(app)
    (ping,) = await standing(app)
    assert ping.tries == MOST_TRIES
    assert "410 Gone; take it out of [output] hubs" in ping.fault
    await announce.announce(later(app, days=1))
    assert len(hub.asked) == 1


async def test_a_redirect_that_would_lose_the_form_is_a_failure(app: App, hub: Hub) -> None:
    hub.status, hub.headers = 302, "Location: /elsewhere\r\n"
    await note(app, FEED)
    assert await announce.announce(app) == 0
    assert [ping.tries for ping in await standing(app)] == [1]
    assert len(hub.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_a_hub_that_asks_for_time_gets_it_also_from_the_next_process(
    tmp_path: Path, hub: Hub, status: int
) -> None:
    hub.status, hub.headers = status, "Retry-After: 7200\r\n"
    async with newsroom(tmp_path, hub.url) as app:
        await note(app, FEED, ATOM)
        await announce.announce(app)
        # The second was not even asked.
        assert len(hub.asked) == 1
    async with newsroom(tmp_path, hub.url) as app:
        hub.status, hub.headers = 200, ""
        for minutes in (1, 10, 119):
            assert await announce.announce(later(app, minutes=minutes)) == 0
        assert len(hub.asked) == 1
        # Waiting as it asked is no try.
        assert max(ping.tries for ping in await standing(app)) == 1
    async with newsroom(tmp_path, hub.url) as app:
        assert await announce.announce(later(app, minutes=121)) == 2


async def test_a_hub_that_hangs_costs_one_time_out_and_no_other_hub_anything(
    tmp_path: Path, hub: Hub
) -> None:
    async with a_hub() as hanging:
        hanging.status = None
        async with newsroom(tmp_path, hanging.url, hub.url, DEAD, timeout_s=0.3) as app:
            await note(app, FEED, ATOM)
            assert await announce.announce(app) == 2
            assert (len(hanging.asked), len(hub.asked)) == (1, 2)
            left = {(ping.hub, ping.tries) for ping in await standing(app)}
            assert left == {(hanging.url, 1), (DEAD, 1)}
            assert len(await standing(app)) == 4


async def test_who_has_no_patience_leaves_what_is_not_answered_for_later(
    app: App, hub: Hub
) -> None:
    hub.status = None
    await note(app, FEED)
    assert await announce.announce(app, patience_s=0.1) == 0
    (ping,) = await standing(app)
    assert (ping.tries, ping.due_at) == (1, MORNING + timedelta(minutes=1))
    assert "did not answer in the time there was" in ping.fault
    # Whoever was not asked has not failed.
    await note(app, FEED)
    assert await announce.announce(app, patience_s=0) == 0
    assert [ping.tries for ping in await standing(app)] == [0]
    assert len(hub.asked) == 1


async def test_a_change_while_a_hub_is_told_is_told_again(app: App, hub: Hub) -> None:
    hub.meanwhile = lambda: note(app, FEED)
    await note(app, FEED)
    assert await announce.announce(app) == 1
    (ping,) = await standing(app)
    assert (ping.tries, ping.due_at) == (0, MORNING)
    hub.meanwhile = None
    assert await announce.announce(app) == 1
    assert await standing(app) == []


async def test_a_kill_before_the_answer_is_kept_has_the_hub_told_again(app: App, hub: Hub) -> None:
    await note(app, FEED, ATOM)
    telling = asyncio.create_task(announce.announce(app))

    async def kill() -> None:
        if len(hub.asked) == 2:
            telling.cancel()

    hub.meanwhile = kill
    with pytest.raises(asyncio.CancelledError):
        await telling
    assert [ping.topic for ping in await standing(app)] == [FEED]
    hub.meanwhile = None
    assert await announce.announce(app) == 1
    assert hub.topics == [ATOM, FEED, FEED]


async def test_one_process_tells_at_a_time(app: App, hub: Hub) -> None:
    await note(app, FEED)
    async with app.db.lease("announce") as mine:
        assert mine
        assert await announce.announce(app) == 0
    assert hub.asked == []
    assert await announce.announce(app) == 1


async def test_who_is_asked_to_stop_begins_nothing_new(app: App, hub: Hub) -> None:
    async def stop() -> None:
        app.stopping.set()

    hub.meanwhile = stop
    await note(app, FEED, ATOM)
    assert await announce.announce(app) == 1
    assert [ping.topic for ping in await standing(app)] == [FEED]


async def test_a_hub_inside_is_not_asked_unless_it_is_allowed(tmp_path: Path, hub: Hub) -> None:
    async with newsroom(tmp_path, hub.url, private="[]") as app:
        await note(app, FEED)
        assert await announce.announce(app) == 0
        assert hub.asked == []
        (ping,) = await standing(app)
        assert ping.tries == MOST_TRIES
        assert "allow_private" in ping.fault


async def test_a_hub_that_is_taken_out_of_the_settings_is_forgotten(
    tmp_path: Path, hub: Hub
) -> None:
    async with newsroom(tmp_path, DEAD, hub.url) as app:
        await note(app, FEED)
    async with newsroom(tmp_path, hub.url) as app:
        assert await announce.announce(app) == 1
        assert await standing(app) == []
