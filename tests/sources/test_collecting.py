"""One source, fetched and read."""

import asyncio
import pickle
import tracemalloc
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import pytest

from digest.errors import Fault, FetchError, ParseError
from digest.model import Document
from digest.settings import Collect, Source
from digest.sources import Fetched, Http, Known, Readers, Validators, fetch
from imappeer import PASSWORD, ImapPeer

NOTHING_KNOWN = Known()
P = ParamSpec("P")
T = TypeVar("T")

RSS = "<rss><channel><title>W</title><item><title>T</title><link>/t</link></item></channel></rss>"
HTML = "<html><body><article><h1>F</h1>" + "<p>It ran again on Sunday, says the captain.</p>" * 4


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server with a feed, a page, and an ETag for both."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        body = RSS if head.startswith("GET /feed") else HTML
        if 'If-None-Match: "1"' in head:
            writer.write(b"HTTP/1.1 304 No\r\nConnection: close\r\n\r\n")
        else:
            lines = f'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: {len(body)}\r\n\r\n{body}'
            writer.write(lines.encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


COLLECT = Collect(allow_private=("127.0.0.1",), max_bytes=10_000, timeout_s=5, spacing_s=0)


async def visit(base: Path, known: Known = NOTHING_KNOWN, **source: Any) -> Fetched:
    told = Source(**({"id": "wire"} | source))
    async with Http(COLLECT, contact="") as http, Readers(processes=1, timeout_s=30) as readers:
        return await fetch(told, http, readers, base=base, known=known)


async def test_a_feed_is_fetched_and_read(port: int, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{port}/feed"
    got = await visit(tmp_path, kind="feed", url=url, language="de")
    (document,) = got.documents
    assert (document.name, document.kind) == (url, "feed")
    assert document.items[0].url == f"http://127.0.0.1:{port}/t"
    assert document.items[0].language == "de"
    assert got.validators == Validators(etag='"1"')


async def test_nothing_changed_brings_no_documents_and_keeps_the_validators(
    port: int, tmp_path: Path
) -> None:
    known = Known(validators=Validators(etag='"1"'), fingerprint="f")
    got = await visit(tmp_path, known, kind="feed", url=f"http://127.0.0.1:{port}/feed")
    assert got == Fetched(
        validators=known.validators, fingerprint="f", not_modified=True, status=304
    )


async def test_a_page_is_fetched_and_read(port: int, tmp_path: Path) -> None:
    got = await visit(tmp_path, kind="page", url=f"http://127.0.0.1:{port}/page")
    assert got.documents[0].items[0].title == "F"


async def test_a_page_where_a_feed_should_be_is_the_source_s_error(
    port: int, tmp_path: Path
) -> None:
    with pytest.raises(ParseError, match="HTML page, not a feed") as caught:
        await visit(tmp_path, kind="feed", url=f"http://127.0.0.1:{port}/page")
    assert caught.value.source_id == "wire"


async def test_a_feed_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(RSS)
    got = await visit(tmp_path, kind="feed", path=Path("feed.xml"))
    assert got.documents[0].items[0].title == "T"


async def test_a_folder_brings_what_can_be_read_and_names_the_rest(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("# Tide\n\nHigh.")
    (tmp_path / "notes" / "b.txt").write_bytes(b"")
    (tmp_path / "notes" / "c.txt").write_bytes(b"x" * 20_000)
    (tmp_path / "notes" / "d.html").write_text(HTML)
    got = await visit(tmp_path, kind="folder", path=Path("notes"))
    assert [document.name for document in got.documents] == ["a.md", "d.html"]
    assert [str(fault)[:5] for fault in got.faults] == ["b.txt", "c.txt"]
    assert {fault.source_id for fault in got.faults} == {"wire"}


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ({"kind": "folder", "path": Path("gone")}, "no such file"),
        ({"kind": "folder"}, "needs a path"),
        ({"kind": "page"}, "needs a url"),
        ({"kind": "feed", "path": Path()}, "is a folder"),
        ({"kind": "feed", "path": Path("gone.xml")}, "no such file"),
    ],
)
async def test_a_source_that_cannot_be_visited_says_what_to_do(
    tmp_path: Path, source: dict[str, Any], says: str
) -> None:
    with pytest.raises(FetchError, match=says):
        await visit(tmp_path, **source)


async def test_a_file_that_says_the_same_is_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(RSS)
    first = await visit(tmp_path, kind="feed", path=Path("feed.xml"))
    again = await visit(
        tmp_path, Known(fingerprint=first.fingerprint), kind="feed", path=Path("feed.xml")
    )
    assert (again.not_modified, again.documents) == (True, ())


class Fragile(Readers):
    """Readers that one document stops, whatever it is read with."""

    falters = True
    fault = Fault.UNREADABLE

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self.falters and b"STOP" in pickle.dumps(args):
            raise ParseError("", "took longer than 30 s to read", fault=self.fault)
        return await super().run(function, *args, **kwargs)


async def test_one_document_that_stops_a_reader_is_given_up_alone(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for n in range(3):
        (folder / f"{n}.md").write_text(f"# Tide {n}\n\nHigh at {n} on the {'STOP' * (n == 1)}.")
    async with Http(COLLECT, contact="") as http, Fragile(processes=1, timeout_s=30) as readers:
        source = Source(id="notes", kind="folder", path=Path("notes"))
        got = await fetch(source, http, readers, base=tmp_path)
    assert [document.name for document in got.documents] == ["0.md", "2.md"]
    assert len(got.done) == 2, "what could not be read is tried again"
    assert [str(fault)[:4] for fault in got.faults] == ["1.md"]


async def test_nothing_is_fetched_for_a_source_that_is_pushed_to(tmp_path: Path) -> None:
    assert (await visit(tmp_path, kind="push")).not_modified


# -------------------------------------------------------------------- mailboxes


def mail(name: str) -> bytes:
    text = (
        f"Message-ID: <{name}@tide.example>\nDate: Mon, 18 May 2026 06:00:00 +0000\n"
        f"From: The Tide <news@tide.example>\nSubject: {name}\nList-ID: <tide.example>\n\n"
        f"The {name} sails again.\n"
    )
    return text.replace("\n", "\r\n").encode()


@dataclass
class Postbox:
    """A mailbox that is visited again and again, and what is kept of that."""

    source: Source
    base: Path
    readers: Fragile
    cursor: str | None = None
    done: set[str] = field(default_factory=set)

    async def unread(self, keys: Sequence[str]) -> frozenset[str]:
        return frozenset(keys) - self.done

    async def visit(self) -> tuple[list[str], int]:
        """Titles, and how many faults."""
        known = Known(cursor=self.cursor, password=PASSWORD, unread=self.unread)
        async with Http(COLLECT, contact="") as http:
            got = await fetch(self.source, http, self.readers, base=self.base, known=known)
        self.cursor = got.cursor
        self.done |= set(got.done)
        return [item.title for document in got.documents for item in document.items], len(
            got.faults
        )


@pytest.fixture(params=["Maildir", "IMAP"])
async def postbox(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Postbox]:
    """With three mails, the second of which stops a reader."""
    mails = [mail("ferry"), mail("STOP"), mail("barge")]
    async with ImapPeer() as peer, Fragile(processes=1, timeout_s=60) as readers:
        if request.param == "IMAP":
            for octets in mails:
                peer.deliver(octets)
            url = f"imap://letters%40press.example@127.0.0.1:{peer.port}/"
            source = Source(id="letters", kind="mailbox", url=url)
        else:
            (tmp_path / "Maildir" / "new").mkdir(parents=True)
            for number, octets in enumerate(mails):
                (tmp_path / "Maildir" / "new" / f"{number}.tide").write_bytes(octets)
            source = Source(id="letters", kind="mailbox", path=Path("Maildir"))
        yield Postbox(source, tmp_path, readers)


async def test_a_mail_that_we_failed_to_read_is_read_as_soon_as_we_can(postbox: Postbox) -> None:
    postbox.readers.fault = Fault.OURS
    assert await postbox.visit() == (["ferry", "barge"], 1)
    for _ in range(2):
        assert await postbox.visit() == ([], 1)
    postbox.readers.falters = False
    assert await postbox.visit() == (["STOP"], 0)
    assert await postbox.visit() == ([], 0)


async def test_a_mail_that_stops_the_reader_is_tried_twice_and_given_up(postbox: Postbox) -> None:
    assert await postbox.visit() == (["ferry", "barge"], 1)
    assert await postbox.visit() == ([], 1)
    assert await postbox.visit() == ([], 0)


async def test_a_mail_that_stopped_a_busy_reader_once_is_not_lost(postbox: Postbox) -> None:
    await postbox.visit()
    postbox.readers.falters = False
    assert await postbox.visit() == (["STOP"], 0)
    assert await postbox.visit() == ([], 0)


# ---------------------------------------------------------------------- folders


class Unhurried(Readers):
    """Readers of bundles that read nothing, and hold nothing."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        files = cast(list[tuple[str, bytes]], args[0])
        return cast(T, [Document(name=name, kind="feed") for name, _ in files])


@pytest.mark.parametrize("new", [False, True], ids=["known", "new"])
async def test_a_large_folder_is_never_in_memory_as_a_whole(tmp_path: Path, new: bool) -> None:
    (tmp_path / "notes").mkdir()
    for number in range(30):
        (tmp_path / "notes" / f"{number:02d}.txt").write_bytes(b"%d" % number * 500_000)

    async def unread(keys: Sequence[str]) -> frozenset[str]:
        return frozenset(keys if new else ())

    source = Source(id="notes", kind="folder", path=Path("notes"))
    readers = Unhurried(processes=1, timeout_s=60)
    async with Http(COLLECT.model_copy(update={"max_bytes": 1_000_000}), contact="") as http:
        tracemalloc.start()
        try:
            got = await fetch(source, http, readers, base=tmp_path, known=Known(unread=unread))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert len(got.documents) == len(got.done) == (30 if new else 0)
    assert got.not_modified is not new
    assert most < 8_000_000


async def test_a_file_that_vanishes_between_two_looks_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    for name in ("a", "b"):
        (tmp_path / "notes" / f"{name}.md").write_text(f"# {name}\n\nHigh tide.")

    async def unread(keys: Sequence[str]) -> frozenset[str]:
        (tmp_path / "notes" / "a.md").unlink()
        return frozenset(keys)

    got = await visit(tmp_path, Known(unread=unread), kind="folder", path=Path("notes"))
    assert [document.name for document in got.documents] == ["b.md"]
    assert got.faults == ()
