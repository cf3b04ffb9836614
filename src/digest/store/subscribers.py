"""Subscribers, their subscriptions, the consent behind each, and who must never be mailed."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.addresses import domain_of, domains_above, folded
from digest.errors import NotFound
from digest.model import Barred, Form, Frequency, Subscriber, SubscriptionState
from digest.segments import Filter
from digest.store import schema
from digest.store.database import Database
from digest.store.segments import matches

_S, _N = schema.subscriber, schema.subscription
_GETTING = (SubscriptionState.ACTIVE.value, SubscriptionState.PAUSED.value)


def address_hash(address: str, *, key: bytes) -> str:
    """What stands for an address on the suppression list: it survives the person's erasure."""
    return blake2b(folded(address).encode(), key=key[:64], digest_size=32).hexdigest()


async def remember_key(db: Database, conn: AsyncConnection, fingerprint: str) -> str:
    """The fingerprint of the key that this database was begun with: the first one told."""
    statement = db.insert(schema.installation).values(id=1, key_fingerprint=fingerprint)
    await conn.execute(statement.on_conflict_do_nothing())
    known = await conn.scalar(select(schema.installation.c.key_fingerprint))
    return str(known)


async def tended_at(conn: AsyncConnection) -> datetime | None:
    """When what is kept of people was last looked through for what is too old."""
    at: datetime | None = await conn.scalar(select(schema.installation.c.tended_at))
    return at


async def note_tended(conn: AsyncConnection, *, now: datetime) -> None:
    await conn.execute(update(schema.installation).values(tended_at=now))


def _subscriber(row: Row[*tuple[Any, ...]]) -> Subscriber:
    return Subscriber(
        id=row.id,
        email=row.email,
        name=row.name,
        language=row.language,
        timezone=row.timezone,
        sections=tuple(row.sections),
        briefs=bool(row.briefs),
        hour=row.hour,
        form=Form(row.form),
        key=row.key,
    )


_FORMS = {form.value: form for form in Form}
_FIELDS = (
    *(_S.c.id, _S.c.email, _S.c.name, _S.c.language, _S.c.timezone, _S.c.form, _S.c.key),
    *(_N.c.sections, _N.c.briefs, _N.c.hour, _N.c.newsletter),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Who gets an edition."""

    #: Whose edition it is.
    newsletter: str
    #: Newsletters that they subscribed to, and how often; see `slots.readership`.
    wanted: Mapping[str, Collection[Frequency]]
    #: Only those of them who match.
    segment: Filter | None = None

    def clause(self) -> ColumnElement[bool]:
        """Over subscriptions that are active, joined with their people."""
        named = [
            and_(
                _N.c.newsletter == slug,
                # Most want all: no comparison is cheaper than one of four.
                _N.c.frequency.in_(sorted(often)) if set(often) < set(Frequency) else true(),
            )
            for slug, often in sorted(self.wanted.items())
        ]
        found = and_(_N.c.state == SubscriptionState.ACTIVE.value, or_(*named))
        return found if self.segment is None else and_(found, matches(self.segment))


class Seat(NamedTuple):
    """One of an audience, as freezing needs them."""

    id: int
    #: Of their own clock, 0 to 23; None for any.
    hour: int | None
    timezone: str


#: Hundreds of values that change from call to call: given beside the statement, not in it.
_SOME: BindParameter[Any] = bindparam("some", expanding=True)


def _together(readers: Readers) -> Select[Any]:
    return (
        select(*_FIELDS)
        .join(_N, _N.c.subscriber_id == _S.c.id)
        .where(readers.clause())
        # Of two subscriptions that bring the same edition the newsletter's own comes last.
        .order_by(_S.c.id, _N.c.newsletter == readers.newsletter)
    )


async def active(
    conn: AsyncConnection, readers: Readers, ids: Iterable[int], *, hash_key: bytes
) -> dict[int, Subscriber]:
    """Those of *ids* who may be mailed right now: active, and nothing bars them."""
    rows = await conn.execute(_together(readers).where(_S.c.id.in_(_SOME)), {"some": list(ids)})
    own, people = readers.newsletter, {}
    # By place, not by name: this is done for everybody that is mailed.
    for id, email, name, language, zone, form, key, sections, briefs, hour, newsletter in rows:
        people[id] = Subscriber(
            id=id,
            email=email,
            name=name,
            language=language,
            timezone=zone,
            sections=tuple(sections),
            briefs=bool(briefs),
            hour=hour,
            form=_FORMS[form],
            key=key,
            newsletter="" if newsletter == own else newsletter,
        )
    barred = await barred_of(conn, people.values(), hash_key=hash_key)
    return {id: person for id, person in people.items() if id not in barred}


async def barred_of(
    conn: AsyncConnection,
    people: Iterable[Subscriber],
    *,
    hash_key: bytes,
    lifted: Collection[Barred] = (),
) -> set[int]:
    """Ids of those of *people* who must not be mailed, now.

    Args:
        lifted: causes that do not count: of letters that somebody has asked for.
    """
    hashes: dict[str, int] = {}
    domains: dict[str, set[int]] = {}
    for person in people:
        hashes[address_hash(person.email, key=hash_key)] = person.id
        domains.setdefault(domain_of(person.email), set()).add(person.id)
    barring = schema.suppression.c
    query = select(barring.address_hash).where(barring.address_hash.in_(_SOME))
    if lifted:
        query = query.where(barring.cause.not_in([cause.value for cause in lifted]))
    found = {hashes[hash] for hash in await conn.scalars(query, {"some": list(hashes)})}
    above = {name for domain in domains for name in domains_above(domain)}
    column = schema.barred_domain.c.domain
    barred = select(column).where(column.in_(_SOME))
    for name in await conn.scalars(barred, {"some": list(above)}):
        for domain, ids in domains.items():
            if name in domains_above(domain):
                found |= ids
    return found


async def seats(conn: AsyncConnection, readers: Readers, *, after: int, limit: int) -> list[Seat]:
    """People who get an edition, each once, by ascending id above *after*: a keyset page.

    A page for each newsletter that brings it, merged up to where the shortest of them ends: one
    statement for all of them would sort everybody anew for every page.
    """
    found: dict[int, Seat] = {}
    until: int | None = None
    # The newsletter's own comes last: of two subscriptions its hour counts.
    for slug in sorted(readers.wanted, key=lambda slug: (slug == readers.newsletter, slug)):
        alone = replace(readers, wanted={slug: readers.wanted[slug]})
        query = (
            select(_N.c.subscriber_id, _N.c.hour, _S.c.timezone)
            .join(_S, _S.c.id == _N.c.subscriber_id)
            .where(alone.clause(), _N.c.subscriber_id > after)
            .order_by(_N.c.subscriber_id)
            .limit(limit)
        )
        page = [Seat(*row) for row in await conn.execute(query)]
        found |= {seat.id: seat for seat in page}
        if len(page) == limit:
            until = page[-1].id if until is None else min(until, page[-1].id)
    return [found[id] for id in sorted(found) if until is None or id <= until]


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


async def by_id(conn: AsyncConnection, subscriber_id: int) -> Subscriber | None:
    """A person without the choices of any newsletter: for a letter."""
    row = (await conn.execute(select(_S).where(_S.c.id == subscriber_id))).one_or_none()
    if row is None:
        return None
    return Subscriber(
        id=row.id,
        email=row.email,
        name=row.name,
        language=row.language,
        timezone=row.timezone,
        form=Form(row.form),
        key=row.key,
    )


async def count(conn: AsyncConnection, newsletter: str) -> dict[str, int]:
    """Subscriptions by state."""
    rows = await conn.execute(
        select(_N.c.state, func.count().label("number"))
        .where(_N.c.newsletter == newsletter)
        .group_by(_N.c.state)
    )
    return {row.state: row.number for row in rows}


async def sections_chosen(conn: AsyncConnection, newsletter: str) -> dict[tuple[str, ...], int]:
    """What those who get a newsletter chose of its sections, and how many chose so; none is all."""
    chosen = cast(_N.c.sections, Text)
    rows = await conn.execute(
        select(chosen.label("slugs"), func.count().label("number"))
        .where(_N.c.newsletter == newsletter, _N.c.state.in_(_GETTING), chosen != "[]")
        .group_by(chosen)
    )
    return {tuple(json.loads(row.slugs)): row.number for row in rows}


async def languages_and_forms(conn: AsyncConnection, readers: Readers) -> list[tuple[str, Form]]:
    """In which languages and forms an edition is wanted by those who get it, each pair once."""
    rows = await conn.execute(
        select(_S.c.language, _S.c.form)
        .join(_N, _N.c.subscriber_id == _S.c.id)
        .where(readers.clause())
        .distinct()
        .order_by(_S.c.language, _S.c.form)
    )
    return [(row.language, Form(row.form)) for row in rows]


async def names(conn: AsyncConnection, ids: Iterable[int]) -> dict[int, str]:
    """Addresses by id, for the operator's eyes: lists of who is in doubt or was refused."""
    rows = await conn.execute(select(_S.c.id, _S.c.email).where(_S.c.id.in_(list(ids))))
    return {row.id: row.email for row in rows}
