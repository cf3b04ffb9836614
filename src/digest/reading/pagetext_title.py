"""The headline of a saved page: which line above, or below, the byline it is.

Behind the door: categories and slogans above it, standfirsts and scores below it.  A headline
shares its words with the text; of two such lines the upper one is the headline.
"""

import re
from collections.abc import Iterable, Sequence, Set

from digest.reading.pagetext_byline import bracket_start
from digest.reading.pagetext_lines import (
    Line,
    ends_sentence,
    is_promotion,
    is_prose,
    is_quotation,
    is_tags,
    size,
    stems,
    unbulleted,
)
from digest.reading.pagetext_names import is_names

#: How far above its byline a headline may stand, in lines.
HIGHEST = 10
#: A headline has seldom more words; what stands under one often has.
LONGEST_HEADLINE = 14
FEWEST_STEMS = 5

_TRAIL = re.compile(r"\s[>»›|•·]\s|\s/\s")


def subject_of(lines: Sequence[Line], start: int) -> set[str]:
    """What the first paragraphs below *start* are about."""
    words: set[str] = set()
    count = 0
    for line in lines[start:]:
        if is_prose(line.text):
            words |= stems(line.text[:2000])
            count += 1
            if count == 12:
                break
    return words


def likeness(text: str, distance: int, subject: Set[str]) -> float:
    """How much *text* is like a headline; above 0 it may be one."""
    words = size(text)
    if len(text) > 300 or words < 1 or not any(char.isalpha() for char in text):
        return -9
    weight = 3.0 if 4 <= words <= 30 else 1.0 if 2 <= words <= 40 else -2.0
    own = stems(text)
    # Of few words all may be met in the text by chance.
    weight += 4 * len(own & subject) / max(len(own), FEWEST_STEMS)
    weight -= 3 if is_score(text) else 0
    weight -= 4 if is_tags(text) or is_promotion(text) else 0
    weight -= 1.5 if text.endswith((".", "。", "…")) else 0
    weight -= 3 if text.endswith((":", ",")) or unbulleted(text) is not None else 0
    weight -= 3 if bracket_start(text) is not None else 0
    return weight - 0.6 * distance


def is_score(text: str) -> bool:
    """Whether *text* is names and many numbers, as scores are."""
    words = re.findall(r"[^\W\d_]{3,}", text)
    numbers = re.findall(r"\d+", text)
    named = sum(map(str.islower, words)) * 5 <= len(words)
    return named and len(numbers) >= 2 and len(numbers) * 2 >= len(words)


def kinship(text: str, subject: Set[str]) -> float:
    """The share of the words of *text* that *subject* has as well."""
    own = stems(text)
    return len(own & subject) / len(own) if own else 0.0


def _best(
    lines: Sequence[Line], places: Iterable[tuple[int, int]], subject: Set[str]
) -> int | None:
    """The likeliest headline among *places*: pairs of a line and its distance."""
    weights = [(likeness(lines[index].text, away, subject), -away, index) for index, away in places]
    weight, _, index = max(weights, default=(0.0, 0, 0))
    return index if weight > 0 else None


def title_above(
    lines: Sequence[Line], top: int, ticking: Set[int], subject: Set[str]
) -> int | None:
    """The headline above line *top*, where a byline begins."""
    places = []
    for away, index in enumerate(range(top - 1, max(-1, top - 1 - HIGHEST), -1)):
        if index in ticking:
            break
        if index - 1 in ticking and away:
            # The headline of a brief that stands before the article.
            break
        places.append((index, away))
    found = _best(lines, places, subject)
    reached = min((index for index, _ in places), default=top)
    while found is not None and found > reached and _is_under(lines, found, subject):
        found -= 1
    return found


def _is_under(lines: Sequence[Line], lower: int, subject: Set[str]) -> bool:
    """Whether line *lower* is a standfirst or score, the line above it being the headline."""
    below, above = lines[lower].text, lines[lower - 1].text
    words, kin = size(above), kinship(above, subject)
    if words < 4 or likeness(above, 0, subject) <= 0 or is_names(above) or _TRAIL.search(above):
        return False
    # The end of a brief, or of a slogan.
    if ends_sentence(above) and not ends_sentence(below) and above.endswith((".", "。")):
        return False
    # The name of the site comes back at the foot of the page.
    if above in below or any(above in line.text for line in lines[lower + 1 :][-12:]):
        return False
    if size(below) > LONGEST_HEADLINE or ends_sentence(below):
        return kin >= 0.2
    # A masthead is parted from the headline, a headline seldom from its standfirst.
    share = 0.6 if lines[lower].gap_before else 0.3
    told = kin > 0 and kin >= share * kinship(below, subject)
    return words >= 5 and (told or is_quotation(above))


def title_below(
    lines: Sequence[Line], start: int, ticking: Set[int], subject: Set[str]
) -> int | None:
    """The headline of an article whose byline stands above it."""
    places = []
    for away, index in enumerate(range(start, min(start + HIGHEST, len(lines)))):
        if index in ticking or (away and is_prose(lines[index].text)):
            break
        places.append((index, away))
    return _best(lines, places, subject)


def title_first(lines: Sequence[Line], ticking: Set[int], subject: Set[str]) -> int | None:
    """The headline of a page without a byline: above its first paragraph."""
    paragraphs = [index for index, line in enumerate(lines) if is_prose(line.text)]
    if ticking and (not paragraphs or min(ticking) < paragraphs[0]):
        # Briefs come first: an article needs a headline below them, and paragraphs of its own.
        below = [index for index in paragraphs if index > max(ticking) + 2]
        if len(below) < 3:
            return None
        return _best(
            lines, [(i, below[0] - i) for i in range(max(ticking) + 2, below[0] + 1)], subject
        )
    if not paragraphs:
        return None
    first = paragraphs[0]
    places = [(index, first - index) for index in range(max(0, first - HIGHEST), first)]
    if not places and len(paragraphs) > 1 and size(lines[first].text) <= 30:
        places = [(first, 0)]
    return _best(lines, places, subject)
