"""The sentences of an item as candidates for a summary, and what each of them needs.

Rules of readability only: which passage is junk, which leans on the one before it, which
quotation has lost its speaker.  What is *worth* showing is decided in `summarize`.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from digest.editorial.sentences import quotations, split_sentences
from digest.editorial.text import (
    HEAD_CHARS,
    count_words,
    fold_space,
    is_stop_word,
    language_of,
    names,
    stem,
    tokens,
)
from digest.editorial.words import (
    ATTRIBUTION,
    FIRST_PERSON,
    JUNK_MARKS,
    JUNK_OPENINGS,
    LEANING,
    PRONOUNS,
    leaning,
)
from digest.model import BlockKind, Item, Sentence

_CAPITALS = "A-ZÀ-ÞΑ-ΩА-ЯЁІЇЄҐ"
#: "KYIV, May 4 (Wire) — ", "Berlin (dpa) - "
_DATELINE = re.compile(
    rf"(?:[{_CAPITALS}][{_CAPITALS} .'’/-]{{2,30}}(?:, [^\W_][\w .]{{1,25}})?"
    rf"(?:, [^\W_][\w .]{{1,25}})?(?: ?\([\w ./]{{2,30}}\))?"
    rf"|[{_CAPITALS}]\w+(?:[ /-][{_CAPITALS}]\w+){{0,3}} \([\w ./]{{2,30}}\))\s*[—–-]{{1,2}}\s+"
)
_NAME = rf"[{_CAPITALS}][\w.'’-]*"
_BYLINE = re.compile(
    rf"(?i:by|von|par|por|автор:?)(?:\s+(?:and|und|et|y|і|и|{_NAME}),?){{1,10}}\.?"
)
_TERMINAL = tuple(".!?…؟。！？।॥\"'”’»)“]」")
_CUT_OFF = ("…", "...", "[…]", "[...]", "(…)", "[&hellip;]")
_ADDRESS = re.compile(r"https?://|www\.\w|\w@[\w-]{1,63}\.\w")
_FEWEST_WORDS = 4
_LONGEST_OPENING = 5
#: Fewer words outside the marks than this name no speaker.
_SPEAKER_WORDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a passage stands: the item, and offsets into `Item.text`."""

    item_id: str
    start: int
    end: int
    block: BlockKind


class Passage:
    """One sentence of an item, and what can be said about it without its neighbours."""

    def __init__(self, place: Place, text: str, language: str | None) -> None:
        self.place = place
        self.text = text
        self.language = language
        self.words = count_words(text)

    def sentence(self) -> Sentence:
        place = self.place
        return Sentence(item_id=place.item_id, text=self.text, start=place.start, end=place.end)

    @cached_property
    def tokens(self) -> list[str]:
        return tokens(self.text)

    @cached_property
    def terms(self) -> list[str]:
        """Stems of the telling words."""
        return [stem(w) for w in self.tokens if len(w) > 1 and not is_stop_word(w)]

    @cached_property
    def _unquoted(self) -> str:
        """The text outside quotation marks, and " ¦ " for each quotation."""
        kept, at = [], 0
        for start, end in quotations(self.text, 0, len(self.text)):
            kept.append(self.text[at:start])
            at = end
        return " ¦ ".join((*kept, self.text[at:]))

    @cached_property
    def quotes(self) -> bool:
        return "¦" in self._unquoted

    @cached_property
    def outside(self) -> list[str]:
        """Words outside quotation marks: the writer's own, the speaker's name."""
        return tokens(self._unquoted)

    @property
    def attributes(self) -> bool:
        return any(word in ATTRIBUTION for word in self.outside) or self.text.endswith(":")

    @property
    def is_junk(self) -> bool:
        """The page's words, not the story's."""
        low = self.text.casefold().lstrip("•·*-–—>→▶| ([")
        return (
            low.startswith(JUNK_OPENINGS)
            or any(mark in low for mark in JUNK_MARKS)
            or bool(_BYLINE.fullmatch(self.text))
            or not self.tokens
            or (bool(_ADDRESS.search(self.text)) and self.words <= 12)
        )

    @property
    def is_whole(self) -> bool:
        """A complete sentence that ends, with its marks balanced."""
        marks = self._unquoted
        loose = any(mark in marks for mark in '"“”„«»')
        brackets = all(self.text.count(a) == self.text.count(b) for a, b in ("()", "[]"))
        ended = self.text.endswith(_TERMINAL) and not self.text.endswith(_CUT_OFF)
        return ended and brackets and not loose and self.words > _FEWEST_WORDS

    @property
    def in_first_person(self) -> bool:
        return any(word in FIRST_PERSON for word in self.outside)

    @cached_property
    def leans(self) -> bool:
        """Opens with a word that points to the sentence before, or speaks of "him" unnamed."""
        opening = leaning(self.language)
        words = self.tokens
        if any(" ".join(words[:n]) in opening for n in range(1, _LONGEST_OPENING + 1)):
            return True
        outside = self.outside
        for at, word in enumerate(outside):
            if word not in PRONOUNS or self._names_before(at):
                continue
            spoken = self.quotes and any(w in ATTRIBUTION for w in outside[max(0, at - 1) : at + 2])
            asked = outside[max(0, at - 2) : at] == ["according", "to"]
            if at < _LONGEST_OPENING or spoken or asked:
                return True
        return False

    @cached_property
    def speaker_noun(self) -> str | None:
        """ "minister" of "the minister said": fine where the minister has been named before."""
        words = self.outside
        for at, (article, noun, verb) in enumerate(zip(words, words[1:], words[2:], strict=False)):
            if (at and not self.quotes) or self._names_before(at):
                return None
            if article == "the" and verb in ATTRIBUTION and verb != "according":
                return noun
            if article in ATTRIBUTION and noun == "the" and self.quotes:
                return verb
        return None

    def _names_before(self, at: int) -> bool:
        """Is somebody or something named in the writer's words before word *at*?"""
        first = self.outside[:1] if self._unquoted[:1].isupper() else []
        named = self._names | {word for word in first if not is_stop_word(word)}
        return any(word in named for word in self.outside[:at])

    @cached_property
    def _names(self) -> frozenset[str]:
        return names(self._unquoted)


def passages(item: Item) -> list[Passage]:
    """The sentences of the first `HEAD_CHARS` of *item*, in order, less subheads and junk."""
    shown = (p for p in _all_passages(item) if p.place.block is not BlockKind.SUBHEAD)
    return [p for p in shown if not p.is_junk]


def _all_passages(item: Item) -> Iterator[Passage]:
    language = language_of(tokens(f"{item.title} {item.text[:1500]}"), item.language)
    offset = 0
    first = True
    for block in item.blocks:
        if offset > HEAD_CHARS:
            return
        for start, end in split_sentences(block.text[: 2 * HEAD_CHARS], language):
            text = block.text[start:end]
            dateline = _DATELINE.match(text) if first else None
            if dateline and dateline.end() < len(text):
                start += dateline.end()
                text = block.text[start:end]
            first = False
            place = Place(item_id=item.id, start=offset + start, end=offset + end, block=block.kind)
            yield Passage(place, fold_space(text), language)
        offset += len(block.text) + 2


def needs(found: list[Passage], index: int, title: Collection[str]) -> int | None:
    """The passage that must stand before passage *index*: an index, -1 for none, None for never.

    A quotation needs its speaker, "he" needs the man, "the minister said" needs a minister.

    Args:
        title: the words of the headline, which the reader has seen before any passage.
    """
    passage = found[index]
    if not passage.is_whole:
        return None
    if passage.language not in LEANING:
        # We cannot tell what leans in this language: only the opening, in its order, is safe.
        return index - 1
    quoted_alone = passage.quotes and len(passage.outside) < _SPEAKER_WORDS
    if quoted_alone or (passage.place.block is BlockKind.QUOTATION and not passage.attributes):
        before = found[index - 1] if index else None
        return index - 1 if before and (before.attributes or before.quotes) else None
    if passage.leans or (passage.speaker_noun and passage.speaker_noun not in title):
        return index - 1 if index else None
    return -1
