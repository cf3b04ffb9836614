"""Whose turn it is, with a clock that moves when somebody sleeps."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from digest.errors import Fault, FetchError
from digest.model import HostWait
from digest.sources.hosts import Hosts

NOON = datetime(2026, 5, 18, 12, tzinfo=UTC)


class Clock:
    """Stands still, except while everybody sleeps."""

    def __init__(self) -> None:
        self.now = NOON
        self._asleep: list[tuple[datetime, asyncio.Future[None]]] = []

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asleep.append((self.now + timedelta(seconds=seconds), waking))
        await waking

    async def run(self, *tasks: asyncio.Task[Any]) -> None:
        while not all(task.done() for task in tasks):
            for _ in range(50):
                await asyncio.sleep(0)
            if self._asleep:
                self._asleep.sort(key=lambda sleeper: sleeper[0])
                until, waking = self._asleep.pop(0)
                if not waking.done():
                    self.now = until
                    waking.set_result(None)


class Day:
    """Hosts, their clock, and a note of who was asked when."""

    def __init__(self, *, per_host: int = 2, spacing_s: float = 1.0, in_flight: int = 16) -> None:
        self.clock = Clock()
        self.dice = 0.5
        self.hosts = Hosts(
            per_host=per_host,
            spacing_s=spacing_s,
            in_flight=in_flight,
            now=self.clock,
            sleep=self.clock.sleep,
            chance=lambda: self.dice,
        )
        self.starts: list[tuple[str, float]] = []
        self.under_way: list[str] = []
        self.most: dict[str, int] = {}

    async def ask(self, host: str, *, lasts_s: float = 0.0) -> None:
        async with self.hosts.turn(host):
            self.starts.append((host, (self.clock.now - NOON).total_seconds()))
            self.under_way.append(host)
            self.most[host] = max(self.most.get(host, 0), self.under_way.count(host))
            self.most["all"] = max(self.most.get("all", 0), len(self.under_way))
            if lasts_s:
                await self.clock.sleep(lasts_s)
            self.under_way.remove(host)

    async def all(self, *asks: Any) -> list[BaseException | None]:
        tasks = [asyncio.ensure_future(ask) for ask in asks]
        await self.clock.run(*tasks)
        ends: list[BaseException | None] = await asyncio.gather(*tasks, return_exceptions=True)
        return ends

    def away(self, host: str, *, asked_s: float | None = None, domain: bool = True) -> float:
        return self.hosts.sent_away(
            host, "429 Too Many Requests", asked_s=asked_s, whole_domain=domain
        )

    def later(self, seconds: float) -> None:
        self.clock.now += timedelta(seconds=seconds)

    async def is_left_alone(self, host: str) -> bool:
        (end,) = await self.all(self.ask(host))
        if end is None:
            return False
        assert isinstance(end, FetchError)
        assert (end.fault, end.wait_s is None) == (Fault.BUSY, False)
        return True


async def test_requests_to_one_host_start_apart() -> None:
    day = Day(per_host=5, spacing_s=2.0)
    await day.all(*(day.ask("a.example") for _ in range(4)))
    assert [at for _, at in day.starts] == [0.0, 2.0, 4.0, 6.0]


async def test_different_hosts_do_not_wait_for_each_other() -> None:
    day = Day(spacing_s=10.0, in_flight=100)
    await day.all(*(day.ask(f"h{number}.example") for number in range(60)))
    assert {at for _, at in day.starts} == {0.0}


async def test_so_many_at_a_time_and_no_more() -> None:
    day = Day(per_host=2, spacing_s=0.0, in_flight=5)
    hosts = [f"h{number % 4}.example" for number in range(40)]
    await day.all(*(day.ask(host, lasts_s=1.0) for host in hosts))
    assert day.most.pop("all") == 5
    assert max(day.most.values()) == 2
    assert len(day.starts) == 40


async def test_a_host_with_many_documents_does_not_take_all_the_room() -> None:
    day = Day(per_host=2, spacing_s=0.0, in_flight=4)
    slow = [day.ask("slow.example", lasts_s=1_000.0) for _ in range(30)]
    await day.all(*slow, *(day.ask(f"h{number}.example") for number in range(8)))
    assert [at for host, at in day.starts if host != "slow.example"] == [0.0] * 8


async def test_robots_txt_may_slow_us_down_but_not_to_a_halt_nor_speed_us_up() -> None:
    for asked_s, gap_s in ((7.0, 7.0), (3_600.0, 30.0), (0.1, 1.0), (0.0, 1.0)):
        day = Day(spacing_s=1.0)
        day.hosts.slow_down("a.example", asked_s)
        await day.all(*(day.ask("a.example") for _ in range(3)))
        assert [at for _, at in day.starts] == [0.0, gap_s, 2 * gap_s]


async def test_a_delay_learned_after_the_first_request_counts_from_it() -> None:
    day = Day()
    await day.all(day.ask("a.example"))
    day.hosts.slow_down("a.example", 9.0)
    await day.all(day.ask("a.example"))
    assert day.starts[-1] == ("a.example", 9.0)


async def test_a_clock_that_is_put_back_makes_nobody_wait_longer_than_the_gap() -> None:
    day = Day(spacing_s=2.0)
    await day.all(day.ask("a.example"))
    day.later(-86_400)
    before = day.clock.now
    await day.all(day.ask("a.example"))
    assert day.clock.now - before == timedelta(seconds=2)


async def test_who_is_cancelled_in_the_queue_gives_the_turn_to_the_next() -> None:
    day = Day(per_host=1, in_flight=1, spacing_s=5.0)
    await day.all(day.ask("a.example"))
    tasks = [asyncio.ensure_future(day.ask("a.example")) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[1].cancel()
    await asyncio.gather(*tasks[:2], return_exceptions=True)
    await day.clock.run(tasks[2])
    assert len(day.starts) == 2
    await day.all(day.ask("b.example"))
    assert len(day.starts) == 3


# ------------------------------------------------------------------ left alone


async def test_429_speaks_for_the_whole_registrable_domain() -> None:
    day = Day(spacing_s=0.0)
    day.away("feeds.news.co.uk", asked_s=600.0)
    assert await day.is_left_alone("feeds.news.co.uk")
    assert await day.is_left_alone("www.news.co.uk")
    assert not await day.is_left_alone("other.co.uk")
    day.later(601)
    assert not await day.is_left_alone("www.news.co.uk")


async def test_503_speaks_for_its_host() -> None:
    day = Day(spacing_s=0.0)
    day.away("feeds.news.example", asked_s=600.0, domain=False)
    assert await day.is_left_alone("feeds.news.example")
    assert not await day.is_left_alone("www.news.example")


@pytest.mark.parametrize(
    ("host", "neighbour"),
    [("127.0.0.1", "127.0.0.2"), ("2a00::1", "2a00::2"), ("a.github.io", "b.github.io")],
)
async def test_an_address_and_a_tenant_of_a_public_suffix_speak_for_themselves(
    host: str, neighbour: str
) -> None:
    day = Day(spacing_s=0.0)
    day.away(host, asked_s=600.0)
    assert await day.is_left_alone(host)
    assert not await day.is_left_alone(neighbour)


async def test_the_error_says_until_when_and_why() -> None:
    day = Day()
    day.away("feeds.news.example", asked_s=600.0)
    with pytest.raises(FetchError) as caught:
        await day.ask("www.news.example")
    assert str(caught.value) == (
        "news.example asked to be left alone until 2026-05-18 12:10 UTC "
        "(429 Too Many Requests); it is asked again after that"
    )
    assert (caught.value.wait_s, caught.value.temporary) == (600.0, True)


async def test_who_stands_in_the_queue_when_the_answer_comes_is_not_let_in() -> None:
    day = Day(per_host=1)

    async def first() -> None:
        async with day.hosts.turn("a.example"):
            day.away("a.example", asked_s=60.0)

    ends = await day.all(first(), *(day.ask("a.example") for _ in range(5)))
    assert day.starts == []
    assert [type(end) for end in ends[1:]] == [FetchError] * 5
    # And nobody has kept a place.
    day.later(61)
    await day.all(day.ask("a.example"), day.ask("b.example"))
    assert len(day.starts) == 2


def test_a_wait_is_neither_too_short_nor_too_long() -> None:
    assert Day().away("a.example", asked_s=0.0) == 30.0
    assert Day().away("a.example", asked_s=10.0**9) == 86_400.0


def test_without_a_time_the_wait_grows_and_is_never_the_same() -> None:
    day = Day()
    waits = []
    for number in range(14):
        day.dice = number / 14
        waits.append(day.away("a.example"))
        day.later(waits[-1])
    assert waits[0] == 60.0
    assert all(later > earlier for earlier, later in pairwise(waits[:9]))
    assert waits[-1] == 86_400.0


def test_answers_that_were_under_way_together_are_one() -> None:
    day = Day()
    assert {day.away("a.example") for _ in range(16)} == {90.0}
    day.later(91)
    assert day.away("a.example") == 180.0


def test_who_answers_again_begins_with_a_short_wait() -> None:
    day = Day()
    for _ in range(3):
        day.later(day.away("www.news.example") + 1)
    day.hosts.answered("feeds.news.example")
    assert day.away("www.news.example") == 90.0


def test_an_answer_that_was_under_way_ends_no_wait() -> None:
    day = Day()
    day.later(day.away("a.example") + 1)
    day.away("a.example")
    day.hosts.answered("a.example")
    day.later(1_000)
    assert day.away("a.example") == 360.0


def test_of_two_waits_the_longer_holds() -> None:
    day = Day()
    day.away("a.example", asked_s=600.0)
    assert day.away("a.example", asked_s=60.0) == 600.0
    (wait,) = day.hosts.take_changes()
    assert wait.until == NOON + timedelta(seconds=600)


async def test_waits_are_handed_over_once_and_remembered_by_the_next_run() -> None:
    day = Day()
    day.away("b.news.example", asked_s=600.0)
    day.away("a.example", asked_s=60.0, domain=False)
    waits = day.hosts.take_changes()
    reason = "429 Too Many Requests"
    assert waits == [
        HostWait(host=".news.example", until=NOON + timedelta(seconds=600), reason=reason),
        HostWait(host="a.example", until=NOON + timedelta(seconds=60), reason=reason),
    ]
    assert day.hosts.take_changes() == []
    tomorrow = Day(spacing_s=0.0)
    tomorrow.hosts.load(waits)
    assert tomorrow.hosts.take_changes() == []
    assert await tomorrow.is_left_alone("news.example")
    assert await tomorrow.is_left_alone("a.example")


async def test_what_is_loaded_does_not_shorten_what_is_known() -> None:
    day = Day(spacing_s=0.0)
    day.away("a.example", asked_s=600.0, domain=False)
    day.hosts.load([HostWait(host="a.example", until=NOON + timedelta(seconds=5))])
    day.later(60)
    assert await day.is_left_alone("a.example")


async def test_many_hosts_are_forgotten_when_they_are_idle_and_not_before() -> None:
    day = Day(spacing_s=60.0, in_flight=10_000)
    await day.all(*(day.ask(f"h{number}.example") for number in range(5_000)))
    day.later(1)
    await day.all(day.ask("one.example"), day.ask("h1.example"))
    assert day.starts[-1] == ("h1.example", 60.0)
