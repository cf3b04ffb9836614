"""HTTP in: published files, leaving, and an outbox for nobody but this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient

from digest import collect, compose, deliver, pipeline, web
from digest import publish as publishing
from digest.app import App
from digest.slots import slot_of
from digest.store import subscribers
from newsroom import by_email, open_newsroom, write_config, write_day

HERE = "http://localhost:8025"


@asynccontextmanager
async def client_of(
    app: App, *, base: str = HERE, client: str = "127.0.0.1"
) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app=web.create(app), client=(client, 4711))
    async with AsyncClient(transport=transport, base_url=base) as http:
        yield http


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """A newsroom that has sent one edition to two people."""
    write_config(tmp_path)
    write_day(tmp_path)
    async with open_newsroom(tmp_path, people=2) as opened:
        await collect.collect(opened)
        newsletter = opened.newsletter()
        record = await compose.compose(opened, newsletter, slot_of(newsletter, date(2026, 5, 18)))
        await pipeline.approve(opened, record.id)
        await publishing.publish(opened)
        await deliver.deliver(opened, record.id)
        yield opened


async def leave_path(app: App) -> str:
    async with app.db.read() as conn:
        person = await by_email(conn, "reader1@example.com", "daily")
    assert person is not None
    return app.links.leave_url("daily", person).removeprefix(HERE)


async def states(app: App) -> dict[str, int]:
    async with app.db.read() as conn:
        return await subscribers.count(conn, "daily")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/editions/daily/2026-05-18T0700/", "text/html; charset=utf-8"),
        ("/feeds/", "text/html; charset=utf-8"),
        ("/feeds/daily/feed.rss", "application/rss+xml; charset=utf-8"),
        ("/feeds/daily/feed.atom", "application/atom+xml; charset=utf-8"),
        ("/feeds/daily/feed.json", "application/feed+json; charset=utf-8"),
    ],
)
async def test_what_is_published_is_served_with_its_type(app: App, path: str, kind: str) -> None:
    async with client_of(app) as http:
        answer = await http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers
        again = await http.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]
        head = await http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert (await http.post(path)).status_code == 405


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/../config.toml", "/%2e%2e/config.toml", "/feeds/../../data/digest.db",
     "/feeds/daily/.feed.rss.1", "/editions/"],
)  # fmt: skip
async def test_what_is_not_published_is_not_there(app: App, path: str) -> None:
    (app.out_dir / "feeds/daily/.feed.rss.1").write_text("half")
    async with client_of(app) as http:
        assert (await http.get(path)).status_code == 404


async def test_a_search_leads_to_what_is_published(app: App) -> None:
    async with client_of(app) as http:
        told = (await http.get("/search", params={"q": '"harbour said"'})).text
        address = told.split("<h2")[1].split('href="')[1].split('"')[0]
        page = await http.get(address)
        assert page.status_code == 200
        assert "Ferry runs again" in page.text


async def test_opening_the_leave_link_changes_nothing(app: App) -> None:
    path = await leave_path(app)
    async with client_of(app) as http:
        for answer in (await http.get(path), await http.head(path)):
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
    assert await states(app) == {"active": 2}


async def test_one_click_leaves_at_once_and_twice_does_no_harm(app: App) -> None:
    path = await leave_path(app)
    async with client_of(app) as http:
        for _ in range(2):
            answer = await http.post(path, data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200
            assert not answer.history
            assert "set-cookie" not in answer.headers
    assert await states(app) == {"active": 1, "ended": 1}


async def test_a_newsletter_that_is_no_more_is_left_all_the_same(app: App, tmp_path: Path) -> None:
    path = await leave_path(app)
    config = write_config(tmp_path)
    config.write_text(config.read_text().replace('slug = "daily"', 'slug = "evening"'))
    async with open_newsroom(tmp_path) as without, client_of(without) as http:
        asked = await http.get(path)
        assert asked.status_code == 200
        assert "<form" in asked.text
        assert "Test Press" in asked.text
        assert await states(app) == {"active": 2}
        for _ in range(2):
            answer = await http.post(path, data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200
            assert "Test Press" in answer.text
            assert "The Daily" not in answer.text
        assert (await http.post(path[:-4])).status_code == 404
    assert await states(app) == {"active": 1, "ended": 1}


@pytest.mark.parametrize("change", ["forge", "cut", "nonsense"])
async def test_a_forged_link_changes_nothing(app: App, change: str) -> None:
    path = await leave_path(app)
    last = "A" if path[-1] != "A" else "B"
    forged = {"forge": path[:-1] + last, "cut": path[:-4], "nonsense": "/leave/%00ü"}[change]
    async with client_of(app) as http:
        assert (await http.post(forged)).status_code == 404
    assert await states(app) == {"active": 2}


async def test_the_outbox_shows_the_mails_to_this_machine(app: App) -> None:
    async with client_of(app) as http:
        page = (await http.get("/outbox")).text
        assert "reader1@example.com" in page
        assert page.count('/source">') == 2
        key = page.split('href="outbox/')[1].split("/")[0]
        html = await http.get(f"/outbox/{key}/html")
        assert "Unsubscribe" in html.text
        assert "script" not in html.headers["content-security-policy"]
        assert (await http.get(f"/outbox/{key}/text")).status_code == 200
        assert "List-Unsubscribe" in (await http.get(f"/outbox/{key}/source")).text
        assert (await http.get("/outbox/none/html")).status_code == 404


@pytest.mark.parametrize(
    ("base", "client"),
    [("http://evil.example", "127.0.0.1"), ("http://localhost:8025", "192.0.2.7")],
)
async def test_the_outbox_is_not_there_for_anybody_else(app: App, base: str, client: str) -> None:
    async with client_of(app, base=base, client=client) as http:
        assert (await http.get("/outbox")).status_code == 404


async def test_health_answers_while_the_database_does(app: App) -> None:
    async with client_of(app) as http:
        assert (await http.get("/health")).text == "ok\n"


async def test_below_the_path_of_base_url_is_what_is_there_without_it(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    config.write_text(config.read_text().replace(HERE, f"{HERE}/news/digest"))
    write_day(tmp_path)
    async with open_newsroom(tmp_path, people=1) as app:
        await collect.collect(app)
        newsletter = app.newsletter()
        record = await compose.compose(app, newsletter, slot_of(newsletter, date(2026, 5, 18)))
        await pipeline.approve(app, record.id)
        await publishing.publish(app)
        async with client_of(app) as http:
            for prefix in ("", "/news/digest"):
                for path in ("/", "/feeds/daily/feed.rss", "/search?q=ferry", "/health"):
                    assert (await http.get(prefix + path)).status_code == 200
                left = (await leave_path(app)).removeprefix("/news/digest")
                assert (await http.get(prefix + left)).status_code == 200
            assert (await http.get("/news/digestive/")).status_code == 404
