"""Part "grouping": which items tell one event, against the labels of the shipped texts.

What `find_copies`, `group`, `tell` and `follow` make together, with one setting for all sets:
a day of articles and briefs, its articles alone, a week of look-alikes, and headlines that have
next to no text.  B-cubed: of each item, how much of the story it is put in is of its event
(precision), and how much of its event is in that story (recall); F1 of the two means.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

from digest.editorial.cluster import follow, group, tell, weigh
from digest.editorial.copies import find_copies
from digest.editorial.text import read
from digest.model import Block, Item, Kind

TEXTS = Path(__file__).parent / "texts"
PRECISION_AIM = 0.97
_RESAMPLES = 1000

Row = Mapping[str, Any]
Groups = list[list[int]]


def load(name: str, split: str) -> list[Row]:
    """The rows of ``NAME-SPLIT.jsonl`` in the order of the file."""
    path = TEXTS / f"{name}-{split}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def item_of(row: Row) -> Item:
    """The item that a row describes; briefs have no page of their own."""
    published_at = datetime.fromisoformat(row["published_at"])
    kind = Kind(row["kind"])
    paragraphs = row["paragraphs"]
    return Item(
        id=row["id"],
        source_id=row["source"],
        kind=kind,
        title=row["title"] or (paragraphs[0] if paragraphs else "…"),
        url=None if kind is Kind.BRIEF else f"https://{row['source']}.example/{row['id']}",
        published_at=published_at,
        seen_at=published_at,
        language=row["language"],
        standfirst=row.get("standfirst"),
        blocks=tuple(Block(text=text) for text in paragraphs),
    )


def stories_of(items: Sequence[Item]) -> Groups:
    """The stories that the composing room makes of *items*: indexes, each in one story."""
    every = [read(item) for item in items]
    original_of = find_copies(every)
    kept = [i for i in range(len(every)) if i not in original_of]
    readings = [every[i] for i in kept]
    space = weigh(readings)
    rows = {kind: [n for n, r in enumerate(readings) if r.item.kind is kind] for kind in Kind}
    told = tell(space, readings, rows[Kind.BRIEF], rows[Kind.ARTICLE])
    stories = group(space, rows[Kind.ARTICLE])
    of = {row: story for story in stories for row in story}
    for brief, (article, _) in told.items():
        of[article].append(brief)
    stories += follow(space, [row for row in rows[Kind.BRIEF] if row not in told])
    found = [[kept[row] for row in story] for story in stories]
    of = {i: story for story in found for i in story}
    for copy, original in original_of.items():
        of[original].append(copy)
    return sorted(sorted(story) for story in found)


def b_cubed(stories: Groups, labels: Sequence[str]) -> list[tuple[float, float]]:
    """Precision and recall of each item."""
    events: dict[str, set[int]] = defaultdict(set)
    for i, label in enumerate(labels):
        events[label].add(i)
    found: dict[int, tuple[float, float]] = {}
    for story in stories:
        members = set(story)
        for i in story:
            shared = len(members & events[labels[i]])
            found[i] = shared / len(members), shared / len(events[labels[i]])
    return [found[i] for i in range(len(labels))]


def _means(values: Iterable[tuple[float, float]]) -> dict[str, float]:
    precision, recall = (fmean(side) for side in zip(*values, strict=True))
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall),
    }


def _interval(values: Sequence[tuple[float, float]], labels: Sequence[str]) -> tuple[float, float]:
    """Of F1, 95 %: whole events are drawn again, for their items are not independent."""
    dice = random.Random(3)
    events: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for label, value in zip(labels, values, strict=True):
        events[label].append(value)
    every = list(events.values())
    drawn = sorted(
        _means(value for event in dice.choices(every, k=len(every)) for value in event)["f1"]
        for _ in range(_RESAMPLES)
    )
    return drawn[int(0.025 * _RESAMPLES)], drawn[int(0.975 * _RESAMPLES)]


def _sets(split: str) -> dict[str, list[Row]]:
    day = load("day", split)
    return {
        "day": day,
        "day, articles": [row for row in day if row["kind"] == Kind.ARTICLE],
        "look-alikes": load("lookalikes", split),
        "headlines": load("headlines", split),
    }


def _mistakes(rows: Sequence[Row], stories: Groups) -> list[str]:
    """Every pair that is wrongly together or apart, in words."""
    of = {i: number for number, story in enumerate(stories) for i in story}
    told = []
    for i, j in combinations(range(len(rows)), 2):
        together, same = of[i] == of[j], rows[i]["event"] == rows[j]["event"]
        if together != same:
            fault = "wrongly together" if together else "wrongly apart"
            one, other = (f"{rows[n]['id']} “{rows[n]['title']}”" for n in (i, j))
            told.append(f"{fault}: {one} and {other}")
    return sorted(told)


def score(split: str) -> dict[str, Any]:
    """B-cubed figures of every set of *split*, and their mean; of "dev" also each mistake."""
    sets: dict[str, Any] = {}
    for name, rows in _sets(split).items():
        stories = stories_of([item_of(row) for row in rows])
        labels = [row["event"] for row in rows]
        values = b_cubed(stories, labels)
        low, high = _interval(values, labels)
        sets[name] = {"items": len(rows), "events": len(set(labels)), "stories": len(stories)}
        sets[name] |= _means(values) | {"f1_low": low, "f1_high": high}
        if split == "dev":
            sets[name]["mistakes"] = _mistakes(rows, stories)
    return {"part": "grouping", "mean_f1": fmean(s["f1"] for s in sets.values()), "sets": sets}
