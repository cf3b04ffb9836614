"""`digest dkim`: keys that mails are signed with, and the records that go with them."""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from digest import doctor
from digest.cli import show
from digest.cli.frame import CONFIG, Config, Json, fail, read_config, run_async
from digest.errors import ConfigError, DigestError
from digest.mail.dkim import USUAL_RSA, Key, load_key, make_key, strings_of
from digest.mail.records import Diagnosis
from digest.mail.signing import keep_key, load_keys
from digest.settings import Dkim, Loaded, Secret

dkim = typer.Typer(help="Keys that sign every mail: new, show.", no_args_is_help=True)


@dkim.command()
def new(
    config: Config = CONFIG,
    selector: Annotated[
        str | None, typer.Option("--selector", help="Name of the key; else d and the month.")
    ] = None,
    ed25519: Annotated[
        bool, typer.Option("--ed25519", help="Short and fast; only beside an RSA key.")
    ] = False,
    bits: Annotated[int, typer.Option("--bits", help="Of an RSA key.")] = USUAL_RSA,
    domain: Annotated[
        str | None, typer.Option("--domain", help="That it signs for; else from_address's.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key, and say what to write into config.toml and what to publish in DNS."""
    loaded = read_config(config)
    name = selector or datetime.now(UTC).strftime("e%Y%m" if ed25519 else "d%Y%m")
    try:
        row = _row(name, domain or "")
        sender = loaded.settings.mail.from_address.rpartition("@")[2]
        pem = make_key(ed25519=ed25519, bits=bits)
        key = load_key(pem, selector=name, domain=domain or sender)
        path = loaded.resolve(loaded.settings.store.data_dir) / "dkim" / f"{name}.pem"
        keep_key(path, pem)
    except DigestError as error:
        raise fail(error) from error
    lines = _lines(loaded, row, path)
    if as_json:
        show.answer({"file": path, "config": "\n".join(lines), **_told(key)})
        return
    show.say(f"The key is in {path}. Keep it secret, and in your backup.")
    show.say("\n1. Publish this record:\n")
    _say_record(key)
    show.say("\n2. Add these lines to config.toml:\n")
    for line in lines:
        show.say(line)
    show.say(
        "\n3. When `digest dkim show --check` finds the record, start Digest again: from then on "
        "every mail is signed.\n   Before that nobody would believe the signatures."
    )


def _row(selector: str, domain: str) -> Dkim:
    """What config.toml will have, checked as it will be then."""
    try:
        return Dkim(selector=selector, domain=domain, key=Secret(env="X"))
    except ValueError as error:
        raise ConfigError(
            [
                f"--selector {selector!r} wants small letters, digits and hyphens; --domain a "
                "domain such as example.org"
            ]
        ) from error


def _lines(loaded: Loaded, row: Dkim, path: Path) -> list[str]:
    shown = path.relative_to(loaded.base) if path.is_relative_to(loaded.base) else path
    lines = ["[[dkim]]", f'selector = "{row.selector}"', f'key = {{ file = "{shown}" }}']
    return [*lines, f'domain = "{row.domain}"'] if row.domain else lines


def _told(key: Key) -> dict[str, object]:
    return {
        "selector": key.selector,
        "domain": key.domain,
        "algorithm": key.algorithm,
        "bits": key.bits,
        "name": key.name,
        "type": "TXT",
        "value": key.record,
        "strings": strings_of(key.record),
    }


def _say_record(key: Key) -> None:
    show.say(f"  name   {key.name}")
    show.say("  type   TXT")
    show.say(f"  value  {key.record}")
    pieces = strings_of(key.record)
    if len(pieces) > 1:
        show.say("\n  In a zone file, where one string holds 255 octets:\n")
        quoted = " ".join(f'"{piece}"' for piece in pieces)
        show.say(f"  {key.name}. IN TXT ( {quoted} )")


@dkim.command(name="show")
def show_keys(
    config: Config = CONFIG,
    check: Annotated[
        bool, typer.Option("--check", help="Ask DNS whether the records stand there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """The records of all keys, also of those that are not in config.toml yet; with --check,
    whether DNS has them.
    """
    loaded = read_config(config)

    async def work() -> int:
        keys = await asyncio.to_thread(
            load_keys, loaded.settings, base=loaded.base, environ=os.environ
        )
        spare = await asyncio.to_thread(_spare_keys, loaded, keys)
        found = await doctor.published(loaded, [*keys, *spare]) if check else ()
        if as_json:
            told = [_told(key) | {"in_config": True} for key in keys]
            told += [_told(key) | {"in_config": False} for key in spare]
            for row, one in zip(told, found, strict=False):
                row["check"] = one
            show.answer(told)
        else:
            _say_keys(keys, spare, found)
        # Who asks whether the records stand, and has none, is not told that all is well.
        return 0 if doctor.is_well(found) and (keys or spare or not check) else 1

    run_async(work)


def _spare_keys(loaded: Loaded, keys: Sequence[Key]) -> list[Key]:
    """What `digest dkim new` has made and nobody has put into config.toml yet."""
    sender = loaded.settings.mail.from_address.rpartition("@")[2]
    folder = loaded.resolve(loaded.settings.store.data_dir) / "dkim"
    known = {key.record for key in keys} | {key.selector for key in keys}
    spare = []
    for path in sorted(folder.glob("*.pem")):
        try:
            key = load_key(path.read_bytes(), selector=path.stem, domain=sender)
        except (ConfigError, OSError) as error:
            show.err.print(f"digest: {path} cannot be used: {error}", markup=False)
            continue
        if not {key.record, key.selector} & known:
            spare.append(key)
    return spare


def _say_keys(keys: Sequence[Key], spare: Sequence[Key], found: Sequence[Diagnosis]) -> None:
    if not keys and not spare:
        show.say("There is no [[dkim]] in config.toml; `digest dkim new` makes a key.")
    for number, key in enumerate([*keys, *spare]):
        if number:
            show.say("")
        signs = f"signs for {key.domain}" if number < len(keys) else "not in config.toml yet"
        show.say(f"{key.selector}: {key.algorithm}, {key.bits} bits, {signs}")
        _say_record(key)
        if number < len(found):
            one = found[number]
            show.say(f"\n  {one.verdict}: {one.found}{f'; {one.fix}' if one.fix else ''}")


def add_to(app: typer.Typer) -> None:
    """Put the commands where people look for them."""
    app.add_typer(dkim, name="dkim")
