"""The output folder: what any web server may serve, written so that it never serves a half.

Files only; what stands in them is `publish`'s.
"""

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_hex

from digest.errors import StoreError

#: A path under the output folder, and what is to stand there.
File = tuple[str, bytes]

#: Of an edition, under its newsletter's.
_EDITION = re.compile(r"\d{4}-\d\d-\d\dT\d{4}")
#: Editions whose every page is looked for at each look; of older ones, whether there are any.
_NEWEST = 30
#: Names that are asked for one by one; of more, their folder is listed.
_FEW = 4


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
        replace(path, content)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(f"{path} cannot be written: {reason}") from error
    return True


def replace(path: Path, content: bytes) -> None:
    """Have *content* at *path*, whole or not at all, also after a power cut.

    Several may do so at once, in threads or processes: one of them is the last.

    Raises:
        OSError: it cannot be written; nothing is left of the attempt.
    """
    aside = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


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


# ----------------------------------------------------------------- what was lost


def laid(out_dir: Path) -> dict[str, list[str]]:
    """Names of what lies in the output folder, by folder, for `lost`.

    Not the hosted pictures, nor all pages of older editions: it must be quick to look for.
    """
    found: dict[str, list[str]] = {}
    folders = ["."]
    while folders:
        folder = folders.pop()
        names, deeper = _listed(out_dir / folder)
        found[folder] = sorted((*names, *deeper))
        if folder == ".":
            deeper = [name for name in deeper if name in ("editions", "feeds")]
        dated = sorted(filter(_EDITION.fullmatch, deeper))
        folders += [f"{folder}/{name}" for name in set(deeper) - set(dated[:-_NEWEST])]
    pictures = out_dir / "pictures"
    signs = [path.name for kind in ("icon.png", "card-*.png") for path in pictures.glob(kind)]
    return found | {"./pictures": sorted(signs)}


def _listed(folder: Path) -> tuple[list[str], list[str]]:
    """Files and folders in *folder*, but those in the making."""
    try:
        with os.scandir(folder) as entries:
            seen = [(one.name, one.is_dir()) for one in entries if not one.name.startswith(".")]
    except OSError:
        seen = []
    return [name for name, inner in seen if not inner], [name for name, inner in seen if inner]


def note_laid(note: Path, out_dir: Path) -> None:
    """Keep in the file *note* what lies in the output folder now."""
    write(note, json.dumps(laid(out_dir), separators=(",", ":")).encode())


def lost(note: Path, out_dir: Path) -> frozenset[str] | None:
    """What was there when it was noted and is not, as paths under *out_dir*; None without a note.

    One listing of each folder: some 20 ms for ten years of a daily newsletter.
    """
    try:
        noted: Mapping[str, Sequence[str]] = json.loads(note.read_bytes())
    except (OSError, ValueError):
        return None
    return frozenset(
        f"{folder}/{name}".removeprefix("./")
        for folder, names in noted.items()
        for name in _gone(out_dir / folder, names)
    )


def _gone(folder: Path, names: Sequence[str]) -> Iterator[str]:
    if len(names) <= _FEW:
        return (name for name in names if not os.path.lexists(f"{folder}/{name}"))
    return iter(set(names).difference(*_listed(folder)))
