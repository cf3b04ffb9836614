"""Which addresses a fetch may connect to, and a network that connects to no others.

The address is checked when the connection is made, and exactly the checked
address is connected to: a name that resolves differently a moment later (DNS
rebinding), a redirect, or 127.0.0.1 in any of its spellings gains nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

import httpcore2
import httpx2

from digest.errors import FetchError

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
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
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
        loop = asyncio.get_running_loop()
        try:
            # It also reads 2130706433, 0x7f.1 and 0177.0.0.1; what it makes of them is judged.
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise FetchError(
                "", f"{host} is a name that leads to no address; check the spelling"
            ) from error
        known = dict.fromkeys(str(entry[4][0]) for entry in found)
        permitted = [address for address in known if self.permits(host, address)]
        if not permitted:
            raise FetchError(
                "",
                f"{host} leads to a private address ({', '.join(known)}), which is not fetched; "
                "if it is yours, name it in allow_private of [collect]",
                temporary=False,
            )
        return permitted


class GuardedNetwork(httpcore2.AsyncNetworkBackend):
    """Opens connections to the addresses that a `Guard` permits, and to no others."""

    def __init__(self, guard: Guard, inner: httpcore2.AsyncNetworkBackend) -> None:
        self._guard = guard
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (the name is the protocol's)
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await self._guard.addresses(host, port)
        fault: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                fault = error
        raise fault or httpcore2.ConnectError("no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  (the name is the protocol's)
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        raise FetchError("", f"{path} is a local socket, which is not fetched", temporary=False)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class GuardedTransport(httpx2.AsyncBaseTransport):
    """HTTP/1.1 over a `GuardedNetwork`; no proxy, whatever the environment says."""

    def __init__(self, guard: Guard, *, connections: int) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=5.0,
            network_backend=GuardedNetwork(guard, httpcore2.AnyIOBackend()),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._pool.handle_async_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._answer.aclose()
