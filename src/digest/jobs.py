"""What is due now?  A pure answer to what the database says stands.

Work is level-triggered: verbs change state, the next tick sees it and names the job.  A lost
job is named again; a doubled one finds nothing to do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from digest import (
    announce,
    audience,
    breaking,
    collect,
    compose,
    deliver,
    freezing,
    hubs,
    joining,
    letters,
    mailbag,
    pictures,
    pipeline,
    preflight,
    privacy,
    store,
)
from digest import publish as publishing
from digest.app import App
from digest.errors import StoreError
from digest.model import EditionState, Job, Slot
from digest.settings import Newsletter, Settings, Source
from digest.slots import coming, opens_at, patience, release_at, slots
from digest.store.editions import Record
from digest.store.sources import SourceRecord
from digest.telemetry import log
from digest.visits import is_due, may_ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the database says, at one moment."""

    sources: Mapping[str, SourceRecord]
    #: Newsletter → since when it is known here.
    since: Mapping[str, datetime]
    #: Newsletter → ids of its latest editions that need no composing at their time any more.
    taken: Mapping[str, frozenset[str]]
    #: Editions on their way: approved or sending, or sent and not yet in the archive.
    moving: Sequence[Record]
    #: Edition → when its first deferred delivery may be tried; absent if none is deferred.
    retries: Mapping[str, datetime]
    #: Editions with chunks that nobody has finished.
    unfinished: frozenset[str]
    #: Drafts of each newsletter.
    drafts: Sequence[Record] = ()
    #: Newsletter → ids of its latest editions, in whatever state.
    made: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: Newsletter → when its waiting items were last looked through for breaking news.
    looked: Mapping[str, datetime] = field(default_factory=dict)
    #: Editions for which the desk has its report on the sources.
    reported: frozenset[str] = frozenset()
    #: When the oldest item whose words are still kept was met.
    oldest: datetime | None = None
    #: The hub of some feed is to be asked.
    hubs: bool = False
    #: A hub is to be told that a feed of ours has changed.
    pings: bool = False
    #: Lists or feeds are of another look than pages would have now.
    outdated: bool = False
    #: Somebody has sent in a form that nobody has looked at.
    signups: bool = False
    #: A letter is to be sent.
    letters: bool = False
    #: Somebody's pause is over.
    resuming: bool = False
    #: When what is kept of people was last looked through for what is too old.
    tended_at: datetime | None = None
    #: When the mailbox of [returns] was last read.
    returns_at: datetime | None = None
    #: Since when somebody who was erased may be left in a gap of the database's file.
    unclean: datetime | None = None


#: How long an edition waits for its sources at its hour.
_EDITION_WAITS_S = 120.0
#: Words outlive [collect] keep_days by this at most: sweeping each minute would be for nothing.
_SWEPT_EVERY = timedelta(days=1)
#: How far back an unattended slot is looked for; a longer outage holds only the latest.
LOOK_BACK = timedelta(days=8)
#: The database's file is written anew once for all who were erased in so long.
_CLEANED_EVERY = timedelta(hours=1)
#: How often what is kept of people is looked through for what is too old.
_TENDED_EVERY = timedelta(days=1)


def due(
    now: datetime,
    standing: Standing,
    *,
    settings: Settings,
    sources: Sequence[Source],
) -> list[Job]:
    """Every job that is due at *now*.

    Args:
        sources: those of config.toml and those that were added.
    """
    jobs = [
        Job(verb="collect", key=f"collect:{source.id}", args={"source": source.id})
        for source in sources
        if is_due(standing.sources.get(source.id), now)
    ]
    for newsletter in settings.newsletters:
        slot = _missing(now, standing, newsletter)
        if slot is not None:
            args = {"slot": slot, "late": now - slot.at > patience(newsletter)}
            jobs.append(Job(verb="edition", key=f"edition:{slot.edition_id}", args=args))
        jobs.extend(_drafts(now, standing, newsletter))
        if _may_break(standing, newsletter):
            args = {"newsletter": newsletter.slug}
            jobs.append(Job(verb="breaking", key=f"breaking:{newsletter.slug}", args=args))
        jobs.extend(_forgotten(now, standing, newsletter, apart=slot))
        soon = coming(newsletter, now=now)
        if newsletter.days and preflight.report_due(
            now,
            newsletter,
            slot=soon,
            made=standing.reported,
            report_min=settings.desk.report_min,
        ):
            args = {"slot": soon}
            jobs.append(Job(verb="report", key=f"report:{soon.edition_id}", args=args))
    if standing.hubs:
        jobs.append(Job(verb="hubs", key="hubs"))
    if standing.outdated:
        jobs.append(Job(verb="publish", key="publish"))
    if standing.pings:
        jobs.append(Job(verb="announce", key="announce"))
    jobs.extend(_of_people(now, standing, settings))
    keep = timedelta(days=settings.collect.keep_days)
    if standing.oldest is not None and standing.oldest < now - keep - _SWEPT_EVERY:
        jobs.append(Job(verb="sweep", key="sweep"))
    on_their_way = list(_on_their_way(now, standing, settings))
    jobs.extend(on_their_way)
    if any(job.key.startswith("hold:") for job in on_their_way):
        # What may yet be dropped is shown to nobody: first it is paused.
        jobs = [job for job in jobs if job.verb != "publish"]
    return jobs


def _of_people(now: datetime, standing: Standing, settings: Settings) -> Iterator[Job]:
    """What is due of those who read, whatever is sent to them."""
    if standing.signups:
        yield Job(verb="signups", key="signups")
    if standing.letters:
        yield Job(verb="letters", key="letters")
    if standing.resuming:
        yield Job(verb="resume", key="resume")
    if standing.tended_at is None or standing.tended_at < now - _TENDED_EVERY:
        yield Job(verb="tend", key="tend")
    if standing.unclean is not None and standing.unclean <= now - _CLEANED_EVERY:
        yield Job(verb="clean", key="clean")
    every = timedelta(minutes=settings.returns.every_min)
    mailbox = settings.returns.url or settings.returns.path
    if mailbox and (standing.returns_at is None or standing.returns_at <= now - every):
        yield Job(verb="returns", key="returns")


def _missing(now: datetime, standing: Standing, newsletter: Newsletter) -> Slot | None:
    """The latest slot that is to be made and has no edition; earlier ones are not made up for.

    One that is made ahead comes before the next while its own hour is still to come.
    """
    since = standing.since.get(newsletter.slug)
    if since is None:
        return None
    ahead = timedelta(hours=newsletter.ahead_h)
    taken = standing.taken.get(newsletter.slug, frozenset())
    opened = [
        slot
        for slot in slots(newsletter, after=max(since, now - LOOK_BACK), until=now + ahead)
        if release_at(newsletter, slot) <= now
    ]
    in_time = (slot for slot in opened if slot.at > now and slot.edition_id not in taken)
    if (slot := next(in_time, None)) is not None:
        return slot
    return opened[-1] if opened and opened[-1].edition_id not in taken else None


def _drafts(now: datetime, standing: Standing, newsletter: Newsletter) -> Iterator[Job]:
    """Drafts that the newsroom wants to see before they go, and those it has not looked at.

    The first are counted from when an edition is made, the others, `deadline_min`, from its hour.
    """
    drafted = timedelta(minutes=newsletter.draft_min)
    until = now + drafted + timedelta(hours=newsletter.ahead_h)
    for slot in slots(newsletter, after=now, until=until):
        to_go = release_at(newsletter, slot) - now
        known = standing.made.get(newsletter.slug, frozenset())
        if timedelta(0) < to_go <= drafted and slot.edition_id not in known:
            yield Job(verb="draft", key=f"draft:{slot.edition_id}", args={"slot": slot})
    if newsletter.auto_approve or not newsletter.deadline_min:
        return
    for record in standing.drafts:
        late = now - record.slot_at - timedelta(minutes=newsletter.deadline_min)
        composed = record.created_at >= release_at(newsletter, record.slot)
        # One that says why it waits is too short, and waits for a person.
        if (
            record.newsletter == newsletter.slug
            and composed
            and not record.reason
            and timedelta(0) <= late <= patience(newsletter)
        ):
            yield Job(verb="approve", key=f"approve:{record.id}", args={"edition_id": record.id})


def _forgotten(
    now: datetime, standing: Standing, newsletter: Newsletter, *, apart: Slot | None
) -> Iterator[Job]:
    """Drafts made before their time, whose hour passed unattended, and another one since."""
    for record in standing.drafts:
        late = now - record.slot_at > patience(newsletter)
        composed = record.created_at >= release_at(newsletter, record.slot)
        mine = record.newsletter == newsletter.slug
        if mine and late and not composed and (apart is None or record.id != apart.edition_id):
            args = {"slot": record.slot, "late": True}
            yield Job(verb="edition", key=f"edition:{record.id}", args=args)


def _may_break(standing: Standing, newsletter: Newsletter) -> bool:
    """Whether something has come since the waiting items were last looked through."""
    if not newsletter.breaking_sources:
        return False
    came = max((known.new_at for known in standing.sources.values() if known.new_at), default=None)
    looked = standing.looked.get(newsletter.slug)
    return came is not None and (looked is None or came > looked)


def _on_their_way(now: datetime, standing: Standing, settings: Settings) -> Iterator[Job]:
    pace, known = settings.pace, {one.slug: one for one in settings.newsletters}
    shut = opens_at(pace.window, pace.timezone, now) is not None
    for record in standing.moving:
        if record.newsletter in known:
            newsletter = known[record.newsletter]
            yield from _next_step(now, standing, record, newsletter, shut=shut)


def _next_step(
    now: datetime, standing: Standing, record: Record, newsletter: Newsletter, *, shut: bool
) -> Iterator[Job]:
    """What an edition on its way needs next.

    Args:
        shut: the window of [pace] is: its audience is frozen, and waits.
    """
    args = {"edition_id": record.id}
    if record.state is EditionState.APPROVED:
        if release_at(newsletter, record.slot) > now:
            # It goes out at its time; what somebody began to send before it goes on.
            return
        if not record.paused and freezing.overdue(record, newsletter, now, begun=False):
            # It is paused instead: a person decides.
            yield Job(verb="freeze", key=f"hold:{record.id}", args=args)
            return
    if not record.printed_as and freezing.is_out(record, newsletter, now):
        yield Job(verb="publish", key="publish", args={})
    if record.state is EditionState.SENT or record.paused:
        return
    if shut:
        if record.state is EditionState.APPROVED:
            yield Job(verb="freeze", key=f"freeze:{record.id}", args=args)
        return
    retry_at = standing.retries.get(record.id)
    # With nobody left to write to, delivering is closing it: a kill may have come before.
    if record.id in standing.unfinished or retry_at is None or retry_at <= now:
        yield Job(verb="deliver", key=f"deliver:{record.id}", args=args)


# ------------------------------------------------------- the job's name → its verb


async def _collect(app: App, *, source: str) -> None:
    # The gate first: a thousand that are due at once must not all ask the database at once.
    async with app.visiting:
        chosen = await collect.source_named(app, source)
    if chosen is not None:
        await collect.collect(app, [chosen])


#: Visits that an edition did not wait for; their items go into the next one.
_LATE: set[asyncio.Task[object]] = set()


async def not_longer(work: Coroutine[object, object, object], seconds: float) -> None:
    """Wait for *work*, but not longer: then it goes on by itself."""
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait([task], timeout=seconds)
    if done:
        await task
        return
    log.warning("an edition does not wait any longer for its sources")
    _LATE.add(task)
    task.add_done_callback(_forget_late)


def _forget_late(task: asyncio.Task[object]) -> None:
    _LATE.discard(task)
    if not task.cancelled() and task.exception() is not None:
        log.warning("sources failed after their edition", reason=str(task.exception()))


async def leave_late() -> None:
    """End the visits that no edition waits for any more: what they have not kept, the next does."""
    late = list(_LATE)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


async def _edition(app: App, *, slot: Slot, late: bool) -> None:
    newsletter = app.newsletter(slot.newsletter)
    if not late:
        async with app.db.read() as conn:
            known = await store.sources.known(conn)
        every = collect.sources_of(app, known.values())
        chosen = [
            source
            for source in collect.sources_for(newsletter, every, known)
            if may_ask(known.get(source.id), app.now())
        ]
        await not_longer(collect.collect(app, chosen), _EDITION_WAITS_S)
    await compose.compose(app, newsletter, slot, late=late, approve=newsletter.auto_approve)


async def _draft(app: App, *, slot: Slot) -> None:
    await compose.compose(app, app.newsletter(slot.newsletter), slot)


async def _approve(app: App, *, edition_id: str) -> None:
    await pipeline.approve(app, edition_id)


async def _breaking(app: App, *, newsletter: str) -> None:
    await breaking.break_news(app, app.newsletter(newsletter))


async def _publish(app: App) -> None:
    await publishing.publish(app)
    await pictures.sweep_pictures(app)


async def _freeze(app: App, *, edition_id: str) -> None:
    await deliver.prepare(app, edition_id)


async def _deliver(app: App, *, edition_id: str) -> None:
    await deliver.deliver(app, edition_id)


async def _report(app: App, *, slot: Slot) -> None:
    report = await preflight.preflight(app, app.newsletter(slot.newsletter), slot)
    await preflight.send_report(app, report)


async def _hubs(app: App) -> None:
    await hubs.subscribe_where_due(app)


async def _announce(app: App) -> None:
    await announce.announce(app)


async def _sweep(app: App) -> None:
    await collect.sweep(app)


async def _signups(app: App) -> None:
    await joining.take_signups(app)
    # Whoever has just signed up looks into their mailbox now, not at the next tick.
    await letters.post(app)


async def _letters(app: App) -> None:
    await letters.post(app)


async def _resume(app: App) -> None:
    await audience.resume_due(app)


async def _tend(app: App) -> None:
    await joining.expire(app)
    await privacy.forget_old(app)
    async with app.db.write() as conn:
        await store.subscribers.note_tended(conn, now=app.now())


async def _clean(app: App) -> None:
    if not await privacy.clean(app):
        # Put off, not tried at each tick: somebody is reading, or there is no room.
        raise StoreError("the database's file could not be written anew yet")


async def _returns(app: App) -> None:
    await mailbag.fetch(app)


HANDLERS: Mapping[str, Callable[..., Awaitable[object]]] = MappingProxyType(
    {
        "collect": _collect,
        "edition": _edition,
        "draft": _draft,
        "approve": _approve,
        "breaking": _breaking,
        "publish": _publish,
        "freeze": _freeze,
        "deliver": _deliver,
        "report": _report,
        "hubs": _hubs,
        "announce": _announce,
        "sweep": _sweep,
        "signups": _signups,
        "letters": _letters,
        "resume": _resume,
        "tend": _tend,
        "clean": _clean,
        "returns": _returns,
    }
)
