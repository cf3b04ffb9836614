"""A newsroom that is ready to send: made once, copied for every run.

Its people come in through `enrol`, as anybody's do; its edition is made up, kept by the store's
own doors and approved by the verb.  Half of the time of a benchmark would else be spent on
making the same newsroom again.
"""

import asyncio
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path

from benchmarks.render import Bench, edition, person
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from digest import enrol, pipeline, slots
from digest.app import open_app
from digest.model import Edition, Form
from digest.render import fill
from digest.settings import load
from digest.store import editions

CONFIG = """[site]
name = "Harbour Newsroom"
base_url = "https://news.example.org"
postal_address = "1 Lower Quay"

[store]
url = "sqlite:///data/digest.db"

[pictures]
show = "none"

[mail]
by = "smtp"
host = "127.0.0.1"
tls = "none"
from_address = "morning@news.example.org"
{mail}

[pace]
# No name server is asked: there is none for domains that are made up.
resolve_mx = false
{pace}

{dkim}

[[newsletters]]
slug = "daily"
title = "The Daily"
"""

FIRST = "Ada Bruno Olena Jonas Mira Tomas Ines Pavlo Lena Hugo".split()
LAST = "Brook Tide Marynko Kiesel Quay Harrow Pilot Storm Ferris Lock".split()
#: Half of the people are at a few large providers, the others at two thousand small ones.
LARGE, SMALL = 5, 2000

SIGNATURES = ("rsa", "ed25519")


@dataclass(frozen=True, slots=True)
class Size:
    """An edition whose mail is about so large on the wire."""

    kb: int
    stories: int
    form: Form


#: Found by trying; `Content.octets` says what they really are.
SIZES: Mapping[int, Size] = {40: Size(40, 11, Form.FULL), 4: Size(4, 4, Form.TEXT)}


@dataclass(frozen=True, slots=True)
class Content:
    """One message of an edition as it leaves, unsigned, and what peers make theirs from."""

    octets: int
    message: bytes
    subject: str
    text: str
    html: str


def content_of(size: Size) -> Content:
    from digest.render.templates import HOLES, marker

    bench = Bench()
    layout = bench.compile(told(size), "newspaper", size.form)
    message = fill(layout, person(1), links=bench.links, sent_at=told(size).slot_at)
    nonce = bench.links.nonce(layout.edition_id)

    def holes(text: str) -> str:
        for hole in HOLES:
            text = text.replace(marker(nonce, hole), "{{ " + hole + " }}")
        return text

    return Content(len(message), message, layout.subject, holes(layout.text), holes(layout.html))


def told(size: Size) -> Edition:
    return edition(size.stories)


@dataclass(frozen=True, slots=True)
class Room:
    """A folder with config.toml and data/, and the edition that is to be sent."""

    folder: Path
    edition_id: str
    people: int

    @property
    def database(self) -> Path:
        return self.folder / "data" / "digest.db"

    def copy(self, folder: Path, mail: "MailTable") -> "Room":
        """The same newsroom somewhere else, with another way out."""
        folder.mkdir(parents=True)
        for name in ("data", "keys"):
            shutil.copytree(self.folder / name, folder / name)
        (folder / "config.toml").write_text(mail.config())
        return Room(folder, self.edition_id, self.people)


@dataclass(frozen=True, slots=True)
class MailTable:
    """[mail] of a run."""

    port: int = 25
    connections: int = 10
    signatures: Sequence[str] = ()
    #: Further keys of [mail] and of [pace], as TOML has them.
    more: Mapping[str, str] = field(default_factory=dict)
    pace: Mapping[str, str] = field(default_factory=dict)

    def config(self) -> str:
        lines = [f"port = {self.port}", f"connections = {self.connections}"]
        lines += [f"{key} = {value}" for key, value in self.more.items()]
        dkim = [
            f'[[dkim]]\nselector = "{name}"\nkey = {{ file = "keys/{name}.pem" }}'
            for name in self.signatures
        ]
        pace = [f"{key} = {value}" for key, value in self.pace.items()]
        return CONFIG.format(mail="\n".join(lines), pace="\n".join(pace), dkim="\n".join(dkim))


def town(path: Path, people: int, *, form: Form, locals_of: Iterable[str] | None = None) -> None:
    """A CSV file of so many people; *locals_of*: what their addresses begin with."""
    with path.open("w", newline="") as file:
        file.write("email,name,language,timezone,form,consent_at,consent_from\n")
        for n, local in zip(range(1, people + 1), locals_of or repeat("ok"), strict=False):
            name = f"{FIRST[n % 10]} {LAST[n // 10 % 10]}"
            domain = f"large{n % LARGE}" if n % 2 else f"small{n // 2 % SMALL}"
            file.write(
                f"{local}-{n}@{domain}.example,{name},en,UTC,{form.value},"
                "2026-01-02T09:15:00Z,sign-up form\n"
            )


def make_room(
    folder: Path, people: int, size: Size, *, locals_of: Iterable[str] | None = None
) -> Room:
    """A newsroom with *people* subscribers and an approved edition of this very minute."""
    (folder / "keys").mkdir(parents=True)
    for name in SIGNATURES:
        (folder / "keys" / f"{name}.pem").write_bytes(new_key(name))
    (folder / "config.toml").write_text(MailTable().config())
    table = folder / "town.csv"
    town(table, people, form=size.form, locals_of=locals_of)
    edition_id = asyncio.run(_furnish(folder, table, size))
    table.unlink()
    return Room(folder, edition_id, people)


async def _furnish(folder: Path, table: Path, size: Size) -> str:
    async with open_app(load(folder / "config.toml", environ={}), environ={}) as app:
        newsletter = app.newsletter()
        taken = await enrol.enrol(app, newsletter, table, actor="bench")
        if taken.added != taken.rows:
            raise ValueError(f"not all people were taken in: {taken}")
        slot = slots.slot_now(newsletter, app.now())
        made = replace(told(size), id=slot.edition_id, slot_at=slot.at)
        async with app.db.write() as conn:
            await editions.create(app.db, conn, slot, now=app.now())
            await editions.write_content(conn, made)
        await pipeline.approve(app, slot.edition_id)
        return slot.edition_id


def new_key(kind: str) -> bytes:
    key = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if kind == "rsa"
        else ed25519.Ed25519PrivateKey.generate()
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
