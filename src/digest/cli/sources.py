"""`digest sources`: where items come from, and how each source is."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest import collect, preflight
from digest.app import App
from digest.cli import show
from digest.cli.frame import CONFIG, Config, Json, Which, with_app
from digest.errors import Conflict, NotFound
from digest.health import Word, bare
from digest.preflight import Line, Report
from digest.settings import Source
from digest.slots import coming

if TYPE_CHECKING:
    from digest.roster import Imported, Tried
    from digest.sources.discover import Discovery

# `roster` brings the readers of pages and lists along: only the commands that look at an address
# wait for them.

sources = typer.Typer(
    help="Where items come from: list, check, add, pause, resume, remove, import, export, report.",
    invoke_without_command=True,
)

For = Annotated[
    list[str] | None,
    typer.Option(
        "--newsletter", "-n", help="Slug of a newsletter with a list of sources; repeatable."
    ),
]
Id = Annotated[str, typer.Argument(help="Id of the source.")]


@sources.callback()
def listing(context: typer.Context, config: Config = CONFIG, as_json: Json = False) -> None:
    """List the sources and how each is, troubles first."""
    if context.invoked_subcommand is None:
        _list(config, as_json)


@sources.command(name="list")
def list_all(config: Config = CONFIG, as_json: Json = False) -> None:
    """List the sources and how each is: the same as `digest sources`."""
    _list(config, as_json)


def _list(config: Path, as_json: bool) -> None:
    async def work(app: App) -> int:
        lines = await preflight.survey(app)
        if as_json:
            show.answer([_plain(line) for line in lines])
            return 0
        rows = [
            (
                line.id,
                str(line.health.word),
                show.local(line.succeeded_at),
                _next_check(line),
                line.status,
                f"{line.health.per_day:.1f}",
            )
            for line in lines
        ]
        columns = ("source", "health", "last success", "next check", "HTTP", "items/day")
        show.table("Sources", columns, rows)
        # Below the table: in a column of it a sentence would be broken word by word.
        for line in lines:
            if note := _note(line):
                show.say(f"{line.id}: {note}")
        if not lines:
            show.say("There are none yet: `digest sources add URL`, or [[sources]] in config.toml.")
        return 0

    with_app(config, work)


def _plain(line: Line) -> dict[str, object]:
    told: dict[str, object] = show.plain(line)
    return told | {"needs_you": line.health.troubled}


def _next_check(line: Line) -> str:
    if line.health.word is Word.PAUSED or line.kind == "push":
        return "–"
    # Its host may have asked for more rest than the source itself.
    return show.local(max(filter(None, (line.next_at, line.rests_until)), default=None))


def _note(line: Line) -> str:
    if line.health.word is Word.OK and not line.health.slight:
        rests = line.rests_until
        return f"its host asked us to wait until {show.local(rests)}" if rests else ""
    return line.health.sentence


# ----------------------------------------------------------------------- check


@sources.command()
def check(
    what: Annotated[str, typer.Argument(help="An address, or the id of a source.")],
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Look at an address or a source now, and say in plain words what is there; keeps nothing."""

    async def work(app: App) -> int:
        every = {source.id: source for source in await collect.every_source(app)}
        if what in every:
            return await _check_source(app, every[what], as_json)
        if "." not in what and "://" not in what and what != "localhost":
            raise NotFound(f"there is no source {what!r}; `digest sources` lists them")
        return await _check_address(app, what, as_json)

    with_app(config, work)


async def _check_address(app: App, url: str, as_json: bool) -> int:
    from digest import roster

    found = await roster.explore(app, url)
    if as_json:
        show.answer(found)
    else:
        _say_found(found)
    return 1 if found.kind == "none" else 0


def _say_found(found: "Discovery") -> None:
    for sentence in found.words:
        show.say(sentence)
    for problem in found.problems:
        show.say(f"Problem: {problem}")
    others = [candidate for candidate in found.found if candidate.url != found.url]
    if others:
        rows = [(other.url, other.title, other.how) for other in others]
        show.table("Other feeds", ("address", "title", ""), rows)
    if found.kind == "none":
        show.say("Nothing here can be a source.")
        return
    follow = ", whose new articles are followed" if found.follow else ""
    show.say(f"As a source it is a {found.kind}{follow}: `digest sources add {found.url}`")


async def _check_source(app: App, source: Source, as_json: bool) -> int:
    from digest import roster

    tried = await roster.try_out(app, source)
    line = next(line for line in await preflight.survey(app) if line.id == source.id)
    if as_json:
        show.answer({"found": tried, "source": _plain(line)})
    else:
        _say_tried(tried, line)
    return 1 if tried.fault else 0


def _say_tried(tried: "Tried", line: Line) -> None:
    where = f" at {line.where}" if line.where else ""
    show.say(f"{line.id} is a source of kind {line.kind}{where}.")
    if line.kind == "push":
        show.say("Its items are pushed to Digest; there is nothing to look at.")
    elif tried.fault:
        show.say(f"A look at it now failed ({tried.word}): {tried.fault}")
    else:
        documents = "1 document" if tried.documents == 1 else f"{tried.documents} documents"
        newest = f", the newest of {show.local(tried.newest)}" if tried.newest else ""
        show.say(f"A look at it now found {documents} with {tried.items} items{newest}.")
    for headline in tried.headlines:
        show.say(f"  {headline}")
    for problem in tried.problems:
        show.say(f"Problem: {problem}")
    if tried.moved_to:
        show.say(f"It says that it moved for good to {bare(tried.moved_to)}.")
    health = line.health
    show.say(f"So far: {health.word}, {health.per_day:.1f} items a day. {health.sentence}")


# ------------------------------------------------------------ add, pause, remove


@sources.command()
def add(
    url: Annotated[str, typer.Argument(help="Address of a feed, a site or a section page.")],
    config: Config = CONFIG,
    id: Annotated[str | None, typer.Option("--id", help="Else made from the title.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="What readers see.")] = None,
    newsletter: For = None,
    full_text: Annotated[
        bool, typer.Option("--full-text", help="Read the page where the feed tells the beginning.")
    ] = False,
    follow: Annotated[
        bool | None,
        typer.Option("--follow/--no-follow", help="A page that lists articles; else as found."),
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", help="BCP 47, for documents that do not say.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", help="IANA name, for clocks without a zone.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at an address, choose the best thing there, and make it a source."""
    from digest import roster

    wishes = roster.Wishes(
        id=id,
        title=title,
        follow=follow,
        full_text=full_text,
        language=language,
        timezone=timezone,
    )

    async def work(app: App) -> int:
        source, found = await roster.adopt(
            app, url, wishes=wishes, newsletters=tuple(newsletter or ())
        )
        if as_json:
            show.answer({"source": source.model_dump(mode="json"), "found": found})
            return 0
        for sentence in found.words:
            show.say(sentence)
        for problem in found.problems:
            show.say(f"Problem: {problem}")
        follow = ", whose new articles are followed" if source.follow else ""
        show.say(f"{source.id} is a source now: the {source.kind} {source.url}{follow}.")
        _say_who_takes(app, newsletter or ())
        return 0

    with_app(config, work)


def _say_who_takes(app: App, named: Sequence[str]) -> None:
    """An added source goes to every newsletter without a list, and to those that were named."""
    takers = [n.slug for n in app.settings.newsletters if not n.sources or n.slug in named]
    others = [n.slug for n in app.settings.newsletters if n.slug not in takers]
    if takers:
        show.say(f"Its items go to {', '.join(takers)}.")
    if others:
        show.say(f"Not to {', '.join(others)}, which list their sources: name them with -n.")


@sources.command()
def pause(id: Id, config: Config = CONFIG, as_json: Json = False) -> None:
    """Look at a source no more, until it is resumed."""
    _pause(id, config, paused=True, as_json=as_json)


@sources.command()
def resume(id: Id, config: Config = CONFIG, as_json: Json = False) -> None:
    """Look at a source again."""
    _pause(id, config, paused=False, as_json=as_json)


def _pause(id: str, config: Path, *, paused: bool, as_json: bool) -> None:
    async def work(app: App) -> int:
        await collect.pause(app, id, paused)
        words = "is paused" if paused else "goes on, and is looked at at once"
        show.answer({"source": id, "paused": paused}) if as_json else show.say(f"{id} {words}")
        return 0

    with_app(config, work)


@sources.command()
def remove(id: Id, config: Config = CONFIG, as_json: Json = False) -> None:
    """Take away a source that was added by command; its items stay."""

    async def work(app: App) -> int:
        await collect.remove_source(app, id)
        show.answer({"removed": id}) if as_json else show.say(f"{id} is no source any more")
        return 0

    with_app(config, work)


# ------------------------------------------------------------------------ lists


@sources.command(name="import")
def import_list(
    file: Annotated[Path, typer.Argument(help="An OPML file, as feed readers export it.")],
    config: Config = CONFIG,
    newsletter: For = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be added; add nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Add the feeds of an OPML list: all that are new, or none."""

    async def work(app: App) -> int:
        try:
            octets = await asyncio.to_thread(file.read_bytes)
        except OSError as error:
            raise NotFound(f"{file} cannot be read: {error.strerror}") from error
        from digest import roster

        done = await roster.import_opml(
            app, octets, newsletters=tuple(newsletter or ()), dry_run=dry_run
        )
        if as_json:
            added = [source.model_dump(mode="json") for source in done.added]
            show.answer(show.plain({"known": done.known, "problems": done.problems})
                        | {"added": added, "dry_run": done.dry_run})  # fmt: skip
        else:
            _say_imported(done)
            if not dry_run and done.added:
                _say_who_takes(app, newsletter or ())
        return 1 if done.problems else 0

    with_app(config, work)


def _say_imported(done: "Imported") -> None:
    if done.added:
        rows = [(source.id, source.title, source.url) for source in done.added]
        show.table("Would be added" if done.dry_run else "Added", ("source", "title", ""), rows)
    if done.known:
        show.table("Sources already", ("address", "source"), done.known)
    for problem in done.problems:
        show.say(f"Problem: {problem}")
    verb = "would be added" if done.dry_run else "added"
    show.say(f"{len(done.added)} {verb}, {len(done.known)} known before.")


@sources.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="Else to standard output.")] = None,
    config: Config = CONFIG,
) -> None:
    """Write every feed that has an address as an OPML list, for any feed reader."""

    async def work(app: App) -> int:
        from digest import roster

        octets, number = await roster.export_opml(app)
        if file is None:
            typer.echo(octets, nl=False)
            return 0
        try:
            await asyncio.to_thread(file.write_bytes, octets)
        except OSError as error:
            raise Conflict(f"{file} cannot be written: {error.strerror}") from error
        show.err.print(f"{number} feeds written to {file}", markup=False)
        return 0

    with_app(config, work)


# ----------------------------------------------------------------------- report


@sources.command()
def report(
    config: Config = CONFIG,
    newsletter: Which = None,
    mail: Annotated[
        bool, typer.Option("--mail", help="Mail it to [desk] email, once for each edition.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what is broken or missing before the next edition is made."""

    async def work(app: App) -> int:
        chosen = app.newsletter(newsletter)
        to = app.settings.desk.email
        if mail and not to:
            raise Conflict("nobody gets the report: set email in [desk] of config.toml")
        slot = coming(chosen, now=app.now())
        made = await preflight.preflight(app, chosen, slot)
        mailed = mail and await preflight.send_report(app, made)
        if as_json:
            show.answer(preflight.as_plain(made) | ({"mailed": mailed} if mail else {}))
            return 0
        _say_report(made)
        if mail:
            again = f"The report for {slot.edition_id} was mailed to {to} before."
            show.say(f"Mailed to {to}." if mailed else again)
        return 0

    with_app(config, work)


def _say_report(made: Report) -> None:
    show.say(
        f"{made.title}, edition of {made.local(made.slot.at)} {made.timezone}: "
        f"{made.waiting} items wait, about {made.usual:.0f} are usual."
    )
    for warning in made.warnings:
        show.say(f"To set right: {warning}")
    rows = [(line.id, str(line.health.word), line.health.sentence) for line in made.troubles]
    if rows:
        show.table("These sources need you", ("source", "health", ""), rows)
    else:
        show.say("No source needs you.")
    for line in made.missing:
        show.say(f"Nothing yet from {line.id}; about {line.usual:.0f} items are usual.")
    notes = [(line.id, str(line.health.word), line.health.sentence) for line in made.notes]
    if notes:
        show.table("May pass by itself", ("source", "health", ""), notes)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.add_typer(sources, name="sources")
