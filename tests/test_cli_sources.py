"""`digest sources`: what a person types and sees."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from digest.cli import app
from newsroom import write_config, write_day
from site_on_loopback import Site, entry, rss, running_site

FRONT = """<!doctype html><html><head><title>Quay News</title>
<link rel="alternate" type="application/rss+xml" href="/feed.xml"></head><body></body></html>"""
DESK = '\n[desk]\nemail = "editor@press.example"\n'


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A newsroom with three pieces of news, as the current folder."""
    config = write_config(tmp_path, mail='by = "folder"')
    own = '\n[collect]\nallow_private = ["127.0.0.1"]\nspacing_s = 0\n'
    config.write_text(config.read_text() + own + DESK)
    write_day(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def site() -> Iterator[Site]:
    """A site in a thread: a command has an event loop of its own."""
    started, ended = threading.Event(), asyncio.Event()
    running: list[tuple[Site, asyncio.AbstractEventLoop]] = []

    async def serve() -> None:
        async with running_site() as found:
            found.put("/", FRONT, kind="text/html; charset=utf-8")
            found.put("/feed.xml", rss(entry(3), entry(4)))
            running.append((found, asyncio.get_running_loop()))
            started.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait(20)
    found, loop = running[0]
    yield found
    loop.call_soon_threadsafe(ended.set)
    thread.join(20)


def digest(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["sources", *arguments])
    assert result.exit_code == code, result.output
    return result


def ask(*arguments: str, code: int = 0) -> Any:
    """The answer in JSON."""
    return json.loads(digest(*arguments, "--json", code=code).stdout)


def test_the_list_says_how_each_source_is(newsroom: Path) -> None:
    assert [(line["id"], line["health"]["word"]) for line in ask()] == [("desk", "new")]
    assert CliRunner().invoke(app, ["collect"]).exit_code == 0
    (line,) = ask()
    assert line["health"]["word"] == "ok"
    assert line["succeeded_at"]
    shown = digest().stdout
    assert "items/day" in shown
    assert "desk" in shown


def test_an_address_is_checked_in_plain_words_and_nothing_is_kept(
    newsroom: Path, site: Site
) -> None:
    shown = digest("check", site.url()).stdout
    assert "HTML page" in shown
    assert "2 entries" in shown
    assert f"digest sources add {site.url('/feed.xml')}" in shown
    assert ask("check", site.url())["kind"] == "feed"
    assert len(ask()) == 1


def test_where_nothing_is_check_ends_with_one(newsroom: Path, site: Site) -> None:
    assert "Nothing here can be a source" in digest("check", site.url("/x"), code=1).stdout
    assert "lists them" in digest("check", "nobody", code=3).output


def test_a_source_is_checked_by_its_id(newsroom: Path) -> None:
    shown = digest("check", "desk").stdout
    assert "3 documents with 3 items" in shown
    assert "So far: new" in shown
    assert ask("check", "desk")["found"]["items"] == 3


def test_added_paused_resumed_and_removed(newsroom: Path, site: Site) -> None:
    shown = digest("add", site.url(), "--id", "quay").stdout
    assert "quay is a source now" in shown
    assert "Its items go to daily." in shown
    assert "already" in digest("add", site.url("/feed.xml"), code=4).output
    digest("pause", "quay")
    assert {line["id"]: line["health"]["word"] for line in ask()}["quay"] == "paused"
    digest("resume", "quay")
    assert {line["id"]: line["health"]["word"] for line in ask()}["quay"] == "new"
    assert ask("remove", "quay") == {"removed": "quay"}
    assert "config.toml" in digest("remove", "desk", code=4).output
    assert "lists them" in digest("remove", "quay", code=3).output
    assert len(ask()) == 1


def test_a_list_comes_in_dry_then_whole_and_goes_out(newsroom: Path) -> None:
    Path("mine.opml").write_text(
        '<opml version="2.0"><head><title>Mine</title></head><body>'
        '<outline text="Wire" type="rss" xmlUrl="https://wire.example/feed"/>'
        '<outline text="Quay" type="rss" xmlUrl="https://quay.example/feed"/></body></opml>'
    )
    assert "2 would be added" in digest("import", "mine.opml", "--dry-run").stdout
    assert len(ask()) == 1
    assert len(ask("import", "mine.opml")["added"]) == 2
    assert "0 added, 2 known before." in digest("import", "mine.opml").stdout
    assert "cannot be read" in digest("import", "no.opml", code=3).output
    assert "https://quay.example/feed" in digest("export").stdout
    digest("export", "theirs.opml")
    assert "https://wire.example/feed" in Path("theirs.opml").read_text()


def test_the_report_is_shown_and_mailed_once(newsroom: Path) -> None:
    assert CliRunner().invoke(app, ["collect"]).exit_code == 0
    told = ask("report")
    assert (told["waiting"], told["troubles"]) == (3, 0)
    assert "3 items wait" in digest("report").stdout
    assert "Mailed to editor@press.example." in digest("report", "--mail").stdout
    assert "was mailed to editor@press.example before" in digest("report", "--mail").stdout
    assert len(list((newsroom / "data" / "mails").rglob("*.eml"))) == 1


def test_nobody_to_mail_the_report_to(newsroom: Path) -> None:
    config = newsroom / "config.toml"
    config.write_text(config.read_text().replace(DESK, ""))
    assert "[desk]" in digest("report", "--mail", code=4).output
