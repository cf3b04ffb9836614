"""What is shown to whoever sits at this machine, or knows the newsroom's token; to nobody else."""

import base64
import binascii
import hmac
import re
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from digest.app import App

_HOSTS = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
_HOST = re.compile(r"([a-z0-9.]+|\[::1\])(?::\d+)?", re.IGNORECASE)


def only_here(request: Request) -> App:
    """The App, for this machine by its own name.

    Raises:
        HTTPException: 404, as if it were not there, for anybody else: another machine, and
            another site in this machine's browser.
    """
    app: App = request.app.state.app
    client = request.client.host if request.client else ""
    # The Host too, as it was sent: a strange name that resolves to this machine is somebody
    # else's page.  And a site with a public address has a proxy in front, behind which
    # everybody seems to come from here.
    host = _HOST.fullmatch(request.headers.get("host", ""))
    public = urlsplit(app.settings.site.base_url).hostname
    if client not in _HOSTS or host is None or host[1] not in _HOSTS or public not in _HOSTS:
        raise HTTPException(404)
    return app


def for_desk(request: Request) -> App:
    """The App, for whoever sits at this machine or gives the token of [api] as the password.

    HTTP Basic (RFC 7617), whatever the user's name: a browser anywhere can open the desk's
    pages, which only read.

    Raises:
        HTTPException: 401, with a token configured; 404 without one.
    """
    app: App = request.app.state.app
    if app.api_token is None:
        return only_here(request)
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(told, validate=True) if scheme.lower() == "basic" else b""
    except binascii.Error:
        given = b""
    if hmac.compare_digest(given.partition(b":")[2], app.api_token.encode()):
        return app
    try:
        return only_here(request)
    except HTTPException as error:
        challenge = {"WWW-Authenticate": 'Basic realm="Digest desk", charset="UTF-8"'}
        raise HTTPException(401, headers=challenge) from error
