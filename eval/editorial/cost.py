"""Part "cost": CPU seconds and peak memory of each step, on the labelled day repeated.

The day is repeated until there are 1,000 items; each repetition has rare words and figures of
its own, so that it tells other news: neither copies nor one enormous story.  Reported and never
a gate: seconds depend on the machine.  How cost grows with size is for `benchmarks/compose.py`.

The steps run one after the other in a process of their own, the whole of `compose` in another,
and what a process needs before it has composed anything is told beside it.
"""

import json
import re
import resource
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from digest.model import Item, Kind
from digest.settings import Newsletter, SectionRule

# isort: split
from shared import items_of

SIZE = 1000
#: A word in fewer of the items of its language is rare.
_RARE = 0.2
_WORD = re.compile(r"\w+")

T = TypeVar("T")


def score(split: str) -> dict[str, Any]:
    """CPU seconds and peak megabytes, by step; "compose" is all of it, in another process."""
    return {
        "part": "cost",
        "size": SIZE,
        "steps": _in_process("steps", split),
        "compose": _in_process("compose", split),
    }


def repeated(items: Sequence[Item], number: int) -> Iterator[Item]:
    """*number* items: *items*, and again with other rare words and figures."""
    spread: dict[str | None, Counter[str]] = defaultdict(Counter)
    for item in items:
        spread[item.language].update(set(_WORD.findall(f"{item.title} {item.text}")))
    sizes = Counter(item.language for item in items)
    rare = {
        language: {w for w, count in words.items() if count < max(2, _RARE * sizes[language])}
        for language, words in spread.items()
    }
    for place in range(number):
        again, row = divmod(place, len(items))
        yield _otherwise(items[row], again, rare[items[row].language]) if again else items[row]


def _otherwise(item: Item, again: int, rare: set[str]) -> Item:
    opening = chr(ord("a") + again // 26) + chr(ord("a") + again % 26)

    def put(text: str) -> str:
        return _WORD.sub(changed, text)

    def changed(found: re.Match[str]) -> str:
        word = found[0]
        if word not in rare:
            return word
        if word.isdecimal():
            return f"{again}{word}"
        # In front: what stands at the end may be taken for an inflection.
        return f"{opening.title()}{word.lower()}" if word[0].isupper() else f"{opening}{word}"

    return replace(
        item,
        id=f"{item.id}-{again}",
        title=put(item.title),
        standfirst=put(item.standfirst) if item.standfirst else None,
        blocks=tuple(replace(block, text=put(block.text)) for block in item.blocks),
    )


# ------------------------------------------------------------- in processes of their own


def _in_process(what: str, split: str) -> dict[str, dict[str, float]]:
    done = subprocess.run(
        [sys.executable, __file__, "--inside", what, split],
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, dict[str, float]] = json.loads(done.stdout)
    return told


class _Steps:
    """What each step took, and how high memory stood after it."""

    def __init__(self) -> None:
        self.told: dict[str, dict[str, float]] = {}

    def time(self, name: str, step: Callable[[], T]) -> T:
        began = time.process_time()
        result = step()
        spent = time.process_time() - began
        self.told[name] = {"cpu_s": round(spent, 3), "peak_mb": round(_peak_mb(), 1)}
        return result


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # Told otherwise, a process begins with the peak of the one that started it.
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / (1 << 10)
    # macOS has no such file, and counts bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def _items(split: str) -> list[Item]:
    return list(repeated([item for item, _ in items_of(f"day-{split}")], SIZE))


def _rules() -> tuple[SectionRule, ...]:
    # It loads what a step is to be timed for.
    from sectioning import rules

    return tuple(rules())


def _measure_steps(split: str) -> dict[str, dict[str, float]]:
    """The steps in the order in which `compose` takes them; every story is summarised here."""
    steps, items = _Steps(), _items(split)

    def load() -> tuple[Any, ...]:
        from digest.editorial import cluster, copies, summary, text
        from digest.editorial.sections import Sections

        return cluster, copies, summary, text, Sections

    cluster, copies, summary, text, sections = steps.time("loading", load)
    readings = steps.time("words", lambda: [text.read(item) for item in items])
    repeats = steps.time("copies", lambda: copies.find_copies(readings))
    readings = [one for row, one in enumerate(readings) if row not in repeats]
    articles = [n for n, one in enumerate(readings) if one.item.kind is Kind.ARTICLE]
    briefs = [n for n, one in enumerate(readings) if one.item.kind is Kind.BRIEF]
    space = steps.time("weights", lambda: cluster.weigh(readings))
    stories = steps.time("stories", lambda: cluster.group(space, articles))
    steps.time("briefs told", lambda: cluster.tell(space, readings, briefs, articles))
    steps.time("briefs alone", lambda: cluster.follow(space, briefs))
    asked = sections(_rules())
    steps.time("sections", lambda: [asked.place([readings[n] for n in one]) for one in stories])
    told = [[readings[n].item for n in one] for one in stories]
    steps.time("summaries", lambda: [summary.summarize_story(one, words=60) for one in told])
    return steps.told


def _measure_compose(split: str) -> dict[str, dict[str, float]]:
    steps, items = _Steps(), _items(split)
    steps.time("loading", lambda: __import__("digest.editorial.arrange"))
    from digest.editorial import compose

    newsletter = Newsletter(slug="daily", title="The Daily", sections=_rules())
    due = max(item.published_at for item in items) + timedelta(hours=1)
    steps.time(
        "compose",
        lambda: compose(items, edition_id="daily", newsletter=newsletter, slot_at=due),
    )
    return steps.told


_INSIDE = {"steps": _measure_steps, "compose": _measure_compose}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        answer: Any = _INSIDE[sys.argv[2]](sys.argv[3])
    else:
        answer = score(sys.argv[1] if len(sys.argv) > 1 else "dev")
    sys.stdout.write(json.dumps(answer) + "\n")
