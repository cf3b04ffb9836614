"""The network in: one polite, careful way to fetch a document.

Behind the door: conditional requests, redirects followed by hand, limits on
time, size, headers and redirects, and errors that say what to do.  Which
addresses may be reached is in `reach`, whose turn it is in `hosts`, what a
body is in `answer` and `unpacking`, what went wrong in `refusals`.  Not behind it:
what was fetched, and when it is asked for again.  Loud: the network.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import urlencode, urljoin

import httpcore2

from digest.errors import FetchError
from digest.settings import Collect
from digest.sources import refusals
from digest.sources.answer import REST_BYTES, Answer, Place, place_of
from digest.sources.caching import Head, freshness, links, retry_after
from digest.sources.hosts import Hosts, utc_now
from digest.sources.reach import Guard, guarded_pool
from digest.sources.robots import LARGEST as LARGEST_ROBOTS
from digest.sources.robots import PRODUCT, Robots
from digest.sources.unpacking import ACCEPTED

_ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, text/html;q=0.9, */*;q=0.5"
)
#: Of pictures that we can read; a server that has several forms sends one of these.
PICTURES: Final = "image/jpeg, image/png, image/webp, image/avif, image/gif, image/*;q=0.5"
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
_FOR_GOOD: Final = frozenset((301, 308))
#: RFC 3229: the entries that are new, instead of the whole feed.
_DELTA: Final = 226
#: Names looked up at once: a lookup that hangs cannot be ended.
_LOOKUPS: Final = 32
_FIT_FOR_HEADERS: Final = re.compile(r"[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server said names this version of a document (RFC 9110 8.8), kept verbatim."""

    etag: str | None = None
    last_modified: str | None = None
    #: Where they were told, if that is not the address that was asked for: they are sent
    #: to no other.
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A document as fetched; empty when the server said that nothing has changed."""

    body: bytes
    content_type: str | None
    #: Where it was found, after all redirects.
    url: str
    validators: Validators | None
    not_modified: bool = False
    status: int = 200
    #: Seconds for which the server calls it fresh; None if it does not say.
    fresh_s: float | None = None
    #: Where it moved for good: nothing but 301 and 308 led there.
    moved_to: str | None = None
    #: Of the Link header: relation and address.
    links: Mapping[str, str] = field(default_factory=dict)
    #: Of the body: 32 hexadecimal digits; "" if nothing has changed.
    fingerprint: str = ""


@dataclass(slots=True)
class _Walk:
    """One call, from redirect to redirect."""

    left_s: float
    trail: list[str] = field(default_factory=list)
    for_good: bool = True
    cookies: bool = False

    @property
    def moved_to(self) -> str | None:
        return self.trail[-1] if len(self.trail) > 1 and self.for_good else None


@dataclass(frozen=True, slots=True)
class _Onward:
    """A redirect that is to be followed."""

    status: int
    target: str
    cookies: bool


class Http:
    """A client for documents: open it once, use it from as many tasks as you like.

    Args:
        collect: the limits, and the private hosts that may be reached.
        contact: an address or URL where a site's owner finds you; goes into the User-Agent.
        sleep: waits between two requests to one host.
    """

    def __init__(
        self,
        collect: Collect,
        *,
        contact: str,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._collect = collect
        self._now = now
        self._patience_s = collect.timeout_s / 2
        self.hosts = Hosts(
            per_host=collect.per_host,
            spacing_s=collect.spacing_s,
            in_flight=collect.in_flight,
            now=now,
            sleep=sleep,
        )
        self.robots = Robots(self._robots_file, agent=PRODUCT, now=now)
        self._agent = (b"User-Agent", user_agent(contact).encode())
        self._threads = ThreadPoolExecutor(max_workers=_LOOKUPS, thread_name_prefix="digest-names")
        self._pool = guarded_pool(
            Guard(collect.allow_private, threads=self._threads),
            connections=collect.in_flight,
            patience_s=self._patience_s,
        )

    def _headers(self, accept: str = _ACCEPT) -> list[tuple[bytes, bytes]]:
        encodings = (b"Accept-Encoding", ACCEPTED.encode())
        return [self._agent, (b"Accept", accept.encode()), encodings]

    @property
    def max_bytes(self) -> int:
        """The largest document that is taken."""
        return self._collect.max_bytes

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self._pool.aclose()

    async def get(
        self,
        url: str,
        *,
        validators: Validators | None = None,
        source_id: str = "",
        robots: bool = False,
        delta: bool = False,
        accept: str = _ACCEPT,
        most: int | None = None,
    ) -> Response:
        """Fetch *url*.

        Args:
            validators: of the version already known; sent back word for word.
            robots: ask the robots.txt of every host on the way first.
            delta: only the entries that are new will do (RFC 3229 `A-IM: feed`); the status
                of such an answer is 226.
            accept: what is wanted, as RFC 9110 12.5.1 writes it.
            most: octets, in the place of `max_bytes`.

        Raises:
            FetchError: anything else than a document or "not modified"; says what to do.
        """
        walk = _Walk(self._collect.timeout_s)
        limit = self.max_bytes if most is None else most

        def request(place: Place) -> httpcore2.Request:
            headers = [(b"Host", place.netloc), *self._headers(accept)]
            if delta:
                headers.append((b"A-IM", b"feed"))
            headers += _conditions(validators, walk, place)
            return httpcore2.Request(b"GET", place.core, headers=headers)

        async def read(answer: Answer) -> Response | _Onward:
            onward = _onward(answer, _REDIRECTS)
            if onward is not None:
                await answer.beginning(REST_BYTES)
                return onward
            asked = validators if _conditions(validators, walk, answer.place) else None
            return await self._document(answer, walk, asked, delta=delta, most=limit)

        return await self._named(source_id, self._chase(url, walk, request, read, robots=robots))

    async def post(self, url: str, form: Mapping[str, str], *, source_id: str = "") -> int:
        """Send *form* to *url*; return the status of the answer, whatever it is.

        Redirects are followed where they keep the form (307 and 308), and only there.

        Raises:
            FetchError: there was no answer, or the host wants to be left alone.
        """
        content = urlencode(form).encode()

        def request(place: Place) -> httpcore2.Request:
            headers = [
                (b"Host", place.netloc),
                self._agent,
                (b"Content-Type", b"application/x-www-form-urlencoded"),
                (b"Content-Length", str(len(content)).encode()),
            ]
            return httpcore2.Request(b"POST", place.core, headers=headers, content=content)

        async def read(answer: Answer) -> int | _Onward:
            await answer.beginning(REST_BYTES)
            onward = _onward(answer, frozenset((307, 308)))
            if onward is None:
                self._heed(answer)
            return onward or answer.status

        walk = _Walk(self._collect.timeout_s)
        return await self._named(source_id, self._chase(url, walk, request, read))

    async def _robots_file(self, url: str) -> tuple[int, bytes]:
        def request(place: Place) -> httpcore2.Request:
            headers = [(b"Host", place.netloc), *self._headers()]
            return httpcore2.Request(b"GET", place.core, headers=headers)

        async def read(answer: Answer) -> tuple[int, bytes] | _Onward:
            onward = _onward(answer, _REDIRECTS)
            if onward is not None or not 200 <= answer.status < 300:
                await answer.beginning(REST_BYTES)
                self._heed(answer)
                return onward or (answer.status, b"")
            body = await answer.body(LARGEST_ROBOTS, patience_s=self._patience_s, cut=True)
            return answer.status, body

        return await self._chase(url, _Walk(self._collect.timeout_s), request, read)

    async def _named(self, source_id: str, call: Awaitable[T]) -> T:
        try:
            return await call
        except FetchError as error:
            error.source_id = source_id
            raise

    async def _chase(
        self,
        url: str,
        walk: _Walk,
        request: Callable[[Place], httpcore2.Request],
        read: Callable[[Answer], Awaitable[T | _Onward]],
        *,
        robots: bool = False,
    ) -> T:
        """From address to address until *read* returns something else than a redirect."""
        place = place_of(url)
        for _ in range(self._collect.max_redirects + 1):
            walk.trail.append(place.text)
            if robots:
                delay_s = await self.robots.allowed(place.text)
                self.hosts.slow_down(place.host, delay_s)
            # Waiting for a turn is not the server's fault: it does not count against the time.
            async with self.hosts.turn(place.host):
                found = await self._ask(walk, place, request(place), read)
            if not isinstance(found, _Onward):
                return found
            walk.for_good = walk.for_good and found.status in _FOR_GOOD
            walk.cookies = walk.cookies or found.cookies
            before, place = place, _joined(place, found.target)
            if place.text in walk.trail:
                raise refusals.circular(before.shown, times=None, cookies=walk.cookies)
        raise refusals.circular(
            place.shown, times=self._collect.max_redirects, cookies=walk.cookies
        )

    async def _ask(
        self,
        walk: _Walk,
        place: Place,
        request: httpcore2.Request,
        read: Callable[[Answer], Awaitable[T]],
    ) -> T:
        """One request and its answer, within what *walk* has left of its time."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        deadline = started + walk.left_s
        limit = asyncio.timeout_at(deadline)
        try:
            async with limit:
                core = await self._pool.handle_async_request(request)
                try:
                    return await read(Answer(core, place, limit))
                finally:
                    await core.aclose()
        except (TimeoutError, httpcore2.ReadTimeout) as error:
            stalled = isinstance(error, httpcore2.ReadTimeout) or (limit.when() or 0) < deadline
            raise refusals.too_slow(
                place.shown,
                self._collect.timeout_s,
                stalled_s=self._patience_s if stalled else None,
            ) from error
        except refusals.NETWORK_FAULTS as error:
            raise refusals.broken(error, place.shown) from error
        finally:
            walk.left_s -= loop.time() - started

    async def _document(
        self, answer: Answer, walk: _Walk, asked: Validators | None, *, delta: bool, most: int
    ) -> Response:
        head, place, status = answer.head, answer.place, answer.status
        told = _told(head, place, walk)
        if status == 304 and asked is not None:
            await answer.beginning(REST_BYTES)
            # A 304 may leave out what has not changed (RFC 9110 15.4.5).
            validators: Validators | None = Validators(
                etag=told.etag or asked.etag,
                last_modified=told.last_modified or asked.last_modified,
                url=told.url,
            )
            body, fingerprint = b"", ""
        elif status in (200, 203) or (status == _DELTA and delta and _is_feed_delta(head)):
            body = await answer.body(most, patience_s=self._patience_s)
            if refusals.is_challenged(head, body):
                raise refusals.challenged(place.shown, status)
            validators = told if told.etag or told.last_modified else None
            fingerprint = blake2b(body, digest_size=16).hexdigest()
        else:
            raise await self._refusal(answer)
        self.hosts.answered(place.host)
        return Response(
            body=body,
            content_type=None if status == 304 else head.first(b"content-type"),
            url=place.text,
            validators=validators,
            not_modified=status == 304,
            status=status,
            fresh_s=freshness(head, self._now()),
            moved_to=walk.moved_to,
            links=links(head.addresses(b"link"), place.text) if b"link" in head else {},
            fingerprint=fingerprint,
        )

    async def _refusal(self, answer: Answer) -> FetchError:
        wait_s = self._heed(answer)
        shown, status = answer.place.shown, answer.status
        page = await answer.beginning(refusals.CHALLENGE_BYTES)
        if refusals.is_challenged(answer.head, page):
            return refusals.challenged(shown, status)
        if status in (304, _DELTA):
            return refusals.unasked(shown, status)
        return refusals.refused(shown, status, wait_s=wait_s)

    def _heed(self, answer: Answer) -> float | None:
        """If the answer is that we ask too much, note it; return the seconds to wait."""
        status = answer.status
        if status not in (429, 503):
            return None
        asked_s = retry_after(answer.head, self._now())
        if status == 503 and asked_s is None:
            return None
        return self.hosts.sent_away(
            answer.place.host,
            refusals.answered(status),
            asked_s=asked_s,
            whole_domain=status == 429,
        )


def user_agent(contact: str) -> str:
    """Who we are and, if *contact* says, where to complain (RFC 9110 10.1.5)."""
    try:
        number = version("digest-newsroom")
    except PackageNotFoundError:
        number = "0"
    contact = "".join(char for char in contact if "!" <= char <= "~" and char not in "()\\")
    return f"{PRODUCT}/{number} (+{contact})" if contact else f"{PRODUCT}/{number}"


def _joined(place: Place, target: str) -> Place:
    try:
        return place_of(urljoin(place.text, target))
    except ValueError as error:
        raise refusals.bad_address(target) from error


def _onward(answer: Answer, statuses: frozenset[int]) -> _Onward | None:
    if answer.status not in statuses:
        return None
    target = answer.head.address(b"location")
    if not target:
        return None
    return _Onward(answer.status, target, b"set-cookie" in answer.head)


def _conditions(
    validators: Validators | None, walk: _Walk, place: Place
) -> list[tuple[bytes, bytes]]:
    """The headers that ask whether anything changed; none for an address they do not belong to."""
    if validators is None or (validators.url or walk.trail[0]) != place.text:
        return []
    told = (
        (b"If-None-Match", validators.etag),
        (b"If-Modified-Since", validators.last_modified),
    )
    # Word for word, unless no header could hold it.
    return [
        (name, value.encode("latin-1"))
        for name, value in told
        if value and _FIT_FOR_HEADERS.fullmatch(value)
    ]


def _told(head: Head, place: Place, walk: _Walk) -> Validators:
    return Validators(
        etag=head.first(b"etag"),
        last_modified=head.first(b"last-modified"),
        url=None if place.text == walk.trail[0] else place.text,
    )


def _is_feed_delta(head: Head) -> bool:
    """Whether a 226 tells the new entries, and not a difference between octets."""
    named = head.joined(b"im").lower().replace(" ", "").split(",")
    return set(named) <= {"", "feed", "identity", "gzip", "deflate"}
