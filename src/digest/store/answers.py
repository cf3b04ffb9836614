"""What relays said to tries that were not the last word: nothing that was answered is forgotten.

The last word of a delivery is its own row's, so a mail that is accepted at once, as nearly all
are, has no row here.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model import Answer, DeliveryState, Outcome
from digest.store import schema

_A, _D = schema.answer, schema.delivery
#: A delivery's own row tells these: nothing comes after them but a bounce, which has its table.
_LAST = (DeliveryState.SENT, DeliveryState.SKIPPED)
#: In these a delivery waits for another try: its row repeats the answer that came before.
_AGAIN = (DeliveryState.DEFERRED, DeliveryState.SENDING)


def said(edition_id: str, outcome: Outcome) -> dict[str, Any]:
    """The columns that a delivery and an answer have in common, as long as they may be."""
    return {
        "edition_id": edition_id,
        "subscriber_id": outcome.subscriber_id,
        "state": outcome.state.value,
        "code": outcome.code,
        "enhanced": outcome.enhanced[:16],
        "text": outcome.text[:500],
        "relay": outcome.relay[:255],
        "at": outcome.at,
    }


def outcome_of(row: Row[*tuple[Any, ...]]) -> Outcome:
    """What became of a delivery, from its whole row."""
    values = row._asdict()
    values.pop("edition_id")
    return Outcome(**(values | {"state": DeliveryState(values["state"])}))


async def keep(conn: AsyncConnection, edition_id: str, outcomes: Sequence[Outcome]) -> None:
    """Keep what *outcomes* tell beside their deliveries, whose rows are written again and again."""
    rows = [
        said(edition_id, outcome) | {"attempt": outcome.attempts}
        for outcome in outcomes
        if outcome.heard and outcome.state not in _LAST
    ]
    if rows:
        await conn.execute(insert(_A), rows)


def _answer(row: Row[*tuple[Any, ...]]) -> Answer:
    return Answer(
        edition_id=row.edition_id,
        subscriber_id=row.subscriber_id,
        state=DeliveryState(row.state),
        code=row.code,
        enhanced=row.enhanced,
        text=row.text,
        relay=row.relay,
        attempt=row.attempt,
        at=row.at,
    )


async def of_delivery(
    conn: AsyncConnection, edition_id: str, subscriber_id: int
) -> tuple[list[Answer], Outcome | None]:
    """Every answer to one delivery in the order in which they came, and its row as it stands.

    The row's own words are the last of the answers, unless they are one of them already; a row
    that says what we decided by ourselves (skipped, taken as sent) ends the list too.
    """
    query = select(_A).where(_A.c.edition_id == edition_id, _A.c.subscriber_id == subscriber_id)
    answers = [_answer(row) for row in await conn.execute(query.order_by(_A.c.number))]
    query_of_it = select(_D).where(
        _D.c.edition_id == edition_id, _D.c.subscriber_id == subscriber_id
    )
    row = (await conn.execute(query_of_it)).one_or_none()
    if row is None:
        return answers, None
    stands = outcome_of(row)
    if not _told_by(answers, stands):
        answers.append(
            Answer(
                edition_id=edition_id,
                subscriber_id=subscriber_id,
                state=stands.state,
                code=stands.code,
                enhanced=stands.enhanced,
                text=stands.text,
                relay=stands.relay,
                attempt=stands.attempts,
                at=stands.at,
            )
        )
    return answers, stands


def _told_by(answers: Sequence[Answer], stands: Outcome) -> bool:
    """Whether a delivery's row says nothing but what the last answer does."""
    if not answers:
        return False
    last = answers[-1]
    same = (last.at, last.attempt, last.code) == (stands.at, stands.attempts, stands.code)
    return same and (last.state is stands.state or stands.state in _AGAIN)


async def of_person(conn: AsyncConnection, subscriber_id: int) -> list[Answer]:
    """Answers of all deliveries to a person that are kept here, oldest first."""
    query = select(_A).where(_A.c.subscriber_id == subscriber_id).order_by(_A.c.number)
    return [_answer(row) for row in await conn.execute(query)]


async def deliveries(
    conn: AsyncConnection,
    edition_id: str,
    *,
    states: Collection[DeliveryState] = (),
    relay: str | None = None,
    after: int = 0,
    limit: int,
) -> list[Outcome]:
    """Rows of the journal with ids above *after*, by subscriber: a keyset page.

    Args:
        states: only in these; of all if empty.
        relay: only what this one answered last.
    """
    query = select(_D).where(_D.c.edition_id == edition_id, _D.c.subscriber_id > after)
    if states:
        query = query.where(_D.c.state.in_([state.value for state in states]))
    if relay is not None:
        query = query.where(_D.c.relay == relay)
    query = query.order_by(_D.c.subscriber_id).limit(limit)
    return [outcome_of(row) for row in await conn.execute(query)]


async def relays(conn: AsyncConnection, edition_id: str) -> list[str]:
    """Names of those that answered anybody, by name."""
    query = select(_D.c.relay).where(_D.c.edition_id == edition_id).distinct()
    return sorted(name for name in await conn.scalars(query) if name)


# ------------------------------------------------------------------------- forgetting


async def forget_person(conn: AsyncConnection, subscriber_id: int) -> None:
    """All that was ever answered to their deliveries: relays' words may be about them."""
    await conn.execute(delete(_A).where(_A.c.subscriber_id == subscriber_id))


async def forget_deliveries(
    conn: AsyncConnection, edition_id: str, subscribers: Select[tuple[int]]
) -> None:
    """All answers of those of an edition's deliveries that go to *subscribers*."""
    of_them = _A.c.subscriber_id.in_(subscribers)
    await conn.execute(delete(_A).where(_A.c.edition_id == edition_id, of_them))


async def forget_editions(conn: AsyncConnection, editions: Collection[str]) -> None:
    """All answers of editions, or of letters: meant for a few."""
    await conn.execute(delete(_A).where(_A.c.edition_id.in_(list(editions))))


async def drop_old(conn: AsyncConnection, *, before: datetime, limit: int = 5000) -> int:
    """Forget answers of before; how many of them went."""
    old = select(_A.c.number).where(_A.c.at < before).order_by(_A.c.at).limit(limit)
    return (await conn.execute(delete(_A).where(_A.c.number.in_(old)))).rowcount
