"""Counting how often links of mails are followed, and by whom not at all.

Behind the door: who is taken for a program, what counts once, and adding up.  Nothing of a
visitor leaves this process or outlives its hour: a hash of address and browser under a key that
nobody else has and that is thrown away, kept for half an hour to tell one opening from the
next.  Counts are of people as far as can be told so; a scanner that behaves like one reader is
counted as one.  Not behind it: where a link leads, and that it is one of ours (`render.links`).
"""

import re
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from digest.app import App
from digest.errors import StoreError
from digest.store import clicks as rows
from digest.telemetry import log

#: Whoever opens more than so many links of an edition in so short a time is no reader: mail
#: gateways open all of them before the mail is delivered.
MOST_LINKS: Final = 3
BURST: Final = timedelta(seconds=10)
#: The same link opened by the same visitor counts once in this time.
AGAIN: Final = timedelta(minutes=30)
#: Links that are remembered as opened; further ones lead on and are not counted.
MOST: Final = 100_000
_KEY_LIFE: Final = timedelta(hours=1)

#: Programs that say so.  Most gateways do not; those give themselves away by opening everything.
#: A make of telephones is called Cubot.
_PROGRAM: Final = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|scan|preview|prefetch|monitor|fetch|validator|headless"
    r"|phantomjs|facebookexternalhit|googleimageproxy|barracuda|mimecast|proofpoint|safelinks"
    r"|curl/|wget/|python|java/|okhttp|go-http|libwww|httpclient|axios|ruby|perl|php/",
    re.IGNORECASE,
)
_LONGEST_AGENT: Final = 1_000
_AHEAD_OF_TIME: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")


def may_count(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a request may be a person's, by what it says of itself.

    Args:
        headers: names in lower case, or found whatever their case.
    """
    if method != "GET":
        return False
    if any(
        word in headers.get(name, "").lower()
        for name in _AHEAD_OF_TIME
        for word in ("prefetch", "prerender", "preview")
    ):
        return False
    agent = headers.get("user-agent", "")[:_LONGEST_AGENT]
    return bool(agent.strip()) and not _PROGRAM.search(agent)


def _new_key() -> bytes:
    return secrets.token_bytes(32)


#: An edition's id and an address.
_Target = tuple[str, str]


@dataclass(slots=True)
class _Opened:
    """One link of one edition, as one visitor opened it."""

    #: The last time.
    at: datetime
    #: When the half hour began in which it counts once; None: it may count.
    since: datetime | None = None
    #: It counts, unless its visitor turns out to be a program.
    waiting: bool = False


class Clicks:
    """What was opened lately: one for each process, in memory alone.

    Args:
        new_key: random octets, others each time.
    """

    def __init__(self, *, new_key: Callable[[], bytes] = _new_key) -> None:
        self._new_key = new_key
        self._key: tuple[bytes, datetime] | None = None
        #: By visitor and edition.
        self._visits: dict[bytes, dict[_Target, _Opened]] = {}
        self._number = 0
        #: One and the same object for all who open it: addresses are long.
        self._targets: dict[_Target, _Target] = {}
        self._ready: Counter[_Target] = Counter()

    def note(self, edition_id: str, url: str, *, address: str, agent: str, at: datetime) -> None:
        """Somebody at *address* with the browser *agent* follows *url*: it counts, perhaps."""
        visitor = self._visitor(f"{edition_id}\0{address}\0{agent}", at)
        visit = self._visits.get(visitor, {})
        target = (edition_id, url)
        opened = visit.get(target)
        if opened is None:
            if self._number >= MOST:
                return
            self._number += 1
            opened = _Opened(at=at)
            self._visits.setdefault(visitor, visit)[self._targets.setdefault(target, target)] = (
                opened
            )
        opened.at = at
        if opened.since is None or at - opened.since >= AGAIN:
            opened.since, opened.waiting = at, True
        together = [one for one in visit.values() if at - one.at <= BURST]
        if len(together) > MOST_LINKS:
            for one in together:
                if one.waiting and one.since is not None and at - one.since <= BURST:
                    # What a person at the same address follows later may still count.
                    one.since, one.waiting = None, False

    def _visitor(self, text: str, at: datetime) -> bytes:
        if self._key is None or not timedelta(0) <= at - self._key[1] < _KEY_LIFE:
            self._key = self._new_key(), at
        return blake2b(text.encode("utf-8", "replace"), key=self._key[0], digest_size=16).digest()

    def take(self, at: datetime) -> dict[_Target, int]:
        """What counts by now, by edition id and address, and has not been taken before.

        Nothing that was opened less than `BURST` ago: its visitor may turn out to be a program.
        """
        visits, targets, number = {}, {}, 0
        for visitor, visit in self._visits.items():
            left = {}
            for target, opened in visit.items():
                if opened.waiting and opened.since is not None and at - opened.since > BURST:
                    opened.waiting = False
                    self._ready[target] += 1
                if opened.waiting or at - opened.at < AGAIN:
                    left[target] = opened
                    targets[target] = target
            if left:
                visits[visitor] = left
                number += len(left)
        self._visits, self._targets, self._number = visits, targets, number
        taken, self._ready = dict(self._ready), Counter()
        return taken

    def put_back(self, counts: Mapping[_Target, int]) -> None:
        """What was taken could not be kept: the next `take` brings it again."""
        self._ready.update(counts)


async def flush(app: App, clicks: Clicks) -> int:
    """Add to the database what counts by now; return how many clicks that were.

    When the database does not answer they wait for the next time; what waits when the process
    ends is not counted.
    """
    counts = clicks.take(app.now())
    if not counts:
        return 0
    try:
        async with app.db.write() as conn:
            await rows.add(app.db, conn, counts)
    except StoreError as error:
        clicks.put_back(counts)
        log.warning("clicks wait for the database", reason=str(error))
        return 0
    return sum(counts.values())


def are_counted(app: App, edition_id: str) -> bool:
    """Whether the newsletter of an edition counts (count_clicks), as it is configured now."""
    slug = edition_id.partition("@")[0]
    return any(one.slug == slug and one.count_clicks for one in app.settings.newsletters)
