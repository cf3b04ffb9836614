from datetime import timedelta
from itertools import permutations

import pytest

from digest.editorial.differences import Difference, differences
from digest.model import Item
from make import MORNING, make_brief, make_item

EARLY = "A ferry ran aground off Lower Quay on Sunday, injuring at least 12 people."
LATE = "Fourteen people were hurt when the ferry to Lower Quay hit a sandbank, doctors said."


def told(text: str, source: str, hours: float = 0) -> Item:
    at = MORNING + timedelta(hours=hours)
    return make_item(f"Ferry news of {source}", text, source_id=source, published_at=at)


def figures(found: tuple[Difference, ...]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(one.about, [(a.source, a.figure) for a in one.accounts]) for one in found]


def test_two_sources_with_two_figures_stand_side_by_side_in_order_of_time() -> None:
    items = [told(LATE, "post", 3), told(EARLY, "wire")]
    found = differences(items)
    assert figures(found) == [("injured", [("wire", "12"), ("post", "Fourteen")])]
    first = found[0].accounts[0]
    assert (first.sentence.text, first.item_id, first.at) == (EARLY, items[1].id, MORNING)
    assert "12 people" in first.words


def test_the_order_of_the_items_changes_nothing() -> None:
    items = [told(LATE, "post", 3), told(EARLY, "wire"), told("Nine people were hurt.", "echo", 1)]
    assert len({differences(order) for order in permutations(items)}) == 1


def test_a_figure_that_grew_in_the_reports_of_one_source_is_no_difference() -> None:
    assert differences([told(EARLY, "wire"), told(LATE, "wire", 3)]) == ()


def test_the_last_report_of_a_source_speaks_for_it() -> None:
    items = [
        told(EARLY, "wire"),
        told(LATE, "wire", 3),
        told("Doctors saw 14 hurt men.", "post", 4),
    ]
    assert differences(items) == ()


def test_a_brief_counts_too() -> None:
    brief = make_brief(EARLY, source_id="wire", published_at=MORNING)
    assert differences([brief, told(LATE, "post", 3)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (EARLY, "Twelve people were hurt when the ferry to Lower Quay hit a sandbank."),
        (EARLY, "Two people were killed when the ferry to Lower Quay hit a sandbank."),
        (EARLY, "In 2009 a ferry hit the same sandbank and 30 people were hurt."),
        (EARLY, "The ferry carried 80 people when it hit the bank at 5.40 in the morning."),
        ("About 400 dockers went on strike at Orrin.", "Some 380 dockers went on strike at Orrin."),
        (
            "More than 200 people are missing.",
            "The list of the missing has 214 people: all missing.",
        ),
        ("The council has nine members from Orrin.", "Four members of the club were late."),
        ("The crossing takes 40 minutes to Orrin.", "The crossing takes 55 minutes to Orrin."),
    ],
)
def test_what_may_be_the_same_or_another_thing_is_no_difference(one: str, other: str) -> None:
    assert differences([told(one, "wire"), told(other, "post", 2)]) == ()


def test_things_differ_where_the_sentences_clearly_speak_of_the_same() -> None:
    one = "A cut cable left 2,800 households in Orrin without power on Sunday night."
    other = (
        "Some power cable was cut in Orrin, and 3,900 households sat in the dark on Sunday night."
    )
    found = differences([told(one, "wire"), told(other, "post", 2)])
    assert figures(found) == [("household", [("wire", "2,800"), ("post", "3,900")])]


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        (
            "de",
            "Bei dem Unglück wurden zwölf Menschen verletzt.",
            "Am Abend waren es 14 Verletzte, so die Klinik.",
        ),
        ("uk", "Унаслідок аварії поранено 12 людей на поромі.", "Поранених уже 14, кажуть лікарі."),
        (
            "fr",
            "L'accident a fait douze blessés sur le bac.",
            "On compte 14 blessés à bord du bac.",
        ),
        ("es", "El choque dejó 12 heridos en el puerto.", "Hay catorce heridos tras el choque."),
        (
            "ar",
            "أعلنت السلطات سقوط 23 قتيلا في العاصفة.",
            "تتحدث السلطات الآن عن 41 قتيلا في العاصفة.",
        ),
    ],
)
def test_differences_are_seen_in_other_languages(language: str, one: str, other: str) -> None:
    items = [
        make_item("1", one, source_id="wire", language=language),
        make_item("2", other, source_id="post", language=language),
    ]
    assert len(differences(items)) == 1


def test_enormous_and_odd_texts_have_no_differences() -> None:
    odd = ["9" * 100_000 + " injured.", "🎉 " * 1000, "", "1 2 3 " * 20_000]
    assert differences([told(text, f"s{n}") for n, text in enumerate(odd)]) == ()
