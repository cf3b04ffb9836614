"""What is left out of a mail that has no room for all of its edition.

Which part is worth least, and how to find the most that fits in few tries.  How large a part
is, and what a mail says of what it lacks, is the business of those who lay it out.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, repeat

from digest.render.shown import Shown, ShownBrief, ShownCorrection, ShownSection

#: Briefs that stay as long as there are sections to leave out.
FEW_BRIEFS = 5
#: So many briefs are worth as much as one story of a section of that length.
_BRIEFS_OF_A_STORY = 4
#: Guesses in a row that may gain little.
_POOR = 3
#: Where something goes from, if it is no section.
_BRIEFS, _CORRECTIONS = -1, -2


def trimmed(shown: Shown, count: int) -> Shown:
    """Leave out the *count* stories, briefs and corrections that are worth least.

    Stories of a section stand in the order of their worth, and so do sections: first goes the
    last story of the longest section, or the oldest brief while there are many, until each
    section has one story and there are few briefs.  Then whole sections go, the last first, with
    heading and all.  Then the few briefs, what was added to earlier editions, and what was
    wrong in them; at the very last the first story.

    All that goes is counted (`Shown.missing`), so that a mail can say how much more its page
    has.  Trimming twice is trimming once by the sum.
    """
    gone = Counter(islice(_order(shown), count))
    sections = [_cut(section, gone[at]) for at, section in enumerate(shown.sections)]
    folded = sum(section.more for section in sections if not section.stories)
    return replace(
        shown,
        sections=tuple(section for section in sections if section.stories),
        more_stories=shown.more_stories + folded,
        briefs=_newest(shown.briefs, gone[_BRIEFS]),
        more_briefs=shown.more_briefs + gone[_BRIEFS],
        corrections=_weightiest(shown.corrections, gone[_CORRECTIONS]),
        more_corrections=shown.more_corrections + gone[_CORRECTIONS],
    )


def most_that_fits(total: int, render: Callable[[int], str], limit: int) -> tuple[int, str] | None:
    """The most of *total* things of which *render* makes at most *limit* octets, and its text.

    None if even without any of them it is too long.  Renders once when all fit, else about five
    times, whatever *total* is: the longest thing first, and then about as much as fits.

    Args:
        render: called with how many things to keep; more things must not make a shorter text.
    """
    whole = render(total)
    if (over := len(whole.encode())) <= limit:
        return total, whole
    if not total:
        return None
    least = render(0)
    if (under := len(least.encode())) > limit:
        return None
    best, too_many, poor = (0, least), total, 0
    while (width := too_many - best[0]) > 1:
        # Things are of about one size, so a guess by their share is good.  Where they are not,
        # guesses gain little from one side: then halve what is left.
        share = 0.5 if poor == _POOR else (limit - under) / (over - under)
        kept = best[0] + min(max(int(width * share), 1), width - 1)
        text = render(kept)
        size = len(text.encode())
        if size <= limit:
            best, under = (kept, text), size
        else:
            too_many, over = kept, size
        poor = poor % _POOR + 1 if too_many - best[0] > width // 2 else 0
    return best


def _order(shown: Shown) -> Iterator[int]:
    """Where one goes from, the least worth first: the place of a section, or a mark."""
    spare = [
        (float(length), at)
        for at, section in enumerate(shown.sections)
        for length in range(2, len(section.stories) + 1)
    ]
    spare += [
        (length / _BRIEFS_OF_A_STORY, _BRIEFS)
        for length in range(FEW_BRIEFS + 1, len(shown.briefs) + 1)
    ]
    # Of sections of one length the last; of two stories and eight briefs the story.
    yield from (at for _, at in sorted(spare, reverse=True))
    yield from range(len(shown.sections) - 1, 0, -1)
    yield from repeat(_BRIEFS, min(len(shown.briefs), FEW_BRIEFS))
    yield from repeat(_CORRECTIONS, len(shown.corrections))
    yield from range(min(len(shown.sections), 1))


def _cut(section: ShownSection, count: int) -> ShownSection:
    if not count:
        return section
    kept = section.stories[: len(section.stories) - count]
    return replace(section, stories=kept, more=section.more + count)


def _newest(briefs: Sequence[ShownBrief], gone: int) -> tuple[ShownBrief, ...]:
    """Without the oldest: the newest are what a reader has not heard.  A day is still named."""
    kept = tuple(briefs[gone:])
    days = [brief.day for brief in briefs[:gone] if brief.day]
    if kept and days and not kept[0].day:
        return replace(kept[0], day=days[-1]), *kept[1:]
    return kept


def _weightiest(corrections: Sequence[ShownCorrection], gone: int) -> tuple[ShownCorrection, ...]:
    """Without the oldest updates, and without corrections when there is no update left."""
    order = sorted(range(len(corrections)), key=lambda at: corrections[at].corrects)
    left = set(order[gone:])
    return tuple(told for at, told in enumerate(corrections) if at in left)
