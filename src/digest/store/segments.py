"""Who matches a filter: `segments` compiled to conditions on rows, never to text.

The conditions are over `subscriber` and `subscription`, joined; every value is a parameter.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from operator import ge, lt
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    cast,
    delete,
    func,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.addresses import folded
from digest.segments import And, Comparison, Filter, Not, Or, Value
from digest.store import schema
from digest.store.database import Database

_S, _N = schema.subscriber, schema.subscription
_Condition = ColumnElement[bool]
#: Fields for which the row of the subscription is enough.
_OF_SUBSCRIPTION = frozenset(
    {"tag", "section", "frequency", "state", "newsletter", "hour", "briefs", "since", "consent"}
)


def matches(wanted: Filter) -> _Condition:
    """The condition that *wanted* says."""
    match wanted:
        case And(parts=parts):
            return and_(*map(matches, parts))
        case Or(parts=parts):
            return or_(*map(matches, parts))
        case Not(part=part):
            return not_(matches(part))
        case Comparison(field=field, operator=operator, values=values):
            if operator == "!=":
                return not_(_FIELDS[field]("=", values[0]))
            if operator == "not in":
                return not_(or_(*(_FIELDS[field]("=", value) for value in values)))
            if operator == "in":
                return or_(*(_FIELDS[field]("=", value) for value in values))
            return _FIELDS[field](operator, values[0])


class Match(NamedTuple):
    """One who matches, by one subscription."""

    subscriber_id: int
    newsletter: str


def _found(wanted: Filter | None, newsletter: str, state: str) -> _Condition:
    parts = [] if wanted is None else [matches(wanted)]
    if newsletter:
        parts.append(_N.c.newsletter == newsletter)
    if state:
        parts.append(_N.c.state == state)
    return and_(true(), *parts)


async def count(
    db: Database, wanted: Filter | None, *, newsletter: str = "", state: str = ""
) -> int:
    """How many people match, each once; of one newsletter or state, or of all.

    Numbers of people are cut in two, and both halves counted at once: SQLite does one question
    on one core.
    """
    async with db.read() as conn:
        last = await conn.scalar(select(func.max(_S.c.id))) or 0
    middle = last // 2
    condition = _found(wanted, newsletter, state)

    async def half(part: _Condition) -> int:
        # Each person has one subscription to one newsletter: nothing to be told apart.
        number = func.count() if newsletter else func.count(_N.c.subscriber_id.distinct())
        query = select(number).select_from(_N).where(condition, part)
        if _asks_people(wanted):
            query = query.join(_S, _S.c.id == _N.c.subscriber_id)
        async with db.read() as conn:
            return await conn.scalar(query) or 0

    column = _N.c.subscriber_id
    return sum(await asyncio.gather(half(column <= middle), half(column > middle)))


def _asks_people(wanted: Filter | None) -> bool:
    """Whether a filter asks for what stands with the person, not with the subscription."""
    match wanted:
        case None:
            return False
        case And(parts=parts) | Or(parts=parts):
            return any(map(_asks_people, parts))
        case Not(part=part):
            return _asks_people(part)
        case Comparison(field=field):
            return field not in _OF_SUBSCRIPTION


async def matching(
    conn: AsyncConnection,
    wanted: Filter | None,
    *,
    newsletter: str = "",
    state: str = "",
    after: Match | None = None,
    limit: int = 1000,
) -> list[Match]:
    """Who matches, by id and newsletter, beyond *after*: a keyset page."""
    after = after or Match(0, "")
    beyond = or_(
        _S.c.id > after.subscriber_id,
        and_(_S.c.id == after.subscriber_id, _N.c.newsletter > after.newsletter),
    )
    query = (
        select(_S.c.id, _N.c.newsletter)
        .join(_N, _N.c.subscriber_id == _S.c.id)
        .where(_found(wanted, newsletter, state), beyond, _S.c.id >= after.subscriber_id)
        .order_by(_S.c.id, _N.c.newsletter)
        .limit(limit)
    )
    return [Match(row.id, row.newsletter) for row in await conn.execute(query)]


async def keep(db: Database, conn: AsyncConnection, name: str, text: str, *, now: datetime) -> None:
    """Give a filter a name; another one of that name is replaced."""
    statement = db.insert(schema.segment).values(name=name, filter=text, at=now)
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=[schema.segment.c.name],
            set_={"filter": statement.excluded.filter, "at": statement.excluded.at},
        )
    )


async def named(conn: AsyncConnection) -> dict[str, str]:
    """Filters that have names."""
    rows = await conn.execute(select(schema.segment).order_by(schema.segment.c.name))
    return {row.name: row.filter for row in rows}


async def drop(conn: AsyncConnection, name: str) -> bool:
    """Forget a name; False if there is no such."""
    gone = await conn.execute(delete(schema.segment).where(schema.segment.c.name == name))
    return bool(gone.rowcount)


def _is(column: ColumnElement[Any]) -> Callable[[str, Value], _Condition]:
    return lambda _, value: func.coalesce(column, "") == value


def _language(_: str, value: Value) -> _Condition:
    """ "en" is en-GB too; "en-GB" is itself alone."""
    tag = str(value)
    base, dash, region = tag.partition("-")
    # Spellings that are met, not lower() of a million rows, which takes as long as all the rest.
    met = {tag, tag.lower(), tag.upper(), f"{base.lower()}{dash}{region.upper()}"}
    column = _S.c.language
    return or_(column.in_(sorted(met)), column.startswith(f"{tag.lower()}-", autoescape=True))


def _domain(_: str, value: Value) -> _Condition:
    """The domain itself, and all below it."""
    name = folded(str(value)).removeprefix("@")
    return or_(
        _S.c.folded.endswith(f"@{name}", autoescape=True),
        _S.c.folded.endswith(f".{name}", autoescape=True),
    )


def _tag(_: str, value: Value) -> _Condition:
    tagged = select(schema.tag.c.subscriber_id).where(schema.tag.c.tag == str(value))
    return _N.c.subscriber_id.in_(tagged)


def _section(_: str, value: Value) -> _Condition:
    """Whoever gets it: who chose it, and who chose none, which means all."""
    chosen = cast(_N.c.sections, Text)
    quoted = '"' + str(value).replace('"', "") + '"'
    return or_(chosen == "[]", chosen.contains(quoted, autoescape=True))


def _number(column: ColumnElement[Any]) -> Callable[[str, Value], _Condition]:
    def compared(operator: str, value: Value) -> _Condition:
        # Without an hour there is nothing to compare: it matches no number.
        known = column.is_not(None)
        return and_(known, column.op(operator, is_comparison=True)(value))

    return compared


def _day(column: ColumnElement[Any]) -> Callable[[str, Value], _Condition]:
    """Days are UTC's; "> a day" begins when that day is over."""

    def compared(operator: str, value: Value) -> _Condition:
        if not isinstance(value, date):
            raise TypeError("a day is compared with a day")
        begin = datetime.combine(value, time(), tzinfo=UTC)
        end = begin + timedelta(days=1)
        known = column.is_not(None)
        if operator == "=":
            return and_(known, column >= begin, column < end)
        bound = {"<": (lt, begin), "<=": (lt, end), ">": (ge, end), ">=": (ge, begin)}[operator]
        return and_(known, bound[0](column, bound[1]))

    return compared


_consent_at = (
    select(schema.consent.c.at).where(schema.consent.c.id == _N.c.consent_id).scalar_subquery()
)

_FIELDS: Mapping[str, Callable[[str, Value], _Condition]] = MappingProxyType(
    {
        "language": _language,
        "timezone": _is(_S.c.timezone),
        "form": _is(_S.c.form),
        "name": _is(_S.c.name),
        "email": lambda _, value: _S.c.folded == folded(str(value)),
        "domain": _domain,
        "tag": _tag,
        "section": _section,
        "frequency": _is(_N.c.frequency),
        "state": _is(_N.c.state),
        "newsletter": _is(_N.c.newsletter),
        "hour": _number(_N.c.hour),
        "briefs": lambda _, value: _N.c.briefs == int(bool(value)),
        "joined": _day(_S.c.created_at),
        "since": _day(_N.c.since),
        "consent": _day(_consent_at),
    }
)
