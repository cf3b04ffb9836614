"""Feeds and archives as they are published: chains of weeks, corrections, and what was lost."""

import json
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from digest import pipeline
from digest.app import App
from digest.model import Block, Correction, Edition, EditionEvent
from digest.publish import publish
from digest.runner import look
from digest.slots import slot_of
from digest.store import editions, items, placements
from feedroom import ATOM, edition_at, sections_of, story_of
from make import MORNING
from newsroom import Clock, open_newsroom, write_config

#: Four weeks that are over and one that is not: Mondays, and a Sunday in the second.
DAYS = [date(2026, 4, 20), date(2026, 4, 27), date(2026, 5, 3), date(2026, 5, 4),
        date(2026, 5, 11), date(2026, 5, 18)]  # fmt: skip
WEEKS = ["2026-W17", "2026-W18", "2026-W19", "2026-W20"]
SITE = "http://localhost:8025/"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def app(tmp_path: Path, clock: Clock) -> AsyncIterator[App]:
    write_config(tmp_path, newsletter='feed_topics = ["ferries"]')
    # Fewer than there are editions.
    config = tmp_path / "config.toml"
    config.write_text(config.read_text() + "\n[output]\nfeed_editions = 2\n")
    async with open_newsroom(tmp_path, now=clock) as opened:
        yield opened


def edition_of(day: date, *corrections: Correction) -> Edition:
    at = MORNING + timedelta(days=(day - MORNING.date()).days)
    return edition_at(at, corrections=corrections)


def corrected(day: date, part: int, words: str, *, by: date) -> Correction:
    """*words* of the edition *by* about an item of the edition of *day*: two stories, a brief."""
    carrier = edition_of(day)
    told = (*(story.lead for story in carrier.stories), *carrier.briefs)[part]
    return Correction(
        item_id=told.id,
        headline=told.title,
        corrects=True,
        at=datetime(by.year, by.month, by.day, 3, tzinfo=MORNING.tzinfo),
        sentences=(words,),
        edition_id=carrier.id,
    )


async def bring(app: App, clock: Clock, edition: Edition) -> list[str]:
    """Publish *edition*, as if it had been composed; the names of what changed."""
    clock.at = edition.slot_at
    slot = slot_of(app.newsletter(), edition.slot.day)
    told = [item for story in edition.stories for item in story.items] + list(edition.briefs)
    async with app.db.write() as conn:
        await items.remember(app.db, conn, told)
        await editions.create(app.db, conn, slot, now=clock.at)
        await editions.write_content(conn, edition)
        await editions.move(conn, edition.id, EditionEvent.APPROVE, reason="")
        # Every day another one.
        revision = edition.slot.day.toordinal()
        told_of = {one.item_id: revision for one in edition.corrections}
        await placements.place(conn, edition, revisions=told_of)
    return [str(path.relative_to(app.out_dir)) for path in await publish(app)]


async def bring_all(app: App, clock: Clock, *told: Correction) -> None:
    """The editions of all days, *told* by the last."""
    for day in DAYS:
        await bring(app, clock, edition_of(day, *(told if day == DAYS[-1] else ())))


def links_of(app: App, name: str) -> dict[str, str]:
    """Of a document under ``feeds/daily/``: names of those that it leads to, by relation."""
    root = etree.fromstring((app.out_dir / "feeds" / "daily" / name).read_bytes())
    top = root if name.endswith(".atom") else root.find("channel")
    return {
        link.get("rel"): link.get("href").removeprefix(f"{SITE}feeds/daily/")
        for link in top.findall(f"{ATOM}link")
    }


def json_of(app: App, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((app.out_dir / "feeds" / "daily" / name).read_bytes())
    return read


def items_of(app: App, name: str) -> dict[str, dict[str, Any]]:
    return {item["title"]: item for item in json_of(app, name)["items"]}


def walk_json(app: App, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    while name:
        page = json_of(app, name)
        for item in page["items"]:
            yield name, item
        name = page.get("next_url", "").removeprefix(f"{SITE}feeds/daily/")


@pytest.mark.parametrize("folder", ["", "stories/", "section/harbour/", "topic/ferries/"])
@pytest.mark.parametrize("format", ["atom", "rss"])
async def test_four_weeks_lead_back_and_on_again(
    app: App, clock: Clock, folder: str, format: str
) -> None:
    await bring_all(app, clock)
    chain, name = [], f"{folder}feed.{format}"
    while name:
        chain.append(name)
        name = links_of(app, name).get("prev-archive", "")
    archives = [f"{folder}{week}.{format}" for week in WEEKS]
    assert chain == [f"{folder}feed.{format}", *reversed(archives)]
    onward, name = [], archives[0]
    while name:
        onward.append(name)
        links = links_of(app, name)
        assert links["current"] == f"{folder}feed.{format}"
        name = links.get("next-archive", "")
    assert onward == archives


async def test_a_week_that_is_gone_is_led_around(app: App, clock: Clock) -> None:
    await bring_all(app, clock)
    await pipeline.cancel(app, edition_of(DAYS[3]).id)
    await publish(app)
    assert links_of(app, "2026-W20.atom")["prev-archive"] == "2026-W18.atom"
    assert links_of(app, "2026-W18.atom")["next-archive"] == "2026-W20.atom"
    assert not list(app.out_dir.rglob("2026-W19*"))


async def test_an_archived_week_gets_the_link_to_the_next_and_changes_no_more(
    app: App, clock: Clock
) -> None:
    before: dict[str, bytes] = {}
    changes: dict[str, int] = {}
    days = [*DAYS, date(2026, 5, 19), date(2026, 5, 25)]
    for place, day in enumerate(days):
        # Each corrects what the one before told, and the very first one.
        told = [corrected(one, 0, f"Since {day}.", by=day) for one in {days[0], days[place - 1]}]
        await bring(app, clock, edition_of(day, *(told if place else ())))
        for path in app.out_dir.rglob("20??-W*.atom"):
            root = etree.fromstring(path.read_bytes())
            for link in root.findall(f"{ATOM}link[@rel='next-archive']"):
                root.remove(link)
            name, octets = str(path), etree.tostring(root)
            changes[name] = changes.get(name, 0) + (before.get(name, octets) != octets)
            before[name] = octets
    assert len(before) == 5 * len({Path(name).parent for name in before})
    assert set(changes.values()) == {0}


async def test_an_old_story_is_in_the_feed_with_its_correction_and_then_in_that_weeks_archive(
    app: App, clock: Clock
) -> None:
    last = DAYS[-1]
    of_a_story = corrected(DAYS[0], 1, "It was 3.9 per cent.", by=last)
    of_a_brief = corrected(DAYS[2], 2, "It was closed until one.", by=last)
    await bring_all(app, clock, of_a_story, of_a_brief)
    title = "Correction: Tram strike is off, 20 April"
    told = items_of(app, "stories/feed.json")[title]
    assert "It was 3.9 per cent." in told["content_html"]
    assert told["date_modified"] == "2026-05-18T03:00:00+00:00" > told["date_published"]
    brief = items_of(app, "briefs/feed.json")["Bridge closed until noon."]
    assert "/2026-05-03T0700/" not in brief["url"]
    briefs = {item["url"]: item for item in json_of(app, "briefs/feed.json")["items"]}
    (old,) = [item for url, item in briefs.items() if "/2026-05-03T0700/" in url]
    assert old["date_modified"] == "2026-05-18T03:00:00+00:00" > old["date_published"]
    # The edition that carried it, too.
    whole = [item["url"] for item in json_of(app, "feed.json")["items"]]
    assert whole == [
        f"{SITE}editions/daily/{day}T0700/" for day in (last, DAYS[-2], DAYS[2], DAYS[0])
    ]
    assert "Tram strike is off, 20 April" in items_of(app, "stories/2026-W17.json")
    await bring(app, clock, edition_of(date(2026, 5, 25)))
    await bring(app, clock, edition_of(date(2026, 5, 26)))
    assert title not in items_of(app, "stories/feed.json")
    assert items_of(app, "stories/2026-W21.json")[title] == told
    first: dict[str, tuple[str, str]] = {}
    for name, item in walk_json(app, "stories/feed.json"):
        first.setdefault(item["id"], (name, item["title"]))
    assert first[told["id"]] == ("stories/2026-W21.json", title)


async def test_what_is_corrected_in_its_own_week_is_archived_as_it_was_corrected(
    app: App, clock: Clock
) -> None:
    for day in (date(2026, 5, 11), date(2026, 5, 12)):
        told = [corrected(DAYS[4], 0, "Three boats run.", by=day)] if day.day == 12 else []
        await bring(app, clock, edition_of(day, *told))
    later = corrected(DAYS[4], 0, "Four boats run.", by=DAYS[5])
    await bring(app, clock, edition_of(DAYS[5], later))
    archived = items_of(app, "stories/2026-W20.json")["Correction: Ferry line reopens, 11 May"]
    assert "Three boats run." in archived["content_html"]
    assert "Four boats run." not in archived["content_html"]
    assert archived["date_modified"] == "2026-05-12T03:00:00+00:00"
    now = items_of(app, "stories/feed.json")["Correction: Ferry line reopens, 11 May"]
    assert "Four boats run." in now["content_html"]
    assert now["id"] == archived["id"]


async def test_an_edition_that_comes_late_corrects_what_is_archived_already(
    app: App, clock: Clock
) -> None:
    first, late, teller, last = DAYS[1:5]
    await bring(app, clock, edition_of(first))
    await bring(app, clock, edition_of(teller, corrected(first, 0, "Three boats.", by=teller)))
    await bring(app, clock, edition_of(last))
    await bring(app, clock, edition_of(late, corrected(first, 1, "3.9 per cent.", by=late)))
    for week in ("2026-W18", "2026-W19"):
        contents = [item["content_html"] for item in json_of(app, f"{week}.json")["items"]]
        assert any("3.9 per cent." in content for content in contents)
        assert any("Three boats." in content for content in contents) == (week == "2026-W19")


async def test_an_archived_week_keeps_the_whole_text_that_was_told(
    tmp_path: Path, clock: Clock
) -> None:
    write_config(tmp_path, newsletter='feed_text = "full"')
    async with open_newsroom(tmp_path, now=clock) as app:
        lead = edition_of(DAYS[4]).stories[0].lead
        async with app.db.write() as conn:
            await items.remember(app.db, conn, [lead], html={lead.id: "<p>It was a gate.</p>"})
        for day in DAYS[4:]:
            await bring(app, clock, edition_of(day))
        archive = app.out_dir / "feeds" / "daily" / "stories" / "2026-W20.atom"
        told = archive.read_bytes()
        assert b"It was a gate." in told
        other = replace(lead, blocks=(Block(text="It was a door, the harbour said later."),))
        async with app.db.write() as conn:
            await items.remember(app.db, conn, [other], html={lead.id: "<p>It was a door.</p>"})
        next_day = date(2026, 5, 19)
        wrong = corrected(DAYS[4], 0, "It was a door.", by=next_day)
        await bring(app, clock, edition_of(next_day, wrong))
        assert "It was a door." in str(items_of(app, "stories/feed.json"))
        assert archive.read_bytes() == told


# ------------------------------------------------------------------ what was lost


def heavy_edition(day: date) -> Edition:
    """So long that a week of it needs a second page of JSON."""
    at = MORNING + timedelta(days=(day - MORNING.date()).days)
    text = "Longestwordsofall. " * 100
    stories = tuple(story_of(f"Story {n} of {day}", text) for n in range(90))
    return edition_at(at, *sections_of(stories))


LOST = [
    "index.html",
    "404.html",
    "robots.txt",
    "sitemap.xml",
    "feeds.opml",
    "feeds/feed.css",
    "pictures/icon.png",
    "pictures/card-daily.png",
    "editions/daily/index.html",
    "editions/daily/2026/index.html",
    "editions/daily/section/at-sea/2/index.html",
    "editions/daily/2026-05-18T0700/index.html",
    "feeds/daily/index.html",
    "feeds/daily/feed.json",
    "feeds/daily/2026-W20.atom",
    "feeds/daily/stories/2026-W20.json",
    "feeds/daily/stories/2026-W20-2.json",
    "feeds/daily/topic/ferries/2026-W20.rss",
]


async def test_whatever_was_lost_is_seen_by_the_clock_and_made_again(
    app: App, clock: Clock
) -> None:
    await bring(app, clock, heavy_edition(date(2026, 5, 11)))
    await bring(app, clock, edition_of(DAYS[5]))
    assert not (await look(app)).outdated
    for name in LOST:
        path = app.out_dir / name
        octets = path.read_bytes()
        path.unlink()
        assert (await look(app)).outdated, name
        assert await publish(app) == [path]
        assert path.read_bytes() == octets
    assert not (await look(app)).outdated
    assert await publish(app) == []


async def test_folders_that_were_lost_are_made_again(app: App, clock: Clock) -> None:
    await bring_all(app, clock)
    story = edition_of(DAYS[0]).stories[0].id
    for folder in ("editions/daily/2026-05-18T0700", "feeds/daily/stories", "feeds", "editions",
                   f"editions/daily/2026-04-20T0700/{story}", "."):  # fmt: skip
        files = {path for path in (app.out_dir / folder).rglob("*") if path.is_file()}
        shutil.rmtree(app.out_dir / folder)
        assert (await look(app)).outdated, folder
        assert set(await publish(app)) == files
    assert not (await look(app)).outdated


async def test_a_note_that_is_lost_or_broken_has_all_looked_through(app: App, clock: Clock) -> None:
    await bring(app, clock, heavy_edition(date(2026, 5, 11)))
    await bring(app, clock, edition_of(DAYS[5]))
    note = app.data_dir / "published.json"
    second = app.out_dir / "feeds/daily/stories/2026-W20-2.json"
    for broken in (b"", b"{", None):
        if broken is None:
            note.unlink()
        else:
            note.write_bytes(broken)
        second.unlink()
        assert (await look(app)).outdated
        assert await publish(app) == [second]
        assert not (await look(app)).outdated


async def test_what_others_put_there_is_none_of_our_business(app: App, clock: Clock) -> None:
    await bring(app, clock, edition_of(DAYS[5]))
    for name in ("ads.txt", "feeds/daily/feed.rss.gz", "editions/daily/.listing"):
        (app.out_dir / name).write_bytes(b"x")
    assert not (await look(app)).outdated
    assert await publish(app) == []


async def test_a_file_that_is_empty_is_written_again(app: App, clock: Clock) -> None:
    await bring_all(app, clock)
    names = ["index.html", "feeds/daily/stories/feed.atom", "feeds/daily/briefs/2026-W18.json"]
    for path in (app.out_dir / name for name in names):
        path.write_bytes(b"")
        assert await publish(app) == [path]


def published(names: Sequence[str]) -> set[str]:
    return {name for name in names if "-W" in name}


async def test_a_correction_of_the_old_makes_no_archived_week_again(app: App, clock: Clock) -> None:
    await bring_all(app, clock)
    notes = {path: path.stat().st_mtime_ns for path in app.out_dir.rglob("*-W*")}
    told = corrected(DAYS[0], 0, "Three boats run.", by=date(2026, 5, 19))
    changed = await bring(app, clock, edition_of(date(2026, 5, 19), told))
    assert published(changed) == set()
    assert "editions/daily/2026-04-20T0700/index.html" in changed
    assert {path: path.stat().st_mtime_ns for path in notes} == notes
