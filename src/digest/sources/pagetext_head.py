"""The head of a saved page: headline, standfirst, byline, caption.

Behind the door: what may stand above, between and below them.  The byline is
found first, by its date or its "by"; the headline is the line above it that
looks most like one and shares its words with the text below.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from digest.sources.pagetext_briefs import Tick
from digest.sources.pagetext_byline import (
    Byline,
    Reader,
    bracket_start,
    may_be_caption,
    read_byline,
    split_caption,
)
from digest.sources.pagetext_lines import (
    Line,
    ends_sentence,
    is_promotion,
    is_prose,
    is_tags,
    size,
    stems,
    unbulleted,
)
from digest.sources.pagetext_names import (
    author_line,
    is_bare_by,
    is_bare_conjunction,
    is_desk,
    is_names,
    is_person,
    split_names,
)

#: How far above its byline a headline may stand, in lines.
HIGHEST = 10
#: A better byline is not looked for further below a good one than this, in lines.
FARTHEST = 40


@dataclass(slots=True)
class Head:
    """Where the parts of the head stand, and what they say."""

    title: int | None = None
    byline: Byline = field(default_factory=Byline)
    #: Lines of the byline, its repetition, the caption.
    taken: set[int] = field(default_factory=set)
    standfirst: str | None = None
    #: Of an "Author: ..." line in the head: it overrules the byline.
    signed: tuple[str, ...] = ()
    caption: str | None = None
    credit: str | None = None
    #: The first line that may be text.
    body: int = 0


def find_head(
    lines: Sequence[Line],
    ticks: Sequence[Tick],
    *,
    language: str | None,
    now: datetime | None = None,
) -> Head:
    """The head of the page's article; its title is None when there is no article.

    *now* is the day the page was filed under; it completes dates without a year.
    """

    @lru_cache(maxsize=256)
    def read(text: str) -> Byline | None:
        return read_byline(text, language=language, now=now)

    ticking = {tick.index for tick in ticks}
    head = Head()
    anchor = _anchor(lines, ticking, read)
    subject = _subject(lines, anchor or 0)
    if anchor is not None:
        block = _block(lines, anchor, ticking, read)
        head.byline = _read(lines, block, read, language)
        head.taken |= set(block)
        footer = _is_footer(lines, block, ticking)
        if not footer:
            head.title = _title_above(lines, min(block), ticking, subject)
            if head.title is None:
                head.title = _title_below(lines, max(block) + 1, ticking, subject)
        else:
            head.title = _title_first(lines, ticking, subject)
        after = (max(block) if not footer else head.title or 0) + 1
    else:
        head.title = _title_first(lines, ticking, subject)
        after = 0
    if head.title is None:
        return head
    head.body = max(after, head.title + 1)
    head.standfirst = _standfirst(lines, head)
    _take_signatures(lines, head, language)
    _take_bylines_below(lines, head, ticking, read, language)
    _take_caption(lines, head, ticking, read)
    _take_bylines_below(lines, head, ticking, read, language)
    return head


# ------------------------------------------------------------------------- byline


def _anchor(lines: Sequence[Line], ticking: Set[int], read: Reader) -> int | None:
    """The line that most looks like a byline among the first that do."""
    best: tuple[float, int] | None = None
    paragraphs = 0
    for index, line in enumerate(lines):
        if index in ticking:
            continue
        if best and index > best[1] + FARTHEST:
            break
        byline = None if len(line.text) > 300 else read(line.text)
        if byline is None or author_line(line.text) is not None:
            if best and is_prose(line.text):
                paragraphs += 1
                if paragraphs == 2:
                    break
            continue
        weight = _weight(byline)
        # A byline may stand twice; the first counts unless it is much the poorer.
        if weight >= 1 and (best is None or weight >= best[0] + 1):
            best = (weight, index)
    return best[1] if best else None


def _weight(byline: Byline) -> float:
    when = byline.published or byline.updated
    return (
        (2 if when else 0)
        + (0.5 if when and when.clock else 0)
        + (1.5 if byline.introduced else 1 if byline.authors else 0)
        + (0.5 if byline.reading_min is not None else 0)
    )


def _block(lines: Sequence[Line], anchor: int, ticking: Set[int], read: Reader) -> list[int]:
    """*anchor* and the lines around it that belong to the same byline."""
    block = [anchor]
    index = anchor - 1
    while index >= 0 and _continues(lines, index, index + 1, anchor, read):
        block.insert(0, index)
        index -= 1
    # A name right above a date is its author's, unless it is the only headline there is.
    first = block[0]
    named = any((read(lines[i].text) or Byline()).authors for i in block)
    if not named and first > 1 and not lines[first].gap_before and first - 1 not in ticking:
        name = lines[first - 1].text
        if is_person(name) or (is_desk(name) and is_names(name)):
            block.insert(0, first - 1)
            named = True
    index = anchor + 1
    while index < len(lines) and _continues(lines, index, index - 1, anchor, read):
        block.append(index)
        index += 1
    if not named and index < len(lines) and not lines[index].gap_before and index not in ticking:
        name = lines[index].text
        if is_person(name) and not lines[index].gap_after:
            block.append(index)
    return block


def _continues(
    lines: Sequence[Line], index: int, neighbour: int, anchor: int, read: Reader
) -> bool:
    """Whether line *index* goes on with the byline that *neighbour* belongs to."""
    line = lines[index]
    if abs(index - anchor) > HIGHEST or len(line.text) > 300:
        return False
    gap = line.gap_after if index < neighbour else line.gap_before
    byline = read(line.text)
    if byline is not None and author_line(line.text) is None:
        # A clock behind a gap may begin a brief or a timeline.
        alone = byline.clock is not None and not byline.dated
        return not (gap and alone)
    if gap:
        return False
    if is_bare_by(line.text) or is_bare_conjunction(line.text):
        return True
    # Names in a column under or above a lone "by" or "and".
    beside = lines[index - 1].text if index else ""
    under = is_bare_by(beside) or is_bare_conjunction(beside)
    return index > 0 and not line.gap_before and under and is_names(line.text)


def _read(
    lines: Sequence[Line], block: Sequence[int], read: Reader, language: str | None
) -> Byline:
    whole = Byline()
    names: list[str] = []
    for index in block:
        text = lines[index].text
        byline = read(text)
        if byline is not None:
            whole = whole.joined(byline)
        elif not is_bare_by(text) and not is_bare_conjunction(text):
            names += split_names(text, language)
    return whole.joined(Byline(authors=tuple(dict.fromkeys(names))))


def _is_footer(lines: Sequence[Line], block: Sequence[int], ticking: Set[int]) -> bool:
    """Whether the text stands above the byline: three paragraphs do, and no ticker."""
    top = min(block)
    if any(index < top for index in ticking):
        return False
    return sum(is_prose(line.text) for line in lines[:top]) >= 3


def _take_signatures(lines: Sequence[Line], head: Head, language: str | None) -> None:
    """Take "Author: ..." lines between the headline and where the body begins."""
    for index in range((head.title or 0) + 1, head.body):
        _sign(lines, index, head, language)


def _sign(lines: Sequence[Line], index: int, head: Head, language: str | None) -> bool:
    names = author_line(lines[index].text)
    signed = split_names(names, language) if names else ()
    if signed:
        head.signed = signed
        head.taken.add(index)
    return bool(signed)


def _take_bylines_below(
    lines: Sequence[Line], head: Head, ticking: Set[int], read: Reader, language: str | None
) -> None:
    """Take bylines that stand, or stand again, where the body should begin."""
    for index in range(head.body, min(head.body + 3, len(lines))):
        if index in ticking:
            break
        byline = read(lines[index].text)
        if _sign(lines, index, head, language):
            head.body = index + 1
        elif byline is None or (byline.clock is not None and not byline.dated):
            break
        else:
            head.byline = head.byline.joined(byline)
            head.taken.add(index)
            head.body = index + 1


# -------------------------------------------------------------------------- title


def _subject(lines: Sequence[Line], start: int) -> set[str]:
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


def _likeness(text: str, distance: int, subject: Set[str]) -> float:
    """How much *text* is like a headline; above 0 it may be one."""
    words = size(text)
    if len(text) > 300 or words < 1 or not any(char.isalpha() for char in text):
        return -9
    own = stems(text)
    weight = 3.0 if 4 <= words <= 30 else 1.0 if 2 <= words <= 40 else -2.0
    weight += 4 * len(own & subject) / len(own) if own else 0
    weight -= 4 if is_tags(text) or is_promotion(text) else 0
    weight -= 1.5 if text.endswith((".", "。", "…")) else 0
    weight -= 3 if text.endswith((":", ",")) or unbulleted(text) is not None else 0
    weight -= 3 if bracket_start(text) is not None else 0
    return weight - 0.6 * distance


def _best(
    lines: Sequence[Line], places: Iterable[tuple[int, int]], subject: Set[str]
) -> int | None:
    """The likeliest headline among *places*: pairs of a line and its distance."""
    weights = [
        (_likeness(lines[index].text, away, subject), -away, index) for index, away in places
    ]
    weight, _, index = max(weights, default=(0.0, 0, 0))
    return index if weight > 0 else None


def _title_above(
    lines: Sequence[Line], top: int, ticking: Set[int], subject: Set[str]
) -> int | None:
    places = []
    for away, index in enumerate(range(top - 1, max(-1, top - 1 - HIGHEST), -1)):
        if index in ticking:
            break
        if index - 1 in ticking and away:
            # The headline of a brief that stands before the article.
            break
        places.append((index, away))
    return _best(lines, places, subject)


def _title_below(
    lines: Sequence[Line], start: int, ticking: Set[int], subject: Set[str]
) -> int | None:
    places = []
    for away, index in enumerate(range(start, min(start + HIGHEST, len(lines)))):
        if index in ticking or (away and is_prose(lines[index].text)):
            break
        places.append((index, away))
    return _best(lines, places, subject)


def _title_first(lines: Sequence[Line], ticking: Set[int], subject: Set[str]) -> int | None:
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


def _standfirst(lines: Sequence[Line], head: Head) -> str | None:
    """The first sentence-like line between headline and byline."""
    if head.title is None or not head.taken:
        return None
    for index in range(head.title + 1, min(head.taken, default=0)):
        text = lines[index].text
        if size(text) >= 8 and not is_tags(text) and not is_promotion(text):
            return text
    return None


# ------------------------------------------------------------------------ caption


def _take_caption(lines: Sequence[Line], head: Head, ticking: Set[int], read: Reader) -> None:
    """Take the caption: the first line below the byline that ends in a balanced bracket, or
    that stands right under the byline with a gap below it."""
    for index in range(head.body, min(head.body + 3, len(lines))):
        text = lines[index].text
        if index in ticking or size(text) > 120 or author_line(text) is not None:
            return
        if bracket_start(text) is not None or (
            index == head.body
            and head.taken
            and not _tells_the_title(lines, head, text)
            and _stands_under(lines, index, read)
        ):
            head.caption, head.credit = split_caption(text)
            head.taken.add(index)
            head.body = index + 1
            return
        if is_prose(text):
            return


def _tells_the_title(lines: Sequence[Line], head: Head, text: str) -> bool:
    """Whether *text* is a first paragraph: a sentence that says the headline again."""
    title = stems(lines[head.title].text) if head.title is not None else set()
    return ends_sentence(text) and size(text) >= 12 and len(title & stems(text)) * 2 > len(title)


def _stands_under(lines: Sequence[Line], index: int, read: Reader) -> bool:
    line = lines[index]
    if line.gap_before or size(line.text) < 2 or not may_be_caption(line.text):
        return False
    rest = [other.text for other in lines[index + 1 : index + 12]]
    if not any(map(is_prose, rest)):
        return False
    if line.gap_after:
        return True
    # The byline once more below it; or the first paragraph in one run with it.
    following = lines[index + 1]
    if read(following.text) is not None:
        return True
    return following.gap_after and is_prose(following.text) and size(line.text) <= 40
