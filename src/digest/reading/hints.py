"""What is known about a document besides its bytes, and how its links are made absolute."""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from digest.reading.beside import Beside
from digest.urls import LONGEST_URL

#: What nearly all links look like: whole, and nothing in them to mend.
_PLAIN = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?:[/?#][!-~]*)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What is known about a document besides its bytes."""

    #: Where it came from: the base of relative links.
    url: str | None = None
    content_type: str | None = None
    #: BCP 47, of the source, for a document that does not say.
    language: str | None = None
    #: IANA name: the zone of clocks printed without one.
    timezone: str = "UTC"
    #: Of a document in a folder: the pictures that lie there.
    beside: Beside | None = None


@lru_cache(maxsize=2_048)
def absolute(link: str | None, base: str | None) -> str | None:
    """*link* as an http(s) address without white space; None for anything else.

    ``javascript:``, ``data:`` and friends are nothing a reader should be sent to.
    """
    if not link:
        return None
    if len(link) <= LONGEST_URL and _PLAIN.fullmatch(link):
        return link
    # HTML 5 strips white space inside attributes; feeds wrap long addresses.
    link = "".join(link.split())
    if not link or len(link) > LONGEST_URL:
        return None
    try:
        whole = link.startswith(("https://", "http://"))
        joined = urljoin(base, link) if base and not whole else link
        parts = urlsplit(joined)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    return joined
