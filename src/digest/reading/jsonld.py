"""JSON-LD of web pages: every object that stands in it, and what publishers write as its values.

schema.org takes a text, an object or a list of either for nearly everything; each reader here
takes them all.  Pure.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from selectolax.lexbor import LexborNode

from digest.reading.markup import plain

#: Objects looked at; real pages have a dozen.
_MOST_OBJECTS: Final = 5_000
_COMMENTED = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*.{0,40}?\*/)|-->\s*$")


def objects(root: LexborNode) -> Iterator[dict[str, Any]]:
    """Every JSON-LD object that stands on its own or in a list, a graph or as a main entity."""
    waiting: list[Any] = []
    for script in root.css('script[type="application/ld+json"]'):
        text = script.text(deep=True)
        try:
            waiting.append(json.loads(_COMMENTED.sub("", text).strip().rstrip(";"), strict=False))
        except (ValueError, RecursionError):
            # Broken JSON-LD is common; the page has other ways to say the same.
            continue
    seen = 0
    while waiting and seen < _MOST_OBJECTS:
        thing = waiting.pop(0)
        seen += 1
        if isinstance(thing, list):
            waiting.extend(thing[:_MOST_OBJECTS])
        elif isinstance(thing, dict):
            yield thing
            waiting.extend(thing[k] for k in ("@graph", "mainEntity", "hasPart") if k in thing)


def types(thing: Mapping[str, Any]) -> set[str]:
    """What *thing* is, in lower case and without schema.org's address."""
    told = thing.get("@type")
    names = told if isinstance(told, list) else [told]
    return {name.rpartition("/")[2].lower() for name in names if isinstance(name, str)}


def address(value: Any) -> str | None:
    """An address, or a thing's id, as written."""
    if isinstance(value, dict):
        value = value.get("@id") or value.get("url")
    return value if isinstance(value, str) else None


def text_of(value: Any) -> str:
    """The first text, plain and on one line."""
    if isinstance(value, list):
        value = next((one for one in value if one), "")
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name")
    return plain(value) if isinstance(value, str) else ""


def raw(value: Any) -> str:
    """A text as written, which may be HTML."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> tuple[str, ...]:
    """All texts of a list, or of a text with commas."""
    if isinstance(value, str):
        value = value.split(",") if "," in value else [value]
    if not isinstance(value, list):
        return ()
    return tuple(text for text in map(text_of, value[:50]) if text)


def people(value: Any) -> tuple[str, ...]:
    """Names of people and organisations."""
    told = value if isinstance(value, list) else [value]
    found: list[str] = []
    for person in told[:50]:
        name = person.get("name") if isinstance(person, dict) else person
        for one in name if isinstance(name, list) else [name]:
            text = plain(one) if isinstance(one, str) else ""
            if text and not text.startswith(("http:", "https:")):
                found.append(text)
    return tuple(found)
