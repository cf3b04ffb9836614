"""Composing: what an edition takes, what it leaves, and when it waits."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from digest import breaking, collect, compose, jobs, pipeline, revise
from digest.app import App
from digest.model import Cause, Edition, EditionState, Item
from digest.runner import Runner, look
from digest.slots import slot_of
from digest.store import editions, items, placements
from digest.store.editions import Record
from make import MORNING, make_brief, make_item
from newsroom import accepted, open_newsroom, write_article, write_config, write_day

WEEKLY = """
[[newsletters]]
slug = "weekly"
title = "The Weekly"
timezone = "Europe/Athens"
days = ["sat"]
send_at = 09:00:00
best_of = ["daily"]
fading_h = 100.0

  [[newsletters.sections]]
  title = "The week"
  max_stories = 3
"""

FERRY = (
    "The ferry Gull Maiden ran onto a sandbank off Orrin with 80 passengers on board. The tug "
    "Bold Heron pulled the Gull Maiden free at high tide. Captain Nils Arden blamed the fog."
)


class Clock:
    def __init__(self) -> None:
        self.at = MORNING

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def app(tmp_path: Path, store_url: str, clock: Clock) -> AsyncIterator[App]:
    write_config(tmp_path, store_url=store_url)
    async with open_newsroom(tmp_path, now=clock) as opened:
        yield opened


async def keep(app: App, *found: Item) -> None:
    async with app.db.write() as conn:
        await items.remember(app.db, conn, found)


async def made(
    app: App, day: int = 18, *, newsletter: str = "daily", approve: bool = True
) -> Record:
    chosen = app.newsletter(newsletter)
    return await compose.compose(app, chosen, slot_of(chosen, date(2026, 5, day)), approve=approve)


async def content(app: App, edition_id: str) -> Edition:
    async with app.db.read() as conn:
        return await editions.content(conn, edition_id)


def on(day: int, title: str, text: str, **fields: object) -> Item:
    """An article of the evening before the 18th, moved to *day*."""
    item = make_item(title, text, hours=24 * (day - 18), **fields)
    return replace(item, seen_at=item.published_at)


async def test_what_is_too_old_is_left_out_with_the_reason(app: App) -> None:
    await keep(app, make_item(id="a" * 16), make_item("Old", "Old news of the quay.", hours=-80))
    edition = await content(app, (await made(app)).id)
    (left,) = edition.left_out
    assert left.cause is Cause.OLD
    assert len(edition.stories) == 1


async def test_a_story_that_was_told_does_not_come_again(app: App) -> None:
    await keep(app, on(18, "Ferry runs aground off Orrin", FERRY))
    await made(app, 18)
    # The next day another paper tells the same, and nothing new.
    again = on(19, "Ferry aground off Orrin", FERRY.replace("The ferry", "A ferry"))
    await keep(app, replace(again, source_id="post", url="https://post.example/1"))
    await keep(app, on(19, "School wins prize", "A school in Merrow won the county's prize."))
    edition = await content(app, (await made(app, 19)).id)
    assert [story.headline for story in edition.stories] == ["School wins prize"]
    (left,) = edition.left_out
    assert left.cause is Cause.TOLD
    assert "daily@2026-05-18T0700" in left.reason


async def test_an_edition_that_repeats_another_is_not_told_by_it(app: App) -> None:
    await keep(app, on(18, "Ferry runs aground off Orrin", FERRY))
    first = await made(app, 18)
    await keep(app, on(18, "School wins prize", "A school in Merrow won the county's prize."))
    slot = slot_of(app.newsletter(), date(2026, 5, 18), clock=MORNING.time().replace(hour=11))
    record = await compose.compose(app, app.newsletter(), slot, repeats=first.id)
    assert len((await content(app, record.id)).stories) == 2


SHORT = "min_items = 2\nwhen_short = "


@pytest.mark.parametrize(
    ("when", "state"),
    [("send", EditionState.APPROVED), ("hold", EditionState.DRAFT), ("skip", EditionState.SKIPPED)],
)
async def test_a_short_edition_is_sent_held_or_skipped(
    tmp_path: Path, clock: Clock, when: str, state: EditionState
) -> None:
    write_config(tmp_path, newsletter=f'{SHORT}"{when}"')
    async with open_newsroom(tmp_path, now=clock) as app:
        await keep(app, make_item())
        record = await made(app)
        assert record.state is state
        assert ("fewer than min_items = 2" in record.reason) is (when != "send")
        async with app.db.read() as conn:
            waiting = await placements.unplaced(conn, "daily")
        # What a skipped edition had is the next one's.
        assert len(waiting) == (1 if when == "skip" else 0)


async def test_a_held_short_edition_grows_until_it_is_long_enough(
    tmp_path: Path, clock: Clock
) -> None:
    write_config(tmp_path, newsletter=f'{SHORT}"hold"')
    async with open_newsroom(tmp_path, now=clock) as app:
        await keep(app, make_item())
        assert (await made(app)).reason
        await keep(app, make_brief())
        record = await made(app)
        assert (record.state, record.reason) == (EditionState.APPROVED, "")


async def test_a_weekly_is_the_best_of_its_dailies(tmp_path: Path, clock: Clock) -> None:
    path = write_config(tmp_path)
    path.write_text(path.read_text() + WEEKLY)
    async with open_newsroom(tmp_path, now=clock) as app:
        for day in range(18, 23):
            clock.at = MORNING + timedelta(days=day - 18)
            words = f"Number {day} of the week: " + " ".join(
                f"{word}{day}" for word in ("quay", "tide", "crane", "berth", "buoy", "mast")
            )
            await keep(app, on(day, f"Headline{day} quay{day} tide{day} crane{day}", words + "."))
            await made(app, day)
        # Never in a daily: nothing for the weekly.
        await keep(app, on(22, "Unseen", "Nobody has read of the unseen heron of Merrow."))
        clock.at = MORNING + timedelta(days=5, hours=2)
        edition = await content(app, (await made(app, 23, newsletter="weekly")).id)
        assert len(edition.stories) == 3
        assert "Unseen" not in {story.headline for story in edition.stories}
        assert {left.cause for left in edition.left_out} == {Cause.CUT}
        assert len(edition.left_out) == 2
        assert all(dict(story.score_terms)["carried"] > 0 for story in edition.stories)
        # The week after it has nothing of this week.
        clock.at += timedelta(days=7)
        assert (await made(app, 30, newsletter="weekly")).state is EditionState.SKIPPED


BREAKING = "days = []\nbreaking_sources = 3"


async def ticks(runner: Runner, number: int = 6) -> None:
    for _ in range(number):
        await runner.tick()
        await runner.idle()


TELLERS = {
    "wire": "The ferry Gull Maiden ran onto a sandbank off Orrin with 80 passengers on board. "
    "The tug Bold Heron pulled the Gull Maiden free. Captain Nils Arden blamed the "
    "fog.",
    "post": "Eighty passengers sat for hours on the Gull Maiden after the ferry struck a "
    "sandbank near Orrin in fog. Nils Arden, her captain, thanked the crew of the tug "
    "Bold Heron.",
    "radio": "A sandbank off Orrin stopped the ferry Gull Maiden, and fog kept help away "
    "until the tug Bold Heron came. Captain Arden will be heard, the coastguard says "
    "of the Gull Maiden.",
    "tide": "Tow lines from the Bold Heron freed the Gull Maiden from the Orrin sandbank; the "
    "ferry's passengers, eighty of them, were cold and unhurt, said captain Nils "
    "Arden in the fog.",
    "mail": "Fog, a sandbank and a ferry: the Gull Maiden off Orrin is free thanks to the "
    "Bold Heron, and captain Nils Arden has eighty passengers to explain it to.",
    "coast": "Orrin's coastguard asks why the ferry Gull Maiden with eighty passengers met a "
    "sandbank in fog. The tug Bold Heron towed her home; captain Nils Arden was on "
    "the bridge.",
}


def ferry(source: str, minutes: int = 0) -> Item:
    item = make_item(
        "Ferry Gull Maiden aground off Orrin",
        TELLERS[source],
        hours=6 + minutes / 60,
        source_id=source,
        site=source.capitalize(),
        url=f"https://{source}.example/{minutes}",
    )
    return replace(item, seen_at=item.published_at)


async def test_news_that_enough_sources_tell_goes_out_at_once(tmp_path: Path, clock: Clock) -> None:
    write_config(tmp_path, newsletter=BREAKING)
    write_day(tmp_path)
    async with open_newsroom(tmp_path, people=2, now=clock) as app:
        await look(app)
        await collect.collect(app)
        await keep(app, ferry("wire"), ferry("post"))
        await ticks(Runner(app))
        assert accepted(tmp_path) == []
        clock.at += timedelta(hours=2)
        await keep(app, ferry("radio", 20))
        write_article(tmp_path, "one-more", "One more thing of the harbour is told at the desk.")
        await ticks(Runner(app))
        async with app.db.read() as conn:
            (record,) = await editions.listing(conn)
            waiting = await placements.unplaced(conn, "daily")
        assert record.state is EditionState.SENT
        assert [story.id for story in (await content(app, record.id)).stories] == [ferry("wire").id]
        # All else waits for more sources.
        assert len(waiting) == 4
        assert len(accepted(tmp_path)) == 2
        # A fourth one to tell the same breaks nothing.
        clock.at += timedelta(hours=2)
        await keep(app, ferry("tide", 40), ferry("mail", 41), ferry("coast", 42))
        write_article(tmp_path, "two-more", "Two more things of the harbour are told at the desk.")
        await ticks(Runner(app))
        assert len(accepted(tmp_path)) == 2


async def test_what_an_editor_holds_does_not_grow_too_old(app: App) -> None:
    await keep(app, on(18, "School wins prize", "A school in Merrow won the county's prize."))
    wreck = on(18, "Wreck found off Gull Light", "Divers found an old wreck off Gull Light.")
    await keep(app, wreck)
    for day in (18, 19, 20, 21):
        await made(app, day, approve=False)
        edition_id = f"daily@2026-05-{day}T0700"
        if day < 21:
            await revise.hold(app, edition_id, wreck.id)
        await pipeline.approve(app, edition_id)
        await keep(app, on(day + 1, f"Market {day}", f"At the fish market {day} crowns were paid."))
    assert [story.id for story in (await content(app, edition_id)).stories].count(wreck.id) == 1


# ------------------------------------------------------- hours that passed, and hands on it


async def state_of(app: App, edition_id: str) -> Record:
    async with app.db.read() as conn:
        return await editions.get(conn, edition_id)


async def test_a_draft_that_nobody_saw_gives_its_items_back_when_its_hour_passes(
    tmp_path: Path, clock: Clock
) -> None:
    write_config(tmp_path, newsletter="draft_min = 60\ncatch_up_h = 3.0")
    async with open_newsroom(tmp_path, now=clock) as app:
        clock.at = MORNING - timedelta(minutes=90)
        await look(app)
        clock.at = MORNING - timedelta(minutes=50)
        await keep(app, make_item(id="a" * 16))
        await ticks(Runner(app))
        first = "daily@2026-05-18T0700"
        assert (await state_of(app, first)).state is EditionState.DRAFT
        # Down over this hour and the next one.
        clock.at = MORNING + timedelta(hours=30)
        await ticks(Runner(app))
        record = await state_of(app, first)
        assert record.state is EditionState.SKIPPED
        assert "its hour passed" in record.reason
        async with app.db.read() as conn:
            assert len(await placements.unplaced(conn, "daily")) == 1
        # Nothing is named again for ever.
        due = jobs.due(clock.at, await look(app), settings=app.settings, sources=[])
        assert [job for job in due if job.verb in ("edition", "approve", "draft")] == []


async def test_a_draft_with_an_editors_hand_on_it_waits_and_says_so(
    tmp_path: Path, clock: Clock
) -> None:
    write_config(
        tmp_path,
        newsletter="draft_min = 60\nauto_approve = false\ndeadline_min = 30\ncatch_up_h = 3.0",
    )
    async with open_newsroom(tmp_path, now=clock) as app:
        clock.at = MORNING - timedelta(minutes=90)
        await look(app)
        clock.at = MORNING - timedelta(minutes=50)
        await keep(app, make_item(id="a" * 16))
        await ticks(Runner(app))
        edition_id = "daily@2026-05-18T0700"
        await revise.intro(app, edition_id, "Good morning.")
        clock.at = MORNING + timedelta(hours=3, minutes=20)
        await ticks(Runner(app))
        record = await state_of(app, edition_id)
        # Not sent at its deadline: it has not taken what its hour brought.
        assert record.state is EditionState.DRAFT
        assert "digest approve" in record.reason
        await pipeline.approve(app, edition_id)
        assert (await state_of(app, edition_id)).reason == ""


async def test_an_edition_shown_again_keeps_its_editors_words_and_its_dead(app: App) -> None:
    wreck = on(18, "Wreck found off Gull Light", "Divers found an old wreck off Gull Light.")
    await keep(
        app, on(18, "School wins prize", "A school in Merrow won the county's prize."), wreck
    )
    first = (await made(app, 18, approve=False)).id
    await revise.kill(app, first, wreck.id)
    await revise.headline(app, first, "1.1", "Our school!")
    await pipeline.approve(app, first)
    slot = slot_of(app.newsletter(), date(2026, 5, 18), clock=time(11, 0))
    record = await compose.compose(app, app.newsletter(), slot, repeats=first)
    assert [story.headline for story in (await content(app, record.id)).stories] == ["Our school!"]


async def test_a_pin_brings_back_what_another_edition_carried(app: App) -> None:
    old = on(18, "Wreck found off Gull Light", "Divers found an old wreck off Gull Light.")
    await keep(app, old)
    await made(app, 18)
    again = replace(
        on(19, "Wreck off Gull Light", "Divers found an old wreck off Gull Light."),
        source_id="post",
        url=old.url,
    )
    await keep(app, again, on(19, "School wins", "A school in Merrow won the county's prize."))
    record = await made(app, 19, approve=False)
    assert again.id not in {story.id for story in (await content(app, record.id)).stories}
    await revise.pin(app, record.id, again.id)
    assert again.id in {story.id for story in (await content(app, record.id)).stories}


async def test_breaking_news_leaves_the_hours_of_the_calendar_alone(
    tmp_path: Path, clock: Clock
) -> None:
    write_config(tmp_path, newsletter="breaking_sources = 2")
    async with open_newsroom(tmp_path, now=clock) as app:
        await keep(app, ferry("wire", -60), ferry("post", -50))
        first = await breaking.break_news(app, app.newsletter())
        assert first is not None
        assert first.id == "daily@2026-05-18T0701"
        other = [
            make_item(
                "Roof of market hall falls", text, id=name * 8, source_id=name, site=name, hours=5
            )
            for name, text in (
                (
                    "aa",
                    "The roof of the market hall in Merrow fell on Sunday night under 40 "
                    "tonnes of snow. Mayor Ilse Brandt closed the hall and thanked the fire "
                    "brigade of Merrow.",
                ),
                (
                    "bb",
                    "Snow brought down the roof of Merrow's market hall on Sunday night. "
                    "Mayor Ilse Brandt said 40 tonnes lay on the hall; the fire brigade of "
                    "Merrow found nobody below.",
                ),
            )
        ]
        await keep(app, *other)
        second = await breaking.break_news(app, app.newsletter())
        assert second is not None
        assert second.id == "daily@2026-05-18T0702"


async def test_breaking_news_that_waits_for_approval_does_not_break_again(
    tmp_path: Path, clock: Clock
) -> None:
    write_config(tmp_path, newsletter=f"{BREAKING}\nauto_approve = false")
    async with open_newsroom(tmp_path, now=clock) as app:
        await keep(app, ferry("wire"), ferry("post"), ferry("radio"))
        assert await breaking.break_news(app, app.newsletter()) is not None
        clock.at += timedelta(minutes=20)
        await keep(app, ferry("tide", 10), ferry("mail", 11), ferry("coast", 12))
        assert await breaking.break_news(app, app.newsletter()) is None
