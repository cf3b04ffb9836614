"""A story in the making: before its place is settled and its words are chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from digest.editorial.before import Earlier
from digest.editorial.hand import Acts
from digest.editorial.rank import outlet
from digest.editorial.text import Reading
from digest.model import Item, Kind, Reason


@dataclass(slots=True, kw_only=True, eq=False)
class Draft:
    """Of a story, or of a brief with those that it follows."""

    #: The lead first, the others by time.
    readings: tuple[Reading, ...]
    #: By time, and what each is a copy of.
    copies: tuple[Reading, ...] = ()
    copy_of: Mapping[str, Reading] = field(default_factory=dict)
    #: Copy and original → how that is known.
    why_copied: Mapping[tuple[str, str], str] = field(default_factory=dict)
    acts: Acts = field(default_factory=Acts)
    #: What an editor merged and split; then what was decided about its place.
    why_together: tuple[Reason, ...] = ()
    why_section: tuple[Reason, ...] = ()
    why_place: tuple[Reason, ...] = ()
    #: Only briefs tell it, and nobody made it a story.
    is_brief: bool = False
    #: Index of its section.
    section: int = 0
    terms: tuple[tuple[str, float], ...] = ()
    earlier: Earlier | None = None

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(reading.item for reading in self.readings)

    @property
    def lead(self) -> Item:
        return self.readings[0].item

    @property
    def outlets(self) -> tuple[str, ...]:
        """Who tells it, the lead's first."""
        return tuple(dict.fromkeys(outlet(reading.item) for reading in self.readings))

    @property
    def score(self) -> float:
        return round(sum(value for _, value in self.terms), 4)

    @property
    def rank(self) -> tuple[float, float, str]:
        """The smaller, the better: by score, then the newer, then by id."""
        newest = max(reading.item.published_at for reading in self.readings)
        return -self.score, -newest.timestamp(), self.lead.id


def called(item: Item) -> str:
    """How a reason names an item: by its headline, and by who tells it."""
    title = item.title if len(item.title) <= 60 else f"{item.title[:59].rstrip()}…"
    kind = "brief " if item.kind is Kind.BRIEF else ""
    return f"{kind}“{title}” ({item.site or item.source_id})"


def clock(at: datetime, zone: ZoneInfo) -> str:
    """How a reason names an instant."""
    return f"{at.astimezone(zone):%H:%M}"
