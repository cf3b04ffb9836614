"""Forms that were sent in and that nobody has looked at: a queue with an end.

Writing one costs the same whoever it is about; `joining.take_signups` looks at them later.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.addresses import folded
from digest.errors import Conflict
from digest.model import LetterKind
from digest.store import schema

_T, _L, _S = schema.signup, schema.letter, schema.subscriber

#: Rows that may wait: at so many, no more are taken.
MOST_WAITING: Final = 50_000
#: A content larger than that is nobody's form, in characters.
LONGEST: Final = 16_000
#: What a database says of a row that it cannot keep, or whose person has just gone: the row's
#: fault, not its own.
FAULTS: Final = (DataError, IntegrityError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signup:
    """One form that was sent in."""

    number: int
    newsletter: str
    at: datetime
    #: As `add` was given it; not looked at.
    content: str


async def add(
    conn: AsyncConnection,
    *,
    email: str,
    newsletter: str,
    content: Mapping[str, Any],
    now: datetime,
    most: int = MOST_WAITING,
) -> None:
    """Have a form looked at later.

    Raises:
        Conflict: it is too large, or too many wait.
    """
    text = json.dumps(content, ensure_ascii=False)
    if len(text) > LONGEST:
        raise Conflict("this form says too much: choose less")
    if await _waiting(conn, most) >= most:
        raise Conflict("too many sign-ups wait to be looked at; try again later")
    row = {"email": folded(email), "newsletter": newsletter, "content": text, "at": now}
    await conn.execute(insert(_T).values(row))


async def _waiting(conn: AsyncConnection, most: int) -> int:
    """How many rows wait; more than there are only while that is fewer than *most*."""
    first, last = (await conn.execute(select(func.min(_T.c.number), func.max(_T.c.number)))).one()
    if first is None:
        return 0
    span = int(last - first + 1)
    # Counting reads every row; the two ends cost nothing.
    return (
        span if span < most else int(await conn.scalar(select(func.count()).select_from(_T)) or 0)
    )


async def waiting(conn: AsyncConnection, *, after: int = 0, limit: int = 200) -> list[Signup]:
    """Forms that wait, oldest first, with numbers above *after*."""
    query = select(_T).where(_T.c.number > after).order_by(_T.c.number).limit(limit)
    return [
        Signup(number=row.number, newsletter=row.newsletter, at=row.at, content=row.content)
        for row in await conn.execute(query)
    ]


async def any_waiting(conn: AsyncConnection) -> bool:
    """Whether there is a form to look at."""
    return await conn.scalar(select(_T.c.number).limit(1)) is not None


async def take(conn: AsyncConnection, number: int) -> bool:
    """Take a form out of the queue; False if somebody else has."""
    gone = await conn.execute(delete(_T).where(_T.c.number == number))
    return bool(gone.rowcount)


async def asked_lately(conn: AsyncConnection, address: str, *, since: datetime) -> int:
    """Letters after *since* that sign-ups led to, to a mailbox: with or without "+anything"."""
    local, _, domain = folded(address).rpartition("@")
    box = local.partition("+")[0]
    tagged = _S.c.folded.startswith(f"{box}+", autoescape=True)
    # By number, which grows with time: only what is as young is looked at.
    before = select(_L.c.number).where(_L.c.at <= since).order_by(_L.c.number.desc()).limit(1)
    query = (
        select(func.count())
        .select_from(_L.join(_S, _S.c.id == _L.c.subscriber_id))
        .where(
            _L.c.number > (await conn.scalar(before) or 0),
            _L.c.kind.in_([LetterKind.CONFIRM.value, LetterKind.KNOWN.value]),
            or_(
                _S.c.folded == f"{box}@{domain}",
                tagged & _S.c.folded.endswith(f"@{domain}", autoescape=True),
            ),
        )
    )
    return int(await conn.scalar(query) or 0)
