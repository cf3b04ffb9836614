"""A sentence as what it claims: its numbers, names, quotations and denials, in their order.

Only so far as two sentences can be held against each other without understanding either; the
holding is done in `gate`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cached_property
from types import MappingProxyType

from digest.editorial.abbreviations import AFTER_CLOCK
from digest.editorial.figures import DAYS, WRITTEN, magnitude, number_word, unify, value_of
from digest.editorial.language import is_stop_word
from digest.editorial.quotations import quotations
from digest.editorial.text import stem, tokens

_PIECE = re.compile(
    rf"(?P<number>(?<![^\W_])(?:{WRITTEN})(?![^\W_]))|(?P<word>[^\W_]+(?:['’ʼ][^\W\d_]+)*)"
)
_OPENERS = frozenset('.!?…:“"«„‘•—–-*(')
_BLANK = re.compile(r"[\s\u00a0-]?")
#: Words this near to each other belong together.
_NEAR = 3
#: Letters that inflection leaves alone.
_ROOT_CHARS = 5

_DENIALS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        language: frozenset(words.split())
        for language, words in {
            "en": "not no never none nobody neither nor nothing without cannot hardly barely",
            "de": "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts ohne",
            "fr": "pas jamais aucun aucune rien sans ni non nul nulle",
            "es": "no nunca nadie ningún ninguna ninguno nada sin jamás tampoco ni",
            "it": "non mai nessuno nessuna nessun niente nulla senza né",
            "pt": "não nunca ninguém nenhum nenhuma nada sem jamais nem",
            "nl": "niet geen nooit niemand niets zonder noch",
            "pl": "nie nigdy nikt nikogo żaden żadna żadne żadnych nic bez ani brak",
            "uk": "не ні ніколи ніхто нікого жоден жодна жодного жодної жодних нічого без немає",
            "ru": "не нет ни никогда никто никого никакой никаких ничего без",
            "ar": "لا لم لن ليس ليست غير دون بدون ما",
        }.items()
    }
)


#: Behind one of these a German capital is a noun's; nearly all names do without.
_ARTICLES = frozenset(
    word
    for listed in (
        "der die das dem den des im zum zur vom beim ins ein eine einem einen einer eines",
        "kein keine keinen diese dieser dieses diesem diesen seine seiner seinen ihre ihrer ihren",
    )
    for word in listed.split()
)


class Kind(Enum):
    """What a word is for whoever checks it."""

    NUMBER = auto()
    #: A name, a day; every telling word of a script without capitals.
    NAME = auto()
    #: Opens its sentence, so that its capital says nothing.
    OPENING = auto()
    PLAIN = auto()
    #: Too common to tell anything.
    STOP = auto()


@dataclass(frozen=True, slots=True)
class Word:
    """One word or number."""

    #: As written, for the newsroom to read.
    shown: str
    #: Folded; of a number its value.
    folded: str
    kind: Kind
    #: Capitalised, whatever for.
    capital: bool = False

    @property
    def root(self) -> str:
        return stem(self.folded)[:_ROOT_CHARS]

    @property
    def is_day(self) -> bool:
        return self.folded in AFTER_CLOCK or any(self.folded in days for days in DAYS.values())


class Claim:
    """One sentence, read."""

    def __init__(self, text: str, language: str | None) -> None:
        self.text = text
        self.language = language
        words = read(text, language)
        self.words = tuple(_ordinary(words) if language == "de" else words)
        self._denying = _DENIALS.get(language or "", frozenset())

    @cached_property
    def numbers(self) -> list[str]:
        return [word.folded for word in self.words if word.kind is Kind.NUMBER]

    @cached_property
    def names(self) -> list[Word]:
        """Names of people and places, no days."""
        return [word for word in self.words if word.kind is Kind.NAME and not word.is_day]

    @cached_property
    def roots(self) -> frozenset[str]:
        """Of the words that tell something and are no names."""
        told = (Kind.PLAIN, Kind.OPENING)
        return frozenset(word.root for word in self.words if word.kind in told)

    @cached_property
    def telling(self) -> frozenset[str]:
        """All that tells something: roots, names, numbers."""
        return frozenset(word.root for word in self.words if word.kind is not Kind.STOP)

    @cached_property
    def denied(self) -> list[tuple[frozenset[str], str]]:
        """For each denial the roots of the telling words after it, and of the first of them."""
        found = []
        for at, word in enumerate(self.words):
            if word.kind is Kind.NUMBER or not self._denies(word):
                continue
            near = self._told(range(at + 1, len(self.words)))
            near = near or self._told(range(at - 1, -1, -1))
            found.append((frozenset(near), (near or [""])[0]))
        return found

    def _denies(self, word: Word) -> bool:
        return word.folded in self._denying or (
            self.language == "en" and word.folded.endswith("n't")
        )

    def _told(self, places: range) -> list[str]:
        """Roots of the nearest telling words at *places*."""
        near = [self.words[at] for at in places[: 2 * _NEAR]]
        return [word.root for word in near if word.kind is not Kind.STOP][:_NEAR]

    @cached_property
    def quoted(self) -> list[str]:
        """The words of each quotation, folded, with a blank on either side."""
        spans = quotations(self.text, 0, len(self.text))
        return [f" {' '.join(tokens(self.text[start:end]))} " for start, end in spans]

    @cached_property
    def unquoted(self) -> str:
        kept, at = [], 0
        for start, end in quotations(self.text, 0, len(self.text)):
            kept.append(self.text[at:start])
            at = end
        return " ¦ ".join((*kept, self.text[at:]))

    @cached_property
    def counted(self) -> list[tuple[str, Word]]:
        """Each number with the telling words that stand right after it, or a day before it."""
        pairs = []
        for at, word in enumerate(self.words):
            if word.kind is not Kind.NUMBER:
                continue
            after = [w for w in self.words[at + 1 : at + _NEAR] if w.kind is not Kind.STOP]
            before = [w for w in self.words[max(0, at - 1) : at] if w.is_day]
            near = [w for w in (*after[:1], *before) if w.kind is not Kind.NUMBER]
            pairs += [(word.folded, w) for w in near]
        return pairs


def read(text: str, language: str | None) -> Iterator[Word]:
    """The words of one sentence, in order."""
    text = unify(text)
    waiting: tuple[Word, int] | None = None
    for found in _PIECE.finditer(text):
        for word in _words(text, found, language):
            if waiting:
                number, end = waiting
                sign = magnitude(word.folded)
                if sign and _BLANK.fullmatch(text, end, found.start()):
                    shown = f"{number.shown} {word.shown}"
                    waiting = None
                    yield Word(shown, f"{number.folded} {sign}", Kind.NUMBER)
                    continue
                waiting = None
                yield number
            if word.kind is Kind.NUMBER:
                waiting = word, found.end()
            else:
                yield word
    if waiting:
        yield waiting[0]


def _ordinary(words: Iterator[Word]) -> Iterator[Word]:
    """German capitals: behind an article stands a noun like any other."""
    article = False
    for word in words:
        noun = article and word.kind is Kind.NAME
        yield replace(word, kind=Kind.PLAIN, capital=False) if noun else word
        # "der neue Kanzler": the adjective passes the article on.
        passed = article and word.kind is Kind.PLAIN and not noun
        article = word.folded in _ARTICLES or passed


def _words(text: str, found: re.Match[str], language: str | None) -> Iterator[Word]:
    shown = found.group()
    if found["number"]:
        value = value_of(shown, language)
        share = text[found.end() : found.end() + 2].lstrip().startswith(("%", "٪"))
        yield Word(shown + "%" * share, value + " %" * share, Kind.NUMBER)
        return
    for folded in tokens(shown):
        value = number_word(folded, language) or (folded if folded[0].isdecimal() else "")
        if value:
            yield Word(shown, value, Kind.NUMBER)
            continue
        capital = shown[0].isupper()
        opens = text[max(0, found.start() - 2) : found.start()].rstrip()[-1:] or "."
        yield Word(shown, folded, _kind(folded, language, capital, opens in _OPENERS), capital)


def _kind(folded: str, language: str | None, capital: bool, opens: bool) -> Kind:
    if capital and not opens:
        return Kind.NAME
    if folded in DAYS.get(language or "", ()):
        return Kind.NAME
    if is_stop_word(folded):
        return Kind.STOP
    if capital:
        return Kind.OPENING
    # Arabic, Hebrew, Han: any word may be a name.
    return Kind.NAME if folded[0].upper() == folded[0].lower() else Kind.PLAIN
