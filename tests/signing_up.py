"""A newsroom whose pages people sign up on, as browsers and programs ask for them."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from httpx2 import ASGITransport, AsyncClient, Response
from lxml import html
from sqlalchemy import Engine, event, select
from starlette.applications import Starlette

from digest import joining, letters, web
from digest.app import App
from digest.model import Person, Subscriber
from digest.store import people, schema
from digest.web.limits import Limits
from make import MORNING
from newsroom import open_newsroom, write_config
from over_http import HERE

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Accept": "application/json"}
ANN = "ann@readers.example"
AFTER = timedelta(seconds=10)
MORE = """
[audience]
{audience}

[[newsletters]]
slug = "weekly"
title = "The Weekly"
timezone = "Europe/Athens"
days = ["sun"]
best_of = ["daily"]
sign_up = {weekly}

[[newsletters]]
slug = "inside"
title = "Inside"
sign_up = false
"""


@dataclass
class Desk:
    """The pages of one App, a clock that stands still, and a browser at another machine."""

    now: datetime = MORNING
    forms: int = 0
    app: App = field(init=False)
    site: Starlette = field(init=False)
    http: AsyncClient = field(init=False)

    def client(self, host: str = "192.0.2.7") -> AsyncClient:
        return AsyncClient(transport=ASGITransport(self.site, client=(host, 4711)), base_url=HERE)

    def patient(self, **limits: Any) -> None:
        """Count anew, with other limits."""
        wanted: dict[str, Any] = {"network_per_hour": 20, "total_per_hour": 2000}
        self.site.state.limits = Limits(**(wanted | limits))

    def stamp(self) -> str:
        """Of a form that was asked for a moment ago, and by nobody else."""
        self.forms += 1
        return self.app.links.form_stamp(self.now - AFTER - timedelta(milliseconds=self.forms))

    async def send(
        self,
        *,
        to: str = "/subscribe/daily",
        headers: dict[str, str] | None = None,
        http: AsyncClient | None = None,
        **fields: Any,
    ) -> Response:
        """Send a sign-up form in; fields that are None are left out."""
        told: dict[str, Any] = {
            "email": ANN,
            "consent": "1",
            "website": "",
            "stamp": self.stamp(),
        } | fields
        given = {name: value for name, value in told.items() if value is not None}
        body = urlencode(given, doseq=True)
        return await (http or self.http).post(to, content=body, headers=FORM | (headers or {}))

    async def waiting(self) -> int:
        """Forms that wait to be looked at."""
        async with self.app.db.read() as conn:
            return len((await conn.execute(select(schema.signup))).all())

    async def mails(self) -> list[Message]:
        """Look at the forms, send the letters: all that was sent by now."""
        await joining.take_signups(self.app)
        await letters.post(self.app)
        return sent(self.app)

    async def confirm_path(self, **fields: Any) -> str:
        """Sign up; the path of the link of the mail that asks."""
        assert (await self.send(**fields)).status_code == 200
        mail = (await self.mails())[-1]
        return path_in(mail, "confirm")

    async def join(self, email: str = ANN, **fields: Any) -> None:
        """The whole way in."""
        path = await self.confirm_path(email=email, **fields)
        assert (await self.http.post(path)).status_code == 200

    async def person(self, email: str = ANN) -> Person | None:
        async with self.app.db.read() as conn:
            id = await people.find(conn, email)
            return None if id is None else await people.person(conn, id)

    async def reader(self, email: str = ANN) -> Subscriber:
        person = await self.person(email)
        assert person is not None
        return person.subscriber

    async def states(self, email: str = ANN) -> dict[str, str]:
        person = await self.person(email)
        return {one.newsletter: one.state.value for one in person.subscriptions} if person else {}

    async def leave_path(self, email: str = ANN, newsletter: str = "daily") -> str:
        url = self.app.links.leave_url(newsletter, await self.reader(email))
        return url.removeprefix(HERE)

    async def preferences_path(self, email: str = ANN, newsletter: str = "daily") -> str:
        url = self.app.links.preferences_url(newsletter, await self.reader(email))
        return url.removeprefix(HERE)


@asynccontextmanager
async def desk(
    folder: Path,
    *,
    people: int = 0,
    audience: str = "",
    newsletter: str = "",
    weekly: bool = True,
    path: str = "",
) -> AsyncIterator[Desk]:
    """A newsroom with a daily, a weekly best of it, and one that nobody can sign up for.

    Args:
        audience: lines of [audience].
        newsletter: lines of the daily.
        weekly: whether anybody can sign up for the weekly.
        path: of base_url.
    """
    config = write_config(folder, mail='by = "folder"', newsletter=newsletter)
    more = MORE.format(audience=audience, weekly=str(weekly).lower())
    config.write_text(config.read_text().replace(HERE, f"{HERE}{path}") + more)
    opened = Desk()
    async with open_newsroom(folder, people=people, now=lambda: opened.now) as app:
        opened.app, opened.site = app, web.create(app)
        async with opened.client() as http:
            opened.http = http
            yield opened


def sent(app: App) -> list[Message]:
    """Every mail that left, in order."""
    paths = sorted((app.data_dir / "mails").glob("*.eml"))
    return [message_from_bytes(path.read_bytes()) for path in paths]


def text_of(mail: Message) -> str:
    """The text part of a mail."""
    part = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def path_in(mail: Message, page: str) -> str:
    """The path of the first link to a *page* of ours in a mail."""
    found = re.search(rf"{HERE}(/{page}/[A-Za-z0-9_-]+)", text_of(mail).replace("=\n", ""))
    assert found is not None, text_of(mail)
    return found[1]


async def dump(app: App) -> dict[str, list[str]]:
    """Every row of every table."""
    async with app.db.read() as conn:
        return {
            table.name: sorted(map(repr, (await conn.execute(select(table))).all()))
            for table in schema.metadata.sorted_tables
        }


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that all databases are told meanwhile."""
    heard: list[str] = []

    def hear(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def page_of(answer: Response) -> html.HtmlElement:
    return html.document_fromstring(answer.text)


def alerts(answer: Response) -> str:
    """What a page says is wrong."""
    return " ".join(one.text_content() for one in page_of(answer).xpath("//*[@role='alert']"))
