"""What collecting costs: reading feeds and pages beside released peers, polling a thousand sources.

    python benchmarks/collect.py                    everything
    python benchmarks/collect.py --sources 200      a smaller poll

Readers and peers get the same octets in turns, in one process and one thread, CPU seconds counted.
The sources are hosts of their own on loopback (127.0.0.0/8), served by another process, so that
what is measured is the collector: `digest collect` as the clock runs it, started anew each time.
"""

import argparse
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import feedparser
import trafilatura

from digest.reading import Hints, read_feed, read_page

ROOT = Path(__file__).parent.parent
FEEDS = (ROOT / "seeds" / "feeds", ROOT / "eval" / "reading" / "feeds")
PAGES = (ROOT / "seeds" / "html", ROOT / "eval" / "reading" / "pages")
ITEMS = 50
#: CPU seconds that each reader is given at least.
LONG_ENOUGH = 3.0

WORDS = """harbour ferry pilot quay council budget vote mayor tide storm crew school clinic nurse
bridge repair toll market price fish quota wage strike union rower cup goal keeper seal
cliff""".split()


def text_of(number: int, length: int) -> str:
    """The same words for the same number: *length* of them in sentences of a dozen."""
    chosen = [WORDS[(number * 7 + n * n * 3 + n) % len(WORDS)] for n in range(length)]
    sentences = [chosen[start : start + 12] for start in range(0, length, 12)]
    return " ".join(f"The {' '.join(part)}." for part in sentences)


def light(number: int) -> str:
    """A body of 150 words as a newsroom's own system writes it."""
    return (
        f"<p>{text_of(number, 75)}</p>"
        f'<p><a href="https://source.example/{number}">More</a> {text_of(number + 3, 75)}</p>'
        f'<img src="https://source.example/{number}.jpg" alt="A view">'
    )


def rich(number: int) -> str:
    """A body of 400 words as blog software writes it: figures, lists, classes, trackers."""
    parts = [
        '<figure class="wp-block-image size-large"><a href="https://source.example/a">'
        f'<img loading="lazy" width="1024" height="683" class="wp-image-{number}" '
        f'src="https://source.example/{number}-1024x683.jpg" alt="A view" '
        f'srcset="https://source.example/{number}-1024x683.jpg 1024w, '
        f'https://source.example/{number}-300x200.jpg 300w" sizes="(max-width: 1024px) 100vw">'
        "</a><figcaption>A view of the quay</figcaption></figure>"
    ]
    for n in range(10):
        words = text_of(number + n, 36)
        parts.append(
            f'<p class="has-text" style="margin:0"><strong>{words[:20]}</strong>{words[20:90]}'
            f'<a href="https://source.example/{n}?utm_source=feed&amp;utm_medium=rss" '
            f'target="_blank" rel="noopener">{words[90:120]}</a> <em>{words[120:150]}</em>'
            f"{words[150:]}</p>"
        )
    rows = "".join(f"<li><span>{text_of(number + n, 8)}</span></li>" for n in range(5))
    tracker = '<img src="https://stats.example/b.gif?x=1" width="1" height="1" alt="">'
    return "".join(parts) + f'<h3 id="more">More</h3><ul class="list">{rows}</ul>{tracker}'


def feed_of(number: int, body: Callable[[int], str] = light) -> bytes:
    """An RSS feed of 50 entries with a teaser and a body each."""
    entries = "".join(
        f"<item><title>{text_of(number * 50 + n, 9)[:-1]}</title>"
        f"<link>https://source{number}.example/2026/05/{n}?utm_source=rss</link>"
        f'<guid isPermaLink="false">source{number}-{n}</guid>'
        f"<pubDate>Mon, 18 May 2026 {n % 24:02d}:{n:02d}:00 +0300</pubDate>"
        f"<dc:creator>{WORDS[n % 30].title()} {WORDS[(n + 7) % 30].title()}</dc:creator>"
        f"<category>{WORDS[n % 30]}</category><description>{text_of(n, 24)}</description>"
        f"<content:encoded><![CDATA[{body(number + n)}]]></content:encoded></item>"
        for n in range(ITEMS)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>Source {number}</title><link>https://source{number}.example/</link>"
        f"<language>en</language>{entries}</channel></rss>"
    ).encode()


def documents(folders: Sequence[Path], suffixes: tuple[str, ...]) -> list[bytes]:
    """What lies in *folders* under names that end so."""
    return [
        path.read_bytes()
        for folder in folders
        if folder.exists()
        for path in sorted(folder.iterdir())
        if path.name.endswith(suffixes)
    ]


def rate(read: Callable[[bytes], object], given: Sequence[bytes]) -> float:
    """Documents a CPU second, over as many rounds as it takes to be sure."""
    for document in given[:3]:
        read(document)
    start, done = time.process_time(), 0
    while time.process_time() - start < LONG_ENOUGH:
        for document in given:
            read(document)
        done += len(given)
    return done / (time.process_time() - start)


# ----------------------------------------------------------------- readers and peers


def ours_feed(data: bytes) -> int:
    try:
        return len(read_feed(data, Hints(content_type="application/xml")).items)
    except Exception:  # noqa: BLE001 - a peer that raises is counted as having read nothing
        return 0


def peer_feed(data: bytes) -> int:
    return len(feedparser.parse(data, response_headers={"content-type": "application/xml"}).entries)


def ours_page(data: bytes) -> object:
    try:
        return read_page(data, Hints(url="https://bench.example/a"))
    except Exception:  # noqa: BLE001
        return None


def peer_page(data: bytes) -> object:
    # Metadata too: a page without title, author and date is no item.
    return trafilatura.bare_extraction(data, url="https://bench.example/a", with_metadata=True)


def compare_readers() -> dict[str, Any]:
    """Feeds and pages a CPU second: ours, the peer's, and the ratio."""
    shipped = documents(FEEDS, (".xml", ".rss", ".atom", ".rdf"))
    made = {
        "shipped feeds": shipped,
        "feeds of 50 entries, 150 words each": [feed_of(n) for n in range(20)],
        "feeds of 50 entries, 400 words each, as blogs write": [
            feed_of(n, rich) for n in range(10)
        ],
    }
    pages = documents(PAGES, (".html", ".htm"))
    found: dict[str, Any] = {}
    for name, given in made.items():
        ours, theirs = rate(ours_feed, given), rate(peer_feed, given)
        found[name] = {
            "documents": len(given),
            "ours": ours,
            "feedparser": theirs,
            "ratio": ours / theirs,
            "entries read by ours": sum(map(ours_feed, given)),
            "entries read by feedparser": sum(map(peer_feed, given)),
        }
    ours, theirs = rate(ours_page, pages), rate(peer_page, pages)
    found["pages"] = {
        "documents": len(pages),
        "ours": ours,
        "trafilatura": theirs,
        "ratio": ours / theirs,
    }
    return found


# -------------------------------------------------------------------- a thousand sources


def serve(port: int, number: int) -> None:
    """Answer every source: 200 with an ETag, 304 to whoever has it.  Threads, one a connection."""
    bodies = {f"/{n}.xml": feed_of(n) for n in range(number)}
    listening = socket.create_server(("0.0.0.0", port), backlog=1024, reuse_port=False)

    def answer(connection: socket.socket) -> None:
        with connection:
            waiting = b""
            while True:
                while b"\r\n\r\n" not in waiting:
                    more = connection.recv(65_536)
                    if not more:
                        return
                    waiting += more
                head, _, waiting = waiting.partition(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                tag = f'"v1-{path}"'.encode()
                if b"if-none-match: " + tag in head.replace(b"If-None-Match", b"if-none-match"):
                    connection.sendall(b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\n\r\n")
                    continue
                body = bodies[path]
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: "
                    + tag
                    + b"\r\nContent-Length: "
                    + str(len(body)).encode()
                    + b"\r\n\r\n"
                    + body
                )

    while True:
        connection, _ = listening.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def address(number: int, port: int) -> str:
    """A host of its own for every source: nobody's spacing holds up another."""
    return f"http://127.{1 + number // 250 // 250}.{number // 250 % 250}.{1 + number % 250}:{port}"


CONFIG = """[site]
name = "Bench"
[collect]
allow_private = ["127.0.0.0/8"]
in_flight = 50
{sources}
[[newsletters]]
slug = "daily"
title = "Daily"
"""


def write_newsroom(folder: Path, number: int, port: int) -> None:
    sources = "".join(
        f'[[sources]]\nid = "s{n}"\nkind = "feed"\nurl = "{address(n, port)}/{n}.xml"\n'
        for n in range(number)
    )
    (folder / "config.toml").write_text(CONFIG.format(sources=sources))


def tree_of(pid: int) -> list[int]:
    """*pid* and all that it started, workers of its workers too."""
    children: list[str] = []
    # A child is its thread's, not its process's.
    for told in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += told.read_text().split()
        except OSError:
            continue
    return [pid, *(found for child in children for found in tree_of(int(child)))]


def memory_of(pid: int) -> int:
    """Octets of *pid*; pages it shares with others are counted in parts (PSS)."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0


def cpu_of(pid: int) -> float:
    """CPU seconds of *pid* so far."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def environment(folder: Path) -> dict[str, str]:
    """Ours, but with compiled modules kept, as an installed program has them."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def poll(folder: Path) -> dict[str, float]:
    """One `digest collect`: wall and CPU seconds, peak memory of all its processes together."""
    start = time.perf_counter()
    answer = folder / "told.json"
    with answer.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "digest", "collect", "--json"],
            cwd=folder,
            stdout=file,
            env=environment(folder),
        )
    peak = 0
    # A worker that nobody waits for is in nobody's account: its last reading counts.
    cpu: dict[int, float] = {}
    while process.poll() is None:
        pids = tree_of(process.pid)
        peak = max(peak, sum(memory_of(pid) for pid in pids))
        cpu |= {pid: max(cpu.get(pid, 0.0), cpu_of(pid)) for pid in pids}
        time.sleep(0.05)
    wall = time.perf_counter() - start
    visits = json.loads(answer.read_text())["sources"]
    return {
        "wall s": wall,
        "CPU s": sum(cpu.values()),
        "of it in readers": sum(cpu.values()) - cpu.get(process.pid, 0.0),
        "peak MB": peak / 1e6,
        "new items": sum(visit["new"] for visit in visits),
        "faults": sum(len(visit["faults"]) for visit in visits),
    }


def bare_requests(number: int, port: int) -> float:
    """Wall seconds for the same conditional requests with nothing around them: the limit."""
    start = time.perf_counter()
    for n in range(number):
        with socket.create_connection((address(n, port)[7:].rpartition(":")[0], port)) as line:
            tag = f'"v1-/{n}.xml"'
            line.sendall(
                f"GET /{n}.xml HTTP/1.1\r\nHost: b\r\nif-none-match: {tag}\r\n\r\n".encode()
            )
            line.recv(65_536)
    return time.perf_counter() - start


def start_alone(folder: Path) -> float:
    """CPU seconds of a `digest` that does nothing."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "digest", "--help"]
    subprocess.run(command, capture_output=True, check=True, env=environment(folder))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def poll_sources(number: int) -> dict[str, Any]:
    """A thousand sources, never seen before and then unchanged."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    site = subprocess.Popen([sys.executable, __file__, "--serve", str(port), str(number)])
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_newsroom(folder, number, port)
            start_alone(folder)
            return {
                "sources": number,
                "cold": poll(folder),
                "warm": poll(folder),
                "warm again": poll(folder),
                "the same requests, bare, wall s": bare_requests(number, port),
                "starting alone, CPU s": start_alone(folder),
            }
    finally:
        site.kill()
        site.wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sources", type=int, default=1_000)
    parser.add_argument("--only", choices=["readers", "poll"])
    parser.add_argument("--serve", nargs=2, type=int, metavar=("PORT", "NUMBER"))
    asked = parser.parse_args()
    if asked.serve:
        serve(*asked.serve)
        return
    found: dict[str, Any] = {"cores": os.cpu_count()}
    if asked.only != "poll":
        found |= compare_readers()
    if asked.only != "readers":
        found["poll"] = poll_sources(asked.sources)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
