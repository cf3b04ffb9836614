"""What a saved page says, in words that a test can compare.  All places and people are made up."""

from collections.abc import Mapping
from typing import Any

from digest.errors import ParseError
from digest.model import Kind, RawItem
from digest.reading.pagetext import PageText, read_page_text


def told(page: PageText) -> dict[str, Any]:
    article = next((item for item in page.items if item.kind is Kind.ARTICLE), None)
    briefs = [item for item in page.items if item.kind is Kind.BRIEF]
    image = article.image if article else None
    blocks = article.blocks if article else ()
    return {
        "title": article.title if article else None,
        "authors": list(article.authors) if article else None,
        "published": shown(article),
        "updated": f"{article.updated_at:%Y-%m-%d %H:%M}"
        if article and article.updated_at
        else None,
        "day_only": article.day_only if article else None,
        "reading": article.reading_min if article else None,
        "standfirst": article.standfirst if article else None,
        "caption": image.caption if image else None,
        "credit": image.credit if image else None,
        "blocks": len(blocks),
        "body": [block.text for block in blocks],
        "starts": [" ".join(block.text.split()[:2]) for block in blocks],
        "first": blocks[0].text[:64] if blocks else None,
        "last": blocks[-1].text[-12:] if blocks else None,
        "cards": [(c.kind, c.title, c.author, c.site) for c in article.cards] if article else None,
        "briefs": [(item.title, shown(item)) for item in briefs],
        "texts": [[block.text for block in item.blocks] for item in briefs],
        "site": page.site,
        "problems": len(page.problems),
    }


def shown(item: RawItem | None) -> str | None:
    return f"{item.published_at:%Y-%m-%d %H:%M}" if item and item.published_at else None


def check(
    text: str, /, *, language: str | None = None, timezone: str = "UTC", **expected: Any
) -> None:
    wrong = wrong_in(text, expected, language=language, timezone=timezone)
    assert not wrong, f"got and expected: {wrong}"


def wrong_in(
    text: str, expected: Mapping[str, Any], *, language: str | None, timezone: str
) -> dict[str, tuple[Any, Any]]:
    """What was read otherwise than *expected*: both, by part."""
    page = told(read_page_text(text, language=language, timezone=timezone))
    pairs = {part: (_plain(page[part]), _plain(right)) for part, right in expected.items()}
    return {part: pair for part, pair in pairs.items() if pair[0] != pair[1]}


def _plain(value: Any) -> Any:
    """*value* as JSON has it: no tuples."""
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def says_nothing(text: str) -> bool:
    try:
        read_page_text(text)
    except ParseError:
        return True
    return False
