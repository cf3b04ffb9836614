"""Bytes to clean text: which encoding is this, and what of it may a reader see.

Behind the door: byte order marks, UTF-16 without one, encodings that are
declared wrongly, and the characters that print nothing or break XML.  Not
behind it: what the text says, or whether it is HTML.  Pure.
"""

import codecs
import re
import unicodedata

from digest.errors import ParseError

#: Longest part of a document that is looked at to guess its nature.
SAMPLE_BYTES = 65_536

#: UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

#: Bytes that never stand in a text; ESC stays out, ISO-2022 encodings need it.
_CONTROL_BYTES = bytes([*range(9), 11, *range(14, 27), *range(28, 32), 127])

#: Of ASCII, what `clean_text` changes.
_UNCLEAN_BYTES = bytes([*range(9), *range(11, 32), 127])

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:\-]{2,40})", re.ASCII)
#: Their bytes are valid UTF-8 and mean something else.
_SEVEN_BIT = ("iso2022", "hz", "utf-7")
#: Python's own inventions, and wide encodings: these would have been found by their zeros.
_NEVER_DECLARED_RIGHTLY = (
    "utf-16",
    "utf-32",
    "unicode",
    "raw",
    "idna",
    "punycode",
    "undefined",
    "mbcs",
    "oem",
)
#: What servers say when they were never configured.
_UNMEANT = frozenset({"ascii", "iso8859-1", "cp1252", "utf-8"})

_WORDS_OF_HIGH_BYTES = re.compile(rb"(?<![A-Za-z\x80-\xff])[\xa3-\xff]{3,}(?![A-Za-z\x80-\xff])")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]")

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
#: Joiners are spelling in Persian and Hindi and glue in emoji; after Latin they are noise.
_JOINERS = re.compile("(?<![\u0590-\u1fff\u2190-\U0010ffff])[\u200c\u200d]")
_UNCLEAN = re.compile("|".join(p.pattern for p in (_LINE_ENDS, _SPACES, _UNSEEN, _JOINERS)))
#: All of their characters in one class: ten times as fast, and most documents have none.
_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff]"
)


def decode(data: bytes, *, content_type: str | None = None, declared: str | None = None) -> str:
    """Read *data* as text and clean it with `clean_text`.

    A byte order mark wins, then valid UTF-8, then *content_type*'s charset, then *declared*
    (what the document says of itself); then Cyrillic where it clearly is, else Windows-1252.

    Raises:
        ParseError: nothing is there, or it is not text.
    """
    if not data.strip():
        raise ParseError("", "is empty; check where it was saved or fetched from")
    if is_binary(data):
        raise ParseError("", "is not text but binary data; save the page as text or HTML")
    text = clean_text(_to_text(data, (_charset(content_type), declared)))
    if not text.strip():
        raise ParseError("", "holds nothing but blanks; check where it was saved or fetched from")
    return text


def is_binary(data: bytes) -> bool:
    """Whether more than one byte in fifty of the beginning is a control byte.

    UTF-16 and UTF-32 are text.  A stray NUL in a long text does not make it binary.
    """
    sample = data[:SAMPLE_BYTES]
    if _marked(sample) or _unmarked_utf16(sample):
        return False
    controls = len(sample) - len(sample.translate(None, _CONTROL_BYTES))
    return controls * 50 > len(sample)


def is_plain(text: str) -> bool:
    """Whether *text* is printable ASCII, tabs and line feeds: what most of all texts are."""
    if not text.isascii():
        return False
    octets = text.encode()
    return len(octets.translate(None, _UNCLEAN_BYTES)) == len(octets)


def clean_text(text: str) -> str:
    """Text in NFC with LF line ends, plain spaces, and nothing unseen or illegal in XML.

    Twice cleaned is once cleaned.
    """
    if is_plain(text):
        return text
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    if _SUSPECT.search(text) is None or _UNCLEAN.search(text) is None:
        return text
    text = _LINE_ENDS.sub("\n", text)
    text = _SPACES.sub(" ", text)
    text = _JOINERS.sub("", _UNSEEN.sub("", text))
    # What was kept apart by something unseen may now compose.
    return text if unicodedata.is_normalized("NFC", text) else clean_text(text)


def _to_text(data: bytes, names: tuple[str | None, ...]) -> str:
    marked = _marked(data)
    if marked:
        mark, encoding = marked
        return data[len(mark) :].decode(encoding, "replace")
    wide = _unmarked_utf16(data[:SAMPLE_BYTES])
    if wide:
        return data.decode(wide, "replace")
    named = [codec for codec in map(_codec, names) if codec]
    for codec in named:
        if codec.startswith(_SEVEN_BIT):
            return data.decode(codec, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as fault:
        if _barely_broken(data, fault):
            return data.decode("utf-8", "replace")
    for codec in named:
        if codec not in _UNMEANT:
            try:
                return data.decode(codec)
            except (UnicodeDecodeError, ValueError):
                continue
    return data.decode(_single_byte(data), "replace").replace("\ufffd", "")


def _marked(data: bytes) -> tuple[bytes, str] | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return mark, encoding
    return None


def _unmarked_utf16(sample: bytes) -> str | None:
    """Which UTF-16 *sample* is, told by the zero bytes of its spaces and line ends."""
    if b"\0" not in sample:
        return None
    sample = sample[: len(sample) // 2 * 2]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if (
        len(sample) < 8
        or max(even, odd) * 20 < len(sample) // 2
        or min(even, odd) * 20 > even + odd
    ):
        return None
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    text = sample.decode(encoding, "replace")
    plain = sum(char.isalnum() or char.isspace() or char in ".,;:!?-'\"()" for char in text)
    # Tables of binary numbers have zeros on one side too, but do not read as text.
    return encoding if plain * 10 >= len(text) * 8 else None


def _charset(content_type: str | None) -> str | None:
    found = _CHARSET.search(content_type or "")
    return found[1] if found else None


def _codec(name: str | None) -> str | None:
    """The codec's own name; None for what is unknown or does not make text."""
    if not name:
        return None
    try:
        codec = codecs.lookup(name.strip())
        "".encode(codec.name)
    except (LookupError, ValueError):
        return None
    return None if codec.name.startswith(_NEVER_DECLARED_RIGHTLY) else codec.name


def _barely_broken(data: bytes, fault: UnicodeDecodeError) -> bool:
    """UTF-8 cut in the middle of its last character, or with a stray byte among many good ones."""
    if fault.start >= len(data) - 3 and fault.start > 0 and not data[: fault.start].isascii():
        return True
    sample = data[:SAMPLE_BYTES]
    broken = sample.decode("utf-8", "replace").count("\ufffd")
    whole = len(re.findall(rb"[\xc2-\xf4][\x80-\xbf]+", sample))
    return whole >= 20 * broken > 0


def _single_byte(data: bytes) -> str:
    sample = data[:SAMPLE_BYTES]
    words = b"".join(_WORDS_OF_HIGH_BYTES.findall(sample))
    # Latin words have one accented letter or two; Cyrillic words have nothing else.
    if len(words) < 8 or len(words) * 10 < 6 * len(_HIGH_BYTES.findall(sample)):
        return "cp1252"
    # Small letters are the upper half of Windows-1251 and the lower half of KOI8.
    upper = sum(byte >= 0xE0 for byte in words)
    return "cp1251" if upper * 2 >= len(words) else "koi8-u"
