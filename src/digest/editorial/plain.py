"""What a source told, read without trust: text on one line, a headline, a believable date.

Behind both `clean` and `identity`, which must read an entry alike.  Knows no ids, makes no items.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from digest.editorial.sentences import split_sentences
from digest.model import Block, RawItem

#: Characters of a headline; longer ones are cut at a word.
TITLE_CHARS = 300
#: A clock or a zone may be wrong by hours, not by more.
_FUTURE = timedelta(days=1)

_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")

#: White space in all its forms, and the control characters that stand for it.
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
#: Invisible characters: zero width, bidi marks and overrides, fillers, tags, what is no character.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_JOINER = re.compile("[\u200c\u200d]+")
_EMOJI = frozenset({"So", "Sk"})


def plain(text: str) -> str:
    """*text* on one line, composed (NFC), without control and invisible characters."""
    if text.isascii():
        # Of printable characters the blank is the only one to fold: ten times as fast.
        return " ".join(text.split()) if text.isprintable() else _BLANK.sub(" ", text).strip()
    text = _JOINER.sub(_joiner, _UNSEEN.sub("", text))
    return _BLANK.sub(" ", unicodedata.normalize("NFC", text)).strip()


def _joiner(found: re.Match[str]) -> str:
    """Joiners are spelling in Persian and Indic words and glue in emoji; elsewhere, disguise."""
    text, mark = found.string, found.group()[0]
    before = text[found.start() - 1] if found.start() else " "
    after = text[found.end()] if found.end() < len(text) else " "
    if all("\u0600" <= letter <= "\u0dff" for letter in (before, after)):
        return mark
    glued = mark == "\u200d" and unicodedata.category(after) == "So"
    return mark if glued and (before == "\ufe0f" or unicodedata.category(before) in _EMOJI) else ""


def plain_blocks(raw: RawItem) -> tuple[Block, ...]:
    """The body of *raw* without the blocks that show nothing."""
    return tuple(
        Block(kind=block.kind, text=text) for block in raw.blocks if (text := plain(block.text))
    )


def language_tag(told: str | None, source: str | None) -> str | None:
    """What the item says of its language, else its source; None where neither is BCP 47."""
    for tag in (told, source):
        tidy = (tag or "").strip().replace("_", "-")
        if _LANGUAGE.fullmatch(tidy):
            return tidy
    return None


def headline_of(raw: RawItem, blocks: Sequence[Block], language: str | None) -> str:
    """Its headline, whole; the first sentence of the text where it has none; "" if neither."""
    title = plain(raw.title)
    if title:
        return title
    text = blocks[0].text if blocks else plain(raw.standfirst or "")
    spans = split_sentences(text[: 4 * TITLE_CHARS], language)
    return text[spans[0][0] : spans[0][1]] if spans else ""


def believable(when: datetime | None, seen: datetime | None) -> datetime | None:
    """*when* in UTC; None if it cannot be: year 1, or more than a day after *seen*."""
    if when is None:
        return None
    try:
        moment = when.astimezone(UTC)
    except OverflowError:  # year 1 in a zone east of UTC: some software's "no date"
        return None
    if moment.year <= 1 or (seen is not None and moment - seen > _FUTURE):
        return None
    return moment
