"""The output folder: what any web server may serve, written so that it never serves a half.

Files only; what stands in them is `publish`'s.
"""

import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from digest.errors import StoreError

#: A path under the output folder, and what is to stand there.
File = tuple[str, bytes]


def differs(path: Path, content: bytes) -> bool:
    return not path.exists() or path.read_bytes() != content


def write(path: Path, content: bytes) -> bool:
    """Replace *path* whole; False when it holds *content* already.

    Raises:
        StoreError: the disk is full, or it may not be written.
    """
    try:
        if not differs(path, content):
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            # What is noted as printed must outlive a power cut.
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(f"{path} cannot be written: {reason}") from error
    return True


def put(out_dir: Path, files: Iterable[File]) -> list[Path]:
    """Write those of *files* that are not there as they should be; return their paths."""
    return [out_dir / name for name, content in files if write(out_dir / name, content)]


def tidy(out_dir: Path, patterns: Sequence[str], wanted: Collection[str]) -> None:
    """Take away the files that are like *patterns* and are not *wanted* any more."""
    for path in [path for pattern in patterns for path in out_dir.glob(pattern)]:
        if path.is_file() and str(path.relative_to(out_dir)) not in wanted:
            path.unlink()


def is_whole(path: Path) -> bool:
    """Whether a file is there and holds something."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def strangers(folder: Path, known: Collection[str]) -> list[Path]:
    """Folders of editions under *folder* that are not *known* by name."""
    found = folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9][0-9][0-9]")
    return [path for path in found if path.is_dir() and path.name not in known]
