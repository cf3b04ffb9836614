"""Headers that every answer carries."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Pages have no script; pictures of stories may come from anywhere that has https.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline' 'self'; img-src https: http: 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


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
