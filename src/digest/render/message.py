"""One subscriber's message: a layout with its holes filled, ready for SMTP.

Nothing is encoded twice and nothing is parsed: headers of one person, then
the layout's octets joined with a few encoded values.
"""

from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from markupsafe import escape

from digest.errors import RenderError
from digest.model import Subscriber
from digest.render.layout import Layout
from digest.render.links import Links
from digest.render.quoted import address_spec, mailbox_header, segment
from digest.render.templates import TEXT_WIDTH, wrap
from digest.render.tidy import one_line, shorten

#: Characters of a person's name that are shown: in To, and in the mail itself.
LONGEST_NAME = 120
LONGEST_GREETED = 60


@lru_cache(maxsize=8)
def _date(second: datetime) -> bytes:
    return b"Date: " + format_datetime(second).encode("ascii") + b"\r\n"


def fill(layout: Layout, subscriber: Subscriber, *, links: Links, sent_at: datetime) -> bytes:
    """Finish the message of *subscriber*: RFC 5322, CRLF, no line needs dot-stuffing.

    The same arguments give the same octets: a message sent again is the same message if
    *sent_at* is the edition's, not the clock's.  The body is already canonical for DKIM,
    relaxed.

    Args:
        sent_at: aware; becomes Date: when the message was finished, not when it leaves.

    Raises:
        RenderError: the subscriber's stored address cannot stand in a header.
    """
    spec = address_spec(subscriber.email)
    if spec is None:
        # Not the address itself: this sentence may end in a log.
        problem = f"subscriber {subscriber.id} has an address that cannot stand in a header"
        raise RenderError("message", None, f"{problem}; correct or remove it")
    name = shorten(one_line(subscriber.name), LONGEST_NAME)
    leave_url = links.leave_url(layout.newsletter, subscriber)
    called = shorten(name, LONGEST_GREETED)
    greeting = layout.greeting_named.replace("{name}", called) if called else layout.greeting
    values = {
        "name": called,
        "greeting": greeting,
        "email": spec,
        "leave_url": leave_url,
        "preferences_url": links.preferences_url(layout.newsletter, subscriber),
    }
    leave = f"<{leave_url}>"
    mailto = links.leave_mailto(layout.newsletter, subscriber)
    if mailto:
        leave += f",\r\n <{mailto}>"
    message_id = links.message_id(layout.edition_id, subscriber, domain=layout.domain)
    own = (
        f"Message-ID: {message_id}\r\n"
        f"List-Unsubscribe: {leave}\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    ).encode("ascii")
    parts = [
        layout.head,
        mailbox_header("To", name, spec),
        _date(sent_at.astimezone(UTC).replace(microsecond=0)),
        own,
    ]
    parts.extend(layout.body)
    _put_in(parts, layout.holes, values)
    return b"".join(parts)


def _put_in(
    parts: list[bytes], holes: tuple[tuple[int, str, bool], ...], values: dict[str, str]
) -> None:
    """Replace the empty octets of each hole; *parts* begins with the four blocks of headers."""
    plain: dict[str, bytes] = {}
    for place, name, html in holes:
        value = values[name]
        # Most values need no escaping: they are encoded once for both parts.
        if html:
            told = str(escape(value))
        elif name == "greeting" and len(value) > TEXT_WIDTH:
            # The one hole that is a line by itself; only here its length is known.
            told = wrap(value)
        else:
            told = value
        octets = plain.get(told)
        if octets is None:
            octets = plain[told] = segment(told)
        parts[place + 4] = octets
