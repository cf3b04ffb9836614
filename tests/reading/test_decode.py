"""Bytes of every habit become the same clean text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ParseError
from digest.reading.decode import clean_text, decode, is_binary

GERMAN = "Die Fähre fährt über den großen Fluss – „endlich“, sagt die Bäckerin."
UKRAINIAN = "Пором знову ходить через річку, повідомила міська рада. Квитки по п’ять крон."


@pytest.mark.parametrize("text", [GERMAN, UKRAINIAN, "渡し船は日曜日に再び運航した。", "plain"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_with_or_without_a_mark(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("text", [GERMAN, UKRAINIAN])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_told_by_its_zeros(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text
    assert not is_binary(text.encode(encoding))


def test_windows_1252_is_the_last_resort() -> None:
    assert decode(GERMAN.encode("cp1252")) == GERMAN
    assert decode(b"caf\xe9 \x81 noir") == "café  noir"


def test_latin_1_on_paper_is_windows_1252_or_utf8_in_truth() -> None:
    assert decode(GERMAN.encode("cp1252"), content_type="text/html; charset=ISO-8859-1") == GERMAN
    assert decode(GERMAN.encode(), content_type="text/html; charset=ISO-8859-1") == GERMAN
    assert decode(GERMAN.encode(), declared="utf-16") == GERMAN


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-u"])
def test_cyrillic_is_told_by_its_words(encoding: str) -> None:
    text = UKRAINIAN.replace("’", "'")
    assert decode(text.encode(encoding)) == text


def test_what_is_declared_is_believed_when_it_fits() -> None:
    text = "Łódź płynie"
    assert decode(text.encode("iso8859-2"), content_type='text/plain; charset="ISO-8859-2"') == text
    assert decode("渡し船".encode("shift_jis"), declared="Shift_JIS") == "渡し船"
    assert decode("渡し船".encode("iso-2022-jp"), declared="iso-2022-jp") == "渡し船"
    assert decode(GERMAN.encode("cp1252"), declared="no-such-charset") == GERMAN
    assert decode(b"a \\u0041 b", declared="unicode_escape") == r"a \u0041 b"


def test_utf8_with_a_stray_byte_or_a_cut_end_stays_utf8() -> None:
    assert decode(UKRAINIAN.encode()[:-2] + "й".encode()[:1]).startswith(UKRAINIAN[:-4])
    assert UKRAINIAN in decode(UKRAINIAN.encode() + b" \xff " + UKRAINIAN.encode())


def test_spaces_line_ends_and_unseen_characters() -> None:
    assert decode("4:11\u202fPM\u00a0\u2009x\r\na\rb\u2028c\u0085d\x0ce".encode()) == (
        "4:11 PM  x\na\nb\nc\nd\ne"
    )
    assert (
        clean_text("co\u00adop \u200bzero\ufeff \u202eleft\u202c \x07b\x00") == "coop zero left b"
    )
    assert decode("cafe\u0301".encode()) == "café"


def test_joiners_stay_where_they_are_spelling() -> None:
    assert decode("می\u200cخواهم".encode()) == "می\u200cخواهم"
    assert decode("a\u200db".encode()) == "ab"


@pytest.mark.parametrize(
    "data", [b"", b" \n\t ", b"\xef\xbb\xbf", b"\xff\xfe\x20\x00", "\u200b\n".encode()]
)
def test_nothing_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError, match="check where it was saved"):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00",
        b"PK\x03\x04\x14\x00\x00\x00\x08\x00",
        bytes(range(256)) * 12,
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    ],
)
def test_binary_is_refused_with_advice(data: bytes) -> None:
    assert is_binary(data)
    with pytest.raises(ParseError, match="save the page as text or HTML"):
        decode(data)


def test_a_stray_nul_does_not_make_a_text_binary() -> None:
    assert decode(b"one" + b" more" * 50 + b"\x00") == "one" + " more" * 50


@given(st.binary(max_size=300))
def test_any_bytes_give_clean_text_or_a_parse_error(data: bytes) -> None:
    try:
        text = decode(data)
    except ParseError:
        return
    assert text.strip()
    assert "\r" not in text
    assert not any(
        unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in text
    )


@given(st.text(st.characters(codec="utf-16", exclude_categories=()), max_size=60))
def test_twice_cleaned_is_once_cleaned(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
