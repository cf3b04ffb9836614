"""Where a story belongs: ordered rules, the first decisive one wins and says why."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from digest.editorial.slugs import section_slug
from digest.editorial.text import Reading, tokens
from digest.settings import SectionRule

if TYPE_CHECKING:
    # NumPy and SciPy come with it: only who has learned something waits for them.
    from digest.editorial.learning import SectionModel

#: A keyword in the title counts for three in the text, and no keyword for more than three.
_TITLE_COUNT = 3
_MOST_OF_ONE = 3
#: Keyword scores are decisive from here on, and when so many times the second best.
_DECISIVE = 3.0
_CLEARLY = 1.5
_KEYWORD_WORDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """The section of a story: the index of its rule, the reason, and the keyword score there."""

    index: int
    reason: str
    keywords: float = 0.0


class Sections:
    """The rules of one newsletter, ready to be asked many times.

    Args:
        learned: what the newsroom's archive taught; asked after the rules.
    """

    def __init__(
        self, rules: Sequence[SectionRule], *, learned: "SectionModel | None" = None
    ) -> None:
        self.rules = tuple(rules)
        self._learned = learned
        self._slugs = [section_slug(rule) for rule in rules]
        self._topics = [{_fold(topic) for topic in rule.topics} - {""} for rule in rules]
        self._keywords = [_Keywords(rule.keywords) for rule in rules]

    def place(self, readings: Sequence[Reading]) -> Placing:
        """The section of a story told by *readings*, its lead first."""
        placing = (
            self._by_origin(readings[0])
            or self._majority([self._by_origin(r) for r in readings[1:]])
            or self._by_keywords(readings[0])
            or self._by_archive(readings[0])
            or self._majority([self._by_keywords(r) for r in readings[1:]], over=0.5)
            or self._majority([self._by_archive(r) for r in readings[1:]], over=0.5)
            or self._by_few_keywords(readings)
            or self._fallback()
        )
        points = self._keywords[placing.index].score(_Counted(readings[0]))
        return replace(placing, keywords=points)

    def of_origin(self, reading: Reading) -> str | None:
        """Slug of the section that its source, category or address gives *reading*, if any."""
        placing = self._by_origin(reading)
        return self._slugs[placing.index] if placing else None

    def _by_archive(self, reading: Reading) -> Placing | None:
        guess = self._learned.guess(reading) if self._learned else None
        if guess is None or guess[0] not in self._slugs:
            return None
        index = self._slugs.index(guess[0])
        reason = f"{self._title(index)}: as the archive has taught ({guess[1]:.0%} sure)"
        return Placing(index=index, reason=reason)

    def _title(self, index: int) -> str:
        return f"section “{self.rules[index].title}”"

    def _by_origin(self, reading: Reading) -> Placing | None:
        item = reading.item
        topics = {_fold(part) for topic in item.topics for part in _parts(topic)}
        folders = set(_folders(item.url))
        for index, rule in enumerate(self.rules):
            if item.source_id in rule.sources:
                reason = f"{self._title(index)}: everything from {item.source_id}"
                return Placing(index=index, reason=reason)
            if found := self._topics[index] & topics:
                reason = f"{self._title(index)}: category “{min(found)}” of {item.source_id}"
                return Placing(index=index, reason=reason)
            if found := self._topics[index] & folders:
                reason = f"{self._title(index)}: folder “{min(found)}” of its address"
                return Placing(index=index, reason=reason)
        return None

    def _by_keywords(self, reading: Reading) -> Placing | None:
        counted = _Counted(reading)
        scores = [keywords.score(counted) for keywords in self._keywords]
        best = max(range(len(scores)), key=lambda index: (scores[index], -index))
        others = [score for index, score in enumerate(scores) if index != best]
        second = max(others, default=0.0)
        if scores[best] < _DECISIVE or scores[best] < _CLEARLY * max(second, 0.0):
            return None
        words = ", ".join(self._keywords[best].found(counted))
        reason = f"{self._title(best)}: keywords {words} ({scores[best]:g} against {second:g})"
        return Placing(index=best, reason=reason)

    def _by_few_keywords(self, readings: Sequence[Reading]) -> Placing | None:
        """Better than the last section: the one that the whole story points to most.

        Where a section takes what no other wanted, it gets the undecided.
        """
        if not all(rule.topics or rule.sources or rule.keywords for rule in self.rules):
            return None
        counted = [_Counted(reading) for reading in readings]
        scores = [sum(map(keywords.score, counted)) for keywords in self._keywords]
        best = max(range(len(scores)), key=lambda index: (scores[index], -index))
        second = max((score for index, score in enumerate(scores) if index != best), default=0.0)
        if scores[best] < 1 or scores[best] <= second:
            return None
        words = ", ".join(self._keywords[best].found(counted[0])) or "of its other items"
        reason = (
            f"{self._title(best)}: no rule decided, and its keywords fit best: {words} "
            f"({scores[best]:g} against {second:g})"
        )
        return Placing(index=best, reason=reason)

    def _majority(self, placings: Sequence[Placing | None], *, over: float = 0.0) -> Placing | None:
        """What most of *placings* say, if more than the share *over* of all of them say so."""
        found = [placing for placing in placings if placing]
        votes = [placing.index for placing in found]
        if not votes:
            return None
        best = max(set(votes), key=lambda index: (votes.count(index), -index))
        if votes.count(best) <= over * len(placings):
            return None
        reason = next(placing.reason for placing in found if placing.index == best)
        return Placing(
            index=best, reason=f"{reason} (said by {votes.count(best)} of its other items)"
        )

    def _fallback(self) -> Placing:
        for index, rule in enumerate(self.rules):
            if not (rule.topics or rule.sources or rule.keywords):
                return Placing(index=index, reason=f"{self._title(index)}: no other wanted it")
        index = len(self.rules) - 1
        return Placing(index=index, reason=f"{self._title(index)}: the last, no rule decided")


class _Counted:
    """The words of a reading, counted once for all sections."""

    def __init__(self, reading: Reading) -> None:
        body = reading.body[:_KEYWORD_WORDS]
        self.words = Counter(reading.title * _TITLE_COUNT + body)
        self.title = f" {' '.join(reading.title)} "
        self.body = f" {' '.join(body)} "


class _Keywords:
    """Weighted words and phrases; "-word" points away, "word*" takes any ending."""

    def __init__(self, keywords: Iterable[str]) -> None:
        self._written: list[tuple[str, float]] = []
        self._forms: dict[str, set[int]] = {}
        self._phrases: dict[int, re.Pattern[str]] = {}
        for keyword in keywords:
            written = keyword.removeprefix("-").strip()
            words = tokens(written)
            if not words:
                continue
            number = len(self._written)
            self._written.append((written, -1.0 if keyword.startswith("-") else 1.0))
            if len(words) == 1 and not written.endswith("*"):
                for form in (words[0], words[0] + "s", words[0] + "es"):
                    self._forms.setdefault(form, set()).add(number)
            else:
                ending = r"\w*" if written.endswith("*") else "(?:e?s)?"
                phrase = " ".join(map(re.escape, words))
                self._phrases[number] = re.compile(f" {phrase}{ending}(?= )")

    def _points(self, counted: _Counted) -> dict[str, float]:
        counts: Counter[int] = Counter()
        for form in self._forms.keys() & counted.words.keys():
            for number in self._forms[form]:
                counts[number] += counted.words[form]
        for number, phrase in self._phrases.items():
            in_title = len(phrase.findall(counted.title))
            counts[number] += _TITLE_COUNT * in_title + len(phrase.findall(counted.body))
        return {
            self._written[number][0]: self._written[number][1] * min(_MOST_OF_ONE, counts[number])
            for number in sorted(counts)
        }

    def score(self, counted: _Counted) -> float:
        return sum(self._points(counted).values())

    def found(self, counted: _Counted) -> list[str]:
        return [word for word, points in self._points(counted).items() if points > 0][:4]


def _fold(text: str) -> str:
    return " ".join(tokens(text))


def _parts(topic: str) -> list[str]:
    """ "World > Europe" is about the world and about Europe."""
    return [topic, *re.split(r"\s*[/>|»]\s*", topic)]


def _folders(url: str | None) -> list[str]:
    """The first folder of an address, after one that only names the language."""
    segments = [part for part in unquote(urlsplit(url or "").path).split("/") if part][:-1]
    if segments and len(segments[0]) == 2:
        segments = segments[1:]
    return [_fold(segments[0])] if segments else []
