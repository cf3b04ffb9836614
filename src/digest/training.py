"""The verb that learns sections from the newsroom's own archive.

What is learned is kept as data beside the database and used from the next composing on.
"""

import asyncio
import csv
import io
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from digest import editorial
from digest.app import App
from digest.errors import Conflict, ParseError
from digest.model import About, Block, Decider, Edit, Edition, EditKind, Item, Kind
from digest.settings import Newsletter
from digest.store import editions, edits, items

if TYPE_CHECKING:
    from digest.editorial.learning import Trained

#: Items of the database that are looked at, newest first.
_MOST_ITEMS = 20_000
#: Editions that are asked for what editors moved.
_MOST_EDITIONS = 1_000
#: Characters of one field of a CSV file: an article that was pasted whole.
_LONGEST_FIELD = 10_000_000
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What `train_sections` learned, and where that is kept."""

    newsletter: str
    trained: "Trained"
    #: None: nothing was written.
    path: Path | None
    #: Sections that archives name and the newsletter does not have, with how many rows.
    unknown: Mapping[str, int] = field(default_factory=dict)


async def train_sections(
    app: App, newsletter: Newsletter, archives: Sequence[Path] = (), *, keep: bool = True
) -> Training:
    """Learn the sections of *newsletter* from what is known to be right.

    That is what its sources' categories and addresses say, where editors moved stories to, and
    the archives given.  What keywords or an earlier training decided teaches nothing.

    Args:
        archives: files of CSV with the columns title, text and section, or of one JSON object a
            line with those keys; the section by its title or slug.
        keep: write what was learned; it is used from the next edition on.

    Raises:
        ParseError: an archive cannot be read, with the line.
        Conflict: there are too few examples.
    """
    slugs: dict[str, str] = {}
    for rule in newsletter.sections:
        slug = editorial.section_slug(rule)
        slugs |= {slug.casefold(): slug, rule.title.casefold(): slug}
    unknown: Counter[str] = Counter()
    given = [
        told
        for path in archives
        for told in await asyncio.to_thread(_archive, path, slugs, unknown)
    ]
    known = {item.id: (item, section) for item, section in given}
    known |= await _collected(app, newsletter)
    moves = await moved_by_editors(app, newsletter)
    known |= {id: one for id, one in moves.items() if one[1] in slugs.values()}
    try:
        trained = await asyncio.to_thread(editorial.train_sections, list(known.values()))
    except ValueError as error:
        strange = f"; the archive's {_listed(unknown)} are no sections here" if unknown else ""
        raise Conflict(
            f"too little to learn from: {error}{strange}; give an archive with --archive FILE"
        ) from error
    path = app.section_model(newsletter.slug)
    if keep:
        await asyncio.to_thread(_write, path, trained.model.to_json())
    return Training(
        newsletter=newsletter.slug, trained=trained, path=path if keep else None, unknown=unknown
    )


async def _collected(app: App, newsletter: Newsletter) -> dict[str, tuple[Item, str]]:
    """Collected items whose source, category or address says where they belong."""
    async with app.db.read() as conn:
        found = await items.latest(conn, limit=_MOST_ITEMS)
    return await asyncio.to_thread(editorial.sections_by_origin, found, newsletter)


async def moved_by_editors(app: App, newsletter: Newsletter) -> dict[str, tuple[Item, str]]:
    """Stories that editors moved, in editions that went out."""
    moved: dict[str, tuple[Item, str]] = {}
    async with app.db.read() as conn:
        records = await editions.listing(
            conn, newsletter=newsletter.slug, states=editions.PUBLIC, limit=_MOST_EDITIONS
        )
        for record in records:
            done = await edits.of_edition(conn, record.id)
            moves = [edit for edit in done if edit.kind is EditKind.MOVE]
            if moves:
                moved |= _moved_in(await editions.content(conn, record.id), moves)
    return moved


def _moved_in(edition: Edition, moves: Sequence[Edit]) -> dict[str, tuple[Item, str]]:
    """What stands where an editor wanted it: not what was to go where there is no section."""
    wanted = {(id, move.text) for move in moves for id in (move.target, *move.items)}
    return {
        item.id: (item, section.slug)
        for section in edition.sections
        for story in section.stories
        if any(why.about is About.SECTION and why.by is Decider.EDITOR for why in story.why)
        if any((one.id, section.slug) in wanted for one in (*story.items, *story.copies))
        for item in story.items
        if item.kind is Kind.ARTICLE
    }


# ---------------------------------------------------------------------- archives


def _archive(path: Path, slugs: Mapping[str, str], unknown: Counter[str]) -> list[tuple[Item, str]]:
    if not path.is_file():
        raise ParseError("", f"there is no file {path}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ParseError("", f"{path} cannot be read as UTF-8: {error}") from error
    rows = _json_rows(path, text) if text.lstrip().startswith("{") else _csv_rows(path, text)
    found: list[tuple[Item, str]] = []
    for line, row in rows:
        section = slugs.get(str(row.get("section") or "").strip().casefold())
        title, body = str(row.get("title") or ""), str(row.get("text") or "")
        if section is None:
            unknown[str(row.get("section") or "").strip()[:60]] += 1
            continue
        if not (title.strip() or body.strip()):
            continue
        found.append((_item(f"{path.name}:{line}", title, body), section))
    return found


def _item(id: str, title: str, text: str) -> Item:
    paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
    return Item(
        id=id,
        source_id="archive",
        kind=Kind.ARTICLE,
        title=" ".join(title.split()),
        published_at=_NEVER,
        seen_at=_NEVER,
        blocks=tuple(Block(text=part) for part in paragraphs if part),
    )


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, object]]]:
    # Other line breaks than this one may stand in a text as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ParseError("", f"{path} line {number} is not JSON: {error}") from error
        except RecursionError as error:
            raise ParseError("", f"{path} line {number} is nested too deeply") from error
        if not isinstance(row, dict):
            raise ParseError("", f"{path} line {number} is not an object with title and section")
        yield number, row


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, object]]]:
    # There is one limit for all of Python, and its own is less than a long article.
    csv.field_size_limit(max(_LONGEST_FIELD, csv.field_size_limit()))
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        names = {name.strip().casefold(): name for name in reader.fieldnames or () if name}
        missing = {"section", "title"} - names.keys()
        if missing:
            raise ParseError(
                "", f"{path} has no column {' nor '.join(sorted(missing))}; it has {_listed(names)}"
            )
        for row in reader:
            yield (
                reader.line_num,
                {name: row.get(given) for name, given in names.items()},
            )
    except csv.Error as error:
        # The dictionaries' own number is that of the last row that could be read.
        raise ParseError("", f"{path} line {reader.reader.line_num}: {error}") from error


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _write(path: Path, text: str) -> None:
    """Replace *path* whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
