"""A newsletter's calendar: local dates and clocks as instants, and who wants which day's edition.

Pure arithmetic.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from digest.model import Frequency, Slot
from digest.settings import Newsletter

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Within so many days every calendar has a slot.
_ROUND = timedelta(days=9)


def slot_of(newsletter: Newsletter, day: date, *, clock: time | None = None) -> Slot:
    """The slot of *newsletter* on the local date *day*; its first clock unless *clock* is given.

    A clock that the spring gap leaves out is moved past it; one that autumn repeats means its
    first pass (PEP 495, ``fold=0``).  So every local date has exactly one instant.
    """
    clock = clock or newsletter.send_at[0]
    local = datetime.combine(day, clock, tzinfo=ZoneInfo(newsletter.timezone))
    return Slot(newsletter=newsletter.slug, day=day, clock=clock, at=local.astimezone(UTC))


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
    """The next edition's slot: by the calendar, or of this minute where there is none."""
    return next_slot(newsletter, after=now) or slot_now(newsletter, now)


def is_scheduled(newsletter: Newsletter, slot: Slot) -> bool:
    """Whether the calendar has this slot; breaking news and editions by hand have their own."""
    due = slots(newsletter, after=slot.at - timedelta(microseconds=1), until=slot.at)
    return any(one.edition_id == slot.edition_id for one in due)


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


def hour_at(slot_at: datetime, hour: int, timezone: str) -> datetime:
    """When an edition of *slot_at* goes to somebody who wants it not before their *hour*.

    On the day that it then is where they are; *slot_at* itself when that hour has passed there.
    """
    local = slot_at.astimezone(ZoneInfo(timezone))
    wished = local.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    return max(slot_at, wished.astimezone(UTC))
