"""What a source changed in an item, for those who read the older words.

Compares two revisions sentence by sentence: noise, an update, or a correction that the source
owns up to.  It does not know which revision an edition carried, nor who read it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from digest.editorial.admissions import admits, is_label
from digest.editorial.language import language_of
from digest.editorial.misspelling import only_mends
from digest.editorial.noise import Fold, fold, is_invitation
from digest.editorial.passages import Passage, Place
from digest.editorial.sentences import split_sentences
from digest.editorial.text import fold_space, tokens
from digest.editorial.words import LEANING
from digest.model import BlockKind, Correction, Item

#: Sentences that tell a change.
MOST_SENTENCES = 3
#: Characters of an item that are compared.  The older revision is read twice as far, so that
#: a paragraph put in on top makes nothing at the end look new.
_CHARS = 60_000
#: No honest sentence is longer.
_LONGEST = 900
#: So many new sentences are held against the old ones; more of them are another text.
_MOST_PAIRED = 20
#: Characters of a line that only says when the page was touched.
_LONGEST_STAMP = 80
_CUT_OFF = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\]|\(…\)|\[&hellip;\])\W{0,3}$")
#: Headline and standfirst are the parts before the text.
_TEXT = 2

#: Openings that lean on the sentence before, in languages that `words.LEANING` has not.
_LEANING_TOO = {
    "pl": frozenset(
        tokens(
            """on ona ono oni one to ten ta te ci jego jej ich ale jednak lecz oraz i a także
            również też więc dlatego potem następnie wtedy tymczasem natomiast ponadto obaj oboje"""
        )
    ),
    "ar": frozenset(
        tokens(
            """هو هي هم هذا هذه ذلك تلك لكن ولكن كما وقال وقالت وأضاف وأضافت وأشار وأشارت وأوضح
        وأوضحت وأكد وأكدت وتابع وكان وكانت وهو وهي وذلك ثم"""
        )
    ),
}


class ChangeKind(StrEnum):
    """What a change of an item is to a reader."""

    NONE = "none"
    #: Clocks, counters, typography, a mended misspelling, another picture: nothing to tell.
    NOISE = "noise"
    #: It tells more, less, or otherwise.
    UPDATE = "update"
    #: It says itself that it was wrong or unclear.
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of an item between two revisions."""

    kind: ChangeKind
    #: New or changed sentences, whole and verbatim, as the text has them; those that own up
    #: come first.  Empty where something was only taken out.
    sentences: tuple[str, ...] = ()


class _Unit:
    """A sentence, or a headline, and where it stands."""

    def __init__(self, passage: Passage, part: int) -> None:
        self.passage = passage
        self.part = part

    @property
    def text(self) -> str:
        return self.passage.text

    @cached_property
    def fold(self) -> Fold:
        return fold(self.text)

    @cached_property
    def tells(self) -> bool:
        """Is it the story's, not the page's?"""
        return bool(self.fold) and (not is_invitation(self.text) or admits(self.text))

    @property
    def cut_off(self) -> bool:
        return bool(_CUT_OFF.search(self.text))


def noteworthy(before: Item, after: Item) -> bool:
    """Is the change more than noise?  Also where something was only taken out."""
    return compare(before, after).kind in (ChangeKind.UPDATE, ChangeKind.CORRECTION)


def correction(before: Item, after: Item, *, edition_id: str, at: datetime) -> Correction | None:
    """What readers of *before* are told about *after*; None if there is nothing to tell.

    Args:
        edition_id: the edition that carried *before*.
        at: when *after* was met; aware.
    """
    change = compare(before, after)
    if not change.sentences:
        return None
    return Correction(
        item_id=after.id,
        headline=after.title,
        url=after.url,
        corrects=change.kind is ChangeKind.CORRECTION,
        at=at,
        sentences=change.sentences,
        edition_id=edition_id,
        site=after.site,
        language=after.language,
    )


def compare(before: Item, after: Item) -> Change:
    """What a reader of *before* would want to know of *after*, a later revision of it.

    Sentences that moved, were split or joined are not new, nor is what follows where *before*
    was cut off.  A changed figure or name is never noise; a clock or date is, but only where it
    stamps the page.  About 1 ms for 5 KB; what comes after 60,000 characters is not compared.
    """
    if _seen(before) == _seen(after):
        return Change(kind=ChangeKind.NONE)
    language = language_of(tokens(f"{after.title} {after.text[:1500]}"), after.language)
    parts, old_parts = _parts(after, _CHARS), _parts(before, 2 * _CHARS)
    standing = {text for _, text in parts} & {text for _, text in old_parts}
    units = list(_units(parts, language))
    changed = [unit for unit in units if parts[unit.part][1] not in standing]
    old = list(_units(old_parts, language, leave=standing))
    new, gone = _untold(changed, old), _untold(old, changed)
    if new or gone:
        kept = {unit.text for unit in old}
        known = {_letters(u.text) for u in units if parts[u.part][1] in standing or u.text in kept}
        new, gone = ([u for u in some if _letters(u.text) not in known] for some in (new, gone))
    new, gone = _without_mends(*_without_cuts(new, gone, units), after)
    if not new:
        shortened = bool(gone) and bool(after.blocks) and not (units and units[-1].cut_off)
        return Change(kind=ChangeKind.UPDATE if shortened else ChangeKind.NOISE)
    notes = _notes(new, units)
    kind = ChangeKind.CORRECTION if notes else ChangeKind.UPDATE
    return Change(kind=kind, sentences=tuple(_tell(new, notes, units)))


def _seen(item: Item) -> tuple[object, ...]:
    """Everything of *item* that a reader could notice."""
    text = (item.title, item.standfirst, item.blocks, item.authors, item.topics, item.cards)
    return (*text, item.image, item.url, item.published_at, item.site)


def _parts(item: Item, room: int) -> list[tuple[BlockKind, str]]:
    """Headline, standfirst and blocks, as far as *room* characters go."""
    head = (item.title, item.standfirst or "")
    parts = [(BlockKind.PARAGRAPH, fold_space(text)) for text in head]
    for block in item.blocks:
        if room <= 0:
            break
        # A sentence cut in the middle is no sentence: the end of it would look new.
        text = block.text if len(block.text) <= room else block.text[:room].rpartition(". ")[0]
        parts.append((block.kind, " ".join(text.split())))
        room -= len(block.text)
    return parts


def _units(
    parts: Sequence[tuple[BlockKind, str]], language: str | None, leave: Iterable[str] = ()
) -> Iterator[_Unit]:
    left = frozenset(leave)
    for number, (block, text) in enumerate(parts):
        # A stamp in another language than the text would be split at its full stops.
        if text in left or (number and len(text) <= _LONGEST_STAMP and not fold(text)):
            continue
        spans = split_sentences(text, language) if number else [(0, len(text))]
        for start, end in spans:
            place = Place(item_id="", start=start, end=end, block=block)
            yield _Unit(Passage(place, text[start:end], language), number)


# ------------------------------------------------------------------ what is new


def _untold(units: Sequence[_Unit], others: Sequence[_Unit]) -> list[_Unit]:
    """Those of *units* that *others* do not tell, however they are split or joined."""
    # Most sentences stand there letter by letter: folding costs more than looking.
    same = {unit.text for unit in units} & {unit.text for unit in others}
    told = {unit.fold for unit in others if unit.text not in same}
    runs = list(_runs(units, same, told))
    if not runs:
        return []
    own = {unit.fold for unit in units if unit.text not in same}
    elsewhere = {_joined(run) for run in _runs(others, same, own)}
    return [unit for run in runs if _joined(run) not in elsewhere for unit in run]


def _runs(units: Sequence[_Unit], same: set[str], told: set[Fold]) -> Iterator[list[_Unit]]:
    """Neighbours in *units* that are neither in *same* nor *told*, together."""
    run: list[_Unit] = []
    for unit in units:
        if unit.text in same or unit.fold in told:
            if run:
                yield run
            run = []
        elif unit.tells:
            run.append(unit)
    if run:
        yield run


def _joined(run: Sequence[_Unit]) -> tuple[Fold, Fold]:
    """The words of *run*, and its signs: a fold has them at its end."""
    words = [word for unit in run for word in unit.fold]
    return (
        tuple(word for word in words if word[0].isalnum()),
        tuple(word for word in words if not word[0].isalnum()),
    )


def _letters(text: str) -> str:
    """*text* whatever its typography; where it has figures, signs and points count."""
    low = text.casefold()
    return low if any(map(str.isdigit, low)) else "".join(filter(str.isalnum, low))


def _without_cuts(
    new: Sequence[_Unit], gone: Sequence[_Unit], units: Sequence[_Unit]
) -> tuple[list[_Unit], list[_Unit]]:
    """Both less what stands cut off in one revision and whole in the other."""
    kept = [
        unit
        for unit in new
        if not (unit.cut_off and any(_begins(old.fold, unit.fold) for old in gone[:_MOST_PAIRED]))
    ]
    cut = gone[-1] if gone and gone[-1].cut_off else None
    whole = next((u for u in units if cut and u.part >= _TEXT and _begins(u.fold, cut.fold)), None)
    if whole is None:
        return kept, list(gone)
    # All that follows was there before, only not for us.
    later = {id(unit) for unit in units[units.index(whole) :]}
    return [u for u in kept if id(u) not in later or admits(u.text)], list(gone[:-1])


def _begins(whole: Fold, cut: Fold) -> bool:
    """Does *whole* begin with *cut*, whose last word may be cut too?"""
    stem = cut[:-1]
    return len(stem) > 1 and whole[: len(stem)] == stem


def _without_mends(
    new: Sequence[_Unit], gone: Sequence[_Unit], after: Item
) -> tuple[list[_Unit], list[_Unit]]:
    if len(new) > _MOST_PAIRED or not gone:
        return list(new), list(gone)
    text = " ".join(text for _, text in _parts(after, _CHARS))
    left, kept = list(gone), []
    for unit in new:
        old = next((o for o in left[:_MOST_PAIRED] if only_mends(o.fold, unit.fold, text)), None)
        if old is None:
            kept.append(unit)
        else:
            left.remove(old)
    return kept, left


# --------------------------------------------------------------- what is shown


def _notes(new: Sequence[_Unit], units: Sequence[_Unit]) -> list[_Unit]:
    """The first of *new* that own up; for a bare label, the sentence under it."""
    fresh = set(map(id, new))
    notes: dict[int, _Unit] = {}
    for unit, following in zip(units, [*units[1:], None], strict=True):
        if len(notes) == MOST_SENTENCES:
            break
        if id(unit) in fresh and admits(unit.text):
            below = following is not None and id(following) in fresh and is_label(unit.text)
            note = following if below and following is not None else unit
            notes.setdefault(id(note), note)
    return list(notes.values())


def _tell(new: Sequence[_Unit], notes: Sequence[_Unit], units: Sequence[_Unit]) -> list[str]:
    """Up to `MOST_SENTENCES` of *new*, *notes* first, none without what it leans on."""
    place = {id(unit): number for number, unit in enumerate(units)}
    plain = [u for u in new if u not in notes and not is_label(u.text) and len(u.text) <= _LONGEST]
    whole = [u for u in plain if not u.cut_off and u.passage.place.block is not BlockKind.SUBHEAD]
    groups = [[place[id(note)]] for note in notes]
    taken = {group[0] for group in groups}
    for patient in (True, False):
        for unit in whole or plain:
            here = place[id(unit)]
            chain = _chain(here, units, taken, room=MOST_SENTENCES - len(taken), patient=patient)
            if here in taken or not chain:
                continue
            taken.update(chain)
            host = next((g for g in groups if g[-1] == _before(chain[0], units)), None)
            if host is not None and _leans(units[chain[0]]):
                host.extend(chain)
            else:
                groups.append(chain)
        if taken:
            break
    own = groups[: len(notes)]
    others = sorted(groups[len(notes) :])
    told = [units[number].text for group in (*own, *others) for number in group]
    return list({fold(text): text for text in reversed(told)}.values())[::-1]


def _chain(
    here: int, units: Sequence[_Unit], taken: set[int], *, room: int, patient: bool
) -> list[int]:
    """*here* and what must stand before it; empty if there is no room for that.

    Args:
        patient: rather nothing than a sentence that leans on what is not shown.
    """
    chain = [here]
    while len(chain) <= room and _leans(units[chain[0]]):
        before = _before(chain[0], units)
        if before is None or before in taken:
            break
        chain.insert(0, before)
        # Where we cannot tell what leans, one sentence before it has to do.
        if not _knows_leaning(units[here].passage.language):
            break
    if len(chain) <= room:
        return chain
    return [] if patient else chain[-room:]


def _before(here: int, units: Sequence[_Unit]) -> int | None:
    """The sentence that *here* follows when read; None at a beginning."""
    part = units[here].part
    for number in range(here - 1, -1, -1):
        unit = units[number]
        if (unit.part < _TEXT and unit.part != part) or part == 0:
            return None
        if unit.passage.place.block is not BlockKind.SUBHEAD and unit.tells:
            return number if len(unit.text) <= _LONGEST else None
    return None


def _knows_leaning(language: str | None) -> bool:
    return language in LEANING or language in _LEANING_TOO


def _leans(unit: _Unit) -> bool:
    if unit.part == 0:
        return False
    language = unit.passage.language
    if language in _LEANING_TOO:
        return unit.text.split(" ", 1)[0].casefold() in _LEANING_TOO[language]
    return unit.passage.leans if language in LEANING else True
