"""Which addresses a fetch may connect to, and a network that connects to no others.

The address is checked when the connection is made, and exactly the checked
address is connected to: a name that resolves differently a moment later (DNS
rebinding), a redirect, or 127.0.0.1 in any of its spellings gains nothing.  What
comes over a connection is watched: how large the head of an answer grows, how
long it takes once it has begun, and whether more came than was announced.
"""

import asyncio
import ipaddress
import os
import re
import select
import socket
import ssl
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from functools import lru_cache
from typing import Any, Final

import httpcore2

from digest.errors import Fault, FetchError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: IANA's special-purpose registry, written out: the standard library's idea of
#: "private" changed between releases of Python 3.11, 3.12 and 3.13.
_CLOSED_4: Final = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            # Link-local; 169.254.169.254 tells a cloud machine its secrets.
            "169.254.0.0/16",
            # Azure's wire server, in the middle of public addresses.
            "168.63.129.16/32",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
#: Everything in use on the Internet is in here...
_OPEN_6: Final = ipaddress.IPv6Network("2000::/3")
#: ...less Teredo, ORCHID and the like, documentation, and 6to4.
_CLOSED_6: Final = tuple(
    map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
)
#: The last four bytes of these are an IPv4 address (RFC 4291 2.5.5, RFC 6052).
_HOLDS_4: Final = tuple(map(ipaddress.IPv6Network, ("::ffff:0:0/96", "64:ff9b::/96")))

#: Of the head of an answer, interim responses (1xx) included.  h11 alone would take 100 KiB of
#: each, and any number of interim ones.
LARGEST_HEAD: Final = 65_536
#: Of a name with several addresses that many are tried, and each but the last only so long:
#: a broken IPv6 must not use up the time.
_MOST_ADDRESSES: Final = 4
_CONNECT_S: Final = 5.0
#: Shorter than the five seconds after which many servers hang up: a connection that is
#: closed at the moment we use it again would look like a broken one.
_KEEP_S: Final = 3.0

_BLANK: Final = re.compile(rb"\n\r?\n")
_INTERIM: Final = re.compile(rb"HTTP/\d\.\d 1\d\d")


def is_open(address: Address) -> bool:
    """Whether *address* is out on the public Internet."""
    if isinstance(address, ipaddress.IPv6Address):
        for network in _HOLDS_4:
            if address in network:
                return is_open(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        return address in _OPEN_6 and not any(address in network for network in _CLOSED_6)
    return not any(address in network for network in _CLOSED_4)


class Guard:
    """Decides which of a host's addresses may be connected to.

    Args:
        allowed: host names, addresses or networks (CIDR) that may be reached although private.
        threads: where names are looked up; None takes the loop's own, which are few.
    """

    def __init__(self, allowed: Iterable[str] = (), *, threads: Executor | None = None) -> None:
        self._threads = threads
        self._hosts: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for entry in allowed:
            try:
                self._networks.append(ipaddress.ip_network(entry.strip("[] "), strict=False))
            except ValueError:
                self._hosts.add(entry.strip().rstrip(".").lower())

    def permits(self, host: str, address: str) -> bool:
        """Whether *address*, one of *host*'s, may be connected to."""
        if host.rstrip(".").lower() in self._hosts:
            return True
        parsed = ipaddress.ip_address(address.partition("%")[0])
        if any(parsed in network for network in self._networks):
            return True
        return is_open(parsed)

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """The addresses of *host* that may be connected to, in the resolver's order.

        Raises:
            FetchError: there is none, or the name leads nowhere.
        """
        known = await self._look_up(host, port)
        permitted = [address for address in known if self.permits(host, address)]
        if not permitted:
            raise FetchError(
                "",
                f"{host} leads to a private address ({', '.join(known)}), which is not fetched; "
                "if it is yours, name it in allow_private of [collect]",
                temporary=False,
                fault=Fault.FORBIDDEN_ADDRESS,
            )
        return permitted

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        try:
            # Written out there is nothing to look up, which costs a thread each time.
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass
        loop = asyncio.get_running_loop()
        try:
            # It also reads 2130706433, 0x7f.1 and 0177.0.0.1; what it makes of them is judged.
            found = await loop.run_in_executor(
                self._threads, socket.getaddrinfo, host, port, 0, socket.SOCK_STREAM
            )
        except (OSError, UnicodeError, OverflowError) as error:
            raise FetchError(
                "",
                f"{host} is a name that leads to no address; check the spelling; it is tried again",
                fault=Fault.UNREACHABLE,
            ) from error
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Line(httpcore2.AsyncNetworkStream):
    """A connection that is watched while answers come over it, one after the other.

    Args:
        patience_s: the head of an answer is complete so soon after its first octet.
    """

    def __init__(self, inner: httpcore2.AsyncNetworkStream, *, patience_s: float) -> None:
        self._inner = inner
        self._patience_s = patience_s
        self._in_head = True
        self._head = bytearray()
        self._complete_by = 0.0
        self._taken = 0
        self._socket = inner.get_extra_info("socket")

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109  (the name is the protocol's)
    ) -> None:
        # Whatever comes next is the head of an answer.
        self._in_head = True
        self._head.clear()
        await self._inner.write(buffer, timeout)

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109  (the name is the protocol's)
    ) -> bytes:
        if not self._in_head:
            data = await self._inner.read(max_bytes, timeout)
            self._taken += len(data)
            return data
        left = LARGEST_HEAD - len(self._head)
        if left <= 0:
            raise httpcore2.RemoteProtocolError(f"its headers are over {LARGEST_HEAD} bytes")
        loop = asyncio.get_running_loop()
        if self._head:
            data = await self._inner.read(
                min(max_bytes, left), max(0.0, self._complete_by - loop.time())
            )
        else:
            data = await self._inner.read(min(max_bytes, left), timeout)
            self._complete_by = loop.time() + self._patience_s
        self._head += data
        return data

    def head_is_over(self) -> None:
        """What comes from now on, and what came behind the head, is body."""
        self._in_head = False
        self._taken = len(self._head) - _head_bytes(self._head)
        self._head.clear()

    def surplus(self, announced: int) -> int:
        """How many octets came beyond a body of *announced*: the next answer would begin there."""
        return self._taken - announced

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  (the name is the protocol's)
    ) -> httpcore2.AsyncNetworkStream:
        try:
            inner = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except httpcore2.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLError):
                raise
            raise FetchError(
                "",
                f"{server_hostname} hangs up instead of agreeing on encryption; "
                "check the address and its port; it is tried again",
                fault=Fault.TLS,
            ) from error
        except asyncio.CancelledError:
            # A greeting that is given up half-way would keep its socket.
            await self._inner.aclose()
            raise
        return Line(inner, patience_s=self._patience_s)

    def get_extra_info(self, info: str) -> Any:
        # Asked of every idle connection before every request: a detour costs.
        if info == "is_readable":
            return _is_readable(self._socket)
        return self._inner.get_extra_info(info)


def _is_readable(connected: Any) -> bool:
    """Whether something came that nobody waits for: its end, mostly."""
    number = -1 if connected is None else connected.fileno()
    if number < 0:
        return True
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))


def _head_bytes(head: bytearray) -> int:
    """Where the head of the answer ends, behind those of its interim responses."""
    at = 0
    while found := _BLANK.search(head, at):
        if not _INTERIM.match(head, at):
            return found.end()
        at = found.end()
    return len(head)


class GuardedNetwork(httpcore2.AsyncNetworkBackend):
    """Opens connections to the addresses that a `Guard` permits, and to no others."""

    def __init__(
        self, guard: Guard, inner: httpcore2.AsyncNetworkBackend, *, patience_s: float = 10.0
    ) -> None:
        self._guard = guard
        self._inner = inner
        self._patience_s = patience_s

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (the name is the protocol's)
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = (await self._guard.addresses(host, port))[:_MOST_ADDRESSES]
        fault: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for address in addresses:
            share = timeout if address == addresses[-1] else _CONNECT_S
            try:
                stream = await self._inner.connect_tcp(
                    address, port, share, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                fault = error
            else:
                return Line(stream, patience_s=self._patience_s)
        raise fault or httpcore2.ConnectError("no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  (the name is the protocol's)
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise FetchError(
            "",
            f"{path} is a local socket, which is not fetched",
            temporary=False,
            fault=Fault.FORBIDDEN_ADDRESS,
        )

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@lru_cache(maxsize=4)
def _believed(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """The authorities of this machine, or those that the environment names: read once."""
    return httpcore2.default_ssl_context()


def guarded_pool(
    guard: Guard, *, connections: int, patience_s: float
) -> httpcore2.AsyncConnectionPool:
    """HTTP/1.1 over a `GuardedNetwork`; no proxy, whatever the environment says."""
    return httpcore2.AsyncConnectionPool(
        ssl_context=_believed(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")),
        max_connections=connections,
        # Each is looked at before every request.
        max_keepalive_connections=min(connections, 8),
        keepalive_expiry=_KEEP_S,
        network_backend=GuardedNetwork(guard, httpcore2.AnyIOBackend(), patience_s=patience_s),
    )
