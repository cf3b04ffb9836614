"""Bylines: what a line of names, dates, clocks and reading times says.

Behind the door: bylines on one line or on six, twice, in any order of their
parts.  Not behind it: where on the page a byline stands.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.reading.date_clocks import Clock, find_clock, plain_digits
from digest.reading.date_relative import tells_from_now
from digest.reading.date_words import UPDATED_STEMS
from digest.reading.dates import Found, find_dates
from digest.reading.pagetext_lines import LONGEST_SHORT, ends_sentence, is_tags, size
from digest.reading.pagetext_names import (
    after_by,
    author_line,
    is_desk,
    is_names,
    is_person,
    named_first,
    split_names,
)


@dataclass(frozen=True, slots=True)
class Byline:
    """What the lines of a byline say together."""

    authors: tuple[str, ...] = ()
    published: Found | None = None
    updated: Found | None = None
    #: A clock on a line of its own, to be read with a day found elsewhere.
    clock: Clock | None = None
    #: Minutes.
    reading_min: int | None = None
    #: A "by" stood before the names.
    introduced: bool = False

    @property
    def dated(self) -> bool:
        return self.published is not None or self.updated is not None

    def joined(self, other: "Byline") -> "Byline":
        """Both together; what *self* says wins."""
        return Byline(
            authors=self.authors or other.authors,
            published=_fuller(self.published, other.published),
            updated=self.updated or other.updated,
            clock=self.clock or other.clock,
            reading_min=self.reading_min if self.reading_min is not None else other.reading_min,
            introduced=self.introduced or other.introduced,
        )


#: Reads one line of one page, whose language and day it knows.
Reader = Callable[[str], Byline | None]


def _fuller(one: Found | None, other: Found | None) -> Found | None:
    """The first date, unless the second is the same day and knows the clock."""
    if one and other and one.day == other.day and one.clock is None:
        return other
    return one or other


_MINUTES = (
    r"(?:min[a-zę]{0,6}|mn|хв[а-яі]{0,6}|мин[а-я]{0,3}|dk|dakika|perc|λεπτ[άό]|دقائق|دقيقة|דקות|분|分钟?)"
    r"(?!\w)\.?"
)
_READING_WORD = (
    r"(?:read(?:ing)?(?:\s+time)?|lese(?:zeit|dauer)?|gelesen|de lecture|lecture|de lectura|lectura"
    r"|di lettura|lettura|de leitura|leitura|czytania|читання|на читання|чтения|на чтение|leestijd"
    r"|lästid|lesetid|læsetid|lukuaika|okuma|olvasás|ανάγνωσης|قراءة|קריאה|阅读|閱讀)"
)
_READING = re.compile(
    rf"(?:{_READING_WORD}\s*:?\s*(?:ca\.\s*|~\s*)?(\d{{1,3}})\s?-?{_MINUTES}"
    rf"|(?<!\d)(\d{{1,3}})\s?-?{_MINUTES}\s?{_READING_WORD}(?!\w)|(?<![\w:.])(\d{{1,3}})\s?{_MINUTES}$)\.?",
    re.IGNORECASE,
)
#: A part of a line that is minutes and a few words around them: "about 4 minutes to read".
_READING_PART = re.compile(
    rf"[^\d\x00]{{0,32}}?(?<![\w:,])(?<!\d\.)(\d{{1,3}})\s?-?{_MINUTES}(?:\s[^\d\x00]{{0,24}})?",
    re.IGNORECASE,
)
#: Minutes; bare ones beyond it are for cooking or walking.
LONGEST_READING = 30
_SPLIT = re.compile(r"[|•·\x00]|\s[–—-]\s")
_PUBLISHED_WORD = re.compile(
    r"^(?:(?:first )?publi\w*|posted|created|erschienen|veröffentlicht|erstellt|stand|dodan[oy]|"
    r"опубл\w*|додано|размещено|pubblicat\w*|publicerad|publisert|offentliggjort|julkaistu|"
    r"megjelent|yayın\w*|δημοσ\w*|نشر\w*|تاريخ النشر|发布\w*|on|at|am|um|den|der|le|à|a las|las|el|"
    r"il|alle|ore|alle ore|godz\.?|о|в|от|o|kl\.?|klo|om|op|às|ás|em|den|"
    r"uhr|hrs?|в\.|р\.?|року|г\.?|r\.?)$",
    re.IGNORECASE,
)
_UPDATED = re.compile("|".join(map(re.escape, UPDATED_STEMS)), re.IGNORECASE)
_HAS_DIGIT = re.compile(r"\d")


def read_byline(
    text: str, *, language: str | None = None, now: datetime | None = None
) -> Byline | None:
    """What *text* says if it is a line of a byline, else None.

    With *now*, the day the page was filed under, dates without a year are read too.

    Names alone are no byline: on a page they could be anything.
    """
    if len(text) > LONGEST_SHORT:
        return None
    introduced = after_by(text) is not None
    if not introduced and _HAS_DIGIT.search(text) is None:
        return None
    plain = plain_digits(text)
    minutes, cut = _reading_part(plain, language)
    reading = _READING.search(plain) if minutes is None else None
    if reading and not tells_from_now(plain, language):
        cut = _blank(plain, reading.start(), reading.end())
        minutes = next((int(group) for group in reading.groups() if group), None)
    dates = list(find_dates(cut, language=language, now=now))
    published, updated = _told_apart(cut, dates)
    for found in dates:
        cut = _blank(cut, found.start, found.end)
    if minutes is None:
        minutes, cut = _reading_part(cut, language)
    clock = find_clock(cut) if not dates else None
    if clock:
        cut = _blank(cut, clock.start, clock.end)
    # Cut out of the text itself: what was made plain has the same length.
    rest = "".join(a if b != _CUT else _CUT for a, b in zip(text, cut, strict=True))
    if not (dates or clock or minutes is not None or introduced):
        return None
    authors, introduced = _authors(rest, language)
    if authors is None or (introduced and not authors):
        return None
    if not (dates or clock or minutes is not None) and not (introduced and authors):
        return None
    return Byline(authors, published, updated, clock, minutes, introduced)


def _reading_part(text: str, language: str | None) -> tuple[int | None, str]:
    """The minutes of the part of *text* that tells a reading time, and *text* without that
    part and without parts such as "2 hours ago"."""
    minutes: int | None = None
    cut = text
    start = 0
    for part in (*_SPLIT.finditer(text), None):
        end = part.start() if part else len(text)
        inside = text[start:end].strip()
        found = _READING_PART.fullmatch(inside) if size(inside) <= 7 else None
        if inside[:1].isdigit() or found:
            if tells_from_now(inside, language):
                cut = _blank(cut, start, end)
            elif found and int(found[1]) <= LONGEST_READING:
                minutes, cut = int(found[1]), _blank(cut, start, end)
        start = part.end() if part else end
    return minutes, cut


#: Stands where a date was; no page uses it.
_CUT = "\x00"


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + _CUT * (end - start) + text[end:]


def _told_apart(text: str, dates: Sequence[Found]) -> tuple[Found | None, Found | None]:
    """Which date is the publication's and which the change's: by label, else by place."""
    published: Found | None = None
    updated: Found | None = None
    reach = 0
    for found in dates:
        label = text[reach : found.start]
        reach = found.end
        if _UPDATED.search(label) or published is not None:
            updated = updated or found
        else:
            published = found
    return published, updated


def _authors(rest: str, language: str | None) -> tuple[tuple[str, ...] | None, bool]:
    """Names left when dates are cut out of a line; None when what is left is no name.

    The second value tells whether a "by" introduced them.
    """
    introduced = False
    names: tuple[str, ...] = ()
    for segment in re.split(rf"{_CUT}+|[|•·]|\s[–—-]+\s", rest):
        segment = _trimmed(segment)
        if not segment:
            continue
        told = after_by(segment) or author_line(segment)
        if told is not None and is_names(_trimmed(told), introduced=True):
            names += split_names(_trimmed(told), language)
            introduced = True
        elif _says_nothing(segment):
            continue
        elif is_names(segment):
            found = split_names(segment, language)
            # One word is a category or a town rather than an author.
            names += tuple(n for n in found if len(n.split()) > 1 or is_desk(n) or len(found) > 1)
        elif not names and (placed := named_first(segment, language)):
            names += placed
        # "by Ann Lee | photos by Bo Mar"
        elif not (introduced and names and size(segment) <= 5):
            return None, False
    return tuple(dict.fromkeys(names)), introduced


def _says_nothing(segment: str) -> bool:
    """Whether *segment* is the label of a change, or tags."""
    if _UPDATED.search(segment) and len(segment) < 40:
        return True
    # "Serves 6"
    if size(segment) <= 3 and _HAS_DIGIT.search(segment):
        return True
    # The "Di." of a day, the "ca." of a reading time.
    if (size(segment) == 1 and len(segment) <= 4) or (segment.islower() and size(segment) <= 2):
        return True
    return is_tags(segment) and not any(map(is_person, re.split(r"\s*,\s*", segment)))


def _trimmed(segment: str) -> str:
    """*segment* without brackets, labels and the little words around dates."""
    segment = segment.strip(" ,;:–—-()[]/•|*")
    if segment.endswith(".") and not re.search(r"(?:^|\s)[^\W\d_]{1,2}\.$", segment):
        segment = segment[:-1]
    while segment:
        words = segment.split()
        if _PUBLISHED_WORD.match(segment):
            return ""
        if _PUBLISHED_WORD.match(words[-1]) and not is_desk(segment):
            segment = " ".join(words[:-1]).strip(" ,;:–—-(")
        elif _PUBLISHED_WORD.match(words[0].rstrip(":")) and after_by(segment) is None:
            segment = " ".join(words[1:]).strip(" ,;:–—-(")
        else:
            break
    return segment


def split_caption(text: str) -> tuple[str | None, str | None]:
    """Caption and credit: the credit stands in the balanced bracket that ends the line.

    A line without one may name the photographer behind a copyright sign or a label.
    """
    start = bracket_start(text)
    if start is not None:
        credit = text[start + 1 : -1].strip()
        return text[:start].strip() or None, credit or None
    label = credit_label(text)
    if label:
        return text[: label.start()].strip(" |–—-") or None, label[1].strip()
    return text or None, None


_CREDIT = re.compile(
    r"\s*(?:©|\b(?:Photo(?:graph)?|Foto|Fotoğraf|Фото|Image|Bild|Crédit|Credit|Zdj\.|Picture|صورة)"
    r"\s*(?:by|:|©))\s*([^.!?]{3,120})$"
)


def credit_label(text: str) -> re.Match[str] | None:
    """The label ("Photo:", a copyright sign) and the name behind it that end *text*."""
    return _CREDIT.search(text[-200:]) and _CREDIT.search(text)


def bracket_start(text: str) -> int | None:
    """Where the bracket opens that closes at the end of *text*; None without a balanced one."""
    pairs = {")": "(", "]": "[", "）": "（"}
    opening = pairs.get(text[-1:])
    if opening is None:
        return None
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        if text[place] == text[-1]:
            depth += 1
        elif text[place] == opening:
            depth -= 1
            if depth == 0:
                return place
    return None


def may_be_caption(text: str) -> bool:
    """Whether a line without a bracket is short enough for a caption."""
    sentences = len(re.findall(r"[.!?…。](?=\s+[^\W\d_]|$)", text))
    return len(text) <= 350 and sentences <= 3 and (ends_sentence(text) or len(text) <= 250)
