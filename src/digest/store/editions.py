"""Editions: their content, and where each is in its life."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.errors import Conflict, NotFound, StoreError
from digest.model import EDITION_LIFE, Edition, EditionEvent, EditionState, Slot
from digest.store import schema
from digest.store.database import Database

_EDITION = TypeAdapter(Edition)
_T = schema.edition
_COLUMNS = [column for column in _T.c if column.name != "content"]

#: States in which the content can still change.
OPEN = (EditionState.DRAFT, EditionState.HELD, EditionState.SKIPPED)
#: States that every reader may see.
PUBLIC = (EditionState.APPROVED, EditionState.SENDING, EditionState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An edition without its content: what the database knows of its life."""

    id: str
    newsletter: str
    day: date
    clock: str
    slot_at: datetime
    state: EditionState
    reason: str
    repeats: str | None
    #: People it was frozen for; 0 before sending begins.
    planned: int
    #: Why its sending waits for a person; "" while it does not.
    paused: str
    #: From then on nobody more gets it; None before its audience is frozen.
    expires_at: datetime | None
    created_at: datetime
    approved_at: datetime | None
    published_at: datetime | None
    finished_at: datetime | None
    #: What its pages were last made from, as a hash; "" before they were.
    printed_as: str = ""

    @property
    def slot(self) -> Slot:
        clock = time(int(self.clock[:2]), int(self.clock[2:]))
        return Slot(newsletter=self.newsletter, day=self.day, clock=clock, at=self.slot_at)

    def dated(self, *, now: datetime) -> datetime:
        """When an approved edition was finished, as its messages say in Date (RFC 5322 §3.6.1).

        Made of what is stored: a message that is sent again is the same message.  What was
        approved the evening before is of its hour, lest filters find the mail too old; what
        goes out before its hour is of its approval, as no mail may come from the future.

        Args:
            now: asked only of an edition that goes out before its hour and is on no page.
        """
        approved_at = self.approved_at or self.created_at
        early = self.published_at is not None and self.published_at < self.slot_at
        if approved_at >= self.slot_at or early or self.slot_at > now:
            return approved_at
        return self.slot_at


def _record(row: Row[*tuple[Any, ...]]) -> Record:
    values = row._asdict()
    return Record(**(values | {"state": EditionState(values["state"])}))


def _select() -> Select[*tuple[Any, ...]]:
    return select(*_COLUMNS)


async def create(
    db: Database,
    conn: AsyncConnection,
    slot: Slot,
    *,
    now: datetime,
    state: EditionState = EditionState.DRAFT,
    reason: str = "",
    repeats: str | None = None,
) -> bool:
    """Claim *slot*; False when it is taken: the key makes an edition exactly-once."""
    result = await conn.execute(
        db.insert(_T)
        .values(
            id=slot.edition_id,
            newsletter=slot.newsletter,
            day=slot.day,
            clock=f"{slot.clock:%H%M}",
            slot_at=slot.at,
            state=state.value,
            reason=reason,
            repeats=repeats,
            created_at=now,
        )
        .on_conflict_do_nothing()
    )
    return bool(result.rowcount)


async def find(conn: AsyncConnection, edition_id: str, *, lock: bool = False) -> Record | None:
    """One edition's record, or None.

    Args:
        lock: nobody else may lock it until the transaction ends.  PostgreSQL needs to be told;
            SQLite has one writer anyway.
    """
    query = _select().where(_T.c.id == edition_id)
    row = (await conn.execute(query.with_for_update() if lock else query)).one_or_none()
    return _record(row) if row else None


async def get(conn: AsyncConnection, edition_id: str, *, lock: bool = False) -> Record:
    """Like `find`.

    Raises:
        NotFound: there is none.
    """
    record = await find(conn, edition_id, lock=lock)
    if record is None:
        raise NotFound(f"there is no edition {edition_id!r}; `digest status` lists them")
    return record


async def listing(
    conn: AsyncConnection,
    *,
    newsletter: str | None = None,
    states: tuple[EditionState, ...] = (),
    limit: int | None = None,
) -> list[Record]:
    """Newest first."""
    query = _select().order_by(_T.c.slot_at.desc(), _T.c.id.desc())
    if newsletter is not None:
        query = query.where(_T.c.newsletter == newsletter)
    if states:
        query = query.where(_T.c.state.in_([state.value for state in states]))
    if limit is not None:
        query = query.limit(limit)
    return [_record(row) for row in await conn.execute(query)]


async def content(conn: AsyncConnection, edition_id: str) -> Edition:
    """What was composed.

    Raises:
        NotFound: no such edition, or nothing composed yet.
    """
    stored = await conn.scalar(select(_T.c.content).where(_T.c.id == edition_id))
    if not stored:
        raise NotFound(f"edition {edition_id!r} has no content yet; `digest compose` makes it")
    try:
        return _EDITION.validate_json(stored)
    except ValidationError as error:
        text = f"the content of edition {edition_id!r} cannot be read; restore it from a backup"
        raise StoreError(text) from error


async def write_content(conn: AsyncConnection, edition: Edition) -> None:
    """Keep *edition* as the content of its row, which must still be open."""
    result = await conn.execute(
        update(_T)
        .where(_T.c.id == edition.id, _T.c.state.in_([state.value for state in OPEN]))
        .values(content=_EDITION.dump_json(edition).decode())
    )
    if not result.rowcount:
        raise Conflict(f"edition {edition.id} is past composing")


async def move(
    conn: AsyncConnection,
    edition_id: str,
    event: EditionEvent,
    *,
    reason: str | None = None,
    **stamps: datetime,
) -> EditionState:
    """Let *event* happen to an edition; return its new state.

    Args:
        stamps: columns to set with it, such as ``approved_at=now``.

    Raises:
        NotFound: no such edition.
        Conflict: that cannot happen to it in the state it is in.
    """
    record = await get(conn, edition_id, lock=True)
    after = EDITION_LIFE[record.state].get(event)
    if after is None:
        raise Conflict(f"edition {edition_id} is {record.state}: it cannot {event} now")
    values: dict[str, object] = {"state": after.value, **stamps}
    if reason is not None:
        values["reason"] = reason
    result = await conn.execute(
        update(_T).where(_T.c.id == edition_id, _T.c.state == record.state.value).values(values)
    )
    if not result.rowcount:
        raise Conflict(f"edition {edition_id} has moved on since you looked")
    return after


async def stamp(conn: AsyncConnection, edition_id: str, **stamps: datetime) -> None:
    """Set columns that are instants: ``published_at=now``."""
    await conn.execute(update(_T).where(_T.c.id == edition_id).values(**stamps))


async def set_paused(conn: AsyncConnection, edition_id: str, why: str) -> None:
    """Note why its sending waits for a person; "" lets it go on."""
    await conn.execute(update(_T).where(_T.c.id == edition_id).values(paused=why))


async def set_expires(conn: AsyncConnection, edition_id: str, at: datetime) -> None:
    """Note from when on nobody more gets it."""
    await conn.execute(update(_T).where(_T.c.id == edition_id).values(expires_at=at))


async def note_printed(conn: AsyncConnection, edition_id: str, printed_as: str) -> None:
    """Note what an edition's pages were made from."""
    await conn.execute(update(_T).where(_T.c.id == edition_id).values(printed_as=printed_as))


async def printed_looks(conn: AsyncConnection) -> dict[str, str]:
    """The look that each newsletter's lists and feeds were last made with; "" for none."""
    t = schema.newsletter
    rows = await conn.execute(select(t.c.slug, t.c.printed_as))
    return {row.slug: row.printed_as for row in rows}


async def note_look_printed(conn: AsyncConnection, newsletter: str, look: str) -> None:
    """Note the look of a newsletter's lists and feeds; "" has them made again."""
    t = schema.newsletter
    await conn.execute(update(t).where(t.c.slug == newsletter).values(printed_as=look))


async def correcting(conn: AsyncConnection, newsletter: str) -> dict[str, set[str]]:
    """Edition → ids of the editions that tell what was changed in its items since."""
    told, carried = schema.correction, schema.placement
    rows = await conn.execute(
        select(carried.c.edition_id, told.c.edition_id.label("teller"))
        .join(
            carried,
            (carried.c.newsletter == told.c.newsletter) & (carried.c.item_id == told.c.item_id),
        )
        .where(told.c.newsletter == newsletter)
        .distinct()
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.edition_id, set()).add(row.teller)
    return found


async def explain(conn: AsyncConnection, edition_id: str, reason: str) -> None:
    """Say why an edition is where it is."""
    await conn.execute(update(_T).where(_T.c.id == edition_id).values(reason=reason))


async def meet_newsletters(
    db: Database, conn: AsyncConnection, slugs: list[str], *, now: datetime
) -> dict[str, datetime]:
    """Since when each newsletter is known here; slots before that were promised to nobody."""
    for slug in slugs:
        await conn.execute(
            db.insert(schema.newsletter)
            .values(slug=slug, first_seen_at=now)
            .on_conflict_do_nothing()
        )
    rows = await conn.execute(select(schema.newsletter.c.slug, schema.newsletter.c.first_seen_at))
    return {row.slug: row.first_seen_at for row in rows}


async def looked_through(conn: AsyncConnection) -> dict[str, datetime]:
    """When each newsletter's waiting items were last looked through for breaking news."""
    t = schema.newsletter
    rows = await conn.execute(select(t.c.slug, t.c.looked_at).where(t.c.looked_at.is_not(None)))
    return {row.slug: row.looked_at for row in rows}


async def note_look(conn: AsyncConnection, slug: str, *, at: datetime) -> None:
    """Note that a newsletter's waiting items, as they were at *at*, have been looked through."""
    t = schema.newsletter
    await conn.execute(update(t).where(t.c.slug == slug).values(looked_at=at))


async def latest_out(conn: AsyncConnection, newsletter: str, *, before: datetime) -> Record | None:
    """The last edition that readers could see and that was due before an instant."""
    query = (
        _select()
        .where(
            _T.c.newsletter == newsletter,
            _T.c.slot_at < before,
            _T.c.state.in_([state.value for state in PUBLIC]),
        )
        .order_by(_T.c.slot_at.desc())
        .limit(1)
    )
    row = (await conn.execute(query)).one_or_none()
    return _record(row) if row else None


async def contents_between(
    conn: AsyncConnection, newsletters: Sequence[str], *, after: datetime, until: datetime
) -> list[Edition]:
    """Public editions of *newsletters* with ``after < slot_at <= until``, oldest first."""
    query = (
        select(_T.c.content)
        .where(
            _T.c.newsletter.in_(newsletters),
            _T.c.slot_at > after,
            _T.c.slot_at <= until,
            _T.c.state.in_([state.value for state in PUBLIC]),
            _T.c.content != "",
        )
        .order_by(_T.c.slot_at, _T.c.id)
    )
    return [_EDITION.validate_json(row.content) for row in await conn.execute(query)]
