"""Many people at once: staged in temporary tables, then taken in by one statement a table.

Everything that can be known of a file without looking at who is here is done while nobody waits:
reading, sorting, finding what stands in it twice.  Then comes one short transaction; nothing is
anywhere before it is committed.  Not here: what a row of a file means.  Rows are bound by the
drivers, past SQLAlchemy, whose cost for each would be half of the import.
"""

import json
import os
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.addresses import folded as fold
from digest.model import LIFTED_BY_CONSENT, Barred, By, SubscriptionState
from digest.store import schema
from digest.store.columns import Instant
from digest.store.database import Apart, Database
from digest.store.subscribers import address_hash

#: Duplicates that are named; more are only counted.
MOST_TOLD: Final = 1_000
#: What only the person does: no consent from before it brings them back, wherever it was given.
_OWN_HAND: Final = (By.ONE_CLICK, By.PAGE, By.MAIL, By.COMPLAINT)


#: Somebody of whom nothing is known but what a file says: its line, address, the address folded,
#: name, language, timezone, form, sections, tags, frequency, hour, briefs, state (active or
#: paused), until when, and when and where they agreed.  Bare, because there are millions.
Newcomer = tuple[
    *tuple[int, str, str, str, str, str, str],
    *tuple[tuple[str, ...], tuple[str, ...], str, int | None, bool, str, datetime | None],
    *tuple[datetime, str],
]
#: Why somebody is not mailed: anything, or one newsletter, which they left.
Gone = Barred | Literal[SubscriptionState.ENDED]


class Sorted(NamedTuple):
    """What a file alone tells."""

    #: Different people who would be subscribed.
    people: int
    duplicates: int
    #: Of the duplicates the first: their line, and that of the first.
    told: tuple[tuple[int, int], ...]


class Settled(NamedTuple):
    """What became of the people of a file."""

    added: int
    #: Subscribed before, or left before: untouched.
    known: int
    #: On the suppression list, or gone by another line of the file.
    suppressed: int
    #: New on the suppression list.
    barred: int
    #: Subscriptions that are kept as ended.
    ended: int


_PERSON: Final = (
    *("line", "email", "folded", "name", "language", "timezone", "form", "key", "hash"),
    *("sections", "tags", "frequency", "hour", "briefs", "state", "until"),
    *("consent_at", "consent_from"),
)
_LEAVER: Final = ("email", "folded", "key", "hash", "said", "strength")
_PERSON_TYPES = """
    line INTEGER NOT NULL, email TEXT, folded TEXT, name TEXT, language TEXT, timezone TEXT,
    form TEXT, key TEXT, hash TEXT, sections TEXT, tags TEXT, frequency TEXT, hour INTEGER,
    briefs INTEGER, state TEXT, until {instant}, consent_at {instant}, consent_from TEXT
"""
_TABLES = (
    f"CREATE TEMPORARY TABLE arrived ({_PERSON_TYPES})",
    # Each person once, in the order in which they cost an index the least.
    f"CREATE TEMPORARY TABLE staged (n {{serial}} PRIMARY KEY, {_PERSON_TYPES} {{numbered}})",
    "CREATE TEMPORARY TABLE departed"
    " (email TEXT, folded TEXT, key TEXT, hash TEXT, said TEXT, strength INTEGER)",
    "CREATE TEMPORARY TABLE leaver"
    " (folded TEXT PRIMARY KEY, email TEXT, key TEXT, hash TEXT, said TEXT, subscriber_id {id})",
    # Those of `staged` who are known here, and those who are not to be subscribed.
    "CREATE TEMPORARY TABLE met (n INTEGER PRIMARY KEY, subscriber_id {id})",
    "CREATE TEMPORARY TABLE kept_out (n INTEGER PRIMARY KEY)",
)
_ON_SQLITE = {"instant": "DATETIME", "id": "INTEGER", "serial": "INTEGER", "numbered": ""}
_ON_POSTGRESQL = {
    "instant": "TIMESTAMP WITH TIME ZONE",
    "id": "BIGINT",
    "serial": "SERIAL",
    "numbered": ", consent_id BIGINT DEFAULT nextval(pg_get_serial_sequence('consent', 'id'))",
}


def ready(people: Iterable[Newcomer], *, is_sqlite: bool, hash_key: bytes) -> list[tuple[Any, ...]]:
    """Rows as `Staging.add` takes them.

    Pure but for the keys of new people, which are random; slow enough to be run in a thread.
    """
    # A table of sorted runs is sorted with few reads.
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
        hashed = address_hash(folded, key=hash_key)
        rows.append(
            (
                line, email, folded, name, language, timezone, form,
                random[20 * n : 20 * n + 20], hashed, lists[sections], lists[tags], frequency,
                hour, int(briefs), state, instant(until) if until else None,
                instant(agreed_at), agreed_where,
            )
        )  # fmt: skip
    return rows


def leaving(gone: Iterable[tuple[str, Gone]], *, hash_key: bytes) -> list[tuple[Any, ...]]:
    """Rows as `Staging.bar` takes them, of addresses with why."""
    rows = []
    for email, why in gone:
        folded = fold(email)
        # A cause that a sign-up lifts gives way to one that it does not.
        strength = 2 if why is SubscriptionState.ENDED else int(why in LIFTED_BY_CONSENT)
        hashed = address_hash(folded, key=hash_key)
        rows.append((email, folded, os.urandom(16).hex(), hashed, why.value, strength))
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


# --------------------------------------------------------------- while nobody waits

_ONCE = f"""
INSERT INTO staged ({", ".join(_PERSON)}) SELECT {", ".join(_PERSON)} FROM arrived a
WHERE NOT EXISTS (SELECT 1 FROM arrived b WHERE b.folded = a.folded AND b.line < a.line)
ORDER BY a.folded
"""  # noqa: S608
_AGAIN = """
SELECT line, first FROM (
    SELECT line, first_value(line) OVER (PARTITION BY folded ORDER BY line) AS first FROM arrived
) AS a WHERE line <> first ORDER BY line
"""
_LEAVERS_ONCE = """
INSERT INTO leaver (folded, email, key, hash, said) SELECT folded, email, key, hash, said FROM (
    SELECT folded, email, key, hash, said,
        row_number() OVER (PARTITION BY folded ORDER BY strength, email) AS nth FROM departed
) AS d WHERE nth = 1 ORDER BY folded
"""


class Staging:
    """The temporary tables of one import, and the connection that has them."""

    def __init__(self, db: Database, apart: Apart) -> None:
        self._is_sqlite, self._driver = db.is_sqlite, apart.driver
        self.write = apart.write
        self.staged = 0

    async def begin(self) -> None:
        kind = _ON_SQLITE if self._is_sqlite else _ON_POSTGRESQL
        if self._is_sqlite:
            # Kibibytes; sorting and indexes of a million want more than the usual two megabytes.
            await self._driver.execute("PRAGMA cache_size=-8000")
            await self._driver.execute("PRAGMA temp.cache_size=-8000")
            # Each number that is written was given a moment before, in the same transaction: to
            # look it up once more would keep everybody else waiting for a quarter longer.
            await self._driver.execute("PRAGMA foreign_keys=OFF")
        for statement in _TABLES:
            await self._driver.execute(statement.format_map(kind))

    async def add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Put there what `ready` made."""
        await self._put("arrived", _PERSON, rows)
        self.staged += len(rows)

    async def bar(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Put there what `leaving` made."""
        await self._put("departed", _LEAVER, rows)

    async def _put(self, table: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        if not self._is_sqlite:
            await self._driver.copy_records_to_table(table, records=rows, columns=list(names))
            return
        holes = ", ".join("?" * len(names))
        statement = f"INSERT INTO temp.{table} ({', '.join(names)}) VALUES ({holes})"  # noqa: S608
        # Deferred: it takes no lock but on the file of the temporary tables, which is ours alone.
        await self._driver.execute("BEGIN")
        await self._driver.executemany(statement, rows)
        await self._driver.execute("COMMIT")

    async def sort(self) -> Sorted:
        """Have each person once: of equal addresses the first line stands."""
        await self._driver.execute("CREATE INDEX arrived_folded ON arrived (folded, line)")
        for statement in (_ONCE, _LEAVERS_ONCE):
            await self._driver.execute(statement)
        if not self._is_sqlite:
            await self._driver.execute("ANALYZE staged, leaver")
        people = (await self._fetch("SELECT count(*) FROM staged"))[0][0]
        duplicates = self.staged - people
        told = await self._fetch(f"{_AGAIN} LIMIT {MOST_TOLD}") if duplicates else []
        return Sorted(people, duplicates, tuple((row[0], row[1]) for row in told))

    async def _fetch(self, query: str) -> list[Any]:
        if self._is_sqlite:
            return list(await self._driver.execute_fetchall(query))
        return list(await self._driver.fetch(query))


@asynccontextmanager
async def staging(db: Database) -> AsyncIterator[Staging]:
    """Room for one file; what is staged is gone with it, also when the process dies."""
    async with db.apart() as apart:
        place = Staging(db, apart)
        await place.begin()
        yield place


# -------------------------------------------------------------- while others wait

# PostgreSQL: nobody who is known is erased meanwhile.  People first, then the suppression list, as
# everybody takes them.
_HOLD = """
SELECT count(*) FROM (
    SELECT s.id FROM subscriber s WHERE s.folded IN (
        SELECT folded FROM staged UNION ALL SELECT folded FROM leaver
    ) ORDER BY s.id FOR KEY SHARE OF s
) AS held
"""
_LEAVERS_KNOWN = """
UPDATE leaver SET subscriber_id = (SELECT s.id FROM subscriber s WHERE s.folded = leaver.folded)
"""
# Whoever reads another newsletter here goes on reading it.
_ONLY_HERE = """
UPDATE leaver SET said = 'ended' WHERE said = 'erased' AND EXISTS (
    SELECT 1 FROM subscription o
    WHERE o.subscriber_id = leaver.subscriber_id AND o.state IN ('active', 'paused')
)
"""
_NEW_BARS = """
SELECT count(*) FROM leaver WHERE said <> 'ended'
AND NOT EXISTS (SELECT 1 FROM suppression p WHERE p.address_hash = leaver.hash)
"""
# The first cause stays, unless a sign-up would lift it and not the new one, as in `people.bar`.
_WEAK = ", ".join(f"'{cause.value}'" for cause in sorted(LIFTED_BY_CONSENT))
_BAR = f"""
INSERT INTO suppression (address_hash, cause, at)
SELECT hash, said, :now FROM leaver WHERE said <> 'ended' ORDER BY hash
ON CONFLICT (address_hash) DO UPDATE SET cause = excluded.cause, at = excluded.at
WHERE suppression.cause IN ({_WEAK}) AND excluded.cause NOT IN ({_WEAK})
"""  # noqa: S608
_ENDING = """
said = 'ended' AND NOT EXISTS (SELECT 1 FROM suppression p WHERE p.address_hash = leaver.hash)
"""
_LEAVERS_IN = f"""
INSERT INTO subscriber (email, folded, language, key, created_at)
SELECT email, folded, :language, key, :now FROM leaver
WHERE subscriber_id IS NULL AND {_ENDING} ORDER BY folded
ON CONFLICT (folded) DO NOTHING
"""  # noqa: S608
_ENDED_HERE = f"""
INSERT INTO subscription (subscriber_id, newsletter, state, sections, since, cause)
SELECT subscriber_id, :newsletter, 'ended', CAST('[]' AS {{json}}), :now, :cause FROM leaver
WHERE subscriber_id IS NOT NULL AND {_ENDING} ORDER BY subscriber_id
ON CONFLICT (subscriber_id, newsletter) DO NOTHING
"""  # noqa: S608
_ENDED_POSTGRESQL = f"""
WITH ended AS ({_ENDED_HERE.format(json="JSON")} RETURNING subscriber_id)
INSERT INTO change (subscriber_id, newsletter, at, state, cause)
SELECT subscriber_id, :newsletter, :now, 'ended', :cause FROM ended
"""  # noqa: S608
_ENDED_SQLITE = f"""
INSERT INTO change (subscriber_id, newsletter, at, state, cause)
SELECT subscriber_id, :newsletter, :now, 'ended', :cause FROM leaver
WHERE subscriber_id IS NOT NULL AND {_ENDING} AND NOT EXISTS (
    SELECT 1 FROM subscription o
    WHERE o.subscriber_id = leaver.subscriber_id AND o.newsletter = :newsletter
)
"""  # noqa: S608
_SUPPRESSED = """
INSERT INTO kept_out (n) SELECT n FROM staged g
WHERE EXISTS (SELECT 1 FROM suppression p WHERE p.address_hash = g.hash)
OR EXISTS (SELECT 1 FROM leaver l WHERE l.folded = g.folded)
"""
# CROSS: to SQLite it says in which order to loop, and the few must be on the outside.
_MET = """
INSERT INTO met (n, subscriber_id) SELECT g.n, s.id FROM staged g CROSS JOIN subscriber s
WHERE s.folded = g.folded ORDER BY g.n
"""
# Ends that an import noted are those of another house: they say nothing of any other newsletter.
_KNOWN = f"""
INSERT INTO kept_out (n) SELECT g.n FROM met m CROSS JOIN staged g WHERE g.n = m.n AND (
    EXISTS (
        SELECT 1 FROM subscription o
        WHERE o.subscriber_id = m.subscriber_id AND o.newsletter = :newsletter
    ) OR EXISTS (
        SELECT 1 FROM change h WHERE h.subscriber_id = m.subscriber_id AND h.state = 'ended'
        AND h.at >= g.consent_at AND (
            h.cause IN ({", ".join(f"'{by.value}'" for by in _OWN_HAND)})
            OR h.cause <> 'import' AND NOT EXISTS (
                SELECT 1 FROM subscription o
                WHERE o.subscriber_id = m.subscriber_id AND o.state <> 'ended'
            )
        )
    )
) ON CONFLICT (n) DO NOTHING
"""  # noqa: S608
_PEOPLE = """
INSERT INTO subscriber ({id} email, folded, name, language, timezone, form, key, created_at)
SELECT {number} email, folded, name, language, timezone, form, {key}, :now FROM staged g
WHERE NOT EXISTS (SELECT 1 FROM kept_out k WHERE k.n = g.n)
AND NOT EXISTS (SELECT 1 FROM met m WHERE m.n = g.n)
ORDER BY g.n {conflict}
"""
_TAKEN = """
FROM staged g LEFT JOIN met m ON m.n = g.n
WHERE NOT EXISTS (SELECT 1 FROM kept_out k WHERE k.n = g.n)
"""
_WHO = "coalesce(m.subscriber_id, :people + g.n)"
# SQLite: nobody else writes meanwhile, so that the next numbers are ours.
_SUBSCRIBE_SQLITE = (
    f"""
INSERT INTO consent (id, subscriber_id, newsletter, at, given)
SELECT :consents + g.n, {_WHO}, :newsletter, consent_at, consent_from {_TAKEN} ORDER BY g.n
""",
    f"""
INSERT INTO subscription (
    subscriber_id, newsletter, state, sections, consent_id, since, cause, briefs, frequency, hour,
    until
) SELECT {_WHO}, :newsletter, state, sections, :consents + g.n, :now, :cause, briefs, frequency,
    hour, until {_TAKEN} ORDER BY g.n
""",
    f"""
INSERT INTO tag (tag, subscriber_id) SELECT one.value, {_WHO}
FROM staged g JOIN json_each(g.tags) AS one LEFT JOIN met m ON m.n = g.n
WHERE g.tags <> '[]' AND NOT EXISTS (SELECT 1 FROM kept_out k WHERE k.n = g.n)
ON CONFLICT DO NOTHING
""",  # noqa: S608
    f"""
INSERT INTO change (subscriber_id, newsletter, at, state, cause)
SELECT {_WHO}, :newsletter, :now, state, :cause {_TAKEN} ORDER BY g.n
""",
)
# PostgreSQL: somebody may sign up in this moment; theirs stands, and nothing is noted of ours.
_SUBSCRIBE_POSTGRESQL = """
WITH taken AS (
    INSERT INTO subscription (
        subscriber_id, newsletter, state, sections, consent_id, since, cause, briefs, frequency,
        hour, until
    ) SELECT m.subscriber_id, :newsletter, state, CAST(sections AS JSON), consent_id, :now, :cause,
        briefs, frequency, hour, until
    FROM staged g JOIN met m ON m.n = g.n
    WHERE NOT EXISTS (SELECT 1 FROM kept_out k WHERE k.n = g.n) ORDER BY g.n
    ON CONFLICT (subscriber_id, newsletter) DO NOTHING
    RETURNING subscriber_id, consent_id, state
), evidence AS (
    INSERT INTO consent (id, subscriber_id, newsletter, at, given)
    SELECT t.consent_id, t.subscriber_id, :newsletter, g.consent_at, g.consent_from
    FROM taken t JOIN staged g ON g.consent_id = t.consent_id
), tagged AS (
    INSERT INTO tag (tag, subscriber_id) SELECT one.value, t.subscriber_id
    FROM taken t JOIN staged g ON g.consent_id = t.consent_id,
        json_array_elements_text(CAST(g.tags AS JSON)) AS one
    WHERE g.tags <> '[]' ON CONFLICT DO NOTHING
)
INSERT INTO change (subscriber_id, newsletter, at, state, cause)
SELECT subscriber_id, :newsletter, :now, state, :cause FROM taken
"""


#: What a statement wants to be told.
_NAMED = re.compile(r"(?<!:):([a-z]+)")


async def settle(
    db: Database, conn: AsyncConnection, newsletter: str, *, now: datetime, language: str = "en"
) -> Settled:
    """Subscribe whom `Staging.sort` left, each with a consent row; leavers first.

    Who is known already keeps name, key and preferences; who has, or had, a subscription to
    *newsletter* keeps that too: somebody who left does not come back by being imported.  Nor is
    anybody subscribed by a consent from before they left another one by their own hand, or all.

    Args:
        conn: of `Staging.write`.
        language: of whoever is only there as having left.
    """
    by = {"newsletter": newsletter, "now": now, "cause": By.IMPORT.value}
    by |= {"at": int(now.timestamp() * 1000), "language": language}
    if not db.is_sqlite:
        await conn.execute(text(_HOLD))
    await conn.execute(text(_LEAVERS_KNOWN))
    await conn.execute(text(_ONLY_HERE))
    barred = await bar(conn, now=now)
    ended = await _end(db, conn, by)
    suppressed = await _run(conn, _SUPPRESSED, by)
    staged = await _number(conn, "SELECT count(*) FROM staged")
    subscribe = _subscribe_on_sqlite if db.is_sqlite else _subscribe_on_postgresql
    added = await subscribe(conn, by)
    return Settled(added, staged - suppressed - added, suppressed, barred, ended)


async def _subscribe_on_sqlite(conn: AsyncConnection, by: dict[str, Any]) -> int:
    await _run(conn, _MET, by)
    await _run(conn, _KNOWN, by)
    last = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'subscriber'"
    by = by | {
        "people": await _number(conn, last),
        "consents": await _number(conn, "SELECT coalesce(max(id), 0) FROM consent"),
    }
    key = "printf('%012x', :at + g.n) || g.key"
    await _run(conn, _PEOPLE.format(id="id,", number=":people + g.n,", key=key, conflict=""), by)
    added = 0
    for statement in _SUBSCRIBE_SQLITE:
        added = await _run(conn, statement, by)
    return added


async def _subscribe_on_postgresql(conn: AsyncConnection, by: dict[str, Any]) -> int:
    key = "lpad(to_hex(CAST(:at AS BIGINT) + g.n), 12, '0') || g.key"
    conflict = "ON CONFLICT (folded) DO NOTHING"
    await _run(conn, _PEOPLE.format(id="", number="", key=key, conflict=conflict), by)
    # Only now: whoever signed up in this moment is known.
    await _run(conn, _MET, by)
    await _run(conn, _KNOWN, by)
    return await _run(conn, _SUBSCRIBE_POSTGRESQL, by)


async def bar(conn: AsyncConnection, *, now: datetime) -> int:
    """Suppress the leavers, but for those who left one newsletter; how many were not before."""
    new = await _number(conn, _NEW_BARS)
    await _run(conn, _BAR, {"now": now})
    return new


async def _end(db: Database, conn: AsyncConnection, by: dict[str, Any]) -> int:
    """Keep as ended what ended elsewhere, of whom nothing is said here; return how many."""
    await _run(conn, _LEAVERS_IN, by)
    await conn.execute(text(_LEAVERS_KNOWN))
    if not db.is_sqlite:
        return await _run(conn, _ENDED_POSTGRESQL, by)
    ended = await _run(conn, _ENDED_SQLITE, by)
    # JSON is text to it, and a cast to a type it does not know would make a number.
    await _run(conn, _ENDED_HERE.format(json="TEXT"), by)
    return ended


async def _run(conn: AsyncConnection, statement: str, values: dict[str, Any]) -> int:
    """Execute it with those of *values* that it names; return how many rows it wrote."""
    wanted = {name: values[name] for name in _NAMED.findall(statement)}
    prepared = text(statement)
    if "now" in wanted:
        prepared = prepared.bindparams(bindparam("now", type_=Instant()))
    return (await conn.execute(prepared, wanted)).rowcount


async def _number(conn: AsyncConnection, query: str) -> int:
    return int(await conn.scalar(text(query)) or 0)


async def barred_domains(conn: AsyncConnection) -> frozenset[str]:
    """Those that nobody is mailed at, nor below them; read once, before an import."""
    return frozenset(await conn.scalars(select(schema.barred_domain.c.domain)))
