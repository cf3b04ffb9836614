"""The words around what was asked for: marked as the index finds them, whatever their accents."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model.asked import HEAD_CHARS, ask, folded, words_of
from digest.render.excerpt import excerpt
from digest.render.tidy import one_line

LONG = " ".join(f"word{n}" for n in range(100))


def marked(text: str, query: str) -> list[str]:
    """What of *text* is marked when *query* is asked."""
    words = [str(term) for term in ask(query).terms]
    return [piece for piece, was_asked in excerpt(text, words) if was_asked]


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("The Férry sails; the FERRY waits.", "ferry", ["Férry", "FERRY"]),
        ("Ferries are no ferry.", "ferry", ["ferry"]),
        ("The harbour and the harbinger.", "harb*", ["harbour", "harbinger"]),
        ("A red ferry, and a ferry that is red.", '"red ferry"', ["red ferry"]),
        ("The ferry-boat left.", "ferry-boat", ["ferry-boat"]),
        ("It left at 10:30.", "10:30", ["10:30"]),
        ("A red, red ferry.", "red ferry", ["red", "red", "ferry"]),
        ("Straße und Fähre", "strasse fahre", ["Straße", "Fähre"]),
        ("Пароход вышел", "ПАРОХОД", ["Пароход"]),
        ("قَلْبٌ كبير", "قلب", ["قَلْبٌ"]),
        # What is written together with a word is marked with it.
        ("في الميناء وبالميناء", "ميناء", ["الميناء", "وبالميناء"]),
        ("ميناء المدينة", '"الميناء مدينة"', ["ميناء المدينة"]),
        ("До п\u02bcятниці", "п'ятниці", ["п\u02bcятниці"]),
        ("До п’ятниці", "п\u02bcятниці", ["п’ятниці"]),
        ("東京都の船", "東京", ["東京"]),
        ("Mudz i Łódź", "lodz", ["Łódź"]),
        ("nothing of the kind", "ferry", []),
        ("", "ferry", []),
        ("a ferry", "-ferry", []),
    ],
)
def test_what_was_asked_for_is_marked(text: str, query: str, expected: list[str]) -> None:
    assert marked(text, query) == expected


def test_a_long_text_is_cut_around_the_first_asked_word() -> None:
    pieces = excerpt(LONG, ["word50"], around=3)
    assert pieces == (
        ("…word47 word48 word49 ", False),
        ("word50", True),
        (" word51 word52 word53…", False),
    )


@pytest.mark.parametrize(
    ("asked", "begins", "ends"),
    [("word1", "word0", "word6…"), ("word98", "…word93", "word99"), ("none", "word0", "word6…")],
)
def test_near_an_end_the_other_side_has_more(asked: str, begins: str, ends: str) -> None:
    text = "".join(piece for piece, _ in excerpt(LONG, [asked], around=3))
    assert text.startswith(begins)
    assert text.endswith(ends)
    assert len(text.strip("…").split()) == 7


def test_only_the_beginning_of_an_enormous_text_is_looked_at() -> None:
    assert marked("x" * HEAD_CHARS + " ferry", "ferry") == []
    assert len(folded("a " * 5_000_000)) < HEAD_CHARS


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200), st.text(max_size=40))
def test_pieces_are_the_text_and_never_empty(text: str, query: str) -> None:
    pieces = excerpt(text, [str(term) for term in ask(query).terms], around=500)
    assert "".join(piece for piece, _ in pieces) == one_line(text)
    assert all(piece for piece, _ in pieces)
    kinds = [was_asked for _, was_asked in pieces]
    assert all(one != other for one, other in pairwise(kinds))


@settings(max_examples=40, deadline=None)
@given(st.one_of(st.text(max_size=200), st.text("الوفبكلمنيʼـ ", max_size=200)))
def test_words_are_folded_for_good_and_hold_no_syntax(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert not set(once) & set("\"'*()^:%_\\&|!<>+-\0\n")
    for start, end, word in words_of(text):
        assert 0 <= start < end <= len(text)
        assert word
        assert " " not in word


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=2_000))
def test_any_question_is_understood_within_bounds(query: str) -> None:
    asked = ask(query)
    assert len(asked.terms) + len(asked.without) <= 16
    for term in (*asked.terms, *asked.without):
        assert term.words
