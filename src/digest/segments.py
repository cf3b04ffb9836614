"""Who is meant: a small language for choosing subscribers, parsed and never SQL.

    language = "uk" and section in ("sport") and joined > 2026-01-01

    filter  = both { "or" both } ;   both = one { "and" one }
    one     = "not" one | "(" filter ")" | field test
    test    = ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
            | [ "not" ] "in" "(" value { "," value } ")"
    value   = "text" | number | date | true | false

Ground: pure, and known to every room.  Which rows match is `store.segments`' to say.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, cast

Value = str | int | bool | date
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in"]

#: What a filter may ask for, and what kind of value it is compared with.
FIELDS: Final[Mapping[str, type]] = MappingProxyType(
    {
        "language": str,
        "timezone": str,
        "form": str,
        "name": str,
        "email": str,
        "domain": str,
        "tag": str,
        "section": str,
        "frequency": str,
        "state": str,
        "newsletter": str,
        "hour": int,
        "briefs": bool,
        "joined": date,
        "since": date,
        "consent": date,
    }
)
_KINDS = {
    str: 'text, as in "uk"',
    int: "a number",
    bool: "true or false",
    date: "a date, as in 2026-01-31",
}
#: Fields with few values: another one would match nobody, and nothing would say so.
WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "state": ("pending", "active", "paused", "ended"),
        "frequency": ("daily", "weekdays", "weekly", "breaking"),
        "form": ("full", "compact", "text"),
    }
)
_LONGEST: Final = 4_000
_MOST_SHOWN: Final = 20
_DEEPEST: Final = 40
_MOST_VALUES: Final = 500

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<date>\d{4}-\d{2}-\d{2})(?!\w)
      | (?P<number>\d{1,9})(?![\w-])
      | (?P<word>[A-Za-z_]+)
      | (?P<sign><=|>=|!=|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One field compared; *values* has more than one element only for "in" and "not in"."""

    field: str
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    part: "Filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    parts: "tuple[Filter, ...]"


Filter = Comparison | Not | And | Or


class _Token(NamedTuple):
    #: text, date, number, word, sign; "" at the end.
    kind: str
    shown: str
    #: Of its first letter, from 1.
    place: int


def parse(text: str) -> Filter:
    """The filter that *text* says.

    Raises:
        ValueError: it says none; with the place, from 1, and what was expected there.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"a filter has {_LONGEST} letters at most")
    reader = _Reader(_tokens(text))
    found = reader.either(0)
    reader.end()
    return found


def check(
    wanted: Filter | None, *, sections: Collection[str], newsletters: Collection[str]
) -> None:
    """See that what a filter names is there: a name that is not matches nobody, or everybody.

    Args:
        sections: slugs of all there are; those of any newsletter.
        newsletters: slugs of all there are.

    Raises:
        ValueError: it names what is not there; with what may be meant.
    """
    match wanted:
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                check(part, sections=sections, newsletters=newsletters)
        case Not(part=part):
            check(part, sections=sections, newsletters=newsletters)
        case Comparison(field=field, values=values):
            named = {"section": sections, "newsletter": newsletters, **WORDS}.get(field)
            for value in values:
                if named is not None and value not in named:
                    raise ValueError(_unknown(field, str(value), sorted(named)))


def _unknown(field: str, given: str, known: list[str]) -> str:
    near = get_close_matches(given.strip().lower(), known, n=1)
    if near:
        return f'there is no {field} "{given}"; did you mean "{near[0]}"?'
    if not known:
        return f'there is no {field} "{given}", nor any other'
    shown = ", ".join(known[:_MOST_SHOWN]) + (", …" if len(known) > _MOST_SHOWN else "")
    return f'there is no {field} "{given}"; there are {shown}'


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            letter = text[start]
            why = "; write straight quotation marks" if letter in "“”„«»‘’" else ""
            if letter in "\"'":
                why = "; the text that begins here has no end"
            raise ValueError(f"at {start + 1}: {letter!r} is not understood{why}")
        kind = str(found.lastgroup)
        tokens.append(_Token(kind, found[kind], found.start(kind) + 1))
        at = found.end()
    return [*tokens, _Token("", "the end", len(text) + 1)]


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _took(self, *shown: str) -> bool:
        """Take the next token if it is a word or sign of *shown*, whatever its case."""
        token = self._next
        if token.kind in ("word", "sign") and token.shown.lower() in shown:
            self._take()
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._took(sign):
            raise self._error(f"expected {sign!r}")

    def _error(self, what: str, token: _Token | None = None) -> ValueError:
        token = token or self._next
        return ValueError(f"at {token.place}: {what}, not {token.shown}")

    def end(self) -> None:
        if self._next.kind:
            raise self._error('expected "and", "or" or the end')

    def either(self, depth: int) -> Filter:
        parts = [self._both(depth)]
        while self._took("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Or(parts=tuple(parts))

    def _both(self, depth: int) -> Filter:
        parts = [self._one(depth)]
        while self._took("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else And(parts=tuple(parts))

    def _one(self, depth: int) -> Filter:
        if depth > _DEEPEST:
            raise self._error(f"more than {_DEEPEST} brackets in each other")
        if self._took("not"):
            return Not(part=self._one(depth + 1))
        if self._took("("):
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        field = self._field()
        token = self._take()
        operator = token.shown.lower()
        if operator == "not" and self._took("in"):
            operator = "not in"
        if operator in ("in", "not in"):
            values = self._list(field)
        elif operator in ("=", "!=") or (
            operator in ("<", "<=", ">", ">=") and FIELDS[field] in (int, date)
        ):
            values = (self._value(field),)
        else:
            ordered = '"<", ">", ' if FIELDS[field] in (int, date) else ""
            raise self._error(f'expected "=", "!=", {ordered}"in" or "not in"', token)
        return Comparison(field=field, operator=cast(Operator, operator), values=values)

    def _field(self) -> str:
        token = self._take()
        name = token.shown.lower()
        if token.kind != "word" or name not in FIELDS:
            near = get_close_matches(name, FIELDS, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else f"; there are {', '.join(FIELDS)}"
            raise ValueError(f"at {token.place}: expected a field, not {token.shown}{hint}")
        return name

    def _list(self, field: str) -> tuple[Value, ...]:
        self._expect("(")
        values = [self._value(field)]
        while self._took(","):
            values.append(self._value(field))
            if len(values) > _MOST_VALUES:
                raise self._error(f"more than {_MOST_VALUES} values")
        self._expect(")")
        return tuple(values)

    def _value(self, field: str) -> Value:
        wanted, token = FIELDS[field], self._take()
        value: Value | None = None
        if token.kind == "text":
            value = re.sub(r"\\(.)", r"\1", token.shown[1:-1])
        elif token.kind == "number":
            value = int(token.shown)
        elif token.kind == "word" and token.shown.lower() in ("true", "false"):
            value = token.shown.lower() == "true"
        elif token.kind == "date":
            try:
                value = date.fromisoformat(token.shown)
            except ValueError as error:
                raise self._error("expected a day of the calendar", token) from error
        if type(value) is not wanted or value is None:
            raise self._error(f"{field} is compared with {_KINDS[wanted]}", token)
        return value
