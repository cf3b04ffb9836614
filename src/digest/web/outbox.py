"""/outbox: the mails that the embedded relay kept, for whoever sits at this machine.

They hold people's addresses and the keys to their subscriptions, so nobody else may see them:
not another machine, and not another site in this machine's browser.
"""

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default as default_policy
from itertools import islice
from typing import Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from digest.mail import EmbeddedRelay, Kept
from digest.web.here import only_here

_SHOWN: Final = 200
_HEADERS: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
#: What a mail may hold, as its head or a part's says it; and what that is called here.
_FORMS: Final = (
    (b"content-type: text/html", "html", "As HTML"),
    (b"content-type: text/plain", "text", "As text"),
    (b"", "source", "Source"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One mail, as ``outbox.html`` shows it."""

    subject: str
    #: Whom it was handed over for, whatever its To says.
    to: str
    #: When it says that it was sent: RFC 3339, and in this machine's clock; "" if it does not.
    iso: str
    at: str
    size: str
    #: Name and address of each, the best to look at first.
    forms: tuple[tuple[str, str], ...]


def _relay(request: Request) -> EmbeddedRelay:
    """The relay's Maildir; `HTTPException` for anybody but this machine."""
    return EmbeddedRelay(only_here(request).outbox)


def _parsed(kept: Kept) -> EmailMessage:
    return message_from_bytes(kept.message, policy=default_policy)


def _row(mail: Kept) -> _Row:
    # Heads alone: two hundred whole mails would take a second to take apart.
    head = BytesHeaderParser(policy=default_policy).parsebytes(mail.message)
    at = getattr(head["Date"], "datetime", None)
    octets = mail.message.lower()
    return _Row(
        subject=_sayable(head["Subject"] or "") or "(no subject)",
        to=_sayable(mail.to),
        iso=at.isoformat() if at else "",
        at=f"{at.astimezone():%Y-%m-%d %H:%M}" if at else "",
        size=f"{-(-len(octets) // 1000)} KB",
        forms=tuple(
            # Relative: a site may lie below a path.
            (name, f"outbox/{quote(mail.key, safe='')}/{form}")
            for sign, form, name in _FORMS
            if sign in octets
        ),
    )


def _sayable(text: str) -> str:
    """*text* without the octets that are no letters."""
    return str(text).encode(errors="surrogateescape").decode(errors="replace").strip()


async def _list(request: Request) -> Response:
    app, relay = request.app.state.app, _relay(request)

    def newest() -> list[_Row]:
        return [_row(mail) for mail in islice(relay.messages(), _SHOWN + 1)]

    rows = await asyncio.to_thread(newest)
    page = app.templates.page(
        "outbox.html",
        site=app.settings.site,
        lang="en",
        dir="ltr",
        home_url=".",
        folder=str(relay.maildir),
        rows=rows[:_SHOWN],
        more=len(rows) > _SHOWN,
    )
    return HTMLResponse(page, headers=_HEADERS)


async def _one(request: Request) -> Response:
    relay = _relay(request)
    key, form = request.path_params["key"], request.path_params["form"]
    found = await asyncio.to_thread(
        lambda: next((mail for mail in relay.messages() if mail.key == key), None)
    )
    if found is None:
        raise HTTPException(404)
    if form == "source":
        text = found.message.decode("utf-8", errors="replace")
        return PlainTextResponse(text, headers=_HEADERS)
    parsed = _parsed(found)
    body = parsed.get_body(("html",) if form == "html" else ("plain",))
    if body is None:
        raise HTTPException(404)
    content = body.get_content()
    if form != "html":
        return PlainTextResponse(content, headers=_HEADERS)
    for id, address in _inside(parsed):
        content = content.replace(f"cid:{id}", address)
    return HTMLResponse(content, headers=_HEADERS)


def _inside(mail: EmailMessage) -> Iterator[tuple[str, str]]:
    """Each picture that *mail* carries: its Content-ID (RFC 2392), and itself as an address."""
    for part in mail.walk():
        id, octets = part["Content-ID"], part.get_payload(decode=True)
        if id and isinstance(octets, bytes) and part.get_content_maintype() == "image":
            address = f"data:{part.get_content_type()};base64,{b64encode(octets).decode()}"
            yield str(id).strip().strip("<>"), address


ROUTES = [
    Route("/outbox", _list),
    Route("/outbox/{key}/{form}", _one),
]
