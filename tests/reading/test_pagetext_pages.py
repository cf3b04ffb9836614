"""Whole pages of tests/reading/pages, no two of one layout; all of it is made up."""

import json
from pathlib import Path
from typing import Any

import pytest

from saved_pages import says_nothing, wrong_in

FOLDER = Path(__file__).with_name("pages")
TRUTH: dict[str, Any] = json.loads(
    Path(__file__).with_name("expected_pages.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", TRUTH)
def test_a_saved_page_reads_as_a_person_reads_it(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    truth = TRUTH[name]
    if truth["expected"] is None:
        assert says_nothing(text)
    else:
        assert not wrong_in(
            text, truth["expected"], language=truth["language"], timezone=truth["timezone"]
        )


def test_every_saved_page_has_a_truth() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(TRUTH)
