"""`digest` commands as processes that are forked from one that has imported everything.

A test that kills twenty processes should not wait for twenty times a second of imports.  They
are whole processes all the same: with a pid of their own, dead when they are killed.

    with Forked(folder, "send", "--json") as sending:
        sending.until(lambda: sink.count() > 10)
        sending.kill()
        assert sending.ended().returncode == -9
"""

import atexit
import functools
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

_TESTS = Path(__file__).parent


class Forked:
    """One command, begun: see `ended`.  It is killed when the block ends before it does.

    Args:
        file_bytes: no file of this process may grow beyond so many octets; 0: as they like.
    """

    def __init__(self, folder: Path, *arguments: str, file_bytes: int = 0) -> None:
        self._arguments = arguments
        self._home = Path(tempfile.mkdtemp(prefix="forked", dir=folder))
        order = {
            "folder": str(folder),
            "arguments": arguments,
            "home": str(self._home),
            "file_bytes": file_bytes,
        }
        # One line, read by whoever forks: several may be begun at once.
        _mother().write(json.dumps(order) + "\n")
        _mother().flush()
        self.until(lambda: self._told("pid") is not None)
        self.pid = int(self._told("pid") or 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self.until(lambda: False)

    def _told(self, name: str) -> str | None:
        """What the process that watches over it has written, once it is whole."""
        path = self._home / name
        return path.read_text() if path.exists() else None

    def running(self) -> bool:
        return self._told("code") is None

    def until(self, true: Callable[[], bool], *, within_s: float = 60.0) -> None:
        """Wait until something is true, or the process has ended."""
        end = time.monotonic() + within_s
        while not true() and self.running():
            if time.monotonic() > end:
                raise TimeoutError(f"{self._arguments} still runs after {within_s} s")
            time.sleep(0.001)

    def heard(self, words: str) -> bool:
        """Whether it has said *words* on its error output."""
        return words in (self._home / "err").read_text()

    def signal(self, number: signal.Signals) -> None:
        if self.running():
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def ended(self, *, within_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Its exit code, minus the signal if one ended it, and its words.

        Raises:
            TimeoutError: it is still running after that time.
        """
        self.until(lambda: False, within_s=within_s)
        out, err = ((self._home / name).read_text() for name in ("out", "err"))
        return subprocess.CompletedProcess(self._arguments, int(self._told("code") or 0), out, err)


@functools.cache
def _mother() -> IO[str]:
    """The process that others are forked from: reads orders until this one is gone."""
    mother = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(_TESTS), *sys.path])},
    )
    # The end of its input is the end of it.
    atexit.register(mother.communicate)
    assert mother.stdin is not None
    return mother.stdin


# ------------------------------------------------------------- in the other process


def _tell(home: Path, name: str, text: str) -> None:
    """Written aside and moved into place: whoever sees it sees all of it."""
    draft = home / f"{name}.draft"
    draft.write_text(text)
    draft.rename(home / name)


def _watch(order: dict[str, Any]) -> None:
    """Fork the command, wait for its end, tell both."""
    home = Path(order["home"])
    out, err = (os.open(home / name, os.O_WRONLY | os.O_CREAT, 0o600) for name in ("out", "err"))
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.chdir(order["folder"])
        if order["file_bytes"]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_bytes"], resource.RLIM_INFINITY))
        os._exit(_command(order["arguments"]))
    _tell(home, "pid", str(child))
    _, status = os.waitpid(child, 0)
    _tell(home, "code", str(os.waitstatus_to_exitcode(status)))


def _command(arguments: list[str]) -> int:
    """``digest ARGUMENTS``; its exit code."""
    from digest.__main__ import main

    sys.argv = ["digest", *arguments]
    code: object = 0
    try:
        main()
    except SystemExit as done:
        code = done.code
    except BaseException:  # noqa: BLE001 - as an interpreter ends that nobody catches it for
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


def _serve() -> None:
    import digest.cli  # noqa: F401 - what takes so long

    # Nobody waits for those that watch.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _watch(json.loads(line))
            os._exit(0)


if __name__ == "__main__":
    _serve()
