"""What an editor does to a draft: small, dated, and done again at each composing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EditKind(StrEnum):
    #: The story (or brief) is shown, whatever the limits; first in its section.
    PIN = "pin"
    #: Kept for the next edition.
    HOLD = "hold"
    #: Never shown by this newsletter.
    KILL = "kill"
    #: To another section; a brief becomes a story of it.
    MOVE = "move"
    #: To a position in its section.
    PLACE = "place"
    HEADLINE = "headline"
    SUMMARY = "summary"
    NOTE = "note"
    #: Of the whole edition.
    INTRO = "intro"
    #: Several stories become one.
    MERGE = "merge"
    #: One item (or copy) leaves its story and stands alone.
    SPLIT = "split"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One act of an editor on a draft.

    It means the story that holds its *target* when the draft is composed again, else the one
    that holds most of *items*: leads change when items arrive.  Of two edits of one kind that
    mean the same story, the one with the higher number counts.
    """

    #: From 1, in the order in which they were made; unique in the edition.
    number: int
    kind: EditKind
    #: Id of the lead of the story, of the brief, or of the item for SPLIT; "" for INTRO.
    target: str = ""
    #: Ids of all items and copies of the target's story when the edit was made.
    items: tuple[str, ...] = ()
    #: HEADLINE, SUMMARY, NOTE, INTRO: the words, "" takes the older ones away.  MOVE: the slug;
    #: MERGE: that of the section where the first of them stood, "" for a brief.
    text: str = ""
    #: PLACE: from 1.
    position: int = 0
    #: MERGE: leads of the other stories, or briefs.
    others: tuple[str, ...] = ()
    at: datetime
    #: Who did it, as told; "" when nobody said.
    by: str = ""
