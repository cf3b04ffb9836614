"""Part "boundaries": where sentences end, what is quoted, and who said it.

A boundary is right when it stands at the very character where a labelled sentence ends; the end
of a text counts for nobody.  A quotation is right when the words between its marks are those
labelled, a speaker when the same words are found, or when nobody is named and nobody was found.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from digest.editorial.quotations import Quotation, spoken
from digest.editorial.sentences import split_sentences

# isort: split
from grouping import Row, load

_RESAMPLES = 1000
_MARKS = "\"“”„‟«»‹›「」『』'‘’‚ \u00a0\u202f"


@dataclass(slots=True)
class Tally:
    """What was found of what is labelled."""

    right: int = 0
    extra: int = 0
    missing: int = 0

    @property
    def f1(self) -> float:
        wanted = 2 * self.right + self.extra + self.missing
        return 2 * self.right / wanted if wanted else 1.0


@dataclass(slots=True)
class Spoken:
    """Quotations and their speakers, over some texts."""

    tally: Tally = field(default_factory=Tally)
    #: Of each labelled quotation: was its speaker found?  Word for word; and as the same person.
    exactly: list[bool] = field(default_factory=list)
    nearly: list[bool] = field(default_factory=list)
    #: Of those that nobody speaks: did somebody get them?
    invented: list[bool] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)


def score(split: str) -> dict[str, Any]:
    """Figures of the texts ``sentences-SPLIT`` and ``quotations-SPLIT``; mistakes for dev only."""
    rows = load("sentences", split)
    tallies = [_boundaries(row) for row in rows]
    low, high = _interval(tallies)
    languages = sorted({row["language"] for row in rows})
    said = _speakers(load("quotations", split))
    found: dict[str, Any] = {
        "texts": len(rows),
        "boundaries": sum(tally.right + tally.missing for tally in tallies),
        "f1": _sum(tallies).f1,
        "f1_low": low,
        "f1_high": high,
        "f1_hard": _sum(_of(rows, tallies, hard=True)).f1,
        "f1_easy": _sum(_of(rows, tallies, hard=False)).f1,
        "hard_by_language": {
            language: _sum(_of(rows, tallies, hard=True, language=language)).f1
            for language in languages
        },
        "quotations": len(said.exactly),
        "quotation_f1": said.tally.f1,
        "speakers": fmean(said.exactly),
        "speakers_nearly": fmean(said.nearly),
        "speakers_invented": fmean(said.invented) if said.invented else 0.0,
    }
    if split == "dev":
        found["mistakes"] = [
            f"{row['language']}: {' | '.join(_sentences(row))}"
            for row, tally in zip(rows, tallies, strict=True)
            if tally.extra or tally.missing
        ] + said.mistakes
    return found


# ------------------------------------------------------------------------------ boundaries


def _boundaries(row: Row) -> Tally:
    text: str = row["text"]
    wanted: set[int] = set()
    at = 0
    for sentence in row["sentences"]:
        at = text.index(sentence, at) + len(sentence)
        wanted.add(at)
    got = {end for _, end in split_sentences(text, row["language"])}
    last = len(text.rstrip())
    wanted.discard(last)
    got.discard(last)
    return Tally(right=len(got & wanted), extra=len(got - wanted), missing=len(wanted - got))


def _sentences(row: Row) -> list[str]:
    text: str = row["text"]
    return [text[start:end] for start, end in split_sentences(text, row["language"])]


def _of(
    rows: Sequence[Row], tallies: Sequence[Tally], *, hard: bool, language: str | None = None
) -> list[Tally]:
    return [
        tally
        for row, tally in zip(rows, tallies, strict=True)
        if row["hard"] is hard and language in (None, row["language"])
    ]


def _sum(tallies: Iterable[Tally]) -> Tally:
    whole = Tally()
    for tally in tallies:
        whole.right += tally.right
        whole.extra += tally.extra
        whole.missing += tally.missing
    return whole


def _interval(tallies: Sequence[Tally]) -> tuple[float, float]:
    """95 % of F1 when the texts are drawn again, with a fixed seed."""
    dice = random.Random(11)
    drawn = sorted(
        _sum(dice.choices(tallies, k=len(tallies))).f1 for _ in range(_RESAMPLES if tallies else 0)
    )
    return (drawn[len(drawn) // 40], drawn[-1 - len(drawn) // 40]) if drawn else (0.0, 0.0)


# ------------------------------------------------------------------------------ quotations


def _speakers(rows: Sequence[Row]) -> Spoken:
    said = Spoken()
    for row in rows:
        text: str = row["text"]
        got: dict[str, list[Quotation]] = defaultdict(list)
        for one in spoken(text, row["language"]):
            got[text[one.start : one.end].strip(_MARKS)].append(one)
        for labelled in row["quotations"]:
            alike = got.get(labelled["quote"].strip(_MARKS))
            found = alike.pop(0) if alike else None
            said.tally.right += found is not None
            said.tally.missing += found is None
            _judge(said, row, labelled, found)
        said.tally.extra += sum(map(len, got.values()))
    return said


def _judge(said: Spoken, row: Row, labelled: Row, found: Quotation | None) -> None:
    wanted: str | None = labelled["speaker"]
    name = row["text"][slice(*found.speaker)] if found and found.speaker else None
    said.exactly.append(found is not None and name == wanted)
    said.nearly.append(found is not None and _same(name, wanted))
    if wanted is None:
        said.invented.append(name is not None)
    if not said.exactly[-1]:
        told = "not found" if found is None else f"said by {name}"
        said.mistakes.append(f"{row['language']}: {labelled['quote']!r} {told}, not {wanted}")


def _same(name: str | None, wanted: str | None) -> bool:
    """ "harbour master Mara Voss" is "Mara Voss"."""
    if name is None or wanted is None:
        return name == wanted
    short, long = sorted((name.casefold().split(), wanted.casefold().split()), key=len)
    return long[-len(short) :] == short or long[: len(short)] == short
