"""A finished message of ours, taken apart for providers that want its parts.  Pure.

It reads what `render` writes, on which it may rely: no reader of strangers' mail.  Headers are
read with `email.header`: the library's newer policies misread names that were encoded in pieces.
"""

import mimetypes
import re
from binascii import b2a_base64
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A picture inside a message, or something attached to it."""

    name: str
    media_type: str
    #: Its octets, on one line.
    base64: str
    #: Without angle brackets; "" for what is attached.
    content_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A message, decoded."""

    #: Each on one line, as written: encoded words stay encoded.
    headers: tuple[tuple[str, str], ...]
    #: `"Name" <address>` or the address alone; the name is Unicode.
    author: str
    reply_to: str
    subject: str
    #: "" when there is none.
    text: str
    html: str
    files: tuple[File, ...]


def header_of(message: bytes, name: str) -> str:
    """The first header called *name*, on one line, as written; "" when there is none.

    >>> header_of(b"To: a@b.example\\r\\nFrom: The Daily\\r\\n <c@d.example>\\r\\n\\r\\nHi", "from")
    'The Daily <c@d.example>'
    """
    head = message.partition(b"\r\n\r\n")[0]
    found = re.search(
        rb"^" + re.escape(name.encode()) + rb":[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)",
        head,
        re.IGNORECASE | re.MULTILINE,
    )
    return _one_line(found[1].decode(errors="replace")) if found else ""


def taken_apart(message: bytes) -> Parts:
    """All that *message* holds."""
    read = message_from_bytes(message)
    headers = tuple((name, _one_line(str(value))) for name, value in read.items())
    known = {name.lower(): value for name, value in reversed(headers)}
    text = html = ""
    files: list[File] = []
    for part in _leaves(read):
        kind = part.get_content_type()
        attached = part.get_content_disposition() == "attachment"
        if kind == "text/plain" and not attached and not text:
            text = _text(part)
        elif kind == "text/html" and not attached and not html:
            html = _text(part)
        else:
            files.append(_file(part, len(files) + 1))
    return Parts(
        headers=headers,
        author=_mailbox(known.get("from", "")),
        reply_to=_mailbox(known.get("reply-to", "")),
        subject=_unicode(known.get("subject", "")),
        text=text,
        html=html,
        files=tuple(files),
    )


def _leaves(read: "Message[str, str]") -> Iterator["Message[str, str]"]:
    return (part for part in read.walk() if not part.is_multipart())


def _octets(part: "Message[str, str]") -> bytes:
    octets = part.get_payload(decode=True)
    return octets if isinstance(octets, bytes) else b""


def _text(part: "Message[str, str]") -> str:
    return _octets(part).decode(part.get_content_charset("utf-8"), errors="replace")


def _file(part: "Message[str, str]", number: int) -> File:
    kind = part.get_content_type()
    content_id = part.get("Content-ID", "").strip().removeprefix("<").removesuffix(">")
    ending = mimetypes.guess_extension(kind) or ".bin"
    name = part.get_filename() or f"{'picture' if content_id else 'file'}-{number}{ending}"
    return File(
        name=name,
        media_type=kind,
        base64=b2a_base64(_octets(part), newline=False).decode("ascii"),
        content_id=content_id,
    )


def _one_line(value: str) -> str:
    return re.sub(r"\r?\n[ \t]*", " ", value).strip()


def _unicode(value: str) -> str:
    return str(make_header(decode_header(value)))


def _mailbox(value: str) -> str:
    # Taken apart first: what is encoded in the name may hold commas and brackets.
    name, address = parseaddr(value)
    if not name:
        return address
    quoted = _unicode(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>'
