"""The command line: what a person types, sees, and gets as an exit code."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from digest.cli import app
from newsroom import (
    SEEDS,
    accepted,
    people_csv,
    run_digest,
    write_article,
    write_config,
    write_day,
)

ID = "daily@2026-05-18T0700"
DAY = ("--date", "2026-05-18")


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A newsroom with three pieces of news and four readers, as the current folder."""
    write_config(tmp_path)
    write_day(tmp_path)
    (tmp_path / "people.csv").write_text(people_csv(4))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    assert digest("subscribers", "import", "people.csv").exit_code == 0
    return tmp_path


def digest(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def ask(*arguments: str, code: int = 0) -> Any:
    """The answer in JSON."""
    result = digest(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_a_run_does_everything_and_a_second_one_nothing(newsroom: Path) -> None:
    first = ask("run", *DAY)
    assert (first["edition"], first["state"], first["already_done"]) == (ID, "sent", False)
    assert first["deliveries"]["sent"] == 4
    assert Path(first["where"]["page"]).exists()
    second = ask("run", *DAY)
    assert second["already_done"]
    assert len(accepted(newsroom)) == 4
    told = digest("run", *DAY)
    assert "nobody was written to twice" in told.stdout
    assert "--again" in told.stdout


def test_again_has_to_be_asked_for_and_makes_a_further_edition(newsroom: Path) -> None:
    ask("run", *DAY)
    again = ask("run", *DAY, "--again")
    assert again["edition"] != ID
    assert (again["stories"], again["deliveries"]["sent"]) == (3, 4)
    assert ask("run", *DAY, "--again")["edition"] not in (ID, again["edition"])
    assert len(accepted(newsroom)) == 12


def test_a_dry_run_sends_nothing_and_writes_the_messages(newsroom: Path) -> None:
    done = ask("run", *DAY, "--dry-run", "mails")
    assert (done["state"], done["written"]) == ("not kept", 4)
    assert ask("status")["editions"] == []
    assert len(list((newsroom / "mails").glob("*.eml"))) == 4
    assert accepted(newsroom) == []
    assert not (newsroom / "out").exists() or not list((newsroom / "out").rglob("feed.rss"))
    assert ask("run", *DAY)["deliveries"]["sent"] == 4


def test_the_report_names_what_could_not_be_read_and_what_to_do(newsroom: Path) -> None:
    (newsroom / "desk" / "noise.txt").write_bytes(bytes(range(32)) * 40)
    told = digest("run", *DAY).stdout
    assert "Could not be read" in told
    assert "noise.txt" in told
    assert "save the page as text or HTML" in " ".join(told.split())
    assert "4 of 4" in told


def test_the_steps_by_hand(newsroom: Path) -> None:
    assert ask("collect")["sources"][0]["new"] == 3
    assert ask("compose", *DAY)["state"] == "draft"
    assert ask("send", ID, "--to", "editor@example.com")["reply"].startswith("250")
    assert digest("send", ID).exit_code == 4
    assert ask("approve", ID)["state"] == "approved"
    assert ask("publish")["changed"] == []
    assert ask("send", ID)["deliveries"]["sent"] == 4
    assert sorted(accepted(newsroom))[0] == "editor@example.com"


def test_an_empty_day_is_recorded_and_shown(newsroom: Path) -> None:
    for path in (newsroom / "desk").iterdir():
        path.unlink()
    assert ask("run", *DAY)["state"] == "skipped"
    assert "nothing new" in digest("status").stdout
    assert accepted(newsroom) == []


def test_status_shows_where_everything_stands(newsroom: Path) -> None:
    ask("run", *DAY)
    found = ask("status")
    assert found["editions"][0]["deliveries"]["sent"] == 4
    assert found["newsletters"][0]["subscriptions"] == {"active": 4}
    assert found["sources"][0]["failures"] == 0
    assert ID in digest("status").stdout


def test_a_preview_is_written_and_printed(newsroom: Path) -> None:
    ask("run", *DAY)
    seen = ask("preview", ID, "--no-screens")
    assert [Path(name).name for name in seen["files"]] == [
        "page.html", "mail.html", "mail.txt", "mail.eml", "lint.txt",
    ]  # fmt: skip
    told = digest("preview", "--no-screens", "--text").stdout
    assert "Ferry runs again" in told
    assert "set base_url before readers" in " ".join(told.split())


def test_a_preview_may_be_of_another_form_or_language(newsroom: Path) -> None:
    ask("run", *DAY)
    seen = ask("preview", ID, "--no-screens", "--form", "text")
    assert "mail.html" not in [Path(name).name for name in seen["files"]]
    assert not (newsroom / "preview" / "mail.html").exists()
    assert "Abbestellen" in ask("preview", ID, "--no-screens", "--language", "de")["text"]
    assert digest("preview", "--no-screens", "--language", "xx").exit_code == 3


def test_a_theme_is_copied_and_then_the_copy_is_used(newsroom: Path) -> None:
    assert "newspaper.mjml" in ask("templates")["templates"]
    assert digest("templates", "copy", "plain", "ours").exit_code == 0
    assert digest("templates", "copy", "plain", "ours").exit_code == 4
    assert digest("templates", "copy", "brief.txt").exit_code == 0
    assert digest("templates", "copy", "nothing").exit_code == 3
    own = newsroom / "templates" / "email" / "ours.mjml"
    own.write_text(own.read_text().replace("<mj-body", "<mj-boddy", 1))
    config = newsroom / "config.toml"
    config.write_text(
        config.read_text().replace('slug = "daily"', 'slug = "daily"\ntheme = "ours"')
    )
    told = digest("run", *DAY)
    assert told.exit_code == 1
    assert "ours.mjml:" in told.stderr
    assert "did you mean mj-body?" in told.stderr


def test_deliveries_lists_people_by_state(newsroom: Path) -> None:
    ask("run", *DAY)
    assert ask("deliveries", ID)["people"] == []
    assert len(ask("deliveries", ID, "--state", "sent")["people"]) == 4


def test_a_folder_or_file_can_be_named_by_hand(newsroom: Path) -> None:
    done = ask("run", *DAY, "--source", str(SEEDS / "pages"))
    assert done["sources"][0]["documents"] == 16
    assert done["sources"][0]["articles"] == 16
    assert done["deliveries"]["sent"] == 4


def test_read_shows_how_documents_are_understood(newsroom: Path) -> None:
    pages = SEEDS / "pages"
    result = digest("read", str(pages), str(SEEDS / "hostile" / "empty.txt"), "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert len(lines) == 17
    assert lines[-1]["kind"] == "unreadable"
    assert lines[-1]["problems"]
    assert all(line["articles"] for line in lines[:-1])
    told = digest("read", str(SEEDS / "notes"))
    assert told.exit_code == 0
    assert "article:" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("run", "--config", "nowhere.toml"), 2, "nowhere.toml"),
        (("run", "--date", "yesterday"), 2, "is not a date"),
        (("run", "--newsletter", "weekly"), 3, "config.toml has no newsletter 'weekly'"),
        (("run", "--source", "nowhere"), 3, "there is no file or folder nowhere"),
        (("send",), 3, "there is no edition yet"),
        (("approve", "daily@2020-01-01T0700"), 3, "there is no edition"),
        (("subscribers", "import", "nowhere.csv"), 3, "cannot be read"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_a_code(
    newsroom: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = digest(*arguments)
    assert result.exit_code == code, result.output
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_a_suppressed_address_is_mailed_no_more(newsroom: Path) -> None:
    assert digest("subscribers", "suppress", "Reader2@example.com").exit_code == 0
    assert digest("subscribers", "suppress", "not an address").exit_code == 3
    counts = ask("run", *DAY)["deliveries"]
    assert (counts["sent"], counts["skipped"]) == (3, 1)
    assert "reader2@example.com" not in accepted(newsroom)


def test_an_approved_edition_cannot_be_approved_again(newsroom: Path) -> None:
    ask("run", *DAY)
    assert digest("approve", ID).exit_code == 4
    assert digest("cancel", ID).exit_code == 4


def test_every_fault_of_the_configuration_is_named(newsroom: Path) -> None:
    (newsroom / "config.toml").write_text('[site]\nnmae = "x"\n[serve]\nport = "y"\n')
    result = digest("status")
    assert result.exit_code == 2
    assert "did you mean" in result.stderr
    assert "serve.port" in result.stderr


def test_config_prints_what_is_in_force(newsroom: Path) -> None:
    rows = {row["key"]: row for row in ask("config")}
    assert rows["site.name"]["value"] == '"Test Press"'
    assert "line" in rows["site.name"]["from"]
    assert rows["serve.port"]["from"] == "default"


def test_a_relay_that_does_not_answer_is_for_later(newsroom: Path) -> None:
    write_config(newsroom, mail='by = "smtp"\nhost = "127.0.0.1"\nport = 1\ntls = "none"')
    result = digest("run", *DAY)
    assert result.exit_code == 75
    write_config(newsroom)
    write_article(newsroom, "more-news", "Something else happened in the evening of Sunday.")
    assert ask("run", *DAY)["deliveries"]["sent"] == 4


def test_an_edition_for_nobody_waits_for_the_first_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    monkeypatch.chdir(tmp_path)
    told = digest("run", *DAY)
    assert "Nobody is subscribed yet" in told.stdout
    (tmp_path / "people.csv").write_text(people_csv(2))
    assert digest("subscribers", "import", "people.csv").exit_code == 0
    assert ask("run", *DAY)["deliveries"]["sent"] == 2


def test_a_file_name_that_is_no_text_stops_nothing(newsroom: Path) -> None:
    bad = os.fsencode(newsroom / "desk") + b"/bad\xff.txt"
    Path(os.fsdecode(bad)).write_bytes(b"")
    done = ask("run", *DAY)
    assert done["deliveries"]["sent"] == 4
    assert done["sources"][0]["faults"][0][0] == "bad\\xff.txt"
    assert digest("read", "desk", "--json").exit_code == 1


def test_a_broken_template_is_found_before_anybody_is_promised_anything(newsroom: Path) -> None:
    own = newsroom / "templates" / "email"
    own.mkdir(parents=True)
    (own / "edition.txt").write_text("line one\n[% if %]\n")
    result = digest("run", *DAY)
    assert result.exit_code == 1
    assert "edition.txt:2" in result.stderr
    assert ask("status")["editions"][0]["edition"]["state"] == "draft"
    (own / "edition.txt").unlink()
    assert ask("run", *DAY)["deliveries"]["sent"] == 4


def test_the_report_comes_even_when_sending_fails(newsroom: Path) -> None:
    write_config(newsroom, mail='by = "smtp"\nhost = "127.0.0.1"\nport = 1\ntls = "none"')
    told = ask("run", *DAY, code=75)
    assert told["sources"][0]["new"] == 3
    assert told["deliveries"]["pending"] == 4


def test_what_cannot_be_used_is_named(newsroom: Path) -> None:
    (newsroom / "data" / "digest.db").write_bytes(b"no database" * 1000)
    for name in ("digest.db-wal", "digest.db-shm"):
        (newsroom / "data" / name).unlink(missing_ok=True)
    result = digest("status")
    assert (result.exit_code, "does not answer" in result.stderr) == (75, True), result.output
    (newsroom / "out").rmdir()
    (newsroom / "out").write_text("a file")
    result = digest("status")
    assert (result.exit_code, "output.folder" in result.stderr) == (2, True), result.output


def test_a_port_that_is_taken_is_one_sentence(newsroom: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        text = (newsroom / "config.toml").read_text()
        port = taken.getsockname()[1]
        (newsroom / "config.toml").write_text(f"[serve]\nport = {port}\n{text}")
        result = run_digest(newsroom, "serve")
    assert result.returncode == 2
    assert "serve.port" in result.stderr
    assert "Traceback" not in result.stderr


def test_serve_runs_the_clock_and_stops_when_asked(newsroom: Path) -> None:
    text = (newsroom / "config.toml").read_text()
    (newsroom / "config.toml").write_text(f"[serve]\nport = 0\ntick_s = 0.2\n{text}")
    command = [sys.executable, "-m", "digest", "serve"]
    with subprocess.Popen(command, cwd=newsroom, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        address = process.stderr.readline().split()[1]
        try:
            for path in ("health", "outbox"):
                with urllib.request.urlopen(address + path, timeout=20) as answer:
                    assert answer.status == 200
        finally:
            process.terminate()
        assert process.wait(timeout=20) == 0
