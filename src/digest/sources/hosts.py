"""Whose turn it is: how often and how soon a host is asked, and who wants to be left alone.

Behind the door: requests to one host at a time and apart, a bound over all of
them, and the hosts that answered 429, or 503 with a time, which are not asked
again before it is over.  Not behind it: what is asked for.  Different hosts never wait
for each other, except at the overall bound.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from ipaddress import ip_address
from random import SystemRandom
from typing import Final

from publicsuffixlist import PublicSuffixList

from digest.errors import Fault, FetchError
from digest.model import HostWait

#: Of what a server asks for; more is a mistake, and would mute a source.
LONGEST_WAIT_S: Final = 86_400.0
#: A host that sends us away and calls us back at once would be asked in a storm.
_SHORTEST_WAIT_S: Final = 30.0
#: The first wait, and each further one doubles, where a 429 names no time.
_UNTOLD_WAIT_S: Final = 60.0
#: Of what a robots.txt may ask for between two requests.
LONGEST_DELAY_S: Final = 30.0
#: Hosts whose last request is remembered; idle ones are forgotten beyond it.
_MOST_HOSTS: Final = 5_000
_DICE: Final = SystemRandom()


def utc_now() -> datetime:
    return datetime.now(UTC)


class _Host:
    """What is known of one host while requests to it are under way or lately were."""

    __slots__ = ("door", "gap_s", "started_at", "turns", "users")

    def __init__(self, per_host: int, gap_s: float) -> None:
        self.turns = asyncio.Semaphore(per_host)
        #: Held by the one request that starts next.
        self.door = asyncio.Lock()
        self.gap_s = gap_s
        self.started_at: datetime | None = None
        self.users = 0


class Hosts:
    """Gives requests their turn.  Made for many tasks of one event loop.

    Args:
        per_host: requests to one host at the same time.
        spacing_s: between the starts of two requests to one host.
        in_flight: requests at the same time, over all hosts.
        chance: a number from 0 to 1, another each time.
    """

    def __init__(
        self,
        *,
        per_host: int,
        spacing_s: float,
        in_flight: int,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = _DICE.random,
    ) -> None:
        self._per_host = per_host
        self._spacing_s = spacing_s
        self._gate = asyncio.Semaphore(in_flight)
        self._now = now
        self._sleep = sleep
        self._chance = chance
        self._hosts: dict[str, _Host] = {}
        self._waits: dict[str, HostWait] = {}
        #: How often in a row a host sent us away without a time.
        self._sent_away: dict[str, int] = {}
        self._changed: dict[str, HostWait] = {}

    def load(self, waits: Iterable[HostWait]) -> None:
        """Remember what hosts asked of an earlier run; of two waits the longer holds."""
        for wait in waits:
            known = self._waits.get(wait.host)
            if known is None or known.until < wait.until:
                self._waits[wait.host] = wait

    def take_changes(self) -> list[HostWait]:
        """The waits that hosts asked for since this was last asked; by host."""
        changes = [wait for _, wait in sorted(self._changed.items())]
        self._changed.clear()
        return changes

    def slow_down(self, host: str, delay_s: float) -> None:
        """Keep requests to *host* *delay_s* apart, 30 s at most: its robots.txt says so."""
        if delay_s > 0 or host in self._hosts:
            known = self._host(host)
            known.gap_s = max(self._spacing_s, min(delay_s, LONGEST_DELAY_S))

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until *host* may be asked; leaving gives the turn to the next.

        Args:
            host: lower-case name or address, without a port.

        Raises:
            FetchError: it wants to be left alone; nothing was sent (`BUSY`, with `wait_s`).
        """
        self._respect(host)
        known = self._host(host)
        known.users += 1
        try:
            async with known.turns:
                await self._start(host, known)
                try:
                    yield
                finally:
                    self._gate.release()
        finally:
            known.users -= 1

    async def _start(self, host: str, known: _Host) -> None:
        """Come in through the host's door, one after the other; returns holding the gate."""
        async with known.door:
            if known.started_at is not None:
                early_s = known.gap_s - (self._now() - known.started_at).total_seconds()
                if early_s > 0:
                    # Never longer than the gap, even if somebody puts the clock back.
                    await self._sleep(min(early_s, known.gap_s))
            await self._gate.acquire()
            try:
                # Whoever went before may have been told to stay away.
                self._respect(host)
            except FetchError:
                self._gate.release()
                raise
            known.started_at = self._now()

    def sent_away(
        self, host: str, reason: str, *, asked_s: float | None, whole_domain: bool
    ) -> float:
        """Note that *host* answered that it is asked too much; return the seconds to wait.

        Args:
            reason: what it answered: "429 Too Many Requests".
            asked_s: its Retry-After; held between 30 s and 24 h.  None: a wait that doubles with
                every answer of this kind, and is randomised so that what was sent away
                together does not come back together.
            whole_domain: it speaks for all hosts of its registrable domain.
        """
        key = domain_of(host) if whole_domain else host
        now = self._now()
        standing = self._waits.get(key)
        waiting = standing is not None and standing.until > now
        if asked_s is None:
            times = self._sent_away.get(key, 0)
            # Answers to requests that were under way together are one answer.
            if not waiting or times == 0:
                times = self._sent_away[key] = times + 1
            wait_s = _UNTOLD_WAIT_S * 2.0 ** min(times - 1, 12) * (1 + self._chance())
        else:
            wait_s = asked_s
        wait_s = min(max(wait_s, _SHORTEST_WAIT_S), LONGEST_WAIT_S)
        until = now + timedelta(seconds=wait_s)
        if standing is not None and standing.until > until:
            return (standing.until - now).total_seconds()
        self._waits[key] = self._changed[key] = HostWait(host=key, until=until, reason=reason)
        return wait_s

    def answered(self, host: str) -> None:
        """Note that *host* answered as it should: the next wait without a time starts small."""
        if self._sent_away:
            now = self._now()
            for key in (host, domain_of(host)):
                wait = self._waits.get(key)
                if wait is None or wait.until <= now:
                    self._sent_away.pop(key, None)

    def _respect(self, host: str) -> None:
        if not self._waits:
            return
        now = self._now()
        for key in (host, domain_of(host)):
            wait = self._waits.get(key)
            if wait is None:
                continue
            left_s = (wait.until - now).total_seconds()
            if left_s <= 0:
                del self._waits[key]
                continue
            why = f" ({wait.reason})" if wait.reason else ""
            raise FetchError(
                "",
                f"{key.removeprefix('.')} asked to be left alone until "
                f"{wait.until:%Y-%m-%d %H:%M} UTC{why}; it is asked again after that",
                fault=Fault.BUSY,
                wait_s=left_s,
            )

    def _host(self, host: str) -> _Host:
        known = self._hosts.get(host)
        if known is None:
            if len(self._hosts) >= _MOST_HOSTS:
                self._forget_idle()
            known = self._hosts[host] = _Host(self._per_host, self._spacing_s)
        return known

    def _forget_idle(self) -> None:
        long_ago = self._now() - timedelta(seconds=LONGEST_DELAY_S)
        for host, known in list(self._hosts.items()):
            if not known.users and (known.started_at is None or known.started_at <= long_ago):
                del self._hosts[host]


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=10_000)
def domain_of(host: str) -> str:
    """The registrable domain of *host* with a dot in front; an address or lone name is itself."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        found: str | None = _suffixes().privatesuffix(host)
        return f".{found}" if found else host
    return host
