"""The row about MIME: parts in their order, honest encodings, pictures that are shown."""

import re
from collections.abc import Iterator

from digest.render.checks.findings import Notes
from digest.render.checks.octets import Opened, Part

#: Octets of an encoded line without its CRLF, RFC 2045 §6.7 and §6.8.
_LONGEST_LINE = 76

_CID = re.compile(r"cid:([^\"'\s)>]+)", re.IGNORECASE)
_CONTENT_ID = re.compile(r"<([^<>@\s]+@[^<>@\s]+)>")
_BAD_QP = re.compile(rb"=(?![0-9A-F]{2}|\n|\Z)|[ \t](?=\n|\Z)|[^\t\n -~]")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def check_mime(message: Opened, notes: Notes) -> None:
    """M9."""
    root = message.root
    if root.raw("MIME-Version") != "1.0":
        notes.fail("M9", f"MIME-Version is {root.raw('MIME-Version')!r}; it must be 1.0")
    if not root.first("Content-Type"):
        notes.fail("M9", "there is no Content-Type")
    notes.fail("M9", *_wrong_order(message))
    pictures = [part for part in root.walk() if part.kind.startswith("image/")]
    for part in root.walk():
        notes.fail("M9", *part.problems)
        if part.children:
            if part.encoding not in ("7bit", "8bit"):
                notes.fail("M9", f"{part.kind} is {part.encoding}; a multipart cannot be encoded")
        else:
            notes.each("M9", (f"{part.kind}: {problem}" for problem in _badly_encoded(part)))
    _embedded(message, pictures, notes)


def _wrong_order(message: Opened) -> Iterator[str]:
    root = message.root
    if root.kind == "text/plain" and not message.html:
        return
    if root.kind == "multipart/related" and root.children:
        root = root.children[0]
    if root.kind != "multipart/alternative":
        yield f"it is {message.root.kind}; it must be multipart/alternative"
    if message.plain is None:
        yield "there is no text/plain part"
        return
    kinds = [_leads(child) for child in root.children]
    if kinds != ["text/plain", "text/html"]:
        yield f"its parts are {', '.join(kinds) or 'none'}; text/plain, then text/html must be"


def _leads(part: Part) -> str:
    """The kind of what a mail program shows of *part*."""
    if part.kind == "multipart/related" and part.children:
        return _leads(part.children[0])
    return part.kind


def _badly_encoded(part: Part) -> Iterator[str]:
    lines = part.body.split(b"\n")
    if part.encoding == "quoted-printable":
        odd = _BAD_QP.search(part.body)
        if odd:
            line = part.body.count(b"\n", 0, odd.start()) + 1
            yield f"line {line} is no quoted-printable: {odd[0]!r}"
    elif part.encoding == "base64":
        if not _BASE64.fullmatch(part.body.replace(b"\n", b"")):
            yield "is no base64"
    elif part.encoding == "7bit":
        if not part.body.isascii():
            yield "calls itself 7bit and is not ASCII; encode it as quoted-printable"
    else:
        yield f"is {part.encoding}, which not every relay carries; encode it"
    if part.encoding in ("quoted-printable", "base64"):
        longest = max(map(len, lines))
        if longest > _LONGEST_LINE:
            yield f"has an encoded line of {longest} octets; {_LONGEST_LINE} is the limit"
    if part.kind.startswith("text/"):
        yield from _wrong_charset(part)


def _wrong_charset(part: Part) -> Iterator[str]:
    charset = part.parameters.get("charset", "")
    if not charset:
        yield "names no charset; name utf-8"
        return
    try:
        part.octets().decode(charset)
    except UnicodeDecodeError as error:
        yield f"is not the {charset} that it calls itself, from octet {error.start}"
    except (LookupError, ValueError):
        yield f"names a charset that nobody has: {charset}"


def _embedded(message: Opened, pictures: list[Part], notes: Notes) -> None:
    markup = message.html.text() if message.html else ""
    wanted = set(_CID.findall(markup))
    there = []
    for part in pictures:
        spelled = _CONTENT_ID.fullmatch(part.raw("Content-ID"))
        if not spelled:
            notes.fail("M9", f"a picture has no Content-ID <id@host>: {part.raw('Content-ID')!r}")
        else:
            there.append(spelled[1])
        if "attachment" in part.raw("Content-Disposition").lower():
            notes.fail("M9", "a picture is an attachment; Content-Disposition must be inline")
    if there and not any(part.kind == "multipart/related" for part in message.root.walk()):
        notes.fail("M9", "embedded pictures must stand in multipart/related")
    for name in sorted({name for name in there if there.count(name) > 1}):
        notes.fail("M9", f"two pictures are called {name}")
    notes.each("M9", (f"no part is called cid:{name}" for name in sorted(wanted - set(there))))
    notes.each("M9", (f"nothing shows cid:{name}; leave it out"
                      for name in sorted(set(there) - wanted)))  # fmt: skip
