"""Delivery status notifications (RFC 3464, RFC 6533): what a server says of each recipient.

Behind the door: the fields of a report as servers write them: folded, with comments, in any case,
with blank lines lost or doubled, under a wrong media type.  Not behind it: what a failure means
(`kinds`), and whose mail it was (`evidence`).  Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from digest.returns.evidence import address_in
from digest.returns.parts import Mail, Part, printable

_MOST_RECIPIENTS: Final = 1_000
_MOST_LINES: Final = 40_000
#: Of a server's words about one recipient; folded lines have no end of their own.
_LONGEST_SAID: Final = 8_000

_FIELD = re.compile(r"[ \t]?([A-Za-z][A-Za-z0-9-]{2,40})[ \t]*:[ \t]*(.*)")
#: Of RFC 3464 §2.3: what there can be but once for a recipient.
_ONCE: Final = ("final-recipient", "original-recipient", "action", "status")
_RECIPIENT: Final = ("original-recipient", "final-recipient", "x-actual-recipient")
_TYPE = re.compile(r"\s*[A-Za-z][A-Za-z0-9-]{0,20}\s*;")
#: xtext (RFC 3461 §4) and what RFC 6533 §3 writes for letters beyond ASCII.
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_COMMENT = re.compile(r"\([^()]{0,500}\)")
#: Fields that only a report of one recipient has.
_MACHINE_LINES = re.compile(
    r"^[ \t]?(final-recipient|original-recipient|action|status)[ \t]*:", re.I | re.M
)
STATUS_KINDS: Final = frozenset(
    {"message/delivery-status", "message/global-delivery-status", "text/delivery-status"}
)


@dataclass(slots=True)
class Block:
    """The fields about one recipient; names in small letters."""

    fields: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def recipient(self) -> str:
        """Whom we wrote to (RFC 3464 §2.3.1), else where it went in the end; "" if neither."""
        for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
            found = recipient_in(self.get(name))
            if found:
                return found
        return ""

    @property
    def original(self) -> str:
        return recipient_in(self.get("original-recipient"))

    @property
    def final(self) -> str:
        return recipient_in(self.get("final-recipient"))

    @property
    def status(self) -> str:
        return _without_comments(self.get("status"))

    @property
    def action(self) -> str:
        return _without_comments(self.get("action")).lower()

    @property
    def diagnostic(self) -> str:
        """The remote server's words, without the type before them."""
        said = self.get("diagnostic-code") or self.get("x-supplementary-info")
        return printable(_without_type(said[:_LONGEST_SAID]))


@dataclass(frozen=True, slots=True)
class StatusReport:
    """A report: the fields about all of it, and one block for each recipient."""

    about: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]


def status_report(mail: Mail, *, trusted: bool) -> StatusReport | None:
    """The report in *mail*, or None.

    Args:
        trusted: a mail server sent it; then also a part with a wrong type may be one.
    """
    parts = [part for part in mail.parts if part.kind in STATUS_KINDS]
    untold = mail.report in ("delivery-status", "unsaid") or (trusted and not mail.report)
    if not parts and untold:
        parts = [part for part in mail.parts if _reads_like_one(part)][:1]
    if not parts or not (trusted or mail.report):
        return None
    about: list[tuple[str, str]] = []
    blocks: list[Block] = []
    for part in parts:
        for each in _blocks(part.text()):
            if any(name in each.fields for name in _RECIPIENT):
                blocks.append(each)
            about.extend(each.fields.items())
            if len(blocks) >= _MOST_RECIPIENTS:
                break
    return StatusReport(tuple(about[:200]), tuple(blocks)) if blocks else None


def recipient_in(value: str) -> str:
    """The address of a recipient field, decoded; "" if it has none.

    >>> recipient_in("rfc822; ann+2Bnews@example.org")
    'ann+news@example.org'
    >>> recipient_in("utf-8; J\\\\x{F6}rg@example.org")
    'Jörg@example.org'
    """
    bare = _without_type(value[:1_000])
    if value.lstrip()[:5].lower() == "utf-8" or "\\x{" in bare:
        bare = _EMBEDDED.sub(lambda found: _letter(found[1], found[0]), bare)
    if "@" not in bare:
        bare = _XTEXT.sub(lambda found: _letter(found[1], found[0]), bare)
    else:
        # Many servers write the address as it is, and then +20 is part of it: only what
        # has to be encoded is decoded.
        bare = bare.replace("+2B", "+").replace("+3D", "=")
    return address_in(_COMMENT.sub(" ", bare))


def _letter(digits: str, unread: str) -> str:
    code = int(digits, 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else unread


def _reads_like_one(part: Part) -> bool:
    if part.carried or part.kind.startswith(("image/", "application/pdf")):
        return False
    names = {name.lower() for name in _MACHINE_LINES.findall(part.text()[:65_536])}
    return bool(names & {"final-recipient", "original-recipient"}) and bool(
        names & {"action", "status"}
    )


def _blocks(text: str) -> Iterator[Block]:
    """One block after the other; a recipient's begins where a field of theirs comes again."""
    block, after_blank = Block(), False
    for name, value in _fields(text):
        if not name:
            after_blank = True
            continue
        again = name in _ONCE and name in block.fields
        # Blank lines alone end nothing: some reports have one after each field.
        anew = after_blank and name in _RECIPIENT and _has_all(block)
        if again or anew:
            yield block
            block = Block()
        block.fields.setdefault(name, value)
        after_blank = False
    if block.fields:
        yield block


def _has_all(block: Block) -> bool:
    return "action" in block.fields and any(name in block.fields for name in _RECIPIENT)


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Names in small letters with unfolded values; ("", "") for a blank line."""
    name, value = "", [""]
    for line in text.split("\n", _MOST_LINES)[:_MOST_LINES]:
        line = line.rstrip("\r")[:4_000]
        found = _FIELD.match(line)
        # A folded line may look like a field: "  550 5.1.1 said: no"; a known name decides.
        folded = line[:1] in (" ", "\t") and not (found and found[1].lower() in _ONCE)
        if not line.strip():
            if name:
                yield name, "".join(value)
            name = ""
            yield "", ""
        elif folded and name:
            if len(value) < 50:
                value.append(" " + line.strip())
        elif found:
            if name:
                yield name, "".join(value)
            name, value = found[1].lower(), [found[2]]
    if name:
        yield name, "".join(value)


def _without_type(value: str) -> str:
    # Only before it: behind it a word and a semicolon are the server's.
    found = _TYPE.match(value)
    return value[found.end() :] if found else value


def _without_comments(value: str) -> str:
    return _COMMENT.sub(" ", value[:1_000]).strip()
