"""/hub: where a hub (WebSub) asks whether we meant it, and brings what is new.

The address is a key of one source (see `digest.hubs`); to a wrong one, nothing is here.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from digest import hubs
from digest.app import App
from digest.errors import NotFound
from digest.web.api import read_body

#: A hub has no business in a browser.
_HEADERS = {"Cache-Control": "no-store"}


async def _hub(request: Request) -> Response:
    """GET verifies intent (section 5.3); POST brings content (section 7)."""
    app: App = request.app.state.app
    source_id = request.path_params["source_id"]
    hubs.check_callback(app, source_id, request.path_params["token"])
    if request.method == "POST":
        return await _brought(request, app, source_id)
    challenge = await hubs.confirm(app, source_id, request.query_params)
    return PlainTextResponse(challenge, headers=_HEADERS)


async def _brought(request: Request, app: App, source_id: str) -> Response:
    body = await read_body(request, most=app.settings.collect.max_bytes)
    try:
        # Answered only when it is kept: a hub brings it again after a 5xx, never after a 2xx.
        await hubs.receive(
            app,
            source_id,
            body,
            content_type=request.headers.get("content-type"),
            signature=request.headers.get("x-hub-signature"),
        )
    except NotFound:
        # 410: the hub may end the subscription.
        return Response(status_code=410, headers=_HEADERS)
    return Response(status_code=202, headers=_HEADERS)


ROUTES = [Route("/hub/{source_id}/{token}", _hub, methods=["GET", "POST"])]
