"""`digest edit` and `digest coverage`: what an editor types, sees, and gets as an exit code."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner, Result

from digest.cli import app
from newsroom import write_article, write_config, write_day

ID = "daily@2026-05-18T0700"
COMPOSE = ("compose", "--date", "2026-05-18")
FERRY, BRIDGE, SCHOOL = "Ferry runs again", "Bridge will close", "School wins prize"


def digest(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


def ask(*arguments: str, code: int = 0) -> Any:
    """The answer in JSON."""
    result = digest(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A newsroom with a draft of three stories, as the current folder."""
    write_config(tmp_path)
    write_day(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LOGNAME", "mara")
    assert digest("collect").exit_code == 0
    assert digest(*COMPOSE).exit_code == 0
    return tmp_path


def headlines() -> list[str]:
    shown = ask("edit", "show")
    return [story["headline"] for section in shown["sections"] for story in section["stories"]]


def test_a_draft_is_listed_with_the_numbers_to_edit_it_by(newsroom: Path) -> None:
    told = digest("edit", "show")
    assert told.exit_code == 0
    assert f"{ID}: draft" in told.stdout
    assert "1 Harbour (harbour)" in told.stdout
    for number in ("1.1", "2.1", "2.2"):
        assert number in told.stdout
    shown = ask("edit", "show", ID)
    first = shown["sections"][0]["stories"][0]
    assert (first["number"], first["headline"]) == ("1.1", FERRY)
    assert first["items"][0]["id"] == first["id"]
    assert (shown["edits"], shown["briefs"], shown["held"]) == ([], [], [])


def test_a_draft_is_edited_listed_and_taken_back(newsroom: Path) -> None:
    done = ask("edit", "headline", "1.1", "It  sails")
    assert (done["edition"], done["state"], done["taken_back"]) == (ID, "draft", False)
    assert done["edit"]["by"] == "mara"
    assert done["changes"] == [f"1.1 “It sails” was called “{FERRY}”"]
    killed = digest("edit", "kill", "2.1", "--by", "Io", "-e", ID)
    assert killed.exit_code == 0
    assert "edit 2, kill done" in killed.stdout
    assert "is left out: Killed by Io" in killed.stdout
    assert digest("edit", "hold", "2.1").exit_code == 0
    told = digest("edit", "show").stdout
    for words in ("It sails", "Left out", "Held for the next edition", "Killed by Io", "mara"):
        assert words in told
    back = ask("edit", "undo", "2")
    assert (back["taken_back"], back["edit"]["kind"]) == (True, "kill")
    assert "taken back" in digest("edit", "undo").stdout
    assert "edit 1, headline “It sails” taken back" in digest("edit", "undo", "1.1").stdout
    assert sorted(headlines()) == [BRIDGE, FERRY, SCHOOL]


def test_every_act_has_a_command(newsroom: Path) -> None:
    assert ask("edit", "pin", "2.2")["edit"]["kind"] == "pin"
    assert ask("edit", "place", "2.1", "2")["edit"]["position"] == 2
    assert ask("edit", "move", "1.1", "Elsewhere")["edit"]["text"] == "elsewhere"
    assert [section["slug"] for section in ask("edit", "show")["sections"]] == ["elsewhere"]
    merged = ask("edit", "merge", "1.1", "1.2")
    assert len(merged["edit"]["others"]) == 1
    story = ask("edit", "show")["sections"][0]["stories"]
    second = next(one["items"][1]["id"] for one in story if len(one["items"]) == 2)
    assert ask("edit", "split", second)["edit"]["target"] == second
    assert ask("edit", "note", "1.1", "Ours.")["edit"]["text"] == "Ours."
    result = digest("edit", "summary", "1.1", "-", stdin="It was long.\nNow it is short.\n")
    assert result.exit_code == 0
    result = digest("edit", "intro", "-", stdin="Good morning.\n\nWind.\n")
    assert result.exit_code == 0
    shown = ask("edit", "show")
    assert shown["intro"] == "Good morning.\n\nWind."
    first = shown["sections"][0]["stories"][0]
    assert (first["summary"], first["note"]) == ("It was long. Now it is short.", "Ours.")


def test_what_is_done_survives_the_rest_of_the_day(newsroom: Path) -> None:
    digest("edit", "headline", "1.1", "It sails")
    write_article(newsroom, "whale-seen", "A whale was seen off Gull Light on Sunday.")
    run = ask("run", "--date", "2026-05-18")
    assert run["state"] == "approved"
    page = (newsroom / "out" / "editions" / "daily" / "2026-05-18T0700" / "index.html").read_text()
    assert "It sails" in page
    assert "Whale seen" in page
    late = digest("edit", "kill", "1.1", "-e", ID)
    assert (late.exit_code, "no draft" in late.stderr) == (4, True)
    assert digest("edit", "show").exit_code == 3
    assert "there is no open draft" in digest("edit", "kill", "1.1").stderr


def test_what_makes_no_sense_is_answered_with_what_to_do(newsroom: Path) -> None:
    for arguments, code, words in (
        (("kill", "9.9"), 3, "there is no section 9; there are 1 Harbour, 2 Elsewhere"),
        (("move", "1.1", "sports"), 3, "it has harbour, elsewhere"),
        (("place", "1.1", "7"), 4, "give a position from 1 to 1"),
        (("headline", "1.1", "x" * 301), 2, "shorten it"),
        (("split", "1.1"), 4, "nothing to split off"),
        (("merge", "1.1"), 2, "two stories or briefs"),
        (("undo",), 3, "nobody has edited it"),
        (("undo", "7"), 3, "nobody has edited it"),
        (("kill", "1.1", "-e", "daily@2026-01-01T0700"), 3, "there is no edition"),
    ):
        result = digest("edit", *arguments)
        assert (result.exit_code, words in result.stderr) == (code, True), result.stderr


# --------------------------------------------------------------------- coverage


def test_coverage_is_a_table_that_ends_well(newsroom: Path) -> None:
    digest("edit", "hold", "1.1")
    told = digest("coverage")
    assert told.exit_code == 0
    assert "Coverage of daily" in told.stdout
    assert "3 items: 2 in editions or left out by them, 0 waiting, 1 held" in told.stdout
    assert told.stdout.endswith("nothing vanished\n")
    answer = ask("coverage", "--edition", ID)
    (cover,) = answer["newsletters"]
    assert (answer["proved"], cover["proved"], cover["newsletter"]) == (True, True, "daily")
    assert cover["editions"][0]["told"] == {"story": 2}


def test_coverage_that_fails_names_what_and_what_to_do_and_says_so_to_the_shell(
    newsroom: Path,
) -> None:
    lost = ask("edit", "show")["sections"][0]["stories"][0]["id"]
    engine = create_engine(f"sqlite:///{newsroom / 'data' / 'digest.db'}")
    with engine.begin() as conn:
        conn.execute(text("DELETE FROM placement WHERE item_id = :id"), {"id": lost})
    engine.dispose()
    told = digest("coverage", "--newsletter", "daily")
    assert told.exit_code == 1
    assert f"UNPLACED {ID} {lost} “{FERRY}”: is told here and placed nowhere" in told.stdout
    assert "To do: `digest compose --newsletter daily --date 2026-05-18` writes" in told.stdout
    assert "NOT PROVED" in told.stdout
    answer = ask("coverage", code=1)
    (violation,) = answer["newsletters"][0]["violations"]
    assert (violation["breach"], violation["item_id"]) == ("unplaced", lost)
    assert not answer["proved"]
    # What was promised comes true.
    assert digest(*COMPOSE).exit_code == 0
    assert digest("coverage").exit_code == 0


def test_coverage_asks_for_a_day_and_a_newsletter_that_there_are(newsroom: Path) -> None:
    assert ask("coverage", "--since", "2026-05-19")["newsletters"][0]["editions"] == []
    for arguments, code, words in (
        (("--since", "yesterday"), 2, "is not a date such as 2026-05-18"),
        (("--newsletter", "monthly"), 3, "no newsletter"),
        (("--edition", "daily@2026-01-01T0700"), 3, "no edition"),
    ):
        result = digest("coverage", *arguments)
        assert (result.exit_code, words in result.stderr) == (code, True), result.stderr
