"""Part "determinism": the labelled day composed again and again is one and the same edition.

Composed twice, from the items in other orders, and in other processes whose hashes are salted
otherwise; as it is, with an editor's hand on it, after earlier editions that told some of it,
and with both.  Compared are all bytes of the edition as JSON, reasons and scores included.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from digest.editorial import compose
from digest.model import Correction, Edit, Edition, EditKind, Item, Story, Told
from digest.settings import Newsletter

# isort: split
from sectioning import rules
from shared import items_of

#: PYTHONHASHSEED of the other processes.
_SALTS = ("1", "20260518")

#: What an edition is given beside items: arguments of `compose`.
Given = dict[str, Any]


def score(split: str) -> dict[str, Any]:
    """Share of the editions that are the same, byte for byte; *wrong* says which were not."""
    first = _editions(split, None)
    again = {
        "a second time": _editions(split, None),
        "from shuffled items": _editions(split, 1),
        **{
            f"from shuffled items with PYTHONHASHSEED={salt}": _elsewhere(split, salt)
            for salt in _SALTS
        },
    }
    wrong = [
        f"{name}, composed {how}"
        for how, marks in again.items()
        for name in first
        if marks[name] != first[name]
    ]
    if len(set(first.values())) < len(first):
        wrong.append("what is given beside the items changed nothing: this part proves too little")
    size = len(again) * len(first)
    return {
        "part": "determinism",
        "size": size,
        "figures": {"identical": 1 - len(wrong) / size},
        "wrong": wrong,
    }


def as_json(edition: Edition) -> bytes:
    """Everything in *edition*, as bytes."""
    return json.dumps(asdict(edition), ensure_ascii=False, default=str).encode()


def _elsewhere(split: str, salt: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, __file__, "--inside", split, salt],
        env=os.environ | {"PYTHONHASHSEED": salt},
        capture_output=True,
        text=True,
        check=True,
    )
    marks: dict[str, str] = json.loads(done.stdout)
    return marks


def _editions(split: str, seed: int | None) -> dict[str, str]:
    """Of each day the edition, as a hash; *seed* shuffles what has no order, None leaves it."""
    items = [item for item, _ in items_of(f"day-{split}")]
    days = _days(items)
    if seed is not None:
        dice = random.Random(seed)
        items = dice.sample(items, len(items))
        for given in days.values():
            for name in given.keys() & {"told", "corrections"}:
                given[name] = dice.sample(given[name], len(given[name]))
    return {name: _hash(items, given) for name, given in days.items()}


def _hash(items: Sequence[Item], given: Given) -> str:
    return sha256(as_json(_compose(items, given))).hexdigest()


def _compose(items: Sequence[Item], given: Given) -> Edition:
    newest = max(item.published_at for item in items)
    # Room for less than there is, so that what is cut is compared, too.
    newsletter = Newsletter(
        slug="daily", title="The Daily", sections=tuple(rules()), max_stories=20, max_briefs=8
    )
    return compose(
        items,
        edition_id="daily@2026-05-18T0700",
        newsletter=newsletter,
        slot_at=newest + timedelta(hours=1),
        **given,
    )


# --------------------------------------------------------- what an edition is given beside items


def _days(items: Sequence[Item]) -> dict[str, Given]:
    plain = _compose(items, {})
    by_time = sorted(items, key=lambda item: (item.published_at, item.id))
    at = by_time[len(items) // 3].published_at
    edits, told = _edits(plain, at), _told(by_time[: len(items) // 3], at)
    return {
        "as it is": {},
        "edited": {"edits": edits},
        "told before": {
            "told": told,
            "corrections": _corrections(by_time, at),
            "oldest": by_time[len(items) // 10].published_at,
        },
        "edited and told before": {"edits": edits, "told": told},
    }


def _edits(edition: Edition, at: datetime) -> list[Edit]:
    """One edit of each kind, on stories of *edition* that lie apart."""
    stories = list(edition.stories)
    several = [story for story in stories if len(story.items) > 1]
    acts: list[tuple[EditKind, Story, Mapping[str, Any]]] = [
        (EditKind.PIN, stories[-1], {}),
        (EditKind.KILL, stories[1], {}),
        (EditKind.HOLD, stories[2], {}),
        (EditKind.MOVE, stories[3], {"text": edition.sections[-1].slug}),
        (EditKind.PLACE, stories[-2], {"position": 1}),
        (EditKind.HEADLINE, stories[4], {"text": "What the newsroom calls it"}),
        (EditKind.SUMMARY, stories[5], {"text": "One sentence of the newsroom. And another."}),
        (EditKind.NOTE, stories[6], {"text": "We will follow this."}),
        (EditKind.MERGE, stories[7], {"others": (stories[8].id, edition.briefs[0].id)}),
        (EditKind.SPLIT, several[-1], {"target": several[-1].items[-1].id}),
        (EditKind.INTRO, stories[0], {"target": "", "text": "Good morning."}),
    ]
    return [
        Edit(
            number=number,
            kind=kind,
            at=at,
            items=tuple(item.id for item in (*story.items, *story.copies)),
            **({"target": story.id, **more}),
        )
        for number, (kind, story, more) in enumerate(acts, 1)
    ]


def _told(items: Sequence[Item], at: datetime) -> list[Told]:
    """*items* in the earlier editions of two days."""
    return [
        Told(
            item=item,
            edition_id=f"daily@2026-05-{16 + n % 2}T0700",
            at=at - timedelta(days=1 - n % 2),
        )
        for n, item in enumerate(items)
        # Of the rest, today's edition is the first that hears.
        if n % 3
    ]


def _corrections(items: Sequence[Item], at: datetime) -> list[Correction]:
    """More than an edition keeps, many of one moment."""
    return [
        Correction(
            item_id=f"earlier-{item.id}",
            headline=item.title,
            corrects=n % 3 == 0,
            at=at + timedelta(hours=n % 2),
            sentences=(item.title,),
            edition_id="daily@2026-05-16T0700",
        )
        for n, item in enumerate(items[:20])
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        answer: Any = _editions(sys.argv[2], int(sys.argv[3]))
    else:
        answer = score(sys.argv[1] if len(sys.argv) > 1 else "dev")
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
