"""Loud room: the outside world in.

Give it a source, and it visits it politely and returns what it found there as
`Document`s: feeds, web pages, saved pages, notes and mails, each read into
`RawItem`s.  What cannot be read is an error that says what to do, or a
sentence among the document's problems; it never takes the rest down.

`fetch` and `Http` touch the network, `read_folder` the disk.  A folder is read as
pairs of a name and either bytes or the `SourceError` of that one file.  What the octets say is
`reading`'s to tell.

The room does not know what is worth printing: cleaning, identity across
sources and judgement are `editorial`'s, remembering is `store`'s.
"""

from typing import TYPE_CHECKING

from digest.doors import door

if TYPE_CHECKING:
    from digest.sources.collecting import Fetched, Known, fetch, fetch_older
    from digest.sources.folder import read_folder
    from digest.sources.http import Http, Response, Validators
    from digest.sources.readers import Readers
else:
    __getattr__ = door(
        __name__,
        {
            "collecting": "Fetched Known fetch fetch_older",
            "folder": "read_folder",
            "http": "Http Response Validators",
            "readers": "Readers",
        },
    )
