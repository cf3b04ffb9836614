from typing import Any

import pytest

from digest.editorial.cluster import group, tell, weigh
from digest.editorial.text import language_of, names, read, stem, tokens
from digest.model import Item, Kind
from make import make_brief, make_item

FERRY = make_item(
    "Ferry Gull Maiden aground off Orrin in fog",
    "The ferry Gull Maiden ran onto a sandbank off Orrin on Sunday with 80 passengers. The "
    "tug Bold Heron "
    "pulled the Gull Maiden free at high tide. Captain Nils Arden blamed fog.",
)
FERRY_TOO = make_item(
    "Tug frees Gull Maiden from sandbank",
    "Passengers spent nine hours on the sandbank off Orrin before the Bold Heron freed the "
    "Gull Maiden. "
    "The coastguard wants to hear Captain Arden.",
    source_id="post",
    hours=3,
)
FARES = make_item(
    "Ferry fares to rise in July",
    "A ticket for the ferry will cost 24 crowns from July. The regulator allowed Lisle "
    "Lines an increase "
    "of six per cent, and passengers complained.",
)
EELS = make_item("Eels return to Lunnet Bridge", "Volunteers counted 3,460 eels under the bridge.")


def check(items: list[Item], expected: list[list[int]]) -> None:
    found = group(weigh([read(item) for item in items]), range(len(items)))
    assert found == expected


def test_two_tellings_of_one_event_are_one_story_and_a_topic_is_none() -> None:
    check([FERRY, FARES, EELS, FERRY_TOO], [[0, 3], [1], [2]])


def test_the_same_words_two_days_later_are_new_news() -> None:
    check([FERRY, make_item(FERRY.title, FERRY.text, hours=40)], [[0], [1]])


def test_nothing_is_no_story_and_an_item_without_words_is_one() -> None:
    assert group(weigh([]), []) == []
    check([make_item("…", ""), make_item("!", "")], [[0], [1]])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Der Zug nach Orrin ist mit 80 Reisenden am Montag in der Nacht stehen geblieben.",
         "The train to Orrin with 80 passengers came to a halt in the night and was late."),
        ("Le train de Lunnet est arrivé avec une heure de retard à la gare et il y a eu.",
         "El tren de Lunnet llegó con una hora de retraso a la estación y no se oyeron."),
    ],
)  # fmt: skip
def test_items_of_different_languages_are_never_one_story(one: str, other: str) -> None:
    check(
        [make_item("Orrin Lunnet", one, language=None), make_item("Orrin Lunnet", other)],
        [[0], [1]],
    )


def test_cases_of_slavic_words_are_one_word() -> None:
    one = make_item(
        "Пором сів на мілину біля Оріна", "Пасажири порома чекали біля мілини.", language="uk"
    )
    other = make_item(
        "Буксир зняв пором з мілини", "Пасажирів порома забрали з мілини.", language="uk"
    )
    check([one, other], [[0, 1]])


def told(brief: Item, *articles: Item) -> bool:
    readings = [read(item) for item in (brief, *articles)]
    return bool(tell(weigh(readings), readings, [0], range(1, len(readings))))


def test_a_brief_that_an_article_tells_is_found() -> None:
    brief = make_brief("Tug Bold Heron frees Gull Maiden off Orrin. All 80 passengers are well.")
    assert told(brief, FERRY, FARES, EELS)


@pytest.mark.parametrize(
    "text",
    [
        "Night buses run to Orrin for passengers of the Gull Maiden. They leave the "
        "station at ten.",
        "Ferry fares are on the agenda of the council of Pell. A vote is expected on Thursday.",
        "Swans hold up the noon train. The driver waited.",
    ],
)
def test_a_brief_on_something_near_stays_a_brief(text: str) -> None:
    assert not told(make_brief(text), FERRY, FARES, EELS)


def test_without_briefs_or_articles_nothing_is_told() -> None:
    assert not told(make_brief())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Quay's ropes", ["the", "quay", "ropes"]),
        ("l’homme n'a pas", ["homme", "a", "pas"]),
        ("п'ять ПОРОМІВ", ["п'ять", "поромів"]),
        ("東京湾の船", ["東京", "京湾", "湾の", "の船"]),
        ("हिन्दी नाव", ["हिन्दी", "नाव"]),
        ("ΑΘΉΝΑ straße", ["αθήνα", "strasse"]),
        ("🎉 _ — !", []),
    ],
)
def test_words_are_words_in_any_script(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "declared", "expected"),
    [
        ("The quay is shut and the ferry will not run to the island in the fog.", "de", "en"),
        ("Der Hafen ist zu und die Fähre fährt nicht auf die Insel.", "en", "de"),
        ("Порт закрили, але пором усе ще стоїть на мілині та не може йти до острова.", "en", "uk"),
        ("Gull Maiden", "en-GB", "en"),
        ("Gull Maiden", None, None),
        ("Паром", "en", None),
    ],
)
def test_the_words_tell_the_language(text: str, declared: str | None, expected: str | None) -> None:
    assert language_of(tokens(text), declared) == expected


def test_names_are_capitals_that_open_no_sentence() -> None:
    assert names("Fog came. The Gull Maiden left Orrin. “Help!” cried Arden.") == {
        "gull", "maiden", "orrin", "arden",
    }  # fmt: skip
    assert stem("ferries") == stem("ferry")


def test_kinds_do_not_matter_to_vectors() -> None:
    readings: list[Any] = [read(make_item(kind=kind, id=str(kind))) for kind in Kind]
    assert weigh(readings).likeness([0], [1])[0, 0] == pytest.approx(1)
