"""A connection on which several messages are on their way at once (RFC 3030, BDAT).

Envelope and content of a message leave in one write, without waiting and without dot-stuffing,
and so do those of the next: a round trip is shared by a whole window.  The price is paid when the
line fails: whatever was not answered is in doubt, not just one message.

Each message begins with RSET.  A relay that refuses a recipient has still heard its MAIL, and
would take the next, which is under way already, for a mail within a mail (503).
"""

import asyncio

from digest.errors import MailError, RelayDown, Vanished
from digest.mail.session import Parcel, Session
from digest.mail.transport import Reply
from digest.mail.verdict import one_line, verdict


class Window(Session):
    """Up to `bdat_window` contents that are not answered yet."""

    # RFC 3030 §2: it discards what it refuses, and is in step afterwards.
    _listens_to_the_end = True

    def go(self) -> None:
        while len(self._hand) < self._relay.bdat_window and (parcel := self._take()):
            # Nothing to be waited for, but it is the sender's to tell that content leaves.
            if not parcel.turn.done():
                parcel.turn.set_result(self)
        if len(self._hand) < self._relay.bdat_window and not self._full:
            self._desk.has_room(self, idle=not self._hand)

    def deliver(self, parcel: Parcel) -> "asyncio.Future[Reply | None]":
        parcel.answer = answer = asyncio.get_running_loop().create_future()
        parcel.away = True
        message = parcel.letter.message
        envelope = f"{parcel.mail}{parcel.rcpt}BDAT {len(message)} LAST\r\n".encode()
        if self._wire.written:
            envelope = b"RSET\r\n" + envelope
            self._asked.append(("RSET", self._reset_heard, parcel))
        self._asked.append(("MAIL", self._mail_heard, parcel))
        self._asked.append(("RCPT", self._rcpt_heard, parcel))
        self._asked.append(("the content", self._content_heard, parcel))
        parcel.end = self._wire.written + len(envelope) + len(message)
        self._say(envelope + message)
        return answer

    def _reset_heard(self, parcel: Parcel, code: int, raw: bytes) -> None:
        if code == 421:
            self._refused(parcel, code, raw, "MAIL")

    def _mail_heard(self, parcel: Parcel, code: int, raw: bytes) -> None:
        if not 200 <= code < 300:
            self._refused(parcel, code, raw, "MAIL")

    def _rcpt_heard(self, parcel: Parcel, code: int, raw: bytes) -> None:
        if not 200 <= code < 300 and parcel.refusal is None:
            self._refused(parcel, code, raw, "RCPT")

    def _refused(self, parcel: Parcel, code: int, raw: bytes, during: str) -> None:
        """Its content is under way all the same, and its BDAT will be answered."""
        parcel.refusal = verdict(code, one_line(raw.decode(errors="replace")), during=during)
        if isinstance(parcel.refusal, RelayDown):
            self._full = True
        if code == 421:
            # It hangs up; whether it has read what follows cannot be known.
            self._wire.drop(parcel.refusal.text)

    def _contradicted(self, refusal: MailError, code: int, text: str) -> MailError:
        if isinstance(refusal, RelayDown):
            return Vanished(code, f"{text} (a yes after a no to the envelope: {refusal})")
        return refusal

    def _settled(self) -> None:
        if self._full:
            super()._settled()
        else:
            self.go()
