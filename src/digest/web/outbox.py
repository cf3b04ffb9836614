"""/outbox: the mails that the embedded relay kept, for whoever sits at this machine.

They hold people's addresses and the keys to their subscriptions, so nobody else may see them:
not another machine, and not another site in this machine's browser.
"""

import asyncio
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from html import escape
from itertools import islice

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from digest.mail import EmbeddedRelay, Kept
from digest.web.here import only_here

_SHOWN = 200
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Outbox</title>
<style>:root{{color-scheme:light dark}}body{{font:16px/1.5 system-ui,sans-serif;max-width:52rem;
margin:2rem auto;padding:0 1rem}}ul{{list-style:none;padding:0}}li{{padding:.6rem 0;
border-top:1px solid #8886;overflow-wrap:anywhere}}a{{margin-inline-end:1rem}}</style></head><body>
<h1>Outbox</h1><p>{count} mails are in the Maildir <code>{folder}</code>. They went no further:
set <code>[mail]</code> in config.toml to send through a relay of yours.</p>
<ul>{rows}</ul>
</body></html>"""


def _relay(request: Request) -> EmbeddedRelay:
    """The relay's Maildir; `HTTPException` for anybody but this machine."""
    return EmbeddedRelay(only_here(request).outbox)


def _parsed(kept: Kept) -> EmailMessage:
    return message_from_bytes(kept.message, policy=default_policy)


def _row(mail: Kept) -> str:
    parsed = _parsed(mail)
    links = "".join(
        f'<a href="/outbox/{escape(mail.key)}/{form}">{form}</a>'
        for form in ("html", "text", "source")
    )
    return (
        f"<li><strong>{escape(mail.to)}</strong> · {escape(str(parsed['Date']))}<br>"
        f"{escape(str(parsed['Subject']))}<br>{links}</li>"
    )


async def _list(request: Request) -> Response:
    relay = _relay(request)
    kept = await asyncio.to_thread(lambda: list(islice(relay.messages(), _SHOWN + 1)))
    rows = await asyncio.to_thread(lambda: "".join(map(_row, kept[:_SHOWN])))
    count = f"More than {_SHOWN}" if len(kept) > _SHOWN else str(len(kept))
    page = _PAGE.format(count=count, folder=escape(str(relay.maildir)), rows=rows)
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


async def _one(request: Request) -> Response:
    relay = _relay(request)
    key, form = request.path_params["key"], request.path_params["form"]
    found = await asyncio.to_thread(
        lambda: next((mail for mail in relay.messages() if mail.key == key), None)
    )
    if found is None:
        raise HTTPException(404)
    headers = {"Cache-Control": "no-store"}
    if form == "source":
        text = found.message.decode("utf-8", errors="replace")
        return PlainTextResponse(text, headers=headers)
    body = _parsed(found).get_body(("html",) if form == "html" else ("plain",))
    if body is None:
        raise HTTPException(404)
    answer = HTMLResponse if form == "html" else PlainTextResponse
    return answer(body.get_content(), headers=headers)


ROUTES = [
    Route("/outbox", _list),
    Route("/outbox/{key}/{form}", _one),
]
