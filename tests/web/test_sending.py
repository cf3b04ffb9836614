"""/desk/sending: a page and a stream of what is being sent, for the newsroom and nobody else."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.types import Message

from digest import web
from digest.app import App
from digest.meter import Meter
from digest.model import DeliveryState, EditionEvent, Outcome
from digest.slots import slot_of
from digest.store import editions, journal, progress
from digest.web import sending
from make import MORNING
from newsroom import Clock, open_newsroom, write_config

HERE = "http://localhost:8025"
PAGES = ("/desk/sending", "/desk/sending.json", "/desk/sending/events")
ID = "daily@2026-05-18T0700"
EVENTS = f"/desk/sending/events?edition={ID}"
S = DeliveryState


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """A newsroom with an edition that is being sent to nine people, of whom two have it."""
    write_config(tmp_path)
    async with open_newsroom(tmp_path, now=Clock()) as opened:
        async with opened.db.write() as conn:
            slot = slot_of(opened.newsletter(), date(2026, 5, 18))
            await editions.create(opened.db, conn, slot, now=MORNING)
            for event in (EditionEvent.APPROVE, EditionEvent.BEGIN):
                await editions.move(conn, ID, event)
            await journal.set_planned(conn, ID, 9)
            meter = Meter(MORNING)
            meter.heard("<b>relay", "gmail", S.SENT, MORNING)
            told = meter.told(MORNING)
            await progress.note(opened.db, conn, ID, "here:1", told, now=MORNING)
        await accept(opened, 1)
        await accept(opened, 2)
        yield opened


async def accept(app: App, id: int) -> None:
    outcome = Outcome(subscriber_id=id, state=S.SENT, code=250, at=MORNING)
    async with app.db.write() as conn:
        await journal.record(app.db, conn, ID, [outcome])


async def pause(app: App, why: str) -> None:
    async with app.db.write() as conn:
        await editions.set_paused(conn, ID, why)


async def finish(app: App) -> None:
    async with app.db.write() as conn:
        await editions.move(conn, ID, EditionEvent.FINISH, finished_at=MORNING)


@asynccontextmanager
async def client_of(
    app: App, *, base: str = HERE, client: str = "127.0.0.1"
) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app=web.create(app), client=(client, 4711))
    async with AsyncClient(transport=transport, base_url=base) as http:
        yield http


class Watching:
    """One open stream, octet for octet."""

    def __init__(self, served: Starlette, path: str = EVENTS) -> None:
        self.status = 0
        self._said: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._leaving = asyncio.Event()
        path, _, query = path.partition("?")
        self._scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost:8025")],
            "client": ("127.0.0.1", 4711),
            "server": ("localhost", 8025),
        }
        self.done = asyncio.ensure_future(served(self._scope, self._receive, self._send))

    async def _receive(self) -> Message:
        await self._leaving.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["body"] or not message.get("more_body"):
            self._said.put_nowait(message["body"] or None)

    async def next(self) -> str:
        """What comes next, within seconds; "" at the end."""
        said = await asyncio.wait_for(self._said.get(), 20)
        return (said or b"").decode()

    async def leave(self) -> None:
        self._leaving.set()
        await self.done


def serve(app: App, *, most: int = 20) -> Starlette:
    """The application, with watchers that look a hundred times a second."""
    served = web.create(app)
    served.state.watchers = sending.Watchers(most=most, every_s=0.01)
    return served


def told(event: str) -> Any:
    """The data of one event named progress."""
    name, data, *rest = event.split("\n")
    assert name == "event: progress"
    assert rest == ["", ""]
    return json.loads(data.removeprefix("data: "))


async def test_the_page_shows_what_is_being_sent_and_needs_no_script(app: App) -> None:
    async with client_of(app) as http:
        answer = await http.get("/desk/sending")
        assert "2 of 9 are done" in answer.text
        assert '<progress max="9" value="2"' in answer.text
        assert "&lt;b&gt;relay" in answer.text
        assert "<script" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        (one,) = (await http.get("/desk/sending.json")).json()
        assert (one["edition_id"], one["state"], one["counts"]["pending"]) == (ID, "sending", 7)
        assert one["lanes"]["gmail"]["accepted"] == 1

        await pause(app, "<i>a storm</i>")
        page = (await http.get("/desk/sending")).text
        assert "&lt;i&gt;a storm&lt;/i&gt;" in page
        assert f"digest resume {ID}" in page
        await finish(app)
        assert "Nothing is being sent" in (await http.get("/desk/sending")).text
        assert (await http.get("/desk/sending.json")).json() == []
        for page in PAGES:
            assert (await http.post(page)).status_code == 405
        for other in ("/desk/sources", "/desk/report"):
            assert 'href="/desk/sending"' in (await http.get(other)).text


async def test_the_page_is_loaded_anew_while_something_is_sent(app: App) -> None:
    anew = '<meta http-equiv="refresh" content="5">'
    async with client_of(app) as http:
        page = (await http.get("/desk/sending")).text
        assert anew in page
        assert "The Daily, 18 May 2026" in page
        assert f'href="/desk/sending/events?edition={ID.replace("@", "%40")}"' in page
        assert anew not in (await http.get("/desk/sending?still")).text
        await pause(app, "a look")
        assert anew not in (await http.get("/desk/sending")).text


async def test_five_providers_are_seen_at_once_and_the_others_on_request(app: App) -> None:
    meter = Meter(MORNING)
    for number in range(1, 9):
        for _ in range(number):
            meter.heard("first", f"lane{number}", S.SENT, MORNING)
    async with app.db.write() as conn:
        await progress.drop(conn, ID)
        told = meter.told(MORNING)
        await progress.note(app.db, conn, ID, "here:1", told, now=MORNING)
    async with client_of(app) as http:
        page = (await http.get("/desk/sending")).text
    seen, _, others = page.partition("<summary>3 more</summary>")
    assert [number for number in range(1, 9) if f"lane{number}" in others] == [1, 2, 3]
    assert seen.index("lane8") < seen.index("lane4")


@pytest.mark.parametrize(
    ("base", "client"),
    [("http://evil.example", "127.0.0.1"), ("http://localhost:8025", "192.0.2.7")],
)
async def test_for_anybody_else_it_is_not_there(app: App, base: str, client: str) -> None:
    async with client_of(app, base=base, client=client) as http:
        for page in (*PAGES, EVENTS):
            assert (await http.get(page)).status_code == 404


async def test_the_stream_tells_what_changes_and_ends_with_the_edition(app: App) -> None:
    watching = Watching(serve(app))
    assert told(await watching.next())["counts"]["sent"] == 2
    await accept(app, 3)
    assert told(await watching.next())["counts"]["sent"] == 3
    await pause(app, "a storm")
    assert told(await watching.next())["paused"] == "a storm"
    await finish(app)
    assert told(await watching.next())["workers"] == 0
    assert await watching.next() == 'event: end\ndata: {"over": true}\n\n'
    assert await watching.next() == ""
    await watching.done
    assert watching.status == 200


async def test_a_stream_of_nothing_new_is_a_comment_now_and_then(app: App) -> None:
    look = sending._Look(app, ID, 0.0)
    stream = sending._events(app, look, 0.0, heartbeat_s=0.0)
    assert (await anext(stream)).startswith("event: progress")
    assert await anext(stream) == ": nothing new\n\n"
    await stream.aclose()


async def test_a_stopping_server_waits_for_no_stream(app: App) -> None:
    served = web.create(app)
    served.state.watchers = sending.Watchers(every_s=3600)
    watching = Watching(served)
    told(await watching.next())
    app.stopping.set()
    assert await watching.next() == 'event: end\ndata: {"over": false}\n\n'
    await watching.done


async def test_whoever_goes_gives_their_place_back(app: App) -> None:
    served = serve(app, most=2)
    first = Watching(served)
    told(await first.next())
    second = Watching(served)
    told(await second.next())
    third = Watching(served)
    assert "Too many watch already" in await third.next()
    assert third.status == 503
    await first.leave()
    fourth = Watching(served)
    told(await fourth.next())
    for one in (second, fourth):
        await one.leave()
    assert served.state.watchers._now == 0
    assert served.state.watchers._looks == {}


async def test_what_is_not_there_is_told_by_the_status(app: App) -> None:
    async with client_of(app) as http:
        for query in ("", "?edition=", "?edition=daily@2020-01-01T0700"):
            assert (await http.get(f"/desk/sending/events{query}")).status_code == 404
        answer = await http.head(EVENTS)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
