"""`digest pace`: what a newsroom sees of how fast relays and providers are used."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from digest.cli import pace as command
from digest.mail.pacing import Pacing
from digest.store import paces
from newsroom import open_newsroom, write_config

#: The command reads the real clock.
NOW = datetime.now(UTC)
MAIL = """
[pace]
[[pace.lanes]]
name = "yahoo"
max_per_minute = 30

[[relays]]
name = "first"
host = "one.example"
max_per_minute = 600
warm_up_from = {today}

[[relays]]
name = "second"
host = "two.example"
"""


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two relays, of which one refuses everybody; a provider that wanted less haste."""
    write_config(tmp_path, mail=MAIL.format(today=NOW.date()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    async def begin() -> None:
        async with open_newsroom(tmp_path) as app:
            pacing = Pacing(app.settings)

            def hear(relay: str, code: int, text: str, times: int) -> None:
                for _ in range(times):
                    pacing.heard(relay=relay, lane="gmail", code=code, text=text, now=NOW)

            hear("first", 250, "2.0.0 queued", 100)
            hear("first", 451, "4.7.28 unusual rate of mail", 1)
            hear("second", 554, "5.7.1 <ann@example.com> blocked", 30)
            hear("gone", 554, "5.7.1 blocked", 30)
            first_down = NOW - timedelta(minutes=1)
            pacing.down("first", "connection refused", NOW + timedelta(hours=1), now=first_down)
            for _ in range(500):
                pacing.later("gmail", NOW)
            async with app.db.write() as conn:
                await paces.save(app.db, conn, pacing.changed(), now=NOW)

    asyncio.run(begin())
    return tmp_path


def digest(*arguments: str, code: int = 0) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    command.add_to(app)
    result = CliRunner().invoke(app, ["pace", *arguments])
    assert result.exit_code == code, result.output
    return result


def told(*arguments: str) -> dict[str, dict[str, Any]]:
    answer = json.loads(digest(*arguments, "--json").stdout)
    return {one["name"]: one for one in answer["relays"] + answer["lanes"]}


def test_people_see_limits_slow_downs_and_storms(newsroom: Path) -> None:
    shown = digest().stdout
    lines = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    assert "600 a minute" in lines["first"]
    assert "100 of 200" in lines["first"]
    assert "refuses nearly everybody" in lines["second"]
    assert "unusual rate" in lines["gmail"]
    assert "30 a minute" in lines["yahoo"]
    assert "no slow-down" in lines["yahoo"]
    assert 'second: 30 of the last 30 answers were "no" or "later"' in shown
    assert "ann@" not in shown
    assert "is down" in lines["first"]
    assert re.search(r"first: down since .*\d\d:\d\d: connection refused; tried again at ", shown)
    assert "gone" not in shown


def test_programs_get_the_same(newsroom: Path) -> None:
    found = told()
    assert found["first"]["sent_today"] == 100
    assert found["first"]["allowed_today"] == 200
    assert found["second"]["storm"].endswith("554 5.7.1 <(address)> blocked")
    assert found["gmail"]["slowed_to"] == 50
    assert 0 < found["gmail"]["queue"] <= 500
    assert found["yahoo"] == {
        "name": "yahoo",
        "limit": 30,
        "slowed_to": None,
        "hold_s": 0.0,
        "why": "",
        "queue": 0,
    }


def test_relays_of_another_configuration_are_shown_when_asked_for(newsroom: Path) -> None:
    assert "gone: 30 of the last 30" in digest("--all").stdout
    assert "gone" in told("--all")
    assert "gone" not in told()


def test_a_plan_that_has_not_begun_is_told_so(newsroom: Path) -> None:
    config = newsroom / "config.toml"
    text = config.read_text().replace(f"warm_up_from = {NOW.date()}", "warm_up_from = 2999-12-23")
    config.write_text(text)
    assert "first: its warm-up plan begins on 2999-12-23" in digest().stdout


def test_what_was_learned_can_be_forgotten_but_not_what_was_sent(newsroom: Path) -> None:
    assert "gmail: forgotten" in digest("reset", "gmail").stdout
    answer = json.loads(digest("reset", "first", "--json").stdout)
    assert answer == {"forgotten": ["relay:first"]}
    digest("reset", "second")
    found = told()
    assert "gmail" not in found
    assert found["first"]["sent_today"] == 100
    assert found["second"]["storm"] == ""


def test_a_name_of_which_nothing_is_known_is_said_so(newsroom: Path) -> None:
    result = digest("reset", "thunderbird", code=3)
    assert "digest pace" in result.output


def test_a_newsroom_that_has_sent_nothing_sees_its_relay(newsroom: Path) -> None:
    (newsroom / "data" / "digest.db").unlink()
    found = told()
    assert found["first"]["sent_today"] == 0
    assert found["first"]["slowed_to"] is None
