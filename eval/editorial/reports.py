"""The parts of the measurement as reports of one shape: figures, with intervals, and misses.

A part is a module with ``score(split)`` that says in its own words what it found; here stands
which of that are figures and what they are called.  Nothing here knows what is to be reached.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

# isort: split
import boundaries
import copies
import cost
import determinism
import grouping
import modelgate
import sectioning
import summaries

_RESAMPLES, _SEED = 1000, 5

Found = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a report; its 95 % bootstrap interval, where single cases are known."""

    name: str
    value: float
    interval: tuple[float, float] | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        """None: nothing is asked of it."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one part found; *misses* are sentences for who mends them, of the dev texts only."""

    part: str
    #: How many cases of what: "110 texts".
    size: str
    figures: tuple[Figure, ...]
    misses: tuple[str, ...] = ()
    #: Not figures: what else was found.
    notes: tuple[str, ...] = ()


# ------------------------------------------------------------------ figures and their intervals


def rate(name: str, value: float, cases: int) -> Figure:
    """A share of *cases* that are each right or wrong."""
    dice = np.random.default_rng(_SEED)
    drawn = np.sort(dice.binomial(cases, min(max(value, 0.0), 1.0), _RESAMPLES) / max(1, cases))
    return Figure(name=name, value=value, interval=_middle(drawn.tolist()))


def _middle(drawn: Sequence[float]) -> tuple[float, float]:
    """95 % of *drawn*, which is sorted."""
    cut = len(drawn) // 40
    return drawn[cut], drawn[-1 - cut]


# ------------------------------------------------------------------------------ the parts


#: Sentences and quotations are measured at once.
_boundaries = cache(boundaries.score)


def _sentences(split: str) -> Report:
    found = _boundaries(split)
    return Report(
        part="sentences",
        size=f"{found['texts']} texts, {found['boundaries']} boundaries inside them",
        figures=(
            Figure(name="F1", value=found["f1"], interval=(found["f1_low"], found["f1_high"])),
            Figure(name="F1, hard texts", value=found["f1_hard"]),
            Figure(name="F1, easy texts", value=found["f1_easy"]),
            *(
                Figure(name=f"F1, hard texts, {language}", value=f1)
                for language, f1 in found["hard_by_language"].items()
            ),
        ),
        misses=tuple(found.get("mistakes", ())),
    )


def _quotations(split: str) -> Report:
    found = _boundaries(split)
    size = found["quotations"]
    return Report(
        part="quotations",
        size=f"{size} quotations",
        figures=(
            Figure(name="F1", value=found["quotation_f1"]),
            rate("speakers", found["speakers"], size),
            rate("speakers, nearly", found["speakers_nearly"], size),
            Figure(name="speakers invented", value=found["speakers_invented"]),
        ),
        misses=tuple(found.get("mistakes", ())),
    )


def _copies(split: str) -> Report:
    found = copies.score(split)
    return Report(
        part="copies",
        size=f"{found['items']} items, {found['pairs']} pairs of copies",
        figures=(
            Figure(name="F1", value=found["f1"]),
            Figure(name="precision", value=found["precision"]),
            Figure(name="recall", value=found["recall"]),
            Figure(name="precision, same event", value=found["precision_same_event"]),
            *(
                Figure(name=f"found, {kind}", value=share)
                for kind, share in found["found_by_kind"].items()
            ),
        ),
        misses=tuple(found.get("mistakes", ())),
        notes=tuple(
            f"wrongly copies: {number} pairs, {kinds}"
            for kinds, number in found["wrong_by_kind"].items()
        ),
    )


def _stories(split: str) -> Report:
    found = grouping.score(split)
    figures = [Figure(name="mean of the sets", value=found["mean_f1"])]
    misses, notes = [], []
    for name, one in found["sets"].items():
        figures += [
            Figure(name=name, value=one["f1"], interval=(one["f1_low"], one["f1_high"])),
            Figure(name=f"{name}: precision", value=one["precision"]),
            Figure(name=f"{name}: recall", value=one["recall"]),
        ]
        notes.append(
            f"{name}: {one['items']} items, {one['events']} events, {one['stories']} found"
        )
        misses += [f"{name}: {mistake}" for mistake in one.get("mistakes", ())]
    items = sum(one["items"] for one in found["sets"].values())
    return Report(
        part="stories",
        size=f"{items} items in {len(found['sets'])} sets",
        figures=tuple(figures),
        misses=tuple(misses),
        notes=tuple(notes),
    )


def _sections(split: str) -> Report:
    found = sectioning.score(split)
    figures, size = found["figures"], found["size"]
    decided = figures["share that keywords decide"]
    right = figures["precision where keywords decide"]
    learned = figures["learned from this day alone, cross-validated"]
    return Report(
        part="sections",
        size=f"{size} English items",
        figures=(
            rate("by keywords", figures["keyword accuracy, all English items"], size),
            Figure(name="by keywords, articles", value=figures["keyword accuracy, articles"]),
            rate("where keywords decide", right, round(decided * size)),
            rate("share that keywords decide", decided, size),
            Figure(name="learned from this day alone", value=learned),
        ),
        misses=tuple(found["wrong"]),
    )


#: Names of the gates, of figures here, and whether they are counted over sentences.
_GATES = (
    ("dangling_later", "dangling later", True),
    ("dangling_first", "dangling first", False),
    ("orphan", "orphan quotations", True),
    ("junk", "junk", True),
    ("cut", "cut sentences", True),
    ("redundant", "redundant", True),
    ("length", "not of the length asked for", False),
    ("too_many", "too many sentences", False),
    ("ungrouped", "sources not grouped", False),
)


def _summaries(split: str) -> Report:
    found = summaries.score(split)
    articles, events = found["gates"]["summaries"], found["several_gates"]["summaries"]
    return Report(
        part="summaries",
        size=f"{articles} articles, {events} events of several outlets",
        figures=(
            *_beside_the_lead(found["rouge"], ""),
            *_beside_the_lead(found["rouge_other_languages"], ", not English"),
            *_gates(found["gates"], ""),
            *_gates(found["one_line_gates"], "one line: "),
            *_gates(found["several_gates"], "several outlets: "),
        ),
        misses=tuple(found.get("faults", ())),
        notes=tuple(
            f"{language}: {_gate_words(gates)}" for language, gates in found["languages"].items()
        ),
    )


def _beside_the_lead(found: Found, suffix: str) -> Iterator[Figure]:
    ours, lead, above = found["summary_75"], found["lead_75"], found["above_lead_75_intervals"]
    yield Figure(
        name=f"ROUGE-1{suffix}", value=ours["R1"], interval=found["summary_75_R1_interval"]
    )
    for name in ("1", "2", "L"):
        yield Figure(
            name=f"ROUGE-{name} above the lead{suffix}",
            value=round(ours[f"R{name}"] - lead[f"R{name}"], 2),
            interval=above[f"R{name}"],
        )
    line, first = found["line"], found["lead_1"]
    yield Figure(name=f"one line: ROUGE-1{suffix}", value=line["R1"])
    yield Figure(
        name=f"one line: ROUGE-1 above the lead{suffix}", value=round(line["R1"] - first["R1"], 2)
    )


def _gates(found: Found, prefix: str) -> Iterator[Figure]:
    yield rate(f"{prefix}verbatim", found["verbatim"], found["sentences"])
    for gate, name, of_sentences in _GATES:
        if gate in found:
            cases = found["sentences" if of_sentences else "summaries"]
            yield rate(f"{prefix}{name}", found[gate], cases)
    yield Figure(name=f"{prefix}likeness", value=found["likeness"])


def _gate_words(found: Found) -> str:
    failed = [f"{name} {found[gate]:.1%}" for gate, name, _ in _GATES if found.get(gate)]
    return f"{found['summaries']} summaries: {', '.join(failed) or 'every gate holds'}"


#: Kinds of lies as `modelgate` plants them, and what they are called here.
_LIES = (
    ("number", "changed numbers"),
    ("quotation", "changed quotations"),
    ("name", "foreign names"),
    ("number from elsewhere", "numbers from elsewhere"),
    ("name from elsewhere", "names from elsewhere"),
    ("names swapped", "swapped names"),
    ("date", "changed dates"),
    ("negation added", "negations added"),
    ("negation dropped", "negations dropped"),
)
#: They do what they are asked, each in its manner; the last finds nothing to obey in this article.
_WELL_BEHAVED = frozenset(
    {"honest", "thinks aloud", "knows no response_format", "knows no wishes", "obeys the article"}
)


def _model_gate(split: str) -> Report:
    found = modelgate.score(split)
    figures = []
    for kind, name in _LIES:
        forms = [form[kind] for form in found["caught"].values() if kind in form]
        tried = sum(form["tried"] for form in forms)
        caught = sum(round(form["share"] * form["tried"]) for form in forms)
        if tried:
            figures.append(rate(name, caught / tried, tried))
    for form, refused in found["wrongly refused"].items():
        figures.append(rate(f"wrongly refused, {form}", refused["share"], refused["tried"]))
    # What is chosen is verbatim, whatever an endpoint says; what is written may be wrong.
    behaved = found["behaviour"]
    left = [
        row for row in behaved if row["manner"] not in _WELL_BEHAVED and row["whose"] == "written"
    ]
    used = [row["whose"] != "the extract" for row in behaved if row["manner"] in _WELL_BEHAVED]
    figures += [
        Figure(name="ill-behaved answers that leave", value=float(len(left))),
        Figure(name="good answers that are used", value=sum(used) / len(used)),
    ]
    return Report(
        part="model gate",
        size=f"{sum(f['tried'] for f in found['wrongly refused'].values())} true texts, "
        f"{len(behaved)} answers of an endpoint",
        figures=tuple(figures),
        misses=(
            *(f"let through: {kind}: {lie}" for kind, lie in found["missed"]),
            *(f"wrongly refused: {refused}" for refused in found["refused"]),
            *(f"it left: {row['mode']}, {row['manner']}" for row in left),
        ),
    )


def _determinism(split: str) -> Report:
    found = determinism.score(split)
    return Report(
        part=found["part"],
        size=f"{found['size']} editions composed again",
        figures=(Figure(name="identical", value=found["figures"]["identical"]),),
        misses=tuple(found["wrong"]),
    )


def _cost(split: str) -> Report:
    found = cost.score(split)
    steps = found["steps"] | {f"all: {name}": one for name, one in found["compose"].items()}
    return Report(
        part=found["part"],
        size=f"{found['size']:,} items",
        figures=tuple(
            figure
            for name, one in steps.items()
            for figure in (
                Figure(name=f"{name}, CPU s", value=one["cpu_s"]),
                Figure(name=f"{name}, peak MB", value=one["peak_mb"]),
            )
        ),
    )


PARTS: Mapping[str, Callable[[str], Report]] = MappingProxyType(
    {
        "sentences": _sentences,
        "quotations": _quotations,
        "copies": _copies,
        "stories": _stories,
        "sections": _sections,
        "summaries": _summaries,
        "model gate": _model_gate,
        "determinism": _determinism,
        "cost": _cost,
    }
)
