"""People and what they are subscribed to, page by page, for whoever carries them elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.store import schema
from digest.store.segments import Match

_S, _N, _C, _T = schema.subscriber, schema.subscription, schema.consent, schema.tag


class Exported(NamedTuple):
    """One subscription, with its person."""

    email: str
    name: str
    language: str
    timezone: str
    form: str
    newsletter: str
    sections: tuple[str, ...]
    frequency: str
    hour: int | None
    briefs: bool
    tags: tuple[str, ...]
    consent_at: datetime | None
    consent_from: str
    state: str
    since: datetime
    cause: str
    until: datetime | None


_FIELDS = (
    *(_S.c.id, _S.c.email, _S.c.name, _S.c.language, _S.c.timezone, _S.c.form),
    *(_N.c.newsletter, _N.c.sections, _N.c.frequency, _N.c.hour, _N.c.briefs),
    *(_N.c.state, _N.c.since, _N.c.cause, _N.c.until),
    *(_C.c.at.label("consent_at"), _C.c.given.label("consent_from")),
)


async def page(conn: AsyncConnection, wanted: Sequence[Match]) -> list[Exported]:
    """The subscriptions *wanted*, in their order; one that has gone meanwhile is left out."""
    ids = sorted({match.subscriber_id for match in wanted})
    query = (
        select(*_FIELDS)
        .join(_N, _N.c.subscriber_id == _S.c.id)
        .outerjoin(_C, _C.c.id == _N.c.consent_id)
        .where(_S.c.id.in_(ids))
    )
    found: dict[tuple[int, str], Any] = {
        (row.id, row.newsletter): row for row in await conn.execute(query)
    }
    tags: dict[int, list[str]] = {}
    tagged = select(_T.c.subscriber_id, _T.c.tag).where(_T.c.subscriber_id.in_(ids))
    for one in await conn.execute(tagged.order_by(_T.c.tag)):
        tags.setdefault(one.subscriber_id, []).append(one.tag)
    there = [found.get((match.subscriber_id, match.newsletter)) for match in wanted]
    return [
        Exported(
            email=row.email,
            name=row.name,
            language=row.language,
            timezone=row.timezone,
            form=row.form,
            newsletter=row.newsletter,
            sections=tuple(row.sections),
            frequency=row.frequency,
            hour=row.hour,
            briefs=bool(row.briefs),
            tags=tuple(sorted(tags.get(row.id, ()))),
            consent_at=row.consent_at,
            consent_from=row.consent_from or "",
            state=row.state,
            since=row.since,
            cause=row.cause,
            until=row.until,
        )
        for row in there
        if row is not None
    ]
