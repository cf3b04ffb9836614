"""Many callers, a few threads, and nobody's trouble is anybody else's."""

import asyncio
import threading
from pathlib import Path

import pytest

from digest.errors import ConfigError, Conflict, Refused, RelayDown
from digest.mail.dkim import Key, load_key, make_key, sign
from digest.mail.signing import PIECE, Signing, keep_key, load_keys, load_signing
from digest.settings import Loaded, load
from newsroom import write_config

KEY = load_key(make_key(), selector="d1", domain="press.example")
FAST = load_key(make_key(ed25519=True), selector="e1", domain="press.example")
FRAME = (
    "From: a@press.example\r\nSubject: {n}\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/alternative; boundary="=_one"\r\n\r\n'
)


def message(number: int, body: str = "One line.\r\n") -> bytes:
    return (FRAME.format(n=number) + body).encode()


@pytest.mark.parametrize("threads", [0, 1, 3])
async def test_each_caller_gets_its_own_message_signed(threads: int) -> None:
    made = Signing([KEY, FAST], threads=threads)
    messages = [message(number) for number in range(3 * PIECE + 5)]
    signed = await asyncio.gather(*map(made.sign, messages))
    made.close()
    assert signed == [sign(one, [KEY, FAST]) for one in messages]


async def test_more_callers_than_make_sense_only_wait() -> None:
    made = Signing([FAST], threads=1)
    assert made.at_once >= PIECE
    messages = [message(number) for number in range(4 * made.at_once)]
    assert len(set(await asyncio.gather(*map(made.sign, messages)))) == len(messages)
    made.close()


async def test_an_error_reaches_its_own_caller_only() -> None:
    made = Signing([FAST], threads=2)
    messages = [message(number) for number in range(40)]
    messages[7] = messages[23] = b"Subject: from nobody\r\n\r\n"
    answers = await asyncio.gather(*map(made.sign, messages), return_exceptions=True)
    made.close()
    failed = [number for number, answer in enumerate(answers) if isinstance(answer, Refused)]
    assert failed == [7, 23]
    assert all(isinstance(answers[number], bytes) for number in range(40) if number not in failed)


def _slow_key(gate: threading.Event, began: threading.Event) -> Key:
    def private(text: bytes) -> bytes:
        began.set()
        assert gate.wait(20)
        return FAST.private(text)

    return Key("s1", "press.example", "ed25519-sha256", 256, FAST.public, private)


async def test_a_cancelled_caller_harms_nobody() -> None:
    gate, began = threading.Event(), threading.Event()
    made = Signing([_slow_key(gate, began)], threads=1)
    callers = [asyncio.create_task(made.sign(message(number))) for number in range(3 * PIECE)]
    await asyncio.to_thread(began.wait, 20)
    # One that is being signed, one that is handed out, one that waits.
    gone = [callers[0], callers[5], callers[-1]]
    for caller in gone:
        caller.cancel()
    gate.set()
    answers = await asyncio.gather(*callers, return_exceptions=True)
    made.close()
    for caller, answer in zip(callers, answers, strict=True):
        assert isinstance(answer, asyncio.CancelledError if caller in gone else bytes)


async def test_closing_finishes_what_is_in_hand_and_tells_the_others() -> None:
    gate, began = threading.Event(), threading.Event()
    made = Signing([_slow_key(gate, began)], threads=1)
    callers = [asyncio.create_task(made.sign(message(number))) for number in range(5 * PIECE)]
    await asyncio.to_thread(began.wait, 20)
    gate.set()
    made.close()
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(answers[0], bytes)
    assert isinstance(answers[-1], RelayDown)
    assert all(isinstance(answer, bytes | RelayDown) for answer in answers)
    with pytest.raises(RelayDown, match="stopped"):
        await made.sign(message(1))


@pytest.mark.parametrize("threads", [0, 2])
async def test_one_mail_of_a_frame_speaks_for_the_others_but_not_for_other_frames(
    threads: int,
) -> None:
    made = Signing([FAST], threads=threads)
    await made.sign(message(1))
    plain = b"From: a@press.example\r\nContent-Type: text/plain\r\n\r\nTwo  blanks \r\n\r\n"
    other = message(2, "Two  blanks \r\n\r\n").replace(b"=_one", b"=_two")
    for one in (plain, plain, other, other):
        assert await made.sign(one) == sign(one, [FAST])
    made.close()


# ------------------------------------------------------------------------- keys


def _loaded(folder: Path, tables: str) -> Loaded:
    path = write_config(folder)
    path.write_text(path.read_text() + tables)
    return load(path, environ={})


def test_without_a_key_nobody_signs(tmp_path: Path) -> None:
    loaded = _loaded(tmp_path, "")
    assert load_signing(loaded.settings, base=tmp_path, environ={}) is None


def test_keys_come_from_files_and_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(make_key(ed25519=True))
    tables = """
[[dkim]]
selector = "a1"
key = { file = "a.pem" }
[[dkim]]
selector = "b1"
key = { env = "KEY" }
domain = "other.example"
"""
    loaded = _loaded(tmp_path, tables)
    environ = {"KEY": make_key(bits=1024).decode()}
    keys = load_keys(loaded.settings, base=tmp_path, environ=environ)
    assert [key.name for key in keys] == [
        "a1._domainkey.press.example",
        "b1._domainkey.other.example",
    ]
    made = load_signing(loaded.settings, base=tmp_path, environ=environ)
    assert made is not None
    assert made.at_once > 1
    made.close()


def test_every_key_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(b"nothing")
    tables = """
[[dkim]]
selector = "a1"
key = { file = "a.pem" }
[[dkim]]
selector = "b1"
key = { file = "b.pem" }
"""
    loaded = _loaded(tmp_path, tables)
    with pytest.raises(ConfigError) as caught:
        load_keys(loaded.settings, base=tmp_path, environ={})
    first, second = caught.value.faults
    assert "a1: this is no private key in PEM" in first
    assert "b1:" in second
    assert "write the secret into this file" in second


async def test_ed25519_alone_needs_no_threads(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(make_key(ed25519=True))
    loaded = _loaded(tmp_path, '\n[[dkim]]\nselector = "a1"\nkey = { file = "a.pem" }\n')
    made = load_signing(loaded.settings, base=tmp_path, environ={})
    assert made is not None
    assert made.at_once == 1
    assert (await made.sign(message(1))).startswith(b"DKIM-Signature: v=1; a=ed25519-sha256;")
    made.close()


def test_a_key_is_kept_for_its_owner_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "dkim" / "d1.pem"
    keep_key(path, b"first")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Conflict, match="may be in use"):
        keep_key(path, b"second")
    assert path.read_bytes() == b"first"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "dkim").write_text("a file")
    with pytest.raises(ConfigError, match="cannot be written"):
        keep_key(tmp_path / "dkim" / "d1.pem", b"key")
