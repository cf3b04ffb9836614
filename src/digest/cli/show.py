"""How an answer is shown: tables and progress bars for people, JSON for programs."""

import json
import sys
import time as clocks
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from digest import model
from digest.model import Counts

#: Answers go to standard output, everything on the way to standard error.
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

#: Between two columns.
_GAP = "  "
#: A column of shorter texts is never broken, nor is a word; but what is longer than this and no
#: address would leave a narrow screen nothing to wrap.
_SHORT, _LONG_WORD = 20, 60
#: A pace is measured over so many seconds, at least and at most.
_PACE_S = (1.0, 30.0)


def plain(value: Any) -> Any:
    """*value* as what JSON knows: instants in RFC 3339, enums by value, paths as text."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def answer(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """A line for a person, nothing in it read as markup."""
    out.print(escape(text))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table; a column whose values are all numbers stands to the right, an empty one nowhere.

    On a screen long texts are wrapped between words, addresses and ids never: whoever copies one
    gets all of it.  A file or a pipe has no width, and nothing is wrapped.
    """
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    kept = [at for at in range(len(columns)) if not rows or any(row[at] for row in cells)]
    numeric = {at for at in kept if rows and all(isinstance(row[at], int) for row in rows)}
    widths = _widths([[columns[at], *(row[at] for row in cells)] for at in kept])
    if title:
        out.print(Text(title, style="bold"))
    for row, style in ((columns, "bold"), *((row, "") for row in cells)):
        if not any(row):
            continue
        wrapped = [
            Text(row[at]).wrap(out, width, overflow="fold")
            for at, width in zip(kept, widths, strict=True)
        ]
        for number in range(max(map(len, wrapped))):
            line = []
            for at, width, lines in zip(kept, widths, wrapped, strict=True):
                text = lines[number].plain.rstrip() if number < len(lines) else ""
                blank = " " * (width - cell_len(text))
                line.append(blank + text if at in numeric else text + blank)
            out.print(Text(_GAP.join(line).rstrip(), style=style))


def _widths(columns: Sequence[Sequence[str]]) -> list[int]:
    """So wide is each column, its heading included: narrower than its texts only on a screen."""
    widths, least = [], []
    for texts in columns:
        natural = max(cell_len(line) for text in texts for line in text.splitlines() or [""])
        words = [word for text in texts for word in text.split()]
        longest = max(
            (cell_len(word) if "@" in word else min(cell_len(word), _LONG_WORD) for word in words),
            default=0,
        )
        widths.append(max(1, natural))
        least.append(min(widths[-1], max(_SHORT, longest)))
    if not out.is_terminal:
        return widths
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - out.width
    while over > 0 and (wide := [at for at in range(len(widths)) if widths[at] > least[at]]):
        # Who has most gives first.
        widest = max(wide, key=widths.__getitem__)
        widths[widest] -= 1
        over -= 1
    return widths


def span(seconds: float) -> str:
    """So long, in words that grow coarser: "40 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class _Pace(ProgressColumn):
    """How fast mails are accepted, and how long it will take at that: of sending alone."""

    def render(self, task: Task) -> Text:
        per_s, left_s = task.fields.get("per_s"), task.fields.get("left_s")
        if not per_s:
            return Text("")
        left = f", {span(left_s)} left" if left_s else ""
        return Text(
            f"{per_s:,.0f} a second{left}" if per_s >= 10 else f"{per_s:.1f} a second{left}"
        )


class Bars:
    """Progress bars by the name of what is being done; nothing at all when nobody watches.

    Args:
        clock: seconds, of which only differences are used.
    """

    def __init__(
        self, progress: Progress | None, clock: Callable[[], float] = clocks.monotonic
    ) -> None:
        self._progress = progress
        self._clock = clock
        self._bars: dict[str, Any] = {}
        #: When so many were done: what had been before we began is no pace of ours.
        self._done: deque[tuple[float, int]] = deque()

    def step(self, what: str, done: int, total: int, **fields: Any) -> None:
        if self._progress is None or not total:
            return
        if what not in self._bars:
            self._bars[what] = self._progress.add_task(what, total=total, completed=done)
        self._progress.update(self._bars[what], completed=done, total=total, **fields)

    def counts(self, counts: Counts) -> None:
        """Sending, of this process: its pace is measured, over the last half minute."""
        least_s, most_s = _PACE_S
        now, done = self._clock(), counts.planned - counts.pending
        self._done.append((now, done))
        while now - self._done[0][0] > most_s and len(self._done) > 1:
            self._done.popleft()
        since, before = self._done[0]
        per_s = (done - before) / (now - since) if now - since >= least_s else 0.0
        left_s = counts.pending / per_s if per_s > 0 else None
        self.step("sending", done, counts.planned, per_s=per_s, left_s=left_s)

    def told(self, now: model.Progress) -> None:
        """Sending, of whatever process: its pace is told."""
        done, planned = now.counts.planned - now.counts.pending, now.counts.planned
        what = "paused" if now.paused else "sending"
        self.step(what, done, planned, per_s=now.per_s, left_s=now.left_s)


@contextmanager
def bars(*, quiet: bool) -> Iterator[Bars]:
    """Bars on standard error, for as long as the work lasts."""
    if quiet or not err.is_terminal:
        yield Bars(None)
        return
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), _Pace())
    with Progress(*columns, console=err, transient=True) as progress:
        yield Bars(progress)


def local(at: datetime | None) -> str:
    """An instant in the clock of whoever sits at this machine."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M") if at else "–"
