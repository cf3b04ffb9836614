"""The entities that a document type declares, as far as they are harmless: short texts.

Not behind the door: parameter entities, and whatever stands in another file; nobody looks there.
Entities may name entities, but only a few deep, and nothing grows longer than a line.  Pure.
"""

import html
import re
from collections.abc import Mapping
from typing import Final

#: Declarations that are read; of more, all are dropped.
_MOST: Final = 1_000
#: Characters of one text, and of all that it names.
_LONGEST: Final = 300
_DEEPEST: Final = 3

_ENTITY = re.compile(
    r"<!--(?:.*?-->|.*)|<!ENTITY\s+([\w.-]{1,60})\s+(?:\"([^\"]*)\"|'([^']*)'|)", re.DOTALL
)
_NAMED = re.compile(r"&([\w.-]{1,60});")
#: XML's own stay as they are: what they stand for is no markup here.
_XML_OWN: Final = frozenset(("amp", "lt", "gt", "quot", "apos"))


def read_entities(subset: str) -> Mapping[str, str]:
    """What the internal *subset* declares, by name, ready to stand in XML.

    "" for what is external, too long, nested too deep, or names itself: it is dropped where it is
    used.  The first declaration of a name binds (XML 4.2).
    """
    told: dict[str, str | None] = {}
    for match in _ENTITY.finditer(subset):
        if match[1]:
            text = match[2] if match[2] is not None else match[3]
            told.setdefault(match[1], text if text is None or len(text) <= _LONGEST else None)
    if len(told) > _MOST:
        return dict.fromkeys(told, "")
    known: dict[tuple[str, int], str | None] = {}
    return {name: _expanded(name, told, known, _DEEPEST) or "" for name in told}


def _expanded(
    name: str,
    told: Mapping[str, str | None],
    known: dict[tuple[str, int], str | None],
    depth: int,
) -> str | None:
    """The text of *name* as XML; None if it is not harmless."""
    text = told[name]
    if text is None or depth < 0:
        return None
    if (name, depth) in known:
        return known[name, depth]
    pieces: list[str] = []
    end = length = 0
    for match in _NAMED.finditer(text):
        inner: str | None = match[0] if match[1] in _XML_OWN else _plain(match[0])
        if match[1] in told:
            inner = _expanded(match[1], told, known, depth - 1)
        length = length + len(inner) if inner is not None else _LONGEST + 1
        if inner is None or length > _LONGEST:
            known[name, depth] = None
            return None
        pieces += [_plain(text[end : match.start()]), inner]
        end = match.end()
    pieces.append(_plain(text[end:]))
    known[name, depth] = found = "".join(pieces)
    return found


def _plain(text: str) -> str:
    return html.escape(html.unescape(text), quote=False)
