"""A saved mail (RFC 5322): a press release, or a newsletter that came by mail.

Behind the door: multipart bodies, encoded names, signatures and quoted lines.
Not behind it: collecting mail from a mailbox, and bounces.  Pure.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses
from typing import Final

from digest.errors import ParseError
from digest.model import Block, BlockKind, Document, Kind, RawItem
from digest.reading.dates import read_date
from digest.reading.decode import decode
from digest.reading.hints import Hints, absolute
from digest.reading.markup import blocks_of_html, first_sentence, one_line
from digest.reading.safehtml import LARGEST_TOLD
from digest.urls import untracked, unwrap

_HEADER_LINE = re.compile(rb"([A-Za-z][A-Za-z0-9-]{1,60}):[ \t]?[^\n]*(?:\n[ \t][^\n]*)*")
_TELLING: Final = frozenset(
    b"from to subject date message-id mime-version received return-path content-type "
    b"delivered-to list-id dkim-signature".split()
)
#: Parts of one mail that are looked at.
_MOST_PARTS: Final = 200
_MOST_BOUNDARIES: Final = 20_000
#: A text part shorter than this share of the HTML part says "look at the HTML".
_STUB: Final = 0.3
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t]*\n\s*")
#: Ends before what closes a bracket or a sentence.
_WEB = re.compile(r"https?://[^\s<>\"]{1,4000}(?<![.,;:!?)\]'])")
_BULLET = re.compile(r"(?:[*•–-]|\d{1,2}[.)])\s+")


def looks_like_mail(data: bytes) -> bool:
    """Whether *data* opens with mail headers, at least three that only mails have."""
    head = data[:16_384].lstrip(b"\xef\xbb\xbf\r\n").replace(b"\r\n", b"\n")
    if head.startswith(b"From "):
        head = head.partition(b"\n")[2]
    seen: set[bytes] = set()
    position = 0
    while match := _HEADER_LINE.match(head, position):
        seen.add(match[1].lower())
        position = match.end() + 1
    told = seen & _TELLING
    return len(told) >= 3 and bool(told & {b"from", b"subject"})


def read_mail(data: bytes, hints: Hints, *, name: str = "") -> Document:
    """Read one mail.

    Args:
        name: what the document is called in its Document.

    Raises:
        ParseError: it has neither a subject nor a text, or cannot be taken apart.
    """
    if data.count(b"\n--") > _MOST_BOUNDARIES:
        raise ParseError("", "is a mail of thousands of parts; save its text alone")
    try:
        # compat32: the newer policy misreads encoded display names.
        message = message_from_bytes(data.lstrip(b"\r\n"), policy=compat32)
        blocks, markup = _body(message)
    except (MessageError, RecursionError, ValueError, LookupError, AttributeError) as error:
        raise ParseError(
            "", "is a mail whose parts cannot be told apart; save it again as .eml"
        ) from error
    subject = _header(message, "Subject")
    if not subject and not blocks:
        raise ParseError("", "is a mail with neither a subject nor a text")
    language = _header(message, "Content-Language").partition(",")[0].strip() or hints.language
    written = _header(message, "Date")
    moment = read_date(written, timezone=hints.timezone, language="en") if written else None
    problems: tuple[str, ...] = ()
    if moment is None:
        problems = ("The mail has no date that can be read; it counts from when it is first seen.",)
    item = RawItem(
        kind=Kind.ARTICLE,
        title=subject or first_sentence(blocks[0].text),
        guid=_header(message, "Message-ID") or None,
        url=absolute(unwrap(_header(message, "Archived-At").strip("<>")), None),
        published_at=moment.at if moment else None,
        day_only=moment.day_only if moment else False,
        authors=tuple(_authors(message)),
        language=language,
        blocks=blocks,
        html=markup[:LARGEST_TOLD],
    )
    list_name = _header(message, "List-Id").partition("<")[0].strip(' "')
    return Document(
        name=name or hints.url or "",
        kind="mail",
        items=(item,),
        problems=problems,
        site=list_name or None,
    )


def _header(message: Message, name: str) -> str:
    """A header, decoded, on one line; "" if the mail has none."""
    raw = message.get(name)
    return _decoded(str(raw)) if raw is not None else ""


def _decoded(raw: str) -> str:
    unfolded = " ".join(raw.split())
    try:
        return one_line(str(make_header(decode_header(unfolded))))
    except (MessageError, LookupError, ValueError):
        return one_line(unfolded)


def _authors(message: Message) -> Iterator[str]:
    """Display names; an address is nobody's name."""
    raw = [" ".join(str(value).split()) for value in message.get_all("From", [])]
    # Addresses first: an encoded name may decode to a comma.
    for shown, _ in getaddresses(raw):
        name = _decoded(shown).strip("'\" ")
        if name and "@" not in name:
            yield name


def _body(message: Message) -> tuple[tuple[Block, ...], str]:
    """The text, and the HTML if the mail has any."""
    plain, markup = "", ""
    for number, part in enumerate(message.walk()):
        if number >= _MOST_PARTS:
            break
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        kind = part.get_content_type()
        if kind == "text/plain" and not plain:
            plain = _text(part)
        elif kind == "text/html" and not markup:
            markup = _text(part)
    from_html = blocks_of_html(markup)
    from_text = tuple(_blocks(plain))
    return from_html if _size(from_text) < _STUB * _size(from_html) else from_text, markup


def _size(blocks: tuple[Block, ...]) -> int:
    return sum(len(block.text) for block in blocks)


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload.strip():
        return ""
    try:
        return decode(payload, declared=part.get_content_charset())
    except ParseError:
        return ""


def _blocks(text: str) -> Iterator[Block]:
    """Paragraphs of a mail's text: the signature goes, quoted lines and bullets are marked."""
    text = _WEB.sub(lambda link: untracked(link[0]), text)
    signature = _SIGNATURE.search(text)
    if signature and signature.start() > len(text) // 2:
        text = text[: signature.start()]
    for paragraph in _BLANK_LINE.split(text):
        lines = [line.strip() for line in paragraph.split("\n") if line.strip()]
        if not lines:
            continue
        if all(line.startswith(">") for line in lines):
            quoted = one_line(" ".join(line.lstrip("> ") for line in lines))
            if quoted:
                yield Block(kind=BlockKind.QUOTATION, text=quoted)
        elif all(_BULLET.match(line) for line in lines):
            for line in lines:
                yield Block(kind=BlockKind.LIST_ITEM, text=_BULLET.sub("", line, count=1))
        else:
            yield Block(text=one_line(" ".join(lines)))
