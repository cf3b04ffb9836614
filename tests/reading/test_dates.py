"""Printed dates: a table in a dozen languages, the zones, and what must stay unread."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.reading.date_clocks import plain_digits, read_clock
from digest.reading.date_words import month
from digest.reading.dates import Moment, find_dates, read_date

NOW = datetime(2024, 5, 4, 23, 30, tzinfo=UTC)


def check(
    text: str, expected: str | None, *, language: str | None = None, timezone: str = "UTC"
) -> None:
    """*expected*: "2024-05-04 23:09" is an instant in UTC, "2024-05-04" only a day."""
    moment = read_date(text, timezone=timezone, language=language)
    if moment is None:
        assert expected is None, f"{text!r} was not read"
        return
    shown = f"{moment.at:%Y-%m-%d}" if moment.day_only else f"{moment.at:%Y-%m-%d %H:%M}"
    assert shown == expected


@pytest.mark.parametrize(
    ("text", "expected", "language"),
    [
        # ISO 8601 and the mail's own form
        ("2024-05-04", "2024-05-04", None),
        ("2024-05-04T23:09:00Z", "2024-05-04 23:09", None),
        ("2024-05-04T23:09:00.123+03:00", "2024-05-04 20:09", None),
        ("2024-05-04 23:09", "2024-05-04 23:09", None),
        ("2024-05-04T23:09:11-0430", "2024-05-05 03:39", None),
        ("20240504T230900Z", "2024-05-04 23:09", None),
        ("Sat, 04 May 2024 23:09:00 GMT", "2024-05-04 23:09", None),
        ("Sat, 04 May 2024 23:09:00 +0300", "2024-05-04 20:09", None),
        ("Sat, 04 May 2024 23:09:00 EEST", "2024-05-04 20:09", None),
        ("Sat, 04 May 2024 23:09:00 EDT", "2024-05-05 03:09", None),
        ("04 May 24 23:09 GMT", "2024-05-04 23:09", None),
        ("Sat, 04 May 2024 23:09:00 -0000 (UTC)", "2024-05-04 23:09", None),
        ("Sat May  4 23:09:00 2024", "2024-05-04 23:09", None),
        # English
        ("May 4, 2024 11:09 PM", "2024-05-04 23:09", "en"),
        ("May 4, 2024", "2024-05-04", "en"),
        ("May 4th, 2024 at 11:09 p.m.", "2024-05-04 23:09", "en"),
        ("4 May 2024 12:05 AM", "2024-05-04 00:05", "en"),
        ("4 May 2024, 12:05 PM", "2024-05-04 12:05", "en"),
        ("Saturday, 4 May 2024 23:09 BST", "2024-05-04 22:09", "en"),
        ("Published: Sat 4 May 2024 07.15pm", "2024-05-04 19:15", "en"),
        ("10:46 GMT 04.05.2024", "2024-05-04 10:46", "en"),
        ("Last Updated : Apr 20 2023 | 2:34 PM IST", "2023-04-20 09:04", "en"),
        ("Sept. 9, 2024", "2024-09-09", "en"),
        ("1st of March 2024", "2024-03-01", "en"),
        ("11:09 PM, May 4, 2024", "2024-05-04 23:09", "en"),
        ("2024/05/04 23:09", "2024-05-04 23:09", "en"),
        ("May 4, 2024, 7:09 PM ET", "2024-05-04 23:09", "en"),
        ("13/05/2024", "2024-05-13", "en"),
        ("05/13/2024", "2024-05-13", "en"),
        ("04/04/2024", "2024-04-04", "en"),
        ("04/05/2024", None, "en"),
        ("04/05/2024", "2024-04-05", "en-US"),
        ("04/05/2024", "2024-05-04", "en-GB"),
        # Ukrainian
        ("4 травня 2024, 23:09", "2024-05-04 23:09", "uk"),
        ("4 травня 2024 року", "2024-05-04", "uk"),
        ("Субота, 4 травня 2024, 23:09", "2024-05-04 23:09", "uk"),
        ("04.05.2024 23:09", "2024-05-04 23:09", "uk"),
        ("23:09, 4 травня 2024", "2024-05-04 23:09", "uk"),
        ("1 лютого 2023 о 9:05", "2023-02-01 09:05", "uk"),
        ("30 листопада 2023 р., 18:40", "2023-11-30 18:40", "uk"),
        ("12 серп. 2023", "2023-08-12", "uk"),
        # Russian
        ("4 мая 2024, 23:09", "2024-05-04 23:09", "ru"),
        ("4 мая 2024 г. 23:09 МСК", "2024-05-04 20:09", "ru"),
        ("17 сентября 2022", "2022-09-17", "ru"),
        ("04.05.24 08:00", "2024-05-04 08:00", "ru"),
        # German
        ("4. Mai 2024, 23:09 Uhr", "2024-05-04 23:09", "de"),
        ("04.05.2024, 23.09 Uhr", "2024-05-04 23:09", "de"),
        ("Samstag, 4. Mai 2024", "2024-05-04", "de"),
        ("Stand: 04.05.2024 23:09 Uhr", "2024-05-04 23:09", "de"),
        ("veröffentlicht am 3. März 2023 um 07:30", "2023-03-03 07:30", "de"),
        ("1. Jänner 2024", "2024-01-01", "de"),
        ("04.05.2024 23:09 MESZ", "2024-05-04 21:09", "de"),
        ("13. Dezember 2025 19 Uhr", "2025-12-13 19:00", "de"),
        # French
        ("4 mai 2024 à 23h09", "2024-05-04 23:09", "fr"),
        ("Publié le 4 mai 2024 à 16 h 11", "2024-05-04 16:11", "fr"),
        ("1er août 2023", "2023-08-01", "fr"),
        ("samedi 4 mai 2024", "2024-05-04", "fr"),
        ("04/05/2024 à 23:09", "2024-05-04 23:09", "fr"),
        ("12 févr. 2024 - 08h", "2024-02-12 08:00", "fr"),
        ("25 déc. 2023", "2023-12-25", "fr"),
        # Spanish
        ("4 de mayo de 2024", "2024-05-04", "es"),
        ("4 de mayo de 2024 a las 23:09 h", "2024-05-04 23:09", "es"),
        ("04/05/2024 - 11:09 p. m.", "2024-05-04 23:09", "es"),
        ("15 ene 2024", "2024-01-15", "es"),
        ("3 de septiembre del 2022, 10:00", "2022-09-03 10:00", "es"),
        ("agosto 9, 2023", "2023-08-09", "es"),
        # Polish
        ("4 maja 2024, 23:09", "2024-05-04 23:09", "pl"),
        ("30 listopada 2023 godz. 18.40", "2023-11-30 18:40", "pl"),
        ("12 sierpnia 2023 r.", "2023-08-12", "pl"),
        ("2 paź 2023", "2023-10-02", "pl"),
        ("04.05.2024 o 9:05", "2024-05-04 09:05", "pl"),
        # Italian
        ("4 maggio 2024 alle 23:09", "2024-05-04 23:09", "it"),
        ("4 maggio 2024 ore 23.09", "2024-05-04 23:09", "it"),
        ("1º giugno 2023", "2023-06-01", "it"),
        ("22 ott 2023", "2023-10-22", "it"),
        # Arabic
        ("4 مايو 2024", "2024-05-04", "ar"),
        ("٤ مايو ٢٠٢٤ ١١:٠٩ مساء", "2024-05-04 23:09", "ar"),
        ("4 أيار 2024، 23:09", "2024-05-04 23:09", "ar"),
        ("12 كانون الثاني 2023", "2023-01-12", "ar"),
        ("4 مايو/أيار 2024", "2024-05-04", "ar"),
        ("4 مايو 2024 9:05 ص", "2024-05-04 09:05", "ar"),
        # and others
        ("4 de maio de 2024 às 23h09", "2024-05-04 23:09", "pt"),
        ("4 mei 2024 om 23:09", "2024-05-04 23:09", "nl"),
        ("4. května 2024 23:09", "2024-05-04 23:09", "cs"),
        ("4. 5. 2024 23:09", "2024-05-04 23:09", "cs"),
        ("30. listopadu 2023", "2023-11-30", "cs"),
        ("30. listopada 2023", "2023-10-30", "hr"),
        ("4 maj 2024 kl. 23.09", "2024-05-04 23:09", "sv"),
        ("4.5.2024 klo 23.09", "2024-05-04 23:09", "fi"),
        ("4. toukokuuta 2024", "2024-05-04", "fi"),
        ("4 Mayıs 2024 23:09", "2024-05-04 23:09", "tr"),
        ("2024. május 4. 23:09", "2024-05-04 23:09", "hu"),
        ("4 Μαΐου 2024, 11:09 μ.μ.", "2024-05-04 23:09", "el"),
        ("2024年5月4日 23時09分", "2024-05-04 23:09", "ja"),
        ("2024年5月4日 下午11:09", "2024-05-04 23:09", "zh"),
        ("2024년 5월 4일 오후 11:09", "2024-05-04 23:09", "ko"),
        ("२०२४-०५-०४", "2024-05-04", "hi"),
    ],
)
def test_a_printed_date_is_read(text: str, expected: str | None, language: str | None) -> None:
    check(text, expected, language=language)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "12345",
        "12",
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31",
        "Mon, 01 Jan 0001 00:00:00 GMT",
        "2024-13-45",
        "31 February 2024",
        "May 2024",
        "2024",
        "4 May",
        "4/5/24",
        "version 1.2.34",
        "yesterday",
        "2 hours ago",
        "3 Smarch 2024",
        "25:61",
        "4:11 PM",
        "Chapter 12 of the 2024 report was read aloud by all of the members on 4 May 2024.",
        "²³-¹¹-²⁰",
    ],
)
def test_what_is_not_one_day_stays_unread(text: str) -> None:
    check(text, None)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("May 4, 2024 11:09 PM", "Europe/Kyiv", "2024-05-04 20:09"),
        ("January 4, 2024 11:09 PM", "Europe/Kyiv", "2024-01-04 21:09"),
        ("May 4, 2024", "Europe/Kyiv", "2024-05-03"),
        ("Apr 20 2023 | 2:34 PM IST", "Asia/Jerusalem", "2023-04-20 12:34"),
        ("Apr 20 2023 | 2:34 PM IST", "Asia/Kolkata", "2023-04-20 09:04"),
        ("4 May 2024 10:00 CST", "Asia/Shanghai", "2024-05-04 02:00"),
        ("4 May 2024 10:00 CST", "UTC", "2024-05-04 16:00"),
        ("4 May 2024 10:00 AST", "UTC", "2024-05-04"),
        ("4 May 2024 10:00 UTC+3", "Asia/Tokyo", "2024-05-04 07:00"),
        ("4 May 2024 10:00 (GMT-3)", "Asia/Tokyo", "2024-05-04 13:00"),
    ],
)
def test_a_zone_is_the_sites_own_first(text: str, zone: str, expected: str) -> None:
    check(text, expected, timezone=zone)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("2 hours ago", "en", Moment(at=datetime(2024, 5, 4, 21, 30, tzinfo=UTC))),
        ("yesterday", "en", Moment(at=datetime(2024, 5, 3, tzinfo=UTC), day_only=True)),
        ("gestern", "de", Moment(at=datetime(2024, 5, 3, tzinfo=UTC), day_only=True)),
        ("vor 2 Stunden", "de", Moment(at=datetime(2024, 5, 4, 21, 30, tzinfo=UTC))),
        ("2 maja, 14:00", "pl", Moment(at=datetime(2024, 5, 2, 14, tzinfo=UTC))),
        ("Dec 30", "en", Moment(at=datetime(2023, 12, 30, tzinfo=UTC), day_only=True)),
    ],
)
def test_with_a_now_relative_days_are_read(text: str, language: str, expected: Moment) -> None:
    assert read_date(text, language=language, now=NOW) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4:11 PM", time(16, 11)),
        ("10:10 AM", time(10, 10)),
        ("12:00 AM", time(0, 0)),
        ("12:30 p.m.", time(12, 30)),
        ("16:11", time(16, 11)),
        ("16 h 11", time(16, 11)),
        ("16h11", time(16, 11)),
        ("16h", time(16, 0)),
        ("19:30 Uhr", time(19, 30)),
        ("19.30 Uhr", time(19, 30)),
        ("19 Uhr", time(19, 0)),
        ("4.11 p.m.", time(16, 11)),
        ("4pm", time(16, 0)),
        ("kl. 19.30", time(19, 30)),
        ("| 08:05", time(8, 5)),
        ("22:12 GMT", time(22, 12)),
        ("٠٩:٠٥", time(9, 5)),
        ("9:05 ص", time(9, 5)),
        ("下午4:11", time(16, 11)),
        ("오후 4시 11분", time(16, 11)),
        ("16時11分", time(16, 11)),
        ("13:05 AM", None),
        ("24:10", None),
        ("25:00", None),
        ("19:30 Uhr fällt aus", None),
        ("3:2", None),
        ("16.11", None),
        ("", None),
        ("PM", None),
    ],
)
def test_a_line_that_is_a_clock_is_read(text: str, expected: time | None) -> None:
    assert read_clock(text) == expected


def test_two_dates_in_a_line_keep_their_own_clocks() -> None:
    found = list(find_dates("10:46 GMT 04.05.2024 (Updated: 11:02 GMT 05.05.2024)"))
    assert [(f.day, f.clock.at if f.clock else None) for f in found] == [
        (date(2024, 5, 4), time(10, 46)),
        (date(2024, 5, 5), time(11, 2)),
    ]


def test_a_month_word_means_one_month_wherever_it_is_read() -> None:
    for number, words in enumerate(("January", "лютого", "März", "avril", "mayo", "czerwca"), 1):
        assert month(words) == number
    # Croatian is the exception that has to be named.
    assert (month("listopada"), month("listopada", "hr")) == (11, 10)
    assert month("monday") is None


@given(st.text(max_size=200))
def test_any_text_gives_a_moment_or_none(text: str) -> None:
    moment = read_date(text, language="de", now=NOW)
    assert moment is None or moment.at.tzinfo is UTC
    read_clock(text)
    assert len(plain_digits(text)) == len(text)


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)))
def test_what_is_written_in_english_reads_back(at: datetime) -> None:
    at = at.replace(second=0, microsecond=0, tzinfo=UTC)
    for form in ("%B %d, %Y %I:%M %p", "%d %b %Y, %H:%M", "%H:%M %d.%m.%Y", "%Y-%m-%dT%H:%MZ"):
        assert read_date(at.strftime(form)) == Moment(at=at)
