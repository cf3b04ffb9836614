"""Which file an address means: tricks mean none, folders have a slash, parts are parts."""

import asyncio
import os
from pathlib import Path

import pytest

from asgi import Answer, ask
from digest.web import files
from digest.web.archive import Ahead, Published

EVIL = "//evil.example"
MISSING = b"<!doctype html><title>Nothing here</title>" + b"<p>It is not here.</p>" * 60
JPEG = bytes(range(256)) * 8


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A published folder, and beside it what nobody may see."""
    (tmp_path / "secret.txt").write_text("secret")
    out = tmp_path / "out"
    for name, content in {
        "index.html": b"home",
        "404.html": MISSING,
        "editions/daily/index.html": b"daily",
        "editions/a:b/index.html": b"odd",
        "editions/evil.example/index.html": b"odd",
        "editions/empty/note.txt": b"no page",
        "editions/daily/.index.html.4711": b"half",
        ".git/config": b"secret",
        "editions/Größe 1.html": b"odd name",
        "pictures/0a.jpg": JPEG,
        "pictures/none.jpg": b"",
    }.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    (out / "out.txt").symlink_to(tmp_path / "secret.txt")
    (out / "up").symlink_to(tmp_path)
    (out / "half.html").symlink_to(out / "editions/daily/.index.html.4711")
    (out / "loop.html").symlink_to(out / "loop.html")
    (out / "same.html").symlink_to(out / "index.html")
    os.mkfifo(out / "pipe.html")
    return out


@pytest.fixture
def site(out: Path) -> Published:
    return Published(out, base_url="https://news.example.org")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", b"home"),
        ("/index.html", b"home"),
        ("/editions/daily/", b"daily"),
        ("/%65ditions/daily/index.html", b"daily"),
        ("/editions/Gr%C3%B6%C3%9Fe%201.html", b"odd name"),
        # A link that stays inside is a file like any other.
        ("/same.html", b"home"),
    ],
)
async def test_an_address_means_its_file(site: Published, path: str, body: bytes) -> None:
    answer = await ask(site, path)
    assert (answer.status, answer.body) == (200, body)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/editions/empty/",
        "/editions/empty",
        "/index.html/",
        "/index.html/x",
        "",
        "*",
        "index.html",
        "http://evil.example/",
        # Up and out.
        "/..",
        "/../secret.txt",
        "/editions/../../secret.txt",
        "/editions/../index.html",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/editions/%2e%2e/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/%252e%252e/secret.txt",
        "/..;/secret.txt",
        "/./index.html",
        "//index.html",
        "///secret.txt",
        "/editions//daily/",
        "/editions%2fdaily/",
        "/%2Findex.html",
        "/proc/self/environ",
        # Octets that names do not have.
        "/index.html%00",
        "/index.html%00.png",
        "/%00",
        "/index.html%0a",
        "/%0d%0aX-Evil:%201",
        "/%ff%fe",
        "/%ED%A0%80",
        "/" + "a" * 5_000,
        "/a" * 3_000,
        # Not ready, and not for readers.
        "/editions/daily/.index.html.4711",
        "/editions/daily/%2eindex.html.4711",
        "/.git/config",
        "/.git/",
        "/.well-known/x",
        # Links that lead out, or to what is not ready; and what is no file.
        "/out.txt",
        "/up/secret.txt",
        "/half.html",
        "/loop.html",
        "/pipe.html",
    ],
)
async def test_tricks_mean_no_file(site: Published, path: str) -> None:
    for method in ("GET", "HEAD"):
        answer = await ask(site, path, method=method)
        assert answer.status == 404
        assert "location" not in answer
        assert answer["content-type"] == "text/html; charset=utf-8"
        assert answer.body == (MISSING if method == "GET" else b"")


async def test_what_is_missing_is_told_by_the_page_for_it(site: Published, out: Path) -> None:
    answer = await ask(site, "/nothing", ("Accept-Encoding", "gzip"), ("If-None-Match", "*"))
    assert (answer.status, answer["content-encoding"]) == (404, "gzip")
    assert answer["cache-control"] == "public, max-age=60"
    assert "etag" not in answer
    assert "last-modified" not in answer
    (out / "404.html").unlink()
    answer = await ask(site, "/nothing")
    assert (answer.status, answer.body) == (404, b"There is nothing here.\n")
    assert answer["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/editions/daily", b"", "./daily/"),
        ("/editions/daily", b"page=2&x=%0d%0a", "./daily/?page=2&x=%0d%0a"),
        # Else it would name a scheme.
        ("/editions/a:b", b"", "./a%3Ab/"),
        ("/editions/evil.example", b"", "./evil.example/"),
    ],
)
async def test_a_folder_without_its_slash_leads_to_the_one_with_it(
    site: Published, path: str, query: bytes, location: str
) -> None:
    answer = await ask(site, path, query=query)
    assert (answer.status, answer["location"]) == (301, location)
    assert (await ask(site, f"{path}/")).status == 200


@pytest.mark.parametrize(
    "path",
    [
        f"{EVIL}/..", f"{EVIL}/%2e%2e", f"{EVIL}/editions/daily", "/%2fevil.example/..",
        "/%5cevil.example", "/\\evil.example", "///evil.example/editions/daily",
        "//editions/daily", "/editions/daily%2f..", "/editions//evil.example",
    ],
)  # fmt: skip
async def test_nobody_is_ever_led_to_another_host(site: Published, path: str) -> None:
    answer = await ask(site, path)
    assert answer.status == 404
    assert "location" not in answer


async def test_a_change_is_seen_at_once_and_what_is_gone_is_gone(
    site: Published, out: Path
) -> None:
    assert (await ask(site, "/")).body == b"home"
    (out / ".index.html.1").write_bytes(b"news")
    (out / ".index.html.1").replace(out / "index.html")
    assert (await ask(site, "/")).body == b"news"
    (out / "index.html").unlink()
    assert (await ask(site, "/")).status == 404
    # A link in its place is looked through before anything is said.
    (out / "index.html").symlink_to(out.parent / "secret.txt")
    assert (await ask(site, "/")).status == 404


async def test_a_folder_that_is_a_link_itself_is_served(out: Path) -> None:
    linked = out.with_name("public")
    linked.symlink_to(out)
    assert (await ask(Published(linked, base_url="http://localhost"), "/")).body == b"home"


async def test_only_what_is_always_published_goes_ahead_of_other_addresses(
    site: Published,
) -> None:
    app = Ahead(Published(Path("/nowhere"), base_url=""), published=site)
    assert (await ask(app, "/editions/daily/")).status == 200
    assert (await ask(app, "/search")).body == b"There is nothing here.\n"


# ------------------------------------------------------------------------ parts


@pytest.mark.parametrize(
    ("told", "start", "stop"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, 2048),
        ("bytes=-48", 2000, 2048),
        ("bytes=-9999", 0, 2048),
        ("bytes=2047-", 2047, 2048),
        ("bytes=2000-99999", 2000, 2048),
    ],
)
async def test_a_part_of_a_picture(site: Published, told: str, start: int, stop: int) -> None:
    whole = await ask(site, "/pictures/0a.jpg")
    assert whole["accept-ranges"] == "bytes"
    answer = await ask(site, "/pictures/0a.jpg", ("Range", told))
    assert (answer.status, answer.body) == (206, JPEG[start:stop])
    assert answer["content-range"] == f"bytes {start}-{stop - 1}/2048"
    assert int(answer["content-length"]) == stop - start
    for name in ("etag", "cache-control", "last-modified", "content-type"):
        assert answer[name] == whole[name]


@pytest.mark.parametrize("told", ["bytes=2048-", "bytes=9999-10000", "bytes=-0"])
async def test_a_part_that_is_not_there(site: Published, told: str) -> None:
    answer = await ask(site, "/pictures/0a.jpg", ("Range", told))
    assert (answer.status, answer.body) == (416, b"")
    assert answer["content-range"] == "bytes */2048"


@pytest.mark.parametrize(
    "told",
    [
        "bytes=5-1", "bytes=-", "bytes=a-b", "octets=0-1", "bytes=0-1,5-9", "bytes",
        "bytes=" + "9" * 30,
    ],
)  # fmt: skip
async def test_what_is_no_single_part_is_the_whole(site: Published, told: str) -> None:
    answer = await ask(site, "/pictures/0a.jpg", ("Range", told))
    assert (answer.status, answer.body) == (200, JPEG)


async def test_a_part_of_what_it_was_only_if_it_still_is(site: Published) -> None:
    path, part = "/pictures/0a.jpg", ("Range", "bytes=0-9")
    whole = await ask(site, path)
    etag, date = whole["etag"], whole["last-modified"]

    async def asked(told: str) -> Answer:
        return await ask(site, path, part, ("If-Range", told))

    for told in (etag, date):
        assert (await asked(told)).status == 206
    for told in (f"W/{etag}", '"other"', "Sun, 17 May 2020 04:00:00 GMT", "never", ""):
        assert (await asked(told)).status == 200
    # What they have is told before what part they want.
    assert (await ask(site, path, part, ("If-None-Match", etag))).status == 304


async def test_heads_and_texts_have_no_parts(site: Published) -> None:
    part = ("Range", "bytes=0-1")
    head = await ask(site, "/pictures/0a.jpg", part, method="HEAD")
    assert (head.status, head["content-length"]) == (200, "2048")
    assert (await ask(site, "/", part)).body == b"home"
    assert "accept-ranges" not in await ask(site, "/")
    assert (await ask(site, "/pictures/none.jpg", part)).status == 416
    assert (await ask(site, "/pictures/none.jpg")).body == b""


# --------------------------------------------------------------- large and many


async def test_a_large_file_is_sent_in_pieces_whole_or_in_part(site: Published, out: Path) -> None:
    content = b"0123456789abcdef" * (files.LARGE // 16 + 1)
    for path in ("/pictures/big.jpg", "/big.html"):
        (out / path[1:]).write_bytes(content)
        answer = await ask(site, path, ("Accept-Encoding", "gzip"))
        assert (answer.status, answer.body) == (200, content)
        assert len(answer.pieces) > 1
        assert int(answer["content-length"]) == len(content)
        assert (await ask(site, path, ("If-None-Match", answer["etag"]))).status == 304
        assert (await ask(site, path, method="HEAD")).pieces == []
    part = await ask(site, "/pictures/big.jpg", ("Range", "bytes=16-1000015"))
    assert (part.status, part.body) == (206, content[16:1_000_016])


async def test_memory_has_a_limit_and_the_least_wanted_goes_first(tmp_path: Path) -> None:
    stock = files.Files(tmp_path, room=40_000)

    def kept(name: str) -> bool:
        state = stock.state(name)
        return state is not None and stock.kept(name, state) is not None

    for number in range(4):
        name = f"/{number}.html"
        (tmp_path / name[1:]).write_bytes(b"x" * 8_000)
        file = stock.read(name, [])
        assert file is not None
        file.code("identity")
        stock.keep(file)
        # Coded once more, it weighs more; what it weighed before is not forgotten.
        file.code("gzip")
        stock.keep(file)
        assert kept("/0.html")
    assert [kept(f"/{number}.html") for number in range(4)] == [True, False, True, True]


async def test_a_hundred_at_once_get_the_same(site: Published, out: Path) -> None:
    (out / "new.html").write_bytes(MISSING * 20)
    answers = await asyncio.gather(
        *(ask(site, "/new.html", ("Accept-Encoding", "br")) for _ in range(100))
    )
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len({answer["etag"] for answer in answers}) == 1
