"""All ways out as one: who takes this message, when, and who takes it if that one is down.

Behind the door: signing (once a message), the choice among relays by weight, waiting for a relay's
turn, rest for one that is down and a careful return to it, another way for what one cannot carry,
and telling the pace what was heard.
Not behind it: how fast anything may go (`pacing`), what an answer means (`verdict`), and trying
again later, which is the journal's.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from types import TracebackType
from typing import Final, Protocol, Self

from digest.errors import ConfigError, Deferred, MailError, Refused, RelayDown, Unfit, Vanished
from digest.mail.lanes import throttled
from digest.mail.transport import Finished, Reply, Start, Transport
from digest.mail.verdict import about_us, enhanced_status
from digest.telemetry import masked

#: Rest of a relay that is down: the first, and the longest; seconds.
_REST_S: Final = 5.0
_LONGEST_REST_S: Final = 300.0
#: A relay whose share of the day is used up is asked again after so many seconds.
_SHARE_S: Final = 60.0
#: So many messages one after the other with no answer: a relay that swallows them is down.
_SILENT: Final = 3
#: What is lost within so many seconds is lost by one cause.
_AT_ONCE_S: Final = 0.1
_AGAIN_S: Final = 0.25
_SPENT: Final = "it takes no more for now"
_NOBODY: Final[dict[str, MailError]] = {}


class Pacer(Protocol):
    """What a fleet asks about pace and tells it; see `pacing.Pacing`."""

    def lane_of(self, email: str) -> str: ...

    def relay_wait(self, relay: str, now: datetime) -> float: ...

    def heard(
        self,
        *,
        relay: str,
        lane: str,
        code: int,
        enhanced: str = "",
        text: str = "",
        now: datetime,
    ) -> None: ...

    def storm(self, relay: str) -> str: ...

    def trusted(self, relay: str) -> bool: ...

    def spent(self, relay: str, now: datetime) -> str: ...

    def give_back(self, relay: str) -> None: ...

    def down(
        self, relay: str, why: str, until: datetime | None, *, now: datetime | None = None
    ) -> None: ...


class Signer(Protocol):
    """Puts signatures on messages; see `signing.Signing`."""

    @property
    def at_once(self) -> int: ...

    async def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Way:
    """One way out, and how much goes through it."""

    #: Stands in the journal, in counts and in logs; no two ways share one.
    name: str
    transport: Transport
    #: Its share, beside the others'.
    weight: int = 1
    #: Only used while all others are down.
    standby: bool = False


@dataclass(slots=True, eq=False)
class _Berth:
    """A way, and how it is.  Times are the clock's, in seconds."""

    name: str
    transport: Transport
    weight: int
    standby: bool
    open: bool = False
    #: Why it is down; "" while it is not.
    why: str = ""
    #: Down: not tried before.
    rests_until: float = 0.0
    rest_s: float = _REST_S
    #: Down and being tried by one message; done when that one knows.
    trial: asyncio.Future[None] | None = None
    #: Its next turn comes then.
    busy_until: float = 0.0
    #: Its share of the day is used up; asked again then.
    spent_until: float = 0.0
    #: Times in a row that no answer was heard; and when it was last so.
    silent: int = 0
    silent_at: float = -math.inf
    #: Smooth weighted round-robin: what it is owed.
    credit: int = 0


class _Errand:
    """One message on its way, and who would not take it."""

    # Made for each message: a dataclass would take three times as long.
    __slots__ = ("_known", "_started", "again", "begun", "lane", "refused")

    def __init__(self, lane: str, started: Callable[[], None]) -> None:
        self.lane = lane
        self._started = started
        self._known = started if isinstance(started, Start) else None
        self.again = self._known is not None and self._known.again
        self.begun = False
        #: By the way's name: a `RelayDown` or an `Unfit`.
        self.refused: dict[str, MailError] = _NOBODY

    def start(self) -> None:
        """Say that content leaves; once only to who does not want to hear that it came back."""
        if not self.begun:
            self._started()
            self.begun = True

    def back(self) -> None:
        """Say that what left was not taken."""
        if self.begun and self._known is not None:
            self.begun = False
            self._known.back()


class Fleet:
    """A transport made of transports; see `Transport`.

    A relay that is down (`RelayDown`, or three messages in a row without an answer) rests for
    5 seconds, twice as long each time up to 5 minutes; then one message at a time tries it.  The
    message that found it down goes to the next, for nothing of it was taken; so does one that a
    way cannot carry (`Unfit`).  Whom a relay refuses for what *we* are, while it has not accepted
    anything lately, is `Deferred`, and it is no try of theirs.

    Every reply and error leaves with the name of its way as `relay`.
    """

    def __init__(
        self,
        ways: Sequence[Way],
        *,
        pacing: Pacer,
        signing: Signer | None,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """*now* is told to *pacing*; rests are counted by *clock*, which nobody sets back."""
        if not ways or len({way.name for way in ways}) < len(ways):
            raise ConfigError(["[[relays]] wants at least one, each with a name of its own"])
        self._berths = [_Berth(w.name, w.transport, w.weight, w.standby) for w in ways]
        self._pacing = pacing
        self._signing = signing
        self._now = now
        self._clock = clock
        self._sleep = sleep
        self._opened = AsyncExitStack()
        #: Of all that was offered since this fleet was made.
        self._accepted = False
        self._us = ""

    @property
    def refused_us(self) -> str:
        """Why we, not people, are refused: the last such answer in words.

        "" when there was none, or when anything at all was accepted: then it may be about them.
        """
        return "" if self._accepted else self._us

    @property
    def at_once(self) -> int:
        own = sum(berth.transport.at_once for berth in self._berths)
        return own + (self._signing.at_once if self._signing else 0)

    async def __aenter__(self) -> Self:
        """Open all ways; one that cannot is down for now.

        Raises:
            RelayDown: none can.
        """
        try:
            for berth in self._berths:
                try:
                    await self._open(berth)
                except RelayDown as error:
                    self._rest(berth, error)
            if not any(berth.open for berth in self._berths):
                raise self._nobody(None)
        except BaseException:
            await self._opened.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._opened.aclose()

    async def send(
        self, message: bytes, *, sender: str, to: str, started: Callable[[], None]
    ) -> Reply:
        """See `Transport.send`.

        Raises:
            RelayDown: no way is left, and why, each by its name; or today's share of the warm-up
                plan is used up; or no way can carry a message such as this one.
            Deferred: also when only ways that are down now could carry it to this address.
            Refused: also when no way can.
        """
        if self._signing is not None:
            signed = await self._signing.sign(message)
            # The lines of a signature are such lines, too.
            message = Finished(signed) if isinstance(message, Finished) else signed
        pacing = self._pacing
        errand = _Errand(pacing.lane_of(to), started)
        while True:
            berth = self._choose(errand)
            if berth is None:
                await self._somebody(errand)
                continue
            wait_s = pacing.relay_wait(berth.name, self._now())
            if wait_s > 0 and not await self._waited(berth, errand, wait_s):
                continue
            trial = _begun(berth) if berth.why else None
            try:
                if not berth.open:
                    await self._open(berth)
                reply = await berth.transport.send(
                    message, sender=sender, to=to, started=errand.start
                )
                self._answered(berth)
            except MailError as error:
                told = self._failed(berth, errand, error)
                if told is error:
                    raise
                if told is not None:
                    raise told from error
                continue
            finally:
                if trial is not None:
                    berth.trial = None
                    trial.set_result(None)
            self._accepted = True
            pacing.heard(
                relay=berth.name, lane=errand.lane, code=reply.code, enhanced=reply.enhanced,
                text=reply.text, now=self._now(),
            )  # fmt: skip
            return reply if reply.relay == berth.name else replace(reply, relay=berth.name)

    # ------------------------------------------------------------------ choice

    def _choose(self, errand: _Errand) -> _Berth | None:
        """Who takes it; None: nobody just now."""
        berths = self._berths
        if len(berths) == 1:
            return berths[0] if self._fit(berths[0], errand) else None
        able = [berth for berth in berths if not berth.standby and self._fit(berth, errand)]
        if not able:
            up = [berth for berth in berths if not berth.standby and self._up(berth)]
            if any(berth.name not in errand.refused for berth in up):
                # Up, with its share used up: that is no case for those on standby.
                return None
            able = [berth for berth in berths if berth.standby and self._fit(berth, errand)]
        if len(able) < 2:
            return able[0] if able else None
        now = self._clock()
        free = [berth for berth in able if berth.busy_until <= now]
        if not free:
            return min(able, key=lambda berth: berth.busy_until)
        for berth in free:
            berth.credit += berth.weight
        chosen = max(free, key=lambda berth: berth.credit)
        chosen.credit -= sum(berth.weight for berth in free)
        return chosen

    def _up(self, berth: _Berth) -> bool:
        return not berth.why and not self._pacing.storm(berth.name)

    def _fit(self, berth: _Berth, errand: _Errand) -> bool:
        """Whether it may be offered this message now."""
        if errand.refused and berth.name in errand.refused:
            return False
        if berth.why and (berth.trial is not None or self._clock() < berth.rests_until):
            return False
        if berth.spent_until and self._clock() < berth.spent_until:
            return False
        return not self._pacing.storm(berth.name)

    async def _somebody(self, errand: _Errand) -> None:
        """Wait until somebody may take it.

        Raises:
            RelayDown: nobody is up or has a share of the day left, and nobody is being tried.
        """
        trials = [
            berth.trial for berth in self._berths
            if berth.trial is not None and berth.name not in errand.refused
        ]  # fmt: skip
        if trials:
            await asyncio.wait(trials, return_when=asyncio.FIRST_COMPLETED)
            return
        if any(isinstance(error, Unfit) for error in errand.refused.values()):
            raise self._uncarried(errand)
        now = self._clock()
        spent = [berth for berth in self._berths if self._up(berth) and now < berth.spent_until]
        if spent and not any(not self._up(berth) for berth in self._berths if not berth.standby):
            # Nobody's try: the day is over for all of them.
            name = spent[0].name
            why = self._pacing.spent(name, self._now()) or _SPENT
            raise RelayDown(0, why, relay=name)
        raise self._nobody(errand)

    def _nobody(self, errand: _Errand | None) -> RelayDown:
        """Nobody is left: with the reasons of all, and the code that this message was told."""
        refused = errand.refused if errand else {}
        last = next(reversed(refused.values()), None)
        if len(self._berths) == 1:
            (only,) = self._berths
            if isinstance(last, RelayDown):
                return last
            return RelayDown(0, self._reason(only, refused), relay=only.name)
        reasons = "; ".join(f"{b.name}: {self._reason(b, refused)}" for b in self._berths)
        down = RelayDown(last.code if last else 0, reasons, relay=last.relay if last else "")
        down.__cause__ = last
        return down

    def _uncarried(self, errand: _Errand) -> MailError:
        """Nobody is left, and some could not carry it, whatever they are asked."""
        told = [error for error in errand.refused.values() if isinstance(error, Unfit)]
        last, by_all = told[-1], len(told) == len(self._berths)
        if all(error.ours for error in told):
            # Others' messages are like this one: a person is to be told, and nobody is blamed.
            if by_all:
                return RelayDown(last.code, last.text, relay=last.relay)
            return self._nobody(errand)
        if by_all:
            return Refused(last.code, last.text, relay=last.relay)
        # Who could perhaps is not to be asked now; the others' mails go on meanwhile.
        return Deferred(last.code, last.text, relay=last.relay, tried=False)

    def _reason(self, berth: _Berth, refused: Mapping[str, MailError]) -> str:
        why = self._pacing.storm(berth.name) or berth.why
        if not why and berth.name in refused:
            why = str(refused[berth.name])
        return why or self._pacing.spent(berth.name, self._now()) or _SPENT

    # ------------------------------------------------------------------- turns

    async def _waited(self, berth: _Berth, errand: _Errand, wait_s: float) -> bool:
        """Wait for this way's turn; False: it is not to be used after all."""
        if math.isinf(wait_s):
            if self._pacing.spent(berth.name, self._now()):
                berth.spent_until = self._clock() + _SHARE_S
            else:
                # Some that are on their way may not be taken after all, and leave their share.
                await self._sleep(_AGAIN_S)
            return False
        # Whoever comes meanwhile sees that another way would be faster.
        berth.busy_until = max(berth.busy_until, self._clock() + wait_s)
        await self._sleep(wait_s)
        # It may have gone down: then another is asked.
        if self._fit(berth, errand):
            return True
        self._pacing.give_back(berth.name)
        return False

    # ----------------------------------------------------------------- answers

    def _failed(self, berth: _Berth, errand: _Errand, error: MailError) -> MailError | None:
        """What to raise; None: nothing was taken, and others may be asked."""
        error.relay = berth.name
        if isinstance(error, RelayDown | Unfit):
            errand.refused = {**errand.refused, berth.name: error}
            if isinstance(error, RelayDown) and error.code:
                self._hear(errand, error)
            else:
                # Of this the pace hears nothing else.
                self._pacing.give_back(berth.name)
            if isinstance(error, RelayDown):
                self._rest(berth, error)
            errand.back()
            return None
        self._hear(errand, error)
        if error.code:
            # Whatever it says, it comes from somebody who is there.
            self._answered(berth)
        elif not isinstance(error, Refused):
            # (An address that was refused without a code was never sent to anybody.)
            # Several on one connection are lost at once: that is one silence, not several.
            now = self._clock()
            berth.silent += now - berth.silent_at > _AT_ONCE_S
            berth.silent_at = now
            if berth.trial is not None or berth.silent >= _SILENT:
                self._rest(berth, error)
        if self._blames_us(error):
            self._us = f"{berth.name}: {masked(str(error))}"
            return Deferred(error.code, error.text, relay=berth.name, tried=False)
        return error

    def _hear(self, errand: _Errand, error: MailError) -> None:
        if not error.code and not isinstance(error, Vanished):
            # Nobody was reached, or nobody was asked: that is no answer.
            return
        enhanced = enhanced_status(error.text)
        slower = throttled(error.code, enhanced, error.text)
        if errand.again and isinstance(error, Deferred) and not slower:
            # They are chosen for having been told so: their "later" makes no storm.
            return
        self._pacing.heard(
            relay=error.relay,
            # What is said to us is not said of anybody's provider.
            lane="" if error.code == 421 or isinstance(error, RelayDown) else errand.lane,
            code=error.code,
            enhanced=enhanced,
            text=error.text,
            now=self._now(),
        )

    def _blames_us(self, error: MailError) -> bool:
        """A "never" that is about what we are: believed of a person only once they take others."""
        return (
            isinstance(error, Refused)
            and about_us(error.code, error.text)
            and not self._pacing.trusted(error.relay)
        )

    # -------------------------------------------------------------------- rest

    async def _open(self, berth: _Berth) -> None:
        await self._opened.enter_async_context(berth.transport)
        berth.open = True

    def _answered(self, berth: _Berth) -> None:
        berth.silent = 0
        if berth.trial is not None:
            berth.why, berth.rest_s = "", _REST_S
            self._pacing.down(berth.name, "", None, now=self._now())

    def _rest(self, berth: _Berth, error: MailError) -> None:
        if berth.why and berth.trial is None:
            # Those that were on their way when it went down tell nothing new.
            return
        berth.silent = 0
        berth.why = str(error)
        # Several processes and ways do not come back at the same instant.
        spread = blake2b(berth.name.encode(), digest_size=1).digest()[0] / 255
        rest_s = berth.rest_s * (0.9 + 0.2 * spread)
        berth.rests_until = self._clock() + rest_s
        now = self._now()
        self._pacing.down(berth.name, berth.why, now + timedelta(seconds=rest_s), now=now)
        berth.rest_s = min(2 * berth.rest_s, _LONGEST_REST_S)


def _begun(berth: _Berth) -> asyncio.Future[None]:
    """One message tries it; whoever else has nobody to go to waits for what that one finds."""
    berth.trial = asyncio.get_running_loop().create_future()
    return berth.trial
