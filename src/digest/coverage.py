"""The verb that proves coverage: every item is in one edition, left out for a reason, or waits.

Behind the door: what is a violation, and what to do about it.  It changes nothing; it reads one
view of the database, so that whoever composes meanwhile is no violation.  Not behind it: the
rows, which are `store.coverage`'s, and putting anything right, which a person does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from digest import store
from digest.app import App
from digest.collect import sources_for, sources_of
from digest.model import Cause, EditionState
from digest.settings import Newsletter
from digest.slots import slots
from digest.store import coverage as rows
from digest.store import editions
from digest.store.coverage import Contents, Part, Unplaced
from digest.store.editions import Record

#: What is met may be kept a little later, and then is the next edition's.
_ON_ITS_WAY = timedelta(minutes=15)
#: Violations of a newsletter that are named; the others are only counted.
MOST_NAMED = 1_000
_EVER = datetime.max.replace(tzinfo=UTC)

_DEFECT = "keep a copy of the database, restore the backup of before, and report it as a defect"


class Breach(StrEnum):
    """What is wrong, in one word."""

    #: In no edition, although one that should have taken it has gone out.
    VANISHED = "vanished"
    #: An edition tells of it, and nothing says that it is taken: it may come again.
    UNPLACED = "unplaced"
    #: An edition tells of it, and it is placed in another one.
    TWO_EDITIONS = "two-editions"
    #: Twice in one edition.
    TWICE = "twice"
    #: Placed in an edition that does not tell of it.
    UNTOLD = "untold"
    #: Placed as one thing and told as another.
    OTHERWISE = "otherwise"
    #: Told, and never collected.
    UNKNOWN = "unknown"
    #: Placed in an edition that nobody will ever see.
    STUCK = "stuck"
    #: Placed for one newsletter, in an edition of another.
    ASTRAY = "astray"
    #: The sums do not agree.
    MISCOUNT = "miscount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing that must not be, and what a person does about it."""

    breach: Breach
    #: "" where no edition, or no single item, is meant.
    edition_id: str = ""
    item_id: str = ""
    #: Headline of the item, while its words are kept.
    title: str = ""
    text: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One edition, and how many items are where in it."""

    edition_id: str
    state: EditionState
    #: story, brief, and copy for the copies of stories that are shown.
    told: Mapping[str, int]
    #: By cause; "unsaid" for editions of before causes were kept.
    left_out: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.told.values()) + sum(self.left_out.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Where every item of one newsletter is."""

    newsletter: str
    #: Oldest first.
    editions: tuple[Line, ...] = ()
    #: In no edition yet: the next one takes them.
    waiting: int = 0
    #: When the oldest of them was met.
    waiting_since: datetime | None = None
    #: By an editor, for the next edition.
    held: int = 0
    #: Known and never meant to be shown: what a source listed before its first visit, or other
    #: newsletters showed before this one began.
    before: int = 0
    #: Their words were deleted while they waited.
    expired: int = 0
    #: In no edition, although one came that should have taken them: each is a violation.
    vanished: int = 0
    #: The first `MOST_NAMED`.
    violations: tuple[Violation, ...] = ()
    violations_in_all: int = 0
    #: What is no violation and deserves a look.
    notes: tuple[str, ...] = ()

    @property
    def collected(self) -> int:
        """All items that are accounted for, or should be."""
        placed = sum(line.total for line in self.editions)
        return placed + self.rest

    @property
    def rest(self) -> int:
        return self.waiting + self.held + self.before + self.expired + self.vanished

    @property
    def proved(self) -> bool:
        return not self.violations_in_all


async def coverage(
    app: App,
    *,
    newsletter: str | None = None,
    edition: str | None = None,
    since: date | None = None,
) -> list[Cover]:
    """Prove for each newsletter that nothing vanished, or name what did.

    Args:
        newsletter: slug of the only one to look at.
        edition: id of the only edition to look at; of what waits, only what it should have
            taken is looked for.
        since: local day: only editions from that day on, and items met since.

    Raises:
        NotFound: there is no such newsletter or edition.
    """
    async with rows.steady(app.db) as conn:
        if edition is not None:
            newsletter = (await editions.get(conn, edition)).newsletter
        chosen = app.settings.newsletters if newsletter is None else (app.newsletter(newsletter),)
        return [
            await _Proof(app, conn, one, edition_id=edition, since=since).made() for one in chosen
        ]


class _Proof:
    """The proof of one newsletter, while it is made."""

    def __init__(
        self,
        app: App,
        conn: store.Connection,
        newsletter: Newsletter,
        *,
        edition_id: str | None,
        since: date | None,
    ) -> None:
        self._app = app
        self._conn = conn
        self._newsletter = newsletter
        self._edition_id = edition_id
        self._since = since
        self._found: list[Violation] = []
        self._number = 0
        #: Composed last of those that took everything that waited.
        self._taker: Record | None = None
        self._held: set[str] = set()
        #: Items of editions of `best_of` that were approved when the taker had been composed
        #: → when those were due.
        self._late: dict[str, datetime] = {}
        #: Items that editions gave back or hold → since when they wait again.
        self._freed: dict[str, datetime] = {}
        patience = timedelta(seconds=app.settings.model.patience_s)
        self._slack = _ON_ITS_WAY + (patience if app.settings.model.url else timedelta())

    async def made(self) -> Cover:
        conn, slug = self._conn, self._newsletter.slug
        every = sorted(
            await editions.listing(conn, newsletter=slug), key=lambda one: (one.slot_at, one.id)
        )
        wanted = [record for record in every if self._wants(record)]
        counts = await rows.tally(conn, slug)
        for record in wanted:
            await self._look_at(record, {one.id: one for one in every})
        # What is held is so for all: by open drafts, and by what went out last.
        out = (one for one in every if one.state in editions.PUBLIC)
        last = max(out, key=lambda one: (one.created_at, one.slot_at), default=None)
        for record in every:
            holds = record is last or record.state is EditionState.DRAFT
            if holds and record not in wanted and (told := await rows.contents(conn, record.id)):
                self._holds(record, told)
        for item_id, there in await rows.astray(conn, slug):
            text = f"placed for {slug}, in an edition of another newsletter"
            self._name(Breach.ASTRAY, text, _DEFECT, there, item_id)
        lines = tuple(_line(record, counts.get(record.id, {})) for record in wanted)
        cover = await self._look_at_the_rest(Cover(newsletter=slug, editions=lines))
        violations = await self._with_titles()
        return replace(cover, violations=violations, violations_in_all=self._number)

    def _wants(self, record: Record) -> bool:
        if self._edition_id is not None:
            return record.id == self._edition_id
        return self._since is None or record.day >= self._since

    def _name(
        self, breach: Breach, text: str, remedy: str, edition_id: str = "", item_id: str = ""
    ) -> None:
        self._number += 1
        if len(self._found) < MOST_NAMED:
            found = Violation(
                breach=breach, edition_id=edition_id, item_id=item_id, text=text, remedy=remedy
            )
            self._found.append(found)

    async def _with_titles(self) -> tuple[Violation, ...]:
        titles = await rows.titles(self._conn, {one.item_id for one in self._found if one.item_id})
        return tuple(replace(one, title=titles.get(one.item_id, "")) for one in self._found)

    # --------------------------------------------------------------- an edition

    async def _look_at(self, record: Record, every: Mapping[str, Record]) -> None:
        told = await rows.contents(self._conn, record.id)
        placed = await rows.placed(self._conn, record.id)
        if not _keeps(record):
            self._given_back(record, told, placed)
            return
        if told is None:
            if placed:
                text = f"has {len(placed)} items and no content"
                self._name(Breach.UNTOLD, text, _again(record), record.id)
            return
        self._holds(record, told)
        if record.state in editions.PUBLIC and self._takes_all(record):
            self._taker = max(self._taker or record, record, key=lambda one: one.created_at)
        await self._compare(record, told, placed, _chain(record, every))

    def _given_back(
        self, record: Record, told: Contents | None, placed: Mapping[str, Part]
    ) -> None:
        killed = {id for id, (_, cause) in placed.items() if cause == Cause.KILLED.value}
        if stuck := len(placed) - len(killed):
            text = f"is {record.state} and still has {stuck} items: no other will take them"
            self._name(Breach.STUCK, text, _DEFECT, record.id)
        # Of a cancelled edition it may not be known since when its items wait again.
        cancelled = record.state is EditionState.CANCELLED
        since = record.finished_at if cancelled else record.created_at
        parts = told.parts if told else ()
        ids = [*(id for id, _ in parts if id not in killed), *(told.held if told else ())]
        self._freed |= dict.fromkeys(ids, since or _EVER)

    def _holds(self, record: Record, told: Contents) -> None:
        """What waits by an editor's will, other editions composed before have not missed."""
        draft = record.state is EditionState.DRAFT
        if draft or record.state in editions.PUBLIC:
            self._held |= told.held
            for id in told.held:
                since = _EVER if draft else record.created_at
                self._freed[id] = max(since, self._freed.get(id, since))

    def _takes_all(self, record: Record) -> bool:
        """Breaking news takes its own story and leaves the rest."""
        newsletter = self._newsletter
        if not newsletter.breaking_sources:
            return True
        moment = timedelta(microseconds=1)
        due = slots(newsletter, after=record.slot_at - moment, until=record.slot_at)
        return any(slot.edition_id == record.id for slot in due)

    async def _compare(
        self, record: Record, told: Contents, placed: Mapping[str, Part], chain: frozenset[str]
    ) -> None:
        once: dict[str, Part] = {}
        found: list[tuple[Breach, str, str]] = []
        for item_id, part in told.parts:
            if item_id in once:
                text = f"is told twice: as {_words(once[item_id])} and as {_words(part)}"
                found.append((Breach.TWICE, text, item_id))
            once.setdefault(item_id, part)
        for item_id, part in once.items():
            there = placed.get(item_id)
            if there is not None and not _agree(part, there):
                text = f"is told as {_words(part)} and placed as {_words(there)}"
                found.append((Breach.OTHERWISE, text, item_id))
        for item_id, part in placed.items():
            if item_id not in once and (told.whole or part[0] != "dropped"):
                text = f"is placed as {_words(part)}, and the edition does not tell of it"
                found.append((Breach.UNTOLD, text, item_id))
        for breach, text, item_id in found:
            self._name(breach, text, _again(record), record.id, item_id)
        await self._missing(record, [id for id in once if id not in placed], chain)

    async def _missing(self, record: Record, ids: Sequence[str], chain: frozenset[str]) -> None:
        """What the edition tells of and is not placed in it."""
        elsewhere = await rows.editions_with(self._conn, record.newsletter, ids)
        known = await rows.met(self._conn, [id for id in ids if id not in elsewhere])
        for item_id in ids:
            there = elsewhere.get(item_id)
            if there in chain:
                continue
            if there is not None:
                breach, text = Breach.TWO_EDITIONS, f"is told here and placed in {there}"
            elif item_id in known:
                breach, text = Breach.UNPLACED, "is told here and placed nowhere: it may come again"
            else:
                breach, text = Breach.UNKNOWN, "is told here and was never collected"
            self._name(breach, text, _again(record), record.id, item_id)

    # ------------------------------------------------------------ what is in none

    async def _look_at_the_rest(self, cover: Cover) -> Cover:
        newsletter, conn = self._newsletter, self._conn
        sources = await self._sources()
        joined = await rows.first_taken(conn, newsletter.slug) if sources else None
        began = None
        if newsletter.best_of:
            began = await rows.began_with(conn, newsletter.slug, newsletter.best_of)
            await self._look_for_late()
        counts = dict.fromkeys(_Rest, 0)
        strangers: set[str] = set()
        oldest: datetime | None = None
        stream = rows.unplaced(
            conn,
            newsletter.slug,
            sources=sources,
            best_of=newsletter.best_of,
            since=self._since_instant(),
        )
        async for item in stream:
            taker = None if _known_before(item, began) else self._missed_by(item, joined)
            rest = self._rest(item, taker, began)
            counts[rest] += 1
            if taker is not None:
                self._vanished(item, taker)
            elif rest is _Rest.WAITING:
                oldest = min(oldest or item.seen_at, item.seen_at)
                if joined is not None and item.source_id not in joined and self._taker:
                    strangers.add(item.source_id)
        if self._edition_id is not None:
            # What else waits is not of this edition.
            return replace(cover, vanished=counts[_Rest.VANISHED])
        notes = [f"nothing of source {id} was ever taken" for id in sorted(strangers)]
        if counts[_Rest.EXPIRED]:
            notes.append("words were deleted, after [collect] keep_days, before an edition came")
        cover = replace(cover, waiting=counts[_Rest.WAITING], held=counts[_Rest.HELD])
        cover = replace(cover, before=counts[_Rest.BEFORE], expired=counts[_Rest.EXPIRED])
        cover = replace(cover, vanished=counts[_Rest.VANISHED], waiting_since=oldest)
        cover = replace(cover, notes=tuple(notes))
        if self._since is None:
            await self._add_up(cover, sources)
        return cover

    async def _look_for_late(self) -> None:
        for slug in self._newsletter.best_of:
            public = await editions.listing(self._conn, newsletter=slug, states=editions.PUBLIC)
            for record in public:
                approved_at = record.approved_at or record.slot_at
                if self._taker and self._taker.created_at - approved_at <= self._slack:
                    placed = await rows.placed(self._conn, record.id)
                    shown = (id for id, (part, _) in placed.items() if part in ("story", "copy"))
                    self._late |= dict.fromkeys(shown, record.slot_at)

    async def _sources(self) -> tuple[str, ...]:
        """Ids of the newsletter's sources; none when it takes from all."""
        if not self._newsletter.sources:
            return ()
        known = await store.sources.known(self._conn)
        named = sources_for(self._newsletter, sources_of(self._app, known.values()), known)
        return tuple(sorted({*self._newsletter.sources, *(source.id for source in named)}))

    def _since_instant(self) -> datetime | None:
        if self._since is None:
            return None
        zone = ZoneInfo(self._newsletter.timezone)
        return datetime.combine(self._since, time(), tzinfo=zone).astimezone(UTC)

    def _missed_by(self, item: Unplaced, joined: Mapping[str, datetime] | None) -> Record | None:
        """The latest edition, if it should have taken *item*."""
        taker = self._taker
        if taker is None:
            return None
        waits_since = max(item.seen_at, self._freed.get(item.id, item.seen_at))
        if taker.created_at - waits_since <= self._slack:
            return None
        if item.shown_at is not None:
            late = self._late.get(item.id, _EVER) <= item.shown_at
            if late or taker.slot_at < item.shown_at:
                return None
        # Before that the source was not yet the newsletter's.
        if joined is not None and joined.get(item.source_id, _EVER) >= taker.created_at:
            return None
        return taker

    def _rest(self, item: Unplaced, taker: Record | None, began: datetime | None) -> "_Rest":
        if _known_before(item, began):
            return _Rest.BEFORE
        if taker is not None:
            return _Rest.VANISHED
        if item.purged_at is not None:
            return _Rest.EXPIRED
        return _Rest.HELD if item.id in self._held else _Rest.WAITING

    def _vanished(self, item: Unplaced, record: Record) -> None:
        text = (
            f"was met {item.seen_at:%Y-%m-%d %H:%M} UTC in source {item.source_id}, and is in no "
            f"edition, although {record.id} came after it"
        )
        remedy = (
            f"`digest compose --newsletter {record.newsletter}` takes it into the next edition; if "
            f"it does not: {_DEFECT}"
        )
        if item.purged_at is not None:
            remedy = "its words are deleted: look for them in the source"
        self._name(Breach.VANISHED, text, remedy, record.id, item.id)

    async def _add_up(self, cover: Cover, sources: Sequence[str]) -> None:
        newsletter = self._newsletter
        collected = await rows.collected(
            self._conn, newsletter.slug, sources=sources, best_of=newsletter.best_of
        )
        if cover.collected != collected:
            text = (
                f"{collected} items were collected; {cover.collected - cover.rest} are in editions "
                f"and {cover.rest} in none"
            )
            self._name(Breach.MISCOUNT, text, _DEFECT)


class _Rest(StrEnum):
    """Why an item is in no edition."""

    WAITING = "waiting"
    HELD = "held"
    BEFORE = "before"
    EXPIRED = "expired"
    VANISHED = "vanished"


def _known_before(item: Unplaced, began: datetime | None) -> bool:
    """Whether it was never meant to be shown: what was met is a tombstone from the first."""
    if item.purged_at is not None and item.purged_at == item.seen_at:
        return True
    return item.shown_at is not None and began is not None and item.shown_at < began


def _keeps(record: Record) -> bool:
    """Whether what an edition took is taken: it is open, or readers have seen it."""
    if record.state is EditionState.CANCELLED:
        return record.published_at is not None or record.planned > 0
    return record.state is EditionState.DRAFT or record.state in editions.PUBLIC


def _chain(record: Record, every: Mapping[str, Record]) -> frozenset[str]:
    """The editions that *record* repeats."""
    found: set[str] = set()
    while record.repeats is not None and record.repeats in every and record.repeats not in found:
        found.add(record.repeats)
        record = every[record.repeats]
    return frozenset(found)


def _agree(told: Part, placed: Part) -> bool:
    """The causes of older editions were not kept."""
    return told[0] == placed[0] and (told[1] == placed[1] or not (told[1] and placed[1]))


def _words(part: Part) -> str:
    what, cause = part
    if what == "dropped":
        return f"left out ({cause})" if cause else "left out"
    return f"a {what}"


def _again(record: Record) -> str:
    if record.state is EditionState.DRAFT:
        return (
            f"`digest compose --newsletter {record.newsletter} --date {record.day}` writes the "
            "draft and its placements anew"
        )
    return f"the edition has gone out: {_DEFECT}"


def _line(record: Record, counts: Mapping[Part, int]) -> Line:
    told = {part: number for (part, _), number in sorted(counts.items()) if part != "dropped"}
    left = {
        cause or "unsaid": number
        for (part, cause), number in sorted(counts.items())
        if part == "dropped"
    }
    return Line(edition_id=record.id, state=record.state, told=told, left_out=left)
