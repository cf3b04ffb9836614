"""A story in a few sentences, all of them the source's own.

Extractive only: every sentence is ``item.text[start:end]`` with white space folded.  Which
sentences may stand alone is known in `passages`.
"""

from collections.abc import Sequence
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digest.editorial.passages import Passage, Place, needs, passages
from digest.editorial.rank import outlet
from digest.editorial.sentences import split_sentences
from digest.editorial.text import fold_space, is_stop_word, language_of, stem, tokens
from digest.model import BlockKind, Item, Kind, Origin, Sentence, Summary

#: An item no longer than this is shown whole.
WHOLE_WORDS = 75
#: Two sentences more alike than this say the same.
ALIKE = 0.5
_MMR_ONE, _MMR_SEVERAL = 0.3, 0.6
#: Passages of one article that are looked at.
_MOST_PASSAGES = 60
#: Of each article, and articles, when several tell a story.
_MOST_OF_EACH, _MOST_ARTICLES = 25, 8
#: A standfirst shorter than this is a kicker, no summary.
_FEWEST_STANDFIRST = 14

Matrix = NDArray[np.float64]


def summarize(item: Item, *, words: int) -> Summary:
    """*item* in about *words* words: whole if it is short, else its standfirst, else an extract.

    Never cut inside a sentence; the standfirst's sentences have no offsets.  Without text and
    without standfirst the summary is empty.
    """
    found = passages(item)
    short = sum(passage.words for passage in found) <= WHOLE_WORDS
    complete = bool(found) and not found[-1].text.endswith(("…", "...", "[…]", "[...]"))
    standfirst = _standfirst(item, words)
    if found and (item.kind is Kind.BRIEF or (short and complete)):
        whole = tuple(passage.sentence() for passage in found)
        return Summary(origin=Origin.WHOLE, sentences=whole)
    if standfirst:
        return Summary(origin=Origin.SOURCE, sentences=standfirst)
    found = found[:_MOST_PASSAGES]
    # Better long than nothing, where every sentence is longer than the budget.
    chosen = _extract(item, found, words) or _extract(item, found, 2 * words) or _opening(found)
    return Summary(origin=Origin.EXTRACTIVE, sentences=chosen)


def summarize_story(items: Sequence[Item], *, words: int) -> Summary:
    """A story told by *items*, its lead first, in about *words* words.

    Sentences stand grouped by item, those of the most central one first.  Facts that differ
    are never merged: each sentence knows whose it is.  Briefs only count when no article tells it.
    """
    articles = [item for item in items if item.kind is Kind.ARTICLE] or list(items)
    if len({outlet(item) for item in articles}) < 2:
        return summarize(items[0], words=words)
    told = [(item, passages(item)[:_MOST_OF_EACH]) for item in articles[:_MOST_ARTICLES]]
    told = [(item, found) for item, found in told if any(p.is_whole for p in found)]
    if len(told) < 2:
        return summarize(items[0], words=words)
    chosen = _extract_several(told, words)
    if not chosen:
        return summarize(items[0], words=words)
    return Summary(origin=Origin.EXTRACTIVE, sentences=chosen)


# ------------------------------------------------------------------ one article


def _standfirst(item: Item, words: int) -> tuple[Sentence, ...]:
    """The publisher's own summary, when it is one: it ends, stands alone and says something."""
    text = fold_space(item.standfirst or "")
    language = language_of(tokens(text), item.language)
    found: list[Passage] = []
    for start, end in split_sentences(text, language):
        place = Place(item_id=item.id, start=-1, end=-1, block=BlockKind.PARAGRAPH)
        found.append(Passage(place, text[start:end], language))
    most, total, kept = _most_words(words), 0, []
    for passage in found:
        if passage.is_junk or not passage.is_whole or total + passage.words > most:
            break
        kept.append(passage)
        total += passage.words
    if not kept or kept[0].leans or kept[0].in_first_person or kept[0].text.endswith("?"):
        return ()
    repeats = set(kept[0].terms) <= {stem(w) for w in tokens(item.title)}
    if item.blocks and (total < _FEWEST_STANDFIRST or repeats):
        return ()
    return tuple(passage.sentence() for passage in kept)


def _extract(item: Item, found: list[Passage], words: int) -> tuple[Sentence, ...]:
    if not found:
        return ()
    vectors = _vectors(found)
    centroid = _unit(vectors.sum(axis=0))
    title = {stem(w) for w in tokens(item.title) if not is_stop_word(w)}
    worth = [
        (exp(-i / 5) + 0.1)
        * (float(vectors[i] @ centroid) + _overlap(passage.terms, title))
        * _manners(passage)
        for i, passage in enumerate(found)
    ]
    before = _needed_before(found, tokens(item.title))
    known = [frozenset[str]()] * len(found)
    chosen = _fill(found, np.array(worth), vectors, before, known, words, cost=_MMR_ONE)
    return tuple(found[i].sentence() for i in sorted(chosen))


def _opening(found: Sequence[Passage]) -> tuple[Sentence, ...]:
    """For an article that itself opens with "It": its first sentence, or nothing."""
    able = [p for p in found[:1] if p.is_whole and p.words <= 2 * WHOLE_WORDS]
    return tuple(passage.sentence() for passage in able)


def _overlap(terms: Sequence[str], title: set[str]) -> float:
    return len(title & set(terms)) / len(title) if title else 0.0


def _manners(passage: Passage) -> float:
    """What a summary shows only for want of better: questions, "we", lists, endless sentences."""
    factor = 1.0
    if passage.text.endswith("?"):
        factor *= 0.3
    if passage.in_first_person:
        factor *= 0.5
    if passage.place.block is BlockKind.LIST_ITEM:
        factor *= 0.5
    if passage.words > 45:
        factor *= 0.8
    return factor


# -------------------------------------------------------------- several sources


def _extract_several(
    told: Sequence[tuple[Item, list[Passage]]], words: int
) -> tuple[Sentence, ...]:
    found = [passage for _, told_here in told for passage in told_here]
    owner = np.array([n for n, (_, told_here) in enumerate(told) for _ in told_here])
    inside = np.array([i for _, told_here in told for i in range(len(told_here))])
    vectors = _vectors(found)
    articles = np.array([_unit(vectors[owner == n].sum(axis=0)) for n in range(len(told))])
    sources = [outlet(item) for item, _ in told]
    share = np.mean(
        [
            (articles[[s == source for s in sources]] > 0).any(axis=0)
            for source in sorted(set(sources))
        ],
        axis=0,
    )
    centroid = _unit(articles.sum(axis=0) * share)
    central = articles @ centroid
    likeness = vectors @ vectors.T
    foreign = np.array([[a != b for b in sources] for a in sources])[owner]
    nearest = np.array([likeness[:, owner == n].max(axis=1) for n in range(len(told))]).T
    support = (nearest * foreign).sum(axis=1) / np.maximum(foreign.sum(axis=1), 1)
    manners = np.array([_manners(passage) for passage in found])
    worth = vectors @ centroid + 0.5 * np.exp(-inside / 4) + 0.6 * support + 0.15 * central[owner]
    before = _needed_in_each(told)
    opener = _opener(worth * manners, owner, int(central.round(9).argmax()), before, found, words)
    first = int(owner[opener]) if opener is not None else -1
    # The first source may begin with what the headline says; the others need not say it again.
    headline = frozenset(stem(w) for w in tokens(told[0][0].title) if not is_stop_word(w))
    known = [frozenset[str]() if n == first else headline for n in owner.tolist()]
    chosen = _fill(
        found, worth * manners, vectors, before, known, words, cost=_MMR_SEVERAL, opener=opener
    )
    ordered = sorted(chosen, key=lambda i: (owner[i] != first, owner[i], i))
    return tuple(found[i].sentence() for i in ordered)


def _needed_in_each(told: Sequence[tuple[Item, list[Passage]]]) -> list[int | None]:
    before: list[int | None] = []
    for item, found in told:
        offset = len(before)
        for needed in _needed_before(found, tokens(item.title)):
            before.append(needed + offset if needed is not None and needed >= 0 else needed)
    return before


def _opener(
    worth: Matrix,
    owner: NDArray[np.int64],
    central: int,
    before: Sequence[int | None],
    found: Sequence[Passage],
    words: int,
) -> int | None:
    """The best of the first sentences of the most central article that stand alone."""
    most = _most_words(words)
    own = np.flatnonzero(owner == central).tolist()[:4]
    able = [i for i in own if before[i] == -1 and found[i].words <= most]
    return max(able, key=lambda i: (round(float(worth[i]), 9), -i), default=None)


# ------------------------------------------------------------------------- both


def _needed_before(found: list[Passage], title: Sequence[str]) -> list[int | None]:
    words = frozenset(title)
    return [needs(found, index, words) for index in range(len(found))]


def _vectors(found: Sequence[Passage]) -> Matrix:
    """Rows of length 1: log count × how few of the passages use the term."""
    terms = sorted({term for passage in found for term in passage.terms})
    column = {term: number for number, term in enumerate(terms)}
    matrix: Matrix = np.zeros((len(found), max(1, len(terms))))
    for row, passage in enumerate(found):
        for term in passage.terms:
            matrix[row, column[term]] += 1
    rarity = np.log((1 + len(found)) / (0.5 + (matrix > 0).sum(axis=0)))
    matrix = np.log1p(matrix) * np.maximum(rarity, 0.1)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(lengths == 0, 1, lengths)


def _unit(vector: Any) -> Matrix:
    length = float(np.linalg.norm(vector))
    unit: Matrix = vector / length if length else vector
    return unit


def _most_words(words: int) -> int:
    return words + (words // 4 if words <= 80 else words // 10)


def _most_sentences(words: int) -> int:
    return 3 if words <= 80 else 5


def _fill(
    found: Sequence[Passage],
    worth: Matrix,
    vectors: Matrix,
    before: Sequence[int | None],
    known: Sequence[frozenset[str]],
    words: int,
    *,
    cost: float,
    opener: int | None = None,
) -> set[int]:
    """Choose passages for a budget of *words*, best first, each with what it leans on.

    A passage is dear by what it repeats; one that mostly repeats never enters.  *known* are
    the terms that each passage need not say again.
    """
    worth = worth / (worth.max() or 1.0)
    likeness = vectors @ vectors.T
    terms = [frozenset(passage.terms) for passage in found]
    bundles = [_bundle(index, before) for index in range(len(found))]
    chosen: set[int] = set(bundles[opener] or ()) if opener is not None else set()
    while True:
        taken = sorted(chosen)
        told = frozenset().union(*(terms[i] for i in taken))
        room = _most_words(words) - sum(found[i].words for i in taken)
        places = _most_sentences(words) - len(taken)
        best: tuple[float, int] | None = None
        for index, bundle in enumerate(bundles):
            fresh = [i for i in bundle or () if i not in chosen]
            if index in chosen or not fresh or len(fresh) > places:
                continue
            if sum(found[i].words for i in fresh) > room:
                continue
            repeats = max(len(terms[i] & (told | known[i])) / max(1, len(terms[i])) for i in fresh)
            repeats = max(repeats, float(likeness[np.ix_(fresh, taken)].max(initial=0.0)))
            value = round(float(np.mean(worth[fresh])) - cost * repeats, 9)
            if repeats <= ALIKE and (best is None or value > best[0]):
                best = (value, index)
        if best is None:
            return chosen
        chosen |= set(bundles[best[1]] or ())
        if sum(found[i].words for i in chosen) >= 0.9 * words:
            return chosen


def _bundle(index: int, before: Sequence[int | None], most: int = 4) -> list[int] | None:
    """The passage with all those it leans on; None when that never ends well."""
    bundle = [index]
    while (needed := before[bundle[-1]]) is not None and len(bundle) <= most:
        if needed < 0:
            return bundle[::-1]
        bundle.append(needed)
    return None
