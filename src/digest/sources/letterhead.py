"""What the head of a mail tells a mailbox: by what it is known again, and whether it is news.

A mailbox that takes newsletters also gets what newsletters bring with them: requests to
confirm, receipts of delivery, answers of people on holiday.  None of these is news, and the
first wants the operator.  A mailbox that bounces go to is asked for everything.  What a mail
says is `reading`'s, or `returns`'; here only headers are looked at.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from hashlib import blake2b
from typing import Final

from digest.errors import Fault, SourceError

#: Of these keys, those that no earlier visit was done with.
Unread = Callable[[Sequence[str]], Awaitable[frozenset[str]]]

#: The headers that `read_letterhead` looks at.
FIELDS: Final = (
    "Message-ID",
    "Date",
    "From",
    "Subject",
    "List-ID",
    "List-Post",
    "List-Unsubscribe",
    "Auto-Submitted",
    "X-List-Administrivia",
    "Content-Type",
)
#: Besides, where every mail counts: what tells apart two reports of one second without an id.
FIELDS_OF_ALL: Final = (*FIELDS, "To", "Received")
#: Longer heads are cut: nothing that is looked at stands so far down.
LONGEST_HEAD: Final = 64_000
_LONGEST_FIELD: Final = 2_000
_LONGEST_SUBJECT: Final = 80
#: "Confirm", "verify", "activate" in the languages of newsletters, as beginnings of words.
_ASKS = re.compile(
    r"\b(?:confirm|verif(?:y|ied|ication|ica|iez)|activat|opt[ -]?in\b|bestätig|aktivier|bevestig"
    r"|conferma|bekräft|bekræft|bekreft|vahvista|potwierd|potvrd|підтверд|подтверд|потвърд"
    r"|onayla|doğrula|επιβεβαι|megerősít|kinnita|apstiprin|patvirtin|تأكيد|確認|确认)",
    re.IGNORECASE,
)
#: Headers that only a list, or somebody who writes to many, puts into a mail.
_OF_LISTS: Final = ("List-ID", "List-Post", "List-Unsubscribe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """What one visit to a mailbox brought."""

    #: By key; oldest first.
    messages: tuple[tuple[str, bytes], ...] = ()
    #: Mails that are no use as news, each told once.
    faults: tuple[SourceError, ...] = ()
    #: For the next visit, once the messages are kept.
    cursor: str | None = None
    #: Further keys that need not be looked at again.
    done: tuple[str, ...] = ()
    #: Key of a message → the cursor under which it is brought again; where it is not here, it
    #: is brought again as long as its key is not done.
    before: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """A mail, as far as its headers tell."""

    #: Stable wherever the mail lies: its Message-ID, or a digest of what it says of itself.
    key: str
    #: The subject in quotation marks, and who sent it, for the operator's eyes.
    shown: str
    #: Why it is no news; None if it may be.
    no_news: str | None


def read_letterhead(head: bytes, *, everything: bool = False) -> Letterhead:
    """Read the headers at the start of *head*; what is missing or broken is done without.

    Args:
        everything: whatever it is, it is to be read: reports and automatic answers too.
    """
    message = BytesHeaderParser(policy=compat32).parsebytes(head[:LONGEST_HEAD].lstrip(b"\r\n"))
    subject = _line(message, "Subject")
    # By hand: the library's parser goes as deep as somebody nests brackets.
    name, _, address = _line(message, "From").rpartition("<")
    name = name.strip("\"' ")
    # An address is shown to nobody; its domain says who it is as well.
    sender = name if name and "@" not in name else address.rpartition("@")[2].strip("> ")
    shown = f'"{_short(subject)}"' if subject else "a mail without a subject"
    return Letterhead(
        key=_key_of_any(message) if everything else _key(message),
        shown=f"{shown} from {_short(sender)}" if sender else shown,
        no_news=None if everything else _no_news(message, subject),
    )


def fault_of(source_id: str, letter: Letterhead) -> SourceError:
    """The sentence about a mail that is no news."""
    return SourceError(source_id, f"{letter.shown} {letter.no_news}", fault=Fault.REFUSED)


def too_big(source_id: str, letter: Letterhead, max_bytes: int) -> SourceError:
    return SourceError(
        source_id,
        f"{letter.shown} is larger than {max_bytes} bytes and was left out; raise max_bytes in "
        "[collect] if its like should be read",
        fault=Fault.TOO_BIG,
    )


def _key(message: Message) -> str:
    told = _line(message, "Message-ID").replace(" ", "")
    if told.strip("<>"):
        kind = "id"
    else:
        kind = "head"
        told = "\n".join(_line(message, name) for name in ("Date", "From", "Subject"))
    return f"{kind}:{blake2b(told.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"


def _key_of_any(message: Message) -> str:
    # Whoever writes reports may give no Message-ID, or always the same.
    told = "\n".join(_line(message, name) for name in FIELDS_OF_ALL)
    return f"mail:{blake2b(told.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"


def _no_news(message: Message, subject: str) -> str | None:
    auto = _line(message, "Auto-Submitted").lower()
    if message.get_content_type() == "multipart/report":
        return "reports on a mail that was sent, and was not taken as news; read it by hand"
    if auto.startswith("auto-replied"):
        return "is an automatic answer, and was not taken as news; read it by hand"
    by_list = any(message.get(name) for name in _OF_LISTS)
    administrative = _line(message, "X-List-Administrivia").lower() == "yes"
    if administrative or (not by_list and _ASKS.search(subject)):
        return (
            "seems to want a confirmation, and was not taken as news; "
            "open it in the mailbox and follow its link if you subscribed"
        )
    return None


def _line(message: Message, name: str) -> str:
    raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    # Octets beyond ASCII stand in it as lone surrogates; UTF-8 is what RFC 6532 allows.
    raw = raw[:_LONGEST_FIELD].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    raw = " ".join(raw.split())
    try:
        return _printable(str(make_header(decode_header(raw))))
    except (MessageError, LookupError, ValueError):
        return _printable(raw)


def _printable(text: str) -> str:
    # Bidi controls, which could turn a line round, are not printable either.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SUBJECT else f"{text[: _LONGEST_SUBJECT - 1]}…"
