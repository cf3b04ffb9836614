"""Headers that every answer carries."""

from urllib.parse import quote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Pages have no script; pictures of stories may come from anywhere that has https.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline' 'self'; img-src https: http: 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Below:
    """ASGI middleware: what is asked for below the path of base_url is what is there without it.

    Proxies may strip that path or not.
    """

    def __init__(self, app: ASGIApp, *, base_url: str) -> None:
        self._app = app
        self._path = urlsplit(base_url).path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        below = self._path and scope["type"] == "http"
        if below and f"{scope['path']}/".startswith(f"{self._path}/"):
            raw = scope.get("raw_path") or scope["path"].encode()
            scope = dict(
                scope,
                path=scope["path"][len(self._path) :] or "/",
                raw_path=raw[len(quote(self._path)) :] or b"/",
            )
        await self._app(scope, receive, send)


class SafetyHeaders:
    """ASGI middleware: no sniffing, no framing, no script, no address in a Referer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", _POLICY)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
