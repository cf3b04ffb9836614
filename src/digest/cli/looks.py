"""`digest preview` and `digest templates`: how an edition looks, before anybody else sees it."""

import webbrowser
from pathlib import Path, PurePath
from typing import Annotated

import typer

from digest import preview as previewing
from digest import render
from digest.app import App
from digest.cli import show
from digest.cli.edition import resolve
from digest.cli.frame import CONFIG, Config, EditionId, Json, with_app
from digest.errors import Conflict, NotFound
from digest.model import Form

_MARKS = {"pass": "ok", "warn": "look", "fail": "FAULT", "open": "open"}


def preview(
    edition: EditionId = None,
    config: Config = CONFIG,
    into: Annotated[Path, typer.Option("--into", help="Folder for the files.")] = Path("preview"),
    form: Annotated[Form, typer.Option("--form", help="Of the mail.")] = Form.FULL,
    language: Annotated[
        str, typer.Option("--language", help="Of the words around the stories, such as uk.")
    ] = "",
    timezone: Annotated[
        str, typer.Option("--timezone", help="As a reader there gets it: Europe/Kyiv.")
    ] = "",
    text: Annotated[bool, typer.Option("--text", help="Print the text part, too.")] = False,
    screens: Annotated[
        bool, typer.Option("--screens/--no-screens", help="Take pictures of mail and page.")
    ] = True,
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    as_json: Json = False,
) -> None:
    """Write an edition as page and mail, look at it in a browser, and check it row by row."""

    async def work(app: App) -> int:
        record = await resolve(app, edition, draft=True)
        warn_unspoken(record.newsletter, app.newsletter(record.newsletter).language)
        seen = await previewing.preview(
            app,
            record.id,
            into,
            form=form,
            language=language,
            timezone=timezone,
            shots=screens,
        )
        if as_json:
            show.answer(seen)
        else:
            _tell(seen, text=text)
        if open_it:
            page = seen.files[0].resolve().as_uri()
            if not webbrowser.open(page):
                show.err.print(f"digest: no browser could be opened; the page is {page}")
        return 1 if seen.lint.faults else 0

    with_app(config, work)


def _tell(seen: previewing.Previewed, *, text: bool) -> None:
    if text:
        show.say(seen.text)
    show.table("Written", ("", ""), [(path.suffix[1:], path) for path in seen.files])
    if seen.shots:
        show.table("Screens", ("", ""), [(path.stem, path) for path in seen.shots])
    elif seen.no_shots:
        show.say(f"No pictures of screens: {seen.no_shots}")
    findings = [one for one in seen.lint.findings if one.state != "pass"]
    passed = len(seen.lint.findings) - len(findings)
    rows = [(_MARKS[one.state], one.row, one.text) for one in findings]
    show.table(f"Checks: {passed} passed", ("", "row", "what"), rows)
    show.say(f"Subject: {seen.subject}; HTML of the mail: {seen.html_bytes:,} bytes")
    if seen.left_out:
        show.say(
            f"{seen.left_out} stories and briefs had no room in the mail: it says how many more "
            "are on the page, section by section and at the end"
        )
    for sentence in seen.missing:
        show.say(f"No picture: {sentence}")


def warn_unspoken(newsletter: str, language: str) -> None:
    """Say it, on standard error, if the frame of a newsletter cannot be in its language."""
    told = previewing.unspoken(language)
    if told:
        show.err.print(f"digest: {newsletter}: {told}", markup=False)


templates_app = typer.Typer(help="Templates of mails: list them, copy one to change it.")


@templates_app.callback(invoke_without_command=True)
def templates(context: typer.Context, config: Config = CONFIG, as_json: Json = False) -> None:
    """List the templates in force, and where each is."""
    if context.invoked_subcommand:
        return

    async def work(app: App) -> int:
        found = app.templates.files("email")
        if as_json:
            show.answer({"templates": found})
        else:
            show.table("Templates of mails", ("name", "file"), sorted(found.items()))
        return 0

    with_app(config, work)


@templates_app.command()
def copy(
    name: Annotated[str, typer.Argument(help="newspaper, plain or brief; or a file's name.")],
    new: Annotated[str, typer.Argument(help="The name of your copy; its own without one.")] = "",
    config: Config = CONFIG,
) -> None:
    """Copy a theme into your own templates folder, to change it there."""

    async def work(app: App) -> int:
        file = name if "." in name else f"{name}.mjml"
        source = render.default_templates() / "email" / PurePath(file).name
        if not source.is_file():
            raise NotFound(f"there is no theme {name!r}; `digest templates` lists them")
        copied = f"{PurePath(new).name}{source.suffix}" if new else source.name
        target = app.loaded.base / "templates" / "email" / copied
        if target.exists():
            raise Conflict(f"{target} is there already; give another name")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        show.say(f"{target} is yours")
        if source.suffix == ".mjml" and source.stem != "parts":
            show.say(f'`theme = "{target.stem}"` in [[newsletters]] uses it')
        return 0

    with_app(config, work)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.command()(preview)
    app.add_typer(templates_app, name="templates")
