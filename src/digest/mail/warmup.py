"""Pure: how a relay is got used to, in its first weeks and in the first minutes of a sending.

A sending address that nobody knows is believed little: the plan of [mail] warm_up_from gives
each day its share.  And a relay that has been idle is not met with all at once.
"""

import math
from datetime import date
from typing import Final

from digest import settings

#: A relay without a limit begins with so many a minute, and is fully used at so many.
_FIRST_PER_MINUTE: Final = 60.0
_LAST_PER_MINUTE: Final = 600_000.0
#: What a limit begins with.
_FIRST_SHARE: Final = 0.1


def allowance(relay: settings.Relay, day: date) -> int | None:
    """Mails that *relay* may be given on *day*, a date in UTC; None: as many as there are.

    From warm_up_first on the first day to warm_up_last on the last, more each day by the same
    factor.  Before its first day a relay is given none: its plan has not begun.
    """
    if relay.warm_up_from is None:
        return None
    number = (day - relay.warm_up_from).days
    if number < 0:
        return 0
    if number >= relay.warm_up_days:
        return None
    growth = math.log(relay.warm_up_last / relay.warm_up_first) / (relay.warm_up_days - 1)
    return round(relay.warm_up_first * math.exp(growth * number))


def slow_start(limit: float, since_s: float, over_s: float) -> float:
    """Mails a minute, *since_s* after the first one; infinity when it has been long enough.

    A limit grows evenly from a tenth to all of it.  Without one (0) it begins with one a second
    and grows by the same factor each second until, after *over_s*, it is past what any relay
    takes: about thirteen doublings.
    """
    if since_s >= over_s:
        return math.inf
    done = max(0.0, since_s) / over_s
    if limit:
        return limit * (_FIRST_SHARE + (1 - _FIRST_SHARE) * done)
    return float(_FIRST_PER_MINUTE * (_LAST_PER_MINUTE / _FIRST_PER_MINUTE) ** done)
