"""What name servers say about domains that mail goes to or comes from.

Behind this door is dnspython: one question, asked again over TCP when the answer was cut off, and
twice at most.  Nothing is remembered here, and nothing is judged.
"""

import asyncio
import socket
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import idna

from digest.errors import DnsError

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver
    from dns.rdata import Rdata

#: For one answer; a question is asked twice.
TIMEOUT_S: Final = 3.0
_TRIES: Final = 2
_PORT: Final = 53
#: What passes every network unbroken, by UDP (RFC 9715); longer answers come over TCP.
_LARGEST: Final = 1232


class Dns:
    """Asks the name servers of this machine, or the one that is named.

    Everything returns () where there is nothing: no such name, no such record, or a name that
    could be none.  Where nobody answers, or not with an answer, it raises `DnsError`.
    """

    def __init__(self, nameserver: str = "", *, timeout_s: float = TIMEOUT_S) -> None:
        """*nameserver*: HOST or HOST:PORT; "" asks those of this machine.

        *timeout_s*: for one answer.
        """
        self._nameserver = nameserver
        self._timeout_s = timeout_s
        self._resolver: Resolver | None = None

    async def txt(self, name: str) -> tuple[str, ...]:
        """TXT records, each with its strings joined, as SPF, DKIM and DMARC want them."""
        from dns.rdtypes.ANY.TXT import TXT

        return tuple(
            b"".join(found.strings).decode("utf-8", "replace")
            for found in await self._ask(name, "TXT")
            if isinstance(found, TXT)
        )

    async def mx(self, domain: str) -> tuple[str, ...]:
        """Hosts that take the domain's mail, the preferred first; small letters, no dot at the end.

        ("",) is a domain that takes no mail at all (RFC 7505).
        """
        from dns.rdtypes.ANY.MX import MX

        found = [one for one in await self._ask(domain, "MX") if isinstance(one, MX)]
        # By name among equals, so that the answer does not depend on who shuffled it.
        hosts = sorted((one.preference, _plain(one.exchange.to_text())) for one in found)
        return tuple(dict.fromkeys(host for _, host in hosts))

    async def addresses(self, host: str) -> tuple[str, ...]:
        """A and AAAA of a host, IPv4 first; of an address, itself."""
        try:
            return (str(ip_address(host)),)
        except ValueError:
            pass
        asked = await asyncio.gather(
            self._ask(host, "A"), self._ask(host, "AAAA"), return_exceptions=True
        )
        found: list[str] = []
        failed: BaseException | None = None
        for answer in asked:
            if isinstance(answer, BaseException):
                failed = answer
            else:
                found += sorted(str(one) for one in answer)
        # Half an answer is one: a broken AAAA keeps nobody from a host that has an A.
        if failed is not None and not found:
            raise failed
        return tuple(found)

    async def names(self, ip: str) -> tuple[str, ...]:
        """PTR of an address: small letters, no dot at the end."""
        from dns.rdtypes.ANY.PTR import PTR
        from dns.reversename import from_address

        found = await self._ask(from_address(ip).to_text(), "PTR")
        return tuple(sorted(_plain(one.target.to_text()) for one in found if isinstance(one, PTR)))

    async def _ask(self, name: str, kind: str) -> "tuple[Rdata, ...]":
        from dns.exception import DNSException
        from dns.name import from_text
        from dns.resolver import NXDOMAIN, NoAnswer

        resolver = await self._ready()
        try:
            absolute = from_text(_ascii(name).rstrip(".") + ".")
        except (DNSException, ValueError):
            return ()
        try:
            answer = await resolver.resolve(absolute, kind)
        except (NXDOMAIN, NoAnswer):
            return ()
        except (DNSException, OSError) as error:
            # Not its own words: they name every server and every try.
            raise DnsError(
                f"no name server answered about {name}: look at `nameserver` of [mail], or at "
                "/etc/resolv.conf of this machine"
            ) from error
        return tuple(answer.rrset or ())

    async def _ready(self) -> "Resolver":
        if self._resolver is None:
            # Loading it takes a tenth of a second, in which the loop has other things to do.
            made = await asyncio.to_thread(
                partial(_resolver, self._nameserver, timeout_s=self._timeout_s)
            )
            self._resolver = self._resolver or made
        return self._resolver


def _resolver(nameserver: str, *, timeout_s: float) -> "Resolver":
    """Reads files, and may ask the system for the name server's own address."""
    from dns.asyncresolver import Resolver
    from dns.exception import DNSException

    try:
        resolver = Resolver(configure=not nameserver)
        if nameserver:
            host, port = _host_and_port(nameserver)
            resolver.port = _in_range(port)
            resolver.nameservers = [_address(host)]
    except (DNSException, OSError, ValueError) as error:
        which = f"[mail] nameserver {nameserver!r}" if nameserver else "/etc/resolv.conf"
        raise DnsError(f"{which} names no name server that can be asked: correct it") from error
    resolver.timeout = timeout_s
    resolver.lifetime = _TRIES * timeout_s
    resolver.use_edns(0, 0, _LARGEST)
    return resolver


def _host_and_port(nameserver: str) -> tuple[str, int]:
    if nameserver.startswith("["):
        host, _, port = nameserver[1:].partition("]")
        return host, int(port.removeprefix(":") or _PORT)
    # Two colons without brackets are an IPv6 address.
    if nameserver.count(":") != 1:
        return nameserver, _PORT
    host, _, port = nameserver.partition(":")
    return host, int(port)


def _in_range(port: int) -> int:
    if not 0 < port < 65_536:
        raise ValueError("no port")
    return port


def _address(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        return str(socket.getaddrinfo(host, None)[0][4][0])


def _ascii(name: str) -> str:
    """IDNA label by label: "_dmarc" is none of its words, and is ASCII already."""
    if name.isascii():
        return name
    labels = (
        label if label.isascii() else idna.encode(label, uts46=True).decode("ascii")
        for label in name.lower().split(".")
    )
    return ".".join(labels)


def _plain(name: str) -> str:
    return name.rstrip(".").lower()
