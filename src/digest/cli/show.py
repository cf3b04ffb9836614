"""How an answer is shown: tables and progress bars for people, JSON for programs."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Table
from rich.text import Text

from digest import model
from digest.model import Counts

#: Answers go to standard output, everything on the way to standard error.
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


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
    """A table; a column whose values are all numbers stands to the right."""
    shown = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[number], int) for row in rows)
        shown.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    out.print(shown)


def span(seconds: float) -> str:
    """So long, in words that grow coarser: "40 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class _Pace(ProgressColumn):
    """How fast mails are accepted, and how long it will take at that: of sending alone.

    Told by whoever watches another process; else measured here, over the last half minute.
    """

    def render(self, task: Task) -> Text:
        told = task.fields.get("told")
        if told is not None:
            per_s, left_s = told.per_s, told.left_s
        elif task.fields.get("sent"):
            per_s, left_s = task.speed or 0.0, task.time_remaining
        else:
            return Text("")
        if not per_s:
            return Text("")
        left = f", {span(left_s)} left" if left_s else ""
        return Text(
            f"{per_s:,.0f} a second{left}" if per_s >= 10 else f"{per_s:.1f} a second{left}"
        )


class Bars:
    """Progress bars by the name of what is being done; nothing at all when nobody watches."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._bars: dict[str, Any] = {}

    def step(self, what: str, done: int, total: int, **fields: Any) -> None:
        if self._progress is None or not total:
            return
        if what not in self._bars:
            self._bars[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._bars[what], completed=done, total=total, **fields)

    def counts(self, counts: Counts) -> None:
        """Sending, of this process: its pace is measured."""
        self.step("sending", counts.planned - counts.pending, counts.planned, sent=True)

    def told(self, now: model.Progress) -> None:
        """Sending, of whatever process: its pace is told."""
        done, planned = now.counts.planned - now.counts.pending, now.counts.planned
        self.step("paused" if now.paused else "sending", done, planned, told=now)


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
