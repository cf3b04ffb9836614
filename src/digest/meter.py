"""Pure: what one process counts while it sends, and what the counts of several come to.

A `Meter` hears of every answer, thousands a second, and tells of them once a second in one line
of JSON: a row of the table `progress`.  It is not what is true of anybody: the journal is.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from digest.model import DeliveryState, Tally

#: Seconds whose mails are counted one by one.
SPAN_S: Final = 60
#: Lanes that are told by name, and those that are counted at all: domains without a lane of
#: their own are hundreds of thousands, and whoever is large is met among the first.
_LANES: Final = 20
_COUNTED: Final = 1000
OTHERS: Final = "others"
#: Places in a count: accepted, deferred, refused, vanished.
_PLACE: Final = {
    DeliveryState.SENT: 0,
    DeliveryState.DEFERRED: 1,
    DeliveryState.FAILED: 2,
    DeliveryState.DOUBTFUL: 3,
}


class Meter:
    """What was heard in this process since *now*, of one edition."""

    def __init__(self, now: datetime) -> None:
        self._began = now.timestamp()
        self._skipped = 0
        self._relays: dict[str, list[int]] = {}
        self._lanes: dict[str, list[int]] = {}
        #: Second → mails accepted in it, in the order in which they were heard.
        self._seconds: dict[int, int] = {}

    def heard(self, relay: str, lane: str, state: DeliveryState, at: datetime) -> None:
        """Count one answer: 1 us; what was no answer (skipped) is counted apart."""
        place = _PLACE.get(state)
        if place is None:
            self._skipped += 1
            return
        for counts, name in ((self._relays, relay), (self._lanes, lane)):
            row = counts.get(name)
            if row is None:
                if len(counts) >= _COUNTED:
                    name = OTHERS
                row = counts.setdefault(name, [0, 0, 0, 0])
            row[place] += 1
        if not place:
            second = int(at.timestamp())
            seconds = self._seconds
            if second in seconds:
                seconds[second] += 1
            else:
                seconds[second] = 1
                if len(seconds) > 2 * SPAN_S:
                    self._forget(second)

    def _forget(self, now: int) -> None:
        # A clock that was put back leaves seconds of the future behind.
        near = range(now - SPAN_S, now + SPAN_S)
        self._seconds = {at: number for at, number in self._seconds.items() if at in near}

    def told(self, now: datetime) -> str:
        """One line of JSON for `merge`: everything so far, and the last minute by seconds."""
        until = int(now.timestamp())
        # By number alone: what is told twice in a row must be the same.
        named = ((name, row) for name, row in self._lanes.items() if name != OTHERS)
        ranked = sorted(named, key=lambda lane: (-sum(lane[1]), lane[0]))
        lanes = dict(ranked[:_LANES])
        rest = [row for _, row in ranked[_LANES:]]
        rest += [self._lanes[OTHERS]] if OTHERS in self._lanes else []
        if rest:
            lanes[OTHERS] = [sum(column) for column in zip(*rest, strict=True)]
        seconds = [self._seconds.get(at, 0) for at in range(until - SPAN_S + 1, until + 1)]
        told = {
            "began": round(self._began, 3),
            "until": until,
            "skipped": self._skipped,
            "relays": self._relays,
            "lanes": lanes,
            # Zeros before the first mail say nothing.
            "seconds": seconds[next((n for n, one in enumerate(seconds) if one), SPAN_S) :],
        }
        return json.dumps(told, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What meters told, together."""

    relays: dict[str, Tally] = field(default_factory=dict)
    lanes: dict[str, Tally] = field(default_factory=dict)
    skipped: int = 0
    #: When the first of them began; None: there is none.
    began: datetime | None = None
    #: Second since 1970 → mails accepted in it.
    seconds: dict[int, int] = field(default_factory=dict)

    @property
    def total(self) -> Tally:
        return sum(self.relays.values(), Tally())

    def per_s(self, now: datetime) -> float:
        """Mails accepted a second over the last minute, or since the first meter began."""
        if self.began is None:
            return 0.0
        until = now.timestamp()
        # This very second is not over.
        accepted = sum(n for at, n in self.seconds.items() if until - SPAN_S <= at <= until)
        return accepted / min(SPAN_S, max(1.0, until - self.began.timestamp()))


def merge(tolds: Iterable[str]) -> Told:
    """Add up what several meters told; what is no meter's line counts for nothing."""
    relays: dict[str, Tally] = {}
    lanes: dict[str, Tally] = {}
    seconds: dict[int, int] = {}
    skipped, began = 0, None
    for told in tolds:
        try:
            one = _read(told)
        except (ValueError, TypeError, KeyError, AttributeError):
            # Of another version of Digest, on another machine: its mails are in the journal.
            continue
        for all_of_them, its in ((relays, one.relays), (lanes, one.lanes)):
            for name, tally in its.items():
                all_of_them[name] = all_of_them.get(name, Tally()) + tally
        for at, number in one.seconds.items():
            seconds[at] = seconds.get(at, 0) + number
        skipped += one.skipped
        began = one.began if began is None or one.began is None else min(began, one.began)
    return Told(relays=relays, lanes=_few(lanes), skipped=skipped, began=began, seconds=seconds)


def _few(lanes: dict[str, Tally]) -> dict[str, Tally]:
    """The largest by name, largest first, and the others together, last."""

    def size(name: str) -> int:
        one = lanes[name]
        return one.accepted + one.deferred + one.refused + one.vanished

    named = sorted(lanes.keys() - {OTHERS}, key=lambda name: (-size(name), name))
    rest = [lanes[name] for name in named[_LANES:]] + [lanes[n] for n in (OTHERS,) if n in lanes]
    few = {name: lanes[name] for name in named[:_LANES]}
    return few | ({OTHERS: sum(rest, Tally())} if rest else {})


def _read(told: str) -> Told:
    plain: dict[str, Any] = json.loads(told)
    seconds = [int(one) for one in plain["seconds"]]
    first = int(plain["until"]) - len(seconds) + 1
    return Told(
        relays={str(name): _tally(row) for name, row in plain["relays"].items()},
        lanes={str(name): _tally(row) for name, row in plain["lanes"].items()},
        skipped=int(plain["skipped"]),
        began=datetime.fromtimestamp(float(plain["began"]), UTC),
        seconds={first + n: number for n, number in enumerate(seconds) if number},
    )


def _tally(row: list[int]) -> Tally:
    accepted, deferred, refused, vanished = map(int, row)
    return Tally(accepted=accepted, deferred=deferred, refused=refused, vanished=vanished)
