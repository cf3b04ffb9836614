"""config.toml, read: where it is, the line of every key, and where each value came from.

Behind this door are the file and TOML.  The keys, their units and their defaults are in
`tables` and its neighbours, the words for what is wrong in `faults`; a secret is not read here but
by `reveal`.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from operator import itemgetter
from pathlib import Path

from digest.errors import ConfigError
from digest.settings.faults import check
from digest.settings.naming import Fault, dotted, shown
from digest.settings.parts import Place, Secret, Table
from digest.settings.tables import Loaded
from digest.settings.unmatched import unmatched


def load(path: Path | None = None, *, environ: Mapping[str, str]) -> Loaded:
    """Read and check config.toml.

    Args:
        path: the file; None takes the one that DIGEST_CONFIG names in *environ*, else
            `config.toml` in the working folder.

    Raises:
        ConfigError: with every fault of the file, in the order of its lines.
    """
    path = path or Path(environ.get("DIGEST_CONFIG") or "config.toml")
    text = _read(path)
    try:
        document = tomllib.loads(text)
        lines = locate(text)
    except RecursionError:
        raise ConfigError([f"{path}: lists or tables nest too deep"]) from None
    except ValueError as error:
        raise ConfigError([_syntax_fault(path, text, str(error))]) from error
    settings, faults = check(document)
    faults += unmatched(document)
    if settings is None or faults:
        placed = sorted(((_line(fault.place, lines), fault) for fault in faults), key=itemgetter(0))
        raise ConfigError([_sentence(path, line, fault) for line, fault in placed])
    return Loaded(settings=settings, path=path, base=path.absolute().parent, lines=lines)


def in_force(loaded: Loaded) -> list[tuple[str, str, str]]:
    """List every key: its place, its value as TOML would write it, where that came from.

    A secret's value is hidden; its origin says which variable or file holds it.
    """
    rows = []
    for place, value in _values(loaded.settings):
        origin = loaded.origin(place)
        if isinstance(value, Secret):
            origin += f", from {value.env or value.file}"
        rows.append((dotted(place), shown(value), origin))
    return rows


def _values(table: Table, above: Place = ()) -> Iterator[tuple[Place, object]]:
    for name in type(table).model_fields:
        value, place = getattr(table, name), (*above, name)
        if isinstance(value, Table) and not isinstance(value, Secret):
            yield from _values(value, place)
        elif isinstance(value, tuple) and value and isinstance(value[0], Table):
            for at, row in enumerate(value):
                yield from _values(row, (*place, at))
        else:
            yield place, value


def _read(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(
            [f"{path}: there is no such file; name yours with --config or DIGEST_CONFIG"]
        ) from error
    except OSError as error:
        raise ConfigError([f"{path} cannot be read: {error.strerror}"]) from error
    try:
        # Some editors begin a UTF-8 file with a mark that TOML does not allow.
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{path}, line {line}: is not UTF-8; save the file as UTF-8"]) from None


def _syntax_fault(path: Path, text: str, said: str) -> str:
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", said)
    if found is None:
        return f"{path}: {said}"
    number = int(found[1] or text.count("\n") + 1)
    what = said[: found.start()]
    if what.startswith("Cannot overwrite a value"):
        # What the reader says of a repeated key does not say that it is one.
        what = "this key stands twice"
    line = text.split("\n")[number - 1]
    hint = _syntax_hint(line)
    return f"{path}, line {number}: is not TOML: {what}{hint and '; ' + hint}"


def _syntax_hint(line: str) -> str:
    """Guess what was meant by a *line* that is not TOML; it is never quoted: it may be secret."""
    _, equals, value = (part.strip() for part in line.partition("="))
    value = value.split("#")[0].strip()
    if re.fullmatch(r"\d?\d:\d\d(:\d\d)?", value):
        return "a clock has hours, minutes and seconds: 07:00:00"
    if equals and re.fullmatch(r"(?i)true|yes|on|false|no|off", value):
        return "write true or false"
    if equals and re.match(r"[^\W\d]|/|~|\d+[^\W\d]", value):
        return 'text stands in quotes: "…"'
    if equals and not value:
        return "a value is missing after ="
    return ""


_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\])*"|\'[^\']*\''
    r"|#[^\n]*|\n|[][{}=,.]|[^\s\[\]{}=,.#\"']+",
    re.DOTALL,
)


def locate(text: str) -> dict[Place, int]:
    """Find the line, from 1, of every table, key and list element.

    *text* must be sound TOML with plain line ends: this follows it and checks nothing.
    """
    walk = _Walk(text)
    table: Place = ()
    #: Of each list of tables, its last position so far.
    last: dict[Place, int] = {}
    while walk.word:
        line = walk.line
        if walk.take("\n"):
            continue
        if not walk.take("["):
            walk.pair(table)
            continue
        many = walk.take("[")
        names = walk.key()
        table = ()
        for at, name in enumerate(names, start=1):
            table = (*table, name)
            if many and at == len(names):
                last[table] = last.get(table, -1) + 1
            walk.lines.setdefault(table, line)
            if table in last:
                table = (*table, last[table])
        walk.lines[table] = line
        while walk.take("]"):
            pass
    return walk.lines


class _Walk:
    """A way through the words of a TOML text that notes where things stand."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Place, int] = {}
        self._words: list[tuple[str, int]] = []
        self._at = 0
        line = begin = 0
        for found in _TOKEN.finditer(text):
            line, begin = line + text.count("\n", begin, found.start()), found.start()
            if not found[0].startswith("#"):
                self._words.append((found[0], line + 1))

    @property
    def word(self) -> str:
        return self._words[self._at][0] if self._at < len(self._words) else ""

    @property
    def line(self) -> int:
        return self._words[self._at][1]

    def take(self, word: str) -> bool:
        if self.word != word:
            return False
        self._at += 1
        return True

    def key(self) -> list[str]:
        names: list[str] = []
        while not names or self.take("."):
            word = self.word
            names.append(tomllib.loads(f"k={word}")["k"] if word[:1] in "\"'" else word)
            self._at += 1
        return names

    def pair(self, table: Place) -> None:
        line = self.line
        for name in self.key():
            table = (*table, name)
            self.lines.setdefault(table, line)
        self.take("=")
        self._value(table)

    def _value(self, place: Place) -> None:
        if self.take("["):
            at = 0
            while self.word and not self.take("]"):
                if not (self.take("\n") or self.take(",")):
                    self.lines[(*place, at)] = self.line
                    self._value((*place, at))
                    at += 1
        elif self.take("{"):
            while self.word and not self.take("}"):
                if not (self.take("\n") or self.take(",")):
                    self.pair(place)
        else:
            # A date may hold a blank and a float a dot.
            while self.word not in ("", "\n", ",", "]", "}"):
                self._at += 1


def _line(place: Place, lines: Mapping[Place, int]) -> int:
    """The line of *place*, or of what it should stand in; 0 when nothing of it is written."""
    return next((lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in lines), 0)


def _sentence(path: Path, line: int, fault: Fault) -> str:
    where = f"{path}, line {line}" if line else f"{path}"
    return f"{where}: {dotted(fault.place)} {fault.text}"
