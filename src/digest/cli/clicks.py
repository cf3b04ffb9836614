"""`digest clicks`: how often the links of an edition's mails were followed."""

import typer

from digest import clicks as counting
from digest.app import App
from digest.cli import show
from digest.cli.edition import resolve
from digest.cli.frame import CONFIG, Config, EditionId, Json, with_app
from digest.store import clicks as rows

#: Links on a screen; JSON has them all.
_LINES = 50


def clicks(edition: EditionId = None, config: Config = CONFIG, as_json: Json = False) -> None:
    """Show how often each link of an edition's mails was followed, most first.

    Counted only where count_clicks = true stands in a newsletter, without knowing who followed;
    programs that open every link are left out as far as they can be told from people.
    """

    async def work(app: App) -> int:
        record = await resolve(app, edition)
        async with app.db.read() as conn:
            found = await rows.of_edition(conn, record.id)
        number = sum(times for _, times in found)
        counts = counting.are_counted(app, record.id)
        if as_json:
            links = [{"url": url, "clicks": times} for url, times in found]
            show.answer({"edition": record.id, "counts": counts, "clicks": number, "links": links})
            return 0
        if found:
            show.table(f"Clicks of {record.id}: {number}", ("clicks", "link"), _rows(found))
        else:
            show.say(f"{record.id}: no clicks")
        if len(found) > _LINES:
            show.say(f"the first {_LINES} of {len(found)} links; --json has all")
        if not counts:
            show.say("clicks are not counted; count_clicks = true in its newsletter counts them")
        return 0

    with_app(config, work)


def _rows(found: list[tuple[str, int]]) -> list[tuple[int, str]]:
    return [(times, url) for url, times in found[:_LINES]]


def add_to(app: typer.Typer) -> None:
    """Register the command of this file."""
    app.command()(clicks)
