"""A story in a few sentences, all of them the source's own.

Extractive only: every sentence is ``item.text[start:end]`` with white space folded, or stands in
the standfirst.  Which sentences may stand alone is known in `passages` and `bundles`; stories of
several outlets are told in `several`.
"""

from collections.abc import Sequence
from math import exp, sqrt

from digest.editorial.bundles import Bundle, bundles
from digest.editorial.choosing import (
    FEWEST,
    Filling,
    Vector,
    cosine,
    most_words,
    total,
    unit,
    vectors,
)
from digest.editorial.language import language_of
from digest.editorial.manners import manners
from digest.editorial.passages import Passage, Place, passages, telling
from digest.editorial.sentences import split_sentences
from digest.editorial.several import choose_of_several
from digest.editorial.text import fold_space, tokens
from digest.model import BlockKind, Item, Kind, Origin, Sentence, Summary

#: An item no longer than this is shown whole.
WHOLE_WORDS = 75
#: The most that a line for lists and previews may have.
LINE_WORDS = 35
_MMR = 0.3
#: After so many passages their place counts a third.
_FADING = 10
#: Sentences are few and words are many: worth grows with length, by this power, up to so many.
_LENGTH, _LONG = 0.8, 35
#: Passages of one article that are looked at.
_MOST_PASSAGES = 60
#: A standfirst of less than this share of the words asked for is a kicker, no summary.
_STANDFIRST_SHARE = 0.3
#: A line shorter than this tells little.
_FEWEST_LINE = 10
_CUT_OFF = ("…", "...", "[…]", "[...]")


def summarize(item: Item, *, words: int, abbreviations: frozenset[str] = frozenset()) -> Summary:
    """*item* in about *words* words: whole if it is short, else its standfirst, else an extract.

    Never cut inside a sentence; the standfirst's sentences have no offsets.  Without text and
    without standfirst the summary is empty.

    Args:
        abbreviations: a newsroom's own ("Cllr."), which end no sentence.
    """
    brief = item.kind is Kind.BRIEF
    found = passages(item, None if brief else _MOST_PASSAGES, abbreviations)
    short = sum(passage.words for passage in found) <= WHOLE_WORDS
    complete = bool(found) and not found[-1].text.endswith(_CUT_OFF)
    if found and (brief or (short and complete)):
        whole = tuple(passage.sentence() for passage in found)
        return Summary(origin=Origin.WHOLE, sentences=whole)
    if standfirst := _standfirst(item, int(_STANDFIRST_SHARE * words), most_words(words)):
        return Summary(origin=Origin.SOURCE, sentences=standfirst)
    return Summary(origin=Origin.EXTRACTIVE, sentences=_extract(item, found, words))


def summarize_story(
    items: Sequence[Item], *, words: int, abbreviations: frozenset[str] = frozenset()
) -> Summary:
    """A story told by *items*, its lead first, in about *words* words.

    Sentences stand grouped by item, those of the most central one first.  Facts that differ
    are never merged: each sentence knows whose it is.  Briefs only count when no article tells it.
    """
    chosen = choose_of_several(items, words, abbreviations)
    if not chosen:
        return summarize(items[0], words=words, abbreviations=abbreviations)
    return Summary(origin=Origin.EXTRACTIVE, sentences=chosen)


def summarize_line(item: Item) -> Summary:
    """*item* in one sentence of at most `LINE_WORDS` words; empty when none stands alone."""
    line = one_line(item)
    if line is None:
        return Summary(origin=Origin.EXTRACTIVE)
    whole = len(passages(item, 2)) == 1 and line.start >= 0
    origin = Origin.SOURCE if line.start < 0 else Origin.WHOLE if whole else Origin.EXTRACTIVE
    return Summary(origin=origin, sentences=(line,))


def one_line(item: Item) -> Sentence | None:
    """The sentence of at most `LINE_WORDS` words that tells most of *item* by itself."""
    if item.kind is not Kind.BRIEF and (standfirst := _standfirst(item, _FEWEST_LINE, LINE_WORDS)):
        return standfirst[0]
    found = passages(item, _MOST_PASSAGES)
    title = tokens(item.title)
    worth = _worth(item, found, vectors(found))
    able = [
        (round(value * _line_manners(passage, title), 9), -index)
        for index, (passage, value, together) in enumerate(
            zip(found, worth, bundles(found, title), strict=True)
        )
        if together == (index,) and passage.words <= LINE_WORDS
    ]
    return found[-max(able)[1]].sentence() if able else None


def _line_manners(passage: Passage, title: list[str]) -> float:
    """By itself a sentence that is short, or has no word of the headline, seldom says enough."""
    factor = 1.0 if passage.words >= _FEWEST_LINE else 0.4
    if set(telling(title)).isdisjoint(passage.terms):
        factor *= 0.5
    # One sentence has the whole line to itself: length counts, less than where three share it.
    return factor * sqrt(passage.words)


def why_summary(summary: Summary, items: Sequence[Item]) -> str:
    """How *summary* of *items* was made, in words for the newsroom."""
    words = sum(len(sentence.text.split()) for sentence in summary.sentences)
    match summary.origin:
        case Origin.EDITOR:
            return "written by the newsroom"
        case Origin.MODEL:
            count = len(summary.evidence)
            return f"written by {summary.model} from {_sentences(count)} of the source"
        case _ if not summary.sentences:
            has_text = any(item.blocks or item.standfirst for item in items)
            why = "no sentence of it stands alone" if has_text else "it is a headline alone"
            return f"empty: {why}"
        case Origin.SOURCE:
            return "the publisher's own standfirst"
        case Origin.WHOLE:
            kind = "a brief, never summarised" if _is_brief(summary, items) else "whole"
            return f"{kind}: it has {words} words"
    told = {sentence.item_id for sentence in summary.sentences}
    of = sum(len(passages(item)) for item in items if item.id in told)
    by = f" of {len(told)} sources" if len(told) > 1 else ""
    chosen = f", chosen by {summary.model}" if summary.model else ""
    return f"{len(summary.sentences)} of {_sentences(of)}{by}, {words} words{chosen}"


def _is_brief(summary: Summary, items: Sequence[Item]) -> bool:
    told = {sentence.item_id for sentence in summary.sentences}
    return any(item.kind is Kind.BRIEF for item in items if item.id in told)


def _sentences(count: int) -> str:
    return "1 sentence" if count == 1 else f"{count} sentences"


# ------------------------------------------------------------------ one article


def _standfirst(item: Item, fewest: int, most: int) -> tuple[Sentence, ...]:
    """The publisher's own summary, when it is one: it ends, stands alone and says something."""
    text = fold_space(item.standfirst or "")
    if not text:
        return ()
    language = language_of(tokens(text), item.language)
    total_words, kept = 0, list[Passage]()
    for start, end in split_sentences(text, language):
        place = Place(item_id=item.id, start=-1, end=-1, block=BlockKind.PARAGRAPH)
        passage = Passage(place, text[start:end], language)
        total_words += passage.words
        if passage.is_junk or not passage.is_whole or total_words > most:
            total_words -= passage.words
            break
        kept.append(passage)
    if not kept or kept[0].leans or kept[0].in_first_person or kept[0].text.endswith("?"):
        return ()
    repeats = set(kept[0].terms) <= set(telling(tokens(item.title)))
    if item.blocks and (total_words < fewest or repeats):
        return ()
    return tuple(passage.sentence() for passage in kept)


def _extract(item: Item, found: Sequence[Passage], words: int) -> tuple[Sentence, ...]:
    rows = vectors(found)
    worth = _worth(item, found, rows)
    title = tokens(item.title)
    chosen = _fill(found, rows, bundles(found, title), worth, words)
    if not chosen:
        # An item that itself opens with "It" may be told so; and better long than not at all.
        together = bundles(found, title, as_it_opens=True)
        chosen = _fill(found, rows, together, worth, words)
        chosen = chosen or _fill(found, rows, together, worth, 2 * words)
    return tuple(passage.sentence() for passage in chosen)


def _fill(
    found: Sequence[Passage],
    rows: Sequence[Vector],
    together: Sequence[Bundle | None],
    worth: Sequence[float],
    words: int,
) -> list[Passage]:
    fullest: list[Passage] = []
    # Three short sentences do not fill the room: then rather longer ones, which tell more.
    for power in (_LENGTH, 2 * _LENGTH):
        told = [w * min(p.words, _LONG) ** power for w, p in zip(worth, found, strict=True)]
        filling = Filling(found, rows, together, [frozenset()] * len(found))
        filling.fill(told, words, cost=_MMR)
        chosen = [found[i] for i in sorted(filling.chosen)]
        if filling.words >= FEWEST * words:
            return chosen
        fullest = max(fullest, chosen, key=lambda one: sum(p.words for p in one))
    return fullest


def _worth(item: Item, found: Sequence[Passage], rows: Sequence[Vector]) -> list[float]:
    """Place x (nearness to what all of it tells + share of the headline), and its manners."""
    centroid = unit(total(rows))
    title = frozenset(telling(tokens(item.title)))
    return [
        (exp(-index / _FADING) + 0.1)
        * (cosine(row, centroid) + len(title & row.keys()) / max(1, len(title)))
        * manners(passage)
        for index, (passage, row) in enumerate(zip(found, rows, strict=True))
    ]
