"""The client against a real server on loopback that misbehaves to order."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from digest.errors import Fault, FetchError
from digest.settings import Collect
from digest.sources.http import Http, Response, Validators, user_agent


class Site:
    """Serves what it is told at each path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
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
            if length := int(headers.get("content-length", 0)):
                self.bodies.append(await reader.readexactly(length))
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


NOON = datetime(2026, 5, 18, 12, tzinfo=UTC)


def client(**limits: Any) -> Http:
    values: dict[str, Any] = {"spacing_s": 0.0, "allow_private": ("127.0.0.1",)} | limits
    return Http(Collect(**values), contact="desk@news.example")


async def get(
    url: str, *, validators: Validators | None = None, allow: tuple[str, ...] = (), **limits: Any
) -> Response:
    async with client(**({"timeout_s": 5.0, "allow_private": allow} | limits)) as http:
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
        fingerprint="b798c3a7a0fe1b6163a56cf479a86b65",
    )


async def test_we_say_who_we_are(site: Site) -> None:
    site.answers["/"] = reply(body=b"x")
    await get_here(site.url("/"))
    agent = site.asked[0][1]["user-agent"]
    assert agent.startswith("Digest/")
    assert agent.endswith("(+desk@news.example)")
    assert site.asked[0][1]["accept-encoding"] == "gzip, deflate, br, zstd"


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


async def test_a_circle_of_redirects_is_not_walked_twice(site: Site) -> None:
    site.answers["/a"] = reply(302, Location="/b")
    site.answers["/b"] = reply(302, Location="/a")
    fault = await refusal(get_here, site.url("/a"), says=["redirects in a circle"])
    assert fault.fault is Fault.REDIRECTS
    assert [path for path, _ in site.asked] == ["/a", "/b"]


async def test_a_chain_of_redirects_ends(site: Site) -> None:
    for number in range(9):
        site.answers[f"/{number}"] = reply(302, Location=f"/{number + 1}")
    await refusal(get_here, site.url("/0"), says=["redirects more than 3 times"], max_redirects=3)
    assert len(site.asked) == 4


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [((), False), ((301,), True), ((308, 301), True), ((301, 302), False), ((307, 308), False)],
)
async def test_moved_for_good_is_what_nothing_but_301_and_308_lead_to(
    site: Site, statuses: tuple[int, ...], moved: bool
) -> None:
    for number, status in enumerate(statuses):
        site.answers[f"/{number}"] = reply(status, Location=f"/{number + 1}")
    site.answers[f"/{len(statuses)}"] = reply(body=b"here")
    got = await get_here(site.url("/0"))
    assert got.moved_to == (site.url(f"/{len(statuses)}") if moved else None)


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


async def test_a_server_that_stops_in_the_middle_is_left_after_half_the_time(site: Site) -> None:
    site.answers["/"] = reply(body=b"a little", length=5_000)
    site.stalls.add("/")
    fault = await refusal(
        get_here, site.url("/"), says=["next to nothing came in 0.1 s"], timeout_s=0.2
    )
    assert (fault.temporary, fault.fault) == (True, Fault.TIMEOUT)


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


ANSWERS: Mapping[int, tuple[Fault, str, bool]] = {
    204: (Fault.NOT_FOUND, "check the address", False),
    206: (Fault.BROKEN, "check the address", False),
    300: (Fault.REDIRECTS, "does not say where", False),
    400: (Fault.REFUSED, "check the address", False),
    401: (Fault.REFUSED, "wants a password", False),
    402: (Fault.REFUSED, "wants to be paid", False),
    403: (Fault.REFUSED, "refuses Digest", False),
    404: (Fault.NOT_FOUND, "check the address", False),
    406: (Fault.NOT_FOUND, "check the address", False),
    407: (Fault.REFUSED, "wants a password", False),
    408: (Fault.TIMEOUT, "check the address", True),
    410: (Fault.GONE, "remove the source", False),
    418: (Fault.REFUSED, "check the address", False),
    429: (Fault.BUSY, "raise every_min", True),
    451: (Fault.REFUSED, "remove the source", False),
    500: (Fault.SERVER_ERROR, "tried again", True),
    503: (Fault.SERVER_ERROR, "tried again", True),
    599: (Fault.SERVER_ERROR, "tried again", True),
}


@pytest.mark.parametrize("status", ANSWERS)
async def test_every_refusal_has_its_word_and_says_what_to_do(site: Site, status: int) -> None:
    site.answers["/"] = reply(status)
    word, advice, temporary = ANSWERS[status]
    fault = await refusal(get_here, site.url("/"), says=[f"answered {status}", advice])
    assert (fault.fault, fault.temporary, fault.status) == (word, temporary, status)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("told", "seconds", "said"),
    [
        ("120", 120.0, "left alone for 2 minutes"),
        ("Mon, 18 May 2026 11:00:00 GMT", 3600.0, "left alone for 60 minutes"),
        # Whoever sends us away and calls us back at once would be asked in a storm.
        ("0", 30.0, "left alone for 30 seconds"),
        ("999999", 86_400.0, "left alone for 24 hours"),
    ],
)
async def test_how_long_to_wait_is_passed_on(
    site: Site, status: int, told: str, seconds: float, said: str
) -> None:
    site.answers["/"] = reply(status, Retry_After=told, Date="Mon, 18 May 2026 10:00:00 GMT")
    fault = await refusal(get_here, site.url("/"), says=[said])
    assert (fault.fault, fault.wait_s) == (Fault.BUSY, seconds)


async def test_who_wants_to_be_left_alone_is_not_asked_not_even_for_another_document(
    site: Site,
) -> None:
    site.answers["/busy"] = reply(503, Retry_After="600")
    async with client() as http:
        with pytest.raises(FetchError):
            await http.get(site.url("/busy"))
        with pytest.raises(FetchError, match="asked to be left alone until") as caught:
            await http.get(site.url("/other"), source_id="wire")
        with pytest.raises(FetchError, match="asked to be left alone until"):
            await http.post(site.url("/hub"), {})
        (wait,) = http.hosts.take_changes()
    assert [path for path, _ in site.asked] == ["/busy"]
    assert (caught.value.source_id, caught.value.status) == ("wire", None)
    assert 0 < (caught.value.wait_s or 0) <= 600
    assert (wait.host, wait.reason) == ("127.0.0.1", "503 Service Unavailable")


# ------------------------------------------------------------------ validators


KNOWN = Validators(etag='"v1"', last_modified="Mon, 18 May 2026 10:00:00 GMT")


async def test_validators_are_not_sent_to_an_address_that_did_not_tell_them(site: Site) -> None:
    site.answers["/old"] = reply(302, Location="/new")
    site.answers["/new"] = reply(body=b"here", ETag='"v2"')
    got = await get_here(site.url("/old"), validators=KNOWN)
    assert "if-none-match" in site.asked[0][1]
    assert not {"if-none-match", "if-modified-since"} & site.asked[1][1].keys()
    assert got.validators == Validators(etag='"v2"', url=site.url("/new"))


async def test_validators_go_back_to_the_address_that_told_them(site: Site) -> None:
    site.answers["/old"] = reply(302, Location="/new")
    site.answers["/new"] = reply(304)
    known = replace(KNOWN, url=site.url("/new"))
    got = await get_here(site.url("/old"), validators=known)
    assert "if-none-match" not in site.asked[0][1]
    assert site.asked[1][1]["if-none-match"] == '"v1"'
    assert (got.not_modified, got.validators) == (True, known)


async def test_validators_that_no_header_can_hold_are_left_out(site: Site) -> None:
    site.answers["/"] = reply(body=b"here")
    bad = Validators(etag='"a"\r\nX-Injected: yes', last_modified="Montag, fr\u00fch \u2014")
    assert (await get_here(site.url("/"), validators=bad)).body == b"here"
    assert not {"if-none-match", "if-modified-since", "x-injected"} & site.asked[0][1].keys()


# ------------------------------------------------- freshness, links, deltas, hubs


async def test_what_the_head_says_comes_along(site: Site) -> None:
    site.answers["/feed"] = reply(
        body=b"x",
        Date="Mon, 18 May 2026 10:00:00 GMT",
        Expires="Mon, 18 May 2026 10:30:00 GMT",
        Link='<https://hub.example/>; rel="hub", </feed>; rel="self"',
    )
    got = await get_here(site.url("/feed"))
    assert got.fresh_s == 1800
    assert got.links == {"hub": "https://hub.example/", "self": site.url("/feed")}


async def test_only_the_new_entries_are_asked_for_and_taken(site: Site) -> None:
    site.answers["/feed"] = reply(226, body=b"<new/>", IM="feed", ETag='"v2"')
    async with client() as http:
        got = await http.get(site.url("/feed"), validators=KNOWN, delta=True)
    assert site.asked[0][1]["a-im"] == "feed"
    assert (got.status, got.body, got.validators) == (226, b"<new/>", Validators(etag='"v2"'))


@pytest.mark.parametrize(("delta", "im"), [(False, "feed"), (True, "vcdiff")])
async def test_a_difference_that_was_not_asked_for_is_none(
    site: Site, delta: bool, im: str
) -> None:
    site.answers["/feed"] = reply(226, body=b"<new/>", IM=im)
    async with client() as http:
        with pytest.raises(FetchError, match="which was not asked for"):
            await http.get(site.url("/feed"), delta=delta)
    assert ("a-im" in site.asked[0][1]) == delta


async def test_a_form_is_sent_and_its_answer_is_a_status(site: Site) -> None:
    site.answers["/hub"] = reply(202, body=b"thanks")
    async with client() as http:
        assert await http.post(site.url("/hub"), {"hub.mode": "subscribe", "x": "ä&b"}) == 202
    assert site.asked[0][1]["content-type"] == "application/x-www-form-urlencoded"
    assert site.bodies == [b"hub.mode=subscribe&x=%C3%A4%26b"]


@pytest.mark.parametrize(("status", "ends"), [(307, 202), (308, 202), (301, 301), (303, 303)])
async def test_a_form_follows_only_where_it_stays_a_form(
    site: Site, status: int, ends: int
) -> None:
    site.answers["/hub"] = reply(status, Location="/there")
    site.answers["/there"] = reply(202)
    async with client() as http:
        assert await http.post(site.url("/hub"), {"a": "b"}) == ends
    assert site.bodies == [b"a=b"] * (2 if ends == 202 else 1)


async def test_a_form_is_not_sent_to_a_private_address(site: Site) -> None:
    site.answers["/hub"] = reply(307, Location="http://10.0.0.1/")
    async with client() as http:
        with pytest.raises(FetchError, match="private address") as caught:
            await http.post(site.url("/hub"), {"a": "b"}, source_id="wire")
    assert (caught.value.fault, caught.value.source_id) == (Fault.FORBIDDEN_ADDRESS, "wire")


# ---------------------------------------------------------------------- robots


async def test_a_page_that_robots_txt_keeps_is_not_fetched(site: Site) -> None:
    site.answers["/robots.txt"] = reply(body=b"User-agent: *\nDisallow: /secret\n")
    site.answers["/open"] = reply(body=b"page")
    site.answers["/secret"] = reply(body=b"page")
    site.answers["/door"] = reply(302, Location="/secret")
    async with client() as http:
        assert (await http.get(site.url("/open"), robots=True)).body == b"page"
        for path in ("/secret", "/door"):
            with pytest.raises(FetchError, match=r"robots\.txt") as caught:
                await http.get(site.url(path), source_id="wire", robots=True)
            assert (caught.value.fault, caught.value.source_id) == (Fault.ROBOTS, "wire")
        # A feed is there for programs.
        assert (await http.get(site.url("/secret"))).body == b"page"
    assert [path for path, _ in site.asked] == ["/robots.txt", "/open", "/door", "/secret"]


async def test_the_delay_that_robots_txt_wants_lies_between_requests(site: Site) -> None:
    site.answers["/robots.txt"] = reply(body=b"User-agent: *\nCrawl-delay: 7\n")
    site.answers["/a"] = site.answers["/b"] = reply(body=b"page")
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    here = Collect(spacing_s=0.0, allow_private=("127.0.0.1",))
    async with Http(here, contact="", now=lambda: NOON, sleep=sleep) as http:
        await http.get(site.url("/a"), robots=True)
        await http.get(site.url("/b"), robots=True)
        await http.get(site.url("/b"))
    assert slept == [7.0, 7.0, 7.0]


async def test_a_large_robots_txt_is_read_as_far_as_it_must_be(site: Site) -> None:
    rules = b"User-agent: *\nDisallow: /a\n" + b"# and so on\n" * 45_000 + b"Disallow: /b\n"
    site.answers["/robots.txt"] = reply(body=gzip.compress(rules), Content_Encoding="gzip")
    site.answers["/b"] = reply(body=b"page")
    async with client(max_bytes=10_000) as http:
        with pytest.raises(FetchError, match="stay away"):
            await http.get(site.url("/a"), robots=True)
        assert (await http.get(site.url("/b"), robots=True)).body == b"page"


def test_a_contact_cannot_break_the_header() -> None:
    assert user_agent("me@a.example\r\nX: y").endswith("(+me@a.exampleX:y)")
    assert "(" not in user_agent("")
