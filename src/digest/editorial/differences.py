"""Where the sources of one story give different figures for the same thing.

Told side by side, with source and time, and never merged or settled: which one is right is
not for a program.  Better to miss a difference than to see one that is none: only counts of
people and things, and only where both sentences clearly speak of the same.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from digest.editorial.figures import magnitude, number_word, unify, value_of
from digest.editorial.passages import Passage, passages, telling
from digest.editorial.rank import outlet
from digest.editorial.summary_words import ANYBODY, FATES, MEASURES, ROUGHLY
from digest.editorial.text import stem, tokens
from digest.model import Item, Sentence

_PIECE = re.compile(
    r"(?P<number>\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?!\d)|\d+(?:[.,:–-]\d+)*)"
    r"|(?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)|(?P<stop>[.,;:!?()%£$€–—\"“”„«»])"
)
#: Words on either side of a figure that may say what it counts.
_NEAR = 5
#: Of each item: what stands further down is background.
_MOST_PASSAGES = 20
#: Telling words, beyond the thing counted, that two sentences must share.
_SHARED = 3

_ROUNDED = 0.15
_YEARS = range(1800, 2101)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one item says: the figure, the words around it, and the sentence they stand in."""

    #: As written, with "million" if that belongs to it.
    figure: str
    words: str
    sentence: Sentence
    #: Who tells it: the publication where it is known, folded, else the id of the source.
    source: str
    item_id: str
    #: When the item was published or last changed.
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing of which sources give different figures."""

    #: "dead", "injured", or the word for what is counted.
    about: str
    #: Of each source that gives a figure, in order of time.
    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class _Count:
    about: str
    value: str
    rough: bool
    terms: frozenset[str]
    account: Account


def differences(items: Sequence[Item]) -> tuple[Difference, ...]:
    """Figures for the same thing on which the sources of one story do not agree.

    Of each source what it said last; what only grew from one report of a source to its next is
    no difference.  Does not depend on the order of *items*.
    """
    return differences_in([(item, passages(item, _MOST_PASSAGES)) for item in items])


def differences_in(told: Sequence[tuple[Item, Sequence[Passage]]]) -> tuple[Difference, ...]:
    """The same, of items whose *passages* are known already."""
    by_thing: dict[str, dict[str, list[_Count]]] = {}
    ordered = sorted(told, key=lambda one: (_at(one[0]), one[0].id))
    for item, found in ordered:
        counts: dict[str, list[_Count]] = {}
        for count in _counts(item, found[:_MOST_PASSAGES]):
            counts.setdefault(count.about, []).append(count)
        for about, own in counts.items():
            # The last report of a source speaks for it.
            by_thing.setdefault(about, {})[outlet(item)] = own
    differing = []
    for about, sources in sorted(by_thing.items()):
        accounts = _differing(about, sources)
        if accounts:
            accounts.sort(key=lambda one: (one.at, one.item_id))
            name = about.partition(":")[2] or about
            differing.append(Difference(about=name, accounts=tuple(accounts)))
    return tuple(differing)


def _differing(about: str, sources: Mapping[str, list[_Count]]) -> list[Account]:
    """One account of each source that takes part; none when all agree."""
    values = {source: {count.value for count in own} for source, own in sources.items()}
    part: dict[str, Account] = {}
    for one, other in combinations(sorted(sources), 2):
        if values[one] & values[other]:
            continue
        for first in sources[one]:
            second = next((c for c in sources[other] if _same_thing(about, first, c)), None)
            if second and not _compatible(first, second):
                part.setdefault(one, first.account)
                part.setdefault(other, second.account)
                break
    # Who agrees with one of the differing takes part too, unless it says both.
    for source, own in sources.items():
        if part and source not in part and len(values[source]) == 1:
            part[source] = own[0].account
    return list(part.values())


def _same_thing(about: str, one: _Count, other: _Count) -> bool:
    if ":" not in about:
        return True
    return len((one.terms & other.terms) - {about.partition(":")[2]}) >= _SHARED


def _compatible(one: _Count, other: _Count) -> bool:
    """ "About 400" and "380", "more than 200" and "214"."""
    if not (one.rough or other.rough):
        return False
    (a, _, sign), (b, _, other_sign) = one.value.partition(" "), other.value.partition(" ")
    low, high = sorted((float(a), float(b)))
    return sign == other_sign and high - low <= _ROUNDED * high


def _at(item: Item) -> datetime:
    return max(item.published_at, item.updated_at or item.published_at)


# ---------------------------------------------------------------------- figures


def _counts(item: Item, found: Sequence[Passage]) -> Iterator[_Count]:
    for passage in found:
        if not passage.is_whole:
            continue
        text = unify(passage.text)
        pieces = list(_PIECE.finditer(text))
        if any(_is_year(piece, item.published_at.year) for piece in pieces):
            continue
        for at in range(len(pieces)):
            counted = _counted(pieces, at, passage.language)
            if counted is None:
                continue
            about, value, end, rough = counted
            account = Account(
                figure=text[pieces[at].start() : pieces[end].end()],
                words=_around(text, pieces, at),
                sentence=passage.sentence(),
                source=outlet(item),
                item_id=item.id,
                at=_at(item),
            )
            yield _Count(about, value, rough, frozenset(passage.terms), account)


def _is_year(piece: re.Match[str], this_year: int) -> bool:
    """A sentence that names another year tells what was, not what is."""
    number = piece["number"] or ""
    return number.isdigit() and int(number[:9]) in _YEARS and int(number) != this_year


def _counted(
    pieces: Sequence[re.Match[str]], at: int, language: str | None
) -> tuple[str, str, int, bool] | None:
    """What the figure at *at* counts, its value, its last piece, and whether it is rough."""
    value = _value(pieces[at], language)
    if value is None:
        return None
    end = at
    following = _run(pieces[at + 1 : at + 2 + _NEAR])
    preceding = _run(pieces[max(0, at - _NEAR) : at][::-1])
    if following and (sign := magnitude(following[0])):
        value, end, following = f"{value} {sign}", at + 1, following[1:]
    rough = not ROUGHLY.isdisjoint(preceding[:3])
    for words in (following, preceding):
        fate = next((FATES[word] for word in words if word in FATES), None)
        if fate:
            return fate, value, end, rough
    thing = following[0] if following else ""
    if not telling([thing]) or thing in MEASURES or thing in ANYBODY or len(thing) < 4:
        return None
    return f"thing:{stem(thing)}", value, end, rough


def _value(piece: re.Match[str], language: str | None) -> str | None:
    if piece["number"]:
        value = value_of(piece["number"], language)
        whole = value.isdecimal() and not (value == piece["number"] and int(value) in _YEARS)
        return value if whole and len(value) < 10 else None
    word = tokens(piece["word"] or "")
    value = (number_word(word[0], language) if len(word) == 1 else None) or ""
    return value if value.isdecimal() else None


def _run(pieces: Sequence[re.Match[str]]) -> list[str]:
    """Folded words up to the next number or mark."""
    words: list[str] = []
    for piece in pieces[:_NEAR]:
        if not piece["word"]:
            break
        words += tokens(piece["word"])[:1]
    return words


def _around(text: str, pieces: Sequence[re.Match[str]], at: int) -> str:
    first, last = pieces[max(0, at - 3)], pieces[min(len(pieces) - 1, at + 4)]
    return text[first.start() : last.end()].strip(" ,;:")
