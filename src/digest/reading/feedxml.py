"""RSS 0.9x to 2.0, RSS 1.0 and Atom, well-formed, to what their entries told.

One reader for all of them: publishers mix the formats freely, an Atom link in
RSS or Dublin Core in Atom, so an element is looked up wherever it may stand.
The parser is strict; see `feed` for what happens to a document it refuses.
Pure: no network, no entities, no document types.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from lxml import etree

from digest.errors import ParseError
from digest.model import FeedManners, Image
from digest.reading.entry import Told, names, text_as_html
from digest.reading.feedhtml import escaped_once
from digest.reading.feedmanners import read_manners
from digest.reading.hints import Hints, absolute
from digest.reading.markup import one_line, pixels, plain

#: lxml has no types of its own.
Element = Any
Fields = Mapping[str, Sequence[Element]]

_SPACES: Final = {
    "http://purl.org/rss/1.0/": "",
    "http://purl.org/net/rss1.1#": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://channel.netscape.com/rdf/simple/0.9/": "",
    "http://backend.userland.com/rss2": "",
    "http://www.w3.org/2005/atom": "atom",
    "http://purl.org/atom/ns#": "atom",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/elements/1.0/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://search.yahoo.com/mrss/": "media",
    "http://video.search.yahoo.com/mrss/": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://www.w3.org/1999/xhtml": "xhtml",
}
_ENTRIES: Final = ("item", "atom:entry")
_PUBLISHED: Final = (
    *("pubdate", "atom:published", "atom:issued", "dc:date", "dcterms:issued"),
    *("dcterms:created", "atom:created", "published", "date"),
)
_UPDATED: Final = ("atom:updated", "atom:modified", "dcterms:modified")
_GUIDS: Final = ("guid", "atom:id", "dc:identifier")
_TITLES: Final = ("title", "atom:title", "dc:title", "media:title")
_SUMMARIES: Final = ("description", "atom:summary", "dc:description", "itunes:summary", "summary")
_BODIES: Final = ("content:encoded", "atom:content", "xhtml:body", "xhtml:div")
_TEXTS: Final = frozenset((*_SUMMARIES, *_BODIES))
_AUTHORS: Final = ("atom:author", "dc:creator", "author", "itunes:author")
_PICTURED: Final = frozenset(
    ["media:content", "enclosure", "atom:link", "media:thumbnail", "itunes:image", "image"]
)
#: A picture that does not tell its size is likely as wide, in pixels.
_LIKELY_WIDTH: Final = 320
_RDF_ABOUT: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_XML_BASE: Final = "{http://www.w3.org/XML/1998/namespace}base"
_PREFIX = re.compile(r"<(/?)[\w.-]+:")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:\?|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What a feed says of itself."""

    site: str | None = None
    language: str | None = None
    base: str | None = None
    authors: tuple[str, ...] = ()
    manners: FeedManners = field(default_factory=FeedManners)


def parse_xml(text: str) -> Element:
    """The root of *text*.

    Raises:
        etree.XMLSyntaxError: not well-formed.
        ParseError: an element is missing where the root should be.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if root is None:
        raise ParseError("", "holds no XML element; check the address of the feed")
    return root


def read_channel(root: Element, hints: Hints) -> Channel:
    """What the feed under *root* says of itself."""
    holder = _holder(root)
    fields = _fields(holder, skip=_ENTRIES)
    return _channel(root, holder, fields, hints, atom=holder is root)


def find_entries(root: Element) -> list[Element]:
    """The elements under *root* that are entries, in document order."""
    if _name(root) == "atom:entry":
        return [root]
    holder = _holder(root)
    found = [e for e in holder if _name(e) in _ENTRIES]
    if holder is not root:
        # RSS 1.0 has its items beside the channel; so have feeds that were closed too early.
        found += [e for e in root if _name(e) in _ENTRIES]
    for group in (e for e in (*root, *holder) if _name(e) == "items"):
        found += [e for e in group if _name(e) == "item"]
    # Else inside whatever was not closed before them.
    return found or [e for e in root.iter() if _name(e) in _ENTRIES]


def _holder(root: Element) -> Element:
    if _name(root).startswith("atom:"):
        return root
    return next((e for e in root if _name(e) == "channel"), root)


def _name(element: Element) -> str:
    """``title``, ``atom:title``, ``dc:creator``; "" for what no feed reader knows."""
    return _name_of(element.tag)


@lru_cache(maxsize=1_024)
def _name_of(tag: object) -> str:
    if not isinstance(tag, str):
        # Of a reference to an entity.
        return ""
    if not tag.startswith("{"):
        return tag.lower()
    space, _, local = tag[1:].partition("}")
    short = _short(space)
    if short is None:
        return ""
    return f"{short}:{local.lower()}" if short else local.lower()


def _short(space: str) -> str | None:
    space = space.lower()
    found = _SPACES.get(space)
    if found is None:
        found = _SPACES.get(space.rstrip("/") if space.endswith("/") else space + "/")
    return found


def _fields(element: Element, *, skip: tuple[str, ...] = ()) -> Fields:
    fields: dict[str, list[Element]] = {}
    for child in element:
        name = _name_of(child.tag)
        if not name or name in skip:
            continue
        if name in fields:
            fields[name].append(child)
        else:
            fields[name] = [child]
        if name == "media:group":
            for inner, elements in _fields(child).items():
                fields.setdefault(inner, []).extend(elements)
    return fields


def _channel(
    root: Element, holder: Element, fields: Fields, hints: Hints, *, atom: bool
) -> Channel:
    links = (absolute(e.text, hints.url) for e in fields.get("link", ()))
    own = next((link for link in links if link), None)
    own = own or _alternate(fields, hints.url)
    base = None
    for element in dict.fromkeys((root, holder)):
        base = _base(element, base or hints.url or own) if element.get(_XML_BASE) else base
    if not base:
        # Atom counts from the document (RFC 4287 2), RSS says nothing: take its site.
        base = (hints.url or own) if atom else (own or hints.url)
    language = (
        _first(fields, ("language", "dc:language"))
        or root.get(_XML_LANG)
        or holder.get(_XML_LANG)
        or ""
    )
    return Channel(
        site=plain(_html(fields, _TITLES, None)[0]) or None,
        language=_language(language),
        base=base,
        authors=names(_people(fields)) if atom else (),
        manners=_manners(fields, hints.url or base),
    )


def _manners(fields: Fields, base: str | None) -> FeedManners:
    links = [*fields.get("atom:link", ()), *(e for e in fields.get("link", ()) if e.get("rel"))]

    def within(holder: str, name: str) -> list[str]:
        return [e.text or "" for one in fields.get(holder, ()) for e in one if _name(e) == name]

    return read_manners(
        ((e.get("rel") or "", e.get("href") or "") for e in links),
        base,
        ttl=_first(fields, ("ttl",)) or "",
        period=_first(fields, ("sy:updateperiod",)) or "",
        frequency=_first(fields, ("sy:updatefrequency",)) or "",
        hours=within("skiphours", "hour"),
        days=within("skipdays", "day"),
    )


def read_entry(item: Element, channel: Channel) -> Told:
    """What *item* told, an entry of *channel*."""
    fields = _fields(item)
    base = _base(item, channel.base)
    guid = _first(fields, _GUIDS) or item.get(_RDF_ABOUT)
    summary, summary_base = _html(fields, _SUMMARIES, base)
    if not summary and "media:description" in fields:
        summary, summary_base = _html(fields, ("media:description",), base)
    body, body_base = _html(fields, _BODIES, base)
    return Told(
        title=_html(fields, _TITLES, base)[0],
        guid=guid,
        link=_link(fields, guid, base),
        published=_all(fields, _PUBLISHED),
        updated=_all(fields, _UPDATED),
        authors=tuple(_people(fields)),
        summary=summary,
        body=body,
        topics=_topics(fields),
        images=() if fields.keys().isdisjoint(_PICTURED) else tuple(_images(fields)),
        language=_language(item.get(_XML_LANG) or _first(fields, ("dc:language",)) or ""),
        base=base,
        summary_base=summary_base,
        body_base=body_base,
    )


def _base(element: Element, base: str | None) -> str | None:
    """What addresses in *element* count from (XML Base), if *base* holds around it."""
    own = element.get(_XML_BASE)
    return (absolute(own, base) or base) if own else base


def _first(fields: Fields, keys: Iterable[str]) -> str | None:
    for key in keys:
        for element in fields.get(key, ()):
            text = element.text
            if text and (text := text.strip()):
                return str(text)
    return None


def _all(fields: Fields, keys: Iterable[str]) -> tuple[str, ...]:
    found = [element.text for key in keys if key in fields for element in fields[key]]
    return tuple([stripped for text in found if text and (stripped := text.strip())])


def _html(fields: Fields, keys: Iterable[str], base: str | None) -> tuple[str, str | None]:
    """The first text that is not empty, as HTML, and what its links count from."""
    for key in keys:
        for element in fields.get(key, ()):
            markup = _markup(element, key)
            if markup and not markup.isspace():
                inner = element[0] if len(element) == 1 else None
                own = _base(element, base)
                # XHTML content stands in one <div>, which may have a base too (RFC 4287 3.1.1.3).
                return markup, own if inner is None else _base(inner, own)
    return "", base


def _markup(element: Element, key: str) -> str:
    if len(element):
        # XHTML content, or HTML that somebody forgot to escape.
        inner = element.text or ""
        inner = text_as_html(inner) + "".join(
            [etree.tostring(child, encoding="unicode", method="html") for child in element]
        )
        return _PREFIX.sub(r"<\1", inner)
    text = element.text
    if not text:
        return ""
    kind = element.get("type")
    kind = kind.lower() if kind else ""
    # In Atom no type means text (RFC 4287 3.1.1), but those who leave it out often mean HTML.
    if kind == "plain" or (kind in ("text", "text/plain") and key.startswith("atom:")):
        return text_as_html(text)
    return escaped_once(text) if key in _TEXTS else str(text)


def _link(fields: Fields, guid: str | None, base: str | None) -> str | None:
    if "feedburner:origlink" in fields:
        original = _first(fields, ("feedburner:origlink",))
        if absolute(original, base):
            return original
    for element in fields.get("link", ()):
        # Some write Atom's link into RSS without its name space.
        link = absolute(element.text or element.get("href"), _base(element, base))
        if link:
            return link
    alternate = _alternate(fields, base)
    if alternate:
        return alternate
    guids = fields.get("guid", ())
    permalink = guids and all(e.get("isPermaLink", "true").lower() != "false" for e in guids)
    return guid if permalink and absolute(guid, None) else None


def _alternate(fields: Fields, base: str | None) -> str | None:
    links = fields.get("atom:link", ())
    pages = [e for e in links if e.get("rel", "alternate") == "alternate"]
    if len(pages) > 1:
        pages.sort(key=lambda e: "html" not in (e.get("type") or "text/html"))
    found = (absolute(e.get("href"), _base(e, base)) for e in pages)
    return next((link for link in found if link), None)


def _people(fields: Fields) -> list[str]:
    for key in _AUTHORS:
        if key not in fields:
            continue
        found = []
        for element in fields[key]:
            inner = None
            if len(element):
                within = {_name(child).removeprefix("atom:"): child.text for child in element}
                inner = within.get("name")
            found.append(inner or element.text or "")
        if any(map(one_line, found)):
            return found
    # An entry that was taken over from another feed is by whoever that feed is (RFC 4287 4.2.1).
    source = next(iter(fields.get("atom:source", ())), None)
    return [] if source is None else _people(_fields(source, skip=("atom:source",)))


def _topics(fields: Fields) -> tuple[str, ...]:
    told = [element.text or "" for element in fields.get("category", ())]
    told += [e.get("label") or e.get("term") or "" for e in fields.get("atom:category", ())]
    told += [element.text or "" for element in fields.get("dc:subject", ())]
    return tuple(told)


def _images(fields: Fields) -> Iterator[Image]:
    caption = plain(_first(fields, ("media:description", "media:text"))) or None
    credit = plain(_first(fields, ("media:credit",))) or None
    contents = [(element, _fields(element)) for element in fields.get("media:content", ())]
    shown = [
        Image(
            url=element.get("url"),
            caption=plain(_first(inner, ("media:description", "media:text"))) or caption,
            credit=plain(_first(inner, ("media:credit",))) or credit,
            width=pixels(element.get("width")),
            height=pixels(element.get("height")),
        )
        for element, inner in contents
        if element.get("url") and _is_picture(element)
    ]
    # The same in several sizes: the largest will do for all of them.
    yield from sorted(shown, key=lambda image: image.width or _LIKELY_WIDTH, reverse=True)
    for _, inner in contents:
        yield from (Image(url=e.get("url")) for e in inner.get("media:thumbnail", ()))
    for element in (*fields.get("enclosure", ()), *_enclosures(fields)):
        url = element.get("url") or element.get("href") or ""
        kind = (element.get("type") or "").lower()
        if kind.startswith("image/") or (not kind and _PICTURE_FILE.search(url[:2_000])):
            yield Image(url=url, caption=caption, credit=credit)
    for element in fields.get("media:thumbnail", ()):
        yield Image(
            url=element.get("url"),
            caption=caption,
            credit=credit,
            width=pixels(element.get("width")),
            height=pixels(element.get("height")),
        )
    for element in (*fields.get("itunes:image", ()), *fields.get("image", ())):
        within = {_name(child): child.text for child in element}
        yield Image(url=element.get("href") or within.get("url") or element.text)


def _is_picture(element: Element) -> bool:
    kind = element.get("medium") or (element.get("type") or "image").partition("/")[0]
    return bool(kind == "image")


def _enclosures(fields: Fields) -> Iterator[Element]:
    return (e for e in fields.get("atom:link", ()) if e.get("rel") == "enclosure")


def _language(told: str) -> str | None:
    if not told:
        return None
    found = _LANGUAGE.fullmatch(told.strip())
    return found[0].replace("_", "-") if found else None
