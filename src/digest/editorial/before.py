"""What earlier editions told: is a story of today news, more of an old one, or a repetition?

The same event is what is alike as in `cluster`, however many days lie between.  What comes
every day in the same words (the markets, the weather) is new each time, so precision comes
first here: a repetition shown is dull, news withheld is worse.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from digest.editorial.cluster import CUT, group, weigh
from digest.editorial.language import is_stop_word
from digest.editorial.rank import outlet
from digest.editorial.text import Reading, read, stem
from digest.model import Item, Told

#: Share of new word triples with which a story that was told comes again.
FRESH = 0.3
#: Likeness that one day between asks for; two days ask for twice as much.
_A_DAY_APART = 0.17
#: Told items that one story is compared with in full, the likest first.
_MOST_COMPARED = 12
#: Rows of today that are compared at once: bounds the memory of an enormous day.
_ROWS = 2000
#: From so many hours on the same hour is that of another day, ...
_ANOTHER_DAY_H = 18.0
#: ... give or take so many of an outlet's own: what comes every day, the weather or a market; ...
_OWN_HOUR_H = 0.5
#: ... give or take so many of any outlet's: the like of it, ...
_SAME_HOUR_H = 1.0
#: ... unless it is so very alike.
_SURELY_ALIKE = 0.3
#: Names and figures that items of two days must have in common, ...
_SHARED_MARKS = 3
#: ... and figures of the poorer one that may all differ; from then on it is another occasion.
_FIGURES = 3

Triple = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What was told of a story before."""

    #: The latest edition that told of it, and when that one was due.
    edition_id: str
    at: datetime
    #: Share of word triples that no earlier edition had, 0-1.
    fresh: float


def triples(reading: Reading) -> frozenset[Triple]:
    """The word triples of headline and text; of fewer than three words, those."""
    found: set[Triple] = set()
    for words in (reading.title, reading.body):
        found.update(zip(words, words[1:], words[2:], strict=False) if len(words) > 2 else [words])
    return frozenset(found - {()})


def fresh_share(reading: Reading, known: frozenset[Triple] | set[Triple]) -> float:
    """Share of the triples of *reading* that are not among *known*; 0 when it has none."""
    own = triples(reading)
    return len(own - known) / len(own) if own else 0.0


class Before:
    """What earlier editions told, ready to be asked for each story of today."""

    def __init__(self, told: Iterable[Told], today: Sequence[Reading]) -> None:
        """Prepare to compare *today*, in any order, with *told*.

        An item of today that was told under its own id is asked for again on purpose.
        """
        mine = sorted(today, key=lambda reading: reading.item.id)
        self._row = {reading.item.id: row for row, reading in enumerate(mine)}
        latest: dict[str, Told] = {}
        for one in sorted(told, key=lambda one: (one.at, one.edition_id, one.item.revision)):
            if one.item.id not in self._row:
                latest[one.item.id] = one
        self._told = [latest[id] for id in sorted(latest)]
        self._readings = [*mine, *(read(one.item) for one in self._told)]
        self._first = len(mine)
        self._near: set[int] = set()
        if not self._told or not mine:
            return
        space = weigh(self._readings)
        self._hours = space.hours
        # The days between are no reason against it: `_same_event` looks at them itself.
        self._space = replace(space, hours=np.zeros_like(space.hours))
        self._columns = space.matrix[self._first :].T.tocsr()
        for start in range(0, self._first, _ROWS):
            block = (space.matrix[start : min(start + _ROWS, self._first)] @ self._columns).tocoo()
            self._near.update((block.row[block.data >= CUT] + start).tolist())

    def judge(self, ids: Iterable[str]) -> Earlier | None:
        """What was told of the story of the items *ids*; None when it is new.

        The freshest of its items counts: another source never makes a story older.
        """
        rows = sorted(self._row[id] for id in ids if id in self._row)
        if self._near.isdisjoint(rows):
            return None
        likeness = (self._space.matrix[rows] @ self._columns).mean(axis=0).A1.round(9)
        apart_h = np.abs(self._hours[: self._first][rows][:, None] - self._hours[self._first :])
        needed = np.maximum(CUT, _A_DAY_APART * apart_h.min(axis=0) / 24)
        likest = sorted(np.flatnonzero(likeness >= CUT).tolist(), key=lambda t: (-likeness[t], t))
        likest = likest[:_MOST_COMPARED]
        if any(self._is_series(row, t) for row in rows for t in likest):
            return None
        same = [t for t in likest if likeness[t] >= needed[t] and self._is_same_event(rows, t)]
        if not same:
            return None
        known = {triple for t in same for triple in triples(self._readings[self._first + t])}
        fresh = max(fresh_share(self._readings[row], known) for row in rows)
        latest = max((self._told[t] for t in same), key=lambda one: (one.at, one.edition_id))
        return Earlier(edition_id=latest.edition_id, at=latest.at, fresh=fresh)

    def _is_series(self, row: int, told: int) -> bool:
        one, other = self._readings[row].item, self._readings[self._first + told].item
        return outlet(one) == outlet(other) and _is_same_hour(one, other, _OWN_HOUR_H)

    def _is_same_event(self, rows: Sequence[int], told: int) -> bool:
        column = self._first + told
        together = next(part for part in group(self._space, [*rows, column]) if column in part)
        if 2 * (len(together) - 1) < len(rows):
            return False
        return any(self._is_one_occasion(row, column) for row in rows if row in together)

    def _is_one_occasion(self, row: int, column: int) -> bool:
        """Of another day only what is very alike, or names the same and keeps no hours."""
        one, other = self._readings[row], self._readings[column]
        if _apart_h(one.item, other.item) < _ANOTHER_DAY_H:
            return True
        if float(self._space.likeness([row], [column])[0, 0]) >= _SURELY_ALIKE:
            return True
        return _names_the_same(one, other) and not _is_same_hour(one.item, other.item, _SAME_HOUR_H)


def _apart_h(one: Item, other: Item) -> float:
    return abs((one.published_at - other.published_at).total_seconds()) / 3600


def _is_same_hour(one: Item, other: Item, within_h: float) -> bool:
    apart_h = _apart_h(one, other)
    return apart_h >= _ANOTHER_DAY_H and abs((apart_h + 12) % 24 - 12) <= within_h


def _names_the_same(one: Reading, other: Reading) -> bool:
    mine, theirs = _marks(one), _marks(other)
    figures = {m for m in mine if m[0].isdigit()}, {m for m in theirs if m[0].isdigit()}
    if min(map(len, figures)) >= _FIGURES and figures[0].isdisjoint(figures[1]):
        return False
    return len(mine & theirs) >= min(_SHARED_MARKS, len(mine), len(theirs))


def _marks(reading: Reading) -> set[str]:
    words = {*reading.title, *reading.body}
    telling = {w for w in words if w in reading.names or w[0].isdigit()}
    return {stem(word) for word in telling if not is_stop_word(word)}
