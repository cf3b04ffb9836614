"""A connection on which several messages are on their way at once (RFC 3030, BDAT).

Envelope and content of a message leave in one write, without waiting and without dot-stuffing,
and so do those of the next: a round trip is shared by a whole window.  The price is paid when the
line fails: whatever was not answered is in doubt, not just one message.  Not so behind a 421, the
relay's last word: what would have been answered after it was not looked at.

Each message begins with RSET.  A relay that refuses a recipient has still heard its MAIL, and
would take the next, which is under way already, for a mail within a mail (503).
"""

import asyncio

from digest.errors import MailError, RelayDown, Unfit, Vanished
from digest.mail.session import Parcel, Session
from digest.mail.transport import Reply
from digest.mail.verdict import one_line, verdict


class Window(Session):
    """Up to `bdat_window` contents that are not answered yet."""

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

    def abandon(self, parcel: Parcel) -> None:
        if parcel in self._hand and not parcel.away:
            # Nothing was said of it yet.
            del self._hand[parcel]
            self._settled()
        elif parcel in self._hand:
            parcel.dropped = True
            if all(one.dropped for one in self._hand):
                self._wire.drop("the message was given up")

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
        if parcel.refusal is None:
            words = one_line(raw.decode(errors="replace"))
            parcel.refusal = verdict(code, words, during=during)
        if isinstance(parcel.refusal, RelayDown):
            self._full = True

    def _ends_with(self, code: int, *, early: bool) -> bool:
        # RFC 3030 §2: content that is refused is read to its end all the same.  And whatever it
        # still says before it hangs up takes somebody out of doubt.
        self._full = self._full or code == 421
        return False

    def _contradicted(self, refusal: MailError, code: int, text: str) -> MailError:
        # Those are of MAIL; where only RCPT was refused there is nobody who could get it.
        if isinstance(refusal, (RelayDown, Unfit)):
            return Vanished(code, f"{text} (a yes after a no to the envelope: {refusal})")
        return refusal

    def _settled(self) -> None:
        if self._full:
            super()._settled()
        else:
            self.go()
