"""`digest push`: hand in articles and briefs, as a program does over HTTP."""

import asyncio
import sys
from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any

import typer

from digest import intake
from digest.app import App
from digest.cli import show
from digest.cli.frame import CONFIG, Config, Json, fail, with_app
from digest.errors import ConfigError, DigestError, NotFound

#: More of them are counted, not listed.
_LISTED = 40


def push(
    file: Annotated[
        str | None, typer.Argument(help="A file of JSON or JSON Lines; - reads standard input.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Id of a source of kind push; else the only one.")
    ] = None,
    brief: Annotated[str | None, typer.Option("--brief", help="The text of one brief.")] = None,
    article: Annotated[
        str | None, typer.Option("--article", help="The headline of one article.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Headline of the brief.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="Text of the article.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="Address of its page.")] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="When it appeared: 2026-05-18T07:30, in the source's zone."),
    ] = None,
    id: Annotated[
        str | None, typer.Option("--id", help="Your own id, to correct it later; else made.")
    ] = None,
    author: Annotated[list[str] | None, typer.Option("--author", help="Repeatable.")] = None,
    topic: Annotated[list[str] | None, typer.Option("--topic", help="Repeatable.")] = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Push items: a file of them, or one brief or article from the options.

    Pushed again under its id, an item in other words is a correction; in the same words,
    nothing happens.  All of a file is taken, or nothing; the format is in docs/push.md.
    """
    told = {"title": title, "text": text, "url": url, "published": at, "id": id}
    told = {key: value for key, value in told.items() if value is not None}
    lists = {"authors": author or [], "topics": topic or []}
    item: dict[str, Any] | None = {**told, **{key: value for key, value in lists.items() if value}}
    try:
        if brief is None and article is None:
            if file is None or item:
                raise ConfigError(
                    ["name a file (- is standard input), or give --brief TEXT or --article TITLE"]
                )
            item = None
        else:
            item = _one(item or {}, file, brief, article)
    except DigestError as error:
        raise fail(error) from error

    async def work(app: App) -> int:
        data = item if item is not None else await asyncio.to_thread(_read, file or "-")
        done = await intake.push(app, source, data)
        show.answer(done) if as_json else _show(done)
        return 0

    with_app(config, work)


def _one(
    item: dict[str, Any], file: str | None, brief: str | None, article: str | None
) -> dict[str, Any]:
    """The item that the options tell of.

    Raises:
        ConfigError: they tell of two things at once.
    """
    if file is not None or (brief is not None and article is not None):
        raise ConfigError(["give one of a file, --brief and --article"])
    if brief is not None:
        if "text" in item:
            raise ConfigError(["the text of a brief is what stands behind --brief"])
        item |= {"kind": "brief", "text": brief}
    else:
        if "title" in item:
            raise ConfigError(["the headline of an article is what stands behind --article"])
        item |= {"kind": "article", "title": article}
    # The same words typed twice are one item.
    return {"id": _made_id(item)} | item


def _made_id(item: dict[str, Any]) -> str:
    words = "\0".join(str(item.get(key, "")) for key in ("kind", "title", "text", "url"))
    return "cli-" + blake2b(words.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _read(file: str) -> bytes:
    """A little more than may be pushed, so that too much is seen to be too much."""
    from digest.reading.pushed import MOST_BYTES

    if file == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise NotFound(f"{file} cannot be read: {reason}") from error


def _show(done: intake.Pushed) -> None:
    if len(done.items) <= _LISTED:
        for became in done.items:
            show.say(f"{became.id}: {became.state}")
    counts = Counter(new=done.new, changed=done.changed, unchanged=done.unchanged)
    summary = ", ".join(f"{number} {state}" for state, number in counts.items())
    show.say(f"{done.source}: {summary}")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(push)
