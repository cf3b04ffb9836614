"""How well editions are composed: the labelled texts of this folder against what comes out.

    python eval/editorial/measure.py                       every part, on the texts to tune on
    python eval/editorial/measure.py --split heldout       on the texts that nobody looks into
    python eval/editorial/measure.py --part stories --worst 30
    python eval/editorial/measure.py --strict              exit with 1 if a threshold is missed
    python eval/editorial/measure.py --json

What each figure means stands in README.md, what is to be reached in thresholds.toml.  To add a
part, write a module with ``score(split)`` and name its figures in `reports`.
"""

import argparse
import json
import logging
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from digest.telemetry import set_up

# isort: split
from reports import PARTS, Figure, Report

THRESHOLDS = Path(__file__).parent / "thresholds.toml"
HELD_OUT = "heldout"

#: Part → figure → "at_least" or "at_most" → number.
Thresholds = Mapping[str, Mapping[str, Mapping[str, float]]]


def main(arguments: list[str] | None = None) -> int:
    """Print the reports; with --strict 1 if a threshold was missed, else 0."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.worst is not None and options.split == HELD_OUT:
        parser.error(
            "--worst: what failed of the held-out texts is not listed, so that nobody tunes on "
            "it; leave --split away to see what failed of the others"
        )
    # What a lying endpoint makes us log is no part of the report.
    set_up(level=logging.CRITICAL)
    thresholds = read_thresholds()
    reports = [
        held_to(PARTS[name](options.split), thresholds) for name in options.part or list(PARTS)
    ]
    if options.split == HELD_OUT:
        reports = [replace(one, misses=()) for one in reports]
    if options.json:
        told = [_as_object(one, options.split) for one in reports]
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    else:
        for one in reports:
            sys.stdout.writelines(f"{line}\n" for line in _table(one, options))
    missed = [figure for one in reports for figure in one.figures if figure.met is False]
    return int(options.strict and bool(missed))


def read_thresholds() -> Thresholds:
    """What thresholds.toml says, for `held_to`.

    Raises:
        KeyError: it names a part that there is not, or asks neither at_least nor at_most.
    """
    thresholds: Thresholds = tomllib.loads(THRESHOLDS.read_text("utf-8"))
    if unknown := thresholds.keys() - PARTS.keys():
        raise KeyError(f"thresholds.toml: there is no part {sorted(unknown)}")
    for part, figures in thresholds.items():
        for name, asked in figures.items():
            if asked.keys() not in ({"at_least"}, {"at_most"}):
                raise KeyError(f"thresholds.toml: {part}, {name}: say at_least or at_most")
    return thresholds


def held_to(report: Report, thresholds: Thresholds) -> Report:
    """*report* with what is asked of its figures.

    Raises:
        KeyError: a threshold is of a figure that the part does not have.
    """
    asked = thresholds.get(report.part, {})
    if unknown := asked.keys() - {figure.name for figure in report.figures}:
        raise KeyError(f"thresholds.toml: {report.part} has no figure {sorted(unknown)}")
    figures = []
    for figure in report.figures:
        bounds = asked.get(figure.name, {})
        at_least, at_most = bounds.get("at_least"), bounds.get("at_most")
        figures.append(replace(figure, at_least=at_least, at_most=at_most))
    return replace(report, figures=tuple(figures))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--split", choices=["dev", HELD_OUT], default="dev", help="which texts")
    parser.add_argument("--part", action="append", choices=list(PARTS), help="only this part")
    parser.add_argument("--worst", type=int, metavar="N", help="misses to list, dev texts only")
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 if a threshold is missed"
    )
    parser.add_argument("--json", action="store_true", help="everything, for a program")
    return parser


def _as_object(one: Report, split: str) -> dict[str, Any]:
    figures = [
        {
            "name": figure.name,
            "value": figure.value,
            "interval": figure.interval,
            "at_least": figure.at_least,
            "at_most": figure.at_most,
            "met": figure.met,
        }
        for figure in one.figures
    ]
    told = {"part": one.part, "split": split, "size": one.size, "figures": figures}
    return told | {"notes": one.notes} | ({"misses": one.misses} if split != HELD_OUT else {})


def _table(one: Report, options: argparse.Namespace) -> Iterator[str]:
    yield f"{one.part}: {one.size}, {options.split}"
    width = max(len(figure.name) for figure in one.figures) + 2
    yield f"  {'':<{width}}{'figure':>9}  {'95 %':^17}  aim"
    for figure in one.figures:
        yield _line(figure, width).rstrip()
    for note in one.notes:
        yield f"  {note}"
    if options.worst:
        yield f"  {min(options.worst, len(one.misses))} of {len(one.misses)} misses"
        yield from (f"    {miss}" for miss in one.misses[: options.worst])
    yield ""


def _line(figure: Figure, width: int) -> str:
    between = "" if figure.interval is None else "{:.3f} – {:.3f}".format(*figure.interval)
    aim = ""
    if figure.at_least is not None:
        aim = f">= {figure.at_least:.3f}"
    elif figure.at_most is not None:
        aim = f"<= {figure.at_most:.3f}"
    missed = "  missed" if figure.met is False else ""
    return f"  {figure.name:<{width}}{figure.value:>9.3f}  {between:^17}  {aim}{missed}"


if __name__ == "__main__":
    sys.exit(main())
