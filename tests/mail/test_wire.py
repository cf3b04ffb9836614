"""Replies do not come in the pieces they were sent in."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mail.wire import Wire
from loopback import Loopback


class Ears:
    """Keeps what a wire says."""

    def __init__(self) -> None:
        self.replies: list[tuple[int, bytes]] = []
        self.why: list[str] = []
        self.silent = False
        self.closings = 0
        self._changed = asyncio.Event()
        #: Done instead of only keeping a reply.
        self.then: Callable[[], None] = lambda: None

    def heard(self, code: int, text: bytes) -> None:
        self.replies.append((code, text))
        self.then()
        self._changed.set()

    def lost(self, why: str, *, silent: bool) -> None:
        self.why.append(why)
        self.silent = silent
        self._changed.set()

    def closed(self) -> None:
        self.closings += 1
        self._changed.set()

    async def count(self, replies: int) -> None:
        await self.until(lambda _: len(self.replies) == replies)

    async def until(self, true: Callable[["Ears"], object]) -> None:
        while not true(self):
            self._changed.clear()
            await self._changed.wait()


def wired(answer: Callable[[bytes], Sequence[bytes]], timeout_s: float = 5) -> tuple[Wire, Ears]:
    ears = Ears()
    return Wire(Loopback(answer), ears, timeout_s=timeout_s), ears


def pieces(reply: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({cut % len(reply) for cut in cuts} | {0, len(reply)})
    return [reply[a:b] for a, b in pairwise(ends)]


@pytest.mark.parametrize(
    ("reply", "code", "text"),
    [
        (b"250 2.0.0 OK\r\n", 250, b"2.0.0 OK"),
        (b"250\r\n", 250, b""),
        (b"250 OK\n", 250, b"OK"),
        (b"250-one\r\n250-two\r\n250 three\r\n", 250, b"one\ntwo\nthree"),
        (b"250-\r\n250 \r\n", 250, b"\n"),
        (b"550 caf\xe9\r\n", 550, b"caf\xe9"),
    ],
)
@settings(deadline=None, max_examples=40)
@given(cuts=st.lists(st.integers(0, 100)))
async def test_a_reply_is_the_same_however_it_is_cut(
    reply: bytes, code: int, text: bytes, cuts: list[int]
) -> None:
    wire, ears = wired(lambda _: pieces(reply * 3, cuts))
    for turn in (1, 2):
        wire.say(b"MAIL\r\nRCPT\r\nDATA\r\n", replies=3)
        await ears.count(3 * turn)
    assert ears.replies == [(code, text)] * 6
    assert not wire.broken
    assert wire.owed == 0
    wire.drop("enough")


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=300), st.integers(1, 4))
async def test_whatever_comes_is_replies_a_broken_line_or_silence(heard: bytes, asked: int) -> None:
    wire, ears = wired(lambda _: [heard], timeout_s=0.001)
    wire.say(b"NOOP\r\n" * asked, replies=asked)
    await ears.until(lambda ears: len(ears.replies) == asked or ears.closings)
    assert all(100 <= code < 600 for code, _ in ears.replies)
    assert bool(ears.why) == bool(wire.broken)
    wire.drop("enough")
    await ears.until(lambda ears: ears.closings)
    assert len(ears.why) == ears.closings == 1


async def test_one_reply_more_than_was_asked_for_ends_the_line() -> None:
    wire, ears = wired(lambda _: [b"250 one\r\n250 two\r\n"])
    wire.say(b"NOOP\r\n", replies=1)
    await ears.until(lambda ears: ears.closings)
    assert ears.replies == [(250, b"one")]
    assert ears.why == ["the relay spoke out of turn: 250 two"]


async def test_what_is_asked_because_of_a_reply_is_not_answered_by_the_next_of_the_same_read() -> (
    None
):
    wire, ears = wired(lambda said: [b"250 one\r\n250 two\r\n"] if said == b"A\r\n" else [])
    ears.then = lambda: wire.say(b"B\r\n", replies=1)
    wire.say(b"A\r\n", replies=1)
    await ears.until(lambda ears: ears.closings)
    assert ears.replies == [(250, b"one")]
    assert "out of turn" in wire.broken


async def test_silence_ends_the_line_however_many_answers_came_before() -> None:
    wire, ears = wired(lambda _: [b"250 one\r\n"], timeout_s=0.02)
    wire.say(b"MAIL\r\nRCPT\r\n", replies=2)
    await ears.until(lambda ears: ears.closings)
    assert ears.silent
    assert ears.replies == [(250, b"one")]


async def test_when_nothing_is_owed_silence_is_no_fault() -> None:
    quiet, ears = wired(lambda _: [b"250 one\r\n"], timeout_s=0.01)
    quiet.say(b"NOOP\r\n", replies=1)
    await ears.count(1)
    # Another one, of more patience, tells that the time of the first is long over.
    other, clock = wired(lambda _: [], timeout_s=0.03)
    other.say(b"NOOP\r\n", replies=1)
    await clock.until(lambda ears: ears.why)
    assert not quiet.broken
    quiet.say(b"NOOP\r\n", replies=1)
    await ears.count(2)
    quiet.drop("enough")


async def test_after_the_end_a_late_answer_belongs_to_nobody() -> None:
    loopback, ears = Loopback(lambda _: []), Ears()
    wire = Wire(loopback, ears, timeout_s=0.001)
    wire.say(b"NOOP\r\n", replies=1)
    await ears.until(lambda ears: ears.why)
    loopback.feed(b"250 late\r\n")
    assert ears.replies == []


async def test_what_has_left_is_told_apart_from_what_waits_to_be_written() -> None:
    loopback, ears = Loopback(lambda _: []), Ears()
    wire = Wire(loopback, ears, timeout_s=5)
    wire.say(b"x" * 100, replies=1)
    loopback.unsent = 40
    assert (wire.written, wire.sent) == (100, 60)
    wire.drop("enough")


async def test_an_end_that_is_never_told_counts_as_one_after_a_second() -> None:
    class Deaf(Loopback):
        def abort(self) -> None:
            """Tells nobody."""

    ears = Ears()
    wire = Wire(Deaf(lambda _: []), ears, timeout_s=5)
    wire.drop("enough")
    await ears.until(lambda ears: ears.closings)
    assert ears.why == ["enough"]


@pytest.mark.parametrize(
    ("heard", "hung_up"),
    [([b"421 bye\r\n", None], True), ([None], True), ([b"25", None], False)],
)
async def test_that_the_other_side_ended_it_is_told_apart_from_half_a_reply(
    heard: list[bytes | None], hung_up: bool
) -> None:
    ears = Ears()
    wire = Wire(Loopback(lambda _: heard), ears, timeout_s=5)
    wire.say(b"MAIL\r\nRCPT\r\n", replies=2)
    await ears.until(lambda ears: ears.closings)
    assert wire.hung_up == hung_up


@pytest.mark.parametrize("heard", [b"hello\r\n", b""])
async def test_nor_did_it_end_what_we_gave_up(heard: bytes) -> None:
    wire, ears = wired(lambda _: [heard], timeout_s=0.01)
    wire.say(b"NOOP\r\n", replies=1)
    await ears.until(lambda ears: ears.closings)
    assert not wire.hung_up
