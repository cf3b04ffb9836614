import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial import identify, identity, judge_identity
from digest.model import IdentityRule, Kind, RawItem
from make import MORNING, make_raw

GUID, LINK, LINK_DATE, LINK_DATE_TITLE = IdentityRule


def entry(number: int, **fields: Any) -> RawItem:
    """One of many: its own guid, link, date and headline, unless *fields* say otherwise."""
    values: dict[str, Any] = {
        "title": f"Ship {number} is in",
        "guid": f"tag:wire.example,{number}",
        "url": f"https://wire.example/{number}",
        "published_at": MORNING - timedelta(minutes=number),
    }
    return make_raw(**(values | fields))


def many(count: int, **fields: Any) -> list[RawItem]:
    return [entry(number, **fields) for number in range(count)]


def ids(raws: Sequence[RawItem], rule: IdentityRule = GUID) -> list[str]:
    return identify(raws, source_id="wire", rule=rule)


# ------------------------------------------------------------------- the ids


@pytest.mark.parametrize(
    ("expected", "raw"),
    [
        ("96407a65b86502c1", make_raw("A", guid=" tag:quay,7 ")),
        ("6a9c36d77b3b7308", make_raw("A", guid="7", url="https://quay.example/a")),
        ("9532599e07bc92f3", make_raw("A", url="https://quay.example/a")),
        (
            "9532599e07bc92f3",
            make_raw("B", guid="  ", url="https://quay.example/a?utm_source=x#top"),
        ),
        ("4161b3ea2f35c5fc", make_raw("A", text="One.")),
        ("320cf2abf9aca11a", make_raw("A", text="One.\n\nTwo.", published_at=None)),
        (
            "fcccc63b11a15e24",
            make_raw("A", text="One.", published_at=MORNING + timedelta(days=3)),
        ),
        (
            "7ba530a2c90216ea",
            make_raw("Tug", kind=Kind.BRIEF, url="https://quay.example/live"),
        ),
        (
            "6a84b0324e5a0726",
            make_raw("", text="Mr. Ode shut the bridge. It opens at noon.", kind=Kind.BRIEF),
        ),
        ("f0e68f81ea28f553", make_raw("A", guid="x\ud800")),
        ("ae2b8dae359076b2", make_raw("quay " * 200)),
    ],
)
def test_the_ids_of_items_that_databases_hold_stay_what_they_are(
    expected: str, raw: RawItem
) -> None:
    assert identity(raw, source_id="wire", seen_at=MORNING) == expected
    assert identify([raw], source_id="wire", rule=GUID, seen_at=MORNING) == [expected]


def test_the_sources_language_tells_where_the_first_sentence_ends() -> None:
    raw = make_raw("", text="Der 1. Mai ist da. Ja.", kind=Kind.BRIEF)
    assert identity(raw, source_id="wire", language="de") == "8e811109458a17db"


def test_items_without_a_guid_keep_their_ids_when_links_are_the_rule() -> None:
    raws = [entry(1, guid=None), entry(2, guid=""), entry(3, guid=None, url=None)]
    page = {"kind": Kind.BRIEF, "guid": None, "url": "https://wire.example/live"}
    raws += [entry(4, **page), entry(5, **page)]
    assert ids(raws, GUID) == ids(raws, LINK)


def test_what_a_later_rule_goes_by_is_what_the_id_is_made_of() -> None:
    one = entry(1)
    later = entry(1, guid="other", title="Ship 1 has left")
    moved = entry(1, published_at=MORNING)

    def same(other: RawItem) -> list[bool]:
        def named(raw: RawItem, rule: IdentityRule) -> str:
            return identity(raw, source_id="wire", rule=rule)

        return [named(one, rule) == named(other, rule) for rule in IdentityRule]

    assert same(later) == [False, True, True, False]
    assert same(moved) == [True, True, False, False]


def test_entries_that_share_a_guid_are_all_known_by_their_links() -> None:
    raws = [*many(40), entry(50, guid="same"), entry(51, guid="same")]
    told = ids(raws)
    assert len(set(told)) == 42
    assert told[-2:] == ids(raws[-2:], LINK)
    assert told[:40] == [identity(raw, source_id="wire") for raw in raws[:40]]


def test_each_group_goes_down_as_far_as_it_must() -> None:
    twins = {"guid": "same", "url": "https://wire.example/home"}
    apart = [entry(1, **twins), entry(2, **twins)]
    assert ids(apart) == ids(apart, LINK_DATE)
    at_once = [entry(n, published_at=MORNING, **twins) for n in (1, 2)]
    assert ids(at_once) == ids(at_once, LINK_DATE_TITLE)
    assert len(set(ids([*apart, *at_once]))) == 4


def test_only_exact_repetitions_share_an_id() -> None:
    assert len(set(ids([entry(1), entry(1), entry(2)]))) == 2
    undated = {"guid": None, "url": None, "published_at": None, "title": "News"}
    assert len(set(ids([entry(1, text=text, **undated) for text in ("One.", "Two.")]))) == 2


def test_an_entry_that_takes_the_name_of_another_one_does_not_get_its_id() -> None:
    # The last is known by its link, which the first two fall back to.
    link = "https://wire.example/home"
    raws = [entry(1, guid="x", url=link), entry(2, guid="x"), entry(3, guid=None, url=link)]
    assert len(set(ids(raws))) == 3


POOL = st.builds(
    make_raw,
    title=st.sampled_from(["Tug alongside", "Ashore", ""]),
    text=st.sampled_from(["", "The tug is in.", "The tug has left."]),
    kind=st.sampled_from(Kind),
    guid=st.sampled_from([None, "", "1", "2"]),
    url=st.sampled_from([None, "https://quay.example/", "https://quay.example/b"]),
    published_at=st.sampled_from([None, MORNING, MORNING - timedelta(hours=1)]),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(POOL, max_size=12), st.sampled_from(IdentityRule), st.randoms())
def test_the_order_of_a_document_decides_nothing(
    raws: list[RawItem], rule: IdentityRule, pick: random.Random
) -> None:
    told = ids(raws, rule)
    order = list(range(len(raws)))
    pick.shuffle(order)
    assert ids([raws[n] for n in order], rule) == [told[n] for n in order]
    assert judge_identity([raws[n] for n in order], rule) is judge_identity(raws, rule)


@settings(max_examples=50, deadline=None)
@given(st.lists(POOL, max_size=12), st.sampled_from(IdentityRule))
def test_a_rule_is_never_taken_back(raws: list[RawItem], rule: IdentityRule) -> None:
    rules = list(IdentityRule)
    judged = judge_identity(raws, rule)
    assert rules.index(judged) >= rules.index(rule)
    assert judge_identity(raws, judged) is judged


# ------------------------------------------------------------------ the rule


def test_good_guids_are_trusted_even_where_all_links_are_the_same() -> None:
    assert judge_identity(many(30, url="https://wire.example/"), GUID) is GUID


def test_a_source_without_guids_goes_by_its_links() -> None:
    assert judge_identity(many(30, guid=None), GUID) is LINK
    assert judge_identity(many(2, guid=" "), GUID) is LINK


def test_each_rule_that_tells_nothing_apart_is_given_up() -> None:
    same = {"guid": "1", "url": "https://wire.example/"}
    assert judge_identity(many(30, guid="1"), GUID) is LINK
    assert judge_identity(many(30, **same), GUID) is LINK_DATE
    assert judge_identity(many(30, published_at=MORNING, **same), GUID) is LINK_DATE_TITLE
    assert judge_identity(many(30, published_at=None, **same), GUID) is LINK_DATE_TITLE


@pytest.mark.parametrize(
    ("of", "bad", "rule"), [(40, 2, GUID), (39, 2, LINK), (60, 3, GUID), (59, 3, LINK)]
)
def test_one_in_twenty_is_an_accident(of: int, bad: int, rule: IdentityRule) -> None:
    raws = many(of)
    assert judge_identity([*raws[bad:], *many(bad, guid=None)], GUID) is rule
    assert judge_identity([*raws[bad:], *many(bad, guid="twin")], GUID) is rule


def test_one_entry_alone_proves_nothing() -> None:
    assert judge_identity([], GUID) is GUID
    assert judge_identity([entry(1, guid=None)], GUID) is GUID
    assert judge_identity([entry(1), entry(2, guid=None)], GUID) is GUID


def test_the_same_entry_told_twice_speaks_against_nothing() -> None:
    assert judge_identity([*many(10), *many(10)], GUID) is GUID
    assert judge_identity([entry(1)] * 20, GUID) is GUID


def test_an_entry_with_another_headline_is_not_the_same() -> None:
    assert judge_identity([entry(1), entry(1, title="Ship 1 has left")], GUID) is LINK_DATE_TITLE


@pytest.mark.parametrize("guid", [None, "own"])
def test_briefs_on_one_page_are_told_apart_by_their_guids_or_times(guid: str | None) -> None:
    page = "https://wire.example/live"
    briefs = [
        entry(n, kind=Kind.BRIEF, url=page, guid=guid and f"{guid}-{n}", title="")
        for n in range(30)
    ]
    assert judge_identity([entry(99, url=page, guid=None), *briefs], GUID) is GUID


def test_briefs_that_share_a_guid_are_no_better_than_articles() -> None:
    page = {"kind": Kind.BRIEF, "url": "https://wire.example/live", "guid": "live"}
    raws = many(30, **page)
    assert judge_identity(raws, GUID) is LINK
    assert len(set(ids(raws, LINK))) == 30


def test_articles_without_a_link_do_not_speak_against_links() -> None:
    raws = [*many(10, guid=None), *(entry(n, guid=None, url=None) for n in range(20, 30))]
    assert judge_identity(raws, GUID) is LINK
    assert len(set(ids(raws, LINK))) == 20
