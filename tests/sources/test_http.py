"""The client against a real server on loopback that misbehaves to order."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

import httpcore2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import FetchError
from digest.settings import Collect
from digest.sources import Http, Response, Validators
from digest.sources.http import user_agent
from digest.sources.reach import Guard, GuardedNetwork, is_open


class Site:
    """Serves what it is told at each path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        #: Paths whose answer is begun and never finished.
        self.stalls: set[str] = set()
        self.port = 0
        self._end = asyncio.Event()

    async def serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def close(self) -> None:
        self._end.set()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            first = await reader.readexactly(1)
            if first == b"\x16":
                # A TLS greeting: a web server that speaks none says so in plain text.
                writer.write(reply(400))
                return
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request, *lines = head.strip().split("\r\n")
            path = request.split(" ")[1]
            headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
            self.asked.append((path, headers))
            writer.write(self.answers.get(path, reply(404)))
            await writer.drain()
            if path in self.stalls:
                await self._end.wait()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


def reply(
    status: int = 200, body: bytes = b"", *, length: int | None = None, **headers: str
) -> bytes:
    lines = [f"HTTP/1.1 {status} Word", "Connection: close"]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    server = await site.serve()
    yield site
    site.close()
    server.close()
    await server.wait_closed()


async def get(
    url: str, *, validators: Validators | None = None, allow: tuple[str, ...] = (), **limits: Any
) -> Response:
    values: dict[str, Any] = {"timeout_s": 5.0, "allow_private": allow} | limits
    collect = Collect(**values)
    async with Http(collect, contact="desk@news.example") as http:
        return await http.get(url, validators=validators, source_id="wire")


async def get_here(url: str, *, validators: Validators | None = None, **limits: Any) -> Response:
    return await get(url, validators=validators, allow=("127.0.0.1",), **limits)


async def refusal(
    call: Callable[..., Any], url: str, *, says: Iterable[str], **limits: Any
) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await call(url, **limits)
    for words in says:
        assert words in str(caught.value)
    assert caught.value.source_id == "wire"
    return caught.value


async def test_a_document_comes_with_its_type_its_place_and_its_validators(site: Site) -> None:
    site.answers["/feed"] = reply(
        body=b"<rss/>", Content_Type="text/xml", ETag='W/"a,b"', Last_Modified="Mon, 18 May 2026"
    )
    got = await get_here(site.url("/feed"))
    assert got == Response(
        body=b"<rss/>",
        content_type="text/xml",
        url=site.url("/feed"),
        validators=Validators(etag='W/"a,b"', last_modified="Mon, 18 May 2026"),
    )


async def test_we_say_who_we_are(site: Site) -> None:
    site.answers["/"] = reply(body=b"x")
    await get_here(site.url("/"))
    agent = site.asked[0][1]["user-agent"]
    assert agent.startswith("Digest/")
    assert agent.endswith("(+desk@news.example)")


async def test_validators_go_back_word_for_word_and_nothing_changed_is_no_error(site: Site) -> None:
    site.answers["/feed"] = reply(304, ETag='W/"n\xe9w"')
    known = Validators(etag='"odd ; tag', last_modified="yesterday, roughly")
    got = await get_here(site.url("/feed"), validators=known)
    assert site.asked[0][1]["if-none-match"] == '"odd ; tag'
    assert site.asked[0][1]["if-modified-since"] == "yesterday, roughly"
    assert got.not_modified
    assert got.body == b""
    assert got.validators == Validators(etag='W/"n\xe9w"', last_modified="yesterday, roughly")


async def test_nothing_changed_without_having_been_asked_is_a_fault(site: Site) -> None:
    site.answers["/feed"] = reply(304)
    await refusal(get_here, site.url("/feed"), says=["304"])


async def test_redirects_are_followed_and_the_last_address_counts(site: Site) -> None:
    site.answers["/old"] = reply(301, Location="/new#part")
    site.answers["/new"] = reply(body=b"here")
    got = await get_here(site.url("/old"))
    assert (got.body, got.url) == (b"here", site.url("/new"))


async def test_cookies_are_neither_kept_nor_sent(site: Site) -> None:
    site.answers["/old"] = reply(302, Location="/new", Set_Cookie="a=b")
    site.answers["/new"] = reply(body=b"here")
    await get_here(site.url("/old"))
    assert "cookie" not in site.asked[1][1]


async def test_a_circle_of_redirects_ends(site: Site) -> None:
    site.answers["/a"] = reply(302, Location="/a")
    await refusal(get_here, site.url("/a"), says=["redirects more than 3 times"], max_redirects=3)
    assert len(site.asked) == 4


@pytest.mark.parametrize("target", ["http://127.0.0.2:{port}/secret", "http://[::1]:{port}/secret"])
async def test_a_redirect_to_a_private_address_is_not_followed(site: Site, target: str) -> None:
    site.answers["/a"] = reply(302, Location=target.format(port=site.port))
    fault = await refusal(get_here, site.url("/a"), says=["private address", "allow_private"])
    assert not fault.temporary
    assert [path for path, _ in site.asked] == ["/a"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://x.example/"])
async def test_a_redirect_out_of_the_web_is_not_followed(site: Site, target: str) -> None:
    site.answers["/a"] = reply(302, Location=target)
    await refusal(get_here, site.url("/a"), says=["no address that can be fetched"])


LOOPBACK = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "localhost",
    "localhost.",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "0.0.0.0",
]


@pytest.mark.parametrize("host", LOOPBACK)
async def test_no_spelling_of_loopback_is_connected_to(site: Site, host: str) -> None:
    await refusal(get, f"http://{host}:{site.port}/", says=[])
    assert site.connections == 0


@pytest.mark.parametrize(
    "host",
    [
        "[::1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[::]",
        "10.1.2.3",
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.254",
        "172.31.255.1",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
    ],
)
async def test_private_special_and_metadata_addresses_are_refused(host: str) -> None:
    fault = await refusal(get, f"http://{host}/", says=["private address"])
    assert not fault.temporary


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_an_address_in_any_wrapping_is_judged_as_itself(address: Any) -> None:
    number = int(address)
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}"):
        assert Guard().permits("x.example", wrapped) == is_open(address)


@settings(deadline=None)
@given(st.ip_addresses())
def test_what_is_open_is_global_for_the_standard_library_too(address: Any) -> None:
    if is_open(address) and address.version == 4:
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize("allow", ["127.0.0.0/8", "127.0.0.1", "localhost"])
async def test_what_is_named_may_be_reached_although_private(site: Site, allow: str) -> None:
    site.answers["/"] = reply(body=b"ours")
    host = allow if allow == "localhost" else "127.0.0.1"
    assert (await get(f"http://{host}:{site.port}/", allow=(allow,))).body == b"ours"


class Recorder(httpcore2.AsyncNetworkBackend):
    """Connects to nothing and remembers where it was sent."""

    def __init__(self) -> None:
        self.sent_to: list[str] = []

    async def connect_tcp(self, host: str, port: int, *_: Any) -> httpcore2.AsyncNetworkStream:
        self.sent_to.append(host)
        raise httpcore2.ConnectError("nobody there")


async def test_the_connection_goes_to_the_checked_address_and_not_to_the_name() -> None:
    inner = Recorder()
    network = GuardedNetwork(Guard(["localhost"]), inner)
    with pytest.raises(httpcore2.ConnectError):
        await network.connect_tcp("localhost", 80)
    assert inner.sent_to
    assert set(inner.sent_to) <= {"127.0.0.1", "::1"}


async def test_local_sockets_are_not_connected_to() -> None:
    with pytest.raises(FetchError, match="local socket"):
        await GuardedNetwork(Guard(), Recorder()).connect_unix_socket("/run/x.sock")


async def test_a_name_that_leads_nowhere_is_told_so() -> None:
    fault = await refusal(get, "http://no-such-host.invalid/", says=["leads to no address"])
    assert fault.temporary


@pytest.mark.parametrize("url", ["http://", "http://[::1", "ftp://a.example"])
async def test_an_address_that_is_none_is_told_so(url: str) -> None:
    fault = await refusal(get, url, says=["no address that can be fetched"])
    assert not fault.temporary


async def test_too_much_is_refused_before_it_is_read(site: Site) -> None:
    site.answers["/"] = reply(body=b"x", length=20_000)
    fault = await refusal(
        get_here, site.url("/"), says=["more than 10000 bytes", "max_bytes"], max_bytes=10_000
    )
    assert not fault.temporary


async def test_too_much_without_saying_so_is_cut_off(site: Site) -> None:
    site.answers["/"] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 50_000
    await refusal(get_here, site.url("/"), says=["more than 10000 bytes"], max_bytes=10_000)


async def test_a_small_body_that_unpacks_to_a_large_one_is_cut_off(site: Site) -> None:
    site.answers["/"] = reply(body=gzip.compress(bytes(30_000_000)), Content_Encoding="gzip")
    await refusal(get_here, site.url("/"), says=["more than 100000 bytes"], max_bytes=100_000)


async def test_gzip_is_unpacked(site: Site) -> None:
    site.answers["/"] = reply(body=gzip.compress(b"news"), Content_Encoding="gzip")
    assert (await get_here(site.url("/"))).body == b"news"


async def test_a_body_that_is_not_what_its_coding_says_is_told_so(site: Site) -> None:
    site.answers["/"] = reply(body=b"not gzip at all", Content_Encoding="gzip")
    await refusal(get_here, site.url("/"), says=["cannot be unpacked"])


async def test_endless_headers_are_refused(site: Site) -> None:
    site.answers["/"] = reply(body=b"x", X_Long="y" * 200_000)
    await refusal(get_here, site.url("/"), says=["does not answer as a web server does"])


async def test_what_is_no_web_server_is_told_so(site: Site) -> None:
    site.answers["/"] = b"220 mail.example ESMTP\r\n\r\n"
    await refusal(get_here, site.url("/"), says=["does not answer as a web server does"])


async def test_a_server_that_never_finishes_is_left_after_the_whole_time(site: Site) -> None:
    site.answers["/"] = reply(body=b"a little", length=5_000)
    site.stalls.add("/")
    fault = await refusal(
        get_here, site.url("/"), says=["did not deliver within 0.2 s"], timeout_s=0.2
    )
    assert fault.temporary


async def test_a_connection_that_breaks_is_worth_another_try(site: Site) -> None:
    site.answers["/"] = reply(body=b"half", length=5_000)
    assert (await refusal(get_here, site.url("/"), says=[])).temporary


async def test_plain_http_behind_an_https_address_is_told_so(site: Site) -> None:
    url = f"https://127.0.0.1:{site.port}/"
    await refusal(get_here, url, says=["does not speak TLS", "check the address"])


async def test_nobody_listening_is_told_so(site: Site) -> None:
    server = await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    await refusal(get_here, f"http://127.0.0.1:{port}/", says=["cannot be connected to"])


ANSWERS: Mapping[int, tuple[str, bool]] = {
    204: ("check the address", False),
    401: ("wants a password", False),
    403: ("refuses Digest", False),
    404: ("check the address", False),
    410: ("remove the source", False),
    418: ("check the address", False),
    429: ("raise every_min", True),
    500: ("tried again", True),
    503: ("tried again", True),
    599: ("tried again", True),
}


@pytest.mark.parametrize("status", ANSWERS)
async def test_every_refusal_says_what_to_do(site: Site, status: int) -> None:
    site.answers["/"] = reply(status)
    advice, temporary = ANSWERS[status]
    fault = await refusal(get_here, site.url("/"), says=[f"answered {status}", advice])
    assert (fault.temporary, fault.status) == (temporary, status)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("120", "asks to wait 120 seconds"),
        ("Mon, 18 May 2026 10:00:00 GMT", "asks to wait until Mon, 18 May 2026 10:00:00 GMT"),
    ],
)
async def test_how_long_to_wait_is_passed_on(site: Site, status: int, told: str, said: str) -> None:
    site.answers["/"] = reply(status, Retry_After=told)
    await refusal(get_here, site.url("/"), says=[said])


def test_a_contact_cannot_break_the_header() -> None:
    assert user_agent("me@a.example\r\nX: y").endswith("(+me@a.exampleX:y)")
    assert "(" not in user_agent("")
