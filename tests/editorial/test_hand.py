"""What an editor did to a draft is done again to whatever it is composed of now."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial import compose
from digest.editorial.hand import Group, acts_on, introduction, regroup
from digest.model import (
    About,
    Block,
    Cause,
    Decider,
    Edit,
    Edition,
    EditKind,
    Item,
    Kind,
    Origin,
    Story,
)
from digest.settings import Newsletter, SectionRule
from make import MORNING, make_brief, make_item

FERRY = (
    "The ferry Gull Maiden ran onto a sandbank off Orrin on Sunday with 80 passengers on board. "
    "The tug Bold Heron pulled the Gull Maiden free at high tide. Captain Nils Arden blamed the "
    "fog and an old chart."
)
FERRY_TOO = (
    "Passengers spent nine hours on the sandbank off Orrin before the tug Bold Heron freed the "
    "ferry Gull Maiden. The coastguard wants to hear Captain Nils Arden on Tuesday."
)
FERRY_NEW = (
    "Captain Nils Arden of the ferry Gull Maiden told the coastguard that fog hid the sandbank off "
    "Orrin. The tug Bold Heron came after nine hours. The owner offers the 80 passengers money."
)
ONE = make_item("Gull Maiden aground off Orrin", FERRY, id="ferry1")
TWO = make_item(
    "Tug frees Gull Maiden off Orrin", FERRY_TOO, hours=1, source_id="post", id="ferry2"
)
NEWCOMER = make_item(
    "Captain of Gull Maiden blames fog off Orrin", FERRY_NEW, hours=3, source_id="bote", id="ferry3"
)
COPY = make_item("Gull Maiden aground", FERRY, hours=2, source_id="tide", id="ferrycopy")
#: The same words as ONE and more, earlier: ONE becomes a copy of it, and it leads.
FULLER = make_item(
    "Gull Maiden aground off Orrin in fog",
    FERRY + " The mayor of Orrin thanked the crew.",
    hours=-1,
    source_id="sea",
    id="ferry0",
)
FERRY_BRIEF = make_brief(
    "Tug Bold Heron frees Gull Maiden off Orrin. All 80 passengers well.", hours=1, id="ferrybrief"
)
SWANS = make_brief("Swans hold up the noon train.", hours=2, id="swans")
GULLS = make_brief("Gulls steal the mayor's lunch in Pell.", hours=1, id="gulls")


def unlike(number: int, **fields: Any) -> Item:
    """An article that is like no other one."""
    pick = random.Random(number)
    words = ["".join(pick.choices("bdfglmnprstvaeiou", k=7)) for _ in range(40)]
    text = " ".join(words).capitalize() + "."
    return make_item(" ".join(words[:6]).capitalize(), text, **({"id": f"n{number}"} | fields))


OTHERS = [unlike(n, position=n) for n in range(4)]
DESK = [ONE, TWO, FERRY_BRIEF, SWANS, GULLS, *OTHERS]
RULES = (SectionRule(title="News"), SectionRule(title="Sport", keywords=("goal",)))


def edit(kind: EditKind, target: str = "", *items: str, number: int = 1, **fields: Any) -> Edit:
    values: dict[str, Any] = {"at": MORNING, "by": "Mara", "items": items} | fields
    return Edit(kind=kind, target=target, number=number, **values)


def edition(
    items: Sequence[Item], *edits: Edit, rules: tuple[SectionRule, ...] = RULES, **more: Any
) -> Edition:
    fields = {key: more.pop(key) for key in ("max_briefs", "max_stories") if key in more}
    newsletter = Newsletter(slug="daily", title="The Daily", sections=rules, **fields)
    return compose(
        items, edition_id="daily@x", newsletter=newsletter, slot_at=MORNING, edits=edits, **more
    )


def story_of(made: Edition, id: str) -> Story:
    return next(s for s in made.stories if id in {i.id for i in s.items + s.copies})


def shown(made: Edition) -> list[list[str]]:
    return [[story.id for story in section.stories] for section in made.sections]


def causes(made: Edition) -> dict[str, Cause]:
    return {left.item_id: left.cause for left in made.left_out}


def reasons(story: Story, about: About) -> list[str]:
    return [r.text for r in story.why if r.about is about and r.by is Decider.EDITOR]


# --------------------------------------------------------------------------- pin


def test_a_pin_is_shown_whatever_the_limits_and_first_in_its_section() -> None:
    rules = (SectionRule(title="News", max_stories=2),)
    low = unlike(9, hours=-30, position=9)
    made = edition([*DESK, low], edit(EditKind.PIN, "n9"), rules=rules)
    assert shown(made)[0][0] == "n9"
    assert len(made.stories) == 2
    assert reasons(made.stories[0], About.PLACE) == [
        "pinned by Mara: shown whatever the limits are"
    ]
    pins = [edit(EditKind.PIN, f"n{n}", number=4 - n) for n in range(3)]
    assert shown(edition(DESK, *pins, rules=rules)) == [["n2", "n1", "n0"]]


def test_a_pin_rescues_what_is_too_old_or_below_the_cut_of_the_whole_edition() -> None:
    old = unlike(9, hours=-90)
    told: dict[str, Any] = {"oldest": MORNING.replace(day=16), "max_stories": 1}
    assert causes(edition([*DESK, old], **told))["n9"] is Cause.OLD
    made = edition([*DESK, old], edit(EditKind.PIN, "n9"), **told)
    assert shown(made) == [["n9"]]


def test_a_pinned_brief_stays_however_few_briefs_there_may_be() -> None:
    made = edition(DESK, edit(EditKind.PIN, "gulls"), max_briefs=1)
    assert made.briefs == (GULLS,)
    assert edition(DESK, edit(EditKind.PIN, "gulls"), max_briefs=0).briefs == (GULLS,)
    assert edition(DESK, max_briefs=1).briefs == (SWANS,)


# ------------------------------------------------------------------ hold and kill


def test_what_is_held_goes_with_copies_and_folded_briefs_and_is_not_taken() -> None:
    made = edition([*DESK, COPY], edit(EditKind.HOLD, "ferry1"))
    assert made.held == ("ferry1", "ferry2", "ferrybrief", "ferrycopy")
    assert causes(made).keys().isdisjoint(made.held)
    assert edition(DESK, edit(EditKind.HOLD, "swans")).held == ("swans",)


def test_what_is_killed_is_killed_whole_and_newcomers_with_it() -> None:
    kill = edit(EditKind.KILL, "ferry1", "ferry1", "ferry2", "ferrybrief")
    made = edition([*DESK, NEWCOMER, COPY], kill)
    told = {left.item_id: left.reason for left in made.left_out if left.cause is Cause.KILLED}
    assert told == {
        "ferry1": "Killed by Mara.",
        "ferry2": "Killed by Mara.",
        "ferrybrief": "Killed by Mara.",
        "ferry3": f"It joined the story of “{ONE.title}” (wire), killed by Mara.",
        "ferrycopy": f"It joined the story of “{ONE.title}” (wire), killed by Mara.",
    }


def test_what_was_killed_stays_killed_when_the_stories_come_out_otherwise() -> None:
    groups = [Group({"a", "d"}), Group({"b", "e"}, {"f": "e"}), Group({"g"})]
    kill = edit(EditKind.KILL, "a", "a", "b", "f")
    made = regroup(groups, [kill], name=str)
    assert [(g.originals, g.copies) for g in made] == [
        ({"a", "b", "d", "e"}, {"f": "e"}),
        ({"g"}, {}),
    ]
    # Whoever is split off afterwards is free again.
    made = regroup(groups, [kill, edit(EditKind.SPLIT, "b", number=2)], name=str)
    assert [group.originals for group in made] == [{"a", "d", "e"}, {"b"}, {"g"}]


@pytest.mark.parametrize("fate", [EditKind.KILL, EditKind.HOLD])
@pytest.mark.parametrize("kind", [EditKind.PIN, EditKind.PLACE, EditKind.HEADLINE])
@pytest.mark.parametrize("numbers", [(1, 2), (2, 1)])
def test_a_newcomer_does_not_draw_what_an_editor_wants_into_a_killed_story(
    fate: EditKind, kind: EditKind, numbers: tuple[int, int]
) -> None:
    groups = [Group({"a", "b", "new"}, {"a2": "a", "b2": "b", "new2": "new"}), Group({"g"})]
    wish = edit(kind, "b", "b", "b2", number=numbers[0], text="Words.", position=1)
    gone = edit(fate, "a", "a", "a2", number=numbers[1])
    made = regroup(groups, [wish, gone], name=str.upper)
    assert [(g.originals, g.copies) for g in made] == [
        ({"a", "new"}, {"a2": "a", "new2": "new"}),
        ({"b"}, {"b2": "b"}),
        ({"g"}, {}),
    ]
    did = "killed" if fate is EditKind.KILL else "held"
    assert [why.text for why in made[1].why] == [f"stands apart from A, {did} by Mara"]
    acts = acts_on(made, [wish, gone], ())
    assert [act.fate for act in acts] == [gone, wish if kind is EditKind.PIN else None, None]


def test_what_was_killed_as_one_story_stays_one_whatever_was_done_to_its_parts() -> None:
    groups = [Group({"a", "b"})]
    kill = edit(EditKind.KILL, "a", "a", "b", number=2)
    for wish in (edit(EditKind.HEADLINE, "b", "b", text="Words."), edit(EditKind.PIN, "b", "b")):
        for number in (1, 3):
            made = regroup(groups, [replace(wish, number=number), kill], name=str)
            assert [group.originals for group in made] == [{"a", "b"}]


def test_what_is_wanted_back_is_one_story_with_what_it_tells() -> None:
    groups = [Group({"a", "b"})]
    edits = [
        edit(EditKind.PIN, "b", "b"),
        edit(EditKind.KILL, "a", "a", number=2),
        edit(EditKind.PIN, "a", "a", number=3),
    ]
    assert [group.originals for group in regroup(groups, edits, name=str)] == [{"a", "b"}]


def test_what_is_wanted_goes_with_the_newcomer_that_it_is_a_copy_of() -> None:
    edits = [edit(EditKind.PIN, "b", "b"), edit(EditKind.KILL, "a", "a", number=2)]
    made = regroup([Group({"a", "new"}, {"b": "new", "c": "new"})], edits, name=str)
    assert [(g.originals, g.copies) for g in made] == [
        ({"a"}, {}),
        ({"new"}, {"b": "new", "c": "new"}),
    ]
    # It repeats what was killed, too: then the newcomer stays away.
    made = regroup([Group({"new"}, {"a": "new", "b": "new", "c": "new"})], edits, name=str)
    assert [(g.originals, g.copies) for g in made] == [
        ({"b"}, {}),
        ({"new"}, {"a": "new", "c": "new"}),
    ]


def test_a_pinned_story_is_shown_though_a_newcomer_tells_a_killed_one_too() -> None:
    joins = make_item("Gull Maiden and swans", FERRY, hours=1, source_id="post", id="both")
    edits = [edit(EditKind.PIN, "ferry2", "ferry2"), edit(EditKind.KILL, "ferry1", "ferry1")]
    for number, first in ((2, 1), (1, 2)):
        order = [replace(edits[0], number=first), replace(edits[1], number=number)]
        made = edition([ONE, TWO, joins, *OTHERS], *order)
        assert "ferry2" in {story.id for story in made.stories}
        assert causes(made)["ferry1"] is Cause.KILLED


def test_pin_hold_and_kill_contradict_each_other_and_the_latest_counts() -> None:
    kinds = [EditKind.HOLD, EditKind.KILL, EditKind.PIN]
    for last in kinds:
        order = [kind for kind in kinds if kind is not last] + [last]
        edits = [edit(kind, "n0", number=n) for n, kind in enumerate(order, start=1)]
        made = edition(DESK, *reversed(edits))
        assert ("n0" in made.held) == (last is EditKind.HOLD)
        assert (causes(made).get("n0") is Cause.KILLED) == (last is EditKind.KILL)
        assert (made.stories[0].id == "n0") == (last is EditKind.PIN)


# ---------------------------------------------------------------- move and place


def test_a_story_is_moved_to_a_section_by_its_slug() -> None:
    made = edition(DESK, edit(EditKind.MOVE, "n1", text="sport"))
    assert made.sections[1].slug == "sport"
    (story,) = made.sections[1].stories
    assert story.id == "n1"
    assert reasons(story, About.SECTION) == ["moved to Sport by Mara"]


def test_an_unknown_section_is_ignored_and_says_so_and_the_older_move_stands() -> None:
    edits = [
        edit(EditKind.MOVE, "n1", text="sport"),
        edit(EditKind.MOVE, "n1", text="sprot", number=2, by=""),
    ]
    story = story_of(edition(DESK, *edits), "n1")
    assert reasons(story, About.SECTION) == [
        "not moved to “sprot” by an editor: the newsletter has no such section",
        "moved to Sport by Mara",
    ]


def test_a_brief_that_is_moved_becomes_a_story() -> None:
    made = edition(DESK, edit(EditKind.MOVE, "swans", text="sport"))
    (story,) = made.sections[1].stories
    assert (story.items, story.summary.text) == ((SWANS,), "Swans hold up the noon train.")
    assert SWANS not in made.briefs
    # What does not exist moves nothing.
    assert SWANS in edition(DESK, edit(EditKind.MOVE, "swans", text="void")).briefs


def test_a_moved_brief_that_has_no_room_is_a_brief_again() -> None:
    rules = (SectionRule(title="News", max_stories=1), *RULES[1:])
    assert SWANS in edition(DESK, edit(EditKind.MOVE, "swans", text="news"), rules=rules).briefs


def test_a_placed_story_stands_where_it_was_put_whatever_the_limits() -> None:
    rules = (SectionRule(title="News", max_stories=3),)
    low = unlike(9, hours=-30, position=9)
    made = edition([*DESK, low], edit(EditKind.PLACE, "n9", position=2), rules=rules)
    assert shown(made)[0][1] == "n9"
    assert reasons(story_of(made, "n9"), About.PLACE) == ["placed at 2 by Mara"]
    edits = [edit(EditKind.PLACE, id, position=1, number=n) for n, id in enumerate(("n9", "n0"))]
    made = edition([*DESK, low], *edits, edit(EditKind.PIN, "n1", number=5), rules=rules)
    assert shown(made) == [["n0", "n9", "n1"]]
    assert reasons(story_of(made, "n9"), About.PLACE) == ["placed at 1 by Mara; it stands at 2"]
    taken = edit(EditKind.PLACE, "n9", position=0, number=2)
    made = edition([*DESK, low], edit(EditKind.PLACE, "n9", position=2), taken, rules=rules)
    assert "n9" not in shown(made)[0]


def test_beyond_the_end_a_placed_story_is_the_last() -> None:
    made = edition(DESK, edit(EditKind.PLACE, "n0", position=90))
    assert shown(made)[0][-1] == "n0"


# ------------------------------------------------------------------------- words


def test_the_editors_words_come_first_and_empty_ones_take_them_away() -> None:
    edits = [
        edit(EditKind.HEADLINE, "ferry1", text="Ferry free\n again"),
        edit(EditKind.SUMMARY, "ferry1", text="All are well.", number=2),
        edit(EditKind.NOTE, "ferry1", text="We were on board.", number=3),
    ]
    story = story_of(edition(DESK, *edits), "ferry1")
    assert (story.headline, story.note) == ("Ferry free again", "We were on board.")
    assert story.summary.origin is Origin.EDITOR
    assert [(s.item_id, s.text, s.start) for s in story.summary.sentences] == [
        ("", "All are well.", -1)
    ]
    assert reasons(story, About.HEADLINE) == ["written by Mara"]
    assert reasons(story, About.SUMMARY) == ["written by Mara"]
    assert reasons(story, About.NOTE) == ["written by Mara"]
    empty = [replace(one, number=one.number + 3, text=" ") for one in edits]
    assert story_of(edition(DESK, *edits, *empty), "ferry1") == story_of(edition(DESK), "ferry1")


def test_the_intro_is_the_last_one_written() -> None:
    edits = [
        edit(EditKind.INTRO, text=t, number=n) for n, t in enumerate(("Hello.", "Dear all.\n\nHi."))
    ]
    assert edition(DESK, *edits).intro == "Dear all.\n\nHi."
    assert introduction([*edits, edit(EditKind.INTRO, number=9)]) == ""


def test_of_two_edits_of_one_kind_the_higher_number_counts() -> None:
    first = edit(EditKind.HEADLINE, "ferry1", text="First", number=1)
    second = edit(EditKind.HEADLINE, "ferry2", text="Second", number=2)
    for order in ((first, second), (second, first)):
        assert story_of(edition(DESK, *order), "ferry1").headline == "Second"


# --------------------------------------------------------------- merge and split


def test_stories_are_merged_whatever_their_words() -> None:
    made = edition(DESK, edit(EditKind.MERGE, "n0", others=("n1", "ferry1")))
    story = story_of(made, "n0")
    assert {item.id for item in story.items} == {"n0", "n1", "ferry1", "ferry2", "ferrybrief"}
    (text,) = reasons(story, About.TOGETHER)
    assert text.endswith("by Mara")
    assert "“Gull Maiden aground off Orrin” (wire) merged with" in text


def test_a_brief_is_merged_into_a_story_and_two_briefs_into_one() -> None:
    made = edition(DESK, edit(EditKind.MERGE, "ferry1", others=("swans",)))
    assert SWANS in story_of(made, "ferry1").items
    assert made.briefs == (GULLS,)
    made = edition(DESK, edit(EditKind.MERGE, "gulls", others=("swans",)))
    story = story_of(made, "gulls")
    assert story.items == (SWANS, GULLS)
    assert story.summary.text == f"{GULLS.text} {SWANS.text}"
    assert made.briefs == ()


def test_an_item_that_is_split_off_stands_alone() -> None:
    made = edition(DESK, edit(EditKind.SPLIT, "ferry2", "ferry1", "ferry2", "ferrybrief"))
    assert story_of(made, "ferry2").items == (TWO,)
    assert reasons(story_of(made, "ferry2"), About.TOGETHER) == ["stands alone: split off by Mara"]
    assert TWO not in story_of(made, "ferry1").items
    assert reasons(story_of(made, "ferry1"), About.TOGETHER) == [
        "“Tug frees Gull Maiden off Orrin” (post) was split off by Mara"
    ]
    made = edition(DESK, edit(EditKind.SPLIT, "ferrybrief"))
    assert FERRY_BRIEF in made.briefs


def test_a_copy_that_is_split_off_stands_alone_and_an_original_leaves_its_copy_behind() -> None:
    made = edition([ONE, COPY], edit(EditKind.SPLIT, "ferrycopy"))
    assert {story.items + story.copies for story in made.stories} == {(COPY,), (ONE,)}
    made = edition([ONE, COPY], edit(EditKind.SPLIT, "ferry1", "ferry1", "ferrycopy"))
    assert {story.id: story.copies for story in made.stories} == {"ferry1": (), "ferrycopy": ()}


def test_a_split_does_not_part_an_item_from_whom_it_was_never_with() -> None:
    split = edit(EditKind.SPLIT, "ferry1", "ferry1", "swans")
    assert story_of(edition(DESK, split), "ferry1").items == (ONE, TWO, FERRY_BRIEF)
    assert len(story_of(edition([*DESK, COPY], split), "ferry1").copies) == 1


def test_what_was_split_and_merged_again_is_together() -> None:
    split = edit(EditKind.SPLIT, "ferry2")
    merge = edit(EditKind.MERGE, "ferry1", others=("ferry2",), number=2)
    assert TWO in story_of(edition(DESK, split, merge), "ferry1").items
    again = edit(EditKind.SPLIT, "ferry2", number=3)
    assert TWO not in story_of(edition(DESK, split, merge, again), "ferry1").items


# ---------------------------------------------------------------------- survival

BEFORE = ("ferry1", "ferry2", "ferrybrief")
EDITS = [
    edit(EditKind.PIN, "ferry1", *BEFORE),
    edit(EditKind.MOVE, "ferry1", *BEFORE, text="sport", number=2),
    edit(EditKind.HEADLINE, "ferry1", *BEFORE, text="Free at last", number=3),
    edit(EditKind.SUMMARY, "ferry1", *BEFORE, text="All are well.", number=4),
    edit(EditKind.NOTE, "ferry1", *BEFORE, text="More tomorrow.", number=5),
    edit(EditKind.PLACE, "ferry1", *BEFORE, position=1, number=6),
    edit(EditKind.MERGE, "ferry1", *BEFORE, others=("n3", "swans"), number=7),
    edit(EditKind.SPLIT, "ferry2", *BEFORE, number=8),
]
CHANGES = {
    "nothing new": DESK,
    "the story grows": [*DESK, NEWCOMER],
    "an item of it was copied": [*DESK, COPY],
    "the lead changes and the old one is a copy now": [*DESK, FULLER],
    "the target is gone": [item for item in [*DESK, NEWCOMER] if item.id != "ferry1"],
    "other items arrive": [*DESK, *(unlike(n) for n in range(20, 30))],
    "the lead's words change": [
        replace(ONE, revision=1, blocks=(Block(text=FERRY + " Nobody was hurt."),)), *DESK[1:],
    ],
}  # fmt: skip


@pytest.mark.parametrize("items", CHANGES.values(), ids=CHANGES)
def test_the_hand_survives_composing_again(items: list[Item]) -> None:
    made = edition(items, *EDITS, max_stories=1)
    (story,) = [s for s in made.stories if s.headline == "Free at last"]
    assert made.sections[-1].slug == "sport"
    assert made.sections[-1].stories[0] is story
    assert (story.summary.text, story.note) == ("All are well.", "More tomorrow.")
    ids = {item.id for item in story.items + story.copies}
    assert {"n3", "swans", "ferrybrief"} <= ids
    assert "ferry2" not in ids


@pytest.mark.parametrize("items", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("kind", [EditKind.KILL, EditKind.HOLD])
def test_what_was_killed_or_held_is_so_when_it_is_composed_again(
    items: list[Item], kind: EditKind
) -> None:
    made = edition(items, edit(kind, "ferry1", *BEFORE))
    ferries = {item.id for item in items if item.id.startswith("ferry")}
    gone = made.held if kind is EditKind.HOLD else causes(made)
    assert ferries == {id for id in gone if id.startswith("ferry")}


def test_a_split_item_that_became_a_copy_takes_its_new_original_along() -> None:
    fuller = make_item(
        "Tug frees ferry Gull Maiden off Orrin",
        FERRY_TOO + " Nobody was hurt.",
        source_id="sea",
        id="ferry2b",
    )
    split = edit(EditKind.SPLIT, "ferry2", *BEFORE)
    made = edition([*DESK, fuller], split)
    story = story_of(made, "ferry2")
    assert {item.id for item in story.items + story.copies} == {"ferry2", "ferry2b"}
    assert story is not story_of(made, "ferry1")


def test_a_pinned_brief_that_grew_into_an_article_is_pinned_in_its_story() -> None:
    pin = edit(EditKind.PIN, "ferrybrief", "ferrybrief")
    assert FERRY_BRIEF in edition([FERRY_BRIEF, *OTHERS], pin, max_briefs=0).briefs
    made = edition(DESK, pin, max_stories=1)
    assert [story.id for story in made.stories] == ["ferry1"]


def test_an_edit_whose_target_is_gone_has_no_effect() -> None:
    edits = [
        edit(kind, "void", "gone", text="words", position=1, others=("nobody",), number=n)
        for n, kind in enumerate(EditKind)
        if kind is not EditKind.INTRO
    ]
    assert edition(DESK, *edits) == edition(DESK)


def test_without_its_target_an_edit_means_the_story_with_most_of_its_items() -> None:
    groups = [Group({"a"}), Group({"b", "c"}), Group({"d"})]
    acts = acts_on(groups, [edit(EditKind.PIN, "gone", "a", "b", "c")], ())
    assert [act.kept for act in acts] == [False, True, False]


# -------------------------------------------------------------------- everything

POOL = [*DESK, NEWCOMER, COPY, FULLER, make_item("🎉🎉🎉", "🎉", id="party"),
        make_item("Пором сів на мілину", "Пасажири провели ніч на мілині.", id="porom"),
        unlike(50, hours=-90), unlike(51, hours=-90), make_item("…", "", id="dots")]  # fmt: skip
IDS = [*(item.id for item in POOL), "gone", ""]
ids_ = st.sampled_from(IDS)
edits_ = st.lists(
    st.builds(
        edit,
        st.sampled_from(EditKind),
        ids_,
        items=st.lists(ids_, max_size=4).map(tuple),
        others=st.lists(ids_, max_size=3).map(tuple),
        text=st.sampled_from(["", "sport", "news", "void", "Words. More words.", "\x00 𝕏"]),
        position=st.integers(-1, 5),
        by=st.sampled_from(["", "Mara"]),
    ),
    max_size=9,
).map(lambda edits: [replace(one, number=n) for n, one in enumerate(edits, start=1)])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(POOL), unique_by=lambda item: item.id), edits_, st.randoms())
def test_every_item_is_once_somewhere_whatever_an_editor_does(
    items: list[Item], edits: list[Edit], pick: random.Random
) -> None:
    more: dict[str, Any] = {
        "rules": (SectionRule(title="News", max_stories=2), *RULES[1:]),
        "max_briefs": 1,
        "max_stories": 3,
        "oldest": MORNING.replace(day=16),
    }
    made = edition(items, *edits, **more)
    places = Counter(
        [i.id for story in made.stories for i in story.items + story.copies]
        + [brief.id for brief in made.briefs]
        + [left.item_id for left in made.left_out]
        + list(made.held)
    )
    assert places == Counter(item.id for item in items)
    for story in made.stories:
        assert story.id == story.lead.id
        assert story.headline
        assert any(item.kind is Kind.ARTICLE for item in story.items) or reasons_by_hand(story)
    shuffled = list(items)
    pick.shuffle(shuffled)
    moved = list(edits)
    pick.shuffle(moved)
    assert repr(edition(shuffled, *moved, **more)) == repr(made)


def reasons_by_hand(story: Story) -> bool:
    return any(reason.by is Decider.EDITOR for reason in story.why)


def test_what_is_merged_stands_where_the_first_of_it_stood() -> None:
    rules = (
        SectionRule(title="Sea", slug="sea", topics=("sea",)),
        SectionRule(title="Sport", slug="sport", topics=("sport",)),
    )
    sea = make_item("Tide gauge moved", "The tide gauge moved to the new pier.", topics=("sea",))
    sport = make_item(
        "Rowers win cup", "The rowers of Lisle won a cup.", topics=("sport",), hours=1
    )
    for first, other, slug in ((sea, sport, "sea"), (sport, sea, "sport")):
        merge = Edit(
            number=1,
            kind=EditKind.MERGE,
            target=first.id,
            others=(other.id,),
            text=slug,
            at=MORNING,
        )
        newsletter = Newsletter(slug="daily", title="The Daily", sections=rules)
        made = compose(
            [sea, sport], edition_id="x", newsletter=newsletter, slot_at=MORNING, edits=[merge]
        )
        assert [(s.slug, len(s.stories[0].items)) for s in made.sections] == [(slug, 2)]
