"""What a reader asks the archive for, and when two words are the same word to a reader.

The index and the marks in an excerpt must agree on what a word is, and SQLite must agree with
PostgreSQL: so words are found and folded here, and a database is only given the outcome.  What
is found, and in which order, is for `digest.store.printed` to say.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

#: Characters of one text that can be found; a printed summary has a few hundred.
HEAD_CHARS = 20_000
#: Characters of a question that are read, and terms of it.
LONGEST_QUERY = 400
MOST_TERMS = 16
#: Characters of a word that count: no database takes lexemes of any length.
_LONGEST_WORD = 60
#: Letters that a prefix must have: fewer would find everything.
_SHORTEST_PREFIX = 3

#: Scripts that put no space between words (Thai to Khmer, kana, Han): each character is a word,
#: and several of them in a row are a phrase.
_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
#: Letters that Unicode does not take apart, as people without them on the keyboard write them.
_PLAIN = str.maketrans("øłđħı", "oldhi")
#: Marks of a lower combining class make another letter (kana voicing, nukta, virama); the others
#: are accents and vowel points, which readers leave out when they ask.
_ACCENT = 10

_TERM = re.compile(r'(-?)"([^"]*)(?:"|$)|(\S+)')
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))


@dataclass(frozen=True, slots=True)
class Term:
    """Folded words that follow one another."""

    words: tuple[str, ...]
    #: The last one may go on: ``harb*``.
    open: bool = False

    def __str__(self) -> str:
        return " ".join(self.words) + "*" * self.open


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was understood: all of *terms*, none of *without*."""

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()


def loosened(asked: Asked) -> Asked:
    """*asked* by the beginnings of its words: what to try when nothing was found.

    Endings differ with case and number in most languages; a few letters less forgive most.
    """
    terms = tuple(
        Term(words=(word[: max(4, len(word) - 3)] if len(word) > 5 else word,), open=True)
        if len(term.words) == 1 and len(word := term.words[0]) >= _SHORTEST_PREFIX
        else term
        for term in asked.terms
    )
    return Asked(terms=terms, without=asked.without)


def ask(query: str) -> Asked:
    """Understand what a reader typed; nothing in it is ever syntax of a database.

    Words must all occur; ``"quoted words"`` one after the other; ``-word`` must not; ``word*``
    may go on, from three letters.  What cannot be understood is left out, and the rest counts.

    >>> [str(term) for term in ask('"Ferry Línes" -strike harb*').terms]
    ['ferry lines', 'harb*']
    """
    wanted: dict[Term, None] = {}
    without: dict[Term, None] = {}
    if len(query) > LONGEST_QUERY:
        # Half a word at the end would be found nowhere.
        whole = query[:LONGEST_QUERY].rsplit(maxsplit=1)
        query = whole[0] if len(whole) > 1 else ""
    for match in _TERM.finditer(query.translate(_QUOTES)):
        minus, quoted, bare = match.groups()
        told = bare if quoted is None else quoted
        term = _term(told, starred=quoted is None and told.endswith("*"))
        if term is None:
            continue
        unwanted = minus or (quoted is None and told.startswith("-"))
        (without if unwanted else wanted)[term] = None
        if len(wanted) + len(without) == MOST_TERMS:
            break
    return Asked(tuple(wanted), tuple(without))


def _term(told: str, *, starred: bool) -> Term | None:
    words = tuple(word for _, _, word in words_of(told))
    if not words:
        return None
    return Term(words, open=starred and len(words[-1]) >= _SHORTEST_PREFIX)


def folded(text: str) -> str:
    """The words of *text* as they are compared, with a space between: letters and digits only."""
    return " ".join(word for _, _, word in words_of(text))


def words_of(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and folded word of each word in the first `HEAD_CHARS` of *text*.

    One run of characters may be several words (``㍻`` is two); they have the same start.
    """
    for match in _word().finditer(text, 0, HEAD_CHARS):
        for word in _fold(match[0]):
            yield match.start(), match.end(), word


def _fold(word: str) -> list[str]:
    if word.isascii():
        return [word.lower()[:_LONGEST_WORD]]
    # Twice: some signs come apart into capitals.
    apart = unicodedata.normalize("NFKD", word.casefold()).casefold()
    plain = "".join(
        str(unicodedata.decimal(letter)) if letter.isdecimal() else letter
        for letter in apart.translate(_PLAIN)
        if unicodedata.combining(letter) < _ACCENT
    )
    found: list[str] = _word().findall(unicodedata.normalize("NFC", plain))
    return [part[:_LONGEST_WORD] for part in found]


@cache
def _word() -> re.Pattern[str]:
    """A run of letters, digits and what is put on them; never an underscore.

    Made at the first use: asking for the kind of each character takes some milliseconds.
    """
    marks = "".join(
        letter
        for letter in map(chr, range(0x300, 0x1F000))
        if unicodedata.category(letter).startswith("M")
    )
    letter = f"[^\\W_][{marks}]*"
    return re.compile(f"(?=[{_ALONE}]){letter}|(?:(?![{_ALONE}]){letter})+")
