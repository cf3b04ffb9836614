"""What editors did to a draft, in order: composing does it again each time.

An edit that was taken back keeps its row, and its number is given to nothing else: whoever says
"undo 3" means the edit they saw under 3, whatever others did meanwhile.
"""

from dataclasses import replace

from pydantic import TypeAdapter
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.errors import NotFound
from digest.model import Edit
from digest.store import editions, schema

_EDIT = TypeAdapter(Edit)
_T = schema.edit
#: Stands in the place of the kind of what was taken back.
_UNDONE = "undone"


async def add(conn: AsyncConnection, edition_id: str, edit: Edit) -> Edit:
    """Keep *edit* under the next number of its edition, and return it with that number.

    Raises:
        NotFound: there is no such edition.
    """
    # PostgreSQL: two editors at once get two numbers, one after the other.
    await editions.get(conn, edition_id, lock=True)
    numbered = replace(edit, number=await next_number(conn, edition_id))
    await conn.execute(
        insert(_T).values(
            edition_id=edition_id,
            number=numbered.number,
            kind=numbered.kind.value,
            target=numbered.target,
            content=_EDIT.dump_json(numbered).decode(),
            at=numbered.at,
        )
    )
    return numbered


async def next_number(conn: AsyncConnection, edition_id: str) -> int:
    """What `add` would give; from 1, and never one that was given before."""
    highest = await conn.scalar(select(func.max(_T.c.number)).where(_T.c.edition_id == edition_id))
    return (highest or 0) + 1


async def of_edition(conn: AsyncConnection, edition_id: str) -> list[Edit]:
    """The edits that stand, by number."""
    query = (
        select(_T.c.content)
        .where(_T.c.edition_id == edition_id, _T.c.kind != _UNDONE)
        .order_by(_T.c.number)
    )
    return [_EDIT.validate_json(row.content) for row in await conn.execute(query)]


async def remove(conn: AsyncConnection, edition_id: str, number: int) -> None:
    """Take one edit back.

    Raises:
        NotFound: no edit of that number stands.
    """
    here = (_T.c.edition_id == edition_id) & (_T.c.number == number) & (_T.c.kind != _UNDONE)
    result = await conn.execute(update(_T).where(here).values(kind=_UNDONE))
    if not result.rowcount:
        raise NotFound(f"edition {edition_id} has no edit {number}; `digest edit show` lists them")
