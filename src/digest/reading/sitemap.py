"""Sitemaps (sitemaps.org, with Google's news names) to the links they list, newest first.

Behind the door: XML, plain lists of addresses, and indexes of further sitemaps.  Not behind it:
fetching those, and whether a page is an article (see `page`).  Pure.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from lxml import etree

from digest.errors import ParseError
from digest.model import Document, Link
from digest.reading.dates import read_date
from digest.reading.feedxml import parse_xml
from digest.reading.hints import Hints, absolute
from digest.reading.markup import plain
from digest.reading.repair import Xml, prepare, repair, root_name, to_text

#: What the protocol allows in one file.
MOST_LINKS: Final = 50_000
_ROOTS: Final = ("urlset", "sitemapindex")
#: Dates that only guessing could read: it costs milliseconds each.
_MOST_GUESSES: Final = 200
_LONGEST_TITLE: Final = 1_000


def read_sitemap(data: bytes, hints: Hints, *, name: str = "") -> Document:
    """Read a sitemap: `Document.links`; of an index, `Document.maps`.  Both newest first.

    A link's date is its news:publication_date, else its lastmod, which is never too early; its
    lastmod is also kept by itself.  Links without a date come last, in the sitemap's order.  At
    most `MOST_LINKS`.

    Raises:
        ParseError: not a sitemap, or one in which no address can be made out.
    """
    text = to_text(data, hints.content_type)
    if text.lstrip()[:1] == "<":
        found, index, problems = _of_xml(text, hints)
    else:
        found, index, problems = _of_lines(text, hints), False, ()
    by_url: dict[str, Link] = {}
    for link in found:
        by_url.setdefault(link.url, link)
    if len(by_url) > MOST_LINKS:
        problems += (f"The sitemap has more than {MOST_LINKS} addresses; the rest was not read.",)
    kept = _newest_first(list(by_url.values())[:MOST_LINKS])
    if not kept and not problems:
        problems = ("The sitemap lists nothing at present; look at it again later.",)
    return Document(
        name=name or hints.url or "",
        kind="sitemap",
        problems=problems,
        links=() if index else tuple(kept),
        maps=tuple(link.url for link in kept) if index else (),
    )


def _newest_first(links: list[Link]) -> list[Link]:
    dated = [link for link in links if link.published_at is not None]
    dated.sort(key=lambda link: link.published_at or datetime.min.replace(tzinfo=UTC), reverse=True)
    return dated + [link for link in links if link.published_at is None]


def _of_xml(text: str, hints: Hints) -> tuple[list[Link], bool, tuple[str, ...]]:
    named = root_name(text)
    if named not in _ROOTS:
        what = f"has the root <{named[:40]}>" if named else "holds no element"
        raise ParseError("", f"is not a sitemap: it {what}; check the address")
    root, problems = _root(prepare(text))
    dates = _Dates(hints)
    found: list[Link] = []
    for entry in root:
        if len(found) > MOST_LINKS:
            break
        link = _link(dict(_told(entry)), hints.url, dates)
        if link is not None:
            found.append(link)
    if problems and not found:
        raise ParseError("", "is a sitemap of broken XML, and no address can be made out of it")
    return found, named == "sitemapindex", problems


def _root(xml: Xml) -> tuple[Any, tuple[str, ...]]:
    try:
        return parse_xml(xml.text), ()
    except etree.XMLSyntaxError:
        xml = repair(xml)
    try:
        return parse_xml(xml.text), ()
    except etree.XMLSyntaxError:
        problem = "The sitemap is broken XML; what could be made out was read. Tell the publisher."
    # Addresses and dates lose nothing by it, as texts would.
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, encoding="utf-8"
    )
    root = etree.fromstring(xml.text.encode("utf-8", "replace"), parser)
    return (root if root is not None else ()), (problem,)


def _told(entry: Any) -> Iterator[tuple[str, str]]:
    """Local names, in lower case, and texts of what stands in *entry* and in its news:news."""
    for child in entry.iter(tag=etree.Element):
        local = child.tag.rpartition("}")[2].lower()
        if child.text and child.text.strip():
            # A picture or a video has titles and places of its own.
            if child.getparent() is not entry and not _of_news(child):
                continue
            yield local, child.text.strip()


def _of_news(element: Any) -> bool:
    parent = element.getparent()
    return parent is not None and str(parent.tag).rpartition("}")[2].lower() == "news"


def _link(told: dict[str, str], base: str | None, dates: "_Dates") -> Link | None:
    url = absolute(told.get("loc"), base)
    if url is None:
        return None
    changed_at = dates.read(told.get("lastmod"))
    at = dates.read(told.get("publication_date")) or changed_at
    title = told.get("title", "")[:_LONGEST_TITLE]
    return Link(
        url=url,
        title=plain(title) if title else "",
        published_at=at,
        changed_at=changed_at,
    )


def _of_lines(text: str, hints: Hints) -> list[Link]:
    lines = [line.strip() for line in text.splitlines()[: 2 * MOST_LINKS] if line.strip()]
    urls = [url for line in lines if (url := absolute(line, None))]
    if not lines or len(urls) * 10 < len(lines) * 9:
        raise ParseError(
            "", "is not a sitemap: neither XML nor a list of addresses; check the address"
        )
    return [Link(url=url) for url in urls]


class _Dates:
    """Reads W3C dates fast, other forms as long as they are few."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints
        self._home = ZoneInfo(hints.timezone)
        self._guesses = 0

    def read(self, text: str | None) -> datetime | None:
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return self._guess(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._home)
        try:
            return moment.astimezone(UTC) if moment.year > 1970 else None
        except OverflowError:
            return None

    def _guess(self, text: str) -> datetime | None:
        if self._guesses >= _MOST_GUESSES:
            return None
        self._guesses += 1
        moment = read_date(text, timezone=self._hints.timezone, language=self._hints.language)
        return moment.at if moment else None
