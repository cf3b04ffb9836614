"""Sentences as spans of their text, so that what is shown can be checked against the source.

A quotation of several sentences stays in one span with its speaker.  Knows nothing of
which sentences are worth showing.
"""

import re
from collections.abc import Iterator
from functools import cached_property

from digest.editorial.abbreviations import (
    AFTER_CLOCK,
    DATE_OPENINGS,
    DETERMINERS,
    ENUMERATIONS,
    FIRMS,
    LETTERED,
    MEASURES,
    MONTHS,
    NO_NAMES,
    ORDINAL_NOUNS,
    STREETS,
    VOWELLESS,
    Habits,
    habits,
)
from digest.editorial.language import language_of
from digest.editorial.marks import quotations
from digest.editorial.wordlists import words as _words
from digest.editorial.words import ATTRIBUTION, ATTRIBUTIONS

_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*")
_MARKS = ".!?…؟۔।॥"
_CANDIDATE = re.compile(
    # One class in front, which `re` looks for fast.  The look-behind and the possessive runs
    # keep a megabyte of full stops linear.
    rf"[{_MARKS};\u037e。！？｡](?:(?<=[{_MARKS}])(?<![{_MARKS}]{{2}})[{_MARKS}]*+"
    r"(?P<close>(?:[\"'”’‘»«›‹)\]“*]|[ \u00a0\u202f][»›](?=\s))*+)(?:\[\d{1,3}\])*+(?=\s)"
    r"|(?<=[\u0370-\u03ff\u1f00-\u1fff][;\u037e])(?P<greek>(?=\s))"
    r"|(?<=[。！？｡])(?P<wide>[。！？｡]*+)[」』”’）\"]*+)"
)
_NEXT = re.compile(
    r"\s*(?P<open>(?:[\"“”„«»‹‘‚'(\[¿¡—–-]\s?)*+)(?P<word>[^\W_]+|[§№#$€£&])?(?P<dot>\.)?"
)
_AFTER_NEXT = re.compile(r"[’'\w-]*\s+([^\W\d_]+)")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
#: What stands before the abbreviation in "Dipl.-Ing.", "l'art.".
_COMPOUND = re.compile(r"[-’']")
_VOWEL = re.compile(
    r"[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýœąęóěůőűăâîı"
    r"аеиіоуюяєїёыэαεηιουωάέήίόύώϊϋ\u0590-\U0010ffff]"
)
#: So many words and a year may be only the opening: "Станом на 1 травня 2024 р. Кабмін".
_LONG_OPENING = 6
_SHORT_OPENING = 3
#: In characters; in so many there are more words than in any opening.
_LONGEST_OPENING = 150
_ROMAN = re.compile(r"[IVXLC]{1,7}")
_BRACKET = re.compile(r"[()\[\]]")
_LETTERS = re.compile(r"[^\W\d_]+")
#: Marks that end a quotation.
_QUOTE_ENDS = frozenset("\"'”’‘»«›‹“")
_OPENERS = "\"'“”„«»‹‘‚’([{—–-*¿¡"
#: An aside in brackets is one with its sentence; longer it is a text of its own.
_LONGEST_ASIDE = 400
#: After "Why?" somebody asked: what may follow the verb.
_AFTER_VERB = _words(
    """on in at to as after before during with when while from outside inside of reporters
    journalists him her them us me the his their quietly angrily monday tuesday wednesday thursday
    friday saturday sunday yesterday later again"""
)
_MORE_OF_THE_NAME = 6
_ARABIC_AND = ("و", "ف", "ث")
_ARABIC_VERBS = frozenset(word for word in ATTRIBUTIONS["ar"] if word[0] not in "وبحف")

Span = tuple[int, int]


def split_sentences(
    text: str, language: str | None = None, abbreviations: frozenset[str] = frozenset()
) -> list[Span]:
    """Spans (start, end) of the sentences of *text*, in order and without overlap.

    Every character that is no white space lies in exactly one span.  A blank line always
    ends a sentence, a single line break never does.

    Args:
        language: BCP 47; where it is None and matters, the text tells.
        abbreviations: a newsroom's own ("Hptm.", "Lt. Gen."), which never end a sentence
            before the paragraph does.
    """
    judge = _Judge(text, language, abbreviations)
    spans: list[Span] = []
    for begin, end in _paragraphs(text):
        spans.extend(_split_paragraph(judge, begin, end))
    return spans


def _paragraphs(text: str) -> Iterator[Span]:
    begin = 0
    for gap in _PARAGRAPH_END.finditer(text):
        yield begin, gap.start()
        begin = gap.end()
    yield begin, len(text)


def _split_paragraph(judge: "_Judge", begin: int, end: int) -> Iterator[Span]:
    text = judge.text
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    if begin == end:
        return
    quoted = _Cover(quotations(text, begin, end))
    asides = _Cover(_asides(text, begin, end))
    for found in _CANDIDATE.finditer(text, begin, end):
        at = found.end()
        if at >= end or quoted.covers(at) or asides.covers(at):
            continue
        if judge.ends(found, begin):
            yield begin, at
            begin = at
            while begin < end and text[begin].isspace():
                begin += 1
    if begin < end:
        yield begin, end


class _Cover:
    """Spans in order, asked for places that only grow."""

    def __init__(self, spans: list[Span]) -> None:
        self._spans = spans
        self._next = 0

    def covers(self, at: int) -> bool:
        spans = self._spans
        if not spans:
            return False
        while self._next < len(spans) and spans[self._next][1] <= at:
            self._next += 1
        return self._next < len(spans) and spans[self._next][0] < at


def _asides(text: str, begin: int, end: int) -> list[Span]:
    """Spans of the balanced brackets in one paragraph, outermost only."""
    spans: list[Span] = []
    opened: list[int] = []
    for found in _BRACKET.finditer(text, begin, end):
        if found.group() in "([":
            opened.append(found.start())
        elif opened:
            start = opened.pop()
            if found.end() - start <= _LONGEST_ASIDE:
                while spans and spans[-1][0] > start:
                    spans.pop()
                spans.append((start, found.end()))
    return spans


class _Judge:
    """Tells of one text which marks end sentences."""

    def __init__(self, text: str, language: str | None, own: frozenset[str]) -> None:
        self.text = text
        self._language = language.split("-")[0].lower() if language else None
        # "Lt. Gen." is asked for twice: at the end of "Lt." and of "Gen.".
        self._own = frozenset(part.casefold().rstrip(".") for one in own for part in one.split())

    @cached_property
    def _habits(self) -> Habits:
        if self._language is None:
            head = [word.casefold() for word in _LETTERS.findall(self.text[:1500])]
            return habits(language_of(head, None))
        return habits(self._language)

    @cached_property
    def _small(self) -> frozenset[str]:
        """Words that the beginning of the text writes small: capitals mean that one opens."""
        head = _LETTERS.findall(self.text[:20_000])
        return frozenset(word.casefold() for word in head if word.islower())

    def ends(self, found: re.Match[str], begin: int) -> bool:
        """Is this mark, followed by white space, the end of the sentence from *begin*?"""
        text, at = self.text, found.end()
        if found["wide"] is not None:
            # 「...」と: the particle hands the quotation to its speaker.
            return text[at - 1] not in "」』" or text[at] not in "とっ、"
        following = _NEXT.match(text, at)
        word = (following and following["word"]) or ""
        if word[:1].islower() and word.islower():
            return False
        if found["greek"] is not None:
            return True
        close = found["close"]
        mark = text[found.start() : found.start("close")]
        closes_quotation = any(one in _QUOTE_ENDS for one in close)
        opening = (following and following["open"]) or ""
        if closes_quotation:
            # «Чому?» — Коваль: a dash hands the quotation to its speaker.
            remark = opening[:1] in ("—", "–", "-") and mark != "."
            return not (remark or self._names_speaker(at, word, full_stop=mark == "."))
        if mark != ".":
            if mark in ("...", "…") and word[:1] in _ARABIC_AND:
                return False  # a script without capitals: "and then", "but"
            return not self._is_aside(found)
        if not word and text[at : at + 2].strip()[:1] in (".", "…"):
            return False  # ". . ."
        return self._full_stop_ends(found.start(), begin, word, following)

    def _is_aside(self, found: re.Match[str]) -> bool:
        """(!), (?), [...]: a remark of the writer inside a sentence."""
        start = found.start()
        return found["close"][:1] in (")", "]") and start > 0 and self.text[start - 1] in "(["

    def _full_stop_ends(
        self, at: int, begin: int, word: str, following: re.Match[str] | None
    ) -> bool:
        raw, before = self._words_before(begin, at)
        last = raw.casefold()
        if last.isdigit():
            return self._number_ends(at - len(last), last, before, word, begin)
        joined = f"{before.rstrip('.').casefold()}.{last}" if before.endswith(".") else last
        if last in self._own:
            return False
        if last in ("a.m", "p.m", "π.μ", "μ.μ") or joined in ("a.m", "p.m"):
            opening = self._words_from(begin, at) < _SHORT_OPENING  # At 9 a.m. Vey left
            return not (opening or word[:1].isdigit() or word.casefold() in AFTER_CLOCK)
        known = self._habits.known
        if joined in known and joined != last:
            return self._abbreviation_ends(joined, before, word, following, begin)
        if len(raw) == 1 and raw.isupper() and last not in self._habits.abbreviations.inner:
            return self._letter_ends(before, word, following)
        if self._habits.language == "de" and last.endswith("str"):
            return not word  # Hauptstr. 14
        if last in known:
            # "CA." is no "ca."; "MM." and "SS." are abbreviations in capitals.
            shouted = len(raw) > 1 and raw.isupper() and not word.isupper() and raw[0] != raw[1]
            return shouted or self._abbreviation_ends(last, before, word, following, begin)
        if len(last) == 1 and last.isalpha():
            return self._letter_ends(before, word, following)
        return self._unlisted_ends(raw, before, word, following)

    def _unlisted_ends(
        self, raw: str, before: str, word: str, following: re.Match[str] | None
    ) -> bool:
        """A word that is on no list may still have the shape of an abbreviation."""
        if "." in raw and _DOTTED.fullmatch(raw):
            return self._opens(word, following)
        if 1 < len(raw) < 6 and raw[1:].islower() and not _VOWEL.search(raw.casefold()):
            # "Hptm. Vey", but "5 km." is a measure.
            plain = before[-1:].isdigit() or raw.casefold() in MEASURES
            return plain or self._habits.language in VOWELLESS or self._opens(word, following)
        if self._habits.ordinals and len(raw) > 1 and _ROMAN.fullmatch(raw):
            return word.casefold() not in ORDINAL_NOUNS
        return True

    def _words_before(self, begin: int, end: int) -> tuple[str, str]:
        """The last word of text[begin:end], with the dots inside it, and the one before."""
        near = self.text[max(begin, end - 40) : end].rsplit(None, 2)
        last = _COMPOUND.split(near[-1].lstrip(_OPENERS))[-1] if near else ""
        before = near[-2].lstrip(_OPENERS) if len(near) > 1 else ""
        return last, before

    def _abbreviation_ends(
        self, last: str, before: str, word: str, following: re.Match[str] | None, begin: int
    ) -> bool:
        listed = self._habits.abbreviations
        counted = before[-1:].isdigit() or bool(_ROMAN.fullmatch(before))
        if counted and last in listed.unit:
            return not word[:1].isdigit()
        if counted and last in listed.year:
            return self._year_ends(word, following, begin)
        if last in listed.number and word[:1].isdigit():
            return False
        if last in listed.number and (_ROMAN.fullmatch(word) or len(word) == 1):
            return False
        if last in listed.inner or last in listed.unit or last in listed.year:
            if last in STREETS and before[:1].isupper() and not self._is_opener(before):
                return not word or word.casefold() in NO_NAMES
            return not word
        if last in ENUMERATIONS and self._habits.language != "de":
            return True
        return last not in listed.soft or self._opens(word, following, firm=last in FIRMS)

    def _year_ends(self, word: str, following: re.Match[str] | None, begin: int) -> bool:
        """ "У 2024 р. Кабмін" goes on; "Він помер у 2024 р. Тіло" does not."""
        if self._habits.language == "ar":
            return word[:1] == "و"
        at = following.start() if following else begin
        first = self.text[begin : begin + 20].split(None, 1)[0].casefold()
        opening = _LONG_OPENING if first in DATE_OPENINGS else 2
        return self._opens(word, following) or self._words_from(begin, at) > opening

    def _words_from(self, begin: int, at: int) -> int:
        """Blanks of text[begin:at], or of as much of it as an opening may have."""
        return self.text.count(" ", begin, min(at, begin + _LONGEST_OPENING))

    def _letter_ends(self, before: str, word: str, following: re.Match[str] | None) -> bool:
        """ "J." of "J. Halm", or of "vitamin C."."""
        if len(word) == 1 and following and following["dot"]:
            return False
        if before.casefold() in LETTERED:
            return True
        return self._opens(word, following)

    def _number_ends(self, at: int, number: str, before: str, word: str, begin: int) -> bool:
        if at == begin and len(number) <= 3:
            return False  # the number of a list item, "1. Smith"
        if len(number) > 3 or not self._habits.ordinals:
            return True
        folded = word.casefold()
        if folded in MONTHS or folded in ORDINAL_NOUNS or word[:1].isdigit():
            return False
        if self._habits.language is None or len(number) > 2 or self._is_opener(word):
            return True
        return before.casefold() not in DETERMINERS

    def _opens(self, word: str, following: re.Match[str] | None, *, firm: bool = False) -> bool:
        """Does *word*, capitalised after an abbreviation, rather open a sentence than go on?"""
        if not word or following is None:
            return True
        if following["open"][:1] in ("—", "–", "-"):
            return False
        if self._is_opener(word) or word.casefold() in self._small:
            return True
        if (
            not (firm and word.isalpha())
            or word.casefold() in AFTER_CLOCK
            or self._habits.language == "de"
        ):
            return False
        after = _AFTER_NEXT.match(self.text, following.end("word"))
        return bool(after and after[1].islower() and after[1] not in ("of", "de", "di", "and"))

    def _is_opener(self, word: str) -> bool:
        return word.casefold() in self._habits.openers

    def _names_speaker(self, at: int, word: str, *, full_stop: bool) -> bool:
        """`"Why?" Anna Berg asked.`: what follows the quotation only says whose it is."""
        if word in _ARABIC_VERBS:
            return True
        if full_stop:
            return False
        near = self.text[at : at + 90].split()[: _MORE_OF_THE_NAME + 2]
        for index, one in enumerate(near[:_MORE_OF_THE_NAME]):
            bare = one.rstrip(".,;:")
            if index and bare.casefold() in ATTRIBUTION and bare.islower():
                after = near[index + 1].rstrip(".,;:").casefold() if len(near) > index + 1 else ""
                return bare != one or not after or after in _AFTER_VERB
            if one[-1] in "!?;:" or (one[-1] == "." and len(bare) > 3):
                return False
        return False
