"""The way out over HTTP: one request a message, on a few connections that stay open.

Behind the door: the connections, the moment at which content leaves, time-outs, and what a status
means for a delivery.  Not behind it: how a provider wants to be asked (`Provider`; ours are in
`ses`, `postmark` and `mailgun`), and how fast.  Nobody but the host in the settings is ever asked:
no redirect is followed, no proxy of the machine is used.  Loud: the network.
"""

import asyncio
import contextlib
import json
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Protocol, Self

import httpx2

from digest import settings
from digest.errors import ConfigError, Deferred, MailError, Refused, RelayDown, Unfit, Vanished
from digest.mail.checked import safe_recipient
from digest.mail.transport import Reply
from digest.mail.verdict import one_line
from digest.telemetry import masked

#: An answer is a few hundred; what is longer is no answer of an API.
_MOST_BYTES: Final = 64 * 1024
#: After "too many" without a word how long: the first pause, and the longest.
_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
#: A connection that was not used for so long is not trusted with a message: providers hang up on
#: idle ones after a minute or more, and a message written meanwhile would be in doubt.
_IDLE_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One message, as its provider wants it."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a provider said."""

    status: int
    #: Names in small letters.
    headers: Mapping[str, str]
    #: Its JSON, an object; {} when it is none.
    told: Mapping[str, Any]
    #: Its words for people, on one line, without addresses and keys.
    words: str


class Provider(Protocol):
    """Pure: how one provider is asked, and what is particular about its answers."""

    def request(self, message: bytes, *, to: str, key: str) -> Request:
        """Ask for *message* to be sent to *to*, a checked address with an ASCII domain."""
        ...

    def taken(self, answer: Answer) -> str:
        """The provider's id of the message, of a 2xx; "" when it took nothing after all."""
        ...

    def refusal(self, answer: Answer) -> MailError | None:
        """The error, where it is told apart by more than the status; None: by that alone."""
        ...


class HttpTransport:
    """Sends through a provider's API; see `Transport`.

    A network that fails before a message's content was begun is `RelayDown`; after it, whatever
    the answer would have been, `Vanished`.
    """

    def __init__(
        self,
        relay: settings.Relay,
        provider: Provider,
        *,
        name: str,
        password: Callable[[], str | None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """*password* is asked when the transport opens, and again after it was refused."""
        self._relay = relay
        self._provider = provider
        self._name = name
        self._password = password
        self._sleep = sleep
        self._key = ""
        self._client: httpx2.AsyncClient | None = None
        self._slots = asyncio.Semaphore(relay.connections)
        #: By the loop's clock: "too many" was answered, nothing is asked before.
        self._not_before = 0.0
        self._pause_s = 0.0

    @property
    def at_once(self) -> int:
        return self._relay.connections

    async def __aenter__(self) -> Self:
        """Raise `RelayDown` when there is no key, or no certificate can be read."""
        self._key = self._asked_key()
        most = self._relay.connections
        self._client = httpx2.AsyncClient(
            # Reads the certificates from disk.
            verify=await asyncio.to_thread(_tls, self._relay),
            timeout=None,
            limits=httpx2.Limits(
                max_connections=most, max_keepalive_connections=most, keepalive_expiry=_IDLE_S
            ),
            # A proxy or a .netrc of the machine must see neither readers nor the key.
            trust_env=False,
            follow_redirects=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def send(
        self, message: bytes, *, sender: str, to: str, started: Callable[[], None]
    ) -> Reply:
        """See `Transport.send`.  *sender* is not told: providers choose the envelope's sender."""
        safe_to = safe_recipient(to)
        async with self._slots:
            await self._turn()
            self._key = self._key or self._asked_key()
            request = self._provider.request(message, to=safe_to, key=self._key)
            answer = await self._ask(request, started)
        if 200 <= answer.status < 300 and (id := self._provider.taken(answer)):
            self._pause_s = 0.0
            return Reply(250, "", one_line(f"taken as {id}"), self._name)
        raise self._judged(answer)

    # ------------------------------------------------------------- one request

    async def _ask(self, request: Request, started: Callable[[], None]) -> Answer:
        """The answer to one request.

        Raises:
            RelayDown: there was none, and no content had left.
            Vanished: there was none, and it had.
        """
        if self._client is None:
            raise RelayDown(0, "the way out is closed", relay=self._name)
        content = _Content(request.body, started)
        headers = {
            **request.headers,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Length": str(len(request.body)),
        }
        try:
            async with (
                asyncio.timeout(self._relay.timeout_s),
                self._client.stream(
                    "POST", request.url, content=content.parts(), headers=headers
                ) as response,
            ):
                return self._answer(response, await _body(response))
        # What is wrong with an address shows in four kinds of errors.
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            if content.stopped:
                raise
            why = self._tellable(str(error)) or type(error).__name__
            if isinstance(error, TimeoutError):
                why = f"no answer within {self._relay.timeout_s:g} s"
            if content.begun:
                # Without its cause: the request, with the key, hangs on it.
                raise Vanished(0, f"no answer to the message: {why}", relay=self._name) from None
            raise RelayDown(
                0, f"cannot reach {_host(request.url)}: {why}", relay=self._name
            ) from None

    def _answer(self, response: httpx2.Response, body: bytes) -> Answer:
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            told = {}
        if not isinstance(told, dict):
            told = {}
        words = next(
            (text for name in ("message", "Message") if isinstance(text := told.get(name), str)),
            "" if told else body[:400].decode(errors="replace"),
        )
        return Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            told=told,
            words=self._tellable(words),
        )

    def _tellable(self, text: str) -> str:
        """*text* as it may be shown and kept: a provider may repeat the key, and addresses."""
        return masked(one_line(text.replace(self._key, "(key)") if self._key else text))

    # ---------------------------------------------------------------- pausing

    async def _turn(self) -> None:
        wait_s = self._not_before - asyncio.get_running_loop().time()
        if wait_s > 0:
            await self._sleep(wait_s)

    def _pause(self, answer: Answer) -> None:
        """Nobody is asked for a while: as long as it wants, or twice as long as last time."""
        self._pause_s = min(max(_PAUSE_S, 2 * self._pause_s), _LONGEST_PAUSE_S)
        wait_s = min(_retry_after(answer.headers) or self._pause_s, _LONGEST_PAUSE_S)
        loop = asyncio.get_running_loop()
        self._not_before = max(self._not_before, loop.time() + wait_s)

    # ---------------------------------------------------------------- verdict

    def _judged(self, answer: Answer) -> MailError:
        if answer.status in (401, 403):
            # It may have been changed meanwhile: asked for again with the next message.
            self._key = ""
        error = self._provider.refusal(answer) or _verdict(answer)
        if answer.status in (429, 503):
            self._pause(answer)
        error.relay = self._name
        return error

    def _asked_key(self) -> str:
        key = self._password() or ""
        if not re.fullmatch(r"[!-~]+", key):
            what = "holds blanks or letters that cannot be sent" if key else "is empty"
            raise RelayDown(
                0, f"the password of {self._name} {what}; write the key alone", relay=self._name
            )
        return key


class _Content:
    """The body of one request, which says when it is asked for."""

    def __init__(self, body: bytes, started: Callable[[], None]) -> None:
        self._body = body
        self._started = started
        self.begun = False
        #: *started* failed, and its error is on its way to whoever gave it.
        self.stopped = False

    async def parts(self) -> AsyncIterator[bytes]:
        # Asked for its first part when connection, TLS and headers are behind us.
        self.stopped = True
        self._started()
        self.stopped = False
        self.begun = True
        yield self._body


def address_refused(words: str) -> Refused:
    """The provider says that *to* is no address: 5.1.3 is RFC 3463's number for it."""
    return Refused(550, f"5.1.3 {words}")


def _verdict(answer: Answer) -> MailError:
    """What a status means that no provider gives a meaning of its own.

    The codes are those that an SMTP relay would have said: whoever keeps pace and counts storms
    knows no others.
    """
    status, said = answer.status, f"HTTP {answer.status}: {answer.words}"
    if status in (429, 503):
        # It is the pace that is too fast, for whomever it is: the pace hears 421.
        return Deferred(421, f"4.3.2 {said}", tried=False)
    if status == 408:
        return Deferred(451, f"4.4.2 {said}", tried=False)
    if status >= 500:
        # Something behind the API failed, and nobody can say at which point.
        return Vanished(0, f"{said}; it may have taken the message")
    if 200 <= status < 300:
        return Vanished(0, f"{said}; that is not the answer of this API: look at api_url")
    if 300 <= status < 400:
        return RelayDown(554, f"{said}; it has moved: give its address as api_url")
    if status == 413:
        return Unfit(552, f"5.3.4 {said}", ours=True)
    if status in (400, 422):
        # As when a relay hangs up at one message: we cannot tell whether it is about this one,
        # so nobody is blamed, and this one waits behind the others.
        return RelayDown(421, said)
    if status in (401, 402, 403):
        return RelayDown(535, f"{said}; look at the password and the account")
    return RelayDown(554, said)


async def _body(response: httpx2.Response) -> bytes:
    """As much of the answer as is looked at."""
    parts = b""
    async for part in response.aiter_raw():
        parts += part
        if len(parts) > _MOST_BYTES:
            break
    return parts[:_MOST_BYTES]


def _tls(relay: settings.Relay) -> ssl.SSLContext:
    if relay.api_url.startswith("http://"):
        # Believes nobody; whom it would be needed for is not asked.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = httpx2.create_ssl_context(trust_env=False)
    if relay.ca_file is not None:
        try:
            context.load_verify_locations(cafile=relay.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError([f"ca_file {relay.ca_file} cannot be used: {error}"]) from error
    return context


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds (RFC 9110 §10.2.3), or 0.0; a date counts by the provider's own clock."""
    said = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", said, re.ASCII):
        return float(said)
    with contextlib.suppress(ValueError, TypeError, KeyError):
        wait = parsedate_to_datetime(said) - parsedate_to_datetime(headers["date"])
        return max(0.0, wait.total_seconds())
    return 0.0
