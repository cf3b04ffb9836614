"""`digest deliveries`: who got an edition, what the relay said to whom, and settling doubts."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from digest import deliver, tracking
from digest.app import App
from digest.cli import show
from digest.cli.edition import resolve
from digest.cli.frame import CONFIG, Config, EditionId, Json, with_app
from digest.cli.report import mail_words
from digest.errors import Conflict
from digest.missing import said
from digest.model import Answer, Counts, DeliveryState
from digest.store import journal
from digest.store.editions import Record
from digest.tracking import Recipient

State = Annotated[
    list[DeliveryState] | None,
    typer.Option("--state", help="Only these; repeatable.  Else whoever was not reached."),
]
#: Parts of the sum, in the order of a delivery's life.
_PARTS = ("sent", "failed", "skipped", "doubtful", "bounced", "pending")


def deliveries(
    edition: EditionId = None,
    config: Config = CONFIG,
    state: State = None,
    relay: Annotated[
        str | None, typer.Option("--relay", help="Only what this one answered, in any state.")
    ] = None,
    person: Annotated[
        str | None, typer.Option("--person", help="Every answer to this address, in order.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="People to list.")] = journal.LISTED,
    resend: Annotated[
        bool, typer.Option("--resend", help="Write again to the doubtful, or those of --state.")
    ] = False,
    close: Annotated[bool, typer.Option("--close", help="Take the doubtful as sent.")] = False,
    as_json: Json = False,
) -> None:
    """Show who got an edition and who did not, and what the relay said; settle doubts."""

    async def work(app: App) -> int:
        record = await resolve(app, edition)
        if person is not None:
            if resend or close:
                raise Conflict("--person only shows: --resend and --close are for an edition")
            await _tell_person(app, record, person, as_json=as_json)
            return 0
        await _settle(app, record, state, resend=resend, close=close, quiet=as_json)
        states = state or (() if relay is not None else deliver.TROUBLED)
        people = await tracking.recipients(app, record.id, states=states, relay=relay, limit=limit)
        counts = await deliver.stands(app, record.id)
        if as_json:
            told = {"edition": record.id, "deliveries": counts, "reconciles": counts.reconciles}
            show.answer(told | {"people": [_plain(one) for one in people]})
        else:
            _tell(record, counts, people, full=len(people) == limit)
        return 0 if counts.reconciles else 1

    with_app(config, work)


async def _settle(
    app: App,
    record: Record,
    state: Sequence[DeliveryState] | None,
    *,
    resend: bool,
    close: bool,
    quiet: bool,
) -> None:
    if close:
        closed = await deliver.close_doubts(app, record.id)
        show.err.print(f"{closed} doubtful taken as sent", markup=False)
    if resend:
        queued = await deliver.resend(app, record.id, state or [DeliveryState.DOUBTFUL])
        show.err.print(f"{queued} are written to again", markup=False)
        if queued:
            with show.bars(quiet=quiet) as bars:
                await deliver.deliver(app, record.id, progress=bars.counts)


# ------------------------------------------------------------------------------ shown


def sum_words(counts: Counts) -> str:
    """The sum that holds to the person, with every part that is not zero."""
    parts = [f"{getattr(counts, name)} {name}" for name in _PARTS if getattr(counts, name)]
    return f"{counts.planned} planned = {' + '.join(parts) or '0'}"


def utc(at: datetime | None) -> str:
    """To the second: relays' logs are searched by it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else ""


def _tell(record: Record, counts: Counts, people: Sequence[Recipient], *, full: bool) -> None:
    show.say(f"{record.id}: mails accepted {mail_words(counts)}")
    show.say(sum_words(counts))
    if not counts.reconciles:
        show.err.print("digest: the sum does not hold: that is a defect of Digest", markup=False)
    rows = [
        (
            one.name,
            str(one.outcome.state),
            said(one.outcome.code, one.outcome.enhanced, one.outcome.text),
            one.outcome.relay,
            one.outcome.attempts,
            utc(one.outcome.at),
            utc(one.outcome.not_before),
        )
        for one in people
    ]
    if rows:
        columns = ("address", "state", "words", "relay", "tries", "when (UTC)", "not before")
        show.table("", columns, rows)
    if full:
        show.say(f"These are the first {len(rows):,}: --limit asks for more, --state for some.")


def _plain(one: Recipient) -> dict[str, object]:
    outcome = one.outcome
    words = said(outcome.code, outcome.enhanced, outcome.text)
    return {
        "address": one.name,
        "what": f"{outcome.state}: {words}" if words else f"{outcome.state}:",
        "number": outcome.subscriber_id,
        "state": outcome.state,
        "code": outcome.code,
        "enhanced": outcome.enhanced,
        "text": outcome.text,
        "relay": outcome.relay,
        "attempts": outcome.attempts,
        "at": outcome.at,
        "not_before": outcome.not_before,
    }


async def _tell_person(app: App, record: Record, address: str, *, as_json: bool) -> None:
    answers = await tracking.answers_to(app, record.id, address)
    if as_json:
        show.answer({"edition": record.id, "person": address, "answers": answers})
        return
    if not answers:
        show.say(f"{record.id}: nothing was begun for {address}, or they are not of its audience")
        return
    columns = ("when (UTC)", "state", "try", "words", "relay")
    show.table(f"{record.id} to {address}", columns, [_row(one) for one in answers])


def _row(one: Answer) -> tuple[object, ...]:
    words = said(one.code, one.enhanced, one.text)
    return utc(one.at), str(one.state), one.attempt, words, one.relay


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.command()(deliveries)
