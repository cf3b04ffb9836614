"""robots.txt: whether the owner of a site lets programs read this page, and how slowly (RFC 9309).

Behind the door: one question to an origin however many pages of it are wanted, what an absent or
broken robots.txt means, and how long an answer is believed.  Not behind it: how it is fetched,
redirects included, and who waits how long between two requests (see `hosts`).  Loud, through
the *fetch* it is given.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from protego import Protego

from digest.errors import Fault, FetchError
from digest.model import RobotsFile
from digest.urls import canonical_url

#: The product token by which robots.txt calls us.
PRODUCT: Final = "Digest"
#: RFC 9309 2.5 wants at least 500 KiB read; what stands behind that is not looked at.
LARGEST: Final = 512 * 1024
#: RFC 9309 2.4.
GOOD_FOR: Final = timedelta(hours=24)
#: A copy this old still speaks for a site that does not answer.
STANDS_IN_FOR: Final = timedelta(days=30)
#: Until a site is asked again that did not give its robots.txt.
ASKED_AGAIN_AFTER: Final = timedelta(hours=1)
LONGEST_DELAY_S: Final = 30.0
#: Origins remembered at once; the one longest known goes first, and is asked again.
MOST_ORIGINS: Final = 1_000
MOST_SITEMAPS: Final = 50

Fetch = Callable[[str], Awaitable[tuple[int, bytes]]]

_AGENT = re.compile(r"user[ -]?agent\s*[:\s]\s*(.*)", re.IGNORECASE)
_SITEMAP = re.compile(r"site-?maps?\b", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z_-]+")


class Robots:
    """What the robots.txt of every origin says to us.

    Args:
        fetch: gets an address: its status, 0 if there was none, and its body.  It follows
            redirects, and may raise `FetchError`.
        agent: our product token, without a version.
    """

    def __init__(self, fetch: Fetch, *, agent: str, now: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._agent = agent
        self._now = now
        self._files: dict[str, RobotsFile] = {}
        self._rules: dict[str, Protego] = {}
        self._changed: dict[str, RobotsFile] = {}
        #: Origins whose older copy stands in, and until when they are left alone.
        self._left_alone: dict[str, datetime] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def load(self, files: Iterable[RobotsFile]) -> None:
        """Remember what an earlier run was told."""
        for file in files:
            self._keep(file)

    def take_changes(self) -> list[RobotsFile]:
        """What was learned since this was last asked, for the next run; by origin."""
        changes = [file for _, file in sorted(self._changed.items())]
        self._changed.clear()
        return changes

    async def allowed(self, url: str) -> float:
        """Seconds that the site wants between two requests, 30 at most and 0 if it does not say.

        Raises:
            FetchError: *url* may not be read.  Temporary if its robots.txt cannot be had now;
                for good, or until it changes, if that says so.
        """
        if urlsplit(url).path == "/robots.txt":
            return 0.0
        origin = origin_of(url)
        rules = await self._heard(origin)
        if not rules.can_fetch(url, self._agent):
            raise FetchError(
                "",
                f"the robots.txt of {_host(origin)} asks programs to stay away from this page; "
                f"ask its owner to let {self._agent} in, take its feed, or remove the source",
                temporary=False,
                fault=Fault.ROBOTS,
            )
        return delay_s(rules, self._agent)

    async def sitemaps(self, url: str) -> tuple[str, ...]:
        """What the robots.txt of *url*'s site names as its sitemaps, as written there.

        Raises:
            FetchError: its robots.txt cannot be had now.
        """
        rules = await self._heard(origin_of(url))
        return tuple(islice(rules.sitemaps, MOST_SITEMAPS))

    async def _heard(self, origin: str) -> Protego:
        # A lock and not a shared task: whoever fetches may be cancelled, and the next one does it.
        turn = self._turns.setdefault(origin, asyncio.Lock())
        async with turn:
            file = self._files.get(origin)
            if file is None or not self._fresh(file):
                file = await self._ask(origin, file)
        if not _is_answer(file.status):
            why = f"it answered {file.status}" if file.status else "it did not answer"
            raise FetchError(
                "",
                f"the robots.txt of {_host(origin)} cannot be had ({why}), and without it no page "
                "of the site is read; it is tried again",
                temporary=True,
                status=file.status or None,
                fault=Fault.ROBOTS,
            )
        rules = self._rules.get(origin)
        if rules is None:
            rules = rules_of(file.text, self._agent)
            if self._files.get(origin) is file:
                self._rules[origin] = rules
        return rules

    def _fresh(self, file: RobotsFile) -> bool:
        now = self._now()
        until = self._left_alone.get(file.origin)
        if until is not None and now < until:
            return True
        good_for = GOOD_FOR if _is_answer(file.status) else ASKED_AGAIN_AFTER
        # One from the future was written under another clock: it would be good for ever.
        return timedelta(0) <= now - file.fetched_at < good_for

    def _stands_in(self, file: RobotsFile) -> bool:
        """Whether an old copy still speaks for its site."""
        return _is_answer(file.status) and self._now() - file.fetched_at < STANDS_IN_FOR

    async def _ask(self, origin: str, known: RobotsFile | None) -> RobotsFile:
        try:
            status, body = await self._fetch(f"{origin}/robots.txt")
        except FetchError as error:
            if error.fault is Fault.BUSY and known is not None and self._stands_in(known):
                return known
            if error.fault in (Fault.FORBIDDEN_ADDRESS, Fault.BUSY):
                # Not what the site says of programs: the page itself would meet the same.
                raise
            # RFC 9309 2.3.1.2: lost in redirects is as good as not there.
            status, body = (404 if error.fault is Fault.REDIRECTS else error.status or 0), b""
        now = self._now()
        if not _is_answer(status) and known is not None and self._stands_in(known):
            self._left_alone[origin] = now + ASKED_AGAIN_AFTER
            return known
        text = ""
        if 200 <= status < 300:
            # PostgreSQL takes no NUL.
            text = body[:LARGEST].decode("utf-8-sig", "replace").replace("\0", "")
        told = RobotsFile(
            origin=origin, status=status, text=concerning(text, self._agent), fetched_at=now
        )
        self._keep(told)
        self._changed[origin] = told
        return told

    def _keep(self, file: RobotsFile) -> None:
        self._forget(file.origin)
        self._files[file.origin] = file
        while len(self._files) > MOST_ORIGINS:
            self._forget(next(iter(self._files)))

    def _forget(self, origin: str) -> None:
        self._files.pop(origin, None)
        self._rules.pop(origin, None)
        self._left_alone.pop(origin, None)


def origin_of(url: str) -> str:
    """Scheme, host and port of *url*: https://example.org.

    Raises:
        FetchError: it is no web address.
    """
    canonical = canonical_url(url)
    if canonical is None:
        raise FetchError(
            "",
            f"{url[:100]} is no address that can be fetched; give one with http:// or https://",
            temporary=False,
            fault=Fault.FORBIDDEN_ADDRESS,
        )
    parts = urlsplit(canonical)
    return f"{parts.scheme}://{parts.netloc}"


def concerning(text: str, agent: str) -> str:
    """The lines of a robots.txt that are said to *agent* or to everybody, and its sitemaps.

    What others are told need not be kept; and ten thousand names before ten thousand rules,
    which is one document, would cost a parser a hundred million.
    """
    kept: list[str] = []
    ours = naming = False
    for whole in text.splitlines():
        line = whole.partition("#")[0].strip()
        named = _AGENT.match(line)
        if named:
            ours = ours and naming
            naming = True
            name = _addressed(named[1].strip(), agent)
            if name:
                ours = True
                kept.append(f"User-agent: {name}")
        elif _SITEMAP.match(line):
            kept.append(line)
        elif line:
            naming = False
            if ours:
                kept.append(line)
    return "\n".join(kept)


def rules_of(text: str, agent: str) -> Protego:
    """The rules in a robots.txt, as far as they concern *agent*."""
    return Protego.parse(concerning(text, agent))


def delay_s(rules: Protego, agent: str) -> float:
    """Seconds between two requests that *rules* ask for, 30 at most; 0 if they do not."""
    rate = rules.request_rate(agent)
    # Cut before it is divided: a number of a thousand digits is no float.
    paced = min(rate.seconds, 86_400) / rate.requests if rate else 0.0
    return min(max(rules.crawl_delay(agent) or 0.0, paced), LONGEST_DELAY_S)


def _addressed(value: str, agent: str) -> str | None:
    if value == "*":
        return value
    token = _TOKEN.match(value)
    # RFC 9309 2.2.1: the whole token, whatever its case.  "Dig" is somebody else.
    return agent if token and token[0].lower() == agent.lower() else None


def _host(origin: str) -> str:
    return urlsplit(origin).hostname or origin


def _is_answer(status: int) -> bool:
    """Whether a robots.txt was had, or is known not to be there.

    RFC 9309 2.3.1: 4xx is "not there"; 429 only says that this was one question too many.
    """
    return 200 <= status < 500 and status != 429
