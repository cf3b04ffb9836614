"""Same story: which items tell one piece of news.

TF-IDF cosine and average link inside a time window.  Items of different languages are never
one story.  Copies are gone before (`copies`).

Of a few words, one or two in common make any cosine large: a short item joins another only
where what their headlines say stands in both, and no name or figure speaks against it.  Two
arrests made one are worse than one fire told twice.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse.csgraph import connected_components

from digest.editorial.text import Reading, is_inflected, is_stop_word, stem

#: Mean cosine of two groups of items that are still one story.
CUT = 0.17
#: Items further apart are never the same news.
WINDOW = timedelta(hours=36)
TITLE_WEIGHT = 3
NAME_WEIGHT = 2
#: Words of the text that are compared: news tells its point first.
_BODY_WORDS = 500
#: A day smaller than this does not know which words are common; it is taken for this large.
_SMALL_DAY = 50

#: An item of fewer different terms is short, ...
_SHORT = 40
#: ... and one story with another when they share so many terms ...
_SHORT_SHARED = 3
#: ... so many of their names and figures, where both have any, ...
_SHORT_MARKS = 2
#: ... and so much of both headlines stands in the other item.
_SHORT_TITLES = 0.5
#: Letters that tell an inflected word from others in a short item.
_ROOT = 6
#: Headlines of items of fewer terms than this may contradict each other; a long text outweighs
#: its headline.
_BRISK = 80
#: Headlines of which so much is the same at both ends are one mould; the middle is the news.
_MOULD = 0.5
#: Likeness of two items that surely tell different news: keeps a third from joining them.
_CONTRADICTED = -1.0

#: A brief is told by an article when so much of its weight stands there, ...
TOLD = 0.55
#: ... it is so like the whole article, ...
_TOLD_LIKENESS = 0.2
#: ... and so many of its names and figures are there too.
_TOLD_NAMES = 2


@dataclass(frozen=True, slots=True)
class _Gist:
    """What two short items are compared by: stems without stop words."""

    #: The headline, in its order.
    title: tuple[str, ...]
    terms: frozenset[str]
    #: Names and figures.
    marks: frozenset[str]
    figures: frozenset[str]


@dataclass(frozen=True, slots=True)
class Space:
    """Readings as vectors of one TF-IDF space: row i is reading i, of length 1."""

    matrix: Any  # scipy.sparse.csr_matrix of float64
    hours: NDArray[np.float64]
    readings: tuple[Reading, ...]

    def likeness(self, rows: Sequence[int], columns: Sequence[int]) -> NDArray[np.float64]:
        """Cosines of *rows* with *columns*; 0 outside the time window."""
        cosines = (self.matrix[rows] @ self.matrix[columns].T).toarray()
        apart = np.abs(self.hours[rows][:, None] - self.hours[columns][None, :])
        near: NDArray[np.float64] = np.where(apart <= WINDOW.total_seconds() / 3600, cosines, 0.0)
        return near


def weigh(readings: Sequence[Reading]) -> Space:
    """TF-IDF of *readings*; each language has its own words and its own frequencies."""
    languages = _settled_languages(readings)
    counts = [_term_counts(r, language) for r, language in zip(readings, languages, strict=True)]
    in_items: Counter[str] = Counter(term for count in counts for term in count)
    sizes = Counter(languages)
    # Sorted, so that sums are added in the same order whatever comes first.
    column = {term: number for number, term in enumerate(sorted(in_items))}
    used: list[int] = []
    columns: list[int] = []
    lengths: list[int] = []
    for count in counts:
        terms = sorted(count)
        used.extend(count[term] for term in terms)
        columns.extend(column[term] for term in terms)
        lengths.append(len(terms))
    size = np.repeat([max(sizes[language], _SMALL_DAY) for language in languages], lengths)
    frequency = np.array([in_items[term] for term in sorted(in_items)], dtype=np.float64)
    rarity = np.log((1 + size) / (0.5 + frequency[columns])) if columns else np.zeros(0)
    values = (1 + np.log(np.array(used, dtype=np.float64))) * np.maximum(rarity, 0.0)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    matrix: Any = sparse.csr_matrix(
        (values, np.array(columns, dtype=np.int64), starts),
        shape=(len(readings), len(column)),
    )
    norms = np.sqrt(matrix.multiply(matrix).sum(axis=1)).A1
    matrix = sparse.diags(1 / np.where(norms == 0, 1, norms)) @ matrix
    hours = np.array([r.item.published_at.timestamp() / 3600 for r in readings])
    return Space(matrix=matrix.tocsr(), hours=hours, readings=tuple(readings))


def _settled_languages(readings: Sequence[Reading]) -> list[str]:
    """An item of unknown language joins the commonest one of its script."""
    known: dict[str, Counter[str]] = defaultdict(Counter)
    for reading in readings:
        if reading.language:
            known[reading.script][reading.language] += 1
    usual = {
        script: min(languages, key=lambda name: (-languages[name], name))
        for script, languages in known.items()
    }
    return [r.language or usual.get(r.script, f"?{r.script}") for r in readings]


def _term_counts(reading: Reading, language: str) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for words, weight in ((reading.title, TITLE_WEIGHT), (reading.body[:_BODY_WORDS], 1)):
        for word in words:
            if len(word) > 1 and not is_stop_word(word):
                weighted = weight * (NAME_WEIGHT if word in reading.names else 1)
                counts[f"{language} {stem(word)}"] += weighted
    return counts


def _gist(reading: Reading) -> _Gist:
    title = [word for word in reading.title if not is_stop_word(word)]
    body = [w for w in reading.body[:_BODY_WORDS] if len(w) > 1 and not is_stop_word(w)]
    words = {*title, *body}
    figures = frozenset(_root(w) for w in words if any(map(str.isdigit, w)))
    return _Gist(
        title=tuple(map(_root, title)),
        terms=frozenset(map(_root, words)),
        marks=figures | {_root(w) for w in words & reading.names},
        figures=figures,
    )


def _root(word: str) -> str:
    """The stem; of few words none may be lost to a long ending of a Slavic or Greek one."""
    return stem(word) if word.isascii() or not is_inflected(word) else stem(word)[:_ROOT]


def group(space: Space, rows: Sequence[int]) -> list[list[int]]:
    """Partition *rows* into stories, each sorted, in the order of their first rows."""
    if not rows:
        return []
    cosines = space.matrix[list(rows)] @ space.matrix[list(rows)].T
    near = cosines >= CUT
    # Average link merges nothing across components of the graph of pairs above the cut.
    _, labels = connected_components(near, directed=False)
    parts: dict[int, list[int]] = defaultdict(list)
    for row, label in zip(rows, labels, strict=True):
        parts[int(label)].append(row)
    stories = [story for part in parts.values() for story in _average_link(space, part)]
    return sorted(sorted(story) for story in stories)


def _average_link(space: Space, part: list[int]) -> list[list[int]]:
    if len(part) == 1:
        return [part]
    likeness = space.likeness(part, part)
    terms = np.diff(space.matrix[part].indptr)
    fewer = np.minimum(terms[:, None], terms[None, :])
    brisk = np.argwhere(np.triu((likeness >= CUT) & (fewer < _BRISK), k=1))
    gists = {place: _gist(space.readings[part[place]]) for place in np.unique(brisk).tolist()}
    for i, j in brisk.tolist():
        one, other = gists[i], gists[j]
        if _contradict(one, other):
            likeness[i, j] = _CONTRADICTED
        elif fewer[i, j] < _SHORT and not _agree(one, other):
            likeness[i, j] = 0.0
    condensed = (1 - likeness)[np.triu_indices(len(part), k=1)].round(9)
    labels = fcluster(linkage(condensed, method="average"), t=1 - CUT, criterion="distance")
    stories: dict[int, list[int]] = defaultdict(list)
    for row, label in zip(part, labels, strict=True):
        stories[int(label)].append(row)
    return list(stories.values())


def _agree(one: _Gist, other: _Gist) -> bool:
    """Do two items, one of them short, say enough that is the same?"""
    shared = one.terms & other.terms
    if len(shared) < _SHORT_SHARED:
        return False
    if one.marks and other.marks and len(shared & (one.marks | other.marks)) < _SHORT_MARKS:
        return False
    if one.figures and other.figures and one.figures.isdisjoint(other.figures):
        return False
    told = sum(term in other.terms for term in one.title)
    told += sum(term in one.terms for term in other.title)
    return told >= _SHORT_TITLES * (len(one.title) + len(other.title))


def _contradict(one: _Gist, other: _Gist) -> bool:
    """Do the headlines name others, or fill one mould with other words?"""
    mine, theirs = one.marks.intersection(one.title), other.marks.intersection(other.title)
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


def tell(
    space: Space, readings: Sequence[Reading], briefs: Sequence[int], articles: Sequence[int]
) -> dict[int, tuple[int, float]]:
    """Brief → the article that surely tells the same event, and how much of the brief it tells.

    Sure means: most of the brief's weight stands in the article, names and figures of it too.
    """
    if not briefs or not articles:
        return {}
    brief, article = space.matrix[list(briefs)], space.matrix[list(articles)]
    told = (brief.multiply(brief) @ (article > 0).astype(np.float64).T).toarray()
    cosines = space.likeness(briefs, articles)
    found: dict[int, tuple[int, float]] = {}
    for i, row in enumerate(briefs):
        sure = [
            (round(float(told[i, j]), 6), round(float(cosines[i, j]), 6), -j)
            for j in np.flatnonzero((cosines[i] >= _TOLD_LIKENESS) & (told[i] >= TOLD)).tolist()
            if _names_shared(readings[row], readings[articles[j]]) >= _TOLD_NAMES
        ]
        if sure:
            share, _, j = max(sure)
            found[row] = (articles[-j], share)
    return found


def _names_shared(brief: Reading, article: Reading) -> int:
    known = brief.names | article.names
    words = {w for w in brief.title + brief.body if not is_stop_word(w)}
    telling = {stem(w) for w in words if w in known or (w[0].isdigit() and len(w) > 1)}
    return len(telling & {stem(w) for w in article.title + article.body})
