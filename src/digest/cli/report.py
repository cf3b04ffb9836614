"""The short table that ends a run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from digest import deliver, pausing
from digest import missing as reaching
from digest.app import App, relays_of
from digest.cli import show
from digest.missing import Group, Why
from digest.model import Counts, Edition, EditionState
from digest.shelf import Visit
from digest.store import editions, journal, subscribers
from digest.store.editions import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a run has to say of itself."""

    record: Record
    #: None for an edition without content: skipped or held.
    edition: Edition | None
    #: It had been sent before this run.
    already: bool
    visits: Sequence[Visit]
    counts: Counts
    #: Whom it did not reach, and why.
    troubles: Sequence[tuple[str, str]]
    #: The same by what was said of them.
    groups: Sequence[Group]
    #: Why nothing more leaves now; "" where nothing is known.
    held_up: str
    #: Active subscribers of the newsletter.
    readers: int
    #: When the first deferred delivery may be tried again.
    next_try: datetime | None
    #: What to look at → where it is.
    where: dict[str, str | None]


async def look_back(
    app: App,
    edition_id: str,
    before: Record | None,
    visits: Sequence[Visit],
) -> Told:
    """Read what became of a run."""
    async with app.db.read() as conn:
        record = await editions.get(conn, edition_id)
        edition = None
        if record.state not in (EditionState.SKIPPED, EditionState.HELD):
            edition = await editions.content(conn, edition_id)
        readers = (await subscribers.count(conn, record.newsletter)).get("active", 0)
        next_try = await journal.next_due(conn, edition_id)
    page = app.edition_folder(edition_id) / "index.html"
    feeds = app.out_dir / "feeds" / record.newsletter
    counts = await deliver.stands(app, edition_id)
    return Told(
        record=record,
        edition=edition,
        already=before is not None and before.state is EditionState.SENT,
        visits=visits,
        counts=counts,
        troubles=await deliver.listing(app, edition_id),
        groups=await reaching.troubles(app, edition_id),
        held_up=await pausing.held_up(app, record, pending=counts.pending),
        readers=readers,
        next_try=next_try,
        where={
            "page": str(page) if page.exists() else None,
            "feeds": str(feeds) if feeds.exists() else None,
            "mails": _where_mails(app),
        },
    )


#: What became of people who do not have it.
TITLES = {
    Why.FAILED: "failed",
    Why.DOUBTFUL: "doubtful (may have it)",
    Why.EXPIRED: "its time was over",
    Why.WAITING: "waiting",
    Why.BOUNCED: "came back",
    Why.GONE: "not to be written to",
    Why.JOINED: "joined since",
}


def examples_words(group: Group) -> str:
    """A few of its people."""
    more = ["…"] if group.examples and group.count > len(group.examples) else []
    return "; ".join([*group.examples, *more])


def waiting_words(pending: int) -> str:
    """Before the reason."""
    return f"{pending:,} wait: " if pending else ""


def _where_mails(app: App) -> str | None:
    if app.keeps_mails:
        outbox = f"{app.settings.site.base_url}/outbox"
        return f"{app.outbox} (a Maildir); `digest serve` shows them at {outbox}"
    folders = any(relay.by == "folder" for relay in relays_of(app.settings).values())
    return str(app.data_dir / "mails") if folders else None


def show_run(told: Told, *, as_json: bool) -> None:
    """Print it."""
    if as_json:
        show.answer(_plain(told))
        return
    visits_table(told.visits)
    show.table(f"Edition {told.record.id}", ("", ""), _rows(told))
    if told.groups:
        rows = [(TITLES[one.why], one.count, one.words, examples_words(one)) for one in told.groups]
        show.table("Not delivered", ("why", "people", "words", "such as"), rows)
    for hint in _hints(told):
        show.say(hint)


async def say_held_up(app: App, edition_id: str, counts: Counts) -> None:
    """Why some wait, where that is known."""
    async with app.db.read() as conn:
        record = await editions.get(conn, edition_id)
    held_up = await pausing.held_up(app, record, pending=counts.pending)
    if held_up:
        show.say(f"{waiting_words(counts.pending)}{held_up}")


def _hints(told: Told) -> Iterator[str]:
    """What a person may do next."""
    id, counts = told.record.id, told.counts
    if told.already:
        yield "This edition had been sent before; nobody was written to twice."
        yield "`digest run --again` makes a further one today."
    if told.edition and not told.readers and not counts.planned:
        yield "Nobody is subscribed yet: `digest subscribers import FILE`, then `digest run` again."
    if counts.doubtful:
        command = f"`digest deliveries {id} --resend` or `--close`"
        yield f"{counts.doubtful} may have it or not: {command}."
    if told.held_up:
        yield f"{waiting_words(counts.pending)}{told.held_up}"
    elif counts.pending:
        when = f" after {show.local(told.next_try)}" if told.next_try else ""
        yield (
            f"{counts.pending} wait{when}: `digest serve` goes on by itself, `digest run` when you "
            "call it, unless another process is sending right now."
        )


def show_rehearsal(
    edition: Edition, visits: Sequence[Visit], written: int, folder: Path, *, as_json: bool
) -> None:
    """The end of a dry run: nothing was sent, and no edition was kept."""
    if as_json:
        stories, briefs = len(edition.stories), len(edition.briefs)
        show.answer(
            {
                "edition": edition.id,
                "state": "not kept",
                "sources": visits,
                "stories": stories,
                "sections": len(edition.sections),
                "briefs": briefs,
                "written": written,
                "where": {"mails": folder},
            }
        )
        return
    visits_table(visits)
    rows = [
        ("stories", f"{len(edition.stories)} in {len(edition.sections)} sections"),
        ("briefs", len(edition.briefs)),
        ("mails written", f"{written}; nothing was sent, and no edition was kept"),
        ("look at: mails", folder),
    ]
    show.table(f"Edition {edition.id}, as it would be now", ("", ""), rows)


def _plain(told: Told) -> dict[str, object]:
    edition = told.edition
    return {
        "edition": told.record.id,
        "state": told.record.state,
        "already_done": told.already,
        "sources": told.visits,
        "stories": len(edition.stories) if edition else 0,
        "sections": len(edition.sections) if edition else 0,
        "briefs": len(edition.briefs) if edition else 0,
        "deliveries": told.counts,
        "troubles": [{"address": to, "why": why} for to, why in told.troubles],
        "next_try": told.next_try,
        "where": told.where,
    }


def _rows(told: Told) -> list[tuple[str, object]]:
    documents = sum(visit.documents for visit in told.visits)
    unread = sum(len(visit.faults) for visit in told.visits)
    found = sum(visit.articles + visit.briefs for visit in told.visits)
    new = sum(visit.new for visit in told.visits)
    rows: list[tuple[str, object]] = [
        ("sources read", f"{len(told.visits)}, with {documents} documents"),
        ("could not be read", f"{unread}, named above" if unread else "0"),
        ("items found", f"{found}, of which {new} new"),
    ]
    if told.edition:
        stories, sections = len(told.edition.stories), len(told.edition.sections)
        rows += [
            ("stories", f"{stories} in {sections} sections"),
            ("briefs", len(told.edition.briefs)),
            ("left out", f"{len(told.edition.left_out)}; `digest compose --explain` says why"),
        ]
    rows.append(("state", state_words(told.record, already=told.already)))
    rows.append(("mails accepted", mail_words(told.counts)))
    return rows + [(f"look at: {name}", place) for name, place in told.where.items() if place]


def visits_table(visits: Sequence[Visit]) -> None:
    """Sources and what they brought, then what could not be read and what to do."""
    rows = [
        (v.source_id, v.documents, v.articles, v.briefs, v.new, "unchanged" if v.unchanged else "")
        for v in visits
    ]
    show.table("Sources", ("source", "documents", "articles", "briefs", "new items", ""), rows)
    faults = [(v.source_id, name, text) for v in visits for name, text in v.faults]
    if faults:
        show.table("Could not be read", ("source", "document", "why, and what to do"), faults)


def state_words(record: Record, *, already: bool = False) -> str:
    """Where an edition is in its life, and what a person can do."""
    words = f"{record.state}" + (f": {record.reason}" if record.reason else "")
    if record.state is EditionState.DRAFT:
        words += f"; `digest approve {record.id}` lets it go out"
    if record.paused:
        words += f"; paused: {record.paused}"
    return words + (" (before this run)" if already else "")


def mail_words(counts: Counts) -> str:
    """Accepted of planned, then whatever else is not zero."""
    words = f"{counts.sent} of {counts.planned}"
    for name in ("failed", "skipped", "doubtful", "pending", "bounced"):
        number = getattr(counts, name)
        words += f", {number} {name}" if number else ""
    return words
