import pytest

from digest.editorial.language import language_of
from digest.editorial.text import tokens
from digest.editorial.words import (
    ATTRIBUTIONS,
    FIRST_PERSONS,
    JUNK_OPENINGS,
    LEANING,
    PRONOUNS_OF,
    STOP_WORDS,
)

BRIEFS = {
    "en": "A lorry overturned on the coast road near Orrin at 6.40 a.m. Nobody was hurt.",
    "de": "Bei einem Brand in Orrin sind zwei Feuerwehrleute leicht verletzt worden.",
    "fr": "Deux pompiers ont été légèrement blessés mardi soir dans un incendie à Orrin.",
    "es": "Dos bomberos resultaron heridos leves en un incendio el martes por la noche.",
    "pt": "Dois bombeiros ficaram levemente feridos num incêndio na noite de terça-feira.",
    "it": "Due vigili del fuoco sono rimasti feriti nell'incendio di un magazzino a Orrino.",
    "nl": "Bij een brand in een loods zijn twee brandweerlieden licht gewond geraakt.",
    "pl": "Dwóch strażaków zostało lekko rannych w pożarze magazynu we wtorek wieczorem.",
    "uk": "Двоє рятувальників дістали легкі травми під час пожежі на складі у вівторок.",
    "ru": "Двое спасателей получили лёгкие травмы при пожаре на складе во вторник.",
    "el": "Δύο πυροσβέστες τραυματίστηκαν ελαφρά σε φωτιά σε αποθήκη την Τρίτη.",
    "ar": "أصيب اثنان من رجال الإطفاء بجروح طفيفة في حريق بمستودع مساء الثلاثاء.",
}


@pytest.mark.parametrize("language", BRIEFS)
def test_one_sentence_tells_its_language(language: str) -> None:
    assert language_of(tokens(BRIEFS[language]), None) == language


@pytest.mark.parametrize("declared", ["en", "de-AT", "pl", "uk", "ar"])
@pytest.mark.parametrize("language", BRIEFS)
def test_two_sentences_overrule_what_the_source_declares(language: str, declared: str) -> None:
    assert language_of(tokens(BRIEFS[language]) * 2, declared) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Команда виграла вдома 2:1 та піднялася на третє місце.", "uk"),
        ("Команда выиграла дома 2:1 и поднялась на третье место.", "ru"),
        ("Каманда выйграла дома і паднялася на трэцяе месца ў табліцы.", "be"),
        ("Při požáru skladu byli v úterý večer lehce zraněni dva hasiči.", "cs"),
        ("Två brandmän skadades lindrigt vid en brand i ett lager på tisdagskvällen.", "sv"),
        ("Doi pompieri au fost răniți ușor într-un incendiu la un depozit.", "ro"),
        ("이 도시는 어제 비가 왔다", "ko"),
    ],
)
def test_neighbours_are_told_apart_by_their_letters(text: str, language: str) -> None:
    assert language_of(tokens(text), None) == language


@pytest.mark.parametrize("declared", ["en", "cs", None])
def test_names_and_figures_say_nothing_against_what_is_declared(declared: str | None) -> None:
    assert language_of(tokens("Orrin Rovers 2, Skerry Town 1 (Halm, Voss)"), declared) == declared


def test_a_script_that_the_declared_language_is_not_written_in_refutes_it() -> None:
    assert language_of(tokens("Φωτιά"), "en") == "el"
    assert language_of(tokens("حريق"), "en") == "ar"
    assert language_of([], "en") is None
    assert language_of([], None) is None


@pytest.mark.parametrize("lists", [LEANING, ATTRIBUTIONS, PRONOUNS_OF, FIRST_PERSONS])
def test_every_language_has_its_lists(lists: dict[str, frozenset[str]]) -> None:
    assert lists.keys() == STOP_WORDS.keys()
    for words in lists.values():
        assert words
        assert all(word == word.casefold().strip() for word in words)


def test_openings_of_junk_are_folded_and_more_than_a_letter_or_two() -> None:
    assert all(opening == opening.casefold() for opening in JUNK_OPENINGS)
    assert [opening for opening in JUNK_OPENINGS if len(opening) < 4] == ["©"]
