import quopri
import re
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.render.quoted import (
    address_spec,
    mailbox_header,
    quoted_printable,
    segment,
    text_header,
)
from digest.render.tidy import one_line

ANY_TEXT = st.text(st.characters(codec="utf-8"))
HOSTILE = [
    "",
    ".",
    ". a dot alone\n.and another",
    "From here it goes",
    "=2E=3D",
    "a  double\tspace \nand an end ",
    "x" * 300,
    "=" * 100,
    "é" * 100,
    "." * 200,
    "emoji 👨‍👩‍👧 and\r\nCRLF\rCR",
]


def check_lines(encoded: bytes) -> None:
    """RFC 2045 §6.7, no dot to stuff, canonical for DKIM's relaxed form."""
    for line in encoded.split(b"\r\n"):
        assert len(line) <= 76
        assert re.fullmatch(rb"(?:[ -<>-~]|=[0-9A-F]{2})*=?", line)
        assert not line.startswith((b".", b"From "))
        assert not line.endswith(b" ")
        assert b"  " not in line


def canonical(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decoded(encoded: bytes) -> str:
    return quopri.decodestring(encoded).decode().replace("\r\n", "\n")


@given(ANY_TEXT)
def test_any_text_round_trips(text: str) -> None:
    encoded = quoted_printable(text)
    check_lines(encoded)
    assert decoded(encoded) == canonical(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_round_trip(text: str) -> None:
    check_lines(quoted_printable(text))
    assert decoded(quoted_printable(text)) == canonical(text)


@given(st.lists(ANY_TEXT | st.sampled_from(HOSTILE), max_size=8))
@example(["a", ".b", "", "\n", " c"])
def test_segments_joined_decode_to_the_texts_joined(texts: list[str]) -> None:
    encoded = b"".join(map(segment, texts))
    check_lines(encoded)
    # A lone CR beside an LF of the next text is two ends of lines, as each text has it.
    assert decoded(encoded) == "".join(map(canonical, texts))


def check_header(raw: bytes) -> None:
    assert raw.endswith(b"\r\n")
    lines = raw[:-2].split(b"\r\n")
    for line in lines:
        assert b"\r" not in line
        assert b"\n" not in line
        assert len(line) <= 76 or b" " not in line.strip()
    assert all(line.startswith(b" ") and line.strip() for line in lines[1:])
    for word in re.findall(rb"=\?utf-8\?[bq]\?.*?\?=", raw):
        assert len(word) <= 75
        ((content, charset),) = decode_header(word.decode())
        assert isinstance(content, bytes)
        assert charset
        content.decode(charset)  # a character that is split would not decode


def read_header(raw: bytes) -> str:
    value = BytesHeaderParser().parsebytes(raw + b"\r\n")["Subject"]
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", str(value))
    return str(make_header(decode_header(unfolded)))


@given(st.text(st.characters(codec=None)))
@example("=?utf-8?q?not_a_word?=")
@example("plain words " * 30)
@example("x" * 200)
@example("Grüße aus Köln " * 20)
@example("港" * 300)
@example("a\r\nBcc: everybody@example.com")
def test_any_subject_round_trips(text: str) -> None:
    raw = text_header("Subject", text)
    check_header(raw)
    assert read_header(raw) == one_line(text)


NAMES = [
    "Ann Reader",
    'Ann "the" Reader',
    "Reader, Ann <ann@evil.example>",
    "back\\slash",
    "Дарья Петровна Очень-Длинная-Фамилия из Санкт-Петербурга, редакция утренних новостей",
    "a.b",
    "=?utf-8?q?x?=",
    "(comment)",
    "x" * 200,
    "Zoë\r\nBcc: all@example.com",
    "名前",
]


@given(st.text(st.characters(codec="utf-8"), min_size=1) | st.sampled_from(NAMES))
def test_any_name_stands_before_exactly_one_address(name: str) -> None:
    raw = mailbox_header("To", name, "ann@example.com")
    check_header(raw)
    assert raw.count(b"\r\n") == len(re.findall(rb"\r\n(?=[ \t]|$)", raw))
    unfolded = re.sub(r"\r\n(?=[ \t])", "", raw.decode("ascii")).removeprefix("To: ").rstrip("\r\n")
    # Between encoded-words white space means nothing; quotes belong to the address syntax.
    phrase, address = parseaddr(unfolded)
    assert address == "ann@example.com"
    assert str(make_header(decode_header(phrase))) == one_line(name)


def test_a_mailbox_without_a_name_is_the_address_alone() -> None:
    assert mailbox_header("To", "", "ann@example.com") == b"To: ann@example.com\r\n"


def test_addresses_stand_as_the_grammar_wants() -> None:
    assert address_spec("ann.reader+news@example.com") == "ann.reader+news@example.com"
    assert address_spec("a..b@example.com") == '"a..b"@example.com'
    assert address_spec("a,b@example.com") == '"a,b"@example.com'
    assert address_spec("ann@bücher.example") == "ann@xn--bcher-kva.example"
    assert address_spec("дарья@example.com") == "дарья@example.com"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "@example.com",
        "ann@",
        "ann@example.com\r\nBcc: b@example.com",
        "ann@example.com, b@example.com",
        "a<b>@example.com",
        "ann@exa mple.com",
        "ann reader@example.com",
        "я,b@example.com",
        "ann@" + "ü" * 80 + ".example",
    ],
)
def test_what_is_not_one_address_is_refused(address: str) -> None:
    assert address_spec(address) is None
