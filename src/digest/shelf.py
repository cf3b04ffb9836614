"""What visits found, kept: items, validators and all that was learned, in one transaction.

A commit waits for the disk, so visits that end while one is being written are written together.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from digest import editorial, sources, store
from digest.errors import StoreError
from digest.model import IdentityRule, Item, RawItem
from digest.store import items
from digest.store.sources import SourceRecord
from digest.telemetry import log

#: Visits, and items, in one transaction.
_TOGETHER = 64
_ITEMS_TOGETHER = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What one look at a source brought."""

    source_id: str
    documents: int = 0
    articles: int = 0
    briefs: int = 0
    new: int = 0
    changed: int = 0
    #: Older than the backlog of a first visit: known from now on, never shown.
    passed_over: int = 0
    #: Nothing has changed there since the last look.
    unchanged: bool = False
    #: What could not be read: (document, a sentence that says what to do).
    faults: tuple[tuple[str, str], ...] = ()
    #: What is wrong with the source, in one word; None if it could be visited.
    word: str | None = None
    #: Ids of the new and the changed items.
    new_ids: tuple[str, ...] = ()
    changed_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a visit has to keep: all of it, in one transaction."""

    record: SourceRecord
    visit: Visit
    items: tuple[Item, ...] = ()
    html: dict[str, str] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    #: Of a first visit: how many items are kept.
    backlog: int | None = None
    #: The identity rule is another than before.
    rule: IdentityRule | None = None
    #: We asked; it did not come by itself.
    polled: bool = True
    #: Item → ids that it would have under other identity rules.
    other_ids: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: Id and fingerprint of what is kept → whether what is told now is another thing to a
    #: reader: judged beforehand, because nobody else can write meanwhile.
    verdicts: Mapping[tuple[str, str], bool] = field(default_factory=dict)

    def judged(self, before: Item, after: Item) -> bool:
        verdict = self.verdicts.get((before.id, items.fingerprint(before)))
        # Somebody else changed it since.
        return editorial.noteworthy(before, after) if verdict is None else verdict


def _as_told(item: Item) -> RawItem:
    """What *item* was made of, as far as identity goes."""
    undated = item.published_at == item.seen_at
    return RawItem(
        kind=item.kind,
        title=item.title,
        guid=item.guid,
        url=item.url,
        published_at=None if undated else item.published_at,
        blocks=item.blocks,
    )


class Shelf:
    """Keeps what visits found, many of them in one transaction when many come at once."""

    def __init__(
        self, db: store.Database, http: "sources.Http", *, now: Callable[[], datetime]
    ) -> None:
        self._db = db
        self._http = http
        self._now = now
        self._waiting: list[tuple[Found, asyncio.Future[Visit]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, found: Found) -> Visit:
        """Keep *found*; returns when it is committed.

        Raises:
            StoreError: the database does not answer; nothing of it is kept.
        """
        kept: asyncio.Future[Visit] = asyncio.get_running_loop().create_future()
        self._waiting.append((found, kept))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await kept

    async def _write(self) -> None:
        try:
            while self._waiting:
                await self._write_batch(self._next_batch())
        finally:
            self._writing = None

    def _next_batch(self) -> "list[tuple[Found, asyncio.Future[Visit]]]":
        """Visits for one transaction: not so many that others wait long for their turn."""
        visits, items = 0, 0
        for found, _ in self._waiting[:_TOGETHER]:
            items += len(found.items)
            if visits and items > _ITEMS_TOGETHER:
                break
            visits += 1
        batch, self._waiting = self._waiting[:visits], self._waiting[visits:]
        return batch

    async def _write_batch(self, batch: Sequence[tuple[Found, asyncio.Future[Visit]]]) -> None:
        try:
            async with self._db.write() as conn:
                visits = await self._keep_all(conn, [found for found, _ in batch])
                await self._keep_hosts(conn)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
            if len(batch) > 1 and not isinstance(error, StoreError):
                # One of them cannot be kept: it must not take the others down.
                for one in batch:
                    await self._write_batch([one])
                return
            for _, waiting in batch:
                if not waiting.done():
                    waiting.set_exception(error)
            return
        for (_, waiting), visit in zip(batch, visits, strict=True):
            if not waiting.done():
                waiting.set_result(visit)

    async def _keep_all(self, conn: store.Connection, batch: Sequence[Found]) -> list[Visit]:
        ids = [found.record.id for found in batch]
        known = await store.sources.several(conn, ids, lock=True)
        visits = []
        for found in batch:
            visit = await self._keep_one(conn, found)
            record = _merged(found, known.get(found.record.id))
            if visit.new:
                record = replace(record, new_at=self._now())
                if found.polled and record.hub_until is not None:
                    # The hub should have told of it: not relied on until it promises again.
                    log.info("hub did not tell", source=record.id)
                    record = replace(record, hub_until=None)
            # Two visits to one source may come together.
            known[record.id] = record
            visits.append(visit)
        kept = {found.record.id for found in batch}
        await store.sources.visited(self._db, conn, *(known[id] for id in sorted(kept)))
        return visits

    async def _keep_one(self, conn: store.Connection, found: Found) -> Visit:
        db, record = self._db, found.record
        now = self._now()
        if not (found.items or found.done):
            return found.visit
        if found.rule is not None:
            rule = found.rule

            def new_id(item: Item) -> str:
                return editorial.identity(_as_told(item), source_id=record.id, rule=rule)

            await items.rename(db, conn, record.id, new_id)
        kept = await items.remember(
            db,
            conn,
            found.items,
            html=found.html,
            backlog=found.backlog,
            other_ids=found.other_ids,
            noteworthy=found.judged,
            now=now,
        )
        await store.sources.finish(db, conn, record.id, found.done, at=now)
        return replace(
            found.visit,
            new=len(kept.new),
            changed=len(kept.changed),
            passed_over=kept.passed_over,
            new_ids=kept.new,
            changed_ids=kept.changed,
        )

    async def _keep_hosts(self, conn: store.Connection) -> None:
        db, http = self._db, self._http
        await store.sources.keep_waits(db, conn, http.hosts.take_changes())
        await store.sources.keep_robots(db, conn, http.robots.take_changes())


def _merged(found: Found, stored: SourceRecord | None) -> SourceRecord:
    """The record of *found*, with what others wrote while the visit was on."""
    record = found.record
    if stored is None:
        return record
    # A rule never goes back, whoever found that out first.
    rules = [rule.value for rule in IdentityRule]
    told = [identity for identity in (record.identity, stored.identity) if identity in rules]
    identity = max(told, key=rules.index, default=rules[0])
    if not found.polled:
        # What came by itself says nothing of the next visit.
        return replace(
            stored,
            identity=identity,
            first_at=stored.first_at or record.first_at,
            succeeded_at=record.succeeded_at,
            fault=record.fault,
        )
    same_hub = (stored.hub, stored.topic) == (record.hub, record.topic)
    return replace(
        record,
        identity=identity,
        paused_at=stored.paused_at,
        declared=stored.declared,
        newsletters=stored.newsletters,
        new_at=stored.new_at,
        hub_secret=stored.hub_secret if same_hub else record.hub_secret,
        hub_asked_at=stored.hub_asked_at if same_hub else record.hub_asked_at,
        hub_until=stored.hub_until if same_hub else record.hub_until,
    )
