"""What a transport is: it takes finished messages away and says what the relay answered."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self


class Finished(bytes):
    """A message of which its maker vouches that all lines end in CRLF and none begins with a dot.

    Making one copies it, which costs a tenth of looking at each octet again before it is sent.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The relay took the message: from here on it is the relay's to deliver."""

    #: Three-digit reply, RFC 5321 §4.2.1; always 2xx.
    code: int
    #: RFC 3463 status such as "2.0.0", or "" when the relay gave none.
    enhanced: str
    #: The relay's words, on one line.
    text: str
    #: The relay's name: of [[relays]], or its host.
    relay: str


class Start(ABC):
    """A *started* that also wants to hear what becomes of content that nobody took.

    Whoever asks several relays, one after the other, calls it before each of them, and `back` in
    between; a transport that knows nothing of this takes it for the callable that it is.
    """

    __slots__ = ()

    #: They have been asked to come back before: that they are once more says little of the relay.
    again: bool = False

    @abstractmethod
    def __call__(self) -> None:
        """Content leaves now."""

    @abstractmethod
    def back(self) -> None:
        """What left was certainly not taken: it is as if it had not been begun.

        It may be called more than once.  If it raises, nobody else is asked.
        """


class Transport(Protocol):
    """Takes messages away, many at once.  Use it inside ``async with``, in one event loop."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    @property
    def at_once(self) -> int:
        """How many messages it can have in hand: more callers of `send` would only wait.

        It may grow once the transport knows what the other side offers.
        """
        ...

    async def send(
        self, message: bytes, *, sender: str, to: str, started: Callable[[], None]
    ) -> Reply:
        """Hand over one message for one person; return when it was taken.

        Args:
            message: finished RFC 5322 octets, every line ending in CRLF; a `Finished` one is
                not checked again.
            sender: envelope sender, where bounces go; "" for none.
            to: envelope recipient, one bare address.
            started: called at most once, synchronously, just before the first octet of content
                leaves.  Until then nobody can have got anything.  If it raises, nothing leaves.
                A transport that asks several relays calls a `Start` anew for each, after `back`.

        Raises:
            Deferred: this address, later.
            Refused: this address, not again; `Unfit`: not by this way, and nothing was begun.
            RelayDown: they refuse us; nothing was taken and nobody is to blame.
            Vanished: content left and no answer came.

        Cancelled before *started*, or after `Start.back`, nothing was sent; cancelled after
        *started*, the message is in doubt.
        """
        ...


class Unopened:
    """A transport with nothing to open and nothing to close."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None
