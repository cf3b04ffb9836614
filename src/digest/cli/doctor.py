"""`digest doctor`: will what is sent arrive, and what to do so that it does."""

import os
from collections.abc import Sequence

import typer

from digest import doctor
from digest.app import utc_now
from digest.cli import show
from digest.cli.frame import CONFIG, Config, Json, read_config, run_async
from digest.mail.records import Diagnosis, Verdict

_TITLES = {
    "site": "Pages",
    "from": "Sender",
    "spf": "SPF",
    "dkim": "DKIM",
    "alignment": "Alignment",
    "dmarc": "DMARC",
    "mx": "MX",
    "relay": "Relay",
    "ptr": "Address name",
    "ehlo": "Greeting",
    "returns": "Bounces",
    "leave": "Leaving",
    "desk": "Newsroom",
}


def examine(config: Config = CONFIG, as_json: Json = False) -> None:
    """Look at domain, relay and records; say what to fix. Sends nothing.

    Exit code 0: nothing is wrong; 1: something is.
    """
    loaded = read_config(config)

    async def work() -> int:
        found = await doctor.examine(loaded, environ=os.environ, now=utc_now())
        well = doctor.is_well(found)
        if as_json:
            show.answer({"well": well, "found": [show.plain(one) for one in found]})
        else:
            _say(found)
        return 0 if well else 1

    run_async(work)


def _say(found: Sequence[Diagnosis]) -> None:
    for one in found:
        about = f" {one.about}" if one.about else ""
        show.say(f"{one.verdict.value:<8}{_TITLES.get(one.check, one.check)}{about}: {one.found}")
        if one.fix:
            show.say(f"{'':<8}  -> {one.fix}")
        if one.publish is not None:
            record = one.publish
            show.say(f"{'':<8}  {record.name} {record.kind} {record.value}")
    numbers = {verdict: sum(one.verdict is verdict for one in found) for verdict in Verdict}
    told = ", ".join(f"{number} {verdict.value}" for verdict, number in numbers.items() if number)
    show.say(f"\n{told}.")


def add_to(app: typer.Typer) -> None:
    """Put the command where people look for it."""
    app.command(name="doctor")(examine)
