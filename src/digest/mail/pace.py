"""Pure: how fast, now?  A bucket of permissions that refills with time.

Time is an argument: seconds of a clock that may be put back or ahead, and must then neither
hold anybody up for long nor let a flood go.
"""

from dataclasses import dataclass
from typing import Final, Self

_MINUTE_S: Final = 60.0
#: Further back than this a clock was put back; less is two callers out of step, or a pause.
_BACK_S: Final = 60.0
#: More is not believed to have passed between two looks.
LONGEST_S: Final = 3600.0


def elapsed(since: float, now: float) -> float:
    """Seconds from *since* to *now* as far as they are believed: from none to an hour."""
    return min(max(0.0, now - since), LONGEST_S)


@dataclass(frozen=True, slots=True)
class Pace:
    """At most *per_minute* in any sixty seconds; 0 means no limit.

    Permissions of about one second may be saved up, so that a sleep that took too long is made
    good.  The refill is slower by as much, so that the promise holds for the first minute too.
    """

    per_minute: float
    #: Permissions in the bucket at *at*; negative when some are promised ahead.
    saved: float
    #: Seconds.
    at: float

    @classmethod
    def start(cls, per_minute: float, now: float) -> Self:
        """A full bucket."""
        return cls(per_minute, _burst(per_minute), now)

    def wait(self, now: float) -> float:
        """Seconds until a permission is free; nothing is taken."""
        if not self.per_minute:
            return 0.0
        left, at = self._look(now)
        return 0.0 if left >= 1 else (1 - left) / _per_s(self.per_minute) + at - now

    def take(self, now: float) -> tuple[float, Self]:
        """Take one permission: seconds to wait before using it, and the bucket afterwards.

        Every call is a promise: two callers asking at once are told different times.
        """
        if not self.per_minute:
            return 0.0, self
        left, at = self._look(now)
        wait = 0.0 if left >= 1 else (1 - left) / _per_s(self.per_minute) + at - now
        return wait, type(self)(self.per_minute, left - 1, at)

    def at_rate(self, per_minute: float, now: float) -> Self:
        """The same bucket, refilled at another rate from *now* on."""
        if not self.per_minute or not per_minute:
            return self.start(per_minute, now)
        left, at = self._look(now)
        return type(self)(per_minute, min(left, _burst(per_minute)), at)

    def is_full(self, now: float) -> bool:
        """Nothing would be forgotten by forgetting it."""
        return not self.per_minute or self._look(now)[0] >= _burst(self.per_minute)

    def _look(self, now: float) -> tuple[float, float]:
        """What is in the bucket, and since when it may be refilled: now, or soon."""
        if now < self.at:
            return self.saved, self.at if self.at - now <= _BACK_S else now
        refilled = self.saved + elapsed(self.at, now) * _per_s(self.per_minute)
        return min(_burst(self.per_minute), refilled), now


def _per_s(per_minute: float) -> float:
    burst = _burst(per_minute)
    # With a burst of one, even spacing already keeps the promise.
    return (per_minute - (burst if burst > 1 else 0)) / _MINUTE_S


def _burst(per_minute: float) -> float:
    return float(max(1, per_minute // 60))
