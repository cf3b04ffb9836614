"""Words: tokens that work in any script, their stems, and which language they are of.

Knows nothing about items' meaning; sentences are in `sentences`.
"""

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from digest.editorial.words import STOP_WORDS
from digest.model import Item

#: Characters of an item that are read for judging it; nobody's news begins later.
HEAD_CHARS = 20_000
#: Who matters is named by here.
_NAMES_CHARS = 5_000


def _marks() -> str:
    """Combining marks as a character class: `re` does not count them as letters."""
    points = [p for p in range(0x300, 0x1D00) if unicodedata.category(chr(p)).startswith("M")]
    return "".join(map(chr, points))


_MARKS = _marks()
_TOKEN = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}]|['’ʼ](?=[^\W\d_]))*")
#: Scripts that do not put blanks between words: Thai, Lao, Khmer, kana, Han.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_ELISION = re.compile(r"^(?:qu|[cdjlmnst])['’ʼ]")
_SPACE = re.compile(r"\s+")
_SENTENCE_OPENS_AFTER = frozenset('.!?…:"“«„‘•—–-*(')


def fold_space(text: str) -> str:
    """*text* on one line, with single blanks."""
    return _SPACE.sub(" ", text).strip()


def _pieces(token: str) -> Iterable[str]:
    """A run of an unspaced script becomes its character pairs; anything else stays."""
    end = 0
    for match in _UNSPACED.finditer(token):
        if match.start() > end:
            yield token[end : match.start()]
        run = match.group()
        yield from (run[i : i + 2] for i in range(max(1, len(run) - 1)))
        end = match.end()
    if end < len(token):
        yield token[end:]


@lru_cache(maxsize=1 << 16)
def _folded(token: str) -> tuple[str, ...]:
    word = token.casefold().replace("’", "'").replace("ʼ", "'")
    if word.isascii():
        if "'" in word:
            word = _ELISION.sub("", word.removesuffix("'s"))
        return (sys.intern(word),) if word else ()
    word = _ELISION.sub("", word)
    return tuple(map(sys.intern, _pieces(word))) if _UNSPACED.search(word) else (sys.intern(word),)


def tokens(text: str) -> list[str]:
    """The words of *text*, case folded; unspaced scripts give character pairs."""
    return [piece for found in _TOKEN.findall(text) for piece in _folded(found)]


def names(text: str) -> frozenset[str]:
    """Folded words that are capitalised although no sentence begins with them."""
    found: set[str] = set()
    for match in _TOKEN.finditer(text):
        first = match.group()[0]
        if first.isupper() and not _opens_sentence(text, match.start()):
            found.update(_folded(match.group()))
    return frozenset(found)


def _opens_sentence(text: str, at: int) -> bool:
    before = at - 1
    while before >= 0 and text[before].isspace():
        before -= 1
    return before < 0 or text[before] in _SENTENCE_OPENS_AFTER


def count_words(text: str) -> int:
    """Words as a reader counts them; two characters of an unspaced script are one word."""
    if text.isascii():
        return len(text.split())
    loose = sum(map(len, _UNSPACED.findall(text)))
    return len(_UNSPACED.sub(" ", text).split()) + (loose + 1) // 2


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
    if len(word) > 5 and is_inflected(word):
        return word[: max(5, len(word) - 2)]
    return word


def is_inflected(word: str) -> bool:
    """Greek and Cyrillic, whose words change their last letters."""
    return "\u0370" <= word[0] <= "\u052f"


_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _listed in STOP_WORDS.items():
    for _word in _listed:
        _LANGUAGES_OF.setdefault(_word, []).append(_language)


def is_stop_word(word: str) -> bool:
    """One of the commonest words of any language known."""
    return word in _LANGUAGES_OF


_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "HANGUL", "DEVANAGARI", "THAI")


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "")
    for script in _SCRIPTS:
        if name.startswith(script):
            return script.lower()
    if _UNSPACED.match(letter):
        return "han"
    return name.split(" ", 1)[0].lower() or "none"


def script_of(words: Sequence[str]) -> str:
    """The script that most of *words* begin with: "latin", "cyrillic", "han"; "none"."""
    scripts = Counter(_script(word[0]) for word in words[:200] if word[0].isalpha())
    return min(scripts, key=lambda name: (-scripts[name], name)) if scripts else "none"


def language_of(words: Sequence[str], declared: str | None) -> str | None:
    """Primary subtag of the language of *words*, judged by their commonest words.

    What the source declares holds unless the words clearly say otherwise: many sites leave
    their software's "en" in place.  None when neither is known.
    """
    head = words[:200]
    said = declared.split("-")[0].lower() if declared else None
    hits: Counter[str] = Counter()
    for word in head:
        for language in _LANGUAGES_OF.get(word, ()):
            hits[language] += 1
    best, second = sorted(STOP_WORDS, key=lambda name: (-hits[name], name))[:2]
    if hits[best] >= 4 and hits[best] >= 0.12 * len(head) and hits[best] > 1.25 * hits[second]:
        return best
    if said and (said not in STOP_WORDS or _writes(said) == script_of(head)):
        return said
    return None


def _writes(language: str) -> str:
    special = {"uk": "cyrillic", "ru": "cyrillic", "el": "greek", "ar": "arabic"}
    return special.get(language, "latin")


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
    """Read the first `HEAD_CHARS` of *item*."""
    text = head(item)
    standfirst = item.standfirst or ""
    if len(text) < 120 and len(standfirst) > len(text):
        text = standfirst[:HEAD_CHARS]
    title, body = tuple(tokens(item.title)), tuple(tokens(text))
    return Reading(
        item=item,
        title=title,
        body=body,
        names=names(text[:_NAMES_CHARS]) | _title_names(item.title),
        script=script_of(title + body),
        language=language_of(title + body, item.language),
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
    found = _TOKEN.findall(title)
    capitals = sum(word[0].isupper() for word in found)
    return names(title) if found and capitals < 0.6 * len(found) else frozenset()
