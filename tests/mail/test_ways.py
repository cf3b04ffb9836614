import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from apipeer import KEY, KEY_ID, ApiPeer
from digest.errors import ConfigError, RelayDown
from digest.mail.fleet import Way
from digest.mail.relay import EmbeddedRelay
from digest.mail.transport import Reply, Transport
from digest.mail.ways import Inside, Password, build
from digest.settings import Settings
from fakes import FakeRelay

MAIL = b"From: news@press.example\r\nTo: bo@example.org\r\n\r\nhi\r\n"
TO = "bo@example.org"


def ways(base: Path, passwords: dict[str, Password] | None = None, **tables: Any) -> list[Way]:
    return build(
        Settings.model_validate(tables),
        passwords=passwords or {},
        ehlo_name="press.example",
        outbox=base / "outbox",
        folder=base / "mails",
        base=base,
    )


async def give(transport: Transport) -> Reply:
    async with transport:
        return await transport.send(MAIL, sender="", to=TO, started=lambda: None)


@pytest.mark.parametrize(
    ("mail", "name"),
    [
        ({}, "embedded"),
        ({"by": "folder"}, "folder"),
        ({"by": "sendmail"}, "sendmail"),
        ({"by": "smtp", "host": "mail.press.example"}, "mail.press.example"),
        ({"by": "lmtp", "socket": "lmtp.sock"}, "lmtp"),
        ({"by": "postmark", "password": {"env": "X"}}, "postmark"),
        ({"by": "ses", "region": "eu-west-1", "host": "mail.press.example"}, "ses"),
    ],
)
def test_the_one_way_of_mail_goes_by_its_host_or_its_kind(
    mail: dict[str, Any], name: str, tmp_path: Path
) -> None:
    (way,) = ways(tmp_path, mail=mail)
    assert (way.name, way.weight, way.standby) == (name, 1, False)


def test_named_relays_replace_it_with_their_weights(tmp_path: Path) -> None:
    relays = [
        {"name": "first", "host": "a.example", "weight": 3},
        {"name": "spare", "host": "b.example", "standby": True},
    ]
    found = ways(tmp_path, mail={"by": "folder"}, relays=relays)
    assert [(way.name, way.weight, way.standby) for way in found] == [
        ("first", 3, False),
        ("spare", 1, True),
    ]


def test_a_relay_without_a_host_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="host is empty"):
        ways(tmp_path, relays=[{"name": "first"}])


async def test_the_embedded_relay_keeps_mails_in_the_outbox(tmp_path: Path) -> None:
    (way,) = ways(tmp_path)
    reply = await give(way.transport)
    (kept,) = EmbeddedRelay(tmp_path / "outbox").messages()
    assert (kept.to, kept.message, reply.relay) == (TO, MAIL, "embedded")


async def test_an_outbox_that_cannot_be_written_is_the_relay_being_down(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    (way,) = ways(tmp_path)
    with pytest.raises(RelayDown, match="cannot start the embedded relay"):
        await give(way.transport)


async def test_outside_of_its_context_the_embedded_relay_is_closed(tmp_path: Path) -> None:
    (way,) = ways(tmp_path)
    assert isinstance(way.transport, Inside)
    assert way.transport.at_once == 8
    await give(way.transport)
    with pytest.raises(RelayDown, match="closed"):
        await way.transport.send(MAIL, sender="", to=TO, started=lambda: None)


async def test_folders_of_named_relays_are_apart(tmp_path: Path) -> None:
    relays = [{"name": name, "by": "folder"} for name in ("one", "two")]
    for way in ways(tmp_path, relays=relays):
        await give(way.transport)
    (own,) = ways(tmp_path, mail={"by": "folder"})
    await give(own.transport)
    found = sorted(path.relative_to(tmp_path).parent for path in tmp_path.rglob("*.eml"))
    assert found == [Path("mails"), Path("mails/one"), Path("mails/two")]


async def test_a_relay_is_greeted_by_name_and_gets_the_password_of_its_own(
    tmp_path: Path,
) -> None:
    async with FakeRelay(account=("digest", "harbour")) as relay:
        row = {
            "name": "first", "host": relay.host, "port": relay.port, "tls": "none",
            "username": "digest", "password": {"env": "X"},
        }  # fmt: skip
        (way,) = ways(
            tmp_path,
            {"first": lambda: "harbour", "": lambda: "another"},
            relays=[row],
        )
        assert (await give(way.transport)).relay == "first"
        (other,) = ways(tmp_path, relays=[row | {"ehlo_name": "out.press.example"}])
        with pytest.raises(RelayDown):
            await give(other.transport)
    greetings = {line for line in relay.commands if line.startswith("EHLO")}
    assert greetings == {"EHLO press.example", "EHLO out.press.example"}


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("ses", {"region": "eu-west-1", "username": KEY_ID}),
        ("postmark", {}),
        ("mailgun", {"domain": "mg.example"}),
    ],
)
async def test_providers_are_asked_with_the_password_of_mail(
    by: str, keys: dict[str, str], tmp_path: Path
) -> None:
    async with ApiPeer() as peer:
        mail = {"by": by, "api_url": peer.url, "password": {"env": "X"}, **keys}
        (way,) = ways(tmp_path, {"": lambda: KEY}, mail=mail)
        assert (await give(way.transport)).relay == by
    assert len(peer.taken) == 1


async def test_paths_begin_where_the_settings_are(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "mailer"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\ncat > "$(dirname "$0")/mail"\n')
    program.chmod(0o700)
    (way,) = ways(tmp_path, mail={"by": "sendmail", "command": ["bin/mailer", "-i"]})
    await give(way.transport)
    assert (program.parent / "mail").read_bytes() == MAIL.replace(b"\r\n", b"\n")
    (way,) = ways(tmp_path, mail={"by": "sendmail", "command": ["sh", "-c", "cat > /dev/null"]})
    assert (await give(way.transport)).code == 250


def test_what_is_not_named_is_not_loaded() -> None:
    script = (
        "import sys; from pathlib import Path; from digest.mail.ways import build; "
        "from digest.settings import Settings; here = Path(); "
        "build(Settings(mail={'by': 'folder'}), passwords={}, ehlo_name='', outbox=here, "
        "folder=here, base=here); "
        "print([name for name in ('httpx2', 'digest.mail.sendmail') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
