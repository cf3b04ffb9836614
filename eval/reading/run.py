"""How well the readers read: the documents of this folder against their written truth.

    python eval/reading/run.py                      every part, dev and held-out together
    python eval/reading/run.py --split held-out     only documents nobody tunes on
    python eval/reading/run.py --part dates --worst 30
    python eval/reading/run.py --json

All texts are made up.  Nobody who works on the readers looks into held-out documents: their
figures say how it will go with layouts not seen before.  To add a part, write a module with
``measure(folder, split) -> Report`` and name it in `PARTS`.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType

import datestrings
import feeds
import pages
import pagetexts
from scoring import Figure, Group, Report

FOLDER = Path(__file__).parent

PARTS: Mapping[str, Callable[[Path, str | None], Report]] = MappingProxyType(
    {
        pagetexts.PART: pagetexts.measure,
        datestrings.PART: datestrings.measure,
        feeds.PART: feeds.measure,
        pages.PART: pages.measure,
    }
)


def main(arguments: list[str] | None = None) -> int:
    """Print the reports; with --strict 1 if an aim was missed, else 0."""
    options = _options().parse_args(arguments)
    chosen = options.part or list(PARTS)
    reports = [PARTS[name](FOLDER, options.split) for name in chosen]
    if options.json:
        told = json.dumps([asdict(one) for one in reports], ensure_ascii=False, indent=1)
    else:
        told = "\n".join(
            line for one in reports for line in _table(one, options.split, options.worst)
        )
    sys.stdout.write(told + "\n")
    return int(
        options.strict and any(figure.met is False for one in reports for figure in one.figures)
    )


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--split", choices=["dev", "held-out"], help="only these documents")
    parser.add_argument("--part", action="append", choices=list(PARTS), help="only this part")
    parser.add_argument("--worst", type=int, default=10, metavar="N", help="failures to show")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if an aim is missed")
    parser.add_argument("--json", action="store_true", help="everything, for a program")
    return parser


def _table(one: Report, split: str | None, worst: int) -> Iterable[str]:
    yield f"{one.part}: {one.size} cases, {split or 'dev and held-out'}"
    yield f"  {'':<20}{'figure':>8}{'aim':>9}"
    for figure in one.figures:
        yield _line(figure)
    yield from _groups("layout", one.layouts)
    yield from _groups("language", one.languages)
    if one.worst and worst:
        yield f"  worst {min(worst, len(one.worst))} of {len(one.worst)} that failed"
    for case in one.worst[:worst]:
        yield f"    {case.score:.3f}  {case.name} ({case.layout}, {case.language})"
        for sentence in case.wrong:
            yield f"             {sentence}"
    yield ""


def _line(figure: Figure) -> str:
    value = "-" if figure.value is None else f"{figure.value:.3f}"
    aim = "" if figure.aim is None else f"{'<=' if figure.at_most else '>='} {figure.aim:.2f}"
    missed = "  missed" if figure.met is False else ""
    return f"  {figure.name:<20}{value:>8}{aim:>9}{missed}"


def _groups(kind: str, groups: tuple[Group, ...]) -> Iterable[str]:
    yield f"  by {kind}, the worst first"
    for group in groups:
        yield f"    {group.name:<18}{group.score:>8.3f}{group.size:>5}"


if __name__ == "__main__":
    sys.exit(main())
