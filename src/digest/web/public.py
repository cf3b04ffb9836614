"""Leaving and choosing: pages that ask, and buttons (or a mail program's one click) that do it.

The address of each page is a key to one subscription: it is all there is to know, so there is
no cookie, no password, and nothing that another site could make a browser send.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from digest import audience
from digest.app import App
from digest.choosing import Offer
from digest.errors import BadToken, Conflict, NotFound
from digest.model import By, Choices, Subscriber, SubscriptionState
from digest.render.leaving import LeaveState, forgotten_page, leave_page
from digest.render.wishes import WishState, preferences_page
from digest.settings import Newsletter
from digest.web.forms import (
    PERSONAL,
    ZONES,
    Fields,
    from_elsewhere,
    last,
    not_offered,
    number,
    page_route,
    read_choices,
    read_form,
    reader_language,
)

#: What the page says after each of its forms.
_SAID: Final[Mapping[str, WishState]] = {
    "save": "saved",
    "pause": "ask",
    "resume": "resumed",
    "back": "back",
    "join": "joined",
    "leave-all": "left",
    "data": "data",
}
#: Buttons of the page of leaving, besides the one that leaves.
_BESIDES: Final = frozenset({"back", "pause", "leave-all"})
_ELSEWHERE: Final = "this was sent by a page of another site, so nothing was changed"
_GETTING: Final = (SubscriptionState.ACTIVE, SubscriptionState.PAUSED)
#: Too long, too odd, or of another kind: no form of ours.
_NOT_OURS: Final = (413, 415)


def _newsletter(app: App, slug: str) -> Newsletter | None:
    return next((one for one in app.settings.newsletters if one.slug == slug), None)


# --------------------------------------------------------------------------- leave


async def _leave(request: Request) -> Response:
    """GET asks and changes nothing: mail scanners open every link.  POST leaves (RFC 8058)."""
    app: App = request.app.state.app
    token = request.path_params["token"]
    try:
        app.links.read_leave(token)
        if request.method == "POST":
            return await _act_of_leaving(request, app, token)
        return await _leaving(app, token)
    except (BadToken, NotFound):
        page = leave_page(
            "bad", press=app.press, newsletter=None, language=reader_language(request)
        )
        return HTMLResponse(page, status_code=404, headers=PERSONAL)


async def _act_of_leaving(request: Request, app: App, token: str) -> Response:
    """Do what a POST asks for; without a word of ours that is to leave, whatever its body is."""
    fields = await _fields_if_ours(request)
    act = last(fields, "act")
    if act in _BESIDES and from_elsewhere(request):
        return await _leaving(app, token, fault=_ELSEWHERE, status=403)
    try:
        if act == "back":
            await audience.back(app, token)
            return await _leaving(app, token, "back")
        if act == "pause":
            await audience.pause(app, token, number(fields, "days"))
            return await _leaving(app, token, "paused")
    except (Conflict, NotFound) as error:
        # No such number of days; they have left meanwhile; or nothing is ever mailed to them.
        return await _leaving(app, token, fault=str(error), status=409)
    # No cookie, no form field is asked for: the token is all there is to know.
    by_hand = request.headers.get("sec-fetch-mode") == "navigate"
    try:
        if act == "leave-all":
            await audience.leave_all(app, token)
        else:
            await audience.leave(app, token, cause=By.PAGE if by_hand else By.ONE_CLICK)
    except NotFound:
        # The link was ours, and nobody is mailed by it any more: what they want is so.
        page = leave_page(
            "done", press=app.press, newsletter=None, language=reader_language(request)
        )
        return HTMLResponse(page, headers=PERSONAL)
    return await _leaving(app, token, "all" if act == "leave-all" else "done")


async def _fields_if_ours(request: Request) -> Fields:
    """The fields of a form of our page; none of any other body (RFC 8058 §3.2 allows several)."""
    try:
        return await read_form(request)
    except HTTPException as error:
        if error.status_code in _NOT_OURS:
            return {}
        raise


async def _leaving(
    app: App, token: str, state: LeaveState | None = None, *, fault: str = "", status: int = 200
) -> Response:
    """The page of a leave link; without *state*, as they stand.

    Raises:
        NotFound: they were forgotten.
    """
    slug, _ = app.links.read_leave(token)
    seen = await audience.leaver(app, token)
    if state is None:
        state = "done" if seen.state is SubscriptionState.ENDED else "ask"
    # Links in old mails outlive the newsletter: leaving asks for the subscription alone.
    page = leave_page(
        state,
        press=app.press,
        newsletter=_newsletter(app, slug),
        language=seen.subscriber.language,
        address=seen.half_address,
        preferences_url=app.links.preferences_url(slug, seen.subscriber),
        until=seen.until if state == "paused" else None,
        timezone=seen.subscriber.timezone,
        others=await _going_on(app, slug, seen.subscriber) if state == "done" else (),
        fault=fault,
    )
    return HTMLResponse(page, status_code=status, headers=PERSONAL)


async def _going_on(app: App, slug: str, subscriber: Subscriber) -> tuple[Newsletter, ...]:
    """What somebody who has left *slug* goes on getting."""
    try:
        now = await audience.wishes(app, app.links.preferences_token(slug, subscriber))
    except NotFound:
        # A newsletter that there is no more, or somebody who was forgotten meanwhile.
        return ()
    return tuple(other.newsletter for other in now.others if other.state in _GETTING)


# --------------------------------------------------------------------- preferences


async def _preferences(request: Request) -> Response:
    """GET shows what somebody gets and changes nothing; POST does what one of the forms says."""
    app: App = request.app.state.app
    token = request.path_params["token"]
    try:
        # Whoever has no link is told so before anything is read.
        app.links.read_preferences(token)
        if request.method == "POST":
            return await _act(request, app, token)
        state = _SAID.get(request.query_params.get("done", ""), "ask")
        return await _wishes(app, token, state, joined=request.query_params.get("joined", ""))
    except (BadToken, NotFound):
        # Of the page's reader is known only what their browser says.
        somebody = Subscriber(id=0, email="", language=reader_language(request), key="")
        way_out = await _way_out(app, token)
        page = preferences_page("bad", press=app.press, subscriber=somebody, leave_url=way_out)
        return HTMLResponse(page, status_code=404, headers=PERSONAL)


async def _way_out(app: App, token: str) -> str:
    """Where whoever subscribed to a newsletter that there is no more can still leave; else ""."""
    try:
        slug, key = app.links.read_preferences(token)
        somebody = Subscriber(id=0, email="", key=key)
        await audience.leaver(app, app.links.leave_token(slug, somebody))
    except (BadToken, NotFound):
        return ""
    return app.links.leave_url(slug, somebody)


async def _act(request: Request, app: App, token: str) -> Response:
    fields = await read_form(request)
    if from_elsewhere(request):
        return await _wishes(app, token, "ask", fault=_ELSEWHERE, status=403)
    act = last(fields, "act", "save" if "form" in fields else "")
    acts: Mapping[str, Callable[[], Awaitable[object]]] = {
        "pause": lambda: audience.pause(app, token, number(fields, "days")),
        "resume": lambda: audience.resume(app, token),
        "back": lambda: audience.back(app, token),
        "join": lambda: audience.join(app, token, last(fields, "newsletter")),
        "leave-all": lambda: audience.leave_all(app, token),
        "data": lambda: audience.send_data(app, token),
    }
    try:
        if act == "forget":
            return await _forget(app, token, fields)
        if act == "save":
            return await _save(app, token, fields)
        if act not in acts:
            raise Conflict("there is no such button")
        await acts[act]()
    except (Conflict, NotFound) as error:
        # Something has changed since the page was opened: they see how it is, and choose anew.
        return await _wishes(app, token, "ask", fault=str(error), status=409)
    return _done(f"{act}&joined={last(fields, 'newsletter')}" if act == "join" else act)


def _done(act: str) -> Response:
    # To the page itself, so that loading it again does nothing again; relative, because the
    # browser may know this place by another name than we do.
    return Response(status_code=303, headers={**PERSONAL, "Location": f"?done={act}"})


async def _save(app: App, token: str, fields: Fields) -> Response:
    """Keep what somebody chose.

    Raises:
        Conflict, NotFound: as `audience.change_wishes`.
    """
    now = await audience.wishes(app, token)
    chosen, faults = read_choices(fields, now.choices)
    there = Offer(sections=now.sections, languages=now.languages, frequencies=now.frequencies)
    faults |= not_offered(chosen, there)
    if chosen.timezone == now.choices.timezone:
        faults -= {"timezone"}
    if faults:
        return await _wishes(app, token, "ask", faults=faults, sent=chosen, status=409)
    await audience.change_wishes(app, token, chosen)
    return _done("save")


async def _forget(app: App, token: str, fields: Fields) -> Response:
    if last(fields, "sure") != "1":
        return await _wishes(app, token, "unsure", status=409)
    now = await audience.wishes(app, token)
    await audience.forget(app, token, never=last(fields, "never") == "1")
    # No redirect: the link opens nothing any more.
    page = forgotten_page(
        press=app.press, newsletter=now.newsletter, language=now.subscriber.language
    )
    return HTMLResponse(page, headers=PERSONAL)


async def _wishes(
    app: App,
    token: str,
    state: WishState,
    *,
    joined: str = "",
    fault: str = "",
    faults: frozenset[str] = frozenset(),
    sent: Choices | None = None,
    status: int = 200,
) -> Response:
    now = await audience.wishes(app, token)
    page = preferences_page(
        state,
        press=app.press,
        newsletter=now.newsletter,
        subscriber=now.subscriber,
        address=now.half_address,
        choices=sent or now.choices,
        sections=now.sections,
        frequencies=now.frequencies,
        languages=now.languages,
        zones=ZONES | {now.choices.timezone},
        life=now.state,
        until=now.until,
        others=[(other.newsletter, other.state) for other in now.others],
        joined=_newsletter(app, joined),
        leave_url=app.links.leave_url(now.newsletter.slug, now.subscriber),
        faults=faults,
        fault=fault,
    )
    return HTMLResponse(page, status_code=status, headers=PERSONAL)


ROUTES = [
    page_route("/leave/{token}", _leave),
    page_route("/preferences/{token}", _preferences),
]
