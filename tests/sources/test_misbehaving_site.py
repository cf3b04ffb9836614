"""The client against a site that does everything wrong, and what that costs the others: nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from badsite import AUTHORITY, CYRILLIC, EXPECTED, GOOD, SCRIPTS, BadSite, redirect, says, tls
from digest.errors import Fault, FetchError
from digest.settings import Collect
from digest.sources.http import Http, Response, Validators

#: What ends by the clock, and so has little of it.
SLOW = ("/hang", "/stall", "/slow-body", "/slow-head")
OPEN = ("127.0.0.0/8",)


def client(**limits: Any) -> Http:
    values: dict[str, Any] = {
        "allow_private": OPEN,
        "spacing_s": 0.0,
        "max_bytes": 200_000,
        "per_host": 4,
    }
    return Http(Collect(**({"max_bytes": 200_000} | values | limits)), contact="desk@news.example")


@pytest.fixture
async def bad() -> AsyncIterator[BadSite]:
    async with BadSite("127.0.0.2") as site:
        yield site


@pytest.fixture
async def good() -> AsyncIterator[BadSite]:
    async with BadSite("127.0.0.1") as site:
        yield site


async def outcome(http: Http, url: str, **options: Any) -> Response | FetchError:
    try:
        return await http.get(url, source_id="bad", **options)
    except FetchError as error:
        return error


@pytest.mark.parametrize("path", EXPECTED)
async def test_every_fault_ends_in_its_word_and_costs_the_others_nothing(
    bad: BadSite, good: BadSite, path: str
) -> None:
    fault, advice = EXPECTED[path]
    async with client(timeout_s=1.5 if path in SLOW else 20.0) as http:
        error, others = await asyncio.gather(
            outcome(http, bad.url(path)),
            asyncio.gather(*(http.get(good.url("/good")) for _ in range(3))),
        )
        assert isinstance(error, FetchError)
        assert error.fault is fault
        assert advice in str(error)
        assert error.source_id == "bad"
        assert (error.wait_s is not None) == (fault is Fault.BUSY)
        assert [other.body for other in others] == [GOOD] * 3
        after = await outcome(http, bad.url("/good"))
    # The next document of the same site is judged by itself, unless the site wants its rest.
    if fault is Fault.BUSY:
        assert isinstance(after, FetchError)
        assert after.fault is Fault.BUSY
        assert len(bad.asked) == 1
    else:
        assert isinstance(after, Response)
        assert after.body == GOOD


def test_every_script_that_is_a_fault_is_expected() -> None:
    assert SCRIPTS.keys() - EXPECTED.keys() == {
        "/good",
        "/conditional",
        "/wrong-charset",
        # The other half of /to-and-fro.
        "/fro-and-to",
    }


async def test_who_hangs_keeps_nobody_waiting(bad: BadSite, good: BadSite) -> None:
    async with client(in_flight=4, per_host=3, timeout_s=20.0) as http:
        hanging = [asyncio.create_task(http.get(bad.url("/hang"))) for _ in range(20)]
        for _ in range(5):
            assert (await http.get(good.url("/good"))).body == GOOD
        assert not any(task.done() for task in hanging)
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_everything_at_once_leaves_the_good_source_alone(bad: BadSite, good: BadSite) -> None:
    async with client(timeout_s=2.0, in_flight=64, per_host=20) as http:
        paths = [path for path in EXPECTED if EXPECTED[path][0] is not Fault.BUSY]
        ends, fine = await asyncio.gather(
            asyncio.gather(*(outcome(http, bad.url(path)) for path in paths)),
            http.get(good.url("/good")),
        )
    assert fine.body == GOOD
    assert [end.fault for end in ends if isinstance(end, FetchError)] == [
        EXPECTED[path][0] for path in paths
    ]


async def test_a_storm_is_answered_by_silence(bad: BadSite, good: BadSite) -> None:
    async with client(per_host=1) as http:
        storm = [outcome(http, bad.url(f"/storm?{number}")) for number in range(50)]
        ends = await asyncio.gather(*storm, http.get(good.url("/good")))
    assert len(bad.asked) == 1
    for end in ends[:-1]:
        assert isinstance(end, FetchError)
        assert end.fault is Fault.BUSY
        assert end.wait_s is not None
        assert end.wait_s > 0


async def test_what_was_cut_off_is_not_taken_for_the_next_answer(bad: BadSite) -> None:
    async with client() as http:
        for _ in range(3):
            assert isinstance(await outcome(http, bad.url("/too-much")), FetchError)
            assert (await http.get(bad.url("/good"))).body == GOOD


async def test_a_connection_is_used_again(bad: BadSite) -> None:
    async with client() as http:
        known = (await http.get(bad.url("/conditional"))).validators
        for _ in range(4):
            assert (await http.get(bad.url("/conditional"), validators=known)).not_modified
    assert bad.connections == 1


async def test_nothing_changed_says_how_long_that_is_good_for(bad: BadSite) -> None:
    async with client() as http:
        first = await http.get(bad.url("/conditional"))
        again = await http.get(bad.url("/conditional"), validators=first.validators)
    assert (first.fresh_s, again.fresh_s) == (600.0, 600.0)
    assert (again.not_modified, again.status, again.fingerprint) == (True, 304, "")


async def test_a_wrong_charset_is_no_fault_of_the_octets(bad: BadSite) -> None:
    async with client() as http:
        got = await http.get(bad.url("/wrong-charset"))
    assert (got.body, got.content_type) == (CYRILLIC, "text/xml; charset=utf-8")


async def test_a_challenge_is_told_even_in_the_place_of_a_wait(bad: BadSite) -> None:
    error = await _only(bad, "/challenge")
    assert not error.temporary
    assert "ask its owner to let Digest through" in str(error)


async def _only(site: BadSite, path: str, *, scheme: str = "http", **limits: Any) -> FetchError:
    async with client(**limits) as http:
        error = await outcome(http, site.url(path, scheme=scheme))
    assert isinstance(error, FetchError)
    return error


# ------------------------------------------------------------------------- TLS


@pytest.fixture
def believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority of these tests is one of those that the machine believes."""
    (tmp_path / "authority.pem").write_text(AUTHORITY)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


@pytest.mark.usefixtures("believed")
async def test_a_certificate_that_is_believed_is_no_fault() -> None:
    async with BadSite(tls=tls("good")) as site, client() as http:
        assert (await http.get(site.url("/good", scheme="https"))).body == GOOD


@pytest.mark.usefixtures("believed")
@pytest.mark.parametrize(
    ("certificate", "why"), [("elsewhere", "not valid for"), ("expired", "has expired")]
)
async def test_a_certificate_of_another_name_or_time_is_told(certificate: str, why: str) -> None:
    async with BadSite(tls=tls(certificate)) as site:
        error = await _only(site, "/good", scheme="https")
    assert error.fault is Fault.TLS
    assert why in str(error)
    assert site.asked == []


async def test_a_certificate_that_nobody_vouches_for_is_told() -> None:
    async with BadSite(tls=tls("good")) as site:
        error = await _only(site, "/good", scheme="https")
    assert error.fault is Fault.TLS
    assert "tell its owner" in str(error)


async def test_plain_text_behind_an_https_address_is_told(bad: BadSite) -> None:
    error = await _only(bad, "/good", scheme="https")
    assert error.fault is Fault.TLS
    assert "does not speak TLS" in str(error)


async def test_a_greeting_that_is_never_returned_ends_by_the_clock() -> None:
    over = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.2", 0)
    port = server.sockets[0].getsockname()[1]
    async with client(timeout_s=0.3) as http:
        error = await outcome(http, f"https://127.0.0.2:{port}/")
    over.set()
    server.close()
    await server.wait_closed()
    assert isinstance(error, FetchError)
    assert error.fault is Fault.TIMEOUT


async def test_hanging_up_at_the_greeting_is_told() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.2", 0)
    port = server.sockets[0].getsockname()[1]
    async with client() as http:
        error = await outcome(http, f"https://127.0.0.2:{port}/")
    server.close()
    await server.wait_closed()
    assert isinstance(error, FetchError)
    assert error.fault is Fault.TLS
    assert "check the address and its port" in str(error)


@pytest.mark.usefixtures("believed")
async def test_a_redirect_to_a_site_with_a_false_certificate_ends_there() -> None:
    async with BadSite("127.0.0.3", tls=tls("elsewhere")) as false:
        scripts = {"/": redirect(false.url("/good", scheme="https"))}
        async with BadSite(scripts=scripts) as site:
            error = await _only(site, "/")
    assert error.fault is Fault.TLS
    assert false.asked == []


# ----------------------------------------------------------------------- noise

_WORDS = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 304 X\r\n",
        b"HTTP/1.1 301 X\r\nLocation: ",
        b"HTTP/1.0 200\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Encoding: gzip, br\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Retry-After: never\r\n",
        b'Cache-Control: max-age=, ="\r\n',
        b"Link: <;>;rel=\r\n",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"hello",
    ]
)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(_WORDS | st.binary(max_size=40), max_size=12))
def test_whatever_a_site_says_it_ends_in_a_document_or_in_a_word(parts: list[bytes]) -> None:
    async def visit() -> Response | FetchError:
        scripts = {"/": says(b"".join(parts))}
        async with BadSite(scripts=scripts) as site, client(timeout_s=5.0) as http:
            return await outcome(http, site.url("/"), validators=Validators(etag='"a"'))

    end = asyncio.run(visit())
    assert isinstance(end, Response | FetchError)
