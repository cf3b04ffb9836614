"""Files that are shown beside the pages: pictures of stories, and the logo.

They lie under ``pictures/`` of the output folder and, those of stories, of the data too, each
under a name that is a hash, so that a mail of years ago still finds its own.  Files only: what
is shown, and whose it is, is known elsewhere.
"""

import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

from digest.errors import ConfigError, ParseError
from digest.outfolder import replace

FOLDER: Final = "pictures"
#: Octets of a logo as it is given.
_LARGEST_LOGO: Final = 5_000_000
#: Raised when the same octets are to be remade otherwise.
_RECIPE: Final = b"logo 1"
#: Pixels of a logo as shown; screens of two dots per pixel have twice as many.
_LOGO_BOX: Final = (240, 80)
_DENSITY: Final = 2
#: Of a PNG: its first chunk tells width and height (PNG, 11.2.2).
_HEAD_BYTES: Final = 24


def name_of(octets: bytes, ending: str) -> str:
    """What a picture of these octets is called."""
    return f"{blake2b(octets, digest_size=8).hexdigest()}.{ending}"


def keep_file(out_dir: Path, name: str, octets: bytes) -> None:
    """Have the picture *name* under *out_dir*, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    path = out_dir / FOLDER / name
    if path.exists() and path.read_bytes() == octets:
        # Wanted again: nobody sweeps it away as old.
        os.utime(path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, octets)


def is_there(out_dir: Path, name: str, size: int) -> bool:
    """Whether the picture *name* is kept, with all its octets."""
    try:
        return (out_dir / FOLDER / name).stat().st_size == size
    except OSError:
        return False


def bring_back(data_dir: Path, out_dir: Path, name: str, size: int) -> bool:
    """Whether the picture *name* can be shown; from the data when the output folder has lost it."""
    if is_there(out_dir, name, size):
        return True
    if not is_there(data_dir, name, size):
        return False
    try:
        keep_file(out_dir, name, (data_dir / FOLDER / name).read_bytes())
    except OSError:
        return False
    return True


def read_files(out_dir: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Octets of those of *names* that are there."""
    found = {}
    for name in names:
        with suppress(FileNotFoundError):
            found[name] = (out_dir / FOLDER / name).read_bytes()
    return found


def brand_logo(path: Path, out_dir: Path) -> tuple[str, tuple[int, int]]:
    """Host the logo at *path*; return its name under ``pictures/`` and its size as shown.

    It is made once for dense screens, 480 x 160 pixels at most, and shown at half of that.

    Raises:
        ConfigError: *path* is no picture that can be read, or the copy cannot be written.
    """
    try:
        # The operator's own file; a film under the name of a logo is not read to its end.
        with path.open("rb") as file:
            given = file.read(_LARGEST_LOGO + 1)
    except OSError as error:
        raise _unusable(f"{path} cannot be read ({_reason(error)})") from error
    if len(given) > _LARGEST_LOGO:
        raise _unusable(f"{path} is larger than {_LARGEST_LOGO // 1_000_000} MB")
    # Named after what was given, so that a command need not unpack it to know its name.
    fingerprint = blake2b(given, digest_size=8, person=_RECIPE).hexdigest()
    name = f"logo-{fingerprint}.png"
    hosted = out_dir / FOLDER / name
    try:
        head = _head(hosted)
        if len(head) < _HEAD_BYTES:
            # Libraries for pictures take a while to load; most commands find the logo made.
            from digest.reading.picture import remake_logo

            box = (_LOGO_BOX[0] * _DENSITY, _LOGO_BOX[1] * _DENSITY)
            keep_file(out_dir, name, remake_logo(given, box=box).data)
            head = _head(hosted)
    except ParseError as error:
        raise _unusable(f"{path} {error}") from error
    except OSError as error:
        raise _unusable(f"{hosted} cannot be written ({_reason(error)})") from error
    width, height = struct.unpack(">II", head[16:_HEAD_BYTES])
    scale = min(1.0, _LOGO_BOX[0] / width, _LOGO_BOX[1] / height)
    return name, (max(1, round(width * scale)), max(1, round(height * scale)))


def _head(path: Path) -> bytes:
    """The first octets of a file; none if it is not there."""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except FileNotFoundError:
        return b""


def _unusable(text: str) -> ConfigError:
    return ConfigError([f"brand.logo: {text}; give a PNG, JPEG or GIF, or take the line out"])


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
