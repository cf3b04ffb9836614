"""Names in `[[newsletters]]` segment that nothing has: such a filter matches nobody, or everybody.

What a filter is, and whether it is one, is `segments`' to say.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from digest import segments
from digest.settings.naming import Fault

#: What the slug of a title begins with that has no Latin letter: the rest is not to be guessed.
_NAMELESS = "section-"


def unmatched(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Of every newsletter's segment what it names that is not there; *document* as TOML held it."""
    newsletters = document.get("newsletters")
    rows = newsletters if isinstance(newsletters, list) else []
    tables = [(at, row) for at, row in enumerate(rows) if isinstance(row, dict)]
    slugs = {slug for _, row in tables if isinstance(slug := row.get("slug"), str)}
    sections = {slug for _, row in tables for slug in _sections(row)}
    for at, row in tables:
        text = row.get("segment")
        if not isinstance(text, str):
            continue
        # One that cannot be parsed has its fault already.
        with suppress(ValueError):
            wanted = segments.parse(text)
            named = sections | {one for one in _named(wanted) if one.startswith(_NAMELESS)}
            try:
                segments.check(wanted, sections=named, newsletters=slugs)
            except ValueError as error:
                yield Fault(("newsletters", at, "segment"), f"cannot match: {error}")


def _sections(newsletter: Mapping[str, Any]) -> Iterator[str]:
    rows = newsletter.get("sections")
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            slug, title = row.get("slug"), row.get("title")
            if isinstance(slug, str):
                yield slug
            elif isinstance(title, str):
                # As `editorial.section_slug` makes it.
                letters = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
                yield re.sub(r"[^a-z0-9]+", "-", letters.lower())[:63].strip("-")
            was = row.get("was")
            yield from (old for old in was if isinstance(old, str)) if isinstance(was, list) else ()


def _named(wanted: segments.Filter) -> Iterator[str]:
    """The sections that a filter names."""
    match wanted:
        case segments.And(parts=parts) | segments.Or(parts=parts):
            for part in parts:
                yield from _named(part)
        case segments.Not(part=part):
            yield from _named(part)
        case segments.Comparison(field="section", values=values):
            yield from map(str, values)
