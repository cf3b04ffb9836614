"""/api: what other programs of the newsroom may do, each with the token of [api].

`POST /api/items?source=ID` pushes items: see docs/push.md.  Answers are JSON; what is wrong is
told as problem details (RFC 9457), with every fault of the request at once.  There are no
cookies, so no other site can make a browser push.
"""

import asyncio
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from digest import intake
from digest.app import App
from digest.errors import Conflict, DigestError, Fault, NotFound, ParseError
from digest.reading.pushed import MOST_BYTES
from digest.telemetry import log

_JSON = frozenset({"application/json", "application/x-ndjson", "application/jsonl"})
_NO_STORE = {"Cache-Control": "no-store"}
_LATER = {"Retry-After": "30"}
#: For one body, however large: connections are not to be had for nothing.
_PATIENCE_S = 120.0


async def read_body(request: Request, *, most: int, within_s: float = _PATIENCE_S) -> bytes:
    """The whole body of *request*; what is too long is not read to its end.

    Raises:
        HTTPException: 413, more than *most* bytes; 400, it broke off; 408, it did not end.
    """
    declared = request.headers.get("content-length", "")
    # int() takes other scripts' digits, and as many as there are.
    if declared.isascii() and declared.isdigit() and (len(declared) > 15 or int(declared) > most):
        raise HTTPException(413)
    body = bytearray()
    try:
        async with asyncio.timeout(within_s):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise HTTPException(413)
    except ClientDisconnect as error:
        raise HTTPException(400, "The body broke off.") from error
    except TimeoutError as error:
        raise HTTPException(408, headers={"Connection": "close"}) from error
    return bytes(body)


def _problem(
    status: int,
    detail: str,
    *,
    faults: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    told: dict[str, object] = {
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if faults:
        told["faults"] = list(faults)
    return JSONResponse(
        told,
        status_code=status,
        headers={**_NO_STORE, **(headers or {})},
        media_type="application/problem+json",
    )


def _not_allowed(request: Request, token: str | None) -> Response | None:
    """What to answer who may not push; None for who may."""
    if token is None:
        return _problem(
            403,
            "Nothing can be pushed here yet: name a token in config.toml, "
            '[api] token = { env = "DIGEST_API_TOKEN" }, and start Digest again.',
        )
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    # Header octets come as Latin-1.
    told = given.strip().encode("latin-1", "replace")
    if scheme.lower() == "bearer" and hmac.compare_digest(told, token.encode()):
        return None
    log.warning("push refused: no token, or a wrong one")
    challenge = 'Bearer realm="digest"' + (', error="invalid_token"' if given else "")
    return _problem(
        401,
        "Send the header Authorization: Bearer TOKEN, with the token of [api] in config.toml.",
        headers={"WWW-Authenticate": challenge},
    )


def _not_json(request: Request) -> Response | None:
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        detail = f"Send the body without Content-Encoding; it is {encoding[:40]!r}."
        return _problem(415, detail, headers={"Accept-Encoding": "identity"})
    charset = parameters.strip().replace('"', "").removeprefix("charset=")
    if kind.strip() not in _JSON or charset not in ("", "utf-8", "utf8"):
        detail = "Send JSON in UTF-8, with the header Content-Type: application/json."
        return _problem(415, detail, headers={"Accept-Post": ", ".join(sorted(_JSON))})
    return None


async def _items(request: Request) -> Response:
    """Push items: 200 when all of them are kept, else nothing is."""
    app: App = request.app.state.app
    refused = _not_allowed(request, app.api_token) or _not_json(request)
    if refused is not None:
        return refused
    try:
        body = await read_body(request, most=MOST_BYTES)
        done = await intake.push(app, request.query_params.get("source") or None, body)
    except HTTPException as error:
        detail = f"Push {MOST_BYTES:,} bytes at most at once." if error.status_code == 413 else ""
        return _problem(error.status_code, detail or error.detail)
    except DigestError as error:
        return _refusal(error)
    return JSONResponse(asdict(done), headers=_NO_STORE)


def _refusal(error: DigestError) -> Response:
    if isinstance(error, NotFound):
        return _problem(404, str(error))
    if isinstance(error, Conflict):
        return _problem(409, str(error))
    if isinstance(error, ParseError) and error.fault is not Fault.OURS:
        faults = str(error).split("\n")
        number = "One fault" if len(faults) == 1 else f"{len(faults)} faults"
        return _problem(422, f"{number}; nothing was kept.", faults=faults)
    log.error("push failed", reason=str(error))
    detail = "Digest cannot keep anything now, and kept nothing; push the same again later."
    return _problem(503, detail, headers=_LATER)


ROUTES = [Route("/api/items", _items, methods=["POST"])]
