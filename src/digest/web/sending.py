"""/desk/sending: what is being sent now, for the newsroom alone; a page, and a stream of events.

The page needs no script and changes nothing; while something is being sent it is loaded anew every
few seconds, unless its address ends in ``?still``.  The stream (`text/event-stream`, as HTML's
EventSource reads it) has one `event: progress` with JSON for each second in which something has
changed, and ends with `event: end`.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from digest import pausing, tracking
from digest.app import App
from digest.errors import DigestError, NotFound
from digest.model import Progress, Tally
from digest.store import editions
from digest.store.editions import Record
from digest.telemetry import log
from digest.tracking import Tracker
from digest.web.here import for_desk

_HEADERS: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
#: nginx would keep events back until it has enough of them.
_STREAM: Final = {**_HEADERS, "X-Accel-Buffering": "no"}
_BUSY: Final = {**_HEADERS, "Retry-After": "30"}
#: A comment after so long in which nothing changed: proxies close what is silent for a minute.
_HEARTBEAT_S: Final = 15.0
#: The page is loaded anew after so many seconds.
_AGAIN_S: Final = 5
#: Relays and providers that are seen at once; the others when they are asked for.
_LINES: Final = 5
_PROGRESS: Final = TypeAdapter(Progress)
_EVENTS: Final = "text/event-stream"


class Watchers:
    """Whoever follows a stream: a bounded number, and one look a second for all of an edition.

    Looking shares the database with sending, which comes first.
    """

    def __init__(self, *, most: int = 20, every_s: float = 1.0) -> None:
        self.every_s = every_s
        self._most = most
        self._now = 0
        #: Edition → who looks at it, and for how many.
        self._looks: dict[str, tuple[_Look, int]] = {}

    @contextmanager
    def place(self, app: App, edition_id: str) -> Iterator["_Look | None"]:
        """A look at an edition that is shared with whoever follows it too; None: no place left."""
        if self._now >= self._most:
            yield None
            return
        look, number = self._looks.get(edition_id, (_Look(app, edition_id, self.every_s), 0))
        self._now += 1
        self._looks[edition_id] = (look, number + 1)
        try:
            yield look
        finally:
            self._now -= 1
            look, number = self._looks.pop(edition_id)
            if number > 1:
                self._looks[edition_id] = (look, number - 1)


class _Look:
    """The last look at an edition, as long as it is fresh."""

    def __init__(self, app: App, edition_id: str, every_s: float) -> None:
        self._tracker = Tracker(app, edition_id)
        self._every_s = every_s
        self._looking = asyncio.Lock()
        self._last: tuple[float, Progress] | None = None

    @property
    def over(self) -> bool:
        return self._tracker.over

    async def progress(self) -> Progress:
        async with self._looking:
            now = asyncio.get_running_loop().time()
            # A little less than a second ago is now: watchers do not wake in step.
            if self._last is None or now - self._last[0] >= 0.8 * self._every_s:
                self._last = (now, await self._tracker.look())
            return self._last[1]


# ------------------------------------------------------------------------- the stream


class _Stream:
    """An answer that goes on until the edition is over, the client is gone, or we stop.

    Its place is given back however it ends: a generator that is left alone is closed some time.
    """

    def __init__(self, app: App, edition_id: str, watchers: Watchers) -> None:
        self._app = app
        self._id = edition_id
        self._watchers = watchers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._watchers.place(self._app, self._id) as look:
            answer: Response
            if look is None:
                text = "Too many watch already; close a window, or try again later.\n"
                answer = PlainTextResponse(text, status_code=503, headers=_BUSY)
            else:
                events = _events(self._app, look, self._watchers.every_s)
                answer = StreamingResponse(events, media_type=_EVENTS, headers=_STREAM)
            await answer(scope, receive, send)


async def _events(
    app: App, look: _Look, every_s: float, *, heartbeat_s: float = _HEARTBEAT_S
) -> AsyncGenerator[str]:
    last: Progress | None = None
    silent_s = 0.0
    try:
        while not app.stopping.is_set():
            now = await look.progress()
            if last is None or tracking.changed(last, now):
                last, silent_s = now, 0.0
                yield f"event: progress\ndata: {_PROGRESS.dump_json(now).decode()}\n\n"
            elif silent_s >= heartbeat_s:
                silent_s = 0.0
                yield ": nothing new\n\n"
            if look.over:
                break
            silent_s += every_s
            with suppress(TimeoutError):
                # A stopping server waits for its answers: this one ends at once.
                await asyncio.wait_for(app.stopping.wait(), every_s)
    except DigestError as error:
        # The head is out: the client hears of it by the end, and may ask again.
        log.warning("progress cannot be told", reason=str(error))
    yield f"event: end\ndata: {json.dumps({'over': look.over})}\n\n"


async def _follow(request: Request) -> ASGIApp:
    app = for_desk(request)
    edition_id = request.query_params.get("edition", "")
    # Before the first octet: what is not there is told by the status.
    async with app.db.read() as conn:
        await editions.get(conn, edition_id)
    if request.method == "HEAD":
        return Response(media_type=_EVENTS, headers=_STREAM)
    return _Stream(app, edition_id, request.app.state.watchers)


# --------------------------------------------------------------------------- the page


def _facts(now: Progress) -> Iterator[tuple[str, str]]:
    """Name and value of what is known of a sending."""
    counts = now.counts
    for name in ("sent", "pending", "failed", "doubtful", "skipped", "bounced"):
        number = getattr(counts, name)
        if number:
            yield name.capitalize(), f"{number:,}"
    if now.workers:
        yield "A second", f"{now.per_s:,.1f}"
        yield "Processes", str(now.workers)
    if now.left_s is not None:
        yield "Left", f"{timedelta(seconds=round(now.left_s))}"


def _most(tallies: Mapping[str, Tally]) -> list[tuple[str, Tally]]:
    """Those with most answers first."""

    def answers(one: tuple[str, Tally]) -> int:
        tally = one[1]
        return -(tally.accepted + tally.deferred + tally.refused + tally.vanished)

    return sorted(tallies.items(), key=answers)


def _title(app: App, record: Record) -> str:
    """Of the newsletter and the day; "" when config.toml has it no more."""
    with suppress(NotFound):
        return f"{app.newsletter(record.newsletter).title}, {record.day:%d %B %Y}".replace(
            ", 0", ", "
        )
    return ""


async def _page(request: Request) -> Response:
    app = for_desk(request)
    found = await tracking.under_way(app)
    rows = [
        {
            "record": record,
            "now": now,
            "title": _title(app, record),
            "facts": list(_facts(now)),
            "held_up": await pausing.held_up(app, record, pending=now.counts.pending),
            "tallies": (("Relay", _most(now.relays)), ("Provider", _most(now.lanes))),
        }
        for record, now in found
    ]
    page = app.templates.page(
        "sending.html",
        site=app.settings.site,
        lang="en",
        dir="ltr",
        rows=rows,
        moves=any(not now.paused for _, now in found),
        still="still" in request.query_params,
        lines=_LINES,
        every_s=_AGAIN_S,
    )
    return HTMLResponse(page, headers=_HEADERS)


async def _json(request: Request) -> Response:
    found = await tracking.under_way(for_desk(request))
    told = [_PROGRESS.dump_python(now, mode="json") for _, now in found]
    for plain, (record, _) in zip(told, found, strict=True):
        plain["state"] = record.state.value
    return JSONResponse(told, headers=_HEADERS)


ROUTES = [
    Route("/desk/sending", _page),
    Route("/desk/sending.json", _json),
    Route("/desk/sending/events", _follow),
]
