"""Composing does not get worse on texts that nobody tuned it on."""

import json
import subprocess
import sys
from pathlib import Path

MEASURE = Path(__file__).parent.parent / "eval" / "editorial" / "measure.py"

#: A little below what docs/quality.md says: the least that a change may leave.
FLOORS: dict[str, dict[str, float]] = {
    "sentences": {"F1": 0.985, "F1, hard texts": 0.975},
    "quotations": {"F1": 0.98, "speakers": 0.76},
    "copies": {"F1": 0.995, "precision": 0.99, "precision, same event": 0.99},
    "stories": {
        "mean of the sets": 0.89,
        "day": 0.94,
        "day, articles": 0.975,
        "day, articles: precision": 0.97,
    },
    "sections": {"by keywords": 0.83},
    "summaries": {
        "verbatim": 1.0,
        "one line: verbatim": 1.0,
        "several outlets: verbatim": 1.0,
        "ROUGE-1 above the lead": 0.0,
        "ROUGE-2 above the lead": 0.5,
        "ROUGE-L above the lead": -0.75,
        "ROUGE-1 above the lead, not English": -2.0,
        "one line: ROUGE-1 above the lead": 3.0,
    },
    "model gate": {
        "changed numbers": 0.985,
        "changed quotations": 0.985,
        "foreign names": 0.985,
        "numbers from elsewhere": 0.98,
        "names from elsewhere": 0.965,
        "swapped names": 0.96,
        "changed dates": 0.945,
        "good answers that are used": 1.0,
    },
    "determinism": {"identical": 1.0},
}
#: The most that a change may leave.
CEILINGS: dict[str, dict[str, float]] = {
    "summaries": {
        f"{form}{gate}": ceiling
        for form in ("", "one line: ", "several outlets: ")
        for gate, ceiling in {
            "dangling first": 0.02,
            "orphan quotations": 0.003,
            "junk": 0.0,
            "cut sentences": 0.0,
        }.items()
    }
    | {"dangling later": 0.0, "several outlets: dangling later": 0.0},
    "model gate": {
        "ill-behaved answers that leave": 0.0,
        "wrongly refused, verbatim": 0.01,
        "wrongly refused, shortened": 0.05,
    },
}


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
