"""OPML: the list of feeds that every reader gives and takes.

Behind the door: lists as other programs write them, ill-formed, huge or hostile, made small and
plain before `listparser` sees them; our own list, the same octets for the same sources; and a
source's id made from its title.  Not behind it: the settings and the file.  Pure, although it
stands in a loud room.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import islice
from typing import Any, Final
from urllib.parse import urlsplit

import listparser
from lxml import etree

from digest.errors import ParseError
from digest.reading.feed import FEED_ROOTS
from digest.reading.feedxml import parse_xml
from digest.reading.hints import absolute
from digest.reading.markup import one_line
from digest.reading.repair import prepare, repair, root_name, to_text
from digest.urls import LONGEST_URL, canonical_url

LARGEST: Final = 3_000_000
#: Of one list; the longest in use have a few thousand.
MOST_OUTLINES: Final = 20_000
#: Folders one inside the other.
DEEPEST: Final = 12
#: Folders and categories that one feed may be in: every one is compared with all others.
_MOST_PLACES: Final = 50
_MOST_PROBLEMS: Final = 50
_MOST_ATTRIBUTES: Final = 60
_LONGEST: Final = 300
_LONGEST_SLUG: Final = 63
#: As `listparser` reads them, by what they are called in small letters.
_ATTRIBUTES: Final = {
    "text": "text", "title": "title", "type": "type", "xmlurl": "xmlUrl", "url": "url",
    "category": "category", "htmlurl": "htmlUrl",
}  # fmt: skip

_CYRILLIC: Final = "абвгґдеєжзиіїйклмнопрстуфхцчшщьюяёъыэ"
_IN_LATIN: Final = (
    "a b v h g d e ie zh z y i i i k l m n o p r s t u f kh ts ch sh shch  iu ia e  y e"
)
_SPELLED: Final = str.maketrans(
    dict(zip(_CYRILLIC, _IN_LATIN.split(" "), strict=True))
    | {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l"}
    | {"ı": "i", "ħ": "h", "&": " and "}
)

#: lxml comes without types.
Element = Any
#: A folder: other folders, and feeds, by name and address.
_Folder = dict[str, "_Folder | OpmlFeed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlFeed:
    """A feed in a list."""

    #: Never empty when it was read: the host stands in.
    title: str
    #: http(s), as written.
    url: str
    #: Where it is filed: paths of folder names, the outermost first.
    categories: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlList:
    """What a list says; each feed once."""

    title: str = ""
    feeds: tuple[OpmlFeed, ...] = ()
    #: What could not be used, each a sentence that says what to do.
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Faults:
    told: list[str] = field(default_factory=list)
    untold: int = 0

    def add(self, sentence: str) -> None:
        if len(self.told) < _MOST_PROBLEMS:
            self.told.append(sentence)
        else:
            self.untold += 1

    def all(self) -> tuple[str, ...]:
        more = [f"{self.untold} more problems like these were found."] if self.untold else []
        return tuple(dict.fromkeys([*self.told, *more]))


def read_opml(data: bytes) -> OpmlList:
    """Read a list of feeds; what is no feed in it is named among the problems.

    Raises:
        ParseError: not an OPML list; the message says what it is instead.
    """
    if len(data) > LARGEST:
        raise ParseError("", f"is larger than {LARGEST} bytes, as no list of feeds is; split it")
    faults = _Faults()
    root = _tree(data, faults)
    plain, title = _plain(root, faults)
    told = listparser.parse(plain)
    for other in told.lists:
        faults.add(f"It names another list, {_shown(other.url)}; import that one by itself.")
    feeds: dict[str, OpmlFeed] = {}
    for entry in told.feeds:
        feed = _feed(entry, faults)
        if feed is None:
            continue
        key = canonical_url(feed.url) or feed.url
        known = feeds.setdefault(key, feed)
        if known is not feed:
            places = dict.fromkeys((*known.categories, *feed.categories))
            feeds[key] = OpmlFeed(
                title=known.title, url=known.url, categories=tuple(places)[:_MOST_PLACES]
            )
    if not feeds:
        faults.add("The list names no feed that can be fetched; check that it is the right file.")
    return OpmlList(title=title, feeds=tuple(feeds.values()), problems=faults.all())


def write_opml(title: str, sources: Iterable[OpmlFeed], *, made_at: datetime) -> bytes:
    """*sources* as OPML 2.0 in UTF-8; the same octets for the same arguments.

    A feed with several categories stands in each of their folders, as other programs want it.

    Args:
        made_at: aware; goes into dateCreated.
    """
    top: _Folder = {}
    for source in sources:
        for path in dict.fromkeys(map(_path, source.categories or ((),))):
            folder = top
            for name in path:
                # A colon keeps folders and feeds of one name apart.
                below = folder.setdefault(f"folder:{name}", {})
                if isinstance(below, dict):
                    folder = below
            folder.setdefault(f"feed:{source.url}", source)
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = one_line(title)
    etree.SubElement(head, "dateCreated").text = format_datetime(
        made_at.astimezone(UTC), usegmt=True
    )
    _write_folder(etree.SubElement(root, "body"), top)
    etree.indent(root)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return written + b"\n"


def slug_for(title: str, url: str, taken: Container[str]) -> str:
    """A source id made of *title*, or of *url*'s host, that is not among *taken*.

    >>> slug_for("Zürich & Køge Today", "https://z.example/feed", {"zurich-and-koge-today"})
    'zurich-and-koge-today-2'
    """
    slug = _slug(title) or _slug(_host(url)) or "source"
    if slug not in taken:
        return slug
    number = 2
    while True:
        ending = f"-{number}"
        numbered = slug[: _LONGEST_SLUG - len(ending)].rstrip("-") + ending
        if numbered not in taken:
            return numbered
        number += 1


# -------------------------------------------------------------------- reading


def _tree(data: bytes, faults: _Faults) -> Element:
    text = to_text(data)
    root = root_name(text)
    if root in FEED_ROOTS:
        raise ParseError("", "is a feed, not a list of feeds; make it a source by its address")
    if root == "html":
        raise ParseError("", "is an HTML page, not an OPML list; export the list from your reader")
    if root != "opml":
        raise ParseError("", "is not an OPML list; export one from your reader, it ends in .opml")
    xml = prepare(text)
    try:
        return parse_xml(xml.text)
    except etree.XMLSyntaxError:
        xml = repair(xml)
    try:
        return parse_xml(xml.text)
    except etree.XMLSyntaxError as error:
        faults.add(
            f"The list is no well-formed XML ({one_line(error.msg)[:100]}); "
            "what could be read was taken, compare the number of feeds."
        )
    mending = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    found = etree.fromstring(xml.text.encode(), mending)
    if found is None:
        raise ParseError("", "is an OPML list of which nothing can be read; export it again")
    return found


def _plain(root: Element, faults: _Faults) -> tuple[bytes, str]:
    """The list again, in ASCII and bounded in depth and number, and its title.

    `listparser` reads with an HTML parser that guesses encodings, and compares each place of a
    feed with all its others.
    """
    title = ""
    copy = etree.Element("opml", version="2.0")
    body = etree.SubElement(copy, "body")
    waiting: list[tuple[Iterator[Element], Element, int]] = [(iter(root), body, 0)]
    seen: Counter[str] = Counter()
    outlines = 0
    while waiting:
        children, parent, depth = waiting[-1]
        child = next(children, None)
        if child is None:
            waiting.pop()
            continue
        name = _local(child)
        if name in ("head", "body") and depth == 0:
            waiting.append((iter(child), parent, 0))
        elif name == "title" and depth == 0 and not title:
            title = one_line(child.text)[:_LONGEST]
        if name != "outline":
            continue
        outlines += 1
        if outlines > MOST_OUTLINES:
            faults.add(f"The list has more than {MOST_OUTLINES} lines; the rest was not read.")
            break
        told = _attributes(child)
        seen[told.get("xmlUrl", "")] += 1
        if told.get("xmlUrl") and seen[told["xmlUrl"]] > _MOST_PLACES:
            continue
        _miss(child, told, faults)
        line = etree.SubElement(parent, "outline", told)
        # An end tag of its own: HTML does not know "/>".
        line.text = ""
        if depth < DEEPEST:
            waiting.append((iter(child), line, depth + 1))
        elif len(child):
            faults.add(f"The list nests folders more than {DEEPEST} deep; the rest was not read.")
    return etree.tostring(copy, encoding="ascii"), title


def _attributes(outline: Element) -> dict[str, str]:
    told: dict[str, str] = {}
    # Not items(): lxml walks to every single value from the first.
    for name in islice(outline.attrib, _MOST_ATTRIBUTES):
        known = _ATTRIBUTES.get(name.lower())
        if known:
            value = outline.get(name, "")
            longest = LONGEST_URL + 1 if known in ("xmlUrl", "url", "htmlUrl") else _LONGEST
            told.setdefault(known, one_line(value[: 2 * LONGEST_URL])[:longest])
    return told


def _miss(outline: Element, told: dict[str, str], faults: _Faults) -> None:
    """Name a line that stands for a site and not for its feed."""
    if told.get("xmlUrl") or told.get("url") or len(outline):
        return
    page = told.get("htmlUrl")
    if page:
        faults.add(
            f"{_shown(told.get('text') or told.get('title') or page)} has no feed address, only a "
            f"page: digest sources check {_shown(page)} looks for its feed."
        )


def _feed(entry: Any, faults: _Faults) -> OpmlFeed | None:
    written = str(entry.url)
    # "feed:" stands before or instead of "http:".
    bare = re.sub(r"^feed:(?://(?!/))?(?=https?:)|^feed:(?=//)", "", written, flags=re.IGNORECASE)
    url = absolute(f"http:{bare}" if bare.startswith("//") else bare, None)
    if url is None:
        faults.add(
            f"{_shown(written)} is no address that can be fetched; give one with http or https."
        )
        return None
    places = (_path(part for part in place) for place in entry.get("categories", ()))
    categories = tuple(dict.fromkeys(place for place in places if place))[:_MOST_PLACES]
    title = one_line(entry.title) or _host(url)
    return OpmlFeed(title=title, url=url, categories=categories)


def _path(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(clean for name in names if (clean := one_line(name)[:_LONGEST].strip()))[:DEEPEST]


def _local(element: Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _shown(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= 100 else text[:99] + "…"


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


# -------------------------------------------------------------------- writing


def _write_folder(parent: Element, folder: _Folder) -> None:
    for name, what in folder.items():
        if isinstance(what, OpmlFeed):
            url = one_line(what.url)
            title = one_line(what.title)[:_LONGEST] or _host(url) or url
            etree.SubElement(parent, "outline", type="rss", text=title, title=title, xmlUrl=url)
        else:
            shown = name.removeprefix("folder:")
            _write_folder(etree.SubElement(parent, "outline", text=shown, title=shown), what)


def _slug(text: str) -> str:
    spelled = unicodedata.normalize("NFKC", text[:1_000]).lower().translate(_SPELLED)
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_SLUG].strip("-")
