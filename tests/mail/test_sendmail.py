import asyncio
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from digest.errors import Deferred, MailError, Refused, RelayDown, Vanished
from digest.mail.sendmail import SendmailTransport
from digest.settings import NamedRelay

MAIL = b"To: bo@example.org\r\n\r\n.a dot\r\nCaf\xc3\xa9\r\n"
BIG = b"To: bo@example.org\r\n\r\n" + b"long\r\n" * 100_000
TO = "bo@example.org"


def program(folder: Path, *lines: str, name: str = "mailer") -> Path:
    """A script that is called like sendmail; it has *folder* to write to."""
    path = folder / name
    path.write_text("\n".join(["#!/bin/sh", f"cd {folder}", *lines]) + "\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


#: Keeps its arguments, one a line, and what it reads.
KEEPS = ('printf "%s\\n" "$@" > arguments', "cat > message")


def transport(path: Path | str, *arguments: str, **keys: object) -> SendmailTransport:
    table = {"name": "local", "by": "sendmail", "command": [str(path), *arguments], **keys}
    return SendmailTransport(NamedRelay.model_validate(table), name="local")


async def fails(out: SendmailTransport, message: bytes = MAIL, *, begun: bool = True) -> MailError:
    calls: list[int] = []
    async with out:
        with pytest.raises(MailError) as caught:
            await out.send(message, sender="", to=TO, started=lambda: calls.append(1))
    assert calls == [1] * begun
    assert caught.value.relay == "local"
    return caught.value


async def test_a_program_gets_the_envelope_as_arguments_and_lines_as_unix_has_them(
    tmp_path: Path,
) -> None:
    async with transport(program(tmp_path, *KEEPS), "-i") as out:
        reply = await out.send(
            MAIL, sender="verp+1@press.example", to="bo@höfe.example", started=lambda: None
        )
    assert (tmp_path / "message").read_bytes() == MAIL.replace(b"\r\n", b"\n")
    assert (tmp_path / "arguments").read_text().split("\n")[:-1] == [
        "-i", "-f", "verp+1@press.example", "--", "bo@xn--hfe-sna.example",
    ]  # fmt: skip
    assert (reply.code, reply.relay) == (250, "local")


async def test_nobody_as_sender_is_written_as_a_path_with_nothing_in_it(tmp_path: Path) -> None:
    async with transport(program(tmp_path, *KEEPS)) as out:
        await out.send(MAIL, sender="", to=TO, started=lambda: None)
    assert (tmp_path / "arguments").read_text() == f"-f\n<>\n--\n{TO}\n"


async def test_an_address_gives_no_orders(tmp_path: Path) -> None:
    odd = "-oQ/tmp;touch$IFS'x'`y`&&$(z)@example.org"
    async with transport(program(tmp_path, *KEEPS)) as out:
        await out.send(MAIL, sender="-bi@press.example", to=odd, started=lambda: None)
    assert (tmp_path / "arguments").read_text() == f"-f\n-bi@press.example\n--\n{odd}\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arguments", "mailer", "message"]


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (os.EX_TEMPFAIL, Deferred, "4.3.0"),
        (os.EX_NOUSER, Refused, "5.1.1"),
        (os.EX_NOHOST, Refused, "5.1.2"),
        (os.EX_DATAERR, Refused, "5.1.3"),
        (os.EX_NOPERM, RelayDown, "look at command"),
        (os.EX_CONFIG, RelayDown, "look at command"),
        (os.EX_UNAVAILABLE, RelayDown, "look at command"),
        (os.EX_USAGE, RelayDown, "look at command"),
        (1, RelayDown, "look at command"),
        (127, RelayDown, "look at command"),
    ],
)
async def test_an_exit_status_says_whose_fault_it_is(
    status: int, kind: type[MailError], text: str, tmp_path: Path
) -> None:
    path = program(tmp_path, "cat > /dev/null", "echo 'not today, sorry' >&2", f"exit {status}")
    error = await fails(transport(path))
    assert type(error) is kind
    assert text in str(error)
    assert f"exit status {status}: not today, sorry" in str(error)


async def test_a_program_that_is_not_there_is_the_relay_being_down(tmp_path: Path) -> None:
    error = await fails(transport(tmp_path / "nowhere"), begun=False)
    assert type(error) is RelayDown
    assert "cannot start" in str(error)


async def test_a_program_that_refuses_early_is_heard(tmp_path: Path) -> None:
    path = program(tmp_path, "exec <&-", f"exit {os.EX_NOUSER}")
    assert type(await fails(transport(path), BIG)) is Refused


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("exec <&-", "exit 0"), "without reading"),
        (("kill -9 $$",), "signal 9"),
    ],
    ids=["yes without reading", "killed"],
)
async def test_what_nobody_can_know_is_in_doubt(
    lines: tuple[str, ...], text: str, tmp_path: Path
) -> None:
    error = await fails(transport(program(tmp_path, *lines)), BIG)
    assert type(error) is Vanished
    assert text in str(error)


async def test_one_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    path = program(tmp_path, "sleep 60 & echo $! > child", "cat > /dev/null", "wait")
    error = await fails(transport(path, timeout_s=0.5))
    assert type(error) is Vanished
    status = Path(f"/proc/{(tmp_path / 'child').read_text().strip()}/stat")
    async with asyncio.timeout(10):
        # Gone, or a zombie that its new parent has not noticed yet.
        with suppress(FileNotFoundError, ProcessLookupError):
            while status.read_text().split()[2] != "Z":
                await asyncio.sleep(0)


async def test_one_that_goes_on_in_the_background_is_not_waited_for(tmp_path: Path) -> None:
    path = program(tmp_path, "cat > message", "(sleep 60; echo late) & echo $! > child")
    async with transport(path, timeout_s=10) as out:
        await out.send(MAIL, sender="", to=TO, started=lambda: None)
    os.kill(int((tmp_path / "child").read_text()), 9)


async def test_a_start_that_fails_leaves_no_process_and_no_message(tmp_path: Path) -> None:
    def failing() -> None:
        raise ZeroDivisionError

    path = program(tmp_path, "cat > message", "echo done > done")
    async with transport(path) as out:
        with pytest.raises(ZeroDivisionError):
            await out.send(MAIL, sender="", to=TO, started=failing)
    assert not (tmp_path / "message").exists() or not (tmp_path / "message").read_bytes()


async def test_cancelled_it_leaves_no_process(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    path = program(tmp_path, "echo $$ > pipe", "sleep 60")
    async with transport(path) as out:
        task = asyncio.create_task(out.send(MAIL, sender="", to=TO, started=lambda: None))
        pid = int(await asyncio.to_thread(pipe.read_text))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_no_more_run_at_once_than_allowed(tmp_path: Path) -> None:
    script = tmp_path / "counts.py"
    script.write_text(
        "import os, sys, pathlib\n"
        f"here = pathlib.Path({str(tmp_path)!r})\n"
        "mine = here / f'run-{os.getpid()}'\n"
        "mine.touch()\n"
        "print(len(list(here.glob('run-*'))), file=(here / 'seen').open('a'))\n"
        "sys.stdin.read()\n"
        "mine.unlink()\n"
    )
    async with transport(sys.executable, "-S", "-E", str(script), connections=2) as out:
        assert out.at_once == 2
        await asyncio.gather(
            *(out.send(MAIL, sender="", to=TO, started=lambda: None) for _ in range(5))
        )
    seen = [int(line) for line in (tmp_path / "seen").read_text().split()]
    assert len(seen) == 5
    assert max(seen) <= 2
