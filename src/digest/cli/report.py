"""The short table that ends a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from digest import deliver, pipeline
from digest.app import App
from digest.cli import show
from digest.model import Counts, Edition, EditionState
from digest.pipeline import Visit
from digest.store import editions
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
    #: Messages written by a dry run; None for a real one.
    written: int | None
    #: What to look at → where it is.
    where: dict[str, str | None]


async def look_back(
    app: App,
    edition_id: str,
    before: Record | None,
    visits: Sequence[Visit],
    written: int | None,
    dry_run: Path | None,
) -> Told:
    """Read what became of a run."""
    async with app.db.read() as conn:
        record = await editions.get(conn, edition_id)
        edition = None
        if record.state not in (EditionState.SKIPPED, EditionState.HELD):
            edition = await editions.content(conn, edition_id)
    page = pipeline.edition_folder(app, edition_id) / "index.html"
    feeds = app.out_dir / "feeds" / record.newsletter
    return Told(
        record=record,
        edition=edition,
        already=before is not None and before.state is EditionState.SENT,
        visits=visits,
        counts=await deliver.stands(app, edition_id),
        troubles=await deliver.listing(app, edition_id),
        written=written,
        where={
            "page": str(page) if page.exists() else None,
            "feeds": str(feeds) if feeds.exists() else None,
            "mails": _where_mails(app, dry_run),
        },
    )


def _where_mails(app: App, dry_run: Path | None) -> str | None:
    if dry_run is not None:
        return str(dry_run)
    by = app.settings.mail.by
    if by == "embedded":
        outbox = f"{app.settings.site.base_url}/outbox"
        return f"{app.outbox} (a Maildir); `digest serve` shows them at {outbox}"
    return str(app.data_dir / "mails") if by == "folder" else None


def show_run(told: Told, *, as_json: bool) -> None:
    """Print it."""
    if as_json:
        show.answer(_plain(told))
        return
    visits_table(told.visits)
    show.table(f"Edition {told.record.id}", ("", ""), _rows(told))
    if told.troubles:
        show.table("Not delivered", ("address", "why"), told.troubles)
    if told.already:
        show.say("This edition had been sent before; nobody was written to twice.")
        show.say("`digest run --again` makes a further one today.")


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
        "written": told.written,
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
        ]
    rows.append(("state", state_words(told.record, already=told.already)))
    if told.written is None:
        rows.append(("mails accepted", mail_words(told.counts)))
    else:
        rows.append(("mails written", f"{told.written}; nothing was sent"))
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
    return words + (" (before this run)" if already else "")


def mail_words(counts: Counts) -> str:
    """Accepted of planned, then whatever else is not zero."""
    words = f"{counts.sent} of {counts.planned}"
    for name in ("failed", "skipped", "doubtful", "pending", "bounced"):
        number = getattr(counts, name)
        words += f", {number} {name}" if number else ""
    return words
