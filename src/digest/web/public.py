"""Leaving: a page that asks, and a button (or a mail program's one click) that does it."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from digest import audience, render
from digest.app import App
from digest.errors import BadToken, NotFound
from digest.settings import Newsletter


def _page(app: App, state: render.LeaveState, newsletter: Newsletter | None) -> Response:
    page = render.leave_page(
        state,
        press=app.press,
        newsletter=newsletter,
    )
    status = 404 if state == "bad" else 200
    # The address of this page is a key to a subscription: no cache may keep it.
    headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return HTMLResponse(page, status_code=status, headers=headers)


async def _leave(request: Request) -> Response:
    """GET asks and changes nothing: mail scanners open every link.  POST leaves (RFC 8058)."""
    app: App = request.app.state.app
    token = request.path_params["token"]
    try:
        newsletter = app.newsletter(app.links.read_leave(token)[0])
        if request.method == "POST":
            # No cookie, no form field is asked for: the token is all there is to know.
            await audience.leave(app, token)
            return _page(app, "done", newsletter)
    except (BadToken, NotFound):
        return _page(app, "bad", None)
    return _page(app, "ask", newsletter)


ROUTES = [Route("/leave/{token}", _leave, methods=["GET", "HEAD", "POST"])]
