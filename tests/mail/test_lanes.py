from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mail.lanes import LANE, LONGEST_HOLD_S, Families, Flow, throttled
from digest.settings import Lane

# ------------------------------------------------------------------ whose lane


@pytest.mark.parametrize(
    ("domain", "lane"),
    [
        ("gmail.com", "gmail"),
        ("googlemail.com", "gmail"),
        ("outlook.com", "outlook"),
        ("outlook.com.br", "outlook"),
        ("hotmail.co.uk", "outlook"),
        ("live.nl", "outlook"),
        ("msn.com", "outlook"),
        ("yahoo.com", "yahoo"),
        ("yahoo.co.in", "yahoo"),
        ("ymail.com", "yahoo"),
        ("aol.de", "yahoo"),
        ("me.com", "icloud"),
        ("yahoo.co.jp", ""),
        ("live.press.example", ""),
        ("outlook.example", ""),
        ("notgmail.com", ""),
        ("gmail.com.example", ""),
        ("yahoo", ""),
        ("", ""),
    ],
)
def test_addresses_of_the_known_providers(domain: str, lane: str) -> None:
    assert Families().of_domain(domain) == lane


@pytest.mark.parametrize(
    ("hosts", "lane"),
    [
        (("aspmx.l.google.com", "alt1.aspmx.l.google.com"), "gmail"),
        (("SMTP.Google.com.",), "gmail"),
        (("aspmx2.googlemail.com",), "gmail"),
        (("press-example.mail.protection.outlook.com",), "outlook"),
        (("eur.olc.protection.outlook.com",), "outlook"),
        (("mta5.am0.yahoodns.net",), "yahoo"),
        (("mx01.mail.icloud.com",), "icloud"),
        (("mx.press.example", "aspmx.l.google.com"), ""),
        (("evilgoogle.com",), ""),
        ((), ""),
        (("",), ""),
    ],
)
def test_mail_exchangers_of_the_known_providers(hosts: tuple[str, ...], lane: str) -> None:
    assert Families().of_mx(hosts) == lane


def test_lanes_of_ones_own_come_first_and_add_to_the_known() -> None:
    families = Families(
        (
            Lane(name="county", domains=("county.example", "aol.com"), mx=("mx.county.example",)),
            Lane(name="gmail", domains=("school.example",)),
            Lane(name="late", domains=("county.example",)),
        )
    )
    found = [
        families.of_domain(domain)
        for domain in ("county.example", "aol.com", "aol.de", "school.example", "gmail.com")
    ]
    assert found == ["county", "county", "yahoo", "gmail", "gmail"]
    assert families.of_mx(("a.mx.county.example",)) == "county"


# ------------------------------------------------------------------ when to give way


@pytest.mark.parametrize(
    ("code", "enhanced", "text", "is_so"),
    [
        (421, "", "closing", True),
        (421, "4.7.28", "unusual rate of mail", True),
        (450, "4.7.1", "not so fast", True),
        (451, "4.7.500", "server busy", True),
        (452, "4.3.2", "not accepting mail now", True),
        (451, "", "Rate limit exceeded", True),
        (450, "4.0.0", "too many connections from your host", True),
        (554, "5.7.1", "Message rate exceeds your limit", True),
        (451, "4.3.0", "local error", False),
        (450, "4.2.1", "receiving mail at a rate that is too high", False),
        (452, "4.2.2", "over quota, limit exceeded", False),
        (451, "4.7.1", "Greylisted, come back in 5 minutes", False),
        (550, "5.7.1", "blocked", False),
        (250, "2.0.0", "no rate limit here", False),
        (0, "", "", False),
    ],
)
def test_which_answers_ask_for_less_haste(code: int, enhanced: str, text: str, is_so: bool) -> None:
    assert throttled(code, enhanced, text) is is_so


def slow(flow: Flow, now: float, *, lately: float = 0.0) -> bool:
    return flow.slow_down(now, lately=lately, why="too fast")


def test_a_flow_without_a_limit_goes_on_at_half_of_what_it_did() -> None:
    flow = Flow(0)
    assert flow.turn(0.0, waited=False) == 0.0
    slow(flow, 0.0, lately=600)
    assert flow.rate() == 300
    assert flow.turn(1.0, waited=False) == pytest.approx(4.0)
    assert flow.turn(5.0, waited=False) == 0.0
    assert flow.turn(5.0, waited=False) == pytest.approx(60 / 295, rel=0.01)


def test_a_burst_of_answers_counts_once() -> None:
    flow = Flow(0)
    assert [slow(flow, at / 100, lately=600) for at in range(50)] == [True] + [False] * 49
    assert flow.rate() == 300


def test_each_further_trouble_halves_it_again_and_holds_longer_down_to_a_floor() -> None:
    flow, now = Flow(0), 0.0
    seen = []
    for _ in range(8):
        slow(flow, now, lately=100)
        hold = flow.hold(now)
        seen.append((flow.rate(), hold))
        now += hold + 1
    assert seen[:4] == [(50, 5), (25, 10), (12.5, 20), (6.25, 30)]
    assert seen[-1] == (LANE.floor, LONGEST_HOLD_S)


def test_a_limit_lower_than_the_floor_stays_the_limit() -> None:
    flow = Flow(2)
    slow(flow, 0.0, lately=100)
    assert flow.rate() == 2


def ease_for(flow: Flow, minutes: int, *, begin: float = 5.0) -> list[float]:
    """The rate after each quiet minute with something accepted in it."""
    seen = []
    for second in range(minutes * 60 + 1):
        flow.ease(begin + second)
        if second and not second % 60:
            seen.append(flow.rate())
    return seen


def test_after_each_quiet_minute_it_grows_by_half_up_to_its_limit() -> None:
    flow = Flow(100)
    slow(flow, 0.0, lately=100)
    assert ease_for(flow, 3, begin=0.0) == [75, 100, 100]
    assert flow.slowed is None


def test_without_a_limit_it_is_free_again_well_beyond_what_it_did() -> None:
    flow = Flow(0)
    slow(flow, 0.0, lately=100)
    rates = ease_for(flow, 6, begin=0.0)
    assert rates[:4] == [75, 112.5, 168.75, 253.125]
    assert rates[5] == float("inf")


def test_trouble_in_a_quiet_minute_begins_it_anew() -> None:
    flow = Flow(0)
    slow(flow, 0.0, lately=100)
    for second in range(6, 60):
        flow.ease(second)
    slow(flow, 59.0, lately=100)
    flow.ease(61.0)
    assert flow.rate() == 25


@pytest.mark.parametrize("jump", [-1e8, -4000.0, -100.0, 100.0, 4000.0, 1e8])
def test_a_clock_that_jumps_neither_freezes_a_lane_nor_opens_it(jump: float) -> None:
    begin = 2e8
    flow = Flow(0)
    slow(flow, begin, lately=600)
    now = begin + jump
    waited = 0.0
    while (wait := flow.turn(now, waited=False)) > 0:
        waited += wait
        now += wait
        assert waited < 100
    flow.ease(now)
    assert flow.rate() <= 450
    assert sum(flow.turn(now, waited=False) == 0.0 for _ in range(100)) < 10


# ------------------------------------------------------------------ the queue


def test_places_are_spaced_by_the_pace() -> None:
    flow = Flow(60)
    assert [flow.place(0.0) for _ in range(4)] == pytest.approx([0.0, 1.0, 2.0, 3.0])
    # Time passes: what has been served is no longer ahead.
    assert flow.place(2.0) == pytest.approx(2.0)


def test_first_comers_wait_until_the_queue_is_served_and_those_from_it_do_not() -> None:
    flow = Flow(60)
    for _ in range(10):
        flow.place(0.0)
    assert flow.turn(0.0, waited=False) == pytest.approx(10.0)
    assert flow.turn(0.0, waited=True) == 0.0
    assert flow.turn(0.0, waited=True) == pytest.approx(1.0)
    assert flow.turn(5.0, waited=False) == pytest.approx(5.0)
    assert flow.turn(10.0, waited=False) == 0.0


def test_a_queue_of_a_slow_lane_reckons_with_better_times() -> None:
    flow = Flow(0)
    slow(flow, 0.0, lately=12)
    places = [flow.place(0.0) for _ in range(10_000)]
    assert places == sorted(places)
    assert places[1] - places[0] == pytest.approx(10, rel=0.05)
    # At 6 a minute the last of them would come in 28 hours.
    assert places[-1] < 20 * 60


def test_a_slow_lane_with_a_limit_never_plans_beyond_it() -> None:
    flow = Flow(60)
    slow(flow, 0.0, lately=12)
    places = [flow.place(0.0) for _ in range(2_000)]
    gaps = [b - a for a, b in pairwise(places)]
    assert min(gaps) >= 1 - 1e-9


def test_there_is_no_queue_where_there_is_no_pace() -> None:
    flow = Flow(0)
    assert [flow.place(0.0), flow.turn(0.0, waited=False)] == [0.0, 0.0]


def test_a_queue_is_gone_with_the_slow_down() -> None:
    flow = Flow(0)
    slow(flow, 0.0, lately=100)
    for _ in range(100):
        flow.place(0.0)
    ease_for(flow, 6, begin=0.0)
    assert flow.turn(400.0, waited=False) == 0.0
    assert flow.is_idle(400.0)


steps = st.lists(
    st.tuples(
        st.floats(0, 20, allow_nan=False),
        st.sampled_from(["first", "waited", "place", "trouble", "yes", "promise"]),
    ),
    max_size=300,
)


@settings(max_examples=40)
@given(st.integers(1, 300), steps)
def test_no_order_of_calls_gets_more_than_the_limit(
    limit: int, order: list[tuple[float, Any]]
) -> None:
    flow, now, used = Flow(limit), 0.0, []
    for gap, what in order:
        now += gap
        if what == "place":
            assert flow.place(now) >= 0
        elif what == "trouble":
            slow(flow, now, lately=limit)
        elif what == "yes":
            flow.ease(now)
        elif what == "promise":
            used.append(now + flow.promise(now))
        elif flow.turn(now, waited=what == "waited") == 0.0:
            used.append(now)
    used.sort()
    most = limit + max(1, limit // 60)
    for first, last in zip(used, used[most:], strict=False):
        assert last - first >= 60 - 0.01
