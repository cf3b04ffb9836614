"""Logs: fixed phrases and facts.  An address never reaches a log; `who` hashes it."""

import logging
import re
import sys
from hashlib import blake2b

import structlog


def who(address: str) -> str:
    """Eight hex digits that stand for *address* in a log: the same person, never the name."""
    return blake2b(address.casefold().encode(), digest_size=4).hexdigest()


def masked(text: str) -> str:
    """*text* without addresses: a relay's words may quote them."""
    return re.sub(r"[^\s<>@]+@[^\s<>@]+", "(address)", text) if "@" in text else text


def set_up(*, as_json: bool = False, level: int = logging.WARNING) -> None:
    """Send the log to standard error: key=value for people, or one JSON object a line."""
    logging.basicConfig(stream=sys.stderr, level=level, format="%(message)s", force=True)
    for noisy in ("aiosqlite", "apscheduler", "asyncio", "mail.log", "uvicorn"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
    # It calls every odd page an error; ours are named in the run's report.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        # The other formatter prints every local variable: keys, passwords, addresses.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if as_json else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Asked at each use: whoever redirects standard error gets the log too.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
