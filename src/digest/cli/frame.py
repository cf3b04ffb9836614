"""What every command shares: options, the event loop, and what an error becomes."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from digest import telemetry
from digest.app import App, open_app
from digest.cli import show
from digest.errors import ConfigError, Conflict, DigestError, MailError, NotFound
from digest.model import Slot
from digest.settings import Loaded, Newsletter, load
from digest.slots import slot_of

#: Exit codes: sysexits' EX_TEMPFAIL for what may work later.
EXIT_CONFIG, EXIT_NOT_FOUND, EXIT_CONFLICT, EXIT_TEMPORARY = 2, 3, 4, 75

Config = Annotated[
    Path,
    typer.Option("--config", "-c", help="The configuration file.", envvar="DIGEST_CONFIG"),
]
CONFIG = Path("config.toml")
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Which = Annotated[
    str | None, typer.Option("--newsletter", "-n", help="Slug of the newsletter; else the first.")
]
Day = Annotated[
    str | None,
    typer.Option(
        "--date",
        help="Local date of the edition, YYYY-MM-DD or YYYY-MM-DDTHH:MM; else today.",
    ),
]
EditionId = Annotated[
    str | None, typer.Argument(help="Id such as daily@2026-05-18T0700; else the latest.")
]


def exit_code(error: DigestError) -> int:
    """What the shell is told."""
    if isinstance(error, ConfigError):
        return EXIT_CONFIG
    if isinstance(error, NotFound):
        return EXIT_NOT_FOUND
    if error.temporary:
        return EXIT_TEMPORARY
    return EXIT_CONFLICT if isinstance(error, Conflict) else 1


def fail(error: DigestError) -> typer.Exit:
    """Say what went wrong on standard error."""
    # Of several relays, and of words that could be anybody's, one wants to know whose they are.
    relay = error.relay if isinstance(error, MailError) else ""
    whose = f"{relay}: " if relay and relay not in str(error) else ""
    for line in str(error).splitlines() or [type(error).__name__]:
        show.err.print(f"digest: {whose}{line}", markup=False)
    return typer.Exit(exit_code(error))


def read_config(path: Path) -> Loaded:
    """Load *path*, or leave with every fault named."""
    try:
        return load(path, environ=os.environ)
    except ConfigError as error:
        raise fail(error) from error


def run_async(work: Callable[[], Coroutine[Any, Any, int]]) -> None:
    """Run *work* to its end; its result is the exit code, an error of ours becomes a sentence."""
    try:
        code = asyncio.run(work())
    except DigestError as error:
        raise fail(error) from error
    if code:
        raise typer.Exit(code)


def with_app(
    config: Path,
    work: Callable[[App], Awaitable[int]],
    *,
    helping: bool = False,
    watching: bool = False,
) -> None:
    """Open the App of *config*, do *work*, close it.

    The first SIGINT or SIGTERM asks it to stop in good order, the second is obeyed at once.

    Args:
        watching: it only looks: there is nothing to finish, and nothing to say of that.
    """
    telemetry.set_up()
    loaded = read_config(config)

    async def whole() -> int:
        async with open_app(loaded, environ=os.environ, helping=helping) as app:
            stop_politely(app, quiet=watching)
            return await work(app)

    run_async(whole)


def stop_politely(app: App, *, then: Callable[[], None] | None = None, quiet: bool = False) -> None:
    """At the first SIGINT or SIGTERM set `App.stopping` and call *then*; the second kills."""
    loop = asyncio.get_running_loop()

    def ask(number: signal.Signals) -> None:
        app.stopping.set()
        loop.remove_signal_handler(number)
        if then is not None:
            then()
        if not quiet:
            words = "finishing what has begun; once more stops at once"
            show.err.print(f"digest: {words}", markup=False)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ask, number)


def local_day(app: App, newsletter: Newsletter, given: str | None) -> date:
    """The local date meant by ``--date``."""
    return _meant(app, newsletter, given)[0]


def _meant(app: App, newsletter: Newsletter, given: str | None) -> tuple[date, time | None]:
    today: date = app.now().astimezone(ZoneInfo(newsletter.timezone)).date()
    if given is None:
        return today, None
    try:
        if "T" in given:
            moment = datetime.fromisoformat(given)
            day, clock = moment.date(), moment.time()
        else:
            day, clock = date.fromisoformat(given), None
    except ValueError as error:
        raise ConfigError(
            [f"--date {given!r} is not a date such as 2026-05-18, or 2026-05-18T18:00"]
        ) from error
    if day > today + timedelta(days=1):
        raise ConfigError([f"--date {given} lies ahead: an edition is made on its day"])
    return day, clock


def slot_by_hand(app: App, newsletter: Newsletter, given: str | None, *, again: bool) -> Slot:
    """The slot that a person means: the day's own; with *again*, one at this very minute.

    Of several a day it is the one whose clock is given, else today's latest that has come, else
    the first.
    """
    day, clock = _meant(app, newsletter, given)
    if again:
        now: datetime = app.now().astimezone(ZoneInfo(newsletter.timezone))
        return slot_of(newsletter, day, clock=now.time().replace(second=0, microsecond=0))
    if clock is not None:
        return slot_of(newsletter, day, clock=clock)
    come = [
        one for one in newsletter.send_at if slot_of(newsletter, day, clock=one).at <= app.now()
    ]
    today = day == local_day(app, newsletter, None)
    return slot_of(newsletter, day, clock=come[-1] if come and today else None)
