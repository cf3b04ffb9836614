"""A table as text: a CSV file of any dialect and code page, row by row.

Behind the door: byte order marks, code pages, delimiters, quotes that are never closed, lines that
never end.  Not behind it: what the columns mean (`moving`), and opening the file.  Pure: octets
come in pieces, and no more of them is held than one row and one piece.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from digest.errors import ParseError
from digest.reading.decode import SAMPLE_BYTES, is_binary

#: Characters of one line, and of one cell: the csv module's own limit.
LONGEST_LINE: Final = 131_072
#: Of one row, which may go over several lines.
LONGEST_ROW: Final = 2 * LONGEST_LINE
#: Rows that may be given up for quotes that are not closed; then the file is no such table.
MOST_UNCLOSED: Final = 100

#: The physical line that a row begins on, its cells, and what is wrong with it ("": nothing).
Row = tuple[int, list[str], str]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ARCHIVES = (
    (b"PK\x03\x04", "an archive or a spreadsheet's own format"),
    (b"\x1f\x8b", "a compressed file"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet's own format"),
)

#: What spreadsheets write where these languages are spoken.
_PAGES = {
    language: page
    for page, languages in {
        "cp1250": "bs cs hr hu pl ro sk sl sq",
        "cp1251": "be bg kk ky mk mn ru sr tg uk",
        "cp1253": "el",
        "cp1254": "az tr",
        "cp1255": "he yi",
        "cp1256": "ar fa ur",
        "cp1257": "et lt lv",
    }.items()
    for language in languages.split()
}
#: Of these, words are nothing but high octets.
_NOT_LATIN = frozenset({"cp1251", "cp1253", "cp1255", "cp1256"})

_HIGH = re.compile(rb"[\x80-\xff]")
_HIGH_WORDS = re.compile(rb"(?<![A-Za-z\x80-\xff])[\x80-\xff]{3,}(?![A-Za-z\x80-\xff])")
#: What cp1252 has only signs for, beside letters: it is cp1250.
_SIGNS_IN_WORDS = re.compile(
    "[A-Za-z\u00c0-\u00ff][\u00b3\u00b9\u00bf\u00bc\u00be\u00a5]|[\u00b3\u00a3\u00bf\u00af][a-z]{2}"
)

_DELIMITERS = ",;\t|"
_SEP_LINE = re.compile(r"sep=(.)\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table that is being read."""

    #: As the first line names its columns; blanks around names are gone.
    header: tuple[str, ...]
    delimiter: str
    #: Those below the header, without blank ones.  Drawn once.
    rows: Iterator[Row]


def encoding_of(chunks: Iterable[bytes], *, language: str = "") -> str:
    """The name of the codec that a whole file can be read with.

    A byte order mark wins, then UTF-8 if all of it is; else the code page that spreadsheets use
    where *language* (BCP 47) is spoken, if the letters could be that, and cp1251 or cp1252.

    Raises:
        ParseError: it is empty, or no text: with what to do.
    """
    utf8 = codecs.getincrementaldecoder("utf-8")()
    sample, begun, sound = bytearray(), False, True
    for chunk in chunks:
        if not begun and chunk:
            begun = True
            for mark, name in _MARKS:
                if chunk.startswith(mark):
                    return name
            _refuse_what_is_no_text(chunk)
            if wide := _wide(chunk[:SAMPLE_BYTES]):
                return wide
        if chunk.isascii() and utf8.getstate()[0] == b"":
            continue
        # Where its first letters beyond ASCII are, the most can be told.
        if len(sample) < SAMPLE_BYTES and (high := _HIGH.search(chunk)):
            sample += chunk[max(0, high.start() - 100) : high.start() + SAMPLE_BYTES]
        if sound:
            try:
                utf8.decode(chunk)
            except UnicodeDecodeError:
                sound = False
    if not begun:
        raise ParseError("", "the file is empty")
    if sound or _nearly_utf8(bytes(sample)):
        return "utf-8"
    return _page(bytes(sample), language)


def read_sheet(chunks: Iterable[bytes], *, encoding: str) -> Sheet:
    """A table of which no more is read than is asked for.

    Rows that cannot be read (a line or a cell that is too long, a quote that is never closed) come
    with the words for it and stop no other.

    Args:
        encoding: what `encoding_of` says, or the newsroom.

    Raises:
        ParseError: there is no such encoding, or no row; drawing rows, when quotes make no sense.
    """
    try:
        # Codecs that make no text fail here.
        "".encode(encoding)
        decoder = codecs.getincrementaldecoder(encoding)("replace")
    except (LookupError, ValueError) as error:
        raise ParseError(
            "", f"there is no encoding {encoding[:40]!r}; leave it out, or name one such as cp1250"
        ) from error
    lines = _Lines(_physical(chunks, decoder.decode))
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise ParseError("", "the file is empty")
    if (named := _SEP_LINE.match(first)) is not None:
        delimiter = named[1]
    else:
        delimiter = _delimiter(first)
        lines.again.append(first)
        lines.number -= 1
    lines.begun.clear()
    rows = _rows(lines, delimiter)
    header = next(rows, None)
    if header is None:
        raise ParseError("", "the file names no columns")
    if header[2]:
        raise ParseError("", f"line {header[0]}: {header[2]}")
    return Sheet(header=tuple(cell.strip() for cell in header[1]), delimiter=delimiter, rows=rows)


class _Lines:
    """Physical lines, counted; those of the row that is being read can be read again."""

    def __init__(self, source: Iterator[str]) -> None:
        self._source = source
        self.again: deque[str] = deque()
        #: The lines of the row so far.
        self.begun: list[str] = []
        self._size = 0
        self.number = 0
        #: The file has come to its end in the middle of a row.
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = self.again.popleft() if self.again else next(self._source)
        except StopIteration:
            self.ended = bool(self.begun)
            raise
        self.number += 1
        if self.begun:
            self._size += len(line)
            if self._size > LONGEST_ROW:
                self.begun.append(line)
                raise csv.Error("row larger than the limit")
        else:
            self._size = len(line)
        self.begun.append(line)
        return line

    def back_to_the_second(self) -> None:
        """Only the first line of the row is lost."""
        lost = self.begun[1:]
        self.again.extendleft(reversed(lost))
        self.number -= len(lost)
        self.begun.clear()
        self.ended = False


def _rows(lines: _Lines, delimiter: str) -> Iterator[Row]:
    reader, given_up, begun = csv.reader(lines, delimiter=delimiter), 0, lines.begun
    cells: list[str] | None
    while True:
        first = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = None
        # A row that ends only because the file does was never closed either.
        if cells is None or lines.ended:
            given_up += 1
            if given_up > MOST_UNCLOSED:
                raise ParseError(
                    "",
                    f"line {first}: more than {MOST_UNCLOSED} rows have quotes that are not closed;"
                    f" cells are to be separated by {delimiter!r} and quoted by double quotes",
                )
            lines.back_to_the_second()
            reader = csv.reader(lines, delimiter=delimiter)
            yield first, [], "a quote in this line is not closed"
            continue
        too_long = _CUT in begun
        begun.clear()
        if too_long:
            yield first, [], f"a line has more than {LONGEST_LINE:,} characters"
        elif cells and (len(cells) > 1 or cells[0].strip()):
            yield first, cells, ""


#: Stands where a line was too long to be held.
_CUT: Final = "\x00\n"


def _physical(chunks: Iterable[bytes], decode: Callable[..., str]) -> Iterator[str]:
    """Lines as they stand, each with its end; LF, CRLF and CR all become LF, and NULs go."""
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    tail, cutting = "", False
    for chunk, final in chain(((one, False) for one in chunks), ((b"", True),)):
        text = newlines.decode(decode(chunk, final), final)
        if "\0" in text:
            text = text.replace("\0", "")
        for line in io.StringIO(tail + text, newline="\n"):
            if line[-1] != "\n":
                tail = line
                break
            if cutting or len(line) > LONGEST_LINE:
                cutting = False
                yield _CUT
            else:
                yield line
        else:
            tail = ""
        if len(tail) > LONGEST_LINE:
            tail, cutting = "", True
    if cutting:
        yield _CUT
    elif tail:
        yield tail


def _delimiter(line: str) -> str:
    """What stands between the cells of the line that names the columns."""
    bare = re.sub(r'"[^"]*"', "", line)
    # Of the same number the earlier in the list: a comma.
    return max(_DELIMITERS, key=bare.count)


def _refuse_what_is_no_text(chunk: bytes) -> None:
    for mark, what in _ARCHIVES:
        if chunk.startswith(mark):
            raise ParseError("", f"this is {what}: unpack it, or save the table as CSV")
    if is_binary(chunk):
        raise ParseError("", "this is not text but binary data: save the table as CSV")


def _wide(sample: bytes) -> str:
    """Which UTF-16 without a mark it is; "" for what is none."""
    sample = sample[: len(sample) // 2 * 2]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 4 < len(sample) // 2 or min(even, odd) * 20 > even + odd:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _nearly_utf8(sample: bytes) -> bool:
    """UTF-8 with a stray octet among many good ones."""
    broken = sample.decode("utf-8", "replace").count("\ufffd")
    whole = len(re.findall(rb"[\xc2-\xf4][\x80-\xbf]+", sample))
    return whole >= 20 * broken > 0


def _page(sample: bytes, language: str) -> str:
    local = _PAGES.get(language.partition("-")[0].lower(), "")
    words = b"".join(_HIGH_WORDS.findall(sample))
    # Latin words have one accented letter or two; Cyrillic words have nothing else.
    if len(words) >= 3 and len(words) * 10 >= 6 * len(_HIGH.findall(sample)):
        return local if local in _NOT_LATIN else "cp1251"
    if local and local not in _NOT_LATIN:
        return local
    signs = _SIGNS_IN_WORDS.search(sample.decode("cp1252", "replace"))
    return "cp1250" if signs else "cp1252"
