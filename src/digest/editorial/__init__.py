"""The composing room, quiet: which items are one story, in what order, in how many words.

Also by what an item is known again, and what changed in it for those who read it before.

Give it items and limits; it returns values.  It never asks the time, the network or the
database, so an edition can be composed again tomorrow from the same items and come out the
same, byte for byte.  Every decision leaves its reason in the edition.

It does not know where items come from, how an edition looks, or who was sent what.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from digest.doors import door
from digest.model import Correction, Edit, Edition, Item, Kind, Story, Summary, Told
from digest.settings import Newsletter

if TYPE_CHECKING:
    from digest.editorial.cleaning import clean
    from digest.editorial.corrections import Change, ChangeKind, compare, correction, noteworthy
    from digest.editorial.identities import identify, identity, judge_identity
    from digest.editorial.learning import SectionModel, Trained
    from digest.editorial.personalise import as_kept, pick
    from digest.editorial.sentences import split_sentences
    from digest.editorial.slugs import renamed, section_slug
else:
    __getattr__ = door(
        __name__,
        {
            "cleaning": "clean",
            "corrections": "Change ChangeKind compare correction noteworthy",
            "identities": "identify identity judge_identity",
            "learning": "SectionModel Trained",
            "personalise": "as_kept pick",
            "sentences": "split_sentences",
            "slugs": "renamed section_slug",
        },
    )

# NumPy and SciPy take most of a second to load: only who composes waits for them.


def compose(
    items: Sequence[Item],
    *,
    edition_id: str,
    newsletter: Newsletter,
    slot_at: datetime,
    weights: Mapping[str, float] = MappingProxyType({}),
    corrections: Sequence[Correction] = (),
    edits: Sequence[Edit] = (),
    told: Sequence[Told] = (),
    oldest: datetime | None = None,
    ageless: frozenset[str] = frozenset(),
    carried: Mapping[str, float] = MappingProxyType({}),
    learned: "SectionModel | None" = None,
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
        edits=edits,
        told=told,
        oldest=oldest,
        ageless=ageless,
        carried=carried,
        learned=learned,
    )


def stories(
    items: Sequence[Item], *, weights: Mapping[str, float] = MappingProxyType({})
) -> tuple[Story, ...]:
    """*items* as stories, best first, without sections and limits: see `arrange.stories`."""
    from digest.editorial import arrange

    return arrange.stories(items, weights=weights)


def summarize(item: Item, *, words: int) -> Summary:
    """One item in about *words* words: see `summary.summarize`."""
    from digest.editorial import summary

    return summary.summarize(item, words=words)


def summarize_story(items: Sequence[Item], *, words: int) -> Summary:
    """A story told by several items in about *words* words: see `summary.summarize_story`."""
    from digest.editorial import summary

    return summary.summarize_story(items, words=words)


def summarize_line(item: Item) -> Summary:
    """One item in one sentence of 35 words at most: see `summary.summarize_line`."""
    from digest.editorial import summary

    return summary.summarize_line(item)


def why_summary(summary: Summary, items: Sequence[Item]) -> str:
    """Where the words of *summary* come from, in words: see `summary.why_summary`."""
    from digest.editorial import summary as summaries

    return summaries.why_summary(summary, items)


def who_said(text: str, language: str | None) -> list[tuple[str, str | None]]:
    """The quotations of *text* without their marks, each with its speaker where *text* tells."""
    from digest.editorial.quotations import spoken

    return [
        (text[said.start + 1 : said.end - 1], text[slice(*said.speaker)] if said.speaker else None)
        for said in spoken(text, language)
    ]


def independent(items: Iterable[Item]) -> int:
    """How many publications tell it."""
    from digest.editorial.rank import outlet

    return len({outlet(item) for item in items})


# ------------------------------------------------------------- sections that are learned


def sections_by_origin(
    items: Iterable[Item], newsletter: Newsletter
) -> dict[str, tuple[Item, str]]:
    """Articles whose source, category or address says where they belong: id → item and slug."""
    from digest.editorial.sections import Sections
    from digest.editorial.text import read

    sections = Sections(newsletter.sections)
    placed = ((item, sections.of_origin(read(item))) for item in items if item.kind is Kind.ARTICLE)
    return {item.id: (item, slug) for item, slug in placed if slug is not None}


def train_sections(examples: Iterable[tuple[Item, str]]) -> "Trained":
    """Learn from items and the slugs of their sections: see `learning.train`."""
    from digest.editorial.learning import Example, train
    from digest.editorial.text import read

    return train([Example(reading=read(item), section=slug) for item, slug in examples])


def learned_sections(text: str) -> "SectionModel":
    """What `SectionModel.to_json` wrote; ValueError says what is wrong with anything else."""
    from digest.editorial.learning import SectionModel

    return SectionModel.from_json(text)
