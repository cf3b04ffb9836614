"""WebSub: which hubs are asked and when, and what is believed of what comes from one."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import text

from digest import collect, hubs
from digest.app import App
from digest.errors import NotFound
from digest.store import placements, sources
from digest.store.sources import SourceRecord
from make import MORNING
from newsroom import open_newsroom, write_config

TOPIC = "https://wire.example/feed.xml"
FEED = b"""<rss version="2.0"><channel><title>Wire</title><link>https://wire.example/</link>
<item><title>Tug adrift off the Skerries</title><link>https://wire.example/tug</link>
<guid>tug</guid><description>The tug lost its engine at dawn.</description></item>
</channel></rss>"""
SOURCES = """
[[sources]]
id = "wire"
kind = "feed"
url = "https://wire.example/feed.xml"

[[sources]]
id = "coast"
kind = "feed"
url = "https://coast.example/feed.xml"

[collect]
allow_private = ["127.0.0.1"]
spacing_s = 0
timeout_s = 5.0
"""


class Hub:
    """A hub on loopback that answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status = 202
        self.asked: list[dict[str, str]] = []
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        self.asked.append(dict(parse_qsl((await reader.readexactly(length)).decode())))
        line = f"HTTP/1.1 {self.status} Word\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        writer.write(line.encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    made = Hub()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hub"
    yield made
    server.close()
    await server.wait_closed()


def write_newsroom(folder: Path, base_url: str = "https://digest.example") -> None:
    path = write_config(folder)
    text = path.read_text().replace("http://localhost:8025", base_url)
    path.write_text(text + SOURCES)


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    write_newsroom(tmp_path)
    async with open_newsroom(tmp_path) as opened:
        yield opened


async def note(app: App, **fields: Any) -> None:
    """What a visit learned of the source `wire`."""
    found = await record(app)
    async with app.db.write() as conn:
        await sources.visited(app.db, conn, replace(found, **fields))


async def record(app: App) -> SourceRecord:
    async with app.db.read() as conn:
        return await sources.find(conn, "wire") or SourceRecord(id="wire", topic=TOPIC)


async def kept(app: App) -> list[str]:
    async with app.db.read() as conn:
        return [item.title for item in await placements.unplaced(conn, "daily")]


def later(app: App, **time: float) -> App:
    return replace(app, now=lambda: MORNING + timedelta(**time))


def sign(secret: str | None, body: bytes = FEED) -> str:
    assert secret
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def question(**params: str) -> dict[str, str]:
    asked = {"mode": "subscribe", "topic": TOPIC, "challenge": "xyz", "lease_seconds": "864000"}
    return {f"hub.{name}": value for name, value in (asked | params).items()}


# --------------------------------------------------------------------- asking


async def test_a_hub_is_asked_with_all_it_needs(app: App, hub: Hub) -> None:
    await note(app, hub=hub.url)
    await hubs.subscribe_where_due(app)
    (asked,) = hub.asked
    found = await record(app)
    assert asked["hub.mode"] == "subscribe"
    assert asked["hub.topic"] == TOPIC
    assert asked["hub.callback"] == hubs.callback_url(app, "wire")
    assert asked["hub.secret"] == found.hub_secret
    assert (found.hub_asked_at, found.hub_until) == (MORNING, None)


async def test_nobody_is_asked_more_than_once_an_hour(app: App, hub: Hub) -> None:
    await note(app, hub=hub.url)
    for minutes in (0, 1, 59, 60, 61):
        await hubs.subscribe_where_due(later(app, minutes=minutes))
    assert len(hub.asked) == 2
    assert hub.asked[0] == hub.asked[1]


async def test_what_was_granted_is_renewed_a_day_before_it_ends(app: App, hub: Hub) -> None:
    await note(app, hub=hub.url)
    await hubs.subscribe_where_due(app)
    await hubs.confirm(app, "wire", question())
    for days in (1, 8, 8.9):
        await hubs.subscribe_where_due(later(app, days=days))
    assert len(hub.asked) == 1
    await hubs.subscribe_where_due(later(app, days=9.1))
    assert len(hub.asked) == 2
    # Until the hub confirms anew, the old grant stands.
    assert (await record(app)).hub_until == MORNING + timedelta(days=10)


async def test_the_clock_is_told_whether_a_hub_is_to_be_asked(app: App, hub: Hub) -> None:
    known = await record(app)
    assert not hubs.any_due(app, [known])
    await note(app, hub=hub.url)
    known = await record(app)
    assert hubs.any_due(app, [known])
    # What is no source any more has its record still.
    assert not hubs.any_due(app, [replace(known, id="taken-away")])
    await hubs.subscribe_where_due(app)
    known = await record(app)
    assert not hubs.any_due(app, [known])
    assert hubs.any_due(later(app, hours=1), [known])


@pytest.mark.parametrize(
    "fields",
    [{"hub": None}, {"topic": None}, {"paused_at": MORNING}, {"gone_at": MORNING}],
    ids=lambda fields: next(iter(fields)),
)
async def test_who_names_no_hub_or_rests_is_not_asked_for(
    app: App, hub: Hub, fields: dict[str, Any]
) -> None:
    await note(app, **{"hub": hub.url, **fields})
    await hubs.subscribe_where_due(app)
    assert hub.asked == []


async def test_a_hub_that_says_no_is_left_alone_for_a_week(app: App, hub: Hub) -> None:
    hub.status = 404
    await note(app, hub=hub.url)
    for hours in (0, 2, 160, 169):
        await hubs.subscribe_where_due(later(app, hours=hours))
    assert len(hub.asked) == 2


async def test_a_hub_that_fails_is_asked_again_in_an_hour_and_costs_no_other(
    app: App, hub: Hub
) -> None:
    coast = SourceRecord(id="coast", hub="http://127.0.0.1:1/hub", topic="https://coast.example/f")
    async with app.db.write() as conn:
        await sources.visited(app.db, conn, coast)
    await note(app, hub=hub.url)
    hub.status = 503
    await hubs.subscribe_where_due(app)
    hub.status = 202
    await hubs.subscribe_where_due(later(app, hours=1))
    assert len(hub.asked) == 2


@pytest.mark.parametrize(
    ("base_url", "public"),
    [
        ("https://digest.example", True),
        ("https://news.example/digest", True),
        ("https://93.184.216.34", True),
        ("http://digest.example", False),
        ("https://localhost:8443", False),
        ("https://desk.localhost", False),
        ("https://127.0.0.1", False),
        ("https://[::1]:8025", False),
        ("https://10.1.2.3", False),
        ("https://printer.local", False),
        ("https://intranet", False),
    ],
)
def test_a_hub_must_be_able_to_reach_us_unread(base_url: str, public: bool) -> None:
    assert hubs.reachable(base_url) is public


async def test_without_a_public_address_no_hub_is_asked(tmp_path: Path, hub: Hub) -> None:
    write_newsroom(tmp_path, "http://localhost:8025")
    async with open_newsroom(tmp_path) as app:
        await note(app, hub=hub.url)
        await hubs.subscribe_where_due(app)
    assert hub.asked == []


async def test_a_callback_is_good_for_one_source(app: App) -> None:
    token = hubs.callback_url(app, "wire").rpartition("/")[2]
    hubs.check_callback(app, "wire", token)
    for source_id, given in (("coast", token), ("wire", token[:-1]), ("wire", ""), ("wire", "ü")):
        with pytest.raises(NotFound):
            hubs.check_callback(app, source_id, given)


# ------------------------------------------------------------------ being told


async def test_a_subscription_we_asked_for_is_confirmed_for_its_time(app: App) -> None:
    await note(app, hub="https://hub.example/", hub_asked_at=MORNING)
    assert await hubs.confirm(app, "wire", question(lease_seconds="432000")) == "xyz"
    assert (await record(app)).hub_until == MORNING + timedelta(days=5)


@pytest.mark.parametrize(
    "params",
    [{"topic": "https://evil.example/"}, {"mode": "unsubscribe"}, {"mode": ""}, {"challenge": ""}],
)
async def test_what_we_did_not_ask_for_is_not_confirmed(app: App, params: dict[str, str]) -> None:
    await note(app, hub="https://hub.example/", hub_asked_at=MORNING)
    with pytest.raises(NotFound):
        await hubs.confirm(app, "wire", question(**params))
    assert (await record(app)).hub_until is None


async def test_who_asked_nobody_confirms_nothing(app: App) -> None:
    with pytest.raises(NotFound):
        await hubs.confirm(app, "wire", question())
    await note(app, hub="https://hub.example/")
    with pytest.raises(NotFound):
        await hubs.confirm(app, "wire", question())
    with pytest.raises(NotFound):
        await hubs.confirm(app, "desk", question())


async def test_a_hub_may_end_it(app: App, hub: Hub) -> None:
    await note(app, hub=hub.url, hub_asked_at=MORNING, hub_until=MORNING + timedelta(days=5))
    assert await hubs.confirm(app, "wire", question(mode="denied", reason="no room")) == ""
    assert (await record(app)).hub_until is None
    await hubs.subscribe_where_due(later(app, days=6))
    assert hub.asked == []
    await hubs.subscribe_where_due(later(app, days=8))
    assert len(hub.asked) == 1


@pytest.fixture
async def told(app: App) -> App:
    """A newsroom that a hub knows the secret of."""
    await note(
        app,
        hub="https://hub.example/",
        hub_asked_at=MORNING,
        hub_secret="kept-by-both",
        checked_at=MORNING - timedelta(hours=1),
        next_at=MORNING + timedelta(hours=4),
        first_at=MORNING - timedelta(days=3),
        etag='"yesterday"',
    )
    return app


async def test_what_a_hub_brings_is_kept_once(told: App) -> None:
    for new in (1, 0):
        visit = await hubs.receive(told, "wire", FEED, signature=sign("kept-by-both"))
        assert visit is not None
        assert (visit.new, visit.changed) == (new, 0)
    assert await kept(told) == ["Tug adrift off the Skerries"]
    # Polling goes on as planned.
    found = await record(told)
    assert (found.next_at, found.etag) == (MORNING + timedelta(hours=4), '"yesterday"')


@pytest.mark.parametrize("signature", [None, "", "sha256=00", sign("another"), "md5=00"])
async def test_what_is_not_signed_by_the_hub_is_thrown_away(
    told: App, signature: str | None
) -> None:
    assert await hubs.receive(told, "wire", FEED, signature=signature) is None
    assert await kept(told) == []


async def test_what_cannot_be_read_has_the_feed_polled_soon(told: App) -> None:
    body = b"<html><body>Sorry</body></html>"
    assert await hubs.receive(told, "wire", body, signature=sign("kept-by-both", body)) is None
    assert (await record(told)).next_at == MORNING


async def test_a_feed_polled_a_moment_ago_is_polled_a_little_later_for_that(told: App) -> None:
    await note(told, checked_at=MORNING - timedelta(minutes=1))
    for _ in range(2):
        await hubs.receive(told, "wire", b"?", signature=sign("kept-by-both", b"?"))
        assert (await record(told)).next_at == MORNING + timedelta(minutes=4)


async def test_a_feed_that_is_polled_soon_anyway_is_left_at_that(told: App) -> None:
    soon = MORNING + timedelta(minutes=2)
    await note(told, checked_at=MORNING - timedelta(minutes=1), next_at=soon)
    await hubs.receive(told, "wire", b"?", signature=sign("kept-by-both", b"?"))
    assert (await record(told)).next_at == soon


def with_full_text(app: App) -> App:
    wire = next(s for s in app.settings.sources if s.id == "wire")
    others = tuple(s for s in app.settings.sources if s.id != "wire")
    full = (*others, wire.model_copy(update={"full_text": True}))
    settings = app.settings.model_copy(update={"sources": full})
    return replace(app, loaded=replace(app.loaded, settings=settings))


async def test_news_of_full_texts_is_not_lost_when_it_comes_right_after_a_look(told: App) -> None:
    await note(told, checked_at=MORNING - timedelta(minutes=1))
    assert (
        await hubs.receive(with_full_text(told), "wire", FEED, signature=sign("kept-by-both"))
        is None
    )
    assert (await record(told)).next_at == MORNING + timedelta(minutes=4)


async def test_where_full_texts_are_wanted_the_news_is_fetched_instead(told: App) -> None:
    app = with_full_text(told)
    assert await hubs.receive(app, "wire", FEED, signature=sign("kept-by-both")) is None
    assert await kept(app) == []
    assert (await record(app)).next_at == MORNING


async def test_a_paused_source_takes_nothing_from_its_hub(told: App) -> None:
    await collect.pause(told, "wire")
    assert await hubs.receive(told, "wire", FEED, signature=sign("kept-by-both")) is None
    assert await kept(told) == []


async def test_a_source_that_is_no_more_is_not_there_for_its_hub(told: App) -> None:
    for source_id in ("coast", "desk", "nobody"):
        with pytest.raises(NotFound):
            await hubs.receive(told, source_id, FEED, signature=sign("kept-by-both"))


@pytest.mark.parametrize("does", ["refused", "told", "granted"])
async def test_a_pause_at_the_same_moment_is_not_undone(
    tmp_path: Path, postgres_url: str, does: str
) -> None:
    config = write_config(tmp_path, store_url=postgres_url)
    config.write_text(config.read_text() + SOURCES)
    async with open_newsroom(tmp_path) as app:
        await note(app, hub="https://hub.example/", hub_asked_at=MORNING, hub_secret="kept-by-both")
        await note(app, next_at=MORNING + timedelta(hours=4))
        async with app.db.write() as conn:
            found = await sources.find(conn, "wire", lock=True)
            assert found is not None
            doing: Coroutine[Any, Any, object]
            match does:
                case "told":
                    doing = hubs.receive(app, "wire", b"?", signature=sign("kept-by-both", b"?"))
                case "granted":
                    doing = hubs.confirm(app, "wire", question())
                case _:
                    doing = hubs.confirm(app, "wire", question(mode="denied"))
            task = asyncio.create_task(doing)
            while not await blocked(app):
                await asyncio.sleep(0)
            await sources.visited(app.db, conn, replace(found, paused_at=MORNING))
        await task
        assert (await record(app)).paused_at == MORNING


async def blocked(app: App) -> bool:
    """Whether somebody waits for a lock in this database."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    async with app.db.read() as conn:
        counted = await conn.scalar(text(f"{waits} AND datname = current_database()"))
    return bool(counted)
