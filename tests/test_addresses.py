"""Which text is an address, and which two addresses are one person's."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.addresses import folded, parse_address


@pytest.mark.parametrize("given", ["ren\u00e9@example.com", "rene\u0301@example.com"])
def test_an_address_is_composed(given: str) -> None:
    assert parse_address(f" {given}\n") == "ren\u00e9@example.com"


def test_capitals_and_marks_make_no_other_person() -> None:
    spellings = ["Ren\u00e9@EXAMPLE.com", "RENE\u0301@example.com", "rene\u0301@example.com"]
    assert {folded(one) for one in spellings} == {"ren\u00e9@example.com"}


def test_a_letter_with_two_marks_is_one_whatever_their_order() -> None:
    # Folding takes the iota from under the letter, and the accent must find its place again.
    spellings = ["\u1fb4@example.com", "\u03b1\u0301\u0345@example.com", "\u03ac\u0345@example.com"]
    assert len({folded(parse_address(one)) for one in spellings}) == 1


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(min_codepoint=0x21, exclude_categories=["Cs"]), max_size=12))
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert folded(unicodedata.normalize("NFD", text)) == once
    assert folded(unicodedata.normalize("NFC", text)) == once
