"""The verbs for whom an edition did not reach: who they are and why; sending to them again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from digest import deliver, pausing
from digest.app import App
from digest.errors import Conflict
from digest.model import Counts, DeliveryState, EditionState
from digest.printer import readers_of
from digest.store import Connection, answers, editions, journal, subscribers, unreached
from digest.store.editions import Record
from digest.store.subscribers import Readers
from digest.store.unreached import Left, Sort

#: Who may be written to again by hand.
AGAIN: Final = (DeliveryState.FAILED, DeliveryState.DOUBTFUL)
#: Looked up together: whether they may still be written to.
_PAGE: Final = 500


class Why(StrEnum):
    """Why somebody does not have an edition; in the order in which it is told."""

    FAILED = "failed"
    DOUBTFUL = "doubtful"
    EXPIRED = "expired"
    WAITING = "waiting"
    #: Accepted, and given back later.
    BOUNCED = "bounced"
    #: Not to be written to any more, or not for them.
    GONE = "gone"
    #: Since the audience was frozen: nobody is mailed yesterday's.
    JOINED = "joined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """People who do not have it for one reason."""

    why: Why
    #: Of the relay, or ours.
    words: str
    count: int
    #: Waiting: for the first of them at least until then.
    until: datetime | None = None
    #: Addresses; a number of whoever was erased.
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Whom an edition did not reach."""

    edition_id: str
    state: EditionState
    paused: str
    #: Why nothing more leaves just now, as `pausing.held_up` has it; "" where nothing is known.
    held_up: str
    #: When nobody more gets it; None before its audience is frozen.
    expires_at: datetime | None
    #: The groups are all of them but sent, and whoever joined since, who is in no sum.
    counts: Counts
    groups: tuple[Group, ...]
    #: Of the failed and the doubtful, who has not left and is not barred: who would be written to.
    may: Mapping[DeliveryState, int]

    def count(self, *why: Why) -> int:
        """How many, for one of these reasons; for any without them, but joined since."""
        wanted = why or tuple(one for one in Why if one is not Why.JOINED)
        return sum(group.count for group in self.groups if group.why in wanted)


async def missing(app: App, edition_id: str) -> Missing:
    """Whom an edition did not reach, by reason, most first; changes nothing.

    Raises:
        NotFound: there is no such edition.
    """
    now = app.now()
    async with app.db.read() as conn:
        record = await editions.get(conn, edition_id)
        counts = await journal.counts(conn, edition_id)
        over = record.expires_at if record.expires_at and record.expires_at <= now else None
        sorts = await unreached.sorts(conn, edition_id, tuple(_REASONS), expires_at=over)
        left = await unreached.left(conn, edition_id)
        readers = readers_of(app, record.slot)
        since: list[int] = []
        if counts.planned:
            frozen_after = record.approved_at or record.created_at
            since = await unreached.joined(conn, edition_id, readers, since=frozen_after)
        named = {id for sort in sorts for id in sort.examples}
        named |= {id for one in left for id in one.examples} | set(since[: unreached.EXAMPLES])
        names = await subscribers.names(conn, named)
        may = {
            state: await _may_be_written_to(app, conn, edition_id, readers, state)
            for state in AGAIN
            if any(sort.state is state for sort in sorts)
        }
    groups = [_group(sort, names) for sort in sorts]
    groups += _not_begun(left, counts, sorts, names, now)
    if since:
        words = "joined since the audience was frozen: the next edition is their first"
        examples = _named(since[: unreached.EXAMPLES], names)
        groups.append(Group(why=Why.JOINED, words=words, count=len(since), examples=examples))
    order = list(Why)
    held_up = await pausing.held_up(app, record, pending=counts.pending)
    return Missing(
        edition_id=edition_id,
        state=record.state,
        paused=record.paused,
        held_up=held_up,
        expires_at=record.expires_at,
        counts=counts,
        groups=tuple(sorted(groups, key=lambda group: (order.index(group.why), -group.count))),
        may=may,
    )


async def troubles(app: App, edition_id: str) -> tuple[Group, ...]:
    """Whom a sending has not reached so far, by what was said of them, most first.

    Raises:
        NotFound: there is no such edition.
    """
    now = app.now()
    async with app.db.read() as conn:
        record = await editions.get(conn, edition_id)
        over = record.expires_at if record.expires_at and record.expires_at <= now else None
        sorts = await unreached.sorts(conn, edition_id, deliver.TROUBLED, expires_at=over)
        names = await subscribers.names(conn, {id for sort in sorts for id in sort.examples})
    return tuple(_group(sort, names) for sort in sorts)


async def send_to_missing(
    app: App,
    edition_id: str,
    states: Collection[DeliveryState],
    *,
    progress: deliver.Progress = deliver.silent,
) -> Counts:
    """Write again to the failed or the doubtful of an edition; return where it stands then.

    Whoever has left meanwhile, or is barred, is skipped.  The doubtful may have it already.

    Raises:
        Conflict: *states* names nobody, or others; the edition is paused, its time is over, or
            nothing of it was sent yet.
        RelayDown: no relay takes anything; they stay pending.
    """
    others = sorted(set(states) - set(AGAIN))
    if others or not states:
        told = f"whoever is {others[0]} is not written to again" if others else "say to whom"
        raise Conflict(f"{told}: to the failed, to the doubtful, or to both")
    async with app.db.read() as conn:
        see_open(await editions.get(conn, edition_id))
    await deliver.resend(app, edition_id, sorted(set(states)))
    return await deliver.deliver(app, edition_id, progress=progress, by_hand=True)


def see_open(record: Record) -> None:
    """Raise `Conflict` unless an edition may still be sent to somebody."""
    if record.paused:
        raise Conflict(
            f"{record.id} is paused: {record.paused}; `digest resume {record.id}` comes first"
        )


def said(code: int, enhanced: str, text: str) -> str:
    """An answer as it came, for people: the codes may stand in the relay's words already."""
    for part in (enhanced, str(code or "")):
        if not text.startswith(part):
            text = f"{part} {text}".rstrip()
    return text


# ------------------------------------------------------------------------------ parts

_REASONS: Final[Mapping[DeliveryState, Why]] = {
    DeliveryState.FAILED: Why.FAILED,
    DeliveryState.DOUBTFUL: Why.DOUBTFUL,
    DeliveryState.SKIPPED: Why.GONE,
    DeliveryState.BOUNCED: Why.BOUNCED,
    DeliveryState.DEFERRED: Why.WAITING,
    DeliveryState.SENDING: Why.WAITING,
}


def _group(sort: Sort, names: Mapping[int, str]) -> Group:
    why, words = _REASONS[sort.state], said(sort.code, sort.enhanced, sort.text)
    if sort.late and why is Why.FAILED:
        why = Why.EXPIRED
    elif sort.state is DeliveryState.SENDING:
        words = "being written to again"
    elif why is Why.WAITING:
        # In a chunk already: it is only that nobody has begun it.
        words = words if sort.soonest else "queued to be written to again"
    return Group(
        why=why,
        words=words,
        count=sort.count,
        until=sort.soonest if why is Why.WAITING else None,
        examples=_named(sort.examples, names),
    )


def _not_begun(
    left: Sequence[Left],
    counts: Counts,
    sorts: Sequence[Sort],
    names: Mapping[int, str],
    now: datetime,
) -> list[Group]:
    """The pending without a row: waiting for their hour, in an open window, never begun."""
    known = sum(sort.count for sort in sorts if _REASONS[sort.state] is Why.WAITING)
    # So that the sum holds to the person, whatever an open window has settled already.
    rest = counts.pending - known
    groups = []
    for one in left:
        later = one.not_before if one.not_before and one.not_before > now else None
        words = "wait for their hour" if later else "not begun"
        number = min(one.count, rest)
        rest -= number
        if number > 0:
            groups.append(
                Group(
                    why=Why.WAITING,
                    words="being written to" if one.begun else words,
                    count=number,
                    until=None if one.begun else later,
                    examples=_named(one.examples, names),
                )
            )
    if rest > 0:
        groups.append(Group(why=Why.WAITING, words="not begun", count=rest))
    return _together(groups)


def _together(groups: Sequence[Group]) -> list[Group]:
    """Those of the same words and time as one."""
    found: dict[tuple[str, datetime | None], Group] = {}
    for group in groups:
        key = (group.words, group.until)
        before = found.get(key)
        found[key] = Group(
            why=group.why,
            words=group.words,
            count=group.count + (before.count if before else 0),
            until=group.until,
            examples=before.examples if before else group.examples,
        )
    return list(found.values())


def _named(ids: Sequence[int], names: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(names.get(id, f"subscriber {id}, erased") for id in ids)


async def _may_be_written_to(
    app: App, conn: Connection, edition_id: str, readers: Readers, state: DeliveryState
) -> int:
    number, after = 0, 0
    while page := await answers.deliveries(
        conn, edition_id, states=(state,), after=after, limit=_PAGE
    ):
        ids = [row.subscriber_id for row in page]
        number += len(await subscribers.active(conn, readers, ids, hash_key=app.key))
        after = ids[-1]
    return number
