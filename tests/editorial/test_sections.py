from typing import Any

import pytest

from digest.editorial import section_slug
from digest.editorial.sections import Sections
from digest.editorial.text import read
from digest.model import Item
from digest.settings import SectionRule
from make import make_item

SEA = SectionRule(
    title="At sea", topics=("Shipping",), keywords=("ferry", "tug boat", "-ferry tale")
)
SPORT = SectionRule(title="Sport", sources=("rowing",), keywords=("goal", "goalkeep*", "cup"))
REST = SectionRule(title="Elsewhere")
MONEY = SectionRule(title="Money", keywords=("crown",))


def check(expected: str, *items: Item, rules: tuple[SectionRule, ...] = (SEA, SPORT, REST)) -> None:
    placing = Sections(rules).place([read(item) for item in items])
    assert rules[placing.index].title == expected
    assert expected in placing.reason


def item(title: str = "News of the day", text: str = "Nothing much.", **fields: Any) -> Item:
    return make_item(title, text, **({"url": "https://quay.example/a"} | fields))


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ("At sea", item(topics=("shipping",))),
        ("At sea", item(topics=("World > Shipping",))),
        ("At sea", item(url="https://quay.example/shipping/2026/a")),
        ("At sea", item(url="https://quay.example/en/Shipping/a")),
        ("Elsewhere", item(url="https://quay.example/shipping")),
        ("Sport", item("Ferry sinks", source_id="rowing")),
        ("At sea", item("Ferry, ferry", topics=("sport",))),
        ("At sea", item("Two ferries and a ferry")),
        ("At sea", item("A quiet night", "A tug boat, two tug boats, and then one tug boat more.")),
        ("Elsewhere", item("A quiet night", "A tug and a boat.")),
        ("Elsewhere", item("A ferry tale")),
        ("Elsewhere", item("Ferry wins cup")),
        ("Sport", item("Goalkeepers wanted")),
        ("Elsewhere", item()),
    ],
)
def test_the_first_decisive_rule_wins(expected: str, told: Item) -> None:
    check(expected, told)


def test_the_lead_decides_and_the_others_only_where_it_does_not() -> None:
    check("At sea", item("Ferry sinks"), item("Cup final"), item("Cup goal"))
    check("Sport", item(), item("Cup final"), item("Cup goal"))
    check("Elsewhere", item(), item("Cup final"), item())
    check("At sea", item(), item(topics=("shipping",)), item())


def test_without_a_section_for_the_rest_the_last_one_takes_it() -> None:
    check("Sport", item(), rules=(SEA, SPORT))


def test_the_reason_names_what_decided() -> None:
    placing = Sections((SEA, MONEY)).place([read(item("A crown for the king"))])
    assert placing.reason == "section “Money”: keywords crown (3 against 0)"
    assert placing.keywords == 3


@pytest.mark.parametrize(
    ("title", "slug", "expected"),
    [
        ("At sea", None, "at-sea"),
        ("At sea", "ships", "ships"),
        ("Économie & Cie.", None, "economie-cie"),
        ("x" * 99, None, "x" * 63),
        ("Море", None, "section-20ccfa7a"),
        ("2026", None, "section-5ef9c5ed"),
    ],
)
def test_a_section_has_a_slug(title: str, slug: str | None, expected: str) -> None:
    found = section_slug(SectionRule(title=title, slug=slug))
    if expected.startswith("section-"):
        assert found.startswith("section-")
        assert found == section_slug(SectionRule(title=title))
    else:
        assert found == expected
