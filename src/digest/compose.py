"""The verb that makes an edition: what it is made of, and when it must wait.

Reads what stands, has `editorial` decide, asks the model if there is one, writes.  Composing
twice gives one edition; a kill leaves the edition of before or the edition of after.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from digest import editorial, store, wording
from digest.app import App
from digest.collect import sources_for, sources_of
from digest.model import (
    Cause,
    Correction,
    Edit,
    Edition,
    EditionEvent,
    EditionState,
    EditKind,
    Item,
    LeftOut,
    Slot,
    Told,
)
from digest.pictures import fetch_pictures
from digest.printer import printer_for
from digest.settings import Newsletter, Source
from digest.slots import is_scheduled, previous_slot, release_at
from digest.store import editions, edits, placements
from digest.store.editions import Record
from digest.store.placements import Changed
from digest.telemetry import log

if TYPE_CHECKING:
    from digest.editorial.learning import SectionModel

#: How ids of sources begin that a person named for one edition: their news is never too old.
BY_HAND = "by-hand-"
#: A change to what an edition carried is told this long; afterwards it is old news.
_CORRECTED_FOR = timedelta(days=14)
#: What earlier editions told is remembered so long, and for so many of their slots.
_TOLD_FOR, _TOLD_SLOTS = timedelta(days=4), 3
#: The best of others' editions goes back so far at most.
_BEST_OF_FOR = timedelta(days=35)
#: An edition that was approved late is in the next selection: what was taken is not taken again.
_LATE_APPROVAL = timedelta(days=7)
#: What an editor held is known for so many editions.
_HELD_EDITIONS = 8
#: Without a calendar an edition follows one of a day before.
_NO_CALENDAR = timedelta(days=1)


async def compose(
    app: App,
    newsletter: Newsletter,
    slot: Slot,
    *,
    repeats: str | None = None,
    also: Sequence[str] = (),
    only: Collection[str] | None = None,
    late: bool = False,
    approve: bool = False,
    again: bool = False,
    named: Sequence[Source] = (),
) -> Record:
    """Make the edition of *slot* from all that no edition of the newsletter has taken yet.

    The slot is the key: composing it twice gives one edition, and one that is past its draft
    is returned as it is.  A day without news is recorded as skipped.  What editors did to the
    draft is done again.

    Args:
        repeats: id of an earlier edition whose items this one shows again, with what is new.
        also: ids of sources named by hand, besides the newsletter's own.
        only: ids of items that it may take; None means all.
        late: the hour has passed unattended; record it as held, for the operator to decide.
        approve: in the same transaction, so that no kill can leave a draft nobody asked for;
            an edition that is too short waits all the same, where the newsletter says so.
        again: even if nothing new has come: an editor did something.
        named: the sources in *also* themselves: pictures may lie beside their documents.

    Raises:
        RenderError: with *approve*, a template is broken; nothing is kept.
    """
    # Serialises composing: two editions must not take the same item.
    async with app.db.lease(lease_of(newsletter.slug), wait=True):
        async with app.db.read() as conn:
            record = await editions.find(conn, slot.edition_id)
        if record is not None and record.state not in editions.OPEN:
            return record
        if late:
            return await _hold(app, newsletter, slot)
        draft = await sketch(app, newsletter, slot, repeats=repeats, also=also, only=only)
        drafted = record is not None and record.state is EditionState.DRAFT
        # Where there is a model, an edited story may still be without its words.
        stands = drafted and not draft.fresh and not app.settings.model.url
        if stands and not approve and not again:
            async with app.db.write() as conn:
                await editions.stamp(conn, slot.edition_id, created_at=app.now())
                return await editions.get(conn, slot.edition_id)
        draft = replace(draft, edition=await wording.reword(app, draft.edition))
        await fetch_pictures(app, draft.edition, sources=named)
        short = shortness(draft.edition, newsletter)
        if approve and not draft.edition.empty and not short:
            printer = await printer_for(app, draft.edition)
            await asyncio.to_thread(printer.rehearse)
        return await keep(app, newsletter, slot, draft, repeats=repeats, approve=approve)


def lease_of(slug: str) -> str:
    """Name of the lease under which a newsletter's editions are composed and edited."""
    return f"compose:{slug}"


def shortness(edition: Edition, newsletter: Newsletter) -> str:
    """Why *edition* is too short to go out as any other; "" when it is not."""
    number = len(edition.stories) + len(edition.briefs)
    if number >= newsletter.min_items or newsletter.when_short == "send":
        return ""
    return f"short: {number} stories and briefs, fewer than min_items = {newsletter.min_items}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """An edition as it would be composed now."""

    edition: Edition
    #: Ids of the items that this edition would take for itself.
    own: frozenset[str]
    #: Some of them are in no edition yet, or their words have changed since.
    fresh: bool
    #: Of the items and corrections, as they were composed.
    revisions: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Material:
    """What an edition is composed from, as the database has it."""

    weights: Mapping[str, float]
    #: Landed in this edition before, or of the editions that it repeats, or in none yet.
    mine: list[Item]
    again: list[Item]
    fresh: list[Item]
    outdated: bool
    stale: Mapping[str, tuple[str, str]]
    changed: list[Changed]
    #: Of editors on the editions that this one is the best of.
    edits: list[Edit]
    told: list[Told]
    carried: Mapping[str, float]
    oldest: datetime | None
    #: Items, and sources, whose news is never too old.
    ageless: frozenset[str]


async def sketch(
    app: App,
    newsletter: Newsletter,
    slot: Slot,
    *,
    repeats: str | None = None,
    also: Sequence[str] = (),
    only: Collection[str] | None = None,
    edited: Sequence[Edit] | None = None,
) -> Sketch:
    """Compose without keeping anything: what `compose` would make of *slot* now, less a model.

    Args:
        edited: in the place of what editors did to it so far.
    """
    async with app.db.read() as conn:
        given = await _gather(app, conn, newsletter, slot, repeats=repeats, also=also, only=only)
        if edited is None:
            edited = await edits.of_edition(conn, slot.edition_id)
    shown = {item.id: item for item in (*given.again, *given.mine, *given.fresh)}
    # Its page was in an earlier edition already, by another source: no news.
    asked = _asked_for((*given.edits, *edited))
    stale = {id: given.stale[id] for id in shown if id in given.stale and id not in asked}
    corrections = await asyncio.to_thread(_corrections, given.changed)
    # Clustering a long day is CPU work: pages must go on answering.
    edition = await asyncio.to_thread(
        editorial.compose,
        [item for item in shown.values() if item.id not in stale],
        edition_id=slot.edition_id,
        newsletter=newsletter,
        slot_at=slot.at,
        weights=given.weights,
        corrections=corrections,
        edits=[*given.edits, *edited],
        told=given.told,
        oldest=given.oldest,
        ageless=given.ageless.union(also),
        carried=given.carried,
        learned=await asyncio.to_thread(_learned, app, newsletter),
    )
    repeated = (
        LeftOut(item_id=id, cause=Cause.COPY, reason=f"copy of {first}, which {there} carried")
        for id, (first, there) in stale.items()
    )
    left_out = sorted((*edition.left_out, *repeated), key=lambda left: left.item_id)
    edition = replace(edition, left_out=tuple(left_out))
    fresh = {item.id for item in given.fresh}
    changed = [*shown.values(), *(change.after for change in given.changed)]
    return Sketch(
        edition=edition,
        own=frozenset(fresh.union(item.id for item in given.mine)),
        fresh=bool(fresh.difference(edition.held) or given.outdated or corrections)
        or not given.mine,
        revisions={item.id: item.revision for item in changed},
    )


def _asked_for(done: Sequence[Edit]) -> set[str]:
    """Items that an editor wants to see, wherever they were before."""
    wanted = (edit for edit in done if edit.kind in (EditKind.PIN, EditKind.PLACE))
    return {id for edit in wanted for id in (edit.target, *edit.items)}


# ------------------------------------------------------------- what it is made of


async def _gather(
    app: App,
    conn: store.Connection,
    newsletter: Newsletter,
    slot: Slot,
    *,
    repeats: str | None,
    also: Sequence[str],
    only: Collection[str] | None,
) -> _Material:
    known = await store.sources.known(conn)
    every = sources_of(app, known.values())
    named: tuple[str, ...] = ()
    if newsletter.sources:
        named = (*(source.id for source in sources_for(newsletter, every, known)), *also)
    before = await _before(conn, newsletter, slot)
    best = await _best_of(conn, newsletter, slot, after=before - _LATE_APPROVAL)
    if newsletter.best_of:
        only = best.carried.keys() if only is None else best.carried.keys() & set(only)
    repeated = await _chain(conn, repeats)
    mine = await placements.of_edition(conn, slot.edition_id)
    sources_named = (item.source_id for item in mine if item.source_id.startswith(BY_HAND))
    since = min(slot.at - _TOLD_FOR, slot.at - _TOLD_SLOTS * (slot.at - before))
    return _Material(
        weights={source.id: source.weight for source in every},
        mine=mine,
        again=[
            item for id in repeated for item in await placements.of_edition(conn, id, killed=False)
        ],
        fresh=await placements.unplaced(conn, newsletter.slug, sources=named, only=only),
        outdated=await placements.outdated(conn, slot.edition_id),
        stale=await placements.carried_before(conn, newsletter.slug, slot.edition_id),
        changed=await placements.changed_since(
            conn,
            newsletter.slug,
            since=app.now() - _CORRECTED_FOR,
            edition_id=slot.edition_id,
        ),
        # Their numbers are below those of this edition's own, which overrule them.
        edits=_below([*best.edits, *await _repeated_edits(conn, repeated)]),
        told=await placements.told(
            conn,
            newsletter.slug,
            since=since,
            before=_untold(newsletter, slot),
            apart=(*repeated, slot.edition_id),
            # Breaking news that waits for approval need not break again.
            drafts=bool(newsletter.breaking_sources),
        ),
        carried=best.carried,
        # The best of a week may be a week old.
        oldest=None if newsletter.best_of else before - timedelta(hours=newsletter.max_age_h),
        ageless=frozenset(sources_named) | await _held_before(conn, newsletter, slot),
    )


async def _held_before(
    conn: store.Connection, newsletter: Newsletter, slot: Slot
) -> frozenset[str]:
    """Ids of what an editor kept out of the last edition for this one."""
    records = await editions.listing(
        conn, newsletter=newsletter.slug, states=editions.PUBLIC, limit=_HELD_EDITIONS
    )
    earlier = [record.id for record in records if record.slot_at < slot.at]
    kept: set[str] = set()
    for id in earlier:
        kept.update((await editions.content(conn, id)).held)
    return frozenset(kept)


def _untold(newsletter: Newsletter, slot: Slot) -> datetime:
    """From when on editions have told nothing that the one of *slot* must know.

    Breaking news may come while an edition that is due later is out already.
    """
    ahead = timedelta(hours=newsletter.ahead_h)
    return slot.at if is_scheduled(newsletter, slot) else slot.at + ahead


async def _before(conn: store.Connection, newsletter: Newsletter, slot: Slot) -> datetime:
    """When the edition before *slot* was made, or was to be."""
    earlier = previous_slot(newsletter, before=slot.at)
    before = release_at(newsletter, earlier) if earlier else slot.at - _NO_CALENDAR
    if newsletter.best_of:
        # A week that was skipped is in the next one.
        out = await editions.latest_out(conn, newsletter.slug, before=slot.at)
        before = out.slot_at if out else before
    return max(before, slot.at - _BEST_OF_FOR)


async def _chain(conn: store.Connection, edition_id: str | None) -> list[str]:
    """An edition and those that it repeats itself."""
    found: list[str] = []
    while edition_id is not None:
        found.append(edition_id)
        edition_id = (await editions.get(conn, edition_id)).repeats
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Best:
    #: Item → what the editions gave it, from 0.5 for having been shown to 1 for the first place.
    carried: Mapping[str, float]
    #: Headlines and summaries that editors wrote for them.
    edits: list[Edit]


async def _best_of(
    conn: store.Connection, newsletter: Newsletter, slot: Slot, *, after: datetime
) -> _Best:
    """What the editions of the newsletters in `best_of` showed since the last one."""
    carried: dict[str, float] = {}
    written: list[Edit] = []
    if newsletter.best_of:
        shown = await editions.contents_between(
            conn, newsletter.best_of, after=after, until=slot.at
        )
        for edition in shown:
            ranked = sorted(edition.stories, key=lambda story: (-story.score, story.id))
            for place, story in enumerate(ranked):
                points = 0.5 + 0.5 * 0.85**place
                for item in (*story.items, *story.copies):
                    carried[item.id] = max(carried.get(item.id, 0.0), round(points, 4))
            written += await edits.of_edition(conn, edition.id)
    words = (EditKind.HEADLINE, EditKind.SUMMARY)
    return _Best(carried=carried, edits=[edit for edit in written if edit.kind in words])


def _below(earlier: Sequence[Edit]) -> list[Edit]:
    """*earlier* under numbers that this edition's own edits overrule."""
    return [replace(edit, number=n - len(earlier)) for n, edit in enumerate(earlier)]


async def _repeated_edits(conn: store.Connection, repeated: Sequence[str]) -> list[Edit]:
    """What editors did to the editions that this one shows again, the oldest first."""
    found = [edit for id in reversed(repeated) for edit in await edits.of_edition(conn, id)]
    # Its intro was for its hour, and what was held was held for this one.
    return [edit for edit in found if edit.kind not in (EditKind.INTRO, EditKind.HOLD)]


def _learned(app: App, newsletter: Newsletter) -> "SectionModel | None":
    """What `digest train-sections` has learned for *newsletter*."""
    path = app.section_model(newsletter.slug)
    if not path.exists():
        return None
    try:
        return editorial.learned_sections(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        log.warning("what was learned about sections cannot be read", reason=str(error))
        return None


def _corrections(changed: Sequence[Changed]) -> list[Correction]:
    found = (
        editorial.correction(one.before, one.after, edition_id=one.edition_id, at=one.at)
        for one in changed
    )
    return [correction for correction in found if correction is not None]


# ---------------------------------------------------------------------- keeping


async def _hold(app: App, newsletter: Newsletter, slot: Slot) -> Record:
    """The hour of *slot* passed unattended: a person decides, and no item waits for that."""
    day = f"{slot.day}T{slot.clock:%H:%M}" if len(newsletter.send_at) > 1 else f"{slot.day}"
    reason = (
        f"its hour passed while Digest was not running; `digest run --date {day}` makes it now; "
        "else its items go into the next edition"
    )
    async with app.db.write() as conn:
        new = await editions.create(
            app.db, conn, slot, now=app.now(), state=EditionState.HELD, reason=reason
        )
        record = await editions.get(conn, slot.edition_id)
        if new:
            log.warning("edition held: its hour passed unattended", edition=slot.edition_id)
        elif record.state is EditionState.DRAFT:
            by_hand = await edits.of_edition(conn, slot.edition_id) or not newsletter.draft_min
            if by_hand:
                # It stays its maker's, who has to say what becomes of it.
                await editions.explain(
                    conn,
                    slot.edition_id,
                    f"its hour passed unattended: `digest approve {slot.edition_id}` lets it go "
                    "out, `digest cancel` gives its items to the next edition",
                )
            else:
                await editions.move(conn, slot.edition_id, EditionEvent.SKIP, reason=reason)
                await placements.release(conn, slot.edition_id)
        await editions.stamp(conn, slot.edition_id, created_at=app.now())
        return await editions.get(conn, slot.edition_id)


async def keep(
    app: App,
    newsletter: Newsletter,
    slot: Slot,
    draft: Sketch,
    *,
    repeats: str | None,
    approve: bool = False,
    along: Callable[[store.Connection], Awaitable[None]] | None = None,
) -> Record:
    """Make *draft* the edition of *slot*; whoever calls holds the lease (`lease_of`).

    Args:
        along: what is written in the same transaction, before the edition is.
    """
    edition = draft.edition
    short = shortness(edition, newsletter)
    skip = short if newsletter.when_short == "skip" else ""
    if edition.empty:
        skip = _emptiness(edition)
    async with app.db.write() as conn:
        new = await editions.create(app.db, conn, slot, now=app.now(), repeats=repeats)
        if along is not None:
            await along(conn)
        if skip:
            if (await editions.get(conn, slot.edition_id)).state is not EditionState.SKIPPED:
                await editions.move(conn, slot.edition_id, EditionEvent.SKIP, reason=skip)
            # Whatever it had is the next edition's.
            await placements.release(conn, slot.edition_id)
        else:
            waits = f"{short}; waits for `digest approve {slot.edition_id}`" if short else ""
            if not new:
                await editions.move(conn, slot.edition_id, EditionEvent.COMPOSE, reason=waits)
            elif waits:
                await editions.explain(conn, slot.edition_id, waits)
            await editions.write_content(conn, edition)
            await placements.place(conn, edition, only=set(draft.own), revisions=draft.revisions)
            if approve and not short:
                await editions.move(
                    conn, slot.edition_id, EditionEvent.APPROVE, approved_at=app.now()
                )
        # What was composed, or found empty, before its hour decides nothing.
        await editions.stamp(conn, slot.edition_id, created_at=app.now())
        return await editions.get(conn, slot.edition_id)


def _emptiness(edition: Edition) -> str:
    """Why an edition shows nothing."""
    causes = Counter(left.cause.value for left in edition.left_out)
    told = ", ".join(f"{number} {cause}" for cause, number in sorted(causes.items()))
    held = f"{len(edition.held)} held for the next edition" if edition.held else ""
    reasons = "; ".join(filter(None, (told and f"left out: {told}", held)))
    return f"nothing new ({reasons})" if reasons else "nothing new"
