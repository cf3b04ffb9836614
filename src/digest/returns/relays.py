"""What the webhooks of relays have in common: JSON that anybody may have sent, read safely.

Behind the door: one body made plain values, one line of text, one moment, and what a failure is
when both the relay and the remote server have spoken of it.  Not behind it: who signed the body
(each relay has its own way), and what becomes of what it says.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NoReturn

from digest.addresses import parse_address
from digest.errors import ParseError
from digest.model.people import ReturnKind
from digest.returns.kinds import kind_of

#: What a JSON object is read as.
Told = Mapping[str, object]

_LONGEST: Final = 500
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_MESSAGE_ID: Final = re.compile(r"<?([!-;=?-~]{1,498}@[!-;=?-~]{1,255})>?")
_ANGLED: Final = re.compile(r"<([^<>]{1,320})>")


def fault(relay: str, text: str) -> ParseError:
    """The error for a body that is not what *relay* sends; *text* never quotes the body."""
    return ParseError(f"hooks.{relay}", f"what came to /hooks/{relay} {text}")


def read_json(body: bytes | str, relay: str) -> object:
    """What a body of JSON says.

    Raises:
        ParseError: it is no JSON.
    """

    def no_number(_: str) -> NoReturn:
        raise ValueError("JSON has no NaN and no Infinity")

    try:
        told: object = json.loads(body, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        raise fault(relay, "is no JSON") from error
    return told


def read_object(body: bytes | str, relay: str) -> Told:
    """What a body says that must be one JSON object.

    Raises:
        ParseError: it is none.
    """
    told = read_json(body, relay)
    if not isinstance(told, dict):
        raise fault(relay, "is no JSON object")
    return told


def part(told: Told, *names: str) -> Told:
    """The object at the end of *names*; an empty one where there is none."""
    for name in names:
        inner = told.get(name)
        if not isinstance(inner, dict):
            return {}
        told = inner
    return told


def parts(told: Told, name: str) -> Sequence[Told]:
    """The objects of a list; what is no object is left out."""
    listed = told.get(name)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def words(told: Told, name: str) -> str:
    """A text exactly as it was sent, or ""."""
    value = told.get(name)
    return value if isinstance(value, str) else ""


def line(told: Told, name: str) -> str:
    """A text, or a number, on one line of printable characters, 500 at most; or ""."""
    value = told.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    # What is cut away is cut before it is looked at.
    text = value[: 8 * _LONGEST] if isinstance(value, str) else ""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())[:_LONGEST].rstrip()


def address(text: str) -> str:
    """The address in *text*, which may stand behind a name and in angles; "" if there is none."""
    angled = _ANGLED.search(text)
    try:
        return parse_address(angled[1] if angled else text)
    except ValueError:
        return ""


def local_part(text: str) -> tuple[str, ...]:
    """What stands before the @ of an envelope sender, which VERP may have made; or nothing."""
    local = address(text).rpartition("@")[0]
    return (local,) if local else ()


def message_id(text: str) -> str:
    """A Message-ID with its brackets, which some relays leave out; "" if it is none."""
    found = _MESSAGE_ID.fullmatch(text.strip())
    return f"<{found[1]}>" if found else ""


def stated(server: str, relay: str) -> str:
    """The status of a failure: the server's, unless it says nothing that the relay does not.

    A relay's name for a kind of failure is told in RFC 3463's, so that what is about the mail
    or about us is never counted against a mailbox.
    """
    return relay if relay and (not server or server.endswith(".0.0")) else server


def moment(value: object) -> datetime | None:
    """When something was, told as seconds since 1970 or as ISO 8601; None if neither."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            return datetime.fromtimestamp(int(value), UTC)
        told = datetime.fromisoformat(value) if isinstance(value, str) else None
        if told is None:
            return None
        return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def bounced(
    code: str, diagnostic: str, *, reply: int = 0, action: str = "", at_worst: ReturnKind
) -> ReturnKind:
    """What a failure is: what the remote server said decides, never worse than the relay thinks.

    Relays call every 5xx permanent, a blocked sender as well as a missing mailbox; only the
    remote server's own words tell which it was.  Without any, the relay is taken at its word.

    Args:
        code: RFC 3463 status, or "".
        reply: three-digit SMTP reply, or 0.
        at_worst: what the relay takes it for.
    """
    if not (code or diagnostic or reply):
        return at_worst
    found = kind_of(code, diagnostic, code=reply, action=action)
    if at_worst is ReturnKind.HARD and found is ReturnKind.HARD:
        return ReturnKind.HARD
    return ReturnKind.SOFT
