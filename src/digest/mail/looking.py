"""A look at a relay: everything up to, and without, the first message.

`look` connects, secures and signs in, as sending does, and tells what it saw on the way;
`judge_relay` says in plain words how that is, and is pure.
"""

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal

import aiosmtplib

from digest.errors import RelayDown
from digest.mail.dial import Dialler
from digest.mail.envelope import Offers
from digest.mail.records import Diagnosis, Remark, Verdict, diagnose
from digest.mail.verdict import one_line
from digest.settings import Relay

#: Looking is no sending: whoever waits for it sits in front of a screen.
TIMEOUT_S: Final = 10.0
#: Certificates are renewed by machines a month before; with less left, one of them has failed.
_SOON: Final = timedelta(days=14)
#: Octets of the largest mail that an edition makes, pictures and all, with room.
_LARGEST: Final = 2_000_000

Stage = Literal["connect", "tls", "hello", "sign in", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a relay showed, up to where it stopped."""

    #: Where it stopped; "" went well to the end.
    failed: Stage = ""
    #: The relay's words, or the system's.
    words: str = ""
    #: Such as TLSv1.3; "" is in the clear.
    tls: str = ""
    #: When its certificate ends.
    until: datetime | None = None
    offers: Offers = field(default_factory=Offers)
    #: Asked to, and it was let in.
    signed_in: bool = False


async def look(relay: Relay, *, ehlo_name: str, password: str | None, base: Path) -> Seen:
    """Knock at a relay of kind smtp or lmtp, as sending does, and go again.

    Args:
        base: the folder of config.toml, where its paths begin.
    """
    patience_s = min(relay.timeout_s, TIMEOUT_S)
    placed = relay.model_copy(
        update={
            "ca_file": relay.ca_file and base / relay.ca_file.expanduser(),
            "socket": relay.socket and base / relay.socket.expanduser(),
            "timeout_s": patience_s,
        }
    )
    dial = Dialler(placed, ehlo_name=ehlo_name, password=lambda: password)
    try:
        transport, offers = await dial()
    except RelayDown as error:
        stage, words = _stopped_at(error)
        return Seen(failed=stage, words=words)
    tls, until = _secured(transport)
    # It need not answer: nothing is under way.
    transport.write(b"QUIT\r\n")
    transport.close()
    return Seen(tls=tls, until=until, offers=offers, signed_in=bool(relay.username))


def _stopped_at(error: RelayDown) -> tuple[Stage, str]:
    """`Dialler` says it in one error; what it came from says where that was."""
    stage: Stage = "connect"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "tls", one_line(f"its certificate is not believed: {cause.verify_message}")
        if isinstance(cause, ssl.SSLError) or "STARTTLS" in str(cause):
            stage = "tls"
        elif isinstance(cause, aiosmtplib.SMTPAuthenticationError):
            stage = "sign in"
        elif isinstance(cause, aiosmtplib.SMTPHeloError):
            stage = "hello"
        cause = cause.__cause__
    if any(word in error.text for word in ("AUTH", "password")):
        stage = "sign in"
    if "ca_file" in error.text:
        stage = "tls"
    return stage, str(error)


def _secured(transport: asyncio.Transport) -> tuple[str, datetime | None]:
    inside = transport.get_extra_info("ssl_object")
    if inside is None:
        return "", None
    certificate = transport.get_extra_info("peercert")
    ends = certificate.get("notAfter") if certificate else None
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if ends else None
    return inside.version() or "TLS", until


# -------------------------------------------------------------------- judgement


def judge_relay(relay: Relay, seen: Seen, *, name: str, now: datetime) -> Diagnosis:
    """How good a way out a relay is, as far as a look tells."""
    if seen.failed:
        return diagnose("relay", name, [_stopped(relay, seen)])
    remarks = [*_about_tls(relay, seen, now), *_about_offers(seen)]
    let_in = ", signed in" if seen.signed_in else ""
    secured = f" over {seen.tls}" if seen.tls else ""
    remarks.insert(0, Remark(Verdict.OK, f"it answers{secured}{let_in}"))
    return diagnose("relay", name, remarks)


def _stopped(relay: Relay, seen: Seen) -> Remark:
    where = f"{relay.socket}" if relay.socket else f"{relay.host}:{relay.port}"
    told, fix = {
        "connect": (f"nobody answers at {where}", "correct host and port, or start the relay"),
        "tls": (
            "no encryption can be agreed on",
            "renew its certificate, name the CA in ca_file, or correct tls",
        ),
        "hello": ("it does not take our greeting", "set ehlo_name to this machine's name"),
        "sign in": ("it does not let us in", "correct username and password, or auth"),
    }[seen.failed or "connect"]
    return Remark(Verdict.WRONG, f"{told}: {seen.words}", fix)


def _about_tls(relay: Relay, seen: Seen, now: datetime) -> Iterator[Remark]:
    if not seen.tls and not is_near(relay):
        grave = Verdict.WRONG if relay.username else Verdict.WEAK
        what = "the password and every mail go" if relay.username else "every mail goes"
        yield Remark(grave, f"{what} over the net in the clear", 'set tls to "starttls"')
    if seen.until is not None and seen.until - now < _SOON:
        day = seen.until.date().isoformat()
        yield Remark(Verdict.WEAK, f"its certificate ends on {day}", "renew it")


def is_near(relay: Relay) -> bool:
    """Is it on this very machine?"""
    if relay.socket is not None or relay.host == "localhost":
        return True
    try:
        return ip_address(relay.host).is_loopback
    except ValueError:
        return False


def _about_offers(seen: Seen) -> Iterator[Remark]:
    offers = seen.offers
    if 0 < offers.largest < _LARGEST:
        told = f"it takes mails of {offers.largest:,} octets at most"
        yield Remark(Verdict.WEAK, told, f"let it take {_LARGEST:,}")
    fast = [
        word
        for word, offered in (("PIPELINING", offers.pipelining), ("CHUNKING", offers.chunking))
        if offered
    ]
    if fast:
        yield Remark(Verdict.OK, f"it offers {' and '.join(fast)}")
    else:
        yield Remark(Verdict.OK, "it offers no PIPELINING: each mail takes four round trips")
    if not offers.smtputf8:
        told = "without SMTPUTF8 nobody with letters such as é before the @ gets mail"
        yield Remark(Verdict.OK, told)
    if not offers.eight_bit:
        yield Remark(Verdict.OK, "it offers no 8BITMIME; our mails need none")
