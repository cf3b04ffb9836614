"""What models answered: so that no question is paid for twice, and what it all took is known."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.store import schema
from digest.store.database import Database

_T = schema.model_reply
#: Keys of one statement: databases limit what they take at once.
_AT_ONCE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of a model, and what it took."""

    key: str
    asked_at: datetime
    #: As the endpoint calls it.
    model: str
    mode: str
    #: Its words as they came, whatever they are worth.
    content: str
    #: 0 where the endpoint does not count.
    tokens_in: int = 0
    tokens_out: int = 0
    #: In the operator's currency; 0 where tokens are not counted.
    cost: float = 0.0
    latency_ms: int = 0
    #: For which it was asked first.
    edition_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What asking took; answers that were known already took nothing."""

    answers: int = 0
    #: Of them, those whose tokens the endpoint did not count: their cost is not known.
    uncounted: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    #: In the operator's currency, of those that are counted.
    cost: float = 0.0
    #: Of all answers together, though several are waited for at once.
    latency_ms: int = 0


def reply_key(*, url: str, model: str, mode: str, rules: str, text: str) -> str:
    """64 hex digits that stand for one question to one model."""
    asked = json.dumps([model, url, mode, rules, text])
    return sha256(asked.encode()).hexdigest()


async def find(conn: AsyncConnection, keys: Collection[str]) -> dict[str, Reply]:
    """The replies that are known already, by key."""
    wanted = sorted(set(keys))
    found: dict[str, Reply] = {}
    for at in range(0, len(wanted), _AT_ONCE):
        some = wanted[at : at + _AT_ONCE]
        rows = await conn.execute(select(_T).where(_T.c.key.in_(some)))
        for row in rows:
            values = row._asdict()
            reply = Reply(**(values | {"content": json.loads(values["content"])}))
            found[reply.key] = reply
    return found


async def keep(db: Database, conn: AsyncConnection, reply: Reply) -> None:
    """Keep *reply*; of two to one question the first stays."""
    await conn.execute(
        db.insert(_T)
        .values(
            key=reply.key,
            asked_at=reply.asked_at,
            model=reply.model,
            mode=reply.mode,
            # As JSON all in ASCII: what a model sends may hold NUL and halves of characters.
            content=json.dumps(reply.content),
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            cost=reply.cost,
            latency_ms=reply.latency_ms,
            edition_id=reply.edition_id,
        )
        .on_conflict_do_nothing()
    )


async def purge(conn: AsyncConnection, *, before: datetime) -> int:
    """Forget what was answered before an instant; return how many."""
    return (await conn.execute(delete(_T).where(_T.c.asked_at < before))).rowcount


async def spent(conn: AsyncConnection, edition_id: str) -> Spent:
    """What was asked for one edition, over all its composings."""
    return await _spent(conn, _sums().where(_T.c.edition_id == edition_id))


def _sums() -> Select[int, int, int | None, int | None, float | None, int | None]:
    uncounted = (_T.c.tokens_in == 0) & (_T.c.tokens_out == 0)
    return select(
        func.count(),
        func.count().filter(uncounted),
        func.sum(_T.c.tokens_in),
        func.sum(_T.c.tokens_out),
        func.sum(_T.c.cost),
        func.sum(_T.c.latency_ms),
    )


async def _spent(
    conn: AsyncConnection,
    query: Select[int, int, int | None, int | None, float | None, int | None],
) -> Spent:
    answers, uncounted, tokens_in, tokens_out, cost, latency_ms = (await conn.execute(query)).one()
    return Spent(
        answers=answers,
        uncounted=uncounted,
        tokens_in=int(tokens_in or 0),
        tokens_out=int(tokens_out or 0),
        cost=float(cost or 0),
        latency_ms=int(latency_ms or 0),
    )
