"""`digest subscribers`: who reads."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from digest import audience
from digest.app import App
from digest.cli import show
from digest.cli.frame import CONFIG, Config, Json, Which, with_app
from digest.errors import NotFound
from digest.store import subscribers as rows

people = typer.Typer(help="Who reads: import, suppress, count.", no_args_is_help=True)


@people.command(name="import")
def import_people(
    file: Annotated[Path, typer.Argument(help="A CSV file whose first line names the columns.")],
    config: Config = CONFIG,
    newsletter: Which = None,
    as_json: Json = False,
) -> None:
    """Subscribe the people of a CSV file, each with the consent they gave."""

    async def work(app: App) -> int:
        try:
            text = await asyncio.to_thread(audience.read_text, file)
        except OSError as error:
            raise NotFound(f"{file} cannot be read: {error.strerror}") from error
        done = await audience.import_csv(app, app.newsletter(newsletter), text)
        if as_json:
            show.answer(done)
        else:
            show.say(f"{done.rows} lines: {done.added} subscribed, {done.known} known before")
            if done.faults:
                show.table("Not taken in", ("line", "why"), done.faults)
        return 1 if done.faults else 0

    with_app(config, work)


@people.command()
def suppress(
    address: Annotated[str, typer.Argument(help="The address, as they write it.")],
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Never mail an address again, whatever is imported later; no list keeps it in clear."""

    async def work(app: App) -> int:
        await audience.suppress(app, address)
        show.answer({"suppressed": address}) if as_json else show.say(f"{address}: never again")
        return 0

    with_app(config, work)


@people.command()
def count(config: Config = CONFIG, newsletter: Which = None, as_json: Json = False) -> None:
    """Count the subscriptions of a newsletter by state."""

    async def work(app: App) -> int:
        async with app.db.read() as conn:
            found = await rows.count(conn, app.newsletter(newsletter).slug)
        show.answer(found) if as_json else show.table("", ("state", "people"), [*found.items()])
        return 0

    with_app(config, work)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.add_typer(people, name="subscribers")
