"""One source, fetched and read: where the loud half of the room meets the pure one."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from digest.errors import FetchError, ParseError, SourceError
from digest.model import Document
from digest.settings import Source
from digest.sources.document import read_document
from digest.sources.feed import read_feed
from digest.sources.folder import read_folder
from digest.sources.hints import Hints
from digest.sources.http import Http, Validators
from digest.sources.page import read_page

_Reader = Callable[[bytes, Hints], Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What one visit to a source brought."""

    documents: tuple[Document, ...] = ()
    #: Documents of a folder that could not be used, by name; the others are in *documents*.
    faults: tuple[SourceError, ...] = ()
    #: For the next visit.
    validators: Validators | None = None
    #: Nothing has changed since the last visit; *documents* is empty.
    not_modified: bool = False


async def fetch(
    source: Source, http: Http, *, base: Path, validators: Validators | None = None
) -> Fetched:
    """Visit *source* and read what is there, in a thread: parsing is work.

    Args:
        base: folder that the source's path is relative to.
        validators: what the last visit returned.

    Raises:
        FetchError: the source cannot be reached; what to do stands in it.
        ParseError: a feed or page that is none.
    """
    if source.kind == "folder":
        if source.path is None:
            raise _without(source, "path")
        return await asyncio.to_thread(
            _read_folder, source, base / source.path, max_bytes=http.max_bytes
        )
    if source.url is not None:
        answer = await http.get(source.url, validators=validators, source_id=source.id)
        if answer.not_modified:
            return Fetched(validators=answer.validators, not_modified=True)
        hints = Hints(
            url=answer.url,
            content_type=answer.content_type,
            language=source.language,
            timezone=source.timezone,
        )
        document = await asyncio.to_thread(_read_one, source, answer.body, hints)
        return Fetched(documents=(document,), validators=answer.validators)
    if source.path is None:
        raise _without(source, "url")
    return await asyncio.to_thread(_read_file, source, base / source.path, max_bytes=http.max_bytes)


def _without(source: Source, key: str) -> FetchError:
    return FetchError(
        source.id, f"a source of kind {source.kind} needs a {key}; add it", temporary=False
    )


def _read_one(source: Source, data: bytes, hints: Hints) -> Document:
    reader: _Reader = read_feed if source.kind == "feed" else read_page
    try:
        return reader(data, hints)
    except ParseError as error:
        # The host alone: an address may hold a password or a key.
        where = urlsplit(hints.url).hostname if hints.url else source.path
        raise ParseError(source.id, f"{where} {error}") from error


def _read_file(source: Source, path: Path, *, max_bytes: int) -> Fetched:
    if path.is_dir():
        raise FetchError(
            source.id, f"{path} is a folder; name one file, or use kind = folder", temporary=False
        )
    ((name, data),) = read_folder(path, max_bytes=max_bytes, source_id=source.id)
    if isinstance(data, SourceError):
        raise type(data)(source.id, f"{name} {data}") from data
    hints = Hints(language=source.language, timezone=source.timezone)
    return Fetched(documents=(_read_one(source, data, hints),))


def _read_folder(source: Source, path: Path, *, max_bytes: int) -> Fetched:
    documents: list[Document] = []
    faults: list[SourceError] = []
    hints = Hints(language=source.language, timezone=source.timezone)
    for name, data in read_folder(path, max_bytes=max_bytes, source_id=source.id):
        if isinstance(data, SourceError):
            faults.append(type(data)(source.id, f"{name} {data}"))
            continue
        document = read_document(name, data, hints)
        if document.kind == "unreadable":
            faults.append(ParseError(source.id, f"{name}: {' '.join(document.problems)}"))
        else:
            documents.append(document)
    return Fetched(documents=tuple(documents), faults=tuple(faults))
