"""`digest dkim` and `digest doctor`: what a person types and sees."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from digest.cli import dkim, doctor
from digest.mail.dkim import load_key
from dnspeer import NameServer, name_server_beside
from newsroom import write_config

APP = typer.Typer()
dkim.add_to(APP)
doctor.add_to(APP)


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A newsroom's folder, as the current one."""
    write_config(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def peer(newsroom: Path) -> Iterator[NameServer]:
    """The name server that config.toml names."""
    with name_server_beside() as server:
        path = newsroom / "config.toml"
        text = path.read_text().replace("[mail]", f'[mail]\nnameserver = "{server.address}"')
        path.write_text(text)
        yield server


def digest(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(APP, list(arguments))
    assert result.exit_code == code, result.output
    return result


def ask(*arguments: str, code: int = 0) -> Any:
    """The answer in JSON."""
    return json.loads(digest(*arguments, "--json", code=code).stdout)


def test_a_new_key_is_kept_and_everything_to_do_is_told(newsroom: Path) -> None:
    told = digest("dkim", "new", "--selector", "d1", "--bits", "1024").stdout
    path = newsroom / "data" / "dkim" / "d1.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    key = load_key(path.read_bytes(), selector="d1", domain="press.example")
    assert key.name in told
    assert key.record in told
    assert 'key = { file = "data/dkim/d1.pem" }' in told
    assert "PRIVATE" not in told


def test_a_long_record_is_shown_as_a_zone_file_wants_it(newsroom: Path) -> None:
    answer = ask("dkim", "new", "--selector", "d1")
    assert [len(piece) <= 255 for piece in answer["strings"]] == [True, True]
    assert "".join(answer["strings"]) == answer["value"]
    assert answer["bits"] == 2048
    with (newsroom / "config.toml").open("a") as file:
        file.write("\n" + answer["config"] + "\n")
    shown = digest("dkim", "show").stdout
    assert f'IN TXT ( "{answer["strings"][0]}" "{answer["strings"][1]}" )' in shown


def test_what_is_told_works_when_it_is_put_into_the_file(newsroom: Path) -> None:
    lines = [
        ask("dkim", "new", "--selector", "d1", "--bits", "1024")["config"],
        ask("dkim", "new", "--ed25519", "--selector", "e1", "--domain", "other.example")["config"],
    ]
    with (newsroom / "config.toml").open("a") as file:
        file.write("\n" + "\n".join(lines) + "\n")
    names = [row["name"] for row in ask("dkim", "show")]
    assert names == ["d1._domainkey.press.example", "e1._domainkey.other.example"]


def test_a_key_gets_a_name_of_its_month(newsroom: Path) -> None:
    assert ask("dkim", "new", "--ed25519")["selector"].startswith("e20")


def test_a_key_is_never_written_over(newsroom: Path) -> None:
    digest("dkim", "new", "--selector", "d1", "--ed25519")
    before = (newsroom / "data" / "dkim" / "d1.pem").read_bytes()
    assert "may be in use" in digest("dkim", "new", "--selector", "d1", code=4).stderr
    assert (newsroom / "data" / "dkim" / "d1.pem").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--selector", "Not One!"], "small letters, digits and hyphens"),
        (["--selector", "../d1"], "small letters, digits and hyphens"),
        (["--bits", "512"], "1024 to 4096 bits"),
        (["--ed25519", "--domain", "localhost"], "not a domain"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_written(
    newsroom: Path, arguments: list[str], words: str
) -> None:
    assert words in digest("dkim", "new", *arguments, code=2).stderr
    assert not (newsroom / "data" / "dkim").exists()


def test_without_a_key_showing_says_how_to_get_one(newsroom: Path) -> None:
    assert "digest dkim new" in digest("dkim", "show").stdout
    assert ask("dkim", "show") == []


def test_a_key_that_is_not_in_the_file_yet_is_shown_as_such(newsroom: Path) -> None:
    made = ask("dkim", "new", "--selector", "d1", "--ed25519")
    told = digest("dkim", "show").stdout
    assert "d1: ed25519-sha256, 256 bits, not in config.toml yet" in told
    assert made["value"] in told
    assert [row["in_config"] for row in ask("dkim", "show")] == [False]
    with (newsroom / "config.toml").open("a") as file:
        file.write("\n" + made["config"] + "\n")
    assert [row["in_config"] for row in ask("dkim", "show")] == [True]
    (newsroom / "data" / "dkim" / "broken.pem").write_text("no key")
    shown = digest("dkim", "show")
    assert "broken.pem cannot be used" in shown.stderr
    assert shown.stdout.startswith("d1: ")


def test_checking_without_a_key_is_no_success(newsroom: Path) -> None:
    assert "digest dkim new" in digest("dkim", "show", "--check", code=1).stdout


def test_checking_asks_dns(newsroom: Path, peer: NameServer) -> None:
    made = ask("dkim", "new", "--selector", "d1", "--ed25519")
    with (newsroom / "config.toml").open("a") as file:
        file.write("\n" + made["config"] + "\n")
    peer.put("press.example", "A", "192.0.2.1")
    assert "no such record" in digest("dkim", "show", "--check", code=1).stdout
    peer.put(made["name"], "TXT", made["value"])
    (row,) = ask("dkim", "show", "--check")
    assert row["check"]["verdict"] == "ok"


def test_the_doctor_says_what_is_wrong_and_what_to_publish(peer: NameServer) -> None:
    peer.put("press.example", "A", "192.0.2.1")
    told = digest("doctor", code=1).stdout
    assert "wrong   DMARC press.example: there is no record" in told
    assert "_dmarc.press.example TXT v=DMARC1; p=none" in told
    assert "weak    DKIM" in told
    answer = ask("doctor", code=1)
    assert not answer["well"]
    (dmarc,) = [one for one in answer["found"] if one["check"] == "dmarc"]
    assert dmarc["verdict"] == "wrong"
    assert dmarc["publish"]["kind"] == "TXT"


def test_the_doctor_is_content_where_nothing_is_wrong(newsroom: Path, peer: NameServer) -> None:
    path = newsroom / "config.toml"
    path.write_text(path.read_text().replace("http://localhost:8025", "https://press.example"))
    peer.put("press.example", "TXT", "v=spf1 mx ~all")
    peer.put("press.example", "MX", "5 mail.press.example.")
    peer.put("mail.press.example", "A", "192.0.2.1")
    peer.put("_dmarc.press.example", "TXT", "v=DMARC1; p=none; rua=mailto:d@press.example")
    told = digest("doctor").stdout
    assert "ok      SPF press.example" in told
    assert "wrong" not in told
    assert ask("doctor")["well"]
