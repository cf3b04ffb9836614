"""What composing costs: CPU seconds and peak memory of one edition, and how both grow.

    python benchmarks/compose.py                      1,000 articles of a day, 10,000 of a week
    python benchmarks/compose.py --articles 1000 --days 1 --repeat 5
    python benchmarks/compose.py --json

Each size runs in a process of its own, which gets its articles from a file: made-up ones of about
440 words, whose words are as unevenly common as those of a language, on events that one to eight
outlets tell in their own words; one in twenty-five is a copy.  The steps are timed in a second
process, called one after the other as `compose` calls them.  sumy's LexRank, which only
summarises, is given the same articles in the same run, where it is installed.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from itertools import accumulate, pairwise
from math import log
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from digest.model import Block, Item, Kind
from digest.settings import Newsletter, SectionRule

MORNING = datetime(2026, 5, 18, 4, tzinfo=UTC)
_COMMON = """the of to and a in that is was for on with as it by at said his from be have are
has an he were which this had not but their its will who been they or one more would there she
her after first two also about when new over people years up last other all into out could than
time some only most against before under between while where three during since them""".split()
_ONSETS = "b br c cl d dr f fl g gr h k l m n p pr qu r s sh st t tr v w".split()
_RIMES = """ab ack ade ail al ame an ar ast ay ed eer ell en er est ick ide ill in ing ole on or
ow""".split()
_WORDS = 40_000
_SECTIONS = ("harbour", "council", "market", "science", "sport")


class Language:
    """Made-up words, the nth of them about 1/n as common as the first."""

    def __init__(self, dice: random.Random) -> None:
        made = dict.fromkeys(_COMMON)
        while len(made) < _WORDS:
            syllables = 2 if len(made) < 2000 else dice.choice((2, 3, 3, 4))
            word = "".join(dice.choice(_ONSETS) + dice.choice(_RIMES) for _ in range(syllables))
            made[word] = None
        self.words = list(made)
        self.weights = list(accumulate(1 / (n + 2.7) for n in range(_WORDS)))

    def some(self, number: int, dice: random.Random) -> list[str]:
        return dice.choices(self.words, cum_weights=self.weights, k=number)

    def rare(self, number: int, dice: random.Random) -> list[str]:
        return [self.words[dice.randrange(1500, _WORDS)] for _ in range(number)]


def write_articles(path: Path, number: int, days: int, dice: random.Random) -> None:
    """One JSON line for each of *number* articles, spread over *days* days, in no order."""
    language = Language(dice)
    topics = [language.rare(60, dice) for _ in range(40)]
    written: list[dict[str, Any]] = []
    while len(written) < number:
        tellers = bisect((0.6, 0.83, 0.91, 0.95, 0.97, 0.985, 0.995), dice.random()) + 1
        section, topic = dice.choice(_SECTIONS), dice.choice(topics)
        happened = MORNING - timedelta(hours=dice.uniform(6, 24 * days))
        names = [word.title() for word in language.rare(5, dice)]
        event = names * 2 + language.rare(22, dice) + [section]
        for _ in range(tellers):
            written.append(_article(language, event, topic, happened, dice))
    for place in dice.sample(range(number), number // 25):
        original = written[dice.randrange(number)]
        again = {"title": _headline(language, original["title"].split(), dice)}
        written[place] = original | again | {"source": "copyist"}
    with path.open("w") as file:
        for row in dice.sample(written[:number], number):
            file.write(json.dumps(row) + "\n")


def _article(
    language: Language,
    event: Sequence[str],
    topic: Sequence[str],
    happened: datetime,
    dice: random.Random,
) -> dict[str, Any]:
    paragraphs = []
    room = max(120, round(dice.gauss(440, 130)))
    while room > 0:
        sentences = []
        for _ in range(dice.randint(1, 4)):
            length = dice.randint(9, 32)
            words = [
                dice.choice(event)
                if chance < 0.12
                else dice.choice(topic)
                if chance < 0.2
                else word
                for word, chance in zip(
                    language.some(length, dice), [dice.random() for _ in range(length)], strict=True
                )
            ]
            told = " ".join(words)
            sentences.append(f"{told[0].upper()}{told[1:]}.")
            room -= length
        paragraphs.append(" ".join(sentences))
    return {
        "title": _headline(language, dice.sample(event, 6), dice),
        "paragraphs": paragraphs,
        "published_at": (happened + timedelta(hours=dice.expovariate(1 / 3))).isoformat(),
        "source": f"outlet-{dice.randrange(40)}",
    }


def _headline(language: Language, words: Sequence[str], dice: random.Random) -> str:
    told = [*words, *language.some(3, dice)]
    dice.shuffle(told)
    return " ".join(told[:9]).capitalize()


def read_articles(path: Path) -> Iterator[Item]:
    with path.open() as file:
        for number, line in enumerate(file):
            row = json.loads(line)
            yield Item(
                id=f"{number:016x}",
                source_id=row["source"],
                kind=Kind.ARTICLE,
                title=row["title"],
                url=f"https://{row['source']}.example/{number}",
                published_at=datetime.fromisoformat(row["published_at"]),
                seen_at=MORNING,
                language="en",
                blocks=tuple(Block(text=text) for text in row["paragraphs"]),
            )


def newsletter() -> Newsletter:
    rules = tuple(SectionRule(title=name.title(), keywords=(name,)) for name in _SECTIONS)
    return Newsletter(slug="daily", title="The Daily", sections=rules)


# ------------------------------------------------------------- in processes of their own


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    result = call()
    return time.process_time() - started, result


def measure_compose(path: Path) -> dict[str, Any]:
    """The whole of `compose`, less what loading NumPy and SciPy takes once in a process."""
    from digest.editorial import compose

    articles = list(read_articles(path))
    words = sum(len(article.text.split()) for article in articles) / len(articles)
    loading, _ = _timed(lambda: __import__("digest.editorial.arrange"))
    before = peak_mb()
    cpu, edition = _timed(
        lambda: compose(articles, edition_id="x", newsletter=newsletter(), slot_at=MORNING)
    )
    return {
        "cpu_s": cpu,
        "loading_s": loading,
        "peak_mb": peak_mb(),
        "before_mb": before,
        "articles": len(articles),
        "words": words,
        "stories": len(edition.stories),
    }


def measure_steps(path: Path) -> dict[str, Any]:
    """What stands before ranking and summaries, step by step."""
    from digest.editorial import cluster, copies, text

    articles = list(read_articles(path))
    steps: dict[str, float] = {}
    steps["words"], readings = _timed(lambda: [text.read(article) for article in articles])
    steps["copies"], found = _timed(lambda: copies.find_copies(readings))
    kept = [reading for row, reading in enumerate(readings) if row not in found]
    steps["weights"], space = _timed(lambda: cluster.weigh(kept))
    steps["stories"], groups = _timed(lambda: cluster.group(space, range(len(kept))))
    return {"steps": steps, "copies": len(found), "groups": len(groups)}


def measure_lexrank(path: Path) -> dict[str, Any]:
    """sumy's LexRank, three sentences of each article; sentences and words split by its caller."""
    parser_of = import_module("sumy.parsers.plaintext").PlaintextParser.from_string
    summarizer = import_module("sumy.summarizers.lex_rank").LexRankSummarizer()
    tokenizer = SimpleNamespace(
        to_sentences=lambda text: [part.strip() for part in text.split(". ")],
        to_words=lambda sentence: sentence.lower().split(),
    )
    articles = list(read_articles(path))

    def every() -> None:
        for article in articles:
            summarizer(parser_of(article.text, tokenizer).document, 3)

    every_s, _ = _timed(every)
    return {"cpu_s": every_s, "peak_mb": peak_mb()}


INSIDE = {"compose": measure_compose, "steps": measure_steps, "lexrank": measure_lexrank}


# --------------------------------------------------------------------------- the report


def in_process(what: str, path: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, "--inside", what, str(path)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(number: int, days: int, repeat: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="digest-bench-") as folder:
        path = Path(folder) / "articles.jsonl"
        write_articles(path, number, days, random.Random(7))
        runs = [in_process("compose", path) for _ in range(repeat)]
        whole = min(runs, key=lambda run: float(run["cpu_s"]))
        parts = in_process("steps", path)
        has_sumy = find_spec("sumy") is not None
        lexrank = in_process("lexrank", path) if has_sumy else None
    rest = whole["cpu_s"] - sum(parts["steps"].values())
    parts["steps"]["rank, place, summarise"] = max(0.0, rest)
    median = statistics.median(run["cpu_s"] for run in runs)
    return whole | parts | {"days": days, "median_cpu_s": median, "lexrank": lexrank}


def _report(sizes: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield "| articles | days | words each | CPU s (best) | median | peak MB | loading s | stories |"
    yield "|---|---|---|---|---|---|---|---|"
    for size in sizes:
        yield (
            f"| {size['articles']} | {size['days']} | {size['words']:.0f} | {size['cpu_s']:.2f} "
            f"| {size['median_cpu_s']:.2f} | {size['peak_mb']:.0f} | {size['loading_s']:.2f} "
            f"| {size['stories']} of {size['groups']}, {size['copies']} copies |"
        )
    for size in sizes:
        shares = ", ".join(
            f"{step} {spent:.2f} s ({spent / size['cpu_s']:.0%})"
            for step, spent in size["steps"].items()
        )
        yield f"- {size['articles']} articles: {shares}"
        lexrank = size["lexrank"]
        if lexrank is None:
            yield "  sumy's LexRank: not installed"
        else:
            ratio = lexrank["cpu_s"] / size["cpu_s"]
            yield (
                f"  sumy's LexRank: {lexrank['cpu_s']:.2f} s ({ratio:.1f} times all of ours), "
                f"{lexrank['peak_mb']:.0f} MB"
            )
    for small, large in pairwise(sizes):
        yield (
            f"- from {small['articles']} to {large['articles']} articles the CPU seconds grow with "
            f"the power {growth(small, large):.2f}"
        )


def growth(small: dict[str, Any], large: dict[str, Any]) -> float:
    """1 is linear, 2 quadratic."""
    return log(large["cpu_s"] / small["cpu_s"]) / log(large["articles"] / small["articles"])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--articles", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--days", type=int, nargs="*", default=[1, 7], help="one for each size")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--inside", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        what, path = options.inside
        print(json.dumps(INSIDE[what](Path(path))))
        return
    if len(options.days) != len(options.articles):
        parser.error("give --days as many numbers as --articles")
    sizes = [
        measure(number, days, options.repeat)
        for number, days in zip(options.articles, options.days, strict=True)
    ]
    grown = [growth(small, large) for small, large in pairwise(sizes)]
    told = {"sizes": sizes, "growth": grown}
    print(json.dumps(told, indent=1) if options.json else "\n".join(_report(sizes)))


if __name__ == "__main__":
    main()
