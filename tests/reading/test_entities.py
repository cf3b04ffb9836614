"""Entities that a document declares for itself."""

import time

import pytest

from digest.reading.entities import read_entities
from make import PATIENCE_S


@pytest.mark.parametrize(
    ("subset", "expected"),
    [
        ('<!ENTITY eacute "&#233;">', {"eacute": "é"}),
        ("<!ENTITY firm 'Quay &amp; Sons'>", {"firm": "Quay &amp; Sons"}),
        ('<!ENTITY b "<b>R&D</b>">', {"b": "&lt;b&gt;R&amp;D&lt;/b&gt;"}),
        ('<!ENTITY a "x"><!ENTITY a "y">', {"a": "x"}),
        ('<!ENTITY a "Caf&e;"><!ENTITY e "é">', {"a": "Café", "e": "é"}),
        ('<!ENTITY a "&a;">', {"a": ""}),
        ('<!ENTITY a "&b;"><!ENTITY b "&a;">', {"a": "", "b": ""}),
        ('<!ENTITY f SYSTEM "file:///x"><!ENTITY p PUBLIC "a" "b">', {"f": "", "p": ""}),
        ('<!ENTITY % p "x">', {}),
        ('<!-- <!ENTITY a "x"> --><!ENTITY b "y">', {"b": "y"}),
        (f'<!ENTITY long "{"x" * 301}">', {"long": ""}),
    ],
)
def test_short_texts_are_kept_and_nothing_else(subset: str, expected: dict[str, str]) -> None:
    assert read_entities(subset) == expected


def test_entities_that_grow_are_dropped() -> None:
    levels = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 9))
    found = read_entities('<!ENTITY b0 "ha">' + levels)
    assert (found["b0"], found["b1"]) == ("ha", "ha" * 10)
    assert max(map(len, found.values())) <= 400
    assert found["b8"] == ""


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY z "">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 40}">' for n in range(900)),
        "".join(f'<!ENTITY a{n} "x">' for n in range(100_000)),
        "<!ENTITY " * 500_000,
        '<!ENTITY a "' + "&" * 4_000_000,
        "<!--" * 1_000_000,
    ],
)
def test_subsets_built_to_hurt_cost_little(subset: str) -> None:
    start = time.process_time()
    read_entities(subset)
    assert time.process_time() - start < PATIENCE_S
