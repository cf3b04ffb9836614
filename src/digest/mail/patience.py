"""Pure: how many messages a relay takes on one connection, learnt from how its connections end.

Many relays end a connection after so many messages, and few say after how many.  Being told so
each time costs a round trip, and with BDAT a whole window that is carried again.
"""

from collections import deque

#: So many connections, one after the other, must have ended alike before it is believed.
_AGAIN = 3
#: Then it is believed for so many seconds: a relay that was only in trouble recovers.
_BELIEVED_S = 3600.0


class Patience:
    """Remembers connections that the relay ended while something was asked of it."""

    def __init__(self) -> None:
        #: Messages taken on each of the last that ended so.
        self._ends: deque[int] = deque(maxlen=_AGAIN)
        self._last = float("-inf")
        self._limit = 0
        self._until = 0.0

    def limit(self, now: float) -> int:
        """Messages after which a connection had better be replaced; 0: none is known."""
        return self._limit if now < self._until else 0

    def ended(self, taken: int, *, began: float, most: int, now: float) -> None:
        """The relay ended a connection after it had taken so many messages.

        Args:
            began: when the connection was opened, by the same clock as *now*.
            most: taken on another one that is still good.
        """
        # Those that were open side by side end together when the relay restarts: they count once.
        # And one on which nothing was taken tells of a relay that is down.
        if not taken or began < self._last:
            return
        self._ends.append(taken)
        self._last = now
        least = min(self._ends)
        alike = len(self._ends) == _AGAIN and max(self._ends) <= 2 * least
        if alike and most <= 2 * least:
            self._limit, self._until = least, now + _BELIEVED_S
