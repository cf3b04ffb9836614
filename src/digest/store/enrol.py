"""Many people at once: staged in a temporary table, then taken in by one statement a table.

The temporary tables are gone with the transaction; nothing is anywhere before it is committed.
Not here: what a row of a file means.  Rows are bound by the drivers, past SQLAlchemy, whose cost
for each would be half of the import.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import TextClause, and_, bindparam, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model import LIFTED_BY_CONSENT, Barred, By
from digest.store import schema
from digest.store.columns import Instant
from digest.store.database import Database
from digest.store.subscribers import address_hash

_B = schema.suppression

#: Duplicates of one batch that are named; more are only counted.
MOST_TOLD: Final = 1_000


#: Somebody of whom nothing is known but what a file says: its line, address, the address folded,
#: name, language, timezone, form, sections, tags, frequency, hour, briefs, state (active or
#: paused), until when, and when and where they agreed.  Bare, because there are millions.
Newcomer = tuple[
    *tuple[int, str, str, str, str, str, str],
    *tuple[tuple[str, ...], tuple[str, ...], str, int | None, bool, str, datetime | None],
    *tuple[datetime, str],
]


class Settled(NamedTuple):
    """What became of the people of one batch."""

    added: int
    #: Subscribed before, or left before: untouched.
    known: int
    #: On the suppression list.
    suppressed: int
    duplicates: int
    #: Of the duplicates: their line, and that of the first.
    told: tuple[tuple[int, int], ...]


_COLUMNS: Final = (
    *("n", "line", "email", "folded", "name", "language", "timezone", "form", "key", "hash"),
    *("sections", "tags", "frequency", "hour", "briefs", "state", "until"),
    *("consent_at", "consent_from"),
)
_STAGED = """
CREATE TEMPORARY TABLE staged (
    n INTEGER PRIMARY KEY, line INTEGER NOT NULL, email TEXT, folded TEXT, name TEXT,
    language TEXT, timezone TEXT, form TEXT, key TEXT, hash TEXT, sections TEXT, tags TEXT,
    frequency TEXT, hour INTEGER, briefs INTEGER, state TEXT, until {instant},
    consent_at {instant}, consent_from TEXT, subscriber_id {id}, consent_id {id} {numbered}
) {end}
"""
#: Who was met in this file, and where first.
_MET = "CREATE TEMPORARY TABLE met (subscriber_id {id} PRIMARY KEY, line INTEGER NOT NULL) {end}"
_ON_SQLITE = {"instant": "DATETIME", "id": "INTEGER", "numbered": "", "end": ""}
_ON_POSTGRESQL = {
    "instant": "TIMESTAMP WITH TIME ZONE",
    "id": "BIGINT",
    "numbered": "DEFAULT nextval(pg_get_serial_sequence('consent', 'id'))",
    "end": "ON COMMIT DROP",
}


def ready(
    people: Iterable[Newcomer], *, at: int, is_sqlite: bool, hash_key: bytes | None
) -> list[tuple[Any, ...]]:
    """Rows as `stage` takes them, in the order in which they cost an index the least.

    Pure but for the keys of new people, which are random; slow enough to be run in a thread.

    Args:
        at: a number that grows from batch to batch by their sizes at least: keys begin with it,
            so that each goes to the end of its index.
        hash_key: None when nothing is suppressed, so that there is nothing to look up.
    """
    # Of equal addresses the first line stays first: sorting is stable.
    ordered = sorted(people, key=itemgetter(2))
    random = os.urandom(10 * len(ordered)).hex()
    instant = _as_sqlite if is_sqlite else _as_it_is
    lists = _Lists()
    rows: list[tuple[Any, ...]] = []
    for n, person in enumerate(ordered):
        # Taken apart at once: by name, each would be looked up.
        (
            line, email, folded, name, language, timezone, form, sections, tags, frequency,
            hour, briefs, state, until, agreed_at, agreed_where,
        ) = person  # fmt: skip
        key = f"{at + n:012x}{random[20 * n : 20 * n + 20]}"
        hashed = address_hash(folded, key=hash_key) if hash_key else ""
        rows.append(
            (
                n, line, email, folded, name, language, timezone, form, key, hashed,
                lists[sections], lists[tags], frequency, hour, int(briefs), state,
                instant(until) if until else None, instant(agreed_at), agreed_where,
            )
        )  # fmt: skip
    return rows


class _Lists(dict[tuple[str, ...], str]):
    """Tuples as JSON; most people have the same few."""

    def __missing__(self, words: tuple[str, ...]) -> str:
        self[words] = text = json.dumps(words)
        return text


def _as_it_is(at: datetime) -> datetime | str:
    return at


def _as_sqlite(at: datetime) -> datetime | str:
    """As `Instant` writes it."""
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(" ", "microseconds")[:26]


async def begin(db: Database, conn: AsyncConnection) -> None:
    """Make room for what is staged, until the transaction ends."""
    if db.is_sqlite:
        await end(db, conn)
    kind = _ON_SQLITE if db.is_sqlite else _ON_POSTGRESQL
    await conn.execute(text(_STAGED.format_map(kind)))
    await conn.execute(text(_MET.format_map(kind)))


async def end(db: Database, conn: AsyncConnection) -> None:
    """Give the room back: a connection to SQLite would keep it."""
    if db.is_sqlite:
        await conn.execute(text("DROP TABLE IF EXISTS temp.staged"))
        await conn.execute(text("DROP TABLE IF EXISTS temp.met"))


async def stage(db: Database, conn: AsyncConnection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put what `ready` made where `settle` finds it, in place of what was there."""
    if not rows:
        await conn.execute(text("DELETE FROM staged"))
        return
    if db.is_sqlite:
        await conn.execute(text("DELETE FROM staged"))
        holes = ", ".join("?" * len(_COLUMNS))
        statement = f"INSERT INTO staged ({', '.join(_COLUMNS)}) VALUES ({holes})"  # noqa: S608
        await conn.exec_driver_sql(statement, list(rows))
        return
    await conn.execute(text("TRUNCATE staged"))
    driver: Any = (await conn.get_raw_connection()).driver_connection
    await driver.copy_records_to_table("staged", records=rows, columns=list(_COLUMNS))


_SUPPRESSED = """
DELETE FROM staged WHERE EXISTS (SELECT 1 FROM suppression p WHERE p.address_hash = staged.hash)
"""
_PEOPLE = """
INSERT INTO subscriber (email, folded, name, language, timezone, form, key, created_at)
SELECT email, folded, name, language, timezone, form, key, :now FROM staged WHERE true ORDER BY n
ON CONFLICT (folded) DO NOTHING
"""
_NUMBERS = """
UPDATE staged SET subscriber_id = (SELECT s.id FROM subscriber s WHERE s.folded = staged.folded)
"""
# All are new: SQLite gave them the numbers after the last, in their order.
_NEW_NUMBERS = """
UPDATE staged SET subscriber_id = (SELECT max(id) FROM subscriber) - :new + 1 + n
"""
_FIRST_MET = """
INSERT INTO met (subscriber_id, line) SELECT subscriber_id, line FROM staged WHERE true ORDER BY n
ON CONFLICT (subscriber_id) DO NOTHING
"""
_AGAIN = """
SELECT g.line, m.line FROM staged g JOIN met m ON m.subscriber_id = g.subscriber_id
WHERE m.line <> g.line ORDER BY g.line LIMIT :most
"""
_ONCE = """
DELETE FROM staged WHERE EXISTS (
    SELECT 1 FROM met m WHERE m.subscriber_id = staged.subscriber_id AND m.line <> staged.line
)
"""
_KNOWN = """
DELETE FROM staged WHERE EXISTS (
    SELECT 1 FROM subscription o
    WHERE o.subscriber_id = staged.subscriber_id AND o.newsletter = :newsletter
)
"""
_CONSENT = """
INSERT INTO consent (id, subscriber_id, newsletter, at, given)
SELECT {consent_id}, subscriber_id, :newsletter, consent_at, consent_from FROM staged ORDER BY n
"""
_SUBSCRIPTION = """
INSERT INTO subscription (
    subscriber_id, newsletter, state, sections, consent_id, since, cause, briefs, frequency, hour,
    until
) SELECT
    subscriber_id, :newsletter, state, {sections}, {consent_id}, :now, :cause, briefs, frequency,
    hour, until
FROM staged ORDER BY n
"""
_CHANGE = """
INSERT INTO change (subscriber_id, newsletter, at, state, cause)
SELECT subscriber_id, :newsletter, :now, state, :cause FROM staged ORDER BY n
"""
_TAGS = """
INSERT INTO tag (tag, subscriber_id)
SELECT one.value, g.subscriber_id FROM staged g, {each} AS one WHERE g.tags <> '[]'
ON CONFLICT DO NOTHING
"""


def _with_now(statement: str) -> TextClause:
    return text(statement).bindparams(bindparam("now", type_=Instant()))


async def settle(
    db: Database,
    conn: AsyncConnection,
    newsletter: str,
    *,
    now: datetime,
    staged: int,
    look_up: bool = True,
    tagged: bool = True,
) -> Settled:
    """Subscribe whom `stage` put there, each with a consent row; what is staged is used up.

    Who is known already keeps name, key and preferences; who has, or had, a subscription to
    *newsletter* keeps that too: somebody who left does not come back by being imported.

    Args:
        staged: how many people were staged.
        look_up: whether they are looked up on the suppression list.
        tagged: whether anybody staged has tags.
    """
    suppressed = (await conn.execute(text(_SUPPRESSED))).rowcount if look_up else 0
    new = (await conn.execute(_with_now(_PEOPLE), {"now": now})).rowcount
    if db.is_sqlite and new == staged:
        await conn.execute(text(_NEW_NUMBERS), {"new": new})
    else:
        await conn.execute(text(_NUMBERS))
    once = (await conn.execute(text(_FIRST_MET))).rowcount
    duplicates = staged - suppressed - once
    told: tuple[tuple[int, int], ...] = ()
    if duplicates:
        found = await conn.execute(text(_AGAIN), {"most": MOST_TOLD})
        told = tuple((row[0], row[1]) for row in found)
        await conn.execute(text(_ONCE))
    known = 0
    here = {"newsletter": newsletter}
    if new < once:
        known = (await conn.execute(text(_KNOWN), here)).rowcount
    if once > known:
        await _subscribe(db, conn, here, now=now, tagged=tagged)
    return Settled(once - known, known, suppressed, duplicates, told)


async def _subscribe(
    db: Database, conn: AsyncConnection, here: dict[str, Any], *, now: datetime, tagged: bool
) -> None:
    names = {"consent_id": "consent_id", "sections": "CAST(sections AS JSON)"}
    if db.is_sqlite:
        # Nobody else writes meanwhile: the next numbers are ours.
        last = await _number(conn, "SELECT coalesce(max(id), 0) FROM consent")
        names = {"consent_id": f"({last + 1} + n)", "sections": "sections"}
    by = here | {"now": now, "cause": By.IMPORT.value}
    await conn.execute(text(_CONSENT.format_map(names)), here)
    await conn.execute(_with_now(_SUBSCRIPTION.format_map(names)), by)
    await conn.execute(_with_now(_CHANGE), by)
    if tagged:
        each = (
            "json_each(g.tags)"
            if db.is_sqlite
            else "json_array_elements_text(CAST(g.tags AS JSON))"
        )
        await conn.execute(text(_TAGS.format(each=each)))


async def _number(conn: AsyncConnection, query: str) -> int:
    return int(await conn.scalar(text(query)) or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOut:
    """Who may not be mailed, as far as an import looks."""

    domains: frozenset[str]
    #: Whether any address is suppressed at all.
    any_address: bool


async def kept_out(conn: AsyncConnection) -> KeptOut:
    """Read once, before an import."""
    domains = await conn.scalars(select(schema.barred_domain.c.domain))
    one = await conn.scalar(select(schema.suppression.c.address_hash).limit(1))
    return KeptOut(domains=frozenset(domains), any_address=one is not None)


async def bar(
    db: Database,
    conn: AsyncConnection,
    barred: Iterable[tuple[str, Barred]],
    *,
    hash_key: bytes,
    now: datetime,
) -> int:
    """Suppress addresses; return how many were not before.

    The first cause stays, unless a sign-up would lift it and not the new one, as in `people.bar`.
    """
    hashes: dict[str, Barred] = {}
    for address, cause in barred:
        hashed = address_hash(address, key=hash_key)
        weaker = hashes.get(hashed, Barred.ERASED) in LIFTED_BY_CONSENT
        if hashed not in hashes or (weaker and cause not in LIFTED_BY_CONSENT):
            hashes[hashed] = cause
    rows = [
        {"address_hash": hashed, "cause": cause.value, "at": now}
        for hashed, cause in sorted(hashes.items())
    ]
    if not rows:
        return 0
    before = await _number(conn, "SELECT count(*) FROM suppression")
    statement = db.insert(_B)
    # Not IN: its list cannot be bound for many rows at once.
    weak = [cause.value for cause in sorted(LIFTED_BY_CONSENT)]
    new = statement.excluded.cause
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=[_B.c.address_hash],
            set_={"cause": statement.excluded.cause, "at": statement.excluded.at},
            where=and_(or_(*(_B.c.cause == one for one in weak)), *(new != one for one in weak)),
        ),
        rows,
    )
    return await _number(conn, "SELECT count(*) FROM suppression") - before
