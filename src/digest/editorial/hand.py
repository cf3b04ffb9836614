"""The editor's hand: what was done to a draft, done again to whatever it is composed of now.

Pure: groups of items in, groups and wishes out.  Leads change, stories grow and items turn out
to be copies between two composings; an edit follows its story through all of that, and one
whose story is gone has no effect.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from digest.editorial.text import fold_space
from digest.model import About, Decider, Edit, EditKind, Reason

#: They contradict each other: the latest counts.
_FATES = frozenset({EditKind.PIN, EditKind.HOLD, EditKind.KILL})
#: Who does one of these to a story has decided about it by itself.
_OWN = _FATES | {EditKind.MOVE, EditKind.PLACE, EditKind.HEADLINE, EditKind.SUMMARY, EditKind.NOTE}
#: Who asks for an item by one of these wants it looked at, however old it is.
_RESCUES = _FATES | {EditKind.PLACE, EditKind.MERGE}


@dataclass(slots=True, eq=False)
class Group:
    """Items that are one story, by id."""

    originals: set[str]
    #: Copy → the original that it repeats, which is of this group.
    copies: dict[str, str] = field(default_factory=dict)
    #: What an editor did to its members.
    why: tuple[Reason, ...] = ()
    #: An editor made one of several.
    merged: bool = False

    @property
    def ids(self) -> set[str]:
        return self.originals | self.copies.keys()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """What the editor wants of one story: of each kind the edit that counts, if there is one."""

    #: PIN, HOLD or KILL.
    fate: Edit | None = None
    move: Edit | None = None
    place: Edit | None = None
    headline: Edit | None = None
    summary: Edit | None = None
    note: Edit | None = None
    #: Moves to sections that the newsletter does not have.
    astray: tuple[Edit, ...] = ()

    @property
    def pin(self) -> Edit | None:
        return self.fate if self.fate and self.fate.kind is EditKind.PIN else None

    @property
    def kept(self) -> bool:
        """Shown whatever the limits are."""
        return self.pin is not None or self.place is not None


def hand_of(edit: Edit) -> str:
    """ "by Mara", as far as it is known."""
    return f"by {fold_space(edit.by) or 'an editor'}"


def by_number(edits: Iterable[Edit]) -> list[Edit]:
    return sorted(edits, key=lambda edit: edit.number)


def rescued(edits: Iterable[Edit]) -> frozenset[str]:
    """Ids of items that an editor asked for, so that their age does not count."""
    asked = [edit for edit in edits if edit.kind in _RESCUES]
    return frozenset(id for edit in asked for id in (edit.target, *edit.items, *edit.others) if id)


def introduction(edits: Iterable[Edit]) -> str:
    """The newsroom's own words before everything else; "" when there are none."""
    intros = [edit.text.strip() for edit in by_number(edits) if edit.kind is EditKind.INTRO]
    return intros[-1] if intros else ""


# ------------------------------------------------------------- together and apart


def regroup(
    groups: Sequence[Group], edits: Iterable[Edit], *, name: Callable[[str], str]
) -> list[Group]:
    """Merge and split *groups* as the editor did, in the order in which it was done.

    What was killed or held also stays together: a newcomer that draws half of a killed story
    to itself must not bring it back.  Nor does it take with it what the editor had decided about
    by itself, when a newcomer makes one story of both.

    Args:
        name: what an item is called in a reason, by its id.
    """
    home: dict[str, Group] = {}
    for group in groups:
        own = Group(set(group.originals), dict(group.copies), group.why, group.merged)
        home |= dict.fromkeys(own.ids, own)
    ordered = by_number(edits)
    lasting = _lasting(ordered)
    for at, edit in enumerate(ordered):
        if edit.kind is EditKind.SPLIT:
            _split(edit, home, name)
        elif edit.kind is EditKind.MERGE:
            _merge(edit, home, name)
        elif edit.kind in (EditKind.KILL, EditKind.HOLD):
            _gather(edit, home)
        for other in ordered[:at]:
            _keep_apart(edit, other, home, lasting, name)
            _keep_apart(other, edit, home, lasting, name)
    return sorted(set(home.values()), key=lambda group: min(group.originals))


def _meant(edit: Edit, home: Mapping[str, Group]) -> Group | None:
    """The group that holds the edit's target, else the one that holds most of its items."""
    if edit.target in home:
        return home[edit.target]
    votes = Counter(home[id] for id in sorted(set(edit.items)) if id in home)
    # Of equals the larger, which is not what was split off; then the first met, by id.
    return max(votes, key=lambda group: (votes[group], len(group.ids)), default=None)


def _merge(edit: Edit, home: dict[str, Group], name: Callable[[str], str]) -> None:
    group = _meant(edit, home)
    if group is None:
        return
    joined = []
    for id in edit.others:
        other = home.get(id)
        if other is None or other is group:
            continue
        for original in sorted(other.originals):
            _carry(original, other, group, home)
        group.why += other.why
        joined.append(name(id))
    if joined:
        text = f"{', '.join(joined)} merged with {name(edit.target)} {hand_of(edit)}"
        group.why += (_by_editor(About.TOGETHER, text),)
        group.merged = True


def _split(edit: Edit, home: dict[str, Group], name: Callable[[str], str]) -> None:
    group = home.get(edit.target)
    if group is None:
        return
    leaving = edit.target
    original = group.copies.get(leaving)
    if original is not None and edit.items and original not in edit.items:
        # A newcomer has the same text and is the fuller one: it is what was split off.
        leaving, original = original, None
    going = _alike(leaving, group)
    if original is None and len(group.originals) == 1:
        # Its copies are what it parts from.
        going = {leaving}
    staying = group.ids - going
    if not staying or (edit.items and staying.isdisjoint(edit.items)):
        return
    alone = _part(group, going, home)
    alone.why = (_by_editor(About.TOGETHER, f"stands alone: split off {hand_of(edit)}"),)
    text = f"{name(edit.target)} was split off {hand_of(edit)}"
    group.why += (_by_editor(About.TOGETHER, text),)


def _gather(edit: Edit, home: dict[str, Group]) -> None:
    group = _meant(edit, home)
    for id in edit.items if group else ():
        other = home.get(id)
        if group is not None and other is not None and other is not group:
            _carry(other.copies.get(id, id), other, group, home)


def _carry(original: str, old: Group, new: Group, home: dict[str, Group]) -> None:
    """Take an original with its copies from one group to another."""
    copies = {copy: of for copy, of in old.copies.items() if of == original}
    old.originals.discard(original)
    new.originals.add(original)
    new.copies |= copies
    old.copies = {copy: of for copy, of in old.copies.items() if copy not in copies}
    home |= dict.fromkeys((original, *copies), new)


def _alike(original: str, group: Group) -> set[str]:
    return {original, *(copy for copy, of in group.copies.items() if of == original)}


def _part(group: Group, going: set[str], home: dict[str, Group]) -> Group:
    """Take *going*, some of *group*'s, out of it: a group of their own.

    Copies whose original is on the other side are originals and copies among themselves.
    """
    originals, copies = group.originals, group.copies
    parted = Group(set(), merged=group.merged)
    for side, ids in ((parted, going), (group, group.ids - going)):
        side.originals = originals & ids
        side.copies = {}
        first: dict[str, str] = {}
        for copy in sorted(copies.keys() & ids):
            original = copies[copy]
            if original not in ids:
                original = first.setdefault(original, copy)
            if original == copy:
                side.originals = side.originals | {copy}
            else:
                side.copies[copy] = original
    home |= dict.fromkeys(sorted(going), parted)
    return parted


# --------------------------------------------- what must not go with a killed story


def _lasting(edits: Sequence[Edit]) -> frozenset[Edit]:
    """Of what was killed or held as a story what was not decided otherwise afterwards."""
    fates = [edit for edit in edits if edit.kind in _FATES]
    return frozenset(
        fate
        for at, fate in enumerate(fates)
        if fate.kind is not EditKind.PIN
        and fate.items
        and not any(later.target in _known(fate) for later in fates[at + 1 :])
    )


def _known(fate: Edit) -> set[str]:
    """What was killed or held; all else in the story joined it later."""
    return {fate.target, *fate.items}


def _keep_apart(
    wish: Edit,
    fate: Edit,
    home: dict[str, Group],
    lasting: Collection[Edit],
    name: Callable[[str], str],
) -> None:
    """Part what *wish* means from what was killed or held by *fate*, unless it was of it."""
    if wish.kind not in _OWN or fate not in lasting:
        return
    known, group = _known(fate), _meant(fate, home)
    mine = {wish.target, *wish.items}
    of_it = wish.target in known or (wish.target not in home and not mine.isdisjoint(known))
    if group is None or of_it or _meant(wish, home) is not group:
        return
    going = (mine & group.ids) - known
    for copy, original in group.copies.items():
        if copy in going and known.isdisjoint(_alike(original, group)):
            # A newcomer has the same text and is the fuller one.
            going.add(original)
    going |= {copy for copy, of in group.copies.items() if of in going and copy not in known}
    did = "killed" if fate.kind is EditKind.KILL else "held"
    text = f"stands apart from {name(fate.target)}, {did} {hand_of(fate)}"
    why = group.why
    parted = _part(group, going, home)
    parted.why = (*why, _by_editor(About.TOGETHER, text))


# ------------------------------------------------------------------------ wishes


def acts_on(groups: Sequence[Group], edits: Iterable[Edit], slugs: Collection[str]) -> list[Acts]:
    """What the editor wants of each of *groups*.

    Args:
        slugs: of the newsletter's sections; a move to another one does not count.
    """
    home = {id: group for group in groups for id in group.ids}
    acts = dict.fromkeys(groups, Acts())
    for edit in by_number(edits):
        group = _meant(edit, home)
        if group is not None:
            acts[group] = _with(acts[group], edit, slugs)
    return list(acts.values())


def _with(acts: Acts, edit: Edit, slugs: Collection[str]) -> Acts:
    worded = edit if edit.text.strip() else None
    match edit.kind:
        case EditKind.PIN | EditKind.HOLD | EditKind.KILL:
            return replace(acts, fate=edit)
        case EditKind.MOVE if worded and edit.text not in slugs:
            return replace(acts, astray=(*acts.astray, edit))
        case EditKind.MOVE:
            return replace(acts, move=worded)
        case EditKind.MERGE if worded and edit.text in slugs:
            # What is merged stands where the first of it stood.
            return replace(acts, move=edit)
        case EditKind.PLACE:
            return replace(acts, place=edit if edit.position > 0 else None)
        case EditKind.HEADLINE:
            return replace(acts, headline=worded)
        case EditKind.SUMMARY:
            return replace(acts, summary=worded)
        case EditKind.NOTE:
            return replace(acts, note=worded)
        case _:
            return acts


def _by_editor(about: About, text: str) -> Reason:
    return Reason(about=about, text=text, by=Decider.EDITOR)
