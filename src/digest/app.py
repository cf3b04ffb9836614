"""The parts of one running process, wired here and nowhere else."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, closing, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from digest import render, sources
from digest.errors import ConfigError, NotFound
from digest.hosted import brand_logo
from digest.mail import FolderTransport, Transport
from digest.mail.fleet import Fleet
from digest.mail.pacing import Pacing
from digest.mail.ways import build
from digest.settings import Loaded, Mail, Newsletter, Relay, Secret, Settings, reveal
from digest.store import Database, paces, subscribers

if TYPE_CHECKING:
    from digest.mail.signing import Signing
    from digest.shelf import Shelf

_KEY_BYTES = 32


def utc_now() -> datetime:
    return datetime.now(UTC)


class Outside:
    """The way to the sources: loaded and made by whoever goes there first, most never do.

    Args:
        db: keeps what visits find.
    """

    def __init__(self, settings: Settings, db: Database, *, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._db = db
        self._now = now

    @cached_property
    def http(self) -> "sources.Http":
        site = self._settings.site
        return sources.Http(self._settings.collect, contact=site.contact, now=self._now)

    @cached_property
    def readers(self) -> "sources.Readers":
        collect = self._settings.collect
        return sources.Readers(processes=collect.readers, timeout_s=collect.reading_s)

    @cached_property
    def shelf(self) -> "Shelf":
        from digest.shelf import Shelf

        return Shelf(self._db, self.http, now=self._now)

    async def aclose(self) -> None:
        """What was never asked for is not made for this."""
        made = vars(self)
        if "readers" in made:
            await self.readers.aclose()
        if "http" in made:
            await self.http.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What every verb is given.  Values and doors only; it does nothing by itself."""

    loaded: Loaded
    db: Database
    outside: Outside
    templates: render.Templates
    links: render.Links
    #: 32 bytes: signs links, hides suppressed addresses.  Lose it and old links die.
    key: bytes
    #: How fast, to whom: shared by everything that this process sends.
    pacing: Pacing
    #: The clock, so that a test can hold it.
    now: Callable[[], datetime]
    #: Visits to sources at the same time: what they fetched is in memory until it is kept.
    visiting: asyncio.Semaphore
    #: Of each relay, asked anew when it is needed: a token may have been changed meanwhile.
    relay_passwords: Mapping[str, Callable[[], str | None]] = field(default_factory=dict)
    #: Signs what leaves; None where the relay does, or nobody.
    signing: "Signing | None" = None
    #: This process helps another one to send.
    helping: bool = False
    #: Of programs that push items; None: nobody may.
    api_token: str | None = None
    #: Of the model's endpoint.
    model_key: str | None = None
    #: Of the mailbox that bounces end in.
    returns_password: str | None = None
    #: Of relays that report over HTTP.
    postmark_password: str | None = None
    mailgun_key: str | None = None
    #: Of mailboxes, by source.
    passwords: Mapping[str, str] = field(default_factory=dict)
    #: [brand] logo: its name under ``pictures/`` and its size as shown; "" without one.
    logo: tuple[str, tuple[int, int]] = ("", (0, 0))
    #: Set when the process is asked to stop: begin nothing new, finish what has begun.
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @property
    def http(self) -> "sources.Http":
        return self.outside.http

    @property
    def readers(self) -> "sources.Readers":
        """Read documents in processes of their own."""
        return self.outside.readers

    @property
    def shelf(self) -> "Shelf":
        """Keeps what visits find."""
        return self.outside.shelf

    @property
    def data_dir(self) -> Path:
        return self.loaded.resolve(self.settings.store.data_dir)

    @property
    def out_dir(self) -> Path:
        return self.loaded.resolve(self.settings.output.folder)

    @property
    def press(self) -> render.Press:
        """What pages, feeds and mails are printed with."""
        return render.Press(
            site=self.settings.site,
            brand=self.settings.brand,
            links=self.links,
            templates=self.templates,
            hubs=self.settings.output.hubs,
            logo=self.logo[0],
            logo_size=self.logo[1],
            sign_up=self.offered,
        )

    @property
    def offered(self) -> frozenset[str]:
        """Newsletters that anybody may sign up for."""
        if not self.settings.audience.sign_up:
            return frozenset()
        return frozenset(one.slug for one in self.settings.newsletters if one.sign_up)

    def edition_folder(self, edition_id: str) -> Path:
        """Where the pages of an edition are."""
        return self.out_dir / edition_path(edition_id)

    @property
    def outbox(self) -> Path:
        """The embedded relay's Maildir."""
        return self.data_dir / "outbox"

    def section_model(self, newsletter: str) -> Path:
        """What `digest train-sections` has learned for a newsletter; there may be none."""
        return self.data_dir / "sections" / f"{newsletter}.json"

    def newsletter(self, slug: str | None = None) -> Newsletter:
        """The newsletter *slug*; without one, the only or the first.

        Raises:
            NotFound: config.toml has no such newsletter.
        """
        for newsletter in self.settings.newsletters:
            if slug in (None, newsletter.slug):
                return newsletter
        known = ", ".join(newsletter.slug for newsletter in self.settings.newsletters)
        raise NotFound(f"config.toml has no newsletter {slug!r}; it has {known}")

    @asynccontextmanager
    async def transport(self, *, dry_run: Path | None = None) -> AsyncIterator[Transport]:
        """An open way out of the house, as [mail] says; *dry_run* writes files there instead."""
        if dry_run is not None:
            async with FolderTransport(dry_run) as folder:
                yield folder
            return
        ways = build(
            self.settings,
            passwords=self.relay_passwords,
            ehlo_name=self.ehlo_name,
            outbox=self.outbox,
            folder=self.data_dir / "mails",
            base=self.loaded.base,
        )
        async with Fleet(ways, pacing=self.pacing, signing=self.signing, now=self.now) as fleet:
            yield fleet

    @property
    def keeps_mails(self) -> bool:
        """Mails end in our own outbox, for the newsroom to look at."""
        return any(relay.by == "embedded" for relay in relays_of(self.settings).values())

    @property
    def ehlo_name(self) -> str:
        return self.settings.mail.ehlo_name or sender_domain(self.settings.mail)


def edition_path(edition_id: str) -> str:
    """Of an edition's pages, from the output folder."""
    newsletter, _, slot = edition_id.partition("@")
    return f"editions/{newsletter}/{slot}"


def sender_domain(mail: Mail) -> str:
    return mail.from_address.rpartition("@")[2]


def relays_of(settings: Settings) -> dict[str, Relay]:
    """The ways out by name: those of [[relays]], or [mail]'s own as ""."""
    return {relay.name: relay for relay in settings.relays} or {"": settings.mail}


def _pacing(settings: Settings) -> Pacing:
    pace = settings.pace
    limited = pace.per_domain_per_minute or any(lane.max_per_minute for lane in pace.lanes)
    outward = any(
        relay.host not in ("", "localhost") and not relay.host.startswith("127.")
        for relay in relays_of(settings).values()
    )
    share = 1 / settings.mail.processes
    if not pace.resolve_mx or not (limited or outward):
        return Pacing(settings, share=share)
    # Loads a DNS client, which most who send nothing have no need of.
    from digest.mail.dns import Dns

    return Pacing(settings, mx=Dns(settings.mail.nameserver).mx, share=share)


def _link_key(data_dir: Path) -> bytes:
    """Made at the first start, kept for ever: links in old mails must go on working."""
    path = data_dir / "link.key"
    # Written aside and linked into place: two first starts at once agree on one key.
    draft = path.with_name(f"link.key.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    damaged = ConfigError([f"{path} is damaged: restore it from a backup"])
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError as error:
        raise damaged from error
    if len(key) != _KEY_BYTES:
        raise damaged
    return key


async def _same_key(db: Database, key: bytes, path: Path) -> None:
    """The database and the key belong together: suppressed addresses are hashed with it."""
    fingerprint = blake2b(key, digest_size=8, person=b"fingerprint").hexdigest()
    async with db.write() as conn:
        known = await subscribers.remember_key(db, conn, fingerprint)
    if known != fingerprint:
        raise ConfigError(
            [
                f"{path} is not the key that this database was begun with, so suppressed people "
                "would be mailed again: copy it from the other machine, or from a backup"
            ]
        )


def _make_folders(loaded: Loaded) -> None:
    wanted = {
        "store.data_dir": loaded.settings.store.data_dir,
        "output.folder": loaded.settings.output.folder,
    }
    faults = []
    for key, folder in wanted.items():
        path = loaded.resolve(folder)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            faults.append(f"{key}: {path} cannot be made: {reason}; give another folder")
            continue
        if not os.access(path, os.W_OK | os.X_OK):
            faults.append(f"{key}: {path} may not be written; change its owner or its mode")
    if faults:
        raise ConfigError(faults)


def _logo(loaded: Loaded) -> tuple[str, tuple[int, int]]:
    logo = loaded.settings.brand.logo
    if logo is None:
        return "", (0, 0)
    return brand_logo(loaded.resolve(logo), loaded.resolve(loaded.settings.output.folder))


def _links(settings: Settings, key: bytes) -> render.Links:
    return render.Links(
        settings.site.base_url,
        key,
        leave_mailbox=settings.returns.leave_address,
        return_mailbox=settings.returns.address,
    )


@dataclass(frozen=True, slots=True)
class _Secrets:
    """Where secrets of config.toml are looked up."""

    loaded: Loaded
    environ: Mapping[str, str]

    def reveal(self, given: Secret | None) -> str | None:
        """None when none is wanted.

        Raises:
            ConfigError: it is wanted and not there.
        """
        return reveal(given, base=self.loaded.base, environ=self.environ) if given else None

    def at_hand(self, given: Secret | None) -> str | None:
        """Wanted by one source, or by `serve`: no other command fails for want of it."""
        try:
            return self.reveal(given)
        except ConfigError:
            return None


def _signing(loaded: Loaded, environ: Mapping[str, str]) -> "Signing | None":
    if not loaded.settings.dkim:
        return None
    # Cryptography is large, and most relays sign by themselves.
    from digest.mail.signing import load_signing

    return load_signing(loaded.settings, base=loaded.base, environ=environ)


def _of_mailboxes(settings: Settings, secrets: _Secrets) -> dict[str, str]:
    at_hand = {source.id: secrets.at_hand(source.password) for source in settings.sources}
    return {id: password for id, password in at_hand.items() if password is not None}


@asynccontextmanager
async def _memory(loaded: Loaded, secrets: _Secrets, key: bytes) -> AsyncIterator[Database]:
    """The database, of the version that we are, begun with our key."""
    store = loaded.settings.store
    db = Database(store.url, base=loaded.base, password=secrets.reveal(store.password))
    try:
        await db.upgrade()
        await _same_key(db, key, loaded.resolve(store.data_dir) / "link.key")
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def _paced(settings: Settings, db: Database) -> AsyncIterator[Pacing]:
    pacing = _pacing(settings)
    async with db.read() as conn:
        pacing.restore(await paces.load(conn))
    try:
        yield pacing
    finally:
        await pacing.close()


@asynccontextmanager
async def open_app(
    loaded: Loaded,
    *,
    now: Callable[[], datetime] = utc_now,
    environ: Mapping[str, str] = os.environ,
    helping: bool = False,
) -> AsyncIterator[App]:
    """Wire an App and close it again.

    Args:
        helping: this process helps another one to send.

    Raises:
        ConfigError: a secret is missing, or a template folder cannot be used.
        StoreError: the database does not answer, or is of another version.
    """
    settings, secrets = loaded.settings, _Secrets(loaded, environ)
    _make_folders(loaded)
    relays = relays_of(settings)
    for relay in relays.values():
        # What is missing is said now, not in the middle of a sending.
        secrets.reveal(relay.password)
    key, signing = _link_key(loaded.resolve(settings.store.data_dir)), _signing(loaded, environ)
    with closing(signing) if signing else nullcontext():
        async with (
            _memory(loaded, secrets, key) as db,
            _paced(settings, db) as pacing,
            aclosing(Outside(settings, db, now=now)) as outside,
        ):
            yield App(
                loaded=loaded,
                db=db,
                outside=outside,
                visiting=asyncio.Semaphore(2 * settings.collect.in_flight),
                templates=render.Templates([loaded.base / "templates", render.default_templates()]),
                links=_links(settings, key),
                key=key,
                pacing=pacing,
                signing=signing,
                helping=helping,
                now=now,
                logo=_logo(loaded),
                relay_passwords={
                    name: partial(secrets.reveal, relay.password) for name, relay in relays.items()
                },
                api_token=secrets.at_hand(settings.api.token),
                model_key=secrets.at_hand(settings.model.key),
                returns_password=secrets.at_hand(settings.returns.password),
                postmark_password=secrets.at_hand(settings.hooks.postmark),
                mailgun_key=secrets.at_hand(settings.hooks.mailgun),
                passwords=_of_mailboxes(settings, secrets),
            )
