"""Quiet room: octets in, `Document`s out.

Feeds, web pages, section pages, sitemaps, pages saved as text, Markdown and mails: what each of
them says, as `RawItem`s.  It decides by content what a document is; what cannot be read is a
`ParseError` that says what to do, or a sentence among the document's problems.  It never
asks the time, the network or the disk, so that any process can do it.

It does not know where the octets came from, nor what is worth printing.
"""

from collections.abc import Sequence

from digest.model import Document
from digest.reading.hints import Hints

__all__ = [
    "Hints",
    "document_json",
    "read_document",
    "read_feed",
    "read_listing",
    "read_mail",
    "read_page",
    "read_pushed",
    "safe_bodies",
]

# The readers and their parsers take a third of a second to load: the processes that read wait
# for them, a command that hands documents over does not.

#: What a process that reads has to load.
MODULES = (
    "digest.reading.document",
    "digest.reading.feedlinks",
    "digest.reading.listing",
    "digest.reading.picture",
    "digest.reading.pushed",
    "digest.reading.safehtml",
)
NO_HINTS = Hints()


def read_document(name: str, data: bytes, hints: Hints = NO_HINTS) -> Document:
    """Read *data*, whatever it is; never raises: see `document.read_document`."""
    from digest.reading import document

    return document.read_document(name, data, hints)


def document_json(shown: Document) -> dict[str, object]:
    """How a document was understood, as docs/document.schema.json has it."""
    from digest.reading import document

    return document.document_json(shown)


def read_feed(data: bytes, hints: Hints, *, name: str = "") -> Document:
    """Read a feed; `ParseError` if it is none: see `feed.read_feed`."""
    from digest.reading import feed

    return feed.read_feed(data, hints, name=name)


def read_listing(data: bytes, hints: Hints) -> Document:
    """Read the links of a section page or sitemap; `ParseError` if it lists no articles."""
    from digest.reading import listing

    return listing.read_listing(data, hints)


def read_mail(data: bytes, hints: Hints, *, name: str = "") -> Document:
    """Read one mail; `ParseError` if there is nothing in it: see `mailfile.read_mail`."""
    from digest.reading import mailfile

    return mailfile.read_mail(data, hints, name=name)


def read_page(data: bytes, hints: Hints, *, name: str = "") -> Document:
    """Read a web page; `ParseError` if there is no article in it: see `page.read_page`."""
    from digest.reading import page

    return page.read_page(data, hints, name=name)


def read_pushed(data: object, hints: Hints, *, name: str = "pushed") -> Document:
    """Read pushed items; `ParseError` with every fault: see `pushed.read_pushed`."""
    from digest.reading import pushed

    return pushed.read_pushed(data, hints, name=name)


def safe_bodies(told: Sequence[tuple[str, str | None]]) -> list[str]:
    """HTML of items, made safe: see `safehtml.safe_bodies`."""
    from digest.reading import safehtml

    return safehtml.safe_bodies(told)
