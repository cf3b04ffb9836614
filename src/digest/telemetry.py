"""Logs: fixed phrases and facts.  An address never reaches a log; `who` hashes it.

Structlog, with all that it brings for showing errors in colour, is loaded for the first line
that is written: a process that sends writes none as long as all is well.
"""

import logging
import re
import sys
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any


def who(address: str) -> str:
    """Eight hex digits that stand for *address* in a log: the same person, never the name."""
    return blake2b(address.casefold().encode(), digest_size=4).hexdigest()


def masked(text: str) -> str:
    """*text* without addresses: a relay's words may quote them."""
    return re.sub(r"[^\s<>@]+@[^\s<>@]+", "(address)", text) if "@" in text else text


@dataclass(slots=True)
class _Log:
    """Lines of the log, each a fixed phrase and its facts."""

    #: Below it nothing is written.
    level: int = logging.NOTSET
    #: How lines are to look; None: structlog is as it comes, or set up already.
    as_json: bool | None = None

    def info(self, event: str, **facts: object) -> None:
        self._write(logging.INFO, event, facts)

    def warning(self, event: str, **facts: object) -> None:
        self._write(logging.WARNING, event, facts)

    def error(self, event: str, **facts: object) -> None:
        self._write(logging.ERROR, event, facts)

    def exception(self, event: str, **facts: object) -> None:
        """An error line, with the exception that is being handled."""
        self._write(logging.ERROR, event, facts | {"exc_info": True})

    def _write(self, level: int, event: str, facts: dict[str, Any]) -> None:
        if level < self.level:
            return
        import structlog

        if self.as_json is not None:
            _shape(as_json=self.as_json)
            self.as_json = None
        structlog.get_logger().log(level, event, **facts)


log = _Log()


def set_up(*, as_json: bool = False, level: int = logging.WARNING) -> None:
    """Send the log to standard error: key=value for people, or one JSON object a line."""
    logging.basicConfig(stream=sys.stderr, level=level, format="%(message)s", force=True)
    for noisy in ("aiosqlite", "apscheduler", "asyncio", "mail.log", "uvicorn"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
    # It calls every odd page an error; ours are named in the run's report.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    log.level, log.as_json = level, as_json
    if "structlog" in sys.modules:
        _shape(as_json=as_json)
        log.as_json = None


def _shape(*, as_json: bool) -> None:
    import structlog

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
        # Levels are ours to look at, before it is loaded.
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        # Asked at each use: whoever redirects standard error gets the log too.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
