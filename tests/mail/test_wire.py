"""Replies do not come in the pieces they were sent in."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mail.wire import Wire


class Loopback(asyncio.Transport):
    """A transport whose other end is a function of what was written."""

    def __init__(self, answer: Callable[[bytes], list[bytes]]) -> None:
        super().__init__()
        self._answer = answer
        self._protocol: asyncio.BaseProtocol | None = None
        self._closing = False
        self.unsent = 0

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def is_closing(self) -> bool:
        return self._closing

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def write(self, data: bytes | bytearray | memoryview) -> None:
        for piece in self._answer(bytes(data)):
            asyncio.get_running_loop().call_soon(self.feed, piece)

    def feed(self, piece: bytes) -> None:
        wire = cast(Wire, self._protocol)
        wire.get_buffer(-1)[: len(piece)] = piece
        wire.buffer_updated(len(piece))

    def abort(self) -> None:
        self._closing = True
        asyncio.get_running_loop().call_soon(cast(Wire, self._protocol).connection_lost, None)


def pieces(reply: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({cut % len(reply) for cut in cuts} | {0, len(reply)})
    return [reply[a:b] for a, b in pairwise(ends)]


@pytest.mark.parametrize(
    ("reply", "code", "text"),
    [
        (b"250 2.0.0 OK\r\n", 250, "2.0.0 OK"),
        (b"250\r\n", 250, ""),
        (b"250 OK\n", 250, "OK"),
        (b"250-one\r\n250-two\r\n250 three\r\n", 250, "one\ntwo\nthree"),
        (b"250-\r\n250 \r\n", 250, "\n"),
        (b"550 caf\xe9\r\n", 550, "caf\ufffd"),
    ],
)
@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, 100)))
async def test_a_reply_is_the_same_however_it_is_cut(
    reply: bytes, code: int, text: str, cuts: list[int]
) -> None:
    wire = Wire(Loopback(lambda _: pieces(reply, cuts)))
    for _ in range(2):
        assert await wire.ask(b"NOOP\r\n", 5) == (code, text)
    assert not wire.broken
    await wire.close()


@settings(deadline=None)
@given(st.binary(max_size=300))
async def test_whatever_comes_is_a_reply_a_broken_line_or_silence(heard: bytes) -> None:
    wire = Wire(Loopback(lambda _: [heard]))
    try:
        code, _ = await wire.ask(b"NOOP\r\n", 0.001)
        assert 100 <= code < 600
    except (ConnectionError, TimeoutError):
        assert wire.broken
    await wire.close()


async def test_an_answer_before_the_end_is_told_and_ends_the_line() -> None:
    loopback = Loopback(lambda _: [b"552 too big\r\n"])
    loopback.unsent = 1
    wire = Wire(loopback)
    assert await wire.ask(b"...", 5) == (552, "too big")
    with pytest.raises(ConnectionError, match="before the end"):
        await wire.ask(b"NOOP\r\n", 5)
    await wire.close()


async def test_after_a_time_out_the_late_answer_belongs_to_nobody() -> None:
    loopback = Loopback(lambda _: [])
    wire = Wire(loopback)
    with pytest.raises(TimeoutError):
        await wire.ask(b"NOOP\r\n", 0.001)
    loopback.feed(b"250 late\r\n")
    with pytest.raises(ConnectionError):
        await wire.ask(b"NOOP\r\n", 5)
    await wire.close()
