"""What a web page says, as our reader and as trafilatura tell it: one shape for both.

trafilatura is asked as its documentation advises for news: metadata, no comments.  It gives days
and no clocks, and no captions, updates or briefs.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import trafilatura
from trafilatura.settings import Document

from digest.model import Image, Kind, RawItem
from digest.reading import Hints, read_page

# isort: split
from feedentries import names
from scoring import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One page as understood.  Dates are ISO texts in UTC, as exact as the reader is."""

    title: str = ""
    authors: Counter[str]
    published: str = ""
    updated: str = ""
    image: str = ""
    caption: str = ""
    credit: str = ""
    body: str = ""
    #: Minute and headline of each.
    briefs: tuple[str, ...] = ()
    briefs_text: str = ""
    #: Everything that would be printed, to look for furniture in.
    told: str = ""


def ours(name: str, body: bytes, hints: Hints) -> Reading:
    items = read_page(body, hints, name=name).items
    articles = [item for item in items if item.kind is Kind.ARTICLE]
    briefs = [item for item in items if item.kind is Kind.BRIEF]
    found = articles[0] if articles else RawItem(kind=Kind.ARTICLE, title="")
    image = found.image or Image()
    changed = found.updated_at if found.updated_at != found.published_at else None
    return Reading(
        title=found.title,
        authors=authors(found.authors),
        published=moment(_there(found.published_at, hints), day_only=found.day_only),
        updated=moment(changed),
        image=image.url or "",
        caption=image.caption or "",
        credit=image.credit or "",
        body=_text(found),
        briefs=tuple(f"{moment(one.published_at)} {plain(one.title)}" for one in briefs),
        briefs_text="\n".join(map(_text, briefs)),
        told="\n".join(f"{one.title}\n{one.standfirst}\n{_text(one)}" for one in items),
    )


def trafilaturas(_name: str, body: bytes, hints: Hints) -> Reading:
    found = trafilatura.bare_extraction(
        body, url=hints.url, include_comments=False, with_metadata=True
    )
    if not isinstance(found, Document):
        return Reading(authors=Counter())
    return Reading(
        title=found.title or "",
        authors=authors((found.author or "").split(";")),
        published=found.date or "",
        image=found.image or "",
        body=found.text or "",
        told=found.text or "",
    )


def _text(item: RawItem) -> str:
    return "\n".join(block.text for block in item.blocks)


def authors(told: list[str] | tuple[str, ...]) -> Counter[str]:
    """Each name, without the spaces, however the names were joined."""
    return Counter(name.casefold() for name in names(told))


def _there(at: datetime | None, hints: Hints) -> datetime | None:
    """*at* in the page's own zone: a day without a clock is a day there."""
    return at.astimezone(ZoneInfo(hints.timezone)) if at else None


def moment(at: datetime | None, *, day_only: bool = False) -> str:
    if at is None:
        return ""
    return f"{at:%Y-%m-%d}" if day_only else f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
