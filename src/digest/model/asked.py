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
from typing import Final

#: Raised whenever words fold otherwise: what was kept by an older one is then kept again.
FOLDING: Final = 2
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
#: The stroke that stretches Arabic words is none of theirs.
_PLAIN = str.maketrans("øłđħı", "oldhi", "\u0640")
#: Marks of a lower combining class make another letter (kana voicing, nukta, virama); the others
#: are accents and vowel points, which readers leave out when they ask.
_ACCENT = 10
#: Apostrophes that Unicode calls letters: they part words, as ' and ’ do.
_NO_LETTER = "\u02b9\u02bb-\u02bf\ua78b\ua78c"
#: The Arabic article, with the short words that are written together with it.
_ARTICLE = re.compile("[وف]?(?:[بك]?ال|لل)")
#: Letters that an article leaves; what is shorter begins with these letters by itself.
_SHORTEST_NOUN = 3
#: Umlauts as people without them on the keyboard write them; after a vowel or q it is none
#: (neue, Quelle).
_UMLAUT = re.compile("(?<![aeiouyq])([aou])e")

_TERM = re.compile(r'(-?)"([^"]*)(?:"|$)|(\S+)')
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))


@dataclass(frozen=True, slots=True)
class Term:
    """Folded words that follow one another."""

    words: tuple[str, ...]
    #: The last one may go on: ``harb*``.
    open: bool = False
    #: What may stand in their place.
    other: "Term | None" = None

    @property
    def either(self) -> "tuple[Term, ...]":
        """The term, and what may stand in its place."""
        return (self,) if self.other is None else (self, self.other)

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
    Where *ae*, *oe* or *ue* may be an umlaut, the word with it will do too.

    >>> [str(term) for term in loosened(ask("Klappbruecke")).terms[0].either]
    ['klappbrue*', 'klappbru*']
    """
    return Asked(terms=tuple(map(_loosened, asked.terms)), without=asked.without)


def _loosened(term: Term) -> Term:
    told = _beginning(term)
    plain = tuple(_UMLAUT.sub(r"\1", word) for word in term.words)
    if plain == term.words:
        return told
    return Term(told.words, told.open, other=_beginning(Term(plain, term.open)))


def _beginning(term: Term) -> Term:
    if len(term.words) > 1 or len(word := term.words[0]) < _SHORTEST_PREFIX:
        return term
    return Term((word[: max(4, len(word) - 3)] if len(word) > 5 else word,), open=True)


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
    if not starred:
        return Term(words)
    # As the words that it begins are kept.
    last = _bare(words[-1], least=2)
    return Term((*words[:-1], last), open=max(len(last), len(words[-1])) >= _SHORTEST_PREFIX)


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
    return [_bare(part[:_LONGEST_WORD]) for part in found]


def _bare(word: str, *, least: int = _SHORTEST_NOUN) -> str:
    """*word* without the Arabic article, if that leaves *least* letters.

    >>> [_bare(word) for word in ("الميناء", "وبالميناء", "للميناء", "ميناء", "الآن")]
    ['ميناء', 'ميناء', 'ميناء', 'ميناء', 'الآن']
    """
    # Again and again: what begins so by itself (ألعاب) folds like what has the article too.
    while (found := _ARTICLE.match(word)) and len(word) - found.end() >= least:
        word = word[found.end() :]
    return word


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
    letter = f"[^\\W_{_NO_LETTER}][{marks}]*"
    return re.compile(f"(?=[{_ALONE}]){letter}|(?:(?![{_ALONE}]){letter})+")
