"""Signing up, and confirming it.

What a form is answered depends on the form alone: it is written down, and looked at later (see
`joining`), so that neither the answer nor its time tells whether an address is known.  Instead
of a puzzle there is a field that only programs fill in, a stamp that says when the form was asked
for, and a limit to how many are taken.  A form that comes without a stamp, from a page of another
site, is shown once more, to be sent by a person.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest import joining
from digest.app import App
from digest.choosing import offer
from digest.errors import BadToken, Conflict, NotFound
from digest.render.signup import (
    SignupForm,
    SignupState,
    blank_form,
    choose_page,
    confirm_page,
    consent_wording,
    signup_page,
)
from digest.render.tidy import web_url
from digest.settings import Newsletter
from digest.web.forms import (
    PERSONAL,
    ZONES,
    Fields,
    client_of,
    last,
    not_offered,
    page_route,
    read_choices,
    read_form,
    reader_language,
)
from digest.web.limits import Limits, Taken

#: Faster than this nobody fills in a form; later, the page has been forgotten in a tab.
QUICKEST: Final = timedelta(seconds=2)
LONGEST: Final = timedelta(days=1)
_NO_STORE: Final = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language, Origin"}
_LATER: Final = {"Retry-After": "600"}
_PORTS: Final = {"http": ":80", "https": ":443"}


# ------------------------------------------------------------------------ other sites


@lru_cache(maxsize=8)
def _origins(sites: Sequence[str]) -> frozenset[str]:
    """What browsers call *sites*: in small ASCII, without the port that everybody knows."""
    told = (((web_url(site) or site).lower(), urlsplit(site.lower()).scheme) for site in sites)
    return frozenset(origin.removesuffix(_PORTS.get(scheme, "\0")) for origin, scheme in told)


def _embedded_on(app: App, headers: Headers) -> str:
    """The site that shows the form in a page of its own, if it may; else ""."""
    origin = headers.get("origin", "")
    return origin if origin in _origins(app.settings.audience.embed_on) else ""


class Embedded:
    """ASGI middleware: pages of configured sites, and of no others, can read every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = _embedded_on(scope["app"].state.app, Headers(scope=scope))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "origin" not in headers.get("vary", "").lower():
                    headers.add_vary_header("Origin")
                if origin:
                    headers["Access-Control-Allow-Origin"] = origin
                if origin and scope["method"] == "OPTIONS":
                    headers["Access-Control-Allow-Methods"] = "GET, POST"
                    headers["Access-Control-Allow-Headers"] = "Accept, Content-Type"
                    headers["Access-Control-Max-Age"] = "600"
            await send(message)

        await self._app(scope, receive, with_headers)


def _strange(app: App, headers: Headers) -> bool:
    """Whether a page of a site that is not configured has a browser send this."""
    if _embedded_on(app, headers):
        return False
    told = headers.get("sec-fetch-site")
    if told is not None:
        return told == "cross-site"
    # Older browsers, and sites without https.  Our own pages, which send no referrer, have an
    # origin of "null" or one of these two: a proxy may have changed the Host.
    origin = headers.get("origin", "null").lower()
    ours = {headers.get("host", "").lower(), urlsplit(app.settings.site.base_url).netloc.lower()}
    return origin != "null" and urlsplit(origin).netloc not in ours


# --------------------------------------------------------------------------- sign up


class _Desk:
    """One newsletter's form, for one request."""

    def __init__(self, request: Request, newsletter: Newsletter) -> None:
        self.request = request
        self.app: App = request.app.state.app
        self.newsletter = newsletter
        self.language = reader_language(request)
        self.there = offer(newsletter, self.app.settings.newsletters)

    @property
    def blank(self) -> SignupForm:
        return blank_form(self.newsletter, self.language)

    def say(
        self,
        state: SignupState,
        *,
        form: SignupForm | None = None,
        faults: frozenset[str] = frozenset(),
        status: int = 200,
    ) -> Response:
        """A page for people; what it says, for a page that asks for JSON."""
        headers = {**_NO_STORE, **(_LATER if status == 429 else {})}
        if _wants_json(self.request):
            told: dict[str, object] = {"asked": state == "asked"}
            if faults:
                told["faults"] = sorted(faults)
            status = 202 if state == "asked" else status if status != 200 else 422
            return JSONResponse(told, status_code=status, headers=headers)
        page = signup_page(
            state,
            press=self.app.press,
            newsletter=self.newsletter,
            sections=self.there.sections,
            frequencies=self.there.frequencies,
            languages=self.there.languages,
            zones=ZONES,
            form=form,
            stamp=self.app.links.form_stamp(self.app.now()),
            faults=() if state != "ask" else faults,
            language=self.language,
        )
        return HTMLResponse(page, status_code=status, headers=headers)

    def described(self) -> Response:
        """The form as data, for a page of another site that draws it itself."""
        wording, _ = consent_wording(self.newsletter, self.language)
        told: dict[str, object] = {
            "newsletter": self.newsletter.slug,
            "title": self.newsletter.title,
            "consent": wording,
            "sections": [{"slug": slug, "title": title} for slug, title in self.there.sections],
            "frequencies": [one.value for one in self.there.frequencies],
            "languages": [tag for tag, _ in self.there.languages],
            "stamp": self.app.links.form_stamp(self.app.now()),
            "quickest_s": QUICKEST.total_seconds(),
        }
        return JSONResponse(told, headers=_NO_STORE)

    def filled(self, fields: Fields) -> tuple[SignupForm, frozenset[str]]:
        """What was typed, and the faults in it."""
        choices, faults = read_choices(fields, self.blank.choices)
        form = SignupForm(
            email=last(fields, "email").strip(),
            name=last(fields, "name").strip(),
            choices=choices,
            agreed=last(fields, "consent") == "1",
        )
        faults |= not_offered(choices, self.there)
        wrong = joining.refused(self.app, self.newsletter, form.email)
        if wrong:
            faults |= {wrong}
        if not form.agreed:
            faults |= {"consent"}
        return form, faults

    def in_time(self, stamp: str) -> bool:
        """Whether a person has asked for this form, and has looked at it."""
        try:
            age = self.app.now() - self.app.links.read_form_stamp(stamp)
        except BadToken:
            return False
        # Another site may have fetched a stamp of its own; browsers say where from they send.
        return QUICKEST <= age <= LONGEST and not _strange(self.app, self.request.headers)

    async def ask(self, form: SignupForm) -> None:
        """Write it down.

        Raises:
            Conflict: too many wait to be looked at.
        """
        wording, language = consent_wording(self.newsletter, self.language)
        site = _embedded_on(self.app, self.request.headers)
        await joining.ask(
            self.app,
            joining.Asked(
                email=form.email,
                newsletter=self.newsletter.slug,
                name=form.name,
                choices=form.choices,
                wording=wording,
                wording_language=language,
                given=f"form on {site}" if site else "sign-up page",
                network=client_of(self.request),
            ),
        )


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


async def _subscribe(request: Request) -> Response:
    app: App = request.app.state.app
    slug = request.path_params["newsletter"]
    newsletter = next((one for one in app.settings.newsletters if one.slug == slug), None)
    if newsletter is None or slug not in app.offered:
        return _closed(request, app, newsletter)
    desk = _Desk(request, newsletter)
    if request.method != "POST":
        return desk.described() if _wants_json(request) else desk.say("ask")
    return await _sent(desk, request.app.state.limits)


def _closed(request: Request, app: App, newsletter: Newsletter | None) -> Response:
    """Nobody can sign up for it; of one that there is not: what else there is."""
    if _wants_json(request):
        told = {"asked": False, "faults": ["closed"]}
        return JSONResponse(told, status_code=404, headers=_NO_STORE)
    language = reader_language(request)
    if newsletter is None:
        offered = [one for one in app.settings.newsletters if one.slug in app.offered]
        page = choose_page(press=app.press, newsletters=offered, language=language)
    else:
        page = signup_page("closed", press=app.press, newsletter=newsletter, language=language)
    return HTMLResponse(page, status_code=404, headers=_NO_STORE)


async def _sent(desk: _Desk, limits: Limits) -> Response:
    try:
        fields = await read_form(desk.request)
    except HTTPException as error:
        if not _wants_json(desk.request):
            raise
        return desk.say("ask", faults=frozenset({"form"}), status=error.status_code)
    form, faults = desk.filled(fields)
    if faults:
        return desk.say("ask", form=form, faults=faults, status=422)
    stamp = last(fields, "stamp")
    if not desk.in_time(stamp):
        return desk.say("again", form=form, faults=frozenset({"stamp"}))
    taken: Taken = limits.take(
        network=joining.kept_network("masked", client_of(desk.request)),
        address=form.email,
        stamp=stamp,
        now_s=time.monotonic(),
    )
    # A program that fills in every field is told the same, and nothing is written down.
    if taken == "yes" and not last(fields, "website"):
        try:
            await desk.ask(form)
        except Conflict:
            taken = "busy"
    if taken == "busy":
        return desk.say("busy", form=form, faults=frozenset({"busy"}), status=429)
    if taken == "again":
        return desk.say("again", form=form, faults=frozenset({"stamp"}))
    return desk.say("asked", form=form)


async def _choose(request: Request) -> Response:
    app: App = request.app.state.app
    offered = [one for one in app.settings.newsletters if one.slug in app.offered]
    if len(offered) == 1:
        # Relative: the browser may know this place by another name than we do.
        query = f"?{request.url.query}" if request.url.query else ""
        where = f"subscribe/{offered[0].slug}{query}"
        return RedirectResponse(where, status_code=302, headers=_NO_STORE)
    page = choose_page(press=app.press, newsletters=offered, language=reader_language(request))
    return HTMLResponse(page, status_code=200 if offered else 404, headers=_NO_STORE)


# --------------------------------------------------------------------------- confirm


async def _confirm(request: Request) -> Response:
    """GET asks and changes nothing: mail scanners open every link.  POST confirms."""
    app: App = request.app.state.app
    token = request.path_params["token"]
    language = reader_language(request)
    try:
        if request.method == "POST":
            found = await joining.confirm(app, token)
        else:
            found = await joining.confirmation(app, token)
    except (BadToken, NotFound) as error:
        old = isinstance(error, NotFound) or _was_ours(app, token)
        page = confirm_page("old" if old else "bad", press=app.press, language=language)
        return HTMLResponse(page, status_code=404, headers=PERSONAL)
    page = confirm_page(
        "done" if found.done else "ask",
        press=app.press,
        newsletter=found.newsletter,
        wording=found.wording,
        wording_language=found.wording_language,
        address=found.half_address,
        language=found.language or language,
    )
    return HTMLResponse(page, headers=PERSONAL)


def _was_ours(app: App, token: str) -> bool:
    """Whether a link that is good no more was good once."""
    try:
        app.links.read_confirm(token, now=app.now() - timedelta(days=36_500))
    except BadToken:
        return False
    return True


ROUTES = [
    page_route("/subscribe", _choose, post=False),
    page_route("/subscribe/{newsletter}", _subscribe, middleware=[Middleware(Embedded)]),
    page_route("/confirm/{token}", _confirm),
]
