"""Where a site's feeds may be: what a page names, what looks like one, where they usually are.

Behind the door: what is this document to somebody in search of a feed, which links on a page
lead to feeds, and in which order they are worth a try.  Not behind it: trying them (see
`sources.discover`).  Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from selectolax.lexbor import LexborNode

from digest.errors import ParseError
from digest.model import FeedManners
from digest.reading.feed import FEED_ROOTS, read_feed
from digest.reading.hints import Hints, absolute
from digest.reading.markup import one_line, parse_html
from digest.reading.repair import root_name, to_text, unpack
from digest.urls import canonical_url

#: Looked at, of one page.
_MOST_TAGS: Final = 500
_MOST_ANCHORS: Final = 5_000
MOST_LINKS: Final = 50
_LONGEST_TITLE: Final = 200
_HEAD_BYTES: Final = 20_000
_END_CHARS: Final = 160

_FLAVOURS: Final = {"rss": "an RSS feed", "rdf": "an RSS 1.0 feed", "feed": "an Atom feed"}
_FEED_TYPE = re.compile(
    r"(?:application|text)/(?:x[.-])?(?:rss|atom|rdf|feed)(?:\+xml|\+json)?", re.IGNORECASE
)
#: Could be anything: only with an address that looks like a feed's.
_VAGUE_TYPES: Final = frozenset(("application/json", "application/xml", "text/xml"))
_FEED_PATH = re.compile(
    r"/(?:feeds?|rss2?|atom|rdf|xmlfeed)(?:/(?!.*\.html?$)[\w./-]{0,60})?$"
    r"|\.(?:rss|atom|rdf)$"
    r"|/[\w-]{0,40}(?:rss|atom|feed)[\w-]{0,40}\.(?:xml|json|php|aspx?)$"
    r"|/index\.(?:xml|rdf)$",
    re.IGNORECASE,
)
_FEED_QUERY = re.compile(r"(?:^|&)(?:feed|format|type|output|alt)=(?:rss2?|atom|rdf|feed)\b", re.I)
_NO_FEED = re.compile(r"sitemap|wp-json|oembed|opensearch|\.opml$|/xmlrpc", re.IGNORECASE)
_FEED_WORDS = re.compile(r"\W*(?:rss|atom|xml)(?:[\s-]*(?:feed|2\.0))?\W*|\W*feed\W*", re.I)
_COMMENTS = re.compile(
    r"comments?\W*feed|comments? on\b|kommentar|commentaire|comentario|коментар|комментар", re.I
)
_COMMENTS_PATH = re.compile(r"/(?:comments?|replies)(?:[/.?]|$)|[?&]feed=comments", re.IGNORECASE)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|title|meta|link|div|p|a)\b", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", re.I)
#: In the order in which sites use them.
_ROOT_PLACES: Final = (
    "feed", "rss.xml", "atom.xml", "feed.xml", "index.xml", "rss", "feed.json",
    "feeds/posts/default",
)  # fmt: skip
_FOLDER_PLACES: Final = ("feed", "index.xml", "rss")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLink:
    """A link on a page that leads to a feed, or looks as if it did."""

    url: str
    title: str = ""
    #: "named" by the page for programs, or "linked" for people.
    how: str = "named"
    #: Of what people say about the news, not of the news.
    comments: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSummary:
    """A feed without its entries."""

    #: With its article: "an Atom feed".
    flavour: str
    title: str = ""
    items: int = 0
    newest: datetime | None = None
    manners: FeedManners = field(default_factory=FeedManners)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a document is to somebody in search of a feed."""

    #: "feed", "html", "sitemap" or "other".
    kind: str
    #: Of a feed.
    feed: FeedSummary | None = None
    #: Of a page: its name, the address it gives itself, the feeds on it, best first.
    title: str = ""
    canonical: str | None = None
    #: It says of itself that it is one article, whatever else it lists.
    article: bool = False
    links: tuple[FeedLink, ...] = ()
    #: Why it is no feed: "is …; do this".
    why: str = ""


def look(data: bytes, hints: Hints) -> Look:
    """What *data* is; never raises for bad input."""
    try:
        return Look(kind="feed", feed=_summary(data, hints))
    except ParseError as error:
        why = str(error)
    try:
        text = _text(data, hints)
    except ParseError as error:
        return Look(kind="other", why=str(error))
    root = root_name(text)
    if root in ("urlset", "sitemapindex"):
        return Look(kind="sitemap", why=why)
    if root in FEED_ROOTS or root == "opml" or not _HTML.search(text, 0, _HEAD_BYTES):
        return Look(kind="other", why=why)
    try:
        return replace(_page(text, hints), why=why)
    except ParseError as error:
        return Look(kind="html", why=str(error))


def feed_links(data: bytes, hints: Hints) -> tuple[FeedLink, ...]:
    """The feeds that a page names, then those it links to on its own site; comments last.

    Raises:
        ParseError: the page cannot be read at all.
    """
    return _page(_text(data, hints), hints).links


def usual_places(url: str) -> tuple[str, ...]:
    """Addresses where the site of *url* may have a feed, likeliest first, its own folder before."""
    parts = urlsplit(url)
    root = SplitResult(parts.scheme, parts.netloc, "/", "", "").geturl()
    folder, _, last = parts.path.rpartition("/")
    # "/sport" is mostly a folder without its slash; "/sport.html" is a page.
    path = f"{parts.path}/" if last and "." not in last else f"{folder}/"
    here = urljoin(root, path)
    guesses = [root + place for place in _ROOT_PLACES]
    if here != root and path.count("/") < 6:
        guesses = [here + place for place in _FOLDER_PLACES] + guesses
    return tuple(dict.fromkeys(guesses))


def same_site(one: str, other: str) -> bool:
    """Whether two addresses are of one host, or of a host and another beneath it."""
    a, b = _host(one), _host(other)
    return bool(a and b) and (a == b or a.endswith(f".{b}") or b.endswith(f".{a}"))


def is_comments(url: str, title: str) -> bool:
    """Whether a feed brings what readers say, not what the publisher does."""
    return bool(_COMMENTS.search(title[:_LONGEST_TITLE]) or _COMMENTS_PATH.search(url))


# --------------------------------------------------------------------- a feed


def _summary(data: bytes, hints: Hints) -> FeedSummary:
    document = read_feed(data, hints)
    moments = (item.published_at or item.updated_at for item in document.items)
    head = to_text(unpack(data).lstrip()[:_HEAD_BYTES], hints.content_type)
    json = head.lstrip().startswith(("{", "["))
    return FeedSummary(
        flavour="a JSON feed" if json else _FLAVOURS.get(root_name(head) or "", "a feed"),
        title=one_line(document.site)[:_LONGEST_TITLE],
        items=len(document.items),
        newest=max((moment for moment in moments if moment), default=None),
        manners=document.manners,
        problems=document.problems,
    )


# --------------------------------------------------------------------- a page


def _text(data: bytes, hints: Hints) -> str:
    declared = _META_CHARSET.search(data[:4_096])
    return to_text(data, hints.content_type, declared=declared[1].decode() if declared else None)


def _page(text: str, hints: Hints) -> Look:
    root = parse_html(text)
    if root is None:
        return Look(kind="html")
    told = root.css_first("base[href]")
    base = (absolute(told.attributes.get("href"), hints.url) if told else None) or hints.url
    canonical = None
    named: list[FeedLink] = []
    for node in root.css("link[rel][href]")[:_MOST_TAGS]:
        rel = (node.attributes.get("rel") or "").lower().split()
        if "canonical" in rel and canonical is None:
            canonical = _address(node, base)
        elif "alternate" in rel or "feed" in rel:
            named.extend(_named(node, base))
    linked = (link for node in root.css("a[href]")[:_MOST_ANCHORS] for link in _linked(node, base))
    title = root.css_first("title")
    return Look(
        kind="html",
        title=_label(title.text() if title else ""),
        canonical=canonical,
        article=_is_article(root),
        links=_ranked([*named, *linked]),
    )


def _is_article(root: LexborNode) -> bool:
    told = root.css_first('meta[property="og:type"]')
    kind = (told.attributes.get("content") or "") if told else ""
    return kind.strip().lower() == "article" or (
        root.css_first('meta[property="article:published_time"]') is not None
    )


def _ranked(links: list[FeedLink]) -> tuple[FeedLink, ...]:
    """Each feed once, where it was met first; the page's own order, comments last."""
    once: dict[str, FeedLink] = {}
    for link in links:
        once.setdefault(canonical_url(link.url) or link.url, link)
    return tuple(sorted(once.values(), key=lambda link: link.comments)[:MOST_LINKS])


def _named(node: LexborNode, base: str | None) -> Iterator[FeedLink]:
    url = _address(node, base)
    kind = (node.attributes.get("type") or "").partition(";")[0].strip().lower()
    if url is None or _NO_FEED.search(url):
        return
    title = _label(node.attributes.get("title"))
    if _FEED_TYPE.fullmatch(kind) or (kind in _VAGUE_TYPES and _looks_like_feed(url)):
        yield FeedLink(url=url, title=title, comments=is_comments(url, title))


def _linked(node: LexborNode, base: str | None) -> Iterator[FeedLink]:
    written = node.attributes.get("href") or ""
    if written.startswith("#"):
        return
    url = _address(node, base)
    if url is None or base is None or _NO_FEED.search(url) or not same_site(url, base):
        return
    kind = (node.attributes.get("type") or "").partition(";")[0].strip()
    if _looks_like_feed(url) or _FEED_TYPE.fullmatch(kind) or _says_feed(node):
        title = _label(node.attributes.get("title") or node.text())
        yield FeedLink(url=url, title=title, how="linked", comments=is_comments(url, title))


def _address(node: LexborNode, base: str | None) -> str | None:
    url = absolute(node.attributes.get("href"), base)
    # It is shown on terminals and put into settings.
    return url.partition("#")[0] if url and url.isprintable() else None


def _looks_like_feed(url: str) -> bool:
    parts = urlsplit(url)
    # The end decides; a path of four thousand slashes is looked at no longer than others.
    path, query = parts.path[-_END_CHARS:], parts.query[-_END_CHARS:]
    return bool(_FEED_PATH.search(path) or _FEED_QUERY.search(query))


def _says_feed(node: LexborNode) -> bool:
    text = node.text().strip()
    return 0 < len(text) <= 20 and _FEED_WORDS.fullmatch(text) is not None


def _label(text: str | None) -> str:
    return one_line((text or "")[:2_000])[:_LONGEST_TITLE]


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return ""
