"""Leaving and choosing: pages that ask, and buttons (or a mail program's one click) that do it.

The address of each page is a key to one subscription: it is all there is to know, so there is
no cookie, no password, and nothing that another site could make a browser send.
"""

from typing import Final
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from digest import audience, render
from digest.app import App
from digest.errors import BadToken, Conflict, NotFound
from digest.render.wishes import WishState, preferences_page
from digest.settings import Newsletter
from digest.web.api import read_body

#: The address of these pages is a key to a subscription: no cache may keep it, no link tell it.
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
}
_FORM: Final = "application/x-www-form-urlencoded"
#: Of a form, in octets, and in fields.
_MOST: Final = 16_384
_MOST_FIELDS: Final = 300


def _page(
    app: App, state: render.LeaveState, newsletter: Newsletter | None, language: str = ""
) -> Response:
    page = render.leave_page(state, press=app.press, newsletter=newsletter, language=language)
    return HTMLResponse(page, status_code=404 if state == "bad" else 200, headers=_HEADERS)


async def _leave(request: Request) -> Response:
    """GET asks and changes nothing: mail scanners open every link.  POST leaves (RFC 8058)."""
    app: App = request.app.state.app
    token = request.path_params["token"]
    try:
        slug, key = app.links.read_leave(token)
        language = await audience.language_of(app, slug, key)
        if request.method == "POST":
            # No cookie, no form field is asked for: the token is all there is to know.
            await audience.leave(app, token)
    except (BadToken, NotFound):
        return _page(app, "bad", None)
    # Links in old mails outlive the newsletter: leaving asks for the subscription alone.
    state: render.LeaveState = "done" if request.method == "POST" else "ask"
    return _page(app, state, _newsletter(app, slug), language)


def _newsletter(app: App, slug: str) -> Newsletter | None:
    return next((one for one in app.settings.newsletters if one.slug == slug), None)


async def _preferences(request: Request) -> Response:
    """GET shows what somebody gets and changes nothing; POST saves what they chose."""
    app: App = request.app.state.app
    token = request.path_params["token"]
    try:
        if request.method == "POST":
            return await _save(request, app, token)
        state: WishState = "saved" if "saved" in request.query_params else "ask"
        return await _wishes(app, token, state)
    except BadToken:
        page = preferences_page("bad", press=app.press)
        return HTMLResponse(page, status_code=404, headers=_HEADERS)
    except NotFound:
        # The link is ours: there is only nothing to choose any more.
        slug, key = app.links.read_preferences(token)
        language = await audience.language_of(app, slug, key)
        left = _page(app, "done", _newsletter(app, slug), language)
        left.status_code = 404
        return left


async def _save(request: Request, app: App, token: str) -> Response:
    # Whoever has no link is told so before anything is read.
    app.links.read_preferences(token)
    chosen = await _form(request)
    try:
        await audience.change_wishes(
            app,
            token,
            sections=chosen.get("section", []),
            language=chosen.get("language", [""])[-1],
            form=chosen.get("form", [""])[-1],
        )
    except Conflict as error:
        # The newsletter has changed since the page was opened: they choose anew.
        return await _wishes(app, token, "ask", fault=str(error), status=409)
    # To the page itself, so that loading it again saves nothing again; relative, because the
    # browser may know this place by another name than we do.
    return Response(status_code=303, headers={**_HEADERS, "Location": "?saved=1"})


async def _wishes(
    app: App, token: str, state: WishState, *, fault: str = "", status: int = 200
) -> Response:
    now = await audience.wishes(app, token)
    page = preferences_page(
        state,
        press=app.press,
        newsletter=now.newsletter,
        subscriber=now.subscriber,
        sections=now.sections,
        languages=now.languages,
        leave_url=app.links.leave_url(now.newsletter.slug, now.subscriber),
        fault=fault,
    )
    return HTMLResponse(page, status_code=status, headers=_HEADERS)


async def _form(request: Request) -> dict[str, list[str]]:
    """The fields of a form.

    Raises:
        HTTPException: 413, too long; 415, no form; 400, it broke off, or has too many fields.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM or request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(415, f"Send {_FORM}.\n", headers={"Accept-Post": _FORM, **_HEADERS})
    body = await read_body(request, most=_MOST)
    try:
        text = body.decode("ascii", "replace")
        return parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        detail = f"The form has more than {_MOST_FIELDS} fields.\n"
        raise HTTPException(400, detail, headers=_HEADERS) from error


ROUTES = [
    Route("/leave/{token}", _leave, methods=["GET", "HEAD", "POST"]),
    Route("/preferences/{token}", _preferences, methods=["GET", "HEAD", "POST"]),
]
