"""`digest subscribers add|show|set|pause|resume|end|tag|erase`: one person, by their address."""

import getpass
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from digest import privacy, rolls
from digest.app import App
from digest.cli import history, show
from digest.cli.frame import CONFIG, Config, Json, Which, with_app
from digest.errors import Conflict
from digest.model import Barred, Choices, Form, Frequency

Address = Annotated[str, typer.Argument(help="Their address.")]
Newsletter = Annotated[
    str | None, typer.Option("--newsletter", "-n", help="Slug of one newsletter; else all.")
]
Sections = Annotated[
    str | None, typer.Option("--sections", help='Slugs, with commas between; "" for all.')
]
Often = Annotated[Frequency | None, typer.Option("--frequency")]
Hour = Annotated[
    str | None, typer.Option("--hour", help='Not before: 0 to 23 of their clock; "" for any.')
]
Zone = Annotated[str | None, typer.Option("--timezone", help="Such as Europe/Dublin.")]
Language = Annotated[str | None, typer.Option("--language", help="Such as en or pt-BR.")]
TheForm = Annotated[Form | None, typer.Option("--form")]
Briefs = Annotated[bool | None, typer.Option("--briefs/--no-briefs")]
Name = Annotated[str | None, typer.Option("--name")]


def actor() -> str:
    """Who does it, for the audit log: the system user's name."""
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()[:64]
    return "unknown"


def instant(given: str, *, of: str) -> datetime:
    """A day or moment that somebody wrote; without a zone it is UTC.

    Raises:
        Conflict: it is none.
    """
    try:
        at = datetime.fromisoformat(given)
    except ValueError as error:
        raise Conflict(f"{of} {given!r} is not a date such as 2026-01-31") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _changed(
    sections: str | None,
    often: Frequency | None,
    hour: str | None,
    zone: str | None,
    language: str | None,
    form: Form | None,
    briefs: bool | None,
) -> Callable[[Choices], Choices]:
    """What the options say, and nothing else, put in the place of what somebody has."""
    given: dict[str, Any] = {
        "frequency": often,
        "timezone": zone,
        "language": language,
        "form": form,
        "briefs": briefs,
    }
    values = {name: value for name, value in given.items() if value is not None}
    if sections is not None:
        named = [slug.strip() for slug in sections.split(",")]
        values["sections"] = tuple(slug for slug in named if slug)
    if hour is not None:
        told = hour.strip()
        if told and not (told.isascii() and told.isdigit()):
            raise Conflict(f"--hour {hour!r} is not an hour, 0 to 23")
        values["hour"] = int(told) if told else None
    return lambda now: replace(now, **values)


def add(
    address: Address,
    consent_from: Annotated[
        str, typer.Option("--consent-from", help="Where they agreed, in words.")
    ],
    consent_at: Annotated[str, typer.Option("--consent-at", help="When: 2026-01-31.")],
    config: Config = CONFIG,
    newsletter: Which = None,
    name: Name = None,
    sections: Sections = None,
    frequency: Often = None,
    hour: Hour = None,
    timezone: Zone = None,
    language: Language = None,
    form: TheForm = None,
    briefs: Briefs = None,
    as_json: Json = False,
) -> None:
    """Subscribe somebody who has agreed, as you state."""

    async def work(app: App) -> int:
        chosen = app.newsletter(newsletter)
        start = Choices(language="", timezone=chosen.timezone)
        change = _changed(sections, frequency, hour, timezone, language, form, briefs)
        wanted = change(start)
        await rolls.add(
            app,
            chosen,
            address,
            choices=None if wanted == start else wanted,
            name=name or "",
            consent_from=consent_from,
            consent_at=instant(consent_at, of="--consent-at"),
            actor=actor(),
        )
        told = {"added": address, "newsletter": chosen.slug}
        show.answer(told) if as_json else show.say(f"{address} gets {chosen.title}")
        return 0

    with_app(config, work)


def show_person(address: Address, config: Config = CONFIG, as_json: Json = False) -> None:
    """Show what somebody got and why they stopped: everything that is kept of them.

    Of an address that is only on the suppression list it says so; nothing known at all ends
    with 3.
    """

    async def work(app: App) -> int:
        await history.tell(app, address, as_json=as_json)
        return 0

    with_app(config, work)


def set_choices(
    address: Address,
    config: Config = CONFIG,
    newsletter: Which = None,
    name: Name = None,
    sections: Sections = None,
    frequency: Often = None,
    hour: Hour = None,
    timezone: Zone = None,
    language: Language = None,
    form: TheForm = None,
    briefs: Briefs = None,
    as_json: Json = False,
) -> None:
    """Choose for somebody, as they asked you to; what is not named stays."""

    async def work(app: App) -> int:
        change = _changed(sections, frequency, hour, timezone, language, form, briefs)
        now = await rolls.set_choices(
            app, address, app.newsletter(newsletter), change, name=name, actor=actor()
        )
        show.answer(now) if as_json else show.say(f"{address}: changed")
        return 0

    with_app(config, work)


def pause(
    address: Address,
    days: Annotated[int, typer.Argument(help="1 to 365.")],
    config: Config = CONFIG,
    newsletter: Newsletter = None,
    as_json: Json = False,
) -> None:
    """Send somebody nothing for so many days; then it goes on by itself."""

    async def work(app: App) -> int:
        done = await rolls.pause(app, address, newsletter, days=days, actor=actor())
        return _count(done, "paused", as_json)

    with_app(config, work)


def resume(
    address: Address, config: Config = CONFIG, newsletter: Newsletter = None, as_json: Json = False
) -> None:
    """End a pause."""

    async def work(app: App) -> int:
        return _count(
            await rolls.resume(app, address, newsletter, actor=actor()), "active", as_json
        )

    with_app(config, work)


def end(
    address: Address, config: Config = CONFIG, newsletter: Newsletter = None, as_json: Json = False
) -> None:
    """End somebody's subscriptions; they may come back."""

    async def work(app: App) -> int:
        return _count(await rolls.end(app, address, newsletter, actor=actor()), "ended", as_json)

    with_app(config, work)


def _count(done: int, what: str, as_json: bool) -> int:
    show.answer({what: done}) if as_json else show.say(f"{what}: {done}")
    return 0


def tag(
    address: Address,
    tags: Annotated[list[str] | None, typer.Argument(help="Tags to add.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", "-r", help="A tag to take off; repeatable.")
    ] = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Tag somebody, for segments: `tag ann@example.org press --remove trial`."""

    async def work(app: App) -> int:
        # Behind "--" a tag with a sign before it is one to take off, too.
        add = [one for one in tags or () if not one.startswith("-")]
        off = [one[1:] for one in tags or () if one.startswith("-")] + (remove or [])
        if not add and not off:
            raise Conflict("name tags to add, or some to take off with --remove TAG")
        now = await rolls.tag(app, address, add=add, remove=off, actor=actor())
        told = ", ".join(now) or "no tags"
        show.answer({"tags": now}) if as_json else show.say(f"{address}: {told}")
        return 0

    with_app(config, work)


def erase(
    address: Address,
    config: Config = CONFIG,
    never: Annotated[
        bool, typer.Option("--never", help="And never write to them again, whoever signs them up.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete everything about somebody.  No import brings them back; there is no way back."""

    async def work(app: App) -> int:
        person = await rolls.show(app, address)
        cause = Barred.REQUEST if never else Barred.ERASED
        await privacy.erase(app, person.subscriber.id, barred=cause, actor=actor())
        show.answer({"erased": 1}) if as_json else show.say("erased")
        return 0

    if not yes:
        typer.confirm(f"Delete everything about {address}?", abort=True)
    with_app(config, work)


def add_to(people: typer.Typer) -> None:
    """Register the commands of this file."""
    for name, command in (
        ("add", add),
        ("show", show_person),
        ("set", set_choices),
        ("pause", pause),
        ("resume", resume),
        ("end", end),
        ("tag", tag),
        ("erase", erase),
    ):
        people.command(name=name)(command)
