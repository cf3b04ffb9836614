"""What earlier editions told comes again only with something new, and a series is new each day."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial import compose
from digest.editorial.before import Before, fresh_share, triples
from digest.editorial.text import read
from digest.model import About, Cause, Edit, Edition, EditKind, Item, Told
from digest.settings import Newsletter
from make import MORNING, make_brief, make_item

FERRY = (
    "The ferry Gull Maiden ran onto a sandbank off Orrin on Sunday with 80 passengers on board. "
    "The tug Bold Heron pulled the Gull Maiden free at high tide. Captain Nils Arden blamed the "
    "fog and an old chart of the harbour office. Nobody was hurt, the coastguard of Orrin said, "
    "and the passengers were given soup and blankets in the school."
)
NEXT_DAY = (
    "The coastguard of Orrin has taken the licence of Captain Nils Arden, whose ferry Gull Maiden "
    "ran onto a sandbank with 80 passengers. The tug Bold Heron had to wait nine hours. A court "
    "will hear three sailors, and the owner must pay for a new chart, the ministry said."
)
WEATHER = (
    "Orrin and the Sallow Coast: {sky}, {low} to {high} degrees. Wind from the {side}, force {f}. "
    "Outlook for the Sallow Coast: {later}. Water at Pell pier: {water} degrees. High tide at "
    "Orrin at {tide}."
)
MONDAY = WEATHER.format(
    sky="sun", low=11, high=19, side="west", f=3, later="rain", water=9, tide="6.12"
)
TUESDAY = WEATHER.format(
    sky="rain", low=8, high=14, side="north", f=6, later="dry", water=10, tide="7.03"
)
#: When they were told: `make_item` is of the evening before MORNING.
YESTERDAY = -20.0


def told(*items: Item, edition: str = "daily@before", hours: float = -18) -> list[Told]:
    at = MORNING + timedelta(hours=hours)
    return [Told(item=item, edition_id=edition, at=at) for item in items]


def edition(items: Sequence[Item], before: Sequence[Told], *edits: Edit) -> Edition:
    newsletter = Newsletter(slug="daily", title="The Daily")
    return compose(
        items, edition_id="d", newsletter=newsletter, slot_at=MORNING, told=before, edits=edits
    )


def unlike(number: int, **fields: Any) -> Item:
    pick = random.Random(number)
    words = ["".join(pick.choices("bdfglmnprstvaeiou", k=7)) for _ in range(40)]
    text = " ".join(words).capitalize() + "."
    return make_item(" ".join(words[:6]).capitalize(), text, **fields)


YESTERDAYS = make_item("Gull Maiden aground off Orrin", FERRY, hours=YESTERDAY, id="old")
FILLERS = [unlike(n) for n in range(6)]


def test_what_was_told_is_left_out_and_says_where_and_how_much_is_new() -> None:
    again = make_item(
        "Ferry Gull Maiden aground off Orrin",
        f"{FERRY} More follows.",
        source_id="post",
        id="again",
    )
    copy = make_item("Gull Maiden aground", FERRY, source_id="tide", hours=1, id="copy")
    made = edition([again, copy, *FILLERS], told(YESTERDAYS))
    causes = {left.item_id: left.cause for left in made.left_out}
    assert causes == {"again": Cause.TOLD, "copy": Cause.COPY}
    reason = made.left_out[0].reason
    assert reason == "daily@before told it: 3% of its word triples are new, less than 30%."


def test_what_has_enough_that_is_new_comes_as_an_update_and_costs_something() -> None:
    follow = make_item("Captain of Gull Maiden loses licence in Orrin", NEXT_DAY, id="follow")
    made = edition([follow, *FILLERS], told(YESTERDAYS))
    story = next(story for story in made.stories if story.id == "follow")
    assert story.update_of == "daily@before"
    assert -1 < dict(story.score_terms)["already told"] < 0
    (text,) = [reason.text for reason in story.why if reason.about is About.UPDATE]
    assert "daily@before told it" in text
    assert "30% make it an update" in text


def test_the_latest_edition_that_told_it_is_named() -> None:
    follow = make_item("Captain of Gull Maiden loses licence in Orrin", NEXT_DAY, id="follow")
    first = make_item("Gull Maiden stuck off Orrin", FERRY, hours=-21, id="older", source_id="post")
    before = [*told(YESTERDAYS), *told(first, edition="daily@first", hours=-30)]
    for order in (before, before[::-1]):
        made = edition([follow, *FILLERS], order)
        assert [s.update_of for s in made.stories if s.id == "follow"] == ["daily@before"]


def test_a_pin_overrides_what_was_told() -> None:
    again = make_item("Gull Maiden aground off Orrin", FERRY, source_id="post", id="again")
    pin = Edit(kind=EditKind.PIN, target="again", number=1, at=MORNING)
    (story,) = edition([again], told(YESTERDAYS), pin).stories
    assert story.id == "again"
    assert dict(story.score_terms)["already told"] == -1.0


@pytest.mark.parametrize(("kind", "did"), [(EditKind.PIN, "pinned"), (EditKind.PLACE, "placed")])
def test_a_repetition_that_an_editor_wants_is_no_update(kind: EditKind, did: str) -> None:
    again = make_item("Gull Maiden aground off Orrin", FERRY, source_id="post", id="again")
    wish = Edit(kind=kind, target="again", position=1, number=1, at=MORNING)
    (story,) = edition([again], told(YESTERDAYS), wish).stories
    assert story.update_of == ""
    assert [reason.text for reason in story.why if reason.about is About.UPDATE] == [
        "daily@before told it: 0% of its word triples are new, less than 30%; it is shown because "
        f"an editor {did} it"
    ]


def test_a_brief_that_says_what_was_told_is_left_out() -> None:
    brief = make_brief(FERRY.split(". ")[0] + ".", id="brief")
    made = edition([brief, *FILLERS], told(YESTERDAYS))
    assert [(left.item_id, left.cause) for left in made.left_out] == [("brief", Cause.TOLD)]


def test_an_item_that_was_told_under_its_own_id_is_asked_for_again() -> None:
    made = edition([YESTERDAYS], told(YESTERDAYS))
    assert [story.id for story in made.stories] == ["old"]


@pytest.mark.parametrize("source", ["wire", "post"])
def test_the_weather_of_another_day_is_new(source: str) -> None:
    monday = make_item("Weather: sun on the Sallow Coast", MONDAY, hours=-24, id="mon")
    tuesday = make_item("Weather: rain on the Sallow Coast", TUESDAY, source_id=source, id="tue")
    (story,) = [s for s in edition([tuesday, *FILLERS], told(monday)).stories if s.id == "tue"]
    assert story.update_of == ""


def test_other_news_of_the_same_place_is_new() -> None:
    other = make_item(
        "School in Orrin gets a new roof",
        "The school of Orrin gets a new roof this summer, the mayor said on Monday. It costs "
        "90,000 crowns, and the harbour office pays half of them.",
        id="other",
    )
    (story,) = [s for s in edition([other, *FILLERS], told(YESTERDAYS)).stories if s.id == "other"]
    assert story.update_of == ""


def test_the_longer_ago_the_more_alike_it_must_be() -> None:
    follow = make_item("Captain of Gull Maiden loses licence in Orrin", NEXT_DAY, id="follow")
    months_ago = make_item("Gull Maiden aground off Orrin", FERRY, hours=-2000, id="old")
    before = Before(told(months_ago), [read(item) for item in (follow, *FILLERS)])
    assert before.judge(["follow"]) is None


def test_triples_are_of_headline_and_text_and_of_little_what_there_is() -> None:
    assert triples(read(make_item("One two three four", "Five six."))) == {
        ("one", "two", "three"),
        ("two", "three", "four"),
        ("five", "six"),
    }
    assert triples(read(make_item("🎉", ""))) == frozenset()
    assert fresh_share(read(make_item("🎉", "")), frozenset()) == 0.0


TODAY = [
    make_item("Captain of Gull Maiden loses licence in Orrin", NEXT_DAY, id="a"),
    make_item("Gull Maiden aground off Orrin", FERRY, source_id="post", id="b"),
    make_item("Weather: rain on the Sallow Coast", TUESDAY, id="c"),
    make_item("🎉🎉🎉", "🎉", id="d"),
    make_item("Пором сів на мілину", "Пасажири порома провели ніч на мілині.", id="e"),
    make_item("Endless", "quay " * 5000, id="f"),
    make_item("…", "", id="g"),
]
TOLD = [
    *told(YESTERDAYS, make_item("🎉🎉🎉", "🎉", hours=-20, id="t1")),
    *told(make_item("Пором сів на мілину", "Пасажири провели ніч на мілині.", hours=-20, id="t2")),
    *told(make_item("Weather: sun on the Sallow Coast", MONDAY, hours=-24, id="t3")),
    *told(make_item("Endless", "quay " * 5000, hours=-20, id="t4"), edition="daily@first"),
]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.sampled_from(TODAY), unique_by=lambda item: item.id),
    st.lists(st.sampled_from(TOLD), max_size=8),
    st.randoms(),
)
def test_the_order_of_what_was_told_does_not_matter(
    items: list[Item], before: list[Told], pick: random.Random
) -> None:
    made = edition(items, before)
    shuffled = list(before)
    pick.shuffle(shuffled)
    assert repr(edition(items[::-1], shuffled)) == repr(made)
    gone = {left.item_id for left in made.left_out}
    shown = {i.id for story in made.stories for i in story.items + story.copies}
    assert gone | shown == {item.id for item in items}
    assert not gone & shown


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([FERRY, NEXT_DAY, MONDAY]), st.integers(0, 20))
def test_another_source_never_makes_a_story_older(text: str, number: int) -> None:
    one = make_item("Captain of Gull Maiden loses licence in Orrin", NEXT_DAY, id="one")
    another = make_item("Gull Maiden and Captain Arden", text, source_id="post", id="two")
    before = Before(told(YESTERDAYS), [read(item) for item in (one, another, unlike(number))])
    alone, both = before.judge(["one"]), before.judge(["one", "two"])
    assert alone is not None
    assert both is None or both.fresh >= alone.fresh
