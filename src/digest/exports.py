"""The verb of moving out: subscribers as CSV or JSON, page by page.

What is written, `enrol` reads again.  Addresses leave the house here: each export is noted in the
audit log.
"""

import asyncio
import csv
import io
import json
import os
import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, TextIO

from digest.app import App
from digest.errors import NotFound
from digest.model import SubscriptionState
from digest.segments import Filter
from digest.settings import Newsletter
from digest.store import audit, exports, segments
from digest.store.exports import Exported
from digest.telemetry import log

#: Subscriptions that are held at a time.
PAGE: Final = 1_000

#: A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV injection"; the last four
#: are the wide forms).  One that has an apostrophe before it gets another, so that none is lost
#: on the way back.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def guarded(cell: str) -> str:
    """A cell that no spreadsheet runs; `moving.unguarded` takes the apostrophe off again."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


async def export(
    app: App,
    out: TextIO | Path,
    *,
    format: Literal["csv", "json"] = "csv",
    newsletter: Newsletter | None = None,
    state: SubscriptionState | None = None,
    where: Filter | None = None,
    actor: str = "",
) -> int:
    """Write subscriptions, one a row, ordered by person; return how many.

    CSV has CRLF line ends and, where a cell could be a formula, an apostrophe before it.  JSON is
    one array of objects, one a line.  People without any subscription are not in it.

    Args:
        out: a file is replaced once all is written, and readable by its owner alone.
        newsletter: None for all of them.
        state: None for all of them, also those that have ended.
        where: only who matches.
        actor: who of the newsroom does it.

    Raises:
        NotFound: the file cannot be written.
    """
    if isinstance(out, Path):
        return await _export_to(app, out, format, newsletter, state, where, actor)
    slug = newsletter.slug if newsletter else ""
    written, last = 0, segments.Match(0, "")
    await asyncio.to_thread(out.write, _head(format))
    async with app.db.read() as conn:
        while True:
            wanted = await segments.matching(
                conn, where, newsletter=slug, state=state or "", after=last, limit=PAGE
            )
            if not wanted:
                break
            rows = await exports.page(conn, wanted)
            text = _as_csv(rows) if format == "csv" else _as_json(rows, first=not written)
            await asyncio.to_thread(out.write, text)
            written, last = written + len(rows), wanted[-1]
    if format == "json":
        await asyncio.to_thread(out.write, "\n]\n" if written else "]\n")
    async with app.db.write() as conn:
        detail = f"{written} subscriptions of {slug or 'all newsletters'} as {format}"
        await audit.note(conn, actor=actor, act="export", detail=detail, now=app.now())
    log.info("exported", newsletter=slug, rows=written)
    return written


async def _export_to(
    app: App,
    path: Path,
    format: Literal["csv", "json"],
    newsletter: Newsletter | None,
    state: SubscriptionState | None,
    where: Filter | None,
    actor: str,
) -> int:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                written = await export(
                    app,
                    file,
                    format=format,
                    newsletter=newsletter,
                    state=state,
                    where=where,
                    actor=actor,
                )
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise NotFound(f"{path} cannot be written: {error.strerror or error}") from error
    return written


# ------------------------------------------------------------------------ as text


def _head(format: Literal["csv", "json"]) -> str:
    return ",".join(Exported._fields) + "\r\n" if format == "csv" else "["


def _as_csv(rows: Iterable[Exported]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([guarded(_cell(value)) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat()
        case tuple():
            return ";".join(value)
        case _:
            return str(value)


def _as_json(rows: Iterable[Exported], *, first: bool) -> str:
    lines = [
        json.dumps(row._asdict(), ensure_ascii=False, default=lambda at: at.isoformat())
        for row in rows
    ]
    return "".join(
        f"\n{line}" if first and n == 0 else f",\n{line}" for n, line in enumerate(lines)
    )
