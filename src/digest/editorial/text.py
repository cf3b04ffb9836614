"""Words: tokens that work in any script, and their stems.

Knows nothing about items' meaning; sentences are in `sentences`.
"""

import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from digest.editorial.language import UNSPACED, language_of, script_of
from digest.model import Item

#: Characters of an item that are read for judging it; nobody's news begins later.
HEAD_CHARS = 20_000
#: Who matters is named within so many words.
_NAMES_WORDS = 800
#: Different words that are remembered folded; a day of news in one language has half of them.
_REMEMBERED = 1 << 17
#: What is longer is a run of an unspaced script, or no word.
_LONGEST = 40
#: Script and language are told by so many words.
_OPENING_WORDS = 200


def _marks() -> str:
    """Combining marks as a character class: `re` does not count them as letters."""
    points = [p for p in range(0x300, 0x1D00) if unicodedata.category(chr(p)).startswith("M")]
    return "".join(map(chr, points))


#: In a group, so that `split` gives words and what stands between them in one pass.
_TOKEN = re.compile(rf"([^\W_]++(?:(?:[{_marks()}]|['’ʼ](?=[^\W\d_]))[^\W_]*+)*+)")
_ELISION = re.compile(r"^(?:qu|[cdjlmnst])['’ʼ]")
_SPACE = re.compile(r"\s+")
_SENTENCE_OPENS_AFTER = tuple('.!?…:"“«„‘•—–-*(')


def fold_space(text: str) -> str:
    """*text* on one line, with single blanks."""
    return _SPACE.sub(" ", text).strip()


def _pieces(token: str) -> Iterable[str]:
    """A run of an unspaced script becomes its character pairs; anything else stays."""
    end = 0
    for match in UNSPACED.finditer(token):
        if match.start() > end:
            yield token[end : match.start()]
        run = match.group()
        yield from (run[i : i + 2] for i in range(max(1, len(run) - 1)))
        end = match.end()
    if end < len(token):
        yield token[end:]


class _Folded(dict[str, str]):
    """Each word as written → folded; of an unspaced script, its pairs with blanks between."""

    def __missing__(self, token: str) -> str:
        word = token.casefold().replace("’", "'").replace("ʼ", "'")
        if "'" in word:
            word = _ELISION.sub("", word.removesuffix("'s") if word.isascii() else word)
        if not word.isascii():
            word = " ".join(_pieces(word))
        if len(token) > _LONGEST:
            return word
        if len(self) >= _REMEMBERED:
            self.clear()
        # One string for each word: a day has half a million of them.
        self[token] = word = sys.intern(word)
        return word


_FOLDED = _Folded()


def tokens(text: str) -> list[str]:
    """The words of *text*, case folded; unspaced scripts give character pairs."""
    return _fold(_TOKEN.findall(text), text)


def _fold(found: Sequence[str], text: str) -> list[str]:
    words = [_FOLDED[token] for token in found]
    if text.isascii() or not UNSPACED.search(text):
        return words
    return [sys.intern(piece) for word in words for piece in word.split(" ")]


def names(text: str) -> frozenset[str]:
    """Folded words that are capitalised although no sentence begins with them."""
    return _names(_TOKEN.split(text), text)


def _names(parts: Sequence[str], text: str) -> frozenset[str]:
    """Of *text* as `_TOKEN` splits it: each word, and before it what stands between."""
    before, found = parts[:-1:2], parts[1::2]
    named = [
        token
        for between, token in zip(before, found, strict=True)
        if token[0].isupper() and (between == " " or not _opens_sentence(between))
    ]
    if before and not before[0].strip() and named and named[0] is found[0]:
        del named[0]
    return frozenset(_fold(named, text))


def _opens_sentence(between: str) -> bool:
    return between.rstrip().endswith(_SENTENCE_OPENS_AFTER)


def count_words(text: str) -> int:
    """Words as a reader counts them; two characters of an unspaced script are one word."""
    if text.isascii():
        return len(text.split())
    loose = sum(map(len, UNSPACED.findall(text)))
    return len(UNSPACED.sub(" ", text).split()) + (loose + 1) // 2


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """The word less the endings that news changes most: an English plural, a Slavic case.

    Crude on purpose: it must never need a dictionary, and serves comparison only.
    """
    if word.isascii():
        if len(word) > 4 and word.endswith("ies"):
            return word[:-3] + "y"
        if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
            return word[:-1]
        return word
    if len(word) > 4 and is_inflected(word):
        return word[: max(4, len(word) - 2)]
    return word


def is_inflected(word: str) -> bool:
    """Greek and Cyrillic, whose words change their last letters."""
    return "\u0370" <= word[0] <= "\u052f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An item as words, computed once: clusters, sections and headlines share it."""

    item: Item
    title: tuple[str, ...]
    #: Of the text, or of the standfirst when there is next to no text.
    body: tuple[str, ...]
    #: Words that look like names.
    names: frozenset[str]
    script: str
    language: str | None


def read(item: Item) -> Reading:
    """Read the first `HEAD_CHARS` of *item*; every word of it once."""
    text = head(item)
    standfirst = item.standfirst or ""
    if len(text) < 120 and len(standfirst) > len(text):
        text = standfirst[:HEAD_CHARS]
    parts = _TOKEN.split(text)
    title, body = tuple(tokens(item.title)), tuple(_fold(parts[1::2], text))
    opening = (title + body)[:_OPENING_WORDS]
    return Reading(
        item=item,
        title=title,
        body=body,
        names=_names(parts[: 2 * _NAMES_WORDS + 1], text) | _title_names(item.title),
        script=script_of(opening),
        language=language_of(opening, item.language),
    )


def head(item: Item) -> str:
    """The beginning of the text, without joining an enormous one first."""
    parts: list[str] = []
    room = HEAD_CHARS
    for block in item.blocks:
        if room <= 0:
            break
        parts.append(block.text[:room])
        room -= len(block.text) + 2
    return "\n\n".join(parts)


def _title_names(title: str) -> frozenset[str]:
    """Capitals mean something in a headline only where not every word has one."""
    parts = _TOKEN.split(title)
    found = parts[1::2]
    capitals = sum(word[0].isupper() for word in found)
    return _names(parts, title) if capitals < 0.6 * len(found) else frozenset()
