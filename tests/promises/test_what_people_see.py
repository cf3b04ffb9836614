"""What people see, judged by others: axe, the Nu checker, a real browser, a real feed reader."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree
from playwright.async_api import Page

from browser import AXE, Scheme, needs_axe, needs_browser, open_page
from digest.app import open_app
from digest.preview import preview
from digest.settings import load
from newsroom import SEEDS, run_digest
from site_served import Served, served

ROOT = SEEDS.parent
REFEREES = ROOT / "build" / "referees" / "node_modules"
NU = REFEREES / "vnu-jar" / "build" / "dist" / "vnu.jar"
THEMES = ("newspaper", "plain", "brief")
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
DAILY = "/editions/daily/"
EDITION = f"{DAILY}2026-05-18T0700/"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample newsroom after two editions of one week and one of the next."""
    folder = tmp_path_factory.mktemp("seen")
    shutil.copy(ROOT / "config.toml", folder)
    shutil.copytree(SEEDS, folder / "seeds")
    assert run_digest(folder, "subscribers", "import", "seeds/subscribers.csv").returncode == 0
    for asked in (["2026-05-18"], ["2026-05-19", "--again"], ["2026-05-26"]):
        if asked == ["2026-05-26"]:
            (folder / "seeds" / "notes" / "slip.md").write_text(NEXT_WEEK)
        done = run_digest(folder, "run", "--date", *asked)
        assert done.returncode == 0, done.stderr
    days = [edition.name[:10] for edition in editions(folder)]
    assert days == ["2026-05-18", "2026-05-19", "2026-05-26"]
    asyncio.run(write_mails(folder))
    return folder


NEXT_WEEK = """---
title: The slip at Fennick closes for a week
date: 2026-05-25T16:00
---
The slip at Fennick closes on Tuesday, and the Sandling lands at the old quay until Sunday.
"""


def editions(folder: Path) -> list[Path]:
    return sorted((folder / "out" / DAILY.strip("/")).glob("*T*"))


async def write_mails(folder: Path) -> None:
    """The first edition as mail: in each theme, with words around it in English and Arabic."""
    told = (ROOT / "config.toml").read_text()
    for theme in THEMES:
        assert told.count('# theme = "newspaper"') == 1
        config = folder / f"{theme}.toml"
        config.write_text(told.replace('# theme = "newspaper"', f'theme = "{theme}"'))
        async with open_app(load(config, environ={})) as app:
            for language in ("en", "ar"):
                into = mail(folder, theme, language).parent
                await preview(app, "daily@2026-05-18T0700", into, language=language, shots=False)


def mail(folder: Path, theme: str, language: str) -> Path:
    return folder / "preview" / f"{theme}-{language}" / "mail.html"


def mails(folder: Path) -> dict[str, Path]:
    """A mail of each kind: its name, and its file."""
    return {
        f"{theme}, {language}": mail(folder, theme, language)
        for theme, language in product(THEMES, ("en", "ar"))
    }


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
        # It begins with no headline.
        "search for a brief": "/search?q=bus+diverted",
        "search for anything": "/search",
        "search for nothing": "/search?q=zzzz",
        "missing": "/no-such-page",
        "desk": "/desk/sources",
        "desk, report": "/desk/report",
        "desk, sending": "/desk/sending",
        "outbox": "/outbox",
    }


async def violations(page: Page, address: str, *impacts: str) -> list[str]:
    """What axe finds at *address*, in light and in dark; of *impacts* only, if any are named."""
    await page.goto(address)
    await page.evaluate(AXE.read_text())
    found = []
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        told = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        found += [
            f"{scheme}, {one['id']}: {one['nodes'][0]['html'][:120]}"
            for one in told["violations"]
            if not impacts or one["impact"] in impacts
        ]
    return found


@needs_browser
@needs_axe
@pytest.mark.parametrize("width", [375, 1280])
async def test_axe_finds_nothing_on_any_page(folder: Path, site: Served, width: int) -> None:
    async with open_page(width) as (page, _):
        found = {
            name: await violations(page, site.url + path) for name, path in pages(folder).items()
        }
    assert {name: faults for name, faults in found.items() if faults} == {}


@needs_browser
@needs_axe
async def test_axe_finds_nothing_serious_in_any_mail(folder: Path) -> None:
    async with open_page(375) as (page, _):
        found = {
            name: await violations(page, file.as_uri(), "serious", "critical")
            for name, file in mails(folder).items()
        }
    assert {name: faults for name, faults in found.items() if faults} == {}


@needs_browser
async def test_the_field_and_the_button_of_a_search_are_of_one_height(site: Served) -> None:
    height = "[...document.querySelectorAll('{}')].map((one) => one.offsetHeight)"
    async with open_page(1280) as (page, _):
        for path in ("/", "/search"):
            await page.goto(site.url + path)
            button, field = await page.evaluate(height.format("form.search :is(input, button)"))
            assert button == field, path


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
        for name, file in mails(folder).items():
            await page.goto(file.as_uri())
            if await page.evaluate(over) > 0:
                wide.append(f"mail: {name}")
    assert wide == []
    ours = (site.url, "file:", "http://localhost:8025/")
    assert [address for address in asked if not address.startswith(ours)] == []


#: What MRML writes whatever it is given (see its output for an empty document).
_OF_MRML = ("xmlns:", "mso-", "Attribute “height”", "vertical-align", "“o:", "“v:", "o:office")
#: What the checker does not know yet of CSS: container queries, which browsers do since 2023.
_NEW = ("“width”: Unknown dimension", "“container-type”: Property", "“--fitting”: Parse Error")


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
    for name, mail in mails(folder).items():
        shutil.copy(mail, tmp_path / f"{name}.mail.html")
        files.append(tmp_path / f"{name}.mail.html")
    command = ["java", "-Xss2m", "-jar", str(NU), "--format", "json", "--exit-zero-always"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True)
    told = json.loads(done.stderr)["messages"]
    errors = [
        f"{Path(one['url']).name}: {one['message']} … {one.get('extract', '')[:80]}"
        for one in told
        if one["type"] == "error"
        and not any(words in one["message"] for words in _NEW)
        and not (one["url"].endswith("mail.html") and any(w in one["message"] for w in _OF_MRML))
    ]
    assert errors == []


@pytest.mark.parametrize("ending", ["rss", "atom"])
def test_the_week_before_is_a_document_of_its_own(folder: Path, site: Served, ending: str) -> None:
    feed = site.get(f"/feeds/daily/feed.{ending}").body
    answer = site.get(week_before(feed))
    assert answer.status == 200
    assert answer.headers["content-type"] == f"application/{ending}+xml; charset=utf-8"
    tree = etree.fromstring(answer.body)
    assert tree.findall(".//{http://purl.org/syndication/history/1.0}archive")
    # An entry stays what it is, wherever it is told.
    first, second, newest = ids(feed)[::-1]
    assert ids(answer.body) == [second, first]
    assert newest not in ids(answer.body)
    # The first week has none before it.
    assert week_before(answer.body) == ""


def week_before(feed: bytes) -> str:
    """The path that *feed* gives for what is older (RFC 5005); "" if it gives none."""
    (address,) = etree.fromstring(feed).xpath(
        "//*[local-name()='link'][@rel='prev-archive']/@href"
    ) or [""]
    return urlsplit(str(address)).path


def ids(feed: bytes) -> list[str]:
    return list(
        etree.fromstring(feed).xpath(
            "//item/guid/text() | //*[local-name()='entry']/*[local-name()='id']/text()"
        )
    )


@pytest.mark.skipif(not shutil.which("newsboat"), reason="newsboat is not installed here")
@pytest.mark.parametrize("ending", ["rss", "atom"])
def test_a_feed_reader_subscribes_reads_and_is_told_that_nothing_is_new(
    folder: Path, site: Served, tmp_path: Path, ending: str
) -> None:
    home = tmp_path / "newsboat"
    home.mkdir()
    paths = [f"/feeds/daily/feed.{ending}", f"/feeds/daily/stories/feed.{ending}"]
    paths.append(week_before(site.get(paths[0]).body))
    (home / "urls").write_text("".join(f"{site.url}{path}\n" for path in paths))
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
    assert [seen.status for seen in site.seen] == [200, 200, 200]
    unread = int(ask("-x", "print-unread").split()[0])
    # Each edition, and each story once, although two editions told it.  What the week before
    # tells again is known by its ids.
    stories = {page.name for edition in editions(folder) for page in edition.iterdir()}
    assert unread == len(editions(folder)) + len(stories - {"index.html"})
    # It keeps a feed's validators once it knows the feed.
    ask("-x", "reload")
    site.seen.clear()
    ask("-x", "reload")
    assert [seen.status for seen in site.seen] == [304, 304, 304]
    assert int(ask("-x", "print-unread").split()[0]) == unread
