"""What a hub gets to see over HTTP: an answer to its question, and quiet thanks."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from digest import hubs
from digest.app import App
from digest.store import sources
from digest.store.sources import SourceRecord
from make import MORNING
from newsroom import open_newsroom, write_config
from over_http import client_of, kept, mute

TOPIC = "https://wire.example/feed.xml"
SECRET = "kept-by-both"
FEED = b"""<rss version="2.0"><channel><title>Wire</title><link>https://wire.example/</link>
<item><title>Tug adrift off the Skerries</title><link>https://wire.example/tug</link>
<guid>tug</guid></item></channel></rss>"""
WIRE = """
[[sources]]
id = "wire"
kind = "feed"
url = "https://wire.example/feed.xml"

[collect]
max_bytes = 10_000
"""
ASKED = {
    "hub.mode": "subscribe",
    "hub.topic": TOPIC,
    "hub.challenge": "<b>7</b>",
    "hub.lease_seconds": "864000",
}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """A newsroom whose feed's hub has been asked."""
    config = write_config(tmp_path)
    config.write_text(config.read_text() + WIRE)
    record = SourceRecord(
        id="wire",
        hub="https://hub.example/",
        topic=TOPIC,
        hub_secret=SECRET,
        hub_asked_at=MORNING - timedelta(minutes=1),
    )
    async with open_newsroom(tmp_path) as opened:
        async with opened.db.write() as conn:
            await sources.visited(opened.db, conn, record)
        yield opened


def path_of(app: App, source_id: str = "wire") -> str:
    return hubs.callback_url(app, source_id).removeprefix("http://localhost:8025")


def signed(body: bytes = FEED, secret: str = SECRET) -> dict[str, str]:
    digits = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature": f"sha256={digits}", "Content-Type": "application/rss+xml"}


async def test_the_challenge_comes_back_as_plain_text(app: App) -> None:
    async with client_of(app) as http:
        answer = await http.get(path_of(app), params=ASKED)
    assert (answer.status_code, answer.text) == (200, "<b>7</b>")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    async with app.db.read() as conn:
        record = await sources.find(conn, "wire")
    assert record is not None
    assert record.hub_until == MORNING + timedelta(days=10)


async def test_to_strangers_nothing_is_here(app: App) -> None:
    path = path_of(app)
    async with client_of(app) as http:
        for wrong in (path[:-1], path.replace("wire", "desk"), "/hub/wire", "/hub/wire/x"):
            assert (await http.get(wrong, params=ASKED)).status_code == 404
            answer = await http.post(wrong, content=FEED, headers=signed())
            assert answer.status_code in (404, 405)
        for mode in ("unsubscribe", "publish"):
            asked = ASKED | {"hub.mode": mode}
            assert (await http.get(path, params=asked)).status_code == 404
        asked = ASKED | {"hub.topic": "https://evil.example/"}
        assert (await http.get(path, params=asked)).status_code == 404
    assert await kept(app) == 0


async def test_news_is_kept_before_it_is_thanked_for(app: App) -> None:
    async with client_of(app) as http:
        for _ in range(2):
            answer = await http.post(path_of(app), content=FEED, headers=signed())
            assert (answer.status_code, answer.content) == (202, b"")
            assert await kept(app) == 1


async def test_what_cannot_be_kept_is_brought_again(app: App) -> None:
    async with mute(app) as broken, client_of(broken) as http:
        answer = await http.post(path_of(app), content=FEED, headers=signed())
        assert answer.status_code == 503


async def test_a_forger_is_thanked_as_well_and_nothing_is_kept(app: App) -> None:
    async with client_of(app) as http:
        for headers in ({}, signed(secret="guessed"), signed(b"other")):
            answer = await http.post(path_of(app), content=FEED, headers=headers)
            assert (answer.status_code, answer.content) == (202, b"")
    assert await kept(app) == 0


async def test_too_much_is_refused(app: App) -> None:
    body = FEED + b" " * 10_000
    async with client_of(app) as http:
        answer = await http.post(path_of(app), content=body, headers=signed(body))
    assert answer.status_code == 413


async def test_our_own_feeds_name_the_hubs_of_the_settings(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    config.write_text(config.read_text() + '\n[output]\nhubs = ["https://hub.example/"]\n')
    async with open_newsroom(tmp_path) as opened:
        feed = opened.out_dir / "feeds/daily/feed.json"
        feed.parent.mkdir(parents=True)
        feed.write_text("{}")
        async with client_of(opened) as http:
            told = (await http.get("/feeds/daily/feed.json")).headers["link"]
    own = "http://localhost:8025/feeds/daily/feed.json"
    assert told == f'<https://hub.example/>; rel="hub", <{own}>; rel="self"'


async def test_a_hub_of_a_source_that_is_no_more_may_forget_us(app: App) -> None:
    async with client_of(app) as http:
        path = path_of(app, "gone")
        assert (await http.post(path, content=FEED, headers=signed())).status_code == 410
        assert (await http.get(path, params=ASKED)).status_code == 404
