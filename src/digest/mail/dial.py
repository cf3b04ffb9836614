"""Opening a connection: TCP or a Unix socket, TLS, who we are, and signing in.

All of it is `aiosmtplib`'s; here is in which order, and what is not accepted: a certificate that
does not verify, a relay that has stopped offering STARTTLS, a password in clear text.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import Callable, Sequence
from typing import Protocol, cast

import aiosmtplib

from digest import settings
from digest.errors import ConfigError, RelayDown
from digest.mail.checked import ascii_domain
from digest.mail.envelope import Offers
from digest.mail.verdict import one_line, verdict

Password = Callable[[], str | None]

#: Strongest first: CRAM-MD5 does not show the password.
_AUTO = ("cram-md5", "plain", "login")
#: What whoever listens could use again.
_READABLE = frozenset({"plain", "login", "xoauth2"})


class Dial(Protocol):
    """Opens a connection that is ready for mail, or raises `RelayDown`."""

    async def __call__(self) -> tuple[asyncio.Transport, Offers]: ...


class Dialler:
    """Opens connections to one relay, each as the one before."""

    def __init__(
        self,
        relay: settings.Relay,
        *,
        ehlo_name: str,
        password: Password,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        """*password* is asked for at each connection: an access token may be another by then."""
        self._relay = relay
        self._ehlo_name = ehlo_name
        self._password = password
        self._tls = tls_context
        self.where = str(relay.socket) if relay.socket else f"{relay.host}:{relay.port}"
        # Nobody can listen in on a Unix socket, and without a name nobody can be verified.
        self._tls_kind = "none" if relay.socket and not relay.host else relay.tls

    async def __call__(self) -> tuple[asyncio.Transport, Offers]:
        """Raise `RelayDown` with what went wrong; nothing is left open then."""
        try:
            return await self._open()
        except aiosmtplib.SMTPResponseException as error:
            # Below 0 it means that the answer was not SMTP.
            code = max(0, error.code)
            raise verdict(code, one_line(error.message), during="AUTH") from error
        except ConfigError as error:
            raise RelayDown(0, one_line(f"{self._cannot}: {error}")) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise RelayDown(0, f"{self._cannot}: {one_line(str(error))}") from error

    @property
    def _cannot(self) -> str:
        return f"cannot use the relay {self.where}"

    async def _open(self) -> tuple[asyncio.Transport, Offers]:
        relay = self._relay
        client = aiosmtplib.SMTP(
            hostname=relay.host or None,
            port=None if relay.socket else relay.port,
            socket_path=relay.socket,
            local_hostname=ascii_domain(self._ehlo_name),
            timeout=relay.timeout_s,
            use_tls=self._tls_kind == "implicit",
            # Both are done below, so that LMTP is greeted in its own words.
            start_tls=False,
            tls_context=await self._tls_context(),
        )
        try:
            await client.connect()
            await self._greet(client)
            if self._tls_kind == "starttls":
                await client.starttls()
                # RFC 3207 §4.2: what was offered before TLS does not count.
                await self._greet(client)
            if relay.username:
                await self._sign_in(client)
            if client.protocol is None or not client.is_connected:
                raise RelayDown(0, f"the relay {self.where} hung up after its greeting")
        except BaseException:
            client.close()
            raise
        return (
            cast(asyncio.Transport, client.protocol.transport),
            Offers.of(client.esmtp_extensions),
        )

    async def _greet(self, client: aiosmtplib.SMTP) -> None:
        if self._relay.by == "lmtp":
            name = ascii_domain(self._ehlo_name).encode()
            # RFC 2033 §4.1: as EHLO, by another name, so that nobody mistakes the protocol.
            response = await client.execute_command(b"LHLO", name)
            if response.code != 250:
                raise aiosmtplib.SMTPHeloError(response.code, response.message)
            client.last_ehlo_response = response
            return
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError as error:
            if error.code == 421 or not client.is_connected:
                raise
            # RFC 5321 §3.2: a relay that knows no EHLO knows HELO.
            await client.helo()

    async def _sign_in(self, client: aiosmtplib.SMTP) -> None:
        private = is_private(
            client.get_transport_info("peername"),
            secure=client.get_transport_info("sslcontext") is not None,
        )
        ways = mechanisms(self._relay, client.server_auth_methods, private=private)
        password = self._password()
        if not password:
            raise RelayDown(0, f"there is no password for the relay {self.where}")
        for way in ways:
            try:
                await self._answer(client, way, password)
            except aiosmtplib.SMTPAuthenticationError as error:
                # Some offer what they cannot do for every account.
                if way == ways[-1] or error.code < 500 or not client.is_connected:
                    raise
            else:
                return

    async def _answer(self, client: aiosmtplib.SMTP, way: str, password: str) -> None:
        name = self._relay.username
        match way:
            case "cram-md5":
                await client.auth_crammd5(name, password)
            case "plain":
                await client.auth_plain(name, password)
            case "login":
                await client.auth_login(name, password)
            case _:
                await client.auth_xoauth2(name, password)

    async def _tls_context(self) -> ssl.SSLContext | None:
        if self._tls_kind == "none":
            return None
        if self._tls is None:
            # Reads the system's certificates from disk.
            self._tls = await asyncio.to_thread(self._trusting)
        return self._tls

    def _trusting(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if path := self._relay.ca_file:
            try:
                context.load_verify_locations(cafile=path)
            except OSError as error:
                raise RelayDown(
                    0, f"cannot read the certificates of ca_file {path}: {one_line(str(error))}"
                ) from error
        return context


def mechanisms(relay: settings.Relay, offered: Sequence[str], *, private: bool) -> list[str]:
    """Those of *offered* that may be tried, strongest first.

    Args:
        offered: in small letters.
        private: nobody but the relay can read what is said.

    Raises:
        RelayDown: none is left; nothing was said.
    """
    wanted = _AUTO if relay.auth == "auto" else (relay.auth,)
    ways = [way for way in wanted if way in offered]
    if not ways:
        has = one_line(", ".join(offered).upper()) or "none"
        want = ", ".join(wanted).upper()
        raise RelayDown(0, f"the relay offers no AUTH that is wanted ({want}): it has {has}")
    if not private:
        ways = [way for way in ways if way not in _READABLE]
    if not ways:
        raise RelayDown(0, 'the password would go to the relay in clear text: set tls = "starttls"')
    return ways


def is_private(peer: object, *, secure: bool) -> bool:
    """Whether nobody but the relay can read what is said to *peer*, as a socket names it.

    Only the address counts: what a name leads to is whatever DNS says.
    """
    if secure or not isinstance(peer, tuple):
        # A Unix socket's is text; of TCP it is a tuple that begins with the address.
        return True
    return ipaddress.ip_address(str(peer[0]).partition("%")[0]).is_loopback
