import random
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage

from digest.editorial.cluster import CUT, follow, group, tell, weigh
from digest.editorial.gists import gist, say_the_same
from digest.editorial.language import language_of
from digest.editorial.text import names, read, stem, tokens
from digest.model import Item, Kind
from make import PATIENCE_S, make_brief, make_item

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


def gather(texts: list[tuple[str, str]], hours: list[float]) -> list[Item]:
    return [
        make_item(title, text, hours=hour, id=f"{n:02}", language=None)
        for n, ((title, text), hour) in enumerate(zip(texts, hours, strict=True))
    ]


SCRAPS = [
    "", "…", "🎉🚢 ⚓", "Ferry Gull Maiden aground", "Gull Maiden freed by tug Bold Heron",
    "Пором «Ардент» сів на мілину біля Оріна", "Буксир зняв пором «Ардент» з мілини",
    "東京湾で船が遅れる", "霧で東京湾の船が遅れる", "عبارة تجنح قبالة أورين", "पुल बंद है",
    "Council of Orrin sells the gasworks", "Gasworks of Orrin sold to builders", "\u200b\ufeff",
]  # fmt: skip
scraps = st.lists(
    st.tuples(st.sampled_from(SCRAPS), st.sampled_from(SCRAPS), st.integers(0, 60)), max_size=12
)


@settings(max_examples=30, deadline=None)
@given(scraps, st.randoms(use_true_random=False))
def test_every_item_is_in_one_story_whatever_the_order(
    told: list[tuple[str, str, int]], dice: Any
) -> None:
    items = gather([(a, b) for a, b, _ in told], [float(hour) for *_, hour in told])
    shuffled = items[:]
    dice.shuffle(shuffled)
    ids = []
    for some in (items, shuffled):
        space = weigh([read(item) for item in some])
        for way in (group, follow):
            found = way(space, range(len(some)))
            assert sorted(row for story in found for row in story) == list(range(len(some)))
            ids.append({frozenset(some[row].id for row in story) for story in found})
    assert ids[:2] == ids[2:]


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_days_come_out_as_the_plain_method_groups_them(seed: int) -> None:
    dice = random.Random(seed)
    words = [f"w{n}" for n in range(400)]
    items = []
    for n in range(60):
        event = random.Random(f"{seed} {dice.randrange(14)}").sample(words, 12)
        text = (
            dice.choices(event, k=60) + dice.choices(words, k=60) + [f"{n}n{k}" for k in range(30)]
        )
        dice.shuffle(text)
        items.append(
            make_item(
                " ".join(text[:7]),
                " ".join(text),
                hours=dice.uniform(0, 70),
                id=f"{n:02}",
                source_id=f"s{n}",
            )
        )
    space = weigh([read(item) for item in items])
    rows = list(range(len(items)))
    likeness = space.likeness(rows, rows)
    gists = [gist(reading) for reading in space.readings]
    for one, other in np.argwhere((likeness >= CUT) & (likeness < 0.2)).tolist():
        if not say_the_same(gists[one], gists[other]):
            likeness[one, other] = 0.0
    condensed = (1 - likeness)[np.triu_indices(len(rows), k=1)].round(9)
    labels = fcluster(linkage(condensed, method="average"), t=1 - CUT, criterion="distance")
    plain = sorted(np.flatnonzero(labels == label).tolist() for label in set(labels))
    found = group(space, rows)
    assert found == plain
    assert 10 < len(found) < 50


def test_an_enormous_item_is_read_at_its_beginning_only() -> None:
    start = time.process_time()
    text = "Gull Maiden " * 420_000
    huge = make_item("Ferry Gull Maiden aground off Orrin", text, id="huge")
    unbroken = make_item("Fog", "東" * 2_000_000 + "a" * 3_000_000, id="unbroken")
    items = [huge, unbroken, FERRY, EELS]
    found = group(weigh([read(item) for item in items]), range(4))
    assert sorted(row for story in found for row in story) == [0, 1, 2, 3]
    assert time.process_time() - start < PATIENCE_S


WEATHER = "Sun and showers will alternate over the quays, with a light wind from the south."


def test_what_a_source_brings_every_day_at_its_hour_is_no_running_story() -> None:
    items = [
        make_item("Weather: sun in the south", WEATHER, id="monday"),
        make_item(
            "Weather: fog in the north", WEATHER + " Fog at first.", id="tuesday", hours=24.1
        ),
    ]
    check(items, [[0], [1]])
    check(
        [items[0], make_item(items[1].title, items[1].text, source_id="post", hours=24)], [[0, 1]]
    )
    check([items[0], make_item(items[1].title, items[1].text, hours=21)], [[0, 1]])


def follows(*texts: tuple[str, float]) -> list[list[int]]:
    briefs = [make_brief(text, hours=hour, id=str(n)) for n, (text, hour) in enumerate(texts)]
    return follow(weigh([read(brief) for brief in briefs]), range(len(briefs)))


def test_briefs_that_tell_one_event_follow_each_other_in_time() -> None:
    swans = ("Swans hold up the noon train at Pell. The driver waited.", 1.0)
    late = ("Tug frees the Gull Maiden. All 80 passengers reached the quay of Orrin.", 5.0)
    first = ("Ferry Gull Maiden aground off Orrin. The 80 passengers wait for a tug.", 0.0)
    assert follows(late, swans, first) == [[2, 0], [1]]


def test_briefs_on_one_town_are_two_events() -> None:
    assert follows(
        ("A fire has closed the school in Orrin. Pupils were sent home.", 0.0),
        ("A van hit the bridge of Orrin. Nobody was hurt.", 1.0),
    ) == [[0], [1]]


def test_no_briefs_follow_nothing() -> None:
    assert follow(weigh([]), []) == []
