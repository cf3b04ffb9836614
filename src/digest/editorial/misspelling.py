"""A misspelling mended: a few letters inside words, and never a figure, a name or a "not".

Without a dictionary: what could be news is not called a misspelling.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from digest.editorial.language import is_stop_word
from digest.editorial.noise import MONTHS, WEEKDAYS, Fold
from digest.editorial.text import tokens

#: In one sentence; more is rewriting.
_MOST_MENDED = 3
_LONGEST_SENTENCE = 120
_LONGEST_WORD = 40
#: Letters of a word in which one may be wrong, and two.
_ONE_WRONG, _TWO_WRONG = 5, 8
_ARTICLES = frozenset({"a", "an", "the"})

#: A letter apart, and other news.
_FIGURES = frozenset(
    tokens(
        f"""{MONTHS.replace("|", " ")} {WEEKDAYS}
        seven eight eleven twelve thirteen thirty fourteen forty fifteen fifty sixteen sixty
        seventeen seventy eighteen eighty nineteen ninety hundred thousand million millions billion
        billions trillion trillions dozen dozens third fourth fifth sixth seventh eighth ninth
        north south northern southern eastern western sieben siebzehn siebzig dreizehn dreißig
        vierzehn vierzig fünfzehn fünfzig sechzehn sechzig achtzehn achtzig neunzehn neunzig
        hundert tausend million millionen milliarde milliarden billion billionen treize trente
        quatorze quarante quinze cinquante seize soixante millions milliard milliards trece treinta
        catorce cuarenta quince cincuenta sesenta setenta ochenta noventa millón millones billón
        billones tredici trenta quattordici quaranta quindici cinquanta sessanta settanta ottanta
        novanta milione milioni miliardo miliardi tysiąc tysięcy milion milionów miliard miliardów
        dwanaście dwadzieścia trzynaście trzydzieści czternaście piętnaście szesnaście siedemnaście
        osiemnaście тисяча тисяч мільйон мільйонів мільйони мільярд мільярдів мільярди дванадцять
        двадцять тринадцять тридцять миллион миллионов миллиард миллиардов двенадцать двадцать
        тринадцать тридцать εκατομμύρια εκατομμύριο δισεκατομμύρια"""
    )
)


def only_mends(old: Fold, new: Fold, text: str) -> bool:
    """Is *new* the sentence *old* with misspellings mended, and nothing else?

    Args:
        text: where *new* stands.  A word that is in it without a capital is no name; in a
            script without capitals no change is called a misspelling.
    """
    if abs(len(old) - len(new)) > _MOST_MENDED or len(new) > _LONGEST_SENTENCE:
        return False
    if len(set(new).difference(old)) > _MOST_MENDED:
        return False
    mended = 0
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for step, start, end, begin, stop in steps:
        if step == "equal":
            continue
        mended += max(end - start, stop - begin)
        if mended > _MOST_MENDED or not _harmless(old, new, (start, end), (begin, stop), text):
            return False
    return True


def _harmless(
    old: Fold, new: Fold, gone: tuple[int, int], came: tuple[int, int], text: str
) -> bool:
    before, after = old[slice(*gone)], new[slice(*came)]
    if not before or not after:
        return _is_slip(old, gone) if before else _is_slip(new, came)
    if "".join(before) == "".join(after):
        return all(map(str.isalpha, after))
    return len(before) == len(after) and all(
        _is_mend(a, b, text) for a, b in zip(before, after, strict=True)
    )


def _is_slip(words: Sequence[str], span: tuple[int, int]) -> bool:
    """A word that stood there twice, or an English article."""
    start, end = span
    said = words[start:end]
    twice = said == words[end : end + len(said)] or said == words[max(0, start - len(said)) : start]
    return (twice and said[0].isalpha()) or set(said) <= _ARTICLES


def _is_mend(old: str, new: str, text: str) -> bool:
    if old in _ARTICLES and new in _ARTICLES:
        return True
    if not (old.isalpha() and new.isalpha()) or old in _FIGURES or new in _FIGURES:
        return False
    if old[0] != new[0] or (is_stop_word(old) and is_stop_word(new)):
        return False
    shorter, longer = sorted((len(old), len(new)))
    if longer > _LONGEST_WORD:
        return False
    if sorted(old) == sorted(new) and shorter >= 3:
        return _distance(old, new) <= 1 and _is_common(new, text)
    allowed = 2 if shorter >= _TWO_WRONG else 1 if shorter >= _ONE_WRONG else 0
    return longer - shorter <= allowed and _distance(old, new) <= allowed and _is_common(new, text)


def _is_common(word: str, text: str) -> bool:
    """Does *word* stand in *text* in small letters?"""
    return word.islower() and bool(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text))


def _distance(one: str, other: str) -> int:
    """Letters put in, left out, exchanged, or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, above, row = row, before, [i]
        for j, b in enumerate(other, start=1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, above[j - 2] + 1)
            row.append(best)
    return row[-1]
