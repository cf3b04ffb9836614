"""Telling hubs: who follows a feed through a hub (WebSub) hears of a change at once.

Behind the door: what hubs are yet to be told, and asking again those that fail.  The form of a
ping is not in the Recommendation (section 6); this is what public hubs take.  Not behind it:
which feeds have changed.  No fault of a hub is an error here, and nothing that publishes waits
for one.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from urllib.parse import urlsplit

from digest import sources, store
from digest.app import App
from digest.errors import Fault, FetchError
from digest.model import HostWait
from digest.store import pings
from digest.store.pings import MOST_TRIES, Ping
from digest.telemetry import log

#: After the first, second ... try in vain; the last one stands for all further ones.
_WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
#: Feeds that are being written are told of after this, if nobody says before that they are there.
_WRITING: Final = timedelta(minutes=1)
#: Questions to one hub at the same time, once it has answered one.
_AT_ONCE: Final = 4
_GONE: Final = 410
_LONGEST_FAULT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What became of telling a hub."""

    #: What is wrong, in words; "" when the hub took it.
    fault: str = ""
    #: It said that it never will, or may not be asked.
    for_good: bool = False
    #: Nobody answered: the next question would fare no better.
    silent: bool = False
    #: It had asked to be left alone for so long, and was: that is no try.
    rests_s: float | None = None


@asynccontextmanager
async def changing(app: App, topics: Iterable[str]) -> AsyncIterator[None]:
    """Have every hub of [output] hubs told that the feeds at *topics* change within this.

    Nothing leaves here: it is kept for `announce`, which tells of no feed before this is over.
    After a kill or an error within, hubs are told a minute later, perhaps of no change.

    Args:
        topics: addresses as the feeds' own rel="self" has them, word for word (WebSub 5.1).
    """
    hubs = [hub for hub in app.settings.output.hubs if _fits(hub)]
    told = [topic for topic in topics if _fits(topic)]
    if not hubs or not told:
        yield
        return
    async with app.db.write() as conn:
        now = app.now()
        since = {(ping.hub, ping.topic): ping.due_at for ping in await pings.due(conn, now)}
        await pings.note(app.db, conn, hubs, told, now=now, due_at=now + _WRITING)
    yield
    async with app.db.write() as conn:
        # Noted anew: whoever was told meanwhile may have fetched what was there before.
        await pings.note(app.db, conn, hubs, told, now=app.now(), since=since)


def _fits(address: str) -> bool:
    if len(address) <= pings.LONGEST:
        return True
    # Of a base_url or a hub that nobody has: it must not hold up publishing.
    log.warning("no hub is told: the address is too long", address=address[:100])
    return False


async def announce(app: App, *, patience_s: float | None = None) -> int:
    """Tell hubs of the changes that are due; return how many pings were taken.

    One process does it at a time.  Each answer is kept as it comes: a kill has at most the
    changes told again to which no answer was kept, and a feed that changes while its hub is
    being told is told again.  A hub that fails is asked again later, and given up after
    `pings.MOST_TRIES`; nobody waits longer than [collect] timeout_s for one that hangs.  Hubs
    are the newsroom's own choice: they are not kept apart as other people's servers are.

    Args:
        patience_s: for all of it; who has not answered by then counts as failing, whoever has
            not been asked is asked next time, and first.

    Raises:
        StoreError: the database does not answer; hubs may be told again.
    """
    until = None if patience_s is None else asyncio.get_running_loop().time() + patience_s
    async with app.db.lease("announce") as mine:
        if not mine:
            return 0
        by_hub, waits = await _due(app)
        if not by_hub:
            return 0
        collect = app.settings.collect.model_copy(update={"spacing_s": 0.0, "per_host": _AT_ONCE})
        contact = app.settings.site.contact
        async with sources.Http(collect, contact=contact, now=app.now) as http:
            # A hub that sent another process away is left alone here too.
            http.hosts.load(waits)
            told = [_Telling(app, http, some, until) for some in by_hub.values()]
            # Side by side: none waits for another that is slow.
            await _all_of(one.tell() for one in told)
    return sum(one.taken for one in told)


async def _all_of(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Do all of *work* side by side, to the end; then raise what went wrong first."""
    for error in await asyncio.gather(*work, return_exceptions=True):
        if error is not None:
            raise error


async def _due(app: App) -> tuple[Mapping[str, list[Ping]], list[HostWait]]:
    """What is due, by hub; what hubs of before were to be told is forgotten."""
    async with app.db.read() as conn:
        found = await pings.due(conn, app.now())
        waits = await store.sources.waits(conn, now=app.now())
    hubs = frozenset(app.settings.output.hubs)
    if any(ping.hub not in hubs for ping in found):
        async with app.db.write() as conn:
            await pings.keep_only(conn, hubs)
    ours = sorted((ping for ping in found if ping.hub in hubs), key=lambda ping: ping.hub)
    return {hub: list(some) for hub, some in groupby(ours, key=lambda ping: ping.hub)}, waits


class _Telling:
    """Telling one hub what is *due*, in that order.

    Args:
        until: by the loop's clock; None: as long as it takes.
    """

    def __init__(
        self, app: App, http: "sources.Http", due: Sequence[Ping], until: float | None
    ) -> None:
        self._app = app
        self._http = http
        self._left = deque(due)
        self._until = until
        #: To a question to which there was none.
        self._silence: tuple[_Answer, int, datetime] | None = None
        self.taken = 0

    async def tell(self) -> None:
        # One alone at first: a hub that is down is asked one question.
        await self._ask(most=1)
        await _all_of(self._ask(most=len(self._left)) for _ in range(_AT_ONCE))
        if self._silence is not None and not self._late:
            await self._put_off(*self._silence)

    @property
    def _late(self) -> bool:
        return self._until is not None and asyncio.get_running_loop().time() >= self._until

    async def _ask(self, *, most: int) -> None:
        for _ in range(most):
            stopping = self._late or self._app.stopping.is_set()
            if stopping or self._silence is not None or not self._left:
                return
            ping = self._left.popleft()
            answer = await self._answer(ping)
            tries, due_at = await self._keep(ping, answer)
            self.taken += not answer.fault
            if answer.silent:
                self._silence = (answer, tries, due_at)

    async def _answer(self, ping: Ping) -> _Answer:
        form = {"hub.mode": "publish", "hub.url": ping.topic}
        try:
            async with asyncio.timeout_at(self._until):
                status = await self._http.post(ping.hub, form)
        except TimeoutError:
            return _Answer(fault=f"{_host(ping)} did not answer in the time there was", silent=True)
        except FetchError as error:
            rests_s = error.wait_s if error.fault is Fault.BUSY else None
            forbidden = not error.temporary
            return _Answer(fault=str(error), for_good=forbidden, silent=True, rests_s=rests_s)
        if 200 <= status < 300:
            return _Answer()
        from digest.sources import refusals

        advice = "" if status != _GONE else "; take it out of [output] hubs"
        said = f"{_host(ping)} answered {refusals.answered(status)}{advice}"
        return _Answer(fault=said, for_good=status == _GONE)

    async def _keep(self, ping: Ping, answer: _Answer) -> tuple[int, datetime]:
        """Commit what became of *ping*, unless its feed has changed since; tries and due."""
        app = self._app
        rested = answer.rests_s is not None
        tries = MOST_TRIES if answer.for_good else ping.tries + (not rested)
        wait = _WAITS[min(max(tries, 1), len(_WAITS)) - 1]
        if answer.rests_s is not None:
            wait = timedelta(seconds=answer.rests_s)
        due_at = app.now() + wait
        async with app.db.write() as conn:
            # A 429, or a 503 with a time: also after a restart the hub is left alone so long.
            await store.sources.keep_waits(app.db, conn, self._http.hosts.take_changes())
            if not answer.fault:
                await pings.told(conn, ping)
            else:
                fault = answer.fault[:_LONGEST_FAULT]
                await pings.failed(conn, ping, tries=tries, due_at=due_at, fault=fault)
        facts = {"hub": ping.hub, "topic": ping.topic}
        if not answer.fault:
            log.info("hub told", **facts)
        elif tries >= MOST_TRIES:
            log.error("hub given up until the next change", reason=answer.fault, **facts)
        else:
            again = due_at.isoformat()
            log.warning("hub not told", reason=answer.fault, again=again, **facts)
        return tries, due_at

    async def _put_off(self, answer: _Answer, tries: int, due_at: datetime) -> None:
        """Have those that were not asked wait with the one that was; given up, all are."""
        if not self._left:
            return
        given_up = tries >= MOST_TRIES
        async with self._app.db.write() as conn:
            for ping in self._left:
                await pings.failed(
                    conn,
                    ping,
                    tries=MOST_TRIES if given_up else ping.tries,
                    due_at=due_at,
                    fault=answer.fault[:_LONGEST_FAULT],
                )
        log.warning(
            "hub not asked", hub=self._left[0].hub, feeds=len(self._left), given_up=given_up
        )


def _host(ping: Ping) -> str:
    return f"the hub {urlsplit(ping.hub).hostname}"
