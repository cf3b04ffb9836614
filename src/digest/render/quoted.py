"""Quoted-printable and encoded-words: bytes that every mail program reads back as written.

The standard library folds encoded-words wrongly on releases that we support and
takes milliseconds a message, so both encoders are ours.  Their lines are at most
76 octets, begin with no bare dot (SMTP needs no dot-stuffing pass) and are
already canonical for DKIM's relaxed form (RFC 6376 §3.4.4).
"""

import re
from base64 import b64encode

from digest.render.tidy import one_line

#: Octets of a line without its CRLF, RFC 2045 §6.7 and RFC 2047 §2.
LINE = 76

_NEWLINES = re.compile("\r\n|\r")
# All but printable ASCII; "="; a tab; a space after a space, which DKIM's relaxed form would fold.
_UNSAFE = re.compile(rb"[^ -<>-~]|(?<= ) ")
_HEX = [f"={octet:02X}".encode() for octet in range(256)]

_Q_LITERAL = re.compile(rb"[A-Za-z0-9 ]")
# One line that is its own encoding.
_AS_IT_IS = re.compile(r"(?!\.|From )[!-<>-~]+(?: [!-<>-~]+)*")

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTED_LOCAL = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[ -~])*"')
_BARE_LOCAL = re.compile(r'[^\s"\\<>\x00-\x1f\x7f@]+')
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9A-Za-z.:-]+\]")


def _escape(match: re.Match[bytes]) -> bytes:
    return _HEX[match[0][0]]


def _soft_lines(line: bytes) -> bytes:
    """Break one encoded line softly; each piece has room for the "=" after it."""
    pieces = []
    start, end_of_line = 0, len(line)
    while True:
        head = b""
        if line.startswith(b".", start):
            head, start = b"=2E", start + 1
        elif line.startswith(b"From ", start):  # mailbox files would turn it into ">From "
            head, start = b"=46", start + 1
        end = start + LINE - 1 - len(head)
        if end >= end_of_line:
            pieces.append(head + line[start:])
            return b"=\r\n".join(pieces)
        if line[end - 1 : end] == b"=":
            end -= 1
        elif line[end - 2 : end - 1] == b"=":
            end -= 2
        pieces.append(head + line[start:end])
        start = end


def quoted_printable(text: str) -> bytes:
    """Encode *text* (UTF-8); its newlines become CRLF, and none is added at the end."""
    data = _newlines(text).encode("utf-8", "replace")
    lines = []
    for line in data.split(b"\n"):
        safe = _UNSAFE.sub(_escape, line)
        if safe.endswith(b" "):
            safe = safe[:-1] + b"=20"
        lines.append(_soft_lines(safe) if safe else b"")
    return b"\r\n".join(lines)


def _newlines(text: str) -> str:
    return _NEWLINES.sub("\n", text) if "\r" in text else text


def segment(text: str) -> bytes:
    """Encode *text* so that anything may follow on the next line: it ends in a soft break.

    Segments and hole values encoded so may be joined in any order; the joined
    bytes decode to the joined texts.  An empty text is no bytes at all.
    """
    if len(text) < LINE and _AS_IT_IS.fullmatch(text):
        return text.encode("ascii") + b"=\r\n"
    encoded = quoted_printable(text)
    return encoded + b"=\r\n" if encoded and not encoded.endswith(b"\n") else encoded


# ------------------------------------------------------------------- headers


def _words(text: str, first: int) -> list[bytes]:
    """Encoded-words of *text*, the first of *first* octets; whole characters (RFC 2047 §5)."""
    data = text.encode("utf-8", "replace")
    literal = len(_Q_LITERAL.findall(data))
    base64 = 4 * ((len(data) + 2) // 3) <= literal + 3 * (len(data) - literal)
    # The usual name or subject is one word.
    if base64 and 4 * ((len(data) + 2) // 3) + len("=?utf-8?b??=") <= first:
        return [b"=?utf-8?b?" + b64encode(data) + b"?="]
    frame = len("=?utf-8?q??=")
    words, room = [], first
    chunk, size = b"", 0
    for letter in text:
        octets = letter.encode("utf-8", "replace")
        if base64:
            grown = 4 * ((len(chunk) + len(octets) + 2) // 3)
        else:
            octets = b"".join(
                b"_" if o == 32 else bytes((o,)) if o < 128 and chr(o).isalnum() else _HEX[o]
                for o in octets
            )
            grown = size + len(octets)
        if chunk and grown + frame > room:
            words.append(chunk)
            chunk, room = b"", LINE - 1
            grown = 4 * ((len(octets) + 2) // 3) if base64 else len(octets)
        chunk, size = chunk + octets, grown
    words.append(chunk)
    if base64:
        return [b"=?utf-8?b?" + b64encode(word) + b"?=" for word in words]
    return [b"=?utf-8?q?" + word + b"?=" for word in words]


def _is_plain(text: str) -> bool:
    # "=?" in plain text would be read as the beginning of an encoded-word.
    return text.isascii() and "=?" not in text


def text_header(name: str, value: str) -> bytes:
    """Write a header of free text, folded, with its CRLF; reading it gives ``one_line(value)``."""
    value = one_line(value)
    column = len(name) + 2
    if not _is_plain(value) or max(map(len, value.split(" "))) > LINE - column:
        words = _words(value, min(LINE - 1, LINE - column))
        return name.encode() + b": " + b"\r\n ".join(words) + b"\r\n"
    lines, line = [], f"{name}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) > LINE:
            lines.append(line)
            line = ""
        line += " " + word
    return "\r\n".join([*lines, line]).encode("ascii") + b"\r\n"


def address_spec(address: str) -> str | None:
    """Return *address* as a header may hold it, or None if it is not exactly one address.

    An international domain becomes ASCII (RFC 5891); a local part beyond ASCII
    stays, and needs a relay with SMTPUTF8 (RFC 6532).
    """
    local, at, domain = address.rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    if not at or not _DOMAIN.fullmatch(domain):
        return None
    if _DOT_ATOM.fullmatch(local) or _QUOTED_LOCAL.fullmatch(local):
        return f"{local}@{domain}"
    if not _BARE_LOCAL.fullmatch(local):
        return None
    if local.isascii():
        return f'"{local}"@{domain}'  # "a..b", "a,b": legal only in quotes, RFC 5322 §3.4.1
    return f"{local}@{domain}" if not re.search(r"[,;:()\[\]]", local) else None


def phrase(text: str, column: int) -> bytes:
    """Write a display name: atoms, a quoted string, or encoded-words (RFC 5322 §3.2.5).

    Args:
        column: octets before it on its line.
    """
    if _is_plain(text) and len(text) <= LINE - column - 2:
        if _ATOMS.fullmatch(text):
            return text.encode()
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        if len(quoted) <= LINE - column - 2:
            return f'"{quoted}"'.encode()
    return b"\r\n ".join(_words(text, LINE - column))


def mailbox_header(name: str, display: str, spec: str) -> bytes:
    """Write ``From``, ``To``, ``Reply-To`` or ``List-Id`` with one mailbox, folded, with its CRLF.

    Args:
        spec: what stands in the angle brackets, as `address_spec` returns it.
    """
    display = one_line(display)
    angle = f"<{spec}>".encode()
    if not display:
        return f"{name}: ".encode() + (angle if name == "List-Id" else spec.encode()) + b"\r\n"
    named = phrase(display, len(name) + 2)
    head = f"{name}: ".encode() + named
    last = len(head) - head.rfind(b"\n") - 1
    return head + (b" " if last + 1 + len(angle) <= LINE else b"\r\n ") + angle + b"\r\n"
