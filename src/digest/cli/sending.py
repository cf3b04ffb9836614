"""`digest missing`, `progress`, `pause`, `resume`: an edition on its way, and whom it missed."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from digest import missing as reaching
from digest import pausing, tracking
from digest.app import App
from digest.cli import show
from digest.cli.deliveries import sum_words, utc
from digest.cli.edition import resolve
from digest.cli.frame import CONFIG, Config, EditionId, Json, fail, with_app
from digest.cli.report import (
    TITLES,
    examples_words,
    mail_words,
    state_words,
    waiting_words,
)
from digest.errors import Conflict
from digest.missing import Missing, Why
from digest.model import DeliveryState, Progress, Tally
from digest.store import editions
from digest.store.editions import Record

States = Annotated[
    list[DeliveryState] | None,
    typer.Option(
        "--state",
        help="With --send: failed (if nothing is said), or doubtful, who may get a second copy; "
        "repeatable.",
    ),
]


# ---------------------------------------------------------------------------- missing


def missing(
    edition: EditionId = None,
    config: Config = CONFIG,
    send: Annotated[
        bool, typer.Option("--send", help="Write again to the failed, after asking.")
    ] = False,
    state: States = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Show whom an edition did not reach, and why; with --send write again to those who failed."""
    states = list(dict.fromkeys(state or [DeliveryState.FAILED]))
    shown: list[Missing] = []

    async def look(app: App) -> int:
        record = await resolve(app, edition)
        found = await reaching.missing(app, record.id)
        shown.append(found)
        if send:
            wrong = [one for one in states if one not in reaching.AGAIN]
            if wrong:
                raise Conflict(
                    f"whoever is {wrong[0]} is not written to again: --state failed or doubtful"
                )
            reaching.see_open(record)
        elif state:
            raise Conflict("--state says to whom to send: with --send")
        if not as_json:
            _tell_missing(found)
        elif not send:
            show.answer(_plain_missing(found))
        return 0

    async def write_again(app: App) -> int:
        with show.bars(quiet=as_json) as bars:
            counts = await reaching.send_to_missing(
                app, shown[0].edition_id, states, progress=bars.counts
            )
        if as_json:
            # What was missing, and where it stands now.
            show.answer(_plain_missing(shown[0]) | {"deliveries": counts})
        else:
            show.say(f"{shown[0].edition_id}: mails accepted {mail_words(counts)}")
        return 0

    with_app(config, look)
    if send and _agreed(shown[0], states, yes=yes, quiet=as_json):
        # The question is asked between two runs: within one a Ctrl-C would only be noted.
        with_app(config, write_again)


def _agreed(found: Missing, states: Sequence[DeliveryState], *, yes: bool, quiet: bool) -> bool:
    """Whether to send: asks, unless that was answered before."""
    number = sum(found.may.get(one, 0) for one in states)
    if not number:
        if quiet:
            show.answer(_plain_missing(found) | {"deliveries": found.counts})
        else:
            show.say(f"Nobody is {' or '.join(states)} and may be written to: nothing is sent.")
        return False
    words = f"Write again to {number} {'person' if number == 1 else 'people'}"
    if DeliveryState.DOUBTFUL in states and found.may.get(DeliveryState.DOUBTFUL):
        words += f"; {found.may[DeliveryState.DOUBTFUL]} of them may get a second copy"
    if not quiet:
        show.say(f"{words}.")
    if yes:
        return True
    if not sys.stdin.isatty():
        raise fail(Conflict("nobody is here to be asked: --yes sends without asking"))
    return typer.confirm("Send?", err=True)


def _tell_missing(found: Missing) -> None:
    id, counts = found.edition_id, found.counts
    if not counts.planned:
        show.say(f"{id} is {found.state}: nobody was written to, or it is no longer kept to whom")
        return
    show.say(f"{id}: {sum_words(counts)}")
    if found.held_up:
        show.say(found.held_up)
    rows = [
        (
            TITLES[group.why],
            group.count,
            group.words,
            utc(group.until),
            examples_words(group),
        )
        for group in found.groups
    ]
    if not rows:
        show.say("It reached everybody.")
        return
    show.table("Not reached", ("why", "people", "words", "not before (UTC)", "such as"), rows)
    for line in _hints(found):
        show.say(line)


def _hints(found: Missing) -> list[str]:
    """What a person may do, and what Digest will not."""
    id, hints = found.edition_id, []
    failed = found.may.get(DeliveryState.FAILED, 0)
    doubts = found.may.get(DeliveryState.DOUBTFUL, 0)
    if found.count(Why.FAILED):
        how = (
            f": `digest missing {id} --send`" if failed else ": the others have left, or are barred"
        )
        hints.append(f"{failed} of the failed may be written to{how}")
    if found.count(Why.DOUBTFUL):
        hints.append(
            f"{doubts} of the doubtful may be written to, and may get a second copy:"
            f" `digest missing {id} --send --state doubtful`;"
            f" or take them as sent: `digest deliveries {id} --close`"
        )
    if found.count(Why.WAITING) and not found.held_up:
        hints.append("Whoever waits is written to in time by `digest serve`, or `digest send`.")
    if found.count(Why.GONE, Why.JOINED, Why.BOUNCED, Why.EXPIRED):
        hints.append("All others are not written to, whatever is asked for.")
    return hints


def _plain_missing(found: Missing) -> dict[str, object]:
    return {
        "edition": found.edition_id,
        "state": found.state,
        "paused": found.paused,
        "held_up": found.held_up,
        "expires_at": found.expires_at,
        "deliveries": found.counts,
        "missing": found.groups,
        "may_be_written_to": {str(state): number for state, number in found.may.items()},
    }


# --------------------------------------------------------------------------- progress


def progress(
    edition: EditionId = None,
    config: Config = CONFIG,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Until it is sent or cancelled.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show how far the sending of an edition is: how fast, how long, by relay and by provider.

    With --follow --json one line each second in which something has changed.
    """

    async def work(app: App) -> int:
        record = await resolve(app, edition)
        if not follow:
            now = await tracking.progress(app, record.id)
            if as_json:
                held_up = await pausing.held_up(app, record, pending=now.counts.pending)
                show.answer({"state": record.state, "held_up": held_up} | show.plain(now))
            else:
                await _tell_progress(app, record.id, now)
            return 0
        await _follow(app, record, as_json=as_json)
        return 0

    with_app(config, work, watching=True)


async def _follow(app: App, record: Record, *, as_json: bool) -> None:
    last: Progress | None = None
    with show.bars(quiet=as_json) as bars:
        async for now in tracking.watch(app, record.id):
            if last is not None and not tracking.changed(last, now):
                continue
            last = now
            if as_json:
                show.answer(now)
            elif show.err.is_terminal:
                bars.told(now)
            else:
                show.say(line_of(now))
    if last is not None and not as_json:
        await _tell_progress(app, record.id, last)


def line_of(now: Progress) -> str:
    """One line: how much, how fast, how long."""
    counts = now.counts
    done = counts.planned - counts.pending
    share = f" ({100 * done // counts.planned} %)" if counts.planned else ""
    words = f"{now.edition_id}: {done:,} of {counts.planned:,}{share}"
    if now.paused:
        return f"{words}, paused: {now.paused}"
    if now.workers:
        words += f", {now.per_s:,.1f} a second"
    if now.left_s is not None:
        words += f", {show.span(now.left_s)} left"
    return words


async def _tell_progress(app: App, edition_id: str, now: Progress) -> None:
    async with app.db.read() as conn:
        # As it is by now: whoever follows has read it long ago.
        record = await editions.get(conn, edition_id)
    if not now.counts.planned:
        show.say(f"{edition_id} is {state_words(record)}; nobody was written to")
        return
    show.say(line_of(now))
    show.say(sum_words(now.counts))
    held_up = await pausing.held_up(app, record, pending=now.counts.pending)
    if held_up:
        show.say(f"{waiting_words(now.counts.pending)}{held_up}")
    elif now.counts.pending and not now.workers:
        show.say(f"No process is sending it: `digest send {edition_id}` or `digest serve` goes on.")
    for title, tallies in (("relay", now.relays), ("provider", now.lanes)):
        if tallies:
            columns = (title, "accepted", "later", "refused", "no answer")
            show.table("", columns, [_tally(name, one) for name, one in tallies.items()])


def _tally(name: str, one: Tally) -> tuple[object, ...]:
    return name or "–", one.accepted, one.deferred, one.refused, one.vanished


# ----------------------------------------------------------------------- pause, resume


def pause(
    edition: EditionId = None,
    config: Config = CONFIG,
    reason: Annotated[str, typer.Option("--reason", help="For whoever looks.")] = "by hand",
    as_json: Json = False,
) -> None:
    """Stop the sending of an edition until `digest resume`: what is on its way is finished."""

    async def work(app: App) -> int:
        record = await resolve(app, edition)
        why = " ".join(reason.split())
        if not why:
            raise Conflict("--reason is empty: say why, or leave it out")
        await pausing.pause(app, record.id, why, by_hand=True)
        await _tell_pause(app, record.id, as_json=as_json)
        return 0

    with_app(config, work)


def resume(edition: EditionId = None, config: Config = CONFIG, as_json: Json = False) -> None:
    """Go on with the sending of a paused edition: `digest serve` does, or `digest send`."""

    async def work(app: App) -> int:
        record = await resolve(app, edition)
        await pausing.resume(app, record.id)
        await _tell_pause(app, record.id, as_json=as_json)
        return 0

    with_app(config, work)


async def _tell_pause(app: App, edition_id: str, *, as_json: bool) -> None:
    now = await tracking.progress(app, edition_id)
    if as_json:
        show.answer({"edition": edition_id, "paused": now.paused, "deliveries": now.counts})
    elif now.paused:
        show.say(f"{edition_id} is paused: {now.paused}; mails accepted: {mail_words(now.counts)}")
    else:
        async with app.db.read() as conn:
            record = await editions.get(conn, edition_id)
        held_up = await pausing.held_up(app, record, pending=now.counts.pending)
        how = held_up or f"`digest serve` writes to them, or `digest send {edition_id}`"
        show.say(f"{edition_id} goes on: {now.counts.pending:,} wait: {how}")


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    for command in (missing, progress, pause, resume):
        app.command()(command)
