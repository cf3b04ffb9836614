"""Part "feeds": whole feeds as servers send them, each beside a JSON file with the truth.

A feed is *perfect* when every entry is there, none twice and none invented, and title, url,
date, authors and body of each agree.  Texts are compared without white space; the date is what
the entry gives for its publication, else for its last change, to the minute; authors are the
same names in the same order, however they were joined.  Fields that a truth does not have are
not judged; an ``optional`` entry may be missing; a title of null may be empty or be taken from
the body; ``*_also`` lists other right answers.  A truth with ``not_a_feed`` lists the words of
which the refusal must have one.

The same measure is taken of feedparser alone, given the same bytes and headers.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from digest.reading import Hints

# isort: split
from feedentries import Entry, Told, feedparsers, minute, names, ours, squeeze
from scoring import Case, Figure, Report, attempt, mean, report

PART = "feeds"
_JUDGED = ("title", "url", "published", "authors", "body")
_FIELDS = (*_JUDGED, "guid", "topics", "image")

Truth = dict[str, Any]
Reader = Callable[[str, bytes, Hints], Told]


@dataclass(slots=True)
class Marks:
    """The marks of one document by one reader."""

    perfect: bool | None = None
    fields: dict[str, list[float]] = field(default_factory=dict)
    refused: bool | None = None
    crashed: bool = False
    wrong: list[str] = field(default_factory=list)

    @property
    def score(self) -> float:
        if self.refused is not None:
            return float(self.refused)
        judged = [mark for name in _JUDGED for mark in self.fields.get(name, ())]
        return 1.0 if self.perfect else min(mean(judged) or 0.0, 0.999)


def measure(folder: Path, split: str | None) -> Report:
    """Read every feed of *split* (None: all) in *folder*/feeds, with both readers."""
    truths = [(path, json.loads(path.read_text("utf-8"))) for path in _truths(folder)]
    chosen = [(path, truth) for path, truth in truths if split in (None, truth["split"])]
    marks = [_mark(path.parent / truth["file"], truth, ours) for path, truth in chosen]
    peers = [_mark(path.parent / truth["file"], truth, feedparsers) for path, truth in chosen]
    cases = [
        Case(
            name=truth["file"],
            layout=truth["layout"],
            language=truth["language"],
            score=mark.score,
            wrong=tuple(mark.wrong[:6]),
        )
        for (_, truth), mark in zip(chosen, marks, strict=True)
    ]
    ill = [truth.get("ill_formed", False) for _, truth in chosen]
    xml = [truth["layout"] != "json-feed" for _, truth in chosen]
    figures = [
        Figure(name="perfect", value=_perfect(marks), aim=0.97),
        Figure(name="ill-formed perfect", value=_perfect(_of(marks, ill)), aim=0.95),
        Figure(name="not a feed", value=_refused(marks), aim=1.0),
        Figure(name="crashes", value=float(sum(m.crashed for m in marks)), aim=0.0, at_most=True),
        *(Figure(name=name, value=_field(marks, name)) for name in _FIELDS),
        Figure(name="feedparser perfect", value=_perfect(peers)),
        Figure(name="- of XML only", value=_perfect(_of(peers, xml))),
        Figure(name="- ill-formed", value=_perfect(_of(peers, ill))),
        Figure(name="- not a feed", value=_refused(peers)),
        Figure(name="- crashes", value=float(sum(m.crashed for m in peers))),
        *(Figure(name=f"- {name}", value=_field(peers, name)) for name in _FIELDS),
    ]
    return report(PART, figures, cases)


def _truths(folder: Path) -> list[Path]:
    return sorted((folder / "feeds").glob("*.truth.json"))


def _of(marks: list[Marks], which: list[bool]) -> list[Marks]:
    return [mark for mark, wanted in zip(marks, which, strict=True) if wanted]


def _perfect(marks: list[Marks]) -> float | None:
    return mean([float(mark.perfect) for mark in marks if mark.perfect is not None])


def _refused(marks: list[Marks]) -> float | None:
    return mean([float(mark.refused) for mark in marks if mark.refused is not None])


def _field(marks: list[Marks], name: str) -> float | None:
    """The mean over feeds, so that one of a thousand entries weighs no more than one of three."""
    return mean([sum(m.fields[name]) / len(m.fields[name]) for m in marks if m.fields.get(name)])


def _mark(path: Path, truth: Truth, reader: Reader) -> Marks:
    hints = Hints(
        url=truth.get("url"),
        content_type=truth.get("content_type"),
        timezone=truth.get("timezone", "UTC"),
    )
    told, crash = attempt(reader, path.name, path.read_bytes(), hints)
    if told is None:
        told = Told(refusal=f"crashed: {crash}")
    marks = Marks(crashed=crash is not None)
    if "not_a_feed" in truth:
        _mark_refusal(marks, told, truth, by_words=reader is ours)
        return marks
    if told.refusal:
        marks.wrong.append(f"refused: {told.refusal}")
    _mark_entries(marks, list(told.entries), truth["entries"])
    marks.perfect = not marks.wrong and all(
        min(marks.fields.get(name, [1.0])) == 1.0 for name in _JUDGED
    )
    marks.wrong.extend(_lesser(marks))
    return marks


def _mark_refusal(marks: Marks, told: Told, truth: Truth, *, by_words: bool) -> None:
    # feedparser has no words for it: that it found nothing is all that can be asked.
    marks.refused = bool(told.refusal) and not marks.crashed
    if not by_words:
        return
    said = told.refusal.casefold()
    marks.refused &= told.fault in truth["faults"] and any(w in said for w in truth["not_a_feed"])
    if not marks.refused:
        found = said or f"{len(told.entries)} entries"
        marks.wrong.append(f"no feed, but answered [{told.fault}] {found[:160]}")


def _mark_entries(marks: Marks, got: list[Entry], wanted: list[Truth]) -> None:
    for place, (truth, entry) in enumerate(_pairs(got, wanted)):
        if truth is None:
            marks.wrong.append(f"an entry too many: {_short(entry)}")
        elif entry is None:
            if not truth.get("optional"):
                marks.wrong.append(f"entry {place} is missing: {truth.get('title')}")
                _note(marks, dict.fromkeys(_FIELDS, False), truth)
        else:
            agreed = {name: _agrees(name, entry, truth) for name in _FIELDS if name in truth}
            _note(marks, agreed, truth)
            marks.wrong.extend(
                f"entry {place}: {name} is {getattr(entry, name)!r:.90}, not {truth[name]!r:.90}"
                for name in _JUDGED
                if not agreed.get(name, True)
            )


def _note(marks: Marks, agreed: dict[str, bool], truth: Truth) -> None:
    for name, right in agreed.items():
        if name in truth:
            marks.fields.setdefault(name, []).append(float(right))


def _lesser(marks: Marks) -> Iterator[str]:
    for name in _FIELDS:
        missed = marks.fields.get(name, []).count(0.0)
        if name not in _JUDGED and missed:
            yield f"and {name} of {missed} entries, which is not judged"


def _pairs(got: list[Entry], wanted: list[Truth]) -> Iterator[tuple[Truth | None, Entry | None]]:
    """Each truth with the entry most like it; then the entries that nobody asked for."""
    left = dict(enumerate(got))
    for place, truth in enumerate(wanted):
        here = left.get(place)
        if here is not None and _likeness(here, truth) >= 3:
            yield truth, left.pop(place)
            continue
        best = max(left, key=lambda key: (_likeness(left[key], truth), -key), default=None)
        found = best is not None and _likeness(left[best], truth) > 0
        yield truth, left.pop(best) if found and best is not None else None
    yield from ((None, entry) for entry in left.values())


def _likeness(entry: Entry, truth: Truth) -> int:
    # A null that agrees says little, else two empty entries would be the same.
    return sum(
        bool(truth.get(name)) and _agrees(name, entry, truth)
        for name in ("title", "url", "guid", "published", "body")
    )


def _agrees(name: str, entry: Entry, truth: Truth) -> bool:
    got = getattr(entry, name)
    if name == "title" and truth["title"] is None:
        # What stands without a headline may be called by its first words.
        return entry.body.startswith(got.rstrip("….")) if got else True
    right = [truth[name], *truth.get(f"{name}_also", ())]
    return any(got == _comparable(name, one) for one in right)


def _comparable(name: str, told: Any) -> str | tuple[str, ...]:
    match name:
        case "authors":
            return names(told)
        case "topics":
            return tuple(map(squeeze, told))
        case "published":
            return minute(datetime.fromisoformat(told)) if told else ""
        case "url" | "image":
            return told or ""
        case _:
            return squeeze(told)


def _short(entry: Entry | None) -> str:
    return f"{(entry.title or entry.body or entry.url)[:80]!r}" if entry else ""
