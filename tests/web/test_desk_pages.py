"""/desk: the sources and the report, for whoever sits at this machine, and nobody else."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient

from digest import collect, web
from digest.app import App
from digest.settings import Source
from newsroom import open_newsroom, write_config, write_day

HERE = "http://localhost:8025"
PAGES = ("/desk/sources", "/desk/report", "/desk/sources.json", "/desk/report.json")
HOSTILE = "<script>alert(1)</script> & {{ site }}"


@asynccontextmanager
async def client_of(
    app: App, *, base: str = HERE, client: str = "127.0.0.1"
) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app=web.create(app), client=(client, 4711))
    async with AsyncClient(transport=transport, base_url=base) as http:
        yield http


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """A newsroom with one source that is well and one that is not, two newsletters."""
    config = write_config(tmp_path)
    more = '\n[[newsletters]]\nslug = "weekly"\ntitle = "The Week"\ndays = ["fri"]\n'
    config.write_text(config.read_text() + more)
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as opened:
        broken = Source(id="broken", kind="folder", path=Path("<b>none"), title=HOSTILE)
        await collect.add_source(opened, broken)
        await collect.collect(opened)
        yield opened


async def test_the_pages_name_each_source_and_what_is_wrong(app: App) -> None:
    async with client_of(app) as http:
        sources = (await http.get("/desk/sources")).text
        report = (await http.get("/desk/report")).text
    assert "1 needs you" in sources
    assert sources.index("failing") < sources.index(">desk <")
    for page in (sources, report):
        assert "Failing for" in page
        assert "Last success" in page
    assert "3 items wait" in report
    assert "The Daily: the sources" in report


async def test_text_from_outside_is_escaped(app: App) -> None:
    async with client_of(app) as http:
        for path in PAGES[:2]:
            page = (await http.get(path)).text
            assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; {{ site }}" in page
            assert "<script" not in page
            assert "<b>none" not in page


async def test_nothing_is_kept_cached_or_needs_a_script(app: App) -> None:
    async with client_of(app) as http:
        for path in PAGES:
            answer = await http.get(path)
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
            assert "script-src" not in answer.headers["content-security-policy"]
            assert (await http.post(path)).status_code == 405


async def test_programs_get_json(app: App) -> None:
    async with client_of(app) as http:
        sources = (await http.get("/desk/sources.json")).json()
        report = (await http.get("/desk/report.json")).json()
    assert [(line["id"], line["needs_you"]) for line in sources] == [
        ("broken", True),
        ("desk", False),
    ]
    assert (report["newsletter"], report["troubles"], report["waiting"]) == ("daily", 1, 3)


async def test_each_newsletter_has_its_report(app: App) -> None:
    async with client_of(app) as http:
        page = (await http.get("/desk/report?newsletter=weekly")).text
        assert "The Week: the sources" in page
        assert 'href="/desk/report?newsletter=daily"' in page
        assert (await http.get("/desk/report?newsletter=none")).status_code == 404


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("base", "client"),
    [("http://evil.example", "127.0.0.1"), ("http://localhost:8025", "192.0.2.7")],
)
async def test_for_anybody_else_it_is_not_there(
    app: App, path: str, base: str, client: str
) -> None:
    async with client_of(app, base=base, client=client) as http:
        assert (await http.get(path)).status_code == 404


async def test_behind_a_public_address_it_is_not_there(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    text = config.read_text().replace("http://localhost:8025", "https://press.example")
    config.write_text(text)
    async with open_newsroom(tmp_path) as app, client_of(app) as http:
        for path in PAGES:
            assert (await http.get(path)).status_code == 404


def basic(token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"desk:{token}".encode()).decode()}


async def test_from_elsewhere_the_desk_is_opened_with_the_newsroom_s_token(app: App) -> None:
    guarded = replace(app, api_token="quay-and-tide")
    async with client_of(guarded, base="https://news.example", client="203.0.113.9") as http:
        for page in PAGES:
            refused = await http.get(page)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"].startswith("Basic")
            assert (await http.get(page, headers=basic("quay-and"))).status_code == 401
            assert (await http.get(page, headers=basic(""))).status_code == 401
            broken = {"Authorization": "Basic ***"}
            assert (await http.get(page, headers=broken)).status_code == 401
            assert (await http.get(page, headers=basic("quay-and-tide"))).status_code == 200
    async with client_of(guarded) as http:
        assert (await http.get("/desk/sources")).status_code == 200, "whoever sits here"
