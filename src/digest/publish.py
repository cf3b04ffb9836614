"""The verb publish: every public edition as pages and feeds, written as files.

What an edition's pages are made from is noted as a hash beside it: pages that would come out
the same are not made again, so that publishing costs what is new.  Files are replaced whole or
not at all, and left alone when their octets are the same.
"""

import asyncio
from collections.abc import Collection, Coroutine, Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path, PurePath

from digest import announce, pictures, render
from digest.app import App
from digest.collect import Progress, silent
from digest.errors import DigestError
from digest.freezing import is_out
from digest.model import Correction
from digest.model.asked import FOLDING
from digest.outfolder import File, differs, is_whole, lost, note_laid, put, tidy
from digest.prints import (
    as_html,
    card_of,
    line_of,
    lines_of,
    pages_of,
    sections_of,
    signs_of,
)
from digest.reprints import Shelf, shelf_of
from digest.settings import Newsletter
from digest.store import editions, items, printed
from digest.store.editions import Record
from digest.telemetry import log

#: What lies in the output folder, under the data folder: what is lost from it is seen by this.
LAID = "published.json"
#: Stories on one page of a section, and pages of it: older ones are found by year, or searched.
_ON_A_PAGE = 40
_PAGES = 5
#: Editions on a newsletter's own page; the years have all.
_RECENT = 60


async def publish(
    app: App,
    *,
    early: Collection[str] = (),
    anew: bool = False,
    progress: Progress = silent,
) -> list[Path]:
    """Write every public edition, the archive and the feeds to `out/`; return what changed.

    Hubs are noted for telling in the same breath; `announce` tells them.

    Args:
        early: ids of editions that are approved and go out now, although their hour is ahead.
        anew: make all pages again, whatever they were made from.

    What is wrong with one page, or one newsletter, holds up no other.

    Raises:
        RenderError: a template is broken; its pages stay as they were.
        StoreError: the output folder cannot be written, or an edition not read.
    """
    # A slower publisher must not put an older feed over a newer one.
    async with app.db.lease("publish", wait=True):
        return await _Publishing(app, early=early, anew=anew, progress=progress).run()


def look_of(app: App, newsletter: Newsletter) -> str:
    """Of all that is made from more than editions, as a hash: while it holds, pages stand."""
    settings, press = app.settings, app.press
    parts = [
        version("digest-newsroom"),
        # The words that searches find are kept when pages are made.
        f"words {FOLDING}",
        settings.site.model_dump_json(),
        settings.brand.model_dump_json(),
        settings.output.model_dump_json(),
        settings.pictures.show,
        newsletter.model_dump_json(),
        # The front page, the list of feeds and the search name them all.
        *(f"{other.slug} {other.title}" for other in settings.newsletters),
        *(f"{source.id} {source.title}" for source in settings.sources),
        press.logo,
        # Links to where anybody can sign up.
        *sorted(press.sign_up),
        press.templates.fingerprint("pages"),
    ]
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def lost_of(app: App) -> frozenset[str] | None:
    """Files that were published and are gone, by path under `out/`; None if nobody knows."""
    return lost(app.data_dir / LAID, app.out_dir)


class _Publishing:
    """One run of `publish`."""

    def __init__(self, app: App, *, early: Collection[str], anew: bool, progress: Progress) -> None:
        self._app = app
        self._early = early
        self._anew = anew
        self._progress = progress
        self._press = app.press
        self._changed: list[Path] = []
        self._faults: list[DigestError] = []
        #: Under `out/`, since the last time; None: nobody knows.
        self._lost: Collection[str] | None = None

    async def run(self) -> list[Path]:
        self._lost = await asyncio.to_thread(lost_of, self._app)
        shelves = [await self._shelf(newsletter) for newsletter in self._app.settings.newsletters]
        done, total = 0, sum(len(shelf.stale) for shelf in shelves)
        unprinted = set()
        for shelf in shelves:
            for record in shelf.stale:
                if not await self._went_well(record.id, self._print(shelf, record)):
                    unprinted.add(record.id)
                done += 1
                self._progress("publishing", done, total)
        touched = [shelf for shelf in shelves if shelf.stale or shelf.outdated]
        listed = [
            shelf
            for shelf in touched
            if await self._went_well(shelf.newsletter.slug, self._lists_and_feeds(shelf))
        ]
        if touched or self._lost or not is_whole(self._app.out_dir / "index.html"):
            whole = await self._went_well("the front page", self._whole(shelves))
            listed = listed if whole else []
            if not self._faults:
                note, out = self._app.data_dir / LAID, self._app.out_dir
                await asyncio.to_thread(note_laid, note, out)
        # Last: after a kill anywhere before, all that was not finished is done again.
        async with self._app.db.write() as conn:
            for shelf in listed:
                slug = shelf.newsletter.slug
                await editions.meet_newsletters(self._app.db, conn, [slug], now=self._app.now())
                await editions.note_look_printed(conn, slug, shelf.look)
                for record in shelf.stale:
                    if record.id not in unprinted:
                        await editions.note_printed(conn, record.id, shelf.prints[record.id])
        if self._faults:
            raise self._faults[0]
        return self._changed

    async def _went_well(self, what: str, work: Coroutine[None, None, None]) -> bool:
        """Do *work*; what is wrong with it holds up nothing else, and is told at the end."""
        try:
            await work
        except DigestError as error:
            log.error("not published", what=what, reason=str(error))
            self._faults.append(error)
            return False
        return True

    # ------------------------------------------------------------ what is public

    async def _shelf(self, newsletter: Newsletter) -> Shelf:
        async with self._app.db.read() as conn:
            found = await editions.listing(conn, newsletter=newsletter.slug, states=editions.PUBLIC)
        return await shelf_of(
            self._app,
            newsletter,
            [record for record in found if self._is_out(newsletter, record)],
            self._channels(newsletter),
            look=await asyncio.to_thread(look_of, self._app, newsletter),
            lost=self._lost,
            anew=self._anew,
        )

    def _is_out(self, newsletter: Newsletter, record: Record) -> bool:
        return record.id in self._early or is_out(record, newsletter, self._app.now())

    # ---------------------------------------------------------- one edition's pages

    async def _issue(self, shelf: Shelf, record: Record, *, until: str = "") -> render.Issue:
        """An edition with what later ones corrected in it, *until* the end of a week."""
        async with self._app.db.read() as conn:
            edition = await editions.content(conn, record.id)
            told: list[Correction] = []
            for teller in shelf.weeks.tellers(record.id, until):
                corrections = (await editions.content(conn, teller)).corrections
                told += [one for one in corrections if one.edition_id == record.id]
        gallery = await pictures.gallery(self._app, record.id)
        return await asyncio.to_thread(
            render.issue, edition, press=self._press, gallery=gallery, later=told
        )

    async def _print(self, shelf: Shelf, record: Record) -> None:
        """Write the pages of one edition."""
        if record.published_at is None:
            # Before anybody can see it: what has been seen is not given back by a cancel.
            async with self._app.db.write() as conn:
                await editions.stamp(conn, record.id, published_at=self._app.now())
        issue = await self._issue(shelf, record)
        place = shelf.records.index(record)
        newer = shelf.records[place - 1] if place else None
        older = shelf.records[place + 1] if place + 1 < len(shelf.records) else None
        await self._write(
            pages_of(issue, shelf.newsletter, self._press, line_of(older), line_of(newer))
        )
        async with self._app.db.write() as conn:
            # First: one that shows nothing any more has no line to take the place of the old.
            await printed.drop(conn, record.id)
            await printed.keep(self._app.db, conn, list(lines_of(issue)))

    async def _write(self, files: Iterable[File]) -> None:
        self._changed += await asyncio.to_thread(put, self._app.out_dir, files)

    # -------------------------------------------------------------------- lists

    async def _lists_and_feeds(self, shelf: Shelf) -> None:
        await self._lists(shelf)
        await self._feeds(shelf)

    async def _lines(self, shelf: Shelf) -> list[render.Line]:
        async with self._app.db.read() as conn:
            headlines = await printed.headlines(conn, shelf.newsletter.slug)
        return [
            render.Line(
                edition_id=record.id,
                slot_at=record.slot_at,
                headlines=headlines.get(record.id, ()),
            )
            for record in shelf.records
        ]

    async def _front(self, shelf: Shelf) -> render.Front:
        lines = await self._lines(shelf)
        latest = await self._issue(shelf, shelf.records[0]) if shelf.records else None
        return render.Front(
            newsletter=shelf.newsletter, latest=latest, lines=tuple(lines[1:_RECENT])
        )

    async def _lists(self, shelf: Shelf) -> None:
        newsletter, press = shelf.newsletter, self._press
        slug, sections = newsletter.slug, sections_of(newsletter)
        lines = await self._lines(shelf)
        by_year: dict[int, list[render.Line]] = {}
        for line in lines:
            # The edition's day, as its id has it: no zone can move it into another year.
            by_year.setdefault(int(line.edition_id.partition("@")[2][:4]), []).append(line)
        years = sorted(by_year, reverse=True)
        front = await self._front(shelf)
        card = card_of(newsletter)
        own = render.newsletter_page(front, press=press, years=years, sections=sections, card=card)
        files = [(f"editions/{slug}/index.html", own.encode())]
        for year, of_year in by_year.items():
            page = render.year_page(newsletter, year, of_year, press=press, years=years, card=card)
            files.append((f"editions/{slug}/{year}/index.html", page.encode()))
        async with self._app.db.read() as conn:
            before = await printed.sections(conn, slug) - {known for known, _ in sections}
        # Old pages go on leading to sections that have been renamed since.
        gone = [(old, old.replace("-", " ").capitalize()) for old in sorted(before)]
        for section in (*sections, *gone):
            files += await self._section(newsletter, section)
        await self._write(files)
        stale = (f"editions/{slug}/[0-9][0-9][0-9][0-9]/*", f"editions/{slug}/section/**/*.html")
        await self._tidy(stale, {name for name, _ in files})

    async def _tidy(self, patterns: Sequence[str], wanted: Collection[str]) -> None:
        """Take away lists of what is no more: a year, a page of a section, an archived week."""
        await asyncio.to_thread(tidy, self._app.out_dir, patterns, wanted)

    async def _section(self, newsletter: Newsletter, section: tuple[str, str]) -> list[File]:
        most = _ON_A_PAGE * _PAGES
        async with self._app.db.read() as conn:
            total, told = await printed.of_section(conn, newsletter.slug, section[0], limit=most)
        pages = max(1, -(-min(total, most) // _ON_A_PAGE))
        files = []
        for page in range(1, pages + 1):
            html = render.section_page(
                newsletter,
                section,
                told[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE],
                press=self._press,
                page=page,
                pages=pages,
                card=card_of(newsletter),
            )
            further = f"{page}/" if page > 1 else ""
            name = f"editions/{newsletter.slug}/section/{section[0]}/{further}index.html"
            files.append((name, html.encode()))
        return files

    # -------------------------------------------------------------------- feeds

    async def _feeds(self, shelf: Shelf) -> None:
        newsletter, press = shelf.newsletter, self._press
        channels, weeks = shelf.channels, shelf.weeks
        most, newest = self._app.settings.output.feed_editions, weeks.of(weeks.newest)
        wanted = [
            record
            for place, record in enumerate(shelf.records)
            if place < most or record.id in newest
        ]
        issues = [await self._issue(shelf, record) for record in wanted]
        full = await self._full(newsletter, issues)
        made = render.feed_files(
            newsletter,
            channels,
            issues,
            press=press,
            weeks={week: weeks.of(week) for week in weeks.archived},
            full=full,
            sizes=await self._sizes(wanted),
        )
        files = await asyncio.to_thread(list, made)
        page = render.channel_page(newsletter, channels, press=press)
        folder = f"feeds/{newsletter.slug}"
        files.append((f"{folder}/index.html", page.encode()))
        # First: the feed names the newest of them.
        await self._archives(shelf)
        async with announce.changing(self._app, await self._topics(files)):
            await self._write(files)
        await self._tidy((f"{folder}/**/feed-*.json",), {name for name, _ in files})

    async def _archives(self, shelf: Shelf) -> None:
        """One document for each week before the newest, which is not over (RFC 5005)."""
        newsletter, archived = shelf.newsletter, shelf.weeks.archived
        feeds = self._app.out_dir / "feeds" / newsletter.slug
        old = {
            str(path.relative_to(self._app.out_dir))
            for week in archived
            for path in feeds.rglob(f"{week}*")
        }
        await self._tidy((f"feeds/{newsletter.slug}/**/[0-9][0-9][0-9][0-9]-W*",), old)
        for place, week in enumerate(archived):
            if week not in shelf.stale_weeks:
                continue
            told = shelf.weeks.of(week)
            records = [record for record in shelf.records if record.id in told]
            issues = [await self._issue(shelf, record, until=week) for record in records]
            await self._write(
                render.archive_files(
                    newsletter,
                    shelf.channels,
                    week,
                    issues,
                    press=self._press,
                    # Each names the two beside it.
                    older=archived[place - 1] if place else None,
                    newer=archived[place + 1] if place + 1 < len(archived) else None,
                    full=await self._full(newsletter, issues),
                    sizes=await self._sizes(records),
                )
            )

    def _channels(self, newsletter: Newsletter) -> tuple[render.Channel, ...]:
        names = {source.id: source.title for source in self._app.settings.sources}
        return render.channels_of(newsletter, sections=sections_of(newsletter), sources=names)

    async def _sizes(self, records: Iterable[Record]) -> dict[str, int]:
        """Octets of the kept pictures of some editions, by file."""
        galleries = [await pictures.gallery(self._app, record.id) for record in records]
        return {one.file: one.size for gallery in galleries for one in gallery.kept.values()}

    async def _full(self, newsletter: Newsletter, issues: Sequence[render.Issue]) -> dict[str, str]:
        """Safe HTML of the stories' leads, where the newsletter's feeds carry whole texts."""
        if newsletter.feed_text != "full":
            return {}
        stories = [story for issue in issues for story in issue.edition.stories]
        async with self._app.db.read() as conn:
            told = await items.html_of(conn, [story.id for story in stories])
        return {story.id: told.get(story.id) or as_html(story.lead) for story in stories}

    # ---------------------------------------------------------------- the whole

    async def _whole(self, shelves: Sequence[Shelf]) -> None:
        press, links = self._press, self._app.links
        fronts = [await self._front(shelf) for shelf in shelves]
        newsletters = self._app.settings.newsletters
        shelved = [(newsletter, self._channels(newsletter)) for newsletter in newsletters]
        addresses = [one for shelf in shelves for one in await self._addresses(shelf)]
        newest = max((at for _, at in addresses), default=None)
        if newest is not None:
            addresses.append((links.home_url(), newest))
        files: list[File] = [
            (
                "index.html",
                render.front_page(fronts, press=press, card=card_of(newsletters[0])).encode(),
            ),
            ("404.html", render.missing_page(press=press, newsletters=newsletters).encode()),
            ("robots.txt", render.robots(press=press)),
            ("feeds.opml", render.opml(shelved, press=press)),
            ("feeds/index.html", render.every_channel_page(shelved, press=press).encode()),
            *render.sitemap_files(addresses, press=press).items(),
            *render.view_files(press),
        ]
        files += signs_of(newsletters, press)
        await self._write(files)

    async def _addresses(self, shelf: Shelf) -> list[tuple[str, datetime]]:
        """Every page of a newsletter, and when it last changed; the oldest first."""
        links, slug = self._app.links, shelf.newsletter.slug
        async with self._app.db.read() as conn:
            stories = await printed.stories_of(conn, slug)
        found: list[tuple[str, datetime]] = []
        years: dict[int, datetime] = {}
        for record in reversed(shelf.records):
            found += [
                (links.story_url(record.id, id), record.slot_at)
                for id in stories.get(record.id, ())
            ]
            found.append((links.edition_url(record.id), record.slot_at))
            years[record.day.year] = record.slot_at
        found += [(links.year_url(slug, year), at) for year, at in years.items()]
        if shelf.records:
            newest = shelf.records[0].slot_at
            found += [
                (links.section_url(slug, section), newest)
                for section, _ in sections_of(shelf.newsletter)
            ]
            found.append((links.newsletter_url(slug), newest))
        return found

    async def _topics(self, files: Sequence[File]) -> list[str]:
        """The addresses of the feeds among *files* that are about to change."""
        if not self._app.settings.output.hubs:
            return []
        out = self._app.out_dir
        return [
            f"{self._app.links.base_url}/{name}"
            for name, content in files
            if PurePath(name).stem == "feed"
            and await asyncio.to_thread(differs, out / name, content)
        ]
