"""A small newsroom in a temporary folder, for tests of whole verbs."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from digest import enrol
from digest.app import App, open_app
from digest.errors import NotFound
from digest.model import Subscriber
from digest.settings import load
from digest.store import Connection, people, subscribers
from make import MORNING
from ready import lay_ready

SEEDS = Path(__file__).parent.parent / "seeds"

CONFIG = """
[site]
name = "Test Press"
base_url = "http://localhost:8025"
postal_address = "1 Quay Street, Testhaven"

[store]
url = "{store_url}"

[mail]
from_address = "daily@press.example"
{mail}

[[sources]]
id = "desk"
kind = "folder"
path = "{source}"

[[newsletters]]
slug = "daily"
title = "The Daily"
timezone = "Europe/Athens"
{newsletter}

  [[newsletters.sections]]
  title = "Harbour"
  keywords = ["ferry", "harbour"]

  [[newsletters.sections]]
  title = "Elsewhere"
"""

#: Besides the daily: the best of it, and one that nobody can sign up for.
MORE_NEWSLETTERS = """
[[newsletters]]
slug = "weekly"
title = "The Weekly"
days = ["sun"]
best_of = ["daily"]

[[newsletters]]
slug = "inside"
title = "Inside"
sign_up = false
"""

ARTICLE = """---
title: {title}
date: 2026-05-17T{clock}
url: https://desk.example/{slug}
---
{text}
"""


def write_config(
    folder: Path,
    *,
    store_url: str = "sqlite:///data/digest.db",
    mail: str = "",
    newsletter: str = "",
    source: str = "desk",
) -> Path:
    """config.toml of a newsroom with one folder of documents and one newsletter."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "desk").mkdir(exist_ok=True)
    path = folder / "config.toml"
    path.write_text(
        CONFIG.format(store_url=store_url, mail=mail, newsletter=newsletter, source=source)
    )
    return path


def write_article(folder: Path, slug: str, text: str, *, clock: str = "18:00") -> None:
    """An article for the desk; its title is *slug* in words."""
    title = slug.replace("-", " ").capitalize()
    content = ARTICLE.format(title=title, clock=clock, slug=slug, text=text)
    (folder / "desk" / f"{slug}.md").write_text(content)


def write_day(folder: Path) -> None:
    """Three pieces of news."""
    write_article(folder, "ferry-runs-again", "The ferry ran again on Sunday, the harbour said.")
    write_article(folder, "bridge-will-close", "The Orrin bridge closes for a week in June.")
    write_article(folder, "school-wins-prize", "A school in Merrow won the county's maths prize.")


def people_csv(number: int) -> str:
    lines = ["email,name,language,timezone,sections,consent_at,consent_from"]
    lines += [
        f"reader{n}@example.com,Reader {n},en,UTC,,2026-01-02,sign-up form"
        for n in range(1, number + 1)
    ]
    return "\n".join(lines) + "\n"


class Clock:
    """A clock that a test moves."""

    at = MORNING

    def __call__(self) -> datetime:
        return self.at


@asynccontextmanager
async def open_newsroom(
    folder: Path,
    *,
    people: int = 0,
    now: Callable[[], datetime] = lambda: MORNING,
    config: Path | None = None,
) -> AsyncIterator[App]:
    """The App of a newsroom, with that many subscribers."""
    loaded = load(config or folder / "config.toml", environ={})
    if loaded.settings.store.url == "sqlite:///data/digest.db":
        lay_ready(loaded.base / "data" / "digest.db")
    async with open_app(loaded, now=now, environ={}) as app:
        if people:
            await take_in(app, people_csv(people))
        yield app


async def take_in(app: App, text: str) -> enrol.Enrolled:
    """Subscribe the people of a table to the newsletter."""
    table = app.data_dir / "people.csv"
    await asyncio.to_thread(table.write_text, text, encoding="utf-8", newline="")
    try:
        return await enrol.enrol(app, app.newsletter(), table, actor="test")
    finally:
        await asyncio.to_thread(table.unlink)


async def by_email(conn: Connection, email: str, newsletter: str) -> Subscriber | None:
    """Whoever has this address and this newsletter."""
    id = await people.find(conn, email)
    if id is None:
        return None
    key = (await people.person(conn, id)).subscriber.key
    with suppress(NotFound):
        return await subscribers.by_key(conn, key, newsletter)
    return None


def run_digest(
    folder: Path, *arguments: str, kill_when: Callable[[], bool] | None = None
) -> subprocess.CompletedProcess[str]:
    """``digest ARGUMENTS`` in *folder*, as its own process.

    Args:
        kill_when: asked every millisecond or so; once it says yes the process gets SIGKILL.
    """
    return run_python(folder, "-m", "digest", *arguments, kill_when=kill_when)


def run_python(
    folder: Path, *arguments: str, kill_when: Callable[[], bool] | None = None
) -> subprocess.CompletedProcess[str]:
    """``python ARGUMENTS`` in *folder*, which finds the tests' modules; see `run_digest`."""
    command = [sys.executable, *arguments]
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
    )
    if kill_when is not None:
        while process.poll() is None:
            if kill_when():
                os.kill(process.pid, signal.SIGKILL)
                break
            try:
                process.wait(timeout=0.001)
            except subprocess.TimeoutExpired:
                continue
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


_TO = re.compile(rb"\ADelivered-To: ([^\r\n]+)")


def accepted(folder: Path) -> list[str]:
    """Envelope recipients of every mail that the embedded relay accepted."""
    new = folder / "data" / "outbox" / "new"
    if not new.exists():
        return []
    found: Iterable[re.Match[bytes] | None] = (_TO.match(p.read_bytes()) for p in new.iterdir())
    return sorted(match[1].decode() for match in found if match)
