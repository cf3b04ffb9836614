"""Learning the sections from the newsroom's own archive, and using what was learned."""

import csv
import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from digest import compose, training
from digest.app import App
from digest.errors import Conflict, ParseError
from digest.model import Edit, EditKind, Item
from digest.slots import slot_of
from digest.store import editions, edits, items
from make import MORNING, make_item
from newsroom import open_newsroom, write_config

SUBJECTS = {
    "Harbour": "tug quay tide trawler pilot berth lifeboat skipper swell mooring",
    "Elsewhere": "wages factory orders shares auction prices contract payroll bank budget",
}
OTHER = ("town", "morning", "people", "said", "again", "road", "weather", "house", "street")


def told(section: str, number: int) -> tuple[str, str]:
    pick = random.Random(f"{section}{number}")
    words = pick.choices(SUBJECTS[section].split(), k=14) + pick.choices(OTHER, k=24)
    pick.shuffle(words)
    return " ".join(words[:7]), " ".join(words[7:]) + "."


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    path = write_config(tmp_path)
    # The section that takes the rest by itself would hide what was learned.
    path.write_text(path.read_text() + '  keywords = ["nothing-of-this"]\n')
    async with open_newsroom(tmp_path) as opened:
        yield opened


def csv_archive(folder: Path, each: int = 20) -> Path:
    lines = ["Title,Text,Section,Author"]
    for section in SUBJECTS:
        for number in range(each):
            title, text = told(section, number)
            lines.append(f'"{title}","{text}",{section.lower()},nobody')
    lines.append('"A recipe","Take two eggs.",Kitchen,nobody')
    path = folder / "archive.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


async def test_an_archive_teaches_and_the_next_edition_uses_it(app: App) -> None:
    newsletter = app.newsletter()
    made = await training.train_sections(app, newsletter, [csv_archive(app.loaded.base)])
    assert made.trained.model.sections == ("elsewhere", "harbour")
    assert made.trained.accuracy > 0.9
    assert made.path == app.section_model("daily")
    assert made.unknown == {"Kitchen": 1}
    async with app.db.write() as conn:
        await items.remember(
            app.db, conn, [make_item("Wages at the factory", "The bank and the payroll budget.")]
        )
    record = await compose.compose(app, newsletter, slot_of(newsletter, MORNING.date()))
    async with app.db.read() as conn:
        (section,) = (await editions.content(conn, record.id)).sections
    assert section.slug == "elsewhere"
    assert any("archive" in reason.text for reason in section.stories[0].why)


async def test_what_sources_say_of_their_items_is_an_archive(tmp_path: Path) -> None:
    path = write_config(tmp_path)
    path.write_text(path.read_text().replace("keywords =", 'topics = ["sea"]\n  keywords ='))
    async with open_newsroom(tmp_path) as app:
        newsletter = app.newsletter()
        (one, other) = newsletter.sections
        by_money = other.model_copy(update={"topics": ("money",)})
        chosen = newsletter.model_copy(update={"sections": (one, by_money)})
        found: list[Item] = []
        for number in range(20):
            for section, topic in (("Harbour", "sea"), ("Elsewhere", "money")):
                title, text = told(section, number)
                item = make_item(title, text, id=f"{topic}{number:012}", topics=(topic,))
                found.append(replace(item, url=None))
        async with app.db.write() as conn:
            await items.remember(app.db, conn, found)
        made = await training.train_sections(app, chosen, keep=False)
        assert made.trained.model.examples == 40
        assert made.path is None
        assert not app.section_model("daily").exists()


async def test_json_lines_are_an_archive_too(app: App) -> None:
    path = app.loaded.base / "archive.jsonl"
    rows = [
        {"title": title, "text": text, "section": section}
        for section in SUBJECTS
        for title, text in (told(section, number) for number in range(12))
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    made = await training.train_sections(app, app.newsletter(), [path])
    assert made.trained.model.examples == 24


async def test_a_text_may_hold_any_line_break_and_be_long(app: App) -> None:
    rows = []
    for section in SUBJECTS:
        for number in range(12):
            title, text = told(section, number)
            rows.append((title, f"{text}\u2028More.\x85Still.\x0bEnd." + " long" * 40_000, section))
    lines = app.loaded.base / "archive.jsonl"
    keys = ("title", "text", "section")
    told_lines = (json.dumps(dict(zip(keys, r, strict=True)), ensure_ascii=False) for r in rows)
    lines.write_text("\n".join(told_lines), encoding="utf-8")
    table = app.loaded.base / "archive.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([keys, *rows])
    for path in (lines, table):
        made = await training.train_sections(app, app.newsletter(), [path], keep=False)
        assert made.trained.model.examples == 24


async def moved(app: App, section: str) -> dict[str, str]:
    """What is learned of an edition that went out after its story was moved to *section*."""
    newsletter = app.newsletter()
    slot = slot_of(newsletter, MORNING.date())
    item = make_item()
    async with app.db.write() as conn:
        await items.remember(app.db, conn, [item])
    await compose.compose(app, newsletter, slot)
    move = Edit(number=1, kind=EditKind.MOVE, target=item.id, text=section, at=MORNING)
    async with app.db.write() as conn:
        await edits.add(conn, slot.edition_id, move)
    await compose.compose(app, newsletter, slot, again=True, approve=True)
    found = await training.moved_by_editors(app, newsletter)
    return {item.title: learned for item, learned in found.values()}


async def test_what_editors_moved_is_learned_where_it_stands(app: App) -> None:
    assert await moved(app, "elsewhere") == {make_item().title: "elsewhere"}


async def test_a_move_to_a_section_that_is_no_more_teaches_nothing(app: App) -> None:
    assert await moved(app, "kitchen") == {}


async def test_too_little_is_told_with_what_to_do(app: App) -> None:
    with pytest.raises(Conflict, match="--archive FILE"):
        await training.train_sections(app, app.newsletter())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,body\na,b\n", "has no column section nor title; it has name, body"),
        (b"\xff\xfe\x00", "cannot be read as UTF-8"),
        (b'{"title": "a"}\n{broken\n', "line 2 is not JSON"),
        (b"", "has no column section nor title; it has none"),
        (b'{"title": "a"}\n{"title": ' + b"[" * 100_000, "line 2 is nested too deeply"),
        (b"title,section,text\na,b," + b"x" * 10_000_001, "line 2: field larger than"),
        (b"x" * 10_000_001, "line 1: field larger than"),
    ],
)
async def test_an_archive_that_cannot_be_read_says_where(
    app: App, content: bytes, words: str
) -> None:
    path = app.loaded.base / "archive"
    path.write_bytes(content)
    with pytest.raises(ParseError, match=words):
        await training.train_sections(app, app.newsletter(), [path])
    with pytest.raises(ParseError, match="there is no file"):
        await training.train_sections(app, app.newsletter(), [path.with_name("none")])


async def test_a_damaged_file_of_what_was_learned_stops_no_edition(app: App) -> None:
    path = app.section_model("daily")
    path.parent.mkdir(parents=True)
    path.write_text("{broken")
    async with app.db.write() as conn:
        await items.remember(app.db, conn, [make_item()])
    newsletter = app.newsletter()
    record = await compose.compose(app, newsletter, slot_of(newsletter, MORNING.date()))
    async with app.db.read() as conn:
        assert (await editions.content(conn, record.id)).stories
