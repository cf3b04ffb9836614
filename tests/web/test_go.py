"""Links of mails: they lead where they were made to lead, and are counted where that is wanted."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.middleware import Middleware

from digest.app import App
from digest.clicks import Clicks
from digest.store import clicks as rows
from digest.web import go
from digest.web.safety import SafetyHeaders
from make import MORNING
from newsroom import open_newsroom, write_config

HERE = "http://localhost:8025"
EDITION = "daily@2026-05-18T0700"
FERRY = "https://wire.example/ferry?a=1&b=%C3%BC#top"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


class Clock:
    """Minutes after the morning."""

    def __init__(self) -> None:
        self.minutes = 0

    def __call__(self) -> datetime:
        return MORNING + timedelta(minutes=self.minutes)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def app(tmp_path: Path, clock: Clock) -> AsyncIterator[App]:
    write_config(tmp_path, newsletter="count_clicks = true")
    async with open_newsroom(tmp_path, now=clock) as opened:
        yield opened


@asynccontextmanager
async def served(app: App) -> AsyncIterator[AsyncClient]:
    """A browser before the routes, which count until it leaves."""
    site = Starlette(routes=go.ROUTES, middleware=[Middleware(SafetyHeaders)])
    site.state.app, site.state.clicks = app, Clicks()
    transport = ASGITransport(app=site, client=("192.0.2.7", 4711))
    async with (
        go.counting(site),
        AsyncClient(transport=transport, base_url=HERE, headers=BROWSER) as http,
    ):
        yield http


def path_of(app: App, url: str = FERRY, edition: str = EDITION) -> str:
    made = app.links.go_url(edition, url)
    assert made.startswith(f"{HERE}/go/")
    return made.removeprefix(HERE)


async def counted(app: App) -> list[tuple[str, int]]:
    async with app.db.read() as conn:
        return await rows.of_edition(conn, EDITION)


async def test_a_link_leads_on_tells_nobody_and_is_counted(app: App, clock: Clock) -> None:
    async with served(app) as http:
        for _ in range(2):
            answer = await http.get(path_of(app))
            assert (answer.status_code, answer.content) == (302, b"")
            assert answer.headers["location"] == FERRY
            assert answer.headers["cache-control"] == "private, no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "set-cookie" not in answer.headers
        clock.minutes = 1
    assert await counted(app) == [(FERRY, 1)]


async def test_asking_for_the_head_alone_leads_on_and_is_not_counted(
    app: App, clock: Clock
) -> None:
    async with served(app) as http:
        answer = await http.head(path_of(app))
        assert (answer.status_code, answer.headers["location"]) == (302, FERRY)
        assert (await http.post(path_of(app))).status_code == 405
        clock.minutes = 1
    assert await counted(app) == []


async def test_a_program_is_led_on_like_everybody_and_not_counted(app: App, clock: Clock) -> None:
    async with served(app) as http:
        for headers in ({"User-Agent": "curl/8.5"}, {"Sec-Purpose": "prefetch"}):
            answer = await http.get(path_of(app), headers=headers)
            assert answer.headers["location"] == FERRY
        # One that says nothing of itself opens everything.
        for number in range(9):
            url = f"https://wire.example/{number}"
            answer = await http.get(path_of(app, url))
            assert answer.headers["location"] == url
        clock.minutes = 1
    assert await counted(app) == []


async def test_links_of_newsletters_that_do_not_count_or_are_no_more_lead_on(
    app: App, clock: Clock
) -> None:
    async with served(app) as http:
        answer = await http.get(path_of(app, edition="gone@2020-01-01T0700"))
        assert answer.headers["location"] == FERRY
        clock.minutes = 1
    async with app.db.read() as conn:
        assert await rows.of_edition(conn, "gone@2020-01-01T0700") == []


def spelled(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def forgeries(app: App) -> dict[str, str]:
    token = path_of(app).removeprefix("/go/")
    signed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    evil = b"daily@2026-05-18T0700\0https://evil.example/"
    mac = app.links._sign("leave", evil)[:16]
    return {
        "another address": spelled(signed[:16] + evil),
        "no signature": spelled(evil),
        "zeros": spelled(bytes(16) + evil),
        "another purpose": spelled(mac + evil),
        "cut": token[:-3],
        "longer": token + "AAAA",
        "padded": token + "%3D",
        "another spelling": token.swapcase(),
        "an address": "https:%2F%2Fevil.example",
        "an address without a scheme": "%2F%2Fevil.example",
        "a header": f"{token}%0DLocation:%20https:%2F%2Fevil.example",
        "letters": "%C3%BC%00",
        "much": "A" * 60_000,
    }


async def test_nobody_else_can_have_us_send_people_anywhere(app: App) -> None:
    async with served(app) as http:
        for name, forged in forgeries(app).items():
            answer = await http.get(f"/go/{forged}", params={"url": "https://evil.example"})
            assert answer.status_code == 404, name
            assert "location" not in answer.headers
            assert "evil" not in answer.text
            assert "Open it again in your mail" in answer.text
            assert HERE in answer.text
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,hello",
        "//evil.example/",
        "https://user:word@evil.example/",
        "mailto:a@example.com",
        "https://",
    ],
)
async def test_what_is_no_web_address_is_not_led_to_even_if_we_signed_it(
    app: App, url: str
) -> None:
    token = app.links._token("go", f"{EDITION}\0{url}".encode())
    async with served(app) as http:
        answer = await http.get(f"/go/{token}")
        assert answer.status_code == 404
        assert "location" not in answer.headers


async def test_an_address_cannot_add_a_header(app: App) -> None:
    token = app.links._token(
        "go", f"{EDITION}\0https://wire.example/a\r\nSet-Cookie: a=b\r\n\r\n<script>".encode()
    )
    async with served(app) as http:
        answer = await http.get(f"/go/{token}")
        assert answer.status_code == 302
        assert "set-cookie" not in answer.headers
        location = answer.headers["location"]
        assert location.startswith("https://wire.example/a")
        assert not set(location) & set("\r\n <>")
