"""What [mail] and [[relays]] say, made into ways out.

Every kind is loaded only when it is named: a process that sends through a relay has no use for an
HTTP client, nor for a relay of its own.
"""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from digest.errors import RelayDown
from digest.mail.fleet import Way
from digest.mail.transport import Reply, Transport
from digest.settings import Relay, Settings

#: How a relay's password is asked; None: it has none.
Password = Callable[[], str | None]


def build(
    settings: Settings,
    *,
    passwords: Mapping[str, Password],
    ehlo_name: str,
    outbox: Path,
    folder: Path,
    base: Path,
) -> list[Way]:
    """The ways out that *settings* name, none of them open yet.

    Args:
        passwords: by a relay's name; "" is that of [mail].
        ehlo_name: of relays that name none.
        outbox: the Maildir of the embedded relay.
        folder: where ``by = "folder"`` writes; each of [[relays]] in a folder of its own in it.
        base: where relative paths begin: the folder of config.toml.

    Raises:
        ConfigError: a relay lacks what it needs.
    """
    if not settings.relays:
        mail = settings.mail
        name = mail.host if mail.by in ("smtp", "lmtp") and mail.host else mail.by
        own = _made(
            mail, name, passwords.get("", _none),
            ehlo_name=ehlo_name, outbox=outbox, folder=folder, base=base,
        )  # fmt: skip
        return [Way(name, own)]
    return [
        Way(
            relay.name,
            _made(
                relay, relay.name, passwords.get(relay.name, _none),
                ehlo_name=ehlo_name, outbox=outbox, folder=folder / relay.name, base=base,
            ),
            relay.weight,
            relay.standby,
        )
        for relay in settings.relays
    ]  # fmt: skip


def _none() -> None:
    return None


def _made(
    relay: Relay,
    name: str,
    password: Password,
    *,
    ehlo_name: str,
    outbox: Path,
    folder: Path,
    base: Path,
) -> Transport:
    relay = _placed(relay, base)
    ehlo_name = relay.ehlo_name or ehlo_name
    if relay.by == "embedded":
        return Inside(relay, name=name, ehlo_name=ehlo_name, outbox=outbox)
    if relay.by in ("smtp", "lmtp"):
        from digest.mail.smtp import SmtpTransport

        return SmtpTransport(relay, name=name, ehlo_name=ehlo_name, password=password)
    if relay.by == "folder":
        from digest.mail.sinks import FolderTransport

        return FolderTransport(folder)
    if relay.by == "sendmail":
        from digest.mail.sendmail import SendmailTransport

        return SendmailTransport(relay, name=name)
    return _over_http(relay, name, password)


def _over_http(relay: Relay, name: str, password: Password) -> Transport:
    from digest.mail.mailgun import Mailgun
    from digest.mail.over_http import HttpTransport
    from digest.mail.postmark import Postmark
    from digest.mail.ses import Ses

    providers = {"ses": Ses, "postmark": Postmark, "mailgun": Mailgun}
    return HttpTransport(relay, providers[relay.by](relay), name=name, password=password)


def _placed(relay: Relay, base: Path) -> Relay:
    """Its paths from the folder of config.toml."""
    program, *arguments = relay.command
    return relay.model_copy(
        update={
            "socket": relay.socket and base / relay.socket,
            "ca_file": relay.ca_file and base / relay.ca_file,
            # A name alone is looked for where the shell would.
            "command": (str(base / program) if "/" in program else program, *arguments),
        }
    )


class Inside:
    """The relay of our own and the way to it, as one transport; see `Transport`."""

    def __init__(self, relay: Relay, *, name: str, ehlo_name: str, outbox: Path) -> None:
        self._relay = relay
        self._name = name
        self._ehlo_name = ehlo_name
        self._outbox = outbox
        self._opened = AsyncExitStack()
        self._way: Transport | None = None

    @property
    def at_once(self) -> int:
        return self._way.at_once if self._way else self._relay.connections

    async def __aenter__(self) -> Self:
        """Raise `RelayDown` when the Maildir cannot be written."""
        from digest.mail.relay import EmbeddedRelay
        from digest.mail.smtp import SmtpTransport

        async with AsyncExitStack() as opened:
            keeper = await opened.enter_async_context(EmbeddedRelay(self._outbox))
            to_it = self._relay.model_copy(
                update={
                    "by": "smtp", "host": keeper.host, "port": keeper.port, "socket": None,
                    "tls": "none", "ca_file": None, "username": "", "password": None,
                }
            )  # fmt: skip
            way = SmtpTransport(to_it, name=self._name, ehlo_name=self._ehlo_name)
            self._way = await opened.enter_async_context(way)
            self._opened = opened.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._way = None
        await self._opened.aclose()

    async def send(
        self, message: bytes, *, sender: str, to: str, started: Callable[[], None]
    ) -> Reply:
        """See `Transport.send`."""
        if self._way is None:
            raise RelayDown(0, "the way out is closed", relay=self._name)
        return await self._way.send(message, sender=sender, to=to, started=started)
