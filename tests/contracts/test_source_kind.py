"""The kinds that come with Digest and those that packages bring: what holds, what is caught."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from contracts.source_kind import KindCase, SourceKindContract
from digest.errors import Fault, SourceError, StoreError
from digest.settings import Collect, Source
from digest.sources import Fetched, Http, Known, Readers
from digest.sources.kinds import kind_of_package

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "extending.md"


def install(folder: Path, package: str, kinds: str, modules: dict[str, str]) -> None:
    """What an installer leaves behind: modules, and a description beside them."""
    described = folder / f"{package.replace('-', '_')}-1.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(f"[digest.sources]\n{kinds}\n")
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


def blocks(language: str) -> list[str]:
    """The code that docs/extending.md shows."""
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT.read_text(), re.M | re.S)


ODD = """
import asyncio
from dataclasses import replace
from datetime import datetime
from digest.errors import ParseError, StoreError
from digest.model import Document, Kind, RawItem
from digest.sources import Fetched

nothing = None

async def stumbles(source, http, readers, *, base, known):
    return {}["a secret of ours"]

async def leaves(source, http, readers, *, base, known):
    raise asyncio.TimeoutError

async def returns_nothing(source, http, readers, *, base, known):
    pass

async def returns_a_list(source, http, readers, *, base, known):
    return Fetched(documents=[Document(name="a", kind="feed")])

async def has_no_zone(source, http, readers, *, base, known):
    item = RawItem(kind=Kind.BRIEF, title="A", published_at=datetime(2026, 5, 18))
    return Fetched(documents=(Document(name="a", kind="feed", items=(item,)),))

async def has_bytes(source, http, readers, *, base, known):
    item = RawItem(kind=Kind.BRIEF, title="A", authors=(b"Bo",))
    return Fetched(documents=(Document(name="a", kind="feed", items=(item,)),))

async def wants_too_much(source, http):
    return Fetched()

def is_not_async(source, http, readers, *, base, known):
    return Fetched()

async def is_refused(source, http, readers, *, base, known):
    raise ParseError("", "is no feed; give its address")

async def finds_the_database_locked(source, http, readers, *, base, known):
    raise StoreError("locked")

async def brings_scripts(source, http, readers, *, base, known):
    item = RawItem(kind=Kind.BRIEF, title="A", html="<p>Tide<script>alert(1)</script></p>")
    return Fetched(documents=(Document(name="a", kind="feed", items=(item,)),))

async def hangs(source, http, readers, *, base, known):
    await asyncio.Event().wait()
"""
ODD_KINDS = """
stumbles = digest_odd:stumbles
leaves = digest_odd:leaves
returns-nothing = digest_odd:returns_nothing
returns-a-list = digest_odd:returns_a_list
has-no-zone = digest_odd:has_no_zone
has-bytes = digest_odd:has_bytes
wants-too-much = digest_odd:wants_too_much
is-not-async = digest_odd:is_not_async
is-refused = digest_odd:is_refused
database = digest_odd:finds_the_database_locked
scripts = digest_odd:brings_scripts
hangs = digest_odd:hangs
nothing = digest_odd:nothing
missing = digest_odd:missing
quits = digest_quits:fetch
twice = digest_odd:stumbles
"""


@pytest.fixture(scope="module", autouse=True)
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Installed beside Digest for the time of these tests."""
    folder = tmp_path_factory.mktemp("site-packages")
    (skeleton,) = (block for block in blocks("python") if "async def fetch" in block)
    (entry_point,) = re.findall(r"^(harbour = .*)$", blocks("toml")[0], re.M)
    install(folder, "digest-harbour", entry_point.replace('"', ""), {"digest_harbour": skeleton})
    quits = {"digest_odd": ODD, "digest_quits": "raise SystemExit(3)"}
    install(folder, "digest-odd", ODD_KINDS, quits)
    install(folder, "digest-second", "twice = digest_odd:hangs", {})
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield
    for name in ("digest_harbour", "digest_odd"):
        sys.modules.pop(name, None)


# ------------------------------------------------------------- those that come with it

FEED = """<rss version="2.0"><channel><title>Tide</title>{}</channel></rss>"""
ENTRY = """<item><title>{0}</title><link>https://tide.example/{0}</link><guid>{0}</guid>
<description>It happened at the harbour.</description></item>"""


class TestFolder(SourceKindContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> KindCase:
        desk = tmp_path / "desk"
        desk.mkdir()

        def put(name: str) -> None:
            text = f"---\ntitle: {name}\n---\nThe {name} was repaired on Monday.\n"
            (desk / f"{name}.md").write_text(text)

        put("pier")
        return KindCase(
            source=Source(id="desk", kind="folder", path=Path("desk")),
            base=tmp_path,
            unusable=Source(id="desk", kind="folder", path=Path("elsewhere")),
            add=lambda: put("bridge"),
        )


class TestFeed(SourceKindContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> KindCase:
        file = tmp_path / "feed.xml"
        file.write_text(FEED.format(ENTRY.format("one")))

        def add() -> None:
            file.write_text(FEED.format(ENTRY.format("two") + ENTRY.format("one")))

        return KindCase(
            source=Source(id="tide", kind="feed", path=Path("feed.xml")),
            base=tmp_path,
            unusable=Source(id="tide", kind="feed", path=Path("missing.xml")),
            add=add,
        )


class TestMailbox(SourceKindContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> KindCase:
        new = tmp_path / "Maildir" / "new"
        new.mkdir(parents=True)

        def deliver(name: str) -> None:
            head = f"Message-ID: <{name}@tide.example>\nFrom: The Tide <news@tide.example>\n"
            text = f"{head}Subject: {name}\nList-ID: <tide.example>\n\nIt sails again.\n"
            (new / f"{len(list(new.iterdir()))}.{name}").write_text(text)

        deliver("ferry")
        return KindCase(
            source=Source(id="letters", kind="mailbox", path=Path("Maildir")),
            base=tmp_path,
            unusable=Source(id="letters", kind="mailbox", path=Path("elsewhere")),
            add=lambda: deliver("barge"),
        )


# ----------------------------------------------------------- one that a package brings


class Office:
    """A web server with notices, which knows its own validators."""

    def __init__(self) -> None:
        self.notices: list[dict[str, str]] = []
        self.add()

    def add(self) -> None:
        number = len(self.notices) + 1
        self.notices.append(
            {
                "number": f"N{number}",
                "headline": f"Berth {number} closed",
                "time": f"2026-05-18T0{number}:00:00+00:00",
                "text": "Until further notice.",
                "berth": "north",
            }
        )

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.read(65_536)).decode()
        etag = f'"{len(self.notices)}"'
        body = json.dumps({"notices": self.notices}).encode()
        if "/notices.json" not in head:
            status, body = "404 Not Found", b""
        elif etag in head:
            status, body = "304 Not Modified", b""
        else:
            status = "200 OK"
        lines = [f"HTTP/1.1 {status}", f"ETag: {etag}", f"Content-Length: {len(body)}"]
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)
        await writer.drain()
        writer.close()


class TestTheSkeletonOfTheDocument(SourceKindContract):
    @pytest.fixture
    async def case(self, tmp_path: Path) -> AsyncIterator[KindCase]:
        office = Office()
        server = await asyncio.start_server(office.answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        root = f"http://127.0.0.1:{port}"
        async with server:
            yield KindCase(
                source=Source(
                    id="office",
                    kind="harbour",
                    url=f"{root}/notices.json",
                    options={"berth": "north"},
                ),
                base=tmp_path,
                unusable=Source(id="office", kind="harbour", url=f"{root}/elsewhere"),
                add=office.add,
            )


# -------------------------------------------------------------- what a package can do


async def visit(kind: str, *, longest_s: float = 60) -> Fetched:
    """Visit a source of an odd kind."""
    source = Source(id="odd", kind=kind)
    async with (
        Http(Collect(), contact="") as http,
        Readers(processes=1, timeout_s=60) as readers,
    ):
        guarded = kind_of_package(kind, longest_s=longest_s)
        return await guarded(source, http, readers, base=Path(), known=Known(first=True))


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("stumbles", 'the package digest-odd (kind "stumbles") failed with KeyError'),
        ("leaves", "failed with TimeoutError"),
        ("returns-nothing", "what it returned is None, and wants Fetched"),
        ("returns-a-list", "what it returned.documents is list, and wants tuple"),
        ("has-no-zone", "documents[0].items[0].published_at has no time zone"),
        ("has-bytes", "documents[0].items[0].authors[0] is bytes, and wants str"),
        ("wants-too-much", "failed with TypeError"),
        ("is-not-async", "brings a fetch that is not async"),
        ("nothing", "brings digest_odd:nothing, which cannot be called"),
        ("missing", "cannot be loaded (AttributeError"),
        ("quits", "cannot be loaded (SystemExit"),
        ("twice", "digest-odd and digest-second both bring the kind"),
    ],
)
async def test_what_a_package_does_wrong_is_a_fault_that_names_it(kind: str, told: str) -> None:
    with pytest.raises(SourceError) as caught:
        await visit(kind)
    assert told in str(caught.value)
    assert "digest-odd" in str(caught.value)
    assert caught.value.fault is Fault.OURS
    assert "a secret of ours" not in str(caught.value)


async def test_a_kind_that_hangs_is_given_up_for_now() -> None:
    with pytest.raises(SourceError, match=r"did not end within 0\.01 s") as caught:
        await visit("hangs", longest_s=0.01)
    assert (caught.value.fault, caught.value.temporary) == (Fault.TIMEOUT, True)


async def test_a_fault_that_it_tells_itself_is_told_as_it_is() -> None:
    with pytest.raises(SourceError, match=r"is no feed; give its address") as caught:
        await visit("is-refused")
    assert (caught.value.fault, caught.value.source_id) == (Fault.UNREADABLE, "odd")


async def test_a_database_that_is_locked_is_no_fault_of_the_package() -> None:
    with pytest.raises(StoreError):
        await visit("database")


def test_a_kind_whose_package_is_gone_says_what_to_do() -> None:
    with pytest.raises(SourceError, match='no installed package brings the kind "tickers"'):
        kind_of_package("tickers")


def test_the_document_names_what_there_is() -> None:
    assert set(re.findall(r"`known\.(\w+)", DOCUMENT.read_text())) <= set(Known.__slots__)
    (usage,) = (block for block in blocks("python") if "class TestHarbour" in block)
    assert "from source_kind import KindCase, SourceKindContract" in usage
