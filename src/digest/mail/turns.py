"""A connection on which one message follows the other.

With PIPELINING (RFC 2920) a message costs one round trip: its content and final dot leave in one
write with the MAIL, RCPT and DATA of the next, whose own content waits for its 354.  Without it
each command waits for the reply to the one before: four.
"""

import asyncio

from digest.errors import MailError, RelayDown, Unfit
from digest.mail.session import Parcel, Session
from digest.mail.transport import Reply
from digest.mail.verdict import one_line, verdict

_END = b".\r\n"
_RESET = b"RSET\r\n"


class Turns(Session):
    """One content at a time; at most one envelope behind it."""

    def go(self) -> None:
        if parcel := self._take():
            self._say(self._open(parcel))
        elif not self._full:
            self._desk.has_room(self, idle=not (self._hand or self._asked))

    def deliver(self, parcel: Parcel) -> "asyncio.Future[Reply | None]":
        parcel.answer = answer = asyncio.get_running_loop().create_future()
        content = parcel.letter.stuffed
        parcel.away = True
        parcel.end = self._wire.written + len(content) + len(_END)
        self._asked.append(("the content", self._content_heard, parcel))
        behind = self._open_next()
        # One write: over TLS that is fewer records, and the relay reads it all at once.
        self._say(b"".join((content, _END, behind)))
        if self._pipelines and not (behind or self._full):
            # The final dot never waits for somebody to come: a late one is written behind it.
            self._desk.has_room(self, idle=False)
        return answer

    @property
    def _pipelines(self) -> bool:
        return self._offers.pipelining and self._relay.pipelining

    def _open(self, parcel: Parcel) -> bytes:
        """What opens its envelope, as far as it can be said without an answer."""
        self._asked.append(("MAIL", self._mail_heard, parcel))
        if not self._pipelines:
            return parcel.mail.encode()
        self._asked.append(("RCPT", self._rcpt_heard, parcel))
        self._asked.append(("DATA", self._data_heard, parcel))
        return f"{parcel.mail}{parcel.rcpt}DATA\r\n".encode()

    def _open_next(self) -> bytes:
        """The envelope that may travel behind the end of another message; b"" for none."""
        parcel = self._take() if self._pipelines else None
        return self._open(parcel) if parcel else b""

    def _mail_heard(self, parcel: Parcel, code: int, raw: bytes) -> None:
        if not 200 <= code < 300:
            error = verdict(code, _words(raw), during="MAIL")
            if not isinstance(error, Unfit):
                self._give_up(parcel, error)
            elif self._pipelines:
                # RCPT and DATA are still to be answered.
                parcel.refusal = error
            else:
                self._refused(parcel, error)
        elif not self._pipelines:
            self._asked.append(("RCPT", self._rcpt_heard, parcel))
            self._say(parcel.rcpt.encode())

    def _rcpt_heard(self, parcel: Parcel, code: int, raw: bytes) -> None:
        if parcel.refusal is not None:
            # MAIL was refused.  A yes behind it is for a sender that we do not know: a final dot
            # would make it a mail.
            if code == 421 or not 400 <= code < 600:
                self._give_up(parcel, parcel.refusal)
            return
        if 200 <= code < 300:
            if not self._pipelines:
                self._asked.append(("DATA", self._data_heard, parcel))
                self._say(b"DATA\r\n")
            return
        error = verdict(code, _words(raw), during="RCPT")
        if isinstance(error, RelayDown):
            self._give_up(parcel, error)
        elif self._pipelines:
            # The DATA behind it is still to be answered.
            parcel.refusal = error
        else:
            self._refused(parcel, error)

    def _data_heard(self, parcel: Parcel, code: int, raw: bytes) -> None:
        error = parcel.refusal
        if code == 354 and error is None:
            if not parcel.turn.done():
                parcel.turn.set_result(self)
        elif code == 354 and error is not None and self._relay.by != "lmtp":
            # RFC 2920 §3.1: nobody is left to get it, yet content is what it waits for now.
            self._refused(parcel, error, end=_END)
        elif error is None:
            error = verdict(code, _words(raw), during="DATA")
            if isinstance(error, RelayDown):
                self._give_up(parcel, error)
            else:
                self._refused(parcel, error)
        elif 400 <= code < 600 and code != 421:
            # 503 or 554, because there is nobody to send to.
            self._refused(parcel, error)
        else:
            self._give_up(parcel, error)

    def _refused(self, parcel: Parcel, error: MailError, *, end: bytes = _RESET) -> None:
        """*end* brings the relay back between messages, and the next goes with it.

        The sender is told when that is answered: somebody who then sends again finds this
        connection free, and needs no other.
        """
        parcel.refusal = error
        heard = self._reset_heard if end is _RESET else self._dot_heard
        self._asked.append(("RSET", heard, parcel))
        self._say(end + self._open_next())

    def _dot_heard(self, parcel: Parcel, code: int, raw: bytes) -> None:
        """A message of nothing for nobody: a no is as good as a yes."""
        self._reset_heard(parcel, 250 if 400 <= code < 600 and code != 421 else code, raw)

    def _reset_heard(self, parcel: Parcel, code: int, raw: bytes) -> None:
        if not 200 <= code < 300:
            self._wire.drop(f"the relay does not go on: {code} {_words(raw)}")
            return
        del self._hand[parcel]
        if parcel.refusal is not None:
            self._settle(parcel, parcel.refusal)
        self._settled()


def _words(raw: bytes) -> str:
    return one_line(raw.decode(errors="replace"))
