"""The way out through a relay: a few SMTP connections, kept open, one message at a time on each.

`aiosmtplib` opens a connection, secures it and signs in; from there `Wire` carries commands and
replies.  Here is the transaction between them: who is asked what, in which order, and at which
point a message may have arrived.  Whose fault a refusal is, `verdict` decides.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, cast

import aiosmtplib

from digest import settings
from digest.errors import ConfigError, Deferred, MailError, Refused, RelayDown, Vanished
from digest.mail.transport import Reply
from digest.mail.verdict import enhanced_status, one_line, verdict
from digest.mail.wire import Wire

#: Longest time given to saying goodbye, seconds.
_GOODBYE_S = 1.0


@dataclass(frozen=True, slots=True)
class _Letter:
    """One message as it goes over the wire, apart from what the relay's extensions add."""

    sender: str
    to: str
    #: Octets without dot-stuffing, as SIZE counts them (RFC 1870 §3).
    size: int
    eight_bit: bool
    #: Dot-stuffed, the final dot included.
    content: bytes


@dataclass(slots=True)
class _Line:
    """An open connection and what its relay offers."""

    wire: Wire
    #: ESMTP keywords in lower case.
    offers: frozenset[str]
    #: The relay is between messages: nothing is owed by either side.
    idle: bool = True

    @property
    def reusable(self) -> bool:
        return self.idle and not self.wire.broken


class SmtpTransport:
    """Sends through the relay named in [mail]; never more than *mail.connections* at once.

    Connections open when needed and stay open.  One that the relay has closed in between is
    replaced without anybody noticing.  Only `mail.timeout_s` bounds a wait; it holds for each
    answer, not for the whole message.
    """

    def __init__(
        self,
        mail: settings.Mail,
        *,
        password: str | None,
        ehlo_name: str,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        """*ehlo_name* "" falls back on `mail.ehlo_name`, then on the sender's domain.

        *tls_context* replaces the default one, which verifies certificate and host name.
        """
        if not mail.host:
            raise ConfigError(['[mail] host is empty: name your relay, or choose by = "embedded"'])
        self._mail = mail
        self._password = password
        self._ehlo_name = ehlo_name or mail.ehlo_name or mail.from_address.rpartition("@")[2]
        self._tls = tls_context
        self._slots = asyncio.Semaphore(mail.connections)
        self._idle: list[_Line] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        idle, self._idle = self._idle, []
        await asyncio.gather(*(self._say_goodbye(line) for line in idle))

    async def send(
        self, message: bytes, *, sender: str, to: str, started: Callable[[], None]
    ) -> Reply:
        """See `Transport.send`.  Time-outs: at RCPT and DATA `Deferred`; before, `RelayDown`."""
        letter = _letter(message, sender=sender, to=to)
        # A slot is held from before a connection opens until its socket is closed or put back.
        async with self._slots:
            line = await self._begin(letter)
            try:
                return await self._hand_over(line, letter, started)
            finally:
                await self._put_back(line)

    # ------------------------------------------------------------- connections

    async def _begin(self, letter: _Letter) -> _Line:
        """Return a connection on which the relay has said yes to MAIL."""
        while self._idle:
            # The one used last is the one least likely to have been given up by the relay.
            line = self._idle.pop()
            if not line.reusable:
                await line.wire.close()
                continue
            try:
                await self._say_mail(line, letter)
            except RelayDown:
                # It may be the age of the connection: idle for too long, too many messages on
                # it.  A fresh one is asked the same, and is believed.
                await line.wire.close()
                break
            except BaseException:
                await self._put_back(line)
                raise
            return line
        line = await self._connect()
        try:
            await self._say_mail(line, letter)
        except BaseException:
            await self._put_back(line)
            raise
        return line

    async def _put_back(self, line: _Line) -> None:
        if line.reusable:
            self._idle.append(line)
        else:
            await line.wire.close()

    async def _connect(self) -> _Line:
        mail = self._mail
        where = f"{mail.host}:{mail.port}"
        try:
            client = aiosmtplib.SMTP(
                hostname=mail.host,
                port=mail.port,
                username=mail.username or None,
                password=self._password if mail.username else None,
                local_hostname=_ascii_domain(self._ehlo_name),
                timeout=mail.timeout_s,
                use_tls=mail.tls == "implicit",
                # True, never None: a relay that stops offering STARTTLS is not to be trusted.
                start_tls=mail.tls == "starttls",
                tls_context=await self._tls_context(),
            )
            await _open(client)
        except aiosmtplib.SMTPResponseException as error:
            # Below 0 it means that the answer was not SMTP.
            code = max(0, error.code)
            raise verdict(code, one_line(error.message), during="AUTH") from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise RelayDown(0, f"cannot use the relay {where}: {one_line(str(error))}") from error
        if client.protocol is None or not client.is_connected:
            raise RelayDown(0, f"the relay {where} hung up after its greeting")
        # RFC 3207 §4.2: what was offered before TLS does not count; `_open` has asked again.
        offers = frozenset(client.esmtp_extensions)
        wire = Wire(cast(asyncio.Transport, client.protocol.transport))
        return _Line(wire, offers)

    async def _tls_context(self) -> ssl.SSLContext | None:
        if self._mail.tls == "none":
            return None
        if self._tls is None:
            # Reads the system's certificates from disk.
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        return self._tls

    async def _say_goodbye(self, line: _Line) -> None:
        if line.reusable:
            with contextlib.suppress(OSError):
                await line.wire.ask(b"QUIT\r\n", min(_GOODBYE_S, self._mail.timeout_s))
        await line.wire.close(grace_s=_GOODBYE_S)

    # ------------------------------------------------------------- transaction

    async def _hand_over(self, line: _Line, letter: _Letter, started: Callable[[], None]) -> Reply:
        try:
            await self._step(line, _rcpt_command(letter), during="RCPT")
            await self._step(line, b"DATA\r\n", during="DATA")
            if line.wire.broken:
                raise RelayDown(0, f"before any content: {line.wire.broken}")
        except (Deferred, Refused):
            await self._reset(line)
            raise
        started()
        return await self._content(line, letter)

    async def _content(self, line: _Line, letter: _Letter) -> Reply:
        """The point of no return lies before this: silence from here on is doubt."""
        try:
            code, words = await line.wire.ask(letter.content, self._mail.timeout_s)
        except TimeoutError as error:
            raise Vanished(
                0, f"no answer to the content within {self._mail.timeout_s:g} s"
            ) from error
        except ConnectionError as error:
            raise Vanished(0, f"no answer to the content: {error}") from error
        text = one_line(words)
        if not (200 <= code < 300 or 400 <= code < 600):
            raise Vanished(code, f"{text} (neither yes nor no to the content)")
        if code < 300 and line.wire.early:
            raise Vanished(code, f"{text} (a yes before the content had ended)")
        # Yes or no, the transaction is over and the envelope clear: RFC 5321 §4.1.1.4.
        line.idle = code != 421
        if code < 300:
            return Reply(code, enhanced_status(text), text, self._mail.host)
        raise verdict(code, text, during="DATA")

    async def _say_mail(self, line: _Line, letter: _Letter) -> None:
        command = _mail_command(letter, line.offers)
        line.idle = False
        await self._step(line, command, during="MAIL")

    async def _step(self, line: _Line, command: bytes, *, during: str) -> None:
        """Ask one command of the envelope; return only if the answer is the one we need."""
        try:
            code, words = await line.wire.ask(command, self._mail.timeout_s)
        except TimeoutError as error:
            silence = f"no answer to {during} within {self._mail.timeout_s:g} s"
            # As with replies: before RCPT nothing is about the subscriber.
            raise (RelayDown if during == "MAIL" else Deferred)(0, silence) from error
        except ConnectionError as error:
            raise RelayDown(0, f"no answer to {during}: {error}") from error
        if (code == 354) if during == "DATA" else (200 <= code < 300):
            return
        raise verdict(code, one_line(words), during=during)

    async def _reset(self, line: _Line) -> None:
        """Clear the envelope of a refused message, so that the connection can be used again."""
        with contextlib.suppress(OSError):
            code, _ = await line.wire.ask(b"RSET\r\n", self._mail.timeout_s)
            line.idle = code == 250


async def _open(client: aiosmtplib.SMTP) -> None:
    """Connect, secure and sign in; greet again if what is offered now is not known yet."""
    await client.connect()
    if not client.is_ehlo_or_helo_needed:
        return
    try:
        await _greet(client)
    except BaseException:
        client.close()
        raise


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        if error.code == 421 or not client.is_connected:
            raise
        # RFC 5321 §3.2: a relay that knows no EHLO knows HELO.
        await client.helo()


# ----------------------------------------------------------------------- envelope


def _letter(message: bytes, *, sender: str, to: str) -> _Letter:
    ends = message.count(b"\r\n")
    if message.count(b"\n") != ends or message.count(b"\r") != ends:
        # Relays disagree on what a bare one means, and a second message hides in the difference.
        raise Refused(0, "the message has a bare CR or LF: every line must end in CRLF")
    if not message.endswith(b"\r\n"):
        message += b"\r\n"
    # RFC 5321 §4.5.2.
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    try:
        safe_sender = _safe_address(sender) if sender else ""
    except ValueError as error:
        raise RelayDown(0, f"the sender's address {error}: correct it in [mail]") from error
    try:
        safe_to = _safe_address(to)
    except ValueError as error:
        raise Refused(0, f"the address {error}: correct it, or remove the subscriber") from error
    return _Letter(
        safe_sender, safe_to, len(message), not message.isascii(), b"".join((stuffed, b".\r\n"))
    )


def _safe_address(address: str) -> str:
    """The address with an ASCII domain; the rest of a `ValueError`'s sentence if it is unfit.

    An address is written into a command line: what could end the line, or the path in it, would
    let whoever subscribed give commands to the relay.
    """
    if any(ord(char) < 33 or 127 <= ord(char) < 160 or char.isspace() for char in address):
        raise ValueError("has a space or control character in it")
    if "<" in address or ">" in address:
        raise ValueError("has an angle bracket in it")
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        raise ValueError("is not of the form name@domain")
    try:
        safe = f"{local}@{_ascii_domain(domain)}"
        safe.encode()
    except UnicodeError as error:
        raise ValueError("has characters that cannot be sent") from error
    return safe


def _ascii_domain(domain: str) -> str:
    return domain if domain.isascii() else domain.encode("idna").decode("ascii")


def _mail_command(letter: _Letter, offers: frozenset[str]) -> bytes:
    options = ""
    if "size" in offers:
        options += f" SIZE={letter.size}"
    # A relay without 8BITMIME gets the octets all the same: nearly all pass them on, and we
    # could not turn them into anything else here.
    if letter.eight_bit and "8bitmime" in offers:
        options += " BODY=8BITMIME"
    if not (letter.sender.isascii() and letter.to.isascii()):
        if "smtputf8" not in offers:
            raise _no_smtputf8(letter)
        options += " SMTPUTF8"
    return f"MAIL FROM:<{letter.sender}>{options}\r\n".encode()


def _rcpt_command(letter: _Letter) -> bytes:
    return f"RCPT TO:<{letter.to}>\r\n".encode()


def _no_smtputf8(letter: _Letter) -> MailError:
    why = "is not ASCII before the @, and the relay offers no SMTPUTF8 (RFC 6531)"
    if letter.sender.isascii():
        return Refused(0, f"the address {why}")
    return RelayDown(0, f"the sender's address {why}: choose another in [mail]")
