"""What a date on a page is read as, in words that a table of cases can hold."""

from datetime import datetime
from zoneinfo import ZoneInfo

from digest.reading.dates import read_date


def check(
    text: str, language: str, timezone: str, expected: str | None, now: datetime | None
) -> None:
    """*expected*: a clock or a day of *timezone*."""
    moment = read_date(text, language=language, timezone=timezone, now=now)
    if moment is None:
        assert expected is None
        return
    local = moment.at.astimezone(ZoneInfo(timezone))
    assert f"{local:%Y-%m-%d}" + ("" if moment.day_only else f" {local:%H:%M}") == expected
