"""Loud room: a page as a reader's screen shows it, by a Chromium that is installed.

Speaks the DevTools protocol over two pipes, so that no port is opened; fetches nothing from
the network: what a page shows must lie beside it as files.
"""

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digest.errors import BrowserError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Pixels of a picture at most; a longer page is cut off.
_TALLEST = 16_000
_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    # Whoever is named in a mail need not know that somebody looks at a draft of it.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


_LOADED = """Promise.all([...document.images].map((image) => {
  image.loading = "eager";
  return image.decode().catch(() => null);
}))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    page: Path
    #: CSS pixels.
    width: int
    dark: bool
    #: A PNG, of the whole page.
    into: Path


def find_browser() -> Path | None:
    """The Chromium of this machine, if it has one."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return Path(found) if found else None


def photograph(browser: Path, shots: Sequence[Shot], *, timeout_s: float = 60) -> None:
    """Take each of *shots*; about 0.3 seconds to begin with, and 0.2 for each.

    Raises:
        BrowserError: the browser does not start, dies, or takes longer than *timeout_s* in all.
    """
    with tempfile.TemporaryDirectory() as profile, _running(browser, profile, timeout_s) as pipe:
        for shot in shots:
            _take(pipe, shot)


class _Pipe:
    """Questions to the browser, and its answers, each ended by a NUL."""

    def __init__(self, into: int, out: int, deadline: float) -> None:
        self._into, self._out, self._deadline = into, out, deadline
        self._rest = b""
        self._number = 0
        #: Names of events that came between two answers.
        self._seen: list[tuple[str, str]] = []

    def ask(self, method: str, session: str = "", **params: object) -> dict[str, Any]:
        self._number += 1
        question: dict[str, object] = {"id": self._number, "method": method, "params": params}
        if session:
            question["sessionId"] = session
        try:
            os.write(self._into, json.dumps(question).encode() + b"\0")
        except OSError as error:
            raise BrowserError("the browser has died; is it installed whole?") from error
        while True:
            told = self._next()
            if told.get("id") == self._number:
                if "error" in told:
                    raise BrowserError(f"the browser refused {method}: {told['error']['message']}")
                answer: dict[str, Any] = told["result"]
                return answer

    def wait_for(self, event: str, session: str) -> None:
        while (event, session) not in self._seen:
            self._next()
        self._seen.clear()

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([self._out], [], [], left)[0]:
                raise BrowserError("the browser takes too long")
            octets = os.read(self._out, 1 << 16)
            if not octets:
                raise BrowserError("the browser has died; is it installed whole?")
            self._rest += octets
        text, self._rest = self._rest.split(b"\0", 1)
        told: dict[str, Any] = json.loads(text)
        if "method" in told:
            self._seen.append((str(told["method"]), str(told.get("sessionId", ""))))
        return told


def _take(pipe: _Pipe, shot: Shot) -> None:
    target = pipe.ask("Target.createTarget", url="about:blank")["targetId"]
    session = str(pipe.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
    pipe.ask("Page.enable", session)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if shot.dark else "light"}
    pipe.ask("Emulation.setEmulatedMedia", session, features=[scheme])
    screen = {"width": shot.width, "deviceScaleFactor": 1, "mobile": shot.width < 600}
    pipe.ask("Emulation.setDeviceMetricsOverride", session, height=800, **screen)
    pipe.ask("Page.navigate", session, url=shot.page.absolute().as_uri())
    pipe.wait_for("Page.loadEventFired", session)
    # Pictures that wait to be scrolled to would be missing.
    pipe.ask("Runtime.evaluate", session, expression=_LOADED, awaitPromise=True)
    size = pipe.ask("Page.getLayoutMetrics", session)["cssContentSize"]
    height = min(_TALLEST, max(200, int(size["height"])))
    pipe.ask("Emulation.setDeviceMetricsOverride", session, height=height, **screen)
    answer = pipe.ask("Page.captureScreenshot", session, format="png")
    shot.into.write_bytes(b64decode(answer["data"]))
    pipe.ask("Target.closeTarget", targetId=target)


@contextlib.contextmanager
def _running(browser: Path, profile: str, timeout_s: float) -> Iterator[_Pipe]:
    # High numbers: 3 and 4, where the browser looks for its pipes, must be free to be given away.
    reads, into = map(_high, os.pipe())
    out, writes = map(_high, os.pipe())
    # Root has no user namespace to shut the pages in; they are ours.
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    argv = [str(browser), *_FLAGS, *sandbox, f"--user-data-dir={profile}", "about:blank"]
    null = os.open(os.devnull, os.O_RDWR)
    try:
        process = os.posix_spawn(
            browser,
            argv,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, null, 1),
                (os.POSIX_SPAWN_DUP2, null, 2),
                (os.POSIX_SPAWN_DUP2, reads, 3),
                (os.POSIX_SPAWN_DUP2, writes, 4),
            ],
            setpgroup=0,
        )
    except OSError as error:
        raise BrowserError(f"{browser} does not start: {error.strerror}") from error
    finally:
        for handle in (reads, writes, null):
            os.close(handle)
    try:
        yield _Pipe(into, out, time.monotonic() + timeout_s)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(into)
        os.close(out)


def _high(handle: int) -> int:
    copy = fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(handle)
    return copy
