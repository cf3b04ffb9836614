"""The web pages of an App as another machine asks for them, and a database that keeps nothing."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import NoReturn

from httpx2 import ASGITransport, AsyncClient

from digest import web
from digest.app import App, Outside
from digest.errors import StoreError
from digest.store import Database, placements

HERE = "http://localhost:8025"


@asynccontextmanager
async def client_of(app: App, *, client: str = "192.0.2.7") -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app=web.create(app), client=(client, 4711))
    async with AsyncClient(transport=transport, base_url=HERE) as http:
        yield http


class Mute(Database):
    """A database that answers questions and keeps nothing."""

    def write(self) -> NoReturn:
        raise StoreError("the database is locked")


@asynccontextmanager
async def mute(app: App) -> AsyncIterator[App]:
    db = Mute(app.settings.store.url, base=app.loaded.base)
    async with aclosing(Outside(app.settings, db, now=app.now)) as outside:
        yield replace(app, db=db, outside=outside)
    await db.close()


async def kept(app: App) -> int:
    async with app.db.read() as conn:
        return len(await placements.unplaced(conn, "daily"))
