"""What counts as a click: people, once; programs, as far as they can be told, never."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest import clicks
from digest.app import App
from digest.clicks import MOST, Clicks, may_count
from digest.store import clicks as rows
from make import MORNING
from newsroom import open_newsroom, write_config
from over_http import mute

EDITION = "daily@2026-05-18T0700"
PHONE = "Mozilla/5.0 (Linux; Android 15; CUBOT X30) AppleWebKit/537.36 Mobile Safari/537.36"
LATE = timedelta(minutes=5)


def link(number: int) -> str:
    return f"https://wire.example/{number}"


class Room:
    """Clicks with a clock in seconds."""

    def __init__(self) -> None:
        numbers = count(1)
        self.keys: list[bytes] = []

        def new_key() -> bytes:
            self.keys.append(bytes([next(numbers)]) * 32)
            return self.keys[-1]

        self.clicks = Clicks(new_key=new_key)

    def open(
        self, second: float, number: int = 1, *, who: str = "192.0.2.1", edition: str = EDITION
    ) -> None:
        self.clicks.note(edition, link(number), address=who, agent=PHONE, at=at(second))

    def take(self, second: float) -> dict[int, int]:
        """By number of the link, whatever the edition."""
        taken = self.clicks.take(at(second))
        return {int(url.rpartition("/")[2]): number for (_, url), number in taken.items()}


def at(second: float) -> datetime:
    return MORNING + timedelta(seconds=second)


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_click_counts_after_ten_seconds_and_only_once(room: Room) -> None:
    room.open(0)
    assert room.take(10) == {}
    assert room.take(10.1) == {1: 1}
    assert room.take(20) == {}


def test_the_same_visitor_and_link_count_once_in_half_an_hour(room: Room) -> None:
    for second in (0, 1, 60, 1_799):
        room.open(second)
    assert room.take(1_900) == {1: 1}
    room.open(1_900)
    assert room.take(2_000) == {1: 1}


def test_two_visitors_and_two_links_and_two_editions_count_each(room: Room) -> None:
    room.open(0, 1)
    room.open(0, 2)
    room.open(0, 1, who="192.0.2.2")
    room.clicks.note(EDITION, link(1), address="192.0.2.1", agent="Other/1.0", at=at(0))
    assert room.take(60) == {1: 3, 2: 1}
    room.open(100, 1, edition="daily@2026-05-19T0700")
    assert room.take(200) == {1: 1}


def test_whoever_opens_more_than_three_links_within_ten_seconds_is_not_counted(room: Room) -> None:
    for number, second in enumerate((0, 3, 6, 10)):
        room.open(second, number)
    room.open(5, 9, who="192.0.2.2")
    assert room.take(100) == {9: 1}


def test_three_links_within_ten_seconds_are_a_reader_s(room: Room) -> None:
    for number, second in enumerate((0, 3, 6, 10.1, 13.2)):
        room.open(second, number)
        room.open(second, number)
    assert room.take(100) == {0: 1, 1: 1, 2: 1, 3: 1, 4: 1}


def test_what_was_counted_before_a_burst_stays_and_what_comes_after_it_counts(room: Room) -> None:
    room.open(0, 1)
    assert room.take(30) == {1: 1}
    for number in range(2, 40):
        room.open(40 + number * 0.1, number)
    assert room.take(60) == {}
    # A person behind the same address reads on.
    room.open(120, 2)
    assert room.take(140) == {2: 1}


def test_a_slow_scanner_is_not_counted_while_it_goes_on(room: Room) -> None:
    for number in range(60):
        room.open(number * 2.5, number)
    assert room.take(500) == {}


def test_different_editions_are_different_visits(room: Room) -> None:
    for number in range(6):
        room.open(0, number, edition=f"daily@2026-05-{number + 10}T0700")
    assert len(room.take(60)) == 6


def test_every_hour_has_a_key_of_its_own(room: Room) -> None:
    for second in (0, 1_000, 3_599, 3_600, 3_700, 10_000):
        room.open(second)
    assert len(set(room.keys)) == 3
    # The clock was put back: the old key is as good as over.
    room.open(-5)
    assert len(room.keys) == 4


def test_two_processes_know_a_visitor_by_different_names() -> None:
    one, two = Clicks(), Clicks()
    for clicks_ in (one, two):
        clicks_.note(EDITION, link(1), address="192.0.2.1", agent=PHONE, at=MORNING)
    assert not set(one._visits) & set(two._visits)


def test_nothing_of_a_visitor_is_kept_and_nothing_at_all_for_longer_than_it_is_needed(
    room: Room,
) -> None:
    room.open(0, who="203.0.113.77")
    kept = repr((room.clicks._visits, room.clicks._targets))
    assert "203.0.113.77" not in kept
    assert "CUBOT" not in kept
    room.take(1_799)
    assert room.clicks._visits
    room.take(1_800)
    assert not room.clicks._visits
    assert not room.clicks._targets


def test_beyond_the_bound_nothing_more_is_remembered(room: Room) -> None:
    for number in range(MOST + 50):
        room.open(0, number % 3, who=str(number))
    assert sum(len(visit) for visit in room.clicks._visits.values()) == MOST
    assert sum(room.take(60).values()) == MOST
    # What was known already goes on being looked at.
    room.open(100, 1, who="new")
    assert sum(room.take(2_000).values()) == 0
    room.open(2_001, 1, who="new")
    assert room.take(2_100) == {1: 1}


def test_what_could_not_be_kept_comes_again(room: Room) -> None:
    room.open(0)
    room.clicks.put_back(room.clicks.take(at(60)))
    room.open(70, who="192.0.2.2")
    assert room.take(90) == {1: 2}


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.floats(0, 40), st.integers(0, 6), st.sampled_from(["192.0.2.1", "192.0.2.2"])),
        max_size=40,
    )
)
def test_however_they_come_no_more_is_counted_than_was_opened(
    opened: list[tuple[float, int, str]],
) -> None:
    room = Room()
    total: dict[int, int] = {}
    for second, number, who in sorted(opened):
        room.open(second, number, who=who)
        for known, times in room.take(second).items():
            total[known] = total.get(known, 0) + times
    for known, times in room.take(100).items():
        total[known] = total.get(known, 0) + times
    visitors = {number: {who for _, n, who in opened if n == number} for number in range(7)}
    assert all(times <= len(visitors[number]) for number, times in total.items())


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {"user-agent": PHONE}),
        ("GET", {}),
        ("GET", {"user-agent": " "}),
        ("GET", {"user-agent": PHONE, "sec-purpose": "prefetch;prerender"}),
        ("GET", {"user-agent": PHONE, "purpose": "prefetch"}),
        ("GET", {"user-agent": PHONE, "x-purpose": "preview"}),
        ("GET", {"user-agent": PHONE, "x-moz": "prefetch"}),
        ("GET", {"user-agent": "Mozilla/5.0 (compatible; Searchbot/2.1; +http://search.example)"}),
        ("GET", {"user-agent": "ExampleBot"}),
        ("GET", {"user-agent": "curl/8.5.0"}),
        ("GET", {"user-agent": "python-requests/2.31"}),
        ("GET", {"user-agent": "Mozilla/5.0 HeadlessChrome/130.0"}),
        ("GET", {"user-agent": "MailScanner link check"}),
    ],
)
def test_a_program_that_says_so_is_not_counted(method: str, headers: dict[str, str]) -> None:
    assert not may_count(method, headers)


@pytest.mark.parametrize(
    "agent",
    [
        PHONE,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
    ],
)
def test_a_browser_may_be_counted(agent: str) -> None:
    assert may_count("GET", {"user-agent": agent})


# -------------------------------------------------------------------- keeping


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    write_config(tmp_path, newsletter="count_clicks = true")
    async with open_newsroom(tmp_path, now=lambda: MORNING + LATE) as opened:
        yield opened


async def test_what_counts_is_added_to_the_database(app: App, room: Room) -> None:
    assert await clicks.flush(app, room.clicks) == 0
    room.open(0)
    room.open(0, 2)
    room.open(LATE.total_seconds())
    assert await clicks.flush(app, room.clicks) == 2
    assert await clicks.flush(app, room.clicks) == 0
    async with app.db.read() as conn:
        assert await rows.of_edition(conn, EDITION) == [(link(1), 1), (link(2), 1)]


async def test_while_the_database_is_silent_clicks_wait(app: App, room: Room) -> None:
    room.open(0)
    async with mute(app) as silent:
        assert await clicks.flush(silent, room.clicks) == 0
    assert await clicks.flush(app, room.clicks) == 1


async def test_only_a_newsletter_that_says_so_is_counted(app: App, tmp_path: Path) -> None:
    assert clicks.are_counted(app, EDITION)
    assert not clicks.are_counted(app, "weekly@2026-05-18T0700")
    write_config(tmp_path / "other")
    async with open_newsroom(tmp_path / "other") as other:
        assert not clicks.are_counted(other, EDITION)
