"""What a sender counts: nothing is lost between counting, telling and adding up."""

import json
from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as some

from digest.meter import OTHERS, SPAN_S, Meter, merge
from digest.model import DeliveryState, Tally
from make import MORNING

S = DeliveryState
HEARD = (S.SENT, S.DEFERRED, S.FAILED, S.DOUBTFUL)


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


@settings(max_examples=40)
@given(
    some.lists(
        some.tuples(
            some.integers(0, 2),
            some.sampled_from(["first", "second"]),
            some.integers(0, 40).map("lane{}".format),
            some.sampled_from([*HEARD, S.SKIPPED]),
            some.floats(0, 100),
        ),
        max_size=80,
    )
)
def test_what_several_heard_is_what_their_lines_come_to(
    answers: list[tuple[int, str, str, DeliveryState, float]],
) -> None:
    meters = [Meter(MORNING) for _ in range(3)]
    for number, relay, lane, state, seconds in answers:
        meters[number].heard(relay, lane, state, MORNING + at(seconds))
    now = MORNING + at(100)
    told = merge(meter.told(now) for meter in meters)
    states = Counter(state for *_, state, _ in answers)
    assert told.total == Tally(
        accepted=states[S.SENT],
        deferred=states[S.DEFERRED],
        refused=states[S.FAILED],
        vanished=states[S.DOUBTFUL],
    )
    assert sum(told.lanes.values(), Tally()) == told.total
    assert len(told.lanes) <= 21
    assert told.skipped == states[S.SKIPPED]
    late = sum(state is S.SENT and int(seconds) > 40 for *_, state, seconds in answers)
    assert sum(told.seconds.values()) == late


def test_small_lanes_stand_together_at_the_end() -> None:
    meter = Meter(MORNING)
    for number in range(30):
        for _ in range(number + 1):
            meter.heard("first", f"lane{number}", S.SENT, MORNING)
    lanes = merge([meter.told(MORNING), meter.told(MORNING)]).lanes
    assert list(lanes)[:2] == ["lane29", "lane28"]
    assert list(lanes)[-1] == OTHERS
    assert lanes["lane29"].accepted == 60
    assert lanes[OTHERS].accepted == 2 * sum(range(1, 11))


def test_the_rate_is_that_of_the_last_minute_and_fades_when_nothing_comes() -> None:
    meter = Meter(MORNING)
    for second in range(120):
        for _ in range(7):
            meter.heard("first", "lane", S.SENT, MORNING + at(second))
    now = MORNING + at(119.99)
    told = merge([meter.told(now)])
    assert 6.8 <= told.per_s(now) <= 7.0
    assert 3.2 <= told.per_s(now + at(30)) <= 3.6
    assert told.per_s(now + at(61)) == 0


def test_the_rate_of_a_beginning_is_not_spread_over_a_minute() -> None:
    meter = Meter(MORNING)
    for _ in range(50):
        meter.heard("first", "lane", S.SENT, MORNING + at(2))
    assert merge([meter.told(MORNING + at(5))]).per_s(MORNING + at(5)) == 10.0
    assert merge([]).per_s(MORNING) == 0.0
    assert merge([Meter(MORNING).told(MORNING)]).per_s(MORNING) == 0.0


def test_a_meter_stays_small_whatever_the_clock_does() -> None:
    meter = Meter(MORNING)
    for second in range(1000):
        meter.heard("first", "lane", S.SENT, MORNING + at(second * 37 % 9973 - 5000))
        meter.heard("first", f"{second}.example", S.FAILED, MORNING)
        meter.heard("first", f"{second + 1000}.example", S.FAILED, MORNING)
    assert len(meter._seconds) <= 2 * SPAN_S + 1
    assert len(meter._lanes) <= 1001
    told = json.loads(meter.told(MORNING))
    assert len(told["seconds"]) <= SPAN_S
    assert told["relays"] == {"first": [1000, 0, 2000, 0]}
    assert sum(map(sum, told["lanes"].values())) == 3000


def test_lines_that_are_none_of_ours_count_for_nothing() -> None:
    meter = Meter(MORNING)
    meter.heard("first", "lane", S.FAILED, MORNING)
    strange = ["", "{", "[]", "null", "{}", '{"relays": 3}', json.dumps({"began": "x"})]
    assert merge([*strange, meter.told(MORNING)]) == merge([meter.told(MORNING)])
