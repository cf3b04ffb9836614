"""`digest bounces`: what came back, and how it was understood."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from digest import mailbag, returning, returns
from digest.app import App
from digest.cli import show
from digest.cli.frame import CONFIG, Config, Json, run_async, with_app
from digest.errors import NotFound

bounces = typer.Typer(
    help="What came back: bounces, complaints, mails that ask to leave.", no_args_is_help=True
)

#: Of one mail; what is longer is no report.
_MOST = 64_000_000

File = Annotated[str, typer.Argument(help='A file with one mail; "-" is standard input.')]


def _octets(name: str) -> bytes:
    """One mail.

    Raises:
        NotFound: the file cannot be read.
    """
    try:
        if name == "-":
            return sys.stdin.buffer.read(_MOST)
        with Path(name).open("rb") as opened:
            return opened.read(_MOST)
    except OSError as error:
        raise NotFound(f"{name} cannot be read: {error.strerror}") from error


@bounces.command()
def read(file: File, as_json: Json = False) -> None:
    """Show how a message is understood.  Nothing is changed, and nobody's name is looked up."""

    async def work() -> int:
        found = returns.understand(await asyncio.to_thread(_octets, file))
        if as_json:
            show.answer({"file": file, **show.plain(found)})
        else:
            _tell(found)
        return 0

    run_async(work)


def _tell(found: returns.Understood) -> None:
    show.say(f"shape: {found.shape}")
    if not found.returns:
        show.say("; ".join(found.why))
        return
    rows = [
        (one.kind.value, one.recipient, one.status, one.diagnostic[:120], why)
        for one, why in zip(found.returns, found.why, strict=False)
    ]
    show.table("", ("kind", "recipient", "status", "words", "why"), rows)


@bounces.command()
def take(file: File = "-", config: Config = CONFIG, as_json: Json = False) -> None:
    """Act on one mail: for a mail server that pipes into a program.

    Ends with 75 when it should be tried again, so that the server keeps the mail; with 0 for
    whatever the mail is, also for one that says nothing to us.
    """

    async def work(app: App) -> int:
        done = await mailbag.take_mail(app, await asyncio.to_thread(_octets, file))
        if as_json:
            told = {"shape": done.understood.shape, "acted": done.acted, "repeated": done.repeated}
            more = {"unproved": done.unproved, "too_old": done.too_old, "unclear": done.unclear}
            show.answer(told | more)
        else:
            # Not on standard output: some mail servers send that back to whoever wrote.
            show.err.print(sentence(done), markup=False)
        return 0

    with_app(config, work)


def sentence(done: mailbag.Taken) -> str:
    """What became of one mail."""
    shape, reports = done.understood.shape, done.understood.returns
    if done.unclear:
        return f"{shape}: 1 mail was not understood: read it, it is kept nowhere here"
    if not reports:
        return f"{shape}: nothing to act on. {'; '.join(done.understood.why)}"
    count = "1 report" if len(reports) == 1 else f"{len(reports)} reports"
    kinds = " and ".join(dict.fromkeys(one.kind.value for one in reports))
    became = (
        (done.acted - done.too_old, "acted on"),
        (done.too_old, "proved and noted, but of a delivery too long ago to act on"),
        (done.repeated, "known before"),
        (done.unproved, "not proved to be about anybody here"),
    )
    told = [(number, words) for number, words in became if number]
    if len(told) == 1:
        return f"{shape}: {count}, {kinds}; {told[0][1]}"
    return f"{shape}: {count}, {kinds}; " + ", ".join(f"{n} {words}" for n, words in told)


@bounces.command()
def fetch(config: Config = CONFIG, as_json: Json = False) -> None:
    """Look into the mailbox of [returns] now."""

    async def work(app: App) -> int:
        if not mailbag.is_set_up(app):
            raise NotFound("config.toml names no mailbox: give [returns] a url, or a path")
        done = await mailbag.fetch(app)
        if as_json:
            show.answer(done)
        else:
            told = f"{done.mails} mails: {done.acted} acted on, {done.repeated} known before"
            show.say(f"{told}, {done.unproved} not proved to be about anybody here")
            if done.too_old:
                show.say(f"{done.too_old} of a delivery too long ago to act on: noted, no more")
            if done.unclear:
                were = "mail was" if done.unclear == 1 else "mails were"
                show.say(f"{done.unclear} {were} not understood: look into the mailbox")
            for fault in done.faults:
                show.say(fault)
        return 1 if done.faults else 0

    with_app(config, work)


@bounces.command(name="list")
def list_them(
    config: Config = CONFIG,
    most: Annotated[int, typer.Option("--most", min=1, max=100_000)] = 50,
    as_json: Json = False,
) -> None:
    """List what came back lately, the newest first."""

    async def work(app: App) -> int:
        found = await returning.listing(app, limit=most)
        if as_json:
            show.answer([{**show.plain(one.came), "email": one.email} for one in found])
        else:
            rows = [
                (
                    *(f"{one.came.at:%Y-%m-%d %H:%M}", one.came.kind.value, one.email),
                    *(one.came.status, one.came.text, one.came.reporter),
                )
                for one in found
            ]
            show.table("", ("when", "kind", "who", "status", "words", "from"), rows)
        return 0

    with_app(config, work)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.add_typer(bounces, name="bounces")
