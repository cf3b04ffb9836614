"""Which edition each item landed in, and what the next one must correct."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model import Cause, Edition, EditionState, Item, Told
from digest.store import schema
from digest.store.items import ALIVE, ITEM

#: The edition has been seen: what changes now is a correction.
_OUT = (EditionState.APPROVED, EditionState.SENDING, EditionState.SENT)

#: Ids in one question.
_AT_ONCE = 500
#: Items of earlier editions that a new one is compared with.
_MOST_TOLD = 800


def _item(content: str, revision: int) -> Item:
    return replace(ITEM.validate_json(content), revision=revision)


async def unplaced(
    conn: AsyncConnection,
    newsletter: str,
    *,
    sources: Sequence[str] = (),
    only: Collection[str] | None = None,
    since: datetime | None = None,
) -> list[Item]:
    """What no edition of *newsletter* has taken yet, by id.

    Args:
        sources: of these; of all when none is named.
        only: ids; None means all.
        since: met at this instant or later.
    """
    item, placement = schema.item, schema.placement
    here = and_(placement.c.item_id == item.c.id, placement.c.newsletter == newsletter)
    query = (
        select(item.c.content, item.c.revision)
        .outerjoin(placement, here)
        .where(placement.c.item_id.is_(None), ALIVE)
        .order_by(item.c.id)
    )
    if sources:
        query = query.where(item.c.source_id.in_(sources))
    if since is not None:
        query = query.where(item.c.seen_at >= since)
    if only is None:
        return [_item(row.content, row.revision) for row in await conn.execute(query)]
    found: list[Item] = []
    wanted = sorted(only)
    for at in range(0, len(wanted), _AT_ONCE):
        rows = await conn.execute(query.where(item.c.id.in_(wanted[at : at + _AT_ONCE])))
        found += [_item(row.content, row.revision) for row in rows]
    return found


async def told(
    conn: AsyncConnection,
    newsletter: str,
    *,
    since: datetime,
    before: datetime,
    apart: Collection[str] = (),
    drafts: bool = False,
) -> list[Told]:
    """What editions of *newsletter* have shown their readers, the latest editions first.

    Args:
        since: editions due before this instant are forgotten.
        before: editions due at this instant or later are not asked.
        apart: ids of editions that are not asked.
        drafts: ask those, too, that nobody has seen yet.
    """
    item, place, edition = schema.item, schema.placement, schema.edition
    query = (
        select(item.c.content, item.c.revision, edition.c.id, edition.c.slot_at)
        .join(place, place.c.item_id == item.c.id)
        .join(edition, edition.c.id == place.c.edition_id)
        .where(
            place.c.newsletter == newsletter,
            place.c.part.in_(("story", "brief")),
            edition.c.state.in_((*_OUT, EditionState.DRAFT) if drafts else _OUT),
            edition.c.slot_at >= since,
            edition.c.slot_at < before,
            edition.c.id.not_in(list(apart)),
            ALIVE,
        )
        .order_by(edition.c.slot_at.desc(), item.c.id)
        .limit(_MOST_TOLD)
    )
    return [
        Told(item=_item(row.content, row.revision), edition_id=row.id, at=row.slot_at)
        for row in await conn.execute(query)
    ]


async def outdated(conn: AsyncConnection, edition_id: str) -> bool:
    """Whether the words of an item of *edition_id* have changed since it was composed."""
    item, placement = schema.item, schema.placement
    query = (
        select(item.c.id)
        .join(placement, placement.c.item_id == item.c.id)
        .where(placement.c.edition_id == edition_id, item.c.revision > placement.c.revision)
        .limit(1)
    )
    return await conn.scalar(query) is not None


async def carried_before(
    conn: AsyncConnection, newsletter: str, edition_id: str
) -> dict[str, tuple[str, str]]:
    """Unplaced items whose page another edition carried from another source.

    Item → (id of what was carried, the edition that carried it).
    """
    item, first = schema.item, schema.placement.alias("first")
    own = schema.placement.alias("own")
    query = (
        select(item.c.id, item.c.same_as, first.c.edition_id)
        .join(first, and_(first.c.item_id == item.c.same_as, first.c.newsletter == newsletter))
        .outerjoin(own, and_(own.c.item_id == item.c.id, own.c.newsletter == newsletter))
        .where(ALIVE, first.c.edition_id != edition_id)
        .where((own.c.item_id.is_(None)) | (own.c.edition_id == edition_id))
    )
    return {row.id: (row.same_as, row.edition_id) for row in await conn.execute(query)}


async def of_edition(conn: AsyncConnection, edition_id: str, *, killed: bool = True) -> list[Item]:
    """The items that landed in *edition_id*, shown or dropped.

    Args:
        killed: those, too, that an editor killed in it.
    """
    item, placement = schema.item, schema.placement
    query = (
        select(item.c.content, item.c.revision)
        .join(placement, placement.c.item_id == item.c.id)
        .where(placement.c.edition_id == edition_id, ALIVE)
        .order_by(item.c.id)
    )
    if not killed:
        query = query.where(placement.c.cause != Cause.KILLED.value)
    return [_item(row.content, row.revision) for row in await conn.execute(query)]


# ----------------------------------------------------------------- corrections


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An item whose words have changed since an edition carried them."""

    before: Item
    after: Item
    edition_id: str
    at: datetime


async def changed_since(
    conn: AsyncConnection, newsletter: str, *, since: datetime, edition_id: str
) -> list[Changed]:
    """What editions of *newsletter* have shown and readers do not know better yet.

    Args:
        since: changes met before are old news.
        edition_id: the edition that would tell of them; what it told before counts as untold.
    """
    item, place, told = schema.item, schema.placement, schema.correction
    known = (
        select(func.max(told.c.revision))
        .where(
            told.c.item_id == item.c.id,
            told.c.newsletter == newsletter,
            told.c.edition_id != edition_id,
        )
        .scalar_subquery()
    )
    rows = await conn.execute(
        select(
            item.c.id,
            item.c.content,
            item.c.revision,
            item.c.changed_at,
            place.c.edition_id,
            place.c.revision.label("carried"),
            known.label("told"),
        )
        .join(place, place.c.item_id == item.c.id)
        .join(schema.edition, schema.edition.c.id == place.c.edition_id)
        .where(
            place.c.newsletter == newsletter,
            place.c.part.in_(("story", "brief")),
            place.c.edition_id != edition_id,
            schema.edition.c.state.in_(_OUT),
            item.c.changed_at >= since,
            item.c.revision > place.c.revision,
            ALIVE,
        )
        .order_by(item.c.id)
    )
    found = []
    for row in rows.all():
        read = max(row.carried, row.told or 0)
        if row.revision <= read:
            continue
        older = schema.revision.c
        query = select(older.content).where(older.item_id == row.id, older.number == read)
        before = await conn.scalar(query)
        if before:
            found.append(
                Changed(
                    before=ITEM.validate_json(before),
                    after=_item(row.content, row.revision),
                    edition_id=row.edition_id,
                    at=row.changed_at,
                )
            )
    return found


# ------------------------------------------------------------------- placements


async def place(
    conn: AsyncConnection,
    edition: Edition,
    *,
    only: set[str] | None = None,
    revisions: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Note where every item of *edition* landed; what was noted for it before is forgotten.

    Args:
        only: ids that may be placed; None places all.  A repeated edition shows items that
            stay where they first landed.
        revisions: of the items as they were composed; 0 for those not named.
    """
    parts = _parts(edition)
    await release(conn, edition.id, killed=True)
    rows = [
        {
            "newsletter": edition.newsletter,
            "item_id": id,
            "edition_id": edition.id,
            "part": part,
            "cause": cause,
            "reason": reason,
            "revision": revisions.get(id, 0),
        }
        for id, (part, cause, reason) in parts.items()
        if only is None or id in only
    ]
    if rows:
        await conn.execute(insert(schema.placement), rows)
    told = [
        {
            "newsletter": edition.newsletter,
            "item_id": correction.item_id,
            "revision": revisions.get(correction.item_id, 0),
            "edition_id": edition.id,
        }
        for correction in edition.corrections
    ]
    if told:
        await conn.execute(insert(schema.correction), told)


async def release(conn: AsyncConnection, edition_id: str, *, killed: bool = False) -> None:
    """Give an edition's items and corrections back: the next edition may take them.

    Args:
        killed: those, too, that an editor killed; else they stay with it.
    """
    place, told = schema.placement, schema.correction
    query = delete(place).where(place.c.edition_id == edition_id)
    if not killed:
        query = query.where(place.c.cause != Cause.KILLED.value)
    await conn.execute(query)
    await conn.execute(delete(told).where(told.c.edition_id == edition_id))


def _parts(edition: Edition) -> dict[str, tuple[str, str, str]]:
    """Item → part, cause and reason."""
    parts = {left.item_id: ("dropped", left.cause.value, left.reason) for left in edition.left_out}
    parts |= {brief.id: ("brief", "", "") for brief in edition.briefs}
    for story in edition.stories:
        parts |= {copy.id: ("copy", "", f"copy of {story.id}") for copy in story.copies}
        parts |= {item.id: ("story", "", story.id) for item in story.items}
    return parts


# -------------------------------------------------------------------- counting


async def count(conn: AsyncConnection, newsletter: str) -> dict[str, int]:
    """Items by what became of them in *newsletter*: part → number, and "waiting"."""
    item, placement = schema.item, schema.placement
    rows = await conn.execute(
        select(placement.c.part, func.count().label("number"))
        .where(placement.c.newsletter == newsletter)
        .group_by(placement.c.part)
    )
    counts = {row.part: row.number for row in rows}
    here = and_(placement.c.item_id == item.c.id, placement.c.newsletter == newsletter)
    waiting = await conn.scalar(
        select(func.count())
        .select_from(item.outerjoin(placement, here))
        .where(placement.c.item_id.is_(None), ALIVE)
    )
    return counts | {"waiting": waiting or 0}
