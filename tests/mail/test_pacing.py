"""What was heard decides how fast relays and lanes are used, and outlives a restart."""

import asyncio
import json
import math
from collections import deque
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from itertools import pairwise
from typing import Any, Self

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from digest.mail.pacing import Pacing
from digest.mail.standing import Standing
from digest.settings import Lane, Mail, NamedRelay, Pace, Settings
from make import MORNING

SITE = {"name": "Test Press", "base_url": "http://localhost", "postal_address": "1 Quay Street"}
ONE = {"slug": "daily", "title": "The Daily", "sections": [{"title": "All"}]}
FEW = hypothesis.settings(max_examples=40)


def settings_of(**tables: Any) -> Settings:
    bare = Settings.model_validate({"site": SITE, "sources": [], "newsletters": [ONE]})
    return bare.model_copy(update=tables)


def pacing_of(*, share: float = 1.0, relays: Any = (), mail: Any = None, **pace: Any) -> Pacing:
    tables = {"pace": Pace(**pace), "relays": relays, "mail": mail or Mail()}
    return Pacing(settings_of(**tables), share=share)


def at(seconds: float) -> datetime:
    return MORNING + timedelta(seconds=seconds)


def hear(
    pacing: Pacing,
    code: int = 250,
    text: str = "",
    *,
    lane: str = "gmail",
    relay: str = "first",
    seconds: float = 0.0,
    times: int = 1,
) -> None:
    for _ in range(times):
        pacing.heard(relay=relay, lane=lane, code=code, text=text, now=at(seconds))


def again(pacing: Pacing, other: Pacing, kept: dict[str, str] | None = None) -> Pacing:
    """*other* after a restart: it goes on from what *pacing* has come to."""
    table = {} if kept is None else kept
    for key, text in pacing.changed().items():
        table.pop(key, None) if not text else table.update({key: text})
    other.restore(table)
    return other


def standing(pacing: Pacing, name: str, seconds: float = 0.0) -> Standing:
    found = pacing.standings(at(seconds), unused=True)
    return next(one for one in found if one.name == name)


TOO_FAST = "4.7.28 unusual rate of mail from you"

# ------------------------------------------------------------------ lanes


def test_the_lane_of_an_address() -> None:
    pacing = pacing_of(lanes=(Lane(name="county", domains=("county.example",)),))
    found = {
        email: pacing.lane_of(email)
        for email in ("a@gmail.com", "b@Outlook.com", "c@county.example", "d@own.example")
    }
    assert list(found.values()) == ["gmail", "outlook", "county", "own.example"]


async def test_mail_exchangers_are_asked_only_when_wanted() -> None:
    asked = []

    async def mx(domain: str) -> tuple[str, ...]:
        asked.append(domain)
        return ("aspmx.l.google.com",)

    for wanted in (True, False):
        pacing = Pacing(settings_of(pace=Pace(resolve_mx=wanted)), mx=mx)
        await pacing.meet(["a@firm.example", "b@firm.example"])
        await asyncio.sleep(0)
        assert pacing.lane_of("c@firm.example") == ("gmail" if wanted else "firm.example")
        await pacing.close()
    assert asked == ["firm.example"]


def test_without_limits_everybody_goes_at_once() -> None:
    pacing = pacing_of()
    assert {pacing.turn(lane, MORNING) for lane in ("gmail", "own.example") * 500} == {0.0}
    assert pacing.later("gmail", MORNING) == MORNING
    assert pacing.changed() == {}
    assert {pacing.relay_wait("first", MORNING) for _ in range(1000)} == {0.0}


def test_a_lane_with_a_limit_is_bounded_and_the_others_are_not() -> None:
    pacing = pacing_of(lanes=(Lane(name="gmail", max_per_minute=60),), per_domain_per_minute=6)
    waits = {
        lane: [pacing.turn(lane, MORNING) for _ in range(2)]
        for lane in ("gmail", "yahoo", "own.example")
    }
    assert waits["gmail"] == pytest.approx([0, 1])
    assert waits["yahoo"] == [0, 0]
    assert waits["own.example"] == pytest.approx([0, 10])


def test_a_lane_that_is_asked_for_less_haste_gives_way_and_comes_back() -> None:
    pacing = pacing_of()
    hear(pacing, times=600)
    hear(pacing, 451, TOO_FAST, times=50)
    assert pacing.turn("gmail", MORNING) == pytest.approx(5.0)
    assert pacing.turn("outlook", MORNING) == 0.0
    assert standing(pacing, "gmail").slowed_to == 300
    assert "unusual rate" in standing(pacing, "gmail").why
    for second in range(5, 500):
        hear(pacing, seconds=second)
    assert {pacing.turn("gmail", at(500)) for _ in range(1000)} == {0.0}
    assert [one.name for one in pacing.standings(at(500)) if one.kind == "lane"] == []


def test_a_relay_that_hangs_up_gives_way_itself_and_no_lane_does() -> None:
    pacing = pacing_of()
    hear(pacing, times=60)
    # Now and then it ends a connection: that is how relays limit them.
    hear(pacing, 421, "4.3.0 shutting down", times=3)
    assert pacing.relay_wait("first", MORNING) == 0.0
    hear(pacing, times=5940)
    hear(pacing, 421, "4.3.0 shutting down", times=298)
    assert pacing.turn("gmail", MORNING) == 0.0
    assert pacing.relay_wait("first", MORNING) == pytest.approx(1.0)
    assert pacing.relay_wait("second", MORNING) == 0.0
    assert standing(pacing, "first").slowed_to == 180_000


def test_a_provider_that_hangs_up_slows_its_lane() -> None:
    pacing = pacing_of()
    hear(pacing, 421, TOO_FAST)
    assert pacing.turn("gmail", MORNING) > 0
    assert pacing.turn("yahoo", MORNING) == 0.0


def test_what_is_said_of_several_lanes_alike_is_said_by_the_relay() -> None:
    pacing = pacing_of()
    for number in range(3):
        assert pacing.relay_wait("first", MORNING) == 0.0
        hear(pacing, 450, f"4.7.1 too much mail from you ({number})", lane=f"d{number}.example")
    assert pacing.relay_wait("first", MORNING) > 0


def test_what_is_said_of_nobody_is_said_by_the_relay() -> None:
    pacing = pacing_of()
    hear(pacing, 450, "4.7.1 too much mail from you", lane="")
    assert pacing.relay_wait("first", MORNING) > 0


def test_other_words_of_other_lanes_are_not_the_relay_s() -> None:
    pacing = pacing_of()
    for lane, words in (("gmail", "unusual rate"), ("yahoo", "deferred"), ("outlook", "busy")):
        hear(pacing, 451, f"4.7.0 {words}", lane=lane)
    assert pacing.relay_wait("first", MORNING) == 0.0


def test_silence_and_greylisting_ask_for_nothing() -> None:
    pacing = pacing_of()
    hear(pacing, 0, "no answer within 60 s", times=200)
    hear(pacing, 451, "4.7.1 greylisted, come back", times=200)
    assert pacing.turn("gmail", MORNING) == 0.0
    assert pacing.relay_wait("first", MORNING) == 0.0
    assert pacing.storm("first") == ""


def test_places_in_the_queue_are_spread_at_the_lane_s_pace_and_served_first() -> None:
    pacing = pacing_of(lanes=(Lane(name="gmail", max_per_minute=60),))
    pacing.turn("gmail", MORNING)
    places = [(pacing.later("gmail", MORNING) - MORNING).total_seconds() for _ in range(3)]
    assert places == pytest.approx([1, 2, 3])
    assert pacing.turn("gmail", at(1)) == pytest.approx(3)
    assert pacing.turn("gmail", at(1), waited=True) == 0.0
    assert pacing.turn("gmail", at(4)) == 0.0


def test_lanes_with_nothing_to_tell_keep_nothing() -> None:
    pacing = pacing_of()
    for number in range(5_000):
        lane = f"d{number}.example"
        assert pacing.turn(lane, MORNING) == 0.0
        hear(pacing, lane=lane, seconds=number / 1000)
    assert list(pacing.changed()) == ["relay:first"]


def test_of_too_many_slow_lanes_the_oldest_are_forgotten() -> None:
    first = pacing_of()
    hear(first, 451, TOO_FAST, lane="d.example")
    (kept,) = (text for key, text in first.changed().items() if key == "lane:d.example")
    pacing = pacing_of()
    pacing.restore({f"lane:d{number}.example": kept for number in range(40_000)})
    slow = {one.name for one in pacing.standings(MORNING) if one.kind == "lane"}
    assert len(slow) <= 20_000
    assert "d39999.example" in slow


class Sending:
    """One chunk as it is sent: windows of people, hands, and whoever is put off comes back.

    Every second person reads at gmail.  Whoever is to wait for 2 seconds at most does so in
    memory; the others' outcome is written, and they come back when the journal is looked at.
    """

    WINDOW, OPEN, HANDS, SEND_S, BEAT_S, PATIENCE_S = 200, 600, 20, 0.1, 0.5, 2.0

    def __init__(self, pacing: Pacing, people: int) -> None:
        self.pacing, self.people = pacing, people
        self.used: dict[str, list[tuple[float, int]]] = {"gmail": [], "own.example": []}
        self.most_in_memory = self.asked = 0
        self._events: list[tuple[float, int, str, int]] = []
        self._number = self._waiting = self._opened = 0
        self._queue: deque[tuple[int, bool]] = deque()
        self._journal: list[tuple[float, int]] = []
        self._settled = bytearray(people)
        self._free = self.HANDS

    def run(self) -> Self:
        self._later(0.0, "beat")
        while self._events:
            now, _, what, who = heappop(self._events)
            if what == "beat":
                self._beat(now)
            elif what == "back":
                self._waiting -= 1
                self._queue.append((who, True))
            else:
                self._free += 1
                self._settled[who] = 1
            while self._free and self._queue:
                self._one(now, *self._queue.popleft())
        return self

    def last(self, lane: str) -> float:
        return max(now for now, _ in self.used[lane])

    def _later(self, when: float, what: str, who: int = 0) -> None:
        self._number += 1
        heappush(self._events, (when, self._number, what, who))

    def _beat(self, now: float) -> None:
        while self._journal and self._journal[0][0] <= now:
            self._queue.append((heappop(self._journal)[1], True))
        lowest = self._settled.find(0)
        cursor = min(self._opened, lowest) if lowest >= 0 else self._opened
        most = min(self.people, cursor + self.OPEN)
        while self._opened < most and len(self._queue) <= self.WINDOW:
            new = range(self._opened, min(most, self._opened + self.WINDOW))
            self._queue.extend((who, False) for who in new)
            self._opened = new.stop
        if sum(map(len, self.used.values())) < self.people:
            self._later(now + self.BEAT_S, "beat")

    def _one(self, now: float, who: int, waited: bool) -> None:
        lane = ("gmail", "own.example")[who % 2]
        self.asked += 1
        wait = self.pacing.turn(lane, at(now), waited=waited)
        if not wait:
            self._free -= 1
            self.used[lane].append((now, who))
            self._later(now + self.SEND_S, "sent", who)
            return
        until = now + wait
        if not waited:
            until = (self.pacing.later(lane, at(now)) - MORNING).total_seconds()
        if until - now > self.PATIENCE_S:
            self._settled[who] = 1
            heappush(self._journal, (until, who))
            return
        self._waiting += 1
        self.most_in_memory = max(self.most_in_memory, self._waiting)
        self._later(until, "back", who)


@pytest.mark.parametrize("limit", [90, 1200])
def test_a_limited_lane_holds_up_nobody_else_and_loses_none_of_its_own_turns(limit: int) -> None:
    lanes = (Lane(name="gmail", max_per_minute=limit),)
    people = 6000 if limit == 1200 else 3000
    free = Sending(pacing_of(), people).run()
    paced = Sending(pacing_of(lanes=lanes), people).run()
    assert paced.last("own.example") <= free.last("own.example")
    # Two seconds' worth of them, and they are not asked again and again.
    assert paced.most_in_memory <= limit / 60 * 2 + 1
    assert paced.asked < 2.5 * people
    used = [now for now, _ in paced.used["gmail"]]
    assert len(used) == people // 2
    check(used, limit)
    assert used[-1] <= 1.03 * len(used) / (limit / 60) + 2
    # In the order in which they came, but for some who come back a moment too late.
    order = [who for _, who in paced.used["gmail"]]
    assert all(later - first > -40 for first, later in pairwise(order))


def test_many_who_come_back_late_are_told_a_moment_each() -> None:
    pacing = pacing_of(lanes=(Lane(name="gmail", max_per_minute=1200),))
    told = [pacing.turn("gmail", MORNING, waited=True) for _ in range(60)]
    assert told[:20] == [0.0] * 20
    assert told[20:58] == pytest.approx([(n + 1) * 3 / 59 for n in range(38)], rel=1e-4)
    # Nobody who comes for the first time is served before them.
    assert pacing.turn("gmail", MORNING) > 2
    assert pacing.turn("gmail", at(1)) > 1
    assert pacing.turn("gmail", at(3 / 59), waited=True) == 0.0
    assert pacing.turn("yahoo", MORNING) == 0.0


def test_a_queue_that_was_kept_from_coming_is_given_places_anew() -> None:
    pacing = pacing_of(lanes=(Lane(name="gmail", max_per_minute=1200),))
    for _ in range(1000):
        pacing.later("gmail", MORNING)
    # All of them come an hour too late, and the journal is looked at twice a second.
    coming, asked, used = [(3600.0, number) for number in range(1000)], 0, []
    while coming:
        now, number = heappop(coming)
        asked += 1
        wait = pacing.turn("gmail", at(now), waited=True)
        if not wait:
            used.append(now)
        else:
            back = now + wait
            heappush(coming, (back if wait <= 2 else math.ceil(2 * back) / 2, number))
    check(used, 1200)
    assert used[-1] - 3600 < 1.04 * 50
    assert asked < 5 * 1000


def test_a_turn_is_the_place_that_would_be_given() -> None:
    pacing = pacing_of(lanes=(Lane(name="gmail", max_per_minute=60),))
    assert pacing.turn("gmail", MORNING) == 0.0
    for _ in range(5):
        wait = pacing.turn("gmail", MORNING)
        assert pacing.later("gmail", MORNING) == MORNING + timedelta(seconds=wait)
    assert pacing.turn("gmail", MORNING) == pytest.approx(6)


# ------------------------------------------------------------------ relays

LIMITED = (NamedRelay(name="first", host="one.example", max_per_minute=60),)


def test_a_relay_s_limit_is_kept_by_promises() -> None:
    pacing = pacing_of(relays=LIMITED)
    waits = [pacing.relay_wait("first", MORNING) for _ in range(4)]
    assert waits == pytest.approx([0, 1, 2, 3])
    assert pacing.relay_wait("second", MORNING) == 0.0


def test_the_one_way_out_has_the_limits_of_mail_whatever_it_is_called() -> None:
    pacing = pacing_of(mail=Mail(max_per_minute=60))
    assert pacing.relay_wait("relay.example", MORNING) == 0.0
    assert pacing.relay_wait("relay.example", MORNING) == pytest.approx(1)


def test_shares_of_processes_add_up_to_the_limit() -> None:
    shared = [pacing_of(relays=LIMITED, share=0.25) for _ in range(4)]
    used = [
        second
        for pacing in shared
        for _ in range(100)
        if (second := pacing.relay_wait("first", MORNING)) < 60
    ]
    assert 56 <= len(used) <= 64
    tiny = pacing_of(lanes=(Lane(name="gmail", max_per_minute=2),), share=0.1)
    assert [tiny.turn("gmail", MORNING), tiny.turn("gmail", MORNING)] == pytest.approx([0, 60])


def test_slow_start_after_each_pause() -> None:
    relays = (NamedRelay(name="first", host="one.example", max_per_minute=600),)
    pacing = pacing_of(relays=relays, slow_start_min=10)

    def given_in(begin: float, seconds: int) -> int:
        """How many a sender gets who asks whenever the last one is used."""
        now, number = begin, 0
        while now < begin + seconds:
            now += max(0.001, pacing.relay_wait("first", at(now)))
            number += 1
        return number

    assert 55 < given_in(0, 60) < 110
    assert 580 < given_in(600, 60) < 620
    # No pause: a little later it is still at its full pace, an hour later it is not.
    assert 580 < given_in(700, 60) < 620
    assert 55 < given_in(5000, 60) < 110


def test_slow_start_without_a_limit_is_soon_past_what_matters() -> None:
    pacing = pacing_of(slow_start_min=1)
    assert pacing.relay_wait("first", MORNING) == 0.0
    assert pacing.relay_wait("first", MORNING) == pytest.approx(1.0, rel=0.05)
    assert pacing.relay_wait("first", at(61)) == 0.0
    assert {pacing.relay_wait("first", at(61)) for _ in range(1000)} == {0.0}


def warming(**fields: Any) -> tuple[NamedRelay, ...]:
    values: dict[str, Any] = {
        "name": "first",
        "host": "one.example",
        "warm_up_from": date(2026, 5, 17),
        "warm_up_first": 10,
        "warm_up_last": 40,
        "warm_up_days": 3,
    }
    return (NamedRelay(**(values | fields)),)


DAY = 86_400


def given_on(pacing: Pacing, day: int) -> int:
    """How many the first relay is given, each of which it takes."""
    for number in range(100):
        if pacing.relay_wait("first", at(day * DAY)) == math.inf:
            return number
        hear(pacing, seconds=day * DAY)
    return 100


def test_a_warm_up_plan_gives_each_day_its_share() -> None:
    pacing = pacing_of(relays=warming())
    assert [given_on(pacing, day) for day in (-2, -1, 0, 1, 2)] == [0, 10, 20, 40, 100]


def test_a_share_that_is_used_up_stays_so_after_a_restart() -> None:
    pacing = pacing_of(relays=warming())
    given_on(pacing, 0)
    other = again(pacing, pacing_of(relays=warming()))
    assert other.relay_wait("first", at(3600)) == math.inf
    assert given_on(other, 1) == 40


def test_several_processes_share_the_day() -> None:
    shared = [pacing_of(relays=warming(), share=0.5) for _ in range(2)]
    assert [given_on(pacing, 0) for pacing in shared] == [10, 10]
    alone = again(shared[0], pacing_of(relays=warming()))
    assert given_on(alone, 0) == 0


def test_what_was_not_taken_does_not_use_up_the_day() -> None:
    pacing = pacing_of(relays=warming())
    for _ in range(5):
        pacing.relay_wait("first", MORNING)
        hear(pacing, 250)
        pacing.relay_wait("first", MORNING)
        hear(pacing, 450, "4.2.0 not now")
    assert given_on(pacing, 0) == 15
    assert standing(pacing, "first").sent_today == 20
    assert standing(pacing, "first").allowed_today == 20


def test_what_is_on_its_way_counts_until_it_is_clear_that_nobody_answers() -> None:
    pacing = pacing_of(relays=warming())
    waits = [pacing.relay_wait("first", MORNING) for _ in range(21)]
    assert waits == [0.0] * 20 + [math.inf]
    hear(pacing, seconds=10)
    assert pacing.relay_wait("first", at(50)) == math.inf
    # The relay could not be reached: the others were never there.
    assert pacing.relay_wait("first", at(80)) == 0.0


def test_a_clock_put_back_over_midnight_gives_no_second_share() -> None:
    pacing = pacing_of(relays=warming())
    midnight = MORNING.replace(hour=0) + timedelta(days=1)
    assert [given_on(pacing, day) for day in (0, 1)] == [20, 40]
    assert pacing.relay_wait("first", midnight - timedelta(seconds=1)) == math.inf
    assert pacing.relay_wait("first", midnight + timedelta(seconds=1)) == math.inf


def test_the_plan_is_not_used_up_while_some_of_it_may_come_back() -> None:
    pacing = pacing_of(relays=warming())
    for _ in range(20):
        pacing.relay_wait("first", MORNING)
    hear(pacing, times=12)
    # Eight are on their way: the next one is to ask again.
    assert pacing.relay_wait("first", MORNING) == math.inf
    assert pacing.spent("first", MORNING) == ""
    hear(pacing, 450, "4.2.0 not now", times=3)
    pacing.give_back("first")
    assert [pacing.relay_wait("first", MORNING) for _ in range(5)] == [0.0] * 4 + [math.inf]
    hear(pacing, times=7)
    assert pacing.spent("first", MORNING) == ""
    hear(pacing)
    assert pacing.spent("first", MORNING) == "today's 20 mails of its warm-up plan are used up"
    assert pacing.spent("first", at(DAY)) == ""
    assert standing(pacing, "first").spent == pacing.spent("first", MORNING)


@FEW
@given(st.integers(1, 30), st.lists(st.sampled_from(["ask", "yes", "later", "lost"]), max_size=300))
def test_whatever_becomes_of_them_all_of_the_plan_is_used_and_no_more(
    on_their_way: int, steps: list[str]
) -> None:
    pacing, out, accepted = pacing_of(relays=warming()), 0, 0
    # Whatever came before, in the end there are enough who ask and are accepted.
    for what in [*steps, *["ask", "yes"] * 100]:
        if what == "ask" and out < on_their_way:
            out += pacing.relay_wait("first", MORNING) == 0.0
        elif what == "yes" and out:
            hear(pacing)
            out, accepted = out - 1, accepted + 1
        elif what == "later" and out:
            hear(pacing, 450, "4.2.0 not now")
            out -= 1
        elif what == "lost" and out:
            pacing.give_back("first")
            out -= 1
        assert bool(pacing.spent("first", MORNING)) == (accepted == 20)
    assert accepted == 20


def test_a_plan_that_has_not_begun_says_when_it_does() -> None:
    pacing = pacing_of(relays=warming(warm_up_from=date(2026, 12, 23)))
    assert pacing.relay_wait("first", MORNING) == math.inf
    assert pacing.spent("first", MORNING) == "its warm-up plan begins on 2026-12-23"
    over = pacing_of(relays=warming(warm_up_from=date(2026, 1, 1)))
    assert (over.spent("first", MORNING), over.spent("other", MORNING)) == ("", "")


# ------------------------------------------------------------------ relays that are down


def test_that_a_relay_is_down_is_told_once_and_outlives_a_restart() -> None:
    table: dict[str, str] = {}
    pacing = pacing_of(relays=LIMITED)
    pacing.relay_wait("first", MORNING)
    with capture_logs() as said:
        pacing.down("first", "ann@example.com cannot connect", at(5))
        pacing.down("first", "refused", at(20))
        other = again(pacing, pacing_of(relays=LIMITED), table)
        assert standing(other, "first").down == "refused"
        found = standing(other, "first")
        assert (found.down, found.down_since, found.down_until) == ("refused", MORNING, at(20))
        pacing.down("first", "", None)
        pacing.down("first", "", None)
    assert [(one["event"], one.get("why")) for one in said] == [
        ("a relay is down", "(address) cannot connect"),
        ("a relay is up again", None),
    ]
    assert standing(pacing, "first").down == ""
    assert standing(again(pacing, pacing_of(relays=LIMITED), table), "first").down == ""


def test_what_was_on_its_way_when_a_relay_went_down_does_not_bring_it_up() -> None:
    pacing = pacing_of()
    pacing.down("first", "hung up", at(30), now=MORNING)
    hear(pacing, seconds=1)
    assert standing(pacing, "first").down == "hung up"
    hear(pacing, seconds=31)
    assert standing(pacing, "first").down == ""


def test_a_relay_that_was_never_used_may_be_down() -> None:
    pacing = pacing_of()
    pacing.down("first", "", at(5))
    assert standing(pacing, "first").down == "no words"
    assert standing(pacing, "first").down_since == at(5)


def test_relays_that_are_not_configured_any_more_are_shown_when_asked_for() -> None:
    pacing = pacing_of(relays=LIMITED)
    hear(pacing, 554, "5.7.1 blocked", relay="gone", times=30)
    assert [one.name for one in pacing.standings(MORNING)] == ["first"]
    assert [one.name for one in pacing.standings(MORNING, unused=True)] == ["first", "gone"]


# ------------------------------------------------------------------ storms, trust


def test_a_relay_that_refuses_nearly_everybody_is_a_storm_until_it_is_calmed() -> None:
    pacing = pacing_of()
    hear(pacing, times=100)
    hear(pacing, 554, "5.7.1 <ann@example.com> blocked", times=25)
    assert pacing.storm("first").startswith('25 of the last 50 answers were "no" or "later"')
    assert "ann" not in pacing.storm("first")
    assert pacing.storm("second") == ""
    pacing.calm("first")
    assert pacing.storm("first") == ""
    # It is still told what the last one was, until it accepts something.
    assert standing(pacing, "first").storm
    hear(pacing)
    assert standing(pacing, "first").storm == ""


def test_a_small_audience_that_is_all_refused_for_what_we_are_is_a_storm() -> None:
    pacing = pacing_of()
    hear(pacing, seconds=-3601)
    hear(pacing, 554, "5.7.1 <ann@example.com> blocked by policy", times=7)
    assert pacing.storm("first") == ""
    hear(pacing, 554, "5.7.1 <bo@example.com> blocked by policy")
    assert pacing.storm("first") == (
        "nothing was accepted lately, and the last 8 people were all refused for what we are:"
        " 554 5.7.1 <(address)> blocked by policy"
    )


def test_a_relay_that_took_somebody_within_the_hour_must_refuse_more() -> None:
    pacing = pacing_of()
    hear(pacing)
    hear(pacing, 554, "5.7.1 blocked", seconds=60, times=24)
    assert pacing.storm("first") == ""
    hear(pacing, 554, "5.7.1 blocked", seconds=60)
    assert pacing.storm("first")


def test_after_an_hour_it_may_be_tried_anew() -> None:
    pacing = pacing_of()
    hear(pacing, 554, "5.7.1 blocked", times=25)
    pacing.turn("gmail", at(3500))
    assert pacing.storm("first")
    pacing.turn("gmail", at(3700))
    assert pacing.storm("first") == ""


def test_a_provider_that_throttles_is_no_storm() -> None:
    pacing = pacing_of()
    hear(pacing, 451, TOO_FAST, times=500)
    assert pacing.storm("first") == ""


def test_a_relay_is_trusted_while_it_accepts() -> None:
    pacing = pacing_of()
    assert not pacing.trusted("first")
    hear(pacing, 550, "5.7.1 blocked")
    assert not pacing.trusted("first")
    hear(pacing)
    hear(pacing, 550, "5.7.1 blocked", times=49)
    assert pacing.trusted("first")
    hear(pacing, 550, "5.7.1 blocked")
    assert not pacing.trusted("first")
    hear(pacing)
    hear(pacing, 550, "5.7.1 blocked", seconds=4000)
    assert not pacing.trusted("first")


# ------------------------------------------------------------------ kept


def test_a_slow_down_outlives_a_restart_and_is_gone_when_it_is_over() -> None:
    table: dict[str, str] = {}
    pacing = pacing_of()
    hear(pacing, times=600)
    hear(pacing, 451, TOO_FAST)
    pacing.later("gmail", MORNING)
    other = again(pacing, pacing_of(), table)
    assert set(table) == {"relay:first", "lane:gmail"}
    assert standing(other, "gmail").slowed_to == 300
    assert other.turn("gmail", at(1)) == pytest.approx(4, abs=0.3)
    assert other.trusted("first")
    for second in range(5, 500):
        hear(other, seconds=second)
    again(other, pacing_of(), table)
    assert set(table) == {"relay:first"}


def test_only_what_changed_is_told() -> None:
    pacing = pacing_of(lanes=(Lane(name="gmail", max_per_minute=60),))
    pacing.turn("gmail", MORNING)
    hear(pacing)
    assert set(pacing.changed()) == {"lanes", "relay:first"}
    assert pacing.changed() == {}
    hear(pacing, relay="second")
    assert set(pacing.changed()) == {"relay:second"}


def test_rates_are_kept_for_all_processes_together() -> None:
    pacing = pacing_of(share=0.5)
    hear(pacing, times=600)
    hear(pacing, 451, TOO_FAST)
    assert standing(pacing, "gmail").slowed_to == 600
    assert standing(again(pacing, pacing_of(share=0.25)), "gmail").slowed_to == 600


def test_what_a_person_has_forgotten_is_forgotten_by_a_running_process_too() -> None:
    table: dict[str, str] = {}
    running = pacing_of(relays=warming())
    given_on(running, 0)
    hear(running, 421, TOO_FAST)
    by_hand = again(running, pacing_of(relays=warming()), table)
    for name in ("gmail", "first", "unknown"):
        by_hand.reset(name, at(60))
    again(by_hand, running, table)
    assert running.turn("gmail", at(61)) == 0.0
    assert standing(running, "first").slowed_to is None
    # What the day's plan has given stays given.
    assert running.relay_wait("first", at(61)) == math.inf
    assert set(table) == {"relay:first", "lane:gmail"}


def test_another_process_s_slower_pace_is_taken_over() -> None:
    one, two = pacing_of(), pacing_of()
    hear(one, times=600)
    hear(one, 451, TOO_FAST)
    again(one, two)
    assert standing(two, "gmail").slowed_to == 300


kept_numbers = st.one_of(
    st.floats(), st.integers(-(10**20), 10**20), st.none(), st.text(max_size=5), st.booleans()
)
kept_states = st.dictionaries(
    st.sampled_from(
        [
            *("day", "accepted", "used_at", "begun_at", "saved", "saved_at", "mood"),
            *("queue", "queue_at", "yes_at", "since_yes", "storm", "reset_at"),
            *("down", "down_at", "down_until"),
        ]
    ),
    kept_numbers,
    max_size=6,
)
kept_slowed = st.dictionaries(
    st.sampled_from(["per_minute", "before", "until", "hold_s", "quiet_since", "accepted", "why"]),
    kept_numbers,
)
kept_tables = st.dictionaries(
    st.sampled_from(["relay:first", "lane:gmail", "lane:own.example", "lanes", "relay:", "odd"]),
    st.one_of(
        st.text(max_size=20),
        st.builds(
            lambda state, slow: json.dumps(state | {"slowed": slow}), kept_states, kept_slowed
        ),
        kept_states.map(json.dumps),
    ),
)


@FEW
@given(kept_tables)
def test_after_any_garbage_it_works(table: Mapping[str, str]) -> None:
    pacing = pacing_of(
        relays=LIMITED, lanes=(Lane(name="gmail", max_per_minute=60),), slow_start_min=1
    )
    pacing.restore(table)
    for seconds in (0, 1, 70):
        for lane in ("gmail", "own.example"):
            assert pacing.turn(lane, at(seconds)) >= 0
            assert pacing.later(lane, at(seconds)) >= at(seconds)
        assert pacing.relay_wait("first", at(seconds)) >= 0
        hear(pacing, 451, TOO_FAST, seconds=seconds)
        hear(pacing, seconds=seconds)
    again(pacing, pacing_of())
    list(pacing.standings(MORNING))


def test_a_relay_of_a_newer_version_is_understood_as_far_as_it_goes() -> None:
    pacing = pacing_of(relays=warming())
    given_on(pacing, 0)
    table = {
        key: json.dumps(json.loads(text) | {"mood": "fine"})
        for key, text in pacing.changed().items()
    }
    other = pacing_of(relays=warming())
    other.restore(table)
    assert other.relay_wait("first", MORNING) == math.inf


# ------------------------------------------------------------------ promises

order = st.lists(
    st.tuples(
        st.floats(0, 20, allow_nan=False),
        st.sampled_from(["go", "go", "waited", "later", "restart", "trouble", "yes"]),
    ),
    max_size=200,
)


@FEW
@given(st.integers(1, 200), order)
def test_a_lane_never_gets_more_than_its_limit_whatever_is_stopped_and_restarted(
    limit: int, steps: list[tuple[float, str]]
) -> None:
    def fresh() -> Pacing:
        return pacing_of(lanes=(Lane(name="gmail", max_per_minute=limit),))

    table: dict[str, str] = {}
    pacing, now, used = fresh(), 0.0, []
    for gap, what in steps:
        now += gap
        if what == "restart":
            pacing = again(pacing, fresh(), table)
        elif what == "later":
            assert pacing.later("gmail", at(now)) >= at(now)
        elif what == "trouble":
            hear(pacing, 451, TOO_FAST, seconds=now)
        elif what == "yes":
            hear(pacing, seconds=now)
        else:
            while pacing.turn("gmail", at(now), waited=what == "waited") == 0.0:
                used.append(now)
    check(used, limit)


@FEW
@given(st.integers(1, 200), st.sampled_from([0.0, 5.0]), order)
def test_a_relay_never_gets_more_than_its_limit_whatever_is_stopped_and_restarted(
    limit: int, slow_start_min: float, steps: list[tuple[float, str]]
) -> None:
    relays = (NamedRelay(name="first", host="one.example", max_per_minute=limit),)
    table: dict[str, str] = {}
    pacing = pacing_of(relays=relays, slow_start_min=slow_start_min)
    now, used = 0.0, []
    for gap, what in steps:
        now += gap
        if what == "restart":
            other = pacing_of(relays=relays, slow_start_min=slow_start_min)
            pacing = again(pacing, other, table)
        elif what == "trouble":
            hear(pacing, 421, TOO_FAST, seconds=now)
        elif what == "yes":
            hear(pacing, seconds=now)
        else:
            used.append(now + pacing.relay_wait("first", at(now)))
    check(sorted(used), limit)


def check(used: list[float], limit: int) -> None:
    most = limit + max(1, limit // 60)
    for first, last in zip(used, used[most:], strict=False):
        assert last - first >= 60 - 0.01


@FEW
@given(order)
def test_one_lane_s_trouble_is_never_another_s(steps: list[tuple[float, str]]) -> None:
    lanes = (Lane(name="gmail", max_per_minute=30),)
    pacing, now = pacing_of(lanes=lanes), 0.0
    for gap, what in steps:
        now += gap
        if what == "trouble":
            hear(pacing, 451, TOO_FAST, seconds=now)
        else:
            pacing.turn("gmail", at(now), waited=what == "waited")
            pacing.later("gmail", at(now))
        assert pacing.turn("yahoo", at(now)) == 0.0
        assert pacing.turn("own.example", at(now)) == 0.0
        assert pacing.relay_wait("first", at(now)) == 0.0


@FEW
@given(
    st.lists(
        st.tuples(
            st.one_of(st.floats(0, 30), st.floats(-3e8, 3e8)),
            st.sampled_from(["go", "trouble", "yes", "later", "relay", "restart"]),
        ),
        max_size=60,
    )
)
def test_whatever_the_clock_does_nobody_waits_for_long(steps: list[tuple[float, str]]) -> None:
    def fresh() -> Pacing:
        lanes = (Lane(name="gmail", max_per_minute=60),)
        return pacing_of(lanes=lanes, relays=LIMITED, slow_start_min=1)

    table: dict[str, str] = {}
    pacing, now = fresh(), 1e9 - MORNING.timestamp()
    for gap, what in steps:
        now = max(now + gap, -MORNING.timestamp() + 1)
        if what == "trouble":
            hear(pacing, 421, TOO_FAST, seconds=now)
        elif what == "yes":
            hear(pacing, seconds=now)
        elif what == "restart":
            pacing = again(pacing, fresh(), table)
        elif what == "later":
            pacing.later("gmail", at(now))
        elif what == "relay":
            # A promise each: in the worst case they add up, ten seconds apart.
            assert pacing.relay_wait("first", at(now)) <= 60 + 10 * len(steps)
    assert pacing.turn("gmail", at(now), waited=True) <= 75
    assert sum(pacing.turn("gmail", at(now), waited=True) == 0.0 for _ in range(200)) <= 2
