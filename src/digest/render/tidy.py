"""Text and addresses from outside, made fit to be shown: one line, no tricks, links that are links.

Cleaning for meaning is the business of `editorial`; this is the last look before
a header, a page or a feed, where one stray character would break the whole.
"""

import re
import unicodedata
from ipaddress import ip_address
from urllib.parse import quote, urlsplit, urlunsplit

_BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
# Marks that reorder or hide text (UTS 39): a headline needs none of them.  The joiners
# U+200C and U+200D stay, Persian and emoji are written with them.
_TRICKS = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
# Not characters: UTF-8 or XML 1.0 cannot carry them.
_IMPOSSIBLE = re.compile("[\ud800-\udfff\ufffe\uffff]")

_URL_SAFE = "%/:=&?~#+!$,;'@()*[]-._"


def one_line(text: str) -> str:
    """Return *text* as one line: no controls, no bidi or zero-width tricks, no surrogates."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    # What hides goes first: spaces on its two sides must then become one.
    text = _IMPOSSIBLE.sub("\ufffd", _TRICKS.sub("", text))
    return _BREAKS.sub(" ", text).strip()


def shorten(text: str, limit: int) -> str:
    """Cut *text* at a word so that it has at most *limit* characters, an ellipsis included."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    # Scripts without spaces, and very long words, are cut where the room ends.
    if space > limit // 2:
        cut = cut[:space]
    return cut.rstrip(" ,;:.–—-·") + "…"


def web_url(url: str | None) -> str | None:
    """Return *url* as an absolute ASCII http(s) address, or None if it is not one."""
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except ValueError:  # also UnicodeError: a label that IDNA forbids
        return None
    # Credentials before the host only ever disguise where a link leads.
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return None
    if ":" in host:
        host = f"[{host}]"
    path, query, fragment = (
        quote(part, safe=_URL_SAFE, errors="replace")
        for part in (parts.path, parts.query, parts.fragment)
    )
    return urlunsplit((parts.scheme, quote(host, safe=_URL_SAFE) + port, path, query, fragment))


def picture_url(url: str | None) -> str | None:
    """Return *url* if a mail may load it: https, a public host by name; else None."""
    safe = web_url(url)
    if safe is None or not safe.startswith("https://"):
        return None
    host = urlsplit(safe).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        private = host.endswith((".local", ".internal", ".localhost", ".lan"))
        return None if private or "." not in host else safe
    return None


def host_of(url: str) -> str:
    """Return the host of *url* as readers know it, without ``www.``."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def direction(text: str) -> str:
    """Return "rtl" or "ltr" by the first strong letter of *text* (UAX 9, P2); "ltr" if none."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in ("R", "AL"):
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"
