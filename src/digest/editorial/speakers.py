"""Whose words a quotation are: read from the clause before or after it.

Order and capitals only.  "said harbour master Mara Voss" gives "Mara Voss"; where nobody is
named, the noun with what belongs to it: "a spokeswoman for the port".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from digest.editorial.marks import Span
from digest.editorial.speech import (
    ARTICLES,
    PARTICLES,
    POSSESSIVES,
    ROLE_STEMS,
    ROLES,
    TIES,
    Speech,
)
from digest.editorial.wordlists import words as _words

_WORD = re.compile(r"[^\W_](?:[\w'’ʼ-]*\w)?")
_JOINED = re.compile(r"\.?\s+|-")
_BREAK = re.compile(r"[,،;:()—–]")
_PRONOUN = "pronoun"
#: Before a verb in the passive nobody speaks: "is called".
_PASSIVE = _words(
    "is was were be been being are wurde wird werden est était es fue è era zostało został"
)
#: They open a clause of their own: "when the lights came back".
_CLAUSES = _words("when if where wenn als da quand lorsque cuando quando коли якщо когда gdy kiedy")
#: French and Portuguese pronouns hang on the verb: "a-t-il", "disse-ele".
_CLITICS = ("-il", "-elle", "-ils", "-elles", "-on", "-je", "-t-il", "-ele", "-ela")
_LONGEST_NAME = 5
_LONGEST_REMARK = 6
#: What follows these is who listens.
_TO_SOMEBODY = _words("told tells tell asked asks ask")


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start: int
    end: int

    @property
    def folded(self) -> str:
        return self.text.casefold().replace("’", "'")

    @property
    def is_capital(self) -> bool:
        return self.text[:1].isupper()


def words_of(text: str, begin: int, end: int) -> list[Word]:
    return [Word(found.group(), *found.span()) for found in _WORD.finditer(text, begin, end)]


class Clause:
    """The words on one side of a quotation, asked for its speaker.

    A speaker is a span, or "pronoun" when the clause only says "he", or nobody.
    """

    def __init__(
        self, text: str, words: Sequence[Word], speech: Speech, language: str | None
    ) -> None:
        self.text = text
        self.words = words
        self.speech = speech
        self.language = language

    # --- after the quotation -------------------------------------------------------------

    def speaker_after(self, *, surely: bool) -> Span | str | None:
        """Whose words the quotation before is.

        Args:
            surely: it is speech, no title: also a verb that is on no list names the speaker.
        """
        words, speech = self.words, self.speech
        if not words:
            return None
        if (at := self._source(0)) is not None:
            return self._noun(at, len(words), inverted=True)
        at = 0
        while at < min(4, len(words)) and words[at].folded in speech.between:
            at += 1
        if words[0].folded.endswith(_CLITICS):
            return _PRONOUN  # a-t-il dit
        if at < len(words) and words[at].folded in (speech.verbs | speech.naming):
            return self._noun(at + 1, len(words), inverted=True) or _PRONOUN
        if words[0].folded in speech.joins or words[0].folded in speech.small:
            return None
        for at in range(1, min(len(words), 12)):
            if words[at].folded in speech.verbs:
                return self._subject(0, at)
        return self._beside_unknown_verb() if surely else None

    def _beside_unknown_verb(self) -> Span | None:
        """ "laughed Tom Ruck", "Tom Ruck laughed": a name and little else, after a quotation."""
        words = self.words
        stop = 1
        while stop < len(words) and not self._comma(stop):
            stop += 1
        small = self.speech.small | self.speech.pronouns
        if stop > _LONGEST_REMARK or any(word.folded in small for word in words[:stop]):
            return None
        if not words[0].is_capital:
            verb = next(
                (at for at in range(stop) if words[at].folded not in self.speech.between), 0
            )
            if stop > verb + 1 and self._has_article(verb + 1) and not self._has_article(verb):
                found = self._noun(verb + 1, stop, inverted=True)
                return found if isinstance(found, tuple) else None
            found = self._capitals(1, stop) if stop > 1 else None
        else:
            found = self._capitals(0, stop - 1) if stop > 2 else None
        return found if found and " " in self.text[slice(*found)] else None

    def _has_article(self, at: int) -> bool:
        folded = self.words[at].folded
        return folded in ARTICLES or folded.startswith("l'")

    # --- before it -----------------------------------------------------------------------

    def speaker_before(self, *, colon: bool, dash: bool, far: int) -> Span | str | None:
        words, speech = self.words, self.speech
        verb = self._last_verb(far)
        source = self._last_source()
        if source is not None and (verb is None or source > verb):
            return self._noun(source, len(words), inverted=True)
        if verb is None:
            if len(words) == 1 and words[0].folded.endswith("ing"):
                return _PRONOUN  # Voss left, adding: "..."
            if colon or (dash and words and words[0].folded in speech.joins):
                return self._subject(0, len(words))
            return None
        if words[verb].folded in speech.naming and verb and words[verb - 1].folded in _PASSIVE:
            return None
        return self._speaker_of(verb) or _PRONOUN

    def opening_name(self) -> Span | None:
        """The subject of a sentence that begins with it."""
        words = self.words
        if not words or words[0].folded in self.speech.small | self.speech.joins:
            return None
        end = 1
        while end < len(words) and end < 8 and not self._comma(end):
            end += 1
        if self._is_pronoun(0, end):
            return None
        wanted = self.speech.verbs | self.speech.naming
        for at in range(1, end):
            if words[at].folded in wanted:
                found = self._subject(0, at)
                return found if isinstance(found, tuple) else None
        if end < len(words) and (name := self._apposed(end, len(words))):
            return self._capitals(0, end) or name
        return self._capitals(0, end)

    def reported(self) -> Span | str | None:
        """Who says what the sentence tells in the writer's words: "He left, Voss said"."""
        for at in range(len(self.words) - 1, -1, -1):
            if self.words[at].folded in self.speech.verbs:
                return self._speaker_of(at)
        return None

    # --- the words -----------------------------------------------------------------------

    def _last_verb(self, far: int) -> int | None:
        wanted = self.speech.verbs | self.speech.naming
        for at in range(len(self.words) - 1, max(-1, len(self.words) - 1 - far), -1):
            if self.words[at].folded in wanted:
                return at
        return None

    def _source(self, at: int) -> int | None:
        """The place after "according to", if that stands at *at*."""
        for phrase in self.speech.source:
            folded = [word.folded for word in self.words[at : at + len(phrase)]]
            if folded == list(phrase) and at + len(phrase) < len(self.words):
                return at + len(phrase)
        return None

    def _last_source(self) -> int | None:
        for at in range(len(self.words) - 1, -1, -1):
            opens = at == 0 or self._comma(at) or self.words[at - 1].folded in self.speech.joins
            if opens and (after := self._source(at)) is not None:
                return after
        return None

    def _comma(self, at: int) -> bool:
        """Is there a comma or the like before word *at*?"""
        return bool(_BREAK.search(self.text, self.words[at - 1].end, self.words[at].start))

    def _subject(self, begin: int, verb: int) -> Span | str | None:
        """Who does what word *verb* says, standing before it."""
        words, speech = self.words, self.speech
        end = verb
        while end > begin and words[end - 1].folded in speech.between | {"that", "which", "what"}:
            end -= 1
        if end == begin:
            return None
        if self._is_pronoun(end - 1, end):
            return _PRONOUN
        parts = self._parts(begin, end)
        closing = verb < len(words) and end == verb and self._comma(verb)
        if closing and len(parts) > 1 and self._is_name(parts[1]) and not self._named(parts[0]):
            return self._span(parts[1])
        chosen = reversed(parts) if not closing else iter(parts)
        for part in chosen:
            first, last = self._without_joins(*part)
            if first == last:
                continue
            folded = words[first].folded
            if folded in speech.small and first + 1 < last <= first + 4 and len(parts) == 1:
                # «У компанії відповіли»: the place speaks.
                return self._noun(first + 1, last) if self.language in ("uk", "ru", "pl") else None
            if folded in speech.small or folded in speech.joins or folded in speech.verbs:
                continue
            return self._noun(first, last)
        return None

    def _speaker_of(self, verb: int) -> Span | str | None:
        words = self.words
        after = self._noun(verb + 1, len(words), inverted=True)
        inverted = verb and self._comma(verb) and words[verb].folded not in _TO_SOMEBODY
        if inverted and isinstance(after, tuple) and words[verb + 1].folded not in ARTICLES:
            name = self._capitals(verb + 1, self._word_after(after[1]))
            if name == after:
                return after  # "the boat sank, says Bernard Quill at the hotel"
        return self._subject(0, verb) or after

    def _word_after(self, end: int) -> int:
        return sum(word.start < end for word in self.words)

    def _without_joins(self, first: int, last: int) -> tuple[int, int]:
        words = self.words
        while first < last and words[first].folded in self.speech.joins:
            if words[first].folded in _CLAUSES:
                return last, last
            first += 1
        return first, last

    def _parts(self, begin: int, end: int) -> list[tuple[int, int]]:
        edges = [begin, *(at for at in range(begin + 1, end) if self._comma(at)), end]
        return list(pairwise(edges))

    def _is_name(self, part: tuple[int, int]) -> bool:
        return 1 < part[1] - part[0] <= _LONGEST_NAME and all(
            word.is_capital or word.folded in PARTICLES for word in self.words[part[0] : part[1]]
        )

    def _named(self, part: tuple[int, int]) -> bool:
        run = self._capitals(*part)
        return run is not None

    def _span(self, part: tuple[int, int]) -> Span:
        return self.words[part[0]].start, self.words[part[1] - 1].end

    def _noun(self, begin: int, end: int, *, inverted: bool = False) -> Span | str | None:
        """The name in words[begin:end], or the noun they open with."""
        words, speech = self.words, self.speech
        while begin < end and words[begin].folded in speech.between - ARTICLES:
            begin += 1
        if begin >= end:
            return None
        stop = begin + 1
        while stop < end and not self._comma(stop):
            stop += 1
        if self._is_pronoun(begin, stop):
            return _PRONOUN
        if self.language == "ar":
            return self._arabic(begin, stop)
        if inverted and words[begin].folded in ("в", "у", "w", "we") and begin + 1 < stop:
            begin += 1  # «Світла не буде», — попередили в компанії: the place speaks.
        if inverted and words[begin].folded in speech.small:
            # "сказала перед голосуванням Оділія Карстен"
            later = self._capitals(begin + 1, stop) if stop > begin + 2 else None
            return later if later and " " in self.text[slice(*later)] else None
        head = begin + (words[begin].folded in ARTICLES)
        while head < stop and words[head].folded not in speech.small | speech.verbs:
            head += 1
        if head == begin:
            return None
        run = self._capitals(begin, head)
        if run and (inverted or head == stop or not self._opens_sentence(run)):
            return run
        if stop < end and (name := self._apposed(stop, end)):
            return name
        return words[begin].start, words[self._end_of_noun(head, stop, inverted) - 1].end

    def _is_pronoun(self, at: int, stop: int) -> bool:
        folded = self.words[at].folded
        # "her" of "her brother" is none.
        return folded in self.speech.pronouns and not (folded in POSSESSIVES and at + 1 < stop)

    def _end_of_noun(self, head: int, stop: int, inverted: bool) -> int:
        """Where "a spokeswoman for the port" ends, whose noun ends at *head*."""
        if head == stop or (not inverted and self.words[head].folded not in self.speech.verbs):
            return stop
        return self._cut(head, stop) if self.words[head].folded in TIES else head

    def _cut(self, head: int, stop: int) -> int:
        """The end of "a spokeswoman for the port", before "on Monday"; "who ..." goes on."""
        words = self.words
        if head < stop and words[head].folded == "who":
            return stop
        at = head + 1
        while at < stop and words[at].folded not in self.speech.small:
            at += 1
        return at if head < stop else stop

    def _opens_sentence(self, run: Span) -> bool:
        """A lone capital at the beginning of the sentence may be a plain noun."""
        return run[0] == self.words[0].start and " " not in self.text[run[0] : run[1]]

    def _apposed(self, at: int, end: int) -> Span | None:
        """ "its author, Cosima Hale": the name after the comma."""
        stop = at + 1
        while stop < end and not self._comma(stop):
            stop += 1
        last = at
        while last < stop and (self.words[last].is_capital or self.words[last].folded in PARTICLES):
            last += 1
        return self._capitals(at, last) if self._is_name((at, last)) else None

    def _capitals(self, begin: int, end: int) -> Span | None:
        """The run of capitalised words that closes words[begin:end] or stands first in it."""
        words = self.words
        last = end
        if not words[last - 1].is_capital:
            while last > begin and not words[last - 1].is_capital:
                last -= 1
            if last - begin < 2 or not self._is_name((last - 2, last)):
                return None
        first = last - 1
        while first > begin and self._runs_on(first, begin):
            first -= 1
        while first < last and not words[first].is_capital:
            first += 1
        stripped = first
        for at in range(first, last - 1):
            if words[at].folded.startswith(ROLE_STEMS):
                stripped = at + 1
        while stripped < last and self._is_role(words[stripped], stripped == 0):
            stripped += 1
        if stripped == last or not words[stripped].is_capital:
            return None  # "der Sprecher der Polizei"
        article = first > begin and words[first - 1].folded in ARTICLES
        firm = words[last - 1].text.isupper() or words[last - 1].folded in ("gmbh", "verein")
        if self.language == "de" and last - stripped > 2 and not firm:
            # Any noun before a name has a capital too: "der Rentner Karl Menz".
            stripped = last - 2 if words[last - 2].is_capital else stripped
        if article and stripped == first:
            return None
        return words[stripped].start, words[last - 1].end

    def _runs_on(self, first: int, begin: int) -> bool:
        """Does the word before *first* belong to the same name?"""
        before, word = self.words[first - 1], self.words[first]
        if not _JOINED.fullmatch(self.text[before.end : word.start]):
            return False
        if before.text.endswith(("'s", "’s")):
            return False
        inside = first - 2 >= begin and self.words[first - 2].is_capital
        if before.is_capital:
            return inside or before.folded not in ARTICLES
        return before.folded in PARTICLES and inside

    def _is_role(self, word: Word, opens: bool) -> bool:
        folded = word.folded.rstrip(".")
        return folded in ROLES or folded.startswith(ROLE_STEMS) or (opens and folded in ARTICLES)

    def _arabic(self, begin: int, end: int) -> Span:
        """Titles have the article, names mostly not: "القبطان هشام مرلان"."""
        words = self.words
        stop = begin + 1
        while stop < end and not self._ends_arabic(words[stop]):
            stop += 1
        first = begin
        if first + 2 < stop and not self._the(first) and self._the(first + 1):
            first += 2  # "وزير الخارجية كريم نصار"
        while first < stop and self._the(first):
            first += 1
        if first < stop - 1 and len(words[first].text) == 1:
            first += 1  # "د."
        if first == stop or words[first].text == "باسم":
            return words[begin].start, words[stop - 1].end
        last = first + 1
        while last < stop and not (last >= first + 2 and self._the(last)):
            last += 1
        if last + 2 < stop and not self._the(last + 1) and not self._the(last + 2):
            first, last = last + 1, stop  # "رئيس وفد سيلفان السفير كورنيليوس ثرين"
        return words[first].start, words[last - 1].end

    def _the(self, at: int) -> bool:
        return self.words[at].text.startswith("ال")

    def _ends_arabic(self, word: Word) -> bool:
        return word.text in self.speech.small or word.text.startswith("لل")
