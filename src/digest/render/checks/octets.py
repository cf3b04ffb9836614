"""A finished message taken apart, by our own strict hand: fields, parts, and what is odd in them.

The standard library forgives what mailbox providers do not, so it is not asked here.
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from quopri import decodestring

#: Multiparts in multiparts; ours have two.
_DEEPEST = 8

_FIELD = re.compile(rb"([!-9;-~]+):")
_PARAMETER = re.compile(r';\s*([\w.*-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;"]+)')
_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?\s]*)\?=")
_BETWEEN_WORDS = re.compile(r"(?<=\?=)\s+(?==\?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    name: str
    #: Its lines as they stand, the name included, without line ends.
    lines: tuple[bytes, ...]

    @property
    def key(self) -> str:
        return self.name.lower()

    @property
    def raw(self) -> str:
        """What follows the colon, unfolded; octets beyond ASCII are read as UTF-8."""
        text = b"".join(self.lines).decode("utf-8", "replace")
        return text.partition(":")[2].strip()

    @property
    def text(self) -> str:
        """What a reader sees: encoded-words decoded."""
        return decode_words(self.raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    fields: tuple[Field, ...]
    #: Still encoded; lines end in LF.
    body: bytes
    #: "text/plain", in lower case.
    kind: str
    parameters: Mapping[str, str]
    #: Content-Transfer-Encoding, in lower case; 7bit where none is named.
    encoding: str
    children: tuple["Part", ...] = ()
    #: About its boundary.
    problems: tuple[str, ...] = ()

    def first(self, name: str) -> Field | None:
        return next((found for found in self.fields if found.key == name.lower()), None)

    def all(self, name: str) -> tuple[Field, ...]:
        return tuple(found for found in self.fields if found.key == name.lower())

    def raw(self, name: str) -> str:
        found = self.first(name)
        return found.raw if found else ""

    def octets(self) -> bytes:
        """The decoded content; lines of text end in LF.  What cannot be decoded stays as it is."""
        if self.encoding == "quoted-printable":
            return decodestring(self.body).replace(b"\r\n", b"\n")
        if self.encoding == "base64":
            try:
                octets = b64decode(self.body)
            except NotBase64:
                return self.body
            return octets.replace(b"\r\n", b"\n") if self.kind.startswith("text/") else octets
        return self.body

    def text(self) -> str:
        return _decoded(self.octets(), self.parameters.get("charset", "us-ascii"))

    def walk(self) -> Iterator["Part"]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A message: its octets as they are, and what is in them."""

    octets: bytes
    root: Part
    #: Lines of the header that are no field.
    stray: tuple[str, ...] = ()
    plain: Part | None = field(default=None)
    html: Part | None = field(default=None)


def open_message(octets: bytes) -> Opened:
    """Take *octets* apart; whatever they are, something comes out."""
    root, stray = _part(re.sub(rb"\r\n?", b"\n", octets), 0)
    leaves = [part for part in root.walk() if not part.children]
    shown = [part for part in leaves if "attachment" not in part.raw("Content-Disposition")]
    return Opened(
        octets=octets,
        root=root,
        stray=tuple(stray),
        plain=next((part for part in shown if part.kind == "text/plain"), None),
        html=next((part for part in shown if part.kind == "text/html"), None),
    )


def decode_words(raw: str) -> str:
    """Decode the encoded-words in an unfolded field (RFC 2047 §6.2); broken ones stay."""
    joined = _BETWEEN_WORDS.sub("", raw)
    pieces, end, waiting, waiting_for = [], 0, b"", ""
    for word in _WORD.finditer(joined):
        octets = word_octets(word[2], word[3])
        charset = word[1].partition("*")[0].lower()
        if octets is None:
            continue
        # A character that is split over two words is told as a fault elsewhere; here it is read.
        if waiting and (word.start() > end or charset != waiting_for):
            pieces.append(_decoded(waiting, waiting_for))
            waiting = b""
        pieces.append(joined[end : word.start()])
        waiting, waiting_for, end = waiting + octets, charset, word.end()
        if not joined.startswith("=?", end):
            pieces.append(_decoded(waiting, waiting_for))
            waiting = b""
    if waiting:
        pieces.append(_decoded(waiting, waiting_for))
    return "".join([*pieces, joined[end:]])


def word_octets(encoding: str, text: str) -> bytes | None:
    """The octets of one encoded-word; None if they cannot be told."""
    if encoding in "bB":
        try:
            return b64decode(text, validate=True)
        except (NotBase64, ValueError):
            return None
    if re.search(r"=(?![0-9A-Fa-f]{2})|[^!-~]", text):
        return None
    return decodestring(text.encode("ascii").replace(b"_", b" "))


def _decoded(octets: bytes, charset: str) -> str:
    try:
        return octets.decode(charset, "replace")
    except (LookupError, ValueError):  # nobody has it, or it is no charset of mails
        return octets.decode("utf-8", "replace")


def _part(octets: bytes, depth: int) -> tuple[Part, list[str]]:
    head, _, body = octets.partition(b"\n\n")
    if octets.startswith(b"\n"):
        head, body = b"", octets[1:]
    fields, stray = _fields(head)
    named = {found.key: found.raw for found in reversed(fields)}
    kind, _, rest = named.get("content-type", "text/plain").partition(";")
    parameters = {
        name.lower(): re.sub(r"\\(.)", r"\1", value.strip('"'))
        for name, value in _PARAMETER.findall(";" + rest)
    }
    kind = kind.strip().lower()
    children: tuple[Part, ...] = ()
    problems: list[str] = []
    if kind.startswith("multipart/") and depth < _DEEPEST:
        pieces, problems = _split(body, parameters.get("boundary", ""), kind)
        children = tuple(_part(piece, depth + 1)[0] for piece in pieces)
    return Part(
        fields=tuple(fields),
        body=body,
        kind=kind,
        parameters=parameters,
        encoding=named.get("content-transfer-encoding", "7bit").strip().lower(),
        children=children,
        problems=tuple(problems),
    ), stray


def _fields(head: bytes) -> tuple[list[Field], list[str]]:
    gathered: list[tuple[str, list[bytes]]] = []
    stray = []
    for number, line in enumerate(head.split(b"\n") if head else [], start=1):
        named = _FIELD.match(line)
        if line[:1] in (b" ", b"\t") and gathered:
            gathered[-1][1].append(line)
        elif named:
            gathered.append((named[1].decode("ascii"), [line]))
        else:
            stray.append(f"line {number} of the header is no field: {line[:40]!r}")
    return [Field(name=name, lines=tuple(lines)) for name, lines in gathered], stray


def _split(body: bytes, boundary: str, kind: str) -> tuple[list[bytes], list[str]]:
    if not re.fullmatch(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]", boundary):
        return [], [f"{kind} has no legal boundary (RFC 2046 §5.1.1): {boundary[:80]!r}"]
    between = re.compile(rb"(?:\A|\n)--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?=\n|\Z)")
    marks = list(between.finditer(body))
    closing = next((place for place, mark in enumerate(marks) if mark[1]), None)
    problems = []
    if closing is None:
        problems.append(f"{kind} is never closed: its last boundary must end in two hyphens")
        closing = len(marks)
    elif len(marks) > closing + 1:
        problems.append(f"{kind} goes on after its closing boundary")
    pieces = [
        body[mark.end() + 1 : end.start() if end else len(body)]
        for mark, end in zip_longest(marks[:closing], marks[1 : closing + 1])
    ]
    if not pieces:
        problems.append(f"{kind} has no part")
    return pieces, problems
