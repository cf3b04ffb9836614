"""What people see, judged by others: axe, the Nu checker, a real browser, a real feed reader."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import Scheme, find_chromium, open_page
from newsroom import SEEDS, run_digest
from site_served import Served, served

ROOT = SEEDS.parent
REFEREES = ROOT / "build" / "referees" / "node_modules"
AXE = REFEREES / "axe-core" / "axe.min.js"
NU = REFEREES / "vnu-jar" / "build" / "dist" / "vnu.jar"
DAILY = "/editions/daily/"
EDITION = f"{DAILY}2026-05-18T0700/"

needs_browser = pytest.mark.skipif(not find_chromium(), reason="no Chromium is installed here")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample newsroom after two editions of one week and one of the next."""
    folder = tmp_path_factory.mktemp("seen")
    shutil.copy(ROOT / "config.toml", folder)
    shutil.copytree(SEEDS, folder / "seeds")
    assert run_digest(folder, "subscribers", "import", "seeds/subscribers.csv").returncode == 0
    for asked in (["2026-05-18"], ["2026-05-19", "--again"], ["2026-05-26", "--again"]):
        done = run_digest(folder, "run", "--date", *asked)
        assert done.returncode == 0, done.stderr
    done = run_digest(folder, "preview", "daily@2026-05-18T0700", "--no-screens")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Served]:
    with served(folder) as site:
        yield site


def story_page(folder: Path) -> str:
    stories = sorted((folder / "out" / EDITION.strip("/")).glob("*/index.html"))
    return f"{EDITION}{stories[0].parent.name}/"


def pages(folder: Path) -> dict[str, str]:
    """A page of each kind: its name, and its path."""
    return {
        "front": "/",
        "newsletter": DAILY,
        "year": f"{DAILY}2026/",
        "section": f"{DAILY}section/harbour/",
        "edition": EDITION,
        "story": story_page(folder),
        "feeds": "/feeds/daily/",
        "search": "/search?q=ferry",
        "search for nothing": "/search?q=zzzz",
        "missing": "/no-such-page",
    }


@needs_browser
@pytest.mark.skipif(not AXE.exists(), reason="axe is not installed: `make referees`")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
async def test_axe_finds_nothing_on_any_page(
    folder: Path, site: Served, width: int, scheme: Scheme
) -> None:
    found: dict[str, list[str]] = {}
    async with open_page(width, scheme) as (page, _):
        for name, path in pages(folder).items():
            await page.goto(site.url + path)
            await page.evaluate(AXE.read_text())
            told = await page.evaluate("axe.run(document)")
            found[name] = [
                f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in told["violations"]
            ]
    assert {name: faults for name, faults in found.items() if faults} == {}


@needs_browser
@pytest.mark.skipif(not AXE.exists(), reason="axe is not installed: `make referees`")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_in_the_mail(folder: Path, scheme: Scheme) -> None:
    async with open_page(375, scheme) as (page, _):
        await page.goto((folder / "preview" / "mail.html").as_uri())
        await page.evaluate(AXE.read_text())
        told = await page.evaluate("axe.run(document)")
    serious = [one["id"] for one in told["violations"] if one["impact"] in ("serious", "critical")]
    assert serious == []


@needs_browser
@pytest.mark.parametrize("width", [320, 375, 800, 1280])
async def test_nothing_scrolls_sideways_and_nothing_is_fetched_from_elsewhere(
    folder: Path, site: Served, width: int
) -> None:
    wide = []
    async with open_page(width) as (page, asked):
        for name, path in pages(folder).items():
            await page.goto(site.url + path)
            over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            if await page.evaluate(over) > 0:
                wide.append(name)
        await page.goto((folder / "preview" / "mail.html").as_uri())
        if await page.evaluate(over) > 0:
            wide.append("mail")
    assert wide == []
    ours = (site.url, "file:", "http://localhost:8025/")
    assert [address for address in asked if not address.startswith(ours)] == []


#: What MRML writes whatever it is given (see its output for an empty document).
_OF_MRML = ("xmlns:", "mso-", "Attribute “height”", "vertical-align", "“o:", "“v:", "o:office")


@pytest.mark.skipif(
    not NU.exists() or not shutil.which("java"),
    reason="the Nu checker is not installed: `make referees`, with a Java",
)
def test_the_nu_checker_finds_no_error(folder: Path, site: Served, tmp_path: Path) -> None:
    files = []
    for name, path in pages(folder).items():
        file = tmp_path / f"{name.replace(' ', '-')}.html"
        file.write_bytes(site.get(path).body)
        files.append(file)
    shutil.copy(folder / "preview" / "mail.html", tmp_path)
    command = ["java", "-Xss2m", "-jar", str(NU), "--format", "json", "--exit-zero-always"]
    done = subprocess.run(
        [*command, *map(str, files), str(tmp_path / "mail.html")], capture_output=True, text=True
    )
    told = json.loads(done.stderr)["messages"]
    errors = [
        f"{Path(one['url']).name}: {one['message']} … {one.get('extract', '')[:80]}"
        for one in told
        if one["type"] == "error"
        and not (one["url"].endswith("mail.html") and any(w in one["message"] for w in _OF_MRML))
    ]
    assert errors == []


@pytest.mark.skipif(not shutil.which("newsboat"), reason="newsboat is not installed here")
@pytest.mark.parametrize("ending", ["rss", "atom"])
def test_a_feed_reader_subscribes_reads_and_is_told_that_nothing_is_new(
    site: Served, tmp_path: Path, ending: str
) -> None:
    home = tmp_path / "newsboat"
    home.mkdir()
    feeds = [
        f"{site.url}/feeds/daily/feed.{ending}",
        f"{site.url}/feeds/daily/stories/feed.{ending}",
    ]
    (home / "urls").write_text("\n".join(feeds) + "\n")
    (home / "config").write_text("")
    command = ["newsboat", "-u", home / "urls", "-c", home / "cache.db", "-C", home / "config"]
    env = os.environ | {"HOME": str(tmp_path), "TERM": "dumb"}

    def ask(*given: str) -> str:
        done = subprocess.run(
            [*map(str, command), *given], capture_output=True, text=True, env=env, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    site.seen.clear()
    ask("-x", "reload")
    assert [seen.status for seen in site.seen] == [200, 200]
    unread = int(ask("-x", "print-unread").split()[0])
    # Two editions of one week and one of the next, and each of their stories once.
    assert unread > 25
    # It keeps a feed's validators once it knows the feed.
    ask("-x", "reload")
    site.seen.clear()
    ask("-x", "reload")
    assert [seen.status for seen in site.seen] == [304, 304]
    assert int(ask("-x", "print-unread").split()[0]) == unread
