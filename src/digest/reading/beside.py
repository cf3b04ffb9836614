"""The pictures in a folder, as a document in it names them.

A note says ``![The quay](harbour.jpg)``, a saved page ``<img src="page_files/quay.jpg">``, and
beside ``ferry.txt`` lies ``ferry.jpg``.  Only what lies there is found, by its name: the folder is
looked at by whoever read it, and no address from outside ever becomes one of ours.  Pure.
"""

import posixpath
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from digest.model import Document, Image, Kind

#: Of addresses of pictures in folders: ``folder:SOURCE/NAME``.
SCHEME: Final = "folder:"
#: File names of pictures end so, in small or capital letters.
ENDINGS: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif")
_LONGEST: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The pictures of one source's folder, seen from a document in it."""

    #: The source's id.
    source_id: str
    #: The document's name in the folder, with "/".
    document: str = ""
    #: Of all pictures, relative to the source's folder.
    names: frozenset[str]

    def find(self, link: str | None) -> str | None:
        """The address of the picture that *link* means; None if none lies there."""
        if not link or len(link) > _LONGEST:
            return None
        here = posixpath.dirname(self.document)
        link = link.strip().replace("\\", "/")
        for written in (link, unquote(link), unquote(link.partition("?")[0])):
            # What leads out of the folder begins with "..", and is none of the names.
            name = posixpath.normpath(posixpath.join(here, written))
            if name in self.names:
                return f"{SCHEME}{self.source_id}/{name}"
        return None

    def own(self) -> str | None:
        """The address of the picture that is called like the document itself."""
        stem = posixpath.splitext(self.document)[0]
        names = (stem + end for ending in ENDINGS for end in (ending, ending.upper()))
        found = next((name for name in names if name in self.names), None)
        return f"{SCHEME}{self.source_id}/{found}" if found else None


def with_own_picture(document: Document, beside: Beside) -> Document:
    """*document* with the picture of its own name, if it is one article that names none."""
    articles = [item for item in document.items if item.kind is Kind.ARTICLE]
    url = beside.own() if len(articles) == 1 else None
    if url is None or (articles[0].image is not None and articles[0].image.url):
        return document
    article = articles[0]
    # A page saved as text has what is written under the picture, and not the picture.
    pictured = replace(article, image=replace(article.image or Image(), url=url))
    items = tuple(pictured if item is article else item for item in document.items)
    return replace(document, items=items)
