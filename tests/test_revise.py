"""The editor's hand: what is done to a draft is kept with it, and survives composing again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import update

from digest import compose, pipeline, revise
from digest.app import App
from digest.errors import ConfigError, Conflict, NotFound
from digest.model import (
    Cause,
    Edit,
    Edition,
    EditionState,
    EditKind,
    Item,
    Origin,
    Slot,
)
from digest.revise import Revised
from digest.slots import slot_of
from digest.store import Connection, editions, edits, items, placements, schema
from make import MORNING, make_brief, make_item
from modelpeer import running_model
from newsroom import open_newsroom, write_config

ID = "daily@2026-05-18T0700"

STORM = make_item(
    "Storm Hesper tears roof off Cobble Hall at Merrow harbour",
    "Storm Hesper tore the roof off Cobble Hall in Merrow on Sunday night. Nobody was hurt, said "
    "harbour master Ada Quill, and the fish market in Cobble Hall will sell from tents.",
    source_id="desk",
)
FERRY = make_item(
    "Ferry runs again to Lower Quay",
    "The ferry to Lower Quay ran again on Sunday after nine days in dock. Its captain said that "
    "the new propeller shaft had been tested in the harbour on Saturday.",
    source_id="desk",
    hours=-16,
)
PRIZE = make_item(
    "Orrin school wins county maths prize",
    "A school in Orrin won the county's maths prize with a proof about knots that two pupils, "
    "both eleven, had found in a week of rain.",
    source_id="desk",
)
#: The same news as STORM, by a source that counts more, and later.
OTHER_STORM = make_item(
    "Cobble Hall loses its roof to Storm Hesper",
    "The roof of Cobble Hall came down on the quay of Merrow when Storm Hesper passed. The fish "
    "market moves into tents until it is mended; harbour master Ada Quill thanked Merrow.",
    source_id="wire",
    hours=1,
)
BRIEFS = (make_brief("The Orrin bridge is shut."), make_brief("Swans held up a train.", hours=1))
DAY = (STORM, FERRY, PRIZE, *BRIEFS)


async def meet(app: App, *new: Item) -> None:
    async with app.db.write() as conn:
        await items.remember(app.db, conn, new)


def slot(app: App, day: int = 18) -> Slot:
    return slot_of(app.newsletter(), date(2026, 5, day))


async def stored(app: App, edition_id: str = ID) -> tuple[Edition, list[Edit]]:
    async with app.db.read() as conn:
        edition = await editions.content(conn, edition_id)
        return edition, await edits.of_edition(conn, edition_id)


def headlines(edition: Edition) -> dict[str, list[str]]:
    return {part.slug: [story.headline for story in part.stories] for part in edition.sections}


@asynccontextmanager
async def drafted(
    folder: Path, store_url: str = "sqlite:///data/digest.db", newsletter: str = ""
) -> AsyncIterator[App]:
    config = write_config(folder, store_url=store_url, newsletter=newsletter)
    config.write_text(config.read_text().replace("[[newsletters]]", f"{WIRE}\n[[newsletters]]"))
    async with open_newsroom(folder) as app:
        await meet(app, *DAY)
        await compose.compose(app, app.newsletter(), slot(app))
        yield app


WIRE = """
[[sources]]
id = "wire"
kind = "push"
weight = 3.0
"""


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """A newsroom with a draft of three stories and two briefs."""
    async with drafted(tmp_path) as opened:
        yield opened


@pytest.fixture
async def either(tmp_path: Path, store_url: str) -> AsyncIterator[App]:
    """The same on each database."""
    async with drafted(tmp_path, store_url) as opened:
        yield opened


# ------------------------------------------------------------------- the acts


async def test_the_draft_of_these_tests(app: App) -> None:
    draft = await revise.look(app, ID)
    assert headlines(draft.edition) == {
        "harbour": [STORM.title, FERRY.title],
        "elsewhere": [PRIZE.title],
    }
    assert [brief.id for brief in draft.edition.briefs] == [brief.id for brief in BRIEFS]
    assert (draft.edits, draft.record.state) == ((), EditionState.DRAFT)


async def test_a_pinned_story_is_first_and_a_placed_one_where_it_was_put(app: App) -> None:
    pinned = await revise.pin(app, ID, "1.2", by="Io")
    assert headlines(pinned.edition)["harbour"] == [FERRY.title, STORM.title]
    assert pinned.edit.by == "Io"
    assert len(pinned.changes) == 1
    placed = await revise.place(app, ID, FERRY.id, 2)
    assert headlines(placed.edition)["harbour"] == [STORM.title, FERRY.title]
    with pytest.raises(Conflict, match="has 2 stories: give a position from 1 to 2"):
        await revise.place(app, ID, "1.1", 3)


async def test_what_is_shown_is_what_is_stored(either: App) -> None:
    revised = await revise.headline(either, ID, STORM.id[:6], "  Roof\toff\x00 the\nmarket ")
    edition, kept = await stored(either)
    assert edition == revised.edition
    assert headlines(edition)["harbour"][0] == "Roof off the market"
    assert kept == [revised.edit]
    assert (revised.edit.number, revised.edit.target) == (1, STORM.id)
    assert revised.changes == (f"1.1 “Roof off the market” was called “{STORM.title}”",)


async def test_words_of_an_editor_are_the_editors(app: App) -> None:
    await revise.summary(app, ID, "2.1", "Two pupils of eleven found a proof. It rained.")
    await revise.note(app, ID, "2.1", "Our editor's child goes there.")
    story = (await stored(app))[0].sections[1].stories[0]
    assert story.summary.origin is Origin.EDITOR
    assert story.summary.text == "Two pupils of eleven found a proof. It rained."
    assert story.note == "Our editor's child goes there."
    revised = await revise.summary(app, ID, "2.1", "")
    assert revised.edition.sections[1].stories[0].summary.origin is not Origin.EDITOR


async def test_an_intro_keeps_its_paragraphs(app: App) -> None:
    revised = await revise.intro(app, ID, "\n Good\tmorning.\r\n \t\r\n\n\nWind,\nand rain.\x07 \n")
    assert revised.edition.intro == "Good morning.\n\nWind, and rain."
    assert revised.changes == ("the intro is new",)
    assert (await revise.intro(app, ID, "")).edition.intro == ""


async def test_words_have_a_limit_which_is_told(app: App) -> None:
    acts: list[tuple[Callable[[str], Any], int]] = [
        (lambda text: revise.headline(app, ID, "1.1", text), 300),
        (lambda text: revise.summary(app, ID, "1.1", text), 2_000),
        (lambda text: revise.note(app, ID, "1.1", text), 1_000),
        (lambda text: revise.intro(app, ID, text), 5_000),
    ]
    for act, most in acts:
        await act("x" * most)
        with pytest.raises(ConfigError, match=f"at most {most:,} characters, and this one has"):
            await act("x" * (most + 1))
    with pytest.raises(ConfigError, match="shorten it"):
        await revise.intro(app, ID, "long words\n\n" * 400_000)


async def test_a_killed_story_is_left_out_and_may_be_pinned_back(app: App) -> None:
    killed = await revise.kill(app, ID, "2.1")
    assert "elsewhere" not in headlines(killed.edition)
    assert [(one.item_id, one.cause) for one in killed.edition.left_out] == [
        (PRIZE.id, Cause.KILLED)
    ]
    with pytest.raises(Conflict, match="is killed"):
        await revise.kill(app, ID, PRIZE.id)
    back = await revise.pin(app, ID, PRIZE.id)
    assert headlines(back.edition)["elsewhere"] == [PRIZE.title]


async def test_what_is_held_goes_into_the_next_edition(app: App) -> None:
    held = await revise.hold(app, ID, "1.1")
    assert held.edition.held == (STORM.id,)
    assert any("held for the next edition" in change for change in held.changes)
    with pytest.raises(Conflict, match="is held"):
        await revise.hold(app, ID, STORM.id)
    await pipeline.approve(app, ID)
    tomorrow = await compose.compose(app, app.newsletter(), slot(app, 19))
    assert headlines((await stored(app, tomorrow.id))[0]) == {"harbour": [STORM.title]}


async def test_a_brief_moved_to_a_section_is_a_story_of_it(app: App) -> None:
    with pytest.raises(Conflict, match="move it to a section first, then write its headline"):
        await revise.headline(app, ID, "b2", "Swans!")
    moved = await revise.move(app, ID, "b2", " HARBOUR ")
    assert BRIEFS[1].title in headlines(moved.edition)["harbour"]
    assert [brief.id for brief in moved.edition.briefs] == [BRIEFS[0].id]
    await revise.headline(app, ID, BRIEFS[1].id, "Swans!")
    assert "Swans!" in headlines((await stored(app))[0])["harbour"]
    with pytest.raises(NotFound, match="has no section 'sports'; it has harbour, elsewhere"):
        await revise.move(app, ID, "1.1", "sports")


async def test_stories_are_merged_and_split(app: App) -> None:
    merged = await revise.merge(app, ID, ["1.2", "2.1"])
    assert headlines(merged.edition).keys() == {"harbour"}
    joined = next(s for s in merged.edition.stories if FERRY.id in {i.id for i in s.items})
    assert {item.id for item in joined.items} == {FERRY.id, PRIZE.id}
    alone = await revise.split(app, ID, PRIZE.id)
    assert PRIZE.title in headlines(alone.edition)["elsewhere"]
    with pytest.raises(Conflict, match="nothing to split off"):
        await revise.split(app, ID, PRIZE.id)
    with pytest.raises(ConfigError, match="two stories or briefs"):
        await revise.merge(app, ID, ["1.1", STORM.id])


async def test_a_copy_is_named_by_its_story_or_split_off(app: App) -> None:
    copy = replace(STORM, id="c0de" * 4, source_id="wire", url="https://wire.example/storm")
    await meet(app, copy)
    await compose.compose(app, app.newsletter(), slot(app))
    story = (await revise.look(app, ID)).edition.stories[0]
    second = story.copies[0].id
    with pytest.raises(Conflict, match=r"is a copy in story 1\.1: name the story, or split"):
        await revise.kill(app, ID, second)
    revised = await revise.split(app, ID, second)
    assert len(revised.edition.sections[0].stories) == 3


async def test_what_is_not_there_is_not_edited(app: App) -> None:
    before = await stored(app)
    for target in ("1.9", "7.1", "b7", "abcd", "ferry", "", "x" * 99):
        with pytest.raises(NotFound):
            await revise.kill(app, ID, target)
    assert await stored(app) == before


async def test_an_act_that_leaves_nothing_is_refused_and_not_kept(app: App) -> None:
    for target in (STORM.id, FERRY.id, PRIZE.id, BRIEFS[0].id):
        await revise.kill(app, ID, target)
    before = await stored(app)
    with pytest.raises(Conflict, match="nothing was done; `digest cancel"):
        await revise.kill(app, ID, "b1")
    assert await stored(app) == before


async def test_an_act_that_makes_a_short_edition_skipped_is_refused(tmp_path: Path) -> None:
    async with drafted(tmp_path, newsletter='min_items = 5\nwhen_short = "skip"') as app:
        with pytest.raises(Conflict, match="fewer than min_items = 5: nothing was done"):
            await revise.kill(app, ID, "2.1")
        # One story fewer, and one brief a story: as many as before.
        await revise.headline(app, ID, "1.1", "Roof off")


# ------------------------------------------------------------------- taking back


async def test_acts_are_taken_back_by_number_by_story_or_the_last(app: App) -> None:
    untouched, _ = await stored(app)
    await revise.headline(app, ID, "1.1", "One")
    await revise.kill(app, ID, "2.1")
    await revise.note(app, ID, "1.1", "Ours.")
    taken = await revise.undo(app, ID, 2)
    assert taken.edit.kind is EditKind.KILL
    assert PRIZE.title in headlines(taken.edition)["elsewhere"]
    assert (await revise.undo(app, ID, "1.1")).edit.kind is EditKind.NOTE
    assert (await revise.undo(app, ID)).edit.kind is EditKind.HEADLINE
    assert await stored(app) == (untouched, [])
    with pytest.raises(NotFound, match="nobody has edited it"):
        await revise.undo(app, ID)


async def test_a_number_is_never_another_act(app: App) -> None:
    await revise.note(app, ID, "1.1", "One")
    await revise.undo(app, ID)
    revised = await revise.note(app, ID, "1.1", "Two")
    assert revised.edit.number == 2
    with pytest.raises(NotFound, match=r"nothing to undo in .*; its edits are 2"):
        await revise.undo(app, ID, 1)
    assert [edit.text for edit in await revise.edits(app, ID)] == ["Two"]


async def test_what_was_killed_is_taken_back_by_its_id(app: App) -> None:
    await revise.kill(app, ID, "2.1")
    await revise.note(app, ID, "1.1", "Ours.")
    back = await revise.undo(app, ID, PRIZE.id[:8])
    assert back.edit.kind is EditKind.KILL
    assert headlines(back.edition)["elsewhere"] == [PRIZE.title]


async def test_an_edition_that_editors_emptied_comes_back(app: App) -> None:
    # Kept without composing: as a purge or an older version might leave it.
    async with app.db.write() as conn:
        for item in DAY:
            kill = Edit(number=0, kind=EditKind.KILL, target=item.id, items=(item.id,), at=MORNING)
            await edits.add(conn, ID, kill)
    record = await compose.compose(app, app.newsletter(), slot(app), again=True)
    assert record.state is EditionState.SKIPPED
    with pytest.raises(Conflict, match=r"is skipped, no draft: .* `digest edit undo`"):
        await revise.note(app, ID, STORM.id, "Ours.")
    back = await revise.undo(app, ID, 1)
    assert back.state is EditionState.DRAFT
    assert headlines(back.edition) == {"harbour": [STORM.title]}


async def test_four_digits_are_a_number_if_there_is_such_an_act(app: App) -> None:
    for _ in range(2):
        await revise.note(app, ID, STORM.id, "Ours.")
    # As after a thousand acts.
    table, dumped = schema.edit, TypeAdapter(Edit).dump_json
    async with app.db.write() as conn:
        for old, new in ((1, 7), (2, 1000)):
            act = next(one for one in await edits.of_edition(conn, ID) if one.number == old)
            content = dumped(replace(act, number=new)).decode()
            row = update(table).where(table.c.number == old)
            await conn.execute(row.values(number=new, content=content))
    assert (await revise.undo(app, ID, "1000")).edit.number == 1000
    for text in ("1000", "0007", "12345"):
        with pytest.raises(NotFound, match=f"is called '{text}'"):
            await revise.undo(app, ID, text)
    with pytest.raises(NotFound, match="its edits are 7"):
        await revise.undo(app, ID, "8")
    assert (await revise.undo(app, ID, "7")).edit.number == 7


# ---------------------------------------------------------- acts without an effect


async def test_what_another_edition_carried_is_not_said_to_be_held(app: App) -> None:
    await pipeline.approve(app, ID)
    again = replace(STORM, id="abcd" * 4, source_id="wire")
    other = make_item("Fair opens", "The fair at Whinfold opens on Monday.")
    await meet(app, again, other)
    async with app.db.write() as conn:
        table = schema.item
        await conn.execute(update(table).where(table.c.id == again.id).values(same_as=STORM.id))
    record = await compose.compose(app, app.newsletter(), slot(app, 19))
    before = await stored(app, record.id)
    assert [left.item_id for left in before[0].left_out] == [again.id]
    with pytest.raises(Conflict, match=rf"{STORM.title}.* cannot be held: copy of .* carried"):
        await revise.hold(app, record.id, again.id)
    assert await stored(app, record.id) == before
    pinned = await revise.pin(app, record.id, again.id)
    assert again.id in {story.id for story in pinned.edition.stories}


async def test_a_brief_that_a_later_one_retells_is_not_said_to_be_pinned(app: App) -> None:
    first = make_brief("Lorry with 20 tonnes of herring overturns on the A9 at Lisle, police say.")
    later = make_brief(
        "A9 at Lisle open again after lorry with 20 tonnes of herring overturned, police say.",
        hours=3,
    )
    await meet(app, first, later)
    await compose.compose(app, app.newsletter(), slot(app))
    with pytest.raises(Conflict, match=r"cannot be pinned: Retold at .*; nothing was done"):
        await revise.pin(app, ID, first.id)
    assert (await stored(app))[1] == []


# --------------------------------------------------------------------- with a model


async def test_an_act_waits_for_no_model_and_keeps_its_words(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    told = [f"Pier number {n} of the harbour was mended in {n} days by the crew." for n in range(9)]
    async with running_model("honest") as peer:
        model = f'[model]\nurl = "{peer.url}"\nname = "sage-1"\n'
        config.write_text(f"{config.read_text()}\n{model}")
        async with open_newsroom(tmp_path) as app:
            await meet(app, make_item("Piers mended", " ".join(told)), FERRY)
            await compose.compose(app, app.newsletter(), slot(app))
            chosen = (await stored(app))[0].stories
            assert "sage-1" in {story.summary.model for story in chosen}
            peer.behave("stalls")
            revised = await revise.intro(app, ID, "Good morning.")
            assert revised.edition.stories == chosen
            other = [f"Swan {n} held up a train at Pell for {n} minutes at noon." for n in range(9)]
            await meet(app, make_item("Swans hold up trains at Pell", " ".join(other)))
            revised = await revise.intro(app, ID, "Good evening.")
            assert peer.asked == []
    texts = [why.text for story in revised.edition.stories for why in story.why]
    assert any("when the edition is composed again" in text for text in texts)


# ------------------------------------------------------- composing again, together


async def test_edits_survive_news_that_changes_the_lead(either: App) -> None:
    await revise.headline(either, ID, "1.1", "Roof off the market")
    await revise.note(either, ID, "1.1", "We sell fish there.")
    await revise.pin(either, ID, "1.2")
    await revise.kill(either, ID, "2.1")
    await meet(either, OTHER_STORM)
    # At its hour, as the clock does it.
    record = await compose.compose(either, either.newsletter(), slot(either), approve=True)
    assert record.state is EditionState.APPROVED
    edition, kept = await stored(either)
    assert headlines(edition) == {"harbour": [FERRY.title, "Roof off the market"]}
    storm = edition.sections[0].stories[1]
    assert storm.lead.id == OTHER_STORM.id
    assert {item.id for item in storm.items} == {STORM.id, OTHER_STORM.id}
    assert storm.note == "We sell fish there."
    assert len(kept) == 4


async def test_composing_again_from_what_is_stored_gives_the_same(app: App) -> None:
    await revise.pin(app, ID, "2.1")
    revised = await revise.headline(app, ID, "1.1", "Roof off the market")
    # As after a kill -9: nothing is known but what is stored.
    await compose.compose(app, app.newsletter(), slot(app), again=True)
    assert await stored(app) == (revised.edition, await revise.edits(app, ID))


async def test_a_crash_leaves_both_the_act_and_its_edition_or_neither(either: App) -> None:
    before = await stored(either)
    act = Edit(number=1, kind=EditKind.KILL, target=PRIZE.id, items=(PRIZE.id,), at=MORNING)
    newsletter = either.newsletter()
    draft = await compose.sketch(either, newsletter, slot(either), edited=[act])

    async def along(conn: Connection) -> None:
        await edits.add(conn, ID, act)
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await compose.keep(either, newsletter, slot(either), draft, repeats=None, along=along)
    assert await stored(either) == before


async def test_editors_at_once_lose_nothing(either: App) -> None:
    acts = [
        revise.headline(either, ID, STORM.id, "Roof off"),
        revise.note(either, ID, STORM.id, "Ours."),
        revise.summary(either, ID, FERRY.id, "It sails."),
        revise.pin(either, ID, FERRY.id),
        revise.move(either, ID, BRIEFS[0].id, "harbour"),
        revise.intro(either, ID, "Good morning."),
        compose.compose(either, either.newsletter(), slot(either), again=True),
        revise.hold(either, ID, PRIZE.id),
    ]
    await asyncio.gather(*acts)
    edition, kept = await stored(either)
    assert [edit.number for edit in kept] == list(range(1, 8))
    first, *others = edition.stories
    assert (first.headline, first.summary.text) == (FERRY.title, "It sails.")
    assert {(story.headline, story.note) for story in others} == {
        ("Roof off", "Ours."),
        (BRIEFS[0].title, ""),
    }
    assert (edition.intro, edition.held) == ("Good morning.", (PRIZE.id,))


async def test_an_act_and_an_approval_at_once_agree(either: App) -> None:
    killed, approved = await asyncio.gather(
        revise.kill(either, ID, PRIZE.id), pipeline.approve(either, ID), return_exceptions=True
    )
    edition, kept = await stored(either)
    assert ("elsewhere" in headlines(edition)) == (not kept)
    assert isinstance(killed, Revised if kept else Conflict)
    assert not isinstance(approved, BaseException)


# ----------------------------------------------------------- what is no open draft


async def test_what_readers_may_have_seen_is_not_edited(app: App) -> None:
    await pipeline.approve(app, ID)
    before = await stored(app)
    with pytest.raises(Conflict, match=r"is approved, no draft: .* edit the next edition"):
        await revise.kill(app, ID, "1.1")
    with pytest.raises(Conflict, match="is approved"):
        await revise.undo(app, ID)
    assert await stored(app) == before


async def test_what_is_cancelled_or_not_there_is_not_edited(app: App) -> None:
    await pipeline.cancel(app, ID)
    with pytest.raises(Conflict, match="its items go into the next edition"):
        await revise.kill(app, ID, "1.1")
    with pytest.raises(NotFound, match="there is no edition"):
        await revise.kill(app, "daily@2026-01-01T0700", "1.1")


async def test_what_is_held_for_the_operator_is_composed_first(app: App) -> None:
    late = slot(app, 19)
    await compose.compose(app, app.newsletter(), late, late=True)
    with pytest.raises(Conflict, match="--newsletter daily --date 2026-05-19T07:00` makes it"):
        await revise.kill(app, late.edition_id, "1.1")


# ------------------------------------------------------------------ what it takes in


async def test_an_act_takes_in_what_has_come_and_says_so(app: App) -> None:
    late = make_item("Whale seen off Gull Light", "A whale was seen off Gull Light at dusk.")
    await meet(app, late)
    revised = await revise.pin(app, ID, "1.1")
    assert any("Whale seen off Gull Light” is new" in change for change in revised.changes)


async def test_items_of_a_source_named_by_hand_stay_however_old(app: App) -> None:
    old = replace(
        make_item("The harbour in 1901", "Four hundred boats lay in the harbour that winter."),
        source_id="by-hand-archive",
        published_at=MORNING - timedelta(days=90),
    )
    await meet(app, old)
    await compose.compose(app, app.newsletter(), slot(app), also=["by-hand-archive"])
    revised = await revise.note(app, ID, "1.1", "Ours.")
    assert old.id in {item.id for story in revised.edition.stories for item in story.items}


async def test_an_edition_of_breaking_news_does_not_take_what_waits(tmp_path: Path) -> None:
    async with drafted(tmp_path, newsletter="breaking_sources = 2") as app:
        await pipeline.approve(app, ID)
        wave = make_item("Wave takes pier at Dunnaker", "A wave took the pier at Dunnaker at noon.")
        await meet(app, wave, make_item("Fair opens", "The fair at Whinfold opens on Monday."))
        breaking = replace(slot(app), clock=MORNING.time(), at=MORNING + timedelta(hours=5))
        record = await compose.compose(app, app.newsletter(), breaking, only={wave.id})
        revised = await revise.headline(app, record.id, "1.1", "Pier gone")
        assert [story.headline for story in revised.edition.stories] == ["Pier gone"]
        async with app.db.read() as conn:
            assert len(await placements.unplaced(conn, "daily")) == 1
