"""XML that is nearly right, made right before it is parsed.

Behind the door: document types (thrown away but for their short texts, see `entities`), encodings
that are declared wrongly, what servers print before a document, characters XML forbids, bare
ampersands, HTML's entities, forgotten name spaces, and the quick test of what a document is.
Pure; linear in the size of the document.
"""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.entities import html5
from typing import Final

from digest.errors import ParseError
from digest.reading.decode import decode
from digest.reading.entities import read_entities

#: What a compressed document may unfold to.
LARGEST_UNPACKED: Final = 50_000_000

_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{2,40})[\"']")
#: Before it, warnings may stand.
_PRINTED_CHARS: Final = 20_000
#: Characters that entities of its own may add to a document.
_MOST_EXPANDED: Final = 1_000_000
_FIRST_NAME = re.compile(r"<([A-Za-z][\w:]*)")
_DOCTYPE = re.compile(r"<!DOCTYPE\b", re.IGNORECASE)
_DOCTYPE_HEAD = re.compile(r"[^\[<>]*")
_DECLARATION = re.compile(r"<\?xml\b[^>]{0,400}\?>")
_PROLOG = re.compile(
    r"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)*+<(?!!--)(?:[\w.-]+:)?([A-Za-z_][\w.-]*)",
    re.DOTALL,
)
#: With which servers begin when they print a warning first; no XML document does.
_PRINTED = re.compile(
    r"(?:b|br|center|code|div|em|font|h[1-3]|hr|i|p|pre|small|span)", re.IGNORECASE
)
#: Where the document begins that they are printed before.
_DOCUMENT = re.compile(
    r"<\?xml\s|<(?:rss|rdf:RDF|feed|opml|urlset|sitemapindex)(?=[\s>])", re.IGNORECASE
)
_CDATA_OR_COMMENT = re.compile(r"(<!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*))", re.DOTALL)
_BARE_AMPERSAND = re.compile(r"&(?![A-Za-z#])")
#: But for those that XML knows itself.
_AMPERSAND = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos);)"
    r"(?:#(x[0-9a-fA-F]{1,6}|[0-9]{1,7});|([A-Za-z][A-Za-z0-9]{0,31});)?"
)
_PREFIXED = re.compile(
    r"<([A-Za-z_][\w.-]{0,40}):[A-Za-z_]|\s([A-Za-z_][\w.-]{0,40}):[\w.-]+=[\"']"
)
_DECLARED = re.compile(r"\sxmlns:([\w.-]+)\s*=")
_MOST_PREFIXES: Final = 100
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
    #: What the document declared for itself, by name; "" for what is not to be expanded.
    entities: Mapping[str, str] = field(default_factory=dict)


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
    named = _ENCODING.search(data[:_PRINTED_CHARS])
    if named:
        declared = named[1].decode("ascii")
    return decode(data, content_type=content_type, declared=declared)


def root_name(text: str) -> str | None:
    """The local name of the first element, in lower case; None if there is none near the top.

    Only the first 20,000 characters are looked at, after junk before the first "<".
    """
    start = _start(text)
    if start < 0:
        return None
    found = _PROLOG.match(strip_doctype(text[start : start + 20_000])[0])
    return found[1].lower() if found else None


def prepare(text: str, *, expand: bool = False) -> Xml:
    """*text* without what stands before its root, the declaration and the document type.

    Args:
        expand: short texts that the document type declares are for `repair` to put in; else they
            are dropped where they are used, like all others.
    """
    start = _start(text)
    text = text[start:] if start > 0 else text
    text, entities = strip_doctype(_DECLARATION.sub("", text, count=1))
    return Xml(text=text.lstrip(), entities=entities if expand else dict.fromkeys(entities, ""))


def _start(text: str) -> int:
    """Where the document in *text* begins; -1 if nowhere near the top."""
    start = text.find("<", 0, 2_000)
    first = _FIRST_NAME.match(text, start) if start >= 0 else None
    if first is None or not _PRINTED.fullmatch(first[1]):
        return start
    found = _DOCUMENT.search(text, start, _PRINTED_CHARS)
    return found.start() if found else start


def repair(xml: Xml) -> Xml:
    """*xml* with bare ampersands escaped, HTML's entities spelled out, prefixes declared.

    Sections marked CDATA are left as they are.  Of the entities which the document declared
    itself only short texts are put in, and only so many of them: expanding more is how a kilobyte
    becomes a gigabyte.
    """
    left = _MOST_EXPANDED
    parts = _CDATA_OR_COMMENT.split(xml.text)

    def spelled(match: re.Match[str]) -> str:
        nonlocal left
        number, name = match[1], match[2]
        if number:
            return match[0] if _legal(number) else ""
        if name is None:
            return "&amp;"
        if name in xml.entities:
            told = xml.entities[name]
            left -= len(told)
            return told if left >= 0 else ""
        known = html5.get(name + ";")
        if known is None:
            return "&amp;" + match[0][1:]
        return "".join(f"&#{ord(char)};" for char in known)

    fixed = [
        part if i % 2 else _AMPERSAND.sub(spelled, _BARE_AMPERSAND.sub("&amp;", part))
        for i, part in enumerate(parts)
    ]
    return Xml(text=_declare_prefixes(_without_tail("".join(fixed))), entities=xml.entities)


def strip_doctype(text: str) -> tuple[str, Mapping[str, str]]:
    """*text* without its document type, and what that declared as `Xml.entities` has it."""
    start = _DOCTYPE.search(text, 0, 5_000)
    if start is None:
        return text, {}
    head = _DOCTYPE_HEAD.match(text, start.end())
    end = head.end() if head else start.end()
    if text[end : end + 1] != "[":
        close = text.find(">", end)
        return text[: start.start()] + text[close + 1 :] if close >= 0 else "", {}
    for mark in _MARK_IN_SUBSET.finditer(text, end + 1):
        if mark[0].startswith("]"):
            declared = read_entities(text[end : mark.start()])
            return text[: start.start()] + text[mark.end() :], declared
    return text[: start.start()], {}


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
    declared = {"xml", "xmlns", *_DECLARED.findall(text)}
    used = dict.fromkeys(one or other for one, other in _PREFIXED.findall(text))
    missing = [
        f' xmlns:{prefix}="{_NAME_SPACES.get(prefix.lower(), "urn:undeclared:" + prefix)}"'
        for prefix in list(used)[:_MOST_PREFIXES]
        if prefix not in declared
    ]
    return text[: root.end()] + "".join(missing) + text[root.end() :]
