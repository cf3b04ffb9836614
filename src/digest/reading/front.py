"""Section pages to the articles that they list.

Behind the door: which of a page's links are headlines and which are menus, labels and small
print; the picture, the headline and the "more" that lead to one page; the date beside them.
Structure decides, words only break ties: a headline is longer than a label, stands in a heading
or in a part of the page that repeats, and its address has a slug, a day or a number in it.
Not behind it: following the links (see `sources`).  Pure.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from selectolax.lexbor import LexborNode

from digest.errors import ParseError
from digest.model import Document, Link
from digest.reading.dates import read_date
from digest.reading.hints import Hints, absolute
from digest.reading.jsonld import address, objects, text_of, types
from digest.reading.markup import one_line, parse_html
from digest.reading.repair import to_text
from digest.urls import canonical_url

MOST_LINKS: Final = 500
#: Fewer are no list.
FEWEST_LINKS: Final = 3
#: Links looked at; a newspaper's front page has 600.
_MOST_ANCHORS: Final = 6_000
_MOST_ANCHORS_OF_ONE: Final = 10
_LONGEST_TITLE: Final = 300
#: Elements above a link among which its card is looked for.
_CARD_HEIGHT: Final = 7
#: Points that make a link an article's.
_ENOUGH: Final = 4

_NEVER: Final = frozenset(("nav", "footer", "aside", "menu", "dialog", "form", "address"))
_ROLES: Final = frozenset(
    ("navigation", "contentinfo", "complementary", "search", "menu", "menubar", "dialog")
)
_FURNITURE = re.compile(
    r"(?:^|[-_\s])(?:(?:site|page|global|main|top)-?(?:header|nav|menu|footer)|nav(?:bar|igation)?"
    r"|mega-?menu|menu|footer|sidebar|breadcrumbs?|pagination|pager|share|sharing|social|cookie"
    r"|consent|newsletter|subscribe|most-?(?:read|popular|viewed)|trending|advert|ads?|sponsor(?:ed)?"
    r"|promoted|outbrain|taboola|skip-link|masthead|language-switch\w*)(?:$|[-_\s])",
    re.IGNORECASE,
)
_HEADINGS: Final = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_HEADING: Final = (
    "h1, h2, h3, h4, h5, h6, [class*=headline], [class*=Headline], [class*=title], "
    "[itemprop=headline]"
)
_TIME: Final = "time, [datetime], [itemprop=datePublished], [class*=date], [class*=time]"
#: What leads to people, topics and pages of the same list.
_RELS: Final = frozenset(("author", "tag", "category", "next", "prev", "search", "license", "me"))

_DAY = re.compile(r"/(?:19|20)\d\d[/-]?(?:0?[1-9]|1[0-2]|[a-z]{3})(?:[/-]|\d\d[/-])")
_NUMBER = re.compile(r"(?<![0-9])\d{4,12}(?![0-9])|/\d{3,12}(?:\.\w{1,5})?$")
_QUERY_NUMBER = re.compile(
    r"(?:^|&)(?:p|id|art|article|articleid|story|nid|news|aid|sid)=\d+", re.I
)
_INDEX_WORDS = re.compile(
    "about|account|advertise|apps?|archive|authors?|autor|careers|categor(?:y|ies)|contact|cookies"
    "|faq|help|impressum|jobs|kontakt|legal|login|newsletters?|page|people|privacy|profile|register"
    "|rss|search|shop|signin|sitemap|subscribe|subscription|tags?|team|terms|topics?|users?",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|pdf|zip|mp[34]|css|js|xml|rss|ics)$", re.IGNORECASE
)
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_LISTS: Final = frozenset(("itemlist", "collectionpage", "blog", "searchresultspage"))
_NO_LISTS: Final = frozenset(("breadcrumblist", "sitenavigationelement"))


@dataclass(slots=True)
class _Found:
    """All that leads to one page."""

    url: str
    place: SplitResult
    #: In document order; none for what only JSON-LD tells.
    anchors: list[LexborNode] = field(default_factory=list)
    title: str = ""
    points: int = 0
    at: datetime | None = None
    #: JSON-LD lists it.
    listed: bool = False


def read_front(data: bytes, hints: Hints, *, name: str = "") -> Document:
    """Read a section page: `Document.links`, in its own order, each canonical address once.

    Only links of the same site count (the host, those below it and those above it).

    Raises:
        ParseError: it lists fewer than `FEWEST_LINKS` articles; the message says what to do.
    """
    root = parse_html(to_text(data, hints.content_type))
    if root is None:
        raise ParseError("", "holds no HTML element; check the address")
    told = root.css_first("base[href]")
    base = absolute(told.attributes.get("href"), hints.url) if told is not None else None
    page = hints.url or base
    if page is None:
        canonical = root.css_first("link[rel=canonical]")
        page = absolute(canonical.attributes.get("href"), None) if canonical else None
    found = _gathered(root, base or page, page)
    _take_listed(root, found, base or page, page)
    likely = [one for one in found.values() if one.listed or _may_be(one)]
    cards = _Cards(likely)
    repeated = Counter(map(_shape, likely))
    language = root.attributes.get("lang") or hints.language
    site = _site(urlsplit(canonical_url(page) or "").hostname)
    for one in likely:
        card = cards.of(one)
        one.title = _title(one, card)
        one.points += _points(one, card, repeated[_shape(one)])
        if _site(one.place.hostname) != site:
            one.points -= 1
        if one.points >= _ENOUGH and one.title:
            one.at = one.at or _moment(card, hints, language)
    _raise_alike(found.values())
    kept = [one for one in found.values() if one.points >= _ENOUGH and one.title][:MOST_LINKS]
    if len(kept) < FEWEST_LINKS:
        raise ParseError(
            "",
            f"lists no articles: fewer than {FEWEST_LINKS} links in it look like headlines; give "
            "the address of the site's feed, of its sitemap, or of a page that lists its news",
        )
    return Document(
        name=name or hints.url or "",
        kind="front",
        links=tuple(Link(url=one.url, title=one.title, published_at=one.at) for one in kept),
    )


# ------------------------------------------------------------------ what is there


def _gathered(root: LexborNode, base: str | None, page: str | None) -> dict[str, _Found]:
    """Links that may be articles, by canonical address, in document order."""
    here = canonical_url(page)
    site = _site(urlsplit(here).hostname if here else None)
    outside = _Outside()
    found: dict[str, _Found] = {}
    for node in root.css("a[href]")[:_MOST_ANCHORS]:
        told = node.attributes
        if _RELS & set((told.get("rel") or "").lower().split()):
            continue
        url = canonical_url(absolute(told.get("href"), base))
        if url is None or url == here or outside.holds(node):
            continue
        known = found.get(url)
        if known is None:
            place = urlsplit(url)
            if not _same_site(place.hostname, site) or _FILE.search(place.path):
                continue
            known = found[url] = _Found(url=url, place=place)
        if len(known.anchors) < _MOST_ANCHORS_OF_ONE:
            known.anchors.append(node)
    return found


def _site(host: str | None) -> str | None:
    return host.removeprefix("www.") if host else None


def _same_site(host: str | None, site: str | None) -> bool:
    own = _site(host)
    if own is None or site is None or own == site:
        return own is not None
    # "example.org" is above "news.example.org"; "org" is above everything.
    above, below = sorted((own, site), key=len)
    return "." in above and below.endswith("." + above)


class _Outside:
    """Which elements are furniture; asked of each element once."""

    def __init__(self) -> None:
        self._known: dict[int, bool] = {}

    def holds(self, node: LexborNode) -> bool:
        asked: list[int] = []
        above: LexborNode | None = node.parent
        answer = False
        while above is not None and above.tag not in ("body", "html", "-document"):
            known = self._known.get(above.mem_id)
            if known is not None:
                answer = known
                break
            asked.append(above.mem_id)
            if self._is_furniture(above):
                answer = True
                break
            above = above.parent
        self._known.update(dict.fromkeys(asked, answer))
        return answer

    @staticmethod
    def _is_furniture(node: LexborNode) -> bool:
        tag = node.tag or ""
        if tag in _NEVER:
            return True
        told = node.attributes
        if (told.get("role") or "").lower() in _ROLES or "hidden" in told:
            return True
        # Of the site; an article's own header holds its headline.
        if tag == "header":
            parent = node.parent
            return parent is not None and parent.tag == "body"
        if tag in ("main", "article", "section") or tag in _HEADINGS:
            return False
        names = f"{told.get('class') or ''} {told.get('id') or ''}"
        if len(names) < 2 or not _FURNITURE.search(names):
            return False
        # A wrapper around everything is no furniture, whatever it is called.
        return node.css_first("main, article, h2 a, h3 a") is None


def _take_listed(
    root: LexborNode, found: dict[str, _Found], base: str | None, page: str | None
) -> None:
    """Mark what a JSON-LD list of the page tells, and add what only it tells."""
    here = canonical_url(page)
    site = _site(urlsplit(here).hostname if here else None)
    for thing in _entries(root):
        url = canonical_url(absolute(address(thing.get("url") or thing.get("@id")), base))
        if url is None or url == here:
            continue
        place = urlsplit(url)
        if url not in found and not _same_site(place.hostname, site):
            continue
        one = found.setdefault(url, _Found(url=url, place=place))
        one.listed = True
        one.title = one.title or text_of(thing.get("headline") or thing.get("name"))
        one.at = one.at or _iso(text_of(thing.get("datePublished")))


def _entries(root: LexborNode) -> Iterator[dict[str, Any]]:
    """Entries of lists of articles, one level below them."""
    for thing in objects(root):
        kinds = types(thing)
        if kinds & _NO_LISTS or not kinds & _LISTS:
            continue
        for key in ("itemListElement", "hasPart", "blogPost", "blogPosts"):
            entries = thing.get(key)
            for entry in (entries if isinstance(entries, list) else [entries])[:MOST_LINKS]:
                if isinstance(entry, dict):
                    inner = entry.get("item")
                    yield (entry | inner) if isinstance(inner, dict) else entry
                    if isinstance(inner, str):
                        yield entry | {"url": inner}


# -------------------------------------------------------------------- what it is


class _Cards:
    """The part of the page that belongs to one link: the largest that holds no other headline."""

    def __init__(self, found: Iterable[_Found]) -> None:
        self._within: dict[int, set[str]] = {}
        for one in found:
            for anchor in one.anchors:
                for node in _above(anchor):
                    self._within.setdefault(node.mem_id, set()).add(one.url)

    def of(self, one: _Found) -> LexborNode | None:
        card, height = None, -1
        # The link with the most around it: a picture may stand alone.
        for anchor in one.anchors:
            top, steps = anchor, 0
            for node in _above(anchor):
                if len(self._within.get(node.mem_id, ())) > 1 or node.tag == "main":
                    break
                top, steps = node, steps + 1
            if steps > height:
                card, height = top, steps
        return card


def _above(node: LexborNode) -> Iterator[LexborNode]:
    above = node.parent
    for _ in range(_CARD_HEIGHT):
        if above is None or above.tag in ("body", "html", "-document"):
            return
        yield above
        above = above.parent


def _may_be(one: _Found) -> bool:
    """Whether the link could be a headline's, seen alone."""
    return _of_address(one.place) > 0 or any(
        _is_headline(_text(anchor)) or _in_heading(anchor) for anchor in one.anchors
    )


def _text(node: LexborNode) -> str:
    return one_line(node.text(deep=True)[: 4 * _LONGEST_TITLE])


def _is_headline(text: str) -> bool:
    """Longer than a label, shorter than a paragraph."""
    if len(text) > _LONGEST_TITLE:
        return False
    if _CJK.search(text):
        return len(text) >= 9
    return len(text) >= 18 and len(text.split()) >= 3


def _in_heading(anchor: LexborNode) -> bool:
    above = (node.tag for _, node in zip(range(3), _above(anchor), strict=False))
    return any(tag in _HEADINGS for tag in above) or anchor.css_first(_HEADING) is not None


def _title(one: _Found, card: LexborNode | None) -> str:
    """The heading of the link, or of its card; else its longest words."""
    texts: list[str] = []
    for anchor in one.anchors:
        inner = anchor.css_first(_HEADING)
        if inner is not None and _text(inner):
            return _text(inner)[:_LONGEST_TITLE]
        if _in_heading(anchor) and _text(anchor):
            return _text(anchor)[:_LONGEST_TITLE]
        texts.append(_text(anchor))
    # A teaser below the headline may be a link too, and longer.
    best = next(filter(_is_headline, texts), "") or max(texts, key=len, default="")
    if card is not None and not _is_headline(best):
        heading = card.css_first(_HEADING)
        best = (_text(heading) if heading is not None else "") or best
    return one_line(best[:_LONGEST_TITLE]) or one.title


def _shape(one: _Found, *, classes: bool = False) -> str:
    """What repeats where articles are listed: the elements above the link, and their classes."""
    if not one.anchors:
        return ""
    above = [node for _, node in zip(range(4), _above(one.anchors[0]), strict=False)]
    if not classes:
        return ">".join(node.tag or "" for node in above)
    named = (f"{node.tag}.{node.attributes.get('class') or ''}" for node in above[:2])
    return ">".join(named)


def _points(one: _Found, card: LexborNode | None, alike: int) -> int:
    points = _of_address(one.place) + (4 if one.listed else 0)
    headed = any(_in_heading(anchor) for anchor in one.anchors)
    in_card = card is not None and card.tag != "a" and card.css_first(_HEADING) is not None
    points += 2 if headed else 1 if in_card else 0
    points += 2 if _is_headline(one.title) else -2
    dated = card is not None and card.css_first(_TIME) is not None
    listed = any(node.tag in ("article", "li") for a in one.anchors for node in _above(a))
    points += dated + listed
    if alike >= FEWEST_LINKS:
        points += 1
    elif one.anchors and not (dated or listed or one.listed):
        # Alone in its kind: an offer, a notice.
        points -= 2
    return points


def _raise_alike(found: Iterable[_Found]) -> None:
    """Take what is short, "Rain", where all that is made and addressed like it is a headline."""
    groups: dict[tuple[str, str], list[_Found]] = {}
    for one in found:
        if one.anchors:
            groups.setdefault((_shape(one, classes=True), _pattern(one.place)), []).append(one)
    for group in groups.values():
        sure = sum(one.points >= _ENOUGH for one in group)
        if sure >= FEWEST_LINKS and 2 * sure > len(group):
            for one in group:
                one.title = one.title or _title(one, None)
                one.points = max(one.points, _ENOUGH)


def _pattern(place: SplitResult) -> str:
    """What the addresses of one kind of page have in common."""
    keys = sorted(pair.partition("=")[0] for pair in place.query.split("&"))
    above, _, last = place.path.rpartition("/")
    # A day or a number above the last part differs from page to page.
    above = re.sub(r"[0-9]+", "0", above)
    return f"{above}/{last if place.query else ''}?{'&'.join(keys)}"


def _of_address(place: SplitResult) -> int:
    """What the address alone says, from -4 to 4: a slug, a day, a number; or a list's name."""
    path = unquote(place.path)
    parts = [part for part in path.split("/") if part]
    if not parts:
        return 2 if _QUERY_NUMBER.search(place.query) else -4
    last = re.sub(r"\.\w{1,5}$", "", parts[-1])
    points = 0
    hyphens = max(last.count("-"), last.count("_"))
    if hyphens >= 3:
        points += 2
    elif hyphens == 2:
        points += 1
    if _DAY.search(path + "/") or _NUMBER.search(path) or _QUERY_NUMBER.search(place.query):
        points += 2
    if any(_INDEX_WORDS.fullmatch(part) for part in parts):
        points -= 4
    elif points == 0:
        points -= 1 if len(parts) > 1 else 2
    return max(-4, min(points, 4))


# ------------------------------------------------------------------------- when


def _moment(card: LexborNode | None, hints: Hints, language: str | None) -> datetime | None:
    for node in card.css(_TIME)[:4] if card is not None else ():
        told = node.attributes
        text = told.get("datetime") or told.get("content") or _text(node)
        moment = read_date(text, timezone=hints.timezone, language=language)
        if moment is not None and moment.at.year > 1970:
            return moment.at
    return None


def _iso(text: str) -> datetime | None:
    moment = read_date(text) if text else None
    return moment.at if moment else None
