"""The labelled texts of this folder as items of Digest."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from digest.model import Block, Item, Kind

TEXTS = Path(__file__).parent / "texts"


def rows_of(name: str) -> list[dict[str, Any]]:
    """The objects of ``texts/NAME.jsonl``."""
    lines = (TEXTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def items_of(name: str) -> Iterator[tuple[Item, dict[str, Any]]]:
    """The items of ``texts/NAME.jsonl``, each with its labels."""
    for row in rows_of(name):
        at = datetime.fromisoformat(row["published_at"])
        yield (
            Item(
                id=row["id"],
                source_id=row["source"],
                kind=Kind(row["kind"]),
                title=row["title"],
                published_at=at,
                seen_at=at,
                language=row["language"],
                standfirst=row["standfirst"],
                blocks=tuple(Block(text=" ".join(text.split())) for text in row["paragraphs"]),
            ),
            row,
        )
