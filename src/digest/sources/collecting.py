"""One source, visited and read: where the loud half of collecting meets the readers.

Behind the door: the kinds of source, each fetched in its own way, and read in other processes.
Not behind it: when to visit, and what is remembered: the verb `collect` decides and keeps that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from digest.errors import Fault, FetchError, ParseError, SourceError
from digest.model import Document, FeedManners
from digest.reading import Hints, read_document, read_feed, read_mail, read_page
from digest.reading.beside import Beside, with_own_picture
from digest.settings import Source
from digest.sources.folder import picture_names, read_folder
from digest.sources.following import complete, follow, follow_again
from digest.sources.giveup import keys_done
from digest.sources.http import Http, Response, Validators
from digest.sources.kinds import kind_of_package
from digest.sources.mailbox import read_mailbox
from digest.sources.readers import Readers

#: Octets that are handed to a reader process at once.
_BUNDLE_BYTES: Final = 2_000_000
_BUNDLE_FILES: Final = 32


async def all_unread(keys: Sequence[str]) -> frozenset[str]:
    """Nothing is remembered: for a look that leaves no trace."""
    return frozenset(keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is remembered of a source when it is visited again."""

    #: What the last answer was, for a conditional request.
    validators: Validators | None = None
    #: Of the last body: the same again is as good as "not modified".
    fingerprint: str | None = None
    #: What the source's kind asked to be kept.
    cursor: str | None = None
    #: It was never visited with success.
    first: bool = False
    #: Asked instead of the source's own.
    address: str | None = None
    #: What stands at the address may be a site's page: its feed is looked for.
    discover: bool = False
    #: The time of the visit; without it nothing is read a second time for corrections.
    now: datetime | None = None
    #: Of a mailbox.
    password: str | None = None
    #: Of these keys, those that no earlier visit was done with.
    unread: Callable[[Sequence[str]], Awaitable[frozenset[str]]] = all_unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What one visit to a source brought."""

    documents: tuple[Document, ...] = ()
    #: What could not be used, "name: why"; the others are in *documents*.
    faults: tuple[SourceError, ...] = ()
    #: For the next visit.
    validators: Validators | None = None
    fingerprint: str | None = None
    cursor: str | None = None
    #: Keys that need not be read again, once what was read is kept.
    done: tuple[str, ...] = ()
    #: Nothing has changed since the last visit; *documents* is empty.
    not_modified: bool = False
    status: int | None = None
    #: Seconds for which the server calls its answer fresh.
    fresh_s: float | None = None
    #: Where the address has moved for good, as this answer says.
    moved_to: str | None = None
    #: The source's address is a site's; its feed is here.
    found_at: str | None = None
    #: Of a feed; None when it was not read this time.
    manners: FeedManners | None = None


async def fetch(
    source: Source, http: Http, readers: Readers, *, base: Path, known: Known = Known()
) -> Fetched:
    """Visit *source* and read what is there.

    Args:
        base: folder that the source's path is relative to.

    Raises:
        FetchError: the source cannot be reached; what to do stands in it.
        ParseError: a feed or page that is none.
    """
    match source.kind:
        case "folder":
            return await _folder(source, readers, http.max_bytes, base=base, known=known)
        case "mailbox":
            return await _mailbox(source, readers, http.max_bytes, base=base, known=known)
        case "push":
            # Its items come by themselves.
            return Fetched(not_modified=True)
        case "feed" | "page" if source.url is not None:
            return await _web(source, http, readers, known=known)
        case "feed" | "page":
            return await _file(source, readers, http.max_bytes, base=base, known=known)
        case _:
            visit = kind_of_package(source.kind)
            return await visit(source, http, readers, base=base, known=known)


def _hints(source: Source, answer: Response | None = None) -> Hints:
    return Hints(
        url=answer.url if answer else None,
        content_type=answer.content_type if answer else None,
        language=source.language,
        timezone=source.timezone,
    )


# --------------------------------------------------------------------- the web


async def _web(source: Source, http: Http, readers: Readers, *, known: Known) -> Fetched:
    address = known.address or source.url or ""
    is_feed = source.kind == "feed"
    answer = await http.get(
        address,
        validators=known.validators,
        source_id=source.id,
        robots=not is_feed,
        delta=is_feed,
    )
    common = Fetched(
        validators=answer.validators,
        fingerprint=answer.fingerprint or known.fingerprint,
        status=answer.status,
        fresh_s=answer.fresh_s,
        moved_to=answer.moved_to,
    )
    if answer.not_modified or (answer.fingerprint and answer.fingerprint == known.fingerprint):
        common = replace(common, not_modified=True)
        if not source.follow:
            return common
        again = await follow_again(source, http, readers, known=known)
        return replace(
            common,
            documents=again.documents,
            cursor=again.cursor,
            not_modified=not again.documents,
        )
    if source.follow:
        links = await follow(source, answer, http, readers, known=known)
        kept = common if links.complete else replace(common, validators=None, fingerprint=None)
        return replace(
            kept,
            documents=links.documents,
            faults=links.faults,
            done=links.done,
            cursor=links.cursor,
        )
    if not is_feed:
        page = await _read(source, readers, read_page, answer)
        return replace(common, documents=(page,))
    return await _feed(source, http, readers, answer, common, known=known)


async def _feed(
    source: Source,
    http: Http,
    readers: Readers,
    answer: Response,
    common: Fetched,
    *,
    known: Known,
) -> Fetched:
    try:
        document = await _read(source, readers, read_feed, answer)
    except ParseError as error:
        if error.fault is not Fault.NOT_A_FEED or not known.discover:
            raise
        # Somebody gave the site's address: its feed is looked for, once.
        from digest.sources.discover import discover

        found = await discover(answer.url, http, readers)
        if found.kind != "feed" or found.url == answer.url:
            raise
        answer = await http.get(found.url, source_id=source.id, delta=True)
        document = await _read(source, readers, read_feed, answer)
        common = Fetched(
            validators=answer.validators,
            fingerprint=answer.fingerprint,
            status=answer.status,
            fresh_s=answer.fresh_s,
            found_at=found.url,
        )
    manners = document.manners
    if "hub" in answer.links:
        # The header outranks the document (WebSub 4).
        topic = answer.links.get("self", manners.topic or answer.url)
        manners = replace(manners, hub=answer.links["hub"], topic=topic)
    common = replace(common, documents=(document,), manners=manners)
    if not source.full_text:
        return common
    texts = await complete(source, document, http, readers, known=known)
    kept = common if texts.complete else replace(common, validators=None, fingerprint=None)
    return replace(kept, documents=texts.documents, faults=texts.faults, done=texts.done)


async def fetch_older(source: Source, url: str, http: Http, readers: Readers) -> Document:
    """The document before another of a paged or archived feed (RFC 5005).

    Raises:
        FetchError: it cannot be reached.
        ParseError: it is no feed.
    """
    answer = await http.get(url, source_id=source.id)
    return await _read(source, readers, read_feed, answer)


async def _read(
    source: Source,
    readers: Readers,
    reader: Callable[[bytes, Hints], Document],
    answer: Response,
) -> Document:
    try:
        return await readers.run(reader, answer.body, _hints(source, answer))
    except ParseError as error:
        # The host alone: an address may hold a password or a key.
        where = urlsplit(answer.url).hostname
        raise ParseError(source.id, f"{where} {error}", fault=error.fault) from error


# ------------------------------------------------------------- files and folders


def content_key(data: bytes) -> str:
    """What a file is remembered by: not its name, its words."""
    return blake2b(data, digest_size=16).hexdigest()


async def _file(
    source: Source, readers: Readers, max_bytes: int, *, base: Path, known: Known
) -> Fetched:
    if source.path is None:
        raise FetchError(
            source.id,
            f"a source of kind {source.kind} needs a url; add it",
            temporary=False,
            fault=Fault.NO_ACCESS,
        )
    path = base / source.path
    if path.is_dir():
        raise FetchError(
            source.id,
            f"{path} is a folder; name one file, or use kind = folder",
            temporary=False,
            fault=Fault.NO_ACCESS,
        )
    ((name, data),) = await asyncio.to_thread(
        lambda: list(read_folder(path, max_bytes=max_bytes, source_id=source.id))
    )
    if isinstance(data, SourceError):
        raise type(data)(source.id, f"{name} {data}", fault=data.fault) from data
    fingerprint = content_key(data)
    if fingerprint == known.fingerprint:
        return Fetched(not_modified=True, fingerprint=fingerprint)
    reader = read_feed if source.kind == "feed" else read_page
    try:
        document = await readers.run(reader, data, _hints(source))
    except ParseError as error:
        raise ParseError(source.id, f"{source.path} {error}", fault=error.fault) from error
    return Fetched(documents=(document,), fingerprint=fingerprint)


async def _folder(
    source: Source, readers: Readers, max_bytes: int, *, base: Path, known: Known
) -> Fetched:
    if source.path is None:
        raise FetchError(
            source.id,
            "a source of kind folder needs a path; add it",
            temporary=False,
            fault=Fault.NO_ACCESS,
        )
    look = partial(read_folder, base / source.path, max_bytes=max_bytes, source_id=source.id)
    keys, faults = await asyncio.to_thread(_keys, look())
    unread = await known.unread(list(keys.values()))
    new = {name for name, key in keys.items() if key in unread}
    documents, done = [], []
    hints = _hints(source)
    if new:
        names = await asyncio.to_thread(picture_names, base / source.path)
        hints = replace(hints, beside=Beside(source_id=source.id, names=names) if names else None)
    # Read again, and only as it is needed: all of it at once could be gigabytes.
    bundles = _bundles(_readable(look(only=new), faults)) if new else iter(())
    while bundle := await asyncio.to_thread(next, bundles, None):
        for (name, data), document in zip(
            bundle, await _read_bundle(readers, bundle, hints), strict=True
        ):
            if document.kind == "unreadable":
                faults.append(ParseError(source.id, f"{name}: {' '.join(document.problems)}"))
            else:
                documents.append(document)
                done.append(content_key(data))
    return Fetched(
        documents=tuple(documents),
        faults=tuple(sorted(faults, key=str)),
        done=tuple(done),
        not_modified=not new and not faults,
    )


def _keys(
    found: Iterable[tuple[str, bytes | SourceError]],
) -> tuple[dict[str, str], list[SourceError]]:
    """Keys of files by their names, and what is wrong with the others; no octets are kept."""
    faults: list[SourceError] = []
    return {name: content_key(data) for name, data in _readable(found, faults)}, faults


def _readable(
    found: Iterable[tuple[str, bytes | SourceError]], faults: list[SourceError]
) -> Iterator[tuple[str, bytes]]:
    """Those of *found* that could be read; of the others *faults* is told."""
    for name, data in found:
        if isinstance(data, SourceError):
            faults.append(type(data)(data.source_id, f"{name} {data}", fault=data.fault))
        else:
            yield name, data


def _bundles(files: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    bundle: list[tuple[str, bytes]] = []
    size = 0
    for name, data in files:
        if bundle and (len(bundle) >= _BUNDLE_FILES or size + len(data) > _BUNDLE_BYTES):
            yield bundle
            bundle, size = [], 0
        bundle.append((name, data))
        size += len(data)
    if bundle:
        yield bundle


def read_bundle(files: Sequence[tuple[str, bytes]], hints: Hints) -> list[Document]:
    """Several documents in one journey to a reader process."""
    return [_read_one(name, data, hints) for name, data in files]


def _read_one(name: str, data: bytes, hints: Hints) -> Document:
    if hints.beside is None:
        return read_document(name, data, hints)
    beside = replace(hints.beside, document=name)
    return with_own_picture(read_document(name, data, replace(hints, beside=beside)), beside)


async def _read_bundle(
    readers: Readers, files: Sequence[tuple[str, bytes]], hints: Hints
) -> list[Document]:
    try:
        return await readers.run(read_bundle, files, hints)
    except ParseError as error:
        if len(files) == 1:
            problem = f"It {error}."
            return [Document(name=files[0][0], kind="unreadable", problems=(problem,))]
    # One of them stopped the reader: each goes alone, and only that one is given up.
    return [document for file in files for document in await _read_bundle(readers, [file], hints)]


# -------------------------------------------------------------------- mailboxes


async def _mailbox(
    source: Source, readers: Readers, max_bytes: int, *, base: Path, known: Known
) -> Fetched:
    box = await read_mailbox(
        source,
        base=base,
        password=known.password,
        cursor=known.cursor,
        unread=known.unread,
        max_bytes=max_bytes,
    )
    documents: list[Document] = []
    faults, done = list(box.faults), list(box.done)
    cursor, held_back = box.cursor, False
    for key, data in box.messages:
        try:
            documents.append(await readers.run(read_mail, data, _hints(source)))
        except ParseError as error:
            faults.append(ParseError(source.id, f"{key}: the mail {error}", fault=error.fault))
            settled = await keys_done(error, key, unread=known.unread)
            if key not in settled and not held_back:
                cursor, held_back = box.before.get(key, box.cursor), True
            done.extend(settled)
        else:
            done.append(key)
    return Fetched(
        documents=tuple(documents),
        faults=tuple(faults),
        cursor=cursor,
        done=tuple(done),
        not_modified=not box.messages and not faults,
    )
