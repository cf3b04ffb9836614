"""People: what each is subscribed to, agreed to and chose; and how that changes.

Every change of a subscription goes through `move`, which obeys SUBSCRIPTION_LIFE and leaves a
dated row behind.  Whoever changes several things of one person holds them first (`hold`): two
at once then wait for each other, and erasing waits for both.
Not here: who gets an edition (`subscribers`), what is gone for good (`forgetting`).
"""

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.addresses import domain_of, domains_above, folded
from digest.errors import NotFound
from digest.model import (
    LIFTED_BY_CONSENT,
    SUBSCRIPTION_LIFE,
    Barred,
    By,
    Change,
    Choices,
    Consent,
    Form,
    Frequency,
    Person,
    Subscriber,
    Subscription,
    SubscriptionEvent,
    SubscriptionState,
)
from digest.store import schema
from digest.store.database import Database
from digest.store.subscribers import address_hash

_S, _N, _C, _H = schema.subscriber, schema.subscription, schema.consent, schema.change
_T, _B, _D = schema.tag, schema.suppression, schema.barred_domain

#: What may happen where there is no subscription yet.
_BEGINNINGS = {
    SubscriptionEvent.ASK: SubscriptionState.PENDING,
    SubscriptionEvent.CONSENT: SubscriptionState.ACTIVE,
}


# ---------------------------------------------------------------------- who it is


async def find(conn: AsyncConnection, address: str) -> int | None:
    """The person with this address, however it is spelled."""
    query = select(_S.c.id).where(_S.c.folded == folded(address))
    id: int | None = await conn.scalar(query)
    return id


async def keyed(conn: AsyncConnection, key: str) -> int:
    """The person whose links are made of *key*, whatever they are subscribed to.

    Raises:
        NotFound: they were erased.
    """
    id: int | None = await conn.scalar(select(_S.c.id).where(_S.c.key == key))
    if id is None:
        raise NotFound("nobody is known by this link any more")
    return id


async def hold(conn: AsyncConnection, subscriber_id: int) -> bool:
    """Be the only one to change this person until the transaction ends; False: they are gone."""
    # Not FOR UPDATE: rows that point at the person may still be written meanwhile.
    query = select(_S.c.id).where(_S.c.id == subscriber_id).with_for_update(key_share=True)
    return await conn.scalar(query) is not None


async def keep_person(
    db: Database,
    conn: AsyncConnection,
    *,
    email: str,
    now: datetime,
    name: str = "",
    language: str = "en",
    timezone: str = "UTC",
    form: Form = Form.FULL,
) -> int:
    """The id of whoever has this address, held; a new row if nobody has.

    Who is known already keeps everything as it is.
    """
    row = {
        "email": email,
        "folded": folded(email),
        "name": name,
        "language": language,
        "timezone": timezone,
        "form": form.value,
        "key": secrets.token_hex(16),
        "created_at": now,
    }
    statement = db.insert(_S).values(row).on_conflict_do_nothing(index_elements=[_S.c.folded])
    while True:
        await conn.execute(statement)
        id = await find(conn, email)
        # Somebody may have erased them between the two statements: then they are new.
        if id is not None and await hold(conn, id):
            return id


async def describe(conn: AsyncConnection, subscriber_id: int, **changes: str) -> None:
    """Change what holds for all of a person's newsletters: name, language, timezone, form."""
    if changes:
        await conn.execute(update(_S).where(_S.c.id == subscriber_id).values(**changes))


async def confirmed(conn: AsyncConnection, subscriber_id: int) -> bool:
    """Whether this person ever agreed to anything."""
    query = select(_C.c.id).where(_C.c.subscriber_id == subscriber_id).limit(1)
    return await conn.scalar(query) is not None


# ---------------------------------------------------------------- their subscriptions


async def move(
    db: Database,
    conn: AsyncConnection,
    subscriber_id: int,
    newsletter: str,
    event: SubscriptionEvent,
    *,
    cause: By,
    now: datetime,
    until: datetime | None = None,
    consent_id: int | None = None,
) -> bool:
    """Let *event* happen to a subscription, and note it; False when it changes nothing.

    Where there is no subscription, ASK and CONSENT make one.  Whoever agrees to what they get
    has it by the new consent.  Nothing happens to somebody who was erased.

    Args:
        until: of PAUSE, and needed for it: active again from then on.
        consent_id: of CONSENT, and needed for it: what `note_consent` returned.
    """
    if event is SubscriptionEvent.CONSENT and consent_id is None:
        raise ValueError("no consent, no subscription: note_consent comes first")
    if event is SubscriptionEvent.PAUSE and until is None:
        raise ValueError("a pause has an end")
    if not await hold(conn, subscriber_id):
        return False
    here = and_(_N.c.subscriber_id == subscriber_id, _N.c.newsletter == newsletter)
    columns = (_N.c.state, _N.c.until)
    row = (await conn.execute(select(*columns).where(here).with_for_update())).one_or_none()
    if row is None:
        state = _BEGINNINGS.get(event)
    else:
        state = SUBSCRIPTION_LIFE[SubscriptionState(row.state)].get(event)
    again = row is not None and event is SubscriptionEvent.PAUSE and row.until == until
    if state is None and row is not None and event is SubscriptionEvent.CONSENT:
        await conn.execute(update(_N).where(here).values(consent_id=consent_id))
    if state is None or again:
        return False
    values: dict[str, Any] = {
        "state": state.value,
        "since": now,
        "cause": cause.value,
        "until": until if state is SubscriptionState.PAUSED else None,
    }
    if consent_id is not None:
        values["consent_id"] = consent_id
    if row is None:
        key = {"subscriber_id": subscriber_id, "newsletter": newsletter, "sections": []}
        await conn.execute(insert(_N).values(**key, **values))
    else:
        await conn.execute(update(_N).where(here).values(**values))
    changed = {"state": state.value, "cause": cause.value, "at": now}
    row_of = {"subscriber_id": subscriber_id, "newsletter": newsletter}
    await conn.execute(insert(_H).values(**row_of, **changed))
    return True


async def state_of(
    conn: AsyncConnection, subscriber_id: int, newsletter: str
) -> SubscriptionState | None:
    """The state of one subscription; None where there is none."""
    state = await conn.scalar(
        select(_N.c.state).where(_N.c.subscriber_id == subscriber_id, _N.c.newsletter == newsletter)
    )
    return None if state is None else SubscriptionState(state)


async def states_of(conn: AsyncConnection, subscriber_id: int) -> dict[str, SubscriptionState]:
    """The state of each subscription of a person, by newsletter."""
    query = select(_N.c.newsletter, _N.c.state).where(_N.c.subscriber_id == subscriber_id)
    rows = await conn.execute(query.order_by(_N.c.newsletter))
    return {row.newsletter: SubscriptionState(row.state) for row in rows}


async def newsletters_of(conn: AsyncConnection, subscriber_id: int) -> list[str]:
    """Slugs of the newsletters that a person is or was subscribed to, or asked for."""
    return list(await states_of(conn, subscriber_id))


async def ended_after(
    conn: AsyncConnection, subscriber_id: int, newsletter: str, *, after: datetime
) -> bool:
    """Whether a subscription came to an end after that, whatever has become of it since."""
    query = select(_H.c.number).where(
        _H.c.subscriber_id == subscriber_id,
        _H.c.newsletter == newsletter,
        _H.c.state == SubscriptionState.ENDED.value,
        _H.c.at > after,
    )
    return await conn.scalar(query.limit(1)) is not None


async def note_consent(
    conn: AsyncConnection, subscriber_id: int, newsletter: str, consent: Consent
) -> int:
    """Keep the evidence that somebody agreed; return its number, for `move`."""
    statement = insert(_C).values(
        subscriber_id=subscriber_id,
        newsletter=newsletter,
        at=consent.at,
        given=consent.given,
        wording=consent.wording,
        language=consent.language,
        asked_at=consent.asked_at,
        network=consent.network,
    )
    number: int = (await conn.execute(statement.returning(_C.c.id))).scalar_one()
    return number


async def choose(
    conn: AsyncConnection, subscriber_id: int, newsletter: str, choices: Choices
) -> bool:
    """What somebody wants from now on; False, and nothing is changed, without a subscription."""
    changed = await conn.execute(
        update(_N)
        .where(_N.c.subscriber_id == subscriber_id, _N.c.newsletter == newsletter)
        .values(
            sections=list(choices.sections),
            briefs=int(choices.briefs),
            frequency=choices.frequency.value,
            hour=choices.hour,
        )
    )
    if not changed.rowcount:
        return False
    await describe(
        conn,
        subscriber_id,
        language=choices.language,
        timezone=choices.timezone,
        form=choices.form.value,
    )
    return True


# ------------------------------------------------------------------ all that is known


def _consent(row: Row[*tuple[Any, ...]]) -> Consent:
    return Consent(
        at=row.at,
        given=row.given,
        wording=row.wording,
        language=row.language,
        asked_at=row.asked_at,
        network=row.network,
    )


async def consents_of(conn: AsyncConnection, subscriber_id: int) -> list[tuple[str, Consent]]:
    """Everything that somebody ever agreed to: newsletter and evidence, oldest first."""
    query = select(_C).where(_C.c.subscriber_id == subscriber_id).order_by(_C.c.id)
    return [(row.newsletter, _consent(row)) for row in await conn.execute(query)]


def _subscription(row: Row[*tuple[Any, ...]], consent: Consent | None) -> Subscription:
    return Subscription(
        newsletter=row.newsletter,
        state=SubscriptionState(row.state),
        since=row.since,
        cause=row.cause,
        until=row.until,
        sections=tuple(row.sections),
        briefs=bool(row.briefs),
        frequency=Frequency(row.frequency),
        hour=row.hour,
        consent=consent,
    )


async def person(conn: AsyncConnection, subscriber_id: int) -> Person:
    """Everything that is kept of somebody but their deliveries, letters and returns.

    Raises:
        NotFound: they were erased.
    """
    who = (await conn.execute(select(_S).where(_S.c.id == subscriber_id))).one_or_none()
    if who is None:
        raise NotFound("nobody is known by this number any more")
    agreed = {
        row.id: _consent(row)
        for row in await conn.execute(select(_C).where(_C.c.subscriber_id == subscriber_id))
    }
    subscriptions = await conn.execute(
        select(_N).where(_N.c.subscriber_id == subscriber_id).order_by(_N.c.newsletter)
    )
    changes = await conn.execute(
        select(_H).where(_H.c.subscriber_id == subscriber_id).order_by(_H.c.number)
    )
    tags = await conn.scalars(
        select(_T.c.tag).where(_T.c.subscriber_id == subscriber_id).order_by(_T.c.tag)
    )
    return Person(
        subscriber=Subscriber(
            id=who.id,
            email=who.email,
            name=who.name,
            language=who.language,
            timezone=who.timezone,
            form=Form(who.form),
            key=who.key,
        ),
        created_at=who.created_at,
        subscriptions=tuple(
            _subscription(row, agreed.get(row.consent_id)) for row in subscriptions
        ),
        changes=tuple(
            Change(
                newsletter=row.newsletter,
                at=row.at,
                state=SubscriptionState(row.state),
                cause=row.cause,
            )
            for row in changes
        ),
        tags=tuple(tags),
    )


async def set_tags(
    db: Database,
    conn: AsyncConnection,
    subscriber_id: int,
    *,
    add: Collection[str] = (),
    remove: Collection[str] = (),
) -> None:
    """Tie tags to a person, and others off; either may have been so before."""
    if add:
        rows = [{"tag": tag, "subscriber_id": subscriber_id} for tag in sorted(set(add))]
        await conn.execute(db.insert(_T).on_conflict_do_nothing(), rows)
    if remove:
        await conn.execute(
            delete(_T).where(_T.c.subscriber_id == subscriber_id, _T.c.tag.in_(sorted(remove)))
        )


# ------------------------------------------------------------------- whose time has come


async def due_to_resume(
    conn: AsyncConnection, now: datetime, *, limit: int = 500
) -> list[tuple[int, str]]:
    """Pauses that are over: subscriber id and newsletter."""
    query = (
        select(_N.c.subscriber_id, _N.c.newsletter)
        .where(
            _N.c.until.is_not(None),
            _N.c.until <= now,
            _N.c.state == SubscriptionState.PAUSED.value,
        )
        .order_by(_N.c.subscriber_id, _N.c.newsletter)
        .limit(limit)
    )
    return [(row.subscriber_id, row.newsletter) for row in await conn.execute(query)]


async def wake(
    db: Database, conn: AsyncConnection, subscriber_id: int, newsletter: str, *, now: datetime
) -> bool:
    """End a pause that is over; False when its end was moved, or it ended, meanwhile."""
    if not await hold(conn, subscriber_id):
        return False
    until = await conn.scalar(
        select(_N.c.until).where(_N.c.subscriber_id == subscriber_id, _N.c.newsletter == newsletter)
    )
    if until is None or until > now:
        return False
    event = SubscriptionEvent.RESUME
    return await move(db, conn, subscriber_id, newsletter, event, cause=By.TIME, now=now)


# ------------------------------------------------------------- who must not be mailed


async def barred(conn: AsyncConnection, address: str, hash_key: bytes) -> Barred | None:
    """Why an address must not be mailed: itself, or its domain, or one above it; None: it may.

    What no sign-up lifts counts first.
    """
    own = await conn.scalar(
        select(_B.c.cause).where(_B.c.address_hash == address_hash(address, key=hash_key))
    )
    causes = [] if own is None else [_cause(own)]
    above = domains_above(domain_of(address))
    found = await conn.scalars(select(_D.c.cause).where(_D.c.domain.in_(above)))
    # A domain is the newsroom's to bar and to free: no reader's consent lifts it.
    causes += [
        Barred.ADMIN if (cause := _cause(text)) in LIFTED_BY_CONSENT else cause for text in found
    ]
    return min(causes, key=lambda cause: cause in LIFTED_BY_CONSENT, default=None)


def _cause(text: str) -> Barred:
    # Rows of the first versions say "operator".
    return Barred(text) if text in set(Barred) else Barred.ADMIN


async def bar(
    db: Database,
    conn: AsyncConnection,
    address: str,
    cause: Barred,
    *,
    hash_key: bytes,
    now: datetime,
) -> None:
    """Put an address on the suppression list.

    The first cause stays, unless a sign-up would lift it and not the new one.
    """
    statement = db.insert(_B).values(
        address_hash=address_hash(address, key=hash_key), cause=cause.value, at=now
    )
    if cause in LIFTED_BY_CONSENT:
        await conn.execute(statement.on_conflict_do_nothing())
        return
    weak = [cause.value for cause in LIFTED_BY_CONSENT]
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=[_B.c.address_hash],
            set_={"cause": cause.value, "at": now},
            where=_B.c.cause.in_(weak),
        )
    )


async def lift(
    conn: AsyncConnection, address: str, hash_key: bytes, causes: Collection[Barred] = tuple(Barred)
) -> bool:
    """Take an address off the suppression list if it is there for one of *causes*."""
    words = {cause.value for cause in causes}
    if Barred.ADMIN in causes:
        words.add("operator")
    gone = await conn.execute(
        delete(_B).where(
            _B.c.address_hash == address_hash(address, key=hash_key), _B.c.cause.in_(words)
        )
    )
    return bool(gone.rowcount)


async def bar_domain(
    db: Database, conn: AsyncConnection, domain: str, cause: Barred, *, now: datetime
) -> None:
    """Mail nobody at *domain*, as `parse_domain` has it, nor below it; the first cause stays."""
    statement = db.insert(_D).values(domain=domain, cause=cause.value, at=now)
    await conn.execute(statement.on_conflict_do_nothing())


async def unbar_domain(conn: AsyncConnection, domain: str) -> bool:
    """Free a domain; False if it was not barred itself."""
    gone = await conn.execute(delete(_D).where(_D.c.domain == domain))
    return bool(gone.rowcount)
