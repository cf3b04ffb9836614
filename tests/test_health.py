"""How a source is: a word for what a person could act upon, and no false alarm."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import Fault
from digest.health import Health, Word, bare, health
from digest.settings import Source
from digest.slots import span
from digest.store.sources import SourceRecord
from make import MORNING

#: `MORNING` is a Monday.
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EVERY_DAY = range(7)
WORKDAYS = range(5)


def published(
    *, on: Iterable[int] = EVERY_DAY, at: Iterable[int] = (8, 11, 14, 17), weeks: int = 10
) -> list[datetime]:
    """At these hours of these weekdays, up to the morning of Monday."""
    start = MORNING.replace(hour=0) - timedelta(weeks=weeks)
    days = [start + n * DAY for n in range(7 * weeks + 1)]
    hours = list(at)
    found = [day + hour * HOUR for day in days if day.weekday() in on for hour in hours]
    return [moment for moment in found if moment <= MORNING]


def until(times: list[datetime], end: datetime) -> list[datetime]:
    return [at for at in times if at <= end]


def make_record(**fields: Any) -> SourceRecord:
    """A source that was met half a year ago and answered ten minutes before `MORNING`."""
    values: dict[str, Any] = {
        "id": "wire",
        "checked_at": MORNING - timedelta(minutes=10),
        "succeeded_at": MORNING - timedelta(minutes=10),
        "next_at": MORNING + timedelta(minutes=20),
        "first_at": MORNING - timedelta(weeks=25),
    }
    return SourceRecord(**(values | fields))


def look(
    times: Iterable[datetime] = (),
    *,
    now: datetime = MORNING,
    kind: str = "feed",
    days: dict[date, int] | None = None,
    record: SourceRecord | None = None,
    **fields: Any,
) -> Health:
    """Judge a source that published at *times*, and whose items were met as they came."""
    known = list(times)
    where: dict[str, Any] = {"feed": {"url": "https://wire.example/feed"}}.get(kind, {})
    looked = now - timedelta(minutes=10)
    found = record or make_record(**({"checked_at": looked, "succeeded_at": looked} | fields))
    met = dict(Counter(at.date() for at in known)) if days is None else days
    return health(Source(id="wire", kind=kind, **where), found, days=met, times=known, now=now)


# ------------------------------------------------------ what is nothing to worry about

QUIET: dict[str, Callable[[], Health]] = {
    "a busy feed, ten minutes after its last item": lambda: look(published(at=range(5, 23))),
    "its night": lambda: look(published(at=(9, 12, 18))),
    "a desk that rests at weekends, on Sunday": lambda: look(
        published(on=WORKDAYS), now=MORNING - DAY
    ),
    "a desk that rests at weekends, on Monday morning": lambda: look(published(on=WORKDAYS)),
    "the same, when Monday is a holiday, that evening": lambda: look(
        published(on=WORKDAYS), now=MORNING + 10 * HOUR
    ),
    "a weekly column, on the day before": lambda: look(published(on=[1], at=[10])),
    "a weekly column that is three days late": lambda: look(
        until(published(on=[4], at=[10]), MORNING - 9 * DAY)
    ),
    "a bulletin at six each day, at four": lambda: look(published(at=[6])),
    "ten items at once, once a month": lambda: look(
        [MORNING - timedelta(days=d, minutes=m) for d in (65, 36, 6) for m in range(10)]
    ),
    "now and then, without any rhythm": lambda: look(
        [MORNING - timedelta(days=d) for d in (9, 11, 12, 20, 33, 34, 51, 60)]
    ),
    "four items, years of silence": lambda: look(
        [MORNING - timedelta(days=d) for d in (60, 61, 62, 63)]
    ),
    "a bulletin that dates by the day": lambda: look(published(at=[0]), now=MORNING + 16 * HOUR),
    "weekdays only, known since Monday, on its first Sunday": lambda: look(
        published(on=WORKDAYS, at=range(7, 19), weeks=1),
        now=MORNING - 8 * HOUR,
        first_at=MORNING - 6 * DAY,
    ),
    "added yesterday with a hundred old items": lambda: look(
        published(at=range(7, 19), weeks=1),
        days={MORNING.date() - DAY: 100},
        first_at=MORNING - DAY,
    ),
    "a folder filled once": lambda: look(
        [MORNING - timedelta(days=20, minutes=n) for n in range(40)], kind="folder"
    ),
    "a ticker desk that pushed for a week": lambda: look(
        [MORNING - timedelta(days=d) for d in (20, 21, 22, 23, 24)], kind="push"
    ),
    "nobody was running over the weekend": lambda: look(
        until(published(at=range(24)), MORNING - 3 * DAY),
        succeeded_at=MORNING - 3 * DAY + HOUR,
        checked_at=MORNING - 3 * DAY + HOUR,
    ),
    "its items carry no dates of their own, and the last one is fresh": lambda: look(
        until(published(), MORNING - 9 * DAY), new_at=MORNING - 5 * HOUR
    ),
    "a part of the week is always thin": lambda: look(
        [at for at in published(at=range(6, 20)) if at.weekday() < 5 or at.hour == 6]
    ),
    "brings much on one day and little on the next": lambda: look(
        [at for at in published(at=range(24)) if (at.toordinal() * 7919) % 24 >= at.hour]
    ),
}


@pytest.mark.parametrize("case", QUIET)
def test_no_alarm(case: str) -> None:
    found = QUIET[case]()
    assert (found.word, found.troubled) == (Word.OK, False), found.sentence


# --------------------------------------------------------------- what somebody must hear

LOUD: dict[str, tuple[Word, Callable[[], Health]]] = {
    "a busy feed, silent for two days": (
        Word.SILENT,
        lambda: look(until(published(at=range(24)), MORNING - 2 * DAY)),
    ),
    "a daily bulletin that failed to come twice": (
        Word.SILENT,
        lambda: look(until(published(at=[6]), MORNING - 2 * DAY), now=MORNING + 9 * HOUR),
    ),
    "a weekly column missing for the second time": (
        Word.SILENT,
        lambda: look(until(published(on=[0], at=[2]), MORNING - 20 * DAY)),
    ),
    "a weekday desk silent since Tuesday, on Monday": (
        Word.SILENT,
        lambda: look(until(published(on=WORKDAYS), MORNING - 5 * DAY)),
    ),
    "a ticker desk with a rhythm that stopped": (
        Word.SILENT,
        lambda: look(until(published(), MORNING - 4 * DAY), kind="push", succeeded_at=None),
    ),
    "silent for so long that its rhythm is known from days only": (
        Word.SILENT,
        lambda: look(
            [],
            days={(MORNING - timedelta(days=n)).date(): 5 for n in range(80, 150)},
            new_at=MORNING - 80 * DAY,
        ),
    ),
    "a tenth of what is usual": (
        Word.DROP,
        lambda: look([at for at in published(at=range(24)) if at < MORNING - 30 * HOUR]
                     + [MORNING - 20 * HOUR, MORNING - 9 * HOUR, MORNING - HOUR]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LOUD)
def test_alarm(case: str) -> None:
    word, judge = LOUD[case]
    found = judge()
    assert (found.word, found.troubled) == (word, True), found.sentence


def test_one_missed_working_day_may_be_a_holiday() -> None:
    times = until(published(on=WORKDAYS, at=range(7, 19)), MORNING - 2 * DAY)
    found = look(times, now=MORNING + timedelta(days=1, hours=3))
    assert (found.word, found.slight) == (Word.SILENT, True)
    assert "public holiday" in found.sentence


def test_a_feed_dead_when_it_was_added_is_told_of() -> None:
    times = until(published(), MORNING - 20 * DAY)
    met = MORNING - DAY
    found = look(times, days={met.date(): 80}, first_at=met, new_at=met)
    assert found.word is Word.SILENT
    assert found.since == times[-1]


def test_a_past_outage_does_not_make_deaf() -> None:
    times = [
        at
        for at in published(at=range(24))
        if not MORNING - 30 * DAY < at < MORNING - 25 * DAY and at < MORNING - 2 * DAY
    ]
    assert look(times).word is Word.SILENT


def test_nothing_for_half_a_year_is_worth_a_look_and_no_alarm() -> None:
    found = look([], first_at=MORNING - timedelta(days=400))
    assert (found.word, found.slight) == (Word.SILENT, True)


# ----------------------------------------------------------------- words of the record


@pytest.mark.parametrize(
    ("fields", "word", "says"),
    [
        ({"paused_at": MORNING - DAY}, Word.PAUSED, "digest sources resume wire"),
        ({"gone_at": MORNING - 3 * DAY, "failures": 1, "word": "gone"}, Word.GONE, "410 Gone"),
        ({"failures": 3, "word": "timeout", "fault": "wire.example did not deliver"},
         Word.FAILING, "3 looks: wire.example did not deliver."),
        ({"failures": 1, "word": "not-found", "fault": "answered 404; check its address"},
         Word.FAILING, "check its address"),
        ({"failures": 2, "word": "not-a-feed", "fault": "wire.example is an HTML page"},
         Word.NOT_A_FEED, "no feed, for 2 days"),
        ({"failures": 1, "word": "busy", "fault": "429 Too Many Requests"},
         Word.WAITING, "asked us to wait: 429"),
        ({"failures": 0, "word": "busy", "fault": "wire.example asked for rest"},
         Word.WAITING, "asked for rest"),
        ({"moved_to": "https://new.example/feed?key=s3cret", "moved_visits": 2,
          "moved_since": MORNING - DAY}, Word.MOVED, "https://new.example/feed (2 looks"),
        ({"address": "https://new.example/feed", "moved_since": MORNING - 2 * DAY},
         Word.MOVED, "config.toml"),
        ({"address": "https://new.example/feed"}, Word.OK, "Looked at"),
        ({"fault": "a.txt: is empty."}, Word.OK, "Not everything could be read: a.txt: is empty."),
    ],
)  # fmt: skip
def test_what_the_last_visits_say(fields: dict[str, Any], word: Word, says: str) -> None:
    if fields.get("failures"):
        fields = {"failing_since": MORNING - 2 * DAY} | fields
    found = look(published(), **fields)
    assert found.word is word
    assert says in found.sentence
    assert "s3cret" not in found.sentence


def test_every_fault_has_a_word_and_keeps_its_own_sentence() -> None:
    for fault in Fault:
        found = look(failures=4, word=fault.value, fault="It says why.", failing_since=MORNING)
        assert found.word in (Word.FAILING, Word.NOT_A_FEED, Word.WAITING)
        assert "It says why." in found.sentence


def test_one_failure_among_good_visits_is_slight_and_the_second_is_not() -> None:
    fields: dict[str, Any] = {"word": "timeout", "fault": "too slow"}
    fields |= {"succeeded_at": MORNING - HOUR}
    once = look(published(), failures=1, **fields)
    twice = look(published(), failures=2, **fields)
    never = look(published(), failures=1, **(fields | {"succeeded_at": None}))
    assert [found.word for found in (once, twice, never)] == [Word.FAILING] * 3
    assert [found.slight for found in (once, twice, never)] == [True, False, False]


def test_waiting_for_more_than_a_day_is_a_trouble() -> None:
    fields: dict[str, Any] = {"word": "busy", "fault": "429", "failures": 9}
    assert not look(**fields, failing_since=MORNING - HOUR).troubled
    assert look(**fields, failing_since=MORNING - 2 * DAY).troubled


def test_a_source_that_nobody_looked_at_is_new() -> None:
    for record in (None, SourceRecord(id="wire")):
        source = Source(id="wire", kind="feed", url="https://wire.example/feed")
        found = health(source, record, days={}, times=(), now=MORNING)
        assert (found.word, found.per_day, found.troubled) == (Word.NEW, 0.0, False)


def test_who_was_added_by_command_is_told_the_command() -> None:
    gone: dict[str, Any] = {"gone_at": MORNING - DAY}
    assert "digest sources remove wire" in look(**gone, declared="{}").sentence
    assert "config.toml" in look(**gone).sentence


# ---------------------------------------------------------------------- items a day


def test_items_a_day_are_those_met_over_four_weeks() -> None:
    assert look(published(at=(1, 2, 3))).per_day == pytest.approx(3.0)


def test_the_first_visits_backlog_is_no_day_of_news() -> None:
    first = MORNING - 10 * DAY
    days = {(first + n * DAY).date(): (100 if n == 0 else 2) for n in range(11)}
    assert look(published(), days=days, first_at=first).per_day == pytest.approx(2.0)


def test_a_source_known_since_yesterday_is_judged_by_what_it_published() -> None:
    times = published(at=(1, 2), weeks=2)
    found = look(times, days={MORNING.date(): 28}, first_at=MORNING - HOUR)
    assert found.per_day == pytest.approx(2.0, rel=0.1)


# ------------------------------------------------------------------------- always

moments = st.datetimes(
    datetime(2025, 6, 1), datetime(2026, 7, 1), timezones=st.just(UTC)
) | st.sampled_from([MORNING, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
maybe = st.none() | st.datetimes(datetime(2025, 6, 1), datetime(2026, 7, 1), timezones=st.just(UTC))
records = st.builds(
    SourceRecord,
    id=st.just("wire"),
    checked_at=maybe,
    succeeded_at=maybe,
    next_at=maybe,
    first_at=maybe,
    new_at=maybe,
    failing_since=maybe,
    failures=st.integers(0, 50),
    word=st.none() | st.sampled_from([fault.value for fault in Fault]) | st.just("unheard-of"),
    fault=st.none() | st.text(max_size=20),
    moved_to=st.none() | st.text(max_size=20),
    moved_since=maybe,
    address=st.none() | st.text(max_size=20),
)


@settings(max_examples=50, deadline=None)
@given(
    record=st.none() | records,
    days=st.dictionaries(st.dates(date(2025, 6, 1), date(2026, 7, 1)), st.integers(0, 9999)),
    times=st.lists(moments, max_size=60),
    kind=st.sampled_from(["feed", "push"]),
    zone=st.sampled_from(["UTC", "Pacific/Auckland", "America/St_Johns"]),
)
def test_it_never_raises_and_says_the_same_twice(
    record: SourceRecord | None,
    days: dict[date, int],
    times: list[datetime],
    kind: str,
    zone: str,
) -> None:
    url = "https://wire.example/feed" if kind == "feed" else None
    source = Source(id="wire", kind=kind, url=url, timezone=zone)
    found = health(source, record, days=days, times=times, now=MORNING)
    assert found == health(source, record, days=days, times=times[::-1], now=MORNING)
    assert found.sentence
    assert found.per_day >= 0


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=5), "1 minute"),
        (timedelta(minutes=89), "89 minutes"),
        (timedelta(hours=9, minutes=20), "9 hours"),
        (timedelta(days=3), "3 days"),
        (timedelta(days=40), "6 weeks"),
        (timedelta(days=-4), "1 minute"),
    ],
)
def test_lengths_of_time_in_round_words(length: timedelta, words: str) -> None:
    assert span(length) == words


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pass@a.example:81/x/feed?token=1#f", "https://a.example:81/x/feed"),
        ("https://a.example", "https://a.example"),
        ("no address?at=all", "no address"),
    ],
)
def test_an_address_is_shown_without_its_keys(url: str, shown: str) -> None:
    assert bare(url) == shown
