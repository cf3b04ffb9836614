"""What the proof of coverage asks: where every item is, by placements and by what editions tell.

Reads only, in sets or in streams: an archive of years never has to fit into memory, at most one
edition of it.  It does not know what ought to be where: `digest.coverage` does.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model import Item
from digest.store import schema
from digest.store.database import Database
from digest.store.editions import PUBLIC
from digest.store.items import ITEM

_BATCH = 500
_item, _place, _edition = schema.item, schema.placement, schema.edition

#: Where an item is in an edition: story, copy, brief or dropped; and for the last, the cause.
Part = tuple[str, str]


@asynccontextmanager
async def steady(db: Database) -> AsyncIterator[AsyncConnection]:
    """One view for many questions: what others commit meanwhile is not seen in half of them."""
    async with db.read() as conn:
        # SQLite reads so anyway.
        if not db.is_sqlite:
            await conn.execution_options(isolation_level="REPEATABLE READ")
        yield conn


# ------------------------------------------------------------------- of an edition


# An edition's content, as far as it names items: the rest of it is not even read.


@dataclass(frozen=True, slots=True)
class _Named:
    id: str


@dataclass(frozen=True, slots=True)
class _Story:
    items: list[_Named]
    copies: list[_Named]


@dataclass(frozen=True, slots=True)
class _Section:
    stories: list[_Story]


@dataclass(frozen=True, slots=True)
class _LeftOut:
    item_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class _Content:
    sections: list[_Section]
    briefs: list[_Named]
    left_out: list[_LeftOut] | None = None
    held: tuple[str, ...] = ()


_CONTENT = TypeAdapter(_Content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The items that an edition's content names."""

    #: Item and where it is, in the content's order; an item may wrongly be here twice.
    parts: tuple[tuple[str, Part], ...]
    held: frozenset[str]
    #: It names what was left out, too: older editions did not.
    whole: bool


async def contents(conn: AsyncConnection, edition_id: str) -> Contents | None:
    """What the stored content of an edition names; None if it has none."""
    stored = await conn.scalar(select(_edition.c.content).where(_edition.c.id == edition_id))
    if not stored:
        return None
    content = _CONTENT.validate_json(stored)
    parts: list[tuple[str, Part]] = []
    for section in content.sections:
        for story in section.stories:
            parts += [(item.id, ("story", "")) for item in story.items]
            parts += [(copy.id, ("copy", "")) for copy in story.copies]
    parts += [(brief.id, ("brief", "")) for brief in content.briefs]
    parts += [(left.item_id, ("dropped", left.cause)) for left in content.left_out or ()]
    return Contents(
        parts=tuple(parts), held=frozenset(content.held), whole=content.left_out is not None
    )


async def placed(conn: AsyncConnection, edition_id: str) -> dict[str, Part]:
    """Item → where its placement says that it is in *edition_id*."""
    query = select(_place.c.item_id, _place.c.part, _place.c.cause).where(
        _place.c.edition_id == edition_id
    )
    return {row.item_id: (row.part, row.cause) for row in await conn.execute(query)}


# ---------------------------------------------------------------- of a newsletter


async def tally(conn: AsyncConnection, newsletter: str) -> dict[str, Mapping[Part, int]]:
    """Edition → how many items are where in it."""
    query = (
        select(_place.c.edition_id, _place.c.part, _place.c.cause, func.count().label("number"))
        .where(_place.c.newsletter == newsletter)
        .group_by(_place.c.edition_id, _place.c.part, _place.c.cause)
    )
    found: dict[str, Counter[Part]] = defaultdict(Counter)
    for row in await conn.execute(query):
        found[row.edition_id][row.part, row.cause] = row.number
    return dict(found)


async def astray(conn: AsyncConnection, newsletter: str) -> list[tuple[str, str]]:
    """Item and edition of placements that name an edition of another newsletter."""
    query = (
        select(_place.c.item_id, _place.c.edition_id)
        .join(_edition, _edition.c.id == _place.c.edition_id)
        .where(_place.c.newsletter == newsletter, _edition.c.newsletter != newsletter)
        .order_by(_place.c.item_id)
    )
    return [(row.item_id, row.edition_id) for row in await conn.execute(query)]


async def first_taken(conn: AsyncConnection, newsletter: str) -> dict[str, datetime]:
    """Source → when an edition of *newsletter* that took something from it was composed first."""
    query = (
        select(_item.c.source_id, func.min(_edition.c.created_at).label("at"))
        .select_from(_place)
        .join(_item, _item.c.id == _place.c.item_id)
        .join(_edition, _edition.c.id == _place.c.edition_id)
        .where(_place.c.newsletter == newsletter)
        .group_by(_item.c.source_id)
    )
    return {row.source_id: row.at for row in await conn.execute(query)}


def _ours(newsletter: str, sources: Sequence[str], best_of: Sequence[str]) -> ColumnElement[bool]:
    """The items that *newsletter* has to account for."""
    belongs: list[ColumnElement[bool]] = []
    if sources:
        belongs.append(_item.c.source_id.in_(sources))
    if best_of:
        shown = (
            select(_place.c.item_id)
            .join(_edition, _edition.c.id == _place.c.edition_id)
            .where(
                _place.c.newsletter.in_(best_of),
                _place.c.part.in_(("story", "copy")),
                _edition.c.state.in_([state.value for state in PUBLIC]),
            )
        )
        belongs.append(_item.c.id.in_(shown))
    taken = select(_place.c.item_id).where(_place.c.newsletter == newsletter)
    # What was named by hand is accounted for as well.
    return or_(and_(True, *belongs), _item.c.id.in_(taken))


async def collected(
    conn: AsyncConnection,
    newsletter: str,
    *,
    sources: Sequence[str] = (),
    best_of: Sequence[str] = (),
) -> int:
    """How many items *newsletter* has to account for: of all sources when none is named."""
    query = select(func.count()).select_from(_item).where(_ours(newsletter, sources, best_of))
    return await conn.scalar(query) or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """An item that is in no edition of a newsletter."""

    id: str
    source_id: str
    seen_at: datetime
    #: Its words are gone since then.
    purged_at: datetime | None
    #: When the first edition of another newsletter that showed it was due; None without *best_of*.
    shown_at: datetime | None


async def unplaced(
    conn: AsyncConnection,
    newsletter: str,
    *,
    sources: Sequence[str] = (),
    best_of: Sequence[str] = (),
    since: datetime | None = None,
) -> AsyncIterator[Unplaced]:
    """Stream what no edition of *newsletter* has, tombstones too, by id.

    Args:
        sources: of these; of all when none is named.
        best_of: only what public editions of these newsletters showed.
        since: met at this instant or later.
    """
    own = _place.alias("own")
    here = and_(own.c.item_id == _item.c.id, own.c.newsletter == newsletter)
    query: Select[*tuple[object, ...]] = select(
        _item.c.id, _item.c.source_id, _item.c.seen_at, _item.c.purged_at
    )
    if best_of:
        first = (
            select(_place.c.item_id, func.min(_edition.c.slot_at).label("shown_at"))
            .join(_edition, _edition.c.id == _place.c.edition_id)
            .where(
                _place.c.newsletter.in_(best_of),
                _place.c.part.in_(("story", "copy")),
                _edition.c.state.in_([state.value for state in PUBLIC]),
            )
            .group_by(_place.c.item_id)
            .subquery()
        )
        query = query.add_columns(first.c.shown_at).join(first, first.c.item_id == _item.c.id)
    query = query.outerjoin(own, here).where(own.c.item_id.is_(None)).order_by(_item.c.id)
    if sources:
        query = query.where(_item.c.source_id.in_(sources))
    if since is not None:
        query = query.where(_item.c.seen_at >= since)
    async for row in await conn.stream(query):
        values = row._asdict()
        yield Unplaced(**({"shown_at": None} | values))


async def began_with(
    conn: AsyncConnection, newsletter: str, best_of: Sequence[str]
) -> datetime | None:
    """When the first edition of *best_of* was due that *newsletter* has anything of."""
    own = _place.alias("own")
    query = (
        select(func.min(_edition.c.slot_at))
        .select_from(own)
        .join(_place, _place.c.item_id == own.c.item_id)
        .join(_edition, _edition.c.id == _place.c.edition_id)
        .where(own.c.newsletter == newsletter, _place.c.newsletter.in_(best_of))
    )
    began: datetime | None = await conn.scalar(query)
    return began


# ------------------------------------------------------------------------ of items


async def editions_with(
    conn: AsyncConnection, newsletter: str, ids: Collection[str]
) -> dict[str, str]:
    """Those of *ids* that an edition of *newsletter* has → that edition."""
    found: dict[str, str] = {}
    for some in _batches(ids):
        query = select(_place.c.item_id, _place.c.edition_id).where(
            _place.c.newsletter == newsletter, _place.c.item_id.in_(some)
        )
        found |= {row.item_id: row.edition_id for row in await conn.execute(query)}
    return found


async def met(conn: AsyncConnection, ids: Collection[str]) -> frozenset[str]:
    """Those of *ids* that were ever collected."""
    found: set[str] = set()
    for some in _batches(ids):
        found.update(await conn.scalars(select(_item.c.id).where(_item.c.id.in_(some))))
    return frozenset(found)


async def titles(conn: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """Headlines of those of *ids* whose words are still kept."""
    found: dict[str, str] = {}
    for some in _batches(ids):
        query = select(_item.c.content).where(_item.c.id.in_(some), _item.c.content != "")
        read: list[Item] = [ITEM.validate_json(row.content) for row in await conn.execute(query)]
        found |= {item.id: item.title for item in read}
    return found


def _batches(ids: Collection[str]) -> list[list[str]]:
    ordered = sorted(ids)
    return [ordered[start : start + _BATCH] for start in range(0, len(ordered), _BATCH)]
