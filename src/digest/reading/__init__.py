"""Quiet room: octets in, `Document`s out.

Feeds, web pages, section pages, sitemaps, pages saved as text, Markdown and mails: what each of
them says, as `RawItem`s.  It decides by content what a document is; what cannot be read is a
`ParseError` that says what to do, or a sentence among the document's problems.  It never
asks the time, the network or the disk, so that any process can do it.

It does not know where the octets came from, nor what is worth printing.
"""

from digest.reading.document import document_json, read_document
from digest.reading.feed import read_feed
from digest.reading.hints import Hints
from digest.reading.listing import read_listing
from digest.reading.mailfile import read_mail
from digest.reading.page import read_page

__all__ = [
    "Hints",
    "document_json",
    "read_document",
    "read_feed",
    "read_listing",
    "read_mail",
    "read_page",
]
