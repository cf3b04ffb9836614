"""/go: a link of a mail leads on to its article, and is counted if its newsletter counts.

Where it leads is in the link and signed, so nobody else can have us send people anywhere, and
an old mail works as long as the key is kept, whatever became of its edition.  No cookie, no
page in between, nothing of the visitor kept.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from digest import clicks
from digest.app import App
from digest.errors import BadToken

#: Between two additions to the database.
_EVERY_S: Final = 15.0
#: No cache between may answer in our place, nor tell anybody what was followed.
_HEADERS: Final = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


async def _go(request: Request) -> Response:
    """Lead on, always; count, perhaps."""
    app: App = request.app.state.app
    try:
        edition_id, url = app.links.read_go(request.path_params["token"])
    except BadToken:
        text = (
            "This link is damaged, or not one of ours, so it leads nowhere.\n"
            "Open it again in your mail; if it was cut in two, copy the whole of it.\n"
            f"All editions: {app.links.home_url()}\n"
        )
        return PlainTextResponse(text, status_code=404, headers=_HEADERS)
    if clicks.are_counted(app, edition_id) and clicks.may_count(request.method, request.headers):
        counted: clicks.Clicks = request.app.state.clicks
        counted.note(
            edition_id,
            url,
            address=request.client.host if request.client else "",
            agent=request.headers.get("user-agent", ""),
            at=app.now(),
        )
    return Response(status_code=302, headers={**_HEADERS, "Location": url})


@asynccontextmanager
async def counting(served: Starlette) -> AsyncIterator[None]:
    """The lifespan of an application with these routes: what counts is kept as it goes.

    At the end what counts by then is kept too.
    """
    app: App = served.state.app
    counted: clicks.Clicks = served.state.clicks
    ending = asyncio.Event()

    async def keep() -> None:
        while not ending.is_set():
            await clicks.flush(app, counted)
            # Never cancelled in the middle of a transaction: what was taken would be lost.
            with suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), _EVERY_S)

    keeping = asyncio.create_task(keep(), name="clicks")
    try:
        yield
    finally:
        ending.set()
        await keeping
        await clicks.flush(app, counted)


ROUTES = [Route("/go/{token:path}", _go, methods=["GET", "HEAD"])]
