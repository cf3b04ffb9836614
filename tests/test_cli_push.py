"""`digest push`: what a person types, and what became of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from digest.cli import app
from newsroom import write_config

TWO = [
    {"id": "t1", "text": "The Orrin bridge is closed until noon."},
    {"id": "a1", "title": "Ferry runs again", "url": "https://cms.example/ferry"},
]


@pytest.fixture(autouse=True)
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = write_config(tmp_path)
    path.write_text(path.read_text() + '\n[[sources]]\nid = "ticker"\nkind = "push"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def digest(*arguments: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["push", *arguments], input=given)


def ask(*arguments: str, given: str | None = None) -> Any:
    result = digest(*arguments, "--json", given=given)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def counts(*arguments: str, given: str | None = None) -> tuple[int, int, int]:
    told = ask(*arguments, given=given)
    return told["new"], told["changed"], told["unchanged"]


def test_a_file_is_pushed_and_each_item_told_of(newsroom: Path) -> None:
    (newsroom / "items.json").write_text(json.dumps(TWO))
    told = digest("items.json")
    assert told.exit_code == 0
    assert told.stdout.splitlines() == [
        "t1: new",
        "a1: new",
        "ticker: 2 new, 0 changed, 0 unchanged",
    ]
    assert counts("items.json") == (0, 0, 2)
    other = TWO[0] | {"text": "The Orrin bridge is open, the police said."}
    (newsroom / "items.json").write_text(json.dumps([other, TWO[1]]))
    assert "t1: changed" in digest("items.json", "--source", "ticker").stdout


def test_standard_input_may_hold_json_lines() -> None:
    lines = "\n".join(map(json.dumps, TWO))
    assert counts("-", given=lines) == (2, 0, 0)


def test_a_brief_in_one_line() -> None:
    brief = ("--brief", "The tug Alderney has left.", "--topic", "harbour")
    assert counts(*brief) == (1, 0, 0)
    assert counts(*brief) == (0, 0, 1)
    assert counts("--brief", "The tug Alderney is back.") == (1, 0, 0)
    assert counts("--brief", "Wind from the west.", "--id", "wind") == (1, 0, 0)
    assert counts("--brief", "Wind from the east, rising.", "--id", "wind") == (0, 1, 0)


def test_an_article_in_one_line() -> None:
    told = ask(
        "--article", "Ferry runs again", "--url", "https://cms.example/ferry", "--text", "It ran.",
        "--at", "2026-05-18T05:30", "--author", "Ada Quill", "--author", "Tom Reed",
    )  # fmt: skip
    assert (told["source"], told["new"]) == ("ticker", 1)
    assert told["items"][0]["id"].startswith("cli-")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "name a file (- is standard input), or give --brief TEXT or --article TITLE"),
        (("--title", "A"), 2, "name a file"),
        (("items.json", "--brief", "A."), 2, "give one of a file, --brief and --article"),
        (("--article", "A", "--brief", "A."), 2, "give one of a file"),
        (("items.json", "--id", "a"), 2, "name a file"),
        (("--brief", "A.", "--text", "B."), 2, "is what stands behind --brief"),
        (("--article", "A", "--title", "B"), 2, "is what stands behind --article"),
        (("nothing.json",), 3, "nothing.json cannot be read: no such file or directory"),
        (("--brief", "A.", "--source", "desk"), 3, "there is ticker"),
        (("--brief", "A.", "--at", "noon"), 1, "published: wants a date and clock"),
        (("--brief", " "), 1, "text: is missing"),
    ],
)
def test_what_cannot_be_pushed_is_told_with_an_exit_code(
    arguments: tuple[str, ...], code: int, says: str
) -> None:
    told = digest(*arguments)
    assert told.exit_code == code, told.output
    assert says in told.stderr


def test_every_fault_of_a_file_is_told() -> None:
    told = digest("-", given='[{"id": "a"}, {"text": "A."}]')
    assert told.exit_code == 1
    assert [line.partition(": ")[2].partition(":")[0] for line in told.stderr.splitlines()] == [
        "items[0].text", "items[1].id",
    ]  # fmt: skip


def test_a_file_that_is_too_large_is_not_pushed_in_part(newsroom: Path) -> None:
    (newsroom / "items.json").write_bytes(json.dumps(TWO).encode() + b" " * 2_000_000)
    told = digest("items.json")
    assert told.exit_code == 1
    assert "larger than 2,000,000 bytes" in told.stderr
