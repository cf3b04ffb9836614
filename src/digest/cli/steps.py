"""The steps of composing by themselves: `summarize`, `stories`, `train-sections`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from digest import editorial, reading
from digest.app import App
from digest.cli import show
from digest.cli.frame import CONFIG, Config, Json, Which, run_async, with_app
from digest.cli.reading import documents
from digest.errors import ParseError
from digest.model import Item, Kind, Story, Summary
from digest.settings import Collect

Named = Annotated[list[str], typer.Argument(help="Files, folders or http(s) addresses.")]
Language = Annotated[
    str | None, typer.Option("--language", help="BCP 47, when the document does not say.")
]
Zone = Annotated[str, typer.Option("--timezone", help="Of clocks without one.")]


async def _items(
    named: Sequence[str], language: str | None, timezone: str
) -> tuple[list[Item], bool]:
    """The items of all documents, and whether everything could be read."""
    hints = reading.Hints(language=language, timezone=timezone)
    seen = datetime.now(UTC)
    found: dict[str, Item] = {}
    whole = True
    async for document in documents(named, hints, Collect()):
        for problem in document.problems:
            show.err.print(f"digest: {document.name}: {problem}", markup=False)
        whole = whole and document.kind != "unreadable"
        for position, raw in enumerate(document.items):
            try:
                item = editorial.clean(
                    raw,
                    source_id=document.site or document.name,
                    seen_at=seen,
                    position=position,
                    language=language,
                )
            except ParseError as error:
                show.err.print(f"digest: {document.name}: {error}", markup=False)
                whole = False
                continue
            found.setdefault(item.id, item)
    return list(found.values()), whole


def _told(summary: Summary, items: Sequence[Item]) -> dict[str, object]:
    return {
        "origin": summary.origin,
        "words": len(summary.text.split()),
        "text": summary.text,
        "sentences": summary.sentences,
        "quotations": [
            {"quote": quote, "speaker": speaker}
            for quote, speaker in editorial.who_said(summary.text, items[0].language)
        ],
        "why": editorial.why_summary(summary, items),
    }


def summarize(
    named: Named,
    words: Annotated[int, typer.Option("--words", min=10, max=400, help="About how many.")] = 75,
    language: Language = None,
    timezone: Zone = "UTC",
    as_json: Json = False,
) -> None:
    """Summarise documents with their own sentences: nothing is invented, nothing is cut.

    With --json, one object for each article or brief: its title, and the summary with the place
    of every sentence in the article's text.  Ends with 1 when anything could not be read.
    """

    async def work() -> int:
        items, whole = await _items(named, language, timezone)
        for item in items:
            summary = editorial.summarize(item, words=words)
            told = _told(summary, [item])
            if as_json:
                show.answer({"item": item.id, "kind": item.kind, "title": item.title} | told)
                continue
            show.say(item.title)
            show.say(f"  {summary.text or '(nothing that could stand alone)'}")
            show.say(f"  – {told['why']}\n")
        return 0 if whole else 1

    run_async(work)


def stories(
    named: Named, language: Language = None, timezone: Zone = "UTC", as_json: Json = False
) -> None:
    """Show which documents tell one story, what is a copy of what, what matters most, and why.

    With --json, one object for each story, the weightiest first.  Ends with 1 when anything
    could not be read.
    """

    async def work() -> int:
        items, whole = await _items(named, language, timezone)
        for story in editorial.stories(items):
            show.answer(_story(story)) if as_json else _say_story(story)
        return 0 if whole else 1

    run_async(work)


def _story(story: Story) -> dict[str, object]:
    return {
        "headline": story.headline,
        "score": round(story.score, 4),
        "terms": dict(story.score_terms),
        "items": [_item(item) for item in story.items],
        "copies": [_item(copy) for copy in story.copies],
        "summary": _told(story.summary, story.items),
        "why": story.why,
    }


def _item(item: Item) -> dict[str, object]:
    return {
        "id": item.id,
        "kind": item.kind,
        "title": item.title,
        "source": item.site or item.source_id,
        "published_at": item.published_at,
        "language": item.language,
    }


def _say_story(story: Story) -> None:
    terms = ", ".join(f"{name} {value:g}" for name, value in story.score_terms if value)
    show.say(f"{story.headline}  ({story.score:.2f}: {terms})")
    for mark, told in (("·", story.items), ("=", story.copies)):
        for item in told:
            brief = "brief, " if item.kind is Kind.BRIEF else ""
            show.say(f"  {mark} {item.title} ({brief}{item.site or item.source_id})")
    for reason in story.why:
        show.say(f"  – {reason.about}: {reason.text}")
    show.say("")


def train_sections(
    config: Config = CONFIG,
    newsletter: Which = None,
    archive: Annotated[
        list[Path] | None,
        typer.Option(
            "--archive", help="CSV with title, text, section; or JSON Lines.  Repeatable."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report only, keep nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Learn the sections from the newsroom's archive, and say how well that went.

    It learns from what sources' categories and addresses say, from what editors moved, and from
    the archives given; it abstains where it was wrong too often.
    """

    async def work(app: App) -> int:
        from digest import training

        made = await training.train_sections(
            app, app.newsletter(newsletter), archive or (), keep=not dry_run
        )
        found = made.trained
        if as_json:
            show.answer(
                {
                    "newsletter": made.newsletter,
                    "examples": found.model.examples,
                    "accuracy": found.accuracy,
                    "precision": found.precision,
                    "coverage": found.coverage,
                    "threshold": found.model.threshold,
                    "sections": {
                        name: {"examples": size, "found": share}
                        for name, (size, share) in found.sections.items()
                    },
                    "confused": found.confused,
                    "passed_over": made.unknown,
                    "file": made.path,
                }
            )
            return 0
        rows = [(name, size, f"{share:.1%}") for name, (size, share) in found.sections.items()]
        show.table("Sections", ("section", "examples", "found"), rows)
        for name, number in made.unknown.items():
            what = f"“{name}”" if name else "no section"
            show.say(f"{number} rows were passed over: {what} is none of {made.newsletter}'s")
        for section, taken, times in found.confused[:5]:
            show.say(f"{times} of {section} were taken for {taken}")
        show.say(
            f"{found.accuracy:.1%} right in five-fold cross-validation of "
            f"{found.model.examples} examples; it dares to guess {found.coverage:.0%} of them, "
            f"and {found.precision:.1%} of those guesses were right"
        )
        if not found.coverage:
            show.say("It is sure of nothing: it will abstain, and changes no edition.")
        kept = (
            f"Kept in {made.path}; used from the next edition on" if made.path else "Kept nothing"
        )
        show.say(kept)
        return 0

    with_app(config, work)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.command()(summarize)
    app.command()(stories)
    app.command("train-sections")(train_sections)
