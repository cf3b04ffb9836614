"""`digest subscribers`: who reads, many at once: import, export, count, audit, segments."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from digest import enrol, exports, segments
from digest.addresses import parse_address
from digest.app import App
from digest.cli import barring, person, show
from digest.cli.frame import CONFIG, Config, Json, Which, with_app
from digest.cli.history import utc
from digest.cli.person import actor, instant
from digest.editorial import as_kept, section_slug
from digest.errors import Conflict, NotFound
from digest.model import SubscriptionState
from digest.segments import Filter
from digest.store import audit
from digest.store import segments as kept
from digest.store import subscribers as rows
from digest.store.subscribers import address_hash

people = typer.Typer(help="Who reads: join, choose, leave, import, export.", no_args_is_help=True)
filters = typer.Typer(help="Filters that say who is meant.", no_args_is_help=True)
people.add_typer(filters, name="segments")
person.add_to(people)
barring.add_to(people)

FILTER = 'A filter such as: language = "uk" and tag = "press"; or the name of a kept one.'


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=show.err,
        transient=True,
    )


def _mapping(given: list[str]) -> dict[str, str]:
    mapping = {}
    for one in given:
        field, sign, column = one.partition("=")
        if not sign:
            raise Conflict(f"--map {one!r}: write FIELD=COLUMN, as in email=E-mail")
        mapping[column.strip()] = field.strip()
    return mapping


@people.command(name="import")
def import_people(
    file: Annotated[Path, typer.Argument(help="A CSV file whose first line names the columns.")],
    config: Config = CONFIG,
    newsletter: Which = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do all of it, say so, and keep nothing.")
    ] = False,
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", help='FIELD=COLUMN, for a column of another name: email="E-mail".'),
    ] = None,
    consent_from: Annotated[
        str, typer.Option("--consent-from", help="Where they agreed, if the file does not say.")
    ] = "",
    consent_at: Annotated[
        str | None, typer.Option("--consent-at", help="When, if the file does not say: 2026-01-31.")
    ] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", help="For everybody who is added; repeatable.")
    ] = None,
    encoding: Annotated[str, typer.Option("--encoding", help="If it is guessed wrongly.")] = "",
    as_json: Json = False,
) -> None:
    """Subscribe the people of a CSV file, each with the consent they gave.

    Exports of listmonk, Mailchimp, Ghost and Substack are recognised.  Ends with 1 when a line
    could not be taken.
    """

    async def work(app: App) -> int:
        with _progress() as bar:
            task = bar.add_task("reading", total=None)
            done = await enrol.enrol(
                app,
                app.newsletter(newsletter),
                file,
                mapping=_mapping(maps or []),
                consent_from=consent_from,
                consent_at=instant(consent_at, of="--consent-at") if consent_at else None,
                tags=tags or (),
                encoding=encoding,
                dry_run=dry_run,
                actor=actor(),
                progress=lambda read, total: bar.update(task, completed=read, total=total),
            )
        show.answer(done) if as_json else _tell(done)
        return 1 if done.fault_count else 0

    with_app(config, work)


def _tell(done: enrol.Enrolled) -> None:
    if done.dry_run:
        whose = f"an export of {done.peer}" if done.peer else "a table"
        show.say(f"{whose}, {done.encoding}, parted by {done.delimiter!r}")
        named = [(column, field or "not used") for column, field in done.columns]
        show.table("Columns", ("column", "taken as"), named)
    if done.advice:
        show.say(done.advice)
    would = "would be subscribed" if done.dry_run else "subscribed"
    parts = [f"{done.rows} lines: {done.added} {would}", f"{done.known} known before"]
    for number, words in (
        (done.suppressed, "never to be mailed"),
        (done.passed_over, "not subscribed where they come from"),
        (done.barred, "of them now on the suppression list"),
        (done.ended, "of them kept as having left this newsletter"),
        (done.duplicates, "twice in the file"),
        (done.fault_count, "with a fault"),
    ):
        if number:
            parts.append(f"{number} {words}")
    show.say(", ".join(parts))
    if done.faults:
        show.table("Not taken in", ("line", "why"), done.faults)
        more = done.fault_count + done.duplicates - len(done.faults)
        if more > 0:
            show.say(f"and {more} more")
    if done.dry_run:
        show.say("nothing was kept: this was a dry run")


#: What only a filter has: a text without any of these is a name.
_SIGNS = re.compile(r"""[=<>("']|\bin\b""")


async def _words(app: App, given: str) -> str:
    """The words of a filter, whether they were written or the name that they are kept under.

    Raises:
        NotFound: it looks like a name, and no filter has it.
    """
    name = given.strip()
    async with app.db.read() as conn:
        named = await kept.named(conn)
    if name and name not in named and _SIGNS.search(name) is None:
        there = f"; there are {', '.join(named)}" if named else "; none has a name yet"
        raise NotFound(f"no filter is called {name!r}{there}")
    return named.get(name, name)


async def _filter(app: App, given: str) -> Filter | None:
    """A filter as it was written, or kept under this name; None for "".

    Raises:
        NotFound: it looks like a name, and no filter has it.
        Conflict: it is no filter, or names what is not there.
    """
    text = await _words(app, given)
    if not text:
        return None
    newsletters = app.settings.newsletters
    try:
        wanted = segments.parse(text)
        segments.check(
            wanted,
            sections={
                slug
                for one in newsletters
                for rule in one.sections
                for slug in (section_slug(rule), *rule.was)
            },
            newsletters={one.slug for one in newsletters},
        )
    except ValueError as error:
        raise Conflict(f"{text}\n{error}") from error
    return as_kept(wanted, newsletters)


@people.command()
def export(
    config: Config = CONFIG,
    newsletter: Annotated[
        str | None, typer.Option("--newsletter", "-n", help="Slug; else all of them.")
    ] = None,
    state: Annotated[SubscriptionState | None, typer.Option("--state")] = None,
    segment: Annotated[str, typer.Option("--segment", help=FILTER)] = "",
    file: Annotated[
        Path | None, typer.Option("--to", help="A file, yours alone to read; else standard output.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of CSV.")] = False,
) -> None:
    """Write who reads, as CSV that `import` reads again, or as JSON."""

    async def work(app: App) -> int:
        written = await exports.export(
            app,
            file or sys.stdout,
            format="json" if as_json else "csv",
            newsletter=app.newsletter(newsletter) if newsletter else None,
            state=state,
            where=await _filter(app, segment),
            actor=actor(),
        )
        show.err.print(f"{written} subscriptions", markup=False)
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


@people.command(name="audit")
def show_audit(
    address: Annotated[
        str | None, typer.Argument(help="Only what was done to this person.")
    ] = None,
    config: Config = CONFIG,
    most: Annotated[int, typer.Option("--most", min=1, max=100_000)] = 50,
    as_json: Json = False,
) -> None:
    """List what the newsroom did to people, the latest first."""

    async def work(app: App) -> int:
        hashed = None
        if address is not None:
            try:
                hashed = address_hash(parse_address(address), key=app.key)
            except ValueError as error:
                raise NotFound(str(error)) from error
        async with app.db.read() as conn:
            found = await audit.listing(conn, limit=most, address_hash=hashed)
        if as_json:
            show.answer(found)
        else:
            lines = [
                (utc(one.at), one.actor, one.act, one.address_hash[:8], one.detail) for one in found
            ]
            show.table("", ("when", "who", "did", "to", "what"), lines)
        return 0

    with_app(config, work)


# ------------------------------------------------------------------------- segments


@filters.command(name="show")
def show_segment(
    given: Annotated[str, typer.Argument(metavar="FILTER", help=FILTER)],
    config: Config = CONFIG,
    newsletter: Annotated[
        str, typer.Option("--newsletter", "-n", help="Slug; else of all of them.")
    ] = "",
    state: Annotated[SubscriptionState, typer.Option("--state")] = SubscriptionState.ACTIVE,
    most: Annotated[int, typer.Option("--most", min=0, max=100_000, help="To list.")] = 10,
    as_json: Json = False,
) -> None:
    """Say how many match a filter, and who the first of them are."""

    async def work(app: App) -> int:
        wanted = await _filter(app, given)
        slug = app.newsletter(newsletter).slug if newsletter else ""
        number = await kept.count(app.db, wanted, newsletter=slug, state=state)
        async with app.db.read() as conn:
            first = await kept.matching(conn, wanted, newsletter=slug, state=state, limit=most)
            names = await rows.names(conn, {one.subscriber_id for one in first})
        listed = [(names[one.subscriber_id], one.newsletter) for one in first]
        if as_json:
            show.answer({"people": number, "first": listed})
        else:
            show.say(f"{number} people")
            if listed:
                show.table("The first of them", ("address", "newsletter"), listed)
        return 0

    with_app(config, work)


@filters.command()
def keep(
    name: Annotated[str, typer.Argument(help="A name for it.")],
    given: Annotated[str, typer.Argument(metavar="FILTER", help=FILTER)],
    config: Config = CONFIG,
) -> None:
    """Give a filter a name."""

    async def work(app: App) -> int:
        if not name.strip() or len(name) > 64 or _SIGNS.search(name):
            raise Conflict("a name has 1 to 64 letters, and no signs of a filter")
        # Not the name of another one: that may mean something else some day.
        words = await _words(app, given)
        if await _filter(app, words) is None:
            raise Conflict("a filter that says nothing needs no name: it is everybody")
        async with app.db.write() as conn:
            await kept.keep(app.db, conn, name.strip(), words, now=app.now())
        show.say(f"{name.strip()}: {words}")
        return 0

    with_app(config, work)


@filters.command(name="list")
def list_segments(config: Config = CONFIG, as_json: Json = False) -> None:
    """List the filters that have names."""

    async def work(app: App) -> int:
        async with app.db.read() as conn:
            found = await kept.named(conn)
        show.answer(found) if as_json else show.table("", ("name", "filter"), [*found.items()])
        return 0

    with_app(config, work)


@filters.command()
def drop(name: Annotated[str, typer.Argument()], config: Config = CONFIG) -> None:
    """Forget the name of a filter."""

    async def work(app: App) -> int:
        async with app.db.write() as conn:
            if not await kept.drop(conn, name):
                there = ", ".join(await kept.named(conn)) or "none"
                raise NotFound(f"no filter is called {name!r}; there are: {there}")
        show.say(f"{name}: forgotten")
        return 0

    with_app(config, work)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.add_typer(people, name="subscribers")
