"""JSON-LD of web pages: every object that stands in it, and what publishers write as its values.

Behind the door: the faults that hand-written JSON has, where what was meant is certain.
schema.org takes a text, an object or a list of either for nearly everything; each reader here
takes them all.  Pure.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from selectolax.lexbor import LexborNode

from digest.reading.markup import plain

#: Objects looked at; real pages have a dozen.
_MOST_OBJECTS: Final = 5_000
#: Objects written one after the other in one script.
_MOST_TEXTS: Final = 50
#: How scripts are hidden from browsers and parsers of old; taken off from the outside in.
_BEFORE: Final = ("<!--", "//", "/*", "<![CDATA[", "*/")
_AFTER: Final = ("-->", "//", "*/", "]]>", "/*", ";")
#: A text with its quotes, closed or not; a comma that nothing follows; a comment.
_FAULTY = re.compile(
    r'"(?P<text>(?:[^"\\]|\\.)*+)(?:"|\Z|(?=\\\Z))|,(?=\s{0,200}[}\]])|/\*.{0,200}?\*/',
    re.DOTALL,
)
_BAD_ESCAPE = re.compile(r"\\(?:u(?![0-9a-fA-F]{4})|(?![\"\\/bfnrtu]))", re.DOTALL)
_DECODER: Final = json.JSONDecoder(strict=False)


def objects(root: LexborNode) -> Iterator[dict[str, Any]]:
    """Every JSON-LD object that stands on its own or in a list, a graph or as a main entity."""
    waiting: list[Any] = []
    for script in root.css('script[type="application/ld+json"]'):
        waiting.extend(_read(script.text(deep=True)))
    seen = 0
    while waiting and seen < _MOST_OBJECTS:
        thing = waiting.pop(0)
        seen += 1
        if isinstance(thing, list):
            waiting.extend(thing[:_MOST_OBJECTS])
        elif isinstance(thing, dict):
            yield thing
            waiting.extend(thing[k] for k in ("@graph", "mainEntity", "hasPart") if k in thing)


def _read(text: str) -> list[Any]:
    """The values in *text*; nothing where it cannot be told what was meant."""
    text = _unwrapped(text)
    found = _values(text)
    if found is None and '"' not in text and "&quot;" in text:
        text = html.unescape(text)
        found = _values(text)
    if found is None:
        found = _values(_FAULTY.sub(_mended, text))
    # Broken JSON-LD is common; the page has other ways to say the same.
    return found or []


def _unwrapped(text: str) -> str:
    text = text.strip()
    for _ in range(4):
        for mark in _BEFORE:
            text = text.removeprefix(mark).lstrip()
        for mark in _AFTER:
            text = text.removesuffix(mark).rstrip()
    return text


def _values(text: str) -> list[Any] | None:
    """All values that stand in *text* one after the other; None if it is no JSON."""
    found: list[Any] = []
    place = 0
    while place < len(text) and len(found) < _MOST_TEXTS:
        try:
            value, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            return None
        found.append(value)
        while place < len(text) and text[place] in " \t\r\n,;":
            place += 1
    return found


def _mended(match: re.Match[str]) -> str:
    text = match["text"]
    if text is None:
        return ""
    return f'"{_BAD_ESCAPE.sub("", text)}"' if "\\" in text else match[0]


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
