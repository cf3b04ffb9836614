"""The engine against a peer in memory: what is written together, and whatever is answered."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import MailError, Refused, RelayDown, Vanished
from digest.mail.envelope import Offers
from digest.mail.smtp import SmtpTransport
from digest.mail.transport import Reply
from digest.settings import Relay
from loopback import Loopback

MAIL = b"Subject: Tides\r\n\r\nHigh at six.\r\n"
CLOSE = None
USUAL = {"DATA": b"354 go\r\n", "QUIT": b"221 bye\r\n"}

ALONE = Offers()
PIPELINED = Offers(pipelining=True)
WINDOWED = Offers(pipelining=True, chunking=True)


class Peer:
    """A relay that answers as the script says, command by command, and then as usual."""

    def __init__(self, offers: Offers, script: Sequence[bytes | None] = ()) -> None:
        self.offers = offers
        #: Every write, over all connections.
        self.writes: list[bytes] = []
        #: How often a message for somebody was heard whole and answered with a yes.
        self.accepted: Counter[str] = Counter()
        self.dials = 0
        #: So much always counts as not written yet, on the first connection.
        self.unsent = 0
        self._script = iter(script)

    async def dial(self) -> tuple[asyncio.Transport, Offers]:
        line = Loopback(_Talk(self).answer)
        line.unsent = 0 if self.dials else self.unsent
        self.dials += 1
        return line, self.offers

    def next(self, verb: str) -> bytes | None:
        usual = USUAL.get(verb, b"250 done\r\n")
        said = next(self._script, b"as usual")
        return usual if said == b"as usual" else said


class _Talk:
    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._rest = b""
        self._to = ""
        self._open = False
        self._inside = False
        self._over = False

    def answer(self, written: bytes) -> list[bytes | None]:
        self._peer.writes.append(written)
        self._rest += written
        answers: list[bytes | None] = []
        while not self._over and (said := self._next()) != b"wait":
            answers.append(said)
            # Silence lasts, and behind half an answer too: a relay that went on as if it had
            # answered could not be told from one that had.
            self._over = not said or said in HALVES
        return answers

    def _next(self) -> bytes | None:
        if self._inside:
            if (end := self._rest.find(b"\r\n.\r\n")) < 0:
                return b"wait"
            self._rest, self._inside = self._rest[end + 5 :], False
            return self._judged("content")
        line, found, rest = self._rest.partition(b"\r\n")
        if not found:
            return b"wait"
        verb, *words = line.decode().split()
        if verb == "BDAT" and len(rest) < int(words[0]):
            return b"wait"
        self._rest = rest
        if verb == "BDAT":
            self._rest = rest[int(words[0]) :]
            return self._judged("BDAT") if self._to else b"503 nobody\r\n"
        said = self._peer.next(verb)
        if verb == "MAIL":
            self._open = (said or b"").startswith(b"2")
        elif verb == "RCPT" and self._open and (said or b"").startswith(b"2"):
            self._to = line.partition(b"<")[2].partition(b">")[0].decode()
        elif verb == "RSET":
            self._to, self._open = "", False
        # Content can only be meant when it was really asked for.
        self._inside = verb == "DATA" and (said or b"").startswith(b"354")
        return said

    def _judged(self, verb: str) -> bytes | None:
        said = self._peer.next(verb)
        if self._to and said is not None and said[:1] == b"2" and said.endswith(b"\n"):
            self._peer.accepted[self._to] += 1
        self._to, self._open = "", False
        return said


def transport(peer: Peer, **fields: Any) -> SmtpTransport:
    values: dict[str, Any] = {"by": "smtp", "host": "relay.example", "connections": 1}
    return SmtpTransport(Relay(**(values | fields)), ehlo_name="a.example", dial=peer.dial)


async def attempt(out: SmtpTransport, to: str) -> tuple[Reply | MailError, int]:
    begun: list[None] = []
    try:
        result: Reply | MailError = await out.send(
            MAIL, sender="news@example.org", to=to, started=lambda: begun.append(None)
        )
    except MailError as error:
        result = error
    return result, len(begun)


# ------------------------------------------------------------------- what is written


def written(peer: Peer) -> list[list[bytes]]:
    """The writes, each as the first words of its lines; content is one word."""
    short = []
    for write in peer.writes:
        lines = write.replace(MAIL, b"content\r\n").split(b"\r\n")[:-1]
        short.append([line.split()[0] for line in lines])
    return short


async def carry(peer: Peer, count: int, **fields: Any) -> None:
    async with transport(peer, **fields) as out:
        people = iter([f"p{n}@example.org" for n in range(count)])

        async def work() -> None:
            for to in people:
                result, _ = await attempt(out, to)
                assert isinstance(result, Reply)

        await asyncio.gather(*(work() for _ in range(out.at_once)))


async def test_one_round_trip_a_message_with_pipelining() -> None:
    await carry(peer := Peer(PIPELINED), 5)
    envelope = [b"MAIL", b"RCPT", b"DATA"]
    assert written(peer) == [
        envelope,
        *[[b"content", b".", *envelope]] * 4,
        [b"content", b"."],
        [b"QUIT"],
    ]


async def test_four_round_trips_a_message_without() -> None:
    await carry(peer := Peer(ALONE), 2)
    assert written(peer) == [[b"MAIL"], [b"RCPT"], [b"DATA"], [b"content", b"."]] * 2 + [[b"QUIT"]]


async def test_one_write_a_message_and_no_wait_with_bdat() -> None:
    gate: list[bytes] = []
    peer = Peer(WINDOWED, [b"", b"", b""])
    async with transport(peer, bdat_window=3, timeout_s=0.05) as out:
        await asyncio.gather(*(attempt(out, f"p{n}@example.org") for n in range(5)))
        gate = peer.writes[:3]
    first, *others = [write.replace(MAIL, b"content\r\n").decode() for write in gate]
    assert first == (
        f"MAIL FROM:<news@example.org>\r\nRCPT TO:<p0@example.org>\r\n"
        f"BDAT {len(MAIL)} LAST\r\ncontent\r\n"
    )
    assert [other.partition("\r\n")[0] for other in others] == ["RSET", "RSET"]


async def test_a_dot_is_doubled_for_data_and_left_alone_for_bdat() -> None:
    message = b"A: b\r\n\r\n.one\r\n..two\r\n"
    for offers, octets in (
        (PIPELINED, b"A: b\r\n\r\n..one\r\n...two\r\n.\r\n"),
        (WINDOWED, message),
    ):
        peer = Peer(offers)
        async with transport(peer) as out:
            await out.send(message, sender="", to="bo@example.org", started=lambda: None)
        assert any(write.endswith(octets) for write in peer.writes)


async def test_what_clears_an_envelope_goes_with_the_next() -> None:
    peer = Peer(PIPELINED, [b"250 ok\r\n", b"550 no\r\n", b"503 nobody\r\n"])
    async with transport(peer) as out:
        await asyncio.gather(*(attempt(out, f"p{n}@example.org") for n in range(2)))
    assert written(peer)[:2] == [[b"MAIL", b"RCPT", b"DATA"], [b"RSET", b"MAIL", b"RCPT", b"DATA"]]


async def test_whoever_comes_late_is_written_behind_a_content_without_an_answer() -> None:
    peer = Peer(PIPELINED, [*[b"as usual"] * 3, b""])
    async with transport(peer) as out:
        first = asyncio.create_task(attempt(out, "bo@example.org"))
        while written(peer)[-1:] != [[b"content", b"."]]:
            await asyncio.sleep(0)
        second = asyncio.create_task(attempt(out, "cy@example.org"))
        await asyncio.sleep(0)
        assert written(peer)[-1] == [b"MAIL", b"RCPT", b"DATA"]
    assert isinstance((await first)[0], Vanished)
    assert isinstance((await second)[0], RelayDown)
    assert peer.dials == 1


@pytest.mark.parametrize(
    ("offers", "answer", "expected", "dials"),
    [
        (PIPELINED, b"552 too big\r\n", Refused, 2),
        (PIPELINED, b"250 fine\r\n", Vanished, 2),
        # With BDAT it has promised to read what it refuses, to the end.
        (WINDOWED, b"552 too big\r\n", Refused, 1),
        (WINDOWED, b"250 fine\r\n", Vanished, 2),
    ],
)
async def test_an_answer_before_the_end_of_content(
    offers: Offers, answer: bytes, expected: type[MailError], dials: int
) -> None:
    peer = Peer(offers, [*[b"as usual"] * (2 if offers is WINDOWED else 3), answer])
    peer.unsent = 5
    async with transport(peer) as out:
        result, _ = await attempt(out, "bo@example.org")
        peer.unsent = 0
        assert type(result) is expected
        if dials > 1:
            assert isinstance((await attempt(out, "cy@example.org"))[0], Reply)
    assert peer.dials == dials


async def test_content_on_its_way_is_in_doubt_unless_its_envelope_was_clearly_refused() -> None:
    for said, expected in ((b"354 go\r\n", Vanished), (b"550 not you\r\n", RelayDown)):
        peer = Peer(WINDOWED, [said, CLOSE])
        async with transport(peer) as out:
            assert type((await attempt(out, "bo@example.org"))[0]) is expected


async def test_who_leaves_before_anything_was_said_of_them_costs_no_connection() -> None:
    for turns in range(8):
        peer = Peer(WINDOWED)
        async with transport(peer, bdat_window=2) as out:
            tasks = [asyncio.create_task(attempt(out, f"p{n}@example.org")) for n in range(4)]
            for _ in range(turns):
                await asyncio.sleep(0)
            tasks[0].cancel()
            await asyncio.wait(tasks)
        if not any(b"<p0@" in write for write in peer.writes):
            assert peer.dials == 1
            assert written(peer)[-1] == [b"QUIT"]


# ------------------------------------------------------------------ whatever is answered

LINES = [
    b"250 ok\r\n", b"354 go\r\n", b"450 busy\r\n", b"452 4.5.3 too many\r\n", b"550 no\r\n",
    b"503 what\r\n", b"421 bye\r\n", b"221 bye\r\n", b"150 hm\r\n", b"250-a\r\n250 b\r\n",
]  # fmt: skip
HALVES = [b"25", b"250-more\r\n"]
BREAKS: list[bytes | None] = [*HALVES, b"hello\r\n", b"999 x\r\n", CLOSE]
TWICE = [b"250 ok\r\n250 ok\r\n", b"354 go\r\n354 go\r\n", b"550 no\r\n550 no\r\n"]
SILENCE = [b""]
USUALLY = st.just(b"as usual")


@pytest.mark.parametrize(
    ("offers", "odd"),
    [
        pytest.param(ALONE, [*LINES, *BREAKS, *TWICE], id="alone"),
        pytest.param(PIPELINED, [*LINES, *BREAKS, *TWICE], id="pipelined"),
        # Without a 354 between them, replies that come twice cannot be told from others.
        pytest.param(WINDOWED, [*LINES, *BREAKS], id="windowed"),
    ],
)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
async def test_every_send_ends_once_and_says_the_truth(
    offers: Offers, odd: list[bytes | None], data: st.DataObject
) -> None:
    script: list[bytes | None] = data.draw(
        st.lists(st.one_of(USUALLY, USUALLY, USUALLY, st.sampled_from(odd)), max_size=40)
    )
    if data.draw(st.integers(0, 9)) == 0:
        script += SILENCE
    people = [f"p{n}@example.org" for n in range(data.draw(st.integers(1, 9)))]
    peer = Peer(offers, script)
    fields = {"timeout_s": 0.02, "connections": data.draw(st.integers(1, 3))}
    async with asyncio.timeout(20), transport(peer, **fields) as out:
        results = await asyncio.gather(*(attempt(out, to) for to in people))
    for to, (result, begun) in zip(people, results, strict=True):
        assert begun <= 1
        if isinstance(result, (Reply, Vanished)):
            assert begun == 1
        if isinstance(result, Reply):
            assert peer.accepted[to] == 1
        elif not isinstance(result, Vanished):
            assert peer.accepted[to] == 0
        assert result.relay == "relay.example"
    assert max(peer.accepted.values(), default=1) == 1


@pytest.mark.parametrize("offers", [ALONE, PIPELINED, WINDOWED])
@settings(deadline=None, max_examples=25)
@given(
    gone=st.sets(st.integers(0, 7), max_size=5),
    turns=st.integers(0, 12),
    connections=st.integers(1, 3),
)
async def test_whoever_leaves_harms_nobody_else(
    offers: Offers, gone: set[int], turns: int, connections: int
) -> None:
    peer = Peer(offers)
    people = [f"p{n}@example.org" for n in range(8)]
    async with asyncio.timeout(20), transport(peer, connections=connections) as out:
        tasks = [asyncio.create_task(attempt(out, to)) for to in people]
        for _ in range(turns):
            await asyncio.sleep(0)
        for n in gone:
            tasks[n].cancel()
        await asyncio.wait(tasks)
        for to, task in zip(people, tasks, strict=True):
            if not task.cancelled():
                result, begun = task.result()
                assert isinstance(result, Reply), result
                assert begun == peer.accepted[to] == 1
        assert isinstance((await attempt(out, "last@example.org"))[0], Reply)
    assert max(peer.accepted.values()) == 1


async def test_one_odd_answer_at_any_command_costs_one_message_or_none() -> None:
    for offers, odd, place in itertools.product(
        (ALONE, PIPELINED, WINDOWED), [*LINES, *BREAKS], range(12)
    ):
        script: list[bytes | None] = [*[b"as usual"] * place, odd]
        peer = Peer(offers, script)
        async with asyncio.timeout(20), transport(peer, timeout_s=0.01) as out:
            people = [f"p{n}@example.org" for n in range(4)]
            results = await asyncio.gather(*(attempt(out, to) for to in people))
            again, _ = await attempt(out, "last@example.org")
        assert isinstance(again, Reply), (offers, odd, place, again)
        told = [result for result, _ in results if not isinstance(result, Reply)]
        doubtful = [result for result in told if isinstance(result, Vanished)]
        # One odd answer is about one message; only with BDAT more are begun.
        assert len(told) <= (4 if offers is WINDOWED else 1), (offers, odd, place, told)
        assert len(doubtful) <= len(told)
        for to, (result, _) in zip(people, results, strict=True):
            if isinstance(result, Reply):
                assert peer.accepted[to] == 1
            elif not isinstance(result, Vanished):
                assert peer.accepted[to] == 0, (offers, odd, place, result)
