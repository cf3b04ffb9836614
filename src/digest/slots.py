"""A newsletter's calendar: local dates and clocks as instants, who wants which edition, and when.

Pure arithmetic.  A clock that the spring gap leaves out is moved past it; one that autumn repeats
means its first pass (PEP 495, ``fold=0``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from digest.model import Frequency, Slot
from digest.settings import Newsletter

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Within so many days every calendar has a slot.
_ROUND = timedelta(days=9)
#: An edition is never late within so long of its hour: a clock that ticks is not punctual.
_PUNCTUAL = timedelta(minutes=10)


def instant(day: date, clock: time, timezone: str) -> datetime:
    """When it is *clock* on the local date *day*: every date has each clock exactly once."""
    return datetime.combine(day, clock, tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def slot_of(newsletter: Newsletter, day: date, *, clock: time | None = None) -> Slot:
    """The slot of *newsletter* on the local date *day*; its first clock unless *clock* is given."""
    clock = clock or newsletter.send_at[0]
    at = instant(day, clock, newsletter.timezone)
    return Slot(newsletter=newsletter.slug, day=day, clock=clock, at=at)


def slots(newsletter: Newsletter, *, after: datetime, until: datetime) -> Iterator[Slot]:
    """The scheduled slots with ``after < at <= until``, in order; none without days."""
    zone = ZoneInfo(newsletter.timezone)
    day = after.astimezone(zone).date() - timedelta(days=1)
    last = until.astimezone(zone).date() + timedelta(days=1)
    while day <= last:
        if _DAYS[day.weekday()] in newsletter.days:
            for clock in newsletter.send_at:
                slot = slot_of(newsletter, day, clock=clock)
                if after < slot.at <= until:
                    yield slot
        day += timedelta(days=1)


def next_slot(newsletter: Newsletter, *, after: datetime) -> Slot | None:
    """The first scheduled slot after an instant; None when the newsletter has no days."""
    return next(slots(newsletter, after=after, until=after + _ROUND), None)


def previous_slot(newsletter: Newsletter, *, before: datetime) -> Slot | None:
    """The last scheduled slot before an instant; None when the newsletter has no days."""
    earlier = slots(newsletter, after=before - _ROUND, until=before - timedelta(microseconds=1))
    return max(earlier, key=lambda slot: slot.at, default=None)


def slot_now(newsletter: Newsletter, now: datetime) -> Slot:
    """The slot of this very minute, in or out of the calendar."""
    local = now.astimezone(ZoneInfo(newsletter.timezone))
    clock = local.time().replace(second=0, microsecond=0)
    return slot_of(newsletter, local.date(), clock=clock)


def coming(newsletter: Newsletter, *, now: datetime) -> Slot:
    """The slot that is made next: by the calendar, or of this minute where there is none."""
    ahead = timedelta(hours=newsletter.ahead_h)
    following = slots(newsletter, after=now, until=now + ahead + _ROUND)
    unmade = (slot for slot in following if release_at(newsletter, slot) > now)
    return next(unmade, None) or slot_now(newsletter, now)


def is_scheduled(newsletter: Newsletter, slot: Slot) -> bool:
    """Whether the calendar has this slot; breaking news and editions by hand have their own."""
    due = slots(newsletter, after=slot.at - timedelta(microseconds=1), until=slot.at)
    return any(one.edition_id == slot.edition_id for one in due)


def release_at(newsletter: Newsletter, slot: Slot) -> datetime:
    """When the edition of *slot* is made and begins to go out: `ahead_h` before its hour.

    At its hour where nothing is made ahead, for breaking news and editions by hand, and for a
    newsletter with several clocks a day: one hour of a reader's cannot mean all of them, and
    no edition may overtake the one before it.
    """
    if not newsletter.ahead_h or len(newsletter.send_at) > 1 or not is_scheduled(newsletter, slot):
        return slot.at
    return slot.at - timedelta(hours=newsletter.ahead_h)


def patience(newsletter: Newsletter) -> timedelta:
    """How long after its hour an edition is still made, and begun, with nobody asking for it."""
    return max(timedelta(hours=newsletter.catch_up_h), _PUNCTUAL)


def frequencies(newsletter: Newsletter, newsletters: Sequence[Newsletter]) -> tuple[Frequency, ...]:
    """How often somebody may choose to get *newsletter*: only what makes a difference.

    Args:
        newsletters: all that there are: the best of one may be another.
    """
    work, rest = set(_DAYS[:5]), set(_DAYS[5:])
    days = set(newsletter.days)
    offered = [Frequency.DAILY]
    if days & work and days & rest:
        offered.append(Frequency.WEEKDAYS)
    if any(newsletter.slug in other.best_of for other in newsletters):
        offered.append(Frequency.WEEKLY)
    if newsletter.breaking_sources:
        offered.append(Frequency.BREAKING)
    return tuple(offered)


def readership(
    newsletter: Newsletter, slot: Slot, newsletters: Sequence[Newsletter]
) -> dict[str, frozenset[Frequency]]:
    """Who gets the edition of a slot: newsletters that people subscribe to, and how often.

    Whoever wants one newsletter weekly gets those of *newsletters* that are the best of it.
    """
    wanted = {Frequency.DAILY}
    if slot.day.weekday() < len(_DAYS[:5]):
        wanted.add(Frequency.WEEKDAYS)
    if not is_scheduled(newsletter, slot):
        wanted.add(Frequency.BREAKING)
    if not any(newsletter.slug in other.best_of for other in newsletters):
        # There is no best of it any more: whoever chose that gets it as it comes, not nothing.
        wanted.add(Frequency.WEEKLY)
    return {newsletter.slug: frozenset(wanted)} | {
        slug: frozenset({Frequency.WEEKLY}) for slug in newsletter.best_of
    }


# ------------------------------------------------------------------- readers' clocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When one edition goes to whom; see `freezing.timetable`."""

    #: To whoever chose no hour.
    at: datetime
    #: Nobody gets it before; earlier than *at* for an edition that is made ahead.
    opens: datetime
    #: The edition's own date, on which an edition made ahead goes to those who chose an hour.
    day: date | None = None
    #: As [[newsletters]] has them.
    quiet_hours: str = ""

    def moment(self, hour: int | None, timezone: str) -> datetime:
        """When it goes to somebody with this hour, 0 to 23, in this zone; UTC."""
        at = self.at if hour is None else hour_at(self.opens, hour, timezone, day=self.day)
        return after_quiet(at, self.quiet_hours, timezone)


def hour_at(opens: datetime, hour: int, timezone: str, *, day: date | None = None) -> datetime:
    """When an edition goes to somebody who wants it not before their *hour*; UTC.

    Args:
        opens: nobody gets it before: who wants it earlier gets it then.
        day: the date on which it is their hour; None: the one that it is there at *opens*.
    """
    local = opens.astimezone(ZoneInfo(timezone))
    return max(opens, instant(day or local.date(), time(hour), timezone))


def after_quiet(at: datetime, quiet_hours: str, timezone: str) -> datetime:
    """*at*, or the end of the quiet hours ("22:00-06:00") that it falls into in *timezone*.

    In the night on which clocks go back, an hour that is quiet is so both times.
    """
    if not quiet_hours:
        return at
    begins, ends = _clocks(quiet_hours)
    local = at.astimezone(ZoneInfo(timezone))
    return _next(local, ends) if _is_between(local.time(), begins, ends) else at


def opens_at(window: str, timezone: str, now: datetime) -> datetime | None:
    """When the window ("06:00-22:00") that *now* is outside of opens next; None: it is open."""
    begins, ends = _clocks(window)
    local = now.astimezone(ZoneInfo(timezone))
    if begins == ends or _is_between(local.time(), begins, ends):
        return None
    return _next(local, begins)


def _clocks(hours: str) -> tuple[time, time]:
    """Begin and end of "22:00-06:00"; the same clock twice for ""."""
    begins, _, ends = hours.partition("-")
    return time.fromisoformat(begins or "00:00"), time.fromisoformat(ends or "00:00")


def _is_between(clock: time, begins: time, ends: time) -> bool:
    """Whether it is *clock* within hours that may go over midnight; never within empty ones."""
    if begins <= ends:
        return begins <= clock < ends
    return clock >= begins or clock < ends


def _next(local: datetime, clock: time) -> datetime:
    """The first instant from *local* on at which it is *clock* there."""
    day = local.date()
    while True:
        first = datetime.combine(day, clock, tzinfo=local.tzinfo)
        # Where autumn repeats the clock, its second pass; in a gap of spring, earlier than it.
        for one in (first, first.replace(fold=1)):
            at = one.astimezone(UTC)
            if at >= local.astimezone(UTC):
                return at
        day += timedelta(days=1)


def span(length: timedelta) -> str:
    """A length of time in round words: "9 hours"."""
    seconds = max(length.total_seconds(), 0)
    for unit, size, most in (
        ("minute", 60, 90 * 60),
        ("hour", 3600, 36 * 3600),
        ("day", 86_400, 21 * 86_400),
    ):
        if seconds < most:
            number = max(round(seconds / size), 1)
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return f"{round(seconds / (7 * 86_400))} weeks"
