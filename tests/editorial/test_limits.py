"""How much an edition has room for, and the sentences that say so."""

from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from digest.editorial.draft import Draft
from digest.editorial.hand import Acts
from digest.editorial.limits import arrange_section, cut_briefs, cut_edition, cut_section
from digest.editorial.text import read
from digest.model import Edit, EditKind
from digest.settings import SectionRule
from make import MORNING, make_brief, make_item

UTC = ZoneInfo("UTC")


def draft(score: float, *sources: str, acts: Acts | None = None, **fields: Any) -> Draft:
    told = [
        make_item(f"Story of {score} by {source}", source_id=source, **fields)
        for source in sources or ("wire",)
    ]
    return Draft(readings=tuple(map(read, told)), terms=(("sources", score),), acts=acts or Acts())


def edit(kind: EditKind, number: int = 1, position: int = 0) -> Edit:
    return Edit(kind=kind, number=number, position=position, at=MORNING, by="Mara")


def pinned(number: int = 1) -> Acts:
    return Acts(fate=edit(EditKind.PIN, number))


def placed(position: int, number: int = 1) -> Acts:
    return Acts(place=edit(EditKind.PLACE, number, position))


def rule(most: int) -> SectionRule:
    return SectionRule(title="News", max_stories=most)


def scores(drafts: list[Draft]) -> list[float]:
    return [draft.score for draft in drafts]


def test_a_story_of_several_is_anyones_who_has_room() -> None:
    big = [draft(n, "wire") for n in (9, 8)]
    both = draft(7, "wire", "post")
    modest = [draft(n, f"s{n}") for n in (3, 2, 1)]
    shown, cuts = cut_section(rule(5), [*big, both, *modest, draft(6, "wire")])
    assert scores(shown) == [9, 8, 7, 3, 2]
    assert [(one.score, reason.split(":")[0]) for one, reason in cuts] == [
        (6, "Section “News” has enough of wire"),
        (1, "Below the cut of section “News”"),
    ]


def test_a_cut_for_a_source_that_has_enough_counts_as_the_quota_does() -> None:
    drafts = [
        draft(9, "wire"), draft(8, "wire"), draft(7, "wire", "post"), draft(6, "wire", "post"),
        draft(5, "post"), draft(4, "tide"), draft(3, "bote"),
    ]  # fmt: skip
    shown, cuts = cut_section(rule(6), drafts)
    assert scores(shown) == [9, 8, 7, 6, 4, 3]
    assert [reason for _, reason in cuts] == [
        "Section “News” has enough of post: 2 of its 6 stories, where others have something "
        "too; its score is 5.00."
    ]
    assert "before a story of post with a score of 5.00" in shown[-1].why_place[0].text


def test_a_source_that_has_enough_is_named_though_another_one_leads_the_story() -> None:
    drafts = [
        *(draft(n, "wire") for n in (9, 8)), draft(7, "post"), draft(6, "post"),
        draft(5, "tide", "wire"), draft(4, "tide", "wire"), draft(3, "tide", "wire"),
        *(draft(n, f"s{n}") for n in (2, 1)),
    ]  # fmt: skip
    _, cuts = cut_section(rule(7), drafts)
    assert [(one.score, reason.split(",")[0]) for one, reason in cuts] == [
        (3, "Section “News” has enough of tide: 2 of its 7 stories"),
        (1, "Below the cut of section “News”: its score is 1.00"),
    ]


def test_pins_fill_the_room_and_say_so() -> None:
    pins = [draft(n, acts=pinned()) for n in (1, 2, 3)]
    shown, cuts = cut_section(rule(2), [*pins, draft(9)])
    assert scores(shown) == [3, 2, 1]
    assert [reason for _, reason in cuts] == [
        "No room in section “News”: the 3 stories of the editor fill its 2."
    ]
    within, cuts = cut_edition([pins, [draft(9)]], 2)
    assert [scores(drafts) for drafts in within] == [[1, 2, 3], []]
    assert cuts[0][1] == (
        "Below the cut of the edition, which has room for 2 stories: its score is 9.00, and the "
        "editor's own stories fill it."
    )


def test_an_edition_takes_the_best_of_all_sections() -> None:
    sections = [[draft(9), draft(1)], [draft(5), draft(4, acts=placed(1))]]
    assert cut_edition(sections, 0) == (sections, [])
    within, cuts = cut_edition(sections, 2)
    assert [scores(drafts) for drafts in within] == [[9], [4]]
    assert [one.score for one, _ in cuts] == [5, 1]
    assert cuts[0][1].endswith("its score is 5.00, that of the last of 2 shown is 9.00.")


def test_the_editors_order_is_kept() -> None:
    drafts = [
        draft(1, acts=placed(2)), draft(2, acts=pinned(5)), draft(3, acts=pinned(4)),
        draft(8), draft(9), draft(4, acts=placed(99)), draft(5, acts=placed(2, number=7)),
    ]  # fmt: skip
    assert scores(arrange_section(drafts)) == [3, 5, 1, 2, 9, 8, 4]


def test_of_the_briefs_the_latest_stay_and_the_pinned() -> None:
    briefs = [
        Draft(readings=(read(make_brief(f"Ship {n} left.", hours=n)),), is_brief=True)
        for n in range(4)
    ]
    briefs[0].acts = pinned()
    shown, cuts = cut_briefs(briefs, 2, UTC)
    assert shown == [briefs[0], briefs[3]]
    assert [reason for _, reason in cuts] == [
        "No room: there may be 2 briefs, and the latest begin at 01:00; this one is of 23:00.",
        "No room: there may be 2 briefs, and the latest begin at 01:00; this one is of 00:00.",
    ]
    shown, cuts = cut_briefs(briefs, 0, UTC)
    assert shown == [briefs[0]]
    assert cuts[0][1] == "No room: there may be 0 briefs; this one is of 23:00."


drafts_ = st.lists(
    st.builds(
        draft,
        st.integers(0, 9),
        st.sampled_from(["wire", "post", "tide"]),
        acts=st.sampled_from([Acts(), Acts(), Acts(), pinned(1), pinned(2), placed(1), placed(3)]),
    ),
    max_size=12,
)


@given(drafts_, st.integers(1, 6), st.integers(0, 5))
def test_nothing_is_lost_and_no_limit_is_passed_but_by_the_editor(
    drafts: list[Draft], most: int, over_all: int
) -> None:
    shown, cuts = cut_section(rule(most), drafts)
    within, gone = cut_edition([shown], over_all)
    order = arrange_section(within[0])
    everyone = [*order, *(one for one, _ in (*cuts, *gone))]
    assert sorted(map(id, everyone)) == sorted(map(id, drafts))
    kept = [one for one in drafts if one.acts.kept]
    assert all(one in order for one in kept)
    assert len(order) <= max(len(kept), min(most, over_all or most))
    for one in order:
        if one.acts.place and one.acts.place.position == 1 and len(kept) == 1:
            assert order[0] is one
