"""What was heard decides how fast relays and lanes are used, and outlives a restart."""

import asyncio
import json
import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.mail.pacing import Pacing, Standing
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
    hear(pacing, times=6000)
    hear(pacing, 421, "4.3.0 shutting down")
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
