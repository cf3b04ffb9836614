"""The life of one connection: what is asked of the relay, and what each reply settles.

A message on its way is a `Parcel`.  A session takes parcels from its `Desk`, opens their
envelopes, gives each its turn, and settles it: taken, refused, in doubt, or back to the desk
because only the line failed.  Here is what every session does; `turns` and `window` know in
which order things are written.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from digest import settings
from digest.errors import Deferred, MailError, RelayDown, Vanished
from digest.mail.envelope import Letter, Offers, mail_command, rcpt_command
from digest.mail.transport import Reply
from digest.mail.verdict import enhanced_status, one_line, verdict
from digest.mail.wire import Wire

#: Longest time given to saying goodbye, seconds.
_GOODBYE_S = 1.0
#: So many connections may fail under one parcel before its sender is told.
_TRIES = 5


@dataclass(slots=True, eq=False)
class Parcel:
    """One message on its way, and what its sender waits for."""

    letter: Letter
    #: Its session, when the relay is ready for its content.  Once the parcel is back at the
    #: desk it has another: a turn that is not this one any more must not be used.
    turn: "asyncio.Future[Session]"
    #: What became of the content; None: nothing, the parcel is back at the desk.
    answer: asyncio.Future[Reply | None] | None = None
    session: "Session | None" = None
    #: MAIL and RCPT as they are put to this relay.
    mail: str = ""
    rcpt: str = ""
    #: First on its connection: what fails then is the relay's word, not the age of the line.
    first: bool = False
    #: Its sender was told that content leaves: once, however often it is carried.
    begun: bool = False
    #: Its content was given to the connection that it is on, and ends there so many octets in.
    away: bool = False
    end: int = 0
    #: What was said of its envelope, when that was no.
    refusal: MailError | None = None
    #: Its sender waits no more.
    dropped: bool = False
    tries: int = 0

    def fail(self, error: BaseException) -> None:
        """Raise *error* where its sender waits."""
        future = self.answer if self.away and self.answer is not None else self._other_turn()
        if not future.done():
            future.set_exception(error)

    def back(self) -> None:
        """Off its connection; nothing was taken."""
        if self.away and self.answer is not None and not self.answer.done():
            self.answer.set_result(None)
        self._other_turn()
        self.session, self.away, self.refusal = None, False, None
        self.tries += 1

    def _other_turn(self) -> "asyncio.Future[Session]":
        """A turn that was given and not used yet is taken back."""
        if self.turn.done() and not self.turn.cancelled():
            self.turn = asyncio.get_running_loop().create_future()
        return self.turn


class Desk(Protocol):
    """Where parcels wait."""

    def next(self, *, fresh: bool) -> Parcel | None:
        """The one to be taken now; *fresh*: by a connection that has had none."""
        ...

    def has_room(self, session: "Session", *, idle: bool) -> None:
        """*session* could take one more: at once if *idle*, else behind what it has."""
        ...

    def back(self, parcel: Parcel) -> None:
        """It is to be carried by another connection."""
        ...

    def lost(self, session: "Session") -> None:
        """*session* carries nothing any more; its place is free only when it is closed."""
        ...

    def closed(self, session: "Session") -> None: ...

    @property
    def per_connection(self) -> int:
        """Messages after which a connection is replaced; 0: none."""
        ...

    def ended(self, session: "Session") -> None:
        """The relay wants no more on *session*, of which something was still asked."""
        ...


Step = Callable[[Parcel, int, bytes], None]


class Session(ABC):
    """One open connection and the parcels that it has in hand."""

    def __init__(
        self,
        transport: asyncio.Transport,
        offers: Offers,
        *,
        desk: Desk,
        relay: settings.Relay,
        name: str,
    ) -> None:
        """*transport* is signed in and between messages; *name* goes into replies."""
        #: Done when the socket is closed.
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._desk = desk
        self._offers = offers
        self._relay = relay
        self._name = name
        self.began = asyncio.get_running_loop().time()
        #: Messages that were answered with a yes.
        self.carried = 0
        self._taken = 0
        #: The last reply was 421; one of them was.
        self._ended = self._told = False
        #: Takes no more.
        self._full = False
        self._leaving = False
        #: Somebody in hand has no sender any more.
        self._orphaned = False
        #: In the order in which they were taken.
        self._hand: dict[Parcel, None] = {}
        #: What is asked and not answered: the command, who takes its reply, for whom.
        self._asked: deque[tuple[str, Step, Parcel]] = deque()
        self._wire = Wire(transport, self, timeout_s=relay.timeout_s)

    # -------------------------------------------------- for the desk, and for senders

    @abstractmethod
    def go(self) -> None:
        """Take what there is room for, and tell the desk what room is left."""

    @abstractmethod
    def deliver(self, parcel: Parcel) -> "asyncio.Future[Reply | None]":
        """Write the content of *parcel*, whose turn it is: from here on silence is doubt."""

    def abandon(self, parcel: Parcel) -> None:
        """Nobody waits for *parcel* any more: the connection ends when no other is in doubt."""
        if parcel in self._hand:
            parcel.dropped = self._orphaned = self._full = True
            self._end_if_orphaned()

    def leave(self) -> None:
        """Say QUIT and close, within a second or so; what is in hand is lost."""
        if self._wire.broken or self._leaving:
            return
        self._full = self._leaving = True
        if self._asked or self._hand:
            self._wire.drop("the transport was closed")
            return
        self._wire.say(b"QUIT\r\n", replies=1)
        patience = min(_GOODBYE_S, self._relay.timeout_s)
        asyncio.get_running_loop().call_later(patience, self._wire.drop, "no answer to QUIT")

    # ------------------------------------------------------------------ for the wire

    def heard(self, code: int, text: bytes) -> None:
        if self._leaving:
            self._wire.close(grace_s=_GOODBYE_S)
            return
        _, step, parcel = self._asked.popleft()
        self._ended = code == 421
        if self._ended and not self._told:
            self._told = True
            self._desk.ended(self)
        step(parcel, code, text)

    def lost(self, why: str, *, silent: bool) -> None:
        asked, hand = list(self._asked), list(self._hand)
        self._asked.clear()
        self._hand.clear()
        self._desk.lost(self)
        if self._wire.hung_up and asked and not self._told:
            self._desk.ended(self)
        for parcel in hand:
            command = next((name for name, _, whose in asked if whose is parcel), "")
            late = silent and asked[0][2] is parcel
            self._settle_lost(parcel, command, why, late=late)

    def closed(self) -> None:
        self.gone.set_result(None)
        self._desk.closed(self)

    # ---------------------------------------------------------------- what both do

    def _say(self, octets: bytes) -> None:
        """Write them; what was noted in `_asked` since the last time is asked with them."""
        self._wire.say(octets, replies=len(self._asked) - self._wire.owed)

    def _take(self) -> Parcel | None:
        """The next parcel that this relay can be asked to carry."""
        while not self._full and (parcel := self._desk.next(fresh=not self._taken)):
            try:
                parcel.mail = mail_command(parcel.letter, self._offers)
            except MailError as error:
                # Nothing need be said to the relay, so nobody else is harmed.
                parcel.fail(error)
                continue
            parcel.rcpt = rcpt_command(parcel.letter)
            parcel.session = self
            parcel.first = not self._taken
            self._hand[parcel] = None
            self._taken += 1
            self._full = 0 < self._desk.per_connection <= self._taken
            return parcel
        return None

    def _content_heard(self, parcel: Parcel, code: int, raw: bytes) -> None:
        """The last word on a message, after which the relay is between two (RFC 5321 §4.1.1.4)."""
        del self._hand[parcel]
        text = one_line(raw.decode(errors="replace"))
        early = self._wire.sent < parcel.end
        self.carried += 200 <= code < 300
        error: MailError | None = None
        if not (200 <= code < 300 or 400 <= code < 600):
            error = Vanished(code, f"{text} (neither yes nor no to the content)")
        elif code >= 300:
            error = parcel.refusal or verdict(code, text, during="DATA")
        elif early:
            error = Vanished(code, f"{text} (a yes before the content had ended)")
        elif parcel.refusal is not None:
            error = self._contradicted(parcel.refusal, code, text)
        if error is not None:
            self._settle(parcel, error)
        elif parcel.answer is not None and not parcel.answer.done():
            parcel.answer.set_result(Reply(code, enhanced_status(text), text, self._name))
        if isinstance(error, Vanished) or self._ends_with(code, early=early):
            self._wire.drop(f"after the answer {code} {text}")
        else:
            self._end_if_orphaned()
            self._settled()

    def _contradicted(self, refusal: MailError, code: int, text: str) -> MailError:
        """What to make of a yes to content whose envelope was refused."""
        return refusal

    def _ends_with(self, code: int, *, early: bool) -> bool:
        """Whether no use can be made of a connection on which content was answered so."""
        # It hangs up, or takes what is still being written for commands.
        return code == 421 or early

    def _settled(self) -> None:
        """One parcel less in hand."""
        if not (self._asked or self._hand):
            if self._full:
                self.leave()
            else:
                self.go()

    def _settle(self, parcel: Parcel, error: MailError) -> None:
        """Tell the sender, or let another connection try what only this one refuses."""
        if parcel.dropped:
            return
        again = parcel.refusal is error or not parcel.away
        if again and isinstance(error, RelayDown) and not parcel.first and parcel.tries < _TRIES:
            self._desk.back(parcel)
        else:
            parcel.fail(error)

    def _settle_lost(self, parcel: Parcel, command: str, why: str, *, late: bool) -> None:
        silence = f"within {self._relay.timeout_s:g} s"
        error: MailError
        if parcel.refusal is not None and not (parcel.away and parcel.refusal.code < 400):
            error = parcel.refusal
        elif parcel.away and self._ended and self._wire.hung_up and parcel.refusal is None:
            # RFC 5321 §3.8: 421 ends the channel, and it was said to one before this.
            error = parcel.refusal = RelayDown(421, f"it was behind a message told 421: {why}")
        elif parcel.away:
            how = f" {silence}" if late else f": {why}"
            error = Vanished(0, f"no answer to the content{how}")
        elif late:
            text = f"no answer to {command} {silence}"
            # From RCPT on it may be somebody whom the relay looks up for too long: others go on.
            # But it says nothing of them either.
            error = RelayDown(0, text) if command == "MAIL" else Deferred(0, text, tried=False)
        else:
            when = f"no answer to {command}" if command else "before any content"
            error = RelayDown(0, f"{when}: {why}")
        self._settle(parcel, error)

    def _give_up(self, parcel: Parcel, error: MailError) -> None:
        """The relay refuses us, before any content of *parcel*: nothing more is asked here."""
        parcel.refusal = error
        self._wire.drop(error.text)

    def _end_if_orphaned(self) -> None:
        if self._orphaned and not any(one.away and not one.dropped for one in self._hand):
            self._wire.drop("the message was given up")
