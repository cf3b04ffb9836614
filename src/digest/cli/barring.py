"""`digest subscribers suppress|allow`: who is never to be mailed."""

from collections.abc import Mapping, Sequence
from contextlib import suppress as passing_over
from pathlib import Path
from typing import Annotated

import typer

from digest import audience, enrol, segments
from digest.addresses import parse_domain
from digest.app import App
from digest.cli import show
from digest.cli.frame import CONFIG, Config, Json, with_app
from digest.cli.history import utc
from digest.cli.person import actor
from digest.errors import Conflict
from digest.model import Barred
from digest.store import barred
from digest.store import segments as matching

#: More readers than this at a domain, and suppressing it is asked about.
_MANY_BELOW = 10


def suppress(
    named: Annotated[
        list[str] | None, typer.Argument(help="Addresses; or domains, with all below them.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="And those of a file: one column is enough.")
    ] = None,
    cause: Annotated[Barred, typer.Option("--cause")] = Barred.ADMIN,
    listed: Annotated[
        bool, typer.Option("--list", help="Only say who is on the list: domains, and how many.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask, however many read at a domain.")
    ] = False,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Never mail an address or a domain again, whatever is imported later."""
    if listed:
        with_app(config, lambda app: _list_barred(app, as_json=as_json))
        return
    below: dict[str, int] = {}

    async def look(app: App) -> int:
        if not named and file is None:
            raise Conflict("name addresses or domains, or a file with --file; or --list")
        below.update(await _readers_below(app, named or ()))
        return 0

    async def work(app: App) -> int:
        for one in named or ():
            await audience.suppress(app, one, cause, actor=actor())
        done = await enrol.suppress_file(app, file, cause, actor=actor()) if file else None
        if as_json:
            told = {"suppressed": list(named or ()), "readers_below": below}
            show.answer({**told, "file": done} if done else told)
        else:
            _tell(named or (), below, done)
        return 1 if done and done.faults else 0

    with_app(config, look)
    # Asked between two openings of the database: nothing waits for the answer.
    if not yes:
        _ask(below)
    with_app(config, work)


def _tell(named: Sequence[str], below: Mapping[str, int], done: enrol.Suppressed | None) -> None:
    if done is not None:
        show.say(f"{done.rows} lines: {done.added} new on the suppression list")
        if done.faults:
            show.table("Not understood", ("line", "why"), done.faults)
    for one in named:
        more = f"; subscribers at it and below it: {below[one]}" if one in below else ""
        show.say(f"{one}: never again{more}")


def _ask(below: Mapping[str, int]) -> None:
    for domain, number in below.items():
        if number > _MANY_BELOW:
            typer.confirm(
                f"{number} subscribers are at {domain} or below it (--yes does not ask)."
                "  Never mail any of them again?",
                abort=True,
                err=True,
            )


async def _readers_below(app: App, named: Sequence[str]) -> dict[str, int]:
    """Of each that is a domain: how many get something, or pause, at it and below it."""
    below = {}
    for one in named:
        # What is neither an address nor a domain is said when it is to be suppressed.
        with passing_over(ValueError):
            if "@" not in one:
                domain = parse_domain(one)
                wanted = segments.parse(f'domain = "{domain}" and state in ("active", "paused")')
                below[one] = await matching.count(app.db, wanted)
    return below


async def _list_barred(app: App, *, as_json: bool) -> int:
    async with app.db.read() as conn:
        found = await barred.listing(conn)
    if as_json:
        show.answer(found)
        return 0
    if not found.addresses and not found.domains:
        show.say("nobody is on the suppression list")
    if found.addresses:
        show.table("Addresses", ("cause", "how many"), [*found.addresses.items()])
    if found.domains:
        rows = [(one.domain, one.cause, utc(one.since)) for one in found.domains]
        show.table("Domains, and all below them", ("domain", "cause", "since"), rows)
    return 0


def allow(
    named: Annotated[list[str], typer.Argument(help="Addresses or domains.")],
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Take addresses or domains off the suppression list.  Nobody is subscribed by that."""

    async def work(app: App) -> int:
        freed = {one: await audience.allow(app, one, actor=actor()) for one in named}
        if as_json:
            show.answer({"allowed": freed})
        else:
            for one, was in freed.items():
                show.say(f"{one}: " + ("may be mailed again" if was else "was not suppressed"))
        return 0

    with_app(config, work)


def add_to(people: typer.Typer) -> None:
    """Register the commands of this file."""
    people.command(name="suppress")(suppress)
    people.command(name="allow")(allow)
