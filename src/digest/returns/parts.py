"""A mail taken apart, whatever it is: its header, its leaves, the messages it carries.

Behind the door: MIME (RFC 2045, 2046) as mail servers write it, with wrong types, lost boundaries
and bare line feeds.  A message inside is not entered: only its header is read.  Not behind it:
what any of it says.  The standard parser looks at every line once for each multipart around it
and calls itself for each; this one is bounded in octets, parts and depth, and never raises.
"""

import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.header import decode_header, make_header
from typing import Final

#: A report's words and status come first; what lies behind is the returned message's body.
LONGEST: Final = 512 * 1024
_MOST_PARTS: Final = 100
_DEEPEST: Final = 8
_LONGEST_HEAD: Final = 96 * 1024
_MOST_FIELDS: Final = 1_000
_LONGEST_VALUE: Final = 8_000

_FIELD = re.compile(r"([!-9;-~]{1,76})[ \t]*:[ \t]*(.*)", re.DOTALL)
_PARAMETER = re.compile(r';\s*([a-z0-9*_-]{1,40})\s*=\s*("[^"]{0,200}"|[^\s;"]{0,200})', re.I)
_KIND = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,80}")
_DASHED = re.compile(rb"^--([^\s]{1,200})[ \t]*$", re.MULTILINE)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
#: Names of text encodings only: Python's decoders know others, and some of them are slow.
_CHARSET = re.compile(
    r"us-ascii|ascii|utf-?(?:7|8|16|16le|16be)|iso-?8859-\d{1,2}|windows-\d{3,4}|cp\d{3,4}|koi8-?[rut]"
    r"|gb2312|gbk|gb18030|hz-gb-2312|big5|euc-?(?:jp|kr)|shift_?jis|iso-2022-[a-z0-9-]{2,6}|mac\w{0,12}"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")

#: A message inside, whole or its header alone (RFC 2046, 3462, 6533), and its misspellings.
_CARRIED: Final = frozenset(
    {
        "message/rfc822",
        "message/global",
        "message/global-headers",
        "message/rfc822-headers",
        "text/rfc822-headers",
        "text/rfc822-header",
        "text/rfc822",
        "message/partial",
    }
)


@dataclass(frozen=True, slots=True)
class Head:
    """The fields of a header, unfolded; names in small letters, in their order."""

    fields: tuple[tuple[str, str], ...] = ()

    def first(self, *names: str) -> str:
        """The first field of the first of *names* that there is; "" without any."""
        for name in names:
            for each, value in self.fields:
                if each == name:
                    return value
        return ""

    def every(self, *names: str) -> tuple[str, ...]:
        """All fields of these names, in the order of the names."""
        return tuple(value for name in names for each, value in self.fields if each == name)

    def has(self, *names: str) -> bool:
        return any(each in names for each, _ in self.fields)


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of a mail."""

    #: Small letters, "text/plain"; of a part that does not say: that of its surroundings.
    kind: str
    head: Head
    #: Decoded from its transfer encoding.
    octets: bytes
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def carried(self) -> bool:
        """Whether it is a message, or a message's header."""
        return self.kind in _CARRIED

    def text(self) -> str:
        """Its octets as text: its charset, else UTF-8, else Windows-1252."""
        return in_letters(self.octets, self.parameters.get("charset", ""))


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail: its own header, and its leaves in their order."""

    head: Head
    parts: tuple[Part, ...]
    #: Of a multipart/report: "delivery-status", "feedback-report"…, or "unsaid"; "" of other mail.
    report: str = ""


def read_mail(octets: bytes) -> Mail:
    """Take *octets* apart; what is past `LONGEST`, or past a hundred parts, is not looked at."""
    data = octets[:LONGEST]
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    data = data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").lstrip(b"\n \t")
    head, start = read_head(data)
    leaves: list[Part] = []
    report = ""
    # Waiting to be looked at, the next one last: no function calls itself.
    waiting = [(head, data[start:], 0, "text/plain")]
    while waiting and len(leaves) < _MOST_PARTS:
        own, body, depth, unsaid = waiting.pop()
        kind, parameters = _content_type(own.first("content-type"), unsaid)
        if kind == "multipart/report" and not report:
            report = parameters.get("report-type", "").lower() or "unsaid"
        pieces = _pieces(body, parameters.get("boundary", "")) if kind[:10] == "multipart/" else []
        if not pieces or depth >= _DEEPEST:
            leaves.append(Part(kind, own, _decoded(own, body), parameters))
            continue
        # RFC 2046 §5.1.5.
        inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        for piece in reversed(pieces):
            piece_head, piece_start = _head_of_part(piece)
            waiting.append((piece_head, piece[piece_start:], depth + 1, inner))
    return Mail(head, tuple(leaves), report)


def read_head(data: bytes) -> tuple[Head, int]:
    """The header that *data* begins with, and where what follows it begins."""
    fields: list[tuple[str, str]] = []
    pending: list[str] = []
    position, end = 0, min(len(data), _LONGEST_HEAD)
    while position < end:
        stop = data.find(b"\n", position)
        stop = len(data) if stop < 0 else stop
        line = data[position:stop].rstrip(b"\r")
        if not line.strip():
            # The blank line itself belongs to neither.
            position = min(stop + 1, len(data))
            break
        told = in_letters(line[:_LONGEST_VALUE])
        if line[:1] in b" \t" and pending:
            pending.append(told)
        elif _FIELD.match(told):
            _close(pending, fields)
            pending = [told]
        elif not (position == 0 and line.startswith((b"From ", b">From "))):
            break
        position = stop + 1
    _close(pending, fields)
    return Head(tuple(fields)), min(position, len(data))


def in_letters(octets: bytes, charset: str = "") -> str:
    """*octets* as text, never an error: a wrong *charset* is not believed."""
    name = charset.strip().strip("\"'").lower()
    named = name if _CHARSET.fullmatch(name) else ""
    # KOI8 and its like decode anything, so whatever is UTF-8 is taken for it first.
    for each in ("utf-8", named, "windows-1252", "latin-1"):
        try:
            if each and not (
                each == "utf-8" and named.startswith(("utf-16", "utf-7", "iso-2022", "hz"))
            ):
                return octets.decode(each)
        except (LookupError, ValueError):
            continue
    return octets.decode("latin-1")


def plain(value: str) -> str:
    """A header's value with its encoded words (RFC 2047) read, on one line."""
    line = " ".join(value.split())
    if "=?" in line:
        with suppress(MessageError, LookupError, ValueError):
            line = str(make_header(decode_header(line[:_LONGEST_VALUE])))
    return printable(line)


def printable(text: str) -> str:
    """*text* on one line, without anything that could not be shown."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _close(pending: list[str], fields: list[tuple[str, str]]) -> None:
    if pending and len(fields) < _MOST_FIELDS:
        # Unfolding (RFC 5322 §2.2.3) leaves the blank of the next line.
        match = _FIELD.match("".join(pending[:200])[:_LONGEST_VALUE])
        if match:
            fields.append((match[1].lower(), match[2].strip()))


def _head_of_part(piece: bytes) -> tuple[Head, int]:
    # Part headers may be missing altogether: then the part begins with an empty line.
    return (Head(), 1) if piece[:1] == b"\n" else read_head(piece)


def _content_type(value: str, unsaid: str) -> tuple[str, dict[str, str]]:
    kind = _KIND.match(value.strip().lower())
    parameters: dict[str, str] = {}
    for found in _PARAMETER.finditer(value[:2_000]):
        parameters.setdefault(found[1].lower().rstrip("*0123456789"), found[2].strip('"'))
    return (kind[0] if kind else unsaid), parameters


def _pieces(body: bytes, boundary: str) -> list[bytes]:
    """The parts between boundaries; [] if there is not one."""
    marker = boundary.encode("utf-8", "replace")
    cuts = list(_cuts(body, marker)) if marker else []
    if not cuts:
        # The boundary that was promised is not there: the first line that looks like one.
        guess = _DASHED.search(body)
        cuts = list(_cuts(body, guess[1])) if guess else []
    pieces = []
    for number, (_, start, closing) in enumerate(cuts):
        if closing:
            break
        stop = cuts[number + 1][0] if number + 1 < len(cuts) else len(body)
        pieces.append(body[start:stop])
    return pieces


def _cuts(body: bytes, marker: bytes) -> Iterator[tuple[int, int, bool]]:
    """Where each boundary line begins, where what follows it does, whether it is the last."""
    line = re.compile(rb"^--" + re.escape(marker) + rb"(--)?[ \t]*(?:\n|\Z)", re.MULTILINE)
    for number, found in enumerate(line.finditer(body)):
        if number > _MOST_PARTS:
            return
        yield found.start(), found.end(), found[1] is not None


def _decoded(head: Head, body: bytes) -> bytes:
    encoding = head.first("content-transfer-encoding").strip().lower()
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding == "base64":
        letters = _NOT_BASE64.sub(b"", body)
        # A letter too many is of no use, and the padding may have been lost.
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    return body
