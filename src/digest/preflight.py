"""The verbs of the desk's report: how every source is, before an edition is made of them.

Behind the door: what is read for it, what deserves a warning, and the mail.  Not behind it: the
judgement on one source, which is `health`'s.  A report is no delivery: the journal is not
touched, and it goes to nobody but the desk.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from digest import collect, store
from digest.app import App
from digest.health import LOOK_BACK_DAYS, LOOK_BACK_TIMES, Health, Word, bare, health
from digest.model import HostWait, Slot
from digest.pausing import desk_mail
from digest.settings import Newsletter, Source
from digest.slots import release_at, span
from digest.store import items, placements, reports
from digest.store.sources import SourceRecord
from digest.telemetry import log
from digest.urls import canonical_url

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: What is told first.
_ORDER = (
    Word.FAILING,
    Word.GONE,
    Word.NOT_A_FEED,
    Word.SILENT,
    Word.DROP,
    Word.WAITING,
    Word.MOVED,
    Word.NEW,
    Word.OK,
    Word.PAUSED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One source, as the desk is told of it."""

    id: str
    title: str
    kind: str
    #: Where it is looked at, without what may be a key in it; "" for what is pushed.
    where: str
    health: Health
    checked_at: datetime | None
    succeeded_at: datetime | None
    next_at: datetime | None
    #: HTTP status of the last visit.
    status: int | None
    #: Its host asked to be left alone until then.
    rests_until: datetime | None = None
    #: Added by command: not in config.toml.
    added: bool = False
    #: Items that wait for the newsletter's next edition; 0 where no newsletter is meant.
    waiting: int = 0
    #: About how many come between two editions.
    usual: float = 0.0

    @property
    def missing(self) -> bool:
        """Nothing from it waits, although something usually does."""
        quiet = self.health.word in (Word.OK, Word.MOVED) or self.health.slight
        return quiet and not self.waiting and self.usual >= 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the sources of a newsletter are, before its edition of a slot is made."""

    newsletter: str
    title: str
    timezone: str
    slot: Slot
    made_at: datetime
    #: Troubles first.
    lines: tuple[Line, ...] = ()
    #: Of the settings and of the whole, each a sentence that says what to do.
    warnings: tuple[str, ...] = ()

    @property
    def troubles(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.health.troubled)

    @property
    def notes(self) -> tuple[Line, ...]:
        """What may pass by itself."""
        return tuple(line for line in self.lines if line.health.slight)

    @property
    def missing(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.missing)

    @property
    def waiting(self) -> int:
        return sum(line.waiting for line in self.lines)

    @property
    def usual(self) -> float:
        return sum(line.usual for line in self.lines)

    @property
    def subject(self) -> str:
        """What a person sees of it first: names no source, for that may be long."""
        number = len(self.troubles)
        if number:
            state = "1 source needs you" if number == 1 else f"{number} sources need you"
        else:
            state = "all sources are well" if self.lines else "it has no sources"
        return f"{self.title}, {self.slot.day:%d %B}: {state}; {self.waiting} items wait"

    def local(self, at: datetime | None) -> str:
        """An instant in the newsletter's zone."""
        return f"{at.astimezone(ZoneInfo(self.timezone)):%a %d %b %H:%M}" if at else "–"


_REPORT = TypeAdapter(Report)


def report_due(
    now: datetime,
    newsletter: Newsletter,
    *,
    slot: Slot,
    made: frozenset[str],
    report_min: int,
) -> bool:
    """Whether the report for *slot* is to be made at *now*.

    It is, from *report_min* minutes before the edition is made until it would not be made up for
    any more: who was down at the hour still hears what the late edition was made of.

    Args:
        made: ids of editions whose report is mailed, or kept where nobody wants it by mail.
    """
    if slot.edition_id in made:
        return False
    opens = release_at(newsletter, slot) - timedelta(minutes=report_min)
    return opens <= now <= slot.at + timedelta(hours=newsletter.catch_up_h)


# ---------------------------------------------------------------------- reading


async def survey(app: App) -> list[Line]:
    """Every source and how it is, troubles first."""
    seen = await _look(app)
    every = collect.sources_of(app, seen.records.values())
    return await _lines(app, seen, every)


async def preflight(app: App, newsletter: Newsletter, slot: Slot) -> Report:
    """Report on the sources that the edition of *slot* will be made of; nothing is kept."""
    seen = await _look(app)
    every = collect.sources_of(app, seen.records.values())
    wanted = collect.sources_for(newsletter, every, seen.records)
    async with app.db.read() as conn:
        ids = [source.id for source in wanted]
        unplaced = await placements.unplaced(conn, newsletter.slug, sources=ids) if ids else []
    waiting = Counter(item.source_id for item in unplaced)
    days = _days_since_last(newsletter, slot.day)
    report = Report(
        newsletter=newsletter.slug,
        title=newsletter.title,
        timezone=newsletter.timezone,
        slot=slot,
        made_at=seen.at,
        lines=tuple(await _lines(app, seen, wanted, waiting=waiting, days_between=days)),
    )
    warnings = (*_of_the_whole(report, wanted), *_of_the_settings(app))
    return replace(report, warnings=warnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What is remembered, read once for all sources."""

    at: datetime
    records: Mapping[str, SourceRecord]
    days: Mapping[str, Mapping[date, int]]
    times: Mapping[str, Sequence[datetime]]
    waits: Sequence[HostWait]


async def _look(app: App) -> _Seen:
    now = app.now()
    async with app.db.read() as conn:
        return _Seen(
            at=now,
            records=await store.sources.known(conn),
            days=await items.items_per_day(conn, since=now - LOOK_BACK_DAYS),
            times=await items.last_items(conn, since=now - LOOK_BACK_TIMES),
            waits=await store.sources.waits(conn, now=now),
        )


async def _lines(
    app: App,
    seen: _Seen,
    wanted: Sequence[Source],
    *,
    waiting: Mapping[str, int] = MappingProxyType({}),
    days_between: int = 0,
) -> list[Line]:
    """Troubles first."""
    named = frozenset(source.id for source in app.settings.sources)

    def judge() -> list[Line]:
        lines = (_line(seen, source) for source in wanted)
        told = (
            replace(
                line,
                added=line.id not in named,
                waiting=waiting.get(line.id, 0),
                usual=line.health.per_day * days_between,
            )
            for line in lines
        )
        return sorted(told, key=_rank)

    # A millisecond a source: with thousands of them, pages must go on answering.
    return await asyncio.to_thread(judge)


def _line(seen: _Seen, source: Source) -> Line:
    record = seen.records.get(source.id)
    known = record or SourceRecord(id=source.id)
    found = health(
        source,
        record,
        days=seen.days.get(source.id, {}),
        times=seen.times.get(source.id, ()),
        now=seen.at,
    )
    address = known.address or source.url
    return Line(
        id=source.id,
        title=source.title,
        kind=source.kind,
        where=bare(address) if address else str(source.path or ""),
        health=found,
        checked_at=known.checked_at,
        succeeded_at=known.succeeded_at,
        next_at=known.next_at,
        status=known.status,
        rests_until=_rests_until(address, seen.waits),
    )


def _rests_until(address: str | None, waits: Sequence[HostWait]) -> datetime | None:
    host = urlsplit(canonical_url(address) or "").hostname
    asked = [
        wait.until
        for wait in waits
        if host and (wait.host == host or (wait.host[:1] == "." and f".{host}".endswith(wait.host)))
    ]
    return max(asked, default=None)


def _rank(line: Line) -> tuple[bool, bool, int, str]:
    found = line.health
    return (not found.troubled, not found.slight, _ORDER.index(found.word), line.id)


def _days_since_last(newsletter: Newsletter, day: date) -> int:
    """Days from the newsletter's appearance before *day*."""
    before = (n for n in range(1, 8) if _WEEK[(day.weekday() - n) % 7] in newsletter.days)
    return next(before, 7)


# --------------------------------------------------------------------- warnings


def _of_the_whole(report: Report, wanted: Sequence[Source]) -> Iterator[str]:
    if not wanted:
        yield "No source is chosen for this newsletter: name some in its sources, or none for all."
        return
    visited = [source for source in wanted if source.kind != "push"]
    looks = [line.checked_at for line in report.lines if line.checked_at]
    if visited and not looks:
        yield "No source has been looked at yet: is `digest serve` running?"
    elif looks and visited:
        patience = timedelta(minutes=max(120, 3 * min(source.every_min for source in visited)))
        if report.made_at - max(looks) > patience:
            ago = span(report.made_at - max(looks))
            yield f"Nobody has looked at the sources for {ago}: is `digest serve` running?"
    if not report.waiting:
        yield "Nothing waits for this edition: it is skipped unless something comes."
    elif report.usual >= 10 and report.waiting < report.usual / 3:
        yield f"Only {report.waiting} items wait; about {report.usual:.0f} are usual."


def _of_the_settings(app: App) -> Iterator[str]:
    site, mail = app.settings.site, app.settings.mail
    host = urlsplit(site.base_url).hostname or ""
    if host in ("127.0.0.1", "::1") or host == "localhost" or host.endswith(".localhost"):
        yield (
            f"[site] base_url is {site.base_url}: links in the mails, the one to unsubscribe too, "
            "work on this machine only. Set it to the public address."
        )
    ways = app.settings.relays or (mail,)
    if all(way.by in ("embedded", "folder") for way in ways):
        yield (
            f'[mail] by is "{ways[0].by}": mails stay on this machine and reach nobody. Set it to '
            '"smtp", and host to your relay.'
        )
    if not site.contact:
        yield (
            "[site] contact is empty: whoever runs a source cannot reach you, and may block you "
            "instead. Give a mail address or a page."
        )
    if not site.postal_address.strip():
        yield "[site] postal_address is empty: in many countries every mail must carry one."


# ------------------------------------------------------------------ the mail


async def send_report(app: App, report: Report) -> bool:
    """Keep *report*, and mail it to the desk unless that was done for its slot; say whether.

    It is kept before it leaves and marked as mailed after the relay took it: a crash between
    the two mails it once more, under the same Message-ID; none loses it.  Where [desk] email
    is empty it is only kept.

    Raises:
        MailError: the relay did not take it; the same call later tries again.
        ConfigError: [desk] email is no address that a relay takes.
    """
    id, to = report.slot.edition_id, app.settings.desk.email
    async with app.db.lease(f"report:{id}", wait=True):
        async with app.db.write() as conn:
            before = await reports.get(conn, id)
            if before is not None and before.mailed_at is not None:
                return False
            content = _REPORT.dump_json(report).decode()
            await reports.keep(app.db, conn, id, at=report.made_at, content=content)
        if not to:
            return False
        message = _message(app, report)
        async with app.transport() as transport:
            await transport.send(
                message, sender=app.settings.mail.from_address, to=to, started=lambda: None
            )
        async with app.db.write() as conn:
            await reports.mailed(conn, id, at=app.now())
    log.info("report mailed", edition=id, troubles=len(report.troubles))
    return True


def as_plain(report: Report) -> dict[str, Any]:
    """*report* as what JSON knows; sums, and who needs somebody, are spelled out."""
    told: dict[str, Any] = _REPORT.dump_python(report, mode="json")
    for plain, line in zip(told["lines"], report.lines, strict=True):
        plain |= {"needs_you": line.health.troubled, "missing": line.missing}
    return told | {
        "edition": report.slot.edition_id,
        "waiting": report.waiting,
        "usual": round(report.usual, 1),
        "troubles": len(report.troubles),
    }


async def kept_report(app: App, edition_id: str) -> Report | None:
    """The report that was kept for an edition."""
    async with app.db.read() as conn:
        record = await reports.get(conn, edition_id)
    return _REPORT.validate_json(record.content) if record else None


def _message(app: App, report: Report) -> bytes:
    id = report.slot.edition_id
    unique = blake2b(id.encode(), key=app.key, digest_size=12).hexdigest()
    parts = {
        # No hole is in these templates: the nonce only has to be one that nobody can guess.
        subtype: app.templates.mail(
            template, nonce=secrets.token_hex(8), report=report, site=app.settings.site
        )
        for subtype, template in (("plain", "report.txt"), ("html", "report.html"))
    }
    subject, at = report.subject, report.made_at
    return desk_mail(app, subject=subject, at=at, id=f"report.{unique}", parts=parts)
