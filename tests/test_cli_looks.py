"""What `digest config`, `preview` and `status` say of how things look, and of what is no more."""

import webbrowser
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from digest.cli import app
from newsroom import write_config, write_day

ID = "daily@2026-05-18T0700"


def digest(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A newsroom in Dutch with a draft, as the current folder."""
    write_config(tmp_path, newsletter='language = "nl"')
    write_day(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    assert digest("collect").exit_code == 0
    assert digest("compose", "--date", "2026-05-18").exit_code == 0
    return tmp_path


def test_a_newsletter_in_a_language_without_words_is_told_of(newsroom: Path) -> None:
    for command in (("config",), ("preview", ID, "--no-screens")):
        told = digest(*command)
        assert told.exit_code == 0
        assert told.stderr.count("daily: the words around the stories are English") == 1
    config = (newsroom / "config.toml").read_text()
    (newsroom / "config.toml").write_text(config.replace('"nl"', '"de"'))
    assert "words" not in digest("config").stderr


def test_a_preview_that_cannot_be_written_may_be_tried_again(newsroom: Path) -> None:
    told = digest("preview", ID, "--no-screens", "--into", "config.toml")
    assert told.exit_code == 75
    assert "config.toml cannot be written" in told.stderr


def test_where_no_browser_opens_the_page_is_named(
    newsroom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _url: False)
    told = digest("preview", ID, "--no-screens", "--open")
    page = (newsroom / "preview" / "page.html").as_uri()
    assert f"no browser could be opened; the page is {page}" in told.stderr


def test_a_logo_that_is_not_there_is_a_fault_of_the_configuration(newsroom: Path) -> None:
    with (newsroom / "config.toml").open("a") as file:
        file.write('\n[brand]\nlogo = "logo.png"\n')
    told = digest("config")
    assert told.exit_code == 2
    assert "brand.logo: " in told.stderr


def test_who_chose_what_is_no_more_is_counted(newsroom: Path) -> None:
    row = "ann@example.com,harbour,2026-01-02,form\n"
    (newsroom / "people.csv").write_text(f"email,sections,consent_at,consent_from\n{row}")
    assert digest("subscribers", "import", "people.csv").exit_code == 0
    assert "no more" not in digest("status").stdout
    config = (newsroom / "config.toml").read_text()
    (newsroom / "config.toml").write_text(config.replace('"Harbour"', '"At sea"'))
    told = digest("status").stdout
    assert "daily: 1 chose sections that are no more (harbour); where one has another slug" in told
    changed = config.replace('"Harbour"', '"At sea"\n  was = ["harbour"]')
    (newsroom / "config.toml").write_text(changed)
    assert "no more" not in digest("status").stdout
