"""A folder of documents, or one file: names and bytes, in an order that does not change.

Hidden files, files called README, tables (*.csv) and pictures are no documents;
a picture is read when a document beside it names it.  A symbolic link that leads
out of the folder is a fault, not a way out.  Loud: reads the disk.
"""

import os
import stat
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

from digest.errors import Fault, FetchError, ParseError, SourceError
from digest.reading.beside import ENDINGS

#: The default of [collect] max_bytes.
LARGEST: Final = 10_000_000
#: Pictures of one folder that its documents can name.
MOST_PICTURES: Final = 5_000


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


def picture_names(path: Path) -> frozenset[str]:
    """Names of the pictures under *path*, relative to it; none of a single file.

    A folder that may not be read has none: `read_folder` says what is wrong with it.
    """
    try:
        root = path.resolve(strict=True)
        found = sorted(_pictures(root)) if root.is_dir() else []
    except OSError:
        return frozenset()
    return frozenset(found[:MOST_PICTURES])


def read_picture(path: Path, name: str, *, max_bytes: int, source_id: str = "") -> bytes:
    """The octets of the picture *name* under the folder *path*.

    Raises:
        SourceError: it is not there, too large, or not in the folder.
    """
    if not name.lower().endswith(ENDINGS):
        raise ParseError(source_id, f"is no picture's name; it ends in {', '.join(ENDINGS)}")
    try:
        root = path.resolve(strict=True)
        target = Path(os.path.realpath(root / name, strict=True))
    except (OSError, ValueError) as error:
        told = error if isinstance(error, OSError) else OSError(0, "no such name")
        raise _unreadable(source_id, told) from error
    if not target.is_relative_to(root):
        raise ParseError(source_id, "leads out of the folder; put a copy there")
    data = _read(target, max_bytes, source_id)
    if isinstance(data, SourceError):
        raise data
    return data


def _pictures(root: Path) -> Iterator[str]:
    for file, fault in _files(root, wanted=_is_picture):
        if fault is None:
            yield _printable(file.relative_to(root).as_posix())


def _printable(name: str) -> str:
    """A file name need not be UTF-8; what is shown and stored must be."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _files(
    root: Path, wanted: Callable[[Path], bool] | None = None
) -> Iterator[tuple[Path, OSError | None]]:
    """Documents, or the files *wanted*; and folders that may not be read, with the reason."""
    wanted = wanted or _is_document
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
            elif wanted(entry):
                yield entry, None


def _is_document(file: Path) -> bool:
    foreign = file.suffix.lower() == ".csv" or _is_picture(file)
    return not file.name.upper().startswith("README") and not foreign


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in ENDINGS


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
