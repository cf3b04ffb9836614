"""The verbs of the editor's hand: pin, hold, kill, move, place, rewrite, merge, split, undo.

Behind the door: which act makes sense on what, and how it is kept.  Not behind it: what an act
makes of an edition (`editorial.hand`), and how a draft is made and kept (`compose`).

One act is one transaction: the edit and the edition that it leads to are stored together.  A
crash leaves both or neither, so what is stored is what is shown.  Acts on one newsletter wait
for each other and for composing: two editors at once lose nothing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from digest import compose, wording
from digest.app import App
from digest.collect import every_source
from digest.editorial import section_slug
from digest.editorial.plain import plain
from digest.editorial.pointing import FEWEST_DIGITS, Thing, ThingKind, differences, find
from digest.errors import ConfigError, Conflict, NotFound
from digest.model import Cause, Edit, Edition, EditionState, EditKind, Item
from digest.render.showing import LONGEST_INTRO
from digest.settings import Newsletter
from digest.slots import slots
from digest.store import Connection, editions, placements
from digest.store import edits as done
from digest.store.editions import Record
from digest.telemetry import log

#: Characters that an editor may write.
HEADLINE_CHARS, SUMMARY_CHARS, NOTE_CHARS, INTRO_CHARS = 300, 2_000, 1_000, LONGEST_INTRO
_NAME_CHARS = 80
#: How the number of an act is written; more digits are of an id.
_NUMERAL = re.compile(r"[1-9]\d{0,3}", re.ASCII)
_BLANK_LINE = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")

_DONE = {EditKind.PIN: "pinned", EditKind.PLACE: "placed", EditKind.HOLD: "held"}
_SHOWN = (ThingKind.STORY, ThingKind.BRIEF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An edition as an editor finds it."""

    record: Record
    edition: Edition
    #: What editors did to it, in order.
    edits: tuple[Edit, ...] = ()
    #: Its items by id, shown or not, held ones too; those whose words are deleted are missing.
    items: Mapping[str, Item]

    def find(self, target: str) -> Thing:
        """What *target* points at: see `pin`."""
        return find(self.edition, target, {id: item.title for id, item in self.items.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised:
    """What came of an act."""

    edition: Edition
    #: "skipped" when taking an act back left nothing to show.
    state: EditionState
    #: The act; of `undo`, the one that was taken back.
    edit: Edit
    #: What is otherwise than before, each a sentence; new items that were taken in, too.
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """An edit, to be added or to be taken back."""

    edit: Edit
    #: Who takes it back; "" for one that is added.
    back: str = ""


_Decide = Callable[[Draft], _Act]


# ----------------------------------------------------------------- the verbs


async def pin(app: App, edition_id: str, target: str, *, by: str = "") -> Revised:
    """Show a story or brief whatever the limits, first in its section; also what was left out.

    Args:
        target: of every verb: a position on the list, "2.3" for the third story of the second
            section, "b4" for the fourth brief; or an item's id, or its first four digits or
            more.
        by: of every verb: who does it; kept with the edit.

    Every verb raises:
        NotFound: nothing, or more than one thing, is called so; the text says what is near.
        Conflict: the edition is no open draft, or the act makes no sense there.
        ConfigError: the text is too long, or there is none.
    """
    every = (*_SHOWN, ThingKind.LEFT_OUT, ThingKind.HELD)
    return await _revise(app, edition_id, _one(app, EditKind.PIN, target, every, by=by))


async def hold(app: App, edition_id: str, target: str, *, by: str = "") -> Revised:
    """Keep a story or brief for the next edition: see `pin`."""
    kinds = (*_SHOWN, ThingKind.LEFT_OUT)
    return await _revise(app, edition_id, _one(app, EditKind.HOLD, target, kinds, by=by))


async def kill(app: App, edition_id: str, target: str, *, by: str = "") -> Revised:
    """Never show a story or brief in this newsletter: see `pin`."""
    kinds = (*_SHOWN, ThingKind.LEFT_OUT, ThingKind.HELD)
    return await _revise(app, edition_id, _one(app, EditKind.KILL, target, kinds, by=by))


async def move(app: App, edition_id: str, target: str, section: str, *, by: str = "") -> Revised:
    """To another section, by its slug or title; a brief becomes a story of it: see `pin`."""

    def decide(draft: Draft) -> _Act:
        slug = _section(app.newsletter(draft.record.newsletter), section)
        return _one(app, EditKind.MOVE, target, _SHOWN, by=by, text=slug)(draft)

    return await _revise(app, edition_id, decide)


async def place(app: App, edition_id: str, target: str, position: int, *, by: str = "") -> Revised:
    """To a position in its section, from 1: see `pin`."""
    act = _one(app, EditKind.PLACE, target, (ThingKind.STORY,), by=by, position=position)

    def decide(draft: Draft) -> _Act:
        wish = act(draft)
        number = draft.find(target).siblings
        if not 1 <= position <= number:
            raise Conflict(f"that section has {number} stories: give a position from 1 to {number}")
        return wish

    return await _revise(app, edition_id, decide)


async def headline(app: App, edition_id: str, target: str, text: str, *, by: str = "") -> Revised:
    """Give a story another headline; "" gives it the sources' own again: see `pin`."""
    words = _short(plain(text), "a headline", HEADLINE_CHARS)
    act = _one(app, EditKind.HEADLINE, target, (ThingKind.STORY,), by=by, text=words)
    return await _revise(app, edition_id, act)


async def summary(app: App, edition_id: str, target: str, text: str, *, by: str = "") -> Revised:
    """Give a story another summary; "" gives it the sources' words again: see `pin`."""
    words = _short(plain(text), "a summary", SUMMARY_CHARS)
    act = _one(app, EditKind.SUMMARY, target, (ThingKind.STORY,), by=by, text=words)
    return await _revise(app, edition_id, act)


async def note(app: App, edition_id: str, target: str, text: str, *, by: str = "") -> Revised:
    """Add a note of the newsroom to a story; "" takes it away: see `pin`."""
    words = _short(plain(text), "a note", NOTE_CHARS)
    act = _one(app, EditKind.NOTE, target, (ThingKind.STORY,), by=by, text=words)
    return await _revise(app, edition_id, act)


async def intro(app: App, edition_id: str, text: str, *, by: str = "") -> Revised:
    """Begin the edition with the newsroom's words, paragraphs parted by blank lines; "": none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    paragraphs = (plain(paragraph) for paragraph in _BLANK_LINE.split(lines))
    words = _short("\n\n".join(filter(None, paragraphs)), "an intro", INTRO_CHARS)

    def decide(_draft: Draft) -> _Act:
        return _Act(edit=_edit(app, EditKind.INTRO, by=by, text=words))

    return await _revise(app, edition_id, decide)


async def merge(app: App, edition_id: str, targets: Sequence[str], *, by: str = "") -> Revised:
    """Make several stories and briefs one, which stands where the first of them stands."""
    kinds = (*_SHOWN, ThingKind.LEFT_OUT)

    def decide(draft: Draft) -> _Act:
        found = [_fit(draft, target, EditKind.MERGE, kinds) for target in targets]
        first, *others = dict.fromkeys(thing.id for thing in found) or [""]
        if not others:
            raise ConfigError(["merge wants two stories or briefs, or more of them"])
        slug = next(
            (
                section.slug
                for section in draft.edition.sections
                if any(story.id == first for story in section.stories)
            ),
            "",
        )
        edit = _edit(app, EditKind.MERGE, by=by, target=first, items=found[0].ids, text=slug)
        return _Act(edit=replace(edit, others=tuple(others)))

    return await _revise(app, edition_id, decide)


async def split(app: App, edition_id: str, item: str, *, by: str = "") -> Revised:
    """Let one item or copy leave its story and stand alone: see `pin`; *item* is best an id."""

    def decide(draft: Draft) -> _Act:
        thing = _fit(draft, item, EditKind.SPLIT, (ThingKind.STORY, ThingKind.COPY))
        if not thing.item:
            raise NotFound(f"{item!r} begins several ids of {thing.words}: {', '.join(thing.ids)}")
        if len(thing.ids) == 1:
            raise Conflict(f"{thing.words} is told by one item: there is nothing to split off")
        edit = _edit(app, EditKind.SPLIT, by=by, target=thing.item, items=thing.ids)
        return _Act(edit=edit)

    return await _revise(app, edition_id, decide)


async def undo(
    app: App, edition_id: str, what: int | str | None = None, *, by: str = ""
) -> Revised:
    """Take one act back: by its number, the last one on a story or item, or the last of all.

    Four digits may be both, a number and the beginning of an id: a number, if there is such an
    act.  A draft that is skipped because of what editors did to it may be a draft again.
    """

    def decide(draft: Draft) -> _Act:
        numeral = isinstance(what, int) or _NUMERAL.fullmatch(what or "") is not None
        number = int(what or 0) if numeral else 0
        meant = [e for e in draft.edits if what is None or e.number == number]
        if isinstance(what, str) and not meant and not (numeral and len(what) < FEWEST_DIGITS):
            ids = set(draft.find(what).ids)
            meant = [e for e in draft.edits if ids & {e.target, *e.items, *e.others}]
        if not meant:
            numbers = ", ".join(str(edit.number) for edit in draft.edits)
            left = f"its edits are {numbers}" if numbers else "nobody has edited it"
            raise NotFound(f"there is nothing to undo in {edition_id}; {left}")
        return _Act(edit=meant[-1], back=_name(by) or "an editor")

    return await _revise(app, edition_id, decide)


async def edits(app: App, edition_id: str) -> list[Edit]:
    """What editors did to an edition, in order.

    Raises:
        NotFound: there is no such edition.
    """
    return list((await look(app, edition_id)).edits)


async def look(app: App, edition_id: str) -> Draft:
    """An edition in whatever state, with what an editor needs to see.

    Raises:
        NotFound: there is no such edition, or it has no content yet.
    """
    async with app.db.read() as conn:
        return await _look(conn, edition_id)


# ---------------------------------------------------------------- one act, decided


def _one(
    app: App,
    kind: EditKind,
    target: str,
    kinds: Sequence[ThingKind],
    *,
    by: str,
    text: str = "",
    position: int = 0,
) -> _Decide:
    """An act on one thing of *kinds*."""

    def decide(draft: Draft) -> _Act:
        thing = _fit(draft, target, kind, kinds)
        edit = _edit(app, kind, by=by, target=thing.id, items=thing.ids)
        return _Act(edit=replace(edit, text=text, position=position))

    return decide


def _fit(draft: Draft, target: str, kind: EditKind, kinds: Sequence[ThingKind]) -> Thing:
    """What *target* points at, if it is of *kinds*."""
    thing = draft.find(target)
    killed = thing.cause is Cause.KILLED
    if thing.kind in kinds and not (killed and kind in (EditKind.KILL, EditKind.MERGE)):
        return thing
    does = {
        EditKind.HEADLINE: "write its headline",
        EditKind.SUMMARY: "write its summary",
        EditKind.NOTE: "write its note",
        EditKind.INTRO: "write the intro",
    }
    do = does.get(kind, f"{kind} it")
    said = {
        ThingKind.STORY: f"{thing.words} is a story",
        ThingKind.BRIEF: "briefs stand in the order of time, in their sources' words: move it to "
        f"a section first, then {do}",
        ThingKind.COPY: f"{thing.words} is a copy in story {thing.label}: name the story, or split "
        "the copy off first",
        ThingKind.LEFT_OUT: f"{thing.words} is left out: pin it first, then {do}",
        ThingKind.HELD: f"{thing.words} is held for the next edition: pin it first, then {do}",
    }[thing.kind]
    if kind is EditKind.SPLIT and thing.kind in _SHOWN:
        said = f"{thing.words} stands alone: there is nothing to split off"
    if (kind is EditKind.KILL and killed) or (kind, thing.kind) == (EditKind.HOLD, ThingKind.HELD):
        said = f"that is done already: {thing.words} is {'held' if not killed else 'killed'}"
    raise Conflict(f"{target}: {said}")


def _section(newsletter: Newsletter, given: str) -> str:
    known = {section_slug(rule): rule.title for rule in newsletter.sections}
    known = known or {newsletter.slug: newsletter.title}
    wanted = plain(given).casefold()
    for slug, title in known.items():
        if wanted in (slug.casefold(), plain(title).casefold()):
            return slug
    raise NotFound(f"{newsletter.slug} has no section {given!r}; it has {', '.join(known)}")


def _edit(
    app: App,
    kind: EditKind,
    *,
    by: str,
    target: str = "",
    items: tuple[str, ...] = (),
    text: str = "",
) -> Edit:
    return Edit(
        number=0,
        kind=kind,
        target=target,
        items=items,
        text=text,
        at=app.now(),
        by=_name(by),
    )


def _name(by: str) -> str:
    return plain(by)[:_NAME_CHARS].rstrip()


def _short(text: str, what: str, most: int) -> str:
    if len(text) > most:
        fault = f"{what} has at most {most:,} characters, and this one has {len(text):,}"
        raise ConfigError([f"{fault}: shorten it"])
    return text


# ------------------------------------------------------------------- one act, done


async def _revise(app: App, edition_id: str, decide: _Decide) -> Revised:
    async with app.db.read() as conn:
        newsletter = app.newsletter((await editions.get(conn, edition_id)).newsletter)
    # What is decided on is what it is done to: nobody composes or edits meanwhile.
    async with app.db.lease(compose.lease_of(newsletter.slug), wait=True):
        async with app.db.read() as conn:
            _check_open(await editions.get(conn, edition_id))
            draft = await _look(conn, edition_id)
            number = await done.next_number(conn, edition_id)
        act = decide(draft)
        if draft.record.state is not EditionState.DRAFT and not act.back:
            raise Conflict(_closed(draft.record))
        edit = act.edit if act.back else replace(act.edit, number=number)
        others = [one for one in draft.edits if one.number != edit.number]
        slot = draft.record.slot
        sketch = await compose.sketch(
            app,
            newsletter,
            slot,
            repeats=draft.record.repeats,
            also=await _by_hand(app, draft),
            only=_only(newsletter, draft),
            edited=others if act.back else [*others, edit],
        )
        # Others wait for the lease: what a model has not told yet it is asked by `compose`.
        reworded = await wording.reword(app, sketch.edition, known_only=True)
        sketch = replace(sketch, edition=reworded)
        if not act.back:
            _check_effect(sketch.edition, edit, draft)
            _leaves_something(sketch.edition, newsletter)

        async def along(conn: Connection) -> None:
            if act.back:
                await done.remove(conn, edition_id, edit.number)
            else:
                await done.add(conn, edition_id, edit)

        record = await compose.keep(
            app, newsletter, slot, sketch, repeats=draft.record.repeats, along=along
        )
    log.info(
        "edit taken back" if act.back else "edition edited",
        edition=edition_id,
        act=edit.kind.value,
        edit=edit.number,
        by=act.back or edit.by,
    )
    return Revised(
        edition=sketch.edition,
        state=record.state,
        edit=edit,
        changes=differences(draft.edition, sketch.edition),
    )


async def _look(conn: Connection, edition_id: str) -> Draft:
    record = await editions.get(conn, edition_id)
    edition = await editions.content(conn, edition_id)
    items = await placements.of_edition(conn, edition_id)
    held = await placements.unplaced(conn, record.newsletter, only=edition.held)
    return Draft(
        record=record,
        edition=edition,
        edits=tuple(await done.of_edition(conn, edition_id)),
        items={item.id: item for item in (*items, *held)},
    )


def _check_open(record: Record) -> None:
    """Raise unless it is a draft, or was one until an editor left nothing of it."""
    if record.state not in (EditionState.DRAFT, EditionState.SKIPPED):
        raise Conflict(_closed(record))


def _closed(record: Record) -> str:
    moment = f"{record.day}T{record.slot.clock:%H:%M}"
    again = f"`digest compose --newsletter {record.newsletter} --date {moment}`"
    what = {
        EditionState.HELD: f"{again} makes it a draft",
        EditionState.SKIPPED: f"{again} makes it a draft when there is news, `digest edit undo` "
        "if an edit left nothing of it",
        EditionState.CANCELLED: "its items go into the next edition",
    }.get(record.state, "what may have been read is changed no more; edit the next edition")
    return f"edition {record.id} is {record.state}, no draft: {what}"


async def _by_hand(app: App, draft: Draft) -> list[str]:
    """Sources named by hand when the draft was made: their items are of no other."""
    known = {source.id for source in await every_source(app)}
    old = {left.item_id for left in draft.edition.left_out if left.cause is Cause.OLD}
    shown = {item.source_id for item in draft.items.values() if item.id not in old}
    return sorted(shown - known)


def _only(newsletter: Newsletter, draft: Draft) -> frozenset[str] | None:
    """An edition of breaking news does not take what waits for another one."""
    at = draft.record.slot_at
    due = slots(newsletter, after=at - timedelta(microseconds=1), until=at)
    if not newsletter.breaking_sources or any(slot.edition_id == draft.record.id for slot in due):
        return None
    return frozenset(draft.edition.held)


def _check_effect(edition: Edition, edit: Edit, draft: Draft) -> None:
    """Raise when what was to be shown or held is not: an editor must not think that it is."""
    shown = {item.id for story in edition.stories for item in (*story.items, *story.copies)}
    shown.update(brief.id for brief in edition.briefs)
    wanted = {EditKind.PIN: shown, EditKind.PLACE: shown, EditKind.HOLD: set(edition.held)}
    if edit.target in wanted.get(edit.kind, {edit.target}):
        return
    reasons = {left.item_id: left.reason for left in edition.left_out}
    reason = reasons.get(edit.target, "it is not among what this edition is made of")
    item = draft.items.get(edit.target)
    name = f"“{item.title}” ({edit.target})" if item else edit.target
    raise Conflict(f"{name} cannot be {_DONE[edit.kind]}: {reason.rstrip('.')}; nothing was done")


def _leaves_something(edition: Edition, newsletter: Newsletter) -> None:
    short = compose.shortness(edition, newsletter) if newsletter.when_short == "skip" else ""
    if edition.empty or short:
        left = short or "there would be nothing to show"
        raise Conflict(f"{left}: nothing was done; `digest cancel {edition.id}` stops the edition")
