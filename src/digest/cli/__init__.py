"""The face on the command line: each command is one verb, shown.

It decides nothing: verbs do.  Exit codes: 0 done, 1 failed, 2 configuration, 3 no such thing,
4 it is past that, 75 may work later.
"""

from importlib.metadata import version
from typing import Annotated

import typer

from digest.cli import (
    bounces,
    clicks,
    coverage,
    deliveries,
    desk,
    dkim,
    doctor,
    edit,
    edition,
    looks,
    pace,
    people,
    push,
    reading,
    sending,
    sources,
    steps,
)

app = typer.Typer(
    name="digest",
    help="A day's articles and briefs become one edition, by mail and as feeds.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"digest {version('digest-newsroom')}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which one.")
    ] = False,
) -> None:
    pass


edition.add_to(app)
edit.add_to(app)
coverage.add_to(app)
clicks.add_to(app)
looks.add_to(app)
reading.add_to(app)
desk.add_to(app)
deliveries.add_to(app)
sending.add_to(app)
pace.add_to(app)
doctor.add_to(app)
dkim.add_to(app)
people.add_to(app)
bounces.add_to(app)
push.add_to(app)
steps.add_to(app)
sources.add_to(app)


def main() -> None:
    """The entry point `digest`."""
    app()
