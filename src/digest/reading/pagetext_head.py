"""The head of a saved page: headline, standfirst, byline, caption.

Behind the door: what may stand above, between and below them.  The byline is
found first, by its date or its "by"; the headline is the line above it that
looks most like one and shares its words with the text below.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from digest.reading.pagetext_block import Around, gather, read_block, talk_of
from digest.reading.pagetext_briefs import Tick
from digest.reading.pagetext_byline import (
    Byline,
    Reader,
    bracket_start,
    credit_label,
    may_be_caption,
    read_byline,
    split_caption,
)
from digest.reading.pagetext_lines import (
    Line,
    ends_sentence,
    is_promotion,
    is_prose,
    is_tags,
    size,
    stems,
)
from digest.reading.pagetext_names import author_line, is_names, split_names
from digest.reading.pagetext_title import (
    is_score,
    kinship,
    likeness,
    subject_of,
    title_above,
    title_below,
    title_first,
)

#: A better byline is not looked for further below a good one than this, in lines.
FARTHEST = 40
#: Lines that may stand between a byline and the end of the caption below it.
LONGEST_RUN = 6


@dataclass(slots=True)
class Head:
    """Where the parts of the head stand, and what they say."""

    title: int | None = None
    byline: Byline = field(default_factory=Byline)
    #: Lines of the byline, its repetition, the caption.
    taken: set[int] = field(default_factory=set)
    #: Only those of the byline.
    byline_lines: tuple[int, ...] = ()
    standfirst: str | None = None
    #: Of an "Author: ..." line in the head: it overrules the byline.
    signed: tuple[str, ...] = ()
    caption: str | None = None
    credit: str | None = None
    #: Lines above the byline that are text none the less, such as a score.
    lead: list[int] = field(default_factory=list)
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
    subject = subject_of(lines, anchor or 0)
    around = Around(lines, read, ticking, subject, language, talk_of(lines))
    if anchor is None:
        head.title = title_first(lines, ticking, subject)
        after = 0
    else:
        after = _place(around, anchor, head)
    if head.title is None:
        return head
    head.body = max(after, head.title + 1)
    _take_standfirst(lines, head, subject)
    _take_signatures(lines, head, language)
    _take_bylines_below(lines, head, ticking, read, language)
    _take_caption(lines, head, ticking, read, subject)
    _take_bylines_below(lines, head, ticking, read, language)
    return head


def _place(around: Around, anchor: int, head: Head) -> int:
    """Set headline and byline of *head*; the first line that may be text."""
    lines, ticking, subject = around.lines, around.ticking, around.subject
    block = gather(around, anchor)
    head.byline = read_block(around, block)
    head.taken |= set(block)
    head.byline_lines = tuple(block)
    if _is_footer(lines, block, ticking):
        head.title = title_first(lines, ticking, subject)
        return (head.title or 0) + 1
    head.title = title_above(lines, block[0], ticking, subject)
    signed = _signed_below(lines, block[-1], around.read) if not head.byline.authors else None
    if signed is not None:
        # The date of the masthead, and the headline between it and its "by".
        lower = gather(around, signed)
        between = title_above(lines, lower[0], ticking, subject)
        if between is not None and between > block[-1] and _likelier(around, between, head.title):
            head.title, block = between, lower
            head.byline = read_block(around, lower).joined(head.byline)
            head.taken |= set(lower)
            head.byline_lines = tuple(lower)
    if head.title is None:
        head.title = title_below(lines, block[-1] + 1, ticking, subject)
    return block[-1] + 1


def _likelier(around: Around, index: int, than: int | None) -> bool:
    """Whether line *index* is more of a headline than line *than*."""
    weight = likeness(around.lines[index].text, 0, around.subject)
    other = -1.0 if than is None else likeness(around.lines[than].text, 0, around.subject)
    return weight >= 3 and weight > other


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


def _signed_below(lines: Sequence[Line], anchor: int, read: Reader) -> int | None:
    """The first "by" line below *anchor* and above the text."""
    for index in range(anchor + 1, min(anchor + FARTHEST, len(lines))):
        byline = read(lines[index].text) if len(lines[index].text) <= 300 else None
        if byline is not None and byline.introduced and byline.authors:
            return index
        if is_prose(lines[index].text):
            return None
    return None


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


# --------------------------------------------------------------------- standfirst


def _take_standfirst(lines: Sequence[Line], head: Head, subject: Set[str]) -> None:
    """Take the first sentence-like line between headline and byline, and leave to the body
    what else stands there and tells of the same."""
    if head.title is None or not head.byline_lines:
        return
    for index in range(head.title + 1, min(head.byline_lines)):
        text = lines[index].text
        if is_tags(text) or is_promotion(text) or author_line(text) is not None:
            continue
        kin = kinship(text, subject) > 0 and size(text) >= 4 and not is_names(text)
        if head.standfirst is None and not is_score(text) and (kin or size(text) >= 8):
            head.standfirst = text
        elif kin:
            head.lead.append(index)


# ------------------------------------------------------------------------ caption


def _take_caption(
    lines: Sequence[Line], head: Head, ticking: Set[int], read: Reader, subject: Set[str]
) -> None:
    """Take the caption: the first line below the byline that ends in a balanced bracket, or
    that stands right under the byline with a gap below it."""
    run = True
    for index in range(head.body, min(head.body + LONGEST_RUN, len(lines))):
        text = lines[index].text
        if index in ticking or size(text) > 120 or author_line(text) is not None:
            return
        # Labels such as "Image caption" stand in one run with it.
        run = run and (index == head.body or not lines[index].gap_before)
        if not run and index >= head.body + 3:
            return
        # "Share", "1 of 4"
        buttons = run and all(size(line.text) <= 3 for line in lines[head.body : index])
        if (
            bracket_start(text) is not None
            or (buttons and credit_label(text) is not None and not is_prose(text))
            or (
                buttons
                and head.taken
                and not _tells_the_title(lines, head, text)
                and _stands_under(lines, index, read, subject)
            )
        ):
            head.caption, head.credit = split_caption(text)
            head.taken |= set(range(head.body, index + 1)) if run else {index}
            head.body = index + 1
            return
        if is_prose(text):
            return


def _tells_the_title(lines: Sequence[Line], head: Head, text: str) -> bool:
    """Whether *text* is a first paragraph: a sentence that says the headline again."""
    title = stems(lines[head.title].text) if head.title is not None else set()
    return ends_sentence(text) and size(text) >= 12 and len(title & stems(text)) * 2 > len(title)


def _stands_under(lines: Sequence[Line], index: int, read: Reader, subject: Set[str]) -> bool:
    line = lines[index]
    if line.gap_before or size(line.text) < 2 or not may_be_caption(line.text):
        return False
    # A button tells nothing of what the text tells.
    if not ends_sentence(line.text) and not kinship(line.text, subject):
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
