"""What a response head says about time and place: freshness, waiting, dates, links.

Pure: the time of reading is an argument, and wherever the server gives its own
`Date`, that counts instead, so that a clock that is wrong on either side does
no harm (RFC 9111, RFC 9110 5.6.7 and 10.2.3, RFC 8288).  Nothing is fetched and
nothing is stored here.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urljoin

#: RFC 9111 1.2.2: what is larger counts as this (68 years).
_FOR_EVER: Final = 2**31
#: Longer fields are attacks, not headers.
_LONGEST: Final = 8_000
_MOST_LINKS: Final = 64

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_FIXDATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII
)
_DIRECTIVE: Final = re.compile(
    r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*=[ \t]*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s,;\"]*)))?"
)
_LINK_PARAMETER: Final = re.compile(
    r"[ \t]*;[ \t]*([!#$&+.^_`|~0-9A-Za-z-]+\*?)"
    r"(?:[ \t]*=[ \t]*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s,;\"]*)))?"
)


class Head:
    """The header fields of a response, found by lower-case name."""

    __slots__ = ("_fields",)

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._fields: dict[bytes, list[bytes]] = {}
        for name, value in raw:
            self._fields.setdefault(name.lower(), []).append(value)

    def first(self, name: bytes) -> str | None:
        """The field, octet for octet as Latin-1; None if it is absent or empty."""
        values = self._fields.get(name)
        return values[0].decode("latin-1") or None if values else None

    def joined(self, name: bytes) -> str:
        """All fields of that *name* as one list; "" if there is none (RFC 9110 5.3)."""
        values = self._fields.get(name)
        return b", ".join(values).decode("latin-1") if values else ""

    def address(self, name: bytes) -> str:
        """As `first`, of a field that holds an address, or ""; servers write those in UTF-8 too."""
        return _in_utf_8(self.first(name) or "")

    def addresses(self, name: bytes) -> str:
        """As `joined`, of a field that holds addresses."""
        return _in_utf_8(self.joined(name))

    def __contains__(self, name: bytes) -> bool:
        return name in self._fields


def _in_utf_8(text: str) -> str:
    try:
        return text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return text


def http_date(text: str | None) -> datetime | None:
    """An HTTP date in any of its three forms, and in what servers write instead; UTC.

    >>> http_date("Mon, 18 May 2026 10:00:00 GMT").isoformat()
    '2026-05-18T10:00:00+00:00'
    """
    if not text or len(text) > 64:
        return None
    try:
        if match := _FIXDATE.fullmatch(text.strip()):
            day, month, year, hour, minute, second = match.groups()
            # A leap second is the one before it.
            clock = (int(hour), int(minute), min(int(second), 59))
            return datetime(int(year), _MONTHS[month], int(day), *clock, tzinfo=UTC)
        found = parsedate_to_datetime(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, LookupError, TypeError):
        return None


def freshness(head: Head, now: datetime) -> float | None:
    """Seconds for which the server calls its answer fresh; None if it does not say.

    `max-age` before `Expires`, which is relative to the server's own Date; less `Age`.
    0 for no-store, no-cache, what is past, and what cannot be read (RFC 9111 4.2.1 and 5.3).
    `s-maxage` is for caches that serve several people, which we do not.
    """
    control = head.joined(b"cache-control")
    expires = head.first(b"expires")
    if not control and expires is None:
        return None
    told: dict[str, str | None] = {}
    for name, quoted, plain in _DIRECTIVE.findall(control[:_LONGEST]):
        # Of a directive given twice the first counts.
        told.setdefault(name.lower(), quoted or plain or None)
    if "no-store" in told or ("no-cache" in told and told["no-cache"] is None):
        return 0.0
    if "max-age" in told:
        lasts = float(_seconds(told["max-age"]) or 0)
    elif expires is not None:
        until = http_date(expires)
        if until is None:
            return 0.0
        lasts = (until - (http_date(head.first(b"date")) or now)).total_seconds()
    else:
        return None
    return max(0.0, lasts - (_seconds(head.first(b"age")) or 0))


def retry_after(head: Head, now: datetime) -> float | None:
    """Seconds that the server asks us to wait; None if it does not, or unreadably.

    A date is relative to the server's own Date (RFC 9110 10.2.3).
    """
    told = head.first(b"retry-after")
    if told is None:
        return None
    seconds = _seconds(told)
    if seconds is not None:
        return float(seconds)
    until = http_date(told)
    if until is None:
        return None
    return max(0.0, (until - (http_date(head.first(b"date")) or now)).total_seconds())


def _seconds(text: str | None) -> int | None:
    text = (text or "").strip()
    if not text.isascii() or not text.isdigit():
        return None
    return min(int(text[:12]), _FOR_EVER)


def links(text: str, base: str) -> dict[str, str]:
    """The Link fields of a response (RFC 8288): each relation's first absolute http(s) address.

    Args:
        text: all Link fields, joined by commas.
        base: the address of the response.
    """
    found: dict[str, str] = {}
    text = text[:_LONGEST]
    at = 0
    for _ in range(_MOST_LINKS):
        start = text.find("<", at)
        end = text.find(">", start)
        if start < 0 or end < 0:
            break
        at = end + 1
        parameters: dict[str, str] = {}
        while match := _LINK_PARAMETER.match(text, at):
            name, quoted, plain = match.groups()
            parameters.setdefault(name.lower(), quoted if quoted is not None else plain or "")
            at = match.end()
        # With an anchor it speaks of another document than the one it came with.
        if "anchor" in parameters:
            continue
        target = _absolute(base, text[start + 1 : end])
        for relation in parameters.get("rel", "").lower().split():
            if target is not None:
                found.setdefault(relation, target)
    return found


def _absolute(base: str, target: str) -> str | None:
    try:
        joined = urljoin(base, target.strip())
    except ValueError:
        return None
    return joined if joined.lower().startswith(("http://", "https://")) else None
