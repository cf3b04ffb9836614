"""`digest status`, `deliveries`, `config`, `serve`: running an installation."""

from collections.abc import Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from digest import deliver, telemetry
from digest.app import App
from digest.cli import show
from digest.cli.edition import resolve
from digest.cli.frame import (
    CONFIG,
    Config,
    EditionId,
    Json,
    read_config,
    run_async,
    with_app,
)
from digest.cli.report import mail_words
from digest.collect import sources_of
from digest.model import DeliveryState
from digest.settings import in_force
from digest.slots import next_slot
from digest.store import editions, journal, placements, sources, subscribers


def status(
    config: Config = CONFIG,
    limit: Annotated[int, typer.Option("--limit", help="Editions to show.")] = 10,
    as_json: Json = False,
) -> None:
    """Show where everything stands: editions, deliveries, sources, people, what comes next."""

    async def work(app: App) -> int:
        found = await _look(app, limit)
        show.answer(found) if as_json else _show_status(found)
        return 0

    with_app(config, work)


async def _look(app: App, limit: int) -> dict[str, Any]:
    async with app.db.read() as conn:
        records = await editions.listing(conn, limit=limit)
        known = await sources.known(conn)
        return {
            "editions": [
                {"edition": record, "deliveries": await journal.counts(conn, record.id)}
                for record in records
            ],
            "newsletters": [
                {
                    "newsletter": newsletter.slug,
                    "next": next.at.astimezone(ZoneInfo(newsletter.timezone)) if next else None,
                    "when": "when news breaks" if newsletter.breaking_sources else "by hand",
                    "timezone": newsletter.timezone,
                    "subscriptions": await subscribers.count(conn, newsletter.slug),
                    "items": await placements.count(conn, newsletter.slug),
                }
                for newsletter in app.settings.newsletters
                for next in (next_slot(newsletter, after=app.now()),)
            ],
            "sources": [
                known.get(source.id) or sources.SourceRecord(id=source.id)
                for source in sources_of(app, known.values())
            ],
        }


def _show_status(found: dict[str, Any]) -> None:
    rows: list[Sequence[object]] = []
    for line in found["editions"]:
        record, counts = line["edition"], line["deliveries"]
        rows.append(
            (
                record.id,
                str(record.state),
                counts.planned,
                counts.sent,
                counts.failed,
                counts.doubtful,
                counts.pending,
                record.reason,
            )
        )
    columns = ("edition", "state", "planned", "sent", "failed", "doubtful", "pending", "")
    show.table("Editions", columns, rows)
    for line in found["newsletters"]:
        people = ", ".join(f"{n} {state}" for state, n in line["subscriptions"].items()) or "nobody"
        waiting = line["items"]["waiting"]
        soon = f"{line['next']:%Y-%m-%d %H:%M} {line['timezone']}" if line["next"] else line["when"]
        show.say(
            f"{line['newsletter']}: next edition {soon}; {people}; "
            f"{waiting} items wait for an edition"
        )
    show.table(
        "Sources",
        ("source", "last success", "next look", "failures", "fault"),
        [
            (s.id, show.local(s.succeeded_at), show.local(s.next_at), s.failures, s.fault or "")
            for s in found["sources"]
        ],
    )


State = Annotated[
    list[DeliveryState] | None,
    typer.Option("--state", help="Only these; repeatable.  Else whoever was not reached."),
]


def deliveries(
    edition: EditionId = None,
    config: Config = CONFIG,
    state: State = None,
    resend: Annotated[
        bool, typer.Option("--resend", help="Write again to the doubtful, or those of --state.")
    ] = False,
    close: Annotated[bool, typer.Option("--close", help="Take the doubtful as sent.")] = False,
    as_json: Json = False,
) -> None:
    """Show who got an edition and who did not; settle doubts."""

    async def work(app: App) -> int:
        record = await resolve(app, edition)
        if close:
            closed = await deliver.close_doubts(app, record.id)
            show.err.print(f"{closed} doubtful taken as sent", markup=False)
        if resend:
            queued = await deliver.resend(app, record.id, state or [DeliveryState.DOUBTFUL])
            show.err.print(f"{queued} are written to again", markup=False)
            if queued:
                with show.bars(quiet=as_json) as bars:
                    await deliver.deliver(app, record.id, progress=bars.counts)
        rows = await deliver.listing(app, record.id, state or deliver.TROUBLED)
        counts = await deliver.stands(app, record.id)
        if as_json:
            people = [{"address": to, "what": what} for to, what in rows]
            show.answer({"edition": record.id, "deliveries": counts, "people": people})
        else:
            show.say(f"{record.id}: mails accepted {mail_words(counts)}")
            show.table("", ("address", "what"), rows)
            if len(rows) == journal.LISTED:
                show.say(f"These are the first {journal.LISTED:,}; --state asks for some of them.")
        return 0

    with_app(config, work)


def show_config(config: Config = CONFIG, as_json: Json = False) -> None:
    """Print every setting in force and where it comes from."""
    rows = in_force(read_config(config))
    if as_json:
        show.answer([{"key": key, "value": value, "from": origin} for key, value, origin in rows])
    else:
        show.table(str(config), ("key", "value", "from"), rows)


def serve(config: Config = CONFIG) -> None:
    """Run the clock and the web pages until stopped: collects, composes, publishes, sends."""
    # A web server and a scheduler: no other command waits for them to load.
    from digest.cli.serving import serve_until_stopped

    telemetry.set_up(as_json=not show.err.is_terminal, level=20)
    loaded = read_config(config)
    run_async(lambda: serve_until_stopped(loaded))


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.command()(status)
    app.command()(deliveries)
    app.command(name="config")(show_config)
    app.command()(serve)
