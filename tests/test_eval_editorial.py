"""Composing does not get worse on texts that nobody tuned it on."""

import json
import subprocess
import sys
from pathlib import Path

MEASURE = Path(__file__).parent.parent / "eval" / "editorial" / "measure.py"

#: A little below what docs/quality.md says: the least that a change may leave.
FLOORS: dict[str, dict[str, float]] = {}
#: The most that a change may leave.
CEILINGS: dict[str, dict[str, float]] = {}


def measure(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(MEASURE), "--split", "heldout", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_held_out_is_composed_as_well_as_the_document_says() -> None:
    done = measure("--json", *(word for name in FLOORS for word in ("--part", name)))
    assert done.returncode == 0, done.stderr
    parts = {part["part"]: part for part in json.loads(done.stdout)}
    for name, floors in FLOORS.items():
        figures = {figure["name"]: figure["value"] for figure in parts[name]["figures"]}
        below = {key: figures[key] for key, floor in floors.items() if figures[key] < floor}
        assert below == {}, name
        most = CEILINGS.get(name, {})
        above = {key: figures[key] for key, ceiling in most.items() if figures[key] > ceiling}
        assert above == {}, name
        assert "misses" not in parts[name]


def test_nobody_is_told_which_of_the_held_out_texts_failed() -> None:
    done = measure("--part", "sections", "--worst", "3")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "not listed" in done.stderr
