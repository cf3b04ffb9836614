"""What comes first: a score that explains itself, term by term.

Another independent source never lowers a story, a copy never raises it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import exp, log2

from digest.editorial.headline import announces
from digest.editorial.text import fold_space
from digest.model import Item, Kind

#: After so many hours a story's recency has fallen to 1/e, where the newsletter does not say.
FADING_H = 18.0
#: For the first three places in a source's own order.
PLACES = (0.3, 0.2, 0.1)
#: What the first of an edition's sections adds; the last adds nearly nothing.
SECTION_PRIORITY = 0.2
#: A keyword score (see `sections`) counts so much each, up to the most.
_KEYWORD, _KEYWORD_MOST = 0.05, 0.3
#: What a story loses of which an earlier edition told everything.
ALREADY_TOLD = 1.0


def outlet(item: Item) -> str:
    """Who tells it: the publication where it is known (a folder holds many), else the source."""
    return fold_space(item.site or "").casefold() or item.source_id


def score_terms(
    items: Sequence[Item],
    *,
    newest: datetime,
    weights: Mapping[str, float],
    section: tuple[int, int] = (0, 1),
    keywords: float = 0.0,
    fading_h: float = FADING_H,
    carried: float = 0.0,
    told: float = 0.0,
) -> tuple[tuple[str, float], ...]:
    """Name and value of every term of a story's score, rounded to 4 digits.

    Args:
        items: of one story, without copies.
        newest: the newest instant of the whole day: ages count from it, not from the clock.
        weights: of sources, by id; 1 for those not named.
        section: index of the story's section, and how many sections there are.
        keywords: the story's keyword score in that section.
        fading_h: after so many hours recency has fallen to 1/e.
        carried: what the editions of other newsletters gave it.
        told: share of it that an earlier edition told, 0-1.
    """
    outlets = {outlet(item) for item in items}
    weight = max(weights.get(item.source_id, 1.0) for item in items)
    age_h = (newest - max(item.published_at for item in items)).total_seconds() / 3600
    places = [item.position for item in items if item.kind is Kind.ARTICLE]
    first = min(places, default=len(PLACES))
    index, sections = section
    terms = [
        ("sources", log2(1 + len(outlets)) * weight),
        ("recency", exp(-max(age_h, 0.0) / fading_h)),
        ("place", PLACES[first] if 0 <= first < len(PLACES) else 0.0),
        ("section", SECTION_PRIORITY * (sections - index) / sections),
        ("keywords", min(_KEYWORD_MOST, _KEYWORD * max(keywords, 0.0))),
    ]
    if carried:
        terms.append(("carried", carried))
    if told:
        terms.append(("already told", -ALREADY_TOLD * told))
    return tuple((name, round(value, 4)) for name, value in terms)


def choose_lead(items: Sequence[Item], weights: Mapping[str, float]) -> Item:
    """The item that a story goes by.

    An article rather than a brief; no live page; one that tells enough; of the weightiest
    source; the earliest, so that a story keeps its id when more sources join.  Of briefs alone
    the latest: each of them takes up what the one before has said.
    """
    articles = [item for item in items if item.kind is Kind.ARTICLE]
    if not articles:
        return max(items, key=lambda item: (item.published_at, item.id))
    articles = [item for item in articles if not announces(item.title)] or articles
    lengths = {item.id: sum(len(block.text) for block in item.blocks) for item in articles}
    enough = min(0.6 * max(lengths.values()), 900)
    telling = [item for item in articles if lengths[item.id] >= enough]
    return min(
        telling, key=lambda item: (-weights.get(item.source_id, 1.0), item.published_at, item.id)
    )
