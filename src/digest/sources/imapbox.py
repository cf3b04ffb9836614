"""What is new in a folder on an IMAP server.

Behind the door: what the cursor remembers, how much one visit takes, and mails that break the
conversation.  The conversation itself is in `imapline`.  Loud: the network.
"""

import asyncio
import json
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Self

from digest.errors import Fault, FetchError, SourceError
from digest.sources.imapline import Head, Line, Place, passes_by_itself
from digest.sources.letterhead import Mailbox, Unread, fault_of, too_big

#: RFC 2177 wants IDLE to be renewed before 29 minutes have passed; many a NAT wants it sooner.
_IDLE_S: Final = 540.0
_NOOP_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cursor:
    """How far a folder was taken.  UIDs mean something only with their UIDVALIDITY."""

    validity: int
    #: The highest UID that need not be looked at again.
    uid: int
    #: At this one the connection broke the last time.
    tried: int = 0

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        try:
            told = json.loads(text or "null")
            return cls(
                validity=int(told["validity"]), uid=int(told["uid"]), tried=int(told["tried"])
            )
        except (ValueError, TypeError, KeyError):
            return None

    def __str__(self) -> str:
        return json.dumps({"validity": self.validity, "uid": self.uid, "tried": self.tried})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """What lies in the folder that is new to us by its UIDs."""

    since: _Cursor
    #: By UID; one visit's share.
    heads: tuple[Head, ...]
    #: The highest UID behind which nothing is left to look at, once the heads are done.
    until: int


async def read_imap(
    place: Place, *, cursor: str | None, unread: Unread, max_bytes: int, most: tuple[int, int]
) -> Mailbox:
    """Take what is new in the folder; see `mailbox.read_mailbox`.

    Args:
        most: mails and octets that one visit takes.
    """
    async with Line(place, longest=max_bytes + 1) as line:
        sight = await line.do(lambda: _look(line, cursor, most=most[0]))
        new = await unread([head.letter.key for head in sight.heads])
        visit = _Visit(place=place, reached=sight.since, wanted=set(new), max_bytes=max_bytes)
        for head in sight.heads:
            if visit.octets >= most[1]:
                return visit.box()
            if not await visit.take(line, head):
                return visit.box()
        visit.pass_by(sight.until)
        return visit.box()


async def await_imap(place: Place, *, cursor: str | None, wait_s: float) -> bool:
    """Wait for mail in the folder; see `mailbox.wait_for_mail`."""
    loop = asyncio.get_running_loop()
    async with Line(place) as line:
        await line.do(line.open)
        last = _Cursor.read(cursor)
        if last and last.validity == line.validity and line.highest > last.uid:
            return True
        by_idle = await line.do(line.offers_idle)
        # From here on it is waiting that takes time, and each step has its own limit.
        line.until = None
        end = loop.time() + wait_s
        while (left := end - loop.time()) > 0:
            if by_idle:
                arrived = await line.do(partial(line.idle, min(left, _IDLE_S)))
            else:
                await asyncio.sleep(min(left, _NOOP_S))
                arrived = await line.do(line.ask_again)
            if arrived:
                return True
    return False


def _look(line: Line, cursor: str | None, *, most: int) -> _Sight:
    exists = line.open()
    known = _Cursor.read(cursor)
    if known is not None and known.validity == line.validity:
        # "*" is the last mail, whatever its number: RFC 3501 6.4.8.
        uids = line.uids(f"UID {known.uid + 1}:*") if exists else []
        since = known
    else:
        first = max(1, exists - line.place.backlog + 1)
        uids = line.uids(f"{first}:{exists}") if exists else []
        since = _Cursor(validity=line.validity, uid=min(uids, default=1) - 1)
    ahead = sorted({uid for uid in uids if uid > since.uid})
    until = line.highest if len(ahead) <= most else ahead[most - 1]
    return _Sight(since=since, heads=line.heads(ahead[:most]), until=until)


@dataclass(slots=True, kw_only=True)
class _Visit:
    """What one visit has taken so far."""

    place: Place
    reached: _Cursor
    #: Keys not yet taken, by an earlier visit or by this one.
    wanted: set[str]
    max_bytes: int
    octets: int = 0
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    faults: list[SourceError] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def box(self) -> Mailbox:
        return Mailbox(
            messages=tuple(self.messages),
            faults=tuple(self.faults),
            cursor=str(self.reached),
            done=tuple(self.done),
        )

    def pass_by(self, uid: int) -> None:
        """Nothing up to *uid* need be looked at again."""
        self.reached = replace(self.reached, uid=max(self.reached.uid, uid), tried=0)

    async def take(self, line: Line, head: Head) -> bool:
        """Take one mail, or say why not; False if the connection broke over it."""
        letter, source_id = head.letter, self.place.source_id
        if letter.key not in self.wanted:
            self.pass_by(head.uid)
            return True
        self.wanted.discard(letter.key)
        if letter.no_news:
            self._leave(head, fault_of(source_id, letter))
            return True
        if head.size > self.max_bytes:
            self._leave(head, too_big(source_id, letter, self.max_bytes))
            return True
        try:
            data = await line.do(partial(line.fetch, head.uid, self.max_bytes + 1))
        except FetchError as error:
            self._broken(head, error)
            return False
        if isinstance(data, str):
            text = f"{letter.shown} was not handed over ({data}); look at it in the mailbox"
            if passes_by_itself(data):
                self._broken(head, FetchError(source_id, text, fault=Fault.BUSY))
                return False
            self._leave(head, SourceError(source_id, text))
        elif data is not None and len(data) > self.max_bytes:
            self._leave(head, too_big(source_id, letter, self.max_bytes))
        else:
            # None: somebody has deleted it just now.
            self.pass_by(head.uid)
            if data is not None:
                self.messages.append((letter.key, data))
                self.octets += len(data)
        return True

    def _leave(self, head: Head, fault: SourceError) -> None:
        self.faults.append(fault)
        self.done.append(head.letter.key)
        self.pass_by(head.uid)

    def _broken(self, head: Head, error: FetchError) -> None:
        """Once it may be the line's fault; a second time at the same mail it is the mail's."""
        if self.reached.tried == head.uid:
            text = f"{head.letter.shown} was given up after a second attempt: {error}"
            self._leave(head, FetchError(self.place.source_id, text, fault=error.fault))
        else:
            self.faults.append(error)
            self.reached = replace(self.reached, tried=head.uid)
