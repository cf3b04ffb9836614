"""The network in: one polite, careful way to fetch a document.

Behind the door: conditional requests, redirects followed by hand, limits on
time, size, headers and redirects, and errors that say what to do.  Which
addresses may be reached is in `reach`.  Not behind it: what was fetched.
Loud: the network.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Final, Self

import httpcore2
import httpx2

from digest.errors import FetchError
from digest.settings import Collect
from digest.sources.reach import Guard, GuardedTransport

_ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, text/html;q=0.9, */*;q=0.5"
)
#: Requests to one host at the same time, however many of its documents are due.
_PER_HOST: Final = 2
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
#: What a client may try again without anybody changing anything (RFC 9110 15.5, RFC 6585).
_COME_AGAIN: Final = frozenset((408, 421, 423, 425, 429))
_ADVICE: Final[Mapping[int, str]] = {
    401: "it wants a password; give an address that does not",
    402: "it wants to be paid",
    403: "it refuses Digest; ask its owner, or remove the source",
    404: "check the address",
    406: "check the address",
    410: "it is gone for good; remove the source or give its new address",
    429: "it is asked too often; raise every_min",
    451: "it is withheld for legal reasons; remove the source",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server said names this version of a document (RFC 9110 8.8), kept verbatim."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A document as fetched; empty when the server said that nothing has changed."""

    body: bytes
    content_type: str | None
    #: Where it was found, after all redirects.
    url: str
    validators: Validators | None
    not_modified: bool = False


class Http:
    """A client for documents: open it once, use it for everything.

    Args:
        collect: the limits, and the private hosts that may be reached.
        contact: an address or URL where a site's owner finds you; goes into the User-Agent.
    """

    def __init__(self, collect: Collect, *, contact: str) -> None:
        self._collect = collect
        self._slots = asyncio.Semaphore(collect.in_flight)
        self._hosts: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(_PER_HOST)
        )
        self._headers = {
            "User-Agent": user_agent(contact),
            "Accept": _ACCEPT,
            "Accept-Encoding": "gzip, deflate",
        }
        self._transport = GuardedTransport(
            Guard(collect.allow_private), connections=collect.in_flight
        )

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
        await self._transport.aclose()

    async def get(
        self, url: str, *, validators: Validators | None = None, source_id: str = ""
    ) -> Response:
        """Fetch *url*.

        Args:
            validators: of the version already known; sent back word for word.

        Raises:
            FetchError: anything else than a document or "not modified"; says what to do.
        """
        try:
            host = httpx2.URL(url).host
        except httpx2.InvalidURL as error:
            raise _bad_address(source_id, url) from error
        # Waiting for a turn is not the server's fault: it does not count against the time.
        async with self._hosts[host], self._slots:
            try:
                async with asyncio.timeout(self._collect.timeout_s):
                    return await self._follow(url, validators)
            except TimeoutError as error:
                raise FetchError(
                    source_id,
                    f"{host} did not deliver within {self._collect.timeout_s:g} s; "
                    "it is tried again, or raise timeout_s in [collect]",
                ) from error
            except FetchError as error:
                raise FetchError(
                    source_id, str(error), temporary=error.temporary, status=error.status
                ) from error
            except (httpx2.HTTPError, httpx2.InvalidURL, *_NETWORK_FAULTS) as error:
                raise FetchError(source_id, _explained(error, host)) from error

    async def _follow(self, url: str, validators: Validators | None) -> Response:
        where = httpx2.URL(url)
        for _ in range(self._collect.max_redirects + 1):
            if where.scheme not in ("http", "https") or not where.host:
                raise _bad_address("", str(where))
            request = httpx2.Request("GET", where, headers=self._conditional(validators))
            answer = await self._transport.handle_async_request(request)
            answer.request = request
            try:
                target = answer.headers.get("location")
                if answer.status_code not in _REDIRECTS or not target:
                    return await self._read(answer, where, validators)
            finally:
                await answer.aclose()
            where = _joined(where, target)
        raise FetchError(
            "",
            f"{where.host} redirects more than {self._collect.max_redirects} times; "
            "open the address in a browser and give the one you end at",
        )

    def _conditional(self, validators: Validators | None) -> list[tuple[bytes, bytes]]:
        headers = [(name.encode(), value.encode()) for name, value in self._headers.items()]
        if validators and validators.etag:
            headers.append((b"If-None-Match", validators.etag.encode("latin-1", "ignore")))
        if validators and validators.last_modified:
            headers.append(
                (b"If-Modified-Since", validators.last_modified.encode("latin-1", "ignore"))
            )
        return headers

    async def _read(
        self, answer: httpx2.Response, url: httpx2.URL, validators: Validators | None
    ) -> Response:
        status = answer.status_code
        told = Validators(
            etag=_verbatim(answer, b"etag"), last_modified=_verbatim(answer, b"last-modified")
        )
        if status == HTTPStatus.NOT_MODIFIED and validators is not None:
            # A 304 may leave out what has not changed (RFC 9110 15.4.5).
            known = Validators(
                etag=told.etag or validators.etag,
                last_modified=told.last_modified or validators.last_modified,
            )
            return Response(
                body=b"", content_type=None, url=str(url), validators=known, not_modified=True
            )
        if status not in (HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION):
            raise _refused(answer, url.host)
        return Response(
            body=await self._body(answer, url.host),
            content_type=answer.headers.get("content-type"),
            url=str(url),
            validators=told if told.etag or told.last_modified else None,
        )

    async def _body(self, answer: httpx2.Response, host: str) -> bytes:
        most = self._collect.max_bytes
        announced = answer.headers.get("content-length", "")
        body = bytearray()
        if not (announced.isascii() and announced.isdigit() and int(announced[:20]) > most):
            # Decompressed piece by piece: a bomb is noticed after its first megabyte too many.
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > most or answer.num_bytes_downloaded > most:
                    break
            else:
                return bytes(body)
        raise FetchError(
            "",
            f"{host} sends more than {most} bytes; raise max_bytes in [collect] if that is right",
            temporary=False,
        )


#: What the network beneath httpx2 raises: it has no common ancestor.
_NETWORK_FAULTS: Final = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
    httpcore2.ProxyError,
    ssl.SSLError,
    OSError,
)


def user_agent(contact: str) -> str:
    """Who we are and, if *contact* says, where to complain (RFC 9110 10.1.5)."""
    try:
        number = version("digest-newsroom")
    except PackageNotFoundError:
        number = "0"
    contact = "".join(char for char in contact if "!" <= char <= "~" and char not in "()\\")
    return f"Digest/{number} (+{contact})" if contact else f"Digest/{number}"


def _verbatim(answer: httpx2.Response, name: bytes) -> str | None:
    for key, value in answer.headers.raw:
        if key.lower() == name:
            return value.decode("latin-1") or None
    return None


def _joined(where: httpx2.URL, target: str) -> httpx2.URL:
    joined = where.join(target)
    # A fragment is the reader's; a redirect keeps the one it came with (RFC 9110 10.2.2).
    return joined.copy_with(fragment=None)


def _bad_address(source_id: str, url: str) -> FetchError:
    return FetchError(
        source_id,
        f"{url[:100]} is no address that can be fetched; give one with http:// or https://",
        temporary=False,
    )


def _refused(answer: httpx2.Response, host: str) -> FetchError:
    status = answer.status_code
    try:
        phrase = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = str(status)
    advice = _ADVICE.get(status)
    wait = " ".join(answer.headers.get("retry-after", "").split())[:40]
    if wait:
        seconds = f"{wait} seconds" if wait.isdigit() else f"until {wait}"
        advice = f"it asks to wait {seconds}" + (f"; {advice}" if advice else "")
    if advice is None:
        advice = "it is tried again" if status >= 500 else "check the address"
    return FetchError(
        "",
        f"{host} answered {phrase}; {advice}",
        temporary=status >= 500 or status in _COME_AGAIN,
        status=status,
    )


def _explained(error: BaseException, host: str) -> str:
    chain: BaseException | None = error
    while chain is not None:
        if isinstance(chain, ssl.SSLCertVerificationError):
            return f"{host} shows a certificate that is not valid ({chain.verify_message}); " + (
                "check the address, or tell its owner"
            )
        if isinstance(chain, ssl.SSLError):
            return f"{host} does not speak TLS there; check the address and its port"
        chain = chain.__cause__ or chain.__context__
    if isinstance(error, (httpcore2.ConnectError, httpcore2.ConnectTimeout)):
        return f"{host} cannot be connected to; check the address; it is tried again"
    if isinstance(error, httpx2.DecodingError):
        return f"{host} sends a body that cannot be unpacked ({error}); it is tried again"
    if isinstance(error, httpcore2.ProtocolError):
        return (
            f"{host} does not answer as a web server does ({str(error)[:100]}); check the address"
        )
    return f"the connection to {host} broke ({type(error).__name__}); it is tried again"
