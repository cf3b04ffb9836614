import random
import re
import time
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial.copies import find_copies, why_copies
from digest.editorial.text import read
from digest.model import Item
from make import PATIENCE_S, make_brief, make_item

TEXT = (
    "The council of Orrin voted on Monday to sell the old gasworks to a cooperative of "
    "boat builders. "
    "The price is 2.1 million crowns, to be paid over eleven years. Work on the first "
    "slipway begins in "
    "August, and the cooperative has promised forty places for apprentices. Neighbours had "
    "asked for a "
    "park instead and may go to court before the end of June."
)
EDITED = TEXT.replace("voted on Monday", "decided late on Monday").replace("promised", "pledged")
SAME_EVENT = (
    "Boat builders will take over the disused gasworks in Orrin. A narrow majority of "
    "councillors agreed "
    "on Monday evening to the sale for 2.1 million crowns. The buyers, a cooperative, "
    "intend to train "
    "forty apprentices there. People who live next door wanted trees and benches on the site."
)


def check(items: list[Item], expected: dict[int, int]) -> None:
    assert find_copies([read(item) for item in items]) == expected


def article(title: str, text: str, **fields: Any) -> Item:
    return make_item(title, text, **fields)


def test_the_same_text_lightly_edited_is_a_copy_of_the_earlier_one() -> None:
    later = article("Gasworks sold in Orrin", EDITED, hours=2, source_id="post")
    check([article("Orrin sells its gasworks", TEXT), later], {1: 0})
    check([later, article("Orrin sells its gasworks", TEXT)], {0: 1})


def test_another_article_on_the_same_event_is_no_copy() -> None:
    check([article("Orrin sells gasworks", TEXT), article("Gasworks go", SAME_EVENT)], {})


def test_the_full_text_is_the_original_of_its_teaser() -> None:
    teaser = article("Orrin sells its gasworks", TEXT[:200], hours=-3, source_id="feed")
    check([teaser, article("Orrin sells its gasworks", TEXT * 2)], {0: 1})


def test_one_address_is_one_article_whatever_the_text() -> None:
    url = "https://post.example/gasworks"
    one = article("Orrin sells its gasworks", TEXT, url=url)
    check([one, article("Gasworks sold", SAME_EVENT, url=url, source_id="post")], {1: 0})


def test_a_source_that_gives_all_items_one_address_has_no_copies() -> None:
    url = "https://post.example/all"
    check(
        [
            article("Orrin sells gasworks", TEXT, url=url),
            article("Eels are back", "Eels.", url=url),
        ],
        {},
    )
    home = "https://post.example/"
    one = article("Orrin sells gasworks", TEXT, url=home)
    check([one, article("Eels are back", "Eels.", url=home, source_id="x")], {})


def test_a_round_up_does_not_swallow_what_it_quotes() -> None:
    filler = " ".join(
        f"Item {n} of the day is about quay {n * 7} and rope {n * 13}." for n in range(60)
    )
    check([article("Orrin sells gasworks", TEXT), article("Ten things today", TEXT + filler)], {})


def test_boilerplate_makes_no_copies() -> None:
    notice = "Read the full story in our app, which is free for all who have a card of the library."
    check([article("Eels return", notice), article("Levy agreed", notice)], {})


def test_bare_headlines_are_copies_on_the_same_day_with_the_same_figures() -> None:
    one = article("Brent crude rises to 81 crowns a barrel", "")
    check([one, article("Brent crude rises to 81 crowns a barrel", "", hours=2)], {1: 0})
    check([one, article("Brent crude rises to 83 crowns a barrel", "", hours=2)], {})
    check([one, article("Brent crude rises to 81 crowns a barrel", "", hours=30)], {})
    check([article("Weather", ""), article("Weather", "", hours=1)], {})


def test_an_article_is_the_original_of_a_brief() -> None:
    brief = make_brief(TEXT, hours=-5, title="Orrin sells its gasworks")
    check([brief, article("Orrin sells its gasworks", TEXT)], {0: 1})


def test_other_scripts_are_compared_by_their_own_words() -> None:
    text = "船は月曜日の朝に港を出て、霧のために三時間遅れて島に着いた。乗客は全員無事だった。"
    check([article("船が遅れる", text), article("霧で船が遅れる", text, hours=1)], {1: 0})


@given(st.permutations(range(5)))
def test_the_order_of_the_items_does_not_matter(order: list[int]) -> None:
    items = [
        article("Orrin sells its gasworks", TEXT),
        article("Gasworks sold in Orrin", EDITED, hours=1),
        article("Orrin gasworks sold", TEXT[:150], hours=-1),
        article("Gasworks go", SAME_EVENT),
        article("Eels are back", "Eels are back under the bridge."),
    ]
    found = find_copies([read(items[i]) for i in order])
    assert {order[copy]: order[original] for copy, original in found.items()} == {1: 0, 2: 0}


SOLD = "Orrin sells its gasworks"


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ((SOLD, TEXT), ("Gasworks sold", SAME_EVENT), "same address"),
        ((SOLD, TEXT), ("Gasworks sold", TEXT), "same text"),
        ((SOLD, TEXT), (SOLD, TEXT[:240]), "N% of its word triples stand there"),
        ((SOLD, TEXT), (SOLD, EDITED), "N% of the original's word triples stand there"),
        ((SOLD, ""), (SOLD, ""), "same headline on one day"),
    ],
)
def test_every_copy_knows_why(one: tuple[str, str], other: tuple[str, str], reason: str) -> None:
    urls = ["https://a.example/1", f"https://a.example/{1 if reason == 'same address' else 2}"]
    items = [article(*one, url=urls[0]), article(*other, url=urls[1], hours=1, source_id="post")]
    found = why_copies([read(item) for item in items])
    assert {copy: original for copy, (original, _) in found.items()} == {1: 0}
    assert re.sub(r"\d+%", "N%", found[1][1]) == reason


def test_many_reprints_cost_no_more_than_their_text() -> None:
    start = time.process_time()
    items = [
        article(
            f"Reprint {n} of the day", f"{TEXT} Paper number {n}.", source_id=f"s{n}", hours=n / 99
        )
        for n in range(58)
    ]
    huge = article("Everything at once", (TEXT + " ") * 12_000, id="huge", hours=-1)
    found = find_copies([read(item) for item in [*items, huge]])
    assert set(found.values()) == {0}
    assert time.process_time() - start < PATIENCE_S


SCRAPS = [
    "",
    "🎉",
    "…",
    TEXT,
    EDITED,
    SAME_EVENT,
    TEXT[:200],
    "霧で船が遅れる。" * 9,
    "Пором. " * 30,
]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(SCRAPS), st.integers(0, 30)), max_size=9))
def test_an_original_is_never_a_copy_whatever_the_text(told: list[tuple[str, int]]) -> None:
    items = [
        article(text[:40] or "…", text, hours=hour, source_id=f"s{n}", id=str(n))
        for n, (text, hour) in enumerate(told)
    ]
    found = find_copies([read(item) for item in items])
    assert not found.keys() & set(found.values())
    assert all(0 <= original < len(items) for original in found.values())


def test_what_copies_the_common_part_of_an_extended_reprint_copies_it_too() -> None:
    pick = random.Random(4)
    words = ["".join(pick.choices("bdfglmnprstvaeiou", k=7)) for _ in range(260)]
    common, more = " ".join(words[:70]), " ".join(words[70:])
    wire = make_item("Gull Maiden aground off Orrin", common, id="a" * 16)
    extended = make_item(
        "Gull Maiden aground off Orrin: the whole story", f"{common} {more}", id="b" * 16, hours=1
    )
    # Its headline has nothing in common: by itself it would be quoted in a round-up.
    other = make_item("Fog, a bank and a tug", f"{common} end", id="c" * 16, source_id="post")
    for order in permutations((wire, extended, other)):
        readings = [read(item) for item in order]
        found = why_copies(readings)
        originals = {readings[original].item.id for original, _ in found.values()}
        assert originals == {extended.id}
        assert len(found) == 2
