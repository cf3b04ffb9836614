"""Quotations, and who speaks them as far as the text says.

Marks alone are paired in `marks`.  What is found here is read from the words around a quotation,
a few per language (`speech`); grammar it knows none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.editorial.marks import LONGEST_QUOTATION, Span
from digest.editorial.marks import quotations as quotations
from digest.editorial.sentences import split_sentences
from digest.editorial.speakers import Clause, Word, words_of
from digest.editorial.speech import Speech, speech

_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*")
_OPENING = re.compile(r"[\"“„«‘‟]\s?")
_LEAD = re.compile(r"\s*[,.;:!?]?\s*[—–-]*\s*")
_HALT = re.compile(r"[;:!?…](?=\s|$)|\.(?=\s*$)")
#: So far from the quotation the verb of the speaker may stand, in words.
_FAR = 14
_TITLE_WORDS = 4
_STATES = (",", ".", "!", "?", "…", "؟", "،")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """One quotation of a text."""

    #: Offsets into the text, quotation marks included.
    start: int
    end: int
    #: Where the text names who speaks; None if it does not, or only says "he".
    speaker: Span | None


def spoken(text: str, language: str | None = None) -> list[Quotation]:
    """The quotations of *text* in order, each with its speaker.

    A quotation that opens a paragraph, is not closed there and goes on with a mark in the next
    one ends with its paragraph.  Words that nobody speaks ("so-called", titles) have no speaker.

    Args:
        language: BCP 47; where it is None the verbs of all languages are tried.
    """
    short = language.split("-")[0].lower() if language else None
    reader = _Reader(text, speech(short), short)
    begin = 0
    for gap in (*_PARAGRAPH_END.finditer(text), None):
        end = gap.start() if gap else len(text)
        reader.paragraph(begin, end, language)
        begin = gap.end() if gap else end
    return reader.found


class _Reader:
    def __init__(self, text: str, speech: Speech, language: str | None) -> None:
        self.text = text
        self.speech = speech
        self.language = language
        self.found: list[Quotation] = []
        #: Who spoke last, or stood first in the last sentence.
        self.last: Span | None = None
        self.running = False

    def paragraph(self, begin: int, end: int, language: str | None) -> None:
        spans = quotations(self.text, begin, end)
        opened = _OPENING.match(self.text, begin, end)
        whole = opened and not (spans and spans[0][0] == begin) and end - begin <= LONGEST_QUOTATION
        if whole and not spans:
            # Each paragraph of a long quotation opens with a mark; only the last one closes.
            self._keep((begin, end), self.last if self.running else None)
            self.running = True
            return
        continues, self.running = self.running, False
        spoke = continues
        at = 0
        sentences = split_sentences(self.text[begin:end], language)
        for start, stop in ((begin + a, begin + b) for a, b in sentences):
            first = at
            while at < len(spans) and spans[at][0] < stop:
                at += 1
            spoke = self._sentence(start, stop, spans[first:at], spoke)

    def _sentence(self, start: int, stop: int, spans: Sequence[Span], spoke: bool) -> bool:
        """Read one sentence; True if it ends with somebody's words."""
        if not spans:
            return self._without_marks(start, stop)
        outside = self._outside(start, stop, spans)
        alone = not any(words_of(self.text, a, b) for a, b in outside)
        if alone:
            for span in spans:
                self._keep(span, self.last if spoke else None)
            return spoke
        opener = self._subject(start, spans[0][0])
        named = False
        for index, span in enumerate(spans):
            speaker = self._speaker(span, outside[index], outside[index + 1], start, opener)
            self._keep(span, speaker)
            if speaker:
                self.last, named = speaker, True
        if not named and opener:
            self.last = opener
        return named

    def _without_marks(self, start: int, stop: int) -> bool:
        """What Voss says in the writer's words; True if a bare quotation may follow it."""
        words = words_of(self.text, start, stop)
        clause = Clause(self.text, words, self.speech, self.language)
        reported = self._resolved(clause.reported(), None)
        self.last = reported or clause.opening_name() or self.last
        return reported is not None

    def _keep(self, span: Span, speaker: Span | None) -> None:
        self.found.append(Quotation(start=span[0], end=span[1], speaker=speaker))

    @staticmethod
    def _outside(start: int, stop: int, spans: Sequence[Span]) -> list[Span]:
        edges = [start, *(edge for span in spans for edge in span), stop]
        return [(a, max(a, b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]

    def _subject(self, start: int, stop: int) -> Span | None:
        """The name or noun that a sentence opens with, for a pronoun to come."""
        clause = Clause(self.text, words_of(self.text, start, stop), self.speech, self.language)
        return clause.opening_name()

    def _speaker(
        self, span: Span, before: Span, after: Span, start: int, opener: Span | None
    ) -> Span | None:
        text = self.text
        inner = text[span[0] + 1 : span[1] - 1].strip()
        left = words_of(text, *before)
        # What was read for the quotation before belongs to it, up to its own full stop.
        if self._is_scare(left) and not text[before[0] : before[1]].rstrip().endswith(":"):
            return None
        lead = _LEAD.match(text, after[0], after[1])
        begin = lead.end() if lead else after[0]
        pause = bool(lead and lead.group().strip())
        surely = inner.endswith(_STATES) or span[0] <= start + 1
        if (pause or surely) and (found := self._after(begin, after[1], surely=surely)):
            return self._resolved(found, opener)
        if self._is_title(inner, left):
            return None
        clause = Clause(text, left, self.speech, self.language)
        found = clause.speaker_before(
            colon=text[before[0] : before[1]].rstrip().endswith(":"),
            dash=text[before[0] : before[1]].rstrip()[-1:] in ("—", "–"),
            far=_FAR,
        )
        return self._resolved(found, opener)

    def _after(self, begin: int, end: int, *, surely: bool) -> Span | str | None:
        halt = _HALT.search(self.text, begin, end)
        words = words_of(self.text, begin, halt.start() if halt else end)
        return Clause(self.text, words, self.speech, self.language).speaker_after(surely=surely)

    def _resolved(self, found: Span | str | None, opener: Span | None) -> Span | None:
        """A pronoun means who spoke last, or whom the sentence began with."""
        return (self.last or opener) if isinstance(found, str) else found

    def _is_scare(self, left: Sequence[Word]) -> bool:
        return any(word.folded in self.speech.scare for word in left[-2:])

    def _is_title(self, inner: str, left: Sequence[Word]) -> bool:
        """A ship or a play: a few words, all with capitals, and no verb before them."""
        words = inner.split()
        if not words or len(words) > _TITLE_WORDS or inner.endswith(_STATES):
            return False
        verb = bool(left) and left[-1].folded in self.speech.verbs | self.speech.naming
        return not verb and all(word[:1].isupper() for word in words if len(word) > 2)
