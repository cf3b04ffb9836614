"""The ways in which one connection may be used, and a transport over it."""

from typing import Any

import pytest

from digest.mail.smtp import SmtpTransport
from digest.settings import Relay
from fakes import FakeRelay

MAIL = b"From: news@example.org\r\nSubject: Tides\r\n\r\nHigh at six.\r\n"

ALONE: dict[str, Any] = {}
PIPELINED: dict[str, Any] = {"pipelining": True}
WINDOWED: dict[str, Any] = {"pipelining": True, "chunking": True}
MODES = [
    pytest.param(ALONE, id="alone"),
    pytest.param(PIPELINED, id="pipelined"),
    pytest.param(WINDOWED, id="windowed"),
]


def transport(relay: FakeRelay, **fields: Any) -> SmtpTransport:
    values: dict[str, Any] = {
        "by": "smtp",
        "host": relay.host,
        "port": relay.port,
        "tls": "none",
        "timeout_s": 5.0,
        "connections": 1,
    }
    return SmtpTransport(Relay(**(values | fields)), ehlo_name="news.example.org")
