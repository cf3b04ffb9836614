"""The clock, and who does what it finds due.

APScheduler ticks: every `tick_s`, and at each newsletter's own hour in its own zone; what is
made ahead of it, and readers' own hours, come with the next tick.  A tick reads what stands, asks
`jobs.due`, and starts each job that is not running here already.  Other processes may do the same
on the same database: keys, leases and fences make that harmless.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from digest import hubs, jobs
from digest.app import App
from digest.collect import sources_of
from digest.errors import DigestError
from digest.listening import listen
from digest.mailbag import MAILBOX
from digest.model import EditionState, Job
from digest.publish import look_of, lost_of
from digest.slots import release_at
from digest.store import (
    Connection,
    editions,
    items,
    journal,
    letters,
    people,
    pings,
    reports,
    scrubbing,
    signups,
    sources,
    subscribers,
)
from digest.telemetry import log, masked

#: After a job fails: first wait, and the longest.
_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(minutes=10)

_MOVING = (EditionState.APPROVED, EditionState.SENDING)
#: States in which what was composed before its time does not stand for the edition.
_UNDECIDED = (EditionState.DRAFT, EditionState.SKIPPED)
#: Editions of a newsletter that are looked at: the calendar looks back eight days.
_RECENT = 100


async def look(app: App) -> jobs.Standing:
    """Read what `jobs.due` needs to know."""
    newsletters = {newsletter.slug: newsletter for newsletter in app.settings.newsletters}
    slugs = list(newsletters)
    async with app.db.write() as conn:
        since = await editions.meet_newsletters(app.db, conn, slugs, now=app.now())
    looks, lost = await asyncio.to_thread(_looks, app)
    async with app.db.read() as conn:
        looked = await editions.looked_through(conn)
        taken, made, moving, drafts = {}, {}, [], []
        for slug, newsletter in newsletters.items():
            records = await editions.listing(conn, newsletter=slug, limit=_RECENT)
            taken[slug] = frozenset(
                record.id
                for record in records
                # Made by hand before its time, which may still bring news.
                if record.state not in _UNDECIDED
                or record.created_at >= release_at(newsletter, record.slot)
            )
            made[slug] = frozenset(record.id for record in records)
            drafts += [record for record in records if record.state is EditionState.DRAFT]
            moving += [
                record
                for record in records
                if record.state is EditionState.SENT and not record.printed_as
            ]
            moving += await editions.listing(conn, newsletter=slug, states=_MOVING)
        retries, unfinished = {}, set()
        for record in moving:
            if record.state is not EditionState.SENDING:
                continue
            retry_at = await journal.next_due(conn, record.id)
            if retry_at is not None:
                retries[record.id] = retry_at
            if await journal.open_chunks(conn, record.id, now=app.now()):
                unfinished.add(record.id)
        printed = await editions.printed_looks(conn)
        known = await sources.known(conn)
        stands = jobs.Standing(
            sources=known,
            since=since,
            taken=taken,
            moving=moving,
            retries=retries,
            unfinished=frozenset(unfinished),
            drafts=drafts,
            made=made,
            looked=looked,
            reported=frozenset(
                report.edition_id
                for report in await reports.latest(conn, limit=_RECENT)
                if report.mailed_at is not None or not app.settings.desk.email
            ),
            oldest=await items.oldest(conn),
            hubs=hubs.any_due(app, known.values()),
            pings=await pings.any_due(conn, app.now()) is not None,
            outdated=lost or any(printed.get(slug) != look for slug, look in looks.items()),
        )
        return await _with_people(app, conn, stands)


async def _with_people(app: App, conn: Connection, stands: jobs.Standing) -> jobs.Standing:
    """And what those who read wait for."""
    mailbox = stands.sources.get(MAILBOX)
    return replace(
        stands,
        signups=await signups.any_waiting(conn),
        letters=await letters.any_due(conn, app.now()),
        resuming=bool(await people.due_to_resume(conn, app.now())),
        tended_at=await subscribers.tended_at(conn),
        returns_at=mailbox.checked_at if mailbox else None,
        unclean=await asyncio.to_thread(scrubbing.unclean_since, app.db),
    )


def _looks(app: App) -> tuple[dict[str, str], bool]:
    """The look of each newsletter's pages now; and whether what was published is lost."""
    looks = {newsletter.slug: look_of(app, newsletter) for newsletter in app.settings.newsletters}
    lost = lost_of(app)
    return looks, lost is None or bool(lost)


class Runner:
    """Runs what is due until it is stopped."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._running: dict[str, asyncio.Task[None]] = {}
        #: Job key → (failures in a row, not before).
        self._waits: dict[str, tuple[int, datetime]] = {}
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._listening: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tick; needs a running event loop."""
        # No misfire limit: a tick that comes late is as good as one in time, and one is enough.
        common = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        every = IntervalTrigger(seconds=self._app.settings.serve.tick_s, timezone=UTC)
        self._scheduler.add_job(
            self.tick, every, next_run_time=datetime.now(UTC), id="tick", **common
        )
        for newsletter in self._app.settings.newsletters:
            if not newsletter.days:
                continue
            for number, at in enumerate(newsletter.send_at):
                # Days by name: in cron text 1 is Tuesday here.
                hour = CronTrigger(
                    day_of_week=",".join(newsletter.days),
                    hour=at.hour,
                    minute=at.minute,
                    second=at.second,
                    timezone=newsletter.timezone,
                )
                id = f"hour:{newsletter.slug}:{number}"
                self._scheduler.add_job(self.tick, hour, id=id, **common)
        self._scheduler.start()
        self._listening = asyncio.create_task(listen(self._app), name="listen")

    async def tick(self) -> None:
        """Start every job that is due and not running here."""
        app = self._app
        if app.stopping.is_set():
            return
        now = app.now()
        try:
            standing = await look(app)
        except DigestError as error:
            log.error("the database does not answer", reason=str(error))
            return
        for job in jobs.due(
            now,
            standing,
            settings=app.settings,
            sources=sources_of(app, standing.sources.values()),
        ):
            waits = self._waits.get(job.key)
            if job.key in self._running or (waits and now < waits[1]):
                continue
            task = asyncio.create_task(self._run(job), name=job.key)
            self._running[job.key] = task

    async def _run(self, job: Job) -> None:
        try:
            await jobs.HANDLERS[job.verb](self._app, **job.args)
            self._waits.pop(job.key, None)
            log.info("job done", job=job.key)
        except DigestError as error:
            self._put_off(job)
            log.warning("job put off", job=job.key, reason=masked(str(error)))
        except Exception:  # noqa: BLE001 - the outermost loop: it logs the trace and lives on
            self._put_off(job)
            log.exception("job failed", job=job.key)
        finally:
            self._running.pop(job.key, None)

    def _put_off(self, job: Job) -> None:
        failures = self._waits.get(job.key, (0, None))[0] + 1
        wait = min(_FIRST_WAIT * 2 ** min(failures - 1, 10), _LONGEST_WAIT)
        self._waits[job.key] = (failures, self._app.now() + wait)

    async def idle(self) -> None:
        """Wait until nothing runs."""
        while self._running:
            await asyncio.gather(*self._running.values())

    async def stop(self) -> None:
        """Begin nothing new; give what has begun `drain_s`, then leave it to the journal."""
        self._app.stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._listening is not None:
            # It only waits: what it waited for is still in the mailbox.
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await jobs.leave_late()
        tasks = list(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._app.settings.serve.drain_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
