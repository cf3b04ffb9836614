"""Dates and times of an edition as its readers' clocks and calendars have them."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time

from digest.model import Correction, Edition, Item
from digest.render.tidy import direction
from digest.render.wording import locale_for, reads_from_right


class Clock:
    """Dates and times of one edition, in one zone and the frame's language.

    The edition's own day is the newsletter's, wherever its reader is.

    Args:
        timezone: of the times, as `Picks` has it; "" takes the edition's.
    """

    def __init__(self, edition: Edition, language: str = "", timezone: str = "") -> None:
        self._home = ZoneInfo(edition.timezone)
        self._zone = _zone(timezone) if timezone else self._home
        self.language = language or edition.language
        self._locale = locale_for(self.language)
        due = edition.slot_at.astimezone(self._home)
        self._day = due.date()
        self.iso_due = due.isoformat()
        #: Whose times these are when they are not the newsletter's: "GMT+3"; else "".
        self.offset = self._offset(edition.slot_at) if timezone else ""
        self.dir = "rtl" if reads_from_right(self.language) else "ltr"
        self.long_date = _plain(format_date(self._day, "full", locale=self._locale))
        self.short_date = _plain(format_date(self._day, "medium", locale=self._locale))

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(self._zone)

    def day_of(self, item: Item) -> str:
        """The day of *item*, with the year when it is not the edition's."""
        return self._day_name(self._local_of(item))

    def _local_of(self, item: Item) -> datetime:
        # A day without a clock began at the newsroom's midnight: elsewhere that may be another day.
        return item.published_at.astimezone(self._home if item.day_only else self._zone)

    def _day_name(self, local: datetime) -> str:
        skeleton = "EMMMd" if local.year == self._day.year else "yMMMEd"
        return _plain(format_skeleton(skeleton, local, locale=self._locale))

    def is_of_own_day(self, item: Item) -> bool:
        return self._local_of(item).date() == self._day

    def time(self, instant: datetime) -> str:
        return _plain(format_time(self.local(instant), "short", locale=self._locale))

    def stamp(self, item: Item) -> str:
        """The time of day, with the day unless it is the edition's; the day alone if no clock."""
        return self.day_of(item) if item.day_only else self.moment(item.published_at)

    def moment(self, instant: datetime) -> str:
        """The time of day, with the day unless it is the edition's."""
        local, time = self.local(instant), self.time(instant)
        return time if local.date() == self._day else f"{self._day_name(local)}, {time}"

    def iso(self, item: Item) -> str:
        local = self._local_of(item)
        return local.date().isoformat() if item.day_only else local.isoformat(timespec="minutes")

    def _offset(self, instant: datetime) -> str:
        """ "GMT+3", "UTC-4:30": as the language calls a zone by its distance from Greenwich."""
        # Babel's get_timezone_gmt calls three and a half hours west four and a half.
        east = self.local(instant).utcoffset() or timedelta()
        hours, minutes = divmod(abs(east) // timedelta(minutes=1), 60)
        told = f"{hours}:{minutes:02}" if minutes else f"{hours}"
        sign = "-" if east < timedelta() else "+"
        pattern: str = self._locale.zone_formats["gmt"]
        return pattern % (f"{sign}{told}" if east else "")

    def tongue(self, told: Item | Correction, text: str) -> tuple[str | None, str | None]:
        """``lang`` and ``dir`` of *text*, where they differ from the frame's."""
        return self.tongue_of(told.language, text)

    def tongue_of(self, language: str | None, text: str) -> tuple[str | None, str | None]:
        ours = self.language.lower().partition("-")[0]
        foreign = language is not None and language.lower().partition("-")[0] != ours
        # The letters decide: a source that mislabels its language must still be readable.
        turned = direction(text)
        return (language if foreign else None), (turned if turned != self.dir else None)


def _zone(name: str) -> tzinfo:
    if name.startswith(("+", "-")):
        return datetime.fromisoformat(f"2000-01-01T00:00{name}").tzinfo or UTC
    return ZoneInfo(name)


def _plain(text: str) -> str:
    # CLDR puts a narrow no-break space before "AM"; few fonts of mail programs have it.
    return text.replace("\u202f", "\u00a0")
