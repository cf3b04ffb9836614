"""Part "page texts": news pages saved as plain text, each beside a JSON file with the truth.

A truth that has no offset was printed without a zone; it is compared on the clock of the zone
that the reader was given.  ``open`` names fields that are not judged, ``must_not`` lines that
are nobody's text.  A ``negative`` is a page on which nothing should be found.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from digest.model import Document, Image, Kind, RawItem
from digest.reading import Hints, read_document

# isort: split
from scoring import Case, Figure, Report, attempt, bag_f1, list_f1, mean, plain, report, words

PART = "page texts"
_NEGATIVE = frozenset({"index-page", "missing-page", "empty-ticker"})
_FIELDS = (
    *("title", "authors", "published", "updated", "reading_min"),
    *("caption", "credit", "cards", "briefs", "briefs_text"),
)
_CREDIT_LABEL = re.compile(
    r"^(?:photo(?:graph)?|foto|fot|(?:archiv)?bild|image|фото)(?: (?:di|by|de))?\s*[:.]?\s+"
)

# Whether a list's own numbers are kept is a matter of taste.
_NUMBERING = re.compile(r"^\d{1,2}[.)]\s+", re.MULTILINE)

Truth = dict[str, Any]


@dataclass(slots=True)
class Marks:
    """The marks of one document; a field that is neither printed nor read has none."""

    body: float | None = None
    fields: dict[str, float] = field(default_factory=dict)
    leaks: int | None = None
    crashed: bool = False
    score: float = 0.0
    wrong: list[str] = field(default_factory=list)


def measure(folder: Path, split: str | None) -> Report:
    """Read every document of *split* (None: all) in *folder*/pagetexts."""
    cases: list[Case] = []
    marks: list[Marks] = []
    for path in sorted((folder / "pagetexts").glob("*.json")):
        truth: Truth = json.loads(path.read_text("utf-8"))
        if split in (None, truth["split"]):
            marks.append(_read_and_mark(path.with_suffix(".txt"), truth))
            cases.append(
                Case(
                    name=path.stem,
                    layout=truth["layout"],
                    language=truth["language"],
                    score=marks[-1].score,
                    wrong=tuple(marks[-1].wrong),
                )
            )
    return report(PART, _figures(marks), cases)


def _figures(marks: list[Marks]) -> list[Figure]:
    figures = [
        Figure(name="page text score", value=mean([m.score for m in marks]), aim=0.96),
        Figure(name="crashes", value=float(sum(m.crashed for m in marks)), aim=0.0, at_most=True),
        Figure(name="body F1", value=mean([m.body for m in marks if m.body is not None]), aim=0.96),
    ]
    for name in _FIELDS:
        value = mean([m.fields[name] for m in marks if name in m.fields])
        figures.append(Figure(name=name.replace("_", " "), value=value, aim=0.96))
    clean = [float(not m.leaks) for m in marks if m.leaks is not None]
    figures.append(Figure(name="free of furniture", value=mean(clean)))
    return figures


def _read_and_mark(path: Path, truth: Truth) -> Marks:
    hints = Hints(timezone=truth.get("timezone", "UTC"))
    document, crash = attempt(read_document, path.name, path.read_bytes(), hints)
    if document is None:
        return Marks(body=0.0, crashed=True, wrong=[f"crashed: {crash}"])
    marks = Marks()
    articles = [item for item in document.items if item.kind is Kind.ARTICLE]
    article = articles[0] if articles else None
    if truth["layout"] in _NEGATIVE:
        return _mark_negative(marks, document)
    if len(articles) > 1:
        marks.wrong.append(f"{len(articles)} articles found on one page")
    _mark_body(marks, article, truth)
    _mark_fields(marks, article, truth)
    _mark_briefs(marks, document, truth)
    _mark_leaks(marks, document, truth)
    fields = mean(list(marks.fields.values()))
    if marks.body is None or fields is None:
        known = marks.body if fields is None else fields
        marks.score = 1.0 if known is None else known
    else:
        marks.score = 0.6 * marks.body + 0.4 * fields
    return marks


def _mark_negative(marks: Marks, document: Document) -> Marks:
    marks.score = float(not document.items)
    for item in document.items:
        marks.wrong.append(f"found a thing that is none: {item.kind} {_short(item.title)}")
    return marks


def _mark_body(marks: Marks, article: RawItem | None, truth: Truth) -> None:
    wanted = _body_words([truth.get("standfirst", ""), *truth["paragraphs"]])
    got = _body_words(_body(article))
    if not wanted and not got:
        return
    marks.body = bag_f1(got, wanted)
    if marks.body < 0.995:
        missed, added = (wanted - got).total(), (got - wanted).total()
        marks.wrong.append(f"body {marks.body:.3f}: {missed} words missed, {added} too many")


def _body(article: RawItem | None) -> list[str]:
    if article is None:
        return []
    return [article.standfirst or "", *(block.text for block in article.blocks)]


def _body_words(paragraphs: list[str]) -> Counter[str]:
    return words(_NUMBERING.sub("", "\n".join(paragraphs)))


def _mark_fields(marks: Marks, article: RawItem | None, truth: Truth) -> None:
    zone = ZoneInfo(truth.get("timezone", "UTC"))
    found = article or RawItem(kind=Kind.ARTICLE, title="")
    image = found.image or Image()
    day_only = found.day_only
    # A page that prints one date as both says nothing new by the second.
    updated_at = None if found.updated_at == found.published_at else found.updated_at
    pairs: dict[str, tuple[object, object]] = {
        "title": (plain(found.title), plain(truth["title"])),
        "authors": (_names(found.authors), _names(truth["authors"])),
        "published": (
            _printed(found.published_at, zone, day_only=day_only),
            _told(truth["published"], zone, day_only=truth["day_only"]),
        ),
        "updated": (_printed(updated_at, zone), _told(truth["updated"], zone)),
        "reading_min": (found.reading_min, truth["reading_min"]),
        "caption": (plain(image.caption), plain(truth["caption"])),
        "credit": (_credit(image.credit), _credit(truth["credit"])),
    }
    for name, (got, wanted) in pairs.items():
        if name in truth.get("open", ()) or not (got or wanted):
            continue
        marks.fields[name] = float(got == wanted)
        if got != wanted:
            marks.wrong.append(f"{name} is {_short(got)}, should be {_short(wanted)}")
    cards = [plain(card.title) for card in found.cards]
    wanted_cards = [plain(card["title"]) for card in truth["cards"]]
    if cards or wanted_cards:
        marks.fields["cards"] = list_f1(cards, wanted_cards)
        if marks.fields["cards"] < 1:
            marks.wrong.append(f"cards are {_short(cards)}, should be {_short(wanted_cards)}")


def _mark_briefs(marks: Marks, document: Document, truth: Truth) -> None:
    zone = ZoneInfo(truth.get("timezone", "UTC"))
    briefs = [item for item in document.items if item.kind is Kind.BRIEF]
    if not briefs and not truth["briefs"]:
        return
    got = [f"{_printed(brief.published_at, zone)} {plain(brief.title)}" for brief in briefs]
    wanted = [f"{_told(brief['time'], zone)} {plain(brief['title'])}" for brief in truth["briefs"]]
    marks.fields["briefs"] = list_f1(got, wanted)
    missed = list((Counter(wanted) - Counter(got)).elements())
    added = list((Counter(got) - Counter(wanted)).elements())
    if missed or added:
        marks.wrong.append(f"briefs missed {_short(missed)}, too many {_short(added)}")
    got_text = words(" ".join(block.text for brief in briefs for block in brief.blocks))
    wanted_text = words(" ".join(brief["text"] for brief in truth["briefs"]))
    if got_text or wanted_text:
        marks.fields["briefs_text"] = bag_f1(got_text, wanted_text)
        if marks.fields["briefs_text"] < 0.995:
            marks.wrong.append(f"text of briefs {marks.fields['briefs_text']:.3f}")


def _mark_leaks(marks: Marks, document: Document, truth: Truth) -> None:
    if not truth.get("must_not"):
        return
    told = "\n".join(
        plain(part)
        for item in document.items
        for part in (item.title, item.standfirst, *(block.text for block in item.blocks))
    )
    leaked = [line for line in truth["must_not"] if plain(line) in told]
    marks.leaks = len(leaked)
    marks.wrong.extend(f"furniture taken for text: {_short(line)}" for line in leaked)


def _names(names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(plain(name) for name in names)


def _credit(text: str | None) -> str:
    return _CREDIT_LABEL.sub("", plain(text))


def _told(text: str | None, zone: ZoneInfo, *, day_only: bool = False) -> str:
    if not text:
        return ""
    if day_only:
        return date.fromisoformat(text[:10]).isoformat()
    moment = datetime.fromisoformat(text)
    return _minute(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _printed(moment: datetime | None, zone: ZoneInfo, *, day_only: bool = False) -> str:
    if moment is None:
        return ""
    return moment.astimezone(zone).date().isoformat() if day_only else _minute(moment)


def _minute(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def _short(thing: object) -> str:
    text = repr(thing) if thing else "nothing"
    return text if len(text) <= 160 else text[:157] + "..."
