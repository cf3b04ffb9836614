"""/search: what readers look for in what was published.

Whoever asks is unknown and stays so: nothing of a question is kept or logged.  How words are
compared is told by `digest.model.asked`, what is found by `digest.store.printed`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from digest import render
from digest.app import App
from digest.model.asked import Asked, ask, loosened
from digest.model.printed import Found, Printed
from digest.render.excerpt import excerpt
from digest.store import printed

#: Characters of a question.
_LONGEST: Final = 200
_ON_A_PAGE: Final = 20
#: Pages that a search has at most: nobody reads so far, and robots would.
_PAGES: Final = 50
_HEADERS: Final = {"Cache-Control": "public, max-age=60", "X-Robots-Tag": "noindex"}
_BUSY: Final = {"Cache-Control": "no-store", "Retry-After": "5"}


class Turns:
    """Who may search now: a few at once, and a queue that ends somewhere.

    Searching shares the database and the processor with sending, which comes first.
    """

    def __init__(self, *, at_once: int = 2, most_waiting: int = 20) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._waiting = 0

    @asynccontextmanager
    async def take(self) -> AsyncIterator[bool]:
        """Wait for a turn; yields False, at once, when too many do already."""
        if self._waiting >= self._most_waiting:
            yield False
            return
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield True
        finally:
            self._free.release()


def routes(turns: Turns) -> list[Route]:
    """The door of one application; *turns* are its own."""

    async def search(request: Request) -> Response:
        async with turns.take() as may_search:
            if may_search:
                return await _search(request)
        told = "Many are searching just now; try again in a few seconds.\n"
        return PlainTextResponse(told, status_code=503, headers=_BUSY)

    return [Route("/search", search, methods=["GET", "HEAD"])]


async def _search(request: Request) -> Response:
    app: App = request.app.state.app
    query = request.query_params.get("q", "").strip()[:_LONGEST]
    asked = ask(query)
    known = {newsletter.slug for newsletter in app.settings.newsletters}
    newsletter = request.query_params.get("newsletter", "")
    newsletter = newsletter if newsletter in known else ""
    page, total, lines = await _find(app, asked, newsletter, _number(request))
    if not total and asked.terms:
        asked = loosened(asked)
        page, total, lines = await _find(app, asked, newsletter, _number(request))
    html = await asyncio.to_thread(
        render.search_page,
        query,
        _found(lines, asked),
        press=app.press,
        newsletters=app.settings.newsletters,
        newsletter=newsletter,
        page=page,
        pages=_pages(total),
        total=total,
    )
    answer = HTMLResponse(html, headers=_HEADERS)
    if request.method == "HEAD":
        answer.body = b""
    return answer


async def _find(
    app: App, asked: Asked, newsletter: str, page: int
) -> tuple[int, int, Sequence[Printed]]:
    """The page that there is, of how many lines in all, and its lines."""
    async with app.db.read() as conn:
        while True:
            total, lines = await printed.search(
                app.db,
                conn,
                asked,
                newsletter=newsletter or None,
                limit=_ON_A_PAGE,
                offset=(page - 1) * _ON_A_PAGE,
            )
            if page <= _pages(total):
                return page, total, lines
            page = _pages(total)


def _found(lines: Sequence[Printed], asked: Asked) -> list[Found]:
    words = tuple(str(way) for term in asked.terms for way in term.either)
    return [
        # A brief may be as short as the headline that it is given.
        Found(
            printed=line,
            excerpt=excerpt(line.text, words) if line.text != line.headline else (),
            asked=words,
        )
        for line in lines
    ]


def _pages(total: int) -> int:
    return min(_PAGES, max(1, -(-total // _ON_A_PAGE)))


def _number(request: Request) -> int:
    """The page that was asked for; the first, if that is no number."""
    told = request.query_params.get("page", "")
    # A few digits: int() of thousands would be an error.
    is_number = told.isascii() and told.isdigit() and len(told) < 5
    return min(_PAGES, max(1, int(told))) if is_number else 1
