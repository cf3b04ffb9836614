"""What public editions show, line by line: for the lists of a section, and for searching.

Kept when an edition is printed, dropped when it is cancelled.  Words are folded before they
come to a database (`digest.model.asked`), so SQLite's FTS5 and PostgreSQL's GIN index hold the
same words and find the same lines, in the same order.  How a line looks, and which of its words
are marked, is not known here.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    case,
    cast,
    column,
    delete,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    table,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model.asked import Asked, Term, folded
from digest.model.printed import Printed
from digest.store import schema
from digest.store.database import Database

_T = schema.printed
#: The full-text index of SQLite; its hidden column has its name.
_INDEX = table("printed_words", column("rowid"), column("printed_words"))
_SHOWN: Final = [_T.c[name] for name in Printed.__dataclass_fields__]
#: Editions that one statement names: databases limit what they take at once.
_AT_ONCE: Final = 400
#: Word for word as in revision 0005, or the index is not used.
_VECTOR: Final[ColumnElement[Any]] = literal_column(
    "array_to_tsvector(string_to_array(btrim(headline_words || ' ' || text_words), ' '))"
)
_HEADLINE: Final[ColumnElement[Any]] = literal_column(
    "array_to_tsvector(string_to_array(headline_words, ' '))"
)


# --------------------------------------------------------------------- keeping


async def keep(db: Database, conn: AsyncConnection, lines: Sequence[Printed]) -> None:
    """Keep *lines* in place of what is kept of their editions.

    An edition that shows nothing any more has no line to name it: `drop` it.
    """
    editions = sorted({line.edition_id for line in lines})
    for at in range(0, len(editions), _AT_ONCE):
        some = editions[at : at + _AT_ONCE]
        await conn.execute(delete(_T).where(_T.c.edition_id.in_(some)))
    if lines:
        statement = db.insert(_T).on_conflict_do_nothing()
        await conn.execute(statement, [_row(line) for line in lines])


def _row(line: Printed) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(line, name) for name in Printed.__dataclass_fields__}
    row["brief"] = int(line.brief)
    for name in ("headline", "text", "source"):
        row[name] = _storable(row[name])
    return row | {"headline_words": folded(line.headline), "text_words": folded(line.text)}


def _storable(told: str) -> str:
    """*told* less what no database takes: NUL, and halves of characters."""
    return told.replace("\0", "").encode(errors="replace").decode()


def _line(row: Row[Any]) -> Printed:
    values = row._asdict()
    return Printed(**(values | {"brief": bool(values["brief"])}))


async def drop(conn: AsyncConnection, edition_id: str) -> None:
    """Forget the lines of an edition that is public no more."""
    await conn.execute(delete(_T).where(_T.c.edition_id == edition_id))


# --------------------------------------------------------------------- listing


async def of_section(
    conn: AsyncConnection, newsletter: str, section: str, *, limit: int, offset: int = 0
) -> tuple[int, list[Printed]]:
    """How many stories a section has printed, and a page of them, newest edition first."""
    here = (_T.c.newsletter == newsletter) & (_T.c.section == section)
    return await _page(conn, here, [], limit=limit, offset=offset)


async def headlines(
    conn: AsyncConnection, newsletter: str, *, most: int = 3
) -> dict[str, tuple[str, ...]]:
    """Of each edition that has any, the headlines of its first stories."""
    place = func.row_number().over(partition_by=_T.c.edition_id, order_by=_T.c.position)
    stories = (
        select(_T.c.edition_id, _T.c.headline, place.label("place"))
        .where(_T.c.newsletter == newsletter, _T.c.brief == 0)
        .subquery()
    )
    rows = await conn.execute(
        select(stories.c.edition_id, stories.c.headline)
        .where(stories.c.place <= most)
        .order_by(stories.c.edition_id, stories.c.place)
    )
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        found[row.edition_id] = (*found.get(row.edition_id, ()), row.headline)
    return found


async def sections(conn: AsyncConnection, newsletter: str) -> set[str]:
    """Sections of which something was ever printed, also those that are no more."""
    rows = await conn.scalars(
        select(_T.c.section).where(_T.c.newsletter == newsletter, _T.c.section != "").distinct()
    )
    return set(rows)


async def stories_of(conn: AsyncConnection, newsletter: str) -> dict[str, list[str]]:
    """Of each edition that has any, the ids of its stories, in their order."""
    rows = await conn.execute(
        select(_T.c.edition_id, _T.c.id)
        .where(_T.c.newsletter == newsletter, _T.c.brief == 0)
        .order_by(_T.c.edition_id, _T.c.position)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.edition_id, []).append(row.id)
    return found


async def _page(
    conn: AsyncConnection,
    here: ColumnElement[bool],
    first: Sequence[ColumnElement[Any]],
    *,
    limit: int,
    offset: int,
) -> tuple[int, list[Printed]]:
    total = await conn.scalar(select(func.count()).select_from(_T).where(here)) or 0
    if offset >= total:
        return total, []
    order = (*first, _T.c.slot_at.desc(), _T.c.edition_id, _T.c.position, _T.c.id)
    rows = await conn.execute(
        select(*_SHOWN).where(here).order_by(*order).limit(limit).offset(offset)
    )
    return total, [_line(row) for row in rows]


# ------------------------------------------------------------------- searching


async def search(
    db: Database,
    conn: AsyncConnection,
    asked: Asked,
    *,
    newsletter: str | None = None,
    limit: int,
    offset: int = 0,
) -> tuple[int, list[Printed]]:
    """How many lines have what was *asked* for, and a page of them.

    First those that have all of it in their headline, then the others; of each the newest
    first.  Nothing is found for a question that only says what must not be there.
    """
    if not asked.terms:
        return 0, []
    has, in_headline = (_fts5 if db.is_sqlite else _gin)(asked)
    if newsletter is not None:
        has = and_(has, _T.c.newsletter == newsletter)
    best = case((in_headline, 0), else_=1)
    return await _page(conn, has, [best], limit=limit, offset=offset)


def _fts5(asked: Asked) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Whether a line has what was asked for, and whether it has it in its headline."""

    def matching(question: str) -> ColumnElement[bool]:
        rows = select(_INDEX.c.rowid).where(_INDEX.c.printed_words.op("MATCH")(question))
        return _T.c.number.in_(rows)

    def told(term: Term) -> str:
        # Folded words are letters and digits: between quotes there is no quote.
        ways = (f'"{" ".join(one.words)}"{" *" * one.open}' for one in term.either)
        return f"({' OR '.join(ways)})"

    def all_of(terms: Sequence[Term], joint: str) -> str:
        return f"({joint.join(map(told, terms))})"

    wanted = all_of(asked.terms, " AND ")
    unwanted = f" NOT {all_of(asked.without, ' OR ')}" if asked.without else ""
    return matching(wanted + unwanted), matching(f"headline_words : {wanted}")


def _gin(asked: Asked) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """As `_fts5`; the index finds lines that have the words, and of those phrases are looked up."""
    whole = and_(
        _VECTOR.op("@@")(_all_words(asked.terms)),
        *(_follow(term) for term in asked.terms if len(term.words) > 1),
        *(
            not_(and_(_VECTOR.op("@@")(_all_words([term])), _follow(term)))
            for term in asked.without
        ),
    )
    headline = and_(
        _HEADLINE.op("@@")(_all_words(asked.terms)),
        *(_row_of_words(_T.c.headline_words, term) for term in asked.terms if len(term.words) > 1),
    )
    return whole, headline


def _all_words(terms: Sequence[Term]) -> ColumnElement[Any]:
    """A tsquery for every word of *terms*: made, not parsed, so that no dictionary changes it."""
    from sqlalchemy.dialects.postgresql import TSQUERY

    def told(term: Term) -> str:
        return " & ".join(f"'{word}'" for word in term.words) + ":*" * term.open

    # "&" binds more closely than "|".
    ways = (" | ".join(map(told, term.either)) for term in terms)
    return cast(" & ".join(f"({way})" for way in ways), TSQUERY)


def _follow(term: Term) -> ColumnElement[bool]:
    """Whether the words of *term* follow one another, in the headline or in the text."""
    return or_(*(_row_of_words(words, term) for words in (_T.c.headline_words, _T.c.text_words)))


def _row_of_words(words: ColumnElement[str], term: Term) -> ColumnElement[bool]:
    within = literal(" ").concat(words).concat(" ")
    # No word has a character that LIKE knows.
    return or_(
        *(within.like(f"% {' '.join(one.words)}{'%' if one.open else ' %'}") for one in term.either)
    )
