"""Watches a process and all that it starts: resident memory over time, from outside."""

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.sending.sinks import NotHere


@dataclass(slots=True)
class Memory:
    """Megabytes resident, of a process and its children together."""

    #: (`time.monotonic`, MB), in order.
    samples: list[tuple[float, float]] = field(default_factory=list)
    #: Most processes seen at once.
    processes: int = 1

    def between(self, begun: float, ended: float) -> list[tuple[float, float]]:
        """Samples of a stretch, each with the share of it that has passed."""
        return [
            ((at - begun) / (ended - begun), mb) for at, mb in self.samples if begun <= at <= ended
        ]

    @property
    def peak_mb(self) -> float:
        return max((mb for _, mb in self.samples), default=0.0)


def growth(samples: Sequence[tuple[float, float]]) -> float:
    """MB that memory grows by over a whole stretch: a line laid through all but its first fifth."""
    late = [(share, mb) for share, mb in samples if share >= 0.2]
    if len(late) < 3:
        return 0.0
    mean_x = sum(share for share, _ in late) / len(late)
    mean_y = sum(mb for _, mb in late) / len(late)
    spread = sum((share - mean_x) ** 2 for share, _ in late)
    return sum((share - mean_x) * (mb - mean_y) for share, mb in late) / spread


def family(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in below:
        yield from family(int(child))


def resident_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    _, found, rest = status.partition("VmRSS:")
    return int(rest.split()[0]) / 1024 if found else 0.0


@contextmanager
def watched(pid: int, every_s: float = 0.1) -> Iterator[Memory]:
    memory, over = Memory(), threading.Event()

    def look() -> None:
        while not over.wait(every_s):
            found = [mb for one in family(pid) if (mb := resident_mb(one))]
            if found:
                memory.samples.append((time.monotonic(), sum(found)))
                memory.processes = max(memory.processes, len(found))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield memory
    finally:
        over.set()
        watcher.join()


def run_watched(command: Sequence[str], *, log: Path | None = None) -> tuple[str, Memory]:
    """The last line that a program prints, and its memory; what it logs is kept in *log*.

    Raises:
        NotHere: it failed: the words say how.
    """
    with (log or Path("/dev/null")).open("ab") as kept:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=kept, text=True)
        with watched(process.pid) as memory:
            told, _ = process.communicate()
    lines = told.splitlines()
    if process.returncode or not lines:
        last = log.read_text(errors="replace").splitlines()[-1:] if log else []
        said = last[0] if last else "and said nothing"
        raise NotHere(f"{Path(command[1]).name} ended with {process.returncode}: {said}")
    return lines[-1], memory
