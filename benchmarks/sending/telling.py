"""Figures of sending: medians of rounds, and how they are told."""

import os
import platform
import sqlite3
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one sender did in one round; medians of it in the end."""

    part: str
    kb: int
    who: str
    messages: int
    per_s: float
    cpu_us: float = 0.0
    peak_mb: float = 0.0
    #: Of the yardstick of its part, in the same round.
    ratio: float = 0.0
    more: dict[str, Any] = field(default_factory=dict)


def middle(rounds: list[Figure]) -> list[Figure]:
    """One figure for each sender: the medians of its rounds."""
    together: dict[tuple[str, int, str], list[Figure]] = defaultdict(list)
    for one in rounds:
        together[one.part, one.kb, one.who].append(one)

    def of(found: list[Figure]) -> Figure:
        rates = [one.per_s for one in found]
        # What is told besides is of the round in the middle.
        typical = min(found, key=lambda one: abs(one.per_s - statistics.median(rates)))
        more = typical.more | {"rounds": [round(rate) for rate in rates]}
        return Figure(
            part=typical.part,
            kb=typical.kb,
            who=typical.who,
            messages=typical.messages,
            per_s=statistics.median(rates),
            cpu_us=statistics.median(one.cpu_us for one in found),
            peak_mb=max(one.peak_mb for one in found),
            ratio=statistics.median(one.ratio for one in found),
            more=more,
        )

    return [of(found) for found in together.values()]


def machine() -> dict[str, Any]:
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cores": os.cpu_count(),
        "cpu": model,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.release()}",
        "load": round(os.getloadavg()[0], 1),
    }


_RATIOS = {
    "wire": "x smtp-source",
    "peers": "Digest is x",
    "distance": "x aiosmtplib",
    "million": "x time each",
}


def table(part: str, figures: list[Figure]) -> str:
    head = ["size", part, "messages", "messages/s", "CPU us each", "peak MB", _RATIOS[part]]
    lines = [f"| {' | '.join(head)} |", "|---|---|" + "---:|" * 5]
    for one in figures:
        cells = [f"{one.kb} KB", one.who, f"{one.messages:,}", f"{one.per_s:,.0f}"]
        # What was not measured stays empty.
        cells += [f"{value:.0f}" if value else "" for value in (one.cpu_us, one.peak_mb)]
        cells.append(f"{one.ratio:.2f}" if one.ratio else "")
        lines.append(f"| {' | '.join(cells)} |")
    for one in figures:
        if part == "million":
            lines.append(f"\n{one.who}: {_besides(one)}")
    return "\n".join(lines)


def _besides(one: Figure) -> str:
    more = one.more
    words = [f"frozen in {more['freeze_s']:.1f} s", f"sent in {more['send_s']:.1f} s"]
    words.append(f"memory grows by {more['growth_mb']:+.1f} MB over the run")
    looks = [f"{mb:.0f}" for _, mb in more["memory"]]
    words.append("MB from beginning to end: " + " ".join(looks))
    words.append(f"{more['journal_octets']} octets of database a delivery {more['journal']}")
    if "us_each" in more:
        words.append(f"{more['us_each']} us a message")
    if "whole" in more:
        words.append(f"with beginning and end {more['whole']} times the time of the smaller")
    return "; ".join(words)
