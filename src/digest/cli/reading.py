"""`digest read`: how a document was understood."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from digest import reading, sources
from digest.cli import show
from digest.cli.frame import Json, run_async
from digest.errors import SourceError
from digest.model import Document, Kind, RawItem
from digest.settings import Collect


def read(
    named: Annotated[list[str], typer.Argument(help="Files, folders or http(s) addresses.")],
    language: Annotated[
        str | None, typer.Option("--language", help="When the document does not say.")
    ] = None,
    timezone: Annotated[str, typer.Option("--timezone", help="Of clocks without one.")] = "UTC",
    allow_private: Annotated[
        list[str] | None,
        typer.Option("--allow-private", help="A private host that may be asked; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how documents are understood: article, cards, briefs, and what could not be read.

    With --json, one object a line, as docs/document.schema.json describes.  Ends with 1 when
    anything could not be read at all.
    """
    hints = reading.Hints(language=language, timezone=timezone)
    collect = Collect(allow_private=tuple(allow_private or ()))

    async def work() -> int:
        unread = 0
        async for document in documents(named, hints, collect):
            unread += document.kind == "unreadable"
            if as_json:
                show.answer(reading.document_json(document))
            else:
                _show(document)
        return 1 if unread else 0

    run_async(work)


async def documents(
    named: Sequence[str], hints: reading.Hints, collect: Collect
) -> AsyncIterator[Document]:
    """Every document named, in order; one that cannot be had is an unreadable one."""
    async with sources.Http(collect, contact="") as http:
        for name in named:
            if name.startswith(("http://", "https://")):
                yield await _from_web(name, hints, http)
                continue
            try:
                for inside, content in sources.read_folder(Path(name)):
                    shown = inside if inside == Path(name).name else f"{name.rstrip('/')}/{inside}"
                    if isinstance(content, SourceError):
                        yield _unreadable(shown, content)
                    else:
                        yield reading.read_document(shown, content, hints)
            except SourceError as error:
                yield _unreadable(name, error)


async def _from_web(url: str, hints: reading.Hints, http: sources.Http) -> Document:
    try:
        answer = await http.get(url, validators=None, source_id="named")
    except SourceError as error:
        return _unreadable(url, error)
    there = reading.Hints(
        url=answer.url,
        content_type=answer.content_type,
        language=hints.language,
        timezone=hints.timezone,
    )
    return reading.read_document(url, answer.body, there)


def _unreadable(name: str, error: SourceError) -> Document:
    return Document(name=name, kind="unreadable", problems=(str(error),))


def _show(document: Document) -> None:
    show.say(f"{document.name}: {document.kind}" + (f", {document.site}" if document.site else ""))
    for item in document.items:
        if item.kind is Kind.ARTICLE:
            _show_article(item)
    briefs = [item for item in document.items if item.kind is Kind.BRIEF]
    for brief in briefs:
        words = brief.title or next((block.text for block in brief.blocks), "")
        show.say(f"  brief {_when(brief)}: {words}")
    for problem in document.problems:
        show.say(f"  problem: {problem}")


def _show_article(item: RawItem) -> None:
    show.say(f"  article: {item.title}")
    facts = [
        ("authors", ", ".join(item.authors)),
        ("published", _when(item)),
        ("reading time", f"{item.reading_min} min" if item.reading_min else ""),
        ("address", item.url or ""),
        ("caption", (item.image and item.image.caption) or ""),
        ("credit", (item.image and item.image.credit) or ""),
        ("topics", ", ".join(item.topics)),
        ("paragraphs", str(len(item.blocks))),
    ]
    for name, value in facts:
        if value:
            show.say(f"    {name}: {value}")
    for card in item.cards:
        show.say(
            f"    {card.kind} card: {card.title}" + (f" ({card.author})" if card.author else "")
        )


def _when(item: RawItem) -> str:
    if item.published_at is None:
        return ""
    return item.published_at.strftime("%Y-%m-%d" if item.day_only else "%Y-%m-%d %H:%M %Z")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(read)
