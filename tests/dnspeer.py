"""A name server on loopback that speaks the real protocol, over UDP and TCP, and fails to order.

async with NameServer() as peer:
    peer.put("press.example", "TXT", "v=spf1 -all")
    peer.fail("broken.example")
    dns = Dns(peer.address)
"""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import Self, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

#: However long; UDP's own limit is kept by hand.
_WHOLE = 65_535


class NameServer:
    """Listens on a free port of 127.0.0.1, the same for UDP and TCP; `address` has both."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.port = 0
        #: How often (name, type, "udp" or "tcp") was asked.
        self.asked: Counter[tuple[str, str, str]] = Counter()
        self._records: dict[tuple[str, str], list[str]] = {}
        self._silent: set[str] = set()
        self._broken: set[tuple[str, str]] = set()
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def put(self, name: str, kind: str, *values: str) -> Self:
        """Records of one name; TXT values are cut into strings of 255 octets."""
        self._records[name.lower(), kind] = list(values)
        return self

    def put_raw(self, name: str, kind: str, *values: str) -> Self:
        """The same, as a zone file would have them: TXT in strings of its own."""
        self._records[name.lower(), kind] = [f"\0{value}" for value in values]
        return self

    def take_out(self, name: str, kind: str) -> Self:
        self._records.pop((name.lower(), kind), None)
        return self

    def fail(self, name: str, kind: str = "") -> Self:
        """Answer SERVFAIL to whatever is asked about *name*, or only when asked for *kind*."""
        self._broken.add((name.lower(), kind))
        return self

    def keep_silent(self, name: str) -> Self:
        """Never answer about *name*."""
        self._silent.add(name.lower())
        return self

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        # The free TCP port may be taken for UDP by somebody else: then another one.
        for _ in range(20):
            self._tcp = await asyncio.start_server(self._serve_tcp, self.host, 0)
            self.port = self._tcp.sockets[0].getsockname()[1]
            try:
                self._udp, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self), local_addr=(self.host, self.port)
                )
            except OSError:
                self._tcp.close()
                continue
            return self
        raise AssertionError("no port is free for UDP and TCP")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()

    def answer(self, wire: bytes, way: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked[name, kind, way] += 1
        if name in self._silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if not self._broken.isdisjoint({(name, ""), (name, kind)}):
            response.set_rcode(dns.rcode.SERVFAIL)
            return response.to_wire()
        values = self._records.get((name, kind))
        if values:
            rdatas = (
                dns.rdata.from_text(dns.rdataclass.IN, question.rdtype, _zone_text(kind, value))
                for value in values
            )
            rrset = dns.rrset.from_rdata_list(question.name, 60, list(rdatas))
            response.answer.append(rrset)
        elif not any(known == name or known.endswith(f".{name}") for known, _ in self._records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        limit = query.payload if query.edns >= 0 else 512
        if way == "udp" and len(response.to_wire(max_size=_WHOLE)) > limit:
            response.answer.clear()
            response.flags |= dns.flags.TC
        return response.to_wire(max_size=_WHOLE)

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                answer = self.answer(await reader.readexactly(size), "tcp")
                if answer is not None:
                    writer.write(len(answer).to_bytes(2, "big") + answer)
                    await writer.drain()
        writer.close()


def _zone_text(kind: str, value: str) -> str:
    if value.startswith("\0"):
        return value[1:]
    if kind != "TXT":
        return value
    pieces = [value[at : at + 255] for at in range(0, len(value), 255)] or [""]
    quoted = (piece.replace("\\", "\\\\").replace('"', '\\"') for piece in pieces)
    return " ".join(f'"{piece}"' for piece in quoted)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, peer: NameServer) -> None:
        self._peer = peer
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        answer = self._peer.answer(data, "udp")
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


@contextlib.contextmanager
def name_server_beside() -> Iterator[NameServer]:
    """One in a thread of its own, for commands, which have event loops of their own."""
    peer, started, ended = NameServer(), threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        async with peer:
            loops.append(asyncio.get_running_loop())
            started.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(20)
    try:
        yield peer
    finally:
        loops[0].call_soon_threadsafe(ended.set)
        thread.join(20)
