from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editorial.headline import choose_headline
from digest.editorial.rank import choose_lead, score_terms
from digest.editorial.text import read
from digest.model import Item
from make import MORNING, make_brief, make_item

SOURCES = ("wire", "post", "tide", "bote")
items_ = st.builds(
    lambda hours, source, position: make_item(hours=hours, source_id=source, position=position),
    st.floats(-30, 6), st.sampled_from(SOURCES), st.integers(0, 9),
)  # fmt: skip
weights_ = st.dictionaries(st.sampled_from(SOURCES), st.floats(0, 10))


def total(items: list[Item], weights: dict[str, float] | None = None) -> float:
    return sum(v for _, v in score_terms(items, newest=MORNING, weights=weights or {}))


@given(st.lists(items_, min_size=1, max_size=6), items_, weights_)
def test_another_item_never_lowers_a_story(
    items: list[Item], another: Item, weights: dict[str, float]
) -> None:
    assert total([*items, another], weights) >= total(items, weights) - 1e-9


def test_the_terms_are_named_and_add_up() -> None:
    item = make_item(hours=6 - 18, position=1)
    terms = dict(
        score_terms([item], newest=MORNING, weights={"wire": 2}, section=(1, 4), keywords=4)
    )
    assert terms == pytest.approx(
        {"sources": 2.0, "recency": 0.3679, "place": 0.2, "section": 0.15, "keywords": 0.2}
    )


def test_more_independent_sources_count_more_and_the_same_source_does_not() -> None:
    one = make_item()
    assert total([one, make_item(source_id="post")]) > total([one])
    assert total([one, make_item(title="Again", position=9)]) == total([one])


def test_a_folder_holds_many_publications_and_one_publication_comes_by_many_ways() -> None:
    courier = make_item(source_id="folder", site="The Courier")
    tide = make_item(source_id="folder", site="Evening Tide", hours=-1)
    assert total([courier, tide]) > total([courier])
    assert total([courier, make_item(source_id="feed", site="the courier")]) == total([courier])


def test_the_lead_is_the_earliest_that_tells_enough() -> None:
    flash = make_item("Flash", "Ferry aground.", hours=-2)
    full = make_item("Full", "word " * 200, hours=0)
    fuller = make_item("Fuller", "word " * 230, hours=1, source_id="post")
    brief = make_brief("word " * 300, hours=-3)
    assert choose_lead([fuller, flash, brief, full], {}) is full
    assert choose_lead([fuller, flash, brief, full], {"post": 3}) is fuller
    assert choose_lead([brief], {}) is brief


BODY = "The Gull Maiden ran onto a sandbank off Orrin in fog with 80 passengers on board."


def headline(*titles: str) -> str:
    return choose_headline([read(make_item(title, BODY)) for title in titles])


@pytest.mark.parametrize(
    "poor",
    [
        "LIVE: Gull Maiden on sandbank off Orrin in fog",
        "GULL MAIDEN ON SANDBANK OFF ORRIN IN FOG",
        "Is Gull Maiden on sandbank off Orrin in fog?",
        "It is the Gull Maiden on the sandbank off Orrin",
        "Gull Maiden aground",
        "Gull Maiden " + "on sandbank off Orrin in fog with passengers " * 3,
    ],
)
def test_a_poor_headline_gives_way_to_another_one_verbatim(poor: str) -> None:
    assert (
        headline(poor, "Gull Maiden on sandbank off Orrin") == "Gull Maiden on sandbank off Orrin"
    )
    assert headline(poor) == poor
    assert headline(poor, poor) == poor


def test_the_headline_of_the_lead_stays_when_it_is_nearly_as_good() -> None:
    lead = "Gull Maiden on sandbank in fog"
    assert headline(lead, "Fog: Gull Maiden on sandbank") == lead


def test_no_headline_is_a_briefs_while_an_article_has_one() -> None:
    article = make_item("Night of the long wait at sea ends well", BODY)
    brief = make_brief(BODY, title="Gull Maiden on sandbank off Orrin")
    assert choose_headline([read(article), read(brief)]) == article.title


def test_age_counts_from_the_newest_item_not_from_the_clock() -> None:
    item = make_item(hours=-1000)
    recency = dict(score_terms([item], newest=item.published_at, weights={}))["recency"]
    later = item.published_at + timedelta(hours=18)
    assert recency == 1.0
    assert dict(score_terms([item], newest=later, weights={}))["recency"] == 0.3679
