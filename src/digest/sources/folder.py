"""A folder of documents, or one file: names and bytes, in an order that does not change.

Hidden files, files called README and tables (*.csv) are no documents.  A
symbolic link that leads out of the folder is a fault, not a way out.  Loud:
reads the disk.
"""

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from digest.errors import Fault, FetchError, ParseError, SourceError

#: The default of [collect] max_bytes.
LARGEST: Final = 10_000_000


def read_folder(
    path: Path,
    *,
    max_bytes: int = LARGEST,
    source_id: str = "",
    only: Collection[str] | None = None,
) -> Iterator[tuple[str, bytes | SourceError]]:
    """Every document under *path*, recursively, sorted by name: (name, its bytes or its fault).

    The name is relative to the folder, with "/" on every system; of a single file, its own
    name, whatever it is.  A file that cannot be used is yielded with the `SourceError` that
    says why, and the others go on.

    Args:
        max_bytes: larger files are faults, and are not read.
        source_id: whom the errors are about.
        only: names; other files are not opened, and there is nothing about them.

    Raises:
        FetchError: *path* itself is not there or may not be read.
    """
    try:
        if not path.is_dir():
            yield _printable(path.name), _read(path.resolve(strict=True), max_bytes, source_id)
            return
        root = path.resolve(strict=True)
        found = sorted(_files(root), key=lambda pair: pair[0].relative_to(root).parts)
    except OSError as error:
        reason = (error.strerror or "cannot be opened").lower()
        raise FetchError(
            source_id,
            f"{path}: {reason}; check the path and its permissions",
            temporary=False,
            fault=Fault.NO_ACCESS,
        ) from error
    for file, fault in found:
        name = _printable(file.relative_to(root).as_posix())
        if only is not None and name not in only:
            continue
        if fault is not None:
            yield name, _unreadable(source_id, fault)
            continue
        try:
            # Path.resolve raises RuntimeError for links in a circle.
            target = Path(os.path.realpath(file, strict=True))
        except OSError as error:
            yield name, _unreadable(source_id, error)
            continue
        if target.is_relative_to(root):
            yield name, _read(target, max_bytes, source_id)
        else:
            fault_text = "is a link that leads out of the folder; put a copy there"
            yield name, ParseError(source_id, fault_text)


def _printable(name: str) -> str:
    """A file name need not be UTF-8; what is shown and stored must be."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _files(root: Path) -> Iterator[tuple[Path, OSError | None]]:
    """Documents, and folders that may not be read, with the reason."""
    # Path.walk is of Python 3.12; a linked folder is not entered, it may lead in a circle.
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(folder.iterdir())
        except OSError as error:
            if folder == root:
                raise
            yield folder, error
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                waiting.extend(() if entry.is_symlink() else (entry,))
            elif _is_document(entry):
                yield entry, None


def _is_document(file: Path) -> bool:
    return not file.name.upper().startswith("README") and file.suffix.lower() != ".csv"


def _read(file: Path, max_bytes: int, source_id: str) -> bytes | SourceError:
    try:
        # Looked at before it is opened: opening a pipe waits for somebody to write.
        if not stat.S_ISREG(file.stat().st_mode):
            return ParseError(source_id, "is not a regular file; remove it from the folder")
        with file.open("rb") as opened:
            data = opened.read(max_bytes + 1)
    except OSError as error:
        return _unreadable(source_id, error)
    if len(data) > max_bytes:
        return ParseError(
            source_id,
            f"is larger than {max_bytes} bytes; raise max_bytes in [collect], or leave it out",
            fault=Fault.TOO_BIG,
        )
    return data


def _unreadable(source_id: str, error: OSError) -> FetchError:
    reason = (error.strerror or "cannot be read").lower()
    return FetchError(
        source_id, f"cannot be read ({reason}); check its permissions", fault=Fault.NO_ACCESS
    )
