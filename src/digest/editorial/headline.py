"""The headline of a story: always one of those given, verbatim."""

import re
from collections import Counter
from collections.abc import Sequence
from math import sqrt

from digest.editorial.text import Reading, count_words, is_stop_word, stem, tokens
from digest.editorial.words import leaning
from digest.model import Kind

_PREFIX = re.compile(
    r"(?:live|watch|video|listen|podcast|photos?|gallery|opinion|analysis|exclusive|breaking"
    r"|update[ds]?|liveblog|newsletter)\b(?:\s+updates?)?\s*[:|–—-]",
    re.IGNORECASE,
)
_FEWEST_WORDS, _MOST_WORDS = 4, 16
#: The lead's own headline is taken when it is nearly as good as the best.
_NEARLY = 0.9
_BODY_WORDS = 300


def choose_headline(readings: Sequence[Reading]) -> str:
    """The headline nearest to what all *readings* tell; the first one is the lead."""
    lead = readings[0].item.title
    articles = [r for r in readings if r.item.kind is Kind.ARTICLE] or readings
    able = [r for r in articles if _is_plain(r)]
    if len(readings) == 1 or not able:
        return lead
    shared = _shared_terms(readings)
    scores = {r.item.id: _nearness(r, shared) for r in able}
    best = max(able, key=lambda r: (scores[r.item.id], r.item.id == readings[0].item.id, r.item.id))
    lead_score = scores.get(readings[0].item.id, 0.0)
    return lead if lead_score >= _NEARLY * scores[best.item.id] else best.item.title


def _is_plain(reading: Reading) -> bool:
    title = reading.item.title
    opening = leaning(reading.language)
    return (
        not title.isupper()
        and not title.rstrip("\"'”’» ").endswith(("?", "؟", "？", "…", "..."))
        and not _PREFIX.match(title)
        and _FEWEST_WORDS <= count_words(title) <= _MOST_WORDS
        and not (tokens(title)[:1] and tokens(title)[0] in opening)
    )


def _shared_terms(readings: Sequence[Reading]) -> dict[str, float]:
    """How many of the items use a term, squared so that what all tell weighs most."""
    used: Counter[str] = Counter()
    for reading in readings:
        words = {*reading.title, *reading.body[:_BODY_WORDS]}
        used.update({stem(word) for word in words if not is_stop_word(word)})
    return {term: (count / len(readings)) ** 2 for term, count in used.items()}


def _nearness(reading: Reading, shared: dict[str, float]) -> float:
    terms = sorted({stem(word) for word in reading.title if not is_stop_word(word)})
    return round(sum(shared.get(t, 0.0) for t in terms) / sqrt(len(terms)), 9) if terms else 0.0
