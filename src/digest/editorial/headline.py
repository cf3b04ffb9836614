"""The headline of a story: always one of those given, verbatim."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from digest.editorial.language import is_stop_word
from digest.editorial.text import Reading, count_words, stem, tokens
from digest.editorial.words import leaning
from digest.model import Item, Kind

#: What a headline announces instead of telling it.
_PREFIX = re.compile(
    r"\W*(?:live|watch|video|listen|podcast|photos?|gallery|opinion|analysis|exclusive|breaking"
    r"|update[ds]?|liveblog|newsletter|ticker|liveticker|eilmeldung|en direct|en vivo|directo"
    r"|vidéo|vídeo|diretta|wideo|na żywo|наживо|онлайн|відео|фото|оновлено|مباشر|فيديو)\b"
    r"(?:\s+updates?|\s+blog)?\s*(?:[:|–—]|-\s)",
    re.IGNORECASE,
)
#: Also the Arabic, the full-width and the Greek question mark, and headlines cut off.
_QUESTIONS = ("?", "؟", "？", "\u037e", ";", "…", "...")
#: From this share of its letters on a headline counts as all capitals.
_CAPITALS = 0.7
_FEWEST_WORDS, _MOST_WORDS = 4, 16
#: The lead's own headline is taken when it is nearly as good as the best.
_NEARLY = 0.9
_BODY_WORDS = 300


def announces(title: str) -> bool:
    """Does *title* name a form, "LIVE:", "WATCH:", and not the news?"""
    return bool(_PREFIX.match(title))


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The headline of a story, whose it is, and why it was taken."""

    text: str
    item: Item
    reason: str


def judge_headlines(readings: Sequence[Reading]) -> Headline:
    """The headline nearest to what all *readings* tell, and why; the first one is the lead.

    The lead's own stays when it is within a tenth of the best.  Capitals, questions, "LIVE:",
    very short and very long ones, and those that open with a pronoun give way to any other.
    """
    lead = readings[0]
    if len(readings) == 1:
        return _taken(lead, "the lead's own")
    articles = [r for r in readings if r.item.kind is Kind.ARTICLE] or readings
    able = [r for r in articles if not _flaw(r)]
    flaw = _flaw(lead)
    if not able:
        return _taken(lead, f"the lead's own, although {flaw}: no other is better")
    shared = _shared_terms(readings)
    scores = {r.item.id: _nearness(r, shared) for r in able}
    best = max(able, key=lambda r: (scores[r.item.id], r is lead, r.item.id))
    top = scores[best.item.id]
    if best is lead:
        return _taken(lead, f"the lead's own, nearest to what all tell ({top:.2f})")
    nearest = f"nearest to what all tell ({top:.2f}"
    if flaw:
        return _taken(best, f"{nearest}); the lead's is not taken: {flaw}")
    own = scores.get(lead.item.id, 0.0)
    if own >= _NEARLY * top:
        return _taken(lead, f"the lead's own, nearly as near to what all tell ({own:.2f}) as the "
                            f"best ({top:.2f})")  # fmt: skip
    return _taken(best, f"{nearest}, the lead's {own:.2f})")


def _taken(reading: Reading, reason: str) -> Headline:
    return Headline(text=reading.item.title, item=reading.item, reason=reason)


def _flaw(reading: Reading) -> str:
    """Why a headline gives way to others; "" when it need not."""
    title = reading.item.title
    words = count_words(title)
    letters = [letter for letter in title if letter.isupper() or letter.islower()]
    if len(letters) > 3 and sum(map(str.isupper, letters)) > _CAPITALS * len(letters):
        return "it is all in capitals"
    if title.rstrip("\"'”’»“) ").endswith(_QUESTIONS):
        return "it asks or breaks off"
    if announces(title):
        return "it announces instead of telling"
    if not _FEWEST_WORDS <= words <= _MOST_WORDS:
        return f"it has {words} {'word' if words == 1 else 'words'}"
    if tokens(title)[0:1] and tokens(title)[0] in leaning(reading.language):
        return "it leans on something said before"
    return ""


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
