"""What every part of the evaluation shares: how texts are compared, and what a report is.

Nothing here knows a reader or a kind of document.  A part is a module with one function,
``measure(folder, split) -> Report``; `run.py` names the parts and prints their reports.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import fmean
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

#: No document of the evaluation may keep a reader busy longer.
PATIENCE_S = 30.0

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
# Scripts without spaces are counted by the character, as the field's benchmarks do.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a report.  *value* is None when nothing of its kind was in the split."""

    name: str
    value: float | None
    aim: float | None = None
    #: Less is better: the aim is the most that is allowed.
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        if self.aim is None or self.value is None:
            return None
        return self.value <= self.aim if self.at_most else self.value >= self.aim


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The score of the cases that have something in common: a layout, a language."""

    name: str
    size: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How one case came out; *wrong* are sentences that say what was missed."""

    name: str
    layout: str
    language: str
    score: float
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one part measured."""

    part: str
    size: int
    figures: tuple[Figure, ...]
    layouts: tuple[Group, ...]
    languages: tuple[Group, ...]
    #: Only those with something wrong, the worst first.
    worst: tuple[Case, ...]


def report(part: str, figures: Iterable[Figure], cases: Sequence[Case]) -> Report:
    """Group *cases* and order those that failed."""
    failed = (case for case in cases if case.wrong)
    return Report(
        part=part,
        size=len(cases),
        figures=tuple(figures),
        layouts=_groups(cases, lambda case: case.layout),
        languages=_groups(cases, lambda case: case.language),
        worst=tuple(sorted(failed, key=lambda case: (case.score, case.name))),
    )


def _groups(cases: Iterable[Case], key: Callable[[Case], str]) -> tuple[Group, ...]:
    scores: dict[str, list[float]] = {}
    for case in cases:
        scores.setdefault(key(case), []).append(case.score)
    groups = (Group(name=k, size=len(v), score=fmean(v)) for k, v in scores.items())
    return tuple(sorted(groups, key=lambda group: (group.score, group.name)))


def mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def plain(text: str | None) -> str:
    """*text* as it is compared: one form of letters, no case, single spaces, no last full stop."""
    folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text or "")).casefold()
    return " ".join(folded.split()).rstrip(".").rstrip()


def words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(plain(text)))


def bag_f1(got: Counter[str], wanted: Counter[str]) -> float:
    """F1 of two multisets; 1 when both are empty."""
    if not got and not wanted:
        return 1.0
    common = (got & wanted).total()
    return 2 * common / (got.total() + wanted.total())


def list_f1(got: Iterable[str], wanted: Iterable[str]) -> float:
    return bag_f1(Counter(got), Counter(wanted))


def attempt(call: Callable[P, T], *args: P.args, **named: P.kwargs) -> tuple[T | None, str | None]:
    """What *call* answers, or the words of whatever it raised: no reader may stop the others."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(call, *args, **named)
        raised = future.exception(PATIENCE_S)
        if raised is not None:
            return None, f"{type(raised).__name__}: {raised}"
        return future.result(), None
