"""The audience of an edition is frozen: for whom it is, when it goes to whom, and until when.

Behind the door: the timetable of one edition, the freeze, and the judgement that its time has
passed unattended.  Not behind it: sending (`deliver`), and what a person then decides (`pausing`).
"""

from collections import defaultdict
from datetime import datetime, timedelta

from digest.app import App
from digest.errors import Conflict
from digest.model import EditionEvent, EditionState
from digest.printer import readers_of
from digest.settings import Newsletter
from digest.slots import Timetable, after_quiet, opens_at, patience, release_at, span
from digest.store import editions, journal, subscribers
from digest.store.editions import Record

#: Seats read at a time.
_PAGE = 2000


def timetable(record: Record, newsletter: Newsletter, *, now: datetime) -> Timetable:
    """When an approved edition goes to whom.

    Made of what is stored, as `Record.dated` is: what freezing plans is what messages say in Date
    whenever they are laid out.  An edition made ahead that a person lets out before its time goes
    to everybody at once, as any other does.

    Args:
        now: asked only of an edition that goes out before its time and is on no page.
    """
    opens, quiet = release_at(newsletter, record.slot), newsletter.quiet_hours
    shown_at = record.published_at or now
    if opens == record.slot_at or shown_at < opens:
        at = record.dated(now=now)
        return Timetable(at=at, opens=at, quiet_hours=quiet)
    approved_at = record.approved_at or record.created_at
    return Timetable(
        at=max(record.slot_at, approved_at),
        opens=max(opens, approved_at),
        day=record.day,
        quiet_hours=quiet,
    )


def is_out(record: Record, newsletter: Newsletter, now: datetime) -> bool:
    """Whether an edition that is past its draft is shown to the world: from its release on.

    What waits for a person to say whether it is sent at all is not shown before either.
    """
    if record.state is not EditionState.APPROVED or record.published_at is not None:
        return True
    return not record.paused and release_at(newsletter, record.slot) <= now


def overdue(record: Record, newsletter: Newsletter, now: datetime, begun: bool) -> str:
    """Why an edition is not sent any more unless a person asks for it; "" while it is.

    A machine that was down, or a backup that was restored, must not mail yesterday's news.

    Args:
        begun: everybody it was frozen for has been written to, or tried, once: what is left is
            to be tried again, and ends by itself.
    """
    if record.state is EditionState.APPROVED:
        # A person has let it go on, after it was paused.
        if record.expires_at is not None and now < record.expires_at:
            return ""
        since = max(record.slot_at, record.approved_at or record.slot_at)
        if now - since <= patience(newsletter):
            return ""
        what = f"it was approved, but its hour passed {span(now - since)} ago while nothing ran"
    elif record.state is EditionState.SENDING and record.expires_at is not None:
        if begun or now < record.expires_at:
            return ""
        what = (
            f"its time was over {span(now - record.expires_at)} ago, and some of those it is for "
            "were never written to"
        )
    else:
        return ""
    return f"{what}; `digest resume {record.id}` sends it, `digest cancel {record.id}` drops it"


async def freeze(app: App, edition_id: str) -> int:
    """Decide for whom an approved edition is, and when each gets it; return how many they are.

    Everybody active now: later joiners are not mailed yesterday's paper, and who leaves in
    between is skipped at the last moment.  Whoever is not due yet stands in a chunk that waits.
    `expires_at` is set from the last of them.

    Raises:
        Conflict: the edition is paused.
    """
    async with app.db.write() as conn:
        record = await editions.get(conn, edition_id, lock=True)
        if record.state is not EditionState.APPROVED:
            return record.planned
        if record.paused:
            raise Conflict(
                f"{edition_id} is paused: {record.paused}; `digest resume {edition_id}` goes on"
            )
        newsletter, now = app.newsletter(record.newsletter), app.now()
        readers = readers_of(app, record.slot)
        moments = _Moments(timetable(record, newsletter, now=now), now)
        waiting: dict[datetime | None, list[int]] = defaultdict(list)
        planned, after = 0, 0
        while seats := await subscribers.seats(conn, readers, after=after, limit=_PAGE):
            after = seats[-1].id
            planned += len(seats)
            for id, hour, timezone in seats:
                waiting[moments[hour, timezone]].append(id)
            for due, ids in waiting.items():
                while len(ids) >= journal.CHUNK:
                    full, ids[:] = ids[: journal.CHUNK], ids[journal.CHUNK :]
                    await journal.add_chunk(conn, edition_id, full, not_before=due)
        for due, ids in waiting.items():
            if ids:
                await journal.add_chunk(conn, edition_id, ids, not_before=due)
        await journal.set_planned(conn, edition_id, planned)
        last = max((due for due in waiting if due is not None), default=now)
        pace = app.settings.pace
        last = opens_at(pace.window, pace.timezone, last) or last
        expires_at = last + timedelta(hours=newsletter.expires_h)
        await editions.set_expires(conn, edition_id, expires_at)
        await editions.move(conn, edition_id, EditionEvent.BEGIN)
    return planned


class _Moments(dict[tuple[int | None, str], datetime | None]):
    """(hour, zone) → when it goes to people with these; None: now.

    A million people have a few hundred of them.
    """

    def __init__(self, table: Timetable, now: datetime) -> None:
        super().__init__()
        self._table = table
        self._now = now

    def __missing__(self, key: tuple[int | None, str]) -> datetime | None:
        hour, timezone = key
        due = self._table.moment(hour, timezone)
        if due <= self._now:
            # Late, or by hand in the middle of the night: theirs is a night too.
            due = after_quiet(self._now, self._table.quiet_hours, timezone)
        self[key] = due if due > self._now else None
        return self[key]
