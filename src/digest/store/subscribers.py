"""Subscribers, their subscriptions, the consent behind each, and who must never be mailed."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Row, and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.errors import NotFound
from digest.model import Form, Subscriber, SubscriptionState
from digest.store import schema
from digest.store.database import Database

_S, _N = schema.subscriber, schema.subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A person about to be taken in, with the consent they gave."""

    email: str
    name: str = ""
    language: str = "en"
    timezone: str = "UTC"
    sections: tuple[str, ...] = ()
    form: Form = Form.FULL
    consent_at: datetime
    #: Where it was given, in words: "sign-up form", "import of ...".
    consent_from: str


def address_hash(address: str, *, key: bytes) -> str:
    """What stands for an address on the suppression list: it survives the person's erasure."""
    return blake2b(address.casefold().encode(), key=key[:64], digest_size=32).hexdigest()


async def remember_key(db: Database, conn: AsyncConnection, fingerprint: str) -> str:
    """The fingerprint of the key that this database was begun with: the first one told."""
    statement = db.insert(schema.installation).values(id=1, key_fingerprint=fingerprint)
    await conn.execute(statement.on_conflict_do_nothing())
    known = await conn.scalar(select(schema.installation.c.key_fingerprint))
    return str(known)


async def take_in(
    db: Database,
    conn: AsyncConnection,
    newsletter: str,
    people: Sequence[Newcomer],
    *,
    now: datetime,
) -> int:
    """Subscribe *people* to *newsletter*, each with a consent row; return how many are new.

    Who is known already keeps name, key and state: somebody who left does not come back by
    being imported.
    """
    by_folded = {person.email.casefold(): person for person in people}
    if not by_folded:
        return 0
    await _keep(db, conn, by_folded, now=now)
    here = and_(_N.c.subscriber_id == _S.c.id, _N.c.newsletter == newsletter)
    found = await conn.execute(
        select(_S.c.id, _S.c.folded)
        .outerjoin(_N, here)
        .where(_S.c.folded.in_(list(by_folded)), _N.c.subscriber_id.is_(None))
        .order_by(_S.c.id)
    )
    new = {row.id: by_folded[row.folded] for row in found}
    if new:
        await _subscribe(conn, newsletter, new, now=now)
    return len(new)


async def _keep(
    db: Database, conn: AsyncConnection, by_folded: Mapping[str, Newcomer], *, now: datetime
) -> None:
    """A row for everybody who has none."""
    rows = [
        {
            "email": person.email,
            "folded": folded,
            "name": person.name,
            "language": person.language,
            "timezone": person.timezone,
            "form": person.form.value,
            "key": secrets.token_hex(16),
            "created_at": now,
        }
        for folded, person in by_folded.items()
    ]
    await conn.execute(db.insert(_S).on_conflict_do_nothing(index_elements=[_S.c.folded]), rows)


async def _subscribe(
    conn: AsyncConnection, newsletter: str, new: Mapping[int, Newcomer], *, now: datetime
) -> None:
    """Note the consent of each, and the subscription that stands on it."""
    consents = [
        {
            "subscriber_id": id,
            "newsletter": newsletter,
            "at": person.consent_at,
            "given": person.consent_from,
        }
        for id, person in new.items()
    ]
    agreed = await conn.execute(
        insert(schema.consent).returning(schema.consent.c.id, schema.consent.c.subscriber_id),
        consents,
    )
    subscriptions = [
        {
            "subscriber_id": row.subscriber_id,
            "newsletter": newsletter,
            "state": SubscriptionState.ACTIVE.value,
            "sections": list(new[row.subscriber_id].sections),
            "consent_id": row.id,
            "since": now,
            "cause": "import",
        }
        for row in agreed
    ]
    await conn.execute(insert(_N), subscriptions)


def _subscriber(row: Row[*tuple[Any, ...]]) -> Subscriber:
    return Subscriber(
        id=row.id,
        email=row.email,
        name=row.name,
        language=row.language,
        timezone=row.timezone,
        sections=tuple(row.sections),
        form=Form(row.form),
        key=row.key,
    )


_FIELDS = (
    *(_S.c.id, _S.c.email, _S.c.name, _S.c.language, _S.c.timezone, _S.c.form, _S.c.key),
    _N.c.sections,
)


async def active(
    conn: AsyncConnection, newsletter: str, ids: Iterable[int], *, hash_key: bytes
) -> dict[int, Subscriber]:
    """Those of *ids* who may be mailed right now: active, and on no suppression list."""
    query = (
        select(*_FIELDS)
        .join(_N, and_(_N.c.subscriber_id == _S.c.id, _N.c.newsletter == newsletter))
        .where(_N.c.state == SubscriptionState.ACTIVE.value, _S.c.id.in_(list(ids)))
    )
    people = [_subscriber(row) for row in await conn.execute(query)]
    hashes = {address_hash(person.email, key=hash_key): person.id for person in people}
    column = schema.suppression.c.address_hash
    suppressed = set(await conn.scalars(select(column).where(column.in_(list(hashes)))))
    barred = {hashes[hash] for hash in suppressed}
    return {person.id: person for person in people if person.id not in barred}


async def page_of_ids(
    conn: AsyncConnection, newsletter: str, *, after: int, limit: int
) -> list[int]:
    """Ids of active subscriptions, ascending, above *after*: a keyset page."""
    query = (
        select(_N.c.subscriber_id)
        .where(
            _N.c.newsletter == newsletter,
            _N.c.state == SubscriptionState.ACTIVE.value,
            _N.c.subscriber_id > after,
        )
        .order_by(_N.c.subscriber_id)
        .limit(limit)
    )
    return list(await conn.scalars(query))


async def by_key(
    conn: AsyncConnection, key: str, newsletter: str, *, active: bool = False
) -> Subscriber:
    """The person a link was made for.

    Args:
        active: only if *newsletter* is sent to them now.

    Raises:
        NotFound: erased since, or never subscribed to *newsletter*.
    """
    query = (
        select(*_FIELDS)
        .join(_N, and_(_N.c.subscriber_id == _S.c.id, _N.c.newsletter == newsletter))
        .where(_S.c.key == key)
    )
    if active:
        query = query.where(_N.c.state == SubscriptionState.ACTIVE.value)
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        raise NotFound("nobody is subscribed by this link any more")
    return _subscriber(row)


async def by_email(conn: AsyncConnection, email: str, newsletter: str) -> Subscriber | None:
    query = (
        select(*_FIELDS)
        .join(_N, and_(_N.c.subscriber_id == _S.c.id, _N.c.newsletter == newsletter))
        .where(_S.c.folded == email.casefold())
    )
    row = (await conn.execute(query)).one_or_none()
    return _subscriber(row) if row else None


async def change(
    conn: AsyncConnection,
    subscriber_id: int,
    newsletter: str,
    *,
    sections: Sequence[str],
    language: str,
    form: Form,
) -> None:
    """What somebody wants of *newsletter* from now on; language and form hold for all of theirs.

    Raises:
        NotFound: the subscription is not active; nothing is changed.
    """
    changed = await conn.execute(
        update(_N)
        .where(
            _N.c.subscriber_id == subscriber_id,
            _N.c.newsletter == newsletter,
            _N.c.state == SubscriptionState.ACTIVE.value,
        )
        .values(sections=list(sections))
    )
    if not changed.rowcount:
        raise NotFound("nobody is subscribed by this link any more")
    values = {"language": language, "form": form.value}
    await conn.execute(update(_S).where(_S.c.id == subscriber_id).values(**values))


async def end(
    conn: AsyncConnection, subscriber_id: int, newsletter: str, *, cause: str, now: datetime
) -> bool:
    """End a subscription; False when it had ended before."""
    result = await conn.execute(
        update(_N)
        .where(
            _N.c.subscriber_id == subscriber_id,
            _N.c.newsletter == newsletter,
            _N.c.state != SubscriptionState.ENDED.value,
        )
        .values(state=SubscriptionState.ENDED.value, since=now, cause=cause)
    )
    return bool(result.rowcount)


async def suppress(
    db: Database, conn: AsyncConnection, email: str, *, cause: str, hash_key: bytes, now: datetime
) -> None:
    """Never mail *email* again, whatever is imported later."""
    await conn.execute(
        db.insert(schema.suppression)
        .values(address_hash=address_hash(email, key=hash_key), cause=cause, at=now)
        .on_conflict_do_nothing()
    )


async def count(conn: AsyncConnection, newsletter: str) -> dict[str, int]:
    """Subscriptions by state."""
    rows = await conn.execute(
        select(_N.c.state, func.count().label("number"))
        .where(_N.c.newsletter == newsletter)
        .group_by(_N.c.state)
    )
    return {row.state: row.number for row in rows}


async def languages_and_forms(conn: AsyncConnection, newsletter: str) -> list[tuple[str, Form]]:
    """In which languages and forms *newsletter* is wanted by those who get it, each pair once."""
    rows = await conn.execute(
        select(_S.c.language, _S.c.form)
        .join(_N, and_(_N.c.subscriber_id == _S.c.id, _N.c.newsletter == newsletter))
        .where(_N.c.state == SubscriptionState.ACTIVE.value)
        .distinct()
        .order_by(_S.c.language, _S.c.form)
    )
    return [(row.language, Form(row.form)) for row in rows]


async def names(conn: AsyncConnection, ids: Iterable[int]) -> dict[int, str]:
    """Addresses by id, for the operator's eyes: lists of who is in doubt or was refused."""
    rows = await conn.execute(select(_S.c.id, _S.c.email).where(_S.c.id.in_(list(ids))))
    return {row.id: row.email for row in rows}
