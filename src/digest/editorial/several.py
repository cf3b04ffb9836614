"""A story that several outlets tell: whose sentences, in what order.

Sentences stand grouped by item; facts that differ stand side by side and are never merged.
"""

from collections.abc import Iterator, Sequence
from math import exp

from digest.editorial.bundles import Bundle, bundles
from digest.editorial.choosing import Filling, Vector, cosine, most_words, total, unit, vectors
from digest.editorial.differences import differences_in
from digest.editorial.headline import announces
from digest.editorial.manners import manners
from digest.editorial.passages import Passage, passages, telling
from digest.editorial.rank import outlet
from digest.editorial.text import tokens
from digest.model import Item, Kind, Sentence

_MMR = 0.6
#: Share of the words after which no more is looked for.
_ENOUGH = 0.9
#: More would make the story one of its figures.
_MOST_DIFFERENCES = 1
#: Of each article, and articles.
_MOST_OF_EACH, _MOST_ARTICLES = 25, 8

Told = Sequence[tuple[Item, list[Passage]]]


def choose_of_several(
    items: Sequence[Item], words: int, abbreviations: frozenset[str] = frozenset()
) -> tuple[Sentence, ...]:
    """About *words* words of *items*, the lead first; none unless two outlets have a sentence."""
    articles = [item for item in items if item.kind is Kind.ARTICLE] or list(items)
    # Of a live page single entries say nothing without their hour.
    articles = [item for item in articles if not announces(item.title)] or articles
    if len({outlet(item) for item in articles}) < 2:
        return ()
    told = [
        (item, passages(item, _MOST_OF_EACH, abbreviations)) for item in articles[:_MOST_ARTICLES]
    ]
    told = [(item, found) for item, found in told if any(p.is_whole for p in found)]
    return _choose(told, words) if len({outlet(item) for item, _ in told}) > 1 else ()


def _choose(told: Told, words: int) -> tuple[Sentence, ...]:
    found = [passage for _, own in told for passage in own]
    owner = [n for n, (_, own) in enumerate(told) for _ in own]
    rows = vectors(found)
    articles = [unit(total(rows[i] for i in own)) for own in _spans(told)]
    centroid = _shared(told, articles)
    central = [cosine(article, centroid) for article in articles]
    support = _support(rows, owner, [outlet(item) for item, _ in told])
    worth = [
        manners(found[i])
        * (
            cosine(rows[i], centroid)
            + 0.5 * exp(-place / 4)
            + 0.6 * support[i]
            + 0.15 * central[owner[i]]
        )
        for own in _spans(told)
        for place, i in enumerate(own)
    ]
    together = _together(told)
    most_central = min(range(len(told)), key=lambda n: (-round(central[n], 9), n))
    opener = _opener(_spans(told)[most_central], worth, together, found, words)
    first = owner[opener] if opener is not None else -1
    # The first outlet may begin with what the headline says; the others need not say it again.
    headline = frozenset(telling(tokens(told[0][0].title)))
    known = [frozenset[str]() if n == first else headline for n in owner]
    filling = Filling(found, rows, together, known)
    if opener is not None:
        filling.take(opener)
    for pair in _differing(told):
        filling.take_all(pair, words)
    filling.fill(worth, words, cost=_MMR, enough=int(_ENOUGH * words))
    ordered = sorted(filling.chosen, key=lambda i: (owner[i] != first, owner[i], i))
    return tuple(found[i].sentence() for i in ordered)


def _differing(told: Told) -> Iterator[list[int]]:
    """The passages, two of two outlets each, that give different figures for one thing."""
    at = {
        (p.place.item_id, p.place.start): i for i, p in enumerate(p for _, own in told for p in own)
    }
    for difference in differences_in(told)[:_MOST_DIFFERENCES]:
        newest = difference.accounts[-1]
        others = [a for a in difference.accounts if a.figure.casefold() != newest.figure.casefold()]
        if others:
            pair = (others[-1], newest)
            yield [at[account.item_id, account.sentence.start] for account in pair]


def _spans(told: Told) -> list[range]:
    """The indices of each item's passages among all."""
    spans, begin = [], 0
    for _, own in told:
        spans.append(range(begin, begin + len(own)))
        begin += len(own)
    return spans


def _shared(told: Told, articles: Sequence[Vector]) -> Vector:
    """What all tell: each term by the share of outlets that use it."""
    users: dict[str, set[str]] = {}
    for (item, _), article in zip(told, articles, strict=True):
        for term in article:
            users.setdefault(term, set()).add(outlet(item))
    most = len({outlet(item) for item, _ in told})
    return unit({t: value * len(users[t]) / most for t, value in total(articles).items()})


def _support(rows: Sequence[Vector], owner: Sequence[int], outlets: Sequence[str]) -> list[float]:
    """How near each passage comes to the nearest of each article of other outlets, in the mean."""
    uses: dict[str, list[tuple[int, float]]] = {}
    for index, row in enumerate(rows):
        for term, value in row.items():
            uses.setdefault(term, []).append((index, value))
    support = []
    for index, row in enumerate(rows):
        alike: dict[int, float] = {}
        for term, value in row.items():
            for other, weight in uses[term]:
                alike[other] = alike.get(other, 0.0) + value * weight
        nearest: dict[int, float] = {}
        for other, likeness in alike.items():
            theirs = owner[other]
            if outlets[theirs] != outlets[owner[index]]:
                nearest[theirs] = max(nearest.get(theirs, 0.0), likeness)
        foreign = sum(name != outlets[owner[index]] for name in outlets)
        support.append(sum(nearest.values()) / max(1, foreign))
    return support


def _together(told: Told) -> list[Bundle | None]:
    made: list[Bundle | None] = []
    for item, own in told:
        offset = len(made)
        for bundle in bundles(own, tokens(item.title)):
            made.append(tuple(i + offset for i in bundle) if bundle else None)
    return made


def _opener(
    own: range,
    worth: Sequence[float],
    together: Sequence[Bundle | None],
    found: Sequence[Passage],
    words: int,
) -> int | None:
    """The best of the first sentences of the most central article that stand alone."""
    able = [i for i in own[:4] if together[i] == (i,) and found[i].words <= most_words(words)]
    return max(able, key=lambda i: (round(worth[i], 9), -i), default=None)
