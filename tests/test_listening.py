"""Listening at mailboxes: what comes is collected soon, and no fault ends it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from digest import collect
from digest.app import App
from digest.errors import StoreError
from digest.listening import listen
from digest.store import Connection, Database, sources
from digest.store.sources import SourceRecord
from imappeer import PASSWORD, ImapPeer
from make import MORNING
from newsroom import open_newsroom, write_config

BOX = """
[[sources]]
id = "letters"
kind = "mailbox"
url = "imap://letters%40press.example@127.0.0.1:{port}/"
"""
MAIL = (
    b"Message-ID: <1@tide.example>\r\nSubject: Ferry\r\nList-ID: <t.example>\r\n\r\nIt sails.\r\n"
)


@dataclass
class Moody:
    """A database that at some of its reads or writes, counted from one, is locked too long."""

    db: Database
    locked_reads: frozenset[int] = frozenset()
    locked_writes: frozenset[int] = frozenset()
    reads: int = 0
    writes: int = 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        self.reads += 1
        if self.reads in self.locked_reads:
            raise StoreError("the database is locked")
        async with self.db.read() as conn:
            yield conn

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        self.writes += 1
        if self.writes in self.locked_writes:
            raise StoreError("the database is locked")
        async with self.db.write() as conn:
            yield conn

    def __getattr__(self, name: str) -> object:
        return getattr(self.db, name)


class Rests:
    """Takes no time; after so many the process is asked to stop."""

    def __init__(self, most: int, then: Callable[[int], None] = lambda _: None) -> None:
        self.most, self.then = most, then
        self.taken: list[float] = []

    async def __call__(self, app: App, seconds: float) -> None:
        self.taken.append(seconds)
        self.then(len(self.taken))
        if len(self.taken) >= self.most:
            app.stopping.set()


@pytest.fixture
async def peer() -> AsyncIterator[ImapPeer]:
    async with ImapPeer() as peer:
        peer.deliver(MAIL)
        yield peer


@pytest.fixture
async def app(tmp_path: Path, peer: ImapPeer) -> AsyncIterator[App]:
    config = write_config(tmp_path)
    config.write_text(config.read_text() + BOX.format(port=peer.port))
    async with open_newsroom(tmp_path) as opened:
        app = replace(opened, passwords={"letters": PASSWORD})
        # Looked at yesterday, and due in hours; nothing was in the mailbox.
        record = SourceRecord(
            id="letters",
            cursor='{"validity": 1, "uid": 0, "tried": 0}',
            next_at=MORNING + timedelta(hours=4),
        )
        async with app.db.write() as conn:
            await sources.visited(app.db, conn, record)
        yield app


async def next_at(app: App) -> object:
    async with app.db.read() as conn:
        found = await sources.find(conn, "letters")
    return found and found.next_at


async def test_mail_that_arrives_is_collected_at_the_next_tick(app: App) -> None:
    rests = Rests(1)
    await listen(app, rest=rests)
    assert await next_at(app) == MORNING
    assert rests.taken == [app.settings.serve.tick_s + 30]


@pytest.mark.parametrize(
    ("reads", "writes"),
    [({1}, set()), ({1, 2, 3}, set()), ({2}, set()), (set(), {1})],
    ids=["which there are", "again and again", "the record", "waking"],
)
async def test_a_locked_database_does_not_end_it(
    app: App, reads: set[int], writes: set[int]
) -> None:
    moody = Moody(app.db, locked_reads=frozenset(reads), locked_writes=frozenset(writes))
    rests = Rests(len(reads) + len(writes) + 1)
    await listen(replace(app, db=cast(Database, moody)), rest=rests)
    assert await next_at(app) == MORNING
    assert all(seconds >= 30 for seconds in rests.taken)


async def test_a_server_that_refuses_is_asked_less_and_less_and_listened_to_again(
    app: App, peer: ImapPeer
) -> None:
    peer.refuses = "NO [UNAVAILABLE] too many at once"

    def better(rests: int) -> None:
        if rests == 3:
            peer.refuses = ""

    rests = Rests(4, better)
    await listen(app, rest=rests)
    assert rests.taken[:3] == [60, 120, 240]
    assert await next_at(app) == MORNING


async def test_nobody_listens_at_a_mailbox_that_is_paused(app: App, peer: ImapPeer) -> None:
    await collect.pause(app, "letters")
    rests = Rests(2)
    await listen(app, rest=rests)
    assert not peer.heard
    assert rests.taken == [3600, 3600]


async def test_who_is_asked_to_stop_does_not_begin(app: App, peer: ImapPeer) -> None:
    app.stopping.set()
    await listen(app)
    assert not peer.heard
