"""`digest status`, `config`, `serve`: running an installation."""

from collections.abc import Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from digest import pausing, telemetry
from digest.app import App
from digest.choosing import gone_sections
from digest.cli import show
from digest.cli.frame import (
    CONFIG,
    Config,
    Json,
    fail,
    read_config,
    run_async,
    with_app,
)
from digest.cli.looks import warn_unspoken
from digest.collect import sources_of
from digest.errors import ConfigError
from digest.preview import check_looks
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
        counts = {record.id: await journal.counts(conn, record.id) for record in records}
        held_up = {
            record.id: await pausing.held_up(app, record, pending=counts[record.id].pending)
            for record in records
        }
        return {
            "editions": [
                {"edition": one, "deliveries": counts[one.id], "held_up": held_up[one.id]}
                for one in records
            ],
            "newsletters": [
                {
                    "newsletter": newsletter.slug,
                    "next": next.at.astimezone(ZoneInfo(newsletter.timezone)) if next else None,
                    "when": "when news breaks" if newsletter.breaking_sources else "by hand",
                    "timezone": newsletter.timezone,
                    "subscriptions": await subscribers.count(conn, newsletter.slug),
                    "gone_sections": {"slugs": gone, "people": lost},
                    "items": await placements.count(conn, newsletter.slug),
                }
                for newsletter in app.settings.newsletters
                for next in (next_slot(newsletter, after=app.now()),)
                for chosen in (await subscribers.sections_chosen(conn, newsletter.slug),)
                for gone, lost in (gone_sections(newsletter, chosen),)
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
                f"{record.state}, paused" if record.paused else str(record.state),
                counts.planned,
                counts.sent,
                counts.failed,
                counts.doubtful,
                counts.pending,
                line["held_up"] or record.reason,
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
        gone = line["gone_sections"]
        if gone["people"]:
            show.say(
                f"{line['newsletter']}: {gone['people']} chose sections that are no more "
                f"({', '.join(gone['slugs'])}); where one has another slug now, name the old one "
                "in `was` of that section"
            )
    show.table(
        "Sources",
        ("source", "last success", "next look", "failures", "fault"),
        [
            (s.id, show.local(s.succeeded_at), show.local(s.next_at), s.failures, s.fault or "")
            for s in found["sources"]
        ],
    )


def show_config(config: Config = CONFIG, as_json: Json = False) -> None:
    """Print every setting in force and where it comes from."""
    loaded = read_config(config)
    try:
        check_looks(loaded)
    except ConfigError as error:
        raise fail(error) from error
    rows = in_force(loaded)
    if as_json:
        show.answer([{"key": key, "value": value, "from": origin} for key, value, origin in rows])
    else:
        show.table(str(config), ("key", "value", "from"), rows)
    for newsletter in loaded.settings.newsletters:
        warn_unspoken(newsletter.slug, newsletter.language)


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
    app.command(name="config")(show_config)
    app.command()(serve)
