"""Dates of feeds, read sooner: nothing else comes out than for all other dates."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.reading.dates import read_date
from digest.reading.feeddates import read_feed_date

MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 30))
OFFSETS = st.integers(-13 * 60, 14 * 60)


def check(text: str, home: str = "Asia/Kolkata") -> None:
    told = read_feed_date(text, timezone=home, language="en")
    assert told == read_date(text, timezone=home, language="en")


@given(MOMENTS, OFFSETS)
@settings(max_examples=50, deadline=None)
def test_offsets_are_read_as_everywhere(moment: datetime, offset: int) -> None:
    at = moment.replace(tzinfo=timezone(timedelta(minutes=offset)))
    check(at.strftime("%a, %d %b %Y %H:%M:%S %z"))
    check(at.strftime("%d %b %Y %H:%M %z"))
    check(at.isoformat())


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 18 May 2026 12:00:00 GMT",
        "Mon, 18 May 2026 12:00:00 IST",
        "Mon, 18 May 2026 12:00:00",
        "Mon, 18 May 2026 25:00:00 GMT",
        "Mon, 31 Feb 2026 12:00:00 GMT",
        "18 Foo 2026 12:00:00 GMT",
        "18 Ebm 2026 12:00:00 GMT",
        " 8 May 2026 12:00 -0330 ",
        "2026-05-18T12:00:00Z",
        "2026-05-18T12:00:00.25+05:30",
        "2026-05-18T12:00:60Z",
        "2026-05-18T12:00:00",
        "1970-01-01T00:00:00Z",
        "Thu, 01 Jan 1970 02:00:00 +0200",
    ],
)
def test_every_date_is_read_as_everywhere(text: str) -> None:
    check(text)


def test_an_offset_is_taken_off() -> None:
    told = read_feed_date("Mon, 18 May 2026 12:00:00 +0330", timezone="UTC", language=None)
    assert told is not None
    assert told.at == datetime(2026, 5, 18, 8, 30, tzinfo=UTC)
