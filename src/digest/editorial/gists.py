"""Short items: a template in common is no story in common.

Of a few words, one or two in common make any cosine large: a short item joins another only
where what their headlines say stands in both, and no name or figure speaks against it.  Two
arrests made one are worse than one fire told twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from digest.editorial.language import is_stop_word
from digest.editorial.space import ROOT
from digest.editorial.synonyms import notion
from digest.editorial.text import Reading, is_inflected, stem

#: Words of the text that are compared.
_BODY_WORDS = 500
#: Items of fewer words of text than this are a headline and little else.
_BARE = 6
#: One story with another when they share so many terms ...
_SHARED, _SHARED_BARE = 3, 2
#: ... so many of their names and figures, where both have any, ...
_MARKS, _MARKS_BARE = 2, 1
#: ... and so much of both headlines stands in the other item: more where capitals tell no names,
#: because every noun has one or no letter has.
_TITLES, _TITLES_UNNAMED = 0.2, 0.5
_CAPITAL_NOUNS = frozenset({"de", "lb"})
_CASED = frozenset({"latin", "cyrillic", "greek"})
#: Of two items that are barely alike so many words besides names must be the same: fewer where
#: so much of their headlines is.
_OTHERS, _OTHERS_TITLED, _TITLES_BARELY = 10, 4, 0.22
#: So many words besides names the same, and other figures are a toll that grows.
_OTHERS_TOLL = 6
#: Letters that tell an inflected word from others in a short item.
_ROOT = 6
#: Headlines of which so much is the same at both ends are one mould; the middle is the news.
_MOULD = 0.5


@dataclass(frozen=True, slots=True)
class Gist:
    """What two short items are compared by: stems without stop words."""

    #: The headline, in its order.
    title: tuple[str, ...]
    terms: frozenset[str]
    #: The terms, and of those that different outlets call differently what they stand for.
    ideas: Mapping[str, str]
    #: Names and figures.
    marks: frozenset[str]
    figures: frozenset[str]
    #: Nothing but a headline, nearly.
    bare: bool
    #: Do capitals tell names?
    named: bool


def gist(reading: Reading) -> Gist:
    title = [word for word in reading.title if not is_stop_word(word)]
    body = [w for w in reading.body[:_BODY_WORDS] if len(w) > 1 and not is_stop_word(w)]
    words = {*title, *body}
    figures = frozenset(_root(w) for w in words if any(map(str.isdigit, w)))
    return Gist(
        title=tuple(map(_root, title)),
        terms=frozenset(map(_root, words)),
        ideas={_root(w): notion(w, reading.language) or _root(w) for w in sorted(words)},
        marks=figures | {_root(w) for w in words & reading.names},
        figures=figures,
        bare=len(reading.body) < _BARE,
        named=reading.script in _CASED and reading.language not in _CAPITAL_NOUNS,
    )


def _root(word: str) -> str:
    """The stem; of few words none may be lost to a long ending of a Slavic or Greek one."""
    return stem(word)[: _ROOT if is_inflected(word) else ROOT]


def agree(one: Gist, other: Gist, *, soon: bool = False) -> bool:
    """Do two items, one of them short, say enough that is the same?

    Of a sentence its name, its first name and its town are soon the same; of a bare headline
    less can be asked.

    Args:
        soon: they are of about the same hours.
    """
    bare = one.bare or other.bare
    mine, theirs = set(one.ideas.values()), set(other.ideas.values())
    shared = mine & theirs
    if len(shared) < (_SHARED_BARE if bare else _SHARED):
        return False
    marks = _names(one, other)
    if marks and one.named and other.named and shared <= marks:
        return False
    if one.marks and other.marks and len(shared & marks) < (_MARKS_BARE if bare else _MARKS):
        return False
    others = shared - marks
    if (
        one.figures
        and other.figures
        and one.figures.isdisjoint(other.figures)
        # A toll that grows: nearly all else is the same.  Of another day it is the weather.
        and not (soon and len(others) >= _OTHERS_TOLL)
    ):
        return False
    told = sum(one.ideas[term] in theirs for term in one.title)
    told += sum(other.ideas[term] in mine for term in other.title)
    enough = _TITLES if one.named and other.named else _TITLES_UNNAMED
    return told >= enough * (len(one.title) + len(other.title))


def _names(one: Gist, other: Gist) -> set[str]:
    return {one.ideas[m] for m in one.marks} | {other.ideas[m] for m in other.marks}


def say_the_same(one: Gist, other: Gist) -> bool:
    """Do two items that are barely alike share more than the names of their town?

    In a local day many items name the same places, and little else of theirs is the same.
    """
    mine, theirs = set(one.ideas.values()), set(other.ideas.values())
    # Where capitals tell no names, nothing tells places from deeds.
    others = (mine & theirs) - (_names(one, other) if one.named and other.named else set())
    told = sum(one.ideas[term] in theirs for term in one.title)
    told += sum(other.ideas[term] in mine for term in other.title)
    titled = told >= _TITLES_BARELY * (len(one.title) + len(other.title))
    return len(others) >= (_OTHERS_TITLED if titled else _OTHERS)


def share_a_deed(one: Gist, other: Gist) -> bool:
    """Is a word of a headline that is no name the same in the other item?"""
    if one.bare or other.bare or not (one.named and other.named):
        return True
    shared = set(one.ideas.values()) & set(other.ideas.values())
    titles = {one.ideas[term] for term in one.title} | {other.ideas[term] for term in other.title}
    return bool((titles & shared) - _names(one, other))


def contradict(one: Gist, other: Gist) -> bool:
    """Do the headlines name others, or fill one mould with other words?"""
    # A toll that grows is the same news: figures alone contradict nothing.
    mine = (one.marks - one.figures).intersection(one.title)
    theirs = (other.marks - other.figures).intersection(other.title)
    if mine and theirs and mine.isdisjoint(other.terms) and theirs.isdisjoint(one.terms):
        return True
    shorter, longer = sorted((one.title, other.title), key=len)
    start = 0
    while start < len(shorter) and shorter[start] == longer[start]:
        start += 1
    end = 0
    while end < len(shorter) - start and shorter[-1 - end] == longer[-1 - end]:
        end += 1
    if start + end < _MOULD * len(shorter):
        return False
    filled = one.title[start : len(one.title) - end], other.title[start : len(other.title) - end]
    foreign = other.terms.isdisjoint(filled[0]) and one.terms.isdisjoint(filled[1])
    return all(filled) and foreign
