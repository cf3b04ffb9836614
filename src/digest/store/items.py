"""Items as collected: met once, revised, and in the end a tombstone."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model import Item, Kind
from digest.store import schema
from digest.store.database import Database

ITEM = TypeAdapter(Item)
_BATCH = 500
#: A source that touches its items all day is not listened to any more (reader stops there too).
MOST_REVISIONS = 24
#: Its words are still here.
ALIVE: ColumnElement[bool] = schema.item.c.purged_at.is_(None)

#: Whether a reader would care about the difference: (before, after).
Noteworthy = Callable[[Item, Item], bool]


def always(_before: Item, _after: Item) -> bool:
    """Every difference counts."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What `remember` did with the items it was given."""

    #: Ids of items never met before and kept.
    new: tuple[str, ...] = ()
    #: Ids of known items whose words changed.
    changed: tuple[str, ...] = ()
    #: Older than the backlog of a first visit: known from now on, and never shown.
    passed_over: int = 0


def fingerprint(item: Item) -> str:
    """Of what a reader would see: the times at which we looked do not count."""
    timeless = replace(item, published_at=item.seen_at, seen_at=item.seen_at, position=0)
    unseen = {"published_at", "seen_at", "position", "guid", "revision"}
    shown = ITEM.dump_json(timeless, exclude=unseen)
    return blake2b(shown, digest_size=16).hexdigest()


async def remember(
    db: Database,
    conn: AsyncConnection,
    items: Iterable[Item],
    *,
    html: Mapping[str, str] = MappingProxyType({}),
    other_ids: Mapping[str, Sequence[str]] = MappingProxyType({}),
    backlog: int | None = None,
    noteworthy: Noteworthy = always,
    now: datetime | None = None,
) -> Remembered:
    """Keep *items*; one met before is not new again, whatever its source now says.

    A changed item takes its new words, and the old ones become a revision; the time at which
    an undated item was first met stays its time.  A tombstone stays one.

    Args:
        html: id → safe HTML of the body.
        other_ids: id → ids that the item would have under other identity rules: it is found
            under them, too, and so is its tombstone.
        backlog: of a first visit: how many of the new ones are kept, newest first.
        noteworthy: a change that is not takes effect only while no edition has the item, and
            leaves no revision.
        now: when a change counts as met; the item's own `seen_at` if None.
    """
    aliases, by_id = await _under_known_ids(conn, items)
    html = {aliases.get(id, id): text for id, text in html.items()}
    known = await _known(conn, list(by_id))
    fresh = [item for item in by_id.values() if item.id not in known]
    named = {aliases.get(id, id): others for id, others in other_ids.items()}
    kept, old = _newest(fresh, backlog)
    rows = await _new_rows(conn, kept, old, html)
    if rows:
        # Another process may have met them in the meantime.
        await conn.execute(db.insert(schema.item).on_conflict_do_nothing(), rows)
        await _name(db, conn, {item.id: named.get(item.id, ()) for item in fresh})
        if not db.is_sqlite:
            # And in other words: they are a revision of what it kept.
            there = await _known(conn, [item.id for item in kept])
            known |= {
                id: row for id, row in there.items() if row.fingerprint != fingerprint(by_id[id])
            }
            kept = [item for item in kept if item.id not in known]
    placed = await _placed(conn, known)
    changed = [
        id
        for id, row in known.items()
        # A tombstone is as good as unchanged.
        if row.purged_at is None
        and fingerprint(item := by_id[id]) != row.fingerprint
        and await _revise(
            conn, row, item, html.get(id, ""), noteworthy, now or item.seen_at, id in placed
        )
    ]
    return Remembered(
        new=tuple(item.id for item in kept), changed=tuple(changed), passed_over=len(old)
    )


async def _new_rows(
    conn: AsyncConnection, kept: Sequence[Item], old: Sequence[Item], html: Mapping[str, str]
) -> list[dict[str, object]]:
    same = await _same_elsewhere(conn, kept)
    rows = [
        _row(item, html.get(item.id, "")) | {"same_as": same.get(item.id), "purged_at": None}
        for item in kept
    ]
    gone = {"content": "", "same_as": None}
    return rows + [_row(item, "") | gone | {"purged_at": item.seen_at} for item in old]


async def _name(db: Database, conn: AsyncConnection, others: Mapping[str, Sequence[str]]) -> None:
    rows = [
        {"id": other, "item_id": id}
        for id, every in others.items()
        for other in every
        if other != id
    ]
    if rows:
        await conn.execute(db.insert(schema.alias).on_conflict_do_nothing(), rows)


async def _under_known_ids(
    conn: AsyncConnection, items: Iterable[Item]
) -> tuple[dict[str, str], dict[str, Item]]:
    by_id = {item.id: item for item in items}
    alias = schema.alias.c
    ids = list(by_id)
    aliases: dict[str, str] = {}
    for start in range(0, len(ids), _BATCH):
        rows = await conn.execute(
            select(alias.id, alias.item_id).where(alias.id.in_(ids[start : start + _BATCH]))
        )
        for row in rows:
            aliases[row.id] = row.item_id
            item = by_id.pop(row.id)
            by_id[row.item_id] = replace(item, id=row.item_id)
    return aliases, by_id


async def _known(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, Row[Any]]:
    columns = schema.item.c
    known: dict[str, Row[Any]] = {}
    for start in range(0, len(ids), _BATCH):
        rows = await conn.execute(
            select(
                columns.id,
                columns.fingerprint,
                columns.content,
                columns.revision,
                columns.purged_at,
            ).where(columns.id.in_(ids[start : start + _BATCH]))
        )
        known |= {row.id: row for row in rows}
    return known


def _newest(fresh: Sequence[Item], backlog: int | None) -> tuple[list[Item], list[Item]]:
    if backlog is None or len(fresh) <= backlog:
        return list(fresh), []
    # Of items with one date, or none, the source's own order decides.
    ordered = sorted(fresh, key=lambda item: (-item.published_at.timestamp(), item.position))
    return ordered[:backlog], ordered[backlog:]


async def _same_elsewhere(conn: AsyncConnection, items: Sequence[Item]) -> dict[str, str]:
    """Item → the first item of another source that has its canonical address."""
    wanted = {item.url: item for item in items if item.url and item.kind is Kind.ARTICLE}
    found: dict[str, str] = {}
    column = schema.item.c
    urls = list(wanted)
    for start in range(0, len(urls), _BATCH):
        rows = await conn.execute(
            select(column.id, column.url, column.source_id)
            .where(column.url.in_(urls[start : start + _BATCH]))
            .order_by(column.seen_at, column.id)
        )
        for row in rows:
            item = wanted[row.url]
            if row.source_id != item.source_id:
                found.setdefault(item.id, row.id)
    return found


async def _revise(
    conn: AsyncConnection,
    row: Row[Any],
    item: Item,
    html: str,
    noteworthy: Noteworthy,
    now: datetime,
    placed: bool,
) -> bool:
    before = ITEM.validate_json(row.content)
    item = _taking_the_place_of(before, item)
    columns = schema.item.c
    here = columns.id == item.id
    if row.revision >= MOST_REVISIONS or not noteworthy(before, item):
        if not placed:
            await conn.execute(update(schema.item).where(here).values(_row(item, html)))
        return False
    await conn.execute(
        insert(schema.revision).values(
            item_id=item.id, number=row.revision, at=now, content=row.content
        )
    )
    values = _row(item, html) | {"revision": row.revision + 1, "changed_at": now}
    await conn.execute(update(schema.item).where(here).values(values))
    return True


def _taking_the_place_of(before: Item, item: Item) -> Item:
    """*item* with the time at which it was first met."""
    undated = item.published_at == item.seen_at
    published = before.published_at if undated else item.published_at
    return replace(item, seen_at=before.seen_at, published_at=published)


def _row(item: Item, html: str) -> dict[str, object]:
    return {
        "id": item.id,
        "source_id": item.source_id,
        "published_at": item.published_at,
        "seen_at": item.seen_at,
        "content": ITEM.dump_json(replace(item, revision=0)).decode(),
        "fingerprint": fingerprint(item),
        "url": item.url,
        "html": html,
    }


async def rename(
    db: Database, conn: AsyncConnection, source_id: str, new_id: Callable[[Item], str | None]
) -> int:
    """Let the items of *source_id* be found under other ids as well: its identity rule changed.

    Without that, everything that the source still lists would return as new.
    """
    column = schema.item.c
    rows = await conn.execute(
        select(column.id, column.content)
        .where(column.source_id == source_id, column.purged_at.is_(None))
        .order_by(column.seen_at.desc(), column.id)
    )
    aliases: dict[str, str] = {}
    for row in rows:
        id = new_id(ITEM.validate_json(row.content))
        if id is not None and id != row.id:
            aliases.setdefault(id, row.id)
    if aliases:
        values = [{"id": id, "item_id": item_id} for id, item_id in aliases.items()]
        await conn.execute(db.insert(schema.alias).on_conflict_do_nothing(), values)
    return len(aliases)


async def known_among(conn: AsyncConnection, ids: Sequence[str]) -> frozenset[str]:
    """Those of *ids* that were met before."""
    known = set(await _known(conn, ids))
    alias = schema.alias.c.id
    for start in range(0, len(ids), _BATCH):
        known.update(
            await conn.scalars(select(alias).where(alias.in_(ids[start : start + _BATCH])))
        )
    return frozenset(known)


async def fresh_among(
    conn: AsyncConnection, items: Iterable[Item]
) -> dict[str, tuple[Item, Item] | None]:
    """Those of *items* that are new, or whose words are not those that are kept.

    Id as given → what is kept and what would take its place; None for a new one.
    """
    given = list(items)
    aliases, by_id = await _under_known_ids(conn, given)
    known = await _known(conn, list(by_id))
    fresh: dict[str, tuple[Item, Item] | None] = {}
    for item in given:
        row = known.get(aliases.get(item.id, item.id))
        if row is None:
            fresh[item.id] = None
        elif row.purged_at is None and fingerprint(by_id[row.id]) != row.fingerprint:
            before = ITEM.validate_json(row.content)
            fresh[item.id] = (before, _taking_the_place_of(before, by_id[row.id]))
    return fresh


async def _placed(conn: AsyncConnection, ids: Iterable[str]) -> set[str]:
    wanted = list(ids)
    found: set[str] = set()
    column = schema.placement.c.item_id
    for start in range(0, len(wanted), _BATCH):
        rows = await conn.scalars(
            select(column).where(column.in_(wanted[start : start + _BATCH])).distinct()
        )
        found.update(rows)
    return found


async def html_of(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, str]:
    """Item → safe HTML of its body, of those that have one."""
    column = schema.item.c
    found: dict[str, str] = {}
    for start in range(0, len(ids), _BATCH):
        rows = await conn.execute(
            select(column.id, column.html).where(
                column.id.in_(ids[start : start + _BATCH]), column.html != ""
            )
        )
        found |= {row.id: row.html for row in rows}
    return found


async def purge(conn: AsyncConnection, *, before: datetime, now: datetime) -> int:
    """Make tombstones of the items met before an instant: known for ever, their words gone."""
    column = schema.item.c
    old = (column.seen_at < before) & ALIVE
    await conn.execute(
        delete(schema.revision).where(
            schema.revision.c.item_id.in_(select(column.id).where(old).scalar_subquery())
        )
    )
    gone = await conn.execute(
        update(schema.item).where(old).values(content="", html="", purged_at=now)
    )
    return int(gone.rowcount)


async def latest(conn: AsyncConnection, *, limit: int) -> list[Item]:
    """The items met last, newest first, less those whose words are gone."""
    item = schema.item
    query = (
        select(item.c.content, item.c.revision)
        .where(ALIVE)
        .order_by(item.c.seen_at.desc(), item.c.id)
        .limit(limit)
    )
    rows = await conn.execute(query)
    return [replace(ITEM.validate_json(row.content), revision=row.revision) for row in rows]


async def oldest(conn: AsyncConnection) -> datetime | None:
    """When the oldest item whose words are still kept was met."""
    query = select(schema.item.c.seen_at).where(ALIVE).order_by(schema.item.c.seen_at).limit(1)
    return await conn.scalar(query)


async def items_per_day(conn: AsyncConnection, *, since: datetime) -> dict[str, dict[date, int]]:
    """Source → UTC day → items first met on it."""
    column = schema.item.c
    days: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    # Tombstones of a first visit's backlog were never news here.
    query = select(column.source_id, column.seen_at).where(column.seen_at >= since, ALIVE)
    for row in await conn.execute(query):
        days[row.source_id][row.seen_at.date()] += 1
    return {source: dict(found) for source, found in days.items()}


async def last_items(conn: AsyncConnection, *, since: datetime) -> dict[str, tuple[datetime, ...]]:
    """Source → when its items were published, newest last."""
    column = schema.item.c
    times: dict[str, list[datetime]] = defaultdict(list)
    query = (
        select(column.source_id, column.published_at)
        .where(column.published_at >= since)
        .order_by(column.published_at)
    )
    for row in await conn.execute(query):
        times[row.source_id].append(row.published_at)
    return {source: tuple(found) for source, found in times.items()}
