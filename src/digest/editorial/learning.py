"""Sections learned from a newsroom's own archive: TF-IDF of words and word pairs, and logistic
regression.

What is learned is data (JSON), never code.  It abstains where it was wrong too often in cross
validation.  It knows nothing of rules; `sections` asks it after them.

Multinomial logistic regression with an L2 penalty, minimised by L-BFGS (SciPy); the features are
those of Wang and Manning (2012), less the naive Bayes part.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse
from scipy.special import logsumexp, softmax

from digest.editorial.text import Reading

#: Share of right guesses among those it dares to make.
PRECISION = 0.95
#: Fewer examples of a section than this teach nothing.
FEWEST_EXAMPLES = 10
_MOST_TERMS = 20_000
#: A term of fewer examples than this is a name, not a subject.
_FEWEST_IN = 2
_TITLE_COUNT = 3
_BODY_WORDS = 300
_FOLDS = 5
#: Of the penalty: larger fits the examples closer.
_FIT = 20.0
_FORMAT = 1
#: Characters of a file: of 20,000 terms in 100 sections.
_LONGEST_FILE = 50_000_000

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An item of the archive, and the slug of the section it stood in."""

    reading: Reading
    section: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SectionModel:
    """What an archive has taught about a newsletter's sections."""

    sections: tuple[str, ...]
    #: Term → column.
    columns: Mapping[str, int]
    rarity: Matrix
    #: A row for each section; the last column is added to every score.
    weights: Matrix
    #: A guess less sure than this is none; above 1 it never guesses.
    threshold: float
    examples: int

    def guess(self, reading: Reading) -> tuple[str, float] | None:
        """The section of *reading* and how sure that is, 0 to 1; None where it abstains."""
        row = _rows([_counts(reading)], self.columns, self.rarity)
        chances = softmax(row @ self.weights[:, :-1].T + self.weights[:, -1], axis=1)[0]
        best = int(chances.argmax())
        sure = float(chances[best])
        return (self.sections[best], sure) if row.nnz and sure >= self.threshold else None

    def to_json(self) -> str:
        terms = sorted(self.columns, key=lambda term: self.columns[term])
        return json.dumps(
            {
                "format": _FORMAT,
                "sections": self.sections,
                "threshold": self.threshold,
                "examples": self.examples,
                "terms": terms,
                "rarity": self.rarity.round(4).tolist(),
                "weights": self.weights.round(4).tolist(),
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> "SectionModel":
        """Raises ValueError, with words, for anything that `to_json` has not written."""
        if len(text) > _LONGEST_FILE:
            raise ValueError(f"it has more than {_LONGEST_FILE:,} characters")
        try:
            told = json.loads(text)
            if told["format"] != _FORMAT:
                raise ValueError(f"format {told['format']!r} is not known")
            model = cls(
                sections=tuple(map(str, told["sections"])),
                columns={str(term): number for number, term in enumerate(told["terms"])},
                rarity=np.array(told["rarity"], dtype=np.float64),
                weights=np.array(told["weights"], dtype=np.float64),
                threshold=float(told["threshold"]),
                examples=int(told["examples"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it lacks or misspells {error}") from error
        except RecursionError as error:
            raise ValueError("it is nested deeper than anything that was written") from error
        except OverflowError as error:
            raise ValueError(f"it holds a number that is too large: {error}") from error
        wanted = (len(model.sections), len(model.columns) + 1)
        if model.weights.shape != wanted or model.rarity.shape != (len(model.columns),):
            raise ValueError("its numbers do not fit its words")
        numbers = (model.weights, model.rarity, model.threshold)
        if not all(np.isfinite(number).all() for number in numbers):
            raise ValueError("it holds numbers that are none")
        return model


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A model, and what cross-validation says of it."""

    model: SectionModel
    #: Share of examples whose likeliest section was theirs.
    accuracy: float
    #: Where it dares to guess: share of right guesses, and share of examples it guesses.
    precision: float
    coverage: float
    #: Section → (examples, share of them found).
    sections: Mapping[str, tuple[int, float]]
    #: What was taken for what, most often first: (section, taken for, times).
    confused: tuple[tuple[str, str, int], ...]


def train(examples: Sequence[Example]) -> Trained:
    """Learn from *examples*; their order does not matter.

    Sections of fewer than ten examples are left out.  The threshold is the lowest at which 95 %
    of the guesses were right in five-fold cross-validation.

    Raises:
        ValueError: fewer than two sections have enough examples.
    """
    sizes = Counter(example.section for example in examples)
    sections = tuple(sorted(name for name, size in sizes.items() if size >= FEWEST_EXAMPLES))
    if len(sections) < 2:
        told = ", ".join(f"{name} has {size}" for name, size in sorted(sizes.items())) or "none"
        raise ValueError(
            f"two sections with {FEWEST_EXAMPLES} examples each are needed at least; {told}"
        )
    known = [example for example in examples if example.section in sections]
    known.sort(key=lambda example: (example.section, example.reading.item.id))
    counts = [_counts(example.reading) for example in known]
    labels = np.array([sections.index(example.section) for example in known])
    # Sorted by section: every fold gets its share of each.
    folds = np.arange(len(known)) % _FOLDS
    chances = np.zeros((len(known), len(sections)))
    for fold in range(_FOLDS):
        inside = np.flatnonzero(folds != fold).tolist()
        outside = np.flatnonzero(folds == fold).tolist()
        learned = _fit([counts[i] for i in inside], labels[inside], sections)
        rows = _rows([counts[i] for i in outside], learned.columns, learned.rarity)
        chances[outside] = softmax(
            rows @ learned.weights[:, :-1].T + learned.weights[:, -1], axis=1
        )
    guessed, sure = chances.argmax(axis=1), chances.max(axis=1)
    right = guessed == labels
    threshold = _threshold(sure, right)
    dared = sure >= threshold
    wrong = Counter(
        (sections[labels[i]], sections[guessed[i]]) for i in np.flatnonzero(~right).tolist()
    )
    return Trained(
        model=_fit(counts, labels, sections, threshold=threshold),
        accuracy=float(right.mean()),
        precision=float(right[dared].mean()) if dared.any() else 0.0,
        coverage=float(dared.mean()),
        sections={
            name: (int((labels == n).sum()), float(right[labels == n].mean()))
            for n, name in enumerate(sections)
        },
        confused=tuple((*pair, times) for pair, times in wrong.most_common()),
    )


def _threshold(sure: Matrix, right: NDArray[np.bool_]) -> float:
    """The lowest certainty from which on PRECISION of the guesses are right; 2 for never."""
    order = np.argsort(-sure, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    able = np.flatnonzero(shares >= PRECISION)
    # Guesses that are equally sure stand or fall together.
    while (
        able.size
        and able[-1] + 1 < len(order)
        and (sure[order[able[-1]]] == sure[order[able[-1] + 1]])
    ):
        able = able[:-1]
    return round(float(sure[order[able[-1]]]) - 5e-5, 4) if able.size else 2.0


def _counts(reading: Reading) -> dict[str, float]:
    """Terms, weighted by how often; a word pair is one term."""
    found: Counter[str] = Counter()
    for words, weight in ((reading.title, _TITLE_COUNT), (reading.body[:_BODY_WORDS], 1)):
        for term in _terms(words):
            found[term] += weight
    return {term: 1 + log(times) for term, times in found.items()}


def _terms(words: Sequence[str]) -> Iterator[str]:
    telling = [word for word in words if len(word) > 1]
    yield from telling
    for pair in pairwise(telling):
        yield " ".join(pair)


def _rows(counts: Sequence[Mapping[str, float]], columns: Mapping[str, int], rarity: Matrix) -> Any:
    """Rows of length 1 in the space of *columns*."""
    starts: list[int] = [0]
    used: list[int] = []
    values: list[float] = []
    for row in counts:
        known = sorted((columns[term], times) for term, times in row.items() if term in columns)
        used.extend(column for column, _ in known)
        values.extend(times for _, times in known)
        starts.append(len(used))
    index = np.array(used, dtype=np.int64)
    weighted = np.array(values, dtype=np.float64) * (rarity[index] if used else 0.0)
    matrix: Any = sparse.csr_matrix((weighted, index, starts), shape=(len(counts), len(columns)))
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1)).A1
    return sparse.diags(1 / np.where(lengths == 0, 1, lengths)) @ matrix


def _fit(
    counts: Sequence[Mapping[str, float]],
    labels: NDArray[np.int64],
    sections: tuple[str, ...],
    *,
    threshold: float = 0.0,
) -> SectionModel:
    in_items: Counter[str] = Counter(term for row in counts for term in row)
    useful = [term for term, times in in_items.items() if times >= _FEWEST_IN]
    useful.sort(key=lambda term: (-in_items[term], term))
    columns = {term: number for number, term in enumerate(useful[:_MOST_TERMS])}
    frequency = np.array([in_items[term] for term in columns], dtype=np.float64)
    rarity = np.log((1 + len(counts)) / (1 + frequency)) + 1
    rows = _rows(counts, columns, rarity)
    wanted = np.eye(len(sections))[labels]
    shape = (len(sections), len(columns) + 1)

    def loss(flat: Matrix) -> tuple[float, Matrix]:
        weights = flat.reshape(shape)
        scores = rows @ weights[:, :-1].T + weights[:, -1]
        missed = softmax(scores, axis=1) - wanted
        value = (logsumexp(scores, axis=1) - (scores * wanted).sum(axis=1)).sum()
        slope = np.empty(shape)
        slope[:, :-1] = (rows.T @ missed).T + weights[:, :-1] / _FIT
        slope[:, -1] = missed.sum(axis=0)
        return float(value + (weights[:, :-1] ** 2).sum() / (2 * _FIT)), slope.ravel()

    found = optimize.minimize(
        loss, np.zeros(shape[0] * shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 200}
    )
    return SectionModel(
        sections=sections,
        columns=columns,
        rarity=rarity,
        weights=found.x.reshape(shape),
        threshold=threshold,
        examples=len(counts),
    )
