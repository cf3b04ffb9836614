"""The steps of composing by themselves, and why an edition is as it is."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from digest.cli import app
from newsroom import SEEDS, write_config, write_day

DAY = ("--date", "2026-05-18")
PAGES = SEEDS / "pages"


def digest(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def lines(result: Result, code: int = 0) -> list[Any]:
    assert result.exit_code == code, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_file_is_summarised_in_its_own_sentences() -> None:
    path = PAGES / "courier-ferry-adrift.txt"
    found = lines(digest("summarize", path, "--words", "60", "--json"))
    article = next(told for told in found if told["kind"] == "article")
    assert 20 <= article["words"] <= 75
    text = " ".join(path.read_text().split())
    assert all(sentence["text"] in text for sentence in article["sentences"])
    assert article["why"]
    told = digest("summarize", path, "--words", "60")
    assert article["text"] in told.stdout
    assert article["why"] in told.stdout


def test_a_summary_tells_who_said_what_is_quoted(tmp_path: Path) -> None:
    path = tmp_path / "quay.md"
    path.write_text(
        "---\ntitle: Quay stays open\n---\n"
        "The quay stays open all summer. “We need the trade,” said Berit Lomas of the harbour "
        "office.\n"
    )
    (found,) = lines(digest("summarize", path, "--json"))
    assert found["quotations"] == [{"quote": "We need the trade,", "speaker": "Berit Lomas"}]


def test_a_file_that_is_not_there_is_named_and_ends_with_one(tmp_path: Path) -> None:
    result = digest("summarize", tmp_path / "none.txt", PAGES / "courier-oysters.txt", "--json")
    assert lines(result, code=1)
    assert "none.txt" in result.stderr
    assert digest("stories", tmp_path / "none.txt").exit_code == 1


def test_files_are_put_together_as_stories() -> None:
    found = lines(digest("stories", *sorted(PAGES.glob("*.txt")), "--json"))
    ids = [item["id"] for story in found for item in story["items"] + story["copies"]]
    assert len(ids) == len(set(ids)) > len(found)
    assert [story["score"] for story in found] == sorted(
        (story["score"] for story in found), reverse=True
    )
    several = next(story for story in found if len(story["items"]) > 1)
    assert any(reason["about"] == "together" for reason in several["why"])
    assert "score" not in found[0]["terms"]
    shown = digest("stories", *sorted(PAGES.glob("*.txt")))
    assert several["headline"] in shown.stdout


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_config(tmp_path, newsletter="max_briefs = 0")
    write_day(tmp_path)
    (tmp_path / "desk" / "old.md").write_text(
        "---\ntitle: Old news\ndate: 2026-04-01T08:00\nurl: https://desk.example/old\n---\n"
        "The mill was sold in April, its owners said.\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    return tmp_path


def test_an_edition_says_why_before_and_after_it_has_gone_out(newsroom: Path) -> None:
    assert digest("collect").exit_code == 0
    told = digest("compose", *DAY, "--explain")
    assert told.exit_code == 0, told.output
    for words in ("HARBOUR", "1.1 ", "score ", "recency", "section: ", "LEFT OUT, old (1)"):
        assert words in told.stdout, words
    (found,) = lines(digest("compose", *DAY, "--explain", "--json"))
    assert found["content"]["left_out"][0]["cause"] == "old"
    assert found["content"]["sections"][0]["stories"][0]["why"]
    assert found["model"]["answers"] == 0
    assert digest("approve").exit_code == 0
    assert "LEFT OUT, old (1)" in digest("compose", *DAY, "--explain").stdout


def test_sections_are_learned_from_an_archive(newsroom: Path) -> None:
    words = {"Harbour": "tug quay tide berth", "Elsewhere": "wages orders bank budget"}
    rows = [
        {"title": f"{said} {number}", "text": f"{said}. " * 5, "section": section}
        for section, said in words.items()
        for number in range(12)
    ]
    (newsroom / "archive.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (found,) = lines(digest("train-sections", "--archive", "archive.jsonl", "--json"))
    assert found["accuracy"] == 1.0
    assert Path(found["file"]).exists()
    said = digest("train-sections", "--archive", "archive.jsonl", "--dry-run")
    assert "100.0% right in five-fold cross-validation of 24 examples" in said.stdout
    assert digest("train-sections").exit_code == 4


def test_a_run_does_not_let_out_what_is_too_short(tmp_path: Path, monkeypatch: Any) -> None:
    write_config(tmp_path, newsletter='min_items = 9\nwhen_short = "hold"')
    write_day(tmp_path)
    monkeypatch.chdir(tmp_path)
    (found,) = lines(digest("run", *DAY, "--json"))
    assert found["state"] == "draft"
    assert not (tmp_path / "out" / "editions" / "daily" / "2026-05-18T0700").exists()
    assert digest("approve").exit_code == 0


def test_of_several_editions_a_day_each_can_be_made_by_its_clock(
    tmp_path: Path, monkeypatch: Any
) -> None:
    write_config(tmp_path, newsletter="send_at = [07:00:00, 18:00:00]")
    write_day(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert digest("collect").exit_code == 0
    (evening,) = lines(digest("compose", "--date", "2026-05-18T18:00", "--json"))
    assert evening["edition"] == "daily@2026-05-18T1800"
    (morning,) = lines(digest("compose", *DAY, "--json"))
    assert morning["edition"] == "daily@2026-05-18T0700"
    assert digest("compose", "--date", "2026-05-18T25:00").exit_code == 2


def test_an_edition_that_nobody_has_seen_is_not_shown_again(newsroom: Path) -> None:
    assert digest("collect").exit_code == 0
    assert digest("compose", "--date", "2026-05-18").exit_code == 0
    (found,) = lines(digest("compose", "--again", "--json"))
    # The draft keeps its items: there is nothing for a further one.
    assert found["state"] == "skipped"
