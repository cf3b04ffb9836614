"""Telling hubs: who follows a feed through a hub (WebSub) hears of a change at once.

Behind the door: what hubs are yet to be told, and asking again those that fail.  The form of a
ping is not in the Recommendation (section 6); this is what public hubs take.  Not behind it:
which feeds have changed.  No fault of a hub is an error here, and nothing that publishes waits
for one.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final
from urllib.parse import urlsplit

from digest import store
from digest.app import App
from digest.errors import Fault, FetchError
from digest.store import Connection, pings
from digest.store.pings import MOST_TRIES, Ping
from digest.telemetry import log

#: After the first, second ... try in vain; the last one stands for all further ones.
_WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
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


async def note_changes(app: App, conn: Connection, topics: Sequence[str]) -> None:
    """Have every hub of [output] hubs told that the feeds at *topics* have changed.

    Nothing leaves here: it is kept with whatever else *conn* keeps, for `announce`.

    Args:
        topics: addresses as the feeds' own rel="self" has them, word for word (WebSub 5.1).
    """
    hubs = [hub for hub in app.settings.output.hubs if _fits(hub)]
    told = [topic for topic in topics if _fits(topic)]
    await pings.note(app.db, conn, hubs, told, now=app.now())


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
    `pings.MOST_TRIES`; nobody waits longer than [collect] timeout_s for one that hangs.

    Args:
        patience_s: for all of it; who has not answered by then counts as failing, whoever has
            not been asked is asked next time.

    Raises:
        StoreError: the database does not answer; hubs may be told again.
    """
    until = None if patience_s is None else asyncio.get_running_loop().time() + patience_s
    async with app.db.lease("announce") as mine:
        if not mine:
            return 0
        by_hub = await _due(app)
        # Side by side: none waits for another that is slow.
        done = await asyncio.gather(
            *(_tell_hub(app, some, until) for some in by_hub.values()), return_exceptions=True
        )
    for error in done:
        if isinstance(error, BaseException):
            raise error
    return sum(number for number in done if isinstance(number, int))


async def _due(app: App) -> Mapping[str, list[Ping]]:
    """What is due, by hub; what hubs of before were to be told is forgotten."""
    async with app.db.read() as conn:
        found = await pings.due(conn, app.now())
        waits = await store.sources.waits(conn, now=app.now())
    # A hub that sent another process away is left alone here too.
    app.http.hosts.load(waits)
    hubs = frozenset(app.settings.output.hubs)
    if any(ping.hub not in hubs for ping in found):
        async with app.db.write() as conn:
            await pings.keep_only(conn, hubs)
    ours = sorted((ping for ping in found if ping.hub in hubs), key=lambda ping: ping.hub)
    return {hub: list(some) for hub, some in groupby(ours, key=lambda ping: ping.hub)}


async def _tell_hub(app: App, due: Sequence[Ping], until: float | None) -> int:
    """Tell one hub, one feed after the other; how many it took."""
    taken, answer = 0, _Answer()
    for ping in due:
        late = until is not None and asyncio.get_running_loop().time() >= until
        if not answer.silent:
            if late or app.stopping.is_set():
                break
            answer = await _tell(app, ping, until)
        await _keep(app, ping, answer)
        taken += not answer.fault
    return taken


async def _tell(app: App, ping: Ping, until: float | None) -> _Answer:
    form = {"hub.mode": "publish", "hub.url": ping.topic}
    try:
        async with asyncio.timeout_at(until):
            status = await app.http.post(ping.hub, form)
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


def _host(ping: Ping) -> str:
    return f"the hub {urlsplit(ping.hub).hostname}"


async def _keep(app: App, ping: Ping, answer: _Answer) -> None:
    """Commit what became of *ping*, unless its feed has changed since."""
    rested = answer.rests_s is not None
    tries = ping.tries + (not rested)
    if answer.for_good:
        tries = MOST_TRIES
    wait = _WAITS[min(max(tries, 1), len(_WAITS)) - 1]
    if answer.rests_s is not None:
        wait = timedelta(seconds=answer.rests_s)
    due_at = app.now() + wait
    async with app.db.write() as conn:
        # A 429, or a 503 with a time: also after a restart the hub is left alone so long.
        await store.sources.keep_waits(app.db, conn, app.http.hosts.take_changes())
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
