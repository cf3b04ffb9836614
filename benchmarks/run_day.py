"""What the main job costs: wall and CPU seconds, peak memory, and each step's share.

    make bench                                    100 and 1,000 documents, 1,000 subscribers
    python benchmarks/run_day.py --documents 500 --subscribers 2000

Each size runs in a process of its own, on a folder of made-up page texts, with the embedded
relay taking the mails in the same process.  Beside the steps stand two limits of the same
machine, measured in the same run: reading and writing the same octets with nothing in between.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from digest import collect, compose, deliver, pipeline  # noqa: E402
from digest import publish as publishing  # noqa: E402
from digest.slots import slot_of  # noqa: E402
from newsroom import open_newsroom, people_csv, take_in, write_config  # noqa: E402

_STEMS = """harbour ferry pilot quay council budget vote mayor tide storm crew school clinic nurse
vaccine bridge repair toll market price fish quota wage strike union rower cup final goal keeper
seal cliff path museum library grant river flood pump engine turbine cable island farm lamb
wool""".split()
_VERBS = """opens closes wins loses approves delays repairs counts buys sells warns plans""".split()

PAGE = """{headline}

by {author} and The Bench Courier news desk May 18, 2026 {clock} 2 min read
A view of the {a}. (Bench Courier)
{body}

Authors: {author}, The Bench Courier news desk
{brief_clock}

{brief}

The desk learned of it in the morning and will report more.
"""


def write_pages(folder: Path, number: int, dice: random.Random) -> int:
    """*number* page texts of about 300 words; every third tells an event again.  Their octets."""
    octets = 0
    events = [
        [f"{dice.choice(_STEMS)}{n}" for n in range(start, start + 12)]
        for start in range(0, number * 12, 12)
    ]
    for index in range(number):
        words = events[index if index % 3 else index // 3] + dice.sample(_STEMS, 20)

        def sentence() -> str:
            chosen = [dice.choice(words) for _ in range(dice.randint(9, 22))]  # noqa: B023
            return f"The {' '.join(chosen[:3])} {dice.choice(_VERBS)} the {' '.join(chosen[3:])}."

        body = "\n\n".join(" ".join(sentence() for _ in range(3)) for _ in range(7))
        text = PAGE.format(
            headline=f"{words[0]} {dice.choice(_VERBS)} {words[1]} {words[2]} at {words[3]}",
            author=f"{dice.choice(_STEMS).title()} {dice.choice(_STEMS).title()}",
            clock=f"{dice.randint(7, 11)}:{dice.randint(10, 59)} AM",
            a=words[0],
            body=body,
            brief_clock=f"{dice.randint(1, 6)}:{dice.randint(10, 59)} AM",
            brief=f"The {words[4]} {dice.choice(_VERBS)} number {index}.",
        )
        (folder / f"page-{index:05}.txt").write_text(text)
        octets += len(text)
    return octets


class Steps:
    """Wall and CPU seconds of each step."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[float, float]] = {}

    async def time(self, name: str, work: Awaitable[Any]) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        result = await work
        self.rows[name] = (time.perf_counter() - wall, time.process_time() - cpu)
        return result


async def run_day(folder: Path, subscribers: int) -> dict[str, Any]:
    """The main job on what is in *folder*."""
    steps = Steps()
    start, cpu = time.perf_counter(), time.process_time()
    now = datetime(2026, 5, 18, 12, tzinfo=UTC)
    async with open_newsroom(folder, now=lambda: now) as app:
        newsletter = app.newsletter()
        await steps.time("import", take_in(app, people_csv(subscribers)))
        visits = await steps.time("collect", collect.collect(app))
        slot = slot_of(newsletter, date(2026, 5, 18))
        record = await steps.time("compose", compose.compose(app, newsletter, slot))
        await pipeline.approve(app, record.id)
        await steps.time("publish", publishing.publish(app))
        counts = await steps.time("send", deliver.deliver(app, record.id))
    return {
        "steps": steps.rows,
        "wall": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "documents": sum(visit.documents for visit in visits),
        "items": sum(visit.new for visit in visits),
        "sent": counts.sent,
    }


def limits(folder: Path, messages: int) -> dict[str, float]:
    """Seconds to read all documents, and to write and flush as many files of a mail's size."""
    start = time.perf_counter()
    for path in (folder / "desk").iterdir():
        path.read_bytes()
    read = time.perf_counter() - start
    mail = b"x" * 40_000
    target = folder / "limit"
    target.mkdir()
    start = time.perf_counter()
    for number in range(messages):
        with (target / str(number)).open("wb") as file:
            file.write(mail)
            file.flush()
            os.fsync(file.fileno())
    return {"read": read, "write": time.perf_counter() - start}


def measure(documents: int, subscribers: int) -> dict[str, Any]:
    """One size, in this process."""
    with tempfile.TemporaryDirectory(prefix="digest-bench-") as name:
        folder = Path(name)
        write_config(folder)
        octets = write_pages(folder / "desk", documents, random.Random(7))
        result = asyncio.run(run_day(folder, subscribers))
        return result | {"octets": octets, "limits": limits(folder, subscribers)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--subscribers", type=int, default=1000)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(measure(options.documents[0], options.subscribers)))
        return
    print("| documents | subscribers | step | wall s | CPU s | share of CPU |")
    print("|---|---|---|---|---|---|")
    notes = []
    for documents in options.documents:
        size = ["--documents", str(documents), "--subscribers", str(options.subscribers)]
        done = subprocess.run(
            [sys.executable, __file__, "--inside", *size],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        found = json.loads(done.stdout.splitlines()[-1])
        rows = found["steps"] | {"whole": (found["wall"], found["cpu"])}
        for step, (wall, cpu) in rows.items():
            share = f"{cpu / found['cpu']:.0%}"
            print(f"| {documents} | {found['sent']} | {step} | {wall:.2f} | {cpu:.2f} | {share} |")
        kept = found["limits"]
        collected, sent = rows["collect"][0] / kept["read"], rows["send"][0] / kept["write"]
        notes.append(
            f"- {documents} documents ({found['octets'] / 1e6:.1f} MB, {found['items']} items): "
            f"peak memory {found['peak_mb']:.0f} MB. Reading the same files alone takes "
            f"{kept['read']:.3f} s (collect is {collected:.0f} times that); writing "
            f"{found['sent']} files of 40 KB, each flushed to disk, {kept['write']:.2f} s (send is "
            f"{sent:.1f} times that, with SMTP and the journal in between)."
        )
    print("\n" + "\n".join(notes))


if __name__ == "__main__":
    main()
