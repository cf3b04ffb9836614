"""Why mail does not reach somebody, for those who ask: what bars them, what the relay said.

Only read here: what is barred and freed is `people`'s, what is sent `journal`'s.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.addresses import domain_of, domains_above
from digest.model import LIFTED_BY_CONSENT, Barred
from digest.store import schema
from digest.store.subscribers import address_hash

_A, _D, _J = schema.suppression, schema.barred_domain, schema.delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row of the suppression list."""

    #: "" of an address: only its keyed hash is known.
    domain: str
    cause: Barred
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The whole suppression list, as far as it can be told."""

    #: How many addresses, by cause.
    addresses: Mapping[Barred, int]
    #: By name.
    domains: tuple[Bar, ...]


async def bars_of(conn: AsyncConnection, address: str, *, hash_key: bytes) -> list[Bar]:
    """All that bars an address: itself first, then its domain and those above; [] if nothing."""
    own = select(_A.c.cause, _A.c.at).where(
        _A.c.address_hash == address_hash(address, key=hash_key)
    )
    found = [
        Bar(domain="", cause=_cause(row.cause), since=row.at) for row in await conn.execute(own)
    ]
    above = select(_D).where(_D.c.domain.in_(domains_above(domain_of(address))))
    rows = await conn.execute(above.order_by(func.length(_D.c.domain).desc()))
    return found + [_domain(row.domain, row.cause, row.at) for row in rows]


async def listing(conn: AsyncConnection) -> Listed:
    """How many addresses are barred, and which domains."""
    counts: dict[Barred, int] = {}
    grouped = select(_A.c.cause, func.count().label("number")).group_by(_A.c.cause)
    for row in await conn.execute(grouped.order_by(_A.c.cause)):
        counts[_cause(row.cause)] = counts.get(_cause(row.cause), 0) + row.number
    rows = await conn.execute(select(_D).order_by(_D.c.domain))
    return Listed(
        addresses=counts,
        domains=tuple(_domain(row.domain, row.cause, row.at) for row in rows),
    )


async def words_of(
    conn: AsyncConnection, subscriber_id: int, editions: Collection[str]
) -> dict[str, str]:
    """What the relay said of a person's deliveries, by edition; only where it said anything."""
    query = select(_J.c.edition_id, _J.c.text).where(
        _J.c.edition_id.in_(sorted(editions)), _J.c.subscriber_id == subscriber_id
    )
    return {row.edition_id: row.text for row in await conn.execute(query) if row.text}


def _domain(domain: str, cause: str, since: datetime) -> Bar:
    # As `people.barred` has it: a domain is the newsroom's to bar, whatever the row says.
    told = _cause(cause)
    return Bar(
        domain=domain, cause=Barred.ADMIN if told in LIFTED_BY_CONSENT else told, since=since
    )


def _cause(text: str) -> Barred:
    # Rows of the first versions say "operator".
    return Barred(text) if text in set(Barred) else Barred.ADMIN
