"""Moving out: what is written, that no spreadsheet runs it, and that it comes back as it was."""

import asyncio
import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from digest import enrol, exports, segments
from digest.app import App
from digest.errors import NotFound
from digest.model import SubscriptionState
from digest.store import audit, schema
from newsroom import open_newsroom, write_config

HEAD = "email,name,language,sections,frequency,hour,briefs,tags,form,consent_at,consent_from\n"
PEOPLE = HEAD + (
    "Ada@example.com,Ada,uk,harbour,weekdays,6,no,press;quay,text,2026-01-02,form\n"
    'bruno@example.com,"O\'Tide, B",en,,,,,,,2026-01-02,form\n'
    '+c@example.com,"\'=HYPERLINK(""https://x.example"")",en,,,,,,,2026-01-02,=form\n'
    "dora@example.com,Дора,en,,,,,,,2026-01-02T09:15:00+02:00,form\n"
)


async def take_in(app: App, text: str, **fields: Any) -> enrol.Enrolled:
    path = app.data_dir / "in.csv"
    path.write_text(text, newline="")
    return await enrol.enrol(app, app.newsletter(), path, **fields)


async def written(app: App, **fields: Any) -> str:
    out = io.StringIO(newline="")
    await exports.export(app, out, actor="ines", **fields)
    return out.getvalue()


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def end(app: App, id: int) -> None:
    async with app.db.write() as conn:
        here = schema.subscription.c.subscriber_id == id
        values = {"state": "ended", "cause": "one-click"}
        await conn.execute(update(schema.subscription).where(here).values(values))


async def test_an_export_is_a_table_with_nothing_that_runs(tmp_path: Path, store_url: str) -> None:
    write_config(tmp_path, store_url=store_url)
    async with open_newsroom(tmp_path) as app:
        assert (await take_in(app, PEOPLE)).added == 4
        text = await written(app)
        async with app.db.read() as conn:
            act, _ = await audit.listing(conn)
    assert (act.actor, act.act) == ("ines", "export")
    assert act.detail == "4 subscriptions of all newsletters as csv"
    rows = {row["email"]: row for row in table(text)}
    assert rows["Ada@example.com"] == {
        "email": "Ada@example.com",
        "name": "Ada",
        "language": "uk",
        "timezone": "Europe/Athens",
        "form": "text",
        "newsletter": "daily",
        "sections": "harbour",
        "frequency": "weekdays",
        "hour": "6",
        "briefs": "no",
        "tags": "press;quay",
        "consent_at": "2026-01-02T00:00:00+00:00",
        "consent_from": "form",
        "state": "active",
        "since": "2026-05-18T04:00:00+00:00",
        "cause": "import",
        "until": "",
    }
    formula = rows["'+c@example.com"]
    assert formula["name"] == '\'=HYPERLINK("https://x.example")'
    assert formula["consent_from"] == "'=form"
    assert rows["bruno@example.com"]["name"] == "O'Tide, B"
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    assert text.count("\r\n") == 5


async def test_json_is_one_array_with_everything_as_it_is(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        assert json.loads(await written(app, format="json")) == []
        await take_in(app, PEOPLE)
        found = json.loads(await written(app, format="json"))
    assert next(one["email"] for one in found) == "+c@example.com"
    ada = next(one for one in found if one["name"] == "Ada")
    assert (ada["sections"], ada["tags"], ada["hour"]) == (["harbour"], ["press", "quay"], 6)
    assert (ada["briefs"], ada["until"]) == (False, None)


async def test_only_who_is_asked_for_is_exported(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await take_in(app, PEOPLE)
        await end(app, 1)
        ended = table(await written(app, state=SubscriptionState.ENDED))
        assert [row["cause"] for row in ended] == ["one-click"]
        assert len(table(await written(app, state=SubscriptionState.ACTIVE))) == 3
        assert len(table(await written(app, newsletter=app.newsletter()))) == 4
        press = segments.parse('tag = "press"')
        assert [row["name"] for row in table(await written(app, where=press))] == ["Ada"]


async def test_pages_join_without_a_gap(tmp_path: Path) -> None:
    write_config(tmp_path)
    number = exports.PAGE * 2
    text = "email,consent_at,consent_from\n" + "".join(
        f"r{n}@example.com,2026-01-02,form\n" for n in range(number)
    )
    async with open_newsroom(tmp_path) as app:
        await take_in(app, text)
        rows = table(await written(app))
        assert len(rows) == len({row["email"] for row in rows}) == number
        assert len(json.loads(await written(app, format="json"))) == number


async def test_a_file_is_replaced_when_all_is_written_and_is_its_owner_s(tmp_path: Path) -> None:
    write_config(tmp_path)
    out = tmp_path / "out.csv"
    out.write_text("before")
    async with open_newsroom(tmp_path) as app:
        await take_in(app, PEOPLE)
        assert await exports.export(app, out) == 4
        assert out.stat().st_mode & 0o777 == 0o600
        assert len(table(out.read_text(encoding="utf-8"))) == 4
        with pytest.raises(NotFound, match="cannot be written"):
            await exports.export(app, tmp_path / "none" / "out.csv")
    assert [path.name for path in tmp_path.glob("out.*")] == ["out.csv"]


async def test_who_left_does_not_come_back_with_an_export_from_elsewhere(tmp_path: Path) -> None:
    for folder in ("old", "new"):
        write_config(tmp_path / folder)
    async with open_newsroom(tmp_path / "old") as app:
        await take_in(app, PEOPLE)
        await end(app, 1)
        text = await written(app)
    async with open_newsroom(tmp_path / "new") as app:
        moved = await take_in(app, text)
        assert (moved.added, moved.passed_over, moved.barred, moved.ended) == (3, 1, 0, 1)
        again = await take_in(app, PEOPLE)
        assert (again.known, again.suppressed) == (4, 0)


# ------------------------------------------------------------------------- there and back

_NAMES = st.text(alphabet="'=+-@\"; ,\tAé\u202e", max_size=10)
_PEOPLE = st.lists(
    st.tuples(
        st.text(alphabet="'=+-aZ", min_size=1, max_size=8),
        _NAMES,
        st.sampled_from(["", "harbour", "elsewhere"]),
        st.sampled_from(["", "daily", "weekdays", "weekly"]),
        st.sampled_from(["", "0", "23"]),
        st.sampled_from(["", "yes", "no"]),
        st.sampled_from(["", "=press", "-a;@b", "lower quay"]),
        st.sampled_from(["2026-01-02", "2025-03-02T09:15:00.123456+02:00"]),
        st.sampled_from(["form", "=form", "'+form", "a  form; and more"]),
    ),
    max_size=40,
    unique_by=lambda person: person[0].casefold(),
)


@settings(max_examples=3, phases=[Phase.generate])
@given(_PEOPLE)
def test_what_goes_out_comes_in_as_it_was(people: list[tuple[str, ...]]) -> None:
    """Twice out and in again is the same to the letter."""

    async def there_and_back(folder: Path) -> None:
        columns = "email,name,sections,frequency,hour,briefs,tags,consent_at,consent_from"
        lines = io.StringIO(newline="")
        writer = csv.writer(lines)
        writer.writerow(columns.split(","))
        for local, *rest in people:
            cells = [exports.guarded(cell) for cell in (f"{local}@example.com", *rest)]
            writer.writerow(cells)
        texts = [lines.getvalue()]
        for n in range(2):
            write_config(folder / str(n))
            async with open_newsroom(folder / str(n)) as app:
                done = await take_in(app, texts[-1])
                assert done.fault_count == 0
                texts.append(await written(app))
        first, second = (sorted(table(text), key=lambda row: row["email"]) for text in texts[1:])
        assert [row | {"since": ""} for row in first] == [row | {"since": ""} for row in second]
        assert len(first) == len(people)

    with tempfile.TemporaryDirectory() as name:
        asyncio.run(there_and_back(Path(name)))
