"""/desk: how the sources are, and the report before an edition, for the newsroom alone.

The pages read and change nothing; what is to be done is done on the command line.
"""

from collections.abc import Iterator
from datetime import datetime

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from digest import preflight
from digest.app import App
from digest.health import Word
from digest.preflight import Line, Report
from digest.slots import coming
from digest.web.here import for_desk

#: What an editor does here is nobody else's to keep.
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_LINES = TypeAdapter(list[Line])


def _page(app: App, template: str, **values: object) -> Response:
    page = app.templates.page(template, site=app.settings.site, lang="en", dir="ltr", **values)
    return HTMLResponse(page, headers=_HEADERS)


def _local(at: datetime | None) -> str:
    """In this machine's clock: whoever looks sits at it."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if at else "–"


def _facts(line: Line) -> Iterator[tuple[str, str]]:
    """Name and value of what is known of a source."""
    yield "Last success", _local(line.succeeded_at)
    if line.kind != "push" and line.health.word is not Word.PAUSED:
        asked = max(filter(None, (line.next_at, line.rests_until)), default=None)
        yield "Next check", _local(asked)
    if line.status is not None:
        yield "HTTP", str(line.status)
    yield "Items a day", f"{line.health.per_day:.1f}"
    yield "Kind", line.kind + (", added by command" if line.added else "")


async def _sources(request: Request) -> Response:
    app = for_desk(request)
    lines = await preflight.survey(app)
    rows = [(line, list(_facts(line)), _local(line.health.since)) for line in lines]
    needing = sum(line.health.troubled for line in lines)
    return _page(app, "sources.html", rows=rows, needing=needing)


async def _sources_json(request: Request) -> Response:
    lines = await preflight.survey(for_desk(request))
    told = _LINES.dump_python(lines, mode="json")
    for plain, line in zip(told, lines, strict=True):
        plain["needs_you"] = line.health.troubled
    return JSONResponse(told, headers=_HEADERS)


async def _made(app: App, request: Request) -> Report:
    """The report for the next edition; `NotFound` if there is no such newsletter."""
    newsletter = app.newsletter(request.query_params.get("newsletter"))
    slot = coming(newsletter, now=app.now())
    return await preflight.preflight(app, newsletter, slot)


async def _report(request: Request) -> Response:
    app = for_desk(request)
    report = await _made(app, request)
    return _page(app, "report.html", report=report, newsletters=app.settings.newsletters)


async def _report_json(request: Request) -> Response:
    app = for_desk(request)
    return JSONResponse(preflight.as_plain(await _made(app, request)), headers=_HEADERS)


ROUTES = [
    Route("/desk/sources", _sources),
    Route("/desk/sources.json", _sources_json),
    Route("/desk/report", _report),
    Route("/desk/report.json", _report_json),
]
