"""`digest clicks`: what a newsroom sees of how its mails are read."""

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from digest import collect, compose
from digest.cli import clicks as command
from digest.slots import slot_of
from digest.store import clicks
from newsroom import open_newsroom, write_config, write_day

ID = "daily@2026-05-18T0700"


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One edition, with 60 links that were followed; the newsletter counts."""
    write_config(tmp_path, newsletter="count_clicks = true")
    write_day(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    async def begin() -> None:
        async with open_newsroom(tmp_path) as app:
            await collect.collect(app)
            newsletter = app.newsletter()
            await compose.compose(app, newsletter, slot_of(newsletter, date(2026, 5, 18)))
            counts = {(ID, f"https://wire.example/{n}"): n for n in range(1, 61)}
            async with app.db.write() as conn:
                await clicks.add(app.db, conn, counts)

    asyncio.run(begin())
    return tmp_path


def digest(*arguments: str, code: int = 0) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    command.add_to(app)
    result = CliRunner().invoke(app, ["clicks", *arguments])
    assert result.exit_code == code, result.output
    return result


def test_links_are_listed_most_first(newsroom: Path) -> None:
    told = digest().stdout
    assert "1830" in told
    assert told.index("https://wire.example/60") < told.index("https://wire.example/59")
    assert "the first 50 of 60 links" in told
    assert "count_clicks" not in told


def test_programs_get_all_of_it(newsroom: Path) -> None:
    told: dict[str, Any] = json.loads(digest(ID, "--json").stdout)
    assert (told["edition"], told["counts"], told["clicks"]) == (ID, True, 1830)
    assert len(told["links"]) == 60
    assert told["links"][0] == {"url": "https://wire.example/60", "clicks": 60}


def test_whoever_does_not_count_is_told_how_to(newsroom: Path) -> None:
    write_config(newsroom)
    assert "count_clicks = true in its newsletter" in digest(ID).stdout
    digest("daily@1999-01-01T0700", code=3)
