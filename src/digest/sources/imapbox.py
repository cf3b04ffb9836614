"""What is new in a folder on an IMAP server.

Behind the door: what the cursor remembers, how much one visit takes, and mails that break the
conversation.  The conversation itself is in `imapline`.  Loud: the network.
"""

import asyncio
import json
from collections.abc import Sequence
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
    #: The highest UID looked at, when the cursor stays before a mail that is to come again.
    seen: int = 0

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        try:
            told = json.loads(text or "null")
            return cls(
                validity=int(told["validity"]),
                uid=int(told["uid"]),
                tried=int(told["tried"]),
                seen=int(told.get("seen", 0)),
            )
        except (ValueError, TypeError, KeyError):
            return None

    def __str__(self) -> str:
        told = {"validity": self.validity, "uid": self.uid, "tried": self.tried}
        return json.dumps(told | ({"seen": self.seen} if self.seen else {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """What lies in the folder that is new to us by its UIDs."""

    since: _Cursor
    uids: tuple[int, ...]
    #: Nothing is left to look at once they are done, up to this UID.
    until: int


async def read_imap(
    place: Place, *, cursor: str | None, unread: Unread, max_bytes: int, most: tuple[int, int]
) -> Mailbox:
    """Take what is new in the folder; see `mailbox.read_mailbox`.

    Args:
        most: mails and octets that one visit takes.
    """
    async with Line(place, longest=max_bytes + 1) as line:
        sight = await line.do(lambda: _look(line, cursor))
        visit = _Visit(place=place, reached=sight.since, max_bytes=max_bytes, most=most)
        # What was taken before may lie there by the hundreds, behind a mail that came again.
        for start in range(0, len(sight.uids), most[0]):
            if visit.is_full or not await _take_some(
                line, visit, sight.uids[start : start + most[0]], unread
            ):
                return visit.box()
        visit.pass_by(sight.until)
        return visit.box()


async def _take_some(line: Line, visit: "_Visit", uids: Sequence[int], unread: Unread) -> bool:
    """Take these; False if the visit ends here."""
    try:
        heads = await line.do(partial(line.heads, uids))
    except FetchError as error:
        if not visit.messages:
            raise
        visit.faults.append(error)
        return False
    visit.wanted = await unread([head.letter.key for head in heads])
    for head in heads:
        if visit.is_full or not await visit.take(line, head):
            return False
    visit.pass_by(uids[-1])
    return True


async def await_imap(place: Place, *, cursor: str | None, wait_s: float) -> bool:
    """Wait for mail in the folder; see `mailbox.wait_for_mail`."""
    loop = asyncio.get_running_loop()
    async with Line(place) as line:
        await line.do(line.open)
        last = _Cursor.read(cursor)
        if last and last.validity == line.validity and line.highest > max(last.uid, last.seen):
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


def _look(line: Line, cursor: str | None) -> _Sight:
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
    ahead = tuple(sorted({uid for uid in uids if uid > since.uid}))
    return _Sight(since=since, uids=ahead, until=line.highest)


@dataclass(slots=True, kw_only=True)
class _Visit:
    """What one visit has taken so far."""

    place: Place
    reached: _Cursor
    max_bytes: int
    #: Mails, and octets.
    most: tuple[int, int]
    #: Keys that no earlier visit has taken, and those that this one has.
    wanted: frozenset[str] = frozenset()
    taken: set[str] = field(default_factory=set)
    octets: int = 0
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    faults: list[SourceError] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    before: dict[str, _Cursor] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        return len(self.messages) >= self.most[0] or self.octets >= self.most[1]

    def box(self) -> Mailbox:
        seen = self.reached.uid
        return Mailbox(
            messages=tuple(self.messages),
            faults=tuple(self.faults),
            cursor=str(self.reached),
            done=tuple(self.done),
            before={key: str(replace(at, seen=seen)) for key, at in self.before.items()},
        )

    def pass_by(self, uid: int) -> None:
        """Nothing up to *uid* need be looked at again."""
        self.reached = replace(self.reached, uid=max(self.reached.uid, uid), tried=0)

    async def take(self, line: Line, head: Head) -> bool:
        """Take one mail, or say why not; False if the connection broke over it."""
        letter, source_id = head.letter, self.place.source_id
        if letter.key not in self.wanted or letter.key in self.taken:
            self.pass_by(head.uid)
            return True
        self.taken.add(letter.key)
        if letter.no_news:
            self._leave(head, fault_of(source_id, letter))
            return True
        cut = self.place.everything
        if head.size > self.max_bytes and not cut:
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
        elif data is not None and len(data) > self.max_bytes and not cut:
            self._leave(head, too_big(source_id, letter, self.max_bytes))
        else:
            before = replace(self.reached, tried=0)
            self.pass_by(head.uid)
            # None: somebody has deleted it just now.
            if data is not None:
                self.messages.append((letter.key, data))
                self.before[letter.key] = before
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
