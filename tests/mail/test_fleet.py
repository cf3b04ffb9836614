import asyncio
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ConfigError, Deferred, MailError, Refused, RelayDown, Unfit, Vanished
from digest.mail.fleet import Fleet, Way
from digest.mail.pacing import Pacing
from digest.mail.sinks import MemoryTransport
from digest.mail.transport import Reply, Start
from digest.settings import Settings

MAIL = b"To: bo@example.org\r\n\r\nhi\r\n"
TO = "bo@example.org"


@dataclass
class Scripted:
    """A transport that does as it is told: an error for each message, or an answer."""

    at_once: int = 8
    #: For the next messages, one each; then all goes well.
    acts: list[MailError | None] = field(default_factory=list)
    #: Say *started* before failing.
    starts: bool = True
    #: Wait for it before answering.
    gate: asyncio.Event | None = None
    cannot_open: RelayDown | None = None
    sent: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    opened: int = 0
    closed: int = 0

    async def __aenter__(self) -> Self:
        if self.cannot_open is not None:
            raise self.cannot_open
        self.opened += 1
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closed += 1

    async def send(
        self, message: bytes, *, sender: str, to: str, started: Callable[[], None]
    ) -> Reply:
        self.asked.append(to)
        self.messages.append(message)
        act = self.acts.pop(0) if self.acts else None
        if act is None or self.starts:
            started()
        if self.gate is not None:
            await self.gate.wait()
        if act is not None:
            raise act
        self.sent.append(to)
        return Reply(250, "2.0.0", "2.0.0 kept", "whoever")


@dataclass
class Paced:
    """Stands in for `Pacing`: what it says is set, what it is told is kept."""

    waits: dict[str, list[float]] = field(default_factory=dict)
    storms: dict[str, str] = field(default_factory=dict)
    believed: bool = True
    told: list[tuple[str, str, int, str, str]] = field(default_factory=list)
    downs: list[tuple[str, bool]] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)

    def lane_of(self, email: str) -> str:
        return email.rpartition("@")[2]

    def relay_wait(self, relay: str, now: datetime) -> float:
        waits = self.waits.get(relay, [])
        return waits.pop(0) if waits else 0.0

    def heard(
        self,
        *,
        relay: str,
        lane: str,
        code: int,
        enhanced: str = "",
        text: str = "",
        now: datetime,
    ) -> None:
        self.told.append((relay, lane, code, enhanced, text))

    def storm(self, relay: str) -> str:
        return self.storms.get(relay, "")

    def trusted(self, relay: str) -> bool:
        return self.believed

    def spent(self, relay: str, now: datetime) -> str:
        return "today's share of the warm-up plan is used up"

    def give_back(self, relay: str) -> None:
        self.given_back.append(relay)

    def down(
        self, relay: str, why: str, until: datetime | None, *, now: datetime | None = None
    ) -> None:
        self.downs.append((relay, bool(until)))


class Signed:
    at_once = 32

    async def sign(self, message: bytes) -> bytes:
        return b"Signed: yes\r\n" + message


class Noted(Start):
    """Wants to hear of content that came back, too."""

    def __init__(self, *, again: bool = False, fails: Exception | None = None) -> None:
        self.again = again
        self.told: list[str] = []
        self._fails = fails

    def __call__(self) -> None:
        self.told.append("leaves")

    def back(self) -> None:
        self.told.append("back")
        if self._fails is not None:
            raise self._fails


class Bench:
    """A fleet with a clock that only moves when told, and sleeps that move it."""

    def __init__(self, ways: Sequence[Way], *, signing: Signed | None = None) -> None:
        self.pacing = Paced()
        self.clock = 1000.0
        self.slept: list[float] = []
        self.started: list[str] = []
        #: Whoever sleeps goes on sleeping until then.
        self.woken: asyncio.Event | None = None
        self.fleet = Fleet(
            ways,
            pacing=self.pacing,
            signing=signing,
            now=lambda: datetime(2026, 5, 18, 6, tzinfo=UTC) + timedelta(seconds=self.clock),
            clock=lambda: self.clock,
            sleep=self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock += seconds
        await (self.woken.wait() if self.woken else asyncio.sleep(0))

    async def __aenter__(self) -> Self:
        await self.fleet.__aenter__()
        return self

    async def __aexit__(self, *raised: Any) -> None:
        await self.fleet.__aexit__(*raised)

    async def send(self, to: str = TO, started: Callable[[], None] | None = None) -> Reply:
        return await self.fleet.send(
            MAIL,
            sender="verp@press.example",
            to=to,
            started=started or (lambda: self.started.append(to)),
        )


def two(**more: Any) -> tuple[Scripted, Scripted, Bench]:
    a, b = Scripted(), Scripted()
    return a, b, Bench([Way("a", a), Way("b", b, **more)])


def down(text: str = "hung up", code: int = 421) -> RelayDown:
    return RelayDown(code, text)


# ------------------------------------------------------------------------ the choice


async def test_everything_leaves_with_the_name_of_its_way() -> None:
    a, b, bench = two()
    a.acts = [Refused(550, "5.1.1 no such mailbox")]
    b.acts = [Deferred(451, "4.2.1 later")]
    async with bench:
        for kind, name in ((Refused, "a"), (Deferred, "b")):
            with pytest.raises(kind) as caught:
                await bench.send()
            assert caught.value.relay == name
        assert (await bench.send()).relay == "a"
    assert (a.opened, a.closed, b.opened, b.closed) == (1, 1, 1, 1)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_each_gets_its_share_by_weight_and_never_long_in_a_row(weights: list[int]) -> None:
    ways = [Scripted() for _ in weights]

    async def scene() -> list[str]:
        rows = [Way(str(at), ways[at], weight) for at, weight in enumerate(weights)]
        async with Bench(rows) as bench:
            return [(await bench.send()).relay for _ in range(sum(weights))]

    order = asyncio.run(scene())
    assert Counter(order) == {str(at): weight for at, weight in enumerate(weights)}
    first = next(iter(weights))
    if len(weights) == 2 and first == weights[1]:
        assert order[0] != order[1]


async def test_standby_is_used_only_while_all_others_are_down() -> None:
    a, _b, bench = two(standby=True)
    async with bench:
        assert [(await bench.send()).relay for _ in range(3)] == ["a"] * 3
        a.acts = [down()]
        assert [(await bench.send()).relay for _ in range(3)] == ["b"] * 3
        bench.clock += 6
        assert (await bench.send()).relay == "a"


async def test_a_message_is_signed_once_whoever_takes_it() -> None:
    a, b = Scripted(acts=[down()]), Scripted()
    async with Bench([Way("a", a), Way("b", b)], signing=Signed()) as bench:
        await bench.send()
        assert bench.fleet.at_once == 8 + 8 + 32
    assert a.messages == b.messages == [b"Signed: yes\r\n" + MAIL]


def test_two_ways_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="a name of its own"):
        Bench([Way("a", Scripted()), Way("a", Scripted())])


# ---------------------------------------------------------------------------- down


async def test_who_is_down_rests_and_the_next_takes_the_same_message() -> None:
    a, _b, bench = two()
    a.acts = [down()]
    async with bench:
        assert (await bench.send()).relay == "b"
        assert bench.started == [TO]
        assert [(await bench.send()).relay for _ in range(4)] == ["b"] * 4
        bench.clock += 6
        assert {(await bench.send()).relay for _ in range(2)} == {"a", "b"}


async def test_rest_doubles_up_to_five_minutes_and_begins_anew_after_a_success() -> None:
    a = Scripted(acts=[down() for _ in range(9)])
    rests = []
    async with Bench([Way("a", a)]) as bench:

        async def tried() -> bool:
            asked = len(a.asked)
            with suppress(RelayDown):
                await bench.send()
            return len(a.asked) > asked

        async def rest() -> float:
            since = bench.clock
            while not await tried():
                bench.clock += 0.5
            return bench.clock - since

        assert await tried()
        for _ in range(9):
            rests.append(await rest())
        assert a.sent == [TO]
        a.acts = [down()]
        assert await tried()
        rests.append(await rest())
    expected = [5, 10, 20, 40, 80, 160, 300, 300, 300, 5]
    assert all(
        0.9 * want <= got <= 1.1 * want + 0.5 for got, want in zip(rests, expected, strict=True)
    )


async def test_nobody_left_tells_the_reasons_of_all_and_the_code_of_the_last() -> None:
    a, b, bench = two()
    a.acts = [down("421 out of memory")]
    b.acts = [RelayDown(535, "5.7.8 who are you")]
    async with bench:
        with pytest.raises(RelayDown) as caught:
            await bench.send()
        assert caught.value.code == 535
        assert "a: 421 421 out of memory; b: 535 5.7.8 who are you" in str(caught.value)
        with pytest.raises(RelayDown) as caught:
            await bench.send()
        assert (caught.value.code, len(a.asked), len(b.asked)) == (0, 1, 1)


async def test_the_only_way_s_error_is_told_as_it_is() -> None:
    error = down()
    async with Bench([Way("a", Scripted(acts=[error]))]) as bench:
        with pytest.raises(RelayDown) as caught:
            await bench.send()
        assert caught.value is error
        assert error.relay == "a"


async def test_after_its_rest_one_message_tries_it_and_the_others_wait_for_what_it_finds() -> None:
    a = Scripted(acts=[down()])
    async with Bench([Way("a", a)]) as bench:
        with pytest.raises(RelayDown):
            await bench.send()
        bench.clock += 6
        a.gate = asyncio.Event()
        tasks = [asyncio.create_task(bench.send(f"r{n}@example.org")) for n in range(5)]
        await asyncio.sleep(0.01)
        assert len(a.asked) == 2
        a.gate.set()
        assert len(await asyncio.gather(*tasks)) == 5


async def test_a_trial_that_fails_sends_the_others_away_without_asking() -> None:
    a = Scripted(acts=[down(), down("still down")])
    async with Bench([Way("a", a)]) as bench:
        with pytest.raises(RelayDown):
            await bench.send()
        bench.clock += 6
        a.gate = asyncio.Event()
        tasks = [asyncio.create_task(bench.send()) for _ in range(5)]
        await asyncio.sleep(0.01)
        a.gate.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(error, RelayDown) and "still down" in str(error) for error in found)
        assert len(a.asked) == 2


async def test_a_trial_that_is_cancelled_leaves_it_to_the_next() -> None:
    a = Scripted(acts=[down()])
    async with Bench([Way("a", a)]) as bench:
        with pytest.raises(RelayDown):
            await bench.send()
        bench.clock += 6
        a.gate = asyncio.Event()
        first, second = (asyncio.create_task(bench.send()) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        a.gate.set()
        assert (await second).relay == "a"


async def test_while_one_is_tried_others_go_to_who_is_up() -> None:
    a, _b, bench = two(standby=True)
    a.acts = [down()]
    async with bench:
        await bench.send()
        bench.clock += 6
        a.gate = asyncio.Event()
        trial = asyncio.create_task(bench.send())
        await asyncio.sleep(0.01)
        assert (await bench.send()).relay == "b"
        a.gate.set()
        assert (await trial).relay == "a"


async def test_many_that_were_on_their_way_count_as_one_failure() -> None:
    a = Scripted(acts=[down() for _ in range(20)], gate=asyncio.Event())
    async with Bench([Way("a", a)]) as bench:
        tasks = [asyncio.create_task(bench.send()) for _ in range(20)]
        await asyncio.sleep(0.01)
        assert a.gate is not None
        a.gate.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(error, RelayDown) for error in found)
        bench.clock += 6
        assert (await bench.send()).relay == "a"


async def test_three_messages_without_an_answer_are_a_relay_that_is_down() -> None:
    a, _b, bench = two(standby=True)
    a.acts = [Vanished(0, "no answer"), Vanished(0, "no answer"), None]
    a.acts += [Vanished(0, "no answer") for _ in range(4)]
    async with bench:
        found: list[str] = []
        for _ in range(8):
            # Not by one cause.
            bench.clock += 0.5
            try:
                found.append((await bench.send()).relay)
            except Vanished as error:
                found.append(f"? {error.relay}")
        assert found == ["? a", "? a", "a", "? a", "? a", "? a", "b", "b"]
        bench.clock += 6
        # One more is risked to see whether it is there again.
        with pytest.raises(Vanished):
            await bench.send()
        assert (await bench.send()).relay == "b"


async def test_messages_that_one_connection_takes_along_are_one_silence() -> None:
    a, _b, bench = two(standby=True)
    a.acts = [Vanished(0, "no answer") for _ in range(5)]
    async with bench:
        for _ in range(5):
            with pytest.raises(Vanished):
                await bench.send()
        assert (await bench.send()).relay == "a"
        assert bench.pacing.downs == []


async def test_content_is_said_to_leave_once_however_many_are_asked() -> None:
    a, b, bench = two()
    a.acts = [RelayDown(421, "after the content")]
    async with bench:
        await bench.send()
    assert bench.started == [TO]
    assert b.sent == [TO]


async def test_a_start_that_fails_stops_it_there() -> None:
    _a, b, bench = two()

    def failing() -> None:
        raise OSError("disk full")

    async with bench:
        with pytest.raises(OSError, match="disk full"):
            await bench.fleet.send(MAIL, sender="", to=TO, started=failing)
    assert b.asked == []


async def test_who_wants_to_hear_it_is_told_that_content_came_back_before_the_next_is_asked() -> (
    None
):
    a, b, bench = two()
    a.acts = [down("after the content")]
    b.gate = asyncio.Event()
    noted = Noted()
    async with bench:
        sending = asyncio.create_task(bench.send(started=noted))
        await asyncio.sleep(0.01)
        assert noted.told == ["leaves", "back", "leaves"]
        b.gate.set()
        assert (await sending).relay == "b"


async def test_while_another_relay_s_turn_is_waited_for_nothing_is_begun() -> None:
    a, b, bench = two(standby=True)
    a.acts = [down("after the content")]
    bench.pacing.waits = {"b": [500.0]}
    bench.woken = asyncio.Event()
    noted = Noted()
    async with bench:
        sending = asyncio.create_task(bench.send(started=noted))
        await asyncio.sleep(0.01)
        assert (bench.slept, noted.told) == ([500.0], ["leaves", "back"])
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
    assert b.asked == []


async def test_who_came_back_and_is_not_to_be_begun_anew_is_offered_to_nobody_else() -> None:
    a, b, bench = two()
    a.acts = [down("after the content")]
    async with bench:
        with pytest.raises(OSError, match="disk full"):
            await bench.send(started=Noted(fails=OSError("disk full")))
        # The relay rests all the same.
        assert (await bench.send()).relay == "b"
    assert (len(a.asked), len(b.asked)) == (1, 1)


async def test_of_content_that_never_left_nothing_comes_back() -> None:
    a, _b, bench = two()
    a.acts, a.starts = [down("at the door")], False
    noted = Noted()
    async with bench:
        await bench.send(started=noted)
    assert noted.told == ["leaves"]


# ----------------------------------------------------------------------------- unfit


def unfit(text: str = "5.6.7 no SMTPUTF8 here", *, ours: bool = False) -> Unfit:
    return Unfit(550, text, ours=ours)


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("standby", [True, False])
async def test_what_one_way_cannot_carry_goes_by_another_and_the_first_does_not_rest(
    standby: bool, ours: bool
) -> None:
    a, _b, bench = two(standby=standby)
    a.starts = False
    a.acts = [unfit(ours=ours)]
    async with bench:
        assert (await bench.send()).relay == "b"
        assert "a" in {(await bench.send()).relay for _ in range(2)}
        assert {told[0] for told in bench.pacing.told} == {"a", "b"}
        assert {told[2] for told in bench.pacing.told} == {250}


@pytest.mark.parametrize("ways", [1, 2])
@pytest.mark.parametrize(("ours", "kind"), [(True, RelayDown), (False, Refused)])
async def test_what_no_way_can_carry_is_nobody_s_fault_or_one_address_s(
    ours: bool, kind: type[MailError], ways: int
) -> None:
    rows = [Scripted(acts=[unfit(ours=ours)], starts=False) for _ in range(ways)]
    async with Bench([Way(str(at), row) for at, row in enumerate(rows)]) as bench:
        with pytest.raises(MailError) as caught:
            await bench.send()
        assert type(caught.value) is kind
        assert (caught.value.code, caught.value.text) == (550, "5.6.7 no SMTPUTF8 here")
        assert caught.value.relay == str(ways - 1)
        assert bench.pacing.told == []
        # None of them rests.
        assert [(await bench.send()).code for _ in range(ways)] == [250] * ways


async def test_an_address_that_only_a_way_that_is_down_could_carry_waits_for_it() -> None:
    a, b, bench = two()
    a.acts = [down()]
    b.acts, b.starts = [unfit()], False
    async with bench:
        with pytest.raises(Deferred, match="no SMTPUTF8") as caught:
            await bench.send()
        assert (caught.value.tried, caught.value.relay) == (False, "b")
        assert (await bench.send()).relay == "b"


async def test_a_mail_that_only_a_way_that_is_down_could_carry_stops_it() -> None:
    a, b, bench = two()
    a.acts = [down()]
    b.acts, b.starts = [unfit("5.3.4 too large", ours=True)], False
    async with bench:
        with pytest.raises(RelayDown, match=r"a: 421 hung up; b: 550 5\.3\.4 too large"):
            await bench.send()


async def test_the_one_on_trial_that_cannot_carry_it_is_tried_by_the_next() -> None:
    a = Scripted(acts=[down(), unfit()], starts=False)
    async with Bench([Way("a", a)]) as bench:
        with pytest.raises(RelayDown):
            await bench.send()
        bench.clock += 6
        with pytest.raises(Refused):
            await bench.send()
        assert (await bench.send()).relay == "a"


# --------------------------------------------------------------------------- opening


async def test_one_that_cannot_open_is_down_and_opened_when_it_has_rested() -> None:
    a, _b, bench = two()
    a.cannot_open = RelayDown(0, "no such folder")
    async with bench:
        assert [(await bench.send()).relay for _ in range(3)] == ["b"] * 3
        bench.clock += 6
        assert {(await bench.send()).relay for _ in range(2)} == {"b"}
        bench.clock += 12
        a.cannot_open = None
        assert {(await bench.send()).relay for _ in range(2)} == {"a", "b"}
    assert (a.opened, a.closed) == (1, 1)


async def test_if_none_can_open_that_is_told_at_once() -> None:
    a, b, bench = two()
    a.cannot_open = RelayDown(0, "no such folder")
    b.cannot_open = RelayDown(0, "port taken")
    with pytest.raises(RelayDown, match="a: no such folder; b: port taken"):
        async with bench:
            pass


async def test_the_others_are_closed_when_one_fails_in_a_way_nobody_expects() -> None:
    a, _b, _bench = two()

    class Odd(Scripted):
        async def __aenter__(self) -> Self:
            raise ZeroDivisionError

    fleet = Bench([Way("a", a), Way("odd", Odd())])
    with pytest.raises(ZeroDivisionError):
        async with fleet:
            pass
    assert a.closed == 1


# ------------------------------------------------------------------------------ pace


async def test_its_turn_is_waited_for() -> None:
    async with Bench([Way("a", Scripted())]) as bench:
        bench.pacing.waits = {"a": [0.0, 2.5]}
        await bench.send()
        await bench.send()
        assert bench.slept == [2.5]


async def test_another_that_is_free_is_preferred_to_a_long_sleep() -> None:
    _a, _b, bench = two()
    bench.pacing.waits = {"a": [30.0]}
    async with bench:
        slow = asyncio.create_task(bench.send())
        await asyncio.sleep(0)
        bench.clock = 1000.0
        assert [(await bench.send()).relay for _ in range(5)] == ["b"] * 5
        assert (await slow).relay == "a"


async def test_who_goes_down_while_somebody_waits_for_it_is_not_used() -> None:
    a, _b, bench = two()
    bench.pacing.waits = {"a": [0.0, 3.0]}
    a.gate = asyncio.Event()
    a.acts = [down()]
    bench.woken = asyncio.Event()
    async with bench:
        first = asyncio.create_task(bench.send("first@example.org"))
        await asyncio.sleep(0)
        await bench.send()
        second = asyncio.create_task(bench.send("second@example.org"))
        await asyncio.sleep(0)
        assert bench.slept == [3.0]
        a.gate.set()
        assert (await first).relay == "b"
        bench.woken.set()
        assert (await second).relay == "b"
    assert a.asked == ["first@example.org"]


async def test_a_day_s_share_that_is_used_up_goes_to_the_others_or_waits_for_tomorrow() -> None:
    _a, _b, bench = two()
    bench.pacing.waits = {"a": [math.inf], "b": [0.0, 0.0, math.inf]}
    async with bench:
        assert [(await bench.send()).relay for _ in range(2)] == ["b"] * 2
        with pytest.raises(RelayDown, match="warm-up plan is used up") as caught:
            await bench.send()
        assert caught.value.code == 0
        assert (bench.pacing.told[-1][0], bench.started) == ("b", [TO, TO])
        bench.clock += 61
        assert (await bench.send()).relay in {"a", "b"}


async def test_a_share_that_is_used_up_is_no_case_for_those_on_standby() -> None:
    _a, b, bench = two(standby=True)
    bench.pacing.waits = {"a": [math.inf]}
    async with bench:
        with pytest.raises(RelayDown):
            await bench.send()
    assert b.asked == []


async def test_down_and_used_up_together_are_down() -> None:
    a, _b, bench = two()
    a.acts = [down()]
    bench.pacing.waits = {"b": [math.inf]}
    async with bench:
        with pytest.raises(RelayDown, match=r"a: 421 hung up; b: today's share"):
            await bench.send()


async def test_a_storm_stops_a_relay_for_what_follows() -> None:
    _a, _b, bench = two()
    async with bench:
        await bench.send()
        bench.pacing.storms["a"] = "40 of 50 were refused"
        assert [(await bench.send()).relay for _ in range(3)] == ["b"] * 3
        bench.pacing.storms["b"] = "50 of 50 were refused"
        with pytest.raises(RelayDown, match="a: 40 of 50 were refused; b: 50 of 50"):
            await bench.send()
        bench.pacing.storms.clear()
        await bench.send()


async def test_every_answer_is_told_to_the_pace_and_silence_before_content_is_none() -> None:
    acts: list[MailError | None] = [
        None,
        Refused(550, "5.1.1 no such mailbox"),
        Deferred(451, "4.7.1 greylisted"),
        Deferred(0, "no answer to RCPT"),
        Refused(0, "the address has a space in it"),
        Vanished(0, "no answer to the content"),
        RelayDown(421, "4.3.2 going down"),
    ]
    async with Bench([Way("a", Scripted(acts=acts))]) as bench:
        for _ in range(7):
            with suppress(MailError):
                await bench.send()
    assert bench.pacing.told == [
        ("a", "example.org", 250, "2.0.0", "2.0.0 kept"),
        ("a", "example.org", 550, "5.1.1", "5.1.1 no such mailbox"),
        ("a", "example.org", 451, "4.7.1", "4.7.1 greylisted"),
        ("a", "example.org", 0, "", "no answer to the content"),
        ("a", "", 421, "4.3.2", "4.3.2 going down"),
    ]


@pytest.mark.parametrize(("believed", "kind"), [(True, Refused), (False, Deferred)])
async def test_a_policy_refusal_blames_nobody_until_the_relay_has_taken_others(
    believed: bool, kind: type[MailError]
) -> None:
    policy = Refused(550, "5.7.1 your address is on a blocklist")
    nobody = Refused(550, "5.1.1 no such mailbox")
    async with Bench([Way("a", Scripted(acts=[policy, nobody]))]) as bench:
        bench.pacing.believed = believed
        with pytest.raises(kind) as caught:
            await bench.send()
        assert type(caught.value) is kind
        assert (caught.value.code, caught.value.relay) == (550, "a")
        assert not isinstance(caught.value, Deferred) or not caught.value.tried
        with pytest.raises(Refused):
            await bench.send()


async def test_a_fleet_says_when_all_that_it_heard_was_about_us() -> None:
    a, b, bench = two()
    policy = "5.7.1 bo@example.org: your address is on a blocklist"
    bench.pacing.believed = False
    async with bench:
        assert bench.fleet.refused_us == ""
        a.acts = [Refused(550, "5.1.1 no such mailbox"), Refused(554, policy)]
        b.acts = [Refused(550, policy)]
        for _ in range(3):
            with pytest.raises(MailError):
                await bench.send()
        assert bench.fleet.refused_us == ("a: 554 5.7.1 (address) your address is on a blocklist")
        await bench.send()
        assert bench.fleet.refused_us == ""


async def test_the_later_of_who_was_told_so_before_makes_no_storm_but_haste_is_heard_of() -> None:
    acts: list[MailError | None] = [
        Deferred(451, "4.3.0 try again"),
        Deferred(451, "4.7.28 too many messages"),
        Refused(550, "5.1.1 no such mailbox"),
        None,
    ]
    async with Bench([Way("a", Scripted(acts=acts))]) as bench:
        for _ in range(4):
            with suppress(MailError):
                await bench.send(started=Noted(again=True))
    assert [told[3] for told in bench.pacing.told] == ["4.7.28", "5.1.1", "2.0.0"]


# ------------------------------------------------------------------------- real pacing


def settings(**tables: Mapping[str, Any]) -> Settings:
    return Settings.model_validate(tables)


async def test_with_the_real_pace_a_day_s_share_is_counted() -> None:
    today = datetime(2026, 5, 18, 6, tzinfo=UTC)
    own = settings(mail={"warm_up_from": today.date(), "warm_up_first": 3})
    memory = MemoryTransport()
    async with Fleet(
        [Way("memory", memory)], pacing=Pacing(own), signing=None, now=lambda: today
    ) as fleet:
        for _ in range(3):
            await fleet.send(MAIL, sender="", to=TO, started=lambda: None)
        with pytest.raises(RelayDown, match="used up"):
            await fleet.send(MAIL, sender="", to=TO, started=lambda: None)


async def test_with_the_real_pace_a_storm_pauses_and_the_last_one_gets_its_own_answer() -> None:
    now = datetime(2026, 5, 18, 6, tzinfo=UTC)
    own = settings(pace={"storm_after": 10})
    a = Scripted(acts=[Refused(554, "5.7.1 rejected as spam") for _ in range(50)])
    found: list[type[MailError]] = []
    async with Fleet([Way("a", a)], pacing=Pacing(own), signing=None, now=lambda: now) as fleet:
        for _ in range(15):
            try:
                await fleet.send(MAIL, sender="", to=TO, started=lambda: None)
            except MailError as error:
                found.append(type(error))
    stopped = found.index(RelayDown)
    assert set(found[:stopped]) == {Deferred}
    assert set(found[stopped:]) == {RelayDown}
    assert len(a.asked) == stopped


async def test_nothing_is_left_open_when_the_body_fails() -> None:
    a = Scripted()
    with pytest.raises(ZeroDivisionError):
        async with Bench([Way("a", a)]):
            raise ZeroDivisionError
    assert a.closed == 1
