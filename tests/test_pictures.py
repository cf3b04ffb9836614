"""Pictures of an edition's stories: hosted here, or noted with the reason; nothing waits long."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from badsite import SCRIPTS, BadSite, Script, answer, keeps, redirect
from digest import collect, editorial, hosted, render
from digest.app import App
from digest.model import Edition, Image, Section
from digest.pictures import fetch_pictures, gallery, sweep_pictures
from digest.settings import Source
from digest.store import items, pictures
from make import MORNING, make_edition, make_item, make_raw, make_story
from newsroom import open_newsroom, write_config
from painted import octets, paint

PHOTO = octets(paint(1600, 900))
SITES: dict[str, Script] = {
    **SCRIPTS,
    "/ferry.jpg": keeps(answer(200, PHOTO, "Content-Type: image/jpeg")),
    # Under a wrong name and type, as half the world has it.
    "/quay.png": keeps(answer(200, octets(paint(500, 300), "WEBP"), "Content-Type: text/plain")),
    "/page.jpg": keeps(answer(200, b"<html>Log in</html>", "Content-Type: image/jpeg")),
    "/pixel.gif": keeps(answer(200, octets(paint(1, 1), "GIF"))),
    "/moved.jpg": redirect("/ferry.jpg"),
}
CONFIG = """
[collect]
allow_private = ["127.0.0.0/8"]
spacing_s = 0

[pictures]
show = "{show}"
max_width = 600
patience_s = {patience_s}
"""


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = MORNING

    def __call__(self) -> datetime:
        return self.at


@asynccontextmanager
async def newsroom(
    folder: Path, *, show: str = "hosted", patience_s: float = 100, clock: Clock | None = None
) -> AsyncIterator[App]:
    """A newsroom whose pictures may come from loopback."""
    path = write_config(folder, mail=CONFIG.format(show=show, patience_s=patience_s))
    async with open_newsroom(folder, config=path, now=clock or Clock()) as app:
        yield app


def make_pictured(*urls: str, **fields: Any) -> Edition:
    """An edition with a story for each of *urls*."""
    stories = [
        make_story(make_item(f"News number {n}", image=Image(url=url, alt=f"Number {n}")))
        for n, url in enumerate(urls)
    ]
    return make_edition(Section(slug="news", title="News", stories=tuple(stories)), **fields)


async def faults(app: App, edition: Edition) -> dict[str, str]:
    async with app.db.read() as conn:
        return await pictures.faults(conn, edition.id)


def files(app: App) -> list[str]:
    folder = app.out_dir / "pictures"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# ------------------------------------------------------------------------------ fetching


async def test_a_picture_is_fetched_once_made_smaller_and_shown(tmp_path: Path) -> None:
    async with BadSite(scripts=SITES) as site, newsroom(tmp_path) as app:
        ferry = site.url("/ferry.jpg")
        edition = make_pictured(ferry, ferry, site.url("/quay.png"))
        told: list[tuple[str, int, int]] = []
        await fetch_pictures(app, edition, progress=lambda *step: told.append(step))
        await fetch_pictures(app, edition)
        assert sorted(asked.path for asked in site.asked) == ["/ferry.jpg", "/quay.png"]
        assert told == [("fetching pictures", 1, 2), ("fetching pictures", 2, 2)]
        shown = await gallery(app, edition.id)
        assert shown.show == "hosted"
        kept = shown.kept[ferry]
        assert (kept.width, kept.height, kept.media_type) == (600, 338, "image/jpeg")
        content = (app.out_dir / "pictures" / kept.file).read_bytes()
        assert len(content) == kept.size < len(PHOTO)
        assert kept.file == hosted.name_of(content, "jpg")
        assert files(app) == sorted(picture.file for picture in shown.kept.values())
        issue = render.issue(edition, press=app.press, gallery=shown)
        picture = issue.shown.stories[0].picture
        assert picture is not None
        assert picture.url == f"http://localhost:8025/pictures/{kept.file}"


async def test_a_picture_is_asked_for_as_a_picture(tmp_path: Path) -> None:
    async with BadSite(scripts=SITES) as site, newsroom(tmp_path) as app:
        await fetch_pictures(app, make_pictured(site.url("/moved.jpg")))
        assert [asked.path for asked in site.asked] == ["/moved.jpg", "/ferry.jpg"]
        assert all(asked.headers["accept"].startswith("image/") for asked in site.asked)
        assert not {"cookie", "referer"} & site.asked[0].headers.keys()
        assert len(files(app)) == 1


async def test_what_cannot_be_had_is_noted_and_costs_the_others_nothing(tmp_path: Path) -> None:
    expected = {
        "/missing": "404",
        "/page.jpg": "is markup and no picture",
        "/pixel.gif": "counts readers",
        "/large": "is larger than 15 MB",
        "/bomb-gzip": "is larger than 15 MB",
        "/to-private": "private address",
        "/to-file": "http:// or https://",
        "/torn": "it is tried again",
        "/noise": "does not answer as a web server does",
    }
    clock = Clock()
    async with BadSite(scripts=SITES) as site, newsroom(tmp_path, clock=clock) as app:
        edition = make_pictured(*map(site.url, [*expected, "/ferry.jpg"]))
        await fetch_pictures(app, edition)
        found = await faults(app, edition)
        assert set(found) == set(map(site.url, expected))
        for path, words in expected.items():
            assert words in found[site.url(path)]
        assert set((await gallery(app, edition.id)).kept) == {site.url("/ferry.jpg")}
        assert len(files(app)) == 1
        # Composed again at once, nobody is asked again; a while later they are.
        before = len(site.asked)
        await fetch_pictures(app, edition)
        assert len(site.asked) == before
        clock.at += timedelta(minutes=11)
        await fetch_pictures(app, edition)
        assert "/missing" in [asked.path for asked in site.asked[before:]]
        assert "/ferry.jpg" not in [asked.path for asked in site.asked[before:]]


async def test_a_private_address_is_not_asked(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as app:
        edition = make_pictured("http://10.0.0.1/camera.jpg", "http://[::1]:80/x.jpg")
        await fetch_pictures(app, edition)
        assert all("private" in words for words in (await faults(app, edition)).values())
        assert files(app) == []


async def test_what_is_late_is_left_out_and_the_edition_goes_on(tmp_path: Path) -> None:
    async with BadSite(scripts=SITES) as site:
        ferry, slow = site.url("/ferry.jpg"), site.url("/hang")
        async with newsroom(tmp_path) as app:
            await fetch_pictures(app, make_pictured(ferry))
        async with newsroom(tmp_path, patience_s=0.2) as app:
            edition = make_pictured(ferry, slow)
            await fetch_pictures(app, edition)
            assert list((await faults(app, edition)).items()) == [
                (slow, "was not here within 0.2 s; raise patience_s in [pictures], or wait")
            ]
            assert list((await gallery(app, edition.id)).kept) == [ferry]


@pytest.mark.parametrize("show", ["none", "remote"])
async def test_nobody_is_asked_where_nothing_is_hosted(tmp_path: Path, show: str) -> None:
    async with BadSite(scripts=SITES) as site, newsroom(tmp_path, show=show) as app:
        edition = make_pictured(site.url("/ferry.jpg"))
        await fetch_pictures(app, edition)
        assert site.asked == []
        assert (await gallery(app, edition.id)).show == show


async def test_stories_without_pictures_need_nothing(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as app:
        captioned = make_item(image=Image(caption="A quay"))
        edition = make_edition(
            Section(slug="news", title="News", stories=(make_story(), make_story(captioned)))
        )
        await fetch_pictures(app, edition)
        assert files(app) == []


# --------------------------------------------------------------------------- twice, killed


async def test_two_at_once_ask_once(tmp_path: Path) -> None:
    async with BadSite(scripts=SITES) as site, newsroom(tmp_path) as app:
        edition = make_pictured(site.url("/ferry.jpg"))
        await asyncio.gather(fetch_pictures(app, edition), fetch_pictures(app, edition))
        assert len(site.asked) == 1


async def test_a_file_that_is_gone_or_cut_short_is_not_shown_and_comes_back(tmp_path: Path) -> None:
    async with BadSite(scripts=SITES) as site, newsroom(tmp_path) as app:
        edition = make_pictured(site.url("/ferry.jpg"), site.url("/quay.png"))
        await fetch_pictures(app, edition)
        whole = await gallery(app, edition.id)
        one, other = (app.out_dir / "pictures" / name for name in files(app))
        one.write_bytes(one.read_bytes()[:100])
        other.unlink()
        # The output folder may be thrown away: they are kept with the data.
        assert await gallery(app, edition.id) == whole
        asked = len(site.asked)
        for name in files(app):
            (app.data_dir / "pictures" / name).unlink()
            (app.out_dir / "pictures" / name).unlink()
        assert (await gallery(app, edition.id)).kept == {}
        await fetch_pictures(app, edition)
        assert await gallery(app, edition.id) == whole
        assert len(site.asked) == asked + 2


async def test_what_another_edition_has_is_taken_from_it_for_two_days(tmp_path: Path) -> None:
    clock = Clock()
    async with BadSite(scripts=SITES) as site, newsroom(tmp_path, clock=clock) as app:
        ferry = site.url("/ferry.jpg")
        for number, hours, asked in ((1, 0, 1), (2, 30, 1), (3, 30, 2)):
            clock.at += timedelta(hours=hours)
            edition = make_pictured(ferry, id=f"daily@2026-05-2{number}T0700")
            await fetch_pictures(app, edition)
            assert len(site.asked) == asked
            assert list((await gallery(app, edition.id)).kept) == [ferry]


async def test_a_folder_that_cannot_be_written_is_a_fault_of_each(tmp_path: Path) -> None:
    async with BadSite(scripts=SITES) as site, newsroom(tmp_path) as app:
        (app.out_dir / "pictures").write_text("somebody's file")
        edition = make_pictured(site.url("/ferry.jpg"))
        await fetch_pictures(app, edition)
        assert "cannot be written" in (await faults(app, edition))[site.url("/ferry.jpg")]


# ------------------------------------------------------------------------------- sweeping


def lay(app: App, name: str, *, hours: float) -> None:
    path = app.out_dir / "pictures" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    at = (MORNING - timedelta(hours=hours)).timestamp()
    os.utime(path, (at, at))


async def test_only_old_files_that_no_edition_names_are_swept(tmp_path: Path) -> None:
    async with BadSite(scripts=SITES) as site, newsroom(tmp_path) as app:
        edition = make_pictured(site.url("/ferry.jpg"), site.url("/quay.png"))
        await fetch_pictures(app, edition)
        ferry, quay = (picture.file for picture in (await gallery(app, edition.id)).kept.values())
        for name, hours in (
            (ferry, 99), (quay, 99), ("0" * 16 + ".jpg", 25), ("." + "0" * 16 + ".jpg.77", 25),
            ("1" * 16 + ".png", 23), ("logo-" + "2" * 16 + ".png", 99), ("card-daily.png", 99),
        ):  # fmt: skip
            lay(app, name, hours=hours)
        stays = {ferry, quay, "1" * 16 + ".png", "logo-" + "2" * 16 + ".png", "card-daily.png"}
        assert await sweep_pictures(app) == 2
        assert set(files(app)) == stays
        # An editor took a story out: its picture goes with it.
        fewer = replace(
            edition, sections=(replace(edition.sections[0], stories=edition.stories[:1]),)
        )
        await fetch_pictures(app, fewer)
        assert await sweep_pictures(app) == 1
        assert len(set(files(app)) & {ferry, quay}) == 1
        assert await sweep_pictures(app) == 0


# ------------------------------------------------------------------- beside documents

NOTE = """---
title: The dredger hums
date: 2026-05-17T18:00
credit: "Drawing: ours"
---

![A dredger](pictures/dredger.png)

The dredger Patience has begun her summer's work, and anyone who lives near the water knows it.
"""


@pytest.mark.parametrize("show", ["hosted", "embedded", "remote"])
async def test_a_picture_beside_a_note_is_hosted_however_others_are_shown(
    tmp_path: Path, show: str
) -> None:
    async with newsroom(tmp_path, show=show) as app:
        desk = tmp_path / "desk"
        (desk / "pictures").mkdir()
        (desk / "pictures" / "dredger.png").write_bytes(octets(paint(800, 500), "PNG"))
        (desk / "note.md").write_text(NOTE)
        (visit,) = await collect.collect(app)
        assert (visit.word, visit.faults) == (None, ())
        async with app.db.read() as conn:
            (item,) = await items.latest(conn, limit=5)
        assert item.image is not None
        assert item.image.url == "folder:desk/pictures/dredger.png"
        edition = make_edition(Section(slug="n", title="N", stories=(make_story(item),)))
        await fetch_pictures(app, edition)
        shown = render.issue(edition, press=app.press, gallery=await gallery(app, edition.id))
        picture = shown.shown.stories[0].picture
        assert picture is not None
        assert picture.url == f"http://localhost:8025/pictures/{picture.file}"
        assert (picture.alt, picture.credit, picture.width) == ("A dredger", "Drawing: ours", 600)


async def test_folders_that_were_added_by_command_or_named_by_hand_are_looked_into(
    tmp_path: Path,
) -> None:
    async with newsroom(tmp_path) as app:
        (tmp_path / "kept").mkdir()
        (tmp_path / "kept" / "quay.jpg").write_bytes(PHOTO)
        added = Source(id="added", kind="folder", path=Path("kept"))
        await collect.add_source(app, added)
        named = Source(id="by-hand-kept", kind="folder", path=tmp_path / "kept")
        wanted = ["folder:added/quay.jpg", "folder:by-hand-kept/quay.jpg"]
        await fetch_pictures(app, make_pictured(*wanted), sources=[named])
        edition = make_pictured(*wanted)
        assert await faults(app, edition) == {}
        # The same octets are one file.
        assert len(files(app)) == 1


async def test_no_address_leads_out_of_a_folder(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as app:
        desk = tmp_path / "desk"
        (tmp_path / "secret.jpg").write_bytes(PHOTO)
        (desk / "link.jpg").symlink_to(tmp_path / "secret.jpg")
        (desk / "note.md").write_text("Words.")
        expected = {
            "folder:desk/../secret.jpg": "leads out of the folder",
            "folder:desk/link.jpg": "leads out of the folder",
            "folder:desk//" + str(tmp_path / "secret.jpg"): "leads out of the folder",
            "folder:desk/note.md": "is no picture's name",
            "folder:desk/gone.jpg": "no such file",
            "folder:desk/nul\0.jpg": "cannot be read",
            "folder:elsewhere/a.jpg": "no source named elsewhere",
        }
        edition = make_pictured(*expected)
        await fetch_pictures(app, edition)
        found = await faults(app, edition)
        for url, words in expected.items():
            assert words in found[url], url
        assert files(app) == []


def test_an_address_from_outside_is_never_one_of_our_folders() -> None:
    def cleaned(url: str, **told: Any) -> str | None:
        raw = make_raw(text="It sails.", image=Image(url=url, alt="A ferry"))
        image = editorial.clean(raw, source_id="wire", seen_at=MORNING, **told).image
        return image.url if image else None

    assert cleaned("folder:wire/ferry.jpg") is None
    assert cleaned("file:///etc/passwd", in_folder=True) is None
    assert cleaned("folder:notes/ferry.jpg", in_folder=True) is None
    assert cleaned("folder:wire/ferry.jpg", in_folder=True) == "folder:wire/ferry.jpg"
    assert cleaned("https://wire.example/a.jpg?utm_source=x", in_folder=True) == (
        "https://wire.example/a.jpg"
    )
