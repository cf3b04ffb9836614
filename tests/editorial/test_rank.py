from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial import compose
from digest.editorial.rank import choose_lead, score_terms
from digest.model import Edition, Item
from digest.settings import Newsletter, SectionRule
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
    later = make_brief("word", hours=-1)
    assert choose_lead([later, brief], {}) is later


def test_age_counts_from_the_newest_item_not_from_the_clock() -> None:
    item = make_item(hours=-1000)
    recency = dict(score_terms([item], newest=item.published_at, weights={}))["recency"]
    later = item.published_at + timedelta(hours=18)
    assert recency == 1.0
    assert dict(score_terms([item], newest=later, weights={}))["recency"] == 0.3679


def test_what_fades_slowly_what_was_carried_and_what_was_told_are_terms_of_their_own() -> None:
    item = make_item(hours=6 - 18)
    plain = score_terms([item], newest=MORNING, weights={})
    more = score_terms([item], newest=MORNING, weights={}, fading_h=36, carried=1.5, told=0.6)
    assert [name for name, _ in more] == [*(name for name, _ in plain), "carried", "already told"]
    terms = dict(more)
    assert terms["recency"] == 0.6065
    assert (terms["carried"], terms["already told"]) == (1.5, -0.6)


# ------------------------------------------------------------- of whole editions

SCRIPTS = (
    "ferry tug harbour fog captain sandbank goal keeper пором туман мілина عبارة ضباب 港 霧 🎉 "
    "Orrin Arden Heron 80 7:40 …"
)
WORDS = SCRIPTS.split()
texts_ = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)
told_ = st.tuples(
    texts_,
    st.one_of(texts_, st.just("endless")),
    st.integers(-60, 6),
    st.sampled_from(SOURCES),
    st.integers(0, 5),
)


def news(number: int, title: str, text: str, hours: int, source: str, position: int) -> Item:
    text = text.replace("endless", "quay " * 5000)
    return make_item(
        title or "-", text, hours=hours, source_id=source, position=position, id=f"i{number}"
    )


news_ = st.lists(told_, max_size=7).map(
    lambda told: [news(number, *one) for number, one in enumerate(told)]
)


def edition(items: list[Item]) -> Edition:
    newsletter = Newsletter(
        slug="daily", title="D", sections=(SectionRule(title="All", max_stories=3),)
    )
    return compose(items, edition_id="d", newsletter=newsletter, slot_at=MORNING)


@settings(max_examples=25, deadline=None)
@given(news_, st.randoms())
def test_the_order_of_the_items_changes_nothing_in_any_script(
    items: list[Item], pick: Random
) -> None:
    shuffled = list(items)
    pick.shuffle(shuffled)
    assert repr(edition(shuffled)) == repr(edition(items))


TEXT = (
    "The ferry Gull Maiden ran onto a sandbank off Orrin on Sunday with 80 passengers on board. "
    "The tug Bold Heron pulled it free at high tide, and Captain Nils Arden blamed the fog."
)


@settings(max_examples=20, deadline=None)
@given(news_, st.floats(0, 5), st.integers(0, 5))
def test_a_copy_never_raises_a_story(others: list[Item], hours: float, position: int) -> None:
    one = make_item("Gull Maiden aground off Orrin", TEXT, id="one")
    copy = make_item(
        "Gull Maiden aground", TEXT, hours=hours, source_id="x", position=position, id="two"
    )
    newest = make_item("Newest of the day", "", hours=6, id="new")

    def score(*items: Item) -> float:
        rules = (SectionRule(title="All", max_stories=20),)
        newsletter = Newsletter(slug="d", title="D", sections=rules)
        made = compose(items, edition_id="d", newsletter=newsletter, slot_at=MORNING)
        return next(story.score for story in made.stories if one in story.items)

    assert score(one, copy, newest, *others) <= score(one, newest, *others)


def test_a_live_page_leads_no_story_that_an_article_tells() -> None:
    text = "The dam at Morrin leaks, and three villages are to be left by noon. " * 6
    live = make_item("LIVE: Valley below the dam leaves home", text, id="a" * 16)
    told = make_item("Three villages leave as dam leaks", text, id="b" * 16, hours=2)
    assert choose_lead([live, told], {}) == told
    assert choose_lead([live], {}) == live
