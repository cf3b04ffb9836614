"""WebSub, the subscriber's side: ask a hub to bring new entries, and believe it only then.

Behind the door: the two requests to a hub, the hub's question whether they were meant, and the
signature under what it brings (W3C Recommendation WebSub, sections 5 and 7).  Not behind it:
which subscriptions stand, and the address at which the hub finds us.  Loud through `Http` alone,
whose guard also stands before hubs.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from digest.errors import FetchError, NotFound
from digest.reading.hints import absolute
from digest.sources.http import Http

#: Ten days: what the Recommendation calls a good default.
LEASE_S: Final = 864_000
#: Shorter grants would have us ask all day; longer ones are as good as never asked again.
SHORTEST_S: Final = 3_600.0
LONGEST_S: Final = 30 * 86_400.0
#: Of a hub that, against the rules, grants no time.
UNTOLD_S: Final = 86_400.0

_CHALLENGE = re.compile(r"[\x20-\x7e]{1,2000}")
#: 5.1: "less than 200 bytes".
_LONGEST_SECRET: Final = 199
#: The Recommendation's four.  SHA-1 stays: hubs in wide use sign with nothing else, and what
#: is broken about it (collisions) does not help to forge an HMAC (RFC 6194, section 3.3).
_METHODS: Final = {
    "sha1": hashlib.sha1,
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
}
_COME_AGAIN: Final = frozenset((408, 425, 429))


async def ask(
    http: Http, *, hub: str, topic: str, callback: str, secret: str, lease_s: int = LEASE_S
) -> None:
    """Ask *hub* to send what is new at *topic* to *callback*, or to go on doing so.

    Nothing is agreed yet: the hub comes to *callback* with `verify_intent`'s question first.

    Args:
        topic: word for word the rel="self" address of the feed.
        secret: known to the hub and to us, 1 to 199 bytes; it is sent to an http hub too,
            because unsigned news could come from anybody.
        lease_s: for how long, in seconds; the hub decides (see `granted_s`).

    Raises:
        FetchError: the hub was not reached, or answered something else than 202 Accepted.
    """
    if not 1 <= len(secret.encode()) <= _LONGEST_SECRET:
        raise ValueError(f"a hub takes secrets of 1 to {_LONGEST_SECRET} bytes")
    form = {"hub.secret": secret, "hub.lease_seconds": str(lease_s)}
    await _request(http, "subscribe", hub, topic, callback, form)


async def leave(http: Http, *, hub: str, topic: str, callback: str) -> None:
    """Ask *hub* to send no more of *topic* to *callback*; it comes back with a question too.

    Raises:
        FetchError: as `ask`.
    """
    await _request(http, "unsubscribe", hub, topic, callback, {})


def verify_intent(params: Mapping[str, str], *, topic: str, leaving: bool = False) -> str:
    """What to answer, as plain text with status 200, to a hub that asks whether we meant it.

    Args:
        params: the query of the hub's GET.
        topic: what the address it came to is about.
        leaving: whether we asked to leave; nobody else can end, or begin, a subscription of ours.

    Raises:
        NotFound: we did not mean it; answer 404.
    """
    wanted = "unsubscribe" if leaving else "subscribe"
    if params.get("hub.mode") != wanted:
        raise NotFound(f"nobody here asked a hub to {wanted} in this way")
    if not _same(params.get("hub.topic", ""), topic):
        raise NotFound("nobody here asked a hub for this topic")
    challenge = params.get("hub.challenge", "")
    if not _CHALLENGE.fullmatch(challenge):
        raise NotFound("a hub's question carries a hub.challenge of up to 2000 printable letters")
    return challenge


def denied(params: Mapping[str, str], *, topic: str) -> str | None:
    """The reason, "" if untold, when the hub's GET says that it will not or no longer serve us."""
    if params.get("hub.mode") != "denied" or not _same(params.get("hub.topic", ""), topic):
        return None
    told = "".join(char for char in params.get("hub.reason", "") if char.isprintable())
    return told.strip()[:200]


def granted_s(params: Mapping[str, str]) -> float:
    """For how many seconds a verified subscription stands: an hour at least, 30 days at most."""
    told = params.get("hub.lease_seconds", "")
    if not re.fullmatch(r"[0-9]{1,12}", told, re.ASCII):
        return UNTOLD_S
    return min(max(float(told), SHORTEST_S), LONGEST_S)


def signed(body: bytes, header: str | None, secret: str) -> bool:
    """Whether *body* comes from whoever knows *secret*.

    What is not signed so is answered like the rest and thrown away (section 7.1): somebody who
    guesses shall not learn from the answer whether the guess was right.

    Args:
        header: X-Hub-Signature, "sha256=" and hexadecimal digits.
    """
    method, _, told = (header or "").strip().partition("=")
    algorithm = _METHODS.get(method.strip().lower())
    if algorithm is None or not secret:
        return False
    right = hmac.new(secret.encode(), body, algorithm).hexdigest()
    return hmac.compare_digest(right.encode(), told.strip().lower().encode("utf-8", "replace"))


async def _request(
    http: Http, mode: str, hub: str, topic: str, callback: str, more: Mapping[str, str]
) -> None:
    for address, means in ((hub, "hub"), (topic, "topic"), (callback, "callback")):
        # They come out of a feed: nothing but http(s), and no white space that would be mended.
        if absolute(address, None) != address:
            raise FetchError(
                "",
                f"the {means} {address[:100]!r} is no web address; the feed is polled instead",
                temporary=False,
            )
    form = {"hub.mode": mode, "hub.topic": topic, "hub.callback": callback, **more}
    status = await http.post(hub, form)
    if status == 202:
        return
    later = status >= 500 or status in _COME_AGAIN
    raise FetchError(
        "",
        f"the hub {urlsplit(hub).hostname} answered {status} instead of 202 Accepted; "
        f"the feed is polled{', and the hub asked again later' if later else ' instead'}",
        temporary=later,
        status=status,
    )


def _same(told: str, topic: str) -> bool:
    return hmac.compare_digest(told.encode("utf-8", "replace"), topic.encode("utf-8", "replace"))
