"""Killed while collecting, thirty times: every item is there, once."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path

from digest.store import placements
from newsroom import open_newsroom, run_digest, write_article, write_config
from site_on_loopback import Site, entry, rss, running_site

KILLS = 30
FEEDS = 6

ARTICLE = """<!doctype html><html lang="en"><body><article><h1>Crane {n} stands again</h1>
<time datetime="2026-05-17T18:00:00Z">17 May</time>
<p>Crane number {n} on the north quay was put up again on Sunday, the harbour board said.</p>
<p>It had lain on its side since the storm of the second week of March.</p></article></body></html>
"""


def write_newsroom(folder: Path, site: Site) -> None:
    config = write_config(folder)
    text = config.read_text() + '\n[collect]\nallow_private = ["127.0.0.1"]\nspacing_s = 0\n'
    for n in range(FEEDS):
        text += f'\n[[sources]]\nid = "feed-{n}"\nkind = "feed"\nurl = "{site.url(f"/feed{n}")}"\n'
    text += (
        f'\n[[sources]]\nid = "front"\nkind = "page"\nfollow = true\nurl = "{site.url("/front")}"\n'
    )
    config.write_text(text)


def grow(folder: Path, site: Site, step: int) -> set[str]:
    """One more item everywhere; the titles that there are now.  Nothing scrolls off."""
    titles = set()
    for n in range(FEEDS):
        told = [f"Feed {n} tells number {i}" for i in range(step + 1)]
        site.put(
            f"/feed{n}",
            rss(*(entry(i, title=title) for i, title in enumerate(told)))
            .replace("wire-", f"feed-{n}-")
            .replace("wire.example/news/", f"wire.example/{n}/"),
        )
        titles |= set(told)
    cranes = range(3 + step // 5)
    for n in cranes:
        site.put(f"/2026/05/17/crane-number-{n}-stands", ARTICLE.format(n=n), kind="text/html")
    rows = "".join(
        f'<li><h2><a href="/2026/05/17/crane-number-{n}-stands">Crane {n} stands again</a></h2>'
        for n in cranes
    )
    site.put("/front", f"<html><body><main><ul>{rows}</ul></main></body></html>", kind="text/html")
    titles |= {f"Crane {n} stands again" for n in cranes}
    write_article(folder, f"boat-{step}-comes-home", f"Boat {step} came home on Sunday at noon.")
    return titles | {f"Boat {i} comes home" for i in range(step + 1)}


def after(site: Site, wanted: int, *, patience: int) -> Callable[[], bool]:
    """True once *site* was asked that often and *patience* more times was looked."""
    looks = count()
    return lambda: len(site.asked) >= wanted and next(looks) >= patience


async def test_thirty_kills_while_collecting_lose_nothing_and_repeat_nothing(
    tmp_path: Path,
) -> None:
    dice = random.Random(20260518)
    killed = 0
    async with running_site() as site:
        write_newsroom(tmp_path, site)
        titles = grow(tmp_path, site, 0)
        for step in range(1, KILLS + 1):
            # Some among the answers, some after them all, a few milliseconds later or many.
            wanted = len(site.asked) + dice.randrange(1, FEEDS + 4)
            now = after(site, wanted, patience=dice.choice((0, 1, 5, 20, 60)))
            result = await asyncio.to_thread(run_digest, tmp_path, "collect", kill_when=now)
            killed += result.returncode == -9
            titles = grow(tmp_path, site, step)
        result = await asyncio.to_thread(run_digest, tmp_path, "collect")
        assert result.returncode == 0, result.stderr
        # A second look, at which most sources say "not modified": nothing may be missing behind it.
        result = await asyncio.to_thread(run_digest, tmp_path, "collect")
        assert result.returncode == 0, result.stderr
    assert killed >= KILLS // 2, f"only {killed} were killed in the middle"
    async with open_newsroom(tmp_path) as app, app.db.read() as conn:
        found = Counter(item.title for item in await placements.unplaced(conn, "daily"))
    assert titles - set(found) == set(), "lost"
    assert [title for title, times in found.items() if times > 1] == [], "twice"
    assert set(found) == titles
