"""The embedded relay: what it keeps, and that "250" is a promise."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from digest.errors import Deferred, MailError, RelayDown
from digest.mail import EmbeddedRelay, Kept, Reply, SmtpTransport
from digest.settings import Mail

MAIL = b"Subject: Tides\r\n\r\n.High at six.\r\n..\r\n.\r\n\r\nCaf\xc3\xa9\r\n"


def transport(port: int, connections: int = 4) -> SmtpTransport:
    mail = Mail(host="127.0.0.1", port=port, tls="none", timeout_s=10, connections=connections)
    return SmtpTransport(mail, password=None, ehlo_name="")


async def send(out: SmtpTransport, to: str, message: bytes = MAIL) -> Reply:
    return await out.send(message, sender="news@example.org", to=to, started=lambda: None)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_mail_is_kept_octet_for_octet_under_its_envelope_recipient(tmp_path: Path) -> None:
    async with EmbeddedRelay(tmp_path / "a" / "mails") as relay:
        assert relay.host == "127.0.0.1"
        async with transport(relay.port) as out:
            reply = await send(out, "bo@example.org")
        [kept] = relay.messages()
    assert (kept.to, kept.message) == ("bo@example.org", MAIL)
    assert reply == Reply(250, "2.0.0", f"2.0.0 kept as {kept.key}", "127.0.0.1")
    [name] = names(tmp_path / "a" / "mails" / "new")
    assert (relay.maildir / "new" / name).read_bytes() == (
        b"Delivered-To: bo@example.org\r\n" + MAIL
    )
    assert names(relay.maildir / "tmp") == []


async def test_many_mails_at_once_are_all_kept_and_come_newest_first(tmp_path: Path) -> None:
    people = [f"p{n}@example.org" for n in range(200)]
    async with EmbeddedRelay(tmp_path) as relay, transport(relay.port, 8) as out:
        replies = await asyncio.gather(
            *(send(out, to, MAIL + to.encode() + b"\r\n") for to in people)
        )
        first = await send(out, "last-but-one@example.org")
        last = await send(out, "last@example.org")
    kept = list(relay.messages())
    assert [mail.to for mail in kept[:2]] == ["last@example.org", "last-but-one@example.org"]
    assert sorted(mail.to for mail in kept[2:]) == sorted(people)
    assert all(mail.message == MAIL + mail.to.encode() + b"\r\n" for mail in kept[2:])
    assert {mail.key for mail in kept} == {
        reply.text.split()[-1] for reply in [*replies, first, last]
    }
    assert names(tmp_path / "tmp") == []


async def test_a_big_mail_and_an_address_that_is_not_ascii_are_kept(tmp_path: Path) -> None:
    big = b"A: b\r\n\r\n" + b".a line of a long morning mail\r\n" * 30_000
    async with EmbeddedRelay(tmp_path) as relay, transport(relay.port) as out:
        await send(out, "bø@example.org", big)
        [kept] = relay.messages()
    assert (kept.to, kept.message) == ("bø@example.org", big)


async def test_what_was_kept_is_there_after_a_restart_and_while_not_running(
    tmp_path: Path,
) -> None:
    for to in ("bo@example.org", "cy@example.org"):
        async with EmbeddedRelay(tmp_path) as relay, transport(relay.port) as out:
            await send(out, to)
    assert [mail.to for mail in EmbeddedRelay(tmp_path).messages()] == [
        "cy@example.org",
        "bo@example.org",
    ]


def test_before_the_first_mail_there_are_none(tmp_path: Path) -> None:
    assert list(EmbeddedRelay(tmp_path / "nothing").messages()) == []


async def test_a_mail_that_was_read_and_one_of_another_program_are_listed_too(
    tmp_path: Path,
) -> None:
    async with EmbeddedRelay(tmp_path) as relay, transport(relay.port) as out:
        await send(out, "bo@example.org")
    [name] = names(tmp_path / "new")
    (tmp_path / "new" / name).rename(tmp_path / "cur" / f"{name}:2,S")
    (tmp_path / "new" / "1.other").write_bytes(b"Subject: foreign\n\nhi\n")
    (tmp_path / "new" / "odd").write_bytes(b"x")
    assert list(relay.messages()) == [
        Kept(name, "bo@example.org", MAIL),
        Kept("1.other", "", b"Subject: foreign\n\nhi\n"),
        Kept("odd", "", b"x"),
    ]


async def test_a_mail_removed_while_listing_is_passed_over(tmp_path: Path) -> None:
    async with EmbeddedRelay(tmp_path) as relay, transport(relay.port) as out:
        await send(out, "bo@example.org")
        await send(out, "cy@example.org")
    listing = relay.messages()
    assert next(listing).to == "cy@example.org"
    for name in names(tmp_path / "new"):
        (tmp_path / "new" / name).unlink()
    assert list(listing) == []


async def test_listing_from_threads_while_mails_arrive_sees_only_whole_ones(
    tmp_path: Path,
) -> None:
    async with EmbeddedRelay(tmp_path) as relay, transport(relay.port) as out:
        sending = [asyncio.create_task(send(out, f"p{n}@example.org")) for n in range(60)]
        while not all(task.done() for task in sending):
            for mail in await asyncio.to_thread(list, relay.messages()):
                assert mail.message == MAIL
        await asyncio.gather(*sending)
        assert len(list(relay.messages())) == 60


async def test_a_maildir_that_cannot_be_written_is_answered_with_later(tmp_path: Path) -> None:
    async with EmbeddedRelay(tmp_path) as relay, transport(relay.port) as out:
        (tmp_path / "new").rmdir()
        with pytest.raises(Deferred, match=r"4\.3\.1 cannot write to the Maildir"):
            await send(out, "bo@example.org")
        assert names(tmp_path / "tmp") == []
        (tmp_path / "new").mkdir()
        assert (await send(out, "bo@example.org")).code == 250


async def test_a_maildir_that_cannot_be_made_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RelayDown, match="cannot start the embedded relay"):
        async with EmbeddedRelay(tmp_path / "file"):
            pass


async def test_a_port_that_is_taken_is_said_at_once(tmp_path: Path) -> None:
    async with EmbeddedRelay(tmp_path) as relay:
        with pytest.raises(RelayDown, match="cannot start the embedded relay"):
            async with EmbeddedRelay(tmp_path, port=relay.port):
                pass


async def test_it_takes_one_recipient_a_message(tmp_path: Path) -> None:
    async with EmbeddedRelay(tmp_path) as relay:
        reader, writer = await asyncio.open_connection(relay.host, relay.port)
        answers = []
        for command in ("HELO x", "MAIL FROM:<a@b.example>", "RCPT TO:<bo@b.example>"):
            answers.append(await reader.readline())
            writer.write(command.encode() + b"\r\n")
        answers.append(await reader.readline())
        writer.write(b"RCPT TO:<cy@b.example>\r\n")
        answers.append(await reader.readline())
        writer.close()
        await writer.wait_closed()
    assert [answer[:3] for answer in answers] == [b"220", b"250", b"250", b"250", b"452"]


async def test_closing_ends_connections_that_are_still_open(tmp_path: Path) -> None:
    async with EmbeddedRelay(tmp_path) as relay:
        out = transport(relay.port)
        await send(out, "bo@example.org")
    with pytest.raises(RelayDown):
        await send(out, "cy@example.org")
    await out.__aexit__(None, None, None)


async def test_no_address_reaches_a_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with EmbeddedRelay(tmp_path) as relay, transport(relay.port) as out:
        await send(out, "bo@example.org")
    assert "example.org" not in caplog.text


async def test_forgotten_drafts_go_and_fresh_ones_stay(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    for name, age_h in (("old", 37), ("fresh", 1)):
        draft = tmp_path / "tmp" / name
        draft.write_bytes(b"half a m")
        stamp = draft.stat().st_mtime - age_h * 3600
        os.utime(draft, (stamp, stamp))
    async with EmbeddedRelay(tmp_path):
        pass
    assert names(tmp_path / "tmp") == ["fresh"]


# ------------------------------------------------------------------------- killed

_PROGRAM = """
import asyncio, sys
from pathlib import Path
from digest.mail import EmbeddedRelay

async def main():
    async with EmbeddedRelay(Path(sys.argv[1])) as relay:
        print(relay.port, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def start_relay(maildir: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", _PROGRAM, maildir], stdout=subprocess.PIPE)


async def test_killed_in_the_middle_what_was_accepted_is_there_and_whole(tmp_path: Path) -> None:
    relay = start_relay(tmp_path)
    try:
        assert relay.stdout is not None
        port = int(await asyncio.to_thread(relay.stdout.readline))
        accepted: set[str] = set()
        started: set[str] = set()
        failed: list[MailError] = []

        async def one(out: SmtpTransport, to: str) -> None:
            message = MAIL + to.encode() + b"\r\n" + b"words " * 9 + b"\r\n"
            try:
                await out.send(
                    message, sender="a@b.example", to=to, started=lambda: started.add(to)
                )
                accepted.add(to)
            except MailError as error:
                failed.append(error)
            if len(accepted) == 60:
                relay.send_signal(signal.SIGKILL)

        async with transport(port, 8) as out:
            await asyncio.gather(*(one(out, f"p{n}@example.org") for n in range(300)))
    finally:
        relay.kill()
        relay.communicate()
    assert len(accepted) >= 60
    assert len(failed) == 300 - len(accepted)
    check_whole(EmbeddedRelay(tmp_path).messages(), accepted, started)


def check_whole(kept: Iterable[Kept], accepted: set[str], started: set[str]) -> None:
    arrived = set()
    for mail in kept:
        assert mail.message.endswith(mail.to.encode() + b"\r\n" + b"words " * 9 + b"\r\n")
        arrived.add(mail.to)
    assert accepted <= arrived <= started
    # In doubt: one message a connection at most.
    assert len(started - accepted) <= 8
