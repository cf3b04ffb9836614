"""Part "pages": web pages as publishers build them, each beside a JSON file with the truth.

Body text is compared as a multiset of words, headings and lists included, captions and the
lead above the body not: whether a lead is told with the body or beside it is a matter of taste.
Titles are compared without case; authors as a set; the picture by its address, or one of
``image_also``.  A page of a ``day_only`` truth prints no clock.  ``must_not`` lines are nobody's
text.  A live blog's posts are its briefs.

The same measure is taken of trafilatura alone, given the same bytes and address.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from digest.reading import Hints

# isort: split
from pagereadings import Reading, authors, moment, ours, trafilaturas
from scoring import Case, Figure, Report, attempt, bag_f1, list_f1, mean, plain, report, words

PART = "pages"
_AIMS = {"title": 0.88, "authors": 0.89, "published": 0.97}
_FIELDS = (*_AIMS, "image", "updated", "caption", "credit", "briefs", "briefs_text")
#: What trafilatura has, too.
_COMMON = (*_AIMS, "image")
_LABEL = r"(?:\w+(?: (?:by|di|de|von))?\s*[:.]?\s+)?"

Truth = dict[str, Any]
Reader = Callable[[str, bytes, Hints], Reading]


@dataclass(slots=True)
class Marks:
    """The marks of one page by one reader; a field that is neither printed nor read has none."""

    body: float | None = None
    fields: dict[str, float] = field(default_factory=dict)
    leaks: int | None = None
    crashed: bool = False
    wrong: list[str] = field(default_factory=list)

    @property
    def score(self) -> float:
        fields = mean(list(self.fields.values()))
        if self.body is None or fields is None:
            known = self.body if fields is None else fields
            return known or 0.0
        return 0.6 * self.body + 0.4 * fields


def measure(folder: Path, split: str | None) -> Report:
    """Read every page of *split* (None: all) in *folder*/pages, with both readers."""
    paths = sorted((folder / "pages").glob("*.truth.json"))
    truths = [(path.parent, json.loads(path.read_text("utf-8"))) for path in paths]
    chosen = [(parent, truth) for parent, truth in truths if split in (None, truth["split"])]
    marks = [_mark(parent / truth["file"], truth, ours) for parent, truth in chosen]
    peers = [_mark(parent / truth["file"], truth, trafilaturas) for parent, truth in chosen]
    cases = [
        Case(
            name=truth["file"],
            layout=truth["layout"],
            language=truth["language"],
            score=mark.score,
            wrong=tuple(mark.wrong),
        )
        for (_, truth), mark in zip(chosen, marks, strict=True)
    ]
    figures = [
        Figure(name="body F1", value=_body(marks), aim=0.965),
        *(_figure(marks, name, aim=_AIMS.get(name)) for name in _FIELDS),
        Figure(name="free of furniture", value=_clean(marks)),
        Figure(name="crashes", value=float(sum(m.crashed for m in marks)), aim=0.0, at_most=True),
        Figure(name="trafilatura body F1", value=_body(peers)),
        *(_figure(peers, name, before="- ") for name in _COMMON),
        Figure(name="- free of furniture", value=_clean(peers)),
        Figure(name="- crashes", value=float(sum(m.crashed for m in peers))),
    ]
    return report(PART, figures, cases)


def _body(marks: list[Marks]) -> float | None:
    return mean([m.body for m in marks if m.body is not None])


def _figure(marks: list[Marks], name: str, *, aim: float | None = None, before: str = "") -> Figure:
    value = mean([m.fields[name] for m in marks if name in m.fields])
    return Figure(name=before + name.replace("_", " "), value=value, aim=aim)


def _clean(marks: list[Marks]) -> float | None:
    return mean([float(not m.leaks) for m in marks if m.leaks is not None])


def _mark(path: Path, truth: Truth, reader: Reader) -> Marks:
    hints = Hints(url=truth["url"], content_type=truth["content_type"], timezone=truth["timezone"])
    reading, crash = attempt(reader, path.name, path.read_bytes(), hints)
    marks = Marks(crashed=crash is not None)
    if reading is None:
        marks.wrong.append(f"crashed: {crash}")
        reading = Reading(authors=Counter())
    _mark_body(marks, reading, truth)
    _mark_fields(marks, reading, truth)
    _mark_briefs(marks, reading, truth)
    if truth["must_not"]:
        told = plain(reading.told)
        leaked = [line for line in truth["must_not"] if plain(line) in told]
        marks.leaks = len(leaked)
        marks.wrong.extend(f"furniture taken for text: {line!r}" for line in leaked)
    return marks


def _mark_body(marks: Marks, reading: Reading, truth: Truth) -> None:
    if not truth["paragraphs"]:
        return
    got = words(reading.body)
    wanted = words("\n".join(truth["paragraphs"]))
    with_lead = wanted + words(truth["lead"] or "")
    best = max((wanted, with_lead), key=lambda bag: bag_f1(got, bag))
    marks.body = bag_f1(got, best)
    if marks.body < 0.995:
        missed, added = (best - got).total(), (got - best).total()
        marks.wrong.append(f"body {marks.body:.3f}: {missed} words missed, {added} too many")


def _mark_fields(marks: Marks, reading: Reading, truth: Truth) -> None:
    images = (truth["image"], *truth["image_also"])
    pairs: dict[str, tuple[object, object]] = {
        "title": (plain(reading.title), plain(truth["title"])),
        "authors": (reading.authors, authors(truth["authors"])),
        "published": (reading.published, _when(truth["published"], day_only=truth["day_only"])),
        "image": (reading.image, reading.image if reading.image in images else truth["image"]),
        "updated": (reading.updated, _when(truth["updated"])),
        "caption": (plain(reading.caption), plain(truth["caption"])),
        "credit": (plain(reading.credit), plain(truth["credit"])),
    }
    for name, (got, wanted) in pairs.items():
        if not (got or wanted):
            continue
        right = got == wanted
        if name == "caption":
            right = _same_caption(reading, truth)
        elif name == "credit":
            # "Photo:", "Foto", "Illustration by" before the name are a matter of taste.
            right = (
                bool(got) and re.fullmatch(_LABEL + re.escape(str(wanted)), str(got)) is not None
            )
        marks.fields[name] = float(right)
        if not right:
            marks.wrong.append(f"{name} is {got or 'nothing'!r:.110}, not {wanted or 'any'!r:.110}")


def _same_caption(reading: Reading, truth: Truth) -> bool:
    """Do the words agree?  Whoever tells no credit may leave it, labelled, in the caption."""
    got, wanted = words(reading.caption), words(truth["caption"] or "")
    if got == wanted or reading.credit:
        return got == wanted
    whole = wanted + words(truth["credit"] or "")
    return whole <= got and (got - whole).total() <= 1


def _mark_briefs(marks: Marks, reading: Reading, truth: Truth) -> None:
    wanted = [f"{_when(one['time'])} {plain(one['title'])}" for one in truth["briefs"]]
    if not wanted and not reading.briefs:
        return
    marks.fields["briefs"] = list_f1(reading.briefs, wanted)
    marks.fields["briefs_text"] = bag_f1(
        words(reading.briefs_text), words(" ".join(one["text"] for one in truth["briefs"]))
    )
    if marks.fields["briefs"] < 1 or marks.fields["briefs_text"] < 0.995:
        marks.wrong.append(
            f"briefs {marks.fields['briefs']:.3f}, their text {marks.fields['briefs_text']:.3f}: "
            f"{len(reading.briefs)} of {len(wanted)}"
        )


def _when(told: str | None, *, day_only: bool = False) -> str:
    return moment(datetime.fromisoformat(told), day_only=day_only) if told else ""
