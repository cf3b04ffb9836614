"""Part "copies": planted reprints of the shipped day, and what only looks like them.

From every article of a day a few copies are made with a fixed seed, each in one of the ways in
which outlets change what they reprint.  Against them stand other articles on the same event,
look-alikes, round-ups that quote whole paragraphs, and briefs that end in one legal notice.
A pair is right when both go back to one article.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from types import MappingProxyType
from typing import Any

from digest.editorial.copies import find_copies
from digest.editorial.text import read

# isort: split
from grouping import Row, item_of, load

_COPIES_OF_EACH = 4
_ROUND_UPS, _QUOTED = 6, 5
_NOTICE = (
    "This text is part of the free service of the Provincial Press Office. Reproduction is "
    "permitted if the source is named. Subscribers find maps, tables and the full archive behind "
    "the login. Questions about deliveries are answered on working days between nine and five."
)
_FURNITURE = (
    "Read also: Ten quiet walks along the coast for the last days of the holidays",
    "Photo: The Morning Herald/Archive",
    "This article was updated at 14:10 with a comment by the ministry.",
    "Sign up for our newsletter and get the stories of the day in your inbox at seven.",
    "By our own correspondent",
)
_BACKGROUND = (
    "The matter has occupied the region for years, and more than one committee has asked for a "
    "lasting answer. Observers expect the debate to go on well into the autumn.",
    "Our reporters will keep following what happens next and will tell it here.",
)
_FLIPPED = MappingProxyType(
    {
        "said": "told reporters", "about": "around", "more than": "over", "people": "persons",
        "after": "following", "because": "since", "began": "started", "also": "too",
        "sagte": "erklärte", "etwa": "rund", "auch": "ebenso", "selon": "d'après",
    }
)  # fmt: skip

Paragraphs = list[str]
Edit = Callable[[Paragraphs, random.Random], Paragraphs]


@dataclass(frozen=True, slots=True)
class Told:
    """One item of the pool, and which text it goes back to."""

    row: Row
    family: str
    kind: str


# ------------------------------------------------------------ ways to change a reprint


def _whole(text: Paragraphs, dice: random.Random) -> Paragraphs:
    return list(text)


def _cut(text: Paragraphs, dice: random.Random) -> Paragraphs:
    """The first paragraphs, at least two fifths of the words."""
    total = sum(len(part.split()) for part in text)
    shown = 0
    for number, part in enumerate(text, 1):
        shown += len(part.split())
        if shown >= 0.4 * total and dice.random() < 0.5:
            return text[:number]
    return text[: max(1, len(text) - 1)]


def _first_added(text: Paragraphs, dice: random.Random) -> Paragraphs:
    return [_BACKGROUND[0], *text]


def _last_added(text: Paragraphs, dice: random.Random) -> Paragraphs:
    return [*text, *_BACKGROUND]


def _first_dropped(text: Paragraphs, dice: random.Random) -> Paragraphs:
    return text[1:] if len(text) > 2 else text


def _furnished(text: Paragraphs, dice: random.Random) -> Paragraphs:
    made = [f"PORT NORRIS, May 14 (Coastal Press) — {text[0]}", *text[1:]]
    for line in dice.sample(_FURNITURE, 3):
        made.insert(dice.randint(0, len(made)), line)
    return made


def _reworded(text: Paragraphs, dice: random.Random) -> Paragraphs:
    """Some words replaced, and one word in forty dropped."""
    made = []
    for part in text:
        for old, new in _FLIPPED.items():
            part = re.sub(rf"\b{old}\b", new, part, count=1)
        made.append(" ".join(word for word in part.split() if dice.random() > 1 / 40))
    return made


def _recounted(text: Paragraphs, dice: random.Random) -> Paragraphs:
    """Other figures."""
    return [re.sub(r"\d+", lambda found: str(int(found[0]) + dice.randint(0, 3)), p) for p in text]


def _retyped(text: Paragraphs, dice: random.Random) -> Paragraphs:
    """Quotation marks, dashes, apostrophes and blanks as another system types them."""
    table = str.maketrans({"“": '"', "”": '"', "’": "'", "—": "-", "–": "-", "«": '"', "»": '"'})
    made = [part.translate(table).replace(" - ", " – ").replace("...", "…") for part in text]
    return [re.sub(r'"([^"]*)"', r"„\1“", part).replace(" %", "\u00a0%") for part in made]


def _translated_marks(text: Paragraphs, dice: random.Random) -> Paragraphs:
    table = str.maketrans({",": "،", ";": "；", "?": "？", "!": "！", "“": "「", "”": "」"})
    return [part.translate(table) for part in text]


def _shuffled(text: Paragraphs, dice: random.Random) -> Paragraphs:
    rest = text[1:]
    dice.shuffle(rest)
    return [text[0], *rest]


def _thinned(text: Paragraphs, dice: random.Random) -> Paragraphs:
    """A fifth of the sentences left out."""
    made = []
    for part in text:
        sentences = re.split(r"(?<=[.!?؟]) ", part)
        kept = [s for s in sentences if dice.random() > 0.2] or sentences[:1]
        made.append(" ".join(kept))
    return made


def _joined(text: Paragraphs, dice: random.Random) -> Paragraphs:
    return [" ".join(text)]


def _shouted(text: Paragraphs, dice: random.Random) -> Paragraphs:
    """The first words in capitals, as some papers set them."""
    head, _, rest = text[0].partition(" ")
    return [f"{head.upper()} {rest}", *(part.replace("  ", " ") for part in text[1:])]


def _several(text: Paragraphs, dice: random.Random) -> Paragraphs:
    for edit in (_recounted, _retyped, _last_added, _furnished):
        text = edit(text, dice)
    return text


EDITS: Mapping[str, Edit] = MappingProxyType(
    {
        "other headline only": _whole,
        "cut": _cut,
        "first paragraph added": _first_added,
        "last paragraphs added": _last_added,
        "first paragraph dropped": _first_dropped,
        "furniture": _furnished,
        "words changed": _reworded,
        "figures changed": _recounted,
        "marks re-typed": _retyped,
        "marks translated": _translated_marks,
        "paragraphs reordered": _shuffled,
        "sentences dropped": _thinned,
        "one paragraph": _joined,
        "capitals": _shouted,
        "several at once": _several,
    }
)


# ------------------------------------------------------------------------- the pool


def _pool(split: str) -> list[Told]:
    dice = random.Random(11)
    day = load("day", split)
    names = {row["id"]: row["copy_of"] or row["id"] for row in day}
    pool = [Told(row, names[row["id"]], "day") for row in day]
    articles = [r for r in day if r["kind"] == "article" and not r["copy_of"] and r["paragraphs"]]
    kinds = list(EDITS)
    for number, row in enumerate(articles):
        for turn in range(_COPIES_OF_EACH):
            kind = kinds[(number * _COPIES_OF_EACH + turn) % len(kinds)]
            pool.append(Told(_copy(row, kind, f"{row['id']}-{turn}", dice), row["id"], kind))
    for name in ("lookalikes", "headlines"):
        pool += [Told(row, row["id"], name) for row in load(name, split)]
    long = [row for row in articles if row["language"] == "en"]
    for number in range(_ROUND_UPS):
        pool.append(_round_up(dice.sample(long, _QUOTED), number))
    briefs = [row for row in day if row["kind"] == "brief"]
    for row in briefs:
        noticed = {**row, "id": f"{row['id']}-notice", "kind": "article", "source": "press-office"}
        noticed["paragraphs"] = [*row["paragraphs"], _NOTICE]
        pool.append(Told(noticed, row["id"], "notice"))
    return pool


def _copy(row: Row, kind: str, name: str, dice: random.Random) -> Row:
    text = EDITS[kind](list(row["paragraphs"]), dice)
    words = row["paragraphs"][-1].split()
    title = row["title"] if dice.random() < 0.4 else " ".join(words[:8])
    if kind == "other headline only":
        title = " ".join(words[-8:])
    moment = datetime.fromisoformat(row["published_at"]) + timedelta(hours=dice.uniform(0.2, 14))
    made = {"id": name, "source": f"reprints-{dice.randrange(9)}", "title": title}
    return {**row, **made, "paragraphs": text, "published_at": moment.isoformat()}


def _round_up(rows: Sequence[Row], number: int) -> Told:
    made = {"id": f"round-up-{number}", "title": "What happened today", "source": "evening-post"}
    text = [part for row in rows for part in row["paragraphs"][:2]]
    return Told({**rows[0], **made, "paragraphs": text}, f"round-up-{number}", "round-up")


# ----------------------------------------------------------------------- the figures


def score(split: str) -> dict[str, Any]:
    """Pairwise figures over the whole pool, and the share of each kind's copies that is found."""
    pool = _pool(split)
    original_of = find_copies([read(item_of(told.row)) for told in pool])
    group_of = {i: original_of.get(i, i) for i in range(len(pool))}
    families, groups = [t.family for t in pool], [group_of[i] for i in range(len(pool))]
    wanted, found = _pairs(families), _pairs(groups)
    right = wanted & found
    same_event = {
        (i, j) for i, j in found if pool[i].row["event"] == pool[j].row["event"]
    } - _notice_pairs(pool, found)
    kinds: dict[str, list[bool]] = defaultdict(list)
    home = {told.row["id"]: i for i, told in enumerate(pool)}
    for i, told in enumerate(pool):
        if told.kind in EDITS:
            kinds[told.kind].append(groups[i] == groups[home[told.family]])
    precision, recall = len(right) / max(1, len(found)), len(right) / max(1, len(wanted))
    result = {
        "part": "copies",
        "items": len(pool),
        "pairs": len(wanted),
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if right else 0.0,
        "precision_same_event": len(same_event & wanted) / max(1, len(same_event)),
        "found_by_kind": {kind: sum(hits) / len(hits) for kind, hits in sorted(kinds.items())},
        "wrong_by_kind": dict(sorted(Counter(_kinds(pool, p) for p in found - wanted).items())),
    }
    if split == "dev":
        result["mistakes"] = [
            f"{'wrongly a copy' if pair in found else 'missed'} ({_kinds(pool, pair)}): "
            f"{pool[pair[0]].row['id']} and {pool[pair[1]].row['id']}"
            for pair in sorted(found ^ wanted)
        ]
    return result


def _pairs(labels: Sequence[Any]) -> set[tuple[int, int]]:
    members: dict[Any, list[int]] = defaultdict(list)
    for i, label in enumerate(labels):
        members[label].append(i)
    return {pair for group in members.values() for pair in combinations(group, 2)}


def _notice_pairs(pool: Sequence[Told], pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
    return {(i, j) for i, j in pairs if "notice" in (pool[i].kind, pool[j].kind)}


def _kinds(pool: Sequence[Told], pair: tuple[int, int]) -> str:
    return " / ".join(sorted(pool[i].kind for i in pair))
