"""Same story: which items tell one piece of news.

TF-IDF cosine and average link inside a time window.  Items of different languages are never
one story.  Copies are gone before (`copies`).  Short items have rules of their own (`gists`).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from digest.editorial.gists import Gist, agree, contradict, gist, say_the_same, share_a_deed
from digest.editorial.language import is_stop_word
from digest.editorial.linkage import average_link
from digest.editorial.space import ROOT, Space, near_pairs, weigh
from digest.editorial.text import Reading, stem

__all__ = ["Space", "follow", "group", "retold", "tell", "weigh"]

#: Mean cosine of two groups of items that are still one story.
CUT = 0.125
#: An item of fewer different terms is short.
_SHORT = 40
#: Headlines of items of fewer terms than this may contradict each other; a long text outweighs
#: its headline.
_BRISK = 80
#: Likeness of two items that surely tell different news: keeps a third from joining them.
_CONTRADICTED = -1.0

#: A toll grows within so many hours.
_SOON = timedelta(hours=12)
#: Below this likeness two items must share more than names.
_BARELY = 0.2

#: What returns every day at its hour is a column, not a running story.
_DAY, _PUNCTUAL = timedelta(days=1), timedelta(minutes=30)

#: A brief is told by an article when so much of its weight stands there, ...
TOLD = 0.35
#: ... it is so like the whole article, ...
_TOLD_LIKENESS = 0.16
#: ... and so many of its names and figures and of its other words are there too: who and where
#: is not yet what.
_TOLD_NAMES, _TOLD_OTHERS = 1, 2
#: A later brief tells an earlier one again when so much of its weight stands there.
_RETOLD = 0.5
#: Briefs that are compared with all articles at once: bounds the memory, not the result.
_BRIEFS_AT_ONCE = 200


def group(space: Space, rows: Sequence[int]) -> list[list[int]]:
    """Partition *rows* into stories, each sorted, in the order of their first rows.

    Depends on the order of the rows in nothing but their numbers.
    """
    pairs = _Pairs(space, rows)
    stories = [[pairs.rows[place] for place in story] for story in pairs.link()]
    alone = set(rows).difference(*stories)
    return sorted([sorted(story) for story in stories] + [[row] for row in alone])


def follow(space: Space, rows: Sequence[int]) -> list[list[int]]:
    """Briefs that tell one event as it develops: each group in time order, the groups by theirs.

    Every row is in exactly one group.
    """
    items = [reading.item for reading in space.readings]

    def moment(row: int) -> tuple[datetime, str]:
        return items[row].published_at, items[row].id

    stories = [sorted(story, key=moment) for story in group(space, rows)]
    return sorted(stories, key=lambda story: moment(story[0]))


def retold(space: Space, chain: Sequence[int]) -> list[list[int]]:
    """A group that `follow` made, parted into what its latest brief tells again, and the rest.

    Only what stands in the latest may be left unsaid: what it does not tell stands alone.
    """
    *earlier, latest = chain
    stands = (space.matrix[[latest]] > 0).astype(np.float64).T
    shares = (space.matrix[earlier].power(2) @ stands).toarray().ravel() if earlier else ()
    again = [row for row, share in zip(earlier, shares, strict=True) if share >= _RETOLD]
    return [[*again, latest], *([row] for row in earlier if row not in again)]


class _Pairs:
    """The pairs of *rows* that are alike, and what their words say for and against them."""

    def __init__(self, space: Space, rows: Sequence[int]) -> None:
        self.space = space
        items = [reading.item for reading in space.readings]
        #: In an order of the items' own, so that equal likenesses are decided alike.
        self.rows = sorted(rows, key=lambda row: (items[row].published_at, items[row].id))
        self._terms = np.diff(space.matrix.indptr).tolist()
        self._gists: dict[int, Gist] = {}
        #: What is to be added to the cosine of two places.
        self._changes: dict[int, dict[int, float]] = defaultdict(dict)

    def link(self) -> list[list[int]]:
        place = {row: number for number, row in enumerate(self.rows)}
        near = []
        for one, other, cosine in near_pairs(self.space, self.rows, CUT):
            likeness = self._judge(one, other, cosine)
            first, second = sorted((place[one], place[other]))
            if likeness >= CUT:
                near.append((first, second, likeness))
            if likeness != cosine:
                self._changes[first][second] = likeness - cosine
                self._changes[second][first] = likeness - cosine
        return average_link(near, self._total, CUT)

    def _judge(self, one: int, other: int, cosine: float) -> float:
        if _is_column(self.space.readings[one], self.space.readings[other]):
            return 0.0
        fewer = min(self._terms[one], self._terms[other])
        if fewer >= _BRISK and cosine >= _BARELY:
            return cosine
        first, second = self._gist(one), self._gist(other)
        more = say_the_same if fewer >= _SHORT else share_a_deed
        if cosine < _BARELY and not more(first, second):
            return 0.0
        if fewer >= _BRISK:
            return cosine
        if contradict(first, second):
            return _CONTRADICTED
        at, then = (self.space.readings[row].item.published_at for row in (one, other))
        soon = abs(at - then) <= _SOON
        return 0.0 if fewer < _SHORT and not agree(first, second, soon=soon) else cosine

    def _gist(self, row: int) -> Gist:
        found = self._gists.get(row)
        if found is None:
            found = self._gists[row] = gist(self.space.readings[row])
        return found

    def _total(self, one: Sequence[int], other: Sequence[int]) -> float:
        likeness = self.space.likeness([self.rows[i] for i in one], [self.rows[j] for j in other])
        changes = (
            change
            for i in one
            if i in self._changes
            for j in other
            if (change := self._changes[i].get(j))
        )
        return float(likeness.sum()) + sum(changes)


def _is_column(one: Reading, other: Reading) -> bool:
    """The weather, the markets: one source at one clock on two days, opening with one word."""
    apart = abs(one.item.published_at - other.item.published_at)
    return (
        one.item.source_id == other.item.source_id
        and abs(apart - _DAY) <= _PUNCTUAL
        and one.title[:1] == other.title[:1]
    )


def tell(
    space: Space, readings: Sequence[Reading], briefs: Sequence[int], articles: Sequence[int]
) -> dict[int, tuple[int, float]]:
    """Brief → the article that surely tells the same event, and how much of the brief it tells.

    Of several articles it is the one that tells most of the brief.
    """
    found: dict[int, tuple[int, float]] = {}
    if not articles:
        return found
    stands = (space.matrix[list(articles)] > 0).astype(np.float64).T
    for start in range(0, len(briefs), _BRIEFS_AT_ONCE):
        some = list(briefs[start : start + _BRIEFS_AT_ONCE])
        weights = space.matrix[some].power(2)
        told = (weights @ stands).toarray().round(6)
        cosines = space.likeness(some, articles).round(6)
        able = (cosines >= _TOLD_LIKENESS) & (told >= TOLD)
        for i in np.flatnonzero(able.any(axis=1)).tolist():
            sure = [
                (float(told[i, j]), float(cosines[i, j]), -j)
                for j in np.flatnonzero(able[i]).tolist()
                if _tells(readings[articles[j]], readings[some[i]])
            ]
            if sure:
                share, _, j = max(sure)
                found[some[i]] = (articles[-j], share)
    return found


def _tells(article: Reading, brief: Reading) -> bool:
    """Do both who and what of *brief* stand in *article*?"""
    known = brief.names | article.names
    words = {w for w in brief.title + brief.body if len(w) > 1 and not is_stop_word(w)}
    there = {stem(w)[:ROOT] for w in article.title + article.body}
    shared = {w for w in words if stem(w)[:ROOT] in there}
    marks = {stem(w)[:ROOT] for w in shared if w in known or w[0].isdigit()}
    others = {stem(w)[:ROOT] for w in shared} - marks
    return len(marks) >= _TOLD_NAMES and len(others) >= _TOLD_OTHERS
