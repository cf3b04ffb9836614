"""Pure: one message made ready for the wire, and the commands that its envelope is written in.

Whatever could end a command line, or the message, is stopped here: before a connection is asked
for, and for this one person only.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from digest.errors import MailError, Refused, RelayDown, Unfit
from digest.mail.checked import safe_recipient, safe_sender
from digest.mail.transport import Finished


@dataclass(frozen=True, slots=True)
class Letter:
    """One message for one person, whatever relay takes it."""

    sender: str
    to: str
    #: Every line ends in CRLF, the last one too; no dots added.
    message: bytes
    eight_bit: bool

    @property
    def stuffed(self) -> bytes:
        """The message as DATA wants it, without the final dot (RFC 5321 §4.5.2)."""
        message = self.message
        if isinstance(message, Finished):
            return message
        # Ours begin no line with a dot; searched from the end it costs half of what it would from
        # the start, and a third of a replacement.
        if message.rfind(b"\r\n.") >= 0:
            message = message.replace(b"\r\n.", b"\r\n..")
        return b"." + message if message.startswith(b".") else message


@dataclass(frozen=True, slots=True)
class Offers:
    """What the relay's EHLO says, as far as it matters here."""

    sized: bool = False
    #: Octets of the largest message that it takes; 0: it does not say (RFC 1870 §3).
    largest: int = 0
    eight_bit: bool = False
    smtputf8: bool = False
    pipelining: bool = False
    chunking: bool = False

    @classmethod
    def of(cls, extensions: Mapping[str, str]) -> Self:
        """*extensions*: ESMTP keywords in lower case, each with its parameters."""
        size = extensions.get("size", "").strip()
        return cls(
            sized="size" in extensions,
            largest=int(size) if size.isascii() and size.isdigit() else 0,
            eight_bit="8bitmime" in extensions,
            smtputf8="smtputf8" in extensions,
            pipelining="pipelining" in extensions,
            chunking="chunking" in extensions,
        )


def letter_of(message: bytes, *, sender: str, to: str) -> Letter:
    """Check a message and its addresses.

    Raises:
        Refused: the message or *to* cannot be sent as it is.
        RelayDown: *sender* cannot: nobody's mail can.
    """
    if not message.endswith(b"\r\n"):
        message += b"\r\n"
    if not (isinstance(message, Finished) or _all_crlf(message)):
        # Relays disagree on what a bare one means, and a second message hides in the difference.
        raise Refused(0, "the message has a bare CR or LF: every line must end in CRLF")
    return Letter(safe_sender(sender), safe_recipient(to), message, not message.isascii())


def mail_command(letter: Letter, offers: Offers) -> str:
    """MAIL with the parameters that this relay understands, CRLF included.

    Raises:
        Unfit: it cannot be asked to take this message; nothing need be said.
        RelayDown: nor any other of this sender.
    """
    size = len(letter.message)
    options = f" SIZE={size}" if offers.sized else ""
    if 0 < offers.largest < size:
        text = f"the message has {size} octets, and the relay takes at most {offers.largest}"
        raise Unfit(0, text, ours=True)
    # A relay without 8BITMIME gets the octets all the same: nearly all pass them on, and we
    # could not turn them into anything else here.
    if letter.eight_bit and offers.eight_bit:
        options += " BODY=8BITMIME"
    if not (letter.sender.isascii() and letter.to.isascii()):
        if not offers.smtputf8:
            raise _no_smtputf8(letter)
        options += " SMTPUTF8"
    return f"MAIL FROM:<{letter.sender}>{options}\r\n"


def rcpt_command(letter: Letter) -> str:
    return f"RCPT TO:<{letter.to}>\r\n"


def _all_crlf(message: bytes) -> bool:
    # One pass; counting CR, LF and CRLF takes three, and five times as long.  Latin-1 only
    # because the reader of line ends wants text: each octet becomes one character.
    ends = io.IncrementalNewlineDecoder(None, translate=False)
    ends.decode(message.decode("latin-1"), final=True)
    return ends.newlines == "\r\n"


def _no_smtputf8(letter: Letter) -> MailError:
    why = "is not ASCII before the @, and the relay offers no SMTPUTF8 (RFC 6531)"
    if letter.sender.isascii():
        return Unfit(0, f"the address {why}", ours=False)
    return RelayDown(0, f"the sender's address {why}: choose another in [mail]")
