"""How the sending of an edition goes: how far it is, how fast, and what was answered to whom.

Whoever asks need not be the process that sends: what senders count of themselves (see `meter`)
stands in the database, and the journal, which alone is true, is counted.  Nothing is changed.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from digest import meter
from digest.addresses import parse_address
from digest.app import App
from digest.errors import NotFound
from digest.meter import Told
from digest.model import Answer, Counts, DeliveryState, EditionState, Outcome, Progress
from digest.store import answers, editions, journal, people, subscribers, unreached
from digest.store import progress as rows_of
from digest.store.editions import Record

#: A sender that has told nothing for so long is gone, or hears nothing.
FRESH: Final = timedelta(seconds=15)
#: Between two counts of the journal, at most; and the people whose count is worth a second.
_COUNT_S: Final = 10.0
_PEOPLE_PER_S: Final = 100_000
#: States in which nothing is sent that is not sent yet.
_UNDER_WAY: Final = (EditionState.APPROVED, EditionState.SENDING)


# --------------------------------------------------------------------------- progress


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """The journal as it was counted, and what the meters had told by then."""

    record: Record
    counts: Counts
    #: Of the pending: not before a time to come.
    waiting: int
    told: Told
    #: Names and instants of the senders' rows: nobody sends unless they change.
    rows: frozenset[tuple[str, datetime]]


class Tracker:
    """Looks at one edition again and again, and counts its journal as seldom as it may.

    Counting a million deliveries each second would slow down what it watches: while senders
    tell of themselves, the last count is carried on by what they tell, for ten seconds at most.
    Once they are silent the journal is counted, and that count holds until they are heard again.
    """

    def __init__(self, app: App, edition_id: str) -> None:
        self._app = app
        self._id = edition_id
        self._last: _Counted | None = None
        self._counted_at = app.now()
        #: Whether more can happen to it by itself; known once it has been looked at.
        self.over = False

    async def look(self) -> Progress:
        """Where it stands now.

        Raises:
            NotFound: there is no such edition.
        """
        app, now = self._app, self._app.now()
        async with app.db.read() as conn:
            record = await editions.get(conn, self._id)
            rows = await rows_of.read(conn, self._id)
            told = meter.merge(row.told for row in rows)
            fresh = [row for row in rows if abs(now - row.at) <= FRESH]
            mark = frozenset((row.worker, row.at) for row in rows)
            counts = self._carried_on(record, told, mark, moving=bool(fresh))
            if counts is None:
                counts = await journal.counts(conn, self._id)
                waiting = await unreached.waiting(conn, self._id, now=now)
                self._last = _Counted(
                    record=record, counts=counts, waiting=waiting, told=told, rows=mark
                )
                self._counted_at = now
        self.over = record.state not in _UNDER_WAY
        if record.state is not EditionState.SENDING:
            fresh = []
        per_s = meter.merge(row.told for row in fresh).per_s(now)
        waiting = self._last.waiting if self._last else 0
        return Progress(
            edition_id=self._id,
            at=now,
            counts=counts,
            per_s=round(per_s, 3),
            left_s=round(max(0, counts.pending - waiting) / per_s, 1) if per_s else None,
            relays=told.relays,
            lanes=told.lanes,
            workers=len(fresh),
            paused=record.paused,
        )

    def _carried_on(
        self, record: Record, told: Told, mark: frozenset[tuple[str, datetime]], *, moving: bool
    ) -> Counts | None:
        """The last count with what was heard since; None when it is to be counted anew."""
        last = self._last
        if last is None or record != last.record or told.began != last.told.began:
            return None
        age = (self._app.now() - self._counted_at).total_seconds()
        holds_s = min(_COUNT_S, last.counts.planned / _PEOPLE_PER_S)
        if holds_s < 1 or not 0 <= age < holds_s:
            return None
        if not moving:
            # The last words of whoever fell silent may never have been told.
            return last.counts if mark == last.rows and self._silent(last) else None
        before, now = last.told.total, told.total
        heard = {
            "sent": now.accepted - before.accepted,
            "failed": now.refused - before.refused,
            "doubtful": now.vanished - before.vanished,
            "skipped": told.skipped - last.told.skipped,
        }
        moved = sum(heard.values())
        if min(heard.values()) < 0 or moved > last.counts.pending:
            return None
        more = {name: getattr(last.counts, name) + number for name, number in heard.items()}
        return replace(last.counts, pending=last.counts.pending - moved, **more)

    def _silent(self, last: _Counted) -> bool:
        """Whether nobody was sending any more when the journal was counted."""
        return all(abs(self._counted_at - at) > FRESH for _, at in last.rows)


async def progress(app: App, edition_id: str) -> Progress:
    """How far the sending of an edition is, counted to the person.

    Raises:
        NotFound: there is no such edition.
    """
    return await Tracker(app, edition_id).look()


async def watch(app: App, edition_id: str, every_s: float = 1.0) -> AsyncIterator[Progress]:
    """Look again and again, until the edition is sent or cancelled, or this process stops.

    The last that is told is how it ended.

    Raises:
        NotFound: there is no such edition.
    """
    tracker = Tracker(app, edition_id)
    while True:
        yield await tracker.look()
        if tracker.over or app.stopping.is_set():
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(app.stopping.wait(), every_s)


def changed(last: Progress, now: Progress) -> bool:
    """Whether *now* tells anything new but the time."""
    return replace(last, at=now.at) != now


async def under_way(app: App) -> list[tuple[Record, Progress]]:
    """Editions that are being sent, or that are paused: newest first."""
    async with app.db.read() as conn:
        records = await editions.listing(conn, states=_UNDER_WAY)
    return [
        (record, await progress(app, record.id))
        for record in records
        if record.state is EditionState.SENDING or record.paused
    ]


# ------------------------------------------------------------------------- who got it


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One of an edition's audience, for the operator's eyes."""

    #: "" of somebody who was erased.
    address: str
    #: The journal's row: the last that was said, by which relay, after how many tries.
    outcome: Outcome

    @property
    def name(self) -> str:
        return self.address or f"subscriber {self.outcome.subscriber_id}, erased"


async def recipients(
    app: App,
    edition_id: str,
    *,
    states: Collection[DeliveryState] = (),
    relay: str | None = None,
    limit: int = journal.LISTED,
) -> list[Recipient]:
    """Deliveries of an edition that something is known of, by subscriber.

    Raises:
        NotFound: nothing of it was answered by a relay of this name.
    """
    async with app.db.read() as conn:
        rows = await answers.deliveries(conn, edition_id, states=states, relay=relay, limit=limit)
        if not rows and relay is not None:
            known = await answers.relays(conn, edition_id)
            if relay not in known:
                told = ", ".join(known) or "none"
                raise NotFound(
                    f"no relay {relay!r} answered for {edition_id}; those that did: {told}"
                )
        names = await subscribers.names(conn, [row.subscriber_id for row in rows])
    return [Recipient(address=names.get(row.subscriber_id, ""), outcome=row) for row in rows]


async def answers_to(app: App, edition_id: str, address: str) -> list[Answer]:
    """Every answer to one person's delivery, in order; the last is how it stands.

    Empty for whom nothing was begun, or who is not of the edition's audience.

    Raises:
        NotFound: nobody has this address.
    """
    try:
        told = parse_address(address)
    except ValueError as error:
        raise NotFound(str(error)) from error
    async with app.db.read() as conn:
        id = await people.find(conn, told)
        if id is None:
            raise NotFound("nobody with this address is known here")
        return (await answers.of_delivery(conn, edition_id, id))[0]
