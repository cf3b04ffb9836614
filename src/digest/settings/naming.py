"""How places and values of config.toml are named, for sentences about what is wrong with it.

Pure.  Here are the words that all rules share, and ways to look into what TOML held, about whose
values nothing is sure.  Of what is wrong this file knows nothing: see `faults`, `outward`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from difflib import get_close_matches
from itertools import chain
from typing import NamedTuple, get_args

from pydantic.fields import FieldInfo

from digest.settings.parts import HIDDEN, Place, Secret, Table
from digest.settings.tables import Settings

#: A table as TOML gives it: nothing is sure about its values.
Row = Mapping[str, object]


class Fault(NamedTuple):
    """What is wrong at a place, as the rest of a sentence that begins with the place."""

    place: Place
    text: str


def nearest(word: str, known: Sequence[str]) -> str | None:
    folded = {name.casefold(): name for name in known}
    word = word.casefold()
    close = get_close_matches(word, folded, n=1, cutoff=0.6)
    # "thursday" for "thu", "from" for "from_address".
    begins = [name for name in folded if word and (name.startswith(word) or word.startswith(name))]
    return next((folded[name] for name in chain(close, begins)), None)


def literals(annotation: object) -> Iterator[object]:
    for part in get_args(annotation):
        yield part
        yield from literals(part)


def _inner(annotation: object) -> type[Table] | None:
    """The table that a field holds, be it one, optional or a list of them."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    return next(filter(None, map(_inner, get_args(annotation))), None)


def tables(table: type[Table], above: Place = ()) -> Iterator[tuple[Place, type[Table]]]:
    """Walk the tables of the model, each with its header."""
    yield above, table
    for name, info in table.model_fields.items():
        inner = _inner(info.annotation)
        if inner is not None:
            yield from tables(inner, (*above, name))


#: Every table by its header.
TABLES = dict(tables(Settings))
SECRETS = tuple(place for place, table in TABLES.items() if table is Secret)


def names(place: Iterable[str | int]) -> Place:
    return tuple(name for name in place if isinstance(name, str))


def table_at(place: Iterable[str | int]) -> type[Table] | None:
    return TABLES.get(names(place))


def field_at(place: Place) -> FieldInfo | None:
    *above, name = names(place)
    table = table_at(above)
    return table.model_fields.get(str(name)) if table else None


def header(place: Place) -> str:
    info, path = field_at(place), ".".join(map(str, names(place)))
    many = info is not None and isinstance(info.default, tuple)
    return f"[[{path}]]" if many else f"[{path}]"


def example(place: Place) -> str:
    info, name = field_at(place), names(place)[-1]
    if info is None:
        return f"{name} = …"
    return f"{name} = {shown(info.examples[0] if info.examples else info.default)}"


def shown(value: object) -> str:
    """Write *value* as TOML does, on one line, without what looks like a password."""
    match value:
        case None:
            return "not set"
        case Secret():
            return HIDDEN
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"{value:_}" if isinstance(value, int) and value > 99_999 else f"{value}"
        case time() | date():
            return value.isoformat()
        case dict():
            return f"{{ {', '.join(f'{key} = {shown(one)}' for key, one in value.items())} }}"
        case list() | tuple():
            return f"[{', '.join(map(shown, value))}]"
    # The user of a database is no secret, and its password is a fault.
    text = re.sub(r"(?<!postgresql)://[^/?#\s]*@", f"://{HIDDEN}@", str(value))
    return json.dumps(text, ensure_ascii=False)


def brief(value: object) -> str:
    # A table that stands in the wrong place may hold anything, a password too.
    text = "a table" if isinstance(value, dict) else shown(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def dotted(place: Place) -> str:
    """Write *place* as one word: ``newsletters[0].send_at``; strange keys stand in quotes."""
    parts = ""
    for name in place:
        if isinstance(name, int):
            parts += f"[{name}]"
        else:
            parts += f".{name if re.fullmatch(r'[A-Za-z0-9_-]+', name) else json.dumps(name)}"
    return parts.removeprefix(".")


def value_at(document: object, place: Place) -> object:
    for name in place:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def every_at(document: object, place: Place, above: Place = ()) -> Iterator[tuple[Place, object]]:
    """What stands at *place*, in each row of the lists of tables on the way."""
    if isinstance(document, list):
        for at, row in enumerate(document):
            yield from every_at(row, place, (*above, at))
    elif not place:
        yield above, document
    elif isinstance(document, dict) and place[0] in document:
        yield from every_at(document[place[0]], place[1:], (*above, place[0]))


def rows_of(table: Row, name: str, above: Place = ()) -> list[tuple[Place, Row]]:
    rows = table.get(name)
    if not isinstance(rows, list):
        return []
    return [((*above, name, at), row) for at, row in enumerate(rows) if isinstance(row, dict)]


def texts_of(row: Row, name: str) -> list[str]:
    values = row.get(name)
    return [one for one in values if isinstance(one, str)] if isinstance(values, list) else []


def repeated(named: Iterable[tuple[Place, object]]) -> Iterator[Fault]:
    seen: dict[str, Place] = {}
    for place, name in named:
        if isinstance(name, str) and seen.setdefault(name, place) is not place:
            first = dotted(seen[name])
            yield Fault(place, f"is {shown(name)} again, which {first} has; choose another")
