"""Segments of newsletters: what they name has to be in the same file."""

import tomllib

import pytest

from digest.settings.unmatched import unmatched

CONFIG = """
[[newsletters]]
slug = "daily"
segment = '{segment}'
  [[newsletters.sections]]
  title = "At Sea & on Land"
  [[newsletters.sections]]
  title = "Море"
  [[newsletters.sections]]
  title = "Sport"
  slug = "games"
[[newsletters]]
slug = "weekly"
  [[newsletters.sections]]
  title = "Books"
"""


def faults_of(segment: str) -> list[str]:
    document = tomllib.loads(CONFIG.format(segment=segment))
    return [fault.text for fault in unmatched(document)]


@pytest.mark.parametrize(
    "segment",
    [
        "",
        'section = "at-sea-on-land" or section in ("games", "books")',
        # A title without a Latin letter has a slug that cannot be foreseen here.
        'section = "section-1a2b3c4d"',
        'newsletter = "weekly" and not tag = "whatever"',
        # No filter at all: its fault is found where it is read.
        "section = ",
    ],
)
def test_what_the_file_has_is_found(segment: str) -> None:
    assert faults_of(segment) == []


@pytest.mark.parametrize("name", ["sport", "book", "at-sea"])
def test_a_section_that_no_newsletter_has_is_a_fault(name: str) -> None:
    (fault,) = faults_of(f'not (section = "{name}")')
    assert f'there is no section "{name}"' in fault


def test_tables_of_another_kind_are_somebody_elses_fault() -> None:
    for text in ("newsletters = 3", "newsletters = [1]", "[[newsletters]]\nsegment = 3"):
        assert list(unmatched(tomllib.loads(text))) == []
    strange = "[[newsletters]]\nsections = [3]\nsegment = 'section = \"x\"'"
    assert [fault.place for fault in unmatched(tomllib.loads(strange))] == [
        ("newsletters", 0, "segment")
    ]
