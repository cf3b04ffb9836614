"""A document that lists articles: a sitemap or a section page, whichever it is.  Pure."""

from digest.model import Document
from digest.reading.front import read_front
from digest.reading.hints import Hints
from digest.reading.repair import root_name, to_text, unpack
from digest.reading.sitemap import read_sitemap


def read_listing(data: bytes, hints: Hints) -> Document:
    """Read the links of a sitemap, or of a section page.

    Raises:
        ParseError: it lists no articles.
    """
    data = unpack(data)
    text = to_text(data, hints.content_type).lstrip()
    named = root_name(text) in ("urlset", "sitemapindex")
    # A sitemap may be a plain list of addresses (sitemaps.org).
    if named or text.startswith(("https://", "http://")):
        return read_sitemap(data, hints)
    return read_front(data, hints)
