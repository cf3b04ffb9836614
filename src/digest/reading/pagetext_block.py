"""The byline of a saved page, gathered: the lines around a date that belong to it.

Behind the door: names without a "by", places and jobs beside them, labels on lines of their
own.  A name is whoever the text does not talk about: places and teams come back in it.
"""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

from digest.reading.date_words import UPDATED_STEMS
from digest.reading.pagetext_byline import Byline, Reader, bracket_start
from digest.reading.pagetext_lines import Line, ends_sentence, is_prose, is_tags, size
from digest.reading.pagetext_names import (
    author_line,
    goes_on,
    is_bare_by,
    is_bare_conjunction,
    is_desk,
    is_names,
    is_person,
    is_role,
    named_first,
    split_names,
)
from digest.reading.pagetext_title import HIGHEST, likeness

#: Lines between two of a byline that may say something else: a job, "Published".
LONGEST_BRIDGE = 2

_UPDATED = re.compile("|".join(map(re.escape, UPDATED_STEMS)), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of a page when its byline is gathered."""

    lines: Sequence[Line]
    read: Reader
    ticking: Set[int]
    subject: Set[str]
    language: str | None
    #: The masthead and the first paragraphs, without the words they begin with.
    talk: str

    def names(self, text: str) -> tuple[str, ...]:
        """The authors that a line without a "by" names; () if it names none."""
        names = named_first(text, self.language)
        kept = tuple(name for name in names if name not in self.talk)
        return kept if kept and names[0] == kept[0] else ()


def talk_of(lines: Sequence[Line]) -> str:
    """What the page talks about: the text in which the names of authors are not met."""
    # The masthead, unless it is a byline.
    dated = any(char.isdigit() for line in lines[:2] for char in line.text)
    said = [line.text for line in lines[:1] if not dated and size(line.text) > 2]
    for line in lines:
        if is_prose(line.text):
            said.append(line.text[:2000].partition(" ")[2])
        if len(said) == 15:
            break
    return "\n".join(said)


def gather(around: Around, anchor: int) -> list[int]:
    """*anchor* and the lines around it that belong to the same byline."""
    block = [anchor]
    while (first := _joined_above(around, block, anchor)) is not None:
        block = [*range(first, block[0]), *block]
    while (last := _joined_below(around, block, anchor)) is not None:
        block = [*block, *range(block[-1] + 1, last + 1)]
    if not _authors(around, block):
        block = _with_name(around, block)
    return block


def read_block(around: Around, block: Sequence[int]) -> Byline:
    """What the lines of *block* say together."""
    whole = Byline()
    names: list[str] = []
    label = ""
    joins = True
    for index in block:
        text = around.lines[index].text
        byline = around.read(text)
        if byline is not None:
            labelled = around.read(f"{label} {text}") if label else None
            whole = whole.joined(_without_talk(labelled or byline, around.talk))
            label = ""
            joins = joins and not byline.authors
        elif is_bare_by(text) or is_bare_conjunction(text):
            joins = True
        else:
            label = text if _UPDATED.search(text) and size(text) <= 4 else ""
            under_by = joins and index > 0 and _introduces(around.lines[index - 1].text)
            found = split_names(text, around.language) if under_by else around.names(text)
            if found and (joins or goes_on(text, around.language)) and not is_role(text):
                names += found
                joins = False
    return whole.joined(Byline(authors=tuple(dict.fromkeys(names))))


def _without_talk(byline: Byline, talk: str) -> Byline:
    """*byline* without places: "Port Selby - 12 MAR 2025" if the text talks of Port Selby."""
    if byline.introduced or not any(name in talk for name in byline.authors):
        return byline
    kept = tuple(name for name in byline.authors if name not in talk)
    return Byline(
        kept, byline.published, byline.updated, byline.clock, byline.reading_min, introduced=False
    )


def _introduces(text: str) -> bool:
    return is_bare_by(text) or is_bare_conjunction(text)


def _authors(around: Around, block: Sequence[int]) -> tuple[str, ...]:
    return read_block(around, block).authors


# ------------------------------------------------------------- lines of one byline


def _joined_above(around: Around, block: Sequence[int], anchor: int) -> int | None:
    """The line from which on the lines above *block* belong to it."""
    lines, top = around.lines, block[0]
    if top == 0 or anchor - top >= HIGHEST:
        return None
    if _continues(around, top - 1, top):
        return top - 1
    if top - 1 in around.ticking:
        return None
    if _is_label(around, top - 1):
        return top - 1
    # The name above a site's or a team's.
    if top < anchor and not lines[top].gap_before and _begins(around, top - 1):
        return top - 1
    for index in range(top - 2, max(-1, top - 2 - LONGEST_BRIDGE), -1):
        if index < 0 or not _is_bridge(around, index + 1):
            return None
        if lines[index].gap_after or index in around.ticking:
            return None
        if _begins(around, index):
            return index
    return None


def _joined_below(around: Around, block: Sequence[int], anchor: int) -> int | None:
    """The line up to which the lines below *block* belong to it."""
    lines, end = around.lines, block[-1]
    if end + 1 >= len(lines) or end - anchor >= HIGHEST:
        return None
    if _continues(around, end + 1, end):
        return end + 1
    if end + 1 in around.ticking:
        return None
    for index in range(end + 2, min(len(lines), end + 3 + LONGEST_BRIDGE)):
        if not _is_bridge(around, index - 1) or lines[index].gap_before:
            return None
        if index in around.ticking:
            return None
        byline = around.read(lines[index].text)
        if byline is not None and author_line(lines[index].text) is None:
            return index
    return None


def _is_bridge(around: Around, index: int) -> bool:
    """Whether line *index* may stand inside a byline: a label, a job, a place."""
    line = around.lines[index]
    return (
        not line.gap_before
        and not line.gap_after
        and size(line.text) <= 6
        and not ends_sentence(line.text)
    )


def _is_label(around: Around, index: int) -> bool:
    """Whether line *index* is a word or two right above a date, such as "Published"."""
    line = around.lines[index]
    return (
        not line.gap_after
        and size(line.text) <= 2
        and (line.gap_before or is_role(around.lines[index - 1].text))
        and _has_headline(around, index)
        and not around.names(line.text)
    )


def _begins(around: Around, index: int) -> bool:
    """Whether a byline may begin at line *index*: with a "by", or a name under a headline."""
    text = around.lines[index].text
    byline = around.read(text)
    if byline is not None and author_line(text) is None:
        return byline.introduced or byline.dated
    if is_bare_by(text):
        return True
    return bool(around.names(text)) and _has_headline(around, index)


def _has_headline(around: Around, below: int) -> bool:
    """Whether a headline likelier than what is on it and under it stands above line *below*."""
    rivals = [likeness(line.text, 0, around.subject) for line in around.lines[below : below + 2]]
    above = [line.text for line in around.lines[max(0, below - 4) : below]]
    best = max((likeness(text, 0, around.subject) for text in above), default=-1.0)
    return best >= 3 and best > max(rivals[1:], default=0.0) - 1.5


def _continues(around: Around, index: int, neighbour: int) -> bool:
    """Whether line *index* goes on with the byline that *neighbour* belongs to."""
    lines, line = around.lines, around.lines[index]
    if len(line.text) > 300:
        return False
    gap = line.gap_after if index < neighbour else line.gap_before
    byline = around.read(line.text)
    if byline is not None and author_line(line.text) is None:
        # A clock behind a gap may begin a brief or a timeline.
        alone = byline.clock is not None and not byline.dated and byline.reading_min is None
        return not (gap and alone)
    if gap:
        return False
    if is_bare_by(line.text) or is_bare_conjunction(line.text):
        return True
    # "Updated" on a line of its own, the date under it.
    if index < neighbour and size(line.text) <= 3 and _UPDATED.search(line.text):
        return True
    # Names in a column under or above a lone "by" or "and".
    beside = lines[index - 1].text if index else ""
    return index > 0 and not line.gap_before and _introduces(beside) and is_names(line.text)


# -------------------------------------------------------------- names without "by"


def _with_name(around: Around, block: Sequence[int]) -> list[int]:
    """*block* and the line right above or below it that names its author."""
    lines = around.lines
    above, below = block[0] - 1, block[-1] + 1
    if above > 0 and above not in around.ticking and around.names(lines[above].text):
        close = not lines[above].gap_after or _stands_for_a_name(around, above)
        if close and _has_headline(around, above):
            return [above, *block]
    # A job between the name and the date; both may stand in a run of their own.
    together = above > 1 and (not lines[above].gap_after or lines[above - 1].gap_before)
    if together and _is_job(around, above) and _begins(around, above - 1):
        return [above - 1, above, *block]
    if below < len(lines) and below not in around.ticking and around.names(lines[below].text):
        close = not lines[below].gap_before
        if close or (_stands_for_a_name(around, below) and not _runs_into_text(around, below)):
            return [*block, below]
    return list(block)


def _runs_into_text(around: Around, index: int) -> bool:
    """Whether a paragraph follows line *index* without a gap, which then is its subhead."""
    line, following = around.lines[index], around.lines[index + 1 : index + 2]
    return not line.gap_after and any(
        is_prose(one.text) and bracket_start(one.text) is None for one in following
    )


def _stands_for_a_name(around: Around, index: int) -> bool:
    """Whether line *index*, with a gap towards its date, is a person and nothing else."""
    text = around.lines[index].text
    return is_person(text) or (is_desk(text) and is_names(text))


def _is_job(around: Around, index: int) -> bool:
    line = around.lines[index]
    return (
        not line.gap_before
        and size(line.text) <= 8
        and not ends_sentence(line.text)
        and not is_tags(line.text)
    )
