import pytest

from digest.editorial import synonyms
from digest.editorial.language import is_stop_word
from digest.editorial.synonyms import notion
from digest.editorial.text import tokens

LINES = [
    (language, line.split())
    for language, lines in synonyms._LINES.items()
    for line in lines.strip().splitlines()
]


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("blaze", "firefighters", "en"),
        ("quits", "resignation", "en"),
        ("erdbeben", "nachbeben", "de"),
        ("séisme", "secousses", "fr"),
        ("pożaru", "strażacy", "pl"),
        ("землетрус", "поштовхів", "uk"),
    ],
)
def test_what_outlets_call_differently_is_one_notion(one: str, other: str, language: str) -> None:
    assert notion(one, language) == notion(other, language) is not None


def test_most_words_and_unknown_languages_have_no_notion() -> None:
    assert notion("harbour", "en") is None
    assert notion("blaze", "xx") is None
    assert notion("blaze", None) is None
    assert notion("", "en") is None


@pytest.mark.parametrize("language", sorted(synonyms._LINES))
def test_no_word_stands_for_two_notions(language: str) -> None:
    words = [
        (number, word)
        for number, line in enumerate(line for one, line in LINES if one == language)
        for word in line
    ]
    for number, word in words:
        for other, beginning in words:
            told = beginning.endswith("*") and word.rstrip("*").startswith(beginning[:-1])
            assert number == other or not (word == beginning or told), (word, beginning)


def test_words_stand_as_they_are_folded_and_say_something() -> None:
    for _, line in LINES:
        for word in line:
            assert tokens(word.rstrip("*")) == [word.rstrip("*")]
            assert not is_stop_word(word)
            assert len(word.rstrip("*")) >= synonyms._SHORTEST or not word.endswith("*")
