"""Which addresses are connected to, in whatever disguise they come."""

from collections.abc import AsyncIterator
from typing import Any

import httpcore2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badsite import GOOD, BadSite
from digest.errors import Fault, FetchError
from digest.settings import Collect
from digest.sources.http import Http
from digest.sources.reach import LARGEST_HEAD, Guard, GuardedNetwork, Line, is_open


@pytest.fixture
async def site() -> AsyncIterator[BadSite]:
    async with BadSite("127.0.0.1") as site:
        yield site


def client(*allow: str) -> Http:
    return Http(Collect(spacing_s=0.0, timeout_s=5.0, allow_private=allow), contact="")


async def refusal(url: str) -> FetchError:
    async with client() as http:
        with pytest.raises(FetchError) as caught:
            await http.get(url)
    return caught.value


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
async def test_no_spelling_of_loopback_is_connected_to(site: BadSite, host: str) -> None:
    error = await refusal(f"http://{host}:{site.port}/good")
    assert error.fault in (Fault.FORBIDDEN_ADDRESS, Fault.UNREACHABLE)
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
    error = await refusal(f"http://{host}/")
    assert "private address" in str(error)
    assert (error.fault, error.temporary) == (Fault.FORBIDDEN_ADDRESS, False)


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
async def test_what_is_named_may_be_reached_although_private(site: BadSite, allow: str) -> None:
    host = allow if allow == "localhost" else "127.0.0.1"
    async with client(allow) as http:
        assert (await http.get(f"http://{host}:{site.port}/good")).body == GOOD


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


class FirstIsDead(httpcore2.AsyncNetworkBackend):
    """A network on which one address does not answer."""

    def __init__(self, dead: str) -> None:
        self.dead = dead
        self.tried: list[tuple[str, float | None]] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (the name is the protocol's)
        *_: Any,
        **__: Any,
    ) -> httpcore2.AsyncNetworkStream:
        self.tried.append((host, timeout))
        if host == self.dead:
            raise httpcore2.ConnectTimeout("nobody there")
        return httpcore2.AsyncMockStream([])


class Names(Guard):
    """Knows two addresses for every name."""

    async def addresses(self, host: str, port: int) -> list[str]:
        return ["2a00::1", "192.0.9.1"]


async def test_an_address_that_is_dead_leaves_time_for_the_next() -> None:
    inner = FirstIsDead("2a00::1")
    await GuardedNetwork(Names(), inner).connect_tcp("two.example", 80)
    assert inner.tried == [("2a00::1", 5.0), ("192.0.9.1", None)]


class Scripted(httpcore2.AsyncMockStream):
    """Says what it is told, as much at a time as is asked for."""

    def __init__(self, data: bytes) -> None:
        super().__init__([])
        self.left = data

    async def read(self, max_bytes: int, *_: Any, **__: Any) -> bytes:
        data, self.left = self.left[:max_bytes], self.left[max_bytes:]
        return data


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"


@pytest.mark.parametrize("before", [b"", EARLY, EARLY * 3])
@pytest.mark.parametrize("surplus", [b"", b"HTTP/1.1 200 Forged\r\n\r\n"])
async def test_what_comes_behind_a_body_is_counted(before: bytes, surplus: bytes) -> None:
    line = Line(Scripted(before + HEAD + b"ab" + surplus), patience_s=1.0)
    await line.write(b"GET / HTTP/1.1\r\n\r\n")
    await line.read(65_536)
    line.head_is_over()
    assert line.surplus(2) == len(surplus)


async def test_a_head_may_be_so_large_and_no_larger() -> None:
    line = Line(Scripted(b"x" * 200_000), patience_s=1.0)
    read = 0
    with pytest.raises(httpcore2.RemoteProtocolError, match="its headers are over 65536 bytes"):
        while True:
            read += len(await line.read(50_000))
    assert read == LARGEST_HEAD
