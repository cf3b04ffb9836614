"""Published files over HTTP: the rows H1–H6, J5 and W1 of what feed readers and caches demand."""

import asyncio
import gzip
import os
import re
from collections.abc import Iterator
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path

import brotli
import pytest
import uvicorn

from asgi import Answer, ask
from digest.web.archive import Published
from digest.web.safety import SafetyHeaders

FEED = "/feeds/daily/feed.rss"
ATOM = "/feeds/daily/feed.atom"
JSON = "/feeds/daily/feed.json"
PAGE = "/editions/daily/2026-05-18T0700/"
PICTURE = "/pictures/0a1b2c.jpg"
TEXT = b"<rss>" + b"The ferry runs again. " * 200 + b"</rss>"
JPEG = bytes(range(256)) * 8
#: When the files were written: Monday, 18 May 2020, 04:00 UTC, and a bit.
WRITTEN = 1_589_774_400
STAMP = "Mon, 18 May 2020 04:00:00 GMT"
HUB = "https://hub.example.org/"
ALL = (FEED, ATOM, JSON, PAGE, PICTURE, "/", "/sitemap.xml", "/robots.txt")


def put(out: Path, path: str, content: bytes, *, at: float = WRITTEN + 0.5) -> None:
    """As publishing does: aside, then renamed over what was there."""
    name = path.lstrip("/") + ("index.html" if path.endswith("/") else "")
    file = out / name
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.1")
    aside.write_bytes(content)
    os.utime(aside, (at, at))
    aside.replace(file)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    for path in ALL:
        put(tmp_path, path, JPEG if path == PICTURE else TEXT + path.encode())
    return tmp_path


@pytest.fixture
def site(out: Path) -> SafetyHeaders:
    published = Published(out, base_url="https://news.example.org/press", hubs=[HUB])
    return SafetyHeaders(published)


async def etag_of(site: SafetyHeaders, path: str = FEED, *headers: tuple[str, str]) -> str:
    return (await ask(site, path, *headers))["etag"]


def is_same(answer: Answer) -> bool:
    """Whether it is a 304, and one as it must be."""
    if answer.status != 304:
        assert answer.status == 200
        assert answer.body
        return False
    assert answer.pieces == []
    assert {"etag", "cache-control", "vary"} <= {name for name, _ in answer.headers}
    assert "content-encoding" not in answer
    assert answer["cache-control"] == "public, max-age=300"
    return True


# ------------------------------------------------------------------------- H1


@pytest.mark.parametrize("path", ALL)
async def test_h1_validators_are_a_quoted_strong_etag_and_an_imf_fixdate(
    site: SafetyHeaders, path: str
) -> None:
    answer = await ask(site, path)
    assert answer.status == 200
    assert re.fullmatch(r'"[0-9a-f]{16,}"', answer["etag"])
    assert answer["last-modified"] == STAMP
    assert parsedate_to_datetime(answer["last-modified"]).timestamp() == WRITTEN


@pytest.mark.parametrize(
    "told", ["{0}", "W/{0}", '"other", {0}', '"a,b" , W/{0}', "*", " * ", '{0},"x"', 'W/"y",{0}']
)
@pytest.mark.parametrize("path", [FEED, PAGE])
async def test_h1_not_modified_for_the_tag_its_weak_form_in_a_list_and_any(
    site: SafetyHeaders, path: str, told: str
) -> None:
    etag = await etag_of(site, path)
    answer = await ask(site, path, ("If-None-Match", told.format(etag)))
    assert is_same(answer)
    assert answer["etag"] == etag
    head = await ask(site, path, ("If-None-Match", told.format(etag)), method="HEAD")
    assert is_same(head)


@pytest.mark.parametrize("told", ['"other"', "other", "", '"*"', 'W/"other", "more"', '"'])
async def test_h1_other_tags_are_sent_the_whole(site: SafetyHeaders, told: str) -> None:
    assert not is_same(await ask(site, FEED, ("If-None-Match", told)))


async def test_h1_tags_in_two_header_lines_are_one_list(site: SafetyHeaders) -> None:
    etag = await etag_of(site)
    lines = [("If-None-Match", '"other"'), ("If-None-Match", etag)]
    assert is_same(await ask(site, FEED, *lines))


async def test_h1_what_is_replaced_has_another_tag_at_once(site: SafetyHeaders, out: Path) -> None:
    before = await ask(site, FEED)
    # As long as before, in the same second: only what it says is new.
    put(out, FEED, before.body[::-1])
    after = await ask(site, FEED, ("If-None-Match", before["etag"]))
    assert after.status == 200
    assert after.body == before.body[::-1]
    assert after["etag"] != before["etag"]


async def test_h1_a_file_written_again_with_the_same_words_keeps_its_tag(
    site: SafetyHeaders, out: Path
) -> None:
    before = await ask(site, FEED)
    put(out, FEED, before.body, at=WRITTEN + 60)
    after = await ask(site, FEED)
    assert after["etag"] == before["etag"]
    assert after["last-modified"] != before["last-modified"]


async def test_h1_a_file_from_the_future_tells_no_date(site: SafetyHeaders, out: Path) -> None:
    put(out, FEED, TEXT, at=WRITTEN + 3 * 10**9)
    answer = await ask(site, FEED, ("If-Modified-Since", STAMP))
    assert answer.status == 200
    assert "last-modified" not in answer


# ------------------------------------------------------------------------- H2


@pytest.mark.parametrize(
    ("told", "same"),
    [
        (STAMP, True),
        ("Tue, 19 May 2020 04:00:00 GMT", True),
        ("Mon, 18 May 2020 03:59:59 GMT", False),
        # The two old forms (RFC 9110 §5.6.7).
        ("Monday, 18-May-20 04:00:00 GMT", True),
        ("Mon May 18 04:00:00 2020", True),
        ("Sun May  3 04:00:00 2020", False),
        # No dates.
        ("yesterday", False),
        ("", False),
        ("1589774400", False),
        ("2020-05-18T04:00:00Z", False),
        ("Mon, 31 Feb 2027 04:00:00 GMT", False),
        ("Mon, 99 May 2027 04:00:00 GMT", False),
        ("Mon, 18 May 2020 25:00:00 GMT", False),
        ("Mon, 18 May 2027 04:00:00 +0000", False),
        (f"{STAMP}, {STAMP}", False),
        ("Mon, 18 May 2020 04:00:00 GMT; length=12", False),
    ],
)
async def test_h2_dates_count_if_they_are_dates(site: SafetyHeaders, told: str, same: bool) -> None:
    assert is_same(await ask(site, FEED, ("If-Modified-Since", told))) is same


async def test_h2_a_tag_wins_over_a_date(site: SafetyHeaders) -> None:
    etag = await etag_of(site)
    late, early = formatdate(WRITTEN + 90, usegmt=True), formatdate(WRITTEN - 90, usegmt=True)
    told = [("If-None-Match", '"other"'), ("If-Modified-Since", late)]
    assert not is_same(await ask(site, FEED, *told))
    told = [("If-None-Match", etag), ("If-Modified-Since", early)]
    assert is_same(await ask(site, FEED, *told))


@pytest.mark.parametrize(
    ("name", "told", "status"),
    [
        ("If-Match", '"other"', 412),
        ("If-Match", "W/{0}", 412),
        ("If-Match", "{0}", 200),
        ("If-Match", "*", 200),
        ("If-Unmodified-Since", "Mon, 18 May 2020 03:59:59 GMT", 412),
        ("If-Unmodified-Since", STAMP, 200),
        ("If-Unmodified-Since", "never", 200),
    ],
)
async def test_what_must_not_have_changed_has_not(
    site: SafetyHeaders, name: str, told: str, status: int
) -> None:
    told = told.format(await etag_of(site))
    assert (await ask(site, FEED, (name, told))).status == status


# ------------------------------------------------------------------------- H3


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0.000, br;q=0.0", "identity"),
        ("gzip ; q=0 , br ; q=0.1", "br"),
        ("identity, gzip;q=0.5", "identity"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0, gzip;q=0.001", "gzip"),
        ("identity;q=0, *", "br"),
        ("*", "br"),
        ("*;q=0", None),
        ("*;q=0, identity", "identity"),
        ("*;q=0, gzip", "gzip"),
        ("identity;q=0", None),
        ("deflate", "identity"),
        ("", "identity"),
        (None, "identity"),
        ("gzip;q=nonsense", "identity"),
        ("gzip;q=2", "identity"),
        (";;,,=", "identity"),
        ("gzip" * 5_000, "identity"),
    ],
)  # fmt: skip
async def test_h3_the_coding_is_the_best_of_those_that_are_taken(
    site: SafetyHeaders, accepted: str | None, coding: str | None
) -> None:
    plain = await ask(site, FEED)
    headers = [] if accepted is None else [("Accept-Encoding", accepted)]
    answer = await ask(site, FEED, *headers)
    assert answer["vary"].startswith("Accept-Encoding")
    if coding is None:
        assert answer.status == 406
        return
    assert answer.status == 200
    assert int(answer["content-length"]) == len(answer.body)
    assert ("content-encoding" in answer) is (coding != "identity")
    if coding != "identity":
        assert answer["content-encoding"] == coding
        assert len(answer.body) < len(plain.body) / 2
    opened = {"gzip": gzip.decompress, "br": brotli.decompress, "identity": bytes}[coding]
    assert opened(answer.body) == plain.body


async def test_h3_each_coding_has_a_tag_of_its_own_and_is_not_modified_by_it(
    site: SafetyHeaders,
) -> None:
    tags = {}
    for coding in ("gzip", "br", "identity"):
        accepts = ("Accept-Encoding", coding)
        tags[coding] = await etag_of(site, FEED, accepts)
        same = await ask(site, FEED, accepts, ("If-None-Match", tags[coding]))
        assert is_same(same)
        assert same["etag"] == tags[coding]
        # A proxy that has changed the coding makes the tag weak.
        assert is_same(await ask(site, FEED, accepts, ("If-None-Match", f"W/{tags[coding]}")))
    assert len(set(tags.values())) == 3
    other = [("Accept-Encoding", "br"), ("If-None-Match", tags["gzip"])]
    assert not is_same(await ask(site, FEED, *other))


async def test_h3_pictures_and_what_fits_a_packet_are_sent_as_they_are(
    site: SafetyHeaders, out: Path
) -> None:
    put(out, "/robots.txt", b"User-agent: *\nAllow: /\n")
    for path in (PICTURE, "/robots.txt"):
        answer = await ask(site, path, ("Accept-Encoding", "gzip, br"))
        assert "content-encoding" not in answer
    assert "vary" not in await ask(site, PICTURE)
    # Unless that is what they do not want.
    answer = await ask(site, "/robots.txt", ("Accept-Encoding", "gzip, identity;q=0"))
    assert gzip.decompress(answer.body) == b"User-agent: *\nAllow: /\n"


# ------------------------------------------------------------------------- H4


@pytest.mark.parametrize("accepted", ["identity", "gzip", "br"])
@pytest.mark.parametrize("path", [*ALL, "/nothing", "/feeds/daily"])
async def test_h4_head_is_get_without_a_body(site: SafetyHeaders, path: str, accepted: str) -> None:
    get = await ask(site, path, ("Accept-Encoding", accepted))
    head = await ask(site, path, ("Accept-Encoding", accepted), method="HEAD")
    assert (head.status, head.headers) == (get.status, get.headers)
    assert head.pieces == []
    assert int(head["content-length"]) == len(get.body)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", [FEED, PAGE, PICTURE, "/nothing"])
async def test_h4_other_methods_are_not_allowed(
    site: SafetyHeaders, path: str, method: str
) -> None:
    answer = await ask(site, path, method=method)
    assert answer.status == 405
    assert answer["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", [*ALL, "/nothing"])
async def test_h4_no_cookie_and_no_sniffing(site: SafetyHeaders, path: str) -> None:
    answer = await ask(site, path, ("Cookie", "session=1"))
    assert "set-cookie" not in answer
    assert answer["x-content-type-options"] == "nosniff"


# ------------------------------------------------------------------------- H5


@pytest.mark.parametrize("accepted", ["identity", "gzip", "br"])
async def test_h5_two_gets_are_the_same_octets_whenever_and_wherever(
    site: SafetyHeaders, out: Path, accepted: str
) -> None:
    first = await ask(site, FEED, ("Accept-Encoding", accepted))
    again = await ask(site, FEED, ("Accept-Encoding", accepted))
    # Another process, later: nothing of the first is in its memory.
    another = SafetyHeaders(Published(out, base_url="https://news.example.org/press", hubs=[HUB]))
    later = await ask(another, FEED, ("Accept-Encoding", accepted))
    for answer in (again, later):
        assert (answer.headers, answer.body) == (first.headers, first.body)


@pytest.mark.parametrize("path", ALL)
async def test_h5_everything_may_be_kept_for_a_while(site: SafetyHeaders, path: str) -> None:
    told = (await ask(site, path))["cache-control"]
    assert "no-store" not in told
    assert "private" not in told
    kept = re.search(r"max-age=(\d+)", told)
    assert kept is not None
    # Pictures are named by their content: what is kept of them never becomes old.
    assert (int(kept[1]), "immutable" in told) == (
        (31_536_000, True) if path == PICTURE else (300, False)
    )


# --------------------------------------------------------------- H6, J5, W1


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (FEED, "application/rss+xml; charset=utf-8"),
        (ATOM, "application/atom+xml; charset=utf-8"),
        # J5
        (JSON, "application/feed+json; charset=utf-8"),
        ("/", "text/html; charset=utf-8"),
        (PAGE, "text/html; charset=utf-8"),
        ("/feeds/feed.css", "text/css; charset=utf-8"),
        ("/sitemap.xml", "application/xml; charset=utf-8"),
        ("/feeds.opml", "text/x-opml; charset=utf-8"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        (PICTURE, "image/jpeg"),
        ("/pictures/0a.png", "image/png"),
        ("/pictures/0a.webp", "image/webp"),
        ("/site.json", "application/json; charset=utf-8"),
        ("/LICENSE", "application/octet-stream"),
    ],
)
async def test_h6_media_types_are_the_registered_ones(
    site: SafetyHeaders, out: Path, path: str, kind: str
) -> None:
    put(out, path, TEXT)
    assert (await ask(site, path))["content-type"] == kind


def links(answer: Answer) -> Iterator[tuple[str, str]]:
    for address, relation in re.findall(r'<([^>]*)>; rel="(\w+)"', answer["link"]):
        yield relation, address


@pytest.mark.parametrize("path", [FEED, ATOM, JSON, "/feeds/daily/section/at-sea/feed.atom"])
async def test_w1_feeds_name_their_hubs_and_exactly_one_self(
    site: SafetyHeaders, out: Path, path: str
) -> None:
    put(out, path, TEXT)
    own = f"https://news.example.org/press{path}"
    for method in ("GET", "HEAD"):
        # The same to whoever asks by another query: there is one topic.
        answer = await ask(site, path, method=method, query=b"utm_source=x")
        assert list(links(answer)) == [("hub", HUB), ("self", own)]


async def test_w1_without_hubs_there_is_a_self_and_pages_have_neither(
    site: SafetyHeaders, out: Path
) -> None:
    alone = Published(out, base_url="http://localhost:8025")
    assert list(links(await ask(alone, FEED))) == [("self", f"http://localhost:8025{FEED}")]
    for path in (PAGE, PICTURE, "/", "/sitemap.xml"):
        assert "link" not in await ask(site, path)


@pytest.mark.parametrize(
    "path",
    ["/feeds/daily/2026-W13.atom", "/feeds/daily/stories/2026-W13.rss",
     "/feeds/daily/2026-W13.json", "/feeds/daily/feed-2.json", "/feeds/feed.css"],
)  # fmt: skip
async def test_w1_what_nobody_is_told_of_names_no_hub_and_is_no_topic(
    site: SafetyHeaders, out: Path, path: str
) -> None:
    put(out, path, TEXT)
    for method in ("GET", "HEAD"):
        answer = await ask(site, path, method=method)
        assert answer.status == 200
        assert "link" not in answer


# ---------------------------------------------------------------- over the wire


async def talk(port: int, *requests: str) -> list[bytes]:
    """Answers to *requests*, one after the other on one connection: head and body as they come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    told = "".join(f"{request}\r\nHost: localhost\r\n\r\n" for request in requests[:-1])
    writer.write(f"{told}{requests[-1]}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    everything = await reader.read()
    writer.close()
    await writer.wait_closed()
    return re.split(rb"(?=HTTP/1\.1 )", everything)[1:]


async def test_on_the_wire_too_nothing_follows_a_304_and_an_answer_to_head(
    site: SafetyHeaders,
) -> None:
    get = await ask(site, FEED)
    etag = get["etag"]
    config = uvicorn.Config(
        site, log_level="warning", access_log=False, server_header=False, port=0
    )
    config.load()
    # What `digest serve` gets by the same settings: the parser in C.
    assert config.http_protocol_class.__module__.endswith("httptools_impl")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        same, head, whole = await talk(
            port,
            f"GET {FEED} HTTP/1.1\r\nIf-None-Match: {etag}",
            f"HEAD {FEED} HTTP/1.1",
            f"GET {FEED} HTTP/1.1",
        )
    finally:
        server.should_exit = True
        await running
    assert same.startswith(b"HTTP/1.1 304 Not Modified\r\n")
    assert same.endswith(b"\r\n\r\n")
    assert b"content-length" not in same
    told, _, body = whole.partition(b"\r\n\r\n")
    assert body == TEXT + FEED.encode()
    assert head.endswith(b"\r\n\r\n")
    of_this_one = (b"date:", b"connection:")
    assert [
        [line for line in one.strip().split(b"\r\n") if not line.startswith(of_this_one)]
        for one in (head, told)
    ] == [[b"HTTP/1.1 200 OK", *(f"{n}: {v}".encode() for n, v in get.headers)]] * 2


@pytest.mark.parametrize("path", [FEED, ATOM])
async def test_a_browser_is_told_that_a_feed_is_xml_and_a_reader_what_it_is(
    site: SafetyHeaders, path: str
) -> None:
    """Browsers show the style sheet of XML, and the source of a feed."""
    browser = ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    reader = ("accept", "application/rss+xml, application/atom+xml, text/html;q=0.5, */*;q=0.1")
    assert (await ask(site, path, browser))["content-type"] == "application/xml; charset=utf-8"
    for asked in ([reader], [("accept", "*/*")], []):
        answer = await ask(site, path, *asked)
        assert answer["content-type"].startswith(f"application/{path.rpartition('.')[2]}+xml")
        assert answer["vary"] == "Accept-Encoding, Accept"
    same = await ask(site, path, browser, ("if-none-match", await etag_of(site, path, browser)))
    assert (same.status, same["vary"]) == (304, "Accept-Encoding, Accept")
