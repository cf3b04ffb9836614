"""What forms carry: their fields, the network they came from, and what a choice of them means.

Behind the door too: how any page of a form is asked for, in which language, and how long somebody
is waited for.  Not behind it: what a form does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs
from zoneinfo import available_timezones

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from digest.choosing import Offer
from digest.model import Choices, Form, Frequency
from digest.web.api import read_body

#: The address of a page behind a link is a key to a subscription: no cache may keep it, no link
#: tell it.
PERSONAL: Final = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
}
#: What may be chosen as one's own.
ZONES: Final = frozenset(available_timezones() - {"localtime", "Factory"})
FORM: Final = "application/x-www-form-urlencoded"
#: Of a form, in octets, and in fields.
MOST_BYTES: Final = 16_384
MOST_FIELDS: Final = 300
#: Of one field, in letters.
_LONGEST: Final = 500
_EVERY_METHOD: Final = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")
#: What is left of the body is not waited for.
_HANG_UP: Final = {**PERSONAL, "Connection": "close"}

Fields = Mapping[str, list[str]]


def page_route(
    path: str,
    page: Callable[[Request], Awaitable[Response]],
    *,
    post: bool = True,
    middleware: Sequence[Middleware] = (),
) -> Route:
    """A page at *path*, asked for by GET and HEAD, and a form sent to it by POST.

    Other methods are refused here: behind lies the archive, which takes no form at all.
    """
    allowed = ("GET", "HEAD", *(["POST"] if post else []), "OPTIONS")
    told = {"Allow": ", ".join(allowed), "Cache-Control": "no-store"}

    async def answer(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=told)
        if request.method not in allowed:
            return PlainTextResponse("Method Not Allowed\n", status_code=405, headers=told)
        return await page(request)

    return Route(path, answer, methods=_EVERY_METHOD, middleware=middleware)


def reader_language(request: Request) -> str:
    """The language that a page is wanted in: of its address, else what the browser asks for."""
    wanted = request.query_params.get("lang", "")
    if not wanted:
        wanted = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0]
    return wanted.strip()[:35]


async def read_form(request: Request) -> Fields:
    """The fields of a form.

    Raises:
        HTTPException: 415, no form; 413, too long, or too many fields; 408, it did not come to
            its end in time; 400, it broke off.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM or request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(415, f"Send {FORM}.\n", headers={"Accept-Post": FORM, **PERSONAL})
    try:
        async with asyncio.timeout(request.app.state.limits.patience_s):
            body = await read_body(request, most=MOST_BYTES)
    except TimeoutError as error:
        raise HTTPException(408, "The form did not come in time.\n", headers=_HANG_UP) from error
    except HTTPException as error:
        too_long = f"A form has {MOST_BYTES:,} bytes at most.\n"
        detail = too_long if error.status_code == 413 else "The form broke off.\n"
        raise HTTPException(error.status_code, detail, headers=_HANG_UP) from error
    try:
        # Programs that send a form by hand forget to escape what is not ASCII.
        text = body.decode("utf-8", "replace")
        return parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        detail = f"A form has {MOST_FIELDS} fields at most.\n"
        raise HTTPException(413, detail, headers=PERSONAL) from error


def from_elsewhere(request: Request) -> bool:
    """Whether a browser says that a page of another site has it send this."""
    return request.headers.get("sec-fetch-site", "").lower() == "cross-site"


def last(fields: Fields, name: str, otherwise: str = "") -> str:
    """The field, as a browser sends it last; *otherwise* where there is none."""
    return fields.get(name, [otherwise])[-1][:_LONGEST]


def number(fields: Fields, name: str) -> int:
    """The field as a number of up to four digits; 0 of anything else."""
    told = last(fields, name).strip()
    return int(told) if told.isascii() and told.isdigit() and len(told) <= 4 else 0


def read_choices(fields: Fields, before: Choices) -> tuple[Choices, frozenset[str]]:
    """What somebody chose, and the names of the fields that say what nobody can choose.

    Args:
        before: what holds where the form does not ask: a small one has an address alone.
    """
    faults = set()
    frequency, form, hour = before.frequency, before.form, before.hour
    try:
        frequency = Frequency(last(fields, "frequency", before.frequency.value))
    except ValueError:
        faults.add("frequency")
    try:
        form = Form(last(fields, "form", before.form.value))
    except ValueError:
        faults.add("form")
    told = last(fields, "hour", "" if hour is None else str(hour)).strip()
    if told == "":
        hour = None
    elif told.isascii() and told.isdigit() and len(told) <= 2 and int(told) < 24:
        hour = int(told)
    else:
        faults.add("hour")
    # A box that is not ticked is not sent: only a form that asks for more tells by it.
    asks = "form" in fields
    chosen = Choices(
        sections=tuple(dict.fromkeys(fields.get("section", ()))) if asks else before.sections,
        briefs=last(fields, "briefs") == "1" if asks else before.briefs,
        frequency=frequency,
        hour=hour,
        language=last(fields, "language", before.language),
        timezone=last(fields, "timezone", before.timezone),
        form=form,
    )
    return chosen, frozenset(faults)


def not_offered(chosen: Choices, there: Offer) -> frozenset[str]:
    """Names of the fields that choose what is not there."""
    faults = {
        "section": not set(chosen.sections) <= {slug for slug, _ in there.sections},
        "frequency": chosen.frequency not in there.frequencies,
        "language": chosen.language not in {tag for tag, _ in there.languages},
        "timezone": chosen.timezone not in ZONES,
    }
    return frozenset(name for name, faulty in faults.items() if faulty)


def client_of(request: Request) -> str:
    """The address that a request came from; "" where the server does not know."""
    return request.client.host if request.client else ""
