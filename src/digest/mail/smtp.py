"""The way out through a relay: a few SMTP or LMTP connections, kept open, and one queue for all.

Whoever sends waits in the queue; each connection takes the next message when it may write it.
How a connection opens is `dial`'s, what happens on it `session`'s, and whose fault a refusal is
`verdict` decides.  Here is how many connections there are, and who is told when there are none.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from digest import settings
from digest.errors import ConfigError, MailError, RelayDown
from digest.mail.dial import Dial, Dialler, Password
from digest.mail.envelope import Offers, letter_of
from digest.mail.patience import Patience
from digest.mail.session import Parcel, Session
from digest.mail.transport import Reply
from digest.mail.turns import Turns
from digest.mail.window import Window

#: A relay that takes no further connection, though others of ours work, is asked again after
#: so many seconds.
_ENOUGH_S = 15.0


class SmtpTransport:
    """Sends through one relay, over never more than *relay.connections* at once.

    Connections open when needed and stay open; one that the relay has closed in between is
    replaced without anybody noticing.  How many messages are on their way on each is settled by
    what the relay offers: PIPELINING, CHUNKING (see `turns`, `window`).  `relay.timeout_s` bounds
    the wait for each answer, not for the whole message; nothing bounds the wait in the queue.
    """

    def __init__(
        self,
        relay: settings.Relay,
        *,
        name: str = "",
        ehlo_name: str = "",
        password: Password | str | None = None,
        tls_context: ssl.SSLContext | None = None,
        dial: Dial | None = None,
    ) -> None:
        """*name* goes into replies and errors; "" takes the host.

        Args:
            ehlo_name: "" falls back on `relay.ehlo_name`, then on the sender's domain.
            password: asked for at each connection, so that a token may change; or the one.
            tls_context: instead of the default one, which verifies certificate and host name.
            dial: instead of what *relay* says about opening connections.
        """
        if not (relay.host or relay.socket):
            raise ConfigError(['[mail] host is empty: name your relay, or choose by = "embedded"'])
        self._relay = relay
        self._name = name or relay.host or str(relay.socket)
        self._dial = dial or Dialler(
            relay,
            ehlo_name=ehlo_name or relay.ehlo_name or _domain_of(relay),
            password=password if callable(password) else lambda: password,
            tls_context=tls_context,
        )
        self._waiting: deque[Parcel] = deque()
        #: Of them, those whose connection failed: they want one that is certainly good.
        self._again: deque[Parcel] = deque()
        self._dials: set[asyncio.Task[tuple[asyncio.Transport, Offers]]] = set()
        #: Every connection whose socket is open, and those of them that carry.
        self._open: set[Session] = set()
        self._working: set[Session] = set()
        #: Where there is room at once (the last is the one used last, and so the least likely to
        #: have been given up by the relay), and where behind another message.
        self._idle: dict[Session, None] = {}
        self._roomy: dict[Session, None] = {}
        self._enough_until = 0.0
        self._patience = Patience()
        #: Messages at once on one connection: what the last one was found to carry.
        self._each = 2 if relay.pipelining else 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for session in list(self._open):
            session.leave()
        # Those too that a session has just given back: nobody may call the relay for them.
        self._fail_waiting(RelayDown(0, "the transport was closed"))
        dials = list(self._dials)
        for task in dials:
            task.cancel()
        await asyncio.gather(*dials, return_exceptions=True)
        # One may have been opened at the last moment.
        sessions = list(self._open)
        for session in sessions:
            session.leave()
        await asyncio.gather(*(session.gone for session in sessions))

    @property
    def at_once(self) -> int:
        """See `Transport.at_once`."""
        return self._relay.connections * self._each

    async def send(
        self, message: bytes, *, sender: str, to: str, started: Callable[[], None]
    ) -> Reply:
        """See `Transport.send`.

        Time-outs: at RCPT and DATA `Deferred`, and no try of the person's; before, `RelayDown`.
        """
        parcel: Parcel | None = None
        try:
            letter = letter_of(message, sender=sender, to=to)
            parcel = Parcel(letter, asyncio.get_running_loop().create_future())
            self._waiting.append(parcel)
            self._serve()
            return await self._carried(parcel, started)
        except MailError as error:
            error.relay = error.relay or self._name
            raise
        except BaseException:
            # Cancelled, or the start could not be noted: nobody waits any more.
            if parcel is not None:
                self._withdraw(parcel)
            raise

    async def _carried(self, parcel: Parcel, started: Callable[[], None]) -> Reply:
        while True:
            turn = parcel.turn
            session = await turn
            if turn is not parcel.turn:
                # Between its turn and now the line was lost; it waits for another.
                continue
            if not parcel.begun:
                started()
                parcel.begun = True
            reply = await session.deliver(parcel)
            if reply is not None:
                return reply

    # ------------------------------------------------------------------ as a desk

    def next(self, *, fresh: bool) -> Parcel | None:
        if self._again and (fresh or not self._a_fresh_one_comes()):
            return self._again.popleft()
        return self._waiting.popleft() if self._waiting else None

    def has_room(self, session: Session, *, idle: bool) -> None:
        self._roomy.pop(session, None)
        self._idle.pop(session, None)
        (self._idle if idle else self._roomy)[session] = None

    def back(self, parcel: Parcel) -> None:
        parcel.back()
        self._again.append(parcel)

    def lost(self, session: Session) -> None:
        self._working.discard(session)
        self._idle.pop(session, None)
        self._roomy.pop(session, None)

    def closed(self, session: Session) -> None:
        self._open.discard(session)
        self._serve()

    @property
    def per_connection(self) -> int:
        wanted = self._relay.per_connection
        learnt = self._patience.limit(asyncio.get_running_loop().time())
        return min(wanted, learnt) if wanted and learnt else wanted or learnt

    def ended(self, session: Session) -> None:
        others = [other.carried for other in self._working if other is not session]
        self._patience.ended(
            session.carried,
            began=session.began,
            most=max(others, default=0),
            now=asyncio.get_running_loop().time(),
        )

    # ----------------------------------------------------------------- connections

    def _serve(self) -> None:
        """Let whoever has room take what waits; open connections for the rest."""
        while self._waiting or (self._again and not self._a_fresh_one_comes()):
            if self._idle:
                session, _ = self._idle.popitem()
            elif self._roomy:
                session = next(iter(self._roomy))
                del self._roomy[session]
            else:
                break
            session.go()
        if self._waiting or self._again:
            self._dial_more()

    def _a_fresh_one_comes(self) -> bool:
        """Whether a connection is being opened, or could be once a socket is closed."""
        return bool(self._dials) or (
            len(self._working) < self._relay.connections and not self._enough()
        )

    def _enough(self) -> bool:
        """The relay has lately refused a connection beside those that work."""
        return bool(self._working) and asyncio.get_running_loop().time() < self._enough_until

    def _dial_more(self) -> None:
        dialling = len(self._dials)
        # Closing sockets count: the relay may not have noticed.
        room = self._relay.connections - len(self._open) - dialling
        if not self._working:
            # The first goes alone, so that a dead relay is not called eight times at once.
            room = min(room, 1 - dialling)
        wanted = min(room, len(self._waiting) + len(self._again) - dialling)
        if wanted > 0 and not self._enough():
            for _ in range(wanted):
                task = asyncio.ensure_future(self._dial())
                self._dials.add(task)
                task.add_done_callback(self._dialled)

    def _dialled(self, task: "asyncio.Task[tuple[asyncio.Transport, Offers]]") -> None:
        self._dials.discard(task)
        if task.cancelled():
            self._serve()
            return
        error = task.exception()
        if error is None:
            self._begin(*task.result())
        elif not self._working and not self._dials:
            self._fail_waiting(error)
        else:
            # Those that work serve everybody, those who would have had a fresh one first.
            self._enough_until = asyncio.get_running_loop().time() + _ENOUGH_S
            self._waiting.extendleft(reversed(self._again))
            self._again.clear()
        self._serve()

    def _begin(self, transport: asyncio.Transport, offers: Offers) -> None:
        relay = self._relay
        # LMTP's BDAT is answered once for each recipient taken, so never when there is none:
        # replies could not be told apart by their number (RFC 2033 §4.3).
        pipelines = relay.pipelining and offers.pipelining
        windowed = pipelines and offers.chunking and relay.bdat_window and relay.by != "lmtp"
        self._each = relay.bdat_window if windowed else 2 if pipelines else 1
        kind: type[Session] = Window if windowed else Turns
        session = kind(transport, offers, desk=self, relay=relay, name=self._name)
        self._open.add(session)
        self._working.add(session)
        session.go()

    def _fail_waiting(self, error: BaseException) -> None:
        waiting = [*self._again, *self._waiting]
        self._again.clear()
        self._waiting.clear()
        for parcel in waiting:
            # Each its own, because raising writes into it where it went.
            own = error
            if isinstance(error, MailError):
                own = type(error)(error.code, error.text, relay=error.relay)
                own.__cause__ = error
            parcel.fail(own)

    def _withdraw(self, parcel: Parcel) -> None:
        if parcel.session is not None:
            parcel.session.abandon(parcel)
            return
        for queue in (self._waiting, self._again):
            if parcel in queue:
                queue.remove(parcel)
        if len(self._dials) > len(self._waiting) + len(self._again):
            # Nobody needs what is being opened.
            next(iter(self._dials)).cancel()


def _domain_of(relay: settings.Relay) -> str:
    """A real name all the same, where [mail] is at hand: the sender's."""
    return relay.from_address.rpartition("@")[2] if isinstance(relay, settings.Mail) else ""
