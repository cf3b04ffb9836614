"""/hooks: where the big relays tell what came back, each signed in its own way.

A relay that [hooks] does not name has no address here.  What is signed is kept before it is
thanked for: a relay tries again after anything else than 200, and what comes twice is acted on
once.  What is not signed changes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from digest import returning
from digest.app import App
from digest.errors import BadToken, ConfigError, FetchError, NotFound, ParseError, StoreError
from digest.model.people import Return
from digest.returns import mailgun, postmark, sendgrid, ses
from digest.telemetry import log
from digest.web.api import read_body

#: Of one request; SNS sends 256 KB at most, SendGrid a batch of 768 KB.
MOST_BYTES: Final = 1_048_576
_JSON: Final = frozenset({"application/json"})
_NO_STORE: Final = {"Cache-Control": "no-store"}
_LATER: Final = {**_NO_STORE, "Retry-After": "30"}
_CHALLENGE: Final = {**_NO_STORE, "WWW-Authenticate": 'Basic realm="hooks"'}

_MOST_OF_ANSWER: Final = 65_536
#: SNS has one a region, and a new one every year or so.
_CERTIFICATES: Final = 16
#: Fetched at once: a forger who knows a topic may name as many as he likes.
_FETCHING: Final = 4
#: Of Mailgun's tokens; two small hashes each.
_TOKENS: Final = 50_000

K = TypeVar("K", str, bytes)


async def ask_sns(app: App, url: str) -> bytes:
    """What SNS answers at *url*, and not at another address that it leads to.

    Raises:
        FetchError: it could not be had, now or at all.
        BadToken: it leads elsewhere.
    """
    found = await app.http.get(url, accept="*/*", most=_MOST_OF_ANSWER)
    if found.url != url:
        raise BadToken("it leads to an address that is not at SNS")
    return found.body


@dataclass(slots=True)
class Memory:
    """What one process remembers from hook to hook; bounded, and nothing is lost with it."""

    #: How SNS is asked.
    fetch: Callable[[App, str], Awaitable[bytes]] = ask_sns
    _certificates: dict[str, bytes] = field(default_factory=dict)
    _fetching: int = 0
    _tokens: dict[bytes, bytes] = field(default_factory=dict)

    async def certificate(self, app: App, url: str) -> bytes:
        """The certificate at *url*, fetched once.

        Raises:
            FetchError, BadToken: as `ask_sns`.
        """
        if url in self._certificates:
            return self._certificates[url]
        if self._fetching >= _FETCHING:
            raise FetchError("hooks.ses", "too many certificates of SNS are asked for at once")
        self._fetching += 1
        try:
            found = await self.fetch(app, url)
        finally:
            self._fetching -= 1
        _put(self._certificates, url, found, most=_CERTIFICATES)
        return found

    def seen(self, token: str, body: bytes) -> bool:
        """Whether *body* was taken with this token before.

        Raises:
            BadToken: another body was.
        """
        before = self._tokens.get(_hash(token.encode()))
        if before is not None and before != _hash(body):
            raise BadToken("another event came with this signature")
        return before is not None

    def take(self, token: str, body: bytes) -> None:
        """Remember with which body a token came."""
        _put(self._tokens, _hash(token.encode()), _hash(body), most=_TOKENS)


def _hash(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()


def _put(known: dict[K, bytes], key: K, value: bytes, *, most: int) -> None:
    known[key] = value
    while len(known) > most:
        # The oldest: dicts keep the order.
        del known[next(iter(known))]


# ------------------------------------------------------------------------- the relays


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a request told, once it is known who sent it."""

    returns: Sequence[Return] = ()
    #: Mailgun's: not to be believed again with another body.
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Relay:
    """One relay's hook: whether it is set up, what it sends, who it is, what is answered."""

    name: str
    configured: Callable[[App], bool]
    hear: Callable[[Request, App, bytes], Awaitable[_Heard]]
    kinds: frozenset[str] = _JSON
    #: To whoever is not believed, and to what nobody can read.
    refused: int = 403
    unread: int = 400


def _memory(request: Request) -> Memory:
    state = request.app.state
    if not hasattr(state, "hooks"):
        state.hooks = Memory()
    kept: Memory = state.hooks
    return kept


async def _ses(request: Request, app: App, body: bytes) -> _Heard:
    now = app.now()
    # Nothing is fetched for a topic that is not ours, or from anywhere but SNS.
    envelope = ses.read_envelope(body, topics=app.settings.hooks.ses_topics, now=now)
    memory = _memory(request)
    certificate = await memory.certificate(app, envelope.certificate_url)
    opened = ses.open_envelope(envelope, certificate, now=now)
    if opened.confirm_url:
        await memory.fetch(app, opened.confirm_url)
        log.info("SNS topic subscribed to", topic=envelope.topic)
    elif opened.kind is ses.Kind.UNSUBSCRIBED:
        log.warning("SNS topic sends no more", topic=envelope.topic)
    return _Heard(opened.returns)


async def _postmark(request: Request, app: App, body: bytes) -> _Heard:
    given = request.headers.get("authorization", "")
    return _Heard(postmark.read(body, authorization=given, password=_secret(app.postmark_password)))


async def _mailgun(request: Request, app: App, body: bytes) -> _Heard:
    signed = mailgun.read(body, key=_secret(app.mailgun_key), now=app.now())
    if _memory(request).seen(signed.token, body):
        return _Heard()
    return _Heard(signed.returns, signed.token)


async def _sendgrid(request: Request, app: App, body: bytes) -> _Heard:
    told = sendgrid.read(
        body,
        signature=request.headers.get("x-twilio-email-event-webhook-signature", ""),
        timestamp=request.headers.get("x-twilio-email-event-webhook-timestamp", ""),
        key=app.settings.hooks.sendgrid,
        now=app.now(),
    )
    return _Heard(told)


def _secret(told: str | None) -> str:
    if told is None:
        raise ConfigError(["a secret of [hooks] is not there; set it, and start Digest again"])
    return told


_RELAYS: Final = (
    # What SNS sends is JSON, and called text.
    _Relay(
        name="ses",
        configured=lambda app: bool(app.settings.hooks.ses_topics),
        hear=_ses,
        kinds=_JSON | {"text/plain"},
    ),
    # Postmark gives up at a 403; a password may be mended.
    _Relay(
        name="postmark",
        configured=lambda app: app.settings.hooks.postmark is not None,
        hear=_postmark,
        refused=401,
    ),
    # Mailgun tries for eight hours after anything else than a 406.
    _Relay(
        name="mailgun",
        configured=lambda app: app.settings.hooks.mailgun is not None,
        hear=_mailgun,
        unread=406,
    ),
    _Relay(
        name="sendgrid",
        configured=lambda app: bool(app.settings.hooks.sendgrid),
        hear=_sendgrid,
    ),
)


def _answer(status: int, text: str, headers: Mapping[str, str] = _NO_STORE) -> Response:
    return PlainTextResponse(f"{text}\n", status_code=status, headers=headers)


def _route(relay: _Relay) -> Route:
    async def hook(request: Request) -> Response:
        app: App = request.app.state.app
        if not relay.configured(app):
            raise NotFound(f"[hooks] does not name {relay.name}")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in relay.kinds:
            return _answer(415, "Send JSON, with the header Content-Type: application/json.")
        body = await read_body(request, most=MOST_BYTES)
        try:
            heard = await relay.hear(request, app, body)
            acted = await returning.take(app, heard.returns, proved=True)
        except (BadToken, ParseError, FetchError, StoreError, ConfigError) as error:
            return _refusal(relay, error)
        if heard.token:
            _memory(request).take(heard.token, body)
        if heard.returns:
            log.info("hook taken", relay=relay.name, returns=len(heard.returns), acted=acted)
        return _answer(200, "ok")

    return Route(f"/hooks/{relay.name}", hook, methods=["POST"])


def _refusal(relay: _Relay, error: Exception) -> Response:
    if isinstance(error, BadToken):
        log.warning("hook refused", relay=relay.name, reason=str(error))
        headers = _CHALLENGE if relay.refused == 401 else _NO_STORE
        return _answer(relay.refused, f"Refused: {error}.", headers)
    if isinstance(error, ParseError):
        log.warning("hook not understood", relay=relay.name, reason=str(error))
        return _answer(relay.unread, f"Not understood: {error}.")
    log.error("hook failed", relay=relay.name, reason=str(error))
    return _answer(503, "Nothing can be kept now; send the same again later.", _LATER)


ROUTES = [_route(relay) for relay in _RELAYS]
