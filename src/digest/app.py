"""The parts of one running process, wired here and nowhere else."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from digest import render, sources
from digest.errors import ConfigError, NotFound
from digest.mail import EmbeddedRelay, FolderTransport, SmtpTransport, Transport
from digest.settings import Loaded, Mail, Newsletter, Settings, reveal
from digest.store import Database


def utc_now() -> datetime:
    return datetime.now(UTC)


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
    #: The clock, so that a test can hold it.
    now: Callable[[], datetime]
    smtp_password: str | None = None
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
    def outbox(self) -> Path:
        """The embedded relay's Maildir."""
        return self.data_dir / "outbox"

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


def sender_domain(mail: Mail) -> str:
    return mail.from_address.rpartition("@")[2]


def _link_key(data_dir: Path) -> bytes:
    """Made at the first start, kept for ever: links in old mails must go on working."""
    path = data_dir / "link.key"
    data_dir.mkdir(parents=True, exist_ok=True)
    # Written aside and linked into place: two first starts at once agree on one key.
    draft = path.with_name(f"link.key.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    try:
        return bytes.fromhex(path.read_text().strip())
    except ValueError as error:
        raise ConfigError([f"{path} is damaged: restore it from a backup"]) from error


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
    secret = settings.store.password
    db = Database(
        settings.store.url,
        base=loaded.base,
        password=reveal(secret, base=loaded.base, environ=environ) if secret else None,
    )
    smtp_secret = settings.mail.password
    smtp_password = reveal(smtp_secret, base=loaded.base, environ=environ) if smtp_secret else None
    key = _link_key(loaded.resolve(settings.store.data_dir))
    try:
        await db.upgrade()
        async with sources.Http(settings.collect, contact=settings.site.contact) as http:
            yield App(
                loaded=loaded,
                db=db,
                http=http,
                templates=render.Templates([loaded.base / "templates", render.default_templates()]),
                links=render.Links(settings.site.base_url, key),
                key=key,
                now=now,
                smtp_password=smtp_password,
            )
    finally:
        await db.close()
