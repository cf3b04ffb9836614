"""The items of one edition: read, what is too old gone, what is a copy of what, and grouped."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from digest.editorial.cluster import Space, follow, group, retold, tell, weigh
from digest.editorial.copies import why_copies
from digest.editorial.draft import called
from digest.editorial.hand import Group
from digest.editorial.text import Reading, read
from digest.model import Cause, Item, Kind, LeftOut


@dataclass(slots=True)
class Day:
    """The items of one edition that are not too old, read; and what became of the others."""

    #: By id, copies too.
    readings: dict[str, Reading]
    copy_of: dict[str, str]
    #: Copy and original → how that is known.
    why_copied: dict[tuple[str, str], str]
    space: Space
    #: Of the originals, in *space*.
    row: dict[str, int]
    #: Brief → the article that tells it, and how much of it stands there.
    told: dict[str, tuple[str, float]] = field(default_factory=dict)
    #: Brief → the first of those that tell one event with it.
    chain: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)

    @property
    def newest(self) -> datetime | None:
        return max((self.readings[id].item.published_at for id in self.row), default=None)

    def name(self, id: str) -> str:
        return called(self.readings[id].item) if id in self.readings else id

    def leave(self, item: Item, cause: Cause, reason: str) -> None:
        self.left_out[item.id] = LeftOut(item_id=item.id, cause=cause, reason=reason)


def read_day(
    items: Iterable[Item],
    *,
    oldest: datetime | None = None,
    ageless: Collection[str] = (),
    asked: Collection[str] = (),
) -> Day:
    """Read *items*.

    Those published before *oldest* are left out, unless they or their source are *ageless* or
    they are *asked* for by id.
    """
    latest: dict[str, Item] = {}
    for item in items:
        known = latest.get(item.id)
        latest[item.id] = item if known is None else max(item, known, key=_state)
    readings = {id: read(latest[id]) for id in sorted(latest)}
    why_copied = _copies(list(readings.values()))
    copy_of = dict(why_copied.keys())
    old = [
        id
        for id, item in latest.items()
        if _is_old(item, oldest) and not {id, item.source_id} & {*ageless, *asked}
    ]
    left_out = _leave_old(old, readings, copy_of, why_copied)
    readings = {id: reading for id, reading in readings.items() if id not in left_out}
    originals = [id for id in readings if id not in copy_of]
    return Day(
        readings=readings,
        copy_of=copy_of,
        why_copied=why_copied,
        space=weigh([readings[id] for id in originals]),
        row={id: row for row, id in enumerate(originals)},
        left_out=left_out,
    )


def _state(item: Item) -> tuple[float, float, str]:
    updated = item.updated_at or item.published_at
    return updated.timestamp(), item.seen_at.timestamp(), repr(item)


def _copies(readings: Sequence[Reading]) -> dict[tuple[str, str], str]:
    """Copy and original → how that is known."""
    ids = [reading.item.id for reading in readings]
    found = why_copies(readings)
    return {(ids[copy], ids[found[copy][0]]): found[copy][1] for copy in sorted(found)}


def _is_old(item: Item, oldest: datetime | None) -> bool:
    # Where only the day is known, it is over before the item is too old.
    latest = item.published_at + timedelta(days=1) if item.day_only else item.published_at
    return oldest is not None and latest < oldest


def _leave_old(
    old: Sequence[str],
    readings: Mapping[str, Reading],
    copy_of: dict[str, str],
    why_copied: dict[tuple[str, str], str],
) -> dict[str, LeftOut]:
    """Leave out what is too old.  Whoever repeats it today stands for itself.

    A copy of something fresh may be as old as it likes.  Changes both dictionaries.
    """
    gone = {id for id in old if id not in copy_of}
    orphans = [readings[copy] for copy, original in copy_of.items() if original in gone]
    left_out = {}
    aged = set(old)
    for orphan in orphans:
        del copy_of[orphan.item.id]
        if orphan.item.id in aged:
            gone.add(orphan.item.id)
    among_them = _copies([one for one in orphans if one.item.id not in gone])
    copy_of.update(among_them.keys())
    why_copied.update(among_them)
    for id in gone:
        at = readings[id].item.published_at
        text = f"Too old: published {at:%Y-%m-%d %H:%M} UTC."
        left_out[id] = LeftOut(item_id=id, cause=Cause.OLD, reason=text)
    return left_out


# ------------------------------------------------------------------------- groups


def group_day(day: Day) -> list[Group]:
    """What tells one event, before an editor looks at it."""
    ids = list(day.row)
    of_kind: dict[Kind, list[int]] = {Kind.ARTICLE: [], Kind.BRIEF: []}
    for id, row in day.row.items():
        of_kind[day.readings[id].item.kind].append(row)
    articles, briefs = of_kind[Kind.ARTICLE], of_kind[Kind.BRIEF]
    told = tell(day.space, [day.readings[id] for id in ids], briefs, articles)
    day.told = {ids[brief]: (ids[article], share) for brief, (article, share) in told.items()}
    rows_of = group(day.space, articles)
    for chain in (part for whole in follow(day.space, briefs) for part in retold(day.space, whole)):
        day.chain.update((ids[row], ids[chain[0]]) for row in chain)
        rows_of.append([row for row in chain if row not in told])
    groups = [Group({ids[row] for row in rows}) for rows in rows_of if rows]
    home = {id: one for one in groups for id in one.originals}
    for brief, (article, _) in day.told.items():
        home[article].originals.add(brief)
        home[brief] = home[article]
    for copy, original in day.copy_of.items():
        home[original].copies[copy] = original
    return groups
