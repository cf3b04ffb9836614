"""What a request's headers ask of a file: a coding, a condition, a part (RFC 9110 §8.8, 12–14).

Functions of header values as they came, in octets; a header that is not well-formed says
nothing, as the RFC wants.  What is done about it is for `digest.web.archive`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate, parsedate
from enum import Enum, auto
from functools import lru_cache
from typing import Final

Asked = Mapping[bytes, bytes]
Header = tuple[bytes, bytes]

#: Codings that we have, the one that is taken among equals first.
CODINGS: Final = ("br", "gzip", "identity")

_WANTED: Final = frozenset(
    (
        b"accept",
        b"accept-encoding",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-range",
        b"if-unmodified-since",
        b"range",
    )
)
_WEIGHT: Final = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
_TAG: Final = re.compile(rb'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_CLOCK: Final = r"\d\d:\d\d:\d\d"
_MONTH: Final = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE: Final = re.compile(
    rf"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d {_MONTH} \d{{4}} {_CLOCK} GMT"
    rf"|(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d\d-{_MONTH}-\d\d {_CLOCK} GMT"
    rf"|(Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_MONTH} [ \d]\d {_CLOCK} \d{{4}}"
)
_RANGE: Final = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})")


class Verdict(Enum):
    """What becomes of a request, as its conditions say."""

    SEND = auto()
    #: 304: they have it.
    SAME = auto()
    #: 412: it is not what they meant.
    FAILED = auto()


def asked_of(headers: Iterable[Header]) -> dict[bytes, bytes]:
    """The headers that matter here; a repeated one is a list (RFC 9110 §5.3)."""
    asked: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _WANTED:
            asked[name] = asked[name] + b", " + value if name in asked else value
    return asked


# --------------------------------------------------------------------- codings


@lru_cache(maxsize=512)
def codings(accepted: bytes | None) -> tuple[str, ...]:
    """Of `CODINGS` those that *accepted* (Accept-Encoding) takes, best first; perhaps none.

    >>> codings(b"gzip;q=0.5, br;q=0")
    ('gzip', 'identity')
    """
    if accepted is None:
        return ("identity",)
    weights: dict[str, float] = {}
    for part in accepted.decode("latin-1").lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = _weight(parameters)
        if name and weight is not None:
            weights[name.removeprefix("x-")] = weight
    other = weights.get("*")
    told = {name: weights.get(name, other) for name in CODINGS}
    # What is not mentioned is not wanted, except that plain octets always do.
    told = {
        name: (0.0001 if name == "identity" else 0.0) if weight is None else weight
        for name, weight in told.items()
    }
    wanted = [name for name in CODINGS if told[name]]
    return tuple(sorted(wanted, key=lambda name: -(told[name] or 0)))


def _weight(parameters: Iterable[str]) -> float | None:
    """The q of a coding, 1 without one; None if it cannot be read."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if _WEIGHT.fullmatch(value.strip()) else None
    return 1.0


# ------------------------------------------------------------------ conditions


def judge(asked: Asked, *, etag: bytes, modified: int | None) -> Verdict:
    """Decide a GET or HEAD in the order of RFC 9110 §13.2.2.

    Args:
        etag: of what would be sent, strong, with its quotes.
        modified: seconds since 1970 of its Last-Modified; None if it has none.
    """
    if b"if-match" in asked:
        if not _names(asked[b"if-match"], etag, weak=False):
            return Verdict.FAILED
    elif b"if-unmodified-since" in asked:
        since = _seconds(asked[b"if-unmodified-since"])
        if since is not None and modified is not None and modified > since:
            return Verdict.FAILED
    if b"if-none-match" in asked:
        # It wins: where tags are told, dates mean nothing.
        same = _names(asked[b"if-none-match"], etag, weak=True)
    else:
        since = _seconds(asked.get(b"if-modified-since", b""))
        same = since is not None and modified is not None and modified <= since
    return Verdict.SAME if same else Verdict.SEND


def _names(told: bytes, etag: bytes, *, weak: bool) -> bool:
    """Whether a list of tags, or ``*``, has *etag* in it."""
    if told.strip() == b"*":
        return True
    return any(tag == etag and (weak or not mark) for mark, tag in _TAG.findall(told))


@lru_cache(maxsize=512)
def _seconds(told: bytes) -> int | None:
    """Seconds since 1970 of an HTTP-date, in any of its three forms (RFC 9110 §5.6.7)."""
    text = told.decode("latin-1").strip()
    if not _DATE.fullmatch(text):
        return None
    parsed = parsedate(text)
    try:
        # There is no 31st of February, whatever the regular expression thinks.
        return int(datetime(*parsed[:6], tzinfo=UTC).timestamp()) if parsed else None
    except ValueError:
        return None


def http_date(seconds: int) -> bytes:
    """IMF-fixdate: ``Mon, 18 May 2026 04:00:00 GMT``."""
    return formatdate(seconds, usegmt=True).encode()


# ----------------------------------------------------------------------- parts


def part_of(asked: Asked, *, size: int, etag: bytes, modified: int | None) -> range | None:
    """The octets that a GET asks for; None for all of them, an empty range for none there are.

    One part only: more than one at once is answered with the whole, as RFC 9110 §14.2 allows.
    """
    match = _RANGE.fullmatch(asked.get(b"range", b"").strip())
    if match is None or not _still(asked, etag, modified):
        return None
    first, last = match.groups()
    if not first:
        return range(max(0, size - int(last)), size) if last else None
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


def _still(asked: Asked, etag: bytes, modified: int | None) -> bool:
    """Whether If-Range, if there is one, means what we have (§13.1.5): no weak tag, no nearly."""
    told = asked.get(b"if-range")
    if told is None:
        return True
    if told.strip().startswith((b'"', b"W/")):
        return told.strip() == etag
    return modified is not None and _seconds(told) == modified
