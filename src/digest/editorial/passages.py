"""The sentences of an item as candidates for a summary, and what can be said of each alone.

Rules of readability only: which is junk, which is whole, which points to the sentence before
it.  What must be shown together is decided in `bundles`, what is *worth* showing in `summary`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice

from digest.editorial.abbreviations import MONTHS
from digest.editorial.language import is_stop_word, language_of
from digest.editorial.quotations import quotations
from digest.editorial.sentences import split_sentences
from digest.editorial.summary_words import (
    ANYBODY,
    CONJUNCTIONS,
    CONTRASTS,
    EXISTS,
    PREPOSITIONS,
    SUBJECTS,
    UNIQUE,
)
from digest.editorial.text import HEAD_CHARS, count_words, fold_space, names, stem, tokens
from digest.editorial.words import (
    ATTRIBUTION,
    ATTRIBUTIONS,
    BYLINES,
    FIRST_PERSON,
    FIRST_PERSONS,
    JUNK_MARKS,
    JUNK_OPENINGS,
    PRONOUNS,
    PRONOUNS_OF,
    leaning,
)
from digest.model import BlockKind, Item, Sentence

_CAPITALS = "A-ZÀ-ÞΑ-ΩА-ЯЁІЇЄҐ"
#: "KYIV, May 4 (Wire) — ", "Berlin (dpa) - "
_DATELINE = re.compile(
    rf"(?:[{_CAPITALS}][{_CAPITALS} .'’/-]{{2,30}}(?:, [^\W_][\w .]{{1,25}})?"
    rf"(?:, [^\W_][\w .]{{1,25}})?(?: ?\([\w ./]{{2,30}}\))?"
    rf"|[{_CAPITALS}]\w+(?:[ /-][{_CAPITALS}]\w+){{0,3}}(?:, \d{{1,2}}\.? [^\W\d_]{{3,12}})?"
    rf" \([\w ./]{{2,30}}\)"
    # Scripts without capitals: whatever ends in brackets before the dash.
    r"|[\u0590-\u06ff][^.!?؟\n—–]{2,60}\([\w ./]{2,30}\))\s*[.:]?\s*[—–-]{1,2}\s+"
)
#: "Overall: 1. Marchand 17:22:40; 2."
_TABLE = re.compile(r"[;:,]\s?\d{1,3}\.$")
_NAME = rf"[{_CAPITALS}][\w.'’-]*"
_BYLINE = re.compile(
    rf"(?i:{'|'.join(sorted(BYLINES))}):?(?:\s+(?:and|und|et|y|e|і|и|{_NAME}),?){{1,10}}\.?"
)
_TERMINAL = tuple(".!?…؟。！？।॥\"'”’»“)]」』")
_CUT_OFF = ("…", "...", "[…]", "[...]", "(…)", "[&hellip;]")
_ADDRESS = re.compile(r"https?://|www\.\w|\w@[\w-]{1,63}\.\w")
_MARKED = re.compile("[\"“”„‟«»‹›「」『』'‘‚]")
#: "A relative of the first president, he was": whoever is named there, it is not him.
_NOUN_LATER = re.compile(
    r"(?!(?:after|before|when|while|as|if|since|until|although|though|because|once|where)\b)"
    r"[^,]{3,90}, (?:he|she|they)\b",
    re.IGNORECASE,
)
#: "Professor Kemple had seen it, too."
_TOO = re.compile(r"\b(?:it|them|so),? too\b|,? too[.,]")
_JUNK_BEGINS = frozenset(opening[:1] for opening in JUNK_OPENINGS)
_FEWEST_WORDS = 4
#: So many words around an address are there for the address.
_LONGEST_ADDRESS = 12
_LONGEST_OPENING = 5
_LONGEST_PHRASE = 12
#: In so few words a pronoun anywhere has nobody to stand for.
_SHORT = 9
#: Of an item, for telling its language.
_LANGUAGE_CHARS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a passage stands: the item, and offsets into `Item.text`."""

    item_id: str
    start: int
    end: int
    block: BlockKind


@lru_cache(maxsize=1 << 16)
def _term(word: str) -> str:
    return stem(word) if len(word) > 1 and not is_stop_word(word) else ""


def telling(words: list[str]) -> list[str]:
    """Stems of those of the folded *words* that tell something."""
    return list(filter(None, map(_term, words)))


def _is_calendar(word: str) -> bool:
    """ "Monday", which is a stop word too, or "May": nobody that "he" could be."""
    return is_stop_word(word) or word in MONTHS


@lru_cache(maxsize=64)
def _leaning_first(language: str | None) -> frozenset[str]:
    """The first words of all leaning openings."""
    return frozenset(opening.split(" ", 1)[0] for opening in leaning(language))


class Passage:
    """One sentence of an item, and what can be said about it without its neighbours."""

    def __init__(
        self, place: Place, text: str, language: str | None, *, is_speech: bool = False
    ) -> None:
        self.place = place
        #: Stands without marks inside a quotation that began before it.
        self.is_speech = is_speech
        self.text = text
        self.language = language
        self.words = count_words(text)
        #: Folded, all of them; and those outside quotation marks: the writer's own.
        self.tokens = self.outside = tokens(text)
        #: The text outside quotation marks, and " ¦ " for each quotation.
        self.unquoted = _unquoted(text) if _MARKED.search(text) else text
        self.quotes = self.unquoted is not text
        if self.quotes:
            self.outside = tokens(self.unquoted)

    def sentence(self) -> Sentence:
        place = self.place
        return Sentence(item_id=place.item_id, text=self.text, start=place.start, end=place.end)

    @cached_property
    def terms(self) -> list[str]:
        """Stems of the telling words."""
        return telling(self.tokens)

    @property
    def is_quoted(self) -> bool:
        """Rather a quotation than the writer's own words: it opens with one, or is most of it."""
        quoted = len(self.tokens) - len(self.outside)
        return quoted > len(self.outside) or (quoted > 2 and self.unquoted.startswith(" ¦ "))

    @property
    def attributes(self) -> bool:
        return not self._attribution.isdisjoint(self.outside) or self.text.endswith(":")

    @property
    def _attribution(self) -> frozenset[str]:
        return ATTRIBUTIONS.get(self.language or "", ATTRIBUTION)

    @property
    def is_junk(self) -> bool:
        """The page's words, not the story's."""
        low = self.text.casefold().lstrip("•·*-–—>→▶| ([")
        if not self.tokens or (low[:1] in _JUNK_BEGINS and low.startswith(JUNK_OPENINGS)):
            return True
        for mark in JUNK_MARKS:
            if mark in low:
                return True
        if self.words <= _LONGEST_ADDRESS and _ADDRESS.search(self.text):
            return True
        return bool(_BYLINE.fullmatch(self.text))

    @cached_property
    def is_whole(self) -> bool:
        """A complete sentence that ends, with its marks balanced."""
        text = self.text
        if not text.endswith(_TERMINAL) or text.endswith(_CUT_OFF) or self.words <= _FEWEST_WORDS:
            return False
        if self.is_speech or self.loose_marks or _TABLE.search(text[-8:]):
            return False
        brackets = all(text.count(a) == text.count(b) for a, b in ("()", "[]"))
        return brackets

    @property
    def loose_marks(self) -> int:
        """Quotation marks that have no partner."""
        unquoted = self.unquoted
        return sum([unquoted.count(mark) for mark in '"“”„«»']) if _MARKED.search(unquoted) else 0

    @property
    def in_first_person(self) -> bool:
        we = FIRST_PERSONS.get(self.language or "", FIRST_PERSON)
        return not we.isdisjoint(self.outside)

    @cached_property
    def leans(self) -> bool:
        """Opens with a word that points to the sentence before, or speaks of "him" unnamed."""
        words = self.tokens[:_LONGEST_OPENING]
        there_is = words[:1] == ["there"] and not EXISTS.isdisjoint(words[1:2])
        if words and words[0] in _leaning_first(self.language) and not there_is:
            opening = leaning(self.language)
            if any(" ".join(words[:n]) in opening for n in range(1, len(words) + 1)):
                return True
        if not CONTRASTS.isdisjoint(words):
            return True
        if self.language == "en" and self._leans_in_english:
            return True
        outside = self.outside
        pronouns = PRONOUNS_OF.get(self.language or "", PRONOUNS)
        if pronouns.isdisjoint(outside):
            return False
        for at, word in enumerate(outside):
            if word not in pronouns:
                continue
            spoken = self.quotes and any(
                w in self._attribution for w in outside[max(0, at - 1) : at + 2]
            )
            asked = outside[max(0, at - 2) : at] == ["according", "to"]
            # "46 of them": whoever is named before is one, and not they.
            if word == "them" and at and at < len(outside) // 2 + 1 and outside[at - 1] == "of":
                return True
            near = at < _LONGEST_OPENING or len(outside) < _SHORT
            if not (near or spoken or asked or self._is_subject(at)):
                continue
            if not self._names_before(at):
                return True
        return False

    @property
    def _leans_in_english(self) -> bool:
        outside = self.outside
        return (
            (not SUBJECTS.isdisjoint(outside) and bool(_NOUN_LATER.match(self.unquoted)))
            or ("too" in outside and bool(_TOO.search(self.unquoted)))
            or (("his" in outside or "her" in outside) and self._owns_unnamed)
        )

    @property
    def _owns_unnamed(self) -> bool:
        """ "By noon his team had counted", "The court acquitted his superior": whose?"""
        words = self.outside[: _LONGEST_OPENING + 1]
        at = next((at for at, word in enumerate(words) if word in ("his", "her")), 0)
        if not at or self._names_before(at):
            return False
        return words[0] in PREPOSITIONS or (words[0] == "the" and words[1] in UNIQUE)

    def _is_subject(self, at: int) -> bool:
        """ "In a letter pinned up at the lamp room it promises": "it" opens the main clause."""
        before = self.outside[:at]
        return (
            self.outside[at] in SUBJECTS
            and at <= _LONGEST_PHRASE
            and before[0] in PREPOSITIONS
            and CONJUNCTIONS.isdisjoint(before)
        )

    @cached_property
    def speaker_noun(self) -> str | None:
        """ "minister" of "the minister said": fine where the minister has been named before."""
        words = self.outside
        # Unless it is quoted, only who opens the sentence.
        for at, word in enumerate(words[:-2] if self.quotes else words[:1]):
            if word != "the" and not (self.quotes and word in self._attribution):
                continue
            noun, verb = words[at + 1 : at + 3] if len(words) > at + 2 else ("", "")
            found = None
            if word == "the" and verb in self._attribution and verb != "according":
                found = noun
            elif word in self._attribution and noun == "the":
                found = verb
            if found:
                return None if self._names_before(at) else found
        return None

    def _names_before(self, at: int) -> bool:
        """Is somebody or something named in the writer's words before word *at*?"""
        first = self.outside[:1] if self.unquoted[:1].isupper() else []
        named = self._names | {w for w in first if not is_stop_word(w) and w not in ANYBODY}
        return not named.isdisjoint(self.outside[:at])

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset([name for name in names(self.unquoted) if not _is_calendar(name)])


def _unquoted(text: str) -> str:
    """*text* itself when nothing in it is quoted."""
    kept, at = [], 0
    for start, end in quotations(text):
        kept.append(text[at:start])
        at = end
    return " ¦ ".join((*kept, text[at:])) if kept else text


def _on_one_line(text: str) -> str:
    # Nearly always it is already: no-break spaces and line ends are not printable.
    return text if text.isprintable() and "  " not in text else fold_space(text)


def passages(
    item: Item, most: int | None = None, abbreviations: frozenset[str] = frozenset()
) -> list[Passage]:
    """The sentences of the first `HEAD_CHARS` of *item*, in order, less subheads and junk.

    Args:
        most: so many at most; None for all.
        abbreviations: a newsroom's own, which end no sentence.
    """
    shown = (p for p in _all_passages(item, abbreviations) if not p.is_junk)
    return list(islice(shown, most))


def language_of_item(item: Item) -> str | None:
    """Primary subtag of the language that *item* is written in."""
    head, room = [item.title], _LANGUAGE_CHARS
    for block in item.blocks:
        if room <= 0:
            break
        head.append(block.text[:room])
        room -= len(block.text)
    return language_of(tokens(" ".join(head)), item.language)


def _all_passages(item: Item, abbreviations: frozenset[str]) -> Iterator[Passage]:
    language = language_of_item(item)
    offset = 0
    first = True
    for block in item.blocks:
        if offset > HEAD_CHARS:
            return
        if block.kind is not BlockKind.SUBHEAD:
            is_speech = False
            for start, end in split_sentences(
                block.text[: 2 * HEAD_CHARS], language, abbreviations
            ):
                text = block.text[start:end]
                dateline = _DATELINE.match(text) if first else None
                if dateline and dateline.end() < len(text):
                    start += dateline.end()
                    text = block.text[start:end]
                first = False
                place = Place(
                    item_id=item.id, start=offset + start, end=offset + end, block=block.kind
                )
                passage = Passage(place, _on_one_line(text), language, is_speech=is_speech)
                # One mark without a partner: from here on somebody speaks, or no longer does.
                is_speech ^= passage.loose_marks % 2 == 1
                yield passage
        offset += len(block.text) + 2
