"""What is told from now, in many languages: the clock is kept, or the text stays unread."""

from datetime import UTC, datetime

import pytest

from digest.reading.date_relative import tells_from_now
from moments import check

#: A Thursday.
NOW = datetime(2024, 10, 17, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "language", "timezone", "expected"),
    [
        ("avant-hier à 21 h 05", "fr", "Europe/Paris", "2024-10-15 21:05"),
        ("aujourd'hui, 7h30", "fr", "Europe/Paris", "2024-10-17 07:30"),
        ("hier 8.15 uur", "nl", "Europe/Amsterdam", None),
        ("gisteren om 21.40 uur", "nl", "Europe/Amsterdam", "2024-10-16 21:40"),
        ("igår kl. 08.12", "sv", "Europe/Stockholm", "2024-10-16 08:12"),
        ("vorgestern um 17.30 Uhr", "de", "Europe/Berlin", "2024-10-15 17:30"),
        ("ontem às 19h45", "pt", "America/Sao_Paulo", "2024-10-16 19:45"),
        ("ayer a las 9 de la noche", "es", "Europe/Madrid", None),
        ("позавчора о 06:20", "uk", "Europe/Kyiv", "2024-10-15 06:20"),
        ("сегодня в 11:05", "ru", "Europe/Moscow", "2024-10-17 11:05"),
        ("dziś, 6:45", "pl", "Europe/Warsaw", "2024-10-17 06:45"),
        ("przedwczoraj o 22.10", "pl", "Europe/Warsaw", "2024-10-15 22:10"),
        ("dün 14:20", "tr", "Europe/Istanbul", "2024-10-16 14:20"),
        ("oggi alle ore 10.30", "it", "Europe/Rome", "2024-10-17 10:30"),
        ("أمس 18:40", "ar", "Africa/Cairo", "2024-10-16 18:40"),
        ("اليوم الساعة 07:15", "ar", "Africa/Cairo", "2024-10-17 07:15"),
        ("قبل ساعتين", "ar", "Africa/Cairo", "2024-10-17 15:00"),
        ("منذ 5 دقائق", "ar", "Africa/Cairo", "2024-10-17 16:55"),
        ("قبل يومين", "ar", "Africa/Cairo", "2024-10-15"),
        ("10分前", "ja", "Asia/Tokyo", "2024-10-17 22:50"),
        ("2日前", "ja", "Asia/Tokyo", "2024-10-15"),
        ("昨日 18:40", "ja", "Asia/Tokyo", "2024-10-16 18:40"),
        ("5分钟前", "zh", "Asia/Shanghai", "2024-10-17 21:55"),
        ("昨天 21:10", "zh", "Asia/Shanghai", "2024-10-16 21:10"),
        ("3시간 전", "ko", "Asia/Seoul", "2024-10-17 20:00"),
        ("an hour ago", "en", "UTC", "2024-10-17 13:00"),
        ("vor einer Stunde", "de", "Europe/Berlin", "2024-10-17 15:00"),
        ("há 20 minutos", "pt", "America/Sao_Paulo", "2024-10-17 10:40"),
        ("il y a 12 min", "fr", "Europe/Paris", "2024-10-17 15:48"),
        ("пів години тому", "uk", "Europe/Kyiv", "2024-10-17 16:30"),
        ("15 хв тому", "uk", "Europe/Kyiv", "2024-10-17 16:45"),
        ("2 days ago", "en", "UTC", "2024-10-15"),
        ("2 days ago at 10:30", "en", "UTC", "2024-10-15 10:30"),
        ("Yesterday, noon", "en", "Europe/London", "2024-10-16 12:00"),
        ("Last Tuesday at 5pm", "en", "Europe/London", None),
        ("Mon 6:40 PM", "en", "Europe/London", None),
        ("just now", "en", "UTC", "2024-10-17 14:00"),
        ("3h ago", "en", "UTC", "2024-10-17 11:00"),
        ("tomorrow at 9", "en", "UTC", None),
        ("hier", "fr", "Europe/Paris", "2024-10-16"),
        ("hoje às 8h", "pt", "Europe/Lisbon", "2024-10-17 08:00"),
        ("heute um 12 Uhr", "de", "Europe/Berlin", "2024-10-17 12:00"),
        ("Gestern | 22:15 Uhr", "de", "Europe/Berlin", "2024-10-16 22:15"),
        ("Publié hier à 23h", "fr", "Europe/Paris", "2024-10-16 23:00"),
        ("Publié il y a 2 jours", "fr", "Europe/Paris", "2024-10-15"),
        ("Updated 45 minutes ago", "en", "Europe/London", "2024-10-17 14:15"),
        ("1 hr ago", "en", "UTC", "2024-10-17 13:00"),
        ("hace 3 días", "es", "America/Bogota", "2024-10-14"),
        ("hace un minuto", "es", "America/Bogota", "2024-10-17 08:59"),
        ("godzinę temu", "pl", "Europe/Warsaw", "2024-10-17 15:00"),
        ("kilka godzin temu", "pl", "Europe/Warsaw", None),
        ("several hours ago", "en", "UTC", None),
        ("3 hours 20 minutes ago", "en", "UTC", None),
        ("Сьогодні, 09:05", "uk", "Europe/Kyiv", "2024-10-17 09:05"),
        ("5 минут назад", "ru", "Europe/Moscow", "2024-10-17 16:55"),
        ("для 4 часа назад", "ru", "Europe/Moscow", "2024-10-17 13:00"),
        ("in 3 hours", "en", "UTC", None),
        ("5 timmar sedan", "sv", "Europe/Stockholm", "2024-10-17 11:00"),
        ("for 2 timer siden", "da", "Europe/Copenhagen", "2024-10-17 14:00"),
        ("i går kl. 14.05", "no", "Europe/Oslo", "2024-10-16 14:05"),
        ("2 saat önce", "tr", "Europe/Istanbul", "2024-10-17 15:00"),
        ("πριν 3 ώρες", "el", "Europe/Athens", "2024-10-17 14:00"),
        ("לפני שעתיים", "he", "Asia/Jerusalem", "2024-10-17 15:00"),
        ("אתמול 18:40", "he", "Asia/Jerusalem", "2024-10-16 18:40"),
        ("منذ ساعة", "ar", "Asia/Amman", "2024-10-17 16:00"),
        ("30分前", "ja", "Asia/Tokyo", "2024-10-17 22:30"),
        ("昨日 午後3時20分", "ja", "Asia/Tokyo", "2024-10-16 15:20"),
        ("어제 오전 9:10", "ko", "Asia/Seoul", "2024-10-16 09:10"),
        ("Season 2 Episode 14", "en", "UTC", None),
        ("12 comments", "en", "UTC", None),
        ("5 min", "en", "UTC", None),
        ("Dienstag, 9:30 Uhr", "de", "Europe/Berlin", None),
        ("hier um 9", "de", "Europe/Berlin", None),
        ("3 months ago", "en", "UTC", "2024-07-17"),
        ("il y a une heure", "fr", "Europe/Paris", "2024-10-17 15:00"),
        ("oggi, mezzogiorno", "it", "Europe/Rome", "2024-10-17 12:00"),
    ],
)
def test_a_time_told_from_now(
    text: str, language: str, timezone: str, expected: str | None
) -> None:
    check(text, language, timezone, expected, NOW)
    # Without a "now" nobody can tell.
    check(text, language, timezone, None, None)


def test_an_ago_is_no_reading_time() -> None:
    assert tells_from_now("5 minutes ago")
    assert tells_from_now("vor 5 Minuten", "de")
    assert not tells_from_now("5 minutes")
