"""The readers do not get worse on documents that nobody tuned them on."""

import json
import subprocess
import sys
from pathlib import Path

EVAL = Path(__file__).parent.parent / "eval" / "reading" / "run.py"

#: A little below what docs/quality.md says: the least that a change may leave.
FLOORS = {
    "page texts": {"page text score": 0.965, "body F1": 0.98, "title": 0.96, "briefs": 0.96},
    "dates": {"right": 0.98, "rightly refused": 1.0},
    "feeds": {"perfect": 0.97, "ill-formed perfect": 0.95, "not a feed": 1.0},
    "pages": {"body F1": 0.975, "title": 0.96, "authors": 0.96, "published": 0.97},
}


def test_what_is_held_out_is_read_as_well_as_the_document_says() -> None:
    done = subprocess.run(
        [sys.executable, str(EVAL), "--split", "held-out", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    parts = {part["part"]: part for part in json.loads(done.stdout)}
    for name, floors in FLOORS.items():
        figures = {figure["name"]: figure["value"] for figure in parts[name]["figures"]}
        assert figures["crashes"] == 0, name
        below = {key: figures[key] for key, floor in floors.items() if figures[key] < floor}
        assert below == {}, name
