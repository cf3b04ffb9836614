"""The shipped newsroom in a folder, against what a person reads in it."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from digest.reading import document_json, read_document
from digest.sources import read_folder

ROOT = Path(__file__).parents[2]
EXPECTED: dict[str, dict[str, Any]] = {
    name: told
    for name, told in json.loads(
        (Path(__file__).parent / "expected_seeds.json").read_text(encoding="utf-8")
    ).items()
    if not name.startswith("_")
}
VALIDATOR = Draft202012Validator(
    json.loads((ROOT / "docs" / "document.schema.json").read_text(encoding="utf-8"))
)
#: Saved pages have tests of their own.
NAMES = [name for name in EXPECTED if not name.startswith("pages/")]
FIELDS = ("title", "authors", "published", "day_only", "reading_min", "caption", "credit")


def shown(name: str) -> dict[str, Any]:
    told = document_json(read_document(name, (ROOT / "seeds" / name).read_bytes()))
    return dict(told)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_is_read_as_a_person_reads_it(name: str) -> None:
    expected, got = EXPECTED[name], shown(name)
    assert got["kind"] == expected["kind"]
    if "items" in expected:
        assert [article["title"] for article in got["articles"]] == expected["titles"]
        assert len(got["articles"]) + len(got["briefs"]) == expected["items"]
        return
    assert [{field: article[field] for field in FIELDS} for article in got["articles"]] == [
        {field: article[field] for field in FIELDS} for article in expected["articles"]
    ]
    for article, person in zip(got["articles"], expected["articles"], strict=True):
        texts = [paragraph["text"] for paragraph in article["paragraphs"]]
        assert len(texts) == person["paragraphs"]
        assert texts[0].startswith(person["first"])
        assert texts[-1].endswith(person["last"])
    assert [
        {"title": brief["title"], "published": brief["published"]} for brief in got["briefs"]
    ] == expected["briefs"]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_seed_is_shown_as_the_schema_says(name: str) -> None:
    VALIDATOR.validate(json.loads(json.dumps(shown(name))))


def test_the_folder_holds_what_is_expected_and_nothing_else() -> None:
    # Its pictures are drawn by a program beside them.
    names = {name for name, _ in read_folder(ROOT / "seeds") if not name.endswith(".py")}
    assert names == set(EXPECTED)
