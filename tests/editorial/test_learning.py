"""What a newsroom's archive teaches about its sections, and where it says nothing."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial.learning import Example, SectionModel, Trained, train
from digest.editorial.sections import Sections
from digest.editorial.text import read
from digest.settings import SectionRule
from make import make_item

SUBJECTS = {
    "sea": "ferry harbour quay tide trawler pilot berth lifeboat skipper swell",
    "money": "wages factory orders shares auction prices contract payroll bank budget",
    "sport": "striker league goal season referee penalty rowers regatta coach final",
}
OTHER = "town morning people said again road weather house street question answer"


def examples(each: int = 30, *, seed: int = 1) -> list[Example]:
    pick = random.Random(seed)
    found = []
    for section, words in SUBJECTS.items():
        for number in range(each):
            told = pick.choices(words.split(), k=12) + pick.choices(OTHER.split(), k=30)
            pick.shuffle(told)
            item = make_item(" ".join(told[:6]), " ".join(told[6:]) + ".", id=f"{section}{number}")
            found.append(Example(reading=read(item), section=section))
    return found


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(examples())


def test_an_archive_teaches_what_its_sections_are_about(trained: Trained) -> None:
    assert trained.accuracy > 0.95
    assert trained.precision >= 0.95
    assert trained.sections["sea"][0] == 30
    guess = trained.model.guess(read(make_item("Trawler at the quay", "The ferry met the tide.")))
    assert guess is not None
    assert guess[0] == "sea"


def test_words_that_it_never_met_teach_it_nothing(trained: Trained) -> None:
    assert trained.model.guess(read(make_item("Xyzzy plugh", "Qwrt zxcv."))) is None
    assert trained.model.guess(read(make_item("Паром стоїть", "Паром стоїть у гавані."))) is None


def test_labels_at_random_teach_it_to_abstain() -> None:
    pick = random.Random(7)
    shuffled = examples()
    labels = [example.section for example in shuffled]
    pick.shuffle(labels)
    told = train(
        [
            Example(reading=example.reading, section=label)
            for example, label in zip(shuffled, labels, strict=True)
        ]
    )
    assert told.accuracy < 0.6
    assert told.coverage < 0.2
    assert told.confused


def test_what_was_learned_is_data_and_comes_back_the_same(trained: Trained) -> None:
    text = trained.model.to_json()
    again = SectionModel.from_json(text)
    assert again.to_json() == text
    reading = read(make_item("The striker and the referee", "A penalty in the final."))
    first, second = trained.model.guess(reading), again.guess(reading)
    assert first is not None
    assert second is not None
    assert first[0] == second[0] == "sport"
    assert first[1] == pytest.approx(second[1], abs=1e-3)


def test_the_order_of_the_examples_does_not_matter() -> None:
    some = examples(12)
    mixed = random.Random(3).sample(some, len(some))
    assert train(some).model.to_json() == train(mixed).model.to_json()


def test_too_few_examples_are_told_with_their_numbers() -> None:
    with pytest.raises(ValueError, match="10 examples each are needed at least; money has 4, sea"):
        train([example for example in examples(4) if example.section != "sport"])
    with pytest.raises(ValueError, match="none"):
        train([])


def test_a_section_with_too_few_examples_is_left_out() -> None:
    few = [example for example in examples(20) if example.section != "sport"] + examples(3)[-3:]
    assert train(few).model.sections == ("money", "sea")


@pytest.mark.parametrize(
    "change",
    [
        {"format": 9},
        {"terms": []},
        {"weights": [[1.0]]},
        {"weights": [["a"]]},
        {"sections": None},
        {"rarity": []},
        {"threshold": "high"},
        {"threshold": float("nan")},
        {"examples": float("inf")},
        {"rarity": [10**400]},
    ],
)
def test_a_damaged_file_is_refused_with_words(trained: Trained, change: dict[str, object]) -> None:
    told = json.loads(trained.model.to_json()) | change
    with pytest.raises(ValueError, match=r"\w+"):
        SectionModel.from_json(json.dumps(told))
    with pytest.raises(ValueError, match=r"\w+"):
        SectionModel.from_json("[]")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"format": ' + "[" * 100_000, "nested deeper"),
        (" " * 50_000_001, "more than 50,000,000 characters"),
        ("", r"\w+"),
    ],
    ids=["deep", "enormous", "empty"],
)
def test_a_file_of_something_else_is_refused_with_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SectionModel.from_json(text)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=300), st.text(max_size=60))
def test_no_text_upsets_it(trained: Trained, text: str, title: str) -> None:
    guess = trained.model.guess(read(make_item(title or "x", text)))
    assert guess is None or (guess[0] in trained.model.sections and 0 <= guess[1] <= 1)


# ------------------------------------------------------------------- among the rules

RULES = (
    SectionRule(title="Sea", slug="sea", keywords=("ferry", "tide")),
    SectionRule(title="Sport", slug="sport", topics=("football",)),
    SectionRule(title="Elsewhere", slug="elsewhere"),
)


def test_the_rules_come_before_the_archive(trained: Trained) -> None:
    sections = Sections(RULES, learned=trained.model)
    by_topic = make_item("The ferry and the tide", "Trawler at the quay.", topics=("football",))
    assert sections.place([read(by_topic)]).index == 1
    by_keyword = make_item("Ferry and tide", "The striker and the referee: penalty, final, league.")
    assert "keywords" in sections.place([read(by_keyword)]).reason


def test_the_archive_comes_before_the_fallback_and_says_how_sure_it_is(trained: Trained) -> None:
    item = make_item("The striker and the referee", "A penalty in the final of the league.")
    without = Sections(RULES).place([read(item)])
    assert without.index == 2
    placing = Sections(RULES, learned=trained.model).place([read(item)])
    assert placing.index == 1
    assert "archive" in placing.reason
    assert "% sure" in placing.reason


def test_a_section_that_is_no_more_is_not_guessed(trained: Trained) -> None:
    rules = (SectionRule(title="Elsewhere", slug="elsewhere"),)
    item = make_item("The striker and the referee", "A penalty in the final of the league.")
    assert Sections(rules, learned=trained.model).place([read(item)]).index == 0
