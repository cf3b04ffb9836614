"""What the audience costs: taking in a million subscribers, checked, beside plain SQLite.

    python benchmarks/audience.py                       everything
    python benchmarks/audience.py --only import         one part
    python benchmarks/audience.py --people 100000       a smaller town
    python benchmarks/audience.py --json                for a machine

import: `digest.enrol.enrol` of one CSV file, beside csv.reader and sqlite3's executemany with the
same file, tables and indexes and nothing checked: what the format and the database cost alone.
Each in a process of its own, in turns; peak memory is of that whole process, libraries included.

segment: how long it takes to count who matches a filter, beside sqlite3 reading every subscription
once.  The best of three, warm.

web: the preferences page, and one-click leaving (each request ends another subscription, in a
transaction with a flush to disk), by `digest serve` on loopback, asked by wrk over 16 connections;
beside them the same server answering /health, which asks the database for a row.  Wants wrk
(Debian: apt-get install wrk).
"""

import argparse
import asyncio
import csv
import json
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import text

from digest import enrol, segments
from digest.app import open_app
from digest.model import Subscriber
from digest.settings import load
from digest.store import Database
from digest.store.segments import count as counted

CONFIG = """[site]
name = "Bench"
base_url = "https://news.example.org"
[store]
url = "sqlite:///data/digest.db"
[[newsletters]]
slug = "daily"
title = "Daily"
  [[newsletters.sections]]
  title = "Harbour"
  keywords = ["harbour"]
"""

FIRST = "Ada Bruno Olena Jonas Mira Tomas Ines Pavlo Lena Hugo".split()
LAST = "Brook Tide Marynko Kiesel Quay Harrow Pilot Storm Ferris Lock".split()
LANGUAGES = ("en en en en en en uk uk de fr").split()
ZONES = "Europe/London Europe/Kyiv Europe/Berlin UTC".split()


@dataclass(frozen=True, slots=True)
class Figure:
    """What one of them did."""

    part: str
    who: str
    #: Rows, people or requests.
    per_s: float
    cpu_us: float = 0.0
    peak_mb: float = 0.0
    #: Of one count.
    ms: float = 0.0


def town(path: Path, people: int) -> None:
    """A CSV file of so many people, always the same, in no order."""
    dice = random.Random(7)
    with path.open("w", newline="") as file:
        file.write("email,name,language,timezone,sections,consent_at,consent_from\n")
        for n in range(people):
            first, last = dice.choice(FIRST), dice.choice(LAST)
            file.write(
                f"{first.lower()}.{last.lower()}{dice.getrandbits(24):x}.{n:x}"
                f"@mail{dice.randrange(5000)}.example,{first} {last},{dice.choice(LANGUAGES)},"
                f"{dice.choice(ZONES)},"
                f"{dice.choice(['', 'harbour'])},2025-{dice.randrange(1, 13):02d}-"
                f"{dice.randrange(1, 29):02d}T09:15:{dice.randrange(60):02d}Z,sign-up form\n"
            )


def in_a_process(*arguments: str) -> dict[str, Any]:
    """What this file says when it is run for one measurement."""
    command = [sys.executable, __file__, "--child", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def spent(begun: tuple[float, float], rows: int) -> dict[str, float]:
    """Of what began at *begun* (wall clock, CPU), and was about *rows*."""
    wall, cpu = time.perf_counter() - begun[0], time.process_time() - begun[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"per_s": rows / wall, "cpu_us": 1e6 * cpu / rows, "peak_mb": peak}


# ---------------------------------------------------------------------- import


async def _import_ours(folder: Path) -> dict[str, float]:
    (folder / "config.toml").write_text(CONFIG)
    async with open_app(load(folder / "config.toml", environ={}), environ={}) as app:
        begun = (time.perf_counter(), time.process_time())
        done = await enrol.enrol(app, app.newsletter(), folder.parent / "town.csv", actor="bench")
        if done.added != done.rows or not done.rows:
            sys.exit(f"not all were taken in: {done}")
        return spent(begun, done.rows)


def import_ours(folder: Path) -> dict[str, float]:
    return asyncio.run(_import_ours(folder))


def import_plain(folder: Path) -> dict[str, float]:
    """The least that a file and these tables cost: no address, date or duplicate looked at."""

    async def make() -> None:
        db = Database("sqlite:///digest.db", base=folder)
        await db.upgrade()
        await db.close()

    asyncio.run(make())
    begun = (time.perf_counter(), time.process_time())
    db = sqlite3.connect(folder / "digest.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        db.execute(f"PRAGMA {pragma}")
    now, rows = "2026-01-01 00:00:00.000000", 0
    db.execute("BEGIN IMMEDIATE")
    with (folder.parent / "town.csv").open(newline="") as file:
        reader: Iterator[list[str]] = csv.reader(file)
        next(reader)
        while batch := list(islice(reader, 10_000)):
            ids = range(rows + 1, rows + len(batch) + 1)
            keys = os.urandom(16 * len(batch)).hex()
            db.executemany(
                "INSERT INTO subscriber (id, email, folded, name, language, timezone, key,"
                " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (id, row[0], row[0].lower(), *row[1:4], keys[32 * n : 32 * n + 32], now)
                    for n, (id, row) in enumerate(zip(ids, batch, strict=True))
                ],
            )
            db.executemany(
                "INSERT INTO consent (id, subscriber_id, newsletter, at, given)"
                " VALUES (?, ?, 'daily', ?, ?)",
                [(id, id, row[5], row[6]) for id, row in zip(ids, batch, strict=True)],
            )
            db.executemany(
                "INSERT INTO subscription (subscriber_id, newsletter, state, sections, consent_id,"
                " since, cause) VALUES (?, 'daily', 'active', '[]', ?, ?, 'import')",
                [(id, id, now) for id in ids],
            )
            db.executemany(
                "INSERT INTO change (subscriber_id, newsletter, at, state, cause)"
                " VALUES (?, 'daily', ?, 'active', 'import')",
                [(id, now) for id in ids],
            )
            rows += len(batch)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return spent(begun, rows)


def imports(folder: Path, people: int) -> list[Figure]:
    """`enrol` beside the least that it could cost."""
    town(folder / "town.csv", people)
    figures = []
    for who, child in (("digest", "import-ours"), ("csv + sqlite3, unchecked", "import-plain")):
        place = folder / child
        place.mkdir()
        figures.append(Figure("import", who, **in_a_process(child, str(place))))
        shutil.rmtree(place)
    return figures


# --------------------------------------------------------------------- segments

FILTERS = (
    'language = "uk"',
    'language = "uk" and section in ("harbour") and joined > 2026-01-01',
    'tag = "press"',
    'domain = "mail77.example"',
    'not (timezone = "UTC" or language = "en") and frequency = "daily"',
)


async def _segments(folder: Path) -> dict[str, float]:
    (folder / "config.toml").write_text(CONFIG)
    told = {}
    async with open_app(load(folder / "config.toml", environ={}), environ={}) as app:
        await enrol.enrol(app, app.newsletter(), folder.parent / "town.csv", actor="bench")
        async with app.db.write() as conn:
            # One in ten has a tag.
            await conn.execute(
                text("INSERT INTO tag SELECT 'press', id FROM subscriber WHERE id % 10 = 0")
            )
        for written in FILTERS:
            times = []
            for _ in range(3):
                begun = time.perf_counter()
                await counted(app.db, segments.parse(written), newsletter="daily", state="active")
                times.append(time.perf_counter() - begun)
            told[written] = min(times)
        times = []
        plain = sqlite3.connect(folder / "data" / "digest.db")
        for _ in range(3):
            begun = time.perf_counter()
            plain.execute("SELECT count(cause) FROM subscription NOT INDEXED").fetchone()
            times.append(time.perf_counter() - begun)
        told["sqlite3, every subscription read once"] = min(times)
    return told


def segments_of(folder: Path) -> dict[str, float]:
    return asyncio.run(_segments(folder))


def counts(folder: Path, people: int) -> list[Figure]:
    """Counting who matches, in a million."""
    town(folder / "town.csv", people)
    place = folder / "segments"
    place.mkdir()
    told = in_a_process("segments", str(place))
    shutil.rmtree(place)
    return [
        Figure("segment", written, per_s=people / seconds, ms=1000 * seconds)
        for written, seconds in told.items()
    ]


# -------------------------------------------------------------------------- web

CLICKS = """
local paths = {}
for line in io.lines("%s") do paths[#paths + 1] = line end
local next_one = 0
request = function()
  next_one = next_one + 1
  local body = "List-Unsubscribe=One-Click"
  local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
  return wrk.format("POST", paths[(next_one - 1) %% #paths + 1], headers, body)
end
"""
#: People whose pages are asked for; more than are clicked in the time.
_READERS = 60_000
_SECONDS = 5


async def _town_of_links(folder: Path) -> list[str]:
    """A newsroom with so many readers; each one's leave link, then one preferences link."""
    town(folder / "town.csv", _READERS)
    async with open_app(load(folder / "config.toml", environ={}), environ={}) as app:
        await enrol.enrol(app, app.newsletter(), folder / "town.csv", actor="bench")
        async with app.db.read() as conn:
            keys = list(await conn.scalars(text("SELECT key FROM subscriber")))
        readers = [Subscriber(id=0, email="", key=key) for key in keys]
        links = [f"/leave/{app.links.leave_token('daily', one)}" for one in readers[1:]]
        return [*links, f"/preferences/{app.links.preferences_token('daily', readers[0])}"]


def _wrk(url: str, *more: str) -> float:
    """Requests a second; whatever is not answered with 2xx or 3xx ends the run."""
    command = ["wrk", "-t1", "-c16", f"-d{_SECONDS}s", *more, url]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        sys.exit(said)
    return float(said.partition("Requests/sec:")[2].split()[0])


def pages(folder: Path, _people: int) -> list[Figure]:
    """The pages behind the links of a mail, as fast as they are answered."""
    if shutil.which("wrk") is None:
        print("no wrk here: the pages are not measured", file=sys.stderr)
        return []
    place = folder / "web"
    place.mkdir()
    port = 18_025
    serve = f"[serve]\nport = {port}\ntick_s = 300.0\n"
    (place / "config.toml").write_text(CONFIG.replace("[store]", f"{serve}[store]"))
    *clicks, preferences = asyncio.run(_town_of_links(place))
    (place / "clicks").write_text("\n".join(clicks))
    (place / "clicks.lua").write_text(CLICKS % (place / "clicks"))
    command = [sys.executable, "-m", "digest", "serve"]
    here = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, cwd=place, stderr=subprocess.DEVNULL) as server:
        try:
            _until_it_answers(f"{here}/health")
            return [
                Figure("web", "/health", _wrk(f"{here}/health")),
                Figure("web", "GET preferences, 50 KB", _wrk(f"{here}{preferences}")),
                Figure("web", "POST one-click", _wrk(here, "-s", str(place / "clicks.lua"))),
            ]
        finally:
            server.terminate()


def _until_it_answers(url: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit("digest serve does not answer")


#: Measurements that want a process of their own.
CHILDREN: dict[str, Callable[[Path], dict[str, float]]] = {
    "import-ours": import_ours,
    "import-plain": import_plain,
    "segments": segments_of,
}
PARTS: dict[str, Callable[[Path, int], list[Figure]]] = {
    "import": imports,
    "segment": counts,
    "web": pages,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs=2, metavar=("WHAT", "FOLDER"))
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(CHILDREN[asked.child[0]](Path(asked.child[1]))))
        return
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        for part in asked.only or PARTS:
            figures += PARTS[part](Path(name), asked.people)
    if asked.json:
        told = {"cores": os.cpu_count(), "people": asked.people, "load": os.getloadavg()[0]}
        print(json.dumps(told | {"figures": [asdict(f) for f in figures]}, indent=2))
        return
    load_now = os.getloadavg()[0]
    print(f"{asked.people:,} people, {os.cpu_count()} cores, load {load_now:.1f}")
    print(f"{'':10}{'':70}{'a second':>12}{'CPU µs each':>13}{'peak MB':>9}{'ms':>7}")
    for f in figures:
        cells = [f"{f.part:10}{f.who:70}{f.per_s:12,.0f}"]
        # What was not measured stays empty.
        cells.append(f"{f.cpu_us:13.1f}" if f.cpu_us else " " * 13)
        cells.append(f"{f.peak_mb:9.0f}" if f.peak_mb else " " * 9)
        cells.append(f"{f.ms:7.0f}" if f.ms else "")
        print("".join(cells).rstrip())


if __name__ == "__main__":
    main()
