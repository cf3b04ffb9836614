"""Printed lines: listed, found with the same words on both databases, and never left behind."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text, update

from digest.model import Slot
from digest.model.asked import Asked, ask, loosened
from digest.model.printed import Printed
from digest.store import Database, editions, printed, schema
from make import MORNING

DAYS = {
    "daily@2026-05-18T0700": 0,
    "daily@2026-05-19T0700": 1,
    "weekly@2026-05-19T0700": 1,
}


def make_line(id: str, headline: str, text: str = "", **fields: Any) -> Printed:
    edition_id = fields.pop("edition_id", "daily@2026-05-18T0700")
    values: dict[str, Any] = {
        "newsletter": edition_id.partition("@")[0],
        "edition_id": edition_id,
        "id": id,
        "section": "harbour",
        "headline": headline,
        "text": text,
        "source": "Harbour Office",
        "url": f"https://wire.example/{id}",
        "at": MORNING,
        "slot_at": MORNING + timedelta(days=DAYS[edition_id]),
        "language": "en",
    }
    return Printed(**(values | fields))


LINES = [
    make_line("quay", "The quay is closed", "A ferry hit it, red paint says.", position=0),
    make_line("ferry", "Férry runs again", "The harbour is open.", position=1),
    make_line("brief", "Tide at 10:30", section="", brief=True, url=None, position=2),
    make_line(
        "red", "A red ferry", "It's Łódź-built.", edition_id="daily@2026-05-19T0700", language=None
    ),
    make_line("tokyo", "東京都の船", "船が港に着いた", edition_id="weekly@2026-05-19T0700"),
    make_line(
        "arabic", "قَلْبٌ المدينة", "في الميناء", edition_id="weekly@2026-05-19T0700", position=1
    ),
    make_line(
        "compound", "Hafenbehörde warnt", "Straße gesperrt 🚧",
        edition_id="weekly@2026-05-19T0700", position=2,
    ),
    make_line(
        "friday", "До п\u02bcятниці порт закрито", "Ob\u02bcєкт", section="letters",
        edition_id="weekly@2026-05-19T0700",
    ),
    make_line(
        "bass", "Ein Poet singt zwei Bässe", "an der neuen Klappbrücke", section="letters",
        edition_id="weekly@2026-05-19T0700", position=1,
    ),
]  # fmt: skip


@pytest.fixture
async def filled(db: Database) -> Database:
    async with db.write() as conn:
        for edition_id, day in DAYS.items():
            slot = Slot(
                newsletter=edition_id.partition("@")[0],
                day=date(2026, 5, 18) + timedelta(days=day),
                clock=time(7),
                at=MORNING + timedelta(days=day),
            )
            await editions.create(db, conn, slot, now=MORNING)
        await printed.keep(db, conn, LINES)
    return db


async def found(db: Database, query: str | Asked, **fields: Any) -> list[str]:
    asked = ask(query) if isinstance(query, str) else query
    async with db.read() as conn:
        total, lines = await printed.search(db, conn, asked, limit=20, **fields)
    assert total == len(lines)
    return [line.id for line in lines]


#: What is asked, and the ids of what both databases find, in order.
ASKED: list[tuple[str, list[str]]] = [
    # In the headline before in the text; of those the newest.
    ("ferry", ["red", "ferry", "quay"]),
    ("FÉRRY", ["red", "ferry", "quay"]),
    ("ferry red", ["red", "quay"]),
    ('"red ferry"', ["red"]),
    ('"ferry red"', []),
    ("“red ferry”", ["red"]),
    ("ferry -red", ["ferry"]),
    ('ferry -"red ferry"', ["ferry", "quay"]),
    ("ferry -red -harbour", []),
    ("ferri", []),
    ("fer", []),
    ("fer*", ["red", "ferry", "quay"]),
    ("fe*", []),
    ("hafen*", ["compound"]),
    ('"is open"', ["ferry"]),
    # A phrase ends where the headline does.
    ('"again the"', []),
    ("10:30", ["brief"]),
    ("30:10", []),
    ("lodz built", ["red"]),
    ("it's", ["red"]),
    ("strasse", ["compound"]),
    ("東京", ["tokyo"]),
    ("京東", []),
    ("قلب", ["arabic"]),
    # With the article or without, and whatever is written together with it.
    ("الميناء", ["arabic"]),
    ("ميناء", ["arabic"]),
    ("وبالميناء", ["arabic"]),
    ("للميناء", ["arabic"]),
    ('"في ميناء"', ["arabic"]),
    ("المين*", ["arabic"]),
    ("المي*", ["arabic"]),
    ("مدينة", ["arabic"]),
    ("المينـــاء", ["arabic"]),
    ("مينا", []),
    # Three apostrophes, of which Unicode calls one a letter.
    ("п\u02bcятниці", ["friday"]),
    ("п'ятниці", ["friday"]),
    ("п’ятниці", ["friday"]),
    ("п\u02bcятн*", ["friday"]),
    ("пятниці", []),
    ("Bassen", []),
    ("Basse", ["bass"]),
    ("brucke", []),
    ("klappbrucke", ["bass"]),
    # Never syntax.
    ("ferry OR harbour", []),
    ("ferry NOT red", []),
    ("NEAR(ferry red)", []),
    ("headline:ferry", []),
    ("headline_words : ferry", []),
    ("^ferry", ["red", "ferry", "quay"]),
    ("'ferry", ["red", "ferry", "quay"]),
    ("ferry' OR 1=1 --", []),
    ("ferry & | ! <-> :*", ["red", "ferry", "quay"]),
    ('"ferry', ["red", "ferry", "quay"]),
    ("ferry\\ %_", ["red", "ferry", "quay"]),
    ("fer\0ry", []),
    ("🚧", []),
    ("-ferry", []),
    ("", []),
    ("  \n\0 * \" ' ( ) ", []),
    ("ferry " * 2_000, ["red", "ferry", "quay"]),
    ("x" * 10_000, []),
]


async def test_both_databases_find_the_same(filled: Database) -> None:
    assert [(query, await found(filled, query)) for query, _ in ASKED] == ASKED


#: What is asked when nothing was found as it was written, and what both databases find then.
LOOSENED: list[tuple[str, list[str]]] = [
    ("Baesse", ["bass"]),
    ("Klappbruecke", ["bass"]),
    ("Klappbruecken Poeten", ["bass"]),
    ('"neuen Klappbruecke"', ["bass"]),
    ('"Klappbruecke neuen"', []),
    ("Baesse -Klappbrücke", []),
    ("ferries", ["red", "ferry", "quay"]),
    ("blue", []),
]


async def test_where_nothing_is_found_both_databases_find_the_same_beginnings(
    filled: Database,
) -> None:
    assert [await found(filled, query) for query, _ in LOOSENED[:4]] == [[]] * 4
    assert [(query, await found(filled, loosened(ask(query)))) for query, _ in LOOSENED] == LOOSENED


ODD = st.text(
    st.sampled_from("abferyduoال \"'*-()^:%_\\&|!<>{}+~,;\0\n\ud800é東が١ﷺ\u200d\u0301"),
    max_size=60,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=ODD)
async def test_no_question_is_an_error(filled: Database, query: str) -> None:
    await found(filled, query)
    await found(filled, f'ferry "{query}" -{query}* {query}*')
    await found(filled, loosened(ask(f'{query} "{query} baesse" {query}*')))


async def test_a_newsletter_is_searched_alone_and_page_by_page(filled: Database) -> None:
    assert await found(filled, "ferry", newsletter="weekly") == []
    assert await found(filled, "ferry", newsletter="daily") == ["red", "ferry", "quay"]
    async with filled.read() as conn:
        total, lines = await printed.search(filled, conn, ask("ferry"), limit=1, offset=1)
        assert (total, [line.id for line in lines]) == (3, ["ferry"])
        assert await printed.search(filled, conn, ask("ferry"), limit=1, offset=9) == (3, [])


async def test_lines_come_back_as_they_were_kept(filled: Database) -> None:
    async with filled.read() as conn:
        for line in LINES:
            query = select(schema.printed.c.edition_id).where(schema.printed.c.id == line.id)
            assert await conn.scalar(query) == line.edition_id
        total, lines = await printed.of_section(conn, "weekly", "harbour", limit=9)
    assert (total, lines) == (3, LINES[4:7])


async def test_keeping_again_replaces_and_twice_does_no_harm(filled: Database) -> None:
    later = replace(LINES[1], headline="The boat runs again")
    for _ in range(2):
        async with filled.write() as conn:
            await printed.keep(filled, conn, [LINES[0], later])
    # The brief of that edition is gone, other editions are as they were.
    assert await found(filled, "ferry") == ["red", "quay"]
    assert await found(filled, "boat") == ["ferry"]
    assert await found(filled, "tide") == []


async def test_a_line_that_comes_twice_is_kept_once(filled: Database) -> None:
    async with filled.write() as conn:
        await printed.keep(filled, conn, [LINES[0], replace(LINES[0], position=7)])
        await printed.keep(filled, conn, [])
        assert (await printed.of_section(conn, "daily", "harbour", limit=9))[0] == 2


async def test_what_no_database_takes_is_left_out(filled: Database) -> None:
    odd = replace(LINES[0], headline="Mole\0 \ud800 closed", text="\0", source="A\0B")
    async with filled.write() as conn:
        await printed.keep(filled, conn, [odd])
        _, (line,) = await printed.search(filled, conn, ask('"mole closed"'), limit=1)
    assert (line.headline, line.text, line.source) == ("Mole ? closed", "", "AB")


async def test_a_dropped_edition_is_found_no_more(filled: Database) -> None:
    async with filled.write() as conn:
        await printed.drop(conn, "daily@2026-05-18T0700")
        await printed.drop(conn, "never@2026-01-01T0700")
    assert await found(filled, "ferry") == ["red"]


async def test_the_index_follows_statements_that_know_nothing_of_it(filled: Database) -> None:
    table = schema.printed
    async with filled.write() as conn:
        await conn.execute(delete(table).where(table.c.id == "quay"))
        await conn.execute(update(table).where(table.c.id == "red").values(headline_words="a b"))
        await conn.execute(update(table).where(table.c.id == "ferry").values(position=9))
    assert await found(filled, "ferry") == ["ferry"]
    if filled.is_sqlite:
        async with filled.write() as conn:
            # Fails if the index holds anything but what the table does.
            check = "INSERT INTO printed_words (printed_words, rank) VALUES ('integrity-check', 1)"
            await conn.execute(text(check))


async def test_postgresql_looks_words_up_in_its_index(filled: Database) -> None:
    if filled.is_sqlite:
        return
    async with filled.read() as conn:
        await conn.execute(text("SET LOCAL enable_seqscan = off"))
        asked = f"{printed._VECTOR} @@ CAST('''ferry''' AS tsquery)"
        plan = await conn.execute(text(f"EXPLAIN SELECT 1 FROM printed WHERE {asked}"))
        assert "ix_printed_words" in "".join(str(row) for row in plan)


async def test_a_section_lists_its_stories_newest_edition_first(filled: Database) -> None:
    async with filled.read() as conn:
        total, lines = await printed.of_section(conn, "daily", "harbour", limit=2)
        assert (total, [line.id for line in lines]) == (3, ["red", "quay"])
        total, lines = await printed.of_section(conn, "daily", "harbour", limit=2, offset=2)
        assert (total, [line.id for line in lines]) == (3, ["ferry"])
        assert await printed.of_section(conn, "daily", "nowhere", limit=2) == (0, [])


async def test_headlines_are_of_the_first_stories_of_each_edition(filled: Database) -> None:
    async with filled.read() as conn:
        assert await printed.headlines(conn, "daily", most=1) == {
            "daily@2026-05-18T0700": ("The quay is closed",),
            "daily@2026-05-19T0700": ("A red ferry",),
        }
        assert len((await printed.headlines(conn, "weekly"))["weekly@2026-05-19T0700"]) == 3
        assert await printed.headlines(conn, "never") == {}
