"""Every transport of ours keeps to the contract."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from apipeer import KEY, ApiPeer, Said, accounts, postmark_error, ses_refusal
from contracts.transport import SENDER, Noted, PeerContract, TransportCase, TransportContract, mail
from digest.mail.fleet import Fleet, Way
from digest.mail.mailgun import Mailgun
from digest.mail.over_http import HttpTransport, Provider
from digest.mail.pacing import Pacing
from digest.mail.postmark import Postmark
from digest.mail.relay import EmbeddedRelay
from digest.mail.sendmail import SendmailTransport
from digest.mail.ses import Ses
from digest.mail.sinks import FolderTransport, MemoryTransport
from digest.mail.smtp import SmtpTransport
from digest.mail.ways import Inside
from digest.settings import NamedRelay, Settings
from fakes import FakeRelay, Taken, drop, say


def table(**keys: Any) -> NamedRelay:
    return NamedRelay.model_validate({"name": "way", "tls": "none", "timeout_s": 5.0, **keys})


def to_of(message: bytes) -> str:
    return message.partition(b"\r\nTo: ")[2].partition(b"\r\n")[0].decode()


# ------------------------------------------------------------------------------ sinks


class TestMemory(TransportContract):
    @pytest.fixture
    def case(self) -> TransportCase:
        memory = MemoryTransport()
        return TransportCase(
            transport=memory,
            arrived=lambda: Counter(sent.to for sent in memory.sent),
            octets=lambda: {sent.to: sent.message for sent in memory.sent},
        )


class TestFolder(TransportContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> TransportCase:
        def mails() -> list[bytes]:
            return [path.read_bytes() for path in tmp_path.glob("*.eml")]

        return TransportCase(
            transport=FolderTransport(tmp_path),
            arrived=lambda: Counter(map(to_of, mails())),
            octets=lambda: {to_of(mail): mail for mail in mails()},
        )


class TestEmbedded(TransportContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> TransportCase:
        kept = EmbeddedRelay(tmp_path / "outbox")
        inside = Inside(
            table(by="embedded"), name="inside", ehlo_name="press.example", outbox=kept.maildir
        )
        return TransportCase(
            transport=inside,
            arrived=lambda: Counter(mail.to for mail in kept.messages()),
            octets=lambda: {mail.to: mail.message for mail in kept.messages()},
        )


# ---------------------------------------------------------------------- SMTP and LMTP


class LmtpRelay(FakeRelay):
    """As SMTP with one recipient a message, but for the greeting (RFC 2033 §4.1)."""

    async def _command_lines(self, talk: Any) -> AsyncIterator[str]:
        async for line in super()._command_lines(talk):
            assert not line.upper().startswith(("EHLO", "HELO"))
            yield line.replace("LHLO", "EHLO", 1)


def taken(relays: Iterable[FakeRelay]) -> list[Taken]:
    return [each for relay in relays for each in relay.messages]


def smtp_case(transport: Any, *relays: FakeRelay) -> TransportCase:
    def on(stage: Any, act: Any) -> Callable[[str], None]:
        def tell(to: str) -> None:
            for relay in relays:
                relay.on(stage, act, to=to)

        return tell

    async def leave() -> None:
        for relay in relays:
            await relay.refuse_connections()
            await relay.hang_up()

    return TransportCase(
        transport=transport,
        arrived=lambda: Counter(to for each in taken(relays) for to in each.to),
        octets=lambda: {to: each.message for each in taken(relays) for to in each.to},
        acts={
            "later": on("RCPT", say("451 4.2.1 come back later")),
            "never": on("RCPT", say("550 5.1.1 no such mailbox")),
            "down": on("RCPT", drop("421 4.3.2 going down")),
            "vanish": on("dot", drop()),
        },
        leave=leave,
    )


def smtp_to(relay: FakeRelay, *, by: str = "smtp", name: str = "way") -> SmtpTransport:
    return SmtpTransport(
        table(by=by, host=relay.host, port=relay.port), name=name, ehlo_name="press.example"
    )


class TestSmtp(PeerContract):
    @pytest.fixture(params=["four round trips", "pipelining"])
    async def case(self, request: pytest.FixtureRequest) -> AsyncIterator[TransportCase]:
        offers = ["8BITMIME", *(["PIPELINING"] if request.param == "pipelining" else [])]
        async with FakeRelay(offers=offers) as relay:
            yield smtp_case(smtp_to(relay), relay)


class TestLmtp(PeerContract):
    @pytest.fixture
    async def case(self) -> AsyncIterator[TransportCase]:
        async with LmtpRelay(offers=["8BITMIME", "PIPELINING"]) as relay:
            yield smtp_case(smtp_to(relay, by="lmtp"), relay)


class TestFleetOfTwo(PeerContract):
    @pytest.fixture
    async def case(self) -> AsyncIterator[TransportCase]:
        async with FakeRelay() as first, FakeRelay() as second:
            fleet = Fleet(
                [Way("first", smtp_to(first, name="first")), Way("second", smtp_to(second), 2)],
                pacing=Pacing(Settings()),
                signing=None,
                now=lambda: datetime(2026, 5, 18, 6, tzinfo=UTC),
            )
            yield smtp_case(fleet, first, second)

    async def test_what_one_gives_back_is_begun_again_with_the_other(self) -> None:
        to = "reader@example.org"
        async with FakeRelay() as first, FakeRelay() as second:
            first.on("dot", say("421 4.3.2 going down"))
            ways = [Way("first", smtp_to(first)), Way("second", smtp_to(second), standby=True)]
            noted = Noted()
            async with Fleet(
                ways, pacing=Pacing(Settings()), signing=None, now=lambda: datetime.now(UTC)
            ) as fleet:
                reply = await fleet.send(mail(to), sender=SENDER, to=to, started=noted)
        assert (reply.relay, noted.told) == ("second", ["leaves", "back", "leaves"])
        assert [list(each.to) for each in second.messages] == [[to]]


# ------------------------------------------------------------------------- a program

#: Does what a file named after the recipient says, or keeps the mail under its name.
MAILER = """#!/bin/sh
cd "$(dirname "$0")"
cat > "draft-$$"
if [ -f "act-$4" ]; then . "./act-$4"; fi
mv "draft-$$" "mail-$$-$4"
"""


class TestSendmail(PeerContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> TransportCase:
        program = tmp_path / "mailer"
        program.write_text(MAILER)
        program.chmod(0o700)

        def mails() -> list[tuple[str, bytes]]:
            # As MTAs do, which speak SMTP afterwards.
            return [
                (path.name.split("-", 2)[2], path.read_bytes().replace(b"\n", b"\r\n"))
                for path in tmp_path.glob("mail-*")
            ]

        def ends(how: str) -> Callable[[str], None]:
            def tell(to: str) -> None:
                (tmp_path / f"act-{to}").write_text(how)

            return tell

        async def leave() -> None:
            program.unlink()

        return TransportCase(
            transport=SendmailTransport(table(by="sendmail", command=[str(program)]), name="way"),
            arrived=lambda: Counter(to for to, _ in mails()),
            octets=lambda: dict(mails()),
            acts={
                "later": ends("exit 75"),
                "never": ends("exit 67"),
                "down": ends("exit 78"),
                "vanish": ends("kill -9 $$"),
            },
            leave=leave,
        )


# --------------------------------------------------------------------------- over HTTP


async def at_once(seconds: float) -> None:
    """Nobody waits after "too many"."""
    await asyncio.sleep(0)


def api_case(
    peer: ApiPeer, by: str, provider: type[Ses | Postmark | Mailgun], never: Said
) -> TransportCase:
    relay = table(by=by, api_url=peer.url, **dict(accounts(by)))
    asked: Provider = provider(relay)

    def on(said: Said) -> Callable[[str], None]:
        def tell(to: str) -> None:
            peer.on(said, to=to)

        return tell

    return TransportCase(
        transport=HttpTransport(relay, asked, name="way", password=lambda: KEY, sleep=at_once),
        arrived=lambda: Counter(got.to for got in peer.taken),
        octets=(
            None
            if by == "postmark"
            else lambda: {got.to: got.message for got in peer.taken if got.message is not None}
        ),
        acts={
            "later": on(Said(429, {"message": "too many"})),
            "never": on(never),
            "down": on(Said(401, {"message": "who are you"})),
            "vanish": on(Said(then="close")),
        },
        leave=peer.stop,
    )


class TestSes(PeerContract):
    @pytest.fixture
    async def case(self) -> AsyncIterator[TransportCase]:
        never = ses_refusal(400, "BadRequestException", "Missing final '@domain'")
        async with ApiPeer() as peer:
            yield api_case(peer, "ses", Ses, never)


class TestPostmark(PeerContract):
    @pytest.fixture
    async def case(self) -> AsyncIterator[TransportCase]:
        async with ApiPeer() as peer:
            yield api_case(peer, "postmark", Postmark, postmark_error(406, "inactive"))


class TestMailgun(PeerContract):
    @pytest.fixture
    async def case(self) -> AsyncIterator[TransportCase]:
        never = Said(400, {"message": "'to' parameter is not a valid address"})
        async with ApiPeer() as peer:
            yield api_case(peer, "mailgun", Mailgun, never)
