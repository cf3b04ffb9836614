"""How a source is, in one word and one sentence for the newsroom: a pure judgement.

Give it what is remembered of a source and the items it brought; it never asks the time, the
network or the database.  A word is given only for what a person could act upon: a weekly
column is not silent on Thursday, nor a weekday desk on Sunday.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from digest.errors import Fault
from digest.settings import Source
from digest.slots import span
from digest.store.sources import SourceRecord


class Word(StrEnum):
    """How a source is."""

    OK = "ok"
    #: Never looked at.
    NEW = "new"
    FAILING = "failing"
    #: Longer without anything new than its own rhythm explains.
    SILENT = "silent"
    #: Brings far less than it usually does on these days.
    DROP = "drop"
    MOVED = "moved"
    GONE = "gone"
    NOT_A_FEED = "not-a-feed"
    #: Asked us to come back later.
    WAITING = "waiting"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the desk is told of one source."""

    word: Word
    #: What is wrong, for how long, what to do: plain text, several sentences at most.
    sentence: str
    #: Since when it is so, where that is known.
    since: datetime | None = None
    #: Items met a day, over the last 28 days.
    per_day: float = 0.0
    #: It may pass by itself: to be told, but no reason to get up at night.
    slight: bool = False

    @property
    def troubled(self) -> bool:
        """Somebody should do something."""
        return self.word not in (Word.OK, Word.NEW, Word.PAUSED) and not self.slight


#: How far back a caller should read the days, and the times, for `health`.
LOOK_BACK_DAYS: Final = timedelta(days=182)
LOOK_BACK_TIMES: Final = timedelta(days=70)

_DAY: Final = timedelta(days=1)
_HOUR_S, _DAY_S = 3600.0, 86_400.0
#: Faults that mostly pass by themselves.
_PASSING: Final = frozenset(
    {Fault.UNREACHABLE, Fault.TIMEOUT, Fault.BROKEN, Fault.SERVER_ERROR, Fault.BUSY, Fault.OURS}
)
#: A move is told for so long after Digest has followed it.
_LATELY: Final = timedelta(days=14)


def health(
    source: Source,
    record: SourceRecord | None,
    *,
    days: Mapping[date, int],
    times: Sequence[datetime],
    now: datetime,
) -> Health:
    """Judge one source; the same arguments give the same answer, and nothing is raised.

    Args:
        record: None when it was never looked at.
        days: items met per UTC day, as far back as `LOOK_BACK_DAYS`.
        times: when its items were published, as far back as `LOOK_BACK_TIMES`.
        now: aware.
    """
    known = record or SourceRecord(id=source.id)
    recent = sorted(at for at in times if now - LOOK_BACK_TIMES <= at <= now)
    look = _Look(source, known, days, recent, now)
    found = look.retired() or look.failing() or look.silent() or look.dropped() or look.moved()
    word, sentence, since, slight = found or look.fine()
    return Health(word=word, sentence=sentence, since=since, slight=slight, per_day=look.per_day())


_Found = tuple[Word, str, datetime | None, bool]


@dataclass(frozen=True, slots=True)
class _Look:
    """One judgement; each method finds one kind of trouble, or None."""

    source: Source
    record: SourceRecord
    days: Mapping[date, int]
    #: Of the last ten weeks, in order, none in the future.
    times: Sequence[datetime]
    now: datetime

    def retired(self) -> _Found | None:
        """Nobody looks there, or has yet."""
        record, id = self.record, self.source.id
        if record.paused_at:
            text = f"Paused for {span(self.now - record.paused_at)}; `digest sources resume {id}`"
            return Word.PAUSED, f"{text} lets it go on.", record.paused_at, False
        if record.gone_at:
            text = (
                f"Gone for good: for {span(self.now - record.gone_at)} it has answered 410 Gone. "
                f"It is looked at once a week; give its new address, or {self._remove()}."
            )
            return Word.GONE, text, record.gone_at, False
        if record.checked_at is None and record.succeeded_at is None and not self.times:
            pushed = self.source.kind == "push"
            text = "Nothing has been pushed yet." if pushed else "It has not been looked at yet."
            return Word.NEW, text, None, False
        return None

    def failing(self) -> _Found | None:
        """The last look failed, or was put off because the host wants to be left alone."""
        record = self.record
        busy = record.word == Fault.BUSY
        if not record.failures and not busy:
            return None
        since = record.failing_since or record.succeeded_at or record.checked_at
        lasted = self.now - since if since else timedelta()
        told = (record.fault or f"the last look failed ({record.word or 'no reason'})").rstrip(".")
        again = self._again()
        if busy:
            return Word.WAITING, f"It asked us to wait: {told}. {again}", since, lasted < _DAY
        if record.word == Fault.NOT_A_FEED:
            text = f"What stands there is no feed, for {span(lasted)} now: {told}."
            return Word.NOT_A_FEED, text, since, False
        once = (
            record.failures == 1
            and record.word in _PASSING
            and record.succeeded_at is not None
            and self.now - record.succeeded_at < _DAY
        )
        if once:
            return Word.FAILING, f"The last look failed: {told}. {again}", since, True
        text = f"Failing for {span(lasted)}, {_looks(record.failures)}: {told}. {again}"
        return Word.FAILING, text, since, False

    def silent(self) -> _Found | None:
        """It answers, and brings nothing new for longer than its rhythm explains."""
        until = self._until()
        signs = self._signs()
        last = max([*signs[-1:], *self.times[-1:], *self._met_lately()], default=None)
        if last is None:
            return self._long_silent()
        weekly = _Week(signs, ZoneInfo(self.source.timezone))
        gaps = weekly.gaps()
        if len(gaps) < (9 if self.source.kind in ("push", "folder") else 4):
            return None
        waited = weekly.between(last, until)
        if waited <= _longest_usual(gaps, steady=weekly.steady):
            return None
        # Desks that rest at weekends also rest on holidays, of which we know nothing.
        holiday = weekly.rests and waited < 2 * _DAY_S
        usual = span(timedelta(seconds=max(gaps[len(gaps) // 2], _HOUR_S)))
        text = (
            f"Nothing new for {span(until - last)}; it usually brings something within {usual}"
            f"{' of a working day' if weekly.rests else ''}. "
        )
        text += (
            "A public holiday would explain it."
            if holiday
            else "If there is news on its pages, its feed or address has changed."
        )
        return Word.SILENT, text, last, holiday

    def _long_silent(self) -> _Found | None:
        first = self.record.first_at
        if first is None or self.now - first < LOOK_BACK_DAYS or self.source.kind == "folder":
            return None
        text = f"Nothing new for half a year: look whether it is alive, or {self._remove()}."
        return Word.SILENT, text, None, True

    def dropped(self) -> _Found | None:
        """Since yesterday far less came than on the same days of the weeks before."""
        until, first = self._until(), self.record.first_at
        if first is None or self.now - until > 2 * _DAY:
            return None
        today = until.date()
        # How much of a day's items is there at this hour.
        clock = until.timetz().replace(tzinfo=None)
        early = sum(at.astimezone(until.tzinfo).time() <= clock for at in self.times)
        share = early / len(self.times) if self.times else 0.0
        weeks = [
            self._met(today - timedelta(days=7 * week + 1))
            + share * self._met(today - timedelta(days=7 * week))
            for week in range(1, 9)
            # The day of the first visit brought what had gathered before.
            if today - timedelta(days=7 * week + 1) > first.date()
        ]
        came = self._met(today - _DAY) + self._met(today)
        if not _far_below(came, weeks):
            return None
        usual = sum(weeks) / len(weeks)
        text = (
            f"Since yesterday it brought {_items(came)}; on these days of the week about "
            f"{usual:.0f} are usual. Unless it is a holiday there, look whether a part of it "
            "has moved."
        )
        yesterday = datetime.combine(today - _DAY, time(), tzinfo=until.tzinfo)
        return Word.DROP, text, yesterday, False

    def moved(self) -> _Found | None:
        """It says that it has another address now."""
        record = self.record
        if record.moved_to and record.moved_to != record.address:
            times = max(record.moved_visits, 1)
            text = (
                f"It says that it moved for good to {bare(record.moved_to)} ({_looks(times)} said "
                "so). Digest follows once that is certain; you need not do anything."
            )
            return Word.MOVED, text, record.moved_since, True
        since = record.moved_since
        if record.address and since and self.now - since < _LATELY:
            text = f"It moved for good; Digest asks {bare(record.address)} now. "
            text += "Nothing is to do." if record.declared else "Write that into config.toml."
            return Word.MOVED, text, since, True
        return None

    def fine(self) -> _Found:
        record = self.record
        seen = record.succeeded_at
        text = f"Looked at {span(self.now - seen)} ago." if seen else "It brings items."
        if record.fault:
            told = record.fault.rstrip(".")
            return Word.OK, f"{text} Not everything could be read: {told}.", None, True
        return Word.OK, text, None, False

    # What the judgements share.

    def _until(self) -> datetime:
        """Up to when we would know of anything new: nobody is silent while nobody looks."""
        if self.source.kind == "push" or self.record.succeeded_at is None:
            return self.now
        return min(self.now, self.record.succeeded_at)

    def _met(self, day: date) -> int:
        return self.days.get(day, 0)

    def _met_lately(self) -> list[datetime]:
        """The last look that brought something; the first brought what was old."""
        record = self.record
        if record.new_at is None:
            return []
        if record.first_at and record.new_at - record.first_at < timedelta(minutes=5):
            return []
        return [min(record.new_at, self.now)]

    def _signs(self) -> list[datetime]:
        """When it published, an hour apart at least: ten items at once are one sign of life."""
        signs: list[datetime] = []
        for at in self.times:
            if not signs or at - signs[-1] >= timedelta(hours=1):
                signs.append(at)
        if len(signs) >= 12:
            return signs
        # Rare, or silent for long: the days on which we met something reach further back.
        first = self.record.first_at
        noon = time(12, tzinfo=self.now.tzinfo)
        met = [
            datetime.combine(day, noon)
            for day, number in sorted(self.days.items())
            if number > 0 and (first is None or day > first.date()) and day < self.now.date()
        ]
        return met if len(met) > len(signs) else signs

    def per_day(self) -> float:
        """Items met a day; of a source known since yesterday, items published a day."""
        today, first = self.now.date(), self.record.first_at
        month = today - timedelta(days=27)
        start = max(month, first.date() + _DAY) if first else month
        if first is None or (today - start).days < 6:
            published = [at for at in self.times if at.date() >= month]
            if not published:
                return 0.0
            return len(published) / ((self.now - published[0]) / _DAY + 1)
        length = (today - start).days + 1
        return sum(self._met(start + timedelta(days=n)) for n in range(length)) / length

    def _again(self) -> str:
        at = self.record.next_at
        if at is None or at <= self.now:
            return "It is looked at again at once."
        return f"It is looked at again in {span(at - self.now)}."

    def _remove(self) -> str:
        if self.record.declared:
            return f"`digest sources remove {self.source.id}`"
        return "delete its table from config.toml"


class _Week:
    """The working week of a source, learned; time on the days it rests does not count."""

    def __init__(self, signs: Sequence[datetime], zone: ZoneInfo) -> None:
        self._zone = zone
        self._signs = [at.astimezone(zone) for at in signs]
        days = [at.date() for at in self._signs]
        length = (days[-1] - days[0]).days + 1 if days else 0
        then = Counter(day.weekday() for day in days)
        # How often each weekday came in the time we know; one that never came may be free.
        came = [(length + (days[0].weekday() - n) % 7) // 7 if days else 0 for n in range(7)]
        rates = [then[n] / max(came[n], 1) for n in range(7)]
        self._works = [rate > 0.15 * max(rates) for rate in rates]
        #: Some days of the week are free.
        self.rests = bool(days) and not all(self._works)
        working = sum(came[n] for n in range(7) if self._works[n])
        #: It published on nearly every working day.
        self.steady = len(set(days)) >= 0.75 * working

    def gaps(self) -> list[float]:
        """Seconds of working days between two signs of life, shortest first."""
        clocks = [self._clock(at) for at in self._signs]
        return sorted(b - a for a, b in pairwise(clocks))

    def between(self, start: datetime, end: datetime) -> float:
        """Seconds of working days from *start* to *end*."""
        return self._clock(end.astimezone(self._zone)) - self._clock(start.astimezone(self._zone))

    def _clock(self, local: datetime) -> float:
        weeks, weekday = divmod(local.toordinal() - 1, 7)  # ordinal 1 was a Monday
        whole = weeks * sum(self._works) + sum(self._works[:weekday])
        within = local.hour * 3600 + local.minute * 60 + local.second
        return whole * _DAY_S + (within if self._works[weekday] else 0)


def _longest_usual(gaps: Sequence[float], *, steady: bool) -> float:
    """Seconds of silence that are nothing remarkable after these *gaps*, shortest first."""
    number = len(gaps)
    median, longest = gaps[number // 2], gaps[-1]
    if number >= 5 and longest <= 1.5 * median:
        # As regular as a clock: one appearance missed, and the next one late.
        return max(_DAY_S, 2.25 * median)
    if number >= 30 and steady:
        # One silence of the past, told of at the time, must not make us deaf for ten weeks.
        longest = gaps[-2]
    usual = gaps[math.ceil(0.9 * number) - 1]
    # Few gaps say little about the longest that are still usual: 3, and up to 6 times.
    return max(_DAY_S, 3 * (1 + 4 / number) * usual, 1.5 * longest)


#: A drop is told when chance would bring so little once in ten thousand days.
_CHANCE: Final = 1e-4


def _far_below(came: int, weeks: Sequence[float]) -> bool:
    """Whether *came* is too little to be chance, after sums of the same days in *weeks* before.

    A Poisson test, widened by how much the weeks differ among themselves and by how few they
    are; and less than half of the usual, and than each of them.
    """
    number = len(weeks)
    if number < 3:
        return False
    mean = sum(weeks) / number
    if mean < 6 or came > mean / 2 or came >= min(weeks):
        return False
    variance = sum((week - mean) ** 2 for week in weeks) / (number - 1)
    wide = max(1.0, variance / mean) * (1 + 1 / number)
    return _poisson(math.floor(came / wide), mean / wide) < _CHANCE


def _poisson(most: int, mean: float) -> float:
    """Probability of at most *most* events where *mean* are expected."""
    if mean > 500:
        return 0.0 if most <= mean / 2 else 1.0
    term = total = math.exp(-mean)
    for n in range(1, most + 1):
        term *= mean / n
        total += term
    return total


# ----------------------------------------------------------------------- words


def bare(url: str) -> str:
    """An address without what may be a key in it: no user, no password, no query."""
    scheme, _, rest = url.partition("://")
    where = rest.partition("?")[0].partition("#")[0]
    host, slash, path = where.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}" if rest else url.partition("?")[0]


def _items(number: int) -> str:
    return {0: "nothing", 1: "1 item"}.get(number, f"{number} items")


def _looks(number: int) -> str:
    return "1 look" if number == 1 else f"{number} looks"
