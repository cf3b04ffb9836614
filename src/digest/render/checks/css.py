"""Style sheets and inline styles, read as far as a check needs them."""

import re
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(
    r"""/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[{};()]|[^{};()"'/]+|.""",
    re.DOTALL,
)
_IMPORTANT = re.compile(r"\s*!\s*important\s*$", re.IGNORECASE)
_PROPERTY = re.compile(r"-?-?[A-Za-z_*][\w-]*")

_NAMES = {
    "black": "000000", "silver": "c0c0c0", "gray": "808080", "grey": "808080", "white": "ffffff",
    "maroon": "800000", "red": "ff0000", "purple": "800080", "fuchsia": "ff00ff",
    "green": "008000", "lime": "00ff00", "olive": "808000", "yellow": "ffff00", "navy": "000080",
    "blue": "0000ff", "teal": "008080", "aqua": "00ffff", "orange": "ffa500", "pink": "ffc0cb",
    "brown": "a52a2a", "crimson": "dc143c", "gold": "ffd700", "ivory": "fffff0",
    "beige": "f5f5dc", "tomato": "ff6347", "whitesmoke": "f5f5f5", "gainsboro": "dcdcdc",
    "lightgray": "d3d3d3", "lightgrey": "d3d3d3", "darkgray": "a9a9a9", "darkgrey": "a9a9a9",
    "dimgray": "696969", "dimgrey": "696969", "darkred": "8b0000", "darkblue": "00008b",
    "darkgreen": "006400", "transparent": "00000000",
}  # fmt: skip
_COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\brgba?\([^()]*\)|\b[a-z]+\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?%?|\.\d+%?")

#: Red, green, blue (0 to 255) and how opaque it is (0 to 1).
Colour = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Declaration:
    name: str
    value: str
    important: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    #: Of the at-rules around it, outermost first: "@media (prefers-color-scheme: dark)".
    around: tuple[str, ...]
    selectors: tuple[str, ...]
    declarations: tuple[Declaration, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    rules: tuple[Rule, ...]
    #: At-rules without a block, such as "@import url(x)".
    statements: tuple[str, ...]
    #: Why it does not parse; mail programs drop the whole sheet then.
    problems: tuple[str, ...]


def read_sheet(text: str, media: str = "") -> Sheet:
    """Read a style sheet.

    Args:
        media: the ``media`` attribute of its element.
    """
    reader = _Reader(media)
    depth = 0
    for match in _TOKEN.finditer(text):
        piece = match[0]
        depth = 0 if piece in "{}" else max(0, depth + {"(": 1, ")": -1}.get(piece, 0))
        if piece in "'\"":
            reader.wrong("a quotation mark is never closed")
        if not piece.startswith("/*"):
            # A semicolon inside brackets is part of what stands there.
            reader.take("; " if piece == ";" and depth else piece)
        reader.line += piece.count("\n")
    if text.count("/*") > text.count("*/"):
        reader.wrong("a comment is never closed")
    return reader.sheet()


class _Reader:
    """What has been read of one sheet."""

    def __init__(self, media: str) -> None:
        self.line = 1
        self._around = [f"@media {media}"] if media else []
        self._fixed = len(self._around)
        self._rules: list[Rule] = []
        self._statements: list[str] = []
        self._problems: list[str] = []
        #: Since the last brace or semicolon; inside a rule, its declarations.
        self._pending: list[str] = []
        #: Of the rule that is open.
        self._selectors = ""

    def wrong(self, text: str) -> None:
        self._problems.append(f"line {self.line}: {text}")

    def take(self, piece: str) -> None:
        if piece == "{":
            self._opens()
        elif piece == "}":
            self._closes()
        elif piece == ";" and not self._selectors:
            said = self._taken()
            if said.startswith("@"):
                self._statements.append(said)
            else:
                self.wrong(f"{said[:40]!r} belongs to no rule")
        else:
            self._pending.append(piece)

    def sheet(self) -> Sheet:
        rest = self._taken()
        if self._selectors or len(self._around) > self._fixed:
            self.wrong("a block is never closed")
        elif rest:
            self.wrong(f"{rest[:40]!r} belongs to no rule")
        return Sheet(
            rules=tuple(self._rules),
            statements=tuple(self._statements),
            problems=tuple(self._problems),
        )

    def _taken(self) -> str:
        said = " ".join("".join(self._pending).split())
        self._pending.clear()
        return said

    def _opens(self) -> None:
        said = self._taken()
        if self._selectors:
            self.wrong(f"a block opens inside the rule {self._selectors}")
        elif not said:
            self.wrong("a block has no selector")
        if said.startswith("@") and not said.lower().startswith(("@font-face", "@page")):
            self._around.append(said)
        else:
            self._selectors = said or "?"

    def _closes(self) -> None:
        said = self._taken()
        if self._selectors:
            declarations, odd = read_declarations(said)
            for text in odd:
                self.wrong(text)
            selectors = tuple(part.strip() for part in self._selectors.split(","))
            self._rules.append(
                Rule(around=tuple(self._around), selectors=selectors, declarations=declarations)
            )
            self._selectors = ""
        elif len(self._around) > self._fixed:
            self._around.pop()
            if said:
                self.wrong(f"{said[:40]!r} belongs to no rule")
        else:
            self.wrong("a brace closes nothing")


@lru_cache(maxsize=1024)
def read_declarations(text: str) -> tuple[tuple[Declaration, ...], tuple[str, ...]]:
    """Read ``name: value`` pairs; the second is what is wrong with them."""
    found, odd = [], []
    for piece in _pieces(text):
        name, colon, value = (part.strip() for part in piece.partition(":"))
        if not colon or not _PROPERTY.fullmatch(name) or not value:
            odd.append(f"{piece.strip()[:60]!r} is no declaration")
            continue
        important = _IMPORTANT.search(value)
        plain = value[: important.start()] if important else value
        found.append(Declaration(name.lower(), plain.strip(), important is not None))
    return tuple(found), tuple(odd)


def _pieces(text: str) -> list[str]:
    """Cut *text* at its semicolons, but not at those inside brackets or quotation marks."""
    pieces: list[list[str]] = [[]]
    depth = 0
    for match in _TOKEN.finditer(text):
        said = match[0]
        depth += {"(": 1, ")": -1}.get(said, 0)
        if said == ";" and depth <= 0:
            pieces.append([])
        elif not said.startswith("/*"):
            pieces[-1].append(said)
    joined = ("".join(piece) for piece in pieces)
    return [piece for piece in joined if piece.strip()]


@lru_cache(maxsize=512)
def read_colour(value: str) -> Colour | None:
    """The first colour in *value* ("1px solid #ddd"); None if it names none that we know."""
    for match in _COLOUR.finditer(re.sub(r"url\([^()]*\)", "", value)):
        found = _colour(match[0].lower())
        if found:
            return found
    return None


def _colour(text: str) -> Colour | None:
    text = "#" + _NAMES[text] if text in _NAMES else text
    if text.startswith("#"):
        digits = text[1:]
        if len(digits) in (3, 4):
            digits = "".join(digit * 2 for digit in digits)
        if len(digits) not in (6, 8):
            return None
        octets = bytes.fromhex(digits)
        return octets[0], octets[1], octets[2], octets[3] / 255 if len(octets) == 4 else 1.0
    if not text.startswith("rgb"):
        return None
    values = _NUMBER.findall(text)
    if len(values) not in (3, 4):
        return None
    red, green, blue = (
        _share(value, 255) if "%" in value else float(value) for value in values[:3]
    )
    return red, green, blue, _share(values[3], 1) if len(values) == 4 else 1.0


def _share(value: str, whole: float) -> float:
    return float(value[:-1]) / 100 * whole if value.endswith("%") else float(value)
