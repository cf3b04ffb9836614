"""The verb of pictures: what an edition's stories show is fetched, remade and hosted here.

A reader of a hosted picture tells its publisher nothing.  One that cannot be had is noted with
its reason and left out; it never holds up an edition.  Where files lie is `hosted`'s, what a
picture is made into is `reading.picture`'s.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from digest import hosted, render, store
from digest.app import App
from digest.errors import Fault, ParseError, SourceError
from digest.model import Edition, KeptPicture
from digest.reading.beside import SCHEME
from digest.settings import Source
from digest.store import pictures
from digest.store.pictures import Noted
from digest.telemetry import log

#: What is being done, how many of it are done, and how many there are.
Progress = Callable[[str, int, int], None]

#: Octets of one picture as its publisher has it.
MOST_BYTES: Final = 15_000_000
#: A picture that another edition has is taken from there; publishers change theirs in place.
_GOOD_FOR: Final = timedelta(days=2)
#: One that was not to be had is asked for again after this, and not at each composing.
_AGAIN_AFTER: Final = timedelta(minutes=10)
#: What no edition names any more is kept so long: a draft may be about to.
_SWEPT_AFTER: Final = timedelta(days=1)
#: Names that `hosted.name_of` gives, and what a killed process leaves beside them.  Logos and
#: cards are no edition's: mails of all years show them.
_SWEEPABLE: Final = re.compile(r"\.?[0-9a-f]{16}\.(?:jpg|png)(?:\.\d+)?")


#: Fetched and remade at the same time; each may have `MOST_BYTES`.
_AT_ONCE = 8


def silent(what: str, done: int, total: int) -> None:
    """Nobody is watching."""


# ------------------------------------------------------------------------------ fetching


async def fetch_pictures(
    app: App,
    edition: Edition,
    *,
    sources: Sequence[Source] = (),
    progress: Progress = silent,
) -> None:
    """Have the pictures of *edition*'s stories hosted, as far as [pictures] wants and time allows.

    What is kept is not fetched again, and what failed not at once.  Pictures are asked for as a
    reader's mail program would, one request for each that a publisher's own article names, so
    robots.txt, which is for those who follow links, is not asked.  Safe to run twice, at once,
    or again after a kill.

    Args:
        sources: named by hand for this edition: pictures may lie in their folders, too.
    """
    wanted = _wanted(edition, app.settings.pictures.show)
    # Two at once would fetch everything twice.
    async with app.db.lease(f"pictures:{edition.id}", wait=True):
        missing = await _missing(app, edition.id, wanted)
        if not missing:
            return
        folders = await _folders(app, missing, sources)
        late = dict.fromkeys(missing)
        counts = {"kept": 0, "failed": 0}
        with suppress(TimeoutError):
            async with (
                asyncio.timeout(app.settings.pictures.patience_s),
                aclosing(_each(app, missing, folders)) as found,
            ):
                async for noted in found:
                    await _note(app, edition.id, [noted])
                    late.pop(noted.source_url)
                    counts["kept" if noted.kept else "failed"] += 1
                    progress("fetching pictures", len(missing) - len(late), len(missing))
        patience_s = app.settings.pictures.patience_s
        words = f"was not here within {patience_s:g} s; raise patience_s in [pictures], or wait"
        await _note(
            app, edition.id, [Noted(source_url=url, fault=words, at=app.now()) for url in late]
        )
        log.info("pictures fetched", edition=edition.id, late=len(late), **counts)


def _wanted(edition: Edition, show: str) -> list[str]:
    """Addresses of the pictures to host, in the order of the edition: the top story's first."""
    images = (story.lead.image for story in edition.stories)
    found = dict.fromkeys(image.url for image in images if image is not None and image.url)
    if show == "none":
        return []
    # What lies in a folder has no publisher who could show it.
    return [url for url in found if show != "remote" or url.startswith(SCHEME)]


async def _missing(app: App, edition_id: str, wanted: Collection[str]) -> list[str]:
    """Those of *wanted* to fetch now; what other editions have of them is noted for this one."""
    async with app.db.read() as conn:
        noted = await pictures.of_edition(conn, edition_id)
        elsewhere = await pictures.known(conn, wanted, since=app.now() - _GOOD_FOR)
    if not noted.keys() <= set(wanted):
        # Of a story that an editor took out, the picture goes too.
        async with app.db.write() as conn:
            await pictures.keep_only(conn, edition_id, wanted)
    missing: list[str] = []
    reused: list[Noted] = []
    for url in wanted:
        mine, other = noted.get(url), elsewhere.get(url)
        if mine is not None and await _stands(app, mine):
            continue
        if other is not None and _fits(app, other) and await _stands(app, other):
            reused.append(other)
        else:
            missing.append(url)
    await _note(app, edition_id, reused)
    return missing


async def _stands(app: App, noted: Noted) -> bool:
    """Whether nothing is to be done about a picture for now."""
    if noted.kept is None:
        return app.now() - noted.at < _AGAIN_AFTER
    return bool(await asyncio.to_thread(_those_there, app, {noted.source_url: noted.kept}))


def _fits(app: App, noted: Noted) -> bool:
    """Whether another edition's picture may be this one's."""
    # A file of ours costs nothing to read again, and people change those without renaming them.
    if noted.kept is None or noted.source_url.startswith(SCHEME):
        return False
    return noted.kept.width <= app.settings.pictures.max_width


async def _note(app: App, edition_id: str, rows: Sequence[Noted]) -> None:
    if rows:
        async with app.db.write() as conn:
            await pictures.note(app.db, conn, edition_id, rows)


async def _folders(app: App, urls: Sequence[str], by_hand: Sequence[Source]) -> dict[str, Path]:
    """Where the pictures in folders lie, by source: of config.toml, added by command, by hand."""
    known = {source.id: source for source in (*by_hand, *app.settings.sources)}
    wanted = {_parted(url)[0] for url in urls if url.startswith(SCHEME)}
    for source_id in sorted(wanted - known.keys()):
        async with app.db.read() as conn:
            record = await store.sources.find(conn, source_id)
        # One of another Digest cannot be read; the visit says so.
        with suppress(ValidationError):
            if record is not None and record.declared:
                known[source_id] = Source.model_validate_json(record.declared)
    return {
        source_id: app.loaded.resolve(source.path)
        for source_id in wanted & known.keys()
        if (source := known[source_id]).kind == "folder" and source.path is not None
    }


def _parted(url: str) -> tuple[str, str]:
    """Source and name of a picture in a folder."""
    source_id, _, name = url.removeprefix(SCHEME).partition("/")
    return source_id, name


async def _each(
    app: App, urls: Sequence[str], folders: Mapping[str, Path]
) -> AsyncGenerator[Noted]:
    """What came of each of *urls*, as it comes; whoever stops listening stops the others."""
    # What they fetched is in memory until it is remade: sources choose how many there are.
    gate = asyncio.Semaphore(_AT_ONCE)

    async def in_turn(url: str) -> Noted:
        async with gate:
            return await _one(app, url, folders)

    tasks = [asyncio.create_task(in_turn(url)) for url in urls]
    try:
        for task in asyncio.as_completed(tasks):
            yield await task
    finally:
        for begun in tasks:
            begun.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _one(app: App, url: str, folders: Mapping[str, Path]) -> Noted:
    # With it comes Pillow, which nobody else in this file needs: whoever sends asks where they are.
    from digest.reading.picture import remake

    looks = app.settings.pictures
    try:
        octets = await _octets(app, url, folders)
        made = await app.readers.run(
            remake, octets, max_width=looks.max_width, quality=looks.quality
        )
        name = hosted.name_of(made.data, made.ending)
        # Kept with the data, shown from the output folder, which may be thrown away.
        for folder in (app.data_dir, app.out_dir):
            await asyncio.to_thread(hosted.keep_file, folder, name, made.data)
    except SourceError as error:
        return Noted(source_url=url, fault=str(error), at=app.now())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        fault = f"cannot be written to {error.filename or app.data_dir} ({reason})"
        return Noted(source_url=url, fault=fault, at=app.now())
    kept = KeptPicture(
        source_url=url,
        file=name,
        media_type=made.media_type,
        width=made.width,
        height=made.height,
        size=len(made.data),
    )
    return Noted(source_url=url, kept=kept, at=app.now())


async def _octets(app: App, url: str, folders: Mapping[str, Path]) -> bytes:
    """The picture at *url*, as it is there.

    Raises:
        SourceError: it is not to be had.
    """
    try:
        return await _fetched(app, url, folders)
    except SourceError as error:
        if error.fault is not Fault.TOO_BIG:
            raise
        # The words are about a document's limit: raising that would not help.
        text = f"is larger than {MOST_BYTES // 1_000_000} MB"
        raise ParseError(error.source_id, text, fault=error.fault) from error


async def _fetched(app: App, url: str, folders: Mapping[str, Path]) -> bytes:
    # Of the readers of sources, which are loaded with the first visit.
    from digest.sources.folder import read_picture
    from digest.sources.http import PICTURES

    if not url.startswith(SCHEME):
        return (await app.http.get(url, accept=PICTURES, most=MOST_BYTES)).body
    source_id, name = _parted(url)
    folder = folders.get(source_id)
    if folder is None:
        raise ParseError(source_id, f"lies in a folder that no source named {source_id} reads now")
    return await asyncio.to_thread(
        read_picture, folder, name, max_bytes=MOST_BYTES, source_id=source_id
    )


# ------------------------------------------------------------------------------- showing


async def gallery(app: App, edition_id: str) -> render.Gallery:
    """Where the pictures of an edition are; whoever lays out a mail says that it is one.

    A picture whose file is gone is left out until it is fetched again.
    """
    show = app.settings.pictures.show
    if show == "none":
        return render.Gallery(show=show)
    async with app.db.read() as conn:
        kept = await pictures.kept(conn, edition_id)
    there = await asyncio.to_thread(_those_there, app, kept)
    return render.Gallery(show=show, kept=there)


def _those_there(app: App, kept: Mapping[str, KeptPicture]) -> dict[str, KeptPicture]:
    return {
        url: picture
        for url, picture in kept.items()
        if hosted.bring_back(app.data_dir, app.out_dir, picture.file, picture.size)
    }


# ------------------------------------------------------------------------------ sweeping


async def sweep_pictures(app: App) -> int:
    """Remove the files that no edition names and that are over a day old; return how many."""
    async with app.db.read() as conn:
        named = await pictures.files(conn)
    before = app.now() - _SWEPT_AFTER
    swept = 0
    for folder in (app.data_dir, app.out_dir):
        swept += await asyncio.to_thread(_sweep, folder / hosted.FOLDER, named, before)
    if swept:
        log.info("pictures swept", files=swept)
    return swept


def _sweep(folder: Path, named: Collection[str], before: datetime) -> int:
    swept = 0
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name in named or not _SWEEPABLE.fullmatch(path.name):
            continue
        # Somebody else may have swept it already.
        with suppress(OSError):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
                swept += 1
    return swept
