"""What is to be printed again: pages, lists and feeds that do not stand as they should.

It compares what was noted with what would be printed now, and looks which files are there.
`publish` prints, and notes.
"""

import asyncio
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from pathlib import Path

from digest import render
from digest.app import App
from digest.outfolder import is_whole, strangers
from digest.settings import Newsletter
from digest.store import editions, printed
from digest.store import pictures as picture_rows
from digest.store.editions import Record

#: The documents of a channel, by ending.
_ENDINGS = ("rss", "atom", "json")


class Weeks:
    """The public editions of a newsletter by week, and which editions' words each week corrected.

    A week's documents tell what was told in it: the entries of its editions, and older ones that
    its editions corrected.  They change no more (RFC 5005 §4): what is corrected later is in a
    later week's, and of two entries with one id the newer document's counts.

    Args:
        days: edition → its local day.
        tellers: edition → editions that correct something in it, oldest first.
    """

    def __init__(self, days: Mapping[str, date], tellers: Mapping[str, Sequence[str]]) -> None:
        self._week = {id: render.week_name(day) for id, day in days.items()}
        self._tellers = tellers
        self._of: dict[str, set[str]] = {}
        for id, week in self._week.items():
            self._of.setdefault(week, set()).add(id)
        for id, told in tellers.items():
            for teller in told:
                self._of[self._week[teller]].add(id)

    @property
    def newest(self) -> str:
        """The week that is not over, as far as anybody knows; "" before the first edition."""
        return max(self._of, default="")

    @property
    def archived(self) -> list[str]:
        """Those before the newest, oldest first."""
        return sorted(self._of)[:-1]

    def of(self, week: str) -> frozenset[str]:
        """Editions of which something is in the documents of *week*."""
        return frozenset(self._of.get(week, ()))

    def tellers(self, edition_id: str, until: str = "") -> list[str]:
        """Editions that correct something in this one, oldest first; *until* the end of a week."""
        told = self._tellers.get(edition_id, ())
        return [teller for teller in told if not until or self._week[teller] <= until]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The public editions of one newsletter, newest first."""

    newsletter: Newsletter
    records: Sequence[Record]
    channels: Sequence[render.Channel]
    weeks: Weeks
    #: Of all that pages, lists and feeds are made from besides their editions.
    look: str
    #: Edition → what its pages would be made from now.
    prints: Mapping[str, str]
    #: Those whose pages are to be made.
    stale: Sequence[Record]
    #: Archived weeks whose documents are to be made.
    stale_weeks: Collection[str]
    #: The lists and feeds are to be made again, even if no page is.
    outdated: bool


async def shelf_of(
    app: App,
    newsletter: Newsletter,
    records: Sequence[Record],
    channels: Sequence[render.Channel],
    *,
    look: str,
    lost: Collection[str] | None,
    anew: bool,
) -> Shelf:
    """What stands of *newsletter*, and what does not; pages of cancelled editions are taken away.

    Args:
        records: its public editions, newest first.
        look: of all that is made from more than editions.
        lost: names under `out/` that were there and are not; None if nobody knows.
        anew: nothing stands, whatever it was made from.
    """
    async with app.db.read() as conn:
        correcting = await editions.correcting(conn, newsletter.slug)
        stories = await printed.stories_of(conn, newsletter.slug)
        kept = await picture_rows.by_edition(conn, newsletter.slug)
        looks = await editions.printed_looks(conn)
    public = {record.id for record in records}
    # Ids of one newsletter are in the order of their hours.
    told = {id: sorted(by & public - {id}) for id, by in correcting.items() if id in public}
    weeks = Weeks({record.id: record.day for record in records}, told)
    prints: dict[str, str] = {}
    # To these nothing happened since but being corrected.  The weeks that they are in stay, but
    # for that of who corrects them, who is stale too.
    settled: set[str] = set()
    for place, record in enumerate(records):
        newer = records[place - 1].id if place else ""
        older = records[place + 1].id if place + 1 < len(records) else ""
        by, around = weeks.tellers(record.id), (look, record.id, newer, older)
        own = kept.get(record.id, ())
        prints[record.id] = _hash(*around, *by, *own)
        before = (_hash(*around, *by[:number], *own) for number in range(len(by) + 1))
        if not anew and record.printed_as in before:
            settled.add(record.id)

    def stale(record: Record) -> bool:
        pages = app.edition_folder(record.id)
        files = [pages, *(pages / id for id in stories.get(record.id, ()))]
        changed = anew or record.printed_as != prints[record.id]
        return changed or not all(is_whole(page / "index.html") for page in files)

    def compare() -> tuple[list[Record], frozenset[str], bool]:
        # Oldest first: a kill leaves the newest for the next time, with all it links to.
        found = list(filter(stale, reversed(records)))
        lacking = _lacking(app.out_dir, newsletter, channels, weeks, lost)
        others = {record.id for record in found} - settled
        otherwise = {week for week in weeks.archived if weeks.of(week) & others}
        lacks = _lacks(app.out_dir, newsletter, channels, public, lost)
        return found, _with_neighbours(weeks.archived, lacking) | otherwise, lacks or bool(lacking)

    found, stale_weeks, lacks = await asyncio.to_thread(compare)
    return Shelf(
        newsletter=newsletter,
        records=records,
        channels=channels,
        weeks=weeks,
        look=look,
        prints=prints,
        stale=found,
        stale_weeks=stale_weeks,
        outdated=looks.get(newsletter.slug, "") != look or lacks,
    )


def _hash(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def _with_neighbours(archived: Sequence[str], some: Collection[str]) -> frozenset[str]:
    """*some* weeks and those beside them: each names both."""
    found: set[str] = set()
    for place, week in enumerate(archived):
        if week in some:
            found.update(archived[max(0, place - 1) : place + 2])
    return frozenset(found)


def _lacking(
    out: Path,
    newsletter: Newsletter,
    channels: Sequence[render.Channel],
    weeks: Weeks,
    lost: Collection[str] | None,
) -> frozenset[str]:
    """Archived weeks of which a document is lost, or was never made."""
    if lost is None:
        return frozenset(weeks.archived)
    folders = [render.folder(channel) for channel in channels]
    own = [name for name in lost if name.startswith(f"feeds/{newsletter.slug}/")]
    return frozenset(
        week
        for week in weeks.archived
        # Those known to be lost are also second pages, of which only who wrote them knows.
        if any(name.rpartition("/")[2].startswith(week) for name in own)
        or not all(is_whole(out / f"{at}/{week}.{ending}") for at in folders for ending in _ENDINGS)
    )


def _lacks(
    out: Path,
    newsletter: Newsletter,
    channels: Sequence[render.Channel],
    public: Collection[str],
    lost: Collection[str] | None,
) -> bool:
    """Whether a list or feed is lost, or the pages of a cancelled edition are still there."""
    slug = newsletter.slug
    gone = strangers(out / "editions" / slug, {id.partition("@")[2] for id in public})
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    own = (f"editions/{slug}/", f"feeds/{slug}/")
    if gone or lost is None or any(name.startswith(own) for name in lost):
        return True
    feeds = [f"{render.folder(one)}/feed.{ending}" for one in channels for ending in _ENDINGS]
    return not all(is_whole(out / name) for name in [*(f"{at}index.html" for at in own), *feeds])
