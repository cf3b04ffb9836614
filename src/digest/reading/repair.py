"""XML that is nearly right, made right before it is parsed.

Behind the door: document types with entities (thrown away unread), encodings
that are declared wrongly, characters XML forbids, bare ampersands, HTML's
entities, forgotten name spaces, and the quick test of what a document is.
Pure; linear in the size of the document.
"""

import re
import zlib
from dataclasses import dataclass
from html.entities import html5
from typing import Final

from digest.errors import ParseError
from digest.reading.decode import decode

#: What a compressed document may unfold to.
LARGEST_UNPACKED: Final = 50_000_000

_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{2,40})[\"']")
_DECLARATION = re.compile(r"<\?xml\b[^>]{0,400}\?>")
_PROLOG = re.compile(
    r"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*+<(?!!--)(?:[\w.-]+:)?([A-Za-z_][\w.-]*)",
    re.DOTALL,
)
_CDATA_OR_COMMENT = re.compile(r"(<!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*))", re.DOTALL)
_AMPERSAND = re.compile(r"&(?:#(x[0-9a-fA-F]{1,6}|[0-9]{1,7});|([A-Za-z][A-Za-z0-9]{0,31});)?")
_XML_OWN: Final = frozenset(("amp", "lt", "gt", "quot", "apos"))
_ENTITY_NAME = re.compile(r"<!ENTITY\s+([\w.-]{1,60})")
_MARK_IN_SUBSET = re.compile(r"\"[^\"]*\"|'[^']*'|<!--(?:.*?-->|.*)|\]\s*>", re.DOTALL)

#: What feeds use without declaring it.
_NAME_SPACES: Final = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "georss": "http://www.georss.org/georss",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "xlink": "http://www.w3.org/1999/xlink",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Xml:
    """A document ready for a strict parser: no declaration, no document type."""

    text: str
    #: Names of the entities that the document declared for itself; never expanded.
    entities: frozenset[str] = frozenset()


def unpack(data: bytes, *, largest: int = LARGEST_UNPACKED) -> bytes:
    """*data* without gzip, if it is gzip.

    Raises:
        ParseError: damaged, or larger than *largest* bytes when unpacked.
    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = inflater.decompress(data, largest + 1)
    except zlib.error as error:
        raise ParseError("", "is gzip and damaged; fetch or save it again") from error
    if len(unpacked) > largest:
        raise ParseError("", f"unpacks to more than {largest} bytes; that is no document")
    return unpacked


def to_text(data: bytes, content_type: str | None = None, *, declared: str | None = None) -> str:
    """*data*, gzip or not, decoded; an XML declaration's encoding is one of the guesses.

    Args:
        declared: the encoding that the document names in some other way.

    Raises:
        ParseError: empty, binary, or damaged.
    """
    data = unpack(data)
    wide = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<", b"\0\0")
    if b"\0" in data and not data.startswith(wide) and data.lstrip()[:1] == b"<":
        data = data.replace(b"\0", b"")
    named = _ENCODING.search(data[:1_000])
    if named:
        declared = named[1].decode("ascii")
    return decode(data, content_type=content_type, declared=declared)


def root_name(text: str) -> str | None:
    """The local name of the first element, in lower case; None if there is none near the top.

    Only the first 20,000 characters are looked at, after junk before the first "<".
    """
    start = text.find("<", 0, 2_000)
    if start < 0:
        return None
    found = _PROLOG.match(strip_doctype(text[start : start + 20_000])[0])
    return found[1].lower() if found else None


def prepare(text: str) -> Xml:
    """*text* without what stands before its root, the declaration and the document type."""
    text = text[max(text.find("<", 0, 2_000), 0) :]
    text, entities = strip_doctype(_DECLARATION.sub("", text, count=1))
    return Xml(text=text.lstrip(), entities=entities)


def repair(xml: Xml) -> Xml:
    """*xml* with bare ampersands escaped, HTML's entities spelled out, known prefixes declared.

    Sections marked CDATA are left as they are.  Entities which the document declared itself
    are dropped: expanding them is how a kilobyte becomes a gigabyte.
    """
    parts = _CDATA_OR_COMMENT.split(xml.text)

    def spelled(match: re.Match[str]) -> str:
        number, name = match[1], match[2]
        if number:
            return match[0] if _legal(number) else ""
        if name is None:
            return "&amp;"
        if name in _XML_OWN:
            return match[0]
        if name in xml.entities:
            return ""
        known = html5.get(name + ";")
        if known is None:
            return "&amp;" + match[0][1:]
        return "".join(f"&#{ord(char)};" for char in known)

    fixed = [part if i % 2 else _AMPERSAND.sub(spelled, part) for i, part in enumerate(parts)]
    return Xml(text=_declare_prefixes(_without_tail("".join(fixed))), entities=xml.entities)


def strip_doctype(text: str) -> tuple[str, frozenset[str]]:
    """*text* without its document type, and the names of the entities declared in it."""
    start = re.search(r"<!DOCTYPE\b", text[:5_000], re.IGNORECASE)
    if start is None:
        return text, frozenset()
    head = re.compile(r"[^\[<>]*").match(text, start.end())
    end = head.end() if head else start.end()
    if text[end : end + 1] != "[":
        close = text.find(">", end)
        return text[: start.start()] + text[close + 1 :] if close >= 0 else "", frozenset()
    for mark in _MARK_IN_SUBSET.finditer(text, end + 1):
        if mark[0].startswith("]"):
            subset = text[end : mark.start()]
            names = frozenset(_ENTITY_NAME.findall(subset))
            return text[: start.start()] + text[mark.end() :], names
    return text[: start.start()], frozenset()


def _legal(number: str) -> bool:
    code = int(number[1:], 16) if number[0] == "x" else int(number)
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0x10FFFF


def _without_tail(text: str) -> str:
    """*text* without what a server or proxy appended to the document."""
    root = re.match(r"<([\w.:-]+)", text)
    end = text.rfind(f"</{root[1]}>") if root else -1
    return text[: text.index(">", end) + 1] if end >= 0 else text


def _declare_prefixes(text: str) -> str:
    root = re.match(r"(?>\s+|<!--.*?-->|<\?.*?\?>)*+<([\w.:-]+)", text, re.DOTALL)
    if root is None:
        return text
    missing = [
        f' xmlns:{prefix}="{name}"'
        for prefix, name in _NAME_SPACES.items()
        if f"xmlns:{prefix}" not in text and (f"<{prefix}:" in text or f" {prefix}:" in text)
    ]
    return text[: root.end()] + "".join(missing) + text[root.end() :]
