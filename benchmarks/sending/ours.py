"""One edition sent by Digest in a process of its own: what it cost, as JSON.

    python benchmarks/sending/ours.py FOLDER EDITION

First the audience is frozen, then `deliver` sends; each is timed alone.  Loading the program is
not in the figures of time, and is in those of memory.
"""

import asyncio
import json
import os
import resource
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from digest import deliver, freezing
from digest.app import App, open_app
from digest.model import Counts
from digest.settings import load


class Clock:
    """Wall clock and CPU of this process and of those that it has ended."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), _cpu()

    def spent(self) -> dict[str, float]:
        return {"s": time.perf_counter() - self.wall, "cpu_s": _cpu() - self.cpu}


def _cpu() -> float:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _peak_mb() -> float:
    """Of this process since it began to run Python: `ru_maxrss` would tell of its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


async def send(app: App, edition_id: str) -> dict[str, Any]:
    #: When somebody was first told how far it is, and how far it was.
    first: list[tuple[float, int]] = []

    def note(counts: Counts) -> None:
        if not first:
            first.append((time.perf_counter(), counts.planned - counts.pending))

    clock = Clock()
    await freezing.freeze(app, edition_id)
    frozen = clock.spent()
    clock = Clock()
    begun = time.monotonic()
    counts = await deliver.deliver(app, edition_id, progress=note)
    sent = clock.spent()
    told = {
        "freeze": frozen,
        "send": sent,
        #: `time.monotonic`, the same for all processes of the machine.
        "begun": begun,
        "ended": begun + sent["s"],
        "counts": asdict(counts) | {"reconciles": counts.reconciles},
        "peak_mb": _peak_mb(),
    }
    if first:
        at, done = first[0]
        told["from_first"] = {"s": clock.wall + sent["s"] - at, "messages": counts.planned - done}
    return told


async def main(folder: Path, edition_id: str) -> None:
    async with open_app(load(folder / "config.toml", environ={}), environ={}) as app:
        print(json.dumps(await send(app, edition_id)), flush=True)


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
