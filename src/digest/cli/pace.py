"""`digest pace`: how fast relays and lanes are used, and why; `digest pace reset` forgets it."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from digest.app import App
from digest.cli import show
from digest.cli.frame import CONFIG, Config, Json, with_app
from digest.errors import NotFound
from digest.mail.pacing import Pacing
from digest.mail.standing import Standing
from digest.store import paces

pace = typer.Typer(
    help="How fast relays and lanes are used, and what slowed them down.",
    invoke_without_command=True,
)

#: Lanes on a screen; JSON has them all.
_LINES = 50
#: What lanes do not have.
_OF_RELAYS = (
    *("sent_today", "allowed_today", "storm"),
    *("down", "down_since", "down_until", "spent"),
)


@pace.callback()
def standing(
    context: typer.Context,
    config: Config = CONFIG,
    as_json: Json = False,
    unused: Annotated[
        bool, typer.Option("--all", help="Relays that config.toml does not name any more, too.")
    ] = False,
) -> None:
    """Show relays and lanes: limits, slow-downs and why, mails today, storms, who is down.

    As it was written down last: a running process does so with its results.
    """
    if context.invoked_subcommand is not None:
        return

    async def work(app: App) -> int:
        found = await _standings(app, unused=unused)
        relays = [one for one in found if one.kind == "relay"]
        lanes = [one for one in found if one.kind == "lane"]
        if as_json:
            told = {
                "relays": [_without(one, "kind", "queue") for one in relays],
                "lanes": [_without(one, "kind", *_OF_RELAYS) for one in lanes],
            }
            show.answer(told)
            return 0
        columns = ("relay", "limit", "now", "today", "why")
        show.table("Relays", columns, [_relay_row(one) for one in relays])
        if lanes:
            columns = ("lane", "limit", "now", "waiting", "why")
            show.table("Lanes", columns, [_lane_row(one) for one in lanes[:_LINES]])
        if len(lanes) > _LINES:
            show.say(f"the first {_LINES} of {len(lanes)} lanes; --json has all")
        for one in relays:
            for what in filter(None, (_down(one, app.now()), one.spent, one.storm)):
                show.say(f"{one.name}: {what}")
        return 0

    with_app(config, work)


@pace.command()
def reset(
    name: Annotated[str, typer.Argument(help="Of a relay or a lane, as `digest pace` shows it.")],
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Forget what was learned of a relay or a lane: it is used as config.toml says again.

    What its warm-up plan gave it today stays given.
    """

    async def work(app: App) -> int:
        async with app.db.write() as conn:
            pacing = Pacing(app.settings)
            pacing.restore(await paces.load(conn))
            keys = [f"{kind}:{name}" for kind in ("relay", "lane")]
            forgotten = [key for key in keys if await paces.forget(conn, key)]
            if not forgotten:
                raise NotFound(f"nothing was learned of {name!r}: `digest pace` shows names")
            # What remains: today's count, and that it was forgotten.
            pacing.reset(name, app.now())
            await paces.save(app.db, conn, pacing.changed(), now=app.now())
        if as_json:
            show.answer({"forgotten": forgotten})
        else:
            show.say(f"{name}: forgotten; its limit is that of config.toml")
        return 0

    with_app(config, work)


async def _standings(app: App, *, unused: bool) -> list[Standing]:
    async with app.db.read() as conn:
        kept = await paces.load(conn)
    pacing = Pacing(app.settings)
    pacing.restore(kept)
    return list(pacing.standings(app.now(), unused=unused))


def _without(one: Standing, *names: str) -> dict[str, object]:
    return {key: value for key, value in show.plain(one).items() if key not in names}


def _relay_row(one: Standing) -> Sequence[object]:
    today = f"{one.sent_today}"
    if one.allowed_today is not None:
        today += f" of {one.allowed_today}"
    # More of the first two is said below the table.
    why = "refuses nearly everybody" if one.storm else "is down" if one.down else one.why
    return (one.name, _rate(one.limit), _now(one), today, why)


def _lane_row(one: Standing) -> Sequence[object]:
    return (one.name, _rate(one.limit), _now(one), one.queue, one.why)


def _down(one: Standing, now: datetime) -> str:
    """Since when, why, and what comes next."""
    if not one.down or one.down_since is None or one.down_until is None:
        return ""
    # In the past: nobody has sent since.
    next_try = "tried again" if one.down_until > now else "was to be tried again"
    since, until = (_clock(at, now) for at in (one.down_since, one.down_until))
    return f"down since {since}: {one.down}; {next_try} at {until}"


def _clock(at: datetime, now: datetime) -> str:
    """Of today the time alone."""
    shown = show.local(at)
    day, time = shown.split()
    return time if day == show.local(now).split()[0] else shown


def _rate(per_minute: float) -> str:
    return f"{per_minute:g} a minute" if per_minute else "none"


def _now(one: Standing) -> str:
    """What it is used at now."""
    if one.hold_s:
        return f"waits for {math.ceil(one.hold_s)} s"
    return "no slow-down" if one.slowed_to is None else f"{one.slowed_to:.0f} a minute"


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.add_typer(pace, name="pace")
