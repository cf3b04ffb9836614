"""RSS 0.9x to 2.0, RSS 1.0 and Atom, well-formed, to what their entries told.

One reader for all of them: publishers mix the formats freely, an Atom link in
RSS or Dublin Core in Atom, so an element is looked up wherever it may stand.
The parser is strict; see `feed` for what happens to a document it refuses.
Pure: no network, no entities, no document types.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from digest.errors import ParseError
from digest.model import FeedManners, Image
from digest.reading.entry import Told, names, text_as_html
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


def read_entries(root: Element, channel: Channel) -> Iterator[Told]:
    """What the entries under *root* told, in document order."""
    if _name(root) == "atom:entry":
        yield _told(root, channel)
        return
    holder = _holder(root)
    found = [e for e in holder if _name(e) in _ENTRIES]
    if holder is not root:
        # RSS 1.0 has its items beside the channel; so have feeds that were closed too early.
        found += [e for e in root if _name(e) in _ENTRIES]
    for group in (e for e in (*root, *holder) if _name(e) == "items"):
        found += [e for e in group if _name(e) == "item"]
    for element in found:
        yield _told(element, channel)


def _holder(root: Element) -> Element:
    if _name(root).startswith("atom:"):
        return root
    return next((e for e in root if _name(e) == "channel"), root)


def _name(element: Element) -> str:
    """``title``, ``atom:title``, ``dc:creator``; "" for what no feed reader knows."""
    tag = element.tag
    if not isinstance(tag, str):
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
        name = _name(child)
        if not name or name in skip:
            continue
        fields.setdefault(name, []).append(child)
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
    base = root.get(_XML_BASE) or holder.get(_XML_BASE)
    if base:
        base = absolute(base, hints.url or own)
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
        site=plain(_html(fields, ("title", "atom:title", "dc:title"))) or None,
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


def _told(item: Element, channel: Channel) -> Told:
    fields = _fields(item)
    base = channel.base
    for element in (item, *fields.get("atom:content", ())):
        if element.get(_XML_BASE):
            base = absolute(element.get(_XML_BASE), base) or base
    guid = _first(fields, ("guid", "atom:id", "dc:identifier")) or item.get(_RDF_ABOUT)
    return Told(
        title=_html(fields, ("title", "atom:title", "dc:title", "media:title")),
        guid=guid,
        link=_link(fields, guid, base),
        published=_all(fields, _PUBLISHED),
        updated=_all(fields, ("atom:updated", "atom:modified", "dcterms:modified")),
        authors=tuple(_people(fields)),
        summary=_html(
            fields, ("description", "atom:summary", "dc:description", "itunes:summary", "summary")
        )
        or _html(fields, ("media:description",)),
        body=_html(fields, ("content:encoded", "atom:content", "xhtml:body", "xhtml:div")),
        topics=_topics(fields),
        images=tuple(_images(fields)),
        language=_language(item.get(_XML_LANG) or _first(fields, ("dc:language",)) or ""),
        base=base,
    )


def _first(fields: Fields, keys: Iterable[str]) -> str | None:
    return next(iter(_all(fields, keys)), None)


def _all(fields: Fields, keys: Iterable[str]) -> tuple[str, ...]:
    texts = (element.text for key in keys for element in fields.get(key, ()))
    return tuple(stripped for text in texts if text and (stripped := text.strip()))


def _html(fields: Fields, keys: Iterable[str]) -> str:
    """The first text that is not empty, as HTML."""
    for key in keys:
        for element in fields.get(key, ()):
            markup = _markup(element, key)
            if markup.strip():
                return markup
    return ""


def _markup(element: Element, key: str) -> str:
    kind = (element.get("type") or "").lower()
    if len(element):
        # XHTML content, or HTML that somebody forgot to escape.
        inner = element.text or ""
        inner = text_as_html(inner) + "".join(
            etree.tostring(child, encoding="unicode", method="html") for child in element
        )
        return _PREFIX.sub(r"<\1", inner)
    text = element.text or ""
    # In Atom no type means text (RFC 4287 3.1.1), but those who leave it out often mean HTML.
    if key.startswith("atom:") and kind in ("text", "text/plain"):
        return text_as_html(text)
    return text if kind != "plain" else text_as_html(text)


def _link(fields: Fields, guid: str | None, base: str | None) -> str | None:
    original = _first(fields, ("feedburner:origlink",))
    if absolute(original, base):
        return original
    for element in fields.get("link", ()):
        # Some write Atom's link into RSS without its name space.
        link = element.text or element.get("href")
        if absolute(link, base):
            return str(link)
    alternate = _alternate(fields, base)
    if alternate:
        return alternate
    permalink = all(e.get("isPermaLink", "true").lower() != "false" for e in fields.get("guid", ()))
    return guid if permalink and fields.get("guid") and absolute(guid, None) else None


def _alternate(fields: Fields, base: str | None) -> str | None:
    links = fields.get("atom:link", ())
    pages = [e for e in links if e.get("rel", "alternate") == "alternate"]
    pages.sort(key=lambda e: "html" not in (e.get("type") or "text/html"))
    return next((link for e in pages if (link := absolute(e.get("href"), base))), None)


def _people(fields: Fields) -> Iterator[str]:
    for key in ("atom:author", "dc:creator", "author", "itunes:author"):
        found = []
        for element in fields.get(key, ()):
            inner = {_name(child).removeprefix("atom:"): child.text for child in element}
            found.append(inner.get("name") or element.text or "")
        if any(one_line(name) for name in found):
            yield from found
            return


def _topics(fields: Fields) -> tuple[str, ...]:
    told = [element.text or "" for element in fields.get("category", ())]
    told += [e.get("label") or e.get("term") or "" for e in fields.get("atom:category", ())]
    told += [element.text or "" for element in fields.get("dc:subject", ())]
    return tuple(told)


def _images(fields: Fields) -> Iterator[Image]:
    caption = plain(_first(fields, ("media:description", "media:text"))) or None
    credit = plain(_first(fields, ("media:credit",))) or None
    for element in fields.get("media:content", ()):
        inner = _fields(element)
        told = element.get("medium") or (element.get("type") or "image").partition("/")[0]
        if told == "image" and element.get("url"):
            yield Image(
                url=element.get("url"),
                caption=plain(_first(inner, ("media:description", "media:text"))) or caption,
                credit=plain(_first(inner, ("media:credit",))) or credit,
                width=pixels(element.get("width")),
                height=pixels(element.get("height")),
            )
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


def _enclosures(fields: Fields) -> Iterator[Element]:
    return (e for e in fields.get("atom:link", ()) if e.get("rel") == "enclosure")


def _language(told: str) -> str | None:
    found = _LANGUAGE.fullmatch(told.strip())
    return found[0].replace("_", "-") if found else None
