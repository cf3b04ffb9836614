"""Dates and times of an edition as its readers' clocks and calendars have them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time

from digest.model import Correction, Edition, Item
from digest.render.tidy import direction
from digest.render.wording import locale_for, reads_from_right


class Clock:
    """Dates and times of one edition, in its zone and the frame's language."""

    def __init__(self, edition: Edition, language: str = "") -> None:
        self._zone = ZoneInfo(edition.timezone)
        self.language = language or edition.language
        self._locale = locale_for(self.language)
        self._day = self.local(edition.slot_at).date()
        self.dir = "rtl" if reads_from_right(self.language) else "ltr"
        self.long_date = _plain(format_date(self._day, "full", locale=self._locale))
        self.short_date = _plain(format_date(self._day, "medium", locale=self._locale))

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(self._zone)

    def day(self, instant: datetime) -> str:
        """The day in the edition's zone, with the year when it is not the edition's."""
        local = self.local(instant)
        skeleton = "EMMMd" if local.year == self._day.year else "yMMMEd"
        return _plain(format_skeleton(skeleton, local, locale=self._locale))

    def is_own_day(self, instant: datetime) -> bool:
        return self.local(instant).date() == self._day

    def time(self, instant: datetime) -> str:
        return _plain(format_time(self.local(instant), "short", locale=self._locale))

    def stamp(self, item: Item) -> str:
        """The time of day, with the day unless it is the edition's; the day alone if no clock."""
        return self.day(item.published_at) if item.day_only else self.moment(item.published_at)

    def moment(self, instant: datetime) -> str:
        """The time of day, with the day unless it is the edition's."""
        time = self.time(instant)
        return time if self.is_own_day(instant) else f"{self.day(instant)}, {time}"

    def iso(self, item: Item) -> str:
        local = self.local(item.published_at)
        return local.date().isoformat() if item.day_only else local.isoformat(timespec="minutes")

    def tongue(self, told: Item | Correction, text: str) -> tuple[str | None, str | None]:
        """``lang`` and ``dir`` of *text*, where they differ from the frame's."""
        return self.tongue_of(told.language, text)

    def tongue_of(self, language: str | None, text: str) -> tuple[str | None, str | None]:
        ours = self.language.lower().partition("-")[0]
        foreign = language is not None and language.lower().partition("-")[0] != ours
        # The letters decide: a source that mislabels its language must still be readable.
        turned = direction(text)
        return (language if foreign else None), (turned if turned != self.dir else None)


def _plain(text: str) -> str:
    # CLDR puts a narrow no-break space before "AM"; few fonts of mail programs have it.
    return text.replace("\u202f", "\u00a0")
