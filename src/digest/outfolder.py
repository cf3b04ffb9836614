"""The output folder: what any web server may serve, written so that it never serves a half.

Files only; what stands in them is `publish`'s.
"""

import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

#: A path under the output folder, and what is to stand there.
File = tuple[str, bytes]


def differs(path: Path, content: bytes) -> bool:
    return not path.exists() or path.read_bytes() != content


def write(path: Path, content: bytes) -> bool:
    """Replace *path* whole; False when it holds *content* already."""
    if not differs(path, content):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(content)
    aside.replace(path)
    return True


def put(out_dir: Path, files: Iterable[File]) -> list[Path]:
    """Write those of *files* that are not there as they should be; return their paths."""
    return [out_dir / name for name, content in files if write(out_dir / name, content)]


def tidy(out_dir: Path, patterns: Sequence[str], wanted: Collection[str]) -> None:
    """Take away the files that are like *patterns* and are not *wanted* any more."""
    for path in [path for pattern in patterns for path in out_dir.glob(pattern)]:
        if path.is_file() and str(path.relative_to(out_dir)) not in wanted:
            path.unlink()
