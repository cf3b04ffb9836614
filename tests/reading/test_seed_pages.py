"""Every page text of the shipped newsroom reads as its ground truth says."""

import json
from pathlib import Path
from typing import Any

import pytest

from digest.model import BlockKind, Kind
from digest.reading.decode import decode
from digest.reading.pagetext import PageText, read_page_text

ROOT = Path(__file__).parents[2]
TRUTH: dict[str, Any] = json.loads(
    Path(__file__).with_name("expected_seeds.json").read_text(encoding="utf-8")
)
PAGES = sorted(
    name
    for name, truth in TRUTH.items()
    if isinstance(truth, dict) and truth.get("kind") == "page-text"
)


def read(name: str) -> PageText:
    return read_page_text(decode((ROOT / "seeds" / name).read_bytes()))


def told(page: PageText) -> dict[str, Any]:
    """*page* in the words of the ground truth."""
    articles = [item for item in page.items if item.kind is Kind.ARTICLE]
    return {
        "kind": "page-text",
        "articles": [
            {
                "title": item.title,
                "authors": list(item.authors),
                "published": item.published_at.isoformat() if item.published_at else None,
                "day_only": item.day_only,
                "reading_min": item.reading_min,
                "caption": item.image.caption if item.image else None,
                "credit": item.image.credit if item.image else None,
                "paragraphs": len(item.blocks),
                "first": item.blocks[0].text[:40],
                "last": item.blocks[-1].text[-40:],
            }
            for item in articles
        ],
        "cards": [
            {"kind": c.kind, "title": c.title, "author": c.author, "site": c.site}
            for item in articles
            for c in item.cards
        ],
        "briefs": [
            {
                "title": item.title,
                "published": item.published_at.isoformat() if item.published_at else None,
            }
            for item in page.items
            if item.kind is Kind.BRIEF
        ],
    }


@pytest.mark.parametrize("name", PAGES)
def test_a_seed_page_reads_as_its_truth_says(name: str) -> None:
    page, truth = told(read(name)), TRUTH[name]
    for part, expected in truth.items():
        if part == "articles":
            for item, article in zip(page["articles"], expected, strict=True):
                assert {key: item.get(key, article[key]) for key in article} == article
        elif part in page:
            assert page[part] == expected


def test_subheads_and_lists_are_kept_apart() -> None:
    blocks = read("pages/courier-sea-wall-vote.txt").items[0].blocks
    kinds = [block.kind for block in blocks]
    assert kinds.count(BlockKind.SUBHEAD) == 1
    assert kinds.count(BlockKind.LIST_ITEM) == 3
