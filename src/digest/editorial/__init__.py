"""The composing room, quiet: which items are one story, in what order, in how many words.

Also by what an item is known again, and what changed in it for those who read it before.

Give it items and limits; it returns values.  It never asks the time, the network or the
database, so an edition can be composed again tomorrow from the same items and come out the
same, byte for byte.  Every decision leaves its reason in the edition.

It does not know where items come from, how an edition looks, or who was sent what.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from digest.editorial.clean import clean
from digest.editorial.corrections import Change, ChangeKind, compare, correction, noteworthy
from digest.editorial.identity import identify, identity, judge_identity
from digest.editorial.personalise import pick
from digest.editorial.sections import section_slug
from digest.editorial.sentences import split_sentences
from digest.model import Correction, Edition, Item, Summary
from digest.settings import Newsletter

__all__ = [
    "Change",
    "ChangeKind",
    "clean",
    "compare",
    "compose",
    "correction",
    "identify",
    "identity",
    "judge_identity",
    "noteworthy",
    "pick",
    "section_slug",
    "split_sentences",
    "summarize",
    "summarize_story",
]

# NumPy and SciPy take most of a second to load: only who composes waits for them.


def compose(
    items: Sequence[Item],
    *,
    edition_id: str,
    newsletter: Newsletter,
    slot_at: datetime,
    weights: Mapping[str, float] = MappingProxyType({}),
    corrections: Sequence[Correction] = (),
) -> Edition:
    """Make *items* an edition: see `arrange.compose`."""
    from digest.editorial import arrange

    return arrange.compose(
        items,
        edition_id=edition_id,
        newsletter=newsletter,
        slot_at=slot_at,
        weights=weights,
        corrections=corrections,
    )


def summarize(item: Item, *, words: int) -> Summary:
    """One item in about *words* words: see `summary.summarize`."""
    from digest.editorial import summary

    return summary.summarize(item, words=words)


def summarize_story(items: Sequence[Item], *, words: int) -> Summary:
    """A story told by several items in about *words* words: see `summary.summarize_story`."""
    from digest.editorial import summary

    return summary.summarize_story(items, words=words)
