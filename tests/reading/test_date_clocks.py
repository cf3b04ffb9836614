"""Dates with rarer clocks and calendars: noon, 16.11 uur, 24:00, BST in Dhaka, Reiwa."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

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


@pytest.mark.parametrize(
    ("text", "language", "timezone", "expected"),
    [
        ("Thursday 17 October 2024 at noon", "en-GB", "Europe/London", "2024-10-17 12:00"),
        ("17. Oktober 2024, Mitternacht", "de", "Europe/Berlin", "2024-10-17 00:00"),
        ("Oct 17, 2024, midnight ET", "en-US", "America/New_York", "2024-10-17 00:00"),
        ("17.10.2024, 12 Uhr mittags", "de", "Europe/Berlin", "2024-10-17 12:00"),
        ("17 ottobre 2024, mezzogiorno", "it", "Europe/Rome", "2024-10-17 12:00"),
        ("17 de octubre de 2024, mediodía", "es", "Europe/Madrid", "2024-10-17 12:00"),
        ("令和七年一月三日", "ja", "Asia/Tokyo", None),
        ("令和元年11月2日 9時30分", "ja", "Asia/Tokyo", "2019-11-02 09:30"),
        ("平成30年2月14日", "ja", "Asia/Tokyo", "2018-02-14"),
        ("R6.10.17", "ja", "Asia/Tokyo", None),
        ("Thursday, 17-Oct-24 06:05:09 GMT", "en", "UTC", "2024-10-17 06:05"),
        ("17-Oct-2024 06:05", "en", "Asia/Kolkata", "2024-10-17 06:05"),
        ("17/10/24 18:30", "en-GB", "Europe/London", None),
        ("03/04/24", "en", "Europe/London", None),
        ("7.1.25, 6:05 Uhr", "de", "Europe/Berlin", "2025-01-07 06:05"),
        ("17 October 2024 06.00 BST", "en-GB", "Europe/London", "2024-10-17 06:00"),
        ("Thu 17 Oct 2024 18.22 EDT", "en", "Europe/London", "2024-10-17 23:22"),
        ("Tue, 15 Oct 2024 08:15:00 CST", "en", "Asia/Taipei", "2024-10-15 08:15"),
        ("Tue, 15 Oct 2024 08:15:00 PST", "en", "Asia/Manila", "2024-10-15 08:15"),
        ("Tue, 16 Jul 2024 08:15:00 EST", "en", "Australia/Sydney", "2024-07-16 23:15"),
        ("15 Oct 2024 08:15 AST", "en", "Asia/Riyadh", "2024-10-15 08:15"),
        ("15 Oct 2024 08:15 AST", "en", "America/Halifax", "2024-10-15 09:15"),
        ("15 Oct 2024 18:15 GST", "en", "Asia/Dubai", "2024-10-15 18:15"),
        ("2024-12-31T24:00:00+02:00", "en", "UTC", "2024-12-31 22:00"),
        ("2024-10-17T24:30:00Z", "en", "UTC", None),
        ("20241017", "en", "UTC", None),
        ("2024-10-17T14:05:33.123456789Z", "en", "UTC", "2024-10-17 14:05"),
        ("2024-W42-4", "en", "UTC", None),
        ("17 oct. 2024 - 16:11 (GMT-5)", "es", "America/Bogota", "2024-10-17 16:11"),
        ("Thursday, Oct 17, 2024 | 5:30 am PT", "en-US", "America/New_York", "2024-10-17 08:30"),
        ("17 Ekim 2024 Perşembe 09:20", "tr", "Europe/Istanbul", "2024-10-17 09:20"),
        ("17.10.2024 kello 9.20", "fi", "Europe/Helsinki", "2024-10-17 09:20"),
        ("torsdag 17. oktober 2024 kl. 09:20", "no", "Europe/Oslo", "2024-10-17 09:20"),
        ("17 października 2024, o godz. 9", "pl", "Europe/Warsaw", "2024-10-17 09:00"),
        ("2024. október 17., 9:20", "hu", "Europe/Budapest", "2024-10-17 09:20"),
        ("17 Οκτωβρίου 2024, 9:20 π.μ.", "el", "Europe/Athens", "2024-10-17 09:20"),
        ("17 באוקטובר 2024, 09:20", "he", "Asia/Jerusalem", "2024-10-17 09:20"),
        ("from 10 to 12 October 2024", "en", "UTC", None),
        ("17 October 2024 | 3 min read", "en", "UTC", "2024-10-17"),
        ("October 2024 17:00", "en", "UTC", None),
        ("Thu, 32 Oct 2024 10:00:00 GMT", "en", "UTC", None),
        ("17 October 2024, 25:10", "en", "UTC", None),
        ("17 October 2024, 12:75 PM", "en", "UTC", None),
        ("Friday 3 January 2025 19.30 CET", "en", "Europe/Prague", "2025-01-03 19:30"),
        ("令和6年10月17日 午前7時5分", "ja", "Asia/Tokyo", "2024-10-17 07:05"),
        ("2024年10月17日 21時", "ja", "Asia/Tokyo", "2024-10-17 21:00"),
        ("昭和64年1月7日", "ja", "Asia/Tokyo", "1989-01-07"),
        ("Wednesday, 09-Nov-94 08:49:37 GMT", "en", "UTC", "1994-11-09 08:49"),
        ("1.1.25 0:05", "de", "Europe/Vienna", "2025-01-01 00:05"),
        ("17.10.24", "de", "Europe/Berlin", "2024-10-17"),
        ("1.2.34", "en", "UTC", None),
        ("10.4.24", "en", "UTC", None),
        ("17 Oct 2024 at 11.20am", "en-GB", "Europe/London", "2024-10-17 11:20"),
        (
            "Thu Oct 17 2024 16:05:12 GMT+0530 (India Standard Time)",
            "en",
            "Asia/Kolkata",
            "2024-10-17 16:05",
        ),
        ("2024-10-17 16:05:12 +0200", "en", "UTC", "2024-10-17 14:05"),
        ("2024-10-17T16:05+02", "en", "UTC", "2024-10-17 14:05"),
        ("17 octobre 2024 minuit", "fr", "Europe/Paris", "2024-10-17 00:00"),
        ("17 października 2024, w południe", "pl", "Europe/Warsaw", "2024-10-17 12:00"),
        ("12 noon on 17 October 2024", "en", "Europe/London", "2024-10-17 12:00"),
        ("donderdag 17 oktober 2024, 9.05 u.", "nl", "Europe/Brussels", "2024-10-17 09:05"),
        ("17 oktober 2024 om 14u30", "nl", "Europe/Brussels", "2024-10-17 14:30"),
        ("17 Oct 2024, 08:15 BST", "en", "Asia/Kolkata", "2024-10-17 12:45"),
        ("17 Jan 2025 08:15 BRT", "en", "America/Sao_Paulo", "2025-01-17 08:15"),
        ("10–12 October 2024", "en", "UTC", None),
        ("Posted 17 October 2024 | Last modified 18 October 2024", "en", "UTC", "2024-10-17"),
        ("Okt. 2024", "de", "Europe/Berlin", None),
        ("17 October 2024, half past nine", "en", "UTC", "2024-10-17"),
    ],
)
def test_a_clock_beside_its_day(
    text: str, language: str, timezone: str, expected: str | None
) -> None:
    check(text, language, timezone, expected, None)
