"""`digest coverage`: the proof that nothing vanished, or what did."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

import typer

from digest import coverage as proving
from digest.app import App
from digest.cli import show
from digest.cli.frame import CONFIG, Config, Json, with_app
from digest.coverage import Cover, Line, Violation
from digest.errors import ConfigError
from digest.model import Cause

#: Editions and violations on a screen; JSON has them all.
_LINES, _VIOLATIONS = 30, 50
_TOLD = ("story", "brief", "copy")
_UNSAID = "unsaid"

Only = Annotated[
    str | None, typer.Option("--newsletter", "-n", help="Slug of the only newsletter; else all.")
]
One = Annotated[str | None, typer.Option("--edition", "-e", help="Id of the only edition.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Local day, YYYY-MM-DD: editions and items since.")
]


def coverage(
    newsletter: Only = None,
    edition: One = None,
    since: Since = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Prove that every collected item is in one edition, left out with a reason, or waits.

    Exit code 1 when that is not so: each violation is named, with what to do.
    """

    async def work(app: App) -> int:
        covers = await proving.coverage(
            app, newsletter=newsletter, edition=edition, since=_day(since)
        )
        proved = all(cover.proved for cover in covers)
        if as_json:
            show.answer({"proved": proved, "newsletters": [_plain(cover) for cover in covers]})
        else:
            for cover in covers:
                _show(cover, whole=edition is None)
        return 0 if proved else 1

    with_app(config, work)


def _day(given: str | None) -> date | None:
    if given is None:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise ConfigError([f"--since {given!r} is not a date such as 2026-05-18"]) from error


def _plain(cover: Cover) -> dict[str, Any]:
    told: dict[str, Any] = show.plain(cover)
    return told | {"collected": cover.collected, "proved": cover.proved}


def _show(cover: Cover, *, whole: bool) -> None:
    lines = list(cover.editions[-_LINES:])
    causes = [*(cause.value for cause in Cause), _UNSAID]
    used = [cause for cause in causes if any(cause in line.left_out for line in cover.editions)]
    columns = ("edition", "state", "items", "story", "brief", "copy", *(f"−{c}" for c in used))
    rows = [_row(line, used) for line in lines]
    show.table(f"Coverage of {cover.newsletter}", columns, rows)
    if len(lines) < len(cover.editions):
        show.say(f"the latest {len(lines)} of {len(cover.editions)} editions; --json has all")
    if used:
        show.say("−: left out, by cause; a copy is the same text again")
    if whole:
        show.say(f"{cover.collected} items: {', '.join(_sums(cover))}")
    for note in cover.notes:
        show.say(f"look at this: {note}")
    for violation in cover.violations[:_VIOLATIONS]:
        show.say(_words(violation))
    more = cover.violations_in_all - _VIOLATIONS
    if more > 0:
        show.say(f"and {more} more; --json names {len(cover.violations)} of them")
    number = cover.violations_in_all
    show.say("nothing vanished" if cover.proved else f"NOT PROVED: {number} violations")


def _row(line: Line, causes: list[str]) -> tuple[object, ...]:
    told = (line.told.get(part, 0) for part in _TOLD)
    left = (line.left_out.get(cause, 0) for cause in causes)
    return line.edition_id, str(line.state), line.total, *told, *left


def _sums(cover: Cover) -> Iterator[str]:
    yield f"{cover.collected - cover.rest} in editions or left out by them"
    since = f" (the oldest since {show.local(cover.waiting_since)})" if cover.waiting_since else ""
    yield f"{cover.waiting} waiting{since}"
    for number, words in (
        (cover.held, "held by an editor"),
        (cover.before, "of before it began"),
        (cover.expired, "deleted while they waited"),
        (cover.vanished, "VANISHED"),
    ):
        if number:
            yield f"{number} {words}"


def _words(violation: Violation) -> str:
    item = violation.item_id
    if violation.title:
        item = f"{item} “{violation.title}”"
    where = " ".join(filter(None, (violation.edition_id, item)))
    return f"{violation.breach.upper()} {where}: {violation.text}. To do: {violation.remedy}."


def add_to(app: typer.Typer) -> None:
    """Register the command of this file."""
    app.command()(coverage)
