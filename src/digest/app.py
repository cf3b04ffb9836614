"""The parts of one running process, wired here and nowhere else."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from digest import render, sources
from digest.errors import ConfigError, NotFound
from digest.hosted import brand_logo
from digest.mail import EmbeddedRelay, FolderTransport, Pace, SmtpTransport, Transport
from digest.settings import Loaded, Mail, Newsletter, Secret, Settings, reveal
from digest.shelf import Shelf
from digest.store import Database, subscribers

_KEY_BYTES = 32


def utc_now() -> datetime:
    return datetime.now(UTC)


class SharedPace:
    """[mail] max_per_minute, kept over all editions that this process sends."""

    def __init__(self, per_minute: int) -> None:
        self._pace = Pace.start(per_minute, time.monotonic())

    def take(self) -> float:
        """Take one permission; seconds to wait before using it."""
        delay, self._pace = self._pace.take(time.monotonic())
        return delay


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What every verb is given.  Values and doors only; it does nothing by itself."""

    loaded: Loaded
    db: Database
    http: sources.Http
    templates: render.Templates
    links: render.Links
    #: 32 bytes: signs links, hides suppressed addresses.  Lose it and old links die.
    key: bytes
    pace: SharedPace
    #: The clock, so that a test can hold it.
    now: Callable[[], datetime]
    #: Read documents in processes of their own.
    readers: sources.Readers
    #: Keeps what visits find.
    shelf: Shelf
    #: Visits to sources at the same time: what they fetched is in memory until it is kept.
    visiting: asyncio.Semaphore
    smtp_password: str | None = None
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
        mail = self.settings.mail
        if dry_run is not None:
            async with FolderTransport(dry_run) as folder:
                yield folder
        elif mail.by == "folder":
            async with FolderTransport(self.data_dir / "mails") as folder:
                yield folder
        elif mail.by == "smtp":
            async with SmtpTransport(
                mail, password=self.smtp_password, ehlo_name=self.ehlo_name
            ) as smtp:
                yield smtp
        else:
            async with EmbeddedRelay(self.outbox) as relay:
                inside = mail.model_copy(
                    update={"host": relay.host, "port": relay.port, "tls": "none", "username": ""}
                )
                async with SmtpTransport(inside, password=None, ehlo_name=self.ehlo_name) as smtp:
                    yield smtp

    @property
    def ehlo_name(self) -> str:
        return self.settings.mail.ehlo_name or sender_domain(self.settings.mail)


def edition_path(edition_id: str) -> str:
    """Of an edition's pages, from the output folder."""
    newsletter, _, slot = edition_id.partition("@")
    return f"editions/{newsletter}/{slot}"


def sender_domain(mail: Mail) -> str:
    return mail.from_address.rpartition("@")[2]


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


@asynccontextmanager
async def open_app(
    loaded: Loaded,
    *,
    now: Callable[[], datetime] = utc_now,
    environ: Mapping[str, str] = os.environ,
) -> AsyncIterator[App]:
    """Wire an App and close it again.

    Raises:
        ConfigError: a secret is missing, or a template folder cannot be used.
        StoreError: the database does not answer, or is of another version.
    """
    settings = loaded.settings
    _make_folders(loaded)

    def revealed(given: Secret | None) -> str | None:
        return reveal(given, base=loaded.base, environ=environ) if given else None

    def at_hand(given: Secret | None) -> str | None:
        # Wanted by one source, or by `serve`: no other command fails for want of it.
        try:
            return revealed(given)
        except ConfigError:
            return None

    db = Database(
        settings.store.url,
        base=loaded.base,
        password=revealed(settings.store.password),
    )
    key = _link_key(loaded.resolve(settings.store.data_dir))
    try:
        await db.upgrade()
        await _same_key(db, key, loaded.resolve(settings.store.data_dir) / "link.key")
        async with (
            sources.Http(settings.collect, contact=settings.site.contact, now=now) as http,
            sources.Readers(
                processes=settings.collect.readers, timeout_s=settings.collect.reading_s
            ) as readers,
        ):
            yield App(
                loaded=loaded,
                db=db,
                http=http,
                readers=readers,
                shelf=Shelf(db, http, now=now),
                visiting=asyncio.Semaphore(2 * settings.collect.in_flight),
                templates=render.Templates([loaded.base / "templates", render.default_templates()]),
                links=_links(settings, key),
                key=key,
                pace=SharedPace(settings.mail.max_per_minute),
                now=now,
                logo=_logo(loaded),
                smtp_password=revealed(settings.mail.password),
                api_token=at_hand(settings.api.token),
                model_key=at_hand(settings.model.key),
                returns_password=at_hand(settings.returns.password),
                postmark_password=at_hand(settings.hooks.postmark),
                mailgun_key=at_hand(settings.hooks.mailgun),
                passwords={
                    source.id: password
                    for source in settings.sources
                    if (password := at_hand(source.password)) is not None
                },
            )
    finally:
        await db.close()
