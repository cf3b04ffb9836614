"""Pictures of editions' stories: which file of ours shows each, or why none does.

Rows only: what is fetched, and when, is the verb's; the files are beside the pages.  A picture
is known by its publisher's address, and stands once for each edition that shows it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import delete, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from digest.model import KeptPicture
from digest.store import schema
from digest.store.database import Database

_T = schema.picture
#: Keys of one statement: databases limit what they take at once.
_AT_ONCE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What came of one picture: a file, or a fault in words."""

    source_url: str
    kept: KeptPicture | None = None
    #: A sentence without its subject; "" of one that is kept.
    fault: str = ""
    #: When it was fetched, or was not to be had.
    at: datetime


async def of_edition(conn: AsyncConnection, edition_id: str) -> dict[str, Noted]:
    """All that is noted for an edition, by the publishers' addresses."""
    query = select(_T).where(_T.c.edition_id == edition_id).order_by(_T.c.key)
    return {row.source_url: _noted(row) for row in await conn.execute(query)}


async def kept(conn: AsyncConnection, edition_id: str) -> dict[str, KeptPicture]:
    """The pictures of an edition that there are, by their publishers' addresses."""
    found = await of_edition(conn, edition_id)
    return {url: noted.kept for url, noted in found.items() if noted.kept is not None}


async def faults(conn: AsyncConnection, edition_id: str) -> dict[str, str]:
    """Why pictures of an edition are not there, by their publishers' addresses."""
    found = await of_edition(conn, edition_id)
    return {url: noted.fault for url, noted in found.items() if noted.fault}


async def known(
    conn: AsyncConnection, urls: Collection[str], *, since: datetime
) -> dict[str, Noted]:
    """Of *urls*, those that any edition has had since an instant: the newest file of each."""
    wanted = sorted({_key(url) for url in urls})
    found: dict[str, Noted] = {}
    for place in range(0, len(wanted), _AT_ONCE):
        some = wanted[place : place + _AT_ONCE]
        query = (
            select(_T)
            .where(_T.c.key.in_(some), _T.c.file != "", _T.c.at >= since)
            .order_by(_T.c.at, _T.c.edition_id)
        )
        # The newest comes last, and stays.
        found.update({row.source_url: _noted(row) for row in await conn.execute(query)})
    return {url: noted for url, noted in found.items() if url in set(urls)}


async def note(db: Database, conn: AsyncConnection, edition_id: str, rows: Iterable[Noted]) -> None:
    """Keep what came of pictures; what was noted of the same ones before goes."""
    for noted in rows:
        picture = noted.kept
        values = {
            "source_url": noted.source_url,
            "file": picture.file if picture else "",
            "media_type": picture.media_type if picture else "",
            "width": picture.width if picture else 0,
            "height": picture.height if picture else 0,
            "size": picture.size if picture else 0,
            # PostgreSQL takes no NUL, and what servers answer may be quoted here.
            "fault": noted.fault.replace("\0", ""),
            "at": noted.at,
        }
        await conn.execute(
            db.insert(_T)
            .values(edition_id=edition_id, key=_key(noted.source_url), **values)
            .on_conflict_do_update(index_elements=[_T.c.edition_id, _T.c.key], set_=values)
        )


async def keep_only(conn: AsyncConnection, edition_id: str, urls: Collection[str]) -> int:
    """Forget the pictures that an edition shows no more; return how many those were."""
    shown = {_key(url) for url in urls}
    of_it = select(_T.c.key).where(_T.c.edition_id == edition_id)
    gone = sorted({row.key for row in await conn.execute(of_it)} - shown)
    for place in range(0, len(gone), _AT_ONCE):
        some = gone[place : place + _AT_ONCE]
        await conn.execute(delete(_T).where(_T.c.edition_id == edition_id, _T.c.key.in_(some)))
    return len(gone)


async def files(conn: AsyncConnection) -> frozenset[str]:
    """The names of all files that any edition shows."""
    query = select(_T.c.file).where(_T.c.file != "").distinct()
    return frozenset(row.file for row in await conn.execute(query))


def _key(url: str) -> str:
    return blake2b(url.encode(), digest_size=16).hexdigest()


def _noted(row: Row[*tuple[object, ...]]) -> Noted:
    values = row._asdict()
    picture = None
    if values["file"]:
        fields = ("source_url", "file", "media_type", "width", "height", "size")
        picture = KeptPicture(**{name: values[name] for name in fields})
    return Noted(
        source_url=values["source_url"], kept=picture, fault=values["fault"], at=values["at"]
    )


async def by_edition(conn: AsyncConnection, newsletter: str) -> dict[str, list[str]]:
    """Of every edition of *newsletter* that has any, the files of its pictures, in order."""
    prefix = f"{newsletter}@"
    rows = await conn.execute(
        select(_T.c.edition_id, _T.c.file)
        .where(_T.c.edition_id.startswith(prefix, autoescape=True), _T.c.file != "")
        .order_by(_T.c.edition_id, _T.c.key)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.edition_id, []).append(row.file)
    return found
