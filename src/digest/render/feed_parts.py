"""What feedgen cannot write, as an extension of it: links, authors, pictures, a page for people.

feedgen alone loses hub, archive and enclosure links on their way to RSS, drops authors without
an address, and groups a single picture.  Here they are put into its tree of elements.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lxml import etree

XmlFormat = Literal["rss", "atom"]

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"
#: RFC 5005.
HISTORY = "http://purl.org/syndication/history/1.0"
XHTML = "http://www.w3.org/1999/xhtml"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

#: Under this name feedgen knows the extension: ``feed.parts``, ``entry.parts``.
NAME = "parts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A picture beside an entry."""

    url: str
    #: Media type; "" when its address does not tell.
    type: str
    #: Octets; None of a picture that is at its publisher's.
    size: int | None
    width: int | None
    height: int | None
    credit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A feed as a person sees it who opens its address in a browser."""

    title: str
    about: str
    #: What a feed is, and what to do with it.
    note: str
    #: Of the feed itself.
    address: str
    lang: str
    dir: str
    #: Label and address: ways on.
    ways: tuple[tuple[str, str], ...]
    #: Title, address, date ("" where the title says it), and language and direction of its title,
    #: of the newest entries.
    newest: tuple[tuple[str, str, str, str | None, str | None], ...]
    style_url: str


@dataclass
class FeedParts:
    """What feedgen's feed has besides; it makes one without arguments (`register`)."""

    #: Relation, address and media type ("" for none) of links that RSS needs as well.
    links: list[tuple[str, str, str]] = field(default_factory=list)
    #: RFC 5005: a document that changes no more.
    archive: bool = False
    view: View | None = None

    def extend_ns(self) -> dict[str, str]:
        """For feedgen: prefixes that the whole document knows."""
        spaces = {"dc": DC, "media": MEDIA}
        if self.archive:
            spaces["fh"] = HISTORY
        if self.view:
            spaces["h"] = XHTML
        return spaces

    def extend_atom(self, feed: Any) -> Any:
        """For feedgen: *feed* is the root; entries come after."""
        # feedgen's Atom elements have no namespace in the tree, it is an attribute of the root.
        self._extend(feed, "link")
        return feed

    def extend_rss(self, rss: Any) -> Any:
        """For feedgen: *rss* is the root; items come after."""
        self._extend(rss[0], f"{{{ATOM}}}link")
        return rss

    def _extend(self, channel: Any, link: str) -> None:
        for relation, address, kind in self.links:
            told = etree.SubElement(channel, link, rel=relation, href=address)
            if kind:
                told.set("type", kind)
        if self.archive:
            etree.SubElement(channel, f"{{{HISTORY}}}archive")
        if self.view:
            channel.append(_page(self.view))
            _before(channel.getroottree().getroot(), self.view)


def _before(root: Any, view: View) -> None:
    """Put the style sheet, and a word to people who see the source, before *root*."""
    sheet = f'type="text/css" href="{view.style_url.replace("&", "&amp;")}"'
    root.addprevious(etree.ProcessingInstruction("xml-stylesheet", sheet))
    # Chromium shows RSS and Atom of their own media types as source, whatever the style sheet.
    told = [view.title, view.note, view.address, *(f"{name}: {url}" for name, url in view.ways)]
    root.addprevious(etree.Comment("\n " + "\n ".join(map(_comment, told)) + "\n"))


def _comment(text: str) -> str:
    # XML allows no two hyphens in a row there.
    return re.sub("-(?=-)", "-\u2060", text)


def _page(view: View) -> Any:
    """XHTML, which browsers show as such among other elements: with links, without a script."""

    def add(parent: Any, name: str, text: str = "", **attributes: str) -> Any:
        made = etree.SubElement(parent, f"{{{XHTML}}}{name}", attributes)
        made.text = text or None
        return made

    page = etree.Element(f"{{{XHTML}}}div", {_LANG: view.lang, "dir": view.dir})
    add(page, "h1", view.title)
    if view.about != view.title:
        add(page, "p", view.about)
    note = add(page, "p", view.note, **{"class": "note"})
    add(note, "code", view.address, dir="ltr")
    ways = add(page, "ul", **{"class": "ways"})
    for label, address in view.ways:
        add(add(ways, "li"), "a", label, href=address)
    newest = add(page, "ol")
    for title, address, date, lang, turned in view.newest:
        line = add(newest, "li")
        link = add(line, "a", title, href=address)
        if lang:
            link.set(_LANG, lang)
        link.set("dir", turned or view.dir)
        if date:
            add(line, "span", date)
    return page


@dataclass
class EntryParts:
    """What feedgen's entry has besides; it makes one without arguments (`register`)."""

    authors: Sequence[str] = ()
    #: Who told it: a publication.
    publisher: str = ""
    #: Our own page of what a publisher's page tells, for Atom.
    related: str = ""
    #: BCP 47, where it is not the feed's.
    lang: str = ""
    picture: Enclosure | None = None
    #: When it was corrected (RFC 3339), for RSS, which has no word for it; "" if it never was.
    updated: str = ""

    def extend_ns(self) -> dict[str, str]:
        """For feedgen: the root declares all prefixes."""
        return {}

    def extend_atom(self, entry: Any) -> Any:
        """For feedgen: *entry* is the element, its authors in it already."""
        if self.lang:
            entry.set(_LANG, self.lang)
        # feedgen forgets what kind of link the entry's own is.
        for link in entry.iterchildren("link"):
            link.attrib.update({"rel": "alternate", "type": "text/html"})
        if self.related:
            etree.SubElement(entry, "link", rel="related", href=self.related, type="text/html")
        picture = self.picture
        if picture:
            link = etree.SubElement(entry, "link", rel="enclosure", href=picture.url)
            if picture.type:
                link.set("type", picture.type)
            if picture.size is not None:
                link.set("length", str(picture.size))
        self._extend(entry)
        return entry

    def extend_rss(self, item: Any) -> Any:
        """For feedgen: *item* is the element."""
        # RSS's own author must have an address, which nobody wants in a feed.
        for author in self.authors:
            _put(item, "dc", DC, "creator").text = author
        if self.lang:
            _put(item, "dc", DC, "language").text = self.lang
        if self.updated:
            _put(item, "atom", ATOM, "updated").text = self.updated
        picture = self.picture
        # RSS demands the length, so only pictures of ours can be enclosures; all are media.
        if picture and picture.type and picture.size is not None:
            size = str(picture.size)
            etree.SubElement(item, "enclosure", url=picture.url, type=picture.type, length=size)
        self._extend(item)
        return item

    def _extend(self, entry: Any) -> None:
        if self.publisher:
            _put(entry, "dc", DC, "publisher").text = self.publisher
        picture = self.picture
        if not picture:
            return
        content = _put(entry, "media", MEDIA, "content", url=picture.url, medium="image")
        known = {
            "type": picture.type,
            "fileSize": picture.size,
            "width": picture.width,
            "height": picture.height,
        }
        for name, value in known.items():
            if value:
                content.set(name, str(value))
        # No media:description: readers take it for the entry's own.  The alt text is in the HTML.
        if picture.credit:
            _put(content, "media", MEDIA, "credit").text = picture.credit
        thumbnail = _put(entry, "media", MEDIA, "thumbnail", url=picture.url)
        if picture.width and picture.height:
            thumbnail.set("width", str(picture.width))
            thumbnail.set("height", str(picture.height))


def _put(parent: Any, prefix: str, space: str, name: str, **attributes: str) -> Any:
    # Entries are made apart from their feed: the prefix must come with them.
    return etree.SubElement(parent, f"{{{space}}}{name}", attributes, nsmap={prefix: space})


def register(feed: Any) -> FeedParts:
    """Give feedgen's *feed*, and all entries made after this, their parts."""
    feed.register_extension(NAME, FeedParts, EntryParts)
    parts: FeedParts = getattr(feed, NAME)
    return parts
