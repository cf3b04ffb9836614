"""Loud room, on the face layer: HTTP in.

`create` gives an ASGI application: the published pages and feeds, a search in them, the way
into a subscription and out of it, what relays report, and, when mail goes to the embedded relay,
its outbox.  It reads files and calls verbs; it decides nothing.
"""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from digest.app import App
from digest.clicks import Clicks
from digest.errors import BadToken, DigestError, NotFound
from digest.telemetry import log
from digest.web import (
    api,
    archive,
    desk,
    go,
    hooks,
    hubs,
    outbox,
    public,
    search,
    sending,
    subscribing,
)
from digest.web.limits import Limits
from digest.web.safety import Below, SafetyHeaders

__all__ = ["create"]


async def _health(request: Request) -> Response:
    """200 while the database answers."""
    app: App = request.app.state.app
    await app.db.ask()
    return PlainTextResponse("ok\n")


async def _explain(request: Request, error: Exception) -> Response:
    """An error of ours as a status and a sentence; the operator's log has the cause."""
    if isinstance(error, NotFound):
        return PlainTextResponse("There is nothing here.\n", status_code=404)
    if isinstance(error, BadToken):
        return PlainTextResponse("This link is not valid.\n", status_code=403)
    log.error("request failed", path=request.url.path.split("/")[1], reason=str(error))
    status = 503 if isinstance(error, DigestError) and error.temporary else 500
    return PlainTextResponse("Something is wrong here; try again later.\n", status_code=status)


def create(app: App) -> Starlette:
    """The application of one App."""
    routes: list[BaseRoute] = [
        Route("/health", _health),
        *public.ROUTES,
        *subscribing.ROUTES,
        *desk.ROUTES,
        *sending.ROUTES,
        *api.ROUTES,
        *hubs.ROUTES,
        *hooks.ROUTES,
        *go.ROUTES,
        *search.routes(search.Turns()),
    ]
    if app.keeps_mails:
        routes += outbox.ROUTES
    app.out_dir.mkdir(parents=True, exist_ok=True)
    published = archive.Published(
        app.out_dir, base_url=app.links.base_url, hubs=app.settings.output.hubs
    )
    routes.append(Mount("/", published))
    served = Starlette(
        routes=routes,
        exception_handlers={DigestError: _explain},
        middleware=[
            Middleware(Below, base_url=app.settings.site.base_url),
            Middleware(archive.Ahead, published=SafetyHeaders(published)),
            Middleware(SafetyHeaders),
        ],
        lifespan=go.counting,
    )
    served.state.app = app
    served.state.clicks = Clicks()
    served.state.watchers = sending.Watchers()
    audience = app.settings.audience
    served.state.limits = Limits(
        network_per_hour=audience.network_per_hour, total_per_hour=audience.total_per_hour
    )
    return served
