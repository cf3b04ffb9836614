"""Pure: how fast, now?  A bucket of permissions that refills with time.

Whoever sends asks `Pace.take` and sleeps as long as it says.  Time is an argument: seconds of
any clock that never goes back.
"""

from dataclasses import dataclass
from typing import Self

_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """At most *per_minute* in any sixty seconds; 0 means no limit.

    Permissions of about one second may be saved up, so that a sleep that took too long is made
    good.  The refill is slower by as much, so that the promise holds for the first minute too.
    """

    per_minute: int
    #: Permissions in the bucket at *at*; negative when some are promised ahead.
    saved: float
    #: Seconds.
    at: float

    @classmethod
    def start(cls, per_minute: int, now: float) -> Self:
        """A full bucket."""
        return cls(per_minute, _burst(per_minute), now)

    def take(self, now: float) -> tuple[float, Self]:
        """Take one permission: seconds to wait before using it, and the bucket afterwards.

        Every call is a promise: two callers asking at once are told different times.
        """
        if not self.per_minute:
            return 0.0, self
        burst = _burst(self.per_minute)
        # With a burst of one, even spacing already keeps the promise.
        per_s = (self.per_minute - (burst if burst > 1 else 0)) / _MINUTE_S
        elapsed = max(0.0, now - self.at)
        left = min(burst, self.saved + elapsed * per_s) - 1
        after = type(self)(self.per_minute, left, max(now, self.at))
        return max(0.0, -left / per_s), after


def _burst(per_minute: int) -> float:
    return float(max(1, per_minute // 60))
