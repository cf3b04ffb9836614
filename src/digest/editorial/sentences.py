"""Sentences as spans of their text, so that what is shown can be checked against the source.

A quotation of several sentences stays in one span with its speaker.  Knows nothing of
which sentences are worth showing.
"""

import re
from collections.abc import Iterator

from digest.editorial.words import (
    AFTER_CLOCK,
    ATTRIBUTION,
    DETERMINERS,
    MONTHS,
    NUMBERED,
    ORDINAL_LANGUAGES,
    SOFT,
    STOP_WORDS,
    TITLES,
)

_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*")
_CANDIDATE = re.compile(
    # The look-behind and the possessive runs keep a megabyte of full stops linear.
    r"(?<![.!?…؟۔।॥])(?P<mark>[.!?…؟۔।॥]++)(?P<close>[\"'”’»)\]“*]*+)(?=\s)"
    r"|(?P<wide>[。！？｡]+)[」』”’）\"]*"
)
_NEXT_WORD = re.compile(r"\s*(?P<open>[\"“„«‘'(\[¿¡—–-]*\s?)(?P<word>[^\W_]+)?(?P<dot>\.)?")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_QUOTE = re.compile(r"[\"“”„«»「」『』]")
_SINGLE_QUOTED = re.compile(
    r"(?<![^\s(\[—–])['‘](?=[^\s'’])(?:[^'‘’\n]|(?<=\w)['’](?=\w)){1,1500}?[,.!?…]['’](?!\w)"
)
_SPEAKER = re.compile(r"\s*((?:[^\W\d_][\w'’-]*\s+){1,4})([^\W\d_]+)(?=[.,;:]|\s+(?:on|in|at)\b)")

_CLOSERS = {"“": "”", "„": '“”"', "«": "»", "»": "«", '"': '"', "「": "」", "『": "』", "”": "”"}
#: Longer than this it is no quotation but a mark that was never closed.
_LONGEST_QUOTATION = 1500


def split_sentences(text: str, language: str | None = None) -> list[tuple[int, int]]:
    """Spans (start, end) of the sentences of *text*, in order and without overlap.

    Every character that is no white space lies in exactly one span.  A blank line always
    ends a sentence, a single line break never does.

    Args:
        language: BCP 47; sharpens ordinals ("18. Mai") and abbreviations, may be None.
    """
    short = language.split("-")[0].lower() if language else None
    spans: list[tuple[int, int]] = []
    for begin, end in _paragraphs(text):
        spans.extend(_split_paragraph(text, begin, end, short))
    return spans


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for gap in _PARAGRAPH_END.finditer(text):
        yield begin, gap.start()
        begin = gap.end()
    yield begin, len(text)


def _split_paragraph(
    text: str, begin: int, end: int, language: str | None
) -> Iterator[tuple[int, int]]:
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    if begin == end:
        return
    quoted = quotations(text, begin, end)
    inside = 0
    for found in _CANDIDATE.finditer(text, begin, end):
        at = found.end()
        while inside < len(quoted) and quoted[inside][1] <= at:
            inside += 1
        if inside < len(quoted) and quoted[inside][0] < at and at < quoted[inside][1]:
            continue
        if at < end and _ends(text, found, begin, language):
            yield begin, at
            begin = at
            while begin < end and text[begin].isspace():
                begin += 1
    if begin < end:
        yield begin, end


def quotations(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """Spans of the balanced quotations in one paragraph of *text*, marks included."""
    spans: list[tuple[int, int]] = []
    opened: tuple[str, int] | None = None
    for found in _QUOTE.finditer(text, begin, end):
        mark, at = found.group(), found.start()
        if opened and mark in _CLOSERS[opened[0]] and not (mark == '"' and _opens(text, at, begin)):
            if at + 1 - opened[1] <= _LONGEST_QUOTATION:
                spans.append((opened[1], at + 1))
            opened = None
        elif (opened is None or mark == opened[0]) and (
            mark in "“„«»「『" or (mark == '"' and _opens(text, at, begin))
        ):
            # A second opening mark of the same kind: the first was never closed.
            opened = (mark, at)
    if not spans:
        spans = [m.span() for m in _SINGLE_QUOTED.finditer(text, begin, end)]
    return spans


def _opens(text: str, at: int, begin: int) -> bool:
    """Does the straight mark at *at* open a quotation?  Its neighbours tell."""
    before = text[at - 1] if at > begin else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    return (before.isspace() or before in "([—–-/") and not after.isspace()


def _ends(text: str, found: re.Match[str], begin: int, language: str | None) -> bool:
    """Is this mark, followed by white space, the end of a sentence?"""
    if found["wide"]:
        # 「...」と: the particle hands the quotation to its speaker.
        return text[found.end() - 1] not in "」』" or text[found.end()] not in "とっ、"
    following = _NEXT_WORD.match(text, found.end())
    word = (following["word"] or "") if following else ""
    if word and word[0].islower():
        return False
    closes_quotation = any(mark in "\"'”’»“" for mark in found["close"])
    if found["mark"] != ".":
        return not (closes_quotation and _names_speaker(text, found.end()))
    if closes_quotation:
        return True
    last = _word_before(text, begin, found.start())
    initial_next = len(word) == 1 and bool(following and following["dot"])
    if last.isdigit():
        return _number_ends(text, found.start() - len(last), last, word, begin, language)
    return _word_ends(last.casefold(), word, language, initial_next=initial_next)


def _word_before(text: str, begin: int, end: int) -> str:
    """The last word of text[begin:end], with the dots and apostrophes inside it."""
    words = text[max(begin, end - 40) : end].rsplit(None, 1)
    return words[-1].lstrip("\"'“”„«‘’([{—–-*").rpartition("-")[2] if words else ""


def _word_ends(last: str, word: str, language: str | None, *, initial_next: bool) -> bool:
    """Does the full stop after *last*, with *word* to follow, end a sentence?"""
    if last in ("a.m", "p.m"):
        return bool(word) and word.casefold() not in AFTER_CLOCK and not word.isdigit()
    if last in TITLES or last in ("e.g", "i.e"):
        return not word
    if last in NUMBERED:
        return not word[:1].isdigit()
    if len(last) == 1 and last.isalpha():
        return not initial_next and _usually_opens(word, language)
    if last in SOFT or _DOTTED.fullmatch(last):
        return _usually_opens(word, language)
    return True


def _number_ends(
    text: str, at: int, number: str, word: str, begin: int, language: str | None
) -> bool:
    if at == begin and len(number) <= 3:
        return False  # the number of a list item, "1. Smith"
    if len(number) > 2 or (language and language not in ORDINAL_LANGUAGES):
        return True
    if word.casefold() in MONTHS:
        return False
    return not (language and _word_before(text, begin, at).casefold() in DETERMINERS)


def _usually_opens(word: str, language: str | None) -> bool:
    """Does *word*, capitalised after an abbreviation, rather open a sentence than go on?"""
    if not word:
        return True
    folded = word.casefold()
    if language and language in STOP_WORDS:
        return folded in STOP_WORDS[language]
    return any(folded in listed for listed in STOP_WORDS.values())


def _names_speaker(text: str, at: int) -> bool:
    """`"Why?" Anna Berg asked.`: what follows the quotation only says whose it is."""
    found = _SPEAKER.match(text, at, at + 90)
    return bool(found and found[2].casefold() in ATTRIBUTION)
