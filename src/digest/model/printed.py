"""What readers see beside the words: kept pictures, and the lines that pages and searches list."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPicture:
    """A picture of a story, fetched, made smaller, stripped of what cameras add."""

    #: Where its publisher has it; ``folder:…`` of a file beside a document of ours.
    source_url: str
    #: Its name under ``pictures/`` of the output folder: a hash of its octets and an ending.
    file: str
    media_type: str
    #: Pixels.
    width: int
    height: int
    #: Octets.
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """One story or brief that a public edition shows: what lists and searches tell of it."""

    newsletter: str
    edition_id: str
    #: Of the story, or of the brief's item.
    id: str
    #: "" for a brief.
    section: str
    brief: bool = False
    #: A brief without one has its first words.
    headline: str
    #: The summary as shown.
    text: str
    source: str
    #: The article; None when it has no page of its own.
    url: str | None = None
    #: When its lead was published.
    at: datetime
    #: When its edition was due.
    slot_at: datetime
    #: BCP 47 of its words, when known.
    language: str | None = None
    #: Its place in the edition, from 0.
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A printed line that a search found."""

    printed: Printed
    #: Of its words around what was asked for: pieces of text, and whether each was asked for;
    #: () where its headline says it all.
    excerpt: tuple[tuple[str, bool], ...]
    #: What to mark in its headline, as `digest.model.asked.Term` tells it.
    asked: tuple[str, ...] = ()
