"""Loud room: the outside world in.

Give it a source, and it visits it politely and returns what it found there as
`Document`s: feeds, web pages, saved pages, notes and mails, each read into
`RawItem`s.  What cannot be read is an error that says what to do, or a
sentence among the document's problems; it never takes the rest down.

`read_document` decides by content what a document is, and is pure; `fetch`
and `Http` touch the network, `read_folder` the disk.  A folder is read as
pairs of a name and either bytes or the `SourceError` of that one file.

The room does not know what is worth printing: cleaning, identity across
sources and judgement are `editorial`'s, remembering is `store`'s.
"""

from digest.sources.collecting import Fetched, fetch
from digest.sources.document import document_json, read_document
from digest.sources.folder import read_folder
from digest.sources.hints import Hints
from digest.sources.http import Http, Response, Validators

__all__ = [
    "Fetched",
    "Hints",
    "Http",
    "Response",
    "Validators",
    "document_json",
    "fetch",
    "read_document",
    "read_folder",
]
