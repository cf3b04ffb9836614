"""What goes for good: a person with everything about them, and what is older than it may be.

Each deletion takes at most so many rows: the caller commits between two, and nobody waits long.
That deleted rows are in no file of the database any more is `Database.scrub`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model import EditionState, LetterKind, SubscriptionState
from digest.store import answers, progress, schema

_S, _N, _L, _D = schema.subscriber, schema.subscription, schema.letter, schema.delivery
_C, _E, _B = schema.chunk, schema.edition, schema.bounce
_A, _F = schema.consent, schema.signup
#: Editions asked for at once: the journal is found by edition and person, never by person alone.
_AT_ONCE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """Whose time is over: nobody who waits for an answer, or may still give one."""

    #: They have had no subscription since then.
    before: datetime
    #: A question of since then may still be answered.
    asked_since: datetime
    #: Only who never agreed to anything; what they asked for before then counts for nothing.
    strangers: bool = False


def _ids(letters: Sequence[tuple[str, int]]) -> list[str]:
    """What stands in the journal for letters; see `model.Letter.id`."""
    return [f"{kind}:{number}" for kind, number in letters]


async def _letters(conn: AsyncConnection, subscriber_id: int) -> list[str]:
    query = select(_L.c.kind, _L.c.number).where(_L.c.subscriber_id == subscriber_id)
    return _ids([(row.kind, row.number) for row in await conn.execute(query)])


async def _drop_from_journal(conn: AsyncConnection, letters: Sequence[str]) -> None:
    for start in range(0, len(letters), _AT_ONCE):
        part = letters[start : start + _AT_ONCE]
        await answers.forget_editions(conn, part)
        await conn.execute(delete(_D).where(_D.c.edition_id.in_(part)))
        await conn.execute(delete(_C).where(_C.c.edition_id.in_(part)))


async def editions_of(conn: AsyncConnection, subscriber_id: int) -> list[str]:
    """Ids under which the journal may have deliveries to a person: editions, letters."""
    query = select(_E.c.id).where(_E.c.planned > 0).order_by(_E.c.slot_at, _E.c.id)
    return [*await conn.scalars(query), *await _letters(conn, subscriber_id)]


async def erase(conn: AsyncConnection, subscriber_id: int, *, only: Over | None = None) -> bool:
    """Delete a person and every row about them; False if nobody has this number.

    Of their deliveries the number stays, without what the relay said: it may quote the address.

    Args:
        only: whoever is one of `over` even now; a form that they have sent in since stays.
    """
    own = select(_S.c.folded).where(_S.c.id == subscriber_id)
    if only is None:
        # In the order of whoever answers a form: the form first, then the person.
        await conn.execute(delete(_F).where(_F.c.email == own.scalar_subquery()))
    # The whole row: whoever writes about this person at the same time is waited for.
    if await conn.scalar(own.with_for_update()) is None:
        return False
    if only is not None and not await over(conn, only, of=subscriber_id):
        return False
    letters = await _letters(conn, subscriber_id)
    editions = await editions_of(conn, subscriber_id)
    for start in range(0, len(editions), _AT_ONCE):
        await conn.execute(
            update(_D)
            .where(
                _D.c.edition_id.in_(editions[start : start + _AT_ONCE]),
                _D.c.subscriber_id == subscriber_id,
                _D.c.text != "",
            )
            .values(text="")
        )
    await answers.forget_person(conn, subscriber_id)
    await _drop_from_journal(conn, letters)
    # Subscriptions stand on consents.
    for table in (schema.change, schema.tag, _B, _L, _N, schema.consent):
        await conn.execute(delete(table).where(table.c.subscriber_id == subscriber_id))
    await conn.execute(delete(_S).where(_S.c.id == subscriber_id))
    return True


# --------------------------------------------------------------------- whose time is over


async def over(
    conn: AsyncConnection, which: Over, *, of: int | None = None, after: int = 0, limit: int = 500
) -> list[int]:
    """People whose time is over: ids above *after*, ascending.

    Args:
        of: one person alone.
    """
    nothing = [SubscriptionState.ENDED.value]
    if which.strangers:
        nothing.append(SubscriptionState.PENDING.value)
    still = exists().where(
        _N.c.subscriber_id == _S.c.id,
        or_(_N.c.state.not_in(nothing), _N.c.since >= which.before),
    )
    asked = exists().where(
        _L.c.subscriber_id == _S.c.id,
        _L.c.kind == LetterKind.CONFIRM.value,
        _L.c.used_at.is_(None),
        _L.c.at >= which.asked_since,
    )
    if of is None:
        # Forms are read once for all, not once for each.
        form: ColumnElement[bool] = _S.c.folded.in_(select(_F.c.email))
    else:
        form = exists().where(_F.c.email == _S.c.folded)
    query = select(_S.c.id).where(
        _S.c.id > after,
        _S.c.created_at < which.before,
        ~still,
        ~asked,
        ~form,
    )
    if which.strangers:
        query = query.where(~exists().where(_A.c.subscriber_id == _S.c.id))
    if of is not None:
        query = query.where(_S.c.id == of)
    return list(await conn.scalars(query.order_by(_S.c.id).limit(limit)))


async def expired(
    conn: AsyncConnection,
    before: datetime,
    *,
    of: int | None = None,
    after: int = 0,
    limit: int = 500,
) -> list[tuple[int, str]]:
    """Subscriptions that nobody has confirmed since *before*: subscriber id and newsletter.

    Whoever asked again has the time of the newest letter.  Not those of strangers, who go as a
    whole: see `Over`.  The last person's may be cut off at *limit*.

    Args:
        of: one person's alone.
        after: only of people with numbers above.
    """
    newer = exists().where(
        _L.c.subscriber_id == _N.c.subscriber_id,
        _L.c.newsletter == _N.c.newsletter,
        _L.c.kind == LetterKind.CONFIRM.value,
        _L.c.at >= before,
    )
    query = (
        select(_N.c.subscriber_id, _N.c.newsletter)
        .where(
            _N.c.subscriber_id > after,
            _N.c.state == SubscriptionState.PENDING.value,
            _N.c.since < before,
            ~newer,
            exists().where(_A.c.subscriber_id == _N.c.subscriber_id),
        )
        .order_by(_N.c.subscriber_id, _N.c.newsletter)
        .limit(limit)
    )
    if of is not None:
        query = query.where(_N.c.subscriber_id == of)
    return [(row.subscriber_id, row.newsletter) for row in await conn.execute(query)]


async def drop_bounces(conn: AsyncConnection, *, before: datetime, limit: int = 5000) -> int:
    """Forget returns of before; how many of them went."""
    old = select(_B.c.number).where(_B.c.at < before).limit(limit)
    return (await conn.execute(delete(_B).where(_B.c.number.in_(old)))).rowcount


async def drop_letters(conn: AsyncConnection, *, before: datetime, limit: int = 500) -> int:
    """Forget letters of before that nothing is left to be sent of; how many of them went."""
    query = (
        select(_L.c.kind, _L.c.number)
        .where(_L.c.at < before, _L.c.done_at.is_not(None))
        .order_by(_L.c.number)
        .limit(limit)
    )
    old = [(row.kind, row.number) for row in await conn.execute(query)]
    await _drop_from_journal(conn, _ids(old))
    await conn.execute(delete(_L).where(_L.c.number.in_([number for _, number in old])))
    return len(old)


async def old_editions(conn: AsyncConnection, before: datetime) -> list[str]:
    """Editions that were over before, and of which it is still kept to whom they went."""
    kept = exists().where(_C.c.edition_id == _E.c.id)
    over = [EditionState.SENT.value, EditionState.CANCELLED.value]
    # Whatever was cancelled has no end of its own.
    ended = func.coalesce(_E.c.finished_at, _E.c.slot_at)
    query = (
        select(_E.c.id)
        .where(_E.c.state.in_(over), _E.c.slot_at < before, ended < before, kept)
        .order_by(_E.c.slot_at)
    )
    return list(await conn.scalars(query))


async def drop_deliveries(conn: AsyncConnection, edition_id: str, *, limit: int = 5000) -> int:
    """Forget to whom an edition went, and for whom it was; how many deliveries went.

    Fewer than *limit*: that was all.  The frozen audience goes last, so that what was cut short
    is found again.
    """
    some = select(_D.c.subscriber_id).where(_D.c.edition_id == edition_id)
    some = some.order_by(_D.c.subscriber_id).limit(limit)
    # What was answered before, first: it is found by those who are in the journal still.
    await answers.forget_deliveries(conn, edition_id, some)
    gone = await conn.execute(
        delete(_D).where(_D.c.edition_id == edition_id, _D.c.subscriber_id.in_(some))
    )
    if gone.rowcount < limit:
        await progress.drop(conn, edition_id)
        await conn.execute(delete(_C).where(_C.c.edition_id == edition_id))
        # Or everybody would seem to wait for it still.
        await conn.execute(update(_E).where(_E.c.id == edition_id).values(planned=0))
    return gone.rowcount
