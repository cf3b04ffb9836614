"""Publishing: what is new costs, what stands is left alone, and a kill leaves nothing half-told."""

import json
import shutil
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from sqlalchemy import update

from digest import collect, compose, pipeline
from digest.app import App
from digest.errors import Conflict, RenderError, StoreError
from digest.model import EditionEvent, EditionState
from digest.model.asked import FOLDING, ask
from digest.publish import publish
from digest.runner import look
from digest.slots import slot_of
from digest.store import editions, pings, printed, schema
from make import MORNING
from newsroom import SEEDS, open_newsroom, write_article, write_config, write_day
from painted import octets as painted_as
from painted import paint

ID = "daily@2026-05-18T0700"


class Clock:
    def __init__(self) -> None:
        self.at = MORNING

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
async def app(tmp_path: Path, store_url: str) -> AsyncIterator[App]:
    """A newsroom with three pieces of news, once on each database."""
    write_config(tmp_path, store_url=store_url)
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as opened:
        yield opened


async def bring_out(app: App, day: int = 18) -> str:
    """Collect, compose, approve and publish the edition of a day."""
    await collect.collect(app)
    slot = slot_of(app.newsletter(), date(2026, 5, day))
    record = await compose.compose(app, app.newsletter(), slot, approve=True)
    await publish(app, early=(record.id,))
    return record.id


def names(app: App, paths: list[Path]) -> set[str]:
    return {str(path.relative_to(app.out_dir)) for path in paths}


async def test_an_edition_becomes_pages_lists_and_feeds_once(app: App) -> None:
    await collect.collect(app)
    slot = slot_of(app.newsletter(), date(2026, 5, 18))
    await compose.compose(app, app.newsletter(), slot)
    assert f"editions/daily/{ID.partition('@')[2]}/index.html" not in names(app, await publish(app))
    await pipeline.approve(app, ID)
    changed = names(app, await publish(app))
    async with app.db.read() as conn:
        edition = await editions.content(conn, ID)
    folder = "editions/daily/2026-05-18T0700"
    assert {f"{folder}/{story.id}/index.html" for story in edition.stories} < changed
    assert changed >= {
        "index.html",
        "sitemap.xml",
        f"{folder}/index.html",
        "editions/daily/index.html",
        "editions/daily/2026/index.html",
        "editions/daily/section/harbour/index.html",
        *(f"feeds/daily/feed.{ending}" for ending in ("rss", "atom", "json")),
        *(f"feeds/daily/stories/feed.{ending}" for ending in ("rss", "atom", "json")),
        *(f"feeds/daily/section/harbour/feed.{ending}" for ending in ("rss", "atom", "json")),
    }
    assert await publish(app) == []
    assert not list(app.out_dir.rglob(".*"))


async def test_a_new_edition_changes_no_page_but_its_neighbours(app: App) -> None:
    await bring_out(app)
    write_article(app.loaded.base, "lock-opens", "The lock at Merrow opens in June.")
    await bring_out(app, 19)
    write_article(app.loaded.base, "quay-is-mended", "The quay at Fennick is mended.")
    await collect.collect(app)
    slot = slot_of(app.newsletter(), date(2026, 5, 20))
    await compose.compose(app, app.newsletter(), slot, approve=True)
    changed = names(app, await publish(app, early=(slot.edition_id,)))
    pages = {name.split("/")[2] for name in changed if name.startswith("editions/daily/2026-05")}
    assert pages == {"2026-05-19T0700", "2026-05-20T0700"}


async def test_pages_that_were_lost_are_made_again(app: App) -> None:
    await bring_out(app)
    page = app.edition_folder(ID) / "index.html"
    told = page.read_bytes()
    page.unlink()
    (app.out_dir / "index.html").unlink()
    assert {"index.html", f"editions/daily/{ID[6:]}/index.html"} <= names(app, await publish(app))
    assert page.read_bytes() == told


async def test_another_template_makes_every_page_anew(tmp_path: Path) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await bring_out(app)
    own = tmp_path / "templates" / "pages"
    own.mkdir(parents=True)
    async with open_newsroom(tmp_path) as app:
        shipped = app.templates.files("pages")["style.css"].read_text()
    (own / "style.css").write_text(f"/* ours */\n{shipped}")
    async with open_newsroom(tmp_path) as app:
        assert f"editions/daily/{ID[6:]}/index.html" in names(app, await publish(app))
        assert "/* ours */" in (app.edition_folder(ID) / "index.html").read_text()
        assert await publish(app) == []


async def test_words_that_fold_otherwise_now_are_kept_again(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("digest.publish.FOLDING", FOLDING - 1)
        await bring_out(app)
        async with app.db.write() as conn:
            await conn.execute(update(schema.printed).values(headline_words="", text_words=""))
        assert await publish(app) == []
    assert await publish(app) == []
    async with app.db.read() as conn:
        total, _ = await printed.search(app.db, conn, ask("ferry"), limit=1)
    assert total == 1


async def test_a_brief_without_a_headline_is_listed_by_its_first_words(tmp_path: Path) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    shutil.copy(SEEDS / "pages" / "courier-ferry-fares.txt", tmp_path / "desk")
    async with open_newsroom(tmp_path) as app:
        await bring_out(app)
        async with app.db.read() as conn:
            query = ask("Sandling bicycles")
            _, (line,) = await printed.search(app.db, conn, query, limit=9)
    assert line.brief
    assert line.headline.endswith("first crossing to Ostrey at 12:30 p.m. with 90 foot…")
    assert line.text.startswith(line.headline.removesuffix("…"))


async def test_a_run_that_died_half_way_is_finished_by_the_next(tmp_path: Path) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    own = tmp_path / "templates" / "pages"
    own.mkdir(parents=True)
    broken = own / "section.html"
    broken.write_text("{{ nothing.of.the.kind }}")
    async with open_newsroom(tmp_path) as app:
        with pytest.raises(RenderError, match=r"section\.html"):
            await bring_out(app)
        async with app.db.read() as conn:
            record = await editions.get(conn, ID)
        # Seen already, so its items are spent; and yet not done.
        assert record.published_at is not None
        assert record.printed_as == ""
        assert not (app.out_dir / "feeds" / "daily").exists()
    broken.unlink()
    async with open_newsroom(tmp_path) as app:
        assert "feeds/daily/feed.rss" in names(app, await publish(app))
        assert await publish(app) == []


async def test_a_cancelled_edition_is_gone_from_everywhere(app: App) -> None:
    await bring_out(app)
    await pipeline.cancel(app, ID)
    await publish(app)
    assert not app.edition_folder(ID).exists()
    left = [path for path in app.out_dir.rglob("*") if path.is_file()]
    assert [path for path in left if b"2026-05-18T0700" in path.read_bytes()] == []
    async with app.db.read() as conn:
        assert await printed.headlines(conn, "daily") == {}


async def test_the_past_can_be_walked_week_by_week(tmp_path: Path) -> None:
    write_config(tmp_path, newsletter="max_age_h = 1000.0")
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await bring_out(app, 18)
        for day, slug in ((19, "lock-opens"), (26, "quay-is-mended"), (30, "mill-burns")):
            write_article(tmp_path, slug, f"What happened is this: {slug}, the harbour said.")
            await bring_out(app, day)
        feeds = app.out_dir / "feeds" / "daily"
        # The week of the newest edition is not over.
        assert sorted(path.name for path in feeds.glob("2026-*.atom")) == ["2026-W21.atom"]
        walked, seen = "feed.atom", []
        while walked:
            told = feedparser.parse((feeds / walked).read_bytes())
            seen += [entry.id for entry in told.entries]
            older = [link.href for link in told.feed.links if link.rel == "prev-archive"]
            walked = older[0].rpartition("/")[2] if older else ""
        async with app.db.read() as conn:
            public = await editions.listing(conn, newsletter="daily", states=editions.PUBLIC)
        assert len(public) == 4
        assert len(set(seen)) == len(public)


async def test_what_is_corrected_later_is_marked_and_not_told_as_new(tmp_path: Path) -> None:
    write_config(tmp_path)
    write_article(tmp_path, "ferry-runs-again", "The ferry ran again. It had 80 people on board.")
    async with open_newsroom(tmp_path) as app:
        await bring_out(app)
        stories = app.out_dir / "feeds" / "daily" / "stories" / "feed.json"
        before = json.loads(stories.read_text())["items"]
    text = "The ferry ran again. Correction: it had 90 people on board, not 80."
    write_article(tmp_path, "ferry-runs-again", text)
    write_article(tmp_path, "mill-burns", "The mill at Orrin burnt down in the night.")
    clock = Clock()
    clock.at = MORNING + timedelta(days=1)
    async with open_newsroom(tmp_path, now=clock) as app:
        await bring_out(app, 19)
        page = (app.edition_folder(ID) / "index.html").read_text()
        after = {item["id"]: item for item in json.loads(stories.read_text())["items"]}
    (ferry,) = before
    assert "90 people" in page
    assert "90 people" in after[ferry["id"]]["content_html"]
    assert after[ferry["id"]]["date_published"] == ferry["date_published"]
    assert after[ferry["id"]]["date_modified"] > ferry["date_modified"]


async def test_hubs_are_noted_for_feeds_that_changed(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    config.write_text(config.read_text() + '\n[output]\nhubs = ["https://hub.example/"]\n')
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await bring_out(app)
        async with app.db.read() as conn:
            noted = await pings.standing(conn)
        assert {ping.hub for ping in noted} == {"https://hub.example/"}
        topics = {ping.topic for ping in noted}
        assert "http://localhost:8025/feeds/daily/feed.atom" in topics
        assert not [topic for topic in topics if "-W" in topic]


async def test_whole_texts_are_in_feeds_only_when_asked_for(tmp_path: Path) -> None:
    write_config(tmp_path, newsletter='feed_text = "full"')
    long = "The ferry ran again on Sunday. " + "The harbour said so in a long letter. " * 60
    write_article(tmp_path, "ferry-runs-again", f"{long}\n\n**Nobody** was hurt at the very end.")
    async with open_newsroom(tmp_path) as app:
        await bring_out(app)
        told = (app.out_dir / "feeds" / "daily" / "stories" / "feed.json").read_text()
    assert "<strong>Nobody</strong> was hurt at the very end." in told


async def test_a_cancel_that_died_half_way_is_finished(app: App) -> None:
    await bring_out(app)
    async with app.db.write() as conn:
        await editions.move(conn, ID, EditionEvent.CANCEL, reason="", finished_at=MORNING)
    # Killed here: its pages are still there.
    assert (app.edition_folder(ID) / "index.html").exists()
    await publish(app)
    assert not app.edition_folder(ID).exists()
    assert "2026-05-18T0700" not in (app.out_dir / "feeds" / "daily" / "feed.atom").read_text()
    assert (await pipeline.cancel(app, ID)).state is EditionState.CANCELLED


async def test_what_is_out_is_not_touched_by_an_approval(app: App) -> None:
    await bring_out(app)
    with pytest.raises(Conflict, match="cannot be approved now"):
        await pipeline.approve(app, ID)


async def test_pictures_are_there_again_when_the_output_folder_was_lost(tmp_path: Path) -> None:
    write_config(tmp_path)
    write_article(tmp_path, "ferry-runs-again", "![A ferry](ferry.png)\n\nThe ferry ran again.")
    (tmp_path / "desk" / "ferry.png").write_bytes(painted_as(paint(600, 400), "PNG"))
    async with open_newsroom(tmp_path) as app:
        await bring_out(app)
        page = (app.edition_folder(ID) / "index.html").read_bytes()
        shown = list((app.out_dir / "pictures").glob("????????????????.*"))
        assert len(shown) == 1
        octets = shown[0].read_bytes()
        shutil.rmtree(app.out_dir)
        await publish(app)
        assert shown[0].read_bytes() == octets
        assert (app.edition_folder(ID) / "index.html").read_bytes() == page


async def test_another_hub_another_title_or_fewer_newsletters_are_seen_everywhere(
    tmp_path: Path,
) -> None:
    config = write_config(tmp_path)
    write_day(tmp_path)
    before = config.read_text()
    config.write_text(before + '\n[[newsletters]]\nslug = "weekly"\ntitle = "The Weekly"\n')
    async with open_newsroom(tmp_path) as app:
        await bring_out(app)
        front = app.out_dir / "index.html"
        assert "The Weekly" in front.read_text()
        feed = app.out_dir / "feeds" / "daily" / "feed.atom"
        assert 'rel="hub"' not in feed.read_text()
        assert not (await look(app)).outdated
    config.write_text(before + '\n[output]\nhubs = ["https://hub.example/"]\n')
    async with open_newsroom(tmp_path) as app:
        # The clock sees it too.
        assert (await look(app)).outdated
        await publish(app)
        assert "The Weekly" not in front.read_text()
        assert 'rel="hub"' in feed.read_text()
        assert not (await look(app)).outdated


async def test_what_is_wrong_with_one_newsletter_holds_up_no_other(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    write_day(tmp_path)
    config.write_text(config.read_text() + '\n[[newsletters]]\nslug = "late"\ntitle = "Late"\n')
    async with open_newsroom(tmp_path) as app:
        await bring_out(app)
        async with app.db.write() as conn:
            table = schema.edition
            await conn.execute(update(table).values(content="{}", printed_as=""))
        slot = slot_of(app.newsletter("late"), date(2026, 5, 18))
        await compose.compose(app, app.newsletter("late"), slot, approve=True)
        with pytest.raises(StoreError, match="cannot be read; restore it"):
            await publish(app, early=(slot.edition_id,))
        assert (app.edition_folder(slot.edition_id) / "index.html").exists()
        assert (app.out_dir / "feeds" / "late" / "feed.rss").exists()
        async with app.db.read() as conn:
            assert (await editions.get(conn, ID)).printed_as == ""


async def test_old_pages_lead_to_sections_that_have_another_name_now(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await bring_out(app)
        old = app.out_dir / "editions" / "daily" / "section" / "harbour" / "index.html"
        assert "Ferry runs again" in old.read_text()
    config.write_text(config.read_text().replace('title = "Harbour"', 'title = "At sea"'))
    async with open_newsroom(tmp_path) as app:
        await publish(app)
        assert "Ferry runs again" in old.read_text()
        assert (old.parent.parent / "at-sea" / "index.html").exists()


async def test_a_disk_that_takes_nothing_is_told_in_words(app: App) -> None:
    (app.out_dir / "editions").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        await bring_out(app)
