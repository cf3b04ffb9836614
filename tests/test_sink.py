"""The sink that the promises about sending rest on: it records before it says yes."""

import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from sink import FATES, LOST_IN_DOUBT, TAKEN_IN_DOUBT, Orders, Sink

CONTENT = b"Subject: Ferry\r\nMessage-ID: <1@press.example>\r\n\r\n.dotted\r\nplain\r\n"
STUFFED = CONTENT.replace(b"\r\n.", b"\r\n..")


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    with Sink(tmp_path_factory.mktemp("sink") / "log", Orders(chunking=True)) as one:
        yield one


@contextmanager
def talking(sink: Sink) -> Iterator[socket.SocketIO]:
    """A connection that was greeted and has heard what is offered."""
    with (
        socket.create_connection((sink.host, sink.port), timeout=5) as own,
        own.makefile("rwb", buffering=0) as file,
    ):
        assert file.readline().startswith(b"220")
        file.write(b"EHLO press.example\r\n")
        while not file.readline().startswith(b"250 "):
            pass
        yield file


def send(sink: Sink, to: str) -> str:
    """What is answered last for one message to *to*: "" when the connection ends first."""
    with talking(sink) as file:
        file.write(f"MAIL FROM:<>\r\nRCPT TO:<{to}>\r\nDATA\r\n".encode())
        answers = [file.readline(), file.readline()]
        if answers[1].startswith(b"250"):
            assert file.readline().startswith(b"354")
            file.write(STUFFED + b".\r\n")
            try:
                answers.append(file.readline())
            except ConnectionError:
                answers.append(b"")
        return answers[-1].decode().strip()


def copies(sink: Sink, to: str) -> int:
    return sink.copies()[to]


def test_what_was_taken_is_on_record_before_the_answer(sink: Sink) -> None:
    with talking(sink) as file:
        file.write(b"MAIL FROM:<>\r\nRCPT TO:<ok-0@a.example>\r\nDATA\r\n")
        for _ in range(3):
            file.readline()
        file.write(STUFFED + b".\r\n")
        assert file.readline() == b"250 2.0.0 queued\r\n"
        (taken,) = (one for one in sink.taken() if one.to == "ok-0@a.example")
    assert taken.message_id == "<1@press.example>"
    assert taken.octets == len(CONTENT)
    assert taken.sha == sha256(CONTENT).hexdigest()[:32]
    assert taken.at <= time.monotonic()


@pytest.mark.parametrize(
    ("to", "answers"),
    [
        ("no-1", ["550", "550"]),
        ("bad-1", ["554", "554"]),
        ("busy2-1", ["451", "451", "250", "250"]),
        ("wait2-1", ["451", "451", "250"]),
        ("late-1", ["452", "452", "452"]),
        ("close-1", ["421", "250"]),
        ("junk-1", ["HTTP", "250"]),
        ("drop-1", ["", "250"]),
        ("half-1", ["25", "250"]),
        ("noise-1", ["***", "250"]),
        ("lost-1", ["", "250"]),
        ("reset-1", ["", "250"]),
        ("reader1", ["250"]),
    ],
)
def test_each_recipient_is_answered_as_its_name_says(
    sink: Sink, to: str, answers: list[str]
) -> None:
    address = f"{to}@a.example"
    assert [send(sink, address)[: len(one) or None] for one in answers] == answers
    yes = answers.count("250") + (to.partition("-")[0] in TAKEN_IN_DOUBT)
    assert copies(sink, address) == yes


def test_who_stalls_never_answers(sink: Sink) -> None:
    for name, answer in (("stall", b""), ("halt", b"25")):
        with talking(sink) as file:
            file.write(f"MAIL FROM:<>\r\nRCPT TO:<{name}-1@a.example>\r\nDATA\r\n".encode())
            for _ in range(3):
                file.readline()
            file.write(STUFFED + b".\r\nNOOP\r\n")
            if answer:
                assert file.read(2) == answer
            # Somebody else is served meanwhile, and here all is quiet.
            assert send(sink, f"ok-{name}@a.example").startswith("250")
        assert send(sink, f"{name}-1@a.example").startswith("250")
    assert (copies(sink, "stall-1@a.example"), copies(sink, "halt-1@a.example")) == (1, 2)


def test_the_fates_are_told_apart() -> None:
    assert {*TAKEN_IN_DOUBT, *LOST_IN_DOUBT} == {n for n, f in FATES.items() if f == "doubtful"}


def test_a_pipelined_group_with_the_next_envelope_is_understood(sink: Sink) -> None:
    envelope = b"MAIL FROM:<> SIZE=99\r\nRCPT TO:<ok-%d@pipe.example>\r\nDATA\r\n"
    with talking(sink) as file:
        file.write(envelope % 1)
        assert [file.readline()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        file.write(STUFFED + b".\r\n" + envelope % 2)
        assert [file.readline()[:3] for _ in range(4)] == [b"250", b"250", b"250", b"354"]
        file.write(b".\r\nQUIT\r\n")
        assert [file.readline()[:3] for _ in range(3)] == [b"250", b"221", b""]
    assert copies(sink, "ok-1@pipe.example") == copies(sink, "ok-2@pipe.example") == 1


def test_chunks_are_taken_and_those_of_nobody_swallowed(sink: Sink) -> None:
    with talking(sink) as file:
        size = len(CONTENT)
        for to in ("ok-1@bdat.example", "no-1@bdat.example", "ok-2@bdat.example"):
            file.write(f"MAIL FROM:<>\r\nRCPT TO:<{to}>\r\nBDAT {size} LAST\r\n".encode() + CONTENT)
        answers = [file.readline()[:3] for _ in range(9)]
    assert answers == [b"250"] * 3 + [b"250", b"550", b"503"] + [b"250"] * 3
    by_name = {one.to: one for one in sink.taken()}
    assert by_name["ok-1@bdat.example"].octets == by_name["ok-2@bdat.example"].octets == size


def test_a_well_known_client_gets_through(sink: Sink) -> None:
    with smtplib.SMTP(sink.host, sink.port) as client:
        assert client.sendmail("a@press.example", ["ok-9@a.example"], CONTENT) == {}
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@press.example", ["no-9@a.example"], CONTENT)
    assert copies(sink, "ok-9@a.example") == 1


def test_it_may_be_told_to_fail_everybody_in_some_way(tmp_path: Path) -> None:
    with Sink(tmp_path / "log", Orders(refuse_all="554 5.7.1 relay access denied")) as sink:
        assert send(sink, "ok-1@a.example") == "554 5.7.1 relay access denied"
        sink.kill()
        port = sink.port
        sink.start(Orders(fail_every=2, slow_ms=1))
        assert sink.port == port
        answers = [send(sink, f"ok-{n}@a.example")[:3] for n in range(4)]
        assert answers == ["250", "451", "250", "451"]
    assert [one.order for one in sink.taken()] == [1, 2]


def test_it_may_die_or_fall_silent_after_a_while(tmp_path: Path) -> None:
    with Sink(tmp_path / "log", Orders(dead_after=2)) as sink:
        answers = [send(sink, f"ok-{n}@a.example")[:3] for n in range(2)]
        assert answers == ["250", ""]
        with pytest.raises(ConnectionError):
            socket.create_connection((sink.host, sink.port), timeout=5)
        sink.kill()
        sink.start(Orders(black_hole=True))
        with (
            socket.create_connection((sink.host, sink.port), timeout=0.05) as own,
            pytest.raises(TimeoutError),
        ):
            own.recv(1)
    assert sink.count() == len(sink.taken()) == 2


def test_options_are_the_same_on_the_command_line() -> None:
    orders = Orders(pipelining=False, chunking=True, fail_every=3, refuse_all="550 no")
    assert orders.arguments() == [
        "--no-pipelining", "--chunking", "--fail-every", "3", "--refuse-all", "550 no",
    ]  # fmt: skip
    assert Orders().arguments() == []


def test_a_kill_of_the_client_takes_nothing_off_the_record(sink: Sink, tmp_path: Path) -> None:
    source = f"""
import smtplib
with smtplib.SMTP({sink.host!r}, {sink.port}) as client:
    client.sendmail("a@press.example", ["ok-7@kill.example"], b"Subject: x\\r\\n\\r\\nx\\r\\n")
    import os; os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", source], check=False)
    assert done.returncode == -9
    assert copies(sink, "ok-7@kill.example") == 1
