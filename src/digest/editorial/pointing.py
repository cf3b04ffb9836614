"""How an editor points at things in an edition, and what is different in another state of it.

Behind the door: positions as they are read off a list ("2.3", "b4"), ids and their beginnings,
and sentences on what changed.  It changes nothing and knows nothing of edits.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher, get_close_matches
from enum import StrEnum

from digest.errors import NotFound
from digest.model import Cause, Edition, Story

#: So many digits of an id say which is meant.
FEWEST_DIGITS = 4
#: What is told of what is near, or of what changed, at most.
_MOST_NEAR, _MOST_CHANGES = 6, 20
_SHORT = 60

_STORY = re.compile(r"([1-9]\d{0,3})\.([1-9]\d{0,3})")
_BRIEF = re.compile(r"[bB]([1-9]\d{0,3})")
_ID = re.compile(r"[0-9a-f]{1,16}")


class ThingKind(StrEnum):
    STORY = "story"
    BRIEF = "brief"
    COPY = "copy"
    LEFT_OUT = "left out"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What an editor can point at."""

    kind: ThingKind
    #: "2.3" or "b4"; "" for what is not shown.
    label: str = ""
    #: Of the lead, the brief, or the item itself.
    id: str
    #: Of everything that belongs to it: a story's items and copies.
    ids: tuple[str, ...]
    #: Headline as shown.
    title: str = ""
    #: The item whose id was given, if it was one.
    item: str = ""
    #: Why it is left out.
    cause: Cause | None = None
    reason: str = ""
    #: Stories in its section.
    siblings: int = 0

    @property
    def words(self) -> str:
        """As it is called in a sentence."""
        name = f"“{_cut(self.title)}”" if self.title else self.id
        return f"{self.label} {name}" if self.label else name


def things(edition: Edition, titles: Mapping[str, str]) -> Iterator[Thing]:
    """Everything that an editor can point at, in the order of the list.

    Args:
        titles: headlines of what is not shown, by id.
    """
    for place, section in enumerate(edition.sections, start=1):
        for number, story in enumerate(section.stories, start=1):
            yield Thing(
                kind=ThingKind.STORY,
                label=f"{place}.{number}",
                id=story.id,
                ids=_ids(story),
                title=story.headline,
                siblings=len(section.stories),
            )
    for number, brief in enumerate(edition.briefs, start=1):
        yield Thing(
            kind=ThingKind.BRIEF,
            label=f"b{number}",
            id=brief.id,
            ids=(brief.id,),
            title=brief.title,
        )
    for left in edition.left_out:
        yield Thing(
            kind=ThingKind.LEFT_OUT,
            id=left.item_id,
            ids=(left.item_id,),
            title=titles.get(left.item_id, ""),
            cause=left.cause,
            reason=left.reason,
        )
    for id in edition.held:
        yield Thing(kind=ThingKind.HELD, id=id, ids=(id,), title=titles.get(id, ""))


def _ids(story: Story) -> tuple[str, ...]:
    return tuple(item.id for item in (*story.items, *story.copies))


def find(edition: Edition, given: str, titles: Mapping[str, str]) -> Thing:
    """What *given* points at: a position, an id, or the beginning of an id.

    A copy's id points at the copy, with the label and the items of its story.

    Raises:
        NotFound: it points at nothing, or at several things; the text says what is near.
    """
    given = given.strip()
    every = list(things(edition, titles))
    label = given.lower()
    for thing in every:
        if thing.label and thing.label == label:
            return replace(thing, item=thing.id)
    found = _by_id(edition, label, every)
    if len(found) == 1:
        return found[0]
    raise NotFound(_near(edition, given[: 2 * _SHORT], every, found))


def _by_id(edition: Edition, given: str, every: Sequence[Thing]) -> list[Thing]:
    if not _ID.fullmatch(given) or len(given) < FEWEST_DIGITS:
        return []
    copies = {copy.id: copy for story in edition.stories for copy in story.copies}
    found = []
    for thing in every:
        meant = [id for id in thing.ids if id.startswith(given)]
        own = [id for id in meant if id not in copies]
        if own:
            found.append(replace(thing, item=own[0] if len(own) == 1 else ""))
        # Its copies are things of their own.
        found += [
            replace(thing, kind=ThingKind.COPY, id=id, item=id, title=copies[id].title)
            for id in meant
            if id in copies and thing.kind is ThingKind.STORY
        ]
    return found


def _near(edition: Edition, given: str, every: Sequence[Thing], found: Sequence[Thing]) -> str:
    if found:
        return f"{given!r} begins several ids: {_listed(found, ids=True)}"
    story = _STORY.fullmatch(given)
    if story:
        section = [thing for thing in every if thing.label.startswith(f"{story[1]}.")]
        if section:
            return f"section {story[1]} has no story {story[2]}; it has {_listed(section)}"
        sections = [f"{n} {section.title}" for n, section in enumerate(edition.sections, start=1)]
        return f"there is no section {story[1]}; there are {', '.join(sections) or 'none'}"
    if _BRIEF.fullmatch(given):
        number = len(edition.briefs)
        return f"there is no brief {given}; there are {f'b1 to b{number}' if number else 'none'}"
    words = given.casefold()
    near = [thing for thing in every if words and words in thing.title.casefold()]
    if not near and _ID.fullmatch(words):
        ids = get_close_matches(words, [thing.id for thing in every], n=3, cutoff=0.5)
        near = [thing for thing in every if thing.id in ids]
    text = f"nothing in {edition.id} is called {given!r}"
    if near:
        return f"{text}; near it: {_listed(near, ids=True)}"
    return f"{text}; `digest edit show {edition.id}` lists what there is"


def _listed(some: Sequence[Thing], *, ids: bool = False) -> str:
    told = [f"{thing.words} ({thing.id})" if ids else thing.words for thing in some[:_MOST_NEAR]]
    more = len(some) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def _cut(title: str) -> str:
    return title if len(title) <= _SHORT else f"{title[: _SHORT - 1].rstrip()}…"


# ------------------------------------------------------------------ what changed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """Where an item is told."""

    thing: Thing
    section: str
    story: Story | None

    @property
    def words(self) -> str:
        return self.thing.words


def differences(before: Edition, after: Edition) -> tuple[str, ...]:
    """What is otherwise in *after*, each a sentence; () when nothing is."""
    old, new = _spots(before), _spots(after)
    changes: list[str] = []
    if before.intro != after.intro:
        kept = "changed" if before.intro else "new"
        changes.append(f"the intro is {kept}" if after.intro else "the intro is gone")
    moved = _moved(before, after)
    for spot in dict.fromkeys(new.values()):
        changes += _of_one(spot, old, new, moved)
    changes += _gone(old, new, after)
    more = len(changes) - _MOST_CHANGES
    if more > 0:
        changes = [*changes[:_MOST_CHANGES], f"and {more} more changes"]
    return tuple(changes)


def _spots(edition: Edition) -> dict[str, _Spot]:
    """Item → where it is told; the edition's order."""
    titled = {
        story.id: (section.title, story)
        for section in edition.sections
        for story in section.stories
    }
    found: dict[str, _Spot] = {}
    for thing in things(edition, {}):
        if thing.label:
            section, story = titled.get(thing.id, ("", None))
            spot = _Spot(thing=thing, section=section, story=story)
            found |= dict.fromkeys(thing.ids, spot)
    return found


def _moved(before: Edition, after: Edition) -> frozenset[str]:
    """Leads whose place among the others of their section is another."""
    moved: set[str] = set()
    lists = {section.slug: [story.id for story in section.stories] for section in before.sections}
    for section in after.sections:
        known = lists.get(section.slug, [])
        now = [story.id for story in section.stories if story.id in known]
        then = [id for id in known if id in now]
        blocks = SequenceMatcher(None, then, now, autojunk=False).get_matching_blocks()
        stayed = {id for block in blocks for id in then[block.a : block.a + block.size]}
        moved.update(id for id in now if id not in stayed)
    return frozenset(moved)


def _of_one(
    spot: _Spot, old: Mapping[str, _Spot], new: Mapping[str, _Spot], moved: frozenset[str]
) -> Iterator[str]:
    origins = list(dict.fromkeys(old[id] for id in spot.thing.ids if id in old))
    if not origins:
        yield f"{spot.words} is new"
        return
    was = old.get(spot.thing.id, origins[0])
    for other in origins:
        if other is not was and new[next(i for i in other.thing.ids if i in new)] is spot:
            yield f"“{_cut(other.thing.title)}” is told with {spot.words}"
    there = new.get(was.thing.id)
    if there is not None and there is not spot:
        yield f"{spot.words} stands alone: it was told with “{_cut(was.thing.title)}”"
        return
    if was.section != spot.section:
        yield f"{spot.words} is in section {spot.section or 'of the briefs'} now"
    elif spot.thing.id in moved:
        yield f"{spot.words} was {was.thing.label}"
    yield from _of_words(was, spot)


def _of_words(was: _Spot, now: _Spot) -> Iterator[str]:
    if was.story is None or now.story is None:
        return
    if was.story.headline != now.story.headline:
        yield f"{now.words} was called “{_cut(was.story.headline)}”"
    if was.story.summary.text != now.story.summary.text:
        yield f"{now.words} has another summary"
    if was.story.note != now.story.note:
        yield f"{now.words} has {'a note' if now.story.note else 'no note'} now"


def _gone(old: Mapping[str, _Spot], new: Mapping[str, _Spot], after: Edition) -> Iterator[str]:
    reasons = {
        left.item_id: f"left out: {left.reason.removesuffix('.')}" for left in after.left_out
    }
    reasons |= dict.fromkeys(after.held, "held for the next edition")
    for spot in dict.fromkeys(old.values()):
        if not any(id in new for id in spot.thing.ids):
            yield f"“{_cut(spot.thing.title)}” is {reasons.get(spot.thing.id, 'gone')}"
        elif spot.story is not None:
            for item in spot.story.items:
                if item.id in reasons:
                    yield f"“{_cut(item.title)}” is {reasons[item.id]}"
