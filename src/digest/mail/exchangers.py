"""Whose mail servers a domain has: asked in the background, believed for a day.

Whoever sends never waits for it: until an answer is there, a domain is a lane of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from digest.errors import DigestError
from digest.mail.lanes import Families

#: Looked up at the same time.
_AT_ONCE: Final = 8
#: Domains that are remembered, and those that wait to be looked up.
_REMEMBERED: Final = 100_000
#: Seconds for which an answer is believed, and after which nobody's answer is asked for again.
_BELIEVED_S: Final = 86_400.0
_AGAIN_S: Final = 3_600.0
#: Times are rounded up to this, so that many domains share one note.
_ROUNDED_S: Final = 600.0

Mx = Callable[[str], Awaitable[tuple[str, ...]]]


class Exchangers:
    """The lane of each domain, by its name or by its mail exchangers."""

    def __init__(self, families: Families, mx: Mx | None) -> None:
        self._families = families
        self._mx = mx
        #: By domain: its lane ("": one of its own), and when to ask again, in the loop's seconds.
        self._met: dict[str, tuple[str, float]] = {}
        #: One of each note: there are a hundred thousand domains and a few lanes.
        self._notes: dict[tuple[str, float], tuple[str, float]] = {}
        self._waiting: dict[str, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def lane(self, domain: str) -> str:
        """The lane of *domain*, which is in small letters."""
        met = self._met.get(domain)
        if met is not None:
            return met[0] or domain
        return self._families.of_domain(domain) or domain

    def meet(self, domains: Iterable[str]) -> None:
        """Have those looked up that are new, or that were asked about long ago."""
        if self._mx is None:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        for domain in set(domains):
            met = self._met.get(domain)
            if (met is not None and now < met[1]) or self._families.of_domain(domain):
                continue
            if len(self._waiting) < _REMEMBERED:
                self._waiting[domain] = None
        for _ in range(min(_AT_ONCE - len(self._tasks), len(self._waiting))):
            task = loop.create_task(self._look_up(self._mx))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is being looked up."""
        self._waiting.clear()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_up(self, mx: Mx) -> None:
        while self._waiting:
            domain = next(iter(self._waiting))
            del self._waiting[domain]
            before = self._met.get(domain, ("", 0.0))[0]
            try:
                lane, wait_s = self._families.of_mx(await mx(domain)), _BELIEVED_S
            except (DigestError, OSError):
                # What was known stays true until somebody says otherwise.
                lane, wait_s = before, _AGAIN_S
            self._note(domain, lane, asyncio.get_running_loop().time() + wait_s)

    def _note(self, domain: str, lane: str, again_at: float) -> None:
        note = (lane, again_at // _ROUNDED_S * _ROUNDED_S + _ROUNDED_S)
        if len(self._notes) > _AT_ONCE * 1000:
            self._notes.clear()
        # The newest stand last: the first is the oldest.
        self._met.pop(domain, None)
        self._met[domain] = self._notes.setdefault(note, note)
        if len(self._met) > _REMEMBERED:
            del self._met[next(iter(self._met))]
