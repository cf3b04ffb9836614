"""Pure: how one relay is used: what it was given today, what it made of it, what it asks for.

Seconds are arguments, of a clock that may jump (see `pace`); a day is one of UTC.
"""

import math
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Final

from pydantic import Field, TypeAdapter

from digest.mail.lanes import RELAY, At, Flow, Slowed
from digest.mail.pace import Pace
from digest.mail.storm import Watch, pattern
from digest.mail.warmup import allowance, slow_start
from digest.settings import Relay, Settings

#: A relay that was given nothing for so long is begun with slowly again.
_PAUSE_S: Final = 600.0
#: A relay is believed that has taken one of its last so many mails, within an hour.
_CLOSED: Final = 3
_CLOSED_SHARE: Final = 0.05
_TRUSTED_ANSWERS: Final = 50
_TRUSTED_S: Final = 3600.0
#: A relay asks for less haste itself when, within a minute, it says the same of so many lanes.
_LANES: Final = 3
#: Different words that are told apart in a minute.
_WORDS: Final = 16
#: No relay that is down is tried again later than that; a clock may say so.
_LONGEST_REST_S: Final = 600.0
#: Permissions that were not answered for so long were not used: the relay could not be reached.
_UNANSWERED_S: Final = 60.0
_DAY_S: Final = 86_400
#: Days that are remembered, for a clock that goes back.
_DAYS: Final = 3
_EPOCH: Final = date(1970, 1, 1).toordinal()

_Count = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What outlives a restart; rates and counts are of all processes together."""

    day: Annotated[int, Field(ge=0, le=10**7)] = 0
    accepted: _Count = 0.0
    used_at: At = 0.0
    begun_at: At = 0.0
    saved: Annotated[float, Field(ge=-1e6, le=1e7, allow_inf_nan=False)] = 0.0
    saved_at: At = 0.0
    yes_at: At = 0.0
    since_yes: _Count = 0.0
    slowed: Slowed | None = None
    storm: Annotated[str, Field(max_length=2000)] = ""
    reset_at: At = 0.0
    down: Annotated[str, Field(max_length=2000)] = ""
    down_at: At = 0.0
    down_until: At = 0.0


_KEPT: Final = TypeAdapter(_Kept)


class RelayUse:
    """One relay."""

    __slots__ = (
        *("name", "relay", "flow", "watch", "share", "is_bounded", "is_changed"),
        *(
            "days",
            "day",
            "day_from",
            "day_to",
            "allowed",
            "given",
            "accepted",
            "used_at",
            "begun_at",
        ),
        *("heard_at", "yes_at", "since_yes", "run_from", "this_minute", "last_minute"),
        *("asked", "closed", "storm", "storm_at", "reset_at"),
        *("down", "down_at", "down_until"),
    )

    def __init__(self, name: str, relay: Relay, settings: Settings, share: float) -> None:
        self.name, self.relay, self.share = name, relay, share
        rule = replace(RELAY, floor=max(1.0, RELAY.floor * share))
        self.flow = Flow(part(relay.max_per_minute, share), rule)
        self.watch = Watch(settings.pace.storm_after, settings.pace.storm_share)
        #: Whether its use is bounded by anything but what it answers.
        self.is_bounded = bool(self.flow.limit or settings.pace.slow_start_min)
        self.is_changed = False
        #: What other days had, in case the clock goes back to one.
        self.days: dict[int, float] = {}
        #: Number of the day that is counted, and when it begins and ends.
        self.day, self.day_from, self.day_to = 0, 0.0, 0.0
        self.allowed: float = math.inf
        #: Permissions that were taken today and not given back, and mails accepted.
        self.given, self.accepted = 0.0, 0.0
        #: The last permission, and the first after a pause.
        self.used_at, self.begun_at = 0.0, 0.0
        self.heard_at, self.yes_at, self.since_yes = 0.0, 0.0, 0.0
        #: Since when it accepts without a pause, and how many.
        self.run_from, self.this_minute, self.last_minute = 0.0, 0, 0
        #: Lanes for whose people it has asked for less haste in this minute, by its words.
        self.asked: dict[str, set[str]] = {}
        #: Times that it hung up in this minute, without asking for anything.
        self.closed = 0
        #: The last storm, until it accepts something again; and when it began.
        self.storm, self.storm_at = "", 0.0
        #: When a person had it forgotten.
        self.reset_at = 0.0
        #: Why it cannot be used; "" while it can.  When that changed; when it is tried again.
        self.down, self.down_at, self.down_until = "", 0.0, 0.0

    def new_day(self, at: float) -> None:
        """Count anew; if the clock was put back, go on with that day's count."""
        day = int(at // _DAY_S)
        if day != self.day:
            self.days[self.day] = self.accepted
            self.given = self.accepted = self.days.pop(day, 0.0)
            while len(self.days) > _DAYS:
                del self.days[next(iter(self.days))]
        self.day, self.day_from, self.day_to = day, day * _DAY_S, (day + 1) * _DAY_S
        plan = self.planned()
        self.allowed = math.inf if plan is None else part(plan, self.share) // 1

    def planned(self) -> int | None:
        """Of the warm-up plan for the day that is counted, all processes together."""
        return allowance(self.relay, date.fromordinal(_EPOCH + self.day))

    def new_minute(self, *, follows: bool) -> None:
        self.last_minute, self.this_minute = (self.this_minute if follows else 0), 0
        self.asked.clear()
        self.closed = 0

    def closes_often(self) -> bool:
        """Note that it hung up; whether that is more than relays do that limit a connection."""
        self.closed += 1
        return self.closed > max(_CLOSED, _CLOSED_SHARE * (self.this_minute + self.last_minute))

    def take(self, at: float, slow_start_s: float) -> float:
        """Take a permission; seconds to wait before using it.  Infinity: nothing was taken."""
        if not self.day_from <= at < self.day_to:
            self.new_day(at)
        if self.given >= self.allowed and not self._given_back(at):
            return math.inf
        self.given += 1
        self.is_changed = True
        if self.flow.slowed is None and not self.is_bounded:
            self.used_at = at
            return 0.0
        most = self._starting(at, slow_start_s) if slow_start_s else math.inf
        self.used_at = at
        return self.flow.promise(at, most)

    def give_back(self) -> None:
        """A permission was not used: nobody was asked."""
        self.given = max(self.given - 1, self.accepted)
        self.is_changed = True

    def spent(self, at: float) -> str:
        """Why there is no more of the day, in words; "" when there is, or may soon be.

        What was given and is not answered may come back.
        """
        if not self.day_from <= at < self.day_to:
            self.new_day(at)
        begins, plan = self.relay.warm_up_from, self.planned()
        if begins is None or plan is None:
            return ""
        if date.fromordinal(_EPOCH + self.day) < begins:
            return f"its warm-up plan begins on {begins.isoformat()}"
        if self.accepted < self.allowed:
            return ""
        return f"today's {plan} mails of its warm-up plan are used up"

    def _given_back(self, at: float) -> bool:
        """Whether there is more of the day: what nobody has answered in a minute was not taken."""
        if abs(at - max(self.used_at, self.heard_at)) >= _UNANSWERED_S:
            self.given = self.accepted
        return self.given < self.allowed

    def _starting(self, at: float, over_s: float) -> float:
        """Mails a minute that slow start allows; infinity once it is over."""
        if at - self.used_at >= _PAUSE_S or at < self.begun_at:
            self.begun_at = at
        most = slow_start(self.flow.limit, at - self.begun_at, over_s)
        return most if self.flow.limit else max(1.0, most * self.share)

    def yes(self, at: float) -> None:
        """It took a mail."""
        self.is_changed = True
        self.accepted += 1
        self.this_minute += 1
        if at - self.yes_at > 60:
            self.run_from = at
        self.heard_at = self.yes_at = at
        self.since_yes = 0.0
        if self.down and not 0 <= self.down_until - at <= _LONGEST_REST_S:
            # (Until it is tried again, it is what was on its way when it went down.)
            self.stand("", at, 0.0)
        self.watch.yes()
        if self.storm:
            self.storm = self.watch.reason
        if self.flow.slowed is not None:
            self.flow.ease(at)

    def no(self, at: float, code: int) -> None:
        """It did not take one.  *code* is 0 when there was no answer."""
        self.is_changed = True
        # What was not taken does not use up the day.
        self.give_back()
        if code:
            self.heard_at = at
            self.since_yes += 1

    def judge(self, at: float, code: int, enhanced: str, text: str) -> bool:
        """Whether that answer makes it a storm, which it was not before."""
        before = self.watch.reason
        takes = self.yes_at > 0 and abs(at - self.yes_at) <= _TRUSTED_S
        self.watch.no(code, enhanced, text, takes=takes)
        if not self.watch.reason:
            return False
        self.storm = self.watch.reason
        if before:
            return False
        self.storm_at = at
        return True

    def asks_itself(self, lane: str, words: str) -> bool:
        """Whether it asks for less haste in its own name: is the same said of several lanes?"""
        if len(self.asked) >= _WORDS:
            self.asked.clear()
        lanes = self.asked.setdefault(pattern(words), set())
        if len(lanes) < _LANES:
            lanes.add(lane)
        return len(lanes) >= _LANES

    def slow_down(self, at: float, minute_from: float, why: str) -> bool:
        """See `Flow.slow_down`.  A relay gives way in seconds: what it did is seen in seconds."""
        seconds = max(1.0, min(at - self.run_from, at - minute_from + 60))
        lately = (self.this_minute + self.last_minute) * 60 / seconds
        return self.flow.slow_down(at, lately=lately, why=why)

    def stand(self, why: str, at: float, until: float) -> bool:
        """It is down, because of *why*, until it is tried again; "": up.  Whether that is new."""
        if not why and not self.down:
            return False
        new = bool(why) != bool(self.down)
        if new:
            self.down_at = at
        self.down, self.down_until = why, until
        self.is_changed = True
        return new

    @property
    def trusted(self) -> bool:
        if not self.yes_at or self.since_yes >= _TRUSTED_ANSWERS:
            return False
        return abs(self.heard_at - self.yes_at) <= _TRUSTED_S

    # ------------------------------------------------------------------ kept

    def kept(self) -> str:
        """As JSON."""
        pace, slow, whole = self.flow.bucket(), self.flow.slowed, 1 / self.share
        state = _Kept(
            day=self.day,
            accepted=self.accepted * whole,
            used_at=self.used_at,
            begun_at=self.begun_at,
            saved=pace.saved * whole if pace else 0.0,
            saved_at=pace.at if pace else self.used_at,
            yes_at=self.yes_at,
            since_yes=self.since_yes,
            slowed=slow and slow.shared(whole),
            storm=self.storm,
            reset_at=self.reset_at,
            down=self.down,
            down_at=self.down_at,
            down_until=self.down_until,
        )
        return _KEPT.dump_json(state, exclude_defaults=True).decode()

    def adopt(self, text: str) -> None:
        """Take over what another process, or the one before us, has come to.

        Raises:
            ValueError: *text* is nothing that `kept` says.
        """
        kept = _KEPT.validate_json(text)
        if kept.reset_at > self.reset_at:
            self.forget(kept.reset_at)
        accepted = kept.accepted * self.share
        if not self.day:
            # Nothing was counted yet: `new_day` sees whether that day is today.
            self.day = kept.day
        if kept.day == self.day:
            more = max(0.0, accepted - self.accepted)
            self.given, self.accepted = self.given + more, self.accepted + more
        elif accepted > self.days.get(kept.day, 0.0):
            self.days[kept.day] = accepted
        if kept.yes_at > self.yes_at:
            self.yes_at = self.heard_at = kept.yes_at
            self.since_yes = kept.since_yes
        if kept.used_at > self.used_at:
            self.used_at, self.begun_at = kept.used_at, kept.begun_at
            if self.flow.limit:
                saved = kept.saved * self.share
                self.flow.resume(Pace(self.flow.limit, saved, kept.saved_at), 0.0, 0.0)
        self.flow.slowed = stricter(self.flow.slowed, kept.slowed, self.share)
        self.storm = kept.storm
        if (kept.down_at, kept.down_until) > (self.down_at, self.down_until):
            self.down, self.down_at, self.down_until = kept.down, kept.down_at, kept.down_until

    def forget(self, at: float) -> None:
        """A person said so, at *at*.  What was given today was given all the same."""
        self.flow = Flow(self.flow.limit, self.flow.rule, used_at=self.used_at)
        self.watch.calm()
        self.storm = ""
        if self.down:
            self.down, self.down_at, self.down_until = "", at, 0.0
        self.reset_at = at
        self.is_changed = True


def part(limit: float, share: float) -> float:
    """Of a limit, for one process: at least one; and no limit (0) is none."""
    return max(1.0, limit * share) if limit else 0.0


def stricter(ours: Slowed | None, theirs: Slowed | None, share: float) -> Slowed | None:
    """The slower of what we have come to and what was kept."""
    if theirs is None:
        return ours
    theirs = theirs.shared(share)
    return theirs if ours is None or theirs.per_minute < ours.per_minute else ours
