"""What is read: items as a source told them, documents, and what hosts ask of us."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """An *article* has a page of its own; a *brief* is a short timestamped note."""

    ARTICLE = "article"
    BRIEF = "brief"


class BlockKind(StrEnum):
    """What a run of text is in the body of an item."""

    PARAGRAPH = "paragraph"
    SUBHEAD = "subhead"
    LIST_ITEM = "list-item"
    QUOTATION = "quotation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One paragraph, subhead, list item or set-off quotation: plain text on one line."""

    kind: BlockKind = BlockKind.PARAGRAPH
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The picture of an item.  A page saved as text has its caption and credit but no *url*."""

    url: str | None = None
    alt: str | None = None
    caption: str | None = None
    credit: str | None = None
    #: Pixels, when the source says.
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A teaser for another article, found embedded in an item: never part of its text."""

    #: "opinion" when the card says so, else "related".
    kind: str = "related"
    title: str
    teaser: str = ""
    author: str | None = None
    site: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawItem:
    """One article or brief as a source told it: plain text, not yet cleaned or judged."""

    kind: Kind
    #: "" when a brief has no headline of its own.
    title: str
    #: The source's own identifier (guid, Atom id, Message-ID); None if it has none.
    guid: str | None = None
    url: str | None = None
    #: None when the source says nothing, or nothing that can be read with certainty.
    published_at: datetime | None = None
    #: The source gave a day and no clock; *published_at* is that day's midnight.
    day_only: bool = False
    updated_at: datetime | None = None
    authors: tuple[str, ...] = ()
    #: BCP 47, when the document or source says.
    language: str | None = None
    #: The publisher's own summary, if it wrote one.
    standfirst: str | None = None
    blocks: tuple[Block, ...] = ()
    #: The publisher's categories and tags, as written.
    topics: tuple[str, ...] = ()
    image: Image | None = None
    cards: tuple[Card, ...] = ()
    reading_min: int | None = None
    #: The publication's name, when the document tells it.
    site: str | None = None
    #: The body as HTML with its links and pictures, as the source told it: NOT safe, and to be
    #: shown or kept only after `reading.safehtml.safe_bodies`.  "" when it is told in plain text.
    html: str = ""
    #: What relative links in *html* count from; None if nothing is known of that.
    html_base: str | None = None
    #: What stands here is only the beginning of what stands at *url*.
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link to an article, as a section page or a sitemap lists it."""

    #: Absolute, http(s).
    url: str
    title: str = ""
    published_at: datetime | None = None
    #: When the page last changed, as a sitemap tells it.
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedManners:
    """What a feed says about being asked again."""

    #: RSS <ttl>, or the syndication module's period: minutes that an answer stays good.
    ttl_min: int | None = None
    #: RSS <skipHours>: hours of the day, 0-23, UTC, in which nobody need ask.
    skip_hours: frozenset[int] = frozenset()
    #: RSS <skipDays>: Monday is 0, UTC.
    skip_days: frozenset[int] = frozenset()
    #: WebSub: where to subscribe, and what for (rel="hub", rel="self").
    hub: str | None = None
    topic: str | None = None
    #: RFC 5005: the document with the entries before these (rel="prev-archive" or "next").
    older: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """How one document was understood: what `digest read` shows."""

    #: File path or URL, as named.
    name: str
    #: page-text, html, feed, markdown, mail, front, sitemap; "unreadable" when nothing was found.
    kind: str
    #: At most one article for a page; many for a feed.  Briefs in document order.
    items: tuple[RawItem, ...] = ()
    #: What could not be read, each a sentence that says what to do.
    problems: tuple[str, ...] = ()
    #: The publication's name, when the document tells it.
    site: str | None = None
    #: Of a section page or sitemap: the articles it lists, in its order.
    links: tuple[Link, ...] = ()
    #: Of a sitemap that is an index: the sitemaps it lists, newest first.
    maps: tuple[str, ...] = ()
    #: Of a feed.
    manners: FeedManners = FeedManners()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostWait:
    """A host, or all hosts of a registrable domain, that asked to be left alone for a while."""

    #: "example.org"; of a registrable domain with a dot in front, ".example.org".
    host: str
    until: datetime
    #: What it answered: "429 Too Many Requests".
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsFile:
    """The robots.txt of an origin, as last fetched (RFC 9309)."""

    #: "https://example.org", with a port unless it is the scheme's own.
    origin: str
    #: HTTP status; 0 when there was none.
    status: int
    text: str = ""
    fetched_at: datetime


class IdentityRule(StrEnum):
    """By what the items of a source are known again; each rule trusts the source less.

    A source whose guids are empty or repeated is judged by the next rule, and for ever.
    """

    GUID = "guid"
    LINK = "link"
    LINK_DATE = "link-date"
    LINK_DATE_TITLE = "link-date-title"
