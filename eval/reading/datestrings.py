"""Part "dates": strings as they stand on pages and in feeds, and the one thing they can mean.

A string whose truth is null must be refused: it is ambiguous, impossible, or no date.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digest.reading.dates import Moment, read_date

# isort: split
from scoring import Case, Figure, Report, attempt, mean, report

PART = "dates"

Row = dict[str, Any]


def measure(folder: Path, split: str | None) -> Report:
    """Read every string of *folder*/dates.json; they are not split, so *split* changes nothing."""
    rows: list[Row] = json.loads((folder / "dates.json").read_text("utf-8"))
    verdicts = [_judge(row) for row in rows]
    cases = [
        Case(
            name=repr(row["text"]),
            layout=verdict,
            language=row["language"],
            score=float(verdict == "right"),
            wrong=(why,) if why else (),
        )
        for row, (verdict, why) in zip(rows, verdicts, strict=True)
    ]
    told = [verdict for verdict, _ in verdicts]
    to_refuse = [
        float(verdict == "right")
        for row, verdict in zip(rows, told, strict=True)
        if row["expected"] is None
    ]
    figures = [
        Figure(name="right", value=_share(told, "right"), aim=0.95),
        Figure(name="wrong", value=_share(told, "wrong"), aim=0.02, at_most=True),
        Figure(name="refused", value=_share(told, "refused")),
        Figure(name="rightly refused", value=mean(to_refuse)),
        Figure(name="crashes", value=float(told.count("crashed")), aim=0.0, at_most=True),
    ]
    return report(PART, figures, cases)


def _judge(row: Row) -> tuple[str, str]:
    """One word, and what was answered if that is not "right"."""
    now = datetime.fromisoformat(row["now"]) if row["now"] else None
    moment, crash = attempt(
        read_date, row["text"], timezone=row["timezone"], language=row["language"], now=now
    )
    if crash:
        return "crashed", crash
    wanted = row["expected"] and _minute(datetime.fromisoformat(row["expected"]), row["day_only"])
    got = _told(moment)
    if got == wanted:
        return "right", ""
    verdict = "refused" if got is None else "wrong"
    should = wanted or "refused"
    return verdict, f"{verdict}: answered {got}, should be {should} ({row['timezone']})"


def _told(moment: Moment | None) -> str | None:
    return None if moment is None else _minute(moment.at, moment.day_only)


def _minute(at: datetime, day_only: bool) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}" + (" (day only)" if day_only else "")


def _share(told: list[str], verdict: str) -> float:
    return told.count(verdict) / len(told)
