"""Part "summaries": the summaries of a labelled day beside its leads, and every gate counted.

``score(split)`` summarises each article of day-SPLIT.jsonl as an edition would, and tells the
events of several outlets.  What is counted is in `rouge` and `readable`, which know nothing of
how summaries are made.  What failed is listed for the dev day only: nobody looks into the
held-out one.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean
from typing import Any

from digest.editorial.rank import choose_lead
from digest.editorial.summary import summarize, summarize_line, summarize_story
from digest.editorial.text import count_words
from digest.model import Item, Kind, Origin, Sentence, Summary

# isort: split
import readable
from rouge import Rouge, interval, mean, rouge
from shared import items_of

#: Asked for in words, and the band that an edition allows for it.
STANDARD, SEVERAL = 60, 100
_BAND, _SEVERAL_BAND = (45, 75), (75, 110)
_LINE_WORDS = 35
_WHOLE_WORDS = 75
_MOST_STANDARD, _MOST_SEVERAL = 3, 5

Row = Mapping[str, Any]


@dataclass(slots=True)
class Tally:
    """What was counted over some summaries; *faults* are sentences for who mends them."""

    summaries: int = 0
    sentences: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    alike: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def note(self, gate: str, failed: bool, words: str) -> None:
        """Count *words* under *gate* if it *failed*."""
        self.counts[gate] = self.counts.get(gate, 0) + failed
        if failed:
            self.faults.append(f"{gate}: {words}")

    def table(self) -> dict[str, float]:
        """Shares of the sentences, or of the summaries where it is about these."""
        of_summaries = {"dangling_first", "length", "too_many", "ungrouped"}
        table = {
            name: round(n / max(1, self.summaries if name in of_summaries else self.sentences), 4)
            for name, n in sorted(self.counts.items())
        }
        table["verbatim"] = round(1 - table.pop("not_verbatim", 0.0), 4)
        table["likeness"] = round(fmean(self.alike), 4) if self.alike else 0.0
        return table | {"summaries": self.summaries, "sentences": self.sentences}


def score(split: str) -> dict[str, Any]:
    """Every figure of the part on day-*split*.jsonl; see the module."""
    pairs = list(items_of(f"day-{split}"))
    items = [item for item, _ in pairs]
    rows = [row for _, row in pairs]
    told = {item.id: row for item, row in pairs}
    standard, lines = Tally(), Tally()
    languages: dict[str, Tally] = {}
    for item in (one for one in items if one.kind is Kind.ARTICLE):
        language = str(told[item.id]["language"])
        summary = summarize(item, words=STANDARD)
        for tally in (standard, languages.setdefault(language, Tally())):
            judge(tally, summary, [item], language)
            _judge_length(tally, summary, [item], _BAND, _MOST_STANDARD)
        line = summarize_line(item)
        judge(lines, line, [item], language)
        lines.note("length", len(line.text.split()) > _LINE_WORDS, line.text)
    several = Tally()
    for event in _told_by_several(rows, items):
        _judge_event(several, event, told)
    figures: dict[str, Any] = {
        **_beside_leads(items, told),
        "gates": standard.table(),
        "one_line_gates": lines.table(),
        "several_gates": several.table(),
        "languages": {name: tally.table() for name, tally in sorted(languages.items())},
    }
    if split == "dev":
        figures["faults"] = standard.faults + lines.faults + several.faults
    return figures


# ------------------------------------------------------------------------ gates


def judge(tally: Tally, summary: Summary, items: Sequence[Item], language: str) -> None:
    """Put every sentence of *summary* through the gates."""
    by_id = {item.id: item for item in items}
    tally.summaries += 1
    tally.sentences += len(summary.sentences)
    tally.alike.extend(readable.likeness(summary))
    for alike, sentence in zip(readable.likeness(summary), summary.sentences[1:], strict=True):
        whole = summary.origin is Origin.WHOLE
        tally.note("redundant", alike > readable.ALIKE and not whole, sentence.text)
    earlier: Sentence | None = None
    for sentence in summary.sentences:
        item = by_id[sentence.item_id]
        tally.note("not_verbatim", not readable.is_verbatim(sentence, item), sentence.text)
        tally.note("cut", readable.is_cut(sentence, item), sentence.text)
        tally.note("junk", readable.is_junk(sentence.text), sentence.text)
        tally.note("orphan", readable.is_orphan(sentence, earlier, item), sentence.text)
        hangs = readable.dangles(sentence.text, language)
        if earlier is None:
            tally.note("dangling_first", hangs, sentence.text)
        else:
            alone = not readable.follows(sentence, earlier, item)
            tally.note("dangling_later", hangs and alone, sentence.text)
        earlier = sentence


def _judge_length(
    tally: Tally, summary: Summary, items: Sequence[Item], band: tuple[int, int], most: int
) -> None:
    """An item of few words is whole, every other in its band, except a standfirst."""
    words = count_words(summary.text)
    if summary.origin is Origin.WHOLE:
        tally.note("length", words > _WHOLE_WORDS, f"whole: {words} words")
        return
    fewest = 0 if summary.origin is Origin.SOURCE else band[0]
    title = items[0].title
    tally.note("length", not fewest <= words <= band[1], f"{words} words: {title}")
    # One more is right where *most* of them would not fill the band.
    lengths = sorted(count_words(sentence.text) for sentence in summary.sentences)
    tally.note("too_many", len(lengths) > most and sum(lengths[-most:]) >= band[0], title)


# --------------------------------------------------------------- several outlets


def _told_by_several(rows: Sequence[Row], items: Sequence[Item]) -> Iterator[list[Item]]:
    """The articles of each event of two outlets or more, without copies, lead first."""
    events: dict[str, list[Item]] = {}
    for row, item in zip(rows, items, strict=True):
        if not row["copy_of"] and item.kind is Kind.ARTICLE:
            events.setdefault(row["event"], []).append(item)
    for _, event in sorted(events.items()):
        if len({item.source_id for item in event}) > 1:
            lead = choose_lead(event, {})
            others = sorted((i for i in event if i is not lead), key=lambda i: i.published_at)
            yield [lead, *others]


def _judge_event(tally: Tally, event: list[Item], told: Mapping[str, Row]) -> None:
    summary = summarize_story(event, words=SEVERAL)
    judge(tally, summary, event, str(told[event[0].id]["language"]))
    _judge_length(tally, summary, event, _SEVERAL_BAND, _MOST_SEVERAL)
    runs = [s.item_id for s in summary.sentences]
    changes = sum(a != b for a, b in pairwise(runs))
    tally.note("ungrouped", changes >= len(set(runs)) > 0, event[0].title)


# ------------------------------------------------------------------------ ROUGE


def _beside_leads(items: Sequence[Item], told: Mapping[str, Row]) -> dict[str, Any]:
    """Ours beside the lead on the articles that have a reference, English and others apart."""
    able = [item for item in items if told[item.id]["reference"]]
    groups = {
        "rouge": [item for item in able if told[item.id]["language"] == "en"],
        "rouge_other_languages": [item for item in able if told[item.id]["language"] != "en"],
    }
    return {name: _compare(group, told) for name, group in groups.items() if group}


def _compare(items: Sequence[Item], told: Mapping[str, Row]) -> dict[str, Any]:
    made: dict[str, list[Rouge]] = {}
    lengths: dict[str, list[int]] = {}
    for item in items:
        reference = str(told[item.id]["reference"])
        texts = {
            "summary_75": summarize(item, words=75).text,
            "summary": summarize(item, words=STANDARD).text,
            "lead_75": _lead_words(item, 75),
            "lead_3": _lead_sentences(item, 3),
            "line": summarize_line(item).text,
            "lead_1": _lead_sentences(item, 1),
        }
        for name, text in texts.items():
            lengths.setdefault(name, []).append(count_words(text))
            made.setdefault(name, []).append(rouge(text, reference))
    above = [
        {f"R{'12L'[k]}": ours[k] - lead[k] for k in range(3)}
        for ours, lead in zip(made["summary_75"], made["lead_75"], strict=True)
    ]
    return {
        "articles": len(items),
        **{
            name: mean(marks) | {"words": round(fmean(lengths[name]), 1)}
            for name, marks in made.items()
        },
        "summary_75_R1_interval": interval([m[0] for m in made["summary_75"]]),
        "above_lead_75_intervals": {k: interval([a[k] for a in above]) for k in ("R1", "R2", "RL")},
    }


def _lead_words(item: Item, most: int) -> str:
    return " ".join(item.text.split()[:most])


def _lead_sentences(item: Item, most: int) -> str:
    """By full stops before capitals: nothing of ours splits for the bar that we are held to."""
    found: list[str] = []
    for block in item.blocks:
        begin = 0
        for end in _ends(block.text):
            found.append(block.text[begin:end].strip())
            begin = end
        if len(found) >= most:
            break
    return " ".join(found[:most])


def _ends(text: str) -> Iterable[int]:
    for at, mark in enumerate(text):
        rest = text[at + 1 :].lstrip('"”’»')
        before = text[:at].rsplit(None, 1)[-1:]
        ends = mark in ".!?…؟" and rest[:1].isspace() and not rest.lstrip()[:1].islower()
        if ends and before and len(before[0]) > 2:
            yield len(text) - len(rest)
    yield len(text)


if __name__ == "__main__":
    answer = score(sys.argv[1] if len(sys.argv) > 1 else "dev")
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=1) + "\n")
