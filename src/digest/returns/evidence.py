"""What a report has of our own mail: by this the verb proves whose report it is.

Behind the door: our Message-ID, the tokens of our links, the addresses that VERP may have made.
Not behind it: whether they are genuine (the key is not here), and what the report says.  Pure.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from digest.addresses import LONGEST
from digest.returns.parts import Head, Mail, Part, in_letters, printable, read_head

#: As `render.links.Links` makes them: a signature, a key and a newsletter in base64.
_LEAVE_LINK = re.compile(r"/leave/([A-Za-z0-9_-]{40,400})|\bleave(?:%20|\+)([A-Za-z0-9_-]{40,400})")
_MESSAGE_ID = re.compile(r"<[^<>\s@]{1,250}@[^<>\s@]{1,250}>")
_MESSAGE_ID_LINE = re.compile(
    r"^[ \t>]*message-id:\s{0,4}(<[^<>\s@]{1,250}@[^<>\s@]{1,250}>)", re.I | re.M
)
#: ``bounces+TOKEN``: what stands before the @ of an envelope sender that says whose mail it was.
_VERP = re.compile(r"([A-Za-z0-9._=-]{1,60}\+[A-Za-z0-9]{16,64})@")
#: Begins where a word does: tried at each letter of a long one it would cost the square of it.
_BARE = re.compile(
    r"(?<![^\s<>()\[\]\",;:\\@])[^\s<>()\[\]\",;:\\@]{1,64}@[^\s<>()\[\]\",;:\\@]{1,253}"
)
_REDACTED = re.compile(r"redact|anonym|hidden|withheld|undisclosed|unknown@|^x{3,}@|^\*+@", re.I)
_MOST_TOKENS: Final = 5
_MOST_SENT_TO: Final = 10

#: Where the report says that it went to: each mail server has its own name for it.
_SENT_TO: Final = (
    "to",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-delivered-to",
    "x-rcpt-to",
    "original-recipient",
    "received",
)
#: Where the message that came back says whom it was sent from.
_SENT_FROM: Final = (
    "return-path",
    "x-original-mail-from",
    "x-envelope-from",
    "x-envelope-sender",
    "x-sid-pra",
    "x-mailfrom",
    "received-spf",
    "authentication-results",
    "errors-to",
    "received",
)
#: Microsoft's junk reports have whom they are about in it.
JUNK_MARK: Final = "x-hmxmroriginalrecipient"
_TELLING: Final = frozenset(
    {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "received",
        "return-path",
        "list-unsubscribe",
        "list-id",
        "dkim-signature",
        "mime-version",
        JUNK_MARK,
    }
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves whose report it is."""

    message_id: str = ""
    tokens: tuple[str, ...] = ()
    sent_to: tuple[str, ...] = ()
    #: Whom our mail was to, when what came back is a mail with our links: ours have but one.
    to: str = ""


def carried_head(mail: Mail) -> Head:
    """The header of the message that came back; an empty one where there is none."""
    for part in mail.parts:
        if part.carried:
            head = read_head(part.octets.lstrip(b"\n"))[0]
            if head.fields:
                return head
    for part in mail.parts[1:]:
        # Some servers call it text; then it must look like a message.
        head = read_head(part.octets[:16_384].lstrip(b"\n"))[0]
        if len(_TELLING & {name for name, _ in head.fields}) >= 3:
            return head
    # Junk reports may be our mail itself, marked, or have its header as their text.
    for head in (mail.head, *(read_head(part.octets.lstrip(b"\n"))[0] for part in mail.parts[:1])):
        if head.has(JUNK_MARK):
            return head
    return Head()


def gathered(mail: Mail, *, told: Iterable[tuple[str, str]] = (), quoted: str = "") -> Evidence:
    """What *mail* has of ours.

    Args:
        told: fields of the report's machine-readable part.
        quoted: what a report in words has behind its words: our mail, as text.
    """
    fields = Head(tuple(told))
    carried = carried_head(mail)
    if not carried.fields and quoted:
        carried = read_head(quoted.lstrip("\n").encode("utf-8", "replace"))[0]
    sent_to: dict[str, None] = {}
    for value in (
        *mail.head.every(*_SENT_TO),
        *(
            value
            for name, value in fields.fields
            if name.startswith(("x-postfix", "original-mail"))
        ),
        *carried.every(*_SENT_FROM),
    ):
        sent_to.update(dict.fromkeys(_VERP.findall(value[:2_000])))
    return Evidence(
        message_id=_message_id(mail, fields, carried, quoted),
        tokens=_tokens(mail, carried, quoted),
        sent_to=tuple(sent_to)[:_MOST_SENT_TO],
        to=address_in(carried.first("to")) if links_in(_ways_out(carried)) else "",
    )


def address_in(text: str) -> str:
    """The one address in a field of a report, bare; "" if it is none or has been blacked out."""
    found = _BARE.search(printable(text[:1_000]))
    if found is None or _REDACTED.search(found[0]) or len(found[0]) > LONGEST:
        return ""
    return found[0].strip(".'")


def moment(*texts: str) -> datetime | None:
    """The first of *texts* that is a date (RFC 5322 §3.3), in UTC."""
    for text in texts:
        if not text:
            continue
        try:
            read = parsedate_to_datetime(text[:100])
            return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _message_id(mail: Mail, fields: Head, carried: Head, quoted: str) -> str:
    for value in (
        carried.first("message-id"),
        fields.first("x-original-message-id", "original-message-id", "message-id"),
        *_MESSAGE_ID_LINE.findall(quoted)[:1],
        *(
            found
            for part in mail.parts[:2]
            if part.kind == "text/plain"
            for found in _MESSAGE_ID_LINE.findall(part.text()[:32_768])[:1]
        ),
        mail.head.first("x-original-message-id", "in-reply-to"),
        *reversed(_MESSAGE_ID.findall(mail.head.first("references"))[-1:]),
    ):
        found = _MESSAGE_ID.search(value)
        if found:
            return found[0]
    return ""


def _tokens(mail: Mail, carried: Head, quoted: str) -> tuple[str, ...]:
    """Tokens of the header's way out; where it was taken away, those of the text."""
    found = links_in(_ways_out(carried))
    if found:
        return found
    for part in mail.parts:
        if part.carried:
            found = links_in(_unwrapped(part))
            if found:
                return found
    for part in mail.parts:
        if part.kind.startswith("text/"):
            found = links_in(_unwrapped(part))
            if found:
                return found
    return links_in(quoted.replace("=\n", ""))


def _ways_out(carried: Head) -> str:
    return "".join(carried.every("list-unsubscribe"))


def links_in(text: str) -> tuple[str, ...]:
    """Tokens of our links to leave, in *text*."""
    unfolded = re.sub(r"(?<=[\w/-])\n[ \t]+(?=[\w-])", "", text) if "\n" in text else text
    found = dict.fromkeys(one or other for one, other in _LEAVE_LINK.findall(unfolded))
    return tuple(found)[:_MOST_TOKENS]


def _unwrapped(part: Part) -> str:
    # Quoted-printable cuts long links in two.
    return in_letters(part.octets.replace(b"=\n", b""))
