import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial import compose, stories
from digest.model import About, Cause, Correction, Edition, Item, Kind
from digest.settings import Newsletter, SectionRule
from make import MORNING, make_brief, make_item

FERRY = (
    "The ferry Gull Maiden ran onto a sandbank off Orrin on Sunday with 80 passengers on "
    "board. The tug Bold "
    "Heron pulled the Gull Maiden free at high tide. Captain Nils Arden blamed the fog and "
    "an old chart."
)
FERRY_TOO = (
    "Passengers spent nine hours on the sandbank off Orrin before the tug Bold Heron freed "
    "the ferry Gull "
    "Maiden. The coastguard wants to hear Captain Nils Arden on Tuesday."
)


def letter(*sections: SectionRule, **fields: Any) -> Newsletter:
    return Newsletter(slug="daily", title="The Daily", sections=sections, **fields)


def edition(items: list[Item], newsletter: Newsletter | None = None, **more: Any) -> Edition:
    return compose(
        items, edition_id="daily@x", newsletter=newsletter or letter(), slot_at=MORNING, **more
    )


def unlike(number: int, **fields: Any) -> Item:
    """An article that is like no other one."""
    pick = random.Random(number)
    words = ["".join(pick.choices("bdfglmnprstvaeiou", k=7)) for _ in range(40)]
    return make_item(" ".join(words[:6]).capitalize(), " ".join(words).capitalize() + ".", **fields)


def places(made: Edition) -> Counter[str]:
    return Counter(
        [i.id for story in made.stories for i in story.items + story.copies]
        + [i.id for i in made.briefs]
        + [left.item_id for left in made.left_out]
    )


def reasons_of(made: Edition) -> dict[str, str]:
    return {left.item_id: left.reason for left in made.left_out}


def test_nothing_makes_an_empty_edition() -> None:
    made = edition([])
    assert made.empty
    assert (made.sections, made.briefs, made.left_out) == ((), (), ())


def test_an_edition_carries_what_its_newsletter_says() -> None:
    made = edition([make_item()], letter(timezone="Europe/Athens", language="el"))
    assert (made.newsletter, made.title, made.timezone) == ("daily", "The Daily", "Europe/Athens")
    assert (made.language, made.slot_at, made.id) == ("el", MORNING, "daily@x")
    assert [section.slug for section in made.sections] == ["daily"]


def test_one_event_is_one_story_with_its_copies_and_its_brief() -> None:
    one = make_item("Gull Maiden aground off Orrin", FERRY, url="https://wire.example/sea/1")
    two = make_item("Tug frees Gull Maiden off Orrin", FERRY_TOO, hours=1, source_id="post")
    copy = make_item("Gull Maiden on sandbank off Orrin", FERRY, hours=2, source_id="tide")
    brief = make_brief(
        "Tug Bold Heron frees Gull Maiden off Orrin. All 80 passengers well.", hours=1
    )
    other = make_brief("Swans hold up the noon train.", hours=2)
    made = edition([two, other, copy, brief, one, unlike(1), unlike(2)])
    story = next(s for s in made.stories if s.lead.id == one.id)
    assert (story.id, story.items[1:], story.copies) == (one.id, (brief, two), (copy,))
    assert made.briefs == (other,)
    assert dict(story.score_terms)["sources"] == 1.585
    assert any("brief" in reason.text for reason in story.why)


def test_a_copy_does_not_raise_a_story() -> None:
    one = make_item("Gull Maiden aground off Orrin", FERRY)
    for hours in (-3, 0, 5):
        copy = make_item(
            "Gull Maiden on sandbank", FERRY, hours=hours, source_id="tide", position=1
        )
        without = next(s for s in edition([one, unlike(1, hours=6)]).stories if s.lead == one)
        story = next(s for s in edition([one, copy, unlike(1, hours=6)]).stories if s.copies)
        assert story.score <= without.score


def test_another_source_raises_a_story() -> None:
    one = make_item("Gull Maiden aground off Orrin", FERRY)
    two = make_item("Tug frees Gull Maiden off Orrin", FERRY_TOO, source_id="post", hours=-1)
    assert edition([one, two]).stories[0].score > edition([one]).stories[0].score


def test_what_is_below_the_cut_is_dropped_with_the_reason_and_its_brief_is_shown() -> None:
    rules = (SectionRule(title="News", max_stories=1),)
    top = unlike(1, hours=5)
    low = make_item("Gull Maiden aground off Orrin", FERRY, hours=-20, position=9, source_id="post")
    copy = make_item("Gull Maiden on sandbank", FERRY, hours=-19, source_id="tide", position=9)
    brief = make_brief(
        "Tug Bold Heron frees Gull Maiden off Orrin. All 80 passengers well.", hours=-19
    )
    made = edition([top, low, copy, brief], letter(*rules), weights={"post": 0.1})
    assert [s.lead for s in made.stories] == [top]
    assert made.briefs == (brief,)
    assert reasons_of(made) == {
        low.id: "Below the cut of section “News”: its score is 2.05, that of the last of 1 shown "
        "is 2.50.",
        copy.id: "A copy of “Gull Maiden aground off Orrin” (post), which is left out: it has no "
        "room.",
    }


def test_no_source_takes_over_a_section_while_others_have_something() -> None:
    greedy = [unlike(n, position=n) for n in range(8)]
    modest = [unlike(n, source_id=f"s{n}", hours=-20, position=9) for n in range(8, 20)]
    made = edition(greedy + modest, letter(SectionRule(title="News", max_stories=5)))
    sources = Counter(story.lead.source_id for story in made.stories)
    assert sources["wire"] == 2
    assert sum(sources.values()) == 5
    enough = (
        "Section “News” has enough of wire: 2 of its 5 stories, where others have something too"
    )
    assert any(reason.startswith(enough) for reason in reasons_of(made).values())
    last = made.stories[-1]
    assert [r.text for r in last.why if r.about is About.PLACE] == [
        "shown before a story of wire with a score of 2.30: no source has more than 40% of "
        "section “News” while others have something"
    ]
    alone = edition(greedy, letter(SectionRule(title="News", max_stories=5)))
    assert len(alone.stories) == 5


def test_stories_stand_by_score_in_sections_in_the_order_of_the_newsletter() -> None:
    rules = (
        SectionRule(title="Sea", topics=("sea",)),
        SectionRule(title="Empty", topics=("void",)),
        SectionRule(title="Rest"),
    )
    made = edition(
        [unlike(n, hours=-n, position=9, topics=("sea",) if n % 2 else ()) for n in range(6)],
        letter(*rules),
    )
    assert [section.slug for section in made.sections] == ["sea", "rest"]
    for section in made.sections:
        scores = [story.score for story in section.stories]
        assert scores == sorted(scores, reverse=True)


def test_briefs_are_in_order_of_time_and_the_latest_are_kept() -> None:
    briefs = [make_brief(f"Ship {n} of the {n}th fleet left.", hours=n) for n in range(5)]
    copy = make_brief(briefs[4].text, hours=5, source_id="post")
    made = edition([*reversed(briefs), copy], letter(max_briefs=2))
    assert made.briefs == (briefs[3], briefs[4])
    reasons = reasons_of(made)
    assert reasons[briefs[0].id] == (
        "No room: there may be 2 briefs, and the latest begin at 01:00; this one is of 22:00."
    )
    assert reasons[copy.id] == (
        "A copy of brief “Ship 4 of the 4th fleet left.” (wire), which is among the briefs."
    )
    assert edition(briefs, letter(max_briefs=0)).briefs == ()


def test_two_states_of_one_item_are_one_item() -> None:
    old = make_item(id="a" * 16)
    new = make_item("Ferry late", id="a" * 16, updated_at=MORNING + timedelta(hours=1))
    for items in ([old, new], [new, old], [old, new, old]):
        assert [story.items for story in edition(items).stories] == [(new,)]


def test_the_first_story_and_those_of_several_sources_get_the_words_of_a_top_story() -> None:
    def told(number: int) -> str:
        pick = random.Random(number)
        words = ["".join(pick.choices("bdfglmnprstvaeiou", k=7)) for _ in range(400)]
        return " ".join(" ".join(words[n : n + 18]).capitalize() + "." for n in range(0, 400, 18))

    first = make_item("First of the day", told(1), hours=5)
    second = make_item("Second thing", told(2), hours=-5, position=9)
    made = edition([first, second], letter(lead_words=100, story_words=40))
    lengths = [len(story.summary.text.split()) for story in made.stories]
    assert lengths[0] > 60 > lengths[1]


POOL = [
    make_item("Gull Maiden aground off Orrin", FERRY),
    make_item("Tug frees Gull Maiden off Orrin", FERRY_TOO, hours=1, source_id="post"),
    make_item("Gull Maiden on sandbank off Orrin", FERRY, hours=2, source_id="tide"),
    make_brief("Tug Bold Heron frees Gull Maiden off Orrin. All 80 passengers well.", hours=1),
    make_brief("Swans hold up the noon train.", hours=2),
    make_brief("Swans hold up the noon train.", hours=2, source_id="post"),
    *(unlike(n, hours=-n / 3, source_id=f"s{n % 3}", position=n) for n in range(12)),
    make_item("🎉🎉🎉", "🎉"),
    make_item("港の船", "船は港を出た。霧が深い。"),
    make_item("Пором сів на мілину", "Пасажири порома провели ніч на мілині.", language="uk"),
    make_item("وصلت العبارة", "وصلت العبارة إلى الميناء. لم يصب أحد.", language="ar"),
    make_item("…", ""),
    make_item("Endless", "quay " * 20_000),
]
RULES = (
    SectionRule(title="Sea", keywords=("gull",), max_stories=1),
    SectionRule(title="All", max_stories=5),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(POOL), unique_by=lambda item: item.id), st.randoms())
def test_every_item_is_once_somewhere_and_order_does_not_matter(
    items: list[Item], pick: random.Random
) -> None:
    newsletter = letter(*RULES, max_briefs=1)
    made = edition(items, newsletter)
    assert places(made) == Counter(item.id for item in items)
    shuffled = list(items)
    pick.shuffle(shuffled)
    assert repr(edition(shuffled, newsletter)) == repr(made)


def test_every_story_shown_is_led_by_an_article_and_has_its_reasons() -> None:
    made = edition(POOL, letter(*RULES))
    for story in made.stories:
        assert story.lead.kind is Kind.ARTICLE
        assert story.why
        assert story.headline in {item.title for item in story.items}
        assert [name for name, _ in story.score_terms] == [
            "sources", "recency", "place", "section", "keywords",
        ]  # fmt: skip


def corrected(number: int, *, hours: float = 0, corrects: bool = False) -> Correction:
    return Correction(
        item_id=f"{number:016x}",
        headline=f"Ship {number} is in",
        corrects=corrects,
        at=MORNING + timedelta(hours=hours),
        sentences=(f"Ship {number} has 9 people on board.",),
        edition_id="daily@before",
    )


def test_corrections_come_before_updates_and_the_newest_of_them_are_kept() -> None:
    updates = [corrected(n, hours=n) for n in range(10)]
    owned = [corrected(n, hours=n - 50, corrects=True) for n in range(10, 13)]
    made = edition([make_item()], corrections=[*updates, *owned])
    assert made.corrections == (*owned, *updates[5:])


def test_an_item_is_corrected_once_and_by_its_own_admission_first() -> None:
    update, admission = corrected(1, hours=5), corrected(1, corrects=True)
    older = corrected(1, hours=-5, corrects=True)
    made = edition([make_item()], corrections=[older, update, admission, update])
    assert made.corrections == (admission,)


def test_what_an_edition_shows_anyway_it_does_not_correct() -> None:
    one = make_item("Gull Maiden aground off Orrin", FERRY, id=f"{1:016x}")
    copy = make_item("Gull Maiden on sandbank off Orrin", FERRY, id=f"{2:016x}", source_id="post")
    brief = make_brief("Swans hold up the noon train.", id=f"{3:016x}")
    made = edition([one, copy, brief], corrections=[corrected(n) for n in range(1, 5)])
    assert made.corrections == (corrected(4),)


def test_an_item_that_did_not_make_the_cut_is_corrected_all_the_same() -> None:
    low = unlike(1, hours=-20, position=9, id=f"{1:016x}")
    made = edition(
        [unlike(2, hours=5), low],
        letter(SectionRule(title="News", max_stories=1)),
        corrections=[corrected(1)],
    )
    assert low.id in reasons_of(made)
    assert made.corrections == (corrected(1),)


def test_a_correction_makes_an_edition_and_an_update_alone_does_not() -> None:
    assert edition([], corrections=[corrected(1)]).empty
    assert not edition([], corrections=[corrected(1), corrected(2, corrects=True)]).empty
    assert not edition([make_item()], corrections=[corrected(1)]).empty


@given(st.randoms())
def test_the_order_of_corrections_does_not_matter(pick: random.Random) -> None:
    told = [corrected(n % 9, hours=n % 4, corrects=n % 3 == 0) for n in range(24)]
    shuffled = list(told)
    pick.shuffle(shuffled)
    assert (
        edition([], corrections=shuffled).corrections == edition([], corrections=told).corrections
    )


# -------------------------------------------------------- age, carried, updates, why


def told_why(made: Edition, id: str, about: About) -> list[str]:
    story = next(s for s in made.stories if id in {item.id for item in s.items})
    return [reason.text for reason in story.why if reason.about is about]


def test_what_is_too_old_is_left_out_unless_its_source_was_named_by_hand() -> None:
    old = make_item("Gull Maiden aground off Orrin", FERRY, hours=-90, id="old")
    day_only = unlike(1, hours=-60, day_only=True, id="day")
    oldest = MORNING - timedelta(hours=48)
    made = edition([old, day_only, unlike(2)], oldest=oldest)
    assert reasons_of(made) == {"old": "Too old: published 2026-05-14 04:00 UTC."}
    assert edition([old], oldest=oldest, ageless=frozenset({"wire"})).stories[0].lead == old


def test_a_fresh_copy_of_something_old_stands_for_itself_and_an_old_copy_is_a_copy() -> None:
    old = make_item("Gull Maiden aground off Orrin", FERRY, hours=-90, id="old")
    older = make_item("Gull Maiden aground", FERRY, hours=-91, id="older", source_id="sea")
    fresh = [
        make_item("Gull Maiden on sandbank", FERRY, hours=n, source_id=f"s{n}", id=f"new{n}")
        for n in range(2)
    ]
    made = edition([old, older, *fresh], oldest=MORNING - timedelta(hours=48))
    (story,) = made.stories
    assert (story.items, story.copies) == ((fresh[0],), (fresh[1],))
    assert {left.item_id: left.cause for left in made.left_out} == {
        "old": Cause.OLD,
        "older": Cause.OLD,
    }
    fuller = make_item(
        "Gull Maiden aground off Orrin", FERRY + " " + "All are well. " * 30, id="full"
    )
    (story,) = edition([old, fuller], oldest=MORNING - timedelta(hours=48)).stories
    assert (story.id, story.copies) == ("full", (old,))


def test_what_other_newsletters_carried_goes_best_first() -> None:
    low, high = unlike(1, id="low"), unlike(2, hours=-20, position=9, id="high")
    made = edition([low, high], carried={"high": 3.5})
    assert [story.id for story in made.stories] == ["high", "low"]
    assert dict(made.stories[0].score_terms)["carried"] == 3.5


def test_a_newsletter_says_how_fast_news_fades_and_how_many_stories_it_has() -> None:
    items = [unlike(1), unlike(2, hours=-18, position=9), unlike(3, hours=-30, position=9)]
    made = edition(items, letter(fading_h=9, max_stories=2))
    assert [dict(story.score_terms)["recency"] for story in made.stories] == [1.0, 0.1353]
    assert reasons_of(made)[items[2].id].startswith("Below the cut of the edition, which has room")


def test_a_story_says_why_it_is_as_it_is() -> None:
    one = make_item("Gull Maiden aground off Orrin", FERRY, id="one")
    two = make_item("Tug frees Gull Maiden off Orrin", FERRY_TOO, source_id="post", id="two")
    copy = make_item("Gull Maiden on sandbank off Orrin", FERRY, hours=2, source_id="tide")
    brief = make_brief(
        "Tug Bold Heron frees Gull Maiden off Orrin. All 80 passengers well.", id="brief"
    )
    made = edition([one, two, copy, brief, unlike(1), unlike(2)])
    together = told_why(made, "one", About.TOGETHER)
    assert together[0].startswith("2 articles tell one event: mean likeness 0.")
    assert "is told by “" in together[1]
    assert told_why(made, "one", About.COPY) == [
        "“Gull Maiden on sandbank off Orrin” (tide) is a copy of “Gull Maiden aground off Orrin” "
        "(wire): same text"
    ]
    assert len(told_why(made, "one", About.HEADLINE)) == 1
    assert told_why(made, "one", About.SUMMARY)[0].startswith("3 of ")
    assert len(told_why(made, "one", About.SECTION)) == 1


def test_why_copies_are_copies() -> None:
    one = make_item("Gull Maiden aground off Orrin", FERRY, url="https://wire.example/sea/1")
    page = replace(one, id="page", source_id="post")
    cut = make_item("Ferry on sandbank", FERRY + " Nobody was hurt at all.", hours=1, id="cut")
    texts = told_why(edition([one, page, cut]), one.id, About.COPY)
    assert [text.split(": ")[-1] for text in texts] == [
        "same address",
        "100% of the original's word triples stand there",
    ]
    flash = make_item("Minister Anna Kell resigns over harbour contract", "", id="flash")
    again = replace(flash, id="again", source_id="post", url="https://post.example/1")
    (text,) = told_why(edition([flash, again]), "again", About.COPY) or told_why(
        edition([flash, again]), "flash", About.COPY
    )
    assert text.endswith(": same headline on one day")


def test_a_summary_says_where_its_words_are_from() -> None:
    short = make_item("Short thing", "The bridge is closed.", id="short")
    stood = make_item(
        "Council closes the old bridge",
        "The river has gnawed at its pillars for eleven years, say engineers of the county. " * 20,
        standfirst="The council of Orrin closes the bridge to all traffic for repairs until the "
        "autumn of 2027, the mayor said on Sunday. Ferries will run every ten minutes.",
        id="stood",
    )
    bare = make_item("Nothing but a headline here", "", id="bare")
    made = edition([short, stood, bare])
    assert told_why(made, "short", About.SUMMARY) == ["whole: it has 4 words"]
    assert told_why(made, "stood", About.SUMMARY) == ["the publisher's own standfirst"]
    assert told_why(made, "bare", About.SUMMARY) == ["empty: it is a headline alone"]


def test_a_running_story_is_updated_by_what_came_later_and_adds_to_it() -> None:
    one = make_item("Gull Maiden aground off Orrin", FERRY, id="one")
    two = make_item(
        "Tug frees Gull Maiden off Orrin", FERRY_TOO, hours=2, source_id="post", id="two"
    )
    made = edition([one, two, unlike(1), unlike(2)], letter(timezone="Europe/Athens"))
    (story,) = [s for s in made.stories if s.id == "one"]
    assert story.updated_at == two.published_at
    assert told_why(made, "one", About.UPDATE) == [
        "updated 03:00: “Tug frees Gull Maiden off Orrin” (post) came and adds to it"
    ]
    soon = replace(two, published_at=one.published_at + timedelta(minutes=29))
    (story,) = [s for s in edition([one, soon, unlike(1), unlike(2)]).stories if s.id == "one"]
    assert story.updated_at is None
    changed = replace(one, updated_at=one.published_at + timedelta(hours=3))
    assert edition([changed]).stories[0].updated_at == changed.updated_at
    assert edition([replace(changed, day_only=True)]).stories[0].updated_at is None


def test_of_briefs_that_tell_one_event_the_latest_is_shown() -> None:
    first = make_brief(
        "Lorry with 20 tonnes of herring overturns on the A9 at Lisle, police say.", id="first"
    )
    later = make_brief(
        "A9 at Lisle open again after lorry with 20 tonnes of herring overturned, police say.",
        hours=3,
        id="later",
    )
    other = make_brief("Swans hold up the noon train.", hours=1, id="swans")
    made = edition([first, later, other, *(unlike(n) for n in range(4))])
    assert made.briefs == (other, later)
    assert {left.item_id: (left.cause, left.reason) for left in made.left_out} == {
        "first": (
            Cause.RETOLD,
            "Retold at 01:00 by brief “A9 at Lisle open again after lorry with 20 tonnes of "
            "herrin…” (wire).",
        )
    }


def test_stories_alone_are_ranked_and_every_item_is_in_one() -> None:
    made = stories(POOL, weights={"post": 2})
    told = Counter(item.id for story in made for item in story.items + story.copies)
    assert told == Counter({item.id for item in POOL})
    assert [story.score for story in made] == sorted((s.score for s in made), reverse=True)
    assert repr(stories(POOL[::-1], weights={"post": 2})) == repr(made)
    assert stories([]) == ()


def test_figures_that_differ_are_told_to_the_newsroom_side_by_side() -> None:
    told = (
        "A storm on Sunday brought down the roof of the market hall at Orrin. {} people were "
        "injured when the roof of the hall fell, the fire brigade of Orrin said on Sunday evening."
    )
    one = make_item("Roof of market hall falls", told.format("Twelve"), site="Wire")
    two = make_item(
        "Market hall roof comes down in storm",
        "Orrin's market hall lost its roof to a storm on Sunday. Fourteen people were injured when "
        "the roof fell, according to the fire brigade.",
        hours=1,
        source_id="post",
        site="Post",
    )
    (story,) = edition([one, two]).stories
    (why,) = [reason.text for reason in story.why if reason.about is About.DIFFERENCE]
    assert "injured" in why
    assert "Twelve" in why
    assert "Fourteen" in why


def test_a_newsrooms_own_abbreviations_end_no_sentence() -> None:
    filler = " ".join(f"Sentence number {n} tells of the weather in the valley." for n in range(12))
    item = make_item("Warden praised", f"The prize went to Wardn. Vey of Orrin on Sunday. {filler}")
    for known, first in (((), "Wardn."), (("Wardn",), "Wardn. Vey of Orrin on Sunday.")):
        (story,) = edition([item], letter(abbreviations=known)).stories
        assert story.summary.sentences[0].text.endswith(first)


def test_a_story_that_says_updated_says_what_was() -> None:
    inquiry = make_brief(
        "The coastguard of Orrin opened an inquiry into the engines of the ferry Gull Maiden.",
        hours=5,
    )
    first = make_item("Ferry Gull Maiden aground off Orrin", f"{FERRY} {FERRY_TOO}")
    (story,) = edition([first, inquiry]).stories
    assert story.updated_at == inquiry.published_at
    assert story.summary.sentences[-1].item_id == inquiry.id
