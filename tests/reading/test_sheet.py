"""Tables of any dialect: what is a row, on which line it begins, and what cannot stop the rest."""

import csv
import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ParseError
from digest.reading.sheet import LONGEST_LINE, encoding_of, read_sheet

Read = tuple[tuple[str, ...], list[tuple[int, list[str]]], list[tuple[int, str]]]


def pieces(octets: bytes, size: int = 1000) -> Iterator[bytes]:
    return (octets[start : start + size] for start in range(0, len(octets), size))


def read(octets: bytes, *, language: str = "", size: int = 1000) -> Read:
    encoding = encoding_of(pieces(octets, size), language=language)
    sheet = read_sheet(pieces(octets, size), encoding=encoding)
    rows = list(sheet.rows)
    good = [(line, cells) for line, cells, fault in rows if not fault]
    return sheet.header, good, [(line, fault) for line, _, fault in rows if fault]


@pytest.mark.parametrize(
    "text",
    [
        "email,name\na@x.example,Ann\n",
        "email;name\r\na@x.example;Ann\r\n",
        "email\tname\ra@x.example\tAnn\r",
        "email|name\na@x.example|Ann",
        '"email","name"\n"a@x.example","Ann"\n',
        "sep=;\nemail;name\na@x.example;Ann\n",
        "SEP=|\r\nemail|name\r\na@x.example|Ann\r\n",
        "\n\n email , name \na@x.example,Ann\n\n,\n \n",
    ],
)
def test_a_dialect_is_told_by_the_line_that_names_the_columns(text: str) -> None:
    header, rows, faults = read(text.encode())
    assert header == ("email", "name")
    assert [cells for _, cells in rows if any(cells)] == [["a@x.example", "Ann"]]
    assert not faults


@pytest.mark.parametrize(
    ("name", "encoding", "language"),
    [
        ("Олена Маринко", "utf-8", ""),
        ("Олена Маринко", "utf-8-sig", ""),
        ("Олена Маринко", "utf-16", ""),
        ("Олена Маринко", "utf-16-le", ""),
        ("Олена Маринко", "utf-16-be", ""),
        ("Олена Маринко", "utf-32", ""),
        ("Олена Маринко", "cp1251", ""),
        ("José Möwe", "cp1252", ""),
        ("Łukasz Błażejczyk", "cp1250", ""),
        ("Şükran Ağaoğlu", "cp1254", "tr"),
        ("Καλλιόπη Νησιώτη", "cp1253", "el-GR"),
        ("سميرة", "cp1256", "ar"),
        ("Žofie Říhová", "cp1250", "cs"),
    ],
)
def test_letters_come_out_as_they_were_typed(name: str, encoding: str, language: str) -> None:
    # Far into the file, so that its beginning tells nothing.
    text = "email,name\n" + "reader@x.example,Ann\n" * 300 + f"o@x.example,{name}\n" * 3
    _, rows, _ = read(text.encode(encoding), language=language)
    assert rows[-1] == (304, ["o@x.example", name])


def test_one_broken_octet_does_not_make_a_file_another_code_page() -> None:
    text = "email,name\n" + "o@x.example,Олена\n" * 30
    _, rows, _ = read(text.encode() + b"p@x.example,\xff\n")
    assert rows[0][1][1] == "Олена"


def test_rows_are_named_by_the_line_that_they_begin_on() -> None:
    text = 'email,name\na@x,"Ann\r\nof the\rQuay"\n\n\nb@x,B\n"c@x","say ""C"""\nd@x'
    _, rows, _ = read(text.encode())
    assert rows == [
        (2, ["a@x", "Ann\nof the\nQuay"]),
        (7, ["b@x", "B"]),
        (8, ["c@x", 'say "C"']),
        (9, ["d@x"]),
    ]


def test_a_quote_that_is_not_closed_costs_one_row() -> None:
    lines = ["email,name", 'a@x,"Ann', *[f"{n}@x,N" for n in range(20)]]
    _, rows, faults = read("\n".join(lines).encode())
    assert [line for line, _ in rows] == list(range(3, 23))
    assert faults == [(2, "a quote in this line is not closed")]


def test_a_quote_that_is_not_closed_far_from_the_end_costs_one_row() -> None:
    many = "".join(f"{n}@x.example,somebody with a name\n" for n in range(12_000))
    _, rows, faults = read(f'email,name\na@x,"Ann\n{many}'.encode(), size=65_536)
    assert (len(rows), rows[0][0]) == (12_000, 3)
    assert [line for line, _ in faults] == [2]


def test_quotes_that_make_no_sense_end_in_words_not_in_hours() -> None:
    def table() -> Iterator[bytes]:
        yield b"email,name\n"
        for _ in range(101):
            yield b'a@x,"Ann\n'
            yield (b"b@x," + b"x" * 100_000 + b"\n") * 4

    with pytest.raises(ParseError, match="more than 100 rows have quotes that are not closed"):
        for _ in read_sheet(table(), encoding="utf-8").rows:
            pass


def test_a_million_quotes_are_a_row_with_a_fault() -> None:
    _, rows, faults = read(b"email,name\n" + b'"' * 1_000_000 + b"\na@x,A\n", size=65_536)
    assert rows == [(3, ["a@x", "A"])]
    assert faults == [(2, f"a line has more than {LONGEST_LINE:,} characters")]


def test_a_line_without_an_end_is_never_held() -> None:
    def endless() -> Iterator[bytes]:
        yield b"email,name\n"
        piece = b"x" * 65_536
        for _ in range(1_600):
            yield piece
        yield b"\na@x,A\n"

    tracemalloc.start()
    try:
        rows = list(read_sheet(endless(), encoding="utf-8").rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(line, bool(fault)) for line, _, fault in rows] == [(2, True), (3, False)]
    assert peak < 4_000_000


def test_nuls_are_not_there() -> None:
    _, rows, _ = read(b"email,name\na@x,A\0nn" + b"\nb@x,B" * 100)
    assert rows[0] == (2, ["a@x", "Ann"])


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "the file is empty"),
        (b" \n \n", "the file is empty"),
        (b"PK\x03\x04 and so on", "an archive or a spreadsheet's own format"),
        (b"\x1f\x8b\x08", "a compressed file: unpack it"),
        (bytes(range(256)) * 10, "binary data"),
        (b'"' * 200_000 + b"\na@x\n", "line 1: a line has more than"),
    ],
)
def test_what_is_no_table_is_said_in_words(octets: bytes, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        read(octets)


def test_an_encoding_that_does_not_exist_is_said_in_words() -> None:
    for name in ("klingon", "base64", "zip", ""):
        with pytest.raises(ParseError, match="no encoding"):
            read_sheet([b"email\n"], encoding=name)


_CELLS = st.text(st.characters(exclude_characters="\0\r", codec="utf-8"), max_size=12)


@settings(max_examples=40)
@given(
    st.lists(st.lists(_CELLS, min_size=2, max_size=4), min_size=1, max_size=8),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 40),
)
def test_what_csv_writes_is_read_back(
    rows: list[list[str]], delimiter: str, end: str, size: int
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerows([["email", "name", "more", "yet more"], *rows])
    octets = text.getvalue().encode()
    sheet = read_sheet(pieces(octets, size), encoding="utf-8")
    assert sheet.header == ("email", "name", "more", "yet more")
    assert [cells for _, cells, _ in sheet.rows] == rows


@settings(max_examples=40)
@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_octets_are_rows_or_words(octets: bytes, size: int) -> None:
    try:
        read(octets, size=size)
    except ParseError as refused:
        said = str(refused)
    else:
        said = "rows"
    assert said
