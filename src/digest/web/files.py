"""Published files in memory, ready to be sent: as they are, and coded.

A file is read when it is first asked for and again when it has changed, which one `os.stat`
tells.  What a request wants of it is not known here.
"""

import gzip
import os
import stat
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final

import brotli

from digest.web.conditions import Header, http_date

#: Octets from which a file is not kept, but read again for each who wants it.
LARGE: Final = 2_000_000
#: Octets below which coding saves nothing: it is one packet anyway.
SMALL: Final = 800
#: Octets of a large file that are read at once.
PIECE: Final = 262_144
#: What a kept file takes besides its octets, more or less.
_OVERHEAD: Final = 4_000

#: Feed readers ask again after this; a correction is seen as soon.
_FRESH: Final = b"public, max-age=300"
#: A picture's name is a hash of it: under one name it is one picture for ever (RFC 8246).
_FOR_EVER: Final = b"public, max-age=31536000, immutable"

_TEXTS: Final = {
    ".atom": "application/atom+xml",
    ".css": "text/css",
    ".htm": "text/html",
    ".html": "text/html",
    ".json": "application/json",
    ".opml": "text/x-opml",
    ".rss": "application/rss+xml",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".xml": "application/xml",
    ".xsl": "text/xsl",
}
_OTHERS: Final = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".gz": "application/gzip",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_CODERS: Final = {
    # A quality at which a feed takes a millisecond; no time in the header, so that it is the
    # same octets each time, as a strong tag promises.
    "br": partial(brotli.compress, quality=5),
    "gzip": partial(gzip.compress, compresslevel=6, mtime=0),
}

#: Tells one state of a file from another: a replaced one is another inode.
Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Ready:
    """A file in one coding: what a 200 and a 304 say of it, and its octets."""

    etag: bytes
    headers: list[Header]
    brief: list[Header]
    #: Empty for a large file.
    body: bytes
    size: int


@dataclass(slots=True)
class File:
    """A published file in one state."""

    key: Key
    #: Path below the folder, with a slash in front.
    name: str
    digest: str
    #: None for a large one.
    content: bytes | None
    size: int
    #: Seconds since 1970; None where the clock says that it was changed in the future.
    modified: int | None
    #: More headers of its 200.
    more: list[Header]
    #: Octets that it was counted with when it was kept.
    counted: int = 0
    _ready: dict[str, Ready] = field(default_factory=dict)

    @property
    def is_text(self) -> bool:
        """Whether coding makes it smaller: pictures are coded already."""
        return os.path.splitext(self.name)[1] in _TEXTS  # noqa: PTH122 - a thousand times a second

    def ready(self, coding: str) -> Ready | None:
        """In *coding*, if it has been coded already."""
        return self._ready.get(coding)

    def code(self, coding: str) -> Ready:
        """In *coding*: takes a millisecond or two for a page."""
        body = self.content or b""
        etag = f'"{self.digest}"'
        if coding != "identity":
            body = _CODERS[coding](body)
            etag = f'"{self.digest}-{coding}"'
        size = self.size if self.content is None else len(body)
        ready = self._ready[coding] = Ready(
            etag.encode(), *self._headers(coding, etag.encode(), size), body, size
        )
        return ready

    def _headers(self, coding: str, etag: bytes, size: int) -> tuple[list[Header], list[Header]]:
        brief = [(b"etag", etag), (b"cache-control", self._lifetime)]
        if self.is_text:
            brief.append((b"vary", b"Accept-Encoding"))
        if self.modified is not None:
            brief.append((b"last-modified", http_date(self.modified)))
        whole = [
            (b"content-type", media_type(self.name)),
            (b"content-length", str(size).encode()),
            *brief,
            *self.more,
        ]
        if coding != "identity":
            whole.append((b"content-encoding", coding.encode()))
        if not self.is_text:
            whole.append((b"accept-ranges", b"bytes"))
        return whole, brief

    @property
    def _lifetime(self) -> bytes:
        return _FOR_EVER if self.name.startswith("/pictures/") else _FRESH

    @property
    def weight(self) -> int:
        """Octets of memory; plain, it is its content and no copy."""
        coded = sum(len(ready.body) for name, ready in self._ready.items() if name in _CODERS)
        return _OVERHEAD + len(self.content or b"") + coded


def media_type(name: str) -> bytes:
    """Of a file by its name; texts are UTF-8, and JSON among the feeds is a JSON Feed."""
    ending = os.path.splitext(name)[1].lower()  # noqa: PTH122
    if ending == ".json" and name.startswith("/feeds/"):
        return b"application/feed+json; charset=utf-8"
    if ending in _TEXTS:
        return f"{_TEXTS[ending]}; charset=utf-8".encode()
    return _OTHERS.get(ending, "application/octet-stream").encode()


def key_of(state: os.stat_result) -> Key:
    return state.st_mtime_ns, state.st_size, state.st_ino


class Files:
    """The files of one folder, the last used of them in memory.

    Args:
        room: octets of memory that they may take together.
    """

    def __init__(self, folder: Path, *, room: int = 64_000_000) -> None:
        self._folder = str(folder)
        self._room = room
        self._taken = 0
        self._known: OrderedDict[str, File] = OrderedDict()

    def state(self, name: str) -> os.stat_result | None:
        """What the folder says of *name* now; None if it is not there."""
        try:
            return os.stat(self._folder + name)  # noqa: PTH116 - for each request
        except (OSError, ValueError):
            return None

    def kept(self, name: str, state: os.stat_result) -> File | None:
        """The file, if it is in memory and still as *state* says."""
        file = self._known.get(name)
        if file is None or file.key != key_of(state):
            return None
        self._known.move_to_end(name)
        return file

    def open(self, name: str) -> BinaryIO | None:
        """*name* for reading; None if it is not there, or in truth is not of this folder."""
        try:
            real = Path(self._folder + name).resolve(strict=True)
            # ValueError: a link leads out of the folder.
            inside = real.relative_to(Path(self._folder).resolve())
            if any(part.startswith(".") for part in inside.parts):
                return None
            # Without waiting: nobody may ever write to a pipe that lies there.
            handle = os.fdopen(os.open(real, os.O_RDONLY | os.O_NONBLOCK), "rb")
        except (OSError, ValueError, RuntimeError):
            return None
        if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
            handle.close()
            return None
        return handle

    def open_as(self, file: File) -> BinaryIO | None:
        """*file* for reading; None if its name means something else by now."""
        handle = self.open(file.name)
        if handle is not None and key_of(os.fstat(handle.fileno())) != file.key:
            handle.close()
            return None
        return handle

    def read(self, name: str, more: list[Header]) -> File | None:
        """The file as it is now; None as for `open`.

        Args:
            more: headers of its own for each 200.
        """
        handle = self.open(name)
        if handle is None:
            return None
        tag = blake2b(digest_size=12)
        content: bytes | None = None
        with handle:
            # Of what is open, whatever happens to its name meanwhile.
            state = os.fstat(handle.fileno())
            if state.st_size > LARGE:
                while piece := handle.read(PIECE):
                    tag.update(piece)
            else:
                content = handle.read()
                tag.update(content)
        changed = int(state.st_mtime)
        return File(
            key=key_of(state),
            name=name,
            digest=tag.hexdigest(),
            content=content,
            size=state.st_size if content is None else len(content),
            # A Last-Modified in the future would be a lie (RFC 9110 §8.8.2.1).
            modified=changed if changed <= time.time() else None,
            more=more,
        )

    def keep(self, file: File) -> None:
        """Have *file* at hand for the next, in the codings that it has by now."""
        self._forget(file.name)
        file.counted = file.weight
        self._known[file.name] = file
        self._taken += file.counted
        while self._taken > self._room:
            self._forget(next(iter(self._known)))

    def _forget(self, name: str) -> None:
        file = self._known.pop(name, None)
        if file is not None:
            self._taken -= file.counted
