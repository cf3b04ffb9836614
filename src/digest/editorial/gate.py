"""What a model's text says and its source does not.

Numbers, names and quotations must stand in the source; a sentence near to one of the source's must
not exchange them, turn them round or deny otherwise.  All this can be right and the text still
wrong: what passes is marked as machine-written.  No understanding here, and no mercy: at the
least doubt the text is refused.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from digest.editorial.claims import Claim, Kind, Word
from digest.editorial.language import language_of
from digest.editorial.passages import language_of_item, passages
from digest.editorial.sentences import split_sentences
from digest.editorial.text import fold_space, tokens
from digest.editorial.words import ATTRIBUTION
from digest.model import Item

#: Nobody reads more of them.
_MOST_FAULTS = 8
#: Longer than this it is no summary.
_LONGEST = 20_000
_MARKUP = re.compile(
    r"</?[a-zA-Z!]|&#?\w{1,30};|\]\(|[*_`#|\\{}<>]|\[\[|://|\bwww\.|\w@\w"
    r"|[^\W_]\.(?:com|org|net|info|biz|io|app|dev|example|[a-z]{2})\b(?:/|\s|$|[.,;:)])",
    re.IGNORECASE,
)
_QUOTE_MARKS = frozenset('"“”„«»「」『』')
#: Of the telling words of a sentence, those that must be the source's own.
_OWN_SHARE = 0.3
#: Of a sentence's plain words, those that one sentence of the source must share to be the one
#: that it retells; and to be it nearly word for word.
_RETOLD, _REPEATED = 0.6, 0.75
_FEWEST_ROOTS = 2
#: Sentences around a quotation in which its speaker may be named.
_SPEAKER_REACH = 2


def faults(text: str, sources: Sequence[Item]) -> tuple[str, ...]:
    """What stands in *text* and not in *sources*, each a phrase for the newsroom; () for nothing.

    A sentence that stands word for word in a source is never at fault.
    """
    if len(text) > _LONGEST:
        return (f"{len(text):,} characters are no summary",)
    text = fold_space(text)
    found = list(_marks(text))
    source = _Source(sources)
    language = source.language
    if language and language_of(tokens(text), language) != language:
        found.append(f"it is not in the language of the source ({language})")
    for start, end in split_sentences(text, language):
        sentence = text[start:end]
        if sentence not in source.exact:
            found += _wrong(Claim(sentence, language), source)
    return tuple(dict.fromkeys(found))[:_MOST_FAULTS]


def _marks(text: str) -> Iterator[str]:
    markup = _MARKUP.search(text)
    if markup:
        yield f"it holds markup or an address: {_cited(markup.group())}"
    if any(not char.isprintable() for char in text):
        yield "it holds characters that cannot be seen"


class _Source:
    """All sentences of some items: bodies, headlines and standfirsts."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.language = language_of_item(items[0]) if items else None
        self.claims: list[Claim] = []
        for item in items:
            texts = [passage.text for passage in passages(item)]
            for told in (item.title, fold_space(item.standfirst or "")):
                texts += [told[a:b] for a, b in split_sentences(told, self.language)]
            self.claims += [Claim(text, self.language) for text in texts]
        self.exact = frozenset(claim.text for claim in self.claims)
        self.numbers = {number for claim in self.claims for number in _counts(claim)}
        self.words = {word.folded for claim in self.claims for word in claim.words}
        self.roots = {word.root for claim in self.claims for word in claim.words}
        self._alike: dict[str, list[str]] = defaultdict(list)
        for folded in sorted(self.words):
            self._alike[_bare(folded)[:3]].append(_bare(folded))
        self.counted: dict[str, set[str]] = defaultdict(set)
        #: First and second words of names, as they stand side by side.
        self.couples: set[tuple[str, str]] = set()
        self.denied: set[str] = set()
        for claim in self.claims:
            for number, word in claim.counted:
                self.counted[word.root].add(number)
            self.couples.update(_couples(claim))
            for near, _ in claim.denied:
                self.denied |= near
        self.firsts = {first for first, _ in self.couples}
        self.seconds = {second for _, second in self.couples}

    def knows(self, word: Word) -> bool:
        """Does the word stand in the source, or an inflected form of it?"""
        if word.folded in self.words:
            return True
        # An English name has one form; an English word at the beginning may have several.
        if self.language == "en" and word.kind is Kind.NAME:
            return False
        bare = _bare(word.folded)
        return any(_same(bare, other) for other in self._alike.get(bare[:3], ()))

    def nearest(self, claim: Claim) -> tuple[float, Claim | None]:
        """The sentence with most of the plain words of *claim*, and their share."""
        best: tuple[float, Claim | None] = (0.0, None)
        # Of a very short sentence the names and numbers count too.
        few = len(claim.roots) < _FEWEST_ROOTS
        mine = claim.telling if few else claim.roots
        if len(mine) >= _FEWEST_ROOTS:
            for told in self.claims:
                share = len(mine & (told.telling if few else told.roots)) / len(mine)
                if share > best[0]:
                    best = share, told
        return best


def _bare(word: str) -> str:
    """An Arabic word without what is written before it in one; any other as it is."""
    if not "\u0600" <= word[0] <= "\u06ff":
        return word
    return re.sub(r"^(?:[وفبكل]?ال|لل|[وفبل])(?=\w{3})", "", word)


def _same(one: str, other: str) -> bool:
    """Two forms of a word: they begin alike and end a little differently."""
    if one == other:
        return True
    shorter = min(len(one), len(other))
    common = next((n for n in range(shorter) if one[n] != other[n]), shorter)
    return common >= max(3, shorter - 2) and abs(len(one) - len(other)) <= 3


def _counts(claim: Claim) -> Iterator[str]:
    """Its numbers; of "1.1 from 1.4 percent" both, with and without the sign."""
    yield from claim.numbers
    for one, other in zip(claim.numbers, claim.numbers[1:], strict=False):
        sign = other.partition(" ")[2]
        if sign and " " not in one:
            yield f"{one} {sign}"


def _couples(claim: Claim) -> Iterator[tuple[str, str]]:
    for one, other in zip(claim.words, claim.words[1:], strict=False):
        named = one.capital and other.capital and other.kind is Kind.NAME
        if named and one.kind in (Kind.NAME, Kind.OPENING):
            yield one.folded, other.folded


def _cited(text: str) -> str:
    return f"«{text[:60]}»"


# ------------------------------------------------------------------ one sentence


def _wrong(claim: Claim, source: _Source) -> Iterator[str]:
    yield from _unknown(claim, source)
    yield from _misquoted(claim, source)
    yield from _miscounted(claim, source)
    yield from _misnamed(claim, source)
    share, told = source.nearest(claim)
    if told is not None and share >= _RETOLD:
        yield from _exchanged(claim, told, share)
    yield from _denied(claim, source, told if share >= _RETOLD else None)


def _unknown(claim: Claim, source: _Source) -> Iterator[str]:
    for at, word in enumerate(claim.words):
        if word.kind is Kind.NUMBER and word.folded not in source.numbers:
            yield f"the number {_cited(word.shown)} stands in no source"
        named = word.kind is Kind.NAME or (
            word.kind is Kind.OPENING and _names_somebody(claim.words[at + 1 : at + 2], source)
        )
        if named and not source.knows(word):
            yield f"the name {_cited(word.shown)} stands in no source"
    own = len(claim.roots & source.roots)
    if claim.roots and own < _OWN_SHARE * len(claim.roots):
        yield f"most of its words are not the source's: {_cited(claim.text)}"


def _names_somebody(following: Sequence[Word], source: _Source) -> bool:
    """Is an unknown word that opens a sentence a name?  It speaks, or has a surname."""
    if not following:
        return False
    after = following[0]
    surname = after.kind is Kind.NAME and after.folded in source.seconds
    return surname or after.folded in ATTRIBUTION


def _misquoted(claim: Claim, source: _Source) -> Iterator[str]:
    if any(mark in _QUOTE_MARKS for mark in claim.unquoted):
        yield f"a quotation is not closed: {_cited(claim.text)}"
    for quotation in claim.quoted:
        if not quotation.strip():
            continue
        places = [
            at
            for at, told in enumerate(source.claims)
            if any(quotation in said for said in (*told.quoted, _joined(told.quoted)))
        ]
        if not places:
            yield f"nobody is quoted with {_cited(quotation.strip())}"
        elif not _is_near(claim, source, places):
            yield f"somebody else said {_cited(quotation.strip())}"


def _joined(quoted: Sequence[str]) -> str:
    """A quotation that its speaker interrupts, in one piece."""
    return f" {' '.join(part.strip() for part in quoted)} "


def _is_near(claim: Claim, source: _Source, places: Sequence[int]) -> bool:
    """Is one of those whom the sentence names outside the marks the quotation's speaker?

    The source's sentence knows; where it names nobody, its neighbours do.
    """
    named = _named_outside(claim)
    for at in places:
        if not named:
            break
        speakers = _named_outside(source.claims[at])
        if not speakers:
            near = source.claims[max(0, at - _SPEAKER_REACH) : at + _SPEAKER_REACH]
            speakers = [word.folded for told in near for word in told.words]
        if any(_same(one, other) for one in named for other in speakers):
            return True
    return not named


def _named_outside(claim: Claim) -> list[str]:
    return _anchors(Claim(claim.unquoted, claim.language), "names")


def _miscounted(claim: Claim, source: _Source) -> Iterator[str]:
    """Numbers of other things: "3 injured" where 3 died and 14 were injured."""
    for number, word in claim.counted:
        known = source.counted.get(word.root, ())
        if known and number not in known and number in source.numbers:
            yield f"the source gives «{word.shown}» another number than {number}"


def _misnamed(claim: Claim, source: _Source) -> Iterator[str]:
    """Names of two people made into one."""
    for first, second in _couples(claim):
        apart = (first, second) not in source.couples
        if apart and first in source.firsts and second in source.seconds:
            yield f"no source names «{first} {second}»"


def _exchanged(claim: Claim, told: Claim, share: float) -> Iterator[str]:
    """Names or numbers of *told* that are others, or stand the other way round, in *claim*."""
    for what in ("names", "days", "numbers"):
        mine, its = _anchors(claim, what), _anchors(told, what)
        if what == "names" and _turned(mine, its):
            yield f"names stand the other way round in {_cited(told.text)}"
        if share >= _REPEATED:
            added = [one for one in mine if not _holds(told, one)]
            lost = [one for one in its if not _holds(claim, one)]
            if added and lost:
                yield f"the source has «{lost[0]}» where it has «{added[0]}»"


def _turned(mine: Sequence[str], its: Sequence[str]) -> bool:
    once = [one for one in mine if mine.count(one) == 1 and its.count(one) == 1]
    places = [its.index(one) for one in once]
    return places != sorted(places)


def _anchors(claim: Claim, what: str) -> list[str]:
    if what == "numbers":
        return claim.numbers
    if what == "days":
        return [word.folded for word in claim.words if word.is_day]
    kinds = (Kind.NAME, Kind.OPENING)
    named = (word for word in claim.words if word.capital and word.kind in kinds)
    return [word.folded for word in named if not word.is_day]


def _holds(claim: Claim, folded: str) -> bool:
    if folded[0].isdecimal():
        return folded in claim.numbers
    return any(_same(word.folded, folded) for word in claim.words)


def _denied(claim: Claim, source: _Source, told: Claim | None) -> Iterator[str]:
    likely = source.nearest(claim)[1]
    for near, _ in claim.denied:
        if near.isdisjoint(source.denied) and not (likely and likely.denied):
            yield f"no source denies it so: {_cited(claim.text)}"
    if told is None:
        return
    if len(claim.denied) > len(told.denied):
        yield f"the source does not deny it: {_cited(told.text)}"
    mine = frozenset().union(*(near for near, _ in claim.denied))
    every = {word.root for word in claim.words if word.kind is not Kind.STOP}
    for _, following in told.denied:
        if following in every and following not in mine:
            yield f"the source denies it: {_cited(told.text)}"
