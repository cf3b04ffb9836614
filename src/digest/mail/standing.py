"""Pure: how relays and lanes stand, for whoever looks at them."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from digest.mail.lanes import Flow
from digest.mail.relayuse import RelayUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one relay or lane stands, for whoever asks.  Rates in mails a minute."""

    kind: Literal["relay", "lane"]
    name: str
    #: As configured; 0: none.
    limit: float
    #: What it was slowed down to; None: it was not.
    slowed_to: float | None
    #: Nothing goes for so long.
    hold_s: float
    #: Why it was slowed down, in the words of whoever asked for it.
    why: str
    #: Places in its queue that are still to come.
    queue: int
    #: Mails accepted since midnight, UTC; of relays.
    sent_today: int | None
    #: Mails that the warm-up plan allows today; None: as many as there are.
    allowed_today: int | None
    storm: str
    #: Why it cannot be used; "" while it can.
    down: str = ""
    down_since: datetime | None = None
    #: When it is tried again.
    down_until: datetime | None = None
    #: Why nothing more may be given to it today; see `pacing.Pacing.spent`.
    spent: str = ""


def of_relay(way: RelayUse, at: float, whole: float) -> Standing:
    """At *at*, a day of UTC; *whole*: what rates and counts of one process are to be taken by."""
    way.new_day(at)
    return Standing(
        **_told(way.flow, at, whole),
        kind="relay",
        name=way.name,
        sent_today=round(way.accepted * whole),
        allowed_today=way.planned(),
        storm=way.storm,
        down=way.down,
        down_since=_instant(way.down_at) if way.down else None,
        down_until=_instant(way.down_until) if way.down else None,
        spent=way.spent(at),
    )


def of_lane(name: str, flow: Flow, at: float, whole: float) -> Standing:
    """As `of_relay`."""
    return Standing(
        **_told(flow, at, whole),
        kind="lane",
        name=name,
        sent_today=None,
        allowed_today=None,
        storm="",
    )


def _told(flow: Flow, at: float, whole: float) -> dict[str, Any]:
    slow = flow.slowed
    return {
        "limit": flow.limit * whole,
        "slowed_to": slow.per_minute * whole if slow else None,
        "hold_s": flow.hold(at),
        "why": slow.why if slow else "",
        "queue": math.ceil(flow.waiting(at) * whole),
    }


def _instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
