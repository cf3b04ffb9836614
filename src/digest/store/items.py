"""Items as collected, and which edition each one landed in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from pydantic import TypeAdapter
from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model import Edition, Item
from digest.store import schema
from digest.store.database import Database

_ITEM = TypeAdapter(Item)
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What `remember` found: items never met before, and known ones whose words changed."""

    new: int = 0
    changed: int = 0


def _fingerprint(item: Item) -> str:
    """Of what a reader would see: the times at which we looked do not count."""
    timeless = replace(item, published_at=item.seen_at, seen_at=item.seen_at, position=0)
    shown = _ITEM.dump_json(timeless, exclude={"published_at", "seen_at", "position"})
    return blake2b(shown, digest_size=16).hexdigest()


async def remember(db: Database, conn: AsyncConnection, items: Iterable[Item]) -> Remembered:
    """Keep *items*; one seen before is not new again, whatever its source now says.

    A changed item takes its new words while no edition has it; the time at which an undated
    item was first met stays its time.  What an edition carries is never rewritten.
    """
    by_id = {item.id: item for item in items}
    known: dict[str, tuple[str, str]] = {}
    ids = list(by_id)
    columns = schema.item.c
    for start in range(0, len(ids), _BATCH):
        rows = await conn.execute(
            select(columns.id, columns.fingerprint, columns.content).where(
                columns.id.in_(ids[start : start + _BATCH])
            )
        )
        known |= {row.id: (row.fingerprint, row.content) for row in rows}
    fresh = [_row(item) for item in by_id.values() if item.id not in known]
    if fresh:
        # Another process may have met them in the meantime.
        await conn.execute(db.insert(schema.item).on_conflict_do_nothing(), fresh)
    placed = await _placed(conn, known)
    changed = 0
    for id, (fingerprint, content) in known.items():
        item = by_id[id]
        if id in placed or _fingerprint(item) == fingerprint:
            continue
        before = _ITEM.validate_json(content)
        undated = item.published_at == item.seen_at
        item = replace(
            item,
            seen_at=before.seen_at,
            published_at=before.published_at if undated else item.published_at,
        )
        await conn.execute(update(schema.item).where(columns.id == id).values(_row(item)))
        changed += 1
    return Remembered(new=len(fresh), changed=changed)


def _row(item: Item) -> dict[str, object]:
    return {
        "id": item.id,
        "source_id": item.source_id,
        "published_at": item.published_at,
        "seen_at": item.seen_at,
        "content": _ITEM.dump_json(item).decode(),
        "fingerprint": _fingerprint(item),
    }


async def _placed(conn: AsyncConnection, ids: Mapping[str, object]) -> set[str]:
    wanted = list(ids)
    found: set[str] = set()
    column = schema.placement.c.item_id
    for start in range(0, len(wanted), _BATCH):
        rows = await conn.scalars(
            select(column).where(column.in_(wanted[start : start + _BATCH])).distinct()
        )
        found.update(rows)
    return found


async def unplaced(
    conn: AsyncConnection, newsletter: str, *, sources: Sequence[str] = ()
) -> list[Item]:
    """Everything that no edition of *newsletter* has taken yet; of all sources, or of *sources*."""
    item, placement = schema.item, schema.placement
    here = and_(placement.c.item_id == item.c.id, placement.c.newsletter == newsletter)
    query = (
        select(item.c.content)
        .outerjoin(placement, here)
        .where(placement.c.item_id.is_(None))
        .order_by(item.c.id)
    )
    if sources:
        query = query.where(item.c.source_id.in_(sources))
    return [_ITEM.validate_json(content) for content in await conn.scalars(query)]


async def of_edition(conn: AsyncConnection, edition_id: str) -> list[Item]:
    """The items that landed in *edition_id*, shown or dropped."""
    item, placement = schema.item, schema.placement
    query = (
        select(item.c.content)
        .join(placement, placement.c.item_id == item.c.id)
        .where(placement.c.edition_id == edition_id)
        .order_by(item.c.id)
    )
    return [_ITEM.validate_json(content) for content in await conn.scalars(query)]


async def place(conn: AsyncConnection, edition: Edition, *, only: set[str] | None = None) -> None:
    """Note where every item of *edition* landed; what was noted for it before is forgotten.

    Args:
        only: ids that may be placed; None places all.  A repeated edition shows items that
            stay where they first landed.
    """
    parts = _parts(edition)
    await conn.execute(delete(schema.placement).where(schema.placement.c.edition_id == edition.id))
    rows = [
        {
            "newsletter": edition.newsletter,
            "item_id": id,
            "edition_id": edition.id,
            "part": part,
            "reason": reason,
        }
        for id, (part, reason) in parts.items()
        if only is None or id in only
    ]
    if rows:
        await conn.execute(insert(schema.placement), rows)


async def release(conn: AsyncConnection, edition_id: str) -> None:
    """Give an edition's items back: the next edition may take them."""
    await conn.execute(delete(schema.placement).where(schema.placement.c.edition_id == edition_id))


def _parts(edition: Edition) -> dict[str, tuple[str, str]]:
    parts = {id: ("dropped", reason) for id, reason in edition.dropped}
    parts |= {brief.id: ("brief", "") for brief in edition.briefs}
    for story in edition.stories:
        parts |= {copy.id: ("copy", f"copy of {story.id}") for copy in story.copies}
        parts |= {item.id: ("story", story.id) for item in story.items}
    return parts


async def count(conn: AsyncConnection, newsletter: str) -> dict[str, int]:
    """Items by what became of them in *newsletter*: part → number, and "waiting"."""
    placement = schema.placement
    rows = await conn.execute(
        select(placement.c.part, func.count().label("number"))
        .where(placement.c.newsletter == newsletter)
        .group_by(placement.c.part)
    )
    counts = {row.part: row.number for row in rows}
    total = await conn.scalar(select(func.count()).select_from(schema.item)) or 0
    return counts | {"waiting": total - sum(counts.values())}
