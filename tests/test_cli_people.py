"""`digest subscribers`: what is typed about one person, about many, about whom never to mail."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from digest.cli import app, show
from newsroom import people_csv, write_config, write_day

ANN = "ann@example.com"
AGREED = ("--consent-from", "the fair in Merrow", "--consent-at", "2026-01-02")


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A newsroom without readers, as the current folder."""
    write_config(tmp_path)
    monkeypatch.chdir(tmp_path)
    # Tables are read line by line here; how wide the console was found to be is chance.
    monkeypatch.setattr(show.out, "width", 250)
    return tmp_path


def people(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["subscribers", *arguments], input=answer)


def said(*arguments: str, code: int = 0, answer: str | None = None) -> str:
    """What was shown, on one line."""
    result = people(*arguments, answer=answer)
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def ask(*arguments: str) -> Any:
    """The answer in JSON."""
    result = people(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def take_in(folder: Path, number: int) -> None:
    (folder / "people.csv").write_text(people_csv(number))
    said("import", "people.csv")


# ------------------------------------------------------------------------- one person


def test_one_person_from_the_first_day_to_the_last(newsroom: Path) -> None:
    assert "gets The Daily" in said("add", ANN, *AGREED, "--name", "Ann", "--hour", "6")
    assert "they get it already" in said("add", ANN, *AGREED, code=4)
    assert ask("set", ANN, "--sections", "harbour", "--hour", "")["hour"] is None
    assert "--hour 'noon' is not an hour" in said("set", ANN, "--hour", "noon", code=4)
    assert ask("pause", ANN, "7") == {"paused": 1}
    assert ask("resume", ANN) == {"active": 1}
    assert ask("end", ANN) == {"ended": 1}
    shown = said("show", ANN)
    assert f"{ANN} Ann known since" in shown
    assert "daily: harbour" in shown
    assert "2026-01-02 00:00 UTC, the fair in Merrow" in shown
    assert [one["state"] for one in ask("show", ANN)["changes"]] == [
        "active", "paused", "active", "ended",
    ]  # fmt: skip
    assert "nothing was ever sent" in shown
    acts = [one["act"] for one in ask("audit", ANN)]
    assert acts == ["end", "resume", "pause", "set", "add"]
    assert "UTC" in said("audit")
    assert "Aborted" in said("erase", ANN, code=1, answer="n\n")
    assert said("erase", ANN, "--yes") == "erased"
    assert "cause erased" in said("show", ANN)
    assert ask("count") == {}


def test_tags_are_put_on_and_taken_off(newsroom: Path) -> None:
    said("add", ANN, *AGREED)
    assert ask("tag", ANN, "press", "trial") == {"tags": ["press", "trial"]}
    assert ask("tag", ANN, "vip", "--remove", "press", "--remove", "trial") == {"tags": ["vip"]}
    assert said("tag", ANN, "--", "-vip") == f"{ANN}: no tags"
    assert "--remove TAG" in said("tag", ANN, code=4)


def test_show_answers_what_they_got_and_why_it_stopped(newsroom: Path) -> None:
    write_day(newsroom)
    take_in(newsroom, 1)
    reader = "reader1@example.com"
    assert CliRunner().invoke(app, ["run", "--date", "2026-05-18"]).exit_code == 0
    said("suppress", reader, "--cause", "complaint")
    said("suppress", "example.com")
    shown = said("show", reader)
    # Before all else.
    assert shown.index("never mailed: this address, cause complaint") < shown.index("known since")
    assert f"lifted by: digest subscribers allow {reader}" in shown
    assert "never mailed: example.com and all below it, cause admin, since 20" in shown
    assert "The last 1 of 1 deliveries" in shown
    assert "UTC daily@2026-05-18T0700 sent 250 2.0.0 kept" in shown
    assert "What the newsroom did" in shown
    told = ask("show", reader)
    assert [one["cause"] for one in told["barred"]] == ["complaint", "admin"]
    assert told["deliveries"][0]["edition_id"] == "daily@2026-05-18T0700"


# ------------------------------------------------------------- who is never to be mailed


def test_of_a_stranger_who_is_barred_it_is_said_why_and_how_to_lift_it(newsroom: Path) -> None:
    assert "nobody with this address" in said("show", ANN, code=3)
    said("suppress", ANN, "--cause", "request")
    shown = said("show", ANN)
    assert "no subscriber" in shown
    assert "cause request, since 20" in shown
    assert f"digest subscribers allow {ANN}" in shown
    refused = said("add", ANN, *AGREED, code=4)
    assert "never to be mailed: request" in refused
    assert f"digest subscribers allow {ANN}" in refused
    assert "may be mailed again" in said("allow", ANN)
    assert "was not suppressed" in said("allow", ANN)
    said("suppress", "example.com")
    assert "digest subscribers allow example.com" in said("add", ANN, *AGREED, code=4)
    told = ask("show", "bob@news.example.com")
    assert (told["known"], told["barred"][0]["domain"]) == (False, "example.com")


def test_the_suppression_list_is_shown_by_cause_and_domain(newsroom: Path) -> None:
    assert said("suppress", "--list") == "nobody is on the suppression list"
    said("suppress", ANN, "bob@example.com", "--cause", "bounce")
    said("suppress", "spam.example", "mail.example")
    (newsroom / "more.txt").write_text("cy@example.com\nnobody\n")
    assert "Not understood" in said("suppress", "--file", "more.txt", code=1)
    told = ask("suppress", "--list")
    assert told["addresses"] == {"admin": 1, "bounce": 2}
    assert [one["domain"] for one in told["domains"]] == ["mail.example", "spam.example"]
    shown = said("suppress", "--list")
    assert "bounce 2" in shown
    assert "spam.example admin 20" in shown
    assert "or --list" in said("suppress", code=4)


def test_a_domain_of_many_readers_is_asked_about(newsroom: Path) -> None:
    take_in(newsroom, 11)
    refused = said("suppress", "Example.com", code=1, answer="n\n")
    assert "11 subscribers are at Example.com or below it" in refused
    assert ask("suppress", "--list")["domains"] == []
    assert "Example.com: never again" in said("suppress", "Example.com", answer="y\n")
    said("allow", "example.com")
    told = ask("suppress", "example.com", "other.example", "--yes")
    assert told["readers_below"] == {"example.com": 11, "other.example": 0}


# ------------------------------------------------------------------------- many at once


def test_filters_are_shown_kept_listed_used_and_dropped(newsroom: Path) -> None:
    take_in(newsroom, 3)
    said("tag", "reader2@example.com", "press")
    assert said("segments", "keep", "press", 'tag = "press"') == 'press: tag = "press"'
    # A name of a name is what the first one means now.
    said("segments", "keep", "papers", "press")
    assert ask("segments", "list") == {"papers": 'tag = "press"', "press": 'tag = "press"'}
    assert ask("segments", "show", "papers")["first"] == [["reader2@example.com", "daily"]]
    exported = people("export", "--segment", "press").stdout
    assert "reader2@example.com" in exported
    assert "reader1@example.com" not in exported
    assert ask("segments", "show", 'domain = "example.com"', "--most", "0")["people"] == 3
    assert "press: forgotten" in said("segments", "drop", "press")
    assert "there are: papers" in said("segments", "drop", "press", code=3)


@pytest.mark.parametrize("command", [("segments", "show"), ("export", "--segment")])
def test_a_name_that_no_filter_has_is_no_error_of_grammar(
    newsroom: Path, command: tuple[str, str]
) -> None:
    assert "no filter is called 'nosuch'; none has a name yet" in said(*command, "nosuch", code=3)


def test_a_filter_that_names_what_is_not_there_is_refused(newsroom: Path) -> None:
    for wrong, hint in (
        ('section = "harbor"', 'there is no section "harbor"; did you mean "harbour"?'),
        ('not (newsletter = "dayly")', 'did you mean "daily"?'),
        ('state in ("active", "activ")', 'there is no state "activ"; did you mean "active"?'),
        ("tag = ", "at 6: tag is compared with text"),
    ):
        assert hint in said("segments", "keep", "wrong", wrong, code=4)
    assert "is everybody" in said("segments", "keep", "all", " ", code=4)
    assert "no signs of a filter" in said("segments", "keep", "a=b", 'tag = "x"', code=4)


def test_what_was_exported_can_be_imported(newsroom: Path) -> None:
    take_in(newsroom, 3)
    said("export", "--to", "all.csv")
    assert "3 known before" in said("import", "all.csv")
    assert ask("count") == {"active": 3}
    (newsroom / "other.csv").write_text("Adresse\ndee@example.com\n")
    lost = said("import", "other.csv", code=3)
    assert "no column email; it has Adresse." in lost
    assert '--map email="COLUMN"' in lost
    mapped = ("import", "other.csv", "--map", "email=Adresse")
    assert "--consent-at 2026-01-31" in said(*mapped, code=3)
    assert "--consent-from" in said(*mapped, "--consent-at", "2026-01-02", code=3)
    terms = ("--map", "email=Adresse", *AGREED)
    assert "1 would be subscribed" in said("import", "other.csv", "--dry-run", *terms)
    assert ask("import", "other.csv", *terms)["added"] == 1
    assert "write FIELD=COLUMN" in said("import", "other.csv", "--map", "Adresse", code=4)
