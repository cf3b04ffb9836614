"""What an editor points at, and what is said to have changed."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial.pointing import ThingKind, differences, find, things
from digest.errors import NotFound
from digest.model import Cause, Edition, LeftOut, Origin, Section, Sentence, Story, Summary
from make import make_brief, make_edition, make_item, make_story

FERRY, QUAY = make_item("Ferry runs again", id="aa00" * 4), make_item("Quay opens", id="aa11" * 4)
COPY = make_item("Ferry is back", id="bb00" * 4)
WALL, PRIZE = make_item("Sea wall costs more", id="cc00" * 4), make_item("Prize", id="dd00" * 4)
BRIDGE, BUS = make_brief("Bridge shut.", id="ee00" * 4), make_brief("Bus late.", id="b4ab" * 4)
CUT, HELD = "ff00" * 4, "ff11" * 4

SEA = Section(
    slug="sea",
    title="Sea",
    stories=(make_story(FERRY, QUAY, copies=(COPY,)), make_story(WALL)),
)
SCHOOL = Section(slug="school", title="School", stories=(make_story(PRIZE),))
EDITION = make_edition(
    SEA,
    SCHOOL,
    briefs=(BRIDGE, BUS),
    left_out=(LeftOut(item_id=CUT, cause=Cause.CUT, reason="below the cut."),),
    held=(HELD,),
)
TITLES = {CUT: "Ferry fares", HELD: "Ferry history"}


@pytest.mark.parametrize(
    ("pointer", "kind", "id", "item"),
    [
        ("1.1", ThingKind.STORY, FERRY.id, FERRY.id),
        (" 2.1 ", ThingKind.STORY, PRIZE.id, PRIZE.id),
        ("b2", ThingKind.BRIEF, BUS.id, BUS.id),
        ("B1", ThingKind.BRIEF, BRIDGE.id, BRIDGE.id),
        ("aa11", ThingKind.STORY, FERRY.id, QUAY.id),
        ("AA11AA", ThingKind.STORY, FERRY.id, QUAY.id),
        ("bb00", ThingKind.COPY, COPY.id, COPY.id),
        ("b4ab", ThingKind.BRIEF, BUS.id, BUS.id),
        (CUT, ThingKind.LEFT_OUT, CUT, CUT),
        ("ff11", ThingKind.HELD, HELD, HELD),
    ],
)
def test_things_are_found_by_position_and_by_the_beginning_of_an_id(
    pointer: str, kind: ThingKind, id: str, item: str
) -> None:
    found = find(EDITION, pointer, TITLES)
    assert (found.kind, found.id, found.item) == (kind, id, item)


def test_a_story_knows_all_that_belongs_to_it() -> None:
    story = find(EDITION, "1.1", TITLES)
    assert story.ids == (FERRY.id, QUAY.id, COPY.id)
    assert (story.siblings, story.words) == (2, "1.1 “Ferry runs again”")
    assert find(EDITION, "bb00", TITLES).ids == story.ids


def test_two_items_of_one_story_point_at_it_without_an_item() -> None:
    alike = make_edition(
        Section(
            slug="s", title="S", stories=(make_story(FERRY, replace(QUAY, id="aa00ff" + "0" * 10)),)
        )
    )
    found = find(alike, "aa00", {})
    assert (found.id, found.item) == (FERRY.id, "")


@pytest.mark.parametrize(
    ("pointer", "words"),
    [
        ("1.3", "section 1 has no story 3; it has 1.1 “Ferry runs again”, 1.2 “Sea wall"),
        ("4.1", "there is no section 4; there are 1 Sea, 2 School"),
        ("b9", "there is no brief b9; there are b1 to b2"),
        ("ferry", "near it: 1.1 “Ferry runs again” (aa00aa00aa00aa00), “Ferry fares”"),
        ("aa00aa00aa00aa0f", "near it: 1.1 “Ferry runs again”"),
        ("ff", "`digest edit show daily@2026-05-18T0700` lists"),
        ("", "lists what there is"),
        ("nonsense", "lists what there is"),
    ],
)
def test_what_is_not_found_is_answered_with_what_is_near(pointer: str, words: str) -> None:
    with pytest.raises(NotFound) as caught:
        find(EDITION, pointer, TITLES)
    assert words in str(caught.value)


def test_a_beginning_of_several_ids_is_refused_with_all_of_them() -> None:
    edition = replace(EDITION, held=(HELD, "ff00" + "1" * 12))
    with pytest.raises(NotFound, match=r"begins several ids: “Ferry fares” .*, ff00111"):
        find(edition, "ff00", TITLES)


@settings(max_examples=40)
@given(st.text(max_size=30))
def test_whatever_is_typed_is_found_or_not_found(pointer: str) -> None:
    every = {thing.id for thing in things(EDITION, TITLES)} | {COPY.id}
    with suppress(NotFound):
        assert find(EDITION, pointer, TITLES).id in every


def test_a_pointer_as_long_as_a_book_is_not_repeated() -> None:
    with pytest.raises(NotFound) as caught:
        find(EDITION, "a" * 5_000_000, TITLES)
    assert len(str(caught.value)) < 1_000


# --------------------------------------------------------------------- what changed


def with_stories(*sections: tuple[Story, ...], **fields: Any) -> Edition:
    both = (SEA, SCHOOL)
    made = [replace(one, stories=some) for one, some in zip(both, sections, strict=False) if some]
    return replace(EDITION, sections=tuple(made), **fields)


ONE, TWO = SEA.stories
THREE = SCHOOL.stories[0]
NEW = make_item("Whale seen", id="ab00" * 4)
KILLED = LeftOut(item_id=WALL.id, cause=Cause.KILLED, reason="Killed.")


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (EDITION, []),
        (replace(EDITION, intro="Good morning."), ["the intro is new"]),
        (with_stories((TWO, ONE), (THREE,)), ["1.1 “Sea wall costs more” was 1.2"]),
        (
            with_stories((ONE, TWO, THREE), ()),
            ["1.3 “Prize” is in section Sea now"],
        ),
        (
            with_stories((ONE, TWO, make_story(NEW)), (THREE,)),
            ["1.3 “Whale seen” is new"],
        ),
        (
            with_stories((replace(ONE, headline="Afloat", note="Ours."), TWO), (THREE,)),
            ["1.1 “Afloat” was called “Ferry runs again”", "1.1 “Afloat” has a note now"],
        ),
        (
            with_stories((make_story(FERRY, QUAY, WALL, copies=(COPY,)),), (THREE,)),
            ["“Sea wall costs more” is told with 1.1 “Ferry runs again”"],
        ),
        (
            with_stories((make_story(FERRY, copies=(COPY,)), make_story(QUAY), TWO), (THREE,)),
            ["1.2 “Quay opens” stands alone: it was told with “Ferry runs again”"],
        ),
        (
            with_stories((ONE,), (THREE,), left_out=(KILLED,)),
            ["“Sea wall costs more” is left out: Killed"],
        ),
        (
            replace(EDITION, briefs=(BRIDGE,), held=(BUS.id,)),
            ["“Bus late.” is held for the next edition"],
        ),
        (
            with_stories((make_story(QUAY, FERRY, copies=(COPY,)), TWO), (THREE,)),
            ["1.1 “Quay opens” was called “Ferry runs again”"],
        ),
        (
            with_stories((ONE, TWO, make_story(BUS)), (THREE,), briefs=(BRIDGE,)),
            ["1.3 “Bus late.” is in section Sea now"],
        ),
    ],
)
def test_what_changed_is_told_in_sentences(after: Edition, told: list[str]) -> None:
    assert list(differences(EDITION, after)) == told


def test_another_summary_is_told() -> None:
    words = Summary(origin=Origin.EDITOR, sentences=(Sentence(item_id="", text="It sails."),))
    after = with_stories((replace(ONE, summary=words), TWO), (THREE,))
    assert differences(EDITION, after) == ("1.1 “Ferry runs again” has another summary",)


def test_a_long_list_of_changes_is_cut() -> None:
    many = tuple(make_story(make_item(f"News {n}")) for n in range(30))
    assert differences(EDITION, with_stories((ONE, TWO, *many), (THREE,)))[-1] == (
        "and 10 more changes"
    )
